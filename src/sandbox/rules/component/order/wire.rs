//! Orders as they are sent in, and as the platform shows them.

use super::{Order, Row, status};
use crate::sandbox::store::Document;
use crate::types::{ChinaTime, Fen, Id64};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// `order/add`. The book of operations has seen to required fields and types.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewOrder {
    pub out_order_id: String,
    pub out_user_id: String,
    pub openid: String,
    pub fund_type: i64,
    pub scene: i64,
    pub path: String,
    pub order_detail: Detail,
    pub delivery_detail: Delivery,
    pub address_info: Value,
    pub default_receiving_address: Value,
    pub create_time: ChinaTime,
    pub expire_time: Option<i64>,
    pub aftersale_duration: Option<i64>,
    pub trace_id: String,
    pub stringify_64bits_number: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Detail {
    pub product_infos: Vec<Product>,
    pub pay_info: Pay,
    pub price_info: Price,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Product {
    pub out_product_id: String,
    pub out_sku_id: String,
    pub product_cnt: i64,
    pub sale_price: Fen,
    pub sku_real_price: Option<Fen>,
    /// A piece after discount: what the first generation sent.
    pub real_price: Option<Fen>,
    pub path: String,
    pub title: String,
    pub head_img: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Pay {
    pub pay_method_type: i64,
    pub prepay_id: String,
    pub prepay_time: String,
}

/// The price block; in fen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Price {
    pub order_price: Fen,
    pub freight: Fen,
    pub discounted_price: Fen,
    pub additional_price: Fen,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub additional_remarks: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Delivery {
    pub delivery_type: i64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ChangePrice {
    #[serde(flatten)]
    pub key: super::Key,
    pub product_infos: Vec<NewPrice>,
    pub price_info: Price,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewPrice {
    pub out_product_id: String,
    pub out_sku_id: String,
    pub sale_price: Fen,
    pub sku_real_price: Fen,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ReportPay {
    #[serde(flatten)]
    pub key: super::Key,
    pub action_type: i64,
    pub transaction_id: String,
    pub pay_time: ChinaTime,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct UpdateAddress {
    #[serde(flatten)]
    pub key: super::Key,
    pub address_info: Value,
}

/// A page of orders; either pair of times belongs to one of the three lists.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct List {
    pub start_create_time: Option<ChinaTime>,
    pub end_create_time: Option<ChinaTime>,
    pub start_pay_time: Option<ChinaTime>,
    pub end_pay_time: Option<ChinaTime>,
    pub sort_order: i64,
    pub promoter_id: String,
    pub promoter_openid: String,
    pub sharer_openid: String,
    pub page: u32,
    pub page_size: u32,
}

/// An order as `order/get` shows it. A list of a promoter or sharer shows less.
pub fn record(order: &Document<Order>, now: i64, whole: bool) -> Value {
    let body = &order.body;
    let time = |at: i64| ChinaTime::from_unix(at).0;
    let rows: Vec<Value> = body
        .rows
        .iter()
        .map(|row| goods(order, row, now, whole))
        .collect();
    // WeChat itself prepares the payment of a controlled order.
    let prepay_time = match body.prepay_time.as_str() {
        "" => time(order.created_at),
        given => given.to_owned(),
    };
    let mut pay = json!({
        "pay_method": pay_method(body.pay_method_type), "pay_method_type": body.pay_method_type,
        "prepay_id": body.prepay_id, "prepay_time": prepay_time,
    });
    if body.prepay_time.is_empty() {
        // The field is always there, and always a time.
        pay["prepay_time"] = time(order.created_at).into();
    }
    if let Some(at) = body.paid_at {
        pay["transaction_id"] = body.transaction_id.as_str().into();
        pay["pay_time"] = time(at).into();
    }
    let parcels: Vec<Value> = body
        .parcels
        .iter()
        .map(|parcel| json!({"delivery_id": parcel.delivery_id, "waybill_id": parcel.waybill_id}))
        .collect();
    let mut shown = json!({
        "order_id": order.id, "out_order_id": order.out_id, "status": order.state,
        "fund_type": body.fund_type, "scene": body.scene, "path": body.path,
        "order_detail": {
            "product_infos": rows, "pay_info": pay, "price_info": body.price,
            "delivery_detail": {
                "delivery_type": body.delivery_type, "finish_all_delivery": i64::from(body.all_sent),
                "delivery_list": parcels,
            },
        },
        "create_time": time(order.created_at), "update_time": time(order.changed_at),
    });
    if let Some(promotion) = &body.promotion {
        shown["order_detail"]["promotion_info"] = json!(promotion);
    }
    if body.return_address.is_object() {
        shown["default_receiving_address"] = body.return_address.clone();
    }
    if whole {
        the_rest(&mut shown, body);
    }
    shown
}

fn the_rest(shown: &mut Value, body: &Order) {
    shown["openid"] = body.openid.as_str().into();
    shown["expire_time"] = body.expires_at.into();
    shown["aftersale_duration"] = body.window_days.into();
    if body.address.is_object() {
        shown["address_info"] = body.address.clone();
    }
    if let Some(at) = body.received_at.filter(|_| body.is_controlled()) {
        shown["receive_time"] = at.into();
    }
    if let Some(settled) = &body.settlement {
        shown["settlement_info"] = json!({
            "settle_no": settled.settle_no, "amount": settled.amount,
            "settle_time": ChinaTime::from_unix(settled.at),
        });
    }
    if body.refunded().0 > 0 {
        shown["refund_info"] = json!({"refund_amount": body.refunded()});
    }
    if !body.aftersales.is_empty() {
        let rows = body.aftersales.iter().map(|one| {
            json!({"aftersale_id": one.aftersale_id, "out_aftersale_id": one.out_aftersale_id})
        });
        shown["related_aftersale_info"] = json!({"aftersale_list": rows.collect::<Vec<_>>()});
    }
    if !body.commissions.is_empty() {
        shown["commission_info"] = json!({"commission_list": body.commissions});
    }
}

fn goods(order: &Document<Order>, row: &Row, now: i64, whole: bool) -> Value {
    let a_piece = row.sku_real_price.0 / row.product_cnt.max(1);
    let mut shown = json!({
        "product_id": row.product_id, "out_product_id": row.out_product_id,
        "sku_id": Id64(row.sku_id), "out_sku_id": row.out_sku_id, "product_cnt": row.product_cnt,
        "sale_price": row.sale_price, "real_price": a_piece, "title": row.title, "path": row.path,
        "head_img": row.head_img,
    });
    if whole {
        let open = matches!(
            order.state,
            status::PAID | status::SHIPPED | status::COMPLETED
        ) && super::window_end(order).is_none_or(|end| now < end);
        shown["sku_real_price"] = json!(row.sku_real_price);
        shown["can_after_sale"] = (open && row.left().0 > 0).into();
    }
    shown
}

fn pay_method(kind: i64) -> &'static str {
    match kind {
        1 => "货到付款",
        2 => "商家会员储值卡",
        _ => "微信支付",
    }
}
