//! `wxsell funds withdraw`: money to the bank, once. What is asked for is journalled before the call. WeChat gives the
//! number of a withdrawal in its answer, so that a mark in the note is what a withdrawal is found by when the answer is
//! lost; until its end is known the same command goes on with it.

use super::{WITHDRAWAL, WITHDRAWALS, details, draw, show_withdrawal, with_number};
use crate::commands::Ctx;
use crate::commands::ask::{Ask, cell, fields, request};
use crate::commands::money::{Service, may_be_done};
use crate::fail::{Failure, Kind, failure};
use crate::lang::Text;
use crate::output::Cell;
use crate::profile::Target;
use crate::state::State;
use crate::state::money::{Asked, Open};
use crate::state::quota::china_day_start;
use crate::text;
use crate::types::{Fen, now};
use anyhow::Result;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

const KIND: &str = "withdrawal";
/// How many of the newest withdrawals are looked through for one whose answer was lost. There is one a day.
const NEWEST: usize = 10;

pub const WITHDRAW: Ask = Ask::new("funds withdraw", "/shop/funds/submitwithdraw").shows(
    "",
    &[("out_request_no", "NUMBER"), ("qrcode_ticket", "TICKET")],
);

/// Pay money out to the bank account of the shop
///
/// WeChat answers with a code; money moves after an administrator scanned and confirmed it. One withdrawal a day is possible.
///
/// What is asked for is written down before it is sent. Run again after a crash or a lost answer, the command goes on with
/// that withdrawal and makes no second one. Its note ends with a mark by which it is found.
#[derive(Debug, clap::Args)]
pub struct WithdrawArgs {
    /// How much, in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    amount: Fen,
    /// Note for yourself
    #[arg(long, value_name = "TEXT")]
    remark: Option<String>,
    /// Words on the bank statement
    #[arg(long, value_name = "TEXT")]
    bank_memo: Option<String>,
    /// Wait until the money is paid out
    #[arg(long)]
    wait: bool,
    /// Also save the code as a picture
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    qrcode: Option<PathBuf>,
    /// Make another one even if an earlier one has not ended
    #[arg(long)]
    new: bool,
    #[command(flatten)]
    service: Service,
}

/// How a withdrawal stands.
struct Standing {
    /// In the journal.
    id: i64,
    number: String,
    ticket: String,
    info: Value,
}

impl Standing {
    fn status(&self) -> &str {
        self.info["status"].as_str().unwrap_or_default()
    }

    /// Nothing will change any more.
    fn has_ended(&self) -> bool {
        matches!(self.status(), "SUCCESS" | "FAIL" | "REFUND" | "CLOSE")
    }

    fn can_be_scanned(&self) -> bool {
        matches!(
            self.status(),
            "" | "BEFORE_SCAN_QRCODE" | "AFTER_SCAN_QRCODE"
        )
    }
}

pub async fn withdraw(args: WithdrawArgs, ctx: &Ctx) -> Result<()> {
    if args.amount.0 <= 0 {
        return Err(Failure::input(text!("the amount must be more than 0")).into());
    }
    if ctx.global.dry_run {
        let body = body(&args, "#--------")?;
        return ctx.send(&WITHDRAW, &body).await.map(|_| ());
    }
    ctx.out.check_columns_of(super::withdrawal_columns())?;
    let mut standing = {
        let key = ctx.profile()?.shop_key();
        let lock = ctx.state()?.try_lock(&format!("withdraw-{key}"))?;
        let Some(_lock) = lock else {
            return Err(Failure::input(text!(
                "another command of this shop is withdrawing money right now"
            ))
            .hint(text!("wait until it has ended"))
            .into());
        };
        match going_on(&args, ctx, &key).await? {
            Some(standing) => standing,
            None => submit(&args, ctx, &key).await?,
        }
    };
    if standing.can_be_scanned() {
        show_code(&args, ctx, &standing).await?;
    }
    if args.wait {
        follow(ctx, &mut standing, &args.service).await?;
    }
    conclude(ctx, standing)
}

