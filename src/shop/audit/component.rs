//! Audits of the custom component: `/shop/spu/get_list` with drafts.

use super::Audit;
use crate::api::reader::{integer, seconds, text};
use crate::shop::Shop;
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
            number: text(&draft["out_product_id"]).filter(|number| !number.is_empty())?,
            submitted: seconds(&draft["audit_info"]["submit_time"]),
            is_open: integer(&draft["edit_status"]) == Some(IN_AUDIT),
        })
    });
    Ok(audits.collect())
}
