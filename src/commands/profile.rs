//! `wxsell profile`: the shops this machine knows, and which of them commands work for.
//!
//! Long because every setting of a profile appears in add, set, show and list, and they must agree.

use super::Ctx;
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::lang::{Lang, Text};
use crate::output::{Cell, Column, Format, Record};
use crate::profile::{
    self, Account, Entry, Origin, Overrides, Resolved, SecretSource, Settings, SettingsFile, Store,
    Target, TokenCall, check_appid, check_base_url, check_new_name, check_proxy, masked_proxy,
};
use crate::text;
use crate::types::Family;
use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use serde::Serialize;

/// Manage the profiles of your shops
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Add a profile
    ///
    /// The AppSecret is stored by `wxsell auth login`, or read from the environment or a program.
    Add(AddArgs),
    /// Change settings of a profile
    Set(SetArgs),
    /// List all profiles
    List,
    /// Show the effective settings of a profile
    Show(ShowArgs),
    /// Set the current profile
    Use(UseArgs),
    /// Rename a profile
    Rename(RenameArgs),
    /// Remove a profile, its AppSecret and its cached token
    Remove(RemoveArgs),
}

/// What a profile can hold.
#[derive(Debug, Clone, Default, Args)]
pub struct Fields {
    /// AppID of the shop, e.g. wx0123456789abcdef
    #[arg(long, value_name = "APPID")]
    appid: Option<String>,
    /// API family of the shop: custom component or WeChat Store
    #[arg(long, value_enum)]
    family: Option<Family>,
    /// Account type
    #[arg(long, value_enum)]
    kind: Option<Account>,
    /// Profile of the service provider that acts for this shop
    #[arg(long, value_name = "NAME", add = clap_complete::engine::ArgValueCandidates::new(profile::candidates))]
    provider: Option<String>,
    /// Base URL to call instead of WeChat's
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    base_url: Option<String>,
    /// Proxy for all calls: http, https, socks5 or socks5h
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    proxy: Option<String>,
    /// Name the shop before each write, and confirm what cannot be undone
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    production: Option<bool>,
    /// Refuse all writes
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    read_only: Option<bool>,
    /// Which token call to use; the classic one invalidates the tokens of other programs
    #[arg(long, value_enum)]
    token: Option<TokenCall>,
    /// Where the AppSecret is kept
    #[arg(long, value_enum, value_name = "STORE")]
    secret_store: Option<Store>,
    /// Program that prints the AppSecret, with its arguments; must come last
    #[arg(long, value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true)]
    credential_process: Option<Vec<String>>,
    /// Audit submissions an hour, `off` for no limit
    #[arg(long, value_name = "NUMBER", value_parser = profile::limit)]
    audit_hourly: Option<u32>,
    /// Audit submissions a day, `off` for no limit
    #[arg(long, value_name = "NUMBER", value_parser = profile::limit)]
    audit_daily: Option<u32>,
    /// Largest price drop that needs no confirmation, e.g. `90%`; `100%` turns the guard off
    #[arg(long, value_name = "PERCENT", value_parser = profile::percent)]
    max_price_drop: Option<u32>,
    /// Language of this profile's messages
    #[arg(long, value_enum)]
    language: Option<Lang>,
    /// Output format of this profile's commands
    #[arg(long, value_enum, value_name = "FORMAT")]
    default_format: Option<Format>,
}

#[derive(Debug, Args)]
pub struct AddArgs {
    /// Name of the new profile
    name: String,
    #[command(flatten)]
    fields: Fields,
}

#[derive(Debug, Args)]
pub struct SetArgs {
    /// Name of the profile
    #[arg(add = clap_complete::engine::ArgValueCandidates::new(profile::candidates))]
    name: String,
    #[command(flatten)]
    fields: Fields,
    /// Reset a setting to its default (can be repeated)
    #[arg(long, value_enum, value_name = "SETTING")]
    unset: Vec<Setting>,
}

