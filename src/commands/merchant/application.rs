//! `wxsell merchant application`: how far the merchant number is, and who does what next.

use crate::api::json::put;
use crate::api::operation::present;
use crate::commands::Ctx;
use crate::fail::failure;
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::shop::number;
use crate::shop::pass_through::merchant::GET;
use crate::types::plain_time;
use anyhow::Result;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

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
        book.mask(&operation.reply, &mut thing);
    }
    put(
        &mut thing,
        "state",
        match number::state(&response) {
            "" => "NONE".into(),
            state => state.into(),
        },
    );
    put(
        &mut thing,
        "next",
        serde_json::to_value(Next {
            who: next.who,
            what: next.what,
            command: next.command.map(|command| format!("wxsell {command}")),
        })?,
    );
    let link = number::link(&response).map(str::to_owned);
    ctx.out.show(&Application { thing, response })?;
    // People open the link on a phone; scripts read it.
    match link.filter(|_| ctx.out.is_for_people() && ctx.out.redraws()) {
        Some(link) => ctx.out.qr(&link),
        None => Ok(()),
    }
}

/// What is shown of an application; in JSON what WeChat answered, with the next step beside it.
pub struct Application {
    thing: Value,
    /// The block about the application, as it came.
    response: Value,
}

/// What is added to WeChat's answer, whose blocks are in its own words.
#[derive(schemars::JsonSchema)]
#[expect(
    dead_code,
    reason = "its shape alone is of use; the rest is WeChat's answer"
)]
struct Printed {
    pay_req: Option<crate::types::shape::Record>,
    pay_resp: Option<crate::types::shape::Record>,
    /// WeChat's state of the application; `NONE` before there is one.
    state: String,
    next: Next,
}

/// Who does what next.
#[derive(Serialize, schemars::JsonSchema)]
struct Next {
    who: Option<Text>,
    what: Text,
    /// The command, whole.
    command: Option<String>,
}

crate::types::shape::printed_as!(Application => Printed);

impl Serialize for Application {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.thing.serialize(serializer)
    }
}

impl Application {
    fn text(&self, pointer: &str) -> Cell {
        let text = self.thing.pointer(pointer).and_then(Value::as_str);
        text.map_or(Cell::Empty, |text| Cell::Text(plain_time(text)))
    }
}

impl Record for Application {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("state", "STATE", |it| {
            Cell::Word(number::word(&it.response))
        }),
        Column::new("description", "WECHAT SAYS", |it| {
            it.text("/pay_resp/applyment_state_desc")
        }),
        Column::new("sub_mchid", "MERCHANT NUMBER", |it| {
            it.text("/pay_resp/sub_mchid")
        }),
        Column::new("applyment_id", "APPLICATION", |it| {
            it.text("/pay_resp/applyment_id")
        }),
        Column::new("rejected", "REJECTED", |it| {
            let rows = number::rejected(&it.response).into_iter();
            let lines: Vec<String> = rows.map(|(field, why)| format!("{field}: {why}")).collect();
            match lines.is_empty() {
                true => Cell::Empty,
                false => Cell::List(lines),
            }
        }),
        Column::new("deadline", "DEADLINE", |it| {
            it.text("/pay_resp/account_validation/deadline")
        }),
        Column::new("who", "WAITING ON", |it| {
            number::next(&it.response)
                .who
                .map_or(Cell::Empty, Cell::Word)
        }),
        Column::new("what", "NEXT STEP", |it| {
            Cell::Sentence(number::next(&it.response).what)
        }),
        Column::new("link", "LINK", |it| {
            let link = number::link(&it.response);
            link.map_or(Cell::Empty, |link| Cell::Text(link.to_owned()))
        }),
    ];
}
