//! After-sales of the custom component: `/shop/ecaftersale/*`.

use super::{Answer, Filter, Key};
use crate::api::component::aftersale::{aftersale, state_number};
use crate::api::component::order::address;
use crate::api::json::{put, take};
use crate::api::reader::Reader;
use crate::fail::{Failure, Kind};
use crate::model::aftersale::Aftersale;
use crate::shop::order::component::{unreadable, without_nulls};
use crate::shop::reading::Fetched;
use crate::shop::walk::{Page, Walked, by_offset};
use crate::shop::{Shop, with};
use crate::text;
use anyhow::Result;
use serde_json::{Value, json};

const LIST: &str = "/shop/ecaftersale/get_list";
/// The largest page.
const PAGE: u64 = 50;

/// The field that names an after-sale. The platform takes its own number as a number alone: in quotes it answers 47001.
pub(super) fn named(key: &Key) -> Value {
    match key {
        Key::Id(id) => match id.parse::<u64>() {
            Ok(id) => json!({"aftersale_id": id}),
            Err(_) => json!({"aftersale_id": id}),
        },
        Key::Own(number) => json!({"out_aftersale_id": number}),
    }
}

/// What a list says of an after-sale, its number.
pub(super) fn listed(id: &str) -> Fetched<Aftersale> {
    Fetched::of(json!({"aftersale_id": id}), aftersale)
}

/// The request of an answer.
pub(super) fn answer(key: &Key, answer: Answer<'_>) -> Value {
    let more = match answer {
        Answer::AcceptRefund => json!({}),
        Answer::AcceptReturn(receiver) => json!({"address_info": receiver.map(address)}),
        Answer::Reject(reason) => json!({"reject_reason": reason}),
    };
    with(&named(key), without_nulls(more))
}

pub(super) async fn get(shop: &Shop, key: &Key) -> Result<Fetched<Aftersale>> {
    // Of a list: the platform could only say that it does not understand.
    if let Key::Id(id) = key
        && id.parse::<u64>().is_err()
    {
        return Err(Failure::new(
            Kind::Refused,
            text!("WeChat lists it under a number that cannot be read"),
        )
        .into());
    }
    let mut reply = shop.read("/shop/ecaftersale/get", &named(key)).await?;
    let record = take(&mut reply, "after_sales_order");
    if record.as_object().is_none_or(serde_json::Map::is_empty) {
        return Err(Failure::new(
            Kind::Refused,
            text!(
                "WeChat answered without the after-sale {number}",
                number = key.number()
            ),
        )
        .into());
    }
    Ok(Fetched::of(record, aftersale))
}

pub(super) async fn ids(
    shop: &Shop,
    filter: &Filter,
    limit: Option<usize>,
) -> Result<Walked<String>> {
    let millis = |at: Option<i64>, rest: i64| Some(at?.saturating_mul(1000).saturating_add(rest));
    let filter = without_nulls(json!({
        "status": filter.state.map(state_number), "begin_create_time": millis(filter.since, 0),
        "end_create_time": millis(filter.until, 0), "out_order_id": filter.order, "openid": filter.buyer,
    }));
    let size = limit.map_or(PAGE, |limit| (limit as u64).clamp(1, PAGE));
    by_offset(size, limit, String::clone, async |offset, size| {
        let mut body = filter.clone();
        put(&mut body, "offset", offset.into());
        put(&mut body, "limit", size.into());
        let reply = shop.read(LIST, &body).await?;
        let mut read = Reader::of(&reply);
        let Some(rows) = read.entries("after_sales_orders", "aftersale_id") else {
            return Err(unreadable(LIST));
        };
        let more = reply["has_more"].as_bool();
        Ok(Page {
            rows,
            total: None,
            more,
        })
    })
    .await
}

/// Evidence as it is sent, from evidence as it is shown.
pub(super) fn evidence_again(record: &Value) -> Value {
    let items = record["media_list"].as_array().into_iter().flatten();
    items
        .map(|one| json!({"type": one["type"], "url": one["url"]}))
        .collect()
}