/// Settings that can be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Setting {
    Family,
    Kind,
    Provider,
    BaseUrl,
    Proxy,
    Production,
    ReadOnly,
    Token,
    AuditHourly,
    AuditDaily,
    MaxPriceDrop,
    Language,
    DefaultFormat,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Name of the profile (default: the current one)
    #[arg(add = clap_complete::engine::ArgValueCandidates::new(profile::candidates))]
    name: Option<String>,
    /// Show where each value comes from
    #[arg(long)]
    origin: bool,
}

#[derive(Debug, Args)]
pub struct UseArgs {
    /// Name of the profile
    #[arg(add = clap_complete::engine::ArgValueCandidates::new(profile::candidates))]
    name: String,
}

#[derive(Debug, Args)]
pub struct RenameArgs {
    /// Current name
    #[arg(add = clap_complete::engine::ArgValueCandidates::new(profile::candidates))]
    old: String,
    /// New name
    new: String,
}

#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// Name of the profile
    #[arg(add = clap_complete::engine::ArgValueCandidates::new(profile::candidates))]
    name: String,
}

/// A profile that was added.
#[derive(Serialize, schemars::JsonSchema)]
struct Added<'a> {
    profile: &'a str,
    /// Whether commands take it where none is named.
    current: bool,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::one::<Added<'static>>("profile add"),
    Shows::text("profile set"),
    Shows::list::<Listed>("profile list"),
    Shows::one::<View>("profile show"),
    Shows::list::<Sourced>("profile show"),
    Shows::text("profile use"),
    Shows::text("profile rename"),
    Shows::text("profile remove"),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Add(args) => add(args, ctx),
        Verb::Set(args) => set(args, ctx),
        Verb::List => list(ctx),
        Verb::Show(args) => show(args, ctx),
        Verb::Use(args) => choose(&args, ctx),
        Verb::Rename(args) => rename(&args, ctx),
        Verb::Remove(args) => remove(&args, ctx),
    }
}

fn add(args: AddArgs, ctx: &Ctx) -> Result<()> {
    check_new_name(&args.name)?;
    if args.fields.appid.is_none() {
        return Err(Failure::input(text!("a profile needs an AppID"))
            .hint(text!(
                "give it with --appid; the console shows it next to the AppSecret"
            ))
            .into());
    }
    let name = args.name.clone();
    let add = |settings: &mut Settings| {
        if settings.profiles.contains_key(&name) {
            return Err(
                Failure::input(text!("profile \"{name}\" already exists", name = &name))
                    .hint(text!(
                        "change it with `wxsell profile set {name}`",
                        name = &name
                    ))
                    .into(),
            );
        }
        let mut entry = Entry::default();
        apply(&mut entry, &args.fields)?;
        settings.profiles.insert(name.clone(), entry);
        // The first shop is the one that is meant; a later one never takes its place unasked.
        let first = settings.current.is_none()
            && settings
                .profiles
                .keys()
                .filter(|name| profile::built_in(name).is_none())
                .count()
                == 1;
        if first {
            settings.current = Some(name.clone());
        }
        Ok(first)
    };
    let first = edit(ctx, add)?;
    if ctx.global.dry_run {
        ctx.out
            .note(text!("would add profile {name}", name = &args.name));
        return Ok(());
    }
    if first {
        ctx.out.note(text!(
            "added profile {name}; it is now the current profile",
            name = &args.name
        ))
    } else {
        ctx.out.note(text!(
            "added profile {name}; `wxsell profile use {name}` makes it the current one",
            name = &args.name
        ))
    }
    if !matches!(args.fields.secret_store, Some(Store::Process))
        && args.fields.credential_process.is_none()
    {
        ctx.out.note(text!(
            "store its AppSecret with `wxsell auth login --profile {name}`",
            name = &args.name
        ));
    }
    let added = Added {
        profile: &args.name,
        current: first,
    };
    ctx.report_done(&serde_json::to_value(added)?)
}

/// Changes the settings, or under `--dry-run` only finds out whether that would work.
pub(super) fn edit<T>(ctx: &Ctx, change: impl FnOnce(&mut Settings) -> Result<T>) -> Result<T> {
    let file = SettingsFile::of(&ctx.dirs);
    if ctx.global.dry_run {
        return change(&mut file.load()?);
    }
    file.edit(change)
}

