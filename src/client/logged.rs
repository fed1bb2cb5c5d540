//! A write and the log of writes: its intent is in there before anything is sent, its result before anything else happens.

use super::{Body, Client};
use crate::api::Resend;
use crate::fail::{Failure, Kind};
use crate::state::log::{self, Log, Write};
use crate::text;
use anyhow::Result;
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::atomic::Ordering;

/// A write that is kept by more than the log, such as a movement of money.
pub trait Intent: Sync {
    /// What the log keeps of it beside the call, as JSON.
    fn movement(&self) -> String;

    /// It stands in the log under this number.
    fn is_logged(&self, entry: i64) -> Result<()>;

    /// The request is sent now, for the first time or again. Where this fails it is not.
    fn is_sent(&self) -> Result<()>;
}

impl Client {
    /// Makes a call that `attempts` sends: before anything is sent the log has its intent, and before anything else
    /// happens its result. A failure that leaves open whether it was done is of the kind [`Kind::Unknown`].
    pub(super) async fn logged<T>(
        &self,
        path: &str,
        body: &Body,
        resend: Resend,
        intent: Option<&dyn Intent>,
        attempts: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        if resend == Resend::Safe {
            return attempts.await;
        }
        let first = if self.in_bulk.load(Ordering::Relaxed) {
            self.gates.pass(path).await?
        } else {
            None
        };
        let kept = self.keep_intent(path, body, intent).await;
        let entry = kept.map_err(|error| {
            let failure = Failure::from_any(error);
            let message = text!("nothing was sent: {why}", why = failure.message.clone());
            Failure { message, ..failure }
        })?;
        let answer = attempts.await.map_err(|error| {
            let mut failure = Failure::from_any(error);
            if failure.unclear {
                failure.kind = Kind::Unknown;
            }
            failure
        });
        let failure = answer.as_ref().err();
        if let Some(first) = first {
            first.ended(failure);
        }
        let result = match failure {
            None => Cow::Borrowed("done"),
            Some(failure) if failure.unclear => Cow::Borrowed("unclear"),
            Some(Failure {
                errcode: Some(errcode),
                ..
            }) => Cow::Owned(format!("refused {errcode}")),
            Some(_) => Cow::Borrowed("not sent"),
        };
        let rid = failure.and_then(|failure| failure.rid.clone());
        let noted = self
            .keep_result(entry, result, rid.unwrap_or_default())
            .await;
        match (answer, noted) {
            (answer, Ok(())) => Ok(answer?),
            // The log has its intent and no result: what became of it has to be looked up.
            (Ok(_), Err(error)) => {
                let failure = Failure::from_any(error);
                Err(Failure {
                    kind: Kind::Unknown,
                    unclear: true,
                    message: text!(
                        "{path} was done, but the result could not be saved: {why}",
                        path,
                        why = failure.message.clone()
                    ),
                    ..failure
                }
                .into())
            }
            (Err(failure), Err(_)) => Err(failure.into()),
        }
    }

    /// Takes over the movements that only the log knows: the state was lost, or went back to an older copy.
    pub fn take_over(&self) -> Result<()> {
        let taken = self.state.take_over_from_log()?;
        if taken > 0 {
            self.note(text!(
                "{count} unfinished {count:operation was|operations were} recovered from the log of writes: the state file did not have {count:it|them}",
                count = taken
            ));
        }
        Ok(())
    }

    pub(super) fn log(&self) -> Result<&Log> {
        if let Some(log) = self.log.get() {
            return Ok(log);
        }
        // The first entry would say that the state knows what stands before it.
        self.take_over()?;
        let log = Log::open(self.state.folder())?;
        Ok(self.log.get_or_init(|| log))
    }

    async fn keep_intent(
        &self,
        path: &str,
        body: &Body,
        intent: Option<&dyn Intent>,
    ) -> Result<i64> {
        let write = Write {
            at: crate::types::now(),
            by: self.writer.clone(),
            path: path.into(),
            body: match body {
                Body::Json(json) => json.clone(),
                Body::File { .. } | Body::Nothing | Body::ForFile => Bytes::new(),
            },
            result: Cow::Borrowed(log::INTENT),
            rid: String::new(),
            intent: 0,
            movement: intent.map(Intent::movement).unwrap_or_default(),
        };
        let synced = !self.in_bulk.load(Ordering::Relaxed);
        if synced {
            self.has_written.store(false, Ordering::Relaxed);
        }
        let entry = self.log()?.keep(write, synced).await?;
        self.last_write.store(entry, Ordering::Relaxed);
        if let Some(intent) = intent {
            intent.is_logged(entry)?;
        }
        Ok(entry)
    }

    /// The entry of the last write in the log, 0 before the first: another one stands for another write that was tried.
    pub fn last_entry(&self) -> i64 {
        self.last_write.load(Ordering::Relaxed)
    }

    /// Whether the last write was done, of a job with a journal any of them; and whether it is such a job.
    pub fn has_written(&self) -> (bool, bool) {
        (
            self.has_written.load(Ordering::Relaxed),
            self.in_bulk.load(Ordering::Relaxed),
        )
    }

    async fn keep_result(&self, intent: i64, result: Cow<'static, str>, rid: String) -> Result<()> {
        if matches!(result.as_ref(), "done" | "found") {
            self.has_written.store(true, Ordering::Relaxed);
        }
        let write = Write {
            at: crate::types::now(),
            by: self.writer.clone(),
            path: "".into(),
            body: Bytes::new(),
            result,
            rid,
            intent,
            movement: String::new(),
        };
        if self.in_bulk.load(Ordering::Relaxed) {
            self.log()?.add(write);
        } else {
            self.log()?.keep(write, true).await?;
        }
        Ok(())
    }

    /// The object shows that the last write was done, whose answer did not say it. For those that are made one after
    /// the other.
    pub async fn last_was_found(&self) {
        // What was done is done, whether or not that can be kept.
        let _ = self
            .log_found(self.last_write.load(Ordering::Relaxed), "found")
            .await;
    }

    /// Writes into the log what became of a write whose answer did not say it: `found` or `never arrived`.
    pub async fn log_found(&self, entry: i64, result: &'static str) -> Result<()> {
        match entry {
            0 => Ok(()),
            _ => self.keep_result(entry, result.into(), String::new()).await,
        }
    }
}

/// The user of the operating system, by what the system itself says: `1000 (li)`. The environment can say anything, and
/// is named only where there is nothing better.
pub fn user() -> String {
    let named = ["USER", "USERNAME", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok());
    #[cfg(unix)]
    {
        let number = rustix::process::getuid().as_raw().to_string();
        let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let line = known
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>());
        let name = line
            .filter(|fields| fields.get(2) == Some(&number.as_str()))
            .find_map(|fields| fields.first().map(|name| (*name).to_owned()));
        match (name, named) {
            (Some(name), _) => format!("{number} ({name})"),
            (None, Some(named)) => format!("{number} (calls itself {named})"),
            (None, None) => number,
        }
    }
    #[cfg(not(unix))]
    named.unwrap_or_else(|| "?".to_owned())
}
