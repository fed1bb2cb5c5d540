//! Which files are read, of what kind they are, and the row that every kind of table becomes.

use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use anyhow::Result;
use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The kinds of files that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
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

/// Something to read.
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

/// The files that arguments name: paths, patterns such as `new/*.xlsx`, and `-` for standard input. A file named
/// twice is read once. Fails on a path that is not there and on a pattern that matches nothing.
pub fn expand<S: AsRef<str>>(args: &[S]) -> Result<Vec<Input>> {
    let mut inputs: Vec<Input> = Vec::new();
    let mut add = |input: Input| {
        if !inputs.contains(&input) {
            inputs.push(input);
        }
    };
    for arg in args.iter().map(AsRef::as_ref) {
        let path = Path::new(arg);
        if arg == "-" {
            add(Input::Stdin);
        } else if path.is_dir() {
            return Err(Failure::input(text!("{path} is a folder", path = arg))
                .hint(text!(
                    "name the files in it, e.g. {path}/*.xlsx",
                    path = arg.trim_end_matches(['/', '\\'])
                ))
                .into());
        } else if path.exists() {
            add(Input::File(path.to_path_buf()));
        } else if arg.contains(['*', '?', '[']) {
            let found = glob::glob(arg).map_err(|error| {
                Failure::input(text!(
                    "\"{pattern}\" is not a file pattern: {why}",
                    pattern = arg,
                    why = error.msg
                ))
            })?;
            let mut any = false;
            for path in found.filter_map(Result::ok).filter(|path| path.is_file()) {
                any = true;
                add(Input::File(path));
            }
            if !any {
                return Err(
                    Failure::input(text!("no file matches {pattern}", pattern = arg)).into(),
                );
            }
        } else {
            return Err(Failure::input(text!("there is no file {path}", path = arg)).into());
        }
    }
    Ok(inputs)
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
    stamp: Stamp,
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
                let file = File::open(path).map_err(|error| unreadable(path, &error))?;
                let name = path.file_name().map_or_else(
                    || path.display().to_string(),
                    |name| name.to_string_lossy().into_owned(),
                );
                (name, Some(path.clone()), file)
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
        Ok(Source {
            name,
            kind,
            folder,
            file,
            path,
            made: matches!(input, Input::Made { .. }),
            stamp,
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
        let file = match &self.path {
            None => return self.reader(),
            Some(path) => File::open(path).map_err(|error| unreadable(path, &error))?,
        };
        if Stamp::of(&file)? == self.stamp {
            Ok(file)
        } else {
            Err(changed().into())
        }
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
    std::fs::create_dir_all(spool_dir)?;
    let mut copy = tempfile::tempfile_in(spool_dir)?;
    std::io::copy(&mut std::io::stdin().lock(), &mut copy).map_err(|error| {
        Failure::input(text!(
            "cannot read standard input: {why}",
            why = error.to_string()
        ))
    })?;
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
            "{file} is of a kind that cannot be read",
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
                "the ending of {file} does not say what kind of file it is",
                file = name
            ))
            .hint(text!("name the kind with --from, e.g. --from csv"))
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
            "open it and save it as .xlsx; or name its true kind with --from, e.g. --from csv"
        ))
        .into()),
        SourceKind::Xlsx => Ok(()),
        _ if is_book || head.starts_with(OLE) => Err(Failure::input(text!(
            "{file} is a spreadsheet, not text",
            file = name
        ))
        .hint(text!("give it the ending .xlsx or use --from xlsx"))
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
    Bool,
    /// The text reads `YYYY-MM-DD HH:MM:SS`.
    Date,
    /// `#N/A` and its like.
    Error,
}

/// One row of a table; reused from row to row.
#[derive(Debug, Default)]
pub struct Row {
    /// In xlsx the row, in CSV the line on which it starts; from 1.
    pub number: u32,
    pub(super) text: String,
    pub(super) ends: Vec<usize>,
    /// Empty where all is text.
    pub(super) kinds: Vec<CellKind>,
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
        .filter(|c| !c.is_whitespace() && !matches!(c, '*' | '_' | '-' | '\u{FEFF}'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Full-width letters, digits and punctuation as their half-width twins.
pub fn half_width(text: &str) -> Cow<'_, str> {
    let twin = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        '。' => '.',
        other => other,
    };
    if text.is_ascii() || text.chars().all(|c| twin(c) == c) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(twin).collect())
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
    fn a_pattern_names_its_files_and_a_file_is_read_once() {
        let dir = tempfile::tempdir().expect("a folder");
        for name in ["b.csv", "a.csv", "c.txt"] {
            std::fs::write(dir.path().join(name), "x").expect("a file");
        }
        let pattern = dir.path().join("*.csv").display().to_string();
        let twice = dir.path().join("a.csv").display().to_string();
        let inputs = expand(&[pattern, twice, "-".to_owned()]).expect("files");
        assert_eq!(
            inputs,
            [
                Input::File(dir.path().join("a.csv")),
                Input::File(dir.path().join("b.csv")),
                Input::Stdin
            ]
        );
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = expand(&["nowhere.csv"]).expect_err("no such file");
        assert_eq!(error.to_string(), "there is no file nowhere.csv");
        assert!(
            expand(&["nowhere-*.csv"])
                .expect_err("no match")
                .to_string()
                .contains("nowhere-*.csv")
        );
    }

    #[test]
    fn an_old_spreadsheet_is_refused_with_what_to_do() {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, bytes, words) in [
            (
                "a.xls",
                &b"\xD0\xCF\x11\xE0"[..],
                "kind that cannot be read",
            ),
            ("b.xlsx", b"\xD0\xCF\x11\xE0", "password"),
            ("c.csv", b"PK\x03\x04", "not text"),
            ("d.csv", b"\xFF\xFEo\0u\0", "UTF-16"),
            ("e.xlsx", b"out_product_id", "not a spreadsheet"),
            ("f.dat", b"out_product_id", "ending"),
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
