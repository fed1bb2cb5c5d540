//! What an upload would do, line by line. The plan is the dry run, and the deed keeps to it: a line that has become
//! another one meanwhile is held.
//!
//! Products that were never sent from here need not be looked up to be added, since the shop refuses a number that it
//! has. How much is read beforehand depends on what it costs: a dry run reads everything that it compares, by the shop's
//! list or one by one, whichever takes fewer calls; a run reads as much as long as that is little beside what it sends,
//! and else holds prices against those that were sent last. The run compares on the read that it makes anyway.
//!
//! Long because looking, deciding and counting are the steps of one pass over a catalogue.

use super::component::Sendable;
use super::send::Options;
use super::sheet::catalogue::{Catalogue, Draft, Drafts};
use super::sheet::images::BY_CONTENT;
use crate::api::component::goods::Spu;
use crate::bulk::spool::{Cursor, SpoolWriter};
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::model::product::{
    Change, Comparison, Decision, Draft as Wanted, Field, Given, Held, Refusal, Sent, Value,
    compare, complete,
};
use crate::shop::Shop;
use crate::shop::image::hosted;
use crate::state::State;
use crate::state::runs::{ItemState, Items, Known};
use crate::text;
use crate::types::now;
use crate::types::spelling::{folded, look_alike, twin_words};
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt};
use serde::Serialize;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Products read one by one at the same time.
const AT_ONCE: usize = 16;
/// Calls that a run may spend on looking before it sends, however few products it has.
const FEW_CALLS: usize = 50;
/// A run spends at most one call on looking for so many products that it sends.
const PRODUCTS_A_CALL: usize = 20;
/// Lines that are kept to be asked about or shown; more of them are counted.
const KEPT: usize = 1000;
/// SKUs to be removed that are named.
const NAMED: usize = 10;

/// What is planned for a product.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Add,
    /// Without audit.
    FreeUpdate,
    /// With an audit; what is free changes at once.
    AuditedUpdate,
    /// It was sent before and has changed since; the shop was not asked.
    Update,
    /// Compared with the shop.
    Unchanged,
    /// Sent before as it is; the shop was not asked.
    NotCompared,
    /// What is free changes at once, the rest is refused.
    Partial,
    /// Somebody has to decide first.
    Held,
    Refused,
}

/// One line of a plan.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Line {
    pub out_product_id: String,
    pub action: Action,
    /// The file and first row.
    pub place: String,
    pub changes: Vec<Change>,
    /// SKUs of the shop that the files do not name; kept, unless they are to be removed.
    pub missing_skus: Vec<String>,
    pub reason: Option<Text>,
}

/// How many lines there are of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    pub actions: HashMap<Action, u64>,
    /// Slots of the audit quota that it takes.
    pub audits: u64,
    /// Prices that change.
    pub prices: u64,
    /// SKUs that are removed, and the first of them by name.
    pub removed: u64,
    pub removed_names: Vec<String>,
}

impl Totals {
    pub fn of(&self, action: Action) -> u64 {
        self.actions.get(&action).copied().unwrap_or_default()
    }
}

/// A line that somebody has to decide about.
#[derive(Debug, Clone)]
struct Question {
    key: String,
    index: usize,
    /// What is promised if they agree.
    promise: u64,
    /// It is about a price, else about what somebody else changed.
    price: bool,
}

/// What an upload would do.
#[derive(Debug, Default)]
pub struct Plan {
    pub totals: Totals,
    /// Lines to be asked about, as far as they are kept.
    pub to_ask: Vec<Line>,
    /// Products for which prices and conflicts were agreed on.
    pub agreed: HashSet<String>,
    /// Products that are not sent, and why: refused, or held until somebody decides.
    pub left_out: HashMap<String, (Kind, Refusal)>,
    questions: Vec<Question>,
    /// By place among the products: 0 for those that were not read, 1 for those that the shop does not have, 2 for those
    /// that it has and of which nothing is promised, since pictures are still to be uploaded.
    promises: Vec<u64>,
    /// Categories this merchant may sell in, where WeChat names them.
    categories: Option<HashSet<u64>>,
    /// What earlier runs know, by place.
    notes: Vec<u8>,
}

const ABSENT: u64 = 1;
const UNPROMISED: u64 = 2;

