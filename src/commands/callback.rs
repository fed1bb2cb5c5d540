//! `wxsell callback`: whether WeChat can reach the address that it pushes messages to.

use super::Ctx;
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::output::{Cell, Column, Record};
use crate::shop::pass_through::Field;
use crate::shop::pass_through::callback::{
    ADDRESS, CHECK, DNS, LOSS, NETWORK, PING, PINGED_FROM, TIME,
};
use crate::shop::pass_through::empty;
use crate::text;
use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::Value;

/// Check whether WeChat can reach your push address
#[derive(Debug, Subcommand)]
pub enum Verb {
    Check(CheckArgs),
}

/// Let WeChat look up and ping the host that messages are pushed to
///
/// One packet is sent to each address. If a firewall blocks pings, the loss is 100 % even though HTTPS works; use
/// `--action dns` then. Exits with 4 if the host has no address or does not answer pings.
#[derive(Debug, clap::Args, Serialize)]
pub struct CheckArgs {
    /// What to check
    #[arg(long, value_enum, default_value_t)]
    action: Action,
    /// Network to try from
    #[arg(
        long = "network",
        alias = "from",
        value_name = "NETWORK",
        value_enum,
        default_value_t
    )]
    check_operator: Network,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Dns,
    Ping,
    /// Both
    #[default]
    All,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Network {
    /// China Telecom
    #[value(name = "telecom")]
    Chinanet,
    /// China Unicom
    Unicom,
    /// Tencent's own
    #[value(name = "tencent")]
    Cap,
    /// Chosen by the address
    #[default]
    Default,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[Shows::list::<Found>("callback check")];

/// What was found of one address: fields of WeChat, of the look-up and of the ping.
#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
struct Found {
    ip: String,
    real_operator: Option<String>,
    from_operator: Option<String>,
    package_loss: Option<String>,
    time: Option<String>,
}

fn word(word: Option<&String>) -> Cell {
    word.map_or(Cell::Empty, |word| Cell::Text(word.clone()))
}

impl Record for Found {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("ip", "ADDRESS", |f| Cell::Text(f.ip.clone())),
        Column::new("real_operator", "NETWORK", |f| {
            word(f.real_operator.as_ref())
        }),
        Column::new("from_operator", "PINGED FROM", |f| {
            word(f.from_operator.as_ref())
        }),
        Column::new("package_loss", "LOSS", |f| word(f.package_loss.as_ref())),
        Column::new("time", "TIME", |f| word(f.time.as_ref())),
    ];
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    let Verb::Check(args) = verb;
    ctx.out.check_columns::<Found>()?;
    super::event::warn_of_plain(ctx)?;
    let body = super::ask::request(&CHECK, &args, empty())?;
    let Some(reply) = ctx.send(&CHECK, &body).await? else {
        return Ok(());
    };
    let rows = rows(&reply);
    ctx.out.list(&rows)?;
    match problem(&rows, args.action) {
        Some(problem) => Err(problem.into()),
        None => Ok(()),
    }
}

/// One row an address; the same address may be in both lists.
fn rows(reply: &Value) -> Vec<Found> {
    let mut rows: Vec<Found> = Vec::new();
    for found in [DNS, PING].into_iter().flat_map(|part| part.items(reply)) {
        let ip = ADDRESS.text(found);
        let at = rows.iter().position(|row| row.ip == ip).unwrap_or_else(|| {
            rows.push(Found {
                ip,
                ..Found::default()
            });
            rows.len() - 1
        });
        let row = &mut rows[at];
        let or = |field: Field, known: &mut Option<String>| {
            *known = field.some_text(found).or(known.take());
        };
        or(NETWORK, &mut row.real_operator);
        or(PINGED_FROM, &mut row.from_operator);
        or(LOSS, &mut row.package_loss);
        or(TIME, &mut row.time);
    }
    rows
}

fn problem(rows: &[Found], action: Action) -> Option<Failure> {
    if rows.is_empty() {
        return Some(
            Failure::network(text!("the host of the push address has no address")).hint(text!(
                "check its DNS records; WeChat looks from inside mainland China"
            )),
        );
    }
    let answered = |row: &Found| {
        row.package_loss
            .as_deref()
            .is_some_and(|loss| loss != "100%")
    };
    if action != Action::Dns && !rows.iter().any(answered) {
        return Some(
            Failure::network(text!("no address of the push host answered a ping")).hint(text!(
                "a firewall may block pings while HTTPS works: send a test push from the console, and use `--action dns` here"
            )),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::sample::replied;
    use serde_json::json;

    #[test]
    fn look_up_and_ping_of_an_address_are_one_row() {
        let rows = rows(&replied(
            CHECK.path,
            "",
            json!({
                "dns": [{"ip": "203.0.113.9", "real_operator": "UNICOM"}, {"ip": "203.0.113.8", "real_operator": "CAP"}],
                "ping": [{"ip": "203.0.113.9", "from_operator": "CAP", "package_loss": "100%"}],
            }),
        ));
        let shown = serde_json::to_value(&rows).expect("JSON");
        assert_eq!(
            shown,
            json!([
                {"ip": "203.0.113.9", "real_operator": "UNICOM", "from_operator": "CAP", "package_loss": "100%", "time": null},
                {"ip": "203.0.113.8", "real_operator": "CAP", "from_operator": null, "package_loss": null, "time": null},
            ])
        );
        assert!(problem(&rows, Action::All).is_some() && problem(&rows, Action::Dns).is_none());
    }
}
