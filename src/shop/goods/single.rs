//! One product that is added or changed by options: which SKU they are about, and what has happened once it is done.

use super::Copy;
use crate::api::component::goods::{Sku, SkuAttr};
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::shop::{Shop, lacks};
use crate::text;
use crate::types::{Family, Fen};
use anyhow::Result;

/// What options say of a product and of one of its SKUs. What is not given stays as it is; `[clear]` empties a field.
#[derive(Debug, Default)]
pub struct Given {
    pub title: Option<String>,
    pub path: Option<String>,
    /// Files by their whole path, or addresses.
    pub images: Vec<String>,
    pub desc: Option<String>,
    pub desc_images: Vec<String>,
    pub qualifications: Vec<String>,
    pub category: Option<u64>,
    pub brand: Option<u64>,
    pub info_version: Option<String>,
    /// Freight template of a WeChat Store, by name or number.
    pub freight: Option<String>,
    /// Attributes of the category, of a WeChat Store.
    pub product_attributes: Vec<SkuAttr>,
    /// The SKU that the fields below are about.
    pub sku: Option<String>,
    pub price: Option<Fen>,
    pub market_price: Option<Fen>,
    pub stock: Option<i64>,
    pub thumb: Option<String>,
    pub sku_code: Option<String>,
    pub barcode: Option<String>,
    pub attributes: Vec<SkuAttr>,
}

/// A change of one product.
#[derive(Debug)]
pub struct Planned {
    /// The SKU that is changed; `None` where none is.
    pub sku: Option<String>,
    /// The same as the shop has it.
    pub held: Option<Sku>,
}

/// The failure for a product that is not there.
pub fn absent(out_product_id: &str) -> Failure {
    Failure::new(
        Kind::Refused,
        text!(
            "the shop has no product {number}",
            number = out_product_id
        ),
    )
    .hint(text!(
        "`wxsell goods list` shows what it has; a product that never passed an audit has no online copy"
    ))
}

impl Shop {
    /// Which SKU a change is about, by what the shop has.
    ///
    /// # Errors
    /// Where there is no such product, no such SKU, or several without one being named.
    pub async fn plan_one_update(&self, number: &str, given: &Given) -> Result<Planned> {
        match self.family {
            Family::Component => {
                let held = self.goods(number, Copy::Draft).await?;
                let held = held.ok_or_else(|| absent(number))?;
                planned(number, given, &held.skus)
            }
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }
}

/// It has several SKUs, and none was named.
pub fn several(count: usize) -> Failure {
    Failure::input(text!("the product has {count} {count:SKU|SKUs}", count))
        .hint(text!("choose one with --sku"))
}

fn planned(number: &str, given: &Given, skus: &[Sku]) -> Result<Planned> {
    let sku = match (&given.sku, skus) {
        _ if !given.of_sku() => None,
        (Some(named), _) => Some(named.clone()),
        (None, [only]) => Some(only.out_sku_id.clone()),
        (None, []) => Some(number.to_owned()),
        (None, skus) => return Err(several(skus.len()).into()),
    };
    let held = sku
        .as_ref()
        .and_then(|sku| skus.iter().find(|held| held.out_sku_id == *sku));
    if let Some(sku) = &sku {
        let known: Vec<&str> = skus.iter().map(|sku| &*sku.out_sku_id).collect();
        given.refuse_unknown_sku(number, sku, &known)?;
    }
    let held = held.cloned();
    Ok(Planned { sku, held })
}

impl Given {
    /// Refuses a change of nothing.
    pub fn refuse_nothing(&self) -> Result<()> {
        if self.of_sku() && self.changes_sku() || self.of_product() {
            return Ok(());
        }
        Err(Failure::input(text!("nothing to change was given"))
            .hint(text!(
                "say what changes, e.g. --price, --stock, --title or --image; `wxsell goods update --help` lists all"
            ))
            .into())
    }

    /// Refuses a SKU that the product does not have, unless all is given that a new one needs.
    ///
    /// # Errors
    /// Of kind `Input`.
    pub fn refuse_unknown_sku(&self, product: &str, sku: &str, known: &[&str]) -> Result<()> {
        let is_new = self.price.is_some() && self.stock.is_some() && !self.attributes.is_empty();
        if is_new || known.is_empty() || known.contains(&sku) {
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
    pub fn done(&self, id: &str, held: Option<&Sku>) -> Text {
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

    /// Whether an option is about a SKU.
    pub fn of_sku(&self) -> bool {
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
