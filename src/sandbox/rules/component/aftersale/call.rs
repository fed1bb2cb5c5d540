//! The calls of an after-sale: `/shop/ecaftersale/*`, and the end of the period in which one can be opened.

use super::super::{account, order};
use super::{
    Aftersale, Key, NOUN, REFUND, RETURN, Sent, await_return, end, enter, find, freight, life,
    open, put, record, tell, wrong_state,
};
use crate::api::Done;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::types::{Fen, Id64};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub struct New {
    #[serde(flatten)]
    order: order::Key,
    #[serde(default)]
    out_aftersale_id: String,
    #[serde(rename = "type")]
    kind: i64,
    orderamt: Fen,
    refund_reason_type: i64,
    #[serde(default)]
    refund_reason: String,
    product_info: Product,
    #[serde(default)]
    media_list: Vec<Value>,
}

#[derive(Deserialize)]
struct Product {
    #[serde(default)]
    out_product_id: String,
    #[serde(default)]
    out_sku_id: String,
    product_cnt: i64,
}

/// Opens an after-sale for the buyer.
pub fn add(tx: &mut Tx<'_>, request: New) -> Result<Value, Refusal> {
    let of = order::find(tx, &request.order).map_err(|refusal| match refusal.errcode {
        1_010_011 => Refusal::new(2_747_006, "order of the after-sale does not exist"),
        1_010_001 => Refusal::new(2_747_018, refusal.errmsg),
        _ => refusal,
    })?;
    check_media(&request.media_list)?;
    let body = Aftersale {
        out_aftersale_id: request.out_aftersale_id,
        kind: request.kind,
        orderamt: request.orderamt,
        reason_type: request.refund_reason_type,
        reason: request.refund_reason,
        out_product_id: request.product_info.out_product_id,
        out_sku_id: request.product_info.out_sku_id,
        product_cnt: request.product_info.product_cnt,
        media: request.media_list,
        ..Aftersale::default()
    };
    let aftersale = open(tx, of, body)?;
    Ok(json!({"aftersale_id": aftersale.id}))
}

fn check_media(media: &[Value]) -> Result<(), Refusal> {
    let urls = media.iter().map(|one| &one["url"]);
    check_pictures(urls)
}

fn check_pictures<'a>(mut urls: impl Iterator<Item = &'a Value>) -> Result<(), Refusal> {
    let sound = |url: &Value| {
        url.as_str()
            .is_some_and(|url| url.starts_with("https://") || url.starts_with("http://"))
    };
    if urls.all(sound) {
        Ok(())
    } else {
        Err(Refusal::new(2_747_010, "picture address is not valid"))
    }
}

/// The buyer that a call names must be the one of the after-sale.
fn find_of(tx: &Tx<'_>, key: &Key, openid: &str) -> Result<Document<Aftersale>, Refusal> {
    let aftersale = find(tx, key)?;
    if aftersale.body.openid == openid {
        Ok(aftersale)
    } else {
        Err(Refusal::new(2_747_007, "after-sale does not exist"))
    }
}

#[derive(Deserialize)]
pub struct Change {
    #[serde(flatten)]
    key: Key,
    openid: String,
    #[serde(rename = "type")]
    kind: i64,
    orderamt: Fen,
    refund_reason_type: i64,
    refund_reason: String,
    media_list: Option<Vec<Value>>,
}

/// Changes what the buyer asks for.
pub fn update(tx: &mut Tx<'_>, request: Change) -> Result<Done, Refusal> {
    let mut aftersale = find_of(tx, &request.key, &request.openid)?;
    check_media(request.media_list.as_deref().unwrap_or_default())?;
    if request.kind != aftersale.body.kind {
        return Err(Refusal::new(2_747_002, "the type cannot change"));
    }
    let body = &mut aftersale.body;
    body.reason_type = request.refund_reason_type;
    body.reason = request.refund_reason;
    if let Some(media) = request.media_list {
        body.media = media;
    }
    change(tx, aftersale, request.orderamt)?;
    Ok(Done {})
}

/// A change by the buyer, wherever it was made.
pub(super) fn change(
    tx: &mut Tx<'_>,
    mut aftersale: Document<Aftersale>,
    orderamt: Fen,
) -> Result<Document<Aftersale>, Refusal> {
    let refused = matches!(aftersale.state, 4 | 5);
    if !(matches!(aftersale.state, 2 | 23) || refused && aftersale.body.sent.is_none()) {
        return Err(wrong_state(aftersale.state));
    }
    if aftersale.body.changes >= 5 {
        return Err(Refusal::new(
            2_747_016,
            "too many creations and changes of this after-sale",
        ));
    }
    let of = order::by_number(tx, &aftersale.body.out_order_id)?;
    aftersale.body.orderamt = orderamt;
    aftersale.body.freight = freight(tx, &of, &aftersale.body, aftersale.id)?;
    aftersale.body.changes += 1;
    let state = match aftersale.body.kind {
        RETURN => 23,
        _ => 2,
    };
    enter(tx, &mut aftersale, state);
    put(tx, &aftersale)?;
    tell(tx, &aftersale, "aftersale_update_order")?;
    Ok(aftersale)
}

