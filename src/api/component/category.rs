//! The category tree: `/shop/cat/get`.

use crate::api::endpoints;
use serde::{Deserialize, Serialize};

endpoints! {
    CatGet => "/shop/cat/get" -> CatGetReply, Safe;
}

/// Reads all categories at once; the answer is large.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CatGet {}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CatGetReply {
    #[serde(default)]
    pub third_cat_list: Vec<Category>,
}

/// One third-level category with its two parents. Qualification types: 0 none, 1 required, 2 optional.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Category {
    #[serde(default)]
    pub first_cat_id: u64,
    #[serde(default)]
    pub first_cat_name: String,
    #[serde(default)]
    pub second_cat_id: u64,
    #[serde(default)]
    pub second_cat_name: String,
    #[serde(default)]
    pub third_cat_id: u64,
    #[serde(default)]
    pub third_cat_name: String,
    #[serde(default)]
    pub qualification_type: i64,
    #[serde(default)]
    pub qualification: String,
    #[serde(default)]
    pub product_qualification_type: i64,
    #[serde(default)]
    pub product_qualification: String,
}
