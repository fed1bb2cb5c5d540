//! A step on an after-sale: read, held against the guide, sent, and looked up where the answer does not tell what
//! became of it.

use super::Key;
use crate::clock::{now, sleep};
use crate::fail::{Failure, Kind, failure};
use crate::lang::Text;
use crate::model::aftersale::{self, Aftersale, Case, Step, misunderstanding};
use crate::model::deadline::Actor;
use crate::shop::Shop;
use crate::shop::pass_through::{Ask, check};
use crate::shop::reading::Fetched;
use crate::state::money::Wanted;
use crate::text;
use crate::types::ChinaTime;
use anyhow::Result;
use serde_json::Value;
use std::time::Duration;

/// Another write about the same order is running; nothing was done.
const BUSY: i64 = 2_747_026;
const WRONG_STATE: i64 = 2_747_008;
/// How long a single command looks before it ends.
const PATIENCE: i64 = 10;

/// One step as it is to be sent.
pub struct Plan<'a> {
    pub ask: &'a Ask,
    pub key: &'a Key,
    pub step: Step,
    pub force: bool,
}

/// An after-sale that a step is meant for.
pub enum Planned {
    /// The step is possible, or was forced.
    Open(Fetched<Aftersale>),
    /// It stands where the step leads.
    Already(Fetched<Aftersale>),
}

impl Plan<'_> {
    /// Reads the after-sale and refuses what its state does not allow.
    pub async fn read(&self, shop: &Shop) -> Result<Planned> {
        let found = shop.read_aftersale(self.key).await?;
        if self.force {
            return Ok(Planned::Open(found));
        }
        let leads = matches!(
            self.step,
            Step::AcceptRefund | Step::AcceptReturn | Step::Reject | Step::Cancel
        );
        if leads && found.value.case().stands_after(self.step) {
            return Ok(Planned::Already(found));
        }
        guard(&found, self.step, self.key.number())?;
        Ok(Planned::Open(found))
    }

    /// Sends the step; the after-sale as it is then.
    pub async fn carry_out(
        &self,
        shop: &Shop,
        before: &Fetched<Aftersale>,
        body: &Value,
    ) -> Result<Fetched<Aftersale>> {
        if let Err(error) = patiently(shop, self.ask, body, None).await {
            self.look_up(shop, before, error, PATIENCE).await?;
        }
        shop.read_aftersale(self.key).await
    }

    /// As [`Plan::carry_out`] for one of many: what is not known yet is not waited for. `kept` is
    /// the movement that it is, where money moves.
    pub async fn carry_on(
        &self,
        shop: &Shop,
        before: &Fetched<Aftersale>,
        body: &Value,
        kept: Option<(i64, &Wanted)>,
    ) -> Result<()> {
        check(self.ask, body, &[])?;
        match patiently(shop, self.ask, body, kept).await {
            Ok(_) => Ok(()),
            // What is not known yet is looked at again when all others are answered.
            Err(error) => self.look_up(shop, before, error, 0).await,
        }
    }

    /// A failure that does not say whether the step was done: the after-sale tells. It was done where the after-sale
    /// stands where the step leads; it was not where the after-sale went somewhere else. Where it still stands where it
    /// stood, reads may lag, and after `patience` seconds nobody knows yet.
    async fn look_up(
        &self,
        shop: &Shop,
        before: &Fetched<Aftersale>,
        error: anyhow::Error,
        patience: i64,
    ) -> Result<()> {
        let allowed = before.value.case().may(self.step);
        let mut failure = Failure::from_any(error);
        // The platform says "wrong state" also to a second arrival of a step that it has done.
        let done_before = failure.errcode == Some(WRONG_STATE) && allowed.is_some();
        let unclear = failure.unclear || failure.errcode == Some(-1) || done_before;
        let wrong_state = failure.errcode == Some(WRONG_STATE);
        if !unclear && !wrong_state {
            return Err(failure.into());
        }
        let until = now() + patience;
        let mut pause = 1;
        let now = loop {
            match shop.read_aftersale(self.key).await {
                // Reads may lag behind what was done.
                Ok(found) if unclear && found.record == before.record && now() < until => {}
                Ok(found) => break found,
                Err(_) if now() < until => {}
                Err(_) => {
                    return Err(if unclear { not_known(failure) } else { failure }.into());
                }
            }
            sleep(Duration::from_secs(pause)).await;
            pause = (pause + 1).min(4);
        };
        let (case, state) = (now.value.case(), now.value.state);
        // A change may leave the state where it was, and two may fall into one second: anything that differs tells.
        let changed = now.record != before.record;
        let led_here = allowed.is_some_and(|step| step.leads_to(state));
        if unclear && changed && led_here {
            shop.note(text!(
                "the answer was lost; the after-sale shows that it was done"
            ));
            shop.client.last_was_found().await;
            return Ok(());
        }
        failure.also = options(&case, self.key.number());
        if unclear && state == before.value.state {
            return Err(not_known(failure).into());
        }
        failure.unclear = false;
        failure.kind = Kind::Refused;
        failure.hint = Some(misunderstanding(case, self.step).unwrap_or(text!(
            "the after-sale is {state}; take a step that fits it",
            state = state.words()
        )));
        Err(failure.into())
    }
}

