//! `wxsell sandbox push`: the shop in a box pushes its events to an address.

use super::Ctx;
use crate::output::{Cell, Column, Record};
use crate::push::{Format, Mode};
use crate::sandbox::Sandbox;
use crate::sandbox::push::{Noted, PushTo, Pushed, check_url, http};
use crate::text;
use anyhow::Result;
use clap::{Args, Subcommand};
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub enum PushVerb {
    /// Push events to this address from now on
    ///
    /// Pushes the events of the profile's account; the store in the sandbox has its own push. Events are signed with
    /// the sandbox's own Token and encrypted with its own key, which `wxsell event listen --profile sandbox` knows.
    /// They are sent after every `sandbox` command, while `sandbox serve` runs, and with `sandbox push deliver`; failed
    /// ones are retried at the platform's intervals on the shop's clock.
    To(Box<ToArgs>),
    /// Stop pushing events
    Off,
    /// List the events of the shop, the newest last
    List(ListArgs),
    /// Push now what is due by the shop's clock
    Deliver,
}

#[derive(Debug, Args)]
pub struct ToArgs {
    /// Address to push to, e.g. http://127.0.0.1:8080/wechat
    url: String,
    /// How a message is protected
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// Form of the body
    #[arg(long, value_enum, default_value_t)]
    body: Format,
    /// Try ten times over 3.6 hours, as documented for the WeChat Store, instead of three times
    #[arg(long)]
    store_schedule: bool,
    /// Share of events that are never sent
    #[arg(long, value_name = "PERCENT", value_parser = super::rate, default_value = "0%")]
    drop: f64,
    /// Share of events that are sent twice
    #[arg(long, value_name = "PERCENT", value_parser = super::rate, default_value = "0%")]
    double: f64,
    /// Share of events that arrive out of order
    #[arg(long, value_name = "PERCENT", value_parser = super::rate, default_value = "0%")]
    reorder: f64,
    /// Share of events that arrive damaged at first
    #[arg(long, value_name = "PERCENT", value_parser = super::rate, default_value = "0%")]
    corrupt: f64,
    /// Share of events that are late
    #[arg(long, value_name = "PERCENT", value_parser = super::rate, default_value = "0%")]
    delay: f64,
    /// How late they arrive
    #[arg(long, value_name = "DURATION", value_parser = crate::cli::values::duration, default_value = "10m")]
    late: Duration,
    /// Seed for repeatable results
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Maximum number of results
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

impl Record for Noted {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("seq", "NO.", |event| Cell::Number(event.seq)),
        Column::new("at", "TIME", |event| Cell::Time(event.at.clone())),
        Column::new("event", "EVENT", |event| Cell::Id(event.event.clone())),
        Column::new("state", "STATE", |event| Cell::Word(word(&event.state))),
        Column::new("tries", "TRIES", |event| Cell::Number(event.tries)),
    ];
}

fn word(state: &str) -> crate::lang::Text {
    match state {
        "delivered" => text!("delivered"),
        "waiting" => text!("waiting"),
        "past" => text!("before anybody listened"),
        "dropped" => text!("dropped"),
        "doubled" => text!("doubled"),
        "reordered" => text!("reordered"),
        "corrupted" => text!("damaged at first"),
        "late" => text!("late"),
        _ => text!("lost"),
    }
}

impl Record for Pushed {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("delivered", "DELIVERED", |pushed| {
            Cell::Number(count(pushed.delivered))
        }),
        Column::new("failed", "FAILED", |pushed| {
            Cell::Number(count(pushed.failed))
        }),
        Column::new("dropped", "DROPPED", |pushed| {
            Cell::Number(count(pushed.dropped))
        }),
        Column::new("doubled", "DOUBLED", |pushed| {
            Cell::Number(count(pushed.doubled))
        }),
    ];
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub async fn run(verb: PushVerb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    match verb {
        PushVerb::To(args) => {
            check_url(&args.url)?;
            shop.push_of(ctx.profile()?.family, Some(to(&args)))?;
            ctx.out.note(text!(
                "events are pushed to {url} from now on",
                url = &args.url
            ));
            Ok(())
        }
        PushVerb::Off => {
            shop.push_of(ctx.profile()?.family, None)?;
            ctx.out.note(text!("events are no longer pushed"));
            Ok(())
        }
        PushVerb::List(args) => ctx.out.list(&shop.events(args.limit)?),
        PushVerb::Deliver => ctx.out.show(&shop.push_due(&http()?).await?),
    }
}

fn to(args: &ToArgs) -> PushTo {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share is between 0 and 1"
    )]
    let thousandths = |share: f64| (share * 1000.0).round() as u16;
    PushTo {
        url: args.url.clone(),
        mode: args.mode,
        format: args.body,
        store_schedule: args.store_schedule,
        seed: args.seed,
        drop: thousandths(args.drop),
        double: thousandths(args.double),
        reorder: thousandths(args.reorder),
        corrupt: thousandths(args.corrupt),
        delay: thousandths(args.delay),
        delay_seconds: i64::try_from(args.late.as_secs()).unwrap_or(i64::MAX / 2),
    }
}

/// After a command moved the shop: what that set off is pushed, where an address is set.
pub async fn after(ctx: &Ctx) -> Result<()> {
    let mut shop = Sandbox::open(&ctx.dirs.state.join("sandbox.db"))?;
    let settings = shop.settings()?;
    if settings.push.is_none() && settings.store_push.is_none() {
        return Ok(());
    }
    let pushed = shop.push_due(&http()?).await?;
    if pushed.delivered + pushed.failed > 0 {
        ctx.out.note(text!(
            "events pushed: {delivered}, not accepted: {failed}",
            delivered = pushed.delivered,
            failed = pushed.failed
        ));
    }
    Ok(())
}

/// Pushes what comes due for as long as the shop is served.
pub async fn keep_on(mut shop: Sandbox) -> Result<()> {
    let http = http()?;
    loop {
        shop.push_due(&http).await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
