//! `wxsell order list`: by time, state, promoter or sharer.

use super::super::Ctx;
use super::super::ask::{Ask, Rows};
use crate::lang::Text;
use crate::text;
use crate::types::ChinaTime;
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use serde_json::Value;

const DAY: i64 = 86_400;
/// A window that is asked for at once; a long time is many of them, so that no list gets very deep.
const WINDOW: i64 = 7 * DAY;

/// Windows that are read together.
const WINDOWS_AT_ONCE: usize = 4;

const COLUMNS: &[(&str, &str)] = &[
    ("out_order_id", "ORDER"),
    ("status", "STATUS"),
    ("order_detail.price_info.order_price", "TOTAL"),
    ("create_time", "CREATED"),
    ("order_detail.product_infos.out_sku_id", "SKU"),
];

pub const LIST: Ask = Ask::new("order list", "/shop/order/get_list").shows("orders", COLUMNS);
pub const BY_PROMOTER: Ask =
    Ask::new("order list", "/shop/order/get_list_by_finder").shows("orders", COLUMNS);
pub const BY_SHARER: Ask =
    Ask::new("order list", "/shop/order/get_list_by_sharer").shows("orders", COLUMNS);

/// List orders
///
/// By the time they were created; those of a promoter or a sharer by the time they were paid.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// From this day or time on, China time, e.g. 2022-04-01
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<ChinaTime>,
    /// Up to this day or time
    #[arg(long, value_name = "TIME", value_parser = last_moment)]
    until: Option<ChinaTime>,
    /// Only orders in this state
    #[arg(long, value_enum)]
    status: Vec<Status>,
    /// Only orders that this promoter brought: number or openid
    #[arg(long, value_name = "PROMOTER", conflicts_with = "sharer")]
    promoter: Option<String>,
    /// Only orders that this sharer brought
    #[arg(long, value_name = "OPENID")]
    sharer: Option<String>,
    /// The oldest first
    #[arg(long, conflicts_with_all = ["promoter", "sharer"])]
    oldest_first: bool,
    #[command(flatten)]
    rows: Rows,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Status {
    /// Waits for payment (10), or the payment is looked at (11)
    Unpaid,
    /// Paid, to be shipped (20)
    Paid,
    /// On its way (30)
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
    fn numbers(self) -> &'static [i64] {
        match self {
            Status::Unpaid => &[10, 11],
            Status::Paid => &[20],
            Status::Shipped => &[30],
            Status::Completed => &[100],
            Status::Expired => &[181],
            Status::Refunded => &[200],
            Status::Cancelled => &[250],
        }
    }
}

/// What one window asks for; the two pairs of times belong to different lists.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Window {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_create_time: Option<ChinaTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_create_time: Option<ChinaTime>,
    #[serde(skip_serializing_if = "is_zero")]
    pub sort_order: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_pay_time: Option<ChinaTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_pay_time: Option<ChinaTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promoter_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promoter_openid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharer_openid: Option<String>,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// A day, or a time to the second, as WeChat takes it.
pub fn moment(text: &str) -> std::result::Result<ChinaTime, Text> {
    read(text, "00:00:00")
}

/// As [`moment`]; a day means its end.
pub fn last_moment(text: &str) -> std::result::Result<ChinaTime, Text> {
    read(text, "23:59:59")
}

fn read(text: &str, rest: &str) -> std::result::Result<ChinaTime, Text> {
    let text = text.trim().replacen('T', " ", 1);
    let whole = match text.len() {
        10 => format!("{text} {rest}"),
        _ => text,
    };
    let time = ChinaTime(whole);
    match time.unix() {
        Some(_) => Ok(time),
        None => Err(text!(
            "write a day such as 2022-04-01, or a time such as 2022-04-01 12:00:00 (China time)"
        )),
    }
}

pub async fn run(args: Args, ctx: &Ctx) -> Result<()> {
    let (ask, base) = asked(&args);
    let wanted: Vec<i64> = args
        .status
        .iter()
        .flat_map(|status| status.numbers())
        .copied()
        .collect();
    let mut found: Vec<Value> = Vec::new();
    for window in windows(&args, base, ctx)? {
        let left = args.rows.limit.map(|limit| limit - found.len());
        // States are picked here, so a page of any of them may hold none that are wanted.
        let most = left.filter(|_| wanted.is_empty());
        let rows = ctx.rows(&ask, &window, most).await?;
        let fits = |order: &Value| {
            wanted.is_empty()
                || order["status"]
                    .as_i64()
                    .is_some_and(|status| wanted.contains(&status))
        };
        found.extend(rows.into_iter().filter(fits));
        if args.rows.limit.is_some_and(|limit| found.len() >= limit) {
            break;
        }
    }
    if let Some(limit) = args.rows.limit {
        found.truncate(limit);
    }
    ctx.show_rows(&ask, found)
}