fn apply(entry: &mut Entry, fields: &Fields) -> Result<()> {
    let fields = fields.clone();
    if let Some(appid) = fields.appid {
        entry.appid = Some(check_appid(&appid)?);
    }
    if let Some(address) = fields.base_url {
        entry.base_url = Some(check_base_url(&address)?);
    }
    if let Some(address) = fields.proxy {
        entry.proxy = Some(check_proxy(&address)?);
    }
    if let Some(command) = fields.credential_process {
        entry.credential_process = Some(command);
        entry.secret = Some(Store::Process);
    }
    if let Some(store) = fields.secret_store {
        if store == Store::Process && entry.credential_process.is_none() {
            return Err(
                Failure::input(text!("--secret-store process needs a program"))
                    .hint(text!("give it with --credential-process PROGRAM ARGUMENT…"))
                    .into(),
            );
        }
        if store != Store::Process {
            entry.credential_process = None;
        }
        entry.secret = Some(store);
    }
    entry.family = fields.family.or(entry.family);
    entry.kind = fields.kind.or(entry.kind);
    entry.provider = fields.provider.or(entry.provider.take());
    entry.production = fields.production.or(entry.production);
    entry.read_only = fields.read_only.or(entry.read_only);
    entry.token = fields.token.or(entry.token);
    entry.audit_hourly = fields.audit_hourly.or(entry.audit_hourly);
    entry.audit_daily = fields.audit_daily.or(entry.audit_daily);
    entry.max_price_drop = fields.max_price_drop.or(entry.max_price_drop);
    entry.language = fields.language.or(entry.language);
    if let Some(format) = fields.default_format {
        entry.format = format
            .to_possible_value()
            .map(|value| value.get_name().to_owned());
    }
    Ok(())
}

fn set(args: SetArgs, ctx: &Ctx) -> Result<()> {
    let name = &args.name;
    let fields = &args.fields;
    if profile::built_in(name).is_some()
        && (fields.appid.is_some()
            || fields.family.is_some()
            || fields.kind.is_some()
            || fields.provider.is_some()
            || fields.base_url.is_some()
            || fields.secret_store.is_some()
            || fields.credential_process.is_some()
            || fields.proxy.is_some()
            || fields.token.is_some())
    {
        return Err(Failure::input(text!("account, address and AppSecret of the profile \"{name}\" are built in", name))
            .hint(text!("limits, language, format, --production and --read-only can be set; for another test server, add another profile"))
            .into());
    }
    let before = edit(ctx, |settings| {
        if profile::built_in(name).is_none() && !settings.profiles.contains_key(name) {
            return Err(profile::unknown(name, settings).into());
        }
        let entry = settings.profiles.entry(name.clone()).or_default();
        let before = entry.clone();
        apply(entry, fields)?;
        args.unset.iter().for_each(|setting| unset(entry, *setting));
        Ok((before != *entry).then_some(before))
    })?;
    let Some(before) = before else {
        ctx.out
            .note(text!("nothing changed in profile {name}", name));
        return Ok(());
    };
    if ctx.global.dry_run {
        ctx.out.note(text!("would change profile {name}", name));
        return Ok(());
    }
    ctx.out.note(text!("changed profile {name}", name));
    let after = SettingsFile::of(&ctx.dirs)
        .load()?
        .profiles
        .remove(name)
        .unwrap_or_default();
    if (after.secret != before.secret || after.appid != before.appid) && before.secret.is_some() {
        // The old secret would be of no use to the changed profile, and nobody would look for it any more.
        if profile::forget_secret(name, before.secret, &ctx.dirs)? {
            ctx.out.note(text!("the AppSecret that was stored before is removed; store the right one with `wxsell auth login --profile {name}`", name));
        }
    }
    Ok(())
}

