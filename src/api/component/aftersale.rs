//! After-sales of controlled orders as the platform moves them: who may do what from which state, until when, and
//! what happens when nobody does. The table says what is documented; the sandbox has a machine of its own, so that one
//! can be held against the other.

use super::deadline::{Actor, Deadline, HOUR, seconds};
use crate::lang::Text;
use crate::text;
use serde_json::Value;

/// `type` of a refund without return.
pub const REFUND: i64 = 1;
/// `type` of a return with refund.
pub const RETURN: i64 = 2;

/// States, by the platform's numbers. Older numbers (12, 14 … 19) may come and mean nothing to this program.
pub const CANCELLED: i64 = 1;
pub const REFUND_ASKED: i64 = 2;
pub const REFUND_REFUSED: i64 = 4;
pub const RETURN_REFUSED: i64 = 5;
pub const WAITING_FOR_RETURN: i64 = 6;
pub const CLOSED: i64 = 7;
pub const RETURN_SENT: i64 = 8;
pub const REFUNDING: i64 = 11;
pub const REFUNDED: i64 = 13;
pub const REFUND_DISPUTED: i64 = 21;
pub const RETURN_ASKED: i64 = 23;
pub const RETURN_DISPUTED: i64 = 24;
pub const REFUND_FAILED: i64 = 25;

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
            Step::Reject => text!("refuse"),
            Step::ReturnAddress => text!("change the return address"),
            Step::Certificates => text!("hand in proof of a refund made outside"),
            Step::Update => text!("change the request"),
            Step::Cancel => text!("cancel"),
            Step::ReturnInfo => text!("send the goods back"),
            Step::CancelPickUp => text!("cancel the pick-up"),
            Step::AskPlatform => text!("ask the platform to judge"),
            Step::ConfirmCertificates => text!("confirm the refund made outside"),
            Step::Verdict => text!("judge"),
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
    pub to: &'static [i64],
}

/// What the clock does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub who: Actor,
    /// Seconds from the last change.
    pub seconds: i64,
    pub to: i64,
    /// The event that tells, which is also what `merchanttest` calls it.
    pub event: &'static str,
}

/// One state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    pub state: i64,
    pub moves: &'static [Move],
    pub limit: Option<Limit>,
}

const fn by(who: Actor, step: Step, only: Only, to: &'static [i64]) -> Move {
    Move {
        who,
        step,
        only,
        to,
    }
}

const fn limit(who: Actor, hours: i64, to: i64, event: &'static str) -> Option<Limit> {
    Some(Limit {
        who,
        seconds: hours * HOUR,
        to,
        event,
    })
}

use Actor::{Buyer, Merchant, Platform};
use Only::{Always, BeforeReturn, Refund, Return};

