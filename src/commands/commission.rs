//! `wxsell commission`: what third-party providers get of an order.

use super::Ctx;
use super::ask::{Data, request};
use crate::api::component;
use crate::api::json::put;
use crate::commands::shows::Shows;
use crate::fail::{Failure, failure};
use crate::lang::Text;
use crate::shop::pass_through::commission::{ADD, ORDER, RECEIVERS, REMOVE, SET};
use crate::text;
use crate::types::{Fen, Id64};
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use serde_json::{Value, json};

/// The most that may be given away of what was paid for a SKU, in percent.
const MOST: i64 = 30;

/// Give third-party providers their share of orders
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List who may receive commissions
    Receivers,
    Add(AddArgs),
    Remove(RemoveArgs),
    Set(Box<SetArgs>),
}

/// Let a provider receive commissions
///
/// Only the provider itself can do this: the call needs the token of an authorized third-party platform, and the
/// merchant number must be of the same entity as that platform.
#[derive(Debug, clap::Args, Serialize)]
pub struct AddArgs {
    /// Merchant number of the provider
    mchid: String,
    /// Full legal name behind that number
    #[arg(long)]
    name: String,
}

/// Take a provider off the list
#[derive(Debug, clap::Args, Serialize)]
pub struct RemoveArgs {
    /// Merchant number of the provider
    mchid: String,
}

/// Set the commission of an order
///
/// Replaces what was set before; paid when the order settles. For each SKU at most 30 % of what was paid for it, nothing for
/// a SKU with a refund. Several rows come from a file.
#[derive(Debug, clap::Args, Serialize)]
pub struct SetArgs {
    /// Your own order number
    #[arg(long = "order", value_name = "NUMBER")]
    out_order_id: Option<String>,
    /// WeChat's order number instead
    #[arg(long, value_name = "NUMBER", conflicts_with = "out_order_id")]
    order_id: Option<Id64>,
    /// Openid of the buyer
    #[arg(long)]
    openid: Option<String>,
    /// Merchant number of the provider
    #[arg(long, value_name = "NUMBER", requires = "amount")]
    #[serde(skip)]
    mchid: Option<String>,
    /// Your own product number
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip)]
    product: Option<String>,
    /// Your own SKU number
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip)]
    sku: Option<String>,
    /// How much of it, in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan, requires = "mchid")]
    #[serde(skip)]
    amount: Option<Fen>,
    /// Take back what was set
    #[arg(long, conflicts_with_all = ["mchid", "file"])]
    #[serde(skip)]
    none: bool,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Receivers => ctx.ask(&RECEIVERS, &json!({})).await,
        Verb::Add(args) => {
            let base = json!({"account_type": 0, "commission_type": 1});
            ctx.ask_with(&ADD, &args, base).await.map_err(of_provider)
        }
        Verb::Remove(args) => {
            let base = json!({"account_type": 0, "commission_type": 1});
            ctx.ask_with(&REMOVE, &args, base)
                .await
                .map_err(of_provider)
        }
        Verb::Set(args) => set(*args, ctx).await,
    }
}

/// What a merchant's own token is told.
fn of_provider(error: anyhow::Error) -> anyhow::Error {
    let denied = failure(&error).is_some_and(|failure| failure.errcode == Some(48001));
    if !denied {
        return error;
    }
    let mut failure = Failure::from_any(error);
    failure.hint = Some(text!(
        "receivers are kept by the third-party platform: call with the token that the merchant authorized it with"
    ));
    failure.into()
}

