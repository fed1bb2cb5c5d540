//! What the component's own records prove to have been pushed.
//!
//! A record shows the present and a few times, not what lay between. So only this is claimed, with the state and the
//! time that the record gives:
//!
//! | record | what it shows | event |
//! | --- | --- | --- |
//! | order, controlled | `pay_time` and `transaction_id` | `open_product_order_pay` |
//! | | status 181 (its time to pay ran out), `expire_time` | `open_product_order_cancel` |
//! | | `settlement_info` with number and time | `open_product_order_settle` |
//! | after-sale without a number of the merchant: opened inside WeChat | `create_time` | `aftersale_new_order` |
//! | | status 2, changed after it was opened | `aftersale_update_order` |
//! | | status 1 | `aftersale_user_cancel` |
//! | | `order_return_time` | `aftersale_wait_merchant_confirm_receipt` |
//! | every after-sale | status 13 with a refund number | `aftersale_refund_success`, `open_product_order_refund` |
//! | | status 25 | `aftersale_wait_merchant_offline_refund` |
//! | | status 7 without a dispute | one of the two `…_overdue` events that close it |
//! | dispute | each step of the platform or the buyer in its history | `complaint_notify` |
//! | product | last audit passed or refused, `audit_time` | `open_product_spu_audit` |
//!
//! Not provable, and so not claimed:
//!
//! - receipt of an order: `receive_time` is the same when the merchant reported it, which is not known to be pushed;
//! - orders cancelled (250) or refunded (200): the record does not tell who did it, nor when;
//! - deadlines that the merchant let pass: the after-sale looks as if the merchant had agreed;
//! - changes, return shipments and cancelled pick-ups that later ones have written over, and changes of a return request:
//!   the merchant's own address changes it as well;
//! - verdicts at the after-sale (`aftersale_complaint_update_order_state`): their time is not kept there;
//! - audits of categories and brands: no list names their ticket or a time; products taken down: no record names when;
//! - what the merchant did: it is not pushed.

use super::{Claim, Known, Proved, Span, text_of};
use crate::api::component::aftersale::{
    CANCELLED, CLOSED, Case, REFUND, REFUND_FAILED, REFUND_REQUESTED, REFUNDED,
};
use crate::api::json::{put, take};
use crate::api::reader::seconds;
use crate::lang::Text;
use crate::model::order::State;
use crate::shop::Shop;
use crate::text;
use crate::types::ChinaTime;
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value, json};

/// A record that was changed so soon after it was made was still being made.
const MAKING: i64 = 5;
/// `edit_status` of a product after its audit.
const AUDIT_FAILED: i64 = 3;
const AUDIT_PASSED: i64 = 4;
/// `status` of an order whose time to pay ran out.
const TIMED_OUT: i64 = 181;

/// After-sales, or disputes, that are read together.
const AT_ONCE: usize = 16;

pub(super) async fn proved(shop: &Shop, span: Span) -> Result<Proved> {
    let ((orders, cancelled, unsure), (aftersales, odd), (disputes, more_odd), goods) = tokio::try_join!(
        orders(shop, span),
        aftersales(shop, span),
        disputes(shop, span),
        goods(shop)
    )?;
    let all = [orders, aftersales, disputes, goods].into_iter().flatten();
    let claims = all.filter(|claim| (span.since..=span.until).contains(&claim.at));
    Ok(Proved {
        claims: claims.collect(),
        cancelled,
        unsure,
        unreadable: odd + more_odd,
    })
}

/// The list filters by creation, and an order is paid and settled later.
async fn orders(shop: &Shop, span: Span) -> Result<(Vec<Claim>, Vec<Vec<String>>, u64)> {
    let until = span.until.saturating_add(crate::shop::order::AHEAD);
    let walked = shop.orders_between(span.opened, until).await?;
    // By the merchant, which is not pushed, or by another, which is.
    let cancelled = walked
        .rows
        .iter()
        .map(|order| &order.value)
        .filter(|order| order.state == State::Cancelled && order.controlled == Some(true));
    let cancelled = cancelled.map(|order| vec![order.id.clone(), order.number.clone()]);
    let cancelled = cancelled.collect();
    let claims = walked.rows.iter().flat_map(|found| order(&found.record));
    Ok((claims.collect(), cancelled, walked.unsure))
}

