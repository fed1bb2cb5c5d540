//! `wxsell help`: the help of a command for people, and as data for programs: every option with its type and default,
//! whether something is changed at WeChat, the exit codes, and the JSON Schema of what is printed.

use super::{Ctx, ask};
use crate::api::{Resend, operation};
use crate::cli::Cli;
use crate::cli::start::{self, Start};
use crate::commands::shows;
use crate::commands::shows::Shows;
use crate::fail::{Failure, Kind};
use crate::shop::pass_through::{self, ALSO_WRITE, BEHIND};
use crate::text;
use anyhow::Result;
use clap::{Arg, ArgAction, Command, CommandFactory};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::any::TypeId;
use std::ffi::OsString;
use std::path::PathBuf;

/// Explain a command
///
/// With --format json: every command with its arguments, options, types and defaults, whether it writes, and the exit
/// codes; for one command also the JSON Schema of what it prints.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The command, e.g. `order list`
    #[arg(value_name = "COMMAND", add = ArgValueCandidates::new(nouns))]
    command: Vec<String>,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[Shows::one::<Program>("help"), Shows::one::<Verb>("help")];

fn nouns() -> Vec<CompletionCandidate> {
    let root = Cli::command();
    let shown = root.get_subcommands().filter(|noun| !noun.is_hide_set());
    shown
        .map(|noun| CompletionCandidate::new(noun.get_name()))
        .collect()
}

pub async fn run(args: Args, ctx: &Ctx) -> Result<()> {
    let mut root = Cli::command();
    root.build();
    let mut here = &root;
    for word in &args.command {
        here = here.find_subcommand(word).ok_or_else(|| {
            Failure::input(text!("unknown command '{command}'", command = word))
                .hint(text!("see `wxsell --help`"))
        })?;
    }
    if ctx.out.is_values() {
        return ctx.out.value(&described(&root, here)?);
    }
    let words = std::iter::once("wxsell").chain(args.command.iter().map(String::as_str));
    let words: Vec<OsString> = words.chain(["--help"]).map(OsString::from).collect();
    match start::parse(&words, ctx.out.lang)? {
        Start::Print(help) | Start::Help(help) => ctx.out.raw(help.as_bytes()),
        Start::Run(_) => Ok(()),
    }
}

/// The whole program, a noun with its verbs, or one verb with the schema of its output.
fn described(root: &Command, here: &Command) -> Result<Value> {
    let mut verbs = Vec::new();
    leaves(here, &mut verbs);
    match verbs.as_slice() {
        [verb] if std::ptr::eq(*verb, here) => {
            let name = name(verb);
            let verb = Verb {
                command: command(verb),
                exit_codes: exit_codes(),
                output: shows::output(&name),
                dry_run: shows::dry_run(&name),
            };
            Ok(serde_json::to_value(verb)?)
        }
        verbs => {
            let global = root.get_arguments().filter(|arg| arg.is_global_set());
            let program = Program {
                program: "wxsell",
                version: env!("CARGO_PKG_VERSION"),
                about: about(here),
                global_options: global.map(argument).collect(),
                exit_codes: exit_codes(),
                commands: verbs.iter().map(|verb| command(verb)).collect(),
            };
            Ok(serde_json::to_value(program)?)
        }
    }
}

/// The whole program, or a noun with its verbs.
#[derive(Serialize, JsonSchema)]
struct Program {
    program: &'static str,
    version: &'static str,
    about: String,
    global_options: Vec<Argument>,
    exit_codes: Vec<ExitCode>,
    commands: Vec<Described>,
}

/// One command, with what it prints.
#[derive(Serialize, JsonSchema)]
struct Verb {
    #[serde(flatten)]
    command: Described,
    exit_codes: Vec<ExitCode>,
    /// JSON Schema of what it prints with `--format json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
    /// The same with `--dry-run`, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<Value>,
}

#[derive(Serialize, JsonSchema)]
struct Described {
    /// `order list`
    command: String,
    about: String,
    description: Option<String>,
    /// Whether it changes something at WeChat.
    writes: bool,
    arguments: Vec<Argument>,
    options: Vec<Argument>,
}

#[derive(Serialize, JsonSchema)]
struct Argument {
    name: String,
    short: Option<String>,
    /// What stands for its value: `NUMBER`.
    value: Option<String>,
    /// `boolean`, `integer`, `number`, `path`, `time`, `duration`, `yuan`, `percentage`, `url` or `string`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Those that are allowed; empty where any is.
    values: Vec<String>,
    default: Option<Default>,
    required: bool,
    repeats: bool,
    help: Option<String>,
}

/// Of an option that takes a value, and of one that takes none.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Default {
    Text(String),
    Off(bool),
}

