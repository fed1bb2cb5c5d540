//! A small table read whole: a heading line and rows of text, from CSV, TSV or a spreadsheet; and its failed rows given
//! back in a file of the same make. For lists of people and parcels; goods have readers of their own, which never hold
//! a file in memory.

use super::csv::{CsvWriter, Dialect};
use super::failed;
use super::number::{self, Refusal};
use super::source::{CellKind, Input, Row, Source, column_letters};
use super::table::{Table, Wish};
use super::xlsx::choose::{HEAD_ROWS, hidden_rows};
use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use crate::types::unguarded;
use anyhow::Result;
use rust_xlsxwriter::Workbook;
use std::borrow::Cow;
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
    sheet: Option<String>,
    /// What people should know about how it was read.
    pub notices: Vec<Text>,
}

/// Such tables are held in memory; more people than this are several tables.
const MOST_ROWS: usize = 100_000;

/// A row that holds something.
#[derive(Debug, Clone)]
pub struct SheetRow {
    /// In a spreadsheet the row, in CSV the line; from 1.
    pub number: u32,
    pub cells: Vec<String>,
    kinds: Vec<CellKind>,
    /// As a spreadsheet counts it.
    counted: u32,
}

impl SheetRow {
    /// A cell without the blanks around it; beyond the end there are empty ones.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| cell.trim())
    }

    /// A cell that holds somebody's number, as the person sees it; empty where the cell is.
    ///
    /// # Errors
    /// A number that a spreadsheet damaged, or with characters that nobody sees.
    pub fn number(&self, column: usize) -> Result<Cow<'_, str>, Refusal> {
        let cell = self.cells.get(column).map_or("", String::as_str);
        let kind = self.kinds.get(column).copied().unwrap_or(CellKind::Text);
        if cell.trim().is_empty() && kind == CellKind::Text {
            return Ok(Cow::Borrowed(""));
        }
        number::read(cell, kind).map(|number| number.text)
    }

    /// A cell of words, without the apostrophe that keeps a spreadsheet from calculating it.
    ///
    /// # Errors
    /// What is no words: an error, a date, a formula without a result.
    pub fn words(&self, column: usize) -> Result<&str, Refusal> {
        let kind = self.kinds.get(column).copied().unwrap_or(CellKind::Text);
        match number::unreadable(self.cell(column), kind) {
            Some(refusal) => Err(refusal),
            None => Ok(unguarded(self.cell(column))),
        }
    }
}

impl Sheet {
    /// Reads a file; `-` is standard input. Of a spreadsheet with several sheets the one is read whose first row has a
    /// heading that `is_heading` knows; `column` names it.
    ///
    /// # Errors
    /// A file that is not there or not readable, of another kind, without a single row, or with headings below others.
    pub fn read(
        path: &Path,
        spool_dir: &Path,
        column: Text,
        is_heading: &dyn Fn(&str) -> bool,
    ) -> Result<Sheet> {
        let input = match path.to_str() {
            Some("-") => Input::Stdin,
            _ => Input::File(path.to_path_buf()),
        };
        let source = Source::open(&input, None, spool_dir)?;
        let mut table = Table::open(
            &source,
            &Wish {
                encoding: None,
                sheet: None,
                column,
                knows: &|row| row.cells().any(|(heading, _)| is_heading(heading)),
            },
        )?;
        let (mut rows, mut hidden) = (Vec::new(), Vec::new());
        table.each(&mut |row| {
            if rows.len() > MOST_ROWS {
                return Err(too_many(&source.name, MOST_ROWS).into());
            }
            if row.hidden {
                hidden.push(row.number);
            }
            rows.extend(taken(row));
            Ok(true)
        })?;
        let mut notices = std::mem::take(&mut table.notices);
        if rows.len() < 2 {
            return Err(
                Failure::input(text!("there is no row in {file}", file = &source.name))
                    .hint(text!(
                        "write headings on the first line and one row on each line after it"
                    ))
                    .into(),
            );
        }
        let below = rows
            .iter()
            .take(HEAD_ROWS as usize)
            .position(|row| row.cells.iter().any(|heading| is_heading(heading)));
        if let Some(at) = below.filter(|at| *at > 0) {
            return Err(Failure::input(text!(
                "in {file} the headings are in row {row}, below other rows",
                file = &source.name,
                row = rows[at].counted
            ))
            .hint(text!("delete the rows above the headings"))
            .into());
        }
        notices.extend(hidden_rows(&source.name, &hidden));
        Ok(Sheet {
            headings: rows.remove(0).cells,
            rows,
            source,
            dialect: table.dialect,
            sheet: table.sheet,
            notices,
        })
    }

