//! Disputes of the custom component: `/shop/complaint/*`.

use super::{Filter, History};
use crate::api::component::dispute::{dispute, history, state_number};
use crate::api::json::put;
use crate::api::reader::{Read, Reader};
use crate::fail::{Failure, Kind};
use crate::model::dispute::Dispute;
use crate::shop::Shop;
use crate::shop::order::component::{unreadable, without_nulls};
use crate::shop::reading::Fetched;
use crate::shop::walk::{Page, Walked, by_offset};
use crate::text;
use crate::types::Id64;
use anyhow::Result;
use serde_json::{Value, json};

const LIST: &str = "/shop/complaint/get_list";
/// The largest page.
const PAGE: u64 = 50;

pub(super) async fn get(shop: &Shop, id: Id64) -> Result<Fetched<History>> {
    let body = json!({"complaint_order_id": id});
    let reply = shop.read("/shop/complaint/get", &body).await?;
    if reply["order"]
        .as_object()
        .is_none_or(serde_json::Map::is_empty)
    {
        return Err(Failure::new(
            Kind::Refused,
            text!(
                "WeChat answered without the dispute {number}",
                number = id.to_string()
            ),
        )
        .into());
    }
    Ok(Fetched::of(reply, whole))
}

fn whole(reply: &Value) -> Read<History> {
    let (first, then) = (dispute(&reply["order"]), history(reply));
    Read {
        value: History {
            dispute: first.value,
            events: then.value,
        },
        unread: [first.unread, then.unread].concat(),
    }
}

pub(super) async fn list(
    shop: &Shop,
    filter: &Filter,
    limit: Option<usize>,
) -> Result<Walked<Fetched<Dispute>>> {
    // The table of the reference names the filter `status`, its sample `state`.
    let filter = without_nulls(json!({
        "state": filter.state.map(state_number), "type": filter.kind, "begin_create_time": filter.since,
        "end_create_time": filter.until, "order_id": filter.order, "after_sale_order_id": filter.aftersale,
    }));
    let size = limit.map_or(PAGE, |limit| (limit as u64).clamp(1, PAGE));
    let id = |row: &Fetched<Dispute>| match &row.value.id {
        id if !id.is_empty() => id.clone(),
        _ => row.record.to_string(),
    };
    by_offset(size, limit, id, async |offset, size| {
        let mut body = filter.clone();
        put(&mut body, "offset", offset.into());
        put(&mut body, "limit", size.into());
        let reply = shop.read(LIST, &body).await?;
        let mut read = Reader::of(&reply);
        let total = read.integer("total");
        let Some(rows) = read.records("orders", "complaint_order_id") else {
            return Err(unreadable(LIST));
        };
        let end = offset.saturating_add(rows.len() as u64);
        Ok(Page {
            rows: rows
                .into_iter()
                .map(|record| Fetched::of(record, dispute))
                .collect(),
            total: None,
            more: total.map(|total| i64::try_from(end).is_ok_and(|end| end < total)),
        })
    })
    .await
}
