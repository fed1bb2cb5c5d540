//! What of a text people do not see: the width of its letters, invisible characters, the guards around it.

use crate::lang::Text;
use crate::text;
use std::borrow::Cow;

/// Full-width letters, digits and punctuation as their half-width twins.
pub fn half_width(text: &str) -> Cow<'_, str> {
    let twin = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        '。' => '.',
        other => other,
    };
    if text.is_ascii() || text.chars().all(|c| twin(c) == c) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(twin).collect())
}

/// What is left of a number when width, blanks, guards, invisible characters and leading zeros count for nothing. Two
/// numbers that differ and fold to the same are taken for one that was mistyped.
///
/// ```
/// use wxsell::types::spelling::folded;
/// assert_eq!(folded(" ００12\u{200b}3"), folded("123"));
/// ```
pub fn folded(number: &str) -> String {
    let bare = unquoted(number.trim()).unwrap_or_else(|| number.trim().to_owned());
    let bare = bare.trim_start_matches('\'');
    let plain: String = half_width(bare)
        .chars()
        .filter(|c| !c.is_whitespace() && invisible(*c).is_none())
        .collect();
    let significant = plain.trim_start_matches('0');
    if significant.is_empty() && !plain.is_empty() {
        return "0".to_owned();
    }
    significant.to_owned()
}

/// Whether two numbers that differ look like one.
pub fn look_alike(one: &str, other: &str) -> bool {
    one != other && folded(one) == folded(other)
}

/// What is said of a number that looks like one of the shop's and is another.
pub fn twin_words(number: &str, other: &str) -> Text {
    text!(
        "the number \"{number}\" differs from \"{other}\", which the shop has, only in width, spaces, marks or leading zeros",
        number,
        other
    )
}

/// The text inside `="…"`.
pub fn unquoted(cell: &str) -> Option<String> {
    let inner = cell.strip_prefix("=\"")?.strip_suffix('"')?;
    // A single quote inside would end the text of the formula.
    let bare = inner.replace("\"\"", "");
    (!bare.contains('"')).then(|| inner.replace("\"\"", "\""))
}

/// The name of a character that nobody sees, or that looks like a blank and is none.
pub fn invisible(c: char) -> Option<Text> {
    Some(match c {
        '\t' => text!("a tab"),
        '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
            text!("a line break")
        }
        '\u{A0}' | '\u{2007}' | '\u{202F}' => text!("a no-break space"),
        '\u{AD}' => text!("a soft hyphen"),
        '\u{200B}' | '\u{180E}' => text!("a zero-width space"),
        '\u{200C}' => text!("a zero-width non-joiner"),
        '\u{200D}' => text!("a zero-width joiner"),
        '\u{200E}' => text!("a left-to-right mark"),
        '\u{200F}' | '\u{61C}' => text!("a right-to-left mark"),
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => text!("a text direction mark"),
        '\u{FEFF}' => text!("a byte order mark"),
        '\u{2000}'..='\u{200A}' | '\u{205F}' | '\u{1680}' => text!("a space of special width"),
        '\u{2060}'..='\u{2064}'
        | '\u{206A}'..='\u{206F}'
        | '\u{34F}'
        | '\u{115F}'
        | '\u{1160}'
        | '\u{3164}'
        | '\u{FFA0}'
        | '\u{2800}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E0FFF}' => text!("an invisible character"),
        c if c.is_control() => text!("a control character"),
        _ => return None,
    })
}

/// How like two headings are, plain; `None` where one is hardly meant by the other.
pub fn likeness(heading: &str, other: &str) -> Option<f64> {
    if heading.chars().count() < 2 {
        return None;
    }
    let likeness = strsim::normalized_damerau_levenshtein(heading, other);
    // Half of a short Chinese word is another word.
    let least = if other.is_ascii() { 0.6 } else { 0.7 };
    (likeness >= least).then_some(likeness)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_differ_in_what_nobody_sees_fold_to_the_same() {
        for number in [
            "00123",
            "123",
            "'123",
            "=\"0123\"",
            "１２３",
            " 1 2\u{200B}3",
        ] {
            assert_eq!(folded(number), "123", "{number}");
        }
        assert_eq!(folded("000"), "0");
        assert!(look_alike("00123", "123") && !look_alike("123", "123"));
        assert_ne!(folded("a-1"), folded("A-1"));
    }
}
