//! Who is told while a flow goes on: a terminal, a test. A flow knows no output.

use super::Shop;
use crate::bulk::Interrupt;
use crate::lang::Text;
use crate::text;
use anyhow::Result;

/// Told what happens while a flow goes on.
pub trait Observer: Send + Sync {
    /// What is good to know.
    fn note(&self, words: Text);
    /// What somebody should look into.
    fn warn(&self, words: Text);
    /// Work on so many things begins; `what` names them in the plural.
    fn begin(&self, total: u64, what: Text);
    /// So many of them were done before.
    fn were_done(&self, count: u64);
    /// One of them is done.
    fn step(&self);
    /// No more of them are worked on.
    fn end(&self);

    /// Names the fields of a thing that are there and cannot be read.
    fn note_unread(&self, what: Text, unread: &[&str]) {
        if !unread.is_empty() {
            self.warn(text!(
                "{what}: cannot read {fields} in WeChat's data",
                what,
                fields = unread.join(", ")
            ));
        }
    }

    /// Says that rows of a list may be missing.
    fn note_unsure(&self, unsure: u64) {
        if unsure > 0 {
            self.warn(text!(
                "up to {count} {count:row|rows} may be missing, because others were removed while the list was read; run it again",
                count = unsure
            ));
        }
    }
}

/// Nobody is told.
pub(super) struct Nobody;

impl Observer for Nobody {
    fn note(&self, _: Text) {}
    fn warn(&self, _: Text) {}
    fn begin(&self, _: u64, _: Text) {}
    fn were_done(&self, _: u64) {}
    fn step(&self) {}
    fn end(&self) {}
}

/// The shop's time in unix seconds: that of this machine, and of a sandbox that of its clock.
pub type ShopClock = Box<dyn Fn() -> Result<i64> + Send + Sync>;

impl Shop {
    /// The shop's time, unix seconds.
    pub fn clock(&self) -> Result<i64> {
        (self.clock)()
    }

    pub fn note(&self, words: Text) {
        self.observer.note(words);
    }

    pub fn warn(&self, words: Text) {
        self.observer.warn(words);
    }

    /// Ctrl-C while a job goes on: the first finishes what is under way.
    pub fn interrupt(&self) -> Interrupt {
        let observer = self.observer.clone();
        Interrupt::listen(move || {
            observer.warn(text!(
                "finishing what is in progress; press Ctrl-C again to stop at once"
            ));
        })
    }

    pub fn note_unread(&self, what: Text, unread: &[&str]) {
        self.observer.note_unread(what, unread);
    }

    pub fn note_unsure(&self, unsure: u64) {
        self.observer.note_unsure(unsure);
    }
}
