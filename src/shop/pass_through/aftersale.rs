//! Verbs of `wxsell aftersale` that are one call.

use super::{Ask, verbs};
use crate::text;

const LEGACY_SHOWN: &[(&str, &str)] = &[
    ("out_aftersale_id", "OWN NUMBER"),
    ("out_order_id", "ORDER"),
    ("type", "TYPE"),
    ("status", "STATE"),
    ("refund", "YUAN"),
    ("create_time", "OPENED"),
];

verbs! {
    SHOW = Ask::new("aftersale show", "/shop/ecaftersale/get");
    LIST = Ask::new("aftersale list", "/shop/ecaftersale/get_list").shows("after_sales_orders", &[]);
    CREATE = Ask::new("aftersale create", "/shop/ecaftersale/add");
    UPDATE = Ask::new("aftersale update", "/shop/ecaftersale/update");
    CANCEL = Ask::new("aftersale cancel", "/shop/ecaftersale/cancel");
    RETURN_INFO = Ask::new(
        "aftersale return-info",
        "/shop/ecaftersale/uploadreturninfo",
    );
    ACCEPT_REFUND = Ask::new("aftersale accept-refund", "/shop/ecaftersale/acceptrefund");
    ACCEPT_RETURN = Ask::new("aftersale accept-return", "/shop/ecaftersale/acceptreturn");
    REJECT = Ask::new("aftersale reject", "/shop/ecaftersale/reject");
    RETURN_ADDRESS = Ask::new(
        "aftersale return-address",
        "/shop/ecaftersale/merchantupdate",
    );
    CERTIFICATES = Ask::new(
        "aftersale certificates",
        "/shop/ecaftersale/upload_certificates",
    );
    TEST = Ask::new("aftersale test", "/shop/ecaftersale/merchanttest")
        .confirm(|| text!("Let a time run out, which is for test buyers only,"))
        .look_up("aftersale show");
    LEGACY_CREATE = Ask::new("aftersale create", "/shop/aftersale/add");
    LEGACY_UPDATE = Ask::new("aftersale update", "/shop/aftersale/update");
    LEGACY_SHOW = Ask::new("aftersale show", "/shop/aftersale/get").shows("aftersale_infos", LEGACY_SHOWN);
    LEGACY_LIST = Ask::new("aftersale list", "/shop/aftersale/list").shows(
        "aftersale_infos",
        &[
            ("out_aftersale_id", "OWN NUMBER"),
            ("out_order_id", "ORDER"),
            ("status", "STATE"),
        ],
    );
    DEADLINE = Ask::new("aftersale deadline", "/shop/aftersale/update_deadline");
    DEADLINE_VARIANT = Ask::new("aftersale deadline", "/shop/ecaftersale/update_deadline");
}
