//! What bulk commands of every noun share.

use crate::fail::{Failure, Kind};
use crate::output::Cell;
pub use crate::shop::job::Busy;
use crate::text;
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// How a job was started, so that it can be started again: by its kind and its settings. Version 0.1 kept the words of
/// its command line alone.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Invocation {
    /// The working folder, which file names are relative to.
    pub folder: std::path::PathBuf,
    /// What was typed; to be shown.
    pub arguments: Vec<String>,
    /// `goods upload`; empty for a job of 0.1.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The options of that command as they were understood.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub settings: serde_json::Value,
}

impl Invocation {
    /// How this process was started.
    pub fn of_this_process(kind: &str, settings: &impl Serialize) -> Result<Invocation> {
        Ok(Invocation {
            folder: std::env::current_dir().unwrap_or_default(),
            arguments: std::env::args_os()
                .skip(1)
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
            kind: kind.to_owned(),
            settings: serde_json::to_value(settings)?,
        })
    }

    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn read(text: &str) -> Option<Invocation> {
        serde_json::from_str(text).ok()
    }
}

/// How a job ended: `done`, `partial` or `stopped`.
pub fn status(status: &str) -> Cell {
    Cell::Word(match status {
        "done" => text!("done"),
        "partial" => text!("partial"),
        _ => text!("stopped"),
    })
}

/// How one item of it ended: `done`, `partial`, `refused`, `unclear`, `held` or `not_sent`.
pub fn state(state: &str) -> Cell {
    Cell::Word(match state {
        "done" => text!("done"),
        "refused" => text!("refused"),
        "unclear" => text!("unclear"),
        "held" => text!("held back"),
        "partial" => text!("partly done"),
        _ => text!("not sent"),
    })
}

/// Some of several people were not done; which, is shown already.
pub fn people_failed(failed: usize, all: usize) -> Failure {
    let message = text!("{failed} of {all} people failed", failed, all);
    Failure {
        shown: true,
        ..Failure::new(Kind::Partial, message)
    }
}
