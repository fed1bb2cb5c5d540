//! The help of clap in the reader's language. Only asked for once help is to be shown: every other run parses
//! with the English command and never touches the table.

use super::{Lang, chinese};
use clap::builder::StyledStr;
use clap::{Arg, Command};
use unicode_width::UnicodeWidthChar;

/// Words of clap's own help layout.
pub const HEADINGS: &[&str] = &[
    "[OPTIONS]",
    "<COMMAND>",
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
    // clap breaks lines at blanks only, so that it is done by `laid_out` instead.
    let command = command.term_width(0);
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
    let values = arg.get_possible_values();
    let mut values: Vec<_> = values.iter().filter(|it| !it.is_hide_set()).collect();
    // Values that are not explained are listed by clap.
    if arg.is_hide_possible_values_set() || values.iter().all(|it| it.get_help().is_none()) {
        values.clear();
    }
    let mut long = long.as_deref().map(in_chinese);
    // The values of an enum cannot be changed from outside, so the list is written into the help instead.
    if !values.is_empty() {
        let short = short.as_deref().map(in_chinese).unwrap_or_default();
        let mut words = long.unwrap_or_else(|| short.clone());
        words.push_str("\n\n");
        words.push_str(&in_chinese("Possible values:"));
        for value in &values {
            words.push_str(&format!("\n- {}", value.get_name()));
            if let Some(help) = value.get_help() {
                words.push_str(&format!("：{}", in_chinese(&help.to_string())));
            }
        }
        let names: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
        let list = in_chinese("[possible values: ");
        let short = format!("{short} {list}{}]", names.join(", "));
        arg = arg.help(short).hide_possible_values(true);
        long = Some(words);
    }
    match long {
        Some(words) => arg.long_help(words),
        None => arg,
    }
}

/// The texts that stand for a text of the help: all of it where a table has that, else its paragraphs, the first of
/// which is the short help as well.
pub fn paragraphs(words: &StyledStr) -> Vec<String> {
    let words = words.to_string();
    match chinese(&words) {
        Some(_) => vec![words],
        None => words.split("\n\n").map(str::to_owned).collect(),
    }
}

fn in_chinese(words: &str) -> String {
    if let Some(whole) = chinese(words) {
        return whole.to_owned();
    }
    let paragraphs = words.split("\n\n");
    let translated: Vec<&str> = paragraphs
        .map(|paragraph| chinese(paragraph).unwrap_or(paragraph))
        .collect();
    translated.join("\n\n")
}

/// Help as clap rendered it, with clap's own headings in `lang`, which have no setting in clap, and with its lines
/// in `width` columns.
pub fn laid_out(rendered: &str, lang: Lang, width: usize) -> String {
    let mut shown = String::with_capacity(rendered.len() + 64);
    if lang == Lang::En {
        // clap breaks all lines but those of the usage.
        for line in rendered.split_inclusive('\n') {
            shown.push_str(&fold(line, width));
        }
        return shown;
    }
    for line in rendered.split_inclusive('\n') {
        let usage = line.contains("Usage:") || line.starts_with("       ");
        let found = HEADINGS
            .iter()
            .filter(|heading| line.contains(**heading) && (usage || !heading.starts_with(['<'])));
        let translated = found.fold(line.to_owned(), |line, heading| {
            line.replace(heading, chinese(heading).unwrap_or(heading))
        });
        shown.push_str(&fold(&colon(&translated), width));
    }
    shown
}

/// clap ends the headings of options with a colon of its own.
fn colon(line: &str) -> String {
    if line.starts_with(' ') || !line.contains(|letter: char| letter.width() == Some(2)) {
        line.to_owned()
    } else {
        match line.trim_end() {
            plain if plain.ends_with(':') => format!("{}：\n", &plain[..plain.len() - 1]),
            styled if styled.ends_with(":\x1b[0m") => {
                format!("{}：\x1b[0m\n", styled.trim_end_matches(":\x1b[0m"))
            }
            _ => line.to_owned(),
        }
    }
}

/// A line in several, each at most `width` columns wide. What follows the first stands where its text begins.
pub fn fold(line: &str, width: usize) -> String {
    fold_at(line, width, hang(line, width), false)
}

