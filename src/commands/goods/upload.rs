//! `wxsell goods upload`: the whole way from files to a shop. Products are planned and sent in `shop`; here are the
//! options, the questions, the run and its report.
//!
//! Long because options, questions, run and report of one command are read together.

use super::check::refusal;
use super::plan::{self, Answer};
use super::read::ReadArgs;
use super::report::{Report, ReportFile, write_all};
use crate::api::component::goods::AddSpu;
use crate::bulk::journal::{Feed, Journal};
use crate::bulk::{self, Interrupt};
use crate::commands::Ctx;
pub use crate::commands::job::Busy;
use crate::commands::job::one_job;
use crate::fail::{Failure, Kind};
use crate::lang::{Lang, Text};
use crate::model::price::PriceGuard;
use crate::model::product::{OnConflict, Rules};
use crate::profile::{Profile, Target};
use crate::shop::goods::component::Sendable;
use crate::shop::goods::plan::Action;
use crate::shop::goods::send::{Options, Sender, action};
use crate::shop::goods::sheet::catalogue::Catalogue;
use crate::shop::goods::sheet::failed::{Failed, Written};
use crate::shop::goods::sheet::problem::Problem;
use crate::state::quota::{SlotLimits, finish_estimate};
use crate::state::runs::{Ended, ItemState, Items, LeftOut, RunState};
use crate::text;
use crate::types::share::Share;
use crate::types::{now, rfc3339};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// Upload products from spreadsheets
///
/// Reads every file, checks everything, and only then sends what the shop does not have yet: new goods are added,
/// changed ones updated (price, stock and codes without audit), the rest left alone. Killed or interrupted, the same
/// command goes on where it stopped; nothing is sent twice.
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Args {
    #[command(flatten)]
    pub(super) read: ReadArgs,
    #[command(flatten)]
    pub(super) send: SendArgs,
    /// WeChat Store: keep drafts, and hand nothing to the audit
    #[arg(long)]
    pub(super) draft: bool,
    /// WeChat Store: send at most N products that were not sent before
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,
}

/// How goods are sent.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize)]
pub struct SendArgs {
    /// Leave out products with problems and send the others
    #[arg(long)]
    pub skip_bad: bool,
    /// Products sent at the same time
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
    /// Wait for audit quota instead of stopping
    #[arg(long)]
    pub wait: bool,
    /// Keep this share of the audit limits for other work, e.g. 20%
    #[arg(long, value_name = "PERCENT", default_value = "0%", value_parser = reserve)]
    pub reserve: u32,
    /// What to do while another job works for the same shop
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    pub busy: Busy,
    /// Remove SKUs that the shop has and the files do not
    #[arg(long)]
    pub remove_missing_skus: bool,
    /// Withdraw changed products from audit and resubmit
    #[arg(long)]
    pub withdraw_audit: bool,
    /// Also re-check products that were already uploaded
    #[arg(long = "fresh", alias = "recheck")]
    pub recheck: bool,
    /// The command that sends one product, and what it says once that is done, instead of a report.
    #[arg(skip)]
    #[serde(skip)]
    pub done: Option<(&'static str, Text)>,
    /// How far a price may fall without being asked about, e.g. 90%; 100% lets every price pass
    ///
    /// Without it the profile's setting holds, else 50%. Prices that rise above tenfold, and new ones below a tenth of
    /// their list price, are asked about as well. Where nobody can be asked, nothing is sent and the exit code is 11;
    /// with --skip-bad these products are left out.
    #[arg(long, value_name = "PERCENT", value_parser = crate::profile::percent)]
    pub max_price_drop: Option<u32>,
    /// What wins where somebody else changed a field in the shop since it was sent last: the sheet or the shop
    ///
    /// Without it you are asked; where nobody can be asked, such a product is held back. Stock is not looked at.
    #[arg(long, value_enum, value_name = "WHICH")]
    pub on_conflict: Option<Wins>,
    /// Whether WeChat copies images from other hosts; `auto` does on the live platform and in the sandbox
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub rehost: Rehost,
    /// Where rows that fail are written; beside each file where not given
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    pub failed_file: Option<std::path::PathBuf>,
    /// Also write a report for CI: `junit=FILE` or `json=FILE` (can be repeated)
    #[arg(long, value_name = "KIND=FILE")]
    pub report: Vec<ReportFile>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rehost {
    #[default]
    Auto,
    Always,
    Never,
}

/// What wins over the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wins {
    Sheet,
    Shop,
}

fn reserve(text: &str) -> Result<u32, Text> {
    Share::percent(text, 0..=99)
}

impl Args {
    /// The files as they were named.
    pub fn files(&self) -> &[String] {
        &self.read.files
    }
}

pub async fn run(args: Args, ctx: &Ctx) -> Result<()> {
    if args.draft {
        return Err(
            Failure::input(text!("--draft works for a WeChat Store alone"))
                .hint(text!(
                    "the custom component hands every product to the audit"
                ))
                .into(),
        );
    }
    if args.limit.is_some() {
        return Err(Failure::input(text!(
            "{option} works for a WeChat Store alone",
            option = "--limit"
        ))
        .hint(text!(
            "cut the file, or see what would be sent with --dry-run"
        ))
        .into());
    }
    let catalogue: Catalogue<AddSpu> = args.read.read(ctx).await?;
    send(catalogue, &args.send, ctx).await
}

impl SendArgs {
    pub(super) fn on_conflict(&self) -> OnConflict {
        match self.on_conflict {
            None => OnConflict::Hold,
            Some(Wins::Sheet) => OnConflict::Sheet,
            Some(Wins::Shop) => OnConflict::Shop,
        }
    }

