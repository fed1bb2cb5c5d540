//! `wxsell goods upload`: the whole way from files to a shop. One product is sent by `sender`; here are the plan, the
//! run and its report.
//!
//! Long because options, plan, run and report of one command are read together.

use super::check::refusal;
use super::read::ReadArgs;
use super::report::{Report, ReportFile};
use super::sender::{Options, Sendable, Sender, action};
use crate::api::component::goods::{AddSpu, Spu, UpdateSpuFree};
use crate::bulk::journal::{Feed, Journal, Work};
use crate::bulk::{self, Interrupt};
use crate::commands::Ctx;
pub use crate::commands::job::Busy;
use crate::commands::job::{self, one_job};
use crate::commands::run::Invocation;
use crate::fail::{Failure, Kind};
use crate::lang::{Lang, Text};
use crate::output::{Cell, Column, Format, Record};
use crate::profile::{Profile, Target};
use crate::shop::Shop;
use crate::shop::change::{Change, IN_AUDIT, change, missing_skus};
use crate::shop::goods::sheet::catalogue::Catalogue;
use crate::shop::goods::sheet::failed::Failed;
use crate::shop::goods::sheet::images::{BY_CONTENT, images_of_mut};
use crate::shop::goods::{Copy, GoodsFilter};
use crate::shop::image::hosted;
use crate::state::quota::{SlotLimits, finish_estimate};
use crate::state::runs::{Ended, ItemState, Items, RunState};
use crate::text;
use crate::types::{now, rfc3339};
use anyhow::Result;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

/// Upload goods from spreadsheets
///
/// Reads every file, checks everything, and only then sends what the shop does not have yet: new goods are added,
/// changed ones updated (price, stock and codes without audit), the rest left alone. Killed or interrupted, the same
/// command goes on where it stopped; nothing is sent twice.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    send: SendArgs,
}

