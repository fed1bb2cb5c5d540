//! `wxsell goods restricted`: products on sale that buyers do not find everywhere, and why.

use crate::api::store::Id;
use crate::commands::Ctx;
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::text;
use anyhow::Result;
use serde::Serialize;

/// Show products that WeChat restricts: where and why
///
/// Products that are on sale but that buyers do not find are usually listed here. Without numbers, all products on sale
/// are checked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Numbers of products
    out_product_ids: Vec<String>,
}

/// One place where a product is held back.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Restriction {
    out_product_id: String,
    product_id: String,
    /// The number that WeChat has for the place.
    scene: i64,
    reason: String,
}

impl Record for Restriction {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("out_product_id", "PRODUCT", |r| {
            Cell::Id(r.out_product_id.clone())
        }),
        Column::new("product_id", "STORE NUMBER", |r| {
            Cell::Id(r.product_id.clone())
        }),
        Column::new("scene", "HELD BACK IN", |r| Cell::Word(place(r.scene))),
        Column::new("reason", "REASON", |r| Cell::Text(r.reason.clone())),
    ];
}

fn place(scene: i64) -> Text {
    match scene {
        1 => text!("live broadcasts"),
        2 => text!("short videos"),
        3 => text!("store home page and promoter showcases"),
        4 => text!("search"),
        5 => text!("advertisements"),
        6 => text!("orders and cards"),
        7 => text!("affiliate network"),
        8 => text!("recommendations"),
        9 => text!("sale"),
        10 => text!("offending parts are hidden"),
        other => text!("place {number}", number = other),
    }
}

pub async fn run(args: Args, ctx: &Ctx) -> Result<()> {
    ctx.of_a_store()?;
    ctx.out.check_columns::<Restriction>()?;
    let (shop, state) = (ctx.shop().await?, ctx.state()?);
    let shop_key = ctx.profile()?.shop_key();
    let ids: Vec<Id> = match args.out_product_ids.as_slice() {
        [] => {
            let on_sale = crate::api::store::goods::status::ON_SALE;
            shop.store_product_ids(Some(on_sale), usize::MAX).await?
        }
        numbers => {
            let mut ids = Vec::new();
            for number in numbers {
                let id = shop.find_product(state, &shop_key, number).await?;
                ids.extend(Id::read(&id));
            }
            ids
        }
    };
    let found = shop.store_restricted(&ids).await?;
    if !found.is_empty() {
        shop.learn_products(state, &shop_key).await?;
    }
    let mut rows = Vec::new();
    for one in found {
        let id = one.product_id.as_str();
        let number = state.number_of_product(&shop_key, id)?;
        let number = number.unwrap_or_else(|| id.to_owned());
        rows.extend(one.scene_info.into_iter().map(|scene| Restriction {
            out_product_id: number.clone(),
            product_id: id.to_owned(),
            scene: scene.scene,
            reason: scene.desc,
        }));
    }
    ctx.out.list(&rows)
}
