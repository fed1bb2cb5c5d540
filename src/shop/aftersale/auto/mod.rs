//! After-sales answered by a policy. Each goes the way that `accept-refund`, `accept-return` and `reject` go; what a rule
//! may pay is counted over the day and written down before it is asked for.
//!
//! Long because the run of a policy is one story: what is read, decided, asked, sent and reported.

mod read;
pub mod report;

pub use read::policy;

use super::step::Plan;
use super::{Answer, Filter, Key as Number};
use crate::bulk;
use crate::client::errcode::ends_the_job;
use crate::clock::sleep;
use crate::fail::{Failure, Kind, failure};
use crate::lang::{Lang, Text};
use crate::model::aftersale::{self, Aftersale, Case, State, Step};
use crate::model::policy::{Action, Facts, Policy};
use crate::shop::Shop;
use crate::shop::job::{self, Busy, stopped_by_hand};
use crate::shop::order::Key;
use crate::shop::pass_through::aftersale::{ACCEPT_REFUND, ACCEPT_RETURN, REJECT};
use crate::shop::reading::Fetched;
use crate::shop::write::{PROOF_AFTER, Settled};
use crate::state::LockGuard;
use crate::state::money::{Request, Wanted, Within};
use crate::state::quota::china_day_start;
use crate::state::runs::{Ended, ItemState, Items, Memory, RunState, SentMark};
use crate::text;
use crate::types::{Fen, Id64, now};
use anyhow::Result;
use futures_util::{StreamExt, future::try_join_all, stream};
use report::{Row, Stand, Summary};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// What the journals call it.
const KIND: &str = "aftersale";
/// After-sales that are read together.
const AT_ONCE: usize = 16;

/// A policy with everything in it.
pub fn example(lang: Lang) -> &'static str {
    match lang {
        Lang::En => include_str!("example.toml"),
        Lang::Zh => include_str!("example.zh.toml"),
    }
}

/// What a policy answers, which is also what a dry run shows.
pub struct Answers<'a> {
    /// What runs out first stands at the top.
    pub rows: Vec<Row>,
    runner: Runner<'a>,
}

impl Shop {
    /// Who holds this answers after-sales alone: two runs would answer the same one.
    pub async fn alone_with_aftersales(&self, busy: Busy) -> Result<LockGuard> {
        let name = job::answers(self.client.shop_key());
        let alone = self.one_at_a_time(name, busy).await?;
        self.client.take_over()?;
        Ok(alone)
    }

    /// Every after-sale that waits for the merchant, and what the policy says of it.
    pub async fn plan_answers<'a>(&'a self, policy: &'a Policy) -> Result<Answers<'a>> {
        let runner = Runner {
            shop: self,
            policy,
            key: self.client.shop_key(),
            lost_in_a_row: Cell::new(0),
        };
        Ok(Answers {
            rows: runner.plan().await?,
            runner,
        })
    }
}

impl Answers<'_> {
    /// What was accepted today, by all runs.
    pub fn spent(&self) -> Result<Fen> {
        self.runner.spent()
    }

    /// What a live shop is asked, where money moves.
    pub fn question(&self) -> Option<Text> {
        let rows = self.rows.iter();
        let accepted = rows.filter(|row| row.action == report::ACCEPT);
        let (count, sum) = accepted.fold((0, 0), |(count, sum), row| {
            (count + 1, sum + row.amount.map_or(0, |amount| amount.0))
        });
        (count > 0).then(|| {
            text!(
                "Accept {count} refunds and returns by the policy, {amount} yuan in total,",
                count,
                amount = Fen(sum).to_yuan()
            )
        })
    }

    /// Answers them; what stopped it, where something did. `file` is where the policy stands, `job` how the run was
    /// started.
    pub async fn carry_out(&mut self, file: &str, job: &str) -> Result<Option<anyhow::Error>> {
        let (runner, rows) = (&self.runner, &mut self.rows);
        let state = runner.shop.client.state();
        runner.confirm_earlier(rows).await?;
        let files = serde_json::to_string(&[file])?;
        let run = state.begin_run(runner.key, "aftersale auto", &files, job, now())?;
        let mut stopped = runner.answer_all(run, rows).await;
        // Whoever pressed Ctrl-C does not wait for it.
        let pressed = stopped
            .as_ref()
            .and_then(failure)
            .is_some_and(|failure| failure.kind == Kind::Stopped);
        if !pressed && let Err(error) = runner.settle_parked(rows).await {
            stopped = stopped.or(Some(error));
        }
        let spent = runner.spent()?;
        let ended = match (&stopped, rows.iter().any(Row::failed)) {
            (Some(_), _) => RunState::Stopped,
            (None, true) => RunState::Partial,
            (None, false) => RunState::Done,
        };
        let summary = Summary::of(run, ended, spent, rows);
        let summary = serde_json::to_string(&summary)?;
        state.end_run(run, ended, &summary, now())?;
        Ok(stopped)
    }
}

