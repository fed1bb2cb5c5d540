//! What an upload would do with a product of a store, and what would change: old and new value of each field.

use super::check::Wanted;
use super::sheet::Field;
use crate::api::store::goods::{Attribute, Product, SizeValue, Sku};
use crate::lang::Text;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What would be done. The names are part of the machine output.
pub const ADD: &str = "add";
pub const FREE_UPDATE: &str = "free_update";
pub const AUDITED_UPDATE: &str = "audited_update";
/// The draft alone: the product is off sale, or drafts are to be kept.
pub const DRAFT_UPDATE: &str = "draft_update";
pub const SUBMIT: &str = "submit";
pub const UNCHANGED: &str = "unchanged";
pub const NOT_COMPARED: &str = "not_compared";
pub const HELD: &str = "held";
pub const REFUSED: &str = "refused";

/// One product of a plan.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Line {
    pub out_product_id: String,
    /// `add`, `free_update`, `audited_update`, `draft_update`, `submit`, `unchanged`, `not_compared`, `held` or `refused`.
    pub action: &'static str,
    pub changes: Vec<Change>,
    /// SKUs that the store has and the sheet does not name.
    pub missing_skus: Vec<String>,
    pub place: String,
    pub reason: Option<Text>,
}

/// A field that would change; money is in yuan, images are their links or files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Change {
    /// The merchant's number of the SKU, where it is a field of one.
    pub sku: Option<String>,
    /// As the column is called; `attr:…` and `sku:…` for attributes, `sku` for a whole SKU.
    pub field: String,
    pub old: String,
    pub new: String,
}

const OF_PRODUCT: [Field; 14] = [
    Field::Title,
    Field::ShortTitle,
    Field::Category,
    Field::HeadImages,
    Field::DetailImages,
    Field::Detail,
    Field::Freight,
    Field::Weight,
    Field::Brand,
    Field::SpuCode,
    Field::SevenDays,
    Field::FreightInsurance,
    Field::AftersaleText,
    Field::ReturnAddress,
];

const OF_SKU: [Field; 6] = [
    Field::SkuImage,
    Field::SkuCode,
    Field::BarCode,
    Field::Price,
    Field::Stock,
    Field::Delivery,
];

fn papers(product: &Product) -> Vec<Attribute> {
    let papers = product.product_qua_infos.iter().map(|paper| Attribute {
        attr_key: paper.qua_id.to_string(),
        attr_value: paper.qua_url.join("|"),
    });
    papers.collect()
}

/// The size chart, a line for each measure: `S=92-96; M=96`.
pub fn sizes(product: &Product) -> Vec<Attribute> {
    let chart = product.size_chart.as_ref().filter(|chart| chart.enable);
    let lines = chart
        .into_iter()
        .flat_map(|chart| &chart.specification_list);
    lines
        .map(|line| {
            let values = line.value_list.iter().map(|value| {
                let measure = measure(line.is_range, value);
                format!("{}={measure}", value.key)
            });
            Attribute {
                attr_key: line.name.clone(),
                attr_value: values.collect::<Vec<_>>().join("; "),
            }
        })
        .collect()
}

/// A value of the chart as a cell holds it.
pub fn measure(is_range: bool, value: &SizeValue) -> String {
    match is_range {
        true if value.left != value.right => format!("{}-{}", value.left, value.right),
        true => value.left.clone(),
        false => value.value.clone(),
    }
}

/// A product as it was sent: of each field what its value was, but not the value. What differs from it later was changed by
/// somebody else. Stock is not in it, since every sale changes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent(BTreeMap<String, u64>);

