//! What happens to an order without a call of the merchant: the buyer pays, confirms or cancels, and the clock.

use super::super::Happening;
use super::super::access::{self, Task};
use super::super::ledger::{self, Account};
use super::{NOUN, Order, Promotion, Settlement, put, status};
use crate::lang::Text;
use crate::model::order::AUTOMATIC_RECEIPT;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Tx};
use crate::text;
use crate::types::span::DAY;
use crate::types::{ChinaTime, Fen};
use serde_json::{Value, json};

/// Seconds from the cashier (11) to paid (20) where the platform looks twice.
const CHECK: i64 = 60;
/// WeChat Pay's part of what settles, in thousandths: 0.6 %.
const FEE: i64 = 6;

/// When the window for after-sales ends; `None` before receipt.
pub fn window_end(order: &Document<Order>) -> Option<i64> {
    let by_days = order.body.received_at? + order.body.window_days * DAY;
    Some(order.body.window_until.unwrap_or(by_days))
}

/// The merchant sets when the window for after-sales ends.
///
/// # Errors
/// 2747027 for an ordinary order, 1000000 before receipt and after settlement, 40097 for a moment that has passed.
pub fn set_window_end(
    tx: &mut Tx<'_>,
    order: &mut Document<Order>,
    at: i64,
) -> Result<(), Refusal> {
    if !order.body.is_controlled() {
        return Err(Refusal::new(2_747_027, "order is not controlled"));
    }
    if order.state != status::COMPLETED || order.body.settlement.is_some() {
        return Err(Refusal::new(1_000_000, "order is not received, or settled"));
    }
    if at <= tx.now {
        return Err(Refusal::new(
            40097,
            "invalid args: after_sale_deadline has passed",
        ));
    }
    order.body.window_until = Some(at);
    next(order, tx.now);
    put(tx, order)
}

/// Sets when the clock will look at the order again.
pub(super) fn next(order: &mut Document<Order>, now: i64) {
    let body = &order.body;
    let settles = body.is_controlled() && body.settlement.is_none() && !body.has_open_aftersale();
    order.due = match order.state {
        status::UNPAID => Some(body.expires_at),
        status::SHIPPED => order.due.filter(|_| body.all_sent),
        status::COMPLETED if settles => window_end(order).map(|end| end.max(now)),
        status::REFUNDED if settles && body.kept().0 > 0 => {
            Some(window_end(order).unwrap_or(now).max(now))
        }
        _ => None,
    };
}

/// The buyer pays in the cashier, after the Mini Program fetched its arguments; `slow` leaves the order in 11 for a
/// minute of the clock. An attribution that was not known before is told as `open_product_order_analyze`.
pub fn buyer_pays(
    tx: &mut Tx<'_>,
    number: &str,
    slow: bool,
    promotion: Option<Promotion>,
) -> Result<Happening, Refusal> {
    let mut order = super::by_number(tx, number)?;
    if !order.body.is_controlled() {
        return Err(Refusal::new(
            1_010_047,
            "an ordinary order is paid to the merchant, who reports it with order/pay",
        ));
    }
    if order.state != status::UNPAID {
        return Err(Refusal::new(1_010_043, "order cannot be paid now"));
    }
    if promotion.is_some() {
        order.body.promotion = promotion;
        let told = json!({"order_info": {
            "order_id": order.id, "out_order_id": order.out_id, "openid": order.body.openid,
        }});
        tx.emit("open_product_order_analyze", &told)?;
    }
    if slow {
        order.state = status::CHECKING;
        order.due = Some(tx.now + CHECK);
        put(tx, &mut order)?;
        return Ok(happening(tx, &order, text!("checkout finished")));
    }
    paid(tx, order)
}

/// The money is there.
fn paid(tx: &mut Tx<'_>, mut order: Document<Order>) -> Result<Happening, Refusal> {
    let amount = order.body.price.order_price;
    let (from, to) = (Account::Buyers, Account::Pending);
    ledger::transfer(tx, from, to, amount, "payment", &order.out_id)?;
    let day: String = ChinaTime::from_unix(tx.now).0[..10].replace('-', "");
    order.body.transaction_id = format!("4200{day}{:016}", tx.count("transaction", 0)?);
    order.body.paid_at = Some(tx.now);
    order.state = status::PAID;
    next(&mut order, tx.now);
    put(tx, &mut order)?;
    let told = json!({"order_info": {
        "order_id": order.id, "out_order_id": order.out_id,
        "transaction_id": order.body.transaction_id, "pay_time": ChinaTime::from_unix(tx.now),
        "amount": amount, "payer_amount": amount, "sp_openid": order.body.openid,
    }});
    tx.emit("open_product_order_pay", &told)?;
    access::note_task(tx, Task::EcOrder)?;
    Ok(happening(tx, &order, text!("paid")))
}

/// The buyer confirms receipt in WeChat.
pub fn buyer_confirms(tx: &mut Tx<'_>, number: &str) -> Result<Happening, Refusal> {
    let order = super::by_number(tx, number)?;
    confirmed(tx, order, text!("receipt confirmed"))
}

fn confirmed(
    tx: &mut Tx<'_>,
    mut order: Document<Order>,
    what: Text,
) -> Result<Happening, Refusal> {
    complete(tx, &mut order)?;
    let told = json!({"order_info": {"order_id": order.id, "out_order_id": order.out_id}});
    tx.emit("open_product_order_confirm", &told)?;
    Ok(happening(tx, &order, what))
}

