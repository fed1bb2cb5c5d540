//! Rows of a sheet against what the store has and what its categories ask for: everything that can be found wrong
//! before anything is sent, with its cell; and the product that is wanted.
//!
//! Long because every check of a row stands here, each with its words.

use super::CategoryPath;
use super::sheet::{CLEAR, Cell, Field, Goods, Problem, Rows, SkuRow, items, pairs};
use crate::api::store::Id;
use crate::api::store::goods::NO_BRAND;
use crate::api::store::image::{LINKS, MAX_BYTES};
use crate::api::store::merchant::{Address, Brand, Template};
use crate::fail::Failure;
use crate::lang::Text;
use crate::model::category_rule::{
    Breach, CategoryRule, Doubt, Facts, Requirements, SkuFacts, ValueKind,
};
use crate::shop::Shop;
use crate::state::State;
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Rules read at the same time.
const RULES_AT_ONCE: usize = 8;

/// What the store has, read once for a sheet.
#[derive(Debug, Default)]
pub struct StoreFacts {
    pub(super) categories: Vec<CategoryPath>,
    /// Leaves that the store may sell in, and those whose right has lapsed.
    rights: HashMap<Id, bool>,
    pub(super) brands: Vec<Brand>,
    pub(super) templates: Vec<Template>,
    pub(super) addresses: Vec<Address>,
    /// What texts of sheets were found to mean, by their place in `categories`: the tree has thousands of leaves.
    found: RefCell<HashMap<String, usize>>,
    /// By leaf and brand; without a brand where the product has none.
    rules: HashMap<(Id, Id), CategoryRule>,
}

/// How long the category tree and the rules of categories are believed, in seconds.
const BELIEVED: i64 = 86_400;

/// Where answers are kept, and the store's time.
pub struct Cache<'a> {
    pub state: &'a State,
    pub shop_key: String,
    pub now: i64,
}

impl Cache<'_> {
    /// What was answered today, else what `ask` says now.
    async fn or_ask<T: Serialize + DeserializeOwned>(
        &self,
        question: &str,
        ask: impl AsyncFnOnce() -> Result<T>,
    ) -> Result<T> {
        let since = self.now - BELIEVED;
        let known = self.state.answer(&self.shop_key, question, since)?;
        // What an older version wrote otherwise is asked for again.
        if let Some(answer) = known.and_then(|known| serde_json::from_str(&known).ok()) {
            return Ok(answer);
        }
        let answer = ask().await?;
        let json = serde_json::to_string(&answer)?;
        self.state
            .keep_answer(&self.shop_key, question, &json, self.now)?;
        Ok(answer)
    }
}

impl Shop {
    /// Reads what a sheet is checked against: the category tree, rights, brands, freight templates and addresses, and
    /// the rule of each leaf that the sheet names, with each brand of it. Tree and rules are asked for once a day.
    pub async fn store_facts(&self, goods: &Goods, cache: &Cache<'_>) -> Result<StoreFacts> {
        let (categories, relations, brands, templates, addresses) = tokio::try_join!(
            cache.or_ask("categories", async || self.store_categories().await),
            self.store_relations(),
            self.store_brands(),
            self.store_templates(),
            self.store_addresses(),
        )?;
        let rights = relations
            .into_iter()
            .map(|relation| (relation.id, relation.status == 1))
            .collect();
        let mut facts = StoreFacts {
            categories,
            rights,
            brands,
            templates,
            addresses,
            found: RefCell::default(),
            rules: HashMap::new(),
        };
        let named: HashSet<(Id, Id)> = goods
            .products
            .iter()
            .filter_map(|rows| {
                let category = &rows.fields.get(&Field::Category)?.text;
                let leaf = facts.category(category).ok()?.ids.last()?.clone();
                let brand = rows.fields.get(&Field::Brand);
                let brand = brand.and_then(|cell| facts.brand(&cell.text));
                Some((leaf, brand.unwrap_or_default()))
            })
            .collect();
        let mut rules = futures_util::stream::iter(named)
            .map(async |(leaf, brand)| {
                let question = format!("rule/{leaf}/{brand}");
                let ask = async || self.store_rule(&leaf, &brand).await;
                let rule = cache.or_ask(&question, ask).await?;
                anyhow::Ok(((leaf, brand), rule.read()))
            })
            .buffer_unordered(RULES_AT_ONCE);
        while let Some((of, rule)) = rules.try_next().await? {
            facts.rules.insert(of, rule);
        }
        drop(rules);
        Ok(facts)
    }