impl Plan {
    /// What the plan says of a product that the shop has; `None` where it was not read.
    pub fn promise(&self, index: usize) -> Option<u64> {
        let promise = self.promises.get(index).copied();
        promise.filter(|promise| *promise > UNPROMISED)
    }

    /// Whether the product was seen in the shop.
    pub fn was_there(&self, index: usize) -> bool {
        self.promises
            .get(index)
            .is_some_and(|promise| *promise > ABSENT)
    }

    /// Why a product of this category is not taken, if it is not; 0 is no category.
    pub fn refuses_category(&self, category: u64) -> Option<Refusal> {
        let open = self.categories.as_ref()?;
        (category != 0 && !open.contains(&category)).then(|| Refusal {
            message: text!(
                "category {category} is not open to this shop ({count} are)",
                category,
                count = open.len()
            ),
            hint: Some(text!("`wxsell category mine` lists the open ones; others need an audit in the console first")),
        })
    }

    /// The products that an earlier run has not sent as they are, in file order.
    pub fn work<T: Sendable>(
        &self,
        catalogue: &Catalogue<T>,
    ) -> impl Iterator<Item = Result<Draft<T>>> + Send + use<T> {
        let (mut drafts, notes) = (catalogue.drafts(), self.notes.clone());
        (0..notes.len())
            .filter(move |index| notes[*index] & note::DONE == 0)
            .filter_map(move |index| drafts.at(index))
    }

    /// How many products have a price that the guard stops.
    pub fn guarded(&self) -> usize {
        self.questions
            .iter()
            .filter(|question| question.price)
            .count()
    }

    /// How many products were changed in the shop by somebody else.
    pub fn conflicts(&self) -> usize {
        self.questions.len() - self.guarded()
    }

    /// Somebody agreed to the prices, or to let the sheet win over what somebody else changed.
    pub fn agree(&mut self, price: bool) {
        for question in self
            .questions
            .iter()
            .filter(|question| question.price == price)
        {
            self.agreed.insert(question.key.clone());
            if let Some(promise) = self.promises.get_mut(question.index) {
                *promise = question.promise;
            }
        }
    }

    /// The products with prices that the guard stops are left out.
    pub fn leave_prices_out(&mut self) {
        let reason = Refusal {
            message: text!("its price changes by more than the price guard allows"),
            hint: Some(text!(
                "check it; if it is intended, allow it with --max-price-drop"
            )),
        };
        for question in self.questions.iter().filter(|question| question.price) {
            let reason = (Kind::Held, reason.clone());
            self.left_out.insert(question.key.clone(), reason);
        }
    }

    fn promise_that(&mut self, index: usize, count: usize, promise: u64) {
        if self.promises.is_empty() {
            self.promises = vec![0; count];
        }
        self.promises[index] = promise;
    }

    fn count(&mut self, line: &Line) {
        let totals = &mut self.totals;
        *totals.actions.entry(line.action).or_default() += 1;
        totals.audits += u64::from(matches!(line.action, Action::Add | Action::AuditedUpdate));
        let prices = line
            .changes
            .iter()
            .filter(|change| change.field == Field::Price);
        totals.prices += prices.count() as u64;
        for change in &line.changes {
            if let (Field::Sku, Some(sku), None) = (change.field, &change.sku, &change.new) {
                totals.removed += 1;
                if totals.removed_names.len() < NAMED {
                    totals
                        .removed_names
                        .push(format!("{sku} ({})", line.out_product_id));
                }
            }
        }
    }

    fn ask(&mut self, question: Question, line: &Line) {
        self.questions.push(question);
        if self.to_ask.len() < KEPT {
            self.to_ask.push(line.clone());
        }
    }
}

/// The number of a product that was deleted cannot be used again.
pub fn deleted(number: &str) -> Refusal {
    Refusal {
        message: text!(
            "the number {number} belonged to a deleted product and cannot be used again: choose another",
            number
        ),
        hint: None,
    }
}

/// Two numbers that people take for one.
fn looks_like(number: &str, other: &str) -> Refusal {
    Refusal {
        message: twin_words(number, other),
        hint: Some(text!("write it as the shop has it, or choose another")),
    }
}

/// The number that was sent before and looks like this one.
fn known_twin(items: &Items, key: &str) -> Result<Option<String>> {
    let (wanted, mut twin) = (folded(key), None);
    items.keys(|known, there| {
        if there && known != key && folded(known) == wanted {
            twin = Some(known.to_owned());
        }
    })?;
    Ok(twin)
}

