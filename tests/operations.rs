//! The books of operations in `src/api/operation/` say what the OpenAPI files in `tests/spec/` say. With
//! `WXSELL_RENEW=1` the books are written anew.

use serde_json::Value;
use std::path::Path;
use wxsell::api::Resend;
use wxsell::api::operation::{Book, Kind, Meaning, Node, Operation, Shelf};

/// Writes of the component where a second arrival is recognised: WeChat knows the merchant's own number in them, or
/// they set a value, or they are a step of a state machine that can be taken only once. The reference of the other
/// families says it of each call (`x-resend`).
const KEYED: &[&str] = &[
    "register_finish_access_info",
    "account_update_info",
    "spu_add",
    "spu_update",
    "spu_update_without_audit",
    "spu_del",
    "spu_del_audit",
    "spu_listing",
    "spu_delisting",
    "order_add",
    "order_pay",
    "delivery_recieve",
    "aftersale_add",
    "aftersale_update",
    "aftersale_update_deadline",
    "ecaftersale_update_deadline",
    "coupon_confirm",
    "coupon_add",
    "coupon_update",
    "coupon_update_status",
    "coupon_update_coupon_stock",
    "coupon_add_user_coupon",
    "coupon_update_user_coupon",
    "coupon_update_usercoupon_status",
    "sharer_unbind",
    "pay_createorder",
    "pay_refundorder",
];
/// Writes of the component that lead an object from one state to another: what became of one is read from the object.
const STATE: &[&str] = &[
    "order_close",
    "pay_closeorder",
    "ecaftersale_cancel",
    "ecaftersale_acceptrefund",
    "ecaftersale_acceptreturn",
    "ecaftersale_reject",
];
/// Reads that the reference does not mark as such, or whose repetition only makes another copy.
const SAFE: &[&str] = &["img_upload", "token_get", "token_get_stable"];

fn spec(shelf: Shelf) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/spec")
        .join(format!("{}.openapi.yaml", shelf.name()));
    serde_saphyr::from_str(&std::fs::read_to_string(path).expect("a reference file")).expect("YAML")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().trim().to_owned()
}

fn book(shelf: Shelf) -> Book {
    let spec = spec(shelf);
    let mut operations = Vec::new();
    for (path, methods) in spec["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            operations.push(made(shelf, path, method, operation));
        }
    }
    let types = spec["components"]["schemas"].as_object().expect("schemas");
    Book {
        shelf: None,
        operations,
        types: types
            .iter()
            .map(|(name, schema)| (name.clone(), node("", schema, false)))
            .collect(),
    }
}

fn made(shelf: Shelf, path: &str, method: &str, operation: &Value) -> Operation {
    let id = text(&operation["operationId"]);
    let state = text(&operation["x-state"]);
    let resend = match (operation["x-resend"].as_str(), id.as_str()) {
        (Some("safe"), _) => Resend::Safe,
        (Some("keyed"), _) => Resend::Keyed,
        (Some("state"), _) => Resend::State,
        (Some("never"), _) => Resend::Never,
        (_, id) if state.to_lowercase().contains("read only") || SAFE.contains(&id) => Resend::Safe,
        (_, id) if shelf == Shelf::Component && KEYED.contains(&id) => Resend::Keyed,
        (_, id) if shelf == Shelf::Component && STATE.contains(&id) => Resend::State,
        _ => Resend::Never,
    };
    let body = &operation["requestBody"]["content"]["application/json"];
    let reply = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let query = operation["parameters"].as_array().into_iter().flatten();
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        noun: text(&operation["tags"][0]),
        summary: text(&operation["summary"]),
        about: text(&operation["description"]),
        confidence: text(&operation["x-confidence"]),
        state,
        resend,
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
                node(&text(&parameter["name"]), &schema, required)
            })
            .collect(),
        request: body["schema"]
            .is_object()
            .then(|| node("", &body["schema"], false)),
        reply: node("", reply, false),
        example: body["example"].clone(),
        id,
    }
}