    /// A category and its rule, for a template.
    pub async fn category_for_template(
        &self,
        text: &str,
        cache: &Cache<'_>,
    ) -> Result<(CategoryPath, CategoryRule, StoreFacts)> {
        let facts = self
            .store_facts(&Goods::made("", Vec::new()), cache)
            .await?;
        let path = facts
            .category(text)
            .cloned()
            .map_err(|(message, hint)| Failure {
                hint,
                ..Failure::input(message)
            })?;
        let leaf = path.ids.last().cloned().unwrap_or_default();
        let question = format!("rule/{leaf}/");
        let none = Id::default();
        let ask = async || self.store_rule(&leaf, &none).await;
        let rule = cache.or_ask(&question, ask).await?;
        Ok((path, rule.read(), facts))
    }
}

impl StoreFacts {
    /// A brand by number or name; nothing for none, and for one that the store may not use.
    fn brand(&self, text: &str) -> Option<Id> {
        let fits = |brand: &&Brand| {
            brand.brand_id.as_str() == text || brand.ch_name == text || brand.en_name == text
        };
        self.brands
            .iter()
            .find(fits)
            .map(|brand| brand.brand_id.clone())
    }

    /// A category by the number of its leaf, by its path of names, or by the name of its leaf where only one has it.
    fn category(&self, text: &str) -> Result<&CategoryPath, (Text, Option<Text>)> {
        let known = self.found.borrow().get(text).copied();
        if let Some(known) = known.and_then(|place| self.categories.get(place)) {
            return Ok(known);
        }
        let found = self.look_for_category(text)?;
        let place = self
            .categories
            .iter()
            .position(|path| std::ptr::eq(path, found));
        self.found
            .borrow_mut()
            .extend(place.map(|place| (text.to_owned(), place)));
        Ok(found)
    }

    fn look_for_category(&self, text: &str) -> Result<&CategoryPath, (Text, Option<Text>)> {
        let names = text.replace(['>', '＞', '／', '\\'], "/");
        let names: Vec<&str> = names.split('/').map(str::trim).collect();
        if let [one] = names.as_slice()
            && let Some(id) = Id::read(one)
        {
            let known = self
                .categories
                .iter()
                .find(|path| path.ids.last() == Some(&id));
            return known.ok_or_else(|| {
                (
                    text!("the store has no category {category}", category = text),
                    None,
                )
            });
        }
        let fits = |path: &&CategoryPath| {
            let above = path.names.len().checked_sub(names.len());
            above.is_some_and(|above| {
                path.names[above..]
                    .iter()
                    .zip(&names)
                    .all(|(one, other)| one == other)
            })
        };
        let found: Vec<&CategoryPath> = self.categories.iter().filter(fits).collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] => {
                let last = names.last().copied().unwrap_or_default();
                let near = self
                    .categories
                    .iter()
                    .find(|path| path.names.last().is_some_and(|name| name.contains(last)));
                Err((
                    text!("there is no category \"{category}\"", category = text),
                    near.map(|path| text!("did you mean {path}?", path = path.path())),
                ))
            }
            several => Err((
                text!(
                    "several categories are called \"{category}\"",
                    category = text
                ),
                Some(text!(
                    "write the whole path: {paths}",
                    paths = several
                        .iter()
                        .map(|path| path.path())
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            )),
        }
    }
}

/// An image of a product.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub enum Image {
    /// At the store already.
    Link(String),
    /// The store fetches it.
    Address(String),
    /// A file, known by its content.
    File { sha256: String, path: PathBuf },
}

impl Image {
    /// What it is remembered by.
    pub fn key(&self) -> Option<String> {
        match self {
            Image::Link(_) => None,
            Image::Address(address) => Some(format!("url:{address}")),
            Image::File { sha256, .. } => Some(format!("sha256:{sha256}")),
        }
    }
}

/// A product as the sheet wants it. What it does not say stays as the store has it.
#[derive(Debug, Clone, Serialize)]
pub struct Wanted {
    pub number: String,
    #[serde(skip)]
    pub rows: Vec<u32>,
    #[serde(skip)]
    pub place: String,
    /// By field: what is text and stays text.
    pub texts: BTreeMap<&'static str, String>,
    pub category: Option<Vec<Id>>,
    pub head_images: Option<Vec<Image>>,
    pub detail_images: Option<Vec<Image>>,
    pub brand: Option<Id>,
    pub template: Option<Id>,
    pub weight: Option<i64>,
    pub return_address: Option<Id>,
    pub seven_days: Option<i64>,
    pub freight_insurance: Option<i64>,
    pub attributes: Vec<(String, String)>,
    pub papers: Vec<(Id, Vec<Image>)>,
    pub skus: Vec<WantedSku>,
    /// What a new product would lack; one that the store has needs none of it.
    #[serde(skip)]
    pub lacks: Vec<Problem>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct WantedSku {
    pub number: String,
    /// The sheet names no SKU, as the product has one alone.
    #[serde(skip)]
    pub implied: bool,
    pub image: Option<Image>,
    pub price: Option<Fen>,
    pub stock: Option<i64>,
    pub code: Option<String>,
    pub bar_code: Option<String>,
    pub attributes: Vec<(String, String)>,
    /// Days until shipping of a pre-sale; 0 is in stock.
    pub presale_days: Option<i64>,
}

impl Wanted {
    pub fn text(&self, field: Field) -> Option<&str> {
        self.texts.get(field.name()).map(String::as_str)
    }