/// How goods are sent.
#[derive(Debug, clap::Args)]
pub struct SendArgs {
    /// Leave out products with problems and send the others
    #[arg(long)]
    pub skip_bad: bool,
    /// Products sent at the same time
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
    /// At the audit limit, wait and go on instead of ending
    #[arg(long)]
    pub wait: bool,
    /// Keep this share of the audit limits for other work, e.g. 20%
    #[arg(long, value_name = "PERCENT", default_value = "0%", value_parser = percent)]
    pub reserve: u32,
    /// What to do while another job works for the same shop
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    pub busy: Busy,
    /// Remove SKUs that the shop has and the files do not
    #[arg(long)]
    pub remove_missing_skus: bool,
    /// Take changed products out of a running audit and submit them anew
    #[arg(long)]
    pub withdraw_audit: bool,
    /// Compare also products that an earlier run sent unchanged with what the shop has
    #[arg(long)]
    pub recheck: bool,
    /// Whether WeChat copies pictures from other hosts; `auto` does on the live platform and in the sandbox
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub rehost: Rehost,
    /// Also write a report for CI: `junit=FILE` or `json=FILE` (can be repeated)
    #[arg(long, value_name = "KIND=FILE")]
    pub report: Vec<ReportFile>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Rehost {
    #[default]
    Auto,
    Always,
    Never,
}

fn percent(text: &str) -> Result<u32, Text> {
    let number = text
        .strip_suffix('%')
        .unwrap_or(text)
        .parse()
        .ok()
        .filter(|percent| *percent < 100);
    number.ok_or_else(|| text!("write a percentage from 0% to 99%"))
}

pub async fn run(args: Args, ctx: &Ctx) -> Result<()> {
    let catalogue: Catalogue<AddSpu> = args.read.read(ctx).await?;
    send(catalogue, &args.send, ctx).await
}

/// What is planned for a catalogue, without sending anything.
pub trait Plannable: Sendable {
    fn plan(
        catalogue: &Catalogue<Self>,
        args: &SendArgs,
        ctx: &Ctx,
    ) -> impl Future<Output = Result<Vec<Planned>>>
    where
        Self: Sized;
}

/// Sends a catalogue to the shop of the profile and reports.
pub async fn send<T: Plannable>(catalogue: Catalogue<T>, args: &SendArgs, ctx: &Ctx) -> Result<()> {
    let nothing_to_send = catalogue.is_empty() && catalogue.has_unsound_headings();
    if !catalogue.problems().is_empty() && (!args.skip_bad || nothing_to_send) {
        super::problem::list(&ctx.out.with_all_columns(), catalogue.problems())?;
        let failure = refusal(&catalogue).hint(text!(
            "correct the cells named, or leave these products out with --skip-bad"
        ));
        return Err(failure.into());
    }
    let profile = ctx.profile()?;
    let shop = ctx.shop().await?;
    if ctx.global.dry_run {
        return plan(&catalogue, args, ctx).await;
    }
    job::check_columns::<Report, Event>(&ctx.out)?;
    ctx.before_write(
        args.remove_missing_skus
            .then(|| text!("remove SKUs that the files do not name")),
    )
    .await?;

    let state = ctx.state()?;
    let shop_key = profile.shop_key();
    let _one_job = one_job(ctx, &shop_key, args.busy).await?;
    let limits = limits(profile, args.reserve);
    let interrupt = {
        let out = ctx.out.clone();
        Interrupt::listen(move || {
            out.warn(text!(
                "finishing what is under way; Ctrl-C again ends at once"
            ))
        })
    };
    let catalogue = Arc::new(catalogue);
    let options = Options {
        limits,
        wait: args.wait,
        remove_missing_skus: args.remove_missing_skus,
        withdraw_audit: args.withdraw_audit,
        rehost: rehosts(args, profile),
    };
    let mut sender = Sender::new(
        shop,
        shop_key.clone(),
        state.clone(),
        &catalogue,
        options,
        interrupt.clone(),
        &ctx.out,
    );
    if T::AUDITED {
        sender.categories = preconditions(shop).await?;
    }

    let files = serde_json::to_string(&catalogue.file_names()).unwrap_or_default();
    let run = state.begin_run(
        &shop_key,
        if T::AUDITED {
            "goods upload"
        } else {
            "goods price-stock"
        },
        &files,
        &ctx.resumed
            .get()
            .map_or_else(|| Invocation::of_this_process().write(), Invocation::write),
        now(),
    )?;
    let batch = if limits.unlimited() { 1024 } else { 16 };
    let items = Items::open(state, &shop_key, "goods")?;
    // What is to be removed stands in no sheet, so that an unchanged sheet says nothing about it.
    let recheck = args.recheck || args.remove_missing_skus || !T::AUDITED;
    let mut journal = Journal::start(
        items,
        Feed {
            run,
            batch,
            recheck,
        },
        catalogue.drafts(),
    )?;

    if T::AUDITED && !limits.unlimited() {
        let estimate = finish_estimate(
            catalogue.len() as u64,
            state.spent_slots(&shop_key, now())?,
            limits,
            now(),
        );
        if estimate > now() {
            ctx.out.note(text!(
                "within the audit quota this takes until about {time}, if all of it is new",
                time = rfc3339(estimate)
            ));
        }
    }
    let mut tally = Tally::new(ctx, catalogue.len() as u64, !args.report.is_empty())?;
    let started = std::time::Instant::now();
    let stopped = bulk::run(
        &mut journal,
        usize::from(args.jobs),
        &interrupt,
        |fed| sender.send(fed),
        |ended| tally.hear(ended),
    )
    .await;
    tally.unchanged += journal.unchanged();
    let kept = journal.close();
    tally.end_display()?;

    let stopped = kept.err().or(stopped).or_else(|| {
        interrupt.pressed().then(|| {
            Failure::new(Kind::Stopped, text!("stopped by Ctrl-C"))
                .hint(text!(
                    "run the same command again: it goes on where it stopped"
                ))
                .into()
        })
    });
    if stopped.is_none() {
        tally.count_unsent_as_failed();
    }
    let written = catalogue.write_failed(&tally.for_failed_file(ctx.out.lang), None, ctx.out.lang);
    let failed_files = written.files;
    let mut report = tally.into_report(
        run,
        profile,
        catalogue.problems().len() as u64,
        failed_files,
        started.elapsed(),
    );
    report.images_uploaded = sender.images_uploaded.get();
    report
        .all
        .extend(catalogue.problems().iter().map(Event::left_out));
    let partial = report.failed() > 0 || report.skipped_problems > 0;
    let ended = match (&stopped, partial) {
        (Some(_), _) => RunState::Stopped,
        (None, true) => RunState::Partial,
        (None, false) => RunState::Done,
    };
    report.status = ended.name();
    state.end_run(
        run,
        ended,
        &serde_json::to_string(&report).unwrap_or_default(),
        now(),
    )?;
    report.show(&ctx.out)?;
    for file in &args.report {
        file.write(&report)?;
    }
    match stopped {
        Some(error) => Err(error),
        None if report.failed() == 0 && partial => Err(Failure {
            shown: true,
            ..Failure::new(
                Kind::Partial,
                text!(
                    "{count} problems kept products from being sent; their rows are in {files}",
                    count = report.skipped_problems,
                    files = report.failed_files.join(", ")
                ),
            )
        }
        .into()),
        None if partial => Err(Failure {
            shown: true,
            ..Failure::new(Kind::Partial, text!("{failed} of {products} products failed", failed = report.failed(), products = report.products)).hint(
                match report.refused + report.unclear {
                    0 => text!("run the same command again: it goes on where it stopped"),
                    _ => text!("correct the failed rows and upload that file; `wxsell run failed {run}` lists them again", run),
                },
            )
        }
        .into()),
        None => Ok(()),
    }
}

fn rehosts(args: &SendArgs, profile: &Profile) -> bool {
    match args.rehost {
        Rehost::Always => true,
        Rehost::Never => false,
        Rehost::Auto => profile.target != Target::StandIn,
    }
}

/// The audit limits of a profile, less what is to be kept.
fn limits(profile: &Profile, reserve: u32) -> SlotLimits {
    let less = |limit: Option<u32>| limit.map(|limit| limit - limit * reserve / 100);
    SlotLimits {
        hourly: less(profile.audit_hourly),
        daily: less(profile.audit_daily),
    }
}

/// What the platform wants to be set before goods are taken; looked up once. Returns the categories that are open.
async fn preconditions(shop: &Shop) -> Result<Option<std::collections::HashSet<u64>>> {
    let (merchant, categories) = tokio::join!(shop.merchant(), shop.my_categories());
    if let Some(info) = merchant?
        && info.service_agent_type.is_empty()
        && info.service_agent_phone.is_empty()
        && info.service_agent_path.is_empty()
    {
        return Err(Failure::new(
            Kind::Refused,
            text!("customer service is not set, and WeChat takes no goods before it is"),
        )
        .hint(text!(
            "set it once, e.g. `wxsell merchant update --service phone --phone 020-12345678`"
        ))
        .into());
    }
    Ok(categories?.map(|list| {
        list.into_iter()
            .map(|category| category.third_cat_id)
            .collect()
    }))
}

/// One line of `--dry-run`.
#[derive(Debug, Serialize)]
pub struct Planned {
    out_product_id: String,
    /// `add`, `free_update`, `audited_update`, `unchanged` or `refused`.
    action: &'static str,
    place: String,
    /// Fields that differ.
    changes: Vec<String>,
    /// SKUs of the shop that the files do not name; kept, unless they are to be removed.
    missing_skus: Vec<String>,
    reason: Option<Text>,
}

impl Record for Planned {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("out_product_id", "PRODUCT", |p| {
            Cell::Text(p.out_product_id.clone())
        }),
        Column::new("action", "PLAN", |p| {
            Cell::Word(match p.action {
                "add" => text!("add"),
                "free_update" => text!("free update"),
                "audited_update" => text!("audited update"),
                "unchanged" => text!("unchanged"),
                _ => text!("refused"),
            })
        }),
        Column::new("changes", "CHANGES", |p| Cell::List(p.changes.clone())),
        Column::new("missing_skus", "SKUS NOT IN THE FILES", |p| {
            Cell::List(p.missing_skus.clone())
        }),
        Column::new("place", "PLACE", |p| Cell::Text(p.place.clone())),
        Column::new("reason", "REASON", |p| Cell::sentence(p.reason.as_ref())),
    ];
}

