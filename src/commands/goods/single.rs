//! `wxsell goods add`, `update` and `price-stock`: one product from options, or price and stock from a sheet. What
//! options say becomes a one-line catalogue, so that it is checked, journalled and sent like a file.

use super::list::absent;
use super::read::ReadArgs;
use super::upload::{self, SendArgs};
use crate::api::component::goods::{AddSpu, Sku, SkuAttr, UpdateSpuFree};
use crate::bulk::source::Input;
use crate::commands::Ctx;
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::goods::Copy;
use crate::shop::goods::sheet::catalogue::{Catalogue, ReadOptions};
use crate::shop::goods::sheet::cells::CLEAR;
use crate::shop::goods::sheet::fields::Field;
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
/// audit change at once; anything else goes through the audit.
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
    /// The product's page in the mini program
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
    /// Your own code of the SKU
    #[arg(long, value_name = "CODE")]
    pub(super) sku_code: Option<String>,
    /// Bar code
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
    match price.0 > 0 {
        true => Ok(price),
        false => Err(Failure::input(text!("must be more than 0"))),
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
    /// What is given, as a document of one product; `sku` is the SKU that options of a SKU are about. What is not given
    /// is not in it.
    fn document(self, out_product_id: &str, sku: Option<String>) -> serde_json::Value {
        let mut product = serde_json::Map::new();
        let mut put = |name: &str, value: Option<serde_json::Value>| {
            if let Some(value) = value {
                product.insert(name.to_owned(), value);
            }
        };
        // As in a sheet, `[clear]` empties a field.
        let text = |given: Option<String>| {
            given.map(|text| match text == CLEAR {
                true => serde_json::Value::Null,
                false => text.into(),
            })
        };
        let list = |given: &[String]| {
            if given == [CLEAR] {
                return Some(serde_json::Value::Null);
            }
            let images = || given.iter().map(|image| absolute(image)).collect();
            (!given.is_empty()).then(images)
        };
        put("out_product_id", Some(out_product_id.into()));
        put("title", text(self.title));
        put("path", text(self.path));
        put("head_img", list(&self.images));
        put("qualification_pics", list(&self.qualifications));
        put("third_cat_id", self.category.map(Into::into));
        put("brand_id", self.brand.map(Into::into));
        put("info_version", text(self.info_version));
        let mut desc = serde_json::Map::new();
        if let Some(words) = self.desc {
            desc.insert("desc".to_owned(), text(Some(words)).unwrap_or_default());
        }
        if let Some(images) = list(&self.desc_images) {
            desc.insert("imgs".to_owned(), images);
        }
        put("desc_info", (!desc.is_empty()).then(|| desc.into()));
        if let Some(id) = sku {
            let attributes: Vec<serde_json::Value> = self
                .attributes
                .iter()
                .map(|one| serde_json::to_value(one).unwrap_or_default())
                .collect();
            let mut sku = serde_json::Map::new();
            let mut put = |name: &str, value: Option<serde_json::Value>| {
                if let Some(value) = value {
                    sku.insert(name.to_owned(), value);
                }
            };
            put("out_sku_id", Some(id.into()));
            put("sale_price", self.price.map(|price| price.0.into()));
            put(
                "market_price",
                self.market_price.map(|price| price.0.into()),
            );
            put("stock_num", self.stock.map(Into::into));
            put(
                "thumb_img",
                self.thumb.as_deref().map(|image| absolute(image).into()),
            );
            put("sku_code", text(self.sku_code));
            put("barcode", text(self.barcode));
            put(
                "sku_attrs",
                (!attributes.is_empty()).then(|| attributes.into()),
            );
            product.insert("skus".to_owned(), vec![serde_json::Value::from(sku)].into());
        }
        product.into()
    }

    /// Refuses a change of nothing.
    pub(super) fn refuse_nothing(&self) -> Result<()> {
        if self.of_sku() && self.changes_sku() || self.of_product() {
            return Ok(());
        }
        Err(Failure::input(text!("nothing to change was given"))
            .hint(text!(
                "say what changes, e.g. --price, --stock, --title or --image; `wxsell goods update --help` lists all"
            ))
            .into())
    }

    fn changes_sku(&self) -> bool {
        self.price.is_some()
            || self.market_price.is_some()
            || self.stock.is_some()
            || self.thumb.is_some()
            || self.sku_code.is_some()
            || self.barcode.is_some()
            || !self.attributes.is_empty()
    }

    /// Whether an option is about the product itself.
    fn of_product(&self) -> bool {
        self.title.is_some()
            || self.path.is_some()
            || !self.images.is_empty()
            || self.desc.is_some()
            || !self.desc_images.is_empty()
            || !self.qualifications.is_empty()
            || self.category.is_some()
            || self.brand.is_some()
            || self.info_version.is_some()
            || self.freight.is_some()
            || !self.product_attributes.is_empty()
    }

    /// What has happened once all of it is done; `held` is the SKU as the shop had it.
    fn done(&self, id: &str, held: Option<&Sku>) -> Text {
        let audited = self.title.is_some()
            || !self.images.is_empty()
            || self.desc.is_some()
            || !self.desc_images.is_empty()
            || !self.qualifications.is_empty()
            || self.category.is_some()
            || self.brand.is_some()
            || self.market_price.is_some()
            || self.thumb.is_some()
            || !self.attributes.is_empty();
        if audited {
            return text!(
                "{product} changed; buyers see the old version until the audit has passed",
                product = id
            );
        }
        match (held, self.price, self.stock) {
            (Some(held), Some(price), None) => text!(
                "{product}: {old} → {new}, live now",
                product = id,
                old = held.sale_price.to_yuan(),
                new = price.to_yuan()
            ),
            (Some(held), None, Some(stock)) => text!(
                "{product}: stock {old} → {new}, live now",
                product = id,
                old = held.stock_num,
                new = stock
            ),
            (Some(held), Some(price), Some(stock)) => text!(
                "{product}: {old} → {new}, stock {had} → {has}, live now",
                product = id,
                old = held.sale_price.to_yuan(),
                new = price.to_yuan(),
                had = held.stock_num,
                has = stock
            ),
            _ => text!("{product} changed, live now", product = id),
        }
    }

    /// Refuses a SKU that the product does not have, unless all is given that a new one needs.
    pub(super) fn refuse_unknown_sku(
        &self,
        product: &str,
        sku: &str,
        known: &[&str],
    ) -> Result<()> {
        let is_new = self.price.is_some() && self.stock.is_some() && !self.attributes.is_empty();
        if is_new || known.contains(&sku) {
            return Ok(());
        }
        Err(Failure::input(text!(
            "product {product} has no SKU {sku}; it has {skus}",
            product,
            sku,
            skus = known.join(", ")
        ))
        .hint(text!("a new SKU needs --price, --stock and --attr"))
        .into())
    }

    /// Whether an option is about a SKU.
    pub(super) fn of_sku(&self) -> bool {
        self.sku.is_some()
            || self.price.is_some()
            || self.market_price.is_some()
            || self.stock.is_some()
            || self.thumb.is_some()
            || self.sku_code.is_some()
            || self.barcode.is_some()
            || !self.attributes.is_empty()
    }
}

