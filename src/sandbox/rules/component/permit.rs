//! What the merchant may sell and under which brand: audits of categories and brands, `/shop/audit/*`, and the
//! permissions that come of them.

use super::{Happening, access, category, image};
use crate::api::component::goods::NO_BRAND;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const AUDIT: &str = "audit";
const PERMIT: &str = "permit";

/// A permission that the merchant lost.
const GONE: i64 = -1;

/// The brand that a fresh shop owns.
pub const OWN_BRAND: u64 = 2_100_039_999;

/// `status` of an audit.
mod status {
    pub const RUNNING: i64 = 0;
    pub const PASSED: i64 = 1;
    pub const REJECTED: i64 = 9;
}

/// What is in audit.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Audit {
    /// The third-level category; 0 for a brand.
    category: u64,
    brand: String,
    pictures: Vec<String>,
    reject_reason: String,
    brand_id: Option<u64>,
    /// What is wrong with it from the start.
    flaw: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Permit {
    brand: String,
}

/// A fresh shop has its licences and its brand; a bare one has to apply for them.
pub fn seed(tx: &mut Tx<'_>, bare: bool) -> Result<(), Refusal> {
    if bare {
        return Ok(());
    }
    for third in category::licensed() {
        grant(tx, third, "")?;
    }
    grant(tx, OWN_BRAND, "山野茶集")
}

/// Categories and brands share one noun: their numbers do not meet.
fn grant(tx: &mut Tx<'_>, number: u64, brand: &str) -> Result<(), Refusal> {
    let now = tx.now;
    let permit = Document {
        id: i64::try_from(number).unwrap_or(i64::MAX),
        out_id: number.to_string(),
        state: 0,
        draft: 0,
        due: None,
        created_at: now,
        changed_at: now,
        body: Permit {
            brand: brand.into(),
        },
    };
    tx.put(PERMIT, &permit)
}

/// Whether a category or a brand was granted.
pub fn is_granted(tx: &Tx<'_>, number: u64) -> Result<bool, Refusal> {
    let permit = tx.find::<Permit>(PERMIT, &number.to_string())?;
    Ok(permit.is_some_and(|permit| permit.state != GONE))
}

/// Whether products may carry this brand. "No brand" is always allowed.
pub fn allows_brand(tx: &Tx<'_>, brand: u64) -> Result<bool, Refusal> {
    Ok(brand == NO_BRAND || is_granted(tx, brand)?)
}

/// Brands that were granted, with their words.
pub fn brands(tx: &Tx<'_>) -> Result<Vec<(u64, String)>, Refusal> {
    let permits = tx.all::<Permit>(PERMIT, &Filter::default())?;
    let brands = permits
        .into_iter()
        .filter(|permit| !permit.body.brand.is_empty())
        .map(|permit| (permit.id.unsigned_abs(), permit.body.brand));
    Ok(brands.collect())
}

/// Takes every permission away, as closing the component does.
pub fn withdraw_all(tx: &mut Tx<'_>) -> Result<(), Refusal> {
    for mut permit in tx.all::<Permit>(PERMIT, &Filter::default())? {
        permit.state = GONE;
        permit.changed_at = tx.now;
        tx.put(PERMIT, &permit)?;
    }
    Ok(())
}

#[derive(Deserialize)]
pub struct AuditRequest<T> {
    audit_req: T,
}

#[derive(Deserialize)]
pub struct Category {
    license: Vec<String>,
    category_info: CategoryInfo,
    #[serde(default)]
    scene_group_list: Vec<i64>,
}

#[derive(Deserialize)]
struct CategoryInfo {
    level3: u64,
    #[serde(default)]
    certificate: Vec<String>,
}

