//! From the arguments to what a command needs, in the reader's language: the language is decided before parsing, so
//! that help and usage errors are in it too.

use super::{Cli, Global, help, meant};
use crate::fail::Failure;
use crate::lang::{self, Lang, Text};
use crate::output::{Format, JQ_WORD, Output, can_ask, serve_jq};
use crate::profile::{self, Overrides, Preferences};
use crate::text;
use anyhow::Result;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, ValueEnum};
use std::ffi::OsString;
use std::io::Write;

/// The variable with which a completion script calls the program back.
pub const COMPLETE: &str = "WXSELL_COMPLETE";

/// Options of other tools, with what does it here.
const OPTIONS_MEANT: &[(&str, &str)] = &[
    ("--json", "--format json"),
    ("--csv", "--format csv"),
    ("--output-format", "--format json"),
    ("--verbose", "--trace trace.jsonl"),
    ("-v", "--trace trace.jsonl"),
    ("--debug", "--trace trace.jsonl"),
    ("--language", "--lang zh"),
    ("--yes-to-all", "--yes"),
    ("--simulate", "--dry-run"),
    ("--no-color", "--color never"),
    ("--fields", "--columns"),
    ("--shop", "--profile"),
];

/// Rows of a list that a terminal gets where --limit says nothing.
const ROWS: usize = 50;

/// A bound that means there is none.
const LARGEST: &str = "9223372036854775807";

/// What came of the arguments.
pub enum Start {
    Run(Box<Cli>),
    /// Help or the version was asked for and is to be printed: data, exit 0.
    Print(String),
    /// Nothing was asked for: the help goes to stderr, exit 2.
    Help(String),
}

/// `--lang`, then `WXSELL_LANG`, then the profile, then the system's locale. A bad word is reported by [`parse`] and
/// [`output`].
pub fn language(args: &[OsString]) -> Lang {
    let read = |word: &str| Lang::from_str(word, true).ok();
    option(args, "--lang")
        .and_then(read)
        .or_else(|| std::env::var("WXSELL_LANG").ok().as_deref().and_then(read))
        .or_else(|| {
            let profile = option(args, "--profile").map(str::to_owned);
            preferred(&Overrides {
                profile,
                ..Overrides::default()
            })
            .language
        })
        .unwrap_or_else(Lang::system)
}

/// The value of an option in arguments that are not parsed yet; the last one counts.
fn option<'a>(args: &'a [OsString], name: &str) -> Option<&'a str> {
    let mut value = None;
    let mut words = args.iter().skip(1).filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        match word.strip_prefix(name) {
            _ if word == "--" => break,
            Some("") => value = words.next(),
            Some(rest) => value = rest.strip_prefix('=').or(value),
            None => {}
        }
    }
    value
}

/// What the profile says about language and format. A profile that cannot be read says nothing here; the command
/// that needs it explains why.
fn preferred(overrides: &Overrides) -> Preferences {
    profile::dirs()
        .and_then(|dirs| profile::preferences(overrides, &dirs))
        .unwrap_or_default()
}

/// Answers a shell that asks for completions. True if that was the case; errors where no such shell is known.
pub fn completes(args: &[OsString], lang: Lang) -> Result<bool> {
    let Some(shell) = std::env::var_os(COMPLETE).filter(|shell| !shell.is_empty()) else {
        return Ok(false);
    };
    let name = std::path::Path::new(&shell)
        .file_stem()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let known = clap_complete::env::Shells::builtins();
    if name != "0" && known.completer(&name).is_none() {
        let names: Vec<&str> = known.names().collect();
        return Err(Failure::input(text!(
            "{name} is \"{word}\"; there are no completions for this shell",
            name = COMPLETE,
            word = shell.to_string_lossy().into_owned()
        ))
        .hint(text!("use one of: {names}", names = names.join(", ")))
        .into());
    }
    let folder = std::env::current_dir().ok();
    let answered =
        clap_complete::CompleteEnv::with_factory(|| lang::localize(Cli::command(), lang))
            .var(COMPLETE)
            .bin("wxsell")
            .completer("wxsell")
            .try_complete(args.iter(), folder.as_deref());
    // What fails now is that the shell went away.
    Ok(answered.unwrap_or(true))
}

