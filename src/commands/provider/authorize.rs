//! `wxsell provider authorize` and `connect`: from the page that a merchant opens to a profile that works for the
//! merchant. The refresh token is on disk before anything else is done: without it the merchant would have to agree
//! again.

use super::super::Ctx;
use super::super::profile::edit;
use super::Own;
use super::ticket::given;
use crate::fail::{Failure, Within, failure};
use crate::output::{Cell, Column, Record};
use crate::profile::{
    self, Entry, Profile, Settings, SettingsFile, Store, check_appid, check_new_name,
};
use crate::shop::Authorization;
use crate::shop::pass_through::empty;
use crate::shop::pass_through::provider::{LIVES, MERCHANT_APPID, PREAUTH_CODE, REFRESH_TOKEN};
use crate::shop::pass_through::provider::{MERCHANTS, PREAUTH};
use crate::state::token::StoredToken;
use crate::text;
use crate::types::{Secret, now, rfc3339};
use anyhow::Result;
use clap::{ValueEnum, ValueHint};
use reqwest::Url;
use serde::Serialize;
use std::path::PathBuf;

/// The set that the calls of the custom trade component need.
const COMPONENT_SET: i64 = 85;

/// Let a merchant authorize this service provider
///
/// Prints the address of the page to be opened; it must be linked from a page on the registered domain of the service
/// provider. Once the merchant has agreed, it leads back to --redirect with an `auth_code`, which is exchanged at once:
/// on a terminal it is asked for, otherwise give it with --code-file. A profile for the merchant is written, and
/// commands work for it from then on.
#[derive(Debug, clap::Args)]
pub struct AuthorizeArgs {
    /// Address the page leads back to, on the registered domain
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
    /// Exchange the code in this file, `-` for standard input; the address that the page led back to is taken too
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

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Accounts {
    OfficialAccount,
    #[default]
    MiniProgram,
    Both,
}

impl Accounts {
    /// WeChat's `auth_type`.
    fn number(self) -> &'static str {
        match self {
            Accounts::OfficialAccount => "1",
            Accounts::MiniProgram => "2",
            Accounts::Both => "3",
        }
    }
}

/// The page to be opened.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Page {
    url: String,
    #[schemars(with = "crate::types::shape::Moment")]
    expires_at: String,
}

