//! Disputes: `/shop/complaint/*`. A buyer asks the platform after a refusal; its support asks for evidence and judges,
//! which the keeper of the shop does here, or the clock where somebody does not answer.
//!
//! ```text
//! 230000 -- a day --> 230001 -- support asks --> 230002 buyer, 230003 merchant, 230004 both
//! 230004 -- merchant --> 230005      230004 -- buyer --> 230006      complete, or 3 days --> 230007 -- verdict
//! verdict: money or return --> 230009 -- after-sale ends --> 230012      nothing --> 230012      cancelled --> 230013
//! 230009 -- returned goods refused, platform asked --> 230014, then 230015 … 230020 as above
//! 25, proof doubted --> 230011 --> 230012, or 230009
//! ```
//!
//! Neither the edges nor the lengths of time are documented; both stand in [`crate::model::dispute`].

use super::{Happening, aftersale, order};
use crate::api::Done;
use crate::api::component::dispute::{self, state_number};
use crate::api::operation::Reference;
use crate::lang::{Lang, Text};
use crate::model::deadline::Actor;
use crate::model::dispute::{self as model, State};
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::text;
use crate::types::Id64;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub const NOUN: &str = "complaint";

/// A dispute as the shop holds it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Complaint {
    pub order_id: i64,
    pub aftersale_id: i64,
    pub openid: String,
    pub phone_number: String,
    pub kind: i64,
    pub judge_result: i64,
    /// Steps as `complaint/get` shows them.
    pub flow: Vec<Value>,
    /// Every state it was in, with the time it came there.
    pub history: Vec<(i64, i64)>,
}

/// Who made a step, by the numbers of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    Buyer = 1,
    Platform = 2,
    Merchant = 3,
}

/// Of whom something is asked, or who is liable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Merchant,
    Buyer,
    Both,
    Nobody,
}

impl Party {
    fn of_model(self) -> model::Party {
        match self {
            Party::Buyer => model::Party::Buyer,
            Party::Platform => model::Party::Platform,
            Party::Merchant => model::Party::Merchant,
        }
    }
}

fn state_of(complaint: &Document<Complaint>) -> State {
    dispute::state(complaint.state)
}

fn find(tx: &Tx<'_>, id: i64) -> Result<Document<Complaint>, Refusal> {
    tx.find(NOUN, &id.to_string())?
        .ok_or_else(|| Refusal::new(40097, "invalid args: complaint_order_id does not exist"))
}

/// The dispute of this number, for the keeper of the shop.
pub fn by_number(tx: &Tx<'_>, number: &str) -> Result<Document<Complaint>, Refusal> {
    find(tx, number.parse().unwrap_or_default())
}

/// A state or event of the book in Chinese, as the platform adds it.
fn described(list: &str, number: i64) -> String {
    let known = &Reference::Component.book().types[list].values;
    let meaning = known
        .iter()
        .find(|known| known.value == number)
        .map_or("", |known| known.meaning.as_str());
    Text::new(meaning, Vec::new()).render(Lang::Zh)
}

/// A step: writes it down, goes on to `state`, pushes it.
fn step(
    tx: &mut Tx<'_>,
    complaint: &mut Document<Complaint>,
    party: Party,
    (state, event): (State, i64),
    material: Option<Value>,
) -> Result<Happening, Refusal> {
    let number = state_number(state);
    let mut record = json!({
        "state": number, "state_describe": described("ComplaintState", number),
        "event": event, "event_describe": described("ComplaintEvent", event),
        "time": (tx.now * 1000).to_string(),
    });
    if let Some(material) = material {
        record["material_info"] = material;
    }
    if party == Party::Merchant {
        record["operator_nickname"] = "".into();
    }
    let name = match party {
        Party::Buyer => "user_record",
        Party::Platform => "op_record",
        Party::Merchant => "merchant_record",
    };
    let row = json!({"object": party as i64, name: record});
    complaint.body.flow.push(row);
    enter(tx, complaint, state);
    tx.put(NOUN, complaint)?;
    let told = json!({"complaint_info": {
        "complaint_order_id": complaint.id, "state": number, "event": event,
    }});
    tx.emit("complaint_notify", &told)?;
    Ok(happening(tx, complaint, state_text(state)))
}

fn happening(tx: &Tx<'_>, complaint: &Document<Complaint>, what: Text) -> Happening {
    Happening {
        at: tx.now,
        noun: text!("dispute"),
        number: complaint.id.to_string(),
        what,
        reason: String::new(),
    }
}

