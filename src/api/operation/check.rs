//! A request held against what is known of its operation, before it is sent.

use super::{Book, Kind, Node, Wire};
use crate::lang::Text;
use crate::text;
use serde_json::Value;

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// `order_detail.product_infos[0].sale_price`
    pub field: String,
    pub wrong: Wrong,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Wrong {
    Missing,
    /// One of these is needed.
    NoneOf(Vec<String>),
    Unknown,
    /// What it should be.
    Type(Kind),
    /// The values that are allowed.
    NotAllowed(Vec<String>),
    TooLong(i64),
    TooShort(i64),
    TooLarge(i64),
    TooSmall(i64),
}

impl Problem {
    /// The problem as a sentence.
    pub fn text(&self) -> Text {
        let field = &self.field;
        match &self.wrong {
            Wrong::Missing => text!("{field} is missing", field),
            Wrong::NoneOf(names) => text!(
                "{field}: give at least one of {names}",
                field = if field.is_empty() { "request" } else { field },
                names = names.join(", ")
            ),
            Wrong::Unknown => text!("{field} is not a field of this call", field),
            Wrong::Type(kind) => text!("{field} must be {kind}", field, kind = kind.words()),
            Wrong::NotAllowed(values) => text!(
                "{field} must be one of {values}",
                field,
                values = values.join(", ")
            ),
            Wrong::TooLong(most) => {
                text!("{field} must have a length of at most {most}", field, most)
            }
            Wrong::TooShort(least) => text!(
                "{field} must have a length of at least {least}",
                field,
                least
            ),
            Wrong::TooLarge(most) => text!("{field} must be at most {most}", field, most),
            Wrong::TooSmall(least) => text!("{field} must be at least {least}", field, least),
        }
    }
}

impl Kind {
    /// What a value of this kind is called.
    pub fn words(self) -> Text {
        match self {
            Kind::Any => text!("a value"),
            Kind::Object => text!("an object"),
            Kind::List => text!("a list"),
            Kind::Text => text!("text"),
            Kind::Integer => text!("a whole number"),
            Kind::Number | Kind::Loose => text!("a number"),
            Kind::Boolean => text!("true or false"),
            Kind::Id => text!("a 64-bit number"),
            Kind::Fen => text!("a whole number of fen"),
            Kind::Seconds => text!("a time in unix seconds"),
            Kind::SecondsLeft => text!("a number of seconds"),
            Kind::Millis => text!("a time in unix milliseconds"),
            Kind::Time => text!("a time such as 2022-04-01 12:00:00 (China time)"),
        }
    }
}

impl Book {
    /// Everything that is wrong with `value` as a `node`; empty when it fits.
    pub fn check(&self, node: &Node, value: &Value) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.look(node, value, "", &mut problems);
        problems
    }

    fn look(&self, node: &Node, value: &Value, at: &str, problems: &mut Vec<Problem>) {
        let mut wrong = |wrong| {
            problems.push(Problem {
                field: at.to_owned(),
                wrong,
            });
        };
        let (shared, kind) = (self.resolve(node), self.kind(node));
        if !fits(kind, self.wire(node), value) {
            return wrong(Wrong::Type(kind));
        }
        let values = if node.values.is_empty() {
            &shared.values
        } else {
            &node.values
        };
        let free = values.is_empty() || node.open || shared.open;
        if !(free || values.iter().any(|known| same(&known.value, value))) {
            let allowed = values.iter().map(|known| plain(&known.value)).collect();
            return wrong(Wrong::NotAllowed(allowed));
        }
        let (least, most) = (node.least.or(shared.least), node.most.or(shared.most));
        if let (Some(size), true) = (
            size(value, shared.bytes || node.bytes),
            least.is_some() || most.is_some(),
        ) {
            let counted = !value.is_number();
            if most.is_some_and(|most| size > most) {
                let most = most.unwrap_or_default();
                wrong(if counted {
                    Wrong::TooLong(most)
                } else {
                    Wrong::TooLarge(most)
                });
            } else if least.is_some_and(|least| size < least) {
                let least = least.unwrap_or_default();
                wrong(if counted {
                    Wrong::TooShort(least)
                } else {
                    Wrong::TooSmall(least)
                });
            }
        }
        match value {
            Value::Object(_) if !shared.fields.is_empty() => {
                self.look_into(shared, value, at, problems);
            }
            Value::Array(items) => {
                let Some(item) = &shared.item else { return };
                for (index, value) in items.iter().enumerate() {
                    self.look(item, value, &format!("{at}[{index}]"), problems);
                }
            }
            _ => {}
        }
    }

    fn look_into(&self, node: &Node, value: &Value, at: &str, problems: &mut Vec<Problem>) {
        let Some(object) = value.as_object() else {
            return;
        };
        let below = |name: &str| match at {
            "" => name.to_owned(),
            at => format!("{at}.{name}"),
        };
        for field in &node.fields {
            match object.get(&field.name) {
                Some(value) => self.look(field, value, &below(&field.name), problems),
                None if field.required => problems.push(Problem {
                    field: below(&field.name),
                    wrong: Wrong::Missing,
                }),
                None => {}
            }
        }
        for group in &node.one_of {
            // `from+to` stands for both of them.
            let has = |names: &String| names.split('+').all(|name| object.contains_key(name));
            if !group.iter().any(has) {
                problems.push(Problem {
                    field: at.to_owned(),
                    wrong: Wrong::NoneOf(group.clone()),
                });
            }
        }
        for name in object.keys() {
            if !node.fields.iter().any(|field| field.name == *name) {
                problems.push(Problem {
                    field: below(name),
                    wrong: Wrong::Unknown,
                });
            }
        }
    }
}

