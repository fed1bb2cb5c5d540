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

use crate::clock;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::state::runs::{Ended, ItemState, Items, Known, Memory};
use crate::text;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use journal::{Fed, Journal, Work, not_sent};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

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
pub const UNKNOWN_IN_A_ROW: u32 = 3;

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

/// Seconds that reads may lag behind what was sent.
pub const LAG: i64 = 60;
/// Between two looks in vain that together are a proof.
pub const LOOKS_APART: Duration = Duration::from_secs(4);

/// What a look told of an item of which nobody knows whether it was done.
#[derive(Debug)]
pub enum Look {
    /// It was done: the action, and what is remembered of it.
    Done(&'static str, Memory),
    /// It does not show.
    Missing,
    /// Nothing can be told.
    Unread,
}

/// Which of the looks at an item it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    First,
    Second,
}

/// Looks at the items of a job whose answers left it open, all together, once reads no longer lag behind what was sent:
/// what shows is done, and two looks in vain prove that it never arrived. What cannot be told stays as it is, and so does
/// everything once Ctrl-C is pressed.
pub async fn settle(
    unknown: &mut [Ended],
    items: &mut Items,
    interrupt: &Interrupt,
    note: impl Fn(Text),
    look: impl AsyncFn(&Ended, Round) -> Look,
) -> anyhow::Result<()> {
    if unknown.is_empty() || interrupt.pressed() {
        return Ok(());
    }
    note(text!(
        "{count} {count:answer was|answers were} lost; checking again in {seconds} s, when reads are up to date",
        count = unknown.len(),
        seconds = LAG
    ));
    if interrupt
        .pause(Duration::from_secs(LAG.unsigned_abs() + 1))
        .await
    {
        return Ok(());
    }
    let mut missing: Vec<&mut Ended> = Vec::new();
    for ended in unknown.iter_mut() {
        match look(ended, Round::First).await {
            Look::Done(action, memory) => is_done(ended, action, memory),
            Look::Missing => missing.push(ended),
            Look::Unread => {}
        }
    }
    if !missing.is_empty() && !interrupt.pause(LOOKS_APART).await {
        for ended in missing {
            match look(ended, Round::Second).await {
                Look::Done(action, memory) => is_done(ended, action, memory),
                Look::Missing => {
                    ended.state = Some(ItemState::Refused);
                    ended.errcode = None;
                    let problem = text!("WeChat never got it; the same command sends it");
                    // What came instead of an answer says who stands between.
                    ended.reason = Some(match ended.reason.take() {
                        Some(why) => text!("{problem} ({hint})", problem, hint = why),
                        None => problem,
                    });
                    if ended.before.is_none() {
                        // What the mark remembers never reached the shop.
                        ended.memory = Memory::Forgotten;
                    }
                }
                Look::Unread => {}
            }
        }
    }
    items.settle(unknown)
}

fn is_done(ended: &mut Ended, action: &'static str, memory: Memory) {
    ended.state = Some(ItemState::Done);
    (ended.action, ended.errcode, ended.reason) = (action, None, None);
    ended.memory = memory;
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

    /// Lets time pass, unless it is pressed; whether it was.
    pub async fn pause(&self, wait: Duration) -> bool {
        tokio::select! {
            () = clock::sleep(wait) => {}
            () = self.wait() => {}
        }
        self.pressed()
    }

    /// Returns at the first press.
    pub async fn wait(&self) {
        let wake = self.wake.notified();
        if !self.pressed() {
            wake.await;
        }
    }
}
