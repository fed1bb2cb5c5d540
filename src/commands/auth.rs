//! `wxsell auth`: the AppSecret and the access token of a shop.
//!
//! Long because login, status, token and doctor explain the same refusals, and a remedy is written once.

mod push_key;

use super::Ctx;
use super::profile::{edit, in_english, target_word};
use crate::api::provider::StartPushTicket;
use crate::client::Client;
use crate::commands::shows::Shows;
use crate::fail::{Failure, Kind, Within, failure};
use crate::lang::Text;
use crate::model::deadline::left;
use crate::output::{Cell, Column, Record};
use crate::profile::{
    self, Account, Entry, Profile, Settings, SettingsFile, Store, Target, TokenCall, check_appid,
    check_base_url, check_name, check_proxy,
};
use crate::shop::Shop;
use crate::state::token::StoredToken;
use crate::text;
use crate::types::{Secret, now, rfc3339};
use anyhow::Result;
use clap::{Args, Subcommand, ValueHint};
use serde::Serialize;
use std::net::IpAddr;

/// A token that ends sooner is renewed by anybody, which is no sign of a foreign refresh.
const YOUNG_SECONDS: i64 = 300;
/// One careful program needs 12 classic tokens a day; twice that is the work of others.
const CLASSIC_FETCHES_OF_ONE: i64 = 24;

/// Log in, and diagnose refused access
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Log in to a shop: verify and store its AppSecret
    ///
    /// Asks for what is not given. Without a terminal give --appid, and the AppSecret by --secret-file or
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
    /// Store Token and EncodingAESKey of the message push, which verify and open what `wxsell event listen` receives
    ///
    /// Asks for both, or reads them from --file. A key that is replaced stays as the previous one, since WeChat may use
    /// it for a while. WXSELL_PUSH_TOKEN and WXSELL_PUSH_AES_KEY stand above what is stored.
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
    /// Store the AppSecret without asking WeChat whether it is right
    #[arg(long)]
    no_verify: bool,
}

#[derive(Debug, Args)]
pub struct TokenArgs {
    /// End the present token for every program that holds it, and make a new one
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
        Verb::Doctor => doctor(ctx).await,
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
    ctx.told(&serde_json::to_value(done)?)
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
    let tried = match profile.kind {
        // A provider needs a ticket for its token; starting the push needs the secret alone, and does no harm.
        Account::Provider if ctx.global.dry_run => {
            ctx.out.note(text!(
                "the AppSecret is not tried: that starts the push of tickets"
            ));
            return Ok(());
        }
        Account::Provider => {
            let request = StartPushTicket {
                component_appid: profile.appid.clone(),
                component_secret: secret.clone(),
            };
            client.call_openly(&request).await.map(|_| ())
        }
        Account::Shop => client.fetch_token().await.map(|_| ()),
    };
    tried.map_err(|error| remedied(error, profile)).within(|| {
        text!(
            "trying the AppSecret of {appid}; nothing was stored",
            appid = &profile.appid
        )
    })?;
    Ok(())
}

/// A failed token fetch with what to do about it, as far as its code tells.
fn remedied(error: anyhow::Error, profile: &Profile) -> anyhow::Error {
    let mut failure = Failure::from_any(error);
    if let Some(remedy) = remedy(&failure, &profile.appid, profile.family.is_store()) {
        failure.kind = Kind::Access;
        failure.hint = Some(remedy);
    }
    failure.into()
}

/// What to do about a refused token call.
fn remedy(failure: &Failure, appid: &str, of_a_store: bool) -> Option<Text> {
    Some(match failure.errcode? {
        // The table of codes says where that is done in the console of a store.
        40001 | 40125 | 41004 if of_a_store => text!(
            "the AppSecret does not belong to {appid}, or was reset: take the one that the store's console shows, it is shown only once",
            appid
        ),
        40164 | 61004 | 45035 if of_a_store => match seen_address(&failure.message.to_string()) {
            Some(address) => text!(
                "add {address} in the store's console (Service market, Self-developed, IP allow list), or empty the list there",
                address = address.to_string()
            ),
            None => text!(
                "add the address of this machine in the store's console (Service market, Self-developed, IP allow list), or empty the list there"
            ),
        },
        40001 | 40125 | 41004 => text!(
            "the AppSecret does not belong to {appid}, or was reset: take the one that the backend shows after a reset (Development management → Development settings), it is shown only once",
            appid
        ),
        40013 | 41002 => text!(
            "check the AppID {appid}: mini program, store and official account have one each",
            appid
        ),
        40164 | 61004 | 45035 => match seen_address(&failure.message.to_string()) {
            Some(address) => text!(
                "enter {address} in the backend: Development management → Development settings → IP whitelist; it counts after about 5 minutes",
                address = address.to_string()
            ),
            None => text!(
                "enter the address of this machine in the backend: Development management → Development settings → IP whitelist; it counts after about 5 minutes"
            ),
        },
        40243 => text!("the AppSecret is frozen: the administrator thaws it in the backend"),
        45009 => text!(
            "too many tokens were fetched today: find the program that fetches them, or `wxsell quota clear`"
        ),
        50004 | 50007 => {
            text!("the account is forbidden or frozen: the merchant clears that with WeChat")
        }
        61024 => text!(
            "this AppID is that of a service provider: `wxsell profile set NAME --kind provider`, or use the AppID of the shop's own account"
        ),
        89501 | 89503 => text!(
            "the administrator gets a message in WeChat to confirm this address; run the command again after that"
        ),
        89506 => text!(
            "the administrator refused this address twice: talk to them, it is blocked for 24 hours"
        ),
        89507 => {
            text!("the administrator refused this address: talk to them, it is blocked for an hour")
        }
        _ => return None,
    })
}

