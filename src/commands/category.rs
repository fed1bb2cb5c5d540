//! `wxsell category`: WeChat's category tree, and permission to sell in a category.

use super::Ctx;
use super::ask::{Ask, request};
use super::{audit, papers};
use crate::api::component::category::Category;
use crate::fail::Failure;
use crate::output::{Cell, Column, Record};
use crate::text;
use crate::types::now;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

/// Find the category of a product, and apply for one
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(ListArgs),
    Rule(RuleArgs),
    Apply(ApplyArgs),
    /// List the categories that are open to this shop
    Mine,
}

/// List all categories
///
/// Goods carry the number of a third-level category.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only categories whose names or number contain this
    search: Option<String>,
}

/// Show a rule of a category
///
/// This call belongs to the successor of the component: WeChat answers it for the accounts of WeChat Store only.
#[derive(Debug, clap::Args, Serialize)]
pub struct RuleArgs {
    /// Number of the category
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
#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    /// Number of the third-level category
    third_cat_id: u64,
    /// Image of the business license (can be repeated)
    #[arg(long, value_name = "PICTURE", required = true, value_hint = clap::ValueHint::FilePath)]
    license: Vec<String>,
    /// Image of the permit (can be repeated)
    #[arg(long, value_name = "PICTURE", value_hint = clap::ValueHint::FilePath)]
    certificate: Vec<String>,
    /// Scene it is meant for (can be repeated); only scenes that are open
    #[arg(long, value_name = "NUMBER")]
    scene: Vec<i64>,
}

/// The body of an application, in WeChat's names.
#[derive(Serialize)]
struct Audit {
    #[serde(rename = "audit_req.license")]
    license: Vec<String>,
    #[serde(rename = "audit_req.category_info.level1")]
    level1: u64,
    #[serde(rename = "audit_req.category_info.level2")]
    level2: u64,
    #[serde(rename = "audit_req.category_info.level3")]
    level3: u64,
    #[serde(rename = "audit_req.category_info.certificate")]
    certificate: Vec<String>,
    #[serde(rename = "audit_req.scene_group_list")]
    scenes: Vec<i64>,
}

const APPLY: Ask = Ask::new("category apply", "/shop/audit/audit_category")
    .confirm(|| text!("Submit category documents for review"))
    .look_up("audit show --category");
const DEPOSIT: Ask = Ask::new("category rule", "/shop/ec/category/getcategoryrule")
    .shows("", &[("deposit", "DEPOSIT")]);
const DELIVERY: Ask = Ask::new("category rule", "/shop/ec/category/getcategoryrule").shows(
    "list",
    &[("deliver_type", "DELIVERY"), ("acct_type", "ACCOUNTS")],
);

pub const ASKS: &[Ask] = &[APPLY, DEPOSIT, DELIVERY];

/// One third-level category.
#[derive(Debug, Serialize)]
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

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
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
    };
    let rows: Vec<CategoryRow> = categories
        .into_iter()
        .map(CategoryRow::from)
        .filter(|row| search.as_deref().is_none_or(|search| row.has(search)))
        .collect();
    ctx.out.list(&rows)
}

async fn rule(args: RuleArgs, ctx: &Ctx) -> Result<()> {
    let (ask, number) = match args.rule {
        Rule::Deposit => (&DEPOSIT, "1"),
        Rule::Delivery => (&DELIVERY, "2"),
    };
    let body = request(ask, &args, json!({}))?;
    let (_, operation) = ask.operation();
    let shop = ctx.shop().await?;
    let reply = shop.ask(operation, &[("rule_id", number)], &body).await?;
    ctx.show_reply(ask, reply)
}

async fn apply(args: ApplyArgs, ctx: &Ctx) -> Result<()> {
    let wrong = papers::problems(args.license.iter().chain(&args.certificate));
    let all = ctx.shop().await?.categories().await?;
    let Some(row) = all.iter().find(|row| row.third_cat_id == args.third_cat_id) else {
        let parent = all.iter().any(|row| {
            row.first_cat_id == args.third_cat_id || row.second_cat_id == args.third_cat_id
        });
        let words = match parent {
            true => text!(
                "{number} is no third-level category",
                number = &args.third_cat_id
            ),
            false => text!("there is no category {number}", number = &args.third_cat_id),
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
    let body = request(&APPLY, &audit, json!({}))?;
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
