//! `wxsell coupon`: coupons of the live room. Copies that buyers hold are in `user`, what a coupon says is made in
//! `draft`.

mod draft;
mod user;

use super::Ctx;
use super::ask::{Rows, check, columns, fields, without};
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::lang::Text;
use crate::output::{Cell, Columns};
use crate::shop::coupon::{next_states, spelled};
use crate::shop::pass_through::coupon::{CONFIRM, LIST, SHOW, STATUS, STOCK};
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// Give coupons out in the live room
///
/// Coupons belong to the live room of a Channels account. Begin with `wxsell coupon confirm`, make a coupon with `add`,
/// and bring it into force with `status`; from then on it cannot be changed any more, only ended.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Confirm(ConfirmArgs),
    Add(draft::AddArgs),
    Show(ShowArgs),
    List(ListArgs),
    Update(draft::UpdateArgs),
    Status(StatusArgs),
    Stock(StockArgs),
    #[command(subcommand)]
    User(user::Verb),
}

/// Open the coupon calls and let WeChat test your receiver
///
/// To be done once, before any other coupon command. WeChat at once pushes open_product_receive_coupon with the coupon
/// test_coupon to the address of the message push, and your receiver has to answer it. The address confirmed last counts.
#[derive(Debug, clap::Args, Serialize)]
pub struct ConfirmArgs {}

/// Show one coupon
#[derive(Debug, clap::Args, Serialize)]
pub struct ShowArgs {
    /// Your own coupon number
    out_coupon_id: String,
}

/// List coupons
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only coupons in this state
    #[arg(long, value_enum)]
    status: Option<Status>,
    #[command(flatten)]
    rows: Rows,
}

/// Bring a coupon into force, or end it
///
/// From editing into force, from there to expired or void; nothing goes back. The state is looked at first.
#[derive(Debug, clap::Args, Serialize)]
pub struct StatusArgs {
    /// Your own coupon number
    out_coupon_id: String,
    /// Where it is to go
    #[arg(value_enum)]
    status: Status,
}

/// Report how many coupons are left and taken
///
/// The live room shows these numbers; tell them after each coupon that was taken.
#[derive(Debug, clap::Args, Serialize)]
pub struct StockArgs {
    /// Your own coupon number
    #[serde(rename = "coupon_stock.out_coupon_id")]
    out_coupon_id: String,
    /// How many are left
    #[arg(long, value_name = "N")]
    #[serde(rename = "coupon_stock.stock_info.issued_num")]
    left: u32,
    /// How many were taken
    #[arg(long, value_name = "N")]
    #[serde(rename = "coupon_stock.stock_info.receive_num")]
    taken: u32,
}

/// State of a coupon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Status {
    /// Being edited; buyers do not see it
    Editing,
    /// Buyers can take it
    InForce,
    /// Over
    Expired,
    /// Taken back
    Void,
}

impl Status {
    fn code(self) -> i64 {
        match self {
            Status::Editing => 1,
            Status::InForce => 2,
            Status::Expired => 3,
            Status::Void => 4,
        }
    }

    /// The word of a state, for messages.
    fn word(code: i64) -> Text {
        match code {
            1 => text!("editing"),
            2 => text!("in force"),
            3 => text!("expired"),
            4 => text!("void"),
            other => Text::verbatim(other.to_string()),
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.code())
    }
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    let done = match verb {
        Verb::Confirm(args) => ctx.ask(&CONFIRM, &args).await,
        Verb::Add(args) => draft::add(args, ctx).await,
        Verb::Show(args) => show(args, ctx).await,
        Verb::List(args) => list(args, ctx).await,
        Verb::Update(args) => draft::update(args, ctx).await,
        Verb::Status(args) => status(args, ctx).await,
        Verb::Stock(args) => ctx.ask(&STOCK, &args).await,
        Verb::User(verb) => user::run(verb, ctx).await,
    };
    done.map_err(not_confirmed)
}

/// 48001 on these calls mostly means that the first step is missing.
fn not_confirmed(error: anyhow::Error) -> anyhow::Error {
    let mut failure = Failure::from_any(error);
    if failure.errcode == Some(48001) {
        failure.hint = Some(text!(
            "run `wxsell coupon confirm` first; it opens the coupon calls"
        ));
    }
    failure.into()
}