    /// SHA-256 of everything that the sheet says.
    pub fn fingerprint(&self) -> [u8; 32] {
        let json = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(json).into()
    }

    /// Every image, in the order in which they are uploaded.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        let heads = self.head_images.iter().flatten();
        let details = self.detail_images.iter().flatten();
        let papers = self.papers.iter().flat_map(|(_, images)| images);
        let skus = self.skus.iter().filter_map(|sku| sku.image.as_ref());
        heads.chain(details).chain(papers).chain(skus)
    }
}

/// A sheet that was checked.
pub struct Checked {
    pub products: Vec<Wanted>,
    pub problems: Vec<Problem>,
    /// What may be wrong, for people to look at.
    pub doubts: Vec<Text>,
    pub counted: usize,
}

/// Checks every product. `folder` is where names of images start; `is_known` says whether the store has a product of
/// this number, which then needs only what changes.
pub fn check(
    mut goods: Goods,
    facts: &StoreFacts,
    folder: &Path,
    is_known: impl Fn(&str, &str) -> bool,
) -> Checked {
    let rows = std::mem::take(&mut goods.products);
    let mut checked = Checked {
        products: Vec::new(),
        problems: Vec::new(),
        doubts: Vec::new(),
        counted: rows.len(),
    };
    let mut heads: HashMap<Image, String> = HashMap::new();
    for product in rows {
        let before = goods.problems.len();
        goods.products = vec![product.clone()];
        let mut reader = Reader {
            goods: &mut goods,
            facts,
            folder,
            doubts: &mut checked.doubts,
        };
        let wanted = reader.product(&product, &mut heads);
        let bad = goods.problems.len() > before;
        let code = wanted.text(Field::SpuCode).unwrap_or_default().to_owned();
        if !is_known(&wanted.number, &code) && !wanted.lacks.is_empty() {
            goods.problems.extend(wanted.lacks.iter().cloned());
            continue;
        }
        if !bad {
            checked.products.push(wanted);
        }
    }
    checked.problems = goods.problems;
    checked.problems.sort_by_key(|problem| problem.row);
    checked
}

struct Reader<'a> {
    goods: &'a mut Goods,
    facts: &'a StoreFacts,
    folder: &'a Path,
    doubts: &'a mut Vec<Text>,
}

