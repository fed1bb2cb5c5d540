//! `config.toml`: read strictly, written whole. A change is made under a lock, so that two commands at once lose
//! nothing, and keeps the comments that people wrote into the file.

use super::private::{check_folder, unreadable};
use super::{Account, BUILT_IN, Dirs, TokenCall, built_in};
use crate::fail::{Failure, Within};
use crate::lang::{Lang, Text};
use crate::text;
use crate::types::Family;
use crate::types::share::Share;
use anyhow::Result;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What `config.toml` holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The profile of commands that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    #[serde(
        default,
        rename = "profile",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub profiles: BTreeMap<String, Entry>,
}

/// One profile of the file. What is absent follows the environment or a default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Account>,
    /// The profile of the service provider that acts for this shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub production: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Store>,
    /// Where Token and EncodingAESKey of the message push are kept; never a program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push: Option<Store>,
    /// Program and arguments; run without a shell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_process: Option<Vec<String>>,
    /// Audit submissions an hour; 0 is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_hourly: Option<u32>,
    /// Audit submissions a day; 0 is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_daily: Option<u32>,
    /// By how many percent a price may fall without being asked about; 100 switches the guard off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_price_drop: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Lang>,
    /// The name of an output format, as `--format` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

/// Where a profile keeps its AppSecret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Store {
    /// The keyring of the operating system
    Keyring,
    /// `credentials.toml`, readable by its owner only
    File,
    /// A program that prints it, see --credential-process
    Process,
}

impl Store {
    pub fn name(self) -> &'static str {
        match self {
            Store::Keyring => "keyring",
            Store::File => "file",
            Store::Process => "process",
        }
    }
}

impl Settings {
    /// All profiles by name, the built-in ones last.
    pub fn names(&self) -> Vec<&str> {
        let own = self
            .profiles
            .keys()
            .map(String::as_str)
            .filter(|name| built_in(name).is_none());
        own.chain(BUILT_IN.iter().map(|account| account.name))
            .collect()
    }

    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.profiles.get(name)
    }
}

/// The file that [`Settings`] are read from and written to.
#[derive(Debug, Clone)]
pub struct SettingsFile {
    pub path: PathBuf,
}

impl SettingsFile {
    pub fn of(dirs: &Dirs) -> SettingsFile {
        SettingsFile {
            path: dirs.config.join("config.toml"),
        }
    }

    /// Reads the file; no file reads as no settings. A key that is not known is refused with its line.
    pub fn load(&self) -> Result<Settings> {
        match fs::read_to_string(&self.path) {
            Ok(content) => {
                check_folder(self.path.parent().unwrap_or(Path::new(".")))?;
                parse(&self.path, &content)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Settings::default()),
            Err(error) => Err(unreadable(&self.path, &error).into()),
        }
    }

    /// Changes the file under its lock. Nothing is written where `change` fails or changes nothing.
    pub fn edit<T>(&self, change: impl FnOnce(&mut Settings) -> Result<T>) -> Result<T> {
        let _lock = lock(&self.path)?;
        let before = self.load()?;
        let mut after = before.clone();
        let result = change(&mut after)?;
        if after != before {
            self.save(&after)
                .within(|| text!("writing {path}", path = self.path.display().to_string()))?;
        }
        Ok(result)
    }

    fn save(&self, settings: &Settings) -> Result<()> {
        let bug = |error: String| {
            Failure::bug(text!(
                "the settings cannot be written as TOML: {error}",
                error
            ))
        };
        let wanted = toml::to_string(settings).map_err(|error| bug(error.to_string()))?;
        let wanted: toml_edit::DocumentMut = wanted
            .parse()
            .map_err(|error: toml_edit::TomlError| bug(error.to_string()))?;
        let present = fs::read_to_string(&self.path).unwrap_or_default();
        let mut document: toml_edit::DocumentMut = present.parse().unwrap_or_default();
        merge(document.as_table_mut(), wanted.as_table());
        write_whole(&self.path, &document.to_string())
    }
}

/// Makes `table` hold what `wanted` holds, leaving alone what is the same already, with the comments around it.
fn merge(table: &mut dyn toml_edit::TableLike, wanted: &dyn toml_edit::TableLike) {
    let gone: Vec<String> = table
        .iter()
        .map(|(key, _)| key.to_owned())
        .filter(|key| wanted.get(key).is_none())
        .collect();
    for key in gone {
        table.remove(&key);
    }
    for (key, item) in wanted.iter() {
        match (table.get_mut(key), item) {
            (Some(present), item) if present.is_table_like() && item.is_table_like() => {
                if let (Some(present), Some(item)) =
                    (present.as_table_like_mut(), item.as_table_like())
                {
                    merge(present, item);
                }
            }
            (Some(toml_edit::Item::Value(present)), toml_edit::Item::Value(value)) => {
                if present.to_string().trim() != value.to_string().trim() {
                    let decor = present.decor().clone();
                    *present = value.clone();
                    *present.decor_mut() = decor;
                }
            }
            _ => {
                table.insert(key, item.clone());
            }
        }
    }
}

