//! Named profiles: which shop a command works for, where each setting comes from, and where the AppSecret is.
//!
//! Settings live in `config.toml`, AppSecrets that are kept in a file live in `credentials.toml` beside it.

mod keep;
mod keyring;
mod private;
mod provider;
mod push;
mod resolve;
mod secret;
mod settings;

pub use keep::{SecretKeeper, keep_somewhere, secret_keeper};
pub use private::read_given;
pub use push::{PushKeys, forget_push, keep_push, move_push, push_keys, read_push_keys};
pub use resolve::{
    Origin, Overrides, Preferences, Resolved, VARIABLES, limit, preferences, preview, resolve,
};
pub use secret::{SecretSource, forget_secret, keep_secret, move_secret, secret, secret_reader};
pub use settings::{
    ALL, Entry, Settings, SettingsFile, Store, check_appid, check_base_url, check_name,
    check_new_name, check_proxy, masked_proxy, percent,
};

use crate::fail::Failure;
use crate::text;
use crate::types::{Family, Secret};
use anyhow::Result;
use std::path::PathBuf;

/// Where WeChat answers.
pub const PLATFORM: &str = "https://api.weixin.qq.com";
/// Where WeChat answers, all its documented names: the general one, the other site, Shanghai, Shenzhen, Hong Kong.
const PLATFORM_HOSTS: [&str; 5] = [
    "api.weixin.qq.com",
    "api2.weixin.qq.com",
    "sh.api.weixin.qq.com",
    "sz.api.weixin.qq.com",
    "hk.api.weixin.qq.com",
];
/// Audit submissions that WeChat takes from one shop in an hour and in a day.
pub const LIVE_AUDIT_HOURLY: u32 = 200;
pub const LIVE_AUDIT_DAILY: u32 = 1_000;
/// By how many percent a price falls without being asked about, where nothing else is set.
const MAX_PRICE_DROP: u32 = 50;
/// The name of the built-in profile.
pub const SANDBOX: &str = "sandbox";

/// A profile that is there without any setting: an account of the shop in a box.
#[derive(Debug)]
pub struct BuiltIn {
    pub name: &'static str,
    pub appid: &'static str,
    /// No secret at all: the shop lives on this machine only.
    pub secret: &'static str,
    pub family: Family,
}

pub const BUILT_IN: [BuiltIn; 2] = [
    BuiltIn {
        name: SANDBOX,
        appid: "wx5a4dbcc0ffee0001",
        secret: "sandbox",
        family: Family::Component,
    },
    BuiltIn {
        name: "store-sandbox",
        appid: "wx5a4dbcc0ffee0002",
        secret: "sandbox-store",
        family: Family::Store,
    },
];

/// The built-in profile of this name.
pub fn built_in(name: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|known| known.name == name)
}

/// Token and EncodingAESKey of its message push; they open nothing else.
pub const SANDBOX_PUSH_TOKEN: &str = "sandboxPushToken";
pub const SANDBOX_PUSH_AES_KEY: &str = "sandboxSandboxSandboxSandboxSandboxSandboxA";

/// The two folders of this program.
#[derive(Debug, Clone)]
pub struct Dirs {
    /// Settings and credentials: `WXSELL_CONFIG_DIR`, else the system's place for them.
    pub config: PathBuf,
    /// What must outlive a command: `WXSELL_STATE_DIR`, else the system's place for it.
    pub state: PathBuf,
}

/// Which token call serves a profile.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum TokenCall {
    /// `/cgi-bin/stable_token` in normal mode: all machines get the same token.
    #[default]
    Stable,
    /// `/cgi-bin/token`: every call returns a new token.
    Classic,
}

impl TokenCall {
    pub fn name(self) -> &'static str {
        match self {
            TokenCall::Stable => "stable",
            TokenCall::Classic => "classic",
        }
    }
}

/// What the account of a profile is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Account {
    /// A shop, which calls for itself or through a service provider
    #[default]
    Shop,
    /// A third-party platform that acts for its merchants
    Provider,
}

impl Account {
    pub fn name(self) -> &'static str {
        match self {
            Account::Shop => "shop",
            Account::Provider => "provider",
        }
    }
}

/// What answers a profile's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// WeChat.
    Live,
    /// Another address that answers like WeChat.
    StandIn,
    /// The shop in a box on this machine.
    Sandbox,
}

/// The shop a command works for, with every setting resolved.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Empty for the nameless profile that appid and secret in the environment make.
    pub name: String,
    pub family: Family,
    pub kind: Account,
    /// The service provider that this shop has authorised: its tokens come through it, and what is kept as the secret
    /// of this profile is its `authorizer_refresh_token`.
    pub provider: Option<Box<Profile>>,
    pub appid: String,
    /// Without a slash at the end. Empty for the sandbox until it has a port.
    pub base_url: String,
    pub target: Target,
    pub proxy: Option<String>,
    /// Refuse all writes.
    pub read_only: bool,
    /// Say so before every write, and ask before what cannot be undone.
    pub production: bool,
    pub token: TokenCall,
    /// Audit submissions an hour and a day; `None` is no limit.
    pub audit_hourly: Option<u32>,
    pub audit_daily: Option<u32>,
    /// By how many percent a price may fall without being asked about, at most 100, which lets all pass.
    pub max_price_drop: u32,
    /// Where [`secret`] reads the AppSecret when no `--secret-file` is given.
    pub secret: SecretSource,
    /// Where [`push_keys`] reads Token and EncodingAESKey of the message push.
    pub push: SecretSource,
}