impl<'a> Reader<'a> {
    fn product(&mut self, rows: &Rows, heads: &mut HashMap<Image, String>) -> Wanted {
        let mut wanted = Wanted {
            number: rows.number.text.clone(),
            rows: rows.rows.clone(),
            place: format!("{}:{}", self.goods.file, rows.number.row),
            texts: BTreeMap::new(),
            category: None,
            head_images: None,
            detail_images: None,
            brand: None,
            template: None,
            weight: None,
            return_address: None,
            seven_days: None,
            freight_insurance: None,
            attributes: Vec::new(),
            papers: Vec::new(),
            skus: Vec::new(),
            lacks: Vec::new(),
        };
        if wanted.number.chars().count() > 128 {
            self.wrong(
                &rows.number,
                text!(
                    "{name} is longer than {most} characters",
                    name = Field::Number.name(),
                    most = 128
                ),
            );
        }
        let get = |field: Field| rows.fields.get(&field);
        for (field, most) in [
            (Field::Title, 60),
            (Field::ShortTitle, 20),
            (Field::Detail, 2000),
            (Field::SpuCode, 100),
            (Field::AftersaleText, 200),
        ] {
            let Some(cell) = get(field) else { continue };
            if cell.text.chars().count() > most {
                self.wrong(
                    cell,
                    text!(
                        "{name} is longer than {most} characters",
                        name = field.name(),
                        most
                    ),
                );
            }
            wanted
                .texts
                .insert(field.name(), cleared(cell.text.clone()));
        }
        if let Some(cell) = get(Field::Title)
            && (cell.text.is_ascii() || cell.text == CLEAR)
        {
            self.wrong(
                cell,
                text!("the title has only digits, letters or symbols, which the Store refuses"),
            );
        }
        let category = get(Field::Category).and_then(|cell| self.category(cell));
        wanted.category = category.map(|path| path.ids.clone());
        let requirements = category.map_or_else(Requirements::default, CategoryPath::requirements);
        wanted.head_images = get(Field::HeadImages).map(|cell| self.images(cell, 9));
        wanted.detail_images = get(Field::DetailImages).map(|cell| self.images(cell, 50));
        if let (Some(cell), Some(images)) = (get(Field::HeadImages), &wanted.head_images) {
            for image in images {
                let other = heads.insert(image.clone(), wanted.number.clone());
                if let Some(other) = other.filter(|other| *other != wanted.number) {
                    self.wrong(
                        cell,
                        text!(
                            "product {number} has the same head image, which the Store refuses",
                            number = other
                        ),
                    );
                }
            }
        }
        wanted.brand = get(Field::Brand).and_then(|cell| self.brand(cell));
        let template = get(Field::Freight).and_then(|cell| self.template(cell));
        wanted.template = template.map(|template| template.template_id.clone());
        wanted.weight = get(Field::Weight).and_then(|cell| self.whole(cell, 1, 10_000_000));
        if let (Some(cell), Some(template), None) = (get(Field::Freight), template, wanted.weight)
            && template.valuation_type == "WEIGHT"
        {
            self.wrong(
                cell,
                text!("this freight template charges by weight, and the product has none"),
            );
        }
        wanted.return_address = get(Field::ReturnAddress).and_then(|cell| self.address(cell));
        wanted.seven_days = get(Field::SevenDays).and_then(|cell| self.choice(cell, 3));
        wanted.freight_insurance =
            get(Field::FreightInsurance).and_then(|cell| self.choice(cell, 1));
        if let Some(cell) = get(Field::Attributes) {
            match pairs(&cell.text) {
                Ok(pairs) => wanted.attributes = pairs,
                Err(why) => self.wrong(cell, why),
            }
        }
        for (name, cell) in &rows.attributes {
            wanted.attributes.retain(|(known, _)| known != name);
            wanted.attributes.push((name.clone(), cell.text.clone()));
        }
        let facts = self.facts;
        let rule = wanted.category.as_ref().and_then(|path| {
            let brand = wanted
                .brand
                .clone()
                .filter(|brand| brand.as_str() != NO_BRAND);
            facts
                .rules
                .get(&(path.last()?.clone(), brand.unwrap_or_default()))
        });
        for (name, cell) in &rows.papers {
            let id = rule.and_then(|rule| {
                let fits = |paper: &&crate::model::category_rule::PaperRule| {
                    paper.name == *name || paper.id == *name
                };
                rule.papers
                    .iter()
                    .find(fits)
                    .and_then(|paper| Id::read(&paper.id))
            });
            match id.or_else(|| Id::read(name)) {
                Some(id) => {
                    let images = self.images(cell, 10);
                    wanted.papers.push((id, images));
                }
                None => self.wrong(
                    cell,
                    text!("the category has no paper called \"{name}\"", name),
                ),
            }
        }
        for (place, row) in rows.skus.iter().enumerate() {
            let sku = self.sku(row, &wanted.number, rows.skus.len());
            if rows.skus[..place]
                .iter()
                .any(|other| number_of(other) == number_of(row) && number_of(row).is_some())
            {
                self.at_row(
                    row.row,
                    text!("SKU {number} is there twice", number = &sku.number),
                );
            }
            wanted.skus.push(sku);
        }
        if wanted.skus.len() > 500 {
            self.wrong(&rows.number, text!("a product has at most 500 SKUs"));
        }
        self.lacks(rows, &mut wanted, requirements);
        if let Some(rule) = rule {
            self.rule(rows, &mut wanted, rule);
        }
        wanted
    }

