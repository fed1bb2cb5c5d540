//! Parcels as the custom component takes them.

use super::plan::Shipment;
use crate::api::json::put;
use serde_json::{Value, json};

/// The errcode of an order with pieces that are in no parcel.
pub const INCOMPLETE: i64 = 1_010_042;
/// The errcode of an order whose state was changed before.
pub const CHANGED_BEFORE: i64 = 1_000_000;

/// The request; `at` is the time when an order is complete.
pub fn request(shipment: &Shipment, finish: bool, at: &str) -> Value {
    let mut body = json!({
        "out_order_id": shipment.out_order_id, "openid": shipment.openid,
        "delivery_list": shipment.parcels, "finish_all_delivery": i64::from(finish),
    });
    if finish {
        put(&mut body, "ship_done_time", at.into());
    }
    body
}
