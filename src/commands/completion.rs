//! `wxsell completion SHELL`.

use super::Ctx;
use anyhow::Result;

/// Print the completion script of a shell
#[derive(Debug, clap::Args)]
pub struct Args {}

pub async fn run(_args: Args, _ctx: &Ctx) -> Result<()> {
    Ok(())
}
