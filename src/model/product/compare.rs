//! The rule of an update: what a draft makes of a product that the shop has. The plan and the deed both ask here.
//!
//! Long because fields, SKUs, what is free and where the audit stands are one rule, and are read together.

use super::{
    Attribute, Comparable, Draft, Field, Given, Held, Product, Review, Sent, Sku, SkuDraft, UNSEEN,
    Value,
};
use crate::lang::Text;
use crate::model::price::PriceGuard;
use crate::text;
use crate::types::Fen;
use crate::types::spelling::{look_alike, twin_words};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What to do where somebody else changed a field since it was sent last, and the sheet gives another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// Leave the whole product as it is.
    #[default]
    Hold,
    /// What the sheet says goes.
    Sheet,
    /// The shop keeps that field; the others go.
    Shop,
}

/// How a comparison is made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// SKUs that the draft does not name are removed.
    pub remove_missing: bool,
    /// A running audit is ended for a changed draft.
    pub withdraw: bool,
    pub on_conflict: OnConflict,
    pub guard: PriceGuard,
}

impl Rules {
    /// The same once somebody has agreed: prices pass, and the sheet wins where nothing else was decided.
    pub fn agreed(self) -> Rules {
        Rules {
            on_conflict: match self.on_conflict {
                OnConflict::Hold => OnConflict::Sheet,
                decided => decided,
            },
            guard: PriceGuard { max_drop: 100 },
            ..self
        }
    }
}

/// One field that would be another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Change {
    pub field: Field,
    pub sku: Option<String>,
    /// `None` where there is nothing.
    pub old: Option<Value>,
    pub new: Option<Value>,
    /// Buyers see it at once; else after the audit.
    pub at_once: bool,
    /// A price that the guard stops.
    pub guarded: bool,
}

/// A field that somebody else changed since it was sent last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    pub field: Field,
    pub sku: Option<String>,
    pub shop: Option<Value>,
    pub sheet: Option<Value>,
}

/// Why something is not done, and what helps.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    pub message: Text,
    pub hint: Option<Text>,
}

/// What is sent at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Free {
    pub path: Option<String>,
    pub skus: Vec<FreeSku>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FreeSku {
    pub id: String,
    pub price: Option<Fen>,
    pub list_price: Option<Fen>,
    pub stock: Option<i64>,
    pub code: Option<String>,
    pub barcode: Option<String>,
}

/// What is to be done with a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    Unchanged,
    /// Without audit.
    Free,
    /// By a new draft; what is free goes ahead of it.
    Audited,
    /// What is free goes, the rest is refused.
    Partial,
    Refused,
    /// Somebody has to decide first.
    Held,
}

/// What a draft makes of a product.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// The whole product as it would be.
    pub merged: Product,
    /// What the shop never shows, as it would be sent.
    pub unseen: [String; UNSEEN],
    pub changes: Vec<Change>,
    pub free: Option<Free>,
    /// Something changes that needs an audit.
    pub audited: bool,
    /// SKUs of the shop that the draft does not name.
    pub missing: Vec<String>,
    pub conflicts: Vec<Conflict>,
    /// Fields that the shop keeps over the sheet.
    pub kept: Vec<(Field, Option<String>)>,
    /// Why nothing of it can be done.
    pub refusal: Option<Refusal>,
    /// Why what needs an audit cannot be done.
    pub audit_refusal: Option<Refusal>,
}

impl Comparison {
    pub fn decision(&self) -> Decision {
        match (&self.refusal, &self.audit_refusal, &self.free) {
            (Some(_), ..) => Decision::Refused,
            _ if !self.conflicts.is_empty() || self.is_guarded() => Decision::Held,
            (_, Some(_), Some(_)) => Decision::Partial,
            (_, Some(_), None) => Decision::Refused,
            _ if self.audited => Decision::Audited,
            (_, _, Some(_)) => Decision::Free,
            _ => Decision::Unchanged,
        }
    }

    /// Whether a price is to be asked about.
    pub fn is_guarded(&self) -> bool {
        self.changes.iter().any(|change| change.guarded)
    }

