//! What buyers, the platform and the keeper do about after-sales and disputes of the shop in a box.

use super::Sandbox;
use super::rules::component::aftersale::{self, Aftersale, Sent};
use super::rules::component::complaint::{self, Complaint, Party};
use super::store::{Document, Filter};
use crate::types::Fen;
use anyhow::Result;
use serde_json::json;

pub use super::rules::Happening;
pub use super::rules::component::aftersale::{Give, Request as AftersaleRequest};
pub use super::rules::component::complaint::Side;

/// What was opened, and that it was.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The platform's number.
    pub number: i64,
    pub happening: Happening,
}

impl From<(i64, Happening)> for Opened {
    fn from((number, happening): (i64, Happening)) -> Opened {
        Opened { number, happening }
    }
}

impl Sandbox {
    /// The buyer asks for money back in WeChat.
    pub fn buyer_refund(&mut self, request: &AftersaleRequest) -> Result<Opened> {
        self.write(|tx| Ok(aftersale::buyer_opens(tx, request)?.into()))
    }

    /// The buyer asks for another amount.
    pub fn buyer_changes_aftersale(&mut self, number: &str, amount: Fen) -> Result<Happening> {
        self.write(|tx| Ok(aftersale::buyer_changes(tx, number, amount)?))
    }

    pub fn buyer_cancels_aftersale(&mut self, number: &str) -> Result<Happening> {
        self.write(|tx| Ok(aftersale::buyer_cancels(tx, number)?))
    }

    /// The buyer sends the goods back, or changes the data of the parcel. An empty waybill: WeChat picks it up.
    pub fn buyer_ships_back(
        &mut self,
        number: &str,
        (delivery_id, delivery_name): (&str, &str),
        waybill_id: &str,
    ) -> Result<Happening> {
        let parcel = Sent {
            delivery_id: delivery_id.into(),
            delivery_name: delivery_name.into(),
            waybill_id: waybill_id.into(),
            at: 0,
        };
        self.write(|tx| Ok(aftersale::send_back(tx, number, parcel)?))
    }

    pub fn buyer_cancels_pick_up(&mut self, number: &str) -> Result<Happening> {
        self.write(|tx| Ok(aftersale::cancel_pick_up(tx, number)?))
    }

    /// The buyer asks the platform to judge a refused after-sale. `kind` as the platform numbers complaints.
    pub fn buyer_disputes(&mut self, number: &str, kind: i64, words: &str) -> Result<Opened> {
        self.write(|tx| Ok(aftersale::ask_platform(tx, number, kind, words)?.into()))
    }

    /// The buyer hands in evidence.
    pub fn buyer_evidence(&mut self, dispute: &str, words: &str) -> Result<Happening> {
        let material = json!({"content": words, "media_url_list": []});
        self.write(|tx| {
            let id = complaint::by_number(tx, dispute)?.id;
            Ok(complaint::evidence(tx, id, Party::Buyer, material)?)
        })
    }

    /// The buyer says that a refund made outside has come, or has not: then the platform looks at the proof.
    pub fn buyer_judges_proof(&mut self, number: &str, came: bool, words: &str) -> Result<Opened> {
        self.write(|tx| {
            if came {
                let id = aftersale::by_number(tx, number)?.id;
                Ok((id, aftersale::buyer_confirms_proof(tx, number)?).into())
            } else {
                Ok(complaint::doubt_proof(tx, number, words)?.into())
            }
        })
    }

    /// The next refund of an after-sale cannot be paid out.
    pub fn fail_refund(&mut self, number: &str) -> Result<Happening> {
        self.write(|tx| Ok(aftersale::fail_next_refund(tx, number)?))
    }

    /// Support asks for evidence.
    pub fn ask_for_evidence(&mut self, dispute: &str, of: Side) -> Result<Happening> {
        self.write(|tx| Ok(complaint::ask(tx, dispute, of)?))
    }

    /// The verdict in a dispute.
    pub fn decide_dispute(&mut self, dispute: &str, liable: Side, give: Give) -> Result<Happening> {
        self.write(|tx| Ok(complaint::decide(tx, dispute, liable, give)?))
    }

    /// Whether a proof that the buyer doubts is good.
    pub fn decide_proof(&mut self, dispute: &str, good: bool) -> Result<Happening> {
        self.write(|tx| Ok(complaint::judge_proof(tx, dispute, good)?))
    }

    /// Every after-sale, the oldest first.
    pub fn aftersales(&mut self) -> Result<Vec<Document<Aftersale>>> {
        self.write(|tx| Ok(tx.all(aftersale::NOUN, &Filter::default())?))
    }

    /// Every dispute, the oldest first.
    pub fn disputes(&mut self) -> Result<Vec<Document<Complaint>>> {
        self.write(|tx| Ok(tx.all(complaint::NOUN, &Filter::default())?))
    }
}
