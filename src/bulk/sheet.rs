//! A small table read whole: a heading line and rows of text, from CSV, TSV or a spreadsheet; and its failed rows given
//! back in a file of the same make. For lists of people and parcels; goods have readers of their own, which never hold
//! a file in memory.

use super::csv::{CsvReader, CsvWriter, Dialect, dialect};
use super::source::{Input, Row, Source, SourceKind};
use super::xlsx::Book;
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use rust_xlsxwriter::Workbook;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// A table.
#[derive(Debug)]
pub struct Sheet {
    source: Source,
    dialect: Option<Dialect>,
    pub headings: Vec<String>,
    pub rows: Vec<SheetRow>,
}

/// A row that holds something.
#[derive(Debug, Clone)]
pub struct SheetRow {
    /// In a spreadsheet the row, in CSV the line; from 1.
    pub number: u32,
    pub cells: Vec<String>,
}

impl SheetRow {
    /// A cell without the blanks around it; beyond the end there are empty ones.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| cell.trim())
    }
}

impl Sheet {
    /// Reads a file; `-` is standard input. Of a spreadsheet the first sheet is read.
    ///
    /// # Errors
    /// A file that is not there or not readable, of another kind, or without a single row.
    pub fn read(path: &Path, spool_dir: &Path) -> Result<Sheet> {
        let input = match path.to_str() {
            Some("-") => Input::Stdin,
            _ => Input::File(path.to_path_buf()),
        };
        let source = Source::open(&input, None, spool_dir)?;
        let (mut rows, mut dialect_of) = (Vec::new(), None);
        match source.kind {
            SourceKind::Csv | SourceKind::Tsv => {
                let tab = source.kind == SourceKind::Tsv;
                let found = dialect(&source.name, &mut source.reader()?, None, tab)?;
                dialect_of = Some(found);
                let mut reader = CsvReader::new(&source.name, source.reader()?, found)?;
                let mut row = Row::default();
                while reader.next(&mut row)? {
                    rows.extend(taken(&row));
                }
            }
            SourceKind::Xlsx => {
                let mut book = Book::open(&source.name, source.reader()?)?;
                if let Some(first) = book.sheets().first() {
                    book.rows(first, &mut |row| {
                        rows.extend(taken(row));
                        Ok(true)
                    })?;
                }
            }
            SourceKind::Json | SourceKind::Jsonl => {
                return Err(
                    Failure::input(text!("{file} is no table", file = &source.name))
                        .hint(text!("use a .csv, .tsv or .xlsx file with a heading line"))
                        .into(),
                );
            }
        }
        if rows.len() < 2 {
            return Err(
                Failure::input(text!("there is no row in {file}", file = &source.name))
                    .hint(text!(
                        "write headings on the first line and one row on each line after it"
                    ))
                    .into(),
            );
        }
        Ok(Sheet {
            headings: rows.remove(0).cells,
            rows,
            source,
            dialect: dialect_of,
        })
    }

    /// The file's name, for messages.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// Writes the rows that `reasons` names, by their number, beside the file: `staff.failed.csv` for `staff.csv`, for
    /// standard input into the current folder. The column `heading` holds the reason. `None` when there are none.
    pub fn write_failed(
        &self,
        reasons: &BTreeMap<u32, String>,
        heading: &str,
    ) -> Result<Option<PathBuf>> {
        if reasons.is_empty() {
            return Ok(None);
        }
        let known = self
            .headings
            .iter()
            .position(|known| known.trim() == heading);
        let place = known.unwrap_or(self.headings.len());
        let failed = self.rows.iter().filter_map(|row| {
            let reason = reasons.get(&row.number)?;
            Some((row.cells.as_slice(), reason.as_str()))
        });
        let lines: Vec<Vec<&str>> = std::iter::once((self.headings.as_slice(), heading))
            .chain(failed)
            .map(|(cells, last)| {
                let mut line: Vec<&str> = cells.iter().map(String::as_str).collect();
                line.resize(line.len().max(place + 1), "");
                line[place] = last;
                line
            })
            .collect();
        let path = self.target();
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let cannot = |error: &std::io::Error| {
            Failure::input(text!(
                "cannot write {file}: {why}",
                file = path.display().to_string(),
                why = error.to_string()
            ))
        };
        let mut out = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| cannot(&error))?;
        match self.dialect {
            Some(dialect) => csv(out.as_file_mut(), dialect, &lines)?,
            None => xlsx(out.as_file_mut(), &lines)?,
        }
        out.persist(&path).map_err(|error| cannot(&error.error))?;
        Ok(Some(path))
    }

    /// Failed rows of a file of failed rows replace it.
    fn target(&self) -> PathBuf {
        let ending = self.source.kind.ending();
        let stem = match &self.source.path {
            Some(path) => path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            None => "stdin".to_owned(),
        };
        let stem = stem.strip_suffix(".failed").unwrap_or(&stem);
        self.source.folder.join(format!("{stem}.failed.{ending}"))
    }
}

