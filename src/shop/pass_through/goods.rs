//! Verbs of `wxsell goods` that are one call.

use super::{Ask, Places, verbs};
use crate::text;

/// Where the switches stand; WeChat documents their names and values alone.
const SWITCHES: Places = &[
    ("error_fields", "audit_strategy.hide_err_field_flag"),
    ("duplicates", "audit_strategy.hit_duplicated_flag"),
    ("low_risk", "audit_strategy.hit_low_risk_rule_flag"),
];

verbs! {
    STRATEGY = Ask::new("goods audit-strategy show", "/channels/ec/product/auditstrategy/get").shows(
        "audit_strategy",
        &[
            ("hide_err_field_flag", "FIELDS WITH ERRORS"),
            ("hit_duplicated_flag", "DUPLICATES"),
            ("hit_low_risk_rule_flag", "LOW RISKS"),
        ],
    );
    SET_STRATEGY = Ask::new("goods audit-strategy set", "/channels/ec/product/auditstrategy/set")
        .confirm(|| text!("Change what the platform may do on its own when products are submitted"))
        .look_up("goods audit-strategy show").takes(SWITCHES);
}
