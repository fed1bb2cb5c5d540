//! Verbs of `wxsell certificate` that are one call.

use super::{Ask, verbs};

verbs! {
    BRAND = Ask::new("certificate show", "/shop/audit/get_miniapp_certificate").shows(
        "brand_info",
        &[
            ("brand_wording", "BRAND"),
            ("sale_authorization", "SALES AUTHORIZATION"),
            (
                "trademark_registration_certificate",
                "REGISTRATION CERTIFICATE",
            ),
        ],
    );
    CATEGORY = Ask::new("certificate show", "/shop/audit/get_miniapp_certificate").shows(
        "category_info_list",
        &[
            ("first_category_name", "FIRST LEVEL"),
            ("second_category_name", "SECOND LEVEL"),
            ("certificate_url", "CERTIFICATES"),
        ],
    );
}
