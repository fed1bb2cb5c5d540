//! `wxsell category`.

use super::Ctx;
use anyhow::Result;
use clap::Subcommand;

/// category
#[derive(Debug, Subcommand)]
pub enum Verb {}

pub async fn run(verb: Verb, _ctx: &Ctx) -> Result<()> {
    match verb {}
}
