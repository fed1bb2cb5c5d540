//! What promotion staff bring, and what they are told: credited visits, the payments that followed, and messages.
//!
//! Where the reference is silent the shop decides: a message to many takes a minute, and of ten people who got it one
//! taps on it.

use super::Happening;
use super::staff::{after, bound, everybody, identity, is_bound, nothing, person, wrong};
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::text;
use crate::types::{ChinaTime, Fen};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const VISIT: &str = "staff_visit";
const MESSAGE: &str = "staff_message";
/// Rows of a page.
const PAGE: usize = 1000;
/// Failures that an answer lists; a file has more of them.
const MOST_FAILURES: usize = 1000;
/// Figures of single messages exist from so many receivers on.
const COUNTED_FROM: usize = 50;
const SENDING: i64 = 60;
const NOT_DELIVERED: i64 = 103_010;

#[derive(Serialize, Deserialize)]
struct Visit {
    promoter: String,
    role_id: i64,
    retail_id: String,
    extra_info: String,
    visitor: String,
    path: String,
    scene: i64,
    mark: String,
    paid: Option<i64>,
    refunded: bool,
}

#[derive(Deserialize)]
pub struct Relations {
    openid: String,
    begin_time: Option<i64>,
    end_time: Option<i64>,
    scene: Option<i64>,
    path: Option<String>,
    start_id: Option<String>,
    need_unionid: Option<i64>,
}

pub fn relations(tx: &mut Tx<'_>, request: Relations) -> Result<Value, Refusal> {
    let filter = Filter {
        created: (request.begin_time, request.end_time),
        ..Filter::default()
    };
    let visits = visits(tx, &request.openid, request.start_id.as_deref(), &filter)?
        .into_iter()
        .filter(|visit| request.scene.is_none_or(|scene| visit.body.scene == scene))
        .filter(|visit| {
            let path = request.path.as_ref();
            path.is_none_or(|path| visit.body.path == *path)
        })
        .take(PAGE)
        .collect();
    page(visits, "relation_list", |visit| {
        row(visit, request.need_unionid)
    })
}

#[derive(Deserialize)]
pub struct Orders {
    openid: String,
    mch_id: Option<String>,
    trade_no: Option<String>,
    out_trade_no: Option<String>,
    status: Option<i64>,
    date: Option<String>,
    start_id: Option<String>,
    need_unionid: Option<i64>,
}

const MERCHANT: &str = "1900000001";

pub fn orders(tx: &mut Tx<'_>, request: Orders) -> Result<Value, Refusal> {
    let fits = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|one| one == is);
    let visits = visits(
        tx,
        &request.openid,
        request.start_id.as_deref(),
        &Filter::default(),
    )?
    .into_iter()
    .filter(|visit| visit.body.paid.is_some())
    .filter(|visit| {
        let status = if visit.body.refunded { 2 } else { 1 };
        request.status.is_none_or(|wanted| wanted == status)
            && fits(&request.mch_id, MERCHANT)
            && fits(&request.trade_no, &trade(visit))
            && fits(&request.out_trade_no, &visit.out_id)
            && fits(&request.date, &day(visit.created_at).replace('-', ""))
    })
    .take(PAGE)
    .collect();
    page(visits, "order_list", |visit| {
        let mut row = row(visit, request.need_unionid);
        row["mch_id"] = MERCHANT.into();
        row["trade_no"] = trade(visit).into();
        row["out_trade_no"] = visit.out_id.as_str().into();
        row["status"] = if visit.body.refunded { 2 } else { 1 }.into();
        row["paid_amount"] = visit.body.paid.into();
        row["paid_time"] = visit.created_at.into();
        if visit.body.refunded {
            row["refunded_time"] = visit.created_at.into();
        }
        row
    })
}

/// The visits that one promoter is credited with, after the cursor.
fn visits(
    tx: &Tx<'_>,
    who: &str,
    start_id: Option<&str>,
    filter: &Filter,
) -> Result<Vec<Document<Visit>>, Refusal> {
    let promoter = person(tx, who)?.ok_or_else(wrong)?.body.openid;
    let after = after(start_id)?;
    Ok(tx
        .all::<Visit>(VISIT, filter)?
        .into_iter()
        .filter(|visit| visit.id > after && visit.body.promoter == promoter)
        .collect())
}

fn page(
    visits: Vec<Document<Visit>>,
    rows: &str,
    row: impl Fn(&Document<Visit>) -> Value,
) -> Result<Value, Refusal> {
    let Some(last) = visits.last() else {
        return Err(nothing());
    };
    let start_id = last.id.to_string();
    let list: Vec<Value> = visits.iter().map(row).collect();
    Ok(json!({"total_cnt": list.len(), "start_id": start_id, rows: list}))
}

