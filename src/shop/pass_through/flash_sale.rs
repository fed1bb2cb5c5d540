//! Verbs of `wxsell flash-sale` that are one call.

use super::{Ask, Field, Places, verbs};
use crate::text;

/// Where the terms of a flash sale stand.
const TERMS: Places = &[
    ("product", "product_id"),
    ("start", "start_time"),
    ("end", "end_time"),
    ("skus", "limited_discount_skus"),
];
/// The same of a change, which names the product with each SKU.
const CHANGED: Places = &[
    ("start", "start_time"),
    ("end", "end_time"),
    ("skus", "limited_discount_skus"),
];
/// Where the product of a SKU stands.
pub const PRODUCT: Field = Field("product_id");

verbs! {
    LIST = Ask::new(
        "flash-sale list",
        "/channels/ec/product/limiteddiscounttask/list/get",
    )
    .shows(
        "limited_discount_tasks",
        &[
            ("task_id", "FLASH SALE"),
            ("product_id", "STORE NUMBER"),
            ("status", "STATE"),
            ("start_time", "START"),
            ("end_time", "END"),
        ],
    );
    ADD = Ask::new(
        "flash-sale add",
        "/channels/ec/product/limiteddiscounttask/add",
    )
    .takes(TERMS)
    .confirm(|| text!("Plan a flash sale"))
    .look_up("flash-sale list");
    UPDATE = Ask::new(
        "flash-sale update",
        "/channels/ec/product/limiteddiscounttask/update",
    )
    .takes(CHANGED)
    .confirm(|| text!("Change a flash sale"))
    .look_up("flash-sale list");
    STOP = Ask::new(
        "flash-sale stop",
        "/channels/ec/product/limiteddiscounttask/stop",
    )
    .confirm(|| text!("Stop a flash sale"))
    .look_up("flash-sale list");
    REMOVE = Ask::new(
        "flash-sale remove",
        "/channels/ec/product/limiteddiscounttask/delete",
    )
    .look_up("flash-sale list");
}
