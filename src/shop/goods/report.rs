//! What an upload comes to: results as they come, counted, and the report at its end.

use super::send::action;
use super::sheet::failed::{Failed, Written};
use super::sheet::problem::Problem;
use crate::fail::{Failure, Kind, failure};
use crate::lang::{Lang, Text};
use crate::shop::Shop;
use crate::state::runs::{Ended, ItemState, LeftOut};
use crate::text;
use serde::Serialize;
use std::collections::HashMap;

/// The result of an upload.
#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
pub struct Report {
    pub run: i64,
    pub profile: String,
    /// `done`, `partial`, `stopped`, or `refused` where files have problems and nothing was sent.
    pub status: &'static str,
    pub products: u64,
    pub added: u64,
    /// Sent by an earlier run that never heard the answer, and found as sent.
    pub confirmed: u64,
    pub updated: u64,
    /// Changed without an audit.
    pub updated_free: u64,
    /// Compared with the shop.
    pub unchanged: u64,
    /// Sent before as they are; the shop was not asked.
    pub not_compared: u64,
    /// Price and stock are changed, the rest was refused.
    pub partial: u64,
    /// Not sent: somebody has to decide first.
    pub held: u64,
    pub refused: u64,
    /// Sent without an answer; the next run looks them up.
    pub unclear: u64,
    /// Not sent yet.
    pub left: u64,
    /// Problems of products that `--skip-bad` left out.
    pub skipped_problems: u64,
    pub images_uploaded: u64,
    pub seconds: f64,
    /// Files with the failed rows and a reason each, ready to be corrected and uploaded.
    pub failed_files: Vec<String>,
    pub failed: Vec<Event>,
    /// Products and rows that were left out, and why.
    pub left_out: Vec<Event>,
    #[serde(skip)]
    pub all: Vec<Event>,
}

impl Report {
    /// Products that failed.
    pub fn failed(&self) -> u64 {
        self.failed.len() as u64
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
    pub fn left_out(problem: &Problem) -> Event {
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

impl Event {
    /// A product that a later run sends.
    pub fn left_for_later(out_product_id: String, why: &Failure) -> Event {
        Event {
            out_product_id,
            state: "not_sent",
            action: action::NONE,
            errcode: why.errcode,
            reason: Some(match &why.hint {
                Some(hint) => text!(
                    "{problem} ({hint})",
                    problem = why.message.clone(),
                    hint = hint.clone()
                ),
                None => why.message.clone(),
            }),
        }
    }
}

/// What ended a job, unless that was only that answers were lost: where all of those are settled, and nothing is left, the
/// job came to its end.
pub fn not_settled(
    stopped: Option<anyhow::Error>,
    unclear: u64,
    left: u64,
) -> Option<anyhow::Error> {
    stopped.filter(|error| {
        let lost =
            failure(error).is_some_and(|found| matches!(found.kind, Kind::Network | Kind::Unknown));
        !lost || unclear + left > 0
    })
}

/// Told of each result.
pub type OnEvent<'a> = Option<&'a mut dyn FnMut(&Event)>;

/// Counts results as they come.
pub struct Tally<'s, 't> {
    shop: &'s Shop,
    total: u64,
    counts: HashMap<&'static str, u64>,
    /// How many ended well.
    pub done: u64,
    /// Sent before as they are; the shop was not asked.
    not_compared: u64,
    /// What could not be sent: the job ended over it, or the connection broke for it alone.
    pub unsent: Vec<Event>,
    pub failed: Vec<Event>,
    /// Told of each result as it comes, where somebody wants that.
    on_event: OnEvent<'t>,
    /// Every product, where a report wants them.
    pub all: Option<Vec<Event>>,
}

impl<'s, 't> Tally<'s, 't> {
    pub fn new(
        shop: &'s Shop,
        total: u64,
        not_compared: u64,
        on_event: OnEvent<'t>,
        keep_all: bool,
    ) -> Tally<'s, 't> {
        shop.observer.begin(total, text!("goods"));
        // After a resume, what is done is done.
        shop.observer.were_done(not_compared);
        Tally {
            shop,
            on_event,
            total,
            counts: HashMap::new(),
            done: 0,
            not_compared,
            unsent: Vec::new(),
            failed: Vec::new(),
            all: keep_all.then(Vec::new),
        }
    }

    /// Takes a result in.
    pub fn hear(&mut self, ended: &Ended) {
        self.shop.observer.step();
        let failed = matches!(
            ended.state,
            Some(ItemState::Refused | ItemState::Unclear | ItemState::Partial | ItemState::Held)
        );
        if !failed {
            *self.counts.entry(ended.action).or_default() += 1;
        }
        let unsent = ended.state.is_none();
        self.done += u64::from(!failed && !unsent);
        if !(self.on_event.is_some() || failed || unsent || self.all.is_some()) {
            return;
        }
        let event = Event {
            out_product_id: ended.key.clone(),
            state: ended.state.map_or("not_sent", ItemState::name),
            action: ended.action,
            errcode: ended.errcode,
            reason: ended.reason.clone(),
        };
        if let Some(on_event) = &mut self.on_event {
            on_event(&event);
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
    pub fn count_unsent_as_failed(&mut self) {
        self.failed.append(&mut self.unsent);
    }

    /// No more results come.
    pub fn end_progress(&self) {
        self.shop.observer.end();
    }

    /// The products whose rows are given back.
    pub fn for_failed_file(&self, lang: Lang) -> Vec<Failed> {
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
    pub fn count(&self, action: &str) -> u64 {
        self.counts.get(action).copied().unwrap_or(0)
    }

    /// Products that ended so.
    pub fn failed_as(&self, state: ItemState) -> u64 {
        let of_state = |event: &&Event| event.state == state.name();
        self.failed.iter().filter(of_state).count() as u64
    }

    /// What it comes to.
    pub fn into_report(
        self,
        run: i64,
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
            profile: self.shop.name.clone(),
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

/// Says which rows that failed could not be given back; the others are lost over none of them.
pub fn given_back(written: Written, run: i64, shop: &Shop) -> (Vec<std::path::PathBuf>, bool) {
    let all = written.problems.is_empty();
    for error in written.problems {
        shop.warn(text!(
            "cannot write the failed rows: {why}; `wxsell run failed {run}` lists them",
            why = Failure::from_any(error).message,
            run
        ));
    }
    (written.files, all)
}

/// What the run leaves out, to be kept with it.
pub fn left_out(problems: &[Problem]) -> impl Iterator<Item = LeftOut> {
    problems.iter().map(|problem| LeftOut {
        key: problem
            .out_product_id
            .clone()
            .unwrap_or_else(|| problem.location()),
        place: problem.location(),
        reason: problem.message.clone(),
    })
}