    /// What a product that the store does not have must be given.
    fn lacks(&mut self, rows: &Rows, wanted: &mut Wanted, requirements: Requirements) {
        let before = self.goods.problems.len();
        let first = rows.number.row;
        for field in [
            Field::Title,
            Field::Category,
            Field::HeadImages,
            Field::DetailImages,
            Field::Freight,
        ] {
            if !rows.fields.contains_key(&field) {
                self.at_row(first, text!("{name} is missing", name = field.name()));
            }
        }
        if wanted.skus.is_empty() {
            self.at_row(first, text!("the product has no SKU"));
        }
        let has_default = self
            .facts
            .addresses
            .iter()
            .any(|address| address.default_recv);
        if !has_default && !rows.fields.contains_key(&Field::ReturnAddress) {
            self.goods.problem(
                Some(first),
                None,
                text!("no address is the default one for returns"),
                Some(text!(
                    "set one in the store's console, or name an address in the column {name}",
                    name = Field::ReturnAddress.name()
                )),
            );
        }
        for row in &rows.skus {
            for field in [Field::Price, Field::Stock] {
                if !row.fields.contains_key(&field) {
                    self.at_row(row.row, text!("{name} is missing", name = field.name()));
                }
            }
        }
        for (field, images, least) in [
            (
                Field::HeadImages,
                &wanted.head_images,
                requirements.head_images,
            ),
            (
                Field::DetailImages,
                &wanted.detail_images,
                requirements.detail_images,
            ),
        ] {
            if let (Some(cell), Some(images)) = (rows.fields.get(&field), images)
                && images.len() < least
            {
                self.wrong(
                    cell,
                    text!(
                        "{count} {count:image|images}; the category needs at least {least}",
                        count = images.len(),
                        least
                    ),
                );
            }
        }
        wanted.lacks.extend(self.goods.problems.drain(before..));
    }

    /// What the category asks for. What is missing counts for new products, what is wrong for all.
    fn rule(&mut self, rows: &Rows, wanted: &mut Wanted, rule: &CategoryRule) {
        let papers: Vec<String> = wanted.papers.iter().map(|(id, _)| id.to_string()).collect();
        let facts = Facts {
            title: wanted.text(Field::Title).unwrap_or_default(),
            brand: wanted.brand.as_ref().map_or(NO_BRAND, Id::as_str),
            attributes: wanted
                .attributes
                .iter()
                .map(|(name, value)| (&**name, &**value))
                .collect(),
            papers: papers.iter().map(String::as_str).collect(),
            // Counted before.
            head_images: usize::MAX,
            detail_images: usize::MAX,
            skus: wanted
                .skus
                .iter()
                .map(|sku| SkuFacts {
                    price: sku.price.unwrap_or(Fen(i64::MAX)),
                    bar_code: sku.bar_code.as_deref().unwrap_or_default(),
                    attributes: sku
                        .attributes
                        .iter()
                        .map(|(name, value)| (&**name, &**value))
                        .collect(),
                    presale: sku.presale_days.is_some_and(|days| days > 0),
                })
                .collect(),
            services: wanted
                .seven_days
                .map(|choice| ("seven_day_return", choice.to_string()))
                .into_iter()
                .collect(),
        };
        let (breaches, doubts) = rule.check(&facts);
        for breach in breaches {
            let missing = matches!(
                breach,
                Breach::AttributeMissing { .. }
                    | Breach::PaperMissing { .. }
                    | Breach::BarCodeMissing { .. }
                    | Breach::SkuAttributeMissing { .. }
                    | Breach::BrandNotAllowed
            );
            let before = self.goods.problems.len();
            self.breach(rows, &breach, rule);
            if missing {
                wanted.lacks.extend(self.goods.problems.drain(before..));
            }
        }
        for doubt in doubts {
            let number = &wanted.number;
            self.doubts.push(match doubt {
                Doubt::AttributeMayBeNeeded { name } => text!(
                    "product {number} may need the attribute {name}: the rule of its category is not understood",
                    number,
                    name
                ),
                Doubt::PaperMayBeNeeded { name } => text!(
                    "product {number} may need the paper {name}: the rule of its category is not understood",
                    number,
                    name
                ),
            });
        }
    }

