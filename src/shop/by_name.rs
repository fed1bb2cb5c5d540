//! Any operation of the platform, called by its name or its path: what stands in the reference is checked and shown as
//! the reference has it, and what does not is passed on as it is.

use super::Shop;
use super::ask::{Taken, has_pages};
use super::pass_through::empty;
use super::write::Written;
use crate::api::Resend;
use crate::api::json::put;
use crate::api::operation::{
    self, Book, Kind, Node, Operation, by_path, mask_by_name, named, present,
};
use crate::client::trace::mask_secrets;
use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use crate::types::Family;
use anyhow::Result;
use serde_json::Value;
use std::borrow::Cow;

/// The one operation of this name; where several families have it, that of the shop's.
pub fn find(
    name: &str,
    family: impl FnOnce() -> Result<Family>,
) -> Result<(&'static Book, &'static Operation)> {
    let mut found = named(name);
    // The same path in two families is the same call.
    found.dedup_by(|a, b| a.1.path == b.1.path);
    if found.len() > 1 {
        let family = family()?.name();
        let own = |(book, _): &(&'static Book, &'static Operation)| book.reference.name() == family;
        if let Some(one) = found.iter().copied().find(own) {
            return Ok(one);
        }
    }
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Failure::input(text!("no operation is called {name}", name))
            .hint(text!("`wxsell api list WORD` finds operations"))
            .into()),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|(book, operation)| {
                    let family = book.reference.name();
                    format!("{family}:{}", operation.id)
                })
                .collect();
            Err(
                Failure::input(text!("several operations are called {name}", name))
                    .hint(text!("choose one: {names}", names = names.join(", ")))
                    .into(),
            )
        }
    }
}

/// A call of an operation.
pub struct Call {
    /// `None` where the reference does not know it.
    book: Option<&'static Book>,
    operation: Cow<'static, Operation>,
}

/// What is sent.
pub struct Request {
    pub body: Value,
    /// Follow the pages, and take the rows of this field.
    all: Option<String>,
}

impl Call {
    pub fn of(book: &'static Book, operation: &'static Operation) -> Call {
        Call {
            book: Some(book),
            operation: Cow::Borrowed(operation),
        }
    }

    /// A path of which nothing is known: it may write, so it is never repeated. A GET reads.
    pub fn unlisted(path: &str, is_get: bool) -> Call {
        Call {
            book: None,
            operation: Cow::Owned(Operation {
                id: path.to_owned(),
                method: if is_get { "GET" } else { "POST" }.to_owned(),
                path: path.to_owned(),
                noun: String::new(),
                summary: String::new(),
                about: String::new(),
                confidence: "unconfirmed".into(),
                state: String::new(),
                resend: if is_get { Resend::Safe } else { Resend::Never },
                errors: Vec::new(),
                ip_list: false,
                query: Vec::new(),
                request: None,
                reply: Node::default(),
                paging: None,
                example: Value::Null,
            }),
        }
    }

    pub fn path(&self) -> &str {
        &self.operation.path
    }

    pub fn writes(&self) -> bool {
        self.operation.resend != Resend::Safe
    }

    /// Whether it is paid for with an AppSecret instead of a token.
    pub fn takes_a_secret(&self) -> bool {
        // Of the books that have this path, one says what is secret.
        let Some((book, operation)) = by_path(self.path()) else {
            return false;
        };
        let fields = operation.request.iter();
        let fields = fields.flat_map(|request| &book.resolve(request).fields);
        let named = |node: &Node| node.secret && node.name.ends_with("secret");
        fields.chain(&operation.query).any(named)
    }

    /// Whether a file is sent instead of a request.
    pub fn takes_a_file(&self) -> bool {
        let operation = &self.operation;
        operation.request.is_none() && operation.method == "POST" && self.book.is_some()
    }

    pub fn takes_no_request(&self) -> bool {
        self.operation.method == "GET"
    }

    /// The request in the form that the reference gives it; `all` follows the pages of a list and takes the rows of that
    /// field.
    ///
    /// # Errors
    /// Everything that is wrong with it by the reference, unless it is not to be `checked`; rows that are none.
    pub fn request(&self, mut body: Value, all: Option<&str>, checked: bool) -> Result<Request> {
        let operation = &self.operation;
        if let (Some(field), Some(book)) = (all, self.book) {
            is_list(book, operation, field)?;
        }
        let mut problems: Vec<Text> = Vec::new();
        if let (Some(book), Some(request), true) = (self.book, &operation.request, checked) {
            book.adapt(request, &mut body);
            // Pages are filled in on the way.
            let later: Vec<&str> = match (all, &operation.paging) {
                (Some(_), Some(paging)) => paging.fields().collect(),
                _ => Vec::new(),
            };
            let found = book.check(request, &body);
            let own = |problem: &&operation::Problem| !later.contains(&problem.field.as_str());
            problems.extend(found.iter().filter(own).map(operation::Problem::text));
        }
        if problems.is_empty() {
            return Ok(Request {
                body,
                all: all.filter(|_| self.book.is_some()).map(str::to_owned),
            });
        }
        Err(
            Failure::input(text!("the request is incomplete or invalid"))
                .also(problems)
                .hint(text!(
                    "`wxsell api describe {path}` shows its fields, --no-check sends it anyway; nothing was sent",
                    path = &operation.path
                ))
                .into(),
        )
    }

    /// A reply in the form it is printed in.
    pub fn present(&self, reply: Value, masked: bool) -> Value {
        let mut shown = match self.book {
            Some(book) => present(book, &self.operation.reply, reply),
            None => reply,
        };
        if masked {
            match self.book {
                Some(book) => book.mask(&self.operation.reply, &mut shown),
                None => mask_by_name(&mut shown),
            }
            mask_secrets(&mut shown);
        }
        shown
    }
}

impl Shop {
    /// Makes the call; `asking` is asked before a write.
    pub async fn call(
        &self,
        call: &Call,
        query: &[(&str, &str)],
        request: &Request,
        asking: impl AsyncFnOnce() -> Result<()>,
    ) -> Result<Written> {
        let (operation, body) = (&*call.operation, &request.body);
        if let (Some(field), Some(book)) = (&request.all, call.book) {
            let rows = Taken {
                rows: field,
                beside: &[],
            };
            let found = self.ask_all(book, operation, body, rows, None).await?;
            let mut reply = empty();
            put(&mut reply, field, found.into());
            return Ok(Written::Answered(reply));
        }
        if call.writes() {
            return self.carry_out(operation, query, body, asking).await;
        }
        self.ask(operation, query, body)
            .await
            .map(Written::Answered)
    }
}

/// Refuses pages where there are none, and a field that is not their rows.
fn is_list(book: &Book, operation: &Operation, field: &str) -> Result<()> {
    if !has_pages(operation) {
        return Err(Failure::input(text!("{path} has no pages", path = &operation.path)).into());
    }
    let rows = book.field(&operation.reply, field);
    if rows.is_some_and(|rows| book.kind(rows) == Kind::List) {
        return Ok(());
    }
    let lists = book.lists(&operation.reply).join(", ");
    Err(Failure::input(text!(
        "{field} is not a list in the reply of {path}",
        field,
        path = &operation.path
    ))
    .hint(text!("its rows: {lists}", lists))
    .into())
}
