//! Sharers: invited by call, bound when the person accepts, released by call or by the person. Orders that came through
//! a sharer make up the figures, room by room.
//!
//! Where the reference is silent the shop decides: an invitation lasts a day, and a binding holds for a day before it
//! can be released by call.

use super::Happening;
use super::order::{self, Order};
use crate::api::Done;
use crate::lang::Text;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::text;
use crate::types::ChinaTime;
use crate::types::span::DAY;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const NOUN: &str = "sharer";
const MODE: &str = "share_mode";

/// As `search_sharer` numbers them; the last is ours, for who was bound once.
const BOUND: i64 = 1;
const REFUSED: i64 = 2;
const INVITED: i64 = 3;
const EXPIRED: i64 = 4;
const RELEASED: i64 = 5;

const MOST: u64 = 10_000;
const A_DAY: i64 = 3;
const APART: i64 = 600;
const INVITATION: i64 = DAY;
const HOLDS: i64 = DAY;

#[derive(Serialize, Deserialize)]
struct Sharer {
    nickname: String,
    invited_at: i64,
    bound_at: i64,
}

#[derive(Deserialize)]
pub struct People {
    openids: Vec<String>,
}

#[derive(Deserialize)]
pub struct One {
    openid: String,
}

#[derive(Deserialize)]
pub struct Page {
    page: usize,
    page_size: usize,
}

/// Sends invitations, each with its own answer.
pub fn bind(tx: &mut Tx<'_>, request: People) -> Result<Value, Refusal> {
    let mut lists = Lists::default();
    for openid in &request.openids {
        let reason = invite(tx, openid)?;
        lists.add(openid, reason);
    }
    Ok(
        json!({"success_list": lists.done, "fail_list": lists.failed, "refuse_list": lists.refused,
        "result_list": lists.results}),
    )
}

#[derive(Default)]
struct Lists {
    done: Vec<String>,
    failed: Vec<String>,
    refused: Vec<String>,
    results: Vec<Value>,
}

impl Lists {
    fn add(&mut self, openid: &str, reason: i64) {
        let (list, result) = match reason {
            0 => (&mut self.done, 0),
            100 | 204 => (&mut self.failed, 1),
            _ => (&mut self.refused, 2),
        };
        list.push(openid.to_owned());
        self.results
            .push(json!({"openid": openid, "result_code": result, "reason_code": reason}));
    }
}

/// 0 where the invitation went out, else the reason why not.
fn invite(tx: &mut Tx<'_>, openid: &str) -> Result<i64, Refusal> {
    if !is_person(openid) {
        return Ok(201);
    }
    let known = tx.find::<Sharer>(NOUN, openid)?;
    match known.as_ref().map(|sharer| sharer.state) {
        Some(BOUND) => return Ok(202),
        Some(REFUSED) => return Ok(203),
        _ => {}
    }
    let bound = Filter {
        state: Some(BOUND),
        ..Filter::default()
    };
    if tx.how_many(NOUN, &bound)? >= MOST {
        return Ok(200);
    }
    let (at, day) = (tx.now, tx.day());
    let counter = format!("sharer invitation {openid}");
    let lately = known
        .as_ref()
        .is_some_and(|sharer| at - sharer.body.invited_at < APART);
    if lately || tx.counted(&counter, day)? >= A_DAY {
        return Ok(204);
    }
    tx.count(&counter, day)?;
    let mut sharer = match known {
        Some(sharer) => sharer,
        None => {
            let id = tx.next_id(NOUN)?;
            Document {
                id,
                out_id: openid.to_owned(),
                state: INVITED,
                draft: 0,
                due: None,
                created_at: at,
                changed_at: at,
                body: Sharer {
                    nickname: format!("用户{}", &openid[openid.len() - 4..]),
                    invited_at: at,
                    bound_at: 0,
                },
            }
        }
    };
    (sharer.state, sharer.changed_at, sharer.due) = (INVITED, at, Some(at + INVITATION));
    sharer.body.invited_at = at;
    tx.put(NOUN, &sharer)?;
    Ok(0)
}

