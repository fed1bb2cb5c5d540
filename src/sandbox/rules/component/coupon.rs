//! Coupons of the live room and the copies that buyers hold.
//!
//! A coupon: 1 being edited, 2 in force, 3 expired, 4 void; a copy: 100 active, 101 expired, 102 used. Nothing goes back.
//! The reference names no errcodes for these calls: the general ones of the platform stand in.

use super::Happening;
use crate::api::Done;
use crate::lang::Text;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::text;
use crate::types::span::DAY;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const NOUN: &str = "coupon";
const COPY: &str = "user_coupon";
const CALLBACK: &str = "coupon_callback";

/// The states of a coupon.
const EDITING: i64 = 1;
const IN_FORCE: i64 = 2;
const EXPIRED: i64 = 3;
const VOID: i64 = 4;
/// The states of a copy.
const ACTIVE: i64 = 100;
const RUN_OUT: i64 = 101;
const USED: i64 = 102;

const MOST_PRODUCTS: usize = 128;

#[derive(Serialize, Deserialize)]
struct Coupon {
    /// As the merchant sent it.
    coupon: Value,
    /// What the merchant says is left and taken; before that all of them are left.
    left: i64,
    taken: i64,
    stock_at: i64,
}

#[derive(Serialize, Deserialize)]
struct Held {
    openid: String,
    out_coupon_id: String,
    out_user_coupon_id: String,
    use_time: Option<i64>,
    start_time: i64,
    end_time: i64,
}

#[derive(Deserialize)]
pub struct Nothing {}

#[derive(Deserialize)]
pub struct Whole {
    coupon: Value,
}

#[derive(Deserialize)]
pub struct One {
    out_coupon_id: String,
}

#[derive(Deserialize)]
pub struct Page {
    offset: u32,
    page_size: u32,
}

#[derive(Deserialize)]
pub struct State {
    out_coupon_id: String,
    status: i64,
}

#[derive(Deserialize)]
pub struct Stock {
    coupon_stock: StockOf,
}

#[derive(Deserialize)]
struct StockOf {
    out_coupon_id: String,
    stock_info: Numbers,
}

#[derive(Deserialize)]
struct Numbers {
    issued_num: i64,
    receive_num: i64,
}

/// Opens the coupon calls, and sends the handshake that the merchant's receiver has to answer.
pub fn confirm(tx: &mut Tx<'_>, _: Nothing) -> Result<Done, Refusal> {
    let at = tx.now;
    tx.put(
        CALLBACK,
        &document(1, CALLBACK.into(), 0, None, at, json!({})),
    )?;
    tx.emit(
        "open_product_receive_coupon",
        &json!({"out_coupon_id": "test_coupon", "request_id": "test_coupon_request_id"}),
    )?;
    Ok(Done {})
}

pub fn add(tx: &mut Tx<'_>, request: Whole) -> Result<Done, Refusal> {
    confirmed(tx)?;
    examine(&request.coupon)?;
    let out_id = text(&request.coupon["out_coupon_id"]);
    match tx.find::<Coupon>(NOUN, &out_id)? {
        // The same coupon a second time is the first one, whose answer was lost.
        Some(known) if known.body.coupon == request.coupon => return Ok(Done {}),
        Some(_) => return Err(Refusal::new(100_050, "out_coupon_id is used already")),
        None => {}
    }
    let (id, at) = (tx.next_id(NOUN)?, tx.now);
    let body = Coupon {
        left: number(&request.coupon, "/coupon_info/receive_info/total_num").unwrap_or(0),
        taken: 0,
        stock_at: at,
        coupon: request.coupon,
    };
    tx.put(NOUN, &document(id, out_id, EDITING, None, at, body))?;
    Ok(Done {})
}

pub fn get(tx: &mut Tx<'_>, request: One) -> Result<Value, Refusal> {
    confirmed(tx)?;
    let coupon = find(tx, &request.out_coupon_id, 100_002)?;
    Ok(json!({"result": {"coupon": wire(&coupon)}}))
}

pub fn list(tx: &mut Tx<'_>, request: Page) -> Result<Value, Refusal> {
    confirmed(tx)?;
    let filter = Filter {
        skip: request.offset,
        limit: Some(request.page_size),
        ..Filter::default()
    };
    let rows: Vec<Value> = tx
        .all::<Coupon>(NOUN, &filter)?
        .iter()
        .map(|coupon| {
            json!({"coupon": wire(coupon), "coupon_stock": {
                "out_coupon_id": coupon.out_id,
                "stock_info": {"issued_num": coupon.body.left, "receive_num": coupon.body.taken},
                "update_time": coupon.body.stock_at, "create_time": coupon.created_at,
            }})
        })
        .collect();
    Ok(json!({"result_list": rows, "total_num": tx.how_many(NOUN, &Filter::default())?}))
}