/// Nobody knows whether it was done.
fn not_known(failure: Failure) -> Failure {
    Failure {
        kind: Kind::Unknown,
        unclear: true,
        hint: Some(text!(
            "the after-sale does not show yet whether it was done; run the same command again in a minute: it checks before it sends"
        )),
        ..failure
    }
}

/// Sends, again and again where another write about the same order is running; `kept` is how it is written down.
async fn patiently(
    shop: &Shop,
    ask: &Ask,
    body: &Value,
    kept: Option<(i64, &Wanted)>,
) -> Result<Value> {
    let (_, operation) = ask.operation();
    let send = async || match kept {
        Some((id, wanted)) => shop.ask_kept(operation, body, id, wanted).await,
        None => shop.ask(operation, &[], body).await,
    };
    let mut sent = send().await;
    for pause in [1, 2, 4] {
        match &sent {
            Err(error) if failure(error).is_some_and(|f| f.errcode == Some(BUSY)) => {
                shop.note(text!(
                    "another after-sale change of this order is running; trying again in {seconds} s",
                    seconds = pause
                ));
                sleep(Duration::from_secs(pause)).await;
            }
            _ => break,
        }
        sent = send().await;
    }
    sent
}

/// Refuses a step that is not possible now.
fn guard(found: &Fetched<Aftersale>, step: Step, number: &str) -> Result<()> {
    let case = found.value.case();
    if case.may(step).is_some() || aftersale::stage(case.state).is_none() {
        return Ok(());
    }
    let mut also = Vec::new();
    also.extend(misunderstanding(case, step));
    also.extend(options(&case, number));
    Err(Failure::new(
        Kind::Refused,
        text!(
            "you cannot {step}: after-sale {number} ({kind}) is {state}",
            step = step.words(),
            number,
            kind = case.kind.words(),
            state = case.state.words()
        ),
    )
    .also(also)
    .hint(text!("nothing was sent; use --force to send it anyway"))
    .into())
}

/// What may be done now, by whom, until when, a sentence each.
pub fn options(case: &Case, number: &str) -> Vec<Text> {
    let mut lines: Vec<Text> = case
        .moves()
        .map(|step| match step.step.command() {
            Some(command) if step.who == Actor::Merchant => text!(
                "{who} can {step}: wxsell {command} {number}",
                who = step.who.words(),
                step = step.step.words(),
                command,
                number
            ),
            Some(command) => text!(
                "{who} can {step}, or you on their behalf: wxsell {command} {number}",
                who = step.who.words(),
                step = step.step.words(),
                command,
                number
            ),
            None => text!(
                "{who} can {step}, inside WeChat only",
                who = step.who.words(),
                step = step.step.words()
            ),
        })
        .collect();
    if lines.is_empty() && !case.state.is_open() {
        lines.push(text!("it has ended; nothing more can be done"));
    }
    if let Some(deadline) = case.deadline() {
        lines.push(text!(
            "until {time} {who} can {what}; otherwise {then}",
            time = ChinaTime::from_unix(deadline.at).0,
            who = deadline.who.words(),
            what = deadline.what,
            then = deadline.then
        ));
    }
    lines
}
