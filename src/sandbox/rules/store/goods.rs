//! Products of the Store: what is refused at once, what the audit decides, and how the two versions are shown. What a
//! product goes through stands in `world/goods.rs`.
//!
//! Long because every refusal of a product stands in one list.

use super::{Page, category, image, merchant, parameter, sale};
use crate::api::Done;
use crate::api::store::Id;
use crate::api::store::goods::{
    AddProduct, AddProductReply, Added, AuditQuota, CancelAudit, DeleteProduct, Delisting,
    GetAuditQuota, GetAuditQuotaReply, GetProduct, GetProductReply, GetStock, GetStockReply,
    ListProducts, ListProductsReply, Listing, Product, SKUS_AT_ONCE, Sku, Stock, UpdateAuditFree,
    UpdateProduct, UpdateProductReply, UpdateStock, Updated, edit, status,
};
use crate::lang::Text;
use crate::model::category_rule::{Breach, CategoryRule, Facts, Requirements, SkuFacts};
use crate::sandbox::router::Refusal;
use crate::sandbox::rules::Happening;
use crate::sandbox::rules::component::goods::AuditDecision;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::sandbox::world::goods::{
    Draft, OnlineState, Refused, Room, StockChange, Versions, stock_after,
};
use crate::text;
use crate::types::ChinaTime;
use crate::types::span::HOUR;
use serde_json::{Value, json};
use std::collections::HashSet;

const NOUN: &str = "store product";
const SKU: &str = "store sku";

/// How long a product of many SKUs takes to be written, in seconds of the shop's clock.
const WRITING: i64 = 10;

type Held = Document<Versions<Product>>;

fn refusal(refused: Refused) -> Refusal {
    match refused {
        Refused::NoSuchProduct => unknown(),
        Refused::InAudit => Refusal::new(10_020_049, "product is under audit"),
        Refused::StillWriting => Refusal::new(10_020_067, "the last submission is being written"),
        Refused::NotInAudit => Refusal::new(10_020_044, "product is not under audit"),
        Refused::NotOnSale => Refusal::new(10_020_065, "product is not listed"),
        Refused::NeverListed => Refusal::new(10_020_289, "product was never listed"),
        Refused::TakenDown => Refusal::new(10_020_053, "product is banned"),
        Refused::NothingLeft => Refusal::new(10_020_219, "stock is too low to subtract"),
    }
}

fn unknown() -> Refusal {
    Refusal::new(10_020_052, "product not found")
}

fn find(tx: &Tx<'_>, id: &Id) -> Result<Held, Refusal> {
    if id.is_none() {
        return Err(Refusal::new(10_020_307, "product id is empty"));
    }
    tx.find(NOUN, id.as_str())?
        .filter(|held: &Held| held.state >= 0)
        .ok_or_else(unknown)
}

/// Whether reads show a product yet: they lag where that was ordered.
fn is_seen(tx: &Tx<'_>, held: &Held) -> bool {
    held.created_at + tx.settings.read_lag_seconds <= tx.now
}

/// Writes a product with the columns that lists look at.
fn keep(tx: &mut Tx<'_>, held: &mut Held) -> Result<(), Refusal> {
    held.state = match held.body.online_state {
        OnlineState::Never => status::NEVER,
        OnlineState::OnSale => status::ON_SALE,
        OnlineState::OffSale => status::OFF_SALE,
        OnlineState::TakenDown => status::VIOLATION,
        OnlineState::Deleted => -1,
    };
    held.draft = edit_status(held.body.edit);
    if !matches!(held.body.edit, Draft::InAudit | Draft::Writing { .. }) {
        held.due = None;
    }
    held.changed_at = tx.now;
    tx.put(NOUN, held)
}

fn edit_status(draft: Draft) -> i64 {
    match draft {
        Draft::Editing => edit::EDITING,
        Draft::Writing { .. } => edit::WRITING,
        Draft::WriteFailed => edit::WRITE_FAILED,
        Draft::InAudit => edit::IN_AUDIT,
        Draft::Refused => edit::REFUSED,
        Draft::Passed => edit::PASSED,
        Draft::NotSubmitted => edit::NOT_SUBMITTED,
    }
}

pub fn add(tx: &mut Tx<'_>, request: AddProduct) -> Result<AddProductReply, Refusal> {
    let AddProduct(mut product) = request;
    let listing = listing_of(&mut product)?;
    check(tx, &mut product, 0)?;
    if product.skus.iter().any(|sku| !sku.sku_id.is_none()) {
        return Err(Refusal::new(10_020_034, "a new product has no sku_id"));
    }
    let now = tx.now;
    let id = tx.next_id(NOUN)?;
    image::claim(tx, &product.head_imgs, id)?;
    let later = product.skus.len() > SKUS_AT_ONCE;
    let mut held = Document {
        id,
        out_id: id.to_string(),
        state: status::NEVER,
        draft: edit::EDITING,
        due: None,
        created_at: now,
        changed_at: now,
        body: Versions::new(Product::default()),
    };
    write(tx, &mut held, product, later, listing)?;
    Ok(AddProductReply {
        data: Added {
            product_id: Id::from(id.unsigned_abs()),
            create_time: ChinaTime::from_unix(now).0,
        },
    })
}

