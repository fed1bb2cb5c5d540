//! Channels promoters: they are added in the admin console alone, so that a flow can only check the conditions and wait.

use crate::fail::{Kind, failure};
use crate::shop::Shop;
use crate::shop::joining::{NOT_JOINED, conditions};
use crate::shop::pass_through::empty;
use crate::shop::pass_through::promoter::{CHANNELS_LIST, CONDITIONS, NICKNAME, NUMBER};
use crate::text;
use anyhow::Result;
use serde_json::Value;
use std::collections::HashSet;
use std::time::Duration;

/// Who is to become a promoter, and how long to wait for it.
#[derive(Debug)]
pub struct Newcomer {
    pub wechat: String,
    pub nickname: Option<String>,
    pub wait: Option<Duration>,
    pub every: Duration,
}

impl Shop {
    /// Whether the component is joined, and whether Channels is open to it. What the platform does not answer is unknown.
    pub async fn promoter_conditions(&self) -> Result<(Option<bool>, Option<bool>)> {
        let reply = match self.read_once(&CONDITIONS, &empty()).await {
            Ok(reply) => reply,
            Err(error) => match failure(&error) {
                Some(known) if known.errcode == Some(NOT_JOINED) => {
                    return Ok((Some(false), None));
                }
                Some(known) if known.kind == Kind::Refused => {
                    self.warn(text!(
                        "the conditions could not be checked: {why}",
                        why = known.message.clone()
                    ));
                    return Ok((None, None));
                }
                _ => return Err(error),
            },
        };
        Ok(conditions(&reply))
    }

    /// The record of a promoter-to-be, once the list has it; waits for it where the newcomer says how long.
    pub async fn new_promoter(&self, newcomer: &Newcomer) -> Result<Option<Value>> {
        let known = self.promoters().await?;
        match (named(&known, newcomer), newcomer.wait) {
            (None, Some(most)) => self.wait_for_promoter(&known, newcomer, most).await,
            (found, _) => Ok(found),
        }
    }

    async fn promoters(&self) -> Result<Vec<Value>> {
        self.rows(&CHANNELS_LIST, &(), None).await
    }

    /// Asks the list again and again. Without a nickname the newcomer is the one who was not there before.
    async fn wait_for_promoter(
        &self,
        known: &[Value],
        newcomer: &Newcomer,
        most: Duration,
    ) -> Result<Option<Value>> {
        let id = |promoter: &Value| NUMBER.some_text(promoter);
        let before: HashSet<String> = known.iter().filter_map(id).collect();
        let began = crate::clock::instant();
        self.note(text!(
            "waiting for the promoter, at most {seconds} seconds",
            seconds = most.as_secs()
        ));
        loop {
            let left = most.saturating_sub(crate::clock::instant() - began);
            if left.is_zero() {
                return Ok(None);
            }
            crate::clock::sleep(newcomer.every.min(left)).await;
            let now = self.promoters().await?;
            let found = match newcomer.nickname {
                Some(_) => named(&now, newcomer),
                None => now
                    .into_iter()
                    .find(|promoter| id(promoter).is_some_and(|id| !before.contains(&id))),
            };
            if found.is_some() {
                return Ok(found);
            }
        }
    }
}

/// The promoter by nickname: the list tells no WeChat numbers.
fn named(promoters: &[Value], newcomer: &Newcomer) -> Option<Value> {
    let nickname = newcomer.nickname.as_deref()?;
    promoters
        .iter()
        .find(|promoter| NICKNAME.is(promoter, nickname))
        .cloned()
}
