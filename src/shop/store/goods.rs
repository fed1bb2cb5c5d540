//! Goods of a WeChat Store: read, found by the merchant's number, added or changed. The Store takes an addition twice
//! without a word, so that an addition whose answer was lost is settled by looking through the store: found, or looked
//! for in vain twice with a minute between.
//!
//! Long because the ways to send one product, and what each leaves behind, are read together.

use super::check::{Image, Products, Wanted};
use super::compose::{
    apply, free_change, fresh, stock_changes, take_free_fields, take_stock, without_free_fields,
};
use super::plan::{self, Change, Line, Sent};
use super::sheet::Field;
use crate::api::component::image::Picture;
use crate::api::store::Id;
use crate::api::store::goods::{
    AddProduct, AuditQuota, CancelAudit, DeleteProduct, Delisting, GetProduct, GetProductReply,
    ListProducts, Listing, Product, Sku, UpdateAuditFree, UpdateProduct, UpdateStock, edit, status,
};
use crate::api::store::image::{ByAddress, PATH as IMAGE_PATH, UploadReply};
use crate::api::{Done, Endpoint, Resend};
use crate::bulk::journal::{Fed, Work};
use crate::bulk::{self, Interrupt, Look, Outcome, Round};
use crate::clock;
use crate::fail::{Failure, Kind, Within, failure};
use crate::model::price::PriceGuard;
use crate::model::product::OnConflict;
use crate::shop::Shop;
use crate::shop::goods::kept::Reading;
use crate::shop::goods::steps::{Step, Submission, Version};
use crate::state::State;
use crate::state::products::KnownProduct;
use crate::state::runs::{Ended, ItemState, Items, Known, Memory, SentMark};
use crate::text;
use crate::types::span::{DAY, HOUR};
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
/// Submissions after which the counters are read again.
const LOOK_AT_COUNTERS: u32 = 100;
/// How often, and with what pause, a product is looked at that the Store is still writing.
const WRITING_LOOKS: u32 = 24;
const WRITING_PAUSE: std::time::Duration = std::time::Duration::from_secs(5);