fn state_text(state: State) -> Text {
    match state {
        State::MerchantHandles => text!("opened"),
        State::SupportHandles => text!("with support"),
        state if state.awaits_evidence() => text!("evidence awaited"),
        State::AwaitingVerdict | State::ReturnChecked => text!("awaiting verdict"),
        State::AftersaleRuns => text!("after-sale resumed"),
        State::ProofChecked => text!("proof being checked"),
        State::Finished => text!("finished"),
        State::Closed => text!("closed"),
        _ => text!("return disputed"),
    }
}

fn enter(tx: &Tx<'_>, complaint: &mut Document<Complaint>, state: State) {
    let number = state_number(state);
    if complaint.state != number || complaint.body.history.is_empty() {
        complaint.body.history.push((tx.now, number));
        complaint.due = state.lasts().map(|seconds| tx.now + seconds);
    }
    complaint.state = number;
    complaint.changed_at = tx.now;
}

/// Opens a dispute about a refused after-sale, or goes on with the one it has.
pub fn open(
    tx: &mut Tx<'_>,
    of: &Document<aftersale::Aftersale>,
    kind: i64,
    words: &str,
) -> Result<i64, Refusal> {
    let material = Some(json!({"content": words, "media_url_list": []}));
    if let Some(known) = of.body.disputes.first() {
        let mut complaint = find(tx, *known)?;
        step(
            tx,
            &mut complaint,
            Party::Buyer,
            (State::ReturnDisputed, 240_001),
            material,
        )?;
        return Ok(complaint.id);
    }
    let mut complaint = make(tx, of, kind)?;
    step(
        tx,
        &mut complaint,
        Party::Buyer,
        (State::MerchantHandles, 240_001),
        material,
    )?;
    Ok(complaint.id)
}

fn make(
    tx: &mut Tx<'_>,
    of: &Document<aftersale::Aftersale>,
    kind: i64,
) -> Result<Document<Complaint>, Refusal> {
    let bought = order::by_number(tx, &of.body.out_order_id)?;
    let phone = bought.body.address["tel_number"]
        .as_str()
        .unwrap_or_default();
    let id = tx.next_id(NOUN)?;
    Ok(Document {
        id,
        out_id: id.to_string(),
        state: 0,
        draft: 0,
        due: None,
        created_at: tx.now,
        changed_at: tx.now,
        body: Complaint {
            order_id: of.body.order_id,
            aftersale_id: of.id,
            openid: of.body.openid.clone(),
            phone_number: phone.into(),
            kind,
            ..Complaint::default()
        },
    })
}

/// The buyer doubts the proof of a refund made outside.
pub fn doubt_proof(
    tx: &mut Tx<'_>,
    number: &str,
    words: &str,
) -> Result<(i64, Happening), Refusal> {
    let mut of = aftersale::by_number(tx, number)?;
    if of.state != 25 || of.body.certificates.is_none() {
        return Err(Refusal::new(
            2_747_008,
            format!("there is no proof to doubt, present state: {}", of.state),
        ));
    }
    let mut complaint = match of.body.disputes.first() {
        Some(known) => find(tx, *known)?,
        None => make(tx, &of, 8)?,
    };
    let is_new = complaint.state == 0;
    if !is_new && state_of(&complaint) != State::AftersaleRuns {
        return Err(wrong_state(complaint.state));
    }
    let material = Some(json!({"content": words, "media_url_list": []}));
    let happened = step(
        tx,
        &mut complaint,
        Party::Buyer,
        (State::ProofChecked, 240_059),
        material,
    )?;
    if of.body.disputes.is_empty() {
        of.body.disputes.push(complaint.id);
        tx.put(aftersale::NOUN, &of)?;
    }
    Ok((complaint.id, happened))
}

/// An after-sale came to its end, which is that of its dispute too.
pub fn aftersale_ended(tx: &mut Tx<'_>, disputes: &[i64], state: i64) -> Result<(), Refusal> {
    for id in disputes {
        let mut complaint = find(tx, *id)?;
        if !matches!(
            state_of(&complaint),
            State::AftersaleRuns | State::ProofChecked
        ) {
            continue;
        }
        match state {
            13 => {
                step(
                    tx,
                    &mut complaint,
                    Party::Platform,
                    (State::Finished, 240_031),
                    None,
                )?;
            }
            _ => {
                // No event is documented for it, so nothing is pushed.
                enter(tx, &mut complaint, State::Closed);
                tx.put(NOUN, &complaint)?;
            }
        }
    }
    Ok(())
}

