//! Which files are read, of what kind they are, and the row that every kind of table becomes.

use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use crate::types::spelling::{half_width, invisible};
use anyhow::Result;
use std::fs::File;
use std::hash::Hasher;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The kinds of files that can be read.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    Csv,
    Tsv,
    Xlsx,
    Json,
    Jsonl,
}

impl SourceKind {
    /// The file ending, which is also its name on the command line.
    pub fn ending(self) -> &'static str {
        match self {
            SourceKind::Csv => "csv",
            SourceKind::Tsv => "tsv",
            SourceKind::Xlsx => "xlsx",
            SourceKind::Json => "json",
            SourceKind::Jsonl => "jsonl",
        }
    }
}

/// Something to read; see [`expand`](super::inputs::expand).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    File(PathBuf),
    Stdin,
    /// One line of JSON made by the program itself, and its name for people.
    Made {
        name: String,
        json: String,
    },
}

/// A file that is open for reading, wherever its bytes came from.
#[derive(Debug)]
pub struct Source {
    /// As people know it: the file's name, or `stdin`.
    pub name: String,
    pub kind: SourceKind,
    /// Where names of other files in it start.
    pub folder: PathBuf,
    /// Standard input was copied here; a temporary file without a name.
    file: File,
    /// `None` for standard input.
    pub path: Option<PathBuf>,
    /// Written by the program itself: there is no file to give failed rows back in.
    pub made: bool,
    /// Where the program remembers the files of failed rows that it wrote.
    pub memory: PathBuf,
    stamp: Stamp,
    /// Of all bytes, as they were when the file was opened.
    sum: u64,
}

/// A sum over all bytes of a file, which then stands at its start.
fn sum_of(file: &mut File) -> std::io::Result<u64> {
    file.rewind()?;
    let mut hasher = std::hash::DefaultHasher::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            file.rewind()?;
            return Ok(hasher.finish());
        }
        hasher.write(&buffer[..read]);
    }
}

/// What changes when a file is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    len: u64,
    modified: Option<std::time::SystemTime>,
}

impl Stamp {
    fn of(file: &File) -> std::io::Result<Stamp> {
        let meta = file.metadata()?;
        Ok(Stamp {
            len: meta.len(),
            modified: meta.modified().ok(),
        })
    }
}

impl Source {
    /// Opens an input. Standard input is first copied to a temporary file in `spool_dir`, since it cannot be read twice.
    pub fn open(input: &Input, from: Option<SourceKind>, spool_dir: &Path) -> Result<Source> {
        let (name, path, mut file) = match input {
            Input::Stdin => ("stdin".to_owned(), None, copy_of_stdin(spool_dir)?),
            Input::Made { name, json } => (name.clone(), None, made(json, spool_dir)?),
            Input::File(path) => {
                let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
                let name = path.file_name().map_or_else(
                    || path.display().to_string(),
                    |name| name.to_string_lossy().into_owned(),
                );
                if file.metadata().is_ok_and(|meta| meta.is_file()) {
                    (name, Some(path.clone()), file)
                } else {
                    // A pipe can be read once, like standard input.
                    let copy =
                        copy_of(&mut file, spool_dir).map_err(|error| unreadable(path, &error))?;
                    (name, None, copy)
                }
            }
        };
        let head = head_of(&mut file).map_err(|error| {
            Failure::input(text!(
                "cannot read {file}: {why}",
                file = &name,
                why = error.to_string()
            ))
        })?;
        let kind = match from {
            _ if matches!(input, Input::Made { .. }) => SourceKind::Jsonl,
            Some(kind) => kind,
            None => kind_of(&name, path.as_deref(), &head)?,
        };
        refuse_wrong_kind(&name, kind, &head)?;
        let folder = path
            .as_deref()
            .and_then(Path::parent)
            .map(Path::to_path_buf)
            .unwrap_or_default();
        let stamp = Stamp::of(&file)?;
        let sum = sum_of(&mut file).map_err(|error| cannot_read(&name, error))?;
        Ok(Source {
            name,
            kind,
            folder,
            file,
            path,
            made: matches!(input, Input::Made { .. }),
            memory: spool_dir.join("failed"),
            stamp,
            sum,
        })
    }

    /// The file from its start.
    pub fn reader(&self) -> Result<File> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(file)
    }

    /// The file as it was when it was opened, from its start; fails when somebody wrote to it meanwhile.
    pub fn unchanged(&self) -> Result<File> {
        let changed = || {
            Failure::input(text!(
                "{file} has changed since it was read",
                file = &self.name
            ))
            .hint(text!("run the command again with the file as it is now"))
        };
        let Some(path) = &self.path else {
            return self.reader();
        };
        let same = |file: &mut File| {
            Stamp::of(file).is_ok_and(|stamp| stamp == self.stamp)
                || sum_of(file).is_ok_and(|sum| sum == self.sum)
        };
        if let Ok(mut file) = File::open(path)
            && same(&mut file)
        {
            return Ok(file);
        }
        // A program that saves a file by writing a new one leaves the old one to whoever has it open.
        let mut file = self.reader()?;
        if same(&mut file) {
            return self.reader();
        }
        Err(changed().into())
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::input(text!(
        "cannot read {file}: {why}",
        file = path.display().to_string(),
        why = error.to_string()
    ))
}

