//! How orders are found by their numbers. WeChat wants the buyer's openid with every
//! number; who does not have it at hand finds it among the latest orders.

use super::{AHEAD, Key, List, Span};
use crate::fail::{Failure, failure};
use crate::lang::Text;
use crate::model::order::Order;
use crate::shop::Shop;
use crate::shop::reading::Fetched;
use crate::text;
use crate::types::Id64;
use crate::types::span::DAY;
use crate::types::spelling::{folded, twin_words};
use anyhow::Result;
use std::collections::{HashMap, HashSet};

/// How far back orders are looked for where nobody says.
pub const DAYS_BACK: i64 = 90;

impl Shop {
    /// The number and the buyer of an order that is named by the merchant's number or the platform's. Without an openid
    /// the order is looked up. A long number may be either of the two that an order has; `by_id` says that it is the
    /// platform's.
    pub async fn order_key(&self, named: &str, openid: Option<&str>, by_id: bool) -> Result<Key> {
        let id = named.parse::<Id64>().ok();
        if by_id && id.is_none() {
            return Err(Failure::input(text!(
                "{number} is not one of WeChat's numbers",
                number = named
            ))
            .hint(text!("remove --by-id if it is your own number"))
            .into());
        }
        let Some(openid) = openid else {
            let numbers = [named.to_owned()];
            let orders = self.orders_by_number(&numbers, DAYS_BACK).await?;
            let order = orders.found.get(named).ok_or_else(|| {
                orders.unknown(named, DAYS_BACK, text!("give the buyer with --openid"))
            })?;
            let by_id = by_id || order.number != named;
            return Ok(Key {
                order_id: id.filter(|_| by_id),
                out_order_id: (!by_id).then(|| named.to_owned()),
                openid: order.buyer.clone(),
            });
        };
        let own = Key {
            order_id: None,
            out_order_id: Some(named.to_owned()),
            openid: openid.to_owned(),
        };
        let theirs = Key {
            order_id: id,
            out_order_id: None,
            openid: own.openid.clone(),
        };
        if by_id {
            return Ok(theirs);
        }
        if id.is_none() || named.len() < ID_DIGITS {
            return Ok(own);
        }
        match self.order(&own).await {
            Err(error) if is_absent(&error) => Ok(theirs),
            _ => Ok(own),
        }
    }

    /// An order. What of it cannot be read is named, and the rest is used.
    pub async fn read_order(&self, key: &Key) -> Result<Fetched<Order>> {
        let order = self.order(key).await?;
        self.note_unread(
            text!("order {number}", number = key.number()),
            &order.unread,
        );
        Ok(order)
    }
}

/// The digits that WeChat's numbers of orders have.
const ID_DIGITS: usize = 19;
/// Digits that every spreadsheet keeps of a number.
const SURE_DIGITS: usize = 15;
/// No such order.
const ABSENT: i64 = 1_010_011;

fn is_absent(error: &anyhow::Error) -> bool {
    failure(error).is_some_and(|failure| failure.errcode == Some(ABSENT))
}

/// What was found of numbers of orders.
#[derive(Default)]
pub struct ByNumber {
    /// The orders, by the number that was asked for.
    pub found: HashMap<String, Order>,
    /// Numbers that no order has, and those of orders that look like them.
    pub alike: HashMap<String, String>,
    /// Numbers that no order has, which a spreadsheet may have left of one that begins alike.
    pub cut: HashSet<String>,
}

impl ByNumber {
    /// Why there is no order of this number among those of the last days; `hint` is what helps where no other order
    /// has a number like it.
    pub fn unknown(&self, number: &str, days: i64, hint: Text) -> Failure {
        match (self.alike.get(number), self.cut.contains(number)) {
            (Some(other), _) => {
                Failure::input(twin_words(number, other)).hint(text!("write it as the shop has it"))
            }
            (None, true) => Failure::input(text!(
                "no order {number}, but one that starts alike: a spreadsheet may have lost its last digits",
                number
            ))
            .hint(text!(
                "format the column as text and enter the number again"
            )),
            (None, false) => Failure::input(text!(
                "order {number} was not found among the orders of the last {days} days",
                number,
                days
            ))
            .hint(hint),
        }
    }
}

impl Shop {
    /// The orders that have these numbers, the merchant's or WeChat's, by the number that was asked for. Windows go back from
    /// now, each longer than the one before, until all are found or `days` are through.
    pub async fn orders_by_number(&self, numbers: &[String], days: i64) -> Result<ByNumber> {
        let mut missing: HashSet<&str> = numbers.iter().map(String::as_str).collect();
        let folds: HashMap<String, &str> = numbers
            .iter()
            .map(|number| (folded(number), number.as_str()))
            .collect();
        let kept: HashMap<&str, &str> = numbers
            .iter()
            .filter_map(|number| Some((what_is_kept(number)?, number.as_str())))
            .collect();
        let (mut found, mut alike, mut cut) = (HashMap::new(), HashMap::new(), HashSet::new());
        // An order may bear a time up to a day ahead of WeChat's.
        let mut end = self.clock()? + AHEAD;
        let oldest = end - (days + 1) * DAY;
        let mut length = 2 * DAY;
        while !missing.is_empty() && end > oldest {
            let start = (end - length).max(oldest);
            let span = Span {
                since: Some(start),
                until: Some(end),
            };
            let newest_first = List::All {
                oldest_first: false,
            };
            for order in self.orders(&newest_first, span, None).await?.rows {
                let order = order.value;
                let names = [&order.number, &order.id];
                let name = names
                    .into_iter()
                    .find_map(|name| missing.take(name.as_str()));
                if let Some(name) = name {
                    found.insert(name.to_owned(), order);
                    continue;
                }
                for name in names {
                    if let Some(wanted) = folds.get(&folded(name)).filter(|wanted| *wanted != name)
                    {
                        alike.insert((*wanted).to_owned(), name.clone());
                    }
                    let beginning = name.get(..SURE_DIGITS).filter(|_| name.len() == ID_DIGITS);
                    if let Some(wanted) = beginning.and_then(|digits| kept.get(digits)) {
                        cut.insert((*wanted).to_owned());
                    }
                }
            }
            end = start - 1;
            length *= 2;
        }
        alike.retain(|wanted, _| !found.contains_key(wanted));
        cut.retain(|wanted| !found.contains_key(wanted));
        Ok(ByNumber { found, alike, cut })
    }
}

/// What is sure of a number of WeChat's whose last digits are zeros, as spreadsheets leave them.
fn what_is_kept(number: &str) -> Option<&str> {
    let is_cut = number.len() == ID_DIGITS
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && number.ends_with("00");
    number.get(..SURE_DIGITS).filter(|_| is_cut)
}
