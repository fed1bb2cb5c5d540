//! An application of a store, planned and submitted: what stands already is left alone, what is missing or was refused is
//! sent.

use super::{AuditState, brand_audit, check_paper, documents};
use crate::api::json::put;
use crate::api::store::Id;
use crate::api::store::opening::Level;
use crate::fail::{Failure, Kind, failure};
use crate::lang::Text;
use crate::shop::Shop;
use crate::shop::pass_through::merchant::{ADDRESS, BRAND, BRAND_AGAIN, CATEGORY, FREIGHT};
use crate::shop::pass_through::{Ask, Field, empty, request};
use crate::shop::store::{CategoryPath, StoreState};
use crate::text;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

pub type Fields = Map<String, Value>;

const CATEGORY_INFO: Field = Field("category_info");
const BRAND_PAPERS: Field = Field("brand");
const ADDRESS_DETAIL: Field = Field("address_detail");
const TEMPLATE: Field = Field("freight_template");

/// The file of an application: each list in the words of its call.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Opening {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub category: Vec<Category>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub brand: Vec<Fields>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<Fields>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub freight: Vec<Fields>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Category {
    /// Number, name or path of the leaf.
    pub category: Value,
    #[serde(flatten)]
    pub fields: Fields,
}

impl Opening {
    pub fn is_empty(&self) -> bool {
        self.category.is_empty()
            && self.brand.is_empty()
            && self.address.is_empty()
            && self.freight.is_empty()
    }

    /// An application for one category alone.
    pub fn of_category(named: String, fields: Fields) -> Opening {
        Opening {
            category: vec![Category {
                category: named.into(),
                fields,
            }],
            ..Opening::default()
        }
    }

    /// An application for one brand alone; a name wins over the one among the fields.
    pub fn of_brand(mut fields: Fields, name: Option<String>) -> Opening {
        if let Some(name) = name {
            fields.insert("ch_name".into(), name.into());
        }
        Opening {
            brand: vec![fields],
            ..Opening::default()
        }
    }
}

/// What a store needs before it sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The store itself, which is opened in its console.
    Store,
    Category,
    Brand,
    Address,
    Freight,
}

/// How a part stands once a plan was made or carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Done,
    InAudit,
    /// It would be sent.
    Planned,
    /// It was sent and is in audit now.
    Submitted,
    /// It was sent and stands.
    Added,
    Refused,
    /// It was sent, and nobody knows whether it arrived.
    Unclear,
    ToDo,
}

/// A part, and how it stands.
#[derive(Debug)]
pub struct Progress {
    pub part: Part,
    pub name: String,
    pub state: State,
    /// Why it is not done.
    pub reason: Option<Text>,
}

/// What a store has of each part.
#[derive(Debug)]
pub struct Stands {
    /// Categories that may be sold in.
    pub categories: usize,
    /// Brands that passed.
    pub brands: usize,
    pub addresses: usize,
    /// Whether an address is the default one for returns.
    pub has_return: bool,
    pub templates: usize,
}

/// A request that is ready but for its papers.
#[derive(Debug)]
struct Step {
    part: Part,
    name: String,
    audit: AuditState,
    reason: String,
    ask: &'static Ask,
    body: Value,
    /// It was refused, and is still what this machine sent.
    is_same: bool,
}

impl Step {
    fn is_to_send(&self) -> bool {
        match self.audit {
            AuditState::Missing => true,
            AuditState::Refused => !self.is_same,
            AuditState::InAudit | AuditState::Done => false,
        }
    }

    /// Under which its application is remembered.
    fn question(&self) -> String {
        let part = match self.part {
            Part::Brand => "brand",
            _ => "category",
        };
        format!("application/{part}/{name}", name = self.name)
    }

    /// What tells one application from another: every value, and what its papers hold.
    fn digest(&self, folder: &Path) -> String {
        let mut digest = Sha256::new();
        digest.update(self.body.to_string());
        for name in documents::named(&self.body) {
            digest.update(std::fs::read(folder.join(name)).unwrap_or_default());
        }
        hex::encode(digest.finalize())
    }

    fn was_refused(&self) -> Text {
        text!(
            "the audit refused it: {reason}; correct it, then run the same command again",
            reason = &self.reason
        )
    }

    fn progress(&self, state: State, reason: Option<Text>) -> Progress {
        Progress {
            part: self.part,
            name: self.name.clone(),
            state,
            reason,
        }
    }
}

/// What an application comes to, as the store stands now.
#[derive(Debug)]
pub struct OpeningPlan {
    steps: Vec<Step>,
    /// Where the papers lie.
    folder: PathBuf,
}

/// How far a plan was carried out.
#[derive(Debug)]
pub struct Carried {
    pub parts: Vec<Progress>,
    /// What ended it before its end.
    pub stopped: Option<Failure>,
}

