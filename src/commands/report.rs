//! `wxsell report`: what a shop sold and paid back, by day; on the screen, as data, or as a page with charts.

use super::Ctx;
use super::html::Html;
use crate::cli::values::{When, when};
use crate::commands::shows::Shows;
use crate::model::aftersale::Reason;
use crate::model::report::{AftersaleDay, Aftersales, Group, Sales, SalesDay, Sold, Span};
use crate::output::{Cell, Column, Page, Record, spark};
use crate::shop::order::AHEAD;
use crate::text;
use crate::types::{Fen, plain_time, rfc3339};
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::list::<SalesDay>("report sales"),
    Shows::list::<AftersaleDay>("report aftersales"),
];

/// So many small bars fit beside a total at 80 columns.
const SPARK: usize = 40;
/// So many products are drawn; the table has all.
const DRAWN: usize = 15;

/// Show sales and after-sales by day, or write a page with charts
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show what was sold on each day
    ///
    /// Counts the orders that `wxsell order list` shows for the same time by the day they were created, and adds up the
    /// paid ones. Refunds are listed separately and never subtracted: they are those of the after-sales that `wxsell
    /// aftersale list` shows for the same time, by the day they were opened. No buyer is named.
    Sales(Args),
    /// Show what was refunded on each day
    ///
    /// Counts the after-sales that `wxsell aftersale list` lists for the same time, by the day they were opened. The page
    /// also has their reasons, states and types. No buyer is named.
    Aftersales(Args),
}

#[derive(Debug, clap::Args)]
pub struct Args {
    /// From this day or time on, China time, e.g. 2022-04-01, or how long ago, e.g. 30d
    #[arg(long, value_name = "TIME", value_parser = when, default_value = "30d")]
    since: When,
    /// Up to this day or time
    #[arg(long, value_name = "TIME", value_parser = when)]
    until: Option<When>,
    #[command(flatten)]
    html: Html,
}

fn day(day: Option<&String>) -> Cell {
    day.map_or(Cell::Empty, |day| Cell::Id(day.clone()))
}

impl Record for SalesDay {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("day", "DAY", |row| day(row.day.as_ref())),
        Column::new("orders", "ORDERS", |row| Cell::count(row.orders)),
        Column::new("paid_orders", "PAID ORDERS", |row| {
            Cell::count(row.paid_orders)
        }),
        Column::new("sales", "SALES", |row| Cell::Money(row.sales)),
        Column::new("refunds", "REFUNDS", |row| Cell::count(row.refunds)),
        Column::new("refunded", "REFUND TOTAL", |row| Cell::Money(row.refunded)),
    ];
}

impl Record for Sold {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("product", "PRODUCT", |row| Cell::id(&row.product)),
        Column::new("title", "TITLE", |row| Cell::Text(row.title.clone())),
        Column::new("orders", "ORDERS", |row| Cell::count(row.orders)),
        Column::new("pieces", "PIECES", |row| Cell::Number(row.pieces)),
        Column::new("sales", "SALES", |row| Cell::Money(row.sales)),
    ];
}

impl Record for AftersaleDay {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("day", "DAY", |row| day(row.day.as_ref())),
        Column::new("opened", "NEW", |row| Cell::count(row.opened)),
        Column::new("open", "OPEN", |row| Cell::count(row.open)),
        Column::new("refunded_count", "REFUNDS", |row| {
            Cell::count(row.refunded_count)
        }),
        Column::new("refunded", "REFUND TOTAL", |row| Cell::Money(row.refunded)),
        Column::new("ended_without", "NOT REFUNDED", |row| {
            Cell::count(row.ended_without)
        }),
    ];
}

/// One line of the reasons, states or types on the page.
#[derive(Debug, Serialize)]
struct Shared {
    #[serde(skip)]
    of: Cell,
    count: u64,
    amount: Fen,
}

impl Record for Shared {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("of", "WHAT", |row| row.of.clone()),
        Column::new("count", "COUNT", |row| Cell::count(row.count)),
        Column::new("amount", "REQUESTED", |row| Cell::Money(row.amount)),
    ];
}