fn parse(path: &Path, content: &str) -> Result<Settings> {
    let settings: Settings =
        toml::from_str(content).map_err(|error| misread(path, content, &error))?;
    for (name, entry) in &settings.profiles {
        let check = || -> Result<()> {
            if built_in(name).is_none() {
                check_name(name)?;
            }
            entry.base_url.as_deref().map(check_base_url).transpose()?;
            entry.proxy.as_deref().map(check_proxy).transpose()?;
            Ok(())
        };
        check().within(|| {
            text!(
                "reading profile \"{name}\" in {path}",
                name,
                path = path.display().to_string()
            )
        })?;
    }
    Ok(settings)
}

/// A TOML error with its line. The line itself is not repeated: in `credentials.toml` it may hold a secret.
pub(super) fn misread(path: &Path, content: &str, error: &toml::de::Error) -> Failure {
    let start = error.span().map_or(0, |span| span.start.min(content.len()));
    let line = content.as_bytes()[..start]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1;
    Failure::input(text!(
        "{path}, line {line}: {reason}",
        path = path.display().to_string(),
        line,
        reason = error.message()
    ))
    .hint(text!("correct the line, or use `wxsell profile set`"))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::input(text!(
        "cannot write {path}: {error}",
        path = path.display().to_string(),
        error = error.to_string()
    ))
    .hint(text!(
        "point WXSELL_CONFIG_DIR to a folder that you may write to"
    ))
}

/// Held while one of the two files is changed; ends with the process.
pub(super) struct Lock {
    _file: File,
}

/// Waits for the one lock of the folder that `path` is in, and makes the folder where it is missing.
pub(super) fn lock(path: &Path) -> Result<Lock> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| unwritable(folder, &error))?;
    let path = folder.join(".lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options
        .open(&path)
        .map_err(|error| unwritable(&path, &error))?;
    file.lock().map_err(|error| unwritable(&path, &error))?;
    Ok(Lock { _file: file })
}

/// Puts `content` where `path` points, all or nothing: a new file beside it, on disk, then renamed. The file is
/// readable by its owner only from its first moment on: a proxy address may hold a password. On Windows the access
/// list of the user's profile folder, which new files inherit, sees to that.
pub(super) fn write_whole(path: &Path, content: &str) -> Result<()> {
    // The file may be a link into somebody's collection of settings: replace what it points to.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .tempfile_in(folder)?;
        file.write_all(content.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    };
    Ok(write().map_err(|error| unwritable(&path, &error))?)
}

/// A name for a profile: letters of any script, digits, `-`, `_` and `.`, at most 64.
/// The word that means every profile.
pub const ALL: &str = "all";

/// Refuses a name that a new profile cannot have: what [`check_name`] refuses, and the word for all of them.
pub fn check_new_name(name: &str) -> Result<(), Failure> {
    if name == ALL {
        return Err(
            Failure::input(text!("\"all\" means every profile")).hint(text!("choose another name"))
        );
    }
    check_name(name)
}

pub fn check_name(name: &str) -> Result<(), Failure> {
    if built_in(name).is_some() {
        return Err(
            Failure::input(text!("the profile \"{name}\" is built in", name)).hint(text!(
                "choose another name; `--profile {name}` works without any setting",
                name
            )),
        );
    }
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty()
        || name.chars().count() > 64
        || !name.chars().all(fits)
        || name.starts_with(['-', '.'])
    {
        return Err(
            Failure::input(text!("\"{name}\" cannot be the name of a profile", name)).hint(text!(
                "use up to 64 letters, digits, `-`, `_` and `.`, with a letter or digit first"
            )),
        );
    }
    Ok(())
}

