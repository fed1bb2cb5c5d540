//! What happens between a service provider, the platform and a merchant outside any call: a ticket is pushed, a
//! merchant agrees on the authorisation page, and takes it back.

use super::Sandbox;
use super::rules::{Happening, provider};
use anyhow::Result;

pub use provider::Move as ProviderMove;

impl Sandbox {
    /// The ticket that the platform pushes now: the newest one, or another when ten minutes have gone by.
    pub fn ticket(&mut self) -> Result<String> {
        self.write(|tx| Ok(provider::ticket(tx)?))
    }

    /// Says what happened, and for an authorisation the `auth_code` that the page leads back with.
    pub fn provider(&mut self, what: &ProviderMove) -> Result<(Happening, Option<String>)> {
        self.write(|tx| Ok(provider::act(tx, what)?))
    }

    /// Paths that have a rule here.
    pub fn simulated(&self) -> Vec<&'static str> {
        self.rules.paths()
    }
}