#[derive(Deserialize)]
pub struct Cancel {
    #[serde(flatten)]
    key: Key,
    openid: String,
}

pub fn cancel(tx: &mut Tx<'_>, request: Cancel) -> Result<Done, Refusal> {
    let aftersale = find_of(tx, &request.key, &request.openid)?;
    cancelled(tx, aftersale)?;
    Ok(Done {})
}

pub(super) fn cancelled(
    tx: &mut Tx<'_>,
    mut aftersale: Document<Aftersale>,
) -> Result<Document<Aftersale>, Refusal> {
    if !matches!(aftersale.state, 2 | 23 | 4 | 5 | 6 | 8) {
        return Err(wrong_state(aftersale.state));
    }
    end(tx, &mut aftersale, 1)?;
    tell(tx, &aftersale, "aftersale_user_cancel")?;
    Ok(aftersale)
}

#[derive(Deserialize)]
pub struct Back {
    #[serde(flatten)]
    key: Key,
    openid: String,
    delivery_id: String,
    delivery_name: String,
    waybill_id: String,
}

pub fn return_info(tx: &mut Tx<'_>, request: Back) -> Result<Done, Refusal> {
    let aftersale = find_of(tx, &request.key, &request.openid)?;
    if request.waybill_id.is_empty() || request.delivery_id.is_empty() {
        return Err(Refusal::new(
            2_747_002,
            "waybill_id or delivery_id is empty",
        ));
    }
    let parcel = Sent {
        delivery_id: request.delivery_id,
        delivery_name: request.delivery_name,
        waybill_id: request.waybill_id,
        at: tx.now,
    };
    sent(tx, aftersale, parcel)?;
    Ok(Done {})
}

pub(super) fn sent(
    tx: &mut Tx<'_>,
    mut aftersale: Document<Aftersale>,
    parcel: Sent,
) -> Result<Document<Aftersale>, Refusal> {
    if aftersale.state != 6 {
        return Err(wrong_state(aftersale.state));
    }
    aftersale.body.sent = Some(parcel);
    enter(tx, &mut aftersale, 8);
    put(tx, &aftersale)?;
    tell(tx, &aftersale, "aftersale_wait_merchant_confirm_receipt")?;
    Ok(aftersale)
}

#[derive(Deserialize)]
pub struct One {
    #[serde(flatten)]
    key: Key,
}

/// Agrees to a refund, or says that the returned goods are fine.
pub fn accept_refund(tx: &mut Tx<'_>, request: One) -> Result<Done, Refusal> {
    let mut aftersale = find(tx, &request.key)?;
    match (aftersale.body.kind, aftersale.state) {
        (REFUND, 2) | (RETURN, 8) => {}
        (_, state) => return Err(wrong_state(state)),
    }
    enter(tx, &mut aftersale, 11);
    put(tx, &aftersale)?;
    Ok(Done {})
}

#[derive(Deserialize)]
pub struct AcceptReturn {
    #[serde(flatten)]
    key: Key,
    #[serde(default)]
    address_info: Value,
}

pub fn accept_return(tx: &mut Tx<'_>, request: AcceptReturn) -> Result<Done, Refusal> {
    let mut aftersale = find(tx, &request.key)?;
    if (aftersale.body.kind, aftersale.state) != (RETURN, 23) {
        return Err(wrong_state(aftersale.state));
    }
    aftersale.body.address = address(tx, &aftersale, request.address_info)?;
    await_return(tx, &mut aftersale)?;
    Ok(Done {})
}

/// Where the goods go: what the call says, else what the after-sale, the order or the merchant has.
pub(super) fn address(
    tx: &Tx<'_>,
    aftersale: &Document<Aftersale>,
    given: Value,
) -> Result<Value, Refusal> {
    let of = order::by_number(tx, &aftersale.body.out_order_id)?;
    let known = [
        given,
        aftersale.body.address.clone(),
        of.body.return_address,
        account::return_address(tx)?,
    ];
    let address = known.into_iter().find(Value::is_object);
    let address = address.unwrap_or_default();
    let has = |name: &str| {
        address[name]
            .as_str()
            .is_some_and(|text| !text.trim().is_empty())
    };
    if has("receiver_name") && has("detailed_address") && has("tel_number") {
        Ok(address)
    } else {
        Err(Refusal::new(2_747_025, "return address is not valid"))
    }
}

#[derive(Deserialize)]
pub struct Reject {
    #[serde(flatten)]
    key: Key,
    #[serde(default)]
    reject_reason: String,
}

pub fn reject(tx: &mut Tx<'_>, request: Reject) -> Result<Done, Refusal> {
    let mut aftersale = find(tx, &request.key)?;
    let state = match aftersale.state {
        2 => 4,
        23 | 8 => 5,
        other => return Err(wrong_state(other)),
    };
    aftersale.body.reject_reason = request.reject_reason;
    enter(tx, &mut aftersale, state);
    put(tx, &aftersale)?;
    Ok(Done {})
}

