//! The merchant's settings and permissions: `/shop/account/*`.

use super::category::Category;
use crate::api::{Done, endpoints};
use crate::types::Id64;
use serde::{Deserialize, Serialize};

endpoints! {
    GetInfo => "/shop/account/get_info" -> GetInfoReply, Safe;
    UpdateInfo => "/shop/account/update_info" -> Done, Keyed;
    GetCategoryList => "/shop/account/get_category_list" -> GetCategoryListReply, Safe;
    GetBrandList => "/shop/account/get_brand_list" -> GetBrandListReply, Safe;
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GetInfo {}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GetInfoReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Info>,
}

/// Customer service. Types: 0 WeChat's own, 1 a page of the merchant (needs the path), 2 telephone (needs the
/// number). Without it no product can be uploaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    #[serde(default)]
    pub service_agent_path: String,
    #[serde(default)]
    pub service_agent_phone: String,
    #[serde(default)]
    pub service_agent_type: Vec<i64>,
}

/// Sets customer service and the default return address; the same again changes nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct UpdateInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_agent_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_agent_phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_agent_type: Option<Vec<i64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_receiving_address: Option<Address>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Address {
    pub receiver_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub town: Option<String>,
    pub detailed_address: String,
    pub tel_number: String,
}

/// Categories whose audit passed or that need none.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GetCategoryList {}

/// `data` is absent where WeChat says nothing, which is not the same as an empty list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GetCategoryListReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Vec<Category>>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GetBrandList {}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GetBrandListReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Vec<Brand>>,
}

/// A brand whose audit passed. 2100000000 stands for "no brand" and is always allowed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Brand {
    pub brand_id: Id64,
    #[serde(default)]
    pub brand_wording: String,
}
