//! How an order looks: a line of a list, or everything of one.

use crate::api::operation::masked;
use crate::commands::Ctx;
use crate::model::order::{Line, Order, State};
use crate::output::{Cell, Columns};
use crate::text;
use crate::types::Fen;
use serde::Serialize;
use serde_json::Value;

/// An order ready to be shown. In machine output the platform's record stands under `wechat`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Row {
    #[serde(flatten)]
    order: Order,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::types::shape::Record>")]
    wechat: Option<Value>,
}

impl Row {
    /// Masks the receiver, unless it was asked for whole.
    pub fn new(ctx: &Ctx, mut order: Order, wechat: Option<Value>) -> Row {
        if !ctx.global.unmask {
            order.receiver.mask(masked);
        }
        Row { order, wechat }
    }

    /// Whether it waits for a parcel.
    pub fn is_to_ship(&self) -> bool {
        self.order.state == State::Paid
    }

    /// What the buyer pays in all.
    pub fn total(&self) -> Option<Fen> {
        self.order.price.total
    }

    /// The number that commands take.
    pub fn number(&self) -> &str {
        if self.order.number.is_empty() {
            &self.order.id
        } else {
            &self.order.number
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

fn money(fen: Option<Fen>) -> Cell {
    fen.map_or(Cell::Empty, Cell::Money)
}

/// The columns of a list.
pub fn line() -> Columns<Row> {
    Columns::none()
        .with("number", "ORDER", |row: &Row| Cell::id(&row.order.number))
        .with("state", "STATUS", |row: &Row| {
            Cell::Word(row.order.state.words())
        })
        .with("total", "TOTAL", |row: &Row| money(row.order.price.total))
        .with("created_at", "CREATED", |row: &Row| {
            Cell::moment(row.order.created_at)
        })
        .with("skus", "SKU", |row: &Row| {
            let lines = row.order.lines.iter();
            Cell::List(lines.map(|line| line.number().to_owned()).collect())
        })
}

/// The columns of one order, after those of a list.
pub fn whole(line: Columns<Row>) -> Columns<Row> {
    line.with("id", "ORDER ID", |row: &Row| Cell::id(&row.order.id))
        .with("controlled", "MONEY", |row: &Row| {
            match row.order.controlled {
                Some(true) => Cell::Word(text!("controlled by WeChat")),
                Some(false) => Cell::Word(text!("ordinary")),
                None => Cell::Empty,
            }
        })
        .with("pay_until", "PAY UNTIL", |row: &Row| {
            Cell::moment(row.order.pay_until)
        })
        .with("paid_at", "PAID AT", |row: &Row| {
            Cell::moment(row.order.paid_at)
        })
        .with("received_at", "RECEIVED AT", |row: &Row| {
            Cell::moment(row.order.received_at)
        })
        .with("freight", "FREIGHT", |row: &Row| {
            money(row.order.price.freight)
        })
        .with("discount", "DISCOUNT", |row: &Row| {
            money(row.order.price.discount)
        })
        .with("surcharge", "SURCHARGE", |row: &Row| {
            money(row.order.price.surcharge)
        })
        .with("lines", "GOODS", |row: &Row| {
            Cell::List(row.order.lines.iter().map(goods).collect())
        })
        .with("parcels", "PARCELS", |row: &Row| {
            let parcels = row.order.parcels.known().iter();
            Cell::List(parcels.map(ToString::to_string).collect())
        })
        .with("receiver", "RECEIVER", |row: &Row| {
            text(&row.order.receiver.name)
        })
        .with("phone", "PHONE", |row: &Row| {
            text(&row.order.receiver.phone)
        })
        .with("address", "ADDRESS", |row: &Row| {
            text(&row.order.receiver.place())
        })
        .with("aftersales", "AFTER-SALES", |row: &Row| {
            if row.order.aftersales.is_empty() {
                Cell::Empty
            } else {
                Cell::List(row.order.aftersales.clone())
            }
        })
        .with("buyer", "BUYER", |row: &Row| Cell::id(&row.order.buyer))
}

/// `TEA-1001-250G × 2  198.00  title`
fn goods(line: &Line) -> String {
    let paid = line.paid.unwrap_or_default().to_yuan();
    format!("{} × {}  {paid}  {}", line.number(), line.count, line.title)
}
