//! Rows that failed, given back as a file of the same make: cells as they were, and a reason beside each row.

use super::csv::{CsvReader, CsvWriter, Dialect};
use super::json;
use super::source::{CellKind, Row, Source, SourceKind};
use super::xlsx::{self, Book};
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use rust_xlsxwriter::{Color, Format, FormatPattern, Workbook, Worksheet};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// What is written beside a row.
pub struct Verdict {
    pub reason: String,
    /// Columns whose cells are marked, counted from 0.
    pub columns: HashSet<usize>,
}

/// Who knows what is wrong with a row.
pub trait Judge {
    /// Whether any row may have a verdict; where none has, the input is not read again.
    fn any(&self) -> bool;

    /// What is wrong with the row of this number, whose thing is named in the cell `id`; `None` when nothing is.
    fn verdict(&self, row: u32, id: &str, kind: CellKind) -> Option<Verdict>;

    /// Whether a column of this heading holds reasons.
    fn is_reason(&self, heading: &str) -> bool;

    /// Whether a column, counted from 0, holds numbers that spreadsheets must take for text.
    fn is_text(&self, column: usize) -> bool;
}

/// One input whose failed rows are copied.
pub struct Copy<'a> {
    pub source: &'a Source,
    /// Of a text file.
    pub dialect: Option<Dialect>,
    /// Of a spreadsheet.
    pub sheet: Option<&'a str>,
    /// The row of the headings.
    pub heading: u32,
    /// The column that names the thing of a row, and its field in JSON.
    pub id_column: usize,
    pub id_field: &'a str,
    /// The heading of the reasons, and their field in JSON.
    pub reason_heading: &'a str,
    pub reason_field: &'a str,
    pub judge: &'a dyn Judge,
}

/// A temporary file is for its owner alone; this one is a result.
#[cfg(unix)]
pub fn readable_like_others(file: &File) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.set_permissions(std::fs::Permissions::from_mode(0o644))?)
}

#[cfg(not(unix))]
pub fn readable_like_others(_file: &File) -> Result<()> {
    Ok(())
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::input(text!(
        "cannot write {file}: {why}",
        file = path.display().to_string(),
        why = error.to_string()
    ))
}

