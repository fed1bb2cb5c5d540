//! `wxsell goods`: the products of a shop.

use crate::commands::Ctx;
use anyhow::Result;
use clap::Subcommand;

/// goods
#[derive(Debug, Subcommand)]
pub enum Verb {}

pub async fn run(verb: Verb, _ctx: &Ctx) -> Result<()> {
    match verb {}
}
