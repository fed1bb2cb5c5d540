//! One cell: how its text becomes a value, what is refused, and how a value becomes text again.

use super::fields::{Field, Shape};
use crate::api::component::goods::SkuAttr;
use crate::bulk::number::{self, Refusal};
use crate::bulk::source::CellKind;
use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use crate::types::spelling::{half_width, invisible, unquoted};
use crate::types::{Fen, guarded, unguarded};
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
    /// A document ends before it is whole.
    pub is_open: bool,
}

impl Fault {
    pub fn new(message: Text) -> Fault {
        Fault {
            message,
            hint: None,
            is_open: false,
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
            is_open: false,
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Fault {
        Fault {
            message: refusal.message,
            hint: Some(refusal.hint),
            is_open: false,
        }
    }
}

/// A cell that was read.
pub struct Read {
    pub value: Value,
    /// Full-width characters were replaced.
    pub normalised: bool,
}

impl Read {
    fn new(value: Value) -> Read {
        Read {
            value,
            normalised: false,
        }
    }
}

/// Reads a cell that is not blank; `name` is what its column is called in the file.
pub fn read_cell(field: Field, name: &str, cell: &str, kind: CellKind) -> Result<Read, Fault> {
    if cell.trim() == CLEAR {
        return cleared(field, name).map(Read::new);
    }
    match (field, kind) {
        (Field::SellTime, CellKind::Date) => {}
        (Field::Onsale, CellKind::Bool) => {
            return Ok(Read::new(Value::Whole(i64::from(cell == "TRUE"))));
        }
        _ => {
            if let Some(refusal) = number::unreadable(cell, kind) {
                return Err(refusal.into());
            }
        }
    }
    let seen = cell;
    let cell = unguarded(cell);
    let trimmed = cell.trim();
    if let (Shape::Words | Shape::Line, Some(text)) = (field.shape(), unquoted(trimmed)) {
        return Ok(Read::new(Value::Text(text)));
    }
    if field.shape() == Shape::Words {
        return Ok(Read::new(Value::Text(cell.to_owned())));
    }
    if field.shape() == Shape::Line {
        no_invisible(trimmed)?;
        return Ok(Read::new(Value::Text(trimmed.to_owned())));
    }
    let mut normalised = false;
    let value = match field.shape() {
        Shape::Id => {
            let read = number::read(seen, kind)?;
            normalised = read.normalised;
            Value::Text(read.text.into_owned())
        }
        Shape::Yuan => Value::Fen(yuan(&plain(trimmed, &mut normalised), kind)?),
        Shape::Fen => {
            let cell = plain(trimmed, &mut normalised);
            Value::Fen(Fen(whole(field, name, &cell, kind)?))
        }
        Shape::Whole => {
            let cell = plain(trimmed, &mut normalised);
            Value::Whole(whole(field, name, &cell, kind)?)
        }
        Shape::Wholes => {
            let plain = plain(trimmed, &mut normalised);
            Value::Wholes(
                items(&plain, &mut false)
                    .map(|item| whole(field, name, item, kind))
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
pub fn cleared(field: Field, name: &str) -> Result<Value, Fault> {
    if field.is_clearable() {
        return Ok(Value::Clear);
    }
    Err(Fault::new(text!("{name} cannot be emptied", name))
        .hint(text!("leave it blank to keep what the shop has")))
}

fn plain<'a>(cell: &'a str, normalised: &mut bool) -> Cow<'a, str> {
    let plain = half_width(cell);
    *normalised |= matches!(plain, Cow::Owned(_));
    plain
}

/// Refuses a number that is shown as a percentage.
fn no_percentage(cell: &str, kind: CellKind) -> Result<(), Fault> {
    if kind != CellKind::Percent {
        return Ok(());
    }
    let shown = cell
        .parse::<f64>()
        .map_or_else(|_| cell.to_owned(), |part| format!("{}%", part * 100.0));
    Err(
        Fault::new(text!("the cell contains a percentage, {shown}", shown)).hint(text!(
            "format the column as a number and type the value again"
        )),
    )
}

/// Refuses what nobody sees in a cell, by its name.
fn no_invisible(cell: &str) -> Result<(), Fault> {
    let found = cell
        .chars()
        .find_map(|c| invisible(c).map(|name| (c, name)));
    match found {
        None => Ok(()),
        Some((c, name)) => Err(Fault::new(text!(
            "there is {name} ({code}) in it",
            name,
            code = format!("U+{:04X}", u32::from(c))
        ))
        .hint(text!("empty the cell and type the value again"))),
    }
}

/// A price in yuan: `12.5`, `¥12.50`, `12.5元`, `12.50 CNY`. Of a number cell, what binary fractions make of two
/// decimals is taken for them, as the spreadsheet shows it.
fn yuan(cell: &str, kind: CellKind) -> Result<Fen, Fault> {
    no_percentage(cell, kind)?;
    no_invisible(cell)?;
    if let Some(number) = number_in(cell, kind) {
        let fen = number * 100.0;
        if (number - fen.round() / 100.0).abs() < NOISE && fen.abs() < 1e15 {
            // Below 2^53, so that no digit is lost.
            return Ok(Fen(fen.round() as i64));
        }
    }
    let lower = cell.to_lowercase();
    let mut rest = lower.trim();
    for mark in ["¥", "￥", "cny", "rmb", "人民币"] {
        rest = rest.strip_prefix(mark).unwrap_or(rest).trim_start();
    }
    if let Some((before, unit)) = rest.rsplit_once('/')
        && unit.chars().count() <= 3
        && before.ends_with('元')
    {
        rest = before;
    }
    for mark in ["元", "cny", "rmb", "人民币"] {
        rest = rest.strip_suffix(mark).unwrap_or(rest).trim_end();
    }
    Fen::from_yuan(rest).map_err(|failure| {
        // The person is shown what stands in the cell.
        match Fen::from_yuan(cell) {
            Err(whole) => whole.into(),
            Ok(_) => failure.into(),
        }
    })
}

/// What a number may be off, for it to be taken for the one it is shown as.
const NOISE: f64 = 1e-6;

fn number_in(cell: &str, kind: CellKind) -> Option<f64> {
    (kind == CellKind::Number)
        .then(|| cell.parse().ok())
        .flatten()
}

fn whole(field: Field, name: &str, cell: &str, kind: CellKind) -> Result<i64, Fault> {
    no_percentage(cell, kind)?;
    no_invisible(cell)?;
    if field == Field::StockNum
        && cell.starts_with(['+', '-', '='])
        && cell[1..].parse::<f64>().is_ok()
    {
        return Err(Fault::new(text!(
            "\"{cell}\" looks like a difference; this shop takes only the total stock",
            cell
        ))
        .hint(text!("write the new total stock, e.g. 105")));
    }
    if let Some(number) = number_in(cell, kind)
        && (number - number.round()).abs() < NOISE
        && number.abs() < 1e15
    {
        return Ok(number.round() as i64);
    }
    let (digits, decimals) = cell.split_once('.').unwrap_or((cell, ""));
    let grouped = match digits.split_once(',') {
        None => true,
        Some((first, rest)) => {
            (1..=3).contains(&first.len()) && rest.split(',').all(|group| group.len() == 3)
        }
    };
    if grouped
        && decimals.bytes().all(|byte| byte == b'0')
        && let Ok(number) = digits.replace(',', "").parse()
    {
        return Ok(number);
    }
    if field == Field::Onsale {
        match cell.to_lowercase().as_str() {
            "是" | "yes" | "y" | "true" | "上架" => return Ok(1),
            "否" | "no" | "n" | "false" | "下架" => return Ok(0),
            _ => {}
        }
        return Err(Fault::new(text!("\"{cell}\" is neither yes nor no", cell))
            .hint(text!("write 1 for yes or 0 for no")));
    }
    let fault = Fault::new(text!("\"{cell}\" is not a whole number", cell));
    Err(match field {
        Field::ThirdCatId => {
            let words = cell
                .rsplit(['>', '/', '|', '-'])
                .next()
                .unwrap_or(cell)
                .trim();
            fault.hint(text!(
                "write the number of the category: `wxsell category list {words}` shows it",
                words
            ))
        }
        Field::BrandId => fault.hint(text!(
            "write the number of the brand: `wxsell brand mine` shows those that are open"
        )),
        _ => fault.hint(text!("write {name} with digits only, e.g. 100", name)),
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
    let syntax = || text!("write attributes as color=red;size=L");
    if is_like_json(cell) {
        return Err(Fault::new(text!("attributes are not written as JSON here")).hint(syntax()));
    }
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
        if let Some(second) = second_attribute(value) {
            return Err(Fault::new(text!(
                "\"{second}\" looks like a second attribute inside the first",
                second
            ))
            .hint(text!(
                "separate attributes with \";\", e.g. color=red;size=L; where it belongs to the value, write \\: or \\= in it"
            )));
        }
        let (key, value) = (unescape(key.trim()), unescape(value.trim()));
        if key.is_empty() || value.is_empty() {
            return Err(Fault::new(text!(
                "attribute \"{part}\" needs a name and a value",
                part = part.trim()
            ))
            .hint(syntax()));
        }
        if attrs.iter().any(|attr| attr.attr_key == key) {
            return Err(Fault::new(text!("attribute \"{key}\" appears twice", key)).hint(syntax()));
        }
        attrs.push(SkuAttr {
            attr_key: key,
            attr_value: value,
        });
    }
    *normalised |= cell.contains(['；', '＝', '：', '｜']);
    Ok(attrs)
}

fn is_like_json(cell: &str) -> bool {
    (cell.starts_with('{') && cell.ends_with('}')) || (cell.starts_with('[') && cell.ends_with(']'))
}

/// What people put between attributes beside `;` and `|`.
fn between_attributes(c: char) -> bool {
    matches!(c, ',' | '，' | '、' | '/' | '&' | '+' | '；') || c.is_whitespace()
}

/// The part of a value, as written, that looks like another attribute: `尺码:L` in `红,尺码:L`.
fn second_attribute(value: &str) -> Option<&str> {
    let joins = |c: char| matches!(c, ':' | '：' | '=' | '＝');
    parts(value, between_attributes)
        .into_iter()
        .skip(1)
        .map(str::trim)
        .find(|part| {
            let sides = parts(part, joins);
            // `10:00` is a time.
            sides.len() > 1
                && !sides[0].trim().is_empty()
                && !sides[0].trim().chars().all(|c| c.is_ascii_digit())
        })
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

/// The character of `{3000}…`, and what follows.
fn code_point(text: &str) -> Option<(char, &str)> {
    let (digits, rest) = text.strip_prefix('{')?.split_once('}')?;
    let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    Some((c, rest))
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
                Some('u') => match code_point(chars.as_str()) {
                    Some((c, rest)) => {
                        out.push(c);
                        chars = rest.chars();
                    }
                    None => out.push_str("\\u"),
                },
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

/// The text of a value in a spreadsheet, which [`read_cell`] reads back.
pub fn cell_of(field: Field, value: &Value) -> String {
    let cell = bare_cell(field, value);
    if field.shape() != Shape::Id && unguarded(&cell) != cell {
        format!("'{cell}")
    } else {
        cell
    }
}

fn bare_cell(field: Field, value: &Value) -> String {
    match value {
        Value::Text(text) if field.shape() == Shape::Id => number::written(text).into_owned(),
        Value::Text(text) => match field.shape() {
            Shape::Words | Shape::Line if !is_plain(field, text) => number::quoted(text),
            _ => text.clone(),
        },
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
        Value::Attrs(attrs) => {
            let cell = attrs
                .iter()
                .map(|attr| format!("{}={}", escaped(&attr.attr_key), escaped(&attr.attr_value)))
                .collect::<Vec<_>>()
                .join(";");
            // What looks like JSON is not taken for attributes.
            match cell.chars().next().filter(|_| is_like_json(&cell)) {
                Some(bracket) => format!("\\u{{{:x}}}{}", u32::from(bracket), &cell[1..]),
                None => cell,
            }
        }
    }
}

/// Whether a text can stand in a cell as it is, without the guard that keeps it.
fn is_plain(field: Field, text: &str) -> bool {
    let read = read_cell(field, field.name(), text, CellKind::Text);
    !text.trim().is_empty() && read.is_ok_and(|read| read.value == Value::Text(text.to_owned()))
}

/// As [`cell_of`], for a CSV file that people open in a spreadsheet program: what it would calculate is guarded.
pub fn csv_cell_of(field: Field, value: &Value) -> String {
    let cell = bare_cell(field, value);
    match field.shape() {
        // The price and the stock are numbers, and of a number the other guard keeps what it is.
        Shape::Yuan | Shape::Fen | Shape::Whole => cell,
        Shape::Id if cell.starts_with("=\"") || guarded(&cell) == cell => cell,
        Shape::Id => number::quoted(&cell),
        _ => guarded(&cell).into_owned(),
    }
}

fn escaped(words: &str) -> String {
    // Behind a separator, a colon would make another attribute of the rest.
    let colons = words.contains(between_attributes);
    let edges = words.len() - words.trim_start().len()..words.trim_end().len();
    let mut out = String::with_capacity(words.len());
    for (at, c) in words.char_indices() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            ' ' if !edges.contains(&at) => out.push_str("\\s"),
            c if !edges.contains(&at) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            '\\' | ';' | '；' | '|' | '｜' | '=' | '＝' => out.extend(['\\', c]),
            ':' | '：' if colons => out.extend(['\\', c]),
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
        read_as(field, cell, CellKind::Text)
    }

    fn read_as(field: Field, cell: &str, kind: CellKind) -> Result<Value, String> {
        read_cell(field, field.name(), cell, kind)
            .map(|read| read.value)
            .map_err(|fault| fault.message.to_string())
    }

    #[test]
    fn prices_are_read_in_every_way_people_write_yuan() {
        for cell in [
            "12.5",
            "¥12.50",
            "￥12.5",
            "12.5元",
            "12.50 元/件",
            "CNY 12.5",
            "12.5RMB",
            "人民币12.5元",
            "１２．５",
            "¥ 12.50",
        ] {
            assert_eq!(
                read(Field::SalePrice, cell),
                Ok(Value::Fen(Fen(1250))),
                "{cell}"
            );
        }
        for cell in [
            "1.5万元",
            "12,50",
            "9.9-19.9",
            "免费",
            "$12",
            "12.5分",
            "12.5元/箱(12件)",
        ] {
            assert!(read(Field::SalePrice, cell).is_err(), "{cell}");
        }
        // What stands in the cell is shown, not what was left of it.
        let told = read(Field::SalePrice, "¥12.345").expect_err("three decimals");
        assert!(told.contains("¥12.345"), "{told}");
    }

    #[test]
    fn noise_of_binary_fractions_is_what_the_spreadsheet_shows() {
        for (cell, fen) in [
            ("28.799999999999997", 2880),
            ("3.3000000000000003", 330),
            ("0.30000000000000004", 30),
            ("99999999.99", 9_999_999_999),
        ] {
            let read = read_as(Field::SalePrice, cell, CellKind::Number);
            assert_eq!(read, Ok(Value::Fen(Fen(fen))), "{cell}");
        }
        assert!(read_as(Field::SalePrice, "12.345", CellKind::Number).is_err());
        assert!(read(Field::SalePrice, "28.799999999999997").is_err());
        let stock = read_as(Field::StockNum, "99.99999999999999", CellKind::Number);
        assert_eq!(stock, Ok(Value::Whole(100)));
        assert!(read_as(Field::StockNum, "99.5", CellKind::Number).is_err());
    }

    #[test]
    fn percentages_and_differences_are_refused() {
        let told = read_as(Field::SalePrice, "0.5", CellKind::Percent).expect_err("a share");
        assert!(told.contains("percentage, 50%"), "{told}");
        assert!(read_as(Field::StockNum, "1", CellKind::Percent).is_err());
        for cell in ["+5", "-5", "=5"] {
            let told = read(Field::StockNum, cell).expect_err(cell);
            assert!(told.contains("difference"), "{told}");
        }
        let told = read_as(Field::StockNum, "-5", CellKind::Number).expect_err("below zero");
        assert!(told.contains("difference"), "{told}");
    }

    #[test]
    fn whole_numbers_are_read_as_spreadsheets_show_them() {
        for (cell, number) in [("1,000", 1000), ("100.00", 100), ("7", 7), ("1,423", 1423)] {
            assert_eq!(
                read(Field::StockNum, cell),
                Ok(Value::Whole(number)),
                "{cell}"
            );
        }
        for cell in ["1,00", "1.5", "100件", ""] {
            assert!(read(Field::StockNum, cell).is_err(), "{cell}");
        }
        for (cell, flag) in [("是", 1), ("否", 0), ("1", 1)] {
            assert_eq!(read(Field::Onsale, cell), Ok(Value::Whole(flag)));
        }
        let flag = read_as(Field::Onsale, "TRUE", CellKind::Bool);
        assert_eq!(flag, Ok(Value::Whole(1)));
    }

    #[test]
    fn a_category_by_name_leads_to_its_number() {
        let fault = |cell| {
            read_cell(Field::ThirdCatId, "类目", cell, CellKind::Text)
                .err()
                .and_then(|fault| fault.hint)
                .map(|hint| hint.to_string())
                .unwrap_or_default()
        };
        for cell in ["茶叶", "食品>茶叶", "食品/茶叶"] {
            assert!(
                fault(cell).contains("`wxsell category list 茶叶`"),
                "{}",
                fault(cell)
            );
        }
    }

    #[test]
    fn attributes_with_other_separators_are_refused() {
        for cell in [
            "颜色:红,尺码:L",
            "颜色：红，尺码：L",
            "颜色:红 尺码:L",
            "颜色=红、尺码=L",
            "颜色:红/尺码:L",
            "颜色:红&尺码:L",
            "{\"颜色\":\"红\"}",
        ] {
            assert!(read(Field::SkuAttrs, cell).is_err(), "{cell}");
        }
        for cell in [
            "规格=125克/盒",
            "时间=10:00",
            "颜色=红, 白",
            "规格=长 10:00",
            "比例=a 1\\:2",
        ] {
            assert!(read(Field::SkuAttrs, cell).is_ok(), "{cell}");
        }
    }

    #[test]
    fn full_width_signs_are_read_and_counted_but_never_in_titles() {
        let full = read_cell(Field::SalePrice, "售价", "１２．５０", CellKind::Text)
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
        assert!(read_as(Field::InfoVersion, "2024-01-02 00:00:00", CellKind::Date).is_err());
        assert!(read_as(Field::SellTime, "2024-01-02 00:00:00", CellKind::Date).is_ok());
        assert!(read_as(Field::Title, "#N/A", CellKind::Error).is_err());
        assert!(read(Field::StockNum, "12.5").is_err());
        assert!(read(Field::SalePrice, "12.345").is_err());
    }

    proptest! {
        #[test]
        fn attributes_survive_a_cell(words in proptest::collection::vec(("[^\t\u{B}\u{C}\u{85}\u{A0}\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}]{1,8}", "[a-z;；=：:|\\\\红，,{} \n]{1,8}"), 0..4)) {
            let mut attrs: Vec<SkuAttr> = Vec::new();
            for (key, value) in words {
                if attrs.iter().all(|attr| attr.attr_key != key) {
                    attrs.push(SkuAttr { attr_key: key, attr_value: value });
                }
            }
            let cell = cell_of(Field::SkuAttrs, &Value::Attrs(attrs.clone()));
            prop_assert_eq!(read(Field::SkuAttrs, &cell), Ok(Value::Attrs(attrs)));
        }
    }
}
