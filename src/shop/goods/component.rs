//! Products between the program and the custom component: what a sheet says and what the shop has, out of and into the
//! forms of `/shop/spu/*`.

use super::Shop;
use super::sheet::catalogue::{Outline, RowRef};
use super::sheet::cells::CLEAR;
use super::sheet::fields::Field as Column;
use super::sheet::images::{BY_CONTENT, images_of};
use super::sheet::rows::Payload;
use super::single::Given as Options;
use crate::api::component::goods::{
    AddSpu, DescInfo, FreeSku, NO_BRAND, Sku as WireSku, SkuAttr, Spu, UpdateSpuFree,
};
use crate::model::product::{
    Attribute, Draft, Free, Given, Held, Product, Review, Sku, SkuDraft, UNSEEN, sent,
};
use crate::types::Fen;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// States of a draft.
const EDITING: i64 = 1;
pub(super) const IN_AUDIT: i64 = 2;
const AUDIT_FAILED: i64 = 3;
const AUDIT_PASSED: i64 = 4;

/// A new price is suspicious below this part of its list price, see [`PriceGuard`](crate::model::price::PriceGuard).
const TENTH: i64 = 10;

/// A request of a catalogue, as what it says of a product.
pub trait Sendable: Payload + Send + Sync {
    /// Whether it can create a product, which takes a slot of the audit quota.
    const AUDITED: bool;
    /// What the rows `rows` say, from which the request was made.
    fn draft(self, rows: &[RowRef]) -> Draft;
}

/// `value` where a row gives the field; empty means emptied.
fn given<T: Default + PartialEq>(is_given: bool, value: T) -> Given<T> {
    match is_given {
        false => Given::Keep,
        true if value == T::default() => Given::Clear,
        true => Given::Set(value),
    }
}

fn attributes(attributes: Vec<SkuAttr>) -> Vec<Attribute> {
    let one = |attribute: SkuAttr| Attribute {
        name: attribute.attr_key,
        value: attribute.attr_value,
    };
    attributes.into_iter().map(one).collect()
}

/// The opaque text of a value that the shop never shows.
fn opaque<T: Serialize>(value: Option<&T>) -> String {
    value
        .and_then(|value| serde_json::to_string(value).ok())
        .unwrap_or_default()
}

fn of_opaque<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// What the shop never shows of a product, in the order of [`UNSEEN_NAMES`](crate::model::product::UNSEEN_NAMES).
fn unseen(spu: &AddSpu) -> [String; UNSEEN] {
    [
        opaque(spu.scene_group_list.as_ref()),
        opaque(spu.supplier.as_ref()),
        opaque(spu.express_fee.as_ref()),
        opaque(spu.product_type.as_ref()),
        opaque(spu.sell_time.as_ref()),
        opaque(spu.pick_up_type.as_ref()),
        opaque(spu.onsale.as_ref()),
        opaque(spu.unitname.as_ref()),
        opaque(spu.unitfactor.as_ref()),
    ]
}

const UNSEEN_COLUMNS: [Column; UNSEEN] = [
    Column::SceneGroupList,
    Column::Supplier,
    Column::ExpressFee,
    Column::ProductType,
    Column::SellTime,
    Column::PickUpType,
    Column::Onsale,
    Column::Unitname,
    Column::Unitfactor,
];

impl Sendable for AddSpu {
    const AUDITED: bool = true;

    fn draft(mut self, rows: &[RowRef]) -> Draft {
        let gives = |column: Column| rows.iter().any(|row| row.gives(column));
        let desc = self.desc_info.take().unwrap_or_default();
        let mut unseen = unseen(&self).into_iter();
        Draft {
            title: given(gives(Column::Title), self.title),
            path: given(gives(Column::Path), self.path),
            direct_path: given(
                gives(Column::DirectPath),
                self.direct_path.unwrap_or_default(),
            ),
            head_images: given(gives(Column::HeadImg), self.head_img),
            description: given(gives(Column::Desc), desc.desc),
            description_images: given(gives(Column::DescImgs), desc.imgs),
            category: given(gives(Column::ThirdCatId), self.third_cat_id),
            brand: given(gives(Column::BrandId), brand(self.brand_id)),
            version: given(
                gives(Column::InfoVersion),
                self.info_version.unwrap_or_default(),
            ),
            permits: given(
                gives(Column::QualificationPics),
                self.qualification_pics.unwrap_or_default(),
            ),
            unseen: UNSEEN_COLUMNS
                .map(|column| given(gives(column), unseen.next().unwrap_or_default())),
            skus: self
                .skus
                .into_iter()
                .enumerate()
                .map(|(place, sku)| {
                    let row = rows.get(place).or(rows.first());
                    let gives = |column: Column| row.is_some_and(|row| row.gives(column));
                    SkuDraft {
                        id: sku.out_sku_id,
                        image: given(gives(Column::ThumbImg), sku.thumb_img),
                        price: given(gives(Column::SalePrice), sku.sale_price),
                        list_price: given(gives(Column::MarketPrice), sku.market_price),
                        stock: if gives(Column::StockNum) {
                            Given::Set(sku.stock_num)
                        } else {
                            Given::Keep
                        },
                        code: given(gives(Column::SkuCode), sku.sku_code.unwrap_or_default()),
                        barcode: given(gives(Column::Barcode), sku.barcode.unwrap_or_default()),
                        attributes: given(gives(Column::SkuAttrs), attributes(sku.sku_attrs)),
                    }
                })
                .collect(),
            free_only: false,
            id: self.out_product_id,
        }
    }
}