    fn breach(&mut self, rows: &Rows, breach: &Breach, rule: &CategoryRule) {
        let category = &rule.name;
        let first = rows.number.row;
        let sku_row = |sku: usize| rows.skus.get(sku).map_or(first, |sku| sku.row);
        let cell_of = |field: Field, sku: usize| {
            rows.skus
                .get(sku)
                .and_then(|sku| sku.fields.get(&field))
                .cloned()
        };
        let (place, row, message, hint): (Option<Cell>, u32, Text, Option<Text>) = match breach {
            Breach::BrandNotAllowed => (
                rows.fields.get(&Field::Brand).cloned(),
                first,
                text!("the category {category} takes other brands only", category),
                rule.brands
                    .as_ref()
                    .map(|brands| text!("its brands are {brands}", brands = brands.join(", "))),
            ),
            Breach::BrandNotInCategory => (
                rows.fields.get(&Field::Brand).cloned(),
                first,
                text!("the category {category} does not take this brand", category),
                None,
            ),
            Breach::BrandNotAuthorized => (
                rows.fields.get(&Field::Brand).cloned(),
                first,
                text!(
                    "the store is not authorized for this brand in the category {category}",
                    category
                ),
                Some(text!(
                    "submit the documents of the brand in the store's console"
                )),
            ),
            Breach::AttributeMissing { name, choices } => (
                None,
                first,
                text!(
                    "the category {category} needs the attribute {name}",
                    category,
                    name
                ),
                Some(match choices.is_empty() {
                    true => text!("add a column 属性:{name}", name),
                    false => text!(
                        "add a column 属性:{name}; values: {choices}",
                        name,
                        choices = choices.join(", ")
                    ),
                }),
            ),
            Breach::AttributeValue { name, value, kind } => (
                rows.attributes
                    .iter()
                    .find(|(known, _)| known == name)
                    .map(|(_, cell)| cell.clone())
                    .or_else(|| rows.fields.get(&Field::Attributes).cloned()),
                first,
                text!("{name} cannot be \"{value}\"", name, value),
                Some(kind_words(kind)),
            ),
            Breach::SkuAttributeName { sku, name, known } => (
                None,
                sku_row(*sku),
                text!(
                    "the category {category} has no SKU attribute {name}",
                    category,
                    name
                ),
                Some(text!("it has {names}", names = known.join(", "))),
            ),
            Breach::SkuAttributeMissing { sku, name } => (
                None,
                sku_row(*sku),
                text!(
                    "the category {category} needs the SKU attribute {name}",
                    category,
                    name
                ),
                Some(text!("add a column 规格:{name}", name)),
            ),
            Breach::SkuAttributeValue {
                sku,
                name,
                value,
                kind,
            } => (
                None,
                sku_row(*sku),
                text!("{name} cannot be \"{value}\"", name, value),
                Some(kind_words(kind)),
            ),
            Breach::SkuAttributesDiffer { sku } => (
                None,
                sku_row(*sku),
                text!("this SKU has other attributes than the first of the product"),
                Some(text!("give every SKU of a product the same attributes")),
            ),
            Breach::PaperMissing { name, tips, .. } => (
                None,
                first,
                text!(
                    "the category {category} needs the paper {name}",
                    category,
                    name
                ),
                Some(match tips.is_empty() {
                    true => text!("add a column 资质:{name} with images", name),
                    false => text!("add a column 资质:{name} with images ({tips})", name, tips),
                }),
            ),
            Breach::BelowFloor { sku, floor } => (
                cell_of(Field::Price, *sku),
                sku_row(*sku),
                text!(
                    "the price is below {floor}, the lowest of the category {category}",
                    floor = floor.to_yuan(),
                    category
                ),
                None,
            ),
            Breach::BarCodeMissing { sku } => (
                None,
                sku_row(*sku),
                text!("the category {category} needs bar codes", category),
                Some(text!("add a column bar_code (条形码)")),
            ),
            Breach::PresaleNotAllowed { sku } => (
                cell_of(Field::Delivery, *sku),
                sku_row(*sku),
                text!("the category {category} allows no pre-sale", category),
                None,
            ),
            Breach::ServiceValue { name, choices } => (
                rows.fields.get(&Field::SevenDays).cloned(),
                first,
                text!(
                    "{name} must be one of {choices}",
                    name,
                    choices = choices.join(", ")
                ),
                None,
            ),
            Breach::TooFewHeadImages { .. } | Breach::TooFewDetailImages { .. } => return,
        };
        match place {
            Some(cell) => self.goods.at(&cell, message, hint),
            None => self.goods.problem(Some(row), None, message, hint),
        }
    }

    fn wrong(&mut self, cell: &Cell, message: Text) {
        self.goods.at(cell, message, None);
    }

    fn at_row(&mut self, row: u32, message: Text) {
        self.goods.problem(Some(row), None, message, None);
    }