/// Reads the arguments.
pub fn parse(args: &[OsString], lang: Lang) -> Result<Start> {
    if let Some(page) = help::topic(args, lang, Output::default().help_width()) {
        return Ok(Start::Print(page));
    }
    let error = match Cli::command()
        .try_get_matches_from(args)
        .and_then(|found| Cli::from_arg_matches(&found))
    {
        Ok(cli) => return Ok(Start::Run(Box::new(cli))),
        Err(error) => error,
    };
    let shown = |error: &clap::Error| {
        let help = error.render();
        let out = Output::default();
        let styled = out.styles_help(error.use_stderr());
        let words = if styled {
            help.ansi().to_string()
        } else {
            help.to_string()
        };
        lang::laid_out(&words, lang, out.help_width())
    };
    match error.kind() {
        ErrorKind::DisplayVersion => Ok(Start::Print(shown(&error))),
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            if meant::place(args).is_empty() {
                return Ok(match error.kind() {
                    ErrorKind::DisplayHelp => Start::Print(help::root(lang, true)),
                    _ => Start::Help(help::root(lang, false)),
                });
            }
            // The first pass parsed in English; the help is made again from the localised command.
            let again = help::arranged(lang).try_get_matches_from(args);
            let error = again.err().unwrap_or(error);
            match error.kind() {
                ErrorKind::DisplayHelp => Ok(Start::Print(shown(&error))),
                _ => Ok(Start::Help(shown(&error))),
            }
        }
        _ => Err(usage(&error, args).into()),
    }
}

/// The noun and verb that this process was started with, such as `order list`.
pub fn command_of_this_process() -> String {
    meant::place(&std::env::args_os().collect::<Vec<_>>())
}

/// Where words and data go: options, then `WXSELL_FORMAT`, then the profile, then the default.
pub fn output(global: &Global, lang: Lang) -> Result<Output> {
    let format = match global.format {
        Some(format) => format,
        None => match from_environment("WXSELL_FORMAT")? {
            Some(format) => format,
            None => profile_format(global)?.unwrap_or_default(),
        },
    };
    if global.lang.is_none() {
        from_environment::<Lang>("WXSELL_LANG")?;
    }
    let mut out = Output::default();
    // --jq alone asks for JSON; a form named beside it must be one.
    out.format = match (&global.jq, format) {
        (Some(_), Format::Table) => Format::Json,
        (_, format) => format,
    };
    out.columns = global.columns.clone();
    out.sort = global.sort.clone();
    // Who says how many gets as many.
    let args: Vec<OsString> = std::env::args_os().collect();
    match option(&args, "--limit") {
        // The first of a sorted list are known when all are.
        Some(most) => out.most = most.parse().ok().filter(|most| *most > 0),
        None if out.redraws() => out.limit = Some(ROWS),
        None => {}
    }
    out.headers = !global.no_headers;
    out.jq = global.jq.clone();
    out.excel = global.excel;
    out.patience = std::time::Duration::from_secs(global.timeout);
    out.quiet = global.quiet;
    out.lang = lang;
    out.color = global.color.unwrap_or_default();
    out.interactive = !global.no_input && can_ask();
    out.yes = global.yes;
    out.answers_only = global.raw;
    out.profile = global
        .profile
        .clone()
        .filter(|name| name != crate::profile::ALL);
    out.check()?;
    Ok(out)
}

/// The format that the profile asks for.
fn profile_format(global: &Global) -> Result<Option<Format>> {
    let Some(word) = preferred(&global.overrides()).format else {
        return Ok(None);
    };
    let Ok(format) = Format::from_str(&word, true) else {
        return Err(Failure::input(text!(
            "\"{word}\" in config.toml is not an output format",
            word
        ))
        .hint(text!(
            "set it with `wxsell profile set NAME --default-format FORMAT`"
        ))
        .into());
    };
    Ok(Some(format))
}

