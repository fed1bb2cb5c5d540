//! `wxsell category`: WeChat's category tree.

use super::Ctx;
use crate::api::component::category::Category;
use crate::output::{Cell, Column, Record};
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

/// Find the category of a product
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(ListArgs),
    /// List the categories that are open to this shop
    Mine,
}

/// List all categories
///
/// Goods carry the number of a third-level category.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only categories whose names or number contain this
    search: Option<String>,
}

/// One third-level category.
#[derive(Debug, Serialize)]
struct CategoryRow {
    third_cat_id: String,
    third_cat_name: String,
    second_cat_id: String,
    second_cat_name: String,
    first_cat_id: String,
    first_cat_name: String,
    qualification_type: i64,
    qualification: String,
    product_qualification_type: i64,
    product_qualification: String,
}

impl From<Category> for CategoryRow {
    fn from(category: Category) -> CategoryRow {
        CategoryRow {
            third_cat_id: category.third_cat_id.to_string(),
            third_cat_name: category.third_cat_name,
            second_cat_id: category.second_cat_id.to_string(),
            second_cat_name: category.second_cat_name,
            first_cat_id: category.first_cat_id.to_string(),
            first_cat_name: category.first_cat_name,
            qualification_type: category.qualification_type,
            qualification: category.qualification,
            product_qualification_type: category.product_qualification_type,
            product_qualification: category.product_qualification,
        }
    }
}

/// 0 none, 1 required, 2 optional; others may come.
fn needed(kind: i64) -> Cell {
    match kind {
        0 => Cell::Word(text!("none")),
        1 => Cell::Word(text!("required")),
        2 => Cell::Word(text!("optional")),
        other => Cell::Number(other),
    }
}

impl Record for CategoryRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column {
            name: "third_cat_id",
            title: "CATEGORY",
            cell: |c| Cell::Text(c.third_cat_id.clone()),
        },
        Column {
            name: "third_cat_name",
            title: "NAME",
            cell: |c| Cell::Text(c.third_cat_name.clone()),
        },
        Column {
            name: "second_cat_name",
            title: "SECOND LEVEL",
            cell: |c| Cell::Text(c.second_cat_name.clone()),
        },
        Column {
            name: "first_cat_name",
            title: "FIRST LEVEL",
            cell: |c| Cell::Text(c.first_cat_name.clone()),
        },
        Column {
            name: "qualification_type",
            title: "PERMIT",
            cell: |c| needed(c.qualification_type),
        },
        Column {
            name: "product_qualification_type",
            title: "PERMIT OF THE PRODUCT",
            cell: |c| needed(c.product_qualification_type),
        },
    ];
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    let shop = ctx.shop().await?;
    let (categories, search) = match verb {
        Verb::List(args) => (shop.categories().await?, args.search),
        Verb::Mine => (shop.my_categories().await?.unwrap_or_default(), None),
    };
    let rows: Vec<CategoryRow> = categories
        .into_iter()
        .map(CategoryRow::from)
        .filter(|row| search.as_deref().is_none_or(|search| row.has(search)))
        .collect();
    ctx.out.list(&rows)
}

impl CategoryRow {
    fn has(&self, search: &str) -> bool {
        self.third_cat_id == search
            || [
                &self.third_cat_name,
                &self.second_cat_name,
                &self.first_cat_name,
            ]
            .iter()
            .any(|name| name.contains(search))
    }
}
