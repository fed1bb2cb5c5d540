//! A verb that is one call, sent.

use super::Written;
use crate::shop::Shop;
use crate::shop::pass_through::Ask;
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
        Ok(match self.carry_out(operation, &[], body, asking).await? {
            Written::Answered(reply) | Written::Earlier(reply) => Some(reply),
            Written::Found(reply) => {
                self.note(text!("the answer was lost; WeChat shows that it was done"));
                Some(reply)
            }
            Written::Already => None,
        })
    }
}
