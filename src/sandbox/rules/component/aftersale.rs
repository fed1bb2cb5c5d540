//! After-sales of controlled orders: `/shop/ecaftersale/*`. The machine stands here, what buyers and the clock do to it
//! in `aftersale/life.rs`, the calls in `aftersale/call.rs`. Money goes back through the order, which knows what is left.
//!
//! ```text
//! type 1:  2 -- accept, 48 h --> 11 --> 13 (or 25)      2 -- refuse --> 4 -- 7 d --> 7
//! type 2: 23 -- accept, 48 h --> 6 -- sent --> 8 -- received, 10 d --> 11      6 -- 7 d --> 7
//!         23 -- refuse --> 5      8 -- refuse --> 5      4, 5 -- platform asked --> 21, 24 -- verdict --> 11, 6, 7
//! ```
//!
//! Which of 4 and 5 follows refused goods is not documented; here it is 5.

mod call;
mod life;

pub use call::{
    accept_refund, accept_return, add, cancel, certificates, get, list, merchant_test,
    merchant_update, reject, return_info, update, update_deadline,
};
pub use life::{
    Request, ask_platform, buyer_cancels, buyer_changes, buyer_confirms_proof, buyer_opens,
    cancel_pick_up, fail_next_refund, send_back, settle,
};

use super::access::{self, Task};
use super::{Happening, complaint, order};
use crate::api::component::aftersale::state as named;
use crate::lang::Text;
use crate::model::aftersale::stage;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Tx};
use crate::text;
use crate::types::{Fen, Id64};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The noun in the shop's file. `out_id` is the merchant's number, or `#` and the platform's where there is none.
pub const NOUN: &str = "aftersale";

const REFUND: i64 = 1;
const RETURN: i64 = 2;

/// Seconds from "refunding" to the money being back.
const PAY_OUT: i64 = 5;

/// An after-sale as the shop holds it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Aftersale {
    /// Empty when the buyer opened it in WeChat.
    pub out_aftersale_id: String,
    pub out_order_id: String,
    pub order_id: i64,
    pub openid: String,
    pub kind: i64,
    /// Asked for, freight included.
    pub orderamt: Fen,
    /// Of `orderamt`.
    pub freight: Fen,
    pub reason_type: i64,
    pub reason: String,
    pub out_product_id: String,
    pub out_sku_id: String,
    pub product_id: i64,
    pub sku_id: u64,
    pub product_cnt: i64,
    pub media: Vec<Value>,
    /// Creation and changes together.
    pub changes: i64,
    /// Filled once the return is agreed; then its address is fixed.
    pub return_id: String,
    pub sent: Option<Sent>,
    pub refund_id: String,
    pub address: Value,
    pub reject_reason: String,
    pub certificates: Option<Value>,
    pub disputes: Vec<i64>,
    /// The next refund cannot be paid out, by order of the shop's keeper.
    pub refund_fails: bool,
    /// Every state it was in, with the time it came there.
    pub history: Vec<(i64, i64)>,
}

/// The parcel on its way back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Sent {
    pub delivery_id: String,
    pub delivery_name: String,
    pub waybill_id: String,
    pub at: i64,
}

/// How a call names an after-sale.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Key {
    pub aftersale_id: Option<Id64>,
    pub out_aftersale_id: Option<String>,
}

/// The after-sale that a call names.
pub fn find(tx: &Tx<'_>, key: &Key) -> Result<Document<Aftersale>, Refusal> {
    let unknown = || Refusal::new(2_747_007, "after-sale does not exist");
    let out_id = match (&key.out_aftersale_id, key.aftersale_id) {
        (Some(out_id), _) if !out_id.is_empty() && !out_id.starts_with('#') => out_id.clone(),
        (_, Some(Id64(id))) => i64::try_from(id)
            .ok()
            .and_then(|id| tx.out_id(NOUN, id).transpose())
            .transpose()?
            .ok_or_else(unknown)?,
        _ => return Err(missing("aftersale_id")),
    };
    tx.find(NOUN, &out_id)?.ok_or_else(unknown)
}

