//! After-sales of ordinary orders (fund_type 0), which the merchant only reports, and the end of the period in which an
//! after-sale can be opened.

use super::create::{CreateArgs, fresh_number};
use super::list::ListArgs;
use super::words::Reported;
use crate::api::component::aftersale::kind_number;
use crate::commands::Ctx;
use crate::commands::ask::{columns, request};
use crate::fail::Failure;
use crate::shop::pass_through::aftersale::{
    DEADLINE, DEADLINE_VARIANT, LEGACY_CREATE, LEGACY_LIST, LEGACY_SHOW, LEGACY_UPDATE, PRODUCT,
};
use crate::shop::pass_through::{empty, laid};
use crate::text;
use crate::types::{ChinaTime, Fen};
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For ordinary orders (fund_type 0)")]
pub struct CreateLegacy {
    /// Report an after-sale of an ordinary order
    #[arg(long, requires = "path")]
    pub legacy: bool,
    /// Page of the after-sale in the Mini Program
    #[arg(long, value_name = "PATH", requires = "legacy")]
    path: Option<String>,
    /// Status
    #[arg(
        long = "status",
        value_enum,
        requires = "legacy",
        default_value = "handling",
        default_value_if("legacy", "false", None)
    )]
    status: Option<Reported>,
    /// Nothing of the order is left for another after-sale: the order ends
    #[arg(long, requires = "legacy")]
    all_done: bool,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For ordinary orders (fund_type 0)")]
pub struct UpdateLegacy {
    /// Change the report about an ordinary order; NUMBER is your number of the after-sale
    #[arg(long, requires_all = ["of_order", "of_openid", "status"], conflicts_with_all = ["amount", "reason", "text", "images", "force"])]
    pub legacy: bool,
    /// Your order number
    #[arg(
        long = "order",
        id = "of_order",
        value_name = "NUMBER",
        requires = "legacy"
    )]
    order: Option<String>,
    /// The buyer's openid in this Mini Program
    #[arg(
        long = "openid",
        id = "of_openid",
        value_name = "OPENID",
        requires = "legacy"
    )]
    openid: Option<String>,
    /// Status
    #[arg(long = "status", value_enum, requires = "legacy")]
    status: Option<Reported>,
    /// Nothing of the order is left for another after-sale: the order ends
    #[arg(long, requires = "legacy")]
    all_done: bool,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For ordinary orders (fund_type 0)")]
pub struct ShowLegacy {
    /// Show the reports about an ordinary order; NUMBER is your number of the order
    #[arg(long, requires = "of_openid")]
    pub legacy: bool,
    /// The buyer's openid in this Mini Program
    #[arg(
        long = "openid",
        id = "of_openid",
        value_name = "OPENID",
        requires = "legacy"
    )]
    openid: Option<String>,
}

/// Set the deadline for buyers to open an after-sale
///
/// For a received order (fund_type 1). The money settles after it.
#[derive(Debug, clap::Args)]
pub struct DeadlineArgs {
    /// Your order number
    order: String,
    /// The buyer's openid in this Mini Program
    #[arg(long, value_name = "OPENID")]
    openid: String,
    /// The deadline, e.g. 2022-04-20 (the end of that day), or "2022-04-20 12:00:00", China time
    #[arg(long, value_name = "TIME", value_parser = crate::cli::values::last_china_time)]
    until: ChinaTime,
    /// Call /shop/ecaftersale/update_deadline (undocumented, may not exist)
    #[arg(long)]
    other_path: bool,
}

/// A report as it is sent.
#[derive(Serialize)]
struct Report<'a> {
    order: &'a str,
    number: &'a str,
    path: Option<&'a str>,
    openid: &'a str,
    kind: i64,
    status: Reported,
    amount: Option<Fen>,
    created_at: ChinaTime,
    all_done: i64,
    products: Vec<Value>,
}

#[derive(Serialize)]
struct ReportAgain<'a> {
    order: &'a str,
    number: &'a str,
    openid: Option<&'a str>,
    status: Option<Reported>,
    all_done: i64,
}

#[derive(Serialize)]
struct Product<'a> {
    product: &'a str,
    sku: &'a str,
    count: i64,
}