/// Errcodes: no such product.
const MISSING: i64 = 10_020_052;
/// Submissions of this hour, and of this day, are used up; the older codes are not told apart.
const HOUR_USED: [i64; 2] = [10_020_066, 1_002_001];
const DAY_USED: [i64; 2] = [10_020_111, 1_002_002];
/// A head image belongs to another product: perhaps to the same one, added from another machine a moment ago.
const HEAD_IMAGE_USED: i64 = 10_020_228;
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

    /// Hands over the numbers of all products, or of those in one state, page by page and each once; `heard` is told of
    /// a page and of how many there are, and says whether that is enough.
    async fn each_product_id(
        &self,
        status: Option<i64>,
        mut heard: impl FnMut(Vec<Id>, u64) -> bool,
    ) -> Result<()> {
        let mut key = String::new();
        let mut seen: HashSet<u64> = HashSet::new();
        loop {
            let request = ListProducts {
                status,
                next_key: key.clone(),
                page_size: PAGE,
            };
            let page = self.client.call(&request).await?;
            let came = page.product_ids.len();
            // A product that moves between two pages is one product.
            let ids = page.product_ids.into_iter();
            let enough = heard(
                ids.filter(|id| seen.insert(id.number())).collect(),
                page.total_num,
            );
            if enough || came == 0 || page.next_key.is_empty() || page.next_key == key {
                return Ok(());
            }
            key = page.next_key;
        }
    }

    /// The numbers of the products, or of those in one state; `most` at the most, for which no further page is read.
    pub async fn store_product_ids(&self, status: Option<i64>, most: usize) -> Result<Vec<Id>> {
        let mut all = Vec::new();
        self.each_product_id(status, |page, _| {
            all.extend(page);
            all.len() >= most
        })
        .await?;
        all.truncate(most);
        Ok(all)
    }

    /// Products read one by one, in the order of the numbers; those that are gone meanwhile are left out, and those that
    /// `reading` kept are not read again.
    pub async fn store_products(
        &self,
        ids: Vec<Id>,
        reading: &Reading,
        mut heard: impl FnMut(),
    ) -> Result<Vec<GetProductReply>> {
        let mut reads = futures_util::stream::iter(ids)
            .map(|id| async move {
                let part = id.to_string();
                if let Some(kept) = reading.take(&part) {
                    reading.counts(1);
                    return Ok(Some(kept));
                }
                let reply = self.store_product(id.as_str()).await?;
                if let Some(reply) = &reply {
                    reading.keep(&part, reply, 1);
                }
                anyhow::Ok(reply)
            })
            .buffered(AT_ONCE);
        let mut products = Vec::new();
        while let Some(product) = reads.try_next().await? {
            heard();
            products.extend(product);
        }
        Ok(products)
    }

    /// Reads the products that this machine does not know yet, each once, and keeps how they are called. What was read
    /// is kept at once, so that a read that was cut off goes on where it was. Answers the numbers of those that this
    /// machine knows and the store did not list.
    pub async fn learn_products(&self, state: &State, shop_key: &str) -> Result<HashSet<u64>> {
        let mut unseen = state.known_products(shop_key)?;
        let mut unknown: Vec<Id> = Vec::new();
        // A page names no product twice, nor do two.
        self.each_product_id(None, |page, _| {
            unknown.extend(page.into_iter().filter(|id| !unseen.remove(&id.number())));
            false
        })
        .await?;
        let mut reads = futures_util::stream::iter(unknown)
            .map(|id| async move { self.store_product(id.as_str()).await })
            .buffered(AT_ONCE);
        while let Some(reply) = reads.try_next().await? {
            if let Some(product) = reply.and_then(GetProductReply::any) {
                state.keep_product(shop_key, &known_product(&product))?;
            }
        }
        Ok(unseen)
    }

    /// As [`Shop::learn_products`], after a run that cannot add: one call tells whether the store has another number of
    /// products than this machine knows, and only then is it looked through. `None` where it was not.
    pub async fn learn_what_others_added(
        &self,
        state: &State,
        shop_key: &str,
    ) -> Result<Option<HashSet<u64>>> {
        let mut total = 0;
        self.each_product_id(None, |_, all| {
            total = all;
            true
        })
        .await?;
        if total == state.known_products(shop_key)?.len() as u64 {
            Ok(None)
        } else {
            self.learn_products(state, shop_key).await.map(Some)
        }
    }

    /// Numbers of the merchant's that several products of the store have now, each with the store's numbers of them.
    pub async fn doubled_products(
        &self,
        state: &State,
        shop_key: &str,
    ) -> Result<Vec<(String, Vec<String>)>> {
        let mut doubled = Vec::new();
        for number in state.doubled_products(shop_key)? {
            let mut ids = Vec::new();
            for known in state.products_of(shop_key, &number, "")? {
                match self.store_product(&known.id).await? {
                    Some(_) => ids.push(known.id),
                    // It was deleted elsewhere.
                    None => state.forget_product(shop_key, &known.id)?,
                }
            }
            if ids.len() > 1 {
                doubled.push((number, ids));
            }
        }
        Ok(doubled)
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
            [] if state.knows_product(shop_key, number)? => Ok(number.to_owned()),
            [] => Err(Failure::new(
                Kind::Refused,
                text!("the store has no product {number}", number),
            )
            .into()),
            several => Err(several_products(number, several).into()),
        }
    }

    /// As [`Shop::step_product`]; where it is open whether it was done, the product tells.
    pub async fn settled_step(&self, step: Step, id: &str) -> Result<()> {
        let done = self.step_product(step, id).await;
        self.settled(step, id, done).await
    }

    /// Hands the draft of a product to the audit, together with what was changed online since without one: a draft that
    /// was written before would bring old prices and removed SKUs back. Answers whether it was on sale as it is, and
    /// nothing was sent.
    ///
    /// # Errors
    /// [`Kind::Held`] where draft and online version differ in that, and neither `wins` nor what was sent last says which
    /// one is meant.
    pub async fn submit_draft(
        &self,
        id: &str,
        number: &str,
        wins: Option<Version>,
    ) -> Result<bool> {
        let done = match self.plan_submission(id, number, wins).await? {
            Submission::None => return Ok(true),
            Submission::Whole(product) => {
                let mut update = product.into_update();
                update.product_id = Id::read(id).unwrap_or_default();
                update.listing = Some(1);
                let sent = self.client.call(&UpdateProduct(update)).await;
                sent.map(|_| ())
            }
            Submission::Draft => self.step_product(Step::OnSale, id).await,
        };
        self.settled(Step::OnSale, id, done).await.map(|()| false)
    }

    /// How [`Shop::submit_draft`] would submit a product; only reads.
    pub async fn plan_submission(
        &self,
        id: &str,
        number: &str,
        wins: Option<Version>,
    ) -> Result<Submission> {
        let held = self.store_product(id).await?;
        let edit_status = held.as_ref().map(GetProductReply::edit_status);
        let versions = held.and_then(|held| {
            let (online, draft) = (held.product.clone()?, held.edit_product.clone()?);
            Some((online, draft, as_it_stands(held)?))
        });
        let Some((online, draft, both)) = versions else {
            return Ok(Submission::Draft);
        };
        let product = match edit_status {
            Some(edit::IN_AUDIT) => return Ok(Submission::Draft),
            Some(edit::PASSED) if online.status == Some(status::ON_SALE) => {
                return Ok(Submission::None);
            }
            Some(edit::PASSED) => both,
            _ => self.as_meant(number, &online, &draft, both, wins)?,
        };
        Ok(if product == draft {
            Submission::Draft
        } else {
            Submission::Whole(Box::new(product))
        })
    }

    /// The product that is handed to the audit, of a draft that waits.
    fn as_meant(
        &self,
        number: &str,
        online: &Product,
        draft: &Product,
        mut both: Product,
        wins: Option<Version>,
    ) -> Result<Product> {
        let mut with_stock = draft.clone();
        take_stock(&mut with_stock, &both);
        let mut unknown = only_in(draft, online);
        let version = match wins {
            Some(version) => version,
            None => {
                let items = Items::open(self.client.state(), self.client.shop_key(), "goods")?;
                let sent = items.memory(number)?;
                let sent = sent.as_deref().and_then(Sent::from_bytes);
                unknown.retain(|sku| !is_new_sku(sent.as_ref(), &sku.out_sku_id));
                meant(&with_stock, &both, &unknown, sent.as_ref()).map_err(|failure| {
                    failure.hint(text!(
                        "say which one wins with --on-conflict online or --on-conflict draft"
                    ))
                })?
            }
        };
        Ok(match version {
            Version::Draft => with_stock,
            Version::Online => {
                if wins.is_some() {
                    both.skus
                        .retain(|sku| sku.sku_id.is_none() || has_sku(online, sku));
                }
                both
            }
        })
    }

    /// Products as a sheet holds them: as an upload compares them, so that what is not changed changes nothing. Answers also
    /// the numbers of those of which nobody knows whether draft or online version is meant; of these it is the online one.
    ///
    /// # Errors
    /// Where this machine cannot read what it sent.
    pub fn for_sheet(&self, replies: Vec<GetProductReply>) -> Result<(Vec<Product>, Vec<String>)> {
        let items = Items::open(self.client.state(), self.client.shop_key(), "goods")?;
        let (mut products, mut in_doubt) = (Vec::new(), Vec::new());
        for held in replies {
            let edit_status = held.edit_status();
            let (online, draft) = (held.product.clone(), held.edit_product.clone());
            let Some(both) = as_it_stands(held) else {
                continue;
            };
            let (Some(online), Some(draft)) = (online, draft) else {
                products.push(both);
                continue;
            };
            let mut with_stock = draft.clone();
            take_stock(&mut with_stock, &both);
            let is_off_sale = online.status == Some(status::OFF_SALE);
            products.push(match edit_status {
                edit::PASSED => both,
                edit::IN_AUDIT => with_stock,
                _ if is_off_sale => with_stock,
                _ => {
                    let sent = items.memory(&both.out_product_id)?;
                    let sent = sent.as_deref().and_then(Sent::from_bytes);
                    let mut unknown = only_in(&draft, &online);
                    unknown.retain(|sku| !is_new_sku(sent.as_ref(), &sku.out_sku_id));
                    match meant(&with_stock, &both, &unknown, sent.as_ref()) {
                        Ok(Version::Draft) => with_stock,
                        Ok(Version::Online) => both,
                        Err(_) => {
                            in_doubt.push(both.out_product_id.clone());
                            let mut both = both;
                            both.skus.retain(|sku| has_sku(&online, sku));
                            both
                        }
                    }
                }
            });
        }
        Ok((products, in_doubt))
    }

    /// How a step ended of which the answer may be lost.
    async fn settled(&self, step: Step, id: &str, done: Result<()>) -> Result<()> {
        let Err(error) = done else {
            return Ok(());
        };
        if !failure(&error).is_some_and(|found| found.unclear) {
            return Err(error);
        }
        let Ok(held) = self.store_product(id).await else {
            return Err(error);
        };
        let (edit_status, status) = match &held {
            Some(held) => {
                let online = held.product.as_ref().and_then(|online| online.status);
                (Some(held.edit_status()), online)
            }
            None => (None, None),
        };
        let is_there = held.is_some();
        let reached = match step {
            Step::Remove => !is_there,
            Step::OnSale => {
                edit_status == Some(edit::IN_AUDIT)
                    || edit_status == Some(edit::PASSED) && status == Some(status::ON_SALE)
            }
            Step::OffSale => status == Some(status::OFF_SALE),
            Step::WithdrawAudit => matches!(edit_status, Some(edit::INITIAL | edit::EDITING)),
        };
        if reached {
            return Ok(());
        }
        let found = Failure::from_any(error);
        Err(match found.errcode {
            // It stands as before, and WeChat said why.
            Some(_) => Failure {
                unclear: false,
                kind: Kind::Refused,
                hint: None,
                ..found
            },
            None => found,
        }
        .into())
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
        let resend = if differs {
            Resend::Never
        } else {
            UpdateAuditFree::RESEND
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
        let mime = mime_of(&bytes);
        let name = path.file_name().map_or_else(
            || "image.jpg".into(),
            |name| name.to_string_lossy().into_owned(),
        );
        let sent = self.send_image(&name, mime, bytes, AS_LINK).await;
        linked(sent.within(|| text!("uploading the image {path}", path = &shown))?)
    }

    /// Sends a file, with its size and its own type. `kind` 1 answers a lasting link, 0 a media id.
    async fn send_image(
        &self,
        name: &str,
        mime: &'static str,
        bytes: Vec<u8>,
        kind: u8,
    ) -> Result<UploadReply> {
        let size = imagesize::blob_size(&bytes).map_or((0, 0), |size| (size.width, size.height));
        let (width, height, kind) = (size.0.to_string(), size.1.to_string(), kind.to_string());
        let query = [
            ("upload_type", "0"),
            ("resp_type", kind.as_str()),
            ("width", width.as_str()),
            ("height", height.as_str()),
        ];
        self.client
            .upload(IMAGE_PATH, &query, name, mime, bytes)
            .await
    }

    /// Lets the Store fetch a picture.
    async fn send_address(&self, address: &str, kind: u8) -> Result<UploadReply> {
        let request = ByAddress {
            img_url: address.to_owned(),
        };
        let kind = kind.to_string();
        let query = [("upload_type", "1"), ("resp_type", kind.as_str())];
        self.client
            .post(IMAGE_PATH, &query, &request, Resend::Keyed)
            .await
    }

    async fn copy_to_store(&self, address: &str) -> Result<String> {
        let sent = self.send_address(address, AS_LINK).await;
        linked(sent.within(|| text!("asking the Store to copy the image {url}", url = address))?)
    }

    /// As `wxsell image upload` sends it.
    pub(in crate::shop) async fn upload_to_store_as(
        &self,
        name: &str,
        mime: &'static str,
        bytes: Vec<u8>,
        kind: u8,
    ) -> Result<Picture> {
        Ok(picture(self.send_image(name, mime, bytes, kind).await?))
    }

    pub(in crate::shop) async fn copy_to_store_as(
        &self,
        address: &str,
        kind: u8,
    ) -> Result<Picture> {
        Ok(picture(self.send_address(address, kind).await?))
    }
}

/// `resp_type` for a lasting link.
const AS_LINK: u8 = 1;

fn mime_of(bytes: &[u8]) -> &'static str {
    if bytes.starts_with(&[0x89, b'P', b'N', b'G']) {
        "image/png"
    } else {
        "image/jpeg"
    }
}

/// What the Store answers of an image, as every family's is known here.
fn picture(reply: UploadReply) -> Picture {
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    Picture {
        temp_img_url: some(reply.pic_file.img_url),
        media_id: some(reply.pic_file.media_id),
        pay_media_id: some(reply.pic_file.pay_media_id),
    }
}

