//! One cell: how its text becomes a value, what is refused, and how a value becomes text again.

use super::fields::{Field, Shape, half_width};
use crate::api::component::goods::SkuAttr;
use crate::bulk::source::CellKind;
use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use crate::types::Fen;
use std::borrow::Cow;

/// The value of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    List(Vec<String>),
    Whole(i64),
    Wholes(Vec<i64>),
    Fen(Fen),
    Attrs(Vec<SkuAttr>),
    /// The field is to be emptied: [`CLEAR`] in a sheet, `null` in JSON.
    Clear,
}

/// What a cell holds to empty a field; a blank cell keeps what the shop has.
pub const CLEAR: &str = "[clear]";

/// What is wrong with a value and what to do about it.
#[derive(Debug, Clone)]
pub struct Fault {
    pub message: Text,
    pub hint: Option<Text>,
}

impl Fault {
    pub fn new(message: Text) -> Fault {
        Fault {
            message,
            hint: None,
        }
    }

    pub fn hint(mut self, hint: Text) -> Fault {
        self.hint = Some(hint);
        self
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Fault {
        Fault {
            message: failure.message,
            hint: failure.hint,
        }
    }
}

/// A cell that was read.
pub struct Read {
    pub value: Value,
    /// Full-width characters were replaced.
    pub normalised: bool,
}

/// Reads a cell that is not blank.
pub fn read_cell(field: Field, cell: &str, kind: CellKind) -> Result<Read, Fault> {
    let name = field.name();
    if cell.trim() == CLEAR {
        return Ok(Read {
            value: cleared(field)?,
            normalised: false,
        });
    }
    match kind {
        CellKind::Error => {
            return Err(Fault::new(text!("the cell holds the error {cell}", cell))
                .hint(text!("correct the formula, or type the value")));
        }
        CellKind::Bool => {
            return Err(Fault::new(text!(
                "the cell holds {cell}, which is no value for {name}",
                cell,
                name
            )));
        }
        CellKind::Date if field != Field::SellTime => {
            return Err(Fault::new(text!("the cell holds a date, {cell}", cell))
                .hint(text!("format the column as text and type the value again")));
        }
        _ => {}
    }
    if field.shape() == Shape::Words {
        return Ok(Read {
            value: Value::Text(cell.to_owned()),
            normalised: false,
        });
    }
    let trimmed = cell.trim();
    if field.shape() == Shape::Line {
        return Ok(Read {
            value: Value::Text(trimmed.to_owned()),
            normalised: false,
        });
    }
    let mut normalised = false;
    let value = match field.shape() {
        Shape::Id => {
            let plain = plain(trimmed, &mut normalised);
            refuse_damaged_number(name, &plain, kind)?;
            Value::Text(plain.into_owned())
        }
        Shape::Yuan => Value::Fen(Fen::from_yuan(&plain(trimmed, &mut normalised))?),
        Shape::Fen => Value::Fen(Fen(whole(name, &plain(trimmed, &mut normalised))?)),
        Shape::Whole => Value::Whole(whole(name, &plain(trimmed, &mut normalised))?),
        Shape::Wholes => {
            let plain = plain(trimmed, &mut normalised);
            Value::Wholes(
                items(&plain, &mut false)
                    .map(|item| whole(name, item))
                    .collect::<Result<_, _>>()?,
            )
        }
        Shape::Image | Shape::Images | Shape::Lines => {
            Value::List(items(trimmed, &mut normalised).map(str::to_owned).collect())
        }
        Shape::Attrs => Value::Attrs(attrs(trimmed, &mut normalised)?),
        Shape::Words | Shape::Line | Shape::Ignored => Value::Text(trimmed.to_owned()),
    };
    Ok(Read { value, normalised })
}

/// The value that empties a field, where it may be empty.
pub fn cleared(field: Field) -> Result<Value, Fault> {
    if field.is_clearable() {
        return Ok(Value::Clear);
    }
    Err(
        Fault::new(text!("{name} cannot be emptied", name = field.name()))
            .hint(text!("leave it blank to keep what the shop has")),
    )
}

fn plain<'a>(cell: &'a str, normalised: &mut bool) -> Cow<'a, str> {
    let plain = half_width(cell);
    *normalised |= matches!(plain, Cow::Owned(_));
    plain
}

