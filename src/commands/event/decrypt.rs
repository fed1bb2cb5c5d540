//! `wxsell event decrypt`: a captured message, explained offline.

use super::super::Ctx;
use super::list::lines;
use super::own_account;
use crate::fail::Failure;
use crate::output::{Cell, Column, Record};
use crate::push::Query;
use crate::push::events::{self, Event};
use crate::push::explain::{explain, take_apart};
use crate::text;
use crate::types::rfc3339;
use anyhow::Result;
use clap::{Args, ValueHint};
use serde::Serialize;
use std::io::Read;
use std::path::PathBuf;

/// More than a receiver takes.
const LARGEST: u64 = 4 << 20;

#[derive(Debug, Args)]
pub struct DecryptArgs {
    /// File with the message: a whole HTTP request, its address or query with the body below, or the body alone; `-` is
    /// standard input
    #[arg(default_value = "-", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// Query of the request, where the file has only its body
    #[arg(long, value_name = "QUERY")]
    query: Option<String>,
    /// Print only the message, as WeChat wrote it
    #[arg(long)]
    message: bool,
}

/// What a message is.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Explanation {
    /// Whether a receiver would take it.
    accepted: bool,
    /// Why not.
    refusal: Option<&'static str>,
    #[serde(skip)]
    why: Option<crate::lang::Text>,
    format: Option<&'static str>,
    mode: Option<&'static str>,
    /// `good`, `wrong` or `not_checked`.
    signature: &'static str,
    /// `current`, `previous` or `none`.
    key: &'static str,
    appid: Option<String>,
    event: String,
    family: &'static str,
    object: &'static str,
    number: String,
    state: Option<String>,
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    created_at: Option<String>,
    fields: serde_json::Value,
    dedupe_key: String,
    message: Option<String>,
    #[serde(skip)]
    decoded: Event,
}

impl Record for Explanation {
    const COLUMNS: &'static [Column<Explanation>] = &[
        Column::new("accepted", "ACCEPTED", |e| {
            Cell::Word(if e.accepted {
                text!("yes")
            } else {
                text!("no")
            })
        }),
        Column::new("refusal", "REFUSED BECAUSE", |e| {
            e.why.clone().map_or(Cell::Empty, Cell::Word)
        }),
        Column::new("mode", "MODE", |e| {
            e.mode.map_or(Cell::Empty, |mode| Cell::Text(mode.into()))
        }),
        Column::new("format", "FORMAT", |e| {
            e.format
                .map_or(Cell::Empty, |format| Cell::Text(format.into()))
        }),
        Column::new("signature", "SIGNATURE", |e| {
            Cell::Word(match e.signature {
                "good" => text!("good"),
                "wrong" => text!("wrong"),
                _ => text!("not checked: no query was given"),
            })
        }),
        Column::new("key", "DECRYPTED WITH", |e| {
            Cell::Word(match e.key {
                "current" => text!("the current key"),
                "previous" => text!("the previous key"),
                _ => text!("no key"),
            })
        }),
        Column::new("appid", "MADE FOR", |e| {
            e.appid.clone().map_or(Cell::Empty, Cell::Id)
        }),
        Column::new("event", "EVENT", |e| Cell::Id(e.event.clone())),
        Column::new("summary", "WHAT HAPPENED", |e| {
            Cell::Word(e.decoded.summary())
        }),
        Column::new("fields", "FIELDS", |e| Cell::List(lines(&e.fields))),
        Column::new("created_at", "HAPPENED", |e| {
            e.created_at.clone().map_or(Cell::Empty, Cell::Time)
        }),
        Column::new("dedupe_key", "KEY", |e| Cell::Text(e.dedupe_key.clone())),
        Column::new("message", "MESSAGE", |e| {
            e.message.clone().map_or(Cell::Empty, Cell::Text)
        }),
    ];
}

pub fn run(args: &DecryptArgs, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<Explanation>()?;
    let account = own_account(ctx)?;
    let captured = read(&args.file)?;
    let (in_file, body) = take_apart(&captured);
    let query = args.query.as_deref().map(Query::parse).or(in_file);
    let found = explain(&account, query.as_ref(), body.as_bytes());
    if args.message
        && let Some(message) = &found.message
    {
        return ctx.out.text(message);
    }
    let event = events::decode(&found.fields);
    // Tickets and authorisation codes are credentials; the message is shown where it has none.
    let secret = ["ticket", "authorization"].contains(&event.object);
    let explanation = Explanation {
        accepted: found.refusal.is_none() && found.signed == Some(true),
        refusal: found.refusal.map(|refusal| refusal.name()),
        why: found.refusal.map(|refusal| refusal.words()),
        format: found.format.map(|format| format.name()),
        mode: found.mode.map(|mode| mode.name()),
        signature: match found.signed {
            Some(true) => "good",
            Some(false) => "wrong",
            None => "not_checked",
        },
        key: match found.key {
            crate::push::KeyUsed::Current => "current",
            crate::push::KeyUsed::Previous => "previous",
            crate::push::KeyUsed::None => "none",
        },
        appid: found.appid,
        dedupe_key: event.key(found.message.as_deref().unwrap_or_default()),
        event: event.event.clone(),
        family: event.family,
        object: event.object,
        number: event.number.clone(),
        state: event.state.clone(),
        created_at: event.created.map(rfc3339),
        fields: event.fields.clone().into(),
        message: found.message.filter(|_| !secret),
        decoded: event,
    };
    ctx.out.show(&explanation)?;
    match found.refusal {
        None => Ok(()),
        Some(refusal) => Err(Failure::input(text!(
            "a receiver would not accept this message: {why}",
            why = refusal.words()
        ))
        .into()),
    }
}

fn read(path: &std::path::Path) -> Result<String> {
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin()
            .lock()
            .take(LARGEST)
            .read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes))
    };
    read.map_err(|error| {
        Failure::input(text!(
            "cannot read {path}: {error}",
            path = path.display().to_string(),
            error = error.to_string()
        ))
    })?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::input(text!("the captured message is not plain text")).into())
}