/// The address that WeChat saw, out of its own words: a site that echoes addresses may be reached by another way out.
fn seen_address(words: &str) -> Option<IpAddr> {
    words
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | ';'))
        .filter_map(|word| {
            word.strip_prefix("requestIP:")
                .unwrap_or(word)
                .parse::<IpAddr>()
                .ok()
        })
        .map(|address| address.to_canonical())
        .next()
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
    match removed {
        true => ctx.out.note(text!(
            "removed the AppSecret and the cached token of {name}",
            name = profile.label()
        )),
        false => ctx.out.note(text!(
            "removed the cached token of {name}; no AppSecret was stored",
            name = profile.label()
        )),
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
            "would end the token of {appid} for all its holders and make a new one",
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
    let forced = ctx.shop().await?.force_token().await;
    print(forced.map_err(|error| remedied(error, profile))?, ctx)
}

/// Prints the token for the next call, of whatever kind the profile is.
pub(super) async fn print_token(ctx: &Ctx) -> Result<()> {
    let profile = ctx.profile()?;
    let shop = ctx.shop().await?;
    let access_token =
        shop.token()
            .await
            .map_err(|error| match profile.token_kind() == profile.token.name() {
                true => remedied(error, profile),
                false => error,
            })?;
    let held = shop.kept_token()?.filter(|held| held.token == access_token);
    let token = held.unwrap_or(StoredToken {
        token: access_token,
        fetched_at: now(),
        expires_at: now(),
    });
    print(token, ctx)
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

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Health {
    Ok,
    Warning,
    Failed,
    /// Not tried, because one before it failed.
    Skipped,
}

/// One line of the diagnosis.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct Check {
    check: &'static str,
    state: Health,
    #[serde(serialize_with = "in_english")]
    finding: Text,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "remedy_in_english"
    )]
    remedy: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errcode: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rid: Option<String>,
}

fn remedy_in_english<S: serde::Serializer>(
    remedy: &Option<Text>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match remedy {
        Some(words) => in_english(words, serializer),
        None => serializer.serialize_none(),
    }
}

impl Record for Check {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("check", "CHECK", |c| {
            Cell::Word(match c.check {
                "secret" => text!("AppSecret"),
                "token" => text!("token"),
                "other_programs" => text!("other programs"),
                _ => text!("account"),
            })
        }),
        Column::new("state", "STATE", |c| {
            Cell::Word(match c.state {
                Health::Ok => text!("ok"),
                Health::Warning => text!("warning"),
                Health::Failed => text!("failed"),
                Health::Skipped => text!("skipped"),
            })
        }),
        Column::new("finding", "FINDING", |c| Cell::Sentence(c.finding.clone())),
        Column::new("remedy", "WHAT TO DO", |c| {
            Cell::sentence(c.remedy.as_ref())
        }),
        Column::new("errcode", "ERRCODE", |c| {
            c.errcode.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("rid", "RID", |c| {
            c.rid.clone().map_or(Cell::Empty, Cell::Id)
        }),
    ];
}

impl Check {
    fn ok(check: &'static str, finding: Text) -> Check {
        Check {
            check,
            state: Health::Ok,
            finding,
            remedy: None,
            errcode: None,
            rid: None,
        }
    }

    fn warning(check: &'static str, finding: Text, remedy: Text) -> Check {
        Check {
            state: Health::Warning,
            remedy: Some(remedy),
            ..Check::ok(check, finding)
        }
    }

    fn skipped(check: &'static str) -> Check {
        Check {
            state: Health::Skipped,
            ..Check::ok(check, text!("not tried"))
        }
    }

