//! What waits of a shop, handed on once.

use super::forward::{Delivery, Forwarder, Target, Wake};
use super::{Account, milliseconds};
use crate::fail::Failure;
use crate::lang::Text;
use crate::state::pushes::{Filter, Push, PushLog};
use crate::state::{LockGuard, State};
use crate::text;
use anyhow::Result;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;

/// Who holds this hands on alone: two at once would break the order of events.
pub fn alone(state: &State) -> Result<LockGuard> {
    state.try_lock("push-forward")?.ok_or_else(|| {
        Failure::input(text!("another process already forwards events"))
            .hint(text!("stop it first, or remove --forward-to and --exec"))
            .into()
    })
}

/// What is handed on, and where to.
pub struct Hand {
    pub state: Arc<State>,
    pub target: Target,
    /// What signs and encrypts again, by the key of each shop.
    pub accounts: HashMap<String, Account>,
    /// The key of the shop.
    pub shop: String,
    /// Names of events; empty for all.
    pub only: Vec<String>,
    /// Told of each event.
    pub watch: Box<dyn Fn(Text) + Send + Sync>,
}

/// What became of it.
#[derive(Debug, Clone, Copy)]
pub struct Handed {
    pub done: u64,
    pub failed: u64,
    /// Still waiting.
    pub waiting: usize,
}

/// The events of a shop that stand so and that are meant.
fn meant(state: &State, shop: &str, only: &[String], forward: &str) -> Result<Vec<Push>> {
    let mut pushes = state.pushes(&Filter {
        shop: Some(shop.to_owned()),
        forward: Some(forward.to_owned()),
        ..Filter::default()
    })?;
    pushes.retain(|push| only.is_empty() || only.contains(&push.event));
    Ok(pushes)
}

impl Hand {
    /// How many would be handed on; `all` counts what was received while there was no target.
    pub fn plan(&self, all: bool) -> Result<usize> {
        let count = |forward| {
            let found = meant(&self.state, &self.shop, &self.only, forward);
            found.map(|pushes| pushes.len())
        };
        Ok(if all {
            count("pending")? + count("none")?
        } else {
            count("pending")?
        })
    }

    /// Hands on what waits, and with `all` also what was received while there was no target.
    pub async fn run(self, all: bool) -> Result<Handed> {
        let Hand {
            state,
            target,
            accounts,
            shop,
            only,
            watch,
        } = self;
        let lock = alone(&state)?;
        let shops = vec![shop.clone()];
        if all {
            let found = meant(&state, &shop, &only, "none")?;
            let ids: Vec<i64> = found.iter().map(|push| push.id).collect();
            state.queue_pushes(&ids, milliseconds())?;
        }
        state.hurry_pushes(&shops, milliseconds())?;
        let forwarder = Forwarder {
            log: Arc::new(PushLog::open(state.folder())?),
            state: state.clone(),
            delivery: Delivery::new(target, accounts)?,
            shops,
            only: only.clone(),
            once: true,
            watch,
        };
        let (told, stopping) = watch::channel(false);
        let tally = forwarder.run(Wake::default(), stopping).await?;
        drop((told, forwarder, lock));
        Ok(Handed {
            done: tally.done,
            failed: tally.failed,
            waiting: meant(&state, &shop, &only, "pending")?.len(),
        })
    }
}
