//! A coupon made from options, or changed by them.

use super::{Ctx, Status, one};
use crate::api::json::{field, put};
use crate::cli::values::{last_moment, moment};
use crate::commands::ask::{Data, check, fields};
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::coupon::{kind, problems, share};
use crate::shop::pass_through::Ask;
use crate::shop::pass_through::coupon::{ADD, UPDATE};
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Where a coupon is offered; Channels live rooms are the only place that is known.
const LIVE: i64 = 4;

/// Create a coupon (not yet visible to buyers)
///
/// The kind follows from the options: yuan or a share off, from an amount or number of pieces on or not, for products or
/// for the whole shop. Trade-in and buy-and-get coupons come from a file. Afterwards bring it into force with
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
/// What the options do not name stays as it is. The state is looked at first: a coupon in force can only be ended.
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
    #[serde(rename = "coupon_info.name")]
    name: Option<String>,
    /// Yuan that it takes off, e.g. 5.00
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan, conflicts_with = "pays")]
    #[serde(rename = "coupon_info.discount_info.discount_fee")]
    off: Option<Fen>,
    /// Share of the price that buyers pay: 51% or 5.1折 (sent as 5100 ten-thousandths); 10% to 100%
    #[arg(long, value_name = "SHARE", value_parser = share)]
    #[serde(rename = "coupon_info.discount_info.discount_num")]
    pays: Option<i64>,
    /// Counts from this amount in yuan on
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    #[serde(rename = "coupon_info.discount_info.discount_condition.product_price")]
    from_amount: Option<Fen>,
    /// Counts from this number of pieces on
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    #[serde(rename = "coupon_info.discount_info.discount_condition.product_cnt")]
    from_pieces: Option<u32>,
    /// Your own number of a product that it counts for (can be repeated, 128 at most)
    #[arg(
        long = "product",
        value_name = "OUT_PRODUCT_ID",
        conflicts_with = "whole_shop"
    )]
    #[serde(rename = "coupon_info.discount_info.discount_condition.out_product_ids")]
    products: Vec<String>,
    /// Counts for everything in the shop
    #[arg(long)]
    #[serde(skip)]
    whole_shop: bool,
    /// Nickname of the Channels account whose live rooms offer it
    #[arg(long, value_name = "NICKNAME")]
    #[serde(rename = "coupon_info.promote_info.finder.nickname")]
    channels_account: Option<String>,
    /// How many there are
    #[arg(long, value_name = "N")]
    #[serde(rename = "coupon_info.receive_info.total_num")]
    total: Option<u32>,
    /// How many one buyer may take
    #[arg(long, value_name = "N")]
    #[serde(rename = "coupon_info.receive_info.limit_num_one_person")]
    per_buyer: Option<u32>,
    /// Can be taken from this day or time on (China time)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    #[serde(rename = "coupon_info.receive_info.start_time")]
    take_from: Option<i64>,
    /// Can be taken until this day or time
    #[arg(long, value_name = "TIME", value_parser = last_moment)]
    #[serde(rename = "coupon_info.receive_info.end_time")]
    take_until: Option<i64>,
    /// Good for so many days after it was taken
    #[arg(long, value_name = "N", conflicts_with_all = ["valid_seconds", "valid_from", "valid_until"])]
    #[serde(rename = "coupon_info.valid_info.valid_day_num")]
    valid_days: Option<u32>,
    /// Good for so many seconds after it was taken
    #[arg(long, value_name = "N", conflicts_with_all = ["valid_from", "valid_until"])]
    #[serde(rename = "coupon_info.valid_info.valid_second")]
    valid_seconds: Option<u32>,
    /// Good from this day or time on
    #[arg(long, value_name = "TIME", value_parser = moment)]
    #[serde(rename = "coupon_info.valid_info.start_time")]
    valid_from: Option<i64>,
    /// Good until this day or time
    #[arg(long, value_name = "TIME", value_parser = last_moment)]
    #[serde(rename = "coupon_info.valid_info.end_time")]
    valid_until: Option<i64>,
}

pub async fn add(args: AddArgs, ctx: &Ctx) -> Result<()> {
    let base = block(args.data.read()?);
    let coupon = made(&args.out_coupon_id, &args.says, base)?;
    send(&ADD, coupon, ctx).await
}

pub async fn update(args: UpdateArgs, ctx: &Ctx) -> Result<()> {
    let given = block(args.data.read()?);
    let mut now = one(&args.out_coupon_id, ctx).await?;
    if let Some(status) = now["status"].as_i64().filter(|status| *status != 1) {
        return Err(Failure::input(text!(
            "the coupon is {now}, so it cannot be changed",
            now = Status::word(status)
        ))
        .hint(text!(
            "only a coupon that is being edited can be changed; end this one with `wxsell coupon status` and add a new one"
        ))
        .into());
    }
    forget(&mut now);
    settle(&mut now, &args.says);
    overlay(&mut now, given);
    let coupon = made(&args.out_coupon_id, &args.says, now)?;
    send(&UPDATE, coupon, ctx).await
}

