//! `wxsell coupon`: coupons of the live room. Copies that buyers hold are in `user`, what a coupon says is made in
//! `draft`.

mod draft;
mod user;

use super::Ctx;
use super::ask::{Rows, columns, request};
use crate::api::operation::present;
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::model::coupon::{Discount, State};
use crate::output::Cell;
use crate::shop::coupon::{of_row, spelled, state_number};
use crate::shop::pass_through::body;
use crate::shop::pass_through::coupon::{CONFIRM, LIST, SHOW, STATE, STATUS, STOCK};
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;

/// Offer coupons in the live room
///
/// Coupons belong to the live room of a Channels account. Begin with `wxsell coupon confirm`, create a coupon with
/// `add`, and activate it with `status`; from then on it can no longer be changed, only ended.
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
/// Do this once, before any other coupon command. WeChat immediately pushes open_product_receive_coupon with the coupon
/// test_coupon to the address of the message push, and your receiver has to answer it. The address confirmed last
/// counts.
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
    status: Option<State>,
    #[command(flatten)]
    rows: Rows,
}

/// Activate or end a coupon
///
/// A coupon goes from editing to in force, and from there to expired or void; it cannot go back. The state is checked
/// first.
#[derive(Debug, clap::Args, Serialize)]
pub struct StatusArgs {
    /// Your own coupon number
    out_coupon_id: String,
    /// New status
    #[arg(value_enum)]
    #[serde(skip)]
    status: State,
}

/// Report how many coupons are left and taken
///
/// The live room shows these numbers; report them each time a coupon is taken.
#[derive(Debug, clap::Args, Serialize)]
pub struct StockArgs {
    /// Your own coupon number
    out_coupon_id: String,
    /// Coupons left
    #[arg(long, value_name = "N")]
    left: u32,
    /// Coupons taken
    #[arg(long, value_name = "N")]
    taken: u32,
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
    let coupon = ctx.shop().await?.coupon(&args.out_coupon_id).await?;
    let (book, operation) = SHOW.operation();
    let shown = match book.at(&operation.reply, SHOW.shows) {
        Some(node) => present(book, node, coupon.record),
        None => coupon.record,
    };
    let share = coupon.value.share;
    let columns = columns(&SHOW).with("pays", "BUYERS PAY", move |_: &Value| cell(share));
    ctx.out.show_with(columns, &shown)
}

async fn list(args: ListArgs, ctx: &Ctx) -> Result<()> {
    let limit = ctx
        .out
        .rows_to_read(args.rows.limit)
        .filter(|_| args.status.is_none());
    let mut rows = ctx.rows(&LIST, &(), limit).await?;
    let family = ctx.shop().await?.family;
    let of = move |row: &Value| of_row(family, row);
    if let Some(status) = args.status {
        rows.retain(|row| of(row).is_some_and(|coupon| coupon.state == Some(status)));
        rows.truncate(ctx.out.rows_to_read(args.rows.limit).unwrap_or(usize::MAX));
    }
    let (book, operation) = LIST.operation();
    if let Some(node) = book.at(&operation.reply, LIST.shows) {
        for row in &mut rows {
            *row = present(book, node, row.take());
        }
    }
    // What the coupons of a list do, in one column.
    let columns = columns(&LIST).with("discount", "DISCOUNT", move |row: &Value| {
        cell(of(row).and_then(|coupon| coupon.discount))
    });
    let out = ctx.out.with_nothing(super::done::nothing(&LIST));
    out.list_with(columns, &rows)
}

/// `51% (打5.1折)`.
fn cell(discount: Option<Discount>) -> Cell {
    match discount {
        Some(Discount::Share(share)) => {
            let (percent, tenths) = spelled(share);
            Cell::Word(text!(
                "buyers pay {percent}% (打{tenths}折)",
                percent,
                tenths
            ))
        }
        Some(Discount::Off(off)) => Cell::Word(text!("{amount} yuan off", amount = off.to_yuan())),
        None => Cell::Empty,
    }
}

async fn status(args: StatusArgs, ctx: &Ctx) -> Result<()> {
    let shop = ctx.shop().await?;
    let number = state_number(shop.family, args.status)?;
    let body = request(&STATUS, &args, body([STATE.of(number)]))?;
    let now = shop.coupon(&args.out_coupon_id).await?.value.state;
    if now == Some(args.status) && !ctx.global.dry_run {
        return ctx.is_so_already();
    }
    may_become(now, args.status)?;
    ctx.send_and_show(&STATUS, &body).await
}

/// Refuses a step that WeChat would refuse, and says which there are.
fn may_become(now: Option<State>, wanted: State) -> Result<()> {
    let Some(now) = now.filter(|now| !now.next().contains(&wanted)) else {
        return Ok(());
    };
    let failure = Failure::input(text!(
        "the coupon is {now}, so it cannot become {wanted}",
        now = now.words(),
        wanted = wanted.words()
    ));
    Err(match now.next() {
        [] => failure.hint(text!("this state is final; add a new coupon")),
        [only] => failure.hint(text!("it can become: {next}", next = only.words())),
        _ => failure.hint(text!(
            "it can become expired or void, which cannot be undone"
        )),
    }
    .into())
}