    fn options(&self, profile: &Profile) -> Options {
        Options {
            limits: limits(profile, self.reserve),
            wait: self.wait,
            rules: Rules {
                remove_missing: self.remove_missing_skus,
                withdraw: self.withdraw_audit,
                on_conflict: self.on_conflict(),
                guard: PriceGuard {
                    max_drop: self.max_price_drop.unwrap_or(profile.max_price_drop),
                },
            },
            recheck: self.recheck,
            rehost: rehosts(self, profile),
        }
    }
}

/// Sends a catalogue to the shop of the profile and reports.
pub async fn send<T: Sendable>(catalogue: Catalogue<T>, args: &SendArgs, ctx: &Ctx) -> Result<()> {
    let nothing_to_send = catalogue.is_empty() && catalogue.has_unsound_headings();
    if !catalogue.problems().is_empty() && (!args.skip_bad || nothing_to_send) {
        write_all(&args.report, &refused(&catalogue, ctx)?, &ctx.out);
        super::problem::list(&ctx.out.with_all_columns(), catalogue.problems())?;
        let failure = refusal(&catalogue).hint(text!(
            "correct the cells named, or leave these products out with --skip-bad"
        ));
        return Err(failure.into());
    }
    if !catalogue.problems().is_empty() && args.remove_missing_skus {
        return Err(Failure::input(text!(
            "rows were left out, so that nobody knows which SKUs are to be removed"
        ))
        .hint(text!(
            "correct the files, or give --skip-bad without --remove-missing-skus"
        ))
        .into());
    }
    let profile = ctx.profile()?;
    let shop = ctx.shop().await?;
    let state = ctx.state()?;
    let shop_key = profile.shop_key();
    let mut options = args.options(profile);
    // What is to be removed stands in no sheet, so that an unchanged sheet says nothing about it; and price and stock
    // are meant as they are now.
    options.recheck |= args.remove_missing_skus || !T::AUDITED;
    if ctx.global.dry_run {
        return plan::show(&catalogue, shop, &shop_key, &options, ctx).await;
    }
    ctx.out.check_report::<Report, Event>()?;
    catalogue.check_failed_files(args.failed_file.as_deref())?;
    args.report.iter().try_for_each(ReportFile::check)?;
    ctx.before_write(None).await?;
    let _one_job = one_job(ctx, &shop_key, args.busy).await?;
    let interrupt = {
        let out = ctx.out.clone();
        Interrupt::listen(move || {
            out.warn(text!(
                "finishing what is under way; Ctrl-C again ends at once"
            ))
        })
    };
    let answer = plan::ask(&catalogue, shop, &shop_key, &options, args.skip_bad, ctx).await?;
    let Answer { plan, go } = answer;
    if !go {
        return Err(Failure::input(text!("not confirmed; nothing was changed")).into());
    }
    let catalogue = Arc::new(catalogue);
    let limits = options.limits;
    let note = |words: Text| ctx.out.note(words);
    let not_compared = plan.totals.of(Action::NotCompared);
    let work = plan.work(&catalogue);
    let (new, estimated) = (plan.totals.audits, plan.totals.of(Action::Update));
    let sender = Sender::new(
        shop,
        shop_key.clone(),
        state.clone(),
        &catalogue,
        options,
        plan,
        interrupt.clone(),
        &note,
    );

    let files = serde_json::to_string(&catalogue.file_names()).unwrap_or_default();
    let run = state.begin_run(
        &shop_key,
        match &args.done {
            Some((command, _)) => command,
            None if T::AUDITED => "goods upload",
            None => "goods price-stock",
        },
        &files,
        &ctx.job(),
        now(),
    )?;
    state.leave_out(run, left_out(catalogue.problems()))?;
    let batch = if limits.unlimited() { 1024 } else { 16 };
    let items = Items::open(state, &shop_key, "goods")?;
    let feed = Feed {
        run,
        batch,
        // What an earlier run sent as it is was left out by the plan.
        recheck: true,
    };
    let mut journal = Journal::start(items, feed, work)?;

    if T::AUDITED && !limits.unlimited() {
        let spending = &state.slot_spending(&shop_key, now())?;
        let estimate = finish_estimate(new + estimated, spending, limits, now());
        if estimate > now() {
            ctx.out.note(text!(
                "within the audit quota this takes until about {time}, if all of it is new",
                time = rfc3339(estimate)
            ));
        }
    }
    let total = catalogue.len() as u64;
    let mut tally = Tally::new(ctx, total, not_compared, !args.report.is_empty())?;
    let mut unknown: Vec<Ended> = Vec::new();
    let started = std::time::Instant::now();
    let stopped = bulk::run(
        &mut journal,
        usize::from(args.jobs),
        &interrupt,
        |fed| sender.send(fed),
        |ended| match ended.state {
            // Told when it is settled with the others.
            Some(ItemState::Unclear) => unknown.push(ended.clone()),
            _ => tally.hear(ended),
        },
    )
    .await;
    let mut kept = journal.close();
    if kept.is_ok() && !unknown.is_empty() {
        tally.end_progress();
        let mut items = Items::open(state, &shop_key, "goods")?;
        let look = async |ended: &Ended, _| sender.look(ended).await;
        kept = bulk::settle(&mut unknown, &mut items, &interrupt, note, look).await;
        for ended in &unknown {
            if ended.state == Some(ItemState::Refused) {
                sender.never_arrived(&ended.key)?;
            }
            tally.hear(ended);
        }
    }
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
    let written = catalogue.write_failed(
        &tally.for_failed_file(ctx.out.lang),
        args.failed_file.as_deref(),
        ctx.out.lang,
    );
    let (failed_files, all_given_back) = given_back(written, run, ctx);
    let mut report = tally.into_report(
        run,
        profile,
        catalogue.problems().len() as u64 + catalogue.more_problems(),
        failed_files,
        started.elapsed(),
    );
    report.images_uploaded = sender.images_uploaded.get();
    report.left_out = catalogue.problems().iter().map(Event::left_out).collect();
    let partial = report.failed() > 0 || report.skipped_problems > 0 || !all_given_back;
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
    // A report that cannot be shown is no reason not to write the others.
    let shown = match &args.done {
        Some((_, done)) if report.failed() == 0 && stopped.is_none() && ctx.out.is_for_people() => {
            ctx.out.note(match report.unchanged {
                0 => done.clone(),
                _ => text!("the shop has it so already; nothing was sent"),
            });
            Ok(())
        }
        _ => report.show(&ctx.out),
    };
    if stopped.is_none() && T::AUDITED && args.done.is_none() {
        let audits = report.added + report.updated;
        if audits > 0 && ctx.out.is_for_people() {
            ctx.out.note(text!(
                "{count} {count:product is|products are} in audit; buyers see {count:it|them} once it has passed",
                count = audits
            ));
            ctx.out.next("wxsell goods list --audit in-audit");
        }
    }
    let reported = write_all(&args.report, &report, &ctx.out);
    shown?;
    if stopped.is_none() && !partial {
        for file in catalogue.outdated_failed_files() {
            ctx.out.note(text!(
                "{file} holds rows that failed in an earlier run; it is no longer needed",
                file = file.display().to_string()
            ));
        }
    }
    if report.not_compared > 0 && stopped.is_none() {
        ctx.out.note(match report.not_compared {
            1 => text!(
                "1 product was sent before as it is and not compared with the shop; --fresh compares it"
            ),
            count => text!(
                "{count} products were sent before as they are and not compared with the shop; --fresh compares them",
                count
            ),
        });
    }
    match stopped {
        Some(error) => Err(error),
        None if report.failed() == 0 && partial => Err(Failure {
            shown: true,
            ..Failure::new(
                Kind::Partial,
                match (report.failed_files.is_empty(), report.skipped_problems) {
                    (false, 1) => text!(
                        "1 problem kept a product from being sent; its rows are in {files}",
                        files = report.failed_files.join(", ")
                    ),
                    (true, 1) => text!(
                        "1 problem kept a product from being sent; `wxsell run failed {run}` shows it",
                        run
                    ),
                    (false, _) => text!(
                        "{count} problems kept products from being sent; their rows are in {files}",
                        count = report.skipped_problems,
                        files = report.failed_files.join(", ")
                    ),
                    (true, _) => text!(
                        "{count} problems kept products from being sent; `wxsell run failed {run}` lists them",
                        count = report.skipped_problems,
                        run
                    ),
                },
            )
        }
        .into()),
        None if partial => Err(Failure {
            shown: true,
            ..Failure::new(Kind::Partial, text!("{failed} of {products} {products:product|products} failed", failed = report.failed(), products = report.products)).hint(
                match report.refused + report.unclear + report.partial + report.held {
                    0 => text!("run the same command again: it goes on where it stopped"),
                    _ => text!("correct the failed rows and upload that file; `wxsell run failed {run}` lists them again", run),
                },
            )
        }
        .into()),
        None if !reported => Err(Failure {
            shown: true,
            ..Failure::new(Kind::Partial, text!("a report could not be written"))
        }
        .into()),
        None => Ok(()),
    }
}

/// Says which rows that failed could not be given back; the others are lost over none of them.
pub(super) fn given_back(written: Written, run: i64, ctx: &Ctx) -> (Vec<std::path::PathBuf>, bool) {
    let all = written.problems.is_empty();
    for error in written.problems {
        ctx.out.warn(text!(
            "rows that failed could not be given back: {why}; `wxsell run failed {run}` lists them",
            why = Failure::from_any(error).message,
            run
        ));
    }
    (written.files, all)
}

/// The report of files that are not sent since something is wrong in them.
fn refused<T: Sendable>(catalogue: &Catalogue<T>, ctx: &Ctx) -> Result<Report> {
    let left_out: Vec<Event> = catalogue.problems().iter().map(Event::left_out).collect();
    Ok(Report {
        profile: ctx.profile()?.label().to_owned(),
        status: "refused",
        products: catalogue.counts().products,
        left: catalogue.counts().products,
        skipped_problems: left_out.len() as u64 + catalogue.more_problems(),
        left_out,
        ..Report::default()
    })
}

/// What the run leaves out, to be kept with it.
pub(super) fn left_out(problems: &[Problem]) -> impl Iterator<Item = LeftOut> {
    problems.iter().map(|problem| LeftOut {
        key: problem
            .out_product_id
            .clone()
            .unwrap_or_else(|| problem.location()),
        place: problem.location(),
        reason: problem.message.clone(),
    })
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

/// One product's result, as it happens: a line of `--format ndjson`.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Event {
    pub out_product_id: String,
    /// `done`, `partial`, `held`, `refused`, `unclear` or `not_sent`.
    pub state: &'static str,
    /// `added`, `updated`, `updated_free`, `unchanged`, `confirmed` or `none`.
    pub action: &'static str,
    pub errcode: Option<i64>,
    pub reason: Option<Text>,
}

impl Event {
    /// A product, or a row without one, that `--skip-bad` left out.
    pub(super) fn left_out(problem: &Problem) -> Event {
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
pub(super) struct Tally<'a> {
    progress: Option<crate::output::Progress>,
    total: u64,
    counts: HashMap<&'static str, u64>,
    /// How many ended well.
    pub(super) done: u64,
    /// Sent before as they are; the shop was not asked.
    not_compared: u64,
    /// What could not be sent: the job ended over it, or the connection broke for it alone.
    pub(super) unsent: Vec<Event>,
    pub(super) failed: Vec<Event>,
    /// Results as they come, in NDJSON.
    stream: Option<crate::output::Stream<'a, Event>>,
    /// Every product, where a report wants them.
    pub(super) all: Option<Vec<Event>>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(
        ctx: &'a Ctx,
        total: u64,
        not_compared: u64,
        keep_all: bool,
    ) -> Result<Tally<'a>> {
        let progress = ctx.out.progress(total, text!("goods"));
        // After a resume, what is done is done.
        progress.set(not_compared);
        let progress = Some(progress);
        let stream = ctx
            .out
            .shows_each_item()
            .then(|| ctx.out.stream())
            .transpose()?;
        Ok(Tally {
            stream,
            progress,
            total,
            counts: HashMap::new(),
            done: 0,
            not_compared,
            unsent: Vec::new(),
            failed: Vec::new(),
            all: keep_all.then(Vec::new),
        })
    }

