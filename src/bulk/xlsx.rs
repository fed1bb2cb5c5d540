//! Spreadsheets: the rows of one sheet of an .xlsx file, read cell by cell.

use super::source::{CellKind, Row, cannot_read};
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use calamine::{DataRef, Reader, SheetType, Xlsx, XlsxError};
use std::fmt::Write;
use std::fs::File;
use std::io::BufReader;

/// An open spreadsheet file.
pub struct Book {
    name: String,
    inner: Xlsx<BufReader<File>>,
}

/// A cell as the file holds it, for copying.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Empty,
    Text(String),
    Number(f64),
    Bool(bool),
    /// Days since 1900, or text where the file holds the date as text.
    Date(f64),
    Error(String),
}

impl Book {
    /// `file` stands at its start.
    pub fn open(name: &str, file: File) -> Result<Book> {
        let inner = Xlsx::new(BufReader::new(file)).map_err(|error| damaged(name, &error))?;
        Ok(Book {
            name: name.to_owned(),
            inner,
        })
    }

    /// The names of the sheets that hold cells, in order.
    pub fn sheets(&self) -> Vec<String> {
        self.inner
            .sheets_metadata()
            .iter()
            .filter(|sheet| sheet.typ == SheetType::WorkSheet)
            .map(|sheet| sheet.name.clone())
            .collect()
    }

    /// Hands every row that holds something to `take`, until it says false.
    pub fn rows(&mut self, sheet: &str, take: &mut dyn FnMut(&Row) -> Result<bool>) -> Result<()> {
        let mut row = Row::default();
        self.cells(sheet, &mut |number, column, data| {
            if number != row.number {
                if !row.is_blank() && !take(&row)? {
                    row.clear(0);
                    return Ok(false);
                }
                row.clear(number);
            }
            // Cells stand in order; one that does not is the work of a damaged file.
            if column < row.len() {
                return Ok(true);
            }
            while row.len() < column {
                row.push("", CellKind::Text);
            }
            push(&mut row, data);
            Ok(true)
        })?;
        if !row.is_blank() {
            take(&row)?;
        }
        Ok(())
    }

    /// Like [`rows`](Book::rows), with the cells as the file holds them.
    pub fn values(
        &mut self,
        sheet: &str,
        take: &mut dyn FnMut(u32, &[Value]) -> Result<()>,
    ) -> Result<()> {
        let (mut current, mut values): (u32, Vec<Value>) = (0, Vec::new());
        self.cells(sheet, &mut |number, column, data| {
            if number != current {
                if !values.is_empty() {
                    take(current, &values)?;
                }
                values.clear();
                current = number;
            }
            if column >= values.len() {
                values.resize(column, Value::Empty);
                values.push(value(data));
            }
            Ok(true)
        })?;
        if values.is_empty() {
            Ok(())
        } else {
            take(current, &values)
        }
    }

    fn cells(
        &mut self,
        sheet: &str,
        take: &mut dyn FnMut(u32, usize, &DataRef<'_>) -> Result<bool>,
    ) -> Result<()> {
        let name = self.name.clone();
        let mut cells = self
            .inner
            .worksheet_cells_reader(sheet)
            .map_err(|error| damaged(&name, &error))?;
        while let Some(cell) = cells.next_cell().map_err(|error| damaged(&name, &error))? {
            let (row, column) = cell.get_position();
            if !matches!(cell.get_value(), DataRef::Empty)
                && !take(row.saturating_add(1), column as usize, cell.get_value())?
            {
                return Ok(());
            }
        }
        Ok(())
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

fn push(row: &mut Row, data: &DataRef<'_>) {
    match data {
        DataRef::Empty => row.push("", CellKind::Text),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            row.push(text, CellKind::Text)
        }
        DataRef::SharedString(text) => row.push(text, CellKind::Text),
        DataRef::Int(number) => row.push_shown(format_args!("{number}"), CellKind::Number),
        DataRef::Float(number) => row.push_shown(format_args!("{number}"), CellKind::Number),
        DataRef::Bool(flag) => row.push(if *flag { "TRUE" } else { "FALSE" }, CellKind::Bool),
        DataRef::DateTime(time) => {
            let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
            row.push_shown(
                format_args!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
                CellKind::Date,
            );
        }
        DataRef::Error(error) => row.push_shown(format_args!("{error}"), CellKind::Error),
    }
}

fn value(data: &DataRef<'_>) -> Value {
    match data {
        DataRef::Empty => Value::Empty,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Value::Text(text.clone())
        }
        DataRef::SharedString(text) => Value::Text((*text).to_owned()),
        DataRef::Int(number) => Value::Number(*number as f64),
        DataRef::Float(number) => Value::Number(*number),
        DataRef::Bool(flag) => Value::Bool(*flag),
        DataRef::DateTime(time) => Value::Date(time.as_f64()),
        DataRef::Error(error) => Value::Error(error.to_string()),
    }
}

impl Row {
    fn push_shown(&mut self, shown: std::fmt::Arguments<'_>, kind: CellKind) {
        // Writing to a string cannot fail.
        let _ = self.text.write_fmt(shown);
        self.push("", kind);
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
            book.rows(&sheet, &mut |row| {
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
