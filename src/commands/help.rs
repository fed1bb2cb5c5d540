//! `wxsell help`: the help of a command for people, and as data for programs: every option with its type and default,
//! whether something is changed at WeChat, the exit codes, and the JSON Schema of what is printed.

use super::{Ctx, ask};
use crate::api::json::put;
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
use serde_json::{Value, json};
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
pub const SHOWS: &[Shows] = &[Shows::any("help")];

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
        return ctx.out.value(&described(&root, here));
    }
    let words = std::iter::once("wxsell").chain(args.command.iter().map(String::as_str));
    let words: Vec<OsString> = words.chain(["--help"]).map(OsString::from).collect();
    match start::parse(&words, ctx.out.lang)? {
        Start::Print(help) | Start::Help(help) => ctx.out.raw(help.as_bytes()),
        Start::Run(_) => Ok(()),
    }
}

/// The whole program, a noun with its verbs, or one verb with the schema of its output.
fn described(root: &Command, here: &Command) -> Value {
    let mut verbs = Vec::new();
    leaves(here, &mut verbs);
    match verbs.as_slice() {
        [verb] if std::ptr::eq(*verb, here) => {
            let mut described = command(verb);
            put(&mut described, "exit_codes", exit_codes());
            let name = name(verb);
            for (key, schema) in [
                ("output", shows::output(&name)),
                ("dry_run", shows::dry_run(&name)),
            ] {
                if let Some(schema) = schema {
                    put(&mut described, key, schema);
                }
            }
            described
        }
        verbs => json!({
            "program": "wxsell",
            "version": env!("CARGO_PKG_VERSION"),
            "about": about(here),
            "global_options": root.get_arguments().filter(|arg| arg.is_global_set()).map(argument).collect::<Vec<_>>(),
            "exit_codes": exit_codes(),
            "commands": verbs.iter().map(|verb| command(verb)).collect::<Vec<_>>(),
        }),
    }
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

fn command(verb: &Command) -> Value {
    let own = |arg: &&Arg| {
        !arg.is_global_set()
            && !arg.is_hide_set()
            && !["help", "version"].contains(&arg.get_id().as_str())
    };
    let (positional, named): (Vec<&Arg>, Vec<&Arg>) = verb
        .get_arguments()
        .filter(own)
        .partition(|arg| arg.is_positional());
    json!({
        "command": name(verb),
        "about": about(verb),
        "description": verb.get_long_about().map(ToString::to_string),
        "writes": writes(&name(verb)),
        "arguments": positional.into_iter().map(argument).collect::<Vec<_>>(),
        "options": named.into_iter().map(argument).collect::<Vec<_>>(),
    })
}

fn argument(arg: &Arg) -> Value {
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
    json!({
        "name": arg.get_long().map_or_else(|| arg.get_id().to_string(), |long| format!("--{long}")),
        "short": arg.get_short().map(|short| format!("-{short}")),
        "value": takes_value(arg).then(|| arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string)).flatten(),
        "type": kind(arg),
        "values": values,
        "default": if takes_value(arg) { defaults.first().map_or(Value::Null, |first| first.clone().into()) } else { false.into() },
        "required": arg.is_required_set(),
        "repeats": repeats,
        "help": arg.get_help().map(ToString::to_string),
    })
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

fn exit_codes() -> Value {
    let success = json!({"code": 0, "kind": "done", "retryable": false});
    let failures = Kind::ALL.iter().map(
        |kind| json!({"code": kind.exit_code(), "kind": kind, "retryable": kind.is_retryable()}),
    );
    std::iter::once(success).chain(failures).collect()
}
