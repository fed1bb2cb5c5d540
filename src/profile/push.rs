//! Token and EncodingAESKey of a profile's message push: kept where AppSecrets are kept, and like them never taken from
//! the command line and never logged. The key before the last change is kept beside the present one, because the
//! platform may still use it for a while.

use super::keyring;
use super::private::{read_bounded, read_given};
use super::secret::{SecretSource, credentials_path, edit_credentials, is_stdin, load_credentials};
use super::settings::Store;
use super::{Dirs, Profile, SANDBOX_PUSH_AES_KEY, SANDBOX_PUSH_TOKEN};
use crate::fail::Failure;
use crate::text;
use crate::types::Secret;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What verifies and opens the pushes of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushKeys {
    pub token: Secret,
    /// 43 characters; absent where only plain messages come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aes_key: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_aes_key: Option<Secret>,
}

impl PushKeys {
    /// The keys after a change to `new`: the key that it replaces becomes the previous one.
    pub fn replaced_by(&self, new: PushKeys) -> PushKeys {
        let previous = match (&self.aes_key, &new.aes_key) {
            (Some(old), Some(present)) if old != present => Some(old.clone()),
            _ => self.previous_aes_key.clone(),
        };
        PushKeys {
            previous_aes_key: new.previous_aes_key.or(previous),
            ..new
        }
    }
}

/// Token and keys of a profile; `None` where none are kept.
pub fn push_keys(profile: &Profile, dirs: &Dirs) -> Result<Option<PushKeys>> {
    let keys = match &profile.push {
        SecretSource::BuiltIn => PushKeys {
            token: Secret::public(SANDBOX_PUSH_TOKEN),
            aes_key: Some(Secret::public(SANDBOX_PUSH_AES_KEY)),
            previous_aes_key: None,
        },
        SecretSource::Environment => from_environment()?,
        SecretSource::Keyring => match keyring::read(&entry(&profile.name))? {
            Some(kept) => serde_json::from_str(&kept).map_err(|_| gone(&profile.name))?,
            None => return Err(gone(&profile.name).into()),
        },
        SecretSource::File => {
            let mut kept = load_credentials(&credentials_path(dirs))?;
            kept.push
                .remove(&profile.name)
                .ok_or_else(|| gone(&profile.name))?
        }
        SecretSource::Given(_) | SecretSource::Process(_) | SecretSource::Nowhere => {
            return Ok(None);
        }
    };
    Ok(Some(keys))
}

fn gone(name: &str) -> Failure {
    Failure::access(text!(
        "Token and EncodingAESKey of profile \"{name}\" are not where they should be stored",
        name
    ))
    .hint(text!(
        "store them with `wxsell auth push-key --profile {name}`",
        name
    ))
}

fn from_environment() -> Result<PushKeys> {
    let read = |name: &str| {
        let value = std::env::var(name).unwrap_or_default().trim().to_owned();
        (!value.is_empty()).then(|| Secret::new(value))
    };
    let token = read("WXSELL_PUSH_TOKEN").ok_or_else(|| {
        Failure::input(text!(
            "WXSELL_PUSH_AES_KEY is set, and WXSELL_PUSH_TOKEN is missing"
        ))
        .hint(text!(
            "set it to the Token of the message push; it is not an access token"
        ))
    })?;
    Ok(PushKeys {
        token,
        aes_key: read("WXSELL_PUSH_AES_KEY"),
        previous_aes_key: None,
    })
}

/// The keyring holds it beside the AppSecret; no profile has a slash in its name.
fn entry(name: &str) -> String {
    format!("{name}/push")
}

/// Reads Token and keys from a file or, for `-`, from standard input: the Token on the first line, the EncodingAESKey
/// on the second, the one before it on a third; or the same as a JSON object.
pub fn read_push_keys(path: &Path) -> Result<PushKeys> {
    let shown = path.display().to_string();
    let bytes = if is_stdin(path) {
        read_bounded(std::io::stdin().lock())
    } else {
        read_given(path)?
    };
    let bytes = bytes.map_err(|error| {
        Failure::input(text!(
            "cannot read {path}: {error}",
            path = shown,
            error = error.to_string()
        ))
    })?;
    parse(&String::from_utf8_lossy(&bytes)).ok_or_else(|| {
        Failure::input(text!("the input is not a Token with an EncodingAESKey"))
            .hint(text!(
                "write the Token on the first line and the EncodingAESKey on the second"
            ))
            .into()
    })
}

