//! Columns: what a type shows, and which of them were asked for.

use super::{Format, Output};
use crate::fail::Failure;
use crate::lang::{Lang, Text};
use crate::text;
use crate::types::{ChinaTime, Fen};
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

/// What a command shows. JSON and YAML are the type's own `Serialize`; tables, CSV, TSV and xlsx take the columns.
pub trait Record: Serialize + Sized + 'static {
    const COLUMNS: &'static [Column<Self>];
}

/// What `--columns` calls the columns of a type.
pub fn names_of<T: Record>() -> Vec<String> {
    let columns = T::COLUMNS.iter();
    columns.map(|column| column.name.to_owned()).collect()
}

/// One column.
pub struct Column<T> {
    /// What `--columns` and CSV headings call it; never translated. The field's name in JSON.
    pub name: &'static str,
    /// The heading in tables; translated.
    pub title: &'static str,
    pub cell: fn(&T) -> Cell,
    /// A table gives it up where it does not fit.
    pub minor: bool,
    /// Where it does not fit, what it says stands below its row.
    pub below: bool,
}

impl<T> Column<T> {
    /// A column called `name`, under the heading `title`.
    pub const fn new(name: &'static str, title: &'static str, cell: fn(&T) -> Cell) -> Column<T> {
        Column {
            name,
            title,
            cell,
            minor: false,
            below: false,
        }
    }

    /// As [`Column::new`]; a table gives it up first where it does not fit.
    pub const fn minor(name: &'static str, title: &'static str, cell: fn(&T) -> Cell) -> Column<T> {
        Column {
            minor: true,
            ..Column::new(name, title, cell)
        }
    }

    /// As [`Column::minor`]; where it does not fit, what it says stands on a line below its row.
    pub const fn below(name: &'static str, title: &'static str, cell: fn(&T) -> Cell) -> Column<T> {
        Column {
            below: true,
            ..Column::minor(name, title, cell)
        }
    }
}

/// A value in a column. Its kind decides what a table may do with it: ids, times, states and amounts are never cut; a
/// time may lose its seconds and its year; prose is shortened.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Empty,
    /// Prose that comes from outside, such as a title: shortened where it does not fit.
    Text(String),
    /// An id, or another text that is of no use unless it is whole.
    Id(String),
    /// A moment in China time, as RFC 3339 or as WeChat writes it.
    Time(String),
    Number(i64),
    /// Fen; tables, CSV and xlsx show yuan.
    Money(Fen),
    /// A state or another word of ours, shown in the reader's language in tables and in English elsewhere. States also
    /// get a colour.
    Word(Text),
    /// As `Word`, for reasons and advice: tables wrap it where it does not fit.
    Sentence(Text),
    /// Several values, shown one a line in tables, joined by `|` elsewhere.
    List(Vec<String>),
}