    fn failed(check: &'static str, failure: &Failure, remedy: Option<Text>) -> Check {
        Check {
            state: Health::Failed,
            remedy: remedy.or_else(|| failure.hint.clone()),
            errcode: failure.errcode,
            rid: failure.rid.clone(),
            ..Check::ok(check, failure.message.clone())
        }
    }
}

async fn doctor(ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<Check>()?;
    let checks = diagnose(ctx).await?;
    ctx.out.list(&checks)?;
    if !checks.iter().any(|check| check.state == Health::Failed) {
        return Ok(());
    }
    let mut failure = Failure::access(text!("something is wrong with the access to this shop"));
    failure.shown = true;
    Err(failure.into())
}

/// Reads the secret, fetches a token, asks for the token counter and for the account: three calls.
pub(super) async fn diagnose(ctx: &Ctx) -> Result<Vec<Check>> {
    let profile = ctx.profile()?;
    let mut checks = Vec::new();
    match profile::secret(profile, ctx.global.secret_file.as_deref(), &ctx.dirs) {
        Ok((_, source)) => checks.push(Check::ok(
            "secret",
            text!("read from {place}", place = source.words()),
        )),
        Err(error) => {
            checks.push(Check::failed("secret", &Failure::from_any(error), None));
            checks.extend(["token", "other_programs", "account"].map(Check::skipped));
            return Ok(checks);
        }
    }
    let shop = ctx.shop().await?;
    let young = cached_token(profile, ctx)?.filter(|held| held.expires_at - now() > YOUNG_SECONDS);
    if profile.token_kind() != profile.token.name() {
        return diagnose_foreign(profile, shop, checks).await;
    }
    // A classic token that ended early can only be found out before another one is fetched.
    let tried_young = match (&young, profile.token) {
        (Some(held), TokenCall::Classic) => Some(shop.try_token_quota(&held.token).await),
        _ => None,
    };
    let fetched = match shop.fetch_token().await {
        Ok(fetched) => fetched,
        Err(error) => {
            let failure = Failure::from_any(error);
            checks.push(Check::failed(
                "token",
                &failure,
                remedy(&failure, &profile.appid, profile.family.is_store()),
            ));
            checks.extend(["other_programs", "account"].map(Check::skipped));
            return Ok(checks);
        }
    };
    let seconds = fetched.expires_at - now();
    checks.push(Check::ok(
        "token",
        text!(
            "AppID, AppSecret and IP address are accepted; the token is valid for {time} more",
            time = left(seconds)
        ),
    ));
    checks.push(other_programs(profile, shop, young, tried_young, &fetched).await);
    checks.push(account(shop, profile, &fetched.token).await);
    Ok(checks)
}

/// As [`diagnose`] for a provider or a shop that works through one. Its token is not renewed for the sake of a look:
/// that would end the one that other machines hold.
async fn diagnose_foreign(
    profile: &Profile,
    shop: &Shop,
    mut checks: Vec<Check>,
) -> Result<Vec<Check>> {
    let token = match shop.token().await {
        Ok(token) => token,
        Err(error) => {
            let failure = Failure::from_any(error);
            checks.push(Check::failed(
                "token",
                &failure,
                remedy(&failure, &profile.appid, profile.family.is_store()),
            ));
            if profile.kind == Account::Shop {
                checks.push(Check::skipped("account"));
            }
            return Ok(checks);
        }
    };
    let held = shop.kept_token()?;
    let seconds = held
        .filter(|held| held.token == token)
        .map_or(0, |held| held.expires_at - now());
    checks.push(Check::ok(
        "token",
        text!(
            "there is a token, valid for {time} more",
            time = left(seconds)
        ),
    ));
    if profile.kind == Account::Shop {
        checks.push(account(shop, profile, &token).await);
    }
    Ok(checks)
}

/// Whether other programs of the account end our tokens.
async fn other_programs(
    profile: &Profile,
    shop: &Shop,
    young: Option<StoredToken>,
    tried_young: Option<Result<crate::shop::access::TokenQuota>>,
    fetched: &StoredToken,
) -> Check {
    let name = "other_programs";
    let stable = text!(
        "set every program to the stable token call (`wxsell profile set {name} --token stable`), or let one fetch for all",
        name = profile.label()
    );
    let refused = |result: &Result<crate::shop::access::TokenQuota>| {
        let code = result
            .as_ref()
            .err()
            .and_then(|error| failure(error))
            .and_then(|failure| failure.errcode);
        code.is_some_and(|code| crate::client::verdict::TOKEN_REFUSED.contains(&code))
    };
    if tried_young.as_ref().is_some_and(refused) {
        return Check::warning(
            name,
            text!(
                "a token ended long before its time: another program fetches classic tokens for {appid}",
                appid = &profile.appid
            ),
            stable,
        );
    }
    if profile.token == TokenCall::Stable && young.is_some_and(|held| held.token != fetched.token) {
        return Check::warning(
            name,
            text!(
                "a token was replaced long before its time: another program forces refreshes for {appid}",
                appid = &profile.appid
            ),
            text!("find the program that sends force_refresh, and switch that off"),
        );
    }
    let quota = match tried_young {
        Some(quota) => quota,
        None => shop.try_token_quota(&fetched.token).await,
    };
    match quota {
        Ok(reply) if reply.quota.used > CLASSIC_FETCHES_OF_ONE => {
            let finding = text!(
                "about {count} classic {count:token was|tokens were} fetched today; one program needs 12",
                count = reply.quota.used
            );
            match profile.token {
                TokenCall::Classic => Check::warning(name, finding, stable),
                // Classic fetches never end a stable token.
                TokenCall::Stable => Check::ok(name, finding),
            }
        }
        _ => Check::ok(
            name,
            text!("no sign of another program invalidating the token"),
        ),
    }
}

/// Whether the account is one that may sell.
async fn account(shop: &Shop, profile: &Profile, token: &Secret) -> Check {
    let name = "account";
    match shop.try_account(token).await {
        Ok(()) => Check::ok(
            name,
            text!(
                "{appid} may call {family}",
                appid = &profile.appid,
                family = profile.family.name()
            ),
        ),
        Err(error) => {
            let failure = Failure::from_any(error);
            let remedy = match failure.errcode {
                Some(48001) if profile.family.is_store() => Some(text!(
                    "several causes look like this: the AppID is that of a Mini Program and not the store's own, the permission set is missing, or the call was withdrawn; check the AppID in the store's console first"
                )),
                Some(40001 | 40014 | 42001 | 76022) => Some(text!(
                    "{appid} is an account of another kind (official account, store, mini program without shop): use the AppID of the mini program that sells",
                    appid = &profile.appid
                )),
                Some(48001) => Some(text!(
                    "the account has no permission: open the custom trade component for {appid} in the backend first",
                    appid = &profile.appid
                )),
                Some(10_080_000 | 10_080_001) => Some(text!(
                    "a store is closed in its console, and no call opens it again; another store needs a profile of its own"
                )),
                _ => remedy(&failure, &profile.appid, profile.family.is_store()),
            };
            Check::failed(name, &failure, remedy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_comes_out_of_wechats_own_words() {
        let seen = |words: &str| seen_address(words).map(|address| address.to_string());
        assert_eq!(
            seen("invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist").as_deref(),
            Some("203.0.113.9")
        );
        assert_eq!(
            seen("access clientip is not registered requestIP: 203.0.113.9").as_deref(),
            Some("203.0.113.9")
        );
        assert_eq!(
            seen("access clientip is not registered requestIP:203.0.113.9").as_deref(),
            Some("203.0.113.9")
        );
        assert_eq!(
            seen("(errcode 40164: invalid ip ::ffff:203.0.113.9)").as_deref(),
            Some("203.0.113.9")
        );
        assert_eq!(seen("not in whitelist"), None);
    }

    #[test]
    fn each_refusal_of_a_token_has_its_own_remedy() {
        let of = |errcode| {
            let failure = Failure {
                errcode: Some(errcode),
                ..Failure::new(
                    Kind::Refused,
                    text!("invalid ip 203.0.113.9, not in whitelist"),
                )
            };
            remedy(&failure, "wx1", false).map(|words| words.to_string())
        };
        assert!(of(40125).is_some_and(|words| words.contains("AppSecret does not belong to wx1")));
        assert!(of(40164).is_some_and(|words| words.contains("enter 203.0.113.9")));
        assert!(of(40013).is_some_and(|words| words.contains("check the AppID wx1")));
        assert!(of(50007).is_some_and(|words| words.contains("frozen")));
        assert!(of(61024).is_some_and(|words| words.contains("service provider")));
        assert!(of(89503).is_some_and(|words| words.contains("administrator")));
        assert_eq!(of(12345), None);
        let failure = Failure {
            errcode: Some(40164),
            ..Failure::new(
                Kind::Refused,
                text!("invalid ip 203.0.113.9, not in whitelist"),
            )
        };
        let words = remedy(&failure, "wx1", true).expect("a remedy").to_string();
        assert!(
            words.contains("add 203.0.113.9 in the store's console"),
            "{words}"
        );
    }
}
