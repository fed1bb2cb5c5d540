//! What is read of a shop through the doors of its nouns: a record as the program understands it, beside the record as
//! it came.

use super::Shop;
use crate::api::operation::by_path;
use crate::api::reader::Read;
use crate::fail::{Failure, Kind};
use crate::text;
use anyhow::Result;
use serde_json::Value;

/// A thing as the program understands it, with the platform's record of it.
#[derive(Debug, Clone)]
pub struct Fetched<T> {
    pub value: T,
    pub record: Value,
    /// Fields of the record that are there and cannot be read.
    pub unread: Vec<&'static str>,
}

impl<T> Fetched<T> {
    /// Reads a record.
    pub fn of(record: Value, read: impl Fn(&Value) -> Read<T>) -> Fetched<T> {
        let Read { value, unread } = read(&record);
        Fetched {
            value,
            record,
            unread,
        }
    }
}

impl Shop {
    /// The reply to a reading call of the platform, which is told apart from JSON that somebody else answers with: it
    /// has an errcode, or at least one of the fields that are documented.
    ///
    /// # Errors
    /// Where it is no reply of the platform: what was not read must not look empty.
    pub(super) async fn read(&self, path: &str, body: &Value) -> Result<Value> {
        let Some((book, operation)) = by_path(path) else {
            return Err(
                Failure::new(Kind::Bug, text!("{path} is not in the reference", path)).into(),
            );
        };
        let reply = self.client.ask(operation, &[], body).await?;
        let known = reply.as_object().is_some_and(|reply| {
            let fields = &book.resolve(&operation.reply).fields;
            reply.contains_key("errcode")
                || fields
                    .iter()
                    .any(|field| field.name != "errmsg" && reply.contains_key(field.name.as_str()))
        });
        if known {
            return Ok(reply);
        }
        let begins: String = reply.to_string().chars().take(120).collect();
        Err(Failure::new(
            Kind::Network,
            text!(
                "the reply of {path} did not come from WeChat: {begins}",
                path,
                begins
            ),
        )
        .hint(text!(
            "check the base URL and whether a proxy or a login page of the network answers instead"
        ))
        .into())
    }
}
