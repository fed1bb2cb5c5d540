//! Orders as `/shop/order/get` and the lists of orders give them.

use crate::api::reader::{Read, Reader};
use crate::model::order::{Draft, Line, Order, Price, Receiver, State};
use crate::model::order_price::{Bill, Row};
use crate::model::parcel::{Parcel, Parcels};
use crate::types::{ChinaTime, Fen};
use serde::Serialize;
use serde_json::Value;

/// `status` of an order.
pub mod status {
    /// Waits for payment.
    pub const UNPAID: i64 = 10;
    /// The cashier is done, the platform is still looking.
    pub const CHECKING: i64 = 11;
    pub const PAID: i64 = 20;
    pub const SHIPPED: i64 = 30;
    pub const COMPLETED: i64 = 100;
    /// `expire_time` passed; controlled orders alone.
    pub const TIMED_OUT: i64 = 181;
    /// Everything was refunded.
    pub const REFUNDED: i64 = 200;
    pub const CANCELLED: i64 = 250;
}

/// States, by the platform's numbers.
const STATES: &[(i64, State)] = &[
    (status::UNPAID, State::Unpaid),
    (status::CHECKING, State::PaymentChecked),
    (status::PAID, State::Paid),
    (status::SHIPPED, State::Shipped),
    (status::COMPLETED, State::Completed),
    (status::TIMED_OUT, State::Expired),
    (status::REFUNDED, State::Refunded),
    (status::CANCELLED, State::Cancelled),
];

/// A state by its number.
pub fn state(number: i64) -> State {
    let known = STATES.iter().find(|(known, _)| *known == number);
    known.map_or(State::Unknown(number), |(_, state)| *state)
}

/// Reads an order. The samples of the platform have the parcels in `order_detail`, its table of fields beside it:
/// both places are read.
pub fn order(record: &Value) -> Read<Order> {
    let mut read = Reader::of(record);
    let fen = |amount: Option<i64>| amount.map(Fen);
    let rows = read.objects("order_detail.product_infos");
    let lines = rows.unwrap_or_default().into_iter().map(line).collect();
    let price = Price {
        total: fen(read.integer("order_detail.price_info.order_price")),
        freight: fen(read.integer("order_detail.price_info.freight")),
        discount: fen(read.integer("order_detail.price_info.discounted_price")),
        surcharge: fen(read.integer("order_detail.price_info.additional_price")),
    };
    let inside = read.objects("order_detail.delivery_detail.delivery_list");
    let beside = read.objects("delivery_detail.delivery_list");
    let order = Order {
        id: read.text("order_id"),
        number: read.text("out_order_id"),
        buyer: read.text("openid"),
        state: state(read.integer("status").unwrap_or_default()),
        controlled: read.integer("fund_type").map(|kind| kind == 1),
        lines,
        price,
        parcels: parcels(inside, beside),
        receiver: receiver(read.at("address_info")),
        aftersales: read.numbers("related_aftersale_info.aftersale_list", "aftersale_id"),
        created_at: read.time("create_time"),
        pay_until: read.time("expire_time"),
        paid_at: read.time("order_detail.pay_info.pay_time"),
        received_at: read.time("receive_time"),
    };
    read.done(order)
}

/// Reads an address.
pub fn receiver(record: &Value) -> Receiver {
    let mut read = Reader::of(record);
    Receiver {
        name: read.text("receiver_name"),
        phone: read.text("tel_number"),
        province: read.text("province"),
        city: read.text("city"),
        district: read.text("town"),
        street: read.text("detailed_address"),
    }
}

/// An address as the platform's calls take it.
pub fn address(receiver: &Receiver) -> Value {
    let fields = [
        ("receiver_name", &receiver.name),
        ("tel_number", &receiver.phone),
        ("province", &receiver.province),
        ("city", &receiver.city),
        ("town", &receiver.district),
        ("detailed_address", &receiver.street),
    ];
    let said = fields.into_iter().filter(|(_, text)| !text.is_empty());
    said.map(|(name, text)| (name.to_owned(), Value::from(text.as_str())))
        .collect::<serde_json::Map<String, Value>>()
        .into()
}

fn line(record: &Value) -> Line {
    let mut read = Reader::of(record);
    let count = read.integer("product_cnt").unwrap_or_default();
    let each = read.integer("real_price");
    let paid = read
        .integer("sku_real_price")
        .or_else(|| each.map(|each| each.saturating_mul(count)));
    Line {
        product: read.text("out_product_id"),
        sku: read.text("out_sku_id"),
        title: read.text("title"),
        count,
        paid: paid.map(Fen),
    }
}

