//! Help beyond clap's own: the commands in groups, topics, examples. Texts of topics and the examples are files in
//! `help/`.

use super::Cli;
use crate::lang::{self, Lang};
use crate::text;
use clap::{Arg, Command, CommandFactory};
use std::ffi::OsString;
use std::fmt::Write;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The nouns by what they are for. A test holds this against the command line.
pub const GROUPS: &[(&str, &[&str])] = &[
    ("Start", &["demo", "status", "auth", "profile", "sandbox"]),
    (
        "Sell",
        &[
            "goods",
            "image",
            "category",
            "brand",
            "freight",
            "flash-sale",
        ],
    ),
    (
        "Orders",
        &["due", "order", "delivery", "aftersale", "dispute"],
    ),
    ("Money", &["funds", "pay", "commission", "report"]),
    ("Channels", &["coupon", "promoter", "sharer"]),
    (
        "Set up",
        &["access", "merchant", "address", "audit", "certificate"],
    ),
    ("Automation", &["event", "run", "log", "api", "completion"]),
    ("Diagnose", &["quota", "rid", "ip", "callback", "util"]),
    ("Providers", &["provider"]),
];

/// A page of help that is not about one command.
pub struct Topic {
    pub name: &'static str,
    english: &'static str,
    chinese: &'static str,
}

macro_rules! topic {
    ($name:literal) => {
        Topic {
            name: $name,
            english: include_str!(concat!("help/en/", $name, ".txt")),
            chinese: include_str!(concat!("help/zh/", $name, ".txt")),
        }
    };
}

/// `wxsell help NAME`; the global options are one more.
pub const TOPICS: &[Topic] = &[
    topic!("formats"),
    topic!("exit-codes"),
    topic!("environment"),
    topic!("files"),
    topic!("quotas"),
    topic!("sheets"),
    topic!("stores"),
    topic!("events"),
    topic!("policies"),
    topic!("ci"),
    topic!("security"),
    topic!("privacy"),
];

/// The topic of the options that every command takes.
pub const OPTIONS: &str = "options";

impl Topic {
    pub fn text(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.english,
            Lang::Zh => self.chinese,
        }
    }
}

/// The topic that the arguments ask for.
pub fn topic(args: &[OsString], lang: Lang, width: usize) -> Option<String> {
    let words: Vec<&str> = args
        .iter()
        .skip(1)
        .filter_map(|word| word.to_str())
        .collect();
    let at = words.iter().position(|word| *word == "help")?;
    // Behind the noun it is the help of a verb.
    let before = &words[..at];
    let only_options = before.iter().all(|word| word.starts_with('-'))
        || before.len() == 2 && before[0].starts_with("--");
    let name = words.get(at + 1).filter(|_| only_options)?;
    if *name == OPTIONS {
        return Some(options(lang, width));
    }
    let topic = TOPICS.iter().find(|topic| topic.name == *name)?;
    Some(filled(topic.text(lang), width))
}