/// Takes the place of a coupon that is still being edited.
pub fn update(tx: &mut Tx<'_>, request: Whole) -> Result<Done, Refusal> {
    confirmed(tx)?;
    examine(&request.coupon)?;
    let mut coupon = find(tx, &text(&request.coupon["out_coupon_id"]), 100_003)?;
    if coupon.state != EDITING {
        return Err(Refusal::new(
            100_050,
            "only a coupon in status 1 may be changed",
        ));
    }
    coupon.body.left =
        number(&request.coupon, "/coupon_info/receive_info/total_num").unwrap_or(coupon.body.left);
    coupon.body.coupon = request.coupon;
    coupon.changed_at = tx.now;
    tx.put(NOUN, &coupon)?;
    Ok(Done {})
}

/// 1 → 2, 2 → 3, 2 → 4.
pub fn update_status(tx: &mut Tx<'_>, request: State) -> Result<Done, Refusal> {
    confirmed(tx)?;
    let mut coupon = find(tx, &request.out_coupon_id, 100_003)?;
    if !matches!(
        (coupon.state, request.status),
        (EDITING, IN_FORCE) | (IN_FORCE, EXPIRED | VOID)
    ) {
        return Err(Refusal::new(
            100_050,
            format!("status {} may not become {}", coupon.state, request.status),
        ));
    }
    coupon.state = request.status;
    coupon.changed_at = tx.now;
    let fixed = number(&coupon.body.coupon, "/coupon_info/valid_info/valid_type") == Some(1);
    let end = number(&coupon.body.coupon, "/coupon_info/valid_info/end_time").filter(|_| fixed);
    coupon.due = end.filter(|_| request.status == IN_FORCE);
    tx.put(NOUN, &coupon)?;
    Ok(Done {})
}

pub fn update_stock(tx: &mut Tx<'_>, request: Stock) -> Result<Done, Refusal> {
    confirmed(tx)?;
    let StockOf {
        out_coupon_id,
        stock_info,
    } = request.coupon_stock;
    let mut coupon = find(tx, &out_coupon_id, 100_003)?;
    if stock_info.issued_num < 0 || stock_info.receive_num < 0 {
        return Err(Refusal::new(40097, "invalid args: stock below 0"));
    }
    coupon.body.left = stock_info.issued_num;
    coupon.body.taken = stock_info.receive_num;
    coupon.body.stock_at = tx.now;
    tx.put(NOUN, &coupon)?;
    Ok(Done {})
}

#[derive(Deserialize)]
pub struct AddCopy {
    openid: String,
    user_coupon: NewCopy,
    recv_time: i64,
}

#[derive(Deserialize)]
struct NewCopy {
    out_user_coupon_id: String,
    out_coupon_id: String,
    status: i64,
}

/// Notes that a buyer holds a copy. The same copy again changes nothing.
pub fn add_copy(tx: &mut Tx<'_>, request: AddCopy) -> Result<Done, Refusal> {
    confirmed(tx)?;
    let copy = request.user_coupon;
    let coupon = find(tx, &copy.out_coupon_id, 100_002)?;
    let out_id = copy_id(&copy.out_coupon_id, &copy.out_user_coupon_id);
    match tx.find::<Held>(COPY, &out_id)? {
        Some(known) if known.body.openid == request.openid => return Ok(Done {}),
        Some(_) => return Err(Refusal::new(108_014, "this copy belongs to another buyer")),
        None => {}
    }
    if copy.status != ACTIVE {
        return Err(Refusal::new(
            40097,
            "invalid args: a new copy has status 100",
        ));
    }
    if coupon.state != IN_FORCE {
        return Err(Refusal::new(109_100, "the coupon is not in force"));
    }
    let held: Vec<Document<Held>> = tx
        .all::<Held>(COPY, &Filter::default())?
        .into_iter()
        .filter(|held| held.body.out_coupon_id == copy.out_coupon_id)
        .collect();
    let own = held
        .iter()
        .filter(|held| held.body.openid == request.openid)
        .count();
    let limit = |pointer: &str| {
        number(&coupon.body.coupon, pointer)
            .filter(|most| *most > 0)
            .map_or(usize::MAX, |most| {
                usize::try_from(most).unwrap_or(usize::MAX)
            })
    };
    if own >= limit("/coupon_info/receive_info/limit_num_one_person") {
        return Err(Refusal::new(
            109_103,
            "this buyer holds as many as one person may take",
        ));
    }
    if held.len() >= limit("/coupon_info/receive_info/total_num") {
        return Err(Refusal::new(109_101, "all of these coupons are taken"));
    }
    let (start_time, end_time) = validity(&coupon.body.coupon, request.recv_time);
    let (id, at) = (tx.next_id(COPY)?, tx.now);
    let body = Held {
        openid: request.openid,
        out_coupon_id: copy.out_coupon_id,
        out_user_coupon_id: copy.out_user_coupon_id,
        use_time: None,
        start_time,
        end_time,
    };
    tx.put(
        COPY,
        &document(id, out_id, ACTIVE, Some(end_time), at, body),
    )?;
    Ok(Done {})
}

