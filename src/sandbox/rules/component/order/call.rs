//! The calls of an order: `/shop/order/*` and `/shop/scene/check`.

use super::super::access::{self, Task};
use super::super::{goods, wxpay};
use super::wire::{ChangePrice, List, ReportPay, UpdateAddress, record};
use super::{Key, NOUN, NewOrder, Order, Price, Row, find, life, put, status};
use crate::api::Done;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::types::span::DAY;
use crate::types::{ChinaTime, Fen};
use serde::Deserialize;
use serde_json::{Value, json};

/// Days of the window for after-sales where none are asked for, and the fewest there can be.
const WINDOW: i64 = 5;
/// Launch scenes that lead from Channels.
const CHANNELS: [i64; 7] = [1175, 1176, 1177, 1184, 1191, 1195, 1208];

#[derive(Deserialize)]
pub struct CheckScene {
    scene: i64,
}

/// Whether an order from this scene must be reported.
pub fn check_scene(_: &mut Tx<'_>, request: CheckScene) -> Result<Value, Refusal> {
    Ok(json!({"is_matched": i64::from(CHANNELS.contains(&request.scene))}))
}

/// A controlled order stands as it was first reported; an ordinary one that is not paid is written over.
pub fn add(tx: &mut Tx<'_>, request: NewOrder) -> Result<Value, Refusal> {
    let text = request.stringify_64bits_number;
    let known = tx.find::<Order>(NOUN, &request.out_order_id)?;
    if let Some(order) = &known
        && order.body.openid != request.openid
    {
        return Err(Refusal::new(990_001, "the order is another buyer's"));
    }
    let order = match known {
        Some(order) if order.body.is_controlled() || order.state != status::UNPAID => order,
        Some(before) => make(tx, request, Some(before.id))?,
        None => make(tx, request, None)?,
    };
    let id = if text {
        Value::from(order.id.to_string())
    } else {
        Value::from(order.id)
    };
    Ok(json!({"data": {
        "order_id": id, "out_order_id": order.out_id, "ticket": order.body.ticket,
        "ticket_expire_time": ChinaTime::from_unix(order.created_at + DAY),
        "final_price": order.body.price.order_price,
    }}))
}

fn make(
    tx: &mut Tx<'_>,
    request: NewOrder,
    before: Option<i64>,
) -> Result<Document<Order>, Refusal> {
    // The documents give the words of this refusal and no code; that of a step the account is not ready for stands in.
    if request.fund_type == 1 && !wxpay::is_finished(tx)? {
        return Err(Refusal::new(
            990_022,
            "the mini program has not finished the second-level merchant application",
        ));
    }
    let created = moment(&request.create_time)?;
    if (created - tx.now).abs() > DAY {
        return Err(invalid("create_time is more than a day from now"));
    }
    let mut order = accept(tx, request, created)?;
    if order.body.expires_at <= tx.now.max(created) {
        return Err(invalid("expire_time is past"));
    }
    if let Some(id) = before {
        order.id = id;
    }
    put(tx, &mut order)?;
    Ok(order)
}

/// Takes a report as it stands, whatever the clock says: an order of the past.
pub fn place(tx: &mut Tx<'_>, request: NewOrder) -> Result<Document<Order>, Refusal> {
    let created = moment(&request.create_time)?;
    let mut order = accept(tx, request, created)?;
    put(tx, &mut order)?;
    Ok(order)
}

/// The order that a report makes, checked, with a number of its own and not written yet; `created` is its time.
fn accept(tx: &mut Tx<'_>, request: NewOrder, created: i64) -> Result<Document<Order>, Refusal> {
    check_buyer(&request)?;
    let rows = rows(tx, &request)?;
    let price = request.order_detail.price_info;
    check_price(&rows, &price)?;
    let window_days = request.aftersale_duration.unwrap_or(WINDOW).max(WINDOW);
    let expires_at = request.expire_time.unwrap_or(created + DAY);
    let pay = request.order_detail.pay_info;
    let ticket: String = std::iter::repeat_with(fastrand::alphanumeric)
        .take(32)
        .collect();
    Ok(Document {
        id: tx.next_id(NOUN)?,
        out_id: request.out_order_id,
        state: status::UNPAID,
        draft: 0,
        due: Some(expires_at),
        created_at: created,
        changed_at: tx.now,
        body: Order {
            openid: request.openid,
            out_user_id: request.out_user_id,
            fund_type: request.fund_type,
            scene: request.scene,
            path: request.path,
            rows,
            price,
            pay_method_type: pay.pay_method_type,
            prepay_id: pay.prepay_id,
            prepay_time: pay.prepay_time,
            delivery_type: request.delivery_detail.delivery_type,
            address: request.address_info,
            return_address: request.default_receiving_address,
            expires_at,
            window_days,
            trace_id: request.trace_id,
            ticket,
            ..Order::default()
        },
    })
}

