//! Money of the shop and of payments, as far as the program works with it: what tells whether a movement was made.

use crate::types::Fen;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Null is what is missing.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// `/shop/pay/getorder`
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PaymentReply {
    /// Missing where the answer is about no payment.
    #[serde(default)]
    pub order: Option<Payment>,
}

/// A payment with what was given back and settled of it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Payment {
    #[serde(default, deserialize_with = "or_default")]
    pub mchid: Value,
    /// What was paid.
    #[serde(default, deserialize_with = "or_default")]
    pub amount: Fen,
    /// Unix seconds; 0 while it is not paid.
    #[serde(default, deserialize_with = "or_default")]
    pub pay_time: i64,
    /// Days after payment before what is left can be settled.
    #[serde(default, deserialize_with = "or_default")]
    pub profit_sharing_delay: i64,
    /// 1 where the platform holds it.
    #[serde(default, deserialize_with = "or_default")]
    pub profit_sharing_frozen: i64,
    #[serde(default, deserialize_with = "or_default")]
    pub refund_list: Vec<Part>,
    #[serde(default, deserialize_with = "or_default")]
    pub profit_sharing_list: Vec<Part>,
}

/// A refund or a share of a payment.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Part {
    #[serde(default, deserialize_with = "or_default")]
    pub refund_no: String,
    #[serde(default, deserialize_with = "or_default")]
    pub profit_sharing_no: String,
    #[serde(default, deserialize_with = "or_default")]
    pub amount: Fen,
}

impl Payment {
    /// What was neither given back nor settled.
    pub fn left(&self) -> Fen {
        let parts = self.refund_list.iter().chain(&self.profit_sharing_list);
        Fen(self.amount.0 - parts.map(|part| part.amount.0).sum::<i64>())
    }
}

/// `/shop/funds/submitwithdraw`
#[derive(Debug, Clone, Default, Deserialize)]
pub struct WithdrawReply {
    #[serde(default, deserialize_with = "or_default")]
    pub out_request_no: String,
    #[serde(default, deserialize_with = "or_default")]
    pub qrcode_ticket: String,
}

/// `/shop/funds/getwithdrawdetail`
#[derive(Debug, Clone, Default, Deserialize)]
pub struct WithdrawalReply {
    /// Missing where the answer is about no withdrawal.
    #[serde(default)]
    pub withdraw_info: Option<Withdrawal>,
}

/// A withdrawal.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Withdrawal {
    #[serde(default, deserialize_with = "or_default")]
    pub amount: Fen,
    #[serde(default, deserialize_with = "or_default")]
    pub remark: String,
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    #[serde(default, deserialize_with = "or_default")]
    pub reason: String,
    /// Unix seconds.
    #[serde(default, deserialize_with = "or_default")]
    pub create_time: i64,
}

impl Withdrawal {
    /// Nothing will change any more.
    pub fn has_ended(&self) -> bool {
        matches!(
            self.status.as_str(),
            "SUCCESS" | "FAIL" | "REFUND" | "CLOSE"
        )
    }

    pub fn is_paid_out(&self) -> bool {
        self.status == "SUCCESS"
    }

    /// Its code waits for a scan.
    pub fn can_be_scanned(&self) -> bool {
        matches!(
            self.status.as_str(),
            "" | "BEFORE_SCAN_QRCODE" | "AFTER_SCAN_QRCODE"
        )
    }
}