impl Sent {
    pub fn of(product: &Product) -> Sent {
        let mut sent = BTreeMap::new();
        let mut keep = |sku: Option<&str>, field: &str, value: &str| {
            sent.insert(key(sku, field), digest(value));
        };
        for field in OF_PRODUCT {
            keep(None, field.name(), &of_product(product, field));
        }
        for (kind, list) in [
            ("attr", product.attrs.clone()),
            ("paper", papers(product)),
            ("size", sizes(product)),
        ] {
            for one in list {
                keep(None, &format!("{kind}:{}", one.attr_key), &one.attr_value);
            }
        }
        for sku in &product.skus {
            let number = Some(sku.out_sku_id.as_str());
            for field in OF_SKU.into_iter().filter(|field| *field != Field::Stock) {
                keep(number, field.name(), &of_sku(sku, field));
            }
            for one in &sku.sku_attrs {
                keep(number, &format!("sku:{}", one.attr_key), &one.attr_value);
            }
        }
        Sent(sent)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What an older version wrote otherwise says nothing.
    pub fn from_bytes(bytes: &[u8]) -> Option<Sent> {
        serde_json::from_slice(bytes).ok()
    }

    /// Whether the store had this value of a field when it was sent last; true where nothing is known of it.
    pub fn had(&self, sku: Option<&str>, field: &str, value: &str) -> bool {
        self.0
            .get(&key(sku, field))
            .is_none_or(|known| *known == digest(value))
    }
}

impl Sent {
    /// What is to be remembered of a product that is sent: of what the sheet names its value now, of everything else what
    /// was known before, so that what somebody else wrote there does not count as sent.
    pub fn after(before: Option<&Sent>, versions: &Versions<'_>, wanted: &Wanted) -> Sent {
        let now = Sent::of(versions.target);
        let Some(before) = before else {
            return now.with_left_behind(None, versions, wanted);
        };
        let mut sent = BTreeMap::new();
        for (key, value) in &now.0 {
            let (sku, field) = key.split_once('\t').unwrap_or_default();
            let sku = Some(sku).filter(|sku| !sku.is_empty());
            if wanted.names(sku, field) {
                sent.insert(key.clone(), *value);
            } else if let Some(known) = before.0.get(key) {
                sent.insert(key.clone(), *known);
            }
        }
        // A SKU that somebody else removed is known still; one that the sheet removes is not.
        let removed = |number: &str| {
            let has = |product: &Product| product.skus.iter().any(|sku| sku.out_sku_id == number);
            has(versions.base) && !has(versions.target)
        };
        for (key, value) in &before.0 {
            let Some((sku, field)) = key.split_once('\t') else {
                continue;
            };
            let is_other = sku == ONLINE || sku == DRAFT;
            let of = Some(sku).filter(|sku| !sku.is_empty());
            if !is_other && !of.is_some_and(removed) && !wanted.names(of, field) {
                sent.entry(key.clone()).or_insert(*value);
            }
        }
        Sent(sent).with_left_behind(Some(before), versions, wanted)
    }

