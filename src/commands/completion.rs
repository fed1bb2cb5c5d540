//! `wxsell completion SHELL`: the script that makes a shell ask this program for completions. The script only calls
//! back, so that names of profiles are those of the moment.

use super::Ctx;
use crate::cli::start::COMPLETE;
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use clap_complete::env::{Bash, EnvCompleter, Fish, Powershell, Zsh};

/// Print the completion script of a shell
///
/// Names of profiles are completed live. Load it with `source <(wxsell completion bash)` in ~/.bashrc, the same with
/// zsh in ~/.zshrc after compinit, `wxsell completion fish | source` in config.fish, or `wxsell completion
/// powershell | Out-String | Invoke-Expression` in the profile of PowerShell.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
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

/// None of its verbs is a single call.
pub const ASKS: &[super::ask::Ask] = &[];

pub async fn run(args: Args, ctx: &Ctx) -> Result<()> {
    ctx.out.raw(&args.shell.script()?)
}