impl Sendable for UpdateSpuFree {
    const AUDITED: bool = false;

    fn draft(self, rows: &[RowRef]) -> Draft {
        let mut with_sku = rows.iter().filter(|row| row.gives(Column::OutSkuId));
        Draft {
            path: given(self.path.is_some(), self.path.unwrap_or_default()),
            skus: self
                .skus
                .into_iter()
                .map(|sku| {
                    let row = with_sku.next();
                    let gives = |column: Column| row.is_some_and(|row| row.gives(column));
                    SkuDraft {
                        id: sku.out_sku_id,
                        price: given(gives(Column::SalePrice), sku.sale_price.unwrap_or_default()),
                        list_price: given(
                            gives(Column::MarketPrice),
                            sku.market_price.unwrap_or_default(),
                        ),
                        stock: sku.stock_num.map_or(Given::Keep, Given::Set),
                        code: given(gives(Column::SkuCode), sku.sku_code.unwrap_or_default()),
                        barcode: given(gives(Column::Barcode), sku.barcode.unwrap_or_default()),
                        ..SkuDraft::default()
                    }
                })
                .collect(),
            free_only: true,
            id: self.out_product_id,
            ..Draft::default()
        }
    }
}

fn brand(number: u64) -> u64 {
    match number {
        NO_BRAND => 0,
        number => number,
    }
}

/// A product as the shop has it.
pub fn product(spu: Spu) -> Product {
    let sku = |sku: WireSku| Sku {
        id: sku.out_sku_id,
        image: sku.thumb_img,
        price: sku.sale_price,
        list_price: sku.market_price,
        stock: sku.stock_num,
        code: sku.sku_code.unwrap_or_default(),
        barcode: sku.barcode.unwrap_or_default(),
        attributes: attributes(sku.sku_attrs),
    };
    Product {
        id: spu.out_product_id,
        title: spu.title,
        path: spu.path,
        direct_path: spu.direct_path.unwrap_or_default(),
        head_images: spu.head_img,
        description: spu.desc_info.desc,
        description_images: spu.desc_info.imgs,
        category: spu.third_cat_id,
        brand: brand(spu.brand_id),
        version: spu.info_version,
        permits: spu.qualification_pics,
        skus: spu.skus.into_iter().map(sku).collect(),
    }
}

/// A product with its state; `online` where what buyers see may differ from the draft.
pub fn held(spu: Spu, online: Option<Spu>) -> Held {
    let review = match spu.edit_status {
        0 | EDITING => Review::Editing,
        IN_AUDIT => Review::InAudit,
        AUDIT_FAILED => Review::Rejected(spu.audit_info.reject_reason.clone()),
        AUDIT_PASSED => Review::Passed,
        _ => Review::Other,
    };
    Held {
        passed_once: spu.status != 0 || spu.edit_status == AUDIT_PASSED,
        review,
        online: online.map(product),
        product: product(spu),
    }
}

/// Whether buyers may see other prices than the draft holds.
pub fn may_differ_online(spu: &Spu) -> bool {
    spu.status != 0 && spu.edit_status != AUDIT_PASSED
}

