//! What a bulk shipment says: its plan, and at its end a summary and the orders that were not reported.

use crate::commands::job;
use crate::lang::Text;
use crate::output::{Cell, Column, Output, Record};
use crate::state::runs::{Ended, ItemState};
use crate::text;
use anyhow::Result;
use serde::Serialize;
use std::collections::HashMap;

/// What was done for an order. The names are part of the machine output.
pub mod action {
    /// All of it is on its way.
    pub const SHIPPED: &str = "shipped";
    /// A part of it is.
    pub const PART: &str = "part";
    /// Reported by an earlier run, or by somebody else, and found at WeChat.
    pub const CONFIRMED: &str = "confirmed";
    pub const NONE: &str = "none";
}

/// One order's result: a line of `--format ndjson`.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Event {
    pub order: String,
    /// `done`, `refused`, `unclear`, `held` or `not_sent`.
    pub state: &'static str,
    pub action: &'static str,
    pub errcode: Option<i64>,
    pub reason: Option<Text>,
}

impl Event {
    pub fn of(ended: &Ended) -> Event {
        Event {
            order: ended.key.clone(),
            state: ended.state.map_or("not_sent", ItemState::name),
            action: ended.action,
            errcode: ended.errcode,
            reason: ended.reason.clone(),
        }
    }

    pub fn left_out(order: &str, state: &'static str, reason: Text) -> Event {
        Event {
            order: order.into(),
            state,
            action: action::NONE,
            errcode: None,
            reason: Some(reason),
        }
    }
}

/// One line of `--dry-run`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Planned {
    pub order: String,
    /// `ship`, `ship_part`, `there` or `held`.
    pub action: &'static str,
    pub parcels: Vec<String>,
    pub place: String,
    pub reason: Option<Text>,
}

impl Record for Planned {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("order", "ORDER", |p| Cell::Id(p.order.clone())),
        Column::new("action", "PLAN", |p| {
            Cell::Word(match p.action {
                "ship" => text!("ship"),
                "ship_part" => text!("ship a part"),
                "held" => text!("held back"),
                _ => text!("there already"),
            })
        }),
        Column::new("parcels", "PARCELS", |p| Cell::List(p.parcels.clone())),
        Column::new("place", "PLACE", |p| Cell::Text(p.place.clone())),
        Column::new("reason", "REASON", |p| Cell::sentence(p.reason.as_ref())),
    ];
}

#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
pub struct Report {
    pub run: i64,
    pub profile: String,
    /// `done`, `partial` or `stopped`.
    pub status: &'static str,
    pub orders: u64,
    pub shipped: u64,
    pub part: u64,
    pub confirmed: u64,
    /// Kept back: an after-sale is running.
    pub held: u64,
    pub refused: u64,
    /// Sent without an answer; the next run looks them up.
    pub unclear: u64,
    /// Not sent yet.
    pub left: u64,
    pub seconds: f64,
    /// Files with the rows of orders that were not reported and a reason each.
    pub failed_files: Vec<String>,
    pub failed: Vec<Event>,
}

impl Report {
    /// Counts what became of the orders.
    pub fn count(&mut self, counts: &HashMap<&'static str, u64>) {
        let count = |name: &str| counts.get(name).copied().unwrap_or(0);
        self.shipped = count(action::SHIPPED);
        self.part = count(action::PART);
        self.confirmed = count(action::CONFIRMED);
        let failed = |state: &str| {
            self.failed
                .iter()
                .filter(|event| event.state == state)
                .count() as u64
        };
        (self.held, self.refused, self.unclear) =
            (failed("held"), failed("refused"), failed("unclear"));
        let over =
            self.shipped + self.part + self.confirmed + self.held + self.refused + self.unclear;
        self.left = self.orders.saturating_sub(over);
    }

    pub fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    pub fn show(&self, out: &Output) -> Result<()> {
        out.report(self, &self.failed)
    }
}

impl Record for Report {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("run", "RUN", |r| Cell::Number(r.run)),
        Column::new("profile", "PROFILE", |r| Cell::Id(r.profile.clone())),
        Column::new("status", "STATUS", |r| job::status(r.status)),
        Column::new("orders", "ORDERS", |r| Cell::count(r.orders)),
        Column::new("shipped", "SHIPPED", |r| Cell::count(r.shipped)),
        Column::new("part", "SHIPPED IN PART", |r| Cell::some(r.part)),
        Column::new("confirmed", "CONFIRMED", |r| Cell::some(r.confirmed)),
        Column::new("held", "HELD BACK", |r| Cell::some(r.held)),
        Column::new("refused", "REFUSED", |r| Cell::some(r.refused)),
        Column::new("unclear", "UNCLEAR", |r| Cell::some(r.unclear)),
        Column::new("left", "LEFT", |r| Cell::some(r.left)),
        Column::new("seconds", "SECONDS", |r| {
            Cell::Text(format!("{:.1}", r.seconds))
        }),
        Column::new("failed_files", "FAILED ROWS IN", |r| {
            Cell::List(r.failed_files.clone())
        }),
    ];
}

impl Record for Event {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("order", "ORDER", |e| Cell::Id(e.order.clone())),
        Column::new("state", "STATE", |e| job::state(e.state)),
        Column::new("errcode", "ERRCODE", |e| {
            e.errcode.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("reason", "REASON", |e| Cell::sentence(e.reason.as_ref())),
    ];
}
