//! The custom component: `/shop/*` and `/promoter/*`, one noun a file: small state machines over the documents.

pub mod access;
pub mod account;
pub mod aftersale;
pub mod bank;
pub mod category;
pub mod certificate;
pub mod commission;
pub mod complaint;
pub mod coupon;
pub mod delivery;
pub mod funds;
pub mod goods;
pub mod image;
pub mod ledger;
pub mod legacy_aftersale;
pub mod order;
pub mod pay;
pub mod permit;
pub mod promoter;
pub mod reach;
pub mod sharer;
pub mod staff;
pub mod wxpay;

#[cfg(test)]
mod emitted;
#[cfg(test)]
mod machines;

#[cfg(test)]
use super::settle;
use super::{Happening, quota, store};
use crate::sandbox::router::Refusal;
use crate::sandbox::store::Tx;

/// The shop as it is at first: joined and able to sell, or (bare) one that has not even applied.
pub fn seed(tx: &mut Tx<'_>, bare: bool) -> Result<(), Refusal> {
    account::seed(tx, bare)?;
    access::seed(tx, bare)?;
    wxpay::seed(tx, bare)?;
    permit::seed(tx, bare)
}

/// What is due at this very moment.
pub fn round(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let mut round = access::settle(tx)?;
    round.append(&mut wxpay::settle(tx)?);
    round.append(&mut permit::settle(tx)?);
    round.append(&mut goods::settle(tx)?);
    round.append(&mut order::settle(tx)?);
    round.append(&mut aftersale::settle(tx)?);
    round.append(&mut complaint::settle(tx)?);
    round.append(&mut coupon::settle(tx)?);
    round.append(&mut sharer::settle(tx)?);
    round.append(&mut funds::settle(tx)?);
    round.append(&mut pay::settle(tx)?);
    Ok(round)
}
