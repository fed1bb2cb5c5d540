//! One concept, one word: the glossary, and the texts that keep to it. Every command that a text names exists.

use crate::lang::texts;
use clap::CommandFactory;
use std::ffi::OsString;
use std::path::Path;
use wxsell::cli::help::{GROUPS, OPTIONS, TOPICS, all_examples, examples};
use wxsell::cli::start::{self, Start};
use wxsell::fail::{Failure, explain};
use wxsell::lang::Lang;

fn root(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Without what is quoted as code, where names of the platform stand, and without the names of places to fill.
fn prose(text: &str) -> String {
    let words: String = text.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    let mut parts = words.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + " " + part.split_once('}').map_or(part, |(_, rest)| rest)
    })
}

fn has_word(text: &str, word: &str) -> bool {
    let text = text.to_lowercase();
    text.match_indices(word).any(|(at, _)| {
        let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        !letter(text[..at].chars().next_back()) && !letter(text[at + word.len()..].chars().next())
    })
}

#[test]
fn no_text_has_a_retired_word() {
    let glossary = root("src/lang/glossary.tsv");
    let mut retired = Vec::new();
    for line in glossary.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [word, chinese, _, gone] = fields[..] else {
            panic!("four fields: {line}");
        };
        assert!(!word.is_empty() && !chinese.is_empty(), "{line}");
        retired.extend(gone.split('|').filter(|gone| !gone.is_empty()));
    }
    assert!(retired.len() > 15);
    // Texts, headings and help of ours; what the platform's documents say of its fields is theirs.
    let mut all: Vec<String> = texts().into_iter().map(|text| prose(&text)).collect();
    for topic in TOPICS {
        all.push(prose(topic.text(Lang::En)));
    }
    all.push(prose(&root("README.md")));
    let mut found = Vec::new();
    // "is not a", not "is no"; there may be none of something.
    let no = |text: &str| {
        text.match_indices(" is no ").any(|(at, _)| {
            let before = text[..at].rsplit(' ').next().unwrap_or_default();
            let after = &text[at + " is no ".len()..];
            !before.eq_ignore_ascii_case("there") && !after.starts_with("longer")
        })
    };
    found.extend(
        all.iter()
            .filter(|text| no(text))
            .map(|text| format!("is no: {text}")),
    );
    for text in &all {
        for word in retired.iter().filter(|word| has_word(text, word)) {
            found.push(format!(
                "{word}: {}",
                text.chars().take(200).collect::<String>()
            ));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The words of a command line in a text; what stands for a value becomes one.
pub fn words(line: &str) -> Vec<OsString> {
    let mut words = Vec::new();
    let mut quote = None;
    let mut word = String::new();
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, ' ') => words.push(std::mem::take(&mut word)),
            (_, letter) => word.push(letter),
        }
    }
    words.push(word);
    let words = words.into_iter().filter(|word| !word.is_empty());
    words.map(OsString::from).collect()
}

/// Why a line names something that is not there; values may be anything.
fn stranger(line: &str) -> Option<String> {
    let args = words(line);
    match start::parse(&args, Lang::En) {
        Ok(_) => None,
        Err(error) => {
            let message = explain(&Failure::from_any(error), Lang::En).message;
            let strange =
                message.starts_with("unknown command") || message.starts_with("unexpected");
            strange.then(|| format!("{line}: {message}"))
        }
    }
}

/// The command lines in backticks, and those at the begin of an indented line.
fn lines_of(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.starts_with("wxsell "))
        .map(str::to_owned)
        .collect();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("  wxsell ") {
            let command = command.split("  ").next().unwrap_or_default();
            lines.push(format!("wxsell {}", command.trim()));
        }
    }
    ended(lines)
}

/// As [`lines_of`], and those that stand by themselves in blocks of code.
fn lines_of_page(text: &str) -> Vec<String> {
    let mut lines = lines_of(text);
    let alone = text.lines().filter_map(|line| {
        let line = line.strip_prefix("$ ").unwrap_or(line);
        line.strip_prefix("wxsell ")
    });
    lines.extend(ended(
        alone
            .map(|line| format!("wxsell {}", line.trim_end_matches('\\')))
            .collect(),
    ));
    lines
}

