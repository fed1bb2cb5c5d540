//! What the platform may do on its own when products are submitted: three switches that are kept. Their effect is not
//! documented, and not simulated.

use super::parameter;
use crate::sandbox::router::{self, Body, Call, Refusal};
use crate::sandbox::store::{Document, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const NOUN: &str = "store audit strategy";

/// 0 not set, 1 on, 2 off.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Switches {
    hide_err_field_flag: i64,
    hit_duplicated_flag: i64,
    hit_low_risk_rule_flag: i64,
}

#[derive(Deserialize)]
struct Change {
    audit_strategy: Switches,
}

fn kept(tx: &Tx<'_>) -> Result<Document<Switches>, Refusal> {
    let found = tx.find(NOUN, NOUN)?;
    Ok(found.unwrap_or(Document {
        id: 1,
        out_id: NOUN.into(),
        state: 0,
        draft: 0,
        due: None,
        created_at: tx.now,
        changed_at: tx.now,
        body: Switches::default(),
    }))
}

pub fn read(tx: &mut Tx<'_>, _: Value) -> Result<Value, Refusal> {
    Ok(json!({"audit_strategy": kept(tx)?.body}))
}

/// 0 leaves a switch as it is.
pub fn set(tx: &mut Tx<'_>, call: &Call) -> Result<Value, Refusal> {
    let body = match &call.body {
        Body::Plain(bytes) => router::parse(bytes)?,
        Body::Picture(_) => return Err(parameter("the body is a form")),
    };
    let change: Change =
        serde_json::from_value(body).map_err(|_| parameter("audit_strategy is needed"))?;
    let wanted = change.audit_strategy;
    let mut held = kept(tx)?;
    let switches = &mut held.body;
    for (switch, wanted) in [
        (
            &mut switches.hide_err_field_flag,
            wanted.hide_err_field_flag,
        ),
        (
            &mut switches.hit_duplicated_flag,
            wanted.hit_duplicated_flag,
        ),
        (
            &mut switches.hit_low_risk_rule_flag,
            wanted.hit_low_risk_rule_flag,
        ),
    ] {
        match wanted {
            0 => {}
            1 | 2 => *switch = wanted,
            _ => return Err(parameter("a switch is 0, 1 or 2")),
        }
    }
    held.changed_at = tx.now;
    tx.put(NOUN, &held)?;
    Ok(json!({}))
}
