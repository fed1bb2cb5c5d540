//! `wxsell sandbox withdrawal`, `payment` and `deposit`: what happens to money away from the merchant's programs.

use crate::commands::Ctx;
use crate::output::{Cell, Column, Record};
use crate::sandbox::{Sandbox, WithdrawalStep};
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum WithdrawalVerb {
    /// Let the administrator scan the QR code
    Scan(Number),
    /// Let the administrator confirm, so that the money moves
    Confirm(Number),
    /// Let the administrator cancel
    Cancel(Number),
    /// Let WeChat Pay fail to pay it out
    Fail(Number),
    /// Let the bank return it after it was paid out
    Return(Number),
}

#[derive(Debug, Args)]
pub struct Number {
    /// Number of the withdrawal, or the ticket of its QR code
    number: String,
}

#[derive(Debug, Subcommand)]
pub enum PaymentVerb {
    /// Let the buyer pay
    Pay(PayArgs),
}

#[derive(Debug, Args)]
pub struct PayArgs {
    /// Number of the payment, or of the combined one
    number: String,
}

#[derive(Debug, Args)]
pub struct DepositArgs {
    /// Amount in yuan
    #[arg(value_name = "YUAN", value_parser = Fen::from_yuan)]
    amount: Fen,
}

pub fn withdrawal(verb: WithdrawalVerb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let (args, step) = match verb {
        WithdrawalVerb::Scan(args) => (args, WithdrawalStep::Scan),
        WithdrawalVerb::Confirm(args) => (args, WithdrawalStep::Confirm),
        WithdrawalVerb::Cancel(args) => (args, WithdrawalStep::Cancel),
        WithdrawalVerb::Fail(args) => (args, WithdrawalStep::Fail),
        WithdrawalVerb::Return(args) => (args, WithdrawalStep::Return),
    };
    ctx.out.list(&shop.withdrawal_step(&args.number, step)?)
}

pub fn payment(verb: PaymentVerb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let PaymentVerb::Pay(args) = verb;
    ctx.out.list(&shop.pay_payment(&args.number)?)
}

pub fn deposit(args: DepositArgs, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let available = shop.deposit(args.amount)?;
    ctx.out.note(text!(
        "available now: {yuan} yuan",
        yuan = available.to_yuan()
    ));
    ctx.out.show(&Deposited {
        available_amount: available,
    })
}

/// What stands on the shop's account.
#[derive(serde::Serialize, schemars::JsonSchema)]
pub struct Deposited {
    available_amount: Fen,
}

impl Record for Deposited {
    const COLUMNS: &'static [Column<Self>] = &[Column::new("available_amount", "AVAILABLE", |d| {
        Cell::Money(d.available_amount)
    })];
}
