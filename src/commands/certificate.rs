//! `wxsell certificate`: documents that WeChat holds of the Mini Program already.

use super::Ctx;
use crate::commands::shows::Shows;
use crate::fail::failure;
use crate::shop::pass_through::certificate::{BRAND, CATEGORY};
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

/// View the Mini Program's documents that WeChat has
#[derive(Debug, Subcommand)]
pub enum Verb {
    Show(ShowArgs),
}

/// Show certificates that were submitted for the Mini Program
///
/// They can be used again in an audit of a brand or a category.
#[derive(Debug, clap::Args, Serialize)]
pub struct ShowArgs {
    /// What they were submitted for
    #[arg(value_enum)]
    req_type: For,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum For {
    Brand,
    Category,
}

impl Serialize for For {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(match self {
            For::Category => 1,
            For::Brand => 2,
        })
    }
}

/// "No certificate stored with the Mini Program", which is an answer and not a failure.
const NONE: i64 = 1_050_006;

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Show(args) => {
            let ask = match args.req_type {
                For::Brand => &BRAND,
                For::Category => &CATEGORY,
            };
            match ctx.ask(ask, &args).await {
                Err(error) if failure(&error).is_some_and(|f| f.errcode == Some(NONE)) => {
                    ctx.out.note(text!(
                        "the Mini Program has submitted none; give your own images to `wxsell {noun} apply`",
                        noun = args.req_type.noun()
                    ));
                    ctx.show_rows(ask, Vec::new())
                }
                shown => shown,
            }
        }
    }
}

impl For {
    fn noun(self) -> &'static str {
        match self {
            For::Brand => "brand",
            For::Category => "category",
        }
    }
}