impl Cell {
    pub fn count(count: u64) -> Cell {
        Cell::Number(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// An id; nothing where there is none.
    pub fn id(id: &str) -> Cell {
        match id {
            "" => Cell::Empty,
            id => Cell::Id(id.to_owned()),
        }
    }

    /// Unix seconds, where they are known.
    pub fn moment(at: Option<i64>) -> Cell {
        at.map_or(Cell::Empty, |at| Cell::Time(ChinaTime::from_unix(at).0))
    }

    /// A count that is worth a line only where there is something to count.
    pub fn some(count: u64) -> Cell {
        match count {
            0 => Cell::Empty,
            count => Cell::count(count),
        }
    }

    /// A reason or advice, where there is one.
    pub fn sentence(text: Option<&Text>) -> Cell {
        text.map_or(Cell::Empty, |text| Cell::Sentence(text.clone()))
    }

    /// The cell in CSV and TSV. Text that begins with `=`, `+`, `-` or `@` stays as it is: these files are read by
    /// programs. With `--excel` it is [`guarded`](crate::types::guarded). Workbooks carry text cells, which are safe.
    pub(super) fn plain(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) | Cell::Id(text) | Cell::Time(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Money(fen) => fen.to_yuan(),
            Cell::Word(word) | Cell::Sentence(word) => word.to_string(),
            Cell::List(values) => values.join("|"),
        }
    }

    /// The cell as words, for a list of several.
    pub fn words(&self) -> String {
        self.plain()
    }

    /// A word becomes the one that JSON has in its place: programs read either form.
    fn as_json_says(&mut self, value: Option<&Value>) {
        if !matches!(self, Cell::Word(_)) {
            return;
        }
        match value {
            Some(Value::String(word)) => *self = Cell::Id(word.clone()),
            Some(Value::Bool(yes)) => *self = Cell::Id(yes.to_string()),
            _ => {}
        }
    }

    /// The cell as people read it in a file.
    pub(super) fn for_people(&self, lang: Lang) -> String {
        match self {
            Cell::Word(word) | Cell::Sentence(word) => word.render(lang),
            other => other.plain(),
        }
    }

    fn value(&self) -> Value {
        match self {
            Cell::Empty => Value::Null,
            Cell::Text(text) | Cell::Id(text) | Cell::Time(text) => Value::from(text.as_str()),
            Cell::Number(number) => Value::from(*number),
            Cell::Money(fen) => Value::from(fen.0),
            Cell::Word(word) | Cell::Sentence(word) => Value::from(word.to_string()),
            Cell::List(values) => Value::from(values.as_slice()),
        }
    }
}

/// A column, whether it was declared for a type or found in a reference.
pub(super) struct ShownColumn<T> {
    pub name: Cow<'static, str>,
    pub title: Cow<'static, str>,
    minor: bool,
    below: bool,
    cell: Box<dyn Fn(&T) -> Cell>,
}

/// The columns that rows of `T` have.
pub struct Columns<T>(Vec<ShownColumn<T>>);

impl<T: 'static> Columns<T> {
    /// Those that a type declares.
    pub fn of() -> Columns<T>
    where
        T: Record,
    {
        let declared = T::COLUMNS.iter().map(|column| ShownColumn {
            name: column.name.into(),
            title: column.title.into(),
            minor: column.minor,
            below: column.below,
            cell: Box::new(column.cell),
        });
        Columns(declared.collect())
    }

    /// What `--columns` calls them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|column| &*column.name)
    }

    /// All but those with these names.
    pub fn without(mut self, names: &[&str]) -> Columns<T> {
        self.0.retain(|column| !names.contains(&&*column.name));
        self
    }

    pub fn none() -> Columns<T> {
        Columns(Vec::new())
    }

    /// Adds a column; `name` and `title` as in [`Column`].
    pub fn with(
        mut self,
        name: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
        cell: impl Fn(&T) -> Cell + 'static,
    ) -> Columns<T> {
        self.0.push(ShownColumn {
            name: name.into(),
            title: title.into(),
            minor: false,
            below: false,
            cell: Box::new(cell),
        });
        self
    }

    /// The column added last is one that a table gives up first where it does not fit.
    pub fn minor(mut self) -> Columns<T> {
        if let Some(last) = self.0.last_mut() {
            last.minor = true;
        }
        self
    }
}

impl<T> Columns<T> {
    pub(super) fn titles(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|column| &*column.title)
    }

    pub(super) fn cells(&self, row: &T) -> impl Iterator<Item = Cell> {
        self.0.iter().map(|column| (column.cell)(row))
    }
}

/// The heading of a column.
#[derive(Debug, Clone)]
pub(super) struct Heading {
    pub title: String,
    /// It gives way first.
    pub minor: bool,
    /// What it says stands below its row then.
    pub below: bool,
}

/// What a form needs of a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Need {
    Cells,
    Json,
}

/// It, of one row. What is done with it is the same for rows of every type.
#[derive(Debug)]
pub(super) enum Part {
    Cells(Vec<Cell>),
    Json(Value),
}

impl Part {
    pub fn cells(self) -> Vec<Cell> {
        match self {
            Part::Cells(cells) => cells,
            Part::Json(_) => Vec::new(),
        }
    }

    pub fn json(self) -> Value {
        match self {
            Part::Json(value) => value,
            Part::Cells(_) => Value::Null,
        }
    }
}

/// The columns that are shown, in the order asked for.
pub(super) struct Picked<T> {
    columns: Vec<ShownColumn<T>>,
    /// Words stand as JSON has them: programs read the cells.
    stable: bool,
    /// The shop that a row is of, where several are read.
    shop: Option<String>,
    /// JSON holds these only, not the whole row.
    only: bool,
    /// What was taken for paths into the JSON, and whether a row had it.
    paths: Vec<(String, Arc<AtomicBool>)>,
    /// The columns that there are.
    known: String,
}

