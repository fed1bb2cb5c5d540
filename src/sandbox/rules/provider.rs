//! A service provider and its merchants: ticket, the provider's token, authorisation, merchants' tokens.
//! `/cgi-bin/component/*`. The shop itself is a merchant that can authorise; others have a number and nothing else.

use super::{Happening, quota, token};
use crate::api::Done;
use crate::api::provider::{
    Authorization, AuthorizerToken, AuthorizerTokenReply, ClearComponentQuota, ComponentToken,
    ComponentTokenReply, FuncInfo, FuncScope, QueryAuth, QueryAuthReply, StartPushTicket,
    StartPushTicketReply,
};
use crate::sandbox::router::{Call, Refusal};
use crate::sandbox::store::{Document, Filter, Tx};
use crate::sandbox::{APPID, PROVIDER_APPID, PROVIDER_SECRET};
use crate::text;
use crate::types::span::HOUR;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const TICKET: &str = "ticket";
const PREAUTH: &str = "pre-authorisation";
const CODE: &str = "authorisation code";
const MERCHANT: &str = "authorizer";

/// A ticket is pushed every so often, and can be used for so long, in seconds.
const TICKET_EVERY: i64 = 600;
const TICKET_LIFE: i64 = 12 * HOUR;
/// Life of a code for the authorisation page, and of the code that it leads back with.
const PREAUTH_LIFE: i64 = 1800;
const CODE_LIFE: i64 = HOUR;

/// Sets that the shop grants: goods of the component, its figures, promotion staff.
const SETS: [i64; 3] = [85, 116, 140];

const UNUSED: i64 = 0;
const USED: i64 = 1;
const WITHDRAWN: i64 = 0;
const AUTHORISED: i64 = 1;

/// Where an authorisation stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Merchant {
    refresh_token: String,
    /// Whether the provider has exchanged the code; the refresh token is empty before.
    exchanged: bool,
    sets: Vec<i64>,
    /// The next renewal brings another refresh token.
    rotate: bool,
}

/// What the keeper of the sandbox does in the merchant's place, or the platform's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// The merchant opens the page with this code, and agrees to grant these sets.
    Authorise {
        pre_auth_code: String,
        appid: String,
        sets: Option<Vec<i64>>,
    },
    /// The merchant takes the authorisation back.
    Withdraw(String),
    /// The next renewal for the merchant brings another refresh token.
    Rotate(String),
}

fn secret(kind: &str) -> String {
    let tail: String = std::iter::repeat_with(fastrand::alphanumeric)
        .take(40)
        .collect();
    format!("{kind}@@@{tail}")
}

fn new<T>(tx: &mut Tx<'_>, noun: &str, out_id: String, body: T) -> Result<Document<T>, Refusal> {
    Ok(Document {
        id: tx.next_id(noun)?,
        out_id,
        state: UNUSED,
        draft: 0,
        due: None,
        created_at: tx.now,
        changed_at: tx.now,
        body,
    })
}

fn merchant(tx: &Tx<'_>, appid: &str) -> Result<Option<Document<Merchant>>, Refusal> {
    tx.find(MERCHANT, appid)
}

/// The merchant's authorisation, where it stands.
fn authorised(tx: &Tx<'_>, appid: &str) -> Result<Document<Merchant>, Refusal> {
    merchant(tx, appid)?
        .filter(|merchant| merchant.state == AUTHORISED)
        .ok_or_else(|| Refusal::new(61003, "component is not authorized by this account"))
}

/// The newest ticket; another one when its ten minutes are over, as the push would bring it.
pub fn ticket(tx: &mut Tx<'_>) -> Result<String, Refusal> {
    let newest = newest_ticket(tx)?;
    if let Some(newest) = newest.filter(|ticket| tx.now - ticket.created_at < TICKET_EVERY) {
        return Ok(newest.out_id);
    }
    let fresh = new(tx, TICKET, secret("ticket"), json!({}))?;
    tx.put(TICKET, &fresh)?;
    Ok(fresh.out_id)
}

