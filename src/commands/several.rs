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
                "--secret-file holds the secret of one shop; --profile all means several shops"
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
        if !names.iter().any(kept) {
            Err(Failure::access(text!("no profile has a stored AppSecret"))
                .hint(text!("`wxsell auth login` stores one"))
                .into())
        } else {
            Ok(Some(names))
        }
    }

    /// Runs a command that reads, as it was typed, for one shop after the other. Each is named above what it shows; one
    /// that fails does not stop the others.
    pub(super) async fn one_after_the_other(&self, names: &[String]) -> Result<()> {
        let people = self.out.is_for_people();
        let all = self.out.gathering();
        let (mut failed, mut wrong) = (Vec::new(), 0);
        for name in names {
            let cli = Cli::try_parse_from(std::env::args_os())?;
            if people {
                self.out.text(&format!("[{name}]"))?;
            }
            let shop = self.for_profile(name).map(|shop| Ctx {
                out: if people { shop.out } else { all.of_shop(name) },
                ..shop
            });
            let done = match shop {
                Ok(shop) => Box::pin(cli.noun.run(&shop)).await,
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                let mut failure = Failure::from_any(error);
                if failure.kind == Kind::Input {
                    wrong += 1;
                }
                if !people {
                    failure.message = text!("{shop}: {why}", shop = name, why = failure.message);
                }
                self.out.fail(&failure.into());
                failed.push(name.clone());
            }
            if people {
                self.out.text("")?;
            }
        }
        all.show_gathered()?;
        if failed.is_empty() {
            return Ok(());
        }
        let mut failure = Failure::new(
            // What is wrong with the line is wrong for every shop.
            if wrong == names.len() {
                Kind::Input
            } else {
                Kind::Partial
            },
            text!("failed or not ready: {shops}", shops = failed.join(", ")),
        );
        failure.shown = true;
        Err(failure.into())
    }
}
