//! What the merchant does in the name of a buyer: change the request, cancel it, report the return shipment.

use super::guard::{Force, Plan};
use super::legacy::UpdateLegacy;
use super::{Which, legacy};
use crate::api::component::aftersale::{kind_number, reason_number};
use crate::commands::Ctx;
use crate::commands::image::Pictures;
use crate::lang::Lang;
use crate::model::aftersale::{Reason, Step};
use crate::shop::pass_through::aftersale::{CANCEL, OPENID, RETURN_INFO, UPDATE, media};
use crate::shop::pass_through::with;
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

/// Change what the buyer asks for
///
/// What is not given stays as it is; the type cannot change. An after-sale can be created and changed 5 times in total.
/// With --legacy: the state of a report about an ordinary order (fund_type 0).
#[derive(Debug, clap::Args)]
pub struct UpdateArgs {
    #[command(flatten)]
    which: Which,
    /// Refund amount in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    amount: Option<Fen>,
    /// Reason of the buyer
    #[arg(long, value_enum)]
    reason: Option<Reason>,
    /// Explanation of the reason
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Evidence: image file or address (can be repeated)
    #[arg(long = "image", value_name = "IMAGE", value_hint = clap::ValueHint::FilePath)]
    images: Vec<String>,
    #[command(flatten)]
    force: Force,
    #[command(flatten)]
    legacy: UpdateLegacy,
}

/// Cancel an after-sale for the buyer
///
/// Its number stays used: a new one needs a number of its own.
#[derive(Debug, clap::Args)]
pub struct CancelArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    force: Force,
}

/// Report the buyer's return parcel
#[derive(Debug, clap::Args)]
pub struct ReturnInfoArgs {
    #[command(flatten)]
    which: Which,
    /// Code of the carrier, e.g. SF; `wxsell delivery companies` shows them
    #[arg(long, value_name = "CODE")]
    carrier: String,
    /// Carrier name (default: its code)
    #[arg(long, value_name = "NAME")]
    carrier_name: Option<String>,
    /// Waybill number
    #[arg(long, value_name = "NUMBER")]
    waybill: String,
    #[command(flatten)]
    force: Force,
}

/// What a buyer asks for from now on.
#[derive(Serialize)]
struct NewAftersale<'a> {
    buyer: &'a str,
    kind: i64,
    amount: Option<Fen>,
    reason: Option<i64>,
    words: String,
    media: Value,
}

/// The parcel that comes back.
#[derive(Serialize)]
struct SentBack<'a> {
    buyer: &'a str,
    carrier: &'a str,
    carrier_name: &'a str,
    waybill: &'a str,
}

pub async fn update(args: UpdateArgs, ctx: &Ctx) -> Result<()> {
    if args.legacy.legacy {
        return legacy::update(&args.which.number, args.legacy, ctx).await;
    }
    let pictures = Pictures::read(&args.images)?;
    let plan = Plan {
        ask: &UPDATE,
        which: &args.which,
        step: Step::Update,
        force: args.force.force,
    };
    let Some(found) = plan.read(ctx).await? else {
        return Ok(());
    };
    let now = &found.value;
    if let Some(amount) = args.amount {
        ctx.shop().await?.may_ask_for(now, amount).await?;
    }
    let amount = args.amount.or(now.amount);
    let media = if args.images.is_empty() {
        // Without pictures those that were sent stay; a call replaces all of them.
        ctx.shop().await?.evidence_again(&found.record)?
    } else {
        media(pictures.links(ctx).await?)
    };
    let words = match (&args.text, args.reason) {
        (Some(text), _) => text.clone(),
        (None, Some(reason)) => reason.words().render(Lang::Zh),
        (None, None) => now.reason_text.clone(),
    };
    let asked = NewAftersale {
        buyer: &now.buyer,
        kind: kind_number(now.kind),
        amount,
        reason: args.reason.or(now.reason).map(reason_number),
        words,
        media,
    };
    let body = UPDATE.laid(&asked, args.which.key())?;
    plan.carry_out(ctx, &found, &body, None).await
}

pub async fn cancel(args: CancelArgs, ctx: &Ctx) -> Result<()> {
    let plan = Plan {
        ask: &CANCEL,
        which: &args.which,
        step: Step::Cancel,
        force: args.force.force,
    };
    let Some(found) = plan.read(ctx).await? else {
        return Ok(());
    };
    let body = with(args.which.key(), [OPENID.of(&found.value.buyer)]);
    let question = text!("Permanently cancel what the buyer asked for,");
    plan.carry_out(ctx, &found, &body, Some(question)).await
}

pub async fn return_info(args: ReturnInfoArgs, ctx: &Ctx) -> Result<()> {
    let plan = Plan {
        ask: &RETURN_INFO,
        which: &args.which,
        step: Step::ReturnInfo,
        force: args.force.force,
    };
    let Some(found) = plan.read(ctx).await? else {
        return Ok(());
    };
    let sent = SentBack {
        buyer: &found.value.buyer,
        carrier: &args.carrier,
        carrier_name: args.carrier_name.as_ref().unwrap_or(&args.carrier),
        waybill: &args.waybill,
    };
    let body = RETURN_INFO.laid(&sent, args.which.key())?;
    plan.carry_out(ctx, &found, &body, None).await
}
