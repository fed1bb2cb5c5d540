//! After-sales as the platform moves them: who may do what from which state, until when, and what happens when nobody
//! does. The sandbox has a machine of its own, so that one can be held against the other.
//!
//! Long because the table of states stands in one piece.

use super::deadline::{Actor, Deadline};
use super::order::Receiver;
use super::serial;
use crate::lang::Text;
use crate::text;
use crate::types::Fen;
use crate::types::span::HOUR;
use clap::ValueEnum;
use serde::Serialize;

serial::named!(Kind, State, Reason);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Money back, nothing returned.
    Refund,
    /// Goods come back, then the money.
    Return,
    /// Other goods instead; of ordinary orders alone.
    Exchange,
    /// A number of the platform that nobody has described; 0 where none came.
    Unknown(i64),
}

impl Kind {
    /// In machine output.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Refund => "refund",
            Kind::Return => "return",
            Kind::Exchange => "exchange",
            Kind::Unknown(_) => "unknown",
        }
    }

    /// For people.
    pub fn words(self) -> Text {
        match self {
            Kind::Refund => text!("refund"),
            Kind::Return => text!("return and refund"),
            Kind::Exchange => text!("exchange"),
            Kind::Unknown(0) => text!("unreadable"),
            Kind::Unknown(number) => Text::verbatim(number.to_string()),
        }
    }
}

/// How far an after-sale is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// The merchant answers.
    RefundRequested,
    /// The merchant answers.
    ReturnRequested,
    RefundRejected,
    ReturnRejected,
    /// The buyer has to send the goods.
    AwaitingReturn,
    /// The goods are on their way back; the merchant receives them.
    ReturnShipped,
    /// The refund is being paid.
    Refunding,
    /// The refund could not be paid: the merchant pays outside.
    RefundFailed,
    Refunded,
    /// The platform decides on a rejected refund.
    RefundDisputed,
    /// The platform decides on a rejected return.
    ReturnDisputed,
    /// By the buyer.
    Cancelled,
    Closed,
    /// A number of the platform that nobody has described (any more); 0 where none came.
    Unknown(i64),
}

impl State {
    /// In machine output.
    pub fn name(self) -> &'static str {
        match self {
            State::Cancelled => "cancelled",
            State::RefundRequested => "refund_requested",
            State::RefundRejected => "refund_rejected",
            State::ReturnRejected => "return_rejected",
            State::AwaitingReturn => "awaiting_return",
            State::Closed => "closed",
            State::ReturnShipped => "return_shipped",
            State::Refunding => "refunding",
            State::Refunded => "refunded",
            State::RefundDisputed => "refund_disputed",
            State::ReturnRequested => "return_requested",
            State::ReturnDisputed => "return_disputed",
            State::RefundFailed => "refund_failed",
            State::Unknown(_) => "unknown",
        }
    }

    /// For people.
    pub fn words(self) -> Text {
        match self {
            State::Cancelled => text!("cancelled by buyer"),
            State::RefundRequested => text!("refund requested"),
            State::RefundRejected => text!("refund rejected"),
            State::ReturnRejected => text!("return rejected"),
            State::AwaitingReturn => text!("awaiting return"),
            State::Closed => text!("closed"),
            State::ReturnShipped => text!("return on its way"),
            State::Refunding => text!("refunding"),
            State::Refunded => text!("refunded"),
            State::RefundDisputed => text!("refund disputed"),
            State::ReturnRequested => text!("return requested"),
            State::ReturnDisputed => text!("return disputed"),
            State::RefundFailed => text!("refund failed"),
            State::Unknown(0) => text!("unreadable"),
            State::Unknown(number) => Text::verbatim(number.to_string()),
        }
    }

    /// Whether an after-sale in this state can still move. One that nobody knows may.
    pub fn is_open(self) -> bool {
        stage(self).is_none_or(|stage| !stage.moves.is_empty())
    }

    /// Whether an order must not be shipped while its after-sale is in this state.
    pub fn may_stop_parcels(self) -> bool {
        !matches!(self, State::Refunded | State::Cancelled | State::Closed)
    }

    /// Whether it ended without a refund.
    pub fn is_void(self) -> bool {
        matches!(self, State::Cancelled | State::Closed)
    }

    /// Whether the merchant refused the request.
    pub fn is_refused(self) -> bool {
        matches!(
            self,
            State::RefundRejected
                | State::ReturnRejected
                | State::RefundDisputed
                | State::ReturnDisputed
        )
    }

    /// Whether the request was accepted: the refund is on its way or done, or the buyer sends the goods.
    pub fn is_accepted(self) -> bool {
        matches!(
            self,
            State::Refunding
                | State::Refunded
                | State::RefundFailed
                | State::AwaitingReturn
                | State::ReturnShipped
        )
    }
}