/// Shows what an upload would do.
async fn plan<T: Plannable>(catalogue: &Catalogue<T>, args: &SendArgs, ctx: &Ctx) -> Result<()> {
    let profile = ctx.profile()?;
    let planned = T::plan(catalogue, args, ctx).await?;
    let audits = planned
        .iter()
        .filter(|line| matches!(line.action, "add" | "audited_update"))
        .count() as u64;
    ctx.out.list(&planned)?;
    let limits = limits(profile, args.reserve);
    let until = finish_estimate(
        audits,
        ctx.state()?.spent_slots(&profile.shop_key(), now())?,
        limits,
        now(),
    );
    if limits.unlimited() || until <= now() {
        ctx.out.note(text!(
            "{count} audit submissions; nothing was sent",
            count = audits
        ));
    } else {
        ctx.out.note(text!(
            "{count} audit submissions, within the quota until about {time}; nothing was sent",
            count = audits,
            time = rfc3339(until)
        ));
    }
    Ok(())
}

impl Plannable for UpdateSpuFree {
    async fn plan(
        catalogue: &Catalogue<UpdateSpuFree>,
        _args: &SendArgs,
        _ctx: &Ctx,
    ) -> Result<Vec<Planned>> {
        let plan = |draft: crate::shop::goods::sheet::catalogue::ChangeDraft| -> Result<Planned> {
            Ok(Planned {
                action: "free_update",
                changes: free_fields(&draft.request()?),
                ..Planned::add(&draft)
            })
        };
        catalogue.drafts().map(|draft| plan(draft?)).collect()
    }
}

