//! What people and scripts read. stdout is data only, stderr the rest; only this room writes to either.
//!
//! Machine forms (JSON, CSV, xlsx …) are English and complete; what is shown on a terminal is translated, fitted to
//! its width, and free of control characters, so that a title from a shop cannot move the cursor: in every form, and in
//! JSON wherever it goes. No secret that this process holds leaves it, on either stream.

mod checklist;
mod fields;
mod gathered;
mod jq;
mod page;
mod pager;
mod progress;
mod prompt;
mod qr;
mod shape;
mod sheet;
mod sink;
mod stream;
mod table;
mod words;

pub use checklist::{Check, Mark};
pub use fields::{Cell, Column, Columns, Record, names_of};
pub use jq::{WORD as JQ_WORD, serve as serve_jq};
pub use page::{Bar, Page, spark};
pub use progress::Progress;
pub use sink::Captured;
pub use stream::Stream;
pub use words::visible;

use crate::fail::Failure;
use crate::lang::{Lang, Text};
use crate::text;
use crate::types::redact;
use anyhow::Result;
use fields::{Need, Picked};
use gathered::Gathered;
use serde::Serialize;
use serde_json::Value;
use sink::Sink;
use std::borrow::Cow;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use stream::Form;

/// The form of what is printed on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    #[default]
    Table,
    Json,
    #[value(alias = "jsonl")]
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

/// Where a command's words and data go.
#[derive(Debug, Clone)]
pub struct Output {
    pub format: Format,
    pub columns: Option<Vec<String>>,
    pub headers: bool,
    /// CSV is for a spreadsheet program.
    pub excel: bool,
    pub jq: Option<String>,
    /// How long an expression of `--jq` may give nothing.
    pub patience: std::time::Duration,
    pub quiet: bool,
    pub lang: Lang,
    pub color: ColorChoice,
    /// Whether questions may be asked at all (a terminal on stdin and stderr, and not `--no-input`).
    pub interactive: bool,
    pub yes: bool,
    /// Only what [`Output::answer`] is given goes to stdout.
    pub answers_only: bool,
    /// What a table without rows says instead.
    nothing: Option<Text>,
    /// The columns asked for were held against those that will be shown.
    columns_fit: Arc<AtomicBool>,
    /// Why columns that were taken for paths into the JSON may not be there.
    columns_doubtful: Arc<Mutex<Option<Failure>>>,
    /// Something that was to be shown could not be.
    has_failed: Arc<AtomicBool>,
    /// The column that lists are sorted by, with `-` before it for the largest first.
    pub sort: Option<String>,
    /// How many rows a terminal gets where nobody said how many.
    pub limit: Option<usize>,
    /// How many rows of a sorted list were asked for; they are taken after sorting.
    pub most: Option<usize>,
    /// The JSON Schemas of what the command shows, of which each output is one; empty where nothing is known of it.
    pub shapes: Vec<Value>,
    /// The profile that the command was given, which the next one needs as well.
    pub profile: Option<String>,
    /// The shop that rows are of, where several are read one after the other.
    shop: Option<String>,
    /// Where rows wait until those of every shop are there.
    gathered: Option<Arc<Mutex<Gathered>>>,
    sink: Sink,
}

impl Default for Output {
    fn default() -> Output {
        Output {
            format: Format::Table,
            columns: None,
            headers: true,
            excel: false,
            jq: None,
            patience: std::time::Duration::from_secs(30),
            quiet: false,
            lang: Lang::En,
            color: ColorChoice::Auto,
            interactive: false,
            yes: false,
            answers_only: false,
            nothing: None,
            columns_fit: Arc::default(),
            columns_doubtful: Arc::default(),
            has_failed: Arc::default(),
            sort: None,
            limit: None,
            most: None,
            shapes: Vec::new(),
            profile: None,
            shop: None,
            gathered: None,
            sink: Sink::default(),
        }
    }
}

