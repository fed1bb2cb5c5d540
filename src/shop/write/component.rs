//! The writes of the custom component and of its promoters by what they do, and how each is looked up.

use super::once::{Progress, Way};
use super::{Found, Sort};
use crate::fail::{Failure, failure};
use crate::model::order::State;
use crate::shop::Shop;
use crate::shop::order::Key;
use crate::state::money::Movement;
use crate::text;
use anyhow::Result;
use serde_json::{Value, json};

/// How a path is settled; `None` for one that its class of repetition says enough of.
pub(super) fn way(path: &str) -> Option<Way> {
    Some(match path {
        "/shop/order/close" | "/shop/delivery/recieve" | "/shop/order/change_price" => {
            Way::State { first: true }
        }
        "/shop/order/pay"
        | "/shop/pay/closeorder"
        | "/shop/coupon/update_status"
        | "/shop/funds/setbankaccount"
        | "/shop/commission/addreceiver"
        | "/shop/commission/removereceiver" => Way::State { first: false },
        // They set what they set, or make a code or a payment argument that nobody uses twice.
        "/shop/order/update_address"
        | "/shop/order/getpaymentparams"
        | "/shop/commission/setordercommission"
        | "/shop/sharer/set_share_mode"
        | "/shop/funds/qrcode/gen"
        | "/shop/register/apply"
        | "/shop/ecaftersale/update"
        | "/shop/ecaftersale/merchantupdate"
        | "/shop/ecaftersale/uploadreturninfo"
        | "/cgi-bin/clear_quota"
        | "/cgi-bin/clear_quota/v2"
        | "/cgi-bin/openapi/quota/clear"
        | "/cgi-bin/component/clear_quota/v2"
        | "/cgi-bin/component/api_query_auth" => Way::Again,
        "/shop/sharer/bind"
        | "/shop/wxpay/apply"
        | "/shop/register/apply_scene"
        | "/shop/audit/audit_brand"
        | "/shop/audit/audit_category"
        | "/shop/delivery/send"
        | "/shop/ecaftersale/add"
        | "/shop/ecaftersale/upload_certificates"
        | "/shop/ecaftersale/merchanttest"
        | "/shop/complaint/upload_material"
        | "/shop/funds/submitwithdraw"
        | "/shop/pay/profitsharingorder"
        | "/promoter/addrole"
        | "/promoter/sendmsg"
        | "/promoter/singlesendmsg" => Way::Once,
        _ => return None,
    })
}

/// What a look-up of a call needs of its request, as JSON; empty where there is no look-up.
pub(super) fn needed(path: &str, body: &Value) -> String {
    match path {
        "/shop/sharer/bind" => json!({"openids": body["openids"]}).to_string(),
        "/shop/register/apply_scene" => json!({"scene": body["scene_group_id"]}).to_string(),
        _ => String::new(),
    }
}

/// The command by which a person sees whether a call was done that nothing else shows.
pub(super) fn seen_by(path: &str) -> Option<&'static str> {
    Some(match path {
        "/shop/audit/audit_brand" => "brand list",
        "/shop/audit/audit_category" => "category list",
        "/shop/wxpay/apply" => "merchant application",
        "/shop/delivery/send" => "order show",
        "/shop/ecaftersale/add" => "aftersale list",
        "/shop/ecaftersale/upload_certificates" | "/shop/ecaftersale/merchanttest" => {
            "aftersale show"
        }
        "/shop/complaint/upload_material" => "dispute show",
        "/shop/funds/submitwithdraw" => "funds withdrawals",
        "/shop/pay/profitsharingorder" => "pay show",
        "/promoter/addrole" => "promoter role list",
        "/promoter/sendmsg" | "/promoter/singlesendmsg" => "promoter message clicks",
        "/channels/ec/product/limiteddiscounttask/add" => "flash-sale list",
        "/channels/ec/category/add" => "category mine",
        "/channels/ec/brand/add" | "/channels/ec/brand/update" => "brand mine",
        "/channels/ec/merchant/address/add" => "address list",
        "/channels/ec/merchant/addfreighttemplate" => "freight list",
        _ => return None,
    })
}