fn parse(content: &str) -> Option<PushKeys> {
    let content = content.trim_start_matches('\u{feff}').trim();
    if content.starts_with('{') {
        return serde_json::from_str(content).ok();
    }
    let mut lines = content
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let token = lines.next()?;
    let mut next = || lines.next().map(Secret::new);
    let keys = PushKeys {
        token: Secret::new(token),
        aes_key: next(),
        previous_aes_key: next(),
    };
    let words = content
        .lines()
        .any(|line| line.trim().contains(char::is_whitespace));
    (!words && lines.next().is_none()).then_some(keys)
}

/// Keeps Token and keys of a profile.
pub fn keep_push(name: &str, store: Store, keys: &PushKeys, dirs: &Dirs) -> Result<()> {
    match store {
        Store::Keyring => {
            let json = serde_json::to_string(keys)?;
            keyring::write(&entry(name), &Secret::new(json))
        }
        Store::File => edit_credentials(dirs, |kept| {
            kept.push.insert(name.to_owned(), keys.clone());
        }),
        Store::Process => Err(Failure::input(text!(
            "Token and EncodingAESKey of the message push cannot come from a program"
        ))
        .hint(text!(
            "choose keyring or file, or set WXSELL_PUSH_TOKEN and WXSELL_PUSH_AES_KEY"
        ))
        .into()),
    }
}

/// Forgets Token and keys of a profile; true where there were any.
pub fn forget_push(name: &str, store: Option<Store>, dirs: &Dirs) -> Result<bool> {
    match store {
        Some(Store::Keyring) => keyring::remove(&entry(name)),
        Some(Store::File) if credentials_path(dirs).exists() => {
            edit_credentials(dirs, |kept| kept.push.remove(name).is_some())
        }
        Some(Store::File | Store::Process) | None => Ok(false),
    }
}

/// Moves Token and keys of a profile that gets another name.
pub fn move_push(old: &str, new: &str, store: Option<Store>, dirs: &Dirs) -> Result<()> {
    match store {
        Some(Store::Keyring) => {
            if let Some(kept) = keyring::read(&entry(old))? {
                keyring::write(&entry(new), &Secret::new(kept))?;
                forget_push(old, store, dirs)?;
            }
            Ok(())
        }
        Some(Store::File) if credentials_path(dirs).exists() => edit_credentials(dirs, |kept| {
            if let Some(keys) = kept.push.remove(old) {
                kept.push.insert(new.to_owned(), keys);
            }
        }),
        Some(Store::File | Store::Process) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(token: &str, key: Option<&str>, previous: Option<&str>) -> PushKeys {
        PushKeys {
            token: Secret::new(token),
            aes_key: key.map(Secret::new),
            previous_aes_key: previous.map(Secret::new),
        }
    }

    #[test]
    fn lines_and_json_are_read_and_nothing_else() {
        assert_eq!(
            parse("\u{feff}tok\r\nkey\r\n"),
            Some(keys("tok", Some("key"), None))
        );
        assert_eq!(parse("tok\n"), Some(keys("tok", None, None)));
        assert_eq!(
            parse("tok\nkey\nold\n"),
            Some(keys("tok", Some("key"), Some("old")))
        );
        assert_eq!(
            parse("{\"token\": \"tok\", \"aes_key\": \"key\"}"),
            Some(keys("tok", Some("key"), None))
        );
        for wrong in ["", "two words\nkey", "a\nb\nc\nd", "{\"token\": 5}"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_replaced_key_becomes_the_previous_one() {
        let first = keys("tok", Some("a"), None);
        let second = first.replaced_by(keys("tok", Some("b"), None));
        assert_eq!(second, keys("tok", Some("b"), Some("a")));
        // The same key again, e.g. with another Token, leaves the previous one.
        let third = second.replaced_by(keys("new", Some("b"), None));
        assert_eq!(third, keys("new", Some("b"), Some("a")));
    }
}
