//! Reads one record of a reply field by field, as the platform really writes them: numbers in quotes, a number where
//! text is announced, null for an empty list, one object for a list of one. What is there and cannot be read is
//! remembered by its path, so that one odd field costs that field and nothing else.

use crate::types::ChinaTime;
use serde_json::Value;

/// A record that is being read. Paths are dotted: `order_detail.price_info.freight`.
#[derive(Debug)]
pub struct Reader<'a> {
    record: &'a Value,
    unread: Vec<&'static str>,
}

/// What was read, and the paths of what could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read<T> {
    pub value: T,
    pub unread: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    pub fn of(record: &'a Value) -> Reader<'a> {
        Reader {
            record,
            unread: Vec::new(),
        }
    }

    /// What stands at a path; null where nothing does.
    pub fn at(&self, path: &str) -> &'a Value {
        path.split('.').fold(self.record, |here, name| &here[name])
    }

    fn keep<T>(&mut self, path: &'static str, read: Option<T>) -> Option<T> {
        let value = self.at(path);
        let nothing = value.is_null() || value == "";
        if read.is_none() && !nothing && !self.unread.contains(&path) {
            self.unread.push(path);
        }
        read
    }

    /// A whole number.
    pub fn integer(&mut self, path: &'static str) -> Option<i64> {
        let read = integer(self.at(path));
        self.keep(path, read)
    }

    /// Text; a number as its digits, nothing as the empty text.
    pub fn text(&mut self, path: &'static str) -> String {
        let read = text(self.at(path));
        self.keep(path, read).unwrap_or_default()
    }

    /// A moment in unix seconds, from seconds, milliseconds or China time. 0 means none.
    pub fn time(&mut self, path: &'static str) -> Option<i64> {
        let value = self.at(path);
        let none = integer(value) == Some(0);
        let read = seconds(value);
        if none { None } else { self.keep(path, read) }
    }

    /// A moment in unix milliseconds, as exactly as it came.
    pub fn millis(&mut self, path: &'static str) -> Option<i64> {
        let at = self.time(path)?;
        let exact = integer(self.at(path)).filter(|number| *number >= MILLIS_FROM);
        Some(exact.unwrap_or(at * 1000))
    }

    /// The objects of a list, an object alone as a list of one. `None` where something else stands there, or among
    /// them.
    pub fn objects(&mut self, path: &'static str) -> Option<Vec<&'a Value>> {
        let value = self.at(path);
        let objects = match value {
            Value::Null => Some(Vec::new()),
            Value::Object(fields) if fields.is_empty() => Some(Vec::new()),
            Value::Object(_) => Some(vec![value]),
            Value::Array(items) => {
                let items = items.iter().filter(|item| !item.is_null());
                let objects: Vec<&Value> = items.clone().filter(|item| item.is_object()).collect();
                (objects.len() == items.count()).then_some(objects)
            }
            other if other == "" => Some(Vec::new()),
            _ => None,
        };
        self.keep(path, objects)
    }

    /// The rows of a list, an object alone as a list of one. What is only a number stands for a record with that
    /// number under `key`, and what is nothing readable at all for one without any field, so that a bad row neither
    /// hides the others nor is forgotten. `None` where no list stands there.
    pub fn records(&mut self, path: &'static str, key: &str) -> Option<Vec<Value>> {
        let value = self.at(path);
        let record = |item: &Value| match item {
            Value::Object(_) => item.clone(),
            Value::String(_) | Value::Number(_) => serde_json::json!({ key: item }),
            _ => serde_json::json!({}),
        };
        let records = match value {
            Value::Null => Some(Vec::new()),
            Value::Object(fields) if fields.is_empty() => Some(Vec::new()),
            Value::Object(_) => Some(vec![value.clone()]),
            Value::Array(items) => {
                let items = items.iter().filter(|item| !item.is_null());
                Some(items.map(record).collect())
            }
            other if other == "" => Some(Vec::new()),
            _ => None,
        };
        self.keep(path, records)
    }

    /// The numbers or texts of a list, as text. An object among them is asked for `key`.
    pub fn numbers(&mut self, path: &'static str, key: &str) -> Vec<String> {
        let value = self.at(path);
        let one = |item: &Value| match item {
            Value::Object(_) => text(&item[key]),
            other => text(other),
        };
        let read: Option<Vec<String>> = match value {
            Value::Null => Some(Vec::new()),
            Value::Array(items) => items.iter().map(one).collect(),
            Value::Object(fields) if fields.is_empty() => Some(Vec::new()),
            other => one(other).map(|one| vec![one]),
        };
        let mut read = self.keep(path, read).unwrap_or_default();
        read.retain(|one| !one.is_empty());
        read
    }

    /// The numbers or texts of a list as [`Reader::numbers`] reads them. What is none stands for itself as JSON, so that
    /// it neither hides the others nor is forgotten. `None` where no list stands there.
    pub fn entries(&mut self, path: &'static str, key: &str) -> Option<Vec<String>> {
        let value = self.at(path);
        let one = |item: &Value| {
            let named = match item {
                Value::Object(_) => text(&item[key]).filter(|name| !name.is_empty()),
                other => text(other),
            };
            named.unwrap_or_else(|| item.to_string())
        };
        let read = match value {
            Value::Null => Some(Vec::new()),
            Value::Array(items) => {
                let items = items.iter().filter(|item| !item.is_null());
                Some(items.map(one).collect())
            }
            Value::Object(fields) if fields.is_empty() => Some(Vec::new()),
            Value::Object(_) | Value::Number(_) | Value::String(_) => Some(vec![one(value)]),
            Value::Bool(_) => None,
        };
        let mut read = self.keep(path, read)?;
        read.retain(|one| !one.is_empty());
        Some(read)
    }

    /// Ends the reading.
    pub fn done<T>(self, value: T) -> Read<T> {
        Read {
            value,
            unread: self.unread,
        }
    }
}

