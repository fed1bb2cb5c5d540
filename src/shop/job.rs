//! What jobs of every noun share: one at a time works for a shop.

use super::Shop;
use crate::fail::{Failure, Kind};
use crate::state::runs::{Run, RunState};
use crate::state::{LockGuard, State};
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

/// The lock of the jobs of a shop.
fn jobs(shop: &str) -> String {
    format!("job-{shop}")
}

/// The lock of those who answer after-sales of a shop: they need not wait for its other jobs.
pub(super) fn answers(shop: &str) -> String {
    format!("aftersale-{shop}")
}

/// Whether a run without an end goes on: somebody holds the lock of its jobs, and it is the newest of them.
pub fn is_under_way(state: &State, run: &Run) -> Result<bool> {
    /// So many of the newest runs are looked at.
    const NEWEST: u32 = 20;
    let lock = |run: &Run| {
        if run.command.starts_with("aftersale") {
            answers(&run.shop)
        } else {
            jobs(&run.shop)
        }
    };
    let own = lock(run);
    let newest = state
        .runs(&run.shop, NEWEST)?
        .into_iter()
        .find(|run| run.state == RunState::Open && lock(run) == own);
    let is_newest = newest.is_some_and(|newest| newest.id == run.id);
    Ok(is_newest && state.try_lock(&own)?.is_none())
}

impl Shop {
    /// One job at a time works for a shop, over all processes of this machine.
    pub async fn one_job(&self, busy: Busy) -> Result<LockGuard> {
        let name = jobs(self.client.shop_key());
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