pub fn no_such_product() -> Refusal {
    Refusal {
        message: text!("the shop has no product with this number"),
        hint: Some(text!("add it with `wxsell goods upload`")),
    }
}

/// What the platform wants to be set before goods are taken; looked up once. Returns the categories that are open.
async fn preconditions(shop: &Shop, state: &State, shop_key: &str) -> Result<Option<HashSet<u64>>> {
    let (merchant, categories) = tokio::join!(shop.merchant(), shop.my_categories());
    if let Some(info) = merchant?
        && info.service_agent_type.is_empty()
        && info.service_agent_phone.is_empty()
        && info.service_agent_path.is_empty()
    {
        return Err(Failure::new(
            Kind::Refused,
            text!("customer service is not set, and WeChat accepts no products before it is"),
        )
        .hint(text!(
            "set it once, e.g. `wxsell merchant update --service phone --phone 020-12345678`"
        ))
        .into());
    }
    let Some(list) = categories? else {
        return Ok(None);
    };
    let open: HashSet<u64> = list.iter().map(|category| category.third_cat_id).collect();
    state.keep_categories(shop_key, open.iter().copied(), now())?;
    Ok(Some(open))
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// The shop's drafts, set aside on disk.
struct Listed {
    cursor: Cursor,
    places: HashMap<u64, u64>,
    /// By what is left of a number without width, blanks, marks and leading zeros.
    alike: HashMap<u64, u64>,
}

impl Listed {
    /// Reads the shop's list; what comes goes to disk, and its place is kept.
    async fn read(shop: &Shop, state: &State) -> Result<Listed> {
        let mut spool = SpoolWriter::create(state.folder())?;
        let (mut places, mut alike) = (HashMap::new(), HashMap::new());
        let goods = shop
            .each_goods(|spu| {
                let body = serde_json::to_vec(&spu)?;
                let at = spool.append(spu.out_product_id.as_bytes(), &body)?;
                let number = &spu.out_product_id;
                Ok((hash(number), hash(&folded(number)), at))
            })
            .await?;
        for (number, fold, at) in goods.rows {
            places.insert(number, at);
            alike.insert(fold, at);
        }
        Ok(Listed {
            cursor: spool.reader()?.cursor(),
            places,
            alike,
        })
    }

    /// The number in the shop that looks like this one.
    fn twin(&mut self, key: &str) -> Result<Option<String>> {
        let Some(at) = self.alike.get(&hash(&folded(key))) else {
            return Ok(None);
        };
        let (number, _) = self.cursor.record(*at)?;
        let number = String::from_utf8_lossy(number).into_owned();
        Ok(look_alike(&number, key).then_some(number))
    }

    fn find(&mut self, key: &str) -> Result<Option<Spu>> {
        let Some(at) = self.places.get(&hash(key)) else {
            return Ok(None);
        };
        let (number, body) = self.cursor.record(*at)?;
        if number != key.as_bytes() {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(body)?))
    }
}

/// How the shop is asked.
enum Look {
    /// By its list.
    List(RefCell<Listed>),
    /// One product after another.
    Single,
    /// Not at all.
    No,
}

/// What was seen of a product.
enum Seen {
    NotRead,
    Absent,
    There(Box<Held>),
}

/// What earlier runs know of a product, in one byte.
mod note {
    pub const KNOWN: u8 = 1;
    /// An earlier run sent it as it is.
    pub const DONE: u8 = 2;
    pub const CHEAP: u8 = 4;
    /// A number that looks like it was sent.
    pub const TWIN: u8 = 8;
}

