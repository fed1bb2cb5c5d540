//! The JSON Schema of a reply as [`present`](super::present) prints it.

use super::{Book, Kind, Node};
use crate::api::json::put;
use serde_json::{Map, Value, json};

/// Types that hold themselves end here.
const DEEPEST: usize = 12;

impl Book {
    /// What stands at `place` of a reply (all of it where that is empty), as this program prints it. WeChat leaves fields
    /// out and sends some as null, and adds others: none is required, and more are allowed.
    pub fn schema(&self, reply: &Node, place: &str) -> Value {
        let shown = self.field(reply, place).unwrap_or(reply);
        let mut schema = self.described(shown, 0);
        // What is shown is there.
        if let Some(kinds) = schema.get_mut("type") {
            *kinds = kinds.get(0).cloned().unwrap_or_default();
        }
        if let Some(Value::Object(fields)) = schema.get_mut("properties") {
            fields.shift_remove("errcode");
            fields.shift_remove("errmsg");
        }
        schema
    }

    /// A request, as it is sent: ids and times as they travel.
    pub fn request_schema(&self, request: &Node) -> Value {
        let mut schema = self.described(request, 0);
        loosen(&mut schema);
        schema
    }

    fn described(&self, node: &Node, depth: usize) -> Value {
        let shared = self.resolve(node);
        let mut schema = match self.kind(node) {
            _ if depth > DEEPEST => json!({}),
            Kind::Object => {
                let fields = shared.fields.iter();
                let fields: Map<String, Value> = fields
                    .map(|field| (field.name.clone(), self.described(field, depth + 1)))
                    .collect();
                json!({"type": ["object", "null"], "properties": fields})
            }
            Kind::List => match &shared.item {
                Some(item) => {
                    json!({"type": ["array", "null"], "items": self.described(item, depth + 1)})
                }
                None => json!({"type": ["array", "null"]}),
            },
            Kind::Text => json!({"type": ["string", "null"]}),
            Kind::Id => json!({"type": ["string", "null"]}),
            Kind::Seconds | Kind::Millis | Kind::Time => json!({"type": ["string", "null"]}),
            Kind::Boolean => json!({"type": ["boolean", "null"]}),
            // Numbers travel in quotes now and then, and are then printed as they came.
            Kind::Fen => json!({"type": ["integer", "string", "null"], "x-unit": "fen"}),
            Kind::Integer | Kind::SecondsLeft => json!({"type": ["integer", "string", "null"]}),
            Kind::Number => json!({"type": ["number", "string", "null"]}),
            Kind::Loose => json!({"type": ["number", "string", "boolean", "null"]}),
            Kind::Any => json!({}),
        };
        if !node.about.is_empty() {
            put(&mut schema, "description", node.about.clone().into());
        }
        if !shared.values.is_empty() && !matches!(self.kind(node), Kind::Object | Kind::List) {
            let meanings = shared.values.iter().map(|meaning| json!(meaning));
            put(&mut schema, "x-values", meanings.collect());
        }
        schema
    }
}

/// With the name of the draft that it is written in.
pub fn named(mut schema: Value) -> Value {
    let draft = "https://json-schema.org/draft/2020-12/schema";
    put(&mut schema, "$schema", draft.into());
    schema
}

/// A list of these.
pub fn list(item: Value) -> Value {
    json!({"type": "array", "items": item})
}

/// One of these.
pub fn any_of(schemas: Vec<Value>) -> Value {
    json!({ "anyOf": schemas })
}

pub fn text() -> Value {
    json!({"type": ["string", "null"]})
}

/// What nothing can be said of but what it is.
pub fn any(what: &str) -> Value {
    json!({ "description": what })
}

/// No JSON at all, but something else.
pub fn none(what: &str) -> Value {
    json!({"not": {}, "description": what})
}

/// Texts that are numbers where they are sent.
fn loosen(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("type") == Some(&json!(["string", "null"])) {
                object.insert("type".into(), json!(["string", "integer", "null"]));
            }
            object.values_mut().for_each(loosen);
        }
        Value::Array(items) => items.iter_mut().for_each(loosen),
        _ => {}
    }
}
