//! Records that unit tests write down, held against the book: a shape that the platform does not have proves nothing.

use super::{Book, Node, by_path};
use serde_json::Value;

/// What stands at `place` of the reply of `path`; all of it where `place` is empty.
///
/// # Panics
/// With the fields that the reference does not have, or has of another kind.
#[track_caller]
pub fn replied(path: &str, place: &str, record: Value) -> Value {
    let (book, operation) = by_path(path).expect("an operation");
    held(book, &operation.reply, place, record)
}

/// The same of a request.
#[track_caller]
pub fn requested(path: &str, place: &str, record: Value) -> Value {
    let (book, operation) = by_path(path).expect("an operation");
    let request = operation.request.as_ref().expect("a request");
    held(book, request, place, record)
}

#[track_caller]
fn held(book: &Book, node: &Node, place: &str, record: Value) -> Value {
    let node = book.at(node, place).expect("a place");
    let mut unknown = Vec::new();
    walk(book, node, &record, place, &mut unknown);
    let unlike = book.conform(node, &mut record.clone());
    unknown.extend(unlike.into_iter().map(|unlike| unlike.field));
    assert!(unknown.is_empty(), "not in the reference: {unknown:?}");
    record
}

fn walk(book: &Book, node: &Node, value: &Value, at: &str, unknown: &mut Vec<String>) {
    let shared = book.resolve(node);
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let here = format!("{at}.{name}");
                match shared.fields.iter().find(|field| field.name == *name) {
                    Some(field) => walk(book, field, value, &here, unknown),
                    None if shared.fields.is_empty() => {}
                    None => unknown.push(here),
                }
            }
        }
        Value::Array(items) => {
            let item = shared.item.as_deref().unwrap_or(node);
            items
                .iter()
                .for_each(|value| walk(book, item, value, at, unknown));
        }
        _ => {}
    }
}

#[test]
#[should_panic(expected = "order.delivery_detail")]
fn a_field_in_another_place_is_unknown() {
    let record = serde_json::json!({"order_id": 1, "delivery_detail": {}});
    replied("/shop/order/get", "order", record);
}
