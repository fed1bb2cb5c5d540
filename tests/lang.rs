//! Nothing that people read is left in English: every text of the sources, every column title and every word of
//! the help has its Chinese, and every Chinese is still asked for.

use clap::{CommandFactory, builder::StyledStr};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use wxsell::api::operation::Reference;
use wxsell::cli::start::{self, Start};
use wxsell::{fail, lang};

/// Each text with the place it was found at first.
type Texts = BTreeMap<String, String>;

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut folders) = (Vec::new(), vec![root]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs")
                && path.file_name().is_none_or(|name| name != "tests.rs")
            {
                let text = std::fs::read_to_string(&path).expect("a source");
                found.push((path, code(&text)));
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

/// A source up to its tests, without the lines that are comments.
fn code(text: &str) -> String {
    let written = text.split("\n#[cfg(test)]\nmod tests {").next();
    let lines = written.unwrap_or(text).lines().map(|line| {
        if line.trim_start().starts_with("//") {
            ""
        } else {
            line
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The value of the string literal at the beginning of `rest`, if there is one.
fn literal(rest: &str) -> Option<String> {
    let rest = rest.trim_start();
    if let Some(raw) = rest.strip_prefix('r') {
        let fence = &raw[..raw.find('"')?];
        let body = raw[fence.len()..].strip_prefix('"')?;
        return Some(body[..body.find(&format!("\"{fence}"))?].to_owned());
    }
    let mut letters = rest.strip_prefix('"')?.chars().peekable();
    let mut value = String::new();
    loop {
        match letters.next()? {
            '"' => return Some(value),
            '\\' => match letters.next()? {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                '\n' => while letters.next_if(|letter| letter.is_whitespace()).is_some() {},
                'u' => {
                    let number: String = letters.by_ref().take_while(|it| *it != '}').collect();
                    let number = u32::from_str_radix(number.trim_start_matches('{'), 16).ok()?;
                    value.push(char::from_u32(number)?);
                }
                plain @ ('"' | '\\' | '\'') => value.push(plain),
                other => panic!("an escape that this test does not read: \\{other}"),
            },
            letter => value.push(letter),
        }
    }
}

/// What stands in `text!(…)`, in the titles of the columns, and what the sandbox says of what happened.
fn of_the_sources() -> Texts {
    let mut texts = Texts::new();
    for (path, source) in sources() {
        let place = |at: usize| {
            let line = source[..at].lines().count();
            format!("{}:{line}", path.display())
        };
        for (at, opening) in source.match_indices("text!(") {
            let rest = &source[at + opening.len()..];
            // The macro's own definition.
            if rest.starts_with('@') {
                continue;
            }
            let text = literal(rest).unwrap_or_else(|| panic!("{}: no literal", place(at)));
            texts.entry(text).or_insert_with(|| place(at));
        }
        for (at, opening) in source
            .match_indices("Column::new(")
            .chain(source.match_indices("Column::minor("))
            .chain(source.match_indices(".with("))
        {
            let name = source[at + opening.len()..].trim_start();
            let title = name
                .strip_prefix('"')
                .and_then(|name| name.split_once("\","))
                .map(|(_, rest)| rest.trim_start());
            if let Some(title) = title.filter(|title| title.starts_with('"')) {
                let title = literal(title).expect("a title");
                texts.entry(title).or_insert_with(|| place(at));
            }
        }
        let mut named = Vec::new();
        if path
            .components()
            .any(|folder| folder.as_os_str() == "rules")
        {
            named.extend(["noun: \"", "what: \""]);
        }
        for name in named {
            for (at, opening) in source.match_indices(name) {
                let word = literal(&source[at + opening.len() - 1..]).expect("a word");
                texts.entry(word).or_insert_with(|| place(at));
            }
        }
    }
    texts
}

fn of_the_help() -> Texts {
    fn add(texts: &mut Texts, place: &str, words: Option<&StyledStr>) {
        for paragraph in words.iter().flat_map(|words| lang::paragraphs(words)) {
            texts.entry(paragraph).or_insert_with(|| place.to_owned());
        }
    }
    fn walk(command: &clap::Command, above: &str, texts: &mut Texts) {
        let place = format!("{above} {}", command.get_name());
        for words in [
            command.get_about(),
            command.get_long_about(),
            command.get_before_help(),
            command.get_before_long_help(),
            command.get_after_help(),
            command.get_after_long_help(),
        ] {
            add(texts, &place, words);
        }
        for arg in command.get_arguments() {
            let place = format!("{place} {}", arg.get_id());
            add(texts, &place, arg.get_help());
            add(texts, &place, arg.get_long_help());
            for value in arg.get_possible_values() {
                add(texts, &place, value.get_help());
            }
            if let Some(heading) = arg.get_help_heading() {
                let heading = heading.to_owned();
                texts.entry(heading).or_insert_with(|| place.clone());
            }
        }
        for below in command.get_subcommands() {
            walk(below, &place, texts);
        }
    }
    let mut command = wxsell::cli::Cli::command();
    command.build();
    let mut texts = Texts::new();
    walk(&command, "", &mut texts);
    assert!(texts.len() > 100, "the help was not found");
    texts
}

/// Headings and states of the verbs that are one call; their words stand in declarations and in the reference.
fn of_the_verbs() -> Texts {
    let mut texts = Texts::new();
    for reference in Reference::ALL {
        for operation in &reference.book().operations {
            texts.insert(operation.summary.clone(), operation.path.clone());
        }
    }
    for ask in wxsell::shop::pass_through::all() {
        let (book, operation) = ask.operation();
        let mut thing = book.resolve(&operation.reply);
        if !ask.shows.is_empty() {
            let shown = book.at(thing, ask.shows);
            thing = shown.unwrap_or_else(|| panic!("{}: no {}", ask.command, ask.shows));
        }
        for (path, title) in ask.columns {
            texts.insert((*title).to_owned(), ask.command.to_owned());
            let Some(node) = book.at(thing, path) else {
                continue;
            };
            for known in book.resolve(node).values.iter().chain(&node.values) {
                texts.insert(known.meaning.clone(), format!("{} {path}", ask.command));
            }
        }
    }
    texts
}

fn all() -> Texts {
    let mut texts = of_the_sources();
    texts.extend(of_the_help());
    texts.extend(of_the_verbs());
    let layout = lang::HEADINGS.iter().map(|word| (*word).to_owned());
    texts.extend(layout.map(|word| (word, "help layout".to_owned())));
    texts
}

/// All but what the platform's documents say of its fields.
pub fn texts() -> Vec<String> {
    let mut texts = of_the_sources();
    texts.extend(of_the_help());
    texts.into_keys().collect()
}

/// As a line of a table.
fn line(text: &str) -> String {
    text.replace('\n', "\\n")
}

/// True where there is nothing to translate: placeholders, signs and blanks only.
fn wordless(text: &str) -> bool {
    let mut depth = 0u32;
    !text.chars().any(|letter| {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && letter.is_alphabetic()
    })
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.match_indices('{')
        .filter_map(|(at, _)| text[at + 1..].split_once('}').map(|(name, _)| name))
        // What goes with a count has two forms in English.
        .map(|name| name.split_once(':').map_or(name, |(name, _)| name))
        .collect()
}

#[test]
fn no_text_is_left_untranslated() {
    let missing: Vec<String> = all()
        .iter()
        .filter(|(text, _)| !wordless(text) && lang::chinese(text).is_none())
        .map(|(text, place)| format!("{place}\t{}", line(text)))
        .collect();
    assert!(
        missing.is_empty(),
        "{} untranslated texts:\n{}",
        missing.len(),
        missing.join("\n")
    );
}

#[test]
fn no_translation_is_left_over() {
    let used = all();
    let sources: Vec<String> = sources().into_iter().map(|(_, source)| source).collect();
    // Words that are chosen from a list, or made of what the reference says.
    let elsewhere = |en: &str| {
        let quoted = format!("{en:?}");
        sources.iter().any(|source| source.contains(&quoted))
    };
    let dead: Vec<String> = lang::entries()
        .filter(|(en, _)| !used.contains_key(&**en) && !elsewhere(en))
        .map(|(en, _)| line(&en))
        .collect();
    assert!(dead.is_empty(), "nobody says:\n{}", dead.join("\n"));
}

#[test]
fn every_line_of_a_table_is_a_pair_that_fits() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (en, zh) in lang::entries() {
        if zh.trim().is_empty() || zh.contains('\t') {
            wrong.push(format!("no Chinese: {}", line(&en)));
        }
        if placeholders(&en) != placeholders(&zh) {
            wrong.push(format!(
                "other places to fill: {} | {}",
                line(&en),
                line(&zh)
            ));
        }
        let ends = |text: &str| text.ends_with(['\n', ' ']);
        if ends(&en) && !ends(&zh) && !zh.ends_with('：') {
            wrong.push(format!(
                "runs into what follows: {} | {}",
                line(&en),
                line(&zh)
            ));
        }
        if !seen.insert(en.clone()) {
            wrong.push(format!("stands twice: {}", line(&en)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_line_of_a_table_reads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lang/zh");
    let mut lines = 0;
    for entry in std::fs::read_dir(folder).expect("the tables") {
        let path = entry.expect("an entry").path();
        let table = std::fs::read_to_string(&path).expect("a table");
        for line in table.lines() {
            if !line.is_empty() && !line.starts_with('#') {
                assert_eq!(line.matches('\t').count(), 1, "{}: {line}", path.display());
                lines += 1;
            }
        }
    }
    assert_eq!(lines, lang::entries().count(), "a table is not in TABLES");
}

/// Whether two English words follow each other.
fn speaks_english(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let english = |word: &str| word.len() > 1 && word.chars().all(|it| it.is_ascii_lowercase());
    words
        .windows(2)
        .any(|pair| english(pair[0]) && english(pair[1]))
}

#[test]
fn usage_errors_are_said_in_chinese() {
    for (line, said) in [
        ("goods list --foo", "未知的选项或参数 --foo"),
        ("gods", "未知的命令 gods"),
        ("goods", ""),
        ("goods upload", "缺少：<FILE>..."),
        ("goods upload a.csv --jobs", "--jobs <N> 需要一个值"),
        (
            "goods upload a.csv --jobs 0",
            "--jobs <N> 的值“0”无效：范围是 1 到 256",
        ),
        (
            "goods upload a.csv --jobs x",
            "--jobs <N> 的值“x”无效：须是整数",
        ),
        (
            "goods upload a.csv --jobs 1 --jobs 2",
            "--jobs <N> 重复出现",
        ),
        ("goods upload a.csv --busy x", "--busy <WHAT> 的值“x”无效"),
        (
            "goods upload a.csv --reserve x",
            "--reserve <PERCENT> 的值“x”无效：请写 0% 到 99% 的百分比",
        ),
        (
            "goods upload a.csv --report x",
            "--report <KIND=FILE> 的值“x”无效：请写成 junit=FILE 或 json=FILE",
        ),
        (
            "goods list --created-since x",
            "--created-since <TIME> 的值“x”无效：请写日期（如 2022-04-01）、时间（如 \"2022-04-01 12:00:00\"，北京时间），或多久以前（如 24h）",
        ),
        (
            "goods list --created-since 2022-04-01 --updated-since 2022-04-01",
            "--created-since <TIME> 与 --updated-since <TIME> 不能同时使用",
        ),
        (
            "goods update T --price 1.234",
            "--price <YUAN> 的值“1.234”无效：价格“1.234”超过两位小数",
        ),
        (
            "goods update T --attr x",
            "--attr <NAME=VALUE> 的值“x”无效：请写成 NAME=VALUE",
        ),
        (
            "profile set a --audit-daily x",
            "--audit-daily <NUMBER> 的值“x”无效：请写整数，或 `off` 表示不限",
        ),
        (
            "sandbox advance x",
            "<DURATION> 的值“x”无效：请写时长，如 90s、30m、2h 或 1d",
        ),
        (
            "sandbox fault --chance x --reset",
            "--chance <PERCENT> 的值“x”无效：请写比例，如 5% 或 0.05",
        ),
        (
            "sandbox serve --port 70000",
            "--port <PORT> 的值“70000”无效：范围是 0 到 65535",
        ),
        ("run show x", "[ID] 的值“x”无效：须是整数"),
        (
            "--timeout=x goods list",
            "--timeout <SECONDS> 的值“x”无效：须是整数",
        ),
    ] {
        let words = std::iter::once("wxsell").chain(line.split(' '));
        let args: Vec<std::ffi::OsString> = words.map(Into::into).collect();
        match start::parse(&args, lang::Lang::Zh) {
            Ok(Start::Help(help)) if said.is_empty() => assert!(help.contains("用法："), "{help}"),
            Ok(_) => panic!("{line}: no error"),
            Err(error) => {
                let shown = fail::explain(&fail::Failure::from_any(error), lang::Lang::Zh);
                // Commands are English.
                let hint = shown.hint.unwrap_or_default();
                let hint: String = hint.split('`').step_by(2).collect();
                assert!(!speaks_english(&hint), "{line}: {hint}");
                assert_eq!(shown.message, said, "{line}");
            }
        }
    }
}

#[test]
fn help_is_chinese_and_within_its_width() {
    for line in [
        "--help",
        "goods upload -h",
        "profile add --help",
        "sandbox fault --help",
    ] {
        let words = std::iter::once("wxsell").chain(line.split(' '));
        let args: Vec<std::ffi::OsString> = words.map(Into::into).collect();
        let Ok(Start::Print(help)) = start::parse(&args, lang::Lang::Zh) else {
            panic!("{line}: no help");
        };
        for line in help.lines() {
            // English stands in what is quoted, and in the usage.
            let told: String = line.split(['`', '"']).step_by(2).collect();
            let usage = line.starts_with("用法")
                || line.starts_with("       wxsell")
                || line.starts_with("  wxsell ");
            assert!(usage || !speaks_english(&told), "{line}");
            assert!(
                !line.contains("possible values") && !line.contains("[default"),
                "{line}"
            );
            assert!(unicode_width::UnicodeWidthStr::width(line) <= 100, "{line}");
        }
    }
}

/// Every command below this one, with the words that name it.
fn helps(command: &mut clap::Command, path: &str, width: usize, found: &mut Vec<(String, String)>) {
    // The screen is of this width for every command.
    *command = std::mem::take(command).term_width(width);
    for long in [false, true] {
        let help = if long {
            command.render_long_help()
        } else {
            command.render_help()
        };
        found.push((path.to_owned(), help.to_string()));
    }
    let below = command.get_subcommands_mut();
    for verb in below.filter(|verb| !verb.is_hide_set() && verb.get_name() != "help") {
        let path = format!("{path} {}", verb.get_name());
        helps(verb, &path, width, found);
    }
}

#[test]
fn no_line_of_the_help_is_wider_than_the_screen() {
    use unicode_width::UnicodeWidthStr;
    const SCREEN: usize = 80;
    for lang in [lang::Lang::En, lang::Lang::Zh] {
        let mut root = wxsell::cli::help::arranged(lang);
        root.build();
        let mut found = Vec::new();
        // Chinese is laid out by the program alone, as it is when help is asked for.
        let width = match lang {
            lang::Lang::En => SCREEN,
            lang::Lang::Zh => 0,
        };
        helps(&mut root, "wxsell", width, &mut found);
        found.push((
            "wxsell --help".to_owned(),
            wxsell::cli::help::root(lang, true),
        ));
        assert!(found.len() > 500, "{}", found.len());
        let mut wide = Vec::new();
        for (command, help) in &found {
            let page = lang::laid_out(help, lang, SCREEN);
            let lines = page.lines().filter(|line| line.width() > SCREEN);
            wide.extend(lines.map(|line| format!("{command}: {line}")));
        }
        assert!(wide.is_empty(), "{}", wide.join("\n"));
    }
}

#[test]
fn literals_are_read_as_the_compiler_reads_them() {
    assert_eq!(
        literal(r#" "a\"b\n\u{4e00}", x"#).as_deref(),
        Some("a\"b\n一")
    );
    assert_eq!(
        literal("\"one \\\n      two\")").as_deref(),
        Some("one two")
    );
    assert_eq!(literal("r#\"a\\n\"b\"#").as_deref(), Some("a\\n\"b"));
    assert_eq!(literal("name"), None);
}