    /// The file's name, for messages.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// Where a cell stands: `staff.csv:2 B2 phone`, `staff.xlsx Sheet1!B2 phone`.
    pub fn place(&self, row: &SheetRow, column: usize) -> String {
        let cell = format!("{}{}", column_letters(column), row.counted);
        let heading = self
            .headings
            .get(column)
            .map_or("", |heading| heading.trim());
        match &self.sheet {
            Some(sheet) => format!("{} {sheet}!{cell} {heading}", self.source.name),
            None => format!("{}:{} {cell} {heading}", self.source.name, row.number),
        }
        .trim_end()
        .to_owned()
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
        let widest = self.rows.iter().map(|row| row.cells.len()).max();
        let place = known.unwrap_or(self.headings.len().max(widest.unwrap_or(0)));
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
        let path = failed::target(&self.source, None);
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let mut out =
            tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(|error| {
                Failure::input(text!(
                    "cannot write {file}: {why}",
                    file = path.display().to_string(),
                    why = error.kind().to_string()
                ))
            })?;
        match self.dialect {
            Some(dialect) => csv(out.as_file_mut(), dialect, &lines)?,
            None => xlsx(out.as_file_mut(), &lines)?,
        }
        failed::readable_like_others(out.as_file())?;
        failed::put(out, &path, &self.source.memory, self.source.path.as_deref()).map(Some)
    }
}

/// A table that would fill the memory.
pub fn too_many(file: &str, most: usize) -> Failure {
    Failure::input(text!("{file} has more than {most} rows", file, most))
        .hint(text!("split it into several files"))
}

fn taken(row: &Row) -> Option<SheetRow> {
    (!row.is_blank()).then(|| SheetRow {
        number: row.number,
        counted: row.counted(),
        cells: (0..row.len()).map(|at| row.seen(at).0.to_owned()).collect(),
        kinds: (0..row.len()).map(|at| row.seen(at).1).collect(),
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

    fn read(path: &Path) -> Result<Sheet> {
        let folder = path.parent().expect("a folder");
        Sheet::read(path, folder, text!("the openid"), &|heading| {
            heading == "openid"
        })
    }

    #[test]
    fn numbers_of_people_are_what_the_person_sees() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("staff.csv");
        let rows = "openid,phone\no1,=\"\"013800\"\"\no2,1.38E+10\no\u{200B}3,'0138\n";
        std::fs::write(
            &file,
            rows.replace("=\"\"013800\"\"", "\"=\"\"013800\"\"\""),
        )
        .expect("a file");
        let sheet = read(&file).expect("a table");
        assert_eq!(sheet.rows[0].number(1).as_deref(), Ok("013800"));
        assert!(sheet.rows[1].number(1).is_err());
        assert!(sheet.rows[2].number(0).is_err());
        assert_eq!(sheet.rows[2].number(1).as_deref(), Ok("0138"));
        assert_eq!(sheet.place(&sheet.rows[1], 1), "staff.csv:3 B3 phone");
    }

    #[test]
    fn headings_below_a_title_are_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("staff.csv");
        std::fs::write(&file, "people,\nopenid,phone\no1,1\n").expect("a file");
        let told = read(&file).expect_err("a title").to_string();
        assert_eq!(
            told,
            "in staff.csv the headings are in row 2, below other rows"
        );
    }

    #[test]
    fn failed_rows_come_back_in_a_file_of_the_same_make() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("staff.csv");
        std::fs::write(&file, "openid;name\r\no1;a\r\n\r\no2;b\r\n").expect("a file");
        let sheet = read(&file).expect("a table");
        assert_eq!(sheet.headings, ["openid", "name"]);
        assert_eq!(sheet.rows[1].number, 4);
        let reasons = BTreeMap::from([(4, "no".to_owned())]);
        let failed = sheet.write_failed(&reasons, "reason").expect("written");
        let failed = failed.expect("a file");
        assert_eq!(failed, dir.path().join("staff.failed.csv"));
        let text = std::fs::read_to_string(&failed).expect("a file");
        assert_eq!(text, "openid;name;reason\r\no2;b;no\r\n");
        // Sent again, it replaces itself.
        let again = read(&failed).expect("a table");
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
        let sheet = read(&file).expect("a table");
        assert_eq!(sheet.rows[0].cell(1), "13800000000");
        let reasons = BTreeMap::from([(2, "no".to_owned())]);
        let failed = sheet.write_failed(&reasons, "reason").expect("written");
        let again = read(&failed.expect("a file")).expect("a table");
        assert_eq!(again.headings, ["openid", "phone", "reason"]);
        assert_eq!(again.rows[0].cells, ["o1", "13800000000", "no"]);
    }
}