/// Plans for every product of a catalogue; `each` is told of every line in its order. `thorough` looks at whatever it
/// compares; else as much as costs little.
pub async fn plan<T: Sendable>(
    shop: &Shop,
    state: &State,
    shop_key: &str,
    catalogue: &Catalogue<T>,
    options: &Options,
    thorough: bool,
    mut each: impl FnMut(&Line) -> Result<()>,
) -> Result<Plan> {
    let items = Items::open(state, shop_key, "goods")?;
    let mut plan = Plan {
        categories: if T::AUDITED {
            preconditions(shop, state, shop_key).await?
        } else {
            None
        },
        ..Plan::default()
    };
    let mut drafts = catalogue.drafts();
    let notes = notes(&items, catalogue, options, &mut drafts)?;
    let to_look = notes.iter().filter(|note| **note & note::DONE == 0).count();
    let stock_only = !thorough && !T::AUDITED && is_stock_only(catalogue)?;
    let look = if stock_only {
        Look::No
    } else {
        how_to_look(shop, state, to_look, thorough).await?
    };
    let empty_shop = matches!(&look, Look::List(listed) if listed.borrow().places.is_empty());
    let unread = matches!(look, Look::No) || empty_shop;
    let drafts = RefCell::new(drafts);
    let lines = (0..notes.len()).filter(|index| {
        let note = notes[*index];
        // Nothing is known of most products, and nothing has to be: they are added, or their stock is set.
        let blind = !thorough && (unread && note == 0 || note & note::DONE != 0)
            || stock_only && note & note::TWIN == 0;
        !blind
    });
    let lines: Vec<usize> = lines.collect();
    let done = notes.iter().filter(|note| **note & note::DONE != 0).count() as u64;
    let blind = (notes.len() - lines.len()) as u64 - if thorough { 0 } else { done };
    let action = if T::AUDITED {
        Action::Add
    } else {
        Action::FreeUpdate
    };
    if blind > 0 {
        plan.totals.actions.insert(action, blind);
        plan.totals.audits = if T::AUDITED { blind } else { 0 };
    }
    if !thorough && done > 0 {
        plan.totals.actions.insert(Action::NotCompared, done);
    }
    plan.notes = notes;
    let notes = plan.notes.clone();
    let (items, drafts, look, notes) = (&items, &drafts, &look, &notes);
    let mut seen = futures_util::stream::iter(lines)
        .map(|index| {
            let note = notes[index];
            async move {
                let draft = drafts.borrow_mut().at(index).transpose()?;
                let draft = draft.ok_or_else(|| anyhow::anyhow!("a product is gone"))?;
                let key = &draft.outline.key;
                let known = if note & note::KNOWN != 0 {
                    items.known(key)?
                } else {
                    None
                };
                let seen = if note & note::DONE != 0 {
                    Seen::NotRead
                } else {
                    see(shop, look, key, known.is_some()).await?
                };
                anyhow::Ok((draft, known, note, seen))
            }
        })
        .buffered(AT_ONCE);
    let count = catalogue.len();
    let mut numbers: Option<Option<Listed>> = None;
    while let Some((draft, known, note, seen)) = seen.try_next().await? {
        let key = &draft.outline.key;
        let twin = match (&seen, look) {
            (Seen::Absent, Look::List(listed)) => listed.borrow_mut().twin(key)?,
            // What is about to be added is held against the numbers of a shop that is not large.
            (Seen::Absent, Look::Single) if T::AUDITED => {
                if numbers.is_none() {
                    let pages = shop.goods_pages().await?;
                    numbers = Some(if pages <= FEW_CALLS as u64 {
                        Some(Listed::read(shop, state).await?)
                    } else {
                        None
                    });
                }
                match numbers.as_mut().and_then(Option::as_mut) {
                    Some(listed) => listed.twin(key)?,
                    None => None,
                }
            }
            _ => None,
        };
        let twin = match twin {
            None if note & note::TWIN != 0 && !matches!(seen, Seen::There(_)) => {
                known_twin(items, key)?
            }
            twin => twin,
        };
        let mut line = Line {
            out_product_id: draft.outline.key.clone(),
            action: Action::NotCompared,
            place: draft.place.clone(),
            changes: Vec::new(),
            missing_skus: Vec::new(),
            reason: None,
        };
        if let Some(twin) = twin {
            let refusal = looks_like(&line.out_product_id, &twin);
            let reason = (Kind::Refused, refusal.clone());
            plan.left_out.insert(line.out_product_id.clone(), reason);
            refuse(&mut line, refusal);
        } else if note & note::DONE == 0 {
            let memory = match known {
                Some(_) => items.memory(&line.out_product_id)?,
                None => None,
            };
            let memory = memory.as_deref().and_then(Sent::from_bytes);
            let mut liner = Liner {
                plan: &mut plan,
                options,
                count,
            };
            let resolve = |wanted: &mut Wanted| resolve(wanted, state, shop_key, options.rehost);
            liner.line(&mut line, &draft, known, memory.as_ref(), seen, resolve)?;
        }
        plan.count(&line);
        each(&line)?;
    }
    Ok(plan)
}

