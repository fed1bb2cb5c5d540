//! After-sales of controlled orders as `/shop/ecaftersale/*` gives them: the platform's numbers, and the record.

use crate::api::reader::{Read, Reader, integer, text};
use crate::model::aftersale::{Aftersale, Kind, Reason, Returned, State};
use crate::types::Fen;
use serde_json::Value;

/// `type` of a refund without return.
pub const REFUND: i64 = 1;
/// `type` of a return with refund.
pub const RETURN: i64 = 2;

/// States, by the platform's numbers. Older numbers (12, 14 … 19) may come and mean nothing to this program.
pub const CANCELLED: i64 = 1;
pub const REFUND_REQUESTED: i64 = 2;
pub const REFUND_REFUSED: i64 = 4;
pub const RETURN_REFUSED: i64 = 5;
pub const WAITING_FOR_RETURN: i64 = 6;
pub const CLOSED: i64 = 7;
pub const RETURN_SENT: i64 = 8;
pub const REFUNDING: i64 = 11;
pub const REFUNDED: i64 = 13;
pub const REFUND_DISPUTED: i64 = 21;
pub const RETURN_REQUESTED: i64 = 23;
pub const RETURN_DISPUTED: i64 = 24;
pub const REFUND_FAILED: i64 = 25;

const KINDS: &[(i64, Kind)] = &[
    (REFUND, Kind::Refund),
    (RETURN, Kind::Return),
    (3, Kind::Exchange),
];

const STATES: &[(i64, State)] = &[
    (CANCELLED, State::Cancelled),
    (REFUND_REQUESTED, State::RefundRequested),
    (REFUND_REFUSED, State::RefundRejected),
    (RETURN_REFUSED, State::ReturnRejected),
    (WAITING_FOR_RETURN, State::AwaitingReturn),
    (CLOSED, State::Closed),
    (RETURN_SENT, State::ReturnShipped),
    (REFUNDING, State::Refunding),
    (REFUNDED, State::Refunded),
    (REFUND_DISPUTED, State::RefundDisputed),
    (RETURN_REQUESTED, State::ReturnRequested),
    (RETURN_DISPUTED, State::ReturnDisputed),
    (REFUND_FAILED, State::RefundFailed),
];

/// Reasons by the list of summer 2022.
const REASONS: &[(i64, Reason)] = &[
    (1, Reason::OutOfStock),
    (2, Reason::ShippingTime),
    (3, Reason::NotWanted),
    (5, Reason::WrongAddress),
    (6, Reason::Mistake),
    (7, Reason::Damaged),
    (8, Reason::NotAsDescribed),
    (9, Reason::BadTracking),
    (10, Reason::Stalled),
    (11, Reason::Unreachable),
    (12, Reason::NotReceived),
    (14, Reason::Quality),
    (15, Reason::Other),
];

/// States whose end the platform tells by an event, which is also what `merchanttest` calls it.
pub const OVERDUE: &[(State, &str)] = &[
    (
        State::RefundRequested,
        "aftersale_merchant_handle_refund_overdue",
    ),
    (
        State::ReturnRequested,
        "aftersale_merchant_handle_return_overdue",
    ),
    (
        State::RefundRejected,
        "aftersale_user_apply_platform_judge_overdue",
    ),
    (
        State::ReturnRejected,
        "aftersale_user_apply_platform_judge_overdue",
    ),
    (
        State::AwaitingReturn,
        "aftersale_user_upload_return_info_overdue",
    ),
    (
        State::ReturnShipped,
        "aftersale_merchant_confirm_receipt_overdue",
    ),
];

pub fn kind(number: i64) -> Kind {
    let known = KINDS.iter().find(|(known, _)| *known == number);
    known.map_or(Kind::Unknown(number), |(_, kind)| *kind)
}

/// The number of a kind; an unknown one has the number that it came with.
pub fn kind_number(kind: Kind) -> i64 {
    if let Kind::Unknown(number) = kind {
        return number;
    }
    let known = KINDS.iter().find(|(_, known)| *known == kind);
    known.map_or(0, |(number, _)| *number)
}

