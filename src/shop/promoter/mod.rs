//! Promotion staff: roles, people, and messages to them.

pub mod channels;
pub mod message;
pub mod roster;

use super::Shop;
use super::pass_through::promoter::{
    AGREED, DECLARED, LIST, OPENID, PERSON, ROLE, ROLE_LIST, ROLE_NAME,
};
use super::pass_through::{body, empty};
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use serde_json::Value;

/// The states of a relation in which it counts: the merchant declares the person, and the person agrees.
pub const BOUND: (i64, i64) = (1, 1);

/// Whether the merchant declares a person.
pub fn is_declared(row: &Value) -> bool {
    DECLARED.integer(row) == Some(BOUND.0)
}

/// Whether the merchant declares a person and the person agrees.
pub fn is_bound(row: &Value) -> bool {
    is_declared(row) && AGREED.integer(row) == Some(BOUND.1)
}

/// The number of a role among `roles`, by name or number.
pub fn named(role: &str, roles: &[Value]) -> Option<i64> {
    let number: Option<i64> = role.parse().ok();
    roles
        .iter()
        .find(|known| {
            ROLE_NAME.is(known, role) || number.is_some() && ROLE.integer(known) == number
        })
        .and_then(|known| ROLE.integer(known))
}

/// There is no such role, but these.
pub fn unknown(role: &str, roles: &[Value]) -> Failure {
    let names: Vec<String> = roles
        .iter()
        .filter_map(|known| ROLE_NAME.some_text(known))
        .collect();
    Failure::input(text!("there is no role {role}", role)).hint(text!(
        "the roles are {roles}; `wxsell promoter role add` adds another",
        roles = names.join(", ")
    ))
}

impl Shop {
    /// All roles, as WeChat has them now.
    pub async fn promoter_roles(&self) -> Result<Vec<Value>> {
        self.rows(&ROLE_LIST, &(), None).await
    }

    /// The number of a role that is named, or numbered already.
    pub async fn promoter_role(&self, role: &str) -> Result<i64> {
        if let Ok(number) = role.parse() {
            return Ok(number);
        }
        let roles = self.promoter_roles().await?;
        named(role, &roles).ok_or_else(|| unknown(role, &roles).into())
    }

    /// One person by openid, unionid or number, as WeChat has it now.
    pub async fn promoter_person(&self, who: &str) -> Result<Value> {
        let number = !who.is_empty() && who.bytes().all(|byte| byte.is_ascii_digit());
        let asked = if number {
            // No filter takes the number.
            empty()
        } else {
            body([OPENID.of(who)])
        };
        let rows = self.rows(&LIST, &asked, None).await?;
        rows.into_iter()
        .find(|row| row.is_object() && (!number || PERSON.is(row, who)))
        .ok_or_else(|| {
            Failure::input(text!("{who} is not on the promotion staff", who))
                .hint(text!("`wxsell promoter list --staff` lists everybody; for Channels promoters: `wxsell promoter list`"))
                .into()
        })
    }
}
