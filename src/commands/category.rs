//! `wxsell category`: WeChat's category tree, and permission to sell in a category.

use super::Ctx;
use super::ask::{Data, Rows, request};
use super::merchant::store;
use super::{audit, papers};
use crate::api::component::category::Category;
use crate::commands::audit::HandedIn;
use crate::commands::shows::Shows;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::model::category_rule::{AttributeRule, Need};
use crate::output::{Cell, Column, Record};
use crate::shop::pass_through::category::{
    APPLICATION, APPLICATIONS, APPLY, DELIVERY, DEPOSIT, FILTERED, SHOW, WITHDRAW,
};
use crate::shop::pass_through::{body, empty};
use crate::text;
use crate::types::now;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

/// Find the category of a product, and apply for one
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(ListArgs),
    Rule(RuleArgs),
    Apply(ApplyArgs),
    /// List the categories that are open to this shop
    Mine,
    /// WeChat Store: list the category applications, with the reasons of rejections
    Applications(ApplicationsArgs),
    Application(ApplicationArgs),
    Show(ShowArgs),
    /// WeChat Store: withdraw an application that is in audit
    Withdraw(WithdrawArgs),
}

#[derive(Debug, clap::Args)]
pub struct ApplicationsArgs {
    #[command(flatten)]
    rows: Rows,
}

/// WeChat Store: show what was submitted with an application for a category
#[derive(Debug, clap::Args, Serialize)]
pub struct ApplicationArgs {
    /// Number of the audit, as `category applications` shows it
    audit_id: String,
}

/// WeChat Store: show the store's right to a category: since when it is valid, or why it lapsed
///
/// `category list` shows the rights to all of them, and `category rule` what products of a category must have.
#[derive(Debug, clap::Args, Serialize)]
pub struct ShowArgs {
    /// Number of the category
    #[arg(value_parser = number)]
    category_id: u64,
}

#[derive(Debug, clap::Args, Serialize)]
pub struct WithdrawArgs {
    /// Number of the audit, as `category applications` shows it
    audit_id: String,
}

/// List all categories
///
/// Products take the number of a leaf category.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only categories whose names or number contain this
    search: Option<String>,
}

/// Show a rule of a category
///
/// With a WeChat Store: what its products must have (attributes, SKU attributes, documents), the lowest price and the
/// like; `goods template` makes a sheet of it. The deposit and the delivery methods come from a call of the component's
/// successor, which WeChat answers for accounts of the WeChat Store only.
#[derive(Debug, clap::Args, Serialize)]
pub struct RuleArgs {
    /// Number of the category
    #[arg(value_parser = number)]
    category_id: u64,
    /// Which rule
    #[arg(long, value_enum, default_value_t)]
    #[serde(skip)]
    rule: Rule,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Rule {
    /// The deposit
    #[default]
    Deposit,
    /// The delivery methods that are allowed
    Delivery,
}

/// Submit category documents for review
///
/// Needed where `category list` says that a permit is required. The documents must name the legal entity of the Mini
/// Program. Images are files or links of WeChat's; files are uploaded first, each once.
///
/// For a WeChat Store, give the documents in a file that holds the fields of a `[[category]]` block of `merchant apply
/// --template`, or type them on a terminal; the other options are for the custom component.
#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    /// Category number; for a WeChat Store also its name or path
    category: String,
    /// Image of the business license (can be repeated)
    #[arg(long, value_name = "PICTURE", value_hint = clap::ValueHint::FilePath)]
    license: Vec<String>,
    /// Image of the permit (can be repeated)
    #[arg(long, value_name = "PICTURE", value_hint = clap::ValueHint::FilePath)]
    certificate: Vec<String>,
    /// Scene to apply for (can be repeated); only scenes that are open
    #[arg(long, value_name = "NUMBER")]
    scene: Vec<i64>,
    #[command(flatten)]
    data: Data,
}

/// The body of an application, in WeChat's names.
#[derive(Serialize)]
struct Audit {
    license: Vec<String>,
    level1: u64,
    level2: u64,
    level3: u64,
    certificate: Vec<String>,
    scenes: Vec<i64>,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::list::<CategoryRow>("category list"),
    Shows::list::<LeafRow>("category list"),
    Shows::list::<CategoryRow>("category mine"),
    Shows::list::<LeafRow>("category mine"),
    Shows::list::<NeedRow>("category rule"),
    Shows::record("category rule", &DEPOSIT),
    Shows::record("category rule", &DELIVERY),
    Shows::one::<HandedIn>("category apply"),
    Shows::list::<store::Step>("category apply"),
];

