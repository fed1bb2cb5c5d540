//! Verbs of `wxsell sharer` that are one call.

use super::{Ask, Field, Places, verbs};
use crate::text;

pub const OPENID: Field = Field("openid");
pub const REASON: Field = Field("reason_code");

/// Where the option of a live room stands.
pub const LIVE: Places = &[("live", "live_export_id")];

verbs! {
    SEARCH = Ask::new("sharer search", "/shop/sharer/search_sharer").shows(
        "",
        &[
            ("nickname", "NICKNAME"),
            ("bind_status", "STATUS"),
            ("invited_time", "INVITED"),
            ("bind_time", "BOUND"),
        ],
    );
    BIND = Ask::new("sharer bind", "/shop/sharer/bind").look_up("sharer search OPENID");
    UNBIND = Ask::new("sharer unbind", "/shop/sharer/unbind")
        .confirm(|| text!("Release sharers"))
        .look_up("sharer search OPENID");
    LIST = Ask::new("sharer list", "/shop/sharer/get_sharer_list").shows(
        "sharers",
        &[
            ("openid", "OPENID"),
            ("nickname", "NICKNAME"),
            ("invited_time", "INVITED"),
            ("bind_time", "BOUND"),
        ],
    );
    SUMMARY = Ask::new("sharer summary", "/shop/sharer/get_sharer_data_summary").shows(
        "",
        &[
            ("gmv", "TURNOVER"),
            ("order_cnt", "ORDERS"),
            ("user_cnt", "BUYERS"),
        ],
    );
    LIVES = Ask::new("sharer lives", "/shop/sharer/get_sharer_live_summary_list").shows(
        "lives",
        &[
            ("live_export_id", "LIVE ROOM"),
            ("live_nickname", "NAME"),
            ("live_start_time", "STARTED"),
            ("live_end_time", "ENDED"),
            ("gmv", "TURNOVER"),
            ("order_cnt", "ORDERS"),
            ("user_cnt", "BUYERS"),
        ],
    );
    ORDERS = Ask::new("sharer orders", "/shop/sharer/get_sharer_live_order_list").shows(
        "orders",
        &[
            ("out_order_id", "ORDER"),
            ("status", "STATUS"),
            ("order_detail.price_info.order_price", "AMOUNT"),
            ("order_detail.product_infos.title", "PRODUCTS"),
            ("create_time", "CREATED"),
        ],
    ).takes(LIVE);
    MODE = Ask::new("sharer mode", "/shop/sharer/set_share_mode")
        .confirm(|| text!("Change how the Mini Program is shared"));
}
