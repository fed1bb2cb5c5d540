//! Columns: what a type shows, and which of them were asked for.

use super::Output;
use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

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
    Money(Fen),
    /// A word of ours, shown in the reader's language in tables and in English elsewhere. Short states also get a colour.
    Word(Text),
    /// Several values, shown one a line in tables, joined by `|` elsewhere.
    List(Vec<String>),
}

impl Cell {
    /// The cell in CSV and TSV. Text that begins with `=`, `+`, `-` or `@` stays as it is: these files are read by
    /// programs, and a changed value would not survive the way back. Workbooks carry text cells, which are safe.
    pub(super) fn plain(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Money(fen) => fen.to_yuan(),
            Cell::Word(word) => word.to_string(),
            Cell::List(values) => values.join("|"),
        }
    }

    fn value(&self) -> Value {
        match self {
            Cell::Empty => Value::Null,
            Cell::Text(text) => Value::from(text.as_str()),
            Cell::Number(number) => Value::from(*number),
            Cell::Money(fen) => Value::from(fen.0),
            Cell::Word(word) => Value::from(word.to_string()),
            Cell::List(values) => Value::from(values.as_slice()),
        }
    }
}

/// The columns of `T` that are shown, in the order asked for.
pub(super) struct Picked<T: 'static>(pub Vec<&'static Column<T>>);

impl<T: Record> Picked<T> {
    pub fn new(out: &Output) -> Result<Picked<T>> {
        let Some(wanted) = &out.columns else {
            return Ok(Picked(T::COLUMNS.iter().collect()));
        };
        let mut picked = Vec::with_capacity(wanted.len());
        let mut unknown = Vec::new();
        for name in wanted
            .iter()
            .map(|name| name.trim())
            .filter(|name| !name.is_empty())
        {
            match T::COLUMNS
                .iter()
                .find(|column| column.name.eq_ignore_ascii_case(name))
            {
                Some(column) => picked.push(column),
                None => unknown.push(name),
            }
        }
        if picked.is_empty() && unknown.is_empty() {
            unknown.push("");
        }
        if unknown.is_empty() {
            return Ok(Picked(picked));
        }
        let names: Vec<&str> = T::COLUMNS.iter().map(|column| column.name).collect();
        Err(
            Failure::input(text!("no such column: {names}", names = unknown.join(", ")))
                .hint(text!("the columns are {names}", names = names.join(",")))
                .into(),
        )
    }

    pub fn cells<'a>(&'a self, row: &'a T) -> impl Iterator<Item = Cell> + 'a {
        self.0.iter().map(|column| (column.cell)(row))
    }

    /// The row as an object of the picked fields.
    pub fn value(&self, row: &T) -> Result<Value> {
        let mut whole = serde_json::to_value(row)?;
        let picked = self.0.iter().map(|column| {
            // A column without a field of its name is computed; its cell is the value.
            let own = whole.get_mut(column.name).map(Value::take);
            (
                column.name.to_owned(),
                own.unwrap_or_else(|| (column.cell)(row).value()),
            )
        });
        Ok(Value::Object(picked.collect()))
    }

    pub fn values(&self, rows: &[T]) -> Result<Vec<Value>> {
        rows.iter().map(|row| self.value(row)).collect()
    }
}
