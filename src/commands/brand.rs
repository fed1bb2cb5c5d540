//! `wxsell brand`: brands that a shop may use, and applying for one.

use super::Ctx;
use super::ask::{Data, Rows, request};
use super::merchant::store;
use super::{audit, papers};
use crate::commands::audit::HandedIn;
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::output::{Cell, Column, Record};
use crate::shop::audit::brand_problems;
use crate::shop::image::{Pictures, hosted};
use crate::shop::pass_through::brand::{
    APPLY, DOMESTIC, IMPORTED, LIST, NAMES, ORIGIN, PICTURES, RECOMMEND, REMOVE, SEARCH, SHOW,
    WITHDRAW,
};
use crate::shop::pass_through::empty;
use crate::text;
use crate::types::ChinaTime;
use anyhow::Result;
use clap::Subcommand;
use serde::{Serialize, Serializer};

/// List the brands of the shop, and apply for one
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the brands that are open to this shop
    ///
    /// 2100000000 stands for "no brand" and is always open.
    Mine,
    Apply(ApplyArgs),
    /// WeChat Store: list all brands of the store with their state
    List(ListArgs),
    /// WeChat Store: show a brand with its documents
    Show(IdArgs),
    Search(SearchArgs),
    Recommend(RecommendArgs),
    /// WeChat Store: withdraw an application that is in audit
    Withdraw(IdArgs),
    /// WeChat Store: delete a brand
    ///
    /// Products of the brand are taken off sale.
    Remove(IdArgs),
}

#[derive(Debug, clap::Args, Serialize)]
pub struct ListArgs {
    #[command(flatten)]
    #[serde(skip)]
    rows: Rows,
}

#[derive(Debug, clap::Args, Serialize)]
pub struct IdArgs {
    /// Number of the brand, as `brand list` shows it
    brand_id: String,
}

/// WeChat Store: find the number of a brand in WeChat's library
///
/// A store applies for a brand by its number. The whole library is read, which takes a call for every 50 brands.
#[derive(Debug, clap::Args, Serialize)]
pub struct SearchArgs {
    /// Part of its name, or its number
    #[serde(skip)]
    word: String,
    #[command(flatten)]
    #[serde(skip)]
    rows: Rows,
}

/// WeChat Store: let WeChat suggest the brand of a product
///
/// WeChat chooses among the brands that the store may use, by title, category and images; the number goes into the
/// column 品牌 of a sheet. It is only a suggestion: check it.
#[derive(Debug, Clone, clap::Args, Serialize)]
pub struct RecommendArgs {
    /// Title of the product
    title: String,
    /// Number of its category, as `category list` shows it
    #[arg(long, value_name = "NUMBER")]
    category: String,
    /// Image of the product, a file or a link (can be repeated); files are uploaded first, each once
    #[arg(long, value_name = "PICTURE", required = true, value_hint = clap::ValueHint::FilePath)]
    image: Vec<String>,
}

