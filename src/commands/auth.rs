//! `wxsell auth`: the AppSecret and the access token of a shop.

mod doctor;
mod push_key;

pub use doctor::diagnose;

use super::Ctx;
use super::profile::{edit, target_word};
use crate::client::Client;
use crate::commands::shows::Shows;
use crate::fail::{Failure, Within};
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::profile::{
    self, Account, Entry, Profile, Settings, SettingsFile, Store, Target, check_appid,
    check_base_url, check_name, check_proxy,
};
use crate::shop::Shop;
use crate::shop::diagnosis::Check;
use crate::state::token::StoredToken;
use crate::text;
use crate::types::{Secret, now, rfc3339};
use anyhow::Result;
use clap::{Args, Subcommand, ValueHint};
use serde::Serialize;

/// Log in, and diagnose access problems
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Log in to a shop: verify and store its AppSecret
    ///
    /// Prompts for what is not given. Without a terminal, pass --appid, and the AppSecret with --secret-file or
    /// WXSELL_APP_SECRET.
    Login(LoginArgs),
    /// Show the current shop and where its credentials are (offline)
    Status,
    /// Remove the stored AppSecret and the cached token
    Logout,
    /// Print the access token
    Token(TokenArgs),
    /// Diagnose why WeChat refuses calls (at most three calls)
    Doctor,
    /// Store the Token and EncodingAESKey that verify and decrypt pushes for `wxsell event listen`
    ///
    /// Prompts for both, or reads them from --file. A key that is replaced stays as the previous one, since WeChat may
    /// use it for a while. WXSELL_PUSH_TOKEN and WXSELL_PUSH_AES_KEY take precedence over what is stored.
    PushKey(push_key::PushKeyArgs),
}

#[derive(Debug, Args)]
pub struct LoginArgs {
    /// AppID of the shop, e.g. wx0123456789abcdef
    #[arg(long, value_name = "APPID")]
    appid: Option<String>,
    /// Where to keep the AppSecret; the keyring, or a private file where there is none
    #[arg(long, value_enum, value_name = "STORE")]
    secret_store: Option<Store>,
    /// Base URL to call instead of WeChat's
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    base_url: Option<String>,
    /// Proxy for all calls: http, https, socks5 or socks5h
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    proxy: Option<String>,
    /// Name the shop before each write, and confirm what cannot be undone
    #[arg(long)]
    production: bool,
    /// Store the AppSecret without checking it with WeChat
    #[arg(long)]
    no_verify: bool,
}

#[derive(Debug, Args)]
pub struct TokenArgs {
    /// Invalidate the current token for every program that uses it, and get a new one
    #[arg(long)]
    force_refresh: bool,
}

/// A profile that was logged in.
#[derive(Serialize, schemars::JsonSchema)]
struct LoggedIn<'a> {
    profile: &'a str,
    appid: &'a str,
    /// Where the AppSecret is kept.
    secret: &'a Text,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::one::<LoggedIn<'static>>("auth login"),
    Shows::one::<Status>("auth status"),
    Shows::text("auth logout"),
    Shows::one::<Printed>("auth token"),
    Shows::list::<Check>("auth doctor"),
    Shows::text("auth push-key"),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Login(args) => login(args, ctx).await,
        Verb::Status => status(ctx),
        Verb::Logout => logout(ctx),
        Verb::Token(args) => token(&args, ctx).await,
        Verb::Doctor => doctor::run(ctx).await,
        Verb::PushKey(args) => push_key::run(&args, ctx),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

/// A login before its secret is known.
struct Login {
    name: String,
    appid: String,
    entry: Entry,
}