impl Output {
    /// An output whose words and data are kept in memory, `width` columns wide; for tests.
    pub fn captured(width: usize) -> (Output, Captured) {
        let captured = Captured::new(width);
        let out = Output {
            sink: Sink::Memory(captured.clone()),
            ..Output::default()
        };
        (out, captured)
    }

    /// Refuses what can never be printed: a bad jq expression, a jq expression with a form that is not JSON, a
    /// workbook on a terminal. Called before a command acts, so that no work is lost.
    pub fn check(&self) -> Result<()> {
        if let Some(expression) = &self.jq {
            if !matches!(self.format, Format::Table | Format::Json | Format::Ndjson) {
                return Err(Failure::input(text!("--jq works on JSON only"))
                    .hint(text!(
                        "remove --format (or unset WXSELL_FORMAT), or use --format json"
                    ))
                    .into());
            }
            jq::Jq::new(expression, self.patience)?;
        }
        if self.excel && self.format != Format::Csv {
            return Err(Failure::input(text!("--excel is for --format csv"))
                .hint(text!(
                    "remove --excel; a workbook (--format xlsx) doesn't need it"
                ))
                .into());
        }
        if self.format == Format::Xlsx && self.sink.is_terminal() {
            return Err(
                Failure::input(text!("a workbook cannot be shown on a terminal"))
                    .hint(text!(
                        "send it to a file: wxsell … --format xlsx > goods.xlsx"
                    ))
                    .into(),
            );
        }
        Ok(())
    }

    /// Refuses `--columns` that nobody has checked; before anything is changed that cannot be shown afterwards.
    pub fn columns_are_checked(&self) -> Result<()> {
        let doubtful = self.columns_doubtful.lock();
        if let Some(failure) = &*doubtful.unwrap_or_else(PoisonError::into_inner) {
            return Err(failure.clone().into());
        }
        if self.columns.is_none() || self.columns_fit.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(
            Failure::input(text!("this command prints no columns to choose from"))
                .hint(text!("remove --columns"))
                .into(),
        )
    }

    /// The same output with all columns: for what is shown instead of what the columns were asked for.
    pub fn with_all_columns(&self) -> Output {
        Output {
            columns: None,
            ..self.clone()
        }
    }

    /// The same output, which says this where a list has no rows.
    pub fn with_nothing(&self, words: Text) -> Output {
        Output {
            nothing: Some(words),
            ..self.clone()
        }
    }

    /// Steps with a mark each, one line a step; `head` stands at the left and right of the first line.
    pub fn checklist(&self, head: (&Text, &Text), checks: &[Check]) -> Result<()> {
        checklist::show(self, head, checks)
    }

    /// After what was shown to people: the command to go on with, whole.
    pub fn next(&self, command: &str) {
        let plain = self.columns.is_none() && self.sort.is_none();
        if self.format == Format::Table && self.jq.is_none() && plain {
            let command = match &self.profile {
                Some(name) if !command.contains(" --profile ") => {
                    format!("{command} --profile {name}")
                }
                _ => command.to_owned(),
            };
            self.note(text!("Next: {command}", command));
        }
    }

    /// After a list on a terminal: how many there are, and what they come to. Where no more than `limit` were asked for,
    /// that this is about the first of them.
    pub fn total(&self, count: usize, limit: Option<usize>, words: Text) {
        if count == 0 || !self.is_for_people() || !self.redraws() || self.columns.is_some() {
            return;
        }
        // A sorted list is read whole.
        let limit = self.rows_to_read(limit).filter(|limit| count >= *limit);
        self.note(match limit {
            Some(limit) => text!("first {limit} only: {words}", limit, words),
            None => words,
        });
    }

    /// How many rows a list has to read: all of them where they are sorted first, and where 0 is asked for.
    pub fn rows_to_read(&self, limit: Option<usize>) -> Option<usize> {
        limit.filter(|limit| *limit > 0 && self.sort.is_none())
    }