/// Why the buyer wants it, by the list of summer 2022.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Reason {
    /// Out of stock
    OutOfStock,
    /// Not shipped in the promised time
    ShippingTime,
    /// No longer wanted
    NotWanted,
    /// Wrong address
    WrongAddress,
    /// Bought by mistake, too many or not wanted
    Mistake,
    /// Parcel damaged or dirty
    Damaged,
    /// Missing, wrong or not as described
    NotAsDescribed,
    /// Waybill number invalid
    BadTracking,
    /// Logistics stalled over 72 hours
    Stalled,
    /// Carrier cannot reach the address
    Unreachable,
    /// Shown as signed but not received
    NotReceived,
    /// Quality
    Quality,
    /// Other
    Other,
}

impl Reason {
    /// In machine output.
    pub fn name(self) -> &'static str {
        match self {
            Reason::OutOfStock => "out_of_stock",
            Reason::ShippingTime => "shipping_time",
            Reason::NotWanted => "not_wanted",
            Reason::WrongAddress => "wrong_address",
            Reason::Mistake => "mistake",
            Reason::Damaged => "damaged",
            Reason::NotAsDescribed => "not_as_described",
            Reason::BadTracking => "bad_tracking",
            Reason::Stalled => "stalled",
            Reason::Unreachable => "unreachable",
            Reason::NotReceived => "not_received",
            Reason::Quality => "quality",
            Reason::Other => "other",
        }
    }

    /// Shown to operators; in Chinese it is the text that buyers see where none is given.
    pub fn words(self) -> Text {
        match self {
            Reason::OutOfStock => text!("out of stock"),
            Reason::ShippingTime => text!("not shipped in the promised time"),
            Reason::NotWanted => text!("no longer wanted"),
            Reason::WrongAddress => text!("wrong address"),
            Reason::Mistake => text!("bought by mistake, too many or not wanted"),
            Reason::Damaged => text!("parcel damaged or dirty"),
            Reason::NotAsDescribed => text!("missing, wrong or not as described"),
            Reason::BadTracking => text!("tracking number invalid"),
            Reason::Stalled => text!("logistics stalled over 72 hours"),
            Reason::Unreachable => text!("carrier cannot reach the address"),
            Reason::NotReceived => text!("shown as signed but not received"),
            Reason::Quality => text!("quality"),
            Reason::Other => text!("other"),
        }
    }
}

/// Creating and changing one after-sale together.
pub const MOST_CHANGES: i64 = 5;

/// What can be done to an after-sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    AcceptRefund,
    AcceptReturn,
    Reject,
    ReturnAddress,
    Certificates,
    Update,
    Cancel,
    ReturnInfo,
    CancelPickUp,
    AskPlatform,
    ConfirmCertificates,
    Verdict,
    PayOut,
}

impl Step {
    /// The verb that does it. `None`: it can only be done inside WeChat.
    pub fn command(self) -> Option<&'static str> {
        Some(match self {
            Step::AcceptRefund => "aftersale accept-refund",
            Step::AcceptReturn => "aftersale accept-return",
            Step::Reject => "aftersale reject",
            Step::ReturnAddress => "aftersale return-address",
            Step::Certificates => "aftersale certificates",
            Step::Update => "aftersale update",
            Step::Cancel => "aftersale cancel",
            Step::ReturnInfo => "aftersale return-info",
            Step::CancelPickUp
            | Step::AskPlatform
            | Step::ConfirmCertificates
            | Step::Verdict
            | Step::PayOut => return None,
        })
    }

    /// As it follows "can" in a sentence.
    pub fn words(self) -> Text {
        match self {
            Step::AcceptRefund => text!("accept the refund"),
            Step::AcceptReturn => text!("accept the return"),
            Step::Reject => text!("reject"),
            Step::ReturnAddress => text!("change the return address"),
            Step::Certificates => text!("submit proof of a refund made outside"),
            Step::Update => text!("change the request"),
            Step::Cancel => text!("cancel"),
            Step::ReturnInfo => text!("send the goods back"),
            Step::CancelPickUp => text!("cancel the pick-up"),
            Step::AskPlatform => text!("ask the platform to step in"),
            Step::ConfirmCertificates => text!("confirm the refund made outside"),
            Step::Verdict => text!("decide"),
            Step::PayOut => text!("pay the refund out"),
        }
    }
}