/// As [`fold`]: what follows the first line is indented by `hang`. With `whole_commands` a command is not broken, so that
/// it can be copied.
pub fn fold_at(line: &str, width: usize, hang: usize, whole_commands: bool) -> String {
    if columns(line) <= width {
        return line.to_owned();
    }
    let mut folded = String::with_capacity(line.len() + 64);
    let (mut used, mut before, mut last, mut gap, mut styling) = (0, ' ', ' ', None, false);
    let (mut quoted, mut bare) = (false, false);
    for (at, letter) in line.char_indices() {
        styling |= letter == '\x1b';
        let in_command = whole_commands && (quoted || bare);
        if !styling && !in_command && used > hang && may_part(before, last, letter) {
            gap = Some(folded.len());
        }
        folded.push(letter);
        if styling {
            styling = letter != 'm';
            continue;
        }
        quoted ^= letter == '`';
        let rest = &line[at + letter.len_utf8()..];
        let begins = rest.starts_with(' ') && folded.ends_with("wxsell");
        bare |= begins && !quoted;
        used += letter.width().unwrap_or(0);
        (before, last) = (last, letter);
        if used > width && letter != ' ' {
            let Some(at) = gap.take() else { continue };
            let rest = folded.split_off(at);
            folded.truncate(folded.trim_end().len());
            folded.push('\n');
            folded.push_str(&" ".repeat(hang));
            folded.push_str(rest.trim_start());
            used = hang + columns(rest.trim_start());
        }
    }
    folded
}

/// Whether a line may end between two letters: at blanks, and around letters of double width, but not before what
/// closes nor after what opens, nor between a number and what it counts.
fn may_part(before: char, last: char, next: char) -> bool {
    let wide = |letter: char| letter.width() == Some(2);
    let counts = match last {
        ' ' => before.is_ascii_digit() && wide(next),
        last => last.is_ascii_digit() && (wide(next) || next == ' '),
    };
    (next == ' ' || last == ' ' || wide(last) || wide(next))
        && !counts
        && !"，。；：、）”！？》…)],.;:!?%".contains(next)
        && !"（“《([".contains(last)
}

/// Where the command of a usage line stands.
const USAGE: usize = "Usage: ".len();

/// Where the text of a line begins: behind the names of an option or a command, else at its first letter.
fn hang(line: &str, width: usize) -> usize {
    let plain = plain(line);
    let indent = plain.len() - plain.trim_start().len();
    let names = &plain[indent..];
    let behind = names.find("  ").map(|at| {
        let text = names[at..].trim_start();
        columns(&plain[..plain.len() - text.len()])
    });
    match behind {
        Some(column) if indent > 0 && column <= width * 2 / 3 => column,
        _ if names.starts_with("- ") => indent + 2,
        _ if names.starts_with("Usage:") || names.starts_with("用法：") => USAGE,
        _ => indent,
    }
}

fn columns(line: &str) -> usize {
    let plain = plain(line);
    plain.chars().filter_map(UnicodeWidthChar::width).sum()
}

/// Without the marks of styles.
fn plain(line: &str) -> String {
    let mut styling = false;
    line.chars()
        .filter(|letter| {
            styling |= *letter == '\x1b';
            let shown = !styling;
            styling &= *letter != 'm';
            shown
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_goes_on_where_its_text_begins() {
        let line = "      --trace <FILE>  把每个请求和应答追加到此文件，每行一个 JSON 对象\n";
        let folded = fold(line, 40);
        assert_eq!(
            folded,
            "      --trace <FILE>  把每个请求和应答追\n                      \
             加到此文件，每行一\n                      个 JSON 对象\n"
        );
        assert!(folded.lines().all(|line| columns(line) <= 40));
        assert_eq!(fold("\x1b[1m短\x1b[0m\n", 4), "\x1b[1m短\x1b[0m\n");
    }

    #[test]
    fn a_number_stays_with_what_it_counts_and_a_command_is_whole() {
        let folded = fold("请至少写 1；已有商品", 9);
        assert_eq!(folded, "请至少写\n1；已有商\n品");
        assert_eq!(fold("该类目只有 1 张图", 14), "该类目只有\n1 张图");
        let hint = "did you mean `wxsell goods remove A`?";
        assert_eq!(
            fold_at(hint, 30, 2, true),
            "did you mean\n  `wxsell goods remove A`?"
        );
        let told = "the staff of it: wxsell promoter list --staff";
        assert_eq!(
            fold_at(told, 30, 0, true),
            "the staff of it:\nwxsell promoter list --staff"
        );
    }

    #[test]
    fn no_line_begins_with_what_closes() {
        let folded = fold("一二三四，五六（七八）九十", 8);
        assert_eq!(folded, "一二三\n四，五六\n（七八）\n九十");
    }

    #[test]
    fn headings_of_options_end_like_the_others() {
        assert_eq!(colon("全局选项:\n"), "全局选项：\n");
        assert_eq!(colon("\x1b[1m文件:\x1b[0m\n"), "\x1b[1m文件：\x1b[0m\n");
        assert_eq!(colon("  见此:\n"), "  见此:\n");
    }
}
