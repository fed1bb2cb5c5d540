//! `wxsell goods add` and `update` for a WeChat Store: one product from options, checked and sent like a sheet.

use super::super::single::{AddArgs, Fields, UpdateArgs};
use super::{Way, refuse_options, send};
use crate::commands::Ctx;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::shop::lacks;
use crate::shop::store::goods::as_it_stands;
use crate::shop::store::sheet::{Field, Goods, Made};
use crate::text;
use anyhow::Result;

pub async fn add(args: AddArgs, ctx: &Ctx) -> Result<()> {
    let sku = args.fields.sku.clone();
    send_one(
        &args.out_product_id,
        args.fields,
        sku,
        &args.send,
        "goods add",
        ctx,
    )
    .await
}

pub async fn update(args: UpdateArgs, ctx: &Ctx) -> Result<()> {
    args.fields.refuse_nothing()?;
    let number = &args.out_product_id;
    let (shop, state) = (ctx.shop().await?, ctx.state()?);
    let shop_key = ctx.profile()?.shop_key();
    let id = shop.find_product(state, &shop_key, number).await?;
    let held = shop.store_product(&id).await?.and_then(as_it_stands);
    let held = held.ok_or_else(|| {
        Failure::new(
            Kind::Refused,
            text!("the store has no product {number}", number),
        )
    })?;
    let sku = match &args.fields.sku {
        _ if !args.fields.of_sku() => None,
        Some(named) => Some(named.clone()),
        None if held.skus.len() < 2 => None,
        None => {
            return Err(Failure::input(text!(
                "the product has {count} {count:SKU|SKUs}",
                count = held.skus.len()
            ))
            .hint(text!("say which one with --sku"))
            .into());
        }
    };
    if let Some(sku) = &sku {
        let known: Vec<&str> = held.skus.iter().map(|sku| &*sku.out_sku_id).collect();
        args.fields.refuse_unknown_sku(number, sku, &known)?;
    }
    send_one(number, args.fields, sku, &args.send, "goods update", ctx).await
}

/// What the options say, each value with the option that gave it.
fn values(fields: Fields, sku: Option<String>) -> Result<Vec<(Made, String, String)>> {
    let other = [
        (fields.path.is_some(), "--path"),
        (!fields.qualifications.is_empty(), "--qualification"),
        (fields.info_version.is_some(), "--info-version"),
        (fields.market_price.is_some(), "--market-price"),
    ];
    if let Some((_, option)) = other.iter().find(|(given, _)| *given) {
        return Err(lacks(Text::verbatim(*option)).into());
    }
    let images = |list: &[String]| {
        let all: Vec<String> = list
            .iter()
            .map(|image| super::super::single::absolute(image))
            .collect();
        (!all.is_empty()).then(|| all.join("|"))
    };
    let plain = [
        (Field::Title, fields.title.clone(), "--title"),
        (Field::HeadImages, images(&fields.images), "--image"),
        (Field::Detail, fields.desc.clone(), "--desc"),
        (
            Field::DetailImages,
            images(&fields.desc_images),
            "--desc-image",
        ),
        (
            Field::Category,
            fields.category.map(|number| number.to_string()),
            "--category",
        ),
        (
            Field::Brand,
            fields.brand.map(|number| number.to_string()),
            "--brand",
        ),
        (Field::Freight, fields.freight.clone(), "--freight"),
        (Field::SkuNumber, sku, "--sku"),
        (
            Field::Price,
            fields.price.map(|price| price.to_yuan()),
            "--price",
        ),
        (
            Field::Stock,
            fields.stock.map(|stock| stock.to_string()),
            "--stock",
        ),
        (Field::SkuImage, images(fields.thumb.as_slice()), "--thumb"),
        (Field::SkuCode, fields.sku_code.clone(), "--sku-code"),
        (Field::BarCode, fields.barcode.clone(), "--barcode"),
    ];
    let plain = plain
        .into_iter()
        .filter_map(|(field, value, option)| Some((Made::Field(field), value?, option.to_owned())));
    let of_product = fields.product_attributes.into_iter().map(|one| {
        (
            Made::Attribute(one.attr_key),
            one.attr_value,
            "--product-attr".to_owned(),
        )
    });
    let of_sku = fields.attributes.into_iter().map(|one| {
        (
            Made::SkuAttribute(one.attr_key),
            one.attr_value,
            "--attr".to_owned(),
        )
    });
    Ok(plain.chain(of_product).chain(of_sku).collect())
}

async fn send_one(
    number: &str,
    fields: Fields,
    sku: Option<String>,
    args: &super::upload::SendArgs,
    command: &'static str,
    ctx: &Ctx,
) -> Result<()> {
    refuse_options(args)?;
    let goods = Goods::made(number, values(fields, sku)?, &ctx.dirs.state)?;
    // Options say what is meant now, whatever was sent before.
    let args = super::upload::SendArgs {
        recheck: true,
        ..args.clone()
    };
    let way = Way {
        command,
        ..Way::default()
    };
    send(goods, &args, way, ctx).await
}
