//! `wxsell completion SHELL`: the script that makes a shell ask this program for completions. The script only calls
//! back, so that names of profiles are those of the moment.

use super::Ctx;
use crate::cli::start::COMPLETE;
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use clap_complete::env::{Bash, EnvCompleter, Fish, Powershell, Zsh};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Print or install the completion script of a shell
///
/// `install` writes the script where the shell in $SHELL looks for it, or the shell given after `install`; on Windows
/// the default is PowerShell. If a shell has to be told to look there, the line to add is printed; for PowerShell it is
/// added.
///
/// Profile names are completed live. Load the script with `source <(wxsell completion bash)` in ~/.bashrc, the same
/// with zsh in ~/.zshrc after compinit, `wxsell completion fish | source` in config.fish, or `wxsell completion
/// powershell | Out-String | Invoke-Expression` in the PowerShell profile.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell, or `install` for the one in $SHELL
    shell: Wanted,
    /// With `install`: the shell
    #[arg(value_name = "FOR")]
    install_for: Option<Shell>,
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
        Wanted::Install => return install(args.install_for, ctx),
    };
    if args.install_for.is_some() {
        return Err(Failure::input(text!(
            "only `wxsell completion install` takes a second shell"
        ))
        .into());
    }
    ctx.out.raw(&shell.script()?)
}

/// The shell that people here work with.
fn usual() -> Result<Shell> {
    let shell = std::env::var("SHELL").unwrap_or_default();
    let name = Path::new(&shell).file_stem().unwrap_or_default();
    match name.to_str() {
        Some("bash") => Ok(Shell::Bash),
        Some("zsh") => Ok(Shell::Zsh),
        Some("fish") => Ok(Shell::Fish),
        Some("pwsh") => Ok(Shell::Powershell),
        _ if cfg!(windows) => Ok(Shell::Powershell),
        _ => Err(Failure::input(text!(
            "completions cannot be installed for this shell: SHELL={shell}",
            shell
        ))
        .hint(text!(
            "name it: `wxsell completion install bash`, or zsh, fish, powershell"
        ))
        .into()),
    }
}

/// Where a shell looks for its script.
fn place(shell: Shell) -> Option<PathBuf> {
    let dirs = directories::BaseDirs::new()?;
    // As the shells read these variables themselves, on every system.
    let set = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    let home = dirs.home_dir();
    let below = |variable: &str, usual: &str| set(variable).unwrap_or_else(|| home.join(usual));
    Some(match shell {
        Shell::Bash => set("BASH_COMPLETION_USER_DIR")
            .unwrap_or_else(|| below("XDG_DATA_HOME", ".local/share").join("bash-completion"))
            .join("completions/wxsell"),
        Shell::Zsh => below("ZDOTDIR", "").join(".zfunc/_wxsell"),
        Shell::Fish => below("XDG_CONFIG_HOME", ".config").join("fish/completions/wxsell.fish"),
        Shell::Powershell => match directories::UserDirs::new() {
            Some(user) if cfg!(windows) => user
                .document_dir()
                .map_or_else(|| home.join("Documents"), Path::to_path_buf)
                .join("PowerShell/wxsell.ps1"),
            _ => below("XDG_CONFIG_HOME", ".config").join("powershell/wxsell.ps1"),
        },
    })
}

/// What PowerShell reads when it starts, beside our script.
const PROFILE: &str = "Microsoft.PowerShell_profile.ps1";

/// Writes the script into the folder of the user's shell.
fn install(shell: Option<Shell>, ctx: &Ctx) -> Result<()> {
    let shell = shell.map_or_else(usual, Ok)?;
    let Some(place) = place(shell) else {
        return Err(Failure::input(text!("no home folder found")).into());
    };
    let folder = place.parent().unwrap_or(Path::new("."));
    if ctx.global.dry_run {
        ctx.out.note(text!(
            "would write {path}",
            path = place.display().to_string()
        ));
        return Ok(());
    }
    let script = shell.script()?;
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&place, script))
        .map_err(|error| unwritten(&place, &error))?;
    ctx.out.note(text!(
        "wrote {path}; new shells complete wxsell",
        path = place.display().to_string()
    ));
    match shell {
        Shell::Bash => ctx.out.note(text!(
            "bash finds it if the package bash-completion is installed"
        )),
        Shell::Zsh => ctx.out.note(text!(
            "zsh finds it with `fpath+=({folder})` before compinit in ~/.zshrc",
            folder = folder.display().to_string()
        )),
        Shell::Fish => {}
        Shell::Powershell => load_from_profile(&place, &folder.join(PROFILE), ctx)?,
    }
    Ok(())
}

/// PowerShell has no folder of completions: its profile loads the script. A profile that does so already stays.
fn load_from_profile(script: &Path, profile: &Path, ctx: &Ctx) -> Result<()> {
    let line = format!(". '{}'", script.display().to_string().replace('\'', "''"));
    let before = match std::fs::read_to_string(profile) {
        Ok(before) => before,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        // A profile in another encoding is not written over.
        Err(_) => {
            ctx.out.note(text!(
                "add this line to {path}: {line}",
                path = profile.display().to_string(),
                line
            ));
            return Ok(());
        }
    };
    if before.lines().any(|known| known.trim() == line) {
        return Ok(());
    }
    let gap = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(profile)
        .and_then(|mut file| file.write_all(format!("{gap}{line}\n").as_bytes()))
        .map_err(|error| unwritten(profile, &error))?;
    ctx.out.note(text!(
        "{path} loads it",
        path = profile.display().to_string()
    ));
    Ok(())
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::input(text!(
        "cannot write {path}: {error}",
        path = path.display().to_string(),
        error = error.to_string()
    ))
}
