//! `wxsell merchant apply` for a WeChat Store: the store itself is opened in its console; what it needs besides and what
//! calls can do is submitted from one file, step by step, as often as it takes.

use super::apply::ApplyArgs;
use crate::api::store::Id;
use crate::commands::Ctx;
use crate::commands::ask::request;
use crate::fail::{Failure, Kind, failure};
use crate::lang::{Lang, Text};
use crate::output::{Cell, Column, Record};
use crate::shop::Shop;
use crate::shop::pass_through::merchant::{
    ADDRESS, ADDRESS_INFO, BRAND, BRAND_AGAIN, BRAND_INFO, BRAND_NAME, BRAND_NUMBER, BY_LEVELS,
    CATEGORY, CATEGORY_INFO, FREIGHT, FREIGHT_INFO, LEVEL, LEVELS, NAME,
};
use crate::shop::pass_through::{Ask, Field, body, with};
use crate::shop::store::opening::{Standing, brand_standing, check_paper};
use crate::shop::store::{CategoryPath, StoreState};
use crate::text;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// The file: each list in the words of its call.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Opening {
    category: Vec<Category>,
    #[serde(deserialize_with = "objects")]
    brand: Vec<Value>,
    #[serde(deserialize_with = "objects")]
    address: Vec<Value>,
    #[serde(deserialize_with = "objects")]
    freight: Vec<Value>,
}

fn objects<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<Vec<Value>, D::Error> {
    let objects: Vec<Map<String, Value>> = Deserialize::deserialize(reader)?;
    Ok(objects.into_iter().map(Value::Object).collect())
}

#[derive(Debug, Deserialize)]
struct Category {
    /// Number, name or path of the leaf.
    category: Value,
    #[serde(flatten)]
    fields: Map<String, Value>,
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
        return overview(shop, opened, ctx).await;
    };
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
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
    let ready = ready(shop, opening, &folder).await?;
    let to_send = |one: &&Ready| matches!(one.standing, Standing::Missing | Standing::Refused);
    if ctx.global.dry_run {
        let rows: Vec<Step> = std::iter::once(opened)
            .chain(ready.iter().map(|one| Step {
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
            }))
            .collect();
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
    let mut rows = vec![opened];
    let mut stopped = None;
    for one in ready {
        let done = match one.standing {
            Standing::Done => Ok("done"),
            Standing::InAudit => Ok("in_audit"),
            Standing::Missing | Standing::Refused => send(&one, &folder, ctx).await,
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
        ctx.out.note(text!(
            "the platform checks what was submitted; the same command shows how it stands and submits what was refused, once it is corrected"
        ));
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

/// Without a file: what there is, and where the rest is done.
async fn overview(shop: &Shop, opened: Step, ctx: &Ctx) -> Result<()> {
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
    ctx.out.note(text!(
        "categories with documents, brands, addresses and freight templates are submitted from a file: `wxsell merchant apply --template > opening.toml`, then `wxsell merchant apply --file opening.toml`"
    ));
    Ok(())
}

fn refusal(reason: &str) -> Option<Text> {
    (!reason.is_empty()).then(|| Text::verbatim(reason))
}

/// Looks at every step and makes its request. All mistakes are named at once, before anything is sent.
async fn ready(shop: &Shop, opening: Opening, folder: &Path) -> Result<Vec<Ready>> {
    let (mut ready, mut problems): (Vec<Ready>, Vec<Text>) = (Vec::new(), Vec::new());
    let mut hold = |ask: &'static Ask, what: Text, body: Value| -> Value {
        match request(ask, &(), body.clone()) {
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
        for file in papers(&body, folder) {
            if let Err(found) = check_paper(&file) {
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
        let levels = path.ids.iter().map(|id| body([LEVEL.of(id)]));
        let info = with(
            Value::Object(category.fields),
            [BY_LEVELS.of(true), LEVELS.of(levels.collect::<Vec<_>>())],
        );
        let what = text!("category {category}", category = path.path());
        let body = hold(&CATEGORY, what, body([CATEGORY_INFO.of(info)]));
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
        let id: Id = serde_json::from_value(BRAND_NUMBER.at(&brand).clone()).unwrap_or_default();
        let name = named(&brand, BRAND_NAME).unwrap_or_else(|| id.to_string());
        let (standing, reason) = brand_standing(&brands, &id);
        let ask = match standing {
            Standing::Refused => &BRAND_AGAIN,
            _ => &BRAND,
        };
        let body = hold(
            ask,
            text!("brand {brand}", brand = &name),
            body([BRAND_INFO.of(brand)]),
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
        let name = named(&address, NAME).unwrap_or_default();
        let known = addresses.iter().any(|known| known.name == name);
        let body = hold(
            &ADDRESS,
            text!("address {name}", name = &name),
            body([ADDRESS_INFO.of(address)]),
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
        let name = named(&template, NAME).unwrap_or_default();
        let known = templates.iter().any(|known| known.name == name);
        let body = hold(
            &FREIGHT,
            text!("freight template {name}", name = &name),
            body([FREIGHT_INFO.of(template)]),
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

fn named(thing: &Value, name: Field) -> Option<String> {
    let text = name.at(thing).as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A leaf by number, path or name, where only one has it.
fn leaf<'a>(tree: &'a [CategoryPath], named: &str) -> Option<&'a CategoryPath> {
    let fits = |path: &&CategoryPath| {
        path.leaf() == named
            || path.path() == named
            || path.names.last().is_some_and(|name| name == named)
    };
    let mut found = tree.iter().filter(fits);
    found.next().filter(|_| found.next().is_none())
}

/// Texts of a request that are files of documents: those that lie beside the file and have its endings.
fn papers(body: &Value, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    each_text(body, &mut |text| {
        if is_paper(text) {
            found.push(folder.join(text));
        }
    });
    found
}

fn is_paper(text: &str) -> bool {
    let lower = text.to_lowercase();
    [".jpg", ".jpeg", ".png", ".pdf", ".bmp"]
        .iter()
        .any(|ending| lower.ends_with(ending))
        && !lower.starts_with("http")
}

fn each_text<'a>(value: &'a Value, take: &mut impl FnMut(&'a str)) {
    match value {
        Value::String(text) => take(text),
        Value::Array(rows) => rows.iter().for_each(|row| each_text(row, take)),
        Value::Object(fields) => fields.values().for_each(|field| each_text(field, take)),
        _ => {}
    }
}

/// Uploads the papers of a request and sends it.
async fn send(ready: &Ready, folder: &Path, ctx: &Ctx) -> Result<&'static str> {
    let mut body = ready.body.clone();
    let shop = ctx.shop().await?;
    let mut ids: Vec<(String, String)> = Vec::new();
    let mut texts = Vec::new();
    each_text(&ready.body, &mut |text| texts.push(text.to_owned()));
    for text in texts {
        if is_paper(&text) && !ids.iter().any(|(known, _)| *known == text) {
            let id = shop.upload_paper(&folder.join(&text)).await?;
            ids.push((text, id));
        }
    }
    replace(&mut body, &ids);
    ctx.send_asked(ready.ask, &body).await?;
    Ok(match ready.step {
        "category" | "brand" => "submitted",
        _ => "added",
    })
}

fn replace(value: &mut Value, ids: &[(String, String)]) {
    match value {
        Value::String(text) => {
            if let Some((_, id)) = ids.iter().find(|(name, _)| name == text) {
                text.clone_from(id);
            }
        }
        Value::Array(rows) => rows.iter_mut().for_each(|row| replace(row, ids)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, ids)),
        _ => {}
    }
}
