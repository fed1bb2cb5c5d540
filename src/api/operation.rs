//! Every operation that is known of the platform, with its fields, units and enumerations: what `api describe` shows,
//! what a request is checked against before it is sent, and how a reply is to be read (ids as text, times as RFC 3339).
//!
//! The books in `operation/` are made from the OpenAPI files in `tests/spec/` and from `overlay.yaml` beside them;
//! `tests/operations.rs` compares and renews them. An operation that has a typed [`Endpoint`](super::Endpoint) stands here too.

mod check;
mod conform;
pub mod paging;
mod present;
#[cfg(test)]
pub mod sample;
pub mod schema;

pub use check::{Problem, Wrong, same};
pub use conform::{Unlike, unlike_text};
pub use present::{is_personal, mask_by_name, masked, present};

use super::Resend;
use crate::types::Family;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::OnceLock;

/// A family of operations, as the reference files divide them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reference {
    /// The custom trade component: `/shop/*`
    Component,
    /// Promotion staff of a Mini Program: `/promoter/*`
    Promoter,
    /// Tokens, quotas, addresses, service providers: `/cgi-bin/*`
    Platform,
    /// The standard component: `/product/*`
    Standard,
    /// WeChat Store: `/channels/ec/*`
    Store,
}

impl Reference {
    pub const ALL: [Reference; 5] = [
        Reference::Component,
        Reference::Promoter,
        Reference::Platform,
        Reference::Standard,
        Reference::Store,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Reference::Component => "component",
            Reference::Promoter => "promoter",
            Reference::Platform => "platform",
            Reference::Standard => "standard",
            Reference::Store => "store",
        }
    }

    /// The books that a shop of this family may be asked by.
    pub fn of(family: Family) -> &'static [Reference] {
        match family {
            // The standard component has the same AppID, and no family of its own yet.
            Family::Component => &[
                Reference::Component,
                Reference::Promoter,
                Reference::Platform,
                Reference::Standard,
            ],
            Family::Store => &[Reference::Store, Reference::Platform],
        }
    }

    /// JSON with an operation or a type a line.
    fn text(self) -> &'static str {
        match self {
            Reference::Component => include_str!("operation/component.json"),
            Reference::Promoter => include_str!("operation/promoter.json"),
            Reference::Platform => include_str!("operation/platform.json"),
            Reference::Standard => include_str!("operation/standard.json"),
            Reference::Store => include_str!("operation/store.json"),
        }
    }

    /// The book of this reference, opened on first use.
    pub fn book(self) -> &'static Book {
        static BOOKS: [OnceLock<Book>; 5] = [const { OnceLock::new() }; 5];
        BOOKS[self as usize].get_or_init(|| Book::open(self))
    }
}

/// The operations of a family and the types that their fields share.
#[derive(Debug)]
pub struct Book {
    pub reference: Reference,
    pub operations: Vec<Entry<Operation>>,
    pub types: BTreeMap<String, Entry<Node>>,
}

/// An operation or a type of a book, read when it is first looked at: a command needs few of some hundred.
#[derive(Debug)]
pub struct Entry<T> {
    json: Cow<'static, str>,
    read: OnceLock<T>,
}

impl<T> Entry<T> {
    fn written(json: &'static str) -> Entry<T> {
        Entry {
            json: Cow::Borrowed(json),
            read: OnceLock::new(),
        }
    }
}

impl<T: DeserializeOwned> Deref for Entry<T> {
    type Target = T;

    /// # Panics
    /// Never: `tests/operations.rs` reads all entries of all books.
    fn deref(&self) -> &T {
        self.read.get_or_init(|| {
            serde_json::from_str(&self.json).expect("the book was written by this program")
        })
    }
}

