//! Verbs of `wxsell brand` that are one call.

use super::{Ask, Field, Places, verbs};
use crate::text;

/// Lists of pictures in an application.
pub const PICTURES: &[&str] = &[
    "/audit_req/license",
    "/audit_req/brand_info/sale_authorization",
    "/audit_req/brand_info/trademark_registration_certificate",
    "/audit_req/brand_info/trademark_change_certificate",
    "/audit_req/brand_info/trademark_registration_application",
    "/audit_req/brand_info/imported_goods_form",
];

/// Where the goods of the brand come from.
pub const ORIGIN: Field = Field("audit_req.brand_info.commodity_origin_type");
pub const IMPORTED: u8 = 1;
pub const DOMESTIC: u8 = 2;

/// Where the options of an application stand.
pub const PAPERS: Places = &[
    ("brand_wording", "audit_req.brand_info.brand_wording"),
    ("trademark", "audit_req.brand_info.brand_audit_type"),
    ("relation", "audit_req.brand_info.brand_management_type"),
    ("class", "audit_req.brand_info.trademark_type"),
    ("origin", "audit_req.brand_info.commodity_origin_type"),
    ("number", "audit_req.brand_info.trademark_registrant_nu"),
    ("license", "audit_req.license"),
    (
        "certificate",
        "audit_req.brand_info.trademark_registration_certificate",
    ),
    (
        "change_certificate",
        "audit_req.brand_info.trademark_change_certificate",
    ),
    ("owner", "audit_req.brand_info.trademark_registrant"),
    (
        "valid_until",
        "audit_req.brand_info.trademark_authorization_period",
    ),
    (
        "acceptance",
        "audit_req.brand_info.trademark_registration_application",
    ),
    ("applicant", "audit_req.brand_info.trademark_applicant"),
    (
        "applied_on",
        "audit_req.brand_info.trademark_application_time",
    ),
    ("authorization", "audit_req.brand_info.sale_authorization"),
    ("customs", "audit_req.brand_info.imported_goods_form"),
    ("scene", "audit_req.scene_group_list"),
];
/// The number of a brand in a request, and that of its audit.
pub const BRAND_ID: Field = Field("brand_id");
pub const AUDIT_ID: Field = Field("audit_id");
/// The audit that a brand is in, as its record names it.
pub const OWN_AUDIT: Field = Field("brand.audit_result.audit_id");
/// How a brand stands, and the state of one that is in audit.
pub const STATE: Field = Field("brand.status");
pub const IN_AUDIT: i64 = 1;
/// The names by which a brand is searched for.
pub const NAMES: [Field; 3] = [Field("ch_name"), Field("en_name"), Field("brand_id")];

verbs! {
    APPLY = Ask::new("brand apply", "/shop/audit/audit_brand")
        .confirm(|| text!("Submit brand documents for review"))
        .look_up("audit show --brand").takes(PAPERS);
    LIST = Ask::new("brand list", "/channels/ec/brand/list/get").shows(
        "brands",
        &[
            ("brand_id", "BRAND"),
            ("ch_name", "NAME"),
            ("en_name", "FOREIGN NAME"),
            ("classification_no", "CLASS"),
            ("status", "STATE"),
            ("audit_result.reject_reason", "REASON"),
        ],
    );
    SHOW = Ask::new("brand show", "/channels/ec/brand/get").shows(
        "brand",
        &[
            ("brand_id", "BRAND"),
            ("ch_name", "NAME"),
            ("en_name", "FOREIGN NAME"),
            ("trade_mark_symbol", "TRADEMARK"),
            ("classification_no", "CLASS"),
            ("grant_type", "RIGHT"),
            ("register_details.registrant", "OWNER"),
            ("register_details.end_time", "VALID UNTIL"),
            ("status", "STATE"),
            ("audit_result.audit_id", "AUDIT"),
            ("audit_result.reject_reason", "REASON"),
        ],
    );
    SEARCH = Ask::new("brand search", "/channels/ec/brand/all").shows(
        "brands",
        &[
            ("brand_id", "BRAND"),
            ("ch_name", "NAME"),
            ("en_name", "FOREIGN NAME"),
        ],
    );
    RECOMMEND = Ask::new("brand recommend", "/channels/ec/product/productbrandrecommend")
        .shows(
            "",
            &[
                ("brand_id", "BRAND"),
                ("brand_name_chinese", "NAME"),
                ("brand_name_english", "FOREIGN NAME"),
            ],
        )
        .takes(&[("category", "cat_id"), ("image", "head_imgs")]);
    WITHDRAW = Ask::new("brand withdraw", "/channels/ec/brand/audit/cancel")
        .confirm(|| text!("Withdraw the application for a brand"))
        .look_up("brand list");
    REMOVE = Ask::new("brand remove", "/channels/ec/brand/delete")
        .confirm(|| text!("Delete a brand and take its products off sale"))
        .look_up("brand list");
}
