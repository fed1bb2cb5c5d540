//! The merchant's bank account, and the lists it is chosen from: a few banks, places and branches.

use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const NOUN: &str = "bank_account";
const ONLY: &str = "this shop";
/// Changes of the account a day.
const CHANGES: i64 = 5;

struct Bank {
    /// As WeChat Pay spells it.
    name: &'static str,
    full: &'static str,
    id: &'static str,
    code: &'static str,
    branches: bool,
    /// What its card numbers begin with.
    cards: &'static [&'static str],
}

const BANKS: &[Bank] = &[
    Bank {
        name: "工商银行",
        full: "中国工商银行",
        id: "102100099996",
        code: "1000009561",
        branches: false,
        cards: &["622200", "622202", "621226"],
    },
    Bank {
        name: "农业银行",
        full: "中国农业银行",
        id: "103100000026",
        code: "1000009547",
        branches: false,
        cards: &["622848", "622845"],
    },
    Bank {
        name: "建设银行",
        full: "中国建设银行",
        id: "105100000017",
        code: "1000009548",
        branches: false,
        cards: &["621700", "622700", "436742"],
    },
    Bank {
        name: "招商银行",
        full: "招商银行",
        id: "308584000013",
        code: "1000009566",
        branches: false,
        cards: &["622588", "621483"],
    },
    Bank {
        name: "其他银行",
        full: "广州农村商业银行",
        id: "314581000011",
        code: "1000009602",
        branches: true,
        cards: &["622439"],
    },
    Bank {
        name: "其他银行",
        full: "杭州银行",
        id: "313331000014",
        code: "1000009615",
        branches: true,
        cards: &["622286"],
    },
];

struct Province {
    code: i64,
    name: &'static str,
    cities: &'static [(i64, &'static str)],
}

const PROVINCES: &[Province] = &[
    Province {
        code: 110_000,
        name: "北京市",
        cities: &[(110_100, "北京市")],
    },
    Province {
        code: 310_000,
        name: "上海市",
        cities: &[(310_100, "上海市")],
    },
    Province {
        code: 330_000,
        name: "浙江省",
        cities: &[
            (330_100, "杭州市"),
            (330_200, "宁波市"),
            (330_300, "温州市"),
        ],
    },
    Province {
        code: 440_000,
        name: "广东省",
        cities: &[
            (440_100, "广州市"),
            (440_300, "深圳市"),
            (440_600, "佛山市"),
        ],
    },
];

/// Where money is paid out to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    pub bank_account_type: String,
    pub account_bank: String,
    pub bank_address_code: String,
    pub account_number: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bank_branch_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bank_name: String,
}

impl Account {
    pub fn full_name(&self) -> String {
        match self.bank_name.as_str() {
            "" => self.account_bank.clone(),
            name => name.into(),
        }
    }
}

/// `6222***********0000`
pub fn masked(number: &str) -> String {
    match number.len() {
        0..=8 => "*".repeat(number.len()),
        length => format!(
            "{}{}{}",
            &number[..4],
            "*".repeat(length - 8),
            &number[length - 4..]
        ),
    }
}

/// The account that is set; a fresh shop was opened with one.
pub fn account(tx: &Tx<'_>) -> Result<Account, Refusal> {
    let known = tx.find::<Account>(NOUN, ONLY)?;
    Ok(known.map_or_else(
        || Account {
            bank_account_type: "ACCOUNT_TYPE_BUSINESS".into(),
            account_bank: "工商银行".into(),
            bank_address_code: "440100".into(),
            account_number: "6222000000000000000".into(),
            bank_branch_id: String::new(),
            bank_name: String::new(),
        },
        |known| known.body,
    ))
}

pub fn show(tx: &mut Tx<'_>, _: Value) -> Result<Value, Refusal> {
    let account = account(tx)?;
    Ok(json!({
        "account_info": {
            "bank_account_type": account.bank_account_type,
            "account_bank": account.account_bank,
            "bank_address_code": account.bank_address_code,
            "account_number": account.account_number,
        },
        "verify_fail_reason": "",
    }))
}

#[derive(Deserialize)]
pub struct Set {
    account_info: Account,
}