#[derive(Deserialize)]
pub struct Certificates {
    #[serde(flatten)]
    key: Key,
    refund_desc: String,
    certificates: Vec<Value>,
}

/// Takes the proof of a refund made outside; the buyer's word ends the after-sale.
pub fn certificates(tx: &mut Tx<'_>, request: Certificates) -> Result<Done, Refusal> {
    let mut aftersale = find(tx, &request.key)?;
    if aftersale.state != 25 {
        return Err(wrong_state(aftersale.state));
    }
    check_pictures(request.certificates.iter())?;
    aftersale.body.certificates = Some(json!({
        "refund_desc": request.refund_desc, "certificates": request.certificates,
    }));
    aftersale.changed_at = tx.now;
    put(tx, &aftersale)?;
    Ok(Done {})
}

pub fn get(tx: &mut Tx<'_>, request: One) -> Result<Value, Refusal> {
    let aftersale = find(tx, &request.key)?;
    Ok(json!({"after_sales_order": record(&aftersale)}))
}

#[derive(Deserialize)]
pub struct List {
    status: Option<i64>,
    begin_create_time: Option<i64>,
    end_create_time: Option<i64>,
    out_order_id: Option<String>,
    order_id: Option<Id64>,
    openid: Option<String>,
    offset: u32,
    limit: u32,
}

/// Numbers alone, the oldest first.
pub fn list(tx: &mut Tx<'_>, request: List) -> Result<Value, Refusal> {
    let filter = Filter {
        state: request.status,
        created: (
            request.begin_create_time.map(|at| at.div_euclid(1000)),
            request.end_create_time.map(|at| at.div_euclid(1000)),
        ),
        ..Filter::default()
    };
    let wanted = |found: &Document<Aftersale>| {
        let body = &found.body;
        request.openid.as_ref().is_none_or(|id| *id == body.openid)
            && request
                .out_order_id
                .as_ref()
                .is_none_or(|id| *id == body.out_order_id)
            && request
                .order_id
                .is_none_or(|Id64(id)| i64::try_from(id) == Ok(body.order_id))
    };
    let all = tx.all::<Aftersale>(NOUN, &filter)?;
    let mut numbers = all
        .iter()
        .filter(|found| wanted(found))
        .map(|found| found.id)
        .skip(request.offset as usize);
    let page: Vec<i64> = numbers.by_ref().take(request.limit as usize).collect();
    Ok(json!({"after_sales_orders": page, "has_more": numbers.next().is_some()}))
}

#[derive(Deserialize)]
pub struct MerchantUpdate {
    after_sales_order: NewAddress,
}

#[derive(Deserialize)]
struct NewAddress {
    #[serde(flatten)]
    key: Key,
    return_address_info: Value,
}

/// Changes the return address, as long as the return is not agreed.
pub fn merchant_update(tx: &mut Tx<'_>, request: MerchantUpdate) -> Result<Done, Refusal> {
    let NewAddress {
        key,
        return_address_info,
    } = request.after_sales_order;
    let mut aftersale = find(tx, &key)?;
    let body = &aftersale.body;
    let agreed = !body.return_id.is_empty() || body.sent.is_some();
    if !matches!(aftersale.state, 23 | 5 | 24) || agreed {
        return Err(wrong_state(aftersale.state));
    }
    let has = |name: &str| {
        return_address_info[name]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    };
    if !["province", "city", "town"].into_iter().all(has) {
        return Err(Refusal::new(2_747_025, "return address is not valid"));
    }
    aftersale.body.address = address(tx, &aftersale, return_address_info)?;
    put(tx, &aftersale)?;
    Ok(Done {})
}

#[derive(Deserialize)]
pub struct MerchantTest {
    #[serde(flatten)]
    key: Key,
    operation: String,
}

/// Does at once what the clock would do. Every buyer of this shop counts as a tester.
pub fn merchant_test(tx: &mut Tx<'_>, request: MerchantTest) -> Result<Done, Refusal> {
    if tx.count("merchanttest", tx.day())? > 10 {
        return Err(Refusal::new(45009, "reach max api daily quota limit"));
    }
    let aftersale = find(tx, &request.key)?;
    if life::overdue(aftersale.state) != Some(request.operation.as_str()) {
        return Err(wrong_state(aftersale.state));
    }
    life::run_out(tx, aftersale)?;
    Ok(Done {})
}

#[derive(Deserialize)]
pub struct Until {
    out_order_id: String,
    openid: String,
    after_sale_deadline: i64,
}

/// Sets the end of the period in which an after-sale of an order can be opened.
pub fn update_deadline(tx: &mut Tx<'_>, request: Until) -> Result<Done, Refusal> {
    let key = order::Key {
        out_order_id: Some(request.out_order_id),
        openid: request.openid,
        order_id: None,
    };
    let mut of = order::find(tx, &key)?;
    order::set_window_end(tx, &mut of, request.after_sale_deadline)?;
    Ok(Done {})
}
