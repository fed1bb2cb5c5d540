//! Withdrawals: how one is marked, and how it is found when its answer was lost. WeChat gives the number of a withdrawal
//! in its answer, so that a mark in the note is what it is found by.

use super::Shop;
use super::pass_through::funds::{WITHDRAWAL, WITHDRAWALS};
use super::write::Found;
use crate::api::component::funds::{WithdrawReply, Withdrawal, WithdrawalReply};
use crate::fail::{Failure, failure};
use crate::state::money::{Movement, Stand};
use crate::text;
use crate::types::Family;
use anyhow::Result;
use serde_json::{Value, json};

/// How many of the newest withdrawals are looked through for one whose answer was lost. There is one a day.
const NEWEST: usize = 10;
/// Letters of a note. The reference names no limit; this is the one of WeChat Pay, which pays out.
const LONGEST_NOTE: usize = 56;
/// `#`, eight letters, and a space behind it.
const MARK_AND_SPACE: usize = 10;

/// A new mark.
pub fn fresh_mark() -> String {
    format!("#{:08x}", fastrand::u32(..))
}

/// The note of a withdrawal: the mark stands first, where nothing that shortens a note takes it away.
pub fn note(mark: &str, words: Option<&str>) -> Result<String> {
    let words = words.unwrap_or("wxsell");
    let (letters, most) = (words.chars().count(), LONGEST_NOTE - MARK_AND_SPACE);
    if letters > most {
        return Err(Failure::input(text!(
            "the note has {letters} letters; it can have {most}",
            letters,
            most
        ))
        .into());
    }
    Ok(format!("{mark} {words}"))
}

/// A withdrawal as the program understands it, with WeChat's whole record.
#[derive(Debug, Clone, Default)]
pub struct Fetched {
    pub value: Withdrawal,
    pub record: Value,
}

impl Fetched {
    pub fn stand(&self) -> Stand {
        match (self.value.is_paid_out(), self.value.has_ended()) {
            (true, _) => Stand::Done,
            (false, true) => Stand::Failed,
            (false, false) => Stand::Known,
        }
    }

    fn found(self, number: &str) -> Found {
        Found {
            number: number.to_owned(),
            stand: Some(self.stand()),
            amount: None,
            record: self.record,
        }
    }
}

/// WeChat's number of a withdrawal and the ticket of its code, out of the answer to its call.
pub fn number_and_ticket(reply: &Value) -> (String, String) {
    let reply: WithdrawReply = serde_json::from_value(reply.clone()).unwrap_or_default();
    (reply.out_request_no, reply.qrcode_ticket)
}

/// "No data": there is no withdrawal of this number.
fn is_unknown(error: &anyhow::Error) -> bool {
    failure(error).is_some_and(|failure| failure.errcode == Some(9_710_001))
}

impl Shop {
    /// One withdrawal; `service` is what an account of the payment-management service puts into every request.
    pub async fn withdrawal(&self, number: &str, service: &Value) -> Result<Fetched> {
        let path = match self.family {
            Family::Component => WITHDRAWAL.path,
            Family::Store => return Err(super::lacks(text!("this command")).into()),
        };
        let body = super::with(service, json!({"out_request_no": number}));
        let reply = self.read(path, &body).await?;
        let WithdrawalReply { withdraw_info } = super::typed(path, &reply)?;
        Ok(Fetched {
            value: withdraw_info.ok_or_else(|| super::says_nothing(path))?,
            record: super::part(reply, "/withdraw_info"),
        })
    }

    /// A withdrawal by its number, or by the mark in its note. Where WeChat gives no note, amount and time tell.
    pub async fn find_withdrawal(&self, movement: &Movement) -> Result<Option<Found>> {
        let service: Value = serde_json::from_str(&movement.look).unwrap_or_else(|_| json!({}));
        if !movement.number.is_empty() {
            return match self.withdrawal(&movement.number, &service).await {
                Ok(found) => Ok(Some(found.found(&movement.number))),
                Err(error) if is_unknown(&error) => Ok(None),
                Err(error) => Err(error),
            };
        }
        let path = match self.family {
            Family::Component => WITHDRAWALS.path,
            Family::Store => return Err(super::lacks(text!("this command")).into()),
        };
        let mut numbers = self.read_list(path, &service, "out_request_nos").await?;
        // Lists are not said to be in any order, so that both ends are looked at.
        if numbers.len() > 2 * NEWEST {
            numbers.drain(NEWEST..numbers.len() - NEWEST);
        }
        for number in numbers.iter().filter_map(Value::as_str) {
            let found = self.withdrawal(number, &service).await?;
            let note = found.value.remark.as_str();
            let is_it = match note.is_empty() {
                false => note.contains(&movement.mark),
                true => {
                    found.value.amount == movement.amount
                        && found.value.create_time >= movement.at - 60
                }
            };
            if is_it {
                return Ok(Some(found.found(number)));
            }
        }
        Ok(None)
    }
}
