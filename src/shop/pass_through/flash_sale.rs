//! Verbs of `wxsell flash-sale` that are one call.

use super::{Ask, verbs};
use crate::text;

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
    .confirm(|| text!("Plan a flash sale"))
    .look_up("flash-sale list");
    UPDATE = Ask::new(
        "flash-sale update",
        "/channels/ec/product/limiteddiscounttask/update",
    )
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
