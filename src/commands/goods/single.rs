//! `wxsell goods add`, `update` and `price-stock`: one product from options, or price and stock from a sheet. What
//! options say becomes a one-line catalogue, so that it is checked, journalled and sent like a file.

use super::list::absent;
use super::read::ReadArgs;
use super::upload::{self, SendArgs};
use crate::api::component::goods::{AddSpu, NO_BRAND, Sku, SkuAttr, UpdateSpuFree};
use crate::bulk::source::Input;
use crate::commands::Ctx;
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::goods::Copy;
use crate::shop::goods::sheet::catalogue::Catalogue;
use crate::shop::goods::sheet::rows::as_added;
use crate::text;
use crate::types::Fen;
use anyhow::Result;

/// Add one product from options
///
/// For a product with several SKUs, or many products, use `goods upload` with a file.
#[derive(Debug, clap::Args)]
pub struct AddArgs {
    /// Your own product number
    out_product_id: String,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    send: SendArgs,
}

/// Change one product
///
/// What is not given stays as it is. Price, stock and codes of a product that passed an audit change at once; anything
/// else goes through the audit.
#[derive(Debug, clap::Args)]
pub struct UpdateArgs {
    /// Your own product number
    out_product_id: String,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    send: SendArgs,
}

#[derive(Debug, clap::Args)]
struct Fields {
    /// Title
    #[arg(long)]
    title: Option<String>,
    /// The product's page in the mini program
    #[arg(long)]
    path: Option<String>,
    /// Main picture: file or address (can be repeated)
    #[arg(long = "image", value_name = "IMAGE")]
    images: Vec<String>,
    /// Description
    #[arg(long, value_name = "TEXT")]
    desc: Option<String>,
    /// Picture in the description (can be repeated)
    #[arg(long = "desc-image", value_name = "IMAGE")]
    desc_images: Vec<String>,
    /// Picture of the product's permit (can be repeated)
    #[arg(long = "qualification", value_name = "IMAGE")]
    qualifications: Vec<String>,
    /// Number of the third-level category; `wxsell category list` shows them
    #[arg(long, value_name = "NUMBER")]
    category: Option<u64>,
    /// Number of the brand; without one: no brand
    #[arg(long, value_name = "NUMBER")]
    brand: Option<u64>,
    /// Your own mark of this version
    #[arg(long = "info-version", value_name = "TEXT")]
    info_version: Option<String>,
    /// Number of the SKU; without one: that of the product
    #[arg(long, value_name = "NUMBER")]
    sku: Option<String>,
    /// Selling price in yuan
    #[arg(long, value_name = "YUAN", value_parser = yuan)]
    price: Option<Fen>,
    /// List price in yuan
    #[arg(long, value_name = "YUAN", value_parser = yuan)]
    market_price: Option<Fen>,
    /// Stock
    #[arg(long, value_name = "N")]
    stock: Option<i64>,
    /// Small picture of the SKU; without one: the first main picture
    #[arg(long, value_name = "IMAGE")]
    thumb: Option<String>,
    /// Your own code of the SKU
    #[arg(long, value_name = "CODE")]
    sku_code: Option<String>,
    /// Bar code
    #[arg(long, value_name = "CODE")]
    barcode: Option<String>,
    /// Attribute of the SKU such as `colour=red` (can be repeated)
    #[arg(long = "attr", value_name = "NAME=VALUE", value_parser = attribute)]
    attributes: Vec<SkuAttr>,
}

