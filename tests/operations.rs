//! The books of operations in `src/api/operation/` say what the OpenAPI files in `tests/spec/` and the overlay beside them
//! say. With `WXSELL_RENEW=1` the books are written anew.

use serde::Deserialize;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use wxsell::api::Resend;
use wxsell::api::operation::paging::Paging;
use wxsell::api::operation::{Book, Entry, Kind, Meaning, Node, Operation, Reference, Wire};

/// What `tests/spec/overlay.yaml` declares of a family.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    /// By operation.
    #[serde(default)]
    resend: BTreeMap<String, Resend>,
    #[serde(default)]
    summaries: BTreeMap<String, String>,
    #[serde(default)]
    paging: BTreeMap<String, Paging>,
    /// By the place of a value: `Type.field`, `operation.request.field`.
    #[serde(default)]
    units: BTreeMap<String, String>,
    /// Places that tell who a person is, and places that do not although they are called like one that does.
    #[serde(default)]
    personal: BTreeSet<String>,
    #[serde(default)]
    public: BTreeSet<String>,
    /// Values that are taken beside those of the specification, with their meaning.
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, String>>,
    /// The entries that were asked for.
    #[serde(skip)]
    used: RefCell<BTreeSet<String>>,
}

impl Declared {
    fn read() -> BTreeMap<String, Declared> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec/overlay.yaml");
        serde_saphyr::from_str(&std::fs::read_to_string(path).expect("the overlay")).expect("YAML")
    }

    fn unit(&self, place: &str) -> Option<&str> {
        self.used.borrow_mut().insert(place.to_owned());
        self.units.get(place).map(String::as_str)
    }

    /// Entries that stand for nothing.
    fn left_over<'a>(
        &'a self,
        operations: &'a [Entry<Operation>],
    ) -> impl Iterator<Item = &'a String> {
        let known = |id: &String| operations.iter().any(|operation| operation.id == *id);
        let calls = self.resend.keys().chain(self.paging.keys());
        let calls = calls.chain(self.summaries.keys());
        let used = self.used.borrow().clone();
        let places = self.units.keys().chain(self.values.keys());
        let places = places.chain(&self.personal).chain(&self.public);
        calls
            .filter(move |id| !known(id))
            .chain(places.filter(move |place| !used.contains(*place)))
    }
}

fn spec(reference: Reference) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/spec")
        .join(format!("{}.openapi.yaml", reference.name()));
    serde_saphyr::from_str(&std::fs::read_to_string(path).expect("a reference file")).expect("YAML")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().trim().to_owned()
}

fn book(reference: Reference, declared: &Declared) -> Book {
    let spec = spec(reference);
    let mut operations = Vec::new();
    for (path, methods) in spec["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            operations.push(Entry::from(&made(declared, path, method, operation)));
        }
    }
    let types = spec["components"]["schemas"].as_object().expect("schemas");
    Book {
        reference,
        types: types
            .iter()
            .map(|(name, schema)| {
                let node = node(declared, name, "", schema, false);
                (name.clone(), Entry::from(&node))
            })
            .collect(),
        operations,
    }
}

fn made(declared: &Declared, path: &str, method: &str, operation: &Value) -> Operation {
    let id = text(&operation["operationId"]);
    let of_spec = serde_json::from_value(operation["x-resend"].clone());
    let resend = declared.resend.get(&id).copied().or_else(|| of_spec.ok());
    let body = &operation["requestBody"]["content"]["application/json"];
    let reply = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let query = operation["parameters"].as_array().into_iter().flatten();
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        noun: text(&operation["tags"][0]),
        summary: declared
            .summaries
            .get(&id)
            .cloned()
            .unwrap_or_else(|| text(&operation["summary"])),
        about: text(&operation["description"]),
        confidence: text(&operation["x-confidence"]),
        state: text(&operation["x-state"]),
        resend: resend.unwrap_or_else(|| panic!("{id}: nothing says whether it may be resent")),
        errors: operation["x-errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_i64)
            .collect(),
        ip_list: operation["x-ip-allowlist"].as_bool().unwrap_or(false),
        query: query
            .filter(|parameter| !text(&parameter["name"]).ends_with("access_token"))
            .map(|parameter| {
                let mut schema = parameter["schema"].clone();
                if schema["description"].is_null() {
                    schema["description"] = parameter["description"].clone();
                }
                let required = parameter["required"].as_bool().unwrap_or(false);
                let name = text(&parameter["name"]);
                node(
                    declared,
                    &format!("{id}.query.{name}"),
                    &name,
                    &schema,
                    required,
                )
            })
            .collect(),
        request: body["schema"].is_object().then(|| {
            node(
                declared,
                &format!("{id}.request"),
                "",
                &body["schema"],
                false,
            )
        }),
        reply: node(declared, &format!("{id}.reply"), "", reply, false),
        paging: declared.paging.get(&id).cloned(),
        example: body["example"].clone(),
        id,
    }
}

