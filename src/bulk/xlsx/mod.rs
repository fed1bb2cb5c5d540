//! Spreadsheets: the rows of one sheet of an .xlsx file, read cell by cell.

mod archive;
pub mod choose;
mod number_format;
mod scan;

use super::source::{CellKind, Row, cannot_read};
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use archive::Archive;
use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use number_format::NumberFormat;
use scan::Facts;
use std::fmt::Write;
use std::fs::File;
use std::io::{BufReader, Seek};
use std::rc::Rc;

/// An open spreadsheet file.
pub struct Book {
    name: String,
    inner: Xlsx<BufReader<File>>,
    archive: Option<Archive>,
    /// Of the sheets that were read.
    facts: Vec<(String, Rc<Facts>)>,
    /// By the number of a style: how it shows numbers, and its format.
    styles: Option<Rc<[Style]>>,
}

struct Style {
    number: NumberFormat,
    code: Rc<str>,
}

/// A sheet of a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetName {
    pub name: String,
    pub hidden: bool,
}

/// A cell as the file holds it, for copying.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Empty,
    Text(String),
    Number {
        number: f64,
        /// The number format of the cell, where it is none of the usual ones.
        format: Option<Rc<str>>,
        /// What the person sees, where that is something else.
        shown: Option<String>,
    },
    Bool(bool),
    /// Days since 1900, and the format of the cell.
    Date(f64, Option<Rc<str>>),
    Error(String),
    /// A formula whose result is not in the file.
    Formula(String),
}

impl Book {
    /// `file` stands at its start.
    ///
    /// # Errors
    /// What is no workbook or is damaged, and a workbook that would fill the memory.
    pub fn open(name: &str, mut file: File) -> Result<Book> {
        let mut archive = Archive::open(name, &file)?;
        if let Some(archive) = &mut archive {
            archive.bound()?;
            if let Some(repaired) = archive.repaired()? {
                file = repaired;
            }
        }
        file.rewind()?;
        let inner = Xlsx::new(BufReader::new(file)).map_err(|error| damaged(name, &error))?;
        Ok(Book {
            name: name.to_owned(),
            inner,
            archive,
            facts: Vec::new(),
            styles: None,
        })
    }

    /// The sheets that hold cells, in order.
    pub fn sheets(&self) -> Vec<SheetName> {
        self.inner
            .sheets_metadata()
            .iter()
            .filter(|sheet| sheet.typ == SheetType::WorkSheet)
            .map(|sheet| SheetName {
                name: sheet.name.clone(),
                hidden: sheet.visible != SheetVisible::Visible,
            })
            .collect()
    }

    /// What a sheet holds beside values: read once.
    fn facts(&mut self, sheet: &str) -> Result<Rc<Facts>> {
        if let Some((_, facts)) = self.facts.iter().find(|(known, _)| known == sheet) {
            return Ok(Rc::clone(facts));
        }
        let facts = Rc::new(match &mut self.archive {
            Some(archive) => archive.facts(sheet)?,
            None => Facts::default(),
        });
        self.facts.push((sheet.to_owned(), Rc::clone(&facts)));
        Ok(facts)
    }

    /// The columns of a sheet, counted from 0, that nobody sees: first and last of each run.
    pub fn hidden_columns(&mut self, sheet: &str) -> Result<Vec<(u32, u32)>> {
        Ok(self.facts(sheet)?.hidden_columns.clone())
    }

    /// How many pictures lie over a sheet.
    pub fn floating_pictures(&mut self, sheet: &str) -> Result<usize> {
        Ok(self.facts(sheet)?.floating.values().map(Vec::len).sum())
    }