impl<T: Serialize> From<&T> for Entry<T> {
    fn from(value: &T) -> Entry<T> {
        Entry {
            json: Cow::Owned(serde_json::to_string(value).expect("an entry is JSON")),
            read: OnceLock::new(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Operation {
    /// `order_get_list`; with the family it is unique.
    pub id: String,
    /// `POST` or `GET`.
    pub method: String,
    pub path: String,
    /// The group it stands in: `order`.
    pub noun: String,
    pub summary: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// `high`, `medium`, `low` or `unconfirmed`: how sure the reference is.
    pub confidence: String,
    /// What it needs and what it changes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub state: String,
    pub resend: Resend,
    /// Errcodes known for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<i64>,
    /// The caller's address must be on the list of the account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ip_list: bool,
    /// Query parameters beside the token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<Node>,
    /// The JSON body; `None` for a GET and for a file upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Node>,
    pub reply: Node,
    /// How a list is walked through; `None` for what is no list, or has no pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paging: Option<paging::Paging>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub example: Value,
}

/// A value of a request or reply, or a type that several share.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Empty for what has no name: a whole body, an item of a list.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// The shared type that says the rest.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    #[serde(default, skip_serializing_if = "Kind::is_any")]
    pub kind: Kind,
    /// How a number of that kind travels.
    #[serde(default, skip_serializing_if = "Wire::is_number")]
    pub wire: Wire,
    /// The fields of an object, in the order of the reference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Node>,
    /// Groups of fields of which one is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<Vec<String>>,
    /// What a list holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Box<Node>>,
    /// The values of an enumeration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Meaning>,
    /// Whether values may come that the reference does not know.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
    /// Of a text, in characters; of a list, in items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<i64>,
    /// `most` counts bytes of UTF-8, of which a Chinese character has three.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bytes: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// It tells who a person is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub personal: bool,
}

/// One value of an enumeration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meaning {
    pub value: Value,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub meaning: String,
}

/// What a value is, beyond its JSON type.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nothing is known, or a shared type says it.
    #[default]
    Any,
    Object,
    List,
    Text,
    Integer,
    Number,
    Boolean,
    /// A number in JSON or in quotes, as WeChat likes.
    Loose,
    /// A 64-bit number issued by WeChat.
    Id,
    /// Money, 1/100 yuan.
    Fen,
    /// Unix seconds.
    Seconds,
    /// Unix milliseconds.
    Millis,
    /// Seconds that are left, counted down.
    SecondsLeft,
    /// `YYYY-MM-DD HH:MM:SS`, China time.
    Time,
}

/// How a number travels in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    #[default]
    Number,
    /// In quotes.
    Text,
    /// As either.
    Either,
}

impl Wire {
    fn is_number(&self) -> bool {
        *self == Wire::Number
    }
}

impl Kind {
    fn is_any(&self) -> bool {
        *self == Kind::Any
    }
}

impl Book {
    /// Finds the entries, and reads none of them.
    fn open(reference: Reference) -> Book {
        let entries = reference
            .text()
            .lines()
            .map(|line| line.trim_end_matches(','));
        let (mut operations, mut types) = (Vec::new(), BTreeMap::new());
        for entry in entries {
            if entry.starts_with("{\"id\":") {
                operations.push(Entry::written(entry));
            } else if let Some((name, json)) = entry
                .strip_prefix('"')
                .and_then(|entry| entry.split_once("\":"))
            {
                types.insert(name.to_owned(), Entry::written(json));
            }
        }
        Book {
            reference,
            operations,
            types,
        }
    }

    /// The operation behind a path.
    pub fn operation(&self, path: &str) -> Option<&Operation> {
        let written = format!("\"path\":\"{path}\"");
        let mut likely = self
            .operations
            .iter()
            .filter(|entry| entry.json.contains(&written));
        likely
            .find(|known| known.path == path)
            .map(|entry| &**entry)
    }

    /// The node that says what a node is: itself, or the shared type it names.
    pub fn resolve<'a>(&'a self, node: &'a Node) -> &'a Node {
        let mut node = node;
        while let Some(shared) = node.of.as_ref().and_then(|name| self.types.get(name)) {
            node = shared;
        }
        node
    }

