//! Withdrawals: how one is marked, and how it is found when its answer was lost. WeChat gives the number of a withdrawal
//! in its answer, so that a mark in the note is what it is found by.

use super::Shop;
use super::pass_through::funds::{
    CHECK_CODE, CODE_STATE, REQUEST_NUMBER, SCANNED_BY, TICKET, WITHDRAWAL, WITHDRAWAL_STATE,
    WITHDRAWALS,
};
use super::pass_through::{body, empty, words_of};
use super::write::{Found, Made};
use crate::api::component::funds::{WithdrawReply, Withdrawal, WithdrawalReply};
use crate::clock::sleep;
use crate::fail::{Failure, failure};
use crate::lang::Text;
use crate::state::money::{Movement, Stand};
use crate::text;
use crate::types::Family;
use anyhow::Result;
use serde_json::Value;
use std::time::Duration;

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
            "the note has {letters} characters; at most {most} are allowed",
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

/// The code has run out.
pub fn is_gone(error: &anyhow::Error) -> bool {
    failure(error).is_some_and(|failure| matches!(failure.errcode, Some(60208 | 60220)))
}

/// Where a withdrawal stands, in words.
pub fn state_words(withdrawal: &Withdrawal) -> Text {
    words_of(
        &WITHDRAWAL,
        WITHDRAWAL_STATE,
        &withdrawal.status.as_str().into(),
    )
}

impl Shop {
    /// Keeps how a withdrawal ended.
    pub fn withdrawal_has_ended(&self, made: &Made, now: &Fetched) -> Result<()> {
        let state = self.client.state();
        state.movement_stands(made.movement.id, now.stand(), "", "")
    }

    /// Follows a code until it is confirmed, cancelled or expired; tells every change.
    pub async fn watch_code(&self, ticket: &str) -> Result<Value> {
        let asked = body([TICKET.of(ticket)]);
        let (_, operation) = CHECK_CODE.operation();
        let mut told = None;
        loop {
            let reply = match self.ask(operation, &[], &asked).await {
                Err(error) if is_gone(&error) => body([CODE_STATE.of(3)]),
                reply => reply?,
            };
            let status = CODE_STATE.integer(&reply);
            if told != Some(status) {
                told = Some(status);
                self.note(text!(
                    "QR code: {state}",
                    state = words_of(&CHECK_CODE, CODE_STATE, CODE_STATE.at(&reply))
                ));
                if status == Some(4) && SCANNED_BY.integer(&reply) == Some(0) {
                    self.warn(text!(
                        "the QR code was scanned by someone who is not an administrator"
                    ));
                }
            }
            if matches!(status, Some(1..=3)) {
                return Ok(reply);
            }
            sleep(Duration::from_secs(3)).await;
        }
    }

    /// Waits for the phone and then for the bank.
    pub async fn follow_withdrawal(
        &self,
        made: &Made,
        mut now: Fetched,
        service: &Value,
    ) -> Result<Fetched> {
        if now.value.can_be_scanned() && !made.movement.ticket.is_empty() {
            self.watch_code(&made.movement.ticket).await?;
        }
        let mut told = String::new();
        let mut seconds = 5;
        loop {
            let number = &made.movement.number;
            now = self.withdrawal(number, service).await?;
            if told != now.value.status {
                told.clone_from(&now.value.status);
                self.note(text!(
                    "withdrawal: {state}",
                    state = state_words(&now.value)
                ));
            }
            if now.value.has_ended() {
                return Ok(now);
            }
            sleep(Duration::from_secs(seconds)).await;
            seconds = (seconds * 2).min(60);
        }
    }

    /// One withdrawal; `service` is what an account of the payment-management service puts into every request.
    pub async fn withdrawal(&self, number: &str, service: &Value) -> Result<Fetched> {
        let path = match self.family {
            Family::Component => WITHDRAWAL.path,
            Family::Store => return Err(super::lacks(text!("this command")).into()),
        };
        let asked = super::with(service, body([REQUEST_NUMBER.of(number)]));
        let reply = self.read(path, &asked).await?;
        let WithdrawalReply { withdraw_info } = super::typed(path, &reply)?;
        Ok(Fetched {
            value: withdraw_info.ok_or_else(|| super::says_nothing(path))?,
            record: super::part(reply, "/withdraw_info"),
        })
    }

    /// A withdrawal by its number, or by the mark in its note. Where WeChat gives no note, amount and time tell.
    pub async fn find_withdrawal(&self, movement: &Movement) -> Result<Option<Found>> {
        let service: Value = serde_json::from_str(&movement.look).unwrap_or_else(|_| empty());
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
            let is_it = if note.is_empty() {
                found.value.amount == movement.amount && found.value.create_time >= movement.at - 60
            } else {
                note.contains(&movement.mark)
            };
            if is_it {
                return Ok(Some(found.found(number)));
            }
        }
        Ok(None)
    }
}
