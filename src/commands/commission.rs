//! `wxsell commission`: what third-party providers get of an order.

use super::Ctx;
use super::ask::{Data, request};
use crate::api::component;
use crate::commands::shows::Shows;
use crate::fail::{Failure, failure};
use crate::shop::commission::{commissions, problems};
use crate::shop::pass_through::commission::{
    ADD, COMMISSIONS, ORDER, ORDER_OF_REPLY, RECEIVERS, REMOVE, SET, SHARE, kinds,
};
use crate::shop::pass_through::laid;
use crate::text;
use crate::types::{Fen, Id64};
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;

/// Share order revenue with third-party providers
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
    /// Amount of the commission in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan, requires = "mchid")]
    #[serde(skip)]
    amount: Option<Fen>,
    /// Clear what was set
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
            let base = kinds();
            ctx.ask_with(&ADD, &args, base).await.map_err(of_provider)
        }
        Verb::Remove(args) => {
            let base = kinds();
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

/// What a provider gets of a row of an order.
#[derive(Serialize)]
struct Share<'a> {
    mchid: &'a str,
    product: &'a str,
    sku: &'a str,
    amount: Fen,
}

async fn set(args: SetArgs, ctx: &Ctx) -> Result<()> {
    let mut base = args.data.read()?;
    if args.none {
        COMMISSIONS.put(&mut base, Vec::<Value>::new());
    }
    if let (Some(mchid), Some(amount)) = (&args.mchid, args.amount) {
        let share = Share {
            mchid,
            product: args.product.as_deref().unwrap_or_default(),
            sku: args.sku.as_deref().unwrap_or_default(),
            amount,
        };
        COMMISSIONS.put(&mut base, vec![laid(SHARE, &share, kinds())?]);
    }
    let body = request(&SET, &args, base)?;
    let commissions = commissions(ctx.profile()?.family, &body);
    if !commissions.is_empty() {
        let mut which = body.clone();
        if let Some(which) = which.as_object_mut() {
            which.retain(|name, _| name != COMMISSIONS.0);
        }
        match ctx.send(&ORDER, &which).await {
            Ok(reply) => {
                let record = ORDER_OF_REPLY.take(&mut reply.unwrap_or_default());
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
                "the order cannot be read, so only WeChat checks the limit of 30 %"
            )),
        }
    }
    ctx.send_and_show(&SET, &body).await
}