    /// What a node is. A kind of its own (an amount, say) stands before that of its type.
    pub fn kind(&self, node: &Node) -> Kind {
        match node.kind {
            Kind::Any => self.resolve(node).kind,
            kind => kind,
        }
    }

    /// How a number travels. What a node says of its own stands before what its type says.
    pub fn wire(&self, node: &Node) -> Wire {
        match (node.kind, node.wire) {
            (Kind::Any, Wire::Number) => self.resolve(node).wire,
            (_, wire) => wire,
        }
    }

    /// The node at a path of names such as `order.pay_info.pay_time`; lists are walked through.
    pub fn at<'a>(&'a self, node: &'a Node, path: &str) -> Option<&'a Node> {
        Some(self.items(self.field(node, path)?))
    }

    /// As [`Book::at`], but a list at the end is itself.
    pub fn field<'a>(&'a self, node: &'a Node, path: &str) -> Option<&'a Node> {
        let mut names = path.split('.').filter(|name| !name.is_empty());
        names.try_fold(node, |here, name| {
            let fields = &self.resolve(self.items(here)).fields;
            fields.iter().find(|field| field.name == name)
        })
    }

    /// The lists of a reply by their paths: `data`, `result.rows`.
    pub fn lists(&self, node: &Node) -> Vec<String> {
        let mut found = Vec::new();
        for field in &self.resolve(node).fields {
            match self.kind(field) {
                Kind::List => found.push(field.name.clone()),
                Kind::Object if field.name != node.name => {
                    let below = self.resolve(field).fields.iter();
                    let lists = below.filter(|below| self.kind(below) == Kind::List);
                    found.extend(lists.map(|list| format!("{}.{}", field.name, list.name)));
                }
                _ => {}
            }
        }
        found
    }

    fn items<'a>(&'a self, node: &'a Node) -> &'a Node {
        let mut node = node;
        while let Some(item) = &self.resolve(node).item {
            node = item;
        }
        node
    }
}

/// The operation behind a path as a shop of this family has it. `None` for a path of other families, and for one that
/// nobody documented.
pub fn of_family(family: Family, path: &str) -> Option<(&'static Book, &'static Operation)> {
    let (book, operation) = by_path(path)?;
    let own = Reference::of(family);
    if own.contains(&book.reference) {
        return Some((book, operation));
    }
    // Some paths stand in several books.
    own.iter().find_map(|reference| {
        let book = reference.book();
        let operation = book.operation(path)?;
        Some((book, operation))
    })
}

/// As [`of_family`], and where the family does not have the path, as another has it.
pub fn lookup(family: Family, path: &str) -> Option<(&'static Book, &'static Operation)> {
    of_family(family, path).or_else(|| by_path(path))
}

/// The operation behind a path, and its book, whatever family has it.
pub fn by_path(path: &str) -> Option<(&'static Book, &'static Operation)> {
    let likely: &[Reference] = match path.split('/').nth(1) {
        Some("shop") => &[Reference::Component, Reference::Store],
        Some("promoter") => &[Reference::Promoter],
        Some("cgi-bin") => &[Reference::Platform, Reference::Store],
        Some("product") => &[Reference::Standard, Reference::Store],
        _ => &[Reference::Store, Reference::Standard],
    };
    likely.iter().find_map(|reference| {
        let book = reference.book();
        let operation = book.operation(path)?;
        Some((book, operation))
    })
}

/// The operations that are called `name`: by path, by id, or by `family:id`.
pub fn named(name: &str) -> Vec<(&'static Book, &'static Operation)> {
    let (family, id) = name.split_once(':').unwrap_or(("", name));
    let references = Reference::ALL
        .into_iter()
        .filter(|reference| family.is_empty() || reference.name() == family);
    references
        .flat_map(|reference| {
            let book = reference.book();
            book.operations.iter().map(move |known| (book, &**known))
        })
        .filter(|(_, known)| known.id == id || known.path == id)
        .collect()
}
