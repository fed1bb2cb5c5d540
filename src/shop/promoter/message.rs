//! Messages to promotion staff: who gets one, and each told alone.

use super::is_bound;
use crate::bulk::UNKNOWN_IN_A_ROW;
use crate::fail::{Failure, Kind, failure};
use crate::lang::Text;
use crate::shop::Shop;
use crate::shop::pass_through::promoter::{
    LIST, MESSAGE_MANY, MESSAGE_ONE, OPENID, PERSON, ROLE, STORE, WHOM,
};
use crate::shop::pass_through::{Field, check, with};
use crate::text;
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

/// Who is meant: all, or those with a role, of a store, or named.
#[derive(Debug, Clone, Copy)]
pub struct Whom<'a> {
    pub all: bool,
    pub roles: &'a [String],
    pub stores: &'a [String],
    pub people: &'a [String],
}

/// What became of one message.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Outcome {
    pub id: String,
    /// `sent`, `failed`, `unclear`, `not_sent`.
    pub result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errcode: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// What failed, and what to do about it.
fn reason(failure: &Failure) -> Text {
    let problem = failure.message.clone();
    match &failure.hint {
        Some(hint) => text!("{problem} ({hint})", problem, hint = hint.clone()),
        None => problem,
    }
}

impl Shop {
    /// The numbers of those who would get it, and in the body whom it is for.
    pub async fn receivers(&self, args: &Whom<'_>, body: &mut Value) -> Result<Vec<String>> {
        let everybody = self.rows(&LIST, &(), None).await?;
        let mut roles = Vec::new();
        for role in args.roles {
            roles.push(self.promoter_role(role).await?);
        }
        let meant = |row: &&Value| {
            let is = |field: Field, wanted: &String| field.is(row, wanted);
            args.all
                || ROLE.integer(row).is_some_and(|role| roles.contains(&role))
                || args.stores.iter().any(|store| is(STORE, store))
                || args
                    .people
                    .iter()
                    .any(|who| is(PERSON, who) || is(OPENID, who))
        };
        let ids: Vec<String> = everybody
            .iter()
            // Who is named gets it tried, so that the answer tells what is in the way.
            .filter(|row| !args.people.is_empty() || is_bound(row))
            .filter(meant)
            .filter_map(|row| PERSON.some_text(row))
            .collect();
        if !args.people.is_empty() && ids.len() < args.people.len() {
            return Err(Failure::input(text!(
                "not all of these people are on the promotion staff"
            ))
            .hint(text!("`wxsell promoter list --staff` lists everybody"))
            .into());
        }
        let whom = if args.all {
            [WHOM.of(0), (PERSON, Value::Null)]
        } else if !roles.is_empty() {
            [WHOM.of(1), ROLE.of(&roles)]
        } else if !args.stores.is_empty() {
            [WHOM.of(2), STORE.of(args.stores)]
        } else {
            [WHOM.of(3), PERSON.of(&ids)]
        };
        *body = with(body.take(), whom);
        check(&MESSAGE_MANY, body, &[])?;
        Ok(ids)
    }

    /// Tells each alone, one after the other. A message that may have arrived is not repeated.
    pub async fn tell_each(&self, receivers: &[String], mut body: Value) -> Result<Vec<Outcome>> {
        if let Some(fields) = body.as_object_mut() {
            let many = [WHOM, ROLE, STORE];
            fields.retain(|name, _| !many.iter().any(|field| field.0 == name));
        }
        let (mut outcomes, mut stopped) = (Vec::with_capacity(receivers.len()), None);
        let mut unknown = 0;
        for id in receivers {
            let before = self.client.last_entry();
            PERSON.put(&mut body, id.as_str());
            check(&MESSAGE_ONE, &body, &[])?;
            let (result, errcode, reason) = match &stopped {
                Some(why) => ("not_sent", None, Some(Text::clone(why))),
                None => match self.send(&MESSAGE_ONE, &body, async || Ok(())).await {
                    Ok(_) => {
                        unknown = 0;
                        ("sent", None, None)
                    }
                    Err(error) => {
                        let Some(known) = failure(&error) else {
                            return Err(error);
                        };
                        // One of an earlier run, of which nobody said what became of it, says nothing of this one.
                        if self.client.last_entry() != before {
                            unknown = if known.unclear { unknown + 1 } else { 0 };
                        }
                        if matches!(known.kind, Kind::Access | Kind::Limited | Kind::Stopped)
                            || unknown >= UNKNOWN_IN_A_ROW
                        {
                            stopped = Some(known.message.clone());
                        }
                        // Not repeated: a second message would be one too many.
                        let result = if known.unclear { "unclear" } else { "failed" };
                        (result, known.errcode, Some(reason(known)))
                    }
                },
            };
            outcomes.push(Outcome {
                id: id.clone(),
                result,
                errcode,
                reason,
            });
        }
        Ok(outcomes)
    }
}