/// What a move asks beyond its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    Always,
    /// `type` 1.
    Refund,
    /// `type` 2.
    Return,
    /// The goods were not sent back yet: afterwards only the platform can be asked.
    BeforeReturn,
}

/// One thing that may be done, by whom, and where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    pub who: Actor,
    pub step: Step,
    only: Only,
    /// More than one where the documents name more than one, or where the outcome decides.
    pub to: &'static [State],
}

/// What the clock does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub who: Actor,
    /// Seconds from the last change.
    pub seconds: i64,
    pub to: State,
}

/// One state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    pub state: State,
    pub moves: &'static [Move],
    pub limit: Option<Limit>,
}

impl Move {
    /// Whether an after-sale in this state may be there because of this move: it leads there, or to where the platform
    /// or the buyer alone go on.
    pub fn leads_to(&self, state: State) -> bool {
        let goes_on = |from: &State| {
            matches!(
                (from, state),
                (State::Refunding, State::Refunded | State::RefundFailed)
                    | (State::AwaitingReturn, State::ReturnShipped)
            )
        };
        self.to.contains(&state) || self.to.iter().any(goes_on)
    }
}

const fn by(who: Actor, step: Step, only: Only, to: &'static [State]) -> Move {
    Move {
        who,
        step,
        only,
        to,
    }
}

const fn limit(who: Actor, hours: i64, to: State) -> Option<Limit> {
    Some(Limit {
        who,
        seconds: hours * HOUR,
        to,
    })
}

use Actor::{Buyer, Merchant, Platform};
use Only::{Always, BeforeReturn, Refund, Return};

/// Every state that is documented.
pub const STAGES: &[Stage] = &[
    Stage {
        state: State::RefundRequested,
        moves: &[
            by(Merchant, Step::AcceptRefund, Refund, &[State::Refunding]),
            by(Merchant, Step::Reject, Always, &[State::RefundRejected]),
            by(Buyer, Step::Update, Always, &[State::RefundRequested]),
            by(Buyer, Step::Cancel, Always, &[State::Cancelled]),
        ],
        limit: limit(Merchant, 48, State::Refunding),
    },
    Stage {
        state: State::ReturnRequested,
        moves: &[
            by(
                Merchant,
                Step::AcceptReturn,
                Return,
                &[State::AwaitingReturn],
            ),
            by(Merchant, Step::Reject, Always, &[State::ReturnRejected]),
            by(
                Merchant,
                Step::ReturnAddress,
                Always,
                &[State::ReturnRequested],
            ),
            by(Buyer, Step::Update, Always, &[State::ReturnRequested]),
            by(Buyer, Step::Cancel, Always, &[State::Cancelled]),
        ],
        limit: limit(Merchant, 48, State::AwaitingReturn),
    },
    Stage {
        state: State::RefundRejected,
        moves: &[
            by(Buyer, Step::Update, BeforeReturn, &[State::RefundRequested]),
            by(Buyer, Step::Cancel, Always, &[State::Cancelled]),
            by(Buyer, Step::AskPlatform, Always, &[State::RefundDisputed]),
        ],
        limit: limit(Buyer, 7 * 24, State::Closed),
    },
    Stage {
        state: State::ReturnRejected,
        moves: &[
            by(
                Merchant,
                Step::ReturnAddress,
                BeforeReturn,
                &[State::ReturnRejected],
            ),
            by(Buyer, Step::Update, BeforeReturn, &[State::ReturnRequested]),
            by(Buyer, Step::Cancel, Always, &[State::Cancelled]),
            by(Buyer, Step::AskPlatform, Always, &[State::ReturnDisputed]),
        ],
        limit: limit(Buyer, 7 * 24, State::Closed),
    },
    Stage {
        state: State::AwaitingReturn,
        moves: &[
            by(Buyer, Step::ReturnInfo, Always, &[State::ReturnShipped]),
            by(Buyer, Step::Cancel, Always, &[State::Cancelled]),
        ],
        limit: limit(Buyer, 7 * 24, State::Closed),
    },
    Stage {
        state: State::ReturnShipped,
        moves: &[
            by(Merchant, Step::AcceptRefund, Return, &[State::Refunding]),
            by(
                Merchant,
                Step::Reject,
                Always,
                &[State::ReturnRejected, State::RefundRejected],
            ),
            by(Buyer, Step::CancelPickUp, Always, &[State::AwaitingReturn]),
            by(Buyer, Step::Cancel, Always, &[State::Cancelled]),
        ],
        limit: limit(Merchant, 10 * 24, State::Refunding),
    },
    Stage {
        state: State::RefundDisputed,
        moves: &[by(
            Platform,
            Step::Verdict,
            Always,
            &[State::Refunding, State::Closed],
        )],
        limit: None,
    },
    Stage {
        state: State::ReturnDisputed,
        moves: &[
            by(
                Platform,
                Step::Verdict,
                Always,
                &[State::AwaitingReturn, State::Refunding, State::Closed],
            ),
            by(
                Merchant,
                Step::ReturnAddress,
                BeforeReturn,
                &[State::ReturnDisputed],
            ),
        ],
        limit: None,
    },
    Stage {
        state: State::Refunding,
        moves: &[by(
            Platform,
            Step::PayOut,
            Always,
            &[State::Refunded, State::RefundFailed],
        )],
        limit: None,
    },
    Stage {
        state: State::RefundFailed,
        moves: &[
            by(Merchant, Step::Certificates, Always, &[State::RefundFailed]),
            by(Buyer, Step::ConfirmCertificates, Always, &[State::Refunded]),
        ],
        limit: None,
    },
    Stage {
        state: State::Refunded,
        moves: &[],
        limit: None,
    },
    Stage {
        state: State::Cancelled,
        moves: &[],
        limit: None,
    },
    Stage {
        state: State::Closed,
        moves: &[],
        limit: None,
    },
];

