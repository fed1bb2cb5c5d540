//! Calls by what the book of operations says of them: one answer, or all pages of a list.

use super::Shop;
use super::walk::is_enough;
use crate::api::json::put;
use crate::api::operation::paging::{Paging, Style};
use crate::api::operation::{Book, Kind, Operation};
use crate::fail::{self, Failure, failure};
use crate::text;
use crate::types::span::DAY;
use anyhow::Result;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// A page of a list whose size the reference does not name.
const PAGE: u64 = 50;

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

    /// The rows that stand in the answers to a call, over all its pages and spans of time; `limit` rows at most. Fields
    /// of the body that choose a page are filled in here, and a size that it names already is kept.
    pub async fn ask_all(
        &self,
        book: &Book,
        operation: &Operation,
        body: &Value,
        rows: Taken<'_>,
        limit: Option<usize>,
    ) -> Result<Vec<Value>> {
        let Some(paging) = operation.paging.as_ref() else {
            let reply = self.ask(operation, &[], body).await?;
            return Ok(taken(reply, rows, limit));
        };
        let parts = spans(paging, body);
        if parts.len() == 1 {
            return self.pages(book, operation, paging, body, rows, limit).await;
        }
        // What lies on the border of two spans comes with both.
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        for part in parts {
            let left = limit.map(|limit| limit - found.len());
            let came = self
                .pages(book, operation, paging, &part, rows, left)
                .await?;
            found.extend(came.into_iter().filter(|row| seen.insert(row.to_string())));
            if is_enough(found.len(), limit)? {
                break;
            }
        }
        Ok(found)
    }

    /// The pages of one list.
    async fn pages(
        &self,
        book: &Book,
        operation: &Operation,
        paging: &Paging,
        body: &Value,
        rows: Taken<'_>,
        limit: Option<usize>,
    ) -> Result<Vec<Value>> {
        let size_given = paging
            .size
            .as_ref()
            .and_then(|name| at(body, name)?.as_u64());
        let size_asked = size_given.or(paging.size.as_ref().map(|_| paging.most.unwrap_or(PAGE)));
        let (mut found, mut page, mut cursor) = (Vec::new(), 1u64, Value::Null);
        let mut carried = Map::new();
        loop {
            let mut body = body.clone();
            if let (Some(name), Some(asked)) = (&paging.size, size_asked) {
                put(&mut body, name, asked.into());
            }
            for (name, value) in &carried {
                put(&mut body, name, value.clone());
            }
            match paging.style {
                Style::Once => {}
                Style::Page => put(&mut body, &paging.at, page.into()),
                Style::Offset => put(&mut body, &paging.at, found.len().into()),
                Style::Key if cursor.is_null() => {}
                Style::Key => {
                    let key = cursor_for(book, operation, &paging.at, &cursor);
                    put(&mut body, &paging.at, key);
                }
            }
            let reply = self.ask(operation, &[], &body).await;
            let Some(reply) = reply_or_end(reply, paging)? else {
                break;
            };
            let field = |name: &Option<String>| name.as_ref().and_then(|name| at(&reply, name));
            let total = field(&paging.total).and_then(Value::as_u64);
            let more = field(&paging.more).and_then(Value::as_bool);
            let next = field(&paging.from).filter(|next| !is_end(next)).cloned();
            for name in &paging.carry {
                if let Some(value) = at(&reply, name).filter(|value| !is_end(value)) {
                    carried.insert(name.clone(), value.clone());
                }
            }
            let came = taken(reply, rows, None);
            let count = came.len() as u64;
            let again = count > 0 && found.ends_with(&came);
            found.extend(came);
            page += 1;
            let full = size_asked.is_none_or(|asked| count >= asked);
            let end = match paging.style {
                Style::Once => true,
                _ if count == 0 || is_enough(found.len(), limit)? => true,
                Style::Key => {
                    let stuck = next.is_none() || next.as_ref() == Some(&cursor);
                    cursor = next.unwrap_or_default();
                    stuck || more == Some(false)
                }
                Style::Page | Style::Offset => match (more, total) {
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
                        "WeChat keeps returning the same page for {path}",
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

/// The body, and where it spans more time than one call may, one for each part of it.
fn spans(paging: &Paging, body: &Value) -> Vec<Value> {
    let longest = paging.days.map(|days| i64::from(days) * DAY);
    let moment = |name: &str| at(body, name).and_then(Value::as_i64);
    for (from, to) in paging.spans() {
        let (Some(begin), Some(end), Some(longest)) = (moment(from), moment(to), longest) else {
            continue;
        };
        if end.saturating_sub(begin) <= longest {
            continue;
        }
        let begins = (0..).map(|part| begin + part * longest);
        let parts = begins.take_while(|begin| *begin < end).map(|begin| {
            let mut part = body.clone();
            put(&mut part, from, begin.into());
            put(&mut part, to, (begin + longest).min(end).into());
            part
        });
        return parts.collect();
    }
    vec![body.clone()]
}

/// A reply, or `None` where "nothing found" came as an errcode.
fn reply_or_end(reply: Result<Value>, paging: &Paging) -> Result<Option<Value>> {
    match reply {
        Err(error) if is_end_code(&error, paging) => Ok(None),
        reply => reply.map(Some),
    }
}

fn is_end_code(error: &anyhow::Error, paging: &Paging) -> bool {
    let errcode = failure(error).and_then(|failure| failure.errcode);
    errcode.is_some_and(|errcode| paging.ends.contains(&errcode))
}

/// A cursor that came as a number and is taken as text.
fn cursor_for(book: &Book, operation: &Operation, name: &str, cursor: &Value) -> Value {
    let request = operation.request.as_ref();
    let field = request.and_then(|request| book.at(request, name));
    match (field.map(|field| book.kind(field)), cursor) {
        (Some(Kind::Text), Value::Number(number)) => number.to_string().into(),
        _ => cursor.clone(),
    }
}

fn is_end(cursor: &Value) -> bool {
    cursor.is_null() || cursor == "" || cursor == 0 || cursor == "0"
}

/// Whether a call has pages.
pub fn has_pages(operation: &Operation) -> bool {
    operation.paging.as_ref().is_some_and(Paging::has_pages)
}

/// The value at a dotted path; of a list, that of its last row.
fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |here, name| match here {
        Value::Array(rows) => rows.last()?.get(name),
        other => other.get(name),
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::sample::requested;
    use crate::api::operation::{Reference, named};
    use serde_json::json;

    fn paging(name: &str) -> Paging {
        let (_, operation) = named(name)[0];
        operation.paging.clone().expect("a list")
    }

    #[test]
    fn a_span_is_cut_where_one_call_may_not_have_all_of_it() {
        let paging = paging("store:order_list");
        let body =
            json!({"update_time_range": {"start_time": 0, "end_time": 16 * DAY}, "status": 20});
        let body = requested("/channels/ec/order/list/get", "", body);
        let parts = spans(&paging, &body);
        let span = |part: &Value| part["update_time_range"].clone();
        assert_eq!(parts.len(), 3);
        assert_eq!(
            span(&parts[0]),
            json!({"start_time": 0, "end_time": 7 * DAY})
        );
        assert_eq!(
            span(&parts[2]),
            json!({"start_time": 14 * DAY, "end_time": 16 * DAY})
        );
        assert!(parts.iter().all(|part| part["status"] == 20));
        let short = json!({"update_time_range": {"start_time": 0, "end_time": 7 * DAY}});
        assert_eq!(spans(&paging, &short), [short]);
    }

    #[test]
    fn paths_reach_into_objects_and_last_rows() {
        let reply = json!({"data": {"next_key": "K"}, "list": [{"id": 1}, {"id": 2}]});
        assert_eq!(at(&reply, "data.next_key"), Some(&json!("K")));
        assert_eq!(at(&reply, "list.id"), Some(&json!(2)));
        assert_eq!(at(&reply, "nothing.here"), None);
        let mut body = json!({});
        put(&mut body, "pagination_info.offset", 20.into());
        assert_eq!(body, json!({"pagination_info": {"offset": 20}}));
        assert!(
            Reference::Store
                .book()
                .operations
                .iter()
                .any(|known| has_pages(known))
        );
    }
}
