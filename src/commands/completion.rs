//! `wxsell completion SHELL`: the script that makes a shell ask this program for completions. The script only calls
//! back, so that names of profiles are those of the moment.

use super::Ctx;
use crate::cli::start::COMPLETE;
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use clap_complete::env::{Bash, EnvCompleter, Fish, Powershell, Zsh};
use std::path::Path;

/// Print or install the completion script of a shell
///
/// `install` writes it where the shell in $SHELL looks for it.
///
/// Names of profiles are completed live. Load it with `source <(wxsell completion bash)` in ~/.bashrc, the same with
/// zsh in ~/.zshrc after compinit, `wxsell completion fish | source` in config.fish, or `wxsell completion
/// powershell | Out-String | Invoke-Expression` in the profile of PowerShell.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell, or `install` for the one in $SHELL
    shell: Wanted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Install,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

impl Shell {
    pub const ALL: [Shell; 4] = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Powershell];

    /// The name that the shell looks for in its folder of completions.
    pub fn file_name(self) -> &'static str {
        match self {
            Shell::Bash => "wxsell.bash",
            Shell::Zsh => "_wxsell",
            Shell::Fish => "wxsell.fish",
            Shell::Powershell => "wxsell.ps1",
        }
    }

    /// The script.
    pub fn script(self) -> Result<Vec<u8>> {
        let shell: &dyn EnvCompleter = match self {
            Shell::Bash => &Bash,
            Shell::Zsh => &Zsh,
            Shell::Fish => &Fish,
            Shell::Powershell => &Powershell,
        };
        let mut script = Vec::new();
        shell
            .write_registration(COMPLETE, "wxsell", "wxsell", "wxsell", &mut script)
            .map_err(|error| {
                Failure::bug(text!(
                    "cannot write the completion script: {error}",
                    error = error.to_string()
                ))
            })?;
        Ok(script)
    }
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[Shows::text("completion")];

pub async fn run(args: Args, ctx: &Ctx) -> Result<()> {
    let shell = match args.shell {
        Wanted::Bash => Shell::Bash,
        Wanted::Zsh => Shell::Zsh,
        Wanted::Fish => Shell::Fish,
        Wanted::Powershell => Shell::Powershell,
        Wanted::Install => return install(ctx),
    };
    ctx.out.raw(&shell.script()?)
}

/// Writes the script into the folder of the user's shell.
fn install(ctx: &Ctx) -> Result<()> {
    let shell = std::env::var("SHELL").unwrap_or_default();
    let name = Path::new(&shell).file_name().unwrap_or_default();
    let home = directories::BaseDirs::new();
    let home = home.as_ref().map(|dirs| dirs.home_dir());
    let (shell, place) = match (name.to_str(), home) {
        (Some("bash"), Some(home)) => (
            Shell::Bash,
            home.join(".local/share/bash-completion/completions/wxsell"),
        ),
        (Some("zsh"), Some(home)) => (Shell::Zsh, home.join(".zfunc/_wxsell")),
        (Some("fish"), Some(home)) => (
            Shell::Fish,
            home.join(".config/fish/completions/wxsell.fish"),
        ),
        _ => {
            return Err(Failure::input(text!(
                "no shell that completions can be installed for: SHELL={shell}",
                shell
            ))
            .hint(text!(
                "load them yourself: `wxsell completion --help` shows how for each shell"
            ))
            .into());
        }
    };
    let script = shell.script()?;
    let folder = place.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&place, script))
        .map_err(|error| {
            Failure::input(text!(
                "cannot write {path}: {error}",
                path = place.display().to_string(),
                error = error.to_string()
            ))
        })?;
    ctx.out.note(text!(
        "wrote {path}; new shells complete wxsell",
        path = place.display().to_string()
    ));
    if shell == Shell::Zsh {
        ctx.out.note(text!(
            "zsh finds it with `fpath+=(~/.zfunc)` before compinit in ~/.zshrc"
        ));
    }
    Ok(())
}