async fn aftersales(shop: &Shop, span: Span) -> Result<(Vec<Claim>, usize)> {
    let window = json!({
        "begin_create_time": span.opened.saturating_mul(1000),
        "end_create_time": span.until.saturating_mul(1000).saturating_add(999),
    });
    let numbers = shop
        .read_list("/shop/ecaftersale/get_list", &window, "after_sales_orders")
        .await?;
    let (numbers, odd) = numbers_in(&numbers, shop, |number, problem| {
        text!("after-sale {number}: {problem}", number, problem)
    });
    let one_by_one = stream::iter(numbers)
        .map(|number| async move {
            let body = json!({"aftersale_id": number});
            let shown = shop.read("/shop/ecaftersale/get", &body).await?;
            anyhow::Ok(aftersale(&shown["after_sales_order"]))
        })
        .buffer_unordered(AT_ONCE);
    let found: Vec<Vec<Claim>> = one_by_one.try_collect().await?;
    Ok((found.into_iter().flatten().collect(), odd))
}

/// Only disputes that moved within the time have steps in it.
async fn disputes(shop: &Shop, span: Span) -> Result<(Vec<Claim>, usize)> {
    let window = json!({"begin_create_time": span.opened, "end_create_time": span.until});
    let rows = shop
        .read_list("/shop/complaint/get_list", &window, "orders")
        .await?;
    let moved = rows
        .into_iter()
        .filter(|row| seconds(&row["update_time"]).is_none_or(|updated| updated >= span.since));
    let moved: Vec<Value> = moved
        .map(|mut row| take(&mut row, "complaint_order_id"))
        .collect();
    let (numbers, odd) = numbers_in(&moved, shop, |number, problem| {
        text!("dispute {number}: {problem}", number, problem)
    });
    let one_by_one = stream::iter(numbers)
        .map(|number| async move {
            let body = json!({"complaint_order_id": number});
            let shown = shop.read("/shop/complaint/get", &body).await?;
            anyhow::Ok(dispute(&shown))
        })
        .buffer_unordered(AT_ONCE);
    let found: Vec<Vec<Claim>> = one_by_one.try_collect().await?;
    Ok((found.into_iter().flatten().collect(), odd))
}

/// Whether an audit changes the time of a product is not documented, so that all are read.
async fn goods(shop: &Shop) -> Result<Vec<Claim>> {
    let rows = crate::shop::audit::component::drafts(shop).await?;
    Ok(rows.iter().flat_map(product).collect())
}

/// The numbers that a list names, and how many of them are none. These are named: WeChat could only say that it does not
/// understand them, and they hide no others.
fn numbers_in(
    listed: &[Value],
    shop: &Shop,
    named: impl Fn(String, Text) -> Text,
) -> (Vec<u64>, usize) {
    let mut numbers = Vec::with_capacity(listed.len());
    for value in listed {
        if let Some(id) = text_of(value).and_then(|digits| digits.parse().ok()) {
            numbers.push(id);
            continue;
        }
        let problem = text!("WeChat lists it under a number that cannot be read");
        let number = text_of(value).unwrap_or_else(|| value.to_string());
        shop.warn(named(number, problem));
    }
    let odd = listed.len() - numbers.len();
    (numbers, odd)
}

fn china(value: &Value) -> Option<i64> {
    ChinaTime(value.as_str()?.to_owned()).unix()
}

/// A message with one block.
fn block(name: &str, fields: Value) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), fields)])
}

/// The fields of a record that are there, under their own names.
fn taken(record: &Value, names: &[&str]) -> Value {
    let there = names.iter().filter(|name| !record[**name].is_null());
    Value::Object(
        there
            .map(|name| ((*name).to_owned(), record[*name].clone()))
            .collect(),
    )
}

