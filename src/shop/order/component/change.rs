//! The price of an order, once more.

use super::price;
use crate::api::component::order::{Named, NewPriceInfo, NewPriceRow, NewPrices, bill};
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::order::NewPrice;
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use serde_json::Value;

/// What is wrong with new prices. The order tells the numbers of pieces, which the call itself does not carry.
pub(in crate::shop::order) fn problems(body: &Value, order: &Value) -> Vec<Text> {
    let mut new = bill(body);
    let detail = &order["order_detail"];
    let (before, known) = (bill(detail), Named::all(detail));
    for (row, named) in new.rows.iter_mut().zip(Named::all(body)) {
        let is = |known: &Named| (&known.product, &known.sku) == (&named.product, &named.sku);
        let same = known.iter().position(is);
        if let Some(same) = same {
            row.pieces = before.rows[same].pieces;
        }
    }
    price::wrong(&new)
}

/// The order's prices with the changes laid over them.
pub(in crate::shop::order) fn new_price(order: &Value, new: &NewPrice) -> Result<Value> {
    let detail = &order["order_detail"];
    let (mut bill, names) = (bill(detail), Named::all(detail));
    let is = |named: &Named, sku: &str| named.sku.as_deref() == Some(sku);
    let unknown: Vec<Text> = new
        .paid
        .iter()
        .filter(|(sku, _)| !names.iter().any(|named| is(named, sku)))
        .map(|(sku, _)| text!("the order has no SKU {sku}", sku))
        .collect();
    if !unknown.is_empty() {
        return Err(
            Failure::input(text!("the new price does not fit the order"))
                .also(unknown)
                .into(),
        );
    }
    for (row, named) in bill.rows.iter_mut().zip(&names) {
        let paid = new.paid.iter().find(|(sku, _)| is(named, sku));
        let paid = paid.map_or_else(|| row.paid_for_all(), |(_, paid)| paid.0);
        *row = row.repriced(paid);
    }
    let or_before = |given: Option<Fen>, before: Option<i64>| {
        Some(given.map_or(before.unwrap_or(0), |fen| fen.0))
    };
    bill.freight = or_before(new.freight, bill.freight);
    bill.surcharge = or_before(new.surcharge, bill.surcharge);
    bill.total_up();
    let rows = bill.rows.iter().zip(names);
    let rows = rows.map(|(row, named)| NewPriceRow {
        out_product_id: named.product,
        out_sku_id: named.sku,
        sale_price: row.price,
        sku_real_price: row.paid,
    });
    Ok(serde_json::to_value(NewPrices {
        product_infos: rows.collect(),
        price_info: NewPriceInfo {
            order_price: bill.total,
            freight: bill.freight,
            discounted_price: bill.discount,
            additional_price: bill.surcharge,
            additional_remarks: new.surcharge_for.as_deref(),
        },
    })?)
}