impl<T: Serialize + 'static> Picked<T> {
    pub fn new(out: &Output, columns: Columns<T>) -> Result<Picked<T>> {
        Picked::choose(out, columns, true)
    }

    /// As [`Picked::new`], of the declared columns alone: what the JSON will hold cannot be known yet.
    pub fn declared(out: &Output, columns: Columns<T>) -> Result<Picked<T>> {
        Picked::choose(out, columns, false)
    }

    fn choose(out: &Output, columns: Columns<T>, paths: bool) -> Result<Picked<T>> {
        let mut columns = columns.0;
        if let Some(shop) = out.shop.clone() {
            columns.insert(0, of_shop(shop));
        }
        let mut picked = Picked {
            columns: Vec::new(),
            stable: matches!(out.format, Format::Csv | Format::Tsv) && !out.excel,
            shop: out.shop.clone(),
            only: false,
            paths: Vec::new(),
            known: String::new(),
        };
        let Some(wanted) = &out.columns else {
            picked.columns = columns;
            return Ok(picked);
        };
        picked.only = true;
        let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
        picked.known = names.join(",");
        let mut left: Vec<Option<ShownColumn<T>>> = columns.into_iter().map(Some).collect();
        for name in wanted.iter().map(|name| name.trim()) {
            let named = |column: &&mut Option<ShownColumn<T>>| {
                column.as_ref().is_some_and(|it| it.is(name))
            };
            match left.iter_mut().find(named).and_then(Option::take) {
                Some(column) => picked.columns.push(column),
                None if paths && is_path(name) && out.may_have(name) => picked.push_path(name),
                None if name.is_empty() => {}
                None => return Err(unknown(name, &picked.known).into()),
            }
        }
        if picked.columns.is_empty() {
            return Err(unknown("", &picked.known).into());
        }
        let paths: Vec<&str> = picked.paths.iter().map(|(path, _)| &**path).collect();
        let doubtful = (!paths.is_empty()).then(|| unknown(&paths.join(", "), &picked.known));
        *out.columns_doubtful
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = doubtful;
        out.columns_fit.store(true, Ordering::Relaxed);
        Ok(picked)
    }

    /// A column that no type declares: what the JSON has there.
    fn push_path(&mut self, path: &str) {
        let found = Arc::new(AtomicBool::new(false));
        self.paths.push((path.to_owned(), found.clone()));
        let pointer = pointer(path);
        self.columns.push(ShownColumn {
            name: path.to_owned().into(),
            title: path.to_owned().into(),
            minor: false,
            below: false,
            cell: Box::new(move |row| {
                let whole = serde_json::to_value(row).unwrap_or_default();
                let value = whole.pointer(&pointer);
                if value.is_some() {
                    found.store(true, Ordering::Relaxed);
                }
                value.map_or(Cell::Empty, of_json)
            }),
        });
    }

    /// Refuses paths that none of the rows had.
    pub fn check_paths(&self) -> Result<()> {
        let missing = self
            .paths
            .iter()
            .filter(|(_, found)| !found.load(Ordering::Relaxed));
        let missing: Vec<&str> = missing.map(|(path, _)| &**path).collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(unknown(&missing.join(", "), &self.known).into())
        }
    }

    pub fn names(&self) -> Vec<String> {
        self.columns
            .iter()
            .map(|column| column.name.to_string())
            .collect()
    }

    pub fn headings(&self) -> Vec<Heading> {
        let headings = self.columns.iter().map(|column| Heading {
            title: column.title.to_string(),
            // Those that were asked for are all wanted.
            minor: column.minor && !self.only,
            below: column.below,
        });
        headings.collect()
    }

    pub fn part(&self, row: &T, need: Need) -> Result<Part> {
        let cells = || self.columns.iter().map(|column| (column.cell)(row));
        if let Need::Cells = need {
            let mut cells: Vec<Cell> = cells().collect();
            if self.stable && cells.iter().any(|cell| matches!(cell, Cell::Word(_))) {
                let whole = serde_json::to_value(row)?;
                for (cell, column) in cells.iter_mut().zip(&self.columns) {
                    cell.as_json_says(whole.get(&*column.name));
                }
            }
            return Ok(Part::Cells(cells));
        }
        let mut whole = serde_json::to_value(row)?;
        if let (Some(shop), Value::Object(fields)) = (&self.shop, &mut whole) {
            let rest = std::mem::take(fields);
            fields.insert("shop".to_owned(), Value::from(shop.as_str()));
            fields.extend(rest);
        }
        if self.only {
            let own = |column: &ShownColumn<T>| match whole.get(&*column.name) {
                Some(_) => whole.get_mut(&*column.name).map(Value::take),
                None => whole.pointer(&pointer(&column.name)).cloned(),
            };
            let own: Vec<Option<Value>> = self.columns.iter().map(own).collect();
            whole = object(self.names(), own, &|at| (self.columns[at].cell)(row));
        }
        Ok(Part::Json(whole))
    }
}

