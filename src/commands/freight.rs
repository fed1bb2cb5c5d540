//! `wxsell freight`: the freight templates of a WeChat Store, one of which each product names.

use super::Ctx;
use super::address::tick;
use crate::api::store::merchant::Template;
use crate::commands::shows::Shows;
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

/// WeChat Store: see what buyers pay for shipping
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the freight templates of the store
    ///
    /// A sheet of goods names one by its name or number. Where it charges by weight, products need one.
    List,
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
    let Verb::List = verb;
    ctx.of_a_store()?;
    ctx.out.check_columns::<TemplateRow>()?;
    let templates = ctx.shop().await?.store_templates().await?;
    let rows: Vec<TemplateRow> = templates.into_iter().map(TemplateRow::from).collect();
    ctx.out.list(&rows)
}
