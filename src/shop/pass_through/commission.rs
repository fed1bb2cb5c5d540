//! Verbs of `wxsell commission` that are one call.

use super::{Ask, Field, Places, body, verbs};
use crate::text;
use serde_json::Value;

pub const COMMISSIONS: Field = Field("commission_list");
pub const ORDER_OF_REPLY: Field = Field("order");

/// A merchant number, and a commission for a service: the only kinds that there are.
pub const ACCOUNT_TYPE: (Field, i64) = (Field("account_type"), 0);
pub const COMMISSION_TYPE: (Field, i64) = (Field("commission_type"), 1);

/// The kinds in a request.
pub fn kinds() -> Value {
    body([
        ACCOUNT_TYPE.0.of(ACCOUNT_TYPE.1),
        COMMISSION_TYPE.0.of(COMMISSION_TYPE.1),
    ])
}

/// Where the parts of one commission stand in it.
pub const SHARE: Places = &[("product", "out_product_id"), ("sku", "out_sku_id")];

verbs! {
    RECEIVERS = Ask::new(
        "commission receivers",
        "/shop/commission/getordercommission",
    )
    .shows(
        "commission_receiver_list",
        &[
            ("mchid", "MERCHANT"),
            ("name", "NAME"),
            ("commission_type", "KIND"),
        ],
    );
    ADD = Ask::new("commission add", "/shop/commission/addreceiver").look_up("commission receivers");
    REMOVE = Ask::new("commission remove", "/shop/commission/removereceiver")
        .confirm(|| text!("remove the provider from the list"))
        .look_up("commission receivers");
    SET = Ask::new("commission set", "/shop/commission/setordercommission")
        .confirm(|| text!("set what providers get of the order"))
        .look_up("order show");
    /// Read before the limit is checked.
    ORDER = Ask::new("commission set", "/shop/order/get").shows("order", &[]);
}
