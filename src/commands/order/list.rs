//! `wxsell order list`: by time, state, promoter or sharer.

use super::super::Ctx;
use super::super::ask::Rows;
use super::super::fetched::Full;
use super::shown::{self, Row};
use crate::cli::values::{When, when};
use crate::model::order::{Order, State};
use crate::output::Columns;
use crate::shop::order::{AHEAD, List, Span, spans};
use crate::shop::pass_through::Ask;
use crate::shop::pass_through::order::{BY_PROMOTER, BY_SHARER, LIST};
use crate::shop::reading::Fetched;
use crate::shop::walk::Walked;
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use std::collections::HashSet;

/// List orders
///
/// By the time they were created; those of a promoter or a sharer by the time they were paid. Spreadsheet formats also
/// have the receiver, the goods and the parcels; --columns chooses any of them. To pack and ship, use `wxsell order
/// export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// From this day or time on, China time, e.g. 2022-04-01, or a time ago such as 24h
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
    fn fits(self, state: State) -> bool {
        match self {
            Status::Unpaid => matches!(state, State::Unpaid | State::PaymentChecked),
            Status::Paid => state == State::Paid,
            Status::Shipped => state == State::Shipped,
            Status::Completed => state == State::Completed,
            Status::Expired => state == State::Expired,
            Status::Refunded => state == State::Refunded,
            Status::Cancelled => state == State::Cancelled,
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
    let limit = ctx.out.reads(args.rows.limit);
    let stretch = Stretch {
        since: args.since,
        until: args.until,
        oldest_first: args.oldest_first,
    };
    let fits = |state| args.status.iter().any(|one| one.fits(state));
    let wanted: Option<&dyn Fn(State) -> bool> = match args.status.is_empty() {
        true => None,
        false => Some(&fits),
    };
    let walked = fetch(ctx, &list, &stretch, wanted, limit).await?;
    let rows = walked.rows.into_iter();
    let found: Vec<Row> = rows
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
    let line = shown::line();
    if ctx.out.is_sheet() || ctx.out.columns.is_some() {
        shown::whole(line)
    } else {
        line
    }
}

/// Which stretch of time is read.
pub(super) struct Stretch {
    pub since: Option<When>,
    pub until: Option<When>,
    pub oldest_first: bool,
}

impl Stretch {
    /// In parts, in the order of the list, so that no list gets very deep. The end is fixed before the first page: a
    /// list that grows at its end would never be whole.
    fn spans(&self, now: i64) -> Vec<Span> {
        let until = self.until.map_or(now + AHEAD, |until| until.last(now));
        let Some(since) = self.since.map(|since| since.first(now)) else {
            return vec![Span {
                since: None,
                until: Some(until),
            }];
        };
        let span = |(from, to)| Span {
            since: Some(from),
            until: Some(to),
        };
        let spans = spans(since, until, self.oldest_first).into_iter();
        spans.map(span).collect()
    }
}

/// The orders of a list whose state is `wanted`, each once; no more than `limit`.
pub(super) async fn fetch(
    ctx: &Ctx,
    list: &List,
    stretch: &Stretch,
    wanted: Option<&dyn Fn(State) -> bool>,
    limit: Option<usize>,
) -> Result<Walked<Fetched<Order>>> {
    let shop = ctx.shop().await?;
    let mut found = Walked {
        rows: Vec::new(),
        unsure: 0,
    };
    let mut seen = HashSet::new();
    for span in stretch.spans(ctx.clock()?) {
        let left = limit.map(|limit| limit.saturating_sub(found.rows.len()));
        // States are picked here, so a page of any of them may hold none that are wanted.
        let most = left.filter(|_| wanted.is_none());
        let walked = shop.orders(list, span, most).await?;
        found.unsure += walked.unsure;
        for order in walked.rows {
            let is_wanted = wanted.is_none_or(|wanted| wanted(order.value.state));
            // A window ends where the next begins, and the clock may stand between them.
            let id = &order.value.id;
            if is_wanted && (id.is_empty() || seen.insert(id.clone())) {
                found.rows.push(order);
            }
        }
        if limit.is_some_and(|limit| found.rows.len() >= limit) {
            break;
        }
    }
    found.rows.truncate(limit.unwrap_or(usize::MAX));
    Ok(found)
}

/// The names that `--columns` takes.
pub fn columns_of_list() -> Vec<String> {
    let all = shown::whole(shown::line());
    all.names().map(str::to_owned).collect()
}
