//! What every command prints in machine output, as JSON Schema: that of the type it prints, or of WeChat's record behind its
//! call.

use super::ask::words;
use crate::api::Resend;
use crate::api::json::put;
use crate::api::operation::{self, schema};
use crate::shop::pass_through::{self, Ask};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

/// What a command prints. A command may have several, of which each output is one.
#[derive(Clone, Copy)]
pub struct Shows {
    /// `order list`; of several verbs below one word the word: `sandbox buyer`.
    pub command: &'static str,
    /// With `--dry-run`.
    is_dry_run: bool,
    what: What,
    /// Fields of text that the program puts beside those of the answer.
    also: &'static [&'static str],
}

#[derive(Clone, Copy)]
enum What {
    One(fn(&mut SchemaGenerator) -> Schema),
    List(fn(&mut SchemaGenerator) -> Schema),
    /// What this call answers, whoever shows it.
    Record(&'static Ask),
    Records(&'static Ask),
    /// One of the rows that it answers.
    Row(&'static Ask),
    /// The request of the operation with this path.
    Request(&'static str),
    /// A list of such requests.
    Requests(&'static str),
    /// JSON that nobody knows beforehand, and what it is.
    Any(&'static str),
    /// Text for people or for a shell, and no JSON.
    Text,
}

impl Shows {
    const fn new(command: &'static str, what: What) -> Shows {
        Shows {
            command,
            is_dry_run: false,
            what,
            also: &[],
        }
    }

    /// A thing of this type.
    pub const fn one<T: JsonSchema>(command: &'static str) -> Shows {
        Shows::new(command, What::One(T::json_schema))
    }

    /// Things of this type.
    pub const fn list<T: JsonSchema>(command: &'static str) -> Shows {
        Shows::new(command, What::List(T::json_schema))
    }

    /// What is shown of this call's answer.
    pub const fn record(command: &'static str, ask: &'static Ask) -> Shows {
        Shows::new(command, What::Record(ask))
    }

    /// A list of what is shown of this call's answer.
    pub const fn records(command: &'static str, ask: &'static Ask) -> Shows {
        Shows::new(command, What::Records(ask))
    }

    /// One of the rows that this call answers.
    pub const fn row(command: &'static str, ask: &'static Ask) -> Shows {
        Shows::new(command, What::Row(ask))
    }

    /// The request that would be sent to this path.
    pub const fn request(command: &'static str, path: &'static str) -> Shows {
        Shows::new(command, What::Request(path))
    }

    /// The requests that would be sent to this path.
    pub const fn requests(command: &'static str, path: &'static str) -> Shows {
        Shows::new(command, What::Requests(path))
    }

    /// JSON of which nothing can be said beforehand but what it is.
    pub const fn any(command: &'static str, what: &'static str) -> Shows {
        Shows::new(command, What::Any(what))
    }

    pub const fn text(command: &'static str) -> Shows {
        Shows::new(command, What::Text)
    }

    pub const fn dry_run(self) -> Shows {
        Shows {
            is_dry_run: true,
            ..self
        }
    }

    /// With these fields of text beside those of the answer.
    pub const fn with(self, also: &'static [&'static str]) -> Shows {
        Shows { also, ..self }
    }

    fn schema(&self) -> Value {
        let mut schema = self.own_schema();
        let thing = match self.what {
            What::Records(_) | What::List(_) => "items.properties",
            _ => "properties",
        };
        for name in self.also {
            let place = format!("{thing}.{name}");
            put(&mut schema, &place, schema::text());
        }
        schema
    }

    fn own_schema(&self) -> Value {
        let made = |schema: fn(&mut SchemaGenerator) -> Schema| {
            let settings = SchemaSettings::draft2020_12().for_serialize();
            let settings = settings.with(|settings| settings.inline_subschemas = true);
            schema(&mut settings.into_generator()).to_value()
        };
        match self.what {
            What::One(schema) => made(schema),
            What::List(schema) => schema::list(made(schema)),
            What::Record(ask) => reply(ask),
            What::Records(ask) => schema::list(reply(ask)),
            What::Row(ask) => reply(ask)
                .get_mut("items")
                .map(Value::take)
                .unwrap_or_default(),
            What::Request(path) => requested(path),
            What::Requests(path) => schema::list(requested(path)),
            What::Any(what) => schema::any(what),
            What::Text => schema::none("text, and no JSON"),
        }
    }
}

/// What is shown of an answer.
fn reply(ask: &Ask) -> Value {
    let (book, operation) = ask.operation();
    let mut schema = book.schema(&operation.reply, ask.shows);
    for name in ask.beside {
        put(
            &mut schema,
            &format!("items.properties.{name}"),
            book.schema(&operation.reply, name),
        );
    }
    schema
}

/// What is sent to a path.
fn requested(path: &str) -> Value {
    let known = operation::by_path(path);
    let request = known.and_then(|(book, known)| Some((book, known.request.as_ref()?)));
    request.map_or_else(
        || schema::any("the request"),
        |(book, request)| book.request_schema(request),
    )
}

/// The JSON Schema of what a command prints with `--format json`. `None` for a command that nothing is known of.
pub fn output(command: &str) -> Option<Value> {
    let own: Vec<Shows> = own(command, false).collect();
    let asks = pass_through::all().filter(|ask| words(ask.command) == command);
    // Behind an option a command may print something else.
    let asks = asks.filter(|ask| own.is_empty() || ask.command != command);
    let schemas = own.iter().map(Shows::schema).chain(asks.map(reply));
    one_of(schemas.collect())
}

/// The JSON Schema of what a command prints with `--dry-run`, where that is something else.
pub fn dry_run(command: &str) -> Option<Value> {
    let own: Vec<Shows> = own(command, true).collect();
    let asks = pass_through::all().filter(|ask| words(ask.command) == command);
    let asks = asks.filter(|ask| own.is_empty() || ask.command != command);
    let requests = asks
        .filter(|ask| {
            let (_, operation) = ask.operation();
            operation.request.is_some() && operation.resend != Resend::Safe
        })
        .map(|ask| requested(ask.path));
    one_of(own.iter().map(Shows::schema).chain(requests).collect())
}

/// The JSON Schemas of what a command shows, of which each output is one. Empty where it shows what nobody knows before,
/// or WeChat's own record, which may have more than is documented.
pub fn shapes(command: &str) -> Vec<Value> {
    let all = || own(command, false).chain(own(command, true));
    let typed = |shows: &Shows| matches!(shows.what, What::One(_) | What::List(_));
    if all().all(|shows| typed(&shows)) {
        all().map(|shows| shows.schema()).collect()
    } else {
        Vec::new()
    }
}

/// What is declared for a command itself; else what is declared for the word above it.
fn own(command: &str, is_dry_run: bool) -> impl Iterator<Item = Shows> {
    let all = || super::shows().filter(move |shows| shows.is_dry_run == is_dry_run);
    let mut name = command.to_owned();
    while !all().any(|shows| shows.command == name) {
        match name.rsplit_once(' ') {
            Some((above, _)) => name = above.to_owned(),
            None => break,
        }
    }
    all().filter(move |shows| shows.command == name).copied()
}

fn one_of(mut schemas: Vec<Value>) -> Option<Value> {
    schemas.dedup();
    let schema = match schemas.len() {
        0 => return None,
        1 => schemas.remove(0),
        _ => schema::any_of(schemas),
    };
    Some(schema::named(schema))
}
