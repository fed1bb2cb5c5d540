//! The amounts of `order_detail` as `/shop/order/add` and `/shop/order/change_price` take them; the rules are those of
//! [`crate::model::order_price`].

use crate::api::component::order::bill;
use crate::api::json::field;
use crate::lang::Text;
use crate::model::order_price::{Amount, Bill, Wrong};
use crate::text;
use crate::types::Fen;
use serde_json::Value;

/// Fills in what the other amounts say. An amount that was given is never touched.
pub fn fill(detail: &mut Value) {
    if !detail["product_infos"].is_array() {
        return;
    }
    let mut bill = bill(detail);
    bill.fill();
    if let Some(Value::Array(rows)) = detail.get_mut("product_infos") {
        for (row, filled) in rows.iter_mut().zip(&bill.rows) {
            set(row, "sku_real_price", filled.paid);
        }
    }
    for (name, amount) in [
        ("order_price", bill.total),
        ("freight", bill.freight),
        ("discounted_price", bill.discount),
    ] {
        if amount.is_some() {
            set(field(detail, "price_info"), name, amount);
        }
    }
}

fn set(thing: &mut Value, name: &str, amount: Option<i64>) {
    if let Some(amount) = amount
        && thing.get(name).is_none_or(Value::is_null)
    {
        *field(thing, name) = amount.into();
    }
}

/// What is wrong with the amounts of `order_detail`; what is not there is not looked at.
pub fn problems(detail: &Value) -> Vec<Text> {
    wrong(&bill(detail))
}

/// What is wrong with the amounts of a bill.
pub fn wrong(bill: &Bill) -> Vec<Text> {
    bill.wrong().iter().map(words).collect()
}

/// The field of an amount.
fn place(amount: Amount) -> String {
    match amount {
        Amount::Price(row) => format!("product_infos[{row}].sale_price"),
        Amount::Paid(row) => format!("product_infos[{row}].sku_real_price"),
        Amount::Total => "price_info.order_price".to_owned(),
        Amount::Freight => "price_info.freight".to_owned(),
        Amount::Discount => "price_info.discounted_price".to_owned(),
        Amount::Surcharge => "price_info.additional_price".to_owned(),
    }
}

fn words(wrong: &Wrong) -> Text {
    match wrong {
        Wrong::BelowZero(amount) => text!("{field} must not be below 0", field = place(*amount)),
        Wrong::NoPieces(row) => text!(
            "{field} must be at least 1",
            field = format!("product_infos[{row}].product_cnt")
        ),
        Wrong::Unpaid(row) => text!(
            "{field} is missing: what is paid for all pieces of this SKU",
            field = place(Amount::Paid(*row))
        ),
        Wrong::Free => text!(
            "the order total is 0.00 yuan, which WeChat does not accept: leave gifts out, or charge 0.01"
        ),
        Wrong::Listed(sum) => text!(
            "the total is {total} yuan, but goods {goods} + freight {freight} - discount {discount} + surcharge {surcharge} make {sum}",
            total = yuan(sum.total),
            goods = yuan(sum.goods),
            freight = yuan(sum.freight),
            discount = yuan(sum.discount),
            surcharge = yuan(sum.surcharge),
            sum = yuan(sum.made())
        ),
        Wrong::Paid(sum) => text!(
            "the total is {total} yuan, but what is paid for the goods, {goods}, + freight {freight} + surcharge {surcharge} make {sum}",
            total = yuan(sum.total),
            goods = yuan(sum.goods),
            freight = yuan(sum.freight),
            surcharge = yuan(sum.surcharge),
            sum = yuan(sum.made())
        ),
    }
}

fn yuan(fen: i128) -> String {
    match i64::try_from(fen) {
        Ok(fen) => Fen(fen).to_yuan(),
        Err(_) => format!("{fen} fen"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::sample::requested;
    use proptest::prelude::*;
    use serde_json::json;

    fn detail(rows: &[(i64, i64, Option<i64>)], price: Value) -> Value {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(count, sale, real)| {
                let mut row = json!({"product_cnt": count, "sale_price": sale});
                if let Some(real) = real {
                    row["sku_real_price"] = (*real).into();
                }
                row
            })
            .collect();
        requested(
            "/shop/order/add",
            "order_detail",
            json!({"product_infos": rows, "price_info": price}),
        )
    }

    #[test]
    fn amounts_that_were_left_out_follow_from_the_others() {
        let mut one = detail(
            &[(2, 1000, None)],
            json!({"freight": 100, "discounted_price": 300}),
        );
        fill(&mut one);
        assert_eq!(one["product_infos"][0]["sku_real_price"], 1700);
        assert_eq!(one["price_info"]["order_price"], 1800);
        assert_eq!(problems(&one), []);
        let mut two = detail(&[(2, 1000, Some(1800)), (1, 500, None)], json!({}));
        fill(&mut two);
        assert_eq!(
            two["price_info"],
            json!({"order_price": 2300, "freight": 0, "discounted_price": 200})
        );
        assert_eq!(problems(&two), []);
    }

    #[test]
    fn every_problem_is_named() {
        let wrong = detail(
            &[(0, -1, Some(-1)), (1, 500, None)],
            json!({"order_price": 0, "freight": -5}),
        );
        let words: Vec<String> = problems(&wrong).iter().map(ToString::to_string).collect();
        assert_eq!(words.len(), 7, "{words:#?}");
    }

    proptest! {
        /// One fen more or less anywhere breaks a rule, and no amount makes it panic.
        #[test]
        fn a_fen_too_much_is_found(
            rows in prop::collection::vec((1..50i64, 1..1_000_000i64, 0..1_000_000i64), 1..6),
            freight in 0..100_000i64, surcharge in 0..100_000i64, by in prop::sample::select(vec![-1i64, 1]), at in 0..5usize,
        ) {
            let rows: Vec<_> = rows.into_iter().map(|(count, sale, off)| {
                let all = count * sale;
                (count, sale, Some(all - off.min(all - 1)))
            }).collect();
            let mut order = detail(&rows, json!({"freight": freight, "additional_price": surcharge}));
            fill(&mut order);
            prop_assert_eq!(problems(&order), []);
            let field = match at {
                0 => "/price_info/order_price", 1 => "/price_info/freight", 2 => "/price_info/discounted_price",
                3 => "/price_info/additional_price", _ => "/product_infos/0/sku_real_price",
            };
            let amount = order.pointer_mut(field).expect("an amount");
            *amount = (amount.as_i64().expect("fen") + by).into();
            prop_assert!(!problems(&order).is_empty(), "{}", order);
        }

        #[test]
        fn no_amount_runs_over(count in any::<i64>(), sale in any::<i64>(), real in any::<Option<i64>>(), total in any::<i64>()) {
            let mut order = detail(&[(count, sale, real)], json!({"order_price": total}));
            let _ = problems(&order);
            order["price_info"] = json!({});
            let _ = problems(&order);
        }
    }
}