/// A page in `width` columns: paragraphs are filled, what is indented stays as it is, but for what stands behind a term.
fn filled(text: &str, width: usize) -> String {
    let mut page = String::with_capacity(text.len());
    let mut paragraph = String::new();
    for line in text.lines().chain([""]) {
        if line.is_empty() || line.starts_with(' ') {
            if !paragraph.is_empty() {
                paragraph.push('\n');
                page.push_str(&lang::fold(&paragraph, width));
                paragraph.clear();
            }
            // What is typed as it stands must not be broken.
            let is_term = line.trim_start().contains("  ");
            let whole = format!("{line}\n");
            page.push_str(&if is_term {
                lang::fold(&whole, width)
            } else {
                whole
            });
            continue;
        }
        let wide = |letter: char| letter.width() == Some(2);
        let joins = match (paragraph.chars().next_back(), line.chars().next()) {
            (Some(last), Some(next)) => {
                let closes = |letter: char| "，。；：、）”！？》（“《".contains(letter);
                wide(last) && wide(next) || closes(last) || closes(next)
            }
            _ => true,
        };
        if !joins {
            paragraph.push(' ');
        }
        paragraph.push_str(line);
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// The options that every command takes.
fn options(lang: Lang, width: usize) -> String {
    let root = lang::localize(Cli::command(), lang);
    let global = root.get_arguments().filter(|arg| arg.is_global_set());
    let global = global.map(|arg| arg.clone().help_heading(None::<&'static str>));
    let page = Command::new("wxsell")
        .disable_help_flag(true)
        .help_template("{options}")
        .term_width(match lang {
            Lang::En => width,
            Lang::Zh => 0,
        })
        .args(global);
    let list = page.clone().render_help().to_string();
    let head = text!("Options that every command takes").render(lang);
    lang::laid_out(&format!("{head}\n\n{list}\n"), lang, width)
}

/// A line that fits every terminal.
const NARROW: usize = 78;

/// The help of the program: its nouns in groups, a line a group, or with what each is for.
pub fn root(lang: Lang, whole: bool) -> String {
    let command = lang::localize(Cli::command(), lang);
    let about = |noun: &str| {
        let about = command.find_subcommand(noun).and_then(Command::get_about);
        about.map(ToString::to_string).unwrap_or_default()
    };
    let title = |title: &'static str| lang.of(title).to_owned();
    let mut page = format!(
        "{}\n\n{} wxsell <COMMAND>\n\n",
        command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default(),
        title("Usage:")
    );
    let widest = GROUPS.iter().map(|(name, _)| title(name).width()).max();
    let widest = widest.unwrap_or(0);
    for (name, nouns) in GROUPS {
        let name = title(name);
        if whole {
            let _ = writeln!(page, "{name}");
            for noun in *nouns {
                let line = format!("  {noun:<12}{}\n", about(noun));
                page.push_str(&lang::fold(&line, NARROW));
            }
            page.push('\n');
        } else {
            let gap = " ".repeat(widest - name.width() + 2);
            let _ = writeln!(page, "  {name}{gap}{}", nouns.join("  "));
        }
    }
    if !whole {
        page.push('\n');
    }
    let topics: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
    for line in [
        text!("Commands are noun and verb: `wxsell goods list`. Help: `wxsell goods --help`."),
        text!(
            "Topics: `wxsell help options`, {topics}",
            topics = topics.join(", ")
        ),
        text!("First steps without a shop: `wxsell demo`"),
    ] {
        page.push_str(&lang::fold(&format!("{}\n", line.render(lang)), NARROW));
    }
    page
}

/// The command as its help shows it: without the options that every command takes, with examples.
pub fn arranged(lang: Lang) -> Command {
    let hide = |arg: Arg| {
        if arg.is_global_set() {
            arg.hide(true)
        } else {
            arg
        }
    };
    let command = Cli::command().propagate_version(false).mut_args(hide);
    with_examples(lang::localize(command, lang), &mut Vec::new(), lang)
}

fn with_examples(command: Command, path: &mut Vec<String>, lang: Lang) -> Command {
    let mut after = String::new();
    if !command.has_subcommands() {
        let found: Vec<&str> = examples(&path.join(" ")).collect();
        if !found.is_empty() {
            let _ = writeln!(after, "{}", text!("Examples:").render(lang));
            for example in found {
                let _ = writeln!(after, "  wxsell {example}");
            }
            after.push('\n');
        }
    }
    let rest = text!("Options that every command takes: `wxsell help options`");
    after.push_str(&rest.render(lang));
    command.after_help(after).mut_subcommands(|below| {
        path.push(below.get_name().to_owned());
        let below = with_examples(below, path, lang);
        path.pop();
        below
    })
}

/// The examples of a command, without the program's name.
pub fn examples(command: &str) -> impl Iterator<Item = &'static str> {
    let lines = include_str!("help/examples.txt").lines();
    lines.filter(move |line| {
        let rest = line.strip_prefix(command);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    })
}

/// All of them.
pub fn all_examples() -> impl Iterator<Item = &'static str> {
    let lines = include_str!("help/examples.txt").lines();
    lines.filter(|line| !line.starts_with('#') && !line.is_empty())
}
