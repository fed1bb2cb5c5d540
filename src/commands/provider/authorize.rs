//! `wxsell provider authorize` and `connect`: from the page that a merchant opens to a profile that works for the
//! merchant. The refresh token is on disk before anything else is done: without it the merchant would have to agree
//! again.

use super::super::Ctx;
use super::ticket::given;
use crate::fail::Failure;
use crate::output::{Cell, Column, Record};
use crate::profile::{Profile, SettingsFile, Store, check_appid};
use crate::shop::authorization::{Accounts, Grant, Merchant, Page, Place, Working};
use crate::shop::authorization::{Own, code_in};
use crate::shop::pass_through::empty;
use crate::shop::pass_through::provider::{LIVES, PREAUTH, PREAUTH_CODE};
use crate::text;
use crate::types::{Secret, now, rfc3339};
use anyhow::Result;
use clap::ValueHint;
use reqwest::Url;
use serde::Serialize;
use std::path::PathBuf;

/// Let a merchant authorize this service provider
///
/// Prints the address of the authorization page; it must be opened by a link on the registered domain of the service
/// provider. Once the merchant has agreed, the page redirects to --redirect with an `auth_code`, which has to be
/// exchanged immediately: type it on a terminal, or give it with --code-file. A profile for the merchant is written,
/// and commands work for it from then on.
#[derive(Debug, clap::Args)]
pub struct AuthorizeArgs {
    /// Address that the page redirects to, on the registered domain
    #[arg(
        long,
        value_name = "URL",
        required_unless_present = "code_file",
        value_hint = ValueHint::Url
    )]
    redirect: Option<String>,
    /// The address for a phone instead of a computer
    #[arg(long, conflicts_with = "code_file")]
    phone: bool,
    /// Which accounts may authorize
    #[arg(long, value_enum, value_name = "KIND", default_value_t)]
    accounts: Accounts,
    /// Only this account may authorize
    #[arg(long, value_name = "APPID", conflicts_with_all = ["accounts", "code_file"])]
    only: Option<String>,
    /// Exchange the code in this file, `-` for standard input; the address that the page redirected to works too
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, conflicts_with = "redirect")]
    code_file: Option<PathBuf>,
    #[command(flatten)]
    keep: Keep,
}

/// Fetch the authorization of a merchant again
///
/// Exchanges the code of an authorization that was pushed to `wxsell event listen`. Also helps when the exchange of a
/// code was not answered, on another machine, or when a profile was lost. Works if a code was pushed or exchanged
/// before; otherwise the merchant must authorize again.
#[derive(Debug, clap::Args)]
pub struct ConnectArgs {
    /// AppID of the merchant
    appid: String,
    #[command(flatten)]
    keep: Keep,
}

/// Where a merchant goes on this machine.
#[derive(Debug, clap::Args)]
struct Keep {
    /// Name of the merchant's profile (default: its AppID)
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where to keep the authorization; the keyring, or a private file where there is none
    #[arg(long, value_enum, value_name = "STORE")]
    secret_store: Option<Store>,
}

/// The page to be opened.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Opened {
    url: String,
    #[schemars(with = "crate::types::shape::Moment")]
    expires_at: String,
}

impl Record for Opened {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("url", "URL", |p| Cell::Text(p.url.clone())),
        Column::new("expires_at", "ENDS", |p| Cell::Time(p.expires_at.clone())),
    ];
}

/// A merchant that commands work for now.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Connected {
    profile: String,
    appid: String,
    /// `keyring` or `file`.
    secret: &'static str,
    /// Numbers of the sets that were granted; not known when the authorisation was fetched from the list.
    sets: Option<Vec<i64>>,
}

impl Record for Connected {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("profile", "PROFILE", |c| Cell::Id(c.profile.clone())),
        Column::new("appid", "APPID", |c| Cell::Id(c.appid.clone())),
        Column::new("secret", "AUTHORIZATION IN", |c| {
            Cell::Text(c.secret.into())
        }),
        Column::new("sets", "SETS", |c| {
            let sets = c.sets.iter().flatten();
            Cell::List(sets.map(ToString::to_string).collect())
        }),
    ];
}