fn check_buyer(request: &NewOrder) -> Result<(), Refusal> {
    let number = &request.out_order_id;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(invalid("out_order_id must be letters and digits"));
    }
    if request.openid.is_empty() {
        return Err(super::missing("openid"));
    }
    // Every openid begins so.
    if !request.openid.starts_with('o') {
        return Err(Refusal::new(990_001, "openid is not valid"));
    }
    let pay = &request.order_detail.pay_info;
    match (request.fund_type, pay.pay_method_type) {
        (1, 0) => {}
        (1, _) => {
            return Err(Refusal::new(
                1_010_004,
                "pay_info: fund_type 1 is paid with WeChat Pay",
            ));
        }
        (_, 0)
            if pay.prepay_id.is_empty() || moment(&ChinaTime(pay.prepay_time.clone())).is_err() =>
        {
            return Err(Refusal::new(
                1_010_004,
                "pay_info: prepay_id or prepay_time is missing",
            ));
        }
        _ => {}
    }
    let kind = request.delivery_detail.delivery_type;
    if request.fund_type == 1 && kind != 1 {
        return Err(invalid("delivery_type must be 1 for a controlled order"));
    }
    if kind != 2 && !request.address_info.is_object() {
        return Err(super::missing("address_info"));
    }
    Ok(())
}

/// The rows of an order. Controlled orders are held against the shop's goods; ordinary ones never were.
fn rows(tx: &Tx<'_>, request: &NewOrder) -> Result<Vec<Row>, Refusal> {
    let wrong = |errmsg: &str| Refusal::new(1_010_003, format!("product_infos: {errmsg}"));
    let mut rows: Vec<Row> = Vec::new();
    for product in &request.order_detail.product_infos {
        if product.product_cnt < 1 || product.sale_price.0 < 0 {
            return Err(wrong("product_cnt and sale_price begin with 1 and 0"));
        }
        let known = goods::numbers(tx, &product.out_product_id, &product.out_sku_id)?;
        if known.is_none() && request.fund_type == 1 {
            return Err(Refusal::new(
                1_010_002,
                format!("product does not exist: {}", product.out_product_id),
            ));
        }
        let (product_id, sku_id) = known.unwrap_or_default();
        let times = |fen: Fen| {
            let all = fen.0.checked_mul(product.product_cnt).map(Fen);
            all.ok_or_else(|| wrong("too much money"))
        };
        let paid = match (product.sku_real_price, product.real_price) {
            (Some(all), _) => all,
            (None, Some(a_piece)) => times(a_piece)?,
            (None, None) => times(product.sale_price)?,
        };
        let twice = |row: &Row| {
            (&row.out_product_id, &row.out_sku_id) == (&product.out_product_id, &product.out_sku_id)
        };
        if rows.iter().any(twice) {
            return Err(wrong("a SKU is there twice"));
        }
        rows.push(Row {
            out_product_id: product.out_product_id.clone(),
            out_sku_id: product.out_sku_id.clone(),
            product_id,
            sku_id,
            product_cnt: product.product_cnt,
            sale_price: product.sale_price,
            sku_real_price: paid,
            path: product.path.clone(),
            title: product.title.clone(),
            head_img: product.head_img.clone(),
            refunded: Fen(0),
        });
    }
    if rows.is_empty() {
        Err(wrong("no products"))
    } else {
        Ok(rows)
    }
}

/// Both rules of the platform, to the fen. Amounts that no order has would not fit the sum.
fn check_price(rows: &[Row], price: &Price) -> Result<(), Refusal> {
    let wrong = |errmsg: &str| Refusal::new(1_010_005, format!("price_info: {errmsg}"));
    let amounts = [
        price.order_price,
        price.freight,
        price.discounted_price,
        price.additional_price,
    ];
    let negative = |fen: &Fen| fen.0 < 0;
    if amounts.iter().any(negative) || rows.iter().any(|row| row.sku_real_price.0 < 0) {
        return Err(wrong("an amount is below 0"));
    }
    if price.order_price.0 == 0 {
        return Err(Refusal::new(1_010_051, "order price is 0"));
    }
    let wide = |fen: Fen| i128::from(fen.0);
    let extra = wide(price.freight) + wide(price.additional_price);
    let listed: i128 = rows
        .iter()
        .map(|row| wide(row.sale_price) * i128::from(row.product_cnt))
        .sum();
    let real: i128 = rows.iter().map(|row| wide(row.sku_real_price)).sum();
    if listed + extra - wide(price.discounted_price) != wide(price.order_price) {
        return Err(wrong(
            "order_price is not goods + freight - discount + surcharge",
        ));
    }
    if real + extra != wide(price.order_price) {
        return Err(wrong(
            "order_price is not the real prices + freight + surcharge",
        ));
    }
    Ok(())
}