fn wrong_state(state: i64) -> Refusal {
    Refusal::new(
        21001,
        format!("dispute does not accept this in its state: {state}"),
    )
}

/// Evidence of the merchant or of the buyer.
pub fn evidence(
    tx: &mut Tx<'_>,
    id: i64,
    party: Party,
    material: Value,
) -> Result<Happening, Refusal> {
    let mut complaint = find(tx, id)?;
    let from = state_of(&complaint);
    let event = match (from, party == Party::Merchant) {
        (State::MerchantEvidence, true) => 240_008,
        (State::BothEvidence, true) => 240_011,
        (State::MerchantMissing, true) => 240_014,
        (State::MerchantReturnEvidence, true) => 240_044,
        (State::BothReturnEvidence, true) => 240_047,
        (State::MerchantReturnMissing, true) => 240_050,
        (State::BuyerEvidence, false) => 240_006,
        (State::BothEvidence, false) => 240_010,
        (State::BuyerMissing, false) => 240_012,
        (State::BuyerReturnEvidence, false) => 240_042,
        (State::BothReturnEvidence, false) => 240_046,
        (State::BuyerReturnMissing, false) => 240_048,
        (State::AwaitingVerdict, false) => 240_057,
        _ => return Err(wrong_state(complaint.state)),
    };
    let given = from.after_evidence(party.of_model());
    let to = given.ok_or_else(|| wrong_state(complaint.state))?;
    let next = (to, event);
    step(tx, &mut complaint, party, next, Some(material))
}

/// Support asks for evidence.
pub fn ask(tx: &mut Tx<'_>, number: &str, of: Side) -> Result<Happening, Refusal> {
    let mut complaint = by_number(tx, number)?;
    let from = state_of(&complaint);
    let of = match of {
        Side::Merchant => Actor::Merchant,
        Side::Buyer => Actor::Buyer,
        Side::Both => Actor::Both,
        Side::Nobody => {
            return Err(Refusal::new(21001, "say who has to give evidence"));
        }
    };
    let state = from
        .when_asked(of)
        .ok_or_else(|| wrong_state(complaint.state))?;
    let event = match (from, state) {
        (State::AwaitingVerdict, _) => 240_030,
        (State::ReturnChecked, _) => 240_056,
        (_, State::MerchantEvidence) => 240_002,
        (_, State::BuyerEvidence) => 240_003,
        (_, State::BothEvidence) => 240_004,
        (_, State::MerchantReturnEvidence) => 240_038,
        (_, State::BuyerReturnEvidence) => 240_039,
        _ => 240_040,
    };
    step(tx, &mut complaint, Party::Platform, (state, event), None)
}

/// The verdict: who is liable, and what the buyer gets.
pub fn decide(
    tx: &mut Tx<'_>,
    number: &str,
    liable: Side,
    give: aftersale::Give,
) -> Result<Happening, Refusal> {
    let mut complaint = by_number(tx, number)?;
    let from = state_of(&complaint);
    if !from.may_be_judged() {
        return Err(wrong_state(complaint.state));
    }
    let again = from.is_of_return();
    let liable = match liable {
        Side::Merchant => 0,
        Side::Buyer => 1,
        Side::Both => 2,
        Side::Nobody => 3,
    };
    let (group, events) = match give {
        aftersale::Give::Refund => (1, 240_062),
        aftersale::Give::Return => (5, 240_066),
        aftersale::Give::Nothing => (9, 240_025),
    };
    let state = match give {
        aftersale::Give::Nothing => State::Finished,
        _ => State::AftersaleRuns,
    };
    let event = match (again, give) {
        (true, aftersale::Give::Nothing) => 240_054,
        (true, _) => 240_053,
        _ => events + liable,
    };
    aftersale::judged(tx, complaint.body.aftersale_id, give)?;
    complaint.body.judge_result = group + liable;
    step(tx, &mut complaint, Party::Platform, (state, event), None)
}

/// Whether the proof of a refund made outside is good.
pub fn judge_proof(tx: &mut Tx<'_>, number: &str, good: bool) -> Result<Happening, Refusal> {
    let mut complaint = by_number(tx, number)?;
    if state_of(&complaint) != State::ProofChecked {
        return Err(wrong_state(complaint.state));
    }
    let of = complaint.body.aftersale_id;
    if good {
        let happened = step(
            tx,
            &mut complaint,
            Party::Platform,
            (State::Finished, 240_036),
            None,
        )?;
        let mut of = aftersale::by_number(tx, &of.to_string())?;
        aftersale::proven(tx, &mut of)?;
        return Ok(happened);
    }
    step(
        tx,
        &mut complaint,
        Party::Platform,
        (State::AftersaleRuns, 240_037),
        None,
    )
}

