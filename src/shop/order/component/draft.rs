//! An order that is going to be reported. What the shop knows of its goods need not be said, and what does not add up is
//! named.

use super::price;
use crate::api::component::goods::Spu;
use crate::api::json::{field, put};
use crate::lang::Text;
use crate::shop::Shop;
use crate::shop::goods::Copy;
use crate::shop::order::{Drafted, OneLine};
use crate::shop::pass_through::order::CREATE;
use crate::text;
use crate::types::span::DAY;
use crate::types::{ChinaTime, Fen};
use anyhow::Result;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

pub(in crate::shop::order) async fn draft(
    shop: &Shop,
    mut order: Value,
    lines: Vec<OneLine>,
    expires: Option<i64>,
    now: i64,
) -> Result<Drafted> {
    if !lines.is_empty() {
        let rows = lines.into_iter().map(row).collect();
        put(&mut order, "order_detail.product_infos", rows);
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

fn row(line: OneLine) -> Value {
    let mut row = json!({"out_product_id": line.product, "product_cnt": line.count});
    let texts = [
        ("out_sku_id", &line.sku),
        ("title", &line.title),
        ("head_img", &line.image),
        ("path", &line.page),
    ];
    for (field, given) in texts {
        if let Some(given) = given {
            row[field] = given.as_str().into();
        }
    }
    for (field, given) in [("sale_price", line.price), ("sku_real_price", line.paid)] {
        if let Some(Fen(fen)) = given {
            row[field] = fen.into();
        }
    }
    row
}

/// What is the same for nearly every order.
fn complete(order: &mut Value, now: i64) {
    let defaults = [
        ("/fund_type", json!(1)),
        ("/create_time", json!(ChinaTime::from_unix(now))),
        ("/stringify_64bits_number", json!(true)),
        ("/delivery_detail/delivery_type", json!(1)),
        ("/order_detail/pay_info/pay_method_type", json!(0)),
    ];
    for (path, value) in defaults {
        let mut here = &mut *order;
        for name in path.split('/').skip(1) {
            if !here.is_object() && !here.is_null() {
                break;
            }
            here = field(here, name);
        }
        if here.is_null() {
            *here = value;
        }
    }
    if !order["order_detail"]["price_info"].is_object() {
        put(order, "order_detail.price_info", Value::Object(Map::new()));
    }
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
        let lacks = ["out_sku_id", "title", "head_img", "path", "sale_price"]
            .iter()
            .any(|field| row[*field].is_null());
        let Some(product) = row["out_product_id"].as_str().filter(|_| lacks) else {
            continue;
        };
        let product = product.to_owned();
        if !known.contains_key(&product) {
            let spu = shop.goods(&product, Copy::Online).await?;
            known.insert(product.clone(), spu);
        }
        let problem = match known.get(&product) {
            Some(Some(spu)) => lay_under(row, spu),
            _ => Some(text!(
                "the shop has no product {number} that buyers see",
                number = &product
            )),
        };
        unknown.extend(problem.map(|problem| Unknown { row: at, problem }));
    }
    Ok(unknown)
}

fn lay_under(row: &mut Value, spu: &Spu) -> Option<Text> {
    let named = row["out_sku_id"].as_str();
    let sku = match named {
        Some(named) => spu.skus.iter().find(|sku| sku.out_sku_id == named),
        None if spu.skus.len() == 1 => spu.skus.first(),
        None => None,
    };
    if sku.is_none() {
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
    }
    let mut lay = |field: &str, value: Option<Value>| {
        if let (Value::Null, Some(value)) = (&row[field], value) {
            row[field] = value;
        }
    };
    lay("out_sku_id", sku.map(|sku| json!(sku.out_sku_id)));
    lay("sale_price", sku.map(|sku| json!(sku.sale_price)));
    lay("title", Some(json!(spu.title)));
    lay("path", Some(json!(spu.path)));
    lay("head_img", spu.head_img.first().map(|link| json!(link)));
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
    problems.extend(of_the_rest(order, now));
    problems
}

fn of_the_rest(order: &Value, now: i64) -> Vec<Text> {
    let mut problems = Vec::new();
    let number = order["out_order_id"].as_str().unwrap_or_default();
    if !number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        problems.push(text!("out_order_id may have letters and digits only"));
    }
    let created = order["create_time"].as_str().map(str::to_owned);
    let created = created.and_then(|time| ChinaTime(time).unix());
    if created.is_some_and(|created| (created - now).abs() > DAY) {
        problems.push(text!(
            "create_time is more than a day from now; WeChat takes orders of today alone"
        ));
    }
    if let Some(expires) = order["expire_time"].as_i64()
        && expires <= created.unwrap_or(now).max(now)
    {
        problems.push(text!("expire_time is past"));
    }
    let pay = &order["order_detail"]["pay_info"];
    let prepaid = pay["prepay_id"].is_string() && pay["prepay_time"].is_string();
    match (order["fund_type"].as_i64(), pay["pay_method_type"].as_i64()) {
        (Some(0), Some(0)) if !prepaid => problems.push(text!(
            "an ordinary order (fund_type 0) needs prepay_id and prepay_time"
        )),
        (Some(1), Some(1..)) => problems.push(text!(
            "a controlled order (fund_type 1) is paid with WeChat Pay: pay_method_type 0"
        )),
        _ => {}
    }
    let delivery = order["delivery_detail"]["delivery_type"].as_i64();
    if delivery != Some(2) && order["address_info"].is_null() {
        problems.push(text!(
            "address_info is missing: give the receiver in a file with --address"
        ));
    }
    if order["order_detail"]["product_infos"]
        .as_array()
        .is_none_or(Vec::is_empty)
    {
        problems.push(text!(
            "the order has no products: name one with --product, or give a file"
        ));
    }
    problems
}
