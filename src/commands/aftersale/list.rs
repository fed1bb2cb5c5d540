//! `wxsell aftersale list`: by time, state and type, or what runs out soon. WeChat lists numbers alone; each is read.

use super::words::{State, Type};
use super::{Limit, legacy, listed, shown};
use crate::cli::values::{When, duration, when};
use crate::commands::Ctx;
use crate::commands::fetched::Full;
use crate::model::aftersale::{self as states, Aftersale, Kind, STAGES};
use crate::shop::aftersale::Filter;
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use shown::Shown;
use std::collections::HashSet;
use std::time::Duration;

const DAY: i64 = 86_400;
/// How often lists by state are read while after-sales move between them.
const ROUNDS: u32 = 3;

/// List after-sales
///
/// Every line tells for whom it waits and how long, counted from its last change. With --due: what runs out soon, the
/// nearest first. With --legacy: reports about ordinary orders (fund_type 0) by the time of their last change.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only after-sales that run out within this time, e.g. 6h or 2d
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    due: Option<Duration>,
    /// Only after-sales that can still move
    #[arg(long, conflicts_with = "state")]
    open: bool,
    /// Only this state (can be repeated)
    #[arg(long = "status", alias = "state", value_enum)]
    state: Vec<State>,
    /// Only this type
    #[arg(long = "type", value_enum)]
    kind: Option<Type>,
    /// Opened since, e.g. 2022-04-01 or "2022-04-01 12:00:00", China time, or a time ago such as 24h
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub since: Option<When>,
    /// Opened until; a day means its end
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub until: Option<When>,
    /// Only this order, by your number
    #[arg(long, value_name = "NUMBER")]
    order: Option<String>,
    /// Only this buyer
    #[arg(long, value_name = "OPENID")]
    openid: Option<String>,
    #[command(flatten)]
    pub rows: Limit,
    #[command(flatten)]
    full: Full,
    /// List reports about ordinary orders instead
    #[arg(long, conflicts_with_all = ["due", "open", "state", "kind", "order", "openid"])]
    legacy: bool,
}

/// How many are read at a time.
const AT_ONCE: usize = 4;

pub async fn run(args: ListArgs, ctx: &Ctx) -> Result<()> {
    if args.legacy {
        return legacy::list(&args, ctx).await;
    }
    let rows = found(&args, ctx).await?;
    shown::rows(ctx, &rows)
}

/// One that cannot be read whole is shown wherever it might belong: nothing with a clock is left out.
async fn found(args: &ListArgs, ctx: &Ctx) -> Result<Vec<Shown>> {
    let ids = ids(args, ctx).await?;
    let enough = ctx.out.reads(args.rows.limit).unwrap_or(usize::MAX);
    let until = match args.due {
        Some(due) => Some(ctx.clock()? + i64::try_from(due.as_secs())?),
        None => None,
    };
    let wanted: Vec<states::State> = args.state.iter().map(|state| state.state()).collect();
    let fits = |row: &Shown| {
        let soon = until.is_none_or(|until| {
            let deadline = row.deadline.as_ref();
            row.unreadable || deadline.is_some_and(|deadline| deadline.at <= until)
        });
        // What was listed in a state may have left it meanwhile.
        let state = row.aftersale.state;
        let in_state = wanted.is_empty() || row.unreadable || wanted.contains(&state);
        let open = !args.open || state.is_open();
        let kind = args.kind.is_none_or(|kind| {
            row.aftersale.kind == kind.kind() || matches!(row.aftersale.kind, Kind::Unknown(0))
        });
        soon && in_state && open && kind
    };
    let mut found = stream::iter(ids)
        .map(|id| async move { listed(ctx, &id).await.map(|found| (id, found)) })
        .buffered(AT_ONCE);
    let mut rows = Vec::new();
    while let Some((id, mut found)) = found.try_next().await? {
        if found.value.id.is_empty() {
            found.value.id = id;
        }
        let row = Shown::new(ctx, found, args.full.full)?;
        if fits(&row) {
            rows.push(row);
        }
        // By time left the last one read may be the first to run out.
        if args.due.is_none() && rows.len() >= enough {
            break;
        }
    }
    if args.due.is_some() {
        rows.sort_by_key(|row| row.deadline.as_ref().map(|deadline| deadline.at));
        rows.truncate(enough);
    }
    Ok(rows)
}

/// All after-sales that were opened between the two times, in unix seconds; both belong to it.
pub async fn opened_between(ctx: &Ctx, since: i64, until: i64) -> Result<Vec<Aftersale>> {
    let filter = Filter {
        since: Some(since),
        until: Some(until),
        ..Filter::default()
    };
    let shop = ctx.shop().await?;
    let walked = shop.aftersale_ids(&filter, None).await?;
    ctx.note_unsure(walked.unsure);
    let mut found = stream::iter(walked.rows)
        .map(|id| async move { listed(ctx, &id).await })
        .buffered(AT_ONCE);
    let mut rows = Vec::new();
    while let Some(found) = found.try_next().await? {
        rows.push(found.value);
    }
    Ok(rows)
}

/// The numbers to be read, without those that cannot fit. The end is fixed before the first page. An after-sale that
/// moves from a list that is still to come into one that was read would be in neither, so that several lists are read
/// until a round finds nothing new.
async fn ids(args: &ListArgs, ctx: &Ctx) -> Result<Vec<String>> {
    // The platform's clock may be ahead of this machine's.
    let now = ctx.clock()?;
    let until = args.until.map_or(now + DAY, |until| until.last(now));
    let filter = Filter {
        state: None,
        since: args.since.map(|since| since.first(now)),
        until: Some(until),
        order: args.order.clone(),
        buyer: args.openid.clone(),
    };
    let shop = ctx.shop().await?;
    let states: Vec<states::State> = match (&args.state[..], args.due.is_some(), args.open) {
        ([], false, false) => {
            let most = ctx.out.reads(args.rows.limit);
            let most = most.filter(|_| args.kind.is_none());
            let walked = shop.aftersale_ids(&filter, most).await?;
            ctx.note_unsure(walked.unsure);
            return Ok(walked.rows);
        }
        ([], due, _) => STAGES
            .iter()
            .filter(|stage| {
                if due {
                    stage.limit.is_some()
                } else {
                    stage.state.is_open()
                }
            })
            .map(|stage| stage.state)
            .collect(),
        (states, _, _) => states.iter().map(|state| state.state()).collect(),
    };
    let mut ids: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    let rounds = if states.len() > 1 { ROUNDS } else { 1 };
    let mut new = 0;
    for round in 0..rounds {
        new = 0;
        for state in &states {
            let filter = Filter {
                state: Some(*state),
                ..filter.clone()
            };
            for id in shop.aftersale_ids(&filter, None).await?.rows {
                if seen.insert(id.clone()) {
                    ids.push(id);
                    new += 1;
                }
            }
        }
        if round > 0 && new == 0 {
            break;
        }
    }
    if rounds > 1 {
        ctx.note_unsure(new);
    }
    // WeChat's numbers rise with time.
    ids.sort_by_key(|id| id.parse::<u64>().unwrap_or(u64::MAX));
    Ok(ids)
}
