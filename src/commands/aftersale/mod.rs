//! `wxsell aftersale`: refunds and returns. Before a step is sent the after-sale is read and the step held against what
//! its state allows; a refusal names what may be done, by whom and until when.

mod answer;
pub mod auto;
mod buyer;
mod create;
mod guard;
mod legacy;
mod list;
mod view;
mod words;

pub use view::columns_of_list;

use super::Ctx;
use super::ask::Rows;
use crate::commands::shows::Shows;
use crate::model::aftersale::Aftersale;
use crate::shop::aftersale::Key;
use crate::shop::aftersale::auto::report::Row;
use crate::shop::pass_through::aftersale::{LEGACY_SHOW, NUMBER, OWN_NUMBER};
use crate::shop::pass_through::body;
use crate::shop::reading::Fetched;
use anyhow::Result;
use clap::Subcommand;
use serde_json::Value;

/// Answer refunds and returns, or open them for buyers
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(list::ListArgs),
    Show(ShowArgs),
    Create(create::CreateArgs),
    Update(buyer::UpdateArgs),
    Cancel(buyer::CancelArgs),
    ReturnInfo(buyer::ReturnInfoArgs),
    AcceptRefund(answer::AcceptRefundArgs),
    AcceptReturn(answer::AcceptReturnArgs),
    Reject(answer::RejectArgs),
    ReturnAddress(answer::ReturnAddressArgs),
    Certificates(answer::CertificatesArgs),
    Auto(auto::AutoArgs),
    Deadline(legacy::DeadlineArgs),
    Test(answer::TestArgs),
}

/// Show an after-sale and what can be done about it
///
/// With --legacy: the reports about an ordinary order (fund_type 0); NUMBER is then your number of the order.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    legacy: legacy::ShowLegacy,
}

/// How an after-sale is named.
#[derive(Debug, Clone, clap::Args)]
pub struct Which {
    /// Number of the after-sale, WeChat's or your own
    number: String,
    /// NUMBER is your own number, even though it is all digits
    #[arg(long)]
    own: bool,
}

impl Which {
    /// The number as it is meant.
    fn named(&self) -> Key {
        match self.number.parse::<u64>() {
            Ok(_) if !self.own => Key::Id(self.number.clone()),
            _ => Key::Own(self.number.clone()),
        }
    }

    /// The field that names it in a call, which takes WeChat's number as a number alone.
    fn key(&self) -> Value {
        match self.number.parse::<u64>() {
            Ok(id) if !self.own => body([NUMBER.of(id)]),
            _ => body([OWN_NUMBER.of(&self.number)]),
        }
    }
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::list::<view::Row>("aftersale list"),
    Shows::one::<view::Row>("aftersale show"),
    Shows::one::<view::Row>("aftersale create"),
    Shows::record("aftersale create", &LEGACY_SHOW),
    Shows::one::<view::Row>("aftersale update"),
    Shows::record("aftersale update", &LEGACY_SHOW),
    Shows::one::<view::Row>("aftersale cancel"),
    Shows::one::<view::Row>("aftersale return-info"),
    Shows::one::<view::Row>("aftersale accept-refund"),
    Shows::one::<view::Row>("aftersale accept-return"),
    Shows::one::<view::Row>("aftersale reject"),
    Shows::one::<view::Row>("aftersale return-address"),
    Shows::one::<view::Row>("aftersale certificates"),
    Shows::one::<view::Row>("aftersale test"),
    Shows::list::<Row>("aftersale auto"),
    Shows::list::<Row>("aftersale auto").dry_run(),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::List(args) => list::run(args, ctx).await,
        Verb::Show(args) => {
            if args.legacy.legacy {
                legacy::show(&args.which.number, &args.legacy, ctx).await
            } else {
                let found = read(ctx, &args.which).await?;
                view::one(ctx, found)
            }
        }
        Verb::Create(args) => create::run(args, ctx).await,
        Verb::Update(args) => buyer::update(args, ctx).await,
        Verb::Cancel(args) => buyer::cancel(args, ctx).await,
        Verb::ReturnInfo(args) => buyer::return_info(args, ctx).await,
        Verb::AcceptRefund(args) => answer::accept_refund(args, ctx).await,
        Verb::AcceptReturn(args) => answer::accept_return(args, ctx).await,
        Verb::Reject(args) => answer::reject(args, ctx).await,
        Verb::ReturnAddress(args) => answer::return_address(args, ctx).await,
        Verb::Certificates(args) => answer::certificates(args, ctx).await,
        Verb::Auto(args) => {
            ctx.keep_job("aftersale auto", &args)?;
            auto::run(args, ctx).await
        }
        Verb::Deadline(args) => legacy::deadline(args, ctx).await,
        Verb::Test(args) => answer::test(args, ctx).await,
    }
}

/// Reads an after-sale. What of it cannot be read is named, and the rest is used.
async fn read(ctx: &Ctx, which: &Which) -> Result<Fetched<Aftersale>> {
    ctx.shop().await?.read_aftersale(&which.named()).await
}

/// Also used where a list is limited.
type Limit = Rows;
