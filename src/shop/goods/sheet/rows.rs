//! The rows of one product: their values, and the requests that are made of them.

use super::catalogue::Outline;
use super::cells::Value;
use super::fields::{Field, PRODUCT_FIELDS, SKU_FIELDS};
use crate::api::component::goods::{AddSpu, DescInfo, FreeSku, NO_BRAND, Sku, Spu, UpdateSpuFree};
use crate::shop::goods::component;
use crate::types::Fen;

/// The cells of one product, read: product-level values, and those of each SKU.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values {
    pub id: String,
    /// By [`Field`].
    pub product: [Option<Value>; PRODUCT_FIELDS],
    /// By [`Field`], counted from `OutSkuId`.
    pub skus: Vec<[Option<Value>; SKU_FIELDS]>,
}

/// The place of a SKU's field in [`Values::skus`].
pub fn sku_slot(field: Field) -> usize {
    field.target() as usize - PRODUCT_FIELDS
}

impl Values {
    fn text(&mut self, field: Field) -> Option<String> {
        text_of(self.product[field as usize].take())
    }

    fn list(&mut self, field: Field) -> Option<Vec<String>> {
        match self.product[field as usize].take() {
            Some(Value::List(list)) => Some(list),
            _ => None,
        }
    }

    fn whole(&mut self, field: Field) -> Option<i64> {
        whole_of(self.product[field as usize].take())
    }
}

fn text_of(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn whole_of(value: Option<Value>) -> Option<i64> {
    match value {
        Some(Value::Whole(whole)) => Some(whole),
        _ => None,
    }
}

fn fen_of(value: Option<Value>) -> Option<Fen> {
    match value {
        Some(Value::Fen(fen)) => Some(fen),
        _ => None,
    }
}

/// A request made of the rows of one product.
pub trait Payload: serde::Serialize + serde::de::DeserializeOwned + Send + 'static {
    /// Columns that may be in the file, beside `reason`.
    fn takes(field: Field) -> bool;
    /// Columns that must be there.
    const REQUIRED: &'static [Field];
    /// Fields of the product that must have a value, and those of each SKU.
    const NEEDS: &'static [Field];
    /// Whether it may create a product, which stock 0 forbids.
    const CREATES: bool;

    fn from_values(values: Values) -> Self;
    /// The way back, which [`from_values`](Payload::from_values) undoes.
    fn into_values(self) -> Values;
    /// What is known of it without reading it again.
    fn outline(&self) -> Outline;
}

impl Payload for AddSpu {
    fn takes(_: Field) -> bool {
        true
    }

    const REQUIRED: &'static [Field] = &[
        Field::OutProductId,
        Field::Title,
        Field::Path,
        Field::HeadImg,
        Field::ThirdCatId,
        Field::OutSkuId,
        Field::SalePrice,
        Field::StockNum,
    ];
    const NEEDS: &'static [Field] = &[
        Field::Title,
        Field::Path,
        Field::HeadImg,
        Field::ThirdCatId,
        Field::OutSkuId,
        Field::SalePrice,
        Field::StockNum,
    ];
    const CREATES: bool = true;

    fn from_values(mut values: Values) -> AddSpu {
        let skus = std::mem::take(&mut values.skus);
        let imgs = values.list(Field::DescImgs);
        let desc = values.text(Field::Desc);
        let desc_info = (imgs.is_some() || desc.is_some()).then(|| DescInfo {
            imgs: imgs.unwrap_or_default(),
            desc: desc.unwrap_or_default(),
        });
        AddSpu {
            title: values.text(Field::Title).unwrap_or_default(),
            path: values.text(Field::Path).unwrap_or_default(),
            direct_path: values.text(Field::DirectPath),
            head_img: values.list(Field::HeadImg).unwrap_or_default(),
            qualification_pics: values.list(Field::QualificationPics),
            desc_info,
            third_cat_id: unsigned(values.whole(Field::ThirdCatId)).unwrap_or_default(),
            brand_id: unsigned(values.whole(Field::BrandId)).unwrap_or(NO_BRAND),
            info_version: values.text(Field::InfoVersion),
            scene_group_list: match values.product[Field::SceneGroupList as usize].take() {
                Some(Value::Wholes(scenes)) => Some(scenes),
                _ => None,
            },
            supplier: values.text(Field::Supplier),
            express_fee: fen_of(values.product[Field::ExpressFee as usize].take()),
            product_type: values.text(Field::ProductType),
            sell_time: values.text(Field::SellTime),
            pick_up_type: values.list(Field::PickUpType),
            onsale: values.whole(Field::Onsale),
            unitname: values.text(Field::Unitname),
            unitfactor: values.whole(Field::Unitfactor),
            skus: skus
                .into_iter()
                .map(|sku| sku_of(&values.id, sku))
                .collect(),
            out_product_id: values.id,
        }
    }

    fn into_values(self) -> Values {
        let mut values = Values {
            id: self.out_product_id,
            ..Values::default()
        };
        let mut set = |field: Field, value: Option<Value>| values.product[field as usize] = value;
        let some_text = |text: String| (!text.is_empty()).then_some(Value::Text(text));
        let some_list = |list: Vec<String>| (!list.is_empty()).then_some(Value::List(list));
        set(Field::Title, some_text(self.title));
        set(Field::Path, some_text(self.path));
        set(Field::DirectPath, self.direct_path.and_then(some_text));
        set(Field::HeadImg, some_list(self.head_img));
        set(
            Field::QualificationPics,
            self.qualification_pics.and_then(some_list),
        );
        let desc = self.desc_info.unwrap_or_default();
        set(Field::Desc, some_text(desc.desc));
        set(Field::DescImgs, some_list(desc.imgs));
        set(Field::ThirdCatId, signed(self.third_cat_id));
        set(Field::BrandId, signed(self.brand_id));
        set(Field::InfoVersion, self.info_version.and_then(some_text));
        set(
            Field::SceneGroupList,
            self.scene_group_list
                .filter(|list| !list.is_empty())
                .map(Value::Wholes),
        );
        set(Field::Supplier, self.supplier.and_then(some_text));
        set(Field::ExpressFee, self.express_fee.map(Value::Fen));
        set(Field::ProductType, self.product_type.and_then(some_text));
        set(Field::SellTime, self.sell_time.and_then(some_text));
        set(Field::PickUpType, self.pick_up_type.and_then(some_list));
        set(Field::Onsale, self.onsale.map(Value::Whole));
        set(Field::Unitname, self.unitname.and_then(some_text));
        set(Field::Unitfactor, self.unitfactor.map(Value::Whole));
        values.skus = self
            .skus
            .into_iter()
            .map(|sku| {
                [
                    some_text(sku.out_sku_id),
                    some_list(
                        Some(sku.thumb_img)
                            .filter(|image| !image.is_empty())
                            .into_iter()
                            .collect(),
                    ),
                    Some(Value::Fen(sku.sale_price)),
                    Some(Value::Fen(sku.market_price)),
                    Some(Value::Whole(sku.stock_num)),
                    sku.sku_code.and_then(some_text),
                    sku.barcode.and_then(some_text),
                    (!sku.sku_attrs.is_empty()).then_some(Value::Attrs(sku.sku_attrs)),
                ]
            })
            .collect();
        values
    }

    fn outline(&self) -> Outline {
        component::outline(self)
    }
}

