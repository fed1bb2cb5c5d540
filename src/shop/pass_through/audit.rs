//! Verbs of `wxsell audit` that are one call.

use super::{Ask, Field, verbs};

pub const TICKET: Field = Field("audit_id");

verbs! {
    RESULT = Ask::new("audit show", "/shop/audit/result").shows(
        "data",
        &[
            ("status", "STATE"),
            ("brand_id", "BRAND"),
            ("reject_reason", "REJECTION REASON"),
        ],
    );
}
