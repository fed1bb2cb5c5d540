//! Verbs of `wxsell brand` that are one call.

use super::{Ask, Field, verbs};
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

verbs! {
    APPLY = Ask::new("brand apply", "/shop/audit/audit_brand")
        .confirm(|| text!("Submit brand documents for review"))
        .look_up("audit show --brand");
}
