//! Orders: what they hold, how they are found, and what after-sales and commissions do to them. The calls stand in
//! `order/call.rs`, what payment, receipt and the clock do in `order/life.rs`.
//!
//! ```text
//! 10 -- cashier --> 11 -- a minute --> 20 -- all sent --> 30 -- received --> 100 -- window ends --> settled
//! 10 -- close --> 250      10 -- expire_time --> 181 (controlled), 250 (ordinary)
//! 20, 30, 100 -- every row refunded --> 200
//! ```
//!
//! Money moves for controlled orders (`fund_type` 1) alone: Buyers → Pending when they are paid, Pending → Buyers when
//! an after-sale refunds, and what is left leaves Pending when the order settles. An ordinary order is paid to the
//! merchant's own contract, of which the component knows only what it is told.

mod call;
mod life;
mod wire;

pub use call::{
    add, change_price, check_scene, close, get, list, list_by_promoter, list_by_sharer, pay,
    payment_params, place, update_address,
};
pub(super) use life::shipped;
pub use life::{
    buyer_cancels, buyer_confirms, buyer_pays, complete, set_window_end, settle, window_end,
};
pub use wire::{NewOrder, Price, record};

use super::ledger::{self, Account};
pub use crate::api::component::order::status;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Tx};
use crate::types::{Fen, Id64};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The noun of orders in the shop's file. `id` is the platform's order number, `out_id` the merchant's.
pub const NOUN: &str = "order";

/// An order as the shop holds it. Times are unix seconds of the shop's clock.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Order {
    pub openid: String,
    pub out_user_id: String,
    /// 1: controlled, paid through WeChat; 0: ordinary.
    pub fund_type: i64,
    pub scene: i64,
    pub path: String,
    pub rows: Vec<Row>,
    pub price: Price,
    pub pay_method_type: i64,
    pub prepay_id: String,
    pub prepay_time: String,
    pub transaction_id: String,
    pub paid_at: Option<i64>,
    pub delivery_type: i64,
    /// As it was sent.
    pub address: Value,
    pub return_address: Value,
    pub expires_at: i64,
    /// Days after receipt in which after-sales are possible; 5 at least.
    pub window_days: i64,
    /// The end of that time where the merchant set it.
    pub window_until: Option<i64>,
    pub trace_id: String,
    pub ticket: String,
    pub parcels: Vec<Parcel>,
    pub all_sent: bool,
    pub received_at: Option<i64>,
    /// The price can be changed once.
    pub price_changed: bool,
    pub promotion: Option<Promotion>,
    pub aftersales: Vec<Related>,
    /// Freight that was refunded.
    pub freight_refunded: Fen,
    /// What `commission/setordercommission` sent; paid out when the order settles.
    pub commissions: Vec<Value>,
    pub settlement: Option<Settlement>,
}

/// One SKU of an order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Row {
    pub out_product_id: String,
    pub out_sku_id: String,
    /// The platform's numbers; 0 where it does not know the product.
    pub product_id: i64,
    pub sku_id: u64,
    pub product_cnt: i64,
    pub sale_price: Fen,
    /// Paid for all pieces together.
    pub sku_real_price: Fen,
    pub path: String,
    pub title: String,
    pub head_img: String,
    /// Refunded so far, of `sku_real_price`.
    pub refunded: Fen,
}

impl Row {
    /// What can still be refunded.
    pub fn left(&self) -> Fen {
        Fen(self.sku_real_price.0 - self.refunded.0)
    }
}

/// A parcel as it was reported.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Parcel {
    pub delivery_id: String,
    pub waybill_id: String,
    pub items: Vec<Packed>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Packed {
    pub out_product_id: String,
    pub out_sku_id: String,
    pub product_cnt: i64,
}

/// Who brought the order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Promotion {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub promoter_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub promoter_openid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub finder_nickname: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sharer_openid: String,
}

/// An after-sale of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    pub aftersale_id: i64,
    pub out_aftersale_id: String,
    pub open: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    pub settle_no: String,
    /// What the merchant got.
    pub amount: Fen,
    pub at: i64,
}

