//! Verbs of `wxsell aftersale` that are one call.

use super::{Ask, Field, Places, verbs};
use crate::text;
use serde::Serialize;
use serde_json::Value;

const LEGACY_SHOWN: &[(&str, &str)] = &[
    ("out_aftersale_id", "OWN NUMBER"),
    ("out_order_id", "ORDER"),
    ("type", "TYPE"),
    ("status", "STATE"),
    ("refund", "YUAN"),
    ("create_time", "OPENED"),
];

pub const NUMBER: Field = Field("aftersale_id");
pub const OWN_NUMBER: Field = Field("out_aftersale_id");
pub const MEDIA: Field = Field("media_list");
pub const ADDRESS: Field = Field("address_info");
pub const REASON: Field = Field("reject_reason");
pub const WORDS: Field = Field("refund_desc");
pub const PROOF: Field = Field("certificates");
pub const OPERATION: Field = Field("operation");
pub const OPENID: Field = Field("openid");
/// The request to name a return address holds the after-sale.
pub const AFTERSALE: Field = Field("after_sales_order");
pub const RETURN_TO: Field = Field("return_address_info");
/// What of an address must be there, as it is sent.
pub const PLACES: [Field; 3] = [Field("province"), Field("city"), Field("town")];

/// Where the parts of what a buyer asks for stand.
const ASKED: Places = &[
    ("buyer", "openid"),
    ("kind", "type"),
    ("amount", "orderamt"),
    ("reason", "refund_reason_type"),
    ("words", "refund_reason"),
    ("media", "media_list"),
];
const OPENED: Places = &[
    ("kind", "type"),
    ("amount", "orderamt"),
    ("reason", "refund_reason_type"),
    ("words", "refund_reason"),
    ("product", "product_info.out_product_id"),
    ("sku", "product_info.out_sku_id"),
    ("count", "product_info.product_cnt"),
];
/// Where the parts of a return shipment stand.
const SENT_BACK: Places = &[
    ("buyer", "openid"),
    ("carrier", "delivery_id"),
    ("carrier_name", "delivery_name"),
    ("waybill", "waybill_id"),
];
/// Where the parts of a report about an ordinary order stand.
const REPORTED: Places = &[
    ("order", "out_order_id"),
    ("number", "out_aftersale_id"),
    ("kind", "type"),
    ("amount", "refund"),
    ("created_at", "create_time"),
    ("all_done", "finish_all_aftersale"),
    ("products", "product_infos"),
];
const REPORTED_AGAIN: Places = &[
    ("order", "out_order_id"),
    ("number", "out_aftersale_id"),
    ("all_done", "finish_all_aftersale"),
];
const OF_ORDER: Places = &[("order", "out_order_id")];
/// Where the parts of a product of a report stand.
pub const PRODUCT: Places = &[
    ("product", "out_product_id"),
    ("sku", "out_sku_id"),
    ("count", "product_cnt"),
];
const CHANGED: Places = &[("since", "start_update_time"), ("until", "end_update_time")];
const ENDS: Places = &[("order", "out_order_id"), ("until", "after_sale_deadline")];
/// A picture as evidence is sent.
#[derive(Serialize)]
struct Image {
    /// 1: an image.
    r#type: i64,
    url: String,
}

/// Links of pictures as evidence is sent.
pub fn media(links: Vec<String>) -> Value {
    let images = links.into_iter().map(|url| Image { r#type: 1, url });
    serde_json::to_value(images.collect::<Vec<_>>()).unwrap_or_default()
}

verbs! {
    SHOW = Ask::new("aftersale show", "/shop/ecaftersale/get");
    LIST = Ask::new("aftersale list", "/shop/ecaftersale/get_list").shows("after_sales_orders", &[]);
    CREATE = Ask::new("aftersale create", "/shop/ecaftersale/add").takes(OPENED);
    UPDATE = Ask::new("aftersale update", "/shop/ecaftersale/update").takes(ASKED);
    CANCEL = Ask::new("aftersale cancel", "/shop/ecaftersale/cancel");
    RETURN_INFO = Ask::new(
        "aftersale return-info",
        "/shop/ecaftersale/uploadreturninfo",
    ).takes(SENT_BACK);
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
        .confirm(|| text!("Simulate a missed deadline (test buyers only)"))
        .look_up("aftersale show");
    LEGACY_CREATE = Ask::new("aftersale create", "/shop/aftersale/add").takes(REPORTED);
    LEGACY_UPDATE = Ask::new("aftersale update", "/shop/aftersale/update").takes(REPORTED_AGAIN);
    LEGACY_SHOW = Ask::new("aftersale show", "/shop/aftersale/get").shows("aftersale_infos", LEGACY_SHOWN).takes(OF_ORDER);
    LEGACY_LIST = Ask::new("aftersale list", "/shop/aftersale/list").shows(
        "aftersale_infos",
        &[
            ("out_aftersale_id", "OWN NUMBER"),
            ("out_order_id", "ORDER"),
            ("status", "STATE"),
        ],
    ).takes(CHANGED);
    DEADLINE = Ask::new("aftersale deadline", "/shop/aftersale/update_deadline").takes(ENDS);
    DEADLINE_VARIANT = Ask::new("aftersale deadline", "/shop/ecaftersale/update_deadline").takes(ENDS);
}
