//! Disputes as the platform moves them: for whom each state waits, and whether the merchant's evidence is taken in it.
//!
//! No page of the platform lists the states that take evidence. The set here follows from their names and is
//! unconfirmed; the platform answers 21001 where it sees it otherwise.

use super::deadline::{Actor, Deadline, seconds};
use crate::lang::Text;
use crate::text;
use serde_json::Value;

/// States, by the platform's numbers.
pub const MERCHANT_HANDLES: i64 = 230_000;
pub const SUPPORT_HANDLES: i64 = 230_001;
pub const BUYER_EVIDENCE: i64 = 230_002;
pub const MERCHANT_EVIDENCE: i64 = 230_003;
pub const BOTH_EVIDENCE: i64 = 230_004;
pub const BUYER_MISSING: i64 = 230_005;
pub const MERCHANT_MISSING: i64 = 230_006;
pub const VERDICT_AWAITED: i64 = 230_007;
pub const AFTERSALE_RUNS: i64 = 230_009;
pub const PROOF_CHECKED: i64 = 230_011;
pub const FINISHED: i64 = 230_012;
pub const CLOSED: i64 = 230_013;
pub const RETURN_DISPUTED: i64 = 230_014;
pub const BUYER_RETURN_EVIDENCE: i64 = 230_015;
pub const MERCHANT_RETURN_EVIDENCE: i64 = 230_016;
pub const BOTH_RETURN_EVIDENCE: i64 = 230_017;
pub const BUYER_RETURN_MISSING: i64 = 230_018;
pub const MERCHANT_RETURN_MISSING: i64 = 230_019;
pub const RETURN_CHECKED: i64 = 230_020;

/// One state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    pub state: i64,
    /// Whose move it is; `None` at the end.
    pub who: Option<Actor>,
    /// Whether the merchant's evidence is taken. Unconfirmed.
    pub takes_evidence: bool,
    /// States that may come next.
    pub to: &'static [i64],
}

const fn at(state: i64, who: Option<Actor>, takes_evidence: bool, to: &'static [i64]) -> Stage {
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
        MERCHANT_HANDLES,
        Some(Merchant),
        false,
        &[
            SUPPORT_HANDLES,
            BUYER_EVIDENCE,
            MERCHANT_EVIDENCE,
            BOTH_EVIDENCE,
            VERDICT_AWAITED,
            AFTERSALE_RUNS,
            FINISHED,
            CLOSED,
        ],
    ),
    at(
        SUPPORT_HANDLES,
        Some(Platform),
        false,
        &[
            BUYER_EVIDENCE,
            MERCHANT_EVIDENCE,
            BOTH_EVIDENCE,
            VERDICT_AWAITED,
            AFTERSALE_RUNS,
            FINISHED,
            CLOSED,
        ],
    ),
    at(
        BUYER_EVIDENCE,
        Some(Buyer),
        false,
        &[VERDICT_AWAITED, AFTERSALE_RUNS, FINISHED, CLOSED],
    ),
    at(
        MERCHANT_EVIDENCE,
        Some(Merchant),
        true,
        &[VERDICT_AWAITED, AFTERSALE_RUNS, FINISHED, CLOSED],
    ),
    at(
        BOTH_EVIDENCE,
        Some(Both),
        true,
        &[
            BUYER_MISSING,
            MERCHANT_MISSING,
            VERDICT_AWAITED,
            AFTERSALE_RUNS,
            FINISHED,
            CLOSED,
        ],
    ),
    at(
        BUYER_MISSING,
        Some(Buyer),
        false,
        &[VERDICT_AWAITED, AFTERSALE_RUNS, FINISHED, CLOSED],
    ),
    at(
        MERCHANT_MISSING,
        Some(Merchant),
        true,
        &[VERDICT_AWAITED, AFTERSALE_RUNS, FINISHED, CLOSED],
    ),
    at(
        VERDICT_AWAITED,
        Some(Platform),
        false,
        &[
            BUYER_EVIDENCE,
            MERCHANT_EVIDENCE,
            BOTH_EVIDENCE,
            AFTERSALE_RUNS,
            FINISHED,
            CLOSED,
        ],
    ),
    at(
        AFTERSALE_RUNS,
        Some(Both),
        false,
        &[FINISHED, CLOSED, RETURN_DISPUTED, PROOF_CHECKED],
    ),
    at(
        PROOF_CHECKED,
        Some(Platform),
        false,
        &[FINISHED, AFTERSALE_RUNS],
    ),
    at(FINISHED, None, false, &[]),
    at(CLOSED, None, false, &[]),
    at(
        RETURN_DISPUTED,
        Some(Platform),
        false,
        &[
            BUYER_RETURN_EVIDENCE,
            MERCHANT_RETURN_EVIDENCE,
            BOTH_RETURN_EVIDENCE,
            RETURN_CHECKED,
            AFTERSALE_RUNS,
            FINISHED,
            CLOSED,
        ],
    ),
    at(
        BUYER_RETURN_EVIDENCE,
        Some(Buyer),
        false,
        &[RETURN_CHECKED, AFTERSALE_RUNS, FINISHED, CLOSED],
    ),
    at(
        MERCHANT_RETURN_EVIDENCE,
        Some(Merchant),
        true,
        &[RETURN_CHECKED, AFTERSALE_RUNS, FINISHED, CLOSED],
    ),
    at(
        BOTH_RETURN_EVIDENCE,
        Some(Both),
        true,
        &[
            BUYER_RETURN_MISSING,
            MERCHANT_RETURN_MISSING,
            RETURN_CHECKED,
            AFTERSALE_RUNS,
            FINISHED,
            CLOSED,
        ],
    ),
    at(
        BUYER_RETURN_MISSING,
        Some(Buyer),
        false,
        &[RETURN_CHECKED, AFTERSALE_RUNS, FINISHED, CLOSED],
    ),
    at(
        MERCHANT_RETURN_MISSING,
        Some(Merchant),
        true,
        &[RETURN_CHECKED, AFTERSALE_RUNS, FINISHED, CLOSED],
    ),
    at(
        RETURN_CHECKED,
        Some(Platform),
        false,
        &[
            BUYER_RETURN_EVIDENCE,
            MERCHANT_RETURN_EVIDENCE,
            BOTH_RETURN_EVIDENCE,
            AFTERSALE_RUNS,
            FINISHED,
            CLOSED,
        ],
    ),
];