/// The whole product, to be added or to replace its draft.
pub fn request(product: Product, unseen: &[String; UNSEEN]) -> AddSpu {
    let some = |text: String| (!text.is_empty()).then_some(text);
    let some_list = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let desc_info = DescInfo {
        imgs: product.description_images,
        desc: product.description,
    };
    AddSpu {
        title: product.title,
        path: product.path,
        direct_path: some(product.direct_path),
        head_img: product.head_images,
        qualification_pics: some_list(product.permits),
        desc_info: (desc_info != DescInfo::default()).then_some(desc_info),
        third_cat_id: product.category,
        brand_id: match product.brand {
            0 => NO_BRAND,
            number => number,
        },
        info_version: some(product.version),
        skus: product
            .skus
            .into_iter()
            .map(|sku| WireSku {
                out_product_id: product.id.clone(),
                out_sku_id: sku.id,
                thumb_img: sku.image,
                sale_price: sku.price,
                market_price: sku.list_price,
                stock_num: sku.stock,
                sku_code: some(sku.code),
                barcode: some(sku.barcode),
                sku_attrs: sku
                    .attributes
                    .into_iter()
                    .map(|attribute| SkuAttr {
                        attr_key: attribute.name,
                        attr_value: attribute.value,
                    })
                    .collect(),
            })
            .collect(),
        scene_group_list: of_opaque(&unseen[0]),
        supplier: of_opaque(&unseen[1]),
        express_fee: of_opaque(&unseen[2]),
        product_type: of_opaque(&unseen[3]),
        sell_time: of_opaque(&unseen[4]),
        pick_up_type: of_opaque(&unseen[5]),
        onsale: of_opaque(&unseen[6]),
        unitname: of_opaque(&unseen[7]),
        unitfactor: of_opaque(&unseen[8]),
        out_product_id: product.id,
    }
}

/// What changes without an audit.
pub fn free_request(out_product_id: &str, free: &Free) -> UpdateSpuFree {
    UpdateSpuFree {
        out_product_id: out_product_id.to_owned(),
        path: free.path.clone(),
        skus: free
            .skus
            .iter()
            .map(|sku| FreeSku {
                out_sku_id: sku.id.clone(),
                sale_price: sku.price,
                market_price: sku.list_price,
                stock_num: sku.stock,
                sku_code: sku.code.clone(),
                barcode: sku.barcode.clone(),
            })
            .collect(),
    }
}

/// What is known of a product without reading it again. Made for each product of a million: nothing is copied.
pub fn outline(spu: &AddSpu) -> Outline {
    let whole = |sku: &WireSku| !sku.thumb_img.is_empty() && sku.market_price != Fen(0);
    let sound = !spu.title.is_empty()
        && !spu.path.is_empty()
        && !spu.head_img.is_empty()
        && spu.skus.iter().all(whole)
        && (spu.skus.len() < 2 || spu.skus.iter().all(|sku| !sku.sku_attrs.is_empty()));
    Outline {
        key: spu.out_product_id.clone(),
        third_cat_id: spu.third_cat_id,
        ready: sound && !images_of(spu).any(|image| image.starts_with(BY_CONTENT)),
        cheap: spu.skus.iter().any(|sku| {
            i128::from(sku.sale_price.0) * i128::from(TENTH) < i128::from(sku.market_price.0)
        }),
        sent: sent_if_added(spu),
    }
}

/// [`Sent::of_new`](crate::model::product::Sent::of_new) of a product that is added as it stands, in bytes.
fn sent_if_added(spu: &AddSpu) -> Vec<u8> {
    let text = |text: Option<&String>| sent::of_text(text.map_or("", String::as_str));
    let list = |list: &[String]| sent::of_list(list.iter().map(String::as_str));
    let none = DescInfo::default();
    let desc = spu.desc_info.as_ref().unwrap_or(&none);
    let seen = [
        sent::of_text(&spu.title),
        sent::of_text(&spu.path),
        text(spu.direct_path.as_ref()),
        list(&spu.head_img),
        sent::of_text(&desc.desc),
        list(&desc.imgs),
        sent::of_number(spu.third_cat_id),
        sent::of_number(brand(spu.brand_id)),
        text(spu.info_version.as_ref()),
        list(spu.qualification_pics.as_deref().unwrap_or_default()),
    ];
    let unseen = unseen(spu);
    let mut out = Vec::with_capacity(48 + spu.skus.len() * 33);
    sent::write(
        &mut out,
        seen.map(Some),
        Some(unseen.each_ref().map(String::as_str)),
    );
    for sku in &spu.skus {
        let attributes = sku
            .sku_attrs
            .iter()
            .map(|one| (one.attr_key.as_str(), one.attr_value.as_str()));
        let fields = [
            sent::of_price(sku.market_price),
            sent::of_text(&sku.thumb_img),
            text(sku.sku_code.as_ref()),
            text(sku.barcode.as_ref()),
            sent::of_attributes(attributes),
        ];
        sent::write_sku(
            &mut out,
            sent::of_text(&sku.out_sku_id),
            Some(sku.sale_price),
            fields.map(Some),
        );
    }
    out
}

