//! The price of an order, once more.

use super::price;
use crate::api::json::put;
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::order::NewPrice;
use crate::text;
use anyhow::Result;
use serde_json::{Value, json};

/// What is wrong with new prices; the order tells the numbers of pieces.
pub(in crate::shop::order) fn problems(body: &Value, order: &Value) -> Vec<Text> {
    price::problems(&with_counts(body, order))
}

/// The order's prices with the changes laid over them.
pub(in crate::shop::order) fn new_price(order: &Value, new: &NewPrice) -> Result<Value> {
    let detail = &order["order_detail"];
    let none = Vec::new();
    let rows = detail["product_infos"].as_array().unwrap_or(&none);
    let unknown: Vec<Text> = new
        .paid
        .iter()
        .filter(|(sku, _)| !rows.iter().any(|row| row["out_sku_id"] == sku.as_str()))
        .map(|(sku, _)| text!("the order has no SKU {sku}", sku))
        .collect();
    if !unknown.is_empty() {
        return Err(
            Failure::input(text!("the new price does not fit the order"))
                .also(unknown)
                .into(),
        );
    }
    let (mut listed, mut real) = (0i64, 0i64);
    let mut new_rows = Vec::with_capacity(rows.len());
    for row in rows {
        let number = |field: &str| row[field].as_i64().unwrap_or(0);
        let count = number("product_cnt");
        let before = row["sku_real_price"]
            .as_i64()
            .unwrap_or_else(|| number("real_price") * count);
        let named = new
            .paid
            .iter()
            .find(|(sku, _)| row["out_sku_id"] == sku.as_str());
        let paid = named.map_or(before, |(_, paid)| paid.0);
        // A price above the list price is a new list price, where it divides.
        let listed_before = number("sale_price");
        let is_new = paid > listed_before * count && count > 0 && paid % count == 0;
        let sale = if is_new { paid / count } else { listed_before };
        (listed, real) = (listed + sale * count, real + paid);
        new_rows.push(json!({
            "out_product_id": row["out_product_id"], "out_sku_id": row["out_sku_id"],
            "sale_price": sale, "sku_real_price": paid,
        }));
    }
    let before = |field: &str| detail["price_info"][field].as_i64().unwrap_or(0);
    let freight = new.freight.map_or(before("freight"), |fen| fen.0);
    let surcharge = new
        .surcharge
        .map_or(before("additional_price"), |fen| fen.0);
    let mut price = json!({
        "order_price": real + freight + surcharge, "freight": freight,
        "discounted_price": listed - real, "additional_price": surcharge,
    });
    if let Some(remark) = &new.surcharge_for {
        put(&mut price, "additional_remarks", remark.as_str().into());
    }
    Ok(json!({"product_infos": new_rows, "price_info": price}))
}

/// The new prices with the numbers of pieces, which the call itself does not carry.
fn with_counts(body: &Value, order: &Value) -> Value {
    let mut detail = body.clone();
    let known = order["order_detail"]["product_infos"].as_array().cloned();
    let rows = detail
        .get_mut("product_infos")
        .and_then(Value::as_array_mut);
    for row in rows.into_iter().flatten() {
        let same = known.iter().flatten().find(|known| {
            known["out_product_id"] == row["out_product_id"]
                && known["out_sku_id"] == row["out_sku_id"]
        });
        if let Some(same) = same {
            put(row, "product_cnt", same["product_cnt"].clone());
        }
    }
    detail
}
