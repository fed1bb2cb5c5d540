//! `wxsell order list`: by time, state, promoter or sharer.

use super::super::Ctx;
use super::super::ask::Rows;
use super::super::fetched::Full;
use super::view::{self, Row};
use crate::cli::values::{When, when};
use crate::model::order::{Order, State};
use crate::output::Columns;
use crate::shop::order::{List, Wanted};
use crate::shop::pass_through::Ask;
use crate::shop::pass_through::order::{BY_PROMOTER, BY_SHARER, LIST};
use crate::shop::reading::Fetched;
use crate::text;
use crate::types::Fen;
use anyhow::Result;

/// List orders
///
/// By the time they were created; those of a promoter or a sharer by the time they were paid. Spreadsheet formats also
/// have the receiver, the goods and the parcels; --columns chooses any of them. To pack and ship, use `wxsell order
/// export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// From this day or time on, China time, e.g. 2022-04-01, or how long ago, e.g. 24h
    #[arg(long, value_name = "TIME", value_parser = when)]
    since: Option<When>,
    /// Up to this day or time
    #[arg(long, value_name = "TIME", value_parser = when)]
    until: Option<When>,
    /// Only orders in this state
    #[arg(long, value_enum)]
    status: Vec<Status>,
    /// Only orders that this promoter brought: number or openid
    #[arg(long, value_name = "PROMOTER", conflicts_with = "sharer")]
    promoter: Option<String>,
    /// Only orders that this sharer brought
    #[arg(long, value_name = "OPENID")]
    sharer: Option<String>,
    /// Oldest first
    #[arg(long, conflicts_with_all = ["promoter", "sharer"])]
    oldest_first: bool,
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    full: Full,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Status {
    /// Waiting for payment (10), or the payment is being checked (11)
    Unpaid,
    /// Paid, to be shipped (20)
    Paid,
    /// Shipped (30)
    Shipped,
    /// Received (100)
    Completed,
    /// Not paid in time (181)
    Expired,
    /// Everything refunded (200)
    Refunded,
    /// Cancelled (250)
    Cancelled,
}

impl Status {
    fn states(self) -> &'static [State] {
        match self {
            Status::Unpaid => &[State::Unpaid, State::PaymentChecked],
            Status::Paid => &[State::Paid],
            Status::Shipped => &[State::Shipped],
            Status::Completed => &[State::Completed],
            Status::Expired => &[State::Expired],
            Status::Refunded => &[State::Refunded],
            Status::Cancelled => &[State::Cancelled],
        }
    }
}

pub async fn run(args: Args, ctx: &Ctx) -> Result<()> {
    let (ask, list) = match (&args.promoter, &args.sharer) {
        (Some(who), _) => (BY_PROMOTER, List::OfPromoter(who.clone())),
        (None, Some(who)) => (BY_SHARER, List::OfSharer(who.clone())),
        (None, None) => (
            LIST,
            List::All {
                oldest_first: args.oldest_first,
            },
        ),
    };
    ctx.out.check_columns_of_list(columns(ctx))?;
    let shop = ctx.shop().await?;
    let now = ctx.clock()?;
    let wanted = Wanted {
        since: args.since.map(|since| since.first(now)),
        until: args.until.map(|until| until.last(now)),
        states: args
            .status
            .iter()
            .flat_map(|one| one.states())
            .copied()
            .collect(),
        limit: ctx.out.rows_to_read(args.rows.limit),
    };
    let walked = shop.orders_wanted(&list, &wanted).await?;
    let found: Vec<Row> = walked
        .rows
        .into_iter()
        .map(|order| row(ctx, &ask, order, args.full.full))
        .collect();
    ctx.note_unsure(walked.unsure);
    ctx.out
        .with_nothing(text!("no orders match"))
        .list_with(columns(ctx), &found)?;
    ctx.out.total(
        found.len(),
        args.rows.limit,
        text!(
            "{count} {count:order|orders}, {to_ship} to ship, {amount} yuan",
            count = found.len(),
            to_ship = found.iter().filter(|row| row.is_to_ship()).count(),
            amount = Fen(found.iter().filter_map(Row::total).map(|fen| fen.0).sum()).to_yuan()
        ),
    );
    if let Some(number) = found.first().map(Row::number) {
        ctx.out.next(&format!("wxsell order show {number}"));
    }
    Ok(())
}

fn row(ctx: &Ctx, ask: &Ask, order: Fetched<Order>, full: bool) -> Row {
    let number = if order.value.number.is_empty() {
        &order.value.id
    } else {
        &order.value.number
    };
    ctx.note_unread(text!("order {number}", number), &order.unread);
    let wechat = full.then(|| ctx.wechat(ask, "orders", order.record));
    Row::new(ctx, order.value, wechat)
}

/// The columns of a list. What does not fit a screen stands in spreadsheets, and wherever it is asked for.
fn columns(ctx: &Ctx) -> Columns<Row> {
    let line = view::line();
    if ctx.out.is_sheet() || ctx.out.columns.is_some() {
        view::whole(line)
    } else {
        line
    }
}

/// The names that `--columns` takes.
pub fn columns_of_list() -> Vec<String> {
    let all = view::whole(view::line());
    all.names().map(str::to_owned).collect()
}
