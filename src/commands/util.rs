//! `wxsell util`: for the makers of this program and of packages.

use super::Ctx;
use super::completion::Shell;
use crate::cli::Cli;
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use clap::{Arg, Command, CommandFactory, Subcommand};
use clap_mangen::Man;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The list of commands in `docs/reference.md` stands between these two.
const BEGIN: &str = "<!-- commands -->";
const END: &str = "<!-- /commands -->";

/// Make what is checked in beside the sources
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Write completion scripts, man pages and the reference's list of commands
    Docs {
        /// The project's folder
        dir: PathBuf,
    },
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[];

pub async fn run(verb: Verb, _ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Docs { dir } => docs(&dir),
    }
}

/// Writes `completions/` and `man/` below `dir`, and renews the list in `docs/reference.md` where there is one.
pub fn docs(dir: &Path) -> Result<()> {
    let (completions, man, readme) = (
        dir.join("completions"),
        dir.join("man"),
        dir.join("docs/reference.md"),
    );
    for folder in [&completions, &man] {
        std::fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))?;
    }
    for shell in Shell::ALL {
        let file = completions.join(shell.file_name());
        std::fs::write(&file, shell.script()?).map_err(|error| unwritten(&file, &error))?;
    }
    renew_man_pages(&man).map_err(|error| unwritten(&man, &error))?;
    if let Ok(text) = std::fs::read_to_string(&readme) {
        let renewed = with_commands(&text).ok_or_else(|| {
            Failure::input(text!(
                "docs/reference.md has no lines {begin} and {end}",
                begin = BEGIN,
                end = END
            ))
        })?;
        std::fs::write(&readme, renewed).map_err(|error| unwritten(&readme, &error))?;
    }
    Ok(())
}

/// Writes the man pages into `folder` and takes out those of commands that are gone.
fn renew_man_pages(folder: &Path) -> std::io::Result<()> {
    let pages = man_pages()?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("wxsell") && name.ends_with(".1") && !pages.contains_key(&*name) {
            std::fs::remove_file(entry.path())?;
        }
    }
    for (name, page) in pages {
        std::fs::write(folder.join(name), page)?;
    }
    Ok(())
}

/// `wxsell.1` with the global options, and a page for each noun with all its verbs, by file name.
fn man_pages() -> std::io::Result<BTreeMap<String, Vec<u8>>> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let root = Man::new(command.clone());
    let mut page = Vec::new();
    root.render(&mut page)?;
    let mut pages = BTreeMap::from([(root.get_filename(), page)]);
    for noun in command.get_subcommands().filter(|noun| !noun.is_hide_set()) {
        let noun = without_global_options(noun.clone()).subcommand_value_name("command");
        let man = Man::new(noun.clone()).source(format!("wxsell {}", env!("CARGO_PKG_VERSION")));
        let mut page = Vec::new();
        man.render_title(&mut page)?;
        man.render_name_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        if noun.has_subcommands() {
            page.extend_from_slice(b".SH COMMANDS\n");
            verb_sections(&noun, &mut page)?;
        } else if noun.get_arguments().any(|arg| !arg.is_hide_set()) {
            man.render_options_section(&mut page)?;
        }
        page.extend_from_slice(
            b".SH SEE ALSO\n\\fBwxsell\\fR(1) explains the options that every command takes.\n",
        );
        pages.insert(man.get_filename(), one_preamble(&page));
    }
    Ok(pages)
}

/// A subsection for each verb: how it is called, what it does, its options.
fn verb_sections(command: &Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        if verb.has_subcommands() {
            verb_sections(verb, page)?;
            continue;
        }
        let man = Man::new(verb.clone());
        let mut section = Vec::new();
        man.render_synopsis_section(&mut section)?;
        man.render_description_section(&mut section)?;
        if verb.get_arguments().any(|arg| !arg.is_hide_set()) {
            man.render_options_section(&mut section)?;
        }
        let name = verb.get_bin_name().unwrap_or_else(|| verb.get_name());
        writeln!(page, ".SS \"{name}\"")?;
        // Within the page of its noun the verb's own headings are paragraphs.
        for line in String::from_utf8_lossy(&section).lines() {
            match line.strip_prefix(".SH ") {
                Some("SYNOPSIS") => {}
                Some("DESCRIPTION") => page.extend_from_slice(b".PP\n"),
                Some(heading) => writeln!(page, ".PP\n\\fB{}\\fR", heading.trim_matches('"'))?,
                None => writeln!(page, "{line}")?,
            }
        }
    }
    Ok(())
}

/// The page of a command need not repeat what every command takes.
fn without_global_options(command: Command) -> Command {
    let hide = |arg: Arg| {
        let everywhere =
            arg.is_global_set() || ["help", "version"].contains(&arg.get_id().as_str());
        if everywhere { arg.hide(true) } else { arg }
    };
    command
        .mut_args(hide)
        .mut_subcommands(without_global_options)
}

/// Each part of a page comes with the two lines that define the apostrophe; they are wanted once, at its head.
fn one_preamble(page: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(page);
    let defines = |line: &&str| line.starts_with(".ie ") || line.starts_with(".el ");
    let head = text.lines().take(2).filter(defines);
    let rest = text.lines().filter(|line| !defines(line));
    let mut whole = head.chain(rest).collect::<Vec<_>>().join("\n");
    whole.push('\n');
    whole.into_bytes()
}

/// The reference with a fresh list of commands; `None` where the marks are missing.
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