impl Copy<'_> {
    /// Writes the rows that have a verdict next to the input: `catalog.failed.xlsx` for `catalog.xlsx`; for standard
    /// input into the current folder. The column of reasons is added or replaced. `None` where no row has one. Fails
    /// when the input has changed since it was read.
    pub fn write(&self) -> Result<Option<PathBuf>> {
        if self.source.made || !self.judge.any() {
            return Ok(None);
        }
        let path = self.target();
        let mut out = tempfile::NamedTempFile::new_in(match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        })
        .map_err(|error| cannot_write(&path, &error))?;
        let rows = match self.source.kind {
            SourceKind::Csv | SourceKind::Tsv => self.csv(out.as_file_mut())?,
            SourceKind::Xlsx => self.xlsx(out.as_file_mut())?,
            SourceKind::Json | SourceKind::Jsonl => self.json(out.as_file_mut())?,
        };
        if rows == 0 {
            return Ok(None);
        }
        readable_like_others(out.as_file())?;
        out.persist(&path)
            .map_err(|error| cannot_write(&path, &error.error))?;
        Ok(Some(path))
    }

    /// Failed rows of a file of failed rows replace it.
    fn target(&self) -> PathBuf {
        let ending = match &self.source.path {
            Some(path) => path.extension().map_or_else(
                || self.source.kind.ending().to_owned(),
                |ending| ending.to_string_lossy().into_owned(),
            ),
            None => self.source.kind.ending().to_owned(),
        };
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

    /// The column of the reason: the one that is there, else a new last one.
    fn reason_column<'r>(&self, headings: impl Iterator<Item = &'r str>) -> usize {
        let mut width = 0;
        for heading in headings {
            if self.judge.is_reason(heading) {
                return width;
            }
            width += 1;
        }
        width
    }

    fn csv(&self, out: &mut File) -> Result<usize> {
        let source = self.source;
        let Some(dialect) = self.dialect else {
            return Ok(0);
        };
        let mut reader = CsvReader::new(&source.name, source.unchanged()?, dialect)?;
        let mut writer = CsvWriter::new(BufWriter::new(out), dialect)?;
        let (mut row, mut rows, mut place) = (Row::default(), 0, 0);
        while reader.next(&mut row)? {
            let words = if row.number == self.heading {
                place = self.reason_column(row.cells().map(|(heading, _)| heading));
                self.reason_heading.to_owned()
            } else {
                let (cell, kind) = row.cell(self.id_column);
                match self.judge.verdict(row.number, cell, kind) {
                    Some(verdict) if row.number > self.heading => {
                        rows += 1;
                        verdict.reason
                    }
                    _ => continue,
                }
            };
            let mut cells: Vec<&str> = row.cells().map(|(cell, _)| cell).collect();
            cells.resize(cells.len().max(place + 1), "");
            cells[place] = &words;
            writer.row(cells)?;
        }
        writer.finish()?;
        Ok(rows)
    }

    fn xlsx(&self, out: &mut File) -> Result<usize> {
        let source = self.source;
        let Some(sheet_name) = self.sheet else {
            return Ok(0);
        };
        let mut book = Book::open(&source.name, source.unchanged()?)?;
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(sheet_name)?;
        let marked = Format::new()
            .set_background_color(Color::RGB(0xFF_C7_CE))
            .set_pattern(FormatPattern::Solid);
        let (mut rows, mut place, mut line) = (0, 0, 0);
        book.values(sheet_name, &mut |number, values| {
            let (words, columns) = if number == self.heading {
                place = self.reason_column(values.iter().map(|value| {
                    if let xlsx::Value::Text(text) = value {
                        text.as_str()
                    } else {
                        ""
                    }
                }));
                (self.reason_heading.to_owned(), HashSet::new())
            } else {
                let (cell, kind) = match values.get(self.id_column) {
                    Some(xlsx::Value::Text(text)) => (text.clone(), CellKind::Text),
                    Some(xlsx::Value::Number(number)) => (number.to_string(), CellKind::Number),
                    _ => (String::new(), CellKind::Text),
                };
                match self.judge.verdict(number, &cell, kind) {
                    Some(verdict) if number > self.heading => {
                        rows += 1;
                        (verdict.reason, verdict.columns)
                    }
                    _ => return Ok(()),
                }
            };
            for column in 0..values.len().max(place + 1) {
                let value = values.get(column).unwrap_or(&xlsx::Value::Empty);
                let mut format = if columns.contains(&column) {
                    marked.clone()
                } else {
                    Format::new()
                };
                match column {
                    _ if column == place => write_value(
                        sheet,
                        line,
                        column,
                        &xlsx::Value::Text(words.clone()),
                        format,
                    )?,
                    _ => {
                        if matches!(value, xlsx::Value::Text(_)) && self.judge.is_text(column) {
                            format = format.set_num_format("@");
                        }
                        write_value(sheet, line, column, value, format)?;
                    }
                }
            }
            line += 1;
            Ok(())
        })?;
        workbook.save_to_writer(out)?;
        Ok(rows)
    }

    fn json(&self, out: &mut File) -> Result<usize> {
        let source = self.source;
        let array = source.kind == SourceKind::Json;
        let mut out = BufWriter::new(out);
        let mut rows = 0;
        json::each(
            &source.name,
            source.unchanged()?,
            source.kind,
            &mut |document| {
                let text = document.text.unwrap_or_default();
                let parsed: Option<serde_json::Map<String, serde_json::Value>> =
                    serde_json::from_str(text).ok();
                let id = parsed
                    .as_ref()
                    .and_then(|object| object.get(self.id_field)?.as_str())
                    .unwrap_or_default();
                let verdict = self.judge.verdict(document.line, id, CellKind::Text);
                let Some(verdict) = verdict else {
                    return Ok(());
                };
                if array {
                    out.write_all(if rows == 0 { b"[\n" } else { b",\n" })?;
                }
                match parsed {
                    Some(mut object) => {
                        object.insert(self.reason_field.to_owned(), verdict.reason.into());
                        serde_json::to_writer(&mut out, &object)?;
                    }
                    // What is no JSON has no place for a reason.
                    None => out.write_all(text.as_bytes())?,
                }
                if !array {
                    out.write_all(b"\n")?;
                }
                rows += 1;
                Ok(())
            },
        )?;
        if array && rows > 0 {
            out.write_all(b"\n]\n")?;
        }
        out.flush()?;
        Ok(rows)
    }
}

fn write_value(
    sheet: &mut Worksheet,
    row: u32,
    column: usize,
    value: &xlsx::Value,
    format: Format,
) -> Result<()> {
    let column = u16::try_from(column)?;
    match value {
        xlsx::Value::Empty => sheet.write_blank(row, column, &format)?,
        xlsx::Value::Text(text) | xlsx::Value::Error(text) => {
            sheet.write_string_with_format(row, column, text, &format)?
        }
        xlsx::Value::Number(number) => {
            sheet.write_number_with_format(row, column, *number, &format)?
        }
        xlsx::Value::Bool(flag) => sheet.write_boolean_with_format(row, column, *flag, &format)?,
        xlsx::Value::Date(days) => sheet.write_number_with_format(
            row,
            column,
            *days,
            &format.set_num_format("yyyy-mm-dd hh:mm:ss"),
        )?,
    };
    Ok(())
}
