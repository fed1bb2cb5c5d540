//! What promotion staff bring: credited visits and the payments that followed.

use super::Ctx;
use crate::cli::values::{self, When, when};
use crate::commands::ask::Rows;
use crate::shop::pass_through::empty;
use crate::shop::pass_through::promoter::PATH;
use crate::shop::pass_through::promoter::{ORDERS, RELATIONS};
use crate::text;
use anyhow::Result;
use clap::ValueEnum;
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;

/// Staff: list the visits that one person is credited with
#[derive(Debug, clap::Args, Serialize)]
pub struct RelationsArgs {
    /// Openid or unionid of the promoter
    openid: String,
    /// Visits since this day or time (China time)
    #[arg(long, value_name = "TIME", value_parser = when)]
    #[serde(skip)]
    since: Option<When>,
    /// Visits until this day or time
    #[arg(long, value_name = "TIME", value_parser = when)]
    #[serde(skip)]
    until: Option<When>,
    /// Only this launch scene of the Mini Program, e.g. 1007
    #[arg(long)]
    scene: Option<u32>,
    /// Only this page; parameters can be in any order
    #[arg(long, value_name = "PATH")]
    #[serde(skip)]
    page: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    identity: Identity,
    #[command(flatten)]
    #[serde(skip)]
    rows: Rows,
}

/// Staff: list the payments that one person is credited with
///
/// How long after a visit a payment counts, and whether refunds of a part show, is not documented: compare with your own
/// orders before you pay commissions by it.
#[derive(Debug, clap::Args, Serialize)]
pub struct OrdersArgs {
    /// Openid or unionid of the promoter
    openid: String,
    /// Only payments of this day, e.g. 2022-04-01 (China time)
    #[arg(long, value_name = "DAY", value_parser = day)]
    day: Option<String>,
    /// Only payments in this state
    #[arg(long, value_enum)]
    status: Option<Paid>,
    /// Only this WeChat Pay merchant number
    #[arg(long, value_name = "MCH_ID")]
    merchant: Option<String>,
    /// Only this WeChat Pay transaction
    #[arg(long, value_name = "NUMBER")]
    trade_no: Option<String>,
    /// Only this payment number of your own
    #[arg(long, value_name = "NUMBER")]
    out_trade_no: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    identity: Identity,
    #[command(flatten)]
    #[serde(skip)]
    rows: Rows,
}

#[derive(Debug, clap::Args, Serialize)]
struct Identity {
    /// Show unionids instead of openids
    #[arg(long)]
    #[serde(serialize_with = "wanted")]
    unionid: bool,
}

fn wanted<S: Serializer>(unionid: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    if *unionid {
        serializer.serialize_u8(1)
    } else {
        serializer.serialize_none()
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Paid {
    Paid,
    Refunded,
}

impl Serialize for Paid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(match self {
            Paid::Paid => 1,
            Paid::Refunded => 2,
        })
    }
}

/// `20220401`, as the call wants it.
fn day(text: &str) -> Result<String, crate::lang::Text> {
    values::day(text).map(|day| day.replace('-', ""))
}

/// Unix seconds.
#[derive(Serialize)]
struct Window {
    since: Option<i64>,
    until: Option<i64>,
}

pub async fn relations(args: RelationsArgs, ctx: &Ctx) -> Result<()> {
    let now = ctx.clock()?;
    let window = Window {
        since: args.since.map(|since| since.first(now)),
        until: args.until.map(|until| until.last(now)),
    };
    let body = RELATIONS.laid(&args, RELATIONS.laid(&window, empty())?)?;
    let Some(page) = &args.page else {
        return ctx.ask_rows(&RELATIONS, &body, args.rows).await;
    };
    // Asked by WeChat's own filter, pages whose parameters came in another order would be missed.
    let mut rows = ctx.rows(&RELATIONS, &body, None).await?;
    rows.retain(|row| PATH.some_text(row).is_some_and(|path| is_page(&path, page)));
    rows.truncate(ctx.out.rows_to_read(args.rows.limit).unwrap_or(usize::MAX));
    ctx.show_rows(&RELATIONS, rows)
}

pub async fn orders(args: OrdersArgs, ctx: &Ctx) -> Result<()> {
    ctx.out.note(text!(
        "compare with your own orders before you pay commissions by this list"
    ));
    ctx.ask_rows(&ORDERS, &args, args.rows).await
}

/// Whether a path is this page: with all the parameters that are named, in whichever order.
fn is_page(path: &str, page: &str) -> bool {
    fn apart(path: &str) -> (&str, BTreeSet<&str>) {
        let (page, query) = path.split_once('?').unwrap_or((path, ""));
        let parameters = query.split('&').filter(|part| !part.is_empty());
        (page.trim_start_matches('/'), parameters.collect())
    }
    let ((is, has), (wanted, needs)) = (apart(path), apart(page));
    is == wanted && needs.is_subset(&has)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_known_whatever_the_order_of_its_parameters() {
        assert!(is_page("/pages/a?x=1&y=2", "pages/a?y=2&x=1"));
        assert!(is_page("pages/a?x=1", "pages/a"));
        assert!(!is_page("pages/a?x=1", "pages/a?x=2"));
        assert!(!is_page("pages/ab", "pages/a"));
    }

    #[test]
    fn a_day_is_eight_digits() {
        assert_eq!(day("2022-04-01").as_deref(), Ok("20220401"));
        assert!(day("April").is_err());
    }
}
