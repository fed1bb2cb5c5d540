//! Disputes as `/shop/complaint/*` gives them: the platform's numbers, and the records.

use crate::api::reader::{Read, Reader};
use crate::model::dispute::{Dispute, Event, Party, State};
use serde_json::Value;

/// States, by the platform's numbers.
pub const STATES: &[(i64, State)] = &[
    (230_000, State::MerchantHandles),
    (230_001, State::SupportHandles),
    (230_002, State::BuyerEvidence),
    (230_003, State::MerchantEvidence),
    (230_004, State::BothEvidence),
    (230_005, State::BuyerMissing),
    (230_006, State::MerchantMissing),
    (230_007, State::AwaitingVerdict),
    (230_009, State::AftersaleRuns),
    (230_011, State::ProofChecked),
    (230_012, State::Finished),
    (230_013, State::Closed),
    (230_014, State::ReturnDisputed),
    (230_015, State::BuyerReturnEvidence),
    (230_016, State::MerchantReturnEvidence),
    (230_017, State::BothReturnEvidence),
    (230_018, State::BuyerReturnMissing),
    (230_019, State::MerchantReturnMissing),
    (230_020, State::ReturnChecked),
];

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

/// Reads a dispute as `complaint/get` and `complaint/get_list` give it.
pub fn dispute(record: &Value) -> Read<Dispute> {
    let mut read = Reader::of(record);
    let expires_at = read.time("expired_time");
    let value = Dispute {
        id: read.text("complaint_order_id"),
        order_id: read.text("order_id"),
        aftersale_id: read.text("after_sale_order_id"),
        buyer: read.text("openid"),
        phone: read.text("phone_number"),
        state: state(read.integer("state").unwrap_or_default()),
        kind: read.integer("type"),
        verdict: read.integer("judge_result"),
        opened_ms: read.millis("create_time"),
        changed_ms: read.millis("update_time"),
        expires_at,
        expiry_unreadable: false,
    };
    let read = read.done(value);
    let expiry_unreadable = read.unread.contains(&"expired_time");
    Read {
        value: Dispute {
            expiry_unreadable,
            ..read.value
        },
        ..read
    }
}

/// The records that a step may have. Exactly one is there, and it tells who acted where `object` does not.
const RECORDS: &[(&str, Party)] = &[
    ("user_record", Party::Buyer),
    ("merchant_record", Party::Merchant),
    ("op_record", Party::Platform),
];

/// Reads the history of a dispute, `flow_info` of `complaint/get`.
pub fn history(record: &Value) -> Read<Vec<Event>> {
    let mut read = Reader::of(record);
    let steps = read.objects("flow_info.list").unwrap_or_default();
    let steps = steps.into_iter().map(step).collect();
    read.done(steps)
}

fn step(record: &Value) -> Event {
    let mut read = Reader::of(record);
    let named = match read.integer("object") {
        Some(1) => Some(Party::Buyer),
        Some(2) => Some(Party::Platform),
        Some(3) => Some(Party::Merchant),
        _ => None,
    };
    let found = RECORDS.iter().find(|(name, _)| record[*name].is_object());
    let nothing = Value::Null;
    let inner = found.map_or(&nothing, |(name, _)| &record[*name]);
    let mut read = Reader::of(inner);
    Event {
        party: named.or(found.map(|(_, party)| *party)),
        event: read.integer("event"),
        state: state(read.integer("state").unwrap_or_default()),
        at_ms: read.millis("time"),
        statement: read.text("material_info.content"),
        media: read.numbers("material_info.media_url_list", "url"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::Reference;
    use crate::model::dispute::STAGES;

    #[test]
    fn the_table_has_every_state_of_the_reference() {
        let named: Vec<i64> = Reference::Component.book().types["ComplaintState"]
            .values
            .iter()
            .filter_map(|known| known.value.as_i64())
            .collect();
        let ours: Vec<i64> = STATES.iter().map(|(number, _)| *number).collect();
        assert_eq!(ours, named);
        let stages: Vec<State> = STAGES.iter().map(|stage| stage.state).collect();
        assert_eq!(
            stages,
            STATES.iter().map(|(_, state)| *state).collect::<Vec<_>>()
        );
    }
}
