//! Products that are sent to a store: the run of what was planned and agreed to, and its report.

use super::check::Products;
use super::goods::{Remaining, Sender, action};
use super::plan::Line;
use super::sheet::{Field, Files};
use crate::bulk;
use crate::bulk::journal::{Feed, Journal};
use crate::fail::{Kind, failure};
use crate::shop::Shop;
use crate::shop::goods::report::{Event, OnEvent, Tally, given_back, left_out, not_settled};
use crate::shop::goods::sheet::failed::Failures;
use crate::shop::goods::upload::How;
use crate::shop::job::stopped_by_hand;
use crate::state::runs::{Ended, ItemState, Items, RunState};
use crate::text;
use crate::types::now;
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt};
use serde::Serialize;

/// What changes without an audit.
pub const FREE: [Field; 6] = [
    Field::Number,
    Field::SpuCode,
    Field::SkuNumber,
    Field::SkuCode,
    Field::Price,
    Field::Stock,
];

/// Products sent at the same time, unless fewer are asked for: writes of a store are paced.
const MOST_AT_ONCE: usize = 32;

/// What an upload did, and how what was sent stands at its end.
#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
pub struct Report {
    pub run: i64,
    pub profile: String,
    pub status: &'static str,
    pub products: u64,
    pub added: u64,
    pub updated: u64,
    pub updated_free: u64,
    pub submitted: u64,
    pub unchanged: u64,
    /// Sent before as they are, and not compared with the store.
    pub not_compared: u64,
    pub refused: u64,
    pub unclear: u64,
    pub held: u64,
    pub left: u64,
    pub skipped_problems: u64,
    pub images_uploaded: u64,
    pub on_sale: u64,
    pub in_audit: u64,
    pub audit_refused: u64,
    pub not_submitted: u64,
    pub writing: u64,
    pub drafts: u64,
    pub seconds: f64,
    /// Files with the failed rows and a reason each, ready to be corrected and uploaded.
    pub failed_files: Vec<String>,
    pub failed: Vec<Event>,
    /// Products and rows that were left out, and why.
    pub left_out: Vec<Event>,
    /// Numbers that several products of the store have.
    pub doubled: Vec<Doubled>,
    /// Whether the whole store was looked through for those. It is not where the run was stopped by hand or by what keeps
    /// calls from being made; and where nothing can be added, only if the store has another number of products than
    /// this machine knows.
    pub looked_through: bool,
    #[serde(skip)]
    pub all: Vec<Event>,
}

/// A number of the merchant's that several products of the store have.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Doubled {
    pub out_product_id: String,
    /// The store's numbers of them.
    pub product_ids: Vec<String>,
}

/// What is sent.
pub struct Sending<'a> {
    pub products: &'a Products,
    pub files: &'a Files,
    /// Compare also what was sent before as it is.
    pub recheck: bool,
    /// Products that were left for another time.
    pub beyond_limit: u64,
}

/// What became of it.
pub struct Uploaded {
    pub report: Report,
    /// What ended the job before its end.
    pub stopped: Option<anyhow::Error>,
    /// Something failed or was left out.
    pub partial: bool,
    /// Products that a later run sends.
    pub for_later: usize,
}

impl Shop {
    /// Leaves so many products that were not sent before; what was sent before as it is counts for nothing.
    pub fn keep_to_limit(
        &self,
        products: &mut Products,
        limit: usize,
        recheck: bool,
    ) -> Result<()> {
        let items = Items::open(self.client.state(), self.client.shop_key(), "goods")?;
        let mut room = limit;
        products.retain(|product| {
            let done = !recheck
                && items.known(&product.number)?.is_some_and(|known| {
                    known.state == ItemState::Done && known.fingerprint == product.fingerprint()
                });
            let keep = done || room > 0;
            room -= usize::from(!done && keep);
            Ok(keep)
        })
    }
}

