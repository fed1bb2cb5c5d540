//! `wxsell run prune`: what is old is named, and then forgotten.

use crate::cli::values::duration;
use crate::commands::Ctx;
use crate::fail::Failure;
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::state::prune::{Kind, Older, Prunable};
use crate::text;
use crate::types::{now, rfc3339};
use anyhow::Result;
use serde::Serialize;
use std::time::Duration;

/// Remove old jobs and events of this shop from this machine
///
/// What would be removed is listed first and has to be confirmed; --dry-run stops there. Nothing at WeChat changes.
///
/// Kept whatever their age: jobs that are under way or were interrupted, jobs with an item whose outcome is unknown, the
/// newest job, events that wait to be forwarded, what was sent of each product and parcel, everything about money, and
/// the log of writes. `wxsell event verify` looks no further back than the events that were kept.
#[derive(Debug, clap::Args)]
pub struct PruneArgs {
    /// Remove finished jobs older than this, at least 1d
    #[arg(long, value_name = "DURATION", value_parser = age, default_value = "180d")]
    older_than: Duration,
    /// Remove events older than this, at least 1d
    #[arg(long, value_name = "DURATION", value_parser = age, default_value = "90d")]
    events_older_than: Duration,
}

/// WeChat repeats events for hours, and each is to be known again.
fn age(text: &str) -> std::result::Result<Duration, Text> {
    let age = duration(text)?;
    if age < Duration::from_secs(86_400) {
        Err(text!("must be at least 1d"))
    } else {
        Ok(age)
    }
}

/// What would be forgotten, or was.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct PruneRow {
    /// `runs`, `failures`, `events`, `refused_pushes` or `answers`.
    what: &'static str,
    count: u64,
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    oldest: Option<String>,
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    newest: Option<String>,
    #[serde(skip)]
    kind: Kind,
}

impl Record for PruneRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("what", "WHAT", |row| {
            Cell::Word(match row.kind {
                Kind::Runs => text!("finished jobs"),
                Kind::Failures => text!("what failed in them"),
                Kind::Events => text!("events"),
                Kind::Refusals => text!("counts of refused pushes"),
                Kind::Answers => text!("cached answers of WeChat"),
            })
        }),
        Column::new("count", "COUNT", |row| Cell::count(row.count)),
        Column::new("oldest", "OLDEST", |row| {
            row.oldest.clone().map_or(Cell::Empty, Cell::Time)
        }),
        Column::new("newest", "NEWEST", |row| {
            row.newest.clone().map_or(Cell::Empty, Cell::Time)
        }),
    ];
}

pub fn run(args: &PruneArgs, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<PruneRow>()?;
    let profile = ctx.profile()?;
    let (shop, account) = (profile.shop_key(), profile.account_key());
    let now = now();
    let ago = |age: Duration| now.saturating_sub(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
    let older = Older {
        shop: &shop,
        account: &account,
        runs: ago(args.older_than),
        events: ago(args.events_older_than),
    };
    let state = ctx.state()?;
    let plan = state.prunable(older)?;
    let row = |found: &Prunable| PruneRow {
        what: found.kind.name(),
        count: found.count,
        oldest: found.oldest.map(rfc3339),
        newest: found.newest.map(rfc3339),
        kind: found.kind,
    };
    let rows: Vec<PruneRow> = plan
        .iter()
        .filter(|found| found.count > 0)
        .map(row)
        .collect();
    let out = ctx.out.with_nothing(text!("there is nothing that old"));
    out.list(&rows)?;
    if rows.is_empty() {
        return Ok(());
    }
    if ctx.global.dry_run {
        ctx.out.note(text!("a dry run: nothing was removed"));
        return Ok(());
    }
    state.may_be_written()?;
    let question = text!(
        "Remove these {count} records of {name} from this machine?",
        count = rows.iter().map(|row| row.count).sum::<u64>(),
        name = profile.label()
    );
    if !ctx.out.confirm(question)? {
        return Err(Failure::input(text!("not confirmed; nothing was changed")).into());
    }
    let gone = state.prune(older)?;
    ctx.out.note(text!(
        "removed {count} records",
        count = gone.iter().map(|gone| gone.count).sum::<u64>()
    ));
    if !state.compact() {
        ctx.out.note(text!(
            "wxsell.db keeps its size for now, because another program is using it; the space will be reused"
        ));
    }
    Ok(())
}
