//! What a coupon must say before it is sent, and where it may go from where it is.

use crate::lang::Text;
use crate::text;
use crate::types::share::Share;
use serde_json::Value;

/// Products that one coupon may name.
const MOST_PRODUCTS: usize = 128;

/// The kind that a coupon is of: 1–6 for products, 101–104 for the whole shop. A percentage (`discount_num`) with a
/// condition is 1, an amount (`discount_fee`) above a threshold 2, a percentage 3, an amount 4. `None` where neither
/// discount is there, or both are.
pub fn kind(coupon: &Value, whole_shop: bool) -> Option<i64> {
    let discount = &coupon["coupon_info"]["discount_info"];
    let condition = &discount["discount_condition"];
    let conditioned = is_there(&condition["product_price"]) || is_there(&condition["product_cnt"]);
    let percentage = is_there(&discount["discount_num"]);
    let base = match (percentage, is_there(&discount["discount_fee"]), conditioned) {
        (true, false, true) => 1,
        (false, true, true) => 2,
        (true, false, false) => 3,
        (false, true, false) => 4,
        _ => return None,
    };
    Some(if whole_shop { base + 100 } else { base })
}

/// Everything that is wrong with a coupon beyond the types of its fields.
pub fn problems(coupon: &Value) -> Vec<Text> {
    let mut problems = Vec::new();
    let info = &coupon["coupon_info"];
    discount(coupon, info, &mut problems);
    taking(&info["receive_info"], &mut problems);
    validity(&info["valid_info"], &mut problems);
    problems
}

fn discount(coupon: &Value, info: &Value, problems: &mut Vec<Text>) {
    let discount = &info["discount_info"];
    let condition = &discount["discount_condition"];
    let kind = coupon["type"].as_i64().unwrap_or_default();
    let products = condition["out_product_ids"].as_array().map_or(0, Vec::len);
    if kind != 0 && kind < 100 && products == 0 {
        problems.push(text!("a coupon for products names at least one product"));
    }
    if kind > 100 && products > 0 {
        problems.push(text!("a coupon for the whole shop names no products"));
    }
    if products > MOST_PRODUCTS {
        problems.push(text!(
            "a coupon names {most} products at most, this one {count}",
            most = MOST_PRODUCTS,
            count = products
        ));
    }
    let conditioned = is_there(&condition["product_price"]) || is_there(&condition["product_cnt"]);
    match kind % 100 {
        1 | 3 if !is_there(&discount["discount_num"]) => {
            problems.push(text!("a coupon of this kind says what share buyers pay"));
        }
        2 | 4 if !is_there(&discount["discount_fee"]) => {
            problems.push(text!(
                "a coupon of this kind says how many yuan it takes off"
            ));
        }
        5 if !is_there(&condition["tradein_info"]) => {
            problems.push(text!(
                "a trade-in coupon needs {field}",
                field = "tradein_info"
            ));
        }
        6 if !is_there(&condition["buyget_info"]) => {
            problems.push(text!(
                "a buy-and-get coupon needs {field}",
                field = "buyget_info"
            ));
        }
        _ => {}
    }
    if matches!(kind % 100, 1 | 2) && !conditioned {
        problems.push(text!(
            "a coupon of this kind says from what amount or number of pieces on"
        ));
    }
    let off = discount["discount_fee"].as_i64();
    if off.is_some_and(|off| off <= 0) {
        problems.push(text!("the amount off must be more than 0"));
    }
    if let (Some(off), Some(over)) = (off, condition["product_price"].as_i64())
        && off >= over
    {
        problems.push(text!(
            "the amount off must be less than the amount to reach"
        ));
    }
}

fn taking(taking: &Value, problems: &mut Vec<Text>) {
    let (total, each) = (
        taking["total_num"].as_i64(),
        taking["limit_num_one_person"].as_i64(),
    );
    if total.is_some_and(|total| total < 1) || each.is_some_and(|each| each < 1) {
        problems.push(text!("numbers of coupons begin at 1"));
    }
    if let (Some(total), Some(each)) = (total, each)
        && each > total
    {
        problems.push(text!("one buyer may not take more coupons than there are"));
    }
    order(taking, text!("the time of taking"), problems);
}

