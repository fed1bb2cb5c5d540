//! Products: a draft that is edited and audited, and the online copy that buyers see.
//!
//! Long because the state machine of a product is one thing, and its nine calls are its arrows.

use super::access::{self, Task};
use super::{Happening, account, category, image, permit, quota};
use crate::api::Done;
use crate::api::component::goods::{
    AddSpu, AddSpuReply, Added, AuditInfo, DeleteSpu, DelistingSpu, FreeSku, GetSpu, GetSpuReply,
    ListSpu, ListSpuReply, ListingSpu, Sku, SkuId, Spu, UpdateSpu, UpdateSpuFree,
    UpdateSpuFreeReply, UpdateSpuReply, Updated, UpdatedFree, WithdrawAudit,
};
use crate::sandbox::ProductCount;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::text;
use crate::types::{ChinaTime, Id64};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

const NOUN: &str = "spu";

/// `status`, the online copy.
mod online {
    pub const DELETED: i64 = -1;
    pub const NEVER: i64 = 0;
    pub const ON_SHELF: i64 = 5;
    pub const TAKEN_DOWN: i64 = 11;
    pub const BANNED: i64 = 13;
}

/// `edit_status`, the draft.
mod draft {
    pub const EDITING: i64 = 1;
    pub const IN_AUDIT: i64 = 2;
    pub const FAILED: i64 = 3;
    pub const PASSED: i64 = 4;
}

/// The longest audit of a change to price and stock alone, in seconds.
const QUICK_AUDIT: i64 = 60;

/// Both copies of a product and its last audit.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Product {
    draft: AddSpu,
    online: Option<AddSpu>,
    audit_id: String,
    submitted_at: i64,
    audited_at: Option<i64>,
    reject_reason: String,
    sku_ids: BTreeMap<String, u64>,
}

/// What a shop keeper orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditDecision {
    Pass,
    Reject(String),
    /// The platform takes an online product down (status 13).
    TakeDown(String),
}

/// The refusal for a field that is not there.
pub fn missing(field: &str) -> Refusal {
    match field {
        "out_product_id" => Refusal::new(1_000_001, "out_product_id is missing"),
        "skus" => Refusal::new(1_000_020, "sku list is empty"),
        field => Refusal::new(1_000_014, format!("required field is missing: {field}")),
    }
}

/// Puts the merchant's number into a request that names a product by the platform's.
pub fn numbered(tx: &Tx<'_>, path: &str, mut body: Value) -> Result<Value, Refusal> {
    let Some(request) = body
        .as_object_mut()
        .filter(|_| path.starts_with("/shop/spu/") && !path.ends_with("/add"))
    else {
        return Ok(body);
    };
    if request.contains_key("out_product_id") {
        return Ok(body);
    }
    if let Some(id) = request.get("product_id") {
        let id: Id64 = serde_json::from_value(id.clone()).map_err(|error| {
            Refusal::new(47001, format!("data format error: product_id: {error}"))
        })?;
        let out_id = tx
            .out_id(NOUN, i64::try_from(id.0).unwrap_or(i64::MAX))?
            .ok_or_else(unknown)?;
        request.insert("out_product_id".into(), out_id.into());
    }
    Ok(body)
}

fn unknown() -> Refusal {
    Refusal::new(1_000_011, "product does not exist")
}

fn find(tx: &Tx<'_>, out_product_id: &str) -> Result<Document<Product>, Refusal> {
    if out_product_id.is_empty() {
        return Err(missing("out_product_id"));
    }
    tx.find(NOUN, out_product_id)?
        .filter(|product| product.state != online::DELETED)
        .ok_or_else(unknown)
}

/// The platform's numbers of a product and one of its SKUs; an empty SKU number means the first. `None` where the shop
/// has no such product.
pub fn numbers(
    tx: &Tx<'_>,
    out_product_id: &str,
    out_sku_id: &str,
) -> Result<Option<(i64, u64)>, Refusal> {
    let known = tx.find::<Product>(NOUN, out_product_id)?;
    let Some(product) = known.filter(|product| product.state != online::DELETED) else {
        return Ok(None);
    };
    let ids = &product.body.sku_ids;
    let sku = match out_sku_id {
        "" => ids.values().next(),
        named => ids.get(named),
    };
    Ok(sku.map(|sku| (product.id, *sku)))
}