/// `place` is what the overlay calls it.
fn node(declared: &Declared, place: &str, name: &str, schema: &Value, required: bool) -> Node {
    let of = schema["$ref"]
        .as_str()
        .and_then(|to| to.rsplit('/').next())
        .map(str::to_owned);
    let names =
        |list: &Value| -> Vec<String> { list.as_array().into_iter().flatten().map(text).collect() };
    let needed = names(&schema["required"]);
    let mut values: Vec<Meaning> = match (&schema["x-enum-values"], &schema["enum"]) {
        (Value::Array(values), _) => values
            .iter()
            .map(|value| Meaning {
                value: value["value"].clone(),
                meaning: text(&value["meaning"]),
            })
            .collect(),
        (_, Value::Array(values)) => values
            .iter()
            .map(|value| Meaning {
                value: value.clone(),
                meaning: String::new(),
            })
            .collect(),
        _ => Vec::new(),
    };
    let more = declared.values.get(place).into_iter().flatten();
    values.extend(more.map(|(value, meaning)| Meaning {
        value: value.as_str().into(),
        meaning: meaning.clone(),
    }));
    let bound = |names: [&str; 4]| names.iter().find_map(|name| schema[*name].as_i64());
    let (kind, wire) = kind(place, schema, declared.unit(place));
    Node {
        name: name.to_owned(),
        about: text(&schema["description"]),
        required,
        kind,
        wire,
        of,
        fields: schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, schema)| {
                let place = format!("{place}.{name}");
                node(declared, &place, name, schema, needed.contains(name))
            })
            .collect(),
        one_of: schema["x-one-of"]
            .as_array()
            .into_iter()
            .flatten()
            .map(names)
            .collect(),
        item: schema["items"].is_object().then(|| {
            let place = format!("{place}[]");
            Box::new(node(declared, &place, "", &schema["items"], false))
        }),
        open: !values.is_empty()
            && !declared.values.contains_key(place)
            && schema["enum"].is_null()
            && schema["x-enum-open"].as_bool().unwrap_or(true),
        values,
        least: bound(["minLength", "minItems", "minimum", ""]),
        most: bound(["maxLength", "maxItems", "maximum", "x-max-bytes"]),
        bytes: schema["x-max-bytes"].is_number(),
        secret: schema["x-secret"].as_bool().unwrap_or(false),
        personal: declared.personal.contains(place),
    }
}

/// What a value is: its JSON type, and the unit that the overlay gives it.
fn kind(place: &str, schema: &Value, unit: Option<&str>) -> (Kind, Wire) {
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ if schema["properties"].is_object() => vec!["object"],
        _ => Vec::new(),
    };
    let plain = match types.as_slice() {
        [_, _] => Kind::Loose,
        ["integer"] => Kind::Integer,
        ["number"] => Kind::Number,
        ["string"] => Kind::Text,
        ["boolean"] => Kind::Boolean,
        ["object"] => Kind::Object,
        ["array"] => Kind::List,
        _ => Kind::Any,
    };
    let Some(unit) = unit else {
        return (plain, Wire::Number);
    };
    let (unit, wire) = match unit.split_once(" as ") {
        Some((unit, "text")) => (unit, Wire::Text),
        Some((unit, "number")) => (unit, Wire::Number),
        Some(_) => panic!("{place}: {unit} is no unit"),
        None => match plain {
            Kind::Text => (unit, Wire::Text),
            Kind::Loose => (unit, Wire::Either),
            _ => (unit, Wire::Number),
        },
    };
    let kind = match unit {
        "id" => Kind::Id,
        "fen" => Kind::Fen,
        "seconds" => Kind::Seconds,
        "millis" => Kind::Millis,
        "seconds_left" => Kind::SecondsLeft,
        "time" => return (Kind::Time, Wire::Number),
        // A field that shares a type with others is a whole number of its own.
        "plain" if plain == Kind::Any => return (Kind::Integer, Wire::Number),
        "plain" => return (plain, Wire::Number),
        other => panic!("{place}: {other} is no unit"),
    };
    (kind, wire)
}

/// A book with each operation and each type on a line of its own, so that a change of one shows as one.
fn lines(book: &Book) -> String {
    let operations: Vec<String> = book
        .operations
        .iter()
        .map(|operation| serde_json::to_string(&**operation).expect("JSON"))
        .collect();
    let types: Vec<String> = book
        .types
        .iter()
        .map(|(name, node)| {
            format!(
                "\"{name}\":{}",
                serde_json::to_string(&**node).expect("JSON")
            )
        })
        .collect();
    format!(
        "{{\"operations\":[\n{}\n],\"types\":{{\n{}\n}}}}\n",
        operations.join(",\n"),
        types.join(",\n")
    )
}

#[test]
fn the_books_say_what_the_reference_says() {
    let overlay = Declared::read();
    for reference in Reference::ALL {
        let declared = &overlay[reference.name()];
        let book = book(reference, declared);
        let left: Vec<&String> = declared.left_over(&book.operations).collect();
        assert!(
            left.is_empty(),
            "{}: the overlay names what is not there: {left:#?}",
            reference.name()
        );
        let made = lines(&book);
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/api/operation")
            .join(format!("{}.json", reference.name()));
        if std::env::var_os("WXSELL_RENEW").is_some() {
            std::fs::write(&path, &made).expect("the book is written");
            continue;
        }
        let known = std::fs::read_to_string(&path).expect("a book");
        // As it is read, entry by entry.
        assert_eq!(lines(reference.book()), known, "{}", path.display());
        assert!(
            known == made,
            "{} is not what its reference says: run WXSELL_RENEW=1 cargo test --test all operations::",
            path.display()
        );
    }
}

