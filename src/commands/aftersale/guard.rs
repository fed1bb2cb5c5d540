//! A step on an after-sale: read, held against the guide, sent, and looked up where the answer does not tell what
//! became of it.

use super::{Which, read, shown};
use crate::clock::{now, sleep};
use crate::commands::Ctx;
use crate::commands::ask::check;
use crate::fail::{Failure, Kind, failure};
use crate::lang::Text;
use crate::model::aftersale::{self, Aftersale, Case, Step, misunderstanding};
use crate::model::deadline::Actor;
use crate::shop::pass_through::Ask;
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

/// What goes beyond the step itself.
#[derive(Debug, Clone, clap::Args)]
pub struct Force {
    /// Send it even where the state of the after-sale does not allow it
    #[arg(long)]
    pub force: bool,
}

/// One step as it is to be sent.
pub struct Plan<'a> {
    pub ask: &'a Ask,
    pub which: &'a Which,
    pub step: Step,
    pub force: bool,
}

impl Plan<'_> {
    /// Reads the after-sale and refuses what its state does not allow. One that stands where the step leads is shown, and
    /// nothing else is to be done: `None`.
    pub async fn read(&self, ctx: &Ctx) -> Result<Option<Fetched<Aftersale>>> {
        let found = read(ctx, self.which).await?;
        if self.force {
            return Ok(Some(found));
        }
        let leads = matches!(
            self.step,
            Step::AcceptRefund | Step::AcceptReturn | Step::Reject | Step::Cancel
        );
        if leads && found.value.case().stands_after(self.step) {
            ctx.out
                .note(text!("nothing to do: it is so already; nothing was sent"));
            shown::one(ctx, found)?;
            return Ok(None);
        }
        guard(&found, self.step, &self.which.number)?;
        Ok(Some(found))
    }

    /// Sends the step and shows the after-sale as it is then. `question` is what a live shop is asked.
    pub async fn carry_out(
        &self,
        ctx: &Ctx,
        before: &Fetched<Aftersale>,
        body: &Value,
        question: Option<Text>,
    ) -> Result<()> {
        check(self.ask, body, &[])?;
        match send(ctx, self.ask, body, question).await {
            Ok(None) => return Ok(()),
            Ok(Some(_)) => {}
            Err(error) => self.look_up(ctx, before, error, PATIENCE).await?,
        }
        let now = read(ctx, self.which).await?;
        shown::one(ctx, now)
    }

    /// As [`Plan::carry_out`] for one of many: the question was asked about all of them, and nothing is shown. `kept` is
    /// the movement that it is, where money moves.
    pub async fn carry_on(
        &self,
        ctx: &Ctx,
        before: &Fetched<Aftersale>,
        body: &Value,
        kept: Option<(i64, &Wanted)>,
    ) -> Result<()> {
        check(self.ask, body, &[])?;
        match patiently(ctx, self.ask, body, kept).await {
            Ok(_) => Ok(()),
            // What is not known yet is looked at again when all others are answered.
            Err(error) => self.look_up(ctx, before, error, 0).await,
        }
    }

    /// A failure that does not say whether the step was done: the after-sale tells. It was done where the after-sale
    /// stands where the step leads; it was not where the after-sale went somewhere else. Where it still stands where it
    /// stood, reads may lag, and after `patience` seconds nobody knows yet.
    async fn look_up(
        &self,
        ctx: &Ctx,
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
            match read(ctx, self.which).await {
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
            ctx.out.note(text!(
                "the answer was lost; the after-sale shows that it was done"
            ));
            ctx.shop().await?.client.last_was_found().await;
            return Ok(());
        }
        failure.also = options(&case, &self.which.number);
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
            "the after-sale does not show yet whether it was done; run the same command again in a minute: it looks before it sends"
        )),
        ..failure
    }
}

/// Sends, and waits where another write about the same order is running. `None` after a dry run.
pub async fn send(
    ctx: &Ctx,
    ask: &Ask,
    body: &Value,
    question: Option<Text>,
) -> Result<Option<Value>> {
    // A wrong name must not come up after the money has moved.
    ctx.out.check_columns_of(shown::whole())?;
    if ctx.shows_request(ask, body)? {
        return Ok(None);
    }
    ctx.before_write(question).await?;
    patiently(ctx, ask, body, None).await.map(Some)
}

/// Sends, again and again where another write about the same order is running; `kept` is how it is written down.
async fn patiently(
    ctx: &Ctx,
    ask: &Ask,
    body: &Value,
    kept: Option<(i64, &Wanted)>,
) -> Result<Value> {
    let (shop, operation) = (ctx.shop().await?, ask.operation().1);
    let send = async || match kept {
        Some((id, wanted)) => shop.ask_kept(operation, body, id, wanted).await,
        None => shop.ask(operation, &[], body).await,
    };
    let mut sent = send().await;
    for pause in [1, 2, 4] {
        match &sent {
            Err(error) if failure(error).is_some_and(|f| f.errcode == Some(BUSY)) => {
                ctx.out.note(text!(
                    "another change of this order is running; trying again in {seconds} s",
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
    .hint(text!("nothing was sent; --force sends it all the same"))
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
        lines.push(text!("it has ended; nothing can be done about it any more"));
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
