//! After-sales for a lively shop: refunds and returns in every state, opened by buyers of orders that the shop has. Each
//! goes the way that buyers, merchants and the platform take it, at times of its own.

use super::router::Refusal;
use super::rules::component::aftersale::{self, Request, Sent};
use super::rules::component::{complaint, order};
use super::store::Tx;
use crate::types::Fen;
use crate::types::span::{DAY, HOUR};
use fastrand::Rng;
use serde_json::json;

/// Reasons by the platform's numbers, and what buyers write.
const REASONS: [(i64, &str); 6] = [
    (3, "不想要了"),
    (6, "拍错了"),
    (7, "包裹破损"),
    (8, "与描述不符"),
    (14, "质量问题"),
    (10, "物流一直不更新"),
];

/// How far an after-sale has come, in the order they are dealt out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Requested,
    Refunded,
    Refused,
    Agreed,
    SentBack,
    Cancelled,
    Disputed,
}

const FATES: [Fate; 10] = [
    Fate::Requested,
    Fate::Refunded,
    Fate::SentBack,
    Fate::Requested,
    Fate::Refused,
    Fate::Agreed,
    Fate::Requested,
    Fate::Refunded,
    Fate::Disputed,
    Fate::Cancelled,
];

/// Opens `count` after-sales for these orders, and says how many it could: an order that is ordinary, settled or wholly
/// asked back has none. Leaves the clock where it was.
pub fn aftersales(
    tx: &mut Tx<'_>,
    rng: &mut Rng,
    orders: &[String],
    count: u32,
) -> Result<u32, Refusal> {
    let now = tx.now;
    let mut candidates = orders.to_vec();
    rng.shuffle(&mut candidates);
    let mut made = 0;
    for number in candidates {
        if made == count {
            break;
        }
        let fate = FATES[made as usize % FATES.len()];
        let sown = one(tx, rng, &number, fate, now);
        tx.now = now;
        made += u32::from(sown?);
    }
    Ok(made)
}

/// When an after-sale of this fate is opened: late enough that the clock has not ended it.
fn age(rng: &mut Rng, fate: Fate) -> i64 {
    match fate {
        Fate::Requested => rng.i64(HOUR..46 * HOUR),
        Fate::Disputed => rng.i64(20 * HOUR..30 * HOUR),
        _ => rng.i64(30 * HOUR..4 * DAY),
    }
}

fn one(
    tx: &mut Tx<'_>,
    rng: &mut Rng,
    number: &str,
    fate: Fate,
    now: i64,
) -> Result<bool, Refusal> {
    let of = order::by_number(tx, number)?;
    let opened = (now - age(rng, fate)).max(of.changed_at);
    let over = order::window_end(&of).is_some_and(|end| opened >= end);
    // Whatever follows takes a day at the most.
    if !of.body.is_controlled()
        || of.body.settlement.is_some()
        || over
        || of.body.has_open_aftersale()
    {
        return Ok(false);
    }
    let sends_back = of.state != order::status::PAID
        && (matches!(fate, Fate::Agreed | Fate::SentBack) || rng.bool());
    let needs_return = matches!(fate, Fate::Agreed | Fate::SentBack);
    if needs_return && (!sends_back || opened + DAY > now) {
        return Ok(false);
    }
    let Some(row) = of.body.rows.iter().find(|row| row.left().0 > 1) else {
        return Ok(false);
    };
    let (reason_type, reason) = REASONS[rng.usize(..REASONS.len())];
    let whole = rng.u8(..3) > 0;
    let request = Request {
        order: number.to_owned(),
        sends_back,
        out_product_id: row.out_product_id.clone(),
        out_sku_id: row.out_sku_id.clone(),
        amount: (!whole).then(|| Fen(rng.i64(1..row.left().0))),
        reason_type,
        reason: reason.into(),
    };
    tx.now = opened;
    let (id, _) = aftersale::buyer_opens(tx, &request)?;
    tx.now = (opened + rng.i64(600..8 * HOUR)).min(now);
    live(tx, rng, id, fate, now)?;
    Ok(true)
}

/// From "asked for" to its fate.
fn live(tx: &mut Tx<'_>, rng: &mut Rng, id: i64, fate: Fate, now: i64) -> Result<(), Refusal> {
    let number = id.to_string();
    let one = || json!({"aftersale_id": id});
    let is_return = aftersale::by_number(tx, &number)?.body.kind == 2;
    let address = json!({
        "receiver_name": "示例仓库", "country": "中国", "province": "浙江省", "city": "杭州市", "town": "西湖区",
        "detailed_address": "示例路 2 号", "tel_number": "13900000000",
    });
    match fate {
        Fate::Requested => {}
        Fate::Cancelled => {
            aftersale::buyer_cancels(tx, &number)?;
        }
        Fate::Refused => {
            aftersale::reject(tx, serde_json::from_value(one())?)?;
        }
        Fate::Disputed => {
            aftersale::reject(tx, serde_json::from_value(one())?)?;
            tx.now = (tx.now + rng.i64(600..4 * HOUR)).min(now);
            let (dispute, _) = aftersale::ask_platform(tx, &number, 7, "商家拒绝售后")?;
            if rng.bool() {
                complaint::ask(tx, &dispute.to_string(), complaint::Side::Both)?;
            }
        }
        Fate::Refunded if !is_return => {
            aftersale::accept_refund(tx, serde_json::from_value(one())?)?;
        }
        Fate::Refunded | Fate::Agreed | Fate::SentBack => {
            let mut agreed = one();
            agreed["address_info"] = address;
            aftersale::accept_return(tx, serde_json::from_value(agreed)?)?;
            if fate == Fate::Agreed {
                return Ok(());
            }
            tx.now = (tx.now + rng.i64(HOUR..12 * HOUR)).min(now);
            let parcel = Sent {
                delivery_id: "SF".into(),
                delivery_name: "顺丰速运".into(),
                waybill_id: format!("SF{:010}", rng.u32(..)),
                at: 0,
            };
            aftersale::send_back(tx, &number, parcel)?;
            if fate == Fate::Refunded {
                tx.now = (tx.now + rng.i64(HOUR..12 * HOUR)).min(now);
                aftersale::accept_refund(tx, serde_json::from_value(one())?)?;
            }
        }
    }
    Ok(())
}
