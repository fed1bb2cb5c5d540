//! What a request is about, as the request itself names it.

use serde_json::Value;

/// Where a request names what it is about, the likelier first.
const NAMED: [&str; 9] = [
    "/out_order_id",
    "/order_id",
    "/coupon/out_coupon_id",
    "/out_user_coupon_id",
    "/user_coupon/out_user_coupon_id",
    "/out_coupon_id",
    "/trade_no",
    "/out_aftersale_id",
    "/mch_id",
];

/// What a request is about, as it names it; empty where it names nothing.
pub fn named(body: &Value) -> String {
    let mut found = NAMED.iter().filter_map(|pointer| body.pointer(pointer));
    match found.next() {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A command with what a request names in the places that stand for it.
pub fn filled(command: &str, body: &Value) -> String {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    let mut words: Vec<String> = command
        .split(' ')
        .map(|word| {
            let value = match word {
                "ORDER" => Some(named(body)),
                "OPENID" | "WHO" => text("/openid").map(str::to_owned),
                _ => None,
            };
            value
                .filter(|value| !value.is_empty())
                .unwrap_or_else(|| word.to_owned())
        })
        .collect();
    let last = match command {
        "pay show" => text("/trade_no"),
        "aftersale show" => text("/out_aftersale_id"),
        _ => None,
    };
    words.extend(last.map(str::to_owned));
    words.join(" ")
}
