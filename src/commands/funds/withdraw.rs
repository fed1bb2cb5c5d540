//! `wxsell funds withdraw`: money to the bank, once. Until the end of a withdrawal is known the same command goes on with
//! it.

use super::{draw, show_withdrawal, with_number};
use crate::api::component::funds::Withdrawal;
use crate::commands::Ctx;
use crate::commands::ask::request;
use crate::commands::money::Service;
use crate::fail::{Failure, Kind};
use crate::shop::funds::{Fetched, fresh_mark, is_gone, note, number_and_ticket, state_words};
use crate::shop::pass_through::funds::{AMOUNT, AVAILABLE, MEMO, REMARK, TICKET, WITHDRAW};
use crate::shop::pass_through::{self, empty};
use crate::shop::write::{Made, Planned, Sort, Want};
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use serde_json::Value;
use std::cell::RefCell;
use std::path::PathBuf;

/// Withdraw money to the shop's bank account
///
/// WeChat returns a QR code; the money moves once an administrator has scanned and confirmed it. Only one withdrawal a
/// day is possible.
///
/// The request is recorded before it is sent. After a crash or a lost answer, run the same command again: it continues
/// that withdrawal instead of making a second one. The note begins with a mark that identifies the withdrawal.
#[derive(Debug, clap::Args)]
pub struct WithdrawArgs {
    /// Amount in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    amount: Fen,
    /// Note for yourself; at most 46 characters
    #[arg(long, value_name = "TEXT")]
    remark: Option<String>,
    /// Note on the bank statement
    #[arg(long, value_name = "TEXT")]
    bank_memo: Option<String>,
    /// Wait until the money is paid out
    #[arg(long)]
    wait: bool,
    /// Also save the QR code as an image
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    qrcode: Option<PathBuf>,
    /// Make another one even if an earlier one has not ended, or ended within a day
    #[arg(long)]
    new: bool,
    #[command(flatten)]
    service: Service,
}

pub async fn withdraw(args: WithdrawArgs, ctx: &Ctx) -> Result<()> {
    if args.amount.0 <= 0 {
        return Err(Failure::input(text!("the amount must be more than 0")).into());
    }
    if ctx.global.dry_run {
        let body = body(&args, "#--------")?;
        return ctx.send(&WITHDRAW, &body).await.map(|_| ());
    }
    body(&args, "#--------")?;
    ctx.out.check_columns_of(super::withdrawal_columns())?;
    let (shop, service) = (ctx.shop().await?, WITHDRAW.laid(&args.service, empty())?);
    let want = Want {
        sort: Sort::Withdrawal,
        subject: "",
        amount: args.amount,
        what: "",
        mark: None,
        fresh_mark: fresh_mark(),
        look: service.to_string(),
        anew: args.new,
    };
    let made = match shop.plan_write(want).await? {
        Planned::Same(made) => {
            ctx.out.note(text!(
                "continuing withdrawal {number}, which an earlier run requested; to make another one, use --new",
                number = &made.movement.number
            ));
            made
        }
        Planned::New(prepared) => {
            afford(&args, ctx, &service).await?;
            ctx.before_write(Some(text!(
                "pay out {yuan} yuan ({fen} fen) to the bank account",
                yuan = args.amount.to_yuan(),
                fen = args.amount.0
            )))
            .await?;
            let body = body(&args, &prepared.mark)?;
            let (_, operation) = WITHDRAW.operation();
            let sent = prepared.send(shop, operation, &body, number_and_ticket);
            sent.await.map_err(explained)?
        }
    };
    let ended = RefCell::new(None);
    let show = async |made: &Made| show(&args, ctx, &service, made, &ended).await;
    shop.show_write(made, show).await?;
    match ended.into_inner() {
        Some(withdrawal) => conclude(&withdrawal),
        None => Ok(()),
    }
}

/// The request; the note begins with the mark.
fn body(args: &WithdrawArgs, mark: &str) -> Result<Value> {
    let base = pass_through::body([
        AMOUNT.of(args.amount),
        REMARK.of(note(mark, args.remark.as_deref())?),
        MEMO.of(&args.bank_memo),
    ]);
    request(&WITHDRAW, &args.service, base)
}

