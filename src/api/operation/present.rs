//! A reply as this program prints it: ids as text, times as RFC 3339, and what tells who a person is masked.

use super::{Book, Kind, Node, Reference};
use crate::types::{ChinaTime, rfc3339, rfc3339_millis};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::OnceLock;

/// Beyond this a reader that keeps numbers as doubles damages them.
const EXACT: u64 = 1 << 53;

/// `reply` without its envelope, ids as text, times as RFC 3339 in China time, money left as fen. A time of 0 means
/// "none" and becomes null. What the reference does not know stays as it came.
pub fn present(book: &Book, node: &Node, mut reply: Value) -> Value {
    if let Some(object) = reply.as_object_mut() {
        object.shift_remove("errcode");
        object.shift_remove("errmsg");
    }
    book.turn(node, &mut reply);
    reply
}

impl Book {
    fn turn(&self, node: &Node, value: &mut Value) {
        let shared = self.resolve(node);
        match value {
            Value::Object(object) => {
                for (name, value) in object.iter_mut() {
                    match shared.fields.iter().find(|field| field.name == *name) {
                        Some(field) => self.turn(field, value),
                        None => spell_out(value),
                    }
                }
            }
            Value::Array(items) => match &shared.item {
                Some(item) => items.iter_mut().for_each(|value| self.turn(item, value)),
                // One row may stand where a list of rows is announced, and the other way round.
                None => items.iter_mut().for_each(|value| self.turn(node, value)),
            },
            scalar => {
                if let Some(turned) = readable(self.kind(node), scalar) {
                    *scalar = turned;
                }
            }
        }
    }
}

fn readable(kind: Kind, value: &Value) -> Option<Value> {
    let number = || {
        value
            .as_i64()
            .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
    };
    match kind {
        Kind::Id => (value.is_u64() || value.is_i64()).then(|| value.to_string().into()),
        Kind::Seconds | Kind::Millis => number().map(|at| match (at, kind) {
            (0, _) => Value::Null,
            (at, Kind::Millis) => rfc3339_millis(at).into(),
            (at, _) => rfc3339(at).into(),
        }),
        Kind::Time => value
            .as_str()
            .map(|text| ChinaTime(text.to_owned()).rfc3339().into()),
        _ if value.as_u64().is_some_and(|number| number > EXACT) => Some(value.to_string().into()),
        _ => None,
    }
}

/// Numbers too large for doubles become text wherever they stand.
fn spell_out(value: &mut Value) {
    match value {
        Value::Object(object) => object.values_mut().for_each(spell_out),
        Value::Array(items) => items.iter_mut().for_each(spell_out),
        scalar => {
            if let Some(turned) = readable(Kind::Any, scalar) {
                *scalar = turned;
            }
        }
    }
}

/// The names under which a book has what tells who a person is. Only where no operation says what a value is.
fn personal_names() -> &'static HashSet<&'static str> {
    static NAMES: OnceLock<HashSet<&'static str>> = OnceLock::new();
    fn walk(node: &'static Node, names: &mut HashSet<&'static str>) {
        if node.personal && !COMMON.contains(&node.name.as_str()) {
            names.insert(&node.name);
        }
        node.fields.iter().for_each(|field| walk(field, names));
        if let Some(item) = &node.item {
            walk(item, names);
        }
    }
    NAMES.get_or_init(|| {
        let mut names = HashSet::new();
        for book in Reference::ALL.map(Reference::book) {
            book.types.values().for_each(|node| walk(node, &mut names));
            for operation in &book.operations {
                operation
                    .request
                    .iter()
                    .chain([&operation.reply])
                    .for_each(|node| walk(node, &mut names));
            }
        }
        names
    })
}

/// Names that a person's value shares with most things.
const COMMON: [&str; 4] = ["name", "address", "street", "detail"];

/// Whether a field of this name tells who a person is, of which nothing else is known.
pub fn is_personal(name: &str) -> bool {
    personal_names().contains(name)
}