fn shared<T: Copy>(groups: &[Group<T>], cell: impl Fn(T) -> Cell) -> Vec<Shared> {
    let row = |group: &Group<T>| Shared {
        of: cell(group.of),
        count: group.count,
        amount: group.amount,
    };
    groups.iter().map(row).collect()
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Sales(args) => sales(&args, ctx).await,
        Verb::Aftersales(args) => aftersales(&args, ctx).await,
    }
}

/// The time that is asked for, as the lists take it; the days of it that have begun.
fn spans(args: &Args, ctx: &Ctx) -> Result<(i64, i64, Span)> {
    let now = ctx.clock()?;
    let since = args.since.first(now);
    // An order may bear a time up to a day ahead of WeChat's.
    let until = args.until.map_or(now + AHEAD, |until| until.last(now));
    if since > until {
        return Err(crate::fail::Failure::input(text!("--since is later than --until")).into());
    }
    let begun = Span {
        since,
        until: until.min(now.max(since)),
    };
    Ok((since, until, begun))
}

async fn sales(args: &Args, ctx: &Ctx) -> Result<()> {
    args.html.check()?;
    ctx.out.check_columns::<SalesDay>()?;
    let (since, until, span) = spans(args, ctx)?;
    let mut orders = Vec::new();
    let walked = ctx.shop().await?.orders_between(since, until).await?;
    ctx.note_unsure(walked.unsure);
    for order in walked.rows {
        ctx.note_unread(
            text!("order {number}", number = &order.value.number),
            &order.unread,
        );
        orders.push(order.value);
    }
    let refunds = ctx.shop().await?.aftersales_between(since, until).await?;
    let sales = Sales::of(&orders, &refunds, span);
    let total = sales.total();
    ctx.out.list(&sales.days)?;
    let line = |value: fn(&SalesDay) -> i64| {
        let values: Vec<i64> = sales.days.iter().map(value).collect();
        spark(&values, SPARK)
    };
    if ctx.out.is_for_people() {
        ctx.out.note(text!(
            "{line}  {count} orders, {paid} of them paid",
            line = line(|day| count(day.orders)),
            count = total.orders,
            paid = total.paid_orders
        ));
        ctx.out.note(text!(
            "{line}  sales: {amount} yuan",
            line = line(|day| day.sales.0),
            amount = total.sales.to_yuan()
        ));
        ctx.out.note(text!(
            "{line}  refunded, not subtracted: {amount} yuan in {count} after-sales",
            line = line(|day| day.refunded.0),
            amount = total.refunded.to_yuan(),
            count = total.refunds
        ));
    }
    tell_unread(ctx, sales.unread);
    args.html
        .write(ctx, || sales_page(ctx, &sales, &total, span))
}

fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn tell_unread(ctx: &Ctx, unread: u64) {
    if unread > 0 {
        ctx.out.warn(text!(
            "{count} amounts could not be read and are missing from the totals",
            count = unread
        ));
    }
}

/// Which shop, and from when to when.
fn about(ctx: &Ctx, span: Span) -> crate::lang::Text {
    let shop = match ctx.profile() {
        Ok(profile) => profile.label().to_owned(),
        Err(_) => String::new(),
    };
    text!(
        "{shop}, {since} to {until}, China time",
        shop,
        since = plain_time(&rfc3339(span.since)),
        until = plain_time(&rfc3339(span.until))
    )
}

fn bar(label: impl Into<String>, value: i64, shown: String) -> crate::output::Bar {
    crate::output::Bar {
        label: label.into(),
        value,
        shown,
    }
}

fn sales_page(ctx: &Ctx, sales: &Sales, total: &SalesDay, span: Span) -> Page {
    let days = |value: fn(&SalesDay) -> i64, shown: fn(&SalesDay) -> String| {
        let bars = sales.days.iter().map(|row| {
            let day = row.day.clone().unwrap_or_default();
            bar(day, value(row), shown(row))
        });
        bars.collect::<Vec<_>>()
    };
    let products = sales.products.iter().take(DRAWN);
    let products: Vec<_> = products
        .map(|sold| bar(&sold.title, sold.sales.0, sold.sales.to_yuan()))
        .collect();
    let page = Page::new(ctx.out.lang, text!("Sales"), about(ctx, span)).facts(vec![
        (text!("Orders"), Cell::count(total.orders)),
        (text!("Paid orders"), Cell::count(total.paid_orders)),
        (text!("Sales, yuan"), Cell::Money(total.sales)),
        (
            text!("Refunded, yuan (not subtracted)"),
            Cell::Money(total.refunded),
        ),
        (text!("Refunds"), Cell::count(total.refunds)),
    ]);
    noted(page, sales.unread)
        .columns(
            text!("Sales by day, yuan"),
            &days(|day| day.sales.0, |day| day.sales.to_yuan()),
        )
        .columns(
            text!("Orders by day"),
            &days(|day| count(day.orders), |day| day.orders.to_string()),
        )
        .columns(
            text!("Refunds by day the after-sale was opened, yuan"),
            &days(|day| day.refunded.0, |day| day.refunded.to_yuan()),
        )
        .bars(text!("Products by sales, yuan"), &products)
        .table(text!("Products"), &sales.products)
        .table(text!("Days"), &sales.days)
}

