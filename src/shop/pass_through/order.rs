//! Verbs of `wxsell order` that are one call.

use super::{Ask, Field, Places, verbs};
use crate::text;

/// Who gets an order.
pub const RECEIVER: Field = Field("address_info");

/// Where the options of a new order stand.
pub const DRAFT: Places = &[
    ("total", "order_detail.price_info.order_price"),
    ("freight", "order_detail.price_info.freight"),
    ("discount", "order_detail.price_info.discounted_price"),
    ("surcharge", "order_detail.price_info.additional_price"),
    (
        "surcharge_for",
        "order_detail.price_info.additional_remarks",
    ),
    ("prepay_id", "order_detail.pay_info.prepay_id"),
    ("prepay_time", "order_detail.pay_info.prepay_time"),
];

verbs! {
    CHECK_SCENE = Ask::new("order check-scene", "/shop/scene/check")
        .shows("", &[("is_matched", "MUST BE REPORTED")]);
    SHOW = Ask::new("order show", "/shop/order/get").shows("order", &[]);
    PAYMENT_PARAMS = Ask::new("order payment-params", "/shop/order/getpaymentparams").shows("payment_params", &[]);
    PAY = Ask::new("order pay", "/shop/order/pay").look_up("order show ORDER --openid OPENID");
    CLOSE = Ask::new("order close", "/shop/order/close")
        .confirm(|| text!("Close an order that waits for payment"))
        .look_up("order show ORDER --openid OPENID");
    CREATE = Ask::new("order create", "/shop/order/add")
        .shows(
            "data",
            &[
                ("out_order_id", "ORDER"),
                ("order_id", "ORDER ID"),
                ("final_price", "TOTAL"),
            ],
        )
        .look_up("order show ORDER --openid OPENID").takes(DRAFT);
    LIST = Ask::new("order list", "/shop/order/get_list").shows("orders", &[]);
    BY_PROMOTER = Ask::new("order list", "/shop/order/get_list_by_finder").shows("orders", &[]);
    BY_SHARER = Ask::new("order list", "/shop/order/get_list_by_sharer").shows("orders", &[]);
    CHANGE_PRICE = Ask::new("order change-price", "/shop/order/change_price")
        .confirm(|| text!("Change the price of an order; it can be done once"))
        .look_up("order show ORDER --openid OPENID");
    UPDATE_ADDRESS = Ask::new("order update-address", "/shop/order/update_address")
        .look_up("order show ORDER --openid OPENID");
}
