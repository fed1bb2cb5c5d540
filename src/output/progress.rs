//! Progress on stderr: a bar on a terminal; where nobody watches, a plain line now and then.

use super::Output;
use super::sink::Sink;
use crate::lang::{Lang, Text};
use crate::text;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Seconds between two lines where there is no terminal.
const BETWEEN: u64 = 30;

/// How far a job is. Counting costs an atomic addition and a look at the clock; it ends when it is dropped.
pub struct Progress {
    sink: Sink,
    lang: Lang,
    shown: Display,
    total: u64,
    done: AtomicU64,
    what: Text,
}

enum Display {
    Bar(ProgressBar),
    Lines {
        since: Instant,
        /// Seconds after `since` at which the next line is due.
        due: AtomicU64,
        message: Mutex<Option<Text>>,
    },
    Nothing,
}

impl Progress {
    pub(super) fn new(out: &Output, total: u64, what: Text) -> Progress {
        let shown = if out.quiet || matches!(out.sink, Sink::Memory(_)) {
            Display::Nothing
        } else if animates() {
            let bar =
                ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
            // Of a list nobody knows how long it is before it was read.
            let template = match total {
                0 => "{prefix} {human_pos}  {msg}",
                _ => "{prefix} {wide_bar} {human_pos}/{human_len}  {rate}  {eta}  {msg}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.with_key(
                    "rate",
                    |state: &ProgressState, out: &mut dyn Write| {
                        let _ = out.write_str(&rate(state.per_sec()));
                    },
                ));
            }
            bar.set_prefix(what.render(out.lang));
            // The time left is redrawn between slow steps too.
            bar.enable_steady_tick(Duration::from_millis(500));
            out.sink.bar(Some(bar.clone()));
            Display::Bar(bar)
        } else {
            Display::Lines {
                since: Instant::now(),
                due: AtomicU64::new(BETWEEN),
                message: Mutex::new(None),
            }
        };
        Progress {
            sink: out.sink.clone(),
            lang: out.lang,
            shown,
            total,
            done: AtomicU64::new(0),
            what,
        }
    }

    /// One more is done.
    pub fn inc(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        match &self.shown {
            Display::Bar(bar) => bar.inc(1),
            Display::Lines { .. } => self.line_when_due(done),
            Display::Nothing => {}
        }
    }

    /// So many are done.
    pub fn set(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
        match &self.shown {
            Display::Bar(bar) => bar.set_position(done),
            Display::Lines { .. } => self.line_when_due(done),
            Display::Nothing => {}
        }
    }

    /// What is going on just now, such as a wait for the next minute.
    pub fn message(&self, words: Text) {
        match &self.shown {
            Display::Bar(bar) => {
                bar.set_message(super::visible(&words.render(self.lang)).into_owned())
            }
            Display::Lines { message, .. } => {
                *message.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
                self.line_when_due(self.done.load(Ordering::Relaxed));
            }
            Display::Nothing => {}
        }
    }

    /// A line above the bar.
    pub fn println(&self, words: Text) {
        if !matches!(self.shown, Display::Nothing) {
            self.sink
                .words(&super::words::visible_lines(&words.render(self.lang)));
        }
    }

    fn line_when_due(&self, done: u64) {
        let Display::Lines {
            since,
            due,
            message,
        } = &self.shown
        else {
            return;
        };
        let elapsed = since.elapsed().as_secs();
        let expected = due.load(Ordering::Relaxed);
        let taken = elapsed >= expected
            && due
                .compare_exchange(
                    expected,
                    elapsed + BETWEEN,
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok();
        if !taken {
            return;
        }
        let (total, what) = (self.total, self.what.clone());
        let message = message
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let line = match message {
            Some(message) => text!(
                "{what}: {done} of {total}, {message}",
                what,
                done,
                total,
                message
            ),
            None => text!("{what}: {done} of {total}", what, done, total),
        };
        self.sink
            .words(&super::words::visible_lines(&line.render(self.lang)));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Display::Bar(bar) = &self.shown {
            self.sink.bar(None);
            bar.finish_and_clear();
        }
    }
}

/// With one decimal only where it tells something.
fn rate(per_second: f64) -> String {
    if per_second < 100.0 {
        format!("{per_second:.1}/s")
    } else {
        format!("{per_second:.0}/s")
    }
}

/// Whether something may move on stderr.
fn animates() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal()
        && !set("CI")
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
