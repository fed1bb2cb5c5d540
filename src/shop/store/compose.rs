//! A product as it is sent: one that the store does not have, or one that it has with what the sheet says put into it.
//! Pure, so that a plan and an upload cannot disagree.

use super::check::{Image, Wanted, WantedSize, WantedSku};
use super::sheet::Field;
use crate::api::store::Id;
use crate::api::store::goods::{
    AfterSale, Attribute, Category, Deliver, Express, ExtraService, FreeSku, NO_BRAND, Paper,
    Product, SizeChart, SizeSpecification, SizeValue, Sku, StockChange, UpdateAuditFree,
    UpdateStock,
};
use crate::fail::{Failure, Kind};
use crate::text;
use crate::types::Fen;
use std::collections::HashMap;

pub(super) fn links_of(images: &[Image], links: &HashMap<Image, String>) -> Vec<String> {
    images
        .iter()
        .filter_map(|image| links.get(image).cloned())
        .collect()
}

/// A product that the store does not have yet.
pub(super) fn fresh(
    wanted: &Wanted,
    links: &HashMap<Image, String>,
    listing: Option<i64>,
) -> Product {
    let mut product = Product {
        out_product_id: wanted.number.clone(),
        brand_id: Id::read(NO_BRAND).unwrap_or_default(),
        deliver_method: Some(0),
        extra_service: Some(ExtraService {
            seven_day_return: 1,
            ..ExtraService::default()
        }),
        listing,
        ..Product::default()
    };
    set_product(&mut product, wanted, links);
    product.skus = wanted
        .skus
        .iter()
        .map(|sku| {
            let mut made = Sku {
                out_sku_id: sku.number.clone(),
                // A SKU without an image of its own shows the first of the product.
                thumb_img: product.head_imgs.first().cloned().unwrap_or_default(),
                ..Sku::default()
            };
            set_sku(&mut made, sku, links);
            made
        })
        .collect();
    product
}

/// Puts what the sheet says into a product that the store has. SKUs that it does not name stay, unless they are to be
/// removed.
pub(super) fn apply(
    product: &mut Product,
    wanted: &Wanted,
    links: &HashMap<Image, String>,
    remove_missing: bool,
) -> Result<(), Failure> {
    set_product(product, wanted, links);
    let mut named: Vec<usize> = Vec::new();
    for sku in &wanted.skus {
        let attributes = pairs(&sku.attributes);
        // After an update an answer may lack the merchant's number of a SKU: then its attributes tell.
        let place = product
            .skus
            .iter()
            .position(|held| held.out_sku_id == sku.number)
            // One that was made in the console has the store's number alone.
            .or_else(|| {
                product
                    .skus
                    .iter()
                    .position(|held| held.sku_id.as_str() == sku.number)
            })
            .or_else(|| {
                let only = product.skus.len() == 1;
                let alike = |held: &Sku| {
                    only && sku.implied
                        || held.out_sku_id.is_empty() && (held.sku_attrs == attributes || only)
                };
                product.skus.iter().position(alike)
            });
        match place {
            Some(place) => {
                named.push(place);
                set_sku(&mut product.skus[place], sku, links);
            }
            None if sku.implied && !product.skus.is_empty() => {
                return Err(Failure::new(
                    Kind::Refused,
                    text!(
                        "the product has {count} SKUs, but the sheet does not say which one is meant",
                        count = product.skus.len()
                    ),
                )
                .hint(text!("write its number into the column {name}", name = Field::SkuNumber.name())));
            }
            None if sku.price.is_some() && sku.stock.is_some() => {
                let mut made = Sku {
                    out_sku_id: sku.number.clone(),
                    thumb_img: product.head_imgs.first().cloned().unwrap_or_default(),
                    ..Sku::default()
                };
                set_sku(&mut made, sku, links);
                named.push(product.skus.len());
                product.skus.push(made);
            }
            None => {
                return Err(Failure::new(
                    Kind::Refused,
                    text!(
                        "the product has no SKU {number}; a new SKU needs a price and a stock",
                        number = &sku.number
                    ),
                ));
            }
        }
    }
    if remove_missing && !named.is_empty() {
        let mut place = 0;
        product.skus.retain(|_| {
            place += 1;
            named.contains(&(place - 1))
        });
    }
    // What the store has is not judged, only what the sheet makes of it.
    if wanted.skus.iter().any(|sku| !sku.attributes.is_empty()) {
        tell_apart(&product.skus)
    } else {
        Ok(())
    }
}