/// A state by its number; `None` for one that is not documented (any more).
pub fn stage(state: State) -> Option<&'static Stage> {
    STAGES.iter().find(|stage| stage.state == state)
}

/// Whether a state may follow another in one move of anybody, or of the clock.
pub fn follows(from: State, to: State) -> bool {
    stage(from).is_some_and(|stage| {
        stage.moves.iter().any(|step| step.to.contains(&to))
            || stage.limit.is_some_and(|limit| limit.to == to)
    })
}

/// What of an after-sale decides what may be done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub kind: Kind,
    pub state: State,
    /// Whether the buyer has sent the goods back, or ordered their pick-up.
    pub sent_back: bool,
    /// Of the last change, unix seconds; `None` where that cannot be read.
    pub changed_at: Option<i64>,
}

impl Case {
    /// What anybody may do now.
    pub fn moves(self) -> impl Iterator<Item = &'static Move> {
        let moves = stage(self.state).map_or(&[][..], |stage| stage.moves);
        moves.iter().filter(move |step| match step.only {
            Only::Always => true,
            Only::Refund => self.kind == Kind::Refund,
            Only::Return => self.kind == Kind::Return,
            Only::BeforeReturn => !self.sent_back,
        })
    }

    /// The move that a step is now, if it is possible.
    pub fn may(self, step: Step) -> Option<&'static Move> {
        self.moves().find(|known| known.step == step)
    }

    /// Whether it stands where this step leads already, and cannot take it again. A refund that failed is none.
    pub fn stands_after(self, step: Step) -> bool {
        let paid = self.state == State::Refunded;
        let leads_here = |known: &Move| {
            known.step == step
                && (known.to.contains(&self.state) || paid && known.to.contains(&State::Refunding))
        };
        let moves = STAGES.iter().flat_map(|stage| stage.moves);
        self.may(step).is_none() && moves.into_iter().any(leads_here)
    }

    /// When this state ends by itself. The platform states how long, not from when: it is counted from the last
    /// change here. `None` where nothing runs out, and where the last change cannot be read.
    pub fn deadline(self) -> Option<Deadline> {
        let limit = stage(self.state)?.limit?;
        let changed_at = self.changed_at?;
        let (what, then) = match self.state {
            State::RefundRequested => (
                text!("accept or reject the refund"),
                text!("it counts as accepted and is refunded"),
            ),
            State::ReturnRequested => (
                text!("accept or reject the return"),
                text!("it counts as accepted, and the buyer sends the goods back"),
            ),
            State::AwaitingReturn => (text!("send the goods back"), text!("it is closed")),
            State::ReturnShipped => (
                text!("accept or reject the returned goods"),
                text!("the goods count as received, and it is refunded"),
            ),
            _ => (
                text!("change it, cancel it or ask the platform"),
                text!("it is closed"),
            ),
        };
        Some(Deadline {
            what,
            who: limit.who,
            at: changed_at.saturating_add(limit.seconds),
            then,
        })
    }
}

