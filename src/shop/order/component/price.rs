//! The two price rules of an order, held to the fen before anything is sent. Sums are wider than any amount that WeChat
//! takes, so that none can run over.
//!
//! ```text
//! order_price = Σ sale_price × product_cnt + freight − discounted_price + additional_price
//! order_price = Σ sku_real_price + freight + additional_price
//! ```

use crate::api::json::field;
use crate::lang::Text;
use crate::text;
use crate::types::Fen;
use serde_json::Value;

/// Fills in what the other amounts say: the real price of a row that has no discount of its own, the discount, the
/// total. An amount that was given is never touched.
pub fn fill(detail: &mut Value) {
    let price = &detail["price_info"];
    let given = |name: &str| price[name].as_i64().map(i128::from);
    let extra = given("freight").unwrap_or(0) + given("additional_price").unwrap_or(0);
    let (discount, total) = (given("discounted_price"), given("order_price"));
    let Some(Value::Array(rows)) = detail.get_mut("product_infos") else {
        return;
    };
    let alone = rows.len() == 1;
    let (mut listed, mut real) = (0, 0);
    for row in rows.iter_mut() {
        let number = |field: &str| row[field].as_i64().map(i128::from);
        let (Some(sale), Some(count)) = (number("sale_price"), number("product_cnt")) else {
            return;
        };
        let paid = match (number("sku_real_price"), discount, total) {
            (Some(paid), ..) => paid,
            (None, Some(discount), _) if alone => sale * count - discount,
            (None, None, Some(total)) if alone => total - extra,
            // Whose discount it is cannot be known.
            (None, Some(1..), _) => return,
            _ => sale * count,
        };
        set(field(row, "sku_real_price"), paid);
        (listed, real) = (listed + sale * count, real + paid);
    }
    let price = field(detail, "price_info");
    for (name, amount) in [
        ("order_price", real + extra),
        ("freight", 0),
        ("discounted_price", listed - real),
    ] {
        set(field(price, name), amount);
    }
}

fn set(field: &mut Value, amount: i128) {
    if let (Value::Null, Ok(amount)) = (&field, i64::try_from(amount)) {
        *field = amount.into();
    }
}

/// What is wrong with the amounts of `order_detail`; what is not there is not looked at.
pub fn problems(detail: &Value) -> Vec<Text> {
    let none = Vec::new();
    let rows = detail["product_infos"].as_array().unwrap_or(&none);
    let price = &detail["price_info"];
    let mut problems = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let name = format!("product_infos[{at}]");
        for field in ["sale_price", "sku_real_price"] {
            if row[field].as_i64().is_some_and(|fen| fen < 0) {
                let field = format!("{name}.{field}");
                problems.push(text!("{field} is below 0", field));
            }
        }
        if row["product_cnt"].as_i64().is_some_and(|count| count < 1) {
            problems.push(text!(
                "{field} begins with 1",
                field = format!("{name}.product_cnt")
            ));
        }
        if row["sku_real_price"].is_null() && row["real_price"].is_null() {
            problems.push(text!(
                "{field} is missing: what is paid for all pieces of this SKU",
                field = format!("{name}.sku_real_price")
            ));
        }
    }
    let wide = |name: &str| price[name].as_i64().map(i128::from);
    for field in [
        "order_price",
        "freight",
        "discounted_price",
        "additional_price",
    ] {
        if wide(field).is_some_and(|fen| fen < 0) {
            let field = format!("price_info.{field}");
            problems.push(text!("{field} is below 0", field));
        }
    }
    let Some(total) = wide("order_price") else {
        return problems;
    };
    if total == 0 {
        problems.push(text!(
            "the order costs nothing; WeChat takes no order of 0.00 yuan: leave gifts out, or charge 0.01"
        ));
    }
    let (freight, discount, surcharge) = (
        wide("freight").unwrap_or(0),
        wide("discounted_price").unwrap_or(0),
        wide("additional_price").unwrap_or(0),
    );
    let sum = |of: &dyn Fn(&Value) -> Option<i128>| rows.iter().map(of).sum::<Option<i128>>();
    let number = |row: &Value, field: &str| row[field].as_i64().map(i128::from);
    let listed = sum(&|row| Some(number(row, "sale_price")? * number(row, "product_cnt")?));
    if let Some(listed) = listed.filter(|listed| listed + freight - discount + surcharge != total) {
        problems.push(text!(
            "the total is {total} yuan, but goods {goods} + freight {freight} - discount {discount} + surcharge {surcharge} make {sum}",
            total = yuan(total),
            goods = yuan(listed),
            freight = yuan(freight),
            discount = yuan(discount),
            surcharge = yuan(surcharge),
            sum = yuan(listed + freight - discount + surcharge)
        ));
    }
    let real = sum(&|row| match number(row, "sku_real_price") {
        Some(real) => Some(real),
        None => Some(number(row, "real_price")? * number(row, "product_cnt")?),
    });
    if let Some(real) = real.filter(|real| real + freight + surcharge != total) {
        problems.push(text!(
            "the total is {total} yuan, but what is paid for the goods, {goods}, + freight {freight} + surcharge {surcharge} make {sum}",
            total = yuan(total),
            goods = yuan(real),
            freight = yuan(freight),
            surcharge = yuan(surcharge),
            sum = yuan(real + freight + surcharge)
        ));
    }
    problems
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
