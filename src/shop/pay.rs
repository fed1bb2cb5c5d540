//! Payments of the payment-management service: what is left of one, and how a refund or a share of it is found.

use super::Shop;
use super::pass_through::pay::{
    BUYER, MERCHANT, NUMBER, PAID_AMOUNT, REFUND_AMOUNT, REFUND_NUMBER, REFUNDED, SHARE_NUMBER,
    SHARED, SHOW,
};
use super::pass_through::{Ask, Field, body, request};
use super::write::{Found, Made, Planned, Sort, Want};
use crate::api::component::funds::{Part, Payment, PaymentReply};
use crate::fail::Failure;
use crate::lang::Text;
use crate::state::money;
use crate::text;
use crate::types::{Family, Fen};
use anyhow::Result;
use serde_json::Value;

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
        let reply = self.read(path, &body([NUMBER.of(trade_no)])).await?;
        let PaymentReply { order } = super::typed(path, &reply)?;
        Ok(Fetched {
            value: order.ok_or_else(|| super::says_nothing(path))?,
            record: super::part(reply, "/order"),
        })
    }

    /// The refund of a payment with the number of the movement.
    pub async fn find_refund(&self, movement: &money::Movement) -> Result<Option<Found>> {
        let payment = self.payment(&movement.subject).await?;
        Ok(payment.refund(&movement.mark))
    }

    /// The share of a payment with the number of the movement.
    pub async fn find_share(&self, movement: &money::Movement) -> Result<Option<Found>> {
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
                "{left} yuan are left to refund",
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
            problems.push(text!("nothing is left to share"));
        }
        problems
    }
}

/// A movement of money of a payment.
pub struct Movement<'a> {
    pub sort: Sort,
    pub ask: &'static Ask,
    pub trade_no: &'a str,
    pub openid: &'a str,
    /// As given; `None` takes that of an earlier run that has not ended, or a new one.
    pub number: Option<&'a str>,
    /// What is given back; a share is all that is left.
    pub amount: Option<Fen>,
    pub anew: bool,
}

/// What became of a movement.
pub enum Moved {
    Made(Made),
    /// The platform has one of this number; its record.
    Known(Value),
}

impl Movement<'_> {
    /// What its numbers begin with.
    pub fn letters(&self) -> &'static str {
        match self.sort {
            Sort::Refund => "RF",
            _ => "PS",
        }
    }

    /// The request as it would be sent; `fresh` is a new number, where none is given.
    pub async fn plan(&self, shop: &Shop, fresh: &str) -> Result<Value> {
        let payment = shop.payment(self.trade_no).await?;
        self.check(&payment)?;
        self.body(&payment, self.number.unwrap_or(fresh))
    }

    /// Sends it once, after `asking` agreed to what it is asked.
    pub async fn carry_out(
        &self,
        shop: &Shop,
        fresh: String,
        asking: impl AsyncFnOnce(Text) -> Result<()>,
    ) -> Result<Moved> {
        let want = Want {
            sort: self.sort,
            subject: self.trade_no,
            amount: self.amount.unwrap_or_default(),
            what: "",
            mark: self.number,
            fresh_mark: fresh,
            look: String::new(),
            anew: self.anew,
        };
        let there = |number: &str| {
            shop.note(text!(
                "WeChat already has {number}; nothing was sent",
                number
            ));
        };
        let prepared = match shop.plan_write(want).await? {
            Planned::Same(made) => {
                there(&made.movement.mark);
                return Ok(Moved::Made(made));
            }
            Planned::New(prepared) => prepared,
        };
        let payment = shop.payment(self.trade_no).await?;
        let known = self.number.and_then(|number| self.find(&payment, number));
        if let (Some(number), Some(found)) = (self.number, known) {
            there(number);
            return Ok(Moved::Known(found.record));
        }
        self.check(&payment)?;
        let body = self.body(&payment, &prepared.mark)?;
        asking(self.question(&payment)).await?;
        let (_, operation) = self.ask.operation();
        let number = prepared.mark.clone();
        let sent = prepared.send(shop, operation, &body, |_| (number, String::new()));
        let made = sent.await.map_err(|error| too_early(error, &payment))?;
        Ok(Moved::Made(made))
    }

    /// What was made as the platform has it; its number alone, where reads lag behind.
    pub async fn record(&self, shop: &Shop, made: &Made) -> Result<Value> {
        let record = match &made.found {
            Some(found) => Some(found.record.clone()),
            None => {
                let payment = shop.payment(self.trade_no).await?;
                let found = self.find(&payment, &made.movement.mark);
                found.map(|found| found.record)
            }
        };
        Ok(record.unwrap_or_else(|| body([self.own_number().of(&made.movement.mark)])))
    }

    fn check(&self, payment: &Fetched) -> Result<()> {
        let problems = match self.amount {
            Some(amount) => payment.refund_problems(amount),
            None => payment.share_problems(),
        };
        if problems.is_empty() {
            return Ok(());
        }
        Err(Failure::input(text!(
            "payment {number} does not allow this",
            number = self.trade_no
        ))
        .also(problems)
        .into())
    }

    fn question(&self, payment: &Fetched) -> Text {
        match self.amount {
            Some(amount) => text!(
                "refund {yuan} yuan ({fen} fen) to the buyer",
                yuan = amount.to_yuan(),
                fen = amount.0
            ),
            None => text!(
                "settle the {yuan} yuan ({fen} fen) that are left",
                yuan = payment.value.left().to_yuan(),
                fen = payment.value.left().0
            ),
        }
    }

    /// Where its number stands.
    fn own_number(&self) -> Field {
        match self.sort {
            Sort::Refund => REFUND_NUMBER,
            _ => SHARE_NUMBER,
        }
    }

    fn body(&self, payment: &Fetched, number: &str) -> Result<Value> {
        let mut body = body([
            MERCHANT.of(&payment.value.mchid),
            BUYER.of(self.openid),
            NUMBER.of(self.trade_no),
            self.own_number().of(number),
        ]);
        if let Some(amount) = self.amount {
            PAID_AMOUNT.put(&mut body, payment.value.amount.0);
            REFUND_AMOUNT.put(&mut body, amount.0);
        }
        request(self.ask, &(), body)
    }

    fn find(&self, payment: &Fetched, number: &str) -> Option<Found> {
        match self.sort {
            Sort::Refund => payment.refund(number),
            _ => payment.share(number),
        }
    }

    /// Where an answer shows it.
    pub fn columns(&self) -> &'static Ask {
        match self.sort {
            Sort::Refund => &REFUNDED,
            _ => &SHARED,
        }
    }
}

/// "Nothing to share" also answers a share before its time.
fn too_early(error: anyhow::Error, payment: &Fetched) -> anyhow::Error {
    let mut failure = Failure::from_any(error);
    if failure.errcode == Some(9_720_004) {
        failure.hint = Some(text!(
            "a payment can be shared from {days} days after it was paid",
            days = payment.value.profit_sharing_delay
        ));
    }
    failure.into()
}
