//! What is said where WeChat's answer holds nothing to show: what was done, and to what; and of a list, what there is
//! none of.

use crate::lang::Text;
use crate::shop::pass_through::Ask;
use crate::text;
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

/// The sentence for a write that was done.
pub fn sentence(ask: &Ask, body: &Value) -> Text {
    let what = named(body);
    let other = || text!("done: {command}", command = ask.command);
    if what.is_empty() {
        return match ask.command {
            "access apply" => text!("applied for the component; an administrator has to sign next"),
            "access finish" => text!("reported as finished; see `wxsell access status`"),
            "coupon confirm" => text!("confirmed: coupons can be added now"),
            "commission add" => text!("the receiver can get commissions now"),
            "commission remove" => text!("the receiver gets no more commissions"),
            "commission set" => text!("the commissions of the order are set"),
            "funds bank-account set" => {
                text!("the bank account is set; see `wxsell funds bank-account show`")
            }
            "promoter role update" => text!("the role was changed"),
            "promoter update" => text!("the person was changed"),
            "sharer mode" => text!("the share mode was set"),
            "aftersale deadline" => text!("the deadline was set"),
            "pay close" => text!("the payment is closed; nobody can pay it any more"),
            _ => other(),
        };
    }
    match ask.command {
        "order close" => text!("{what} closed; the buyer cannot pay it any more", what),
        "order pay" => text!("{what}: payment reported", what),
        "order change-price" => text!("{what}: price changed", what),
        "order update-address" => text!("{what}: address changed", what),
        "delivery receive" => text!("{what} received", what),
        "commission set" => text!("{what}: commissions set", what),
        "coupon add" => text!(
            "coupon {what} added; nobody can take it before `wxsell coupon status {what} in-force`",
            what
        ),
        "coupon update" => text!("coupon {what} changed", what),
        "coupon status" => text!(
            "coupon {what}: status changed; see `wxsell coupon show {what}`",
            what
        ),
        "coupon stock" => text!("coupon {what}: stock reported", what),
        "coupon user add" => text!("coupon copy {what} added", what),
        "coupon user update" => text!("coupon copy {what} changed", what),
        "coupon user status" => text!("coupon copy {what}: status changed", what),
        "pay close" => text!("payment {what} closed; nobody can pay it any more", what),
        "aftersale deadline" => text!("{what}: deadline set", what),
        _ => other(),
    }
}

/// What a list without rows says; `None` where the command has words of its own.
pub fn nothing(ask: &Ask) -> Text {
    match ask.command {
        "coupon list" | "coupon user list" => text!("no coupons"),
        "pay list" => text!("no payments in this time"),
        "funds flows" => text!("no transactions in this time; --since reaches further back"),
        "funds withdrawals" => text!("no withdrawals yet"),
        "funds banks" | "funds branches" => text!("no bank matches"),
        "commission receivers" => text!("no receivers yet; add one with `wxsell commission add`"),
        "promoter list" => {
            text!("no promoters yet; `wxsell promoter add --help` says how to add them")
        }
        "promoter role list" => text!("no roles yet; add one with `wxsell promoter role add NAME`"),
        "promoter orders" | "sharer orders" => text!("no orders match"),
        "promoter relations" => text!("no visits in this time"),
        "sharer list" => text!("no sharers yet; invite one with `wxsell sharer bind OPENID`"),
        "sharer lives" => text!("no live rooms yet"),
        "category list" => text!("no category matches"),
        "category mine" => text!("no categories yet; ask for one with `wxsell category apply`"),
        "brand mine" => text!("no brands yet; register one with `wxsell brand apply`"),
        "delivery companies" => text!("no carrier matches"),
        _ => text!("nothing found"),
    }
}