fn parcels(inside: Option<Vec<&Value>>, beside: Option<Vec<&Value>>) -> Parcels {
    let (Some(inside), Some(beside)) = (inside, beside) else {
        return Parcels::Unreadable;
    };
    let mut found: Vec<Parcel> = Vec::new();
    for record in inside.into_iter().chain(beside) {
        let mut read = Reader::of(record);
        let parcel = Parcel {
            carrier: read.text("delivery_id"),
            waybill: read.text("waybill_id"),
        };
        if !read.done(()).unread.is_empty() {
            return Parcels::Unreadable;
        }
        if !found.contains(&parcel) {
            found.push(parcel);
        }
    }
    Parcels::Known(found)
}

/// A row of an order that is going to be reported. What is left out is taken from the shop.
#[derive(Debug, Clone, Serialize)]
pub struct NewRow {
    pub out_product_id: String,
    pub product_cnt: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_sku_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_img: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Of one piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_price: Option<Fen>,
    /// For all pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku_real_price: Option<Fen>,
}

/// What a row of an order says of what is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// The merchant's numbers.
    pub product: Option<String>,
    pub sku: Option<String>,
    /// Whether it says all that the shop could tell.
    pub is_whole: bool,
}

impl Named {
    pub fn of(row: &Value) -> Named {
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        let of_the_shop = ["out_sku_id", "title", "head_img", "path", "sale_price"];
        Named {
            product: text("out_product_id"),
            sku: text("out_sku_id"),
            is_whole: of_the_shop.iter().all(|field| !row[*field].is_null()),
        }
    }

    /// The rows of an `order_detail`.
    pub fn all(detail: &Value) -> Vec<Named> {
        let rows = detail["product_infos"].as_array();
        rows.into_iter().flatten().map(Named::of).collect()
    }
}

/// New prices, as `/shop/order/change_price` takes them.
#[derive(Debug, Serialize)]
pub struct NewPrices<'a> {
    pub product_infos: Vec<NewPriceRow>,
    pub price_info: NewPriceInfo<'a>,
}

#[derive(Debug, Serialize)]
pub struct NewPriceRow {
    pub out_product_id: Option<String>,
    pub out_sku_id: Option<String>,
    pub sale_price: Option<i64>,
    pub sku_real_price: Option<i64>,
}

#[derive(Debug, Serialize)]
pub struct NewPriceInfo<'a> {
    pub order_price: Option<i64>,
    pub freight: Option<i64>,
    pub discounted_price: Option<i64>,
    pub additional_price: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_remarks: Option<&'a str>,
}

/// Reads an order that is going to be reported.
pub fn draft(order: &Value) -> Draft {
    let detail = &order["order_detail"];
    let pay = &detail["pay_info"];
    let created = order["create_time"].as_str().map(str::to_owned);
    Draft {
        number: order["out_order_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        created_at: created.and_then(|time| ChinaTime(time).unix()),
        pay_until: order["expire_time"].as_i64(),
        controlled: match order["fund_type"].as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        by_wechat_pay: match pay["pay_method_type"].as_i64() {
            Some(0) => Some(true),
            Some(1..) => Some(false),
            _ => None,
        },
        is_prepaid: pay["prepay_id"].is_string() && pay["prepay_time"].is_string(),
        is_picked_up: order["delivery_detail"]["delivery_type"].as_i64() == Some(2),
        has_receiver: !order["address_info"].is_null(),
        lines: detail["product_infos"].as_array().map_or(0, Vec::len),
    }
}

/// The amounts of an `order_detail`.
pub fn bill(detail: &Value) -> Bill {
    let rows = detail["product_infos"].as_array();
    let amount = |name: &str| detail["price_info"][name].as_i64();
    Bill {
        rows: rows.into_iter().flatten().map(billed).collect(),
        total: amount("order_price"),
        freight: amount("freight"),
        discount: amount("discounted_price"),
        surcharge: amount("additional_price"),
    }
}

fn billed(row: &Value) -> Row {
    let number = |name: &str| row[name].as_i64();
    Row {
        price: number("sale_price"),
        pieces: number("product_cnt"),
        paid: number("sku_real_price"),
        paid_each: number("real_price"),
        says_paid: !row["sku_real_price"].is_null() || !row["real_price"].is_null(),
    }
}
