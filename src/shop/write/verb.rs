//! A verb that is one call, sent.

use super::Written;
use crate::fail::{Failure, failure};
use crate::shop::Shop;
use crate::shop::pass_through::Ask;
use crate::shop::pass_through::named::filled;
use crate::text;
use anyhow::Result;
use serde_json::Value;

impl Shop {
    /// Sends a body that was checked, once `asking` agrees; `None` where it is so already and nothing was sent.
    pub async fn send(
        &self,
        ask: &Ask,
        body: &Value,
        asking: impl AsyncFnOnce() -> Result<()>,
    ) -> Result<Option<Value>> {
        self.has_line(ask)?;
        let (_, operation) = ask.operation();
        let sent = self.carry_out(operation, &[], body, asking).await;
        Ok(match sent.map_err(|error| unclear(error, ask, body))? {
            Written::Answered(reply) | Written::Earlier(reply) => Some(reply),
            Written::Found(reply) => {
                self.note(text!("the answer was lost; WeChat shows that it was done"));
                Some(reply)
            }
            Written::Already => None,
        })
    }
}

/// A lost answer whose failure says no more: which command shows the thing.
fn unclear(error: anyhow::Error, ask: &Ask, body: &Value) -> anyhow::Error {
    let lost = failure(&error).is_some_and(|failure| failure.unclear && failure.hint.is_none());
    match ask.look_up.filter(|_| lost) {
        Some(command) => {
            let mut failure = Failure::from_any(error);
            failure.hint = Some(text!(
                "it may have been done: check with `wxsell {command}` before you repeat it",
                command = filled(command, body)
            ));
            failure.into()
        }
        None => error,
    }
}