pub fn add(tx: &mut Tx<'_>, spu: AddSpu) -> Result<AddSpuReply, Refusal> {
    check(tx, &spu)?;
    if spu.skus.iter().any(|sku| sku.stock_num == 0) {
        return Err(Refusal::new(
            1_000_015,
            "stock_num may not be 0 when a product is created",
        ));
    }
    // A deleted product keeps its number too.
    if tx.find::<Product>(NOUN, &spu.out_product_id)?.is_some() {
        return Err(Refusal::new(1_000_012, "out_product_id already exists"));
    }
    quota::submit(tx, &spu.out_product_id)?;
    let now = tx.now;
    let mut product = Document {
        id: tx.next_id(NOUN)?,
        out_id: spu.out_product_id.clone(),
        state: online::NEVER,
        draft: draft::IN_AUDIT,
        due: None,
        created_at: now,
        changed_at: now,
        body: Product {
            draft: spu,
            ..Product::default()
        },
    };
    let skus = hand_in(tx, &mut product, tx.settings.audit_seconds)?;
    Ok(AddSpuReply {
        data: Added {
            product_id: id64(product.id),
            out_product_id: product.out_id,
            create_time: ChinaTime::from_unix(now),
            skus,
        },
    })
}

pub fn update(tx: &mut Tx<'_>, UpdateSpu(spu): UpdateSpu) -> Result<UpdateSpuReply, Refusal> {
    let mut product = find(tx, &spu.out_product_id)?;
    if product.draft == draft::IN_AUDIT {
        return Err(Refusal::new(1_000_002, "product is in audit"));
    }
    check(tx, &spu)?;
    quota::submit(tx, &spu.out_product_id)?;
    let only_free_fields = product
        .body
        .online
        .as_ref()
        .is_some_and(|online| audited(online) == audited(&spu));
    let takes = if only_free_fields {
        tx.settings.audit_seconds.min(QUICK_AUDIT)
    } else {
        tx.settings.audit_seconds
    };
    product.body.draft = spu;
    let skus = hand_in(tx, &mut product, takes)?;
    Ok(UpdateSpuReply {
        data: Updated {
            product_id: id64(product.id),
            out_product_id: product.out_id,
            update_time: ChinaTime::from_unix(tx.now),
            skus,
        },
    })
}

/// The part of a product that an audit looks at: everything but what may change without one.
fn audited(spu: &AddSpu) -> AddSpu {
    let skus = spu.skus.iter().map(|sku| Sku {
        sale_price: Default::default(),
        market_price: Default::default(),
        stock_num: 0,
        sku_code: None,
        barcode: None,
        ..sku.clone()
    });
    AddSpu {
        path: String::new(),
        skus: skus.collect(),
        ..spu.clone()
    }
}

/// Gives the draft to the audit and its SKUs their numbers.
fn hand_in(
    tx: &mut Tx<'_>,
    product: &mut Document<Product>,
    takes: i64,
) -> Result<Vec<SkuId>, Refusal> {
    product.draft = draft::IN_AUDIT;
    product.due = Some(tx.now + takes);
    product.changed_at = tx.now;
    let body = &mut product.body;
    let ticket: String = std::iter::repeat_with(fastrand::alphanumeric)
        .take(18)
        .collect();
    body.audit_id = format!("RQAA{ticket}");
    body.submitted_at = tx.now;
    body.audited_at = None;
    body.reject_reason.clear();
    let mut skus = Vec::with_capacity(body.draft.skus.len());
    for sku in &body.draft.skus {
        let id = match body.sku_ids.get(&sku.out_sku_id) {
            Some(id) => *id,
            None => tx.next_id("sku")?.unsigned_abs(),
        };
        body.sku_ids.insert(sku.out_sku_id.clone(), id);
        skus.push(SkuId {
            sku_id: Id64(id),
            out_sku_id: sku.out_sku_id.clone(),
        });
    }
    tx.put(NOUN, product)?;
    Ok(skus)
}

