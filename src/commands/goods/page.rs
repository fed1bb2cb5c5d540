//! `wxsell goods show`: one product in full, with what its category and its brand are called.

use super::list::{GoodsRow, SkuRow, audit_cell, status_cell};
use crate::api::store::goods::NO_BRAND;
use crate::commands::Ctx;
use crate::output::{Cell, Column, Record};
use crate::text;
use anyhow::Result;
use serde::Serialize;

/// One product in full.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct GoodsPage {
    #[serde(flatten)]
    row: GoodsRow,
    /// For people: what the platform calls category and brand.
    #[serde(skip)]
    category: Option<String>,
    #[serde(skip)]
    brand: Option<String>,
}

impl GoodsPage {
    /// A product with the names of its category and its brand, which are looked up for people alone, and not where
    /// WeChat's own answer is wanted. A name that cannot
    /// be had hides nothing of the product.
    pub(super) async fn of(row: GoodsRow, ctx: &Ctx) -> Result<GoodsPage> {
        let (mut category, mut brand) = (None, None);
        let is_read = ctx.out.is_for_people() && ctx.out.columns.is_none() && !ctx.global.raw;
        if is_read {
            let (shop, now) = (ctx.shop().await?, ctx.clock()?);
            category = shop
                .category_name(&row.category_id, now)
                .await
                .ok()
                .flatten();
            if !matches!(row.brand_id.as_str(), "" | "0" | NO_BRAND) {
                brand = shop.brand_name(&row.brand_id, now).await.ok().flatten();
            }
        }
        Ok(GoodsPage {
            row,
            category,
            brand,
        })
    }
}

/// A number with what it stands for, where that is known.
fn named(number: &str, name: Option<&str>) -> Cell {
    match name {
        Some(name) => Cell::Text(format!("{number} ({name})")),
        None => Cell::Id(number.to_owned()),
    }
}

impl Record for GoodsPage {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("out_product_id", "PRODUCT", |g| {
            Cell::Id(g.row.out_product_id.clone())
        }),
        Column::new("product_id", "WECHAT ID", |g| {
            Cell::Id(g.row.product_id.clone())
        }),
        Column::new("title", "TITLE", |g| Cell::Text(g.row.title.clone())),
        Column::new("path", "PATH", |g| Cell::Text(g.row.path.clone())),
        Column::new("status", "STATUS", |g| status_cell(&g.row.status)),
        Column::new("audit", "AUDIT", |g| audit_cell(&g.row.audit)),
        Column::new("reject_reason", "REJECTION REASON", |g| {
            Cell::Sentence(g.row.rejection())
        }),
        Column::new("category_id", "CATEGORY", |g| {
            named(&g.row.category_id, g.category.as_deref())
        }),
        Column::new("brand_id", "BRAND", |g| match g.row.brand_id.as_str() {
            NO_BRAND => Cell::Word(text!("{number} (no brand)", number = NO_BRAND)),
            brand => named(brand, g.brand.as_deref()),
        }),
        Column::new("info_version", "VERSION", |g| {
            Cell::Text(g.row.info_version.clone())
        }),
        Column::new("price", "PRICE", |g| g.row.price()),
        Column::new("stock", "STOCK", |g| Cell::Number(g.row.stock)),
        Column::new("skus", "SKUS", |g| {
            Cell::List(g.row.skus.iter().map(SkuRow::line).collect())
        }),
        Column::new("head_img", "IMAGES", |g| Cell::List(g.row.head_img.clone())),
        Column::new("desc", "DESCRIPTION", |g| Cell::Text(g.row.desc.clone())),
        Column::new("desc_imgs", "IMAGES IN THE DESCRIPTION", |g| {
            Cell::List(g.row.desc_imgs.clone())
        }),
        Column::new("created_at", "CREATED", |g| {
            g.row.created_at.clone().map_or(Cell::Empty, Cell::Time)
        }),
        Column::new("updated_at", "CHANGED", |g| {
            g.row.updated_at.clone().map_or(Cell::Empty, Cell::Time)
        }),
    ];
}
