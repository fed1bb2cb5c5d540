//! What happens to an after-sale without a call of the merchant: the buyer's moves inside WeChat, and the clock.

use super::super::{complaint, order};
use super::{
    Aftersale, Happening, NOUN, Sent, await_return, by_number, call, end, enter, happening, open,
    pay_out, proven, put, tell, wrong_state,
};
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Tx};
use crate::text;
use crate::types::Fen;
use serde_json::json;

/// What a buyer asks for in WeChat.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// A number of the order, the merchant's or the platform's.
    pub order: String,
    /// Return the goods as well.
    pub sends_back: bool,
    /// Product and SKU; empty means the first of the order that money is left of.
    pub out_product_id: String,
    pub out_sku_id: String,
    /// All that is left of the SKU when `None`.
    pub amount: Option<Fen>,
    pub reason_type: i64,
    pub reason: String,
}

/// The buyer opens an after-sale in WeChat; it has no number of the merchant's.
pub fn buyer_opens(tx: &mut Tx<'_>, request: &Request) -> Result<(i64, Happening), Refusal> {
    let of = order::by_number(tx, &request.order)?;
    let named = !request.out_product_id.is_empty() || !request.out_sku_id.is_empty();
    let row = of
        .body
        .rows
        .iter()
        .find(|row| {
            if named {
                (request.out_product_id.is_empty() || row.out_product_id == request.out_product_id)
                    && (request.out_sku_id.is_empty() || row.out_sku_id == request.out_sku_id)
            } else {
                row.left().0 > 0
            }
        })
        .ok_or_else(|| {
            Refusal::new(
                2_747_021,
                "product is not in the order, or nothing is left of it",
            )
        })?;
    let body = Aftersale {
        kind: 1 + i64::from(request.sends_back),
        orderamt: request.amount.unwrap_or(row.left()),
        reason_type: request.reason_type,
        reason: request.reason.clone(),
        out_product_id: row.out_product_id.clone(),
        out_sku_id: row.out_sku_id.clone(),
        product_cnt: row.product_cnt,
        ..Aftersale::default()
    };
    let aftersale = open(tx, of, body)?;
    let told = json!({"aftersale_info": {
        "aftersale_id": aftersale.id, "order_id": aftersale.body.order_id,
        "out_order_id": aftersale.body.out_order_id,
    }});
    tx.emit("aftersale_new_order", &told)?;
    let what = if request.sends_back {
        text!("return requested")
    } else {
        text!("refund requested")
    };
    Ok((aftersale.id, happening(tx, &aftersale, what)))
}

/// The buyer asks for another amount.
pub fn buyer_changes(tx: &mut Tx<'_>, number: &str, amount: Fen) -> Result<Happening, Refusal> {
    let aftersale = by_number(tx, number)?;
    let aftersale = call::change(tx, aftersale, amount)?;
    Ok(happening(tx, &aftersale, text!("changed")))
}

pub fn buyer_cancels(tx: &mut Tx<'_>, number: &str) -> Result<Happening, Refusal> {
    let aftersale = by_number(tx, number)?;
    let aftersale = call::cancelled(tx, aftersale)?;
    Ok(happening(tx, &aftersale, text!("cancelled")))
}

/// The buyer sends the goods, or lets WeChat pick them up: then there is no tracking number at first. Sent already,
/// the data change.
pub fn send_back(tx: &mut Tx<'_>, number: &str, mut parcel: Sent) -> Result<Happening, Refusal> {
    let mut aftersale = by_number(tx, number)?;
    if aftersale.state == 8 {
        parcel.at = aftersale.body.sent.as_ref().map_or(tx.now, |sent| sent.at);
        aftersale.body.sent = Some(parcel);
        put(tx, &aftersale)?;
        tell(tx, &aftersale, "aftersale_user_modify_return_info")?;
        return Ok(happening(tx, &aftersale, text!("return data changed")));
    }
    parcel.at = tx.now;
    let aftersale = call::sent(tx, aftersale, parcel)?;
    Ok(happening(tx, &aftersale, text!("sent back")))
}