/// Every state that is documented.
pub const STAGES: &[Stage] = &[
    Stage {
        state: REFUND_ASKED,
        moves: &[
            by(Merchant, Step::AcceptRefund, Refund, &[REFUNDING]),
            by(Merchant, Step::Reject, Always, &[REFUND_REFUSED]),
            by(Buyer, Step::Update, Always, &[REFUND_ASKED]),
            by(Buyer, Step::Cancel, Always, &[CANCELLED]),
        ],
        limit: limit(
            Merchant,
            48,
            REFUNDING,
            "aftersale_merchant_handle_refund_overdue",
        ),
    },
    Stage {
        state: RETURN_ASKED,
        moves: &[
            by(Merchant, Step::AcceptReturn, Return, &[WAITING_FOR_RETURN]),
            by(Merchant, Step::Reject, Always, &[RETURN_REFUSED]),
            by(Merchant, Step::ReturnAddress, Always, &[RETURN_ASKED]),
            by(Buyer, Step::Update, Always, &[RETURN_ASKED]),
            by(Buyer, Step::Cancel, Always, &[CANCELLED]),
        ],
        limit: limit(
            Merchant,
            48,
            WAITING_FOR_RETURN,
            "aftersale_merchant_handle_return_overdue",
        ),
    },
    Stage {
        state: REFUND_REFUSED,
        moves: &[
            by(Buyer, Step::Update, BeforeReturn, &[REFUND_ASKED]),
            by(Buyer, Step::Cancel, Always, &[CANCELLED]),
            by(Buyer, Step::AskPlatform, Always, &[REFUND_DISPUTED]),
        ],
        limit: limit(
            Buyer,
            7 * 24,
            CLOSED,
            "aftersale_user_apply_platform_judge_overdue",
        ),
    },
    Stage {
        state: RETURN_REFUSED,
        moves: &[
            by(
                Merchant,
                Step::ReturnAddress,
                BeforeReturn,
                &[RETURN_REFUSED],
            ),
            by(Buyer, Step::Update, BeforeReturn, &[RETURN_ASKED]),
            by(Buyer, Step::Cancel, Always, &[CANCELLED]),
            by(Buyer, Step::AskPlatform, Always, &[RETURN_DISPUTED]),
        ],
        limit: limit(
            Buyer,
            7 * 24,
            CLOSED,
            "aftersale_user_apply_platform_judge_overdue",
        ),
    },
    Stage {
        state: WAITING_FOR_RETURN,
        moves: &[
            by(Buyer, Step::ReturnInfo, Always, &[RETURN_SENT]),
            by(Buyer, Step::Cancel, Always, &[CANCELLED]),
        ],
        limit: limit(
            Buyer,
            7 * 24,
            CLOSED,
            "aftersale_user_upload_return_info_overdue",
        ),
    },
    Stage {
        state: RETURN_SENT,
        moves: &[
            by(Merchant, Step::AcceptRefund, Return, &[REFUNDING]),
            by(
                Merchant,
                Step::Reject,
                Always,
                &[RETURN_REFUSED, REFUND_REFUSED],
            ),
            by(Buyer, Step::CancelPickUp, Always, &[WAITING_FOR_RETURN]),
            by(Buyer, Step::Cancel, Always, &[CANCELLED]),
        ],
        limit: limit(
            Merchant,
            10 * 24,
            REFUNDING,
            "aftersale_merchant_confirm_receipt_overdue",
        ),
    },
    Stage {
        state: REFUND_DISPUTED,
        moves: &[by(Platform, Step::Verdict, Always, &[REFUNDING, CLOSED])],
        limit: None,
    },
    Stage {
        state: RETURN_DISPUTED,
        moves: &[
            by(
                Platform,
                Step::Verdict,
                Always,
                &[WAITING_FOR_RETURN, REFUNDING, CLOSED],
            ),
            by(
                Merchant,
                Step::ReturnAddress,
                BeforeReturn,
                &[RETURN_DISPUTED],
            ),
        ],
        limit: None,
    },
    Stage {
        state: REFUNDING,
        moves: &[by(
            Platform,
            Step::PayOut,
            Always,
            &[REFUNDED, REFUND_FAILED],
        )],
        limit: None,
    },
    Stage {
        state: REFUND_FAILED,
        moves: &[
            by(Merchant, Step::Certificates, Always, &[REFUND_FAILED]),
            by(Buyer, Step::ConfirmCertificates, Always, &[REFUNDED]),
        ],
        limit: None,
    },
    Stage {
        state: REFUNDED,
        moves: &[],
        limit: None,
    },
    Stage {
        state: CANCELLED,
        moves: &[],
        limit: None,
    },
    Stage {
        state: CLOSED,
        moves: &[],
        limit: None,
    },
];

/// A state by its number; `None` for one that is not documented (any more).
pub fn stage(state: i64) -> Option<&'static Stage> {
    STAGES.iter().find(|stage| stage.state == state)
}

/// Whether a state may follow another in one move of anybody, or of the clock.
pub fn follows(from: i64, to: i64) -> bool {
    stage(from).is_some_and(|stage| {
        stage.moves.iter().any(|step| step.to.contains(&to))
            || stage.limit.is_some_and(|limit| limit.to == to)
    })
}

/// Whether an after-sale in this state can still move.
pub fn is_open(state: i64) -> bool {
    stage(state).is_none_or(|stage| !stage.moves.is_empty())
}

