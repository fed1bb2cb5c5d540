//! Commissions of third-party providers: who may receive them, and what an order pays them when it settles.

use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const NOUN: &str = "commission_receiver";
/// Orders stand here, whoever keeps them.
const ORDER: &str = "order";
/// The most that may be given away of what was paid for a SKU, in percent.
const MOST: i64 = 30;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Receiver {
    #[serde(default)]
    account_type: i64,
    mchid: String,
    #[serde(default)]
    name: String,
    #[serde(default = "provider")]
    commission_type: i64,
}

fn provider() -> i64 {
    1
}

/// A merchant number of digits is one of the provider; adding it again changes its name.
pub fn add(tx: &mut Tx<'_>, receiver: Receiver) -> Result<Value, Refusal> {
    if receiver.name.trim().is_empty() || receiver.mchid.bytes().any(|b| !b.is_ascii_digit()) {
        return Err(Refusal::new(1_012_001, "the receiver cannot be added"));
    }
    let known = tx.find::<Receiver>(NOUN, &receiver.mchid)?;
    let id = match &known {
        Some(known) => known.id,
        None => tx.next_id(NOUN)?,
    };
    let document = Document {
        id,
        out_id: receiver.mchid.clone(),
        state: 0,
        draft: 0,
        due: None,
        created_at: tx.now,
        changed_at: tx.now,
        body: receiver,
    };
    tx.put(NOUN, &document)?;
    Ok(json!({}))
}

pub fn remove(tx: &mut Tx<'_>, receiver: Receiver) -> Result<Value, Refusal> {
    let mut known = receiver_of(tx, &receiver.mchid)?;
    known.state = -1;
    known.changed_at = tx.now;
    tx.put(NOUN, &known)?;
    Ok(json!({}))
}

fn receiver_of(tx: &Tx<'_>, mchid: &str) -> Result<Document<Receiver>, Refusal> {
    tx.find::<Receiver>(NOUN, mchid)?
        .filter(|known| known.state >= 0)
        .ok_or_else(|| Refusal::new(1_012_004, "the receiver does not exist"))
}

pub fn receivers(tx: &mut Tx<'_>, _: Value) -> Result<Value, Refusal> {
    let all = tx.all::<Receiver>(NOUN, &Filter::default())?;
    let rows: Vec<Receiver> = all.into_iter().map(|known| known.body).collect();
    Ok(json!({ "commission_receiver_list": rows }))
}

#[derive(Deserialize)]
pub struct Set {
    order_id: Option<i64>,
    out_order_id: Option<String>,
    openid: String,
    commission_list: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(default)]
    mchid: String,
    #[serde(default)]
    account_type: i64,
    #[serde(default)]
    out_product_id: String,
    #[serde(default)]
    out_sku_id: String,
    #[serde(default)]
    amount: i64,
    #[serde(default = "provider")]
    commission_type: i64,
}

/// Replaces the commissions of an order. They are kept with it, and paid out when it settles.
pub fn set(tx: &mut Tx<'_>, request: Set) -> Result<Value, Refusal> {
    let unknown = || Refusal::new(1_010_011, "order not exist");
    let out_order_id = match (request.out_order_id, request.order_id) {
        (Some(out_order_id), _) => out_order_id,
        (None, Some(id)) => tx.out_id(ORDER, id)?.ok_or_else(unknown)?,
        (None, None) => return Err(unknown()),
    };
    let mut order = tx
        .find::<Value>(ORDER, &out_order_id)?
        .filter(|order| order.body["openid"] == request.openid.as_str())
        .ok_or_else(unknown)?;
    if !order.body["settlement"].is_null() {
        return Err(Refusal::new(1_012_007, "the order is being settled"));
    }
    let sum = |row: &Row| -> i64 {
        let same = |other: &&Row| {
            other.out_product_id == row.out_product_id && other.out_sku_id == row.out_sku_id
        };
        let all = request.commission_list.iter().filter(same);
        all.map(|row| row.amount).sum()
    };
    for row in &request.commission_list {
        receiver_of(tx, &row.mchid)?;
        let sold = order.body["rows"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|sold| {
                sold["out_product_id"] == row.out_product_id.as_str()
                    && sold["out_sku_id"] == row.out_sku_id.as_str()
            })
            .ok_or_else(|| Refusal::new(1_012_005, "the product is not in the order"))?;
        let paid = sold["sku_real_price"].as_i64().unwrap_or(0);
        let refunded = sold["refunded"].as_i64().unwrap_or(0) > 0;
        if row.amount <= 0 || refunded || sum(row) * 100 > paid * MOST {
            return Err(Refusal::new(1_012_006, "the share is more than 30 percent"));
        }
    }
    order.body["commissions"] = serde_json::to_value(&request.commission_list)?;
    order.changed_at = tx.now;
    tx.put(ORDER, &order)?;
    Ok(json!({}))
}