impl Record for Page {
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

pub async fn authorize(args: AuthorizeArgs, provider: &Profile, ctx: &Ctx) -> Result<()> {
    args.keep.check(provider, ctx)?;
    if let Some(file) = &args.code_file {
        let code = given(Some(file), text!("auth_code"), "--code-file", ctx)?;
        return exchange(&code_in(&code)?, &args.keep, provider, ctx).await;
    }
    let redirect = args.redirect.as_deref().unwrap_or_default();
    Url::parse(redirect).map_err(|error| {
        Failure::input(text!(
            "\"{url}\" is not an address: {error}",
            url = redirect,
            error = error.to_string()
        ))
        .hint(text!(
            "write it whole, e.g. https://shop.example.com/authorized"
        ))
    })?;
    let only = args.only.as_deref().map(check_appid).transpose()?;
    let own = Own {
        provider: &provider.appid,
    };
    let body = super::super::ask::request(&PREAUTH, &own, empty())?;
    ctx.out.check_columns::<Page>()?;
    let Some(reply) = ctx.send(&PREAUTH, &body).await? else {
        return Ok(());
    };
    let code = PREAUTH_CODE.text(&reply);
    let lives = LIVES.integer(&reply).unwrap_or(0);
    let page = Page {
        url: page(provider, &code, redirect, &args, only.as_deref())?,
        expires_at: rfc3339(now() + lives),
    };
    ctx.out.show(&page)?;
    if !ctx.out.interactive {
        ctx.out.note(text!(
            "exchange the code it leads back with at once: `wxsell provider authorize --code-file PATH`"
        ));
        return Ok(());
    }
    let code = ctx.out.secret(
        text!("auth_code, or the whole address that the page led back to (not shown)"),
        "--code-file",
    )?;
    exchange(&code_in(&code)?, &args.keep, provider, ctx).await
}

/// The address of the authorisation page.
fn page(
    provider: &Profile,
    code: &str,
    redirect: &str,
    args: &AuthorizeArgs,
    only: Option<&str>,
) -> Result<String> {
    let (path, ahead): (&str, &[(&str, &str)]) = if args.phone {
        (
            "safe/bindcomponent",
            &[("action", "bindcomponent"), ("no_scan", "1")],
        )
    } else {
        ("cgi-bin/componentloginpage", &[])
    };
    let mut url = Url::parse("https://mp.weixin.qq.com")?.join(path)?;
    url.query_pairs_mut()
        .extend_pairs(ahead)
        .append_pair("component_appid", &provider.appid)
        .append_pair("pre_auth_code", code)
        .append_pair("redirect_uri", redirect)
        .extend_pairs(match only {
            Some(appid) => [("biz_appid", appid)],
            None => [("auth_type", args.accounts.number())],
        });
    if args.phone {
        url.set_fragment(Some("wechat_redirect"));
    }
    Ok(url.into())
}

/// The code itself, or the one in the address that the page led back to.
fn code_in(given: &Secret) -> Result<Secret, Failure> {
    let word = given.expose();
    if !word.starts_with("http") {
        return Ok(given.clone());
    }
    let found = Url::parse(word).ok().and_then(|url| {
        let code = url.query_pairs().find(|(name, _)| name == "auth_code");
        code.map(|(_, code)| code.into_owned())
    });
    found.map(Secret::new).ok_or_else(|| {
        Failure::input(text!("the address holds no auth_code")).hint(text!(
            "copy it from the browser after the merchant has agreed"
        ))
    })
}

async fn exchange(code: &Secret, keep: &Keep, provider: &Profile, ctx: &Ctx) -> Result<()> {
    if ctx.global.dry_run {
        ctx.out.note(text!(
            "would exchange the code and write a profile for the merchant"
        ));
        return Ok(());
    }
    ctx.out.check_columns::<Connected>()?;
    ctx.before_write(None).await?;
    let asked_at = now();
    let shop = ctx.shop().await?;
    let answer = shop.authorization(&provider.appid, code).await;
    let given = answer.map_err(lost)?;
    let (Some(refresh), appid) = (&given.authorizer_refresh_token, &given.authorizer_appid) else {
        return Err(Failure::access(text!(
            "{appid} has authorized, and WeChat gave no refresh token",
            appid = &given.authorizer_appid
        ))
        .hint(text!(
            "the account may call nothing; look at it with `wxsell provider merchant {appid}`",
            appid = &given.authorizer_appid
        ))
        .into());
    };
    let (name, store) = write(appid, refresh, keep, provider, ctx)?;
    keep_token(&name, &given, asked_at, ctx)?;
    let sets: Vec<i64> = given
        .func_info
        .iter()
        .map(|set| set.funcscope_category.id)
        .collect();
    if !sets.contains(&COMPONENT_SET) {
        ctx.out.warn(text!(
            "the set {set} (custom trade component) was not granted: calls of the shop will be refused",
            set = COMPONENT_SET
        ));
    }
    done(name, appid, store, Some(sets), ctx)
}

/// The code is used up even where no answer came.
fn lost(error: anyhow::Error) -> anyhow::Error {
    if failure(&error).is_some_and(|failure| failure.unclear) {
        let mut failure = Failure::from_any(error);
        failure.hint = Some(text!(
            "the exchange may have been done: look with `wxsell provider merchants`, then `wxsell provider connect APPID`"
        ));
        return failure.into();
    }
    error
}

/// The first token comes with the authorisation.
fn keep_token(name: &str, given: &Authorization, asked_at: i64, ctx: &Ctx) -> Result<()> {
    let (Some(token), Some(lives)) = (&given.authorizer_access_token, given.expires_in) else {
        return Ok(());
    };
    let profile = profile::preview(name, &SettingsFile::of(&ctx.dirs).load()?)?;
    let token = StoredToken {
        token: token.clone(),
        fetched_at: asked_at,
        expires_at: asked_at + lives,
    };
    let state = ctx.state()?;
    state.keep_token(&profile.account_key(), profile.token_kind(), &token)
}

pub async fn connect(args: &ConnectArgs, provider: &Profile, ctx: &Ctx) -> Result<()> {
    args.keep.check(provider, ctx)?;
    let appid = check_appid(&args.appid)?;
    if exchange_pushed(&appid, &args.keep, provider, ctx).await? {
        return Ok(());
    }
    let own = Own {
        provider: &provider.appid,
    };
    let rows = ctx.rows(&MERCHANTS, &own, None).await?;
    let row = rows.iter().find(|row| MERCHANT_APPID.is(row, &appid));
    let Some(row) = row else {
        return Err(Failure::input(text!(
            "{appid} has not authorized this service provider",
            appid
        ))
        .hint(text!(
            "`wxsell provider merchants` lists those that have; `wxsell provider authorize` asks for more"
        ))
        .into());
    };
    let refresh = REFRESH_TOKEN.text(row);
    if refresh.is_empty() {
        return Err(Failure::access(text!(
            "{appid} has authorized, and the code was never exchanged",
            appid
        ))
        .hint(text!(
            "the merchant must authorize again: `wxsell provider authorize`"
        ))
        .into());
    }
    if ctx.global.dry_run {
        ctx.out
            .note(text!("would write a profile for {appid}", appid));
        return Ok(());
    }
    let (name, store) = write(&appid, &Secret::new(refresh), &args.keep, provider, ctx)?;
    // A token that another machine has may be the good one; the next call fetches its own.
    let profile = profile::preview(&name, &SettingsFile::of(&ctx.dirs).load()?)?;
    ctx.state()?.forget_tokens(&profile.account_key())?;
    done(name, &appid, store, None, ctx)
}

/// Exchanges the code that a push brought; false where there is none, or it was used or is too old.
async fn exchange_pushed(appid: &str, keep: &Keep, provider: &Profile, ctx: &Ctx) -> Result<bool> {
    let (state, key) = (ctx.state()?, provider.account_key());
    let Some(code) = state.code(&key, appid)? else {
        return Ok(false);
    };
    if code.expires_at <= now() {
        state.forget_code(&key, appid)?;
        return Ok(false);
    }
    match exchange(&code.token, keep, provider, ctx).await {
        Ok(()) if ctx.global.dry_run => Ok(true),
        Ok(()) => state.forget_code(&key, appid).map(|()| true),
        Err(error) => {
            let errcode = failure(&error).and_then(|failure| failure.errcode);
            // Wrong, used, or too late: then the list may know of it.
            if !matches!(errcode, Some(61009 | 61010)) {
                return Err(error);
            }
            state.forget_code(&key, appid)?;
            Ok(false)
        }
    }
}

impl Keep {
    /// Refuses a name that cannot be the merchant's, as long as nothing has been used up.
    fn check(&self, provider: &Profile, ctx: &Ctx) -> Result<()> {
        if self.secret_store == Some(Store::Process) {
            return Err(Failure::input(text!(
                "WeChat may replace an authorization, which a program cannot take"
            ))
            .hint(text!("choose --secret-store keyring or file"))
            .into());
        }
        let Some(name) = self.name.as_deref() else {
            return Ok(());
        };
        check_new_name(name)?;
        let settings = SettingsFile::of(&ctx.dirs).load()?;
        match settings.entry(name) {
            Some(entry) if entry.provider.as_deref() != Some(&provider.name) => Err(
                Failure::input(text!("profile \"{name}\" already exists", name))
                    .hint(text!("choose another name"))
                    .into(),
            ),
            _ => Ok(()),
        }
    }