fn linked(reply: UploadReply) -> Result<String> {
    match reply.pic_file.img_url {
        link if link.is_empty() => Err(Failure::new(
            Kind::Refused,
            text!("the Store accepted the image but returned no link"),
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

    /// How its draft stands; -1 where nothing is said.
    pub fn edit_status(&self) -> i64 {
        let product = self.edit_product.as_ref().or(self.product.as_ref());
        product
            .and_then(|product| product.edit_status)
            .unwrap_or(-1)
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
    /// Remove SKUs that the sheet does not name.
    pub remove_missing: bool,
    /// Change what needs no audit, and nothing else.
    pub free_only: bool,
    /// Add a product, and leave one that is there as it is.
    pub add_only: bool,
    /// Where no submission is left, wait for the next instead of ending.
    pub wait: bool,
    /// Percent of the submissions that are left for others.
    pub reserve: u32,
    /// What a price may do without being asked about.
    pub guard: PriceGuard,
    /// What wins where somebody else changed a field since it was sent.
    pub on_conflict: OnConflict,
}

/// Sends the products of one sheet to one store.
pub struct Sender<'a> {
    pub shop: &'a Shop,
    pub state: Arc<State>,
    pub shop_key: String,
    pub options: Options,
    pub interrupt: Interrupt,
    left: RefCell<Left>,
    /// Submissions since the counters were read.
    taken: Cell<u32>,
    /// Held by the one that waits for submissions or reads the counters.
    one_waits: tokio::sync::Mutex<()>,
    one_looks: tokio::sync::Mutex<()>,
    /// When the store was last looked through, and until when somebody was told to wait.
    looked: Cell<i64>,
    told: Cell<i64>,
    images: RefCell<HashMap<String, Rc<OnceCell<String>>>>,
    pub images_uploaded: Cell<u64>,
    /// Images of products that the store has, of which no link is known here.
    pub images_unknown: RefCell<HashSet<String>>,
    /// The store's numbers of what was sent.
    sent: RefCell<Vec<u64>>,
    lost_in_a_row: Cell<u32>,
    /// Products that are off sale, whose drafts were written.
    pub off_sale: RefCell<Vec<String>>,
    /// Products whose stock is not written into a draft.
    pub stock_left: Cell<u64>,
    /// What was sent and never answered, by the merchant's number.
    parked: RefCell<HashMap<String, Parked>>,
    /// When each of the two looks at those began, in the store's time.
    rounds: [Cell<i64>; 2],
}

/// A product that was sent and never answered.
#[derive(Clone)]
struct Parked {
    wanted: Wanted,
    was_there: bool,
    /// How it was sent last, and how it was sent now.
    last: Option<Sent>,
    now: Option<Sent>,
}

/// What may still be handed to the audit; `None` is no limit.
#[derive(Debug, Clone, Copy, Default)]
struct Left {
    all: Option<i64>,
    new: Option<i64>,
}

impl Left {
    /// What this job may use: all but the share that is reserved.
    fn read(quota: &AuditQuota, reserve: u32) -> Result<Left, Failure> {
        if quota.block_status {
            return Err(
                Failure::limited(text!("the Store blocks audit submissions for now"))
                    .hint(text!("the store's console says why")),
            );
        }
        if quota.unlimited_type == Some(1) {
            return Ok(Left::default());
        }
        let all_in_all = quota.audit_total_quota.unwrap_or(quota.total_quota);
        let new_in_all = quota.new_product_total_quota.unwrap_or(all_in_all);
        let but_reserved =
            |left: i64, in_all: i64| (left - in_all * i64::from(reserve) / 100).max(0);
        Ok(Left {
            all: Some(but_reserved(
                quota.audit_total_remaining.unwrap_or(quota.avail_quota),
                all_in_all,
            )),
            new: quota
                .new_product_remaining
                .map(|left| but_reserved(left, new_in_all)),
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
    pub fn new(shop: &'a Shop, options: Options, interrupt: Interrupt) -> Sender<'a> {
        Sender {
            shop,
            state: shop.client.state().clone(),
            shop_key: shop.client.shop_key().to_owned(),
            options,
            interrupt,
            left: RefCell::default(),
            taken: Cell::new(0),
            one_waits: tokio::sync::Mutex::new(()),
            one_looks: tokio::sync::Mutex::new(()),
            looked: Cell::new(0),
            told: Cell::new(0),
            images: RefCell::default(),
            images_uploaded: Cell::new(0),
            images_unknown: RefCell::default(),
            sent: RefCell::default(),
            lost_in_a_row: Cell::new(0),
            off_sale: RefCell::default(),
            stock_left: Cell::new(0),
            parked: RefCell::default(),
            rounds: Default::default(),
        }
    }

    /// Reads what may be handed to the audit. Fails where submissions are blocked, or none is left.
    pub async fn read_quota(&self) -> Result<AuditQuota> {
        let quota = self.shop.store_quota().await?;
        *self.left.borrow_mut() = Left::read(&quota, self.options.reserve)?;
        self.taken.set(0);
        Ok(quota)
    }

    /// Sends one product and says how that ended.
    pub async fn send(&self, fed: Fed<Wanted>) -> Outcome {
        let Fed {
            work,
            mark,
            before,
            memory,
        } = fed;
        let was_there = self.found(&work).is_ok_and(|found| found.is_some());
        let sent = memory.as_deref().and_then(Sent::from_bytes);
        let mut now = None;
        let result = self.put(&work, before, sent.as_ref(), &mut now).await;
        let found = result.as_ref().err().and_then(failure);
        let is_left = found.is_some_and(is_for_later);
        let is_held = found.is_some_and(|failure| failure.kind == Kind::Held);
        let mut outcome = bulk::outcome(
            mark.key,
            before,
            result,
            action::NONE,
            &self.lost_in_a_row,
            ends_the_job,
        );
        if let Some(now) = now
            .as_ref()
            .filter(|_| outcome.ended.state == Some(ItemState::Done))
        {
            outcome.ended.memory = Memory::Is(now.to_bytes());
        }
        if is_left {
            // Nothing is wrong with it, and nothing was sent.
            outcome.ended.state = None;
        } else if is_held {
            outcome.ended.state = Some(ItemState::Held);
        }
        if outcome.ended.state == Some(ItemState::Unclear) {
            let parked = Parked {
                wanted: work,
                was_there,
                last: sent,
                now,
            };
            let key = outcome.ended.key.clone();
            self.parked.borrow_mut().insert(key, parked);
        }
        outcome
    }

    /// Looks at a product that was sent without an answer; only reads. The store is looked through once a round.
    pub async fn look_again(&self, ended: &Ended, round: Round) -> Look {
        let Some(parked) = self.parked.borrow().get(&ended.key).cloned() else {
            return Look::Unread;
        };
        let look = self.look_at(&parked, round).await;
        if matches!(look, Ok(Look::Done(..))) || (look.is_ok() && round == Round::Second) {
            // It is settled, one way or the other.
            let shop = self.shop_key.as_str();
            let _ = self.state.keep_empty_look(shop, &ended.key, None);
        }
        look.unwrap_or(Look::Unread)
    }

    async fn look_at(&self, parked: &Parked, round: Round) -> Result<Look> {
        let began = &self.rounds[usize::from(round == Round::Second)];
        if began.get() == 0 {
            began.set(self.shop.clock()?);
        }
        let wanted = &parked.wanted;
        if !parked.was_there {
            self.look(began.get()).await?;
        }
        let Some(id) = self.found(wanted)? else {
            return Ok(Look::Missing);
        };
        let Some(held) = self.shop.store_product(&id).await? else {
            return Ok(Look::Missing);
        };
        let held = self.written(&id, held).await?;
        let done = |action| {
            self.was_sent(&id);
            let now = parked.now.as_ref();
            let memory = now.map_or(Memory::Kept, |now| Memory::Is(now.to_bytes()));
            Ok(Look::Done(action, memory))
        };
        if !parked.was_there {
            return done(action::ADDED);
        }
        let links = self.known_links(wanted, &held)?;
        let last = parked.last.as_ref();
        match compare(&self.options, &id, held, wanted, &links, last)?.decision {
            Decision::Unchanged => done(action::UPDATED),
            _ => Ok(Look::Missing),
        }
    }

    /// `sent` is how the product was sent last, `now` becomes how it is sent.
    async fn put(
        &self,
        wanted: &Wanted,
        before: Option<Known>,
        sent: Option<&Sent>,
        now: &mut Option<Sent>,
    ) -> Result<&'static str> {
        if let Some(id) = self.found(wanted)? {
            match self.shop.store_product(&id).await? {
                Some(held) => {
                    let held = self.written(&id, held).await?;
                    if before.is_none_or(|known| known.state != ItemState::Done) {
                        let shop = self.shop_key.as_str();
                        self.state.keep_empty_look(shop, &wanted.number, None)?;
                    }
                    return self.update(wanted, &id, held, sent, now).await;
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
        if may_be_there && let Some(id) = self.settle(wanted, true).await? {
            let held = self.shop.store_product(&id).await?;
            let held = held.ok_or_else(|| self.not_known(wanted))?;
            let held = self.written(&id, held).await?;
            return self.update(wanted, &id, held, sent, now).await;
        }
        if self.options.free_only {
            return Err(Failure::new(
                Kind::Refused,
                text!("the store has no product {number}", number = &wanted.number),
            )
            .hint(text!("add it with `wxsell goods upload`"))
            .into());
        }
        self.add(wanted, now).await
    }

    /// A product as it is once the Store has written it: more SKUs than 25 are written after the answer.
    async fn written(&self, id: &str, mut held: GetProductReply) -> Result<GetProductReply> {
        for _ in 0..WRITING_LOOKS {
            let draft = held.edit_product.as_ref();
            let writing = draft
                .and_then(|draft| draft.edit_status)
                .is_some_and(is_writing);
            if !writing || self.interrupt.pressed() {
                break;
            }
            clock::sleep(WRITING_PAUSE).await;
            match self.shop.store_product(id).await? {
                Some(now) => held = now,
                None => break,
            }
        }
        Ok(held)
    }

    /// The store's number of a product that this machine knows; two are refused.
    fn found(&self, wanted: &Wanted) -> Result<Option<String>> {
        let code = wanted.text(Field::SpuCode).unwrap_or_default();
        let found = self
            .state
            .products_of(&self.shop_key, &wanted.number, code)?;
        match found.as_slice() {
            // One that was made in the console may have the store's number alone.
            [] if self.state.knows_product(&self.shop_key, &wanted.number)? => {
                Ok(Some(wanted.number.clone()))
            }
            [] => Ok(None),
            [one] => Ok(Some(one.id.clone())),
            several => Err(several_products(&wanted.number, several).into()),
        }
    }

    /// Looks through the store for products that an earlier run may have added, all at once, so that they wait
    /// together where it does not show them.
    pub async fn look_for_sent(&self, products: &Products) -> Result<()> {
        let items = Items::open(&self.state, &self.shop_key, "goods")?;
        let mut open = Vec::new();
        for wanted in products.iter() {
            let wanted = wanted?;
            let may_be_there = items
                .known(&wanted.number)?
                .is_some_and(|known| matches!(known.state, ItemState::Sent | ItemState::Unclear));
            if may_be_there && self.found(&wanted).is_ok_and(|found| found.is_none()) {
                open.push(wanted);
            }
        }
        if open.is_empty() {
            return Ok(());
        }
        self.shop.note(text!(
            "it is not known whether an earlier run added {count} {count:product|products}; searching the store now",
            count = open.len()
        ));
        self.look(self.shop.clock()?).await?;
        for wanted in &open {
            if self.found(wanted).is_ok_and(|found| found.is_none()) {
                let at = Some(self.looked.get());
                self.state
                    .keep_empty_look(&self.shop_key, &wanted.number, at)?;
            }
        }
        Ok(())
    }

    /// Looks through the store, unless that was begun at this moment or later.
    async fn look(&self, since: i64) -> Result<()> {
        let _one = self.one_looks.lock().await;
        if self.looked.get() >= since {
            return Ok(());
        }
        let begun = self.shop.clock()?;
        self.shop
            .learn_products(&self.state, &self.shop_key)
            .await?;
        self.looked.set(begun);
        Ok(())
    }

    /// Looks through the store for a product whose addition may have arrived. `None` where it was looked for in vain
    /// twice, with a minute between: then it never arrived. With `wait` the minute is waited for.
    async fn settle(&self, wanted: &Wanted, wait: bool) -> Result<Option<String>> {
        let (shop, number) = (self.shop_key.as_str(), wanted.number.as_str());
        let first = self.state.empty_look(shop, number)?.filter(|_| wait);
        let mut since = match first {
            Some(first) => first + BETWEEN_LOOKS,
            None => self.shop.clock()?,
        };
        loop {
            if wait {
                self.pause_until(since).await?;
            }
            self.look(since).await?;
            if let Some(id) = self.found(wanted)? {
                self.state.keep_empty_look(shop, number, None)?;
                return Ok(Some(id));
            }
            match self.state.empty_look(shop, number)? {
                Some(first) if self.looked.get() - first >= BETWEEN_LOOKS => {
                    self.state.keep_empty_look(shop, number, None)?;
                    return Ok(None);
                }
                Some(first) => since = first + BETWEEN_LOOKS,
                None => {
                    let looked = self.looked.get();
                    self.state.keep_empty_look(shop, number, Some(looked))?;
                    since = looked + BETWEEN_LOOKS;
                }
            }
            if !wait {
                return Err(self.not_known(wanted).into());
            }
        }
    }

    /// Waits until a moment of the store's time.
    async fn pause_until(&self, until: i64) -> Result<()> {
        let now = self.shop.clock()?;
        if now >= until {
            return Ok(());
        }
        if self.told.replace(until) < until {
            self.shop.note(text!(
                "searching the store again at {time}, before anything is added again",
                time = rfc3339(until)
            ));
        }
        let wait = std::time::Duration::from_secs(u64::try_from(until - now).unwrap_or(0));
        tokio::select! {
            () = clock::sleep(wait) => {}
            () = self.interrupt.wait() => {}
        }
        if self.interrupt.pressed() {
            let stopped = text!("stopped while waiting to search the store again");
            return Err(Failure::new(Kind::Stopped, stopped).into());
        }
        Ok(())
    }

    /// Whether this look in vain is the second, a minute or more after the first; notes the first.
    fn looked_in_vain(&self, number: &str) -> Result<bool> {
        let (shop, now) = (self.shop_key.as_str(), self.shop.clock()?);
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
            "run the same command again after a minute: it checks before it sends anything"
        ));
        failure.unclear = true;
        failure
    }

    /// Makes a call that uses a submission: where none is left it is not made, or waited for.
    async fn submit<T>(&self, is_new: bool, call: impl AsyncFn() -> Result<T>) -> Result<T> {
        loop {
            self.take(is_new).await?;
            let error = match call().await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let now = self.shop.clock()?;
            match used_until(&error, now) {
                Some(until) if self.options.wait => self.wait_until(until).await?,
                Some(until) => return Err(limited(error, until)),
                None => return Err(error),
            }
        }
    }

    /// Takes one submission.
    async fn take(&self, is_new: bool) -> Result<()> {
        if self.options.draft {
            return Ok(());
        }
        loop {
            if self.taken.get() >= LOOK_AT_COUNTERS {
                // Others use the same counters.
                let _one = self.one_waits.lock().await;
                if self.taken.get() >= LOOK_AT_COUNTERS {
                    self.read_quota().await?;
                }
            }
            match self.take_counted(is_new) {
                Ok(()) => return Ok(()),
                // New products run out on their own.
                Err(found)
                    if matches!(found.kind, Kind::Limited | Kind::NotReady)
                        && self.options.wait =>
                {
                    // The hour at which the counters start again is not documented.
                    self.wait_until(self.shop.clock()? + HOUR).await?;
                }
                Err(found) => return Err(found.into()),
            }
        }
    }

    fn take_counted(&self, is_new: bool) -> Result<(), Failure> {
        let mut left = self.left.borrow_mut();
        if left.all == Some(0) {
            return Err(Failure::limited(match self.options.reserve {
                0 => text!("the store has no audit submissions left for now"),
                percent => text!(
                    "apart from the reserved {percent}%, the store has no audit submissions left for now",
                    percent
                ),
            })
            .hint(text!(
                "run the same command later: it continues where it stopped; `wxsell quota audits` shows the counters"
            )));
        }
        if is_new && left.new == Some(0) {
            return Err(left_for_later());
        }
        left.all = left.all.map(|left| left - 1);
        if is_new {
            left.new = left.new.map(|left| left - 1);
        }
        self.taken.set(self.taken.get() + 1);
        Ok(())
    }

    /// Waits until this moment of the store's time, unless another product has waited meanwhile; then the counters are
    /// read again.
    async fn wait_until(&self, until: i64) -> Result<()> {
        let _one = self.one_waits.lock().await;
        let now = self.shop.clock()?;
        if now < until {
            self.shop.note(text!(
                "the store accepts no more submissions for now; continuing at {time}",
                time = rfc3339(until)
            ));
            let wait = std::time::Duration::from_secs(u64::try_from(until - now).unwrap_or(0));
            tokio::select! {
                () = clock::sleep(wait) => {}
                () = self.interrupt.wait() => {}
            }
        }
        if self.interrupt.pressed() {
            return Err(Failure::new(
                Kind::Stopped,
                text!("stopped while it waited for the audit quota"),
            )
            .into());
        }
        self.read_quota().await?;
        Ok(())
    }

    fn listing(&self) -> Option<i64> {
        Some(i64::from(!self.options.draft))
    }

    async fn add(&self, wanted: &Wanted, now: &mut Option<Sent>) -> Result<&'static str> {
        // An image is not uploaded for a product that cannot go.
        self.has_room_for_new()?;
        let links = self.links(wanted, None).await?;
        let product = AddProduct(fresh(wanted, &links, self.listing()));
        *now = Some(Sent::of(&product.0));
        let added = self.submit(true, async || self.shop.client.call(&product).await);
        match added.await {
            Ok(reply) => {
                let id = reply.data.product_id.to_string();
                self.keep(wanted, &id)?;
                self.state
                    .keep_empty_look(&self.shop_key, &wanted.number, None)?;
                self.was_sent(&id);
                Ok(action::ADDED)
            }
            Err(error) if failure(&error).is_some_and(|failure| failure.unclear) => {
                // The first look, at once: the answer was lost, perhaps not the call.
                match self.settle(wanted, false).await {
                    Ok(Some(id)) => {
                        self.was_sent(&id);
                        Ok(action::ADDED)
                    }
                    Ok(None) | Err(_) => Err(error),
                }
            }
            Err(error)
                if failure(&error).and_then(|found| found.errcode) == Some(HEAD_IMAGE_USED) =>
            {
                self.look(self.shop.clock()?).await?;
                let Some(id) = self.found(wanted)? else {
                    return Err(error);
                };
                match self.shop.store_product(&id).await? {
                    Some(held) => self.update(wanted, &id, held, None, now).await,
                    None => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    fn was_sent(&self, id: &str) {
        self.sent
            .borrow_mut()
            .extend(Id::read(id).map(|id| id.number()));
    }

    fn has_room_for_new(&self) -> Result<(), Failure> {
        let left = *self.left.borrow();
        let waits = self.options.draft || self.options.wait;
        if left.all != Some(0) && left.new == Some(0) && !waits {
            Err(left_for_later())
        } else {
            Ok(())
        }
    }

    fn keep(&self, wanted: &Wanted, id: &str) -> Result<()> {
        if wanted.number == id {
            return Ok(());
        }
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
        sent: Option<&Sent>,
        now: &mut Option<Sent>,
    ) -> Result<&'static str> {
        let links = self.links(wanted, Some(&held)).await?;
        let Compared {
            decision,
            is_new,
            is_off_sale,
            is_stock_left,
            sent,
            ..
        } = compare(&self.options, id, held, wanted, &links, sent)?;
        if self.options.add_only && !matches!(decision, Decision::Unchanged | Decision::Submit) {
            let number = &wanted.number;
            return Err(Failure::new(
                Kind::Refused,
                text!("the store has a product {number} already", number),
            )
            .hint(text!(
                "change it with `wxsell goods update {number}`",
                number
            ))
            .into());
        }
        *now = Some(sent);
        self.stock_left
            .set(self.stock_left.get() + u64::from(is_stock_left));
        let keep = || -> Result<()> {
            self.keep(wanted, id)?;
            self.was_sent(id);
            Ok(())
        };
        match decision {
            Decision::Unchanged => Ok(action::UNCHANGED),
            Decision::Refused(failure) => Err(failure.into()),
            Decision::Submit => {
                let listed = self.submit(is_new, async || {
                    self.shop.step_product(Step::OnSale, id).await
                });
                listed.await?;
                keep()?;
                Ok(action::SUBMITTED)
            }
            Decision::Free(change) => {
                self.shop.change_freely(&change).await?;
                Ok(action::UPDATED_FREE)
            }
            Decision::Stock(changes) => {
                self.change_stock(&changes).await?;
                Ok(action::UPDATED_FREE)
            }
            Decision::Draft {
                update,
                withdraw,
                stock,
            } => {
                self.change_stock(&stock).await?;
                let update = UpdateProduct(*update);
                let in_audit = Cell::new(withdraw);
                let write = async || {
                    if in_audit.get() {
                        self.shop.step_product(Step::WithdrawAudit, id).await?;
                        in_audit.set(false);
                    }
                    self.shop.client.call(&update).await
                };
                let written = if update.0.listing == Some(1) {
                    self.submit(is_new, write).await
                } else {
                    write().await
                };
                if let Err(error) = written {
                    if !stock.is_empty() {
                        self.shop.warn(text!(
                            "the stock of product {number} was changed, and the rest was not",
                            number = &wanted.number
                        ));
                    }
                    if withdraw && !in_audit.get() {
                        self.shop.warn(text!(
                            "product {number} was taken out of the audit and not submitted again; the same command submits it",
                            number = &wanted.number
                        ));
                    }
                    return Err(error);
                }
                keep()?;
                if is_off_sale {
                    self.off_sale.borrow_mut().push(wanted.number.clone());
                }
                Ok(action::UPDATED)
            }
        }
    }

    async fn change_stock(&self, changes: &[UpdateStock]) -> Result<()> {
        for change in changes {
            let _: Done = self.shop.client.call(change).await?;
        }
        Ok(())
    }

    /// The links of every image of a product; each is uploaded once per store, ever. An address that the product has
    /// already is taken as it is.
    async fn links(
        &self,
        wanted: &Wanted,
        held: Option<&GetProductReply>,
    ) -> Result<HashMap<Image, String>> {
        let mut links = HashMap::new();
        for image in wanted.images() {
            if links.contains_key(image) {
                continue;
            }
            let link = match image {
                Image::Address(address) if has_image(held, address) => address.clone(),
                image => self.link(image).await?,
            };
            links.insert(image.clone(), link);
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
                let now = self.shop.clock()?;
                self.state
                    .keep_image_url(&self.shop_key, &key, &link, now)?;
                self.images_uploaded.set(self.images_uploaded.get() + 1);
                anyhow::Ok(link)
            })
            .await?;
        Ok(link.clone())
    }

    /// The links of every image as far as they are known; of the others, what will be uploaded.
    fn known_links(
        &self,
        wanted: &Wanted,
        held: &GetProductReply,
    ) -> Result<HashMap<Image, String>> {
        let link = |image: &Image| -> Result<String> {
            let known = match image.key() {
                _ if matches!(image, Image::Address(address) if has_image(Some(held), address)) => {
                    None
                }
                Some(key) => {
                    let known = self.state.image_url(&self.shop_key, &key)?;
                    if known.is_none() {
                        self.images_unknown.borrow_mut().insert(key);
                    }
                    known
                }
                None => None,
            };
            Ok(known.unwrap_or_else(|| match image {
                Image::Link(address) | Image::Address(address) => address.clone(),
                Image::File { path, .. } => path.display().to_string(),
            }))
        };
        let images = wanted
            .images()
            .map(|image| Ok((image.clone(), link(image)?)));
        images.collect()
    }

    /// What an upload would do with one product now; reads only.
    pub async fn plan(
        &self,
        wanted: &Wanted,
        before: Option<Known>,
        memory: Option<Vec<u8>>,
        recheck: bool,
    ) -> Result<Line> {
        let line = |action: &'static str| Line {
            out_product_id: wanted.number.clone(),
            action,
            place: wanted.place.clone(),
            changes: Vec::new(),
            missing_skus: Vec::new(),
            reason: None,
        };
        let is_done = |known: Known| {
            known.state == ItemState::Done && known.fingerprint == wanted.fingerprint()
        };
        if !recheck && before.is_some_and(is_done) {
            return Ok(line(plan::NOT_COMPARED));
        }
        let refused = |failure: Failure| Line {
            reason: Some(failure.message),
            ..line(match failure.kind {
                Kind::Held => plan::HELD,
                _ => plan::REFUSED,
            })
        };
        let id = match self.found(wanted) {
            Ok(Some(id)) => id,
            Ok(None) if self.options.free_only => {
                let number = &wanted.number;
                return Ok(refused(Failure::new(
                    Kind::Refused,
                    text!("the store has no product {number}", number),
                )));
            }
            Ok(None) => return Ok(line(plan::ADD)),
            Err(error) => return Ok(refused(Failure::from_any(error))),
        };
        let Some(held) = self.shop.store_product(&id).await? else {
            return Ok(refused(not_shown(&wanted.number)));
        };
        let links = self.known_links(wanted, &held)?;
        let sent = memory.as_deref().and_then(Sent::from_bytes);
        let compared = match compare(&self.options, &id, held, wanted, &links, sent.as_ref()) {
            Ok(compared) => compared,
            Err(failure) => return Ok(refused(failure)),
        };
        let left = self.stock_left.get() + u64::from(compared.is_stock_left);
        self.stock_left.set(left);
        let planned = match compared.decision {
            Decision::Unchanged => line(plan::UNCHANGED),
            Decision::Submit => line(plan::SUBMIT),
            Decision::Free(_) => line(plan::FREE_UPDATE),
            Decision::Stock(_) => line(plan::FREE_UPDATE),
            Decision::Draft { update, .. } if update.listing == Some(1) => {
                line(plan::AUDITED_UPDATE)
            }
            Decision::Draft { .. } => {
                if compared.is_off_sale {
                    self.off_sale.borrow_mut().push(wanted.number.clone());
                }
                line(plan::DRAFT_UPDATE)
            }
            Decision::Refused(failure) => refused(failure),
        };
        Ok(Line {
            changes: plan::changes(&compared.base, &compared.target),
            missing_skus: plan::missing(&compared.base, wanted),
            ..planned
        })
    }

    /// Products of a sheet that were sent before and that the store, which did not list `unseen`, has no more. The next run
    /// looks at them again, and adds them where they are gone still after a minute: reads may lag behind.
    pub async fn gone(
        &self,
        products: &Products,
        mut unseen: HashSet<u64>,
    ) -> Result<Vec<(String, Failure)>> {
        for sent in self.sent.borrow().iter() {
            unseen.remove(sent);
        }
        let mut gone = Vec::new();
        if unseen.is_empty() {
            return Ok(gone);
        }
        for wanted in products.iter() {
            let wanted = wanted?;
            let Ok(Some(id)) = self.found(&wanted) else {
                continue;
            };
            let is_unseen = Id::read(&id).is_some_and(|id| unseen.contains(&id.number()));
            if !is_unseen || self.shop.store_product(&id).await?.is_some() {
                continue;
            }
            let (shop, number) = (self.shop_key.as_str(), wanted.number.as_str());
            let now = self.shop.clock()?;
            self.state.keep_empty_look(shop, number, Some(now))?;
            self.state.forget_upload(shop, number)?;
            gone.push((wanted.number.clone(), not_shown(number)));
        }
        Ok(gone)
    }

    /// How the products that were sent stand now, by their draft and their online version.
    pub async fn remaining(&self) -> Result<Remaining> {
        let ids: Vec<u64> = self.sent.borrow().clone();
        let mut remaining = Remaining::default();
        let mut reads = futures_util::stream::iter(ids)
            .map(|id| async move { self.shop.store_product(&id.to_string()).await })
            .buffer_unordered(AT_ONCE);
        while let Some(reply) = reads.try_next().await? {
            let Some(product) = reply.and_then(GetProductReply::any) else {
                continue;
            };
            // The next run looks at these again, though their rows have not changed.
            if matches!(
                product.edit_status,
                Some(edit::NOT_SUBMITTED | edit::WRITING | edit::WRITING_SDK | edit::WRITE_FAILED)
            ) {
                let number = if product.out_product_id.is_empty() {
                    product.product_id.to_string()
                } else {
                    product.out_product_id.clone()
                };
                self.state.reopen_item(&self.shop_key, "goods", &number)?;
            }
            match (product.edit_status, product.status) {
                (Some(edit::IN_AUDIT), _) => remaining.in_audit += 1,
                (Some(edit::REFUSED), _) => remaining.refused += 1,
                (Some(edit::NOT_SUBMITTED), _) => remaining.not_submitted += 1,
                (Some(edit::WRITING | edit::WRITING_SDK), _) => remaining.writing += 1,
                (Some(edit::INITIAL | edit::EDITING), _) => remaining.drafts += 1,
                (_, Some(status::ON_SALE)) => remaining.on_sale += 1,
                _ => remaining.drafts += 1,
            }
        }
        Ok(remaining)
    }
}

/// What is to be done with a product that the store has.
pub(super) enum Decision {
    Unchanged,
    /// Its draft is as wanted, and was never handed to the audit.
    Submit,
    /// What is online changes at once.
    Free(UpdateAuditFree),
    /// The stock of a product that is not on sale changes at once.
    Stock(Vec<UpdateStock>),
    /// The draft is written. Where `listing` is 1 it goes to the audit.
    Draft {
        update: Box<Product>,
        /// Out of a running audit first.
        withdraw: bool,
        /// Never waits for an audit.
        stock: Vec<UpdateStock>,
    },
    Refused(Failure),
}

/// Which version of a product a sheet is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Against {
    /// What buyers see: the sheet changes nothing of it that needs an audit.
    Online,
    /// The draft as it is: it is in audit as the sheet says, or stays a draft.
    Draft,
    /// The draft with what was changed online without an audit: this is what an audit gets.
    Both,
}

/// A product that the store has beside what it shall be.
pub(super) struct Compared {
    pub decision: Decision,
    pub base: Product,
    pub target: Product,
    /// What is to be remembered once it is done.
    pub sent: Sent,
    /// Never listed: it uses a submission of a new product.
    pub is_new: bool,
    /// The merchant took it off sale, and there it stays.
    pub is_off_sale: bool,
    /// A stock that is not written into a draft.
    pub is_stock_left: bool,
}

/// What the store has of a product.
struct Versions {
    online: Option<Product>,
    draft: Option<Product>,
    both: Product,
    /// `edit_status`
    edit: i64,
}

impl Versions {
    fn on_sale(&self) -> Option<&Product> {
        let online = self.online.as_ref()?;
        (online.status == Some(status::ON_SALE)).then_some(online)
    }

    fn is_off_sale(&self) -> bool {
        self.online
            .as_ref()
            .is_some_and(|online| online.status == Some(status::OFF_SALE))
    }

    /// What the sheet is compared with, and what becomes of it.
    ///
    /// # Errors
    /// Those of `apply`, and [`Kind::Held`] where nobody knows whether draft or online version is meant.
    fn base(
        &self,
        options: &Options,
        wanted: &Wanted,
        sent: Option<&Sent>,
        apply: impl Fn(&Product, &Wanted) -> Result<Product, Failure>,
    ) -> Result<(Against, Product, Product), Failure> {
        let with = |against, base: &Product| {
            let target = apply(base, wanted)?;
            Ok((against, base.clone(), target))
        };
        let in_audit = self.edit == edit::IN_AUDIT;
        if let Some(online) = self.on_sale()
            && !options.draft
            && !in_audit
            && !is_writing(self.edit)
        {
            let is_free = |target: Product| is_free_change(online, &target);
            if options.free_only || apply(online, wanted).is_ok_and(is_free) {
                return with(Against::Online, online);
            }
        }
        let (Some(draft), Some(online)) = (&self.draft, &self.online) else {
            return with(Against::Both, &self.both);
        };
        if self.edit == edit::PASSED || is_writing(self.edit) {
            return with(Against::Both, &self.both);
        }
        // Sales go on while an audit runs, or a draft waits.
        let mut with_stock = self.with_stock(draft);
        if in_audit {
            // Either number is right: the one that was handed in, and the one of now.
            let is_there = apply(draft, wanted)? == *draft;
            return with(Against::Draft, if is_there { draft } else { &with_stock });
        }
        if options.draft {
            return with(Against::Draft, draft);
        }
        if self.is_off_sale() {
            return with(Against::Draft, &with_stock);
        }
        let shop_wins = options.on_conflict == OnConflict::Shop;
        let mut both = self.both.clone();
        let mut gone: Vec<&Sku> = only_in(draft, online);
        gone.retain(|sku| {
            let is_named = wanted.names(Some(&sku.out_sku_id), "sku");
            !is_new_sku(sent, &sku.out_sku_id) && (sent.is_some() || !is_named)
        });
        for version in [&mut with_stock, &mut both] {
            // What buyers see and the sheet names is the SKU that is there.
            for sku in only_in(online, draft) {
                if shop_wins || wanted.names(Some(&sku.out_sku_id), "sku") {
                    version.skus.push(sku.clone());
                }
            }
            if shop_wins {
                version.skus.retain(|sku| !gone.contains(&sku));
            }
        }
        // What the sheet says nothing of, it does not decide either.
        let is_decided = |sku: &Sku| match options.on_conflict {
            OnConflict::Shop => true,
            OnConflict::Sheet => wanted.names(Some(&sku.out_sku_id), "sku"),
            OnConflict::Hold => false,
        };
        gone.retain(|sku| !options.remove_missing && !is_decided(sku));
        let (of_draft, of_both) = (apply(&with_stock, wanted)?, apply(&both, wanted)?);
        let (base, target) = match meant(&of_draft, &of_both, &gone, sent) {
            Ok(Version::Draft) => (with_stock, of_draft),
            Err(failure) if !shop_wins => {
                return Err(failure.hint(text!(
                    "write what is meant into the sheet, or keep what buyers see with --on-conflict shop"
                )));
            }
            Ok(Version::Online) | Err(_) => (both, of_both),
        };
        // What somebody else has not finished is not submitted along.
        let mut others = plan::changes(online, &target);
        others.retain(|change| {
            let (sku, field) = (change.sku.as_deref(), change.field.as_str());
            let is_ours = match field {
                "sku" if change.new.is_empty() => {
                    options.remove_missing
                        || sent.is_some_and(|sent| sent.had_online(sku, field, &change.old))
                }
                "sku" => wanted.names(sku, field) || sku.is_some_and(|sku| is_new_sku(sent, sku)),
                _ => sent.is_some_and(|sent| sent.is(sku, field, &change.new)),
            };
            !is_ours && !wanted.names(sku, field) && field != Field::Stock.name()
        });
        if others.is_empty() || options.on_conflict == OnConflict::Sheet {
            return Ok((Against::Both, base, target));
        }
        Err(Failure::new(
            Kind::Held,
            text!(
                "a draft waits that also changes {fields}, which the sheet does not name",
                fields = fields_of(&others)
            ),
        )
        .hint(text!(
            "submit the draft first with `wxsell goods on-sale`, or submit it along with --on-conflict sheet"
        )))
    }

    fn with_stock(&self, draft: &Product) -> Product {
        let mut draft = draft.clone();
        take_stock(&mut draft, &self.both);
        draft
    }

    /// Nothing of it goes to the audit.
    fn stays_draft(&self, options: &Options) -> bool {
        options.draft || self.is_off_sale()
    }
}

/// Decides what a product needs to become as the sheet wants it.
///
/// # Errors
/// A product without a version that can be read, and SKUs that cannot be made of what the sheet says.
pub(super) fn compare(
    options: &Options,
    id: &str,
    held: GetProductReply,
    wanted: &Wanted,
    links: &HashMap<Image, String>,
    sent: Option<&Sent>,
) -> Result<Compared, Failure> {
    let (online, draft) = (held.product.clone(), held.edit_product.clone());
    let Some(both) = as_it_stands(held) else {
        return Err(Failure::new(
            Kind::Refused,
            text!("the Store shows no version of product {id}", id),
        ));
    };
    let versions = Versions {
        edit: both.edit_status.unwrap_or(edit::INITIAL),
        online,
        draft,
        both,
    };
    let applied = |product: &Product, wanted: &Wanted| {
        let mut target = product.clone();
        apply(&mut target, wanted, links, options.remove_missing).map(|()| target)
    };
    let (mut against, mut base, mut target) = versions.base(options, wanted, sent, applied)?;
    let changed = match sent {
        Some(sent) => changed_by_others(sent, &versions, &base, &target),
        None => Vec::new(),
    };
    let mut less = None;
    if !changed.is_empty() {
        match options.on_conflict {
            OnConflict::Sheet => {}
            OnConflict::Hold => return Err(conflict(&changed)),
            OnConflict::Shop => {
                let less = less.insert(wanted.clone());
                for change in &changed {
                    less.leave_out(change.sku.as_deref(), &change.field);
                }
                // What is left may need no audit.
                (against, base, target) = versions.base(options, less, sent, applied)?;
            }
        }
    }
    let mut is_stock_left = false;
    if options.draft && versions.online.is_some() {
        // Buyers see it at once, in whichever version.
        let before = target.clone();
        take_stock(&mut target, &base);
        is_stock_left = target != before;
    }
    // What was left out was not sent: the sheet and the store still disagree.
    let remembered = Sent::after(
        sent,
        &plan::Versions {
            base: &base,
            target: &target,
            online: versions.online.as_ref(),
            draft: versions.draft.as_ref(),
        },
        less.as_ref().unwrap_or(wanted),
    );
    let decision = decide(options, id, &versions, against, &base, &target);
    Ok(Compared {
        decision,
        is_new: versions.online.is_none(),
        is_off_sale: versions.is_off_sale(),
        is_stock_left,
        base,
        target,
        sent: remembered,
    })
}

/// SKUs that one version has and the other has not: new ones, or removed since.
fn only_in<'a>(one: &'a Product, other: &Product) -> Vec<&'a Sku> {
    let skus = one.skus.iter();
    skus.filter(|sku| !sku.sku_id.is_none() && !has_sku(other, sku))
        .collect()
}

/// Whether a SKU was sent while buyers did not see it yet. One that they saw was removed since.
fn is_new_sku(sent: Option<&Sent>, number: &str) -> bool {
    sent.is_some_and(|sent| sent.has_sku(number) && sent.had_online(Some(number), "sku", ""))
}

/// Which version is meant where draft and online version differ in what changes without an audit: the one that was sent
/// last.
///
/// # Errors
/// [`Kind::Held`] where neither was, or each in a part.
fn meant(
    of_draft: &Product,
    of_both: &Product,
    unknown: &[&Sku],
    sent: Option<&Sent>,
) -> Result<Version, Failure> {
    let mut differing = plan::changes(of_draft, of_both);
    // A SKU that is new in both has no number of the store's yet.
    differing.retain(|change| change.field != Field::Stock.name() && change.field != "sku");
    // The other version is as it was then: nobody wrote into it since.
    let was_sent = |holds: fn(&Sent, Option<&str>, &Change) -> bool| {
        sent.is_some_and(|sent| {
            let mut each = differing.iter();
            each.all(|one| holds(sent, one.sku.as_deref(), one))
        })
    };
    if unknown.is_empty() {
        let online = |sent: &Sent, sku: Option<&str>, one: &Change| {
            sent.is(sku, &one.field, &one.new) && sent.had_draft(sku, &one.field, &one.old)
        };
        let draft = |sent: &Sent, sku: Option<&str>, one: &Change| {
            sent.is(sku, &one.field, &one.old) && sent.had_online(sku, &one.field, &one.new)
        };
        if differing.is_empty() || was_sent(online) {
            return Ok(Version::Online);
        }
        if was_sent(draft) {
            return Ok(Version::Draft);
        }
    }
    let of_field = |change: &Change| {
        let name = match &change.sku {
            Some(sku) => format!("{sku} {}", change.field),
            None => change.field.clone(),
        };
        format!("{name} {} / {}", change.old, change.new)
    };
    let fields = differing.iter().map(of_field);
    let skus = unknown.iter().map(|sku| format!("{} / -", sku.out_sku_id));
    let all: Vec<String> = fields.chain(skus).collect();
    Err(Failure::new(
        Kind::Held,
        text!(
            "draft and online version differ: {fields}",
            fields = all.join(", ")
        ),
    ))
}

/// Changes that would take back what somebody else wrote into the shop since the product was sent last.
fn changed_by_others(
    sent: &Sent,
    versions: &Versions,
    base: &Product,
    target: &Product,
) -> Vec<Change> {
    let waiting = versions.draft.as_ref();
    let waiting = waiting
        .filter(|_| versions.edit != edit::PASSED)
        .map(Sent::of);
    let mut changes = plan::changes(base, target);
    changes.retain(|change| {
        let sku = change.sku.as_deref();
        if change.field == "sku" {
            // Added where it was sent before: somebody else removed it.
            return change.old.is_empty() && sku.is_some_and(|sku| sent.has_sku(sku));
        }
        // What went into a draft that waits left the online version as it was.
        let waits = || {
            let mut waiting = waiting.iter();
            waiting.any(|waiting| waiting.agrees(sent, sku, &change.field))
        };
        let is_known = sent.had(sku, &change.field, &change.old)
            || sent.had_online(sku, &change.field, &change.old) && waits();
        change.field != Field::Stock.name() && !is_known
    });
    changes
}

/// Fields by their names, those of a SKU with its number.
fn fields_of(changes: &[Change]) -> String {
    let name = |change: &Change| match &change.sku {
        Some(sku) => format!("{sku} {}", change.field),
        None => change.field.clone(),
    };
    let names: Vec<String> = changes.iter().map(name).collect();
    names.join(", ")
}

fn conflict(changed: &[Change]) -> Failure {
    Failure::new(
        Kind::Held,
        text!(
            "someone else changed {fields} in the shop since it was sent",
            fields = fields_of(changed)
        ),
    )
    .hint(text!(
        "choose which one wins with --on-conflict sheet or --on-conflict shop"
    ))
}

fn decide(
    options: &Options,
    id: &str,
    versions: &Versions,
    against: Against,
    base: &Product,
    target: &Product,
) -> Decision {
    let in_audit = versions.edit == edit::IN_AUDIT;
    if is_writing(versions.edit) {
        return Decision::Refused(still_writing());
    }
    let write = |stock| {
        let mut update = target.clone().into_update();
        update.product_id = Id::read(id).unwrap_or_default();
        update.listing = Some(i64::from(!versions.stays_draft(options)));
        Decision::Draft {
            update: Box::new(update),
            withdraw: in_audit,
            stock,
        }
    };
    if target == base {
        return match unchanged(options, versions, against) {
            // A draft that lacks what was changed online since would take that back.
            Decision::Submit if versions.draft.as_ref().is_some_and(|draft| draft != base) => {
                write(Vec::new())
            }
            decision => decision,
        };
    }
    // Several small steps in drafts are one large step for buyers.
    for before in std::iter::once(base).chain(&versions.online) {
        if let Err(held_back) = guard_prices(options, before, target) {
            return Decision::Refused(held_back);
        }
    }
    let is_free = is_free_change(base, target);
    let refused = |message| Decision::Refused(Failure::new(Kind::Refused, message));
    if let Some(online) = versions.on_sale().filter(|_| against == Against::Online) {
        return if is_free {
            Decision::Free(free_change(id, online, target))
        } else {
            refused(text!("this would change more than price, stock and codes"))
        };
    }
    let audit_runs = || text!("it is in audit and cannot be changed until the audit ends");
    let stock = match &versions.online {
        Some(online) if !in_audit && !options.draft => {
            let mut changes = stock_changes(id, base, target);
            changes.retain(|change| online.skus.iter().any(|sku| sku.sku_id == change.sku_id));
            changes
        }
        _ => Vec::new(),
    };
    let mut rest = target.clone();
    take_stock(&mut rest, base);
    if !stock.is_empty() && rest == *base {
        return match unchanged(options, versions, against) {
            Decision::Submit => write(stock),
            Decision::Unchanged => Decision::Stock(stock),
            refused => refused,
        };
    }
    if options.free_only {
        return refused(if in_audit {
            audit_runs()
        } else {
            text!("prices change without an audit only while the product is on sale")
        });
    }
    if in_audit && !options.withdraw_audit {
        return Decision::Refused(Failure::new(Kind::Refused, audit_runs()).hint(text!(
            "upload again after the audit, or with --withdraw-audit"
        )));
    }
    if versions.edit == edit::REFUSED && versions.on_sale().is_some() && is_free && !options.draft {
        return Decision::Refused(
            Failure::new(
                Kind::Refused,
                text!("the audit refused it, and only what needs no audit has changed since"),
            )
            .hint(text!(
                "correct what was refused; a sheet that names nothing but prices, stock and codes changes them alone"
            )),
        );
    }
    write(stock)
}

/// Whether two states of a product differ only in what changes without an audit, removed SKUs included.
fn is_free_change(base: &Product, target: &Product) -> bool {
    let mut kept = base.clone();
    kept.skus
        .retain(|sku| sku.sku_id.is_none() || has_sku(target, sku));
    without_free_fields(target) == without_free_fields(&kept)
}

/// Whether an address stands in a version of a product.
fn has_image(held: Option<&GetProductReply>, address: &str) -> bool {
    let Some(held) = held else { return false };
    let versions = held.product.iter().chain(&held.edit_product);
    versions
        .flat_map(|product| {
            let papers = product
                .product_qua_infos
                .iter()
                .flat_map(|paper| &paper.qua_url);
            let skus = product.skus.iter().map(|sku| &sku.thumb_img);
            product
                .head_imgs
                .iter()
                .chain(&product.desc_info.imgs)
                .chain(papers)
                .chain(skus)
        })
        .any(|known| known == address)
}

/// A product with the changes that it has without an audit.
/// `None` where no version can be read.
pub fn as_it_stands(held: GetProductReply) -> Option<Product> {
    let online = held.product;
    let mut base = held.edit_product.or_else(|| online.clone())?;
    if let Some(online) = &online {
        take_free_fields(&mut base, online);
        if base.edit_status == Some(edit::PASSED) {
            // What was removed without an audit still stands in the draft.
            base.skus
                .retain(|sku| sku.sku_id.is_none() || has_sku(online, sku));
        }
    }
    Some(base)
}

fn has_sku(product: &Product, sku: &Sku) -> bool {
    product.skus.iter().any(|other| other.sku_id == sku.sku_id)
}

/// A product that is as the sheet wants it: a draft that was never handed in goes to the audit now.
fn unchanged(options: &Options, versions: &Versions, against: Against) -> Decision {
    match versions.edit {
        _ if options.free_only || against == Against::Online => Decision::Unchanged,
        edit::REFUSED => Decision::Refused(
            Failure::new(
                Kind::Refused,
                text!("the audit rejected it and nothing has changed since"),
            )
            .hint(text!(
                "the store's console has the reason; correct the product in the sheet and upload it again"
            )),
        ),
        edit::WRITE_FAILED => Decision::Refused(
            Failure::new(
                Kind::Refused,
                text!("the Store could not write its SKUs (edit status 8)"),
            )
            .hint(text!("change the product in the sheet and upload it again")),
        ),
        edit::INITIAL | edit::EDITING | edit::NOT_SUBMITTED if !versions.stays_draft(options) => {
            Decision::Submit
        }
        _ => Decision::Unchanged,
    }
}

/// A price that falls or rises by more than the guard allows is held back.
fn guard_prices(options: &Options, base: &Product, target: &Product) -> Result<(), Failure> {
    for sku in &target.skus {
        let held = base
            .skus
            .iter()
            .find(|held| !held.sku_id.is_none() && held.sku_id == sku.sku_id);
        let Some(old) = held.map(|held| held.sale_price) else {
            continue;
        };
        if options.guard.stops(Some(old), sku.sale_price, Fen(0)) {
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
                "check it; if it is intended, allow it with --max-price-drop"
            )));
        }
    }
    Ok(())
}

/// How many of the products that were sent stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Remaining {
    pub on_sale: u64,
    pub in_audit: u64,
    pub refused: u64,
    pub not_submitted: u64,
    pub writing: u64,
    pub drafts: u64,
}

