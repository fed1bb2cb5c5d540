//! `wxsell log`: every write this program made on this machine, and the proof that none was changed.

use super::Ctx;
use crate::cli::values::{When, when};
use crate::commands::shows::Shows;
use crate::fail::{Failure, Kind};
use crate::output::{Cell, Column, Record};
use crate::state::log::{self, Checked, End, Entry};
use crate::text;
use crate::types::{now, rfc3339};
use anyhow::Result;
use clap::Subcommand;

/// Show and verify the log of all writes
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(ListArgs),
    Verify(VerifyArgs),
}

/// List writes, the newest last
///
/// A write is one call that changes something: who made it, for which shop, about what, and how it ended.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only since this time, e.g. 2022-04-01, or how long ago, e.g. 24h
    #[arg(long, value_name = "TIME", value_parser = when)]
    since: Option<When>,
    /// Maximum number of results
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

/// Verify that the log is complete and unchanged
///
/// Every entry carries a seal over all entries before it, and the state file records how far the log has come. Changed
/// or missing entries, a cut-off end and an emptied or replaced log are detected, and writes without a result are
/// listed. Whoever can write to both files can make them agree; only a seal that was noted elsewhere proves more.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// Seal that an earlier verification printed
    #[arg(long, value_name = "SEAL")]
    seal: Option<String>,
}

impl Record for Entry {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("seq", "NO.", |row| Cell::Number(row.seq)),
        Column::new("at", "TIME", |row| Cell::Time(rfc3339(row.at))),
        Column::new("who", "WHO", |row| Cell::Text(row.who.clone())),
        Column::new("profile", "PROFILE", |row| Cell::Id(row.profile.clone())),
        Column::new("path", "CALL", |row| Cell::Text(row.path.clone())),
        Column::new("subject", "ABOUT", |row| Cell::Id(about(&row.subject))),
        Column::new("result", "RESULT", |row| match row.result.as_str() {
            "done" => Cell::Word(text!("done")),
            "not sent" => Cell::Word(text!("not sent")),
            "unclear" => Cell::Word(text!("unclear")),
            "no result" => Cell::Word(text!("no result")),
            "shown" => Cell::Word(text!("shown")),
            // With the errcode.
            other => Cell::Text(other.to_owned()),
        }),
    ];
}

/// The number that a write is about, without the name of its field: who bought is beside an order of no use.
fn about(subject: &str) -> String {
    let best = subject.split(' ').next().unwrap_or_default();
    match best.split_once('=') {
        Some(("force_refresh", _)) => best.to_owned(),
        Some((_, number)) => number.to_owned(),
        None => best.to_owned(),
    }
}

impl Record for Checked {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("entries", "ENTRIES", |checked| {
            Cell::Number(checked.entries)
        }),
        Column::new("broken_at", "BROKEN AT", |checked| {
            checked.broken_at.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("end", "END", |checked| {
            Cell::Word(match checked.end {
                End::Whole => text!("whole"),
                End::Cut => text!("cut off"),
                End::Other => text!("another log"),
                End::Unknown => text!("unknown"),
            })
        }),
        Column::new("without_result", "WITHOUT RESULT", |checked| {
            Cell::List(checked.without_result.iter().map(i64::to_string).collect())
        }),
        Column::new("seal", "SEAL", |checked| Cell::Text(checked.seal.clone())),
    ];
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::list::<Entry>("log list"),
    Shows::one::<Checked>("log verify"),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::List(args) => {
            let since = args.since.map_or(0, |since| since.first(now()));
            ctx.out
                .with_nothing(text!("no writes yet"))
                .list(&log::entries(&ctx.dirs.state, since, args.limit)?)
        }
        Verb::Verify(args) => verify(&args, ctx),
    }
}

fn verify(args: &VerifyArgs, ctx: &Ctx) -> Result<()> {
    let checked = log::verify(&ctx.dirs.state, args.seal.as_deref())?;
    ctx.out.show(&checked)?;
    if !checked.without_result.is_empty() {
        let entries: Vec<String> = checked.without_result.iter().map(i64::to_string).collect();
        ctx.out.warn(text!(
            "writes without a result, because the program ended before there was one: {entries}",
            entries = entries.join(", ")
        ));
    }
    let wrong = match (&checked.broken_at, checked.end, checked.noted_seal_found) {
        (Some(seq), ..) => text!(
            "entry {seq} of the log was changed, or one before it is gone",
            seq
        ),
        (None, End::Cut, _) => {
            text!("entries that the state file knows of are gone from the end of the log")
        }
        (None, End::Other, _) => {
            text!("the log is not the one that the state file knows: it was emptied or replaced")
        }
        (None, _, Some(false)) => {
            text!("the given seal is not in the log: entries were cut off")
        }
        (None, _, found) => {
            ctx.out.note(match found {
                Some(_) => text!("OK: nothing was changed or removed up to the given seal, nor after it as far as the state file knows"),
                None => text!("OK: nothing was changed, as far as the log and the state file beside it know; whoever can write to both can make them agree, and only a seal that was noted elsewhere proves more"),
            });
            return Ok(());
        }
    };
    Err(Failure::new(Kind::Refused, wrong)
        .hint(text!(
            "entries after that one prove nothing; compare with a copy of log.db"
        ))
        .into())
}
