//! Disputes as the platform moves them: for whom each state waits, and whether the merchant's evidence is taken in it.
//!
//! No page of the platform lists the states that take evidence. The set here follows from their names and is
//! unconfirmed; the platform answers 21001 where it sees it otherwise.

use super::deadline::{Actor, Deadline};
use super::serial;
use crate::lang::Text;
use crate::text;
use crate::types::span::DAY;
use serde::Serialize;

serial::named!(State, Party);

/// How far a dispute is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    MerchantHandles,
    SupportHandles,
    BuyerEvidence,
    MerchantEvidence,
    BothEvidence,
    BuyerMissing,
    MerchantMissing,
    AwaitingVerdict,
    AftersaleRuns,
    ProofChecked,
    Finished,
    Closed,
    ReturnDisputed,
    BuyerReturnEvidence,
    MerchantReturnEvidence,
    BothReturnEvidence,
    BuyerReturnMissing,
    MerchantReturnMissing,
    ReturnChecked,
    /// A number of the platform that nobody has described; 0 where none came.
    Unknown(i64),
}

impl State {
    /// In machine output.
    pub fn name(self) -> &'static str {
        match self {
            State::MerchantHandles => "merchant_handles",
            State::SupportHandles => "support_handles",
            State::BuyerEvidence => "buyer_evidence",
            State::MerchantEvidence => "merchant_evidence",
            State::BothEvidence => "both_evidence",
            State::BuyerMissing => "buyer_missing",
            State::MerchantMissing => "merchant_missing",
            State::AwaitingVerdict => "awaiting_verdict",
            State::AftersaleRuns => "aftersale_runs",
            State::ProofChecked => "proof_checked",
            State::Finished => "finished",
            State::Closed => "closed",
            State::ReturnDisputed => "return_disputed",
            State::BuyerReturnEvidence => "buyer_return_evidence",
            State::MerchantReturnEvidence => "merchant_return_evidence",
            State::BothReturnEvidence => "both_return_evidence",
            State::BuyerReturnMissing => "buyer_return_missing",
            State::MerchantReturnMissing => "merchant_return_missing",
            State::ReturnChecked => "return_checked",
            State::Unknown(_) => "unknown",
        }
    }

    /// For people.
    pub fn words(self) -> Text {
        match self {
            State::MerchantHandles => text!("you to handle it"),
            State::SupportHandles => text!("with support"),
            State::BuyerEvidence => text!("buyer to give evidence"),
            State::MerchantEvidence => text!("you to give evidence"),
            State::BothEvidence => text!("both to give evidence"),
            State::BuyerMissing => text!("buyer to add evidence"),
            State::MerchantMissing => text!("you to add evidence"),
            State::AwaitingVerdict => text!("awaiting verdict"),
            State::AftersaleRuns => text!("after-sale resumed"),
            State::ProofChecked => text!("checking refund proof"),
            State::Finished => text!("finished"),
            State::Closed => text!("closed"),
            State::ReturnDisputed => text!("return: with support"),
            State::BuyerReturnEvidence => text!("return: buyer to give evidence"),
            State::MerchantReturnEvidence => text!("return: you to give evidence"),
            State::BothReturnEvidence => text!("return: both to give evidence"),
            State::BuyerReturnMissing => text!("return: buyer to add evidence"),
            State::MerchantReturnMissing => text!("return: you to add evidence"),
            State::ReturnChecked => text!("return: checking evidence"),
            State::Unknown(0) => text!("unreadable"),
            State::Unknown(number) => Text::verbatim(number.to_string()),
        }
    }

    /// Whose move it is; `None` at the end and where nobody knows.
    pub fn waits_for(self) -> Option<Actor> {
        stage(self)?.who
    }

    /// How long it lasts, in seconds, where nobody acts; `None` where it does not end by itself. The platform
    /// names the moment in every dispute and no page says how it is reckoned, so that these lengths are assumed.
    pub fn lasts(self) -> Option<i64> {
        match self {
            State::MerchantHandles => Some(DAY),
            _ if self.awaits_evidence() => Some(3 * DAY),
            _ => None,
        }
    }

    /// Whether evidence is awaited, from whomever.
    pub fn awaits_evidence(self) -> bool {
        matches!(
            self,
            State::BuyerEvidence
                | State::MerchantEvidence
                | State::BothEvidence
                | State::BuyerMissing
                | State::MerchantMissing
                | State::BuyerReturnEvidence
                | State::MerchantReturnEvidence
                | State::BothReturnEvidence
                | State::BuyerReturnMissing
                | State::MerchantReturnMissing
        )
    }

    /// Whether it is about returned goods that were refused.
    pub fn is_of_return(self) -> bool {
        matches!(
            self,
            State::ReturnDisputed
                | State::BuyerReturnEvidence
                | State::MerchantReturnEvidence
                | State::BothReturnEvidence
                | State::BuyerReturnMissing
                | State::MerchantReturnMissing
                | State::ReturnChecked
        )
    }

    /// Whether the platform can give its verdict.
    pub fn may_be_judged(self) -> bool {
        let judged = stage(self).is_some_and(|stage| stage.to.contains(&State::AftersaleRuns));
        judged && self != State::ProofChecked
    }

    /// Where evidence leads that a party gives; `None` where none is taken from it.
    pub fn after_evidence(self, by: Party) -> Option<State> {
        Some(match (self, by) {
            (State::BothEvidence, Party::Merchant) => State::BuyerMissing,
            (State::BothEvidence, Party::Buyer) => State::MerchantMissing,
            (State::BothReturnEvidence, Party::Merchant) => State::BuyerReturnMissing,
            (State::BothReturnEvidence, Party::Buyer) => State::MerchantReturnMissing,
            // Buyers may add to what they said.
            (State::AwaitingVerdict, Party::Buyer) => State::AwaitingVerdict,
            (
                State::MerchantEvidence
                | State::MerchantMissing
                | State::MerchantReturnEvidence
                | State::MerchantReturnMissing,
                Party::Merchant,
            )
            | (
                State::BuyerEvidence
                | State::BuyerMissing
                | State::BuyerReturnEvidence
                | State::BuyerReturnMissing,
                Party::Buyer,
            ) => self.complete(),
            _ => return None,
        })
    }

    /// Where it leads where nobody acts in time; `None` where it does not end by itself.
    pub fn after_time(self) -> Option<State> {
        match self {
            State::MerchantHandles => Some(State::SupportHandles),
            _ if self.awaits_evidence() => Some(self.complete()),
            _ => None,
        }
    }

    /// Where it leads once no more evidence is awaited.
    fn complete(self) -> State {
        if self.is_of_return() {
            State::ReturnChecked
        } else {
            State::AwaitingVerdict
        }
    }

    /// Where it leads when the platform asks for evidence; `None` where it does not.
    pub fn when_asked(self, of: Actor) -> Option<State> {
        let first = matches!(
            self,
            State::MerchantHandles | State::SupportHandles | State::AwaitingVerdict
        );
        let again = matches!(self, State::ReturnDisputed | State::ReturnChecked);
        match of {
            Merchant if first => Some(State::MerchantEvidence),
            Buyer if first => Some(State::BuyerEvidence),
            Both if first => Some(State::BothEvidence),
            Merchant if again => Some(State::MerchantReturnEvidence),
            Buyer if again => Some(State::BuyerReturnEvidence),
            Both if again => Some(State::BothReturnEvidence),
            _ => None,
        }
    }

    /// Whether the merchant is waited for, perhaps among others.
    pub fn is_ours(self) -> bool {
        matches!(self.waits_for(), Some(Merchant | Both))
    }
}