fn fits(kind: Kind, wire: Wire, value: &Value) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let in_quotes = value.as_str().is_some_and(digits);
    match kind {
        Kind::Any => true,
        Kind::Object => value.is_object(),
        Kind::List => value.is_array(),
        Kind::Text => value.is_string(),
        Kind::Integer => value.is_i64() || value.is_u64(),
        Kind::Fen | Kind::Seconds | Kind::Millis | Kind::SecondsLeft => match wire {
            Wire::Number => value.is_i64() || value.is_u64(),
            Wire::Text => in_quotes,
            Wire::Either => value.is_i64() || value.is_u64() || in_quotes,
        },
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Loose => value.is_number() || value.is_string() || value.is_boolean(),
        Kind::Id => value.is_u64() || in_quotes,
        Kind::Time => value
            .as_str()
            .is_some_and(|text| crate::types::ChinaTime(text.to_owned()).unix().is_some()),
    }
}

/// Whether a value is one of an enumeration: numbers come in quotes now and then.
pub fn same(known: &Value, value: &Value) -> bool {
    known == value || plain(known) == plain(value)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn size(value: &Value, bytes: bool) -> Option<i64> {
    match value {
        Value::String(text) if bytes => i64::try_from(text.len()).ok(),
        Value::String(text) => i64::try_from(text.chars().count()).ok(),
        Value::Array(items) => i64::try_from(items.len()).ok(),
        Value::Number(number) => number.as_i64(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::by_path;
    use serde_json::json;

    fn problems(path: &str, body: &Value) -> Vec<String> {
        let (book, operation) = by_path(path).expect("a known path");
        let request = operation.request.as_ref().expect("a body");
        let found = book.check(request, body);
        found
            .iter()
            .map(|problem| problem.text().to_string())
            .collect()
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let found = problems(
            "/shop/order/get_list",
            &json!({"page": "1", "page_size": 20, "colour": "red"}),
        );
        assert!(
            found.contains(&"page must be a whole number".to_owned()),
            "{found:?}"
        );
        assert!(
            found.contains(&"colour is not a field of this call".to_owned()),
            "{found:?}"
        );
    }

    #[test]
    fn fields_deep_inside_are_named_by_their_path() {
        let body = json!({"out_order_id": "A1", "order_detail": {"product_infos": [{"product_cnt": 1.5}]}});
        let found = problems("/shop/order/add", &body);
        assert!(
            found.contains(
                &"order_detail.product_infos[0].product_cnt must be a whole number".to_owned()
            ),
            "{found:?}"
        );
        assert!(found.contains(&"openid is missing".to_owned()), "{found:?}");
    }
}
