//! `wxsell aftersale auto`: after-sales answered by a policy.

use crate::commands::Ctx;
use crate::commands::job::Busy;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::model::deadline::left;
use crate::output::{Cell, Column, Record};
use crate::shop::aftersale::auto::report::{ACCEPT, Row, Stand};
use crate::shop::aftersale::auto::{example, policy};
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Answer refunds and returns by the rules of a policy
///
/// Every rule that accepts has its own ceiling, and all of them together have a daily one, counted over all runs on
/// this machine, including refunds whose answer was lost. Whatever matches no rule or exceeds a ceiling waits for you,
/// and so do returned goods: somebody has to inspect them.
///
/// --dry-run shows the same rows and sends nothing. Run it by hand, or from cron with --yes. WeChat automatically
/// accepts what nobody answers within 48 hours; `wxsell due` lists what falls due.
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct AutoArgs {
    /// The policy, a TOML file; --example prints one
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, required_unless_present = "example")]
    policy: Option<PathBuf>,
    /// Print an example policy that shows every setting
    #[arg(long, conflicts_with = "policy")]
    example: bool,
    /// What to do if another run is answering after-sales of the same shop
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    busy: Busy,
}

pub async fn run(args: AutoArgs, ctx: &Ctx) -> Result<()> {
    let Some(file) = args.policy else {
        return ctx.out.raw(example(ctx.out.lang).as_bytes());
    };
    let policy = policy(&file)?;
    ctx.out.check_columns::<Row>()?;
    let shop = ctx.shop().await?;
    let dry_run = ctx.global.dry_run;
    let _alone = if dry_run {
        None
    } else {
        Some(shop.alone_with_aftersales(args.busy).await?)
    };
    let mut answers = shop.plan_answers(&policy).await?;
    if dry_run {
        ctx.out.list(&answers.rows)?;
        tell(ctx, &answers.rows, answers.spent()?, policy.per_day);
        ctx.out.note(text!("nothing was sent"));
        return ending(&answers.rows);
    }
    ctx.before_write(answers.question()).await?;
    let file = file.display().to_string();
    let stopped = answers.carry_out(&file, &ctx.job()).await?;
    ctx.out.list(&answers.rows)?;
    tell(ctx, &answers.rows, answers.spent()?, policy.per_day);
    match stopped {
        Some(error) => Err(error),
        None => ending(&answers.rows),
    }
}

impl Record for Row {
    const COLUMNS: &'static [Column<Row>] = &[
        Column::new("number", "AFTER-SALE", |row| Cell::Id(row.number.clone())),
        Column::new("order", "ORDER", |row| Cell::Id(row.order.clone())),
        Column::new("type", "TYPE", |row| match row.kind {
            None => Cell::Empty,
            Some(kind) => Cell::Word(kind.words()),
        }),
        Column::new("amount", "YUAN", |row| {
            row.amount.map_or(Cell::Empty, Cell::Money)
        }),
        Column::new("rule", "RULE", |row| {
            row.rule.clone().map_or(Cell::Empty, Cell::Text)
        }),
        Column::new("state", "RESULT", |row| Cell::Word(words(row))),
        Column::new("seconds_left", "TIME LEFT", |row| match row.runs_out() {
            Some(deadline) => Cell::Word(deadline.left(row.now)),
            None => Cell::Empty,
        }),
        Column::new("why", "WHY", |row| Cell::Sentence(row.why.clone())),
    ];
}

fn words(row: &Row) -> Text {
    match (row.state, row.action) {
        (Stand::Planned, ACCEPT) => text!("would accept"),
        (Stand::Planned, _) => text!("would reject"),
        (Stand::Done, ACCEPT) => text!("accepted it"),
        (Stand::Done, _) => text!("rejected it"),
        (Stand::Waiting, _) => text!("waits for you"),
        (Stand::Refused, _) => text!("went wrong"),
        (Stand::Unclear, _) => text!("unclear"),
        (Stand::NotSent, _) => text!("not sent"),
    }
}

/// What it comes to, on stderr.
fn tell(ctx: &Ctx, rows: &[Row], spent: Fen, most: Fen) {
    if most.0 > 0 {
        ctx.out.note(text!(
            "accepted today, by all runs: {spent} of {most} yuan",
            spent = spent.to_yuan(),
            most = most.to_yuan()
        ));
    }
    let waiting = rows.iter().filter(|row| row.state == Stand::Waiting);
    let soonest = waiting
        .clone()
        .filter_map(|row| Some(row.runs_out()?.at - row.now))
        .min();
    if let Some(soonest) = soonest {
        ctx.out.note(text!(
            "waiting for you: {count}; the first is due in {time}, after which WeChat decides",
            count = waiting.count(),
            time = left(soonest)
        ));
    }
}

/// The exit code: what waits for a person has not failed.
fn ending(rows: &[Row]) -> Result<()> {
    let failed = rows.iter().filter(|row| row.failed()).count();
    if failed == 0 {
        return Ok(());
    }
    Err(Failure {
        shown: true,
        ..Failure::new(
            Kind::Partial,
            text!(
                "{failed} of {all} after-sales could not be answered",
                failed,
                all = rows.len()
            ),
        )
    }
    .hint(text!(
        "run the same command again: nothing is accepted twice"
    ))
    .into())
}