fn listing_of(product: &mut Product) -> Result<bool, Refusal> {
    match product.listing.take() {
        None | Some(0) => Ok(false),
        Some(1) => Ok(true),
        Some(_) => Err(parameter("listing must be 0 or 1")),
    }
}

/// Writes the draft now, or, where it has many SKUs, a little later; hands it in if that is wanted.
fn write(
    tx: &mut Tx<'_>,
    held: &mut Held,
    mut product: Product,
    later: bool,
    listing: bool,
) -> Result<(), Refusal> {
    if !later {
        number_skus(tx, &mut product)?;
    }
    held.body.write(product, later, listing).map_err(refusal)?;
    if later {
        held.due = Some(tx.now + WRITING);
    } else if listing {
        submit(tx, held)?;
    }
    keep(tx, held)
}

fn number_skus(tx: &mut Tx<'_>, product: &mut Product) -> Result<(), Refusal> {
    for sku in &mut product.skus {
        if sku.sku_id.is_none() {
            sku.sku_id = Id::from(tx.next_id(SKU)?.unsigned_abs());
        }
    }
    Ok(())
}

/// Hands a draft in. Where the quota of the day is used up, the draft is kept (edit_status 72).
fn submit(tx: &mut Tx<'_>, held: &mut Held) -> Result<(), Refusal> {
    let left = Left::of(tx)?;
    let is_new = !held.body.was_listed();
    if left.hour == Some(0) {
        return Err(Refusal::new(
            10_020_066,
            "audit submissions of this hour are used up",
        ));
    }
    let room = if left.day == Some(0) || is_new && left.new == Some(0) {
        Room::Used
    } else {
        Room::Free
    };
    held.body.submit(room).map_err(refusal)?;
    if room == Room::Free {
        spend(tx, is_new)?;
        held.due = Some(tx.now + tx.settings.audit_seconds);
    }
    Ok(())
}

fn spend(tx: &mut Tx<'_>, is_new: bool) -> Result<(), Refusal> {
    let (day, hour) = (tx.day(), tx.now.div_euclid(HOUR));
    tx.count("store audits a day", day)?;
    tx.count("store audits an hour", hour)?;
    if is_new {
        tx.count("store new products a day", day)?;
    }
    Ok(())
}

/// What may still be handed in; `None` is no limit.
struct Left {
    day: Option<i64>,
    hour: Option<i64>,
    new: Option<i64>,
}

impl Left {
    fn of(tx: &Tx<'_>) -> Result<Left, Refusal> {
        let left = |limit: Option<u32>, name: &str, period: i64| -> Result<Option<i64>, Refusal> {
            let Some(limit) = limit else { return Ok(None) };
            Ok(Some((i64::from(limit) - tx.counted(name, period)?).max(0)))
        };
        let settings = &tx.settings;
        Ok(Left {
            day: left(settings.audits_per_day, "store audits a day", tx.day())?,
            hour: left(
                settings.audits_per_hour,
                "store audits an hour",
                tx.now.div_euclid(HOUR),
            )?,
            new: left(
                settings.new_products_per_day,
                "store new products a day",
                tx.day(),
            )?,
        })
    }
}

pub fn quota(tx: &mut Tx<'_>, _: GetAuditQuota) -> Result<GetAuditQuotaReply, Refusal> {
    let left = Left::of(tx)?;
    let (all, new) = (tx.settings.audits_per_day, tx.settings.new_products_per_day);
    let unlimited = all.is_none() && new.is_none();
    // A counter without a limit shows a high one, as there is no word for none.
    const HIGH: i64 = 100_000;
    let total = all.map_or(HIGH, i64::from);
    let new_total = new.map_or(total, i64::from);
    let remaining = left.day.unwrap_or(HIGH);
    Ok(GetAuditQuotaReply {
        audit_quota: AuditQuota {
            block_status: false,
            avail_quota: remaining,
            total_quota: total,
            unlimited_type: Some(i64::from(unlimited)),
            audit_total_quota: Some(total),
            audit_total_remaining: Some(remaining),
            new_product_total_quota: Some(new_total),
            new_product_remaining: Some(left.new.unwrap_or(remaining)),
        },
    })
}