/// One state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    pub state: State,
    /// Whose move it is; `None` at the end.
    pub who: Option<Actor>,
    /// Whether the merchant's evidence is taken. Unconfirmed.
    pub takes_evidence: bool,
    /// States that may come next.
    pub to: &'static [State],
}

const fn at(state: State, who: Option<Actor>, takes_evidence: bool, to: &'static [State]) -> Stage {
    Stage {
        state,
        who,
        takes_evidence,
        to,
    }
}

use Actor::{Both, Buyer, Merchant, Platform};

/// Every state. The edges are read from the names of the states and events; no page draws them.
pub const STAGES: &[Stage] = &[
    at(
        State::MerchantHandles,
        Some(Merchant),
        false,
        &[
            State::SupportHandles,
            State::BuyerEvidence,
            State::MerchantEvidence,
            State::BothEvidence,
            State::AwaitingVerdict,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
    at(
        State::SupportHandles,
        Some(Platform),
        false,
        &[
            State::BuyerEvidence,
            State::MerchantEvidence,
            State::BothEvidence,
            State::AwaitingVerdict,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
    at(
        State::BuyerEvidence,
        Some(Buyer),
        false,
        &[
            State::AwaitingVerdict,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
    at(
        State::MerchantEvidence,
        Some(Merchant),
        true,
        &[
            State::AwaitingVerdict,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
    at(
        State::BothEvidence,
        Some(Both),
        true,
        &[
            State::BuyerMissing,
            State::MerchantMissing,
            State::AwaitingVerdict,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
    at(
        State::BuyerMissing,
        Some(Buyer),
        false,
        &[
            State::AwaitingVerdict,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
    at(
        State::MerchantMissing,
        Some(Merchant),
        true,
        &[
            State::AwaitingVerdict,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
    at(
        State::AwaitingVerdict,
        Some(Platform),
        false,
        &[
            State::BuyerEvidence,
            State::MerchantEvidence,
            State::BothEvidence,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
    at(
        State::AftersaleRuns,
        Some(Both),
        false,
        &[
            State::Finished,
            State::Closed,
            State::ReturnDisputed,
            State::ProofChecked,
        ],
    ),
    at(
        State::ProofChecked,
        Some(Platform),
        false,
        &[State::Finished, State::AftersaleRuns],
    ),
    at(State::Finished, None, false, &[]),
    at(State::Closed, None, false, &[]),
    at(
        State::ReturnDisputed,
        Some(Platform),
        false,
        &[
            State::BuyerReturnEvidence,
            State::MerchantReturnEvidence,
            State::BothReturnEvidence,
            State::ReturnChecked,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
    at(
        State::BuyerReturnEvidence,
        Some(Buyer),
        false,
        &[
            State::ReturnChecked,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
    at(
        State::MerchantReturnEvidence,
        Some(Merchant),
        true,
        &[
            State::ReturnChecked,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
    at(
        State::BothReturnEvidence,
        Some(Both),
        true,
        &[
            State::BuyerReturnMissing,
            State::MerchantReturnMissing,
            State::ReturnChecked,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
    at(
        State::BuyerReturnMissing,
        Some(Buyer),
        false,
        &[
            State::ReturnChecked,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
    at(
        State::MerchantReturnMissing,
        Some(Merchant),
        true,
        &[
            State::ReturnChecked,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
    at(
        State::ReturnChecked,
        Some(Platform),
        false,
        &[
            State::BuyerReturnEvidence,
            State::MerchantReturnEvidence,
            State::BothReturnEvidence,
            State::AftersaleRuns,
            State::Finished,
            State::Closed,
        ],
    ),
];

pub fn stage(state: State) -> Option<&'static Stage> {
    STAGES.iter().find(|stage| stage.state == state)
}

/// Whether the merchant's evidence is taken. An unknown state is left to the platform.
pub fn takes_evidence(state: State) -> bool {
    stage(state).is_none_or(|stage| stage.takes_evidence)
}

/// Whether a state may follow another.
pub fn follows(from: State, to: State) -> bool {
    stage(from).is_some_and(|stage| stage.to.contains(&to))
}

/// Who acted in a step of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    Buyer,
    Platform,
    Merchant,
}

impl Party {
    /// In machine output.
    pub fn name(self) -> &'static str {
        match self {
            Party::Buyer => "buyer",
            Party::Platform => "platform",
            Party::Merchant => "merchant",
        }
    }

    /// For people.
    pub fn words(self) -> Text {
        match self {
            Party::Buyer => text!("the buyer"),
            Party::Platform => text!("the platform"),
            Party::Merchant => text!("you"),
        }
    }
}

/// A step of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Event {
    pub party: Option<Party>,
    /// The platform's number of what happened.
    pub event: Option<i64>,
    pub state: State,
    /// Unix milliseconds.
    #[serde(rename = "at", serialize_with = "serial::millis")]
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub at_ms: Option<i64>,
    /// The statement, and addresses of evidence.
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub statement: String,
    pub media: Vec<String>,
}

/// A dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Dispute {
    /// The platform's numbers.
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub id: String,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub order_id: String,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub aftersale_id: String,
    /// Openid of the buyer.
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub buyer: String,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub phone: String,
    pub state: State,
    /// Why, by the platform's number.
    #[serde(rename = "type")]
    pub kind: Option<i64>,
    /// The verdict, by the platform's number.
    pub verdict: Option<i64>,
    /// Unix milliseconds.
    #[serde(rename = "opened_at", serialize_with = "serial::millis")]
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub opened_ms: Option<i64>,
    #[serde(rename = "changed_at", serialize_with = "serial::millis")]
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub changed_ms: Option<i64>,
    /// When the present state ends, unix seconds. The platform names the moment.
    #[serde(serialize_with = "serial::seconds")]
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub expires_at: Option<i64>,
    /// Where something stands that is no moment.
    #[serde(skip)]
    pub expiry_unreadable: bool,
}

impl Dispute {
    /// When its state ends by itself.
    pub fn deadline(&self) -> Option<Deadline> {
        let at = self.expires_at?;
        let stage = stage(self.state)?;
        let (what, then) = match stage.takes_evidence {
            true => (
                text!("submit evidence"),
                text!("it counts as no evidence, and the platform decides without it"),
            ),
            false if stage.who == Some(Buyer) => (
                text!("submit evidence"),
                text!("the platform decides without it"),
            ),
            false => (text!("act"), text!("the platform continues without it")),
        };
        Some(Deadline {
            what,
            who: stage.who?,
            at,
            then,
        })
    }

    /// Whether something may run out that cannot be told.
    pub fn is_unreadable(&self) -> bool {
        self.state == State::Unknown(0) || self.state.is_ours() && self.expiry_unreadable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_taken_where_the_merchant_is_waited_for() {
        for stage in STAGES {
            if stage.takes_evidence {
                assert!(stage.state.is_ours(), "{:?}", stage.state);
            }
            assert!(
                stage.to.iter().all(|to| super::stage(*to).is_some()),
                "{:?}",
                stage.state
            );
            assert_eq!(
                stage.to.is_empty(),
                stage.who.is_none(),
                "{:?}",
                stage.state
            );
        }
        for Stage { state, to, .. } in STAGES {
            let asked = [Merchant, Buyer, Both].map(|of| state.when_asked(of));
            let parties = [Party::Buyer, Party::Merchant];
            let given = parties.map(|by| state.after_evidence(by));
            let all = asked.into_iter().chain(given).chain([state.after_time()]);
            for next in all.flatten().filter(|next| next != state) {
                assert!(to.contains(&next), "{state:?} -> {next:?}");
            }
            assert_eq!(
                state.lasts().is_some(),
                state.after_time().is_some(),
                "{state:?}"
            );
        }
        assert!(
            takes_evidence(State::Unknown(230_099)),
            "an unknown state is the platform's to judge"
        );
    }
}
