//! The one writer. A reader that has gone away (`| head -1`) is not an error: what follows is dropped, and the
//! command ends as it would have.

use crate::lang::{Lang, fold_at};
use indicatif::ProgressBar;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use unicode_width::UnicodeWidthStr;

/// Where bytes go.
#[derive(Debug, Clone)]
pub(super) enum Sink {
    Standard(Arc<Standard>),
    Memory(Captured),
}

#[derive(Debug, Default)]
pub(super) struct Standard {
    reader_gone: AtomicBool,
    /// The bar that is on the terminal; it steps aside while a line is written.
    bar: Mutex<Option<ProgressBar>>,
}

impl Default for Sink {
    fn default() -> Sink {
        Sink::Standard(Arc::default())
    }
}

impl Sink {
    /// Writes data to stdout at once.
    pub fn data(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Sink::Memory(captured) => {
                captured
                    .data
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(bytes);
                Ok(())
            }
            Sink::Standard(standard) => standard.data(bytes),
        }
    }

    /// Whether the reader of stdout has gone away: what is written is dropped.
    pub fn reader_is_gone(&self) -> bool {
        match self {
            Sink::Standard(standard) => standard.reader_gone.load(Ordering::Relaxed),
            Sink::Memory(_) => false,
        }
    }

    /// Writes words and a line break to stderr. There is nowhere to complain when that fails.
    pub fn words(&self, words: &str) {
        match self {
            Sink::Memory(captured) => {
                let mut kept = captured
                    .words
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                kept.push_str(words);
                kept.push('\n');
            }
            Sink::Standard(standard) => standard.around_bar(|| {
                let width = dialoguer::console::Term::stderr().size_checked();
                let line = match width {
                    Some((_, columns)) => fitted(words, usize::from(columns)),
                    None => format!("{words}\n"),
                };
                let _ = io::stderr().lock().write_all(line.as_bytes());
            }),
        }
    }

    /// Puts a bar on the terminal, or takes it away.
    pub fn bar(&self, bar: Option<ProgressBar>) {
        if let Sink::Standard(standard) = self {
            *standard.bar.lock().unwrap_or_else(PoisonError::into_inner) = bar;
        }
    }

    pub fn is_terminal(&self) -> bool {
        matches!(self, Sink::Standard(_)) && io::stdout().is_terminal()
    }

    /// Whether stdout, or stderr, can show colour: a terminal that is not dumb, unless `NO_COLOR` or `CLICOLOR` say otherwise.
    pub fn shows_colour(&self, on_stderr: bool) -> bool {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        if set("NO_COLOR").is_some() || matches!(self, Sink::Memory(_)) {
            return false;
        }
        if on_stderr {
            dialoguer::console::colors_enabled_stderr()
        } else {
            dialoguer::console::colors_enabled()
        }
    }

    /// Lines of the terminal; `None` where there is none.
    pub fn height(&self) -> Option<usize> {
        let terminal = self.is_terminal();
        let size = terminal.then(|| dialoguer::console::Term::stdout().size_checked());
        size.flatten().map(|(lines, _)| usize::from(lines))
    }

    /// Columns of the terminal: `COLUMNS` where it is set, else what the terminal says. `None` is no limit: a pipe
    /// or a file.
    pub fn width(&self) -> Option<usize> {
        match self {
            Sink::Memory(captured) => captured.width,
            Sink::Standard(_) => {
                let said = std::env::var("COLUMNS")
                    .ok()
                    .and_then(|columns| columns.trim().parse().ok());
                said.filter(|columns| *columns > 0).or_else(|| {
                    let size = dialoguer::console::Term::stdout().size_checked();
                    size.map(|(_, columns)| usize::from(columns))
                })
            }
        }
    }
}

/// Words as a terminal of this width shows them: lines end between words, and what follows the first stands beside its
/// label. Commands stay whole, so that they can be copied.
fn fitted(words: &str, width: usize) -> String {
    let mut shown = String::with_capacity(words.len() + 1);
    for line in words.lines() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        let label = LABELS
            .iter()
            .flat_map(|label| [*label, Lang::Zh.of(label)])
            .find(|label| text.starts_with(label));
        let hang = match (label, text.starts_with("- ")) {
            (Some(label), _) => indent + label.width(),
            (None, true) => indent + 2,
            (None, false) => indent,
        };
        // A command for another shell, with its variables.
        let is_command = text.contains("WXSELL_") && text.contains('=');
        if is_command || width <= hang {
            shown.push_str(line)
        } else {
            shown.push_str(&fold_at(line, width, hang, true))
        }
        shown.push('\n');
    }
    shown
}

/// What stands before a message.
const LABELS: [&str; 3] = ["Error: ", "Cause: ", "Hint:  "];

impl Standard {
    fn data(&self, bytes: &[u8]) -> io::Result<()> {
        if self.reader_gone.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut written = Ok(());
        self.around_bar(|| {
            let mut stdout = io::stdout().lock();
            written = stdout.write_all(bytes).and_then(|()| stdout.flush());
        });
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.reader_gone.store(true, Ordering::Relaxed);
                Ok(())
            }
            other => other,
        }
    }

    fn around_bar(&self, write: impl FnOnce()) {
        let bar = self
            .bar
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

/// What an [`Output`](super::Output) for tests has written.
#[derive(Debug, Clone, Default)]
pub struct Captured {
    data: Arc<Mutex<Vec<u8>>>,
    words: Arc<Mutex<String>>,
    width: Option<usize>,
}

impl Captured {
    pub(super) fn new(width: usize) -> Captured {
        Captured {
            width: Some(width),
            ..Captured::default()
        }
    }

    /// What would be on stdout.
    pub fn data(&self) -> Vec<u8> {
        self.data
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What would be on stdout, as text.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.data()).into_owned()
    }

    /// What would be on stderr.
    pub fn stderr(&self) -> String {
        self.words
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
