//! `wxsell order create`: an order from a file, or from options for one product. What the shop knows of its goods need
//! not be typed, and what does not add up is not sent.

use super::super::Ctx;
use super::super::ask::{Data, fields};
use super::price;
use crate::api::component::goods::Spu;
use crate::api::json::{field, put};
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::goods::Copy;
use crate::shop::pass_through::order::CREATE;
use crate::text;
use crate::types::{ChinaTime, Fen};
use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

const DAY: i64 = 86_400;

/// Report an order
///
/// From a file, or from options for one product. Title, images, page and price of the goods are taken from the shop
/// when they are left out; amounts are checked by both of WeChat's price rules before anything is sent. The first
/// order of a number stands: a second report changes nothing.
#[derive(Debug, clap::Args, Serialize)]
pub struct Args {
    /// Your own number of the order: letters and digits
    #[arg(value_name = "ORDER", required_unless_present = "file")]
    out_order_id: Option<String>,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
    /// The buyer in this Mini Program
    #[arg(long, value_name = "OPENID", required_unless_present = "file")]
    openid: Option<String>,
    /// Your own number of the buyer
    #[arg(long, value_name = "NUMBER")]
    out_user_id: Option<String>,
    /// Who controls the money
    #[arg(long, value_enum)]
    #[serde(serialize_with = "as_number")]
    fund_type: Option<Fund>,
    /// Scene that the Mini Program was opened from, e.g. 1177
    #[arg(long, required_unless_present = "file")]
    scene: Option<i64>,
    /// Page of the order in the Mini Program, with the order's number in it
    #[arg(long, value_name = "PATH", required_unless_present = "file")]
    path: Option<String>,
    #[command(flatten)]
    #[serde(skip)]
    goods: Goods,
    /// What the buyer pays in all, yuan; computed when left out
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    #[serde(rename = "order_detail.price_info.order_price")]
    total: Option<Fen>,
    /// Freight, yuan; none when left out
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    #[serde(rename = "order_detail.price_info.freight")]
    freight: Option<Fen>,
    /// What is taken off, yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    #[serde(rename = "order_detail.price_info.discounted_price")]
    discount: Option<Fen>,
    /// What is added, such as tax, yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    #[serde(rename = "order_detail.price_info.additional_price")]
    surcharge: Option<Fen>,
    /// What the surcharge is for
    #[arg(long, value_name = "TEXT")]
    #[serde(rename = "order_detail.price_info.additional_remarks")]
    surcharge_for: Option<String>,
    /// Number of the prepayment, for fund type ordinary
    #[arg(long, value_name = "NUMBER")]
    #[serde(rename = "order_detail.pay_info.prepay_id")]
    prepay_id: Option<String>,
    /// When the prepayment was made, China time
    #[arg(long, value_name = "TIME", value_parser = crate::cli::values::china_time)]
    #[serde(rename = "order_detail.pay_info.prepay_time")]
    prepay_time: Option<ChinaTime>,
    /// JSON or TOML file with the receiver (receiver_name, tel_number, province, city, town, detailed_address)
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    #[serde(skip)]
    address: Option<PathBuf>,
    /// How long the buyer may take to pay, e.g. 30m
    #[arg(long, value_name = "DURATION", value_parser = crate::cli::values::duration)]
    #[serde(skip)]
    pay_within: Option<Duration>,
    /// Days after receipt in which after-sales are possible
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(5..))]
    aftersale_duration: Option<i64>,
    /// traceId that wx.checkBeforeAddOrder gave
    #[arg(long, value_name = "ID")]
    trace_id: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct Goods {
    /// Your own number of the product
    #[arg(long, value_name = "OUT_PRODUCT_ID")]
    product: Option<String>,
    /// Your own number of the SKU; not needed where the product has one
    #[arg(long, value_name = "OUT_SKU_ID", requires = "product")]
    sku: Option<String>,
    /// Number of pieces
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..))]
    count: i64,
    /// Price of one piece, yuan; the shop's when left out
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan, requires = "product")]
    price: Option<Fen>,
    /// Paid for all pieces together, yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan, requires = "product")]
    paid: Option<Fen>,
    /// Title of the product
    #[arg(long, value_name = "TEXT", requires = "product")]
    title: Option<String>,
    /// Main image of the product
    #[arg(long, value_name = "URL", requires = "product")]
    head_img: Option<String>,
    /// Page of the product in the Mini Program
    #[arg(long, value_name = "PATH", requires = "product")]
    product_path: Option<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Fund {
    /// WeChat takes the money and settles it
    Controlled,
    /// Paid through the merchant's own contract
    Ordinary,
}

fn as_number<S: serde::Serializer>(
    fund: &Option<Fund>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    match fund {
        Some(Fund::Controlled) => serializer.serialize_i64(1),
        Some(Fund::Ordinary) => serializer.serialize_i64(0),
        None => serializer.serialize_none(),
    }
}

pub async fn run(args: Args, ctx: &Ctx) -> Result<()> {
    let now = ctx.clock()?;
    let mut order = fields(&args, args.data.read()?)?;
    if let Some(path) = args.address {
        let file = Data { file: Some(path) };
        put(&mut order, "address_info", file.read()?);
    }
    if let Some(product) = args.goods.product.clone() {
        put(
            &mut order,
            "order_detail.product_infos",
            json!([row(&args.goods, product)]),
        );
    }
    if let Some(within) = args.pay_within {
        let seconds = i64::try_from(within.as_secs()).unwrap_or(i64::MAX);
        put(
            &mut order,
            "expire_time",
            now.saturating_add(seconds).into(),
        );
    }
    complete(&mut order, now);
    let unknown = from_the_shop(&mut order, ctx).await?;
    price::fill(field(&mut order, "order_detail"));
    check(&order, unknown, args.data.file.is_some(), now)?;
    ctx.send_and_show(&CREATE, &order).await
}

fn row(goods: &Goods, product: String) -> Value {
    let mut row = json!({"out_product_id": product, "product_cnt": goods.count});
    let texts = [
        ("out_sku_id", &goods.sku),
        ("title", &goods.title),
        ("head_img", &goods.head_img),
        ("path", &goods.product_path),
    ];
    for (field, given) in texts {
        if let Some(given) = given {
            row[field] = given.as_str().into();
        }
    }
    for (field, given) in [("sale_price", goods.price), ("sku_real_price", goods.paid)] {
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
async fn from_the_shop(order: &mut Value, ctx: &Ctx) -> Result<Vec<Unknown>> {
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
            let spu = ctx.shop().await?.goods(&product, Copy::Online).await?;
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
fn check(order: &Value, unknown: Vec<Unknown>, from_file: bool, now: i64) -> Result<()> {
    let (book, operation) = CREATE.operation();
    let mut problems: Vec<Text> = match &operation.request {
        Some(node) => book
            .check(node, order)
            .iter()
            .filter(|problem| {
                !unknown.iter().any(|unknown| {
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
    if problems.is_empty() {
        return Ok(());
    }
    Err(
        Failure::input(text!("the order is not complete or does not add up"))
            .also(problems)
            .hint(if from_file {
                text!(
                    "`wxsell api describe {path}` shows its fields; nothing was sent",
                    path = CREATE.path
                )
            } else {
                text!("nothing was sent; `wxsell goods list --online` shows what can be ordered")
            })
            .into(),
    )
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