impl Shop {
    /// A product with its state, and what buyers see of it where that may be another price; `None` if the shop has none
    /// of this number.
    pub async fn held(&self, out_product_id: &str) -> anyhow::Result<Option<Held>> {
        match self.goods(out_product_id, super::Copy::Draft).await? {
            Some(spu) => self.with_online(spu).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same, of a draft that was read.
    pub async fn with_online(&self, spu: Spu) -> anyhow::Result<Held> {
        let online = if may_differ_online(&spu) {
            self.goods(&spu.out_product_id, super::Copy::Online).await?
        } else {
            None
        };
        Ok(held(spu, online))
    }
}

/// What is given, as a document of one product; `sku` is the SKU that options of a SKU are about. What is not given
/// is not in it.
pub fn document(given: Options, out_product_id: &str, sku: Option<String>) -> Value {
    let mut product = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            product.insert(name.to_owned(), value);
        }
    };
    // As in a sheet, `[clear]` empties a field.
    let text = |given: Option<String>| {
        given.map(|text| {
            if text == CLEAR {
                Value::Null
            } else {
                text.into()
            }
        })
    };
    let list = |given: &[String]| {
        if given == [CLEAR] {
            return Some(Value::Null);
        }
        (!given.is_empty()).then(|| given.into())
    };
    put("out_product_id", Some(out_product_id.into()));
    put("title", text(given.title));
    put("path", text(given.path));
    put("head_img", list(&given.images));
    put("qualification_pics", list(&given.qualifications));
    put("third_cat_id", given.category.map(Into::into));
    put("brand_id", given.brand.map(Into::into));
    put("info_version", text(given.info_version));
    let mut desc = Map::new();
    if let Some(words) = given.desc {
        desc.insert("desc".to_owned(), text(Some(words)).unwrap_or_default());
    }
    if let Some(images) = list(&given.desc_images) {
        desc.insert("imgs".to_owned(), images);
    }
    put("desc_info", (!desc.is_empty()).then(|| desc.into()));
    if let Some(id) = sku {
        let attributes: Vec<Value> = given
            .attributes
            .iter()
            .map(|one| serde_json::to_value(one).unwrap_or_default())
            .collect();
        let mut sku = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                sku.insert(name.to_owned(), value);
            }
        };
        put("out_sku_id", Some(id.into()));
        put("sale_price", given.price.map(|price| price.0.into()));
        put(
            "market_price",
            given.market_price.map(|price| price.0.into()),
        );
        put("stock_num", given.stock.map(Into::into));
        put("thumb_img", given.thumb.map(Into::into));
        put("sku_code", text(given.sku_code));
        put("barcode", text(given.barcode));
        put(
            "sku_attrs",
            (!attributes.is_empty()).then(|| attributes.into()),
        );
        product.insert("skus".to_owned(), vec![Value::from(sku)].into());
    }
    product.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::product::Sent;

    #[test]
    fn what_is_remembered_of_an_added_product_is_what_the_model_says() {
        let spu = AddSpu {
            out_product_id: "P".into(),
            title: "tea".into(),
            path: "p".into(),
            head_img: vec!["u".into(), "v".into()],
            brand_id: NO_BRAND,
            third_cat_id: 1423,
            express_fee: Some(Fen(0)),
            supplier: Some("远山茶厂".into()),
            desc_info: Some(DescInfo {
                imgs: vec!["d".into()],
                desc: "words".into(),
            }),
            skus: vec![WireSku {
                out_product_id: "P".into(),
                out_sku_id: "P-1".into(),
                thumb_img: "t".into(),
                sale_price: Fen(1250),
                market_price: Fen(1300),
                barcode: Some("69".into()),
                sku_attrs: vec![SkuAttr {
                    attr_key: "size".into(),
                    attr_value: "L".into(),
                }],
                ..WireSku::default()
            }],
            ..AddSpu::default()
        };
        let unseen = unseen(&spu);
        let as_held = Spu {
            out_product_id: spu.out_product_id.clone(),
            title: spu.title.clone(),
            path: spu.path.clone(),
            head_img: spu.head_img.clone(),
            brand_id: spu.brand_id,
            third_cat_id: spu.third_cat_id,
            desc_info: spu.desc_info.clone().unwrap_or_default(),
            skus: spu.skus.clone(),
            ..Spu::default()
        };
        let product = product(as_held);
        assert_eq!(
            Sent::from_bytes(&sent_if_added(&spu)),
            Some(Sent::of_new(&product, &unseen))
        );
        assert_eq!(request(product, &unseen), spu, "and there and back");
    }
}
