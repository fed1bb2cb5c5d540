//! Commands that look at several shops at once.

use super::Ctx;
use crate::cli::Cli;
use crate::fail::{Failure, Kind};
use crate::profile::{ALL, SecretSource, SettingsFile, preview};
use crate::text;
use anyhow::Result;
use clap::Parser;

impl Ctx {
    /// The profiles that `--profile all` means; `None` for a single one.
    pub fn several(&self) -> Result<Option<Vec<String>>> {
        if self.global.profile.as_deref() != Some(ALL) {
            return Ok(None);
        }
        let settings = SettingsFile::of(&self.dirs).load()?;
        if settings.entry(ALL).is_some() {
            return Err(Failure::input(text!(
                "a profile is called \"all\", which means every profile"
            ))
            .hint(text!("rename it with `wxsell profile rename all NAME`"))
            .into());
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
        let names: Vec<String> = own.map(str::to_owned).collect();
        // One without a secret is read too, and fails with its name: nobody is to believe that all is well.
        let kept = |name: &String| {
            preview(name, &settings).map_or(true, |profile| profile.secret != SecretSource::Nowhere)
        };
        match !names.iter().any(kept) {
            true => Err(Failure::access(text!("no profile keeps an AppSecret"))
                .hint(text!("`wxsell auth login` stores one"))
                .into()),
            false => Ok(Some(names)),
        }
    }

    /// Runs a command that reads, as it was typed, for one shop after the other. Each is named above what it shows; one
    /// that fails does not stop the others.
    pub(super) async fn one_after_the_other(&self, names: &[String]) -> Result<()> {
        if !self.out.is_for_people() {
            return Err(Failure::input(text!(
                "with --profile all this command shows tables only"
            ))
            .hint(text!(
                "`wxsell due --profile all` has machine formats; run others for each profile"
            ))
            .into());
        }
        let mut failed = Vec::new();
        for name in names {
            let cli = Cli::try_parse_from(std::env::args_os())?;
            self.out.text(&format!("[{name}]"))?;
            let done = match self.for_profile(name) {
                Ok(shop) => Box::pin(cli.noun.run(&shop)).await,
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                self.out.fail(&error);
                failed.push(name.clone());
            }
            self.out.text("")?;
        }
        if failed.is_empty() {
            return Ok(());
        }
        let mut failure = Failure::new(
            Kind::Partial,
            text!("failed or not ready: {shops}", shops = failed.join(", ")),
        );
        failure.shown = true;
        Err(failure.into())
    }
}