    /// What of it must be the same when it is done as when it was planned. Stock moves with every order, and the link
    /// of a picture is known only once it is uploaded.
    pub fn promise(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let mut changes = self
            .changes
            .iter()
            .filter(|change| change.field != Field::Stock)
            .peekable();
        match self.decision() {
            Decision::Free if changes.peek().is_none() => Decision::Unchanged,
            decision => decision,
        }
        .hash(&mut hasher);
        for change in changes {
            (change.field, &change.sku).hash(&mut hasher);
            if !change.field.is_image() {
                (&change.old, &change.new).hash(&mut hasher);
            }
        }
        self.conflicts.len().hash(&mut hasher);
        hasher.finish()
    }

    /// Why it is not done, or not as a whole.
    pub fn reason(&self) -> Option<Refusal> {
        if let Some(refusal) = &self.refusal {
            return Some(refusal.clone());
        }
        if let Some(conflict) = self.conflicts.first() {
            return Some(conflict.refusal());
        }
        if let Some(change) = self.changes.iter().find(|change| change.guarded) {
            return Some(change.refusal());
        }
        self.audit_refusal.clone()
    }
}

/// A value in a sentence.
fn words(value: Option<&Value>) -> String {
    const LONGEST: usize = 40;
    let words = value.map_or_else(|| "—".to_owned(), ToString::to_string);
    match words.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &words[..at]),
        None => words,
    }
}

impl Change {
    /// The old value and the new one, shortened; of a price with how far it moves: `0.01 (-99 %)`.
    pub fn words(&self) -> (String, String) {
        let new = words(self.new.as_ref()) + &self.percent();
        (words(self.old.as_ref()), new)
    }

    /// ` (-99 %)` for a price.
    fn percent(&self) -> String {
        match (self.field, &self.old, &self.new) {
            (Field::Price, Some(Value::Fen(old)), Some(Value::Fen(new))) if old.0 > 0 => {
                let change = (i128::from(new.0) - i128::from(old.0)) * 100 / i128::from(old.0);
                format!(" ({change:+} %)")
            }
            _ => String::new(),
        }
    }

    pub fn refusal(&self) -> Refusal {
        let (sku, new) = (
            self.sku.clone().unwrap_or_default(),
            words(self.new.as_ref()),
        );
        Refusal {
            message: match &self.old {
                Some(old) => text!(
                    "the price of {sku} changes from {old} to {new}",
                    sku,
                    old = old.to_string(),
                    new
                ),
                None => text!(
                    "the new price of {sku}, {new}, is far below its list price",
                    sku,
                    new
                ),
            },
            hint: Some(text!(
                "check it; if it is intended, allow it with --max-price-drop"
            )),
        }
    }
}

impl Conflict {
    fn refusal(&self) -> Refusal {
        let field = match &self.sku {
            Some(sku) => format!("{sku} {}", self.field.name()),
            None => self.field.name().to_owned(),
        };
        Refusal {
            message: text!(
                "{field} was changed in the shop since the last upload: the shop has {shop}, the file {sheet}",
                field,
                shop = words(self.shop.as_ref()),
                sheet = words(self.sheet.as_ref())
            ),
            hint: Some(text!(
                "decide with --on-conflict sheet or --on-conflict shop"
            )),
        }
    }
}