impl Plannable for AddSpu {
    /// Reads all drafts of the shop once and compares.
    async fn plan(
        catalogue: &Catalogue<AddSpu>,
        args: &SendArgs,
        ctx: &Ctx,
    ) -> Result<Vec<Planned>> {
        let (profile, shop, state) = (ctx.profile()?, ctx.shop().await?, ctx.state()?);
        let shop_key = profile.shop_key();
        let rehost = rehosts(args, profile);
        let open = preconditions(shop).await?;
        let held = shop
            .all_goods(&GoodsFilter::default(), Copy::Draft, |_, _| {})
            .await?;
        let held: HashMap<String, Spu> = held
            .into_iter()
            .map(|spu| (spu.out_product_id.clone(), spu))
            .collect();
        let items = Items::open(state, &shop_key, "goods")?;
        let mut planned = Vec::with_capacity(catalogue.len());
        for draft in catalogue.drafts() {
            let draft = draft?;
            let mut line = Planned::add(&draft);
            let fingerprint = draft.mark().fingerprint;
            let known = items.known(&line.out_product_id)?;
            let mut spu = draft.request()?;
            for image in images_of_mut(&mut spu) {
                let key = match image.strip_prefix(BY_CONTENT) {
                    Some(_) => image.clone(),
                    None if rehost && !hosted(image) => format!("url:{image}"),
                    None => continue,
                };
                if let Some(link) = state.image_url(&shop_key, &key)? {
                    *image = link;
                }
            }
            if let Some(held) = held.get(&line.out_product_id) {
                let before = known.map_or([0; 16], |known| {
                    let mut half = [0; 16];
                    half.copy_from_slice(&known.fingerprint[16..]);
                    half
                });
                line.compare(&spu, held, args, before != fingerprint[16..]);
            }
            if open
                .as_ref()
                .is_some_and(|open| !open.contains(&spu.third_cat_id))
            {
                line.action = "refused";
                line.reason = Some(text!(
                    "category {category} is not open to this shop",
                    category = spu.third_cat_id
                ));
            }
            planned.push(line);
        }
        Ok(planned)
    }
}