/// Command lines without what comes after the command.
fn ended(lines: Vec<String>) -> Vec<String> {
    lines
        .into_iter()
        .map(|line| {
            line.split([';', '|', '>', '<', '[', '#', '$', '&', ')'])
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        })
        .filter(|line| !line.contains('…'))
        .collect()
}

#[test]
fn every_command_in_a_text_exists() {
    let mut lines: Vec<String> = texts().iter().flat_map(|text| lines_of(text)).collect();
    for topic in TOPICS {
        lines.extend(lines_of(topic.text(Lang::En)));
        lines.extend(lines_of(topic.text(Lang::Zh)));
    }
    for table in wxsell::lang::entries() {
        lines.extend(lines_of(&table.1));
    }
    lines.extend(lines_of(&wxsell::cli::help::root(Lang::En, false)));
    lines.extend(lines_of_page(&root("README.md")));
    lines.extend(lines_of_page(&root("README.zh-CN.md")));
    for page in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")).expect("docs")
    {
        let path = page.expect("a page").path();
        if path.extension().is_some_and(|ending| ending == "md") {
            lines.extend(lines_of_page(
                &std::fs::read_to_string(&path).expect("a page"),
            ));
        }
    }
    lines.sort();
    lines.dedup();
    assert!(lines.len() > 100, "{}", lines.len());
    let mut strange = Vec::new();
    for line in &lines {
        // A place to fill is a word; a noun or verb that is only known at run time cannot be held against anything.
        let unknown = line
            .split(' ')
            .skip(1)
            .take(2)
            .any(|word| word.starts_with('{'));
        if !unknown && !line.contains("wxsell {") {
            strange.extend(stranger(&line.replace(['{', '}'], "")));
        }
    }
    assert!(strange.is_empty(), "{}", strange.join("\n"));
}

