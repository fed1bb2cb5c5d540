//! `wxsell ip`: WeChat's own addresses, for firewalls.

use super::Ctx;
use crate::commands::shows::Shows;
use crate::output::{Cell, Column, Record};
use crate::shop::pass_through::empty;
use crate::shop::pass_through::ip::ADDRESSES;
use crate::shop::pass_through::ip::{API, CALLBACK};
use crate::text;
use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use serde::Serialize;

/// Show the addresses of WeChat's servers
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(ListArgs),
}

/// List the addresses of WeChat's servers, for firewall rules
///
/// They change: read them once a day. Call WeChat by its host name, never by one of these addresses.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only those of one kind
    #[arg(long = "kind", alias = "of", value_enum, value_name = "KIND")]
    of: Option<Of>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Of {
    /// Servers that are called
    Api,
    /// Servers that push messages
    Callback,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[Shows::list::<Address>("ip list")];

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Address {
    of: Of,
    /// One address, or a range such as 101.226.103.0/25.
    address: String,
}

impl Record for Address {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("of", "OF", |a| {
            Cell::Word(match a.of {
                Of::Api => text!("calls"),
                Of::Callback => text!("pushes"),
            })
        }),
        Column::new("address", "ADDRESS", |a| Cell::Text(a.address.clone())),
    ];
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    let Verb::List(args) = verb;
    ctx.out.check_columns::<Address>()?;
    let mut rows = Vec::new();
    for (of, ask) in [(Of::Api, &API), (Of::Callback, &CALLBACK)] {
        if args.of.is_some_and(|wanted| wanted != of) {
            continue;
        }
        let Some(reply) = ctx.send(ask, &empty()).await? else {
            continue;
        };
        rows.extend(
            ADDRESSES
                .items(&reply)
                .filter_map(|ip| ip.as_str())
                .map(|ip| Address {
                    of,
                    address: ip.to_owned(),
                }),
        );
    }
    ctx.out.list(&rows)
}