impl Planned {
    fn add<T: Sendable>(draft: &crate::shop::goods::sheet::catalogue::Draft<T>) -> Planned {
        Planned {
            out_product_id: draft.outline.key.clone(),
            action: "add",
            place: draft.place.clone(),
            changes: Vec::new(),
            missing_skus: Vec::new(),
            reason: None,
        }
    }

    /// Plans for a product that the shop has.
    fn compare(&mut self, spu: &AddSpu, held: &Spu, args: &SendArgs, unseen_changed: bool) {
        self.missing_skus = missing_skus(spu, held);
        match change(spu, held, args.remove_missing_skus, unseen_changed) {
            Change::None => self.action = "unchanged",
            Change::Free(update) => {
                self.action = "free_update";
                self.changes = free_fields(&update);
            }
            Change::Audited(..) if held.edit_status == IN_AUDIT && !args.withdraw_audit => {
                self.action = "refused";
                self.reason = Some(text!(
                    "it is in audit and cannot be changed until the audit ends"
                ));
            }
            Change::Audited(_, fields) => {
                self.action = "audited_update";
                self.changes = fields.into_iter().map(str::to_owned).collect();
            }
        }
    }
}

fn free_fields(update: &crate::api::component::goods::UpdateSpuFree) -> Vec<String> {
    let mut fields: Vec<String> = update.path.iter().map(|_| "path".to_owned()).collect();
    for sku in &update.skus {
        let changed = [
            ("sale_price", sku.sale_price.is_some()),
            ("market_price", sku.market_price.is_some()),
            ("stock_num", sku.stock_num.is_some()),
            ("sku_code", sku.sku_code.is_some()),
            ("barcode", sku.barcode.is_some()),
        ];
        fields.extend(
            changed
                .iter()
                .filter(|(_, changed)| *changed)
                .map(|(name, _)| format!("{}.{name}", sku.out_sku_id)),
        );
    }
    fields
}

/// One product's result, as it happens: a line of `--format ndjson`.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    pub out_product_id: String,
    /// `done`, `refused`, `unclear` or `not_sent`.
    pub state: &'static str,
    /// `added`, `updated`, `updated_free`, `unchanged`, `confirmed` or `none`.
    pub action: &'static str,
    pub errcode: Option<i64>,
    pub reason: Option<Text>,
}

impl Event {
    /// A product, or a row without one, that `--skip-bad` left out.
    fn left_out(problem: &crate::shop::goods::sheet::problem::Problem) -> Event {
        Event {
            out_product_id: problem
                .out_product_id
                .clone()
                .unwrap_or_else(|| problem.location()),
            state: ItemState::Refused.name(),
            action: action::NONE,
            errcode: None,
            reason: Some(text!(
                "{place}: {problem}",
                place = problem.location(),
                problem = problem.message.clone()
            )),
        }
    }
}

/// Counts results as they come.
struct Tally<'a> {
    progress: Option<crate::output::Progress>,
    total: u64,
    counts: HashMap<&'static str, u64>,
    unchanged: u64,
    /// What could not be sent: the job ended over it, or the connection broke for it alone.
    unsent: Vec<Event>,
    failed: Vec<Event>,
    /// Results as they come, in NDJSON.
    stream: Option<crate::output::Stream<'a, Event>>,
    /// Every product, where a report wants them.
    all: Option<Vec<Event>>,
}

