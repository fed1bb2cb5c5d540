//! A verb that is one call: its options are the request, and what is shown of the answer is declared beside them.
//!
//! An `Args` struct that derives `Serialize` becomes the body; the verb's line says where in the request an option stands
//! that has another name there, and what is `None` or empty is left out. Everything else is the same for every such verb: the body
//! is held against the book of operations before anything is sent, `--dry-run` shows it, writes say where they go,
//! lists follow their pages, ids come out as text, times as RFC 3339, people masked.

use super::Ctx;
use crate::api::Resend;
use crate::api::operation::{Book, Kind, Node, mask_by_name, present};
use crate::client::trace::mask_secrets;
use crate::fail::Failure;
use crate::lang::Text;
use crate::output::{Cell, Columns};
use crate::shop::ask::pointer;
use crate::shop::pass_through::meaning;
use crate::shop::pass_through::{Ask, empty};
pub use crate::shop::pass_through::{check, request};
use crate::text;
use crate::types::{Fen, plain_time};
use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// How many rows a list shows.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Rows {
    /// Maximum number of results
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// A body, or a part of it, from a file.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Data {
    /// Read the request from this JSON or TOML file, `-` for standard input; options override it
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    pub file: Option<PathBuf>,
}

impl Data {
    /// What the file holds; an empty object without one.
    pub fn read(&self) -> Result<Value> {
        Ok(self.read_with_text()?.0)
    }

    /// As [`Data::read`], with the text that it was read from, and whether that is TOML.
    pub fn read_with_text(&self) -> Result<(Value, String, bool)> {
        let Some(path) = &self.file else {
            return Ok((Value::Object(Map::new()), String::new(), false));
        };
        let shown = path.display().to_string();
        let cannot = |error: String| {
            Failure::input(text!(
                "{file} cannot be read: {error}",
                file = &shown,
                error
            ))
        };
        let content = if shown == "-" {
            std::io::read_to_string(std::io::stdin()).map_err(|error| cannot(error.to_string()))?
        } else {
            std::fs::read_to_string(path).map_err(|error| cannot(error.to_string()))?
        };
        let is_toml = path.extension().is_some_and(|ending| ending == "toml");
        let value: Value = if is_toml {
            toml::from_str(&content).map_err(|error| cannot(error.to_string()))?
        } else {
            serde_json::from_str(&content).map_err(|error| cannot(error.to_string()))?
        };
        match value {
            Value::Object(_) => Ok((value, content, is_toml)),
            _ => Err(
                Failure::input(text!("{file} is not an object", file = &shown))
                    .hint(text!("write the request as one object"))
                    .into(),
            ),
        }
    }
}

impl Ctx {
    /// Does what a verb says: asks, and shows the answer.
    pub async fn ask(&self, ask: &Ask, args: &impl Serialize) -> Result<()> {
        self.ask_with(ask, args, empty()).await
    }

    /// As [`Ctx::ask`], with a body to begin with; options win over it.
    pub async fn ask_with(&self, ask: &Ask, args: &impl Serialize, base: Value) -> Result<()> {
        let body = request(ask, args, base)?;
        self.send_and_show(ask, &body).await
    }

    /// Sends a body that was checked, and shows the answer.
    pub async fn send_and_show(&self, ask: &Ask, body: &Value) -> Result<()> {
        self.out.check_columns_of(columns(ask))?;
        match self.send(ask, body).await? {
            Some(reply) => self.show_done(ask, reply, super::done::sentence(ask, body)),
            None => Ok(()),
        }
    }

    /// Rows of a list, over all its pages, in the form they are printed in.
    pub async fn ask_rows(&self, ask: &Ask, args: &impl Serialize, rows: Rows) -> Result<()> {
        let found = self
            .rows(ask, args, self.out.rows_to_read(rows.limit))
            .await?;
        self.show_rows(ask, found)
    }

    /// The rows of a list as WeChat sent them.
    pub async fn rows(
        &self,
        ask: &Ask,
        args: &impl Serialize,
        limit: Option<usize>,
    ) -> Result<Vec<Value>> {
        self.shop().await?.rows(ask, args, limit).await
    }

    /// Sends a body that was checked; the answer as it came. `None` after a dry run, which shows the body instead.
    pub async fn send(&self, ask: &Ask, body: &Value) -> Result<Option<Value>> {
        let question = ask.confirm.map(|question| {
            let what = super::done::named(body);
            if what.is_empty() {
                question()
            } else {
                text!("{question} ({what})", question = question(), what)
            }
        });
        self.send_asking(ask, body, question).await
    }