/// How a call names an order: one of the numbers, or both, and the buyer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Key {
    pub order_id: Option<Id64>,
    pub out_order_id: Option<String>,
    pub openid: String,
}

/// The order that a call names.
///
/// # Errors
/// 1010001 without a number, 990004 without an openid, 1010011 where there is no such order of this buyer or the two
/// numbers differ.
pub fn find(tx: &Tx<'_>, key: &Key) -> Result<Document<Order>, Refusal> {
    if key.openid.is_empty() {
        return Err(missing("openid"));
    }
    let unknown = || Refusal::new(1_010_011, "order does not exist");
    let given = key.out_order_id.as_deref().filter(|id| !id.is_empty());
    let by_id = match key.order_id {
        Some(Id64(id)) => {
            let id = i64::try_from(id).map_err(|_| unknown())?;
            Some(tx.out_id(NOUN, id)?.ok_or_else(unknown)?)
        }
        None => None,
    };
    let out_order_id = match (given, by_id) {
        (None, None) => return Err(missing("order_id")),
        (Some(out_id), None) => out_id.to_owned(),
        (None, Some(by_id)) => by_id,
        (Some(out_id), Some(by_id)) if out_id == by_id => by_id,
        _ => return Err(unknown()),
    };
    tx.find::<Order>(NOUN, &out_order_id)?
        .filter(|order| order.body.openid == key.openid)
        .ok_or_else(unknown)
}

/// The order of this number, the merchant's or the platform's, whoever bought it: for the keeper of the shop.
pub fn by_number(tx: &Tx<'_>, number: &str) -> Result<Document<Order>, Refusal> {
    let named = match tx.find(NOUN, number)? {
        None => match number
            .parse()
            .ok()
            .and_then(|id| tx.out_id(NOUN, id).transpose())
        {
            Some(out_id) => tx.find(NOUN, &out_id?)?,
            None => None,
        },
        found => found,
    };
    named.ok_or_else(|| Refusal::new(1_010_011, format!("order does not exist: {number}")))
}

/// Writes an order that was changed.
pub fn put(tx: &mut Tx<'_>, order: &mut Document<Order>) -> Result<(), Refusal> {
    order.changed_at = tx.now;
    tx.put(NOUN, order)
}

/// The refusal for a field of an order or a shipment that is not there.
pub fn missing(field: &str) -> Refusal {
    let name = field.rsplit('.').next().unwrap_or(field);
    let errcode = match name {
        "openid" => 990_004,
        "order_id" | "out_order_id" => 1_010_001,
        "waybill_id" => 1_010_029,
        "product_info_list" => 1_010_042,
        "product_infos" => 1_010_003,
        _ if field.contains("product_infos") => 1_010_003,
        _ if field.contains("pay_info") => 1_010_004,
        _ if field.contains("price_info") => 1_010_005,
        _ if field.contains("address_info") => 1_010_009,
        _ => 990_007,
    };
    Refusal::new(errcode, format!("{field} is missing"))
}

impl Order {
    pub fn is_controlled(&self) -> bool {
        self.fund_type == 1
    }

    /// The row of a SKU. An empty SKU number means the only row of its product.
    pub fn row(&self, out_product_id: &str, out_sku_id: &str) -> Option<&Row> {
        let at = self.row_at(out_product_id, out_sku_id)?;
        self.rows.get(at)
    }

    fn row_at(&self, out_product_id: &str, out_sku_id: &str) -> Option<usize> {
        self.rows.iter().position(|row| {
            (out_product_id.is_empty() || row.out_product_id == out_product_id)
                && (out_sku_id.is_empty() || row.out_sku_id == out_sku_id)
        })
    }

    /// Everything refunded so far, freight included.
    pub fn refunded(&self) -> Fen {
        Fen(self.rows.iter().map(|row| row.refunded.0).sum::<i64>() + self.freight_refunded.0)
    }

    /// What the buyer paid and got not back.
    pub fn kept(&self) -> Fen {
        match self.paid_at {
            Some(_) => Fen(self.price.order_price.0 - self.refunded().0),
            None => Fen(0),
        }
    }