#[derive(Deserialize)]
pub struct CopyPage {
    openid: String,
    offset: usize,
    page_size: usize,
}

pub fn copies(tx: &mut Tx<'_>, request: CopyPage) -> Result<Value, Refusal> {
    confirmed(tx)?;
    let held = tx.all::<Held>(COPY, &Filter::default())?;
    let own: Vec<&Document<Held>> = held
        .iter()
        .filter(|held| held.body.openid == request.openid)
        .collect();
    let rows: Vec<Value> = own
        .iter()
        .skip(request.offset)
        .take(request.page_size)
        .map(|held| {
            let used = held
                .body
                .use_time
                .map_or(json!({}), |at| json!({"use_time": at}));
            json!({
                "openid": held.body.openid, "out_user_coupon_id": held.body.out_user_coupon_id,
                "out_coupon_id": held.body.out_coupon_id, "status": held.state, "ext_info": used,
                "start_time": held.body.start_time, "end_time": held.body.end_time,
                "create_time": held.created_at, "update_time": held.changed_at,
            })
        })
        .collect();
    Ok(json!({"result_list": rows, "total_num": own.len()}))
}

#[derive(Deserialize)]
pub struct UpdateCopy {
    openid: String,
    user_coupon: ChangedCopy,
}

#[derive(Deserialize)]
struct ChangedCopy {
    out_user_coupon_id: String,
    out_coupon_id: String,
    ext_info: UseTime,
}

#[derive(Deserialize)]
struct UseTime {
    use_time: Option<i64>,
}

pub fn update_copy(tx: &mut Tx<'_>, request: UpdateCopy) -> Result<Done, Refusal> {
    confirmed(tx)?;
    let copy = request.user_coupon;
    let mut held = held(
        tx,
        &request.openid,
        &copy.out_coupon_id,
        &copy.out_user_coupon_id,
    )?;
    held.body.use_time = copy.ext_info.use_time.or(held.body.use_time);
    held.changed_at = tx.now;
    tx.put(COPY, &held)?;
    Ok(Done {})
}

#[derive(Deserialize)]
pub struct CopyState {
    openid: String,
    out_user_coupon_id: String,
    out_coupon_id: String,
    status: i64,
}

/// 100 → 101 or 102.
pub fn update_copy_status(tx: &mut Tx<'_>, request: CopyState) -> Result<Done, Refusal> {
    confirmed(tx)?;
    let mut held = held(
        tx,
        &request.openid,
        &request.out_coupon_id,
        &request.out_user_coupon_id,
    )?;
    if held.state != ACTIVE || !matches!(request.status, RUN_OUT | USED) {
        return Err(Refusal::new(
            100_050,
            format!("status {} may not become {}", held.state, request.status),
        ));
    }
    held.state = request.status;
    held.due = None;
    held.changed_at = tx.now;
    tx.put(COPY, &held)?;
    Ok(Done {})
}

/// A buyer takes a coupon in the live room: the merchant is told and answers with a copy. Says the request's number.
pub fn take(tx: &mut Tx<'_>, out_coupon_id: &str) -> Result<String, Refusal> {
    let coupon = find(tx, out_coupon_id, 100_002)?;
    if coupon.state != IN_FORCE {
        return Err(Refusal::new(109_100, "the coupon is not in force"));
    }
    let request_id = tx.next_id("coupon_request")?.to_string();
    tx.emit(
        "open_product_receive_coupon",
        &json!({"out_coupon_id": out_coupon_id, "request_id": request_id}),
    )?;
    Ok(request_id)
}

/// Coupons and copies whose time has run out.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let mut happened = Vec::new();
    for mut coupon in tx.due::<Coupon>(NOUN)? {
        let at = coupon.due.take().unwrap_or(tx.now);
        (coupon.state, coupon.changed_at) = (EXPIRED, at);
        tx.put(NOUN, &coupon)?;
        happened.push(expired(at, text!("coupon"), coupon.out_id));
    }
    for mut held in tx.due::<Held>(COPY)? {
        let at = held.due.take().unwrap_or(tx.now);
        (held.state, held.changed_at) = (RUN_OUT, at);
        tx.put(COPY, &held)?;
        happened.push(expired(
            at,
            text!("user coupon"),
            held.body.out_user_coupon_id,
        ));
    }
    Ok(happened)
}

fn expired(at: i64, noun: Text, number: String) -> Happening {
    Happening {
        at,
        noun,
        number,
        what: text!("expired"),
        reason: String::new(),
    }
}