pub(super) fn pairs(list: &[(String, String)]) -> Vec<Attribute> {
    list.iter()
        .map(|(name, value)| Attribute {
            attr_key: name.clone(),
            attr_value: value.clone(),
        })
        .collect()
}

pub(super) fn set_product(product: &mut Product, wanted: &Wanted, links: &HashMap<Image, String>) {
    let set = |place: &mut String, field: Field| {
        if let Some(text) = wanted.text(field) {
            text.clone_into(place);
        }
    };
    set(&mut product.title, Field::Title);
    set(&mut product.short_title, Field::ShortTitle);
    set(&mut product.desc_info.desc, Field::Detail);
    set(&mut product.spu_code, Field::SpuCode);
    set(&mut product.aftersale_desc, Field::AftersaleText);
    if let Some(path) = &wanted.category {
        product.cats_v2 = path
            .iter()
            .map(|id| Category { cat_id: id.clone() })
            .collect();
    }
    if let Some(images) = &wanted.head_images {
        product.head_imgs = links_of(images, links);
    }
    if let Some(images) = &wanted.detail_images {
        product.desc_info.imgs = links_of(images, links);
    }
    if let Some(brand) = &wanted.brand {
        product.brand_id = brand.clone();
    }
    if wanted.template.is_some() || wanted.weight.is_some() {
        let express = product.express_info.get_or_insert_with(Express::default);
        if let Some(template) = &wanted.template {
            express.template_id = template.clone();
        }
        express.weight = wanted.weight.or(express.weight);
    }
    if let Some(address) = &wanted.return_address {
        product
            .after_sale_info
            .get_or_insert_with(AfterSale::default)
            .after_sale_address_id = address.clone();
    }
    if wanted.seven_days.is_some() || wanted.freight_insurance.is_some() {
        let service = product
            .extra_service
            .get_or_insert_with(ExtraService::default);
        service.seven_day_return = wanted.seven_days.unwrap_or(service.seven_day_return);
        service.freight_insurance = wanted
            .freight_insurance
            .unwrap_or(service.freight_insurance);
    }
    set_attributes(&mut product.attrs, &wanted.attributes);
    if !wanted.sizes.is_empty() {
        let chart = product.size_chart.get_or_insert_with(SizeChart::default);
        chart.enable = true;
        for size in &wanted.sizes {
            let made = specification(size);
            let lines = &mut chart.specification_list;
            let Some(known) = lines.iter_mut().find(|known| known.name == made.name) else {
                lines.push(made);
                continue;
            };
            if known.is_range != made.is_range {
                *known = made;
                continue;
            }
            // A size that the sheet does not name keeps what it has.
            for value in made.value_list {
                let mut values = known.value_list.iter_mut();
                match values.find(|other| other.key == value.key) {
                    Some(other) => *other = value,
                    None => known.value_list.push(value),
                }
            }
        }
    }
    for (id, images) in &wanted.papers {
        let paper = Paper {
            qua_id: id.clone(),
            qua_url: links_of(images, links),
        };
        let known = product
            .product_qua_infos
            .iter_mut()
            .find(|known| known.qua_id == *id);
        match known {
            Some(known) => *known = paper,
            None => product.product_qua_infos.push(paper),
        }
    }
}

/// Sets the attributes that are named and leaves the others; one with an empty value is taken out.
fn set_attributes(held: &mut Vec<Attribute>, wanted: &[(String, String)]) {
    for attribute in pairs(wanted) {
        let known = held
            .iter()
            .position(|known| known.attr_key == attribute.attr_key);
        match (known, attribute.attr_value.is_empty()) {
            (Some(place), true) => drop(held.remove(place)),
            (Some(place), false) => held[place] = attribute,
            (None, true) => {}
            (None, false) => held.push(attribute),
        }
    }
}

