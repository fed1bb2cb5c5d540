//! The store itself, its brands, addresses and freight templates: `/channels/ec/basics`, `brand`, `merchant`.

use super::{Id, flag, or_default};
use crate::api::endpoints;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

endpoints! {
    ListValidBrands => "/channels/ec/brand/valid/list/get" -> ListBrandsReply, Safe;
    ListBrands => "/channels/ec/brand/list/get" -> ListBrandsReply, Safe;
    ListTemplates => "/channels/ec/merchant/getfreighttemplatelist" -> ListTemplatesReply, Safe;
    GetTemplate => "/channels/ec/merchant/getfreighttemplatedetail" -> GetTemplateReply, Safe;
    ListAddresses => "/channels/ec/merchant/address/list" -> ListAddressesReply, Safe;
    GetAddress => "/channels/ec/merchant/address/get" -> GetAddressReply, Safe;
}

/// Takes a paper of an application as multipart and answers its file_id; at most 2 MB.
pub const PAPER_PATH: &str = "/channels/ec/basics/qualification/upload";
pub const ADD_BRAND_PATH: &str = "/channels/ec/brand/add";
pub const UPDATE_BRAND_PATH: &str = "/channels/ec/brand/update";
pub const ADD_ADDRESS_PATH: &str = "/channels/ec/merchant/address/add";
pub const ADD_TEMPLATE_PATH: &str = "/channels/ec/merchant/addfreighttemplate";

/// What the upload of a paper answers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PaperReply {
    pub data: PaperFile,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PaperFile {
    #[serde(deserialize_with = "or_default")]
    pub file_id: String,
}

/// A GET: name and state of the store.
pub const INFO_PATH: &str = "/channels/ec/basics/info/get";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct InfoReply {
    pub info: Info,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Info {
    #[serde(deserialize_with = "or_default")]
    pub nickname: String,
    #[serde(deserialize_with = "or_default")]
    pub subject_type: String,
    /// `opening`, `open_finished`, `closing`, `close_finished`.
    #[serde(deserialize_with = "or_default")]
    pub status: String,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Brands in force; at most 50 a page.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListValidBrands {
    pub page_size: i64,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub next_key: String,
}

/// All brands, in any state.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListBrands {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    pub page_size: i64,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub next_key: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListBrandsReply {
    #[serde(deserialize_with = "or_default")]
    pub brands: Vec<Brand>,
    #[serde(deserialize_with = "or_default")]
    pub total_num: u64,
    #[serde(deserialize_with = "or_default")]
    pub next_key: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Brand {
    pub brand_id: Id,
    #[serde(deserialize_with = "or_default")]
    pub ch_name: String,
    #[serde(deserialize_with = "or_default")]
    pub en_name: String,
    /// 1 in audit, 2 refused, 3 passed, 4 withdrawn.
    #[serde(deserialize_with = "or_default")]
    pub status: i64,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Brand {
    /// Why its papers were refused; empty where they were not.
    pub fn refusal(&self) -> String {
        let reason = self
            .rest
            .get("audit_result")
            .and_then(|result| result.get("reject_reason")?.as_str());
        reason.unwrap_or_default().to_owned()
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListTemplates {
    pub offset: i64,
    pub limit: i64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListTemplatesReply {
    #[serde(deserialize_with = "or_default")]
    pub template_id_list: Vec<Id>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GetTemplate {
    pub template_id: Id,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GetTemplateReply {
    pub freight_template: Template,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Template {
    pub template_id: Id,
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// `PIECE` or `WEIGHT`.
    #[serde(deserialize_with = "or_default")]
    pub valuation_type: String,
    #[serde(deserialize_with = "flag")]
    pub is_default: bool,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// When parcels leave after the payment, as a freight template says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DispatchTime {
    #[serde(rename = "SendTime_SHIP_TODAY")]
    Today,
    #[serde(rename = "SendTime_TWENTYFOUR_HOUR")]
    Within24Hours,
    #[serde(rename = "SendTime_FOUTYEIGHT_HOUR")]
    Within48Hours,
}

/// Makes of a template as it is read one as it is sent: its pages name the lists of places in two ways, and a request takes
/// one of them in each place.
pub fn as_sent(template: &mut Map<String, Value>) {
    fn named(fields: &mut Value, from: &str, to: &str) {
        if let Some(fields) = fields.as_object_mut()
            && let Some(places) = fields.shift_remove(from)
        {
            fields.entry(to).or_insert(places);
        }
    }
    if let Some(area) = template.get_mut("not_send_area") {
        named(area, "address_infos", "address_info");
    }
    for (block, list, from, to) in [
        (
            "all_freight_calc_method",
            "freight_calc_method_list",
            "address_infos",
            "address_info",
        ),
        (
            "all_condition_free_detail",
            "condition_free_detail_list",
            "address_info",
            "address_infos",
        ),
    ] {
        let rows = template
            .get_mut(block)
            .and_then(|block| block.get_mut(list));
        for row in rows.and_then(Value::as_array_mut).into_iter().flatten() {
            named(row, from, to);
            if let Some(row) = row.as_object_mut() {
                row.entry(to).or_insert_with(|| Value::Array(Vec::new()));
            }
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListAddresses {
    pub offset: i64,
    pub limit: i64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListAddressesReply {
    #[serde(deserialize_with = "or_default")]
    pub address_id_list: Vec<Id>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GetAddress {
    pub address_id: Id,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GetAddressReply {
    pub address_detail: Address,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    pub address_id: Id,
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(deserialize_with = "flag")]
    pub recv_addr: bool,
    /// Where returns go unless a product says otherwise.
    #[serde(deserialize_with = "flag")]
    pub default_recv: bool,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}
