//! The payment-management service: combined payments, refunds and settling what is left. A payment has no state of its
//! own at the platform; what was paid, given back and settled stands in its lists.
//!
//! ```text
//! created ── buyer pays ──► pending ── refund, 1 min ──► back to the buyer
//!    │ close, expire           └── delay over, share, 1 min ──► available
//! ```

use super::Happening;
use super::ledger::{self, Account};
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::text;
use crate::types::span::DAY;
use crate::types::span::HOUR;
use crate::types::{ChinaTime, Fen};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const NOUN: &str = "payment";
/// Days after payment before what is left can be settled.
const DELAY: i64 = 7;
/// How long a refund or a share takes.
const TAKES: i64 = 60;
/// How long a payment stays open when the merchant names no end.
const OPEN_FOR: i64 = 2 * HOUR;

const OPEN: i64 = 0;
const PAID: i64 = 1;
const CLOSED: i64 = 2;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payment {
    openid: String,
    mchid: String,
    combine_trade_no: String,
    description: String,
    amount: Fen,
    expires_at: i64,
    transaction_id: String,
    paid_at: Option<i64>,
    refunds: Vec<Part>,
    shares: Vec<Part>,
}

/// Money that goes back or is settled.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Part {
    number: String,
    id: String,
    amount: Fen,
    at: i64,
    finished_at: Option<i64>,
}

impl Payment {
    /// What was neither given back nor settled, nor is on its way.
    fn left(&self) -> i64 {
        let gone = self.refunds.iter().chain(&self.shares);
        self.amount.0 - gone.map(|part| part.amount.0).sum::<i64>()
    }

    /// When the first of what is on its way arrives.
    fn due(&self) -> Option<i64> {
        let parts = self.refunds.iter().chain(&self.shares);
        parts
            .filter(|part| part.finished_at.is_none())
            .map(|part| part.at + TAKES)
            .min()
    }
}

fn bad(words: impl std::fmt::Display) -> Refusal {
    Refusal::new(400, format!("invalid parameter: {words}"))
}

/// 6–32 characters from digits, letters and `_-|*@`.
fn number(name: &str, text: &str) -> Result<(), Refusal> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-|*@".contains(&byte);
    if (6..=32).contains(&text.len()) && text.bytes().all(fits) {
        Ok(())
    } else {
        Err(bad(format_args!(
            "{name} must have 6 to 32 digits, letters or _-|*@"
        )))
    }
}

#[derive(Deserialize)]
pub struct Create {
    openid: String,
    combine_trade_no: String,
    expire_time: Option<i64>,
    sub_orders: Vec<SubOrder>,
}

#[derive(Deserialize)]
struct SubOrder {
    mchid: String,
    trade_no: String,
    description: String,
    amount: Fen,
}

/// The same number is the same request: its orders must not differ.
pub fn create(tx: &mut Tx<'_>, request: Create) -> Result<Value, Refusal> {
    number("combine_trade_no", &request.combine_trade_no)?;
    let expires_at = request.expire_time.unwrap_or(tx.now + OPEN_FOR);
    if expires_at <= tx.now {
        return Err(bad("expire_time is over"));
    }
    if request.sub_orders.is_empty() {
        return Err(bad("sub_orders is empty"));
    }
    let before = combined(tx, &request.combine_trade_no)?;
    if !before.is_empty() && before.len() != request.sub_orders.len() {
        return Err(bad("combine_trade_no was used for other orders"));
    }
    for order in request.sub_orders {
        number("trade_no", &order.trade_no)?;
        if order.amount.0 <= 0 {
            return Err(bad("amount must be more than 0"));
        }
        let same = |known: &Document<Payment>| {
            known.body.combine_trade_no == request.combine_trade_no
                && known.body.openid == request.openid
                && known.body.mchid == order.mchid
                && known.body.amount == order.amount
        };
        match tx.find::<Payment>(NOUN, &order.trade_no)? {
            Some(known) if !same(&known) => {
                return Err(bad(format_args!(
                    "trade_no {} was used for another order",
                    order.trade_no
                )));
            }
            Some(known) if known.state != OPEN => {
                return Err(bad(format_args!("{} is paid or closed", order.trade_no)));
            }
            Some(_) => {}
            None if !before.is_empty() => {
                return Err(bad("combine_trade_no was used for other orders"));
            }
            None => {
                let payment = Document {
                    id: tx.next_id(NOUN)?,
                    out_id: order.trade_no,
                    state: OPEN,
                    draft: 0,
                    due: None,
                    created_at: tx.now,
                    changed_at: tx.now,
                    body: Payment {
                        openid: request.openid.clone(),
                        mchid: order.mchid,
                        combine_trade_no: request.combine_trade_no.clone(),
                        description: order.description,
                        amount: order.amount,
                        expires_at,
                        transaction_id: String::new(),
                        paid_at: None,
                        refunds: Vec::new(),
                        shares: Vec::new(),
                    },
                };
                tx.put(NOUN, &payment)?;
            }
        }
    }
    let random = |length: usize| -> String {
        std::iter::repeat_with(fastrand::alphanumeric)
            .take(length)
            .collect()
    };
    Ok(json!({"payment_params": {
        "timeStamp": tx.now.to_string(),
        "nonceStr": random(32).to_uppercase(),
        "package": format!("prepay_id=wx{}", random(34).to_lowercase()),
        "paySign": STANDARD.encode(random(48)),
        "signType": "RSA",
    }}))
}

