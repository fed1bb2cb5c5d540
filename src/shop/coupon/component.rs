//! Coupons of the custom component: how one is asked for, and how a draft is made of options, a file and what is now.

use super::{Copy, Coupon, Options};
use crate::api::component::coupon::{
    copy as read_copy, coupon, draft, kind_number, validity_number,
};
use crate::api::json::{object, put, put_missing};
use crate::lang::Text;
use crate::model::coupon::{Kind, MOST_PRODUCTS, Wrong};
use crate::shop::Shop;
use crate::shop::pass_through::coupon::SHOW;
use crate::shop::reading::Fetched;
use crate::text;
use anyhow::Result;
use serde_json::{Value, json};

/// Where a coupon is offered; Channels live rooms are the only place that is known.
const LIVE: i64 = 4;

pub(super) async fn get(shop: &Shop, number: &str) -> Result<Fetched<Coupon>> {
    let body = json!({"out_coupon_id": number});
    let mut reply = shop.read("/shop/coupon/get", &body).await?;
    let record = reply.pointer_mut("/result/coupon").map(Value::take);
    let record = record
        .filter(Value::is_object)
        .ok_or_else(|| SHOW.without())?;
    Ok(Fetched {
        value: coupon(&record),
        record,
        unread: Vec::new(),
    })
}

/// The copy with these numbers among those of a buyer.
pub(super) async fn copy(
    shop: &Shop,
    openid: &str,
    coupon: &str,
    number: &str,
) -> Result<Option<Copy>> {
    let rows = shop
        .read_list(
            "/shop/coupon/get_usercoupon_list",
            &json!({"openid": openid}),
            "result_list",
        )
        .await?;
    Ok(rows.iter().find_map(|row| read_copy(row, coupon, number)))
}

/// The coupon of a file, whether the file holds the whole request or only the coupon.
pub(super) fn block(mut file: Value) -> Value {
    match file.get_mut("coupon").map(Value::take) {
        Some(coupon) => coupon,
        None => file,
    }
}

/// What is now, with what was given laid over it.
pub(super) fn changed(mut now: Value, given: Value, options: &Options) -> Value {
    forget(&mut now);
    settle(&mut now, options);
    overlay(&mut now, given);
    now
}

/// Takes out what WeChat tells of a coupon but does not take.
fn forget(coupon: &mut Value) {
    for name in ["appid", "status", "update_time", "create_time"] {
        if let Some(fields) = coupon.as_object_mut() {
            fields.shift_remove(name);
        }
    }
    if let Some(Value::Object(info)) = coupon.get_mut("coupon_info") {
        info.shift_remove("ext_info");
    }
    // 0 stands for what was never said.
    if let Some(Value::Object(taking)) = coupon.pointer_mut("/coupon_info/receive_info") {
        taking.retain(|_, value| value != &json!(0));
    }
}

/// Takes out what an option replaces by something of another kind.
fn settle(coupon: &mut Value, options: &Options) {
    let mut drop = |pointer: &str, names: &[&str]| {
        if let Some(fields) = coupon.pointer_mut(pointer).and_then(Value::as_object_mut) {
            fields.retain(|name, _| !names.contains(&name.as_str()));
        }
    };
    if options.off {
        drop("/coupon_info/discount_info", &["discount_num"]);
    }
    if options.pays {
        drop("/coupon_info/discount_info", &["discount_fee"]);
    }
    if options.whole_shop {
        drop(
            "/coupon_info/discount_info/discount_condition",
            &["out_product_ids"],
        );
    }
    if options.fixed {
        drop(
            "/coupon_info/valid_info",
            &["valid_day_num", "valid_second"],
        );
    }
    if options.days {
        drop(
            "/coupon_info/valid_info",
            &["valid_second", "start_time", "end_time"],
        );
    }
    if options.seconds {
        drop(
            "/coupon_info/valid_info",
            &["valid_day_num", "start_time", "end_time"],
        );
    }
}