async fn login(args: LoginArgs, ctx: &Ctx) -> Result<()> {
    let settings = SettingsFile::of(&ctx.dirs).load()?;
    let from_stdin_or_environment =
        ctx.global.secret_file.is_some() || variable("WXSELL_APP_SECRET").is_some();
    let login = plan_login(&args, ctx, &settings, from_stdin_or_environment)?;
    let mut with_entry = settings.clone();
    with_entry
        .profiles
        .insert(login.name.clone(), login.entry.clone());
    let profile = profile::preview(&login.name, &with_entry)?;
    let secret = login_secret(&login, &profile, ctx)?;
    if !args.no_verify {
        verify(&profile, &secret, ctx).await?;
    }
    if ctx.global.dry_run {
        ctx.out.note(text!(
            "would store the AppSecret of profile {name} ({appid})",
            name = &login.name,
            appid = &login.appid
        ));
        return Ok(());
    }
    let store = profile::keep_somewhere(
        &login.name,
        args.secret_store,
        login.entry.secret,
        &secret,
        &ctx.dirs,
        |words| ctx.out.note(words),
    )?;
    let name = login.name.clone();
    edit(ctx, |settings| {
        let mut entry = login.entry;
        entry.secret = Some(store);
        settings.profiles.insert(login.name.clone(), entry);
        if settings.current.is_none() {
            settings.current = Some(login.name);
        }
        Ok(())
    })?;
    if args.no_verify {
        ctx.state()?.forget_tokens(&profile.account_key())?;
    }
    let place = profile::preview(&name, &SettingsFile::of(&ctx.dirs).load()?)?
        .secret
        .words();
    ctx.out.note(text!(
        "logged in as {name} ({appid}); the AppSecret is in {place}",
        name = &name,
        appid = &login.appid,
        place = place.clone()
    ));
    let current = SettingsFile::of(&ctx.dirs).load()?.current;
    if let Some(current) = current.filter(|current| *current != name) {
        ctx.out.note(text!(
            "the current profile is still {current}; switch with `wxsell profile use {name}`",
            current,
            name = &name
        ));
    }
    let done = LoggedIn {
        profile: &name,
        appid: &login.appid,
        secret: &place,
    };
    ctx.report_done(&serde_json::to_value(done)?)
}

/// Finds name and AppID; without a terminal, names everything that is missing at once.
fn plan_login(args: &LoginArgs, ctx: &Ctx, settings: &Settings, has_secret: bool) -> Result<Login> {
    let named = ctx
        .global
        .profile
        .clone()
        .or_else(|| variable("WXSELL_PROFILE"));
    match named.as_deref() {
        Some(name) if profile::built_in(name).is_some() => {
            return Err(
                Failure::input(text!("the profile \"{name}\" is built in", name))
                    .hint(text!(
                        "it needs no login; for a real shop give another name with --profile"
                    ))
                    .into(),
            );
        }
        Some(name) => check_name(name)?,
        None => {}
    }
    let present = named.as_deref().and_then(|name| settings.entry(name));
    if let Some(provider) = present.and_then(|entry| entry.provider.as_ref()) {
        return Err(Failure::input(text!(
            "profile {name} works through the service provider {provider}",
            name = named.unwrap_or_default(),
            provider
        ))
        .hint(text!(
            "the merchant authorizes with `wxsell --profile {provider} provider authorize`; no AppSecret is needed",
            provider
        ))
        .into());
    }
    let known = present.and_then(|entry| entry.appid.clone());
    let given = args.appid.as_deref().map(check_appid).transpose()?;
    if let (Some(known), Some(given)) = (&known, &given)
        && known != given
    {
        return Err(Failure::input(text!(
            "the profile {name} is for {known}, not for {given}",
            name = named.unwrap_or_default(),
            known,
            given
        ))
        .hint(text!("give another name with --profile"))
        .into());
    }
    let appid = given.or(known).or_else(|| variable("WXSELL_APPID"));
    let mut missing = Vec::new();
    if !ctx.out.interactive {
        if appid.is_none() {
            missing.push(text!("missing: the AppID (--appid or WXSELL_APPID)"));
        }
        if !has_secret {
            missing.push(text!(
                "missing: the AppSecret (--secret-file PATH or WXSELL_APP_SECRET)"
            ));
        }
    }
    if !missing.is_empty() {
        return Err(Failure::input(text!("there is no terminal to prompt on"))
            .also(missing)
            .hint(text!("give what is missing, then run the command again"))
            .into());
    }
    let appid = match appid {
        Some(appid) => appid,
        None => ctx.out.input(text!("AppID of the shop"), None, "--appid")?,
    };
    let appid = check_appid(&appid)?;
    let name = match named {
        Some(name) => name,
        None => login_name(&appid, ctx, settings)?,
    };
    let mut entry = settings.entry(&name).cloned().unwrap_or_default();
    entry.appid = Some(appid.clone());
    if let Some(address) = &args.base_url {
        entry.base_url = Some(check_base_url(address)?);
    }
    if let Some(address) = &args.proxy {
        entry.proxy = Some(check_proxy(address)?);
    }
    if args.production {
        entry.production = Some(true);
    }
    match args.secret_store.or(entry.secret) {
        Some(Store::Process) => Err(Failure::input(text!(
            "the AppSecret of profile {name} comes from a program",
            name = &name
        ))
        .hint(text!(
            "give --secret-store keyring or file to store it here instead"
        ))
        .into()),
        _ => Ok(Login { name, appid, entry }),
    }
}

