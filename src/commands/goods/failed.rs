//! The products that failed, given back as a file of the same make, ready to be uploaded again.

use super::catalogue::{Catalogue, SheetFile};
use super::cells::{Value, read_cell};
use super::fields::{Field, Shape, half_width};
use super::rows::Payload;
use crate::bulk::csv::{CsvReader, CsvWriter};
use crate::bulk::json;
use crate::bulk::source::{CellKind, Row, SourceKind};
use crate::bulk::xlsx::{self, Book};
use crate::fail::Failure;
use crate::lang::Lang;
use crate::text;
use anyhow::Result;
use rust_xlsxwriter::{Color, Format, FormatPattern, Workbook, Worksheet};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// A product that could not be sent.
#[derive(Debug, Clone)]
pub struct Failed {
    pub out_product_id: String,
    /// In the reader's language.
    pub reason: String,
    /// The API's name of the field that is to blame, where known.
    pub field: Option<String>,
}

/// One reason for one product or row.
struct Why {
    reason: String,
    /// `None` for the whole product.
    row: Option<(usize, u32)>,
    column: Option<usize>,
    field: Option<Field>,
}

#[derive(Default)]
struct Reasons {
    by_id: HashMap<String, Vec<Why>>,
    by_row: HashMap<(usize, u32), Vec<Why>>,
}

/// What is written beside a row.
struct Verdict {
    reason: String,
    columns: Vec<usize>,
}

impl<T: Payload> Catalogue<T> {
    /// Writes the rows of products that failed, and of those with problems, next to each input: `catalog.failed.xlsx`
    /// for `catalog.xlsx`; for standard input into the current folder. Cells stay as they were; the column `reason`
    /// is added or replaced. Returns the files written. Fails when an input has changed since it was read.
    pub fn write_failed(&self, failures: &[Failed], lang: Lang) -> Result<Vec<PathBuf>> {
        let reasons = self.reasons(failures, lang);
        let mut written = Vec::new();
        for (input, file) in self.files.iter().enumerate() {
            if file.source.made {
                continue;
            }
            let heading = match lang {
                Lang::En => Field::Reason.name(),
                Lang::Zh => Field::Reason.spec().chinese,
            };
            let copy = Copy {
                input,
                file,
                reasons: &reasons,
                heading,
            };
            let path = copy.target();
            let mut out = tempfile::NamedTempFile::new_in(match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            })
            .map_err(|error| cannot_write(&path, &error))?;
            let rows = match file.source.kind {
                SourceKind::Csv | SourceKind::Tsv => copy.csv(out.as_file_mut())?,
                SourceKind::Xlsx => copy.xlsx(out.as_file_mut())?,
                SourceKind::Json | SourceKind::Jsonl => copy.json(out.as_file_mut())?,
            };
            if rows > 0 {
                readable_like_others(out.as_file())?;
                out.persist(&path)
                    .map_err(|error| cannot_write(&path, &error.error))?;
                written.push(path);
            }
        }
        Ok(written)
    }

    fn reasons(&self, failures: &[Failed], lang: Lang) -> Reasons {
        let mut reasons = Reasons::default();
        for failed in failures {
            let field = failed.field.as_deref().and_then(Field::named);
            reasons
                .by_id
                .entry(failed.out_product_id.clone())
                .or_default()
                .push(Why {
                    reason: failed.reason.clone(),
                    row: None,
                    column: None,
                    field,
                });
        }
        for problem in self.problems() {
            let Some(row) = problem.row else { continue };
            let reason = match &problem.hint {
                Some(hint) => format!(
                    "{}: {} ({})",
                    problem.location(),
                    problem.message.render(lang),
                    hint.render(lang)
                ),
                None => format!("{}: {}", problem.location(), problem.message.render(lang)),
            };
            let why = Why {
                reason,
                row: Some((problem.input, row)),
                column: problem.column,
                field: None,
            };
            match &problem.out_product_id {
                Some(id) => reasons.by_id.entry(id.clone()).or_default().push(why),
                None => reasons
                    .by_row
                    .entry((problem.input, row))
                    .or_default()
                    .push(why),
            }
        }
        reasons
    }
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

struct Copy<'a> {
    input: usize,
    file: &'a SheetFile,
    reasons: &'a Reasons,
    heading: &'static str,
}

