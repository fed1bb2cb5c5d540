//! `wxsell goods upload`: the whole way from files to a shop. Products are planned and sent in `shop`; here are the
//! options, the questions, and what is shown.

use super::check::refusal;
use super::plan::{self, Answer};
use super::read::ReadArgs;
use super::report::{Report, ReportFile, write_all};
use crate::api::component::goods::AddSpu;
use crate::commands::Ctx;
pub use crate::commands::job::Busy;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::model::price::PriceGuard;
use crate::model::product::{OnConflict, Rules};
use crate::profile::{Profile, Target};
use crate::shop::goods::component::Sendable;
use crate::shop::goods::report::{Event, OnEvent};
use crate::shop::goods::send::Options;
use crate::shop::goods::sheet::catalogue::Catalogue;
use crate::shop::goods::upload::{How, Uploaded};
use crate::state::quota::SlotLimits;
use crate::text;
use crate::types::share::Share;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Upload products from spreadsheets
///
/// Reads every file, checks everything, and only then sends what the shop does not have yet: new products are added,
/// changed ones updated (price, stock and codes without audit), the rest left alone. If it is killed or interrupted,
/// the same command continues where it stopped; nothing is sent twice.
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Args {
    #[command(flatten)]
    pub(super) read: ReadArgs,
    #[command(flatten)]
    pub(super) send: SendArgs,
    /// WeChat Store: change drafts only, not what buyers see, and submit nothing
    #[arg(long)]
    pub(super) draft: bool,
    /// WeChat Store: send at most N products that were not sent before
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,
}

/// How goods are sent.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize)]
pub struct SendArgs {
    /// Skip products with problems and send the others
    #[arg(long)]
    pub skip_bad: bool,
    /// Number of products to send in parallel
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
    /// Wait for audit quota instead of stopping
    #[arg(long)]
    pub wait: bool,
    /// Keep this share of the audit limits for other work, e.g. 20%
    #[arg(long, value_name = "PERCENT", default_value = "0%", value_parser = reserve)]
    pub reserve: u32,
    /// What to do if another job is running for the same shop
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
    /// Largest price drop that needs no confirmation, e.g. 90%; 100% allows any price
    ///
    /// The default is the profile's setting, or else 50%. You are also asked about prices that rise more than tenfold,
    /// and about new prices below a tenth of the list price. Without a terminal, nothing is sent and the exit code is
    /// 11; with --skip-bad these products are left out. For a WeChat Store, only these products are held back.
    #[arg(long, value_name = "PERCENT", value_parser = crate::profile::percent)]
    pub max_price_drop: Option<u32>,
    /// Which side wins if a field was changed in the shop since it was last sent: the sheet or the shop
    ///
    /// Without it you are asked; without a terminal, and in a WeChat Store, such products are held back. Stock is not
    /// compared.
    #[arg(long, value_enum, value_name = "WHICH")]
    pub on_conflict: Option<Wins>,
    /// Whether WeChat copies images from other hosts; `auto` does on the live platform and in the sandbox
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub rehost: Rehost,
    /// File for rows that fail (default: next to each source file)
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
            Failure::input(text!("--draft works only with a WeChat Store"))
                .hint(text!(
                    "the custom component submits every product for audit"
                ))
                .into(),
        );
    }
    if args.limit.is_some() {
        return Err(Failure::input(text!(
            "{option} works only with a WeChat Store",
            option = "--limit"
        ))
        .hint(text!(
            "split the file, or see what would be sent with --dry-run"
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
            "correct these cells, or skip these products with --skip-bad"
        ));
        return Err(failure.into());
    }
    if !catalogue.problems().is_empty() && args.remove_missing_skus {
        return Err(Failure::input(text!(
            "rows were skipped, so it is unknown which SKUs to remove"
        ))
        .hint(text!(
            "correct the files, or give --skip-bad without --remove-missing-skus"
        ))
        .into());
    }
    let profile = ctx.profile()?;
    let shop = ctx.shop().await?;
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
    let _one_job = shop.one_job(args.busy).await?;
    let interrupt = shop.interrupt();
    let answer = plan::ask(&catalogue, shop, &shop_key, &options, args.skip_bad, ctx).await?;
    let Answer { plan, go } = answer;
    if !go {
        return Err(Failure::input(text!("not confirmed; nothing was changed")).into());
    }
    let catalogue = Arc::new(catalogue);
    let how = How {
        command: match &args.done {
            Some((command, _)) => command,
            None if T::AUDITED => "goods upload",
            None => "goods price-stock",
        },
        job: ctx.job(),
        jobs: usize::from(args.jobs),
        failed_file: args.failed_file.as_deref(),
        lang: ctx.out.lang,
        keep_all: !args.report.is_empty(),
    };
    let mut stream = ctx
        .out
        .shows_each_item()
        .then(|| ctx.out.stream())
        .transpose()?;
    let mut push = stream.as_mut().map(|stream| {
        // A reader that went away does not end the work; the summary tells whether it could be written.
        move |event: &Event| drop(stream.push(event))
    });
    let on_event: OnEvent<'_> = push.as_mut().map(|push| push as &mut dyn FnMut(&Event));
    let uploaded = shop
        .carry_out_upload(&catalogue, plan, options, &how, interrupt, on_event)
        .await?;
    if let Some(stream) = stream {
        stream.finish()?;
    }
    let Uploaded {
        report,
        stopped,
        partial,
    } = uploaded;
    let run = report.run;
    // A report that cannot be shown is no reason not to write the others.
    let shown = match &args.done {
        Some((_, done)) if report.failed() == 0 && stopped.is_none() && ctx.out.is_for_people() => {
            ctx.out.note(match report.unchanged {
                0 => done.clone(),
                _ => text!("no change: the shop already has these values; nothing was sent"),
            });
            Ok(())
        }
        _ => ctx.out.report(&report, &report.failed),
    };
    if stopped.is_none() && T::AUDITED && args.done.is_none() {
        note_in_audit(report.added + report.updated, ctx);
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
    if stopped.is_none() {
        note_not_compared(report.not_compared, ctx);
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
                    0 => text!("run the same command again: it continues where it stopped"),
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

/// Says how many products are in audit, and how to follow them.
pub fn note_in_audit(count: u64, ctx: &Ctx) {
    if count > 0 && ctx.out.is_for_people() {
        ctx.out.note(text!(
            "{count} {count:product is|products are} in audit; buyers see {count:it|them} once it has passed",
            count
        ));
        ctx.out.next("wxsell goods list --audit in-audit");
    }
}

/// Says that products were taken as they were sent before.
pub(super) fn note_not_compared(count: u64, ctx: &Ctx) {
    match count {
        0 => {}
        1 => ctx.out.note(text!(
            "1 product was sent before as it is and not compared with the shop; --fresh compares it"
        )),
        count => ctx.out.note(text!(
            "{count} products were sent before as they are and not compared with the shop; --fresh compares them",
            count
        )),
    }
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
