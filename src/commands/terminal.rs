//! What a terminal shows of a flow while it goes on.

use crate::lang::Text;
use crate::output::{Output, Progress};
use crate::shop::Observer;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Notes on stderr, and how far the work is.
pub struct Terminal {
    out: Output,
    progress: Mutex<Option<Progress>>,
}

impl Terminal {
    pub fn new(out: &Output) -> Terminal {
        Terminal {
            out: out.clone(),
            progress: Mutex::default(),
        }
    }

    fn progress(&self) -> MutexGuard<'_, Option<Progress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Terminal {
    fn note(&self, words: Text) {
        self.out.note(words);
    }

    fn warn(&self, words: Text) {
        self.out.warn(words);
    }

    fn begin(&self, total: u64, what: Text) {
        *self.progress() = Some(self.out.progress(total, what));
    }

    fn were_done(&self, count: u64) {
        if let Some(progress) = &*self.progress() {
            progress.set(count);
        }
    }

    fn step(&self) {
        if let Some(progress) = &*self.progress() {
            progress.inc();
        }
    }

    fn end(&self) {
        *self.progress() = None;
    }
}