    /// Hands every row that holds something to `take`, until it says false.
    pub fn rows(&mut self, sheet: &str, take: &mut dyn FnMut(&Row) -> Result<bool>) -> Result<()> {
        let facts = self.facts(sheet)?;
        let name = self.name.clone();
        let mut row = Row::default();
        let mut done = |row: &mut Row| -> Result<bool> {
            if row.is_blank() {
                return Ok(true);
            }
            cover(row, &facts);
            take(row)
        };
        let mut goes_on = true;
        self.cells(sheet, &facts, &mut |cell| {
            if cell.row != row.number {
                goes_on = done(&mut row)?;
                row.clear(cell.row);
                if !goes_on {
                    return Ok(false);
                }
            }
            let twice = || {
                Failure::input(text!(
                    "{file} is damaged: the cell {cell} appears twice",
                    file = &name,
                    cell = format!("{}{}", super::source::column_letters(cell.column), cell.row)
                ))
                .hint(text!("open it and save it again as .xlsx"))
            };
            push(&mut row, &cell)
                .then_some(true)
                .ok_or_else(|| twice().into())
        })?;
        if goes_on {
            done(&mut row)?;
        }
        Ok(())
    }

    /// Like [`rows`](Book::rows), with the cells as the file holds them.
    pub fn values(
        &mut self,
        sheet: &str,
        take: &mut dyn FnMut(u32, &[Value]) -> Result<()>,
    ) -> Result<()> {
        let facts = self.facts(sheet)?;
        // Days are counted from 1904 in old files of the Mac.
        let epoch = if self.inner.has_1904_epoch() {
            1462.0
        } else {
            0.0
        };
        let (mut current, mut values): (u32, Vec<Value>) = (0, Vec::new());
        self.cells(sheet, &facts, &mut |cell| {
            if cell.row != current {
                if !values.is_empty() {
                    take(current, &values)?;
                }
                values.clear();
                current = cell.row;
            }
            if cell.column >= values.len() {
                values.resize(cell.column + 1, Value::Empty);
            }
            values[cell.column] = value(&cell, epoch);
            Ok(true)
        })?;
        if values.is_empty() {
            Ok(())
        } else {
            take(current, &values)
        }
    }

    /// Every cell that holds something.
    fn cells(
        &mut self,
        sheet: &str,
        facts: &Facts,
        take: &mut dyn FnMut(Found<'_>) -> Result<bool>,
    ) -> Result<()> {
        let name = self.name.clone();
        let known = self.styles.clone();
        let mut cells = self
            .inner
            .worksheet_cells_reader(sheet)
            .map_err(|error| damaged(&name, &error))?;
        let styles = known.unwrap_or_else(|| cells.styles().iter().map(style).collect());
        while let Some((cell, style)) = cells
            .next_cell_with_style_id()
            .map_err(|error| damaged(&name, &error))?
        {
            let place = cell.get_position();
            let data = cell.get_value();
            let what = match data {
                _ if !facts.formulas.is_empty() && facts.formulas.contains_key(&place) => {
                    What::Formula(&facts.formulas[&place])
                }
                DataRef::Empty => continue,
                DataRef::Error(_) if facts.in_cells.contains(&place) => What::Picture,
                data => What::Data(data),
            };
            let found = Found {
                row: place.0.saturating_add(1),
                column: place.1 as usize,
                what,
                style: styles.get(style),
                hidden: facts.is_hidden(place.0.saturating_add(1)),
            };
            if !take(found)? {
                break;
            }
        }
        self.styles = Some(styles);
        Ok(())
    }
}

/// A cell that was found.
struct Found<'a> {
    /// Counted from 1.
    row: u32,
    /// Counted from 0.
    column: usize,
    what: What<'a>,
    style: Option<&'a Style>,
    hidden: bool,
}

enum What<'a> {
    Data(&'a DataRef<'a>),
    Formula(&'a str),
    Picture,
}

fn style(style: &calamine::Style) -> Style {
    let code = style
        .number_format
        .as_ref()
        .map_or("General", |format| format.format_code.as_str());
    Style {
        number: NumberFormat::of_code(code),
        code: code.into(),
    }
}