/// Refuses what is more than there is.
async fn afford(args: &WithdrawArgs, ctx: &Ctx, service: &Value) -> Result<()> {
    let balance = ctx.send(&super::BALANCE, service).await?;
    let balance = balance.unwrap_or_default();
    let available = AVAILABLE.integer(&balance);
    match available.filter(|available| *available < args.amount.0) {
        None => Ok(()),
        Some(available) => Err(Failure::input(text!(
            "{amount} yuan cannot be paid out: {available} yuan are available",
            amount = args.amount.to_yuan(),
            available = Fen(available).to_yuan()
        ))
        .hint(text!(
            "what is not settled yet becomes available when after-sales are no longer possible"
        ))
        .into()),
    }
}

fn explained(error: anyhow::Error) -> anyhow::Error {
    let mut failure = Failure::from_any(error);
    if failure.errcode == Some(9_700_101) && !failure.unclear {
        failure.hint = Some(text!(
            "WeChat allows one withdrawal a day (China time); see today's with `wxsell funds withdrawals`, and try again tomorrow"
        ));
    }
    failure.into()
}

/// Shows how a withdrawal stands, with its code where that is to be scanned; says whether that was read.
async fn show(
    args: &WithdrawArgs,
    ctx: &Ctx,
    service: &Value,
    made: &Made,
    ended: &RefCell<Option<Withdrawal>>,
) -> Result<bool> {
    let (shop, number) = (ctx.shop().await?, made.movement.number.as_str());
    let mut now = match &made.found {
        Some(found) => Fetched {
            value: serde_json::from_value(found.record.clone()).unwrap_or_default(),
            record: found.record.clone(),
        },
        // It was taken; what more WeChat knows of it can wait.
        None => shop
            .withdrawal(number, service)
            .await
            .unwrap_or_else(|_| Fetched {
                record: pass_through::body([AMOUNT.of(args.amount)]),
                ..Fetched::default()
            }),
    };
    if now.value.can_be_scanned() {
        show_code(args, ctx, made).await?;
    }
    if args.wait {
        now = shop.follow_withdrawal(made, now, service).await?;
    }
    if now.value.has_ended() {
        shop.withdrawal_has_ended(made, &now)?;
    }
    let mut row = with_number(number, now.record);
    TICKET.put(
        &mut row,
        match made.movement.ticket.as_str() {
            "" => Value::Null,
            ticket => ticket.into(),
        },
    );
    show_withdrawal(ctx, row)?;
    if now.value.has_ended() {
        *ended.borrow_mut() = Some(now.value);
    }
    Ok(ctx.out.was_read())
}

async fn show_code(args: &WithdrawArgs, ctx: &Ctx, made: &Made) -> Result<()> {
    if made.movement.ticket.is_empty() {
        ctx.out.warn(text!(
            "the QR code of withdrawal {number} was lost with the answer, and WeChat does not return it again; unless it can be confirmed in the console, the withdrawal closes by itself and no money moves",
            number = &made.movement.number
        ));
        return Ok(());
    }
    match draw(ctx, &made.movement.ticket, args.qrcode.as_deref()).await {
        // A code that ran out meanwhile is told with the state.
        Err(error) if is_gone(&error) => Ok(()),
        drawn => {
            drawn?;
            ctx.out.note(text!(
                "scan with an administrator's WeChat to confirm; no money moves until then"
            ));
            Ok(())
        }
    }
}

/// One that ended without paying is a failure.
fn conclude(withdrawal: &Withdrawal) -> Result<()> {
    if withdrawal.is_paid_out() {
        return Ok(());
    }
    let state = state_words(withdrawal);
    let words = match withdrawal.reason.as_str() {
        "" => text!("no money was paid out: {state}", state),
        reason => text!("no money was paid out: {state} ({reason})", state, reason),
    };
    Err(Failure::new(Kind::Refused, words)
        .hint(text!("run the same command again to make a new one"))
        .into())
}
