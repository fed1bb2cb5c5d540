//! How an after-sale looks: a line of a list, or everything of one.

use super::SHOW;
use crate::api::component::aftersale::{self, Case};
use crate::api::component::deadline::Deadline;
use crate::api::operation::{mask_personal, present};
use crate::commands::Ctx;
use crate::lang::Text;
use crate::output::{Cell, Columns};
use crate::text;
use crate::types::{Fen, plain_time};
use anyhow::Result;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// An after-sale ready to be shown.
pub struct Shown {
    /// In machine output: every field of the platform, and `deadline`.
    json: Value,
    pub case: Case,
    pub deadline: Option<Deadline>,
    now: i64,
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl Shown {
    pub fn new(ctx: &Ctx, told: Value) -> Result<Shown> {
        let case = Case::of(&told);
        let deadline = case.deadline();
        let (book, operation) = SHOW.operation();
        let mut json = match book.at(&operation.reply, "after_sales_order") {
            Some(node) => present(book, node, told),
            None => told,
        };
        if !ctx.global.unmask {
            mask_personal(&mut json);
        }
        json["deadline"] = deadline.as_ref().map_or(Value::Null, Deadline::json);
        Ok(Shown {
            json,
            case,
            deadline,
            now: ctx.clock()?,
        })
    }

    fn text(&self, path: &str) -> Cell {
        match self.json.pointer(path) {
            Some(Value::String(text)) if !text.is_empty() => Cell::Text(plain_time(text)),
            Some(Value::Number(number)) => number.as_i64().map_or(Cell::Empty, Cell::Number),
            _ => Cell::Empty,
        }
    }

    fn number(&self) -> Cell {
        self.text("/aftersale_id")
    }

    fn amount(&self) -> Cell {
        let fen = self.json["orderamt"].as_i64();
        fen.map_or(Cell::Empty, |fen| Cell::Money(Fen(fen)))
    }

    fn waits_for(&self) -> Cell {
        let who = self.deadline.as_ref().map(|deadline| deadline.who);
        let who = who.or_else(|| self.case.moves().next().map(|step| step.who));
        who.map_or(Cell::Empty, |who| Cell::Word(who.words()))
    }

    fn left(&self) -> Cell {
        match &self.deadline {
            Some(deadline) => Cell::Word(deadline.left(self.now)),
            None => Cell::Empty,
        }
    }

    fn reason(&self) -> Cell {
        let number = self.json["refund_reason_type"].as_i64();
        match number.and_then(super::words::Reason::of) {
            Some(reason) => Cell::Word(reason.words()),
            None => self.text("/refund_reason_type"),
        }
    }

    fn address(&self) -> Cell {
        let address = &self.json["return_address_info"];
        let names = [
            "province",
            "city",
            "town",
            "detailed_address",
            "receiver_name",
            "tel_number",
        ];
        let parts: Vec<&str> = names
            .iter()
            .filter_map(|name| address[*name].as_str())
            .filter(|part| !part.is_empty())
            .collect();
        match parts.is_empty() {
            true => Cell::Empty,
            false => Cell::Text(parts.join(" ")),
        }
    }

    fn list(&self, path: &str) -> Cell {
        let items = self.json.pointer(path).and_then(Value::as_array);
        let items: Vec<String> = items
            .into_iter()
            .flatten()
            .map(|item| match item {
                Value::String(text) => text.clone(),
                Value::Object(media) => media["url"].as_str().unwrap_or_default().to_owned(),
                other => other.to_string(),
            })
            .collect();
        match items.is_empty() {
            true => Cell::Empty,
            false => Cell::List(items),
        }
    }
}

fn line() -> Columns<Shown> {
    Columns::none()
        .with("aftersale_id", "AFTER-SALE", Shown::number)
        .with("out_aftersale_id", "OWN NUMBER", |row: &Shown| {
            row.text("/out_aftersale_id")
        })
        .with("out_order_id", "ORDER", |row: &Shown| {
            row.text("/out_order_id")
        })
        .with("type", "TYPE", |row: &Shown| {
            Cell::Word(aftersale::type_words(row.case.kind))
        })
        .with("status", "STATE", |row: &Shown| {
            Cell::Word(aftersale::words(row.case.state))
        })
        .with("orderamt", "YUAN", Shown::amount)
        .with("waits_for", "WAITS FOR", Shown::waits_for)
        .with("time_left", "TIME LEFT", Shown::left)
}

/// The columns of one after-sale.
pub fn whole() -> Columns<Shown> {
    let text = |path: &'static str| move |row: &Shown| row.text(path);
    line()
        .with("then", "OTHERWISE", |row: &Shown| match &row.deadline {
            Some(deadline) => Cell::Word(deadline.then.clone()),
            None => Cell::Empty,
        })
        .with(
            "out_product_id",
            "PRODUCT",
            text("/product_info/out_product_id"),
        )
        .with("out_sku_id", "SKU", text("/product_info/out_sku_id"))
        .with("product_cnt", "PIECES", text("/product_info/product_cnt"))
        .with("refund_reason_type", "REASON", Shown::reason)
        .with("refund_reason", "IN WORDS", text("/refund_reason"))
        .with("create_time", "OPENED", text("/create_time"))
        .with("update_time", "CHANGED", text("/update_time"))
        .with(
            "delivery_name",
            "SENT BACK WITH",
            text("/return_info/delivery_name"),
        )
        .with(
            "waybill_id",
            "TRACKING NUMBER",
            text("/return_info/waybill_id"),
        )
        .with("return_address_info", "RETURN ADDRESS", Shown::address)
        .with(
            "refund_id",
            "REFUND NUMBER",
            text("/refund_pay_detail/refund_id"),
        )
        .with("media_list", "PICTURES", |row: &Shown| {
            row.list("/media_list")
        })
        .with("complaint_order_id_list", "DISPUTE", |row: &Shown| {
            row.list("/complaint_order_id_list")
        })
        .with("openid", "BUYER", text("/openid"))
}

/// Everything of one; on a terminal also what may be done.
pub fn one(ctx: &Ctx, told: Value) -> Result<()> {
    let number = told["aftersale_id"].to_string();
    let shown = Shown::new(ctx, told)?;
    let case = shown.case;
    ctx.out.show_with(whole(), &shown)?;
    let options: Vec<Text> = super::guard::options(&case, number.trim_matches('"'));
    for option in options {
        ctx.out.note(text!("- {option}", option));
    }
    Ok(())
}

/// A list.
pub fn rows(ctx: &Ctx, rows: &[Shown]) -> Result<()> {
    ctx.out.list_with(line(), rows)
}
