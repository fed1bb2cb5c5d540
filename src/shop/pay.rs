//! Payments of the payment-management service: what is left of one, and how a refund or a share of it is found.

use super::Shop;
use super::pass_through::pay::SHOW;
use super::write::Found;
use crate::api::component::funds::{Part, Payment, PaymentReply};
use crate::lang::Text;
use crate::state::money::Movement;
use crate::text;
use crate::types::{Family, Fen};
use anyhow::Result;
use serde_json::{Value, json};

/// A payment as the program understands it, with WeChat's whole record.
#[derive(Debug, Clone)]
pub struct Fetched {
    pub value: Payment,
    pub record: Value,
}

/// The lists of a payment in which a movement stands.
const REFUNDS: &str = "refund_list";
const SHARES: &str = "profit_sharing_list";

impl Shop {
    pub async fn payment(&self, trade_no: &str) -> Result<Fetched> {
        let path = match self.family {
            Family::Component => SHOW.path,
            Family::Store => return Err(super::lacks(text!("this command")).into()),
        };
        let reply = self.read(path, &json!({"trade_no": trade_no})).await?;
        let PaymentReply { order } = super::typed(path, &reply)?;
        Ok(Fetched {
            value: order.ok_or_else(|| super::says_nothing(path))?,
            record: super::part(reply, "/order"),
        })
    }

    /// The refund of a payment with the number of the movement.
    pub async fn find_refund(&self, movement: &Movement) -> Result<Option<Found>> {
        let payment = self.payment(&movement.subject).await?;
        Ok(payment.refund(&movement.mark))
    }

    /// The share of a payment with the number of the movement.
    pub async fn find_share(&self, movement: &Movement) -> Result<Option<Found>> {
        let payment = self.payment(&movement.subject).await?;
        Ok(payment.share(&movement.mark))
    }
}

impl Fetched {
    pub fn refund(&self, number: &str) -> Option<Found> {
        let at = |part: &Part| part.refund_no == number;
        self.found(REFUNDS, self.value.refund_list.iter().position(at)?, number)
    }

    pub fn share(&self, number: &str) -> Option<Found> {
        let at = |part: &Part| part.profit_sharing_no == number;
        let place = self.value.profit_sharing_list.iter().position(at)?;
        self.found(SHARES, place, number)
    }

    fn found(&self, list: &str, place: usize, number: &str) -> Option<Found> {
        let record = self.record.pointer(&format!("/{list}/{place}"));
        Some(Found {
            number: number.to_owned(),
            record: record.cloned().unwrap_or_default(),
            stand: None,
            amount: None,
        })
    }

    /// Why so much cannot be given back.
    pub fn refund_problems(&self, amount: Fen) -> Vec<Text> {
        let left = self.value.left();
        if self.value.pay_time == 0 {
            vec![text!("the payment is not paid")]
        } else if amount.0 > left.0 {
            vec![text!(
                "{left} yuan of it are left to give back",
                left = left.to_yuan()
            )]
        } else {
            Vec::new()
        }
    }

    /// Why what is left cannot be settled.
    pub fn share_problems(&self) -> Vec<Text> {
        let mut problems = Vec::new();
        if self.value.pay_time == 0 {
            problems.push(text!("the payment is not paid"));
        }
        if self.value.profit_sharing_frozen == 1 {
            problems.push(text!("WeChat has frozen the sharing of this payment"));
        }
        if self.value.left().0 <= 0 {
            problems.push(text!("nothing of it is left to share"));
        }
        problems
    }
}
