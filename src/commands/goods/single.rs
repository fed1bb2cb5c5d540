//! `wxsell goods add`, `update` and `price-stock`: one product from options, or price and stock from a sheet. What
//! options say becomes a one-line catalogue, so that it is checked, journalled and sent like a file.

use super::read::ReadArgs;
use super::upload::{self, SendArgs};
use crate::api::component::goods::{AddSpu, SkuAttr, UpdateSpuFree};
use crate::bulk::source::Input;
use crate::commands::Ctx;
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::goods::component::document;
use crate::shop::goods::sheet::catalogue::{Catalogue, ReadOptions};
use crate::shop::goods::sheet::cells::CLEAR;
use crate::shop::goods::sheet::fields::Field;
use crate::shop::goods::single::Given;
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// Add one product from options
///
/// For a product with several SKUs, or many products, use `goods upload` with a file.
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct AddArgs {
    /// Your own product number
    pub(super) out_product_id: String,
    #[command(flatten)]
    pub(super) fields: Fields,
    #[command(flatten)]
    pub(super) send: SendArgs,
}

/// Change one product
///
/// What is not given stays as it is; `[clear]` empties a field. Price, stock and codes of a product that passed an
/// audit change immediately; anything else goes through the audit.
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct UpdateArgs {
    /// Your own product number
    pub(super) out_product_id: String,
    #[command(flatten)]
    pub(super) fields: Fields,
    #[command(flatten)]
    pub(super) send: SendArgs,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub(super) struct Fields {
    /// Title
    #[arg(long)]
    pub(super) title: Option<String>,
    /// The product's page in the Mini Program
    #[arg(long)]
    pub(super) path: Option<String>,
    /// Main image: file or address (can be repeated)
    #[arg(long = "image", value_name = "IMAGE")]
    pub(super) images: Vec<String>,
    /// Description
    #[arg(long, value_name = "TEXT")]
    pub(super) desc: Option<String>,
    /// Image in the description (can be repeated)
    #[arg(long = "desc-image", value_name = "IMAGE")]
    pub(super) desc_images: Vec<String>,
    /// Image of the product's permit (can be repeated)
    #[arg(long = "qualification", value_name = "IMAGE")]
    pub(super) qualifications: Vec<String>,
    /// Category number; find it with `wxsell category list`
    #[arg(long, value_name = "NUMBER")]
    pub(super) category: Option<u64>,
    /// Brand number (default: no brand)
    #[arg(long, value_name = "NUMBER")]
    pub(super) brand: Option<u64>,
    /// Your own label for this version
    #[arg(long = "info-version", value_name = "TEXT")]
    pub(super) info_version: Option<String>,
    /// WeChat Store: freight template, by name or number
    #[arg(long, value_name = "TEMPLATE")]
    pub(super) freight: Option<String>,
    /// WeChat Store: attribute of the category such as `产地=杭州` (can be repeated)
    #[arg(long = "product-attr", value_name = "NAME=VALUE", value_parser = attribute)]
    pub(super) product_attributes: Vec<SkuAttr>,
    /// SKU number (default: the product number)
    #[arg(long, value_name = "NUMBER")]
    pub(super) sku: Option<String>,
    /// Selling price in yuan
    #[arg(long, value_name = "YUAN", value_parser = price, allow_negative_numbers = true)]
    pub(super) price: Option<Fen>,
    /// List price in yuan
    #[arg(long, value_name = "YUAN", value_parser = price, allow_negative_numbers = true)]
    pub(super) market_price: Option<Fen>,
    /// Stock
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..), allow_negative_numbers = true)]
    pub(super) stock: Option<i64>,
    /// Image of the SKU (default: the first main image)
    #[arg(long, value_name = "IMAGE")]
    pub(super) thumb: Option<String>,
    /// Your own code for the SKU
    #[arg(long, value_name = "CODE")]
    pub(super) sku_code: Option<String>,
    /// Barcode
    #[arg(long, value_name = "CODE")]
    pub(super) barcode: Option<String>,
    /// Attribute of the SKU such as `color=red` (can be repeated)
    #[arg(long = "attr", value_name = "NAME=VALUE", value_parser = attribute)]
    pub(super) attributes: Vec<SkuAttr>,
}

/// Options of a job that one product has no use for. They are still taken.
pub(super) fn hide_those_of_files(arg: clap::Arg) -> clap::Arg {
    const OF_FILES: [&str; 8] = [
        "skip_bad",
        "jobs",
        "reserve",
        "remove_missing_skus",
        "recheck",
        "rehost",
        "failed_file",
        "report",
    ];
    let of_files = OF_FILES.contains(&arg.get_id().as_str());
    arg.hide(of_files)
}

/// What somebody pays.
fn price(text: &str) -> Result<Fen, Failure> {
    let price = Fen::from_yuan(text)?;
    if price.0 > 0 {
        Ok(price)
    } else {
        Err(Failure::input(text!("must be more than 0")))
    }
}

