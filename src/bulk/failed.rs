//! Rows that failed, given back as a file of the same make: cells as they were, and a reason beside each row. A file that
//! somebody may have worked on is never written over.

use super::csv::{CsvReader, CsvWriter, Dialect};
use super::json;
use super::source::{CellKind, Row, Source, SourceKind};
use super::xlsx::{self, Book};
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use rust_xlsxwriter::{Color, Format, FormatPattern, Workbook, Worksheet};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Names that are tried beside a source: `catalog.failed.csv`, `catalog.failed-2.csv`, …
const NAMES: u32 = 99;

/// What is written beside a row.
pub struct RowFailure {
    pub reason: String,
    /// Columns whose cells are marked, counted from 0.
    pub columns: HashSet<usize>,
}

/// Who knows what is wrong with a row.
pub trait Judge {
    /// Whether any row may have failed; where none has, the input is not read again.
    fn any(&self) -> bool;

    /// What is wrong with the row of this number, whose thing is named in the cell `id`; `None` when nothing is.
    fn failure_of(&self, row: u32, id: &str, kind: CellKind) -> Option<RowFailure>;

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
    /// Columns of the widest row: the reason stands beyond all of them.
    pub width: usize,
    /// Where to write, instead of beside the source.
    pub wanted: Option<&'a Path>,
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
        why = error.kind().to_string()
    ))
}

/// Whether rows of `source` that fail can be given back, to be known before anything is sent.
///
/// # Errors
/// A folder in which no file can be made, and a `wanted` file of another kind.
pub fn check(source: &Source, wanted: Option<&Path>) -> Result<()> {
    if source.made {
        return Ok(());
    }
    let path = target(source, wanted);
    if let (Some(wanted), Some(ending)) = (wanted, path.extension())
        && !same_kind(&ending.to_string_lossy(), source.kind)
    {
        return Err(Failure::input(text!(
            "failed rows are written in the file type of their source, and {file} is .{ending}",
            file = &source.name,
            ending = source.kind.ending()
        ))
        .hint(text!(
            "give {path} the extension .{ending}",
            path = wanted.display().to_string(),
            ending = source.kind.ending()
        ))
        .into());
    }
    NamedTempFile::new_in(folder_of(&path))
        .map(drop)
        .map_err(|error| {
            Failure::input(text!(
                "cannot write failed rows to {file}: {why}",
                file = path.display().to_string(),
                why = error.kind().to_string()
            ))
            .hint(text!("choose another place with --failed-file"))
            .into()
        })
}

fn same_kind(ending: &str, kind: SourceKind) -> bool {
    let ending = ending.to_ascii_lowercase();
    match kind {
        SourceKind::Csv => matches!(ending.as_str(), "csv" | "txt"),
        SourceKind::Tsv => matches!(ending.as_str(), "tsv" | "tab" | "txt"),
        SourceKind::Xlsx => matches!(ending.as_str(), "xlsx" | "xlsm"),
        SourceKind::Json => ending == "json",
        SourceKind::Jsonl => matches!(ending.as_str(), "jsonl" | "ndjson"),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Where failed rows of a source go: a file of failed rows takes what still fails back.
pub fn target(source: &Source, wanted: Option<&Path>) -> PathBuf {
    match (wanted, &source.path) {
        (Some(wanted), _) => wanted.to_path_buf(),
        (None, Some(path)) if is_failed(path) => path.clone(),
        (None, Some(path)) => {
            let ending = path.extension().map_or_else(
                || source.kind.ending().to_owned(),
                |ending| ending.to_string_lossy().into_owned(),
            );
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            source.folder.join(format!("{stem}.failed.{ending}"))
        }
        (None, None) => PathBuf::from(format!("stdin.failed.{}", source.kind.ending())),
    }
}

fn is_failed(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.rsplit_once(".failed").is_some_and(|(_, rest)| {
        rest.is_empty()
            || rest
                .strip_prefix('-')
                .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// `catalog.failed-2.csv` for `catalog.failed.csv`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return path.to_path_buf();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(ending) => format!("{stem}-{number}.{}", ending.to_string_lossy()),
        None => format!("{stem}-{number}"),
    };
    path.with_file_name(name)
}

/// What was written last to a path, so that a file which somebody edited since is known.
struct Memory<'a> {
    folder: &'a Path,
}

impl Memory<'_> {
    fn entry(&self, path: &Path) -> PathBuf {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let name = Sha256::digest(whole.to_string_lossy().as_bytes());
        self.folder.join(hex::encode(name))
    }

    fn is_ours(&self, path: &Path) -> bool {
        let known = std::fs::read_to_string(self.entry(path)).unwrap_or_default();
        !known.is_empty() && digest(path).is_ok_and(|digest| digest == known)
    }

    /// What cannot be remembered is taken for edited.
    fn remember(&self, path: &Path) {
        if let Ok(digest) = digest(path) {
            let _ = std::fs::create_dir_all(self.folder);
            let _ = std::fs::write(self.entry(path), digest);
        }
    }
}

fn digest(path: &Path) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    let mut file = BufReader::with_capacity(256 * 1024, File::open(path)?);
    loop {
        let piece = file.fill_buf()?;
        if piece.is_empty() {
            return Ok(hex::encode(hasher.finalize()));
        }
        hasher.update(piece);
        let length = piece.len();
        file.consume(length);
    }
}

