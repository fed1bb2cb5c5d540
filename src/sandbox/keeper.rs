//! What people and the platform do to the shop outside any call: an administrator signs on a phone, an auditor
//! decides, an account is frozen.

use super::Sandbox;
use super::rules::Happening;
use super::rules::component::{access, wxpay};
use crate::fail::Failure;
use crate::text;
use anyhow::Result;

pub use access::Move as AccessMove;
pub use wxpay::Move as NumberMove;

impl Sandbox {
    /// The administrator signs whatever waits for a signature: the agreement of the component, the contract of the
    /// merchant number, or both.
    pub fn sign(&mut self) -> Result<Vec<Happening>> {
        self.write(|tx| {
            let agreement = access::act(tx, &AccessMove::Sign)?;
            let contract = wxpay::act(tx, &NumberMove::Sign)?;
            let signed: Vec<Happening> = agreement.into_iter().chain(contract).collect();
            if signed.is_empty() { Err(Failure::input(text!("nothing is waiting for a signature"))
                    .hint(text!(
                        "`wxsell access apply` applies for the component, `wxsell merchant apply` for a merchant number"
                    ))
                    .into()) } else { Ok(signed) }
        })
    }

    /// Moves the component or one of its scenes.
    pub fn access(&mut self, what: &AccessMove) -> Result<Happening> {
        self.write(|tx| {
            let (component, _, _) = access::state_names(tx)?;
            Ok(access::act(tx, what)?.ok_or_else(|| match what {
                AccessMove::PassScene(id) | AccessMove::RejectScene(id, _) => {
                    Failure::input(text!("scene {id} is not in audit", id))
                }
                _ => Failure::input(text!(
                    "the component does not allow this in its state: {state}",
                    state = crate::lang::Text::new(component, Vec::new())
                )),
            })?)
        })
    }

    /// Moves the application for a merchant number, or the number itself.
    pub fn merchant_number(&mut self, what: &NumberMove) -> Result<Happening> {
        self.write(|tx| {
            let state = wxpay::state_name(tx)?;
            let not_now = || {
                Failure::input(text!(
                    "the merchant number does not allow this in its state: {state}",
                    state
                ))
            };
            Ok(wxpay::act(tx, what)?.ok_or_else(not_now)?)
        })
    }
}
