//! `wxsell brand`: brands that a shop may use.

use super::Ctx;
use crate::output::{Cell, Column, Record};
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

/// See which brands are open to this shop
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the brands that are open to this shop
    ///
    /// 2100000000 stands for "no brand" and is always open.
    Mine,
}

#[derive(Debug, Serialize)]
struct BrandRow {
    brand_id: String,
    brand_wording: String,
}

impl Record for BrandRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column {
            name: "brand_id",
            title: "BRAND",
            cell: |b| Cell::Text(b.brand_id.clone()),
        },
        Column {
            name: "brand_wording",
            title: "NAME",
            cell: |b| Cell::Text(b.brand_wording.clone()),
        },
    ];
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    let Verb::Mine = verb;
    let brands = ctx.shop().await?.my_brands().await?.unwrap_or_default();
    let rows: Vec<BrandRow> = brands
        .into_iter()
        .map(|brand| BrandRow {
            brand_id: brand.brand_id.to_string(),
            brand_wording: brand.brand_wording,
        })
        .collect();
    ctx.out.list(&rows)
}
