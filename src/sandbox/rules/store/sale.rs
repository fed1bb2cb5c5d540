//! Flash sales, and where products are held back.

use super::goods::on_sale;
use super::{Page, parameter};
use crate::api::store::Id;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::types::span::DAY;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const NOUN: &str = "store flash sale";
const RESTRICTED: &str = "store restriction";

/// `status` of a flash sale.
mod status {
    pub const CREATED: i64 = 0;
    pub const RUNNING: i64 = 1;
    pub const ENDED: i64 = 2;
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SaleSku {
    sku_id: Id,
    sale_price: i64,
    sale_stock: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sale {
    product_id: Id,
    start_time: i64,
    end_time: i64,
    skus: Vec<SaleSku>,
    /// Ended by the merchant.
    stopped: bool,
}

type Held = Document<Sale>;

impl Sale {
    fn status(&self, now: i64) -> i64 {
        match () {
            () if self.stopped || now >= self.end_time => status::ENDED,
            () if now < self.start_time => status::CREATED,
            () => status::RUNNING,
        }
    }
}

#[derive(Deserialize)]
pub struct Add {
    product_id: Id,
    start_time: i64,
    end_time: i64,
    limited_discount_skus: Vec<SaleSku>,
}

#[derive(Deserialize)]
pub struct Update {
    task_id: Id,
    start_time: i64,
    end_time: i64,
    limited_discount_skus: Vec<SaleSku>,
}

#[derive(Deserialize)]
pub struct Task {
    task_id: Id,
}

#[derive(Deserialize)]
pub struct List {
    #[serde(default)]
    status: Option<i64>,
    #[serde(default)]
    next_key: String,
    page_size: i64,
}

fn refuse<T>(errcode: i64, words: &str) -> Result<T, Refusal> {
    Err(Refusal::new(errcode, words))
}

/// Sales that have not ended, of one product or of all.
fn open(tx: &Tx<'_>, product: &Id) -> Result<Vec<Held>, Refusal> {
    let mut all = tx.all::<Sale>(NOUN, &Filter::default())?;
    all.retain(|held| {
        held.body.product_id == *product && held.body.status(tx.now) != status::ENDED
    });
    Ok(all)
}

/// Whether a running flash sale locks the SKUs of a product.
pub fn locks(tx: &Tx<'_>, product: &Id) -> Result<bool, Refusal> {
    let open = open(tx, product)?;
    Ok(open
        .iter()
        .any(|held| held.body.status(tx.now) == status::RUNNING))
}

fn check(tx: &Tx<'_>, sale: &Sale) -> Result<(), Refusal> {
    let length = sale.end_time - sale.start_time;
    let in_time = sale.start_time >= tx.now - 600
        && sale.end_time <= tx.now + 365 * DAY
        && (1..=DAY).contains(&length);
    if !in_time {
        return refuse(10_020_072, "the time of the flash sale is invalid");
    }
    if sale.skus.is_empty() {
        return refuse(10_020_074, "the flash sale has no sku");
    }
    let Some(known) = on_sale(tx, &sale.product_id)? else {
        return refuse(10_020_071, "the product is not listed");
    };
    for sku in &sale.skus {
        let Some(held) = known.iter().find(|held| held.sku_id == sku.sku_id) else {
            return refuse(10_020_074, "sku_id does not belong to the product");
        };
        let price = held.sale_price.0;
        let off = price - sku.sale_price;
        let sound = sku.sale_price > 1000
            && off >= 1000
            && off * 100 >= price * 10
            && off * 100 <= price * 85;
        if !sound {
            return refuse(10_020_078, "the price of the flash sale breaks the rules");
        }
        if !(1..=held.stock_num).contains(&sku.sale_stock) {
            return refuse(
                10_020_073,
                "the stock of the flash sale exceeds what is available",
            );
        }
    }
    Ok(())
}

pub fn add(tx: &mut Tx<'_>, request: Add) -> Result<Value, Refusal> {
    let sale = Sale {
        product_id: request.product_id,
        start_time: request.start_time,
        end_time: request.end_time,
        skus: request.limited_discount_skus,
        stopped: false,
    };
    if !open(tx, &sale.product_id)?.is_empty() {
        return refuse(10_020_075, "the product has a flash sale");
    }
    check(tx, &sale)?;
    let id = tx.next_id(NOUN)?;
    let held = Document {
        id,
        out_id: id.to_string(),
        state: 0,
        draft: 0,
        due: None,
        created_at: tx.now,
        changed_at: tx.now,
        body: sale,
    };
    tx.put(NOUN, &held)?;
    Ok(json!({"task_id": id.to_string()}))
}

fn find(tx: &Tx<'_>, task: &Id) -> Result<Held, Refusal> {
    let found: Option<Held> = tx.find(NOUN, task.as_str())?;
    found
        .filter(|held| held.state >= 0)
        .ok_or_else(|| parameter("no flash sale of this task_id"))
}

pub fn update(tx: &mut Tx<'_>, request: Update) -> Result<Value, Refusal> {
    let mut held = find(tx, &request.task_id)?;
    if held.body.status(tx.now) == status::ENDED {
        return Err(parameter("the flash sale has ended"));
    }
    held.body.start_time = request.start_time;
    held.body.end_time = request.end_time;
    held.body.skus = request.limited_discount_skus;
    check(tx, &held.body)?;
    held.changed_at = tx.now;
    tx.put(NOUN, &held)?;
    Ok(json!({"task_id": held.out_id}))
}

pub fn stop(tx: &mut Tx<'_>, request: Task) -> Result<Value, Refusal> {
    let mut held = find(tx, &request.task_id)?;
    if held.body.status(tx.now) == status::ENDED {
        return Err(parameter("the flash sale has ended"));
    }
    held.body.stopped = true;
    held.changed_at = tx.now;
    tx.put(NOUN, &held)?;
    Ok(json!({}))
}

pub fn delete(tx: &mut Tx<'_>, request: Task) -> Result<Value, Refusal> {
    let mut held = find(tx, &request.task_id)?;
    if held.body.status(tx.now) != status::ENDED {
        return Err(parameter("the flash sale has not ended"));
    }
    held.state = -1;
    tx.put(NOUN, &held)?;
    Ok(json!({}))
}

pub fn list(tx: &mut Tx<'_>, request: List) -> Result<Value, Refusal> {
    if request
        .status
        .is_some_and(|status| !(0..=2).contains(&status))
    {
        return Err(parameter("status must be 0 to 2"));
    }
    let what = format!("flash sales {:?}", request.status);
    let page = Page::read(&request.next_key, request.page_size, 50, &what)?;
    let mut all = tx.all::<Sale>(NOUN, &Filter::default())?;
    all.retain(|held| {
        request
            .status
            .is_none_or(|status| held.body.status(tx.now) == status)
    });
    let rows: Vec<Value> = all
        .iter()
        .map(|held| {
            json!({
                "task_id": held.out_id, "product_id": held.body.product_id.as_str(),
                "start_time": held.body.start_time, "end_time": held.body.end_time,
                "limited_discount_skus": held.body.skus, "status": held.body.status(tx.now),
                "create_time": held.created_at,
            })
        })
        .collect();
    let shown = super::opening::page(&rows, &page);
    Ok(json!({
        "next_key": page.next(shown.len(), rows.len() as u64, &what),
        "limited_discount_tasks": shown, "total_num": rows.len(),
    }))
}

#[derive(Deserialize)]
pub struct Restricted {
    product_ids: Vec<Id>,
}

/// Holds a product back in live broadcasts and in search, with a reason.
pub fn restrict(tx: &mut Tx<'_>, product: &str, reason: &str) -> Result<(), Refusal> {
    let held = Document {
        id: product.parse().unwrap_or(0),
        out_id: product.to_owned(),
        state: 0,
        draft: 0,
        due: None,
        created_at: tx.now,
        changed_at: tx.now,
        body: reason.to_owned(),
    };
    tx.put(RESTRICTED, &held)
}

pub fn restricted(tx: &mut Tx<'_>, request: Restricted) -> Result<Value, Refusal> {
    if !(1..=50).contains(&request.product_ids.len()) {
        return refuse(40097, "invalid args: 1 to 50 product_ids");
    }
    let mut list = Vec::new();
    for id in &request.product_ids {
        let found: Option<Document<String>> = tx.find(RESTRICTED, id.as_str())?;
        let scenes = found.map_or_else(Vec::new, |held| {
            vec![
                json!({"scene": 1, "source": 1, "desc": held.body}),
                json!({"scene": 4, "source": 1, "desc": held.body}),
            ]
        });
        if on_sale(tx, id)?.is_some() || !scenes.is_empty() {
            list.push(json!({"product_id": id.as_str(), "scene_info": scenes}));
        }
    }
    Ok(json!({"data": {"restricted_info_list": list}}))
}