/// Adds what lies over the cells of a row.
fn cover(row: &mut Row, facts: &Facts) {
    let at = row.number.saturating_sub(1);
    for (first, last) in facts.merged_in(at) {
        let range = || {
            let corner = |(row, column): (u32, u32)| {
                format!(
                    "{}{}",
                    super::source::column_letters(column as usize),
                    row + 1
                )
            };
            format!("{}:{}", corner(*first), corner(*last))
        };
        // A title over the whole sheet covers columns that hold nothing else.
        for column in first.1..=last.1.min(first.1.saturating_add(1024)) {
            if (at, column) != *first {
                row.put(column as usize, &range(), CellKind::Merged);
            }
        }
    }
    for column in facts.floating.get(&at).into_iter().flatten() {
        row.put(*column as usize, "", CellKind::Picture);
    }
}

fn damaged(name: &str, error: &XlsxError) -> Failure {
    match error {
        XlsxError::Password => {
            Failure::input(text!("{file} is protected by a password", file = name)).hint(text!(
                "open it, remove the password and save it as .xlsx, then use that file"
            ))
        }
        XlsxError::Io(error) => cannot_read(name, error),
        error => Failure::input(text!(
            "{file} is damaged: {why}",
            file = name,
            why = error.to_string()
        ))
        .hint(text!("open it and save it again as .xlsx")),
    }
}

/// Puts a cell into its row; false where one stands there already.
fn push(row: &mut Row, cell: &Found<'_>) -> bool {
    row.hidden = cell.hidden;
    let column = cell.column;
    let data = match &cell.what {
        What::Formula(formula) => return row.put(column, formula, CellKind::Formula),
        What::Picture => return row.put(column, "", CellKind::Picture),
        What::Data(data) => data,
    };
    match data {
        DataRef::Empty => true,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            row.put(column, text, CellKind::Text)
        }
        DataRef::SharedString(text) => row.put(column, text, CellKind::Text),
        DataRef::Int(number) => row.put_number(column, format_args!("{number}"), cell.style),
        DataRef::Float(number) => row.put_number(column, format_args!("{number}"), cell.style),
        DataRef::Bool(flag) => {
            row.put(column, if *flag { "TRUE" } else { "FALSE" }, CellKind::Bool)
        }
        DataRef::DateTime(time) => {
            let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
            row.put(
                column,
                &format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
                CellKind::Date,
            )
        }
        DataRef::Error(error) => row.put(column, &error.to_string(), CellKind::Error),
    }
}

fn value(cell: &Found<'_>, epoch: f64) -> Value {
    let data = match &cell.what {
        What::Formula(formula) => return Value::Formula((*formula).to_owned()),
        What::Picture => return Value::Error("#VALUE!".to_owned()),
        What::Data(data) => data,
    };
    let format = || {
        cell.style
            .filter(|style| style.number != NumberFormat::Plain)
            .map(|style| Rc::clone(&style.code))
    };
    let number = |number: f64| Value::Number {
        number,
        format: format(),
        shown: cell
            .style
            .and_then(|style| style.number.digits(&number.to_string())),
    };
    match data {
        DataRef::Empty => Value::Empty,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Value::Text(text.clone())
        }
        DataRef::SharedString(text) => Value::Text((*text).to_owned()),
        DataRef::Int(whole) => number(*whole as f64),
        DataRef::Float(float) => number(*float),
        DataRef::Bool(flag) => Value::Bool(*flag),
        DataRef::DateTime(time) => Value::Date(time.as_f64() + epoch, format()),
        DataRef::Error(error) => Value::Error(error.to_string()),
    }
}