#[derive(Serialize, JsonSchema)]
struct ExitCode {
    code: u8,
    kind: Ended,
    retryable: bool,
}

/// The commands that do something, below this one or it itself.
fn leaves<'a>(here: &'a Command, found: &mut Vec<&'a Command>) {
    let below = here.get_subcommands();
    let mut below = below.filter(|below| !below.is_hide_set()).peekable();
    if below.peek().is_none() {
        found.push(here);
    }
    below.for_each(|below| leaves(below, found));
}

/// `order list`
fn name(command: &Command) -> String {
    let whole = command.get_bin_name().unwrap_or_else(|| command.get_name());
    whole.trim_start_matches("wxsell").trim().to_owned()
}

fn about(command: &Command) -> String {
    command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn command(verb: &Command) -> Described {
    let own = |arg: &&Arg| {
        !arg.is_global_set()
            && !arg.is_hide_set()
            && !["help", "version"].contains(&arg.get_id().as_str())
    };
    let (positional, named): (Vec<&Arg>, Vec<&Arg>) = verb
        .get_arguments()
        .filter(own)
        .partition(|arg| arg.is_positional());
    Described {
        command: name(verb),
        about: about(verb),
        description: verb.get_long_about().map(ToString::to_string),
        writes: writes(&name(verb)),
        arguments: positional.into_iter().map(argument).collect(),
        options: named.into_iter().map(argument).collect(),
    }
}

fn argument(arg: &Arg) -> Argument {
    let defaults: Vec<String> = arg
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    let values: Vec<String> = if takes_value(arg) {
        arg.get_possible_values()
            .iter()
            .filter(|value| !value.is_hide_set())
            .map(|value| value.get_name().to_owned())
            .collect()
    } else {
        Vec::new()
    };
    let repeats = matches!(arg.get_action(), ArgAction::Append)
        || arg
            .get_num_args()
            .is_some_and(|count| count.max_values() > 1);
    let named = arg.get_value_names().and_then(|names| names.first());
    Argument {
        name: arg
            .get_long()
            .map_or_else(|| arg.get_id().to_string(), |long| format!("--{long}")),
        short: arg.get_short().map(|short| format!("-{short}")),
        value: named.filter(|_| takes_value(arg)).map(ToString::to_string),
        kind: kind(arg),
        values,
        default: if takes_value(arg) {
            defaults.into_iter().next().map(Default::Text)
        } else {
            Some(Default::Off(false))
        },
        required: arg.is_required_set(),
        repeats,
        help: arg.get_help().map(ToString::to_string),
    }
}

fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

/// `boolean`, `integer`, `number`, `path`, `time`, `duration`, `yuan`, `percentage`, `url` or `string`.
fn kind(arg: &Arg) -> &'static str {
    if !takes_value(arg) {
        return "boolean";
    }
    let named = arg.get_value_names().and_then(|names| names.first());
    match named.map(|name| name.as_str()) {
        Some("TIME" | "DAY") => return "time",
        Some("DURATION") => return "duration",
        Some("YUAN") => return "yuan",
        Some("PERCENT") => return "percentage",
        Some("URL") => return "url",
        _ => {}
    }
    let parsed = arg.get_value_parser().type_id();
    let is = |types: &[TypeId]| types.iter().any(|known| parsed == *known);
    if is(&[
        TypeId::of::<u8>(),
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
        TypeId::of::<i32>(),
        TypeId::of::<i64>(),
    ]) {
        return "integer";
    }
    if is(&[TypeId::of::<f64>(), TypeId::of::<f32>()]) {
        return "number";
    }
    if is(&[TypeId::of::<PathBuf>()]) {
        return "path";
    }
    "string"
}

/// `order` of `order list`.
pub fn noun_of(command: &str) -> &str {
    command.split(' ').next().unwrap_or_default()
}

/// Whether a command changes something at WeChat.
pub fn writes(name: &str) -> bool {
    let changes = |path: &str| {
        operation::by_path(path).is_some_and(|(_, operation)| operation.resend != Resend::Safe)
    };
    ALSO_WRITE.contains(&name)
        || BEHIND
            .iter()
            .any(|(path, command)| ask::words(command) == name && changes(path))
        || pass_through::all().any(|ask| ask::words(ask.command) == name && changes(ask.path))
}

/// How a command ends.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Ended {
    Done(&'static str),
    Failed(Kind),
}

fn exit_codes() -> Vec<ExitCode> {
    let success = ExitCode {
        code: 0,
        kind: Ended::Done("done"),
        retryable: false,
    };
    let failures = Kind::ALL.iter().map(|kind| ExitCode {
        code: kind.exit_code(),
        kind: Ended::Failed(*kind),
        retryable: kind.is_retryable(),
    });
    std::iter::once(success).chain(failures).collect()
}
