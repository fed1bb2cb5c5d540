//! `wxsell provider ticket`: what WeChat pushes to a service provider every 10 minutes, and what pays for its token.

use super::super::Ctx;
use crate::fail::{Failure, Within};
use crate::output::{Cell, Column, Record};
use crate::profile::{self, Profile};
use crate::text;
use crate::types::span::HOUR;
use crate::types::{Secret, now, rfc3339};
use anyhow::Result;
use clap::{Subcommand, ValueHint};
use serde::Serialize;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

/// No ticket is near this.
const LONGEST: u64 = 4096;
/// A push that came so long ago should have been followed by others, in seconds.
const OVERDUE: i64 = 1800;

#[derive(Debug, Subcommand)]
pub enum Verb {
    Set(SetArgs),
    /// Show how old the stored ticket is and how long it can be used
    Show,
    /// Let WeChat push tickets again, where none arrive
    Start,
}

/// Store the ticket that was pushed last
///
/// `wxsell event listen` stores it automatically. Here it is read from standard input, or asked for on a terminal.
#[derive(Debug, clap::Args)]
pub struct SetArgs {
    /// Read it from this file, `-` for standard input
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
}

/// The stored ticket, without itself.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Ticket {
    appid: String,
    /// `valid`, `expired` or `none`.
    ticket: &'static str,
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pushed_at: Option<String>,
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    usable_until: Option<String>,
}

impl Record for Ticket {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("appid", "APPID", |t| Cell::Id(t.appid.clone())),
        Column::new("ticket", "TICKET", |t| {
            Cell::Word(match t.ticket {
                "valid" => text!("valid"),
                "expired" => text!("expired"),
                _ => text!("none"),
            })
        }),
        Column::new("pushed_at", "PUSHED", |t| {
            t.pushed_at.clone().map_or(Cell::Empty, Cell::Time)
        }),
        Column::new("usable_until", "USABLE UNTIL", |t| {
            t.usable_until.clone().map_or(Cell::Empty, Cell::Time)
        }),
    ];
}

pub async fn run(verb: Verb, provider: &Profile, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Set(args) => set(&args, provider, ctx),
        Verb::Show => show(provider, ctx),
        Verb::Start => start(provider, ctx).await,
    }
}

fn set(args: &SetArgs, provider: &Profile, ctx: &Ctx) -> Result<()> {
    let ticket = given(
        args.file.as_deref(),
        text!("Ticket (not shown)"),
        "--file",
        ctx,
    )?;
    if ctx.global.dry_run {
        ctx.out.note(text!(
            "would store the ticket of {appid}",
            appid = &provider.appid
        ));
        return Ok(());
    }
    ctx.state()?
        .keep_ticket(&provider.account_key(), &ticket, now())?;
    ctx.out.note(text!(
        "stored the ticket of {appid}; it can be used for 12 hours",
        appid = &provider.appid
    ));
    let kept = Kept {
        appid: &provider.appid,
        usable_until: rfc3339(now() + 12 * HOUR),
    };
    ctx.report_done(&serde_json::to_value(kept)?)
}

/// A ticket that was stored.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Kept<'a> {
    appid: &'a str,
    #[schemars(with = "crate::types::shape::Moment")]
    usable_until: String,
}

/// The push of tickets, which runs now.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Started<'a> {
    appid: &'a str,
    was_running: bool,
}

/// One word that must not stand on the command line: from a file, from standard input, or typed.
pub fn given(
    file: Option<&Path>,
    prompt: crate::lang::Text,
    option: &str,
    ctx: &Ctx,
) -> Result<Secret> {
    let stdin = file.is_none_or(|path| path.as_os_str() == "-");
    if file.is_none() && std::io::stdin().is_terminal() {
        return ctx.out.secret(prompt, option);
    }
    let read = match file.filter(|_| !stdin) {
        Some(path) => profile::read_given(path)?,
        None => {
            let mut content = Vec::new();
            let read = std::io::stdin()
                .lock()
                .take(LONGEST)
                .read_to_end(&mut content);
            read.map(|_| content)
        }
    };
    let from = match file.filter(|_| !stdin) {
        Some(path) => text!("the file {path}", path = path.display().to_string()),
        None => text!("standard input"),
    };
    let content = read.map_err(|error| {
        Failure::input(text!(
            "{from} cannot be read: {error}",
            from = from.clone(),
            error = error.to_string()
        ))
    })?;
    let word = String::from_utf8_lossy(&content).trim().to_owned();
    if word.is_empty() || word.contains(char::is_whitespace) || word.contains('\u{fffd}') {
        return Err(
            Failure::input(text!("{from} does not hold a single value", from))
                .hint(text!("it must hold the value and nothing else"))
                .into(),
        );
    }
    Ok(Secret::new(word))
}

fn show(provider: &Profile, ctx: &Ctx) -> Result<()> {
    let kept = ctx.state()?.ticket(&provider.account_key())?;
    let age = kept.as_ref().map(|ticket| now() - ticket.fetched_at);
    ctx.out.show(&Ticket {
        appid: provider.appid.clone(),
        ticket: match &kept {
            Some(ticket) if ticket.expires_at > now() => "valid",
            Some(_) => "expired",
            None => "none",
        },
        pushed_at: kept.as_ref().map(|ticket| rfc3339(ticket.fetched_at)),
        usable_until: kept.as_ref().map(|ticket| rfc3339(ticket.expires_at)),
    })?;
    if age.is_none_or(|age| age > OVERDUE) {
        ctx.out.note(text!(
            "WeChat pushes a ticket every 10 minutes: see that it reaches `wxsell event listen`, and start the push with `wxsell provider ticket start`"
        ));
    }
    Ok(())
}

async fn start(provider: &Profile, ctx: &Ctx) -> Result<()> {
    if ctx.global.dry_run {
        ctx.out.note(text!(
            "would let WeChat push tickets to {appid}",
            appid = &provider.appid
        ));
        return Ok(());
    }
    ctx.before_write(None).await?;
    let (secret, _) = profile::secret(provider, ctx.global.secret_file.as_deref(), &ctx.dirs)?;
    let ran = ctx
        .shop()
        .await?
        .start_tickets(&provider.appid, secret)
        .await
        .within(|| text!("starting the push of tickets"))?;
    if ran {
        ctx.out.note(text!(
            "the push was already running; the next ticket comes within 10 minutes"
        ))
    } else {
        ctx.out.note(text!(
            "the push runs now; the first ticket comes within 10 minutes"
        ))
    }
    let started = Started {
        appid: &provider.appid,
        was_running: ran,
    };
    ctx.report_done(&serde_json::to_value(started)?)
}
