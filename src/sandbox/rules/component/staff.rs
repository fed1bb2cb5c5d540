//! Promotion staff of the Mini Program: roles, the two-sided relation with a person, and share material. Figures and
//! messages are in `reach`.
//!
//! The merchant declares (`decl_status` 1, or 2 withdrawn), the person agrees (`auth_status` 0 not yet, 1, or 2
//! withdrawn); both at 1 is bound. Where the reference is silent the shop decides: a person is any text of 28
//! characters that starts with `o`, what the merchant changes does not move `update_time`, and declaring again does not
//! ask the person anew.

use super::Happening;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const ROLE: &str = "staff_role";
const NOUN: &str = "staff";

const MOST_ROLES: u64 = 100;
const MOST_PEOPLE: u64 = 50_000;
/// Rows of a page.
const PAGE: usize = 2000;

pub const AGREED: i64 = 1;
const TAKEN_BACK: i64 = 2;
const DECLARED: i64 = 1;

/// A parameter is missing or wrong; the platform does not say which.
pub fn wrong() -> Refusal {
    Refusal::new(103_001, "parameter is invalid or missing")
}

pub fn nothing() -> Refusal {
    Refusal::new(103_006, "list is empty")
}

#[derive(Serialize, Deserialize)]
struct Role {
    name: String,
    desc: String,
}

/// State of the document: `auth_status`; its draft: `decl_status`; its change: the last change of the authorisation.
#[derive(Clone, Serialize, Deserialize)]
pub struct Person {
    pub openid: String,
    pub role_id: i64,
    pub retail_id: String,
    pub extra_info: String,
    name: String,
    phone: String,
}

#[derive(Deserialize)]
pub struct AddRole {
    name: String,
    #[serde(default)]
    desc: String,
}

pub fn add_role(tx: &mut Tx<'_>, request: AddRole) -> Result<Value, Refusal> {
    first_role(tx)?;
    if request.name.is_empty() || tx.how_many(ROLE, &Filter::default())? >= MOST_ROLES {
        return Err(wrong());
    }
    let id = new_role(tx, &request.name, &request.desc)?;
    Ok(json!({"role_id": id, "name": request.name, "desc": request.desc}))
}

#[derive(Deserialize)]
pub struct GetRole {
    role_id: Option<i64>,
}

pub fn roles(tx: &mut Tx<'_>, request: GetRole) -> Result<Value, Refusal> {
    first_role(tx)?;
    let rows: Vec<Value> = tx
        .all::<Role>(ROLE, &Filter::default())?
        .into_iter()
        .filter(|role| request.role_id.is_none_or(|id| role.id == id))
        .map(|role| json!({"role_id": role.id, "name": role.body.name, "desc": role.body.desc}))
        .collect();
    match rows.len() {
        0 => Err(nothing()),
        count => Ok(json!({"role_list": rows, "total_cnt": count})),
    }
}

#[derive(Deserialize)]
pub struct UpdateRole {
    role_id: i64,
    name: Option<String>,
    desc: Option<String>,
}

