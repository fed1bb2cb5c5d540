//! The store itself, and the brands, addresses and freight templates that its products name: those that stand ready, and
//! those that were set up or applied for (`opening.rs`).

use super::{Page, opening, parameter, part};
use crate::api::store::Id;
use crate::api::store::merchant::{
    Brand, GetAddress, GetAddressReply, GetTemplate, GetTemplateReply, Info, InfoReply,
    ListAddresses, ListAddressesReply, ListBrands, ListBrandsReply, ListTemplates,
    ListTemplatesReply, ListValidBrands,
};
use crate::sandbox::router::{Call, Refusal};
use crate::sandbox::store::Tx;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// When everything that stands ready was made: 2026-01-05, China time.
pub const MADE: i64 = 1_767_542_400;

pub fn info(_: &mut Tx<'_>, _: &Call) -> Result<InfoReply, Refusal> {
    Ok(InfoReply {
        info: Info {
            nickname: "沙盒小店".into(),
            subject_type: "企业".into(),
            status: "open_finished".into(),
            rest: rest(json!({
                "username": "gh_sandbox0001",
                "headimg_url": "https://mmecimage.cn/p/sandbox/head",
                "is_local_life": false,
                "open_timestamp": MADE,
            })),
        },
    })
}

fn rest(fields: Value) -> Map<String, Value> {
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Number, Chinese name, foreign name, state.
const BRANDS: &[(u64, &str, &str, i64)] = &[
    (8_000_101, "山野茶坊", "Shanye", 3),
    (8_000_102, "素白", "Subai", 3),
    (8_000_103, "云朵积木", "Cloud Bricks", 3),
    (8_000_104, "青屿", "Qingyu", 1),
    (8_000_105, "半日闲", "Banrixian", 2),
];

/// Whether the store has the right to a brand, which "no brand" always is.
pub fn may_use_brand(tx: &Tx<'_>, brand: &Id) -> Result<bool, Refusal> {
    if brand.is_none() || brand.as_str() == crate::api::store::goods::NO_BRAND {
        return Ok(true);
    }
    let ready = BRANDS
        .iter()
        .any(|(id, .., status)| *id == brand.number() && *status == PASSED);
    Ok(ready || opening::brand_status(tx, brand)? == Some(PASSED))
}

/// Whether a brand stands ready.
pub fn is_ready_brand(brand: &Id) -> bool {
    BRANDS.iter().any(|(id, ..)| *id == brand.number())
}

/// The names of a brand that the store knows.
pub fn brand_name(brand: &Id) -> Option<&'static str> {
    BRANDS
        .iter()
        .find(|(id, ..)| *id == brand.number())
        .map(|(_, name, ..)| *name)
}

const PASSED: i64 = 3;

fn ready(id: u64, ch_name: &str, en_name: &str, status: i64) -> Brand {
    Brand {
        brand_id: Id::from(id),
        ch_name: ch_name.into(),
        en_name: en_name.into(),
        status,
        rest: rest(json!({
            "trade_mark_symbol": 1,
            "register_details": {
                "registrant": "沙盒商贸有限公司", "register_no": format!("{id}"),
                "start_time": MADE, "is_permanent": true, "register_certifications": [format!("file_{id}")],
            },
            "grant_type": 1,
            "create_time": MADE,
            "update_time": MADE,
        })),
    }
}

/// A brand that stands ready.
pub fn ready_brand(brand: &Id) -> Option<Brand> {
    BRANDS
        .iter()
        .find(|(id, ..)| *id == brand.number())
        .map(|(id, ch_name, en_name, status)| ready(*id, ch_name, en_name, *status))
}

fn page_of_brands(
    tx: &Tx<'_>,
    wanted: impl Fn(i64) -> bool,
    page: &Page,
    what: &str,
) -> Result<ListBrandsReply, Refusal> {
    let mut all: Vec<Brand> = BRANDS
        .iter()
        .map(|(id, ch_name, en_name, status)| ready(*id, ch_name, en_name, *status))
        .collect();
    for (_, _, filed) in opening::brands(tx)? {
        all.push(serde_json::from_value(filed)?);
    }
    all.retain(|brand| wanted(brand.status));
    let brands = opening::page(&all, page);
    let total = all.len() as u64;
    Ok(ListBrandsReply {
        next_key: page.next(brands.len(), total, what),
        brands,
        total_num: total,
    })
}

