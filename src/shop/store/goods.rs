//! Goods of a WeChat Store: read, found by the merchant's number, added or changed. The Store takes an addition twice
//! without a word, so that an addition whose answer was lost is settled by looking through the store: found, or looked
//! for in vain twice with a minute between.
//!
//! Long because the ways to send one product, and what each leaves behind, are read together.

use super::check::{Image, Wanted};
use super::sheet::Field;
use crate::api::store::Id;
use crate::api::store::goods::{
    AddProduct, AfterSale, Attribute, AuditQuota, CancelAudit, Category, DeleteProduct, Delisting,
    Deliver, Express, ExtraService, FreeSku, GetProduct, GetProductReply, ListProducts, Listing,
    NO_BRAND, Paper, Product, Sku, StockChange, UpdateAuditFree, UpdateProduct, edit, status,
};
use crate::api::store::image::{ByAddress, PATH as IMAGE_PATH, UploadReply};
use crate::api::{Done, Endpoint, Resend};
use crate::bulk::journal::{Fed, Work};
use crate::bulk::{self, Outcome};
use crate::fail::{Failure, Kind, Within, failure};
use crate::model::price::PriceGuard;
use crate::shop::Shop;
use crate::state::State;
use crate::state::products::KnownProduct;
use crate::state::runs::{ItemState, Known, SentMark};
use crate::text;
use crate::types::{Fen, rfc3339};
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The largest page of product numbers.
const PAGE: i64 = 30;
/// Products read at the same time.
const AT_ONCE: usize = 8;
/// Seconds between two looks in vain, after which an addition may be sent again.
const BETWEEN_LOOKS: i64 = 60;

/// Errcodes: no such product.
const MISSING: i64 = 10_020_052;
/// Submissions of this hour, and of this day, are used up; the older codes are not told apart.
const HOUR_USED: [i64; 2] = [10_020_066, 1_002_001];
const DAY_USED: [i64; 2] = [10_020_111, 1_002_002];
/// A store on trial without a deposit takes 100 products.
const TRIAL: i64 = 10_020_246;

/// What was done for a product. The names are part of the machine output.
pub mod action {
    pub const ADDED: &str = "added";
    pub const UPDATED: &str = "updated";
    pub const UPDATED_FREE: &str = "updated_free";
    /// A draft that was there was handed to the audit.
    pub const SUBMITTED: &str = "submitted";
    pub const UNCHANGED: &str = "unchanged";
    pub const NONE: &str = "none";
}

fn missing(error: &anyhow::Error) -> bool {
    failure(error).and_then(|failure| failure.errcode) == Some(MISSING)
}

/// One step for one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    OnSale,
    OffSale,
    Remove,
    WithdrawAudit,
}

