//! `wxsell order`: orders reported to WeChat, from the first call to the payment.

pub mod change;
pub mod create;
pub mod export;
pub mod find;
pub mod list;
pub mod view;

pub use list::columns_of_list;

use super::Ctx;
use crate::commands::shows::Shows;
use crate::output::Cell;
use crate::shop::pass_through::order::{CHECK_SCENE, CLOSE, PAY, PAYMENT_PARAMS, SHOW};
use crate::types::ChinaTime;
use anyhow::Result;
use clap::Subcommand;
use find::Which;
use serde::Serialize;
use serde_json::Value;

/// Create and manage orders
#[derive(Debug, Subcommand)]
pub enum Verb {
    CheckScene(CheckSceneArgs),
    Create(Box<create::Args>),
    /// Show one order with its goods and parcels
    Show(Which),
    List(list::Args),
    Export(export::Args),
    /// Print the arguments for wx.requestOrderPayment
    ///
    /// Fetch it again each time before the checkout opens; only the newest is valid.
    PaymentParams(Which),
    Pay(PayArgs),
    /// Close an order that waits for payment
    Close(Which),
    ChangePrice(change::PriceArgs),
    UpdateAddress(change::AddressArgs),
}

/// Check whether orders from a scene must be reported
///
/// The scene is the number that wx.getLaunchOptionsSync gives in the Mini Program.
#[derive(Debug, clap::Args, Serialize)]
pub struct CheckSceneArgs {
    /// Number of the scene, e.g. 1177
    scene: i64,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::list::<view::Row>("order list"),
    Shows::one::<view::Row>("order show"),
    Shows::one::<export::Exported>("order export"),
];

/// Report the payment result of an ordinary order
///
/// Controlled orders (fund type 1) need no report: WeChat takes the money itself.
#[derive(Debug, clap::Args)]
pub struct PayArgs {
    #[command(flatten)]
    which: Which,
    /// Result of the payment
    #[arg(long, value_enum, default_value = "paid")]
    result: PayResult,
    /// Number of the payment at WeChat Pay
    #[arg(long, value_name = "NUMBER")]
    transaction_id: Option<String>,
    /// When it was paid, China time (default: now)
    #[arg(long, value_name = "TIME", value_parser = crate::cli::values::china_time)]
    pay_time: Option<ChinaTime>,
    /// Why, in your own words
    #[arg(long, value_name = "TEXT")]
    remark: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PayResult {
    Paid,
    Failed,
    /// The buyer cancelled
    BuyerCancelled,
    Timeout,
    /// The merchant cancelled
    MerchantCancelled,
    Other,
}

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    key: find::Key,
    action_type: i64,
    action_remark: Option<String>,
    transaction_id: Option<String>,
    pay_time: Option<ChinaTime>,
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::CheckScene(args) => ctx.ask(&CHECK_SCENE, &args).await,
        Verb::Create(args) => create::run(*args, ctx).await,
        Verb::Show(which) => show(which, ctx).await,
        Verb::List(args) => list::run(args, ctx).await,
        Verb::Export(args) => export::run(args, ctx).await,
        Verb::PaymentParams(which) => payment_params(which, ctx).await,
        Verb::Pay(args) => pay(args, ctx).await,
        Verb::Close(which) => ctx.ask(&CLOSE, &which.key(ctx).await?).await,
        Verb::ChangePrice(args) => change::price(args, ctx).await,
        Verb::UpdateAddress(args) => change::address(args, ctx).await,
    }
}

async fn pay(args: PayArgs, ctx: &Ctx) -> Result<()> {
    let action_type = match args.result {
        PayResult::Paid => 1,
        PayResult::Failed => 2,
        PayResult::BuyerCancelled => 3,
        PayResult::Timeout => 4,
        PayResult::MerchantCancelled => 5,
        PayResult::Other => 10,
    };
    let pay_time = match args.pay_time {
        None if args.result == PayResult::Paid => Some(ChinaTime::from_unix(ctx.clock()?)),
        given => given,
    };
    let report = Report {
        key: args.which.key(ctx).await?,
        action_type,
        action_remark: args.remark,
        transaction_id: args.transaction_id,
        pay_time,
    };
    ctx.ask(&PAY, &report).await
}

async fn show(which: Which, ctx: &Ctx) -> Result<()> {
    let columns = || view::whole(view::line());
    ctx.out.check_columns_of(columns())?;
    let key = which.key(ctx).await?;
    let order = ctx.shop().await?.read_order(&key).await?;
    let wechat = ctx.wechat(&SHOW, "order", order.record);
    ctx.out
        .show_with(columns(), &view::Row::new(ctx, order.value, Some(wechat)))
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// As the Mini Program hands them on: a time stays the digits that it is.
async fn payment_params(which: Which, ctx: &Ctx) -> Result<()> {
    let body = super::ask::request(&PAYMENT_PARAMS, &which.key(ctx).await?, Value::Null)?;
    ctx.out.check_columns_of(params())?;
    let Some(reply) = ctx.send(&PAYMENT_PARAMS, &body).await? else {
        return Ok(());
    };
    let given = ctx.shop().await?.payment_params(reply)?;
    ctx.out.show_with(params(), &given)
}

/// What `wx.requestOrderPayment` takes, by the names it has there.
fn params() -> crate::output::Columns<Value> {
    ["timeStamp", "nonceStr", "package", "signType", "paySign"]
        .into_iter()
        .fold(crate::output::Columns::none(), |columns, name| {
            columns.with(name, name, move |params: &Value| {
                Cell::Text(text_of(&params[name]).into())
            })
        })
}
