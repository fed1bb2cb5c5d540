//! What jobs of every noun share: one at a time works for a shop.

use super::Shop;
use crate::fail::{Failure, Kind};
use crate::state::LockGuard;
use crate::text;
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// What to do if another job is running for the same shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Busy {
    /// Wait until the other job ends
    #[default]
    Wait,
    /// Exit at once with code 5
    Exit,
}

impl Shop {
    /// One job at a time works for a shop, over all processes of this machine.
    pub async fn one_job(&self, busy: Busy) -> Result<LockGuard> {
        let name = format!("job-{}", self.client.shop_key());
        self.one_at_a_time(name, busy).await
    }

    /// As [`Shop::one_job`], under a name of its own: for jobs that need not wait for those of another kind.
    pub async fn one_at_a_time(&self, name: String, busy: Busy) -> Result<LockGuard> {
        // The journal of the job marks what is sent.
        self.client.in_bulk()?;
        if let Some(guard) = self.client.state().try_lock(&name)? {
            return Ok(guard);
        }
        if busy == Busy::Exit {
            return Err(
                Failure::limited(text!("another job is running for this shop"))
                    .hint(text!("wait for it, or use --busy wait"))
                    .into(),
            );
        }
        self.note(text!("waiting for another job of this shop"));
        self.wait_for_lock(name).await
    }

    /// Waits until the lock is free, while others go on.
    pub(super) async fn wait_for_lock(&self, name: String) -> Result<LockGuard> {
        let state = self.client.state().clone();
        let locked = tokio::task::spawn_blocking(move || state.lock(&name)).await;
        locked.map_err(|error| {
            Failure::bug(text!(
                "waiting for a lock failed: {error}",
                error = error.to_string()
            ))
        })?
    }
}

/// A job that was stopped by Ctrl-C.
pub(super) fn stopped_by_hand() -> anyhow::Error {
    Failure::new(Kind::Stopped, text!("stopped by Ctrl-C"))
        .hint(text!(
            "run the same command again: it continues where it stopped"
        ))
        .into()
}