#[test]
fn every_example_is_taken_as_it_stands() {
    let mut refused = Vec::new();
    for example in all_examples() {
        let args = words(&format!("wxsell {example}"));
        if let Err(error) = start::parse(&args, Lang::En) {
            let message = explain(&Failure::from_any(error), Lang::En).message;
            refused.push(format!("{example}: {message}"));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// Every command that does something.
fn verbs(command: &clap::Command, path: &str, found: &mut Vec<String>) {
    let below = command
        .get_subcommands()
        .filter(|below| !below.is_hide_set() && below.get_name() != "help");
    let below: Vec<&clap::Command> = below.collect();
    if below.is_empty() {
        found.push(path.to_owned());
    }
    for verb in below {
        verbs(verb, format!("{path} {}", verb.get_name()).trim(), found);
    }
}

#[test]
fn every_verb_has_two_examples() {
    let mut root = wxsell::cli::Cli::command();
    root.build();
    let mut found = Vec::new();
    verbs(&root, "", &mut found);
    assert!(found.len() > 200, "{}", found.len());
    let few: Vec<String> = found
        .into_iter()
        .filter(|verb| examples(verb).count() < 2)
        .collect();
    assert_eq!(few, [""; 0]);
}

#[test]
fn every_noun_stands_in_a_group_of_the_help() {
    let command = wxsell::cli::Cli::command();
    let mut nouns: Vec<&str> = command
        .get_subcommands()
        .filter(|noun| !noun.is_hide_set() && noun.get_name() != "help")
        .map(clap::Command::get_name)
        .collect();
    let mut grouped: Vec<&str> = GROUPS
        .iter()
        .flat_map(|(_, nouns)| nouns.iter().copied())
        .collect();
    nouns.sort_unstable();
    grouped.sort_unstable();
    assert_eq!(nouns, grouped);
}

fn help(line: &str, lang: Lang) -> String {
    let args = words(line);
    match start::parse(&args, lang) {
        Ok(Start::Print(page) | Start::Help(page)) => page,
        Ok(Start::Run(_)) => panic!("{line} runs"),
        Err(error) => panic!("{line}: {error:#}"),
    }
}

#[test]
fn help_is_short_and_says_where_the_rest_stands() {
    for lang in [Lang::En, Lang::Zh] {
        let bare = help("wxsell", lang);
        assert!(bare.lines().count() <= 22, "{bare}");
        let whole = help("wxsell --help", lang);
        assert!(whole.contains("\n  goods "), "{whole}");
        // A verb without options of its own.
        let verb = help("wxsell access apply --help", lang);
        assert!(verb.lines().count() <= 24, "{verb}");
        assert!(verb.contains("wxsell access apply --dry-run"), "{verb}");
        assert!(!verb.contains("--secret-file"), "{verb}");
        let options = help("wxsell help options", lang);
        for option in [
            "--profile",
            "--format",
            "--dry-run",
            "--secret-file",
            "--sort",
        ] {
            assert!(options.contains(option), "{option}: {options}");
        }
        for topic in TOPICS {
            let page = help(&format!("wxsell help {}", topic.name), lang);
            // Paragraphs are filled; no word is lost.
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(letters(&page), letters(topic.text(lang)));
            let wide = |line: &&str| unicode_width::UnicodeWidthStr::width(*line) > 112;
            let wide: Vec<&str> = page.lines().filter(wide).collect();
            assert!(wide.is_empty(), "{}: {wide:?}", topic.name);
        }
    }
    assert_eq!(OPTIONS, "options");
}

#[test]
fn near_misses_lead_to_the_whole_command_and_nothing_runs() {
    let planted = [
        ("goods delete X", "goods remove X"),
        ("goods create X", "goods add X"),
        ("goods import x.xlsx", "goods upload x.xlsx"),
        ("goods get TEA-1", "goods show TEA-1"),
        ("goods ls", "goods list"),
        ("goods lst", "goods list"),
        ("goods uplod a.csv", "goods upload a.csv"),
        ("goods offsale X", "goods off-sale X"),
        ("goods edit X --price 1", "goods update X --price 1"),
        ("GOODS list", "goods list"),
        ("products list", "goods list"),
        ("product show A", "goods show A"),
        ("orders list", "order list"),
        ("order get W1", "order show W1"),
        ("order ship W1", "delivery send W1"),
        ("order cancel W1", "order close W1"),
        ("order refund W1", "aftersale create W1"),
        ("brands mine", "brand mine"),
        ("brand lst", "brand list"),
        ("category search 茶", "category list 茶"),
        ("delivery list", "delivery companies"),
        ("refund list", "aftersale list"),
        ("aftersales list", "aftersale list"),
        ("aftersale accept 33", "aftersale accept-refund 33"),
        ("disputes list", "dispute list"),
        ("login", "auth login"),
        ("whoami", "auth status"),
        ("ship W1", "delivery send W1"),
        ("withdraw", "funds withdraw"),
        ("订单 list", "order list"),
        ("商品 list", "goods list"),
        ("stauts", "status"),
        ("profile switch tea", "profile use tea"),
        ("run retry 3", "run resume 3"),
        ("--profile tea orders list", "order list --profile tea"),
    ];
    let mut wrong = Vec::new();
    for (typed, meant) in planted {
        match start::parse(&words(&format!("wxsell {typed}")), Lang::En) {
            Ok(_) => panic!("{typed} was taken"),
            Err(error) => {
                let hint = explain(&Failure::from_any(error), Lang::En)
                    .hint
                    .unwrap_or_default();
                if hint != format!("did you mean `wxsell {meant}`?") {
                    wrong.push(format!("{typed}: {hint}"));
                }
            }
        }
    }
    assert!(wrong.len() <= 3, "{}", wrong.join("\n"));
}

/// Words that only their author understands, each in the place of a word of the trade or of the field.
const PRIVATE: [&str; 17] = [
    "told",
    "heard",
    "said",
    "shown",
    "asked",
    "marks",
    "reads",
    "looks",
    "aside",
    "sow",
    "desk",
    "courier",
    "standing",
    "shelf",
    "verdict",
    "beside",
    "may_be_done",
];

/// What is declared in a line, in lower case; names of tests are sentences.
fn declared(line: &str) -> Option<String> {
    let mut words = line
        .trim_start()
        .split(|c: char| !c.is_alphanumeric() && c != '_');
    let kinds = ["fn", "struct", "enum", "trait", "type", "mod"];
    words.find(|word| kinds.contains(word))?;
    words.next().map(str::to_lowercase)
}

#[test]
fn no_type_function_or_file_has_a_private_name() {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if PRIVATE.contains(&stem.as_str()) {
                found.push(path.display().to_string());
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|ending| ending != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a file");
            for name in text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .filter_map(declared)
            {
                count += 1;
                if PRIVATE.contains(&name.as_str()) {
                    found.push(format!("{}: {name}", path.display()));
                }
            }
        }
    }
    assert!(count > 5_000, "{count}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}