    fn category(&mut self, cell: &Cell) -> Option<&'a CategoryPath> {
        let facts = self.facts;
        let path = match facts.category(&cell.text) {
            Ok(path) => path,
            Err((message, hint)) => {
                self.goods.at(cell, message, hint);
                return None;
            }
        };
        let right = path.ids.last().and_then(|leaf| facts.rights.get(leaf));
        match right {
            Some(true) => {}
            Some(false) => self.goods.at(
                cell,
                text!(
                    "the right to sell in {category} has lapsed",
                    category = path.path()
                ),
                Some(text!("renew its documents in the store's console")),
            ),
            None => self.goods.at(
                cell,
                text!(
                    "the store has no right to sell in {category}",
                    category = path.path()
                ),
                Some(text!("apply for the category in the store's console")),
            ),
        }
        Some(path)
    }

    /// A brand by number or name; `无品牌` is none.
    fn brand(&mut self, cell: &Cell) -> Option<Id> {
        let text = cell.text.as_str();
        if text == NO_BRAND || text == "无品牌" {
            return Id::read(NO_BRAND);
        }
        let found = self.facts.brand(text);
        if found.is_none() {
            self.goods.at(
                cell,
                text!(
                    "the store has no right to a brand \"{brand}\"",
                    brand = text
                ),
                Some(match self.facts.brands.is_empty() {
                    true => text!(
                        "leave it empty for no brand, or add the brand in the store's console"
                    ),
                    false => text!(
                        "its brands are {brands}; leave it empty for none",
                        brands = self
                            .facts
                            .brands
                            .iter()
                            .map(|brand| brand.ch_name.as_str())
                            .collect::<Vec<_>>()
                            .join(", ")
                    ),
                }),
            );
        }
        found
    }

    fn template(&mut self, cell: &Cell) -> Option<&'a Template> {
        let facts = self.facts;
        let text = cell.text.as_str();
        let fits =
            |template: &&Template| template.template_id.as_str() == text || template.name == text;
        let found = facts.templates.iter().find(fits);
        if found.is_none() {
            let names: Vec<&str> = facts
                .templates
                .iter()
                .map(|template| template.name.as_str())
                .collect();
            self.goods.at(
                cell,
                text!(
                    "there is no freight template \"{template}\"",
                    template = text
                ),
                Some(text!("there are: {names}", names = names.join(", "))),
            );
        }
        found
    }

    fn address(&mut self, cell: &Cell) -> Option<Id> {
        let text = cell.text.as_str();
        let fits = |address: &&Address| {
            address.recv_addr && (address.address_id.as_str() == text || address.name == text)
        };
        let found = self.facts.addresses.iter().find(fits);
        if found.is_none() {
            self.wrong(
                cell,
                text!("there is no return address \"{address}\"", address = text),
            );
        }
        found.map(|address| address.address_id.clone())
    }

    fn whole(&mut self, cell: &Cell, least: i64, most: i64) -> Option<i64> {
        let plain = cell.text.replace([',', '，'], "");
        let number = plain
            .parse::<i64>()
            .ok()
            .filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.wrong(
                cell,
                text!(
                    "\"{text}\" is not a whole number from {least} to {most}",
                    text = &cell.text,
                    least,
                    most
                ),
            );
        }
        number
    }

    /// Yes, no, or the number of a choice.
    fn choice(&mut self, cell: &Cell, most: i64) -> Option<i64> {
        let choice = match cell.text.as_str() {
            "是" | "支持" | "yes" | "true" => Some(1),
            "否" | "不支持" | "no" | "false" => Some(0),
            number => number
                .parse()
                .ok()
                .filter(|number| (0..=most).contains(number)),
        };
        if choice.is_none() {
            self.wrong(
                cell,
                text!(
                    "\"{text}\" is not yes, no or a number from 0 to {most}",
                    text = &cell.text,
                    most
                ),
            );
        }
        choice
    }

    fn images(&mut self, cell: &Cell, most: usize) -> Vec<Image> {
        let mut images = Vec::new();
        for reference in items(&cell.text) {
            match self.image(&reference) {
                Ok(image) if images.contains(&image) => self.wrong(
                    cell,
                    text!("the image {image} is there twice", image = &reference),
                ),
                Ok(image) => images.push(image),
                Err(why) => self.wrong(cell, why),
            }
        }
        if images.len() > most {
            self.wrong(
                cell,
                text!(
                    "{count} {count:image|images}; the Store takes at most {most} here",
                    count = images.len(),
                    most
                ),
            );
        }
        images
    }

    fn image(&self, reference: &str) -> Result<Image, Text> {
        if reference.starts_with(LINKS) {
            return Ok(Image::Link(reference.to_owned()));
        }
        let rest = reference
            .strip_prefix("https://")
            .or_else(|| reference.strip_prefix("http://"));
        if let Some(rest) = rest {
            return match rest.contains("//") {
                true => Err(text!(
                    "the Store refuses addresses with // in their path: {address}",
                    address = reference
                )),
                false => Ok(Image::Address(reference.to_owned())),
            };
        }
        let mut path = self.folder.join(reference);
        if !path.exists() && reference.contains('\\') {
            path = self.folder.join(reference.replace('\\', "/"));
        }
        let shown = path.display().to_string();
        let bytes = std::fs::read(&path).map_err(|error| {
            text!(
                "cannot read the image {path}: {error}",
                path = &shown,
                error = error.to_string()
            )
        })?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(text!("the image {path} is larger than 10 MB", path = shown));
        }
        match imagesize::image_type(&bytes) {
            Ok(imagesize::ImageType::Jpeg | imagesize::ImageType::Png) => {}
            _ => return Err(text!("the image {path} is not a jpg or png", path = shown)),
        }
        match imagesize::blob_size(&bytes) {
            Ok(size) if size.width > 0 && size.height > 0 => Ok(Image::File {
                sha256: hex::encode(Sha256::digest(&bytes)),
                path,
            }),
            _ => Err(text!(
                "the image {path} is damaged: its width and height cannot be read",
                path = shown
            )),
        }
    }

    fn sku(&mut self, row: &SkuRow, product: &str, of: usize) -> WantedSku {
        let get = |field: Field| row.fields.get(&field);
        let text_of = |field: Field| get(field).map(|cell| cell.text.clone());
        let mut sku = WantedSku {
            number: match get(Field::SkuNumber) {
                Some(cell) => cell.text.clone(),
                // One SKU needs no number of its own.
                None if of == 1 => product.to_owned(),
                None => {
                    self.at_row(
                        row.row,
                        text!("{name} is missing", name = Field::SkuNumber.name()),
                    );
                    String::new()
                }
            },
            implied: get(Field::SkuNumber).is_none(),
            code: text_of(Field::SkuCode).map(cleared),
            bar_code: text_of(Field::BarCode).map(cleared),
            ..WantedSku::default()
        };
        if let Some(cell) = get(Field::SkuImage) {
            sku.image = self.images(cell, 1).into_iter().next();
        }
        if let Some(cell) = get(Field::Price) {
            match Fen::from_yuan(&cell.text) {
                Ok(price) if (1..=1_000_000_000).contains(&price.0) => sku.price = Some(price),
                Ok(_) => self.wrong(cell, text!("the price must be from 0.01 to 10000000 yuan")),
                Err(failure) => self.goods.at(cell, failure.message, failure.hint),
            }
        }
        sku.stock = get(Field::Stock).and_then(|cell| self.whole(cell, 0, 10_000_000));
        if let Some(cell) = get(Field::SkuAttributes) {
            match pairs(&cell.text) {
                Ok(pairs) => sku.attributes = pairs,
                Err(why) => self.wrong(cell, why),
            }
        }
        for (name, cell) in &row.attributes {
            sku.attributes.retain(|(known, _)| known != name);
            sku.attributes.push((name.clone(), cell.text.clone()));
        }
        if let Some(cell) = get(Field::Delivery) {
            sku.presale_days = match cell.text.as_str() {
                "现货" | "stock" => Some(0),
                days => {
                    let days: String = days.chars().filter(char::is_ascii_digit).collect();
                    days.parse().ok().filter(|days| (4..=15).contains(days))
                }
            };
            if sku.presale_days.is_none() {
                self.wrong(
                    cell,
                    text!("write 现货 (in stock), or the days from payment to shipping of a pre-sale, 4 to 15"),
                );
            }
        }
        sku
    }
}

