//! Commands that look at several shops at once.

use super::Ctx;
use crate::fail::Failure;
use crate::profile::{SecretSource, SettingsFile, preview};
use crate::text;
use anyhow::Result;

/// The word for every profile, unless one is called so.
const ALL: &str = "all";

impl Ctx {
    /// The profiles that `--profile all` means; `None` for a single one.
    pub fn several(&self) -> Result<Option<Vec<String>>> {
        if self.global.profile.as_deref() != Some(ALL) {
            return Ok(None);
        }
        let settings = SettingsFile::of(&self.dirs).load()?;
        if settings.entry(ALL).is_some() {
            return Ok(None);
        }
        if self.global.secret_file.is_some() {
            return Err(Failure::input(text!(
                "--secret-file holds the secret of one shop; --profile all is several"
            ))
            .into());
        }
        // The built-in shop is for practice and rings no alarm. One that cannot be resolved is read all the same, and fails
        // with its name.
        let own = settings.names().into_iter();
        let own = own.filter(|name| crate::profile::built_in(name).is_none());
        let kept = own.filter(|name| {
            preview(name, &settings).map_or(true, |profile| profile.secret != SecretSource::Nowhere)
        });
        let names: Vec<String> = kept.map(str::to_owned).collect();
        match names.is_empty() {
            true => Err(Failure::access(text!("no profile keeps an AppSecret"))
                .hint(text!("`wxsell auth login` stores one"))
                .into()),
            false => Ok(Some(names)),
        }
    }
}
