//! What an application for a merchant number holds: one table from which the form asks, the template is written, and
//! files are read. Names of WeChat always work; so do plainer ones.
//!
//! Long because the table is one thing: every field of the application with its check.

use crate::lang::Text;
use crate::shop::merchant::{HANDLER, MAINLAND, Traits, traits};
use crate::text;
use serde_json::{Map, Value, json};

/// One value of a choice: as it is sent, what else it is called, what it means.
type Chosen = (&'static str, &'static [&'static str], fn() -> Text);

/// What a value is.
#[derive(Debug, Clone, Copy)]
pub enum Of {
    Text,
    Choice(&'static [Chosen]),
    /// A day, or 长期 for "without end".
    LastDay,
    Day,
    /// First and last day.
    Period,
    Email,
    Mobile,
    Identity,
    Digits,
    Picture,
    Pictures,
}

/// When a value is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Always,
    /// With a mainland identity card, or with another document.
    Card,
    Document,
    /// With a settlement account, which means the newer agreement.
    Account,
    /// The newer agreement with an identity card.
    AccountAndCard,
    /// The newer agreement with a handler as super administrator.
    AccountAndHandler,
    Optional,
}

pub struct Field {
    /// Dotted names of WeChat.
    pub path: &'static str,
    /// What else the last name is called.
    pub(super) also: &'static [&'static str],
    pub of: Of,
    pub when: When,
    pub about: fn() -> Text,
    /// Goes into the template.
    pub example: &'static str,
}

const fn field(
    path: &'static str,
    also: &'static [&'static str],
    of: Of,
    when: When,
    about: fn() -> Text,
    example: &'static str,
) -> Field {
    Field {
        path,
        also,
        of,
        when,
        about,
        example,
    }
}

pub const BUSINESS: &str = "ACCOUNT_TYPE_BUSINESS";
/// As WeChat Pay numbers it, and as WeChat's sample of this call has it; its tables have the word.
pub const BUSINESS_NUMBER: &str = "74";
pub const PRIVATE_NUMBER: &str = "75";

/// Objects inside the application, and what else they are called.
pub(super) const SECTIONS: &[(&str, &[&str])] = &[
    ("business_license_info", &["licence", "license", "营业执照"]),
    ("id_card_info", &["id_card", "身份证"]),
    ("id_doc_info", &["id_document", "其他证件"]),
    (
        "contact_info",
        &["contact", "super_administrator", "超级管理员"],
    ),
    ("account_info", &["account", "结算账户"]),
    (
        "account_info.account_cert_info",
        &["certificates", "账户证明"],
    ),
    ("qualifications", &["特殊资质"]),
    ("business_addition_pics", &["more_pictures", "补充材料"]),
];