fn unsigned(number: Option<i64>) -> Option<u64> {
    number.and_then(|number| u64::try_from(number).ok())
}

fn signed(number: u64) -> Option<Value> {
    i64::try_from(number)
        .ok()
        .filter(|number| *number > 0)
        .map(Value::Whole)
}

fn sku_of(product: &str, values: [Option<Value>; SKU_FIELDS]) -> Sku {
    let [id, thumb, sale, market, stock, code, barcode, attrs] = values;
    Sku {
        out_product_id: product.to_owned(),
        out_sku_id: text_of(id).unwrap_or_default(),
        thumb_img: match thumb {
            Some(Value::List(mut images)) => images.pop().unwrap_or_default(),
            _ => String::new(),
        },
        sale_price: fen_of(sale).unwrap_or_default(),
        market_price: fen_of(market).unwrap_or_default(),
        stock_num: whole_of(stock).unwrap_or_default(),
        sku_code: text_of(code),
        barcode: text_of(barcode),
        sku_attrs: match attrs {
            Some(Value::Attrs(attrs)) => attrs,
            _ => Vec::new(),
        },
    }
}

impl Payload for UpdateSpuFree {
    fn takes(field: Field) -> bool {
        matches!(
            field.target(),
            Field::OutProductId
                | Field::OutSkuId
                | Field::Path
                | Field::SalePrice
                | Field::MarketPrice
                | Field::StockNum
                | Field::SkuCode
                | Field::Barcode
        )
    }

    const REQUIRED: &'static [Field] = &[Field::OutProductId];
    const NEEDS: &'static [Field] = &[];
    const CREATES: bool = false;

    fn from_values(mut values: Values) -> UpdateSpuFree {
        let skus = std::mem::take(&mut values.skus);
        UpdateSpuFree {
            path: values.text(Field::Path),
            out_product_id: values.id,
            skus: skus
                .into_iter()
                // A row without a SKU changes the product alone.
                .filter_map(|[id, _, sale, market, stock, code, barcode, _]| {
                    Some(FreeSku {
                        out_sku_id: text_of(id)?,
                        sale_price: fen_of(sale),
                        market_price: fen_of(market),
                        stock_num: whole_of(stock),
                        sku_code: text_of(code),
                        barcode: text_of(barcode),
                    })
                })
                .collect(),
        }
    }

    fn into_values(self) -> Values {
        let mut values = Values {
            id: self.out_product_id,
            ..Values::default()
        };
        values.product[Field::Path as usize] = self.path.map(Value::Text);
        values.skus = self
            .skus
            .into_iter()
            .map(|sku| {
                [
                    Some(Value::Text(sku.out_sku_id)),
                    None,
                    sku.sale_price.map(Value::Fen),
                    sku.market_price.map(Value::Fen),
                    sku.stock_num.map(Value::Whole),
                    sku.sku_code.map(Value::Text),
                    sku.barcode.map(Value::Text),
                    None,
                ]
            })
            .collect();
        values
    }

    fn outline(&self) -> Outline {
        Outline {
            key: self.out_product_id.clone(),
            ready: true,
            ..Outline::default()
        }
    }
}

/// A product as WeChat holds it, in the form in which it would be added.
pub fn as_added(spu: &Spu) -> AddSpu {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    AddSpu {
        out_product_id: spu.out_product_id.clone(),
        title: spu.title.clone(),
        path: spu.path.clone(),
        direct_path: spu.direct_path.as_deref().and_then(some),
        head_img: spu.head_img.clone(),
        qualification_pics: (!spu.qualification_pics.is_empty())
            .then(|| spu.qualification_pics.clone()),
        desc_info: (spu.desc_info != DescInfo::default()).then(|| spu.desc_info.clone()),
        third_cat_id: spu.third_cat_id,
        brand_id: spu.brand_id,
        info_version: some(&spu.info_version),
        skus: spu
            .skus
            .iter()
            .map(|sku| Sku {
                out_product_id: spu.out_product_id.clone(),
                ..sku.clone()
            })
            .collect(),
        ..AddSpu::default()
    }
}