/// The profile that is for this AppID already, else a name that people choose, else the AppID itself.
fn login_name(appid: &str, ctx: &Ctx, settings: &Settings) -> Result<String> {
    let known = settings
        .profiles
        .iter()
        .find(|(_, entry)| entry.appid.as_deref() == Some(appid));
    if let Some((name, _)) = known {
        return Ok(name.clone());
    }
    if !ctx.out.interactive {
        return Ok(appid.to_owned());
    }
    let name = ctx
        .out
        .input(text!("Name for this profile"), Some(appid), "--profile")?;
    check_name(&name)?;
    match settings.entry(&name) {
        Some(_) => Err(
            Failure::input(text!("profile \"{name}\" already exists", name))
                .hint(text!("choose another name"))
                .into(),
        ),
        None => Ok(name),
    }
}

fn login_secret(login: &Login, profile: &Profile, ctx: &Ctx) -> Result<Secret> {
    let given = ctx.global.secret_file.as_deref();
    // The environment's secret belongs to the environment's AppID, if that is set.
    let from_environment = variable("WXSELL_APP_SECRET").is_some()
        && variable("WXSELL_APPID").is_none_or(|appid| appid == login.appid);
    if given.is_some() || from_environment {
        let profile = Profile {
            secret: profile::SecretSource::Environment,
            ..profile.clone()
        };
        return Ok(profile::secret(&profile, given, &ctx.dirs)?.0);
    }
    ctx.out.secret(
        text!("AppSecret of {appid} (not shown)", appid = &login.appid),
        "--secret-file or WXSELL_APP_SECRET",
    )
}

/// Fetches a token with the new secret, in normal mode.
async fn verify(profile: &Profile, secret: &Secret, ctx: &Ctx) -> Result<()> {
    let held = secret.clone();
    let client = Client::open(
        profile,
        Box::new(move || Ok(held.clone())),
        ctx.state()?.clone(),
        ctx.wire()?,
    )?;
    if profile.kind == Account::Provider && ctx.global.dry_run {
        ctx.out.note(text!(
            "the AppSecret is not checked: that would start the ticket push"
        ));
        return Ok(());
    }
    let shop = Shop::new(client, profile.family);
    shop.try_secret(profile, secret).await.within(|| {
        text!(
            "checking the AppSecret of {appid}; nothing was stored",
            appid = &profile.appid
        )
    })
}

/// What can be said of a login without any call.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Status {
    profile: Option<String>,
    appid: String,
    target: Target,
    base_url: String,
    secret: &'static str,
    secret_readable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Text>,
    #[serde(skip)]
    place: Option<Text>,
    /// `valid`, `expired` or `none`.
    token: &'static str,
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    token_expires_at: Option<String>,
    token_seconds_left: Option<i64>,
}

impl Record for Status {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("profile", "PROFILE", |s| {
            s.profile.clone().map_or(Cell::Empty, Cell::Id)
        }),
        Column::new("appid", "APPID", |s| Cell::Id(s.appid.clone())),
        Column::new("target", "TARGET", |s| Cell::Word(target_word(s.target))),
        Column::new("base_url", "BASE URL", |s| Cell::Text(s.base_url.clone())),
        Column::new("secret", "SECRET", |s| {
            s.place.clone().map_or(Cell::Empty, Cell::Word)
        }),
        Column::new("secret_readable", "READABLE", |s| {
            Cell::Word(if s.secret_readable {
                text!("yes")
            } else {
                text!("no")
            })
        }),
        Column::new("problem", "PROBLEM", |s| Cell::sentence(s.problem.as_ref())),
        Column::new("token", "TOKEN", |s| {
            Cell::Word(match s.token {
                "valid" => text!("valid"),
                "expired" => text!("expired"),
                _ => text!("none"),
            })
        }),
        Column::new("token_expires_at", "TOKEN ENDS", |s| {
            s.token_expires_at.clone().map_or(Cell::Empty, Cell::Time)
        }),
        Column::new("token_seconds_left", "SECONDS LEFT", |s| {
            s.token_seconds_left.map_or(Cell::Empty, Cell::Number)
        }),
    ];
}

fn cached_token(profile: &Profile, ctx: &Ctx) -> Result<Option<StoredToken>> {
    ctx.state()?
        .token(&profile.account_key(), profile.token_kind())
}

