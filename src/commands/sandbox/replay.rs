//! `wxsell sandbox fault replay`: the sandbox gives the answers that a trace recorded, so that what happened elsewhere
//! happens here again.

use crate::fail::Failure;
use crate::sandbox::{Fault, FaultKind};
use crate::text;
use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Answer calls as a trace recorded
///
/// Each answer is given once, to the next call of its path, in the order of the trace; later calls are answered by the
/// sandbox as usual. A call that failed on the way loses its connection. Tokens are the sandbox's own, and what the
/// trace masks stays masked.
#[derive(Debug, clap::Args)]
pub struct ReplayArgs {
    /// File that --trace wrote
    #[arg(value_name = "TRACE", value_hint = clap::ValueHint::FilePath)]
    pub file: PathBuf,
}

/// A line of a trace.
#[derive(Deserialize)]
struct Recorded {
    path: String,
    #[serde(default)]
    answer: Value,
    #[serde(default)]
    error: Option<String>,
}

/// What stands in a trace for an answer that is no JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unread {
    #[expect(dead_code, reason = "tells such an answer from others")]
    bytes: u64,
}

/// What a trace makes of the next calls.
pub struct Replay {
    pub faults: Vec<Fault>,
    /// Answers that the trace does not hold.
    pub unread: usize,
}

/// Reads a trace.
///
/// # Errors
/// A file that cannot be read or is no trace, with its line.
pub fn read(file: &Path) -> Result<Replay> {
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::input(text!(
            "cannot read {file}: {why}",
            file = &shown,
            why = error.to_string()
        ))
    })?;
    let mut replay = Replay {
        faults: Vec::new(),
        unread: 0,
    };
    for (line, recorded) in (1u32..).zip(text.lines()) {
        if recorded.trim().is_empty() {
            continue;
        }
        let recorded: Recorded = serde_json::from_str(recorded).map_err(|_| {
            Failure::input(text!(
                "line {line} of {file} is not from a trace",
                line,
                file = &shown
            ))
            .hint(text!("`wxsell … --trace FILE` writes one"))
        })?;
        // A token of the recorded shop would open nothing here.
        if recorded.path.ends_with("token") {
            continue;
        }
        let kind = match recorded.error {
            Some(_) => FaultKind::Reset,
            None if recorded.answer.is_null() || Unread::deserialize(&recorded.answer).is_ok() => {
                replay.unread += 1;
                continue;
            }
            None => FaultKind::Reply {
                json: recorded.answer.to_string(),
            },
        };
        replay
            .faults
            .push(Fault::once(&recorded.path, kind).exact());
    }
    Ok(replay)
}
