//! What a job of parcels comes to: its plan, and at its end a summary and the orders that were not reported.

use crate::lang::Text;
use crate::state::runs::{Ended, ItemState};
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
}
