//! `wxsell rid`: what WeChat saw of a call.

use super::Ctx;
use crate::commands::shows::Shows;
use crate::fail::{Failure, Within};
use crate::output::{Cell, Column, Record};
use crate::text;
use crate::types::rfc3339;
use crate::types::span::{DAY, HOUR};
use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;

/// WeChat keeps what it saw for seven days.
const KEPT_SECONDS: i64 = 7 * DAY;
/// Clocks differ; a rid from further ahead than this is not one of WeChat's.
const CLOCKS_DIFFER: i64 = HOUR;

/// Look up a failed call by its request ID (rid)
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show what WeChat saw of a call: time, duration, query, body, answer, address of the caller
    ///
    /// Only the account that made the call can look it up, and only for 7 days. Tokens, secrets and personal data are
    /// masked.
    Show(ShowArgs),
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The rid at the end of an error, e.g. 68e6c4c0-1a2b3c4d-5e6f7081
    rid: String,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Seen {
    rid: String,
    #[schemars(with = "crate::types::shape::Moment")]
    invoked_at: String,
    cost_in_ms: i64,
    client_ip: String,
    request_url: String,
    request_body: String,
    response_body: String,
}

impl Record for Seen {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("rid", "RID", |s| Cell::Id(s.rid.clone())),
        Column::new("invoked_at", "TIME", |s| Cell::Time(s.invoked_at.clone())),
        Column::new("cost_in_ms", "MILLISECONDS", |s| Cell::Number(s.cost_in_ms)),
        Column::new("client_ip", "CALLED FROM", |s| {
            Cell::Text(s.client_ip.clone())
        }),
        Column::new("request_url", "QUERY", |s| {
            Cell::Text(s.request_url.clone())
        }),
        Column::new("request_body", "REQUEST", |s| {
            Cell::Text(s.request_body.clone())
        }),
        Column::new("response_body", "ANSWER", |s| {
            Cell::Text(s.response_body.clone())
        }),
    ];
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[Shows::one::<Seen>("rid show")];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Show(args) => show(&args, ctx).await,
    }
}

async fn show(args: &ShowArgs, ctx: &Ctx) -> Result<()> {
    let rid = check_rid(&args.rid, ctx.clock()?)?;
    let seen = ctx
        .shop()
        .await?
        .seen(&rid)
        .await
        .within(|| text!("looking up {rid}", rid = &rid))?;
    ctx.out.show(&Seen {
        rid,
        invoked_at: rfc3339(seen.invoke_time),
        cost_in_ms: seen.cost_in_ms,
        client_ip: seen.client_ip,
        request_url: seen.request_url,
        request_body: seen.request_body,
        response_body: seen.response_body,
    })
}

/// Reads a rid: three groups of eight hexadecimal digits, the first of which is the unix time of the call.
fn check_rid(text: &str, now: i64) -> Result<String, Failure> {
    let rid = text
        .trim()
        .trim_start_matches("rid:")
        .trim()
        .to_ascii_lowercase();
    let groups: Vec<&str> = rid.split('-').collect();
    let hexadecimal =
        |group: &&str| group.len() == 8 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let shape = groups.len() == 3 && groups.iter().all(hexadecimal);
    let Some(at) = groups
        .first()
        .filter(|_| shape)
        .and_then(|group| i64::from_str_radix(group, 16).ok())
    else {
        return Err(Failure::input(text!("\"{rid}\" is not a rid", rid = text))
            .hint(text!("a rid is three groups of eight digits or letters a to f, e.g. 68e6c4c0-1a2b3c4d-5e6f7081")));
    };
    if now - at > KEPT_SECONDS {
        return Err(Failure::input(text!(
            "the call {rid} was made at {time}, and WeChat keeps calls for 7 days",
            rid,
            time = rfc3339(at)
        ))
        .hint(text!("make the call again and look up its new rid")));
    }
    if at - now > CLOCKS_DIFFER {
        return Err(Failure::input(text!(
            "the call {rid} would have been made at {time}, which is in the future",
            rid,
            time = rfc3339(at)
        ))
        .hint(text!("check the rid, and the clock of this machine")));
    }
    Ok(rid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rid_is_read_with_and_without_its_label() {
        let now = 0x68e6_c4c0 + 60;
        for text in [
            "68e6c4c0-1a2b3c4d-5e6f7081",
            "rid: 68E6C4C0-1a2b3c4d-5e6f7081 ",
        ] {
            assert_eq!(
                check_rid(text, now).expect("a rid"),
                "68e6c4c0-1a2b3c4d-5e6f7081"
            );
        }
    }

    #[test]
    fn what_cannot_be_looked_up_is_refused_without_a_call() {
        let at = 0x68e6_c4c0;
        let rid = "68e6c4c0-1a2b3c4d-5e6f7081";
        for text in [
            "",
            "68e6c4c0",
            "68e6c4c0-1a2b3c4d-5e6f708",
            "68e6c4c0-1a2b3c4d-5e6f7081-1",
            "g8e6c4c0-1a2b3c4d-5e6f7081",
        ] {
            assert!(check_rid(text, at).is_err(), "{text}");
        }
        assert!(check_rid(rid, at + KEPT_SECONDS).is_ok());
        assert!(check_rid(rid, at + KEPT_SECONDS + 1).is_err());
        assert!(check_rid(rid, at - CLOCKS_DIFFER - 1).is_err());
    }
}