/// The coupon of a file, whether the file holds the whole request or only the coupon.
fn block(mut file: Value) -> Value {
    match file.get_mut("coupon").map(Value::take) {
        Some(coupon) => coupon,
        None => file,
    }
}

/// Takes out what WeChat tells of a coupon but does not take.
fn forget(coupon: &mut Value) {
    for name in ["appid", "status", "update_time", "create_time"] {
        if let Some(fields) = coupon.as_object_mut() {
            fields.shift_remove(name);
        }
    }
    if let Some(Value::Object(info)) = coupon.get_mut("coupon_info") {
        info.shift_remove("ext_info");
    }
    // 0 stands for what was never said.
    if let Some(Value::Object(taking)) = coupon.pointer_mut("/coupon_info/receive_info") {
        taking.retain(|_, value| value != &json!(0));
    }
}

/// Takes out what an option replaces by something of another kind.
fn settle(coupon: &mut Value, says: &Says) {
    let mut drop = |pointer: &str, names: &[&str]| {
        if let Some(fields) = coupon.pointer_mut(pointer).and_then(Value::as_object_mut) {
            fields.retain(|name, _| !names.contains(&name.as_str()));
        }
    };
    if says.off.is_some() {
        drop("/coupon_info/discount_info", &["discount_num"]);
    }
    if says.pays.is_some() {
        drop("/coupon_info/discount_info", &["discount_fee"]);
    }
    if says.whole_shop {
        drop(
            "/coupon_info/discount_info/discount_condition",
            &["out_product_ids"],
        );
    }
    let fixed = says.valid_from.is_some() || says.valid_until.is_some();
    if fixed {
        drop(
            "/coupon_info/valid_info",
            &["valid_day_num", "valid_second"],
        );
    }
    if says.valid_days.is_some() {
        drop(
            "/coupon_info/valid_info",
            &["valid_second", "start_time", "end_time"],
        );
    }
    if says.valid_seconds.is_some() {
        drop(
            "/coupon_info/valid_info",
            &["valid_day_num", "start_time", "end_time"],
        );
    }
}

/// Lays the fields of one object over those of another, at any depth.
fn overlay(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                overlay(below.entry(name).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

/// The coupon that options and a base make, with everything that follows from them.
fn made(out_coupon_id: &str, says: &Says, base: Value) -> Result<Value> {
    let mut coupon = fields(says, base)?;
    put(&mut coupon, "out_coupon_id", out_coupon_id.into());
    if coupon["promote_type"].is_null() {
        put(&mut coupon, "promote_type", LIVE.into());
    }
    let changes = says.off.is_some()
        || says.pays.is_some()
        || says.from_amount.is_some()
        || says.from_pieces.is_some()
        || says.whole_shop
        || !says.products.is_empty();
    if changes || coupon["type"].is_null() {
        let was_shop = says.products.is_empty() && coupon["type"].as_i64().is_some_and(|t| t > 100);
        if let Some(kind) = kind(&coupon, says.whole_shop || was_shop) {
            put(&mut coupon, "type", kind.into());
        }
    }
    let info = ensure(&mut coupon, "coupon_info");
    let discount = ensure(info, "discount_info");
    ensure(discount, "discount_condition");
    let promotion = ensure(info, "promote_info");
    if promotion["promote_type"].is_null() {
        put(promotion, "promote_type", LIVE.into());
    }
    let valid = ensure(info, "valid_info");
    let types = [
        ("valid_day_num", 2),
        ("valid_second", 3),
        ("end_time", 1),
        ("start_time", 1),
    ];
    let said = types.iter().find(|(name, _)| !valid[*name].is_null());
    if let Some((_, kind)) = said {
        put(valid, "valid_type", (*kind).into());
    }
    Ok(coupon)
}

fn ensure<'a>(value: &'a mut Value, name: &str) -> &'a mut Value {
    let field = field(value, name);
    if !field.is_object() {
        *field = Value::Object(Map::new());
    }
    field
}

/// Sends a coupon after everything that is wrong with it was named.
async fn send(ask: &Ask, coupon: Value, ctx: &Ctx) -> Result<()> {
    let found = missing(&coupon)
        .into_iter()
        .chain(problems(&coupon))
        .collect::<Vec<Text>>();
    if !found.is_empty() {
        return Err(
            Failure::input(text!("the coupon is not complete or not right"))
                .also(found)
                .hint(text!("nothing was sent"))
                .into(),
        );
    }
    let body = json!({"coupon": coupon});
    check(ask, &body, &[])?;
    ctx.send_and_show(ask, &body).await
}

/// What was not said at all, by the options that say it.
fn missing(coupon: &Value) -> Vec<Text> {
    let mut missing = Vec::new();
    let info = &coupon["coupon_info"];
    if info["name"].is_null() {
        missing.push(text!("{option} is missing", option = "--name"));
    }
    if coupon["type"].is_null() {
        missing.push(text!("what it takes off is missing: --off or --pays"));
    }
    if info["valid_info"]["valid_type"].is_null() {
        missing.push(text!(
            "how long it is good is missing: --valid-days, --valid-seconds, or --valid-from with --valid-until"
        ));
    }
    missing
}