impl Sender<'_> {
    /// Plans every product, in the order of the sheet, and hands over each line.
    pub async fn plan_each(
        &self,
        products: &Products,
        recheck: bool,
        mut take: impl FnMut(Line) -> Result<()>,
    ) -> Result<()> {
        let items = Items::open(&self.state, &self.shop_key, "goods")?;
        self.shop
            .observer
            .begin(products.len() as u64, text!("goods"));
        let mut lines = futures_util::stream::iter(products.iter())
            .map(|wanted| {
                let items = &items;
                async move {
                    let wanted = wanted?;
                    let known = items.known(&wanted.number)?;
                    let memory = match known {
                        Some(_) => items.memory(&wanted.number)?,
                        None => None,
                    };
                    self.plan(&wanted, known, memory, recheck).await
                }
            })
            .buffered(MOST_AT_ONCE);
        while let Some(line) = lines.try_next().await? {
            self.shop.observer.step();
            take(line)?;
        }
        self.shop.observer.end();
        Ok(())
    }

    /// Sends what was planned. `told` hears of each product.
    pub async fn carry_out(
        &self,
        sending: &Sending<'_>,
        how: &How<'_>,
        on_event: OnEvent<'_>,
    ) -> Result<Uploaded> {
        let (state, shop_key, files) = (&self.state, &self.shop_key, sending.files);
        // A plan that was made first has counted too.
        self.off_sale.borrow_mut().clear();
        self.stock_left.set(0);
        let total = sending.products.len() as u64;
        let names = serde_json::to_string(&files.names()).unwrap_or_default();
        let run = state.begin_run(shop_key, how.command, &names, &how.job, now())?;
        state.leave_out(run, left_out(&files.problems))?;
        let feed = Feed {
            run,
            batch: 256,
            recheck: sending.recheck,
        };
        let items = Items::open(state, shop_key, "goods")?;
        let mut journal = Journal::start(items, feed, sending.products.iter())?;
        let mut tally = Tally::new(self.shop, total, 0, on_event, how.keep_all);
        let mut unknown: Vec<Ended> = Vec::new();
        let started = std::time::Instant::now();
        let stopped = bulk::run(
            &mut journal,
            how.jobs.min(MOST_AT_ONCE),
            &self.interrupt,
            |fed| self.send(fed),
            |ended| match ended.state {
                // Told when it is settled with the others.
                Some(ItemState::Unclear) => unknown.push(ended.clone()),
                _ => tally.hear(ended),
            },
        )
        .await;
        let not_compared = journal.unchanged();
        let mut kept = journal.close();
        tally.end_progress();
        if kept.is_ok() && !unknown.is_empty() {
            let mut items = Items::open(state, shop_key, "goods")?;
            let note = |words| self.shop.note(words);
            let look = async |ended: &Ended, round| self.look_again(ended, round).await;
            kept = bulk::settle(&mut unknown, &mut items, &self.interrupt, note, look).await;
            unknown.iter().for_each(|ended| tally.hear(ended));
        }
        let by_hand = || self.interrupt.pressed().then(stopped_by_hand);
        let stopped = kept.err().or(stopped).or_else(by_hand);
        let failures = tally.for_failed_file(how.lang);
        let failures = Failures {
            failed: &failures,
            problems: &files.problems,
            more: &files.more,
        };
        let written = failures.write(&files.files, how.failed_file, how.lang);
        let (failed_files, all_given_back) = given_back(written, run, self.shop);
        let mut report = reported(tally, total, not_compared);
        report.run = run;
        report.profile = self.shop.name.clone();
        report.seconds = started.elapsed().as_secs_f64();
        report.skipped_problems = files.count() as u64;
        report.left_out = files.problems.iter().map(Event::left_out).collect();
        report.images_uploaded = self.images_uploaded.get();
        report.failed_files = failed_files
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let stopped = not_settled(stopped, report.unclear, report.left);
        // What was sent is reported, whatever becomes of the look at how it stands.
        let stopped = match stopped {
            None => self.follow(&mut report, sending.products).await.err(),
            Some(error) => {
                // Where submissions have run out, reads go on.
                if failure(&error).is_some_and(|found| found.kind == Kind::Limited) {
                    let _ = self.follow(&mut report, sending.products).await;
                }
                if !report.looked_through && !self.options.free_only {
                    self.shop.note(text!(
                        "the store was not searched for products with the same number; the next run that finishes does that"
                    ));
                }
                Some(error)
            }
        };
        report.left += sending.beyond_limit;
        report.products += sending.beyond_limit;
        let failed = report.refused + report.unclear + report.held;
        let partial = failed + report.skipped_problems > 0 || !all_given_back;
        let for_later = report.failed.iter();
        let for_later = for_later.filter(|event| event.state == "not_sent").count();
        let ended = match (&stopped, partial) {
            (Some(_), _) => RunState::Stopped,
            (None, true) => RunState::Partial,
            (None, false) if for_later > 0 => RunState::Stopped,
            (None, false) => RunState::Done,
        };
        report.status = ended.name();
        let summary = serde_json::to_string(&report).unwrap_or_default();
        state.end_run(run, ended, &summary, now())?;
        Ok(Uploaded {
            report,
            stopped,
            partial,
            for_later,
        })
    }

    /// Says what of the sheet is left out, or waits, though nothing failed.
    pub fn note_what_waits(&self) {
        let count = self.stock_left.get();
        if count > 0 {
            self.shop.note(text!(
                "--draft leaves the stock of {count} listed {count:product|products} as it is",
                count
            ));
        }
        let off_sale = self.off_sale.borrow();
        if let Some(first) = off_sale.first() {
            self.shop.note(text!(
                "{count} {count:product is|products are} off sale and {count:stays|stay} so, with {count:its|their} changes in the draft; submit a draft with `wxsell goods on-sale {first}`",
                count = off_sale.len(),
                first
            ));
        }
    }

    /// Looks how the products that were sent stand now, which of the sheet the store has no more, and for numbers that
    /// several products have.
    async fn follow(&self, report: &mut Report, products: &Products) -> Result<()> {
        let Remaining {
            on_sale,
            in_audit,
            refused,
            not_submitted,
            writing,
            drafts,
        } = self.remaining().await?;
        report.on_sale = on_sale;
        report.in_audit = in_audit;
        report.audit_refused = refused;
        report.not_submitted = not_submitted;
        report.writing = writing;
        report.drafts = drafts;
        if not_submitted > 0 {
            self.shop.warn(text!(
            "{count} {count:product was kept as a draft|products were kept as drafts}, as the store has no submissions left; the same command submits {count:it|them} later",
            count = not_submitted
        ));
        }
        self.note_what_waits();
        let (state, shop_key) = (&self.state, self.shop_key.as_str());
        let unseen = if self.options.free_only {
            self.shop.learn_what_others_added(state, shop_key).await?
        } else {
            Some(self.shop.learn_products(state, shop_key).await?)
        };
        if let Some(unseen) = unseen {
            report.looked_through = true;
            for (number, why) in self.gone(products, unseen).await? {
                if report
                    .failed
                    .iter()
                    .any(|event| event.out_product_id == number)
                {
                    continue;
                }
                report.not_compared = report.not_compared.saturating_sub(1);
                report.left += 1;
                report.failed.push(Event::left_for_later(number, &why));
            }
        }
        for (number, ids) in self.shop.doubled_products(state, shop_key).await? {
            self.shop.warn(text!(
                "the store has several products of number {number}: {ids}; keep one of them and delete the others: `wxsell goods remove {last}`",
                number = &number,
                ids = ids.join(", "),
                last = ids.last().map_or("", String::as_str)
            ));
            report.doubled.push(Doubled {
                out_product_id: number,
                product_ids: ids,
            });
        }
        Ok(())
    }
}

fn reported(tally: Tally<'_, '_>, total: u64, not_compared: u64) -> Report {
    let (refused, unclear) = (
        tally.failed_as(ItemState::Refused),
        tally.failed_as(ItemState::Unclear),
    );
    let held = tally.failed_as(ItemState::Held);
    let done = tally.done + not_compared;
    let mut failed: Vec<Event> = tally.failed.clone();
    failed.extend(
        tally
            .unsent
            .iter()
            .filter(|event| event.reason.is_some())
            .cloned(),
    );
    Report {
        products: total,
        added: tally.count(action::ADDED),
        updated: tally.count(action::UPDATED),
        updated_free: tally.count(action::UPDATED_FREE),
        submitted: tally.count(action::SUBMITTED),
        unchanged: tally.count(action::UNCHANGED),
        not_compared,
        refused,
        unclear,
        held,
        left: total.saturating_sub(done + refused + unclear + held),
        failed,
        all: tally.all.unwrap_or_default(),
        ..Report::default()
    }
}
