//! What a shop sold and paid back, by day: sums over what its lists hold, in fen. Refunds stand apart and are never taken
//! off the sales.

use super::aftersale::{self, Aftersale, Kind, Reason};
use super::order::{self, Order};
use crate::types::span::DAY;
use crate::types::{ChinaTime, Fen};
use serde::Serialize;
use std::collections::BTreeMap;

/// China is eight hours ahead, all year.
const AHEAD: i64 = 28_800;

/// The days of a report, in unix seconds; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub since: i64,
    pub until: i64,
}

/// The day in China, counted from 1970.
fn day_of(at: i64) -> i64 {
    at.saturating_add(AHEAD).div_euclid(DAY)
}

/// `2026-11-28`
fn day_name(day: i64) -> String {
    let midnight = ChinaTime::from_unix(day.saturating_mul(DAY).saturating_sub(AHEAD));
    midnight.0.chars().take(10).collect()
}

/// Rows of `T` by day: every day of the span, and those outside of it on which something is; last what has no time.
struct Days<T>(BTreeMap<(bool, i64), T>);

impl<T: Default> Days<T> {
    fn of(span: Span) -> Days<T> {
        let days = day_of(span.since)..=day_of(span.until);
        Days(days.map(|day| ((false, day), T::default())).collect())
    }

    fn at(&mut self, moment: Option<i64>) -> &mut T {
        let key = moment.map_or((true, 0), |moment| (false, day_of(moment)));
        self.0.entry(key).or_default()
    }

    fn rows(self) -> impl Iterator<Item = (Option<String>, T)> {
        let named = |(lost, day): (bool, i64)| (!lost).then(|| day_name(day));
        self.0.into_iter().map(move |(key, row)| (named(key), row))
    }
}

/// Adds; an amount that nobody can read, or a sum that no number holds, is counted.
fn add(sum: &mut Fen, amount: Option<Fen>, unread: &mut u64) {
    match amount.and_then(|amount| sum.0.checked_add(amount.0)) {
        Some(whole) => *sum = Fen(whole),
        None => *unread += 1,
    }
}

/// One day of sales.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SalesDay {
    /// The day in China; null for orders without a time that can be read.
    pub day: Option<String>,
    /// Orders created on this day, in whatever state.
    pub orders: u64,
    /// Of them, those that were paid, also where they were refunded later.
    pub paid_orders: u64,
    /// What the paid ones cost, freight and all.
    pub sales: Fen,
    /// After-sales opened on this day that were refunded.
    pub refunds: u64,
    /// What went back to the buyers of these.
    pub refunded: Fen,
}

/// One product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sold {
    /// The merchant's number.
    pub product: String,
    pub title: String,
    pub orders: u64,
    pub pieces: i64,
    /// Paid for the pieces, without freight.
    pub sales: Fen,
}

/// Sales of a span.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sales {
    pub days: Vec<SalesDay>,
    /// The dearest first.
    pub products: Vec<Sold>,
    /// Amounts that could not be read: the sums lack them.
    pub unread: u64,
}

/// Whether an order was paid for, whatever became of it.
fn is_paid(order: &Order) -> bool {
    order.paid_at.is_some() || order.state.is_paid() || order.state == order::State::Refunded
}

impl Sales {
    /// Of the orders created in the span, and the after-sales opened in it.
    pub fn of(orders: &[Order], aftersales: &[Aftersale], span: Span) -> Sales {
        let mut days: Days<SalesDay> = Days::of(span);
        let mut products: BTreeMap<&str, Sold> = BTreeMap::new();
        let mut unread = 0;
        for order in orders {
            let day = days.at(order.created_at);
            day.orders += 1;
            if !is_paid(order) {
                continue;
            }
            day.paid_orders += 1;
            add(&mut day.sales, order.price.total, &mut unread);
            let mut counted: Vec<&str> = Vec::new();
            for line in &order.lines {
                let sold = products.entry(&line.product).or_default();
                if !counted.contains(&line.product.as_str()) {
                    counted.push(&line.product);
                    sold.orders += 1;
                }
                sold.product.clone_from(&line.product);
                sold.title.clone_from(&line.title);
                sold.pieces = sold.pieces.saturating_add(line.count);
                add(&mut sold.sales, line.paid, &mut unread);
            }
        }
        for aftersale in aftersales.iter().filter(|it| is_refunded(it)) {
            let day = days.at(opened(aftersale));
            day.refunds += 1;
            add(&mut day.refunded, aftersale.amount, &mut unread);
        }
        let unsure = aftersales.iter().filter(|it| is_unsure(it));
        unread += unsure.count() as u64;
        let mut products: Vec<Sold> = products.into_values().collect();
        products.sort_by(|one, other| {
            (other.sales.0, &one.product).cmp(&(one.sales.0, &other.product))
        });
        let days = days.rows().map(|(day, row)| SalesDay { day, ..row });
        Sales {
            days: days.collect(),
            products,
            unread,
        }
    }