/// What is refused at once; the rest is the audit's business.
fn check(tx: &Tx<'_>, spu: &AddSpu) -> Result<(), Refusal> {
    if spu.out_product_id.is_empty() {
        return Err(missing("out_product_id"));
    }
    if spu.skus.is_empty() {
        return Err(missing("skus"));
    }
    for (field, is_empty) in [
        ("title", spu.title.is_empty()),
        ("path", spu.path.is_empty()),
        ("head_img", spu.head_img.is_empty()),
    ] {
        if is_empty {
            return Err(missing(field));
        }
    }
    // The documents say that customer service must be set and name no code for its absence; the code for a missing
    // product requirement stands in.
    if !account::has_customer_service(tx)? {
        return Err(Refusal::new(
            1_000_014,
            "customer service is not set, call account/update_info first",
        ));
    }
    let licence = spu
        .qualification_pics
        .as_ref()
        .is_some_and(|pictures| !pictures.is_empty());
    category::enter(tx, spu.third_cat_id, licence)?;
    if !permit::allows_brand(tx, spu.brand_id)? {
        return Err(Refusal::new(1_000_006, "brand is not authorised"));
    }
    for scene in spu.scene_group_list.iter().flatten() {
        if !access::is_open(tx, *scene)? {
            return Err(Refusal::new(1_000_042, "scene is not opened"));
        }
    }
    let mut seen = HashSet::new();
    for sku in &spu.skus {
        for (field, is_empty) in [
            ("out_sku_id", sku.out_sku_id.is_empty()),
            ("thumb_img", sku.thumb_img.is_empty()),
        ] {
            if is_empty {
                return Err(missing(field));
            }
        }
        if sku.out_product_id != spu.out_product_id {
            return Err(wrong(
                "out_product_id of the sku differs from the product's",
            ));
        }
        if !seen.insert(&sku.out_sku_id) {
            return Err(wrong("out_sku_id is there twice"));
        }
        if spu.skus.len() > 1 && sku.sku_attrs.is_empty() {
            return Err(missing("sku_attrs"));
        }
        check_money(sku.sale_price.0, sku.market_price.0, sku.stock_num)?;
    }
    Ok(())
}

fn wrong(errmsg: &str) -> Refusal {
    Refusal::new(9_401_020, format!("invalid param: {errmsg}"))
}

fn check_money(sale_price: i64, market_price: i64, stock_num: i64) -> Result<(), Refusal> {
    match (sale_price, market_price, stock_num) {
        (..=0, ..) => Err(wrong("sale_price must be more than 0")),
        (_, ..=0, _) => Err(wrong("market_price must be more than 0")),
        (.., ..=-1) => Err(wrong("stock_num must not be below 0")),
        _ => Ok(()),
    }
}

pub fn update_free(tx: &mut Tx<'_>, request: UpdateSpuFree) -> Result<UpdateSpuFreeReply, Refusal> {
    let mut product = find(tx, &request.out_product_id)?;
    let Some(online) = &mut product.body.online else {
        return Err(Refusal::new(1_000_003, "product never passed an audit"));
    };
    for change in &request.skus {
        if !online
            .skus
            .iter()
            .any(|sku| sku.out_sku_id == change.out_sku_id)
        {
            return Err(Refusal::new(
                1_000_004,
                format!("sku is not online: {}", change.out_sku_id),
            ));
        }
        check_money(
            change.sale_price.map_or(1, |price| price.0),
            change.market_price.map_or(1, |price| price.0),
            change.stock_num.unwrap_or(1),
        )?;
    }
    for copy in [online, &mut product.body.draft] {
        if let Some(path) = &request.path {
            copy.path.clone_from(path);
        }
        for change in &request.skus {
            if let Some(sku) = copy
                .skus
                .iter_mut()
                .find(|sku| sku.out_sku_id == change.out_sku_id)
            {
                apply(sku, change);
            }
        }
    }
    product.changed_at = tx.now;
    tx.put(NOUN, &product)?;
    Ok(UpdateSpuFreeReply {
        data: UpdatedFree {
            product_id: id64(product.id),
            out_product_id: product.out_id,
            update_time: ChinaTime::from_unix(tx.now),
        },
    })
}

