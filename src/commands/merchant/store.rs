//! `wxsell merchant apply` for a WeChat Store: the store itself is opened in its console; what it needs besides and what
//! calls can do is submitted from one file, step by step, as often as it takes.

use super::apply::ApplyArgs;
use super::documents;
use crate::api::store::Id;
use crate::commands::Ctx;
use crate::commands::ask::{Data, request};
use crate::fail::{Failure, Kind, failure};
use crate::lang::{Lang, Text};
use crate::output::{Cell, Column, Record};
use crate::shop::Shop;
use crate::shop::pass_through::Ask;
use crate::shop::pass_through::merchant::{ADDRESS, BRAND, BRAND_AGAIN, CATEGORY, FREIGHT};
use crate::shop::store::opening::{Standing, brand_standing, check_paper};
use crate::shop::store::{CategoryPath, StoreState};
use crate::text;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The file: each list in the words of its call.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Opening {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) category: Vec<Category>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) brand: Vec<Map<String, Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) address: Vec<Map<String, Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) freight: Vec<Map<String, Value>>,
}

impl Opening {
    fn is_empty(&self) -> bool {
        self.category.is_empty()
            && self.brand.is_empty()
            && self.address.is_empty()
            && self.freight.is_empty()
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Category {
    /// Number, name or path of the leaf.
    pub(super) category: Value,
    #[serde(flatten)]
    pub(super) fields: Map<String, Value>,
}

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
        "a WeChat Store takes its documents from a file, and these options are for a component"
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
    let fields = match (data.read()?, &data.file) {
        (Value::Object(fields), Some(_)) => Some(fields),
        _ if asks => None,
        _ => {
            return Err(Failure::input(text!("no documents are given"))
                .hint(text!(
                    "`wxsell merchant apply --template` prints the fields; give them with --file"
                ))
                .into());
        }
    };
    let mut opening = Opening::default();
    match thing {
        Thing::Category(named) => {
            let tree = shop.store_categories().await?;
            if leaf(&tree, &named).is_none() {
                return Err(no_category(named).into());
            }
            let fields = match fields {
                Some(fields) => fields,
                None => super::form::licenses(ctx)?,
            };
            opening.category.push(Category {
                category: named.into(),
                fields,
            });
        }
        Thing::Brand { name } => {
            let mut fields = match fields {
                Some(fields) => fields,
                None => super::form::brand(name.clone(), ctx)?,
            };
            if let Some(name) = name {
                fields.insert(CH_NAME.into(), name.into());
            }
            opening.brand.push(fields);
        }
    }
    let folder = data.file.is_some().then_some(folder.as_path());
    submit(Vec::new(), opening, folder, ctx).await
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

/// The Chinese name in an application for a brand.
pub(super) const CH_NAME: &str = "ch_name";

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

fn step(step: &'static str, name: String, state: &'static str) -> Step {
    Step {
        step,
        name,
        state,
        reason: None,
    }
}

/// A request that is ready but for its papers.
struct Ready {
    step: &'static str,
    name: String,
    standing: Standing,
    reason: String,
    ask: &'static Ask,
    body: Value,
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
    let opened = opened(shop).await?;
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

/// Shows how each step stands, asks, and sends what is missing. `rows` stand above the steps; `file` is the folder of the
/// file that it came from, where it came from one.
async fn submit(
    mut rows: Vec<Step>,
    opening: Opening,
    file: Option<&Path>,
    ctx: &Ctx,
) -> Result<()> {
    let folder = file.unwrap_or(Path::new(""));
    let shop = ctx.shop().await?;
    let ready = ready(shop, opening, folder).await?;
    let to_send = |one: &&Ready| matches!(one.standing, Standing::Missing | Standing::Refused);
    if ctx.global.dry_run {
        rows.extend(ready.iter().map(|one| Step {
            reason: refusal(&one.reason),
            ..step(
                one.step,
                one.name.clone(),
                match one.standing {
                    Standing::Done => "done",
                    Standing::InAudit => "in_audit",
                    Standing::Missing | Standing::Refused => "planned",
                },
            )
        }));
        ctx.out.list(&rows)?;
        ctx.out.note(text!("nothing was sent"));
        return Ok(());
    }
    let count = ready.iter().filter(to_send).count();
    if count > 0 {
        ctx.before_write(Some(match count {
            1 => text!("Submit 1 application or setting"),
            count => text!("Submit {count} applications and settings", count),
        }))
        .await?;
    }
    let mut stopped = None;
    for one in ready {
        let done = match one.standing {
            Standing::Done => Ok("done"),
            Standing::InAudit => Ok("in_audit"),
            Standing::Missing | Standing::Refused => send(&one, folder, ctx).await,
        };
        let row = match done {
            Ok(state) => step(one.step, one.name, state),
            Err(error) => {
                let found = Failure::from_any(error);
                let row = Step {
                    reason: Some(found.message.clone()),
                    ..step(one.step, one.name, "refused")
                };
                if found.kind != Kind::Refused && found.kind != Kind::Input {
                    rows.push(row);
                    stopped = Some(found);
                    break;
                }
                row
            }
        };
        rows.push(row);
    }
    let failed = rows.iter().filter(|row| row.state == "refused").count();
    ctx.out.list(&rows)?;
    if let Some(failure) = stopped {
        return Err(failure.into());
    }
    if rows
        .iter()
        .any(|row| matches!(row.state, "submitted" | "in_audit"))
    {
        ctx.out.note(match file {
            Some(_) => text!(
                "the platform checks what was submitted; the same command shows how it stands and submits what was refused, once it is corrected"
            ),
            None => text!(
                "the platform checks what was submitted; `wxsell category applications` and `wxsell brand list` show how it stands"
            ),
        });
    }
    match failed {
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

/// Whether the store is open, which happens in its console.
async fn opened(shop: &Shop) -> Result<Step> {
    let info = shop.store_info().await?;
    Ok(match StoreState::read(&info.status) {
        StoreState::Open => step("store", info.nickname, "done"),
        other => Step {
            reason: Some(other.refusal().message),
            ..step("store", info.nickname, "to_do")
        },
    })
}

/// What a store has of each, for the questions of the form.
pub(super) struct Stands {
    pub(super) categories: usize,
    pub(super) brands: usize,
    pub(super) addresses: usize,
    pub(super) has_return: bool,
    pub(super) templates: usize,
}

/// Without a file: what there is, and where the rest is done.
async fn overview(shop: &Shop, opened: Step, ctx: &Ctx) -> Result<Stands> {
    let (relations, brands, addresses, templates) = tokio::try_join!(
        shop.store_relations(),
        shop.every_brand(),
        shop.store_addresses(),
        shop.store_templates(),
    )?;
    let open = relations.iter().filter(|one| one.status == 1).count();
    let passed = brands.iter().filter(|brand| brand.status == 3).count();
    let has_return = addresses.iter().any(|address| address.default_recv);
    let state = |is_done: bool| if is_done { "done" } else { "to_do" };
    let rows = [
        opened,
        step("category", open.to_string(), state(open > 0)),
        step("brand", passed.to_string(), state(true)),
        Step {
            reason: (!has_return).then(|| text!("no address is the default one for returns")),
            ..step("address", addresses.len().to_string(), state(has_return))
        },
        step(
            "freight",
            templates.len().to_string(),
            state(!templates.is_empty()),
        ),
    ];
    ctx.out.list(&rows)?;
    ctx.out.note(text!(
        "a WeChat Store is opened in its console (https://store.weixin.qq.com): license, deposit and WeChat Pay have no call"
    ));
    if !asks(ctx) {
        ctx.out.note(text!(
            "categories with documents, brands, addresses and freight templates are submitted from a file: `wxsell merchant apply --template > opening.toml`, then `wxsell merchant apply --file opening.toml`"
        ));
    }
    Ok(Stands {
        categories: open,
        brands: passed,
        addresses: addresses.len(),
        has_return,
        templates: templates.len(),
    })
}

fn refusal(reason: &str) -> Option<Text> {
    (!reason.is_empty()).then(|| Text::verbatim(reason))
}

/// Looks at every step and makes its request. All mistakes are named at once, before anything is sent.
async fn ready(shop: &Shop, opening: Opening, folder: &Path) -> Result<Vec<Ready>> {
    let (mut ready, mut problems): (Vec<Ready>, Vec<Text>) = (Vec::new(), Vec::new());
    let mut hold = |ask: &'static Ask, what: Text, body: Value| -> Value {
        match request(ask, &Map::new(), body.clone()) {
            Ok(_) => {}
            Err(error) => match failure(&error) {
                Some(found) if !found.also.is_empty() => {
                    problems.extend(found.also.iter().map(|problem| {
                        text!(
                            "{step}: {problem}",
                            step = what.clone(),
                            problem = problem.clone()
                        )
                    }))
                }
                Some(found) => problems.push(text!(
                    "{step}: {problem}",
                    step = what,
                    problem = found.message.clone()
                )),
                None => problems.push(Text::verbatim(error.to_string())),
            },
        }
        for name in documents::named(&body) {
            if let Err(found) = check_paper(&folder.join(name)) {
                problems.push(found.message);
            }
        }
        body
    };
    let tree = match opening.category.is_empty() {
        true => Vec::new(),
        false => shop.store_categories().await?,
    };
    let mut unknown = Vec::new();
    for category in opening.category {
        let named = match &category.category {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let Some(path) = leaf(&tree, &named) else {
            unknown.push(text!(
                "there is no category \"{category}\"",
                category = named
            ));
            continue;
        };
        let mut info = category.fields;
        info.insert("is_new_apply_cat".into(), true.into());
        info.insert(
            "cats_v2".into(),
            path.ids.iter().map(|id| json!({"cat_id": id})).collect(),
        );
        let what = text!("category {category}", category = path.path());
        let body = hold(&CATEGORY, what, json!({"category_info": info}));
        let leaf = path.ids.last().cloned().unwrap_or_default();
        let (standing, reason) = shop.category_standing(&leaf).await?;
        ready.push(Ready {
            step: "category",
            name: path.path(),
            standing,
            reason,
            ask: &CATEGORY,
            body,
        });
    }
    let brands = match opening.brand.is_empty() {
        true => Vec::new(),
        false => shop.every_brand().await?,
    };
    for brand in opening.brand {
        let id: Id = brand
            .get("brand_id")
            .and_then(|id| serde_json::from_value(id.clone()).ok())
            .unwrap_or_default();
        let name = named(&brand, "ch_name").unwrap_or_else(|| id.to_string());
        let (standing, reason) = brand_standing(&brands, &id);
        let ask = match standing {
            Standing::Refused => &BRAND_AGAIN,
            _ => &BRAND,
        };
        let body = hold(
            ask,
            text!("brand {brand}", brand = &name),
            json!({"brand": brand}),
        );
        ready.push(Ready {
            step: "brand",
            name,
            standing,
            reason,
            ask,
            body,
        });
    }
    let addresses = match opening.address.is_empty() {
        true => Vec::new(),
        false => shop.store_addresses().await?,
    };
    for address in opening.address {
        let name = named(&address, "name").unwrap_or_default();
        let known = addresses.iter().any(|known| known.name == name);
        let body = hold(
            &ADDRESS,
            text!("address {name}", name = &name),
            json!({"address_detail": address}),
        );
        ready.push(Ready {
            step: "address",
            name,
            standing: is_there(known),
            reason: String::new(),
            ask: &ADDRESS,
            body,
        });
    }
    let templates = match opening.freight.is_empty() {
        true => Vec::new(),
        false => shop.store_templates().await?,
    };
    for template in opening.freight {
        let name = named(&template, "name").unwrap_or_default();
        let known = templates.iter().any(|known| known.name == name);
        let body = hold(
            &FREIGHT,
            text!("freight template {name}", name = &name),
            json!({"freight_template": template}),
        );
        ready.push(Ready {
            step: "freight",
            name,
            standing: is_there(known),
            reason: String::new(),
            ask: &FREIGHT,
            body,
        });
    }
    problems.extend(unknown);
    match problems.is_empty() {
        true => Ok(ready),
        false => Err(Failure::input(text!(
            "the application is incomplete or invalid; nothing was sent"
        ))
        .also(problems)
        .hint(text!(
            "`wxsell merchant apply --template` explains every value"
        ))
        .into()),
    }
}

fn is_there(known: bool) -> Standing {
    match known {
        true => Standing::Done,
        false => Standing::Missing,
    }
}

fn named(fields: &Map<String, Value>, name: &str) -> Option<String> {
    let text = fields.get(name)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A leaf by number, path or name, where only one has it.
pub(super) fn leaf<'a>(tree: &'a [CategoryPath], named: &str) -> Option<&'a CategoryPath> {
    let fits = |path: &&CategoryPath| {
        path.leaf() == named
            || path.path() == named
            || path.names.last().is_some_and(|name| name == named)
    };
    let mut found = tree.iter().filter(fits);
    found.next().filter(|_| found.next().is_none())
}

/// Uploads the papers of a request and sends it.
async fn send(ready: &Ready, folder: &Path, ctx: &Ctx) -> Result<&'static str> {
    let mut body = ready.body.clone();
    let shop = ctx.shop().await?;
    let mut ids: Vec<(String, String)> = Vec::new();
    for name in documents::named(&ready.body) {
        if !ids.iter().any(|(known, _)| *known == name) {
            let id = shop.upload_paper(&folder.join(&name)).await?;
            ids.push((name, id));
        }
    }
    documents::replace(&mut body, &ids);
    ctx.send_asked(ready.ask, &body).await?;
    Ok(match ready.step {
        "category" | "brand" => "submitted",
        _ => "added",
    })
}
