//! `wxsell pay`: payments of the payment-management service. Refunds and shares move money: each has a number of its own
//! that counts once at WeChat, is journalled before the call, and is looked for when the answer was lost.

use super::Ctx;
use super::ask::{Data, Rows};
use super::funds::show_numbers;
use super::money::{Span, fresh_number};
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::pass_through::pay::{
    CLOSE, CREATE, EXPIRES, LIST, NUMBER, PARTS, REFUND, REFUNDED, SHARE, SHARED, SHOW,
};
use crate::shop::pass_through::{body, empty};
use crate::shop::pay::{Moved, Movement};
use crate::shop::write::{Made, Sort};
use crate::text;
use crate::types::Fen;
use crate::types::span::DAY;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;

/// Take payments through the payment-management service
#[derive(Debug, Subcommand)]
pub enum Verb {
    Create(Box<CreateArgs>),
    Show(ShowArgs),
    List(ListArgs),
    Close(Box<CloseArgs>),
    Refund(RefundArgs),
    Share(ShareArgs),
}

/// Make a payment, or a combined one of several merchants
///
/// Prints the arguments that the Mini Program passes to the cashier. The same number is the same payment: creating it
/// again returns new arguments, and its orders must not differ. Several orders come from a file.
#[derive(Debug, clap::Args, Serialize)]
pub struct CreateArgs {
    /// Your number for the combined payment: 6 to 32 digits, letters or _-|*@
    #[arg(value_parser = number)]
    combine_trade_no: Option<String>,
    /// Openid of the buyer
    #[arg(long)]
    openid: Option<String>,
    /// Minutes until the payment expires
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u16).range(1..))]
    #[serde(skip)]
    minutes: Option<u16>,
    #[command(flatten)]
    #[serde(skip)]
    order: Order,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
}

/// The one order of a payment that is none of several.
#[derive(Debug, Default, clap::Args, Serialize)]
struct Order {
    /// Merchant number
    #[arg(long, value_name = "NUMBER")]
    mchid: Option<String>,
    /// Your number for the payment: 6 to 32 digits, letters or _-|*@
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    trade_no: Option<String>,
    /// Description of the payment
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Amount in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    amount: Option<Fen>,
}

/// Show a payment with its refunds and shares
#[derive(Debug, clap::Args, Serialize)]
pub struct ShowArgs {
    /// Your number for the payment
    #[arg(value_parser = number)]
    trade_no: String,
}

/// List payments
///
/// Any span of time; it is requested day by day, which is what WeChat allows. Every payment takes a call of its own.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    span: Span,
    /// Only those of this merchant number
    #[arg(long, value_name = "NUMBER")]
    mchid: Option<String>,
    #[command(flatten)]
    rows: Rows,
    /// List numbers only, without a call for each
    #[arg(long)]
    numbers: bool,
}

/// Close a payment that is not paid
#[derive(Debug, clap::Args, Serialize)]
pub struct CloseArgs {
    /// Your number for the combined payment
    #[arg(value_parser = number)]
    combine_trade_no: Option<String>,
    /// Openid of the buyer
    #[arg(long)]
    openid: Option<String>,
    /// Merchant number
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip)]
    mchid: Option<String>,
    /// Your number for the payment
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    #[serde(skip)]
    trade_no: Option<String>,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
}

/// Refund a payment
///
/// A refund has a number that works only once; without --refund-no it is generated here and recorded before anything is
/// sent. After a crash, a lost answer or a result that could not be shown, run the same command again: it continues
/// that refund. To make the same refund again within a day, use --new.
#[derive(Debug, clap::Args)]
pub struct RefundArgs {
    /// Your number for the payment
    #[arg(value_parser = number)]
    trade_no: String,
    /// Openid of the buyer who paid
    #[arg(long)]
    openid: String,
    /// Amount of the refund in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    amount: Fen,
    /// Your number for the refund: 6 to 32 digits, letters or _-|*@
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    refund_no: Option<String>,
    /// Make another one even if the same was made within a day
    #[arg(long)]
    new: bool,
}

/// Settle the rest of a payment
///
/// Possible some days after payment; WeChat shares everything that was not refunded. As with refunds, a number works
/// only once.
#[derive(Debug, clap::Args)]
pub struct ShareArgs {
    /// Your number for the payment
    #[arg(value_parser = number)]
    trade_no: String,
    /// Openid of the buyer who paid
    #[arg(long)]
    openid: String,
    /// Your number for the share: 6 to 32 characters
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    share_no: Option<String>,
    /// Make another one even if the same was made within a day
    #[arg(long)]
    new: bool,
}

/// 6 to 32 characters from digits, letters and `_-|*@`.
fn number(text: &str) -> Result<String, Text> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-|*@".contains(&byte);
    if (6..=32).contains(&text.len()) && text.bytes().all(fits) {
        Ok(text.to_owned())
    } else {
        Err(text!("write 6 to 32 digits, letters or _-|*@"))
    }
}

