//! Named profiles: which shop a command works for, and where each setting comes from.

use crate::fail::Failure;
use crate::text;
use crate::types::{Family, Secret};
use anyhow::Result;
use std::path::PathBuf;

/// Where WeChat answers.
pub const PLATFORM: &str = "https://api.weixin.qq.com";
/// The name of the built-in profile.
pub const SANDBOX: &str = "sandbox";

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
    /// `/cgi-bin/token`: every call makes a new one.
    Classic,
}

/// What answers a profile's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    pub appid: String,
    /// Without a slash at the end. Empty for the sandbox until it has a port.
    pub base_url: String,
    pub target: Target,
    pub proxy: Option<String>,
    /// Refuse every write.
    pub read_only: bool,
    /// Say so before every write, and ask before what cannot be undone.
    pub production: bool,
    pub token: TokenCall,
    /// Audit submissions an hour and a day; `None` is no limit.
    pub audit_hourly: Option<u32>,
    pub audit_daily: Option<u32>,
}

impl Profile {
    /// What tells one shop's rows in `state` from another's.
    pub fn shop_key(&self) -> String {
        match self.target {
            Target::Live => self.appid.clone(),
            Target::Sandbox => format!("{SANDBOX}:{}", self.appid),
            Target::StandIn => format!("{}@{}", self.appid, self.base_url),
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

/// Names of profiles, for completion in the shell.
pub fn candidates() -> Vec<clap_complete::CompletionCandidate> {
    vec![clap_complete::CompletionCandidate::new(SANDBOX)]
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
            Failure::input(text!("this system names no home folder"))
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

/// The AppSecret of a profile, from wherever it is kept.
pub fn secret(_profile: &Profile, _dirs: &Dirs) -> Result<Secret> {
    Err(Failure::access(text!("no AppSecret is known for this profile")).into())
}
