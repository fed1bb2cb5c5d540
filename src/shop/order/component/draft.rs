//! An order that is going to be reported. What the shop knows of its goods need not be said, and what does not add up is
//! named.

use super::price;
use crate::api::component::goods::Spu;
use crate::api::component::order::{Named, NewRow, draft as said};
use crate::api::json::{field, object, put, put_missing};
use crate::lang::Text;
use crate::model::order::Unfit;
use crate::shop::Shop;
use crate::shop::goods::Copy;
use crate::shop::order::{Drafted, OneLine};
use crate::shop::pass_through::order::CREATE;
use crate::text;
use crate::types::ChinaTime;
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::HashMap;

pub(in crate::shop::order) async fn draft(
    shop: &Shop,
    mut order: Value,
    lines: Vec<OneLine>,
    expires: Option<i64>,
    now: i64,
) -> Result<Drafted> {
    if !lines.is_empty() {
        let rows: Vec<NewRow> = lines.into_iter().map(row).collect();
        put(&mut order, "order_detail.product_infos", json!(rows));
    }
    if let Some(expires) = expires {
        put(&mut order, "expire_time", expires.into());
    }
    complete(&mut order, now);
    let unknown = from_the_shop(&mut order, shop).await?;
    price::fill(field(&mut order, "order_detail"));
    let problems = problems(&order, unknown, now);
    Ok(Drafted {
        body: order,
        problems,
    })
}

fn row(line: OneLine) -> NewRow {
    NewRow {
        out_product_id: line.product,
        product_cnt: line.count,
        out_sku_id: line.sku,
        title: line.title,
        head_img: line.image,
        path: line.page,
        sale_price: line.price,
        sku_real_price: line.paid,
    }
}

/// What is the same for nearly every order.
fn complete(order: &mut Value, now: i64) {
    for (path, value) in [
        ("fund_type", json!(1)),
        ("create_time", json!(ChinaTime::from_unix(now))),
        ("stringify_64bits_number", json!(true)),
        ("delivery_detail.delivery_type", json!(1)),
        ("order_detail.pay_info.pay_method_type", json!(0)),
    ] {
        put_missing(order, path, value);
    }
    object(field(order, "order_detail"), "price_info");
}

/// What is wrong with a row that names something the shop does not have.
struct Unknown {
    /// Its place among the rows.
    row: usize,
    problem: Text,
}

/// Takes title, picture, page, price and the only SKU of products from the shop, where a row lacks them. Gives the rows
/// that cannot be completed.
async fn from_the_shop(order: &mut Value, shop: &Shop) -> Result<Vec<Unknown>> {
    let mut unknown = Vec::new();
    let Some(Value::Array(rows)) = order.pointer_mut("/order_detail/product_infos") else {
        return Ok(unknown);
    };
    let mut known: HashMap<String, Option<Spu>> = HashMap::new();
    for (at, row) in rows.iter_mut().enumerate() {
        let named = Named::of(row);
        let Some(product) = named.product.clone().filter(|_| !named.is_whole) else {
            continue;
        };
        if !known.contains_key(&product) {
            let spu = shop.goods(&product, Copy::Online).await?;
            known.insert(product.clone(), spu);
        }
        let problem = match known.get(&product) {
            Some(Some(spu)) => lay_under(row, &named, spu),
            _ => Some(text!(
                "the shop has no product {number} that buyers see",
                number = &product
            )),
        };
        unknown.extend(problem.map(|problem| Unknown { row: at, problem }));
    }
    Ok(unknown)
}

fn lay_under(row: &mut Value, named: &Named, spu: &Spu) -> Option<Text> {
    let named = named.sku.as_deref();
    let sku = match named {
        Some(named) => spu.skus.iter().find(|sku| sku.out_sku_id == named),
        None if spu.skus.len() == 1 => spu.skus.first(),
        None => None,
    };
    let Some(sku) = sku else {
        let skus = spu.skus.iter().map(|sku| sku.out_sku_id.as_str());
        let skus = skus.collect::<Vec<_>>().join(", ");
        return Some(match named {
            Some(named) => text!(
                "product {product} has no SKU {sku}; it has {skus}",
                product = &spu.out_product_id,
                sku = named,
                skus
            ),
            None => text!(
                "product {product} has {count} SKUs; choose one with --sku: {skus}",
                product = &spu.out_product_id,
                count = spu.skus.len(),
                skus
            ),
        });
    };
    for (name, value) in [
        ("out_sku_id", json!(sku.out_sku_id)),
        ("sale_price", json!(sku.sale_price)),
        ("title", json!(spu.title)),
        ("path", json!(spu.path)),
        ("head_img", json!(spu.head_img.first())),
    ] {
        if !value.is_null() {
            put_missing(row, name, value);
        }
    }
    None
}

/// Everything that WeChat would refuse, as far as it is known, at once. A row that the shop does not know is one problem,
/// and not one for each field that could not be taken from there.
fn problems(order: &Value, unknown: Vec<Unknown>, now: i64) -> Vec<Text> {
    let (book, operation) = CREATE.operation();
    let mut problems: Vec<Text> = match &operation.request {
        Some(node) => book
            .check(node, order)
            .iter()
            .filter(|problem| {
                // What all of it costs follows from the rows.
                let sums = "order_detail.price_info.";
                let follows = !unknown.is_empty() && problem.field.starts_with(sums);
                !follows
                    && !unknown.iter().any(|unknown| {
                        let row = format!("order_detail.product_infos[{}]", unknown.row);
                        problem.field.starts_with(&row)
                    })
            })
            .map(|problem| problem.text())
            .collect(),
        None => Vec::new(),
    };
    if unknown.is_empty() {
        problems.extend(price::problems(&order["order_detail"]));
    }
    problems.extend(unknown.into_iter().map(|unknown| unknown.problem));
    problems.extend(said(order).unfit(now).into_iter().map(words));
    problems
}

fn words(unfit: Unfit) -> Text {
    match unfit {
        Unfit::Number => text!("out_order_id may have letters and digits only"),
        Unfit::Created => {
            text!("create_time is more than a day from now; WeChat accepts only orders of today")
        }
        Unfit::PayUntil => text!("expire_time is past"),
        Unfit::NotPrepaid => {
            text!("an ordinary order (fund_type 0) needs prepay_id and prepay_time")
        }
        Unfit::OtherPayment => {
            text!("a controlled order (fund_type 1) is paid with WeChat Pay: pay_method_type 0")
        }
        Unfit::NoReceiver => {
            text!("address_info is missing: give the receiver in a file with --address")
        }
        Unfit::NoLines => {
            text!("the order has no products: give one with --product, or a file")
        }
    }
}
