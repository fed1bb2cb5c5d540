//! Which shop a command works for: flag, then environment, then the profile in `config.toml`, then a default, for
//! each setting on its own, with the origin of each.
//!
//! One rule stands above: the AppID of one shop never meets the secret of another. A profile chosen by `--profile`
//! keeps `WXSELL_APPID` and `WXSELL_APP_SECRET` out, with a notice, if they name another shop; `WXSELL_PROFILE`
//! beside another `WXSELL_APPID` is refused, since neither stands above the other; and `WXSELL_APPID` without a
//! chosen profile is a shop of its own, which takes nothing from the current profile.

use super::provider::check_provider;
use super::secret::SecretSource;
use super::settings::{
    Entry, Settings, SettingsFile, Store, check_appid, check_base_url, is_platform,
};
use super::{
    Account, Dirs, LIVE_AUDIT_DAILY, LIVE_AUDIT_HOURLY, MAX_PRICE_DROP, PLATFORM, Profile, Target,
    TokenCall, built_in, unknown,
};
use crate::fail::Failure;
use crate::lang::{Lang, Text};
use crate::text;
use crate::types::Family;
use anyhow::Result;
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Every environment variable that is read, apart from the folders and what the system itself defines.
pub const VARIABLES: [&str; 11] = [
    "WXSELL_PROFILE",
    "WXSELL_APPID",
    "WXSELL_APP_SECRET",
    "WXSELL_BASE_URL",
    "WXSELL_FAMILY",
    "WXSELL_LANG",
    "WXSELL_FORMAT",
    "WXSELL_AUDIT_HOURLY",
    "WXSELL_AUDIT_DAILY",
    "WXSELL_PUSH_TOKEN",
    "WXSELL_PUSH_AES_KEY",
];

/// Those that belong to one shop, besides its AppID.
const OF_ONE_SHOP: [&str; 3] = [
    "WXSELL_APP_SECRET",
    "WXSELL_PUSH_TOKEN",
    "WXSELL_PUSH_AES_KEY",
];

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// An option or argument of this command.
    Flag(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// `config.toml`.
    Profile,
    /// The built-in profile.
    BuiltIn,
    Default,
}

impl Origin {
    /// For people and scripts alike: a name to look for.
    pub fn words(self) -> Text {
        match self {
            Origin::Flag(flag) => Text::verbatim(flag),
            Origin::Environment(name) => Text::verbatim(name),
            Origin::Profile => text!("config.toml"),
            Origin::BuiltIn => text!("built in"),
            Origin::Default => text!("default"),
        }
    }
}

/// A profile and where each of its values comes from.
#[derive(Debug, Clone)]
pub struct Resolved {
    pub profile: Profile,
    /// Language and format that the environment or the profile ask for.
    pub preferences: Preferences,
    /// What people should know, e.g. that a part of the environment was left aside.
    pub notices: Vec<Text>,
    origins: BTreeMap<&'static str, Origin>,
}

impl Resolved {
    /// Where the value of a setting comes from; settings are called as in `config.toml`, and `profile` is the choice.
    pub fn origin(&self, setting: &str) -> Origin {
        self.origins
            .get(setting)
            .copied()
            .unwrap_or(Origin::Default)
    }
}

/// How output should look where no option says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    pub language: Option<Lang>,
    /// As `--format` takes it.
    pub format: Option<String>,
}

/// What options of the command line say about the profile.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--profile`
    pub profile: Option<String>,
    /// `--secret-file`; `-` is standard input.
    pub secret_file: Option<PathBuf>,
}