fn invalid(errmsg: &str) -> Refusal {
    Refusal::new(40097, format!("invalid args: {errmsg}"))
}

fn moment(time: &ChinaTime) -> Result<i64, Refusal> {
    time.unix()
        .ok_or_else(|| invalid("a time is written YYYY-MM-DD HH:MM:SS"))
}

pub fn get(tx: &mut Tx<'_>, key: Key) -> Result<Value, Refusal> {
    let order = find(tx, &key)?;
    Ok(json!({"order": record(&order, tx.now, true)}))
}

/// Orders by time of creation, the newest first unless `sort_order` is 2.
pub fn list(tx: &mut Tx<'_>, request: List) -> Result<Value, Refusal> {
    check_page(&request)?;
    let filter = Filter {
        created: window(&request.start_create_time, &request.end_create_time)?,
        newest_first: request.sort_order != 2,
        skip: (request.page - 1).saturating_mul(request.page_size),
        limit: Some(request.page_size),
        ..Filter::default()
    };
    let orders: Vec<Value> = tx
        .all::<Order>(NOUN, &filter)?
        .iter()
        .map(|order| record(order, tx.now, true))
        .collect();
    Ok(json!({"orders": orders, "total_num": tx.how_many(NOUN, &filter)?}))
}

/// Orders that a promoter brought, by time of payment.
pub fn list_by_promoter(tx: &mut Tx<'_>, request: List) -> Result<Value, Refusal> {
    let (id, openid) = (request.promoter_id.clone(), request.promoter_openid.clone());
    if id.is_empty() && openid.is_empty() {
        return Err(super::missing("promoter_id"));
    }
    list_by(tx, &request, move |who| {
        (id.is_empty() || who.promoter_id == id)
            && (openid.is_empty() || who.promoter_openid == openid)
    })
}

/// Orders that a sharer brought, by time of payment.
pub fn list_by_sharer(tx: &mut Tx<'_>, request: List) -> Result<Value, Refusal> {
    let openid = request.sharer_openid.clone();
    if openid.is_empty() {
        return Err(super::missing("sharer_openid"));
    }
    list_by(tx, &request, move |who| who.sharer_openid == openid)
}

fn list_by(
    tx: &mut Tx<'_>,
    request: &List,
    brought: impl Fn(&super::Promotion) -> bool,
) -> Result<Value, Refusal> {
    check_page(request)?;
    let (from, to) = window(&request.start_pay_time, &request.end_pay_time)?;
    let mut found = tx.all::<Order>(NOUN, &Filter::default())?;
    found.retain(|order| {
        order.body.promotion.as_ref().is_some_and(&brought)
            && order.body.paid_at.is_some_and(|at| {
                from.is_none_or(|from| at >= from) && to.is_none_or(|to| at <= to)
            })
    });
    found.reverse();
    let skip = (request.page as usize - 1).saturating_mul(request.page_size as usize);
    let orders: Vec<Value> = found
        .iter()
        .skip(skip)
        .take(request.page_size as usize)
        .map(|order| record(order, tx.now, false))
        .collect();
    Ok(json!({"orders": orders, "total_num": found.len()}))
}

fn check_page(request: &List) -> Result<(), Refusal> {
    if request.page_size > 100 {
        return Err(Refusal::new(990_005, "page_size is above 100"));
    }
    if request.page == 0 || request.page_size == 0 {
        return Err(invalid("page and page_size begin with 1"));
    }
    Ok(())
}

fn window(
    from: &Option<ChinaTime>,
    to: &Option<ChinaTime>,
) -> Result<(Option<i64>, Option<i64>), Refusal> {
    let from = from.as_ref().map(moment).transpose()?;
    let to = to.as_ref().map(moment).transpose()?;
    match (from, to) {
        (Some(from), Some(to)) if from > to => {
            Err(Refusal::new(990_009, "start time is after end time"))
        }
        window => Ok(window),
    }
}

