//! An event as the platform would push it, made up for the test of a receiver, and how that takes it.

use super::Sealed;
use super::events::{FieldKind, Spec, find, table};
use super::forward::{add_query, reason};
use crate::fail::Failure;
use crate::text;
use crate::types::now;
use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Instant;

/// So much of an answer is shown.
const SHOWN: usize = 2_000;

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

/// Sends a request and keeps what came of it; whether that counts is not looked at.
pub async fn exchange(request: reqwest::RequestBuilder, to: &reqwest::Url, event: &str) -> Sent {
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

/// What a message calls its event.
pub fn name_of(message: &Value) -> String {
    ["Event", "InfoType", "MsgType"]
        .iter()
        .find_map(|name| message.get(*name)?.as_str())
        .unwrap_or_default()
        .to_owned()
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

/// What is said of an event that is made up.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// Digits are the platform's number, anything else the merchant's.
    pub order: Option<&'a str>,
    /// Of what the event is about; made up where it is not said.
    pub number: Option<&'a str>,
    pub state: Option<&'a str>,
    /// Further fields.
    pub set: &'a [(String, String)],
}

/// The whole message of an event of the table.
///
/// # Errors
/// Where there is no such event, or it has no field for what is said.
pub fn build(event: &str, args: &Named<'_>) -> Result<Value> {
    let spec = find(event).ok_or_else(|| unknown(event))?;
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
    put(&spec.orders, args.order, "--order");
    put(&spec.numbers, args.number, "--number");
    put(&spec.states, args.state, "--state");
    for (name, value) in args.set {
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
        (true, Ok(number), _) => number.into(),
        (true, _, Ok(number)) => number.into(),
        _ => Value::from(value),
    }
}
