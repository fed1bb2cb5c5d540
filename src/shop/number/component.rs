//! The application for a merchant number as `/shop/wxpay/get` gives it.

use super::{Application, Transfer};
use crate::api::reader::{integer, text};
use crate::shop::Shop;
use crate::shop::pass_through::merchant::GET;
use crate::types::Fen;
use anyhow::Result;
use serde_json::{Value, json};

pub(super) async fn get(shop: &Shop) -> Result<Value> {
    let (_, operation) = GET.operation();
    let mut reply = shop.ask(operation, &[], &json!({})).await?;
    for (other, name) in [("wxpay_req", "pay_req"), ("wxpay_resp", "pay_resp")] {
        let block = reply
            .as_object_mut()
            .and_then(|reply| reply.shift_remove(other));
        if let (Some(block), Some(reply)) = (block, reply.as_object_mut()) {
            reply.insert(name.to_owned(), block);
        }
    }
    Ok(reply)
}

pub(super) fn application(record: &Value) -> Application {
    let response = &record["pay_resp"];
    let some = |name: &str| text(&response[name]).filter(|text| !text.is_empty());
    let transfer = Some(&response["account_validation"]).filter(|block| block.is_object());
    let rejected = response["audit_detail"].as_array().into_iter().flatten();
    let part = |row: &Value, name: &str| text(&row[name]).unwrap_or_default();
    Application {
        state: some("applyment_state").unwrap_or_default(),
        transfer: transfer.map(|block| Transfer {
            amount: Fen(integer(&block["pay_amount"]).unwrap_or_default()),
            holder: part(block, "destination_account_name"),
            account: part(block, "destination_account_number"),
            bank: part(block, "destination_account_bank"),
            remark: part(block, "remark"),
            deadline: part(block, "deadline"),
        }),
        sign_link: some("sign_url"),
        check_link: some("legal_validation_url"),
        rejected: rejected
            .map(|row| (part(row, "param_name"), part(row, "reject_reason")))
            .collect(),
    }
}