fn yuan(text: &str) -> Result<Fen, Failure> {
    Fen::from_yuan(text)
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
    /// Puts what was given over what was there.
    fn over(self, mut spu: AddSpu, had_skus: bool) -> Result<AddSpu, Failure> {
        let list = |given: Vec<String>, old: Vec<String>| {
            if given.is_empty() {
                old
            } else {
                given.iter().map(|image| absolute(image)).collect()
            }
        };
        spu.title = self.title.unwrap_or(spu.title);
        spu.path = self.path.unwrap_or(spu.path);
        spu.head_img = list(self.images, spu.head_img);
        if !self.qualifications.is_empty() {
            spu.qualification_pics = Some(list(self.qualifications, Vec::new()));
        }
        if self.desc.is_some() || !self.desc_images.is_empty() {
            let mut desc = spu.desc_info.unwrap_or_default();
            desc.desc = self.desc.unwrap_or(desc.desc);
            desc.imgs = list(self.desc_images, desc.imgs);
            spu.desc_info = Some(desc);
        }
        spu.third_cat_id = self.category.unwrap_or(spu.third_cat_id);
        spu.brand_id = self.brand.unwrap_or(spu.brand_id);
        spu.info_version = self.info_version.or(spu.info_version);
        let of_sku = self.price.is_some()
            || self.market_price.is_some()
            || self.stock.is_some()
            || self.thumb.is_some()
            || self.sku_code.is_some()
            || self.barcode.is_some()
            || !self.attributes.is_empty();
        let place = match (&self.sku, spu.skus.len()) {
            (Some(id), _) => spu.skus.iter().position(|sku| sku.out_sku_id == *id),
            (None, 1) => Some(0),
            (None, 0) => None,
            (None, count) if of_sku => {
                return Err(Failure::input(text!("the product has {count} SKUs", count))
                    .hint(text!("say which one with --sku")));
            }
            (None, _) => return Ok(spu),
        };
        let place = match place {
            Some(place) => place,
            None if had_skus && self.sku.is_none() => return Ok(spu),
            None => {
                let out_sku_id = self
                    .sku
                    .clone()
                    .unwrap_or_else(|| spu.out_product_id.clone());
                spu.skus.push(Sku {
                    out_product_id: spu.out_product_id.clone(),
                    out_sku_id,
                    ..Sku::default()
                });
                spu.skus.len() - 1
            }
        };
        let thumb = self
            .thumb
            .as_deref()
            .map(absolute)
            .or_else(|| spu.head_img.first().cloned())
            .unwrap_or_default();
        let sku = &mut spu.skus[place];
        sku.sale_price = self.price.unwrap_or(sku.sale_price);
        // WeChat wants a list price: without one it is the selling price.
        sku.market_price = self.market_price.unwrap_or(if sku.market_price == Fen(0) {
            sku.sale_price
        } else {
            sku.market_price
        });
        sku.stock_num = self.stock.unwrap_or(sku.stock_num);
        if self.thumb.is_some() || sku.thumb_img.is_empty() {
            sku.thumb_img = thumb;
        }
        sku.sku_code = self.sku_code.or(sku.sku_code.take());
        sku.barcode = self.barcode.or(sku.barcode.take());
        if !self.attributes.is_empty() {
            sku.sku_attrs = self.attributes;
        }
        Ok(spu)
    }
}

/// A picture on the command line is relative to the working folder.
fn absolute(image: &str) -> String {
    if image.starts_with("http://") || image.starts_with("https://") {
        return image.to_owned();
    }
    std::path::absolute(image).map_or_else(|_| image.to_owned(), |path| path.display().to_string())
}

pub async fn add(args: AddArgs, ctx: &Ctx) -> Result<()> {
    let fresh = AddSpu {
        out_product_id: args.out_product_id,
        brand_id: NO_BRAND,
        ..AddSpu::default()
    };
    send_one(args.fields.over(fresh, false)?, &args.send, ctx).await
}

pub async fn update(args: UpdateArgs, ctx: &Ctx) -> Result<()> {
    let held = ctx
        .shop()
        .await?
        .goods(&args.out_product_id, Copy::Draft)
        .await?
        .ok_or_else(|| absent(&args.out_product_id))?;
    send_one(args.fields.over(as_added(&held), true)?, &args.send, ctx).await
}

async fn send_one(spu: AddSpu, send: &SendArgs, ctx: &Ctx) -> Result<()> {
    let options = crate::shop::goods::sheet::catalogue::ReadOptions {
        zero_stock: true,
        ..Default::default()
    };
    let input = Input::Made {
        name: spu.out_product_id.clone(),
        json: serde_json::to_string(&spu)?,
    };
    let spool_dir = ctx.dirs.state.clone();
    let catalogue = tokio::task::spawn_blocking(move || {
        Catalogue::<AddSpu>::read(&[input], &options, &spool_dir)
    })
    .await??;
    upload::send(catalogue, send, ctx).await
}

/// Change price, stock and codes without audit
///
/// From a sheet with the columns out_product_id, out_sku_id and any of path, sale_price, market_price, stock_num,
/// sku_code and barcode. The products must have passed an audit once. For one SKU use
/// `wxsell goods update NUMBER --sku NUMBER --price YUAN`.
#[derive(Debug, clap::Args)]
pub struct PriceStockArgs {
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    send: SendArgs,
}

pub async fn price_stock(args: PriceStockArgs, ctx: &Ctx) -> Result<()> {
    let catalogue: Catalogue<UpdateSpuFree> = args.read.read(ctx).await?;
    upload::send(catalogue, &args.send, ctx).await
}