/// What is known of each product: one byte for each of a million.
fn notes<T: Sendable>(
    items: &Items,
    catalogue: &Catalogue<T>,
    options: &Options,
    drafts: &mut Drafts<T>,
) -> Result<Vec<u8>> {
    let (mut keys, mut sent, mut alike) = (HashSet::new(), HashSet::new(), HashSet::new());
    items.keys(|key, there| {
        keys.insert(hash(key));
        if there {
            sent.insert(hash(key));
            alike.insert(hash(&folded(key)));
        }
    })?;
    let mut notes = Vec::with_capacity(catalogue.len());
    for (index, outline) in catalogue.outlines().enumerate() {
        let outline = outline?;
        let mut note = if outline.cheap { note::CHEAP } else { 0 };
        if !keys.is_empty()
            && keys.contains(&hash(&outline.key))
            && let Some(known) = items.known(&outline.key)?
        {
            note |= note::KNOWN;
            if known.state == ItemState::Done
                && !options.recheck
                && let Some(draft) = drafts.at(index)
                && draft?.fingerprint == known.fingerprint
            {
                note |= note::DONE;
            }
        }
        if !alike.is_empty()
            && !sent.contains(&hash(&outline.key))
            && alike.contains(&hash(&folded(&outline.key)))
        {
            note |= note::TWIN;
        }
        notes.push(note);
    }
    Ok(notes)
}

