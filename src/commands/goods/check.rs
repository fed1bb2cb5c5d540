//! `wxsell goods check`: everything that can be found wrong in files before anything is sent.

use super::read::ReadArgs;
use crate::commands::Ctx;
use crate::fail::Failure;
use crate::output::{Cell, Column, Record};
use crate::shop::goods::sheet::catalogue::Catalogue;
use crate::shop::goods::sheet::problem::Problem;
use crate::text;
use anyhow::Result;
use clap::Args;
use serde::Serialize;

/// Validate product files without sending anything
///
/// Lists every problem with its file and cell. `goods upload` does the same before its first call. No call is made
/// here: categories are checked against the list that `category mine` or an upload read last.
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub(super) read: ReadArgs,
}

/// What sound files hold.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Summary {
    pub files: usize,
    pub rows: u64,
    pub products: u64,
    pub skus: u64,
    pub images: usize,
}

impl Record for Summary {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("files", "FILES", |sum| Cell::Number(sum.files as i64)),
        Column::new("rows", "ROWS", |sum| Cell::Number(sum.rows as i64)),
        Column::new("products", "PRODUCTS", |sum| {
            Cell::Number(sum.products as i64)
        }),
        Column::new("skus", "SKUS", |sum| Cell::Number(sum.skus as i64)),
        Column::new("images", "IMAGES", |sum| Cell::Number(sum.images as i64)),
    ];
}

pub async fn run(args: CheckArgs, ctx: &Ctx) -> Result<()> {
    let mut options = args.read.options();
    // Without a profile there is no list, and files can be checked all the same.
    if let Ok(profile) = ctx.profile() {
        options.categories = ctx.state()?.categories(&profile.shop_key())?;
    }
    let catalogue: Catalogue = args.read.read_with(options, ctx).await?;
    if catalogue.problems().is_empty() {
        let counts = catalogue.counts();
        let summary = Summary {
            files: catalogue.files(),
            rows: counts.rows,
            products: counts.products,
            skus: counts.skus,
            images: catalogue.images(),
        };
        return sound(&summary, ctx);
    }
    super::problem::list(&ctx.out, catalogue.problems())?;
    Err(refusal(&catalogue).into())
}

/// Shows what sound files hold.
pub(super) fn sound(summary: &Summary, ctx: &Ctx) -> Result<()> {
    // Who chose columns of problems is shown that there are none.
    let out = &ctx.out;
    if out.check_columns::<Summary>().is_err() && out.check_columns::<Problem>().is_ok() {
        return out.list::<Problem>(&[]);
    }
    out.show(summary)?;
    out.note(text!("no problems found"));
    Ok(())
}

/// The failure of a command whose files have problems, once they are listed on stdout.
pub fn refusal<T: crate::shop::goods::sheet::rows::Payload>(catalogue: &Catalogue<T>) -> Failure {
    refused(catalogue.problems().len() as u64 + catalogue.more_problems())
}

/// The failure of a command whose files have so many problems.
pub(super) fn refused(count: u64) -> Failure {
    let mut failure = Failure::input(match count {
        1 => text!("found 1 problem; nothing was sent"),
        count => text!(
            "found {count} {count:problem|problems}; nothing was sent",
            count
        ),
    });
    failure.shown = true;
    failure
}
