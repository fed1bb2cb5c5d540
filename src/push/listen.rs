//! Receives pushes and hands them on until it is told to stop: the receiver, the forwarder beside it, and what is said
//! of both.

use super::Account;
use super::forward::{Delivery, Forwarder, Target, Wake};
use super::hand::alone;
use super::receiver::{Happening, Limits, Receiver, Shop};
use crate::fail::{Failure, Kind, Within};
use crate::lang::Text;
use crate::state::pushes::PushLog;
use crate::state::{LockGuard, State};
use crate::text;
use anyhow::Result;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Refused requests that are told of one by one within a second; more are counted.
const REFUSALS: u32 = 20;
/// How long the forwarder rests after the state file could not be used.
const REST: Duration = Duration::from_secs(5);

/// Is told what happens; must not wait.
pub type Say = Arc<dyn Fn(Text) + Send + Sync>;

/// What is received, and where it goes.
pub struct Listen {
    /// By path, e.g. `/wechat` and `/wechat/wx…`.
    pub shops: HashMap<String, Arc<Shop>>,
    pub state: Arc<State>,
    /// Where events go; `None` where they are stored alone.
    pub target: Option<Target>,
    /// Names of the events that are handed on; none are all.
    pub only: Vec<String>,
    /// Refuse messages that are not encrypted.
    pub safe_only: bool,
    /// Take messages that are not encrypted although there is a key.
    pub allow_plain: bool,
    pub tls: Option<Arc<rustls::ServerConfig>>,
    pub say: Say,
}

/// What listens at an address, and answers nobody yet.
pub struct Bound {
    listen: Listen,
    listener: TcpListener,
    log: Arc<PushLog>,
    forwarder: Option<Forwarder>,
    /// Two at once would break the order of events.
    lock: Option<LockGuard>,
}

impl Listen {
    /// Takes its place: the address, and where events are handed on the lock of those who do.
    pub async fn bind(self, address: SocketAddr) -> Result<Bound> {
        self.state.may_be_written()?;
        let log = Arc::new(PushLog::open(self.state.folder())?);
        let lock = match &self.target {
            Some(_) => Some(alone(&self.state)?),
            None => None,
        };
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| {
                Failure::network(text!(
                    "cannot listen on port {port}: {error}",
                    port = address.port(),
                    error = error.to_string()
                ))
                .hint(text!(
                    "use another port with --port, or a free one with --port 0"
                ))
            })
            .within(|| text!("starting the receiver"))?;
        let target = self.target.clone();
        let forwarder = target
            .map(|target| self.forwarder(target, &log))
            .transpose()?;
        Ok(Bound {
            listen: self,
            listener,
            log,
            forwarder,
            lock,
        })
    }

    fn forwarder(&self, target: Target, log: &Arc<PushLog>) -> Result<Forwarder> {
        let accounts: HashMap<String, Account> = self
            .shops
            .values()
            .map(|shop| (shop.key.clone(), shop.account.clone()))
            .collect();
        let say = self.say.clone();
        Ok(Forwarder {
            state: self.state.clone(),
            log: log.clone(),
            shops: accounts.keys().cloned().collect(),
            delivery: Delivery::new(target, accounts)?,
            only: self.only.clone(),
            once: false,
            watch: Box::new(move |words| say(words)),
        })
    }
}

impl Bound {
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// By path.
    pub fn shops(&self) -> &HashMap<String, Arc<Shop>> {
        &self.listen.shops
    }

    pub fn is_encrypted(&self) -> bool {
        self.listen.tls.is_some()
    }