/// Submit brand documents for review
///
/// A registered trademark needs its certificate, owner and last day; a pending one the notice of acceptance, the
/// applicant and the time of the application; an imported brand, or one that is not your own, the sales
/// authorization. Images are files or links of WeChat's; files are uploaded first, each once.
///
/// For a WeChat Store, give the documents in a file that holds the fields of a `[[brand]]` block of `merchant apply
/// --template`, or type them on a terminal; the other options are for the custom component.
#[derive(Debug, clap::Args, Serialize)]
pub struct ApplyArgs {
    /// Name of the brand, as registered
    brand_wording: Option<String>,
    /// Which kind of trademark it is
    #[arg(long, value_enum)]
    trademark: Option<Trademark>,
    /// Your relation to the brand
    #[arg(long, value_enum)]
    relation: Option<Relation>,
    /// Nice class of the trademark, 1 to 45
    #[arg(long, value_name = "1-45")]
    class: Option<String>,
    /// The goods are imported
    #[arg(long)]
    #[serde(skip)]
    imported_goods: bool,
    /// What the option above comes to.
    #[arg(skip)]
    origin: Option<u8>,
    /// Number of the registration or of the application
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// Image of the business license (can be repeated)
    #[arg(long, value_name = "PICTURE", value_hint = clap::ValueHint::FilePath)]
    license: Vec<String>,
    /// Image of the registration certificate (can be repeated)
    #[arg(long, value_name = "PICTURE", value_hint = clap::ValueHint::FilePath)]
    certificate: Vec<String>,
    /// Image of a change of the registration (can be repeated)
    #[arg(long, value_name = "PICTURE", value_hint = clap::ValueHint::FilePath)]
    change_certificate: Vec<String>,
    /// Owner of the trademark
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// Last day of the trademark, e.g. 2030-03-25
    #[arg(long, value_name = "DAY", value_parser = crate::cli::values::china_time)]
    valid_until: Option<ChinaTime>,
    /// Image of the notice of acceptance of a pending trademark (can be repeated)
    #[arg(long, value_name = "PICTURE", value_hint = clap::ValueHint::FilePath)]
    acceptance: Vec<String>,
    /// Applicant of a pending trademark
    #[arg(long, value_name = "NAME")]
    applicant: Option<String>,
    /// When a pending trademark was applied for, e.g. 2022-04-01
    #[arg(long, value_name = "DAY", value_parser = crate::cli::values::china_time)]
    applied_on: Option<ChinaTime>,
    /// Image of the sales authorization (can be repeated)
    #[arg(long, value_name = "PICTURE", value_hint = clap::ValueHint::FilePath)]
    authorization: Vec<String>,
    /// Image of the customs declaration of imported goods (can be repeated)
    #[arg(long, value_name = "PICTURE", value_hint = clap::ValueHint::FilePath)]
    customs: Vec<String>,
    /// Scene to apply for (can be repeated); only scenes that are open
    #[arg(long, value_name = "NUMBER")]
    scene: Vec<i64>,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Trademark {
    /// Domestic brand, registered (R)
    Registered = 1,
    /// Domestic brand, pending (TM)
    Pending = 2,
    /// Imported brand, registered (R)
    ImportedRegistered = 3,
    /// Imported brand, pending (TM)
    ImportedPending = 4,
}

impl Serialize for Trademark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Relation {
    /// Your own brand
    Own = 1,
    /// You are an agent of the brand
    Agent = 2,
    /// No brand
    None = 3,
}

impl Serialize for Relation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::list::<BrandRow>("brand mine"),
    Shows::one::<HandedIn>("brand apply"),
    Shows::list::<store::Step>("brand apply"),
];

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct BrandRow {
    brand_id: String,
    brand_wording: String,
}

impl Record for BrandRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("brand_id", "BRAND", |b| Cell::Id(b.brand_id.clone())),
        Column::new("brand_wording", "NAME", |b| {
            Cell::Text(b.brand_wording.clone())
        }),
    ];
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    if !matches!(verb, Verb::Mine | Verb::Apply(_)) {
        ctx.of_a_store()?;
    }
    match verb {
        Verb::Mine => mine(ctx).await,
        Verb::Apply(args) if ctx.is_of_a_store() => apply_for_store(args, ctx).await,
        Verb::Apply(args) => apply(args, ctx).await,
        Verb::List(args) => ctx.ask_rows(&LIST, &args, args.rows).await,
        Verb::Show(args) => ctx.ask(&SHOW, &args).await,
        Verb::Search(args) => search(args, ctx).await,
        Verb::Recommend(args) => recommend(args, ctx).await,
        Verb::Withdraw(args) => withdraw(&args, ctx).await,
        Verb::Remove(args) => ctx.ask(&REMOVE, &args).await,
    }
}

/// The options are the component's: a store's documents come from a file, or are asked for.
async fn apply_for_store(args: ApplyArgs, ctx: &Ctx) -> Result<()> {
    let data = args.data.clone();
    let name = args.brand_wording.clone();
    let others = APPLY.laid(
        &ApplyArgs {
            brand_wording: None,
            ..args
        },
        empty(),
    )?;
    if others.as_object().is_some_and(|given| !given.is_empty()) {
        return Err(store::options_of_a_component().into());
    }
    store::apply_for(store::Thing::Brand { name }, &data, ctx).await
}

