//! Somebody's number in a cell: of a product, a SKU, an order, a parcel, a person. It is what the person sees, or it is
//! refused; every reader of files asks here, so that the same cell means the same everywhere and is refused in the same
//! words.

use super::source::CellKind;
use crate::lang::Text;
use crate::text;
use crate::types::spelling::{half_width, invisible, unquoted};
use std::borrow::Cow;

/// Digits that a spreadsheet keeps of a number.
const KEPT: usize = 15;
/// From so many digits on, zeros after the fifteenth are taken for digits that a spreadsheet lost.
const LOST: usize = 18;

/// Why a cell cannot be read, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub message: Text,
    pub hint: Text,
}

/// A number as the person sees it.
#[derive(Debug, PartialEq, Eq)]
pub struct Number<'a> {
    pub text: Cow<'a, str>,
    /// Full-width characters were replaced.
    pub normalised: bool,
}

/// Reads a cell that holds somebody's number. Guards that keep spreadsheets from touching it, `="00123"` and a leading
/// apostrophe, are taken off; inside quotes the text stands exactly as it is.
///
/// # Errors
/// What no number can be, digits that a spreadsheet lost, and characters that nobody sees.
pub fn read(cell: &str, kind: CellKind) -> Result<Number<'_>, Refusal> {
    if let Some(refusal) = unreadable(cell, kind) {
        return Err(refusal);
    }
    let again = || text!("format the column as text and enter the number again");
    match kind {
        CellKind::Number | CellKind::Percent | CellKind::Masked => {
            let digits = cell.bytes().filter(u8::is_ascii_digit).count();
            let message = if digits > KEPT {
                text!(
                    "the spreadsheet turned it into a number and lost its last digits: {cell}",
                    cell
                )
            } else if !cell.bytes().all(|byte| byte.is_ascii_digit()) || kind == CellKind::Percent {
                text!("the spreadsheet turned it into a number: {cell}", cell)
            } else if kind == CellKind::Masked {
                text!(
                    "the cell contains the number {cell} but shows it in a custom format",
                    cell
                )
            } else {
                return Ok(Number {
                    text: Cow::Borrowed(cell),
                    normalised: false,
                });
            };
            return Err(Refusal {
                message,
                hint: again(),
            });
        }
        _ => {}
    }
    let trimmed = cell.trim();
    if let Some(inner) = unquoted(trimmed) {
        visible(&inner)?;
        return Ok(Number {
            text: Cow::Owned(inner),
            normalised: false,
        });
    }
    let bare = trimmed
        .strip_prefix(['\'', '’', '‘', '＇'])
        .map_or(trimmed, str::trim_start);
    visible(bare)?;
    let text = half_width(bare);
    let normalised = matches!(text, Cow::Owned(_));
    if is_scientific(&text) {
        return Err(Refusal {
            message: text!(
                "the number is in scientific notation, {cell}: digits are lost",
                cell = &*text
            ),
            hint: again(),
        });
    }
    if text.len() >= LOST
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.bytes().skip(KEPT).all(|byte| byte == b'0')
    {
        return Err(Refusal {
            message: text!(
                "the number {cell} ends in zeros from its 16th digit on: a spreadsheet lost its last digits",
                cell = &*text
            ),
            hint: text!(
                "format the column as text and enter the number again; if it is right as it is, write =\"{cell}\"",
                cell = &*text
            ),
        });
    }
    Ok(Number { text, normalised })
}

/// A number that was typed or pasted into a command, read as one in a file: for clap.
///
/// # Errors
/// What a spreadsheet damaged, and characters that nobody sees.
pub fn typed(argument: &str) -> Result<String, Text> {
    match read(argument, CellKind::Text) {
        Ok(number) => Ok(number.text.into_owned()),
        Err(refusal) => Err(refusal.message),
    }
}

/// How a number is written so that [`read`] gives it back: as it is, or as `="…"`.
pub fn written(number: &str) -> Cow<'_, str> {
    match read(number, CellKind::Text) {
        Ok(read) if read.text == number => Cow::Borrowed(number),
        _ => Cow::Owned(quoted(number)),
    }
}

/// A number in the guard inside which it is taken as it stands.
pub fn quoted(number: &str) -> String {
    format!("=\"{}\"", number.replace('"', "\"\""))
}

/// What no cell with a value may be, whatever its column holds.
pub fn unreadable(cell: &str, kind: CellKind) -> Option<Refusal> {
    let (message, hint) = match kind {
        CellKind::Error => (
            text!("the cell contains the error {cell}", cell),
            text!("correct the formula, or type the value"),
        ),
        CellKind::Bool => (
            text!("{cell} is not a valid value here", cell),
            text!("format the column as text and type the value again"),
        ),
        CellKind::Date => (
            text!("the cell contains a date, {cell}", cell),
            text!("format the column as text and type the value again"),
        ),
        CellKind::Formula => (
            text!(
                "the cell contains a formula without a stored result: {cell}",
                cell
            ),
            text!("open the file in Excel or WPS and save it, then use that file"),
        ),
        CellKind::Merged => (
            text!("the cell belongs to the merged cells {cell}", cell),
            text!("unmerge them and write the value into every row"),
        ),
        CellKind::Picture => picture(),
        _ if is_embedded_picture(cell) => picture(),
        _ => return None,
    };
    Some(Refusal { message, hint })
}

