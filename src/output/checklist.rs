//! Steps with a mark each, for people: one line a step, fitted to the terminal.

use super::{Output, table, words};
use crate::lang::Text;
use anyhow::Result;
use unicode_width::UnicodeWidthStr;

/// How far a step is. Each has a sign of its own, so that colour is never the only carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Done,
    /// What to do now.
    Next,
    /// It comes later, or somebody else moves.
    Later,
    /// It need not be done.
    Optional,
    Failed,
    Unknown,
}

impl Mark {
    fn sign(self) -> &'static str {
        match self {
            Mark::Done => "✓",
            Mark::Next => "→",
            Mark::Later => "·",
            Mark::Optional => "○",
            Mark::Failed => "✗",
            Mark::Unknown => "?",
        }
    }

    fn colour(self) -> &'static str {
        match self {
            Mark::Done => "\x1b[32m",
            Mark::Next => "\x1b[1;33m",
            Mark::Failed => "\x1b[31m",
            Mark::Later | Mark::Optional | Mark::Unknown => "\x1b[2m",
        }
    }
}

/// A step as it is shown.
#[derive(Debug, Clone)]
pub struct Check {
    pub mark: Mark,
    pub title: Text,
    /// Shortened where it does not fit.
    pub note: Option<Text>,
}

/// `head` at the left and right of the first line, then the steps.
pub(super) fn show(out: &Output, head: (&Text, &Text), checks: &[Check]) -> Result<()> {
    let line = |text: &Text| words::visible(&text.render(out.lang)).into_owned();
    let limit = out.sink.width().unwrap_or(80).max(20);
    let coloured = out.coloured();
    let (left, right) = (line(head.0), line(head.1));
    let gap = limit.min(80).saturating_sub(left.width() + right.width());
    let bold = |text: &str| {
        if coloured {
            format!("\x1b[1m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    };
    let mut shown = match gap {
        0..2 => format!("{}\n{right}\n\n", bold(&table::cut(&left, limit))),
        gap => format!("{}{}{right}\n\n", bold(&left), " ".repeat(gap)),
    };
    let titles: Vec<String> = checks.iter().map(|check| line(&check.title)).collect();
    let widest = titles.iter().map(|title| title.width()).max().unwrap_or(0);
    for (check, title) in checks.iter().zip(&titles) {
        let sign = if coloured {
            format!("{}{}\x1b[0m", check.mark.colour(), check.mark.sign())
        } else {
            check.mark.sign().to_owned()
        };
        let note = check.note.as_ref().map(&line).unwrap_or_default();
        let begin = widest + 6;
        // A narrow screen has no room for both.
        let row = match limit.checked_sub(begin).filter(|room| *room >= 12) {
            Some(room) if !note.is_empty() => {
                let gap = " ".repeat(widest - title.width() + 2);
                format!("  {sign} {title}{gap}{}", table::cut(&note, room))
            }
            _ => format!("  {sign} {}", table::cut(title, limit.saturating_sub(4))),
        };
        shown.push_str(row.trim_end());
        shown.push('\n');
    }
    out.table(&shown)
}
