//! A table in a file, text or spreadsheet: where it stands is found once, its rows are walked one by one, and none is
//! held.

use super::csv::{CsvReader, Dialect, Encoding, dialect};
use super::source::{Row, Source, SourceKind, column_letters};
use super::xlsx::Book;
use super::xlsx::choose::choose;
use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use anyhow::Result;

/// Columns that nobody sees, of which this many are named.
const HIDDEN: usize = 50;

/// A table that was found.
pub struct Table {
    /// Of a text file.
    pub dialect: Option<Dialect>,
    /// Of a spreadsheet.
    pub sheet: Option<String>,
    /// What people should know about how it was found.
    pub notices: Vec<Text>,
    /// Letters of the columns that a spreadsheet does not show.
    pub hidden_columns: Vec<String>,
    /// Images that lie over the sheet instead of in a cell.
    pub floating_pictures: usize,
    rows: Rows,
}

enum Rows {
    Csv(Box<CsvReader>),
    Xlsx(Box<Book>, String),
}

/// Which table of a file is meant.
pub struct Wish<'a> {
    /// Instead of what the bytes say.
    pub encoding: Option<Encoding>,
    /// The sheet of a spreadsheet that has several.
    pub sheet: Option<&'a str>,
    /// What the column is called by which headings are known.
    pub column: Text,
    pub knows: &'a dyn Fn(&Row) -> bool,
}

impl Table {
    /// Finds the table of a file.
    ///
    /// # Errors
    /// A file that is no table or cannot be read, and a spreadsheet whose sheet is not certain.
    pub fn open(source: &Source, wish: &Wish<'_>) -> Result<Table> {
        let name = &source.name;
        match source.kind {
            SourceKind::Csv | SourceKind::Tsv => {
                let tab = source.kind == SourceKind::Tsv;
                let found = dialect(name, &mut source.reader()?, wish.encoding, tab)?;
                let rows = CsvReader::new(name, source.reader()?, found)?;
                Ok(Table {
                    dialect: Some(found),
                    sheet: None,
                    notices: Vec::new(),
                    hidden_columns: Vec::new(),
                    floating_pictures: 0,
                    rows: Rows::Csv(Box::new(rows)),
                })
            }
            SourceKind::Xlsx => {
                let mut book = Book::open(name, source.reader()?)?;
                let (sheet, notices) =
                    choose(&mut book, wish.sheet, wish.column.clone(), wish.knows)?;
                let hidden_columns = book
                    .hidden_columns(&sheet)?
                    .iter()
                    .flat_map(|(first, last)| (*first..=*last).take(HIDDEN))
                    .map(|column| column_letters(column as usize))
                    .take(HIDDEN)
                    .collect();
                Ok(Table {
                    dialect: None,
                    notices,
                    hidden_columns,
                    floating_pictures: book.floating_pictures(&sheet)?,
                    sheet: Some(sheet.clone()),
                    rows: Rows::Xlsx(Box::new(book), sheet),
                })
            }
            SourceKind::Json | SourceKind::Jsonl => {
                Err(Failure::input(text!("{file} is not a table", file = name))
                    .hint(text!("use a .csv, .tsv or .xlsx file with a heading line"))
                    .into())
            }
        }
    }

    /// Hands over the rows in their order until one is answered with `false`.
    pub fn each(&mut self, take: &mut dyn FnMut(&Row) -> Result<bool>) -> Result<()> {
        match &mut self.rows {
            Rows::Csv(reader) => {
                let mut row = Row::default();
                while reader.next(&mut row)? {
                    if !row.is_blank() && !take(&row)? {
                        break;
                    }
                }
                Ok(())
            }
            Rows::Xlsx(book, sheet) => book.rows(sheet, take),
        }
    }

    /// What should be known of columns that are read and not seen, and of images that are seen and not read. `read`
    /// has the letters of the columns that are read.
    pub fn unseen(&self, file: &str, read: &[String]) -> Vec<Text> {
        let mut notices = Vec::new();
        let hidden: Vec<&str> = read
            .iter()
            .filter(|column| self.hidden_columns.contains(column))
            .map(String::as_str)
            .collect();
        if !hidden.is_empty() {
            notices.push(text!(
                "hidden columns of {file} are read too: {columns}",
                file,
                columns = hidden.join(", ")
            ));
        }
        let sheet = self.sheet.as_deref().unwrap_or_default();
        notices.extend(match self.floating_pictures {
            0 => None,
            1 => Some(text!(
                "1 image that floats over the sheet \"{sheet}\" of {file} is not read; name its file or address in a cell",
                sheet,
                file
            )),
            count => Some(text!(
                "{count} images that float over the sheet \"{sheet}\" of {file} are not read; name their files or addresses in cells",
                count,
                sheet,
                file
            )),
        });
        notices
    }
}

/// From which line on rows of a text file have which number in a spreadsheet.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    /// The line, and what is added from there on.
    shifts: Vec<(u32, i64)>,
}

impl Counted {
    pub fn hear(&mut self, row: &Row) {
        let shift = i64::from(row.counted()) - i64::from(row.number);
        if self.shifts.last().map_or(0, |(_, last)| *last) != shift {
            self.shifts.push((row.number, shift));
        }
    }

    /// The number that a spreadsheet gives the row.
    pub fn of(&self, row: u32) -> u32 {
        let after = self.shifts.partition_point(|(from, _)| *from <= row);
        let shift = match after {
            0 => 0,
            after => self.shifts[after - 1].1,
        };
        u32::try_from(i64::from(row) + shift).unwrap_or(row)
    }
}
