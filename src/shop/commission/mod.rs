//! Commissions of an order: what each SKU pays, and how much it may be.

mod component;

use crate::lang::Text;
use crate::model::order::Order;
use crate::text;
use crate::types::{Family, Fen};
use serde_json::Value;

/// The most that may be given away of what was paid for a SKU, in percent.
const MOST: i64 = 30;

/// What is paid out of a SKU of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commission {
    /// The merchant's numbers.
    pub product: String,
    pub sku: String,
    pub amount: Option<Fen>,
}

/// The commissions of a request.
pub fn commissions(family: Family, request: &Value) -> Vec<Commission> {
    match family {
        Family::Component => component::commissions(request),
        Family::Store => Vec::new(),
    }
}

/// Holds the rows against the order; names every problem.
pub fn problems(rows: &[Commission], sold: &Order) -> Vec<Text> {
    let mut problems: Vec<Text> = Vec::new();
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for row in rows {
        let key = (row.product.as_str(), row.sku.as_str());
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let Some(line) = sold.line(key.0, key.1) else {
            problems.push(text!(
                "product {product}, SKU {sku} is not in the order",
                product = key.0,
                sku = key.1
            ));
            continue;
        };
        let same = rows
            .iter()
            .filter(|other| (other.product.as_str(), other.sku.as_str()) == key);
        let together: i64 = same.filter_map(|row| row.amount).map(|fen| fen.0).sum();
        let paid = line.paid.unwrap_or_default().0;
        if together.saturating_mul(100) > paid.saturating_mul(MOST) {
            problems.push(text!(
                "product {product}, SKU {sku}: {amount} yuan is more than 30 % of the {paid} yuan paid; the most is {most} yuan",
                product = key.0,
                sku = key.1,
                amount = Fen(together).to_yuan(),
                paid = Fen(paid).to_yuan(),
                most = Fen(paid * MOST / 100).to_yuan()
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::sample::{replied, requested};
    use serde_json::json;

    fn refused(rows: Value) -> Vec<String> {
        let order = replied(
            "/shop/order/get",
            "order",
            json!({"order_detail": {"product_infos": [
                {"out_product_id": "T", "out_sku_id": "T1", "product_cnt": 2, "sku_real_price": 9999},
                {"out_product_id": "T", "out_sku_id": "T2", "product_cnt": 2, "real_price": 1000},
            ]}}),
        );
        let set = "/shop/commission/setordercommission";
        let request = requested(set, "", json!({ "commission_list": rows }));
        let rows = commissions(Family::Component, &request);
        let problems = problems(&rows, &crate::api::component::order::order(&order).value);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn thirty_percent_of_what_was_paid_are_the_most() {
        let row = |sku: &str, amount: i64| json!({"out_product_id": "T", "out_sku_id": sku, "amount": amount});
        assert_eq!(refused(json!([row("T1", 2999), row("T2", 600)])), [""; 0]);
        assert_eq!(
            refused(json!([
                row("T1", 2000),
                row("T1", 1000),
                row("T2", 601),
                row("T3", 1)
            ])),
            [
                "product T, SKU T1: 30.00 yuan is more than 30 % of the 99.99 yuan paid; the most is 29.99 yuan",
                "product T, SKU T2: 6.01 yuan is more than 30 % of the 20.00 yuan paid; the most is 6.00 yuan",
                "product T, SKU T3 is not in the order",
            ]
        );
    }
}
