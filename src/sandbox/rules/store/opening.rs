//! What a store applies for and sets up by calls after it was opened in its console: categories and brands with their
//! papers, addresses, freight templates. An application waits for the clock; a name that holds 违规 or REJECT is refused.
//!
//! Long because all that is applied for or set up goes the same way.

use super::{Page, category, parameter};
use crate::api::store::Id;
use crate::sandbox::router::{Body, Call, Refusal};
use crate::sandbox::rules::Happening;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::text;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

const PAPER: &str = "store paper";
const CATEGORY: &str = "store category";
pub const BRAND: &str = "store brand";
pub const ADDRESS: &str = "store address";
pub const TEMPLATE: &str = "store freight template";

/// The largest paper.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// `status` of an application.
pub mod status {
    pub const IN_AUDIT: i64 = 1;
    pub const REFUSED: i64 = 2;
    pub const PASSED: i64 = 3;
    pub const WITHDRAWN: i64 = 4;
    /// What the event of a category says of a withdrawal.
    pub const WITHDRAWN_EVENT: i64 = 12;
}

/// What was applied for, or set up.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filed {
    /// As it was sent.
    pub fields: Map<String, Value>,
    pub audit_id: i64,
    pub reason: String,
}

type Held = Document<Filed>;

fn fresh(tx: &Tx<'_>, id: i64, state: i64, fields: Map<String, Value>) -> Held {
    Document {
        id,
        out_id: id.to_string(),
        state,
        draft: 0,
        due: None,
        created_at: tx.now,
        changed_at: tx.now,
        body: Filed {
            fields,
            ..Filed::default()
        },
    }
}

fn refuse<T>(errcode: i64, words: &str) -> Result<T, Refusal> {
    Err(Refusal::new(errcode, words))
}

fn number(id: &Id) -> i64 {
    i64::try_from(id.number()).unwrap_or(i64::MAX)
}

// Papers.

pub fn upload(tx: &mut Tx<'_>, call: &Call) -> Result<Value, Refusal> {
    let Body::Picture(file) = &call.body else {
        return refuse(10_020_059, "media is empty");
    };
    if file.bytes.is_empty() {
        return refuse(10_020_059, "media is empty");
    }
    if file.bytes.len() > MOST_BYTES {
        return refuse(10_020_060, "media is too large");
    }
    let hash = hex::encode(&Sha256::digest(&file.bytes)[..8]);
    let file_id = format!("cosfile_{hash}");
    if tx.find::<Filed>(PAPER, &file_id)?.is_none() {
        let mut held = fresh(tx, tx.now, 0, Map::new());
        held.id = tx.next_id(PAPER)?;
        held.out_id.clone_from(&file_id);
        tx.put(PAPER, &held)?;
    }
    Ok(json!({"data": {"file_id": file_id}}))
}

/// Whether every file is one that was uploaded as a paper.
fn papers(tx: &Tx<'_>, files: &[String], errcode: i64) -> Result<(), Refusal> {
    for file in files {
        if tx.find::<Filed>(PAPER, file)?.is_none() {
            return refuse(errcode, "file_id must come from the upload of papers");
        }
    }
    Ok(())
}

// Categories.

#[derive(Deserialize)]
pub struct Apply {
    category_info: CategoryInfo,
}

#[derive(Deserialize, Serialize)]
struct CategoryInfo {
    #[serde(default)]
    cats_v2: Vec<Step>,
    #[serde(default)]
    is_new_apply_cat: bool,
    #[serde(default)]
    license_group_list: Vec<Group>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize, Serialize)]
struct Step {
    cat_id: Id,
}

#[derive(Deserialize, Serialize)]
struct Group {
    license_group_id: Id,
    license: License,
}

