//! How an after-sale looks: a line of a list, or everything of one.

use crate::api::operation::masked;
use crate::commands::Ctx;
use crate::lang::Text;
use crate::model::aftersale::{Aftersale, Case, Move};
use crate::model::deadline::{Actor, Deadline};
use crate::output::{Cell, Columns};
use crate::shop::pass_through::aftersale::SHOW;
use crate::shop::reading::Fetched;
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

/// An after-sale ready to be shown. In machine output WeChat's record stands under `wechat`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Row {
    #[serde(flatten)]
    pub aftersale: Aftersale,
    pub deadline: Option<Deadline>,
    /// Something may run out that cannot be told.
    pub unreadable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::types::shape::Record>")]
    wechat: Option<Value>,
    #[serde(skip)]
    now: i64,
}

impl Row {
    /// `full`: with WeChat's record. People are masked, unless it was asked for them.
    pub fn new(ctx: &Ctx, found: Fetched<Aftersale>, full: bool) -> Result<Row> {
        let mut aftersale = found.value;
        if !ctx.global.unmask {
            aftersale.return_address.mask(masked);
        }
        Ok(Row {
            deadline: aftersale.deadline(),
            unreadable: aftersale.is_unreadable(),
            aftersale,
            wechat: full.then(|| ctx.wechat(&SHOW, "after_sales_order", found.record)),
            now: ctx.clock()?,
        })
    }

    pub fn case(&self) -> Case {
        self.aftersale.case()
    }

    fn waits_for(&self) -> Cell {
        let who = self.deadline.as_ref().map(|deadline| deadline.who);
        let who = who.or_else(|| self.case().moves().next().map(|step| step.who));
        who.map_or(Cell::Empty, |who| Cell::Word(who.words()))
    }

    /// The verb with which the merchant answers it now.
    fn answer(&self) -> Option<&'static str> {
        let ours = |step: &&Move| step.who == Actor::Merchant;
        self.case().moves().find(ours)?.step.command()
    }

    fn left(&self) -> Cell {
        match &self.deadline {
            Some(deadline) => Cell::Word(deadline.left(self.now)),
            None if self.unreadable => Cell::Word(text!("unreadable")),
            None => Cell::Empty,
        }
    }
}

fn text(text: &str) -> Cell {
    if text.is_empty() {
        Cell::Empty
    } else {
        Cell::Text(text.to_owned())
    }
}

fn time(millis: Option<i64>) -> Cell {
    Cell::moment(millis.map(|millis| millis.div_euclid(1000)))
}

fn list(items: &[String]) -> Cell {
    if items.is_empty() {
        Cell::Empty
    } else {
        Cell::List(items.to_vec())
    }
}

fn line() -> Columns<Row> {
    Columns::none()
        .with("id", "AFTER-SALE", |row: &Row| Cell::id(&row.aftersale.id))
        .with("own_number", "OWN NUMBER", |row: &Row| {
            Cell::id(&row.aftersale.own_number)
        })
        .minor()
        .with("order_number", "ORDER", |row: &Row| {
            Cell::id(&row.aftersale.order_number)
        })
        .with("type", "TYPE", |row: &Row| {
            Cell::Word(row.aftersale.kind.words())
        })
        .minor()
        .with("state", "STATE", |row: &Row| {
            Cell::Word(row.aftersale.state.words())
        })
        .with("amount", "YUAN", |row: &Row| {
            row.aftersale.amount.map_or(Cell::Empty, Cell::Money)
        })
        .with("waits_for", "WAITS FOR", Row::waits_for)
        .minor()
        .with("time_left", "TIME LEFT", Row::left)
}

