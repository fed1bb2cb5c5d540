//! Verbs of `wxsell delivery` that are one call.

use super::{Ask, Field, verbs};
use crate::text;

pub const CARRIER: Field = Field("delivery_id");
pub const CARRIER_NAME: Field = Field("delivery_name");

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