/// Reads an AppID; says which other number of an account was taken for it.
pub fn check_appid(appid: &str) -> Result<String, Failure> {
    let appid = appid.trim();
    if appid.starts_with("gh_") {
        return Err(Failure::input(text!(
            "\"{appid}\" is the original ID of an account, not its AppID",
            appid
        ))
        .hint(text!(
            "the AppID begins with `wx`; the console shows it next to the AppSecret"
        )));
    }
    let is_hex = |digits: &str| {
        let mut digits = digits.bytes();
        digits.all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    if appid.len() == 32 && is_hex(&appid.to_ascii_lowercase()) {
        // It is not repeated: errors end up in logs.
        return Err(
            Failure::input(text!("this looks like an AppSecret, not an AppID")).hint(text!(
                "the AppID begins with `wx`; `wxsell auth login` asks for the AppSecret"
            )),
        );
    }
    let digits = appid.strip_prefix("wx").unwrap_or_default();
    if digits.len() != 16 || !is_hex(digits) {
        return Err(
            Failure::input(text!("\"{appid}\" is not a valid AppID", appid)).hint(text!(
                "an AppID is `wx` and 16 digits or letters a to f, e.g. wx0123456789abcdef"
            )),
        );
    }
    Ok(appid.to_owned())
}

/// Reads the address that calls go to; gives it without the slash at the end. Plain `http` is for this machine only.
pub fn check_base_url(address: &str) -> Result<String, Failure> {
    let wrong = |message| {
        Err(Failure::input(message).hint(text!(
            "write it like https://api.weixin.qq.com, without path, query and password"
        )))
    };
    let url = match Url::parse(address.trim()) {
        Ok(url) => url,
        // The address is not repeated before it is known to hold no password.
        Err(error) => {
            return wrong(text!(
                "the base URL is not an address: {error}",
                error = error.to_string()
            ));
        }
    };
    if !url.username().is_empty() || url.password().is_some() {
        return wrong(text!("the base URL contains a user name or password"));
    }
    match url.scheme() {
        "https" => {}
        "http" if crate::types::is_loopback(&url) => {}
        "http" => {
            return wrong(text!(
                "the base URL {address} is not encrypted; `http` is allowed for this machine only",
                address
            ));
        }
        scheme => {
            return wrong(text!(
                "the base URL {address} begins with `{scheme}:`",
                address,
                scheme
            ));
        }
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return wrong(text!(
            "the base URL {address} has more than a host",
            address
        ));
    }
    // A dot at the end of a host only says that it is whole already.
    let mut url = url;
    if let Some(host) = url.host_str().and_then(|host| host.strip_suffix('.')) {
        let host = host.to_owned();
        if url.set_host(Some(&host)).is_err() {
            return wrong(text!("the base URL {address} has no host", address));
        }
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Whether WeChat itself answers at a base URL.
pub(super) fn is_platform(base_url: &str) -> bool {
    Url::parse(base_url).is_ok_and(|url| {
        url.scheme() == "https"
            && url.port().is_none()
            && url
                .host_str()
                .map(|host| host.trim_end_matches('.'))
                .is_some_and(|host| super::PLATFORM_HOSTS.contains(&host))
    })
}

/// Reads the address of a proxy.
pub fn check_proxy(address: &str) -> Result<String, Failure> {
    let hint = || text!("write it like http://127.0.0.1:3128 or socks5h://127.0.0.1:1080");
    let url = Url::parse(address.trim()).map_err(|error| {
        Failure::input(text!(
            "the proxy is not an address: {error}",
            error = error.to_string()
        ))
        .hint(hint())
    })?;
    if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") || url.host_str().is_none()
    {
        return Err(Failure::input(text!(
            "the proxy {address} has an unknown scheme",
            address = masked_proxy(address)
        ))
        .hint(hint()));
    }
    Ok(address.trim().to_owned())
}

/// A proxy's address as it may be shown: user name and password are masked.
pub fn masked_proxy(address: &str) -> String {
    match Url::parse(address) {
        Ok(mut url) if url.password().is_some() || !url.username().is_empty() => {
            let masked = url.set_username("***").is_ok()
                && (url.password().is_none() || url.set_password(Some("***")).is_ok());
            if masked {
                url.to_string()
            } else {
                "***".to_owned()
            }
        }
        Ok(_) => address.to_owned(),
        Err(_) => "***".to_owned(),
    }
}

/// Reads a share from 1 to 100 percent, with or without its sign.
pub fn percent(word: &str) -> Result<u32, Text> {
    Share::percent(word, 1..=100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (tempfile::TempDir, SettingsFile) {
        let folder = tempfile::tempdir().expect("a folder");
        let dirs = Dirs {
            config: folder.path().join("config"),
            state: folder.path().join("state"),
        };
        (folder, SettingsFile::of(&dirs))
    }

    #[test]
    fn an_edit_keeps_the_comments_of_people() {
        let (_folder, file) = file();
        fs::create_dir_all(file.path.parent().expect("a folder")).expect("made");
        fs::write(&file.path, "# ours\ncurrent = \"tea\" # the big one\n\n[profile.tea]\n# from the console\nappid = \"wx1\"\nproxy = \"http://a:1\"\n").expect("written");
        file.edit(|settings| {
            let tea = settings.profiles.get_mut("tea").expect("tea");
            tea.appid = Some("wx2".into());
            tea.proxy = None;
            tea.production = Some(true);
            settings.profiles.insert(
                "rice".into(),
                Entry {
                    appid: Some("wx3".into()),
                    ..Entry::default()
                },
            );
            Ok(())
        })
        .expect("edited");
        let content = fs::read_to_string(&file.path).expect("read");
        assert!(content.starts_with("# ours\ncurrent = \"tea\" # the big one\n\n[profile.tea]\n# from the console\nappid = \"wx2\"\nproduction = true\n"), "{content}");
        assert!(
            content.contains("[profile.rice]\nappid = \"wx3\"\n"),
            "{content}"
        );
        assert!(!content.contains("proxy"), "{content}");
        assert_eq!(file.load().expect("read").profiles.len(), 2);
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let (_folder, file) = file();
        fs::create_dir_all(file.path.parent().expect("a folder")).expect("made");
        fs::write(
            &file.path,
            "[profile.tea]\nappid = \"wx1\"\nbase_ulr = \"https://x\"\n",
        )
        .expect("written");
        let error = file.load().expect_err("refused").to_string();
        assert!(
            error.contains("line 3") && error.contains("base_ulr"),
            "{error}"
        );
    }

    #[test]
    fn edits_at_once_are_all_kept() {
        let (_folder, file) = file();
        std::thread::scope(|scope| {
            for number in 0..16 {
                let file = &file;
                scope.spawn(move || {
                    file.edit(|settings| {
                        settings.profiles.insert(
                            format!("shop-{number}"),
                            Entry {
                                appid: Some("wx1".into()),
                                ..Entry::default()
                            },
                        );
                        Ok(())
                    })
                    .expect("edited");
                });
            }
        });
        assert_eq!(file.load().expect("read").profiles.len(), 16);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_settings_stays_a_link() {
        let (folder, file) = file();
        let target = folder.path().join("dotfiles.toml");
        fs::write(&target, "current = \"sandbox\"\n").expect("written");
        fs::create_dir_all(file.path.parent().expect("a folder")).expect("made");
        std::os::unix::fs::symlink(&target, &file.path).expect("linked");
        file.edit(|settings| {
            settings.current = None;
            Ok(())
        })
        .expect("edited");
        assert!(
            fs::symlink_metadata(&file.path)
                .expect("there")
                .is_symlink()
        );
        assert_eq!(fs::read_to_string(&target).expect("read"), "");
    }

    #[test]
    fn a_base_url_is_encrypted_or_on_this_machine() {
        for (address, expected) in [
            (
                "https://api.weixin.qq.com/",
                Some("https://api.weixin.qq.com"),
            ),
            (
                "https://shop.example:8443",
                Some("https://shop.example:8443"),
            ),
            ("http://127.0.0.1:8080/", Some("http://127.0.0.1:8080")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            ("http://localhost", Some("http://localhost")),
            ("http://api.weixin.qq.com", None),
            ("http://127.0.0.1.example", None),
            ("https://u:p@api.weixin.qq.com", None),
            ("https://api.weixin.qq.com/shop", None),
            ("https://api.weixin.qq.com?x=1", None),
            ("ftp://localhost", None),
            ("api.weixin.qq.com", None),
        ] {
            assert_eq!(
                check_base_url(address).ok().as_deref(),
                expected,
                "{address}"
            );
        }
    }

    #[test]
    fn only_wechats_own_hosts_are_the_platform() {
        assert!(
            is_platform("https://api.weixin.qq.com") && is_platform("https://hk.api.weixin.qq.com")
        );
        for other in [
            "https://api.weixin.qq.com.example",
            "https://api.weixin.qq.com:8443",
            "http://api.weixin.qq.com",
            "http://127.0.0.1:1",
        ] {
            assert!(!is_platform(other), "{other}");
        }
    }

    #[test]
    fn a_password_in_a_proxy_is_never_shown() {
        assert_eq!(
            masked_proxy("http://ann:pw@proxy.example:3128"),
            "http://***:***@proxy.example:3128/"
        );
        assert_eq!(
            masked_proxy("socks5h://127.0.0.1:1080"),
            "socks5h://127.0.0.1:1080"
        );
        let error = check_proxy("gopher://ann:pw@proxy.example")
            .expect_err("refused")
            .to_string();
        assert!(!error.contains("pw") && !error.contains("ann"), "{error}");
    }

    #[test]
    fn names_are_words_in_any_script() {
        for name in ["tea", "茶店", "a-b_c.1"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "-x", "a b", "a/b", "sandbox", ".x"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
