//! What may still be changed of an order: the price, once and before it is paid; the address, before it is shipped.

use super::super::Ctx;
use super::super::ask::{Data, fields, request};
use super::find::Which;
use super::price;
use crate::api::json::put;
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::pass_through::order::{CHANGE_PRICE, UPDATE_ADDRESS};
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use serde_json::{Value, json};

/// Change what an order costs, once, before it is paid
///
/// Rows that are not named keep what they cost. Payment arguments that were fetched before are void.
#[derive(Debug, clap::Args)]
pub struct PriceArgs {
    #[command(flatten)]
    which: Which,
    /// Paid for all pieces of a SKU together, yuan (can be repeated)
    #[arg(long = "paid", value_name = "OUT_SKU_ID=YUAN", value_parser = sku_price)]
    paid: Vec<(String, Fen)>,
    /// Freight, yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    freight: Option<Fen>,
    /// What is added, such as tax, yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    surcharge: Option<Fen>,
    /// What the surcharge is for
    #[arg(long, value_name = "TEXT")]
    surcharge_for: Option<String>,
    #[command(flatten)]
    data: Data,
}

/// Change the receiver of an order that is not shipped
///
/// The receiver comes from a file, so that it does not stand in the history of the shell. WeChat has refused it for
/// orders that were paid already (1010034).
#[derive(Debug, clap::Args)]
pub struct AddressArgs {
    #[command(flatten)]
    which: Which,
    /// JSON or TOML file with receiver_name, tel_number, province, city, town, detailed_address; `-` for standard input
    #[arg(long = "file", value_name = "PATH", required = true, value_hint = clap::ValueHint::FilePath)]
    file: std::path::PathBuf,
}

fn sku_price(text: &str) -> std::result::Result<(String, Fen), Text> {
    let wrong = || text!("write the SKU and what is paid for it, e.g. TEA-1001-250G=198.00");
    let (sku, yuan) = text.rsplit_once('=').ok_or_else(wrong)?;
    let paid = Fen::from_yuan(yuan).map_err(|_| wrong())?;
    Ok((sku.to_owned(), paid))
}

pub async fn price(args: PriceArgs, ctx: &Ctx) -> Result<()> {
    let from_file = args.data.read()?;
    let mut key = args.which.key(ctx).await?;
    let order = super::read(ctx, &key).await?.record;
    let base = match args.data.file {
        Some(_) => from_file,
        None => new_price(&order, &args)?,
    };
    // This call knows orders by the merchant's number alone.
    key.order_id = None;
    key.out_order_id = order["out_order_id"].as_str().map(str::to_owned);
    let body = request(&CHANGE_PRICE, &key, base)?;
    let problems = price::problems(&with_counts(&body, &order));
    if !problems.is_empty() {
        return Err(
            Failure::input(text!("the new price does not add up; nothing was sent"))
                .also(problems)
                .into(),
        );
    }
    ctx.send_and_show(&CHANGE_PRICE, &body).await
}

/// The order's prices with the changes laid over them.
fn new_price(order: &Value, args: &PriceArgs) -> Result<Value> {
    let detail = &order["order_detail"];
    let none = Vec::new();
    let rows = detail["product_infos"].as_array().unwrap_or(&none);
    let unknown: Vec<Text> = args
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
        let named = args
            .paid
            .iter()
            .find(|(sku, _)| row["out_sku_id"] == sku.as_str());
        let paid = named.map_or(before, |(_, paid)| paid.0);
        // A price above the list price is a new list price, where it divides.
        let sale = match paid > number("sale_price") * count && count > 0 && paid % count == 0 {
            true => paid / count,
            false => number("sale_price"),
        };
        (listed, real) = (listed + sale * count, real + paid);
        new_rows.push(json!({
            "out_product_id": row["out_product_id"], "out_sku_id": row["out_sku_id"],
            "sale_price": sale, "sku_real_price": paid,
        }));
    }
    let before = |field: &str| detail["price_info"][field].as_i64().unwrap_or(0);
    let freight = args.freight.map_or(before("freight"), |fen| fen.0);
    let surcharge = args
        .surcharge
        .map_or(before("additional_price"), |fen| fen.0);
    let price = json!({
        "order_price": real + freight + surcharge, "freight": freight,
        "discounted_price": listed - real, "additional_price": surcharge,
    });
    let remark = json!({"price_info.additional_remarks": args.surcharge_for});
    fields(
        &remark,
        json!({"product_infos": new_rows, "price_info": price}),
    )
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

pub async fn address(args: AddressArgs, ctx: &Ctx) -> Result<()> {
    let file = Data {
        file: Some(args.file),
    };
    let base = json!({"address_info": file.read()?});
    let key = args.which.key(ctx).await?;
    ctx.ask_with(&UPDATE_ADDRESS, &key, base).await
}