#[derive(Deserialize, Serialize)]
struct License {
    license_id: Id,
    #[serde(default)]
    file_id_list: Vec<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

fn applications(tx: &Tx<'_>, leaf: &Id) -> Result<Vec<Held>, Refusal> {
    let mut all = tx.all::<Filed>(CATEGORY, &Filter::default())?;
    all.retain(|held| held.draft == number(leaf));
    Ok(all)
}

/// Whether an application for a leaf has passed.
pub fn is_granted(tx: &Tx<'_>, leaf: &Id) -> Result<bool, Refusal> {
    let all = applications(tx, leaf)?;
    Ok(all.iter().any(|held| held.state == status::PASSED))
}

/// When an application for a leaf passed, and what came with it; `None` where none has.
pub fn passed(tx: &Tx<'_>, leaf: &Id) -> Result<Option<(i64, Value)>, Refusal> {
    let all = applications(tx, leaf)?;
    let found = all.into_iter().find(|held| held.state == status::PASSED);
    Ok(found.map(|held| (held.changed_at, Value::Object(held.body.fields))))
}

/// The leaves whose applications have passed.
pub fn granted(tx: &Tx<'_>) -> Result<Vec<Id>, Refusal> {
    let all = tx.all::<Filed>(CATEGORY, &Filter::default())?;
    let passed = all.iter().filter(|held| held.state == status::PASSED);
    Ok(passed
        .map(|held| Id::from(held.draft.unsigned_abs()))
        .collect())
}

pub fn apply(tx: &mut Tx<'_>, request: Apply) -> Result<Value, Refusal> {
    let info = request.category_info;
    if !info.is_new_apply_cat {
        return refuse(9_700_250, "the old form of an application is not taken");
    }
    let path: Vec<Id> = info
        .cats_v2
        .iter()
        .map(|step| step.cat_id.clone())
        .collect();
    let leaf = path.last().cloned().unwrap_or_default();
    if !category::may_be_applied_for(&path)? && !is_granted(tx, &leaf)? {
        return refuse(9_401_020, "the store may sell in this category already");
    }
    let mine = applications(tx, &leaf)?;
    if mine.iter().any(|held| held.state == status::IN_AUDIT) {
        return refuse(10_020_064, "the category is under audit");
    }
    if mine.iter().any(|held| held.state == status::PASSED) {
        return refuse(9_401_020, "the store may sell in this category already");
    }
    let groups = &info.license_group_list;
    if groups.is_empty()
        || groups
            .iter()
            .any(|group| group.license.file_id_list.is_empty())
    {
        return refuse(9_700_234, "licence groups do not match the requirement");
    }
    for group in groups {
        papers(tx, &group.license.file_id_list, 10_020_094)?;
    }
    let id = tx.next_id(CATEGORY)?;
    let fields = match serde_json::to_value(&info)? {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let mut held = fresh(tx, id, status::IN_AUDIT, fields);
    held.draft = number(&leaf);
    held.due = Some(tx.now + tx.settings.audit_seconds);
    held.body.audit_id = id;
    tx.put(CATEGORY, &held)?;
    Ok(json!({"audit_id": id.to_string()}))
}

#[derive(Deserialize)]
pub struct OfAudit {
    #[serde(default)]
    audit_id: Id,
    #[serde(default)]
    brand_id: Id,
}

fn application(tx: &Tx<'_>, audit: &Id) -> Result<Held, Refusal> {
    tx.find(CATEGORY, audit.as_str())?
        .ok_or_else(|| Refusal::new(10_020_006, "audit id is invalid"))
}

pub fn withdraw(tx: &mut Tx<'_>, request: OfAudit) -> Result<Value, Refusal> {
    let mut held = application(tx, &request.audit_id)?;
    if held.state != status::IN_AUDIT {
        return refuse(10_020_006, "the application is not under audit");
    }
    held.state = status::WITHDRAWN;
    held.due = None;
    held.changed_at = tx.now;
    tx.put(CATEGORY, &held)?;
    of_category(tx, &held, status::WITHDRAWN_EVENT)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
pub struct Flows {
    is_filter_status: bool,
    #[serde(default)]
    status: Option<i64>,
    offset: i64,
    limit: i64,
}

pub fn flows(tx: &mut Tx<'_>, request: Flows) -> Result<Value, Refusal> {
    let mut all = tx.all::<Filed>(CATEGORY, &Filter::default())?;
    if request.is_filter_status {
        let wanted = request.status.filter(|status| (1..=4).contains(status));
        let Some(wanted) = wanted else {
            return refuse(9_401_020, "status must be 1 to 4");
        };
        all.retain(|held| held.state == wanted);
    }
    let row = |held: &Held| {
        json!({
            "cat_id": held.draft.to_string(), "status": held.state, "audit_id": held.body.audit_id.to_string(),
            "create_time": held.created_at, "update_time": held.changed_at,
            "audit_info": held.body.fields,
            "audit_time": if held.state == status::IN_AUDIT { 0 } else { held.changed_at },
            "audit_reason": held.body.reason,
        })
    };
    let rows: Vec<Value> = all.iter().map(row).collect();
    Ok(json!({"list": super::part(&rows, request.offset, request.limit)?}))
}

pub fn flow(tx: &mut Tx<'_>, request: OfAudit) -> Result<Value, Refusal> {
    let held = application(tx, &request.audit_id)?;
    Ok(json!({"info": held.body.fields}))
}

// Brands.

#[derive(Deserialize)]
pub struct OfBrand {
    brand: Brand,
}

#[derive(Deserialize, Serialize)]
struct Brand {
    brand_id: Id,
    #[serde(default)]
    ch_name: String,
    #[serde(default)]
    trade_mark_symbol: i64,
    #[serde(default)]
    classification_no: String,
    #[serde(default)]
    register_details: Map<String, Value>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

fn brand(tx: &Tx<'_>, id: &Id) -> Result<Option<Held>, Refusal> {
    let found: Option<Held> = tx.find(BRAND, id.as_str())?;
    Ok(found.filter(|held| held.state >= 0))
}

/// How an application for a brand stands; `None` where there is none.
pub fn brand_status(tx: &Tx<'_>, id: &Id) -> Result<Option<i64>, Refusal> {
    let found: Option<Held> = tx.find(BRAND, id.as_str())?;
    Ok(found.map(|held| held.state))
}

/// Brands that were applied for, as they are shown.
pub fn brands(tx: &Tx<'_>) -> Result<Vec<(i64, i64, Value)>, Refusal> {
    let all = tx.all::<Filed>(BRAND, &Filter::default())?;
    Ok(all
        .iter()
        .map(|held| (held.id, held.state, record(held)))
        .collect())
}

fn record(held: &Held) -> Value {
    let mut fields = held.body.fields.clone();
    fields.entry("grant_type").or_insert(json!(1));
    fields.insert("status".into(), held.state.into());
    fields.insert("create_time".into(), held.created_at.into());
    fields.insert("update_time".into(), held.changed_at.into());
    let result =
        json!({"audit_id": held.body.audit_id.to_string(), "reject_reason": held.body.reason});
    fields.insert("audit_result".into(), result);
    Value::Object(fields)
}

pub fn add_brand(tx: &mut Tx<'_>, request: OfBrand) -> Result<Value, Refusal> {
    let known = brand(tx, &request.brand.brand_id)?;
    let stands = super::merchant::is_ready_brand(&request.brand.brand_id);
    if stands || known.is_some_and(|held| held.state != status::WITHDRAWN) {
        return refuse(10_020_610, "there is an application for this brand");
    }
    file_brand(tx, request.brand)
}

pub fn update_brand(tx: &mut Tx<'_>, request: OfBrand) -> Result<Value, Refusal> {
    match brand(tx, &request.brand.brand_id)? {
        None => refuse(10_020_081, "there is no application for this brand"),
        Some(held) if held.state == status::IN_AUDIT => {
            refuse(10_020_085, "the brand is under audit")
        }
        Some(_) => file_brand(tx, request.brand),
    }
}

fn file_brand(tx: &mut Tx<'_>, brand: Brand) -> Result<Value, Refusal> {
    if brand.brand_id.is_none() {
        return Err(parameter("brand_id"));
    }
    if !matches!(brand.trade_mark_symbol, 1 | 2) {
        return refuse(10_020_603, "trade_mark_symbol is wrong");
    }
    let class: u8 = brand.classification_no.parse().unwrap_or(0);
    if !(1..=45).contains(&class) {
        return refuse(10_020_609, "classification_no must be 1 to 45");
    }
    let files = brand.register_details.get("register_certifications");
    let files: Vec<String> = files
        .and_then(Value::as_array)
        .map(|list| {
            let texts = list.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        })
        .unwrap_or_default();
    if brand.trade_mark_symbol == 1 && files.is_empty() {
        return refuse(10_020_607, "the registration is not proven");
    }
    papers(tx, &files, 10_020_086)?;
    let id = number(&brand.brand_id);
    let audit = tx.next_id("store brand audit")?;
    let fields = match serde_json::to_value(&brand)? {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let mut held = fresh(tx, id, status::IN_AUDIT, fields);
    held.due = Some(tx.now + tx.settings.audit_seconds);
    held.body.audit_id = audit;
    tx.put(BRAND, &held)?;
    Ok(json!({"audit_id": audit.to_string()}))
}

pub fn withdraw_brand(tx: &mut Tx<'_>, request: OfAudit) -> Result<Value, Refusal> {
    let held = brand(tx, &request.brand_id)?;
    let Some(mut held) = held else {
        return refuse(10_020_081, "there is no application for this brand");
    };
    if held.state != status::IN_AUDIT || held.body.audit_id.to_string() != request.audit_id.as_str()
    {
        return refuse(10_020_604, "the brand is not under this audit");
    }
    held.state = status::WITHDRAWN;
    held.due = None;
    held.changed_at = tx.now;
    tx.put(BRAND, &held)?;
    of_brand(tx, &held)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
pub struct BrandId {
    brand_id: Id,
}

pub fn show_brand(tx: &mut Tx<'_>, request: BrandId) -> Result<Value, Refusal> {
    match brand(tx, &request.brand_id)? {
        Some(held) => Ok(json!({"brand": record(&held)})),
        None => super::merchant::ready_brand(&request.brand_id)
            .map(|brand| json!({"brand": brand}))
            .ok_or_else(|| Refusal::new(10_020_081, "there is no application for this brand")),
    }
}

pub fn delete_brand(tx: &mut Tx<'_>, request: BrandId) -> Result<Value, Refusal> {
    let Some(mut held) = brand(tx, &request.brand_id)? else {
        return refuse(10_020_081, "there is no application for this brand");
    };
    held.state = -1;
    held.due = None;
    held.changed_at = tx.now;
    tx.put(BRAND, &held)?;
    Ok(json!({}))
}

// Addresses and freight templates.

#[derive(Deserialize)]
pub struct OfAddress {
    address_detail: Map<String, Value>,
}

#[derive(Deserialize)]
pub struct AddressId {
    address_id: Id,
}

fn flag(fields: &Map<String, Value>, name: &str) -> bool {
    matches!(fields.get(name), Some(Value::Bool(true))) || fields.get(name) == Some(&json!(1))
}

/// What is set up by its number; without fields where it was taken away.
type SetUp = (i64, Option<Map<String, Value>>);

/// What is set up, by number; those that stand ready and were not changed are not among it.
pub fn set_up(tx: &Tx<'_>, noun: &str) -> Result<Vec<SetUp>, Refusal> {
    let mut all: Vec<(i64, Option<Map<String, Value>>)> = Vec::new();
    for held in tx.all::<Filed>(noun, &Filter::default())? {
        // 1 is gone: lists leave out what is below 0, and here it must be known.
        let fields = (held.state == 0).then_some(held.body.fields);
        all.push((held.id, fields));
    }
    Ok(all)
}

fn check_address(fields: &Map<String, Value>) -> Result<(), Refusal> {
    let info = fields.get("address_info").and_then(Value::as_object);
    let part = |name: &str| {
        let value = info.and_then(|info| info.get(name)?.as_str());
        value.unwrap_or_default()
    };
    let whole = [
        "user_name",
        "province_name",
        "city_name",
        "detail_info",
        "tel_number",
    ];
    let phone = part("tel_number");
    let is_phone = phone.len() >= 7 && phone.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if whole.iter().any(|name| part(name).trim().is_empty()) || !is_phone {
        return refuse(
            10_025_093,
            "the address is incomplete or its phone malformed",
        );
    }
    let province = part("province_name");
    if ["香港", "澳门", "台湾"]
        .iter()
        .any(|one| province.contains(one))
    {
        refuse(
            10_021_202,
            "addresses outside the mainland are not supported",
        )
    } else {
        Ok(())
    }
}

/// What was not given stands in a reply as nothing.
fn complete(fields: &mut Map<String, Value>, nothing: Value) {
    let Value::Object(nothing) = nothing else {
        return;
    };
    for (name, value) in nothing {
        fields.entry(name).or_insert(value);
    }
}

fn keep_address(tx: &mut Tx<'_>, id: i64, mut fields: Map<String, Value>) -> Result<(), Refusal> {
    complete(
        &mut fields,
        json!({"default_recv": false, "default_send": false}),
    );
    // There is one default of each kind.
    for name in ["default_recv", "default_send"] {
        if !flag(&fields, name) {
            continue;
        }
        for (other, mut held) in super::merchant::all_addresses(tx)? {
            if other != id && flag(&held, name) {
                held.insert(name.into(), false.into());
                let kept = fresh(tx, other, 0, held);
                tx.put(ADDRESS, &kept)?;
            }
        }
    }
    let held = fresh(tx, id, 0, fields);
    tx.put(ADDRESS, &held)
}

pub fn add_address(tx: &mut Tx<'_>, request: OfAddress) -> Result<Value, Refusal> {
    let fields = request.address_detail;
    check_address(&fields)?;
    let id = tx.next_id(ADDRESS)?;
    keep_address(tx, id, fields)?;
    Ok(json!({"address_id": id.to_string()}))
}

fn id_of(fields: &mut Map<String, Value>, name: &str) -> Id {
    let id = fields.remove(name).unwrap_or_default();
    serde_json::from_value(id).unwrap_or_default()
}

pub fn update_address(tx: &mut Tx<'_>, request: OfAddress) -> Result<Value, Refusal> {
    let mut fields = request.address_detail;
    let id = id_of(&mut fields, "address_id");
    if !super::merchant::has_address(tx, &id)? {
        return Err(parameter("no address of this id"));
    }
    check_address(&fields)?;
    keep_address(tx, number(&id), fields)?;
    Ok(json!({}))
}

pub fn delete_address(tx: &mut Tx<'_>, request: AddressId) -> Result<Value, Refusal> {
    if !super::merchant::has_address(tx, &request.address_id)? {
        return Err(parameter("no address of this id"));
    }
    let held = fresh(tx, number(&request.address_id), GONE, Map::new());
    tx.put(ADDRESS, &held)?;
    Ok(json!({}))
}

/// The state of something that stood ready and was taken away.
const GONE: i64 = 1;

#[derive(Deserialize)]
pub struct OfTemplate {
    freight_template: Map<String, Value>,
}

fn check_template(tx: &Tx<'_>, id: i64, fields: &Map<String, Value>) -> Result<(), Refusal> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = text("name");
    if name.is_empty() || !matches!(text("valuation_type"), "PIECE" | "WEIGHT") {
        return refuse(10_020_019, "the freight template is invalid");
    }
    if !matches!(
        text("send_time"),
        "SendTime_TWENTYFOUR_HOUR" | "SendTime_FOUTYEIGHT_HOUR" | "SendTime_SHIP_TODAY"
    ) {
        return refuse(10_021_082, "send_time is not allowed");
    }
    if !fields.get("address_info").is_some_and(Value::is_object) {
        return refuse(10_021_081, "the template has no sender address");
    }
    let same = |(other, known): &(i64, String)| *other != id && known == name;
    if super::merchant::template_names(tx)?.iter().any(same) {
        return refuse(10_021_200, "a template of this name exists");
    }
    let charges = fields
        .get("all_freight_calc_method")
        .and_then(|all| all.get("freight_calc_method_list"))
        .and_then(Value::as_array);
    let has_default = charges.is_some_and(|list| {
        let default = |one: &&Value| one["is_default"] == json!(true);
        list.iter().filter(default).count() == 1
    });
    match text("shipping_method") {
        "FREE" => Ok(()),
        "NO_FREE" | "CONDITION_FREE" if has_default => Ok(()),
        "NO_FREE" | "CONDITION_FREE" => refuse(10_021_055, "the template has no default rule"),
        _ => refuse(10_020_019, "the freight template is invalid"),
    }
}

fn keep_template(tx: &mut Tx<'_>, id: i64, mut fields: Map<String, Value>) -> Result<(), Refusal> {
    complete(
        &mut fields,
        json!({
            "delivery_id": [],
            "not_send_area": {"address_infos": []},
            "all_condition_free_detail": {"condition_free_detail_list": []},
            "all_freight_calc_method": {"freight_calc_method_list": []},
        }),
    );
    if let Some(sender) = fields
        .get_mut("address_info")
        .and_then(Value::as_object_mut)
    {
        complete(sender, json!({"user_name": "", "tel_number": ""}));
    }
    let held = fresh(tx, id, 0, fields);
    tx.put(TEMPLATE, &held)
}

pub fn add_template(tx: &mut Tx<'_>, request: OfTemplate) -> Result<Value, Refusal> {
    let fields = request.freight_template;
    check_template(tx, 0, &fields)?;
    let id = tx.next_id(TEMPLATE)?;
    keep_template(tx, id, fields)?;
    Ok(json!({"template_id": id.to_string()}))
}

pub fn update_template(tx: &mut Tx<'_>, request: OfTemplate) -> Result<Value, Refusal> {
    let mut fields = request.freight_template;
    let id = id_of(&mut fields, "template_id");
    if super::merchant::charges_by_weight(tx, &id)?.is_none() {
        return refuse(10_020_005, "freight template does not exist");
    }
    check_template(tx, number(&id), &fields)?;
    keep_template(tx, number(&id), fields)?;
    Ok(json!({"template_id": id.as_str()}))
}

// The clock.

fn of_category(tx: &mut Tx<'_>, held: &Held, status: i64) -> Result<(), Refusal> {
    let told = json!({"ProductCategoryAudit": {
        "audit_id": held.body.audit_id.to_string(), "status": status, "reason": held.body.reason,
    }});
    tx.emit("product_category_audit", &told)
}

fn of_brand(tx: &mut Tx<'_>, held: &Held) -> Result<(), Refusal> {
    let told = json!({"BrandEvent": {
        "brand_id": held.id.to_string(), "audit_id": held.body.audit_id.to_string(),
        "status": held.state, "reason": held.body.reason,
    }});
    tx.emit("channels_ec_brand", &told)
}

/// Ends applications whose time has come.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let mut happenings = Vec::new();
    for noun in [CATEGORY, BRAND] {
        for mut held in tx.due::<Filed>(noun)? {
            let words = Value::Object(held.body.fields.clone()).to_string();
            let bad = words.contains("违规") || words.contains("REJECT");
            held.due = None;
            held.changed_at = tx.now;
            held.state = if bad { status::REFUSED } else { status::PASSED };
            if bad {
                held.body.reason = "资质与申请内容不符，请核对后重新提交".into();
            }
            tx.put(noun, &held)?;
            match noun {
                CATEGORY => of_category(tx, &held, held.state)?,
                _ => of_brand(tx, &held)?,
            }
            happenings.push(Happening {
                at: tx.now,
                noun: match noun {
                    CATEGORY => text!("category"),
                    _ => text!("brand"),
                },
                number: match noun {
                    CATEGORY => held.draft.to_string(),
                    _ => held.out_id.clone(),
                },
                what: if bad {
                    text!("audit rejected")
                } else {
                    text!("audit passed")
                },
                reason: held.body.reason.clone(),
            });
        }
    }
    Ok(happenings)
}

/// A page of brands that stand ready and of those that were applied for.
pub fn page<T: Clone>(all: &[T], page: &Page) -> Vec<T> {
    all.iter()
        .skip(page.skip as usize)
        .take(page.size as usize)
        .cloned()
        .collect()
}
