//! What runs out in a shop: lists by state, page after page, and then single after-sales, many together.

use crate::api::component::aftersale as wire;
use crate::lang::Text;
use crate::model::aftersale::{Case, Move, State};
use crate::model::deadline::{Actor, Deadline, left};
use crate::model::dispute::{self, Dispute};
use crate::model::order::{self, Order};
use crate::shop::Shop;
use crate::shop::aftersale::Filter;
use crate::shop::dispute::Filter as Disputes;
use crate::shop::order::AHEAD;
use crate::shop::reading::Fetched;
use crate::state::cases::OpenCase;
use crate::state::pushes;
use crate::text;
use crate::types::{Fen, now};
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, future::try_join_all, stream};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// After-sales that are read together.
const AT_ONCE: usize = 16;

/// What has a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Noun {
    Aftersale,
    Dispute,
    Order,
    Audit,
}

/// One thing that runs out, or that waits.
#[derive(Debug, Clone)]
pub struct Item {
    pub shop: String,
    pub appid: String,
    pub noun: Noun,
    /// WeChat's number of the after-sale or dispute, the merchant's of the order or product.
    pub number: String,
    /// The merchant's number of the order, where the answer names it.
    pub order: Option<String>,
    pub who: Actor,
    pub what: Text,
    /// Unix seconds; `None` where nothing says how long.
    pub at: Option<i64>,
    pub then: Option<Text>,
    pub amount: Option<Fen>,
    /// The time is the merchant's own rule and not one of the platform.
    pub assumed: bool,
    /// The merchant has to act within the time asked for, or may have to: until when cannot be read.
    pub due: bool,
    /// What runs out, and when, cannot be read.
    pub unreadable: bool,
    /// The verb that answers it, which takes the number.
    pub step: Option<&'static str>,
    /// The shop's time when it was read.
    pub now: i64,
}

impl Item {
    /// Whether the merchant has to act.
    pub fn is_ours(&self) -> bool {
        matches!(self.who, Actor::Merchant | Actor::Both)
    }

    /// How long there is still time.
    pub fn left(&self) -> Option<Text> {
        Some(left(self.at? - self.now))
    }
}

/// What is asked for.
pub struct Wanted {
    /// Seconds.
    pub within: i64,
    pub all: bool,
    pub ship_within: Option<i64>,
    pub orders_of: i64,
    pub audit_after: i64,
    pub fresh: bool,
}

/// One shop as it is read.
struct Look<'a> {
    shop: &'a Shop,
    wanted: &'a Wanted,
    key: &'a str,
    now: i64,
}

impl Shop {
    /// Everything that is asked for.
    ///
    /// # Errors
    /// With the first read that fails: half a list would look like all of it.
    pub async fn due(&self, wanted: &Wanted) -> Result<Vec<Item>> {
        let look = Look {
            shop: self,
            wanted,
            key: self.client.shop_key(),
            now: self.clock()?,
        };
        let (aftersales, disputes, orders, audits) = tokio::try_join!(
            look.aftersales(),
            look.disputes(),
            look.orders(),
            look.audits()
        )?;
        let found = [aftersales, disputes, orders, audits];
        let found = found.into_iter().flatten();
        Ok(found.filter(|item| wanted.all || item.due).collect())
    }
}

/// The first that is there.
fn first_of(one: String, other: String) -> String {
    if one.is_empty() { other } else { one }
}

