//! Verbs of `wxsell commission` that are one call.

use super::{Ask, verbs};
use crate::text;

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
        .confirm(|| text!("take the provider off the list"))
        .look_up("commission receivers");
    SET = Ask::new("commission set", "/shop/commission/setordercommission")
        .confirm(|| text!("set what providers get of the order"))
        .look_up("order show");
    /// Read before the limit is checked.
    ORDER = Ask::new("commission set", "/shop/order/get").shows("order", &[]);
}