fn combined(tx: &Tx<'_>, combine_trade_no: &str) -> Result<Vec<Document<Payment>>, Refusal> {
    let mut all = tx.all::<Payment>(NOUN, &Filter::default())?;
    all.retain(|payment| payment.body.combine_trade_no == combine_trade_no);
    Ok(all)
}

#[derive(Deserialize)]
pub struct Close {
    combine_trade_no: String,
    sub_orders: Vec<Closed>,
}

#[derive(Deserialize)]
struct Closed {
    trade_no: String,
}

pub fn close(tx: &mut Tx<'_>, request: Close) -> Result<Value, Refusal> {
    for order in request.sub_orders {
        let mut payment = find(tx, &order.trade_no)?;
        if payment.body.combine_trade_no != request.combine_trade_no {
            return Err(bad("trade_no is not in this combine_trade_no"));
        }
        if payment.state == PAID {
            return Err(bad(format_args!("{} is paid", order.trade_no)));
        }
        payment.state = CLOSED;
        payment.changed_at = tx.now;
        tx.put(NOUN, &payment)?;
    }
    Ok(json!({}))
}

fn find(tx: &Tx<'_>, trade_no: &str) -> Result<Document<Payment>, Refusal> {
    tx.find(NOUN, trade_no)?
        .ok_or_else(|| bad(format_args!("trade_no {trade_no} does not exist")))
}

#[derive(Deserialize)]
pub struct Get {
    trade_no: String,
}

pub fn get(tx: &mut Tx<'_>, request: Get) -> Result<Value, Refusal> {
    let payment = find(tx, &request.trade_no)?;
    let result = |part: &Part| match part.finished_at {
        Some(_) => "SUCCESS",
        None => "PROCESSING",
    };
    let body = &payment.body;
    let refunds: Vec<Value> = body
        .refunds
        .iter()
        .map(|part| {
            json!({
                "refund_no": part.number, "refund_id": part.id, "amount": part.amount, "create_time": part.at,
                "finish_time": part.finished_at.unwrap_or(0), "result": result(part),
            })
        })
        .collect();
    let shares: Vec<Value> = body
        .shares
        .iter()
        .map(|part| {
            json!({
                "mchid": body.mchid, "profit_sharing_no": part.number, "profit_sharing_id": part.id,
                "amount": part.amount, "create_time": part.at, "finish_time": part.finished_at.unwrap_or(0),
                "result": result(part),
            })
        })
        .collect();
    Ok(json!({"order": {
        "mchid": body.mchid, "trade_no": payment.out_id, "combine_trade_no": body.combine_trade_no,
        "transaction_id": body.transaction_id, "create_time": payment.created_at,
        "update_time": payment.changed_at, "pay_time": body.paid_at.unwrap_or(0), "expire_time": body.expires_at,
        "amount": body.amount, "description": body.description, "refund_list": refunds,
        "profit_sharing_list": shares, "profit_sharing_delay": DELAY, "profit_sharing_frozen": 0,
    }}))
}

#[derive(Deserialize)]
pub struct List {
    last_index: Option<String>,
    page_size: usize,
    mchid: Option<String>,
    begin_create_time: Option<i64>,
    end_create_time: Option<i64>,
}