/// A state in words.
pub fn words(state: i64) -> Text {
    match state {
        CANCELLED => text!("cancelled by the buyer"),
        REFUND_ASKED => text!("refund asked for"),
        REFUND_REFUSED => text!("refund refused"),
        RETURN_REFUSED => text!("return refused"),
        WAITING_FOR_RETURN => text!("waiting for the return"),
        CLOSED => text!("closed"),
        RETURN_SENT => text!("return on its way"),
        REFUNDING => text!("refund being paid"),
        REFUNDED => text!("refunded"),
        REFUND_DISPUTED => text!("refund in dispute"),
        RETURN_ASKED => text!("return asked for"),
        RETURN_DISPUTED => text!("return in dispute"),
        REFUND_FAILED => text!("refund failed"),
        other => Text::verbatim(other.to_string()),
    }
}

/// A type in words.
pub fn type_words(kind: i64) -> Text {
    match kind {
        REFUND => text!("refund"),
        RETURN => text!("return and refund"),
        other => Text::verbatim(other.to_string()),
    }
}

/// What of an after-sale decides what may be done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub kind: i64,
    pub state: i64,
    /// Whether the buyer has sent the goods back, or ordered their pick-up.
    pub sent_back: bool,
    /// Of the last change, unix seconds.
    pub changed_at: i64,
}

impl Case {
    /// Reads an after-sale as `ecaftersale/get` gives it.
    pub fn of(aftersale: &Value) -> Case {
        let number = |name: &str| aftersale[name].as_i64().unwrap_or_default();
        let back = &aftersale["return_info"];
        let told = |name: &str| back[name].as_str().is_some_and(|text| !text.is_empty());
        Case {
            kind: number("type"),
            state: number("status"),
            sent_back: told("waybill_id")
                || told("delivery_id")
                || seconds(&back["order_return_time"]).is_some(),
            changed_at: seconds(&aftersale["update_time"])
                .or_else(|| seconds(&aftersale["create_time"]))
                .unwrap_or_default(),
        }
    }

    /// What anybody may do now.
    pub fn moves(self) -> impl Iterator<Item = &'static Move> {
        let moves = stage(self.state).map_or(&[][..], |stage| stage.moves);
        moves.iter().filter(move |step| match step.only {
            Only::Always => true,
            Only::Refund => self.kind == REFUND,
            Only::Return => self.kind == RETURN,
            Only::BeforeReturn => !self.sent_back,
        })
    }

    /// The move that a step is now, if it is possible.
    pub fn may(self, step: Step) -> Option<&'static Move> {
        self.moves().find(|known| known.step == step)
    }

    /// When this state ends by itself. The platform states how long, not from when: it is counted from the last
    /// change here.
    pub fn deadline(self) -> Option<Deadline> {
        let limit = stage(self.state)?.limit?;
        let (what, then) = match self.state {
            REFUND_ASKED => (
                text!("accept or refuse the refund"),
                text!("it counts as accepted and is refunded"),
            ),
            RETURN_ASKED => (
                text!("accept or refuse the return"),
                text!("it counts as accepted, and the buyer sends the goods"),
            ),
            WAITING_FOR_RETURN => (text!("send the goods back"), text!("it is closed")),
            RETURN_SENT => (
                text!("accept or refuse the returned goods"),
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
            at: self.changed_at + limit.seconds,
            then,
        })
    }
}

