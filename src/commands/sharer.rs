//! `wxsell sharer`: people who share live rooms and product cards of this Mini Program and get credited for it.

use super::ask::{Rows, request};
use super::{Ctx, job};
use crate::api::json::take;
use crate::api::operation::present;
use crate::commands::shows::Shows;
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::shop::pass_through::empty;
use crate::shop::pass_through::sharer::{BIND, LIST, LIVES, MODE, ORDERS, SEARCH, SUMMARY, UNBIND};
use crate::shop::pass_through::sharer::{OPENID, REASON};
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;

/// Invite sharers and see what they sell
///
/// A sharer (分享员) shares live rooms and product cards and is credited with the orders that follow. Not to be confused
/// with promoters, who sell from their own Channels account: see `wxsell promoter`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Search(SearchArgs),
    Bind(BindArgs),
    Unbind(UnbindArgs),
    List(ListArgs),
    Summary(SummaryArgs),
    Lives(LivesArgs),
    Orders(OrdersArgs),
    Mode(ModeArgs),
}

/// Show the status of a person: bound, refused, invited, or invitation expired
#[derive(Debug, clap::Args, Serialize)]
pub struct SearchArgs {
    /// The person
    openid: String,
}

/// Invite people to become sharers
///
/// Each person gets a message and is bound only after accepting: success means invited, not bound. Check with `wxsell
/// sharer search`. Limits: 10,000 sharers in total; a person can be invited 3 times a day, 10 minutes apart.
#[derive(Debug, clap::Args, Serialize)]
pub struct BindArgs {
    /// People to invite
    #[arg(required = true)]
    openids: Vec<String>,
}

/// Release sharers
///
/// WeChat may refuse until the minimum binding time is over.
#[derive(Debug, clap::Args, Serialize)]
pub struct UnbindArgs {
    /// People to unbind
    #[arg(required = true)]
    openids: Vec<String>,
}

/// List the sharers that are bound
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    rows: Rows,
}

/// Show the total sales of a sharer
///
/// A merchant has reported that cancelled orders are counted too: do not settle accounts by these figures.
#[derive(Debug, clap::Args, Serialize)]
pub struct SummaryArgs {
    /// The sharer
    openid: String,
}

/// List the sales of a sharer by live room
#[derive(Debug, clap::Args, Serialize)]
pub struct LivesArgs {
    /// The sharer
    openid: String,
    #[command(flatten)]
    #[serde(skip)]
    rows: Rows,
}

/// List the orders that one sharer brought in a live room
#[derive(Debug, clap::Args, Serialize)]
pub struct OrdersArgs {
    /// The sharer
    openid: String,
    /// Id of the live room, from `wxsell sharer lives`
    #[arg(long, value_name = "LIVE_EXPORT_ID")]
    live: String,
    #[command(flatten)]
    #[serde(skip)]
    rows: Rows,
}

/// Set the sharing mode of the Mini Program
///
/// What the numbers mean is not documented.
#[derive(Debug, clap::Args, Serialize)]
pub struct ModeArgs {
    /// Number of the mode
    share_mode: u32,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::list::<Outcome>("sharer bind"),
    Shows::list::<Outcome>("sharer unbind"),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Search(args) => ctx.ask(&SEARCH, &args).await,
        Verb::Bind(args) => bind(args, ctx).await,
        Verb::Unbind(args) => unbind(args, ctx).await,
        Verb::List(args) => ctx.ask_rows(&LIST, &(), args.rows).await,
        Verb::Summary(args) => ctx.ask(&SUMMARY, &args).await,
        Verb::Lives(args) => ctx.ask_rows(&LIVES, &args, args.rows).await,
        Verb::Orders(args) => ctx.ask_rows(&ORDERS, &args, args.rows).await,
        Verb::Mode(args) => ctx.ask(&MODE, &args).await,
    }
}

/// What became of one person.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Outcome {
    openid: String,
    result: &'static str,
    /// WeChat's number, where it gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_code: Option<i64>,
    #[serde(skip)]
    reason: Option<Text>,
    again: bool,
}

