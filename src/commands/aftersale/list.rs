//! `wxsell aftersale list`: by time, state and type, or what runs out soon. WeChat lists numbers alone; each is read.

use super::words::{State, Type};
use super::{Limit, legacy, view};
use crate::cli::values::{When, duration, when};
use crate::commands::Ctx;
use crate::commands::fetched::Full;
use crate::model::aftersale::{self as states, Kind};
use crate::shop::aftersale::Filter;
use crate::shop::aftersale::list::{AT_ONCE, Query, States};
use crate::shop::order::AHEAD;
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::time::Duration;
use view::Row;

/// List after-sales
///
/// Each row shows who it is waiting for and how long is left, counted from its last change. With --due: what falls due
/// soon, nearest first. With --legacy: reports about ordinary orders (fund_type 0) by the time of their last change.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only after-sales that fall due within this time, e.g. 6h or 2d
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    due: Option<Duration>,
    /// Only after-sales that are still open
    #[arg(long, conflicts_with = "state")]
    open: bool,
    /// Only this state (can be repeated)
    #[arg(long = "status", alias = "state", value_enum)]
    state: Vec<State>,
    /// Only this type
    #[arg(long = "type", value_enum)]
    kind: Option<Type>,
    /// Opened since, e.g. 2022-04-01 or "2022-04-01 12:00:00", China time, or how long ago, e.g. 24h
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub since: Option<When>,
    /// Opened until this time; a day means the end of that day
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

pub async fn run(args: ListArgs, ctx: &Ctx) -> Result<()> {
    if args.legacy {
        return legacy::list(&args, ctx).await;
    }
    view::check_columns(ctx)?;
    let rows = found(&args, ctx).await?;
    view::rows(ctx, &rows, args.rows.limit)
}

impl ListArgs {
    fn query(&self, ctx: &Ctx) -> Result<Query> {
        // The platform's clock may be ahead of this machine's.
        let now = ctx.clock()?;
        let until = self.until.map_or(now + AHEAD, |until| until.last(now));
        Ok(Query {
            filter: Filter {
                state: None,
                since: self.since.map(|since| since.first(now)),
                until: Some(until),
                order: self.order.clone(),
                buyer: self.openid.clone(),
            },
            states: match (&self.state[..], self.due.is_some(), self.open) {
                ([], false, false) => States::All,
                ([], true, _) => States::WithAClock,
                ([], false, true) => States::Open,
                (states, _, _) => States::These(states.iter().map(|state| state.state()).collect()),
            },
            // A type is told by no list, so that any number may have to be read.
            limit: ctx
                .out
                .rows_to_read(self.rows.limit)
                .filter(|_| self.kind.is_none()),
        })
    }
}

/// One that cannot be read whole is shown wherever it might belong: nothing with a clock is left out.
async fn found(args: &ListArgs, ctx: &Ctx) -> Result<Vec<Row>> {
    let shop = ctx.shop().await?;
    let ids = shop.aftersale_numbers(&args.query(ctx)?).await?;
    let enough = ctx.out.rows_to_read(args.rows.limit).unwrap_or(usize::MAX);
    let until = match args.due {
        Some(due) => Some(ctx.clock()? + i64::try_from(due.as_secs())?),
        None => None,
    };
    let wanted: Vec<states::State> = args.state.iter().map(|state| state.state()).collect();
    let fits = |row: &Row| {
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
        .map(|id| async move {
            let found = shop.aftersale_listed(&id).await;
            found.map(|found| (id, found))
        })
        .buffered(AT_ONCE);
    let mut rows = Vec::new();
    while let Some((id, mut found)) = found.try_next().await? {
        if found.value.id.is_empty() {
            found.value.id = id;
        }
        let row = Row::new(ctx, found, args.full.full)?;
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