fn node(name: &str, schema: &Value, required: bool) -> Node {
    let of = schema["$ref"]
        .as_str()
        .and_then(|to| to.rsplit('/').next())
        .map(str::to_owned);
    let names =
        |list: &Value| -> Vec<String> { list.as_array().into_iter().flatten().map(text).collect() };
    let needed = names(&schema["required"]);
    let values = match (&schema["x-enum-values"], &schema["enum"]) {
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
    let bound = |names: [&str; 4]| names.iter().find_map(|name| schema[*name].as_i64());
    Node {
        name: name.to_owned(),
        about: text(&schema["description"]),
        required,
        kind: if of.is_some() && !text(&schema["description"]).contains("fen") {
            Kind::Any
        } else {
            kind(name, schema)
        },
        of,
        fields: schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, schema)| node(name, schema, needed.contains(name)))
            .collect(),
        one_of: schema["x-one-of"]
            .as_array()
            .into_iter()
            .flatten()
            .map(names)
            .collect(),
        item: schema["items"]
            .is_object()
            .then(|| Box::new(node("", &schema["items"], false))),
        open: !values.is_empty()
            && schema["enum"].is_null()
            && schema["x-enum-open"].as_bool().unwrap_or(true),
        values,
        least: bound(["minLength", "minItems", "minimum", ""]),
        most: bound(["maxLength", "maxItems", "maximum", "x-max-bytes"]),
        bytes: schema["x-max-bytes"].is_number(),
        secret: schema["x-secret"].as_bool().unwrap_or(false),
    }
}

fn kind(name: &str, schema: &Value) -> Kind {
    let about = text(&schema["description"]).to_lowercase();
    let says = |word: &str| {
        about
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .any(|found| found == word)
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ if schema["properties"].is_object() => vec!["object"],
        _ => Vec::new(),
    };
    let number = types.contains(&"integer") || types.contains(&"number");
    match types.as_slice() {
        _ if number && about.starts_with("64-bit number") => Kind::Id,
        // Signed as it stands, so that it is handed on as it stands.
        _ if number && name == "timeStamp" => Kind::Id,
        _ if number && about.contains("unix milliseconds") => Kind::Millis,
        _ if number && about.contains("unix seconds") => Kind::Seconds,
        [_, _] => Kind::Loose,
        ["integer"] if says("fen") && name != "discount_num" => Kind::Fen,
        // Its pages name no unit for these; money is fen wherever it is a whole number.
        ["integer"] if about == "amount of money." => Kind::Fen,
        ["integer"] => Kind::Integer,
        ["number"] => Kind::Number,
        ["string"] if about.contains("yyyy-mm-dd hh:mm:ss") => Kind::Time,
        ["string"] => Kind::Text,
        ["boolean"] => Kind::Boolean,
        ["object"] => Kind::Object,
        ["array"] => Kind::List,
        _ => Kind::Any,
    }
}

/// A book with each operation and each type on a line of its own, so that a change of one shows as one.
fn lines(book: &Book) -> String {
    let operations: Vec<String> = book
        .operations
        .iter()
        .map(|operation| serde_json::to_string(operation).expect("JSON"))
        .collect();
    let types: Vec<String> = book
        .types
        .iter()
        .map(|(name, node)| format!("\"{name}\":{}", serde_json::to_string(node).expect("JSON")))
        .collect();
    format!(
        "{{\"operations\":[\n{}\n],\"types\":{{\n{}\n}}}}\n",
        operations.join(",\n"),
        types.join(",\n")
    )
}

#[test]
fn the_books_say_what_the_reference_says() {
    for shelf in Shelf::ALL {
        let made = lines(&book(shelf));
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/api/operation")
            .join(format!("{}.json", shelf.name()));
        if std::env::var_os("WXSELL_RENEW").is_some() {
            std::fs::write(&path, &made).expect("the book is written");
        }
        let known = std::fs::read_to_string(&path).expect("a book");
        assert!(
            known == made,
            "{} is not what its reference says: run WXSELL_RENEW=1 cargo test --test operations",
            path.display()
        );
    }
}

#[test]
fn every_documented_request_passes_its_check() {
    let mut refused = Vec::new();
    let mut seen = 0;
    for shelf in Shelf::ALL {
        let book = shelf.book();
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
