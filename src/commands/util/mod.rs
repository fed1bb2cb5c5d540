//! `wxsell util`: for who reports a bug, and for the makers of packages.

mod docs;
mod report;

pub use docs::{with_commands, write};

use super::Ctx;
use crate::commands::shows::Shows;
use anyhow::Result;
use clap::Subcommand;
use std::path::PathBuf;

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::one::<report::Report>("util report"),
    Shows::text("util docs"),
];

/// Collect a bug report, or write man pages and completions
#[derive(Debug, Subcommand)]
pub enum Verb {
    Report(report::ReportArgs),
    /// Write man pages, completion scripts and the list of commands in docs/reference.md
    Docs {
        /// Folder to write to
        #[arg(value_hint = clap::ValueHint::DirPath)]
        dir: PathBuf,
    },
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Report(args) => report::run(&args, ctx).await,
        Verb::Docs { dir } => write(&dir),
    }
}