pub fn update(tx: &mut Tx<'_>, request: UpdateProduct) -> Result<UpdateProductReply, Refusal> {
    let UpdateProduct(mut product) = request;
    let mut held = find(tx, &product.product_id)?;
    held.body.may_edit().map_err(refusal)?;
    unlocked(tx, &product.product_id)?;
    let listing = listing_of(&mut product)?;
    let leaf = check(tx, &mut product, held.id)?;
    let before = &held.body.draft;
    if held.body.was_listed() {
        let ids: Vec<Id> = before
            .cats_v2
            .iter()
            .map(|category| category.cat_id.clone())
            .collect();
        let root = ids.first().map(Id::number);
        if root.is_some_and(|root| root != leaf.root()) {
            return Err(Refusal::new(
                10_020_297,
                "the first-level category cannot change after listing",
            ));
        }
    }
    let online = held.body.online.iter().flat_map(|online| &online.skus);
    let known: Vec<&Sku> = before.skus.iter().chain(online).collect();
    for sku in &mut product.skus {
        if sku.sku_id.is_none() {
            continue;
        }
        let Some(known) = known.iter().find(|known| known.sku_id == sku.sku_id) else {
            return Err(Refusal::new(
                10_020_034,
                format!("sku_id is wrong for this product: {}", sku.sku_id),
            ));
        };
        // These cannot be changed.
        sku.out_sku_id.clone_from(&known.out_sku_id);
    }
    product.out_product_id.clone_from(&before.out_product_id);
    product.product_id = Id::default();
    if let (Some(videos), false) = (
        before.rest.get("head_videos"),
        product.rest.contains_key("head_videos"),
    ) {
        product.rest.insert("head_videos".into(), videos.clone());
    }
    image::claim(tx, &product.head_imgs, held.id)?;
    let later = product.skus.len() > SKUS_AT_ONCE;
    write(tx, &mut held, product, later, listing)?;
    Ok(UpdateProductReply {
        data: Updated {
            product_id: Id::from(held.id.unsigned_abs()),
            update_time: ChinaTime::from_unix(tx.now).0,
        },
    })
}