pub fn state(number: i64) -> State {
    let known = STATES.iter().find(|(known, _)| *known == number);
    known.map_or(State::Unknown(number), |(_, state)| *state)
}

/// The number of a state; an unknown one has the number that it came with.
pub fn state_number(state: State) -> i64 {
    if let State::Unknown(number) = state {
        return number;
    }
    let known = STATES.iter().find(|(_, known)| *known == state);
    known.map_or(0, |(number, _)| *number)
}

pub fn reason(number: i64) -> Option<Reason> {
    let known = REASONS.iter().find(|(known, _)| *known == number);
    known.map(|(_, reason)| *reason)
}

pub fn reason_number(reason: Reason) -> i64 {
    let known = REASONS.iter().find(|(_, known)| *known == reason);
    known.map_or(0, |(number, _)| *number)
}

/// Type and state by the platform's numbers; 0 where they cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub kind: i64,
    pub state: i64,
}

impl Case {
    pub fn of(record: &Value) -> Case {
        let number = |name: &str| integer(&record[name]).unwrap_or_default();
        Case {
            kind: number("type"),
            state: number("status"),
        }
    }
}

/// Reads an after-sale as `ecaftersale/get` gives it.
pub fn aftersale(record: &Value) -> Read<Aftersale> {
    let mut read = Reader::of(record);
    let (carrier, waybill) = (
        read.text("return_info.delivery_id"),
        read.text("return_info.waybill_id"),
    );
    let sent_ms = read.millis("return_info.order_return_time");
    let sent_back = sent_ms.is_some() || !carrier.is_empty() || !waybill.is_empty();
    let returned = Returned {
        carrier,
        carrier_name: read.text("return_info.delivery_name"),
        waybill,
        sent_ms,
    };
    let media = read.objects("media_list").unwrap_or_default();
    // A picture may have nothing but its preview.
    let address = |media: &&Value| {
        let of = |name: &str| text(&media[name]).filter(|address| !address.is_empty());
        of("url").or_else(|| of("thumb_url"))
    };
    let value = Aftersale {
        id: read.text("aftersale_id"),
        own_number: read.text("out_aftersale_id"),
        order_id: read.text("order_id"),
        order_number: read.text("out_order_id"),
        buyer: read.text("openid"),
        kind: kind(read.integer("type").unwrap_or_default()),
        state: state(read.integer("status").unwrap_or_default()),
        amount: read.integer("orderamt").map(Fen),
        reason: read.integer("refund_reason_type").and_then(reason),
        reason_text: read.text("refund_reason"),
        product: read.text("product_info.out_product_id"),
        sku: read.text("product_info.out_sku_id"),
        count: read.integer("product_info.product_cnt"),
        returned: sent_back.then_some(returned),
        refund_number: read.text("refund_pay_detail.refund_id"),
        return_address: super::order::receiver(read.at("return_address_info")),
        media: media.iter().filter_map(address).collect(),
        disputes: read.numbers("complaint_order_id_list", "complaint_order_id"),
        opened_ms: read.millis("create_time"),
        changed_ms: read.millis("update_time"),
    };
    read.done(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::Reference;
    use crate::model::aftersale::STAGES;
    use clap::ValueEnum;

    fn known(list: &str) -> Vec<i64> {
        let values = &Reference::Component.book().types[list].values;
        let mut known: Vec<i64> = values.iter().filter_map(|one| one.value.as_i64()).collect();
        known.sort_unstable();
        known
    }

    #[test]
    fn every_number_of_the_reference_has_a_word() {
        let mut states: Vec<i64> = STATES.iter().map(|(number, _)| *number).collect();
        states.sort_unstable();
        assert_eq!(states, known("AftersaleState"));
        let mut reasons: Vec<i64> = REASONS.iter().map(|(number, _)| *number).collect();
        reasons.sort_unstable();
        assert_eq!(reasons, known("AftersaleReason"));
        assert!(
            Reason::value_variants()
                .iter()
                .all(|reason| reason_number(*reason) != 0)
        );
        assert!(STAGES.iter().all(|stage| state_number(stage.state) != 0));
        let limited = STAGES.iter().filter(|stage| stage.limit.is_some());
        assert_eq!(limited.count(), OVERDUE.len());
    }
}
