//! `wxsell merchant application`: how far the merchant number is, and who does what next.

use crate::api::operation::{mask_personal, present};
use crate::commands::Ctx;
use crate::commands::ask::Ask;
use crate::fail::failure;
use crate::output::{Cell, Columns, Format};
use crate::shop::number;
use crate::text;
use anyhow::Result;
use serde_json::{Value, json};

pub const GET: Ask = Ask::new("merchant application", "/shop/wxpay/get");

pub const ASKS: &[Ask] = &[GET];

/// "No data", one way to say that nothing was handed in.
const NO_DATA: i64 = 9_710_001;

/// The answer as it came; an empty one before the first application.
pub async fn read(ctx: &Ctx) -> Result<Value> {
    match ctx.send(&GET, &json!({})).await {
        Err(error) if failure(&error).is_some_and(|f| f.errcode == Some(NO_DATA)) => Ok(json!({})),
        reply => Ok(reply?.unwrap_or_default()),
    }
}

pub async fn show(ctx: &Ctx) -> Result<()> {
    let mut reply = read(ctx).await?;
    // One official sample names the blocks otherwise.
    for (other, name) in [("wxpay_req", "pay_req"), ("wxpay_resp", "pay_resp")] {
        if let Some(block) = reply
            .as_object_mut()
            .and_then(|reply| reply.shift_remove(other))
        {
            reply[name] = block;
        }
    }
    let response = number::response(&reply).clone();
    let next = number::next(&response);
    let (book, operation) = GET.operation();
    let mut thing = present(book, &operation.reply, reply);
    if !ctx.global.unmask {
        mask_personal(&mut thing);
    }
    thing["state"] = match number::state(&response) {
        "" => "NONE".into(),
        state => state.into(),
    };
    thing["next"] = json!({
        "who": next.who.as_ref().map(ToString::to_string), "what": next.what.to_string(),
        "command": next.command.map(|command| format!("wxsell {command}")),
    });
    let (word, rejected) = (number::word(&response), number::rejected(&response));
    let rejected: Vec<String> = rejected
        .iter()
        .map(|(field, why)| format!("{field}: {why}"))
        .collect();
    let text = |value: &Value| {
        value
            .as_str()
            .map_or(Cell::Empty, |text| Cell::Text(text.into()))
    };
    let link = number::link(&response).map(str::to_owned);
    let (who, what) = (next.who, next.what);
    let scanned = link.clone();
    let columns = Columns::none()
        .with("state", text!("STATE").to_string(), move |_: &Value| {
            Cell::Word(word.clone())
        })
        .with(
            "description",
            text!("WECHAT SAYS").to_string(),
            move |thing: &Value| text(&thing["pay_resp"]["applyment_state_desc"]),
        )
        .with(
            "sub_mchid",
            text!("MERCHANT NUMBER").to_string(),
            move |thing: &Value| text(&thing["pay_resp"]["sub_mchid"]),
        )
        .with(
            "applyment_id",
            text!("APPLICATION").to_string(),
            move |thing: &Value| text(&thing["pay_resp"]["applyment_id"]),
        )
        .with(
            "rejected",
            text!("REJECTED").to_string(),
            move |_: &Value| match rejected.is_empty() {
                true => Cell::Empty,
                false => Cell::List(rejected.clone()),
            },
        )
        .with(
            "deadline",
            text!("DEADLINE").to_string(),
            move |thing: &Value| text(&thing["pay_resp"]["account_validation"]["deadline"]),
        )
        .with("who", text!("WHO IS NEXT").to_string(), move |_: &Value| {
            who.clone().map_or(Cell::Empty, Cell::Word)
        })
        .with("what", text!("WHAT NEXT").to_string(), move |_: &Value| {
            Cell::Sentence(what.clone())
        })
        .with("link", text!("LINK").to_string(), move |_: &Value| {
            link.clone().map_or(Cell::Empty, Cell::Text)
        });
    ctx.out.show_with(columns, &thing)?;
    // People open the link on a phone; scripts read it.
    match scanned.filter(|_| ctx.out.format == Format::Table && ctx.out.redraws()) {
        Some(link) => ctx.out.qr(&link),
        None => Ok(()),
    }
}