/// Masks by the names of fields what no operation describes.
pub fn mask_by_name(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object.iter_mut() {
                match value {
                    Value::String(text) if is_personal(name) => *text = masked(text),
                    other => mask_by_name(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_by_name),
        _ => {}
    }
}

impl Book {
    /// Masks what tells who a person is, as it is declared of each value: `138****0000`, `张**`. What the reference does
    /// not know is masked by its name.
    pub fn mask(&self, node: &Node, value: &mut Value) {
        let shared = self.resolve(node);
        match value {
            Value::Object(object) => {
                for (name, value) in object.iter_mut() {
                    match shared.fields.iter().find(|field| field.name == *name) {
                        Some(field) => self.mask(field, value),
                        None => match value {
                            Value::String(text) if is_personal(name) => *text = masked(text),
                            other => mask_by_name(other),
                        },
                    }
                }
            }
            Value::Array(items) => {
                let item = shared.item.as_deref().unwrap_or(node);
                items.iter_mut().for_each(|value| self.mask(item, value));
            }
            Value::String(text) if node.personal => *text = masked(text),
            _ => {}
        }
    }
}

/// One text that tells who a person is, masked.
pub fn masked(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    match letters.len() {
        0 => String::new(),
        8.. if text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            let head: String = letters[..3].iter().collect();
            let tail: String = letters[letters.len() - 4..].iter().collect();
            format!("{head}****{tail}")
        }
        _ => format!("{}**", letters[0]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::by_path;
    use serde_json::json;

    #[test]
    fn ids_become_text_and_times_rfc3339() {
        let (book, operation) = by_path("/shop/order/get").expect("a known path");
        let reply = json!({"errcode": 0, "errmsg": "ok", "order": {
            "order_id": 3302645269677080832u64, "create_time": "2022-04-01 12:00:00", "expire_time": 1648789200,
            "receive_time": 0, "later": {"id": 9302645269677080832u64},
            "order_detail": {"price_info": {"order_price": 9900}}}});
        assert_eq!(
            present(book, &operation.reply, reply),
            json!({"order": {
                "order_id": "3302645269677080832", "create_time": "2022-04-01T12:00:00+08:00",
                "expire_time": "2022-04-01T13:00:00+08:00", "receive_time": null,
                "later": {"id": "9302645269677080832"},
                "order_detail": {"price_info": {"order_price": 9900}}}})
        );
    }

    #[test]
    fn the_part_of_a_second_is_kept_and_what_a_cashier_signs_is_left_alone() {
        let (book, operation) = by_path("/shop/ecaftersale/get").expect("a known path");
        let reply = json!({"after_sales_order": {"create_time": 1650876295006i64}});
        assert_eq!(
            present(book, &operation.reply, reply),
            json!({"after_sales_order": {"create_time": "2022-04-25T16:44:55.006+08:00"}})
        );
        for path in ["/shop/order/getpaymentparams", "/shop/pay/createorder"] {
            let (book, operation) = by_path(path).expect("a known path");
            let reply = json!({"payment_params": {"timeStamp": 1639124652, "paySign": "S"}});
            assert_eq!(
                present(book, &operation.reply, reply.clone()),
                reply,
                "{path}"
            );
        }
    }

    #[test]
    fn money_and_times_of_a_store_are_no_ids() {
        let kind = |path: &str, field: &str| {
            let (book, operation) = by_path(path).expect("a known path");
            book.kind(book.at(&operation.reply, field).expect("a known field"))
        };
        let overall = "/channels/ec/compass/shop/overall/get";
        for field in ["pay_gmv", "pay_refund_gmv", "live_pay_gmv", "feed_pay_gmv"] {
            assert_eq!(
                kind(overall, &format!("data.{field}")),
                Kind::Fen,
                "{field}"
            );
        }
        let order = "/channels/ec/order/get";
        for field in ["ship_done_time", "address_apply_time"] {
            let field = format!("order.order_detail.delivery_info.{field}");
            assert_eq!(kind(order, &field), Kind::Seconds, "{field}");
        }
        let flow = "/channels/ec/product/stock/getflow";
        let amount = "data.stock_flow_info_list.amount";
        assert_eq!(kind(flow, amount), Kind::Integer);
    }

    #[test]
    fn people_are_masked_and_what_is_called_like_them_is_not() {
        let masked = |path: &str, mut value: Value| {
            let (book, operation) = by_path(path).expect("a known path");
            book.mask(&operation.reply, &mut value);
            value
        };
        let order = |name: &str, phone: &str| {
            json!({"order": {"order_detail": {"delivery_detail": {}},
                "address_info": {"receiver_name": name, "tel_number": phone, "city": "广州"}}})
        };
        assert_eq!(
            masked("/shop/order/get", order("张三丰", "13800000000")),
            order("张**", "138****0000")
        );
        let list = |name: &str| json!({"promoter_list": [{"openid": "o1", "name": name, "role_info": {"name": "导购"}}]});
        assert_eq!(masked("/promoter/getpromoter", list("李四")), list("李**"));
        // The account's own number.
        let account = json!({"authorizer_info": {"user_name": "gh_0123456789ab"}});
        let path = "/cgi-bin/component/api_get_authorizer_info";
        assert_eq!(masked(path, account.clone()), account);
        // What no reference knows.
        let mut unknown = json!({"later": {"tel_number": "13800000000", "name": "shop"}});
        mask_by_name(&mut unknown);
        assert_eq!(
            unknown,
            json!({"later": {"tel_number": "138****0000", "name": "shop"}})
        );
    }
}
