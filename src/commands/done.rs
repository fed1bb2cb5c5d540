//! What is said where WeChat's answer holds nothing to show: what was done, and to what; and of a list, what there is
//! none of.

use crate::lang::Text;
use crate::shop::pass_through::Ask;
pub use crate::shop::pass_through::named::named;
use crate::text;
use serde_json::Value;

/// The sentence for a write that was done.
pub fn sentence(ask: &Ask, body: &Value) -> Text {
    let what = named(body);
    let other = || text!("done: {command}", command = ask.command);
    if what.is_empty() {
        return match ask.command {
            "access apply" => {
                text!("applied for the component; next, an administrator has to sign")
            }
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
            "goods audit-strategy set" => {
                text!("the switches are set; see `wxsell goods audit-strategy show`")
            }
            "pay close" => text!("the payment is closed and can no longer be paid"),
            _ => other(),
        };
    }
    match ask.command {
        "order close" => text!("{what} closed; the buyer can no longer pay it", what),
        "order pay" => text!("{what}: payment reported", what),
        "order change-price" => text!("{what}: price changed", what),
        "order update-address" => text!("{what}: address changed", what),
        "delivery receive" => text!("{what} received", what),
        "commission set" => text!("{what}: commissions set", what),
        "coupon add" => text!(
            "coupon {what} added; buyers can take it after `wxsell coupon status {what} in-force`",
            what
        ),
        "coupon update" => text!("coupon {what} changed", what),
        "coupon status" => text!(
            "coupon {what}: status changed; see `wxsell coupon show {what}`",
            what
        ),
        "coupon stock" => text!("coupon {what}: stock reported", what),
        "coupon user add" => text!("user coupon {what} added", what),
        "coupon user update" => text!("user coupon {what} changed", what),
        "coupon user status" => text!("user coupon {what}: status changed", what),
        "pay close" => text!("payment {what} closed; it can no longer be paid", what),
        "aftersale deadline" => text!("{what}: deadline set", what),
        _ => other(),
    }
}

/// What a list without rows says; `None` where the command has words of its own.
pub fn nothing(ask: &Ask) -> Text {
    match ask.command {
        "coupon list" | "coupon user list" => text!("no coupons"),
        "pay list" => text!("no payments in this time"),
        "funds flows" => text!("no transactions in this time; use --since to look further back"),
        "funds withdrawals" => text!("no withdrawals yet"),
        "funds banks" | "funds branches" => text!("no bank matches"),
        "commission receivers" => text!("no receivers yet; add one with `wxsell commission add`"),
        "promoter list" => {
            text!("no promoters yet; see `wxsell promoter add --help`")
        }
        "promoter role list" => text!("no roles yet; add one with `wxsell promoter role add NAME`"),
        "promoter orders" | "sharer orders" => text!("no orders match"),
        "promoter relations" => text!("no visits in this time"),
        "sharer list" => text!("no sharers yet; invite one with `wxsell sharer bind OPENID`"),
        "sharer lives" => text!("no live rooms yet"),
        "category list" => text!("no category matches"),
        "category mine" => text!("no categories yet; apply for one with `wxsell category apply`"),
        "brand mine" => text!("no brands yet; register one with `wxsell brand apply`"),
        "delivery companies" => text!("no carrier matches"),
        _ => text!("nothing found"),
    }
}