/// What is refused at once. Wrong values of promises are put right without a word, as the platform does.
fn check(tx: &Tx<'_>, product: &mut Product, id: i64) -> Result<&'static category::Leaf, Refusal> {
    let refuse = |errcode: i64, words: &str| Err(Refusal::new(errcode, words));
    let letters = product.title.chars().count();
    if product.title.trim().is_empty() {
        return refuse(10_020_020, "title is empty");
    }
    if letters > 60 {
        return refuse(10_020_021, "title is too long");
    }
    if product
        .title
        .chars()
        .all(|letter| letter.is_ascii_graphic() || letter == ' ')
    {
        return refuse(10_020_045, "title has only digits, letters or symbols");
    }
    if product.out_product_id.chars().count() > 128 {
        return refuse(10_020_036, "out_product_id is too long");
    }
    if product.aftersale_desc.chars().count() > 200 {
        return refuse(10_020_095, "aftersale_desc is longer than 200");
    }
    let path: Vec<Id> = product
        .cats_v2
        .iter()
        .map(|category| category.cat_id.clone())
        .collect();
    let leaf = category::of_path(tx, &path)?;
    check_images(tx, product, leaf, id)?;
    if !merchant::may_use_brand(tx, &product.brand_id)? {
        return refuse(10_020_088, "brand is not approved for this store");
    }
    check_delivery(tx, product)?;
    let Some(service) = &mut product.extra_service else {
        return Err(parameter("extra_service is missing"));
    };
    if leaf.seven_days && service.seven_day_return == 0 {
        return refuse(10_020_108, "the category requires seven-day return");
    }
    if !(0..=3).contains(&service.seven_day_return) {
        service.seven_day_return = 1;
    }
    service.freight_insurance = service.freight_insurance.clamp(0, 1);
    check_skus(product)?;
    let mut names = HashSet::new();
    for attribute in &product.attrs {
        if !names.insert(&attribute.attr_key) {
            return refuse(10_020_096, "an attribute is given twice");
        }
        if attribute.attr_value.is_empty() {
            return refuse(10_020_113, "an attribute has no value");
        }
    }
    let mut rule = leaf.rule().read();
    // The images were counted above, with codes of their own.
    rule.requirements = Requirements {
        head_images: 0,
        detail_images: 0,
    };
    match rule.check(&facts(product)).0.first() {
        None => check_sizes(product, &rule).map(|()| leaf),
        Some(breach) => Err(broken(breach)),
    }
}

/// A size chart has the lines of its category, each with the values of its sizes.
fn check_sizes(product: &Product, rule: &CategoryRule) -> Result<(), Refusal> {
    let Some(chart) = product.size_chart.as_ref().filter(|chart| chart.enable) else {
        return Ok(());
    };
    if !rule.sizes.supported {
        return Err(parameter("size_chart"));
    }
    let given = &chart.specification_list;
    let missing = rule
        .sizes
        .lines
        .iter()
        .any(|line| line.required && !given.iter().any(|one| one.name == line.name));
    let wrong = given.iter().any(|one| {
        let line = rule.sizes.lines.iter().find(|line| line.name == one.name);
        line.is_none_or(|line| {
            one.value_list.is_empty()
                || one.value_list.iter().any(|value| {
                    let measure = if one.is_range {
                        format!("{}-{}", value.left, value.right)
                    } else {
                        value.value.clone()
                    };
                    value.key.is_empty() || line.read(&measure).is_none()
                })
        })
    });
    if missing || wrong {
        Err(parameter("size_chart"))
    } else {
        Ok(())
    }
}

fn broken(breach: &Breach) -> Refusal {
    let inner = |code: i64, words: String| {
        Refusal::new(
            10_020_110,
            format!(",product check failed [{code}] {words}"),
        )
    };
    match breach {
        Breach::BrandNotAllowed | Breach::BrandNotInCategory => {
            Refusal::new(10_020_215, "the category does not allow this brand")
        }
        Breach::BrandNotAuthorized => {
            Refusal::new(10_020_088, "brand is not approved for this store")
        }
        Breach::AttributeMissing { name, .. } => {
            Refusal::new(10_020_097, format!("required attribute is missing: {name}"))
        }
        Breach::AttributeValue { name, value, .. } => Refusal::new(
            10_020_098,
            format!("attribute value is invalid: {name} {value}"),
        ),
        Breach::SkuAttributeName { name, .. } => {
            Refusal::new(10_020_012, format!("sale attribute is not allowed: {name}"))
        }
        Breach::SkuAttributeMissing { name, .. } => Refusal::new(
            10_020_216,
            format!("required sale attribute is missing: {name}"),
        ),
        Breach::SkuAttributeValue { name, value, .. } => Refusal::new(
            10_020_098,
            format!("attribute value is invalid: {name} {value}"),
        ),
        Breach::SkuAttributesDiffer { .. } => {
            Refusal::new(10_020_251, "skus use different attribute keys")
        }
        Breach::PaperMissing { name, .. } => {
            inner(6_600_121, format!("qualification is missing: {name}"))
        }
        Breach::BelowFloor { .. } => inner(6_600_113, "price is below the floor price".into()),
        Breach::BarCodeMissing { .. } => inner(6_600_131, "bar_code is missing".into()),
        Breach::PresaleNotAllowed { .. } => {
            Refusal::new(10_020_104, "the category does not allow presale")
        }
        Breach::PresaleDays { .. } => Refusal::new(
            10_020_103,
            "the days until shipping of a presale are invalid",
        ),
        Breach::NoSizeChart { .. }
        | Breach::SizeName { .. }
        | Breach::SizeMissing { .. }
        | Breach::SizeValue { .. } => parameter("size_chart"),
        Breach::ServiceValue { .. } => parameter("extra_service"),
        Breach::TooFewHeadImages { .. } | Breach::TooFewDetailImages { .. } => {
            Refusal::new(10_020_046, "product data is wrong")
        }
    }
}

fn facts(product: &Product) -> Facts<'_> {
    Facts {
        title: &product.title,
        brand: product.brand_id.as_str(),
        attributes: product
            .attrs
            .iter()
            .map(|attribute| (&*attribute.attr_key, &*attribute.attr_value))
            .collect(),
        papers: product
            .product_qua_infos
            .iter()
            .filter(|paper| !paper.qua_url.is_empty())
            .map(|paper| paper.qua_id.as_str())
            .collect(),
        head_images: product.head_imgs.len(),
        detail_images: product.desc_info.imgs.len(),
        skus: product
            .skus
            .iter()
            .map(|sku| SkuFacts {
                price: sku.sale_price,
                bar_code: &sku.bar_code,
                attributes: sku
                    .sku_attrs
                    .iter()
                    .map(|attribute| (&*attribute.attr_key, &*attribute.attr_value))
                    .collect(),
                presale: sku
                    .sku_deliver_info
                    .as_ref()
                    .filter(|deliver| deliver.stock_type == 1)
                    .map(|deliver| deliver.full_payment_presale_delivery_time.unwrap_or(0)),
                // The chart is looked at as a whole.
                sizes: Vec::new(),
            })
            .collect(),
        services: Vec::new(),
    }
}