/// Every value, top level first, in the order in which it is asked.
pub const FIELDS: &[Field] = &[
    field(
        "organization_type",
        &["主体类型"],
        Of::Choice(&[
            ("2", &["enterprise", "企业"], || text!("enterprise")),
            ("4", &["individual", "个体工商户"], || {
                text!("individual business")
            }),
        ]),
        When::Always,
        || text!("kind of legal entity"),
        "enterprise",
    ),
    field(
        "id_doc_type",
        &["证件类型"],
        Of::Choice(&[
            (MAINLAND, &["id-card", "身份证"], || {
                text!("mainland identity card")
            }),
            (
                "IDENTIFICATION_TYPE_OVERSEA_PASSPORT",
                &["passport", "护照"],
                || text!("passport of another country"),
            ),
            (
                "IDENTIFICATION_TYPE_HONGKONG",
                &["hong-kong", "香港通行证"],
                || text!("Hong Kong travel permit"),
            ),
            (
                "IDENTIFICATION_TYPE_MACAO",
                &["macao", "澳门通行证"],
                || text!("Macao travel permit"),
            ),
            (
                "IDENTIFICATION_TYPE_TAIWAN",
                &["taiwan", "台湾通行证"],
                || text!("Taiwan travel permit"),
            ),
        ]),
        When::Always,
        || text!("identity document of the legal representative"),
        "id-card",
    ),
    field(
        "merchant_shortname",
        &["short_name", "商户简称"],
        Of::Text,
        When::Always,
        || text!("short name that payers see"),
        "",
    ),
    field(
        "business_addition_desc",
        &["explanation", "补充说明"],
        Of::Text,
        When::Optional,
        || text!("explanation for the auditor"),
        "",
    ),
    field(
        "qualifications.pic_file_list",
        &[],
        Of::Pictures,
        When::Optional,
        || text!("special licenses"),
        "",
    ),
    field(
        "business_addition_pics.pic_file_list",
        &[],
        Of::Pictures,
        When::Optional,
        || text!("more images for the auditor"),
        "",
    ),
    field(
        "business_license_info.legal_person",
        &["法定代表人"],
        Of::Text,
        When::Always,
        || text!("legal representative, as on the license"),
        "",
    ),
    field(
        "business_license_info.business_time",
        &["valid", "营业期限"],
        Of::Period,
        When::Always,
        || text!("first and last day of the license; 长期 for one without end"),
        "2018-01-01 长期",
    ),
    field(
        "business_license_info.wxa_business_license_copy",
        &["picture", "营业执照图片"],
        Of::Picture,
        When::Always,
        || text!("image of the business license"),
        "licence.jpg",
    ),
    field(
        "id_card_info.id_card_name",
        &["name", "姓名"],
        Of::Text,
        When::Card,
        || text!("name on the identity card"),
        "",
    ),
    field(
        "id_card_info.id_card_number",
        &["number", "身份证号"],
        Of::Identity,
        When::Card,
        || text!("number of the identity card"),
        "",
    ),
    field(
        "id_card_info.id_card_valid_time_begin",
        &["valid_from", "有效期起"],
        Of::Day,
        When::AccountAndCard,
        || text!("first day of the identity card"),
        "",
    ),
    field(
        "id_card_info.id_card_valid_time",
        &["valid_to", "有效期止"],
        Of::LastDay,
        When::Card,
        || text!("last day of the identity card; 长期 for one without end"),
        "",
    ),
    field(
        "id_card_info.id_card_address",
        &["address", "住址"],
        Of::Text,
        When::AccountAndCard,
        || text!("address on the identity card, exactly as printed"),
        "",
    ),
    field(
        "id_card_info.wxa_id_card_copy",
        &["portrait", "人像面"],
        Of::Picture,
        When::Card,
        || text!("image of the identity card, portrait side"),
        "portrait.jpg",
    ),
    field(
        "id_card_info.wxa_id_card_national",
        &["emblem", "国徽面"],
        Of::Picture,
        When::Card,
        || text!("image of the identity card, emblem side"),
        "emblem.jpg",
    ),
    field(
        "id_doc_info.id_doc_name",
        &["name", "姓名"],
        Of::Text,
        When::Document,
        || text!("name on the document"),
        "",
    ),
    field(
        "id_doc_info.id_doc_number",
        &["number", "证件号"],
        Of::Text,
        When::Document,
        || text!("number of the document"),
        "",
    ),
    field(
        "id_doc_info.doc_period_end",
        &["valid_to", "有效期止"],
        Of::LastDay,
        When::Document,
        || text!("last day of the document; 长期 for one without end"),
        "",
    ),
    field(
        "id_doc_info.wxa_id_doc_copy",
        &["picture", "证件图片"],
        Of::Picture,
        When::Document,
        || text!("image of the document"),
        "document.jpg",
    ),
    field(
        "contact_info.contact_type",
        &["type", "类型"],
        Of::Choice(&[
            ("65", &["legal", "法定代表人"], || {
                text!("legal representative")
            }),
            (HANDLER, &["handler", "经办人"], || {
                text!("authorized handler")
            }),
        ]),
        When::Always,
        || text!("who the super administrator is"),
        "legal",
    ),
    field(
        "contact_info.contact_email",
        &["email", "邮箱"],
        Of::Email,
        When::Always,
        || text!("e-mail of the super administrator"),
        "",
    ),
    field(
        "contact_info.mobile_phone",
        &["mobile", "phone", "手机号"],
        Of::Mobile,
        When::Always,
        || text!("mobile number of the super administrator"),
        "",
    ),
    field(
        "contact_info.contact_id_doc_copy",
        &["portrait", "证件图片"],
        Of::Picture,
        When::AccountAndHandler,
        || text!("image of the handler's identity document, portrait side"),
        "handler.jpg",
    ),
    field(
        "contact_info.business_authorization_letter",
        &["letter", "授权函"],
        Of::Picture,
        When::AccountAndHandler,
        || text!("image of the handler's letter of authorization"),
        "letter.jpg",
    ),
    field(
        "account_info.bank_account_type",
        &["type", "账户类型"],
        Of::Choice(&[
            (BUSINESS, &["business", "对公"], || {
                text!("business account")
            }),
            ("ACCOUNT_TYPE_PRIVATE", &["private", "对私"], || {
                text!("private account of the operator")
            }),
            (BUSINESS_NUMBER, &["74"], || {
                text!("business account, as WeChat Pay numbers it (unconfirmed)")
            }),
            (PRIVATE_NUMBER, &["75"], || {
                text!("private account, as WeChat Pay numbers it (unconfirmed)")
            }),
        ]),
        When::Account,
        || text!("kind of settlement account"),
        "business",
    ),
    field(
        "account_info.account_name",
        &["holder", "开户名称"],
        Of::Text,
        When::Account,
        || text!("holder of the account"),
        "",
    ),
    field(
        "account_info.account_number",
        &["number", "银行账号"],
        Of::Digits,
        When::Account,
        || text!("number of the account"),
        "",
    ),
    field(
        "account_info.account_bank",
        &["bank", "开户银行"],
        Of::Text,
        When::Account,
        || text!("bank as WeChat Pay spells it (see `wxsell funds banks`)"),
        "",
    ),
    field(
        "account_info.bank_address_code",
        &["city_code", "开户银行省市编码"],
        Of::Digits,
        When::Account,
        || text!("code of the branch's city (see `wxsell funds cities`)"),
        "",
    ),
    field(
        "account_info.bank_branch_id",
        &["branch_id", "联行号"],
        Of::Digits,
        When::Optional,
        || text!("inter-bank number of the branch, for banks outside the main list"),
        "",
    ),
    field(
        "account_info.bank_name",
        &["branch", "开户支行"],
        Of::Text,
        When::Optional,
        || text!("full name of bank and branch, instead of the inter-bank number"),
        "",
    ),
    field(
        "account_info.account_cert_info.wxa_settlement_cert_pic",
        &["settlement", "结算证明"],
        Of::Picture,
        When::Optional,
        || text!("certificate of the settlement account"),
        "",
    ),
    field(
        "account_info.account_cert_info.wxa_relation_cert_pic",
        &["relation", "关系证明"],
        Of::Picture,
        When::Optional,
        || text!("proof of the relation to the account holder"),
        "",
    ),
    field(
        "account_info.account_cert_info.wxa_other_cert_pics",
        &["others", "其他证明"],
        Of::Pictures,
        When::Optional,
        || text!("other proofs for the account"),
        "",
    ),
];