impl Shop {
    /// Whether the store is open, which happens in its console.
    pub async fn opened(&self) -> Result<Progress> {
        let info = self.store_info().await?;
        let (state, reason) = match StoreState::read(&info.status) {
            StoreState::Open => (State::Done, None),
            other => (State::ToDo, Some(other.refusal().message)),
        };
        Ok(Progress {
            part: Part::Store,
            name: info.nickname,
            state,
            reason,
        })
    }

    /// What the store has of each part.
    pub async fn stands(&self) -> Result<Stands> {
        let (relations, brands, addresses, templates) = tokio::try_join!(
            self.store_relations(),
            self.every_brand(),
            self.store_addresses(),
            self.store_templates(),
        )?;
        Ok(Stands {
            categories: relations.iter().filter(|one| one.status == 1).count(),
            brands: brands.iter().filter(|brand| brand.status == 3).count(),
            has_return: addresses.iter().any(|address| address.default_recv),
            addresses: addresses.len(),
            templates: templates.len(),
        })
    }

    /// Looks at every part of an application and makes its request. `folder` is where its papers lie.
    ///
    /// # Errors
    /// [`Kind::Input`] with all mistakes at once.
    pub async fn plan_opening(&self, opening: Opening, folder: &Path) -> Result<OpeningPlan> {
        let mut planner = Planner {
            shop: self,
            folder,
            steps: Vec::new(),
            problems: Vec::new(),
        };
        let unknown = planner.categories(opening.category).await?;
        planner.brands(opening.brand).await?;
        planner.addresses(opening.address).await?;
        planner.templates(opening.freight).await?;
        planner.problems.extend(unknown);
        if planner.problems.is_empty() {
            let (state, key) = (self.client.state(), self.client.shop_key());
            for step in &mut planner.steps {
                // One that somebody took back has no reason.
                if step.audit == AuditState::Refused && !step.reason.is_empty() {
                    let sent = state.answer(key, &step.question(), 0)?;
                    step.is_same = sent.is_some_and(|sent| sent == step.digest(folder));
                }
            }
            return Ok(OpeningPlan {
                steps: planner.steps,
                folder: folder.to_path_buf(),
            });
        }
        Err(Failure::input(text!(
            "the application is incomplete or invalid; nothing was sent"
        ))
        .also(planner.problems)
        .hint(text!(
            "`wxsell merchant apply --template` explains every value"
        ))
        .into())
    }
}

impl OpeningPlan {
    /// How many requests would be sent.
    pub fn count(&self) -> usize {
        self.steps.iter().filter(|step| step.is_to_send()).count()
    }

    /// How each part stands, and which would be sent.
    pub fn parts(&self) -> Vec<Progress> {
        let part = |step: &Step| {
            let state = match step.audit {
                AuditState::Done => State::Done,
                AuditState::InAudit => State::InAudit,
                _ if step.is_same => {
                    return step.progress(State::Refused, Some(step.was_refused()));
                }
                AuditState::Missing | AuditState::Refused => State::Planned,
            };
            let reason = Some(&step.reason).filter(|reason| !reason.is_empty());
            step.progress(state, reason.map(Text::verbatim))
        };
        self.steps.iter().map(part).collect()
    }

    /// Sends what is missing, part by part. A part that is refused does not stop those after it; whatever else fails does.
    pub async fn carry_out(&self, shop: &Shop) -> Carried {
        let mut parts = Vec::new();
        for step in &self.steps {
            let sent = match step.audit {
                _ if step.is_same => Err(Failure::new(Kind::Refused, step.was_refused()).into()),
                AuditState::Done => Ok(State::Done),
                AuditState::InAudit => Ok(State::InAudit),
                AuditState::Missing | AuditState::Refused => self.send(step, shop).await,
            };
            match sent {
                Ok(state) => parts.push(step.progress(state, None)),
                Err(error) => {
                    let found = Failure::from_any(error);
                    let state = if found.unclear {
                        State::Unclear
                    } else {
                        State::Refused
                    };
                    parts.push(step.progress(state, Some(found.message.clone())));
                    if found.kind != Kind::Refused && found.kind != Kind::Input {
                        return Carried {
                            parts,
                            stopped: Some(found),
                        };
                    }
                }
            }
        }
        Carried {
            parts,
            stopped: None,
        }
    }

    /// Uploads the papers of a request and sends it.
    async fn send(&self, step: &Step, shop: &Shop) -> Result<State> {
        let mut body = step.body.clone();
        let mut ids: Vec<(String, String)> = Vec::new();
        for name in documents::named(&step.body) {
            if !ids.iter().any(|(known, _)| *known == name) {
                let id = shop.upload_paper(&self.folder.join(&name)).await?;
                ids.push((name, id));
            }
        }
        documents::replace(&mut body, &ids);
        shop.send(step.ask, &body, async || Ok(())).await?;
        Ok(match step.part {
            Part::Category | Part::Brand => {
                let (state, key) = (shop.client.state(), shop.client.shop_key());
                let digest = step.digest(&self.folder);
                state.keep_answer(key, &step.question(), &digest, shop.clock()?)?;
                State::Submitted
            }
            _ => State::Added,
        })
    }
}

