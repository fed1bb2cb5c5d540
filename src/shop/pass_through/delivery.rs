//! Verbs of `wxsell delivery` that are one call.

use super::{Ask, verbs};
use crate::text;

verbs! {
    COMPANIES = Ask::new("delivery companies", "/shop/delivery/get_company_list").shows(
        "company_list",
        &[("delivery_id", "CODE"), ("delivery_name", "CARRIER")],
    );
    SEND = Ask::new("delivery send", "/shop/delivery/send").look_up("order show ORDER --openid OPENID");
    RECEIVE = Ask::new("delivery receive", "/shop/delivery/recieve")
        .confirm(|| text!("Mark an order as received"))
        .look_up("order show ORDER --openid OPENID");
}
