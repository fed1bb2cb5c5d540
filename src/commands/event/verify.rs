//! `wxsell event verify`: holds what was pushed against what WeChat's lists say, names what never came, and makes it
//! where that is asked for. What is proved and what is missing is found by
//! [`crate::shop::verify`].

use super::super::Ctx;
use super::hand::{hand, stoppable};
use super::listen::Onward;
use crate::cli::values::{When, duration, when};
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::output::{Cell, Column, Columns, Record};
use crate::shop::order::AHEAD;
use crate::shop::verify::Span;
use crate::shop::verify::repair::{Found, Missing};
use crate::text;
use crate::types::rfc3339;
use anyhow::Result;
use clap::Args;
use futures_util::{StreamExt, stream};
use serde::{Serialize, Serializer};
use std::time::Duration;

/// Shops that are looked at together.
const SHOPS_AT_ONCE: usize = 8;

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Check what happened since: how long ago, e.g. 24h, or a day or time such as 2022-04-01
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = when)]
    since: When,
    /// Until this time; what happened just now may still be on its way
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = when)]
    until: When,
    /// How far back to look at orders, after-sales and disputes, by when they were opened
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = duration)]
    opened_within: Duration,
    /// Make the events that are missing, marked as synthesised, and queue them to be forwarded
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    onward: Onward,
}

/// A row in machine output.
#[derive(Serialize, schemars::JsonSchema)]
struct Printed<'a> {
    shop: &'a str,
    appid: &'a str,
    event: &'static str,
    object: &'static str,
    /// WeChat's number.
    number: &'a str,
    /// The order it belongs to, by WeChat's number.
    order: Option<&'a str>,
    state: Option<i64>,
    #[schemars(with = "crate::types::shape::Moment")]
    at: String,
    /// How it is known.
    why: &'a Text,
    /// The number under which it was made.
    synthesised: Option<i64>,
}

crate::types::shape::printed_as!(Missing => Printed<'static>);

impl Serialize for Missing {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let printed = Printed {
            shop: &self.shop,
            appid: &self.appid,
            event: self.claim.event,
            object: self.claim.object,
            number: &self.claim.number,
            order: self.claim.order.as_deref(),
            state: self.claim.state,
            at: rfc3339(self.claim.at),
            why: &self.claim.why,
            synthesised: self.synthesised,
        };
        printed.serialize(serializer)
    }
}