impl Look<'_> {
    /// A thing of this shop that waits for `who`.
    fn item(&self, noun: Noun, number: String, deadline: Deadline) -> Item {
        Item {
            due: deadline.is_ours() && deadline.at <= self.now.saturating_add(self.wanted.within),
            at: Some(deadline.at),
            then: Some(deadline.then),
            what: deadline.what,
            who: deadline.who,
            ..self.waiting(noun, number)
        }
    }

    /// A thing without a time.
    fn waiting(&self, noun: Noun, number: String) -> Item {
        Item {
            shop: self.shop.name.clone(),
            appid: self.shop.appid.clone(),
            noun,
            number,
            order: None,
            who: Actor::Merchant,
            what: text!("act"),
            at: None,
            then: None,
            amount: None,
            assumed: false,
            due: false,
            unreadable: false,
            step: None,
            now: self.now,
        }
    }

    /// A thing of which it cannot be read until when somebody has to act. It counts as due: it may be.
    fn unreadable(&self, noun: Noun, number: String) -> Item {
        Item {
            what: text!("check it yourself: WeChat's data on it cannot be read"),
            due: true,
            unreadable: true,
            ..self.waiting(noun, number)
        }
    }

    /// An after-sale that moves on while the lists are read can be missed by this look, and is there in the next one.
    async fn aftersales(&self) -> Result<Vec<Item>> {
        let mut states = vec![
            State::RefundRequested,
            State::ReturnRequested,
            State::ReturnShipped,
        ];
        if self.wanted.all {
            states.extend([
                State::AwaitingReturn,
                State::RefundRejected,
                State::ReturnRejected,
            ]);
        }
        let shop = self.shop;
        let lists = states.iter().map(|state| async move {
            let filter = Filter {
                state: Some(*state),
                ..Filter::default()
            };
            anyhow::Ok((*state, shop.aftersale_ids(&filter, None).await?.rows))
        });
        let mut listed: BTreeMap<String, State> = BTreeMap::new();
        for (state, ids) in try_join_all(lists).await? {
            listed.extend(ids.into_iter().map(|id| (id, state)));
        }
        let (cases, unreadable) = self.cases(&listed, &states).await?;
        let mut items: Vec<Item> = unreadable
            .into_iter()
            .map(|number| self.unreadable(Noun::Aftersale, number))
            .collect();
        items.extend(cases.into_iter().filter_map(|case| {
            let deadline = clock(&case).deadline()?;
            let ours = |step: &&Move| step.who == Actor::Merchant;
            let step = clock(&case).moves().find(ours);
            Some(Item {
                step: step.and_then(|step| step.step.command()),
                amount: Some(Fen(case.fen)).filter(|amount| amount.0 > 0),
                order: Some(case.order).filter(|order| !order.is_empty()),
                ..self.item(Noun::Aftersale, case.number, deadline)
            })
        }));
        Ok(items)
    }

    /// What was listed, from what is kept and for the rest from WeChat.
    /// With the numbers of those that cannot be read.
    async fn cases(
        &self,
        listed: &BTreeMap<String, State>,
        states: &[State],
    ) -> Result<(Vec<OpenCase>, Vec<String>)> {
        let state = self.shop.client.state();
        let kept = state.open_cases(self.key)?;
        let mut usable = if self.wanted.fresh {
            HashMap::new()
        } else {
            self.usable(&kept, listed)?
        };
        let missing = listed.keys().filter(|number| !usable.contains_key(*number));
        let missing: Vec<&String> = missing.collect();
        let looks: Vec<Result<OpenCase, String>> = stream::iter(missing)
            .map(|number| self.case(number))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let (mut read, mut unreadable) = (Vec::new(), Vec::new());
        for look in looks {
            match look {
                Ok(case) => read.push(case),
                Err(number) => unreadable.push(number),
            }
        }
        unreadable.sort_unstable();
        let gone: Vec<&str> = kept
            .values()
            .filter(|case| {
                let left = !listed.contains_key(&case.number);
                states.contains(&wire::state(case.state)) && left
                    || unreadable.contains(&case.number)
            })
            .map(|case| case.number.as_str())
            .collect();
        state.keep_cases(self.key, &read, &gone)?;
        usable.extend(read.into_iter().map(|case| (case.number.clone(), case)));
        Ok((usable.into_values().collect(), unreadable))
    }

    /// Kept cases that need not be read again.
    fn usable(
        &self,
        kept: &HashMap<String, OpenCase>,
        listed: &BTreeMap<String, State>,
    ) -> Result<HashMap<String, OpenCase>> {
        let Some(oldest) = kept.values().map(|case| case.read_at).min() else {
            return Ok(HashMap::new());
        };
        let told = self.shop.client.state().pushes(&pushes::Filter {
            shop: Some(self.key.to_owned()),
            since: Some(oldest.saturating_mul(1000)),
            ..pushes::Filter::default()
        })?;
        let told: HashSet<(&str, i64)> = told
            .iter()
            .filter(|push| push.object == "aftersale")
            .map(|push| (push.number.as_str(), push.received_at / 1000))
            .collect();
        let spoken_of = |case: &OpenCase| {
            told.iter()
                .any(|(number, at)| *number == case.number && *at >= case.read_at)
        };
        let none_told = told.is_empty();
        let over = |case: &OpenCase| {
            let deadline = clock(case).deadline();
            deadline.is_none_or(|deadline| deadline.at <= self.now)
        };
        let usable = kept.iter().filter(|(number, case)| {
            listed.get(*number) == Some(&wire::state(case.state))
                && !over(case)
                && (none_told || !spoken_of(case))
        });
        Ok(usable
            .map(|(number, case)| (number.clone(), case.clone()))
            .collect())
    }

    /// One after-sale; its number, where what runs out cannot be read.
    async fn case(&self, number: &str) -> Result<Result<OpenCase, String>> {
        let read_at = now();
        let found = self.shop.aftersale_listed(number).await?;
        let aftersale = found.value;
        let case = aftersale.case();
        // It was listed as one that waits: a state that nobody has described may have a clock too.
        let is_unreadable = aftersale.is_unreadable() || matches!(case.state, State::Unknown(_));
        let (false, Some(changed_at)) = (is_unreadable, case.changed_at) else {
            return Ok(Err(number.to_owned()));
        };
        Ok(Ok(OpenCase {
            number: number.to_owned(),
            kind: wire::kind_number(case.kind),
            state: wire::state_number(case.state),
            changed_at,
            order: aftersale.order_number,
            fen: aftersale.amount.unwrap_or_default().0,
            read_at,
        }))
    }

    /// The platform's pages name the filter in two ways, so that it may do nothing: an answer with other states is the
    /// whole list.
    async fn disputes(&self) -> Result<Vec<Item>> {
        let mut states = dispute::STAGES
            .iter()
            .map(|stage| stage.state)
            .filter(|state| state.is_ours());
        let shop = self.shop;
        let list = |state: Option<dispute::State>| async move {
            let filter = Disputes {
                state,
                ..Disputes::default()
            };
            let walked = shop.disputes(&filter, None).await?;
            anyhow::Ok(walked.rows)
        };
        let first = states.next();
        let mut rows: Vec<Fetched<Dispute>> = list(first).await?;
        let filtered = |row: &Fetched<Dispute>| {
            Some(row.value.state) == first || row.value.state == dispute::State::Unknown(0)
        };
        if rows.iter().all(filtered) {
            let rest = try_join_all(states.map(|state| list(Some(state)))).await?;
            rows.extend(rest.into_iter().flatten());
        }
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for Fetched { value, unread, .. } in rows {
            let id = value.id.clone();
            let unreadable = value.is_unreadable();
            let again = !id.is_empty() && !seen.insert(id.clone());
            if !value.state.is_ours() && !unreadable || again {
                continue;
            }
            self.shop
                .note_unread(text!("dispute {number}", number = &id), &unread);
            found.push(match value.deadline() {
                _ if unreadable => self.unreadable(Noun::Dispute, id),
                Some(deadline) => self.item(Noun::Dispute, id, deadline),
                None => Item {
                    what: value.state.words(),
                    ..self.waiting(Noun::Dispute, id)
                },
            });
        }
        Ok(found)
    }

    /// Paid orders that are not shipped. WeChat has no list of them: all orders of the time are read.
    async fn orders(&self) -> Result<Vec<Item>> {
        if !self.wanted.all && self.wanted.ship_within.is_none() {
            return Ok(Vec::new());
        }
        // An order may bear a time up to a day ahead of WeChat's.
        let since = self.now.saturating_sub(self.wanted.orders_of);
        let shop = self.shop;
        let walked = shop.orders_between(since, self.now + AHEAD).await?;
        self.shop.note_unsure(walked.unsure);
        let limited = self.wanted.ship_within.is_some();
        let open = walked
            .rows
            .into_iter()
            .filter_map(|order| match order.value.state {
                order::State::Paid => Some(self.to_ship(order.value)),
                // It may wait for its parcel.
                order::State::Unknown(_) if limited => {
                    let number = first_of(order.value.number, order.value.id);
                    Some(self.unreadable(Noun::Order, number))
                }
                _ => None,
            });
        Ok(open.collect())
    }

    fn to_ship(&self, order: Order) -> Item {
        let id = first_of(order.number, order.id);
        let paid = order.paid_at.or(order.created_at);
        let item = match paid.zip(self.wanted.ship_within) {
            Some((paid, limit)) => Item {
                assumed: true,
                ..self.item(
                    Noun::Order,
                    id.clone(),
                    Deadline {
                        what: text!("ship the order"),
                        who: Actor::Merchant,
                        at: paid.saturating_add(limit),
                        then: text!("nothing: the limit is your own (--ship-within)"),
                    },
                )
            },
            // A limit is set, and from when it counts cannot be read.
            None if self.wanted.ship_within.is_some() => self.unreadable(Noun::Order, id.clone()),
            None => Item {
                what: text!("ship the order"),
                ..self.waiting(Noun::Order, id.clone())
            },
        };
        Item {
            amount: order.price.total,
            order: Some(id),
            ..item
        }
    }

    /// Products that are in audit for long.
    async fn audits(&self) -> Result<Vec<Item>> {
        if !self.wanted.all {
            return Ok(Vec::new());
        }
        let audits = self.shop.audits().await?;
        let items = audits.into_iter().filter(|audit| audit.is_open);
        let items = items.filter_map(|audit| {
            let since = audit.submitted.map(|submitted| self.now - submitted);
            if since.is_some_and(|since| since < self.wanted.audit_after) {
                return None;
            }
            Some(Item {
                who: Actor::Platform,
                what: match since {
                    Some(since) => text!("in audit for {time}", time = left(since)),
                    None => text!("in audit; the start time cannot be read"),
                },
                unreadable: since.is_none(),
                ..self.waiting(Noun::Audit, audit.number)
            })
        });
        Ok(items.collect())
    }
}

/// What decides about the clock of a case that is kept.
fn clock(case: &OpenCase) -> Case {
    Case {
        kind: wire::kind(case.kind),
        state: wire::state(case.state),
        sent_back: false,
        changed_at: Some(case.changed_at),
    }
}
