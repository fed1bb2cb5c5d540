//! `wxsell merchant application`: how far the merchant number is, and who does what next.

use crate::api::operation::present;
use crate::commands::Ctx;
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::shop::number;
use crate::shop::pass_through::merchant::{GET, NEXT, STATE};
use crate::types::plain_time;
use anyhow::Result;
use serde::{Serialize, Serializer};
use serde_json::Value;

pub async fn show(ctx: &Ctx) -> Result<()> {
    let shop = ctx.shop().await?;
    let reply = shop.application().await?;
    let application = number::Application::read(shop.family, &reply);
    let next = application.next();
    let (book, operation) = GET.operation();
    let mut thing = present(book, &operation.reply, reply);
    if !ctx.global.unmask {
        book.mask(&operation.reply, &mut thing);
    }
    STATE.put(
        &mut thing,
        match application.state.as_str() {
            "" => "NONE",
            state => state,
        },
    );
    NEXT.put(
        &mut thing,
        serde_json::to_value(Next {
            who: next.who,
            what: next.what,
            command: next.command.map(|command| format!("wxsell {command}")),
        })?,
    );
    let link = application.link().map(str::to_owned);
    ctx.out.show(&Application { thing, application })?;
    // People open the link on a phone; scripts read it.
    match link.filter(|_| ctx.out.is_for_people() && ctx.out.redraws()) {
        Some(link) => ctx.out.qr(&link),
        None => Ok(()),
    }
}

/// What is shown of an application; in JSON what WeChat answered, with the next step beside it.
pub struct Application {
    thing: Value,
    application: number::Application,
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
        Column::new("state", "STATE", |it| Cell::Word(it.application.word())),
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
            let rows = it.application.rejected.iter();
            let lines: Vec<String> = rows.map(|(field, why)| format!("{field}: {why}")).collect();
            if lines.is_empty() {
                Cell::Empty
            } else {
                Cell::List(lines)
            }
        }),
        Column::new("deadline", "DEADLINE", |it| {
            it.text("/pay_resp/account_validation/deadline")
        }),
        Column::new("who", "WAITING ON", |it| {
            it.application.next().who.map_or(Cell::Empty, Cell::Word)
        }),
        Column::new("what", "NEXT STEP", |it| {
            Cell::Sentence(it.application.next().what)
        }),
        Column::new("link", "LINK", |it| {
            let link = it.application.link();
            link.map_or(Cell::Empty, |link| Cell::Text(link.to_owned()))
        }),
    ];
}