    /// As [`Ctx::send`], with a question of its own for a live shop, such as one that names the amount.
    pub async fn send_asking(
        &self,
        ask: &Ask,
        body: &Value,
        question: Option<Text>,
    ) -> Result<Option<Value>> {
        let shop = self.shop().await?;
        shop.has_line(ask)?;
        if ask.operation().1.resend == Resend::Safe {
            return shop.read_once(ask, body).await.map(Some);
        }
        if self.shows_request(ask, body)? {
            return Ok(None);
        }
        // What may not be written need not be read first.
        self.may_write()?;
        let asking = async || self.before_write(question).await;
        self.written(ask, body, asking).await
    }

    /// As [`Ctx::send`] for a write that was asked about before.
    pub async fn send_asked(&self, ask: &Ask, body: &Value) -> Result<Option<Value>> {
        self.written(ask, body, async || Ok(())).await
    }

    async fn written(
        &self,
        ask: &Ask,
        body: &Value,
        asking: impl AsyncFnOnce() -> Result<()>,
    ) -> Result<Option<Value>> {
        let sent = self.shop().await?.send(ask, body, asking).await;
        match sent? {
            Some(reply) => Ok(Some(reply)),
            None => {
                self.is_so_already()?;
                Ok(None)
            }
        }
    }

    /// Says that a write leads nowhere else than where its object stands, so that nothing was sent.
    pub fn is_so_already(&self) -> Result<()> {
        self.out.note(text!(
            "nothing to do: already in that state; nothing was sent"
        ));
        self.report_done(&Value::Object(Map::new()))
    }

    /// Shows the request of a write instead of sending it, where that was asked for.
    pub fn shows_request(&self, ask: &Ask, body: &Value) -> Result<bool> {
        if !self.global.dry_run || ask.operation().1.resend == Resend::Safe {
            return Ok(false);
        }
        self.out
            .note(text!("nothing was sent; the request would be:"));
        let mut shown = body.clone();
        let (book, operation) = ask.operation();
        match &operation.request {
            _ if self.global.unmask => {}
            Some(request) => book.mask(request, &mut shown),
            None => mask_by_name(&mut shown),
        }
        self.out.value(&shown)?;
        Ok(true)
    }

    /// Shows an answer: rows as a list, a thing as a thing; where there is nothing to show, that it was done.
    pub fn show_reply(&self, ask: &Ask, reply: Value) -> Result<()> {
        self.show_done(ask, reply, super::done::sentence(ask, &Value::Null))
    }

    /// As [`Ctx::show_reply`], with what is said where there is nothing to show.
    pub fn show_done(&self, ask: &Ask, reply: Value, done: Text) -> Result<()> {
        match self.presented(ask, reply) {
            Value::Null if ask.is_list() => self.show_rows(ask, Vec::new()),
            Value::Null => Err(ask.without().into()),
            Value::Array(rows) => {
                let out = self.out.with_nothing(super::done::nothing(ask));
                out.list_with(columns(ask), &rows)
            }
            Value::Object(object) if object.is_empty() => {
                self.out.note(done);
                self.report_done(&Value::Object(object))
            }
            thing => self.out.show_with(columns(ask), &thing),
        }
    }

    /// The part of an answer that is shown, in the form it is printed in; null where it is not there.
    pub fn presented(&self, ask: &Ask, reply: Value) -> Value {
        let (book, operation) = ask.operation();
        let mut shown = present(book, &operation.reply, reply);
        if !self.global.unmask {
            book.mask(&operation.reply, &mut shown);
            mask_secrets(&mut shown);
        }
        let part = shown.pointer_mut(&pointer(ask.shows)).map(Value::take);
        part.unwrap_or_default()
    }

    /// Shows rows that came from [`Ctx::rows`].
    pub fn show_rows(&self, ask: &Ask, rows: Vec<Value>) -> Result<()> {
        let (book, operation) = ask.operation();
        let node = book.at(&operation.reply, ask.shows);
        let rows = match node {
            Some(row) => rows
                .into_iter()
                .map(|value| present(book, row, value))
                .collect(),
            None => rows,
        };
        let mut rows: Vec<Value> = rows;
        if !self.global.unmask {
            rows.iter_mut().for_each(|row| match node {
                Some(node) => book.mask(node, row),
                None => mask_by_name(row),
            });
            rows.iter_mut().for_each(mask_secrets);
        }
        let out = self.out.with_nothing(super::done::nothing(ask));
        out.list_with(columns(ask), &rows)
    }
}