/// Whether every product gets another stock and nothing else.
fn is_stock_only<T: Sendable>(catalogue: &Catalogue<T>) -> Result<bool> {
    for draft in catalogue.drafts() {
        let draft = draft?;
        if !draft.request()?.draft(&draft.rows).is_stock_only() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whichever way of asking takes fewer calls, if it is worth them.
async fn how_to_look(shop: &Shop, state: &State, to_look: usize, thorough: bool) -> Result<Look> {
    let most = if thorough {
        usize::MAX
    } else {
        (to_look / PRODUCTS_A_CALL).max(FEW_CALLS)
    };
    if to_look <= 1 {
        return Ok(Look::Single);
    }
    let pages = usize::try_from(shop.goods_pages().await?).unwrap_or(usize::MAX);
    Ok(if pages < to_look && pages <= most {
        Look::List(RefCell::new(Listed::read(shop, state).await?))
    } else if to_look <= most {
        Look::Single
    } else {
        Look::No
    })
}

async fn see(shop: &Shop, look: &Look, key: &str, known: bool) -> Result<Seen> {
    let held = match look {
        Look::No => return Ok(Seen::NotRead),
        Look::Single => shop.held(key).await?,
        Look::List(listed) => {
            let listed = listed.borrow_mut().find(key)?;
            match listed {
                Some(spu) if !spu.skus.is_empty() => Some(shop.with_online(spu).await?),
                None if !known => None,
                // A list shows some products without their SKUs, and may lack one that was added while it was read.
                _ => shop.held(key).await?,
            }
        }
    };
    Ok(held.map_or(Seen::Absent, |held| Seen::There(Box::new(held))))
}

/// Puts the links in that are known of pictures; whether all are.
fn resolve(wanted: &mut Wanted, state: &State, shop_key: &str, rehost: bool) -> Result<bool> {
    let mut all = true;
    for image in wanted.images_mut() {
        let key = match image.strip_prefix(BY_CONTENT) {
            Some(_) => image.clone(),
            None if rehost && !hosted(image) => format!("url:{image}"),
            None => continue,
        };
        match state.image_url(shop_key, &key)? {
            Some(link) => *image = link,
            None => all = false,
        }
    }
    Ok(all)
}

struct Liner<'a> {
    plan: &'a mut Plan,
    options: &'a Options,
    count: usize,
}

impl Liner<'_> {
    fn line<T: Sendable>(
        &mut self,
        line: &mut Line,
        draft: &Draft<T>,
        known: Option<Known>,
        memory: Option<&Sent>,
        seen: Seen,
        resolve: impl Fn(&mut Wanted) -> Result<bool>,
    ) -> Result<()> {
        let rules = &self.options.rules;
        if let Some(refusal) = self.plan.refuses_category(draft.outline.third_cat_id) {
            refuse(line, refusal);
            return Ok(());
        }
        let mut wanted = draft.request()?.draft(&draft.rows);
        match seen {
            Seen::There(held) => {
                let all_known = resolve(&mut wanted)?;
                let promised = |comparison: &Comparison| {
                    if all_known {
                        comparison.promise().max(UNPROMISED + 1)
                    } else {
                        UNPROMISED
                    }
                };
                let comparison = compare(&wanted, &held, memory, rules);
                let promise = promised(&comparison);
                self.plan.promise_that(draft.index, self.count, promise);
                let is_held = comparison.decision() == Decision::Held;
                describe(line, comparison);
                if is_held {
                    let agreed = compare(&wanted, &held, memory, &rules.agreed());
                    self.ask(line, draft.index, promised(&agreed));
                }
            }
            Seen::Absent => {
                self.plan.promise_that(draft.index, self.count, ABSENT);
                let was_there = known.is_some_and(|known| {
                    matches!(
                        known.state,
                        ItemState::Done | ItemState::Partial | ItemState::Removed
                    )
                });
                match (T::AUDITED, was_there) {
                    (false, _) => refuse(line, no_such_product()),
                    (true, true) => refuse(line, deleted(&draft.outline.key)),
                    (true, false) => self.add(line, &wanted, draft.index),
                }
            }
            Seen::NotRead if known.is_none() && T::AUDITED => self.add(line, &wanted, draft.index),
            Seen::NotRead => {
                line.action = Action::Update;
                line.changes = prices(&wanted, memory);
                for change in &mut line.changes {
                    if let (Some(Value::Fen(old)), Some(Value::Fen(new))) =
                        (&change.old, &change.new)
                    {
                        change.guarded = rules.guard.stops(Some(*old), *new, *new);
                    }
                }
                if let Some(guarded) = line.changes.iter().find(|change| change.guarded) {
                    line.action = Action::Held;
                    line.reason = Some(guarded.refusal().message);
                    self.ask(line, draft.index, 0);
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, line: &mut Line, wanted: &Wanted, index: usize) {
        match complete(wanted, self.options.rules.guard) {
            Err(refusal) => refuse(line, refusal),
            Ok(comparison) => {
                let held = comparison.decision() == Decision::Held;
                describe(line, comparison);
                match line.action {
                    Action::AuditedUpdate => line.action = Action::Add,
                    _ if held => self.ask(line, index, ABSENT),
                    _ => {}
                }
            }
        }
    }

    fn ask(&mut self, line: &Line, index: usize, promise: u64) {
        let question = Question {
            key: line.out_product_id.clone(),
            index,
            promise,
            price: line.changes.iter().any(|change| change.guarded),
        };
        self.plan.ask(question, line);
    }
}

/// The prices that differ from those that were sent last.
fn prices(wanted: &Wanted, memory: Option<&Sent>) -> Vec<Change> {
    let changed = wanted.skus.iter().filter_map(|sku| {
        let Given::Set(new) = sku.price else {
            return None;
        };
        let old = memory?.price(&sku.id)?;
        (old != new).then(|| Change {
            field: Field::Price,
            sku: Some(sku.id.clone()),
            old: Some(Value::Fen(old)),
            new: Some(Value::Fen(new)),
            at_once: true,
            guarded: false,
        })
    });
    changed.collect()
}

fn refuse(line: &mut Line, refusal: Refusal) {
    line.action = Action::Refused;
    line.reason = Some(with_hint(refusal));
}

/// What is wrong and what helps, in one sentence.
fn with_hint(refusal: Refusal) -> Text {
    match refusal.hint {
        Some(hint) => text!("{problem} ({hint})", problem = refusal.message, hint),
        None => refusal.message,
    }
}

fn describe(line: &mut Line, comparison: Comparison) {
    line.action = match comparison.decision() {
        Decision::Unchanged => Action::Unchanged,
        Decision::Free => Action::FreeUpdate,
        Decision::Audited => Action::AuditedUpdate,
        Decision::Partial => Action::Partial,
        Decision::Refused => Action::Refused,
        Decision::Held => Action::Held,
    };
    line.reason = comparison.reason().map(with_hint);
    line.changes = comparison.changes;
    line.missing_skus = comparison.missing;
}
