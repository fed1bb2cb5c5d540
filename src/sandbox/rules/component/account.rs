//! The merchant: customer service, permitted categories and brands.

use super::{category, permit};
use crate::api::Done;
use crate::api::component::account::{
    Brand, GetBrandList, GetBrandListReply, GetCategoryList, GetCategoryListReply, GetInfo,
    GetInfoReply, Info, UpdateInfo,
};
use crate::api::component::goods::NO_BRAND;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Tx};
use crate::types::Id64;
use serde::{Deserialize, Serialize};

const NOUN: &str = "merchant";
const ONLY: &str = "this shop";

#[derive(Debug, Default, Serialize, Deserialize)]
struct Merchant {
    info: Info,
    address: Option<crate::api::component::account::Address>,
}

/// A joined shop, with WeChat's own customer service so that the first upload works, or without any.
pub fn seed(tx: &mut Tx<'_>, bare: bool) -> Result<(), Refusal> {
    let service_agent_type = if bare { Vec::new() } else { vec![0] };
    let body = Merchant {
        info: Info {
            service_agent_type,
            ..Info::default()
        },
        address: None,
    };
    let at = tx.now;
    tx.put(
        NOUN,
        &Document {
            id: 1,
            out_id: ONLY.into(),
            state: 0,
            draft: 0,
            due: None,
            created_at: at,
            changed_at: at,
            body,
        },
    )
}

fn load(tx: &Tx<'_>) -> Result<Document<Merchant>, Refusal> {
    tx.find(NOUN, ONLY)?
        .ok_or_else(|| Refusal::new(1_040_003, "the account has not joined the component"))
}

/// Whether products may be uploaded.
pub fn has_customer_service(tx: &Tx<'_>) -> Result<bool, Refusal> {
    Ok(!load(tx)?.body.info.service_agent_type.is_empty())
}

pub fn get_info(tx: &mut Tx<'_>, _: GetInfo) -> Result<GetInfoReply, Refusal> {
    Ok(GetInfoReply {
        data: Some(load(tx)?.body.info),
    })
}

/// What is left out stays as it was.
pub fn update_info(tx: &mut Tx<'_>, request: UpdateInfo) -> Result<Done, Refusal> {
    let mut merchant = load(tx)?;
    let info = &mut merchant.body.info;
    if let Some(types) = request.service_agent_type {
        if types.iter().any(|kind| !(0..=2).contains(kind)) {
            return Err(Refusal::new(
                40097,
                "invalid args: service_agent_type must be 0, 1 or 2",
            ));
        }
        info.service_agent_type = types;
    }
    if let Some(path) = request.service_agent_path {
        info.service_agent_path = path;
    }
    if let Some(phone) = request.service_agent_phone {
        info.service_agent_phone = phone;
    }
    for (kind, value, field) in [
        (1, &info.service_agent_path, "service_agent_path"),
        (2, &info.service_agent_phone, "service_agent_phone"),
    ] {
        if info.service_agent_type.contains(&kind) && value.is_empty() {
            return Err(Refusal::new(
                990_007,
                format!("{field} is missing for service_agent_type {kind}"),
            ));
        }
    }
    merchant.body.address = request.default_receiving_address.or(merchant.body.address);
    merchant.changed_at = tx.now;
    tx.put(NOUN, &merchant)?;
    Ok(Done {})
}

/// Where returned goods go by default; null where the merchant has set no address.
pub fn return_address(tx: &Tx<'_>) -> Result<serde_json::Value, Refusal> {
    Ok(serde_json::to_value(load(tx)?.body.address)?)
}

pub fn categories(tx: &mut Tx<'_>, _: GetCategoryList) -> Result<GetCategoryListReply, Refusal> {
    let rows = category::permitted(tx)?;
    Ok(GetCategoryListReply {
        data: Some(rows.into_iter().map(category::Row::wire).collect()),
    })
}

/// "No brand" stands in the list like the merchant's own.
pub fn brands(tx: &mut Tx<'_>, _: GetBrandList) -> Result<GetBrandListReply, Refusal> {
    let granted = permit::brands(tx)?;
    let brands = std::iter::once((NO_BRAND, "无品牌".to_owned())).chain(granted);
    Ok(GetBrandListReply {
        data: Some(
            brands
                .map(|(id, brand_wording)| Brand {
                    brand_id: Id64(id),
                    brand_wording,
                })
                .collect(),
        ),
    })
}