fn check_images(
    tx: &Tx<'_>,
    product: &Product,
    leaf: &category::Leaf,
    id: i64,
) -> Result<(), Refusal> {
    let refuse = |errcode: i64, words: &str| Err(Refusal::new(errcode, words));
    let (heads, details) = (&product.head_imgs, &product.desc_info.imgs);
    match heads.len() {
        0 => return refuse(10_020_291, "no head image is given"),
        1..=2 => return refuse(10_020_106, "at least 3 head images"),
        3 if leaf.is_food() => return refuse(10_020_229, "at least 4 head images"),
        3..=9 => {}
        _ => return refuse(10_020_023, "too many head images"),
    }
    match details.len() {
        0 => return refuse(10_020_107, "at least 1 detail image"),
        1..=2 if leaf.is_food() => return refuse(10_020_230, "at least 3 detail images"),
        1..=50 => {}
        _ => return refuse(10_020_025, "too many detail images"),
    }
    let twice = |list: &[String]| list.iter().collect::<HashSet<_>>().len() < list.len();
    if twice(heads) {
        return refuse(10_020_225, "head images are alike");
    }
    if twice(details) {
        return refuse(10_020_226, "detail images are alike");
    }
    let papers = product
        .product_qua_infos
        .iter()
        .flat_map(|paper| &paper.qua_url);
    let small = product.skus.iter().map(|sku| &sku.thumb_img);
    for link in heads.iter().chain(details).chain(papers).chain(small) {
        image::check_link(tx, link)?;
    }
    for link in heads {
        let other = image::head_of(tx, link, id)?;
        let lives = match other {
            Some(other) => tx
                .find::<Versions<Product>>(NOUN, &other.to_string())?
                .is_some_and(|other| other.state >= 0),
            None => false,
        };
        if lives {
            return refuse(10_020_228, "head image is used by another product");
        }
    }
    if product
        .product_qua_infos
        .iter()
        .any(|paper| paper.qua_url.len() > 10)
    {
        refuse(10_020_027, "too many qualification images")
    } else {
        Ok(())
    }
}

fn check_delivery(tx: &Tx<'_>, product: &Product) -> Result<(), Refusal> {
    if !matches!(product.deliver_method, None | Some(0 | 1 | 3)) {
        return Err(parameter("deliver_method"));
    }
    if matches!(product.deliver_method, None | Some(0)) {
        let express = product
            .express_info
            .as_ref()
            .filter(|express| !express.template_id.is_none())
            .ok_or_else(|| Refusal::new(10_020_007, "template_id is missing"))?;
        let by_weight = merchant::charges_by_weight(tx, &express.template_id)?
            .ok_or_else(|| Refusal::new(10_020_019, "freight template is invalid"))?;
        if by_weight && express.weight.unwrap_or(0) <= 0 {
            return Err(Refusal::new(
                10_020_068,
                "the template charges by weight and weight is 0",
            ));
        }
    }
    match &product.after_sale_info {
        Some(info)
            if !info.after_sale_address_id.is_none()
                && !merchant::has_address(tx, &info.after_sale_address_id)? =>
        {
            Err(Refusal::new(
                10_020_290,
                "after_sale_address_id is not one of the store",
            ))
        }
        _ => Ok(()),
    }
}

fn check_skus(product: &Product) -> Result<(), Refusal> {
    let refuse = |errcode: i64, words: &str| Err(Refusal::new(errcode, words));
    if !(1..=500).contains(&product.skus.len()) {
        return refuse(10_020_013, "sku count must be 1 to 500");
    }
    let mut ids = HashSet::new();
    for sku in &product.skus {
        if !sku.sku_id.is_none() && !ids.insert(&sku.sku_id) {
            return refuse(10_020_034, "a sku_id is given twice");
        }
        match sku.sale_price.0 {
            ..=0 => return refuse(10_020_039, "sku price is 0"),
            1..=1_000_000_000 => {}
            _ => return refuse(10_020_028, "sku price is too high"),
        }
        if !(0..=10_000_000).contains(&sku.stock_num) {
            return refuse(10_020_055, "stock_num must be 0 to 10000000");
        }
        if sku.out_sku_id.chars().count() > 128 {
            return refuse(10_020_037, "out_sku_id is too long");
        }
        if sku.sku_code.chars().count() > 100 {
            return refuse(10_020_029, "sku_code is too long");
        }
        for attribute in &sku.sku_attrs {
            if attribute.attr_key.chars().count() > 40 {
                return refuse(10_020_032, "sale attribute key is too long");
            }
            if attribute.attr_value.chars().count() > 40 {
                return refuse(10_020_033, "sale attribute value is too long");
            }
        }
    }
    let attributes = |sku: &Sku| {
        let mut pairs: Vec<String> = sku
            .sku_attrs
            .iter()
            .map(|pair| format!("{}={}", pair.attr_key, pair.attr_value))
            .collect();
        pairs.sort();
        pairs
    };
    let kinds: HashSet<Vec<String>> = product.skus.iter().map(attributes).collect();
    if kinds.len() < product.skus.len() {
        refuse(10_020_034, "two skus have the same attributes")
    } else {
        Ok(())
    }
}

