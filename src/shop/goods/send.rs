//! Sends one product: its pictures first, then an add, a change or nothing, within the audit quota. What it makes of a
//! product the shop has is decided by the same rule as the plan.
//!
//! Long because the way of one product, with everything that may come between, is read from top to bottom.

use super::component::{self, Sendable};
use super::plan::Plan;
use super::sheet::catalogue::{Catalogue, Draft};
use super::sheet::images::BY_CONTENT;
use super::{Copy, exists};
use crate::api::component::goods::AddSpu;
use crate::bulk::journal::{Fed, Work};
use crate::bulk::{self, Interrupt, Look, Outcome};
use crate::client::errcode::ends_the_job;
use crate::client::written;
use crate::fail::{Failure, Kind, Within, failure};
use crate::lang::Text;
use crate::model::product::{
    self, Comparison, Decision, Draft as Wanted, Field, Held, Refusal, Review, Rules, Sent, compare,
};
use crate::shop::Shop;
use crate::shop::image::{LINK, hosted};
use crate::state::State;
use crate::state::quota::{Slot, SlotLimits};
use crate::state::runs::{Ended, ItemState, Known, Memory, SentMark};
use crate::text;
use crate::types::{now, rfc3339};
use anyhow::Result;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// 1000019: too many submissions of this product in the last hour.
const PRODUCT_HOUR: i64 = 1_000_019;
/// The free way is closed: the product never passed an audit.
const NEVER_PASSED: i64 = 1_000_003;
/// The free way is closed for one SKU: buyers do not see it yet.
const NOT_ONLINE: i64 = 1_000_004;
/// Between two tries where WeChat's own limit of audits is reached.
const LIMITED_PAUSE: Duration = Duration::from_secs(600);

/// How products are sent.
#[derive(Debug, Clone)]
pub struct Options {
    pub limits: SlotLimits,
    /// At the audit limit, wait for it instead of ending the job.
    pub wait: bool,
    pub rules: Rules,
    /// Compare also what an earlier run sent as it is.
    pub recheck: bool,
    /// Have WeChat copy pictures from other hosts.
    pub rehost: bool,
}

/// What is sent, and what was remembered of the product before.
type Parked<T> = (Draft<T>, Option<Sent>);

/// Sends products of one catalogue to one shop.
pub struct Sender<'a, T> {
    pub shop: &'a Shop,
    pub shop_key: String,
    pub state: Arc<State>,
    pub catalogue: &'a Catalogue<T>,
    pub options: Options,
    pub plan: Plan,
    pub interrupt: Interrupt,
    /// Told what people should know while it goes on.
    pub note: &'a dyn Fn(Text),
    images: RefCell<HashMap<String, Rc<OnceCell<String>>>>,
    pub images_uploaded: Cell<u64>,
    lost_in_a_row: Cell<u32>,
    told_of_wait: Cell<i64>,
    /// What was sent and never answered, by its number, with what was remembered of it before.
    parked: RefCell<HashMap<String, Parked<T>>>,
}

/// What was done for a product. The names are part of the machine output.
pub mod action {
    pub const ADDED: &str = "added";
    pub const UPDATED: &str = "updated";
    pub const UPDATED_FREE: &str = "updated_free";
    pub const UNCHANGED: &str = "unchanged";
    /// Sent by an earlier run that never heard the answer, and found at the shop as it was sent.
    pub const CONFIRMED: &str = "confirmed";
    pub const NONE: &str = "none";
}

impl<T: Sendable> Work for Draft<T> {
    fn mark(&self) -> SentMark {
        SentMark {
            key: self.outline.key.clone(),
            place: self.place.clone(),
            fingerprint: self.fingerprint,
        }
    }

    fn memory(&self) -> &[u8] {
        &self.outline.sent
    }
}

/// What sending one product led to, beside its result.
#[derive(Default)]
struct Aftermath {
    memory: Memory,
    /// Price and stock arrived, whatever became of the rest.
    free_arrived: bool,
}

