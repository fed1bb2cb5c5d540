//! What people and scripts read. stdout is data only, stderr the rest; only this room writes to either.

use crate::lang::{Lang, Text};
use anyhow::Result;
use serde::Serialize;

/// The form of what is printed on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    #[default]
    Table,
    Json,
    Ndjson,
    Csv,
    Tsv,
    Yaml,
    Xlsx,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// What a command shows. JSON and YAML are the type's own `Serialize`; tables, CSV, TSV and xlsx take the columns.
pub trait Record: Serialize + Sized + 'static {
    const COLUMNS: &'static [Column<Self>];
}

/// One column.
pub struct Column<T> {
    /// What `--columns` and CSV headings call it; never translated. The field's name in JSON.
    pub name: &'static str,
    /// The heading in tables; translated.
    pub title: &'static str,
    pub cell: fn(&T) -> Cell,
}

/// A value in a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Empty,
    Text(String),
    Number(i64),
    /// Fen; tables, CSV and xlsx show yuan.
    Money(crate::types::Fen),
    /// A word of ours, shown in the reader's language in tables and in English elsewhere. Short states also get a colour.
    Word(Text),
    /// Several values, shown one a line in tables, joined by `|` elsewhere.
    List(Vec<String>),
}

/// Where a command's words and data go.
#[derive(Debug, Clone)]
pub struct Output {
    pub format: Format,
    pub columns: Option<Vec<String>>,
    pub headers: bool,
    pub jq: Option<String>,
    pub quiet: bool,
    pub lang: Lang,
    pub color: ColorChoice,
    /// Whether questions may be asked at all (a terminal on stdin and stderr, and not `--no-input`).
    pub interactive: bool,
    pub yes: bool,
}

impl Output {
    /// Rows: an array in JSON.
    pub fn list<T: Record>(&self, rows: &[T]) -> Result<()> {
        let _ = rows;
        Ok(())
    }

    /// One thing: an object in JSON, field beside value in a table.
    pub fn show<T: Record>(&self, row: &T) -> Result<()> {
        let _ = row;
        Ok(())
    }

    /// A notice for people, on stderr; `--quiet` leaves it out.
    pub fn note(&self, words: Text) {
        let _ = words;
    }

    /// A warning for people, on stderr, also under `--quiet`.
    pub fn warn(&self, words: Text) {
        let _ = words;
    }

    /// Asks a yes/no question on the terminal. `--yes` answers it; with no terminal it fails and names `--yes`.
    pub fn confirm(&self, question: Text) -> Result<bool> {
        let _ = question;
        Ok(false)
    }
}