/// Seconds reach this size in the year 5138, milliseconds did in 1973.
const MILLIS_FROM: i64 = 100_000_000_000;

/// A whole number, also in quotes.
pub fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let number = number.as_f64()?;
            let whole = number.fract() == 0.0 && number.abs() < 9e15;
            #[expect(clippy::cast_possible_truncation, reason = "whole and small enough")]
            whole.then_some(number as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Text, or the digits of a number.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A moment in unix seconds: seconds or milliseconds, as a number or in quotes, or `2022-04-01 12:00:00` in China time.
/// 0 means none.
pub fn seconds(moment: &Value) -> Option<i64> {
    match integer(moment) {
        Some(number) if number >= MILLIS_FROM => Some(number.div_euclid(1000)),
        Some(number) => (number > 0).then_some(number),
        None => ChinaTime(moment.as_str()?.trim().to_owned()).unix(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_can_be_read_is_read_and_the_rest_is_named() {
        let record = json!({
            "n": "20", "bad": "twenty", "empty": null, "text": 7, "when": "1648742400559", "day": "2022-04-01 00:00:00",
            "rows": {"id": 1}, "odd": [1, {}], "none": null, "numbers": [1, "2", {"id": 3}], "list": [null],
        });
        let mut reader = Reader::of(&record);
        assert_eq!(reader.integer("n"), Some(20));
        assert_eq!(reader.integer("bad"), None);
        assert_eq!(reader.integer("empty"), None);
        assert_eq!(reader.text("text"), "7");
        assert_eq!(reader.time("when"), Some(1_648_742_400));
        assert_eq!(reader.millis("when"), Some(1_648_742_400_559));
        assert_eq!(reader.time("day"), Some(1_648_742_400));
        assert_eq!(reader.objects("rows").map(|rows| rows.len()), Some(1));
        assert_eq!(reader.objects("odd"), None);
        assert_eq!(reader.objects("none"), Some(Vec::new()));
        assert_eq!(reader.objects("list"), Some(Vec::new()));
        assert_eq!(
            reader.entries("odd", "id"),
            Some(vec!["1".into(), "{}".into()])
        );
        assert_eq!(reader.entries("none", "id"), Some(Vec::new()));
        assert_eq!(reader.entries("list", "id"), Some(Vec::new()));
        assert_eq!(reader.entries("n", "id"), Some(vec!["20".into()]));
        let rows = reader.records("numbers", "id").expect("rows");
        assert_eq!(
            rows,
            [json!({"id": 1}), json!({"id": "2"}), json!({"id": 3})]
        );
        assert_eq!(reader.numbers("numbers", "id"), ["1", "2", "3"]);
        assert_eq!(reader.done(()).unread, ["bad", "odd"]);
    }
}