/// Releases sharers; who was bound too lately is refused.
pub fn unbind(tx: &mut Tx<'_>, request: People) -> Result<Value, Refusal> {
    let (mut done, mut failed, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for openid in request.openids {
        match tx.find::<Sharer>(NOUN, &openid)? {
            Some(sharer) if sharer.state == BOUND && tx.now - sharer.body.bound_at < HOLDS => {
                refused.push(openid);
            }
            Some(sharer) if sharer.state == BOUND => {
                released(tx, sharer)?;
                done.push(openid);
            }
            Some(_) => failed.push(openid),
            None => refused.push(openid),
        }
    }
    Ok(json!({"success_list": done, "fail_list": failed, "refuse_list": refused}))
}

/// The sharers that are bound.
pub fn list(tx: &mut Tx<'_>, request: Page) -> Result<Value, Refusal> {
    let bound = Filter {
        state: Some(BOUND),
        skip: u32::try_from(
            request
                .page
                .saturating_sub(1)
                .saturating_mul(request.page_size),
        )
        .unwrap_or(u32::MAX),
        limit: u32::try_from(request.page_size).ok(),
        ..Filter::default()
    };
    let rows: Vec<Value> = tx
        .all::<Sharer>(NOUN, &bound)?
        .into_iter()
        .map(|sharer| {
            json!({"openid": sharer.out_id, "nickname": sharer.body.nickname,
                "invited_time": sharer.body.invited_at.to_string(), "bind_time": sharer.body.bound_at.to_string()})
        })
        .collect();
    let total = tx.how_many(
        NOUN,
        &Filter {
            skip: 0,
            limit: None,
            ..bound
        },
    )?;
    Ok(json!({"sharers": rows, "total_num": total}))
}

pub fn search(tx: &mut Tx<'_>, request: One) -> Result<Value, Refusal> {
    let sharer = find(tx, &request.openid)?;
    let mut found = json!({"nickname": sharer.body.nickname, "invited_time": sharer.body.invited_at.to_string(),
        "bind_status": sharer.state});
    if sharer.state == BOUND {
        found["bind_time"] = sharer.body.bound_at.to_string().into();
    }
    Ok(found)
}

pub fn summary(tx: &mut Tx<'_>, request: One) -> Result<Value, Refusal> {
    find(tx, &request.openid)?;
    Ok(figures(&sales(tx, &request.openid)?))
}

#[derive(Deserialize)]
pub struct Lives {
    openid: String,
    page: usize,
    page_size: usize,
}

pub fn lives(tx: &mut Tx<'_>, request: Lives) -> Result<Value, Refusal> {
    find(tx, &request.openid)?;
    let mut lives: BTreeMap<String, Vec<Document<Order>>> = BTreeMap::new();
    for sale in sales(tx, &request.openid)? {
        lives.entry(live(&sale)).or_default().push(sale);
    }
    let total = lives.len();
    let rows: Vec<Value> = lives
        .into_iter()
        .skip(
            request
                .page
                .saturating_sub(1)
                .saturating_mul(request.page_size),
        )
        .take(request.page_size)
        .map(|(live, sales)| {
            let mut row = json!({"live_export_id": export_id(&live), "live_nickname": live,
                "live_start_time": started(&sales),
                "live_end_time": 0, "live_status": 1});
            if let (Some(row), Value::Object(figures)) = (row.as_object_mut(), figures(&sales)) {
                row.extend(figures);
            }
            row
        })
        .collect();
    Ok(json!({"lives": rows, "total_num": total}))
}

#[derive(Deserialize)]
pub struct Orders {
    openid: String,
    live_export_id: String,
    page: usize,
    page_size: usize,
}

pub fn orders(tx: &mut Tx<'_>, request: Orders) -> Result<Value, Refusal> {
    find(tx, &request.openid)?;
    let sales: Vec<Document<Order>> = sales(tx, &request.openid)?
        .into_iter()
        .filter(|sale| export_id(&live(sale)) == request.live_export_id)
        .collect();
    let rows: Vec<Value> = sales
        .iter()
        .skip(
            request
                .page
                .saturating_sub(1)
                .saturating_mul(request.page_size),
        )
        .take(request.page_size)
        .map(|sale| {
            let mut row = order::record(sale, tx.now, false);
            let began = ChinaTime::from_unix(started(&sales)).0;
            row["order_detail"]["promotion_info"]["live_start_time"] = began.into();
            row
        })
        .collect();
    Ok(json!({"orders": rows, "total_num": sales.len()}))
}

#[derive(Deserialize)]
pub struct Mode {
    share_mode: i64,
}

/// What the numbers mean is not known; the shop remembers the last.
pub fn set_mode(tx: &mut Tx<'_>, request: Mode) -> Result<Done, Refusal> {
    let at = tx.now;
    tx.put(
        MODE,
        &Document {
            id: 1,
            out_id: MODE.into(),
            state: request.share_mode,
            draft: 0,
            due: None,
            created_at: at,
            changed_at: at,
            body: json!({}),
        },
    )?;
    Ok(Done {})
}

/// What an invited person can do, and what a bound one can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Accept,
    Refuse,
    Release,
}