impl Shop {
    /// Both versions of a product; `None` where the store has none of this number.
    pub async fn store_product(&self, id: &str) -> Result<Option<GetProductReply>> {
        let request = GetProduct {
            product_id: Id::read(id).unwrap_or_default(),
            data_type: Some(3),
        };
        match self.client.call(&request).await {
            Ok(reply) => Ok(Some(reply)),
            Err(error) if missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The numbers of all products, or of those in one state; `heard` is told how many have come of how many.
    pub async fn store_product_ids(
        &self,
        status: Option<i64>,
        mut heard: impl FnMut(u64, u64),
    ) -> Result<Vec<Id>> {
        let (mut ids, mut key) = (Vec::new(), String::new());
        let mut seen = HashSet::new();
        loop {
            let request = ListProducts {
                status,
                next_key: key.clone(),
                page_size: PAGE,
            };
            let page = self.client.call(&request).await?;
            let came = page.product_ids.len();
            // A product that moves between two pages is one product.
            ids.extend(
                page.product_ids
                    .into_iter()
                    .filter(|id| seen.insert(id.clone())),
            );
            heard(ids.len() as u64, page.total_num);
            if came == 0 || page.next_key.is_empty() || page.next_key == key {
                return Ok(ids);
            }
            key = page.next_key;
        }
    }

    /// Products read one by one, in the order of the numbers; those that are gone meanwhile are left out.
    pub async fn store_products(
        &self,
        ids: Vec<Id>,
        mut heard: impl FnMut(),
    ) -> Result<Vec<GetProductReply>> {
        let mut reads = futures_util::stream::iter(ids)
            .map(|id| async move { self.store_product(id.as_str()).await })
            .buffered(AT_ONCE);
        let mut products = Vec::new();
        while let Some(product) = reads.try_next().await? {
            heard();
            products.extend(product);
        }
        Ok(products)
    }

    /// Reads the products that this machine does not know yet, each once, and keeps how they are called. What was read
    /// is kept at once, so that a read that was cut off goes on where it was.
    pub async fn learn_products(&self, state: &State, shop_key: &str) -> Result<()> {
        let known = state.known_products(shop_key)?;
        let ids = self.store_product_ids(None, |_, _| {}).await?;
        let unknown: Vec<Id> = ids
            .into_iter()
            .filter(|id| !known.contains(id.as_str()))
            .collect();
        let mut reads = futures_util::stream::iter(unknown)
            .map(|id| async move { self.store_product(id.as_str()).await })
            .buffered(AT_ONCE);
        while let Some(reply) = reads.try_next().await? {
            if let Some(product) = reply.and_then(GetProductReply::any) {
                state.keep_product(shop_key, &known_product(&product))?;
            }
        }
        Ok(())
    }

    /// The product of a merchant's number, looked up at the store where this machine does not know it. Digits that are
    /// no merchant's number are the store's own.
    pub async fn find_product(
        &self,
        state: &State,
        shop_key: &str,
        number: &str,
    ) -> Result<String> {
        let find = || state.products_of(shop_key, number, "");
        let mut found = find()?;
        if found.is_empty() {
            self.learn_products(state, shop_key).await?;
            found = find()?;
        }
        match found.as_slice() {
            [one] => Ok(one.id.clone()),
            [] if state.known_products(shop_key)?.contains(number) => Ok(number.to_owned()),
            [] => Err(Failure::new(
                Kind::Refused,
                text!("the store has no product {number}", number),
            )
            .into()),
            several => Err(several_products(number, several).into()),
        }
    }

    /// One step for one product of the store's number.
    pub async fn step_product(&self, step: Step, id: &str) -> Result<()> {
        let product_id = Id::read(id).unwrap_or_default();
        match step {
            Step::OnSale => self.client.call(&Listing { product_id }).await?,
            Step::OffSale => self.client.call(&Delisting { product_id }).await?,
            Step::Remove => self.client.call(&DeleteProduct { product_id }).await?,
            Step::WithdrawAudit => self.client.call(&CancelAudit { product_id }).await?,
        };
        Ok(())
    }

    /// Changes what needs no audit. A difference of stock is never sent twice; a lost answer is settled by comparing.
    async fn change_freely(&self, change: &UpdateAuditFree) -> Result<()> {
        let differs = change.skus.iter().any(|sku| sku.stock_info.is_some());
        let resend = match differs {
            true => Resend::Never,
            false => UpdateAuditFree::RESEND,
        };
        let _: Done = self
            .client
            .post(UpdateAuditFree::PATH, &[], change, resend)
            .await?;
        Ok(())
    }

    /// Uploads a file; the link is lasting. The part names the type that the file has, and its size goes along.
    async fn upload_to_store(&self, path: &std::path::Path, sha256: &str) -> Result<String> {
        let shown = path.display().to_string();
        let bytes = tokio::fs::read(path).await.map_err(|error| {
            Failure::input(text!(
                "cannot read the image {path}: {error}",
                path = &shown,
                error = error.to_string()
            ))
        })?;
        if hex::encode(Sha256::digest(&bytes)) != sha256 {
            return Err(Failure::input(text!(
                "the image {path} was changed after it was checked",
                path = &shown
            ))
            .hint(text!("run the same command again"))
            .into());
        }
        let size = imagesize::blob_size(&bytes).map_or((0, 0), |size| (size.width, size.height));
        let (width, height) = (size.0.to_string(), size.1.to_string());
        let query = [
            ("upload_type", "0"),
            ("resp_type", "1"),
            ("width", width.as_str()),
            ("height", height.as_str()),
        ];
        let mime = if bytes.starts_with(&[0x89, b'P', b'N', b'G']) {
            "image/png"
        } else {
            "image/jpeg"
        };
        let name = path.file_name().map_or_else(
            || "image.jpg".into(),
            |name| name.to_string_lossy().into_owned(),
        );
        let reply: UploadReply = self
            .client
            .upload(IMAGE_PATH, &query, &name, mime, bytes)
            .await
            .within(|| text!("uploading the image {path}", path = &shown))?;
        linked(reply)
    }

    async fn copy_to_store(&self, address: &str) -> Result<String> {
        let request = ByAddress {
            img_url: address.to_owned(),
        };
        let query = [("upload_type", "1"), ("resp_type", "1")];
        let reply: UploadReply = self
            .client
            .post(IMAGE_PATH, &query, &request, Resend::Keyed)
            .await
            .within(|| text!("having the Store copy the image {url}", url = address))?;
        linked(reply)
    }
}

fn linked(reply: UploadReply) -> Result<String> {
    match reply.pic_file.img_url {
        link if link.is_empty() => Err(Failure::new(
            Kind::Refused,
            text!("the Store took the image and named no link for it"),
        )
        .into()),
        link => Ok(link),
    }
}

impl GetProductReply {
    /// The draft, else the online version: whichever tells who the product is.
    pub fn any(self) -> Option<Product> {
        self.edit_product.or(self.product)
    }
}

fn known_product(product: &Product) -> KnownProduct {
    KnownProduct {
        id: product.product_id.to_string(),
        number: product.out_product_id.clone(),
        code: product.spu_code.clone(),
    }
}

fn several_products(number: &str, several: &[KnownProduct]) -> Failure {
    let ids: Vec<&str> = several.iter().map(|product| product.id.as_str()).collect();
    Failure::new(
        Kind::Refused,
        text!(
            "the store has several products of number {number}: {ids}",
            number,
            ids = ids.join(", ")
        ),
    )
    .hint(text!(
        "remove all but one, by the store's own number, with `wxsell goods remove`"
    ))
}

/// How products are sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Keep drafts, and hand nothing to the audit.
    pub draft: bool,
    /// Take a changed product out of a running audit.
    pub withdraw_audit: bool,
    /// What a price may do without being asked about.
    pub guard: PriceGuard,
}

/// Sends the products of one sheet to one store.
pub struct Sender<'a> {
    pub shop: &'a Shop,
    pub state: Arc<State>,
    pub shop_key: String,
    pub options: Options,
    /// The store's time, unix seconds.
    pub clock: Box<dyn Fn() -> Result<i64> + 'a>,
    left: RefCell<Left>,
    images: RefCell<HashMap<String, Rc<OnceCell<String>>>>,
    pub images_uploaded: Cell<u64>,
    /// The store's numbers of what was sent.
    pub sent: RefCell<Vec<String>>,
    lost_in_a_row: Cell<u32>,
}