impl Copy<'_> {
    /// Failed rows of a file of failed rows replace it.
    fn target(&self) -> PathBuf {
        let ending = match &self.file.source.path {
            Some(path) => path.extension().map_or_else(
                || self.file.source.kind.ending().to_owned(),
                |ending| ending.to_string_lossy().into_owned(),
            ),
            None => self.file.source.kind.ending().to_owned(),
        };
        let stem = match &self.file.source.path {
            Some(path) => path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            None => "stdin".to_owned(),
        };
        let stem = stem.strip_suffix(".failed").unwrap_or(&stem);
        self.file
            .source
            .folder
            .join(format!("{stem}.failed.{ending}"))
    }

    /// What is wrong with a row; `None` when nothing is.
    fn verdict(&self, number: u32, id: Option<&str>) -> Option<Verdict> {
        let here = (self.input, number);
        let of_product: &[Why] = id
            .and_then(|id| self.reasons.by_id.get(id))
            .map_or(&[], Vec::as_slice);
        let of_row: &[Why] = self.reasons.by_row.get(&here).map_or(&[], Vec::as_slice);
        let own: Vec<&Why> = of_product
            .iter()
            .chain(of_row)
            .filter(|why| why.row.is_none_or(|row| row == here))
            .collect();
        let said: Vec<&Why> = if own.is_empty() {
            of_product.iter().collect()
        } else {
            own
        };
        if said.is_empty() {
            return None;
        }
        let columns = said
            .iter()
            .filter(|why| why.row.is_none_or(|row| row == here))
            .filter_map(|why| {
                why.column.or_else(|| {
                    why.field
                        .and_then(|field| self.file.columns.place_of_value(field))
                })
            })
            .collect();
        let reasons: Vec<&str> = said.iter().map(|why| why.reason.as_str()).collect();
        Some(Verdict {
            reason: reasons.join("; "),
            columns,
        })
    }

    /// The product's number as it was understood when the row was read.
    fn id(&self, cell: &str, kind: CellKind) -> Option<String> {
        match read_cell(Field::OutProductId, cell, kind).ok()?.value {
            Value::Text(id) => Some(id),
            _ => None,
        }
    }

    /// The column of the reason: the one that is there, else a new last one.
    fn reason_column<'r>(&self, headings: impl Iterator<Item = &'r str>) -> usize {
        let mut width = 0;
        for heading in headings {
            if Field::of_heading(&half_width(heading))
                .is_some_and(|field| field.shape() == Shape::Ignored)
            {
                return width;
            }
            width += 1;
        }
        width
    }

    fn csv(&self, out: &mut File) -> Result<usize> {
        let source = &self.file.source;
        let Some(dialect) = self.file.dialect else {
            return Ok(0);
        };
        let mut reader = CsvReader::new(&source.name, source.unchanged()?, dialect)?;
        let mut writer = CsvWriter::new(BufWriter::new(out), dialect)?;
        let (mut row, mut rows, mut place) = (Row::default(), 0, 0);
        while reader.next(&mut row)? {
            let words = if row.number == self.file.heading {
                place = self.reason_column(row.cells().map(|(heading, _)| heading));
                self.heading.to_owned()
            } else {
                let (cell, kind) = row.cell(self.file.columns.id);
                match self.verdict(row.number, self.id(cell, kind).as_deref()) {
                    Some(verdict) if row.number > self.file.heading => {
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
        let source = &self.file.source;
        let Some(sheet_name) = &self.file.sheet else {
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
            let (words, columns) = if number == self.file.heading {
                place = self.reason_column(values.iter().map(|value| {
                    if let xlsx::Value::Text(text) = value {
                        text.as_str()
                    } else {
                        ""
                    }
                }));
                (self.heading.to_owned(), HashSet::new())
            } else {
                let id = values
                    .get(self.file.columns.id)
                    .and_then(|value| match value {
                        xlsx::Value::Text(text) => self.id(text, CellKind::Text),
                        xlsx::Value::Number(number) => {
                            self.id(&number.to_string(), CellKind::Number)
                        }
                        _ => None,
                    });
                match self.verdict(number, id.as_deref()) {
                    Some(verdict) if number > self.file.heading => {
                        rows += 1;
                        (verdict.reason, verdict.columns.into_iter().collect())
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
                        if matches!(value, xlsx::Value::Text(_)) && self.is_id(column) {
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

    fn is_id(&self, column: usize) -> bool {
        self.file
            .columns
            .fields
            .get(column)
            .copied()
            .flatten()
            .is_some_and(|field| field.shape() == Shape::Id)
    }

    fn json(&self, out: &mut File) -> Result<usize> {
        let source = &self.file.source;
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
                    .and_then(|object| object.get("out_product_id")?.as_str().map(str::to_owned));
                let Some(verdict) = self.verdict(document.line, id.as_deref()) else {
                    return Ok(());
                };
                if array {
                    out.write_all(if rows == 0 { b"[\n" } else { b",\n" })?;
                }
                match parsed {
                    Some(mut object) => {
                        object.insert(Field::Reason.name().to_owned(), verdict.reason.into());
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
