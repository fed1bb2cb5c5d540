//! `wxsell quota`: what was used today of what WeChat allows.

use super::Ctx;
use crate::commands::shows::Shows;
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::profile::{self, Profile, check_appid};
use crate::shop::quota::{Figures, check_path};
use crate::text;
use crate::types::{Secret, now};
use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;

/// Show how much of today's quotas is used
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show the daily call counters, as WeChat counts them
    ///
    /// The figures are about 1 % off. Where WeChat gives no figure the cells stay empty.
    Show(ShowArgs),
    /// Show how many audit submissions this machine has made, and the limits in force
    ///
    /// A WeChat Store counts for itself; this shows what it reports as left, for all products and for new ones.
    Audits,
    #[command(alias = "reset")]
    Clear(ClearArgs),
}

/// Reset the daily call counters: all of the account, or that of one call
///
/// WeChat allows 10 resets of all counters a month, including those made in the console, and 50 of single ones. If no
/// token is available because the quota of the token call itself is used up, the AppSecret resets all counters without
/// one.
#[derive(Debug, Args)]
pub struct ClearArgs {
    /// Path of the one call, e.g. /channels/ec/basics/info/get; without it all calls of the account
    path: Option<String>,
    /// Reset all counters with the AppSecret instead of a token
    #[arg(long, conflicts_with = "path")]
    by_secret: bool,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Paths of calls, e.g. /shop/spu/add; without any, all that this program makes
    paths: Vec<String>,
}

fn number(figure: Option<i64>) -> Cell {
    figure.map_or(Cell::Empty, Cell::Number)
}

impl Record for Figures {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("path", "PATH", |f| Cell::Text(f.path.clone())),
        Column::new("used", "ABOUT USED", |f| number(f.used)),
        Column::new("remaining", "ABOUT LEFT", |f| number(f.remaining)),
        Column::new("daily_limit", "A DAY", |f| number(f.daily_limit)),
        Column::new("rate_limit", "CALLS", |f| number(f.rate_limit)),
        Column::new("period_seconds", "IN SECONDS", |f| number(f.period_seconds)),
        Column::new("note", "NOTE", |f| {
            f.note.clone().map_or(Cell::Empty, Cell::Word)
        }),
    ];
}

/// Audit submissions made from this machine, over all its runs and processes.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Audits {
    last_hour: u32,
    hourly_limit: Option<u32>,
    today: u32,
    daily_limit: Option<u32>,
}

fn limit(limit: Option<u32>) -> Cell {
    limit.map_or_else(
        || Cell::Word(text!("off")),
        |limit| Cell::Number(limit.into()),
    )
}

impl Record for Audits {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("last_hour", "LAST HOUR", |a| {
            Cell::Number(a.last_hour.into())
        }),
        Column::new("hourly_limit", "AN HOUR", |a| limit(a.hourly_limit)),
        Column::new("today", "TODAY", |a| Cell::Number(a.today.into())),
        Column::new("daily_limit", "A DAY", |a| limit(a.daily_limit)),
    ];
}

/// What a WeChat Store still takes into its audit.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct StoreAudits {
    /// The console says why.
    blocked: bool,
    unlimited: bool,
    left: i64,
    limit: i64,
    new_products_left: Option<i64>,
    new_products_limit: Option<i64>,
}

impl Record for StoreAudits {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("left", "LEFT", |a| {
            if a.unlimited {
                Cell::Word(text!("no limit"))
            } else {
                Cell::Number(a.left)
            }
        }),
        Column::new("limit", "LIMIT", |a| {
            if a.unlimited {
                Cell::Empty
            } else {
                Cell::Number(a.limit)
            }
        }),
        Column::new("new_products_left", "NEW PRODUCTS LEFT", |a| {
            if a.unlimited {
                Cell::Word(text!("no limit"))
            } else {
                number(a.new_products_left)
            }
        }),
        Column::new("new_products_limit", "NEW PRODUCTS LIMIT", |a| {
            if a.unlimited {
                Cell::Empty
            } else {
                number(a.new_products_limit)
            }
        }),
        Column::new("blocked", "BLOCKED", |a| {
            if a.blocked {
                Cell::Word(text!("yes"))
            } else {
                Cell::Empty
            }
        }),
    ];
}