/// What may still be handed to the audit; `None` is no limit.
#[derive(Debug, Clone, Copy, Default)]
struct Left {
    all: Option<i64>,
    new: Option<i64>,
}

impl Left {
    fn read(quota: &AuditQuota) -> Result<Left, Failure> {
        if quota.block_status {
            return Err(Failure::limited(text!(
                "the Store blocks submissions to the audit for now"
            ))
            .hint(text!("the store's console says why")));
        }
        if quota.unlimited_type == Some(1) {
            return Ok(Left::default());
        }
        Ok(Left {
            all: quota.audit_total_remaining.or(Some(quota.avail_quota)),
            new: quota.new_product_remaining,
        })
    }
}

impl Work for Wanted {
    fn mark(&self) -> SentMark {
        SentMark {
            key: self.number.clone(),
            place: self.place.clone(),
            fingerprint: self.fingerprint(),
        }
    }
}

impl<'a> Sender<'a> {
    pub fn new(
        shop: &'a Shop,
        state: Arc<State>,
        shop_key: String,
        options: Options,
        clock: impl Fn() -> Result<i64> + 'a,
    ) -> Sender<'a> {
        Sender {
            shop,
            state,
            shop_key,
            options,
            clock: Box::new(clock),
            left: RefCell::default(),
            images: RefCell::default(),
            images_uploaded: Cell::new(0),
            sent: RefCell::default(),
            lost_in_a_row: Cell::new(0),
        }
    }

    /// Reads what may be handed to the audit. Fails where submissions are blocked, or none is left.
    pub async fn read_quota(&self) -> Result<AuditQuota> {
        let quota = self.shop.store_quota().await?;
        *self.left.borrow_mut() = Left::read(&quota)?;
        Ok(quota)
    }

    /// Sends one product and says how that ended.
    pub async fn send(&self, fed: Fed<Wanted>) -> Outcome {
        let Fed {
            work, mark, before, ..
        } = fed;
        let result = self.put(&work, before).await;
        bulk::outcome(
            mark.key,
            before,
            result,
            action::NONE,
            &self.lost_in_a_row,
            ends_the_job,
        )
    }

    async fn put(&self, wanted: &Wanted, before: Option<Known>) -> Result<&'static str> {
        if let Some(id) = self.found(wanted)? {
            match self.shop.store_product(&id).await? {
                Some(held) => {
                    if before.is_some_and(|known| known.state != ItemState::Done) {
                        let shop = self.shop_key.as_str();
                        self.state.keep_empty_look(shop, &wanted.number, None)?;
                    }
                    return self.update(wanted, &id, held).await;
                }
                // It was removed, or reads lag: only a second look tells.
                None if self.looked_in_vain(&wanted.number)? => {
                    self.state.forget_product(&self.shop_key, &id)?;
                }
                None => return Err(not_shown(&wanted.number).into()),
            }
        }
        let may_be_there =
            before.is_some_and(|known| matches!(known.state, ItemState::Sent | ItemState::Unclear));
        if may_be_there && let Some(id) = self.settle(wanted).await? {
            let held = self.shop.store_product(&id).await?;
            let held = held.ok_or_else(|| self.not_known(wanted))?;
            return self.update(wanted, &id, held).await;
        }
        self.add(wanted).await
    }

    /// The store's number of a product that this machine knows; two are refused.
    fn found(&self, wanted: &Wanted) -> Result<Option<String>> {
        let code = wanted.text(Field::SpuCode).unwrap_or_default();
        let found = self
            .state
            .products_of(&self.shop_key, &wanted.number, code)?;
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one.id.clone())),
            several => Err(several_products(&wanted.number, several).into()),
        }
    }

    /// Looks through the store for a product whose addition may have arrived. `None` where it was looked for in vain
    /// twice, with a minute between: then it never arrived.
    async fn settle(&self, wanted: &Wanted) -> Result<Option<String>> {
        self.shop
            .learn_products(&self.state, &self.shop_key)
            .await?;
        let (shop, number) = (self.shop_key.as_str(), wanted.number.as_str());
        if let Some(id) = self.found(wanted)? {
            self.state.keep_empty_look(shop, number, None)?;
            return Ok(Some(id));
        }
        match self.looked_in_vain(number)? {
            true => Ok(None),
            false => Err(self.not_known(wanted).into()),
        }
    }

    /// Whether this look in vain is the second, a minute or more after the first; notes the first.
    fn looked_in_vain(&self, number: &str) -> Result<bool> {
        let (shop, now) = (self.shop_key.as_str(), (self.clock)()?);
        let first = self.state.empty_look(shop, number)?;
        if first.is_some_and(|first| now - first >= BETWEEN_LOOKS) {
            self.state.keep_empty_look(shop, number, None)?;
            return Ok(true);
        }
        self.state
            .keep_empty_look(shop, number, Some(first.unwrap_or(now)))?;
        Ok(false)
    }

    fn not_known(&self, wanted: &Wanted) -> Failure {
        let mut failure = Failure::new(
            Kind::Unknown,
            text!(
                "it is not known whether product {number} was added: no answer came, and the store does not show it yet",
                number = &wanted.number
            ),
        )
        .hint(text!(
            "run the same command again after a minute: it looks again before it sends anything"
        ));
        failure.unclear = true;
        failure
    }

    /// Takes one submission.
    fn take(&self, is_new: bool) -> Result<(), Failure> {
        if self.options.draft {
            return Ok(());
        }
        let mut left = self.left.borrow_mut();
        if left.all == Some(0) {
            return Err(Failure::limited(text!(
                "the store has no submissions to the audit left for now"
            ))
            .hint(text!(
                "run the same command later: it goes on where it stopped; `wxsell api call goods_audit_quota_get` shows the counters"
            )));
        }
        if is_new && left.new == Some(0) {
            let mut failure = Failure::new(
                Kind::NotReady,
                text!("the store takes no more new products for now, only changes of products that were listed"),
            )
            .hint(text!("run the same command later: it goes on where it stopped"));
            failure.kind = Kind::NotReady;
            return Err(failure);
        }
        left.all = left.all.map(|left| left - 1);
        if is_new {
            left.new = left.new.map(|left| left - 1);
        }
        Ok(())
    }

    fn listing(&self) -> Option<i64> {
        Some(i64::from(!self.options.draft))
    }

    async fn add(&self, wanted: &Wanted) -> Result<&'static str> {
        let links = self.links(wanted).await?;
        let product = fresh(wanted, &links, self.listing());
        self.take(true)?;
        match self.shop.client.call(&AddProduct(product)).await {
            Ok(reply) => {
                let id = reply.data.product_id.to_string();
                self.keep(wanted, &id)?;
                self.state
                    .keep_empty_look(&self.shop_key, &wanted.number, None)?;
                self.sent.borrow_mut().push(id);
                Ok(action::ADDED)
            }
            Err(error) if failure(&error).is_some_and(|failure| failure.unclear) => {
                // The first look, at once: the answer was lost, perhaps not the call.
                match self.settle(wanted).await {
                    Ok(Some(id)) => {
                        self.sent.borrow_mut().push(id);
                        Ok(action::ADDED)
                    }
                    Ok(None) | Err(_) => Err(error),
                }
            }
            Err(error) => Err(limited(error, (self.clock)()?)),
        }
    }

    fn keep(&self, wanted: &Wanted, id: &str) -> Result<()> {
        let product = KnownProduct {
            id: id.to_owned(),
            number: wanted.number.clone(),
            code: wanted.text(Field::SpuCode).unwrap_or_default().to_owned(),
        };
        self.state.keep_product(&self.shop_key, &product)
    }

    async fn update(
        &self,
        wanted: &Wanted,
        id: &str,
        held: GetProductReply,
    ) -> Result<&'static str> {
        let links = self.links(wanted).await?;
        let online = held.product;
        let Some(draft) = held.edit_product.or_else(|| online.clone()) else {
            return Err(Failure::new(
                Kind::Refused,
                text!("the Store shows no version of product {id}", id),
            )
            .into());
        };
        let on_sale = online
            .as_ref()
            .filter(|online| online.status == Some(status::ON_SALE));
        // What changes without audit stands in the online version; the draft may hold older values.
        let mut base = draft.clone();
        if let Some(online) = &online {
            take_free_fields(&mut base, online);
        }
        let mut target = base.clone();
        apply(&mut target, wanted, &links)?;
        let edit_status = draft.edit_status.unwrap_or(edit::INITIAL);
        let waiting = matches!(edit_status, edit::WRITING | edit::WRITING_SDK);
        if target == base {
            return self
                .unchanged(wanted, id, edit_status, on_sale.is_some())
                .await;
        }
        if waiting {
            return Err(still_writing().into());
        }
        self.guard_prices(&base, &target)?;
        if let Some(online) = on_sale
            && edit_status != edit::IN_AUDIT
            && without_free_fields(&target) == without_free_fields(&base)
        {
            let change = free_change(id, online, &target);
            self.shop.change_freely(&change).await?;
            return Ok(action::UPDATED_FREE);
        }
        if edit_status == edit::IN_AUDIT {
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
            self.shop.step_product(Step::WithdrawAudit, id).await?;
        }
        self.take(online.is_none())?;
        let mut update = target.into_update();
        update.product_id = Id::read(id).unwrap_or_default();
        update.listing = self.listing();
        match self.shop.client.call(&UpdateProduct(update)).await {
            Ok(_) => {
                self.keep(wanted, id)?;
                self.sent.borrow_mut().push(id.to_owned());
                Ok(action::UPDATED)
            }
            Err(error) => Err(limited(error, (self.clock)()?)),
        }
    }

    /// A price that falls or rises by more than the guard allows is held back.
    fn guard_prices(&self, base: &Product, target: &Product) -> Result<(), Failure> {
        for sku in &target.skus {
            let held = base
                .skus
                .iter()
                .find(|held| !held.sku_id.is_none() && held.sku_id == sku.sku_id);
            let Some(old) = held.map(|held| held.sale_price) else {
                continue;
            };
            if self.options.guard.stops(Some(old), sku.sale_price, Fen(0)) {
                return Err(Failure::new(
                    Kind::Held,
                    text!(
                        "the price of {sku} changes from {old} to {new}",
                        sku = &sku.out_sku_id,
                        old = old.to_yuan(),
                        new = sku.sale_price.to_yuan()
                    ),
                )
                .hint(text!(
                    "check it; if it is meant, allow it with --max-price-drop"
                )));
            }
        }
        Ok(())
    }

    /// A product that is as the sheet wants it: a draft that was never handed in goes to the audit now.
    async fn unchanged(
        &self,
        wanted: &Wanted,
        id: &str,
        edit_status: i64,
        on_sale: bool,
    ) -> Result<&'static str> {
        match edit_status {
            edit::REFUSED => Err(Failure::new(
                Kind::Refused,
                text!("the audit refused it and nothing has changed since"),
            )
            .hint(text!(
                "the reason stands in the store's console; correct the product in the sheet and upload it again"
            ))
            .into()),
            edit::WRITE_FAILED => Err(Failure::new(
                Kind::Refused,
                text!("the Store could not write its SKUs (edit status 8)"),
            )
            .hint(text!("change the product in the sheet and upload it again"))
            .into()),
            edit::INITIAL | edit::EDITING | edit::NOT_SUBMITTED if !self.options.draft => {
                self.take(!on_sale)?;
                match self.shop.step_product(Step::OnSale, id).await {
                    Ok(()) => {
                        self.keep(wanted, id)?;
                        self.sent.borrow_mut().push(id.to_owned());
                        Ok(action::SUBMITTED)
                    }
                    Err(error) => Err(limited(error, (self.clock)()?)),
                }
            }
            _ => Ok(action::UNCHANGED),
        }
    }

    /// The links of every image of a product; each is uploaded once per store, ever.
    async fn links(&self, wanted: &Wanted) -> Result<HashMap<Image, String>> {
        let mut links = HashMap::new();
        for image in wanted.images() {
            if !links.contains_key(image) {
                links.insert(image.clone(), self.link(image).await?);
            }
        }
        Ok(links)
    }

    async fn link(&self, image: &Image) -> Result<String> {
        let Some(key) = image.key() else {
            return Ok(match image {
                Image::Link(link) | Image::Address(link) => link.clone(),
                Image::File { path, .. } => path.display().to_string(),
            });
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
                let link = match image {
                    Image::File { sha256, path } => self.shop.upload_to_store(path, sha256).await?,
                    Image::Address(address) | Image::Link(address) => {
                        self.shop.copy_to_store(address).await?
                    }
                };
                let now = (self.clock)()?;
                self.state
                    .keep_image_url(&self.shop_key, &key, &link, now)?;
                self.images_uploaded.set(self.images_uploaded.get() + 1);
                anyhow::Ok(link)
            })
            .await?;
        Ok(link.clone())
    }

    /// How the products that were sent stand now, by their draft and their online version.
    pub async fn standing(&self) -> Result<Standing> {
        let ids: Vec<Id> = self
            .sent
            .borrow()
            .iter()
            .filter_map(|id| Id::read(id))
            .collect();
        let mut standing = Standing::default();
        for reply in self.shop.store_products(ids, || {}).await? {
            let Some(product) = reply.any() else { continue };
            match (product.edit_status, product.status) {
                (Some(edit::IN_AUDIT), _) => standing.in_audit += 1,
                (Some(edit::REFUSED), _) => standing.refused += 1,
                (Some(edit::NOT_SUBMITTED), _) => standing.not_submitted += 1,
                (Some(edit::WRITING | edit::WRITING_SDK), _) => standing.writing += 1,
                (_, Some(status::ON_SALE)) => standing.on_sale += 1,
                _ => standing.drafts += 1,
            }
        }
        Ok(standing)
    }
}

