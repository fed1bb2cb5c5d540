//! Verbs of `wxsell merchant` that are one call.

use super::{Ask, Field, verbs};
use crate::text;

/// What is shown beside an application: how it stands, and who has to do what.
pub const STATE: Field = Field("state");
pub const NEXT: Field = Field("next");

verbs! {
    APPLY = Ask::new("merchant apply", "/shop/wxpay/apply")
        .confirm(|| text!("Submit the application for a merchant number"))
        .look_up("merchant application");
    INFO = Ask::new("merchant fixed", "/shop/wxpay/get_info").shows(
        "pay_req",
        &[
            ("organization_type", "LEGAL ENTITY"),
            ("business_license_info.merchant_name", "MERCHANT"),
            ("business_license_info.business_license_number", "LICENSE"),
            ("contact_info.contact_name", "SUPER ADMINISTRATOR"),
            ("contact_info.contact_id_card_number", "IDENTITY NUMBER"),
            ("contact_info.mobile_phone", "PHONE"),
            ("merchant_shortname", "SHORT NAME"),
            ("sales_scene_info.store_name", "SHOP"),
        ],
    );
    GET = Ask::new("merchant application", "/shop/wxpay/get");
    CATEGORY = Ask::new("merchant apply", "/channels/ec/category/add")
        .confirm(|| text!("Submit category documents for review"))
        .look_up("category mine");
    BRAND = Ask::new("merchant apply", "/channels/ec/brand/add")
        .confirm(|| text!("Submit brand documents for review"))
        .look_up("brand mine");
    BRAND_AGAIN = Ask::new("merchant apply", "/channels/ec/brand/update")
        .confirm(|| text!("Submit brand documents for review"))
        .look_up("brand mine");
    ADDRESS = Ask::new("merchant apply", "/channels/ec/merchant/address/add").look_up("address list");
    FREIGHT = Ask::new("merchant apply", "/channels/ec/merchant/addfreighttemplate").look_up("freight list");
}
