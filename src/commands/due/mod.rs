//! `wxsell due`: what runs out and when, over one shop or all of them, for people, for calendars and for cron. It only
//! reads at WeChat.

mod calendar;
mod tell;

use super::Ctx;
use crate::cli::values::duration;
use crate::commands::shows::Shows;
use crate::fail::{Failure, Kind, failure};
use crate::lang::Text;
use crate::model::deadline::left;
use crate::output::{Cell, Column, Columns, Record};
use crate::shop::due::{Item, Noun, Wanted};
use crate::text;
use crate::types::{ChinaTime, Fen, rfc3339};
use anyhow::Result;
use clap::ValueHint;
use futures_util::{StreamExt, stream};
use serde::{Serialize, Serializer};
use std::path::PathBuf;
use std::time::Duration;

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[Shows::list::<Item>("due")];

/// Shops that are looked at together.
const SHOPS_AT_ONCE: usize = 8;

/// List what WeChat decides for you if you don't act in time
///
/// Refunds, returns and returned goods that wait for your answer, and disputes that wait for your evidence. Exits with
/// 8 when something falls due within the time, with 0 when nothing does, with 6 when shops could not be read. With
/// --profile all: every profile with a stored AppSecret, together; one that fails does not stop the others.
///
/// After-sales that were read before and have the same state in WeChat's list are not read again: an amount that the
/// buyer changed in the meantime may be outdated, but a deadline is never shown too late. --fresh reads them all.
#[derive(Debug, clap::Args)]
pub struct DueArgs {
    /// Show what falls due within this time, e.g. 6h or 2d
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration)]
    within: Duration,
    /// Also show what falls due later, what is waiting for buyers, orders to ship, and long audits
    #[arg(long)]
    all: bool,
    /// Count an order as due this long after payment; WeChat sets no limit, this is your own
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    ship_within: Option<Duration>,
    /// How far back to look for orders
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = duration)]
    orders_of: Duration,
    /// With --all: show products that are in audit for longer than this
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration, requires = "all")]
    audit_after: Duration,
    /// Read every after-sale again
    #[arg(long)]
    fresh: bool,
    /// Write what is shown to this calendar file (iCalendar)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    ics: Option<PathBuf>,
    /// If something is due: send a message to this chat bot (WeCom, DingTalk or Feishu)
    #[arg(long, value_name = "URL", value_parser = super::event::address, value_hint = ValueHint::Url)]
    notify_url: Option<reqwest::Url>,
    /// If something is due: run this command with the rows as JSON on standard input
    #[arg(long, value_name = "COMMAND", value_hint = ValueHint::CommandString)]
    exec: Option<String>,
}

/// A row in machine output.
#[derive(Serialize, schemars::JsonSchema)]
struct Printed<'a> {
    shop: &'a str,
    appid: &'a str,
    noun: Noun,
    /// WeChat's number of the after-sale or dispute, the merchant's of the order or product.
    number: &'a str,
    /// The merchant's number of the order.
    order: Option<&'a str>,
    /// `merchant`, `buyer`, `both` or `platform`.
    who: &'static str,
    what: &'a Text,
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    at: Option<String>,
    seconds_left: Option<i64>,
    /// What happens otherwise.
    then: Option<&'a Text>,
    amount: Option<Fen>,
    /// The time is your own rule and not one of WeChat.
    assumed: bool,
    due: bool,
    unreadable: bool,
}

crate::types::shape::printed_as!(Item => Printed<'static>);

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let printed = Printed {
            shop: &self.shop,
            appid: &self.appid,
            noun: self.noun,
            number: &self.number,
            order: self.order.as_deref(),
            who: self.who.name(),
            what: &self.what,
            at: self.at.map(rfc3339),
            seconds_left: self.at.map(|at| at - self.now),
            then: self.then.as_ref(),
            amount: self.amount,
            assumed: self.assumed,
            due: self.due,
            unreadable: self.unreadable,
        };
        printed.serialize(serializer)
    }
}

impl Item {
    /// The command that answers it, or shows what can be done.
    fn command(&self) -> String {
        let verb = self.step.unwrap_or(match self.noun {
            Noun::Aftersale => "aftersale show",
            Noun::Dispute => "dispute show",
            Noun::Order => "order show",
            Noun::Audit => "goods show",
        });
        format!("wxsell {verb} {}", self.number)
    }

    /// What has to be done, and by whom where it is not the merchant.
    fn words(&self) -> Text {
        if self.is_ours() {
            self.what.clone()
        } else {
            text!(
                "{who}: {what}",
                who = self.who.words(),
                what = self.what.clone()
            )
        }
    }
}

impl Record for Item {
    const COLUMNS: &'static [Column<Item>] = &[
        Column::new("left", "LEFT", |item| {
            let unreadable = item.unreadable.then(|| text!("unreadable"));
            item.left().or(unreadable).map_or(Cell::Empty, Cell::Word)
        }),
        Column::new("at", "UNTIL", |item| match item.at {
            Some(at) => Cell::Time(ChinaTime::from_unix(at).0),
            None => Cell::Empty,
        }),
        Column::minor("shop", "SHOP", |item| Cell::Id(item.shop.clone())),
        Column::new("what", "WHAT", |item| Cell::Sentence(item.words())),
        Column::new("number", "NUMBER", |item| Cell::Id(item.number.clone())),
        Column::new("amount", "AMOUNT", |item| {
            item.amount.map_or(Cell::Empty, Cell::Money)
        }),
        Column::minor("then", "THEN", |item| Cell::sentence(item.then.as_ref())),
    ];
}