pub fn stage(state: i64) -> Option<&'static Stage> {
    STAGES.iter().find(|stage| stage.state == state)
}

/// Whether the merchant's evidence is taken. An unknown state is left to the platform.
pub fn takes_evidence(state: i64) -> bool {
    stage(state).is_none_or(|stage| stage.takes_evidence)
}

/// Whether a state may follow another.
pub fn follows(from: i64, to: i64) -> bool {
    stage(from).is_some_and(|stage| stage.to.contains(&to))
}

/// A state in words.
pub fn words(state: i64) -> Text {
    match state {
        MERCHANT_HANDLES => text!("you handle the after-sale"),
        SUPPORT_HANDLES => text!("support handles it"),
        BUYER_EVIDENCE => text!("evidence of the buyer awaited"),
        MERCHANT_EVIDENCE => text!("your evidence awaited"),
        BOTH_EVIDENCE => text!("evidence of both awaited"),
        BUYER_MISSING => text!("evidence of the buyer still missing"),
        MERCHANT_MISSING => text!("your evidence still missing"),
        VERDICT_AWAITED => text!("verdict awaited"),
        AFTERSALE_RUNS => text!("after-sale goes on"),
        PROOF_CHECKED => text!("refund proof being checked"),
        FINISHED => text!("finished"),
        CLOSED => text!("closed"),
        RETURN_DISPUTED => text!("support handles the return"),
        BUYER_RETURN_EVIDENCE => text!("return evidence of the buyer awaited"),
        MERCHANT_RETURN_EVIDENCE => text!("your return evidence awaited"),
        BOTH_RETURN_EVIDENCE => text!("return evidence of both awaited"),
        BUYER_RETURN_MISSING => text!("return evidence of the buyer still missing"),
        MERCHANT_RETURN_MISSING => text!("your return evidence still missing"),
        RETURN_CHECKED => text!("return evidence being checked"),
        other => Text::verbatim(other.to_string()),
    }
}

/// When the present state of a dispute ends, read from one as `complaint/get` gives it. The platform names the moment.
pub fn deadline(dispute: &Value) -> Option<Deadline> {
    let at = seconds(&dispute["expired_time"])?;
    let stage = stage(dispute["state"].as_i64()?)?;
    let (what, then) = match stage.takes_evidence {
        true => (
            text!("hand in evidence"),
            text!("it counts as no evidence, and the platform judges without it"),
        ),
        false if stage.who == Some(Buyer) => (
            text!("hand in evidence"),
            text!("the platform judges without it"),
        ),
        false => (text!("act"), text!("the platform goes on without it")),
    };
    Some(Deadline {
        what,
        who: stage.who?,
        at,
        then,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::Shelf;
    use serde_json::json;

    #[test]
    fn evidence_is_taken_where_the_merchant_is_waited_for() {
        let taken: Vec<i64> = STAGES
            .iter()
            .filter(|stage| stage.takes_evidence)
            .map(|stage| stage.state)
            .collect();
        assert_eq!(
            taken,
            [230_003, 230_004, 230_006, 230_016, 230_017, 230_019]
        );
        assert!(
            takes_evidence(230_099),
            "an unknown state is the platform's to judge"
        );
    }

    #[test]
    fn the_table_has_every_state_of_the_reference() {
        let named: Vec<i64> = Shelf::Component.book().types["ComplaintState"]
            .values
            .iter()
            .filter_map(|known| known.value.as_i64())
            .collect();
        let ours: Vec<i64> = STAGES.iter().map(|stage| stage.state).collect();
        assert_eq!(ours, named);
        for stage in STAGES {
            assert!(
                stage.to.iter().all(|to| super::stage(*to).is_some()),
                "{}",
                stage.state
            );
            assert_eq!(stage.to.is_empty(), stage.who.is_none(), "{}", stage.state);
        }
    }

    #[test]
    fn the_platform_names_the_deadline() {
        let dispute = json!({"state": 230_003, "expired_time": 1_648_742_400});
        let deadline = deadline(&dispute).expect("a deadline");
        assert_eq!((deadline.who, deadline.at), (Merchant, 1_648_742_400));
        assert_eq!(
            super::deadline(&json!({"state": 230_007, "expired_time": 0})),
            None
        );
        assert_eq!(
            super::deadline(&json!({"state": 230_012, "expired_time": 5})),
            None
        );
    }
}
