//! Orders of the custom component: `/shop/order/*`.

pub(super) mod change;
pub(super) mod draft;
mod price;

use super::{Key, List, Span};
use crate::api::component::order::order;
use crate::api::json::{put, take};
use crate::api::reader::{Reader, integer};
use crate::fail::{Failure, Kind};
use crate::model::order::Order;
use crate::shop::Shop;
use crate::shop::reading::Fetched;
use crate::shop::walk::{Page, Walked, by_page};
use crate::text;
use crate::types::ChinaTime;
use anyhow::Result;
use serde_json::{Value, json};

/// The largest page.
const PAGE: u64 = 100;
/// Pages that are read together.
const AT_ONCE: u64 = 4;

pub(super) async fn get(shop: &Shop, key: &Key) -> Result<Fetched<Order>> {
    let mut reply = shop.read("/shop/order/get", &json!(key)).await?;
    let record = take(&mut reply, "order");
    if record.as_object().is_none_or(serde_json::Map::is_empty) {
        return Err(Failure::new(
            Kind::Refused,
            text!(
                "WeChat answered without the order {number}",
                number = key.number()
            ),
        )
        .into());
    }
    Ok(Fetched::of(record, order))
}

pub(super) async fn list(
    shop: &Shop,
    list: &List,
    span: Span,
    limit: Option<usize>,
) -> Result<Walked<Fetched<Order>>> {
    let time = |at: Option<i64>| at.map(ChinaTime::from_unix);
    let (since, until) = (time(span.since), time(span.until));
    let (path, filter) = match list {
        List::All { oldest_first } => (
            "/shop/order/get_list",
            json!({
                "start_create_time": since, "end_create_time": until,
                "sort_order": if *oldest_first { 2 } else { 1 },
            }),
        ),
        List::OfPromoter(who) => {
            // Openids have 28 characters and begin with an o.
            let field = if who.len() == 28 && who.starts_with('o') {
                "promoter_openid"
            } else {
                "promoter_id"
            };
            (
                "/shop/order/get_list_by_finder",
                json!({"start_pay_time": since, "end_pay_time": until, field: who}),
            )
        }
        List::OfSharer(who) => (
            "/shop/order/get_list_by_sharer",
            json!({"start_pay_time": since, "end_pay_time": until, "sharer_openid": who}),
        ),
    };
    let filter = without_nulls(filter);
    let size = limit.map_or(PAGE, |limit| (limit as u64).clamp(1, PAGE));
    let id = |order: &Fetched<Order>| match (&order.value.id, &order.value.number) {
        (id, _) if !id.is_empty() => id.clone(),
        (_, number) if !number.is_empty() => number.clone(),
        _ => order.record.to_string(),
    };
    by_page(size, AT_ONCE, limit, id, async |page, size| {
        let mut body = filter.clone();
        put(&mut body, "page", page.into());
        put(&mut body, "page_size", size.into());
        let reply = shop.read(path, &body).await?;
        let mut read = Reader::of(&reply);
        let Some(rows) = read.records("orders", "order_id") else {
            return Err(unreadable(path));
        };
        Ok(Page {
            rows: rows
                .into_iter()
                .map(|record| Fetched::of(record, order))
                .collect(),
            total: integer(&reply["total_num"]).and_then(|total| u64::try_from(total).ok()),
            more: None,
        })
    })
    .await
}

/// A filter without what was not asked for.
pub(in crate::shop) fn without_nulls(mut filter: Value) -> Value {
    if let Some(fields) = filter.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    filter
}

/// A reply whose list is none: half of it would look like all of it.
pub(in crate::shop) fn unreadable(path: &str) -> anyhow::Error {
    Failure::new(
        Kind::Refused,
        text!("cannot read the list in the reply of {path}", path),
    )
    .into()
}

pub(super) fn payment_params(mut reply: Value) -> Value {
    let mut given = take(&mut reply, "payment_params");
    if given["timeStamp"].is_number() {
        let digits = given["timeStamp"].to_string();
        put(&mut given, "timeStamp", digits.into());
    }
    given
}
