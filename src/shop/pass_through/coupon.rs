//! Verbs of `wxsell coupon` that are one call.

use super::{Ask, Field, Places, verbs};
use crate::text;

/// Where the options of a coupon stand in it.
pub const TERMS: Places = &[
    ("name", "coupon_info.name"),
    ("off", "coupon_info.discount_info.discount_fee"),
    ("pays", "coupon_info.discount_info.discount_num"),
    (
        "from_amount",
        "coupon_info.discount_info.discount_condition.product_price",
    ),
    (
        "from_pieces",
        "coupon_info.discount_info.discount_condition.product_cnt",
    ),
    (
        "products",
        "coupon_info.discount_info.discount_condition.out_product_ids",
    ),
    (
        "channels_account",
        "coupon_info.promote_info.finder.nickname",
    ),
    ("total", "coupon_info.receive_info.total_num"),
    ("per_buyer", "coupon_info.receive_info.limit_num_one_person"),
    ("take_from", "coupon_info.receive_info.start_time"),
    ("take_until", "coupon_info.receive_info.end_time"),
    ("valid_days", "coupon_info.valid_info.valid_day_num"),
    ("valid_seconds", "coupon_info.valid_info.valid_second"),
    ("valid_from", "coupon_info.valid_info.start_time"),
    ("valid_until", "coupon_info.valid_info.end_time"),
];

/// Where the numbers of a coupon stand.
pub const LEFT: Places = &[
    ("out_coupon_id", "coupon_stock.out_coupon_id"),
    ("left", "coupon_stock.stock_info.issued_num"),
    ("taken", "coupon_stock.stock_info.receive_num"),
];

/// Where the options of a buyer's copy stand.
pub const COPY_TAKEN: Places = &[
    ("coupon", "user_coupon.out_coupon_id"),
    ("number", "user_coupon.out_user_coupon_id"),
    ("status", "user_coupon.status"),
    ("taken_at", "recv_time"),
];

/// The same once it was used.
pub const COPY_USED: Places = &[
    ("coupon", "user_coupon.out_coupon_id"),
    ("number", "user_coupon.out_user_coupon_id"),
    ("taken_at", "recv_time"),
    ("used_at", "user_coupon.ext_info.use_time"),
];

/// The same where its state alone changes.
pub const MARKED: Places = &[
    ("coupon", "out_coupon_id"),
    ("number", "out_user_coupon_id"),
];

pub const COUPON: Field = Field("coupon");
pub const STATE: Field = Field("status");

verbs! {
    CONFIRM = Ask::new("coupon confirm", "/shop/coupon/confirm");
    ADD = Ask::new("coupon add", "/shop/coupon/add").look_up("coupon show OUT_COUPON_ID");
    SHOW = Ask::new("coupon show", "/shop/coupon/get").shows(
        "result.coupon",
        &[
            ("out_coupon_id", "COUPON"),
            ("coupon_info.name", "NAME"),
            ("status", "STATUS"),
            ("type", "KIND"),
            ("coupon_info.discount_info.discount_fee", "AMOUNT OFF"),
            (
                "coupon_info.discount_info.discount_condition.product_price",
                "FROM AMOUNT",
            ),
            (
                "coupon_info.discount_info.discount_condition.product_cnt",
                "FROM PIECES",
            ),
            (
                "coupon_info.discount_info.discount_condition.out_product_ids",
                "PRODUCTS",
            ),
            (
                "coupon_info.promote_info.finder.nickname",
                "CHANNELS ACCOUNT",
            ),
            ("coupon_info.receive_info.total_num", "IN TOTAL"),
            ("coupon_info.receive_info.limit_num_one_person", "PER BUYER"),
            ("coupon_info.receive_info.start_time", "TAKEN FROM"),
            ("coupon_info.receive_info.end_time", "TAKEN UNTIL"),
            ("coupon_info.valid_info.valid_type", "VALIDITY"),
            ("coupon_info.valid_info.valid_day_num", "VALID DAYS"),
            ("coupon_info.valid_info.valid_second", "VALID SECONDS"),
            ("coupon_info.valid_info.start_time", "VALID FROM"),
            ("coupon_info.valid_info.end_time", "VALID UNTIL"),
            ("create_time", "CREATED"),
            ("update_time", "CHANGED"),
        ],
    );
    LIST = Ask::new("coupon list", "/shop/coupon/get_list").shows(
        "result_list",
        &[
            ("coupon.out_coupon_id", "COUPON"),
            ("coupon.coupon_info.name", "NAME"),
            ("coupon.status", "STATUS"),
            ("coupon.type", "KIND"),
            ("coupon_stock.stock_info.issued_num", "LEFT"),
            ("coupon_stock.stock_info.receive_num", "TAKEN"),
            ("coupon.update_time", "CHANGED"),
        ],
    );
    UPDATE = Ask::new("coupon update", "/shop/coupon/update").look_up("coupon show OUT_COUPON_ID");
    STATUS = Ask::new("coupon status", "/shop/coupon/update_status")
        .confirm(|| text!("Change the state of the coupon permanently"))
        .look_up("coupon show OUT_COUPON_ID");
    STOCK = Ask::new("coupon stock", "/shop/coupon/update_coupon_stock").look_up("coupon list").takes(LEFT);
    USER_ADD = Ask::new("coupon user add", "/shop/coupon/add_user_coupon").look_up("coupon user list OPENID").takes(COPY_TAKEN);
    USER_LIST = Ask::new("coupon user list", "/shop/coupon/get_usercoupon_list").shows(
        "result_list",
        &[
            ("out_user_coupon_id", "NUMBER"),
            ("out_coupon_id", "COUPON"),
            ("status", "STATUS"),
            ("start_time", "VALID FROM"),
            ("end_time", "VALID UNTIL"),
            ("ext_info.use_time", "USED"),
            ("create_time", "CREATED"),
        ],
    );
    USER_UPDATE = Ask::new("coupon user update", "/shop/coupon/update_user_coupon")
        .look_up("coupon user list OPENID").takes(COPY_USED);
    USER_STATUS = Ask::new(
        "coupon user status",
        "/shop/coupon/update_usercoupon_status",
    )
    .look_up("coupon user list OPENID").takes(MARKED);
}