impl Record for Outcome {
    const COLUMNS: &'static [Column<Outcome>] = &[
        Column::new("openid", "OPENID", |row| Cell::Id(row.openid.clone())),
        Column::new("result", "RESULT", |row| {
            Cell::Word(match row.result {
                "invited" => text!("invited"),
                "released" => text!("released"),
                "failed" => text!("failed"),
                _ => text!("refused"),
            })
        }),
        Column::new("reason", "REASON", |row| {
            row.reason.clone().map_or(Cell::Empty, Cell::Word)
        }),
        Column::new("again", "TRY AGAIN", |row| {
            Cell::Word(if row.again { text!("yes") } else { text!("no") })
        }),
    ];
}

async fn bind(args: BindArgs, ctx: &Ctx) -> Result<()> {
    let body = request(&BIND, &args, empty())?;
    ctx.out.check_columns::<Outcome>()?;
    let Some(reply) = ctx.send(&BIND, &body).await? else {
        return Ok(());
    };
    let mut outcomes = outcomes(&args.openids, &reply, "invited");
    let (book, operation) = BIND.operation();
    let results = take(&mut present(book, &operation.reply, reply), "result_list");
    for result in results.as_array().into_iter().flatten() {
        let outcome = outcomes
            .iter_mut()
            .find(|outcome| OPENID.is(result, &outcome.openid));
        if let (Some(outcome), Some(code)) = (outcome, REASON.integer(result)) {
            outcome.reason_code = Some(code);
            outcome.reason = (code != 0).then(|| reason(code));
        }
    }
    if outcomes.iter().any(|outcome| outcome.result == "invited") {
        ctx.out.note(text!(
            "invited; takes effect once they accept; see `wxsell sharer search`"
        ));
    }
    show_outcomes(&outcomes, ctx)
}

/// Why an invitation did not go out.
fn reason(code: i64) -> Text {
    match code {
        100 => text!("WeChat is busy; try again"),
        200 => text!("there are already 10,000 sharers, which is the limit"),
        201 => text!("the openid is wrong"),
        202 => text!("is already a sharer"),
        203 => text!("does not want to be invited again"),
        204 => text!("invited too often: at most 3 times a day, 10 minutes apart"),
        other => text!("reason {code}", code = other),
    }
}

async fn unbind(args: UnbindArgs, ctx: &Ctx) -> Result<()> {
    let body = request(&UNBIND, &args, empty())?;
    ctx.out.check_columns::<Outcome>()?;
    let Some(reply) = ctx.send(&UNBIND, &body).await? else {
        return Ok(());
    };
    let mut outcomes = outcomes(&args.openids, &reply, "released");
    for outcome in &mut outcomes {
        outcome.reason = match outcome.result {
            "refused" => Some(text!("not a sharer, or bound too recently to be released")),
            _ => None,
        };
    }
    show_outcomes(&outcomes, ctx)
}

/// Each person by the list of the answer that names it; who is in none of them failed.
fn outcomes(openids: &[String], reply: &Value, done: &'static str) -> Vec<Outcome> {
    let lists = |name: &str, openid: &str| {
        let list = reply[name].as_array().into_iter().flatten();
        list.clone().any(|listed| listed == openid)
    };
    let outcome = |openid: &String| {
        let result = match openid.as_str() {
            openid if lists("success_list", openid) => done,
            openid if lists("refuse_list", openid) => "refused",
            _ => "failed",
        };
        Outcome {
            openid: openid.clone(),
            result,
            reason_code: None,
            reason: None,
            again: result == "failed",
        }
    };
    openids.iter().map(outcome).collect()
}

/// The list, and exit code 6 where somebody failed.
fn show_outcomes(outcomes: &[Outcome], ctx: &Ctx) -> Result<()> {
    ctx.out.list(outcomes)?;
    let failed = outcomes
        .iter()
        .filter(|outcome| matches!(outcome.result, "failed" | "refused"))
        .count();
    if failed == 0 {
        return Ok(());
    }
    Err(job::people_failed(failed, outcomes.len()).into())
}
