//! What the platform answers: how each family says it in a folder of its own, and beside them what all have, tokens,
//! quotas, service providers and the address of pushes.

pub mod callback;
pub mod component;
pub mod provider;
pub mod quota;
pub mod store;
pub mod token;

use super::router::Refusal;
use super::store::Tx;
use crate::lang::Text;
use serde::Serialize;

/// What the shop's clock or its keeper did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Happening {
    /// Unix seconds of the shop's clock.
    #[serde(serialize_with = "crate::types::as_rfc3339")]
    #[schemars(with = "crate::types::shape::Moment")]
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

/// The shop as it is at first: joined and able to sell, or (bare) one that has not even applied.
pub fn seed(tx: &mut Tx<'_>, bare: bool) -> Result<(), Refusal> {
    component::seed(tx, bare)
}

/// Lets everything happen whose time has come, also what follows from it, in the order of the clock: a refund that ran
/// by itself on the second day is before a settlement on the fifth, however far the clock is moved at once. Called
/// before every call and every order of the keeper, so that nobody sees a state that the clock has ended.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let now = tx.now;
    let mut all = Vec::new();
    while let Some(next) = tx.next_due(now)? {
        tx.now = next;
        let round = round(tx);
        tx.now = now;
        let mut round = round?;
        if tx.next_due(now)? == Some(next) && round.is_empty() {
            return Err(Refusal::new(
                -1,
                "system error: a document is due that no rule settles",
            ));
        }
        all.append(&mut round);
    }
    Ok(all)
}

/// What is due at this very moment.
fn round(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let mut round = component::round(tx)?;
    round.append(&mut store::within(tx, store::goods::settle)?);
    round.append(&mut store::within(tx, store::opening::settle)?);
    Ok(round)
}