/// What tells the rows of the built-in accounts in `state` from those of others, their tokens and pushes too.
pub fn sandbox_keys() -> impl Iterator<Item = String> {
    BUILT_IN.iter().flat_map(|account| {
        let key = format!("{SANDBOX}:{}", account.appid);
        [with_family(account.family, key.clone()), key]
    })
}

/// The custom and the standard component share an AppID, so that the family is in the key of a shop; that of the custom
/// component goes without saying, as it did in 0.1, whose rows and sealed log entries stay valid.
fn with_family(family: Family, account: String) -> String {
    if family == Family::Component {
        account
    } else {
        format!("{}:{account}", family.name())
    }
}

impl Profile {
    /// What tells one shop's rows in `state` from another's.
    pub fn shop_key(&self) -> String {
        with_family(self.family, self.account_key())
    }

    /// What tells the tokens and pushes of one AppID in `state` from another's: they are the same for all its families.
    pub fn account_key(&self) -> String {
        match self.target {
            Target::Live => self.appid.clone(),
            Target::Sandbox => format!("{SANDBOX}:{}", self.appid),
            Target::StandIn => format!("{}@{}", self.appid, self.base_url),
        }
    }

    /// What kind of token pays for the calls of this profile, as `state` names it.
    pub fn token_kind(&self) -> &'static str {
        match (self.kind, &self.provider) {
            (Account::Provider, _) => "component",
            (Account::Shop, Some(_)) => "authorizer",
            (Account::Shop, None) => self.token.name(),
        }
    }

    /// The name for people.
    pub fn label(&self) -> &str {
        if self.name.is_empty() {
            &self.appid
        } else {
            &self.name
        }
    }
}

/// What answers at a base URL; none is WeChat's own.
pub fn target(base_url: Option<&str>) -> Target {
    match base_url {
        Some(url) if !settings::is_platform(url) => Target::StandIn,
        Some(_) | None => Target::Live,
    }
}

/// Names of profiles, for completion in the shell. Never fails: what cannot be read is not offered.
pub fn candidates() -> Vec<clap_complete::CompletionCandidate> {
    let settings = dirs()
        .ok()
        .and_then(|dirs| SettingsFile::of(&dirs).load().ok())
        .unwrap_or_default();
    settings
        .names()
        .into_iter()
        .map(|name| {
            let appid = settings.entry(name).and_then(|entry| entry.appid.clone());
            clap_complete::CompletionCandidate::new(name).help(appid.map(Into::into))
        })
        .collect()
}

/// The configured name nearest to a mistyped one.
fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likely = 1.max(name.chars().count() / 3);
    names
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, _)| *distance <= likely)
        .min()
        .map(|(_, known)| known)
}

/// No profile is called `name`; says which ones there are.
pub fn unknown(name: &str, settings: &Settings) -> Failure {
    let names = settings.names();
    let failure = Failure::input(text!("there is no profile \"{name}\"", name));
    match nearest(name, names.iter().copied()) {
        Some(known) => failure.hint(text!("did you mean \"{known}\"?", known)),
        None => failure.hint(text!(
            "profiles: {names}; `wxsell profile add {name}` adds a new one",
            names = names.join(", "),
            name
        )),
    }
}

/// Finds the folders.
pub fn dirs() -> Result<Dirs> {
    let from_env = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let system = directories::ProjectDirs::from("", "", "wxsell");
    let pick = |name: &str, system: Option<PathBuf>| {
        from_env(name).or(system).ok_or_else(|| {
            Failure::input(text!("this system has no home folder"))
                .hint(text!("set {name} to a folder", name))
        })
    };
    Ok(Dirs {
        config: pick(
            "WXSELL_CONFIG_DIR",
            system.as_ref().map(|dirs| dirs.config_dir().to_path_buf()),
        )?,
        state: pick(
            "WXSELL_STATE_DIR",
            system.as_ref().map(|dirs| {
                dirs.state_dir()
                    .unwrap_or_else(|| dirs.data_local_dir())
                    .to_path_buf()
            }),
        )?,
    })
}

/// The secret of a built-in account.
fn sandbox_secret(name: &str) -> Secret {
    Secret::public(built_in(name).map_or("", |account| account.secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_shop_holds_its_family_and_that_of_0_1_stays() {
        let key = |family| with_family(family, "wx1".into());
        assert_eq!(key(Family::Component), "wx1");
        assert_eq!(key(Family::Store), "store:wx1");
        let keys: Vec<String> = sandbox_keys().collect();
        assert!(keys.contains(&"sandbox:wx5a4dbcc0ffee0001".to_owned()));
        assert!(keys.contains(&"store:sandbox:wx5a4dbcc0ffee0002".to_owned()));
    }
}