/// Lets the clock act: the time to settle ends, evidence is missed.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let due = tx.due::<Complaint>(NOUN)?;
    let mut happenings = Vec::with_capacity(due.len());
    for complaint in due {
        let now = tx.now;
        tx.now = complaint.due.unwrap_or(now);
        let happened = run_out(tx, complaint);
        tx.now = now;
        happenings.push(happened?);
    }
    Ok(happenings)
}

fn run_out(tx: &mut Tx<'_>, mut complaint: Document<Complaint>) -> Result<Happening, Refusal> {
    let from = state_of(&complaint);
    let event = match from {
        State::BuyerEvidence => 240_007,
        State::MerchantEvidence => 240_009,
        State::BothEvidence => 240_016,
        State::BuyerMissing => 240_013,
        State::MerchantMissing => 240_015,
        State::BuyerReturnEvidence => 240_043,
        State::MerchantReturnEvidence => 240_045,
        State::BothReturnEvidence => 240_052,
        State::BuyerReturnMissing => 240_049,
        State::MerchantReturnMissing => 240_051,
        _ => {
            // Support takes over; no event is documented for it, so nothing is pushed.
            enter(tx, &mut complaint, State::SupportHandles);
            tx.put(NOUN, &complaint)?;
            return Ok(happening(tx, &complaint, state_text(State::SupportHandles)));
        }
    };
    let next = (from.after_time().unwrap_or(from), event);
    step(tx, &mut complaint, Party::Platform, next, None)
}

#[derive(Deserialize)]
pub struct One {
    complaint_order_id: Id64,
}

fn number(Id64(id): Id64) -> i64 {
    i64::try_from(id).unwrap_or_default()
}

pub fn get(tx: &mut Tx<'_>, request: One) -> Result<Value, Refusal> {
    let complaint = find(tx, number(request.complaint_order_id))?;
    Ok(json!({"order": record(&complaint), "flow_info": {"list": complaint.body.flow}}))
}

fn record(complaint: &Document<Complaint>) -> Value {
    let body = &complaint.body;
    json!({
        "complaint_order_id": complaint.id, "order_id": body.order_id,
        "after_sale_order_id": body.aftersale_id, "openid": body.openid,
        "phone_number": body.phone_number, "state": complaint.state, "type": body.kind,
        "create_time": complaint.created_at, "update_time": complaint.changed_at,
        "expired_time": complaint.due.unwrap_or(0), "judge_result": body.judge_result,
    })
}

#[derive(Deserialize)]
pub struct List {
    state: Option<i64>,
    #[serde(rename = "type")]
    kind: Option<i64>,
    begin_create_time: Option<i64>,
    end_create_time: Option<i64>,
    order_id: Option<Id64>,
    after_sale_order_id: Option<Id64>,
    offset: usize,
    limit: usize,
}

pub fn list(tx: &mut Tx<'_>, request: List) -> Result<Value, Refusal> {
    let filter = Filter {
        state: request.state,
        created: (request.begin_create_time, request.end_create_time),
        ..Filter::default()
    };
    let wanted = |found: &Document<Complaint>| {
        let body = &found.body;
        request.kind.is_none_or(|kind| kind == body.kind)
            && request
                .order_id
                .is_none_or(|id| number(id) == body.order_id)
            && request
                .after_sale_order_id
                .is_none_or(|id| number(id) == body.aftersale_id)
    };
    let all = tx.all::<Complaint>(NOUN, &filter)?;
    let all: Vec<&Document<Complaint>> = all.iter().filter(|found| wanted(found)).collect();
    let page = all.iter().skip(request.offset).take(request.limit);
    let rows: Vec<Value> = page.map(|complaint| record(complaint)).collect();
    Ok(json!({"orders": rows, "total": all.len()}))
}

#[derive(Deserialize)]
pub struct Upload {
    complaint_order_id: Id64,
    material_info: Value,
}

pub fn upload_material(tx: &mut Tx<'_>, request: Upload) -> Result<Done, Refusal> {
    let mut material = request.material_info;
    if material["media_url_list"].is_null() {
        material["media_url_list"] = json!([]);
    }
    if material["content"].is_null() {
        material["content"] = "".into();
    }
    evidence(
        tx,
        number(request.complaint_order_id),
        Party::Merchant,
        material,
    )?;
    Ok(Done {})
}