/// An output for an error that came up before [`output`] could be made; it already speaks JSON if that was asked for.
pub fn early_output(args: &[OsString], lang: Lang) -> Output {
    let words: Vec<&str> = args.iter().filter_map(|word| word.to_str()).collect();
    let flag = words
        .windows(2)
        .filter(|pair| pair[0] == "--format")
        .map(|pair| pair[1]);
    let flag = flag
        .chain(
            words
                .iter()
                .filter_map(|word| word.strip_prefix("--format=")),
        )
        .last();
    let format = match flag {
        Some(word) => Format::from_str(word, true).ok(),
        None => from_environment("WXSELL_FORMAT").ok().flatten(),
    };
    let mut out = Output::default();
    out.format = format.unwrap_or_default();
    out.lang = lang;
    out
}

fn from_environment<V: ValueEnum>(name: &'static str) -> Result<Option<V>> {
    let Some(word) = std::env::var_os(name).filter(|word| !word.is_empty()) else {
        return Ok(None);
    };
    let word = word.to_string_lossy();
    if let Ok(value) = V::from_str(&word, true) {
        return Ok(Some(value));
    }
    let names: Vec<String> = V::value_variants()
        .iter()
        .filter_map(|value| value.to_possible_value())
        .map(|value| value.get_name().to_owned())
        .collect();
    Err(
        Failure::input(text!("{name} is \"{word}\"", name, word = word.as_ref()))
            .hint(text!("use one of: {names}", names = names.join(", ")))
            .into(),
    )
}

/// A usage error of clap in our own layout.
fn usage(error: &clap::Error, args: &[OsString]) -> Failure {
    let text_of = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => word.clone(),
        Some(ContextValue::Strings(words)) => words.join(", "),
        Some(ContextValue::StyledStr(words)) => words.to_string(),
        Some(ContextValue::StyledStrs(words)) => words
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let (argument, value) = (
        text_of(ContextKind::InvalidArg),
        text_of(ContextKind::InvalidValue),
    );
    let message = match error.kind() {
        ErrorKind::UnknownArgument => text!("unexpected argument '{argument}'", argument),
        ErrorKind::InvalidSubcommand => {
            text!(
                "unknown command '{command}'",
                command = text_of(ContextKind::InvalidSubcommand)
            )
        }
        ErrorKind::MissingSubcommand => text!("missing command"),
        ErrorKind::MissingRequiredArgument => text!("missing: {argument}", argument),
        ErrorKind::InvalidValue if value.is_empty() => text!("{argument} needs a value", argument),
        ErrorKind::InvalidValue => text!("invalid value '{value}' for {argument}", argument, value),
        ErrorKind::ValueValidation => match why_not(error, &value) {
            Some(why) => text!(
                "invalid value '{value}' for {argument}: {why}",
                argument,
                value,
                why
            ),
            None => text!("invalid value '{value}' for {argument}", argument, value),
        },
        ErrorKind::ArgumentConflict => {
            let other = text_of(ContextKind::PriorArg);
            if other.is_empty() || other == argument {
                text!("{argument} was given more than once", argument)
            } else {
                text!("{argument} cannot be used with {other}", argument, other)
            }
        }
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            text!("{argument} has the wrong number of values", argument)
        }
        ErrorKind::NoEquals => text!("{argument} needs its value after an equals sign", argument),
        ErrorKind::InvalidUtf8 => text!("an argument is not valid UTF-8"),
        _ => Text::verbatim(error.to_string().trim_start_matches("error: ").trim_end()),
    };
    let suggestion = match error.kind() {
        ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument => {
            let line = meant::meant(args);
            let option = || {
                let known = OPTIONS_MEANT
                    .iter()
                    .find(|(typed, _)| *typed == text_of(ContextKind::InvalidArg));
                known.map(|(_, meant)| (*meant).to_owned())
            };
            line.or_else(option)
                .or_else(|| Some(text_of(ContextKind::SuggestedArg)))
        }
        _ => None,
    };
    let suggestion = suggestion.filter(|words| !words.is_empty());
    let valid = text_of(ContextKind::ValidValue);
    let hint = match (
        suggestion,
        std::error::Error::source(error).and_then(|source| source.downcast_ref::<Failure>()),
    ) {
        (
            _,
            Some(Failure {
                hint: Some(hint), ..
            }),
        ) => hint.clone(),
        (Some(words), _) => text!("did you mean `{words}`?", words),
        _ if error.kind() == ErrorKind::MissingRequiredArgument => {
            needed(&text_of(ContextKind::InvalidArg), args)
        }
        _ if !valid.is_empty() => text!("use one of: {names}", names = valid),
        _ => match meant::place(args) {
            place if place.is_empty() => text!("see `wxsell --help`"),
            place => text!("see `wxsell {place} --help`", place),
        },
    };
    Failure::input(message).hint(hint)
}

