//! Coupons as `/shop/coupon/*` give and take them.

use crate::api::reader::{integer, text};
use crate::model::coupon::{
    Copy, CopyState, Coupon, Discount, Draft, DraftNumber, Gives, Kind, State, Stretch, Validity,
};
use crate::types::Fen;
use serde_json::Value;

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

/// A state by its number.
pub fn state(number: i64) -> State {
    let known = STATES.iter().find(|(known, _)| *known == number);
    known.map_or(State::Unknown(number), |(_, state)| *state)
}

/// The number of a state.
pub fn state_number(state: State) -> i64 {
    if let State::Unknown(number) = state {
        return number;
    }
    let known = STATES.iter().find(|(_, known)| *known == state);
    known.map_or(0, |(number, _)| *number)
}

/// A copy's state by its number.
pub fn copy_state(number: i64) -> CopyState {
    let known = COPY_STATES.iter().find(|(known, _)| *known == number);
    known.map_or(CopyState::Unknown(number), |(_, state)| *state)
}

/// The number of a copy's state.
pub fn copy_state_number(state: CopyState) -> i64 {
    if let CopyState::Unknown(number) = state {
        return number;
    }
    let known = COPY_STATES.iter().find(|(_, known)| *known == state);
    known.map_or(0, |(number, _)| *number)
}

/// What coupons give, by the number of their kind; 100 more for the whole shop.
const GIVES: &[(i64, Gives)] = &[
    (1, Gives::ShareFrom),
    (2, Gives::OffFrom),
    (3, Gives::Share),
    (4, Gives::Off),
    (5, Gives::TradeIn),
    (6, Gives::BuyGet),
];
const WHOLE_SHOP: i64 = 100;

const VALIDITIES: &[(i64, Validity)] = &[
    (1, Validity::Fixed),
    (2, Validity::Days),
    (3, Validity::Seconds),
];

/// A kind by its number; `None` for what is none.
fn kind(number: i64) -> Option<Kind> {
    let whole_shop = number > WHOLE_SHOP;
    let base = number % WHOLE_SHOP;
    let known = GIVES.iter().find(|(known, _)| *known == base);
    (base > 0).then(|| Kind {
        gives: known.map_or(Gives::Unknown, |(_, gives)| *gives),
        whole_shop,
    })
}

/// The number of a kind.
pub fn kind_number(kind: Kind) -> i64 {
    let known = GIVES.iter().find(|(_, known)| *known == kind.gives);
    let base = known.map_or(0, |(number, _)| *number);
    if kind.whole_shop {
        base + WHOLE_SHOP
    } else {
        base
    }
}

/// The number of a validity.
pub fn validity_number(validity: Validity) -> i64 {
    let known = VALIDITIES.iter().find(|(_, known)| *known == validity);
    known.map_or(0, |(number, _)| *number)
}

/// Reads a coupon.
pub fn coupon(record: &Value) -> Coupon {
    let discount = &record["coupon_info"]["discount_info"];
    let share = integer(&discount["discount_num"]).map(Discount::Share);
    let off = integer(&discount["discount_fee"]).map(|off| Discount::Off(Fen(off)));
    let kind = integer(&record["type"]).and_then(kind);
    // WeChat fills in both figures; the kind says which of them counts.
    let is_share = matches!(
        kind.map(|kind| kind.gives),
        Some(Gives::ShareFrom | Gives::Share)
    );
    Coupon {
        state: integer(&record["status"]).map(state),
        share,
        discount: if is_share || off.is_none() {
            share
        } else {
            off
        },
    }
}

/// The coupon of a row of the list.
pub fn of_row(row: &Value) -> Coupon {
    coupon(&row["coupon"])
}

/// A row of the list of a buyer's copies, where it has these numbers.
pub fn copy(row: &Value, coupon: &str, number: &str) -> Option<Copy> {
    let is = |name: &str, number: &str| text(&row[name]).is_some_and(|own| own == number);
    (is("out_coupon_id", coupon) && is("out_user_coupon_id", number)).then(|| Copy {
        state: integer(&row["status"]).map(copy_state),
        taken_at: integer(&row["create_time"]),
    })
}

fn draft_number(value: &Value) -> DraftNumber {
    DraftNumber {
        is_there: !value.is_null(),
        number: value.as_i64(),
    }
}

fn stretch(times: &Value) -> Stretch {
    Stretch {
        start: draft_number(&times["start_time"]),
        end: draft_number(&times["end_time"]),
    }
}

/// Reads a coupon that is going to be sent.
pub fn draft(coupon: &Value) -> Draft {
    let info = &coupon["coupon_info"];
    let discount = &info["discount_info"];
    let condition = &discount["discount_condition"];
    let (taking, valid) = (&info["receive_info"], &info["valid_info"]);
    let validity = valid["valid_type"].as_i64();
    let known = VALIDITIES
        .iter()
        .find(|(number, _)| Some(*number) == validity);
    Draft {
        is_named: !info["name"].is_null(),
        kind: coupon["type"].as_i64().and_then(kind),
        says_kind: !coupon["type"].is_null(),
        share: draft_number(&discount["discount_num"]),
        off: draft_number(&discount["discount_fee"]),
        from_amount: draft_number(&condition["product_price"]),
        from_pieces: draft_number(&condition["product_cnt"]),
        products: condition["out_product_ids"].as_array().map_or(0, Vec::len),
        says_trade_in: !condition["tradein_info"].is_null(),
        says_buy_get: !condition["buyget_info"].is_null(),
        total: draft_number(&taking["total_num"]),
        per_buyer: draft_number(&taking["limit_num_one_person"]),
        taking: stretch(taking),
        validity: known.map(|(_, validity)| *validity),
        says_validity: !valid["valid_type"].is_null(),
        days: draft_number(&valid["valid_day_num"]),
        seconds: draft_number(&valid["valid_second"]),
        valid: stretch(valid),
    }
}