#[derive(Deserialize)]
pub struct Recommend {
    cat_id: Id,
    title: String,
    head_imgs: Vec<String>,
}

/// The brand of the store whose name stands in the title; else that there is none.
pub fn recommend(tx: &mut Tx<'_>, request: Recommend) -> Result<Value, Refusal> {
    super::category::is_leaf(&request.cat_id)?;
    if request.title.trim().is_empty() {
        return Err(parameter("title is empty"));
    }
    for link in &request.head_imgs {
        super::image::check_link(tx, link)?;
    }
    let title = request.title.to_lowercase();
    let named = |name: &str| !name.is_empty() && title.contains(&name.to_lowercase());
    let all = Page {
        skip: 0,
        size: 10_000,
    };
    let brands = page_of_brands(tx, |status| status == PASSED, &all, "valid brands")?.brands;
    let mut brands = brands.into_iter();
    let found = brands.find(|brand| named(&brand.ch_name) || named(&brand.en_name));
    Ok(match found {
        Some(brand) => json!({
            "brand_id": brand.brand_id, "brand_name_chinese": brand.ch_name, "brand_name_english": brand.en_name,
        }),
        None => json!({
            "brand_id": crate::api::store::goods::NO_BRAND, "brand_name_chinese": "无品牌", "brand_name_english": "",
        }),
    })
}

pub fn valid_brands(tx: &mut Tx<'_>, request: ListValidBrands) -> Result<ListBrandsReply, Refusal> {
    let page = Page::read(&request.next_key, request.page_size, 50, "valid brands")?;
    page_of_brands(tx, |status| status == PASSED, &page, "valid brands")
}

pub fn brands(tx: &mut Tx<'_>, request: ListBrands) -> Result<ListBrandsReply, Refusal> {
    let wanted = request.status.unwrap_or(0);
    if !(0..=4).contains(&wanted) {
        return Err(Refusal::new(10_020_604, "brand status is wrong"));
    }
    let what = format!("brands {wanted}");
    let page = Page::read(&request.next_key, request.page_size, 50, &what)?;
    page_of_brands(tx, |status| wanted == 0 || status == wanted, &page, &what)
}

/// Brands that stand in the library beside those of the store: number, Chinese name, foreign name. An application takes
/// any number all the same.
const LIBRARY: &[(u64, &str, &str)] = &[
    (8_000_201, "云山", "Yunshan"),
    (8_000_202, "竹下", ""),
    (8_000_203, "沧浪", "Canglang"),
];

#[derive(Deserialize)]
pub struct Library {
    page_size: i64,
    #[serde(default)]
    next_key: String,
}

pub fn library(_: &mut Tx<'_>, request: Library) -> Result<Value, Refusal> {
    let page = Page::read(&request.next_key, request.page_size, 50, "library")?;
    let own = BRANDS
        .iter()
        .map(|(id, ch_name, en_name, _)| (*id, *ch_name, *en_name));
    let all: Vec<Value> = own
        .chain(LIBRARY.iter().copied())
        .map(|(id, ch_name, en_name)| json!({"brand_id": id.to_string(), "ch_name": ch_name, "en_name": en_name}))
        .collect();
    let brands = opening::page(&all, &page);
    let next = page.next(brands.len(), all.len() as u64, "library");
    Ok(json!({"brands": brands, "continue_flag": !next.is_empty(), "next_key": next}))
}

/// Code, name, level, and the code of the place that it is a part of.
const PLACES: &[(u64, &str, u64, u64)] = &[
    (310_000, "上海市", 1, 0),
    (330_000, "浙江省", 1, 0),
    (440_000, "广东省", 1, 0),
    (310_115, "浦东新区", 2, 310_000),
    (330_100, "杭州市", 2, 330_000),
    (440_100, "广州市", 2, 440_000),
    (440_300, "深圳市", 2, 440_000),
    (330_106, "西湖区", 3, 330_100),
    (440_105, "海珠区", 3, 440_100),
    (440_106, "天河区", 3, 440_100),
    (440_305, "南山区", 3, 440_300),
];

#[derive(Deserialize)]
pub struct OfPlace {
    #[serde(default)]
    addr_code: u64,
}