/// Moves a finished file to its place: the name it should have, or with a number where a file of that name is not ours
/// or cannot be replaced. `source` may be replaced: what stood in it was read.
pub fn put(
    mut out: NamedTempFile,
    wanted: &Path,
    memory: &Path,
    source: Option<&Path>,
) -> Result<PathBuf> {
    let memory = Memory { folder: memory };
    let mut failed = None;
    for number in 1..=NAMES {
        let path = numbered(wanted, number);
        if path.exists() && source != Some(path.as_path()) && !memory.is_ours(&path) {
            continue;
        }
        match out.persist(&path) {
            Ok(_) => {
                memory.remember(&path);
                return Ok(path);
            }
            // On Windows a file that is open elsewhere cannot be replaced.
            Err(error) => {
                out = error.file;
                failed = Some(error.error);
                if number > 3 && !path.exists() {
                    break;
                }
            }
        }
    }
    let error = failed.unwrap_or_else(|| std::io::ErrorKind::AlreadyExists.into());
    Err(cannot_write(wanted, &error).into())
}

impl Copy<'_> {
    /// Writes the rows that failed next to the input: `catalog.failed.xlsx` for `catalog.xlsx`; for standard
    /// input into the current folder. The column of reasons is added or replaced. `None` where no row has one. Where
    /// the folder cannot be written, the file goes to the folder of the program's state.
    ///
    /// # Errors
    /// An input that has changed since it was read, and a disk that takes no file anywhere.
    pub fn write(&self) -> Result<Option<PathBuf>> {
        if self.source.made || !self.judge.any() {
            return Ok(None);
        }
        let path = target(self.source, self.wanted);
        let refuge = || {
            self.source
                .memory
                .join(path.file_name().unwrap_or_default())
        };
        let (mut out, path) = match NamedTempFile::new_in(folder_of(&path)) {
            Ok(out) => (out, path),
            Err(_) => {
                std::fs::create_dir_all(&self.source.memory)?;
                let path = refuge();
                let out = NamedTempFile::new_in(&self.source.memory)
                    .map_err(|error| cannot_write(&path, &error))?;
                (out, path)
            }
        };
        let rows = match self.source.kind {
            SourceKind::Csv | SourceKind::Tsv => self.csv(out.as_file_mut())?,
            SourceKind::Xlsx => self.xlsx(out.as_file_mut())?,
            SourceKind::Json | SourceKind::Jsonl => self.json(out.as_file_mut())?,
        };
        if rows == 0 {
            return Ok(None);
        }
        readable_like_others(out.as_file())?;
        put(out, &path, &self.source.memory, self.source.path.as_deref()).map(Some)
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
        width.max(self.width)
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
                match self.judge.failure_of(row.number, cell, kind) {
                    Some(failure) if row.number > self.heading => {
                        rows += 1;
                        failure.reason
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
                    Some(xlsx::Value::Number {
                        shown: Some(shown), ..
                    }) => (shown.clone(), CellKind::Text),
                    Some(xlsx::Value::Number { number, .. }) => {
                        (number.to_string(), CellKind::Number)
                    }
                    _ => (String::new(), CellKind::Text),
                };
                match self.judge.failure_of(number, &cell, kind) {
                    Some(failure) if number > self.heading => {
                        rows += 1;
                        (failure.reason, failure.columns)
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
                let failure = self.judge.failure_of(document.line, id, CellKind::Text);
                let Some(failure) = failure else {
                    return Ok(true);
                };
                if array {
                    out.write_all(if rows == 0 { b"[\n" } else { b",\n" })?;
                }
                match parsed {
                    Some(mut object) => {
                        object.insert(self.reason_field.to_owned(), failure.reason.into());
                        serde_json::to_writer(&mut out, &object)?;
                    }
                    // What is no JSON has no place for a reason.
                    None => out.write_all(text.as_bytes())?,
                }
                if !array {
                    out.write_all(b"\n")?;
                }
                rows += 1;
                Ok(true)
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
        xlsx::Value::Text(text) | xlsx::Value::Error(text) | xlsx::Value::Formula(text) => {
            sheet.write_string_with_format(row, column, text, &format)?
        }
        xlsx::Value::Number {
            number,
            format: code,
            ..
        } => {
            let format = match code {
                Some(code) => format.set_num_format(&**code),
                None => format,
            };
            sheet.write_number_with_format(row, column, *number, &format)?
        }
        xlsx::Value::Bool(flag) => sheet.write_boolean_with_format(row, column, *flag, &format)?,
        xlsx::Value::Date(days, code) => sheet.write_number_with_format(
            row,
            column,
            *days,
            &format.set_num_format(code.as_deref().unwrap_or("yyyy-mm-dd hh:mm:ss")),
        )?,
    };
    Ok(())
}