impl Keep {
    /// Where the merchant goes, once that can be: nothing was used up so far.
    fn checked(self, provider: &Profile, ctx: &Ctx) -> Result<Merchant> {
        let merchant = Merchant {
            name: self.name,
            store: self.secret_store,
        };
        merchant.check(provider, &SettingsFile::of(&ctx.dirs).load()?)?;
        Ok(merchant)
    }
}

pub async fn authorize(args: AuthorizeArgs, provider: &Profile, ctx: &Ctx) -> Result<()> {
    let merchant = args.keep.checked(provider, ctx)?;
    if let Some(file) = &args.code_file {
        let code = given(Some(file), text!("auth_code"), "--code-file", ctx)?;
        return exchange(&code_in(&code)?, &merchant, provider, ctx).await;
    }
    let redirect = args.redirect.as_deref().unwrap_or_default();
    Url::parse(redirect).map_err(|error| {
        Failure::input(text!(
            "\"{url}\" is not an address: {error}",
            url = redirect,
            error = error.to_string()
        ))
        .hint(text!(
            "write the full address, e.g. https://shop.example.com/authorized"
        ))
    })?;
    let only = args.only.as_deref().map(check_appid).transpose()?;
    let own = Own {
        provider: &provider.appid,
    };
    let body = super::super::ask::request(&PREAUTH, &own, empty())?;
    ctx.out.check_columns::<Opened>()?;
    let Some(reply) = ctx.send(&PREAUTH, &body).await? else {
        return Ok(());
    };
    let page = Page {
        provider: &provider.appid,
        code: &PREAUTH_CODE.text(&reply),
        redirect,
        phone: args.phone,
        accounts: args.accounts,
        only: only.as_deref(),
    };
    ctx.out.show(&Opened {
        url: page.url()?,
        expires_at: rfc3339(now() + LIVES.integer(&reply).unwrap_or(0)),
    })?;
    if !ctx.out.interactive {
        ctx.out.note(text!(
            "exchange the code of the redirect immediately: `wxsell provider authorize --code-file PATH`"
        ));
        return Ok(());
    }
    let code = ctx.out.secret(
        text!("auth_code, or the whole address that the page redirected to (not shown)"),
        "--code-file",
    )?;
    exchange(&code_in(&code)?, &merchant, provider, ctx).await
}

async fn exchange(code: &Secret, merchant: &Merchant, provider: &Profile, ctx: &Ctx) -> Result<()> {
    if ctx.global.dry_run {
        ctx.out.note(text!(
            "would exchange the code and write a profile for the merchant"
        ));
        return Ok(());
    }
    ctx.out.check_columns::<Connected>()?;
    ctx.before_write(None).await?;
    let place = Place {
        merchant,
        provider,
        dirs: &ctx.dirs,
    };
    done(ctx.shop().await?.exchange(code, place).await?, ctx)
}

pub async fn connect(args: ConnectArgs, provider: &Profile, ctx: &Ctx) -> Result<()> {
    let merchant = args.keep.checked(provider, ctx)?;
    let appid = check_appid(&args.appid)?;
    ctx.out.check_columns::<Connected>()?;
    let shop = ctx.shop().await?;
    let grant = shop.plan_connect(provider, &appid).await?;
    if ctx.global.dry_run {
        ctx.out.note(match grant {
            Grant::Code(_) => {
                text!("would exchange the code and write a profile for the merchant")
            }
            Grant::Refresh(_) => text!("would write a profile for {appid}", appid),
        });
        return Ok(());
    }
    if matches!(grant, Grant::Code(_)) {
        ctx.before_write(None).await?;
    }
    let place = Place {
        merchant: &merchant,
        provider,
        dirs: &ctx.dirs,
    };
    done(shop.connect(&appid, grant, place).await?, ctx)
}

fn done(working: Working, ctx: &Ctx) -> Result<()> {
    ctx.out.note(text!(
        "use this merchant with --profile {name}",
        name = &working.profile
    ));
    ctx.out.show(&Connected {
        profile: working.profile,
        appid: working.appid,
        secret: working.store.name(),
        sets: working.sets,
    })
}