fn newest_ticket(tx: &Tx<'_>) -> Result<Option<Document<Value>>, Refusal> {
    let filter = Filter {
        newest_first: true,
        limit: Some(1),
        ..Filter::default()
    };
    Ok(tx.all(TICKET, &filter)?.pop())
}

/// Who asks with the provider's secret: the right account, from a listed address.
fn check_secret(tx: &Tx<'_>, call: &Call, appid: &str, secret: &str) -> Result<(), Refusal> {
    if appid != PROVIDER_APPID {
        return Err(Refusal::new(40013, "invalid appid"));
    }
    token::check_address(tx, call)?;
    match secret {
        "" => Err(Refusal::new(41004, "appsecret missing")),
        PROVIDER_SECRET => Ok(()),
        _ => Err(Refusal::new(40125, "invalid appsecret")),
    }
}

fn check_component(appid: &str) -> Result<(), Refusal> {
    if appid == PROVIDER_APPID {
        Ok(())
    } else {
        Err(Refusal::new(61011, "invalid component"))
    }
}

pub fn start_push(
    tx: &mut Tx<'_>,
    call: &Call,
    request: StartPushTicket,
) -> Result<StartPushTicketReply, Refusal> {
    let secret = request.component_secret.expose();
    check_secret(tx, call, &request.component_appid, secret)?;
    let ran = newest_ticket(tx)?.is_some();
    ticket(tx)?;
    let errmsg = if ran { "in a normal state" } else { "ok" };
    Ok(StartPushTicketReply {
        errmsg: errmsg.into(),
    })
}

/// A new token of the provider for its secret and a ticket; the one before has ended.
pub fn component_token(
    tx: &mut Tx<'_>,
    call: &Call,
    request: ComponentToken,
) -> Result<ComponentTokenReply, Refusal> {
    let secret = request.component_appsecret.expose();
    check_secret(tx, call, &request.component_appid, secret)?;
    let ticket: Option<Document<Value>> =
        tx.find(TICKET, request.component_verify_ticket.expose())?;
    let ticket = ticket.ok_or_else(|| Refusal::new(61006, "component ticket is invalid"))?;
    if tx.now - ticket.created_at >= TICKET_LIFE {
        return Err(Refusal::new(61005, "component ticket is expired"));
    }
    let made = token::replace(tx, "component")?;
    Ok(ComponentTokenReply {
        component_access_token: made.access_token,
        expires_in: made.expires_in,
    })
}

#[derive(Deserialize)]
pub struct Preauth {
    component_appid: String,
}

pub fn preauth(tx: &mut Tx<'_>, request: Preauth) -> Result<Value, Refusal> {
    check_component(&request.component_appid)?;
    let code = new(tx, PREAUTH, secret("preauthcode"), json!({}))?;
    tx.put(PREAUTH, &code)?;
    Ok(json!({"pre_auth_code": code.out_id, "expires_in": PREAUTH_LIFE}))
}

fn granted(sets: &[i64]) -> Vec<FuncInfo> {
    sets.iter()
        .map(|id| FuncInfo {
            funcscope_category: FuncScope { id: *id },
        })
        .collect()
}

/// Exchanges a code, once.
pub fn query_auth(tx: &mut Tx<'_>, request: QueryAuth) -> Result<QueryAuthReply, Refusal> {
    check_component(&request.component_appid)?;
    let code: Option<Document<String>> = tx.find(CODE, request.authorization_code.expose())?;
    let mut code = code
        .filter(|code| code.state == UNUSED)
        .ok_or_else(|| Refusal::new(61009, "code is invalid"))?;
    if tx.now - code.created_at >= CODE_LIFE {
        return Err(Refusal::new(61010, "code is expired"));
    }
    let mut merchant = authorised(tx, &code.body)?;
    code.state = USED;
    tx.put(CODE, &code)?;
    merchant.body.exchanged = true;
    merchant.changed_at = tx.now;
    tx.put(MERCHANT, &merchant)?;
    let made = token::replace(tx, &token_kind(&merchant.out_id))?;
    Ok(QueryAuthReply {
        authorization_info: Authorization {
            authorizer_appid: merchant.out_id,
            authorizer_access_token: Some(made.access_token),
            expires_in: Some(made.expires_in),
            authorizer_refresh_token: Some(crate::types::Secret::new(merchant.body.refresh_token)),
            func_info: granted(&merchant.body.sets),
        },
    })
}