/// Lays the fields of one object over those of another, at any depth.
fn overlay(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                overlay(below.entry(name).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

/// The coupon that options and a base make, with everything that follows from them.
pub(super) fn made(out_coupon_id: &str, mut coupon: Value, options: &Options) -> Value {
    put(&mut coupon, "out_coupon_id", out_coupon_id.into());
    put_missing(&mut coupon, "promote_type", LIVE.into());
    let said = draft(&coupon);
    if options.discount || !said.says_kind {
        let was_for_all = !options.products && said.kind.is_some_and(|kind| kind.whole_shop);
        let whole_shop = options.whole_shop || was_for_all;
        if let Some(gives) = said.gives() {
            let kind = kind_number(Kind { gives, whole_shop });
            put(&mut coupon, "type", kind.into());
        }
    }
    let info = object(&mut coupon, "coupon_info");
    object(object(info, "discount_info"), "discount_condition");
    put_missing(object(info, "promote_info"), "promote_type", LIVE.into());
    let valid = object(info, "valid_info");
    if let Some(validity) = said.reckons_by() {
        put(valid, "valid_type", validity_number(validity).into());
    }
    coupon
}

/// Everything that is wrong with a coupon beyond the types of its fields.
pub(super) fn problems(coupon: &Value) -> Vec<Text> {
    draft(coupon).wrong().iter().map(words).collect()
}

fn words(wrong: &Wrong) -> Text {
    match wrong {
        Wrong::NoName => text!("{option} is missing", option = "--name"),
        Wrong::NoDiscount => text!("missing discount: --off or --pays"),
        Wrong::NoValidity => text!(
            "missing validity: --valid-days, --valid-seconds, or --valid-from with --valid-until"
        ),
        Wrong::NoProducts => text!("a product coupon needs at least one product"),
        Wrong::NeedlessProducts => text!("a coupon for the whole shop must not list products"),
        Wrong::TooManyProducts(count) => text!(
            "a coupon can have at most {most} products; this one has {count}",
            most = MOST_PRODUCTS,
            count = *count
        ),
        Wrong::NoShare => text!("this kind of coupon needs the share that buyers pay"),
        Wrong::NoAmountOff => text!("this kind of coupon needs the amount off in yuan"),
        Wrong::NoTradeIn => text!("a trade-in coupon needs {field}", field = "tradein_info"),
        Wrong::NoBuyGet => text!("a buy-and-get coupon needs {field}", field = "buyget_info"),
        Wrong::NoThreshold => {
            text!("this kind of coupon needs a minimum amount or number of pieces")
        }
        Wrong::NothingOff => text!("the amount off must be more than 0"),
        Wrong::OffTooMuch => text!("the amount off must be less than the minimum amount"),
        Wrong::NoCopies => text!("the number of coupons must be at least 1"),
        Wrong::MorePerBuyerThanAll => {
            text!("the limit per buyer cannot exceed the number of coupons")
        }
        Wrong::TakingBackwards => {
            text!(
                "{what} ends before it begins",
                what = text!("the time of taking")
            )
        }
        Wrong::NoSpan => text!("a fixed validity needs a beginning and an end"),
        Wrong::NoDays => text!("the validity must be at least 1 day"),
        Wrong::NoSeconds => text!("the validity must be at least 1 second"),
        Wrong::ValidityBackwards => {
            text!("{what} ends before it begins", what = text!("the validity"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::sample::requested;
    use serde_json::json;

    #[test]
    fn the_kind_follows_from_what_a_coupon_says() {
        let coupon = |discount: Value| {
            let coupon = json!({"coupon_info": {"discount_info": discount}});
            requested("/shop/coupon/add", "coupon", coupon)
        };
        let over = json!({"product_price": 9900});
        for (discount, product, shop) in [
            (
                json!({"discount_num": 5100, "discount_condition": over}),
                Some(1),
                Some(101),
            ),
            (
                json!({"discount_fee": 500, "discount_condition": over}),
                Some(2),
                Some(102),
            ),
            (json!({"discount_num": 5100}), Some(3), Some(103)),
            (json!({"discount_fee": 500}), Some(4), Some(104)),
            (json!({}), None, None),
            (
                json!({"discount_fee": 500, "discount_num": 5100}),
                None,
                None,
            ),
        ] {
            let kind = |whole_shop| {
                let gives = draft(&coupon(discount.clone())).gives()?;
                Some(kind_number(Kind { gives, whole_shop }))
            };
            assert_eq!(kind(false), product, "{discount}");
            assert_eq!(kind(true), shop, "{discount}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let coupon = json!({"type": 2, "coupon_info": {"name": "x",
            "discount_info": {"discount_fee": 500, "discount_condition": {"product_price": 500}},
            "receive_info": {"total_num": 1, "limit_num_one_person": 2, "start_time": 9, "end_time": 8},
            "valid_info": {"valid_type": 1, "start_time": 5, "end_time": 5}}});
        let coupon = requested("/shop/coupon/add", "coupon", coupon);
        let found: Vec<String> = problems(&coupon).iter().map(Text::to_string).collect();
        assert_eq!(
            found,
            [
                "a product coupon needs at least one product",
                "the amount off must be less than the minimum amount",
                "the limit per buyer cannot exceed the number of coupons",
                "the time of taking ends before it begins",
                "the validity ends before it begins",
            ]
        );
    }
}