fn apply(sku: &mut Sku, change: &FreeSku) {
    sku.sale_price = change.sale_price.unwrap_or(sku.sale_price);
    sku.market_price = change.market_price.unwrap_or(sku.market_price);
    sku.stock_num = change.stock_num.unwrap_or(sku.stock_num);
    sku.sku_code = change.sku_code.clone().or(sku.sku_code.take());
    sku.barcode = change.barcode.clone().or(sku.barcode.take());
}

/// The product is gone; its number stays used.
pub fn delete(tx: &mut Tx<'_>, request: DeleteSpu) -> Result<Done, Refusal> {
    let mut product = find(tx, &request.out_product_id)?;
    product.state = online::DELETED;
    product.due = None;
    product.changed_at = tx.now;
    tx.put(NOUN, &product)?;
    Ok(Done {})
}

pub fn withdraw(tx: &mut Tx<'_>, request: WithdrawAudit) -> Result<Done, Refusal> {
    let mut product = find(tx, &request.out_product_id)?;
    if product.draft != draft::IN_AUDIT {
        return Err(Refusal::new(1_000_016, "product is not in audit"));
    }
    product.draft = draft::EDITING;
    product.due = None;
    product.changed_at = tx.now;
    tx.put(NOUN, &product)?;
    Ok(Done {})
}

/// On the shelf already is no error: the merchant has what was asked for. A product that never passed an audit has
/// nothing to show; the documents name no code, so it gets that of the other call that needs an online copy.
pub fn listing(tx: &mut Tx<'_>, request: ListingSpu) -> Result<Done, Refusal> {
    let product = find(tx, &request.out_product_id)?;
    match product.state {
        online::ON_SHELF => Ok(Done {}),
        online::TAKEN_DOWN if product.body.online.is_some() => {
            move_to(tx, product, online::ON_SHELF)
        }
        online::TAKEN_DOWN | online::NEVER => {
            Err(Refusal::new(1_000_003, "product never passed an audit"))
        }
        _ => Err(Refusal::new(
            9_401_023,
            "product was taken down by the platform",
        )),
    }
}

pub fn delisting(tx: &mut Tx<'_>, request: DelistingSpu) -> Result<Done, Refusal> {
    let product = find(tx, &request.out_product_id)?;
    match product.state {
        online::TAKEN_DOWN => Ok(Done {}),
        online::NEVER | online::ON_SHELF => move_to(tx, product, online::TAKEN_DOWN),
        _ => Err(Refusal::new(
            9_401_023,
            "product was taken down by the platform",
        )),
    }
}

fn move_to(tx: &mut Tx<'_>, mut product: Document<Product>, state: i64) -> Result<Done, Refusal> {
    product.state = state;
    product.changed_at = tx.now;
    tx.put(NOUN, &product)?;
    Ok(Done {})
}

pub fn get(tx: &mut Tx<'_>, request: GetSpu) -> Result<GetSpuReply, Refusal> {
    let as_draft = wants_draft(request.need_edit_spu)?;
    Ok(GetSpuReply {
        spu: Some(wire(find(tx, &request.out_product_id)?, as_draft)),
    })
}

fn wants_draft(need_edit_spu: u8) -> Result<bool, Refusal> {
    match need_edit_spu {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Refusal::new(
            40097,
            "invalid args: need_edit_spu must be 0 or 1",
        )),
    }
}

pub fn list(tx: &mut Tx<'_>, request: ListSpu) -> Result<ListSpuReply, Refusal> {
    let as_draft = wants_draft(request.need_edit_spu)?;
    if request.page_size > 100 {
        return Err(Refusal::new(990_005, "page_size is above 100"));
    }
    if request.page == 0 || request.page_size == 0 {
        return Err(Refusal::new(
            40097,
            "invalid args: page and page_size begin with 1",
        ));
    }
    let filter = Filter {
        state: request.status,
        draft: None,
        created: window(
            request.start_create_time.as_ref(),
            request.end_create_time.as_ref(),
        )?,
        changed: window(
            request.start_update_time.as_ref(),
            request.end_update_time.as_ref(),
        )?,
        skip: (request.page - 1).saturating_mul(request.page_size),
        limit: Some(request.page_size),
        ..Filter::default()
    };
    let spus = tx
        .all::<Product>(NOUN, &filter)?
        .into_iter()
        .map(|product| wire(product, as_draft))
        .collect();
    Ok(ListSpuReply {
        spus,
        total_num: tx.how_many(NOUN, &filter)?,
    })
}

