//! Sends one product: its pictures first, then an add, a change or nothing, within the audit quota. What happens to a
//! whole run is in `upload`.

use crate::api::component::goods::{AddSpu, Spu, UpdateSpuFree};
use crate::bulk::journal::{Fed, Work};
use crate::bulk::{self, Interrupt, Outcome};
use crate::client::errcode::ends_the_job;
use crate::client::written;
use crate::fail::{Failure, Kind, Within, failure};
use crate::output::Output;
use crate::shop::Shop;
use crate::shop::change::{AUDIT_FAILED, Change, IN_AUDIT, change, completed, unseen_fingerprint};
use crate::shop::goods::sheet::catalogue::{Catalogue, Draft};
use crate::shop::goods::sheet::images::{BY_CONTENT, images_of_mut};
use crate::shop::goods::sheet::rows::Payload;
use crate::shop::goods::{Copy, exists};
use crate::shop::image::{LINK, hosted};
use crate::state::State;
use crate::state::quota::{Slot, SlotLimits};
use crate::state::runs::{ItemState, Known, SentMark};
use crate::text;
use crate::types::{now, rfc3339};
use anyhow::Result;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// 1000003 never passed an audit, 1000004 a SKU is not online: the free way is closed, the audit is open.
const NOT_FREE: [i64; 2] = [1_000_003, 1_000_004];

/// How products are sent.
#[derive(Debug, Clone)]
pub struct Options {
    pub limits: SlotLimits,
    /// At the audit limit, wait for it instead of ending the job.
    pub wait: bool,
    pub remove_missing_skus: bool,
    pub withdraw_audit: bool,
    /// Have WeChat copy pictures from other hosts.
    pub rehost: bool,
}

/// What a catalogue holds: whole products, or changes that need no audit.
pub trait Sendable: Payload + Send + Sync + 'static {
    /// Whether adding it takes a slot of the audit quota.
    const AUDITED: bool;
    /// Sends it; says what was done.
    fn put(
        draft: &Draft<Self>,
        sender: &Sender<'_, Self>,
        before: Option<Known>,
        mark: &SentMark,
    ) -> impl Future<Output = Result<&'static str>>
    where
        Self: Sized;
}

impl Sendable for AddSpu {
    const AUDITED: bool = true;

    fn put(
        draft: &Draft<Self>,
        sender: &Sender<'_, Self>,
        before: Option<Known>,
        mark: &SentMark,
    ) -> impl Future<Output = Result<&'static str>> {
        sender.put(draft, before, mark)
    }
}

impl Sendable for UpdateSpuFree {
    const AUDITED: bool = false;

    /// The same change again does no harm, so that nothing has to be looked up.
    async fn put(
        draft: &Draft<Self>,
        sender: &Sender<'_, Self>,
        _before: Option<Known>,
        _mark: &SentMark,
    ) -> Result<&'static str> {
        sender
            .shop
            .update_goods_free(&draft.request()?)
            .await
            .map(|_| action::UPDATED_FREE)
    }
}

/// Sends products of one catalogue to one shop.
pub struct Sender<'a, T> {
    pub shop: &'a Shop,
    pub shop_key: String,
    pub state: Arc<State>,
    pub catalogue: &'a Catalogue<T>,
    pub options: Options,
    pub interrupt: Interrupt,
    pub out: &'a Output,
    /// Categories this merchant may sell in, where WeChat names them.
    pub categories: Option<HashSet<u64>>,
    images: RefCell<HashMap<String, Rc<OnceCell<String>>>>,
    pub images_uploaded: Cell<u64>,
    lost_in_a_row: Cell<u32>,
    told_of_wait: Cell<i64>,
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
        // One half tells the whole product, the other only the fields that WeChat never shows again.
        let mut fingerprint = self.fingerprint;
        fingerprint[16..].copy_from_slice(&self.outline.unseen);
        SentMark {
            key: self.outline.key.clone(),
            place: self.place.clone(),
            fingerprint,
        }
    }
}

impl<'a, T: Sendable> Sender<'a, T> {
    pub fn new(
        shop: &'a Shop,
        shop_key: String,
        state: Arc<State>,
        catalogue: &'a Catalogue<T>,
        options: Options,
        interrupt: Interrupt,
        out: &'a Output,
    ) -> Sender<'a, T> {
        Sender {
            shop,
            shop_key,
            state,
            catalogue,
            options,
            interrupt,
            out,
            categories: None,
            images: RefCell::default(),
            images_uploaded: Cell::new(0),
            lost_in_a_row: Cell::new(0),
            told_of_wait: Cell::new(0),
        }
    }

    /// Sends one product and says how that ended.
    pub async fn send(&self, fed: Fed<Draft<T>>) -> Outcome {
        let Fed { work, mark, before } = fed;
        let result = T::put(&work, self, before, &mark).await;
        bulk::outcome(
            mark.key,
            before,
            result,
            action::NONE,
            &self.lost_in_a_row,
            ends_the_job,
        )
    }
}