/// A product that the shop does not have, as it would be added; `Err` where the draft does not make a whole one.
pub fn complete(draft: &Draft, guard: PriceGuard) -> Result<Comparison, Refusal> {
    let lacks = |field: Field, sku: Option<&str>| Refusal {
        message: match sku {
            Some(sku) => text!("{name} of {sku} is missing", name = field.name(), sku),
            None => text!("{name} is missing", name = field.name()),
        },
        hint: Some(text!("the shop does not have it yet, so it needs a value")),
    };
    let product = Product {
        id: draft.id.clone(),
        title: draft.title.over(&String::new()),
        path: draft.path.over(&String::new()),
        direct_path: draft.direct_path.over(&String::new()),
        head_images: draft.head_images.over(&Vec::new()),
        description: draft.description.over(&String::new()),
        description_images: draft.description_images.over(&Vec::new()),
        category: draft.category.over(&0),
        brand: draft.brand.over(&0),
        version: draft.version.over(&String::new()),
        permits: draft.permits.over(&Vec::new()),
        skus: Vec::with_capacity(draft.skus.len()),
    };
    for (field, is_missing) in [
        (Field::Title, product.title.is_empty()),
        (Field::Path, product.path.is_empty()),
        (Field::HeadImages, product.head_images.is_empty()),
        (Field::Category, product.category == 0),
        (Field::Sku, draft.skus.is_empty()),
    ] {
        if is_missing {
            return Err(lacks(field, None));
        }
    }
    let mut comparison = Comparison {
        merged: product,
        unseen: draft
            .unseen
            .each_ref()
            .map(|given| given.over(&String::new())),
        audited: true,
        ..Comparison::default()
    };
    for given in &draft.skus {
        let sku = new_sku(given, &comparison.merged.head_images)
            .map_err(|field| lacks(field, Some(&given.id)))?;
        if guard.stops(None, sku.price, sku.list_price) {
            comparison.changes.push(Change {
                field: Field::Price,
                sku: Some(sku.id.clone()),
                old: None,
                new: sku.price.value(),
                at_once: false,
                guarded: true,
            });
        }
        comparison.refusal = comparison.refusal.or_else(|| below_list(&sku));
        comparison.merged.skus.push(sku);
    }
    let twins =
        twins(&comparison.merged.skus).map(|(one, other)| same_attributes(one, other, None));
    comparison.refusal = comparison.refusal.or(twins);
    Ok(comparison)
}

/// A SKU that the shop does not have: without a list price and a picture of its own, the selling price and the product's
/// first picture stand in. `Err` names what it lacks.
fn new_sku(given: &SkuDraft, head_images: &[String]) -> Result<Sku, Field> {
    let Given::Set(price) = given.price else {
        return Err(Field::Price);
    };
    let Given::Set(stock) = given.stock else {
        return Err(Field::Stock);
    };
    let or_head = |image: String| {
        if image.is_empty() {
            head_images.first().cloned().unwrap_or_default()
        } else {
            image
        }
    };
    Ok(Sku {
        id: given.id.clone(),
        image: or_head(given.image.over(&String::new())),
        price,
        list_price: match given.list_price {
            Given::Set(list) if list.0 > 0 => list,
            _ => price,
        },
        stock,
        code: given.code.over(&String::new()),
        barcode: given.barcode.over(&String::new()),
        attributes: given.attributes.over(&Vec::new()),
    })
}

fn below_list(sku: &Sku) -> Option<Refusal> {
    (sku.list_price < sku.price).then(|| Refusal {
        message: text!(
            "the list price of {sku}, {list}, would be below its price {price}",
            sku = &sku.id,
            list = sku.list_price.to_yuan(),
            price = sku.price.to_yuan()
        ),
        hint: Some(text!("give a list price that is not below the price")),
    })
}

/// Two SKUs that nobody can tell apart.
fn twins(skus: &[Sku]) -> Option<(&str, &str)> {
    let mut seen: HashMap<Vec<&Attribute>, &str> = HashMap::new();
    skus.iter().find_map(|sku| {
        let mut look: Vec<&Attribute> = sku.attributes.iter().collect();
        look.sort_unstable();
        let twin = seen.insert(look, &sku.id)?;
        Some((twin, sku.id.as_str()))
    })
}

/// `kept` is the one that only the shop has.
fn same_attributes(one: &str, other: &str, kept: Option<&str>) -> Refusal {
    Refusal {
        message: text!(
            "the SKUs {one} and {other} have the same attributes",
            one,
            other
        ),
        hint: Some(match kept {
            Some(old) => text!(
                "the shop has {old} and the file does not: remove it with --remove-missing-skus, or give it other attributes",
                old
            ),
            None => text!("write how the two differ, e.g. color=red"),
        }),
    }
}

/// What a draft makes of what the shop has. `sent` is what was sent last from here.
pub fn compare(draft: &Draft, held: &Held, sent: Option<&Sent>, rules: &Rules) -> Comparison {
    let mut work = Work {
        draft,
        held,
        sent,
        rules,
        out: Comparison::default(),
    };
    work.product();
    work.unseen();
    work.skus();
    work.look_at_skus();
    work.free();
    work.review();
    work.out
}

struct Work<'a> {
    draft: &'a Draft,
    held: &'a Held,
    sent: Option<&'a Sent>,
    rules: &'a Rules,
    out: Comparison,
}

