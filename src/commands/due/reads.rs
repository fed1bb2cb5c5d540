//! What `wxsell due` reads of one shop: lists by state, page after page, and then single after-sales, many together.

use super::{Item, Noun, Wanted};
use crate::api::component::aftersale::{
    Case, REFUND_ASKED, REFUND_REFUSED, RETURN_ASKED, RETURN_REFUSED, RETURN_SENT,
    WAITING_FOR_RETURN,
};
use crate::api::component::deadline::{Actor, Deadline, left};
use crate::api::component::dispute;
use crate::commands::Ctx;
use crate::commands::ask::{Ask, request};
use crate::commands::order::list::created_between;
use crate::fail::{Failure, Kind};
use crate::state::cases::OpenCase;
use crate::state::pushes::Filter;
use crate::text;
use crate::types::{ChinaTime, Fen, now};
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, future::try_join_all, stream};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};

const LIST: Ask = Ask::new("due", "/shop/ecaftersale/get_list").shows("after_sales_orders", &[]);
const SHOW: Ask = Ask::new("due", "/shop/ecaftersale/get");
const DISPUTES: Ask = Ask::new("due", "/shop/complaint/get_list").shows("orders", &[]);
const ORDERS: Ask = Ask::new("due", "/shop/order/get_list").shows("orders", &[]);
const GOODS: Ask = Ask::new("due", "/shop/spu/get_list").shows("spus", &[]);

/// Held against the books like every other; commands of their own do these calls too.
pub const ASKS: &[Ask] = &[LIST, SHOW, DISPUTES, ORDERS, GOODS];

/// After-sales that are read together.
const AT_ONCE: usize = 16;
const DAY: i64 = 86_400;
/// `status` of an order that is paid and not shipped.
const TO_SHIP: i64 = 20;
/// `edit_status` of a product in audit.
const IN_AUDIT: i64 = 2;

/// One shop as it is read.
struct Look<'a> {
    ctx: &'a Ctx,
    wanted: &'a Wanted,
    shop: String,
    appid: String,
    key: String,
    now: i64,
}