/// Whether a product is left as it is, to be sent by a later run.
fn is_for_later(failure: &Failure) -> bool {
    failure.kind == Kind::NotReady && failure.errcode.is_none()
}

fn is_writing(edit_status: i64) -> bool {
    matches!(edit_status, edit::WRITING | edit::WRITING_SDK)
}

fn left_for_later() -> Failure {
    Failure::new(
        Kind::NotReady,
        text!(
            "left for later: the store accepts no more new products for now, only changes of products that were listed before"
        ),
    )
}

fn not_shown(number: &str) -> Failure {
    Failure::new(
        Kind::NotReady,
        text!("the store no longer shows product {number}", number),
    )
    .hint(text!(
        "run the same command again after a minute: it checks before it sends anything"
    ))
}

fn still_writing() -> Failure {
    Failure::new(
        Kind::NotReady,
        text!("the Store is still writing the last change (products with more than 25 SKUs take longer)"),
    )
    .hint(text!("run the same command again in a while"))
}

/// When it may go on after a refusal for want of submissions.
fn used_until(error: &anyhow::Error, now: i64) -> Option<i64> {
    let code = failure(error)?.errcode?;
    if HOUR_USED.contains(&code) {
        return Some((now.div_euclid(HOUR) + 1) * HOUR);
    }
    DAY_USED
        .contains(&code)
        .then(|| ((now + 8 * HOUR).div_euclid(DAY) + 1) * DAY - 8 * HOUR)
}

/// A refusal for want of submissions as a limit, with the time to go on.
fn limited(error: anyhow::Error, until: i64) -> anyhow::Error {
    let found = Failure::from_any(error);
    Failure {
        kind: Kind::Limited,
        message: text!(
            "{problem}; it can continue at {time}",
            problem = found.message.clone(),
            time = rfc3339(until)
        ),
        ..found
    }
    .hint(text!(
        "run the same command after that: it continues where it stopped"
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