struct Planner<'a> {
    shop: &'a Shop,
    folder: &'a Path,
    steps: Vec<Step>,
    problems: Vec<Text>,
}

impl Planner<'_> {
    /// The request of a part; what is wrong with it or its papers is noted.
    fn body(&mut self, ask: &'static Ask, what: &Text, thing: Field, fields: Fields) -> Value {
        let mut body = empty();
        put(&mut body, thing.0, fields.into());
        let mut note = |problem: Text| {
            self.problems
                .push(text!("{step}: {problem}", step = what.clone(), problem));
        };
        if let Err(error) = request(ask, &(), body.clone()) {
            match failure(&error) {
                Some(found) if !found.also.is_empty() => {
                    found.also.iter().cloned().for_each(&mut note);
                }
                Some(found) => note(found.message.clone()),
                None => self.problems.push(Text::verbatim(error.to_string())),
            }
        }
        for name in documents::named(&body) {
            if let Err(found) = check_paper(&self.folder.join(name)) {
                self.problems.push(found.message);
            }
        }
        body
    }

    /// What is said of categories that there are none of.
    async fn categories(&mut self, categories: Vec<Category>) -> Result<Vec<Text>> {
        if categories.is_empty() {
            return Ok(Vec::new());
        }
        let tree = self.shop.store_categories().await?;
        let mut unknown = Vec::new();
        for category in categories {
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
            let levels = path.ids.iter().map(|cat_id| Level { cat_id });
            let levels: Vec<Level<'_>> = levels.collect();
            info.insert("cats_v2".into(), serde_json::to_value(levels)?);
            let what = text!("category {category}", category = path.path());
            let body = self.body(&CATEGORY, &what, CATEGORY_INFO, info);
            let leaf = path.ids.last().cloned().unwrap_or_default();
            let (audit, reason) = self.shop.category_audit(&leaf).await?;
            self.steps.push(Step {
                part: Part::Category,
                name: path.path(),
                audit,
                reason,
                ask: &CATEGORY,
                body,
                is_same: false,
            });
        }
        Ok(unknown)
    }

    async fn brands(&mut self, brands: Vec<Fields>) -> Result<()> {
        if brands.is_empty() {
            return Ok(());
        }
        let known = self.shop.every_brand().await?;
        for brand in brands {
            let id: Id = brand
                .get("brand_id")
                .and_then(|id| serde_json::from_value(id.clone()).ok())
                .unwrap_or_default();
            let name = named(&brand, "ch_name").unwrap_or_else(|| id.to_string());
            let (audit, reason) = brand_audit(&known, &id);
            let ask = match audit {
                AuditState::Refused => &BRAND_AGAIN,
                _ => &BRAND,
            };
            let what = text!("brand {brand}", brand = &name);
            let body = self.body(ask, &what, BRAND_PAPERS, brand);
            self.steps.push(Step {
                part: Part::Brand,
                name,
                audit,
                reason,
                ask,
                body,
                is_same: false,
            });
        }
        Ok(())
    }

    async fn addresses(&mut self, addresses: Vec<Fields>) -> Result<()> {
        if addresses.is_empty() {
            return Ok(());
        }
        let known = self.shop.store_addresses().await?;
        for address in addresses {
            let name = named(&address, "name").unwrap_or_default();
            let what = text!("address {name}", name = &name);
            let body = self.body(&ADDRESS, &what, ADDRESS_DETAIL, address);
            let is_there = known.iter().any(|known| known.name == name);
            self.setting(Part::Address, name, is_there, &ADDRESS, body);
        }
        Ok(())
    }

    async fn templates(&mut self, templates: Vec<Fields>) -> Result<()> {
        if templates.is_empty() {
            return Ok(());
        }
        let known = self.shop.store_templates().await?;
        for template in templates {
            let name = named(&template, "name").unwrap_or_default();
            let what = text!("freight template {name}", name = &name);
            let body = self.body(&FREIGHT, &what, TEMPLATE, template);
            let is_there = known.iter().any(|known| known.name == name);
            self.setting(Part::Freight, name, is_there, &FREIGHT, body);
        }
        Ok(())
    }

    /// What needs no audit: it is there or it is not.
    fn setting(
        &mut self,
        part: Part,
        name: String,
        is_there: bool,
        ask: &'static Ask,
        body: Value,
    ) {
        let audit = if is_there {
            AuditState::Done
        } else {
            AuditState::Missing
        };
        self.steps.push(Step {
            part,
            name,
            audit,
            reason: String::new(),
            ask,
            body,
            is_same: false,
        });
    }
}

fn named(fields: &Fields, name: &str) -> Option<String> {
    let text = fields.get(name)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A leaf by number, path or name, where only one has it.
pub fn leaf<'a>(tree: &'a [CategoryPath], named: &str) -> Option<&'a CategoryPath> {
    let fits = |path: &&CategoryPath| {
        path.leaf() == named
            || path.path() == named
            || path.names.last().is_some_and(|name| name == named)
    };
    let mut found = tree.iter().filter(fits);
    found.next().filter(|_| found.next().is_none())
}
