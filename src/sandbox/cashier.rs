//! What happens to money away from the merchant's programs: the administrator's phone, WeChat Pay and the bank act on a
//! withdrawal, the buyer pays, and money comes in without an order.

use super::Sandbox;
use super::rules::Happening;
use super::rules::component::funds::Step;
use super::rules::component::ledger::{self, Account};
use super::rules::component::{funds, pay};
use crate::types::Fen;
use anyhow::Result;

impl Sandbox {
    /// Acts on a withdrawal, or on a code that belongs to none. `number` is that of the withdrawal or a ticket.
    pub fn withdrawal_step(&mut self, number: &str, step: Step) -> Result<Vec<Happening>> {
        self.write(|tx| Ok(funds::act(tx, number, step)?))
    }

    /// The buyer pays a payment of the payment-management service, by its number or that of the combined one.
    pub fn pay_payment(&mut self, number: &str) -> Result<Vec<Happening>> {
        self.write(|tx| Ok(pay::buyer_pays(tx, number)?))
    }

    /// Puts money into the available balance, as if orders had settled; says what is available then.
    pub fn deposit(&mut self, amount: Fen) -> Result<Fen> {
        self.write(|tx| {
            let (from, to) = (Account::Buyers, Account::Available);
            ledger::transfer(tx, from, to, amount, "deposit", "")?;
            Ok(ledger::balance(tx, Account::Available)?)
        })
    }

    /// What every account holds, by its name; together it is always 0.
    pub fn accounts(&mut self) -> Result<Vec<(Account, Fen)>> {
        self.write(|tx| {
            let all = Account::ALL.into_iter();
            let held = all.map(|account| Ok((account, ledger::balance(tx, account)?)));
            held.collect()
        })
    }
}
