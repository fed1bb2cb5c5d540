//! `wxsell address`: the addresses of a WeChat Store, where parcels start and returns go.

use super::Ctx;
use crate::api::store::merchant::Address;
use crate::commands::shows::Shows;
use crate::output::{Cell, Column, Record};
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

/// WeChat Store: see where parcels start and returns go
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the addresses of the store
    ///
    /// A product names the address its returns go to; without one they go to the default return address. Names and
    /// telephone numbers come masked.
    List,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct AddressRow {
    address_id: String,
    name: String,
    /// Whether returns may go there.
    returns: bool,
    default_for_returns: bool,
}

impl From<Address> for AddressRow {
    fn from(address: Address) -> AddressRow {
        AddressRow {
            address_id: address.address_id.to_string(),
            name: address.name,
            returns: address.recv_addr,
            default_for_returns: address.default_recv,
        }
    }
}

/// Nothing where it does not hold.
pub(super) fn tick(holds: bool) -> Cell {
    if holds {
        Cell::Word(text!("yes"))
    } else {
        Cell::Empty
    }
}

impl Record for AddressRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("address_id", "ADDRESS", |a| {
            Cell::Text(a.address_id.clone())
        }),
        Column::new("name", "NAME", |a| Cell::Text(a.name.clone())),
        Column::new("returns", "RETURNS", |a| tick(a.returns)),
        Column::new("default_for_returns", "DEFAULT FOR RETURNS", |a| {
            tick(a.default_for_returns)
        }),
    ];
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[Shows::list::<AddressRow>("address list")];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    let Verb::List = verb;
    ctx.of_a_store()?;
    ctx.out.check_columns::<AddressRow>()?;
    let addresses = ctx.shop().await?.store_addresses().await?;
    let rows: Vec<AddressRow> = addresses.into_iter().map(AddressRow::from).collect();
    ctx.out.list(&rows)
}