/// The after-sale of this number, the merchant's or the platform's: for the buyer and the keeper of the shop.
pub fn by_number(tx: &Tx<'_>, number: &str) -> Result<Document<Aftersale>, Refusal> {
    let own = Key {
        out_aftersale_id: Some(number.into()),
        aftersale_id: None,
    };
    match (find(tx, &own), number.parse()) {
        (Err(_), Ok(id)) => find(
            tx,
            &Key {
                aftersale_id: Some(Id64(id)),
                out_aftersale_id: None,
            },
        ),
        (found, _) => found,
    }
}

/// The refusal for a field of an after-sale call that is not there.
pub fn missing(field: &str) -> Refusal {
    let errcode = match field {
        "openid" => 990_004,
        "order_id" | "out_order_id" => 2_747_018,
        "aftersale_id" | "out_aftersale_id" => 2_747_012,
        _ if field.contains("address_info") => 2_747_025,
        _ => 2_747_002,
    };
    Refusal::new(errcode, format!("{field} is missing"))
}

/// The refusal of a step that the present state does not allow; its text names the state.
fn wrong_state(state: i64) -> Refusal {
    Refusal::new(
        2_747_008,
        format!("after-sale state does not allow the step, present state: {state}"),
    )
}

/// Moves on to a state, and sets what the clock does with it.
fn enter(tx: &Tx<'_>, aftersale: &mut Document<Aftersale>, state: i64) {
    let limit = stage(named(state)).and_then(|stage| stage.limit);
    aftersale.state = state;
    aftersale.changed_at = tx.now;
    aftersale.due = match state {
        11 => Some(tx.now + PAY_OUT),
        _ => limit.map(|limit| tx.now + limit.seconds),
    };
    aftersale.body.history.push((tx.now, state));
}

fn put(tx: &mut Tx<'_>, aftersale: &Document<Aftersale>) -> Result<(), Refusal> {
    tx.put(NOUN, aftersale)
}

/// What the platform pushes about an after-sale.
fn tell(tx: &mut Tx<'_>, aftersale: &Document<Aftersale>, event: &str) -> Result<(), Refusal> {
    let told = json!({"aftersale_info": {
        "aftersale_id": aftersale.id, "out_aftersale_id": aftersale.body.out_aftersale_id,
    }});
    tx.emit(event, &told)
}

fn happening(tx: &Tx<'_>, aftersale: &Document<Aftersale>, what: Text) -> Happening {
    let number = match aftersale.body.out_aftersale_id.as_str() {
        "" => aftersale.id.to_string(),
        own => own.to_owned(),
    };
    Happening {
        at: tx.now,
        noun: text!("after-sale"),
        number,
        what,
        reason: String::new(),
    }
}

