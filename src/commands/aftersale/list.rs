//! `wxsell aftersale list`: by time, state and type, or what runs out soon. WeChat lists numbers alone; each is read.

use super::words::{State, Type};
use super::{Limit, SHOW, legacy, shown};
use crate::api::component::aftersale::{STAGES, is_open};
use crate::commands::Ctx;
use crate::commands::ask::{Ask, request};
use crate::commands::order::list::{last_moment, moment};
use crate::types::ChinaTime;
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use shown::Shown;
use std::time::Duration;

/// List after-sales
///
/// Every line tells for whom it waits and how long, counted from its last change. With --due: what runs out soon, the
/// nearest first. With --legacy: reports about ordinary orders (fund_type 0) by the time of their last change.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only after-sales that run out within this time, e.g. 6h or 2d
    #[arg(long, value_name = "DURATION", value_parser = crate::commands::sandbox::duration)]
    due: Option<Duration>,
    /// Only after-sales that can still move
    #[arg(long, conflicts_with = "state")]
    open: bool,
    /// Only this state (can be repeated)
    #[arg(long, value_enum)]
    state: Vec<State>,
    /// Only this type
    #[arg(long = "type", value_enum)]
    kind: Option<Type>,
    /// Opened since, e.g. 2022-04-01 or "2022-04-01 12:00:00", China time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub since: Option<ChinaTime>,
    /// Opened until; a day means its end
    #[arg(long, value_name = "TIME", value_parser = last_moment)]
    pub until: Option<ChinaTime>,
    /// Only this order, by your number
    #[arg(long, value_name = "NUMBER")]
    order: Option<String>,
    /// Only this buyer
    #[arg(long, value_name = "OPENID")]
    openid: Option<String>,
    #[command(flatten)]
    pub rows: Limit,
    /// List reports about ordinary orders instead
    #[arg(long, conflicts_with_all = ["due", "open", "state", "kind", "order", "openid"])]
    legacy: bool,
}

pub const LIST: Ask =
    Ask::new("aftersale list", "/shop/ecaftersale/get_list").shows("after_sales_orders", &[]);

/// How many are read at a time.
const AT_ONCE: usize = 4;

pub async fn run(args: ListArgs, ctx: &Ctx) -> Result<()> {
    if args.legacy {
        return legacy::list(&args, ctx).await;
    }
    let rows = found(&args, ctx).await?;
    shown::rows(ctx, &rows)
}

async fn found(args: &ListArgs, ctx: &Ctx) -> Result<Vec<Shown>> {
    let numbers = numbers(args, ctx).await?;
    let enough = args.rows.limit.unwrap_or(usize::MAX);
    let until = match args.due {
        Some(due) => Some(ctx.clock()? + i64::try_from(due.as_secs())?),
        None => None,
    };
    let fits = |row: &Shown| {
        let soon = until.is_none_or(|until| {
            row.deadline
                .as_ref()
                .is_some_and(|deadline| deadline.at <= until)
        });
        soon && args.kind.is_none_or(|kind| row.case.kind == kind.code())
    };
    let mut told = stream::iter(numbers)
        .map(|number| one(ctx, number))
        .buffered(AT_ONCE);
    let mut rows = Vec::new();
    while let Some(told) = told.try_next().await? {
        let row = Shown::new(ctx, told)?;
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

pub async fn one(ctx: &Ctx, number: Value) -> Result<Value> {
    let body = request(&SHOW, &json!({"aftersale_id": number}), json!({}))?;
    let reply = ctx.send(&SHOW, &body).await?;
    Ok(reply.unwrap_or_default()["after_sales_order"].take())
}

/// The numbers to be read, without those that cannot fit.
async fn numbers(args: &ListArgs, ctx: &Ctx) -> Result<Vec<Value>> {
    let millis = |time: &Option<ChinaTime>| Some(time.as_ref()?.unix()? * 1000);
    let asked = |state: Option<i64>| {
        json!({
            "status": state, "begin_create_time": millis(&args.since), "end_create_time": millis(&args.until),
            "out_order_id": args.order, "openid": args.openid,
        })
    };
    let states: Vec<i64> = match (&args.state[..], args.due.is_some(), args.open) {
        ([], false, false) => return ctx.rows(&LIST, &asked(None), None).await,
        ([], due, _) => STAGES
            .iter()
            .filter(|stage| {
                if due {
                    stage.limit.is_some()
                } else {
                    is_open(stage.state)
                }
            })
            .map(|stage| stage.state)
            .collect(),
        (states, _, _) => states.iter().map(|state| state.code()).collect(),
    };
    let mut numbers = Vec::new();
    for state in states {
        numbers.extend(ctx.rows(&LIST, &asked(Some(state)), None).await?);
    }
    // WeChat's numbers rise with time.
    numbers.sort_by_key(Value::as_u64);
    numbers.dedup();
    Ok(numbers)
}