pub fn places(_: &mut Tx<'_>, request: OfPlace) -> Result<Value, Refusal> {
    let code = request.addr_code;
    let shown = |(code, name, level, _): &(u64, &str, u64, u64)| json!({"name": name, "code": code, "level": level});
    let place = match code {
        0 => json!({"name": "中国", "code": 0, "level": 0}),
        code => PLACES
            .iter()
            .find(|(known, ..)| *known == code)
            .map(shown)
            .ok_or_else(|| super::parameter("addr_code"))?,
    };
    let parts = PLACES.iter().filter(|(.., above)| *above == code);
    let parts: Vec<Value> = parts.map(shown).collect();
    Ok(json!({"addrs_msg": place, "next_level_addrs": parts}))
}

/// Number, name, what is charged by, how.
const TEMPLATES: &[(u64, &str, &str, &str)] = &[
    (5_000_000_101, "全国包邮", "PIECE", "FREE"),
    (5_000_000_102, "按重量计费", "WEIGHT", "NO_FREE"),
    (5_000_000_103, "满99包邮", "PIECE", "CONDITION_FREE"),
];

/// Whether a template charges by weight; `None` where there is none of this number.
pub fn charges_by_weight(tx: &Tx<'_>, template: &Id) -> Result<Option<bool>, Refusal> {
    let all = all_templates(tx)?;
    let found = all
        .iter()
        .find(|(id, _)| id.unsigned_abs() == template.number());
    Ok(found.map(|(_, fields)| fields.get("valuation_type") == Some(&json!("WEIGHT"))))
}

/// Number and name of every template.
pub fn template_names(tx: &Tx<'_>) -> Result<Vec<(i64, String)>, Refusal> {
    let name = |fields: &Map<String, Value>| {
        let name = fields.get("name").and_then(Value::as_str);
        name.unwrap_or_default().to_owned()
    };
    let all = all_templates(tx)?;
    Ok(all.iter().map(|(id, fields)| (*id, name(fields))).collect())
}

/// A template or an address, by its number.
type Stored = (i64, Map<String, Value>);

/// What stands ready, unless it was changed or taken away, and what was set up.
fn all_of(tx: &Tx<'_>, noun: &str, ready: Vec<Stored>) -> Result<Vec<Stored>, Refusal> {
    let set_up = opening::set_up(tx, noun)?;
    let changed = |id: i64| set_up.iter().find(|(known, _)| *known == id);
    let is_ready: Vec<i64> = ready.iter().map(|(id, _)| *id).collect();
    let kept = ready
        .into_iter()
        .filter_map(|(id, fields)| match changed(id) {
            Some((_, fields)) => fields.clone().map(|fields| (id, fields)),
            None => Some((id, fields)),
        });
    let added = set_up
        .iter()
        .filter(|(id, _)| !is_ready.contains(id))
        .filter_map(|(id, fields)| fields.clone().map(|fields| (*id, fields)));
    Ok(kept.chain(added).collect())
}

fn all_templates(tx: &Tx<'_>) -> Result<Vec<Stored>, Refusal> {
    let ready = TEMPLATES
        .iter()
        .enumerate()
        .map(|(place, (id, name, valuation, shipping))| {
            let fields = ready_template(place, name, valuation, shipping);
            (i64::try_from(*id).unwrap_or(i64::MAX), fields)
        })
        .collect();
    all_of(tx, opening::TEMPLATE, ready)
}

fn ids(all: &[(i64, Map<String, Value>)]) -> Vec<Id> {
    all.iter()
        .map(|(id, _)| Id::from(id.unsigned_abs()))
        .collect()
}

pub fn templates(tx: &mut Tx<'_>, request: ListTemplates) -> Result<ListTemplatesReply, Refusal> {
    let all = ids(&all_templates(tx)?);
    Ok(ListTemplatesReply {
        template_id_list: part(&all, request.offset, request.limit)?,
    })
}

