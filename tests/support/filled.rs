//! Replies with every documented field in them, made from the OpenAPI files: each value is unlike all others, so that
//! it can be found again wherever a command puts it.

use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A field of a reply, and what stands in it.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// `order.order_detail.price_info.freight`
    pub path: String,
    pub value: Value,
    pub kind: Kind,
    /// It stands in a plain list, without a name of its own.
    pub listed: bool,
}

/// How a value is to be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Plain,
    /// Issued by WeChat: text.
    Id,
    /// RFC 3339.
    Time,
}

impl Leaf {
    pub fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }

    /// Whether a printed value is this one, in the form that it should have.
    pub fn is(&self, printed: &Value) -> bool {
        let number = self.value.as_i64().or_else(|| {
            let text = self.value.as_str()?;
            text.parse().ok()
        });
        match (self.kind, number) {
            (Kind::Plain, _) => *printed == self.value,
            (Kind::Id, _) => printed.is_string() && words(printed) == words(&self.value),
            (Kind::Time, Some(at)) => {
                let seconds = if at > 100_000_000_000 { at / 1000 } else { at };
                *printed == wxsell::types::rfc3339(seconds)
            }
            (Kind::Time, None) => {
                let text = words(&self.value).replace(' ', "T");
                *printed == format!("{text}+08:00")
            }
        }
    }
}

fn words(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// What a reply is made of.
pub struct Specs {
    specs: Vec<Value>,
    /// Path of the call to its specification and its declaration.
    operations: HashMap<String, (usize, Value)>,
}

impl Specs {
    pub fn read() -> Specs {
        let texts = [
            include_str!("../spec/component.openapi.yaml"),
            include_str!("../spec/promoter.openapi.yaml"),
            include_str!("../spec/platform.openapi.yaml"),
        ];
        let mut specs = Vec::new();
        let mut operations = HashMap::new();
        for (at, text) in texts.into_iter().enumerate() {
            let spec: Value = serde_saphyr::from_str(text).expect("the reference is YAML");
            for (path, item) in spec["paths"].as_object().expect("paths") {
                if let Some(operation) = item.get("post").or(item.get("get")) {
                    operations.insert(path.clone(), (at, operation.clone()));
                }
            }
            specs.push(spec);
        }
        Specs { specs, operations }
    }

    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.operations.keys().map(String::as_str)
    }

    /// The fullest reply to a call, and its fields without the envelope.
    pub fn reply(&self, path: &str) -> (Value, Vec<Leaf>) {
        let (spec, operation) = &self.operations[path];
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let mut made = Made {
            spec: &self.specs[*spec],
            leaves: Vec::new(),
            count: 0,
            listed: false,
        };
        let mut reply = made.value(schema, "", "", 0);
        reply["errcode"] = 0.into();
        reply["errmsg"] = "ok".into();
        let envelope = |leaf: &Leaf| matches!(leaf.path.as_str(), "errcode" | "errmsg");
        made.leaves.retain(|leaf| !envelope(leaf));
        (reply, made.leaves)
    }
}

struct Made<'a> {
    spec: &'a Value,
    leaves: Vec<Leaf>,
    count: i64,
    /// The next value is an item of a list.
    listed: bool,
}

/// Fields that hold a picture, in Base64.
pub const PICTURES: [&str; 3] = ["qrcode_buf", "qrcode", "poster"];

fn picture() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(include_bytes!("../data/images/TEA-1001.png"))
}

/// Types that hold themselves end here.
const DEEPEST: usize = 32;

impl Made<'_> {
    fn value(&mut self, schema: &Value, path: &str, about: &str, depth: usize) -> Value {
        assert!(depth < DEEPEST, "{path}");
        // What stands beside a reference says more than what it leads to.
        let own = schema["description"].as_str().unwrap_or_default();
        let about = format!("{own} {about}");
        if let Some(to) = schema["$ref"].as_str() {
            let name = to.rsplit('/').next().unwrap_or_default();
            let shared = self.spec["components"]["schemas"][name].clone();
            assert!(shared.is_object(), "{to}");
            return self.value(&shared, path, &about, depth + 1);
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ if schema["properties"].is_object() => vec!["object"],
            _ => panic!("{path}: no type"),
        };
        match types[0] {
            "object" => {
                self.listed = false;
                let mut object = Map::new();
                for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                    let below = match path {
                        "" => name.clone(),
                        path => format!("{path}.{name}"),
                    };
                    object.insert(name.clone(), self.value(field, &below, "", depth + 1));
                }
                Value::Object(object)
            }
            "array" => {
                self.listed = true;
                json!([self.value(&schema["items"], path, "", depth + 1)])
            }
            kind => {
                let (value, kind) = self.scalar(schema, kind, path, &about.to_lowercase());
                self.leaves.push(Leaf {
                    path: path.to_owned(),
                    value: value.clone(),
                    kind,
                    listed: std::mem::take(&mut self.listed),
                });
                value
            }
        }
    }

    fn scalar(&mut self, schema: &Value, of: &str, path: &str, about: &str) -> (Value, Kind) {
        self.count += 1;
        let count = self.count;
        let name = path.rsplit('.').next().unwrap_or(path);
        if let Some(value) = schema["enum"].get(0) {
            return (value.clone(), Kind::Plain);
        }
        if let Some(known) = schema["x-enum-values"].get(0) {
            return (known["value"].clone(), Kind::Plain);
        }
        let is_id = name == "id" || name.ends_with("_id");
        match of {
            // A list of one row.
            "integer" if name.starts_with("total") => (1.into(), Kind::Plain),
            "integer" if about.contains("unix milliseconds") => (
                (1_650_000_000 + count).saturating_mul(1000).into(),
                Kind::Time,
            ),
            "integer" if about.contains("unix seconds") => {
                ((1_650_000_000 + count).into(), Kind::Time)
            }
            "integer" if about.contains("64-bit number") => {
                ((3_302_645_269_677_080_832 + count).into(), Kind::Id)
            }
            "integer" if is_id => ((5000 + count).into(), Kind::Id),
            "integer" => ((1000 + count).into(), Kind::Plain),
            "number" => ((1000.0 + count as f64 + 0.5).into(), Kind::Plain),
            // The one page there is.
            "boolean" => ((name != "has_more").into(), Kind::Plain),
            // A call or an answer, as text.
            "string" if name.ends_with("_body") => {
                (format!("{{\"number\":{count}}}").into(), Kind::Plain)
            }
            "string" if PICTURES.contains(&name) => (picture().into(), Kind::Plain),
            "string" if about.contains("unix seconds") => {
                ((1_650_000_000 + count).to_string().into(), Kind::Time)
            }
            "string" if about.contains("yyyy-mm-dd hh:mm:ss") => (
                format!("2022-04-01 {:02}:{:02}:00", count / 60 % 24, count % 60).into(),
                Kind::Time,
            ),
            "string" => (format!("{name} no. {count}").into(), Kind::Plain),
            other => panic!("{path}: {other}"),
        }
    }
}