/// What the cashier is opened with; newer arguments end older ones.
pub fn payment_params(tx: &mut Tx<'_>, key: Key) -> Result<Value, Refusal> {
    let mut order = find(tx, &key)?;
    if !order.body.is_controlled() {
        return Err(Refusal::new(
            1_010_047,
            "payment arguments are for fund_type 1 alone",
        ));
    }
    if order.state != status::UNPAID {
        return Err(Refusal::new(1_010_043, "order cannot be paid now"));
    }
    let stamp: String = ChinaTime::from_unix(tx.now)
        .0
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    order.body.prepay_id = format!("wx{stamp}{:018}", tx.count("prepay", 0)?);
    order.body.prepay_time = ChinaTime::from_unix(tx.now).0;
    put(tx, &mut order)?;
    let random = |length| -> String {
        std::iter::repeat_with(fastrand::alphanumeric)
            .take(length)
            .collect()
    };
    Ok(json!({"payment_params": {
        "timeStamp": tx.now.to_string(), "nonceStr": random(32).to_uppercase(),
        "package": format!("prepay_id={}", order.body.prepay_id),
        "paySign": format!("{}==", random(86)), "signType": "RSA",
    }}))
}

/// What the merchant reports of the payment of an ordinary order.
pub fn pay(tx: &mut Tx<'_>, request: ReportPay) -> Result<Done, Refusal> {
    let mut order = find(tx, &request.key)?;
    if order.body.is_controlled() {
        return Err(Refusal::new(
            1_010_050,
            "payment of fund_type 1 is known without a report",
        ));
    }
    let paid = request.action_type == 1;
    if !matches!(order.state, status::UNPAID | status::CHECKING) {
        let there = if paid {
            order.body.paid_at.is_some()
        } else {
            order.state == status::CANCELLED
        };
        return Err(if there {
            Refusal::new(1_000_000, "order state was changed before")
        } else {
            Refusal::new(100_000, "order state does not allow it")
        });
    }
    if paid {
        if request.transaction_id.is_empty() && order.body.pay_method_type == 0 {
            return Err(Refusal::new(1_010_007, "transaction_id is missing"));
        }
        if request.pay_time.is_empty() {
            return Err(super::missing("pay_time"));
        }
        order.body.paid_at = Some(moment(&request.pay_time)?);
        order.body.transaction_id = request.transaction_id;
        order.state = status::PAID;
        access::note_task(tx, Task::PayOrder)?;
    } else {
        order.state = status::CANCELLED;
    }
    life::next(&mut order, tx.now);
    put(tx, &mut order)?;
    Ok(Done {})
}

pub fn close(tx: &mut Tx<'_>, key: Key) -> Result<Done, Refusal> {
    let mut order = find(tx, &key)?;
    if order.state != status::UNPAID {
        return Err(Refusal::new(
            1_000_000,
            "order state cannot change to closed",
        ));
    }
    life::cancelled(tx, &mut order, status::CANCELLED, 1)?;
    Ok(Done {})
}

/// Once, before the cashier is opened, with every row of the order.
pub fn change_price(tx: &mut Tx<'_>, request: ChangePrice) -> Result<Done, Refusal> {
    let mut order = find(tx, &request.key)?;
    if order.state != status::UNPAID {
        return Err(Refusal::new(
            1_000_000,
            "price can be changed before payment alone",
        ));
    }
    if order.body.price_changed {
        return Err(Refusal::new(990_022, "price was changed before"));
    }
    let mut rows = order.body.rows.clone();
    if request.product_infos.len() != rows.len() {
        return Err(Refusal::new(
            1_010_003,
            "product_infos: every product of the order is needed",
        ));
    }
    for new in &request.product_infos {
        let row = rows.iter_mut().find(|row| {
            (&row.out_product_id, &row.out_sku_id) == (&new.out_product_id, &new.out_sku_id)
        });
        let Some(row) = row else {
            return Err(Refusal::new(
                1_010_003,
                "product_infos: the order has no such product",
            ));
        };
        row.sale_price = new.sale_price;
        row.sku_real_price = new.sku_real_price;
    }
    check_price(&rows, &request.price_info)?;
    order.body.rows = rows;
    order.body.price = request.price_info;
    order.body.price_changed = true;
    order.body.prepay_id = String::new();
    put(tx, &mut order)?;
    Ok(Done {})
}

/// Before anything is sent.
pub fn update_address(tx: &mut Tx<'_>, request: UpdateAddress) -> Result<Done, Refusal> {
    let mut order = find(tx, &request.key)?;
    let early = matches!(
        order.state,
        status::UNPAID | status::CHECKING | status::PAID
    );
    if !early || !order.body.parcels.is_empty() {
        return Err(Refusal::new(
            1_010_034,
            "the address cannot be changed any more",
        ));
    }
    order.body.address = request.address_info;
    put(tx, &mut order)?;
    Ok(Done {})
}