async fn search(args: SearchArgs, ctx: &Ctx) -> Result<()> {
    let mut found = ctx.rows(&SEARCH, &args, None).await?;
    let word = args.word.to_lowercase();
    found.retain(|brand| {
        let mut names = NAMES.iter().map(|name| name.text(brand).to_lowercase());
        names.any(|name| name.contains(&word))
    });
    found.truncate(ctx.out.rows_to_read(args.rows.limit).unwrap_or(usize::MAX));
    ctx.show_rows(&SEARCH, found)
}

/// Images that WeChat does not have are uploaded, which is a write; the question itself is none.
async fn recommend(args: RecommendArgs, ctx: &Ctx) -> Result<()> {
    let pictures = Pictures::read(&args.image)?;
    request(&RECOMMEND, &args, empty())?;
    let uploads = args.image.iter().any(|image| !hosted(image));
    if uploads && ctx.global.dry_run {
        ctx.out.note(text!(
            "images would be uploaded before asking WeChat; nothing was sent"
        ));
        return Ok(());
    }
    if uploads {
        ctx.before_write(None).await?;
    }
    let image = pictures.links(ctx).await?;
    let body = request(&RECOMMEND, &RecommendArgs { image, ..args }, empty())?;
    ctx.send_and_show(&RECOMMEND, &body).await
}

async fn withdraw(args: &IdArgs, ctx: &Ctx) -> Result<()> {
    let body = ctx.shop().await?.brand_withdrawal(&args.brand_id).await?;
    ctx.send_and_show(&WITHDRAW, &body).await
}

async fn mine(ctx: &Ctx) -> Result<()> {
    if ctx.is_of_a_store() {
        let brands = ctx.shop().await?.store_brands().await?;
        let row = |brand: crate::api::store::merchant::Brand| BrandRow {
            brand_id: brand.brand_id.to_string(),
            brand_wording: if brand.ch_name.is_empty() {
                brand.en_name
            } else {
                brand.ch_name
            },
        };
        let rows: Vec<BrandRow> = brands.into_iter().map(row).collect();
        return none_yet(ctx).list(&rows);
    }
    let brands = ctx.shop().await?.my_brands().await?.unwrap_or_default();
    let rows: Vec<BrandRow> = brands
        .into_iter()
        .map(|brand| BrandRow {
            brand_id: brand.brand_id.to_string(),
            brand_wording: brand.brand_wording,
        })
        .collect();
    none_yet(ctx).list(&rows)
}

/// What a list without brands says.
fn none_yet(ctx: &Ctx) -> crate::output::Output {
    ctx.out.with_nothing(text!(
        "no brands yet; register one with `wxsell brand apply`"
    ))
}

async fn apply(mut args: ApplyArgs, ctx: &Ctx) -> Result<()> {
    let base = args.data.read()?;
    args.origin = match (args.imported_goods, ORIGIN.at(&base).is_null()) {
        (true, _) => Some(IMPORTED),
        (false, true) => Some(DOMESTIC),
        (false, false) => None,
    };
    let body = APPLY.laid(&args, base)?;
    let mut problems = brand_problems(ctx.profile()?.family, &body);
    let pictures = PICTURES
        .iter()
        .filter_map(|place| body.pointer(place)?.as_array())
        .flatten()
        .filter_map(|picture| picture.as_str().map(str::to_owned));
    let pictures: Vec<String> = pictures.collect();
    problems.extend(papers::problems(pictures.iter()));
    if !problems.is_empty() {
        return Err(
            Failure::input(text!("the documents are not complete; nothing was sent"))
                .also(problems)
                .into(),
        );
    }
    let body = request(&APPLY, &(), body)?;
    audit::hand_in(ctx, &APPLY, body, PICTURES).await
}