#[test]
fn every_documented_request_passes_its_check() {
    let mut refused = Vec::new();
    let mut seen = 0;
    for reference in Reference::ALL {
        let book = reference.book();
        for operation in &book.operations {
            let Some(request) = &operation.request else {
                continue;
            };
            if operation.example.is_null() {
                continue;
            }
            seen += 1;
            for problem in book.check(request, &operation.example) {
                refused.push(format!("{}: {}", operation.path, problem.text()));
            }
        }
    }
    assert!(seen > 300, "only {seen} examples");
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn what_pages_are_declared_stands_in_request_and_reply() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for reference in Reference::ALL {
        let book = reference.book();
        for operation in &book.operations {
            let Some(paging) = operation
                .paging
                .as_ref()
                .filter(|paging| paging.has_pages())
            else {
                continue;
            };
            seen += 1;
            let request = operation.request.as_ref().expect("a list has a request");
            let spans = paging.spans().flat_map(|(from, to)| [from, to]);
            let asked = [Some(&paging.at), paging.size.as_ref()]
                .into_iter()
                .flatten();
            let sent = asked.chain(&paging.carry).map(String::as_str).chain(spans);
            for name in sent {
                if book.at(request, name).is_none() {
                    wrong.push(format!("{}: no {name} in its request", operation.id));
                }
            }
            let answered = [&paging.from, &paging.total, &paging.more];
            for name in answered.into_iter().flatten().chain(&paging.carry) {
                if book.at(&operation.reply, name).is_none() {
                    wrong.push(format!("{}: no {name} in its reply", operation.id));
                }
            }
        }
    }
    assert!(seen > 70, "only {seen} lists");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_reads_and_names_a_page_declares_its_pages() {
    let names = [
        "page",
        "page_num",
        "page_index",
        "offset",
        "start_id",
        "last_index",
        "next_key",
        "page_ctx",
        "last_buffer",
    ];
    // One product with a page of its promoters, not a list.
    let excused = ["league_item_get"];
    let mut without = Vec::new();
    for reference in Reference::ALL {
        let book = reference.book();
        for operation in &book.operations {
            let Some(request) = operation
                .request
                .as_ref()
                .filter(|_| operation.resend == Resend::Safe)
            else {
                continue;
            };
            let fields = &book.resolve(request).fields;
            let paged = fields
                .iter()
                .any(|field| names.contains(&field.name.as_str()));
            if paged && operation.paging.is_none() && !excused.contains(&operation.id.as_str()) {
                without.push(&operation.id);
            }
        }
    }
    assert!(without.is_empty(), "{without:?}");
}

/// Every value of a book with its place in the overlay's words, and whether it is personal.
fn values_of(book: &Book) -> Vec<(String, &Node)> {
    fn walk<'a>(place: String, node: &'a Node, found: &mut Vec<(String, &'a Node)>) {
        for field in &node.fields {
            walk(format!("{place}.{}", field.name), field, found);
        }
        if let Some(item) = &node.item {
            walk(format!("{place}[]"), item, found);
        }
        found.push((place, node));
    }
    let mut found = Vec::new();
    for (name, node) in &book.types {
        walk(name.clone(), node, &mut found);
    }
    for operation in &book.operations {
        let id = &operation.id;
        for node in &operation.query {
            walk(format!("{id}.query.{}", node.name), node, &mut found);
        }
        if let Some(request) = &operation.request {
            walk(format!("{id}.request"), request, &mut found);
        }
        walk(format!("{id}.reply"), &operation.reply, &mut found);
    }
    found
}

#[test]
fn every_value_that_is_called_like_a_person_s_is_declared() {
    let overlay = Declared::read();
    let all: Vec<_> = Reference::ALL
        .into_iter()
        .flat_map(|reference| {
            values_of(reference.book())
                .into_iter()
                .map(move |value| (reference, value))
        })
        .collect();
    let personal = all.iter().filter(|(_, (_, node))| node.personal);
    // What is called `name`, `address` and so on is mostly no person's.
    let common = ["name", "address", "street", "detail"];
    let names: BTreeSet<&str> = personal
        .map(|(_, (_, node))| node.name.as_str())
        .filter(|name| !common.contains(name))
        .collect();
    assert!(names.len() > 20, "{names:?}");
    let open: Vec<String> = all
        .iter()
        .filter(|(_, (_, node))| names.contains(node.name.as_str()) && !node.personal)
        .filter(|(reference, (place, _))| !overlay[reference.name()].public.contains(place))
        .map(|(reference, (place, _))| format!("{}: {place}", reference.name()))
        .collect();
    assert!(open.is_empty(), "personal or public? {open:#?}");
}