/// The request; the note ends with the mark.
fn body(args: &WithdrawArgs, mark: &str) -> Result<Value> {
    let remark = args.remark.as_deref().unwrap_or("wxsell");
    let mut base = json!({"amount": args.amount, "remark": format!("{remark} {mark}")});
    if let Some(memo) = &args.bank_memo {
        base["bank_memo"] = memo.as_str().into();
    }
    request(&WITHDRAW, &args.service, base)
}

/// The withdrawal of an earlier run that has not ended, if there is one to go on with.
async fn going_on(args: &WithdrawArgs, ctx: &Ctx, key: &str) -> Result<Option<Standing>> {
    if args.new {
        return Ok(None);
    }
    for open in ctx.state()?.open_money(key, KIND, "")? {
        let standing = match open.number.as_str() {
            "" => find_patiently(ctx, &open, &args.service).await?,
            number => {
                let info = detail(ctx, number, &args.service).await;
                let info = info.map_err(|error| forgotten(error, number))?;
                Some(standing(&open, number, &open.ticket, info))
            }
        };
        let state = ctx.state()?;
        let Some(standing) = standing else {
            ctx.out.note(text!(
                "WeChat never got the withdrawal of {amount} yuan that an earlier run sent",
                amount = open.amount.to_yuan()
            ));
            state.end_money(open.id, "lost")?;
            continue;
        };
        if open.number.is_empty() {
            state.money_known(open.id, &standing.number, "")?;
        }
        // What was paid out today is what a run that crashed had asked for; of another day it is an old story.
        let today = china_day_start(open.at) == china_day_start(now());
        let paid_today = standing.status() == "SUCCESS" && today && open.amount == args.amount;
        if standing.has_ended() && !paid_today {
            ctx.out.note(text!(
                "withdrawal {number} of an earlier run ended: {state}",
                number = &standing.number,
                state = word(&WITHDRAWAL, "status", &standing.info["status"])
            ));
            end(state, &standing)?;
            continue;
        }
        if open.amount != args.amount {
            return Err(Failure::input(text!(
                "withdrawal {number} of {amount} yuan has not ended",
                number = &standing.number,
                amount = open.amount.to_yuan()
            ))
            .hint(text!(
                "go on with it: `wxsell funds withdraw --amount {amount}`; or say --new to make another one",
                amount = open.amount.to_yuan()
            ))
            .into());
        }
        ctx.out.note(text!(
            "going on with withdrawal {number}, which an earlier run asked for; --new makes another one",
            number = &standing.number
        ));
        return Ok(Some(standing));
    }
    Ok(None)
}

/// A withdrawal that WeChat gave a number to and does not know any more is for a person to look at.
fn forgotten(error: anyhow::Error, number: &str) -> anyhow::Error {
    let mut failure = Failure::from_any(error);
    if failure.errcode == Some(9_710_001) {
        failure.hint = Some(text!(
            "WeChat does not know withdrawal {number} any more, which an earlier run asked for; --new makes another one",
            number
        ));
    }
    failure.into()
}

fn standing(open: &Open, number: &str, ticket: &str, info: Value) -> Standing {
    Standing {
        id: open.id,
        number: number.to_owned(),
        ticket: ticket.to_owned(),
        info,
    }
}

async fn detail(ctx: &Ctx, number: &str, service: &Service) -> Result<Value> {
    let found = details(ctx, &[number.to_owned()], service).await?;
    Ok(found.into_iter().next().unwrap_or_default())
}

/// Looks for a withdrawal whose answer was lost: by the mark in its note, or, where WeChat gives no note, by amount and
/// time. Lists are not said to be in any order, so that both ends are looked at.
async fn find(ctx: &Ctx, open: &Open, service: &Service) -> Result<Option<Standing>> {
    let listed = ctx.rows(&WITHDRAWALS, service, None).await?;
    let mut numbers: Vec<String> = listed
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    if numbers.len() > 2 * NEWEST {
        numbers.drain(NEWEST..numbers.len() - NEWEST);
    }
    let infos = details(ctx, &numbers, service).await?;
    let is_it = |info: &Value| match info["remark"].as_str().filter(|note| !note.is_empty()) {
        Some(note) => note.ends_with(&open.mark),
        None => {
            let created = info["create_time"].as_i64().unwrap_or(0);
            info["amount"] == open.amount.0 && created >= open.at - 60
        }
    };
    let found = numbers.iter().zip(infos).find(|(_, info)| is_it(info));
    Ok(found.map(|(number, info)| standing(open, number, "", info)))
}

