//! Why products were rejected. A WeChat Store tells it in the event of the audit and in its console, and no call answers it:
//! what is known here is what was received.

use crate::state::State;
use crate::state::pushes::Push;
use anyhow::Result;
use serde::Deserialize;

/// The event that ends the audit of a product.
const AUDIT: &str = "product_spu_audit";
/// Its state where the audit rejected the product.
const REFUSED: &str = "2";
/// An event and the record of its product may differ by so many seconds.
const SLACK: i64 = 300;

/// A rejection as the store pushed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// In the words of the platform.
    pub reason: String,
    /// The number of the stored event.
    pub event: i64,
}

/// What the event says that is wanted here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LastAnswer {
    reason: Option<String>,
}

/// Why the draft of a product was rejected, from the last audit event that was received for it; `None` where there is none,
/// where it tells of another ending, or where the draft was edited after it. `account` is whose pushes they are, `edited_at`
/// when the draft was last edited, unix seconds.
pub fn rejection(
    state: &State,
    account: &str,
    product: &str,
    edited_at: Option<i64>,
) -> Result<Option<Rejection>> {
    let pushes = state.pushes_about(account, "product", product, 0)?;
    Ok(last(&pushes, edited_at))
}

fn last(pushes: &[Push], edited_at: Option<i64>) -> Option<Rejection> {
    let audits = pushes.iter().filter(|push| push.event == AUDIT);
    // Events may arrive out of order: the later one is the one that happened later.
    let last = audits.max_by_key(|push| (push.created_at, push.id))?;
    let is_older = |at: i64| edited_at.is_some_and(|edited| at < edited - SLACK);
    if last.state.as_deref() != Some(REFUSED) || last.created_at.is_some_and(is_older) {
        return None;
    }
    let answer: LastAnswer = serde_json::from_str(&last.fields).unwrap_or_default();
    let reason = answer.reason.filter(|reason| !reason.trim().is_empty())?;
    Some(Rejection {
        reason,
        event: last.id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(id: i64, at: i64, state: &str, reason: &str) -> Push {
        Push {
            id,
            shop: "s".into(),
            key: id.to_string(),
            event: AUDIT.into(),
            family: "store".into(),
            object: "product".into(),
            number: "10000000123456".into(),
            state: Some(state.into()),
            lane: None,
            created_at: Some(at),
            received_at: at * 1_000,
            seen: 1,
            seen_at: at * 1_000,
            origin: "pushed".into(),
            mode: "safe".into(),
            format: "json".into(),
            message: String::new(),
            fields:
                serde_json::json!({"product_id": "10000000123456", "status": 2, "reason": reason})
                    .to_string(),
            forward: "none".into(),
            delivered: 0,
            attempts: 0,
            next_at: 0,
            forwarded_at: None,
            error: None,
        }
    }

    #[test]
    fn the_last_audit_of_the_draft_tells_why_it_was_rejected() {
        let refused = push(1, 10_000, "2", "主图含联系方式");
        let known = Some(Rejection {
            reason: "主图含联系方式".into(),
            event: 1,
        });
        assert_eq!(last(std::slice::from_ref(&refused), None), known);
        assert_eq!(last(std::slice::from_ref(&refused), Some(10_100)), known);
        // It was edited afterwards: a new audit ended, and its event never came.
        assert_eq!(last(std::slice::from_ref(&refused), Some(20_000)), None);
        let passed = push(2, 11_000, "3", "");
        assert_eq!(last(&[refused.clone(), passed.clone()], None), None);
        // An older event that arrives later changes nothing.
        let late = Push { id: 3, ..refused };
        assert_eq!(last(&[passed, late], None), None);
        assert_eq!(last(&[push(4, 12_000, "2", "")], None), None);
    }
}
