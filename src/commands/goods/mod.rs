//! `wxsell goods`: the products of a shop.

pub mod catalogue;
pub mod cells;
pub mod check;
pub mod documents;
pub mod failed;
pub mod fields;
pub mod headings;
pub mod images;
pub mod problem;
pub mod read;
pub mod rows;
pub mod sheet;
pub mod template;

use crate::commands::Ctx;
use anyhow::Result;
use clap::Subcommand;

/// Products: check, upload, change, list, export
#[derive(Debug, Subcommand)]
pub enum Verb {
    Check(check::CheckArgs),
    Template(template::TemplateArgs),
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Check(args) => check::run(args, ctx).await,
        Verb::Template(args) => template::run(args, ctx).await,
    }
}