impl Row {
    fn put_number(
        &mut self,
        column: usize,
        number: std::fmt::Arguments<'_>,
        style: Option<&Style>,
    ) -> bool {
        let kind = match style.map(|style| &style.number) {
            Some(NumberFormat::Percent) => CellKind::Percent,
            _ => CellKind::Number,
        };
        if column >= self.len() {
            while self.len() < column {
                self.push("", CellKind::Text);
            }
            // Writing to a string cannot fail.
            let _ = self.text.write_fmt(number);
            self.push("", kind);
        } else if !self.put(column, &number.to_string(), kind) {
            return false;
        }
        match style.map(|style| &style.number) {
            None | Some(NumberFormat::Plain | NumberFormat::Percent) => {}
            Some(NumberFormat::Other) => self.shown.push((column, None)),
            Some(pattern @ NumberFormat::Pattern(_)) => {
                let digits = number.to_string();
                let whole = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() <= 15;
                self.shown
                    .push((column, pattern.digits(&digits).filter(|_| whole)));
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::{Seek, Write};

    fn book_of(bytes: &[u8]) -> Result<Book> {
        let mut file = tempfile::tempfile()?;
        file.write_all(bytes)?;
        file.rewind()?;
        Book::open("a.xlsx", file)
    }

    fn sample() -> Vec<u8> {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.write_string(0, 0, "编号").expect("a cell");
        sheet.write_string(0, 2, "price").expect("a cell");
        sheet.write_string(3, 0, "P1").expect("a cell");
        sheet.write_number(3, 2, 19.99).expect("a cell");
        sheet
            .write_number(4, 2, 123_456_789_012_345_680.0)
            .expect("a cell");
        workbook.save_to_buffer().expect("a file")
    }

    fn rows_of(bytes: &[u8]) -> Result<Vec<(u32, Vec<String>)>> {
        let mut book = book_of(bytes)?;
        let mut rows = Vec::new();
        for sheet in book.sheets() {
            book.rows(&sheet.name, &mut |row| {
                rows.push((
                    row.number,
                    row.cells().map(|(text, _)| text.to_owned()).collect(),
                ));
                Ok(true)
            })?;
        }
        Ok(rows)
    }

    #[test]
    fn rows_keep_their_number_and_doubles_their_shortest_form() {
        let rows = rows_of(&sample()).expect("rows");
        let told: Vec<(u32, String)> = rows
            .into_iter()
            .map(|(number, cells)| (number, cells.join("|")))
            .collect();
        assert_eq!(
            told,
            [
                (1, "编号||price".to_owned()),
                (4, "P1||19.99".to_owned()),
                (5, "||123456789012345680".to_owned())
            ]
        );
    }

    /// A workbook of one sheet with this content, and what its cells share.
    fn written(sheet: &str, shared: Option<&str>) -> Vec<u8> {
        let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let package = "http://schemas.openxmlformats.org/package/2006/relationships";
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let link = |id: &str, of: &str, target: &str| {
            format!("<Relationship Id=\"{id}\" Type=\"{kind}/{of}\" Target=\"{target}\"/>")
        };
        let links =
            |links: &str| format!("<Relationships xmlns=\"{package}\">{links}</Relationships>");
        let strings = shared.map(|_| link("rId2", "sharedStrings", "sharedStrings.xml"));
        let parts = [
            (
                "_rels/.rels",
                links(&link("rId1", "officeDocument", "xl/workbook.xml")),
            ),
            (
                "xl/workbook.xml",
                format!(
                    "<workbook xmlns=\"{main}\" xmlns:r=\"{kind}\"><sheets><sheet name=\"s\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
                ),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                links(
                    &(link("rId1", "worksheet", "worksheets/sheet1.xml")
                        + &strings.unwrap_or_default()),
                ),
            ),
            (
                "xl/worksheets/sheet1.xml",
                format!("<worksheet xmlns=\"{main}\">{sheet}</worksheet>"),
            ),
            (
                "xl/sharedStrings.xml",
                format!("<sst xmlns=\"{main}\">{}</sst>", shared.unwrap_or_default()),
            ),
        ];
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, text) in parts {
            zip.start_file(name, zip::write::SimpleFileOptions::default())
                .expect("a part");
            zip.write_all(text.as_bytes()).expect("its text");
        }
        zip.finish().expect("a file").into_inner()
    }

    fn refusal(bytes: &[u8]) -> String {
        rows_of(bytes).expect_err("refused").to_string()
    }

    #[test]
    fn what_would_fill_the_memory_is_refused_before_it_does() {
        let long = "A".repeat(3 * 1024 * 1024);
        let cell = |text: &str| {
            format!(
                "<sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>{text}</t></is></c></row></sheetData>"
            )
        };
        let told = refusal(&written(&cell(&long), None));
        assert_eq!(told, "a.xlsx s!A1 contains more than a cell can hold");
        // Many short pieces of one cell are as long.
        let pieces = "</t></is><is><t>x".repeat(120_000);
        let told = refusal(&written(&cell(&pieces), None));
        assert_eq!(told, "a.xlsx s!A1 contains more than a cell can hold");
        let shared = format!("<si><t>{}</t></si>", "A".repeat(40 * 1024 * 1024));
        let told = refusal(&written(&cell("x"), Some(&shared)));
        assert!(told.contains("unpacks to 40 MB"), "{told}");
    }

    #[test]
    fn cells_out_of_order_are_read_and_a_cell_twice_is_damage() {
        let cells = |cells: &str| {
            written(
                &format!("<sheetData><row r=\"1\">{cells}</row></sheetData>"),
                None,
            )
        };
        let cell = |place: &str, text: &str| {
            format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        };
        let all = [cell("C1", "three"), cell("A1", "one"), cell("B1", "two")].concat();
        let rows = rows_of(&cells(&all)).expect("rows");
        assert_eq!(rows[0].1, ["one", "two", "three"]);
        let told = refusal(&cells(&[cell("A1", "one"), cell("A1", "two")].concat()));
        assert!(told.contains("the cell A1 appears twice"), "{told}");
    }

    #[test]
    fn a_row_knows_what_is_no_value_in_it() {
        let bytes = written(
            "<cols><col min=\"4\" max=\"5\" hidden=\"1\"/></cols><sheetData><row r=\"1\" hidden=\"1\"><c r=\"A1\"><f>1+1</f><v/></c><c r=\"B1\" t=\"str\"><f>T(1)</f><v></v></c><c r=\"C1\"><f>1+1</f><v>2</v></c><c r=\"D1\" t=\"e\" vm=\"1\"><v>#VALUE!</v></c></row><row r=\"2\"><c r=\"C2\"><v>7</v></c></row></sheetData><mergeCells><mergeCell ref=\"A1:A3\"/></mergeCells>",
            None,
        );
        let mut book = book_of(&bytes).expect("a book");
        let mut found = Vec::new();
        book.rows("s", &mut |row| {
            let cells: Vec<(String, CellKind)> = row
                .cells()
                .map(|(text, kind)| (text.to_owned(), kind))
                .collect();
            found.push((row.number, row.hidden, cells));
            Ok(true)
        })
        .expect("rows");
        let cell = |text: &str, kind| (text.to_owned(), kind);
        assert_eq!(
            found,
            [
                (
                    1,
                    true,
                    vec![
                        cell("=1+1", CellKind::Formula),
                        cell("", CellKind::Text),
                        cell("2", CellKind::Number),
                        cell("", CellKind::Picture),
                    ]
                ),
                (
                    2,
                    false,
                    vec![
                        cell("A1:A3", CellKind::Merged),
                        cell("", CellKind::Text),
                        cell("7", CellKind::Number),
                    ]
                ),
            ]
        );
        assert_eq!(book.hidden_columns("s").expect("columns"), [(3, 4)]);
    }

    #[test]
    fn a_size_that_is_none_does_not_matter() {
        let bytes = written(
            "<dimension ref=\"A0:C3\"/><sheetData><row r=\"1\"><c r=\"A1\"><v>5</v></c></row></sheetData>",
            None,
        );
        assert_eq!(rows_of(&bytes).expect("rows"), [(1, vec!["5".to_owned()])]);
    }

    proptest! {
        #[test]
        fn any_bytes_as_xlsx_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = rows_of(&bytes);
            let _ = rows_of(&[&b"PK\x03\x04"[..], &bytes].concat());
        }

        #[test]
        fn a_spreadsheet_with_changed_bytes_is_read_or_refused(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
            let mut bytes = sample();
            for (place, byte) in changes {
                let len = bytes.len();
                bytes[place.index(len)] = byte;
            }
            let _ = rows_of(&bytes);
        }
    }
}