pub fn update_role(tx: &mut Tx<'_>, request: UpdateRole) -> Result<Value, Refusal> {
    let mut role = role(tx, request.role_id)?;
    if request.name.is_none() && request.desc.is_none() {
        return Err(wrong());
    }
    role.body.name = request.name.unwrap_or(role.body.name);
    role.body.desc = request.desc.unwrap_or(role.body.desc);
    tx.put(ROLE, &role)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
pub struct AddPeople {
    promoter_list: Vec<NewPerson>,
}

#[derive(Clone, Serialize, Deserialize)]
struct NewPerson {
    openid: String,
    role_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    retail_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

/// Declares people. An unknown role fails the whole call, anything else only the person.
pub fn add(tx: &mut Tx<'_>, request: AddPeople) -> Result<Value, Refusal> {
    for person in &request.promoter_list {
        role(tx, person.role_id)?;
    }
    let (total, mut failed) = (request.promoter_list.len(), Vec::new());
    for new in request.promoter_list {
        if let Err(refusal) = declare(tx, &new) {
            let mut row = serde_json::to_value(&new)?;
            row["errcode"] = refusal.errcode.into();
            row["errmsg"] = refusal.errmsg.into();
            failed.push(row);
        }
    }
    let mut reply = json!({"total_cnt": total, "fail_cnt": failed.len()});
    if !failed.is_empty() {
        reply["fail_list"] = failed.into();
    }
    Ok(reply)
}

fn declare(tx: &mut Tx<'_>, new: &NewPerson) -> Result<(), Refusal> {
    if !(new.openid.starts_with('o') && new.openid.is_ascii() && new.openid.len() == 28) {
        return Err(wrong());
    }
    let body = Person {
        openid: new.openid.clone(),
        role_id: new.role_id,
        retail_id: new.retail_id.clone().unwrap_or_default(),
        extra_info: new.extra_info.clone().unwrap_or_default(),
        name: new.name.clone().unwrap_or_default(),
        phone: new.phone.clone().unwrap_or_default(),
    };
    if let Some(mut known) = person(tx, &new.openid)? {
        if known.draft == DECLARED {
            return Err(Refusal::new(103_003, "data already exists"));
        }
        (known.draft, known.body) = (DECLARED, body);
        return tx.put(NOUN, &known);
    }
    if tx.how_many(NOUN, &Filter::default())? >= MOST_PEOPLE {
        return Err(wrong());
    }
    let (id, at) = (99 + tx.count(NOUN, 0)?, tx.now);
    let document = Document {
        id,
        out_id: new.openid.clone(),
        state: 0,
        draft: DECLARED,
        due: None,
        created_at: at,
        changed_at: at,
        body,
    };
    tx.put(NOUN, &document)
}

#[derive(Deserialize)]
pub struct GetPeople {
    openid: Option<String>,
    role_id: Option<i64>,
    retail_id: Option<String>,
    begin_time: Option<i64>,
    end_time: Option<i64>,
    auth_status: Option<i64>,
    decl_status: Option<i64>,
    start_id: Option<String>,
    need_unionid: Option<i64>,
}

pub fn list(tx: &mut Tx<'_>, request: GetPeople) -> Result<Value, Refusal> {
    let filter = Filter {
        state: request.auth_status,
        draft: request.decl_status,
        changed: (request.begin_time, request.end_time),
        ..Filter::default()
    };
    let after = after(request.start_id.as_deref())?;
    let rows: Vec<Value> = tx
        .all::<Person>(NOUN, &filter)?
        .into_iter()
        .filter(|person| person.id > after)
        .filter(|person| {
            let openid = request.openid.as_ref();
            openid.is_none_or(|openid| is(&person.body, openid))
        })
        .filter(|person| {
            request
                .role_id
                .is_none_or(|role| person.body.role_id == role)
        })
        .filter(|person| {
            let store = request.retail_id.as_ref();
            store.is_none_or(|store| person.body.retail_id == *store)
        })
        .take(PAGE)
        .map(|person| {
            let Document {
                id,
                state,
                draft,
                changed_at,
                body,
                ..
            } = person;
            json!({"id": id.to_string(), "openid": identity(&body.openid, request.need_unionid),
                "role_id": body.role_id, "retail_id": body.retail_id, "extra_info": body.extra_info,
                "name": body.name, "phone": body.phone, "auth_status": state, "decl_status": draft,
                "update_time": changed_at})
        })
        .collect();
    match rows.len() {
        0 => Err(nothing()),
        count => Ok(json!({"promoter_list": rows, "total_cnt": count})),
    }
}

#[derive(Deserialize)]
pub struct UpdatePerson {
    id: String,
    role_id: Option<i64>,
    retail_id: Option<String>,
    extra_info: Option<String>,
    decl_status: Option<i64>,
    name: Option<String>,
    phone: Option<String>,
}

pub fn update(tx: &mut Tx<'_>, request: UpdatePerson) -> Result<Value, Refusal> {
    let known = tx.all::<Person>(NOUN, &Filter::default())?;
    let mut person = known
        .into_iter()
        .find(|person| person.id.to_string() == request.id)
        .ok_or_else(wrong)?;
    if let Some(id) = request.role_id {
        person.body.role_id = role(tx, id)?.id;
    }
    match request.decl_status {
        Some(status @ 1..=2) => person.draft = status,
        Some(_) => return Err(wrong()),
        None => {}
    }
    let body = &mut person.body;
    for (new, old) in [
        (request.retail_id, &mut body.retail_id),
        (request.extra_info, &mut body.extra_info),
        (request.name, &mut body.name),
        (request.phone, &mut body.phone),
    ] {
        *old = new.unwrap_or(std::mem::take(old));
    }
    tx.put(NOUN, &person)?;
    Ok(json!({}))
}

/// A picture of one pixel, as Base64.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

#[derive(Deserialize)]
pub struct Invitation {
    role_id: i64,
    invitation_type: Option<i64>,
}

pub fn invitation(tx: &mut Tx<'_>, request: Invitation) -> Result<Value, Refusal> {
    let id = role(tx, request.role_id)?.id;
    Ok(match request.invitation_type {
        None | Some(0) => json!({"poster": PIXEL}),
        Some(1) => json!({"qrcode": PIXEL}),
        _ => json!({"tag": format!("#小程序://小程序推广员/SANDBOX{id:05}")}),
    })
}

#[derive(Deserialize)]
pub struct Material {
    path: String,
    openid: String,
    extra_info: Option<String>,
    share_type: Option<i64>,
}

/// Only for who is bound.
pub fn material(tx: &mut Tx<'_>, request: Material) -> Result<Value, Refusal> {
    let person = bound(tx, &request.openid)?.ok_or_else(wrong)?;
    let mark = request.extra_info.unwrap_or_default();
    let joint = if request.path.contains('?') { '&' } else { '?' };
    let number = tx.next_id("staff_material")?;
    let kind = request.share_type.unwrap_or(0);
    let mut reply = json!({});
    if matches!(kind, 0 | 1) {
        reply["tag"] = format!("#小程序://沙盒小店/{number:X}").into();
    }
    if matches!(kind, 0 | 2) {
        let path = format!("{}{joint}promoter={}&mark={mark}", request.path, person.id);
        reply["share_path"] = path.into();
    }
    if matches!(kind, 0 | 3) {
        reply["qrcode"] = PIXEL.into();
    }
    Ok(reply)
}

/// The person agrees, or takes the agreement back.
pub fn answer(tx: &mut Tx<'_>, openid: &str, agrees: bool) -> Result<Happening, Refusal> {
    let mut person = person(tx, openid)?
        .filter(|person| !agrees || person.draft == DECLARED)
        .ok_or_else(|| Refusal::new(103_001, format!("{openid} is not declared")))?;
    let what = match (agrees, person.state) {
        (true, _) => text!("agreed"),
        (false, AGREED) => text!("withdrew the agreement"),
        (false, _) => return Err(Refusal::new(103_001, format!("{openid} has not agreed"))),
    };
    person.state = if agrees { AGREED } else { TAKEN_BACK };
    person.changed_at = tx.now;
    tx.put(NOUN, &person)?;
    Ok(Happening {
        at: tx.now,
        noun: text!("staff"),
        number: openid.to_owned(),
        what,
        reason: String::new(),
    })
}

/// Everybody, in order of their numbers.
pub fn everybody(tx: &Tx<'_>) -> Result<Vec<Document<Person>>, Refusal> {
    tx.all(NOUN, &Filter::default())
}

pub fn is_bound(person: &Document<Person>) -> bool {
    (person.state, person.draft) == (AGREED, DECLARED)
}

/// Somebody by openid or unionid.
pub fn person(tx: &Tx<'_>, who: &str) -> Result<Option<Document<Person>>, Refusal> {
    match tx.find(NOUN, who)? {
        Some(person) => Ok(Some(person)),
        None => Ok(everybody(tx)?
            .into_iter()
            .find(|person| is(&person.body, who))),
    }
}

pub fn bound(tx: &Tx<'_>, who: &str) -> Result<Option<Document<Person>>, Refusal> {
    Ok(person(tx, who)?.filter(is_bound))
}

fn is(person: &Person, who: &str) -> bool {
    person.openid == who || unionid(&person.openid) == who
}

/// The same person in every program of the Open Platform account.
fn unionid(openid: &str) -> String {
    format!("oUnion{}", openid.get(6..).unwrap_or_default())
}

/// The identity that was asked for.
pub fn identity(openid: &str, need_unionid: Option<i64>) -> String {
    match need_unionid {
        Some(1) => unionid(openid),
        _ => openid.to_owned(),
    }
}

/// The cursor as a number.
pub fn after(start_id: Option<&str>) -> Result<i64, Refusal> {
    start_id
        .filter(|id| !id.is_empty())
        .map_or(Ok(0), |id| id.parse().map_err(|_| wrong()))
}

/// One role is there from the start.
fn first_role(tx: &mut Tx<'_>) -> Result<(), Refusal> {
    if tx.counted(ROLE, 0)? == 0 {
        new_role(tx, "推广员", "")?;
    }
    Ok(())
}

fn new_role(tx: &mut Tx<'_>, name: &str, desc: &str) -> Result<i64, Refusal> {
    let (id, at) = (tx.count(ROLE, 0)?, tx.now);
    let document = Document {
        id,
        out_id: id.to_string(),
        state: 0,
        draft: 0,
        due: None,
        created_at: at,
        changed_at: at,
        body: Role {
            name: name.to_owned(),
            desc: desc.to_owned(),
        },
    };
    tx.put(ROLE, &document)?;
    Ok(id)
}

fn role(tx: &mut Tx<'_>, id: i64) -> Result<Document<Role>, Refusal> {
    first_role(tx)?;
    tx.find(ROLE, &id.to_string())?.ok_or_else(wrong)
}