/// One third-level category.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct CategoryRow {
    third_cat_id: String,
    third_cat_name: String,
    second_cat_id: String,
    second_cat_name: String,
    first_cat_id: String,
    first_cat_name: String,
    qualification_type: i64,
    qualification: String,
    product_qualification_type: i64,
    product_qualification: String,
}

impl From<Category> for CategoryRow {
    fn from(category: Category) -> CategoryRow {
        CategoryRow {
            third_cat_id: category.third_cat_id.to_string(),
            third_cat_name: category.third_cat_name,
            second_cat_id: category.second_cat_id.to_string(),
            second_cat_name: category.second_cat_name,
            first_cat_id: category.first_cat_id.to_string(),
            first_cat_name: category.first_cat_name,
            qualification_type: category.qualification_type,
            qualification: category.qualification,
            product_qualification_type: category.product_qualification_type,
            product_qualification: category.product_qualification,
        }
    }
}

/// 0 none, 1 required, 2 optional; others may come.
fn needed(kind: i64) -> Cell {
    match kind {
        0 => Cell::Word(text!("none")),
        1 => Cell::Word(text!("required")),
        2 => Cell::Word(text!("optional")),
        other => Cell::Number(other),
    }
}

impl Record for CategoryRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("third_cat_id", "CATEGORY", |c| {
            Cell::Id(c.third_cat_id.clone())
        }),
        Column::new("third_cat_name", "NAME", |c| {
            Cell::Text(c.third_cat_name.clone())
        }),
        Column::new("second_cat_name", "SECOND LEVEL", |c| {
            Cell::Text(c.second_cat_name.clone())
        }),
        Column::new("first_cat_name", "FIRST LEVEL", |c| {
            Cell::Text(c.first_cat_name.clone())
        }),
        Column::new("qualification_type", "PERMIT", |c| {
            needed(c.qualification_type)
        }),
        Column::new("product_qualification_type", "PERMIT OF THE PRODUCT", |c| {
            needed(c.product_qualification_type)
        }),
    ];
}

/// A number; whoever types a name is told how to find it.
fn number(text: &str) -> Result<u64, Failure> {
    text.parse().map_err(|_| {
        Failure::input(text!("must be the number of a category")).hint(text!(
            "find it with `wxsell category list {word}`",
            word = text
        ))
    })
}

/// One leaf of the tree of a WeChat Store.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct LeafRow {
    category_id: String,
    /// `食品饮料/茶/绿茶`
    path: String,
    /// `open`, `lapsed`, or `closed`: to be applied for.
    right: &'static str,
    /// Why a right has lapsed.
    reason: String,
}

impl Record for LeafRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("category_id", "CATEGORY", |c| {
            Cell::Text(c.category_id.clone())
        }),
        Column::new("path", "PATH", |c| Cell::Text(c.path.clone())),
        Column::new("right", "THIS STORE", |c| {
            Cell::Word(match c.right {
                "open" => text!("may sell"),
                "lapsed" => text!("lapsed"),
                _ => text!("to be applied for"),
            })
        }),
        Column::below("reason", "REASON", |c| match c.reason.as_str() {
            "" => Cell::Empty,
            reason => Cell::Sentence(Text::verbatim(reason)),
        }),
    ];
}

/// One thing that a product of a category has or may have.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct NeedRow {
    /// `attribute`, `sku_attribute`, `paper`, `lowest_price` or `bar_code`.
    kind: &'static str,
    name: String,
    /// `always`, `sometimes` or `never`.
    needed: &'static str,
    /// Allowed values, or units.
    values: Vec<String>,
}

impl Record for NeedRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("kind", "WHAT", |n| {
            Cell::Word(match n.kind {
                "attribute" => text!("attribute"),
                "sku_attribute" => text!("SKU attribute"),
                "paper" => text!("document"),
                "lowest_price" => text!("lowest price"),
                _ => text!("barcode"),
            })
        }),
        Column::new("name", "NAME", |n| Cell::Text(n.name.clone())),
        Column::new("needed", "NEEDED", |n| {
            Cell::Word(match n.needed {
                "always" => text!("always"),
                "sometimes" => text!("sometimes"),
                _ => text!("no"),
            })
        }),
        Column::new("values", "VALUES OR UNITS", |n| {
            Cell::List(n.values.clone())
        }),
    ];
}

