//! The journal of a run: one thread that reads the work, marks it before it is handed out, and writes results.
//!
//! A mark is on disk before its call is made, so that after a crash every item that may have been sent is known and
//! can be looked up. Marks are written for a batch at a time, in the same commit as the results that have gathered:
//! an item that was marked and never sent costs one look-up on resume, nothing else.

use crate::fail::Failure;
use crate::state::runs::{Ended, ItemState, Items, Known, Memory, SentMark};
use crate::text;
use anyhow::Result;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc;

/// How often a full queue is looked at; far less than the time in which it is emptied.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Something that is sent at most once.
pub trait Work: Send + 'static {
    /// What is written about it before it is sent.
    fn mark(&self) -> SentMark;

    /// What is to be remembered of it with the mark, where nothing was known of it before.
    fn memory(&self) -> &[u8] {
        &[]
    }
}

/// Work that is marked and may be sent.
#[derive(Debug)]
pub struct Fed<W> {
    pub work: W,
    /// What was written about it.
    pub mark: SentMark,
    /// What earlier runs knew; an item in state `sent` or `unclear` must be looked up before it is sent.
    pub before: Option<Known>,
    /// What is remembered of it as it was sent last.
    pub memory: Option<Vec<u8>>,
}

/// How a run treats what earlier runs did.
#[derive(Debug, Clone, Copy)]
pub struct Feed {
    pub run: i64,
    /// Marks a commit. Small where little is sent in an hour, large where thousands are sent in a second.
    pub batch: usize,
    /// Hand out also what is done and has not changed.
    pub recheck: bool,
}

/// The other end of the journal's thread.
pub struct Journal<W> {
    /// Marked work, in the order of its source.
    pub jobs: mpsc::Receiver<Fed<W>>,
    results: Option<Sender<Ended>>,
    thread: Option<JoinHandle<Result<()>>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    broken: AtomicBool,
    unchanged: AtomicU64,
}

impl<W: Work> Journal<W> {
    pub fn start(
        items: Items,
        feed: Feed,
        source: impl Iterator<Item = Result<W>> + Send + 'static,
    ) -> Result<Journal<W>> {
        let (job_sender, jobs) = mpsc::channel(feed.batch.max(1) * 2);
        let (results, ended) = channel();
        let shared = Arc::new(Shared::default());
        let mut keeper = Keeper {
            items,
            feed,
            jobs: Some(job_sender),
            ended,
            shared: shared.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || {
                let result = keeper.keep(source);
                keeper
                    .shared
                    .broken
                    .store(result.is_err(), Ordering::Relaxed);
                result
            })
            .map_err(|error| {
                Failure::bug(text!(
                    "no thread could be started: {error}",
                    error = error.to_string()
                ))
            })?;
        Ok(Journal {
            jobs,
            results: Some(results),
            thread: Some(thread),
            shared,
        })
    }

    /// Records how an item ended.
    pub fn record(&self, ended: Ended) {
        if let Some(results) = &self.results {
            // A journal that broke is noticed by `broken`, and its error told by `close`.
            let _ = results.send(ended);
        }
    }

    /// Hands out no more work.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }

    /// True when marks or results can no longer be written, e.g. on a full disk: nothing more may be sent.
    pub fn broken(&self) -> bool {
        self.shared.broken.load(Ordering::Relaxed)
    }

    /// Items that were left out, since an earlier run sent them as they are.
    pub fn unchanged(&self) -> u64 {
        self.shared.unchanged.load(Ordering::Relaxed)
    }

    /// Waits until everything is written.
    pub fn close(mut self) -> Result<()> {
        self.jobs.close();
        self.results = None;
        match self.thread.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(Failure::bug(text!("the journal's thread panicked")).into()),
        }
    }
}

/// What lives on the journal's thread.
struct Keeper<W> {
    items: Items,
    feed: Feed,
    jobs: Option<mpsc::Sender<Fed<W>>>,
    ended: Receiver<Ended>,
    shared: Arc<Shared>,
}

