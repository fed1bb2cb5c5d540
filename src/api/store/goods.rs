//! Products of the WeChat Store: `/channels/ec/product/*`.
//!
//! A product goes through here in both directions, and the platform adds fields several times a year: what is not
//! named below stays in `rest` and is sent back as it came, because a full update clears what it leaves out.
//!
//! Long because every shape of a product and of what surrounds it is read together.

use super::{Id, flag, or_default};
use crate::api::{Done, endpoints};
use crate::types::Fen;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

endpoints! {
    AddProduct => "/channels/ec/product/add" -> AddProductReply, Never;
    UpdateProduct => "/channels/ec/product/update" -> UpdateProductReply, Keyed;
    UpdateAuditFree => "/channels/ec/product/auditfree" -> Done, Keyed;
    GetProduct => "/channels/ec/product/get" -> GetProductReply, Safe;
    ListProducts => "/channels/ec/product/list/get" -> ListProductsReply, Safe;
    Listing => "/channels/ec/product/listing" -> Done, Keyed;
    Delisting => "/channels/ec/product/delisting" -> Done, Keyed;
    DeleteProduct => "/channels/ec/product/delete" -> Done, Keyed;
    CancelAudit => "/channels/ec/product/audit/cancel" -> Done, Keyed;
    GetAuditQuota => "/channels/ec/product/getauditquota" -> GetAuditQuotaReply, Safe;
    UpdateStock => "/channels/ec/product/stock/update" -> Done, Never;
    GetStock => "/channels/ec/product/stock/get" -> GetStockReply, Safe;
    Precheck => "/channels/ec/product/categoryprecheck" -> PrecheckReply, Safe;
}

pub const ADD_SALE_PATH: &str = "/channels/ec/product/limiteddiscounttask/add";
pub const UPDATE_SALE_PATH: &str = "/channels/ec/product/limiteddiscounttask/update";
pub const LIST_SALES_PATH: &str = "/channels/ec/product/limiteddiscounttask/list/get";
pub const STOP_SALE_PATH: &str = "/channels/ec/product/limiteddiscounttask/stop";
pub const DELETE_SALE_PATH: &str = "/channels/ec/product/limiteddiscounttask/delete";
/// Where and why products are held back; at most 50.
pub const RESTRICTED_PATH: &str = "/channels/ec/product/getproductrestrictedinfo";

/// Asks for a page of flash sales.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ListSales<'a> {
    pub page_size: usize,
    /// Of the page before; empty for the first.
    pub next_key: &'a str,
}

/// A SKU of a flash sale, as it is sent.
#[derive(Debug, Clone, Serialize)]
pub struct SentSku {
    pub sku_id: Id,
    pub sale_price: Fen,
    pub sale_stock: i64,
}

/// Asks where products are held back.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct GetRestricted<'a> {
    pub product_ids: &'a [Id],
}

/// Flash sales, a page of them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SalesReply {
    #[serde(deserialize_with = "or_default")]
    pub limited_discount_tasks: Vec<Sale>,
    #[serde(deserialize_with = "or_default")]
    pub next_key: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sale {
    pub task_id: Id,
    pub product_id: Id,
    /// 0 planned, 1 running, 2 ended.
    #[serde(deserialize_with = "or_default")]
    pub status: i64,
}