fn asked(args: &Args) -> (Ask, Window) {
    let window = Window::default();
    if let Some(who) = &args.promoter {
        // Openids have 28 characters and begin with an o.
        let is_openid = who.len() == 28 && who.starts_with('o');
        let window = Window {
            promoter_openid: is_openid.then(|| who.clone()),
            promoter_id: (!is_openid).then(|| who.clone()),
            ..window
        };
        return (BY_PROMOTER, window);
    }
    if let Some(who) = &args.sharer {
        let window = Window {
            sharer_openid: Some(who.clone()),
            ..window
        };
        return (BY_SHARER, window);
    }
    let window = Window {
        sort_order: if args.oldest_first { 2 } else { 1 },
        ..window
    };
    (LIST, window)
}

/// The windows between the two times, in the order of the list; one without times where none is given.
fn windows(args: &Args, base: Window, ctx: &Ctx) -> Result<Vec<Window>> {
    let by_payment = base.sort_order == 0;
    let timed = |from: Option<i64>, to: Option<i64>| {
        let (from, to) = (from.map(ChinaTime::from_unix), to.map(ChinaTime::from_unix));
        let mut window = base.clone();
        match by_payment {
            true => (window.start_pay_time, window.end_pay_time) = (from, to),
            false => (window.start_create_time, window.end_create_time) = (from, to),
        }
        window
    };
    let until = args.until.as_ref().and_then(ChinaTime::unix);
    let Some(since) = args.since.as_ref().and_then(ChinaTime::unix) else {
        return Ok(vec![timed(None, until)]);
    };
    // An order may bear a time up to a day ahead of WeChat's.
    let until = match until {
        Some(until) => until,
        None => ctx.clock()? + DAY,
    };
    Ok(spans(since, until, args.oldest_first)
        .into_iter()
        .map(|(from, to)| timed(Some(from), Some(to)))
        .collect())
}

/// All orders that were created between the two times, the oldest first. WeChat has no other list of orders.
pub async fn created_between(ctx: &Ctx, ask: &Ask, since: i64, until: i64) -> Result<Vec<Value>> {
    let rows: Vec<Vec<Value>> = stream::iter(spans(since, until, true))
        .map(|(from, to)| async move {
            let window = Window {
                start_create_time: Some(ChinaTime::from_unix(from)),
                end_create_time: Some(ChinaTime::from_unix(to)),
                sort_order: 2,
                ..Window::default()
            };
            ctx.rows(ask, &window, None).await
        })
        .buffered(WINDOWS_AT_ONCE)
        .try_collect()
        .await?;
    Ok(rows.into_iter().flatten().collect())
}

/// Both ends belong to a span, and none overlap.
pub fn spans(since: i64, until: i64, oldest_first: bool) -> Vec<(i64, i64)> {
    let mut spans = Vec::new();
    let mut from = since;
    while from <= until {
        let to = (from + WINDOW - 1).min(until);
        spans.push((from, to));
        from = to + 1;
    }
    if !oldest_first {
        spans.reverse();
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_cover_every_second_once() {
        for (since, until) in [(0, 0), (0, WINDOW - 1), (0, WINDOW), (5, 40 * DAY + 7)] {
            let mut spans = spans(since, until, true);
            assert_eq!((spans[0].0, spans[spans.len() - 1].1), (since, until));
            assert!(spans.windows(2).all(|two| two[0].1 + 1 == two[1].0));
            spans.reverse();
            assert_eq!(spans, super::spans(since, until, false));
        }
        assert!(spans(5, 4, true).is_empty());
    }

    #[test]
    fn a_day_is_its_first_or_its_last_second() {
        let of = |time: std::result::Result<ChinaTime, Text>| time.map(|time| time.0).ok();
        assert_eq!(
            of(moment("2022-04-01")).as_deref(),
            Some("2022-04-01 00:00:00")
        );
        assert_eq!(
            of(last_moment("2022-04-01")).as_deref(),
            Some("2022-04-01 23:59:59")
        );
        assert_eq!(
            of(moment("2022-04-01T12:00:00")).as_deref(),
            Some("2022-04-01 12:00:00")
        );
        assert_eq!(of(moment("2022-02-30")), None);
        assert_eq!(of(moment("soon")), None);
    }
}