/// The account that money is settled to, and what stands in it first.
pub const ACCOUNT: &str = "account_info";
pub const ACCOUNT_KIND: &str = "account_info.bank_account_type";

/// Pictures that lie on disk, by where their id is to stand (a JSON pointer), with their names.
pub fn on_disk(body: &Value) -> Vec<(String, String)> {
    let places = FIELDS
        .iter()
        .flat_map(|field| match (field.of, at(body, field.path)) {
            (Of::Picture, Value::Object(_)) => vec![field.path.to_owned()],
            (Of::Pictures, Value::Array(rows)) => (0..rows.len())
                .map(|row| format!("{}.{row}", field.path))
                .collect(),
            _ => Vec::new(),
        });
    let ids = places.map(|place| format!("/{}/pay_media_id", place.replace('.', "/")));
    ids.filter_map(|id| {
        let name = body
            .pointer(&id)?
            .as_str()?
            .strip_prefix(ON_DISK)?
            .to_owned();
        Some((id, name))
    })
    .collect()
}

/// What the platform takes from the Mini Program.
pub struct Fixed {
    pub merchant: String,
    pub license: String,
    pub administrator: String,
}

impl Fixed {
    /// As the answer has it; `None` where it has nothing.
    pub fn read(reply: &Value) -> Option<Fixed> {
        let mut blocks = ["pay_req", "wxpay_req"].iter().map(|name| &reply[*name]);
        let taken = blocks.find(|block| block.is_object())?;
        let part = |path: &str| at(taken, path).as_str().unwrap_or_default().to_owned();
        Some(Fixed {
            merchant: part("business_license_info.merchant_name"),
            license: part("business_license_info.business_license_number"),
            administrator: part("contact_info.contact_name"),
        })
    }

