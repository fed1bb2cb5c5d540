//! What the merchant says in a dispute: held against its state, handed in once, and found in its history.

use super::{Handed, History};
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::model::dispute::{Dispute, State, takes_evidence};
use crate::shop::Shop;
use crate::shop::image::Pictures;
use crate::shop::pass_through::dispute::{IMAGES, MATERIAL, NUMBER, RESPOND, STATEMENT};
use crate::shop::pass_through::{body, check, empty};
use crate::shop::reading::Fetched;
use crate::shop::write::{Made, Planned, Sort, Want};
use crate::text;
use crate::types::{ChinaTime, Fen, Id64};
use anyhow::Result;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The dispute takes no evidence in its state.
const WRONG_STATE: i64 = 21_001;

/// Evidence as it was given.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    pub number: Id64,
    pub words: Option<String>,
    /// The pictures as they were named.
    pub images: &'a [String],
}

/// Evidence that is to be handed in, and the dispute as it is now.
pub struct Plan<'a> {
    evidence: Evidence<'a>,
    force: bool,
    before: History,
    body: Value,
}

impl Shop {
    /// A dispute and its history. What of it cannot be read is named, and the rest is used.
    pub async fn read_dispute(&self, number: Id64) -> Result<Fetched<History>> {
        let found = self.dispute(number).await?;
        self.note_unread(
            text!("dispute {number}", number = number.to_string()),
            &found.unread,
        );
        Ok(found)
    }

    /// Reads the dispute; `force` hands in also where its state takes none.
    pub async fn plan_evidence<'a>(&self, evidence: Evidence<'a>, force: bool) -> Result<Plan<'a>> {
        let before = self.read_dispute(evidence.number).await?.value;
        let mut body = body([NUMBER.of(evidence.number), MATERIAL.of(empty())]);
        if let Some(words) = &evidence.words {
            STATEMENT.put(&mut body, words.as_str());
        }
        check(&RESPOND, &body, &[])?;
        Ok(Plan {
            evidence,
            force,
            before,
            body,
        })
    }
}

impl Plan<'_> {
    /// Refuses where no evidence seems to be taken.
    pub fn guard(&self) -> Result<()> {
        if self.force {
            Ok(())
        } else {
            guard(&self.before.dispute, self.evidence.number)
        }
    }

    /// The request with the links of its pictures.
    pub fn request(&self, links: &[String]) -> Value {
        let mut body = self.body.clone();
        if !links.is_empty() {
            IMAGES.put(&mut body, links.to_vec());
        }
        body
    }

    /// Hands it in, once `asking` agrees.
    pub async fn carry_out(
        &self,
        shop: &Shop,
        pictures: Pictures,
        asking: impl AsyncFnOnce() -> Result<()>,
    ) -> Result<Made> {
        let number = self.evidence.number;
        let said = self.evidence.words.clone().unwrap_or_default();
        let print = fingerprint(&said, self.evidence.images);
        let want = Want {
            sort: Sort::Evidence,
            subject: &number.to_string(),
            amount: Fen(0),
            what: "",
            mark: Some(&print),
            fresh_mark: String::new(),
            look: serde_json::to_string(&Handed::after(&self.before, &said))?,
            anew: false,
        };
        let prepared = match shop.plan_write(want).await? {
            Planned::Same(made) => {
                shop.note(text!(
                    "the dispute has this evidence already; nothing was sent"
                ));
                return Ok(made);
            }
            Planned::New(prepared) => prepared,
        };
        self.guard()?;
        asking().await?;
        let body = self.request(&pictures.upload(shop).await?);
        let (_, operation) = RESPOND.operation();
        let prepared = if takes_evidence(self.before.dispute.state) {
            prepared
        } else {
            // "Not in this state" says then what the state says too.
            prepared.refused_by(WRONG_STATE)
        };
        let sent = prepared.send(shop, operation, &body, |_| Default::default());
        match sent.await {
            Ok(made) => Ok(made),
            Err(error) => Err(with_situation(shop, number, error).await),
        }
    }
}

/// What makes two handings-in the same.
fn fingerprint(words: &str, images: &[String]) -> String {
    let mut hash = Sha256::new();
    for part in std::iter::once(words).chain(images.iter().map(String::as_str)) {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..8])
}

/// Refuses where no evidence seems to be taken.
fn guard(dispute: &Dispute, number: Id64) -> Result<()> {
    if takes_evidence(dispute.state) {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Refused,
        text!(
            "dispute {number} does not accept evidence from you now: {state}",
            number = number.to_string(),
            state = dispute.state.words()
        ),
    )
    .also(situation(dispute))
    .hint(text!(
        "nothing was sent; WeChat does not document which states accept evidence; use --force to try"
    ))
    .into())
}

/// For whom it waits and until when, a sentence each.
fn situation(dispute: &Dispute) -> Vec<Text> {
    let mut lines = Vec::new();
    match dispute.state.waits_for() {
        Some(who) => lines.push(text!("it waits for {who}", who = who.words())),
        None if matches!(dispute.state, State::Unknown(_)) => {}
        None => lines.push(text!("it has ended; nothing more can be done")),
    }
    if let Some(deadline) = dispute.deadline() {
        lines.push(text!(
            "until {time} {who} can {what}; otherwise {then}",
            time = ChinaTime::from_unix(deadline.at).0,
            who = deadline.who.words(),
            what = deadline.what,
            then = deadline.then
        ));
    }
    lines
}

/// A failure with how the dispute stands, where that can be read.
async fn with_situation(shop: &Shop, number: Id64, error: anyhow::Error) -> anyhow::Error {
    let mut failure = Failure::from_any(error);
    if failure.errcode == Some(WRONG_STATE)
        && let Ok(found) = shop.read_dispute(number).await
    {
        failure.also.extend(situation(&found.value.dispute));
    }
    failure.into()
}
