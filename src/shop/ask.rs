//! Calls by what the book of operations says of them: one answer, or all pages of a list.

use super::Shop;
use crate::api::operation::{Book, Kind, Node, Operation};
use crate::fail::{self, Failure, failure};
use crate::text;
use anyhow::Result;
use serde_json::{Value, json};

/// A page of a list whose size the reference does not name.
const PAGE: u64 = 50;
/// "Nothing more" of the promotion staff calls and "no data" of the funds calls, which are an end and not a failure.
const NO_MORE: [i64; 2] = [103_006, 9_710_001];

/// How a call walks through a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walk {
    /// Pages from 1.
    Page(&'static str),
    Offset,
    /// The next call takes what the last answer gave.
    Cursor(&'static str),
}

/// What is taken from the answers to a call.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'a> {
    /// Where the rows stand: `data`.
    pub rows: &'a str,
    /// Fields of the answer that are put into each row.
    pub beside: &'a [&'a str],
}

impl Shop {
    /// The answer to a call, as it came.
    pub async fn ask(
        &self,
        operation: &Operation,
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value> {
        self.client.ask(operation, query, body).await
    }

    /// The rows that stand in the answers to a call, over all its pages; `limit` rows at most. Fields of
    /// the body that choose a page are filled in here, and a size that it names already is kept.
    pub async fn ask_all(
        &self,
        book: &Book,
        operation: &Operation,
        body: &Value,
        rows: Taken<'_>,
        limit: Option<usize>,
    ) -> Result<Vec<Value>> {
        let Some((walk, size)) = walk(book, operation) else {
            let reply = self.ask(operation, &[], body).await;
            return Ok(reply_or_end(reply)?.map_or(Vec::new(), |reply| taken(reply, rows, limit)));
        };
        let size_given = size.and_then(|(name, _)| body[name].as_u64());
        let size_asked = size_given.or(size.map(|(_, most)| most));
        let (mut found, mut page, mut cursor) = (Vec::new(), 1u64, Value::Null);
        loop {
            let mut body = body.clone();
            if let (Some((name, _)), Some(asked)) = (size, size_asked) {
                body[name] = asked.into();
            }
            match walk {
                Walk::Page(name) => body[name] = page.into(),
                Walk::Offset => body["offset"] = json!(found.len()),
                Walk::Cursor(name) if !cursor.is_null() => {
                    body[name] = cursor_for(book, operation, name, &cursor);
                }
                Walk::Cursor(_) => {}
            }
            let reply = self.ask(operation, &[], &body).await;
            let Some(reply) = reply_or_end(reply)? else {
                break;
            };
            let total = ["total_num", "total", "total_count", "total_cnt"]
                .iter()
                .find_map(|name| reply[name].as_u64());
            let more = reply["has_more"].as_bool();
            let next = match walk {
                Walk::Cursor(name) => Some(reply[name].clone()).filter(|next| !is_end(next)),
                Walk::Page(_) | Walk::Offset => None,
            };
            let came = taken(reply, rows, None);
            let (count, last) = (came.len() as u64, came.last().map(|row| row["id"].clone()));
            let again = count > 0 && found.ends_with(&came);
            found.extend(came);
            page += 1;
            let full = size_asked.is_none_or(|asked| count >= asked);
            let end = match walk {
                _ if count == 0 || limit.is_some_and(|limit| found.len() >= limit) => true,
                Walk::Cursor(_) => {
                    let after = next.or(last.filter(|id| !is_end(id)));
                    let stuck = after.is_none() || after.as_ref() == Some(&cursor);
                    cursor = after.unwrap_or_default();
                    stuck || more == Some(false)
                }
                _ => match (more, total) {
                    (Some(more), _) => !more,
                    (None, Some(total)) => found.len() as u64 >= total || !full,
                    (None, None) => !full,
                },
            };
            if end {
                break;
            }
            if again {
                return Err(Failure::new(
                    fail::Kind::Refused,
                    text!(
                        "WeChat answers {path} with the same page again and again",
                        path = &operation.path
                    ),
                )
                .into());
            }
        }
        if let Some(limit) = limit {
            found.truncate(limit);
        }
        Ok(found)
    }
}

/// A reply, or `None` where "nothing found" came as an errcode.
fn reply_or_end(reply: Result<Value>) -> Result<Option<Value>> {
    match reply {
        Err(error) if is_no_more(&error) => Ok(None),
        reply => reply.map(Some),
    }
}

fn is_no_more(error: &anyhow::Error) -> bool {
    let errcode = failure(error).and_then(|failure| failure.errcode);
    errcode.is_some_and(|errcode| NO_MORE.contains(&errcode))
}

/// A cursor that came as a number and is taken as text.
fn cursor_for(book: &Book, operation: &Operation, name: &str, cursor: &Value) -> Value {
    let field = operation.request.as_ref().and_then(|request| {
        let fields = &book.resolve(request).fields;
        fields.iter().find(|field| field.name == name)
    });
    match (field.map(|field| book.kind(field)), cursor) {
        (Some(Kind::Text), Value::Number(number)) => number.to_string().into(),
        _ => cursor.clone(),
    }
}

fn is_end(cursor: &Value) -> bool {
    cursor.is_null() || cursor == "" || cursor == 0 || cursor == "0"
}

/// Whether a call has pages.
pub fn has_pages(book: &Book, operation: &Operation) -> bool {
    walk(book, operation).is_some()
}

/// How the request walks through a list, and which field says how many rows an answer has, with the most there can be.
fn walk(book: &Book, operation: &Operation) -> Option<(Walk, Option<(&'static str, u64)>)> {
    let request = book.resolve(operation.request.as_ref()?);
    let field = |name: &str| -> Option<&Node> {
        let field = request.fields.iter().find(|field| field.name == name)?;
        matches!(
            book.kind(field),
            Kind::Integer | Kind::Text | Kind::Loose | Kind::Id
        )
        .then_some(field)
    };
    let walk = if field("page").is_some() {
        Walk::Page("page")
    } else if field("page_num").is_some() {
        Walk::Page("page_num")
    } else if field("offset").is_some() {
        Walk::Offset
    } else if field("start_id").is_some() {
        Walk::Cursor("start_id")
    } else if field("last_index").is_some() {
        Walk::Cursor("last_index")
    } else if field("next_key").is_some() {
        Walk::Cursor("next_key")
    } else {
        return None;
    };
    let size = ["page_size", "limit", "count"]
        .into_iter()
        .find_map(|name| {
            let most = field(name)?.most.and_then(|most| u64::try_from(most).ok());
            Some((name, most.unwrap_or(PAGE)))
        });
    Some((walk, size))
}

/// The rows at a path of a reply. One row may come as an object instead of a list.
fn taken(mut reply: Value, rows: Taken<'_>, limit: Option<usize>) -> Vec<Value> {
    let mut found = match reply.pointer_mut(&pointer(rows.rows)).map(Value::take) {
        Some(Value::Array(rows)) => rows,
        Some(Value::Null) | None => Vec::new(),
        Some(row) => vec![row],
    };
    for row in found.iter_mut().filter_map(Value::as_object_mut) {
        for name in rows.beside.iter().filter(|name| !reply[**name].is_null()) {
            row.insert((*name).to_owned(), reply[*name].clone());
        }
    }
    if let Some(limit) = limit {
        found.truncate(limit);
    }
    found
}

/// `order.pay` as a JSON pointer.
pub fn pointer(path: &str) -> String {
    path.split('.')
        .filter(|name| !name.is_empty())
        .fold(String::new(), |pointer, name| pointer + "/" + name)
}
