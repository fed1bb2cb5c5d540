//! A coupon made from options, or changed by them.

use super::Ctx;
use crate::cli::values::{last_moment, moment};
use crate::commands::ask::{Data, check};
use crate::fail::Failure;
use crate::model::coupon::State;
use crate::shop::coupon::{Options, changed, drafted, of_file, share};
use crate::shop::pass_through::Ask;
use crate::shop::pass_through::coupon::{ADD, COUPON, TERMS, UPDATE};
use crate::shop::pass_through::{body, laid};
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

/// Create a coupon (not yet visible to buyers)
///
/// The options determine the kind: yuan or a percentage off, with or without a minimum amount or number of pieces, for
/// products or for the whole shop. Trade-in and buy-and-get coupons come from a file. Afterwards activate it with
/// `wxsell coupon status`.
#[derive(Debug, clap::Args)]
pub struct AddArgs {
    /// Your own coupon number
    out_coupon_id: String,
    #[command(flatten)]
    says: Says,
    #[command(flatten)]
    data: Data,
}

/// Change a coupon that is still being edited
///
/// What is not given stays as it is. The state is checked first: a coupon in force can only be ended.
#[derive(Debug, clap::Args)]
pub struct UpdateArgs {
    /// Your own coupon number
    out_coupon_id: String,
    #[command(flatten)]
    says: Says,
    #[command(flatten)]
    data: Data,
}

/// What a coupon says.
#[derive(Debug, clap::Args, Serialize)]
struct Says {
    /// Name that buyers see
    #[arg(long)]
    name: Option<String>,
    /// Discount in yuan, e.g. 5.00
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan, conflicts_with = "pays")]
    off: Option<Fen>,
    /// Share of the price that buyers pay: 51% or 5.1折 (sent as 5100 ten-thousandths); 10% to 100%
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pays: Option<i64>,
    /// Minimum amount in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    from_amount: Option<Fen>,
    /// Minimum number of pieces
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    from_pieces: Option<u32>,
    /// Product that it is valid for, by your own number (can be repeated, at most 128)
    #[arg(
        long = "product",
        value_name = "OUT_PRODUCT_ID",
        conflicts_with = "whole_shop"
    )]
    products: Vec<String>,
    /// Valid for everything in the shop
    #[arg(long)]
    #[serde(skip)]
    whole_shop: bool,
    /// Nickname of the Channels account whose live rooms offer it
    #[arg(long, value_name = "NICKNAME")]
    channels_account: Option<String>,
    /// Number of coupons
    #[arg(long, value_name = "N")]
    total: Option<u32>,
    /// Coupons per buyer
    #[arg(long, value_name = "N")]
    per_buyer: Option<u32>,
    /// Can be taken from this day or time on (China time)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    take_from: Option<i64>,
    /// Can be taken until this day or time
    #[arg(long, value_name = "TIME", value_parser = last_moment)]
    take_until: Option<i64>,
    /// Valid for this many days after it was taken
    #[arg(long, value_name = "N", conflicts_with_all = ["valid_seconds", "valid_from", "valid_until"])]
    valid_days: Option<u32>,
    /// Valid for this many seconds after it was taken
    #[arg(long, value_name = "N", conflicts_with_all = ["valid_from", "valid_until"])]
    valid_seconds: Option<u32>,
    /// Valid from this day or time on
    #[arg(long, value_name = "TIME", value_parser = moment)]
    valid_from: Option<i64>,
    /// Valid until this day or time
    #[arg(long, value_name = "TIME", value_parser = last_moment)]
    valid_until: Option<i64>,
}

pub async fn add(args: AddArgs, ctx: &Ctx) -> Result<()> {
    let base = of_file(ctx.shop().await?.family, args.data.read()?)?;
    send(&ADD, &args.out_coupon_id, &args.says, base, ctx).await
}

pub async fn update(args: UpdateArgs, ctx: &Ctx) -> Result<()> {
    let shop = ctx.shop().await?;
    let given = of_file(shop.family, args.data.read()?)?;
    let now = shop.coupon(&args.out_coupon_id).await?;
    if let Some(state) = now.value.state.filter(|state| *state != State::Editing) {
        return Err(Failure::input(text!(
            "the coupon is {now}, so it cannot be changed",
            now = state.words()
        ))
        .hint(text!(
            "only a coupon that is being edited can be changed; end this one with `wxsell coupon status` and add a new one"
        ))
        .into());
    }
    let base = changed(shop.family, now.record, given, &args.says.options())?;
    send(&UPDATE, &args.out_coupon_id, &args.says, base, ctx).await
}

impl Says {
    fn options(&self) -> Options {
        Options {
            discount: self.off.is_some()
                || self.pays.is_some()
                || self.from_amount.is_some()
                || self.from_pieces.is_some()
                || self.whole_shop
                || !self.products.is_empty(),
            off: self.off.is_some(),
            pays: self.pays.is_some(),
            products: !self.products.is_empty(),
            whole_shop: self.whole_shop,
            fixed: self.valid_from.is_some() || self.valid_until.is_some(),
            days: self.valid_days.is_some(),
            seconds: self.valid_seconds.is_some(),
        }
    }
}

/// Sends what options and a base make, after everything that is wrong with it was named.
async fn send(ask: &Ask, number: &str, says: &Says, base: Value, ctx: &Ctx) -> Result<()> {
    let family = ctx.shop().await?.family;
    let (coupon, found) = drafted(family, number, laid(TERMS, says, base)?, &says.options())?;
    if !found.is_empty() {
        return Err(Failure::input(text!("the coupon is incomplete or invalid"))
            .also(found)
            .hint(text!("nothing was sent"))
            .into());
    }
    let body = body([COUPON.of(coupon)]);
    check(ask, &body, &[])?;
    ctx.send_and_show(ask, &body).await
}