pub fn update_free(tx: &mut Tx<'_>, request: UpdateAuditFree) -> Result<Done, Refusal> {
    let mut held = find(tx, &request.product_id)?;
    unlocked(tx, &request.product_id)?;
    let online = held.body.free().map_err(refusal)?;
    let path: Vec<Id> = online
        .cats_v2
        .iter()
        .map(|category| category.cat_id.clone())
        .collect();
    let floor = category::of_path(tx, &path).map_or(0, |leaf| leaf.floor);
    for change in &request.skus {
        let sku = online
            .skus
            .iter_mut()
            .find(|sku| sku.sku_id == change.sku_id)
            .ok_or_else(|| Refusal::new(10_020_209, "sku_id does not belong to the product"))?;
        match change.sale_price.map(|price| price.0) {
            Some(..=0) => return Err(Refusal::new(10_020_039, "sku price is 0")),
            Some(price) if price < floor => {
                return Err(broken(&Breach::BelowFloor {
                    sku: 0,
                    floor: crate::types::Fen(floor),
                }));
            }
            _ => {}
        }
        if let Some(stock) = &change.stock_info {
            sku.stock_num = moved(sku.stock_num, stock.diff_type, stock.num)?;
        }
        sku.sale_price = change.sale_price.unwrap_or(sku.sale_price);
        if let Some(code) = &change.sku_code {
            sku.sku_code.clone_from(code);
        }
        sku.status = change.status.or(sku.status);
    }
    let gone: HashSet<&Id> = request
        .skus
        .iter()
        .filter(|change| change.is_delete == Some(1))
        .map(|change| &change.sku_id)
        .collect();
    if gone.len() == online.skus.len() {
        return Err(Refusal::new(10_020_038, "no sku is left"));
    }
    online.skus.retain(|sku| !gone.contains(&sku.sku_id));
    if let Some(code) = &request.spu_code {
        online.spu_code.clone_from(code);
    }
    online.express_info = request.express_info.or(online.express_info.take());
    online.extra_service = request.extra_service.or(online.extra_service.take());
    online.after_sale_info = request.after_sale_info.or(online.after_sale_info.take());
    online.rest.extend(request.rest);
    keep(tx, &mut held)?;
    Ok(Done {})
}

/// A running flash sale locks the SKUs.
fn unlocked(tx: &Tx<'_>, product: &Id) -> Result<(), Refusal> {
    if sale::locks(tx, product)? {
        Err(Refusal::new(10_020_014, "product is in a flash sale"))
    } else {
        Ok(())
    }
}

/// The SKUs that buyers see of a product that is on sale.
pub fn on_sale(tx: &Tx<'_>, id: &Id) -> Result<Option<Vec<Sku>>, Refusal> {
    let found: Option<Held> = tx.find(NOUN, id.as_str())?;
    let found = found.filter(|held| held.state == status::ON_SALE);
    Ok(found
        .and_then(|held| held.body.online)
        .map(|online| online.skus))
}

fn moved(stock: i64, diff_type: i64, num: i64) -> Result<i64, Refusal> {
    let change = match (diff_type, num) {
        (1 | 2, ..=0) => return Err(Refusal::new(10_020_218, "num must be above 0")),
        (1, pieces) => StockChange::Add(pieces),
        (2, pieces) => StockChange::Subtract(pieces),
        (3, 0..=10_000_000) => StockChange::Set(num),
        _ => return Err(Refusal::new(10_020_055, "diff_type or num is wrong")),
    };
    stock_after(stock, change).ok_or_else(|| refusal(Refused::NothingLeft))
}

pub fn update_stock(tx: &mut Tx<'_>, request: UpdateStock) -> Result<Done, Refusal> {
    let mut held = find(tx, &request.product_id)?;
    let online = held.body.stocked().map_err(|refused| match refused {
        Refused::InAudit => Refusal::new(10_020_217, "stock cannot be changed in this state"),
        other => refusal(other),
    })?;
    let sku = online
        .skus
        .iter_mut()
        .find(|sku| sku.sku_id == request.sku_id)
        .ok_or_else(|| Refusal::new(10_020_209, "sku_id does not belong to the product"))?;
    sku.stock_num = moved(sku.stock_num, request.change.diff_type, request.change.num)?;
    keep(tx, &mut held)?;
    Ok(Done {})
}

pub fn stock(tx: &mut Tx<'_>, request: GetStock) -> Result<GetStockReply, Refusal> {
    let held = find(tx, &request.product_id)?;
    let version = held.body.online.as_ref().unwrap_or(&held.body.draft);
    let sku = version
        .skus
        .iter()
        .find(|sku| sku.sku_id == request.sku_id)
        .ok_or_else(|| Refusal::new(10_020_209, "sku_id does not belong to the product"))?;
    Ok(GetStockReply {
        data: Stock {
            normal_stock_num: sku.stock_num,
            total_stock_num: sku.stock_num,
            ..Stock::default()
        },
    })
}

