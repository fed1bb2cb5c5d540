//! Verbs of `wxsell category` that are one call.

use super::{Ask, verbs};
use crate::text;

verbs! {
    APPLY = Ask::new("category apply", "/shop/audit/audit_category")
        .confirm(|| text!("Submit category documents for review"))
        .look_up("audit show --category");
    DEPOSIT = Ask::new("category rule", "/shop/ec/category/getcategoryrule")
        .shows("", &[("deposit", "DEPOSIT")]);
    DELIVERY = Ask::new("category rule", "/shop/ec/category/getcategoryrule").shows(
        "list",
        &[("deliver_type", "DELIVERY"), ("acct_type", "ACCOUNTS")],
    );
}
