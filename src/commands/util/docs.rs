//! `wxsell util docs`: what this program writes about itself: completion scripts, man pages, the list of commands.

use crate::cli::Cli;
use crate::cli::help::{GROUPS, TOPICS, Topic, all_examples};
use crate::commands::completion::Shell;
use crate::fail::Failure;
use crate::lang::Lang;
use crate::text;
use anyhow::Result;
use clap::{Arg, Command, CommandFactory};
use clap_mangen::Man;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// The list of commands in `docs/reference.md` stands between these two.
const BEGIN: &str = "<!-- commands -->";
const END: &str = "<!-- /commands -->";

/// Writes `completions/` and `man/` below `dir`, and renews the list in `docs/reference.md` where there is one.
pub fn write(dir: &Path) -> Result<()> {
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
        if name.starts_with("wxsell")
            && [".1", ".7"].iter().any(|end| name.ends_with(end))
            && !pages.contains_key(&*name)
        {
            std::fs::remove_file(entry.path())?;
        }
    }
    for (name, page) in pages {
        std::fs::write(folder.join(name), page)?;
    }
    Ok(())
}

/// `wxsell.1` with the global options, a page for each noun with all its verbs, and one in section 7 for each topic of the
/// help, by file name.
fn man_pages() -> std::io::Result<BTreeMap<String, Vec<u8>>> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let root = Man::new(command.clone()).source(source());
    let mut page = Vec::new();
    root.render_title(&mut page)?;
    root.render_name_section(&mut page)?;
    root.render_synopsis_section(&mut page)?;
    root.render_description_section(&mut page)?;
    root.render_options_section(&mut page)?;
    root.render_subcommands_section(&mut page)?;
    appendix(None, &mut page)?;
    let mut pages = BTreeMap::from([(root.get_filename(), one_preamble(&page))]);
    for noun in command.get_subcommands().filter(|noun| !noun.is_hide_set()) {
        let noun = without_global_options(noun.clone()).subcommand_value_name("command");
        let man = Man::new(noun.clone()).source(source());
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
        appendix(Some(noun.get_name()), &mut page)?;
        pages.insert(man.get_filename(), one_preamble(&page));
    }
    for topic in TOPICS {
        pages.insert(
            format!("wxsell-{}.7", topic.name),
            topic_page(topic).into_bytes(),
        );
    }
    Ok(pages)
}

/// A topic of the help as a page of its own: paragraphs are filled, indented lines stay as they are.
fn topic_page(topic: &Topic) -> String {
    let mut lines = topic.text(Lang::En).lines();
    let title = lines.next().unwrap_or_default();
    let mut page = format!(
        ".TH wxsell\\-{name} 7 \"\" \"{source}\"\n.SH NAME\nwxsell\\-{name} \\- {title}\n.SH DESCRIPTION\n",
        name = roff(topic.name),
        source = source(),
        title = roff(title)
    );
    let mut verbatim = false;
    for line in lines {
        let indented = line.starts_with("  ");
        if indented != verbatim && !line.is_empty() {
            page.push_str(if indented { ".nf\n" } else { ".fi\n" });
            verbatim = indented;
        }
        if line.is_empty() {
            page.push_str(".PP\n")
        } else {
            let _ = writeln!(page, "{}", roff(line));
        }
    }
    if verbatim {
        page.push_str(".fi\n");
    }
    page.push_str(".SH \"SEE ALSO\"\n");
    let others = TOPICS.iter().filter(|other| other.name != topic.name);
    let others = others.map(|other| format!("\\fBwxsell\\-{}\\fR(7)", roff(other.name)));
    let all: Vec<String> = std::iter::once("\\fBwxsell\\fR(1)".to_owned())
        .chain(others)
        .collect();
    page.push_str(&all.join(", "));
    page.push('\n');
    page
}

fn source() -> String {
    format!("wxsell {}", env!("CARGO_PKG_VERSION"))
}

/// What stands at the end of each page: examples of its noun, then what holds for all.
fn appendix(noun: Option<&str>, page: &mut Vec<u8>) -> std::io::Result<()> {
    let of = |example: &&str| match noun {
        Some(noun) => example.split(' ').next() == Some(noun),
        // The first steps.
        None => ["demo", "status", "due", "help"]
            .contains(&example.split(' ').next().unwrap_or_default()),
    };
    let examples: Vec<&str> = all_examples().filter(of).collect();
    if !examples.is_empty() {
        page.extend_from_slice(b".SH EXAMPLES\n.nf\n");
        for example in examples {
            writeln!(page, "wxsell {}", roff(example))?;
        }
        page.extend_from_slice(b".fi\n");
    }
    for (heading, topic) in [
        ("EXIT STATUS", "exit-codes"),
        ("ENVIRONMENT", "environment"),
        ("FILES", "files"),
    ] {
        writeln!(page, ".SH \"{heading}\"")?;
        topic_section(topic, page)?;
    }
    page.extend_from_slice(b".SH \"SEE ALSO\"\n");
    let group = GROUPS
        .iter()
        .find(|(_, nouns)| noun.is_some_and(|noun| nouns.contains(&noun)));
    let others = group.iter().flat_map(|(_, nouns)| nouns.iter());
    let others = others.filter(|other| Some(**other) != noun);
    let mut pages: Vec<String> = match noun {
        Some(_) => vec!["\\fBwxsell\\fR(1)".to_owned()],
        None => Vec::new(),
    };
    pages.extend(others.map(|other| format!("\\fBwxsell\\-{other}\\fR(1)")));
    if noun.is_none() {
        let all = GROUPS.iter().flat_map(|(_, nouns)| nouns.iter());
        pages.extend(all.map(|noun| format!("\\fBwxsell\\-{noun}\\fR(1)")));
    }
    writeln!(page, "{}", pages.join(", "))?;
    let topics: Vec<String> = TOPICS
        .iter()
        .map(|topic| format!("\\fBwxsell\\-{}\\fR(7)", roff(topic.name)))
        .collect();
    writeln!(
        page,
        ".PP\nOptions that every command takes are in \\fBwxsell\\fR(1). More: {}.",
        topics.join(", ")
    )
}

/// A topic of the help within a page: lines that stand further in are a term and what it means, or code.
fn topic_section(name: &str, page: &mut Vec<u8>) -> std::io::Result<()> {
    let topic = TOPICS.iter().find(|topic| topic.name == name);
    let text = topic.map_or("", |topic| topic.text(Lang::En));
    // The first line is the title.
    for line in text.lines().skip(1) {
        let inner = line.trim_start();
        match (
            inner.is_empty(),
            line.starts_with("  "),
            inner.split_once("  "),
        ) {
            (true, ..) => page.extend_from_slice(b".PP\n"),
            (_, true, Some((term, means))) => {
                writeln!(page, ".TP\n\\fB{}\\fR\n{}", roff(term), roff(means.trim()))?;
            }
            _ => writeln!(page, "{}", roff(inner))?,
        }
    }
    Ok(())
}

/// Text as roff takes it.
fn roff(text: &str) -> String {
    let plain = text
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('\'', "\\(aq");
    if plain.starts_with('.') {
        format!("\\&{plain}")
    } else {
        plain
    }
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
