//! The request of a verb that is one call: options laid over a base, held against the book of operations.

use super::{Ask, Field, empty};
use crate::api::belongs;
use crate::api::operation::{Book, Node, same};
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::ask::{Taken, pointer};
use crate::shop::{Shop, lacks};
use crate::text;
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use serde_json::Value;

/// Things that are read at the same time.
const AT_ONCE: usize = 8;

/// The body that options make, checked; every problem is named at once.
pub fn request(ask: &Ask, args: &impl Serialize, base: Value) -> Result<Value> {
    let body = ask.laid(args, base)?;
    check(ask, &body, &[])?;
    Ok(body)
}

/// Holds a body against the reference. Fields named in `later` may still be missing.
pub fn check(ask: &Ask, body: &Value, later: &[&str]) -> Result<()> {
    let (book, operation) = ask.operation();
    let Some(node) = &operation.request else {
        return Ok(());
    };
    let problems: Vec<Text> = book
        .check(node, body)
        .into_iter()
        .filter(|problem| !later.contains(&problem.field.as_str()))
        .map(|problem| problem.text())
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(
        Failure::input(text!("the request is incomplete or invalid"))
            .also(problems)
            .hint(text!(
                "`wxsell api describe {path}` shows its fields; nothing was sent",
                path = ask.path
            ))
            .into(),
    )
}

impl Shop {
    /// Refuses a verb that has no line for the family of the shop.
    pub fn has_line(&self, ask: &Ask) -> Result<()> {
        if belongs(self.family, ask.path) {
            return Ok(());
        }
        Err(lacks(text!("this command")).into())
    }

    /// The rows of a list as WeChat sent them, over all its pages; `limit` at most.
    pub async fn rows(
        &self,
        ask: &Ask,
        args: &impl Serialize,
        limit: Option<usize>,
    ) -> Result<Vec<Value>> {
        self.has_line(ask)?;
        let (book, operation) = ask.operation();
        let body = ask.laid(args, empty())?;
        // Pages are filled in on the way.
        let later: Vec<&str> = operation.paging.iter().flat_map(|it| it.fields()).collect();
        check(ask, &body, &later)?;
        let rows = Taken {
            rows: ask.shows,
            beside: ask.beside,
        };
        self.ask_all(book, operation, &body, rows, limit).await
    }
}

impl Shop {
    /// The answer of a verb that only reads, as it came.
    pub async fn read_once(&self, ask: &Ask, body: &Value) -> Result<Value> {
        self.read_with(ask, &[], body).await
    }

    /// As [`Shop::read_once`], with parameters in the address.
    pub async fn read_with(
        &self,
        ask: &Ask,
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value> {
        self.has_line(ask)?;
        let (_, operation) = ask.operation();
        self.ask(operation, query, body).await
    }

    /// What stands at the place that `ask` shows, for each of these bodies, in their order; several are read at once.
    pub async fn read_each(&self, ask: &Ask, bodies: Vec<Value>) -> Result<Vec<Value>> {
        let place = &pointer(ask.shows);
        stream::iter(bodies)
            .map(|body| async move {
                let mut reply = self.read_once(ask, &body).await?;
                let found = reply.pointer_mut(place).map(Value::take);
                anyhow::Ok(found.unwrap_or_default())
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }
}

/// What a value of an answer means, where the reference says it.
pub fn meaning(book: &'static Book, node: &'static Node, value: &Value) -> Option<Text> {
    let mut known = book.resolve(node).values.iter().chain(&node.values);
    let known = known.find(|known| !known.meaning.is_empty() && same(&known.value, value))?;
    Some(Text::new(known.meaning.as_str(), Vec::new()))
}

/// What the value of a field of an answer means; the value itself where the reference does not say.
pub fn words_of(ask: &Ask, field: Field, value: &Value) -> Text {
    let (book, operation) = ask.operation();
    let thing = book.at(&operation.reply, ask.shows);
    let node = thing.and_then(|thing| book.at(thing, field.0));
    let meaning = node.and_then(|node| meaning(book, node, value));
    meaning.unwrap_or_else(|| {
        let text = value.as_str().map(str::to_owned);
        Text::verbatim(text.unwrap_or_else(|| value.to_string()))
    })
}