pub fn listing(tx: &mut Tx<'_>, request: Listing) -> Result<Done, Refusal> {
    let mut held = find(tx, &request.product_id)?;
    held.body.may_edit().map_err(refusal)?;
    if Left::of(tx)?.day == Some(0) {
        return Err(Refusal::new(
            10_020_111,
            "audit submissions of this day are used up",
        ));
    }
    submit(tx, &mut held)?;
    keep(tx, &mut held)?;
    Ok(Done {})
}

pub fn delisting(tx: &mut Tx<'_>, request: Delisting) -> Result<Done, Refusal> {
    let mut held = find(tx, &request.product_id)?;
    held.body.off_sale().map_err(refusal)?;
    keep(tx, &mut held)?;
    listed(tx, &held, "")?;
    Ok(Done {})
}

pub fn delete(tx: &mut Tx<'_>, request: DeleteProduct) -> Result<Done, Refusal> {
    let mut held = find(tx, &request.product_id)?;
    held.body.delete().map_err(refusal)?;
    keep(tx, &mut held)?;
    Ok(Done {})
}

/// Uses a submission, as the reference says.
pub fn cancel_audit(tx: &mut Tx<'_>, request: CancelAudit) -> Result<Done, Refusal> {
    let mut held = find(tx, &request.product_id)?;
    held.body.cancel_audit().map_err(refusal)?;
    spend(tx, false)?;
    keep(tx, &mut held)?;
    // 4: withdrawn.
    audited(tx, &held, ending::WITHDRAWN, "")?;
    Ok(Done {})
}

pub fn get(tx: &mut Tx<'_>, request: GetProduct) -> Result<GetProductReply, Refusal> {
    let held = find(tx, &request.product_id)?;
    if !is_seen(tx, &held) {
        return Err(unknown());
    }
    let (online, draft) = match request.data_type {
        None | Some(1) => (true, false),
        Some(2) => (false, true),
        Some(3) => (true, true),
        Some(_) => return Err(parameter("data_type must be 1, 2 or 3")),
    };
    let product = held.body.online.clone().filter(|_| online);
    let edit_product = draft.then(|| held.body.draft.clone());
    Ok(GetProductReply {
        product: product.map(|version| record(&held, version)),
        edit_product: edit_product.map(|version| record(&held, version)),
        ..GetProductReply::default()
    })
}

/// A version as the platform shows it.
fn record(held: &Held, mut version: Product) -> Product {
    version.product_id = Id::from(held.id.unsigned_abs());
    version.status = Some(held.state);
    version.edit_status = Some(held.draft);
    // What is still being written has no number yet.
    version.skus.retain(|sku| !sku.sku_id.is_none());
    let cheapest = version.skus.iter().map(|sku| sku.sale_price.0).min();
    for sku in &mut version.skus {
        sku.status = sku.status.or(Some(match held.state {
            status::ON_SALE => 5,
            status::OFF_SALE => 11,
            _ => 0,
        }));
    }
    let fields = json!({
        "min_price": cheapest.unwrap_or(0),
        "edit_time": held.changed_at,
        "create_time": ChinaTime::from_unix(held.created_at).0,
        "product_type": 1,
        "total_sold_num": 0,
    });
    if let Value::Object(fields) = fields {
        version.rest.extend(fields);
    }
    version
}

pub fn list(tx: &mut Tx<'_>, request: ListProducts) -> Result<ListProductsReply, Refusal> {
    let what = format!("products {:?}", request.status);
    let page = Page::read(&request.next_key, request.page_size, 30, &what)?;
    let filter = Filter {
        state: request.status,
        created: (None, Some(tx.now - tx.settings.read_lag_seconds)),
        skip: page.skip,
        limit: Some(page.size),
        ..Filter::default()
    };
    let product_ids: Vec<Id> = tx
        .all::<Value>(NOUN, &filter)?
        .into_iter()
        .map(|held| Id::from(held.id.unsigned_abs()))
        .collect();
    let total_num = tx.how_many(NOUN, &filter)?;
    Ok(ListProductsReply {
        next_key: page.next(product_ids.len(), total_num, &what),
        product_ids,
        total_num,
    })
}

