//! A catalogue that is sent: the run of what was planned and agreed to, and its report.

use super::component::Sendable;
use super::plan::{Action, Plan};
use super::report::{Event, OnEvent, Report, Tally, given_back, left_out, not_settled};
use super::send::{Options, Sender};
use super::sheet::catalogue::Catalogue;
use crate::bulk::journal::{Feed, Journal};
use crate::bulk::{self, Interrupt};
use crate::lang::{Lang, Text};
use crate::shop::Shop;
use crate::shop::job::stopped_by_hand;
use crate::state::quota::finish_estimate;
use crate::state::runs::{Ended, ItemState, Items, RunState};
use crate::text;
use crate::types::{now, rfc3339};
use anyhow::Result;
use std::path::Path;
use std::sync::Arc;

/// How a catalogue is sent.
#[derive(Debug, Clone)]
pub struct How<'a> {
    /// As the run is kept: `goods upload`.
    pub command: &'a str,
    /// How it was started, as it is kept with the run.
    pub job: String,
    /// Number of products to send in parallel.
    pub jobs: usize,
    /// Where rows that fail are written; beside each file where not said.
    pub failed_file: Option<&'a Path>,
    /// In which the reasons in that file are written.
    pub lang: Lang,
    /// Keep every result, for reports.
    pub keep_all: bool,
}

/// What became of a catalogue.
pub struct Uploaded {
    pub report: Report,
    /// What ended the job before its end.
    pub stopped: Option<anyhow::Error>,
    /// Something failed or was left out.
    pub partial: bool,
}

impl Shop {
    /// Sends what was planned. `told` hears of each product.
    pub async fn carry_out_upload<T: Sendable>(
        &self,
        catalogue: &Arc<Catalogue<T>>,
        plan: Plan,
        options: Options,
        how: &How<'_>,
        interrupt: Interrupt,
        on_event: OnEvent<'_>,
    ) -> Result<Uploaded> {
        let (state, shop_key) = (self.client.state(), self.client.shop_key());
        let limits = options.limits;
        let note = |words: Text| self.note(words);
        let not_compared = plan.totals.of(Action::NotCompared);
        let work = plan.work(catalogue);
        let (new, estimated) = (plan.totals.audits, plan.totals.of(Action::Update));
        let sender = Sender::new(
            self,
            shop_key.to_owned(),
            state.clone(),
            catalogue,
            options,
            plan,
            interrupt.clone(),
            &note,
        );
        let files = serde_json::to_string(&catalogue.file_names()).unwrap_or_default();
        let run = state.begin_run(shop_key, how.command, &files, &how.job, now())?;
        state.leave_out(run, left_out(catalogue.problems()))?;
        let batch = if limits.unlimited() { 1024 } else { 16 };
        let items = Items::open(state, shop_key, "goods")?;
        let feed = Feed {
            run,
            batch,
            // What an earlier run sent as it is was left out by the plan.
            recheck: true,
        };
        let mut journal = Journal::start(items, feed, work)?;
        if T::AUDITED && !limits.unlimited() {
            let spending = &state.slot_spending(shop_key, now())?;
            let estimate = finish_estimate(new + estimated, spending, limits, now());
            if estimate > now() {
                self.note(text!(
                    "if all products are new, the audit quota is enough by about {time}",
                    time = rfc3339(estimate)
                ));
            }
        }
        let total = catalogue.len() as u64;
        let mut tally = Tally::new(self, total, not_compared, on_event, how.keep_all);
        let mut unknown: Vec<Ended> = Vec::new();
        let started = std::time::Instant::now();
        let stopped = bulk::run(
            &mut journal,
            how.jobs,
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
        tally.end_progress();
        if kept.is_ok() && !unknown.is_empty() {
            let mut items = Items::open(state, shop_key, "goods")?;
            let look = async |ended: &Ended, _| sender.look(ended).await;
            kept = bulk::settle(&mut unknown, &mut items, &interrupt, note, look).await;
            for ended in &unknown {
                if ended.state == Some(ItemState::Refused) {
                    sender.never_arrived(&ended.key)?;
                }
                tally.hear(ended);
            }
        }
        let by_hand = || interrupt.pressed().then(stopped_by_hand);
        let stopped = kept.err().or(stopped).or_else(by_hand);
        if stopped.is_none() {
            tally.count_unsent_as_failed();
        }
        let written =
            catalogue.write_failed(&tally.for_failed_file(how.lang), how.failed_file, how.lang);
        let (failed_files, all_given_back) = given_back(written, run, self);
        let mut report = tally.into_report(
            run,
            catalogue.problems().len() as u64 + catalogue.more_problems(),
            failed_files,
            started.elapsed(),
        );
        report.images_uploaded = sender.images_uploaded.get();
        report.left_out = catalogue.problems().iter().map(Event::left_out).collect();
        let stopped = not_settled(stopped, report.unclear, report.left);
        let partial = report.failed() > 0 || report.skipped_problems > 0 || !all_given_back;
        let ended = match (&stopped, partial) {
            (Some(_), _) => RunState::Stopped,
            (None, true) => RunState::Partial,
            (None, false) => RunState::Done,
        };
        report.status = ended.name();
        let summary = serde_json::to_string(&report).unwrap_or_default();
        state.end_run(run, ended, &summary, now())?;
        Ok(Uploaded {
            report,
            stopped,
            partial,
        })
    }
}
