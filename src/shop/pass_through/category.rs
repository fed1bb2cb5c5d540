//! Verbs of `wxsell category` that are one call.

use super::{Ask, Field, Places, verbs};
use crate::text;

/// Whether those that passed are left out.
pub const FILTERED: Field = Field("is_filter_status");

/// Where the options of an application stand.
pub const PAPERS: Places = &[
    ("license", "audit_req.license"),
    ("level1", "audit_req.category_info.level1"),
    ("level2", "audit_req.category_info.level2"),
    ("level3", "audit_req.category_info.level3"),
    ("certificate", "audit_req.category_info.certificate"),
    ("scenes", "audit_req.scene_group_list"),
];

verbs! {
    APPLY = Ask::new("category apply", "/shop/audit/audit_category")
        .confirm(|| text!("Submit category documents for review"))
        .look_up("audit show --category").takes(PAPERS);
    APPLICATIONS = Ask::new("category applications", "/channels/ec/category/getbizcatflowlist").shows(
        "list",
        &[
            ("audit_id", "AUDIT"),
            ("cat_id", "CATEGORY"),
            ("status", "STATE"),
            ("audit_reason", "REASON"),
            ("create_time", "SUBMITTED"),
            ("audit_time", "DECIDED"),
        ],
    );
    APPLICATION = Ask::new("category application", "/channels/ec/category/getbizcatflowdetail").shows(
        "info",
        &[
            ("cats_v2.cat_id", "CATEGORY"),
            ("brand_list.brand_id", "BRAND"),
            ("license_group_list.license_group_id", "LICENSE GROUP"),
            ("license_group_list.license.license_id", "LICENSE KIND"),
            ("license_group_list.license.file_id_list", "DOCUMENTS"),
        ],
    );
    SHOW = Ask::new("category show", "/channels/ec/category/get_category_relation_detail").shows(
        "",
        &[
            ("category_id", "CATEGORY"),
            ("status", "STATE"),
            ("uneffective_reason", "REASON"),
            ("effective_time", "IN FORCE SINCE"),
            ("uneffective_time", "LAPSED"),
            ("qua_id", "DOCUMENT"),
            ("audit_info.brand_list.brand_id", "BRAND"),
        ],
    );
    WITHDRAW = Ask::new("category withdraw", "/channels/ec/category/audit/cancel")
        .confirm(|| text!("Withdraw the application for a category"))
        .look_up("category applications");
    DEPOSIT = Ask::new("category rule", "/shop/ec/category/getcategoryrule")
        .shows("", &[("deposit", "DEPOSIT")]);
    DELIVERY = Ask::new("category rule", "/shop/ec/category/getcategoryrule").shows(
        "list",
        &[("deliver_type", "DELIVERY"), ("acct_type", "ACCOUNTS")],
    );
}
