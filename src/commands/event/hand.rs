//! `wxsell event replay|forward`: stored events, sent once more or handed on now.

use super::super::Ctx;
use super::list::stored;
use super::listen::Onward;
use super::trigger::Sent;
use super::{Which, account, address};
use crate::fail::{Failure, Kind};
use crate::output::{Cell, Column, Record};
use crate::profile::{self, SettingsFile};
use crate::push::Account;
use crate::push::forward::{http, seal_again};
use crate::push::hand::Hand;
use crate::push::milliseconds;
use crate::push::trigger::send;
use crate::state::pushes::{Filter, Push};
use crate::text;
use anyhow::Result;
use clap::{Args, ValueHint};
use serde::Serialize;
use std::collections::HashMap;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Numbers of events, as `wxsell event list` shows them
    #[arg(required_unless_present_any = ["event", "family", "order", "number", "since"])]
    ids: Vec<i64>,
    #[command(flatten)]
    which: Which,
    /// Send them to this address now, one after the other
    #[arg(long, value_name = "URL", value_parser = address, value_hint = ValueHint::Url)]
    to: Option<reqwest::Url>,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("target").required(true).multiple(true).args(["forward_to", "exec"]))]
pub struct ForwardArgs {
    #[command(flatten)]
    onward: Onward,
    /// Also what was received while there was no target
    #[arg(long)]
    all: bool,
}

/// The events that are meant, oldest first.
fn chosen(args: &ReplayArgs, ctx: &Ctx) -> Result<Vec<Push>> {
    if args.ids.is_empty() {
        let filter = Filter {
            oldest_first: true,
            ..args.which.filter(ctx)?
        };
        return ctx.state()?.pushes(&filter);
    }
    args.ids.iter().map(|id| stored(*id, ctx)).collect()
}

pub async fn replay(args: ReplayArgs, ctx: &Ctx) -> Result<()> {
    let pushes = chosen(&args, ctx)?;
    if ctx.global.dry_run {
        ctx.out.note(text!(
            "would send {count} {count:event|events} again",
            count = pushes.len()
        ));
        return Ok(());
    }
    let Some(to) = &args.to else {
        let ids: Vec<i64> = pushes.iter().map(|push| push.id).collect();
        let queued = ctx.state()?.queue_pushes(&ids, milliseconds())?;
        ctx.out.note(text!(
            "queued {count} {count:event|events}; a running `wxsell event listen --forward-to` forwards {count:it|them}, or `wxsell event forward`",
            count = queued
        ));
        return Ok(());
    };
    ctx.out.check_columns::<Sent>()?;
    let accounts = accounts(ctx)?;
    let client = http(Duration::from_secs(ctx.global.timeout), Some(to))?;
    let mut sent = Vec::with_capacity(pushes.len());
    for push in &pushes {
        let account = accounts.get(&push.shop).ok_or_else(|| {
            Failure::access(text!(
                "no Token and key are known for {shop}",
                shop = &push.shop
            ))
            .hint(text!("store it with `wxsell auth push-key`"))
        })?;
        let sealed = seal_again(push, account)?;
        sent.push(send(&client, to, &sealed, &push.event).await);
    }
    ctx.out.list(&sent)?;
    let failed = sent.iter().filter(|sent| !sent.accepted).count();
    partly(failed, sent.len())
}

/// Some of many failed; the list is out already.
fn partly(failed: usize, all: usize) -> Result<()> {
    if failed == 0 {
        return Ok(());
    }
    let mut failure = Failure::new(
        Kind::Partial,
        text!(
            "{failed} of {all} {all:event|events} {failed:was|were} not accepted",
            failed,
            all
        ),
    );
    failure.shown = true;
    Err(failure.into())
}

/// Token and keys of every profile that keeps them, by the key of its shop.
pub fn accounts(ctx: &Ctx) -> Result<HashMap<String, Account>> {
    let settings = SettingsFile::of(&ctx.dirs).load()?;
    let mut accounts = HashMap::new();
    let current = ctx.profile()?;
    let others = settings.names().into_iter().filter_map(|name| {
        // What cannot be read is missed when it is needed.
        let profile = profile::preview(name, &settings).ok()?;
        let account = account(&profile, ctx).ok()??;
        Some((profile.account_key(), account))
    });
    accounts.extend(others);
    if let Some(own) = account(current, ctx)? {
        accounts.insert(current.account_key(), own);
    }
    Ok(accounts)
}

/// What a run handed on.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Done {
    handed_on: u64,
    failed: u64,
    waiting: usize,
}

impl Record for Done {
    const COLUMNS: &'static [Column<Done>] = &[
        Column::new("handed_on", "FORWARDED", |d| {
            Cell::Number(i64::try_from(d.handed_on).unwrap_or(i64::MAX))
        }),
        Column::new("failed", "FAILED", |d| {
            Cell::Number(i64::try_from(d.failed).unwrap_or(i64::MAX))
        }),
        Column::new("waiting", "WAITING", |d| {
            Cell::Number(i64::try_from(d.waiting).unwrap_or(i64::MAX))
        }),
    ];
}

/// What waits of the profile's shop, and where it goes; `None` where no target is given.
pub fn hand(onward: &Onward, ctx: &Ctx) -> Result<Option<Hand>> {
    let Some(target) = onward.target(ctx) else {
        return Ok(None);
    };
    let out = ctx.out.clone();
    Ok(Some(Hand {
        state: ctx.state()?.clone(),
        target,
        accounts: accounts(ctx)?,
        shop: ctx.profile()?.account_key(),
        only: onward.only.clone(),
        watch: Box::new(move |line| out.note(line)),
    }))
}

/// Work that Ctrl-C ends.
pub async fn stoppable<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        done = work => done,
        () = super::super::sandbox::told_to_stop() => {
            Err(Failure::new(Kind::Stopped, text!("stopped")).into())
        }
    }
}

pub async fn forward(args: ForwardArgs, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<Done>()?;
    let Some(hand) = hand(&args.onward, ctx)? else {
        return Err(Failure::input(text!("no target is given")).into());
    };
    if ctx.global.dry_run {
        let count = hand.plan(args.all)?;
        ctx.out
            .note(text!("would forward {count} {count:event|events}", count));
        return Ok(());
    }
    let handed = stoppable(hand.run(args.all)).await?;
    ctx.out.show(&Done {
        handed_on: handed.done,
        failed: handed.failed,
        waiting: handed.waiting,
    })?;
    partly(
        handed.waiting,
        handed.waiting + usize::try_from(handed.done).unwrap_or(usize::MAX),
    )
}