/// The person answers the invitation, or ends the binding.
pub fn answer(tx: &mut Tx<'_>, openid: &str, answer: Answer) -> Result<Happening, Refusal> {
    let mut sharer = find(tx, openid)?;
    let at = tx.now;
    let what = match (sharer.state, answer) {
        (INVITED, Answer::Accept) => {
            (sharer.state, sharer.due, sharer.changed_at) = (BOUND, None, at);
            sharer.body.bound_at = at;
            tx.put(NOUN, &sharer)?;
            emit_binding(tx, openid, 1)?;
            text!("bound")
        }
        (INVITED, Answer::Refuse) => {
            (sharer.state, sharer.due, sharer.changed_at) = (REFUSED, None, at);
            tx.put(NOUN, &sharer)?;
            text!("refused")
        }
        (BOUND, Answer::Release) => {
            released(tx, sharer)?;
            text!("released")
        }
        (_, Answer::Release) => {
            return Err(Refusal::new(40097, format!("{openid} is not a sharer")));
        }
        _ => {
            return Err(Refusal::new(
                40097,
                format!("{openid} has no open invitation"),
            ));
        }
    };
    Ok(happening(at, openid, what))
}

/// A bound sharer makes a card of a live room; the merchant is told.
pub fn share(tx: &mut Tx<'_>, openid: &str, live: &str) -> Result<Happening, Refusal> {
    if find(tx, openid)?.state != BOUND {
        return Err(Refusal::new(40097, format!("{openid} is not a sharer")));
    }
    tx.emit(
        "miniprogram_sharer_action",
        &json!({"type": 1, "openid": openid, "promoter": {
            "finder_nickname": live, "promoter_id": "", "promoter_openid": ""}}),
    )?;
    Ok(happening(tx.now, openid, text!("shared a live room")))
}

/// Invitations that nobody answered.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let mut happened = Vec::new();
    for mut sharer in tx.due::<Sharer>(NOUN)? {
        let at = sharer.due.take().unwrap_or(tx.now);
        (sharer.state, sharer.changed_at) = (EXPIRED, at);
        tx.put(NOUN, &sharer)?;
        happened.push(happening(at, &sharer.out_id, text!("invitation expired")));
    }
    Ok(happened)
}

fn happening(at: i64, number: &str, what: Text) -> Happening {
    Happening {
        at,
        noun: text!("sharer"),
        number: number.to_owned(),
        what,
        reason: String::new(),
    }
}

fn released(tx: &mut Tx<'_>, mut sharer: Document<Sharer>) -> Result<(), Refusal> {
    (sharer.state, sharer.changed_at) = (RELEASED, tx.now);
    tx.put(NOUN, &sharer)?;
    emit_binding(tx, &sharer.out_id, 2)
}

/// The push has numbers of its own: 1 bound, 2 released.
fn emit_binding(tx: &mut Tx<'_>, openid: &str, status: i64) -> Result<(), Refusal> {
    tx.emit(
        "miniprogram_sharer_bind_status_change",
        &json!({"openid": openid, "bind_status": status}),
    )
}

/// Who was never invited, or was released, is nobody to the platform.
fn find(tx: &Tx<'_>, openid: &str) -> Result<Document<Sharer>, Refusal> {
    if !is_person(openid) {
        return Err(Refusal::new(40003, "invalid openid"));
    }
    tx.find::<Sharer>(NOUN, openid)?
        .filter(|sharer| sharer.state != RELEASED)
        .ok_or_else(|| Refusal::new(100_002, "no such sharer"))
}

fn is_person(openid: &str) -> bool {
    openid.starts_with('o') && openid.is_ascii() && (20..=32).contains(&openid.len())
}

/// The paid orders that came through a sharer; those that were cancelled later count too, as merchants report.
fn sales(tx: &Tx<'_>, openid: &str) -> Result<Vec<Document<Order>>, Refusal> {
    let mut orders = tx.all::<Order>(order::NOUN, &Filter::default())?;
    orders.retain(|order| {
        let promotion = order.body.promotion.as_ref();
        order.body.paid_at.is_some()
            && promotion.is_some_and(|promotion| promotion.sharer_openid == openid)
    });
    Ok(orders)
}

/// The live room that an order came from; it has the name of its Channels account.
fn live(sale: &Document<Order>) -> String {
    let promotion = sale.body.promotion.as_ref();
    promotion.map_or_else(String::new, |promotion| promotion.finder_nickname.clone())
}

/// A show began with its first order.
fn started(sales: &[Document<Order>]) -> i64 {
    sales.iter().map(|sale| sale.created_at).min().unwrap_or(0)
}

fn figures(sales: &[Document<Order>]) -> Value {
    let buyers: BTreeSet<&str> = sales.iter().map(|sale| sale.body.openid.as_str()).collect();
    let gmv: i64 = sales.iter().map(|sale| sale.body.price.order_price.0).sum();
    json!({"gmv": gmv, "order_cnt": sales.len(), "user_cnt": buyers.len()})
}

/// The public name of a live room: the same room, the same name.
fn export_id(live: &str) -> String {
    let hex: String = live.bytes().map(|byte| format!("{byte:02X}")).collect();
    format!("export/{hex}")
}