async fn show(args: ShowArgs, ctx: &Ctx) -> Result<()> {
    let coupon = one(&args.out_coupon_id, ctx).await?;
    let (book, operation) = SHOW.operation();
    let node = book.at(&operation.reply, SHOW.shows);
    let shown = node.map_or(coupon.clone(), |node| {
        crate::api::operation::present(book, node, coupon)
    });
    let columns = columns(&SHOW).with("pays", "BUYERS PAY", |coupon: &Value| {
        pays(&coupon["coupon_info"]["discount_info"])
    });
    ctx.out.show_with(columns, &shown)
}

async fn list(args: ListArgs, ctx: &Ctx) -> Result<()> {
    let limit = args.rows.limit.filter(|_| args.status.is_none());
    let mut rows = ctx.rows(&LIST, &json!({}), limit).await?;
    if let Some(status) = args.status {
        rows.retain(|row| row["coupon"]["status"] == status.code());
        rows.truncate(args.rows.limit.unwrap_or(usize::MAX));
    }
    let (book, operation) = LIST.operation();
    if let Some(node) = book.at(&operation.reply, LIST.shows) {
        for row in &mut rows {
            *row = crate::api::operation::present(book, node, row.take());
        }
    }
    ctx.out.list_with(discounts(columns(&LIST)), &rows)
}

/// What the coupons of a list do, in one column.
fn discounts(columns: Columns<Value>) -> Columns<Value> {
    columns.with("discount", "DISCOUNT", |row: &Value| {
        let discount = &row["coupon"]["coupon_info"]["discount_info"];
        // WeChat fills in both figures; the kind says which of them counts.
        let off = discount["discount_fee"].as_i64();
        match (row["coupon"]["type"].as_i64(), off) {
            (Some(1 | 3 | 101 | 103), _) | (_, None) => pays(discount),
            (_, Some(off)) => Cell::Word(text!("{amount} yuan off", amount = Fen(off).to_yuan())),
        }
    })
}

/// `51% (打5.1折)`.
fn pays(discount: &Value) -> Cell {
    match discount["discount_num"].as_i64() {
        Some(share) => {
            let (percent, tenths) = spelled(share);
            Cell::Word(text!(
                "buyers pay {percent}% (打{tenths}折)",
                percent,
                tenths
            ))
        }
        None => Cell::Empty,
    }
}

/// A coupon as WeChat has it now.
async fn one(out_coupon_id: &str, ctx: &Ctx) -> Result<Value> {
    let body = json!({"out_coupon_id": out_coupon_id});
    check(&SHOW, &body, &[])?;
    let mut reply = ctx.send(&SHOW, &body).await?.unwrap_or_default();
    let coupon = reply.pointer_mut("/result/coupon").map(Value::take);
    Ok(coupon
        .filter(Value::is_object)
        .ok_or_else(|| without(&SHOW))?)
}

async fn status(args: StatusArgs, ctx: &Ctx) -> Result<()> {
    let body = fields(&args, json!({}))?;
    check(&STATUS, &body, &[])?;
    let now = one(&args.out_coupon_id, ctx).await?["status"].as_i64();
    if now == Some(args.status.code()) && !ctx.global.dry_run {
        return ctx.is_so_already(&STATUS);
    }
    may_become(now, args.status.code())?;
    ctx.send_and_show(&STATUS, &body).await
}

/// Refuses a step that WeChat would refuse, and says which there are.
fn may_become(now: Option<i64>, wanted: i64) -> Result<()> {
    let Some(now) = now.filter(|now| !next_states(*now).contains(&wanted)) else {
        return Ok(());
    };
    let failure = Failure::input(text!(
        "the coupon is {now}, so it cannot become {wanted}",
        now = Status::word(now),
        wanted = Status::word(wanted)
    ));
    Err(match next_states(now) {
        [] => failure.hint(text!("nothing comes after this state; add a new coupon")),
        [only] => failure.hint(text!("it can become: {next}", next = Status::word(*only))),
        _ => failure.hint(text!("it can become expired or void; nothing goes back")),
    }
    .into())
}
