//! Words for people: errors in their layout, control characters made visible.

use super::{Format, Output};
use crate::fail::{self, Failure};
use crate::lang::Lang;
use crate::text;
use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character could move the cursor, change colours, or make text read in another order than it is.
fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `text` with every character that would act on a terminal made visible: escape as `␛`, others by their number.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(acts) {
        Cow::Owned(text.chars().fold(
            String::with_capacity(text.len() + 8),
            |mut shown, letter| {
                match letter {
                    '\t' | '\n' | '\r' => shown.push(' '),
                    '\0'..='\x1f' => {
                        shown.push(char::from_u32(0x2400 + letter as u32).unwrap_or('?'))
                    }
                    '\x7f' => shown.push('␡'),
                    letter if acts(letter) => {
                        let _ = write!(shown, "\\u{{{:x}}}", letter as u32);
                    }
                    letter => shown.push(letter),
                }
                shown
            },
        ))
    } else {
        Cow::Borrowed(text)
    }
}

/// As [`visible`], but line breaks stay.
pub(super) fn visible_lines(text: &str) -> String {
    let lines: Vec<Cow<'_, str>> = text
        .split('\n')
        .map(|line| visible(line.trim_end_matches('\r')))
        .collect();
    lines.join("\n")
}

/// As [`visible`], but what divides lines and cells stays.
pub(super) fn visible_data(text: &str) -> String {
    let divides = |c: char| matches!(c, '\n' | '\t');
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(divides) {
        let words = piece.trim_end_matches(divides);
        let end = &piece[words.len()..];
        // Windows ends its lines so.
        let (words, end) = match words.strip_suffix('\r') {
            Some(words) if end == "\n" => (words, "\r\n"),
            _ => (words, end),
        };
        shown.push_str(&visible(words));
        shown.push_str(end);
    }
    shown
}

/// JSON in which every character that would act on a terminal is escaped. The same value, whoever reads it.
pub(super) fn escaped(json: &str) -> Cow<'_, str> {
    // Those of ASCII are escaped already, and the line breaks between values are to stay.
    let acts_here = |c: char| c == '\x7f' || !c.is_ascii() && acts(c);
    if json.chars().any(acts_here) {
        Cow::Owned(
            json.chars()
                .fold(String::with_capacity(json.len()), |mut out, c| {
                    if acts_here(c) {
                        let _ = write!(out, "\\u{:04x}", c as u32);
                    } else {
                        out.push(c);
                    }
                    out
                }),
        )
    } else {
        Cow::Borrowed(json)
    }
}

/// An error and its exit code. Empty words where there is nothing more to say.
pub(super) fn failure(out: &Output, error: &anyhow::Error) -> (u8, String) {
    let bug;
    let failure = match fail::failure(error) {
        Some(failure) => failure,
        None => {
            bug = fail::unclassified(error);
            &bug
        }
    };
    let code = failure.kind.exit_code();
    let words = match out.format {
        Format::Json | Format::Ndjson => json(failure),
        _ if out.jq.is_some() => json(failure),
        _ => people(failure, out.lang),
    };
    (code, words)
}

fn json(failure: &Failure) -> String {
    let mut explained = fail::explain(failure, Lang::En);
    if failure.shown {
        explained.problems.clear();
        explained.causes.clear();
    }
    serde_json::json!({ "error": explained }).to_string()
}

fn people(failure: &Failure, lang: Lang) -> String {
    let explained = fail::explain(failure, lang);
    if failure.shown {
        return explained.message;
    }
    let mut hints: Vec<String> = explained.hint.into_iter().collect();
    // What WeChat's support asks for, and what can be done with it here.
    if let Some(rid) = &failure.rid {
        hints.push(
            text!(
                "`wxsell rid show {rid}` shows what WeChat recorded about this call (kept for 7 days)",
                rid
            )
            .render(lang),
        );
    }
    let mut words = String::new();
    paragraph(
        &mut words,
        &text!("Error: ").render(lang),
        &[explained.message],
    );
    for problem in &explained.problems {
        let mut lines = problem.lines();
        let _ = writeln!(words, "  - {}", lines.next().unwrap_or_default());
        for line in lines {
            let _ = writeln!(words, "    {line}");
        }
    }
    paragraph(
        &mut words,
        &text!("Cause: ").render(lang),
        &explained.causes,
    );
    paragraph(&mut words, &text!("Hint:  ").render(lang), &hints);
    words.truncate(words.trim_end().len());
    words
}

/// The first line beside its label, the others below it.
fn paragraph(words: &mut String, label: &str, lines: &[String]) {
    let indent = " ".repeat(unicode_width::UnicodeWidthStr::width(label));
    let mut lead = label;
    for line in lines.iter().flat_map(|line| line.lines()) {
        let _ = writeln!(words, "{lead}{line}");
        lead = &indent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_on_a_terminal_is_shown_instead() {
        assert_eq!(
            visible("tea\x1b[2J\u{9b}1A\u{202e}"),
            "tea␛[2J\\u{9b}1A\\u{202e}"
        );
        assert_eq!(visible("绿茶 100g"), "绿茶 100g");
        assert_eq!(visible_lines("a\x07\nb"), "a␇\nb");
        assert_eq!(
            visible_data("a\t\x1b]0;x\x07\r\nb\rc\n"),
            "a\t␛]0;x␇\r\nb c\n"
        );
        let json = serde_json::json!({"remark": "\u{9b}31m \u{202e}x\x7f\x1b"}).to_string();
        let safe = escaped(&json);
        assert_eq!(safe, r#"{"remark":"\u009b31m \u202ex\u007f\u001b"}"#);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&safe).ok(),
            serde_json::from_str(&json).ok()
        );
    }
}
