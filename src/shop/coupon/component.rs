//! Coupons of the custom component: `/shop/coupon/*`, what one must say before it is sent, and how one is read.

use super::{Copy, Coupon, Options};
use crate::api::json::{field, put};
use crate::api::reader::{integer, text};
use crate::lang::Text;
use crate::model::coupon::{CopyState, Discount, State};
use crate::shop::Shop;
use crate::shop::pass_through::coupon::SHOW;
use crate::shop::reading::Fetched;
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use serde_json::{Map, Value, json};

/// Products that one coupon may name.
const MOST_PRODUCTS: usize = 128;

/// Where a coupon is offered; Channels live rooms are the only place that is known.
const LIVE: i64 = 4;

const STATES: &[(i64, State)] = &[
    (1, State::Editing),
    (2, State::InForce),
    (3, State::Expired),
    (4, State::Void),
];

const COPY_STATES: &[(i64, CopyState)] = &[
    (100, CopyState::Active),
    (101, CopyState::Expired),
    (102, CopyState::Used),
];

fn state(number: i64) -> State {
    let known = STATES.iter().find(|(known, _)| *known == number);
    known.map_or(State::Unknown(number), |(_, state)| *state)
}

pub(super) fn state_number(state: State) -> i64 {
    if let State::Unknown(number) = state {
        return number;
    }
    let known = STATES.iter().find(|(_, known)| *known == state);
    known.map_or(0, |(number, _)| *number)
}

fn copy_state(number: i64) -> CopyState {
    let known = COPY_STATES.iter().find(|(known, _)| *known == number);
    known.map_or(CopyState::Unknown(number), |(_, state)| *state)
}

pub(super) fn copy_state_number(state: CopyState) -> i64 {
    if let CopyState::Unknown(number) = state {
        return number;
    }
    let known = COPY_STATES.iter().find(|(_, known)| *known == state);
    known.map_or(0, |(number, _)| *number)
}

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

/// Reads a coupon.
pub(super) fn coupon(record: &Value) -> Coupon {
    let discount = &record["coupon_info"]["discount_info"];
    let share = integer(&discount["discount_num"]).map(Discount::Share);
    let off = integer(&discount["discount_fee"]).map(|off| Discount::Off(Fen(off)));
    // WeChat fills in both figures; the kind says which of them counts.
    let counts = match (integer(&record["type"]), off) {
        (Some(1 | 3 | 101 | 103), _) | (_, None) => share,
        (_, off) => off,
    };
    Coupon {
        state: integer(&record["status"]).map(state),
        share,
        discount: counts,
    }
}

/// The coupon of a row of the list.
pub(super) fn of_row(row: &Value) -> Coupon {
    coupon(&row["coupon"])
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
    let is =
        |row: &Value, name: &str, number: &str| text(&row[name]).is_some_and(|own| own == number);
    let found = rows
        .into_iter()
        .find(|row| is(row, "out_coupon_id", coupon) && is(row, "out_user_coupon_id", number));
    Ok(found.map(|row| Copy {
        state: integer(&row["status"]).map(copy_state),
        taken_at: integer(&row["create_time"]),
    }))
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
    if coupon["promote_type"].is_null() {
        put(&mut coupon, "promote_type", LIVE.into());
    }
    if options.discount || coupon["type"].is_null() {
        let was_shop = !options.products && coupon["type"].as_i64().is_some_and(|t| t > 100);
        if let Some(kind) = kind(&coupon, options.whole_shop || was_shop) {
            put(&mut coupon, "type", kind.into());
        }
    }
    let info = ensure(&mut coupon, "coupon_info");
    let discount = ensure(info, "discount_info");
    ensure(discount, "discount_condition");
    let promotion = ensure(info, "promote_info");
    if promotion["promote_type"].is_null() {
        put(promotion, "promote_type", LIVE.into());
    }
    let valid = ensure(info, "valid_info");
    let types = [
        ("valid_day_num", 2),
        ("valid_second", 3),
        ("end_time", 1),
        ("start_time", 1),
    ];
    let said = types.iter().find(|(name, _)| !valid[*name].is_null());
    if let Some((_, kind)) = said {
        put(valid, "valid_type", (*kind).into());
    }
    coupon
}

fn ensure<'a>(value: &'a mut Value, name: &str) -> &'a mut Value {
    let field = field(value, name);
    if !field.is_object() {
        *field = Value::Object(Map::new());
    }
    field
}

/// What was not said at all, by the options that say it.
fn missing(coupon: &Value) -> Vec<Text> {
    let mut missing = Vec::new();
    let info = &coupon["coupon_info"];
    if info["name"].is_null() {
        missing.push(text!("{option} is missing", option = "--name"));
    }
    if coupon["type"].is_null() {
        missing.push(text!("missing discount: --off or --pays"));
    }
    if info["valid_info"]["valid_type"].is_null() {
        missing.push(text!(
            "missing validity: --valid-days, --valid-seconds, or --valid-from with --valid-until"
        ));
    }
    missing
}

/// The kind that a coupon is of: 1–6 for products, 101–104 for the whole shop. A percentage (`discount_num`) with a
/// condition is 1, an amount (`discount_fee`) above a threshold 2, a percentage 3, an amount 4. `None` where neither
/// discount is there, or both are.
fn kind(coupon: &Value, whole_shop: bool) -> Option<i64> {
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
pub(super) fn problems(coupon: &Value) -> Vec<Text> {
    let mut problems = missing(coupon);
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
        let coupon = json!({"type": 2, "coupon_info": {"name": "x",
            "discount_info": {"discount_fee": 500, "discount_condition": {"product_price": 500}},
            "receive_info": {"total_num": 1, "limit_num_one_person": 2, "start_time": 9, "end_time": 8},
            "valid_info": {"valid_type": 1, "start_time": 5, "end_time": 5}}});
        let coupon = requested("/shop/coupon/add", "coupon", coupon);
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