impl DueArgs {
    fn wanted(&self) -> Wanted {
        let args = self;
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX / 4);
        Wanted {
            within: seconds(args.within),
            all: args.all,
            ship_within: args.ship_within.map(seconds),
            orders_of: seconds(args.orders_of),
            audit_after: seconds(args.audit_after),
            fresh: args.fresh,
        }
    }
}

/// A shop that could not be read.
struct Failed {
    shop: String,
    error: anyhow::Error,
}

pub async fn run(args: DueArgs, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns_of_list(Columns::<Item>::of())?;
    let wanted = args.wanted();
    let several = ctx.several()?;
    let (mut items, failed, count) = match &several {
        None => (ctx.shop().await?.due(&wanted).await?, Vec::new(), 1),
        Some(names) => {
            let (items, failed) = over(names, ctx, &wanted).await?;
            (items, failed, names.len())
        }
    };
    items.sort_by(|a, b| {
        let key = |item: &Item| {
            let later = item.at.is_none() && !item.unreadable;
            (later, item.at, !item.is_ours())
        };
        (key(a), &a.shop, &a.number).cmp(&(key(b), &b.shop, &b.number))
    });
    for failed in &failed {
        ctx.out.warn(text!(
            "{shop} could not be read: {why}",
            shop = &failed.shop,
            why = why(&failed.error)
        ));
    }
    show(&items, several.is_some(), &args, ctx)?;
    match &several {
        None => super::event::warn_of_plain(ctx)?,
        Some(names) => {
            // One that cannot be resolved was named above.
            for shop in names.iter().filter_map(|name| ctx.for_profile(name).ok()) {
                super::event::warn_of_plain(&shop)?;
            }
        }
    }
    let outside = if ctx.global.dry_run {
        if args.ics.is_some() || args.notify_url.is_some() || args.exec.is_some() {
            ctx.out
                .note(text!("nothing was written, sent or run: --dry-run"));
        }
        Ok(())
    } else {
        tell::all(&args, &items, &failed, ctx).await
    };
    ending(&items, failed, count, args.within, outside)
}

/// The rows, and the command that answers the first.
fn show(items: &[Item], several: bool, args: &DueArgs, ctx: &Ctx) -> Result<()> {
    let nothing = if args.all {
        text!("nothing is waiting for your answer")
    } else {
        text!("nothing is due within {time}", time = span(args.within))
    };
    let out = ctx.out.with_nothing(nothing);
    // A shop that is the only one needs no column.
    let one: &[&str] = if several || !ctx.out.is_for_people() || ctx.out.columns.is_some() {
        &[]
    } else {
        &["shop"]
    };
    out.list_with(Columns::of().without(one), items)?;
    if let Some(first) = items.iter().find(|item| item.is_ours()) {
        ctx.out.next(&if several {
            format!("{} --profile {}", first.command(), first.shop)
        } else {
            first.command()
        });
    }
    Ok(())
}

/// A time that was asked for.
fn span(time: Duration) -> Text {
    left(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

fn why(error: &anyhow::Error) -> Text {
    match failure(error) {
        Some(failure) => failure.message.clone(),
        None => Text::verbatim(format!("{error:#}")),
    }
}

/// Looks at several shops together.
async fn over(names: &[String], ctx: &Ctx, wanted: &Wanted) -> Result<(Vec<Item>, Vec<Failed>)> {
    let mut shops = Vec::with_capacity(names.len());
    for name in names {
        shops.push((name, ctx.for_profile(name)?));
    }
    let looks = stream::iter(&shops).map(|(name, ctx)| async move {
        let found = async { ctx.shop().await?.due(wanted).await };
        found.await.map_err(|error| Failed {
            shop: (*name).clone(),
            error,
        })
    });
    let (mut items, mut failed) = (Vec::new(), Vec::new());
    let mut looks = looks.buffered(SHOPS_AT_ONCE);
    while let Some(found) = looks.next().await {
        match found {
            Ok(found) => items.extend(found),
            Err(shop) => failed.push(shop),
        }
    }
    Ok((items, failed))
}

/// The exit code: 8 wins over shops that failed, since what is due cannot wait.
fn ending(
    items: &[Item],
    mut failed: Vec<Failed>,
    shops: usize,
    within: Duration,
    outside: Result<()>,
) -> Result<()> {
    let due: Vec<&Item> = items.iter().filter(|item| item.due).collect();
    let mut shown = if let Some(first) = due.first() {
        Failure::new(
            Kind::Due,
            text!(
                "{count} due within {within}, the first in {left}",
                within = span(within),
                count = due.len(),
                left = first.left().unwrap_or_else(|| text!("unreadable"))
            ),
        )
    } else if let Err(error) = outside {
        return Err(error);
    } else if failed.len() == 1 && shops == 1 {
        return Err(failed.remove(0).error);
    } else if !failed.is_empty() {
        Failure::new(
            Kind::Partial,
            text!(
                "{failed} of {all} {all:shop|shops} could not be read",
                failed = failed.len(),
                all = shops
            ),
        )
    } else {
        return Ok(());
    };
    shown.shown = true;
    Err(shown.into())
}

/// The names that `--columns` takes.
pub fn columns() -> Vec<String> {
    crate::output::names_of::<Item>()
}
