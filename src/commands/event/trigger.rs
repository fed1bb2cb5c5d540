//! `wxsell event trigger`: an event as WeChat would send it, for tests of a receiver.

use super::super::Ctx;
use super::{address, own_account};
use crate::fail::{Failure, Kind};
use crate::output::{Cell, Column, Record};
use crate::push::events::{FieldKind, Spec, find, table};
use crate::push::forward::{add_query, http, reason};
use crate::push::{Format, Mode, Sealed, Stamp, address_test, seal};
use crate::text;
use crate::types::now;
use anyhow::Result;
use clap::{Args, ValueHint};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// So much of an answer is shown.
const SHOWN: usize = 2_000;

#[derive(Debug, Args)]
pub struct TriggerArgs {
    /// Name of the event, e.g. aftersale_new_order
    #[arg(required_unless_present_any = ["data", "verify"], add = clap_complete::engine::ArgValueCandidates::new(candidates))]
    event: Option<String>,
    /// Number of the order: digits are WeChat's, anything else is yours
    #[arg(long, value_name = "NUMBER")]
    order: Option<String>,
    /// Number of what the event is about; made up where it is left out
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// State that it reached
    #[arg(long, value_name = "STATE", allow_negative_numbers = true)]
    state: Option<String>,
    /// Set a further field of the event (can be repeated)
    #[arg(long, value_name = "FIELD=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Send this JSON object instead; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["event", "order", "number", "state", "set"])]
    data: Option<PathBuf>,
    /// Test the address as the backend does when it is entered there
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

/// How a receiver took an event.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Sent {
    pub url: String,
    pub event: String,
    /// HTTP status; absent where there was no answer.
    pub status: Option<u16>,
    pub answer: String,
    pub milliseconds: u64,
    /// What WeChat would count as taken: 200 within 5 seconds, with the answer that it expects.
    pub accepted: bool,
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
            Cell::Word(match s.accepted {
                true => text!("yes"),
                false => text!("no"),
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
        Some(_) => Failure::new(Kind::Refused, text!("the receiver did not take it")),
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

/// Sends a push and sees how it is taken.
pub async fn send(
    client: &reqwest::Client,
    to: &reqwest::Url,
    sealed: &Sealed,
    event: &str,
) -> Sent {
    let mut url = to.clone();
    add_query(&mut url, &sealed.query);
    let request = client
        .post(url)
        .header("content-type", sealed.content_type)
        .body(sealed.body.clone());
    let mut sent = exchange(request, to, event).await;
    // An answer with content is for the coupon event; the platform looks at it there.
    let fits = sent.answer.is_empty()
        || sent.answer == "success"
        || event == "open_product_receive_coupon";
    sent.accepted = sent.status == Some(200) && fits && sent.milliseconds <= 5_000;
    sent
}

async fn exchange(request: reqwest::RequestBuilder, to: &reqwest::Url, event: &str) -> Sent {
    let started = Instant::now();
    let (status, answer) = match request.send().await {
        Ok(answer) => {
            let status = answer.status().as_u16();
            let text = answer.text().await.unwrap_or_default();
            (Some(status), text.chars().take(SHOWN).collect())
        }
        Err(error) => (None, reason(&error)),
    };
    Sent {
        url: to.to_string(),
        event: event.to_owned(),
        status,
        answer,
        milliseconds: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        accepted: false,
    }
}

fn name_of(message: &Value) -> String {
    ["Event", "InfoType", "MsgType"]
        .iter()
        .find_map(|name| message.get(*name)?.as_str())
        .unwrap_or_default()
        .to_owned()
}

/// The whole message, from a file or from options.
fn message(args: &TriggerArgs) -> Result<Value> {
    if let Some(path) = &args.data {
        let text = match path.as_os_str() == "-" {
            true => std::io::read_to_string(std::io::stdin()),
            false => std::fs::read_to_string(path),
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
    let spec = find(name).ok_or_else(|| unknown(name))?;
    build(spec, args)
}

fn unknown(name: &str) -> Failure {
    let near = table()
        .iter()
        .map(|spec| (strsim::jaro_winkler(spec.event, name), spec.event))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let failure = Failure::input(text!("no event is called {name}", name));
    match near {
        Some((_, event)) => failure.hint(text!("did you mean {event}?", event)),
        None => failure.hint(text!(
            "give one of the documented events, or a whole message with --data"
        )),
    }
}

fn build(spec: &'static Spec, args: &TriggerArgs) -> Result<Value> {
    let mut block = Map::new();
    let mut problems = Vec::new();
    let mut put = |names: &[&'static str], given: Option<&str>, option: &'static str| {
        let Some(given) = given else { return };
        match field_for(names, given) {
            Some(name) => drop(block.insert(name.to_owned(), typed(spec, name, given))),
            None => problems.push(text!(
                "{event} has no field for {option}",
                event = spec.event,
                option
            )),
        }
    };
    put(&spec.orders, args.order.as_deref(), "--order");
    put(&spec.numbers, args.number.as_deref(), "--number");
    put(&spec.states, args.state.as_deref(), "--state");
    for (name, value) in &args.set {
        block.insert(name.clone(), typed(spec, name, value));
    }
    let named = spec.numbers.iter().any(|name| block.contains_key(*name));
    if let (false, Some(name)) = (named, spec.numbers.first()) {
        // The platform never sends an event without the number of its object.
        let made_up = fastrand::u64(4_000_000_000_000_000..5_000_000_000_000_000).to_string();
        block.insert((*name).to_owned(), typed(spec, name, &made_up));
    }
    let mut problems = problems.into_iter();
    if let Some(first) = problems.next() {
        return Err(Failure::input(first).also(problems.collect()).into());
    }
    let mut message = Map::new();
    let authorisation = matches!(spec.object, "ticket" | "authorization");
    if authorisation {
        message.insert("CreateTime".into(), now().into());
        message.insert("InfoType".into(), spec.event.into());
    } else {
        message.insert("ToUserName".into(), "gh_0123456789ab".into());
        message.insert("FromUserName".into(), "oExampleOpenid0000000000001".into());
        message.insert("CreateTime".into(), now().into());
        message.insert("MsgType".into(), "event".into());
        message.insert("Event".into(), spec.event.into());
    }
    match spec.block {
        "" => message.extend(block),
        name => drop(message.insert(name.to_owned(), Value::Object(block))),
    }
    Ok(Value::Object(message))
}

/// Of WeChat's number and the merchant's own, the one that fits: WeChat's are digits.
fn field_for(names: &[&'static str], given: &str) -> Option<&'static str> {
    let digits = given.bytes().all(|byte| byte.is_ascii_digit());
    let own = names.iter().find(|name| name.starts_with("out_"));
    let theirs = names.iter().find(|name| !name.starts_with("out_"));
    match (digits, theirs, own) {
        (true, Some(name), _) | (false, _, Some(name)) => Some(name),
        (_, theirs, own) => theirs.or(own).copied(),
    }
}

/// A value as the platform writes it in JSON: WeChat's own numbers as numbers, those of others as text.
fn typed(spec: &Spec, name: &str, value: &str) -> Value {
    let field = spec.fields.iter().find(|field| field.name == name);
    let as_number = matches!(
        (field.map(|field| &field.kind), name),
        (
            Some(FieldKind::Integer | FieldKind::Fen | FieldKind::Unix),
            _
        ) | (
            Some(FieldKind::Id),
            "order_id" | "product_id" | "aftersale_id" | "complaint_order_id" | "brand_id"
        )
    );
    match (as_number, value.parse::<u64>(), value.parse::<i64>()) {
        (true, Ok(number), _) => json!(number),
        (true, _, Ok(number)) => json!(number),
        _ => Value::from(value),
    }
}
