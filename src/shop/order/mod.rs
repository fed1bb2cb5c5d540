//! Orders: one by its number, and the lists.

pub(in crate::shop) mod component;

use super::reading::Fetched;
use super::walk::Walked;
use super::{Shop, lacks};
use crate::model::order::Order;
use crate::text;
use crate::types::{Family, Id64};
use anyhow::Result;
use serde::Serialize;

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

impl Shop {
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