/// The column of the shop that rows are of.
fn of_shop<T>(shop: String) -> ShownColumn<T> {
    ShownColumn {
        name: "shop".into(),
        title: "SHOP".into(),
        minor: false,
        below: false,
        cell: Box::new(move |_| Cell::Id(shop.clone())),
    }
}

/// A column without a field of its name is computed; its cell is the value.
fn object(names: Vec<String>, own: Vec<Option<Value>>, cell: &dyn Fn(usize) -> Cell) -> Value {
    let fields = names.into_iter().zip(own).enumerate();
    let fields = fields.map(|(at, (name, own))| (name, own.unwrap_or_else(|| cell(at).value())));
    Value::Object(fields.collect())
}

impl<T> ShownColumn<T> {
    /// Whether `name` means this column: its field, or its heading in either language.
    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || self.title.eq_ignore_ascii_case(name)
            || crate::lang::chinese(&self.title) == Some(name)
    }
}

/// Names of fields of the JSON, and places in lists, with dots between them.
fn is_path(name: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    name.split('.').all(plain)
}

fn pointer(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}

/// A value of the JSON as it stands in a table.
fn of_json(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Empty,
        Value::String(text) => Cell::id(text),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Cell::Number(number),
            None => Cell::Id(number.to_string()),
        },
        Value::Bool(yes) => Cell::Id(yes.to_string()),
        Value::Array(items) => Cell::List(items.iter().map(|item| of_json(item).plain()).collect()),
        Value::Object(_) => Cell::Text(value.to_string()),
    }
}

fn unknown(names: &str, known: &str) -> Failure {
    Failure::input(text!("no such column: {names}", names))
        .hint(text!("the columns are {names}", names = known))
}

/// The order of `rows` by a column, `-` before its name for the largest first; those without a value stand last.
pub(super) fn sorted<'a, T: Serialize + 'static>(
    by: &str,
    columns: &Columns<T>,
    rows: &'a [T],
) -> Result<Vec<&'a T>> {
    let (name, down) = match by.strip_prefix('-') {
        Some(name) => (name, true),
        None => (by, false),
    };
    let column = columns.0.iter().find(|column| column.is(name));
    if column.is_none() && !is_path(name) {
        let known: Vec<&str> = columns.0.iter().map(|column| &*column.name).collect();
        return Err(unknown(name, &known.join(",")).into());
    }
    let cell = |row: &T| match column {
        Some(column) => (column.cell)(row),
        None => {
            let whole = serde_json::to_value(row).unwrap_or_default();
            whole.pointer(&pointer(name)).map_or(Cell::Empty, of_json)
        }
    };
    let mut keyed: Vec<(SortKey, &T)> =
        rows.iter().map(|row| (sort_key(&cell(row)), row)).collect();
    if column.is_none() && !rows.is_empty() && keyed.iter().all(|(key, _)| key.0) {
        let known: Vec<&str> = columns.0.iter().map(|column| &*column.name).collect();
        return Err(unknown(name, &known.join(",")).into());
    }
    keyed.sort_by(|(one, _), (other, _)| {
        if down {
            // Those without a value stand last either way.
            (one.0, (other.1, &other.2)).cmp(&(other.0, (one.1, &one.2)))
        } else {
            one.cmp(other)
        }
    });
    Ok(keyed.into_iter().map(|(_, row)| row).collect())
}

/// Whether there is no value; the number; the text.
type SortKey = (bool, i64, String);

fn sort_key(cell: &Cell) -> SortKey {
    match cell {
        Cell::Empty => (true, 0, String::new()),
        Cell::Number(number) => (false, *number, String::new()),
        Cell::Money(fen) => (false, fen.0, String::new()),
        other => {
            let text = other.plain();
            // The lowest of several prices.
            let first = text.split('-').next().unwrap_or_default();
            let price = first
                .contains('.')
                .then(|| Fen::from_yuan(first).ok())
                .flatten();
            match price {
                Some(fen) => (false, fen.0, text),
                None => (text.is_empty(), 0, text),
            }
        }
    }
}