    /// All days together.
    pub fn total(&self) -> SalesDay {
        let mut whole = SalesDay::default();
        for day in &self.days {
            whole.orders += day.orders;
            whole.paid_orders += day.paid_orders;
            whole.sales = Fen(whole.sales.0.saturating_add(day.sales.0));
            whole.refunds += day.refunds;
            whole.refunded = Fen(whole.refunded.0.saturating_add(day.refunded.0));
        }
        whole
    }
}

fn is_refunded(aftersale: &Aftersale) -> bool {
    aftersale.state == aftersale::State::Refunded
}

/// Unix seconds.
/// It may have been refunded, and of what amount nobody can read.
fn is_unsure(aftersale: &Aftersale) -> bool {
    aftersale.is_unreadable() && aftersale.amount.is_none()
}

fn opened(aftersale: &Aftersale) -> Option<i64> {
    aftersale.opened_ms.map(|millis| millis.div_euclid(1000))
}

/// One day of after-sales, by when they were opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct AftersaleDay {
    /// As in [`SalesDay`].
    pub day: Option<String>,
    pub opened: u64,
    /// Of them, those that can still move.
    pub open: u64,
    /// Of them, those that ended with a refund.
    pub refunded_count: u64,
    pub refunded: Fen,
    /// Of them, those that ended without one.
    pub ended_without: u64,
}

/// After-sales that have something in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group<T> {
    pub of: T,
    pub count: u64,
    /// What they ask for, whether it was paid back or not.
    pub amount: Fen,
}

/// After-sales of a span.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aftersales {
    pub days: Vec<AftersaleDay>,
    /// The most frequent first.
    pub reasons: Vec<Group<Option<Reason>>>,
    pub states: Vec<Group<aftersale::State>>,
    pub kinds: Vec<Group<Kind>>,
    /// As in [`Sales`].
    pub unread: u64,
}

impl Aftersales {
    /// Of the after-sales opened in the span.
    pub fn of(aftersales: &[Aftersale], span: Span) -> Aftersales {
        let mut days: Days<AftersaleDay> = Days::of(span);
        let mut unread = 0;
        for aftersale in aftersales {
            let day = days.at(opened(aftersale));
            day.opened += 1;
            if is_unsure(aftersale) {
                unread += 1;
            } else if is_refunded(aftersale) {
                day.refunded_count += 1;
                add(&mut day.refunded, aftersale.amount, &mut unread);
            } else if aftersale.state.is_open() {
                day.open += 1;
            } else {
                day.ended_without += 1;
            }
        }
        let days = days.rows().map(|(day, row)| AftersaleDay { day, ..row });
        Aftersales {
            days: days.collect(),
            reasons: grouped(aftersales, |it| it.reason),
            states: grouped(aftersales, |it| it.state),
            kinds: grouped(aftersales, |it| it.kind),
            unread,
        }
    }

    /// All days together.
    pub fn total(&self) -> AftersaleDay {
        let mut whole = AftersaleDay::default();
        for day in &self.days {
            whole.opened += day.opened;
            whole.open += day.open;
            whole.refunded_count += day.refunded_count;
            whole.refunded = Fen(whole.refunded.0.saturating_add(day.refunded.0));
            whole.ended_without += day.ended_without;
        }
        whole
    }
}

fn grouped<T: PartialEq>(aftersales: &[Aftersale], by: impl Fn(&Aftersale) -> T) -> Vec<Group<T>> {
    let mut groups: Vec<Group<T>> = Vec::new();
    for aftersale in aftersales {
        let of = by(aftersale);
        let at = groups.iter().position(|group| group.of == of);
        let at = at.unwrap_or_else(|| {
            let (count, amount) = (0, Fen(0));
            groups.push(Group { of, count, amount });
            groups.len() - 1
        });
        groups[at].count += 1;
        let amount = aftersale.amount.unwrap_or_default();
        groups[at].amount = Fen(groups[at].amount.0.saturating_add(amount.0));
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_china() {
        // 2026-11-28 00:00:00 +08:00
        let midnight = 1_795_795_200;
        assert_eq!(day_name(day_of(midnight)), "2026-11-28");
        assert_eq!(day_name(day_of(midnight - 1)), "2026-11-27");
        let span = Span {
            since: midnight - 1,
            until: midnight,
        };
        let days = Sales::of(&[], &[], span).days;
        let names: Vec<_> = days.into_iter().filter_map(|day| day.day).collect();
        assert_eq!(names, ["2026-11-27", "2026-11-28"]);
    }

    #[test]
    fn an_amount_that_cannot_be_added_is_counted_and_not_guessed() {
        let (mut sum, mut unread) = (Fen(i64::MAX - 1), 0);
        add(&mut sum, Some(Fen(1)), &mut unread);
        add(&mut sum, Some(Fen(1)), &mut unread);
        add(&mut sum, None, &mut unread);
        assert_eq!((sum, unread), (Fen(i64::MAX), 2));
    }
}
