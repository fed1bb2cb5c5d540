//! Shipment: carriers, parcels, receipt.

use super::access::{self, Task};
use super::order::{self, Key, Order, Packed, Parcel, missing, status};
use crate::api::Done;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::Tx;
use crate::types::ChinaTime;
use serde::Deserialize;
use serde_json::{Value, json};

/// Code and name of the carriers, as the platform lists them.
const CARRIERS: [(&str, &str); 27] = [
    ("SF", "顺丰速运"),
    ("ZTO", "中通快递"),
    ("YTO", "圆通速递"),
    ("STO", "申通快递"),
    ("YD", "韵达速递"),
    ("JTSD", "极兔速递"),
    ("JD", "京东快递"),
    ("EMS", "EMS"),
    ("YZPY", "邮政快递包裹"),
    ("YZBK", "邮政国内标快"),
    ("DBL", "德邦快递"),
    ("HTKY", "百世快递"),
    ("ZJS", "宅急送"),
    ("UC", "优速快递"),
    ("HHTT", "天天快递"),
    ("FAST", "快捷快递"),
    ("GTO", "国通快递"),
    ("QFKD", "全峰快递"),
    ("KYSY", "跨越速运"),
    ("ANE", "安能物流"),
    ("FWX", "丰网速运"),
    ("DNWL", "丹鸟物流"),
    ("CNSD", "菜鸟速递"),
    ("SURE", "速尔快递"),
    ("SX", "顺心捷达"),
    ("YMDD", "壹米滴答"),
    ("OTHERS", "其他"),
];

#[derive(Deserialize)]
pub struct Carriers {}

pub fn carriers(_: &mut Tx<'_>, _: Carriers) -> Result<Value, Refusal> {
    let rows = CARRIERS.map(|(code, name)| json!({"delivery_id": code, "delivery_name": name}));
    Ok(json!({"company_list": rows}))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Send {
    #[serde(flatten)]
    key: Key,
    delivery_list: Vec<NewParcel>,
    finish_all_delivery: i64,
    ship_done_time: ChinaTime,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewParcel {
    delivery_id: String,
    waybill_id: String,
    product_info_list: Vec<Item>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Item {
    out_product_id: String,
    out_sku_id: String,
    product_cnt: i64,
}

/// Adds parcels to a paid order. `finish_all_delivery` 1 is taken when every piece is in a parcel and no after-sale
/// runs (1010042 otherwise). An order that needs no shipment is complete at once.
pub fn send(tx: &mut Tx<'_>, request: Send) -> Result<Done, Refusal> {
    let done = report(tx, request)?;
    access::note_task(tx, Task::SendDelivery)?;
    Ok(done)
}

fn report(tx: &mut Tx<'_>, request: Send) -> Result<Done, Refusal> {
    let mut order = order::find(tx, &request.key)?;
    if order.state != status::PAID {
        return Err(Refusal::new(
            1_000_000,
            "order state cannot change to shipped",
        ));
    }
    if order.body.delivery_type == 2 {
        order::shipped(tx, &mut order)?;
        order::complete(tx, &mut order)?;
        return Ok(Done {});
    }
    for parcel in request.delivery_list {
        let parcel = packed(&order.body, parcel)?;
        order.body.parcels.push(parcel);
        if order.body.rows.iter().any(|row| order.body.unsent(row) < 0) {
            return Err(incomplete("more pieces than the order has"));
        }
    }
    if request.finish_all_delivery != 1 {
        return order::put(tx, &mut order).map(|()| Done {});
    }
    if request.ship_done_time.unix().is_none() {
        return Err(missing("ship_done_time"));
    }
    if order.body.has_open_aftersale() {
        return Err(incomplete("an after-sale of the order is running"));
    }
    if order.body.rows.iter().any(|row| order.body.unsent(row) > 0) {
        return Err(incomplete("pieces are missing in the parcels"));
    }
    order::shipped(tx, &mut order)?;
    Ok(Done {})
}

fn incomplete(errmsg: &str) -> Refusal {
    Refusal::new(1_010_042, format!("delivery_list: {errmsg}"))
}

fn packed(order: &Order, parcel: NewParcel) -> Result<Parcel, Refusal> {
    if parcel.waybill_id.trim().is_empty() {
        return Err(missing("waybill_id"));
    }
    if !CARRIERS.iter().any(|(code, _)| *code == parcel.delivery_id) {
        return Err(Refusal::new(
            40097,
            format!("invalid args: delivery_id {}", parcel.delivery_id),
        ));
    }
    if parcel.product_info_list.is_empty() {
        return Err(missing("product_info_list"));
    }
    let items = parcel.product_info_list.into_iter().map(|item| {
        if item.product_cnt < 1 {
            return Err(incomplete("product_cnt begins with 1"));
        }
        let row = order
            .row(&item.out_product_id, &item.out_sku_id)
            .ok_or_else(|| incomplete("the order has no such product"))?;
        Ok(Packed {
            out_product_id: row.out_product_id.clone(),
            out_sku_id: row.out_sku_id.clone(),
            product_cnt: item.product_cnt,
        })
    });
    Ok(Parcel {
        items: items.collect::<Result<_, Refusal>>()?,
        delivery_id: parcel.delivery_id,
        waybill_id: parcel.waybill_id,
    })
}

/// The merchant reports that the buyer has the goods.
pub fn receive(tx: &mut Tx<'_>, key: Key) -> Result<Done, Refusal> {
    let mut order = order::find(tx, &key)?;
    order::complete(tx, &mut order)?;
    Ok(Done {})
}