fn noted(page: Page, unread: u64) -> Page {
    match unread {
        0 => page,
        count => page.note(text!(
            "{count} amounts could not be read and are missing from the totals",
            count
        )),
    }
}

async fn aftersales(args: &Args, ctx: &Ctx) -> Result<()> {
    args.html.check()?;
    ctx.out.check_columns::<AftersaleDay>()?;
    let (since, until, span) = spans(args, ctx)?;
    let found = ctx.shop().await?.aftersales_between(since, until).await?;
    let aftersales = Aftersales::of(&found, span);
    let total = aftersales.total();
    ctx.out.list(&aftersales.days)?;
    let line = |value: fn(&AftersaleDay) -> i64| {
        let values: Vec<i64> = aftersales.days.iter().map(value).collect();
        spark(&values, SPARK)
    };
    if ctx.out.is_for_people() {
        ctx.out.note(text!(
            "{line}  {count} after-sales, {open} of them open",
            line = line(|day| count(day.opened)),
            count = total.opened,
            open = total.open
        ));
        ctx.out.note(text!(
            "{line}  refunded: {amount} yuan in {count} after-sales",
            line = line(|day| day.refunded.0),
            amount = total.refunded.to_yuan(),
            count = total.refunded_count
        ));
    }
    tell_unread(ctx, aftersales.unread);
    args.html
        .write(ctx, || aftersales_page(ctx, &aftersales, &total, span))
}

fn aftersales_page(ctx: &Ctx, found: &Aftersales, total: &AftersaleDay, span: Span) -> Page {
    let days = |value: fn(&AftersaleDay) -> i64, shown: fn(&AftersaleDay) -> String| {
        let bars = found.days.iter().map(|row| {
            let day = row.day.clone().unwrap_or_default();
            bar(day, value(row), shown(row))
        });
        bars.collect::<Vec<_>>()
    };
    let reason = |reason: Option<Reason>| match reason {
        Some(reason) => Cell::Word(reason.words()),
        None => Cell::Word(text!("no reason given")),
    };
    let reasons = shared(&found.reasons, reason);
    let drawn: Vec<_> = reasons
        .iter()
        .map(|row| {
            let label = match &row.of {
                Cell::Word(words) => words.render(ctx.out.lang),
                cell => cell.words(),
            };
            bar(label, count(row.count), row.count.to_string())
        })
        .collect();
    let states = shared(&found.states, |state| Cell::Word(state.words()));
    let kinds = shared(&found.kinds, |kind| Cell::Word(kind.words()));
    let page = Page::new(ctx.out.lang, text!("After-sales"), about(ctx, span)).facts(vec![
        (text!("After-sales"), Cell::count(total.opened)),
        (text!("Open"), Cell::count(total.open)),
        (text!("Refunds"), Cell::count(total.refunded_count)),
        (text!("Refunded, yuan"), Cell::Money(total.refunded)),
        (text!("Not refunded"), Cell::count(total.ended_without)),
    ]);
    noted(page, found.unread)
        .columns(
            text!("After-sales by day"),
            &days(|day| count(day.opened), |day| day.opened.to_string()),
        )
        .columns(
            text!("Refunds by day the after-sale was opened, yuan"),
            &days(|day| day.refunded.0, |day| day.refunded.to_yuan()),
        )
        .bars(text!("Reasons"), &drawn)
        .table(text!("Reasons, with what was asked for"), &reasons)
        .table(text!("States"), &states)
        .table(text!("Types"), &kinds)
        .table(text!("Days"), &found.days)
}