#[derive(Serialize)]
struct OfOrder<'a> {
    order: &'a str,
    openid: Option<&'a str>,
}

#[derive(Serialize)]
struct Window {
    since: Option<ChinaTime>,
    until: Option<ChinaTime>,
}

/// The last moment, in Unix seconds.
#[derive(Serialize)]
struct End<'a> {
    order: &'a str,
    openid: &'a str,
    until: i64,
}

pub async fn create(args: CreateArgs, ctx: &Ctx) -> Result<()> {
    let key = args.of.key(ctx).await?;
    // These calls know the merchant's number alone.
    let order = key
        .out_order_id
        .clone()
        .unwrap_or_else(|| args.of.order.clone());
    let products = match (&args.product, args.count) {
        (Some(product), count) => {
            let product = Product {
                product,
                sku: args.sku.as_deref().unwrap_or_default(),
                count: count.unwrap_or(1),
            };
            vec![laid(PRODUCT, &product, empty())?]
        }
        // Without products it covers the whole order.
        (None, _) => Vec::new(),
    };
    let number = match &args.number {
        Some(number) => number.clone(),
        None => fresh_number(ctx)?,
    };
    let report = Report {
        order: &order,
        number: &number,
        path: args.legacy.path.as_deref(),
        openid: &key.openid,
        kind: kind_number(args.kind.kind()),
        status: args.legacy.status.unwrap_or(Reported::Handling),
        amount: args.amount,
        created_at: ChinaTime::from_unix(ctx.clock()?),
        all_done: i64::from(args.legacy.all_done),
        products,
    };
    let body = request(&LEGACY_CREATE, &report, empty())?;
    ctx.out.check_columns_of(columns(&LEGACY_SHOW))?;
    let sent = ctx.send(&LEGACY_CREATE, &body).await.map_err(|error| {
        let mut failure = Failure::from_any(error);
        if failure.unclear {
            // With its number it counts once.
            failure.hint = Some(text!(
                "it is not known whether it was reported; run the same command again with --number {number}",
                number
            ));
        }
        anyhow::Error::from(failure)
    });
    if sent?.is_none() {
        return Ok(());
    }
    let legacy = ShowLegacy {
        legacy: true,
        openid: Some(key.openid),
    };
    show(&order, &legacy, ctx).await
}

pub async fn update(number: &str, args: UpdateLegacy, ctx: &Ctx) -> Result<()> {
    let order = args.order.unwrap_or_default();
    let report = ReportAgain {
        order: &order,
        number,
        openid: args.openid.as_deref(),
        status: args.status,
        all_done: i64::from(args.all_done),
    };
    let body = request(&LEGACY_UPDATE, &report, empty())?;
    ctx.out.check_columns_of(columns(&LEGACY_SHOW))?;
    if ctx.send(&LEGACY_UPDATE, &body).await?.is_none() {
        return Ok(());
    }
    let legacy = ShowLegacy {
        legacy: true,
        openid: args.openid,
    };
    show(&order, &legacy, ctx).await
}

pub async fn show(order: &str, args: &ShowLegacy, ctx: &Ctx) -> Result<()> {
    let which = OfOrder {
        order,
        openid: args.openid.as_deref(),
    };
    ctx.ask(&LEGACY_SHOW, &which).await
}

pub async fn list(args: &ListArgs, ctx: &Ctx) -> Result<()> {
    let now = ctx.clock()?;
    let since = args
        .since
        .map(|since| ChinaTime::from_unix(since.first(now)));
    let until = args
        .until
        .map(|until| ChinaTime::from_unix(until.last(now)));
    let window = Window { since, until };
    ctx.ask_rows(&LEGACY_LIST, &window, args.rows).await
}

pub async fn deadline(args: DeadlineArgs, ctx: &Ctx) -> Result<()> {
    let until = args.until.unix().unwrap_or_default();
    if until <= ctx.clock()? {
        return Err(Failure::input(text!(
            "{time} has passed; the deadline must be in the future",
            time = args.until.0
        ))
        .into());
    }
    let ask = if args.other_path {
        &DEADLINE_VARIANT
    } else {
        &DEADLINE
    };
    let end = End {
        order: &args.order,
        openid: &args.openid,
        until,
    };
    ctx.ask(ask, &end).await
}