fn copy_of_stdin(spool_dir: &Path) -> Result<File> {
    let copy = copy_of(&mut std::io::stdin().lock(), spool_dir).map_err(|error| {
        Failure::input(text!(
            "cannot read standard input: {why}",
            why = error.to_string()
        ))
    })?;
    Ok(copy)
}

fn copy_of(from: &mut dyn Read, spool_dir: &Path) -> std::io::Result<File> {
    std::fs::create_dir_all(spool_dir)?;
    let mut copy = tempfile::tempfile_in(spool_dir)?;
    std::io::copy(from, &mut copy)?;
    copy.rewind()?;
    Ok(copy)
}

fn head_of(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(512);
    Read::by_ref(file).take(512).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(head)
}

const ZIP: &[u8] = b"PK\x03\x04";
/// Old Office files and password-protected new ones.
const OLE: &[u8] = b"\xD0\xCF\x11\xE0";

/// A temporary file with one line.
fn made(json: &str, spool_dir: &Path) -> Result<File> {
    std::fs::create_dir_all(spool_dir)?;
    let mut file = tempfile::tempfile_in(spool_dir)?;
    writeln!(file, "{json}")?;
    file.rewind()?;
    Ok(file)
}

fn kind_of(name: &str, path: Option<&Path>, head: &[u8]) -> Result<SourceKind> {
    let ending = path
        .and_then(Path::extension)
        .map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    match ending.as_deref() {
        Some("csv" | "txt") => Ok(SourceKind::Csv),
        Some("tsv" | "tab") => Ok(SourceKind::Tsv),
        Some("xlsx" | "xlsm") => Ok(SourceKind::Xlsx),
        Some("json") => Ok(SourceKind::Json),
        Some("jsonl" | "ndjson") => Ok(SourceKind::Jsonl),
        Some("xls" | "et" | "ods" | "numbers" | "xlsb") => Err(Failure::input(text!(
            "{file} has an unsupported file type",
            file = name
        ))
        .hint(text!(
            "open it and save it as .xlsx or as CSV, then use that file"
        ))
        .into()),
        _ => match head
            .iter()
            .find(|byte| !byte.is_ascii_whitespace() && !b"\xEF\xBB\xBF".contains(byte))
        {
            _ if head.starts_with(ZIP) || head.starts_with(OLE) => Ok(SourceKind::Xlsx),
            Some(b'{') => Ok(SourceKind::Jsonl),
            Some(b'[') => Ok(SourceKind::Json),
            _ if path.is_none() => Ok(SourceKind::Csv),
            _ => Err(Failure::input(text!(
                "can't tell the file type of {file} from its extension",
                file = name
            ))
            .hint(text!(
                "give the type with --file-type, e.g. --file-type csv"
            ))
            .into()),
        },
    }
}

/// Refuses a file whose first bytes contradict its kind, e.g. a spreadsheet that was renamed to `.csv`.
fn refuse_wrong_kind(name: &str, kind: SourceKind, head: &[u8]) -> Result<()> {
    let is_book = head.starts_with(ZIP);
    match kind {
        SourceKind::Xlsx if head.starts_with(OLE) => Err(Failure::input(text!(
            "{file} is protected by a password, or an old .xls file",
            file = name
        ))
        .hint(text!(
            "open it, remove the password and save it as .xlsx, then use that file"
        ))
        .into()),
        SourceKind::Xlsx if !is_book => Err(Failure::input(text!(
            "{file} is not a spreadsheet",
            file = name
        ))
        .hint(text!(
            "open it and save it as .xlsx; or give its real type with --file-type, e.g. --file-type csv"
        ))
        .into()),
        SourceKind::Xlsx => Ok(()),
        _ if is_book || head.starts_with(OLE) => Err(Failure::input(text!(
            "{file} is a spreadsheet, not text",
            file = name
        ))
        .hint(text!("give it the extension .xlsx or use --file-type xlsx"))
        .into()),
        _ if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") => {
            Err(Failure::input(text!("{file} is in UTF-16", file = name))
                .hint(text!(
                    "save it as \"CSV UTF-8\" instead of \"Unicode text\""
                ))
                .into())
        }
        _ => Ok(()),
    }
}

/// What a spreadsheet says a cell holds; in CSV everything is text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
    Text,
    /// A double; the text is its shortest decimal form, without an exponent.
    Number,
    /// A number shown as a percentage; the text is the number.
    Percent,
    /// A number shown in a way that is not followed; the text is the number. Only [`Row::seen`] tells it from others.
    Masked,
    Bool,
    /// The text reads `YYYY-MM-DD HH:MM:SS`.
    Date,
    /// `#N/A` and its like.
    Error,
    /// A formula whose result is not in the file; the text is the formula.
    Formula,
    /// Covered by a cell above or beside it; the text is the range.
    Merged,
    /// A picture in the cell or over an empty one; the text is empty.
    Picture,
}

