//! The merchant number at WeChat Pay: `/shop/wxpay/*`. A small state machine with a clock, an auditor who looks at
//! papers and numbers, and a super administrator who verifies the account and signs.

use super::{Happening, image};
use crate::sandbox::APPID;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Tx};
use crate::text;
use crate::types::span::DAY;
use crate::types::{ChinaTime, is_identity_number};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const NOUN: &str = "wxpay";
const ONLY: &str = "this shop";

/// How long the verification transfer is waited for.
const VERIFY_WITHIN: i64 = 30 * DAY;
/// What is transferred to prove the account, in fen.
const VERIFY_FEN: i64 = 17;

const MERCHANT: &str = "示例茶业有限公司";
/// A number that the standard itself gives as an example.
const LICENCE: &str = "91350100M000100Y43";
const PERSON: &str = "张三";
/// Likewise.
const IDENTITY: &str = "11010519491231002X";
const PHONE: &str = "13800000000";
const SUB_MCHID: &str = "1600000001";

mod state {
    pub const CHECKING: i64 = 1;
    pub const NEED_VERIFY: i64 = 2;
    pub const AUDITING: i64 = 3;
    pub const REJECTED: i64 = 4;
    pub const NEED_SIGN: i64 = 5;
    pub const FINISH: i64 = 6;
    pub const FROZEN: i64 = 7;
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Application {
    applyment_id: i64,
    /// As it was sent.
    sent: Value,
    /// Field and reason.
    rejected: Vec<(String, String)>,
}

/// A fresh shop has its number; a bare one has to apply.
pub fn seed(tx: &mut Tx<'_>, bare: bool) -> Result<(), Refusal> {
    if bare {
        return Ok(());
    }
    let now = tx.now;
    let sent = json!({
        "organization_type": "2",
        "business_license_info": {
            "legal_person": PERSON, "business_time": "[\"2018-01-01\",\"长期\"]",
            "wxa_business_license_copy": {"pay_media_id": "pay_licence"},
        },
        "id_card_info": {
            "id_card_name": PERSON, "id_card_number": IDENTITY, "id_card_valid_time": "长期",
            "wxa_id_card_copy": {"pay_media_id": "pay_front"},
            "wxa_id_card_national": {"pay_media_id": "pay_back"},
        },
        "contact_info": {"contact_type": "65", "contact_email": "ops@example.com", "mobile_phone": PHONE},
        "merchant_shortname": "山野茶集",
    });
    let document = Document {
        id: 1,
        out_id: ONLY.into(),
        state: state::FINISH,
        draft: 0,
        due: None,
        created_at: now,
        changed_at: now,
        body: Application {
            applyment_id: 2_000_002_124_775_691,
            sent,
            rejected: Vec::new(),
        },
    };
    tx.put(NOUN, &document)
}

fn load(tx: &Tx<'_>) -> Result<Option<Document<Application>>, Refusal> {
    tx.find(NOUN, ONLY)
}

/// Whether controlled orders (`fund_type` 1) can be created.
pub fn is_finished(tx: &Tx<'_>) -> Result<bool, Refusal> {
    Ok(load(tx)?.is_some_and(|found| found.state == state::FINISH))
}

/// In a word, for the shop's keeper.
pub fn state_name(tx: &Tx<'_>) -> Result<&'static str, Refusal> {
    if is_finished(tx)? {
        return Ok("FINISH");
    }
    Ok(load(tx)?.map_or("none", |found| word(found.state).0))
}

/// `applyment_state` and its description.
fn word(state: i64) -> (&'static str, &'static str) {
    match state {
        state::CHECKING => ("CHECKING", "资料校验中"),
        state::NEED_VERIFY => ("ACCOUNT_NEED_VERIFY", "待账户验证"),
        state::AUDITING => ("AUDITING", "审核中"),
        state::REJECTED => ("REJECTED", "已驳回"),
        state::NEED_SIGN => ("NEED_SIGN", "待签约"),
        state::FINISH => ("FINISH", "完成"),
        _ => ("FROZEN", "已冻结"),
    }
}

/// Hands the papers in. The reference names no codes for an application out of turn; those of the other audits and of
/// frozen accounts stand in.
pub fn apply(tx: &mut Tx<'_>, sent: Value) -> Result<Value, Refusal> {
    let before = load(tx)?;
    match before.as_ref().map(|found| found.state) {
        None | Some(state::REJECTED) => {}
        Some(state::FINISH) => return Err(Refusal::new(1_050_003, "merchant number is there")),
        Some(state::FROZEN) => return Err(Refusal::new(50007, "account is frozen")),
        Some(_) => return Err(Refusal::new(1_050_009, "audit is running")),
    }
    let card = is_card(&sent);
    for (needed, field) in [(card, "id_card_info"), (!card, "id_doc_info")] {
        if needed && sent[field].is_null() {
            return Err(Refusal::new(990_007, format!("{field} is missing")));
        }
    }
    let now = tx.now;
    let document = Document {
        id: 1,
        out_id: ONLY.into(),
        state: state::CHECKING,
        draft: 0,
        due: Some(now + tx.settings.audit_seconds),
        created_at: before.map_or(now, |found| found.created_at),
        changed_at: now,
        body: Application {
            applyment_id: 2_000_002_124_775_690 + tx.count(NOUN, 0)?,
            sent,
            rejected: Vec::new(),
        },
    };
    tx.put(NOUN, &document)?;
    Ok(json!({}))
}

fn is_card(sent: &Value) -> bool {
    let kind = sent["id_doc_type"].as_str().unwrap_or(MAINLAND);
    kind == MAINLAND
}

const MAINLAND: &str = "IDENTIFICATION_TYPE_MAINLAND_IDCARD";

pub fn get(tx: &mut Tx<'_>, _: Value) -> Result<Value, Refusal> {
    // The reference does not say what is answered before the first application.
    let found = load(tx)?.ok_or_else(|| Refusal::new(9_710_001, "no data"))?;
    Ok(json!({"pay_req": request(&found.body.sent), "pay_resp": response(&found)}))
}

/// The application as it is shown: what was sent, with what the platform knows better.
fn request(sent: &Value) -> Value {
    let media = |picture: &Value| {
        picture["pay_media_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let licence = &sent["business_license_info"];
    let mut shown = json!({
        "out_request_no": APPID,
        "organization_type": sent["organization_type"],
        "business_license_info": {
            "legal_person": licence["legal_person"], "merchant_name": MERCHANT,
            "business_license_number": LICENCE,
            "business_license_copy": media(&licence["wxa_business_license_copy"]),
        },
        "id_doc_type": sent["id_doc_type"].as_str().unwrap_or(MAINLAND),
        "contact_info": {
            "contact_type": sent["contact_info"]["contact_type"], "contact_name": PERSON,
            "contact_id_card_number": IDENTITY, "contact_email": sent["contact_info"]["contact_email"],
            "mobile_phone": sent["contact_info"]["mobile_phone"],
        },
        "need_account_info": !sent["account_info"].is_null(),
        "sales_scene_info": scene(),
    });
    if let Some(name) = sent["merchant_shortname"].as_str() {
        shown["merchant_shortname"] = name.into();
    }
    if is_card(sent) {
        let card = &sent["id_card_info"];
        shown["id_card_info"] = json!({
            "id_card_name": card["id_card_name"], "id_card_number": card["id_card_number"],
            "id_card_valid_time": card["id_card_valid_time"],
            "id_card_copy": media(&card["wxa_id_card_copy"]),
            "id_card_national": media(&card["wxa_id_card_national"]),
        });
    } else {
        let paper = &sent["id_doc_info"];
        shown["id_doc_info"] = json!({
            "id_doc_name": paper["id_doc_name"], "id_doc_number": paper["id_doc_number"],
            "doc_period_end": paper["doc_period_end"], "id_doc_copy": media(&paper["wxa_id_doc_copy"]),
        });
    }
    shown
}

fn scene() -> Value {
    json!({
        "store_name": "山野茶集", "store_url": format!("{}qr", image::link_prefix()),
        "mini_program_sub_appid": APPID,
    })
}

fn response(found: &Document<Application>) -> Value {
    let (word, words) = word(found.state);
    let mut shown = json!({
        "out_request_no": APPID, "applyment_id": found.body.applyment_id,
        "applyment_state": word, "applyment_state_desc": words,
        "sign_state": match found.state {
            state::NEED_SIGN => "UNSIGNED",
            state::FINISH | state::FROZEN => "SIGNED",
            _ => "NOT_SIGNABLE",
        },
    });
    let account = &found.body.sent["account_info"];
    match found.state {
        state::NEED_VERIFY if is_business(account) => {
            shown["account_validation"] = json!({
                "account_name": account["account_name"], "account_no": account["account_number"],
                "pay_amount": VERIFY_FEN, "destination_account_name": "财付通支付科技有限公司",
                "destination_account_number": "7000100000111900000000000",
                "destination_account_bank": "招商银行威盛大厦支行", "city": "深圳",
                "remark": "入驻账户验证",
                "deadline": ChinaTime::from_unix(found.due.unwrap_or_default()),
            });
        }
        state::NEED_VERIFY => {
            let link = "https://pay.weixin.qq.com/public/apply4ec_sign/legal?applymentId=";
            shown["legal_validation_url"] = format!("{link}{}", found.body.applyment_id).into();
        }
        state::REJECTED => {
            let rows = found.body.rejected.iter();
            shown["audit_detail"] = rows
                .map(|(field, why)| json!({"param_name": field, "reject_reason": why}))
                .collect();
        }
        _ => {}
    }
    if matches!(
        found.state,
        state::NEED_SIGN | state::FINISH | state::FROZEN
    ) {
        shown["sub_mchid"] = SUB_MCHID.into();
    }
    if found.state == state::NEED_SIGN {
        let link = "https://pay.weixin.qq.com/public/apply4ec_sign/s?applymentId=";
        shown["sign_url"] = format!("{link}{}", found.body.applyment_id).into();
    }
    shown
}

/// A business account is proved by a transfer, everything else by the legal person.
fn is_business(account: &Value) -> bool {
    let kind = &account["bank_account_type"];
    // WeChat Pay numbers it so.
    kind == "ACCOUNT_TYPE_BUSINESS" || kind == "74"
}

pub fn get_info(_: &mut Tx<'_>, _: Value) -> Result<Value, Refusal> {
    Ok(json!({"pay_req": {
        "organization_type": "2",
        "business_license_info": {"merchant_name": MERCHANT, "business_license_number": LICENCE},
        "contact_info": {
            "contact_name": PERSON, "contact_id_card_number": IDENTITY, "mobile_phone": PHONE,
        },
        "merchant_shortname": "山野茶集",
        "sales_scene_info": scene(),
    }}))
}

/// What the auditor finds in the papers: field and reason.
fn flaws(tx: &Tx<'_>, sent: &Value) -> Result<Vec<(String, String)>, Refusal> {
    let mut found = Vec::new();
    let mut say = |field: &str, why: &str| found.push((field.to_owned(), why.to_owned()));
    let name = sent["merchant_shortname"].as_str().unwrap_or_default();
    if name.contains("违规") || name.contains("REJECT") {
        say("merchant_shortname", "商户简称违反平台规则");
    }
    let phone = sent["contact_info"]["mobile_phone"]
        .as_str()
        .unwrap_or_default();
    if phone.len() != 11 {
        say("mobile_phone", "手机号有误");
    }
    let mut pictures = vec![(
        "wxa_business_license_copy",
        &sent["business_license_info"]["wxa_business_license_copy"],
    )];
    if is_card(sent) {
        let card = &sent["id_card_info"];
        if card["id_card_number"]
            .as_str()
            .is_none_or(|number| !is_identity_number(number))
        {
            say("id_card_number", "身份证号码有误");
        }
        if card["id_card_name"] != sent["business_license_info"]["legal_person"] {
            say("id_card_name", "身份证姓名与法定代表人不一致");
        }
        pictures.push(("wxa_id_card_copy", &card["wxa_id_card_copy"]));
        pictures.push(("wxa_id_card_national", &card["wxa_id_card_national"]));
    } else {
        pictures.push(("wxa_id_doc_copy", &sent["id_doc_info"]["wxa_id_doc_copy"]));
    }
    for (field, picture) in pictures {
        let id = picture["pay_media_id"].as_str().unwrap_or_default();
        if !image::is_paper(tx, id)? {
            found.push((field.to_owned(), "图片无法查看".to_owned()));
        }
    }
    Ok(found)
}

/// Lets the application take its next step when its time has come.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let mut happenings = Vec::new();
    for found in tx.due::<Application>(NOUN)? {
        let at = found.due.unwrap_or(tx.now);
        happenings.push(step(tx, found, at)?);
    }
    Ok(happenings)
}

/// What the clock does next.
fn step(tx: &mut Tx<'_>, mut found: Document<Application>, at: i64) -> Result<Happening, Refusal> {
    match found.state {
        state::CHECKING => {
            found.body.rejected = flaws(tx, &found.body.sent)?;
            if found.body.rejected.is_empty() {
                go(tx, found, at, state::NEED_VERIFY, Some(at + VERIFY_WITHIN))
            } else {
                go(tx, found, at, state::REJECTED, None)
            }
        }
        state::NEED_VERIFY => {
            let why = "未在规定时间内完成账户验证".to_owned();
            found.body.rejected = vec![("account_info".into(), why)];
            go(tx, found, at, state::REJECTED, None)
        }
        _ => go(tx, found, at, state::NEED_SIGN, None),
    }
}

fn go(
    tx: &mut Tx<'_>,
    mut found: Document<Application>,
    at: i64,
    to: i64,
    due: Option<i64>,
) -> Result<Happening, Refusal> {
    found.state = to;
    found.due = due;
    found.changed_at = at;
    tx.put(NOUN, &found)?;
    let reasons = found.body.rejected.iter().map(|(_, why)| why.as_str());
    Ok(Happening {
        at,
        noun: text!("merchant number"),
        number: found.body.applyment_id.to_string(),
        what: match to {
            state::NEED_VERIFY => text!("account to be verified"),
            state::AUDITING => text!("account verified"),
            state::NEED_SIGN => text!("to be signed"),
            state::FINISH => text!("number opened"),
            state::REJECTED => text!("audit rejected"),
            _ => text!("frozen"),
        },
        reason: match to {
            state::REJECTED => reasons.collect::<Vec<_>>().join("；"),
            _ => String::new(),
        },
    })
}

/// What a person or the platform does to the merchant number outside any call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// The super administrator signs.
    Sign,
    /// The transfer is made, or the legal person has checked.
    Verify,
    /// The auditor is quicker than the clock: what is checked or audited takes its next step.
    Pass,
    /// The field, and why.
    Reject(String, String),
    Freeze,
    Thaw,
}

/// Carries a move out; `None` where the application is not in the state for it.
pub fn act(tx: &mut Tx<'_>, what: &Move) -> Result<Option<Happening>, Refusal> {
    let Some(mut found) = load(tx)? else {
        return Ok(None);
    };
    let (now, takes) = (tx.now, tx.settings.audit_seconds);
    let done = match (what, found.state) {
        (Move::Sign, state::NEED_SIGN) => go(tx, found, now, state::FINISH, None)?,
        (Move::Verify, state::NEED_VERIFY) => {
            go(tx, found, now, state::AUDITING, Some(now + takes))?
        }
        (Move::Pass, state::CHECKING) => go(
            tx,
            found,
            now,
            state::NEED_VERIFY,
            Some(now + VERIFY_WITHIN),
        )?,
        (Move::Pass, state::AUDITING) => go(tx, found, now, state::NEED_SIGN, None)?,
        (Move::Reject(field, reason), state::CHECKING | state::NEED_VERIFY | state::AUDITING) => {
            found.body.rejected = vec![(field.clone(), reason.clone())];
            go(tx, found, now, state::REJECTED, None)?
        }
        (Move::Freeze, state::FINISH) => go(tx, found, now, state::FROZEN, None)?,
        (Move::Thaw, state::FROZEN) => go(tx, found, now, state::FINISH, None)?,
        _ => return Ok(None),
    };
    Ok(Some(done))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::is_licence_number;

    #[test]
    fn the_seeds_numbers_pass_the_checks_of_the_auditor() {
        assert!(is_identity_number(IDENTITY) && is_licence_number(LICENCE));
    }
}