impl Work<'_> {
    /// The value a field gets: the new one, or the shop's where that wins.
    fn settle<T: Comparable + Clone>(
        &mut self,
        field: Field,
        sku: Option<&str>,
        given: bool,
        new: T,
        old: &T,
    ) -> T {
        if new == *old {
            return new;
        }
        let last = match (self.sent, sku) {
            (Some(sent), Some(sku)) => sent.of_sku(sku, field),
            (Some(sent), None) => sent.seen(field),
            (None, _) => None,
        };
        let changed_by_others = given && last.is_some_and(|last| last != old.digest());
        if changed_by_others {
            match self.rules.on_conflict {
                OnConflict::Sheet => {}
                OnConflict::Shop => {
                    self.out.kept.push((field, sku.map(str::to_owned)));
                    return old.clone();
                }
                OnConflict::Hold => self.out.conflicts.push(Conflict {
                    field,
                    sku: sku.map(str::to_owned),
                    shop: old.value(),
                    sheet: new.value(),
                }),
            }
        }
        self.note(field, sku, old.value(), new.value());
        new
    }

    fn note(&mut self, field: Field, sku: Option<&str>, old: Option<Value>, new: Option<Value>) {
        self.out.changes.push(Change {
            field,
            sku: sku.map(str::to_owned),
            old,
            new,
            at_once: false,
            guarded: false,
        });
    }

    fn product(&mut self) {
        let (draft, old) = (self.draft, &self.held.product);
        macro_rules! field {
            ($name:ident, $field:ident) => {
                self.settle(
                    Field::$field,
                    None,
                    draft.$name.is_given(),
                    draft.$name.over(&old.$name),
                    &old.$name,
                )
            };
        }
        self.out.merged = Product {
            id: draft.id.clone(),
            title: field!(title, Title),
            path: field!(path, Path),
            direct_path: field!(direct_path, DirectPath),
            head_images: field!(head_images, HeadImages),
            description: field!(description, Description),
            description_images: field!(description_images, DescriptionImages),
            category: field!(category, Category),
            brand: field!(brand, Brand),
            version: field!(version, Version),
            permits: field!(permits, Permits),
            skus: Vec::new(),
        };
    }

    /// What the shop never shows is held against what was sent last.
    fn unseen(&mut self) {
        let last = self.sent.and_then(Sent::unseen);
        for place in 0..UNSEEN {
            let old = last.map(|last| &last[place]);
            let nothing = String::new();
            let given = &self.draft.unseen[place];
            let new = given.over(old.unwrap_or(&nothing));
            if given.is_given() && old != Some(&new) {
                let old = old.and_then(Comparable::value);
                self.note(Field::Unseen(place), None, old, new.value());
            }
            self.out.unseen[place] = new;
        }
    }

    fn skus(&mut self) {
        let (draft, held) = (self.draft, self.held);
        let old_head = held.product.head_images.first();
        let new_head = self.out.merged.head_images.first().cloned();
        // A picture that was never given follows the product's first one.
        let follow = |old: &Sku| match &new_head {
            Some(new) if Some(&old.image) == old_head => new.clone(),
            _ => old.image.clone(),
        };
        for old in &held.product.skus {
            let given = draft.skus.iter().find(|given| given.id == old.id);
            let Some(given) = given else {
                self.out.missing.push(old.id.clone());
                if self.rules.remove_missing {
                    let id = Value::Text(old.id.clone());
                    self.note(Field::Sku, Some(&old.id), Some(id), None);
                    continue;
                }
                let image = follow(old);
                let image = self.settle(Field::Image, Some(&old.id), false, image, &old.image);
                self.out.merged.skus.push(Sku {
                    image,
                    ..old.clone()
                });
                continue;
            };
            let sku = self.sku(given, old, follow(old), new_head.as_deref());
            self.out.merged.skus.push(sku);
        }
        for given in &draft.skus {
            if held.product.skus.iter().any(|old| old.id == given.id) {
                continue;
            }
            self.added(given);
        }
    }

    fn sku(&mut self, given: &SkuDraft, old: &Sku, followed: String, head: Option<&str>) -> Sku {
        let id = Some(old.id.as_str());
        let image = match &given.image {
            Given::Keep => followed,
            Given::Set(image) if !image.is_empty() => image.clone(),
            Given::Set(_) | Given::Clear => head.unwrap_or(&old.image).to_owned(),
        };
        let image = self.settle(Field::Image, id, given.image.is_given(), image, &old.image);
        let price = self.settle(
            Field::Price,
            id,
            given.price.is_given(),
            given.price.over(&old.price),
            &old.price,
        );
        // A list price that was the price goes on being it.
        let list = match given.list_price {
            Given::Keep if old.list_price != old.price => old.list_price,
            Given::Set(list) if list.0 > 0 => list,
            _ => price,
        };
        let sku = Sku {
            id: old.id.clone(),
            image,
            price,
            list_price: self.settle(
                Field::ListPrice,
                id,
                given.list_price.is_given(),
                list,
                &old.list_price,
            ),
            stock: self.settle(
                Field::Stock,
                id,
                false,
                given.stock.over(&old.stock),
                &old.stock,
            ),
            code: self.settle(
                Field::Code,
                id,
                given.code.is_given(),
                given.code.over(&old.code),
                &old.code,
            ),
            barcode: self.settle(
                Field::Barcode,
                id,
                given.barcode.is_given(),
                given.barcode.over(&old.barcode),
                &old.barcode,
            ),
            attributes: self.settle(
                Field::Attributes,
                id,
                given.attributes.is_given(),
                given.attributes.over(&old.attributes),
                &old.attributes,
            ),
        };
        if (sku.price, sku.list_price) != (old.price, old.list_price) {
            self.refuse(below_list(&sku));
        }
        sku
    }

    fn added(&mut self, given: &SkuDraft) {
        let held = &self.held.product.skus;
        if let Some(old) = held.iter().find(|old| look_alike(&old.id, &given.id)) {
            return self.refuse(Some(Refusal {
                message: twin_words(&given.id, &old.id),
                hint: Some(text!("write it as the shop has it, or choose another")),
            }));
        }
        if self.draft.free_only {
            return self.refuse(Some(Refusal {
                message: text!("the shop has no SKU {sku} of this product", sku = &given.id),
                hint: Some(text!("`wxsell goods show` lists them")),
            }));
        }
        match new_sku(given, &self.out.merged.head_images) {
            Ok(sku) => {
                let id = Some(sku.id.as_str());
                self.note(Field::Sku, id, None, Some(Value::Text(sku.id.clone())));
                self.note(Field::Price, id, None, sku.price.value());
                self.refuse(below_list(&sku));
                self.out.merged.skus.push(sku);
            }
            Err(field) => self.refuse(Some(Refusal {
                message: text!(
                    "{name} of {sku} is missing",
                    name = field.name(),
                    sku = &given.id
                ),
                hint: Some(text!("the shop does not have it yet, so it needs a value")),
            })),
        }
    }

    fn refuse(&mut self, refusal: Option<Refusal>) {
        if self.out.refusal.is_none() {
            self.out.refusal = refusal;
        }
    }

    /// SKUs of one product must be told apart; a renamed one stands beside its old self.
    fn look_at_skus(&mut self) {
        let looks_change = |change: &Change| matches!(change.field, Field::Sku | Field::Attributes);
        if !self.out.changes.iter().any(looks_change) {
            return;
        }
        let refusal = twins(&self.out.merged.skus).map(|(one, other)| {
            let kept = [one, other]
                .into_iter()
                .find(|id| self.out.missing.iter().any(|missing| missing == id));
            same_attributes(one, other, kept)
        });
        self.refuse(refusal);
    }

    /// What goes without an audit, and what the guard says of prices.
    fn free(&mut self) {
        let held = self.held;
        let old_ids: HashSet<&str> = held
            .product
            .skus
            .iter()
            .map(|sku| sku.id.as_str())
            .collect();
        let guard = self.rules.guard;
        for change in &mut self.out.changes {
            if let (Field::Price, Some(Value::Fen(new))) = (change.field, &change.new) {
                let old = match change.old {
                    Some(Value::Fen(old)) => Some(old),
                    _ => None,
                };
                let sku = |sku: &&Sku| Some(&sku.id) == change.sku.as_ref();
                let list = self
                    .out
                    .merged
                    .skus
                    .iter()
                    .find(sku)
                    .map(|sku| sku.list_price);
                change.guarded = guard.stops(old, *new, list.unwrap_or_default());
            }
        }
        if held.passed_once {
            let mut free = Free::default();
            let online = held.online.as_ref();
            // What buyers see counts, where it is not the draft.
            let differs = |given: bool, same: bool, same_online: Option<bool>| {
                !same || given && same_online == Some(false)
            };
            let merged = &self.out.merged;
            if differs(
                self.draft.path.is_given(),
                merged.path == held.product.path,
                online.map(|online| online.path == merged.path),
            ) {
                free.path = Some(merged.path.clone());
            }
            let mut behind = Vec::new();
            for sku in &merged.skus {
                let Some(old) = held.product.skus.iter().find(|old| old.id == sku.id) else {
                    continue;
                };
                let seen = match online {
                    None => None,
                    Some(online) => match online.skus.iter().find(|seen| seen.id == sku.id) {
                        Some(seen) => Some(seen),
                        // Buyers do not see it yet: it goes with the draft.
                        None => continue,
                    },
                };
                let given = self.draft.skus.iter().find(|given| given.id == sku.id);
                macro_rules! free {
                    ($name:ident, $field:ident) => {{
                        let is_given = given.is_some_and(|given| given.$name.is_given());
                        let same_online = seen.map(|seen| seen.$name == sku.$name);
                        let differs = differs(is_given, sku.$name == old.$name, same_online);
                        if let (true, true, Some(seen)) = (differs, sku.$name == old.$name, seen) {
                            behind.push((
                                Field::$field,
                                sku.id.clone(),
                                seen.$name.value(),
                                sku.$name.value(),
                            ));
                        }
                        differs.then(|| sku.$name.clone())
                    }};
                }
                let one = FreeSku {
                    id: sku.id.clone(),
                    price: free!(price, Price),
                    list_price: free!(list_price, ListPrice),
                    stock: free!(stock, Stock),
                    code: free!(code, Code),
                    barcode: free!(barcode, Barcode),
                };
                let nothing = FreeSku {
                    id: sku.id.clone(),
                    ..FreeSku::default()
                };
                if one != nothing {
                    free.skus.push(one);
                }
            }
            for (field, sku, old, new) in behind {
                let guarded = match (field, &old, &new) {
                    (Field::Price, Some(Value::Fen(old)), Some(Value::Fen(new))) => {
                        guard.stops(Some(*old), *new, *new)
                    }
                    _ => false,
                };
                self.out.changes.push(Change {
                    field,
                    sku: Some(sku),
                    old,
                    new,
                    at_once: true,
                    guarded,
                });
            }
            let goes_free = |sku: &Option<String>| match sku {
                None => true,
                Some(sku) => {
                    old_ids.contains(sku.as_str()) && free.skus.iter().any(|free| free.id == *sku)
                }
            };
            for change in &mut self.out.changes {
                change.at_once = change.field.is_free() && goes_free(&change.sku);
            }
            if free.path.is_some() || !free.skus.is_empty() {
                self.out.free = Some(free);
            }
        }
    }

    /// Where the audit stands.
    fn review(&mut self) {
        if self.held.review == Review::Editing && !self.draft.free_only {
            self.note(Field::Audit, None, None, None);
        }
        self.out.audited = self.out.changes.iter().any(|change| !change.at_once);
        if self.draft.free_only && self.out.audited {
            return self.refuse(Some(Refusal {
                message: text!("it never passed an audit, so every change needs one"),
                hint: Some(text!("wait for its audit, or change it with goods upload")),
            }));
        }
        self.out.audit_refusal = match &self.held.review {
            Review::InAudit if self.out.audited && !self.rules.withdraw => Some(Refusal {
                message: text!("it is in audit and cannot be changed until the audit ends"),
                hint: Some(text!(
                    "upload again after the audit, or with --withdraw-audit"
                )),
            }),
            Review::Rejected(reason) if !self.out.audited && !self.draft.free_only => {
                Some(Refusal {
                    message: text!(
                        "the audit failed and nothing has changed since: {reason}",
                        reason
                    ),
                    hint: Some(text!(
                        "correct the product in the sheet and upload it again"
                    )),
                })
            }
            _ => None,
        };
    }
}