/// A new token for a merchant; the one before answers 40001 from now on.
pub fn authorizer_token(
    tx: &mut Tx<'_>,
    request: AuthorizerToken,
) -> Result<AuthorizerTokenReply, Refusal> {
    check_component(&request.component_appid)?;
    let mut merchant = authorised(tx, &request.authorizer_appid)?;
    let sent = request.authorizer_refresh_token.expose();
    if !merchant.body.exchanged || merchant.body.refresh_token != sent {
        return Err(Refusal::new(61023, "refresh_token is invalid"));
    }
    if std::mem::take(&mut merchant.body.rotate) {
        merchant.body.refresh_token = secret("refreshtoken");
    }
    tx.put(MERCHANT, &merchant)?;
    let made = token::replace(tx, &token_kind(&merchant.out_id))?;
    Ok(AuthorizerTokenReply {
        authorizer_access_token: made.access_token,
        expires_in: made.expires_in,
        authorizer_refresh_token: Some(crate::types::Secret::new(merchant.body.refresh_token)),
    })
}

/// The shop's own tokens are told from those of make-believe merchants, who have no shop here.
fn token_kind(appid: &str) -> String {
    match appid {
        APPID => "authorizer".into(),
        other => format!("authorizer {other}"),
    }
}

#[derive(Deserialize)]
pub struct Info {
    component_appid: String,
    authorizer_appid: String,
}

pub fn info(tx: &mut Tx<'_>, request: Info) -> Result<Value, Refusal> {
    check_component(&request.component_appid)?;
    let merchant = authorised(tx, &request.authorizer_appid)?;
    let refresh_token = if merchant.body.exchanged {
        merchant.body.refresh_token
    } else {
        String::new()
    };
    Ok(json!({
        "authorizer_info": {
            "nick_name": "山野茶集",
            "head_img": "https://wx.qlogo.cn/mmopen/sandbox/0",
            "service_type_info": {"id": 0},
            "verify_type_info": {"id": 0},
            "user_name": "gh_5a4dbcc0ffee",
            "principal_name": "山野茶集商贸有限公司",
            "qrcode_url": "https://mmbiz.qpic.cn/sandbox",
            "MiniProgramInfo": {
                "network": {"RequestDomain": ["https://shop.example.com"]},
                "categories": [{"first": "商家自营", "second": "食品"}],
                "visit_status": 0,
            },
            "account_status": 1,
            "register_type": 0,
        },
        "authorization_info": {
            "authorizer_appid": merchant.out_id,
            "authorizer_refresh_token": refresh_token,
            "func_info": granted(&merchant.body.sets),
        },
    }))
}

#[derive(Deserialize)]
pub struct List {
    component_appid: String,
    offset: u32,
    count: u32,
}

pub fn list(tx: &mut Tx<'_>, request: List) -> Result<Value, Refusal> {
    check_component(&request.component_appid)?;
    let all = Filter {
        state: Some(AUTHORISED),
        ..Filter::default()
    };
    let total = tx.how_many(MERCHANT, &all)?;
    let page = Filter {
        skip: request.offset,
        limit: Some(request.count),
        ..all
    };
    let rows: Vec<Value> = tx
        .all::<Merchant>(MERCHANT, &page)?
        .into_iter()
        .map(|merchant| {
            let refresh_token = if merchant.body.exchanged {
                merchant.body.refresh_token
            } else {
                String::new()
            };
            json!({
                "authorizer_appid": merchant.out_id,
                "refresh_token": refresh_token,
                "auth_time": merchant.created_at,
            })
        })
        .collect();
    Ok(json!({"total_count": total, "list": rows}))
}