/// What an order of the order list proves.
fn order(record: &Value) -> Vec<Claim> {
    let Some(number) = text_of(&record["order_id"]) else {
        return Vec::new();
    };
    // What is said of an ordinary order is said by the merchant.
    if record["fund_type"] != 1 {
        return Vec::new();
    }
    let mut claims = Vec::new();
    let mut claim = |event, at, state, known, more: Value, why| {
        let mut fields = taken(record, &["order_id", "out_order_id"]);
        if let (Value::Object(fields), Value::Object(more)) = (&mut fields, more) {
            fields.extend(more);
        }
        claims.push(Claim {
            event,
            object: "order",
            number: number.clone(),
            order: Some(number.clone()),
            state,
            at,
            why,
            message: block("order_info", fields),
            known,
        });
    };
    let pay = &record["order_detail"]["pay_info"];
    if let (Some(at), Some(transaction)) =
        (china(&pay["pay_time"]), text_of(&pay["transaction_id"]))
    {
        let mut more = json!({"transaction_id": transaction, "pay_time": pay["pay_time"]});
        let price = &record["order_detail"]["price_info"]["order_price"];
        for (name, value) in [("amount", price), ("sp_openid", &record["openid"])] {
            if !value.is_null() {
                more[name] = value.clone();
            }
        }
        claim(
            "open_product_order_pay",
            at,
            None,
            Known::Once,
            more,
            text!("it is paid"),
        );
    }
    let status = record["status"].as_i64();
    if let (Some(TIMED_OUT), Some(at)) = (status, seconds(&record["expire_time"])) {
        claim(
            "open_product_order_cancel",
            at,
            Some(2),
            Known::Once,
            json!({"cancel_type": 2}),
            text!("its time to pay ran out (status 181)"),
        );
    }
    let settled = &record["settlement_info"];
    if let (Some(at), Some(_)) = (
        china(&settled["settle_time"]),
        text_of(&settled["settle_no"]),
    ) {
        claim(
            "open_product_order_settle",
            at,
            None,
            Known::By("settle_no"),
            taken(settled, &["settle_no", "amount", "settle_time"]),
            text!("it is settled"),
        );
    }
    claims
}

/// What an after-sale proves, as `ecaftersale/get` shows it.
fn aftersale(record: &Value) -> Vec<Claim> {
    let Some(number) = text_of(&record["aftersale_id"]) else {
        return Vec::new();
    };
    let order = text_of(&record["order_id"]);
    let mut claims = Vec::new();
    let mut claim = |event, at: Option<i64>, known, why| {
        let Some(at) = at else { return };
        let names: &[&str] = match event {
            "aftersale_new_order" => &["aftersale_id", "order_id", "out_order_id"],
            _ => &["aftersale_id", "out_aftersale_id"],
        };
        claims.push(Claim {
            event,
            object: "aftersale",
            number: number.clone(),
            order: order.clone(),
            state: None,
            at,
            why,
            message: block("aftersale_info", taken(record, names)),
            known,
        });
    };
    let case = Case::of(record);
    let (made, changed) = (
        seconds(&record["create_time"]),
        seconds(&record["update_time"]),
    );
    // One that the merchant's own program opened for a buyer may be moved by that program too.
    let in_wechat = text_of(&record["out_aftersale_id"]).is_none();
    let return_info = &record["return_info"];
    let sent = seconds(&return_info["order_return_time"]);
    if in_wechat {
        claim(
            "aftersale_new_order",
            made,
            Known::Once,
            text!("the buyer opened it in WeChat"),
        );
        // Nothing but a change by the buyer leads into this state, and it keeps the time of the last one.
        let again = changed
            .zip(made)
            .is_some_and(|(changed, made)| changed > made + MAKING);
        if case.state == REFUND_REQUESTED && again {
            claim(
                "aftersale_update_order",
                changed,
                Known::NotBefore,
                text!("the refund was changed after it was asked for"),
            );
        }
        if case.state == CANCELLED {
            claim(
                "aftersale_user_cancel",
                changed,
                Known::Once,
                text!("it is cancelled (status 1)"),
            );
        }
        claim(
            "aftersale_wait_merchant_confirm_receipt",
            sent,
            Known::NotBefore,
            text!("its return shipment has this time"),
        );
    }
    let refund = text_of(&record["refund_pay_detail"]["refund_id"]);
    match case.state {
        REFUNDED if refund.is_some() => claim(
            "aftersale_refund_success",
            changed,
            Known::Once,
            text!("it is refunded (status 13)"),
        ),
        REFUND_FAILED => claim(
            "aftersale_wait_merchant_offline_refund",
            changed,
            Known::Once,
            text!("WeChat could not refund it (status 25), at this time or before"),
        ),
        CLOSED => {
            if let Some((event, why)) = closed_by(record, &case, sent.is_some()) {
                claim(event, changed, Known::Once, why);
            }
        }
        _ => {}
    }
    if let (REFUNDED, Some(_), Some(of), Some(at)) = (case.state, refund, order.clone(), changed) {
        claims.push(Claim {
            event: "open_product_order_refund",
            object: "order",
            number: of,
            order,
            state: None,
            at,
            why: text!("an after-sale of it is refunded"),
            message: block("order_info", taken(record, &["order_id", "out_order_id"])),
            known: Known::Then,
        });
    }
    claims
}