async fn store_audits(ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<StoreAudits>()?;
    let quota = ctx.shop().await?.store_quota().await?;
    ctx.out.show(&StoreAudits {
        blocked: quota.block_status,
        unlimited: quota.unlimited_type == Some(1),
        left: quota.audit_total_remaining.unwrap_or(quota.avail_quota),
        limit: quota.audit_total_quota.unwrap_or(quota.total_quota),
        new_products_left: quota.new_product_remaining,
        new_products_limit: quota.new_product_total_quota,
    })
}
/// A quota that was reset.
#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct Cleared<'a> {
    appid: &'a str,
    /// The path whose quota it is; null for those of all.
    path: Option<&'a str>,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::list::<Figures>("quota show"),
    Shows::one::<Audits>("quota audits"),
    Shows::one::<StoreAudits>("quota audits"),
    Shows::one::<Cleared<'static>>("quota clear"),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Show(args) => show(args, ctx).await,
        Verb::Audits if ctx.is_of_a_store() => store_audits(ctx).await,
        Verb::Audits => audits(ctx),
        Verb::Clear(args) => clear(&args, ctx).await,
    }
}

async fn show(args: ShowArgs, ctx: &Ctx) -> Result<()> {
    let mut paths = Vec::with_capacity(args.paths.len());
    for path in args.paths {
        paths.push(check_path(&path)?);
    }
    ctx.out.check_columns::<Figures>()?;
    let shop = ctx.shop().await?;
    if paths.is_empty() {
        paths = shop.quota_paths().into_iter().map(str::to_owned).collect();
    }
    let mut rows = Vec::with_capacity(paths.len());
    for path in paths {
        rows.push(shop.figures(path).await?);
    }
    ctx.out.list(&rows)
}

fn audits(ctx: &Ctx) -> Result<()> {
    let profile = ctx.profile()?;
    let spent = ctx.state()?.spent_slots(&profile.shop_key(), now())?;
    ctx.out.show(&Audits {
        last_hour: spent.hour,
        hourly_limit: profile.audit_hourly,
        today: spent.day,
        daily_limit: profile.audit_daily,
    })
}

/// Sets the counters of the provider, or of one of its merchants, to 0.
pub async fn clear_of_provider(
    provider: &Profile,
    merchant: Option<&str>,
    ctx: &Ctx,
) -> Result<()> {
    let merchant = merchant.map(check_appid).transpose()?;
    let appid = merchant.as_ref().unwrap_or(&provider.appid);
    if ctx.global.dry_run {
        return would_clear(appid, None, ctx);
    }
    ctx.before_write(Some(question(appid))).await?;
    let secret = secret_of(provider, ctx)?;
    let shop = ctx.shop().await?;
    shop.clear_provider_quota(&provider.appid, merchant.as_deref(), secret)
        .await?;
    cleared(appid, None, ctx)
}

async fn clear(args: &ClearArgs, ctx: &Ctx) -> Result<()> {
    let profile = ctx.profile()?;
    let (appid, path) = (&profile.appid, args.path.as_deref());
    let path = path.map(check_path).transpose()?;
    if ctx.global.dry_run {
        return would_clear(appid, path.as_deref(), ctx);
    }
    let question = match path {
        Some(_) => text!(
            "Use one of this month's 50 resets of one counter for {appid}",
            appid
        ),
        None => question(appid),
    };
    ctx.before_write(Some(question)).await?;
    let shop = ctx.shop().await?;
    match &path {
        Some(path) => shop.clear_one_quota(path).await?,
        None => {
            let secret = |of: &Profile| secret_of(of, ctx);
            shop.clear_counters(profile, args.by_secret, secret).await?;
        }
    }
    cleared(appid, path.as_deref(), ctx)
}

fn secret_of(profile: &Profile, ctx: &Ctx) -> Result<Secret> {
    let given = ctx.global.secret_file.as_deref();
    profile::secret(profile, given, &ctx.dirs).map(|(secret, _)| secret)
}

fn question(appid: &str) -> Text {
    text!("Use one of this month's 10 resets for {appid}", appid)
}

fn would_clear(appid: &str, path: Option<&str>, ctx: &Ctx) -> Result<()> {
    ctx.out.note(match path {
        Some(path) => text!("would reset the daily counter of {path}", path),
        None => text!("would reset all daily counters of {appid}", appid),
    });
    Ok(())
}

/// What was cleared: a notice for people, an object for scripts.
fn cleared(appid: &str, path: Option<&str>, ctx: &Ctx) -> Result<()> {
    ctx.out.note(match path {
        Some(path) => text!("the daily counter of {path} was reset", path),
        None => text!("all daily counters of {appid} were reset", appid),
    });
    let cleared = Cleared { appid, path };
    ctx.report_done(&serde_json::to_value(cleared)?)
}