/// Day counters of the provider's own calls, or of the shop.
pub fn clear_quota(
    tx: &mut Tx<'_>,
    call: &Call,
    request: ClearComponentQuota,
) -> Result<Done, Refusal> {
    check_secret(
        tx,
        call,
        &request.component_appid,
        request.appsecret.expose(),
    )?;
    match request.appid.as_deref() {
        None | Some(PROVIDER_APPID) => quota::reset(tx, quota::Of::Provider),
        Some(appid) => {
            authorised(tx, appid)?;
            quota::reset(tx, quota::Of::Shop)
        }
    }
}

/// Whether a token of this kind may make a call.
pub fn may_call(tx: &Tx<'_>, kind: &str, path: &str) -> Result<(), Refusal> {
    let of_platform = path.starts_with("/cgi-bin/component/");
    // These go by whose token it is.
    let of_anybody = path.starts_with("/cgi-bin/openapi/") || path.starts_with("/cgi-bin/get");
    if kind == "component" {
        return if of_platform || of_anybody {
            Ok(())
        } else {
            Err(Refusal::new(61015, "access_token not from a merchant"))
        };
    }
    if of_platform {
        return Err(Refusal::new(61014, "must use component token"));
    }
    let Some(other) = kind.strip_prefix("authorizer") else {
        return Ok(());
    };
    let appid = match other.trim_start() {
        "" => APPID,
        other => other,
    };
    let merchant = authorised(tx, appid)?;
    let needed = match path.split('/').nth(1) {
        Some("shop") => 85,
        Some("promoter") => 140,
        _ => return Ok(()),
    };
    if !merchant.body.sets.contains(&needed) {
        return Err(Refusal::new(61007, "api is unauthorized to component"));
    }
    match appid {
        APPID => Ok(()),
        _ => Err(Refusal::new(48001, "api unauthorized: no shop")),
    }
}

/// Does what people do outside any call. Says what happened, and the code that the page leads back with.
pub fn act(tx: &mut Tx<'_>, what: &Move) -> Result<(Happening, Option<String>), Refusal> {
    match what {
        Move::Authorise {
            pre_auth_code,
            appid,
            sets,
        } => {
            let code: Option<Document<Value>> = tx.find(PREAUTH, pre_auth_code)?;
            let mut code = code
                .filter(|code| code.state == UNUSED && tx.now - code.created_at < PREAUTH_LIFE)
                .ok_or_else(|| {
                    Refusal::new(61009, "the pre_auth_code is unknown, used or expired")
                })?;
            code.state = USED;
            tx.put(PREAUTH, &code)?;
            let auth_code = authorise(tx, appid, sets.as_deref().unwrap_or(&SETS))?;
            Ok((happened(tx, appid, text!("authorized")), Some(auth_code)))
        }
        Move::Withdraw(appid) => {
            let mut merchant = authorised(tx, appid)?;
            merchant.state = WITHDRAWN;
            tx.put(MERCHANT, &merchant)?;
            Ok((happened(tx, appid, text!("withdrawn")), None))
        }
        Move::Rotate(appid) => {
            let mut merchant = authorised(tx, appid)?;
            merchant.body.rotate = true;
            tx.put(MERCHANT, &merchant)?;
            Ok((
                happened(tx, appid, text!("gets a new refresh token next time")),
                None,
            ))
        }
    }
}

/// Authorising again makes a new refresh token; the old one is dead.
fn authorise(tx: &mut Tx<'_>, appid: &str, sets: &[i64]) -> Result<String, Refusal> {
    let mut merchant = match merchant(tx, appid)? {
        Some(merchant) => merchant,
        None => new(tx, MERCHANT, appid.to_owned(), Merchant::default())?,
    };
    merchant.state = AUTHORISED;
    merchant.created_at = tx.now;
    merchant.body = Merchant {
        refresh_token: secret("refreshtoken"),
        sets: sets.to_vec(),
        ..Merchant::default()
    };
    tx.put(MERCHANT, &merchant)?;
    let code = new(tx, CODE, secret("queryauthcode"), appid.to_owned())?;
    tx.put(CODE, &code)?;
    Ok(code.out_id)
}

fn happened(tx: &Tx<'_>, appid: &str, what: crate::lang::Text) -> Happening {
    Happening {
        at: tx.now,
        noun: text!("authorization"),
        number: appid.to_owned(),
        what,
        reason: String::new(),
    }
}