/// Which limit of time closed an after-sale. A verdict closes one as well: with a dispute nothing is claimed.
fn closed_by(record: &Value, case: &Case, sent: bool) -> Option<(&'static str, Text)> {
    let disputes = record["complaint_order_id_list"].as_array();
    if disputes.is_some_and(|disputes| !disputes.is_empty()) {
        return None;
    }
    // The return is agreed once it has a number.
    let agreed = text_of(&record["return_id"]).is_some();
    Some(if case.kind == REFUND || !agreed || sent {
        (
            "aftersale_user_apply_platform_judge_overdue",
            text!("it is closed (status 7), and the buyer did not ask the platform"),
        )
    } else {
        (
            "aftersale_user_upload_return_info_overdue",
            text!("it is closed (status 7), and nothing was sent back"),
        )
    })
}

/// What the history of a dispute proves, as `complaint/get` shows it. The merchant's own steps are left out.
fn dispute(record: &Value) -> Vec<Claim> {
    let Some(number) = text_of(&record["order"]["complaint_order_id"]) else {
        return Vec::new();
    };
    let steps = record["flow_info"]["list"].as_array();
    let steps = steps.into_iter().flatten();
    let told = steps.filter_map(|row| {
        let step = ["op_record", "user_record"]
            .iter()
            .map(|name| &row[*name])
            .find(|step| step.is_object())?;
        let (state, event) = (step["state"].as_i64()?, step["event"].as_i64()?);
        Some(Claim {
            event: "complaint_notify",
            object: "dispute",
            number: number.clone(),
            order: text_of(&record["order"]["order_id"]),
            state: Some(state),
            at: seconds(&step["time"])?,
            why: text!("its history has step {event}", event),
            message: block(
                "complaint_info",
                json!({"complaint_order_id": record["order"]["complaint_order_id"], "state": state, "event": event}),
            ),
            known: Known::Then,
        })
    });
    told.collect()
}

