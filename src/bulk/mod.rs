//! Many items of one kind: read, marked, sent N at a time, their results kept. Knows no noun.

pub mod csv;
mod encoding;
pub mod failed;
pub mod inputs;
pub mod journal;
pub mod json;
pub mod number;
pub mod sheet;
pub mod source;
pub mod spool;
pub mod table;
pub mod xlsx;

use crate::fail::{Failure, Kind};
use crate::state::runs::{Ended, ItemState, Known, Memory};
use crate::text;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use journal::{Fed, Journal, Work, not_sent};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// What one item's work led to.
pub struct Outcome {
    pub ended: Ended,
    /// `Some` ends the job: what is under way is finished, nothing more is begun.
    pub stop: Option<anyhow::Error>,
}

/// Items in a row that could not be sent for want of a connection, after which the job ends.
const LOST_IN_A_ROW: u32 = 5;
/// Items in a row of which nobody knows whether they were done, after which it ends: something between this machine and
/// WeChat answers in its place.
const UNKNOWN_IN_A_ROW: u32 = 3;

/// What the result of one item's work means for the item and for the job. `action` is told of what was done. A failure
/// for which `ends_the_job` holds ends the job and leaves the item as it was, unless nobody knows whether it was sent;
/// `lost_in_a_row` counts answers that were lost, over all items.
pub fn outcome(
    key: String,
    before: Option<Known>,
    result: anyhow::Result<&'static str>,
    nothing: &'static str,
    lost_in_a_row: &std::cell::Cell<u32>,
    ends_the_job: impl Fn(&Failure) -> bool,
) -> Outcome {
    let mut ended = Ended {
        key,
        state: Some(ItemState::Done),
        before,
        action: nothing,
        errcode: None,
        reason: None,
        memory: Memory::Kept,
    };
    let error = match result {
        Ok(action) => {
            lost_in_a_row.set(0);
            ended.action = action;
            return Outcome { ended, stop: None };
        }
        Err(error) => error,
    };
    let found = Failure::from_any(error);
    ended.errcode = found.errcode;
    // The request id is what WeChat's support asks for.
    let problem = match &found.rid {
        Some(rid) => text!("{problem}, rid {rid}", problem = found.message.clone(), rid),
        None => found.message.clone(),
    };
    ended.reason = Some(match &found.hint {
        Some(hint) => text!("{problem} ({hint})", problem, hint = hint.clone()),
        None => problem,
    });
    let lost = matches!(found.kind, Kind::Network | Kind::Unknown);
    lost_in_a_row.set(if lost { lost_in_a_row.get() + 1 } else { 0 });
    let most = match found.kind {
        Kind::Unknown => UNKNOWN_IN_A_ROW,
        _ => LOST_IN_A_ROW,
    };
    let stop = ends_the_job(&found) || lost_in_a_row.get() >= most;
    ended.state = match (lost, found.unclear) {
        (_, true) => Some(ItemState::Unclear),
        (true, false) => None,
        (false, false) if stop => None,
        (false, false) => Some(ItemState::Refused),
    };
    Outcome {
        ended,
        stop: stop.then(|| found.into()),
    }
}

/// Runs marked work, `at_once` items at a time, until it is all done, something stops it, or Ctrl-C is pressed.
/// `heard` is told of every result after it was handed to the journal. Returns what stopped the job.
pub async fn run<W: Work, F: Future<Output = Outcome>>(
    journal: &mut Journal<W>,
    at_once: usize,
    interrupt: &Interrupt,
    work: impl Fn(Fed<W>) -> F,
    mut heard: impl FnMut(&Ended),
) -> Option<anyhow::Error> {
    let mut under_way = FuturesUnordered::new();
    let mut stopped: Option<anyhow::Error> = None;
    let mut more = true;
    loop {
        if more && (stopped.is_some() || interrupt.pressed() || journal.broken()) {
            more = false;
            journal.stop();
            journal.jobs.close();
            while let Ok(fed) = journal.jobs.try_recv() {
                journal.record(not_sent(&fed));
            }
        }
        tokio::select! {
            biased;
            Some(outcome) = under_way.next(), if !under_way.is_empty() => {
                let Outcome { ended, stop } = outcome;
                heard(&ended);
                journal.record(ended);
                stopped = stopped.or(stop);
            }
            fed = journal.jobs.recv(), if more && under_way.len() < at_once => match fed {
                Some(fed) => under_way.push(work(fed)),
                None => more = false,
            },
            () = interrupt.wait(), if more => {}
            else => return stopped,
        }
    }
}

/// Ctrl-C: the first asks to finish what is under way, the second ends the program.
#[derive(Clone, Default)]
pub struct Interrupt {
    presses: Arc<AtomicU8>,
    wake: Arc<tokio::sync::Notify>,
}

impl Interrupt {
    /// Starts to listen; `first` is called at the first press.
    pub fn listen(first: impl Fn() + 'static + Send) -> Interrupt {
        let interrupt = Interrupt::default();
        let heard = interrupt.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                if heard.presses.fetch_add(1, Ordering::Relaxed) > 0 {
                    // The second Ctrl-C means now; the journal bears it.
                    std::process::exit(i32::from(crate::fail::Kind::Stopped.exit_code()));
                }
                first();
                heard.wake.notify_waiters();
            }
        });
        interrupt
    }

    pub fn pressed(&self) -> bool {
        self.presses.load(Ordering::Relaxed) > 0
    }

    /// Returns at the first press.
    pub async fn wait(&self) {
        let wake = self.wake.notified();
        if !self.pressed() {
            wake.await;
        }
    }
}
