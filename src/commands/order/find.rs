//! How a verb names an order, and how orders are found by their numbers. WeChat wants the buyer's openid with every
//! number; who does not have it at hand finds it among the latest orders.

use super::super::Ctx;
use super::list::{LIST, Window};
use crate::api::component;
use crate::fail::Failure;
use crate::model::order::Order;
use crate::text;
use crate::types::{ChinaTime, Id64};
use anyhow::Result;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

const DAY: i64 = 86_400;
/// How far back orders are looked for where nobody says.
pub const DAYS_BACK: i64 = 90;

/// How a verb names an order.
#[derive(Debug, Clone, clap::Args)]
pub struct Which {
    /// Number of the order: your own, or WeChat's with --by-id
    #[arg(value_name = "ORDER")]
    pub order: String,
    /// The buyer; looked up among the orders of the last 90 days when left out
    #[arg(long, value_name = "OPENID")]
    pub openid: Option<String>,
    /// ORDER is WeChat's number
    #[arg(long)]
    pub by_id: bool,
}

/// What every call on an order begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<Id64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_order_id: Option<String>,
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

impl Which {
    /// The number and the buyer; without an openid the order is looked up.
    pub async fn key(&self, ctx: &Ctx) -> Result<Key> {
        let order_id = match self.by_id {
            true => Some(self.order.parse::<Id64>().map_err(|_| {
                Failure::input(text!(
                    "{number} is no number of WeChat",
                    number = &self.order
                ))
                .hint(text!("leave --by-id out for a number of your own"))
            })?),
            false => None,
        };
        let openid = match &self.openid {
            Some(openid) => openid.clone(),
            None => {
                let found = by_numbers(ctx, std::slice::from_ref(&self.order), DAYS_BACK).await?;
                let order = found.get(&self.order).ok_or_else(|| {
                    Failure::input(text!(
                        "no order {number} among those of the last {days} days",
                        number = &self.order,
                        days = DAYS_BACK
                    ))
                    .hint(text!("name the buyer with --openid"))
                })?;
                order.buyer.clone()
            }
        };
        Ok(Key {
            out_order_id: order_id.is_none().then(|| self.order.clone()),
            order_id,
            openid,
        })
    }
}

/// The orders that have these numbers, the merchant's or WeChat's, by the number that was asked for. Windows go back from now, each longer than the one before, until all are found or `days` are through.
pub async fn by_numbers(
    ctx: &Ctx,
    numbers: &[String],
    days: i64,
) -> Result<HashMap<String, Order>> {
    let mut missing: HashSet<&str> = numbers.iter().map(String::as_str).collect();
    let mut found = HashMap::new();
    // An order may bear a time up to a day ahead of WeChat's.
    let mut end = ctx.clock()? + DAY;
    let oldest = end - (days + 1) * DAY;
    let mut length = 2 * DAY;
    while !missing.is_empty() && end > oldest {
        let start = (end - length).max(oldest);
        let window = Window {
            start_create_time: Some(ChinaTime::from_unix(start)),
            end_create_time: Some(ChinaTime::from_unix(end)),
            sort_order: 1,
            ..Window::default()
        };
        for order in ctx.rows(&LIST, &window, None).await? {
            let order = component::order::order(&order).value;
            let names = [&order.number, &order.id];
            let name = names
                .into_iter()
                .find_map(|name| missing.take(name.as_str()));
            if let Some(name) = name {
                found.insert(name.to_owned(), order);
            }
        }
        end = start - 1;
        length *= 2;
    }
    Ok(found)
}