/// Why `step` is not possible in words of its own, where the state alone does not explain it.
pub fn misunderstanding(case: Case, step: Step) -> Option<Text> {
    match (step, case.kind, case.state) {
        (Step::AcceptRefund, Kind::Return, State::RefundRequested | State::ReturnRequested) => {
            Some(text!(
                "this is a return: accept the return first; accept-refund is for when the goods have come back"
            ))
        }
        (Step::AcceptRefund, Kind::Return, State::AwaitingReturn) => Some(text!(
            "the buyer has not sent the goods yet; use accept-refund only once they have come back in good condition"
        )),
        (Step::AcceptReturn, Kind::Refund, State::RefundRequested) => Some(text!(
            "this is a refund without return: nothing comes back; accept-refund pays it"
        )),
        (Step::Update, _, State::RefundRejected | State::ReturnRejected) if case.sent_back => {
            Some(text!(
                "once the returned goods are rejected, the buyer can only ask the platform to step in"
            ))
        }
        (Step::ReturnAddress, _, _) => Some(text!(
            "the return address is fixed once the return has been accepted"
        )),
        _ => None,
    }
}

/// An after-sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Aftersale {
    /// The platform's number.
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub id: String,
    /// The merchant's; empty for one that a buyer opened inside WeChat.
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub own_number: String,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub order_id: String,
    /// The merchant's number of the order.
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub order_number: String,
    /// Openid of the buyer.
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub buyer: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub state: State,
    /// Money to refund; `None` where that cannot be read.
    pub amount: Option<Fen>,
    pub reason: Option<Reason>,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub reason_text: String,
    /// The merchant's numbers of the one SKU that it is about.
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub product: String,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub sku: String,
    pub count: Option<i64>,
    /// The parcel that came back, if it is on its way.
    pub returned: Option<Returned>,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub refund_number: String,
    /// Where the buyer sends the goods.
    pub return_address: Receiver,
    /// Addresses of evidence.
    pub media: Vec<String>,
    pub disputes: Vec<String>,
    /// Unix milliseconds.
    #[serde(rename = "opened_at", serialize_with = "serial::millis")]
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub opened_ms: Option<i64>,
    #[serde(rename = "changed_at", serialize_with = "serial::millis")]
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub changed_ms: Option<i64>,
}

/// How the goods came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Returned {
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub carrier: String,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub carrier_name: String,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub waybill: String,
    /// Unix milliseconds.
    #[serde(rename = "sent_at", serialize_with = "serial::millis")]
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub sent_ms: Option<i64>,
}

impl Aftersale {
    /// What decides about what may be done to it.
    pub fn case(&self) -> Case {
        let changed = self.changed_ms.or(self.opened_ms);
        Case {
            kind: self.kind,
            state: self.state,
            sent_back: self.returned.is_some(),
            changed_at: changed.map(|millis| millis.div_euclid(1000)),
        }
    }

    /// When its state ends by itself.
    pub fn deadline(&self) -> Option<Deadline> {
        self.case().deadline()
    }