/// Excel keeps 15 digits of a number; what it shows of a longer one is not what was typed.
fn refuse_damaged_number(name: &str, cell: &str, kind: CellKind) -> Result<(), Fault> {
    let remedy = text!("format the column as text and type the value again");
    if kind == CellKind::Number {
        if !cell.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Fault::new(text!(
                "the spreadsheet made {name} a number: {cell}",
                name,
                cell
            ))
            .hint(remedy));
        }
        if cell.len() > 15 {
            return Err(Fault::new(text!(
                "the spreadsheet made {name} a number and lost its last digits: {cell}",
                name,
                cell
            ))
            .hint(remedy));
        }
    } else if is_scientific(cell) {
        return Err(Fault::new(text!(
            "{name} is in scientific notation, {cell}: digits are lost",
            name,
            cell
        ))
        .hint(remedy));
    }
    Ok(())
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

fn whole(name: &str, cell: &str) -> Result<i64, Fault> {
    let number = cell.strip_suffix(".0").unwrap_or(cell);
    number.parse().map_err(|_| {
        Fault::new(text!("\"{cell}\" is not a whole number", cell))
            .hint(text!("write {name} with digits only, e.g. 100", name))
    })
}

/// The items of a list cell: separated by `|` or line breaks, blanks around them taken off.
fn items<'a>(cell: &'a str, normalised: &mut bool) -> impl Iterator<Item = &'a str> {
    *normalised |= cell.contains('｜');
    cell.split(['|', '｜', '\n', '\r'])
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// `colour=red;size=L`, with `:` for `=` and full-width twins. A backslash takes the meaning from the sign after it.
fn attrs(cell: &str, normalised: &mut bool) -> Result<Vec<SkuAttr>, Fault> {
    let syntax = || text!("write attributes as colour=red;size=L");
    let mut attrs: Vec<SkuAttr> = Vec::new();
    for part in parts(cell, |c| matches!(c, ';' | '；' | '|' | '｜' | '\n' | '\r')) {
        if part.trim().is_empty() {
            continue;
        }
        let mut sides = parts(part, |c| matches!(c, '=' | '＝'));
        if sides.len() == 1 {
            sides = parts(part, |c| matches!(c, ':' | '：'));
        }
        let Some(key) = sides.first() else { continue };
        let value =
            &part[(key.len() + part[key.len()..].chars().next().map_or(0, char::len_utf8))..];
        let (key, value) = (unescape(key.trim()), unescape(value.trim()));
        if key.is_empty() || value.is_empty() {
            return Err(Fault::new(text!(
                "attribute \"{part}\" needs a name and a value",
                part = part.trim()
            ))
            .hint(syntax()));
        }
        if attrs.iter().any(|attr| attr.attr_key == key) {
            return Err(Fault::new(text!("attribute \"{key}\" is there twice", key)).hint(syntax()));
        }
        attrs.push(SkuAttr {
            attr_key: key,
            attr_value: value,
        });
    }
    *normalised |= cell.contains(['；', '＝', '：', '｜']);
    Ok(attrs)
}

/// Splits at separators that no backslash precedes.
fn parts(text: &str, separates: impl Fn(char) -> bool) -> Vec<&str> {
    let (mut parts, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if !escaped && separates(c) {
            parts.push(&text[start..at]);
            start = at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(&text[start..]);
    parts
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('s') => out.push(' '),
                Some(other @ ('\\' | ';' | '；' | '|' | '｜' | '=' | '＝' | ':' | '：')) => {
                    out.push(other)
                }
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            other => out.push(other),
        }
    }
    out
}

/// The text of a value in a sheet, which [`read_cell`] reads back.
pub fn cell_of(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Clear => CLEAR.to_owned(),
        // An address holds no bare `|`; written as an escape it means the same.
        Value::List(items) => items
            .iter()
            .map(|item| item.replace('|', "%7C"))
            .collect::<Vec<_>>()
            .join("|"),
        Value::Whole(number) => number.to_string(),
        Value::Wholes(numbers) => numbers
            .iter()
            .map(i64::to_string)
            .collect::<Vec<_>>()
            .join("|"),
        Value::Fen(fen) => fen.to_yuan(),
        Value::Attrs(attrs) => attrs
            .iter()
            .map(|attr| format!("{}={}", escaped(&attr.attr_key), escaped(&attr.attr_value)))
            .collect::<Vec<_>>()
            .join(";"),
    }
}