/// What `pay list --numbers` prints.
#[derive(schemars::JsonSchema)]
#[expect(
    dead_code,
    reason = "its shape alone is of use; the name of the field is the call's"
)]
struct Number {
    trade_no: String,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::records("pay list", &SHOW),
    Shows::list::<Number>("pay list"),
    Shows::row("pay refund", &REFUNDED),
    Shows::request("pay refund", REFUND.path).dry_run(),
    Shows::row("pay share", &SHARED),
    Shows::request("pay share", SHARE.path).dry_run(),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Create(args) => create(*args, ctx).await,
        Verb::Show(args) => ctx.ask(&SHOW, &args).await,
        Verb::List(args) => list(args, ctx).await,
        Verb::Close(args) => {
            let mut base = args.data.read()?;
            if let Some(trade_no) = args.trade_no.clone() {
                let part = Order {
                    mchid: args.mchid.clone(),
                    trade_no: Some(trade_no),
                    ..Order::default()
                };
                PARTS.put(&mut base, vec![CLOSE.laid(&part, empty())?]);
            }
            ctx.ask_with(&CLOSE, &*args, base).await
        }
        Verb::Refund(args) => refund(args, ctx).await,
        Verb::Share(args) => share(args, ctx).await,
    }
}

async fn create(args: CreateArgs, ctx: &Ctx) -> Result<()> {
    let mut base = args.data.read()?;
    let given = CREATE.laid(&args.order, empty())?;
    if given != empty() {
        PARTS.put(&mut base, vec![given]);
    }
    if let Some(minutes) = args.minutes {
        EXPIRES.put(&mut base, ctx.clock()? + 60 * i64::from(minutes));
    }
    ctx.ask_with(&CREATE, &args, base).await
}

/// Payments of some days.
#[derive(Serialize)]
struct Created<'a> {
    mchid: &'a Option<String>,
    first: i64,
    last: i64,
}

async fn list(args: ListArgs, ctx: &Ctx) -> Result<()> {
    let mut numbers: Vec<String> = Vec::new();
    for (first, last) in args.span.windows(DAY, ctx.clock()?)? {
        let left = ctx
            .out
            .rows_to_read(args.rows.limit)
            .map(|limit| limit - numbers.len());
        if left == Some(0) {
            break;
        }
        let span = Created {
            mchid: &args.mchid,
            first,
            last,
        };
        let found = ctx.rows(&LIST, &span, left).await?;
        numbers.extend(found.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    if args.numbers {
        return show_numbers(ctx, NUMBER, numbers);
    }
    let bodies = numbers
        .iter()
        .map(|number| body([NUMBER.of(number)]))
        .collect();
    let rows = ctx.read_each(&SHOW, bodies).await?;
    let nothing = rows.is_empty() && ctx.out.is_for_people();
    ctx.show_rows(if nothing { &LIST } else { &SHOW }, rows)
}

/// Looks, asks, sends once, and shows.
async fn carry_out(movement: &Movement<'_>, ctx: &Ctx) -> Result<()> {
    let shop = ctx.shop().await?;
    let fresh = fresh_number(movement.letters());
    if ctx.global.dry_run {
        let body = movement.plan(shop, &fresh).await?;
        return ctx.send(movement.ask, &body).await.map(|_| ());
    }
    ctx.out
        .check_columns_of(super::ask::columns(movement.columns()))?;
    let asking = async |question| ctx.before_write(Some(question)).await;
    let made = match movement.carry_out(shop, fresh, asking).await? {
        Moved::Known(record) => return show(movement, ctx, record),
        Moved::Made(made) => made,
    };
    let shown = async |made: &Made| {
        show(movement, ctx, movement.record(shop, made).await?)?;
        Ok(ctx.out.was_read())
    };
    shop.show_write(made, shown).await
}

/// The movement as WeChat has it.
fn show(movement: &Movement<'_>, ctx: &Ctx, row: Value) -> Result<()> {
    let columns = movement.columns();
    let (book, operation) = columns.operation();
    let row = match book.at(&operation.reply, columns.shows) {
        Some(node) => crate::api::operation::present(book, node, row),
        None => row,
    };
    ctx.out.show_with(super::ask::columns(columns), &row)
}

async fn refund(args: RefundArgs, ctx: &Ctx) -> Result<()> {
    if args.amount.0 <= 0 {
        return Err(Failure::input(text!("the amount must be more than 0")).into());
    }
    let movement = Movement {
        sort: Sort::Refund,
        ask: &REFUND,
        trade_no: &args.trade_no,
        openid: &args.openid,
        number: args.refund_no.as_deref(),
        amount: Some(args.amount),
        anew: args.new,
    };
    carry_out(&movement, ctx).await
}

async fn share(args: ShareArgs, ctx: &Ctx) -> Result<()> {
    let movement = Movement {
        sort: Sort::Share,
        ask: &SHARE,
        trade_no: &args.trade_no,
        openid: &args.openid,
        number: args.share_no.as_deref(),
        amount: None,
        anew: args.new,
    };
    carry_out(&movement, ctx).await
}