/// One row of a table; reused from row to row.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// In xlsx the row, in CSV the line on which it starts; from 1.
    pub number: u32,
    pub(super) text: String,
    pub(super) ends: Vec<usize>,
    /// Empty where all is text.
    pub(super) kinds: Vec<CellKind>,
    /// Numbers that the person sees otherwise: the column, and the text where it could be followed.
    pub(super) shown: Vec<(usize, Option<String>)>,
    /// The row as a spreadsheet counts it, where that is not `number`: CSV cells may hold line breaks.
    pub(super) counted: Option<u32>,
    /// Nobody sees the row.
    pub hidden: bool,
}

impl Row {
    /// How many cells the row has, counting empty ones between others.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cell of a column, counted from 0; beyond the end there are empty cells.
    pub fn cell(&self, column: usize) -> (&str, CellKind) {
        let Some(end) = self.ends.get(column) else {
            return ("", CellKind::Text);
        };
        let start = if column == 0 {
            0
        } else {
            self.ends[column - 1]
        };
        let kind = self.kinds.get(column).copied().unwrap_or(CellKind::Text);
        (&self.text[start..*end], kind)
    }

    /// [`cell`](Row::cell), as the person sees it: a number in the format of its cell.
    pub fn seen(&self, column: usize) -> (&str, CellKind) {
        let (text, kind) = self.cell(column);
        match self.shown.iter().find(|(at, _)| *at == column) {
            Some((_, Some(shown))) => (shown, CellKind::Text),
            Some((_, None)) if kind == CellKind::Number => (text, CellKind::Masked),
            _ => (text, kind),
        }
    }

    /// The row as a spreadsheet counts it, from 1.
    pub fn counted(&self) -> u32 {
        self.counted.unwrap_or(self.number)
    }

    pub fn cells(&self) -> impl Iterator<Item = (&str, CellKind)> {
        (0..self.len()).map(|column| self.cell(column))
    }

    /// Whether nothing but blanks is in it.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    pub(super) fn clear(&mut self, number: u32) {
        self.number = number;
        self.text.clear();
        self.ends.clear();
        self.kinds.clear();
        self.shown.clear();
        self.counted = None;
        self.hidden = false;
    }

    /// Puts a cell at its place, also before others; false where a cell stands there already.
    pub(super) fn put(&mut self, column: usize, text: &str, kind: CellKind) -> bool {
        if column >= self.len() {
            while self.len() < column {
                self.push("", CellKind::Text);
            }
            self.push(text, kind);
            return true;
        }
        let (there, known) = self.cell(column);
        if !there.is_empty() || known != CellKind::Text {
            return false;
        }
        let start = match column {
            0 => 0,
            _ => self.ends[column - 1],
        };
        self.text.insert_str(start, text);
        self.ends[column..]
            .iter_mut()
            .for_each(|end| *end += text.len());
        self.kinds[column] = kind;
        true
    }

    pub(super) fn push(&mut self, text: &str, kind: CellKind) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
        self.kinds.push(kind);
    }
}

/// The letters of a column counted from 0: `A`, …, `Z`, `AA`.
pub fn column_letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        // The remainder of 26 fits a byte.
        letters.push(b'A' + (rest % 26) as u8);
        rest /= 26;
    }
    letters.iter().rev().map(|byte| char::from(*byte)).collect()
}

/// A heading without what does not tell columns apart.
pub fn plain_heading(heading: &str) -> String {
    half_width(heading)
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '*' | '_' | '-') && invisible(*c).is_none())
        .flat_map(char::to_lowercase)
        .collect()
}

/// A failure about a file as a whole, with what the operating system said.
pub(super) fn cannot_read(name: &str, why: impl ToString) -> Failure {
    let words: Text = text!(
        "cannot read {file}: {why}",
        file = name,
        why = why.to_string()
    );
    Failure::input(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_in_a_spreadsheet() {
        for (column, letters) in [
            (0, "A"),
            (11, "L"),
            (25, "Z"),
            (26, "AA"),
            (701, "ZZ"),
            (702, "AAA"),
        ] {
            assert_eq!(column_letters(column), letters);
        }
    }

    #[test]
    fn an_old_spreadsheet_is_refused_with_what_to_do() {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, bytes, words) in [
            ("a.xls", &b"\xD0\xCF\x11\xE0"[..], "unsupported file type"),
            ("b.xlsx", b"\xD0\xCF\x11\xE0", "password"),
            ("c.csv", b"PK\x03\x04", "not text"),
            ("d.csv", b"\xFF\xFEo\0u\0", "UTF-16"),
            ("e.xlsx", b"out_product_id", "not a spreadsheet"),
            ("f.dat", b"out_product_id", "extension"),
        ] {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).expect("a file");
            let error = Source::open(&Input::File(path), None, dir.path()).expect_err(name);
            let failure = crate::fail::failure(&error).expect("a failure");
            assert!(
                failure.message.to_string().contains(words),
                "{name}: {}",
                failure.message
            );
            assert!(failure.hint.is_some(), "{name}");
        }
    }
}
