//! `wxsell commission`: what third-party providers get of an order.

use super::Ctx;
use super::ask::{Data, request};
use crate::api::component;
use crate::api::json::put;
use crate::api::json::take;
use crate::commands::shows::Shows;
use crate::fail::{Failure, failure};
use crate::shop::commission::{commissions, problems};
use crate::shop::pass_through::commission::{ADD, ORDER, RECEIVERS, REMOVE, SET};
use crate::text;
use crate::types::{Fen, Id64};
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

/// Give third-party providers their share of orders
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List commission receivers
    Receivers,
    Add(AddArgs),
    Remove(RemoveArgs),
    Set(Box<SetArgs>),
}

/// Add a commission receiver
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

/// Remove a commission receiver
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
        Verb::Receivers => ctx.ask(&RECEIVERS, &()).await,
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
    let commissions = commissions(ctx.profile()?.family, &body);
    if !commissions.is_empty() {
        let mut which = body.clone();
        if let Some(which) = which.as_object_mut() {
            which.retain(|name, _| name != "commission_list");
        }
        match ctx.send(&ORDER, &which).await {
            Ok(reply) => {
                let record = take(&mut reply.unwrap_or_default(), "order");
                let problems = problems(&commissions, &component::order::order(&record).value);
                if !problems.is_empty() {
                    return Err(
                        Failure::input(text!("the commissions do not fit the order"))
                            .also(problems)
                            .hint(text!("nothing was sent"))
                            .into(),
                    );
                }
            }
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