impl<W: Work> Keeper<W> {
    fn keep(&mut self, mut source: impl Iterator<Item = Result<W>>) -> Result<()> {
        let mut marked: VecDeque<Fed<W>> = VecDeque::new();
        let mut ended: Vec<Ended> = Vec::new();
        while self.jobs.is_some() {
            if marked.is_empty() {
                let stopped = self.shared.stop.load(Ordering::Relaxed);
                let batch = if stopped {
                    Vec::new()
                } else {
                    self.next_batch(&mut source)?
                };
                if batch.is_empty() {
                    self.jobs = None;
                    break;
                }
                ended.extend(self.ended.try_iter());
                if !ended.is_empty() {
                    self.items.end(&ended)?;
                    ended.clear();
                }
                let marks = batch.iter().map(|fed| (&fed.mark, fed.work.memory()));
                self.items.mark_and_remember(self.feed.run, marks)?;
                marked.extend(batch);
            }
            self.hand_out(&mut marked);
            if !marked.is_empty() {
                // The queue is full. Being woken for each item that is taken would cost more than looking now and then.
                std::thread::sleep(LOOK_EVERY);
            }
        }
        // What was marked and never handed out is as it was before.
        ended.extend(marked.into_iter().map(|fed| not_sent(&fed)));
        loop {
            match self.ended.recv_timeout(Duration::from_millis(20)) {
                Ok(one) => {
                    ended.push(one);
                    ended.extend(self.ended.try_iter());
                    if ended.len() < 256 {
                        continue;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if !ended.is_empty() {
                self.items.end(&ended)?;
                ended.clear();
            }
        }
        self.items.end(&ended)
    }

    fn next_batch(&mut self, source: &mut impl Iterator<Item = Result<W>>) -> Result<Vec<Fed<W>>> {
        let mut batch = Vec::with_capacity(self.feed.batch);
        let mut skipped = 0;
        while batch.len() < self.feed.batch && !self.shared.stop.load(Ordering::Relaxed) {
            let Some(work) = source.next() else { break };
            let work = work?;
            let mark = work.mark();
            let before = self.items.known(&mark.key)?;
            let done = before.is_some_and(|known| {
                known.state == ItemState::Done && known.fingerprint == mark.fingerprint
            });
            if done && !self.feed.recheck {
                skipped += 1;
            } else {
                let memory = match before {
                    Some(_) => self.items.memory(&mark.key)?,
                    None => None,
                };
                batch.push(Fed {
                    work,
                    mark,
                    before,
                    memory,
                });
            }
        }
        self.shared.unchanged.fetch_add(skipped, Ordering::Relaxed);
        Ok(batch)
    }

    fn hand_out(&mut self, marked: &mut VecDeque<Fed<W>>) {
        while let (Some(jobs), Some(fed)) = (&self.jobs, marked.pop_front()) {
            match jobs.try_send(fed) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(fed)) => {
                    marked.push_front(fed);
                    return;
                }
                // The run ended early.
                Err(mpsc::error::TrySendError::Closed(fed)) => {
                    marked.push_front(fed);
                    self.jobs = None;
                }
            }
        }
    }
}

/// The record of work that was marked and not sent after all.
pub fn not_sent<W>(fed: &Fed<W>) -> Ended {
    Ended {
        key: fed.mark.key.clone(),
        state: None,
        before: fed.before,
        action: "",
        errcode: None,
        reason: None,
        memory: Memory::Kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;

    #[derive(Debug)]
    struct Letter(&'static str, u8);

    impl Work for Letter {
        fn mark(&self) -> SentMark {
            SentMark {
                key: self.0.to_owned(),
                place: "here".into(),
                fingerprint: [self.1; 32],
            }
        }
    }

    fn ended(key: &str, state: ItemState) -> Ended {
        Ended {
            key: key.to_owned(),
            state: Some(state),
            before: None,
            action: "added",
            errcode: None,
            reason: None,
            memory: Memory::Kept,
        }
    }

    fn start(state: &State, letters: Vec<Letter>) -> Journal<Letter> {
        let items = Items::open(state, "shop", "letter").expect("items");
        Journal::start(
            items,
            Feed {
                run: 1,
                batch: 2,
                recheck: false,
            },
            letters.into_iter().map(Ok),
        )
        .expect("a journal")
    }

    #[tokio::test]
    async fn what_is_done_and_unchanged_is_not_handed_out_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("a state");
        let mut first = start(&state, vec![Letter("a", 1), Letter("b", 1), Letter("c", 1)]);
        for expected in [ItemState::Done, ItemState::Refused, ItemState::Done] {
            let fed = first.jobs.recv().await.expect("three letters");
            assert_eq!(fed.before, None);
            first.record(ended(fed.work.0, expected));
        }
        assert!(first.jobs.recv().await.is_none());
        first.close().expect("written");

        let mut second = start(&state, vec![Letter("a", 1), Letter("b", 1), Letter("c", 2)]);
        let refused = second.jobs.recv().await.expect("b");
        assert_eq!(
            (refused.work.0, refused.before.map(|known| known.state)),
            ("b", Some(ItemState::Refused))
        );
        let changed = second.jobs.recv().await.expect("c");
        assert_eq!(
            (changed.work.0, changed.before.map(|known| known.state)),
            ("c", Some(ItemState::Done))
        );
        second.record(not_sent(&refused));
        second.record(not_sent(&changed));
        assert!(second.jobs.recv().await.is_none());
        assert_eq!(second.unchanged(), 1);
        second.close().expect("written");

        let items = Items::open(&state, "shop", "letter").expect("items");
        let known = |key| {
            items
                .known(key)
                .expect("sql")
                .map(|known| (known.state, known.fingerprint[0]))
        };
        assert_eq!(known("b"), Some((ItemState::Refused, 1)));
        assert_eq!(
            known("c"),
            Some((ItemState::Done, 1)),
            "a mark that was not used leaves no trace"
        );
    }

    #[tokio::test]
    async fn an_item_left_at_its_mark_is_known_to_the_next_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("a state");
        let mut first = start(&state, vec![Letter("a", 1)]);
        first.jobs.recv().await.expect("a");
        // As after a crash: no result is ever recorded.
        first.close().expect("written");
        let mut second = start(&state, vec![Letter("a", 1)]);
        let fed = second.jobs.recv().await.expect("a again");
        assert_eq!(fed.before.map(|known| known.state), Some(ItemState::Sent));
        second.close().expect("written");
    }
}