/// A picture on the command line is relative to the working folder.
pub(super) fn absolute(image: &str) -> String {
    if image.starts_with("http://") || image.starts_with("https://") {
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
            "{option} works for a WeChat Store alone",
            option = *option
        ))
        .into()),
        None => Ok(()),
    }
}

pub async fn add(args: AddArgs, ctx: &Ctx) -> Result<()> {
    refuse_of_store(&args.fields)?;
    let id = args.out_product_id;
    let sku = args.fields.sku.clone().unwrap_or_else(|| id.clone());
    let document = args.fields.document(&id, Some(sku));
    let done = text!(
        "{product} added; buyers see it once the audit has passed",
        product = &id
    );
    send_one(&id, &document, false, done, &args.send, ctx).await
}

pub async fn update(args: UpdateArgs, ctx: &Ctx) -> Result<()> {
    refuse_of_store(&args.fields)?;
    args.fields.refuse_nothing()?;
    let id = args.out_product_id;
    let held = ctx.shop().await?.goods(&id, Copy::Draft).await?;
    let held = held.ok_or_else(|| absent(&id))?;
    let sku = match (&args.fields.sku, held.skus.as_slice()) {
        _ if !args.fields.of_sku() => None,
        (Some(named), _) => Some(named.clone()),
        (None, [only]) => Some(only.out_sku_id.clone()),
        (None, []) => Some(id.clone()),
        (None, several) => {
            return Err(Failure::input(text!(
                "the product has {count} {count:SKU|SKUs}",
                count = several.len()
            ))
            .hint(text!("say which one with --sku"))
            .into());
        }
    };
    let held_sku = sku
        .as_ref()
        .and_then(|sku| held.skus.iter().find(|held| held.out_sku_id == *sku));
    if let Some(sku) = &sku {
        let known: Vec<&str> = held.skus.iter().map(|sku| &*sku.out_sku_id).collect();
        args.fields.refuse_unknown_sku(&id, sku, &known)?;
    }
    let done = args.fields.done(&id, held_sku);
    let document = args.fields.document(&id, sku);
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