    pub(super) fn hear(&mut self, ended: &Ended) {
        if let Some(progress) = &self.progress {
            progress.inc();
        }
        let failed = matches!(
            ended.state,
            Some(ItemState::Refused | ItemState::Unclear | ItemState::Partial | ItemState::Held)
        );
        if !failed {
            *self.counts.entry(ended.action).or_default() += 1;
        }
        let unsent = ended.state.is_none();
        self.done += u64::from(!failed && !unsent);
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

    pub(super) fn end_progress(&mut self) {
        self.progress = None;
    }

    /// Takes the bar away and writes out what was streamed.
    pub(super) fn end_display(&mut self) -> Result<()> {
        self.progress = None;
        self.stream
            .take()
            .map_or(Ok(()), crate::output::Stream::finish)
    }

    pub(super) fn for_failed_file(&self, lang: Lang) -> Vec<Failed> {
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

    /// Products with which this was done.
    pub(super) fn count(&self, action: &str) -> u64 {
        self.counts.get(action).copied().unwrap_or(0)
    }

    /// Products that ended so.
    pub(super) fn failed_as(&self, state: ItemState) -> u64 {
        let of_state = |event: &&Event| event.state == state.name();
        self.failed.iter().filter(of_state).count() as u64
    }

    fn into_report(
        self,
        run: i64,
        profile: &Profile,
        skipped_problems: u64,
        failed_files: Vec<std::path::PathBuf>,
        took: std::time::Duration,
    ) -> Report {
        let count = |action: &str| self.count(action);
        let unchanged = count(action::UNCHANGED);
        let failed = |state: ItemState| self.failed_as(state);
        let (refused, unclear) = (failed(ItemState::Refused), failed(ItemState::Unclear));
        let (partial, held) = (failed(ItemState::Partial), failed(ItemState::Held));
        let done = count(action::ADDED)
            + count(action::CONFIRMED)
            + count(action::UPDATED)
            + count(action::UPDATED_FREE)
            + unchanged
            + self.not_compared;
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
            not_compared: self.not_compared,
            partial,
            held,
            refused,
            unclear,
            left: self
                .total
                .saturating_sub(done + refused + unclear + partial + held),
            skipped_problems,
            images_uploaded: 0,
            seconds: took.as_secs_f64(),
            failed_files: failed_files
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
            failed: self.failed,
            left_out: Vec::new(),
            all: self.all.unwrap_or_default(),
        }
    }
}