    /// Keeps what the versions had of fields that were sent otherwise: who changes them later is somebody else.
    fn with_left_behind(
        mut self,
        before: Option<&Sent>,
        versions: &Versions<'_>,
        wanted: &Wanted,
    ) -> Sent {
        // Of what the sheet does not name nothing new is known.
        for (place, value) in before.iter().flat_map(|before| &before.0) {
            let mut parts = place.splitn(3, '\t');
            let (Some(name), Some(sku), Some(field)) = (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            let sku = Some(sku).filter(|sku| !sku.is_empty());
            if (name == ONLINE || name == DRAFT) && !wanted.names(sku, field) {
                self.0.insert(place.clone(), *value);
            }
        }
        for (name, version) in [(ONLINE, versions.online), (DRAFT, versions.draft)] {
            for change in version.map_or_else(Vec::new, |version| changes(version, versions.target))
            {
                let sku = change.sku.as_deref();
                if wanted.names(sku, &change.field) || is_removed(&change) {
                    let place = format!("{name}\t{}", key(sku, &change.field));
                    self.0.insert(place, digest(&change.old));
                }
            }
        }
        self
    }

    /// Whether this SKU was sent.
    pub fn has_sku(&self, number: &str) -> bool {
        self.0.contains_key(&key(Some(number), Field::Price.name()))
    }

    /// Whether a field was sent with this value; false where nothing is known of it.
    pub fn is(&self, sku: Option<&str>, field: &str, value: &str) -> bool {
        self.0.get(&key(sku, field)) == Some(&digest(value))
    }

    /// Whether both say the same of a field.
    pub fn agrees(&self, other: &Sent, sku: Option<&str>, field: &str) -> bool {
        let key = key(sku, field);
        self.0.get(&key) == other.0.get(&key)
    }

    /// Whether the online version had this value of a field while something else was sent.
    pub fn had_online(&self, sku: Option<&str>, field: &str, value: &str) -> bool {
        self.had_beside(ONLINE, sku, field, value)
    }

    /// Whether the draft had this value of a field while something else was sent: it was left behind.
    pub fn had_draft(&self, sku: Option<&str>, field: &str, value: &str) -> bool {
        self.had_beside(DRAFT, sku, field, value)
    }

    fn had_beside(&self, version: &str, sku: Option<&str>, field: &str, value: &str) -> bool {
        let place = format!("{version}\t{}", key(sku, field));
        self.0.get(&place) == Some(&digest(value))
    }
}

/// A sheet removes a SKU by not naming it.
fn is_removed(change: &Change) -> bool {
    change.field == "sku" && change.new.is_empty()
}

/// Before the places of values that a version had while something else was sent.
const ONLINE: &str = "\u{1}online";
const DRAFT: &str = "\u{1}draft";

/// A product that is sent, and what the store had of it.
pub struct Versions<'a> {
    pub base: &'a Product,
    pub target: &'a Product,
    pub online: Option<&'a Product>,
    pub draft: Option<&'a Product>,
}

fn key(sku: Option<&str>, field: &str) -> String {
    format!("{}\t{field}", sku.unwrap_or_default())
}

fn digest(value: &str) -> u64 {
    let digest = Sha256::digest(value.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

/// What differs between two states of a product.
pub fn changes(base: &Product, target: &Product) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut compare = |sku: Option<&str>, field: &str, old: String, new: String| {
        if old != new {
            changes.push(Change {
                sku: sku.map(str::to_owned),
                field: field.to_owned(),
                old,
                new,
            });
        }
    };
    for field in OF_PRODUCT {
        compare(
            None,
            field.name(),
            of_product(base, field),
            of_product(target, field),
        );
    }
    named("attr", &base.attrs, &target.attrs, |name, old, new| {
        compare(None, name, old, new)
    });
    named("size", &sizes(base), &sizes(target), |name, old, new| {
        compare(None, name, old, new)
    });
    named("paper", &papers(base), &papers(target), |name, old, new| {
        compare(None, name, old, new);
    });
    for sku in &target.skus {
        let number = Some(sku.out_sku_id.as_str());
        let held = base
            .skus
            .iter()
            .find(|held| !held.sku_id.is_none() && held.sku_id == sku.sku_id);
        let Some(held) = held else {
            compare(number, "sku", String::new(), of_sku(sku, Field::Price));
            continue;
        };
        for field in OF_SKU {
            compare(
                number,
                field.name(),
                of_sku(held, field),
                of_sku(sku, field),
            );
        }
        named("sku", &held.sku_attrs, &sku.sku_attrs, |name, old, new| {
            compare(number, name, old, new);
        });
    }
    for held in &base.skus {
        if !target.skus.iter().any(|sku| sku.sku_id == held.sku_id) {
            let number = Some(held.out_sku_id.as_str());
            compare(number, "sku", of_sku(held, Field::Price), String::new());
        }
    }
    changes
}

/// Calls `compare` for every attribute of either list.
fn named(
    kind: &str,
    old: &[Attribute],
    new: &[Attribute],
    mut compare: impl FnMut(&str, String, String),
) {
    let value = |list: &[Attribute], name: &str| {
        let found = list.iter().find(|one| one.attr_key == name);
        found.map_or_else(String::new, |one| one.attr_value.clone())
    };
    let gone = old
        .iter()
        .filter(|one| !new.iter().any(|other| other.attr_key == one.attr_key));
    for one in new.iter().chain(gone) {
        let name = &one.attr_key;
        compare(
            &format!("{kind}:{name}"),
            value(old, name),
            value(new, name),
        );
    }
}

/// A field of a product as a cell holds it: numbers of categories, brands, templates and addresses as numbers.
pub fn of_product(product: &Product, field: Field) -> String {
    let express = product.express_info.as_ref();
    let service = product.extra_service.as_ref();
    match field {
        Field::Number => product.out_product_id.clone(),
        Field::Title => product.title.clone(),
        Field::ShortTitle => product.short_title.clone(),
        Field::Category => product.leaf().map_or_else(String::new, ToString::to_string),
        Field::HeadImages => product.head_imgs.join("|"),
        Field::DetailImages => product.desc_info.imgs.join("|"),
        Field::Detail => product.desc_info.desc.clone(),
        Field::Freight => {
            express.map_or_else(String::new, |express| express.template_id.to_string())
        }
        Field::Weight => express
            .and_then(|express| express.weight)
            .filter(|weight| *weight > 0)
            .map_or_else(String::new, |weight| weight.to_string()),
        Field::Brand => product.brand_id.to_string(),
        Field::SpuCode => product.spu_code.clone(),
        Field::SevenDays => {
            service.map_or_else(String::new, |service| service.seven_day_return.to_string())
        }
        Field::FreightInsurance => {
            service.map_or_else(String::new, |service| service.freight_insurance.to_string())
        }
        Field::AftersaleText => product.aftersale_desc.clone(),
        Field::ReturnAddress => product
            .after_sale_info
            .as_ref()
            .map_or_else(String::new, |info| info.after_sale_address_id.to_string()),
        _ => String::new(),
    }
}

/// A field of a SKU as a cell holds it.
pub fn of_sku(sku: &Sku, field: Field) -> String {
    match field {
        Field::SkuNumber => sku.out_sku_id.clone(),
        Field::SkuImage => sku.thumb_img.clone(),
        Field::SkuCode => sku.sku_code.clone(),
        Field::BarCode => sku.bar_code.clone(),
        Field::Price => sku.sale_price.to_yuan(),
        Field::Stock => sku.stock_num.to_string(),
        Field::Delivery => match &sku.sku_deliver_info {
            Some(deliver) if deliver.stock_type == 1 => deliver
                .full_payment_presale_delivery_time
                .map_or_else(String::new, |days| days.to_string()),
            _ => "现货".to_owned(),
        },
        _ => String::new(),
    }
}

/// SKUs of the store that the sheet does not name.
pub fn missing(base: &Product, wanted: &Wanted) -> Vec<String> {
    if wanted.skus.is_empty() || wanted.skus.iter().any(|sku| sku.implied) {
        return Vec::new();
    }
    let named = |sku: &&Sku| {
        wanted
            .skus
            .iter()
            .any(|other| other.number == sku.out_sku_id)
    };
    base.skus
        .iter()
        .filter(|sku| !sku.out_sku_id.is_empty() && !named(sku))
        .map(|sku| sku.out_sku_id.clone())
        .collect()
}