impl Record for Missing {
    const COLUMNS: &'static [Column<Missing>] = &[
        Column::new("event", "EVENT", |m| Cell::Id(m.claim.event.to_owned())),
        Column::new("number", "NUMBER", |m| Cell::Id(m.claim.number.clone())),
        Column::new("at", "HAPPENED", |m| Cell::moment(Some(m.claim.at))),
        Column::new("why", "WHY", |m| Cell::Sentence(m.claim.why.clone())),
        Column::new("synthesised", "NO.", |m| {
            m.synthesised.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("order", "ORDER", |m| {
            m.claim.order.clone().map_or(Cell::Empty, Cell::Id)
        }),
        Column::new("shop", "SHOP", |m| Cell::Id(m.shop.clone())),
    ];
}

pub async fn run(args: VerifyArgs, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<Missing>()?;
    let onward = &args.onward;
    let has_target = onward.forward_to.is_some() || onward.exec.is_some();
    if has_target && !args.repair {
        return Err(
            Failure::input(text!("--forward-to and --exec are for what --repair makes"))
                .hint(text!("use --repair as well, or remove them"))
                .into(),
        );
    }
    if has_target && !ctx.global.dry_run {
        // Known before anything is read or made.
        drop(crate::push::hand::alone(ctx.state()?)?);
    }
    let shops = match ctx.several()? {
        None => None,
        Some(names) => Some(
            names
                .into_iter()
                .map(|name| Ok((ctx.for_profile(&name)?, name)))
                .collect::<Result<Vec<_>>>()?,
        ),
    };
    let mut total = Found::default();
    let mut failed = Vec::new();
    match &shops {
        None => {
            let found = look(&args, ctx).await?;
            total.add(repaired(found, &args, ctx).await?);
        }
        Some(shops) => {
            let looks = stream::iter(shops).map(|(ctx, _)| look(&args, ctx));
            let found: Vec<_> = looks.buffered(SHOPS_AT_ONCE).collect().await;
            // One after the other: they go through one queue.
            for (found, (own, name)) in found.into_iter().zip(shops) {
                let found = match found {
                    Ok(found) => repaired(found, &args, own).await,
                    Err(error) => Err(error),
                };
                match found {
                    Ok(found) => total.add(found),
                    Err(error) => {
                        let error = Failure::from_any(error);
                        ctx.out.warn(text!(
                            "{shop} could not be read: {why}",
                            shop = name,
                            why = error.message.clone()
                        ));
                        failed.push(error);
                    }
                }
            }
        }
    }
    let shops = shops.map_or(1, |shops| shops.len());
    show(&total.missing, shops > 1, &args, ctx)?;
    ctx.out.note(text!(
        "events that WeChat must have pushed: {proved}; missing: {missing}, made here earlier: {made}",
        proved = total.proved,
        missing = total.missing.len(),
        made = total.made_before
    ));
    if total.open > 0 {
        ctx.out.note(text!(
            "cancelled orders (250) without an event: {count}; their records do not tell whether WeChat pushed one",
            count = total.open
        ));
    }
    if args.repair && ctx.global.dry_run && !total.missing.is_empty() {
        ctx.out.note(text!("nothing was made or sent: --dry-run"));
    } else if args.repair && !has_target && !total.missing.is_empty() {
        ctx.out.note(text!(
            "queued {count} {count:event|events}; a running `wxsell event listen --forward-to` forwards {count:it|them}, or `wxsell event forward`",
            count = total.missing.len()
        ));
    }
    ending(&total, failed, shops)
}

/// A table leaves out what is empty or the same in every row, so that it fits a terminal.
fn show(missing: &[Missing], several: bool, args: &VerifyArgs, ctx: &Ctx) -> Result<()> {
    let mut left_out = Vec::new();
    if ctx.out.is_for_people() && ctx.out.columns.is_none() {
        left_out.extend(["at", "order"]);
        if !several {
            left_out.push("shop");
        }
        left_out.push(if args.repair { "when" } else { "synthesised" });
    }
    ctx.out.list_with(Columns::of().without(&left_out), missing)
}

/// Looks at one shop.
async fn look(args: &VerifyArgs, ctx: &Ctx) -> Result<Found> {
    let span = span(args, ctx.clock()?)?;
    ctx.shop().await?.verify(span).await
}

/// Makes what is missing, where that is asked for.
async fn repaired(mut found: Found, args: &VerifyArgs, ctx: &Ctx) -> Result<Found> {
    if args.repair && !ctx.global.dry_run {
        let encrypted = super::account(ctx.profile()?, ctx)?.is_some_and(|own| own.key.is_some());
        let shop = ctx.shop().await?;
        shop.make_missing(&mut found.missing, encrypted).await?;
        if let Some(hand) = hand(&args.onward, ctx)? {
            found.waiting = stoppable(hand.run(false)).await?.waiting;
        }
    }
    Ok(found)
}

fn span(args: &VerifyArgs, now: i64) -> Result<Span> {
    // A shop's clock may be ahead of this machine's; the platform takes times up to a day ahead.
    let latest = now.saturating_add(AHEAD);
    let (since, until) = (args.since.first(now), args.until.last(now).min(latest));
    if since > until {
        return Err(Failure::input(text!("--since is later than --until"))
            .hint(text!(
                "events are checked up to 5 minutes ago; use --until 0s to check up to now"
            ))
            .into());
    }
    let back = i64::try_from(args.opened_within.as_secs()).unwrap_or(i64::MAX);
    Ok(Span {
        since,
        until,
        opened: now.saturating_sub(back).min(since).max(0),
    })
}

/// The exit code: 8 where something is missing and was not made, 6 where what was made is not handed on, or where shops
/// or objects could not be read.
fn ending(found: &Found, mut failed: Vec<Failure>, shops: usize) -> Result<()> {
    let open = found
        .missing
        .iter()
        .filter(|missing| missing.synthesised.is_none());
    let open = open.count();
    let mut shown = if open > 0 {
        Failure::new(
            Kind::Due,
            text!("{count} {count:event|events} never arrived", count = open),
        )
        .hint(text!(
            "`wxsell event verify --repair` makes and forwards them"
        ))
    } else if failed.len() == 1 && shops == 1 {
        return Err(failed.remove(0).into());
    } else if !failed.is_empty() {
        Failure::new(
            Kind::Partial,
            text!(
                "{failed} of {all} {all:shop|shops} could not be read",
                failed = failed.len(),
                all = shops
            ),
        )
    } else if found.unreadable > 0 {
        Failure::new(
            Kind::Partial,
            text!(
                "{count} {count:after-sale or dispute|after-sales and disputes} could not be read; what they prove is not known",
                count = found.unreadable
            ),
        )
    } else if found.waiting > 0 {
        Failure::new(
            Kind::Partial,
            text!(
                "{count} {count:event still waits|events still wait} to be forwarded",
                count = found.waiting
            ),
        )
    } else {
        return Ok(());
    };
    shown.shown = true;
    Err(shown.into())
}