fn validity(valid: &Value, problems: &mut Vec<Text>) {
    match valid["valid_type"].as_i64() {
        Some(1) if !is_there(&valid["start_time"]) || !is_there(&valid["end_time"]) => {
            problems.push(text!("a fixed validity has a beginning and an end"));
        }
        Some(2) if valid["valid_day_num"].as_i64().unwrap_or(0) < 1 => {
            problems.push(text!("validity in days is 1 day at least"));
        }
        Some(3) if valid["valid_second"].as_i64().unwrap_or(0) < 1 => {
            problems.push(text!("validity in seconds is 1 second at least"));
        }
        _ => {}
    }
    order(valid, text!("the validity"), problems);
}

fn order(times: &Value, what: Text, problems: &mut Vec<Text>) {
    if let (Some(start), Some(end)) = (times["start_time"].as_i64(), times["end_time"].as_i64())
        && start >= end
    {
        problems.push(text!("{what} ends before it begins", what));
    }
}

fn is_there(value: &Value) -> bool {
    !value.is_null()
}

/// Where a coupon may go from a state; nothing goes back.
pub fn next_states(status: i64) -> &'static [i64] {
    match status {
        1 => &[2],
        2 => &[3, 4],
        _ => &[],
    }
}

/// Where a buyer's copy may go.
pub fn next_copy_states(status: i64) -> &'static [i64] {
    match status {
        100 => &[101, 102],
        _ => &[],
    }
}

/// What buyers pay, from `51%` or `5.1折`, in ten-thousandths: 5100. From 10 % to 100 %, exact to a hundredth of a
/// percent.
pub fn share(text: &str) -> Result<i64, Text> {
    Share::signed(text)
        .filter(|share| share.0 >= 1000)
        .map(|share| i64::from(share.0))
        .ok_or_else(|| text!("write what buyers pay, as 51% or 5.1折; from 10% to 100%"))
}

/// A share of ten-thousandths as a percentage and in tenths: `51`, `5.1`.
pub fn spelled(share: i64) -> (String, String) {
    let trimmed = |number: String| {
        number
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    };
    (
        trimmed(format!("{}.{:02}", share / 100, share % 100)),
        trimmed(format!("{}.{:03}", share / 1000, share % 1000)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_share_is_read_in_both_manners() {
        for (text, share_of) in [
            ("51%", Some(5100)),
            ("5.1折", Some(5100)),
            ("88.88%", Some(8888)),
            ("10折", Some(10_000)),
            ("100 %", Some(10_000)),
            ("9折", Some(9000)),
            ("51", None),
            ("5%", None),
            ("0.5折", None),
            ("101%", None),
            ("8.8888折", None),
            ("-51%", None),
            ("%", None),
        ] {
            assert_eq!(share(text).ok(), share_of, "{text}");
        }
        assert_eq!(spelled(5100), ("51".to_owned(), "5.1".to_owned()));
        assert_eq!(spelled(8888), ("88.88".to_owned(), "8.888".to_owned()));
        assert_eq!(spelled(10_000), ("100".to_owned(), "10".to_owned()));
    }

    #[test]
    fn the_kind_follows_from_what_a_coupon_says() {
        let coupon = |discount: Value| json!({"coupon_info": {"discount_info": discount}});
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
            assert_eq!(
                kind(&coupon(discount.clone()), false),
                product,
                "{discount}"
            );
            assert_eq!(kind(&coupon(discount.clone()), true), shop, "{discount}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let coupon = json!({"type": 2, "coupon_info": {
            "discount_info": {"discount_fee": 500, "discount_condition": {"product_price": 500}},
            "receive_info": {"total_num": 1, "limit_num_one_person": 2, "start_time": 9, "end_time": 8},
            "valid_info": {"valid_type": 1, "start_time": 5, "end_time": 5}}});
        let found: Vec<String> = problems(&coupon).iter().map(Text::to_string).collect();
        assert_eq!(
            found,
            [
                "a coupon for products names at least one product",
                "the amount off must be less than the amount to reach",
                "one buyer may not take more coupons than there are",
                "the time of taking ends before it begins",
                "the validity ends before it begins",
            ]
        );
    }
}