/// How many of the products that were sent stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    pub on_sale: u64,
    pub in_audit: u64,
    pub refused: u64,
    pub not_submitted: u64,
    pub writing: u64,
    pub drafts: u64,
}

fn not_shown(number: &str) -> Failure {
    Failure::new(
        Kind::NotReady,
        text!(
            "the store does not show product {number}, though it had it before",
            number
        ),
    )
    .hint(text!(
        "run the same command again after a minute: it looks again before it sends anything"
    ))
}

fn still_writing() -> Failure {
    Failure::new(
        Kind::NotReady,
        text!("the Store is still writing the last change, as it does with more than 25 SKUs"),
    )
    .hint(text!("run the same command again in a while"))
}

/// A refusal for want of submissions as a limit, with the time to go on.
fn limited(error: anyhow::Error, now: i64) -> anyhow::Error {
    let code = failure(&error).and_then(|failure| failure.errcode);
    const HOUR: i64 = 3600;
    const DAY: i64 = 86_400;
    let until = match code {
        Some(code) if HOUR_USED.contains(&code) => (now.div_euclid(HOUR) + 1) * HOUR,
        Some(code) if DAY_USED.contains(&code) => {
            ((now + 8 * HOUR).div_euclid(DAY) + 1) * DAY - 8 * HOUR
        }
        _ => return error,
    };
    let found = Failure::from_any(error);
    Failure {
        kind: Kind::Limited,
        message: text!(
            "{problem}; it may go on at {time}",
            problem = found.message.clone(),
            time = rfc3339(until)
        ),
        ..found
    }
    .hint(text!(
        "run the same command after that: it goes on where it stopped"
    ))
    .into()
}