impl<'a, T: Sendable> Sender<'a, T> {
    #[expect(
        clippy::too_many_arguments,
        reason = "what a job is made of, each named once"
    )]
    pub fn new(
        shop: &'a Shop,
        shop_key: String,
        state: Arc<State>,
        catalogue: &'a Catalogue<T>,
        options: Options,
        plan: Plan,
        interrupt: Interrupt,
        note: &'a dyn Fn(Text),
    ) -> Sender<'a, T> {
        Sender {
            shop,
            shop_key,
            state,
            catalogue,
            options,
            plan,
            interrupt,
            note,
            images: RefCell::default(),
            images_uploaded: Cell::new(0),
            lost_in_a_row: Cell::new(0),
            told_of_wait: Cell::new(0),
            parked: RefCell::default(),
        }
    }

    /// Sends one product and says how that ended.
    pub async fn send(&self, fed: Fed<Draft<T>>) -> Outcome {
        let Fed {
            work,
            mark,
            before,
            memory,
        } = fed;
        let mut aftermath = Aftermath::default();
        let result = self
            .put(&work, before, memory.as_deref(), &mark, &mut aftermath)
            .await;
        let held = matches!(&result, Err(error) if failure(error).is_some_and(|failure| failure.kind == Kind::Held));
        let mut outcome = bulk::outcome(
            mark.key,
            before,
            result,
            action::NONE,
            &self.lost_in_a_row,
            ends_the_job,
        );
        let ended = &mut outcome.ended;
        if ended.state == Some(ItemState::Refused) && before.is_none() {
            // What was marked for an item that nothing was known of never reached the shop.
            ended.memory = Memory::Forgotten;
        }
        if aftermath.memory != Memory::Kept {
            ended.memory = aftermath.memory;
        }
        match ended.state {
            Some(ItemState::Refused) if aftermath.free_arrived => {
                ended.state = Some(ItemState::Partial);
                ended.action = action::UPDATED_FREE;
                ended.reason = ended.reason.take().map(|reason| {
                    text!(
                        "price and stock are changed, the rest is not: {reason}",
                        reason
                    )
                });
            }
            Some(ItemState::Refused) if held => ended.state = Some(ItemState::Held),
            Some(ItemState::Unclear) => {
                let memory = memory.as_deref().and_then(Sent::from_bytes);
                let parked = (work, memory);
                self.parked.borrow_mut().insert(ended.key.clone(), parked);
            }
            _ => {}
        }
        outcome
    }

    /// Looks at a product that was sent without an answer; only reads.
    pub async fn look(&self, ended: &Ended) -> Look {
        let Some(parked) = self.parked.borrow_mut().remove(&ended.key) else {
            return Look::Unread;
        };
        let look = self.look_at(&parked.0, parked.1.as_ref()).await;
        self.parked.borrow_mut().insert(ended.key.clone(), parked);
        look.unwrap_or(Look::Unread)
    }

    async fn look_at(&self, draft: &Draft<T>, memory: Option<&Sent>) -> Result<Look> {
        let mut wanted = draft.request()?.draft(&draft.rows);
        let Some(held) = self.shop.held(&wanted.id).await? else {
            return Ok(Look::Missing);
        };
        // A picture that is not known was not uploaded, so that nothing was sent.
        for image in wanted.images_mut() {
            match self.known_link(image)? {
                Some(link) => *image = link,
                None => return Ok(Look::Missing),
            }
        }
        let comparison = compare(&wanted, &held, memory, &self.rules(&wanted.id));
        Ok(match comparison.decision() {
            Decision::Unchanged => {
                let sent = Sent::after(memory, &wanted, &comparison, false, |_| true);
                Look::Done(action::CONFIRMED, Memory::Is(sent.to_bytes()))
            }
            // Buyers change stock too, which tells nothing.
            Decision::Free if comparison.free.as_ref().is_some_and(is_stock_alone) => Look::Unread,
            _ => Look::Missing,
        })
    }

    /// Gives back what a product that never arrived would have used.
    pub fn never_arrived(&self, key: &str) -> Result<()> {
        self.state.give_slot_back(&self.shop_key, key)
    }

    async fn put(
        &self,
        draft: &Draft<T>,
        before: Option<Known>,
        memory: Option<&[u8]>,
        mark: &SentMark,
        aftermath: &mut Aftermath,
    ) -> Result<&'static str> {
        if let Some(refusal) = self.plan.refuses_category(draft.outline.third_cat_id) {
            return Err(refused(Kind::Refused, refusal));
        }
        if let Some((kind, reason)) = self.plan.left_out.get(&mark.key) {
            return Err(refused(*kind, reason.clone()));
        }
        let is_new = before.is_none() && !self.plan.was_there(draft.index) && T::AUDITED;
        if is_new && draft.outline.ready && !draft.outline.cheap && !self.options.rehost {
            return self
                .add(draft.json.clone(), &mark.key, draft, aftermath)
                .await;
        }
        // Apart, so that the way of most products stays small.
        let memory = memory.and_then(Sent::from_bytes);
        Box::pin(self.place(draft, is_new, before, memory, mark, aftermath)).await
    }

    /// What may be done with a product: what was agreed on for it, else what holds for all.
    fn rules(&self, key: &str) -> Rules {
        if self.plan.agreed.contains(key) {
            self.options.rules.agreed()
        } else {
            self.options.rules
        }
    }

    /// Replaces pictures by links and looks at what the shop has before it sends.
    async fn place(
        &self,
        draft: &Draft<T>,
        is_new: bool,
        before: Option<Known>,
        memory: Option<Sent>,
        mark: &SentMark,
        aftermath: &mut Aftermath,
    ) -> Result<&'static str> {
        let mut wanted = draft.request()?.draft(&draft.rows);
        if wanted.is_stock_only() && !self.plan.was_there(draft.index) {
            return self.send_stock(&wanted).await;
        }
        self.place_images(&mut wanted).await?;
        if is_new {
            return self.add_whole(&wanted, draft, aftermath).await;
        }
        match self.shop.held(&wanted.id).await? {
            Some(held) => {
                let lost = before
                    .filter(|known| matches!(known.state, ItemState::Sent | ItemState::Unclear));
                let unchanged = match lost {
                    // The product as it was marked is there: the call was made.
                    Some(known) if known.fingerprint == mark.fingerprint => action::CONFIRMED,
                    _ => action::UNCHANGED,
                };
                let promise = self.plan.promise(draft.index);
                self.update(
                    &wanted,
                    held,
                    memory.as_ref(),
                    promise,
                    unchanged,
                    aftermath,
                )
                .await
            }
            None if !T::AUDITED => Err(refused(Kind::Refused, super::plan::no_such_product())),
            None => {
                if before.is_some_and(|known| {
                    matches!(known.state, ItemState::Sent | ItemState::Unclear)
                }) {
                    self.state.give_slot_back(&self.shop_key, &wanted.id)?;
                }
                self.add_whole(&wanted, draft, aftermath).await
            }
        }
    }

    /// Stock alone is sent unread: nobody else's change is lost by it, and no guard looks at it.
    async fn send_stock(&self, wanted: &Wanted) -> Result<&'static str> {
        let mut free = product::Free::default();
        for sku in &wanted.skus {
            if let product::Given::Set(stock) = sku.stock {
                free.skus.push(product::FreeSku {
                    id: sku.id.clone(),
                    stock: Some(stock),
                    ..product::FreeSku::default()
                });
            }
        }
        let request = component::free_request(&wanted.id, &free);
        self.shop.update_goods_free(&request).await?;
        Ok(action::UPDATED_FREE)
    }

    /// Adds a product that the shop does not have, with what a new one gets.
    async fn add_whole(
        &self,
        wanted: &Wanted,
        draft: &Draft<T>,
        aftermath: &mut Aftermath,
    ) -> Result<&'static str> {
        let rules = self.rules(&wanted.id);
        let whole = product::complete(wanted, rules.guard)
            .map_err(|refusal| refused(Kind::Refused, refusal))?;
        match whole.decision() {
            Decision::Refused => return Err(refused_by(Kind::Refused, &whole)),
            Decision::Held => return Err(refused_by(Kind::Held, &whole)),
            _ => {}
        }
        let sent = Sent::of_new(&whole.merged, &whole.unseen);
        let json = written(&component::request(whole.merged, &whole.unseen))?;
        let done = self.add(json, &wanted.id, draft, aftermath).await?;
        if done == action::ADDED {
            aftermath.memory = Memory::Is(sent.to_bytes());
        }
        Ok(done)
    }

    /// Adds a product, whose request is `json`; `draft` is what the merchant gave, where it has to be compared.
    async fn add(
        &self,
        json: Bytes,
        key: &str,
        draft: &Draft<T>,
        aftermath: &mut Aftermath,
    ) -> Result<&'static str> {
        if self.slot_full_until(key)?.is_some() {
            let in_time = Box::pin(self.change_or_take_slot(key, draft, aftermath));
            if let Some(changed) = in_time.await? {
                return Ok(changed);
            }
        }
        loop {
            match self.shop.add_goods(json.clone()).await {
                Ok(_) => return Ok(action::ADDED),
                Err(error) if self.waits_for(&error) => Box::pin(self.wait_for_shop()).await?,
                Err(error) => {
                    return Box::pin(self.not_added(error, key, draft, aftermath)).await;
                }
            }
        }
    }

    /// What the shop has already may need no audit; else waits for a slot.
    async fn change_or_take_slot(
        &self,
        key: &str,
        draft: &Draft<T>,
        aftermath: &mut Aftermath,
    ) -> Result<Option<&'static str>> {
        if let Some(held) = self.shop.held(key).await? {
            return self
                .update_found(draft, held, action::UNCHANGED, aftermath)
                .await
                .map(Some);
        }
        self.take_slot(key).await.map(|()| None)
    }

    /// A product that was taken for new and is there.
    async fn update_found(
        &self,
        draft: &Draft<T>,
        held: Held,
        unchanged: &'static str,
        aftermath: &mut Aftermath,
    ) -> Result<&'static str> {
        let mut wanted = draft.request()?.draft(&draft.rows);
        self.place_images(&mut wanted).await?;
        let promise = self.plan.promise(draft.index);
        self.update(&wanted, held, None, promise, unchanged, aftermath)
            .await
    }

    /// What a product that was not added comes to.
    async fn not_added(
        &self,
        error: anyhow::Error,
        key: &str,
        draft: &Draft<T>,
        aftermath: &mut Aftermath,
    ) -> Result<&'static str> {
        let lost = failure(&error).is_none_or(|failure| failure.unclear);
        if !lost {
            // Refused before the audit saw it.
            self.state.give_slot_back(&self.shop_key, key)?;
        }
        if !exists(&error) {
            return Err(error);
        }
        match self.shop.held(key).await? {
            Some(held) => {
                // Our own first arrival, whose answer was lost, may have made it.
                let unchanged = if lost {
                    action::CONFIRMED
                } else {
                    action::UNCHANGED
                };
                self.update_found(draft, held, unchanged, aftermath).await
            }
            None => {
                let found = Failure::from_any(error);
                Err(found.hint(super::plan::deleted(key).message).into())
            }
        }
    }

    /// Brings a product that the shop has to what the draft wants. `promise` is what the plan said of it, `unchanged`
    /// what is said where nothing differs.
    async fn update(
        &self,
        wanted: &Wanted,
        mut held: Held,
        memory: Option<&Sent>,
        promise: Option<u64>,
        unchanged: &'static str,
        aftermath: &mut Aftermath,
    ) -> Result<&'static str> {
        let rules = self.rules(&wanted.id);
        let mut comparison = compare(wanted, &held, memory, &rules);
        let decision = comparison.decision();
        if promise.is_some_and(|promise| promise != comparison.promise())
            && !(decision == Decision::Unchanged || unchanged == action::CONFIRMED)
        {
            return Err(Failure::new(
                Kind::Held,
                text!("the shop has changed since this was planned"),
            )
            .hint(text!(
                "check it with --dry-run, then run the same command again"
            ))
            .into());
        }
        match decision {
            Decision::Refused => return Err(refused_by(Kind::Refused, &comparison)),
            Decision::Held => return Err(refused_by(Kind::Held, &comparison)),
            Decision::Unchanged => {
                let sent = Sent::after(memory, wanted, &comparison, false, |_| true);
                aftermath.memory = Memory::Is(sent.to_bytes());
                return Ok(unchanged);
            }
            Decision::Free | Decision::Audited | Decision::Partial => {}
        }
        if let Some(free) = comparison.free.take() {
            let request = component::free_request(&wanted.id, &free);
            match self.shop.update_goods_free(&request).await {
                Ok(_) => {
                    aftermath.free_arrived = true;
                    let sent = Sent::after(memory, wanted, &comparison, false, Field::is_free);
                    aftermath.memory = Memory::Is(sent.to_bytes());
                }
                Err(error) if !wanted.free_only && closes_free_way(&error).is_some() => {
                    // Buyers do not see all of it: once more, by what they see.
                    match closes_free_way(&error) {
                        Some(NOT_ONLINE) if held.online.is_none() => {
                            let online = self.shop.goods(&wanted.id, Copy::Online).await?;
                            held.online = Some(online.map(component::product).unwrap_or_default());
                        }
                        _ => (held.passed_once, held.online) = (false, None),
                    }
                    let again = self.update(wanted, held, memory, None, unchanged, aftermath);
                    return Box::pin(again).await;
                }
                Err(error) => return Err(error),
            }
        }
        if decision == Decision::Partial {
            return Err(refused_by(Kind::Refused, &comparison));
        }
        if decision == Decision::Free {
            return Ok(action::UPDATED_FREE);
        }
        let request = component::request(comparison.merged.clone(), &comparison.unseen);
        self.submit(request, &held).await?;
        let sent = Sent::after(memory, wanted, &comparison, true, |_| true);
        aftermath.memory = Memory::Is(sent.to_bytes());
        Ok(action::UPDATED)
    }

    /// Hands a changed draft to the audit.
    async fn submit(&self, draft: AddSpu, held: &Held) -> Result<()> {
        if held.review == Review::InAudit {
            self.shop.withdraw_audit(&draft.out_product_id).await?;
        }
        self.take_slot(&draft.out_product_id).await?;
        let key = draft.out_product_id.clone();
        loop {
            match self.shop.update_goods(draft.clone()).await {
                Ok(_) => return Ok(()),
                // A repeat after a lost answer finds the product in the audit that the first arrival began.
                Err(error)
                    if failure(&error).is_some_and(|failure| {
                        failure.unclear && failure.errcode == Some(1_000_002)
                    }) =>
                {
                    return Ok(());
                }
                Err(error) if self.waits_for(&error) => self.wait_for_shop().await?,
                Err(error) => {
                    if failure(&error).is_some_and(|failure| !failure.unclear) {
                        self.state.give_slot_back(&self.shop_key, &key)?;
                    }
                    return Err(error);
                }
            }
        }
    }

    /// Whether to wait for a limit that only WeChat knows.
    fn waits_for(&self, error: &anyhow::Error) -> bool {
        self.options.wait
            && failure(error).is_some_and(|failure| {
                failure.kind == Kind::Limited && failure.errcode != Some(PRODUCT_HOUR)
            })
    }

    async fn wait_for_shop(&self) -> Result<()> {
        let until = now() + LIMITED_PAUSE.as_secs() as i64;
        if self.told_of_wait.get() < now() {
            self.told_of_wait.set(until);
            (self.note)(text!(
                "WeChat accepts no more submissions from this shop for now; trying again at {time}",
                time = rfc3339(until)
            ));
        }
        self.pause(LIMITED_PAUSE).await
    }

    async fn pause(&self, pause: Duration) -> Result<()> {
        if self.interrupt.pause(pause).await {
            return Err(Failure::new(
                Kind::Stopped,
                text!("stopped while it waited for the audit quota"),
            )
            .into());
        }
        Ok(())
    }

    /// Takes an audit slot; where there is none, says until when.
    fn slot_full_until(&self, key: &str) -> Result<Option<i64>> {
        if self.options.limits.unlimited() {
            return Ok(None);
        }
        let slot = self
            .state
            .take_slot(&self.shop_key, key, self.options.limits, now())?;
        Ok(match slot {
            Slot::Taken => None,
            Slot::FullUntil(until) => Some(until),
        })
    }

    /// Takes an audit slot, waiting for one if that was asked for.
    async fn take_slot(&self, key: &str) -> Result<()> {
        while let Some(until) = self.slot_full_until(key)? {
            if !self.options.wait {
                return Err(Failure::limited(text!(
                    "the audit quota of this shop is used up until {time}",
                    time = rfc3339(until)
                ))
                .hint(text!(
                    "run the same command then, or now with --wait: it continues where it stopped"
                ))
                .into());
            }
            if self.told_of_wait.replace(until) != until {
                (self.note)(text!(
                    "the audit quota is used up; continuing at {time}",
                    time = rfc3339(until)
                ));
            }
            let rest = u64::try_from((until - now()).clamp(1, 60)).unwrap_or(60);
            self.pause(Duration::from_secs(rest)).await?;
        }
        Ok(())
    }

    /// Replaces every picture of a product by its link at WeChat; each picture is uploaded once per shop, ever.
    async fn place_images(&self, wanted: &mut Wanted) -> Result<()> {
        for image in wanted.images_mut() {
            if let Some(link) = self.link(image).await? {
                *image = link;
            }
        }
        Ok(())
    }

    /// The link to use instead of a reference; `None` where the reference is a link already.
    async fn link(&self, reference: &str) -> Result<Option<String>> {
        let hash = reference.strip_prefix(BY_CONTENT);
        if hash.is_none() && (!self.options.rehost || hosted(reference)) {
            return Ok(None);
        }
        let key = if hash.is_some() {
            reference.to_owned()
        } else {
            format!("url:{reference}")
        };
        let cell = self
            .images
            .borrow_mut()
            .entry(key.clone())
            .or_default()
            .clone();
        let link = cell
            .get_or_try_init(|| async {
                if let Some(link) = self.state.image_url(&self.shop_key, &key)? {
                    return Ok(link);
                }
                let link = match hash {
                    Some(hash) => self.upload(hash).await?,
                    None => {
                        let copy = self.shop.copy_image(reference, LINK);
                        self.shop.image_link(copy).await.within(|| {
                            text!("asking WeChat to copy the image {url}", url = reference)
                        })?
                    }
                };
                self.state
                    .keep_image_url(&self.shop_key, &key, &link, now())?;
                self.images_uploaded.set(self.images_uploaded.get() + 1);
                anyhow::Ok(link)
            })
            .await?;
        Ok(Some(link.clone()))
    }

    /// The link of a picture, where it is known or the reference is one.
    fn known_link(&self, reference: &str) -> Result<Option<String>> {
        let is_file = reference.starts_with(BY_CONTENT);
        if !is_file && (!self.options.rehost || hosted(reference)) {
            return Ok(Some(reference.to_owned()));
        }
        let key = if is_file {
            reference.to_owned()
        } else {
            format!("url:{reference}")
        };
        self.state.image_url(&self.shop_key, &key)
    }

    async fn upload(&self, hash: &str) -> Result<String> {
        let path = self
            .catalogue
            .image(hash)
            .ok_or_else(|| Failure::bug(text!("the image {hash} was never read", hash)))?;
        let shown = path.display().to_string();
        let bytes = tokio::fs::read(path).await.map_err(|error| {
            Failure::input(text!(
                "cannot read the image {path}: {error}",
                path = &shown,
                error = error.to_string()
            ))
        })?;
        if hex::encode(Sha256::digest(&bytes)) != hash {
            return Err(Failure::input(text!(
                "the image {path} was changed after it was checked",
                path = &shown
            ))
            .hint(text!("run the same command again"))
            .into());
        }
        let name = path.file_name().map_or_else(
            || "image.jpg".into(),
            |name| name.to_string_lossy().into_owned(),
        );
        self.shop
            .image_link(self.shop.upload_image(&name, bytes, LINK))
            .await
            .within(|| text!("uploading the image {path}", path = &shown))
    }
}

/// Whether a change is one of stock and of nothing else.
fn is_stock_alone(free: &product::Free) -> bool {
    let alone = |sku: &product::FreeSku| {
        let stock = product::FreeSku {
            id: sku.id.clone(),
            stock: sku.stock,
            ..product::FreeSku::default()
        };
        *sku == stock
    };
    free.path.is_none() && free.skus.iter().all(alone)
}

/// Which code says that the way without audit is closed, if one does.
fn closes_free_way(error: &anyhow::Error) -> Option<i64> {
    failure(error)?
        .errcode
        .filter(|code| [NEVER_PASSED, NOT_ONLINE].contains(code))
}

fn refused(kind: Kind, refusal: Refusal) -> anyhow::Error {
    Failure {
        hint: refusal.hint,
        ..Failure::new(kind, refusal.message)
    }
    .into()
}

/// The failure of a comparison that may not be carried out.
fn refused_by(kind: Kind, comparison: &Comparison) -> anyhow::Error {
    let reason = comparison.reason().unwrap_or_else(|| Refusal {
        message: text!("it cannot be sent"),
        hint: None,
    });
    refused(kind, reason)
}