async fn rule_of_store(leaf: u64, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<NeedRow>()?;
    let shop = ctx.shop().await?;
    let none = crate::api::store::Id::default();
    let rule = shop.store_rule(&leaf.into(), &none).await?.read();
    let needed = |need: &Need| match need {
        Need::Always => "always",
        Need::Never => "never",
        Need::When(_) | Need::Unknown => "sometimes",
    };
    let attribute = |kind: &'static str| {
        move |rule: &AttributeRule| NeedRow {
            kind,
            name: rule.name.clone(),
            needed: needed(&rule.need),
            values: rule.kind.choices().to_vec(),
        }
    };
    let papers = rule.papers.iter().map(|paper| NeedRow {
        kind: "paper",
        name: paper.name.clone(),
        needed: needed(&paper.need),
        values: Vec::new(),
    });
    let mut rows: Vec<NeedRow> = rule
        .attributes
        .iter()
        .map(attribute("attribute"))
        .chain(rule.sku_attributes.iter().map(attribute("sku_attribute")))
        .chain(papers)
        .collect();
    if rule.floor_price.0 > 0 {
        rows.push(NeedRow {
            kind: "lowest_price",
            name: rule.floor_price.to_yuan(),
            needed: "always",
            values: Vec::new(),
        });
    }
    if rule.needs_bar_code {
        rows.push(NeedRow {
            kind: "bar_code",
            name: String::new(),
            needed: "always",
            values: Vec::new(),
        });
    }
    ctx.out.list(&rows)
}

async fn of_store(search: Option<&str>, mine: bool, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<LeafRow>()?;
    let shop = ctx.shop().await?;
    let (tree, rights) = tokio::try_join!(shop.store_categories(), shop.store_relations())?;
    let right = |leaf: &str| {
        let found = rights.iter().find(|relation| relation.id.as_str() == leaf);
        match found {
            Some(relation) if relation.status == 1 => ("open", String::new()),
            Some(relation) => ("lapsed", relation.uneffective_reason.clone()),
            None => ("closed", String::new()),
        }
    };
    let rows: Vec<LeafRow> = tree
        .iter()
        .map(|path| {
            let (right, reason) = right(path.leaf());
            LeafRow {
                category_id: path.leaf().to_owned(),
                path: path.path(),
                right,
                reason,
            }
        })
        .filter(|row| !mine || row.right != "closed")
        .filter(|row| {
            search.is_none_or(|search| row.category_id == search || row.path.contains(search))
        })
        .collect();
    let out = ctx.out.with_nothing(text!("no category matches"));
    out.list(&rows)
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    if ctx.is_of_a_store() {
        return match verb {
            Verb::List(args) => of_store(args.search.as_deref(), false, ctx).await,
            Verb::Mine => of_store(None, true, ctx).await,
            Verb::Rule(args) => rule_of_store(args.category_id, ctx).await,
            Verb::Apply(args) => apply_for_store(args, ctx).await,
            Verb::Applications(args) => {
                // WeChat wants to be told that all states are wanted.
                let all = body([FILTERED.of(false)]);
                ctx.ask_rows(&APPLICATIONS, &all, args.rows).await
            }
            Verb::Application(args) => ctx.ask(&APPLICATION, &args).await,
            Verb::Show(args) => {
                let shown = ctx.ask(&SHOW, &args).await;
                shown.map_err(|error| not_applied_for(error, args.category_id))
            }
            Verb::Withdraw(args) => ctx.ask(&WITHDRAW, &args).await,
        };
    }
    let (categories, search) = match verb {
        Verb::List(args) => (ctx.shop().await?.categories().await?, args.search),
        Verb::Mine => {
            let mine = ctx.shop().await?.my_categories().await?;
            if let Some(mine) = &mine {
                let open = mine.iter().map(|category| category.third_cat_id);
                let shop_key = ctx.profile()?.shop_key();
                ctx.state()?.keep_categories(&shop_key, open, now())?;
            }
            (mine.unwrap_or_default(), None)
        }
        Verb::Rule(args) => return rule(args, ctx).await,
        Verb::Apply(args) => return apply(args, ctx).await,
        Verb::Applications(_) | Verb::Application(_) | Verb::Show(_) | Verb::Withdraw(_) => {
            return ctx.of_a_store();
        }
    };
    let rows: Vec<CategoryRow> = categories
        .into_iter()
        .map(CategoryRow::from)
        .filter(|row| search.as_deref().is_none_or(|search| row.has(search)))
        .collect();
    let out = ctx.out.with_nothing(text!("no category matches"));
    out.list(&rows)
}

