//! An application for a merchant number as `/shop/wxpay/apply` takes it.

pub mod check;
pub mod fields;
pub mod names;
pub mod template;

use super::Traits;
use serde_json::Value;

/// `id_doc_type` of an identity card of the mainland.
pub const MAINLAND: &str = "IDENTIFICATION_TYPE_MAINLAND_IDCARD";
/// `contact_type`
const LEGAL_PERSON: &str = "65";
pub const HANDLER: &str = "66";

/// What an application says of itself.
pub fn traits(application: &Value) -> Traits {
    let contact = &application["contact_info"]["contact_type"];
    Traits {
        by_card: application["id_doc_type"].as_str().unwrap_or(MAINLAND) == MAINLAND,
        has_account: !application["account_info"].is_null(),
        by_handler: contact == HANDLER,
        by_legal_person: contact == LEGAL_PERSON,
    }
}

/// The id of a picture in an application, also that of one that still lies on the disk; empty where it has none.
pub fn picture_id(picture: &Value) -> &str {
    picture["pay_media_id"].as_str().unwrap_or_default()
}