    /// Whether an after-sale of the order is still running.
    pub fn has_open_aftersale(&self) -> bool {
        self.aftersales.iter().any(|one| one.open)
    }

    /// Pieces of a row that no parcel holds yet. Nothing is owed of a row that was refunded in full.
    pub fn unsent(&self, row: &Row) -> i64 {
        if row.refunded.0 > 0 && row.left().0 == 0 {
            return 0;
        }
        let sent: i64 = self
            .parcels
            .iter()
            .flat_map(|parcel| &parcel.items)
            .filter(|item| {
                self.row(&item.out_product_id, &item.out_sku_id)
                    .is_some_and(|found| std::ptr::eq(found, row))
            })
            .map(|item| item.product_cnt)
            .sum();
        row.product_cnt - sent
    }
}

/// Notes that an after-sale was opened. While one is open, the shipment cannot be finished (1010042) and the order does
/// not settle. Writes the order.
pub fn open_aftersale(
    tx: &mut Tx<'_>,
    order: &mut Document<Order>,
    aftersale_id: i64,
    out_aftersale_id: &str,
) -> Result<(), Refusal> {
    order.body.aftersales.push(Related {
        aftersale_id,
        out_aftersale_id: out_aftersale_id.into(),
        open: true,
    });
    life::next(order, tx.now);
    put(tx, order)
}

/// What an after-sale gives back.
#[derive(Debug, Clone)]
pub struct Refund<'a> {
    pub out_product_id: &'a str,
    pub out_sku_id: &'a str,
    /// Of the row's `sku_real_price`.
    pub goods: Fen,
    /// Only before shipment.
    pub freight: Fen,
}

/// Ends an after-sale, with money back or without, and writes the order. When every row was refunded in full, the
/// order ends with 200. Says `open_product_order_refund` for money and `open_product_order_cancel` for the end.
///
/// # Errors
/// 2747014 where more would be refunded than is left, 2747021 where the order has no such row.
pub fn end_aftersale(
    tx: &mut Tx<'_>,
    order: &mut Document<Order>,
    aftersale_id: i64,
    refund: Option<&Refund<'_>>,
) -> Result<(), Refusal> {
    if let Some(refund) = refund {
        give_back(tx, order, refund)?;
    }
    for one in &mut order.body.aftersales {
        one.open &= one.aftersale_id != aftersale_id;
    }
    let body = &order.body;
    let was_paid = matches!(
        order.state,
        status::PAID | status::SHIPPED | status::COMPLETED
    );
    if was_paid && body.refunded().0 > 0 && body.rows.iter().all(|row| row.left().0 == 0) {
        order.state = status::REFUNDED;
        let told = json!({"order_info": {
            "order_id": order.id, "out_order_id": order.out_id, "cancel_type": 3,
        }});
        tx.emit("open_product_order_cancel", &told)?;
    }
    life::next(order, tx.now);
    put(tx, order)
}

fn give_back(
    tx: &mut Tx<'_>,
    order: &mut Document<Order>,
    refund: &Refund<'_>,
) -> Result<(), Refusal> {
    let body = &mut order.body;
    let at = body
        .row_at(refund.out_product_id, refund.out_sku_id)
        .ok_or_else(|| Refusal::new(2_747_021, "the order has no such product"))?;
    let freight_left = body.price.freight.0 - body.freight_refunded.0;
    let row = &mut body.rows[at];
    let (goods, freight) = (refund.goods.0, refund.freight.0);
    if goods < 0 || freight < 0 || goods > row.left().0 || freight > freight_left {
        return Err(Refusal::new(
            2_747_014,
            "more would be refunded than is left",
        ));
    }
    row.refunded.0 += goods;
    body.freight_refunded.0 += freight;
    if body.is_controlled() {
        let amount = Fen(goods + freight);
        let (from, to) = (Account::Pending, Account::Buyers);
        ledger::transfer(tx, from, to, amount, "refund", &order.out_id)?;
        let told = json!({"order_info": {"order_id": order.id, "out_order_id": order.out_id}});
        tx.emit("open_product_order_refund", &told)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