/// Whether a movement can be looked up at all.
pub(super) fn shows(movement: &Movement) -> bool {
    movement.kind != Sort::Call.name() || !movement.look.is_empty()
}

/// What WeChat has of a call that was made once.
pub(super) async fn find(shop: &Shop, movement: &Movement) -> Result<Option<Found>> {
    let look: Value = serde_json::from_str(&movement.look).unwrap_or_default();
    // The platform's clock need not be this machine's.
    let since = movement.at - 60;
    let done = |record: Value| {
        Some(Found {
            record,
            ..Found::default()
        })
    };
    match movement.subject.as_str() {
        "/shop/sharer/bind" => {
            let mut invited = Vec::new();
            for openid in look["openids"].as_array().into_iter().flatten() {
                let body = json!({"openid": openid});
                let reply = match shop.read("/shop/sharer/search_sharer", &body).await {
                    Ok(reply) => reply,
                    // Nobody invited that person ever.
                    Err(error) if failure(&error).is_some_and(is_no_such) => continue,
                    Err(error) => return Err(error),
                };
                if number(&reply["invited_time"]) >= Some(since) {
                    invited.push(openid.clone());
                }
            }
            if invited.is_empty() {
                return Ok(None);
            }
            Ok(done(json!({"success_list": invited})))
        }
        "/shop/register/apply_scene" => {
            let reply = shop.read("/shop/register/check", &json!({})).await?;
            let scenes = reply.pointer("/data/scene_group_list");
            let mut scenes = scenes.and_then(Value::as_array).into_iter().flatten();
            // 0: in audit; 1: open.
            let has = |scene: &Value| {
                scene["group_id"] == look["scene"]
                    && matches!(number(&scene["status"]), Some(0 | 1))
            };
            Ok(if scenes.any(has) {
                done(json!({}))
            } else {
                None
            })
        }
        _ => Ok(None),
    }
}

fn is_no_such(failure: &Failure) -> bool {
    failure.errcode.is_some() && !failure.unclear
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value == "" || value == "0" || *value == json!(0)
}