fn unset(entry: &mut Entry, setting: Setting) {
    match setting {
        Setting::Family => entry.family = None,
        Setting::Kind => entry.kind = None,
        Setting::Provider => entry.provider = None,
        Setting::BaseUrl => entry.base_url = None,
        Setting::Proxy => entry.proxy = None,
        Setting::Production => entry.production = None,
        Setting::ReadOnly => entry.read_only = None,
        Setting::Token => entry.token = None,
        Setting::AuditHourly => entry.audit_hourly = None,
        Setting::AuditDaily => entry.audit_daily = None,
        Setting::MaxPriceDrop => entry.max_price_drop = None,
        Setting::Language => entry.language = None,
        Setting::DefaultFormat => entry.format = None,
    }
}

/// A profile in the list.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Listed {
    name: String,
    current: bool,
    appid: Option<String>,
    family: &'static str,
    kind: &'static str,
    /// The profile of the service provider that acts for this shop.
    provider: Option<String>,
    target: Target,
    production: bool,
    read_only: bool,
    secret: &'static str,
}

impl Record for Listed {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("current", "CURRENT", |p| {
            if p.current {
                Cell::Id("*".into())
            } else {
                Cell::Empty
            }
        }),
        Column::new("name", "NAME", |p| Cell::Id(p.name.clone())),
        Column::new("appid", "APPID", |p| {
            p.appid.clone().map_or(Cell::Empty, Cell::Id)
        }),
        Column::minor("family", "FAMILY", |p| Cell::Word(setting_word(p.family))),
        Column::minor("kind", "KIND", |p| account_cell(p.kind)),
        Column::minor("provider", "PROVIDER", |p| text_cell(p.provider.as_ref())),
        Column::minor("target", "TARGET", |p| Cell::Word(target_word(p.target))),
        Column::new("production", "PRODUCTION", |p| yes_no(p.production)),
        Column::new("read_only", "READ-ONLY", |p| yes_no(p.read_only)),
        Column::minor("secret", "SECRET", |p| Cell::Word(setting_word(p.secret))),
    ];
}

fn account_cell(kind: &str) -> Cell {
    Cell::Word(match kind {
        "provider" => text!("service provider"),
        _ => text!("shop"),
    })
}

/// A word of machine output, for people. A word that nobody knows stays as it is.
fn setting_word(word: &str) -> Text {
    match word {
        "component" => text!("component"),
        "store" => text!("WeChat Store"),
        "stable" => text!("stable"),
        "classic" => text!("classic"),
        "built_in" => text!("built in"),
        "secret_file" => text!("file named by --secret-file"),
        "environment" => text!("environment"),
        "keyring" => text!("keyring"),
        "file" => text!("private file"),
        "process" => text!("program"),
        "none" => text!("not stored"),
        other => Text::verbatim(other),
    }
}

fn yes_no(yes: bool) -> Cell {
    Cell::Word(if yes { text!("yes") } else { text!("no") })
}

pub(super) fn target_word(target: Target) -> Text {
    match target {
        Target::Live => text!("live"),
        Target::StandIn => text!("stand-in"),
        Target::Sandbox => text!("sandbox"),
    }
}

fn list(ctx: &Ctx) -> Result<()> {
    let settings = SettingsFile::of(&ctx.dirs).load()?;
    let rows: Vec<Listed> = settings
        .names()
        .into_iter()
        .map(|name| {
            let entry = settings.entry(name).cloned().unwrap_or_default();
            let account = profile::built_in(name);
            let sandbox = account.is_some();
            Listed {
                name: name.to_owned(),
                current: settings.current.as_deref() == Some(name),
                appid: match account {
                    Some(account) => Some(account.appid.to_owned()),
                    None => entry.appid.clone(),
                },
                family: account
                    .map_or(entry.family.unwrap_or_default(), |account| account.family)
                    .name(),
                kind: entry.kind.unwrap_or_default().name(),
                provider: entry.provider.clone(),
                target: if sandbox {
                    Target::Sandbox
                } else {
                    let provider = entry.provider.as_deref();
                    let provider = provider.and_then(|name| settings.entry(name));
                    let of_provider = provider.and_then(|entry| entry.base_url.as_deref());
                    profile::target(entry.base_url.as_deref().or(of_provider))
                },
                production: entry.production.unwrap_or(false),
                read_only: entry.read_only.unwrap_or(false),
                secret: if sandbox {
                    SecretSource::BuiltIn.name()
                } else {
                    entry
                        .secret
                        .map_or(SecretSource::Nowhere.name(), Store::name)
                },
            }
        })
        .collect();
    ctx.out.list(&rows)?;
    let current = rows.iter().any(|row| row.current);
    if let (false, Some(row)) = (current, rows.first()) {
        ctx.out.next(&format!("wxsell profile use {}", row.name));
    }
    Ok(())
}

