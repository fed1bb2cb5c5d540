//! `wxsell address`: the addresses of a WeChat Store, where parcels start and returns go.

use super::Ctx;
use super::ask::{Data, unwrapped};
use crate::api::json::{put, take};
use crate::api::store::merchant::Address;
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::shop::pass_through::Field;
use crate::shop::pass_through::address::{
    ADD, ADDRESS, ADDRESS_ID, MASKED, PLACE, PLACES, READ_ONLY, REMOVE, SHOW, UPDATE,
};
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use serde_json::{Value, json};

/// WeChat Store: where parcels start and returns go
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the addresses of the store
    ///
    /// A product names the address its returns go to; without one they go to the default return address. Names and
    /// telephone numbers come masked.
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
/// Returns need a default return address before anything can be sold. A file holds the fields of a block `[[address]]` of
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
/// What is not given stays. WeChat shows person, telephone number and street masked and takes only whole addresses, so that
/// these have to be given again.
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
    #[serde(rename = "address_detail.name")]
    name: Option<String>,
    /// Person who sends and receives
    #[arg(long, value_name = "NAME")]
    #[serde(rename = "address_detail.address_info.user_name")]
    person: Option<String>,
    /// Telephone number of the person
    #[arg(long, value_name = "NUMBER")]
    #[serde(rename = "address_detail.address_info.tel_number")]
    phone: Option<String>,
    /// Landline number
    #[arg(long, value_name = "NUMBER")]
    #[serde(rename = "address_detail.landline")]
    landline: Option<String>,
    /// Province, as `address places` names it
    #[arg(long, value_name = "NAME")]
    #[serde(rename = "address_detail.address_info.province_name")]
    province: Option<String>,
    /// City; for Beijing, Shanghai, Tianjin and Chongqing the district
    #[arg(long, value_name = "NAME")]
    #[serde(rename = "address_detail.address_info.city_name")]
    city: Option<String>,
    /// District
    #[arg(long, value_name = "NAME")]
    #[serde(rename = "address_detail.address_info.county_name")]
    district: Option<String>,
    /// Street and number
    #[arg(long, value_name = "TEXT")]
    #[serde(rename = "address_detail.address_info.detail_info")]
    street: Option<String>,
    /// Whether returns may go there
    #[arg(long, value_name = "true|false")]
    #[serde(rename = "address_detail.recv_addr")]
    for_returns: Option<bool>,
    /// Whether returns go there unless a product names another address
    #[arg(long, value_name = "true|false")]
    #[serde(rename = "address_detail.default_recv")]
    default_for_returns: Option<bool>,
    /// Whether parcels start there
    #[arg(long, value_name = "true|false")]
    #[serde(rename = "address_detail.send_addr")]
    for_shipping: Option<bool>,
    /// Whether parcels start there unless something else is said
    #[arg(long, value_name = "true|false")]
    #[serde(rename = "address_detail.default_send")]
    default_for_shipping: Option<bool>,
}

/// List the names of provinces, cities and districts
///
/// Addresses take these names as they are written here.
#[derive(Debug, clap::Args, Serialize)]
pub struct PlacesArgs {
    /// Code of the place whose parts are listed; without one the provinces
    #[serde(rename = "addr_code")]
    code: Option<u64>,
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
    ctx.of_a_store()?;
    match verb {
        Verb::List => list(ctx).await,
        Verb::Show(args) => ctx.ask(&SHOW, &args).await,
        Verb::Add(args) => {
            let mut base = unwrapped(args.data.read()?, ADDRESS);
            // So that each of its fields is named where it is missing.
            if PLACE.at(&base).is_null() {
                PLACE.put(&mut base, json!({}));
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

/// Lays what was given over the address as it stands: WeChat takes it whole.
async fn update(args: UpdateArgs, ctx: &Ctx) -> Result<()> {
    let given = unwrapped(args.data.read()?, ADDRESS);
    let asked = json!({"address_id": &args.address_id});
    let mut reply = ctx.send(&SHOW, &asked).await?.unwrap_or_default();
    let given = super::ask::fields(&args, given)?;
    let mut body = json!({ADDRESS.0: take(&mut reply, ADDRESS.0)});
    super::ask::lay_over(&mut body, given.clone());
    for name in READ_ONLY {
        super::ask::leave_out(&mut body, ADDRESS, name);
    }
    put(&mut body, ADDRESS_ID.0, args.address_id.into());
    not_masked(&MASKED, &body)?;
    super::ask::check_changed(&UPDATE, &body, &given)?;
    ctx.send_and_show(&UPDATE, &body).await
}

/// Refuses to send back what WeChat showed masked: it would be written over the true value.
pub(super) fn not_masked(masked: &[(Field, &'static str)], body: &Value) -> Result<()> {
    let found: Vec<Text> = masked
        .iter()
        .filter(|(field, _)| field.text(body).contains('*'))
        .map(|(_, option)| text!("give {option}, or the field in a file", option = *option))
        .collect();
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::input(text!(
        "WeChat shows a part of it masked and takes only the whole: what is masked must be given again"
    ))
    .also(found)
    .into())
}
