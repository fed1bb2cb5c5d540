//! A reply brought into the form that the reference gives it. WeChat quotes numbers now and then, sends null for an
//! empty list and one object for a list of one; what means the same is made the same, and the rest is named.

use super::{Book, Kind, Node, Wire};
use crate::lang::Text;
use crate::text;
use crate::types::ChinaTime;
use serde_json::{Number, Value};

/// A value that has another form than documented and could not be brought into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlike {
    /// `spus[1].title`
    pub field: String,
    /// `/spus/1/title`
    pub pointer: String,
    /// What it should be.
    pub kind: Kind,
}

/// How many fields a sentence names.
const NAMED: usize = 5;

/// What could not be read of a reply, for people; `None` where everything could.
pub fn unlike_text(path: &str, unlike: &[Unlike]) -> Option<Text> {
    let names: Vec<&str> = unlike
        .iter()
        .take(NAMED)
        .map(|unlike| &*unlike.field)
        .collect();
    let names = names.join(", ");
    match unlike.len() {
        0 => None,
        count if count > NAMED => Some(text!(
            "the reply of {path} has fields of a different type than documented, which are not read: {names} and {more} more",
            path,
            names,
            more = count - NAMED
        )),
        _ => Some(text!(
            "the reply of {path} has fields of a different type than documented, which are not read: {names}",
            path,
            names
        )),
    }
}

impl Book {
    /// Brings `reply` into the form of `node`; gives what could not be, which stays as it came. Fields that the
    /// reference does not know are not looked at.
    pub fn conform(&self, node: &Node, reply: &mut Value) -> Vec<Unlike> {
        let mut unlike = Vec::new();
        let mut at = At::default();
        self.bring(node, reply, &mut at, &mut unlike);
        unlike
    }

    /// Brings what people wrote into the JSON type of each field of a request, where it means the same: a number in
    /// quotes, `true` for 1, a number where the platform wants its digits in quotes. Everything else stays.
    pub fn adapt(&self, node: &Node, request: &mut Value) {
        let (shared, kind) = (self.resolve(node), self.kind(node));
        match request {
            Value::Object(object) => {
                for (name, value) in object.iter_mut() {
                    if let Some(field) = shared.fields.iter().find(|field| field.name == *name) {
                        self.adapt(field, value);
                    }
                }
            }
            Value::Array(items) => {
                if let Some(item) = &shared.item {
                    items.iter_mut().for_each(|value| self.adapt(item, value));
                }
            }
            Value::Null => {}
            Value::String(text) if text.trim().is_empty() => {}
            scalar => match (kind, self.wire(node)) {
                (Kind::List | Kind::Object | Kind::Time, _) => {}
                (Kind::Fen | Kind::Seconds | Kind::Millis | Kind::SecondsLeft, Wire::Text) => {
                    shape(Kind::Text, Wire::Text, scalar);
                }
                (Kind::Seconds | Kind::Millis | Kind::SecondsLeft | Kind::Fen, Wire::Either) => {}
                // An amount or a moment is never guessed from other words.
                (Kind::Fen | Kind::Seconds | Kind::Millis | Kind::SecondsLeft, Wire::Number) => {
                    if let Some(number) = integer(scalar) {
                        *scalar = number;
                    }
                }
                (kind, wire) => {
                    shape(kind, wire, scalar);
                }
            },
        }
    }

    fn bring(&self, node: &Node, value: &mut Value, at: &mut At, unlike: &mut Vec<Unlike>) {
        let (shared, kind) = (self.resolve(node), self.kind(node));
        if !shape(kind, self.wire(node), value) {
            unlike.push(Unlike {
                field: at.field.clone(),
                pointer: at.pointer.clone(),
                kind,
            });
            return;
        }
        match value {
            Value::Object(object) if !shared.fields.is_empty() => {
                for (name, value) in object.iter_mut() {
                    // Many fields have no kind of their own: only what is known is looked up.
                    if let Some(field) = shared.fields.iter().find(|field| field.name == *name) {
                        let before = at.enter(name);
                        self.bring(field, value, at, unlike);
                        at.leave(before);
                    }
                }
            }
            Value::Array(items) => {
                // Rows where one object is announced are read as rows.
                let item = shared.item.as_deref().unwrap_or(node);
                let of_objects = self.kind(item) == Kind::Object;
                items.retain(|value| !(of_objects && value.is_null()));
                for (index, value) in items.iter_mut().enumerate() {
                    let before = at.enter_item(index);
                    self.bring(item, value, at, unlike);
                    at.leave(before);
                }
            }
            _ => {}
        }
    }
}