fn window(
    from: Option<&ChinaTime>,
    to: Option<&ChinaTime>,
) -> Result<(Option<i64>, Option<i64>), Refusal> {
    let read = |time: &ChinaTime| {
        jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", &time.0)
            .and_then(|time| jiff::tz::offset(8).to_timestamp(time))
            .map(|moment| moment.as_second())
            .map_err(|_| Refusal::new(40097, "invalid args: a time is written YYYY-MM-DD HH:MM:SS"))
    };
    let (from, to) = (from.map(read).transpose()?, to.map(read).transpose()?);
    match (from, to) {
        (Some(from), Some(to)) if from > to => {
            Err(Refusal::new(990_009, "start time is after end time"))
        }
        window => Ok(window),
    }
}

/// A product as the platform shows it. One without an online copy shows its draft with status 0: the list has rows
/// of that state, and a row needs a title.
fn wire(product: Document<Product>, as_draft: bool) -> Spu {
    let body = product.body;
    let copy = match body.online {
        Some(online) if !as_draft => online,
        _ => body.draft,
    };
    Spu {
        product_id: id64(product.id),
        out_product_id: product.out_id,
        title: copy.title,
        path: copy.path,
        direct_path: copy.direct_path,
        head_img: copy.head_img,
        qualification_pics: copy.qualification_pics.unwrap_or_default(),
        desc_info: copy.desc_info.unwrap_or_default(),
        audit_info: AuditInfo {
            audit_id: body.audit_id,
            submit_time: ChinaTime::from_unix(body.submitted_at),
            audit_time: body
                .audited_at
                .map(ChinaTime::from_unix)
                .unwrap_or_default(),
            reject_reason: body.reject_reason,
        },
        third_cat_id: copy.third_cat_id,
        brand_id: copy.brand_id,
        info_version: copy.info_version.unwrap_or_default(),
        status: product.state,
        edit_status: product.draft,
        skus: copy.skus,
        update_time: ChinaTime::from_unix(product.changed_at),
        create_time: ChinaTime::from_unix(product.created_at),
    }
}

fn id64(id: i64) -> Id64 {
    Id64(id.unsigned_abs())
}

/// Ends the audits whose time has come.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let due = tx.due::<Product>(NOUN)?;
    let mut happenings = Vec::with_capacity(due.len());
    for product in due {
        let at = product.due.unwrap_or(tx.now);
        let decision = audit(tx, &product.body.draft)?;
        happenings.push(end_audit(tx, product, at, decision)?);
    }
    Ok(happenings)
}

/// What an auditor sees: wording, and pictures that do not open.
fn audit(tx: &Tx<'_>, spu: &AddSpu) -> Result<Option<String>, Refusal> {
    if spu.title.contains("违规") || spu.title.contains("REJECT") {
        return Ok(Some("商品标题违反平台规则，请修改后重新提交".into()));
    }
    let details = spu.desc_info.iter().flat_map(|info| &info.imgs);
    let pictures = spu
        .head_img
        .iter()
        .chain(details)
        .chain(spu.skus.iter().map(|sku| &sku.thumb_img));
    for link in pictures {
        if !image::opens(tx, link)? {
            return Ok(Some(format!("商品图片无法查看：{link}")));
        }
    }
    Ok(None)
}

