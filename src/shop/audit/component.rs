//! Audits of the custom component: `/shop/spu/get_list` with drafts.

use super::Audit;
use crate::api::reader::{self, integer, seconds};
use crate::lang::Text;
use crate::shop::Shop;
use crate::text;
use anyhow::Result;
use serde_json::{Value, json};

/// `edit_status` of a product that is in audit.
const IN_AUDIT: i64 = 2;

/// The drafts of all products as they came.
pub(in crate::shop) async fn drafts(shop: &Shop) -> Result<Vec<Value>> {
    shop.read_list("/shop/spu/get_list", &json!({"need_edit_spu": 1}), "spus")
        .await
}

pub(super) async fn audits(shop: &Shop) -> Result<Vec<Audit>> {
    let drafts = drafts(shop).await?;
    let audits = drafts.iter().filter_map(|draft| {
        Some(Audit {
            number: reader::text(&draft["out_product_id"]).filter(|number| !number.is_empty())?,
            submitted: seconds(&draft["audit_info"]["submit_time"]),
            is_open: integer(&draft["edit_status"]) == Some(IN_AUDIT),
        })
    });
    Ok(audits.collect())
}

/// What the kind of trademark and the relation to it ask for.
pub(super) fn brand_problems(body: &Value) -> Vec<Text> {
    let brand = &body["audit_req"]["brand_info"];
    let is_there = |value: &Value| match value {
        Value::Array(rows) => !rows.is_empty(),
        Value::String(text) => !text.is_empty(),
        value => !value.is_null(),
    };
    let kind = brand["brand_audit_type"].as_i64();
    let registered = matches!(kind, Some(1 | 3));
    let pending = matches!(kind, Some(2 | 4));
    let authorized = matches!(kind, Some(3 | 4)) || brand["brand_management_type"] == 2;
    let wanted = [
        (true, &body["audit_req"]["license"], "--license"),
        (true, &brand["brand_wording"], "BRAND_WORDING"),
        (true, &brand["brand_audit_type"], "--trademark"),
        (true, &brand["brand_management_type"], "--relation"),
        (true, &brand["trademark_type"], "--class"),
        (true, &brand["trademark_registrant_nu"], "--number"),
        (
            registered,
            &brand["trademark_registration_certificate"],
            "--certificate",
        ),
        (registered, &brand["trademark_registrant"], "--owner"),
        (
            registered,
            &brand["trademark_authorization_period"],
            "--valid-until",
        ),
        (
            pending,
            &brand["trademark_registration_application"],
            "--acceptance",
        ),
        (pending, &brand["trademark_applicant"], "--applicant"),
        (
            pending,
            &brand["trademark_application_time"],
            "--applied-on",
        ),
        (authorized, &brand["sale_authorization"], "--authorization"),
    ];
    let mut problems: Vec<Text> = wanted
        .into_iter()
        .filter(|(needed, value, _)| *needed && !is_there(value))
        .map(|(.., option)| text!("{option} is needed for this kind of brand", option))
        .collect();
    let class = brand["trademark_type"].as_str();
    let number = class.map(|class| class.parse::<u8>().unwrap_or_default());
    if number.is_some_and(|number| !(1..=45).contains(&number)) {
        problems.push(text!("the class of a trademark is a number from 1 to 45"));
    }
    problems
}