pub fn set(tx: &mut Tx<'_>, request: Set) -> Result<Value, Refusal> {
    let bad = |words: &str| Refusal::new(400, format!("invalid parameter: {words}"));
    let account = request.account_info;
    let banks: Vec<&Bank> = BANKS
        .iter()
        .filter(|bank| bank.name == account.account_bank)
        .collect();
    if banks.is_empty() {
        return Err(bad("account_bank is not in the list of banks"));
    }
    let named = !account.bank_branch_id.is_empty() || !account.bank_name.is_empty();
    if banks.iter().all(|bank| bank.branches) && !named {
        return Err(bad("bank_branch_id or bank_name is needed for this bank"));
    }
    let mut cities = PROVINCES.iter().flat_map(|province| province.cities);
    if !cities.any(|(code, _)| code.to_string() == account.bank_address_code) {
        return Err(bad("bank_address_code is unknown"));
    }
    let digits = account.account_number.bytes().all(|b| b.is_ascii_digit());
    if !digits || !(8..=30).contains(&account.account_number.len()) {
        return Err(bad("account_number is no account"));
    }
    if tx.count(NOUN, tx.day())? > CHANGES {
        return Err(bad("the account may be changed 5 times a day"));
    }
    let document = Document {
        id: 1,
        out_id: ONLY.into(),
        state: 0,
        draft: 0,
        due: None,
        created_at: tx.now,
        changed_at: tx.now,
        body: account,
    };
    tx.put(NOUN, &document)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
pub struct Search {
    #[serde(default)]
    offset: usize,
    limit: Option<usize>,
    #[serde(default)]
    key_words: String,
    bank_type: Option<i64>,
}

pub fn search(_: &mut Tx<'_>, request: Search) -> Result<Value, Refusal> {
    let kind = request.bank_type.unwrap_or(2);
    let found = BANKS
        .iter()
        .filter(|bank| {
            bank.full.contains(&request.key_words) || bank.name.contains(&request.key_words)
        })
        .skip(request.offset)
        .take(request.limit.unwrap_or(20));
    let rows: Vec<Value> = found
        .map(|bank| {
            let mut row = wire(bank);
            row["bank_type"] = kind.into();
            row
        })
        .collect();
    Ok(json!({ "data": rows }))
}

fn wire(bank: &Bank) -> Value {
    json!({
        "account_bank": bank.name, "bank_id": bank.id, "bank_code": bank.code, "bank_name": bank.full,
        "need_branch": bank.branches,
    })
}

#[derive(Deserialize)]
pub struct OfCard {
    account_number: String,
}

pub fn of_card(_: &mut Tx<'_>, request: OfCard) -> Result<Value, Refusal> {
    let fits = |bank: &&Bank| {
        let mut cards = bank.cards.iter();
        cards.any(|begin| request.account_number.starts_with(begin))
    };
    let rows: Vec<Value> = BANKS.iter().filter(fits).map(wire).collect();
    Ok(json!({"total_count": rows.len(), "data": rows}))
}

pub fn provinces(_: &mut Tx<'_>, _: Value) -> Result<Value, Refusal> {
    let rows: Vec<Value> = PROVINCES
        .iter()
        .map(|province| json!({"province_code": province.code, "province_name": province.name}))
        .collect();
    Ok(json!({"total_count": rows.len(), "data": rows}))
}

#[derive(Deserialize)]
pub struct OfProvince {
    province_code: i64,
}

pub fn cities(_: &mut Tx<'_>, request: OfProvince) -> Result<Value, Refusal> {
    let province = PROVINCES
        .iter()
        .find(|province| province.code == request.province_code);
    let rows: Vec<Value> = province
        .iter()
        .flat_map(|province| province.cities)
        .map(|(code, name)| {
            json!({"city_code": code, "city_name": name, "bank_address_code": code.to_string()})
        })
        .collect();
    Ok(json!({"total_count": rows.len(), "data": rows}))
}

#[derive(Deserialize)]
pub struct OfCity {
    #[serde(default)]
    offset: usize,
    limit: Option<usize>,
    city_code: i64,
    bank_code: String,
}

/// Every bank has two branches in every city.
pub fn branches(_: &mut Tx<'_>, request: OfCity) -> Result<Value, Refusal> {
    let missing = |words: &str| Refusal::new(400, format!("invalid parameter: {words} is unknown"));
    let bank = BANKS
        .iter()
        .find(|bank| bank.code == request.bank_code)
        .ok_or_else(|| missing("bank_code"))?;
    let mut cities = PROVINCES.iter().flat_map(|province| province.cities);
    let (code, city) = cities
        .find(|(code, _)| *code == request.city_code)
        .ok_or_else(|| missing("city_code"))?;
    let short = city.trim_end_matches('市');
    let all = ["分行营业部", "高新区支行"].into_iter().zip(1..);
    let rows: Vec<Value> = all
        .skip(request.offset)
        .take(request.limit.unwrap_or(20))
        .map(|(branch, number)| {
            json!({
                "branch_id": format!("{}{:04}{number:05}", &bank.id[..3], code / 100),
                "branch_name": format!("{}{short}{branch}", bank.full),
            })
        })
        .collect();
    Ok(json!({
        "account_bank": bank.name, "account_bank_code": bank.code, "bank_alias": bank.full,
        "bank_alias_code": bank.code, "total_count": 2, "count": rows.len(), "data": rows,
    }))
}
