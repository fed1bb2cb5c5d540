//! The help of clap in the reader's language. Only asked for once help is to be shown: every other run parses
//! with the English command and never touches the table.

use super::{Lang, chinese};
use clap::builder::StyledStr;
use clap::{Arg, Command};

/// Words of clap's own help layout.
pub const HEADINGS: &[&str] = &[
    "Usage:",
    "Commands:",
    "Arguments:",
    "Options:",
    "[default: ",
    "[aliases: ",
    "[possible values: ",
    "Possible values:",
];

/// The whole tree with its help texts in `lang`. The command is built by this, so that what clap adds is translated
/// too.
pub fn localize(mut command: Command, lang: Lang) -> Command {
    match lang {
        Lang::En => command,
        Lang::Zh => {
            command.build();
            translate(command)
        }
    }
}

fn translate(mut command: Command) -> Command {
    if let Some(about) = command.get_about().map(ToString::to_string) {
        command = command.about(in_chinese(&about));
    }
    if let Some(about) = command.get_long_about().map(ToString::to_string) {
        command = command.long_about(in_chinese(&about));
    }
    if let Some(after) = command.get_after_help().map(ToString::to_string) {
        command = command.after_help(in_chinese(&after));
    }
    if let Some(after) = command.get_after_long_help().map(ToString::to_string) {
        command = command.after_long_help(in_chinese(&after));
    }
    command.mut_args(translate_arg).mut_subcommands(translate)
}

fn translate_arg(mut arg: Arg) -> Arg {
    let short = arg.get_help().map(ToString::to_string);
    let long = arg.get_long_help().map(ToString::to_string);
    if let Some(heading) = arg.get_help_heading().map(in_chinese) {
        arg = arg.help_heading(heading);
    }
    if let Some(help) = &short {
        arg = arg.help(in_chinese(help));
    }
    let mut long_in_chinese = long.as_deref().map(in_chinese);
    let explained: Vec<(String, String)> = arg
        .get_possible_values()
        .iter()
        .filter_map(|value| Some((value.get_name().to_owned(), value.get_help()?.to_string())))
        .collect();
    // The values of an enum cannot be changed from outside, so the list is written into the help instead.
    if !explained.is_empty() && !arg.is_hide_possible_values_set() {
        let mut words = long_in_chinese
            .or_else(|| short.as_deref().map(in_chinese))
            .unwrap_or_default();
        words.push_str("\n\n");
        words.push_str(&in_chinese("Possible values:"));
        for (name, help) in explained {
            words.push_str(&format!("\n- {name}：{}", in_chinese(&help)));
        }
        arg = arg.hide_possible_values(true);
        long_in_chinese = Some(words);
    }
    match long_in_chinese {
        Some(words) => arg.long_help(words),
        None => arg,
    }
}

/// Help is translated by paragraph, since the first one is the short help as well.
pub fn paragraphs(words: &StyledStr) -> Vec<String> {
    let words = words.to_string();
    words.split("\n\n").map(str::to_owned).collect()
}

fn in_chinese(words: &str) -> String {
    let paragraphs = words.split("\n\n");
    let translated: Vec<&str> = paragraphs
        .map(|paragraph| chinese(paragraph).unwrap_or(paragraph))
        .collect();
    translated.join("\n\n")
}

/// Help as clap rendered it, with clap's own headings in `lang`. They have no setting in clap.
pub fn headings(rendered: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return rendered.to_owned();
    }
    let mut shown = String::with_capacity(rendered.len() + 64);
    for line in rendered.split_inclusive('\n') {
        let found = HEADINGS.iter().filter(|heading| line.contains(**heading));
        let translated = found.fold(line.to_owned(), |line, heading| {
            line.replace(heading, chinese(heading).unwrap_or(heading))
        });
        shown.push_str(&translated);
    }
    shown
}
