//! Rows of a sheet against what the store has and what its categories ask for: everything that can be found wrong
//! before anything is sent, with its cell; and the product that is wanted.
//!
//! Long because every check of a row stands here, each with its words.

use super::CategoryPath;
use super::sheet::{
    ATTRIBUTE, CLEAR, Cell, Counts, Field, Files, Goods, PAPER, RowRef, Rows, RowsReader, SIZE,
    SKU_ATTRIBUTE, SkuRow, items, pairs,
};
use crate::api::store::Id;
use crate::api::store::goods::NO_BRAND;
use crate::api::store::image::{LINKS, MAX_BYTES};
use crate::api::store::merchant::{Address, Brand, Template};
use crate::bulk::spool::{Cursor, Spool, SpoolWriter};
use crate::fail::Failure;
use crate::lang::Text;
use crate::model::category_rule::{
    Breach, CategoryRule, Doubt, Facts, Measure, Requirements, SizeForm, SizeKind, SizeLine,
    SkuFacts, ValueKind,
};
use crate::shop::Shop;
use crate::shop::goods::sheet::problem::Problem;
use crate::state::State;
use crate::text;
use crate::types::Fen;
use crate::types::span::DAY;
use crate::types::spelling::half_width;
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
const BELIEVED: i64 = DAY;

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
    /// the rule of each leaf that the sheet names, with each brand of it (`categories`, as the cells have them). Tree and
    /// rules are asked for once a day.
    pub async fn store_facts(
        &self,
        categories: &HashSet<(String, String)>,
        cache: &Cache<'_>,
    ) -> Result<StoreFacts> {
        let (tree, relations, brands, templates, addresses) = tokio::try_join!(
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
            categories: tree,
            rights,
            brands,
            templates,
            addresses,
            found: RefCell::default(),
            rules: HashMap::new(),
        };
        let named: HashSet<(Id, Id)> = categories
            .iter()
            .filter_map(|(category, brand)| {
                let leaf = facts.category(category).ok()?.ids.last()?.clone();
                let brand = facts.brand(brand).unwrap_or_default();
                Some((leaf, brand))
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
        let facts = self.store_facts(&HashSet::new(), cache).await?;
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
    /// Whether the store may sell in a category now.
    pub fn may_sell(&self, category: &CategoryPath) -> bool {
        let right = category.ids.last().and_then(|leaf| self.rights.get(leaf));
        right == Some(&true)
    }

    /// Names of the leaves below a category, by the number or the name of that; some of them.
    fn leaves_below(&self, fits: impl Fn(&CategoryPath, usize) -> bool) -> Vec<String> {
        const SHOWN: usize = 8;
        let below = self.categories.iter().filter(|path| {
            let above = path.ids.len().saturating_sub(1);
            (0..above).any(|level| fits(path, level))
        });
        let mut names: Vec<String> = below.map(CategoryPath::path).take(SHOWN + 1).collect();
        if names.len() > SHOWN {
            names.truncate(SHOWN);
            names.push("…".to_owned());
        }
        names
    }

    /// A brand by number or name; nothing for none, and for one that the store may not use.
    fn brand(&self, text: &str) -> Option<Id> {
        let fits = |brand: &&Brand| {
            brand.brand_id.as_str() == text || brand.ch_name == text || brand.en_name == text
        };
        self.brands
            .iter()
            .filter(|_| !text.is_empty())
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
                let below = self.leaves_below(|path, level| path.ids[level] == id);
                no_leaf(text, &below).unwrap_or_else(|| {
                    (
                        text!("the store has no category {category}", category = text),
                        Some(text!("`wxsell category list WORD` finds the number")),
                    )
                })
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
                let below = self.leaves_below(|path, level| path.names[level] == last);
                if let Some(told) = no_leaf(text, &below) {
                    return Err(told);
                }
                let near = self
                    .categories
                    .iter()
                    .find(|path| path.names.last().is_some_and(|name| name.contains(last)));
                Err((
                    text!("there is no category \"{category}\"", category = text),
                    Some(match near {
                        Some(path) => text!("did you mean {path}?", path = path.path()),
                        None => text!("`wxsell category list` shows all of them"),
                    }),
                ))
            }
            several => Err((
                text!(
                    "several categories are called \"{category}\"",
                    category = text
                ),
                Some(text!(
                    "write the full path: {paths}",
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

/// What is said of a category that has others below it.
fn no_leaf(text: &str, below: &[String]) -> Option<(Text, Option<Text>)> {
    (!below.is_empty()).then(|| {
        (
            text!(
                "{category} is not a leaf category: it has categories below it",
                category = text
            ),
            Some(text!("below it are: {names}", names = below.join(", "))),
        )
    })
}

/// An image of a product.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Wanted {
    pub number: String,
    #[serde(skip)]
    pub place: String,
    /// By field: what is text and stays text.
    pub texts: BTreeMap<String, String>,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<WantedSize>,
    pub skus: Vec<WantedSku>,
    /// It is kept as a draft: what was sent so still has to be handed to the audit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub draft: bool,
    /// Where somebody else changed a field the store wins: what was sent so is not all that the sheet says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shop_wins: bool,
    /// What a new product would lack; one that the store has needs none of it.
    #[serde(skip)]
    pub lacks: Vec<Problem>,
}

/// A line of the size chart: what is measured, and its value for each size.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WantedSize {
    pub name: String,
    pub unit: String,
    /// Size, value, and the upper end where it is a range.
    pub values: Vec<(String, String, Option<String>)>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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

    /// Whether the sheet says something of a field, as [`changes`](super::plan::changes) names it.
    pub fn names(&self, sku: Option<&str>, field: &str) -> bool {
        if let Some(number) = sku {
            let mut skus = self.skus.iter();
            return skus.any(|sku| (sku.implied || sku.number == number) && sku.names(field));
        }
        match field.split_once(':') {
            Some(("attr", name)) => return self.attributes.iter().any(|(known, _)| known == name),
            Some(("paper", id)) => {
                return self.papers.iter().any(|(known, _)| known.as_str() == id);
            }
            Some(("size", name)) => return self.sizes.iter().any(|line| line.name == name),
            _ => {}
        }
        match Field::named(field) {
            Some(Field::Category) => self.category.is_some(),
            Some(Field::HeadImages) => self.head_images.is_some(),
            Some(Field::DetailImages) => self.detail_images.is_some(),
            Some(Field::Freight) => self.template.is_some(),
            Some(Field::Weight) => self.weight.is_some(),
            Some(Field::Brand) => self.brand.is_some(),
            Some(Field::SevenDays) => self.seven_days.is_some(),
            Some(Field::FreightInsurance) => self.freight_insurance.is_some(),
            Some(Field::ReturnAddress) => self.return_address.is_some(),
            _ => self.texts.contains_key(field),
        }
    }

    /// Takes back what the sheet says of a field, as [`changes`](super::plan::changes) names it.
    pub fn leave_out(&mut self, sku: Option<&str>, field: &str) {
        if let (Some(number), "sku") = (sku, field) {
            self.skus.retain(|sku| sku.number != number);
            return;
        }
        if let Some(number) = sku {
            for sku in self.skus.iter_mut().filter(|sku| sku.number == number) {
                sku.leave_out(field);
            }
            return;
        }
        self.texts.remove(field);
        match field.split_once(':') {
            Some(("attr", name)) => self.attributes.retain(|(known, _)| known != name),
            Some(("paper", id)) => self.papers.retain(|(known, _)| known.as_str() != id),
            Some(("size", name)) => self.sizes.retain(|line| line.name != name),
            _ => {}
        }
        match Field::named(field) {
            Some(Field::Category) => self.category = None,
            Some(Field::HeadImages) => self.head_images = None,
            Some(Field::DetailImages) => self.detail_images = None,
            Some(Field::Freight) => self.template = None,
            Some(Field::Weight) => self.weight = None,
            Some(Field::Brand) => self.brand = None,
            Some(Field::SevenDays) => self.seven_days = None,
            Some(Field::FreightInsurance) => self.freight_insurance = None,
            Some(Field::ReturnAddress) => self.return_address = None,
            _ => {}
        }
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

impl WantedSku {
    fn names(&self, field: &str) -> bool {
        if let Some(("sku", name)) = field.split_once(':') {
            return self.attributes.iter().any(|(known, _)| known == name);
        }
        match Field::named(field) {
            Some(Field::SkuImage) => self.image.is_some(),
            Some(Field::SkuCode) => self.code.is_some(),
            Some(Field::BarCode) => self.bar_code.is_some(),
            Some(Field::Price) => self.price.is_some(),
            Some(Field::Stock) => self.stock.is_some(),
            Some(Field::Delivery) => self.presale_days.is_some(),
            // The SKU itself.
            _ => field == "sku",
        }
    }

    fn leave_out(&mut self, field: &str) {
        if let Some(("sku", name)) = field.split_once(':') {
            self.attributes.retain(|(known, _)| known != name);
        }
        match Field::named(field) {
            Some(Field::SkuImage) => self.image = None,
            Some(Field::SkuCode) => self.code = None,
            Some(Field::BarCode) => self.bar_code = None,
            Some(Field::Price) => self.price = None,
            Some(Field::Delivery) => self.presale_days = None,
            _ => {}
        }
    }
}

/// Products that were checked, set aside on disk in the order of their first rows.
pub struct Products {
    spool: Spool,
    places: Arc<[u64]>,
}

impl Products {
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub fn iter(&self) -> ProductsReader {
        ProductsReader {
            cursor: self.spool.cursor(),
            places: self.places.clone(),
            next: 0,
        }
    }

    /// Keeps the products for which this holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&Wanted) -> Result<bool>) -> Result<()> {
        let mut places = Vec::with_capacity(self.places.len());
        for (place, product) in self.places.iter().zip(self.iter()) {
            if keep(&product?)? {
                places.push(*place);
            }
        }
        self.places = places.into();
        Ok(())
    }
}

/// Reads products back, on any thread.
pub struct ProductsReader {
    cursor: Cursor,
    places: Arc<[u64]>,
    next: usize,
}

impl Iterator for ProductsReader {
    type Item = Result<Wanted>;

    fn next(&mut self) -> Option<Result<Wanted>> {
        let at = *self.places.get(self.next)?;
        self.next += 1;
        Some(self.cursor.record(at).and_then(|(meta, body)| {
            let Meta { place, implied, .. } = serde_json::from_slice(meta)?;
            let mut wanted: Wanted = serde_json::from_slice(body)?;
            wanted.place = place;
            for (sku, implied) in wanted.skus.iter_mut().zip(implied) {
                sku.implied = implied;
            }
            Ok(wanted)
        }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.places.len().saturating_sub(self.next);
        (left, Some(left))
    }
}

/// What is known of a product and not sent.
#[derive(Serialize, Deserialize)]
struct Meta {
    place: String,
    implied: Vec<bool>,
    /// Which of the rows that were read it is made of.
    entry: usize,
}

/// Sheets that were checked.
pub struct Checked {
    pub files: Files,
    pub products: Products,
    /// What may be wrong, for people to look at.
    pub doubts: Vec<Text>,
    pub counts: Counts,
    /// Files of images that were read.
    pub images: usize,
}

/// Doubts of one kind, with the first product that has it.
#[derive(Default)]
struct Doubts {
    of: BTreeMap<String, (Doubt, String, u64)>,
}

impl Doubts {
    fn hear(&mut self, doubt: Doubt, number: &str) {
        let key = format!("{doubt:?}");
        let entry = self.of.entry(key);
        entry.or_insert_with(|| (doubt, number.to_owned(), 0)).2 += 1;
    }

    fn words(self) -> Vec<Text> {
        let words = |(doubt, number, count): (Doubt, String, u64)| {
            let may_be = match doubt {
                Doubt::AttributeMayBeNeeded { name } => text!(
                    "product {number} may need the attribute {name}: the rule of its category is not understood",
                    number,
                    name
                ),
                Doubt::PaperMayBeNeeded { name } => text!(
                    "product {number} may need the document {name}: the rule of its category is not understood",
                    number,
                    name
                ),
                Doubt::SizeChartMayBeNeeded { names } => text!(
                    "product {number} has no size chart; charts of its category name {names} (columns 尺码表:…)",
                    number,
                    names = names.join(", ")
                ),
                Doubt::ShortTitle => text!(
                    "the title of product {number} has fewer than 5 characters, which the Store may refuse",
                    number
                ),
                Doubt::LongValue { name } => text!(
                    "{name} of product {number} has more than 40 characters, which the Store may refuse",
                    name,
                    number
                ),
                Doubt::PresalePrice { lowest } => text!(
                    "product {number} is a pre-sale, which has a lowest price in its category ({lowest}, in a unit that is not documented)",
                    number,
                    lowest
                ),
            };
            match count {
                1 => may_be,
                2 => text!("{problem} (the same for 1 more product)", problem = may_be),
                count => text!(
                    "{problem} (the same for {count} more products)",
                    problem = may_be,
                    count = count - 1
                ),
            }
        };
        self.of.into_values().map(words).collect()
    }
}

/// What becomes of products that are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// They are added or changed, and handed to the audit.
    Upload,
    /// They are kept as drafts.
    Draft,
    /// What the store has is changed; nothing is added.
    Change,
}

/// Checks every product. `is_known` says whether the store has a product of this number or code, which then needs only what
/// changes. The spool in `spool_dir` vanishes with the products.
pub fn check(
    goods: Goods,
    facts: &StoreFacts,
    purpose: Purpose,
    shop_wins: bool,
    spool_dir: &Path,
    is_known: impl Fn(&str, &str) -> Result<bool>,
) -> Result<Checked> {
    let counts = goods.counts;
    let (files, mut rows) = goods.into_parts();
    let mut out = SpoolWriter::create(spool_dir)?;
    let mut places = Vec::new();
    let mut reader = Reader {
        goods: files,
        facts,
        doubts: Doubts::default(),
        files: HashMap::new(),
        images: 0,
    };
    // Sixteen bytes for each head image: which product has it, and what it is.
    let mut heads: Vec<(u64, u32)> = Vec::new();
    let hasher = RandomState::new();
    for entry in 0..rows.len() {
        let product = rows.at(entry)?;
        let before = reader.goods.count();
        reader.goods.product = Some(product.number.text.clone());
        let mut wanted = reader.product(&product);
        wanted.draft = purpose == Purpose::Draft;
        wanted.shop_wins = shop_wins;
        for image in wanted.head_images.iter().flatten() {
            heads.push((hasher.hash_one(image), u32::try_from(entry)?));
        }
        let mut bad = product.bad || reader.goods.count() > before;
        if !wanted.lacks.is_empty() {
            let code = wanted.text(Field::SpuCode).unwrap_or_default();
            if !is_known(&wanted.number, code)? {
                bad = true;
                if purpose == Purpose::Change {
                    reader.goods.at_once(
                        &product.number,
                        text!("the store has no product {number}", number = &wanted.number),
                        Some(text!("add it with `wxsell goods upload`")),
                    );
                    continue;
                }
                for problem in &wanted.lacks {
                    reader.goods.note(problem.clone());
                }
            }
        }
        if !bad {
            let meta = Meta {
                place: wanted.place.clone(),
                implied: wanted.skus.iter().map(|sku| sku.implied).collect(),
                entry,
            };
            let meta = serde_json::to_vec(&meta)?;
            places.push(out.append(&meta, &serde_json::to_vec(&wanted)?)?);
        }
    }
    let alike = reader.same_heads(heads, &mut rows)?;
    let spool = out.reader()?;
    if !alike.is_empty() {
        let mut cursor = spool.cursor();
        let mut kept = Vec::with_capacity(places.len());
        for place in places {
            let meta: Meta = serde_json::from_slice(cursor.record(place)?.0)?;
            if !alike.contains(&meta.entry) {
                kept.push(place);
            }
        }
        places = kept;
    }
    let Reader {
        mut goods,
        doubts,
        images,
        ..
    } = reader;
    goods.product = None;
    goods.problems.sort_by_key(Problem::order);
    Ok(Checked {
        files: goods,
        products: Products {
            spool,
            places: places.into(),
        },
        doubts: doubts.words(),
        counts,
        images,
    })
}

/// Files of images whose contents are remembered; of more, what was remembered is forgotten.
const REMEMBERED: usize = 50_000;

struct Reader<'a> {
    goods: Files,
    facts: &'a StoreFacts,
    doubts: Doubts,
    /// Files of images by their paths: a file is read once.
    files: HashMap<PathBuf, Result<String, (Text, Option<Text>)>>,
    images: usize,
}

impl<'a> Reader<'a> {
    /// Finds products that share a head image, and says so at each but the first; which ones they are.
    fn same_heads(
        &mut self,
        mut heads: Vec<(u64, u32)>,
        rows: &mut RowsReader,
    ) -> Result<HashSet<usize>> {
        heads.sort_unstable();
        let mut later: BTreeMap<u32, u32> = BTreeMap::new();
        for same in heads.chunk_by(|one, other| one.0 == other.0) {
            let first = same[0].1;
            for (_, entry) in same.iter().filter(|(_, entry)| *entry != first) {
                later.entry(*entry).or_insert(first);
            }
        }
        drop(heads);
        for (entry, first) in &later {
            let product = rows.at(*entry as usize)?;
            let other = rows.at(*first as usize)?.number.text;
            self.goods.product = Some(product.number.text.clone());
            let cell = product.fields.get(&Field::HeadImages);
            self.goods.at_once(
                cell.unwrap_or(&product.number),
                text!(
                    "product {number} has the same main image, which the Store refuses",
                    number = other
                ),
                Some(text!("give every product its own main images")),
            );
        }
        Ok(later.into_keys().map(|entry| entry as usize).collect())
    }

    fn product(&mut self, rows: &Rows) -> Wanted {
        let at = (rows.number.input, rows.number.row);
        let mut wanted = Wanted {
            number: rows.number.text.clone(),
            place: self.goods.place(at),
            ..Wanted::default()
        };
        self.at_most(&rows.number, Field::Number, 128);
        for (field, cell) in &rows.fields {
            self.may_be_cleared(cell, *field);
        }
        // What cannot be emptied was refused; nothing else is to be said of it.
        let get = |field: Field| {
            let cell = rows.fields.get(&field);
            cell.filter(|cell| cell.text != CLEAR || is_emptied(field))
        };
        for (field, most) in [
            (Field::Title, 60),
            (Field::ShortTitle, 20),
            (Field::Detail, 2000),
            (Field::SpuCode, 100),
            (Field::AftersaleText, 200),
        ] {
            let Some(cell) = get(field) else { continue };
            self.at_most(cell, field, most);
            wanted
                .texts
                .insert(field.name().to_owned(), cleared(cell.text.clone()));
        }
        if let Some(cell) = get(Field::Title) {
            if cell.text.is_ascii() {
                self.wrong(
                    cell,
                    text!("the title has only digits, letters or symbols, which the Store refuses"),
                );
            } else if cell.text.chars().count() < 5 {
                self.doubts.hear(Doubt::ShortTitle, &wanted.number);
            }
        }
        let category = get(Field::Category).and_then(|cell| self.category(cell));
        wanted.category = category.map(|path| path.ids.clone());
        let requirements = category.map_or_else(Requirements::default, CategoryPath::requirements);
        wanted.head_images = get(Field::HeadImages).map(|cell| self.images(cell, 9));
        wanted.detail_images = get(Field::DetailImages).map(|cell| self.images(cell, 50));
        wanted.brand = get(Field::Brand).and_then(|cell| self.brand(cell));
        let template = get(Field::Freight).and_then(|cell| self.template(cell));
        wanted.template = template.map(|template| template.template_id.clone());
        wanted.weight = get(Field::Weight).and_then(|cell| self.whole(cell, 1, 10_000_000));
        if let (Some(cell), Some(template), None) = (get(Field::Freight), template, wanted.weight)
            && template.valuation_type == "WEIGHT"
        {
            self.goods.at(
                cell,
                text!("this freight template charges by weight, and the product has none"),
                Some(text!(
                    "write its weight in grams into a column {name}",
                    name = Field::Weight.words()
                )),
            );
        }
        wanted.return_address = get(Field::ReturnAddress).and_then(|cell| self.address(cell));
        wanted.seven_days = get(Field::SevenDays).and_then(|cell| self.choice(cell, 3));
        wanted.freight_insurance =
            get(Field::FreightInsurance).and_then(|cell| self.choice(cell, 1));
        if let Some(cell) = get(Field::Attributes) {
            match pairs(&cell.text) {
                Ok(pairs) => wanted.attributes = pairs.into_iter().map(taken_out).collect(),
                Err(why) => self.wrong(cell, why),
            }
        }
        for (name, cell) in &rows.attributes {
            wanted.attributes.retain(|(known, _)| known != name);
            let pair = (name.clone(), cell.text.clone());
            wanted.attributes.push(taken_out(pair));
        }
        for (name, value) in &wanted.attributes {
            if value.chars().count() > 40 {
                let doubt = Doubt::LongValue { name: name.clone() };
                self.doubts.hear(doubt, &wanted.number);
            }
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
                Some(_) if cell.text == CLEAR => self.not_emptied(cell),
                Some(id) => {
                    let images = self.images(cell, 10);
                    wanted.papers.push((id, images));
                }
                None => {
                    let known: Vec<&str> = rule
                        .into_iter()
                        .flat_map(|rule| &rule.papers)
                        .map(|paper| paper.name.as_str())
                        .collect();
                    self.goods.at(
                        cell,
                        text!("the category has no document called \"{name}\"", name),
                        (!known.is_empty())
                            .then(|| text!("it has {names}", names = known.join(", "))),
                    );
                }
            }
        }
        for (place, row) in rows.skus.iter().enumerate() {
            let unread = rows.gives(Field::SkuNumber, Some(row)) && number_of(row).is_none();
            let sku = self.sku(row, &wanted.number, rows.skus.len(), unread);
            if rows.skus[..place]
                .iter()
                .any(|other| number_of(other) == number_of(row) && number_of(row).is_some())
            {
                self.goods.problem(
                    row.at,
                    self.goods.field_column(row.at, Field::SkuNumber),
                    text!("SKU {number} appears twice", number = &sku.number),
                    None,
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
            wanted.sizes = self.size_chart(rows, &wanted, rule);
        }
        wanted
    }

    /// The size chart that the rows of the SKUs make together. Which size a SKU is, one of its attributes says.
    fn size_chart(&mut self, rows: &Rows, wanted: &Wanted, rule: &CategoryRule) -> Vec<WantedSize> {
        let mut chart: Vec<WantedSize> = Vec::new();
        for (row, sku) in rows.skus.iter().zip(&wanted.skus) {
            if row.sizes.is_empty() {
                continue;
            }
            let of_size = |name: &str| {
                let name = name.to_lowercase();
                ["尺码", "尺寸", "码数", "鞋码", "size"]
                    .iter()
                    .any(|word| name.contains(word))
            };
            let given = || sku.attributes.iter().filter(|(_, value)| !value.is_empty());
            let size = match given().count() {
                1 => given().next(),
                _ => given().find(|(name, _)| of_size(name)),
            };
            let size = size.map(|(_, value)| value);
            let Some(size) = size else {
                self.goods.problem(
                    row.at,
                    row.sizes.first().map(|(_, cell)| cell.column),
                    text!("cannot tell which size of the chart this SKU is"),
                    Some(text!(
                        "give it a SKU attribute 尺码, e.g. in a column 规格:尺码"
                    )),
                );
                continue;
            };
            for (name, cell) in &row.sizes {
                if cell.text == CLEAR {
                    self.not_emptied(cell);
                    continue;
                }
                let line = rule.sizes.lines.iter().find(|line| line.name == *name);
                let Some((line, measure)) =
                    line.and_then(|line| Some((line, line.read(&cell.text)?)))
                else {
                    continue;
                };
                let value = match measure {
                    Measure::One(value) => (size.clone(), value, None),
                    Measure::Between(left, right) => (size.clone(), left, Some(right)),
                };
                let place = chart.iter().position(|known| known.name == line.name);
                let place = place.unwrap_or_else(|| {
                    chart.push(WantedSize {
                        name: line.name.clone(),
                        unit: line.unit.clone(),
                        values: Vec::new(),
                    });
                    chart.len() - 1
                });
                let values = &mut chart[place].values;
                match values.iter().find(|(known, ..)| known == size) {
                    None => {
                        let mixed = values
                            .first()
                            .is_some_and(|(.., right)| right.is_some() != value.2.is_some());
                        values.push(value);
                        if mixed {
                            self.wrong(
                                cell,
                                text!("one size has a range and another a single value; a row of the chart must use one of the two"),
                            );
                        }
                    }
                    Some(known) if *known == value => {}
                    Some(_) => self.wrong(
                        cell,
                        text!("size {size} has another value in a row above", size),
                    ),
                }
            }
        }
        chart
    }

    /// What a product that the store does not have must be given.
    fn lacks(&mut self, rows: &Rows, wanted: &mut Wanted, requirements: Requirements) {
        let first = (rows.number.input, rows.number.row);
        let kept = self.goods.set_aside();
        for field in [
            Field::Title,
            Field::Category,
            Field::HeadImages,
            Field::DetailImages,
            Field::Freight,
        ] {
            if !rows.gives(field, None) {
                self.goods.missing(first, field);
            }
        }
        if wanted.skus.is_empty() {
            self.goods.problem(
                first,
                None,
                text!("the product has no SKU"),
                Some(text!("fill in price and stock")),
            );
        }
        self.alike_skus(rows, wanted);
        let has_default = self
            .facts
            .addresses
            .iter()
            .any(|address| address.default_recv);
        if !has_default && !rows.fields.contains_key(&Field::ReturnAddress) {
            self.goods.problem(
                first,
                None,
                text!("no default return address"),
                Some(text!(
                    "set one in the store's console, or give an address in the column {name}",
                    name = Field::ReturnAddress.name()
                )),
            );
        }
        for row in &rows.skus {
            for field in [Field::Price, Field::Stock] {
                if !rows.gives(field, Some(row)) {
                    self.goods.missing(row.at, field);
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
                // One that cannot be read was written all the same.
                let written: HashSet<String> = items(&cell.text).into_iter().collect();
                if written.len() < least {
                    self.wrong(
                        cell,
                        text!(
                            "{count} {count:image|images}; the category needs at least {least}",
                            count = written.len(),
                            least
                        ),
                    );
                }
            }
        }
        wanted.lacks.extend(self.goods.take_back(kept));
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
                .filter(|(_, value)| !value.is_empty())
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
                        .filter(|(_, value)| !value.is_empty())
                        .map(|(name, value)| (&**name, &**value))
                        .collect(),
                    presale: sku.presale_days,
                    sizes: Vec::new(),
                })
                .collect(),
            services: wanted
                .seven_days
                .map(|choice| ("seven_day_return", choice.to_string()))
                .into_iter()
                .collect(),
        };
        let mut facts = facts;
        for (sku, row) in facts.skus.iter_mut().zip(&rows.skus) {
            let sizes = row.sizes.iter();
            sku.sizes = sizes
                .filter(|(_, cell)| cell.text != CLEAR)
                .map(|(name, cell)| (name.as_str(), cell.text.as_str()))
                .collect();
        }
        let (breaches, doubts) = rule.check(&facts);
        for breach in breaches {
            let cleared = |list: &[(String, String)], name: &str| {
                list.iter()
                    .any(|(known, value)| known == name && value.is_empty())
            };
            // An empty cell keeps what the product has; one that empties the field does not.
            let missing = match &breach {
                Breach::AttributeMissing { name, .. } => !cleared(&wanted.attributes, name),
                Breach::SkuAttributeMissing { sku, name, .. } => !wanted
                    .skus
                    .get(*sku)
                    .is_some_and(|sku| cleared(&sku.attributes, name)),
                Breach::PaperMissing { .. }
                | Breach::BarCodeMissing { .. }
                | Breach::SkuAttributesDiffer { .. }
                | Breach::BrandNotAllowed => true,
                _ => false,
            };
            if missing {
                let kept = self.goods.set_aside();
                self.breach(rows, &breach, rule);
                wanted.lacks.extend(self.goods.take_back(kept));
            } else {
                self.breach(rows, &breach, rule);
            }
        }
        for doubt in doubts {
            self.doubts.hear(doubt, &wanted.number);
        }
    }

    fn breach(&mut self, rows: &Rows, breach: &Breach, rule: &CategoryRule) {
        let category = &rule.name;
        let first = (rows.number.input, rows.number.row);
        let sku_row = |sku: usize| rows.skus.get(sku).map_or(first, |sku| sku.at);
        let size_of = |sku: usize, wanted: &str| {
            let sizes = rows.skus.get(sku).map(|sku| &sku.sizes);
            let mut sizes = sizes.into_iter().flatten();
            sizes
                .find(|(name, _)| name == wanted)
                .map(|(_, cell)| cell.clone())
        };
        let cell_of = |field: Field, sku: usize| {
            rows.skus
                .get(sku)
                .and_then(|sku| sku.fields.get(&field))
                .cloned()
        };
        // An empty cell, where the file has the column.
        let empty = |row: RowRef, column: Option<usize>| {
            column.map(|column| Cell {
                text: String::new(),
                input: row.0,
                row: row.1,
                column,
            })
        };
        let attribute_of = |sku: usize, wanted: &str| {
            let row = rows.skus.get(sku)?;
            let own = row.attributes.iter().find(|(name, _)| name == wanted);
            own.map(|(_, cell)| cell)
                .or_else(|| row.fields.get(&Field::SkuAttributes))
                .cloned()
        };
        let (place, row, message, hint): (Option<Cell>, RowRef, Text, Option<Text>) = match breach {
            Breach::BrandNotAllowed => (
                rows.fields.get(&Field::Brand).cloned(),
                first,
                text!(
                    "the category {category} accepts other brands only",
                    category
                ),
                rule.brands
                    .as_ref()
                    .map(|brands| text!("its brands are {brands}", brands = brands.join(", "))),
            ),
            Breach::BrandNotInCategory => (
                rows.fields.get(&Field::Brand).cloned(),
                first,
                text!(
                    "the category {category} does not accept this brand",
                    category
                ),
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
            Breach::AttributeMissing { name, kind } => {
                let column = self.goods.named_column(first, ATTRIBUTE, name);
                let hint = match column {
                    Some(_) => kind_words(kind),
                    None => text!(
                        "add a column 属性:{name}; {how}",
                        name,
                        how = kind_words(kind)
                    ),
                };
                let message = text!(
                    "the category {category} needs the attribute {name}",
                    category,
                    name
                );
                (empty(first, column), first, message, Some(hint))
            }
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
                attribute_of(*sku, name),
                sku_row(*sku),
                text!(
                    "the category {category} has no SKU attribute {name}",
                    category,
                    name
                ),
                Some(text!("it has {names}", names = known.join(", "))),
            ),
            Breach::SkuAttributeMissing { sku, name, kind } => {
                let row = sku_row(*sku);
                let column = self.goods.named_column(row, SKU_ATTRIBUTE, name);
                let hint = match column {
                    Some(_) => kind_words(kind),
                    None => text!(
                        "add a column 规格:{name}; {how}",
                        name,
                        how = kind_words(kind)
                    ),
                };
                let message = text!(
                    "the category {category} needs the SKU attribute {name}",
                    category,
                    name
                );
                (empty(row, column), row, message, Some(hint))
            }
            Breach::SkuAttributeValue {
                sku,
                name,
                value,
                kind,
            } => (
                attribute_of(*sku, name),
                sku_row(*sku),
                text!("{name} cannot be \"{value}\"", name, value),
                Some(kind_words(kind)),
            ),
            Breach::SkuAttributesDiffer { sku } => (
                None,
                sku_row(*sku),
                text!("this SKU has different attributes than the first SKU of the product"),
                Some(text!("give every SKU of a product the same attributes")),
            ),
            Breach::PaperMissing { id, name, tips } => {
                let column = self.goods.named_column(first, PAPER, name);
                let column = column.or_else(|| self.goods.named_column(first, PAPER, id));
                let hint = match (column, tips.is_empty()) {
                    (Some(_), true) => text!("write its images into this cell"),
                    (Some(_), false) => text!("write its images into this cell ({tips})", tips),
                    (None, true) => text!("add a column 资质:{name} with images", name),
                    (None, false) => {
                        text!("add a column 资质:{name} with images ({tips})", name, tips)
                    }
                };
                let message = text!(
                    "the category {category} needs the document {name}",
                    category,
                    name
                );
                (empty(first, column), first, message, Some(hint))
            }
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
            Breach::BarCodeMissing { sku } => {
                let row = sku_row(*sku);
                let column = self.goods.field_column(row, Field::BarCode);
                let message = text!("the category {category} needs barcodes", category);
                let hint = match column {
                    Some(_) => text!("write the barcode of this SKU"),
                    None => text!("add a column bar_code (条形码)"),
                };
                (empty(row, column), row, message, Some(hint))
            }
            Breach::PresaleNotAllowed { sku } => (
                cell_of(Field::Delivery, *sku),
                sku_row(*sku),
                text!("the category {category} allows no pre-sale", category),
                None,
            ),
            Breach::PresaleDays { sku, least, most } => (
                cell_of(Field::Delivery, *sku),
                sku_row(*sku),
                text!(
                    "a pre-sale of the category {category} ships {least} to {most} days after the payment",
                    category,
                    least = *least,
                    most = *most
                ),
                None,
            ),
            Breach::NoSizeChart { sku } => (
                rows.skus
                    .get(*sku)
                    .and_then(|sku| sku.sizes.first())
                    .map(|(_, cell)| cell.clone()),
                sku_row(*sku),
                text!("the category {category} has no size chart", category),
                Some(text!("remove the column")),
            ),
            Breach::SizeName { sku, name, known } => (
                size_of(*sku, name),
                sku_row(*sku),
                text!(
                    "the size chart of the category {category} has no {name}",
                    category,
                    name
                ),
                Some(text!("it has {names}", names = known.join(", "))),
            ),
            Breach::SizeMissing { sku, name } => {
                let row = sku_row(*sku);
                let column = self.goods.named_column(row, SIZE, name);
                let hint = match column {
                    Some(_) => text!("write it, or empty the size chart of all SKUs"),
                    None => text!("add a column 尺码表:{name}", name),
                };
                let message = text!("the size chart needs {name} for every size", name);
                (empty(row, column), row, message, Some(hint))
            }
            Breach::SizeValue {
                sku,
                name,
                value,
                line,
            } => (
                size_of(*sku, name),
                sku_row(*sku),
                text!("{name} cannot be \"{value}\"", name, value),
                Some(size_words(line)),
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
            None => self.goods.problem(row, None, message, hint),
        }
    }

    fn wrong(&mut self, cell: &Cell, message: Text) {
        self.goods.at(cell, message, None);
    }

    fn at_most(&mut self, cell: &Cell, field: Field, most: usize) {
        if cell.text.chars().count() > most {
            let name = self.goods.called(cell, field);
            self.wrong(
                cell,
                text!("{name} is longer than {most} characters", name, most),
            );
        }
    }

    /// Refuses a cell that would empty what cannot be empty.
    fn may_be_cleared(&mut self, cell: &Cell, field: Field) {
        if cell.text == CLEAR && !is_emptied(field) {
            self.not_emptied(cell);
        }
    }

    fn not_emptied(&mut self, cell: &Cell) {
        self.goods.at(
            cell,
            text!("this cannot be emptied"),
            Some(text!("leave the cell empty to keep what the product has")),
        );
    }

    /// SKUs of a new product that nothing tells apart.
    fn alike_skus(&mut self, rows: &Rows, wanted: &Wanted) {
        let mut seen: HashMap<Vec<&(String, String)>, &str> = HashMap::new();
        for (row, sku) in rows.skus.iter().zip(&wanted.skus) {
            let mut attributes: Vec<&(String, String)> = sku.attributes.iter().collect();
            attributes.sort();
            if let Some(other) = seen.insert(attributes, &sku.number) {
                self.goods.problem(
                    row.at,
                    None,
                    text!("it has the same attributes as SKU {other}", other),
                    Some(text!(
                        "attributes such as 规格:颜色 must tell the SKUs of a product apart"
                    )),
                );
            }
        }
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
                Some(text!(
                    "apply for it with `wxsell category apply {category}`",
                    category = path.leaf()
                )),
            ),
        }
        Some(path)
    }

    /// A brand by number or name; `无品牌` is none.
    fn brand(&mut self, cell: &Cell) -> Option<Id> {
        let text = cell.text.as_str();
        if text == NO_BRAND || text == "无品牌" || text == CLEAR {
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
                Some(if self.facts.brands.is_empty() {
                    text!("leave it empty for no brand, or add the brand in the store's console")
                } else {
                    text!(
                        "its brands are {brands}; leave it empty for none",
                        brands = self
                            .facts
                            .brands
                            .iter()
                            .map(|brand| brand.ch_name.as_str())
                            .collect::<Vec<_>>()
                            .join(", ")
                    )
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
            let names: Vec<&str> = self
                .facts
                .addresses
                .iter()
                .filter(|address| address.recv_addr)
                .map(|address| address.name.as_str())
                .collect();
            self.goods.at(
                cell,
                text!("there is no return address \"{address}\"", address = text),
                (!names.is_empty()).then(|| text!("there are: {names}", names = names.join(", "))),
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
        let mut twice = HashSet::new();
        for reference in items(&cell.text) {
            match self.image(cell.input, &reference) {
                Ok(image) if images.contains(&image) => {
                    if twice.insert(image) {
                        self.wrong(
                            cell,
                            text!("the image {image} appears twice", image = &reference),
                        );
                    }
                }
                Ok(image) => images.push(image),
                Err((why, hint)) => self.goods.at(cell, why, hint),
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

    fn image(&mut self, input: u32, reference: &str) -> Result<Image, (Text, Option<Text>)> {
        if reference.starts_with(LINKS) {
            return Ok(Image::Link(reference.to_owned()));
        }
        let rest = reference
            .strip_prefix("https://")
            .or_else(|| reference.strip_prefix("http://"));
        if let Some(rest) = rest {
            return if rest.contains("//") {
                Err((
                    text!(
                        "the Store refuses addresses with // in their path: {address}",
                        address = reference
                    ),
                    None,
                ))
            } else {
                Ok(Image::Address(reference.to_owned()))
            };
        }
        let folder = self.goods.folder(input).to_owned();
        let mut path = folder.join(reference);
        if reference.contains('\\') && !path.exists() {
            path = folder.join(reference.replace('\\', "/"));
        }
        let known = match self.files.get(&path) {
            Some(known) => known.clone(),
            None => {
                let read = content_of(&path, &folder);
                if self.files.len() >= REMEMBERED {
                    self.files.clear();
                }
                self.images += 1;
                self.files.insert(path.clone(), read.clone());
                read
            }
        };
        known.map(|sha256| Image::File { sha256, path })
    }

    /// `unread`: the cell of its number cannot be read.
    fn sku(&mut self, row: &SkuRow, product: &str, of: usize, unread: bool) -> WantedSku {
        for (field, cell) in &row.fields {
            self.may_be_cleared(cell, *field);
        }
        let get = |field: Field| {
            let cell = row.fields.get(&field);
            cell.filter(|cell| cell.text != CLEAR || is_emptied(field))
        };
        for (field, most) in [(Field::SkuNumber, 128), (Field::SkuCode, 100)] {
            if let Some(cell) = get(field) {
                self.at_most(cell, field, most);
            }
        }
        let text_of = |field: Field| get(field).map(|cell| cell.text.clone());
        let mut sku = WantedSku {
            number: match get(Field::SkuNumber) {
                Some(cell) => cell.text.clone(),
                // One SKU needs no number of its own.
                None if of == 1 => product.to_owned(),
                None => {
                    // One that cannot be read was named.
                    if !row.fields.contains_key(&Field::SkuNumber) && !unread {
                        self.goods.missing(row.at, Field::SkuNumber);
                    }
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
                Ok(pairs) => sku.attributes = pairs.into_iter().map(taken_out).collect(),
                Err(why) => self.wrong(cell, why),
            }
        }
        for (name, cell) in &row.attributes {
            sku.attributes.retain(|(known, _)| known != name);
            let pair = (name.clone(), cell.text.clone());
            sku.attributes.push(taken_out(pair));
        }
        if let Some(cell) = get(Field::Delivery) {
            sku.presale_days = match cell.text.as_str() {
                "现货" | "stock" => Some(0),
                days => presale_days(days),
            };
            if sku.presale_days.is_none() {
                self.wrong(
                    cell,
                    text!("write 现货 (in stock), or the days from payment to shipping of a pre-sale, e.g. 7"),
                );
            }
        }
        sku
    }
}

/// What is in the file of an image, as SHA-256; or why the Store would refuse it. Names of files start at `folder`.
fn content_of(path: &Path, folder: &Path) -> Result<String, (Text, Option<Text>)> {
    let shown = path.display().to_string();
    let refused = |why: Text| Err((why, None));
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            return Err((
                text!("there is no image {path}", path = shown),
                Some(text!(
                    "names of images start at the folder of the sheet: {folder}",
                    folder = folder.display().to_string()
                )),
            ));
        }
        Err(error) => {
            return refused(text!(
                "cannot read the image {path}: {error}",
                path = &shown,
                error = error.to_string()
            ));
        }
    };
    if bytes.len() as u64 > MAX_BYTES {
        return refused(text!("the image {path} is larger than 10 MB", path = shown));
    }
    match imagesize::image_type(&bytes) {
        Ok(imagesize::ImageType::Jpeg | imagesize::ImageType::Png) => {}
        _ => return refused(text!("the image {path} is not a jpg or png", path = shown)),
    }
    match imagesize::blob_size(&bytes) {
        Ok(size) if size.width > 0 && size.height > 0 => Ok(hex::encode(Sha256::digest(&bytes))),
        _ => refused(text!(
            "the image {path} is damaged: its width and height cannot be read",
            path = shown
        )),
    }
}

/// Whether a cell may say that a field is to be emptied.
fn is_emptied(field: Field) -> bool {
    matches!(
        field,
        Field::ShortTitle
            | Field::Detail
            | Field::SpuCode
            | Field::AftersaleText
            | Field::Brand
            | Field::SkuCode
            | Field::BarCode
    )
}

/// An attribute whose value says so is taken out: its value is empty from here on.
fn taken_out((name, value): (String, String)) -> (String, String) {
    (name, cleared(value))
}

/// A cell that says so empties its field; an empty cell keeps it.
fn cleared(text: String) -> String {
    if text == CLEAR { String::new() } else { text }
}

fn number_of(row: &SkuRow) -> Option<&str> {
    row.fields
        .get(&Field::SkuNumber)
        .map(|cell| cell.text.as_str())
}

/// `7`, `7天`, `付款后7天`: days from the payment to the shipping; the rule of the category says which there are. A text with
/// several numbers says none.
fn presale_days(text: &str) -> Option<i64> {
    let text = half_width(text);
    let mut numbers = text
        .split(|letter: char| !letter.is_ascii_digit())
        .filter(|part| !part.is_empty());
    let days = numbers.next()?.parse().ok()?;
    let is_only = numbers.next().is_none() && !text.contains(['.', '-']);
    is_only
        .then_some(days)
        .filter(|days| (1..=365).contains(days))
}

/// What a cell of a size chart may hold.
pub(super) fn size_words(line: &SizeLine) -> Text {
    let number = match line.kind {
        SizeKind::Whole => text!("a whole number"),
        SizeKind::Decimal => text!("a number"),
        SizeKind::Text | SizeKind::Unknown => text!("a text"),
    };
    match line.form {
        SizeForm::Single => text!("write {one}", one = number),
        SizeForm::Range => text!("write a range such as 92-96"),
        SizeForm::Either => text!("write {one}, or a range such as 92-96", one = number),
    }
}

pub(super) fn kind_words(kind: &ValueKind) -> Text {
    match kind {
        ValueKind::OneOf(choices) => text!("use one of: {choices}", choices = choices.join(", ")),
        ValueKind::ManyOf(choices) => text!(
            "use one or more of these, separated by ;: {choices}",
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
        let folder = tempfile::tempdir().expect("a folder");
        let names_returns = |facts: &StoreFacts| {
            let goods = Goods::made("P-1", Vec::new(), folder.path()).expect("a product");
            let checked = check(
                goods,
                facts,
                Purpose::Upload,
                false,
                folder.path(),
                |_, _| Ok(false),
            )
            .expect("checked");
            let mut problems = checked.files.problems.iter();
            problems.any(|problem| {
                problem
                    .message
                    .render(Lang::En)
                    .contains("no default return address")
            })
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
