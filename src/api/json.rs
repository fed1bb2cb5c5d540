//! Writing into JSON that came from outside. `value["name"] = …` panics where `value` is no object, and a reply or a
//! file may hold anything: these do not.

use serde_json::{Map, Value};

/// The field of that name, null where there was none. What is no object becomes one.
pub fn field<'a>(value: &'a mut Value, name: &str) -> &'a mut Value {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    &mut value[name]
}

/// Puts a value at a dotted path; objects on the way are made.
pub fn put(value: &mut Value, path: &str, given: Value) {
    *path.split('.').fold(value, field) = given;
}

/// Puts a value at a dotted path where nothing stands yet. What stands on the way and is no object stays as it is.
pub fn put_missing(value: &mut Value, path: &str, given: Value) {
    let mut here = value;
    for name in path.split('.') {
        if !here.is_object() && !here.is_null() {
            return;
        }
        here = field(here, name);
    }
    if here.is_null() {
        *here = given;
    }
}

/// The object of that name; what is none becomes an empty one.
pub fn object<'a>(value: &'a mut Value, name: &str) -> &'a mut Value {
    let field = field(value, name);
    if !field.is_object() {
        *field = Value::Object(Map::new());
    }
    field
}

/// Takes the field of that name out, null where there is none.
pub fn take(value: &mut Value, name: &str) -> Value {
    value.get_mut(name).map(Value::take).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_that_is_no_object_panics() {
        for odd in [json!(null), json!(1), json!("x"), json!([1, {"a": 2}])] {
            let mut value = odd.clone();
            assert_eq!(take(&mut value, "a"), Value::Null);
            assert_eq!(value, odd);
            put_missing(&mut value, "a.b", 4.into());
            put(&mut value, "a.b", 5.into());
            put_missing(&mut value, "a.b", 6.into());
            put_missing(&mut value, "a.b.c", 6.into());
            assert_eq!(value, json!({"a": {"b": 5}}));
            assert_eq!(take(field(&mut value, "a"), "b"), 5);
        }
    }
}
