//! Commissions of an order as `/shop/commission/setordercommission` takes them.

use super::Commission;
use crate::api::reader::{integer, text};
use crate::types::Fen;
use serde_json::Value;

pub(super) fn commissions(body: &Value) -> Vec<Commission> {
    let rows = body["commission_list"].as_array().into_iter().flatten();
    rows.map(|row| Commission {
        product: text(&row["out_product_id"]).unwrap_or_default(),
        sku: text(&row["out_sku_id"]).unwrap_or_default(),
        amount: integer(&row["amount"]).map(Fen),
    })
    .collect()
}