    /// Answers until `stop` ends, and finishes what is under way; the second time that it ends, at once.
    pub async fn serve<Stop: Future<Output = ()>>(self, stop: impl Fn() -> Stop) -> Result<()> {
        let Bound {
            listen,
            listener,
            log,
            forwarder,
            lock,
        } = self;
        let (told, stopping) = watch::channel(false);
        let wake = forwarder.as_ref().map(|_| Wake::default());
        let working = forwarder.zip(wake.clone()).map(|(forwarder, wake)| {
            tokio::spawn(keep_forwarding(
                forwarder,
                wake,
                stopping,
                listen.say.clone(),
            ))
        });
        let receiver = Receiver {
            shops: listen.shops,
            log,
            state: listen.state,
            limits: Limits::default(),
            safe_only: listen.safe_only,
            allow_plain: listen.allow_plain,
            only: listen.only,
            forward: wake,
            tls: listen.tls,
            watch: watching(listen.say),
        };
        let work = async {
            receiver.serve(listener, stop()).await?;
            // Nobody listens where nothing is handed on.
            let _ = told.send(true);
            if let Some(working) = working {
                working.await?;
            }
            anyhow::Ok(())
        };
        let twice = async {
            stop().await;
            stop().await;
        };
        let done = tokio::select! {
            done = work => done,
            () = twice => Err(Failure::new(Kind::Stopped, text!("stopped")).into()),
        };
        drop(lock);
        done
    }
}

/// Says what happens; many refusals are counted.
fn watching(say: Say) -> Box<dyn Fn(Happening) + Send + Sync> {
    let refusals = Mutex::new(Refusals::default());
    Box::new(move |happening| {
        if matches!(happening, Happening::Refused { .. }) {
            let mut refusals = refusals.lock().unwrap_or_else(PoisonError::into_inner);
            let (told, left_out) = refusals.one_more(crate::types::now());
            if left_out > 0 {
                let count = left_out;
                say(text!(
                    "{count} more {count:request was|requests were} refused",
                    count
                ));
            }
            if !told {
                return;
            }
        }
        say(words(&happening));
    })
}

/// Hands on until told to stop; a state file that cannot be used for a while does not end it.
async fn keep_forwarding(
    forwarder: Forwarder,
    wake: Wake,
    mut stopping: watch::Receiver<bool>,
    say: Say,
) {
    while let Err(error) = forwarder.run(wake.clone(), stopping.clone()).await {
        say(text!(
            "forwarding paused: {why}",
            why = Failure::from_any(error).message
        ));
        let told = stopping.wait_for(|stop| *stop);
        if tokio::time::timeout(REST, told).await.is_ok() {
            break;
        }
    }
}

/// Refusals of one second: strangers can cause thousands, and each line takes time from true pushes.
#[derive(Debug, Default)]
struct Refusals {
    second: i64,
    told: u32,
    left_out: u64,
}

impl Refusals {
    /// Whether this one is told of, and how many were left out of the seconds before.
    fn one_more(&mut self, now: i64) -> (bool, u64) {
        let mut before = 0;
        if self.second != now {
            before = self.left_out;
            *self = Refusals {
                second: now,
                ..Refusals::default()
            };
        }
        self.told += 1;
        let told = self.told <= REFUSALS;
        self.left_out += u64::from(!told);
        (told, before)
    }
}

fn words(happening: &Happening) -> Text {
    match happening {
        Happening::Stored { id, appid, summary } => {
            text!("{appid} {id}: {what}", appid, id, what = summary.clone())
        }
        Happening::Again { id, appid } => text!("{appid} {id}: pushed again", appid, id),
        Happening::Tested { appid } => text!("{appid}: the address was tested", appid),
        Happening::Refused { refusal, path } => {
            text!("refused at {path}: {why}", path, why = refusal.words())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_refusals_are_counted_and_not_told_of_one_by_one() {
        let mut refusals = Refusals::default();
        let told: Vec<(bool, u64)> = (0..50).map(|_| refusals.one_more(7)).collect();
        assert_eq!(told.iter().filter(|(told, _)| *told).count(), 20);
        assert!(told.iter().all(|(_, before)| *before == 0));
        assert_eq!(refusals.one_more(8), (true, 30));
        assert_eq!(refusals.one_more(9), (true, 0));
    }
}
