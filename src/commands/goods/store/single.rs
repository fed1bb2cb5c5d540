//! `wxsell goods add` and `update` for a WeChat Store: one product from options, checked and sent like a sheet.

use super::super::single::{AddArgs, UpdateArgs};
use super::{Way, refuse_options, send};
use crate::commands::Ctx;
use crate::lang::Text;
use crate::shop::goods::single::Given;
use crate::shop::lacks;
use crate::shop::store::sheet::{Field, Goods, Made};
use anyhow::Result;

pub async fn add(args: AddArgs, ctx: &Ctx) -> Result<()> {
    let given = args.fields.given();
    let sku = given.sku.clone();
    let id = &args.out_product_id;
    send_one(id, given, sku, &args.send, "goods add", ctx).await
}

pub async fn update(args: UpdateArgs, ctx: &Ctx) -> Result<()> {
    let id = &args.out_product_id;
    let given = args.fields.given();
    given.refuse_nothing()?;
    let sku = ctx.shop().await?.plan_store_update(id, &given).await?;
    send_one(id, given, sku, &args.send, "goods update", ctx).await
}

/// What the options say, each value with the option that gave it.
fn values(given: Given, sku: Option<String>) -> Result<Vec<(Made, String, String)>> {
    let other = [
        (given.path.is_some(), "--path"),
        (!given.qualifications.is_empty(), "--qualification"),
        (given.info_version.is_some(), "--info-version"),
        (given.market_price.is_some(), "--market-price"),
    ];
    if let Some((_, option)) = other.iter().find(|(given, _)| *given) {
        return Err(lacks(Text::verbatim(*option)).into());
    }
    let images = |list: &[String]| (!list.is_empty()).then(|| list.join("|"));
    let plain = [
        (Field::Title, given.title.clone(), "--title"),
        (Field::HeadImages, images(&given.images), "--image"),
        (Field::Detail, given.desc.clone(), "--desc"),
        (
            Field::DetailImages,
            images(&given.desc_images),
            "--desc-image",
        ),
        (
            Field::Category,
            given.category.map(|number| number.to_string()),
            "--category",
        ),
        (
            Field::Brand,
            given.brand.map(|number| number.to_string()),
            "--brand",
        ),
        (Field::Freight, given.freight.clone(), "--freight"),
        (Field::SkuNumber, sku, "--sku"),
        (
            Field::Price,
            given.price.map(|price| price.to_yuan()),
            "--price",
        ),
        (
            Field::Stock,
            given.stock.map(|stock| stock.to_string()),
            "--stock",
        ),
        (Field::SkuImage, images(given.thumb.as_slice()), "--thumb"),
        (Field::SkuCode, given.sku_code.clone(), "--sku-code"),
        (Field::BarCode, given.barcode.clone(), "--barcode"),
    ];
    let plain = plain
        .into_iter()
        .filter_map(|(field, value, option)| Some((Made::Field(field), value?, option.to_owned())));
    let of_product = given.product_attributes.into_iter().map(|one| {
        (
            Made::Attribute(one.attr_key),
            one.attr_value,
            "--product-attr".to_owned(),
        )
    });
    let of_sku = given.attributes.into_iter().map(|one| {
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
    given: Given,
    sku: Option<String>,
    args: &super::upload::SendArgs,
    command: &'static str,
    ctx: &Ctx,
) -> Result<()> {
    refuse_options(args)?;
    let goods = Goods::made(number, values(given, sku)?, &ctx.dirs.state)?;
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