pub fn list(tx: &mut Tx<'_>, request: List) -> Result<Value, Refusal> {
    let (from, to) = (request.begin_create_time, request.end_create_time);
    if to.unwrap_or(tx.now) - from.unwrap_or(tx.now) > DAY {
        return Err(bad("the window is longer than one day"));
    }
    let filter = Filter {
        created: (from, to),
        ..Filter::default()
    };
    let mut all = tx.all::<Payment>(NOUN, &filter)?;
    all.retain(|payment| {
        let mut of = request.mchid.iter();
        of.all(|mchid| *mchid == payment.body.mchid)
    });
    let after = match request.last_index.as_deref() {
        None | Some("") => 0,
        Some(index) => STANDARD
            .decode(index)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok()?.parse::<usize>().ok())
            .ok_or_else(|| bad("last_index"))?,
    };
    let end = all.len().min(after.saturating_add(request.page_size));
    let numbers: Vec<String> = all
        .into_iter()
        .map(|payment| payment.out_id)
        .collect::<Vec<_>>();
    let shown = numbers.get(after..end).unwrap_or_default();
    Ok(json!({
        "trade_no_list": shown,
        "has_more": end < numbers.len(),
        "last_index": STANDARD.encode(end.to_string()),
    }))
}

#[derive(Deserialize)]
pub struct Refund {
    mchid: String,
    openid: String,
    trade_no: Option<String>,
    transaction_id: Option<String>,
    refund_no: String,
    total_amount: Fen,
    refund_amount: Fen,
}

/// One number refunds once.
pub fn refund(tx: &mut Tx<'_>, request: Refund) -> Result<Value, Refusal> {
    number("refund_no", &request.refund_no)?;
    let mut payment = paid(tx, request.trade_no, request.transaction_id)?;
    let body = &payment.body;
    if body.mchid != request.mchid || body.openid != request.openid {
        return Err(bad("mchid or openid is not that of the payment"));
    }
    if body.amount != request.total_amount {
        return Err(bad("total_amount is not that of the payment"));
    }
    let known = body
        .refunds
        .iter()
        .find(|part| part.number == request.refund_no);
    if let Some(known) = known {
        return if known.amount == request.refund_amount {
            Ok(json!({}))
        } else {
            Err(bad("refund_no was used for another amount"))
        };
    }
    if request.refund_amount.0 <= 0 || request.refund_amount.0 > body.left() {
        return Err(bad("refund_amount is more than what is left"));
    }
    let id = format!("503{:017}", tx.count("refund", 0)?);
    payment.body.refunds.push(Part {
        number: request.refund_no,
        id,
        amount: request.refund_amount,
        at: tx.now,
        finished_at: None,
    });
    keep(tx, payment)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
pub struct Share {
    mchid: String,
    openid: String,
    trade_no: Option<String>,
    transaction_id: Option<String>,
    profit_sharing_no: String,
}

/// Settles what is left of a payment once the delay is over. Repeated with one number it counts once.
pub fn share(tx: &mut Tx<'_>, request: Share) -> Result<Value, Refusal> {
    number("profit_sharing_no", &request.profit_sharing_no)?;
    let mut payment = paid(tx, request.trade_no, request.transaction_id)?;
    let body = &payment.body;
    if body.mchid != request.mchid || body.openid != request.openid {
        return Err(bad("mchid or openid is not that of the payment"));
    }
    let known = |part: &Part| part.number == request.profit_sharing_no;
    if body.shares.iter().any(known) {
        return Ok(json!({}));
    }
    let open = body.paid_at.unwrap_or(tx.now) + DELAY * DAY <= tx.now;
    let left = body.left();
    if !open || left == 0 {
        return Err(Refusal::new(9_720_004, "nothing can be shared"));
    }
    let id = format!("300{:017}", tx.count("share", 0)?);
    payment.body.shares.push(Part {
        number: request.profit_sharing_no,
        id,
        amount: Fen(left),
        at: tx.now,
        finished_at: None,
    });
    keep(tx, payment)?;
    Ok(json!({}))
}

/// The paid payment behind one of its numbers.
fn paid(
    tx: &Tx<'_>,
    trade_no: Option<String>,
    transaction_id: Option<String>,
) -> Result<Document<Payment>, Refusal> {
    let payment = match (trade_no, transaction_id) {
        (Some(trade_no), _) => find(tx, &trade_no)?,
        (None, Some(transaction)) => tx
            .all::<Payment>(NOUN, &Filter::default())?
            .into_iter()
            .find(|payment| payment.body.transaction_id == transaction)
            .ok_or_else(|| bad("transaction_id does not exist"))?,
        (None, None) => return Err(bad("trade_no or transaction_id is needed")),
    };
    match payment.state {
        PAID => Ok(payment),
        _ => Err(bad("the payment is not paid")),
    }
}

fn keep(tx: &mut Tx<'_>, mut payment: Document<Payment>) -> Result<(), Refusal> {
    payment.due = payment.body.due();
    payment.changed_at = tx.now;
    tx.put(NOUN, &payment)
}

/// The buyer pays in the cashier. `number` is that of one payment, or of the combined one.
pub fn buyer_pays(tx: &mut Tx<'_>, number: &str) -> Result<Vec<Happening>, Refusal> {
    let mut all = combined(tx, number)?;
    if all.is_empty() {
        let one = find(tx, number)?;
        all = combined(tx, &one.body.combine_trade_no)?;
    }
    let mut happenings = Vec::new();
    for mut payment in all {
        if payment.state != OPEN || payment.body.expires_at <= tx.now {
            return Err(bad(format_args!(
                "{} is paid, closed or expired",
                payment.out_id
            )));
        }
        payment.state = PAID;
        payment.body.paid_at = Some(tx.now);
        let day: String = ChinaTime::from_unix(tx.now).0[..10].replace('-', "");
        payment.body.transaction_id = format!("4200{day}{:016}", tx.count("transaction", 0)?);
        let reference = payment.out_id.clone();
        ledger::transfer(
            tx,
            Account::Buyers,
            Account::Pending,
            payment.body.amount,
            "payment",
            &reference,
        )?;
        let told = json!({"order_info": {
            "trade_no": payment.out_id, "transaction_id": payment.body.transaction_id,
            "pay_time": ChinaTime::from_unix(tx.now),
        }});
        tx.emit("funds_order_pay", &told)?;
        happenings.push(Happening {
            at: tx.now,
            noun: text!("payment"),
            number: payment.out_id.clone(),
            what: text!("paid"),
            reason: String::new(),
        });
        keep(tx, payment)?;
    }
    Ok(happenings)
}

/// Ends refunds and shares whose time has come.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let mut all = Vec::new();
    let now = tx.now;
    for payment in tx.due::<Payment>(NOUN)? {
        tx.now = payment.due.unwrap_or(now);
        let done = arrive(tx, payment);
        tx.now = now;
        all.extend(done?);
    }
    Ok(all)
}