    /// Refuses `--columns` with a name that `T` does not have; for commands that act before they show.
    pub fn check_columns<T: Record>(&self) -> Result<()> {
        Picked::<T>::declared(self, Columns::of()).map(|_| ())
    }

    /// As [`Output::check_columns`], for commands that only read: what is a path into the JSON shows with the rows.
    pub fn check_columns_of_list<T: Serialize + 'static>(&self, columns: Columns<T>) -> Result<()> {
        Picked::new(self, columns).map(|_| ())
    }

    /// As [`Output::check_columns`], with columns that no type declares.
    pub fn check_columns_of<T: Serialize + 'static>(&self, columns: Columns<T>) -> Result<()> {
        Picked::declared(self, columns).map(|_| ())
    }

    /// True where the form is written a line at a time, so that events can be shown as they happen.
    pub fn line_by_line(&self) -> bool {
        matches!(self.format, Format::Ndjson | Format::Csv | Format::Tsv)
    }

    /// Rows: an array in JSON.
    pub fn list<T: Record>(&self, rows: &[T]) -> Result<()> {
        self.list_with(Columns::of(), rows)
    }

    /// As [`Output::list`], with columns that no type declares.
    pub fn list_with<T: Serialize + 'static>(&self, columns: Columns<T>, rows: &[T]) -> Result<()> {
        let mut rows: Vec<&T> = match &self.sort {
            Some(by) => fields::sorted(by, &columns, rows)?,
            None => rows.iter().collect(),
        };
        if let (Some(most), Some(_)) = (self.most, &self.sort) {
            rows.truncate(most);
        }
        let picked = Picked::new(self, columns)?;
        if self.gathered.is_some() {
            return self.gather(&picked, &rows);
        }
        if self.jq.is_some() {
            // The expression sees the whole list, in every form.
            let parts = rows.iter().map(|row| picked.part(*row, Need::Json));
            let values: Result<Vec<Value>> = parts.map(|part| Ok(part?.json())).collect();
            let values = values?;
            if !values.is_empty() {
                self.kept(picked.check_paths())?;
            }
            return self.value(&Value::from(values));
        }
        let mut form = Form::new(self, picked.names(), picked.headings())?;
        let all = rows.len();
        if let (Some(limit), Format::Table) = (self.limit, self.format) {
            rows.truncate(limit);
        }
        for row in &rows {
            form.push(picked.part(*row, form.need())?)?;
        }
        if all > 0 {
            self.kept(picked.check_paths())?;
        }
        form.finish()?;
        if rows.len() < all {
            self.note(text!(
                "{shown} of {all} rows shown; see all with --limit {all}, or pipe the output",
                shown = rows.len(),
                all
            ));
        }
        Ok(())
    }

    /// One thing: an object in JSON, field beside value in a table, one row in CSV and xlsx.
    pub fn show<T: Record>(&self, row: &T) -> Result<()> {
        self.show_with(Columns::of(), row)
    }

    /// Whether what was shown so far was taken: the reader of a pipe may have gone away.
    pub fn was_read(&self) -> bool {
        !self.sink.reader_is_gone()
    }

    /// Whether something that was to be shown could not be.
    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    fn kept<T, E>(&self, shown: std::result::Result<T, E>) -> std::result::Result<T, E> {
        if shown.is_err() {
            self.has_failed.store(true, Ordering::Relaxed);
        }
        shown
    }

    /// As [`Output::show`], with columns that no type declares.
    pub fn show_with<T: Serialize + 'static>(&self, columns: Columns<T>, row: &T) -> Result<()> {
        let picked = Picked::new(self, columns)?;
        let part = |need| {
            let part = picked.part(row, need)?;
            self.kept(picked.check_paths()).map(|()| part)
        };
        match self.format {
            _ if self.jq.is_some() => self.value(&part(Need::Json)?.json()),
            Format::Json | Format::Yaml => self.value(&part(Need::Json)?.json()),
            Format::Table => {
                let cells = part(Need::Cells)?.cells();
                self.table(&table::show(self, &picked.headings(), cells))
            }
            Format::Xlsx | Format::Ndjson | Format::Csv | Format::Tsv => {
                let mut form = Form::new(self, picked.names(), picked.headings())?;
                form.push(part(form.need())?)?;
                form.finish()
            }
        }
    }

    /// Rows that come one at a time. NDJSON, CSV and TSV are written as they come; the other forms at the end.
    pub fn stream<T: Record>(&self) -> Result<Stream<'_, T>> {
        Stream::new(self, Picked::new(self, Columns::of())?)
    }

    /// Refuses the form of a table file, which [`Output::value`] cannot write; for commands that act before they show.
    pub fn check_value(&self) -> Result<()> {
        if !matches!(self.format, Format::Csv | Format::Tsv | Format::Xlsx) {
            return Ok(());
        }
        Err(Failure::input(text!(
            "this output has no columns and cannot be written as a table"
        ))
        .hint(text!("use --format json"))
        .into())
    }

    /// JSON that has no columns, such as what WeChat answered.
    pub fn value(&self, value: &Value) -> Result<()> {
        self.check_value()?;
        if let Some(expression) = &self.jq {
            let filter = jq::Jq::new(expression, self.patience)?;
            let data = serde_json::to_vec(value)?;
            return self.kept(filter.run(&data, |line| self.print_filtered(line)));
        }
        match self.format {
            Format::Table | Format::Json => self.json(value),
            Format::Ndjson => {
                let json = serde_json::to_string(value)?;
                self.print(&format!("{}\n", words::escaped(&json)))
            }
            Format::Yaml => self.yaml(value),
            // Refused above.
            Format::Csv | Format::Tsv | Format::Xlsx => Ok(()),
        }
    }

    /// Bytes as they are: a file that was asked for on stdout.
    pub fn raw(&self, bytes: &[u8]) -> Result<()> {
        self.write(bytes)
    }

    /// WeChat's answer as it came, on a line of its own, for `--raw`.
    pub fn answer(&self, answer: &[u8]) {
        let line = format!("{}\n", String::from_utf8_lossy(answer));
        // Where it cannot be written the command says so at its end.
        let _ = self.kept(self.sink.data(self.outward(&line).as_bytes()));
    }

    /// One line of plain data, such as a token; the same in every format.
    pub fn text(&self, line: &str) -> Result<()> {
        self.print(&format!("{line}\n"))
    }

    /// A notice for people, on stderr; `--quiet` leaves it out.
    pub fn note(&self, words: Text) {
        if !self.quiet {
            self.say(&words.render(self.lang));
        }
    }

    /// A warning for people, on stderr, also under `--quiet`.
    pub fn warn(&self, words: Text) {
        self.say(&text!("warning: {words}", words).render(self.lang));
    }

    /// Shows why a command failed, on stderr: people read a message, its causes and what to do, scripts (`--format
    /// json` or `ndjson`) one JSON object. Returns the exit code.
    pub fn fail(&self, error: &anyhow::Error) -> u8 {
        let (code, words) = words::failure(self, error);
        if !words.is_empty() {
            self.say(&words);
        }
        code
    }

    /// A bar on a terminal, a plain line now and then elsewhere, nothing under `--quiet`. `what` is what is counted:
    /// "goods", "images".
    pub fn progress(&self, total: u64, what: Text) -> Progress {
        Progress::new(self, total, what)
    }

    /// Asks a yes/no question on the terminal. `--yes` answers it; with no terminal it fails and names `--yes`.
    pub fn confirm(&self, question: Text) -> Result<bool> {
        prompt::confirm(self, &question)
    }

    /// Asks for a line of text. `otherwise` names the option or variable that gives it without a terminal.
    pub fn input(&self, prompt: Text, default: Option<&str>, otherwise: &str) -> Result<String> {
        prompt::input(self, &prompt, default, otherwise)
    }

    /// Asks for something that must not be seen while it is typed. `otherwise` as in [`Output::input`].
    pub fn secret(&self, prompt: Text, otherwise: &str) -> Result<crate::types::Secret> {
        prompt::secret(self, &prompt, otherwise)
    }

    /// Asks for one of several; returns its index. `otherwise` as in [`Output::input`].
    pub fn select(&self, prompt: Text, choices: &[String], otherwise: &str) -> Result<usize> {
        prompt::select(self, &prompt, choices, otherwise)
    }

    /// Whether what is printed can be drawn anew: a terminal reads it.
    pub fn redraws(&self) -> bool {
        self.sink.is_terminal()
    }

    /// Empties the screen before something is drawn anew. Only where [`Output::redraws`] says so.
    pub fn clear(&self) {
        // A screen that cannot be emptied shows the next table below the last.
        let _ = console::Term::stdout().clear_screen();
    }

    /// Help that nobody asked for, on stderr; returns the exit code of a usage error.
    pub fn usage(&self, help: &str) -> u8 {
        self.sink.words(help.trim_end());
        crate::fail::Kind::Input.exit_code()
    }

    /// Whether help may carry styles on stdout, or on stderr.
    pub fn styles_help(&self, on_stderr: bool) -> bool {
        self.sink.shows_colour(on_stderr)
    }

    /// Columns that help may take. Longer lines are hard to read.
    pub fn help_width(&self) -> usize {
        const WIDEST: usize = 100;
        self.sink.width().unwrap_or(WIDEST).clamp(20, WIDEST)
    }

    fn json(&self, value: &Value) -> Result<()> {
        let json = serde_json::to_string_pretty(value)?;
        self.print(&format!("{}\n", words::escaped(&json)))
    }

    fn yaml(&self, value: &Value) -> Result<()> {
        let mut yaml = serde_saphyr::to_string(value)?;
        if !yaml.ends_with('\n') {
            yaml.push('\n');
        }
        self.print(&yaml)
    }

    /// Text to stdout, a whole line at a time: without secrets, and on a terminal without what would act on it.
    fn print(&self, text: &str) -> Result<()> {
        self.write(self.outward(text).as_bytes())
    }

    /// A result of `--jq`, of which there may be no end; says whether anybody reads it.
    fn print_filtered(&self, text: &str) -> Result<jq::Next> {
        self.print(text)?;
        Ok(if self.sink.reader_is_gone() {
            jq::Next::Enough
        } else {
            jq::Next::More
        })
    }

    /// `text` as it may leave.
    fn outward<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let text = redact(text);
        if self.sink.is_terminal() {
            Cow::Owned(words::visible_data(&text))
        } else {
            text
        }
    }

    /// A table to stdout. Its cells are clean; what acts on the terminal in it is ours.
    fn table(&self, table: &str) -> Result<()> {
        self.write(redact(table).as_bytes())
    }

    /// A table to stdout, through a pager where a terminal has no room for it.
    fn paged(&self, table: &str) -> Result<()> {
        let high = self.sink.height();
        let long = high.is_some_and(|high| table.lines().count() >= high);
        if long && !self.answers_only && pager::show(&redact(table)) {
            return Ok(());
        }
        self.table(table)
    }

    /// Data to stdout.
    fn write(&self, bytes: &[u8]) -> Result<()> {
        if self.answers_only {
            // What was asked for is the answer: where that could not be written nothing was shown.
            return if self.has_failed() {
                Err(Failure::input(text!("cannot write to standard output")).into())
            } else {
                Ok(())
            };
        }
        self.kept(self.sink.data(bytes).map_err(|error| {
            Failure::input(text!(
                "cannot write to standard output: {error}",
                error = error.to_string()
            ))
            .into()
        }))
    }

    /// Words to stderr, without what could move the cursor.
    fn say(&self, words: &str) {
        self.sink.words(&words::visible_lines(&redact(words)));
    }

    /// Whether states are coloured.
    fn coloured(&self) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => self.sink.shows_colour(false),
        }
    }
}

/// Whether questions can be asked: a terminal to read from and one to write to.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}