/// The columns of one after-sale.
pub fn whole() -> Columns<Row> {
    line()
        .with("then", "OTHERWISE", |row: &Row| match &row.deadline {
            Some(deadline) => Cell::Word(deadline.then.clone()),
            None => Cell::Empty,
        })
        .with("product", "PRODUCT", |row: &Row| {
            Cell::id(&row.aftersale.product)
        })
        .with("sku", "SKU", |row: &Row| Cell::id(&row.aftersale.sku))
        .with("count", "PIECES", |row: &Row| {
            row.aftersale.count.map_or(Cell::Empty, Cell::Number)
        })
        .with("reason", "REASON", |row: &Row| match row.aftersale.reason {
            Some(reason) => Cell::Word(reason.words()),
            None => Cell::Empty,
        })
        .with("reason_text", "IN WORDS", |row: &Row| {
            text(&row.aftersale.reason_text)
        })
        .with("opened_at", "OPENED", |row: &Row| {
            time(row.aftersale.opened_ms)
        })
        .with("changed_at", "CHANGED", |row: &Row| {
            time(row.aftersale.changed_ms)
        })
        .with("carrier", "SENT BACK WITH", |row: &Row| {
            let returned = row.aftersale.returned.as_ref();
            returned.map_or(Cell::Empty, |returned| {
                if returned.carrier_name.is_empty() {
                    text(&returned.carrier)
                } else {
                    text(&returned.carrier_name)
                }
            })
        })
        .with("waybill", "WAYBILL NUMBER", |row: &Row| {
            let returned = row.aftersale.returned.as_ref();
            returned.map_or(Cell::Empty, |returned| Cell::id(&returned.waybill))
        })
        .with("return_address", "RETURN ADDRESS", |row: &Row| {
            let address = &row.aftersale.return_address;
            let parts = [address.place(), address.name.clone(), address.phone.clone()];
            let parts = parts.into_iter().filter(|part| !part.is_empty());
            text(&parts.collect::<Vec<_>>().join(" "))
        })
        .with("refund_number", "REFUND NUMBER", |row: &Row| {
            Cell::id(&row.aftersale.refund_number)
        })
        .with("media", "IMAGES", |row: &Row| list(&row.aftersale.media))
        .with("disputes", "DISPUTE", |row: &Row| {
            list(&row.aftersale.disputes)
        })
        .with("buyer", "BUYER", |row: &Row| Cell::id(&row.aftersale.buyer))
}

/// Everything of one; on a terminal also what may be done.
pub fn one(ctx: &Ctx, found: Fetched<Aftersale>) -> Result<()> {
    let shown = Row::new(ctx, found, true)?;
    ctx.out.show_with(whole(), &shown)?;
    let options: Vec<Text> =
        crate::shop::aftersale::step::options(&shown.case(), &shown.aftersale.id);
    for option in options {
        ctx.out.note(text!("- {option}", option));
    }
    Ok(())
}

/// Refuses columns that a list does not have.
pub fn check_columns(ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns_of_list(line())
}

/// A list, of which no more than `limit` were asked for.
pub fn rows(ctx: &Ctx, rows: &[Row], limit: Option<usize>) -> Result<()> {
    ctx.out
        .with_nothing(text!("no after-sales match"))
        .list_with(line(), rows)?;
    let open = rows.iter().filter(|row| row.answer().is_some());
    let amounts = rows.iter().filter_map(|row| row.aftersale.amount);
    ctx.out.total(
        rows.len(),
        limit,
        text!(
            "{count} {count:after-sale|after-sales}, {open} waiting for you, {amount} yuan",
            count = rows.len(),
            open = open.count(),
            amount = Fen(amounts.map(|fen| fen.0).sum()).to_yuan()
        ),
    );
    // What waits for the merchant goes first.
    let ours = rows.iter().find_map(|row| Some((row, row.answer()?)));
    match (ours, rows.first()) {
        (Some((row, verb)), _) => ctx.out.next(&format!("wxsell {verb} {}", row.aftersale.id)),
        (None, Some(row)) => ctx
            .out
            .next(&format!("wxsell aftersale show {}", row.aftersale.id)),
        (None, None) => {}
    }
    Ok(())
}

/// The names that `--columns` takes.
pub fn columns_of_list() -> Vec<String> {
    line().names().map(str::to_owned).collect()
}