/// All settings of a profile.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct View {
    name: Option<String>,
    appid: String,
    family: &'static str,
    kind: &'static str,
    provider: Option<String>,
    target: Target,
    base_url: Option<String>,
    proxy: Option<String>,
    production: bool,
    read_only: bool,
    token: &'static str,
    secret: &'static str,
    push: &'static str,
    credential_process: Option<Vec<String>>,
    audit_hourly: Option<u32>,
    audit_daily: Option<u32>,
    max_price_drop: u32,
    language: Option<Lang>,
    format: Option<String>,
}

fn limit_cell(limit: Option<u32>) -> Cell {
    limit.map_or_else(
        || Cell::Word(text!("off")),
        |limit| Cell::Number(limit.into()),
    )
}

fn text_cell(words: Option<&String>) -> Cell {
    words.map_or(Cell::Empty, |words| Cell::Text(words.clone()))
}

fn language_name(language: Lang) -> &'static str {
    match language {
        Lang::En => "en",
        Lang::Zh => "zh",
    }
}

impl Record for View {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("name", "NAME", |p| text_cell(p.name.as_ref())),
        Column::new("appid", "APPID", |p| Cell::Id(p.appid.clone())),
        Column::new("family", "FAMILY", |p| Cell::Word(setting_word(p.family))),
        Column::new("kind", "KIND", |p| account_cell(p.kind)),
        Column::new("provider", "PROVIDER", |p| text_cell(p.provider.as_ref())),
        Column::new("target", "TARGET", |p| Cell::Word(target_word(p.target))),
        Column::new("base_url", "BASE URL", |p| text_cell(p.base_url.as_ref())),
        Column::new("proxy", "PROXY", |p| text_cell(p.proxy.as_ref())),
        Column::new("production", "PRODUCTION", |p| yes_no(p.production)),
        Column::new("read_only", "READ-ONLY", |p| yes_no(p.read_only)),
        Column::new("token", "TOKEN", |p| Cell::Word(setting_word(p.token))),
        Column::new("secret", "SECRET", |p| Cell::Word(setting_word(p.secret))),
        Column::new("push", "PUSH KEY", |p| Cell::Word(setting_word(p.push))),
        Column::new("credential_process", "CREDENTIAL PROCESS", |p| {
            p.credential_process
                .as_ref()
                .map_or(Cell::Empty, |command| Cell::Text(command.join(" ")))
        }),
        Column::new("audit_hourly", "AUDITS AN HOUR", |p| {
            limit_cell(p.audit_hourly)
        }),
        Column::new("audit_daily", "AUDITS A DAY", |p| limit_cell(p.audit_daily)),
        Column::new("max_price_drop", "MAX PRICE DROP", |p| {
            Cell::Text(format!("{}%", p.max_price_drop))
        }),
        Column::new("language", "LANGUAGE", |p| {
            p.language.map_or(Cell::Empty, |language| {
                Cell::Text(language_name(language).into())
            })
        }),
        Column::new("format", "FORMAT", |p| text_cell(p.format.as_ref())),
    ];
}

/// One setting and where it comes from.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Sourced {
    setting: &'static str,
    value: serde_json::Value,
    origin: Text,
}

impl Record for Sourced {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("setting", "SETTING", |s| Cell::Text(s.setting.into())),
        Column::new("value", "VALUE", |s| match &s.value {
            serde_json::Value::Null => Cell::Empty,
            serde_json::Value::String(words) => Cell::Text(words.clone()),
            serde_json::Value::Array(words) => Cell::Text(
                words
                    .iter()
                    .filter_map(|word| word.as_str())
                    .collect::<Vec<_>>()
                    .join(" "),
            ),
            other => Cell::Text(other.to_string()),
        }),
        Column::new("origin", "ORIGIN", |s| Cell::Word(s.origin.clone())),
    ];
}

