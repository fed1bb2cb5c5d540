//! A write as a single verb makes it, whatever it is: settled by the way that fits what it does.

use super::component;
use super::words::twice;
use super::{Planned, Sort, Want, Written};
use crate::api::Resend;
use crate::api::operation::Operation;
use crate::clock::now;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::shop::Shop;
use crate::text;
use crate::types::{Family, Fen};
use anyhow::Result;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::PoisonError;

/// How a write is settled whose answer does not say what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The same write once more changes nothing more: it has a number that counts once, or it sets what it set.
    Again,
    /// The object tells. `first`: it is read before the write, which is not sent where it stands there already.
    State { first: bool },
    /// A second one would act twice: it is written down, looked up where WeChat shows it, and else left to a person.
    Once,
}

/// Where an object stands, seen from a write that leads it somewhere.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// Where the write leads.
    Reached,
    /// Where it can be led from, or reads lag behind.
    Before,
    /// Where the write cannot have led and is not possible; a sentence.
    Elsewhere(Text),
}

impl Shop {
    fn way(&self, operation: &Operation) -> Way {
        let known = match self.family {
            Family::Component => component::way(&operation.path),
            Family::Store => None,
        };
        known.unwrap_or(match operation.resend {
            Resend::Safe | Resend::Keyed | Resend::State => Way::Again,
            Resend::Never => Way::Once,
        })
    }

    /// Makes a write. `ask` is called before anything is sent; where it fails nothing is.
    ///
    /// # Errors
    /// [`Kind::Unknown`] where nobody knows whether it was done. Every other failure says that it was not.
    pub async fn carry_out(
        &self,
        operation: &Operation,
        query: &[(&str, &str)],
        body: &Value,
        ask: impl AsyncFnOnce() -> Result<()>,
    ) -> Result<Written> {
        match self.way(operation) {
            Way::Again => {
                ask().await?;
                let sent = self.ask(operation, query, body).await;
                Ok(Written::Answered(sent.map_err(harmless)?))
            }
            Way::State { first } => {
                let stands = async || component::progress_of(self, &operation.path, body).await;
                if first {
                    match stands().await? {
                        Progress::Reached => return Ok(Written::Already),
                        Progress::Elsewhere(why) => {
                            return Err(Failure::new(Kind::Refused, why)
                                .hint(text!("nothing was sent"))
                                .into());
                        }
                        Progress::Before => {}
                    }
                }
                ask().await?;
                self.write_state(operation, body, stands).await
            }
            Way::Once => self.once(operation, query, body, ask).await,
        }
    }

    async fn once(
        &self,
        operation: &Operation,
        query: &[(&str, &str)],
        body: &Value,
        ask: impl AsyncFnOnce() -> Result<()>,
    ) -> Result<Written> {
        let print = fingerprint(&operation.path, query, body);
        let want = Want {
            sort: Sort::Call,
            subject: &operation.path,
            amount: Fen(0),
            what: "",
            mark: Some(&print),
            fresh_mark: String::new(),
            look: component::needed(&operation.path, body),
            anew: false,
        };
        let prepared = match self.plan_write(want).await? {
            Planned::Same(made) => {
                self.client.note(twice(&made.movement));
                self.is_unshown(made.movement.id);
                let answered = serde_json::from_str(&made.movement.ticket).unwrap_or_default();
                return Ok(Written::Earlier(match made.found {
                    Some(found) => found.record,
                    None => answered,
                }));
            }
            Planned::New(prepared) => prepared,
        };
        ask().await?;
        let made = prepared
            .send_with(self, operation, query, body, |reply| {
                (String::new(), kept(reply))
            })
            .await?;
        self.is_unshown(made.movement.id);
        Ok(match made.found {
            Some(found) => Written::Found(found.record),
            None => Written::Answered(made.reply),
        })
    }
}

impl Shop {
    fn is_unshown(&self, id: i64) {
        let mut unshown = self.unshown.lock().unwrap_or_else(PoisonError::into_inner);
        unshown.push(id);
    }

    /// Whether something that this command or an earlier one did waits to be shown.
    pub fn has_unshown(&self) -> bool {
        let unshown = self.unshown.lock().unwrap_or_else(PoisonError::into_inner);
        !unshown.is_empty()
    }

    /// Whether the last write was done, of a job with a journal any of them; and whether it is such a job.
    pub fn has_written(&self) -> (bool, bool) {
        self.client.has_written()
    }

    /// What this command did was shown: from now on the same is another one.
    pub fn all_is_shown(&self) -> Result<()> {
        let mut unshown = self.unshown.lock().unwrap_or_else(PoisonError::into_inner);
        for id in unshown.drain(..) {
            self.client.state().movement_shown(id, now())?;
        }
        Ok(())
    }
}

/// Letters of an answer that are kept until it was shown.
const KEPT: usize = 16_384;

/// An answer as it is kept beside the movement, so that the same command can show it.
fn kept(reply: &Value) -> String {
    let reply = reply.to_string();
    if reply.len() > KEPT {
        String::new()
    } else {
        reply
    }
}

/// What makes two calls the same.
fn fingerprint(path: &str, query: &[(&str, &str)], body: &Value) -> String {
    let mut hash = Sha256::new();
    hash.update(path.as_bytes());
    for (name, value) in query {
        hash.update(format!("\n{name}={value}").as_bytes());
    }
    hash.update(format!("\n{body}").as_bytes());
    hex::encode(&hash.finalize()[..8])
}

/// Nobody knows whether it was done, and doing it once more is no harm.
fn harmless(error: anyhow::Error) -> anyhow::Error {
    let mut failure = Failure::from_any(error);
    if failure.unclear && failure.errcode.is_none() {
        failure.hint = Some(text!(
            "it is not known whether it was done; run the same command again: doing it twice has the same effect as once"
        ));
    }
    failure.into()
}
