//! `wxsell address`: the addresses of a WeChat Store, where parcels start and returns go.

use super::Ctx;
use super::ask::Data;
use crate::api::store::merchant::Address;
use crate::commands::shows::Shows;
use crate::output::{Cell, Column, Record};
use crate::shop::pass_through::address::{
    ADD, ADDRESS, PLACE, PLACES, REMOVE, SHOW, UPDATE, WHOLE,
};
use crate::shop::pass_through::{empty, unwrapped};
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

/// WeChat Store: manage addresses for shipping and returns
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the addresses of the store
    ///
    /// A product can have its own return address; otherwise returns go to the default one. Names and telephone numbers
    /// are masked.
    List,
    /// Show an address
    ///
    /// WeChat shows person, telephone number and street masked.
    Show(IdArgs),
    Add(AddArgs),
    Update(UpdateArgs),
    /// Delete an address
    Remove(IdArgs),
    Places(PlacesArgs),
}

#[derive(Debug, clap::Args, Serialize)]
pub struct IdArgs {
    /// Number of the address, as `address list` shows it
    address_id: String,
}

/// Add an address
///
/// A store needs a default return address before it can sell. A file holds the fields of an `[[address]]` block of
/// `merchant apply --template`.
#[derive(Debug, clap::Args, Serialize)]
pub struct AddArgs {
    #[command(flatten)]
    #[serde(flatten)]
    fields: Fields,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
}

/// Change an address
///
/// What is not given stays unchanged. WeChat masks person, telephone number and street and only accepts whole
/// addresses, so these have to be given again.
#[derive(Debug, clap::Args, Serialize)]
pub struct UpdateArgs {
    /// Number of the address, as `address list` shows it
    #[serde(skip)]
    address_id: String,
    #[command(flatten)]
    #[serde(flatten)]
    fields: Fields,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
}

#[derive(Debug, clap::Args, Serialize)]
struct Fields {
    /// Name for your own use
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Person who sends and receives
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    /// Telephone number of the person
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// Landline number
    #[arg(long, value_name = "NUMBER")]
    landline: Option<String>,
    /// Province, as `address places` names it
    #[arg(long, value_name = "NAME")]
    province: Option<String>,
    /// City; for Beijing, Shanghai, Tianjin and Chongqing the district
    #[arg(long, value_name = "NAME")]
    city: Option<String>,
    /// District
    #[arg(long, value_name = "NAME")]
    district: Option<String>,
    /// Street and number
    #[arg(long, value_name = "TEXT")]
    street: Option<String>,
    /// Whether it can be used for returns
    #[arg(long, value_name = "true|false")]
    for_returns: Option<bool>,
    /// Whether it is the default address for returns
    #[arg(long, value_name = "true|false")]
    default_for_returns: Option<bool>,
    /// Whether it can be used for shipping
    #[arg(long, value_name = "true|false")]
    for_shipping: Option<bool>,
    /// Whether it is the default address for shipping
    #[arg(long, value_name = "true|false")]
    default_for_shipping: Option<bool>,
}

/// List the names of provinces, cities and districts
///
/// Use these names in addresses, exactly as shown here.
#[derive(Debug, clap::Args, Serialize)]
pub struct PlacesArgs {
    /// Code of the place to list (default: the provinces)
    code: Option<u64>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct AddressRow {
    address_id: String,
    name: String,
    /// Whether it can be used for returns.
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
    ctx.of_a_store()?;
    match verb {
        Verb::List => list(ctx).await,
        Verb::Show(args) => ctx.ask(&SHOW, &args).await,
        Verb::Add(args) => {
            let mut base = unwrapped(args.data.read()?, ADDRESS);
            // So that each of its fields is named where it is missing.
            if PLACE.at(&base).is_null() {
                PLACE.put(&mut base, empty());
            }
            ctx.ask_with(&ADD, &args, base).await
        }
        Verb::Update(args) => update(args, ctx).await,
        Verb::Remove(args) => ctx.ask(&REMOVE, &args).await,
        Verb::Places(args) => ctx.ask(&PLACES, &args).await,
    }
}

async fn list(ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<AddressRow>()?;
    let addresses = ctx.shop().await?.store_addresses().await?;
    let rows: Vec<AddressRow> = addresses.into_iter().map(AddressRow::from).collect();
    ctx.out.list(&rows)
}

async fn update(args: UpdateArgs, ctx: &Ctx) -> Result<()> {
    let given = UPDATE.laid(&args, unwrapped(args.data.read()?, ADDRESS))?;
    let shop = ctx.shop().await?;
    let body = shop.changed(&WHOLE, &args.address_id, given).await?;
    ctx.send_and_show(&UPDATE, &body).await
}
