//! After-sales of ordinary orders: `/shop/aftersale/*`. The merchant reports what happened; no money moves, and the
//! platform has no clock for it. Controlled orders are answered with nothing.

use super::access::{self, Task};
use super::order;
use crate::api::Done;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::types::{ChinaTime, Fen};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const NOUN: &str = "legacy_aftersale";

/// A report as the shop holds it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Report {
    order_id: i64,
    out_order_id: String,
    path: String,
    openid: String,
    kind: i64,
    refund: Fen,
    create_time: ChinaTime,
    product_infos: Vec<Value>,
}

#[derive(Deserialize)]
pub struct New {
    out_order_id: String,
    out_aftersale_id: String,
    path: String,
    openid: String,
    #[serde(rename = "type")]
    kind: i64,
    status: i64,
    refund: Fen,
    create_time: ChinaTime,
    finish_all_aftersale: i64,
    #[serde(default)]
    product_infos: Vec<Value>,
}

/// The order of a buyer.
fn found(tx: &Tx<'_>, out_order_id: &str, openid: &str) -> Result<Document<order::Order>, Refusal> {
    let key = order::Key {
        out_order_id: Some(out_order_id.into()),
        openid: openid.into(),
        order_id: None,
    };
    order::find(tx, &key)
}

/// As [`found`], of an ordinary order that can be reported about.
fn ordinary(
    tx: &Tx<'_>,
    out_order_id: &str,
    openid: &str,
) -> Result<Document<order::Order>, Refusal> {
    let of = found(tx, out_order_id, openid)?;
    let reported = matches!(
        of.state,
        order::status::PAID | order::status::SHIPPED | order::status::COMPLETED
    );
    if reported && !of.body.is_controlled() {
        Ok(of)
    } else {
        Err(Refusal::new(
            100_000,
            format!("order state does not allow the step: {}", of.state),
        ))
    }
}

/// The number of a report, which two orders of one merchant may share.
fn out_id(out_order_id: &str, out_aftersale_id: &str) -> String {
    format!("{out_order_id}/{out_aftersale_id}")
}

/// Takes a report; one of the same number is written over.
pub fn add(tx: &mut Tx<'_>, request: New) -> Result<Done, Refusal> {
    let of = ordinary(tx, &request.out_order_id, &request.openid)?;
    let out_id = out_id(&request.out_order_id, &request.out_aftersale_id);
    let (id, created_at) = match tx.find::<Report>(NOUN, &out_id)? {
        Some(known) => (known.id, known.created_at),
        None => (tx.next_id(NOUN)?, tx.now),
    };
    let report = Document {
        id,
        out_id,
        state: request.status,
        draft: 0,
        due: None,
        created_at,
        changed_at: tx.now,
        body: Report {
            order_id: of.id,
            out_order_id: request.out_order_id,
            path: request.path,
            openid: request.openid,
            kind: request.kind,
            refund: request.refund,
            create_time: request.create_time,
            product_infos: request.product_infos,
        },
    };
    tx.put(NOUN, &report)?;
    access::note_task(tx, Task::AddAfterSale)?;
    finish(tx, of, request.finish_all_aftersale)
}

/// When nothing of the order is left for an after-sale, it ends.
fn finish(tx: &mut Tx<'_>, mut of: Document<order::Order>, all: i64) -> Result<Done, Refusal> {
    if all == 1 {
        of.state = order::status::REFUNDED;
        of.due = None;
        order::put(tx, &mut of)?;
    }
    Ok(Done {})
}

#[derive(Deserialize)]
pub struct Change {
    out_order_id: String,
    out_aftersale_id: String,
    openid: String,
    status: i64,
    finish_all_aftersale: i64,
}

pub fn update(tx: &mut Tx<'_>, request: Change) -> Result<Done, Refusal> {
    let of = found(tx, &request.out_order_id, &request.openid)?;
    let out_id = out_id(&request.out_order_id, &request.out_aftersale_id);
    let mut report = tx
        .find::<Report>(NOUN, &out_id)?
        .ok_or_else(|| Refusal::new(2_747_007, "after-sale does not exist"))?;
    report.state = request.status;
    report.changed_at = tx.now;
    tx.put(NOUN, &report)?;
    access::note_task(tx, Task::AddAfterSale)?;
    finish(tx, of, request.finish_all_aftersale)
}

fn record(report: &Document<Report>) -> Value {
    let body = &report.body;
    let (_, number) = report.out_id.split_once('/').unwrap_or_default();
    json!({
        "order_id": body.order_id, "out_order_id": body.out_order_id, "out_aftersale_id": number,
        "path": body.path, "openid": body.openid, "type": body.kind, "status": report.state,
        "refund": body.refund, "create_time": body.create_time, "product_infos": body.product_infos,
    })
}

/// The reports of an order; of a controlled one nothing at all.
pub fn get(tx: &mut Tx<'_>, request: order::Key) -> Result<Value, Refusal> {
    let of = order::find(tx, &request)?;
    if of.body.is_controlled() {
        return Ok(json!({"aftersale_infos": []}));
    }
    let all = tx.all::<Report>(NOUN, &Filter::default())?;
    let rows = all.iter().filter(|report| report.body.order_id == of.id);
    Ok(json!({"aftersale_infos": rows.map(record).collect::<Vec<_>>()}))
}

#[derive(Deserialize)]
pub struct List {
    start_update_time: Option<ChinaTime>,
    end_update_time: Option<ChinaTime>,
    page: usize,
    page_size: usize,
}

pub fn list(tx: &mut Tx<'_>, request: List) -> Result<Value, Refusal> {
    let at = |time: Option<ChinaTime>| time.and_then(|time| time.unix());
    let filter = Filter {
        changed: (at(request.start_update_time), at(request.end_update_time)),
        ..Filter::default()
    };
    let all = tx.all::<Report>(NOUN, &filter)?;
    let skip = request.page.saturating_sub(1) * request.page_size;
    let page = all.iter().skip(skip).take(request.page_size);
    let rows: Vec<Value> = page
        .map(|report| {
            let whole = record(report);
            let names = ["order_id", "out_order_id", "out_aftersale_id", "status"];
            names
                .into_iter()
                .map(|name| (name.to_owned(), whole[name].clone()))
                .collect::<serde_json::Map<_, _>>()
                .into()
        })
        .collect();
    Ok(json!({"aftersale_infos": rows, "total_num": all.len()}))
}
