//! Audits of the custom component: `/shop/spu/get_list` with drafts.

use super::Audit;
use crate::api::component::brand::application;
use crate::api::reader::{self, integer, seconds};
use crate::lang::Text;
use crate::model::brand::Part;
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
    let application = application(body);
    let missing = application.missing().into_iter().map(option);
    let mut problems: Vec<Text> = missing
        .map(|option| text!("{option} is needed for this kind of brand", option))
        .collect();
    if application.has_odd_class() {
        problems.push(text!("the class of a trademark is a number from 1 to 45"));
    }
    problems
}

/// What says a part.
fn option(part: Part) -> &'static str {
    match part {
        Part::License => "--license",
        Part::Name => "BRAND_WORDING",
        Part::Trademark => "--trademark",
        Part::Relation => "--relation",
        Part::Class => "--class",
        Part::Number => "--number",
        Part::Certificate => "--certificate",
        Part::Owner => "--owner",
        Part::LastDay => "--valid-until",
        Part::Acceptance => "--acceptance",
        Part::Applicant => "--applicant",
        Part::Applied => "--applied-on",
        Part::Authorization => "--authorization",
    }
}