fn row(visit: &Document<Visit>, need_unionid: Option<i64>) -> Value {
    let body = &visit.body;
    json!({"promoter_openid": identity(&body.promoter, need_unionid), "role_id": body.role_id,
        "retail_id": body.retail_id, "extra_info": body.extra_info,
        "openid": identity(&body.visitor, need_unionid), "create_time": visit.created_at, "path": body.path,
        "scene": body.scene, "share_extra_info": body.mark})
}

fn trade(visit: &Document<Visit>) -> String {
    format!("42000000{:020}", visit.id)
}

/// One visit through the material of somebody bound, and what it led to.
#[derive(Debug, Clone)]
pub struct Visited {
    pub path: String,
    pub scene: i64,
    pub visitor: String,
    pub mark: String,
    pub paid: Option<Fen>,
    pub refunded: bool,
}

pub fn visit(tx: &mut Tx<'_>, openid: &str, visited: Visited) -> Result<Happening, Refusal> {
    let promoter = bound(tx, openid)?
        .ok_or_else(|| Refusal::new(103_001, format!("{openid} is not bound")))?
        .body;
    let (id, at) = (tx.count(VISIT, 0)?, tx.now);
    let what = match visited.paid {
        Some(_) => text!("visited and paid"),
        None => text!("visited"),
    };
    let body = Visit {
        promoter: promoter.openid,
        role_id: promoter.role_id,
        retail_id: promoter.retail_id,
        extra_info: promoter.extra_info,
        visitor: visited.visitor.clone(),
        path: visited.path,
        scene: visited.scene,
        mark: visited.mark,
        paid: visited.paid.map(|paid| paid.0),
        refunded: visited.refunded,
    };
    let document = Document {
        id,
        out_id: format!("WX{id:014}"),
        state: 0,
        draft: 0,
        due: None,
        created_at: at,
        changed_at: at,
        body,
    };
    tx.put(VISIT, &document)?;
    Ok(Happening {
        at,
        noun: text!("staff"),
        number: visited.visitor,
        what,
        reason: String::new(),
    })
}

/// A message to many, as it was sent, and whom it did not reach.
#[derive(Serialize, Deserialize)]
struct Message {
    sent: Value,
    msg_type: i64,
    receivers: usize,
    failed: Vec<i64>,
}

#[derive(Deserialize)]
pub struct Send {
    msg_type: i64,
    content: String,
    list_type: Option<i64>,
    #[serde(default)]
    role_id: Vec<i64>,
    #[serde(default)]
    retail_id: Vec<String>,
    #[serde(default)]
    id: Vec<String>,
    appid: Option<String>,
    path: String,
}

/// Messages many. Roles, stores and people that are not known are left out without a word.
pub fn send(tx: &mut Tx<'_>, request: Send) -> Result<Value, Refusal> {
    let empty = match request.list_type {
        None | Some(0) => false,
        Some(1) => request.role_id.is_empty(),
        Some(2) => request.retail_id.is_empty(),
        _ => request.id.is_empty(),
    };
    if empty || !is_object(&request.content) {
        return Err(wrong());
    }
    let mut receivers = Vec::new();
    for person in everybody(tx)? {
        let meant = match request.list_type {
            None | Some(0) => is_bound(&person),
            Some(1) => is_bound(&person) && request.role_id.contains(&person.body.role_id),
            Some(2) => is_bound(&person) && request.retail_id.contains(&person.body.retail_id),
            _ => request.id.contains(&person.id.to_string()),
        };
        if meant {
            receivers.push(person);
        }
    }
    let failed = receivers
        .iter()
        .filter(|person| !is_bound(person))
        .map(|person| person.id)
        .collect();
    let (id, at) = (123_455 + tx.count(MESSAGE, 0)?, tx.now);
    let mut sent = json!({"msg_type": request.msg_type, "content": request.content, "path": request.path,
        "list_type": request.list_type.unwrap_or(0)});
    if let Some(appid) = request.appid {
        sent["appid"] = appid.into();
    }
    match request.list_type {
        Some(1) => sent["role_id"] = request.role_id.into(),
        Some(2) => sent["retail_id"] = request.retail_id.into(),
        Some(3) => sent["id"] = request.id.into(),
        _ => {}
    }
    let document = Document {
        id,
        out_id: id.to_string(),
        state: 0,
        draft: 0,
        due: None,
        created_at: at,
        changed_at: at,
        body: Message {
            sent,
            msg_type: request.msg_type,
            receivers: receivers.len(),
            failed,
        },
    };
    tx.put(MESSAGE, &document)?;
    Ok(json!({"msg_id": id.to_string()}))
}