/// SKUs of one product must have the same attributes, with other values.
fn tell_apart(skus: &[Sku]) -> Result<(), Failure> {
    let sorted = |sku: &Sku| {
        let mut list: Vec<(String, String)> = sku
            .sku_attrs
            .iter()
            .map(|one| (one.attr_key.clone(), one.attr_value.clone()))
            .collect();
        list.sort();
        list
    };
    let names = |list: &[(String, String)]| -> Vec<String> {
        list.iter().map(|(name, _)| name.clone()).collect()
    };
    let mut seen: HashMap<Vec<(String, String)>, &Sku> = HashMap::new();
    let first = skus.first().map(sorted).unwrap_or_default();
    for sku in skus {
        let list = sorted(sku);
        if names(&list) != names(&first) {
            return Err(Failure::new(
                Kind::Refused,
                text!(
                    "SKU {sku} would have other attributes ({names}) than SKU {other} ({others})",
                    sku = &sku.out_sku_id,
                    names = names(&list).join(", "),
                    other = skus.first().map_or("", |first| &first.out_sku_id),
                    others = names(&first).join(", ")
                ),
            )
            .hint(text!("give every SKU of a product the same attributes")));
        }
        if let Some(other) = seen.insert(list, sku) {
            return Err(Failure::new(
                Kind::Refused,
                text!(
                    "SKU {sku} would have the same attributes as SKU {other}",
                    sku = &sku.out_sku_id,
                    other = &other.out_sku_id
                ),
            )
            .hint(text!(
                "attributes such as 规格:颜色 must tell the SKUs of a product apart"
            )));
        }
    }
    Ok(())
}

fn specification(size: &WantedSize) -> SizeSpecification {
    let is_range = size.values.iter().any(|(.., right)| right.is_some());
    SizeSpecification {
        name: size.name.clone(),
        unit: size.unit.clone(),
        is_range,
        value_list: size
            .values
            .iter()
            .map(|(key, value, right)| match (is_range, right) {
                (true, right) => SizeValue {
                    key: key.clone(),
                    left: value.clone(),
                    right: right.as_ref().unwrap_or(value).clone(),
                    ..SizeValue::default()
                },
                (false, _) => SizeValue {
                    key: key.clone(),
                    value: value.clone(),
                    ..SizeValue::default()
                },
            })
            .collect(),
    }
}

pub(super) fn set_sku(held: &mut Sku, wanted: &WantedSku, links: &HashMap<Image, String>) {
    held.sale_price = wanted.price.unwrap_or(held.sale_price);
    held.stock_num = wanted.stock.unwrap_or(held.stock_num);
    if let Some(code) = &wanted.code {
        held.sku_code.clone_from(code);
    }
    if let Some(code) = &wanted.bar_code {
        held.bar_code.clone_from(code);
    }
    if let Some(link) = wanted.image.as_ref().and_then(|image| links.get(image)) {
        held.thumb_img.clone_from(link);
    }
    set_attributes(&mut held.sku_attrs, &wanted.attributes);
    let held_days = held
        .sku_deliver_info
        .as_ref()
        .filter(|deliver| deliver.stock_type == 1)
        .map(|deliver| deliver.full_payment_presale_delivery_time.unwrap_or(0));
    match wanted.presale_days {
        Some(0) if held_days.is_some() => held.sku_deliver_info = Some(Deliver::default()),
        Some(days @ 1..) if held_days != Some(days) => {
            // From the payment on.
            let from_payment = ("full_payment_presale_delivery_type".to_owned(), 0.into());
            held.sku_deliver_info = Some(Deliver {
                stock_type: 1,
                full_payment_presale_delivery_time: Some(days),
                rest: serde_json::Map::from_iter([from_payment]),
            });
        }
        _ => {}
    }
}

/// What goes without an audit is taken from the online version: a draft that was written before would bring old prices
/// back.
pub(super) fn take_free_fields(draft: &mut Product, online: &Product) {
    draft.spu_code.clone_from(&online.spu_code);
    draft.express_info.clone_from(&online.express_info);
    draft.extra_service.clone_from(&online.extra_service);
    draft.after_sale_info.clone_from(&online.after_sale_info);
    for name in [
        "limited_info",
        "timing_onsale_info",
        "spu_deliver_info",
        "hide_in_window",
    ] {
        if let Some(value) = online.rest.get(name) {
            draft.rest.insert(name.into(), value.clone());
        }
    }
    for sku in &mut draft.skus {
        let twin = online.skus.iter().find(|twin| twin.sku_id == sku.sku_id);
        if let Some(twin) = twin {
            sku.sale_price = twin.sale_price;
            sku.stock_num = twin.stock_num;
            sku.sku_code.clone_from(&twin.sku_code);
            sku.sku_deliver_info.clone_from(&twin.sku_deliver_info);
        }
    }
}

