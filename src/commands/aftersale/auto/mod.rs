//! `wxsell aftersale auto`: after-sales answered by a policy. Each goes the way that `accept-refund`, `accept-return`
//! and `reject` go; what a rule may pay is counted over the day and written down before it is asked for.
//!
//! Long because the run of a policy is one story: what is read, decided, asked, sent and reported.

mod read;
pub mod report;

use super::guard::Plan;
use super::{Which, note_unread};
use crate::api::component::order::address;
use crate::bulk::{self, Interrupt};
use crate::client::errcode::ends_the_job;
use crate::clock::sleep;
use crate::commands::Ctx;
use crate::commands::job::{Busy, one_at_a_time};
use crate::commands::order::{self, find::Key};
use crate::fail::{Failure, Kind, failure};
use crate::lang::{Lang, Text};
use crate::model::aftersale::{self, Aftersale, Case, State, Step};
use crate::model::policy::{Action, Facts, Policy};
use crate::shop::aftersale::{Filter, Key as Number};
use crate::shop::pass_through::aftersale::{ACCEPT_REFUND, ACCEPT_RETURN, ADDRESS, REASON, REJECT};
use crate::shop::pass_through::empty;
use crate::shop::pass_through::with;
use crate::shop::reading::Fetched;
use crate::shop::write::{PROOF_AFTER, Settled};
use crate::state::money::{Asked, Wanted, Within};
use crate::state::quota::china_day_start;
use crate::state::runs::{Ended, ItemState, Items, Memory, RunState, SentMark};
use crate::text;
use crate::types::{Fen, Id64, now};
use anyhow::Result;
use futures_util::{StreamExt, future::try_join_all, stream};
use report::{Row, Stand, Summary};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::Duration;

/// Answer refunds and returns by the rules of a policy
///
/// Every rule that accepts has a ceiling of its own, and all of them together one of the day, counted over all runs on this
/// machine; a refund whose answer was lost counts. What no rule fits, and what is over a ceiling, waits for you, and so do
/// goods that came back: somebody has to look at them.
///
/// --dry-run shows the same rows and sends nothing. Run it by hand, or from cron with --yes. WeChat accepts by itself what
/// nobody answers within 48 hours: `wxsell due` tells what runs out.
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct AutoArgs {
    /// The policy, a TOML file; --example prints one
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, required_unless_present = "example")]
    policy: Option<PathBuf>,
    /// Print a policy to begin with, with everything that can be said in one
    #[arg(long, conflicts_with = "policy")]
    example: bool,
    /// What to do while another run answers after-sales of the same shop
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    busy: Busy,
}

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

pub async fn run(args: AutoArgs, ctx: &Ctx) -> Result<()> {
    let Some(file) = args.policy else {
        return ctx.out.raw(example(ctx.out.lang).as_bytes());
    };
    let policy = read::policy(&file)?;
    ctx.out.check_columns::<Row>()?;
    let key = ctx.profile()?.shop_key();
    let dry_run = ctx.global.dry_run;
    // Two runs would answer the same after-sale.
    let _one = if dry_run {
        None
    } else {
        Some(one_at_a_time(ctx, format!("aftersale-{key}"), args.busy).await?)
    };
    let desk = Desk {
        ctx,
        policy: &policy,
        key: &key,
        lost_in_a_row: Cell::new(0),
    };
    if !dry_run {
        ctx.shop().await?.client.take_over()?;
    }
    let mut rows = desk.plan().await?;
    let spent = desk.spent()?;
    if dry_run {
        ctx.out.list(&rows)?;
        report::tell(ctx, &rows, spent, policy.per_day);
        ctx.out.note(text!("nothing was sent"));
        return report::verdict(&rows);
    }
    ctx.before_write(question(&rows)).await?;
    desk.confirm_earlier(&mut rows).await?;
    let run = ctx.state()?.begin_run(
        &key,
        "aftersale auto",
        &serde_json::to_string(&[file.display().to_string()])?,
        &ctx.job(),
        now(),
    )?;
    let mut stopped = desk.answer_all(run, &mut rows).await;
    // Whoever pressed Ctrl-C does not wait for it.
    let pressed = stopped
        .as_ref()
        .and_then(failure)
        .is_some_and(|failure| failure.kind == Kind::Stopped);
    if !pressed && let Err(error) = desk.settle_parked(&mut rows).await {
        stopped = stopped.or(Some(error));
    }
    let spent = desk.spent()?;
    let ended = match (&stopped, report::verdict(&rows)) {
        (Some(_), _) => RunState::Stopped,
        (None, Err(_)) => RunState::Partial,
        (None, Ok(())) => RunState::Done,
    };
    let summary = Summary::of(run, ended, spent, &rows);
    let summary = serde_json::to_string(&summary)?;
    ctx.state()?.end_run(run, ended, &summary, now())?;
    ctx.out.list(&rows)?;
    report::tell(ctx, &rows, spent, policy.per_day);
    match stopped {
        Some(error) => Err(error),
        None => report::verdict(&rows),
    }
}

/// What a live shop is asked, where the plan moves money.
fn question(rows: &[Row]) -> Option<Text> {
    let accepted = rows.iter().filter(|row| row.action == report::ACCEPT);
    let (count, sum) = accepted.fold((0, 0), |(count, sum), row| {
        (count + 1, sum + row.amount.map_or(0, |amount| amount.0))
    });
    (count > 0).then(|| {
        text!(
            "Accept {count} refunds and returns of {amount} yuan together, by the policy,",
            count,
            amount = Fen(sum).to_yuan()
        )
    })
}

