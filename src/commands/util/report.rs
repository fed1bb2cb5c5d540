//! `wxsell util report`: what a bug report needs, in one document that may be given away.

use crate::client::trace::{mask, mask_text};
use crate::commands::job::Invocation;
use crate::commands::{Ctx, auth, profile as profiles};
use crate::fail::Failure;
use crate::lang::Lang;
use crate::profile;
use crate::state::runs::Run;
use crate::text;
use crate::types::shape::Moment;
use crate::types::{now, rfc3339};
use anyhow::Result;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Collect the information for a bug report, without any secrets
///
/// One JSON document: version, system, settings, what the state folder holds, the last job, and what `wxsell auth doctor`
/// finds. With --with-trace also the last calls of a trace that --trace wrote.
///
/// AppSecrets, tokens, keys, phones, names, addresses and openids are removed, and so are the values typed for a job.
/// Still, read it before you send it.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// Include the last calls of this trace file
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    with_trace: Option<PathBuf>,
    /// Number of calls to include
    #[arg(long, value_name = "N", default_value_t = 50)]
    calls: usize,
    /// Make no calls: skip `wxsell auth doctor`
    #[arg(long)]
    offline: bool,
}

pub async fn run(args: &ReportArgs, ctx: &Ctx) -> Result<()> {
    ctx.out.check_value()?;
    // From here on what is secret is known by its value, and nothing prints it.
    if let Ok(profile) = ctx.profile() {
        drop(profile::secret(
            profile,
            ctx.global.secret_file.as_deref(),
            &ctx.dirs,
        ));
        drop(profile::push_keys(profile, &ctx.dirs));
        if let Ok(state) = ctx.state() {
            drop(state.token(&profile.account_key(), profile.token_kind()));
        }
    }
    let trace = args.with_trace.as_deref();
    let report = Report {
        wxsell: env!("CARGO_PKG_VERSION"),
        made_at: rfc3339(now()),
        system: System {
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
            keyring: cfg!(feature = "keyring"),
            language: ctx.out.lang,
        },
        environment: environment(),
        settings: profiles::described(ctx).into(),
        state: state(ctx).into(),
        last_job: last_job(ctx).into(),
        trace: trace.map(|path| calls(path, args.calls)).transpose()?,
        doctor: if args.offline {
            None
        } else {
            Some(auth::diagnose(ctx).await.into())
        },
    };
    ctx.out.value(&without_home(serde_json::to_value(report)?))
}

/// What a bug report needs.
#[derive(Serialize, JsonSchema)]
pub struct Report {
    /// Its version.
    wxsell: &'static str,
    #[schemars(with = "Moment")]
    made_at: String,
    system: System,
    /// The names of variables that are set.
    environment: Vec<String>,
    settings: Part<profiles::Described>,
    state: Part<State>,
    last_job: Part<Option<Job>>,
    /// Calls as the trace has them, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doctor: Option<Part<Vec<crate::shop::diagnosis::Check>>>,
}

#[derive(Serialize)]
struct Unreadable {
    unreadable_bytes: usize,
}

#[derive(Serialize, JsonSchema)]
struct System {
    os: &'static str,
    arch: &'static str,
    /// Whether this program can use the keyring of the system.
    keyring: bool,
    language: Lang,
}

/// A part of the report; what could not be had is named in its place.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Part<T> {
    Problem { problem: String },
    Known(T),
}

impl<T> From<Result<T>> for Part<T> {
    fn from(part: Result<T>) -> Part<T> {
        part.map_or_else(
            |error| Part::Problem {
                problem: mask_text(&Failure::from_any(error).message.to_string()),
            },
            Part::Known,
        )
    }
}

#[derive(Serialize, JsonSchema)]
struct State {
    folder: String,
    /// Size of each file in it.
    #[schemars(with = "BTreeMap<String, u64>")]
    bytes: Map<String, Value>,
    writes_with_unknown_outcome: usize,
    #[schemars(with = "Option<Moment>")]
    events_removed_before: Option<String>,
}

/// A job without what was typed for it: names of options, and how its files end.
#[derive(Serialize, JsonSchema)]
struct Job {
    id: i64,
    command: String,
    options: Vec<String>,
    files: Vec<String>,
    state: &'static str,
    #[schemars(with = "Moment")]
    started_at: String,
    #[schemars(with = "Option<Moment>")]
    ended_at: Option<String>,
    /// Counts and yes or no; names of files and products are left out.
    counts: Option<Map<String, Value>>,
}