impl Sender<'_, AddSpu> {
    async fn put(
        &self,
        draft: &Draft<AddSpu>,
        before: Option<Known>,
        mark: &SentMark,
    ) -> Result<&'static str> {
        let category = draft.outline.third_cat_id;
        if let Some(allowed) = self
            .categories
            .as_ref()
            .filter(|allowed| !allowed.contains(&category))
        {
            return Err(Failure::new(Kind::Refused, text!("category {category} is not open to this shop ({count} are)", category, count = allowed.len()))
                .hint(text!("`wxsell category mine` lists the open ones; others need an audit in the merchant console first"))
                .into());
        }
        let known = before.filter(|known| known.state != ItemState::Refused);
        if known.is_none() && draft.outline.ready && !self.options.rehost {
            return self.add(draft.json.clone(), mark, || draft.request()).await;
        }
        // Apart, so that the way of most products stays small.
        Box::pin(self.place(draft.request()?, known, mark)).await
    }

    /// Replaces pictures by links and looks at what the shop has before it sends.
    async fn place(
        &self,
        mut spu: AddSpu,
        known: Option<Known>,
        mark: &SentMark,
    ) -> Result<&'static str> {
        self.place_images(&mut spu).await?;
        match known {
            // Nobody knows whether the call was made: look before it is made again.
            Some(known) if matches!(known.state, ItemState::Sent | ItemState::Unclear) => {
                match self.shop.goods(&spu.out_product_id, Copy::Draft).await? {
                    Some(held) if known.fingerprint == mark.fingerprint => {
                        match change(&spu, &held, false, false) {
                            // The product as it was marked is there: the call was made.
                            Change::None => Ok(action::CONFIRMED),
                            _ => self.update(&spu, &held, true).await,
                        }
                    }
                    Some(held) => self.update(&spu, &held, true).await,
                    None => {
                        self.state
                            .give_slot_back(&self.shop_key, &spu.out_product_id)?;
                        self.add_completed(spu, mark).await
                    }
                }
            }
            Some(known) => match self.shop.goods(&spu.out_product_id, Copy::Draft).await? {
                Some(held) => {
                    self.update(
                        &spu,
                        &held,
                        known.fingerprint[16..] != mark.fingerprint[16..],
                    )
                    .await
                }
                None => self.add_completed(spu, mark).await,
            },
            None => self.add_completed(spu, mark).await,
        }
    }

    async fn add_completed(&self, spu: AddSpu, mark: &SentMark) -> Result<&'static str> {
        let json = written(&completed(spu.clone()))?;
        self.add(json, mark, || Ok(spu.clone())).await
    }

    /// Adds a product, whose request is `json`; `wanted` is what the merchant gave, where it has to be compared.
    async fn add(
        &self,
        json: Bytes,
        mark: &SentMark,
        wanted: impl Fn() -> Result<AddSpu>,
    ) -> Result<&'static str> {
        if self.slot_full_until(&mark.key)?.is_some() {
            let in_time = Box::pin(self.change_or_take_slot(&mark.key, &wanted));
            if let Some(changed) = in_time.await? {
                return Ok(changed);
            }
        }
        match self.shop.add_goods(json).await {
            Ok(_) => Ok(action::ADDED),
            Err(error) => Box::pin(self.not_added(error, &wanted()?)).await,
        }
    }

    /// What the shop has already may need no audit; else waits for a slot.
    async fn change_or_take_slot(
        &self,
        key: &str,
        wanted: impl Fn() -> Result<AddSpu>,
    ) -> Result<Option<&'static str>> {
        if let Some(held) = self.shop.goods(key, Copy::Draft).await? {
            let spu = wanted()?;
            let unseen_changed = unseen_fingerprint(&spu) != [0; 16];
            return self.update(&spu, &held, unseen_changed).await.map(Some);
        }
        self.take_slot(key).await.map(|()| None)
    }

    /// What a product that was not added comes to.
    async fn not_added(&self, error: anyhow::Error, spu: &AddSpu) -> Result<&'static str> {
        let lost = failure(&error).is_none_or(|failure| failure.unclear);
        if !lost {
            // Refused before the audit saw it.
            self.state
                .give_slot_back(&self.shop_key, &spu.out_product_id)?;
        }
        if !exists(&error) {
            return Err(error);
        }
        match self.shop.goods(&spu.out_product_id, Copy::Draft).await? {
            // Our own first arrival, whose answer was lost, made it.
            Some(held) if lost && change(spu, &held, false, false) == Change::None => {
                Ok(action::CONFIRMED)
            }
            Some(held) => {
                self.update(spu, &held, unseen_fingerprint(spu) != [0; 16])
                    .await
            }
            None => {
                let found = Failure::from_any(error);
                Err(found.hint(text!("the number {number} belonged to a deleted product and cannot be used again: choose another", number = &spu.out_product_id)).into())
            }
        }
    }

    async fn update(&self, spu: &AddSpu, held: &Spu, unseen_changed: bool) -> Result<&'static str> {
        match change(spu, held, self.options.remove_missing_skus, unseen_changed) {
            Change::None if held.edit_status == AUDIT_FAILED => Err(Failure::new(
                Kind::Refused,
                text!(
                    "the audit failed and nothing has changed since: {reason}",
                    reason = &held.audit_info.reject_reason
                ),
            )
            .hint(text!(
                "correct the product in the sheet and upload it again"
            ))
            .into()),
            Change::None => Ok(action::UNCHANGED),
            Change::Free(update) => match self.shop.update_goods_free(&update).await {
                Ok(_) => Ok(action::UPDATED_FREE),
                Err(error)
                    if failure(&error)
                        .and_then(|failure| failure.errcode)
                        .is_some_and(|code| NOT_FREE.contains(&code)) =>
                {
                    let merged =
                        crate::shop::change::merge(spu, held, self.options.remove_missing_skus);
                    self.submit(merged, held).await
                }
                Err(error) => Err(error),
            },
            Change::Audited(draft, _) => self.submit(*draft, held).await,
        }
    }

    /// Hands a changed draft to the audit.
    async fn submit(&self, draft: AddSpu, held: &Spu) -> Result<&'static str> {
        if held.edit_status == IN_AUDIT {
            if !self.options.withdraw_audit {
                return Err(Failure::new(
                    Kind::Refused,
                    text!("it is in audit and cannot be changed until the audit ends"),
                )
                .hint(text!(
                    "upload again after the audit, or with --withdraw-audit"
                ))
                .into());
            }
            self.shop.withdraw_audit(&draft.out_product_id).await?;
        }
        self.take_slot(&draft.out_product_id).await?;
        let key = draft.out_product_id.clone();
        match self.shop.update_goods(draft).await {
            Ok(_) => Ok(action::UPDATED),
            // A repeat after a lost answer finds the product in the audit that the first arrival began.
            Err(error)
                if failure(&error).is_some_and(|failure| {
                    failure.unclear && failure.errcode == Some(1_000_002)
                }) =>
            {
                Ok(action::UPDATED)
            }
            Err(error) => {
                if failure(&error).is_some_and(|failure| !failure.unclear) {
                    self.state.give_slot_back(&self.shop_key, &key)?;
                }
                Err(error)
            }
        }
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
                return Err(Failure::limited(text!("the audit quota of this shop is used up until {time}", time = rfc3339(until)))
                    .hint(text!("run the same command after that, or now with --wait: it goes on where it stopped"))
                    .into());
            }
            if self.told_of_wait.replace(until) != until {
                self.out.note(text!(
                    "the audit quota is used up; going on at {time}",
                    time = rfc3339(until)
                ));
            }
            let rest = u64::try_from((until - now()).clamp(1, 60)).unwrap_or(60);
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(rest)) => {}
                () = self.interrupt.wait() => {}
            }
            if self.interrupt.pressed() {
                return Err(Failure::new(
                    Kind::Stopped,
                    text!("stopped while it waited for the audit quota"),
                )
                .into());
            }
        }
        Ok(())
    }

    /// Replaces every picture of a product by its link at WeChat; each picture is uploaded once per shop, ever.
    async fn place_images(&self, spu: &mut AddSpu) -> Result<()> {
        for image in images_of_mut(spu) {
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
                            text!("having WeChat copy the picture {url}", url = reference)
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

    async fn upload(&self, hash: &str) -> Result<String> {
        let path = self
            .catalogue
            .image(hash)
            .ok_or_else(|| Failure::bug(text!("the picture {hash} was never read", hash)))?;
        let shown = path.display().to_string();
        let bytes = tokio::fs::read(path).await.map_err(|error| {
            Failure::input(text!(
                "cannot read the picture {path}: {error}",
                path = &shown,
                error = error.to_string()
            ))
        })?;
        if hex::encode(Sha256::digest(&bytes)) != hash {
            return Err(Failure::input(text!(
                "the picture {path} was changed after it was checked",
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
            .within(|| text!("uploading the picture {path}", path = &shown))
    }
}