/// The words of a command without the options that stand behind some.
pub fn words(command: &str) -> &str {
    command.split(" -").next().unwrap_or(command)
}

/// The columns of an answer, in the order declared; without a declaration every field that is a plain value.
pub fn columns(ask: &Ask) -> Columns<Value> {
    columns_after(Columns::none(), ask)
}

/// As [`columns`], after some that the answer itself does not have.
/// Headings of what a table gives up first.
const MINOR: [&str; 6] = [
    "CHANGED",
    "CREATED",
    "KIND",
    "BALANCE AS WRITTEN",
    "BELONGS TO",
    "BUSINESS",
];

pub fn columns_after(mut columns: Columns<Value>, ask: &Ask) -> Columns<Value> {
    let (book, operation) = ask.operation();
    let Some(thing) = book.at(&operation.reply, ask.shows) else {
        return columns;
    };
    if ask.columns.is_empty() {
        let plain = |node: &&Node| !matches!(book.kind(node), Kind::Object | Kind::List);
        for field in book.resolve(thing).fields.iter().filter(plain) {
            if matches!(field.name.as_str(), "errcode" | "errmsg") {
                continue;
            }
            let title = field.name.replace('_', " ").to_uppercase();
            columns = columns.with(
                field.name.as_str(),
                title,
                cell_at(book, field, &field.name),
            );
        }
    }
    for (path, title) in ask.columns {
        let name = path.rsplit('.').next().unwrap_or(path);
        if let Some(node) = book.at(thing, path) {
            columns = columns.with(name, *title, cell_at(book, node, path));
            if MINOR.contains(title) {
                columns = columns.minor();
            }
        }
    }
    columns
}

fn cell_at(
    book: &'static Book,
    node: &'static Node,
    path: &str,
) -> impl Fn(&Value) -> Cell + 'static {
    let path = path.to_owned();
    move |row| {
        let found = found(row, &path);
        match found.as_slice() {
            [] => Cell::Empty,
            [one] => cell(book, node, one),
            several => Cell::List(
                several
                    .iter()
                    .map(|value| cell(book, node, value).words())
                    .collect(),
            ),
        }
    }
}

/// The values at a path; a list on the way gives several.
fn found<'a>(row: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut here = vec![row];
    for name in path.split('.') {
        here = here
            .into_iter()
            .flat_map(|value| match value {
                Value::Array(items) => items.iter().collect::<Vec<_>>(),
                other => vec![other],
            })
            .filter_map(|value| value.get(name))
            .collect();
    }
    here.into_iter()
        .flat_map(|value| match value {
            Value::Array(items) => items.iter().collect(),
            other => vec![other],
        })
        .filter(|value| !value.is_null())
        .collect()
}

/// One value as it stands in a table: yuan, the meaning of a state, a time to the second.
pub fn cell(book: &'static Book, node: &'static Node, value: &Value) -> Cell {
    if let Some(meaning) = meaning(book, node, value) {
        return Cell::Word(meaning);
    }
    // A field with the values 0 and 1 alone is a flag.
    let all = || book.resolve(node).values.iter().chain(&node.values);
    let is_flag = all().next().is_some() && all().all(|one| one.value == 0 || one.value == 1);
    if is_flag && (value == 0 || value == 1) {
        return Cell::Word(if value == 1 {
            text!("yes")
        } else {
            text!("no")
        });
    }
    match (book.kind(node), value) {
        (Kind::Fen, Value::Number(fen)) => fen
            .as_i64()
            .map_or(Cell::Empty, |fen| Cell::Money(Fen(fen))),
        (Kind::Fen, Value::String(fen)) => match fen.trim().parse() {
            Ok(fen) => Cell::Money(Fen(fen)),
            Err(_) => Cell::Text(fen.clone()),
        },
        // Nothing has the number 0.
        (Kind::Id, Value::String(id)) if id == "0" => Cell::Empty,
        (Kind::Seconds | Kind::Millis | Kind::Time, Value::String(time)) => {
            Cell::Time(plain_time(time))
        }
        (Kind::Id, Value::String(id)) => Cell::id(id),
        (_, Value::Number(number)) => match number.as_i64() {
            Some(number) => Cell::Number(number),
            None => Cell::Text(number.to_string()),
        },
        (_, Value::Bool(true)) => Cell::Word(text!("yes")),
        (_, Value::Bool(false)) => Cell::Word(text!("no")),
        (_, Value::String(text)) => Cell::Text(text.clone()),
        (_, Value::Null) => Cell::Empty,
        (_, other) => Cell::Text(other.to_string()),
    }
}
