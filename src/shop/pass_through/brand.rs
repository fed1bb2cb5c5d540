//! Verbs of `wxsell brand` that are one call.

use super::{Ask, verbs};
use crate::text;

verbs! {
    APPLY = Ask::new("brand apply", "/shop/audit/audit_brand")
        .confirm(|| text!("Submit brand documents for review"))
        .look_up("audit show --brand");
}
