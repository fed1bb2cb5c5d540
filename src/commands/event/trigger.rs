//! `wxsell event trigger`: an event as WeChat would send it, for tests of a receiver.

use super::super::Ctx;
use super::{address, own_account};
use crate::fail::{Failure, Kind};
use crate::output::{Cell, Column, Record};
use crate::push::events::table;
use crate::push::forward::{add_query, http};
pub use crate::push::trigger::Sent;
use crate::push::trigger::{self, Named, exchange, name_of, send};
use crate::push::{Format, Mode, Stamp, address_test, seal};
use crate::text;
use anyhow::Result;
use clap::{Args, ValueHint};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct TriggerArgs {
    /// Name of the event, e.g. aftersale_new_order
    #[arg(required_unless_present_any = ["data", "verify"], add = clap_complete::engine::ArgValueCandidates::new(candidates))]
    event: Option<String>,
    /// Number of the order: digits are WeChat's, anything else is yours
    #[arg(long, value_name = "NUMBER")]
    order: Option<String>,
    /// Number of the object (default: made up)
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// State of the object
    #[arg(long, value_name = "STATE", allow_negative_numbers = true)]
    state: Option<String>,
    /// Set a further field of the event (can be repeated)
    #[arg(long, value_name = "FIELD=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Send this JSON object instead; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["event", "order", "number", "state", "set"])]
    data: Option<PathBuf>,
    /// Test the address as the console does when it is entered there
    #[arg(long, conflicts_with_all = ["event", "data", "order", "number", "state", "set"])]
    verify: bool,
    /// Address of the receiver
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080/wechat", value_parser = address, value_hint = ValueHint::Url)]
    to: reqwest::Url,
    /// How the message is protected
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// Form of the body
    #[arg(long, value_enum, default_value_t)]
    body: Format,
}

fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "FIELD=VALUE".to_owned())
}

/// The names of all events, for completion in the shell.
pub fn candidates() -> Vec<clap_complete::CompletionCandidate> {
    table()
        .iter()
        .map(|spec| {
            clap_complete::CompletionCandidate::new(spec.event).help(Some(spec.title.0.into()))
        })
        .collect()
}

impl Record for Sent {
    const COLUMNS: &'static [Column<Sent>] = &[
        Column::new("url", "URL", |s| Cell::Text(s.url.clone())),
        Column::new("event", "EVENT", |s| Cell::Id(s.event.clone())),
        Column::new("status", "STATUS", |s| {
            s.status
                .map_or(Cell::Empty, |status| Cell::Number(i64::from(status)))
        }),
        Column::new("answer", "ANSWER", |s| Cell::Text(s.answer.clone())),
        Column::new("milliseconds", "MILLISECONDS", |s| {
            Cell::Number(i64::try_from(s.milliseconds).unwrap_or(i64::MAX))
        }),
        Column::new("accepted", "ACCEPTED", |s| {
            Cell::Word(if s.accepted {
                text!("yes")
            } else {
                text!("no")
            })
        }),
    ];
}

pub async fn run(args: TriggerArgs, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<Sent>()?;
    let account = own_account(ctx)?;
    let client = http(Duration::from_secs(ctx.global.timeout), Some(&args.to))?;
    let sent = if args.verify {
        let echo = fastrand::u64(..).to_string();
        let mut url = args.to.clone();
        add_query(&mut url, &address_test(&account, &Stamp::now(), &echo));
        if ctx.global.dry_run {
            return ctx.out.text(&format!("GET {url}"));
        }
        let mut sent = exchange(client.get(url), &args.to, "").await;
        sent.accepted = sent.status == Some(200) && sent.answer == echo;
        sent
    } else {
        let message = message(&args)?;
        let event = name_of(&message);
        let sealed = seal(&message, &account, args.body, args.mode, &Stamp::now())?;
        if ctx.global.dry_run {
            let mut url = args.to.clone();
            add_query(&mut url, &sealed.query);
            return ctx.out.text(&format!("POST {url}\n\n{}", sealed.body));
        }
        send(&client, &args.to, &sealed, &event).await
    };
    ctx.out.show(&sent)?;
    if sent.accepted {
        return Ok(());
    }
    let mut failure = match sent.status {
        Some(_) => Failure::new(Kind::Refused, text!("the receiver did not accept it")),
        None => Failure::network(text!(
            "the receiver did not answer: {why}",
            why = &sent.answer
        )),
    };
    failure.hint = Some(text!(
        "a receiver answers within 5 seconds with HTTP 200 and `success`"
    ));
    Err(failure.into())
}

/// The whole message, from a file or from options.
fn message(args: &TriggerArgs) -> Result<Value> {
    if let Some(path) = &args.data {
        let text = if path.as_os_str() == "-" {
            std::io::read_to_string(std::io::stdin())
        } else {
            std::fs::read_to_string(path)
        };
        let shown = path.display().to_string();
        let text = text.map_err(|error| {
            Failure::input(text!(
                "cannot read {path}: {error}",
                path = &shown,
                error = error.to_string()
            ))
        })?;
        let message: Value = serde_json::from_str(&text).map_err(|error| {
            Failure::input(text!(
                "{path} is not JSON: {error}",
                path = shown,
                error = error.to_string()
            ))
        })?;
        return Ok(message);
    }
    let name = args.event.as_deref().unwrap_or_default();
    trigger::build(
        name,
        &Named {
            order: args.order.as_deref(),
            number: args.number.as_deref(),
            state: args.state.as_deref(),
            set: &args.set,
        },
    )
}