/// Stock is what the online version has: every sale changes it.
pub(super) fn take_stock(draft: &mut Product, online: &Product) {
    for sku in &mut draft.skus {
        let twin = online.skus.iter().find(|twin| twin.sku_id == sku.sku_id);
        if let Some(twin) = twin.filter(|twin| !twin.sku_id.is_none()) {
            sku.stock_num = twin.stock_num;
        }
    }
}

/// The changes of stock, each by its difference.
pub(super) fn stock_changes(id: &str, base: &Product, target: &Product) -> Vec<UpdateStock> {
    let changes = target.skus.iter().filter_map(|sku| {
        let held = base.skus.iter().find(|held| held.sku_id == sku.sku_id);
        let held = held.filter(|held| !held.sku_id.is_none())?;
        Some(UpdateStock {
            product_id: Id::read(id).unwrap_or_default(),
            sku_id: sku.sku_id.clone(),
            change: stock_change(sku.stock_num - held.stock_num)?,
        })
    });
    changes.collect()
}

fn stock_change(difference: i64) -> Option<StockChange> {
    match difference {
        0 => None,
        1.. => Some(StockChange {
            diff_type: 1,
            num: difference,
        }),
        _ => Some(StockChange {
            diff_type: 2,
            num: -difference,
        }),
    }
}

/// A product without what may change without an audit.
pub(super) fn without_free_fields(product: &Product) -> Product {
    let mut product = product.clone();
    product.spu_code.clear();
    product.express_info = None;
    product.extra_service = None;
    product.after_sale_info = None;
    for sku in &mut product.skus {
        sku.sale_price = Fen(0);
        sku.stock_num = 0;
        sku.sku_code.clear();
        sku.sku_deliver_info = None;
    }
    product
}

/// The change of the online version that makes it what is wanted. Stock goes by its difference, so that what is sold
/// meanwhile is not given back.
pub(super) fn free_change(id: &str, online: &Product, target: &Product) -> UpdateAuditFree {
    let sku = |wanted: &Sku| -> Option<FreeSku> {
        let held = online
            .skus
            .iter()
            .find(|held| held.sku_id == wanted.sku_id)?;
        let change = FreeSku {
            sku_id: wanted.sku_id.clone(),
            sale_price: (wanted.sale_price != held.sale_price).then_some(wanted.sale_price),
            sku_code: (wanted.sku_code != held.sku_code).then(|| wanted.sku_code.clone()),
            stock_info: stock_change(wanted.stock_num - held.stock_num),
            rest: match (&wanted.sku_deliver_info, &held.sku_deliver_info) {
                (Some(wanted), held) if Some(wanted) != held.as_ref() => {
                    let value = serde_json::to_value(wanted).unwrap_or_default();
                    serde_json::Map::from_iter([("sku_deliver_info".to_owned(), value)])
                }
                _ => serde_json::Map::new(),
            },
            ..FreeSku::default()
        };
        let empty = FreeSku {
            sku_id: change.sku_id.clone(),
            ..FreeSku::default()
        };
        (change != empty).then_some(change)
    };
    let gone = online.skus.iter().filter_map(|held| {
        let stays = target.skus.iter().any(|sku| sku.sku_id == held.sku_id);
        (!stays).then(|| FreeSku {
            sku_id: held.sku_id.clone(),
            is_delete: Some(1),
            ..FreeSku::default()
        })
    });
    fn differing<T: Clone + PartialEq>(wanted: &Option<T>, held: &Option<T>) -> Option<T> {
        wanted.clone().filter(|_| wanted != held)
    }
    UpdateAuditFree {
        product_id: Id::read(id).unwrap_or_default(),
        spu_code: (target.spu_code != online.spu_code).then(|| target.spu_code.clone()),
        skus: target.skus.iter().filter_map(sku).chain(gone).collect(),
        express_info: differing(&target.express_info, &online.express_info),
        extra_service: differing(&target.extra_service, &online.extra_service),
        after_sale_info: differing(&target.after_sale_info, &online.after_sale_info),
        rest: serde_json::Map::new(),
    }
}