fn arrive(tx: &mut Tx<'_>, mut payment: Document<Payment>) -> Result<Vec<Happening>, Refusal> {
    let mut happenings = Vec::new();
    let (at, reference) = (tx.now, payment.out_id.clone());
    let time = ChinaTime::from_unix(at);
    let arrives = |part: &&mut Part| part.finished_at.is_none() && part.at + TAKES <= at;
    let told = |number: &str, noun| Happening {
        at,
        noun,
        number: number.to_owned(),
        what: text!("done"),
        reason: String::new(),
    };
    for part in payment.body.refunds.iter_mut().filter(arrives) {
        part.finished_at = Some(at);
        let (from, to) = (Account::Pending, Account::Buyers);
        ledger::transfer(tx, from, to, part.amount, "refund", &reference)?;
        tx.emit(
            "funds_order_refund",
            &json!({"order_info": {"refund_no": part.number, "status": "SUCCESS", "success_time": time}}),
        )?;
        happenings.push(told(&part.number, text!("refund")));
    }
    for part in payment.body.shares.iter_mut().filter(arrives) {
        part.finished_at = Some(at);
        let (from, to) = (Account::Pending, Account::Available);
        ledger::transfer(tx, from, to, part.amount, "settlement", &reference)?;
        tx.emit(
            "funds_order_profitsharing",
            &json!({"order_info": {
                "profit_sharing_no": part.number, "amount": part.amount, "result": "SUCCESS", "finish_time": time,
            }}),
        )?;
        happenings.push(told(&part.number, text!("share")));
    }
    keep(tx, payment)?;
    Ok(happenings)
}
