//! `wxsell goods audit-strategy`: what the platform may do on its own when products are submitted.

use crate::commands::Ctx;
use crate::fail::Failure;
use crate::shop::pass_through::goods::{SET_STRATEGY, STRATEGY};
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::{Serialize, Serializer};

/// WeChat Store: automatic handling of submitted products
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show the switches
    Show,
    Set(SetArgs),
}

/// Turn switches on or off, for later submissions
///
/// Switches that are not given stay as they are. WeChat documents only the names of the three switches, not what each
/// does in detail: try them on an unimportant product.
#[derive(Debug, clap::Args, Serialize)]
pub struct SetArgs {
    /// Hide fields with errors (hide_err_field_flag)
    #[arg(long, value_enum)]
    error_fields: Option<Switch>,
    /// Act on duplicates (hit_duplicated_flag)
    #[arg(long, value_enum)]
    duplicates: Option<Switch>,
    /// Act on rules of low risk (hit_low_risk_rule_flag)
    #[arg(long, value_enum)]
    low_risk: Option<Switch>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Switch {
    On = 1,
    Off = 2,
}

impl Serialize for Switch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Show => ctx.ask(&STRATEGY, &()).await,
        Verb::Set(args) if args.is_empty() => Err(Failure::input(text!("no switch is given"))
            .hint(text!(
                "give at least one of --error-fields, --duplicates and --low-risk; `wxsell goods audit-strategy show` shows their state"
            ))
            .into()),
        Verb::Set(args) => ctx.ask(&SET_STRATEGY, &args).await,
    }
}

impl SetArgs {
    fn is_empty(&self) -> bool {
        let given = [self.error_fields, self.duplicates, self.low_risk];
        given.iter().all(Option::is_none)
    }
}