    /// Whether an application says that the legal representative is the administrator, who has another name.
    pub fn contradicts(&self, body: &Value) -> bool {
        let person = at(body, "business_license_info.legal_person")
            .as_str()
            .unwrap_or_default();
        let legal = traits(body).by_legal_person;
        legal && !self.administrator.is_empty() && self.administrator != person
    }
}

/// What a section is about; `None` for what stands in none.
pub fn heading(section: &str) -> Option<Text> {
    Some(match section {
        "business_license_info" => text!("Business license"),
        "id_card_info" => text!("Identity card of the legal representative"),
        "id_doc_info" => text!("Identity document of the legal representative"),
        "contact_info" => text!("Super administrator"),
        ACCOUNT => text!("Settlement account"),
        "account_info.account_cert_info" => text!("Documents about the settlement account"),
        _ => return None,
    })
}

/// Marks a picture on disk until it is uploaded.
pub const ON_DISK: &str = "file:";

pub fn named(path: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.path == path)
}

impl Field {
    pub fn section(&self) -> &'static str {
        self.path
            .rsplit_once('.')
            .map_or("", |(section, _)| section)
    }

    pub fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// Whether an application that says so much needs this value.
    pub fn is_needed(&self, body: &Value) -> bool {
        let Traits {
            by_card: card,
            has_account: account,
            by_handler: handler,
            ..
        } = traits(body);
        match self.when {
            When::Always => true,
            When::Card => card,
            When::Document => !card,
            When::Account => account,
            When::AccountAndCard => account && card,
            When::AccountAndHandler => account && handler,
            When::Optional => false,
        }
    }
}

/// The value at a dotted path.
pub fn at<'a>(body: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(body, |here, name| &here[name])
}

/// An application as a person wrote it, in the names and forms of WeChat. What is empty is left out, as in a template
/// that was not filled in; what is not known stays, so that the check names it.
pub fn normalise(written: &Value) -> Value {
    let whole = rename(written, "");
    match whole {
        Value::Null => Value::Object(Map::new()),
        whole => whole,
    }
}

fn rename(written: &Value, section: &str) -> Value {
    let Some(object) = written.as_object() else {
        return sent(&Of::Text, written);
    };
    let mut renamed = Map::new();
    for (key, value) in object {
        let path = canonical(section, key);
        let name = path.rsplit('.').next().unwrap_or(key).to_owned();
        let list = format!("{path}.pic_file_list");
        let value = match named(&path) {
            Some(field) => sent(&field.of, value),
            // A list of pictures without its wrapper.
            None if value.is_array() || value.is_string() => match named(&list) {
                Some(field) => match sent(&field.of, value) {
                    Value::Null => Value::Null,
                    pictures => json!({"pic_file_list": pictures}),
                },
                None => value.clone(),
            },
            None => rename(value, &path),
        };
        if !value.is_null() {
            renamed.insert(name, value);
        }
    }
    if renamed.is_empty() {
        Value::Null
    } else {
        Value::Object(renamed)
    }
}

