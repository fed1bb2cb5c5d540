//! The first write of a bulk job goes alone, for each call: where WeChat refuses it for a reason that concerns the
//! account, none of those that would have gone beside it is sent.

use super::errcode::ends_the_job;
use crate::fail::{Failure, Kind};
use anyhow::Result;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// What the first answers to a call have shown.
#[derive(Default)]
enum Gate {
    #[default]
    Untried,
    Open,
    Closed(Failure),
}

/// The gates of a client, by path.
#[derive(Default)]
pub(super) struct Gates(Mutex<HashMap<Box<str>, Arc<tokio::sync::Mutex<Gate>>>>);

/// Held by the call that goes first.
pub(super) struct First(OwnedMutexGuard<Gate>);

impl Gates {
    /// Waits for the call that went first. Fails as that one did where no other would do better; `None` where the way is
    /// open.
    pub async fn pass(&self, path: &str) -> Result<Option<First>> {
        let gate = {
            let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match gates.get(path) {
                Some(gate) => gate.clone(),
                None => gates.entry(path.into()).or_default().clone(),
            }
        };
        let gate = gate.lock_owned().await;
        match &*gate {
            Gate::Open => Ok(None),
            Gate::Closed(failure) => Err(failure.clone().into()),
            Gate::Untried => Ok(Some(First(gate))),
        }
    }
}

impl First {
    /// How it ended. What came to no answer says nothing of the next one, which goes alone again.
    pub fn ended(mut self, failure: Option<&Failure>) {
        *self.0 = match failure {
            Some(failure) if ends_the_job(failure) => Gate::Closed(failure.clone()),
            Some(Failure { unclear: true, .. }) => Gate::Untried,
            Some(failure) if failure.kind == Kind::Network => Gate::Untried,
            _ => Gate::Open,
        };
    }
}