pub fn audit_category(tx: &mut Tx<'_>, request: AuditRequest<Category>) -> Result<Value, Refusal> {
    let asked = request.audit_req;
    scenes_are_open(tx, &asked.scene_group_list)?;
    let third = asked.category_info.level3;
    if is_granted(tx, third)? {
        return Err(Refusal::new(1_050_003, "category passed already"));
    }
    let needs = category::needs_licence(third)?;
    if !needs {
        return Err(Refusal::new(1_050_011, "category needs no application"));
    }
    let certificate = asked.category_info.certificate;
    let flaw = certificate
        .is_empty()
        .then(|| "缺少类目资质图片".to_owned());
    let audit = Audit {
        category: third,
        pictures: [asked.license, certificate].concat(),
        flaw,
        ..Audit::default()
    };
    hand_in(tx, audit)
}

#[derive(Deserialize)]
pub struct Brand {
    license: Vec<String>,
    brand_info: BrandInfo,
    #[serde(default)]
    scene_group_list: Vec<i64>,
}

#[derive(Deserialize)]
struct BrandInfo {
    brand_audit_type: i64,
    brand_management_type: i64,
    brand_wording: String,
    #[serde(default)]
    sale_authorization: Vec<String>,
    #[serde(default)]
    trademark_registration_certificate: Vec<String>,
    #[serde(default)]
    trademark_registration_application: Vec<String>,
    #[serde(default)]
    trademark_registrant_nu: String,
}

impl BrandInfo {
    /// What the auditor misses among the papers.
    fn flaw(&self) -> Option<String> {
        let imported = matches!(self.brand_audit_type, 3 | 4);
        let pending = matches!(self.brand_audit_type, 2 | 4);
        let missing = if self.trademark_registrant_nu.is_empty() {
            "商标注册号"
        } else if pending && self.trademark_registration_application.is_empty() {
            "商标受理通知书"
        } else if !pending && self.trademark_registration_certificate.is_empty() {
            "商标注册证"
        } else if (imported || self.brand_management_type != 1)
            && self.sale_authorization.is_empty()
        {
            "销售授权书"
        } else if self.brand_wording.contains("违规") || self.brand_wording.contains("REJECT") {
            return Some("品牌名称违反平台规则".into());
        } else {
            return None;
        };
        Some(format!("缺少{missing}"))
    }
}

pub fn audit_brand(tx: &mut Tx<'_>, request: AuditRequest<Brand>) -> Result<Value, Refusal> {
    let asked = request.audit_req;
    scenes_are_open(tx, &asked.scene_group_list)?;
    let flaw = asked.brand_info.flaw();
    let brand = asked.brand_info;
    let audit = Audit {
        brand: brand.brand_wording,
        pictures: [
            asked.license,
            brand.sale_authorization,
            brand.trademark_registration_certificate,
            brand.trademark_registration_application,
        ]
        .concat(),
        flaw,
        ..Audit::default()
    };
    hand_in(tx, audit)
}

fn scenes_are_open(tx: &Tx<'_>, scenes: &[i64]) -> Result<(), Refusal> {
    for scene in scenes {
        if !access::is_open(tx, *scene)? {
            return Err(Refusal::new(1_000_042, "scene is not opened"));
        }
    }
    Ok(())
}

/// Opens a ticket, unless one for the same thing is open.
fn hand_in(tx: &mut Tx<'_>, body: Audit) -> Result<Value, Refusal> {
    let running = Filter {
        state: Some(status::RUNNING),
        ..Filter::default()
    };
    let same = |audit: &Document<Audit>| {
        audit.body.category == body.category && audit.body.brand == body.brand
    };
    if tx.all::<Audit>(AUDIT, &running)?.iter().any(same) {
        return Err(Refusal::new(1_050_009, "audit is running"));
    }
    let ticket: String = std::iter::repeat_with(fastrand::alphanumeric)
        .take(18)
        .collect();
    let now = tx.now;
    let audit = Document {
        id: tx.next_id(AUDIT)?,
        out_id: format!("RQAA{ticket}"),
        state: status::RUNNING,
        draft: 0,
        due: Some(now + tx.settings.audit_seconds),
        created_at: now,
        changed_at: now,
        body,
    };
    tx.put(AUDIT, &audit)?;
    Ok(json!({"audit_id": audit.out_id}))
}