/// WeChat's code for a category that the store never applied for; that it is refused says nothing of the account.
const NOT_APPLIED_FOR: i64 = 10_020_252;

fn not_applied_for(error: anyhow::Error, category: u64) -> anyhow::Error {
    let found = Failure::from_any(error);
    if found.errcode != Some(NOT_APPLIED_FOR) {
        return found.into();
    }
    Failure {
        kind: Kind::Refused,
        rid: None,
        message: text!(
            "the store has not applied for the category {category}",
            category
        ),
        ..found
    }
    .hint(text!(
        "apply for it with `wxsell category apply {category}`; `wxsell category rule {category}` shows what its products need",
        category
    ))
    .into()
}

/// The options are the component's: a store's documents come from a file, or are asked for.
async fn apply_for_store(args: ApplyArgs, ctx: &Ctx) -> Result<()> {
    if !(args.license.is_empty() && args.certificate.is_empty() && args.scene.is_empty()) {
        return Err(store::options_of_a_component().into());
    }
    let category = args.category;
    store::apply_for(store::Thing::Category(category), &args.data, ctx).await
}

async fn rule(args: RuleArgs, ctx: &Ctx) -> Result<()> {
    let (ask, number) = match args.rule {
        Rule::Deposit => (&DEPOSIT, "1"),
        Rule::Delivery => (&DELIVERY, "2"),
    };
    let body = request(ask, &args, empty())?;
    let shop = ctx.shop().await?;
    let query = [("rule_id", number)];
    let reply = shop.read_with(ask, &query, &body).await?;
    ctx.show_reply(ask, reply)
}

async fn apply(args: ApplyArgs, ctx: &Ctx) -> Result<()> {
    if args.data.file.is_some() {
        return Err(
            Failure::input(text!("--file works only with a WeChat Store"))
                .hint(text!("give the images with --license and --certificate"))
                .into(),
        );
    }
    let mut wrong = papers::problems(args.license.iter().chain(&args.certificate));
    if args.license.is_empty() {
        wrong.push(text!("give the business license with --license"));
    }
    let all = ctx.shop().await?.categories().await?;
    let asked: u64 = args.category.trim().parse().unwrap_or(0);
    let Some(row) = all.iter().find(|row| row.third_cat_id == asked) else {
        let parent = all
            .iter()
            .any(|row| row.first_cat_id == asked || row.second_cat_id == asked);
        let words = if parent {
            text!("{number} is not a leaf category", number = &args.category)
        } else {
            text!("there is no category {number}", number = &args.category)
        };
        return Err(Failure::input(words)
            .also(wrong)
            .hint(text!("`wxsell category list WORD` finds the number"))
            .into());
    };
    let mut problems = wrong;
    if row.qualification_type == 1 && args.certificate.is_empty() {
        problems.push(text!(
            "this category requires a permit; give its image with --certificate: {permit}",
            permit = &row.qualification
        ));
    }
    if !problems.is_empty() {
        return Err(
            Failure::input(text!("the documents are not complete; nothing was sent"))
                .also(problems)
                .into(),
        );
    }
    let audit = Audit {
        license: args.license,
        level1: row.first_cat_id,
        level2: row.second_cat_id,
        level3: row.third_cat_id,
        certificate: args.certificate,
        scenes: args.scene,
    };
    let body = request(&APPLY, &audit, empty())?;
    let pictures = ["/audit_req/license", "/audit_req/category_info/certificate"];
    audit::hand_in(ctx, &APPLY, body, &pictures).await
}

impl CategoryRow {
    fn has(&self, search: &str) -> bool {
        self.third_cat_id == search
            || [
                &self.third_cat_name,
                &self.second_cat_name,
                &self.first_cat_name,
            ]
            .iter()
            .any(|name| name.contains(search))
    }
}