/// As [`find`]; a call that was sent a moment ago may still be on its way.
async fn find_patiently(ctx: &Ctx, open: &Open, service: &Service) -> Result<Option<Standing>> {
    for _ in 0..3 {
        if let Some(found) = find(ctx, open, service).await? {
            return Ok(Some(found));
        }
        if now() - open.at > 60 {
            break;
        }
        tokio::time::sleep(pause(ctx, 3)?).await;
    }
    Ok(None)
}

/// Asks, journals, sends.
async fn submit(args: &WithdrawArgs, ctx: &Ctx, key: &str) -> Result<Standing> {
    let balance = fields(&args.service, json!({}))?;
    let balance = ctx
        .send(&super::BALANCE, &balance)
        .await?
        .unwrap_or_default();
    let available = balance["balance_info"]["available_amount"].as_i64();
    if let Some(available) = available.filter(|available| *available < args.amount.0) {
        return Err(Failure::input(text!(
            "{amount} yuan cannot be paid out: {available} yuan are available",
            amount = args.amount.to_yuan(),
            available = Fen(available).to_yuan()
        ))
        .hint(text!(
            "what is not settled yet becomes available when after-sales are no longer possible"
        ))
        .into());
    }
    ctx.before_write(Some(text!(
        "pay out {yuan} yuan ({fen} fen) to the bank account",
        yuan = args.amount.to_yuan(),
        fen = args.amount.0
    )))
    .await?;
    let mark = format!("#{:08x}", fastrand::u32(..));
    let body = body(args, &mark)?;
    let state = ctx.state()?;
    let asked = Asked {
        shop: key,
        kind: KIND,
        subject: "",
        mark: &mark,
        amount: args.amount,
        at: now(),
    };
    let id = state.ask_money(&asked)?;
    let (_, operation) = WITHDRAW.operation();
    match ctx.shop().await?.ask(operation, &[], &body).await {
        Ok(reply) => {
            let text = |name: &str| reply[name].as_str().unwrap_or_default().to_owned();
            let (number, ticket) = (text("out_request_no"), text("qrcode_ticket"));
            state.money_known(id, &number, &ticket)?;
            let info = detail(ctx, &number, &args.service).await;
            Ok(Standing {
                id,
                number,
                ticket,
                // It was taken; what more WeChat knows of it can wait.
                info: info.unwrap_or_else(|_| json!({"amount": args.amount})),
            })
        }
        Err(error) if may_be_done(&error) => lost(args, ctx, key, error).await,
        Err(error) => {
            state.end_money(id, "refused")?;
            Err(explained(error))
        }
    }
}

/// After a lost answer: what became of it.
async fn lost(args: &WithdrawArgs, ctx: &Ctx, key: &str, error: anyhow::Error) -> Result<Standing> {
    ctx.out
        .note(text!("the answer was lost; looking for the withdrawal"));
    let state = ctx.state()?;
    let open = state.open_money(key, KIND, "")?;
    if let Some(open) = open.first()
        && let Some(found) = find(ctx, open, &args.service).await?
    {
        state.money_known(open.id, &found.number, "")?;
        return Ok(found);
    }
    let mut failure = Failure::from_any(error);
    failure.hint = Some(text!(
        "WeChat does not know of this withdrawal yet; run the same command again: it looks once more before it makes another one"
    ));
    Err(failure.into())
}

fn explained(error: anyhow::Error) -> anyhow::Error {
    let mut failure = Failure::from_any(error);
    if failure.errcode == Some(9_700_101) {
        failure.hint = Some(text!(
            "WeChat takes one withdrawal a day (days of China); see today's with `wxsell funds withdrawals`, and try again tomorrow"
        ));
    }
    failure.into()
}

async fn show_code(args: &WithdrawArgs, ctx: &Ctx, standing: &Standing) -> Result<()> {
    if standing.ticket.is_empty() {
        ctx.out.warn(text!(
            "the code of withdrawal {number} was lost with its answer, and WeChat does not give it a second time; unless it can be confirmed in the admin console it closes by itself, and no money moves",
            number = &standing.number
        ));
        return Ok(());
    }
    match draw(ctx, &standing.ticket, args.qrcode.as_deref()).await {
        // A code that ran out meanwhile is told with the state.
        Err(error) if is_gone(&error) => Ok(()),
        drawn => {
            drawn?;
            ctx.out.note(text!(
                "an administrator must scan this code with WeChat and confirm; no money moves before"
            ));
            Ok(())
        }
    }
}

