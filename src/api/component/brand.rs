//! An application for a brand as `/shop/audit/audit_brand` takes it.

use crate::model::brand::{Application, Part, Stage};
use serde_json::Value;

/// Where each part stands in `brand_info`.
const PARTS: [(Part, &str); 12] = [
    (Part::Name, "brand_wording"),
    (Part::Trademark, "brand_audit_type"),
    (Part::Relation, "brand_management_type"),
    (Part::Class, "trademark_type"),
    (Part::Number, "trademark_registrant_nu"),
    (Part::Certificate, "trademark_registration_certificate"),
    (Part::Owner, "trademark_registrant"),
    (Part::LastDay, "trademark_authorization_period"),
    (Part::Acceptance, "trademark_registration_application"),
    (Part::Applicant, "trademark_applicant"),
    (Part::Applied, "trademark_application_time"),
    (Part::Authorization, "sale_authorization"),
];

/// `brand_management_type`: the merchant is an agent of the brand.
const AGENT: i64 = 2;

/// Reads an application.
pub fn application(request: &Value) -> Application {
    let papers = &request["audit_req"];
    let brand = &papers["brand_info"];
    let is_there = |value: &Value| match value {
        Value::Array(rows) => !rows.is_empty(),
        Value::String(text) => !text.is_empty(),
        value => !value.is_null(),
    };
    let license = is_there(&papers["license"]).then_some(Part::License);
    let said = PARTS
        .into_iter()
        .filter(|(_, name)| is_there(&brand[*name]))
        .map(|(part, _)| part);
    // 1 and 2 are domestic, 3 and 4 imported; the even ones are pending.
    let kind = brand["brand_audit_type"].as_i64();
    Application {
        says: license.into_iter().chain(said).collect(),
        stage: match kind {
            Some(1 | 3) => Some(Stage::Registered),
            Some(2 | 4) => Some(Stage::Pending),
            _ => None,
        },
        needs_authorization: matches!(kind, Some(3 | 4))
            || brand["brand_management_type"].as_i64() == Some(AGENT),
        class: brand["trademark_type"].as_str().map(str::to_owned),
    }
}
