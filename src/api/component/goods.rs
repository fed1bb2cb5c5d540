//! Goods of the custom trade component: `/shop/spu/*`.

use crate::api::{Done, endpoints};
use crate::types::{ChinaTime, Fen, Id64};
use serde::{Deserialize, Serialize};

endpoints! {
    AddSpu => "/shop/spu/add" -> AddSpuReply, Keyed;
    UpdateSpu => "/shop/spu/update" -> UpdateSpuReply, Keyed;
    UpdateSpuFree => "/shop/spu/update_without_audit" -> UpdateSpuFreeReply, Keyed;
    DeleteSpu => "/shop/spu/del" -> Done, Keyed;
    WithdrawAudit => "/shop/spu/del_audit" -> Done, Keyed;
    GetSpu => "/shop/spu/get" -> GetSpuReply, Safe;
    ListSpu => "/shop/spu/get_list" -> ListSpuReply, Safe;
    ListingSpu => "/shop/spu/listing" -> Done, Keyed;
    DelistingSpu => "/shop/spu/delisting" -> Done, Keyed;
}

/// The brand number that stands for "no brand".
pub const NO_BRAND: u64 = 2_100_000_000;

/// Creates one SPU and hands it to WeChat's audit. A second arrival is refused with 1000012. The number of a
/// deleted product stays used for good.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AddSpu {
    pub out_product_id: String,
    pub title: String,
    /// The product's page in the Mini Program.
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct_path: Option<String>,
    /// Links returned by `/shop/img/upload`.
    pub head_img: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qualification_pics: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc_info: Option<DescInfo>,
    pub third_cat_id: u64,
    pub brand_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info_version: Option<String>,
    pub skus: Vec<Sku>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scene_group_list: Option<Vec<i64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// Delivery fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub express_fee: Option<Fen>,
    /// Kind of product, e.g. `1` pre-sale, `2` virtual voucher, `3` custom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sell_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pick_up_type: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onsale: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unitname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unitfactor: Option<i64>,
}

/// Replaces the whole draft and hands it to the audit; the online copy stays until it passes. Same fields as
/// [`AddSpu`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UpdateSpu(pub AddSpu);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DescInfo {
    #[serde(default)]
    pub imgs: Vec<String>,
    #[serde(default)]
    pub desc: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sku {
    #[serde(default)]
    pub out_product_id: String,
    #[serde(default)]
    pub out_sku_id: String,
    #[serde(default)]
    pub thumb_img: String,
    #[serde(default)]
    pub sale_price: Fen,
    #[serde(default)]
    pub market_price: Fen,
    /// 0 is refused on creation.
    #[serde(default)]
    pub stock_num: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barcode: Option<String>,
    #[serde(default)]
    pub sku_attrs: Vec<SkuAttr>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SkuAttr {
    pub attr_key: String,
    pub attr_value: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AddSpuReply {
    #[serde(default)]
    pub data: Added,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Added {
    #[serde(default)]
    pub product_id: Id64,
    #[serde(default)]
    pub out_product_id: String,
    #[serde(default)]
    pub create_time: ChinaTime,
    #[serde(default)]
    pub skus: Vec<SkuId>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SkuId {
    #[serde(default)]
    pub sku_id: Id64,
    #[serde(default)]
    pub out_sku_id: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct UpdateSpuReply {
    #[serde(default)]
    pub data: Updated,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Updated {
    #[serde(default)]
    pub product_id: Id64,
    #[serde(default)]
    pub out_product_id: String,
    #[serde(default)]
    pub update_time: ChinaTime,
    #[serde(default)]
    pub skus: Vec<SkuId>,
}

/// Changes path, price, stock and codes at once, without audit, in draft and online copy. The product must have
/// passed an audit once (1000003) and every SKU must be in the online copy (1000004).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UpdateSpuFree {
    pub out_product_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skus: Vec<FreeSku>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FreeSku {
    pub out_sku_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_price: Option<Fen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market_price: Option<Fen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock_num: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barcode: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct UpdateSpuFreeReply {
    #[serde(default)]
    pub data: UpdatedFree,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct UpdatedFree {
    #[serde(default)]
    pub product_id: Id64,
    #[serde(default)]
    pub out_product_id: String,
    #[serde(default)]
    pub update_time: ChinaTime,
}

/// Deletes for good; the number stays used. Repeating it finds nothing left to delete (1000011).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeleteSpu {
    pub out_product_id: String,
}

/// Takes the draft out of the audit (edit_status 2 → 1), else 1000016.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WithdrawAudit {
    pub out_product_id: String,
}

/// On the shelf again (status 11 → 5); a draft in audit is not touched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ListingSpu {
    pub out_product_id: String,
}

/// Off the shelf (status 0 or 5 → 11).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DelistingSpu {
    pub out_product_id: String,
}

/// Reads one product: the online copy, or with `need_edit_spu` 1 the draft.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GetSpu {
    pub out_product_id: String,
    #[serde(default)]
    pub need_edit_spu: u8,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GetSpuReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spu: Option<Spu>,
}

/// Lists products, 100 a page at most, by creation or by update window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ListSpu {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_create_time: Option<ChinaTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_create_time: Option<ChinaTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_update_time: Option<ChinaTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_update_time: Option<ChinaTime>,
    /// Online state; left out: every state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// From 1.
    pub page: u32,
    pub page_size: u32,
    #[serde(default)]
    pub need_edit_spu: u8,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListSpuReply {
    #[serde(default)]
    pub spus: Vec<Spu>,
    #[serde(default)]
    pub total_num: u64,
}

/// The state of a product of which WeChat names none.
pub const UNSAID: i64 = -1;

fn unsaid() -> i64 {
    UNSAID
}

/// A product as WeChat holds it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Spu {
    #[serde(default)]
    pub product_id: Id64,
    #[serde(default)]
    pub out_product_id: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_path: Option<String>,
    #[serde(default)]
    pub head_img: Vec<String>,
    #[serde(default)]
    pub qualification_pics: Vec<String>,
    #[serde(default)]
    pub desc_info: DescInfo,
    #[serde(default)]
    pub audit_info: AuditInfo,
    #[serde(default)]
    pub third_cat_id: u64,
    #[serde(default)]
    pub brand_id: u64,
    #[serde(default)]
    pub info_version: String,
    /// Online copy: 0 never online, 5 on shelf, 11 taken down by the merchant, 13 by the platform. Others may come.
    #[serde(default = "unsaid")]
    pub status: i64,
    /// Draft: 0 initial, 1 being edited, 2 in audit, 3 audit failed, 4 audit passed. Others may come.
    #[serde(default = "unsaid")]
    pub edit_status: i64,
    #[serde(default)]
    pub skus: Vec<Sku>,
    #[serde(default)]
    pub update_time: ChinaTime,
    #[serde(default)]
    pub create_time: ChinaTime,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AuditInfo {
    /// Opaque text.
    #[serde(default)]
    pub audit_id: String,
    #[serde(default)]
    pub submit_time: ChinaTime,
    /// Left out until the audit has ended.
    #[serde(default, skip_serializing_if = "ChinaTime::is_empty")]
    pub audit_time: ChinaTime,
    #[serde(default)]
    pub reject_reason: String,
}