/// Where and why products are held back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RestrictedReply {
    pub data: RestrictedData,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RestrictedData {
    #[serde(deserialize_with = "or_default")]
    pub restricted_info_list: Vec<RestrictedInfo>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RestrictedInfo {
    pub product_id: Id,
    #[serde(deserialize_with = "or_default")]
    pub scene_info: Vec<RestrictedScene>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RestrictedScene {
    /// 1 live broadcasts, 2 short videos, 4 search, and others.
    #[serde(deserialize_with = "or_default")]
    pub scene: i64,
    #[serde(deserialize_with = "or_default")]
    pub desc: String,
}

/// The brand number that stands for "no brand".
pub const NO_BRAND: &str = "2100000000";
/// More SKUs than this are written after the answer (edit_status 7).
pub const SKUS_AT_ONCE: usize = 25;

/// `status`: the online version.
pub mod status {
    pub const NEVER: i64 = 0;
    pub const ON_SALE: i64 = 5;
    pub const BIN: i64 = 6;
    pub const DELETED: i64 = 9;
    pub const OFF_SALE: i64 = 11;
    pub const VIOLATION: i64 = 13;
    pub const BANNED: i64 = 20;
}

/// `edit_status`: the draft.
pub mod edit {
    pub const INITIAL: i64 = 0;
    pub const EDITING: i64 = 1;
    pub const IN_AUDIT: i64 = 2;
    pub const REFUSED: i64 = 3;
    pub const PASSED: i64 = 4;
    pub const WRITING_SDK: i64 = 5;
    pub const WRITING: i64 = 7;
    pub const WRITE_FAILED: i64 = 8;
    /// The quota of submissions was used up; the draft is kept.
    pub const NOT_SUBMITTED: i64 = 72;
}

/// A product: what is sent to add or update one, and what is read of one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Product {
    #[serde(skip_serializing_if = "Id::is_none")]
    pub product_id: Id,
    /// The merchant's own number, at most 128 characters; not unique, and never a key in calls.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub out_product_id: String,
    /// At most 60 characters.
    #[serde(deserialize_with = "or_default")]
    pub title: String,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub short_title: String,
    /// 3 to 9 links from the image upload, no two alike.
    #[serde(deserialize_with = "or_default")]
    pub head_imgs: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub desc_info: Detail,
    /// From the root to a leaf.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub cats_v2: Vec<Category>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub attrs: Vec<Attribute>,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub spu_code: String,
    #[serde(skip_serializing_if = "Id::is_none")]
    pub brand_id: Id,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub product_qua_infos: Vec<Paper>,
    /// 0 courier, 1 and 3 without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliver_method: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub express_info: Option<Express>,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub aftersale_desc: String,
    #[serde(deserialize_with = "or_default")]
    pub skus: Vec<Sku>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_service: Option<ExtraService>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_sale_info: Option<AfterSale>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_chart: Option<SizeChart>,
    /// Sent: 1 hands the draft to the audit, 0 keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listing: Option<i64>,
    /// Read: the online version, see [`status`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// Read: the draft, see [`edit`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_status: Option<i64>,
    /// What is carried through unseen.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Fields of an answer that a request does not take.
pub const READ_ONLY: [&str; 10] = [
    "min_price",
    "edit_time",
    "create_time",
    "update_time",
    "product_type",
    "src_product_id",
    "total_sold_num",
    "sub_status",
    // Withdrawn, and the old form of the category.
    "sub_title",
    "cats",
];

impl Product {
    /// The product as an update sends it: without what only answers have. States of SKUs are left out, since sending
    /// one back has taken SKUs off sale.
    pub fn into_update(mut self) -> Product {
        self.status = None;
        self.edit_status = None;
        // Cannot be changed, and is not taken.
        self.out_product_id.clear();
        for name in READ_ONLY {
            self.rest.shift_remove(name);
        }
        for sku in &mut self.skus {
            sku.status = None;
            sku.rest.shift_remove("market_price");
        }
        self
    }

    /// When the draft was last edited, unix seconds; only answers say it.
    pub fn edited_at(&self) -> Option<i64> {
        crate::api::reader::integer(self.rest.get("edit_time")?)
    }

    /// The leaf of its category path.
    pub fn leaf(&self) -> Option<&Id> {
        self.cats_v2.last().map(|category| &category.cat_id)
    }
}

/// The detail page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// 1 to 50 links.
    #[serde(deserialize_with = "or_default")]
    pub imgs: Vec<String>,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub desc: String,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    pub cat_id: Id,
}

/// A name and a value: of a product, or what tells one SKU from another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attribute {
    #[serde(deserialize_with = "or_default")]
    pub attr_key: String,
    #[serde(deserialize_with = "or_default")]
    pub attr_value: String,
}

/// A paper of the product: at most 10 links.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Paper {
    pub qua_id: Id,
    #[serde(deserialize_with = "or_default")]
    pub qua_url: Vec<String>,
}

/// Needed when a courier brings it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Express {
    pub template_id: Id,
    /// Grams; needed where the template charges by weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<i64>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExtraService {
    /// 0 not offered, 1 offered, 2 except customised goods, 3 not after use.
    pub seven_day_return: i64,
    pub freight_insurance: i64,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AfterSale {
    #[serde(skip_serializing_if = "Id::is_none")]
    pub after_sale_address_id: Id,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sku {
    #[serde(skip_serializing_if = "Id::is_none")]
    pub sku_id: Id,
    /// At most 128 characters; may be missing in an answer after an update.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub out_sku_id: String,
    #[serde(deserialize_with = "or_default")]
    pub thumb_img: String,
    pub sale_price: Fen,
    pub stock_num: i64,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub sku_code: String,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub bar_code: String,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub sku_attrs: Vec<Attribute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku_deliver_info: Option<Deliver>,
    /// Read: 5 on sale, 11 off sale. Never sent unasked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Measures of a product by size.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SizeChart {
    #[serde(deserialize_with = "flag")]
    pub enable: bool,
    #[serde(deserialize_with = "or_default")]
    pub specification_list: Vec<SizeSpecification>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// One measure, with its value for each size.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SizeSpecification {
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub unit: String,
    #[serde(deserialize_with = "flag")]
    pub is_range: bool,
    #[serde(deserialize_with = "or_default")]
    pub value_list: Vec<SizeValue>,
}

/// The value of one size: `value`, or from `left` to `right`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SizeValue {
    /// The size, e.g. `M`.
    #[serde(deserialize_with = "or_default")]
    pub key: String,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub value: String,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub left: String,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub right: String,
}

/// When it is shipped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Deliver {
    /// 0 in stock, 1 full-payment pre-sale.
    pub stock_type: i64,
    /// Days until shipping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_payment_presale_delivery_time: Option<i64>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Writes a draft; with `listing` 1 it is also handed to the audit. Its own number is not checked: a second arrival