#[derive(Deserialize)]
pub struct SendOne {
    content: String,
    id: Option<String>,
    openid: Option<String>,
}

/// Messages one person; nothing of it can be followed.
pub fn send_one(tx: &mut Tx<'_>, request: SendOne) -> Result<Value, Refusal> {
    if !is_object(&request.content) {
        return Err(wrong());
    }
    let person = match (&request.id, &request.openid) {
        (Some(id), _) => everybody(tx)?
            .into_iter()
            .find(|person| person.id.to_string() == *id),
        (None, Some(openid)) => person(tx, openid)?,
        (None, None) => return Err(wrong()),
    };
    match person {
        Some(person) if is_bound(&person) => Ok(json!({})),
        Some(_) => Err(Refusal::new(NOT_DELIVERED, "message not delivered")),
        None => Err(wrong()),
    }
}

#[derive(Deserialize)]
pub struct GetMessage {
    msg_id: String,
}

pub fn message(tx: &mut Tx<'_>, request: GetMessage) -> Result<Value, Refusal> {
    let message = tx
        .find::<Message>(MESSAGE, &request.msg_id)?
        .ok_or_else(wrong)?;
    let percent = ((tx.now - message.created_at) * 100 / SENDING).clamp(0, 100);
    let body = message.body;
    // What is still on its way has not failed yet.
    let failed = if percent == 100 {
        body.failed
    } else {
        Vec::new()
    };
    let mut reply = body.sent;
    reply["send_cnt"] = body.receivers.into();
    reply["percent"] = percent.into();
    reply["fail_cnt"] = failed.len().into();
    match failed.len() {
        0 => {}
        1..=MOST_FAILURES => {
            reply["fail_info"] = failed
                .iter()
                .map(|id| json!({"id": id.to_string(), "errcode": NOT_DELIVERED}))
                .collect();
        }
        _ => {
            reply["fail_info_url"] = format!("https://mmecimage.cn/p/{}", message.out_id).into();
        }
    }
    Ok(reply)
}

#[derive(Deserialize)]
pub struct Clicks {
    send_date: String,
    dimonsion: i64,
    msg_type: Option<i64>,
    msg_id: Option<String>,
    begin_send_time: Option<i64>,
    end_send_time: Option<i64>,
}

pub fn clicks(tx: &mut Tx<'_>, request: Clicks) -> Result<Value, Refusal> {
    let filter = Filter {
        created: (request.begin_send_time, request.end_send_time),
        ..Filter::default()
    };
    let messages: Vec<Document<Message>> = tx
        .all::<Message>(MESSAGE, &filter)?
        .into_iter()
        .filter(|message| day(message.created_at) == request.send_date)
        .filter(|message| {
            request
                .msg_type
                .is_none_or(|kind| message.body.msg_type == kind)
        })
        .filter(|message| {
            let id = request.msg_id.as_ref();
            id.is_none_or(|id| message.out_id == *id)
        })
        .collect();
    let taps = |message: &Message| (message.receivers - message.failed.len()) / 10;
    let rows: Vec<Value> = if request.dimonsion == 0 {
        messages
            .iter()
            .filter(|message| message.body.receivers >= COUNTED_FROM)
            .map(|message| {
                let taps = taps(&message.body);
                json!({"msg_type": message.body.msg_type, "msg_id": message.out_id,
                    "send_time": message.created_at, "click_uv": taps, "click_pv": taps})
            })
            .collect()
    } else {
        let mut by_type: BTreeMap<i64, usize> = BTreeMap::new();
        for message in &messages {
            *by_type.entry(message.body.msg_type).or_default() += taps(&message.body);
        }
        by_type
            .into_iter()
            .map(|(kind, taps)| json!({"msg_type": kind, "click_uv": taps, "click_pv": taps}))
            .collect()
    };
    if rows.is_empty() {
        Err(nothing())
    } else {
        Ok(json!({"data_list": rows}))
    }
}

fn is_object(content: &str) -> bool {
    serde_json::from_str::<serde_json::Map<String, Value>>(content).is_ok()
}

/// `2022-04-01`, China time.
fn day(at: i64) -> String {
    ChinaTime::from_unix(at).0.chars().take(10).collect()
}