    /// The profile for a merchant: the one it has with this provider, else the name that was given, else its AppID. A
    /// profile of somebody else is never taken: its secret would be lost.
    fn name_for(&self, appid: &str, provider: &str, settings: &Settings) -> String {
        let is_its_own = |entry: &Entry| {
            entry.appid.as_deref() == Some(appid) && entry.provider.as_deref() == Some(provider)
        };
        let known = settings
            .profiles
            .iter()
            .find(|(_, entry)| is_its_own(entry))
            .map(|(name, _)| name.clone());
        let free = |name: &String| {
            !settings.profiles.contains_key(name) && profile::built_in(name).is_none()
        };
        let beside = (1u32..).map(|number| match number {
            1 => format!("{appid}-{provider}"),
            number => format!("{appid}-{provider}-{number}"),
        });
        known.unwrap_or_else(|| {
            self.name
                .clone()
                .into_iter()
                .chain([appid.to_owned()])
                .chain(beside)
                .find(free)
                .unwrap_or_else(|| appid.to_owned())
        })
    }
}

/// Stores the refresh token, then the profile that needs it.
fn write(
    appid: &str,
    refresh: &Secret,
    keep: &Keep,
    provider: &Profile,
    ctx: &Ctx,
) -> Result<(String, Store)> {
    let settings = SettingsFile::of(&ctx.dirs).load()?;
    let name = keep.name_for(appid, &provider.name, &settings);
    let before = settings.entry(&name).and_then(|entry| entry.secret);
    let tell = |words| ctx.out.note(words);
    let store =
        profile::keep_somewhere(&name, keep.secret_store, before, refresh, &ctx.dirs, tell)
            .within(|| {
                text!(
                    "storing the authorization of {appid}; `wxsell provider connect {appid}` fetches it again",
                    appid
                )
            })?;
    edit(ctx, |settings| {
        let entry = settings.profiles.entry(name.clone()).or_default();
        entry.appid = Some(appid.to_owned());
        entry.provider = Some(provider.name.clone());
        entry.secret = Some(store);
        entry.production = entry.production.or(provider.production.then_some(true));
        Ok(())
    })?;
    Ok((name, store))
}

fn done(name: String, appid: &str, store: Store, sets: Option<Vec<i64>>, ctx: &Ctx) -> Result<()> {
    ctx.out.note(text!(
        "use this merchant with --profile {name}",
        name = &name
    ));
    ctx.out.show(&Connected {
        profile: name,
        appid: appid.to_owned(),
        secret: store.name(),
        sets,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_bare_or_out_of_the_address() {
        let code = |given: &str| code_in(&Secret::new(given)).map(|code| code.expose().to_owned());
        assert_eq!(
            code("queryauthcode@@@x").expect("bare"),
            "queryauthcode@@@x"
        );
        assert_eq!(
            code("https://a.example/b?auth_code=queryauthcode%40%40%40x&expires_in=3600")
                .expect("in the address"),
            "queryauthcode@@@x"
        );
        assert!(code("https://a.example/b?code=x").is_err());
    }

    #[test]
    fn a_merchant_never_takes_the_profile_of_somebody_else() {
        let settings: Settings = toml::from_str(
            "[profile.wxa]\nappid = \"wxa\"\nsecret = \"file\"\n[profile.b]\nappid = \"wxb\"\nprovider = \"agency\"",
        )
        .expect("settings");
        let keep = |name: Option<&str>| Keep {
            name: name.map(str::to_owned),
            secret_store: None,
        };
        let name = |given, appid| keep(given).name_for(appid, "agency", &settings);
        assert_eq!(name(None, "wxc"), "wxc");
        assert_eq!(name(None, "wxb"), "b");
        assert_eq!(name(Some("tea"), "wxc"), "tea");
        assert_eq!(name(None, "wxa"), "wxa-agency");
        assert_eq!(name(Some("b"), "wxc"), "wxc");
    }
}