/// Where after-sales are answered.
struct Desk<'a> {
    ctx: &'a Ctx,
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

impl Desk<'_> {
    /// What was accepted today.
    fn spent(&self) -> Result<Fen> {
        let today = china_day_start(self.ctx.clock()?);
        self.ctx.state()?.spent_money(self.key, KIND, today)
    }

    /// Every after-sale that waits for the merchant, what runs out first at the top, and what the policy says of it.
    async fn plan(&self) -> Result<Vec<Row>> {
        let states = [
            State::RefundRequested,
            State::ReturnRequested,
            State::ReturnShipped,
        ];
        let shop = self.ctx.shop().await?;
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
        let now = self.ctx.clock()?;
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
        let today = china_day_start(self.ctx.clock()?);
        let tried: HashMap<String, Fen> = self
            .ctx
            .state()?
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
            match others.0.saturating_add(amount.0) > self.policy.per_day.0 {
                true => row.wait(self.over(amount, others)),
                false => spent = Fen(others.0 + amount.0),
            }
        }
        Ok(())
    }

    fn over(&self, amount: Fen, spent: Fen) -> Text {
        text!(
            "over the ceiling of the day: {amount} > {left}, which is left of {most}",
            amount = amount.to_yuan(),
            left = Fen((self.policy.per_day.0 - spent.0).max(0)).to_yuan(),
            most = self.policy.per_day.to_yuan()
        )
    }

    /// Reads an after-sale, and its order where a rule asks for it.
    async fn look(&self, number: &str) -> Result<Look> {
        let key = Number::Id(number.to_owned());
        let found = self.ctx.shop().await?.aftersale(&key).await?;
        note_unread(self.ctx, number, &found);
        let mut facts = Facts::of(&found.value, self.ctx.clock()?);
        if self.policy.asks_order(&facts) {
            let order = order::read(self.ctx, &order_of(&found.value)?).await?;
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
                    text!("the goods come back: look at them, then accept-refund or reject"),
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
                text!("WeChat's data of it are not as documented: look at it yourself"),
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
        let now = self.ctx.clock()?;
        let state = self.ctx.state()?;
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
        let interrupt = {
            let out = self.ctx.out.clone();
            Interrupt::listen(move || {
                out.warn(text!(
                    "finishing what is under way; Ctrl-C again ends at once"
                ));
            })
        };
        let items = match self
            .ctx
            .state()
            .and_then(|state| Items::open(state, self.key, KIND))
        {
            Ok(items) => RefCell::new(items),
            Err(error) => return Some(error),
        };
        let mut stopped = None;
        for row in rows.iter_mut().filter(|row| row.state == Stand::Planned) {
            if stopped.is_none() && interrupt.pressed() {
                stopped = Some(
                    Failure::new(Kind::Stopped, text!("stopped by Ctrl-C"))
                        .hint(text!(
                            "run the same command again: it goes on where it stopped"
                        ))
                        .into(),
                );
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
                let at = self.ctx.clock()?;
                let asked = Asked {
                    shop: self.key,
                    kind: KIND,
                    subject: &row.number,
                    mark: row.rule.as_deref().unwrap_or_default(),
                    amount,
                    at,
                };
                let (state, today) = (self.ctx.state()?, china_day_start(at));
                match state.ask_money_within(&asked, today, self.policy.per_day)? {
                    Within::Asked(id) => {
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
            let state = self.ctx.state()?;
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
        self.ctx.out.note(text!(
            "{count} {count:answer was|answers were} lost; looking again in {seconds} s, when reads no longer lag behind",
            count = parked.len(),
            seconds = PROOF_AFTER
        ));
        sleep(Duration::from_secs(PROOF_AFTER.unsigned_abs() + 1)).await;
        let (shop, state) = (self.ctx.shop().await?, self.ctx.state()?);
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
        let Ok(shop) = self.ctx.shop().await else {
            return false;
        };
        let found = shop.aftersale(&Number::Id(number.to_owned())).await;
        found.is_ok_and(|now| now.value.state == before.state || now.value.state.is_void())
    }

    async fn send(
        &self,
        row: &Row,
        found: &Fetched<Aftersale>,
        reject_reason: Option<String>,
        kept: Option<(i64, &Wanted)>,
    ) -> Result<()> {
        let which = Which {
            number: row.number.clone(),
            own: false,
        };
        let (ask, step, more) = match (row.action, accepting(found.value.case())) {
            (report::REJECT, _) => (&REJECT, Step::Reject, REASON.of(reject_reason)),
            (_, Step::AcceptReturn) => (
                &ACCEPT_RETURN,
                Step::AcceptReturn,
                ADDRESS.of(self.policy.return_address.as_ref().map(address)),
            ),
            (_, step) => (&ACCEPT_REFUND, step, REASON.of(())),
        };
        let plan = Plan {
            ask,
            which: &which,
            step,
            force: false,
        };
        let body = with(which.key(), [more]);
        plan.carry_on(self.ctx, found, &body, kept).await
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
                "the buyer changed {amount} into {paid} in the moment it was accepted",
                amount = row.amount.unwrap_or_default().to_yuan(),
                paid = paid.to_yuan()
            );
            row.amount = Some(paid);
            self.ctx.state()?.money_done(id, paid)?;
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