fn confirmed(tx: &Tx<'_>) -> Result<(), Refusal> {
    match tx.find::<Value>(CALLBACK, CALLBACK)? {
        Some(_) => Ok(()),
        None => Err(Refusal::new(
            48001,
            "api unauthorized: call coupon/confirm first",
        )),
    }
}

fn find(tx: &Tx<'_>, out_id: &str, missing: i64) -> Result<Document<Coupon>, Refusal> {
    tx.find(NOUN, out_id)?
        .ok_or_else(|| Refusal::new(missing, "no such coupon"))
}

fn held(tx: &Tx<'_>, openid: &str, coupon: &str, number: &str) -> Result<Document<Held>, Refusal> {
    tx.find::<Held>(COPY, &copy_id(coupon, number))?
        .filter(|held| held.body.openid == openid)
        .ok_or_else(|| Refusal::new(100_003, "this buyer holds no such copy"))
}

/// Copies are unique by both numbers; neither holds a line break.
fn copy_id(coupon: &str, number: &str) -> String {
    format!("{coupon}\n{number}")
}

/// From when until when a copy is good that was taken at `taken`.
fn validity(coupon: &Value, taken: i64) -> (i64, i64) {
    let valid =
        |name: &str| number(coupon, &format!("/coupon_info/valid_info/{name}")).unwrap_or_default();
    match valid("valid_type") {
        2 => (taken, taken + valid("valid_day_num") * DAY),
        3 => (taken, taken + valid("valid_second")),
        _ => (valid("start_time"), valid("end_time")),
    }
}

/// What each kind of coupon must say.
fn examine(coupon: &Value) -> Result<(), Refusal> {
    let kind = coupon["type"].as_i64().unwrap_or_default();
    let info = &coupon["coupon_info"];
    let discount = &info["discount_info"];
    let condition = &discount["discount_condition"];
    let missing = |field: &str| Err(Refusal::new(990_007, format!("{field} is missing")));
    if coupon["promote_type"] != 4 {
        return Err(Refusal::new(40097, "invalid args: promote_type must be 4"));
    }
    let products = condition["out_product_ids"].as_array().map_or(0, Vec::len);
    if kind < 100 && products == 0 {
        return missing("out_product_ids");
    }
    if products > MOST_PRODUCTS {
        return Err(Refusal::new(
            40097,
            "invalid args: more than 128 out_product_ids",
        ));
    }
    let conditioned = !condition["product_price"].is_null() || !condition["product_cnt"].is_null();
    match kind % 100 {
        1 | 3 if discount["discount_num"].is_null() => return missing("discount_num"),
        2 | 4 if discount["discount_fee"].is_null() => return missing("discount_fee"),
        1 | 2 if !conditioned => return missing("product_price"),
        5 if condition["tradein_info"].is_null() => return missing("tradein_info"),
        6 if condition["buyget_info"].is_null() => return missing("buyget_info"),
        _ => {}
    }
    let valid = &info["valid_info"];
    match valid["valid_type"].as_i64() {
        Some(1) if valid["start_time"].is_null() => missing("start_time"),
        Some(1) if valid["end_time"].is_null() => missing("end_time"),
        Some(1) if valid["start_time"].as_i64() >= valid["end_time"].as_i64() => {
            Err(Refusal::new(990_009, "start_time is not before end_time"))
        }
        Some(2) if valid["valid_day_num"].is_null() => missing("valid_day_num"),
        Some(3) if valid["valid_second"].is_null() => missing("valid_second"),
        _ => Ok(()),
    }
}

/// A coupon as the platform tells it: what the merchant left out of how it is taken reads 0.
fn wire(coupon: &Document<Coupon>) -> Value {
    let mut wire = coupon.body.coupon.clone();
    wire["appid"] = crate::sandbox::APPID.into();
    wire["status"] = coupon.state.into();
    wire["update_time"] = coupon.changed_at.into();
    wire["create_time"] = coupon.created_at.into();
    let info = &mut wire["coupon_info"];
    let mut receive =
        json!({"limit_num_one_person": 0, "total_num": 0, "start_time": 0, "end_time": 0});
    if let (Some(all), Some(given)) = (receive.as_object_mut(), info["receive_info"].as_object()) {
        all.extend(given.clone());
    }
    info["receive_info"] = receive;
    if let Some(end) = number(info, "/valid_info/end_time") {
        info["ext_info"] = json!({"valid_time": end});
    }
    wire
}

fn number(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn document<T>(
    id: i64,
    out_id: String,
    state: i64,
    due: Option<i64>,
    at: i64,
    body: T,
) -> Document<T> {
    Document {
        id,
        out_id,
        state,
        draft: 0,
        due,
        created_at: at,
        changed_at: at,
        body,
    }
}