fn end_audit(
    tx: &mut Tx<'_>,
    mut product: Document<Product>,
    at: i64,
    reject_reason: Option<String>,
) -> Result<Happening, Refusal> {
    product.due = None;
    product.changed_at = at;
    product.body.audited_at = Some(at);
    let what = match &reject_reason {
        Some(reason) => {
            product.draft = draft::FAILED;
            product.body.reject_reason.clone_from(reason);
            text!("audit rejected")
        }
        None => {
            product.draft = draft::PASSED;
            // What the merchant took down stays down until the merchant lists it again.
            if product.state != online::TAKEN_DOWN {
                product.state = online::ON_SHELF;
            }
            product.body.online = Some(product.body.draft.clone());
            access::note_task(tx, Task::Spu)?;
            text!("audit passed")
        }
    };
    tx.put(NOUN, &product)?;
    let reason = reject_reason.unwrap_or_default();
    let told = json!({"OpenProductSpuAudit": {
        "out_product_id": product.out_id, "product_id": product.id, "status": product.draft,
        "spu_status": product.state, "reject_reason": reason,
    }});
    tx.emit("open_product_spu_audit", &told)?;
    Ok(Happening {
        at,
        noun: text!("product"),
        number: product.out_id,
        what,
        reason,
    })
}

/// Why an order cannot be carried out on one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotNow {
    pub out_product_id: String,
    pub exists: bool,
}

/// Carries out an order on one product, or says that it is not in the state for it.
pub fn decide(
    tx: &mut Tx<'_>,
    out_product_id: &str,
    decision: &AuditDecision,
) -> Result<Result<Happening, NotNow>, Refusal> {
    let known = tx
        .find::<Product>(NOUN, out_product_id)?
        .filter(|product| product.state != online::DELETED);
    let exists = known.is_some();
    let fits = |product: &Document<Product>| match decision {
        AuditDecision::Pass | AuditDecision::Reject(_) => product.draft == draft::IN_AUDIT,
        AuditDecision::TakeDown(_) => product.state == online::ON_SHELF,
    };
    let Some(mut product) = known.filter(fits) else {
        return Ok(Err(NotNow {
            out_product_id: out_product_id.into(),
            exists,
        }));
    };
    let now = tx.now;
    Ok(Ok(match decision {
        AuditDecision::Pass => end_audit(tx, product, now, None)?,
        AuditDecision::Reject(reason) => end_audit(tx, product, now, Some(reason.clone()))?,
        AuditDecision::TakeDown(reason) => {
            product.state = online::BANNED;
            product.changed_at = now;
            tx.put(NOUN, &product)?;
            let told = json!({"OpenProductSpuStatusUpdate": {
                "out_product_id": product.out_id, "product_id": product.id, "status": product.state,
                "reason": reason,
            }});
            tx.emit("open_product_spu_status_update", &told)?;
            Happening {
                at: now,
                noun: text!("product"),
                number: product.out_id,
                what: text!("taken down by WeChat"),
                reason: reason.clone(),
            }
        }
    }))
}

/// The merchant's numbers of all products that an order of this kind fits.
pub fn candidates(tx: &Tx<'_>, decision: &AuditDecision) -> Result<Vec<String>, Refusal> {
    let filter = match decision {
        AuditDecision::Pass | AuditDecision::Reject(_) => Filter {
            draft: Some(draft::IN_AUDIT),
            ..Filter::default()
        },
        AuditDecision::TakeDown(_) => Filter {
            state: Some(online::ON_SHELF),
            ..Filter::default()
        },
    };
    Ok(tx
        .all::<Product>(NOUN, &filter)?
        .into_iter()
        .map(|product| product.out_id)
        .collect())
}

/// Every product there is, draft or online copy, in the order of creation.
pub fn all(tx: &Tx<'_>, as_draft: bool) -> Result<Vec<Spu>, Refusal> {
    Ok(tx
        .all::<Product>(NOUN, &Filter::default())?
        .into_iter()
        .map(|product| wire(product, as_draft))
        .collect())
}

/// How many products are in each state.
pub fn by_state(tx: &Tx<'_>) -> Result<Vec<ProductCount>, Refusal> {
    let mut statement = tx.db.prepare(
        "SELECT state, draft, count(*) FROM document WHERE noun = ?1 AND state >= 0 GROUP BY state, draft ORDER BY 1, 2",
    )?;
    let rows = statement.query_map([NOUN], |row| {
        Ok(ProductCount {
            status: row.get(0)?,
            edit_status: row.get(1)?,
            count: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
