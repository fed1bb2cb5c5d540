//! Orders: one by its number, and the lists.

pub(in crate::shop) mod component;
pub mod find;

use super::reading::Fetched;
use super::walk::Walked;
use super::{Shop, lacks};
use crate::lang::Text;
use crate::model::order::{Order, State};
use crate::text;
use crate::types::span::DAY;
use crate::types::{Family, Fen, Id64};
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashSet;

/// How an order is named to the platform, by its number or the merchant's. It is what the component's calls on an
/// order begin with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<Id64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_order_id: Option<String>,
    /// The buyer.
    pub openid: String,
}

impl Key {
    /// The number that it names the order by.
    pub fn number(&self) -> String {
        match (&self.out_order_id, &self.order_id) {
            (Some(own), _) => own.clone(),
            (None, Some(id)) => id.to_string(),
            (None, None) => String::new(),
        }
    }
}

/// A line of an order that is going to be reported. What is left out is taken from the shop.
#[derive(Debug, Clone)]
pub struct OneLine {
    pub product: String,
    pub count: i64,
    pub sku: Option<String>,
    pub title: Option<String>,
    pub image: Option<String>,
    pub page: Option<String>,
    /// Of one piece.
    pub price: Option<Fen>,
    /// For all pieces together.
    pub paid: Option<Fen>,
}

/// An order as it would be sent, and what is wrong with it.
#[derive(Debug)]
pub struct Drafted {
    pub body: Value,
    pub problems: Vec<Text>,
}

/// What an order is to cost instead. What is left out stays.
#[derive(Debug, Clone, Default)]
pub struct NewPrice {
    /// SKU, and what is paid for all its pieces.
    pub paid: Vec<(String, Fen)>,
    pub freight: Option<Fen>,
    pub surcharge: Option<Fen>,
    pub surcharge_for: Option<String>,
}

/// Which list of orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum List {
    /// By the time of creation.
    All { oldest_first: bool },
    /// Those of a promoter by the time of payment; by number or openid.
    OfPromoter(String),
    /// Those of a sharer, an openid, by the time of payment.
    OfSharer(String),
}

/// A stretch of time in unix seconds; both ends belong to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    pub since: Option<i64>,
    pub until: Option<i64>,
}

/// What is wanted of a list of orders.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Unix seconds.
    pub since: Option<i64>,
    /// Unix seconds.
    pub until: Option<i64>,
    /// None are all.
    pub states: Vec<State>,
    pub limit: Option<usize>,
}

impl Wanted {
    /// The stretches of time, in the order of the list, so that no list gets very deep. The end is fixed before the
    /// first page: a list that grows at its end would never be whole.
    fn stretches(&self, oldest_first: bool, now: i64) -> Vec<Span> {
        let until = self.until.unwrap_or(now + AHEAD);
        let span = |since, until| Span {
            since,
            until: Some(until),
        };
        match self.since {
            None => vec![span(None, until)],
            Some(since) => {
                let spans = spans(since, until, oldest_first).into_iter();
                spans.map(|(from, to)| span(Some(from), to)).collect()
            }
        }
    }
}

/// Seconds that the time of an order may be ahead of WeChat's.
pub const AHEAD: i64 = DAY;
/// A window that is asked for at once; a long time is many of them, so that no list gets very deep.
const WINDOW: i64 = 7 * DAY;
/// Windows that are read together.
const WINDOWS_AT_ONCE: usize = 4;

impl Shop {
    /// All orders that were created between the two times, the oldest first. WeChat has no other list of orders.
    pub async fn orders_between(&self, since: i64, until: i64) -> Result<Walked<Fetched<Order>>> {
        let oldest_first = List::All { oldest_first: true };
        let walked: Vec<Walked<Fetched<Order>>> = stream::iter(spans(since, until, true))
            .map(|(from, to)| {
                let span = Span {
                    since: Some(from),
                    until: Some(to),
                };
                self.orders(&oldest_first, span, None)
            })
            .buffered(WINDOWS_AT_ONCE)
            .try_collect()
            .await?;
        let unsure = walked.iter().map(|walked| walked.unsure).sum();
        let rows = walked.into_iter().flat_map(|walked| walked.rows).collect();
        Ok(Walked { rows, unsure })
    }