/// Which variables are set; what is in them is nobody's business.
fn environment() -> Vec<String> {
    let ours = |name: &String| {
        name.starts_with("WXSELL_")
            || [
                "LANG", "LC_ALL", "NO_COLOR", "COLUMNS", "PAGER", "TERM", "CI",
            ]
            .contains(&name.as_str())
            || name.to_ascii_lowercase().ends_with("_proxy")
    };
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(ours).collect();
    names.sort();
    names
}

fn state(ctx: &Ctx) -> Result<State> {
    let shop = ctx.profile()?.shop_key();
    let open = ctx.state()?.open_movements(&shop)?.len();
    let mut files = Map::new();
    for entry in std::fs::read_dir(&ctx.dirs.state)?.flatten() {
        if let Ok(about) = entry.metadata()
            && about.is_file()
        {
            let name = entry.file_name().to_string_lossy().into_owned();
            files.insert(name, about.len().into());
        }
    }
    let pruned = ctx.state()?.events_pruned(&ctx.profile()?.account_key())?;
    Ok(State {
        folder: ctx.dirs.state.display().to_string(),
        bytes: files,
        writes_with_unknown_outcome: open,
        events_removed_before: pruned.map(rfc3339),
    })
}

fn last_job(ctx: &Ctx) -> Result<Option<Job>> {
    let shop = ctx.profile()?.shop_key();
    let run = ctx.state()?.runs(&shop, 1)?.pop();
    Ok(run.map(job))
}

fn job(run: Run) -> Job {
    let arguments = Invocation::read(&run.options).map(|how| how.arguments);
    let options = arguments.unwrap_or_default().into_iter();
    let options = options.filter(|word| word.starts_with('-'));
    let options: Vec<String> = options
        .map(|word| word.split('=').next().unwrap_or_default().to_owned())
        .collect();
    let files: Vec<String> = serde_json::from_str(&run.files).unwrap_or_default();
    let endings: Vec<String> = files
        .iter()
        .map(|file| {
            let ending = Path::new(file).extension();
            ending.map_or_else(String::new, |ending| format!("*.{}", ending.display()))
        })
        .collect();
    let summary = run.summary.as_deref();
    let summary: Option<Map<String, Value>> =
        summary.and_then(|summary| serde_json::from_str(summary).ok());
    let counts = summary.map(|summary| {
        let counts = summary.into_iter();
        counts
            .filter(|(_, value)| value.is_number() || value.is_boolean())
            .collect::<Map<String, Value>>()
    });
    Job {
        id: run.id,
        command: run.command,
        options,
        files: endings,
        state: run.state.name(),
        started_at: rfc3339(run.started_at),
        ended_at: run.ended_at.map(rfc3339),
        counts,
    }
}

/// The last lines of a trace. It was written masked; it is masked again, because it may be of an older version or have been
/// edited.
fn calls(path: &Path, count: usize) -> Result<Vec<Value>> {
    let bytes = std::fs::read(path).map_err(|error| {
        Failure::input(text!(
            "cannot read {path}: {error}",
            path = path.display().to_string(),
            error = error.to_string()
        ))
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().skip(lines.len().saturating_sub(count));
    Ok(last
        .map(|line| match serde_json::from_str::<Value>(line) {
            Ok(mut call) => {
                mask(&mut call);
                clean(&mut call);
                call
            }
            // What cannot be read cannot be masked.
            Err(_) => {
                let unreadable = Unreadable {
                    unreadable_bytes: line.len(),
                };
                serde_json::to_value(unreadable).unwrap_or_default()
            }
        })
        .collect())
}

/// Words that name a secret and its value, wherever they stand.
fn clean(value: &mut Value) {
    match value {
        Value::String(text) => *text = mask_text(text),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(fields) => fields.values_mut().for_each(clean),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The name of a person often stands in the path of the home folder.
fn without_home(mut report: Value) -> Value {
    fn shorten(value: &mut Value, home: &str) {
        match value {
            Value::String(text) => *text = text.replace(home, "~"),
            Value::Array(items) => items.iter_mut().for_each(|item| shorten(item, home)),
            Value::Object(fields) => fields.values_mut().for_each(|item| shorten(item, home)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    if let Some(dirs) = directories::BaseDirs::new() {
        let home = dirs.home_dir().display().to_string();
        // `/` is the home of nobody in a bare container.
        if home.len() > 1 {
            shorten(&mut report, &home);
        }
    }
    report
}