fn number(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

/// Where the object of a call stands.
pub(super) async fn progress_of(shop: &Shop, path: &str, body: &Value) -> Result<Progress> {
    match path {
        "/shop/order/close" => {
            order_stands(shop, body, |state| match state {
                State::Cancelled | State::Expired => Where::There,
                State::Unpaid | State::PaymentChecked | State::Unknown(_) => Where::Before,
                State::Paid | State::Shipped | State::Completed | State::Refunded => {
                    Where::Elsewhere
                }
            })
            .await
        }
        "/shop/delivery/recieve" => {
            order_stands(shop, body, |state| match state {
                State::Completed => Where::There,
                State::Paid | State::Shipped | State::Unknown(_) => Where::Before,
                _ => Where::Elsewhere,
            })
            .await
        }
        "/shop/order/pay" => {
            let paid = number(&body["action_type"]) == Some(1);
            order_stands(shop, body, |state| match (state, paid) {
                (State::Unpaid | State::PaymentChecked | State::Unknown(_), _) => Where::Before,
                (State::Cancelled | State::Expired, false) => Where::There,
                (State::Cancelled | State::Expired, true) | (_, false) => Where::Elsewhere,
                (_, true) => Where::There,
            })
            .await
        }
        "/shop/coupon/update_status" => {
            let which = json!({"out_coupon_id": body["out_coupon_id"]});
            let reply = shop.read("/shop/coupon/get", &which).await?;
            let now = reply.pointer("/result/coupon/status").and_then(number);
            Ok(reached(now.is_some() && now == number(&body["status"])))
        }
        "/shop/order/change_price" => price_stands(shop, body).await,
        "/shop/pay/closeorder" => payment_stands(shop, body).await,
        "/shop/funds/setbankaccount" => {
            let reply = shop
                .read("/shop/funds/getbankaccount", &service(body))
                .await?;
            let is = |field: &str| {
                let has = &reply["account_info"][field];
                !is_blank(has) && *has == body["account_info"][field]
            };
            Ok(reached(is("account_number") && is("account_bank")))
        }
        "/shop/commission/addreceiver" | "/shop/commission/removereceiver" => {
            let reply = shop
                .read("/shop/commission/getordercommission", &json!({}))
                .await?;
            let rows = reply["commission_receiver_list"].as_array();
            let has = rows
                .into_iter()
                .flatten()
                .any(|row| row["mchid"] == body["mchid"]);
            Ok(reached(has == path.ends_with("addreceiver")))
        }
        _ => Ok(Progress::Before),
    }
}

fn reached(there: bool) -> Progress {
    if there {
        Progress::Reached
    } else {
        Progress::Before
    }
}

/// The fields of an account of the payment-management service.
fn service(body: &Value) -> Value {
    let fields = ["biz_type", "mchid"].into_iter();
    let given = fields.filter(|field| !body[*field].is_null());
    given
        .map(|field| (field.to_owned(), body[field].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

enum Where {
    There,
    Before,
    Elsewhere,
}

async fn order_stands(
    shop: &Shop,
    body: &Value,
    place: impl Fn(State) -> Where,
) -> Result<Progress> {
    let key = key(body);
    let state = shop.order(&key).await?.value.state;
    Ok(match place(state) {
        Where::There => Progress::Reached,
        Where::Before => Progress::Before,
        Where::Elsewhere => Progress::Elsewhere(text!(
            "order {number} is in state \"{state}\", in which this cannot be done",
            number = key.number(),
            state = state.words()
        )),
    })
}

fn key(body: &Value) -> Key {
    let id = &body["order_id"];
    let digits = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    Key {
        order_id: digits.parse().ok(),
        out_order_id: body["out_order_id"].as_str().map(str::to_owned),
        openid: body["openid"].as_str().unwrap_or_default().to_owned(),
    }
}

async fn price_stands(shop: &Shop, body: &Value) -> Result<Progress> {
    let order = shop.order(&key(body)).await?;
    let detail = &order.record["order_detail"];
    let rows = detail["product_infos"].as_array();
    let priced = |row: &Value| {
        rows.into_iter().flatten().any(|known| {
            known["out_sku_id"] == row["out_sku_id"]
                && known["out_product_id"] == row["out_product_id"]
                && number(&known["sku_real_price"]) == number(&row["sku_real_price"])
        })
    };
    let total = |place: &Value| number(&place["price_info"]["order_price"]);
    let given = body["product_infos"].as_array();
    if total(detail) == total(body) && given.is_some_and(|given| given.iter().all(priced)) {
        return Ok(Progress::Reached);
    }
    let state = order.value.state;
    Ok(match state {
        State::Unpaid | State::PaymentChecked | State::Unknown(_) => Progress::Before,
        _ => Progress::Elsewhere(text!(
            "order {number} is {state}; its price can no longer be changed",
            number = &order.value.number,
            state = state.words()
        )),
    })
}

/// WeChat shows of a payment that it was paid, and not that it was closed.
async fn payment_stands(shop: &Shop, body: &Value) -> Result<Progress> {
    for order in body["sub_orders"].as_array().into_iter().flatten() {
        let number = order["trade_no"].as_str().unwrap_or_default();
        if shop.payment(number).await?.value.pay_time > 0 {
            return Ok(Progress::Elsewhere(text!(
                "payment {number} is paid and cannot be closed",
                number
            )));
        }
    }
    Ok(Progress::Before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Resend;
    use crate::api::operation::Reference;

    /// Those that the flow of an after-sale settles by the after-sale.
    const BY_AFTERSALE: [&str; 4] = [
        "/shop/ecaftersale/cancel",
        "/shop/ecaftersale/acceptrefund",
        "/shop/ecaftersale/acceptreturn",
        "/shop/ecaftersale/reject",
    ];

    #[test]
    fn every_write_that_is_not_repeated_by_itself_has_a_way() {
        for reference in [
            Reference::Component,
            Reference::Promoter,
            Reference::Platform,
        ] {
            for operation in &reference.book().operations {
                let path = operation.path.as_str();
                if matches!(operation.resend, Resend::State | Resend::Never) {
                    assert!(
                        way(path).is_some() || BY_AFTERSALE.contains(&path),
                        "{path}"
                    );
                }
            }
        }
    }
}
