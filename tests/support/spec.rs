//! Checks exchanges against the OpenAPI files: what was sent strictly, what came back with everything that is named
//! as required on success. Any test that has a sandbox can hand its exchanges over.

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::OnceLock;
use wxsell::sandbox::Exchange;

/// Every way in which these exchanges break the contract, with the path it happened at. Calls that no answer was
/// given to are checked by their request alone.
pub fn problems(exchanges: &[Exchange]) -> Vec<String> {
    exchanges
        .iter()
        .flat_map(|exchange| validate(&exchange.path, &exchange.request, &exchange.reply))
        .collect()
}

/// [`problems`] of what was answered alone, where a test sends what it should not.
pub fn problems_of_replies(exchanges: &[Exchange]) -> Vec<String> {
    exchanges
        .iter()
        .flat_map(|exchange| validate(&exchange.path, "", &exchange.reply))
        .collect()
}

/// Every way in which a value is unlike a JSON Schema.
pub fn unlike(schema: &Value, value: &Value, what: &str) -> Vec<String> {
    let schema = jsonschema::draft202012::new(schema).expect("a schema");
    differences(&schema, value, what, "output")
}

/// The same schema without room for fields that it does not name.
pub fn strict(mut schema: Value) -> Value {
    rewrite(&mut schema, &|object| {
        if object.contains_key("properties") {
            object
                .entry("additionalProperties")
                .or_insert(Value::Bool(false));
        }
    });
    schema
}

/// Every way in which these answers, as the program prints records, are unlike the schema that `wxsell help` shows.
pub fn unlike_their_schema(exchanges: &[Exchange]) -> Vec<String> {
    use wxsell::api::operation::{by_path, present};
    let answered = exchanges.iter().filter(|exchange| exchange.errcode == 0);
    answered
        .filter_map(|exchange| {
            let (book, operation) = by_path(&exchange.path)?;
            let reply: Value = serde_json::from_str(&exchange.reply).ok()?;
            let printed = present(book, &operation.reply, reply);
            Some(unlike(
                &book.schema(&operation.reply, ""),
                &printed,
                &exchange.path,
            ))
        })
        .flatten()
        .collect()
}

/// Every way in which one call breaks the contract. A request that is no JSON is not looked at: a GET and a form
/// have no schema of their own here.
fn validate(path: &str, request: &str, reply: &str) -> Vec<String> {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    let Some(operation) = CONTRACT.get_or_init(read).of(path) else {
        return vec![format!("{path}: not in the reference")];
    };
    let mut problems = Vec::new();
    if let (Ok(request), Some(schema)) =
        (serde_json::from_str::<Value>(request), &operation.request)
    {
        problems.extend(differences(schema, &request, path, "request"));
    }
    if reply.is_empty() {
        return problems;
    }
    match serde_json::from_str::<Value>(reply) {
        Err(error) => problems.push(format!("{path}: the reply is no JSON: {error}")),
        Ok(reply) if reply["errcode"].as_i64().unwrap_or(0) == 0 => {
            problems.extend(differences(&operation.success, &reply, path, "reply"));
        }
        Ok(reply) => problems.extend(differences(&operation.failure, &reply, path, "refusal")),
    }
    problems
}

fn differences(schema: &Validator, instance: &Value, path: &str, what: &str) -> Vec<String> {
    let words = |error: jsonschema::ValidationError<'_>| {
        format!("{path}: {what} at \"{}\": {error}", error.instance_path())
    };
    schema.iter_errors(instance).map(words).collect()
}

struct Operation {
    request: Option<Validator>,
    success: Validator,
    failure: Validator,
}

/// A path of the reference; its schemas are made on first use, since few of them are met in one test.
struct Declared {
    operation: Value,
    file: usize,
    made: OnceLock<Operation>,
}

struct Contract {
    /// Of each file: schemas that know no further fields, and schemas that have what success requires.
    files: Vec<(Value, Value)>,
    paths: HashMap<String, Declared>,
}

impl Contract {
    fn of(&self, path: &str) -> Option<&Operation> {
        let declared = self.paths.get(path)?;
        let (strict, complete) = &self.files[declared.file];
        Some(
            declared
                .made
                .get_or_init(|| made(&declared.operation, strict, complete)),
        )
    }
}

fn read() -> Contract {
    let texts = [
        include_str!("../spec/component.openapi.yaml"),
        include_str!("../spec/platform.openapi.yaml"),
        include_str!("../spec/promoter.openapi.yaml"),
        include_str!("../spec/store.openapi.yaml"),
    ];
    let (mut files, mut paths) = (Vec::new(), HashMap::new());
    for (file, text) in texts.into_iter().enumerate() {
        let spec: Value = serde_saphyr::from_str(text).expect("the reference is YAML");
        files.push((
            components(&spec, &forbid_more),
            components(&spec, &require_on_success),
        ));
        for (path, item) in spec["paths"].as_object().expect("paths") {
            if let Some(operation) = item.get("post").or(item.get("get")) {
                let declared = Declared {
                    operation: operation.clone(),
                    file,
                    made: OnceLock::new(),
                };
                // A path that two families share is held against the first.
                paths.entry(path.clone()).or_insert(declared);
            }
        }
    }
    Contract { files, paths }
}

fn made(operation: &Value, strict: &Value, complete: &Value) -> Operation {
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let reply = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let failure = json!({
        "type": "object",
        "required": ["errcode", "errmsg"],
        "properties": {
            "errcode": {"type": "integer"},
            "errmsg": {"type": "string", "pattern": " rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$"},
        },
        "additionalProperties": false,
    });
    Operation {
        request: body.is_object().then(|| compile(body, strict)),
        success: compile(reply, complete),
        failure: compile(&failure, &json!({})),
    }
}

fn compile(schema: &Value, components: &Value) -> Validator {
    let mut schema = schema.clone();
    schema["components"] = reachable(&schema, components);
    jsonschema::draft202012::new(&schema).expect("the reference holds schemas")
}

/// The schemas that a schema leads to; the rest of a large file would only cost time.
fn reachable(schema: &Value, components: &Value) -> Value {
    let mut found = Map::new();
    let mut ahead = vec![schema.clone()];
    while let Some(next) = ahead.pop() {
        visit(&next, &mut |object| {
            let name = object
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|to| to.rsplit('/').next());
            if let Some(name) = name.filter(|name| !found.contains_key(*name)) {
                found.insert(name.into(), components["schemas"][name].clone());
                ahead.push(components["schemas"][name].clone());
            }
        });
    }
    json!({ "schemas": found })
}

fn visit(value: &Value, each: &mut dyn FnMut(&Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            each(object);
            object.values().for_each(|value| visit(value, each));
        }
        Value::Array(values) => values.iter().for_each(|value| visit(value, each)),
        _ => {}
    }
}

fn components(spec: &Value, change: &dyn Fn(&mut Map<String, Value>)) -> Value {
    let mut components = spec["components"].clone();
    rewrite(&mut components, change);
    components
}

fn rewrite(value: &mut Value, change: &dyn Fn(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(|value| rewrite(value, change));
            change(object);
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rewrite(value, change)),
        _ => {}
    }
}

/// A field that the reference does not know is a misspelt one.
fn forbid_more(schema: &mut Map<String, Value>) {
    if schema.get("type").is_some_and(|kind| kind == "object") && schema.contains_key("properties")
    {
        schema
            .entry("additionalProperties")
            .or_insert(Value::Bool(false));
    }
}

fn require_on_success(schema: &mut Map<String, Value>) {
    if let Some(fields) = schema.get("x-required-on-success").cloned() {
        schema.insert("required".into(), fields);
    }
}
