//! `wxsell merchant apply` for a WeChat Store: the store itself is opened in its console; what it needs besides and what
//! calls can do is submitted from one file, step by step, as often as it takes.

use super::apply::ApplyArgs;
use crate::commands::Ctx;
use crate::commands::ask::Data;
use crate::fail::{Failure, Kind};
use crate::lang::{Lang, Text};
use crate::output::{Cell, Column, Record};
use crate::shop::Shop;
use crate::shop::store::opening::plan::{Opening, Part, Progress, Stands, State, leaf};
use crate::text;
use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// One thing that is applied for by a command of its own.
pub enum Thing {
    /// By number, name or path.
    Category(String),
    /// `name` where the command line says it.
    Brand { name: Option<String> },
}

/// Options of an application that a store takes from a file.
pub fn options_of_a_component() -> Failure {
    Failure::input(text!(
        "a WeChat Store takes its documents from a file; these options are for the custom component"
    ))
    .hint(text!(
        "`wxsell merchant apply --template` prints the fields; give them with --file"
    ))
}

/// Applies for one category or brand, with the documents of a file, or as they are answered on a terminal.
pub async fn apply_for(thing: Thing, data: &Data, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<Step>()?;
    let folder = folder_of(data);
    let (shop, asks) = (ctx.shop().await?, asks(ctx));
    let block = match thing {
        Thing::Category(_) => "category",
        Thing::Brand { .. } => "brand",
    };
    let fields = match (data.read()?, &data.file) {
        (Value::Object(fields), Some(_)) => Some(of_block(fields, block)?),
        _ if asks => None,
        _ => {
            return Err(Failure::input(text!("no documents are given"))
                .hint(text!(
                    "`wxsell merchant apply --template` prints the fields; give them with --file"
                ))
                .into());
        }
    };
    let opening = match thing {
        Thing::Category(named) => {
            let tree = shop.store_categories().await?;
            if leaf(&tree, &named).is_none() {
                return Err(no_category(named).into());
            }
            let fields = match fields {
                Some(fields) => fields,
                None => super::form::licenses(ctx)?,
            };
            Opening::of_category(named, fields)
        }
        Thing::Brand { name } => {
            let fields = match fields {
                Some(fields) => fields,
                None => super::form::brand(name.clone(), ctx)?,
            };
            Opening::of_brand(fields, name)
        }
    };
    let folder = data.file.is_some().then_some(folder.as_path());
    submit(Vec::new(), opening, folder, ctx).await
}

/// The fields of a block `[[category]]` or `[[brand]]`, with or without that heading. The category itself is named on the
/// command line.
fn of_block(mut fields: Map<String, Value>, block: &str) -> Result<Map<String, Value>> {
    if let Some(Value::Array(blocks)) = fields.get_mut(block) {
        match blocks.as_mut_slice() {
            [Value::Object(only)] => fields = std::mem::take(only),
            blocks => {
                return Err(Failure::input(text!(
                    "the file holds {count} blocks [[{block}]], and one is applied for",
                    count = blocks.len(),
                    block
                ))
                .hint(text!(
                    "`wxsell merchant apply --file` applies for all of them"
                ))
                .into());
            }
        }
    }
    if fields.get(block).is_some_and(Value::is_string) {
        fields.remove(block);
    }
    Ok(fields)
}

fn no_category(named: String) -> Failure {
    Failure::input(text!(
        "there is no category \"{category}\"",
        category = named
    ))
    .hint(text!("`wxsell category list WORD` finds the number"))
}

/// Whether a person answers: on a terminal, and not for a program that reads the result.
fn asks(ctx: &Ctx) -> bool {
    ctx.out.interactive && ctx.out.is_for_people()
}

fn folder_of(data: &Data) -> PathBuf {
    let parent = data.file.as_ref().and_then(|path| path.parent());
    parent.unwrap_or(Path::new("")).to_path_buf()
}

/// One step, and how it stands now.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Step {
    /// `store`, `category`, `brand`, `address` or `freight`.
    step: &'static str,
    name: String,
    /// `done`, `in_audit`, `submitted`, `added`, `refused`, `to_do` or `planned`.
    state: &'static str,
    reason: Option<Text>,
}

impl Record for Step {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("step", "STEP", |s| {
            Cell::Word(match s.step {
                "store" => text!("store"),
                "category" => text!("category"),
                "brand" => text!("brand"),
                "address" => text!("address"),
                _ => text!("freight template"),
            })
        }),
        Column::new("name", "NAME", |s| Cell::Text(s.name.clone())),
        Column::new("state", "STATE", |s| {
            Cell::Word(match s.state {
                "done" => text!("done"),
                "in_audit" => text!("in audit"),
                "submitted" => text!("submitted"),
                "added" => text!("added"),
                "refused" => text!("refused"),
                "planned" => text!("to be sent"),
                _ => text!("to do"),
            })
        }),
        Column::new("reason", "REASON", |s| Cell::sentence(s.reason.as_ref())),
    ];
}

