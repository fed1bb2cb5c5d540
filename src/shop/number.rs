//! The merchant number at WeChat Pay: what the state of its application means, and who does what next.

use crate::lang::Text;
use crate::text;
use crate::types::Fen;
use serde_json::Value;

/// The block of an answer that tells about the application; one official sample names it otherwise.
pub fn response(reply: &Value) -> &Value {
    ["pay_resp", "wxpay_resp"]
        .iter()
        .map(|name| &reply[*name])
        .find(|block| block.is_object())
        .unwrap_or(&Value::Null)
}

/// Whether controlled orders can be made.
pub fn is_open(response: &Value) -> bool {
    state(response) == "FINISH"
}

/// `CHECKING`, `FINISH` …; empty before the first application.
pub fn state(response: &Value) -> &str {
    response["applyment_state"].as_str().unwrap_or_default()
}

/// Who moves next, and how.
#[derive(Debug, Clone)]
pub struct Next {
    /// `None` where nobody has to.
    pub who: Option<Text>,
    pub what: Text,
    /// After `wxsell`.
    pub command: Option<&'static str>,
}

/// The state in words.
pub fn word(response: &Value) -> Text {
    match state(response) {
        "" => text!("not applied"),
        "CHECKING" => text!("data being checked"),
        "ACCOUNT_NEED_VERIFY" => text!("account to be verified"),
        "AUDITING" => text!("in audit"),
        "REJECTED" => text!("rejected"),
        "NEED_SIGN" => text!("to be signed"),
        "FINISH" => text!("number opened"),
        "FROZEN" => text!("frozen"),
        other => Text::verbatim(other),
    }
}

/// What happens next with an application in this state.
pub fn next(response: &Value) -> Next {
    let read = Some("merchant application");
    let (who, what, command) = match state(response) {
        "" => (
            Some(text!("you")),
            text!("submit the application"),
            Some("merchant apply"),
        ),
        "CHECKING" | "AUDITING" => (
            Some(text!("WeChat Pay")),
            text!("WeChat Pay looks at the documents; nothing to do"),
            read,
        ),
        "ACCOUNT_NEED_VERIFY" => (
            Some(match response["account_validation"].is_object() {
                true => text!("you"),
                false => text!("legal representative"),
            }),
            verification(response),
            read,
        ),
        "REJECTED" => (
            Some(text!("you")),
            text!("correct what was rejected and hand the application in again"),
            Some("merchant apply"),
        ),
        "NEED_SIGN" => (
            Some(text!("super administrator")),
            text!("the super administrator opens the link in WeChat and signs the contract"),
            read,
        ),
        "FINISH" => (
            None,
            text!("nothing to do: controlled orders can be made"),
            None,
        ),
        "FROZEN" => (
            Some(text!("you")),
            text!("WeChat Pay has frozen the number for a risk; ask WeChat Pay's support why"),
            None,
        ),
        _ => (
            Some(text!("you")),
            text!("this state is not known; its description says more"),
            read,
        ),
    };
    Next { who, what, command }
}

fn verification(response: &Value) -> Text {
    let transfer = &response["account_validation"];
    if !transfer.is_object() {
        return text!("the legal representative opens the link and passes the check there");
    }
    let part = |name: &str| transfer[name].as_str().unwrap_or_default().to_owned();
    text!(
        "transfer exactly {amount} yuan from the account that was submitted to {holder}, {account}, {bank}, with the note \"{remark}\", before {deadline}",
        amount = Fen(transfer["pay_amount"].as_i64().unwrap_or_default()).to_yuan(),
        holder = part("destination_account_name"),
        account = part("destination_account_number"),
        bank = part("destination_account_bank"),
        remark = part("remark"),
        deadline = part("deadline")
    )
}

/// The link that somebody has to open in this state.
pub fn link(response: &Value) -> Option<&str> {
    let name = match state(response) {
        "NEED_SIGN" => "sign_url",
        "ACCOUNT_NEED_VERIFY" => "legal_validation_url",
        _ => return None,
    };
    response[name].as_str().filter(|link| !link.is_empty())
}

/// What was rejected: field and reason.
pub fn rejected(response: &Value) -> Vec<(String, String)> {
    let rows = response["audit_detail"].as_array().into_iter().flatten();
    let part = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    rows.map(|row| (part(row, "param_name"), part(row, "reject_reason")))
        .collect()
}
