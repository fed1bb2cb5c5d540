//! `wxsell quota`.

use super::Ctx;
use anyhow::Result;
use clap::Subcommand;

/// quota
#[derive(Debug, Subcommand)]
pub enum Verb {}

pub async fn run(verb: Verb, _ctx: &Ctx) -> Result<()> {
    match verb {}
}