    /// The orders of a list that are wanted, each once.
    pub async fn orders_wanted(
        &self,
        list: &List,
        wanted: &Wanted,
    ) -> Result<Walked<Fetched<Order>>> {
        let oldest_first = matches!(list, List::All { oldest_first: true });
        let (mut rows, mut unsure) = (Vec::new(), 0);
        let mut seen = HashSet::new();
        for span in wanted.stretches(oldest_first, self.clock()?) {
            let left = wanted.limit.map(|limit| limit - rows.len());
            // States are picked here, so a page of any of them may hold none that are wanted.
            let most = left.filter(|_| wanted.states.is_empty());
            let walked = self.orders(list, span, most).await?;
            unsure += walked.unsure;
            rows.extend(walked.rows.into_iter().filter(|order| {
                let order = &order.value;
                let is_wanted = wanted.states.is_empty() || wanted.states.contains(&order.state);
                // A window ends where the next begins, and the clock may stand between them.
                is_wanted && (order.id.is_empty() || seen.insert(order.id.clone()))
            }));
            if wanted.limit.is_some_and(|limit| rows.len() >= limit) {
                break;
            }
        }
        if let Some(limit) = wanted.limit {
            rows.truncate(limit);
        }
        Ok(Walked { rows, unsure })
    }

    /// An order that is going to be reported, completed by what the shop knows, with everything that is wrong with it.
    /// `lines` replace those that it says itself.
    pub async fn draft_order(
        &self,
        said: Value,
        lines: Vec<OneLine>,
        expires: Option<i64>,
        now: i64,
    ) -> Result<Drafted> {
        match self.family {
            Family::Component => component::draft::draft(self, said, lines, expires, now).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// The prices of an order's record with the changes laid over them, as the call takes them.
    ///
    /// # Errors
    /// Where a SKU is named that the order does not have.
    pub fn new_price(&self, order: &Value, new: &NewPrice) -> Result<Value> {
        match self.family {
            Family::Component => component::change::new_price(order, new),
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// What is wrong with new prices of an order.
    pub fn price_problems(&self, new: &Value, order: &Value) -> Result<Vec<Text>> {
        match self.family {
            Family::Component => Ok(component::change::problems(new, order)),
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// Arguments of a payment as the Mini Program hands them on: a time stays the digits that it is.
    pub fn payment_params(&self, reply: Value) -> Result<Value> {
        match self.family {
            Family::Component => Ok(component::payment_params(reply)),
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// One order.
    ///
    /// # Errors
    /// Also where the reply has no order.
    pub async fn order(&self, key: &Key) -> Result<Fetched<Order>> {
        match self.family {
            Family::Component => component::get(self, key).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// The orders of a list within a span, each once.
    pub async fn orders(
        &self,
        list: &List,
        span: Span,
        limit: Option<usize>,
    ) -> Result<Walked<Fetched<Order>>> {
        match self.family {
            Family::Component => component::list(self, list, span, limit).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }
}

/// Both ends belong to a span, and none overlap.
pub fn spans(since: i64, until: i64, oldest_first: bool) -> Vec<(i64, i64)> {
    let mut spans = Vec::new();
    let mut from = since;
    while from <= until {
        let to = (from + WINDOW - 1).min(until);
        spans.push((from, to));
        from = to + 1;
    }
    if !oldest_first {
        spans.reverse();
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_cover_every_second_once() {
        for (since, until) in [(0, 0), (0, WINDOW - 1), (0, WINDOW), (5, 40 * 86_400 + 7)] {
            let mut spans = spans(since, until, true);
            assert_eq!((spans[0].0, spans[spans.len() - 1].1), (since, until));
            assert!(spans.windows(2).all(|two| two[0].1 + 1 == two[1].0));
            spans.reverse();
            assert_eq!(spans, super::spans(since, until, false));
        }
        assert!(spans(5, 4, true).is_empty());
    }
}