fn is_gone(error: &anyhow::Error) -> bool {
    failure(error).is_some_and(|failure| matches!(failure.errcode, Some(60208 | 60220)))
}

/// Between two questions to WeChat.
fn pause(ctx: &Ctx, seconds: u64) -> Result<Duration> {
    Ok(match ctx.profile()?.target {
        Target::Live => Duration::from_secs(seconds),
        Target::Sandbox | Target::StandIn => Duration::from_millis(300),
    })
}

/// Follows a code until it is confirmed, cancelled or expired; tells every change.
pub async fn watch_code(ctx: &Ctx, ticket: &str) -> Result<Value> {
    let body = json!({"qrcode_ticket": ticket});
    let (_, operation) = super::CHECK_CODE.operation();
    let mut told = None;
    loop {
        let reply = match ctx.shop().await?.ask(operation, &[], &body).await {
            Err(error) if is_gone(&error) => json!({"status": 3}),
            reply => reply?,
        };
        let status = reply["status"].as_i64();
        if told != Some(status) {
            told = Some(status);
            ctx.out.note(text!(
                "code: {state}",
                state = word(&super::CHECK_CODE, "status", &reply["status"])
            ));
            if status == Some(4) && reply["scan_user_type"] == 0 {
                ctx.out
                    .warn(text!("somebody who is no administrator scanned the code"));
            }
        }
        if matches!(status, Some(1..=3)) {
            return Ok(reply);
        }
        tokio::time::sleep(pause(ctx, 3)?).await;
    }
}

/// What a value means, in words.
fn word(ask: &Ask, field: &str, value: &Value) -> Text {
    let (book, operation) = ask.operation();
    let node = book
        .at(&operation.reply, ask.shows)
        .and_then(|thing| book.at(thing, field));
    match node.map(|node| cell(book, node, value)) {
        Some(Cell::Word(word)) => word,
        _ => Text::verbatim(
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        ),
    }
}

/// Waits for the phone and then for the bank.
async fn follow(ctx: &Ctx, standing: &mut Standing, service: &Service) -> Result<()> {
    if standing.can_be_scanned() && !standing.ticket.is_empty() {
        watch_code(ctx, &standing.ticket).await?;
    }
    let mut told = String::new();
    let mut seconds = 5;
    loop {
        standing.info = detail(ctx, &standing.number, service).await?;
        if told != standing.status() {
            told = standing.status().to_owned();
            ctx.out.note(text!(
                "withdrawal: {state}",
                state = word(&WITHDRAWAL, "status", &standing.info["status"])
            ));
        }
        if standing.has_ended() {
            return Ok(());
        }
        tokio::time::sleep(pause(ctx, seconds)?).await;
        seconds = (seconds * 2).min(60);
    }
}

fn end(state: &State, standing: &Standing) -> Result<()> {
    let paid = standing.status() == "SUCCESS";
    state.end_money(standing.id, if paid { "done" } else { "failed" })
}

/// Shows how it stands; one that ended without paying is a failure.
fn conclude(ctx: &Ctx, standing: Standing) -> Result<()> {
    if standing.has_ended() {
        end(ctx.state()?, &standing)?;
    }
    let failed = standing.has_ended() && standing.status() != "SUCCESS";
    let state = word(&WITHDRAWAL, "status", &standing.info["status"]);
    let reason = standing.info["reason"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut row = with_number(&standing.number, standing.info);
    row["qrcode_ticket"] = match standing.ticket.as_str() {
        "" => Value::Null,
        ticket => ticket.into(),
    };
    show_withdrawal(ctx, row)?;
    if !failed {
        return Ok(());
    }
    let words = match reason.as_str() {
        "" => text!("no money was paid out: {state}", state),
        _ => text!("no money was paid out: {state} ({reason})", state, reason),
    };
    Err(Failure::new(Kind::Refused, words)
        .hint(text!("run the same command again to make a new one"))
        .into())
}