/// Receipt, whoever reports it: 30 → 100, and the window for after-sales begins.
///
/// # Errors
/// 1000000 in every other state.
pub fn complete(tx: &mut Tx<'_>, order: &mut Document<Order>) -> Result<(), Refusal> {
    if order.state != status::SHIPPED {
        return Err(Refusal::new(
            1_000_000,
            "order state cannot change to received",
        ));
    }
    order.state = status::COMPLETED;
    order.body.received_at = Some(tx.now);
    next(order, tx.now);
    put(tx, order)
}

/// The buyer cancels before paying.
pub fn buyer_cancels(tx: &mut Tx<'_>, number: &str) -> Result<Happening, Refusal> {
    let mut order = super::by_number(tx, number)?;
    if order.state != status::UNPAID {
        return Err(Refusal::new(1_000_000, "order cannot be cancelled now"));
    }
    cancelled(tx, &mut order, status::CANCELLED, 1)?;
    Ok(happening(tx, &order, text!("cancelled")))
}

/// Ends an order that was not paid, and says so. `cancel_type`: 1 buyer, 2 timeout.
pub(super) fn cancelled(
    tx: &mut Tx<'_>,
    order: &mut Document<Order>,
    state: i64,
    cancel_type: i64,
) -> Result<(), Refusal> {
    order.state = state;
    next(order, tx.now);
    put(tx, order)?;
    let told = json!({"order_info": {
        "order_id": order.id, "out_order_id": order.out_id, "cancel_type": cancel_type,
    }});
    tx.emit("open_product_order_cancel", &told)
}

/// Everything was sent; the clock waits for the receipt.
pub fn shipped(tx: &mut Tx<'_>, order: &mut Document<Order>) -> Result<(), Refusal> {
    order.state = status::SHIPPED;
    order.body.all_sent = true;
    order.due = Some(tx.now + AUTOMATIC_RECEIPT);
    put(tx, order)
}

/// Lets the clock act: checks end, orders time out, receipt confirms itself, orders settle.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let due = tx.due::<Order>(NOUN)?;
    let mut happenings = Vec::with_capacity(due.len());
    for order in due {
        // What the clock does is done when it was due, however late somebody looks.
        let now = tx.now;
        tx.now = order.due.unwrap_or(now);
        let happened = by_clock(tx, order);
        tx.now = now;
        happenings.push(happened?);
    }
    Ok(happenings)
}

fn by_clock(tx: &mut Tx<'_>, mut order: Document<Order>) -> Result<Happening, Refusal> {
    match order.state {
        status::UNPAID => {
            let state = if order.body.is_controlled() {
                status::TIMED_OUT
            } else {
                status::CANCELLED
            };
            cancelled(tx, &mut order, state, 2)?;
            Ok(happening(tx, &order, text!("payment time ran out")))
        }
        status::CHECKING => paid(tx, order),
        status::SHIPPED => confirmed(tx, order, text!("receipt confirmed automatically")),
        _ => pay_out(tx, order),
    }
}

/// Pays out what the buyer paid and kept: commissions to those who earned them, the fee, the rest to the merchant.
fn pay_out(tx: &mut Tx<'_>, mut order: Document<Order>) -> Result<Happening, Refusal> {
    let kept = order.body.kept();
    let fee = (kept.0 * FEE + 500) / 1000;
    let shares: Vec<i64> = order
        .body
        .commissions
        .iter()
        .filter_map(|share| share["amount"].as_i64())
        .collect();
    // Refunds may have left less than was promised.
    let mut left = kept.0 - fee;
    let shares: Vec<i64> = shares
        .into_iter()
        .map(|share| {
            let share = share.clamp(0, left);
            left -= share;
            share
        })
        .collect();
    let number = order.out_id.clone();
    let (from, reason) = (Account::Pending, "settlement");
    for (to, amount) in [(Account::Available, left), (Account::Fees, fee)] {
        ledger::transfer(tx, from, to, Fen(amount), reason, &number)?;
    }
    let settle_no = settled(tx, &order, left)?;
    for share in shares {
        ledger::transfer(
            tx,
            from,
            Account::Commission,
            Fen(share),
            "commission",
            &number,
        )?;
        settled(tx, &order, share)?;
    }
    order.body.settlement = Some(Settlement {
        settle_no,
        amount: Fen(left),
        at: tx.now,
    });
    next(&mut order, tx.now);
    put(tx, &mut order)?;
    Ok(happening(tx, &order, text!("settled")))
}

fn settled(tx: &mut Tx<'_>, order: &Document<Order>, amount: i64) -> Result<String, Refusal> {
    let settle_no = format!(
        "30000{:05}{:018}",
        tx.day().rem_euclid(100_000),
        tx.count("settlement", 0)?
    );
    let told: Value = json!({"order_info": {
        "order_id": order.id, "out_order_id": order.out_id, "settle_no": settle_no,
        "amount": amount, "settle_time": ChinaTime::from_unix(tx.now),
    }});
    tx.emit("open_product_order_settle", &told)?;
    Ok(settle_no)
}

fn happening(tx: &Tx<'_>, order: &Document<Order>, what: Text) -> Happening {
    Happening {
        at: tx.now,
        noun: text!("order"),
        number: order.out_id.clone(),
        what,
        reason: String::new(),
    }
}
