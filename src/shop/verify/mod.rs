//! Events proved complete: what the records of a shop prove to have been pushed, and whether a stored push is the one.
//! What each record proves is told by the family of the shop.

mod component;
pub mod repair;

use super::{Shop, lacks};
use crate::lang::Text;
use crate::push::events::find;
use crate::state::pushes::Push;
use crate::text;
use crate::types::Family;
use anyhow::Result;
use serde_json::{Map, Value};

/// Times of a record and of a push may differ by so many seconds.
const SLACK: i64 = 300;
/// The event of an order that was cancelled.
pub const CANCELLED_ORDER: &str = "open_product_order_cancel";

/// The time that is looked at, in unix seconds of the shop's clock.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub since: i64,
    pub until: i64,
    /// What was opened earlier is not looked at.
    pub opened: i64,
}

/// What was read of a shop.
pub struct Proved {
    pub claims: Vec<Claim>,
    /// The numbers of each cancelled order, whose record proves nothing.
    pub cancelled: Vec<Vec<String>>,
    /// Orders that may be missing, because others went while the list was read.
    pub unsure: u64,
    /// After-sales and disputes whose number cannot be read, so that what they prove is not known.
    pub unreadable: usize,
}

impl Shop {
    /// Everything that the shop's records prove to have been pushed within the span.
    ///
    /// # Errors
    /// With the first read that fails: what was not read would look complete.
    pub async fn proved(&self, span: Span) -> Result<Proved> {
        match self.family {
            Family::Component => component::proved(self, span).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }
}

/// How a stored push is known to be the one that is claimed, beside its event and the number of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shop) enum Known {
    /// It comes once for each object.
    Once,
    /// It may come again: the last one cannot be older.
    NotBefore,
    /// It may come again: it bears this time.
    Then,
    /// This field is the same.
    By(&'static str),
}

/// An event that the platform must have pushed.
#[derive(Debug, Clone)]
pub struct Claim {
    pub event: &'static str,
    /// As in the table of events.
    pub object: &'static str,
    /// WeChat's number.
    pub number: String,
    /// The order it belongs to, by WeChat's number.
    pub order: Option<String>,
    pub state: Option<i64>,
    /// Unix seconds.
    pub at: i64,
    /// How it is known.
    pub why: Text,
    /// The message without its envelope.
    pub message: Map<String, Value>,
    pub(in crate::shop) known: Known,
}

impl Claim {
    /// Every number by which a push may name the object: WeChat's, and the merchant's own.
    pub fn numbers(&self) -> Vec<String> {
        let own = find(self.event).map_or(&[][..], |spec| &spec.numbers);
        let blocks = self.message.values();
        let named =
            blocks.flat_map(|block| own.iter().filter_map(|name| text_of(block.get(name)?)));
        let mut numbers: Vec<String> = [self.number.clone()].into_iter().chain(named).collect();
        numbers.dedup();
        numbers
    }

    /// Whether this push is the claimed one. The pushes that are asked about bear its number.
    pub fn is(&self, push: &Push) -> bool {
        if push.event != self.event {
            return false;
        }
        let state = self.state.map(|state| state.to_string());
        if state.is_some() && push.state != state {
            return false;
        }
        // A push without a time is taken for the one: nothing speaks against it.
        let Some(at) = push.created_at else {
            return true;
        };
        match self.known {
            Known::Once => true,
            Known::NotBefore => at >= self.at - SLACK,
            Known::Then => (at - self.at).abs() <= SLACK,
            Known::By(name) => {
                let own = self
                    .message
                    .values()
                    .find_map(|block| text_of(block.get(name)?));
                let fields: Value = serde_json::from_str(&push.fields).unwrap_or_default();
                own == fields.get(name).and_then(text_of)
            }
        }
    }
}

/// A number or a text as text; `None` for nothing.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