fn view(resolved: &Resolved) -> View {
    let profile = &resolved.profile;
    let some = |words: &str| (!words.is_empty()).then(|| words.to_owned());
    View {
        name: some(&profile.name),
        appid: profile.appid.clone(),
        family: profile.family.name(),
        kind: profile.kind.name(),
        provider: profile
            .provider
            .as_ref()
            .map(|provider| provider.name.clone()),
        target: profile.target,
        base_url: some(&profile.base_url),
        proxy: profile.proxy.as_deref().map(masked_proxy),
        production: profile.production,
        read_only: profile.read_only,
        token: profile.token.name(),
        secret: profile.secret.name(),
        push: profile.push.name(),
        credential_process: match &profile.secret {
            SecretSource::Process(command) => Some(command.clone()),
            _ => None,
        },
        audit_hourly: profile.audit_hourly,
        audit_daily: profile.audit_daily,
        max_price_drop: profile.max_price_drop,
        language: resolved.preferences.language,
        format: resolved.preferences.format.clone(),
    }
}

/// The settings of the profile with where they come from, as they may be given away.
pub(super) fn described(ctx: &Ctx) -> Result<Described> {
    let resolved = ctx.resolved()?;
    let mut shown = view(resolved);
    // What is typed for the program may be anything.
    shown.credential_process = shown.credential_process.map(|_| Vec::new());
    let origins: serde_json::Map<String, serde_json::Value> = SETTINGS
        .iter()
        .map(|setting| {
            let origin = resolved.origin(setting).words().to_string();
            ((*setting).to_owned(), origin.into())
        })
        .collect();
    Ok(Described {
        values: shown,
        origins,
    })
}

/// Settings with where they come from.
#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct Described {
    values: View,
    /// In words, by the names of the settings.
    origins: serde_json::Map<String, serde_json::Value>,
}

