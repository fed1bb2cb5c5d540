//! After-sales of ordinary orders (fund_type 0), which the merchant only reports, and the end of the period in which an
//! after-sale can be opened.

use super::create::{CreateArgs, fresh_number};
use super::list::ListArgs;
use super::words::Reported;
use crate::api::component::aftersale::kind_number;
use crate::commands::Ctx;
use crate::commands::ask::{check, columns, request};
use crate::fail::Failure;
use crate::shop::pass_through::empty;
use crate::shop::pass_through::aftersale::{
    DEADLINE, DEADLINE_VARIANT, LEGACY_CREATE, LEGACY_LIST, LEGACY_SHOW, LEGACY_UPDATE,
};
use crate::text;
use crate::types::ChinaTime;
use anyhow::Result;
use serde_json::json;

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
    /// Your number of the order
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

/// Set the last moment at which buyers can open an after-sale
///
/// For a received order (fund_type 1). The money settles after it.
#[derive(Debug, clap::Args)]
pub struct DeadlineArgs {
    /// Your number of the order
    order: String,
    /// The buyer's openid in this Mini Program
    #[arg(long, value_name = "OPENID")]
    openid: String,
    /// The last moment, e.g. 2022-04-20, which means its end, or "2022-04-20 12:00:00", China time
    #[arg(long, value_name = "TIME", value_parser = crate::cli::values::last_china_time)]
    until: ChinaTime,
    /// Call /shop/ecaftersale/update_deadline (undocumented, may not exist)
    #[arg(long)]
    other_path: bool,
}

pub async fn create(args: CreateArgs, ctx: &Ctx) -> Result<()> {
    let key = args.of.key(ctx).await?;
    // These calls know the merchant's number alone.
    let order = key
        .out_order_id
        .clone()
        .unwrap_or_else(|| args.of.order.clone());
    let products = match (&args.product, args.count) {
        (Some(product), count) => json!([{
            "out_product_id": product, "out_sku_id": args.sku.as_deref().unwrap_or_default(),
            "product_cnt": count.unwrap_or(1),
        }]),
        // Without products it covers the whole order.
        (None, _) => json!([]),
    };
    let number = match &args.number {
        Some(number) => number.clone(),
        None => fresh_number(ctx)?,
    };
    let body = json!({
        "out_order_id": order, "out_aftersale_id": number, "path": args.legacy.path,
        "openid": key.openid, "type": kind_number(args.kind.kind()),
        "status": args.legacy.status.unwrap_or(Reported::Handling), "refund": args.amount,
        "create_time": ChinaTime::from_unix(ctx.clock()?),
        "finish_all_aftersale": i64::from(args.legacy.all_done), "product_infos": products,
    });
    let body = request(&LEGACY_CREATE, &body, empty())?;
    ctx.out.check_columns_of(columns(&LEGACY_SHOW))?;
    let sent = ctx.send(&LEGACY_CREATE, &body).await.map_err(|error| {
        let mut failure = Failure::from_any(error);
        if failure.unclear {
            // With its number it counts once.
            failure.hint = Some(text!(
                "whether it was reported is not known; run the same command again with --number {number}",
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
    let body = json!({
        "out_order_id": order, "out_aftersale_id": number, "openid": args.openid,
        "status": args.status, "finish_all_aftersale": i64::from(args.all_done),
    });
    let body = request(&LEGACY_UPDATE, &body, empty())?;
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
    ctx.ask(
        &LEGACY_SHOW,
        &json!({"out_order_id": order, "openid": args.openid}),
    )
    .await
}

pub async fn list(args: &ListArgs, ctx: &Ctx) -> Result<()> {
    let now = ctx.clock()?;
    let since = args
        .since
        .map(|since| ChinaTime::from_unix(since.first(now)));
    let until = args
        .until
        .map(|until| ChinaTime::from_unix(until.last(now)));
    let window = json!({"start_update_time": since, "end_update_time": until});
    ctx.ask_rows(&LEGACY_LIST, &window, args.rows).await
}

pub async fn deadline(args: DeadlineArgs, ctx: &Ctx) -> Result<()> {
    let until = args.until.unix().unwrap_or_default();
    if until <= ctx.clock()? {
        return Err(Failure::input(text!(
            "{time} has passed; the last moment must lie ahead",
            time = args.until.0
        ))
        .into());
    }
    let ask = if args.other_path {
        &DEADLINE_VARIANT
    } else {
        &DEADLINE
    };
    let body = json!({
        "out_order_id": args.order, "openid": args.openid, "after_sale_deadline": until,
    });
    check(ask, &body, &[])?;
    ctx.ask(ask, &body).await
}