async fn set(args: SetArgs, ctx: &Ctx) -> Result<()> {
    let mut base = args.data.read()?;
    if args.none {
        put(&mut base, "commission_list", json!([]));
    }
    if let (Some(mchid), Some(amount)) = (&args.mchid, args.amount) {
        put(
            &mut base,
            "commission_list",
            json!([{
                "mchid": mchid, "account_type": 0, "out_product_id": args.product.as_deref().unwrap_or_default(),
                "out_sku_id": args.sku.as_deref().unwrap_or_default(), "amount": amount, "commission_type": 1,
            }]),
        );
    }
    let body = request(&SET, &args, base)?;
    if body["commission_list"]
        .as_array()
        .is_some_and(|rows| !rows.is_empty())
    {
        let mut which = body.clone();
        if let Some(which) = which.as_object_mut() {
            which.retain(|name, _| name != "commission_list");
        }
        match ctx.send(&ORDER, &which).await {
            Ok(reply) => within_limits(&body, &reply.unwrap_or_default()["order"])?,
            Err(error) if failure(&error).is_some_and(|f| f.errcode == Some(1_010_011)) => {
                return Err(error);
            }
            Err(_) => ctx.out.note(text!(
                "the order cannot be read, so that only WeChat checks the limit of 30 %"
            )),
        }
    }
    ctx.send_and_show(&SET, &body).await
}

/// Holds the rows against the order; names every problem.
fn within_limits(body: &Value, order: &Value) -> Result<()> {
    let rows = body["commission_list"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let sold = component::order::order(order).value;
    let mut problems: Vec<Text> = Vec::new();
    let mut seen: Vec<(&Value, &Value)> = Vec::new();
    for row in rows {
        let key = (&row["out_product_id"], &row["out_sku_id"]);
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let same = |other: &&Value| (&other["out_product_id"], &other["out_sku_id"]) == key;
        let name = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let Some(line) = sold.line(&name(key.0), &name(key.1)) else {
            problems.push(text!(
                "product {product}, SKU {sku} is not in the order",
                product = name(key.0),
                sku = name(key.1)
            ));
            continue;
        };
        let together: i64 = rows
            .iter()
            .filter(same)
            .filter_map(|row| row["amount"].as_i64())
            .sum();
        let paid = line.paid.unwrap_or_default().0;
        if together.saturating_mul(100) > paid.saturating_mul(MOST) {
            problems.push(text!(
                "product {product}, SKU {sku}: {amount} yuan are more than 30 % of the {paid} yuan paid; {most} yuan are the most",
                product = name(key.0),
                sku = name(key.1),
                amount = Fen(together).to_yuan(),
                paid = Fen(paid).to_yuan(),
                most = Fen(paid * MOST / 100).to_yuan()
            ));
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(
        Failure::input(text!("the commissions do not fit the order"))
            .also(problems)
            .hint(text!("nothing was sent"))
            .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(rows: Value) -> Vec<String> {
        let order = json!({"order_detail": {"product_infos": [
            {"out_product_id": "T", "out_sku_id": "T1", "product_cnt": 2, "sku_real_price": 9999},
            {"out_product_id": "T", "out_sku_id": "T2", "product_cnt": 2, "real_price": 1000},
        ]}});
        match within_limits(&json!({ "commission_list": rows }), &order) {
            Ok(()) => Vec::new(),
            Err(error) => {
                let also = &failure(&error).expect("a failure").also;
                also.iter().map(ToString::to_string).collect()
            }
        }
    }

    #[test]
    fn thirty_percent_of_what_was_paid_are_the_most() {
        let row = |sku: &str, amount: i64| json!({"out_product_id": "T", "out_sku_id": sku, "amount": amount});
        assert_eq!(refused(json!([row("T1", 2999), row("T2", 600)])), [""; 0]);
        assert_eq!(
            refused(json!([
                row("T1", 2000),
                row("T1", 1000),
                row("T2", 601),
                row("T3", 1)
            ])),
            [
                "product T, SKU T1: 30.00 yuan are more than 30 % of the 99.99 yuan paid; 29.99 yuan are the most",
                "product T, SKU T2: 6.01 yuan are more than 30 % of the 20.00 yuan paid; 6.00 yuan are the most",
                "product T, SKU T3 is not in the order",
            ]
        );
    }
}