fn show(args: ShowArgs, ctx: &Ctx) -> Result<()> {
    let named;
    let resolved = match args.name {
        Some(name) => {
            let overrides = Overrides {
                profile: Some(name),
                ..ctx.global.overrides()
            };
            named = profile::resolve(&overrides, &ctx.dirs)?;
            named
                .notices
                .iter()
                .for_each(|notice| ctx.out.note(notice.clone()));
            &named
        }
        None => ctx.resolved()?,
    };
    let shown = view(resolved);
    if !args.origin {
        return ctx.out.show(&shown);
    }
    let fields = match serde_json::to_value(&shown)? {
        serde_json::Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    let value = |setting: &str| fields.get(setting).cloned().unwrap_or_default();
    let rows: Vec<Sourced> = SETTINGS
        .iter()
        .map(|setting| {
            let key = if *setting == "profile" {
                "name"
            } else {
                setting
            };
            // What the profile's address makes it is nobody's own word.
            let origin = match (*setting, resolved.origin(setting)) {
                ("credential_process", Origin::Default) => resolved.origin("secret"),
                (_, origin) => origin,
            };
            Sourced {
                setting,
                value: value(key),
                origin: origin.words(),
            }
        })
        .filter(|row| row.setting != "credential_process" || !row.value.is_null())
        .collect();
    ctx.out.list(&rows)
}

/// As `config.toml` calls them, with the choice of the profile first.
const SETTINGS: [&str; 18] = [
    "profile",
    "appid",
    "family",
    "kind",
    "provider",
    "base_url",
    "proxy",
    "production",
    "read_only",
    "token",
    "secret",
    "push",
    "credential_process",
    "audit_hourly",
    "audit_daily",
    "max_price_drop",
    "language",
    "format",
];

fn choose(args: &UseArgs, ctx: &Ctx) -> Result<()> {
    let name = &args.name;
    edit(ctx, |settings| {
        if !settings.names().contains(&name.as_str()) {
            return Err(profile::unknown(name, settings).into());
        }
        settings.current = Some(name.clone());
        Ok(())
    })?;
    if ctx.global.dry_run {
        ctx.out
            .note(text!("would make {name} the current profile", name));
        return Ok(());
    }
    ctx.out.note(text!("switched to {name}", name));
    for variable in ["WXSELL_PROFILE", "WXSELL_APPID"] {
        if std::env::var_os(variable).is_some_and(|value| !value.is_empty()) {
            ctx.out.warn(text!(
                "{variable} is set and overrides this choice",
                variable
            ));
        }
    }
    Ok(())
}

fn built_in(name: &str) -> Result<()> {
    if profile::built_in(name).is_some() {
        return Err(
            Failure::input(text!("the profile \"{name}\" is built in", name))
                .hint(text!("`wxsell sandbox reset` empties its shop"))
                .into(),
        );
    }
    Ok(())
}

fn rename(args: &RenameArgs, ctx: &Ctx) -> Result<()> {
    let (old, new) = (&args.old, &args.new);
    built_in(old)?;
    check_new_name(new)?;
    let check = |settings: &Settings| -> Result<(Option<Store>, Option<Store>)> {
        let Some(entry) = settings.entry(old) else {
            return Err(profile::unknown(old, settings).into());
        };
        if settings.profiles.contains_key(new) {
            return Err(
                Failure::input(text!("profile \"{name}\" already exists", name = new))
                    .hint(text!("choose another name"))
                    .into(),
            );
        }
        Ok((entry.secret, entry.push))
    };
    if ctx.global.dry_run {
        check(&SettingsFile::of(&ctx.dirs).load()?)?;
        ctx.out
            .note(text!("would rename profile {old} to {new}", old, new));
        return Ok(());
    }
    let (store, push) = check(&SettingsFile::of(&ctx.dirs).load()?)?;
    profile::move_secret(old, new, store, &ctx.dirs)?;
    profile::move_push(old, new, push, &ctx.dirs)?;
    edit(ctx, |settings| {
        check(settings)?;
        if let Some(entry) = settings.profiles.remove(old) {
            settings.profiles.insert(new.clone(), entry);
        }
        if settings.current.as_deref() == Some(old) {
            settings.current = Some(new.clone());
        }
        Ok(())
    })?;
    ctx.out
        .note(text!("renamed profile {old} to {new}", old, new));
    Ok(())
}

fn remove(args: &RemoveArgs, ctx: &Ctx) -> Result<()> {
    let name = &args.name;
    built_in(name)?;
    let settings = SettingsFile::of(&ctx.dirs).load()?;
    let Some(entry) = settings.entry(name) else {
        return Err(profile::unknown(name, &settings).into());
    };
    if ctx.global.dry_run {
        ctx.out.note(text!(
            "would remove profile {name}, its AppSecret and its cached token",
            name
        ));
        return Ok(());
    }
    if !ctx.out.confirm(text!(
        "remove profile {name} with its AppSecret and cached token?",
        name
    ))? {
        return Err(Failure::input(text!("not confirmed; nothing was changed")).into());
    }
    let forgotten = profile::forget_secret(name, entry.secret, &ctx.dirs)
        .and_then(|_| profile::forget_push(name, entry.push, &ctx.dirs));
    if let Err(error) = forgotten {
        // A keyring that is out of reach must not keep the profile alive.
        let error = Failure::from_any(error).message;
        ctx.out.warn(text!(
            "the stored AppSecret could not be removed: {error}",
            error
        ));
    }
    let overrides = Overrides {
        profile: Some(name.clone()),
        ..Overrides::default()
    };
    if let Ok(resolved) = profile::resolve(&overrides, &ctx.dirs) {
        ctx.state()?
            .forget_tokens(&resolved.profile.account_key())?;
    }
    let was_current = edit(ctx, |settings| {
        settings.profiles.remove(name);
        let was_current = settings.current.as_deref() == Some(name);
        if was_current {
            settings.current = None;
        }
        Ok(was_current)
    })?;
    ctx.out.note(text!("removed profile {name}", name));
    if was_current {
        ctx.out.note(text!(
            "no profile is selected now; choose one with `wxsell profile use`"
        ));
    }
    Ok(())
}

/// The names that `--columns` takes.
pub fn columns_of_list() -> Vec<String> {
    crate::output::names_of::<Listed>()
}
