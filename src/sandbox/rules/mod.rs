//! What the platform answers, one noun a file: small state machines over the documents.

pub mod account;
pub mod aftersale;
pub mod category;
pub mod certificate;
pub mod complaint;
pub mod delivery;
pub mod goods;
pub mod image;
pub mod ledger;
pub mod legacy_aftersale;
pub mod order;
pub mod quota;
pub mod token;

use super::router::Refusal;
use super::store::Tx;
use crate::lang::Text;
use serde::Serialize;

/// What the shop's clock or its keeper did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happening {
    /// Unix seconds of the shop's clock.
    pub at: i64,
    /// `text!("product")`, `text!("order")` …
    pub noun: Text,
    /// The merchant's own number where there is one, else WeChat's.
    pub number: String,
    /// A word or two: `text!("audit passed")`.
    pub what: Text,
    /// Why, where somebody gave a reason.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Lets everything happen whose time has come, also what follows from it. Called before every call and every order of
/// the keeper, so that nobody sees a state that the clock has ended.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let mut all = Vec::new();
    loop {
        let mut round = goods::settle(tx)?;
        round.append(&mut order::settle(tx)?);
        round.extend(aftersale::settle(tx)?);
        round.extend(complaint::settle(tx)?);
        if round.is_empty() {
            return Ok(all);
        }
        round.sort_by_key(|happening| happening.at);
        all.append(&mut round);
    }
}

#[cfg(test)]
mod machines;