/// A cell that says so empties its field; an empty cell keeps it.
fn cleared(text: String) -> String {
    match text == CLEAR {
        true => String::new(),
        false => text,
    }
}

fn number_of(row: &SkuRow) -> Option<&str> {
    row.fields
        .get(&Field::SkuNumber)
        .map(|cell| cell.text.as_str())
}

pub(super) fn kind_words(kind: &ValueKind) -> Text {
    match kind {
        ValueKind::OneOf(choices) => text!("use one of: {choices}", choices = choices.join(", ")),
        ValueKind::ManyOf(choices) => text!(
            "use these, joined with ;: {choices}",
            choices = choices.join(", ")
        ),
        ValueKind::Whole => text!("write a whole number"),
        ValueKind::Decimal => text!("write a number with at most four decimals"),
        ValueKind::WholeWith(units) => text!(
            "write a whole number, a space and one of: {units}",
            units = units.join(", ")
        ),
        ValueKind::DecimalWith(units) => text!(
            "write a number, a space and one of: {units}",
            units = units.join(", ")
        ),
        ValueKind::Text | ValueKind::Unknown => text!("write a text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    #[test]
    fn a_new_product_needs_somewhere_for_its_returns() {
        let names_returns = |facts: &StoreFacts| {
            let goods = Goods::made("P-1", Vec::new());
            let checked = check(goods, facts, Path::new("."), |_, _| false);
            let mut problems = checked.problems.iter();
            problems.any(|problem| problem.message.render(Lang::En).contains("for returns"))
        };
        let mut facts = StoreFacts::default();
        assert!(names_returns(&facts));
        facts.addresses.push(Address {
            recv_addr: true,
            default_recv: true,
            ..Address::default()
        });
        assert!(!names_returns(&facts));
    }
}
