//! `wxsell rid`.

use super::Ctx;
use anyhow::Result;
use clap::Subcommand;

/// rid
#[derive(Debug, Subcommand)]
pub enum Verb {}

pub async fn run(verb: Verb, _ctx: &Ctx) -> Result<()> {
    match verb {}
}