/// Answers after-sales.
struct Runner<'a> {
    shop: &'a Shop,
    policy: &'a Policy,
    key: &'a str,
    lost_in_a_row: Cell<u32>,
}

/// An after-sale as it was read, with what the rules ask of it.
struct Look {
    found: Fetched<Aftersale>,
    facts: Facts,
}

/// What is to be done about one.
struct Judged {
    rule: Option<String>,
    action: &'static str,
    reject_reason: Option<String>,
    why: Text,
}

impl Runner<'_> {
    /// What was accepted today.
    fn spent(&self) -> Result<Fen> {
        let today = china_day_start(self.shop.clock()?);
        self.shop.client.state().spent_money(self.key, KIND, today)
    }

    /// Every after-sale that waits for the merchant, what runs out first at the top, and what the policy says of it.
    async fn plan(&self) -> Result<Vec<Row>> {
        let states = [
            State::RefundRequested,
            State::ReturnRequested,
            State::ReturnShipped,
        ];
        let shop = self.shop;
        let lists = states.map(|state| async move {
            let filter = Filter {
                state: Some(state),
                ..Filter::default()
            };
            shop.aftersale_ids(&filter, None).await
        });
        let lists = try_join_all(lists).await?;
        let listed: BTreeSet<String> = lists.into_iter().flat_map(|list| list.rows).collect();
        let looks = stream::iter(&listed)
            .map(|number| async move { (number.clone(), self.look(number).await) });
        let mut looks = looks.buffered(AT_ONCE);
        let now = self.shop.clock()?;
        let mut rows = Vec::with_capacity(listed.len());
        while let Some((number, look)) = looks.next().await {
            match look {
                Ok(look) => rows.push(self.row(number, &look, now)),
                Err(error) => {
                    let failure = Failure::from_any(error);
                    if ends_the_job(&failure) {
                        return Err(failure.into());
                    }
                    rows.push(Row::unread(number, &failure, now));
                }
            }
        }
        rows.sort_by_key(|row| {
            row.deadline
                .as_ref()
                .map_or(i64::MAX, |deadline| deadline.at)
        });
        self.keep_within_the_day(&mut rows)?;
        Ok(rows)
    }

    /// Leaves to a person what is over the ceiling of the day, which goes to what runs out first.
    fn keep_within_the_day(&self, rows: &mut [Row]) -> Result<()> {
        let today = china_day_start(self.shop.clock()?);
        let tried: HashMap<String, Fen> = self
            .shop
            .client
            .state()
            .asked_money(self.key, KIND)?
            .into_iter()
            .filter(|tried| tried.at >= today)
            .map(|tried| (tried.subject, tried.amount))
            .collect();
        let mut spent = self.spent()?;
        for row in rows.iter_mut().filter(|row| row.action == report::ACCEPT) {
            let amount = row.amount.unwrap_or_default();
            // One that was tried before counts already.
            let tried = tried.get(&row.number).copied().unwrap_or_default();
            let others = Fen(spent.0 - tried.0);
            if others.0.saturating_add(amount.0) > self.policy.per_day.0 {
                row.wait(self.over(amount, others))
            } else {
                spent = Fen(others.0 + amount.0)
            }
        }
        Ok(())
    }

    fn over(&self, amount: Fen, spent: Fen) -> Text {
        text!(
            "over the daily ceiling: {amount} > {left}, which is left of {most}",
            amount = amount.to_yuan(),
            left = Fen((self.policy.per_day.0 - spent.0).max(0)).to_yuan(),
            most = self.policy.per_day.to_yuan()
        )
    }

    /// Reads an after-sale, and its order where a rule asks for it.
    async fn look(&self, number: &str) -> Result<Look> {
        let key = Number::Id(number.to_owned());
        let found = self.shop.aftersale(&key).await?;
        self.shop.note_unread_aftersale(number, &found);
        let mut facts = Facts::of(&found.value, self.shop.clock()?);
        if self.policy.asks_order(&facts) {
            let order = self.shop.read_order(&order_of(&found.value)?).await?;
            facts.shipped = order.value.is_shipped();
        }
        Ok(Look { found, facts })
    }

    /// What the state allows and the policy says.
    fn judge(&self, look: &Look) -> Judged {
        let wait = |rule: Option<String>, why: Text| Judged {
            rule,
            action: report::WAIT,
            reject_reason: None,
            why,
        };
        let case = look.found.value.case();
        match case.state {
            State::RefundRequested | State::ReturnRequested => {}
            State::ReturnShipped => {
                return wait(
                    None,
                    text!("the goods are coming back: inspect them, then accept-refund or reject"),
                );
            }
            state => {
                return wait(None, text!("it is {state} by now", state = state.words()));
            }
        }
        let decision = self.policy.decide(&look.facts);
        let rule = decision.rule.map(|rule| rule.name.clone());
        let (action, reject_reason, step) = match decision.rule.map(|rule| &rule.action) {
            None | Some(Action::Wait) => return wait(rule, decision.why),
            Some(Action::Accept) => (report::ACCEPT, None, accepting(case)),
            Some(Action::Reject(reason)) => (report::REJECT, Some(reason.clone()), Step::Reject),
        };
        // A type or state that nobody has described yet.
        if case.may(step).is_none() || look.facts.amount.is_none_or(|amount| amount.0 <= 0) {
            return wait(
                rule,
                text!("WeChat's data on it is not as documented: check it yourself"),
            );
        }
        Judged {
            rule,
            action,
            reject_reason,
            why: decision.why,
        }
    }

    fn row(&self, number: String, look: &Look, now: i64) -> Row {
        let judged = self.judge(look);
        let aftersale = &look.found.value;
        Row {
            number,
            order: aftersale.order_number.clone(),
            kind: Some(look.facts.kind),
            amount: look.facts.amount,
            rule: judged.rule,
            action: judged.action,
            state: match judged.action {
                report::WAIT => Stand::Waiting,
                _ => Stand::Planned,
            },
            why: judged.why,
            errcode: None,
            deadline: aftersale.deadline(),
            now,
        }
    }

    /// What earlier runs asked for and never heard of: WeChat tells whether it was done.
    async fn confirm_earlier(&self, rows: &mut Vec<Row>) -> Result<()> {
        let now = self.shop.clock()?;
        let state = self.shop.client.state();
        for tried in state.asked_money(self.key, KIND)? {
            let (id, number) = (tried.id, tried.subject);
            if rows.iter().any(|row| row.number == number) {
                continue;
            }
            // While WeChat does not tell, it counts as spent.
            let Ok(look) = self.look(&number).await else {
                continue;
            };
            let after = &look.found.value;
            if after.state.is_accepted() {
                // What cannot be read costs what was meant.
                state.money_done(id, after.amount.unwrap_or(tried.amount))?;
                let mut row = self.row(number, &look, now);
                row.action = report::ACCEPT;
                row.state = Stand::Done;
                row.why = text!("an earlier run accepted it; its answer was lost");
                rows.push(row);
            } else if after.state.is_void() {
                state.end_money(id, "lost")?;
            }
        }
        Ok(())
    }

    /// Does what was planned, one after the other; gives what stopped it.
    async fn answer_all(&self, run: i64, rows: &mut [Row]) -> Option<anyhow::Error> {
        let interrupt = self.shop.interrupt();
        let items = match Items::open(self.shop.client.state(), self.key, KIND) {
            Ok(items) => RefCell::new(items),
            Err(error) => return Some(error),
        };
        let mut stopped = None;
        for row in rows.iter_mut().filter(|row| row.state == Stand::Planned) {
            if stopped.is_none() && interrupt.pressed() {
                stopped = Some(stopped_by_hand());
            }
            if stopped.is_some() {
                row.state = Stand::NotSent;
                continue;
            }
            stopped = match self.answer(run, row, &items).await {
                Ok(stopped) => stopped,
                // The journal cannot be written: without it nothing is sent.
                Err(error) => {
                    row.state = Stand::NotSent;
                    Some(error)
                }
            };
        }
        stopped
    }

    /// Answers one. Fails where this machine cannot keep the journal; what WeChat says stands in the row, and is given
    /// back where it goes for all that would follow.
    async fn answer(
        &self,
        run: i64,
        row: &mut Row,
        items: &RefCell<Items>,
    ) -> Result<Option<anyhow::Error>> {
        // It was read a while ago, and the buyer may have changed it: what is accepted is what was shown.
        let look = match self.look(&row.number).await {
            Ok(look) => look,
            Err(error) => {
                let mut failure = Failure::from_any(error);
                // Only the reading is unclear; nothing was sent.
                failure.unclear = false;
                return Ok(self.conclude(row, Err(failure.into())).1);
            }
        };
        let judged = self.judge(&look);
        let same =
            (judged.action, &judged.rule, look.facts.amount) == (row.action, &row.rule, row.amount);
        if !same {
            row.amount = look.facts.amount;
            row.wait(match judged.action {
                report::WAIT => judged.why,
                _ => text!("it was changed while this ran; the next run decides about it"),
            });
            return Ok(None);
        }
        let amount = look.facts.amount.unwrap_or_default();
        let mut wanted = None;
        let money = match row.action {
            report::ACCEPT => {
                let at = self.shop.clock()?;
                let asked = Request {
                    shop: self.key,
                    kind: KIND,
                    subject: &row.number,
                    mark: row.rule.as_deref().unwrap_or_default(),
                    amount,
                    at,
                };
                let (state, today) = (self.shop.client.state(), china_day_start(at));
                match state.ask_money_within(&asked, today, self.policy.per_day)? {
                    Within::Requested(id) => {
                        wanted = Some((id, asked.wanted()));
                        Some(id)
                    }
                    Within::Over(spent) => {
                        row.wait(self.over(amount, spent));
                        return Ok(None);
                    }
                }
            }
            _ => None,
        };
        items.borrow_mut().mark_sent(
            run,
            &[SentMark {
                key: row.number.clone(),
                place: row.order.clone(),
                // Whether it is done WeChat's state tells, whatever was sent before.
                fingerprint: [0; 32],
            }],
        )?;
        let kept = wanted.as_ref().map(|(id, wanted)| (*id, wanted));
        let result = self
            .send(row, &look.found, judged.reject_reason, kept)
            .await;
        let was_done = result.is_ok();
        let (ended, stop) = self.conclude(row, result);
        if let Some(id) = money {
            let state = self.shop.client.state();
            match ended.state {
                Some(ItemState::Done) => state.money_done(id, amount)?,
                // An answer alone frees nothing: the after-sale has to stand where it stood.
                Some(ItemState::Refused) | None => {
                    if self.stands_as(&row.number, &look.found.value).await {
                        state.end_money(id, "refused")?;
                    }
                }
                // It may have been paid, and counts.
                Some(_) => {}
            }
        }
        items.borrow_mut().end(&[ended])?;
        if was_done && let Some(id) = money {
            self.count_what_was_paid(row, id).await?;
        }
        Ok(stop)
    }

    /// Looks at those whose answers left it open, all together, once reads no longer lag behind what was sent.
    async fn settle_parked(&self, rows: &mut [Row]) -> Result<()> {
        let parked: Vec<&mut Row> = rows
            .iter_mut()
            .filter(|row| row.state == Stand::Unclear)
            .collect();
        if parked.is_empty() {
            return Ok(());
        }
        self.shop.note(text!(
            "{count} {count:answer was|answers were} lost; checking again in {seconds} s, when reads are up to date",
            count = parked.len(),
            seconds = PROOF_AFTER
        ));
        sleep(Duration::from_secs(PROOF_AFTER.unsigned_abs() + 1)).await;
        let (shop, state) = (self.shop, self.shop.client.state());
        let open = state.open_movements(self.key)?;
        let mut items = Items::open(state, self.key, KIND)?;
        for row in parked {
            let money = open
                .iter()
                .find(|open| open.kind == KIND && open.subject == row.number);
            let outcome = match money {
                Some(money) => match shop.settle(money).await {
                    Ok(Settled::Found(_)) => Some(true),
                    Ok(Settled::NeverArrived) => Some(false),
                    Ok(Settled::UnknownUntil(_) | Settled::ByPerson) | Err(_) => None,
                },
                // A refusal moves no money; the next run looks before it refuses again.
                None => match self.look(&row.number).await {
                    Ok(look) => look.found.value.state.is_refused().then_some(true),
                    Err(_) => None,
                },
            };
            let Some(done) = outcome else { continue };
            let ended = Ended {
                key: row.number.clone(),
                state: Some(if done {
                    ItemState::Done
                } else {
                    ItemState::Refused
                }),
                before: None,
                action: row.action,
                errcode: None,
                reason: None,
                memory: Memory::Kept,
            };
            items.end(&[ended])?;
            (row.state, row.why) = if done {
                (
                    Stand::Done,
                    text!("the answer was lost; the after-sale shows that it was done"),
                )
            } else {
                (
                    Stand::NotSent,
                    text!("WeChat never got it; the next run decides again"),
                )
            };
        }
        Ok(())
    }

    /// Whether an after-sale is as it was. `false` where that cannot be read.
    async fn stands_as(&self, number: &str, before: &Aftersale) -> bool {
        let found = self.shop.aftersale(&Number::Id(number.to_owned())).await;
        found.is_ok_and(|now| now.value.state == before.state || now.value.state.is_void())
    }

    async fn send(
        &self,
        row: &Row,
        found: &Fetched<Aftersale>,
        reject_reason: Option<String>,
        kept: Option<(i64, &Wanted)>,
    ) -> Result<()> {
        let key = Number::Id(row.number.clone());
        let (ask, step, answer) = match (row.action, accepting(found.value.case())) {
            (report::REJECT, _) => (&REJECT, Step::Reject, Answer::Reject(reject_reason)),
            (_, Step::AcceptReturn) => (
                &ACCEPT_RETURN,
                Step::AcceptReturn,
                Answer::AcceptReturn(self.policy.return_address.as_ref()),
            ),
            (_, step) => (&ACCEPT_REFUND, step, Answer::AcceptRefund),
        };
        let body = self.shop.answer_request(&key, answer)?;
        let plan = Plan {
            ask,
            key: &key,
            step,
            force: false,
        };
        plan.carry_on(self.shop, found, &body, kept).await
    }

    /// Writes what became of a row into it; also as the journal keeps it, and what that means for the rest.
    fn conclude(&self, row: &mut Row, result: Result<()>) -> (Ended, Option<anyhow::Error>) {
        let action = row.action;
        let outcome = bulk::outcome(
            row.number.clone(),
            None,
            result.map(|()| action),
            action,
            &self.lost_in_a_row,
            ends_the_job,
        );
        row.state = match outcome.ended.state {
            Some(ItemState::Done) => Stand::Done,
            Some(ItemState::Refused) => Stand::Refused,
            Some(_) => Stand::Unclear,
            None => Stand::NotSent,
        };
        row.errcode = outcome.ended.errcode;
        if let Some(reason) = &outcome.ended.reason {
            row.why = reason.clone();
        }
        (outcome.ended, outcome.stop)
    }

    /// The call names no amount: a buyer who changed it in the last moment is paid the new one, and that counts.
    async fn count_what_was_paid(&self, row: &mut Row, id: i64) -> Result<()> {
        let Ok(look) = self.look(&row.number).await else {
            return Ok(());
        };
        let Some(paid) = look.facts.amount else {
            return Ok(());
        };
        if Some(paid) != row.amount {
            row.why = text!(
                "the buyer changed {amount} to {paid} while it was being accepted",
                amount = row.amount.unwrap_or_default().to_yuan(),
                paid = paid.to_yuan()
            );
            row.amount = Some(paid);
            self.shop.client.state().money_done(id, paid)?;
        }
        Ok(())
    }
}

/// The step that accepts.
fn accepting(case: Case) -> Step {
    match case.kind {
        aftersale::Kind::Return => Step::AcceptReturn,
        _ => Step::AcceptRefund,
    }
}

/// How the order of an after-sale is named.
fn order_of(aftersale: &Aftersale) -> Result<Key> {
    let own = Some(&aftersale.order_number).filter(|own| !own.is_empty());
    let id = match own {
        Some(_) => None,
        None => Some(aftersale.order_id.parse::<Id64>().map_err(|_| {
            Failure::new(
                Kind::Refused,
                text!(
                    "the order of after-sale {number} cannot be read",
                    number = &aftersale.id
                ),
            )
        })?),
    };
    Ok(Key {
        order_id: id,
        out_order_id: own.cloned(),
        openid: aftersale.buyer.clone(),
    })
}