fn ready_template(place: usize, name: &str, valuation: &str, shipping: &str) -> Map<String, Value> {
    let conditions = match shipping {
        "CONDITION_FREE" => json!([{
            "address_infos": [{"user_name": "", "tel_number": "", "province_name": "广东省"}],
            "min_amount": 9900, "valuation_flag": 0, "amount_flag": 1,
        }]),
        _ => json!([]),
    };
    let charges = match shipping {
        "FREE" => json!([]),
        _ => json!([{
            "is_default": true, "first_val_amount": 1, "first_price": 800, "second_val_amount": 1,
            "second_price": 200,
        }]),
    };
    rest(json!({
        "name": name,
        "valuation_type": valuation,
        "is_default": place == 0,
        "send_time": "SendTime_FOUTYEIGHT_HOUR",
        "delivery_type": "EXPRESS",
        "delivery_id": ["SF", "ZTO"],
        "shipping_method": shipping,
        "address_info": {
            "user_name": "张*", "tel_number": "020****5678", "province_name": "广东省",
            "city_name": "广州市", "county_name": "海珠区", "detail_info": "****",
        },
        "not_send_area": {"address_infos": []},
        "all_condition_free_detail": {"condition_free_detail_list": conditions},
        "all_freight_calc_method": {"freight_calc_method_list": charges},
    }))
}

pub fn template(tx: &mut Tx<'_>, request: GetTemplate) -> Result<GetTemplateReply, Refusal> {
    if request.template_id.is_none() {
        return Err(Refusal::new(10_020_007, "template_id is missing"));
    }
    let all = all_templates(tx)?;
    let known = all
        .into_iter()
        .find(|(id, _)| id.unsigned_abs() == request.template_id.number());
    let Some((id, mut fields)) = known else {
        return Err(Refusal::new(10_020_005, "freight template does not exist"));
    };
    fields.insert("template_id".into(), id.to_string().into());
    fields.entry("is_default").or_insert(false.into());
    fields.insert("update_time".into(), MADE.into());
    fields.insert("create_time".into(), MADE.into());
    Ok(GetTemplateReply {
        freight_template: serde_json::from_value(Value::Object(fields))?,
    })
}

/// Number, name, whether returns go there by default.
const ADDRESSES: &[(u64, &str, bool)] = &[
    (6_000_000_101, "总仓", true),
    (6_000_000_102, "备用退货点", false),
];

pub fn has_address(tx: &Tx<'_>, address: &Id) -> Result<bool, Refusal> {
    let all = all_addresses(tx)?;
    let is = |(id, _): &(i64, Map<String, Value>)| id.unsigned_abs() == address.number();
    Ok(all.iter().any(is))
}

/// Every address with its fields.
pub fn all_addresses(tx: &Tx<'_>) -> Result<Vec<Stored>, Refusal> {
    let ready = ADDRESSES
        .iter()
        .map(|(id, name, default_recv)| {
            let fields = rest(json!({
                "name": name,
                "recv_addr": true,
                "default_recv": default_recv,
                "address_info": {
                    "user_name": "张*", "tel_number": "020****5678", "province_name": "广东省",
                    "city_name": "广州市", "county_name": "海珠区", "detail_info": "****",
                },
                "address_type": {"same_city": 0, "pickup": 0},
                "landline": "", "remark": "",
                "send_addr": true,
                "default_send": default_recv,
            }));
            (i64::try_from(*id).unwrap_or(i64::MAX), fields)
        })
        .collect();
    all_of(tx, opening::ADDRESS, ready)
}

pub fn addresses(tx: &mut Tx<'_>, request: ListAddresses) -> Result<ListAddressesReply, Refusal> {
    let all = ids(&all_addresses(tx)?);
    Ok(ListAddressesReply {
        address_id_list: part(&all, request.offset, request.limit)?,
    })
}

pub fn address(tx: &mut Tx<'_>, request: GetAddress) -> Result<GetAddressReply, Refusal> {
    let all = all_addresses(tx)?;
    let known = all
        .into_iter()
        .find(|(id, _)| id.unsigned_abs() == request.address_id.number());
    let Some((id, mut fields)) = known else {
        return Err(super::parameter("no address of this id"));
    };
    // Persons are never shown whole.
    if let Some(info) = fields
        .get_mut("address_info")
        .and_then(Value::as_object_mut)
    {
        for (name, shown) in [
            ("user_name", "张*"),
            ("tel_number", "020****5678"),
            ("detail_info", "****"),
        ] {
            info.insert(name.into(), shown.into());
        }
    }
    fields.insert("address_id".into(), id.to_string().into());
    fields.insert("update_time".into(), MADE.into());
    fields.insert("create_time".into(), MADE.into());
    Ok(GetAddressReply {
        address_detail: serde_json::from_value(Value::Object(fields))?,
    })
}
