//! `wxsell coupon user`: the copies of coupons that buyers hold.

use super::Ctx;
use crate::cli::values::moment;
use crate::commands::ask::{Rows, request};
use crate::fail::Failure;
use crate::model::coupon::{Copy, CopyState};
use crate::shop::coupon::copy_state_number;
use crate::shop::pass_through::body;
use crate::shop::pass_through::coupon::{STATE, USER_ADD, USER_LIST, USER_STATUS, USER_UPDATE};
use crate::text;
use crate::types::now;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

/// Manage the coupons that buyers hold
#[derive(Debug, Subcommand)]
pub enum Verb {
    Add(AddArgs),
    List(ListArgs),
    Update(UpdateArgs),
    Status(StatusArgs),
}

/// Tell WeChat that a buyer holds a coupon
///
/// Repeats what your receiver answered when the buyer took it, in case that answer was lost. Reporting the same numbers
/// again changes nothing.
#[derive(Debug, clap::Args, Serialize)]
pub struct AddArgs {
    /// The buyer
    openid: String,
    #[command(flatten)]
    #[serde(flatten)]
    copy: Held,
    /// When the buyer took it, China time (default: now)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    taken_at: Option<i64>,
    /// A new copy is active.
    #[arg(skip)]
    status: Option<i64>,
}

/// Which copy.
#[derive(Debug, clap::Args, Serialize)]
struct Held {
    /// Your own coupon number
    #[arg(long, value_name = "OUT_COUPON_ID")]
    coupon: String,
    /// Your number for the buyer's coupon
    #[arg(long, value_name = "OUT_USER_COUPON_ID")]
    number: String,
}

/// List the coupons of one buyer
#[derive(Debug, clap::Args, Serialize)]
pub struct ListArgs {
    /// The buyer
    openid: String,
    #[command(flatten)]
    #[serde(skip)]
    rows: Rows,
}

/// Tell WeChat when a buyer used a coupon
#[derive(Debug, clap::Args, Serialize)]
pub struct UpdateArgs {
    /// The buyer
    openid: String,
    #[command(flatten)]
    #[serde(flatten)]
    copy: Held,
    /// When it was used (China time)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    used_at: i64,
    /// When the buyer took it (default: looked up)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    taken_at: Option<i64>,
}

/// Mark a buyer's coupon as used or expired
///
/// Only an active coupon can be marked, and that cannot be undone. The state is checked first.
#[derive(Debug, clap::Args, Serialize)]
pub struct StatusArgs {
    /// The buyer
    openid: String,
    /// New status of the buyer's coupon
    #[arg(value_enum)]
    #[serde(skip)]
    status: CopyState,
    /// Your own coupon number
    #[arg(long, value_name = "OUT_COUPON_ID")]
    coupon: String,
    /// Your number for the buyer's coupon
    #[arg(long, value_name = "OUT_USER_COUPON_ID")]
    number: String,
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Add(args) => {
            let taken_at = args.taken_at.unwrap_or_else(now);
            let family = ctx.shop().await?.family;
            let args = AddArgs {
                taken_at: Some(taken_at),
                status: Some(copy_state_number(family, CopyState::Active)?),
                ..args
            };
            ctx.ask(&USER_ADD, &args).await
        }
        Verb::List(args) => ctx.ask_rows(&USER_LIST, &args, args.rows).await,
        Verb::Update(args) => update(args, ctx).await,
        Verb::Status(args) => status(args, ctx).await,
    }
}

async fn update(mut args: UpdateArgs, ctx: &Ctx) -> Result<()> {
    if args.taken_at.is_none() {
        let copy = copy(&args.openid, &args.copy.coupon, &args.copy.number, ctx).await?;
        args.taken_at = copy.taken_at;
    }
    ctx.ask(&USER_UPDATE, &args).await
}

async fn status(args: StatusArgs, ctx: &Ctx) -> Result<()> {
    let number = copy_state_number(ctx.shop().await?.family, args.status)?;
    let body = request(&USER_STATUS, &args, body([STATE.of(number)]))?;
    let copy = copy(&args.openid, &args.coupon, &args.number, ctx).await?;
    if copy.state == Some(args.status) && !ctx.global.dry_run {
        return ctx.is_so_already();
    }
    if let Some(now) = copy.state
        && !now.next().contains(&args.status)
    {
        return Err(Failure::input(text!(
            "this user coupon is {now}, so it cannot become {wanted}",
            now = now.words(),
            wanted = args.status.words()
        ))
        .hint(text!(
            "only an active coupon can be marked, which cannot be undone"
        ))
        .into());
    }
    ctx.send_and_show(&USER_STATUS, &body).await
}

/// A buyer's copy as WeChat has it now.
async fn copy(openid: &str, coupon: &str, number: &str, ctx: &Ctx) -> Result<Copy> {
    let found = ctx
        .shop()
        .await?
        .coupon_copy(openid, coupon, number)
        .await?;
    found.ok_or_else(|| {
        Failure::input(text!(
            "this buyer has no coupon {number} of {coupon}",
            number,
            coupon
        ))
        .hint(text!(
            "`wxsell coupon user list {openid}` lists what the buyer holds",
            openid
        ))
        .into()
    })
}