fn escaped(words: &str) -> String {
    let edges = words.len() - words.trim_start().len()..words.trim_end().len();
    let mut out = String::with_capacity(words.len());
    for (at, c) in words.char_indices() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            ' ' if !edges.contains(&at) => out.push_str("\\s"),
            '\\' | ';' | '；' | '|' | '｜' | '=' | '＝' => out.extend(['\\', c]),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(field: Field, cell: &str) -> Result<Value, String> {
        read_cell(field, cell, CellKind::Text)
            .map(|read| read.value)
            .map_err(|fault| fault.message.to_string())
    }

    #[test]
    fn a_number_that_excel_damaged_is_refused() {
        let number = |cell: &str| {
            read_cell(Field::OutProductId, cell, CellKind::Number)
                .map(|read| read.value)
                .map_err(|fault| fault.message.to_string())
        };
        assert_eq!(
            number("6901234567892"),
            Ok(Value::Text("6901234567892".into()))
        );
        assert!(
            number("6901234567891234567")
                .expect_err("too long")
                .contains("last digits")
        );
        assert!(number("12.5").is_err());
        assert!(number("-3").is_err());
        for cell in ["1.23457E+12", "6.9E+12", "6E+12", "6.9e+12"] {
            assert!(
                read(Field::Barcode, cell)
                    .expect_err(cell)
                    .contains("scientific")
            );
        }
        for cell in ["6E12", "E+12", "A1E+12", "TEA-1001"] {
            assert_eq!(read(Field::SkuCode, cell), Ok(Value::Text(cell.into())));
        }
    }

    #[test]
    fn full_width_signs_are_read_and_counted_but_never_in_titles() {
        let full = read_cell(Field::SalePrice, "１２．５０", CellKind::Text)
            .map_err(|fault| fault.message.to_string())
            .expect("a price");
        assert!(full.normalised);
        assert_eq!(full.value, Value::Fen(Fen(1250)));
        assert_eq!(
            read(Field::Title, "１００％棉"),
            Ok(Value::Text("１００％棉".into()))
        );
        assert_eq!(read(Field::StockNum, "１００"), Ok(Value::Whole(100)));
        assert_eq!(
            read(Field::HeadImg, "a（1）.jpg｜b.jpg\nc.jpg"),
            Ok(Value::List(vec![
                "a（1）.jpg".into(),
                "b.jpg".into(),
                "c.jpg".into()
            ]))
        );
    }

    #[test]
    fn attributes_are_read_in_every_way_people_write_them() {
        let wanted = Ok(Value::Attrs(vec![
            SkuAttr {
                attr_key: "颜色".into(),
                attr_value: "红色".into(),
            },
            SkuAttr {
                attr_key: "时间".into(),
                attr_value: "10:00".into(),
            },
        ]));
        for cell in [
            "颜色=红色;时间=10:00",
            "颜色：红色；时间：10:00",
            "颜色＝红色\n时间＝10:00;",
            " 颜色 = 红色 ; 时间 = 10:00 ",
        ] {
            assert_eq!(read(Field::SkuAttrs, cell), wanted, "{cell}");
        }
        for cell in ["红色", "颜色=", "=红色", "a=1;a=2"] {
            assert!(read(Field::SkuAttrs, cell).is_err(), "{cell}");
        }
    }

    #[test]
    fn dates_errors_and_words_are_no_numbers() {
        assert!(read_cell(Field::InfoVersion, "2024-01-02 00:00:00", CellKind::Date).is_err());
        assert!(read_cell(Field::SellTime, "2024-01-02 00:00:00", CellKind::Date).is_ok());
        assert!(read_cell(Field::Title, "#N/A", CellKind::Error).is_err());
        assert!(read(Field::StockNum, "12.5").is_err());
        assert!(read(Field::SalePrice, "12.345").is_err());
    }

    proptest! {
        #[test]
        fn attributes_survive_a_cell(words in proptest::collection::vec(("[^\t\u{B}\u{C}\u{85}\u{A0}\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}]{1,8}", "[a-z;；=：:|\\\\红 \n]{1,8}"), 0..4)) {
            let mut attrs: Vec<SkuAttr> = Vec::new();
            for (key, value) in words {
                if attrs.iter().all(|attr| attr.attr_key != key) {
                    attrs.push(SkuAttr { attr_key: key, attr_value: value });
                }
            }
            let cell = cell_of(&Value::Attrs(attrs.clone()));
            prop_assert_eq!(read(Field::SkuAttrs, &cell), Ok(Value::Attrs(attrs)));
        }
    }
}