fn picture() -> (Text, Text) {
    (
        text!("the cell contains an image, which cannot be read from the workbook"),
        text!("save the image as a file and write its name or address into the cell"),
    )
}

/// `=DISPIMG("ID_…",1)`, which WPS leaves of a picture in a cell.
pub fn is_embedded_picture(cell: &str) -> bool {
    let bare = cell.trim_start_matches(['=', '@', ' ']);
    let bare = bare.strip_prefix("_xlfn.").unwrap_or(bare);
    bare.starts_with("DISPIMG(")
}

/// `1.23457E+12`, as Excel writes a long number to CSV. Without the sign it may be a code, such as `6E12`.
fn is_scientific(cell: &str) -> bool {
    let Some((mantissa, exponent)) = cell.split_once('+') else {
        return false;
    };
    let Some(mantissa) = mantissa.strip_suffix(['E', 'e']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, rest) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    digits(whole) && digits(rest) && digits(exponent)
}

fn visible(text: &str) -> Result<(), Refusal> {
    let Some((at, found, name)) = text
        .char_indices()
        .find_map(|(at, c)| invisible(c).map(|name| (at, c, name)))
    else {
        return Ok(());
    };
    let before: String = text[..at].chars().rev().take(20).collect();
    let before: String = before.chars().rev().collect();
    let code = format!("U+{:04X}", u32::from(found));
    let message = if before.is_empty() {
        text!("the number begins with {name} ({code})", name, code)
    } else {
        text!(
            "there is {name} ({code}) after \"{before}\"",
            name,
            code,
            before
        )
    };
    Err(Refusal {
        message,
        hint: text!("empty the cell and type the number again"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text_of(cell: &str, kind: CellKind) -> Result<String, String> {
        read(cell, kind)
            .map(|number| number.text.into_owned())
            .map_err(|refusal| refusal.message.to_string())
    }

    #[test]
    fn guards_are_taken_off_and_what_they_hold_stands_exactly() {
        for (cell, number) in [
            ("=\"00123\"", "00123"),
            ("'00123", "00123"),
            (" TEA-1 ", "TEA-1"),
            ("ＴＥＡ－１", "TEA-1"),
            ("=\" Ａ（红） \"", " Ａ（红） "),
            ("=\"say \"\"a\"\"\"", "say \"a\""),
        ] {
            assert_eq!(
                text_of(cell, CellKind::Text).as_deref(),
                Ok(number),
                "{cell}"
            );
        }
        // What only looks like a guard is text.
        for cell in ["=\"a\"b\"", "=A1", "\"a\""] {
            assert_eq!(text_of(cell, CellKind::Text).as_deref(), Ok(cell));
        }
    }

    #[test]
    fn digits_that_a_spreadsheet_lost_are_refused() {
        for (cell, kind, words) in [
            ("1.23457E+12", CellKind::Text, "scientific"),
            ("6e+9", CellKind::Text, "scientific"),
            ("690123456789123500", CellKind::Number, "last digits"),
            ("3300000000000080000000", CellKind::Number, "last digits"),
            ("330000000000008000", CellKind::Text, "16th digit"),
            ("12.5", CellKind::Number, "turned it into a number"),
            ("77", CellKind::Masked, "in a custom format"),
        ] {
            let told = text_of(cell, kind).expect_err(cell);
            assert!(told.contains(words), "{cell}: {told}");
        }
        for (cell, kind) in [
            ("123456789012345", CellKind::Number),
            ("6E12", CellKind::Text),
            ("20260101000000000000163", CellKind::Text),
            ("=\"330000000000008000\"", CellKind::Text),
        ] {
            assert!(read(cell, kind).is_ok(), "{cell}");
        }
    }

    #[test]
    fn an_invisible_character_is_refused_by_its_name() {
        for (cell, name) in [
            ("Z-1\u{200B}", "a zero-width space (U+200B) after \"Z-1\""),
            ("\u{FEFF}Z-1", "begins with a byte order mark (U+FEFF)"),
            ("Z\u{AD}-1", "a soft hyphen (U+00AD) after \"Z\""),
            ("Z\u{A0}1", "a no-break space"),
            ("Z\n1", "a line break"),
            ("=\"Z\u{200B}\"", "a zero-width space"),
        ] {
            let told = text_of(cell, CellKind::Text).expect_err(cell);
            assert!(told.contains(name), "{told}");
        }
    }

    proptest! {
        #[test]
        fn a_number_that_was_written_is_read_back(number in "[ -~Ａ-Ｚ（）　红\u{A0}]{1,12}") {
            let told = written(&number);
            match read(&told, CellKind::Text) {
                Ok(read) => prop_assert_eq!(&*read.text, number.as_str()),
                // A blank of a kind that looks like another cannot be told apart by anybody.
                Err(_) => prop_assert!(number.chars().any(|c| invisible(c).is_some())),
            }
        }
    }
}