/// The option that gives a field.
fn option_of(field: Field) -> &'static str {
    match field {
        Field::Title => "--title",
        Field::Path => "--path",
        Field::HeadImg => "--image",
        Field::Desc => "--desc",
        Field::DescImgs => "--desc-image",
        Field::QualificationPics => "--qualification",
        Field::ThirdCatId => "--category",
        Field::BrandId => "--brand",
        Field::InfoVersion => "--info-version",
        Field::OutSkuId => "--sku",
        Field::SalePrice => "--price",
        Field::MarketPrice => "--market-price",
        Field::StockNum => "--stock",
        Field::ThumbImg => "--thumb",
        Field::SkuCode => "--sku-code",
        Field::Barcode => "--barcode",
        Field::SkuAttrs => "--attr",
        other => other.name(),
    }
}

fn attribute(text: &str) -> Result<SkuAttr, Text> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() && !value.trim().is_empty() => Ok(SkuAttr {
            attr_key: key.trim().to_owned(),
            attr_value: value.trim().to_owned(),
        }),
        _ => Err(text!("write NAME=VALUE")),
    }
}

impl Fields {
    /// What they say; an image on the command line is relative to the working folder.
    pub(super) fn given(self) -> Given {
        let images = |given: Vec<String>| given.iter().map(|image| absolute(image)).collect();
        Given {
            title: self.title,
            path: self.path,
            images: images(self.images),
            desc: self.desc,
            desc_images: images(self.desc_images),
            qualifications: images(self.qualifications),
            category: self.category,
            brand: self.brand,
            info_version: self.info_version,
            freight: self.freight,
            product_attributes: self.product_attributes,
            sku: self.sku,
            price: self.price,
            market_price: self.market_price,
            stock: self.stock,
            thumb: self.thumb.as_deref().map(absolute),
            sku_code: self.sku_code,
            barcode: self.barcode,
            attributes: self.attributes,
        }
    }
}

/// The file of an image, whole; an address and `[clear]` are none.
fn absolute(image: &str) -> String {
    if image == CLEAR || image.starts_with("http://") || image.starts_with("https://") {
        return image.to_owned();
    }
    std::path::absolute(image).map_or_else(|_| image.to_owned(), |path| path.display().to_string())
}

/// Options that only a WeChat Store has.
fn refuse_of_store(fields: &Fields) -> Result<()> {
    let other = [
        (fields.freight.is_some(), "--freight"),
        (!fields.product_attributes.is_empty(), "--product-attr"),
    ];
    match other.iter().find(|(given, _)| *given) {
        Some((_, option)) => Err(Failure::input(text!(
            "{option} works only with a WeChat Store",
            option = *option
        ))
        .into()),
        None => Ok(()),
    }
}

pub async fn add(args: AddArgs, ctx: &Ctx) -> Result<()> {
    refuse_of_store(&args.fields)?;
    let id = args.out_product_id;
    let given = args.fields.given();
    let sku = given.sku.clone().unwrap_or_else(|| id.clone());
    let document = document(given, &id, Some(sku));
    let done = text!(
        "{product} added; buyers see it once the audit has passed",
        product = &id
    );
    send_one(&id, &document, false, done, &args.send, ctx).await
}

pub async fn update(args: UpdateArgs, ctx: &Ctx) -> Result<()> {
    refuse_of_store(&args.fields)?;
    let given = args.fields.given();
    given.refuse_nothing()?;
    let id = args.out_product_id;
    let planned = ctx.shop().await?.plan_one_update(&id, &given).await?;
    let done = given.done(&id, planned.held.as_ref());
    let document = document(given, &id, planned.sku);
    send_one(&id, &document, true, done, &args.send, ctx).await
}

/// Sends a document of one product; `partial` where it gives only what is to change.
async fn send_one(
    id: &str,
    document: &serde_json::Value,
    partial: bool,
    done: Text,
    send: &SendArgs,
    ctx: &Ctx,
) -> Result<()> {
    let options = ReadOptions {
        zero_stock: true,
        partial,
        called: Some(option_of),
        ..Default::default()
    };
    let input = Input::Made {
        name: id.to_owned(),
        json: document.to_string(),
    };
    let spool_dir = ctx.dirs.state.clone();
    let catalogue = tokio::task::spawn_blocking(move || {
        Catalogue::<AddSpu>::read(&[input], &options, &spool_dir)
    })
    .await??;
    // Options say what is meant now, whatever was sent before.
    let send = SendArgs {
        recheck: true,
        done: Some((if partial { "goods update" } else { "goods add" }, done)),
        ..send.clone()
    };
    upload::send(catalogue, &send, ctx).await
}

/// Change price, stock and codes without audit
///
/// From a sheet with the columns out_product_id, out_sku_id and any of path, sale_price, market_price, stock_num,
/// sku_code and barcode. The products must have passed an audit once. For one SKU use
/// `wxsell goods update NUMBER --sku NUMBER --price YUAN`.
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct PriceStockArgs {
    #[command(flatten)]
    pub(super) read: ReadArgs,
    #[command(flatten)]
    pub(super) send: SendArgs,
}

impl PriceStockArgs {
    /// The files as they were named.
    pub fn files(&self) -> &[String] {
        &self.read.files
    }
}

pub async fn price_stock(args: PriceStockArgs, ctx: &Ctx) -> Result<()> {
    let catalogue: Catalogue<UpdateSpuFree> = args.read.read(ctx).await?;
    upload::send(catalogue, &args.send, ctx).await
}