/// makes a second product.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddProduct(pub Product);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AddProductReply {
    pub data: Added,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Added {
    pub product_id: Id,
    #[serde(deserialize_with = "or_default")]
    pub create_time: String,
}

/// Replaces the whole draft; what it leaves out is cleared, SKUs it leaves out are deleted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UpdateProduct(pub Product);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UpdateProductReply {
    pub data: Updated,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Updated {
    pub product_id: Id,
    #[serde(deserialize_with = "or_default")]
    pub update_time: String,
}

/// Changes the online version at once, without audit: only of a product on sale that is not in audit. What is left
/// out stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UpdateAuditFree {
    pub product_id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spu_code: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skus: Vec<FreeSku>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub express_info: Option<Express>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_service: Option<ExtraService>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_sale_info: Option<AfterSale>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FreeSku {
    pub sku_id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_price: Option<Fen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock_info: Option<StockChange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_delete: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// 1 adds, 2 subtracts, 3 sets. In the standard component 1 and 2 mean other things.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockChange {
    pub diff_type: i64,
    pub num: i64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GetProduct {
    pub product_id: Id,
    /// 1 online (also where it is missing), 2 draft, 3 both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_type: Option<i64>,
}

/// Both versions of a product; `product` is missing where it was never listed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GetProductReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Product>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_product: Option<Product>,
    /// What else is said of it, such as how well its information is filled in.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Ids only; at most 30 a page.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListProducts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub next_key: String,
    pub page_size: i64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListProductsReply {
    #[serde(deserialize_with = "or_default")]
    pub product_ids: Vec<Id>,
    #[serde(deserialize_with = "or_default")]
    pub next_key: String,
    #[serde(deserialize_with = "or_default")]
    pub total_num: u64,
}

macro_rules! by_id {
    ($($(#[$about:meta])* $name:ident;)*) => {
        $(
            $(#[$about])*
            #[derive(Debug, Clone, Default, Serialize, Deserialize)]
            pub struct $name {
                pub product_id: Id,
            }
        )*
    };
}

by_id! {
    /// Hands the draft to the audit, after which it is on sale.
    Listing;
    /// Takes it off sale at once.
    Delisting;
    /// Deletes it.
    DeleteProduct;
    /// Takes its draft out of the audit.
    CancelAudit;
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GetAuditQuota {}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GetAuditQuotaReply {
    pub audit_quota: AuditQuota,
}

/// What may still be handed to the audit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditQuota {
    /// The console says why.
    #[serde(deserialize_with = "flag")]
    pub block_status: bool,
    /// The older counter.
    pub avail_quota: i64,
    pub total_quota: i64,
    /// 1: nothing is counted, the rest does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unlimited_type: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_total_quota: Option<i64>,
    /// At 0 nothing can be handed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_total_remaining: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_product_total_quota: Option<i64>,
    /// At 0 only products that were listed before can be handed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_product_remaining: Option<i64>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct UpdateStock {
    pub product_id: Id,
    pub sku_id: Id,
    #[serde(flatten)]
    pub change: StockChange,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GetStock {
    pub product_id: Id,
    pub sku_id: Id,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GetStockReply {
    pub data: Stock,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Stock {
    pub normal_stock_num: i64,
    pub limited_discount_stock_num: i64,
    #[serde(deserialize_with = "or_default")]
    pub warehouse_stocks: Vec<Value>,
    pub total_stock_num: i64,
}

/// Whether the Store may publish in a category; without one, at all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Precheck {
    #[serde(skip_serializing_if = "Id::is_none")]
    pub cat_id: Id,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PrecheckReply {
    #[serde(deserialize_with = "flag")]
    pub all_pass: bool,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub fail_reasons: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_carries_what_it_does_not_know_and_leaves_out_what_only_answers_have() {
        let read = r#"{"product_id":10000000000000000001,"title":"明前绿茶 250克","head_imgs":null,
            "desc_info":{"imgs":["a"],"lines":2},"status":5,"edit_status":4,"min_price":990,"edit_time":1,
            "hide_in_window":1,"new_field":{"deep":[18446744073709551615]},
            "skus":[{"sku_id":"9","out_sku_id":"S","sale_price":990,"stock_num":3,"status":11,"odd":true}]}"#;
        let product: Product = serde_json::from_str(read).expect("a product");
        assert_eq!(product.status, Some(status::ON_SALE));
        let sent = serde_json::to_value(product.into_update()).expect("JSON");
        assert_eq!(
            sent.to_string(),
            r#"{"product_id":"10000000000000000001","title":"明前绿茶 250克","head_imgs":[],"desc_info":{"imgs":["a"],"lines":2},"skus":[{"sku_id":"9","out_sku_id":"S","thumb_img":"","sale_price":990,"stock_num":3,"odd":true}],"hide_in_window":1,"new_field":{"deep":[18446744073709551615]}}"#
        );
    }
}