impl<'a> Tally<'a> {
    fn new(ctx: &'a Ctx, total: u64, keep_all: bool) -> Result<Tally<'a>> {
        let progress = Some(ctx.out.progress(total, text!("goods")));
        let stream = (ctx.out.format == Format::Ndjson)
            .then(|| ctx.out.stream())
            .transpose()?;
        Ok(Tally {
            stream,
            progress,
            total,
            counts: HashMap::new(),
            unchanged: 0,
            unsent: Vec::new(),
            failed: Vec::new(),
            all: keep_all.then(Vec::new),
        })
    }

    fn hear(&mut self, ended: &Ended) {
        if let Some(progress) = &self.progress {
            progress.inc();
        }
        *self.counts.entry(ended.action).or_default() += 1;
        let failed = matches!(ended.state, Some(ItemState::Refused | ItemState::Unclear));
        let unsent = ended.state.is_none();
        if !(self.stream.is_some() || failed || unsent || self.all.is_some()) {
            return;
        }
        let event = Event {
            out_product_id: ended.key.clone(),
            state: ended.state.map_or("not_sent", ItemState::name),
            action: ended.action,
            errcode: ended.errcode,
            reason: ended.reason.clone(),
        };
        if let Some(stream) = &mut self.stream {
            // A reader that went away does not end the work; the summary tells whether it could be written.
            let _ = stream.push(&event);
        }
        if failed {
            self.failed.push(event.clone());
        }
        if unsent {
            self.unsent.push(event.clone());
        }
        if let Some(all) = &mut self.all {
            all.push(event);
        }
    }

    /// A job that went on to its end has no other word for what it could not send.
    fn count_unsent_as_failed(&mut self) {
        self.failed.append(&mut self.unsent);
    }

    /// Takes the bar away and writes out what was streamed.
    fn end_display(&mut self) -> Result<()> {
        self.progress = None;
        self.stream
            .take()
            .map_or(Ok(()), crate::output::Stream::finish)
    }

    fn for_failed_file(&self, lang: Lang) -> Vec<Failed> {
        let failed = |event: &Event| Failed {
            out_product_id: event.out_product_id.clone(),
            reason: event
                .reason
                .as_ref()
                .map_or_else(String::new, |reason| reason.render(lang)),
            field: None,
        };
        self.failed.iter().map(failed).collect()
    }

    fn into_report(
        self,
        run: i64,
        profile: &Profile,
        skipped_problems: u64,
        failed_files: Vec<std::path::PathBuf>,
        took: std::time::Duration,
    ) -> Report {
        let count = |action: &str| self.counts.get(action).copied().unwrap_or(0);
        let unchanged = self.unchanged + count(action::UNCHANGED);
        let failed = |state: ItemState| {
            let of_state = |event: &&Event| event.state == state.name();
            self.failed.iter().filter(of_state).count() as u64
        };
        let (refused, unclear) = (failed(ItemState::Refused), failed(ItemState::Unclear));
        let done = count(action::ADDED)
            + count(action::CONFIRMED)
            + count(action::UPDATED)
            + count(action::UPDATED_FREE)
            + unchanged;
        Report {
            run,
            profile: profile.label().to_owned(),
            status: "done",
            products: self.total,
            added: count(action::ADDED),
            confirmed: count(action::CONFIRMED),
            updated: count(action::UPDATED),
            updated_free: count(action::UPDATED_FREE),
            unchanged,
            refused,
            unclear,
            left: self.total.saturating_sub(done + refused + unclear),
            skipped_problems,
            images_uploaded: 0,
            seconds: took.as_secs_f64(),
            failed_files: failed_files
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
            failed: self.failed,
            all: self.all.unwrap_or_default(),
        }
    }
}