fn taken(row: &Row) -> Option<SheetRow> {
    (!row.is_blank()).then(|| SheetRow {
        number: row.number,
        cells: row.cells().map(|(cell, _)| cell.to_owned()).collect(),
    })
}

fn csv(out: &mut File, dialect: Dialect, lines: &[Vec<&str>]) -> Result<()> {
    let mut writer = CsvWriter::new(BufWriter::new(out), dialect)?;
    for line in lines {
        writer.row(line)?;
    }
    writer.finish()
}

/// All cells are text, so that long numbers stay as they are.
fn xlsx(out: &mut File, lines: &[Vec<&str>]) -> Result<()> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in lines.iter().enumerate() {
        for (column, cell) in line.iter().enumerate() {
            sheet.write_string(u32::try_from(row)?, u16::try_from(column)?, *cell)?;
        }
    }
    workbook.save_to_writer(&mut *out)?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_rows_come_back_in_a_file_of_the_same_make() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("staff.csv");
        std::fs::write(&file, "openid;name\r\no1;a\r\n\r\no2;b\r\n").expect("a file");
        let sheet = Sheet::read(&file, dir.path()).expect("a table");
        assert_eq!(sheet.headings, ["openid", "name"]);
        assert_eq!(sheet.rows[1].number, 4);
        let reasons = BTreeMap::from([(4, "no".to_owned())]);
        let failed = sheet.write_failed(&reasons, "reason").expect("written");
        let failed = failed.expect("a file");
        assert_eq!(failed, dir.path().join("staff.failed.csv"));
        let text = std::fs::read_to_string(&failed).expect("a file");
        assert_eq!(text, "openid;name;reason\r\no2;b;no\r\n");
        // Sent again, it replaces itself.
        let again = Sheet::read(&failed, dir.path()).expect("a table");
        let reasons = BTreeMap::from([(2, "again".to_owned())]);
        let file = again.write_failed(&reasons, "reason").expect("written");
        assert_eq!(file.as_ref(), Some(&failed));
        let text = std::fs::read_to_string(&failed).expect("a file");
        assert_eq!(text, "openid;name;reason\r\no2;b;again\r\n");
    }

    #[test]
    fn a_spreadsheet_is_read_and_written() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("staff.xlsx");
        let lines = [vec!["openid", "phone"], vec!["o1", "13800000000"]];
        xlsx(&mut File::create(&file).expect("a file"), &lines).expect("written");
        let sheet = Sheet::read(&file, dir.path()).expect("a table");
        assert_eq!(sheet.rows[0].cell(1), "13800000000");
        let reasons = BTreeMap::from([(2, "no".to_owned())]);
        let failed = sheet.write_failed(&reasons, "reason").expect("written");
        let again = Sheet::read(&failed.expect("a file"), dir.path()).expect("a table");
        assert_eq!(again.headings, ["openid", "phone", "reason"]);
        assert_eq!(again.rows[0].cells, ["o1", "13800000000", "no"]);
    }
}