/// Why `step` is not possible in words of its own, where the state alone does not explain it.
pub fn misunderstanding(case: Case, step: Step) -> Option<Text> {
    match (step, case.kind, case.state) {
        (Step::AcceptRefund, RETURN, REFUND_ASKED | RETURN_ASKED) => Some(text!(
            "this is a return: accept the return now; accept-refund is for when the goods have come back"
        )),
        (Step::AcceptRefund, RETURN, WAITING_FOR_RETURN) => Some(text!(
            "the buyer has not sent the goods yet; accept-refund says that they have come back in order"
        )),
        (Step::AcceptReturn, REFUND, REFUND_ASKED) => Some(text!(
            "this is a refund without return: nothing comes back; accept-refund pays it"
        )),
        (Step::Update, _, REFUND_REFUSED | RETURN_REFUSED) if case.sent_back => Some(text!(
            "once the goods were sent back and refused, the buyer can only ask the platform"
        )),
        (Step::ReturnAddress, _, _) => Some(text!(
            "the return address is fixed once the return has been accepted"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn case(kind: i64, state: i64, sent_back: bool) -> Case {
        Case {
            kind,
            state,
            sent_back,
            changed_at: 1_648_742_400,
        }
    }

    /// The table of the reference, read by hand: state, type, what each side may do, hours of the clock, what follows.
    #[test]
    fn who_may_do_what_until_when() {
        use Step::*;
        type Line = (
            i64,
            i64,
            &'static [Step],
            &'static [Step],
            Option<(Actor, i64, i64)>,
        );
        let table: &[Line] = &[
            (
                2,
                1,
                &[AcceptRefund, Reject],
                &[Update, Cancel],
                Some((Merchant, 48, 11)),
            ),
            (
                23,
                2,
                &[AcceptReturn, Reject, ReturnAddress],
                &[Update, Cancel],
                Some((Merchant, 48, 6)),
            ),
            (
                4,
                1,
                &[],
                &[Update, Cancel, AskPlatform],
                Some((Buyer, 168, 7)),
            ),
            (
                5,
                2,
                &[ReturnAddress],
                &[Update, Cancel, AskPlatform],
                Some((Buyer, 168, 7)),
            ),
            (6, 2, &[], &[ReturnInfo, Cancel], Some((Buyer, 168, 7))),
            (
                8,
                2,
                &[AcceptRefund, Reject],
                &[CancelPickUp, Cancel],
                Some((Merchant, 240, 11)),
            ),
            (11, 1, &[], &[], None),
            (25, 1, &[Certificates], &[ConfirmCertificates], None),
            (13, 1, &[], &[], None),
            (1, 1, &[], &[], None),
            (7, 1, &[], &[], None),
            (21, 1, &[], &[], None),
            (24, 2, &[ReturnAddress], &[], None),
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
                "{state}"
            );
            let limit = stage(*state).expect("a state").limit;
            let limit = limit.map(|limit| (limit.who, limit.seconds / 3600, limit.to));
            assert_eq!(limit, *clock, "{state}");
        }
    }

    #[test]
    fn accepting_a_refund_means_two_things() {
        assert_eq!(
            case(REFUND, 2, false)
                .may(Step::AcceptRefund)
                .map(|step| step.to),
            Some(&[11][..])
        );
        assert_eq!(
            case(RETURN, 8, true)
                .may(Step::AcceptRefund)
                .map(|step| step.to),
            Some(&[11][..])
        );
        for state in [2, 23, 6] {
            let case = case(RETURN, state, false);
            assert_eq!(case.may(Step::AcceptRefund), None);
            assert!(
                misunderstanding(case, Step::AcceptRefund).is_some(),
                "{state}"
            );
        }
    }

    #[test]
    fn after_refused_goods_only_the_platform_can_be_asked() {
        let refused = case(RETURN, 5, true);
        assert_eq!(refused.may(Step::Update), None);
        assert!(refused.may(Step::AskPlatform).is_some());
        assert!(case(RETURN, 5, false).may(Step::Update).is_some());
    }

    #[test]
    fn a_deadline_is_read_from_what_the_platform_tells() {
        let told = json!({
            "type": 2, "status": 8, "create_time": "1648742400000", "update_time": "1648828800123",
            "return_info": {"delivery_id": "SF", "waybill_id": "", "order_return_time": "1648828800000"},
        });
        let case = Case::of(&told);
        assert!(case.sent_back);
        let deadline = case.deadline().expect("a clock");
        assert_eq!(
            (deadline.who, deadline.at),
            (Merchant, 1_648_828_800 + 864_000)
        );
        assert_eq!(Case::of(&json!({"type": 1, "status": 13})).deadline(), None);
        assert_eq!(
            Case::of(&json!({"type": 1, "status": 17, "update_time": 1})).deadline(),
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
                    "{} → {to}",
                    stage.state
                );
            }
        }
        assert!(!follows(2, 13) && !follows(13, 2) && !follows(7, 2) && !follows(17, 13));
        assert!(is_open(17), "an unknown state may still move");
    }
}