#[derive(Deserialize)]
pub struct Ticket {
    audit_id: String,
}

pub fn result(tx: &mut Tx<'_>, request: Ticket) -> Result<Value, Refusal> {
    let Some(audit) = tx.find::<Audit>(AUDIT, &request.audit_id)? else {
        return Err(Refusal::new(1_050_005, "no such audit"));
    };
    let mut data = json!({"status": audit.state, "reject_reason": audit.body.reject_reason});
    if let Some(brand_id) = audit.body.brand_id {
        data["brand_id"] = brand_id.into();
    }
    Ok(json!({ "data": data }))
}

/// Ends the audits whose time has come.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let mut happenings = Vec::new();
    for audit in tx.due::<Audit>(AUDIT)? {
        let at = audit.due.unwrap_or(tx.now);
        let flaw = flaw(tx, &audit.body)?;
        happenings.push(end(tx, audit, at, flaw)?);
    }
    Ok(happenings)
}

/// What an auditor finds: missing papers, pictures that do not open.
fn flaw(tx: &Tx<'_>, audit: &Audit) -> Result<Option<String>, Refusal> {
    if audit.flaw.is_some() {
        return Ok(audit.flaw.clone());
    }
    for picture in &audit.pictures {
        if !image::opens(tx, picture)? {
            return Ok(Some(format!("资质图片无法查看：{picture}")));
        }
    }
    Ok(None)
}

fn end(
    tx: &mut Tx<'_>,
    mut audit: Document<Audit>,
    at: i64,
    reject_reason: Option<String>,
) -> Result<Happening, Refusal> {
    audit.due = None;
    audit.changed_at = at;
    audit.state = match &reject_reason {
        None => status::PASSED,
        Some(_) => status::REJECTED,
    };
    let is_brand = audit.body.category == 0;
    if reject_reason.is_none() && is_brand {
        let number = OWN_BRAND + tx.count("brand", 0)?.unsigned_abs();
        audit.body.brand_id = Some(number);
        grant(tx, number, &audit.body.brand)?;
    } else if reject_reason.is_none() {
        grant(tx, audit.body.category, "")?;
    }
    let reason = reject_reason.unwrap_or_default();
    audit.body.reject_reason.clone_from(&reason);
    tx.put(AUDIT, &audit)?;
    let mut told = json!({
        "audit_id": audit.out_id, "status": audit.state, "audit_type": if is_brand { 1 } else { 2 },
        "reject_reason": reason,
    });
    if is_brand {
        told["brand_id"] = audit.body.brand_id.unwrap_or_default().into();
    }
    let event = if is_brand {
        "open_product_brand_audit"
    } else {
        "open_product_category_audit"
    };
    tx.emit(event, &json!({"QualificationAuditResult": told}))?;
    Ok(Happening {
        at,
        noun: if is_brand {
            text!("brand")
        } else {
            text!("category")
        },
        number: audit.out_id,
        what: match audit.state {
            status::PASSED => text!("audit passed"),
            _ => text!("audit rejected"),
        },
        reason,
    })
}

/// Tickets that are open.
pub fn running(tx: &Tx<'_>) -> Result<Vec<String>, Refusal> {
    let filter = Filter {
        state: Some(status::RUNNING),
        ..Filter::default()
    };
    let audits = tx.all::<Audit>(AUDIT, &filter)?;
    Ok(audits.into_iter().map(|audit| audit.out_id).collect())
}

/// Ends one audit by order: passed, or rejected with a reason. `None` where there is no such open ticket.
pub fn decide(
    tx: &mut Tx<'_>,
    audit_id: &str,
    reject_reason: Option<&str>,
) -> Result<Option<Happening>, Refusal> {
    let audit = tx.find::<Audit>(AUDIT, audit_id)?;
    match audit.filter(|audit| audit.state == status::RUNNING) {
        Some(audit) => end(tx, audit, tx.now, reject_reason.map(str::to_owned)).map(Some),
        None => Ok(None),
    }
}
