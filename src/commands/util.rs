//! `wxsell util`: for the makers of this program and of packages.

use super::Ctx;
use super::completion::Shell;
use crate::cli::Cli;
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use clap::{Command, CommandFactory, Subcommand};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The README's list of commands stands between these two.
const BEGIN: &str = "<!-- commands -->";
const END: &str = "<!-- /commands -->";

/// Make what is checked in beside the sources
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Write completion scripts, man pages and the README's list of commands
    Docs {
        /// The project's folder
        dir: PathBuf,
    },
}

pub async fn run(verb: Verb, _ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Docs { dir } => docs(&dir),
    }
}

/// Writes `completions/` and `man/` below `dir`, and renews the list in `README.md` where there is one.
pub fn docs(dir: &Path) -> Result<()> {
    let (completions, man, readme) = (
        dir.join("completions"),
        dir.join("man"),
        dir.join("README.md"),
    );
    for folder in [&completions, &man] {
        std::fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))?;
    }
    for shell in Shell::ALL {
        let file = completions.join(shell.file_name());
        std::fs::write(&file, shell.script()?).map_err(|error| unwritten(&file, &error))?;
    }
    clap_mangen::generate_to(Cli::command(), &man).map_err(|error| unwritten(&man, &error))?;
    if let Ok(text) = std::fs::read_to_string(&readme) {
        let renewed = with_commands(&text).ok_or_else(|| {
            Failure::input(text!(
                "README.md has no lines {begin} and {end}",
                begin = BEGIN,
                end = END
            ))
        })?;
        std::fs::write(&readme, renewed).map_err(|error| unwritten(&readme, &error))?;
    }
    Ok(())
}

/// The README with a fresh list of commands; `None` where the marks are missing.
pub fn with_commands(readme: &str) -> Option<String> {
    let begin = readme.find(BEGIN)? + BEGIN.len();
    let end = begin + readme.get(begin..)?.find(END)?;
    Some(format!(
        "{}\n{}{}",
        &readme[..begin],
        commands(),
        &readme[end..]
    ))
}

/// Every command with its first line of help, as a table.
fn commands() -> String {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut table = String::from("| Command | What it does |\n| --- | --- |\n");
    leaves(&command, &mut table);
    table
}

fn leaves(command: &Command, table: &mut String) {
    if command.is_hide_set() {
        return;
    }
    if command.has_subcommands() {
        command
            .get_subcommands()
            .for_each(|below| leaves(below, table));
        return;
    }
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let given: Vec<String> = command
        .get_positionals()
        .map(|arg| arg.to_string())
        .collect();
    let about = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    let _ = writeln!(
        table,
        "| `{}` | {} |",
        [name, &given.join(" ")].join(" ").trim_end(),
        about.replace('|', "\\|")
    );
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::input(text!(
        "cannot write {path}: {error}",
        path = path.display().to_string(),
        error = error.to_string()
    ))
}
