//! Where a secret goes when nobody says where, and where one goes that takes the place of another.

use super::secret::{forget_secret, keep_secret};
use super::{Dirs, Profile, SecretSource, Store};
use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use crate::types::Secret;
use anyhow::Result;

/// Keeps a secret where the operator says or where it was before. Without a word it goes to the keyring, and into a
/// private file on machines that have none, which `tell` is told. Says where it went.
pub fn keep_somewhere(
    name: &str,
    wanted: Option<Store>,
    before: Option<Store>,
    secret: &Secret,
    dirs: &Dirs,
    tell: impl FnOnce(Text),
) -> Result<Store> {
    let Some(store) = wanted.or(before) else {
        let Err(error) = keep_secret(name, Store::Keyring, secret, dirs) else {
            return Ok(Store::Keyring);
        };
        let reason = Failure::from_any(error).message;
        tell(text!("{reason}; a private file is used instead", reason));
        keep_secret(name, Store::File, secret, dirs)?;
        return Ok(Store::File);
    };
    keep_secret(name, store, secret, dirs)?;
    if let Some(before) = before.filter(|before| *before != store) {
        forget_secret(name, Some(before), dirs)?;
    }
    Ok(store)
}

/// Stores a secret that took the place of another.
pub type SecretKeeper = Box<dyn Fn(&Secret) -> Result<()> + Send + Sync>;

/// Stores an authorisation that took the place of another, where the profile keeps it.
pub fn secret_keeper(profile: &Profile, dirs: &Dirs) -> SecretKeeper {
    let (name, dirs) = (profile.name.clone(), dirs.clone());
    let store = match profile.secret {
        SecretSource::Keyring => Store::Keyring,
        _ => Store::File,
    };
    Box::new(move |secret| keep_secret(&name, store, secret, &dirs))
}
