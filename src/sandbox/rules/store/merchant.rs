//! The store itself, and the brands, addresses and freight templates that its products name. They stand ready; the
//! sandbox has no calls to add others.

use super::{Page, part};
use crate::api::store::Id;
use crate::api::store::merchant::{
    Address, Brand, GetAddress, GetAddressReply, GetTemplate, GetTemplateReply, Info, InfoReply,
    ListAddresses, ListAddressesReply, ListBrands, ListBrandsReply, ListTemplates,
    ListTemplatesReply, ListValidBrands, Template,
};
use crate::sandbox::router::{Call, Refusal};
use crate::sandbox::store::Tx;
use serde_json::{Map, Value, json};

/// When everything that stands ready was made: 2026-01-05, China time.
const MADE: i64 = 1_767_542_400;

pub fn info(_: &mut Tx<'_>, _: &Call) -> Result<InfoReply, Refusal> {
    Ok(InfoReply {
        info: Info {
            nickname: "沙箱小店".into(),
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
pub fn may_use_brand(brand: &Id) -> bool {
    brand.is_none()
        || brand.as_str() == crate::api::store::goods::NO_BRAND
        || BRANDS
            .iter()
            .any(|(id, .., status)| *id == brand.number() && *status == PASSED)
}

/// The names of a brand that the store knows.
pub fn brand_name(brand: &Id) -> Option<&'static str> {
    BRANDS
        .iter()
        .find(|(id, ..)| *id == brand.number())
        .map(|(_, name, ..)| *name)
}

const PASSED: i64 = 3;

fn page_of_brands(wanted: impl Fn(i64) -> bool, page: &Page, what: &str) -> ListBrandsReply {
    let all: Vec<_> = BRANDS
        .iter()
        .filter(|(.., status)| wanted(*status))
        .collect();
    let brands: Vec<Brand> = all
        .iter()
        .skip(page.skip as usize)
        .take(page.size as usize)
        .map(|(id, ch_name, en_name, status)| Brand {
            brand_id: Id::from(*id),
            ch_name: (*ch_name).into(),
            en_name: (*en_name).into(),
            status: *status,
            rest: rest(json!({
                "trade_mark_symbol": 1,
                "register_details": {
                    "registrant": "沙箱商贸有限公司", "register_no": format!("{id}"),
                    "start_time": MADE, "is_permanent": true, "register_certifications": [format!("file_{id}")],
                },
                "grant_type": 1,
                "create_time": MADE,
                "update_time": MADE,
            })),
        })
        .collect();
    let total = all.len() as u64;
    ListBrandsReply {
        next_key: page.next(brands.len(), total, what),
        brands,
        total_num: total,
    }
}

pub fn valid_brands(_: &mut Tx<'_>, request: ListValidBrands) -> Result<ListBrandsReply, Refusal> {
    let page = Page::read(&request.next_key, request.page_size, 50, "valid brands")?;
    Ok(page_of_brands(
        |status| status == PASSED,
        &page,
        "valid brands",
    ))
}

pub fn brands(_: &mut Tx<'_>, request: ListBrands) -> Result<ListBrandsReply, Refusal> {
    let wanted = request.status.unwrap_or(0);
    if !(0..=4).contains(&wanted) {
        return Err(Refusal::new(10_020_604, "brand status is wrong"));
    }
    let what = format!("brands {wanted}");
    let page = Page::read(&request.next_key, request.page_size, 50, &what)?;
    Ok(page_of_brands(
        |status| wanted == 0 || status == wanted,
        &page,
        &what,
    ))
}

/// Number, name, what is charged by, how.
const TEMPLATES: &[(u64, &str, &str, &str)] = &[
    (5_000_000_101, "全国包邮", "PIECE", "FREE"),
    (5_000_000_102, "按重量计费", "WEIGHT", "NO_FREE"),
    (5_000_000_103, "满99包邮", "PIECE", "CONDITION_FREE"),
];

/// Whether a template charges by weight; `None` where there is none of this number.
pub fn charges_by_weight(template: &Id) -> Option<bool> {
    TEMPLATES
        .iter()
        .find(|(id, ..)| *id == template.number())
        .map(|(_, _, valuation, _)| *valuation == "WEIGHT")
}

pub fn templates(_: &mut Tx<'_>, request: ListTemplates) -> Result<ListTemplatesReply, Refusal> {
    let all: Vec<Id> = TEMPLATES.iter().map(|(id, ..)| Id::from(*id)).collect();
    Ok(ListTemplatesReply {
        template_id_list: part(&all, request.offset, request.limit)?,
    })
}

pub fn template(_: &mut Tx<'_>, request: GetTemplate) -> Result<GetTemplateReply, Refusal> {
    if request.template_id.is_none() {
        return Err(Refusal::new(10_020_007, "template_id is missing"));
    }
    let known = TEMPLATES
        .iter()
        .enumerate()
        .find(|(_, (id, ..))| *id == request.template_id.number());
    let Some((place, (id, name, valuation, shipping))) = known else {
        return Err(Refusal::new(10_020_005, "freight template does not exist"));
    };
    let conditions = match *shipping {
        "CONDITION_FREE" => json!([{
            "address_infos": [{"user_name": "", "tel_number": "", "province_name": "广东省"}],
            "min_amount": 9900, "valuation_flag": 0, "amount_flag": 1,
        }]),
        _ => json!([]),
    };
    let charges = match *shipping {
        "FREE" => json!([]),
        _ => json!([{
            "is_default": true, "first_val_amount": 1, "first_price": 800, "second_val_amount": 1,
            "second_price": 200,
        }]),
    };
    Ok(GetTemplateReply {
        freight_template: Template {
            template_id: Id::from(*id),
            name: (*name).into(),
            valuation_type: (*valuation).into(),
            is_default: place == 0,
            rest: rest(json!({
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
                "update_time": MADE,
                "create_time": MADE,
            })),
        },
    })
}

/// Number, name, whether returns go there by default.
const ADDRESSES: &[(u64, &str, bool)] = &[
    (6_000_000_101, "总仓", true),
    (6_000_000_102, "备用退货点", false),
];

pub fn has_address(address: &Id) -> bool {
    ADDRESSES.iter().any(|(id, ..)| *id == address.number())
}

pub fn addresses(_: &mut Tx<'_>, request: ListAddresses) -> Result<ListAddressesReply, Refusal> {
    let all: Vec<Id> = ADDRESSES.iter().map(|(id, ..)| Id::from(*id)).collect();
    Ok(ListAddressesReply {
        address_id_list: part(&all, request.offset, request.limit)?,
    })
}

pub fn address(_: &mut Tx<'_>, request: GetAddress) -> Result<GetAddressReply, Refusal> {
    let known = ADDRESSES
        .iter()
        .find(|(id, ..)| *id == request.address_id.number());
    let Some((id, name, default_recv)) = known else {
        return Err(super::parameter("no address of this id"));
    };
    Ok(GetAddressReply {
        address_detail: Address {
            address_id: Id::from(*id),
            name: (*name).into(),
            recv_addr: true,
            default_recv: *default_recv,
            rest: rest(json!({
                "address_info": {
                    "user_name": "张*", "tel_number": "020****5678", "province_name": "广东省",
                    "city_name": "广州市", "county_name": "海珠区", "detail_info": "****",
                },
                "address_type": {"same_city": 0, "pickup": 0},
                "landline": "", "remark": "",
                "send_addr": true,
                "default_send": default_recv,
                "update_time": MADE,
                "create_time": MADE,
            })),
        },
    })
}