impl From<Progress> for Step {
    fn from(part: Progress) -> Step {
        Step {
            step: match part.part {
                Part::Store => "store",
                Part::Category => "category",
                Part::Brand => "brand",
                Part::Address => "address",
                Part::Freight => "freight",
            },
            name: part.name,
            state: match part.state {
                State::Done => "done",
                State::InAudit => "in_audit",
                State::Planned => "planned",
                State::Submitted => "submitted",
                State::Added => "added",
                State::Refused => "refused",
                State::Unclear => "unclear",
                State::ToDo => "to_do",
            },
            reason: part.reason,
        }
    }
}

pub async fn apply(args: ApplyArgs, ctx: &Ctx) -> Result<()> {
    if args.template {
        return ctx.out.raw(
            match ctx.out.lang {
                Lang::En => include_str!("store.en.toml"),
                Lang::Zh => include_str!("store.zh.toml"),
            }
            .as_bytes(),
        );
    }
    ctx.out.check_columns::<Step>()?;
    let shop = ctx.shop().await?;
    let opened = shop.opened().await?;
    let Some(path) = &args.data.file else {
        let stands = overview(shop, opened, ctx).await?;
        if !asks(ctx) {
            return Ok(());
        }
        let tree = shop.store_categories().await?;
        let opening = super::form::opening(&stands, &tree, ctx)?;
        if let Some(path) = &args.save {
            super::apply::save(&serde_json::to_value(&opening)?, path)?;
        }
        if opening.is_empty() {
            ctx.out.note(text!("nothing was sent"));
            return Ok(());
        }
        return submit(Vec::new(), opening, None, ctx).await;
    };
    let folder = folder_of(&args.data);
    let shown = path.display().to_string();
    let opening: Opening = serde_json::from_value(args.data.read()?).map_err(|error| {
        Failure::input(text!(
            "{file} cannot be read: {error}",
            file = shown,
            error = error.to_string()
        ))
        .hint(text!(
            "`wxsell merchant apply --template` prints a file to fill in"
        ))
    })?;
    submit(vec![opened], opening, Some(&folder), ctx).await
}

/// Shows how each step stands, asks, and sends what is missing. `above` stands above the steps; `file` is the folder of the
/// file that it came from, where it came from one.
async fn submit(
    above: Vec<Progress>,
    opening: Opening,
    file: Option<&Path>,
    ctx: &Ctx,
) -> Result<()> {
    let shop = ctx.shop().await?;
    let plan = shop
        .plan_opening(opening, file.unwrap_or(Path::new("")))
        .await?;
    let rows = |parts: Vec<Progress>| -> Vec<Step> {
        above.into_iter().chain(parts).map(Step::from).collect()
    };
    if ctx.global.dry_run {
        ctx.out.list(&rows(plan.parts()))?;
        ctx.out.note(text!("nothing was sent"));
        return Ok(());
    }
    if plan.count() > 0 {
        ctx.before_write(Some(match plan.count() {
            1 => text!("Submit 1 application or setting"),
            count => text!("Submit {count} applications and settings", count),
        }))
        .await?;
    }
    let carried = plan.carry_out(shop).await;
    let rows = rows(carried.parts);
    ctx.out.list(&rows)?;
    if let Some(failure) = carried.stopped {
        return Err(failure.into());
    }
    if rows
        .iter()
        .any(|row| matches!(row.state, "submitted" | "in_audit"))
    {
        ctx.out.note(match file {
            Some(_) => text!(
                "the platform reviews what was submitted; run the same command to see the progress, and to submit corrected items again"
            ),
            None => text!(
                "the platform reviews what was submitted; `wxsell category applications` and `wxsell brand list` show the progress"
            ),
        });
    }
    match rows.iter().filter(|row| row.state == "refused").count() {
        0 => Ok(()),
        failed => Err(Failure {
            shown: true,
            ..Failure::new(
                Kind::Partial,
                text!(
                    "{failed} of {count} steps were refused",
                    failed,
                    count = rows.len()
                ),
            )
        }
        .into()),
    }
}

/// Without a file: what there is, and where the rest is done.
async fn overview(shop: &Shop, opened: Progress, ctx: &Ctx) -> Result<Stands> {
    let stands = shop.stands().await?;
    let part = |part: Part, count: usize, is_done: bool| Progress {
        part,
        name: count.to_string(),
        state: if is_done { State::Done } else { State::ToDo },
        reason: None,
    };
    let rows = [
        opened,
        part(Part::Category, stands.categories, stands.categories > 0),
        part(Part::Brand, stands.brands, true),
        Progress {
            reason: (!stands.has_return).then(|| text!("no default return address")),
            ..part(Part::Address, stands.addresses, stands.has_return)
        },
        part(Part::Freight, stands.templates, stands.templates > 0),
    ];
    ctx.out.list(&rows.map(Step::from))?;
    ctx.out.note(text!(
        "a WeChat Store is opened in its console (https://store.weixin.qq.com): there are no calls for license, deposit and WeChat Pay"
    ));
    if !asks(ctx) {
        ctx.out.note(text!(
            "categories with documents, brands, addresses and freight templates are submitted from a file: `wxsell merchant apply --template > opening.toml`, then `wxsell merchant apply --file opening.toml`"
        ));
    }
    Ok(stands)
}