/// What a product proves, as the list of drafts shows it.
fn product(record: &Value) -> Vec<Claim> {
    let audit = &record["audit_info"];
    let state = record["edit_status"].as_i64();
    let (Some(number), Some(state @ (AUDIT_FAILED | AUDIT_PASSED)), Some(at)) = (
        text_of(&record["product_id"]),
        state,
        china(&audit["audit_time"]),
    ) else {
        return Vec::new();
    };
    // It was handed in again since: the verdict is of another time.
    if china(&audit["submit_time"]).is_some_and(|submitted| submitted > at) {
        return Vec::new();
    }
    let mut fields = taken(record, &["out_product_id", "product_id"]);
    put(&mut fields, "status", state.into());
    put(&mut fields, "spu_status", record["status"].clone());
    put(
        &mut fields,
        "reject_reason",
        audit["reject_reason"].as_str().unwrap_or_default().into(),
    );
    vec![Claim {
        event: "open_product_spu_audit",
        object: "product",
        number,
        order: None,
        state: Some(state),
        at,
        why: text!("its last audit ended at this time"),
        message: block("OpenProductSpuAudit", fields),
        known: Known::NotBefore,
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::sample::replied;

    fn events(claims: &[Claim]) -> Vec<(&str, i64)> {
        claims.iter().map(|claim| (claim.event, claim.at)).collect()
    }

    fn case(status: i64, more: Value) -> Value {
        let mut record = json!({"aftersale_id": 7, "out_aftersale_id": "", "order_id": 3, "out_order_id": "W1",
            "type": 1, "status": status, "create_time": "1000000000000", "update_time": "1000000900000",
            "complaint_order_id_list": []});
        if let (Value::Object(record), Value::Object(more)) = (&mut record, more) {
            record.extend(more);
        }
        replied("/shop/ecaftersale/get", "after_sales_order", record)
    }

    const MADE: (&str, i64) = ("aftersale_new_order", 1_000_000_000);
    const CHANGED: i64 = 1_000_000_900;

    #[test]
    fn an_after_sale_proves_what_its_state_can_only_come_from() {
        let proved = |status: i64, more: Value| {
            let claims = aftersale(&case(status, more));
            let later = claims.iter().filter(|claim| claim.event != MADE.0);
            later
                .map(|claim| (claim.event, claim.at))
                .collect::<Vec<_>>()
        };
        let nothing: [(&str, i64); 0] = [];
        assert_eq!(proved(2, json!({"update_time": "1000000002000"})), nothing);
        assert_eq!(proved(2, json!({})), [("aftersale_update_order", CHANGED)]);
        assert_eq!(proved(1, json!({})), [("aftersale_user_cancel", CHANGED)]);
        // The merchant's own steps, and limits that look like them.
        for status in [4, 5, 6, 11, 21, 23, 24, 12, 99] {
            assert_eq!(proved(status, json!({})), nothing, "{status}");
        }
        assert_eq!(proved(13, json!({})), nothing);
        assert_eq!(
            proved(13, json!({"refund_pay_detail": {"refund_id": "50"}})),
            [
                ("aftersale_refund_success", CHANGED),
                ("open_product_order_refund", CHANGED)
            ]
        );
        assert_eq!(
            proved(25, json!({})),
            [("aftersale_wait_merchant_offline_refund", CHANGED)]
        );
        let (asked, sent) = (
            "aftersale_user_apply_platform_judge_overdue",
            "aftersale_user_upload_return_info_overdue",
        );
        let back = json!({"order_return_time": "1000000500000"});
        assert_eq!(proved(7, json!({})), [(asked, CHANGED)]);
        assert_eq!(proved(7, json!({"type": 2})), [(asked, CHANGED)]);
        assert_eq!(
            proved(7, json!({"type": 2, "return_id": "R1"})),
            [(sent, CHANGED)]
        );
        assert_eq!(
            proved(
                7,
                json!({"type": 2, "return_id": "R1", "return_info": back})
            ),
            [
                ("aftersale_wait_merchant_confirm_receipt", 1_000_000_500),
                (asked, CHANGED)
            ]
        );
        assert_eq!(proved(7, json!({"complaint_order_id_list": [9]})), nothing);
    }

    #[test]
    fn what_the_merchants_own_program_did_is_not_claimed() {
        let own = json!({"out_aftersale_id": "A1"});
        assert!(aftersale(&case(1, own.clone())).is_empty());
        assert!(aftersale(&case(2, own)).is_empty());
        let refunded = json!({"out_aftersale_id": "A1", "refund_pay_detail": {"refund_id": "50"}});
        assert_eq!(aftersale(&case(13, refunded)).len(), 2);
        assert_eq!(events(&aftersale(&case(4, json!({})))), [MADE]);
    }

    #[test]
    fn an_order_proves_payment_time_out_and_settlement() {
        let mut record = json!({"order_id": 3, "out_order_id": "W1", "fund_type": 1, "status": 100,
            "receive_time": 1_000_000_000, "expire_time": 1_000_000_000,
            "order_detail": {"pay_info": {"pay_time": "2022-04-01 00:00:00", "transaction_id": "42"},
                "price_info": {"order_price": 1250}},
            "settlement_info": {"settle_no": "30", "amount": 1200, "settle_time": "2022-04-08 00:00:00"}});
        let known = |record: &Value| replied("/shop/order/get", "order", record.clone());
        assert_eq!(
            events(&order(&known(&record))),
            [
                ("open_product_order_pay", 1_648_742_400),
                ("open_product_order_settle", 1_649_347_200)
            ]
        );
        record["fund_type"] = 0.into();
        assert!(order(&record).is_empty());
        let expired = json!({"order_id": 3, "fund_type": 1, "status": 181, "expire_time": 5});
        let claims = order(&known(&expired));
        assert_eq!(events(&claims), [("open_product_order_cancel", 5)]);
        assert_eq!(
            claims[0].message["order_info"],
            json!({"order_id": 3, "cancel_type": 2})
        );
        let cancelled = json!({"order_id": 3, "fund_type": 1, "status": 250, "expire_time": 5});
        assert!(order(&known(&cancelled)).is_empty());
    }

    #[test]
    fn a_product_that_was_handed_in_again_proves_nothing_of_the_audit_before() {
        let spu = |edit_status: i64, submitted: &str| {
            let spu = json!({"product_id": 1, "out_product_id": "T", "status": 5, "edit_status": edit_status, "audit_info":
                {"submit_time": submitted, "audit_time": "2022-04-01 00:00:00", "reject_reason": "x"}});
            product(&replied("/shop/spu/get", "spu", spu))
        };
        assert_eq!(spu(3, "2022-03-31 00:00:00").len(), 1);
        assert_eq!(spu(3, "2022-04-02 00:00:00").len(), 0);
        assert_eq!(spu(2, "2022-03-31 00:00:00").len(), 0);
    }
}
