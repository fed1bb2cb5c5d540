//! What bulk commands of every noun share.

use super::Ctx;
use crate::fail::{Failure, Kind};
use crate::output::Cell;
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

/// What to do while another job works for the same shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Busy {
    /// Wait until the other job ends
    #[default]
    Wait,
    /// End at once with exit code 5
    Exit,
}

/// One job at a time works for a shop, over all processes of this machine.
pub async fn one_job(ctx: &Ctx, shop_key: &str, busy: Busy) -> Result<crate::state::LockGuard> {
    one_at_a_time(ctx, format!("job-{shop_key}"), busy).await
}

/// As [`one_job`], under a name of its own: for jobs that need not wait for those of another kind.
pub async fn one_at_a_time(ctx: &Ctx, name: String, busy: Busy) -> Result<crate::state::LockGuard> {
    // The journal of the job marks what is sent.
    if !ctx.global.dry_run {
        ctx.shop().await?.client.in_bulk()?;
    }
    let state = ctx.state()?;
    if let Some(guard) = state.try_lock(&name)? {
        return Ok(guard);
    }
    if busy == Busy::Exit {
        return Err(Failure::limited(text!("another job works for this shop"))
            .hint(text!("wait for it, or use --busy wait"))
            .into());
    }
    ctx.out
        .note(text!("waiting for another job that works for this shop"));
    let state = state.clone();
    tokio::task::spawn_blocking(move || state.lock(&name))
        .await
        .map_err(|error| {
            Failure::bug(text!(
                "waiting for a lock failed: {error}",
                error = error.to_string()
            ))
        })?
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