/// Where in the reply a value stands.
#[derive(Default)]
struct At {
    field: String,
    pointer: String,
}

impl At {
    fn enter(&mut self, name: &str) -> (usize, usize) {
        let before = (self.field.len(), self.pointer.len());
        if !self.field.is_empty() {
            self.field.push('.');
        }
        self.field.push_str(name);
        self.pointer.push('/');
        self.pointer
            .push_str(&name.replace('~', "~0").replace('/', "~1"));
        before
    }

    fn enter_item(&mut self, index: usize) -> (usize, usize) {
        let before = (self.field.len(), self.pointer.len());
        self.field.push_str(&format!("[{index}]"));
        self.pointer.push_str(&format!("/{index}"));
        before
    }

    fn leave(&mut self, before: (usize, usize)) {
        self.field.truncate(before.0);
        self.pointer.truncate(before.1);
    }
}

/// Gives a value the JSON type of its kind, where it means the same; false where it does not. "Nothing" fits every
/// kind, and is an empty list where a list is announced.
fn shape(kind: Kind, wire: Wire, value: &mut Value) -> bool {
    if kind == Kind::List {
        match value {
            Value::Array(_) => {}
            Value::Null => *value = Value::Array(Vec::new()),
            Value::String(text) if text.trim().is_empty() => *value = Value::Array(Vec::new()),
            one => *one = Value::Array(vec![one.take()]),
        }
        return true;
    }
    if value.is_null() {
        return true;
    }
    let blank = value.as_str().is_some_and(|text| text.trim().is_empty());
    let brought = match kind {
        Kind::Any | Kind::Loose | Kind::List => return true,
        Kind::Object => return value.is_object() || value.is_array() || blank,
        Kind::Integer | Kind::Fen => integer(value).or_else(|| {
            let flag = value.as_bool();
            flag.map(|flag| i64::from(flag).into())
        }),
        Kind::Id if wire == Wire::Number => integer(value),
        // Digits, quoted or not.
        Kind::Id => match value {
            Value::String(text) if !blank => Some(text.trim().into()),
            Value::Number(number) if wire == Wire::Text => Some(number.to_string().into()),
            Value::Number(number) => Some(Value::Number(number.clone())),
            _ => None,
        },
        Kind::SecondsLeft => integer(value),
        Kind::Seconds => integer(value).or_else(|| moment(value, 1)),
        Kind::Millis => integer(value).or_else(|| moment(value, 1000)),
        Kind::Number => match value {
            Value::Number(number) => Some(Value::Number(number.clone())),
            Value::String(text) => text
                .trim()
                .parse()
                .ok()
                .and_then(Number::from_f64)
                .map(Value::Number)
                .or_else(|| integer(value)),
            _ => None,
        },
        Kind::Text => match value {
            Value::String(_) => return true,
            Value::Number(number) => Some(number.to_string().into()),
            Value::Bool(flag) => Some(flag.to_string().into()),
            _ => None,
        },
        Kind::Time => match value {
            Value::String(_) => return true,
            Value::Number(number) => number
                .as_i64()
                .map(|at| ChinaTime::from_unix(seconds(at)).0.into()),
            _ => None,
        },
        Kind::Boolean => match value {
            Value::Bool(flag) => Some((*flag).into()),
            Value::Number(number) => match number.as_i64() {
                Some(0) => Some(false.into()),
                Some(1) => Some(true.into()),
                _ => None,
            },
            Value::String(text) => match text.trim() {
                "0" | "false" => Some(false.into()),
                "1" | "true" => Some(true.into()),
                _ => None,
            },
            _ => None,
        },
    };
    match brought {
        Some(brought) => {
            *value = brought;
            true
        }
        // No number is what an empty text stands for.
        None if blank => {
            *value = Value::Null;
            true
        }
        None => false,
    }
}

/// A whole number, quoted or not.
fn integer(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) if number.is_i64() || number.is_u64() => {
            Some(Value::Number(number.clone()))
        }
        Value::Number(number) => number
            .as_f64()
            .filter(|number| number.fract() == 0.0 && number.abs() < 9e15)
            .map(|number| (number as i64).into()),
        Value::String(text) => {
            let text = text.trim();
            let signed = text.parse::<i64>().map(Value::from);
            signed
                .or_else(|_| text.parse::<u64>().map(Value::from))
                .ok()
        }
        _ => None,
    }
}