/// Opens one for a row of an order. The caller has named who; everything else is looked at here.
fn open(
    tx: &mut Tx<'_>,
    mut of: Document<order::Order>,
    mut body: Aftersale,
) -> Result<Document<Aftersale>, Refusal> {
    if !of.body.is_controlled() {
        return Err(Refusal::new(2_747_027, "order is not controlled"));
    }
    let no_after_sale = |why: &str| {
        Refusal::new(
            2_747_020,
            format!("no after-sale is possible for this product: {why}"),
        )
    };
    if !matches!(
        of.state,
        order::status::PAID | order::status::SHIPPED | order::status::COMPLETED
    ) {
        return Err(no_after_sale(&format!("order state {}", of.state)));
    }
    if of.body.settlement.is_some() || order::window_end(&of).is_some_and(|end| tx.now >= end) {
        return Err(no_after_sale("the after-sale period has ended"));
    }
    let row = of
        .body
        .row(&body.out_product_id, &body.out_sku_id)
        .ok_or_else(|| Refusal::new(2_747_021, "product is not in the order"))?
        .clone();
    if body.kind == RETURN && of.state == order::status::PAID {
        return Err(Refusal::new(
            2_747_024,
            "before shipment only a refund without return",
        ));
    }
    if !(1..=row.product_cnt).contains(&body.product_cnt) {
        return Err(Refusal::new(2_747_002, "product_cnt is not right"));
    }
    body.out_product_id.clone_from(&row.out_product_id);
    body.out_sku_id.clone_from(&row.out_sku_id);
    body.product_id = row.product_id;
    body.sku_id = row.sku_id;
    let others = open_ones(tx, &of)?;
    let same = |other: &Aftersale| {
        other.out_product_id == body.out_product_id && other.out_sku_id == body.out_sku_id
    };
    if others.iter().any(|(_, other)| same(other)) {
        return Err(no_after_sale("another after-sale of it is running"));
    }
    body.freight = freight(tx, &of, &body, 0)?;
    body.openid.clone_from(&of.body.openid);
    body.order_id = of.id;
    body.out_order_id.clone_from(&of.out_id);
    body.changes = 1;
    let own = body.out_aftersale_id.clone();
    if own.starts_with('#') {
        return Err(Refusal::new(2_747_002, "out_aftersale_id is not right"));
    }
    if !own.is_empty() && tx.find::<Value>(NOUN, &own)?.is_some() {
        return Err(Refusal::new(2_747_013, "after-sale already exists"));
    }
    let id = tx.next_id(NOUN)?;
    let out_id = if own.is_empty() {
        format!("#{id}")
    } else {
        own
    };
    let state = match body.kind {
        RETURN => 23,
        _ => 2,
    };
    let mut aftersale = Document {
        id,
        out_id,
        state,
        draft: 0,
        due: None,
        created_at: tx.now,
        changed_at: tx.now,
        body,
    };
    enter(tx, &mut aftersale, state);
    put(tx, &aftersale)?;
    order::open_aftersale(tx, &mut of, id, &aftersale.body.out_aftersale_id)?;
    access::note_task(tx, Task::EcAfterSale)?;
    Ok(aftersale)
}

/// The after-sales of an order that are running, by their numbers.
fn open_ones(tx: &Tx<'_>, of: &Document<order::Order>) -> Result<Vec<(i64, Aftersale)>, Refusal> {
    let running = of.body.aftersales.iter().filter(|one| one.open);
    let mut found = Vec::new();
    for one in running {
        if let Some(out_id) = tx.out_id(NOUN, one.aftersale_id)?
            && let Some(document) = tx.find::<Aftersale>(NOUN, &out_id)?
        {
            found.push((document.id, document.body));
        }
    }
    Ok(found)
}

/// How much of what is asked for is freight; `own` is the number of the after-sale itself where it exists already.
///
/// # Errors
/// 2747014 where more is asked for than is left of the row, or freight after shipment.
fn freight(
    tx: &Tx<'_>,
    of: &Document<order::Order>,
    body: &Aftersale,
    own: i64,
) -> Result<Fen, Refusal> {
    let too_much = || Refusal::new(2_747_014, "refund amount is not valid");
    let row = of
        .body
        .row(&body.out_product_id, &body.out_sku_id)
        .ok_or_else(too_much)?;
    let beyond = body.orderamt.0 - row.left().0;
    let freight_left = match of.state {
        order::status::PAID => {
            let claimed: i64 = open_ones(tx, of)?
                .iter()
                .filter(|(id, _)| *id != own)
                .map(|(_, other)| other.freight.0)
                .sum();
            of.body.price.freight.0 - of.body.freight_refunded.0 - claimed
        }
        _ => 0,
    };
    if body.orderamt.0 > 0 && beyond <= freight_left {
        Ok(Fen(beyond.max(0)))
    } else {
        Err(too_much())
    }
}

/// Ends it without money.
fn end(tx: &mut Tx<'_>, aftersale: &mut Document<Aftersale>, state: i64) -> Result<(), Refusal> {
    enter(tx, aftersale, state);
    put(tx, aftersale)?;
    let mut of = order::by_number(tx, &aftersale.body.out_order_id)?;
    order::end_aftersale(tx, &mut of, aftersale.id, None)?;
    complaint::aftersale_ended(tx, &aftersale.body.disputes, state)
}