    /// Whether something may run out that cannot be told: its state or its last change is unreadable. It must not be
    /// taken for one that has time.
    pub fn is_unreadable(&self) -> bool {
        let case = self.case();
        let has_limit = stage(case.state).is_some_and(|stage| stage.limit.is_some());
        case.state == State::Unknown(0) || has_limit && case.changed_at.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(kind: Kind, state: State, sent_back: bool) -> Case {
        Case {
            kind,
            state,
            sent_back,
            changed_at: Some(1_648_742_400),
        }
    }

    /// The table of the reference, read by hand: state, type, what each side may do, hours of the clock, what follows.
    #[test]
    fn who_may_do_what_until_when() {
        use Step::*;
        type Line = (
            State,
            Kind,
            &'static [Step],
            &'static [Step],
            Option<(Actor, i64, State)>,
        );
        let table: &[Line] = &[
            (
                State::RefundRequested,
                Kind::Refund,
                &[AcceptRefund, Reject],
                &[Update, Cancel],
                Some((Merchant, 48, State::Refunding)),
            ),
            (
                State::ReturnRequested,
                Kind::Return,
                &[AcceptReturn, Reject, ReturnAddress],
                &[Update, Cancel],
                Some((Merchant, 48, State::AwaitingReturn)),
            ),
            (
                State::RefundRejected,
                Kind::Refund,
                &[],
                &[Update, Cancel, AskPlatform],
                Some((Buyer, 168, State::Closed)),
            ),
            (
                State::ReturnRejected,
                Kind::Return,
                &[ReturnAddress],
                &[Update, Cancel, AskPlatform],
                Some((Buyer, 168, State::Closed)),
            ),
            (
                State::AwaitingReturn,
                Kind::Return,
                &[],
                &[ReturnInfo, Cancel],
                Some((Buyer, 168, State::Closed)),
            ),
            (
                State::ReturnShipped,
                Kind::Return,
                &[AcceptRefund, Reject],
                &[CancelPickUp, Cancel],
                Some((Merchant, 240, State::Refunding)),
            ),
            (State::Refunding, Kind::Refund, &[], &[], None),
            (
                State::RefundFailed,
                Kind::Refund,
                &[Certificates],
                &[ConfirmCertificates],
                None,
            ),
            (State::Refunded, Kind::Refund, &[], &[], None),
            (State::Cancelled, Kind::Refund, &[], &[], None),
            (State::Closed, Kind::Refund, &[], &[], None),
            (State::RefundDisputed, Kind::Refund, &[], &[], None),
            (
                State::ReturnDisputed,
                Kind::Return,
                &[ReturnAddress],
                &[],
                None,
            ),
        ];
        assert_eq!(table.len(), STAGES.len(), "every state has a line");
        for (state, kind, merchant, buyer, clock) in table {
            let case = case(*kind, *state, false);
            let of = |who: Actor| -> Vec<Step> {
                case.moves()
                    .filter(|step| step.who == who)
                    .map(|step| step.step)
                    .collect()
            };
            assert_eq!(
                (of(Merchant), of(Buyer)),
                (merchant.to_vec(), buyer.to_vec()),
                "{state:?}"
            );
            let limit = stage(*state).expect("a state").limit;
            let limit = limit.map(|limit| (limit.who, limit.seconds / 3600, limit.to));
            assert_eq!(limit, *clock, "{state:?}");
        }
    }

    #[test]
    fn accepting_a_refund_means_two_things() {
        assert_eq!(
            case(Kind::Refund, State::RefundRequested, false)
                .may(Step::AcceptRefund)
                .map(|step| step.to),
            Some(&[State::Refunding][..])
        );
        assert_eq!(
            case(Kind::Return, State::ReturnShipped, true)
                .may(Step::AcceptRefund)
                .map(|step| step.to),
            Some(&[State::Refunding][..])
        );
        for state in [
            State::RefundRequested,
            State::ReturnRequested,
            State::AwaitingReturn,
        ] {
            let case = case(Kind::Return, state, false);
            assert_eq!(case.may(Step::AcceptRefund), None);
            assert!(
                misunderstanding(case, Step::AcceptRefund).is_some(),
                "{state:?}"
            );
        }
    }

    #[test]
    fn after_refused_goods_only_the_platform_can_be_asked() {
        let refused = case(Kind::Return, State::ReturnRejected, true);
        assert_eq!(refused.may(Step::Update), None);
        assert!(refused.may(Step::AskPlatform).is_some());
        assert!(
            case(Kind::Return, State::ReturnRejected, false)
                .may(Step::Update)
                .is_some()
        );
    }

    #[test]
    fn without_its_last_change_nothing_is_said_of_a_deadline() {
        let asked = case(Kind::Refund, State::RefundRequested, false);
        assert_eq!(
            asked.deadline().map(|deadline| deadline.at),
            Some(1_648_742_400 + 172_800)
        );
        let unread = Case {
            changed_at: None,
            ..asked
        };
        assert_eq!(unread.deadline(), None);
        assert_eq!(
            case(Kind::Refund, State::Unknown(17), false).deadline(),
            None
        );
    }

    #[test]
    fn every_edge_leads_to_a_documented_state() {
        for stage in STAGES {
            let ends = stage.moves.iter().flat_map(|step| step.to).copied();
            for to in ends.chain(stage.limit.map(|limit| limit.to)) {
                assert!(
                    super::stage(to).is_some() && follows(stage.state, to),
                    "{:?} → {to:?}",
                    stage.state
                );
            }
        }
        assert!(!follows(State::RefundRequested, State::Refunded));
        assert!(!follows(State::Refunded, State::RefundRequested));
        assert!(
            State::Unknown(17).is_open(),
            "an unknown state may still move"
        );
    }
}