fn status(ctx: &Ctx) -> Result<()> {
    let profile = ctx.profile()?;
    let read = profile::secret(profile, ctx.global.secret_file.as_deref(), &ctx.dirs);
    let source = read
        .as_ref()
        .map_or_else(|_| profile.secret.clone(), |(_, source)| source.clone());
    let problem = read.err().map(Failure::from_any);
    let token = cached_token(profile, ctx)?;
    let left = token.as_ref().map(|token| token.expires_at - now());
    ctx.out.show(&Status {
        profile: (!profile.name.is_empty()).then(|| profile.name.clone()),
        appid: profile.appid.clone(),
        target: profile.target,
        base_url: profile.base_url.clone(),
        secret: source.name(),
        secret_readable: problem.is_none(),
        problem: problem.as_ref().map(|problem| problem.message.clone()),
        place: Some(source.words()),
        token: match left {
            Some(left) if left > 0 => "valid",
            Some(_) => "expired",
            None => "none",
        },
        token_expires_at: token.map(|token| rfc3339(token.expires_at)),
        token_seconds_left: left.map(|left| left.max(0)),
    })?;
    match problem {
        Some(problem) => Err(problem.into()),
        None => Ok(()),
    }
}

fn logout(ctx: &Ctx) -> Result<()> {
    let profile = ctx.profile()?;
    let name = &profile.name;
    if profile.target == Target::Sandbox && !ctx.global.dry_run {
        ctx.state()?.forget_tokens(&profile.account_key())?;
        ctx.out.note(text!(
            "forgot the token of the sandbox; its AppSecret is built in"
        ));
        return Ok(());
    }
    let store = SettingsFile::of(&ctx.dirs)
        .load()?
        .entry(name)
        .and_then(|entry| entry.secret);
    if ctx.global.dry_run {
        ctx.out.note(text!(
            "would remove the AppSecret and the cached token of {name}",
            name = profile.label()
        ));
        return Ok(());
    }
    let removed = profile::forget_secret(name, store, &ctx.dirs)?;
    ctx.state()?.forget_tokens(&profile.account_key())?;
    match store {
        Some(Store::Process) => ctx.out.note(text!(
            "the AppSecret of {name} comes from a program and stays there",
            name
        )),
        Some(Store::Keyring | Store::File) => edit(ctx, |settings| {
            if let Some(entry) = settings.profiles.get_mut(name) {
                entry.secret = None;
            }
            Ok(())
        })?,
        None => {}
    }
    if removed {
        ctx.out.note(text!(
            "removed the AppSecret and the cached token of {name}",
            name = profile.label()
        ))
    } else {
        ctx.out.note(text!(
            "removed the cached token of {name}; no AppSecret was stored",
            name = profile.label()
        ))
    }
    if profile.secret == profile::SecretSource::Environment {
        ctx.out.warn(text!("WXSELL_APP_SECRET is still set"));
    }
    Ok(())
}

/// The token for other programs.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Printed {
    #[schemars(with = "String")]
    access_token: Secret,
    #[schemars(with = "crate::types::shape::Moment")]
    expires_at: String,
}

impl Record for Printed {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("access_token", "ACCESS TOKEN", |p| {
            Cell::Text(p.access_token.expose().to_owned())
        }),
        Column::new("expires_at", "ENDS", |p| Cell::Time(p.expires_at.clone())),
    ];
}

async fn token(args: &TokenArgs, ctx: &Ctx) -> Result<()> {
    if !args.force_refresh {
        return print_token(ctx).await;
    }
    let profile = ctx.profile()?;
    if ctx.global.dry_run {
        ctx.out.note(text!(
            "would invalidate the token of {appid} for every program that uses it, and get a new one",
            appid = &profile.appid
        ));
        return Ok(());
    }
    let question = text!(
        "every program that uses {appid} must fetch a new token after this; continue?",
        appid = &profile.appid
    );
    if !ctx.out.confirm(question)? {
        return Err(Failure::input(text!("not confirmed; nothing was changed")).into());
    }
    print(ctx.shop().await?.renew_token(profile).await?, ctx)
}

/// Prints the token for the next call, of whatever kind the profile is.
pub(super) async fn print_token(ctx: &Ctx) -> Result<()> {
    let profile = ctx.profile()?;
    print(ctx.shop().await?.token_and_end(profile).await?, ctx)
}

fn print(token: StoredToken, ctx: &Ctx) -> Result<()> {
    if ctx.out.is_for_people() && ctx.out.columns.is_none() {
        return ctx.out.text(token.token.reveal());
    }
    token.token.reveal();
    ctx.out.show(&Printed {
        access_token: token.token,
        expires_at: rfc3339(token.expires_at),
    })
}
