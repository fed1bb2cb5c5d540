//! `wxsell freight`: the freight templates of a WeChat Store, one of which each product names.

use super::Ctx;
use super::address::tick;
use super::ask::{Data, request};
use crate::api::store::merchant::{DispatchTime, Template};
use crate::commands::shows::Shows;
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::shop::pass_through::freight::{ADD, PLACE, SHOW, TEMPLATE, UPDATE, USUAL, WHOLE};
use crate::shop::pass_through::{empty, unwrapped};
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

/// WeChat Store: manage freight templates
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the freight templates of the store
    ///
    /// Product sheets refer to a template by its name or number. If it charges by weight, products need a weight.
    List,
    /// Show a freight template
    Show(IdArgs),
    Add(AddArgs),
    Update(UpdateArgs),
}

#[derive(Debug, clap::Args, Serialize)]
pub struct IdArgs {
    /// Number of the template, as `freight list` shows it
    template_id: String,
}

/// Add a freight template
///
/// It ships free within 48 hours unless a file says otherwise. The file holds the fields of a `[[freight]]` block of
/// `merchant apply --template`; `api describe freight_template_add` lists all of them. Templates can only be deleted in
/// the store's console.
#[derive(Debug, clap::Args, Serialize)]
pub struct AddArgs {
    #[command(flatten)]
    #[serde(flatten)]
    fields: Fields,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
}

/// Change a freight template
///
/// What is not given stays unchanged. A list in a file replaces the existing list. If WeChat masks the sender, person,
/// telephone number and street have to be given again, since it only accepts whole templates.
#[derive(Debug, clap::Args, Serialize)]
pub struct UpdateArgs {
    /// Number of the template, as `freight list` shows it
    #[serde(skip)]
    template_id: String,
    #[command(flatten)]
    #[serde(flatten)]
    fields: Fields,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
}

#[derive(Debug, clap::Args, Serialize)]
struct Fields {
    /// Name; no two templates share one
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Time from payment to shipping
    #[arg(long, value_enum, value_name = "TIME")]
    ships: Option<Ships>,
    /// Province to ship from, as `address places` names it
    #[arg(long, value_name = "NAME")]
    province: Option<String>,
    /// City; for Beijing, Shanghai, Tianjin and Chongqing the district
    #[arg(long, value_name = "NAME")]
    city: Option<String>,
    /// District
    #[arg(long, value_name = "NAME")]
    district: Option<String>,
    /// Sender
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    /// Telephone number of the person
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// Street and number
    #[arg(long, value_name = "TEXT")]
    street: Option<String>,
    /// Whether it is the default template
    #[arg(long, value_name = "true|false")]
    default: Option<bool>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum, Serialize)]
#[serde(into = "DispatchTime")]
enum Ships {
    /// The same day
    Today,
    /// Within 24 hours
    #[value(name = "24h")]
    Day,
    /// Within 48 hours
    #[value(name = "48h")]
    TwoDays,
}

impl From<Ships> for DispatchTime {
    fn from(ships: Ships) -> DispatchTime {
        match ships {
            Ships::Today => DispatchTime::Today,
            Ships::Day => DispatchTime::Within24Hours,
            Ships::TwoDays => DispatchTime::Within48Hours,
        }
    }
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct TemplateRow {
    template_id: String,
    name: String,
    /// `PIECE` or `WEIGHT`, as WeChat says it.
    charges_by: String,
    is_default: bool,
}

impl From<Template> for TemplateRow {
    fn from(template: Template) -> TemplateRow {
        TemplateRow {
            template_id: template.template_id.to_string(),
            name: template.name,
            charges_by: template.valuation_type,
            is_default: template.is_default,
        }
    }
}

impl Record for TemplateRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("template_id", "TEMPLATE", |t| {
            Cell::Text(t.template_id.clone())
        }),
        Column::new("name", "NAME", |t| Cell::Text(t.name.clone())),
        Column::new("charges_by", "CHARGES BY", |t| {
            Cell::Word(match t.charges_by.as_str() {
                "PIECE" => text!("piece"),
                "WEIGHT" => text!("weight"),
                other => Text::verbatim(other),
            })
        }),
        Column::new("is_default", "DEFAULT", |t| tick(t.is_default)),
    ];
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[Shows::list::<TemplateRow>("freight list")];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    ctx.of_a_store()?;
    match verb {
        Verb::List => list(ctx).await,
        Verb::Show(args) => ctx.ask(&SHOW, &args).await,
        Verb::Add(args) => {
            let given = unwrapped(args.data.read()?, TEMPLATE);
            let mut body = ADD.laid(&args, given)?;
            // So that each of its fields is named where it is missing.
            if PLACE.at(&body).is_null() {
                PLACE.put(&mut body, empty());
            }
            for (field, usual) in USUAL {
                if field.at(&body).is_null() {
                    field.put(&mut body, usual);
                }
            }
            let body = request(&ADD, &(), body)?;
            ctx.send_and_show(&ADD, &body).await
        }
        Verb::Update(args) => update(args, ctx).await,
    }
}

async fn list(ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<TemplateRow>()?;
    let templates = ctx.shop().await?.store_templates().await?;
    let rows: Vec<TemplateRow> = templates.into_iter().map(TemplateRow::from).collect();
    ctx.out.list(&rows)
}

async fn update(args: UpdateArgs, ctx: &Ctx) -> Result<()> {
    let given = UPDATE.laid(&args, unwrapped(args.data.read()?, TEMPLATE))?;
    let shop = ctx.shop().await?;
    let body = shop.changed(&WHOLE, &args.template_id, given).await?;
    ctx.send_and_show(&UPDATE, &body).await
}