/// The dotted path that a key stands for inside a section.
pub(super) fn canonical(section: &str, key: &str) -> String {
    let path = |name: &str| match section {
        "" => name.to_owned(),
        section => format!("{section}.{name}"),
    };
    let plain = path(key);
    if named(&plain).is_some() {
        return plain;
    }
    let of_field = FIELDS
        .iter()
        .find(|field| field.section() == section && field.also.contains(&key))
        .map(|field| path(field.name()));
    let of_section = || {
        let found = SECTIONS.iter().find(|(name, also)| {
            let (above, last) = name.rsplit_once('.').unwrap_or(("", name));
            above == section && (last == key || also.contains(&key))
        });
        found.map(|(name, _)| (*name).to_owned())
    };
    of_field.or_else(of_section).unwrap_or(plain)
}

/// A value as it is sent; what does not fit stays as it is and is found by the check. Empty text is no value.
pub fn sent(of: &Of, written: &Value) -> Value {
    let text = match written {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        Value::Array(items) if matches!(of, Of::Pictures) => {
            let pictures = items.iter().map(|item| sent(&Of::Picture, item));
            let pictures: Vec<Value> = pictures.filter(|item| !item.is_null()).collect();
            return if pictures.is_empty() {
                Value::Null
            } else {
                pictures.into()
            };
        }
        Value::Array(days) if matches!(of, Of::Period) && days.len() == 2 => {
            return if days
                .iter()
                .all(|day| day.as_str().is_some_and(|day| !day.is_empty()))
            {
                Value::String(Value::Array(days.clone()).to_string())
            } else {
                Value::Null
            };
        }
        other => return other.clone(),
    };
    if text.is_empty() {
        return Value::Null;
    }
    match of {
        Of::Choice(choices) => {
            let lower = text.to_lowercase();
            let chosen = choices
                .iter()
                .find(|(value, also, _)| *value == text || also.contains(&lower.as_str()));
            chosen
                .map_or(text, |(value, ..)| (*value).to_owned())
                .into()
        }
        Of::Period => {
            let days: Vec<&str> = text
                .split_whitespace()
                .filter(|word| *word != "to")
                .collect();
            match days.as_slice() {
                [from, to] if !text.starts_with('[') => json!([from, to]).to_string().into(),
                _ => text.into(),
            }
        }
        Of::Picture => json!({ "pay_media_id": format!("{ON_DISK}{text}") }),
        Of::Pictures => json!([{ "pay_media_id": format!("{ON_DISK}{text}") }]),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_and_forms_become_those_of_wechat() {
        let written: Value = serde_json::from_str(
            r#"{
                "主体类型": "企业",
                "licence": {"legal_person": "张三", "valid": ["2018-01-01", "长期"], "picture": "a.jpg"},
                "contact": {"type": "legal", "mobile": 13800000000}, "account": {"type": "", "number": ""},
                "qualifications": ["b.jpg", ""], "strange": 1
            }"#,
        )
        .expect("JSON");
        let meant: Value = serde_json::from_str(
            r#"{
                "organization_type": "2",
                "business_license_info": {
                    "legal_person": "张三", "business_time": "[\"2018-01-01\",\"长期\"]",
                    "wxa_business_license_copy": {"pay_media_id": "file:a.jpg"}
                },
                "contact_info": {"contact_type": "65", "mobile_phone": "13800000000"},
                "qualifications": {"pic_file_list": [{"pay_media_id": "file:b.jpg"}]},
                "strange": "1"
            }"#,
        )
        .expect("JSON");
        assert_eq!(normalise(&written), meant);
    }

    #[test]
    fn the_wire_form_stays_as_it_is() {
        let wire = json!({
            "organization_type": "4",
            "business_license_info": {"business_time": "[\"2018-01-01\",\"长期\"]",
                "wxa_business_license_copy": {"name": "a", "pay_media_id": "V1"}},
            "qualifications": {"pic_file_list": [{"pay_media_id": "V2"}]},
        });
        assert_eq!(normalise(&wire), wire);
    }
}