/// The buyer cancels the pick-up: the data go, and the return is awaited again.
pub fn cancel_pick_up(tx: &mut Tx<'_>, number: &str) -> Result<Happening, Refusal> {
    let mut aftersale = by_number(tx, number)?;
    if aftersale.state != 8 {
        return Err(wrong_state(aftersale.state));
    }
    aftersale.body.sent = None;
    enter(tx, &mut aftersale, 6);
    put(tx, &aftersale)?;
    tell(tx, &aftersale, "aftersale_user_cancel_waybill")?;
    Ok(happening(tx, &aftersale, text!("pick-up cancelled")))
}

/// The buyer asks the platform to judge after a refusal. The platform pushes the dispute alone.
pub fn ask_platform(
    tx: &mut Tx<'_>,
    number: &str,
    kind: i64,
    words: &str,
) -> Result<(i64, Happening), Refusal> {
    let mut aftersale = by_number(tx, number)?;
    let state = match aftersale.state {
        4 => 21,
        5 => 24,
        other => return Err(wrong_state(other)),
    };
    let dispute = complaint::open(tx, &aftersale, kind, words)?;
    if !aftersale.body.disputes.contains(&dispute) {
        aftersale.body.disputes.push(dispute);
    }
    enter(tx, &mut aftersale, state);
    put(tx, &aftersale)?;
    Ok((dispute, happening(tx, &aftersale, text!("platform asked"))))
}

/// The buyer says that the refund made outside has come.
pub fn buyer_confirms_proof(tx: &mut Tx<'_>, number: &str) -> Result<Happening, Refusal> {
    let mut aftersale = by_number(tx, number)?;
    if aftersale.state != 25 || aftersale.body.certificates.is_none() {
        return Err(wrong_state(aftersale.state));
    }
    proven(tx, &mut aftersale)?;
    tell(tx, &aftersale, "aftersale_user_confirm_refund_certificate")?;
    Ok(happening(tx, &aftersale, text!("refund outside confirmed")))
}

/// The next refund of this after-sale cannot be paid out.
pub fn fail_next_refund(tx: &mut Tx<'_>, number: &str) -> Result<Happening, Refusal> {
    let mut aftersale = by_number(tx, number)?;
    if matches!(aftersale.state, 1 | 7 | 13 | 25) {
        return Err(wrong_state(aftersale.state));
    }
    aftersale.body.refund_fails = true;
    put(tx, &aftersale)?;
    Ok(happening(tx, &aftersale, text!("refund will fail")))
}

/// What the platform calls the running out of a state's time.
pub(super) fn overdue(state: i64) -> Option<&'static str> {
    Some(match state {
        2 => "aftersale_merchant_handle_refund_overdue",
        23 => "aftersale_merchant_handle_return_overdue",
        4 | 5 => "aftersale_user_apply_platform_judge_overdue",
        6 => "aftersale_user_upload_return_info_overdue",
        8 => "aftersale_merchant_confirm_receipt_overdue",
        _ => return None,
    })
}

/// The time of the present state has run out.
pub(super) fn run_out(
    tx: &mut Tx<'_>,
    mut aftersale: Document<Aftersale>,
) -> Result<Happening, Refusal> {
    let event = overdue(aftersale.state);
    let what = match aftersale.state {
        2 | 8 => {
            enter(tx, &mut aftersale, 11);
            put(tx, &aftersale)?;
            text!("time ran out: refunding")
        }
        23 => {
            // Without an address the buyer would have nowhere to send the goods; the platform agrees all the same.
            if let Ok(address) = call::address(tx, &aftersale, serde_json::Value::Null) {
                aftersale.body.address = address;
            }
            await_return(tx, &mut aftersale)?;
            text!("time ran out: return agreed")
        }
        4..=6 => {
            end(tx, &mut aftersale, 7)?;
            text!("time ran out: closed")
        }
        _ => return pay_out(tx, &mut aftersale),
    };
    if let Some(event) = event {
        tell(tx, &aftersale, event)?;
    }
    Ok(happening(tx, &aftersale, what))
}

/// Lets the clock act.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let due = tx.due::<Aftersale>(NOUN)?;
    let mut happenings = Vec::with_capacity(due.len());
    for aftersale in due {
        // What the clock does is done when it was due, however late somebody looks.
        let now = tx.now;
        tx.now = aftersale.due.unwrap_or(now);
        let happened = run_out(tx, aftersale);
        tx.now = now;
        happenings.push(happened?);
    }
    Ok(happenings)
}