/// Writes drafts and ends audits whose time has come.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let mut happenings = Vec::new();
    for mut held in tx.due::<Versions<Product>>(NOUN)? {
        held.due = None;
        if matches!(held.body.edit, Draft::Writing { .. }) {
            let mut draft = std::mem::take(&mut held.body.draft);
            number_skus(tx, &mut draft)?;
            held.body.draft = draft;
            if held.body.written() {
                // Nobody waits for an answer: what cannot be handed in is kept.
                if submit(tx, &mut held).is_err() {
                    held.body.edit = Draft::NotSubmitted;
                }
            }
            keep(tx, &mut held)?;
            let told =
                json!({"ProductSpuUpdate": {"product_id": held.out_id, "status": held.draft}});
            tx.emit("product_spu_update", &told)?;
            happenings.push(happening(tx, &held, text!("draft written"), ""));
            continue;
        }
        let reason = wrong_words(&held.body.draft.title);
        happenings.push(conclude(tx, held, reason)?);
    }
    Ok(happenings)
}

/// What an auditor sees in a title.
fn wrong_words(title: &str) -> Option<&'static str> {
    let bad = title.contains("违规") || title.contains("REJECT");
    bad.then_some("商品标题违反平台规则，请修改后重新提交")
}

fn conclude(tx: &mut Tx<'_>, mut held: Held, reason: Option<&str>) -> Result<Happening, Refusal> {
    let what = match reason {
        Some(reason) => {
            held.body.refuse(reason);
            text!("audit rejected")
        }
        None => {
            held.body.pass();
            text!("audit passed")
        }
    };
    keep(tx, &mut held)?;
    // The event counts its endings otherwise than the draft does.
    let ending = match reason {
        Some(_) => ending::REFUSED,
        None => ending::PASSED,
    };
    audited(tx, &held, ending, reason.unwrap_or_default())?;
    if reason.is_none() {
        listed(tx, &held, "")?;
        if let Some(why) = held_back(&held.body.draft.title) {
            sale::restrict(tx, &held.out_id, why)?;
        }
    }
    Ok(happening(tx, &held, what, reason.unwrap_or_default()))
}

/// Why a product is shown in fewer places than others.
fn held_back(title: &str) -> Option<&'static str> {
    title
        .contains("限流")
        .then_some("商品信息与实物不符，部分场景限制展示")
}

/// `status` of the event of an audit.
mod ending {
    pub const REFUSED: i64 = 2;
    pub const PASSED: i64 = 3;
    pub const WITHDRAWN: i64 = 4;
}

fn audited(tx: &mut Tx<'_>, held: &Held, status: i64, reason: &str) -> Result<(), Refusal> {
    let told = json!({"ProductSpuAudit": {
        "product_id": held.out_id, "status": status, "reason": reason,
    }});
    tx.emit("product_spu_audit", &told)
}

fn listed(tx: &mut Tx<'_>, held: &Held, reason: &str) -> Result<(), Refusal> {
    let told = json!({"ProductSpuListing": {
        "product_id": held.out_id, "status": held.state, "reason": reason,
    }});
    tx.emit("product_spu_listing", &told)
}

fn happening(tx: &Tx<'_>, held: &Held, what: Text, reason: &str) -> Happening {
    Happening {
        at: tx.now,
        noun: text!("product"),
        number: held.out_id.clone(),
        what,
        reason: reason.into(),
    }
}

/// Carries out an order on one product; `None` where it is none of the Store's that the order fits.
pub fn decide(
    tx: &mut Tx<'_>,
    number: &str,
    decision: &AuditDecision,
) -> Result<Option<Happening>, Refusal> {
    let found = tx.find::<Versions<Product>>(NOUN, number)?;
    let fits = |held: &Held| match decision {
        AuditDecision::Pass | AuditDecision::Reject(_) => held.body.edit == Draft::InAudit,
        AuditDecision::TakeDown(_) => held.body.online_state == OnlineState::OnSale,
    };
    let Some(mut held) = found.filter(fits) else {
        return Ok(None);
    };
    Ok(Some(match decision {
        AuditDecision::Pass => conclude(tx, held, None)?,
        AuditDecision::Reject(reason) => conclude(tx, held, Some(reason))?,
        AuditDecision::TakeDown(reason) => {
            held.body.take_down();
            keep(tx, &mut held)?;
            listed(tx, &held, reason)?;
            happening(tx, &held, text!("taken down by WeChat"), reason)
        }
    }))
}

/// The numbers of all products that an order of this kind fits.
pub fn candidates(tx: &Tx<'_>, decision: &AuditDecision) -> Result<Vec<String>, Refusal> {
    let filter = match decision {
        AuditDecision::Pass | AuditDecision::Reject(_) => Filter {
            draft: Some(edit::IN_AUDIT),
            ..Filter::default()
        },
        AuditDecision::TakeDown(_) => Filter {
            state: Some(status::ON_SALE),
            ..Filter::default()
        },
    };
    Ok(tx
        .all::<Value>(NOUN, &filter)?
        .into_iter()
        .map(|held| held.out_id)
        .collect())
}