/// A moment in words where a number is announced.
fn moment(value: &Value, factor: i64) -> Option<Value> {
    let text = value.as_str()?;
    let at = ChinaTime(text.trim().to_owned()).unix()?;
    at.checked_mul(factor).map(Value::from)
}

/// Milliseconds are told from seconds by their size: seconds of that size lie after the year 5000.
fn seconds(at: i64) -> i64 {
    if at.unsigned_abs() > 100_000_000_000 {
        at.div_euclid(1000)
    } else {
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::by_path;
    use serde_json::json;

    fn conformed(path: &str, mut reply: Value) -> (Value, Vec<String>) {
        let (book, operation) = by_path(path).expect("a known path");
        let unlike = book.conform(&operation.reply, &mut reply);
        (reply, unlike.into_iter().map(|it| it.field).collect())
    }

    #[test]
    fn numbers_in_quotes_are_numbers_and_the_other_way_round() {
        let (reply, unlike) = conformed(
            "/shop/order/get",
            json!({"errcode": 0, "order": {"order_id": "3300000000000000001", "out_order_id": 1234567890123u64,
                "status": "20", "create_time": "2022-04-01 12:00:00", "order_detail": {
                "product_infos": [{"out_product_id": 101, "product_cnt": "1", "sale_price": "100"}],
                "price_info": {"order_price": "100", "freight": ""}}}}),
        );
        assert_eq!(
            reply["order"],
            json!({"order_id": 3300000000000000001u64, "out_order_id": "1234567890123", "status": 20,
                "create_time": "2022-04-01 12:00:00", "order_detail": {
                "product_infos": [{"out_product_id": "101", "product_cnt": 1, "sale_price": 100}],
                "price_info": {"order_price": 100, "freight": null}}})
        );
        assert!(unlike.is_empty(), "{unlike:?}");
    }

    #[test]
    fn nothing_is_an_empty_list_and_one_object_a_list_of_one() {
        let (reply, _) = conformed("/shop/order/get_list", json!({"orders": null}));
        assert_eq!(reply["orders"], json!([]));
        let (reply, _) = conformed("/shop/order/get_list", json!({"orders": {"status": "20"}}));
        assert_eq!(reply["orders"], json!([{"status": 20}]));
        let (reply, _) = conformed(
            "/shop/ecaftersale/get_list",
            json!({"after_sales_orders": ["4000000001596225"]}),
        );
        assert_eq!(reply["after_sales_orders"], json!([4000000001596225u64]));
    }

    #[test]
    fn a_request_is_sent_in_the_form_of_the_reference() {
        let adapted = |path: &str, mut body: Value| {
            let (book, operation) = by_path(path).expect("a known path");
            book.adapt(operation.request.as_ref().expect("a body"), &mut body);
            body
        };
        assert_eq!(
            adapted(
                "/shop/funds/getsubbranch",
                json!({"city_code": "571", "bank_code": 1001})
            ),
            json!({"city_code": 571, "bank_code": "1001"})
        );
        // The platform refuses the number of a Store's after-sale as a number (47001), and a component's as text.
        assert_eq!(
            adapted(
                "/channels/ec/aftersale/getaftersaleorder",
                json!({"after_sale_order_id": 2000000012345678u64})
            ),
            json!({"after_sale_order_id": "2000000012345678"})
        );
        assert_eq!(
            adapted(
                "/shop/ecaftersale/get",
                json!({"aftersale_id": "4000000000000000001"})
            ),
            json!({"aftersale_id": 4000000000000000001u64})
        );
        let odd = json!({"city_code": "GZ", "offset": 1.5, "limit": null});
        assert_eq!(adapted("/shop/funds/getsubbranch", odd.clone()), odd);
    }

    #[test]
    fn what_cannot_be_read_is_named_and_stays() {
        let odd = json!({"orders": [{"status": "twenty", "order_id": {"low": 1}}, {"status": 20}]});
        let (reply, unlike) = conformed("/shop/order/get_list", odd.clone());
        assert_eq!(reply, odd);
        assert_eq!(unlike, ["orders[0].status", "orders[0].order_id"]);
        let words = unlike_text(
            "/shop/order/get_list",
            &[Unlike {
                field: "orders[0].status".into(),
                pointer: "/orders/0/status".into(),
                kind: Kind::Integer,
            }],
        );
        assert!(
            words
                .expect("words")
                .to_string()
                .contains("orders[0].status")
        );
    }
}