/// What a missing argument takes: its values where there are few, else what it is.
fn needed(argument: &str, args: &[OsString]) -> Text {
    let place = meant::place(args);
    let mut command = Cli::command();
    command.build();
    let found = place.split(' ').try_fold(&command, |command, word| {
        command
            .get_subcommands()
            .find(|below| below.get_name() == word)
    });
    // The first of several that are missing.
    let first = argument.split(", ").next().unwrap_or_default();
    let arg = found.and_then(|found| {
        let plain = |text: &str| text.trim_matches(['<', '>', '[', ']', '.']).to_owned();
        found
            .get_arguments()
            .find(|arg| plain(&arg.to_string()) == plain(first))
    });
    let values: Vec<String> = arg
        .map(|arg| arg.get_possible_values())
        .unwrap_or_default()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| value.get_name().to_owned())
        .collect();
    let about = arg.and_then(|arg| arg.get_help()).map(ToString::to_string);
    match (values.is_empty(), about) {
        (false, _) => text!("use one of: {names}", names = values.join(", ")),
        (true, Some(about)) => text!(
            "{argument}: {about}; see `wxsell {place} --help`",
            argument = first,
            about = Text::known(&about),
            place
        ),
        (true, None) => text!("see `wxsell {place} --help`", place),
    }
}

/// What a value parser had against a value. Ours say it in a [`Text`]; those of clap for numbers do not.
fn why_not(error: &clap::Error, value: &str) -> Option<Text> {
    let source = std::error::Error::source(error)?;
    if let Some(failure) = source.downcast_ref::<Failure>() {
        return Some(failure.message.clone());
    }
    if let Some(words) = source.downcast_ref::<Text>() {
        return Some(words.clone());
    }
    if source.is::<std::num::ParseIntError>() {
        return Some(text!("must be a whole number"));
    }
    let words = source.to_string();
    let bounds = words
        .strip_prefix(value)
        .and_then(|rest| rest.strip_prefix(" is not in "))
        .and_then(|range| range.split_once(".."))
        .map(|(least, most)| (least, most.trim_start_matches('=')));
    Some(match bounds {
        Some((least, LARGEST)) => text!("must be at least {least}", least),
        Some((least, most)) => text!("must be between {least} and {most}", least, most),
        None => Text::verbatim(words),
    })
}

/// Works as the filter of `--jq` for another process of this program, where that is what the arguments say.
pub fn filters(args: &[OsString]) -> Option<u8> {
    let asked = args.get(1).is_some_and(|word| word == JQ_WORD);
    asked.then(|| serve_jq(args))
}

/// Secrets are in the memory of this process: where it is killed, none of it is to be written to a file.
pub fn keep_no_core() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = Rlimit {
            current: Some(0),
            // Programs that are started here may ask for their own.
            maximum: getrlimit(Resource::Core).maximum,
        };
        // It can always be lowered.
        let _ = setrlimit(Resource::Core, limit);
    }
}

/// Bytes of stack for a command. One takes between 2 and 3 MB in a debug build, where nothing shares its place.
pub const STACK: usize = 8 << 20;

/// Says that the program itself failed, without any data (a message made at run time could hold a secret), and ends it.
/// A release is built without unwinding, so nothing survives a panic in any thread.
#[expect(clippy::exit, reason = "with its own exit code instead of a signal")]
pub fn on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(|place| format!("{}:{}", place.file(), place.line()))
            .unwrap_or_default();
        let why = panic
            .payload()
            .downcast_ref::<&'static str>()
            .copied()
            .unwrap_or("unexpected state");
        let failure = Failure::bug(text!("internal error at {place}: {why}", place, why)).hint(
            text!("please report this line and the command; completed work is kept"),
        );
        let mut out = Output::default();
        out.lang = Lang::system();
        let code = out.fail(&failure.into());
        let _ = std::io::stderr().flush();
        std::process::exit(code.into());
    }));
}