/// Whether a failure concerns every product that would follow.
fn ends_the_job(failure: &Failure) -> bool {
    match (failure.kind, failure.errcode) {
        (_, Some(code))
            if HOUR_USED.contains(&code) || DAY_USED.contains(&code) || code == TRIAL =>
        {
            true
        }
        // Codes of the product family speak of one product, all others of the account or the connection.
        (Kind::Access, Some(code)) => !(10_020_000..10_021_000).contains(&code),
        (Kind::Access, None) | (Kind::Limited | Kind::Stopped | Kind::Bug, _) => true,
        _ => false,
    }
}

fn links_of(images: &[Image], links: &HashMap<Image, String>) -> Vec<String> {
    images
        .iter()
        .filter_map(|image| links.get(image).cloned())
        .collect()
}

/// A product that the store does not have yet.
fn fresh(wanted: &Wanted, links: &HashMap<Image, String>, listing: Option<i64>) -> Product {
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

/// Puts what the sheet says into a product that the store has. SKUs that it does not name stay.
fn apply(
    product: &mut Product,
    wanted: &Wanted,
    links: &HashMap<Image, String>,
) -> Result<(), Failure> {
    set_product(product, wanted, links);
    for sku in &wanted.skus {
        let attributes = pairs(&sku.attributes);
        // After an update an answer may lack the merchant's number of a SKU: then its attributes tell.
        let place = product
            .skus
            .iter()
            .position(|held| held.out_sku_id == sku.number)
            .or_else(|| {
                let alike = |held: &Sku| {
                    held.out_sku_id.is_empty()
                        && (held.sku_attrs == attributes || product.skus.len() == 1)
                };
                product.skus.iter().position(alike)
            });
        match place {
            Some(place) => set_sku(&mut product.skus[place], sku, links),
            None if sku.price.is_some() && sku.stock.is_some() => {
                let mut made = Sku {
                    out_sku_id: sku.number.clone(),
                    thumb_img: product.head_imgs.first().cloned().unwrap_or_default(),
                    ..Sku::default()
                };
                set_sku(&mut made, sku, links);
                product.skus.push(made);
            }
            None => {
                return Err(Failure::new(
                    Kind::Refused,
                    text!(
                        "the product has no SKU {number}, and a new one needs a price and a stock",
                        number = &sku.number
                    ),
                ));
            }
        }
    }
    Ok(())
}

fn pairs(list: &[(String, String)]) -> Vec<Attribute> {
    list.iter()
        .map(|(name, value)| Attribute {
            attr_key: name.clone(),
            attr_value: value.clone(),
        })
        .collect()
}

fn set_product(product: &mut Product, wanted: &Wanted, links: &HashMap<Image, String>) {
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
    for attribute in pairs(&wanted.attributes) {
        let known = product
            .attrs
            .iter_mut()
            .find(|known| known.attr_key == attribute.attr_key);
        match known {
            Some(known) => known.attr_value = attribute.attr_value,
            None => product.attrs.push(attribute),
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

fn set_sku(held: &mut Sku, wanted: &super::check::WantedSku, links: &HashMap<Image, String>) {
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
    if !wanted.attributes.is_empty() {
        held.sku_attrs = pairs(&wanted.attributes);
    }
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
fn take_free_fields(draft: &mut Product, online: &Product) {
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

/// A product without what may change without an audit.
fn without_free_fields(product: &Product) -> Product {
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
fn free_change(id: &str, online: &Product, target: &Product) -> UpdateAuditFree {
    let sku = |wanted: &Sku| -> Option<FreeSku> {
        let held = online
            .skus
            .iter()
            .find(|held| held.sku_id == wanted.sku_id)?;
        let difference = wanted.stock_num - held.stock_num;
        let change = FreeSku {
            sku_id: wanted.sku_id.clone(),
            sale_price: (wanted.sale_price != held.sale_price).then_some(wanted.sale_price),
            sku_code: (wanted.sku_code != held.sku_code).then(|| wanted.sku_code.clone()),
            stock_info: match difference {
                0 => None,
                1.. => Some(StockChange {
                    diff_type: 1,
                    num: difference,
                }),
                _ => Some(StockChange {
                    diff_type: 2,
                    num: -difference,
                }),
            },
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
    fn differing<T: Clone + PartialEq>(wanted: &Option<T>, held: &Option<T>) -> Option<T> {
        wanted.clone().filter(|_| wanted != held)
    }
    UpdateAuditFree {
        product_id: Id::read(id).unwrap_or_default(),
        spu_code: (target.spu_code != online.spu_code).then(|| target.spu_code.clone()),
        skus: target.skus.iter().filter_map(sku).collect(),
        express_info: differing(&target.express_info, &online.express_info),
        extra_service: differing(&target.extra_service, &online.extra_service),
        after_sale_info: differing(&target.after_sale_info, &online.after_sale_info),
        rest: serde_json::Map::new(),
    }
}