/// The money goes back, or cannot.
fn pay_out(tx: &mut Tx<'_>, aftersale: &mut Document<Aftersale>) -> Result<Happening, Refusal> {
    if std::mem::take(&mut aftersale.body.refund_fails) {
        enter(tx, aftersale, 25);
        put(tx, aftersale)?;
        tell(tx, aftersale, "aftersale_wait_merchant_offline_refund")?;
        return Ok(happening(tx, aftersale, text!("refund failed")));
    }
    aftersale.body.refund_id = format!("5030{:016}", tx.count("refund", 0)?);
    enter(tx, aftersale, 13);
    put(tx, aftersale)?;
    let mut of = order::by_number(tx, &aftersale.body.out_order_id)?;
    let body = &aftersale.body;
    let refund = order::Refund {
        out_product_id: &body.out_product_id,
        out_sku_id: &body.out_sku_id,
        goods: Fen(body.orderamt.0 - body.freight.0),
        freight: body.freight,
    };
    order::end_aftersale(tx, &mut of, aftersale.id, Some(&refund))?;
    tell(tx, aftersale, "aftersale_refund_success")?;
    complaint::aftersale_ended(tx, &aftersale.body.disputes, 13)?;
    Ok(happening(tx, aftersale, text!("refunded")))
}

/// The return was agreed, by whomever.
fn await_return(tx: &mut Tx<'_>, aftersale: &mut Document<Aftersale>) -> Result<(), Refusal> {
    aftersale.body.return_id = format!("R{:010}", tx.count("return", 0)?);
    enter(tx, aftersale, 6);
    put(tx, aftersale)
}

/// What a verdict gives the buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Give {
    Refund,
    Return,
    Nothing,
}

/// Carries a verdict out.
pub fn judged(tx: &mut Tx<'_>, id: i64, give: Give) -> Result<(), Refusal> {
    let mut aftersale = by_number(tx, &id.to_string())?;
    let body = &aftersale.body;
    if !matches!(aftersale.state, 21 | 24)
        || give == Give::Return && (body.kind == REFUND || body.sent.is_some())
    {
        return Err(wrong_state(aftersale.state));
    }
    match give {
        Give::Refund => {
            enter(tx, &mut aftersale, 11);
            put(tx, &aftersale)?;
        }
        Give::Return => await_return(tx, &mut aftersale)?,
        Give::Nothing => end(tx, &mut aftersale, 7)?,
    }
    tell(tx, &aftersale, "aftersale_complaint_update_order_state")
}

/// The platform accepted the proof of a refund made outside, or the buyer did.
pub fn proven(tx: &mut Tx<'_>, aftersale: &mut Document<Aftersale>) -> Result<(), Refusal> {
    end(tx, aftersale, 13)
}

/// An after-sale as `ecaftersale/get` shows it.
pub fn record(aftersale: &Document<Aftersale>) -> Value {
    let body = &aftersale.body;
    let millis = |at: i64| (at * 1000).to_string();
    let mut shown = json!({
        "aftersale_id": aftersale.id, "out_aftersale_id": body.out_aftersale_id,
        "order_id": body.order_id, "out_order_id": body.out_order_id,
        "type": body.kind, "status": aftersale.state, "openid": body.openid,
        "orderamt": body.orderamt, "refund_reason_type": body.reason_type,
        "refund_reason": body.reason, "return_id": body.return_id,
        "create_time": millis(aftersale.created_at), "update_time": millis(aftersale.changed_at),
        "product_info": {
            "product_id": body.product_id, "out_product_id": body.out_product_id,
            "sku_id": Id64(body.sku_id), "out_sku_id": body.out_sku_id, "product_cnt": body.product_cnt,
        },
        "media_list": body.media,
        "complaint_order_id_list": body.disputes,
    });
    if let Some(sent) = &body.sent {
        shown["return_info"] = json!({
            "delivery_id": sent.delivery_id, "delivery_name": sent.delivery_name,
            "waybill_id": sent.waybill_id, "order_return_time": millis(sent.at),
        });
    }
    if !body.refund_id.is_empty() {
        shown["refund_pay_detail"] = json!({"refund_id": body.refund_id});
    }
    if body.address.is_object() {
        shown["return_address_info"] = body.address.clone();
    }
    shown
}