/// Everything of a shop that is asked for. Fails with the first read that fails: half a list would look like all of it.
pub async fn shop(ctx: &Ctx, wanted: &Wanted) -> Result<Vec<Item>> {
    let profile = ctx.profile()?;
    let look = Look {
        ctx,
        wanted,
        shop: profile.label().to_owned(),
        appid: profile.appid.clone(),
        key: profile.shop_key(),
        now: ctx.clock()?,
    };
    ctx.shop().await?;
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

/// A number as text, whichever way it came.
fn number(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
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
            shop: self.shop.clone(),
            appid: self.appid.clone(),
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
            now: self.now,
        }
    }

    /// An after-sale that moves on while the lists are read can be missed by this look, and is there in the next one.
    async fn aftersales(&self) -> Result<Vec<Item>> {
        let mut states = vec![REFUND_ASKED, RETURN_ASKED, RETURN_SENT];
        if self.wanted.all {
            states.extend([WAITING_FOR_RETURN, REFUND_REFUSED, RETURN_REFUSED]);
        }
        let lists = states.iter().map(|state| async move {
            let rows = self
                .ctx
                .rows(&LIST, &json!({"status": state}), None)
                .await?;
            anyhow::Ok((*state, rows))
        });
        let mut listed: BTreeMap<String, i64> = BTreeMap::new();
        for (state, rows) in try_join_all(lists).await? {
            listed.extend(rows.iter().filter_map(number).map(|number| (number, state)));
        }
        let cases = self.cases(&listed, &states).await?;
        Ok(cases
            .into_iter()
            .filter_map(|case| {
                let deadline = Case {
                    kind: case.kind,
                    state: case.state,
                    sent_back: false,
                    changed_at: case.changed_at,
                }
                .deadline()?;
                Some(Item {
                    amount: Some(Fen(case.fen)),
                    order: Some(case.order).filter(|order| !order.is_empty()),
                    ..self.item(Noun::Aftersale, case.number, deadline)
                })
            })
            .collect())
    }

    /// What was listed, from what is kept and for the rest from WeChat.
    async fn cases(&self, listed: &BTreeMap<String, i64>, states: &[i64]) -> Result<Vec<OpenCase>> {
        let state = self.ctx.state()?;
        let kept = state.open_cases(&self.key)?;
        let mut usable = match self.wanted.fresh {
            true => HashMap::new(),
            false => self.usable(&kept, listed)?,
        };
        let missing = listed.keys().filter(|number| !usable.contains_key(*number));
        let missing: Vec<&String> = missing.collect();
        let read: Vec<OpenCase> = stream::iter(missing)
            .map(|number| self.case(number))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let gone: Vec<&str> = kept
            .values()
            .filter(|case| states.contains(&case.state) && !listed.contains_key(&case.number))
            .map(|case| case.number.as_str())
            .collect();
        state.keep_cases(&self.key, &read, &gone)?;
        usable.extend(read.into_iter().map(|case| (case.number.clone(), case)));
        Ok(usable.into_values().collect())
    }

    /// Kept cases that need not be read again.
    fn usable(
        &self,
        kept: &HashMap<String, OpenCase>,
        listed: &BTreeMap<String, i64>,
    ) -> Result<HashMap<String, OpenCase>> {
        let Some(oldest) = kept.values().map(|case| case.read_at).min() else {
            return Ok(HashMap::new());
        };
        let told = self.ctx.state()?.pushes(&Filter {
            shop: Some(self.key.clone()),
            since: Some(oldest.saturating_mul(1000)),
            ..Filter::default()
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
            let deadline = Case {
                kind: case.kind,
                state: case.state,
                sent_back: false,
                changed_at: case.changed_at,
            }
            .deadline();
            deadline.is_none_or(|deadline| deadline.at <= self.now)
        };
        let usable = kept.iter().filter(|(number, case)| {
            listed.get(*number) == Some(&case.state)
                && !over(case)
                && (none_told || !spoken_of(case))
        });
        Ok(usable
            .map(|(number, case)| (number.clone(), case.clone()))
            .collect())
    }

    async fn case(&self, number: &str) -> Result<OpenCase> {
        let read_at = now();
        let key = match number.parse::<u64>() {
            Ok(id) => json!({"aftersale_id": id}),
            Err(_) => json!({"aftersale_id": number}),
        };
        let body = request(&SHOW, &key, json!({}))?;
        let reply = self.ctx.send(&SHOW, &body).await?.unwrap_or_default();
        let told = &reply["after_sales_order"];
        if !told.is_object() {
            return Err(Failure::new(
                Kind::Refused,
                text!("WeChat answered without the after-sale {number}", number),
            )
            .into());
        }
        let case = Case::of(told);
        Ok(OpenCase {
            number: number.to_owned(),
            kind: case.kind,
            state: case.state,
            changed_at: case.changed_at,
            order: told["out_order_id"].as_str().unwrap_or_default().to_owned(),
            fen: told["orderamt"].as_i64().unwrap_or_default(),
            read_at,
        })
    }

    /// The platform's pages name the filter in two ways, so that it may do nothing: an answer with other states is the
    /// whole list.
    async fn disputes(&self) -> Result<Vec<Item>> {
        let ours = |state: i64| {
            let stage = dispute::stage(state);
            let who = stage.and_then(|stage| stage.who);
            matches!(who, Some(Actor::Merchant | Actor::Both))
        };
        let mut states = dispute::STAGES
            .iter()
            .map(|stage| stage.state)
            .filter(|state| ours(*state));
        let first = states.next().unwrap_or_default();
        let list = |state: i64| async move {
            self.ctx
                .rows(&DISPUTES, &json!({"state": state}), None)
                .await
        };
        let mut rows = list(first).await?;
        if rows.iter().all(|row| row["state"] == first) {
            rows.extend(try_join_all(states.map(list)).await?.into_iter().flatten());
        }
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for row in rows {
            let Some(id) = number(&row["complaint_order_id"]) else {
                continue;
            };
            let state = row["state"].as_i64().unwrap_or_default();
            if !ours(state) || !seen.insert(id.clone()) {
                continue;
            }
            found.push(match dispute::deadline(&row) {
                Some(deadline) => self.item(Noun::Dispute, id, deadline),
                None => Item {
                    what: dispute::words(state),
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
        let rows = created_between(
            self.ctx,
            &ORDERS,
            self.now.saturating_sub(self.wanted.orders_of),
            self.now + DAY,
        )
        .await?;
        let open = rows.into_iter().filter(|order| order["status"] == TO_SHIP);
        Ok(open.filter_map(|order| self.to_ship(&order)).collect())
    }

    fn to_ship(&self, order: &Value) -> Option<Item> {
        let id = number(&order["out_order_id"]).or_else(|| number(&order["order_id"]))?;
        let time = |value: &Value| ChinaTime(value.as_str()?.to_owned()).unix();
        let paid = time(&order["order_detail"]["pay_info"]["pay_time"])
            .or_else(|| time(&order["create_time"]));
        let amount = order["order_detail"]["price_info"]["order_price"].as_i64();
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
                        then: text!("nothing by itself: the limit is yours (--ship-within)"),
                    },
                )
            },
            None => Item {
                what: text!("ship the order"),
                ..self.waiting(Noun::Order, id.clone())
            },
        };
        Some(Item {
            amount: amount.map(Fen),
            order: Some(id),
            ..item
        })
    }

    /// Products that are in audit for long.
    async fn audits(&self) -> Result<Vec<Item>> {
        if !self.wanted.all {
            return Ok(Vec::new());
        }
        let rows = self
            .ctx
            .rows(&GOODS, &json!({"need_edit_spu": 1}), None)
            .await?;
        let items = rows.iter().filter_map(|spu| {
            let submitted = spu["audit_info"]["submit_time"].as_str()?;
            let since = self.now - ChinaTime(submitted.to_owned()).unix()?;
            if spu["edit_status"] != IN_AUDIT || since < self.wanted.audit_after {
                return None;
            }
            Some(Item {
                who: Actor::Platform,
                what: text!("in audit for {time}", time = left(since)),
                ..self.waiting(Noun::Audit, number(&spu["out_product_id"])?)
            })
        });
        Ok(items.collect())
    }
}