/// The `WXSELL_*` variables of this process.
#[derive(Debug, Clone, Default)]
pub(super) struct Environment(BTreeMap<&'static str, String>);

impl Environment {
    /// Without what names a shop. A secret that stands beside an AppID goes with it.
    pub(super) fn of_no_shop(&self) -> Environment {
        let mut kept = self.clone();
        if kept.0.remove("WXSELL_APPID").is_some() {
            kept.0.remove("WXSELL_APP_SECRET");
        }
        kept.0.remove("WXSELL_PROFILE");
        kept
    }

    /// An empty variable counts as unset, as continuous integration sets them.
    fn of_process() -> Environment {
        let read = |name: &'static str| {
            std::env::var_os(name)
                .map(|value| (name, value.to_string_lossy().trim().to_owned()))
                .filter(|(_, value)| !value.is_empty())
        };
        Environment(VARIABLES.into_iter().filter_map(read).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Finds the profile of a command. Everything that is wrong or missing is named at once.
pub fn resolve(overrides: &Overrides, dirs: &Dirs) -> Result<Resolved> {
    Ok(resolve_in(
        overrides.profile.as_deref(),
        &Environment::of_process(),
        &SettingsFile::of(dirs).load()?,
    )?)
}

/// The profile that `settings` make of `name`, before or after they are written. AppID and secret of the environment
/// do not count: they may be those of another shop.
pub fn preview(name: &str, settings: &Settings) -> Result<Profile> {
    let mut environment = Environment::of_process();
    environment.0.retain(|variable, _| {
        !matches!(*variable, "WXSELL_PROFILE" | "WXSELL_APPID") && !OF_ONE_SHOP.contains(variable)
    });
    Ok(resolve_in(Some(name), &environment, settings)?.profile)
}

/// Language and format of the environment, else of the profile. Settings that cannot be read do not count here: the
/// command that needs them says so. Fails where `WXSELL_LANG` names no language.
pub fn preferences(overrides: &Overrides, dirs: &Dirs) -> Result<Preferences> {
    let environment = Environment::of_process();
    let settings = SettingsFile::of(dirs).load().unwrap_or_default();
    let entry = match choose(overrides.profile.as_deref(), &environment, &settings) {
        Ok(Choice::Named(name, _)) => settings.entry(&name).cloned().unwrap_or_default(),
        Ok(Choice::Nameless) | Err(_) => Entry::default(),
    };
    Ok(preferences_of(&environment, &entry)?)
}

fn preferences_of(environment: &Environment, entry: &Entry) -> Result<Preferences, Failure> {
    let language = environment
        .get("WXSELL_LANG")
        .map(|word| one_of::<Lang>("WXSELL_LANG", word))
        .transpose()?;
    let format = environment.get("WXSELL_FORMAT").map(str::to_owned);
    Ok(Preferences {
        language: language.or(entry.language),
        format: format.or_else(|| entry.format.clone()),
    })
}

fn one_of<T: ValueEnum>(name: &str, word: &str) -> Result<T, Failure> {
    T::from_str(word, true).map_err(|_| {
        let known: Vec<String> = T::value_variants()
            .iter()
            .filter_map(|value| value.to_possible_value())
            .map(|value| value.get_name().to_owned())
            .collect();
        Failure::input(text!(
            "{name} is \"{word}\", which is not one of: {known}",
            name,
            word,
            known = known.join(", ")
        ))
    })
}

/// Reads a limit: a number, or `off` for none, which is 0.
pub fn limit(word: &str) -> Result<u32, Text> {
    if word.eq_ignore_ascii_case("off") {
        return Ok(0);
    }
    word.parse()
        .map_err(|_| text!("write a whole number, or `off` for no limit"))
}

#[derive(Debug)]
enum Choice {
    Named(String, Origin),
    /// AppID and secret of the environment.
    Nameless,
}

fn choose(
    flag: Option<&str>,
    environment: &Environment,
    settings: &Settings,
) -> Result<Choice, Failure> {
    let named = |name: &str, origin| Ok(Choice::Named(name.to_owned(), origin));
    match (
        flag,
        environment.get("WXSELL_PROFILE"),
        environment.get("WXSELL_APPID"),
        settings.current.as_deref(),
    ) {
        (Some(name), ..) => named(name, Origin::Flag("--profile")),
        (None, Some(name), ..) => named(name, Origin::Environment("WXSELL_PROFILE")),
        (None, None, Some(_), _) => Ok(Choice::Nameless),
        (None, None, None, Some(name)) => named(name, Origin::Profile),
        (None, None, None, None)
            if settings
                .profiles
                .keys()
                .all(|name| built_in(name).is_some()) =>
        {
            let secret_alone = environment.get("WXSELL_APP_SECRET").is_some();
            let failure = Failure::input(if secret_alone {
                text!("WXSELL_APP_SECRET is set, and WXSELL_APPID is missing")
            } else {
                text!("no shop is set up yet")
            });
            Err(failure.hint(text!(
                "run `wxsell auth login`, or set WXSELL_APPID and WXSELL_APP_SECRET, or try it out with `--profile sandbox`"
            )))
        }
        (None, None, None, None) => Err(Failure::input(text!("no profile is selected")).hint(text!(
            "choose one with --profile, WXSELL_PROFILE or `wxsell profile use`; there are: {names}",
            names = settings.names().join(", ")
        ))),
    }
}

/// Settings one after the other, with their origins and what is wrong with them.
struct Resolver<'a> {
    environment: &'a Environment,
    origins: BTreeMap<&'static str, Origin>,
    problems: Vec<Failure>,
}

impl Resolver<'_> {
    fn pick<T>(
        &mut self,
        setting: &'static str,
        variable: Option<&'static str>,
        read: impl FnOnce(&str) -> Result<T, Failure>,
        stored: Option<T>,
        default: T,
    ) -> T {
        if let Some((name, word)) =
            variable.and_then(|name| self.environment.get(name).map(|word| (name, word)))
        {
            self.origins.insert(setting, Origin::Environment(name));
            match read(word) {
                Ok(value) => return value,
                Err(mut problem) => {
                    problem.doing.push(text!("reading {name}", name));
                    self.problems.push(problem);
                    return default;
                }
            }
        }
        match stored {
            Some(value) => {
                self.origins.insert(setting, Origin::Profile);
                value
            }
            None => default,
        }
    }

    fn stored<T>(&mut self, setting: &'static str, stored: Option<T>, default: T) -> T {
        self.pick(
            setting,
            None,
            |_| Err(Failure::bug(text!("no variable"))),
            stored,
            default,
        )
    }

    fn limit(
        &mut self,
        setting: &'static str,
        variable: &'static str,
        stored: Option<u32>,
        default: Option<u32>,
    ) -> Option<u32> {
        let read = |word: &str| {
            limit(word).map_err(|_| {
                Failure::input(text!(
                    "{name} is \"{word}\", which is not a number",
                    name = variable,
                    word
                ))
                .hint(text!("write a whole number, or `off` for no limit"))
            })
        };
        Some(self.pick(setting, Some(variable), read, stored, default.unwrap_or(0)))
            .filter(|limit| *limit > 0)
    }
}

/// All problems as one failure: the first as it is, the others below it.
fn all_problems(problems: Vec<Failure>) -> Result<(), Failure> {
    let mut problems = problems.into_iter();
    let Some(first) = problems.next() else {
        return Ok(());
    };
    let others: Vec<Text> = problems.map(|problem| problem.message).collect();
    Err(first.also(others))
}

pub(super) fn resolve_in(
    flag: Option<&str>,
    environment: &Environment,
    settings: &Settings,
) -> Result<Resolved, Failure> {
    let choice = choose(flag, environment, settings)?;
    let mut notices = Vec::new();
    let (name, origin, entry) = match &choice {
        Choice::Nameless => ("", Origin::Environment("WXSELL_APPID"), Entry::default()),
        Choice::Named(name, origin) => match settings.entry(name) {
            Some(entry) => (name.as_str(), *origin, entry.clone()),
            None if built_in(name).is_some() => (name.as_str(), *origin, Entry::default()),
            None => return Err(unknown(name, settings)),
        },
    };
    let account = built_in(name);
    let sandbox = account.is_some();
    let own_appid = match account {
        Some(account) => Some(account.appid),
        None => entry.appid.as_deref(),
    };
    let environment = keep_shops_apart(name, origin, own_appid, environment, &mut notices)?;
    let mut resolver = Resolver {
        environment: &environment,
        origins: BTreeMap::from([("profile", origin)]),
        problems: Vec::new(),
    };

    let stored_appid = own_appid.map(str::to_owned);
    let appid = resolver.pick(
        "appid",
        Some("WXSELL_APPID"),
        check_appid,
        stored_appid,
        String::new(),
    );
    if appid.is_empty() && resolver.problems.is_empty() {
        resolver.problems.push(
            Failure::input(text!("profile \"{name}\" has no AppID", name)).hint(text!(
                "set it with `wxsell profile set {name} --appid APPID`",
                name
            )),
        );
    }
    let family = match account {
        Some(account) => account.family,
        None => resolver.pick(
            "family",
            Some("WXSELL_FAMILY"),
            |word| one_of("WXSELL_FAMILY", word),
            entry.family,
            Family::default(),
        ),
    };
    let kind = resolver.stored("kind", entry.kind, Account::default());
    let served_by = |other| {
        check_provider(name, kind, other, settings)
            .and_then(|()| resolve_in(Some(other), &environment.of_no_shop(), settings))
    };
    let provider = entry.provider.as_deref().filter(|_| !sandbox);
    let provider = match provider.map(served_by) {
        Some(Ok(provider)) => Some(Box::new(provider.profile)),
        Some(Err(problem)) => {
            resolver.problems.push(problem);
            None
        }
        None => None,
    };
    let base_url = if sandbox {
        String::new()
    } else {
        resolver.pick(
            "base_url",
            Some("WXSELL_BASE_URL"),
            check_base_url,
            entry
                .base_url
                .as_deref()
                .and_then(|url| check_base_url(url).ok()),
            provider
                .as_ref()
                .map_or_else(|| PLATFORM.to_owned(), |provider| provider.base_url.clone()),
        )
    };
    let target = match (sandbox, is_platform(&base_url)) {
        (true, _) => Target::Sandbox,
        (false, true) => Target::Live,
        (false, false) => Target::StandIn,
    };
    let live = target == Target::Live;
    let audit_hourly = resolver.limit(
        "audit_hourly",
        "WXSELL_AUDIT_HOURLY",
        entry.audit_hourly,
        live.then_some(LIVE_AUDIT_HOURLY),
    );
    let audit_daily = resolver.limit(
        "audit_daily",
        "WXSELL_AUDIT_DAILY",
        entry.audit_daily,
        live.then_some(LIVE_AUDIT_DAILY),
    );
    let max_price_drop = resolver
        .stored("max_price_drop", entry.max_price_drop, MAX_PRICE_DROP)
        .min(100);
    let of_provider = provider
        .as_ref()
        .and_then(|provider| provider.proxy.clone());
    let proxy = resolver.stored("proxy", entry.proxy.clone().map(Some), of_provider);
    let read_only = resolver.stored("read_only", entry.read_only, false);
    let production = resolver.stored("production", entry.production, false);
    let token = resolver.stored("token", entry.token, TokenCall::default());
    let language = match environment.get("WXSELL_LANG") {
        Some(_) => Some(Origin::Environment("WXSELL_LANG")),
        None => entry.language.map(|_| Origin::Profile),
    };
    let format = match environment.get("WXSELL_FORMAT") {
        Some(_) => Some(Origin::Environment("WXSELL_FORMAT")),
        None => entry.format.as_ref().map(|_| Origin::Profile),
    };
    let preferences = preferences_of(&environment, &entry).unwrap_or_else(|problem| {
        resolver.problems.push(problem);
        Preferences::default()
    });

    let secret = if sandbox {
        SecretSource::BuiltIn
    } else if environment.get("WXSELL_APP_SECRET").is_some() && entry.provider.is_none() {
        SecretSource::Environment
    } else {
        match (entry.secret, entry.credential_process.clone()) {
            (Some(Store::Keyring), _) => SecretSource::Keyring,
            (Some(Store::File), _) => SecretSource::File,
            (Some(Store::Process), _) if entry.provider.is_some() => {
                resolver.problems.push(
                    Failure::input(text!("profile \"{name}\" keeps an authorization that WeChat may replace, which a program cannot take", name))
                        .hint(text!("set it with `wxsell profile set {name} --secret-store keyring`, or `file`", name)),
                );
                SecretSource::Nowhere
            }
            (Some(Store::Process), Some(command)) if !command.is_empty() => {
                SecretSource::Process(command)
            }
            (Some(Store::Process), _) => {
                resolver.problems.push(
                    Failure::input(text!("profile \"{name}\" takes its AppSecret from a program, but no program is set", name))
                        .hint(text!("set it with `wxsell profile set {name} --credential-process PROGRAM ARGUMENT…`", name)),
                );
                SecretSource::Nowhere
            }
            (None, _) => SecretSource::Nowhere,
        }
    };
    let push = push_source(sandbox, &environment, &entry);
    let mut origins = std::mem::take(&mut resolver.origins);
    origins.extend(language.map(|origin| ("language", origin)));
    origins.extend(format.map(|origin| ("format", origin)));
    match &secret {
        SecretSource::BuiltIn => origins.insert("secret", Origin::BuiltIn),
        SecretSource::Environment => {
            origins.insert("secret", Origin::Environment("WXSELL_APP_SECRET"))
        }
        SecretSource::Nowhere => None,
        _ => origins.insert("secret", Origin::Profile),
    };
    match &push {
        SecretSource::BuiltIn => origins.insert("push", Origin::BuiltIn),
        SecretSource::Environment => {
            origins.insert("push", Origin::Environment("WXSELL_PUSH_TOKEN"))
        }
        SecretSource::Nowhere => None,
        _ => origins.insert("push", Origin::Profile),
    };
    if sandbox {
        origins.insert("appid", Origin::BuiltIn);
        origins.insert("base_url", Origin::BuiltIn);
    }
    if provider.is_some() {
        origins.insert("provider", Origin::Profile);
    }
    all_problems(resolver.problems)?;
    let profile = Profile {
        name: name.to_owned(),
        family,
        kind,
        provider,
        appid,
        base_url,
        target,
        proxy,
        read_only,
        production,
        token,
        audit_hourly,
        audit_daily,
        max_price_drop,
        secret,
        push,
    };
    Ok(Resolved {
        profile,
        preferences,
        notices,
        origins,
    })
}

/// Where Token and EncodingAESKey of the message push are. A key alone in the environment counts too: the Token is
/// then missed with its name.
fn push_source(sandbox: bool, environment: &Environment, entry: &Entry) -> SecretSource {
    let given = ["WXSELL_PUSH_TOKEN", "WXSELL_PUSH_AES_KEY"]
        .iter()
        .any(|name| environment.get(name).is_some());
    match entry.push {
        _ if sandbox => SecretSource::BuiltIn,
        _ if given => SecretSource::Environment,
        Some(Store::Keyring) => SecretSource::Keyring,
        Some(Store::File) => SecretSource::File,
        Some(Store::Process) | None => SecretSource::Nowhere,
    }
}

/// The part of the environment that may touch the chosen profile.
fn keep_shops_apart(
    name: &str,
    origin: Origin,
    own_appid: Option<&str>,
    environment: &Environment,
    notices: &mut Vec<Text>,
) -> Result<Environment, Failure> {
    let mut kept = environment.clone();
    let other_shop = environment
        .get("WXSELL_APPID")
        .filter(|appid| !name.is_empty() && own_appid != Some(appid));
    if let (Some(appid), Origin::Environment(_)) = (other_shop, origin) {
        return Err(Failure::input(text!(
            "WXSELL_PROFILE is \"{name}\", but WXSELL_APPID belongs to another shop, {appid}",
            name,
            appid
        ))
        .hint(text!("unset one of them")));
    }
    let mut aside: Vec<&str> = Vec::new();
    if other_shop.is_some() {
        aside.push("WXSELL_APPID");
        aside.extend(OF_ONE_SHOP);
    }
    if built_in(name).is_some() {
        // A real secret must not go to the shop in a box, nor its calls to another address.
        aside.extend(["WXSELL_APPID", "WXSELL_BASE_URL"]);
        aside.extend(OF_ONE_SHOP);
    }
    aside.retain(|variable| kept.0.remove(variable).is_some());
    if !aside.is_empty() {
        notices.push(text!(
            "ignoring {variables}: --profile {name} is another shop",
            variables = aside.join(", "),
            name
        ));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = "
        current = \"tea\"
        [profile.tea]
        appid = \"wx0000000000000011\"
        secret = \"keyring\"
        production = true
        audit_daily = 500
        [profile.rice]
        appid = \"wx0000000000000022\"
        base_url = \"http://127.0.0.1:9\"
    ";

    fn environment(pairs: &[(&'static str, &str)]) -> Environment {
        Environment(
            pairs
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        )
    }

    fn resolved(
        flag: Option<&str>,
        pairs: &[(&'static str, &str)],
        settings: &str,
    ) -> Result<Resolved, Failure> {
        resolve_in(
            flag,
            &environment(pairs),
            &toml::from_str(settings).expect("settings"),
        )
    }

    #[test]
    fn a_merchant_takes_address_and_proxy_of_its_provider_and_never_its_secret() {
        let settings = "
            [profile.agency]
            appid = \"wx0000000000000099\"
            kind = \"provider\"
            base_url = \"http://127.0.0.1:9\"
            proxy = \"http://127.0.0.1:3128\"
            [profile.tea]
            appid = \"wx0000000000000011\"
            provider = \"agency\"
            secret = \"file\"
        ";
        let tea = resolved(Some("tea"), &[("WXSELL_APP_SECRET", "x")], settings).expect("tea");
        let (merchant, provider) = (&tea.profile, tea.profile.provider.as_ref().expect("one"));
        assert_eq!(
            (merchant.base_url.as_str(), merchant.proxy.as_deref()),
            ("http://127.0.0.1:9", Some("http://127.0.0.1:3128"))
        );
        assert_eq!(
            (&merchant.secret, &provider.secret),
            (&SecretSource::File, &SecretSource::Environment)
        );
        assert_eq!(
            (merchant.token_kind(), provider.token_kind()),
            ("authorizer", "component")
        );
        let own = [
            ("WXSELL_APPID", "wx0000000000000011"),
            ("WXSELL_APP_SECRET", "x"),
        ];
        let tea = resolved(Some("tea"), &own, settings).expect("tea");
        let provider = tea.profile.provider.expect("one");
        assert_eq!(
            (provider.appid.as_str(), provider.secret),
            ("wx0000000000000099", SecretSource::Nowhere)
        );
        for (wrong, said) in [
            (
                "[profile.a]\nappid = \"wxa\"\nprovider = \"b\"",
                "there is no profile",
            ),
            (
                "[profile.a]\nappid = \"wxa\"\nprovider = \"a\"",
                "is not a service provider",
            ),
            (
                "[profile.a]\nappid = \"wxa\"\nkind = \"provider\"\nprovider = \"a\"",
                "has another one set",
            ),
        ] {
            let error = resolved(Some("a"), &[], wrong).expect_err("refused");
            assert!(error.message.to_string().contains(said), "{error}");
        }
    }

    #[test]
    fn the_current_profile_serves_where_nothing_else_is_said() {
        let tea = resolved(None, &[], SHOP).expect("tea");
        assert_eq!(
            (tea.profile.appid.as_str(), tea.profile.secret.clone()),
            ("wx0000000000000011", SecretSource::Keyring)
        );
        assert_eq!(
            (tea.profile.audit_hourly, tea.profile.audit_daily),
            (Some(200), Some(500))
        );
        assert_eq!(tea.origin("profile"), Origin::Profile);
        assert_eq!(tea.origin("audit_daily"), Origin::Profile);
        assert_eq!(tea.origin("audit_hourly"), Origin::Default);
    }

    #[test]
    fn the_environment_stands_above_the_profile_for_each_setting() {
        let tea = resolved(
            None,
            &[
                ("WXSELL_BASE_URL", "http://localhost:1/"),
                ("WXSELL_AUDIT_DAILY", "off"),
                ("WXSELL_APP_SECRET", "x"),
            ],
            SHOP,
        )
        .expect("tea");
        assert_eq!(tea.profile.base_url, "http://localhost:1");
        assert_eq!(
            (
                tea.profile.target,
                tea.profile.audit_hourly,
                tea.profile.audit_daily
            ),
            (Target::StandIn, None, None)
        );
        assert_eq!(tea.profile.secret, SecretSource::Environment);
        assert_eq!(
            tea.origin("base_url"),
            Origin::Environment("WXSELL_BASE_URL")
        );
    }

    #[test]
    fn appid_and_secret_of_the_environment_take_nothing_from_the_current_profile() {
        let nameless = resolved(
            None,
            &[
                ("WXSELL_APPID", "wx00000000000000c1"),
                ("WXSELL_APP_SECRET", "x"),
            ],
            SHOP,
        )
        .expect("nameless");
        assert_eq!(
            (
                nameless.profile.name.as_str(),
                nameless.profile.appid.as_str()
            ),
            ("", "wx00000000000000c1")
        );
        assert!(!nameless.profile.production);
        let without =
            resolved(None, &[("WXSELL_APPID", "wx00000000000000c1")], SHOP).expect("nameless");
        assert_eq!(without.profile.secret, SecretSource::Nowhere);
    }

    #[test]
    fn a_profile_chosen_by_flag_never_gets_the_secret_of_another_shop() {
        let pairs = [
            ("WXSELL_APPID", "wx00000000000000c1"),
            ("WXSELL_APP_SECRET", "x"),
        ];
        let tea = resolved(Some("tea"), &pairs, SHOP).expect("tea");
        assert_eq!(
            (tea.profile.appid.as_str(), tea.profile.secret),
            ("wx0000000000000011", SecretSource::Keyring)
        );
        assert!(
            tea.notices[0]
                .to_string()
                .contains("WXSELL_APPID, WXSELL_APP_SECRET")
        );
        let same = resolved(
            Some("tea"),
            &[
                ("WXSELL_APPID", "wx0000000000000011"),
                ("WXSELL_APP_SECRET", "x"),
            ],
            SHOP,
        )
        .expect("tea");
        assert_eq!(
            (same.profile.secret, same.notices.len()),
            (SecretSource::Environment, 0)
        );
        let clash = resolved(None, &[("WXSELL_PROFILE", "tea"), pairs[0], pairs[1]], SHOP)
            .expect_err("refused");
        assert!(clash.message.to_string().contains("another shop"));
    }

    #[test]
    fn the_sandbox_takes_neither_secret_nor_address_from_outside() {
        let pairs = [
            ("WXSELL_APP_SECRET", "x"),
            ("WXSELL_BASE_URL", "https://api.weixin.qq.com"),
        ];
        let sandbox = resolved(Some("sandbox"), &pairs, "").expect("built in");
        assert_eq!(
            (sandbox.profile.target, sandbox.profile.secret),
            (Target::Sandbox, SecretSource::BuiltIn)
        );
        assert_eq!(
            (
                sandbox.profile.base_url.as_str(),
                sandbox.profile.audit_hourly,
                sandbox.profile.audit_daily
            ),
            ("", None, None)
        );
        let limited =
            resolved(Some("sandbox"), &[("WXSELL_AUDIT_HOURLY", "5")], "").expect("built in");
        assert_eq!(limited.profile.audit_hourly, Some(5));
    }

    #[test]
    fn a_stand_in_has_no_audit_limits_unless_they_are_set() {
        let rice = resolved(Some("rice"), &[("WXSELL_AUDIT_HOURLY", "7")], SHOP).expect("rice");
        assert_eq!(
            (
                rice.profile.target,
                rice.profile.audit_hourly,
                rice.profile.audit_daily
            ),
            (Target::StandIn, Some(7), None)
        );
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let wrong = resolved(
            None,
            &[
                ("WXSELL_BASE_URL", "http://shop.example"),
                ("WXSELL_AUDIT_HOURLY", "many"),
                ("WXSELL_FAMILY", "corner"),
                ("WXSELL_LANG", "fr"),
            ],
            SHOP,
        )
        .expect_err("refused");
        let said: Vec<String> = std::iter::once(&wrong.message)
            .chain(&wrong.also)
            .map(Text::to_string)
            .collect();
        assert_eq!(said.len(), 4, "{said:?}");
        for word in ["http://shop.example", "many", "corner", "fr"] {
            assert!(
                said.iter().any(|line| line.contains(word)),
                "{word} in {said:?}"
            );
        }
    }

    #[test]
    fn an_unknown_profile_suggests_the_nearest() {
        let typo = resolved(Some("tae"), &[], SHOP).expect_err("refused");
        assert!(typo.hint.expect("a hint").to_string().contains("\"tea\""));
        let far = resolved(Some("zzz"), &[], SHOP).expect_err("refused");
        assert!(
            far.hint
                .expect("a hint")
                .to_string()
                .contains("rice, tea, sandbox")
        );
    }

    #[test]
    fn with_no_shop_at_all_every_way_to_one_is_named() {
        let hint = resolved(None, &[], "")
            .expect_err("refused")
            .hint
            .expect("a hint")
            .to_string();
        for way in ["auth login", "WXSELL_APPID", "--profile sandbox"] {
            assert!(hint.contains(way), "{way}");
        }
    }
}
