//! `wxsell run`: what bulk commands did.

mod page;
mod prune;

use super::html::Html;
use super::job::Invocation;
use super::{Ctx, aftersale, delivery, goods};
use crate::commands::shows::Shows;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::shop::job;
use crate::shop::write::{Settled, Sort};
use crate::state::State;
use crate::state::money::{Movement, Stand};
use crate::state::runs::{ItemState, OpenItem, Run, RunState};
use crate::text;
use crate::types::{Fen, plain_time, rfc3339};
use anyhow::Result;
use clap::{Parser, Subcommand};
use serde::{Deserialize, Serialize};

/// Inspect and resume bulk jobs
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(ListArgs),
    /// Show the result of a bulk job
    Show(ShowArgs),
    /// Resume a bulk job where it stopped
    Resume(IdArgs),
    /// List what failed in a bulk job
    Failed(IdArgs),
    /// Settle writes with an unknown outcome
    ///
    /// Asks WeChat about every withdrawal, refund and other write that may be made only once and is still open here.
    /// Nothing is sent again. Exits with 9 while any outcome is unknown.
    ///
    /// A few writes, such as a message to promoters, cannot be looked up at WeChat afterwards. For those, say what you
    /// found, by their number in the list.
    Settle(SettleArgs),
    Prune(prune::PruneArgs),
}

#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    #[command(flatten)]
    which: IdArgs,
    #[command(flatten)]
    html: Html,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub struct SettleArgs {
    /// Record that this write was made
    #[arg(long, value_name = "NUMBER")]
    made: Option<i64>,
    /// Record that this write was not made, so that the same command makes it
    #[arg(long, value_name = "NUMBER")]
    not_made: Option<i64>,
}

/// List the bulk jobs of this shop, newest first
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Maximum number of results
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

// Without words of its own, so that each verb has its.
#[derive(Debug, clap::Args)]
pub struct IdArgs {
    /// Number of the job (default: the newest)
    id: Option<i64>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct RunRow {
    id: i64,
    command: String,
    /// `open` (under way), `interrupted` (killed), `done`, `partial` or `stopped`.
    state: &'static str,
    #[schemars(with = "crate::types::shape::Moment")]
    started_at: String,
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    ended_at: Option<String>,
    files: Vec<String>,
    arguments: Vec<String>,
    /// The job's own summary, once it ended.
    summary: serde_json::Value,
}

impl From<Run> for RunRow {
    fn from(run: Run) -> RunRow {
        RunRow {
            id: run.id,
            command: run.command,
            state: run.state.name(),
            started_at: rfc3339(run.started_at),
            ended_at: run.ended_at.map(rfc3339),
            files: serde_json::from_str(&run.files).unwrap_or_default(),
            arguments: Invocation::read(&run.options)
                .map(|invocation| invocation.arguments)
                .unwrap_or_default(),
            summary: run
                .summary
                .and_then(|summary| serde_json::from_str(&summary).ok())
                .unwrap_or_default(),
        }
    }
}

impl RunRow {
    /// The row of a run; one that was killed is told from one that goes on.
    fn of(run: Run, state: &State) -> Result<RunRow> {
        let was_killed = run.state == RunState::Open && !job::is_under_way(state, &run)?;
        let mut row = RunRow::from(run);
        if was_killed {
            row.state = "interrupted";
        }
        Ok(row)
    }

    fn count(&self, names: &[&str]) -> Cell {
        if self.summary.is_null() {
            Cell::Empty
        } else {
            Cell::Number(
                names
                    .iter()
                    .filter_map(|name| self.summary[name].as_i64())
                    .sum(),
            )
        }
    }
}

impl Record for RunRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("id", "RUN", |r| Cell::Number(r.id)),
        Column::new("command", "COMMAND", |r| Cell::Id(r.command.clone())),
        Column::new("state", "STATE", |r| {
            Cell::Word(match r.state {
                "done" => text!("done"),
                "partial" => text!("partial"),
                "stopped" => text!("stopped"),
                "interrupted" => text!("interrupted"),
                _ => text!("under way"),
            })
        }),
        Column::new("started_at", "STARTED", |r| {
            Cell::Time(r.started_at.clone())
        }),
        Column::new("done", "DONE", |r| {
            r.count(&[
                "added",
                "confirmed",
                "updated",
                "updated_free",
                "submitted",
                "shipped",
                "part",
                "accepted",
                "rejected",
            ])
        }),
        Column::minor("unchanged", "UNCHANGED", |r| {
            r.count(&["unchanged", "not_compared"])
        }),
        Column::new("failed", "FAILED", |r| {
            r.count(&["refused", "unclear", "held"])
        }),
        Column::minor("left", "LEFT", |r| r.count(&["left"])),
        Column::new("files", "FILES", |r| Cell::List(r.files.clone())),
    ];
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct FailedRow {
    key: String,
    place: String,
    /// `refused`, `unclear`, or `sent`: marked and never answered, to be looked up by the next run.
    state: &'static str,
    errcode: Option<i64>,
    reason: Option<Text>,
}

impl From<OpenItem> for FailedRow {
    fn from(item: OpenItem) -> FailedRow {
        FailedRow {
            key: item.key,
            place: item.place,
            state: item.state.name(),
            errcode: item.errcode,
            reason: item.reason,
        }
    }
}

impl Record for FailedRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("key", "ITEM", |f| Cell::Id(f.key.clone())),
        Column::new("state", "STATE", |f| {
            Cell::Word(if f.state == ItemState::Refused.name() {
                text!("refused")
            } else if f.state == ItemState::Sent.name() {
                text!("to be looked up")
            } else {
                text!("unclear")
            })
        }),
        Column::new("place", "PLACE", |f| Cell::Text(f.place.clone())),
        Column::new("errcode", "ERRCODE", |f| {
            f.errcode.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("reason", "REASON", |f| Cell::sentence(f.reason.as_ref())),
    ];
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::list::<RunRow>("run list"),
    Shows::one::<RunRow>("run show"),
    Shows::list::<FailedRow>("run failed"),
    Shows::list::<prune::PruneRow>("run prune"),
    Shows::list::<SettledRow>("run settle"),
    Shows::one::<SettledRow>("run settle"),
    Shows::one::<goods::report::Report>("run resume"),
    Shows::one::<goods::StoreReport>("run resume"),
    Shows::one::<delivery::Report>("run resume"),
    Shows::list::<crate::shop::aftersale::auto::report::Row>("run resume"),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    let shop = ctx.profile()?.shop_key();
    let state = ctx.state()?;
    match verb {
        Verb::List(args) => {
            let runs = state.runs(&shop, args.limit)?.into_iter();
            let rows: Vec<RunRow> = runs
                .map(|run| RunRow::of(run, state))
                .collect::<Result<_>>()?;
            let out = ctx.out.with_nothing(text!("no bulk jobs yet"));
            out.list(&rows)?;
            if let Some(row) = rows.first() {
                let verb = match row.state {
                    "interrupted" | "stopped" => "resume",
                    "partial" => "failed",
                    _ => "show",
                };
                ctx.out.next(&format!("wxsell run {verb} {}", row.id));
            }
            Ok(())
        }
        Verb::Show(args) => {
            args.html.check()?;
            let row = RunRow::of(find(ctx, args.which.id)?, state)?;
            ctx.out.show(&row)?;
            let failed = state.failed_in(&shop, row.id)?;
            args.html.write(ctx, || page::of(ctx, &row, failed))
        }
        Verb::Failed(args) => {
            let rows: Vec<FailedRow> = state
                .failed_in(&shop, find(ctx, args.id)?.id)?
                .into_iter()
                .map(FailedRow::from)
                .collect();
            ctx.out.list(&rows)
        }
        Verb::Resume(args) => resume(find(ctx, args.id)?, ctx).await,
        Verb::Settle(args) => settle(args, ctx).await,
        Verb::Prune(args) => prune::run(&args, ctx),
    }
}

/// One write that was open.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct SettledRow {
    /// By which `--made` and `--not-made` name it.
    id: i64,
    /// `withdrawal`, `refund`, …
    kind: String,
    /// What it is about.
    subject: String,
    /// WeChat's number, or what it is looked for by.
    number: String,
    amount: Fen,
    #[schemars(with = "crate::types::shape::Moment")]
    started_at: String,
    /// `done`, `under_way`, `never_arrived` or `unknown`.
    outcome: &'static str,
    /// From when on it can be known.
    known_from: Option<String>,
    problem: Option<Text>,
}

impl SettledRow {
    fn new(
        movement: Movement,
        outcome: &'static str,
        known_from: Option<String>,
        problem: Option<Text>,
    ) -> SettledRow {
        SettledRow {
            id: movement.id,
            number: match movement.number.as_str() {
                "" => movement.mark,
                _ => movement.number,
            },
            kind: movement.kind,
            subject: movement.subject,
            amount: movement.amount,
            started_at: rfc3339(movement.at),
            outcome,
            known_from,
            problem,
        }
    }
}

impl Record for SettledRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("id", "WRITE", |row| Cell::Number(row.id)),
        Column::new("kind", "KIND", |row| match Sort::named(&row.kind) {
            Some(sort) => Cell::Word(sort.words()),
            None => Cell::Text(row.kind.clone()),
        }),
        Column::new("subject", "ABOUT", |row| Cell::Text(row.subject.clone())),
        Column::new("number", "NUMBER", |row| Cell::Id(row.number.clone())),
        Column::new("amount", "AMOUNT", |row| Cell::Money(row.amount)),
        Column::new("outcome", "OUTCOME", |row| {
            Cell::Word(match row.outcome {
                "done" => text!("done"),
                "under_way" => text!("under way"),
                "never_arrived" => text!("never arrived"),
                _ => text!("unknown"),
            })
        }),
        Column::new("known_from", "KNOWN FROM", |row| {
            row.known_from
                .clone()
                .map_or(Cell::Empty, |time| Cell::Text(plain_time(&time)))
        }),
        Column::new("problem", "PROBLEM", |row| {
            Cell::sentence(row.problem.as_ref())
        }),
    ];
}

async fn settle(args: SettleArgs, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<SettledRow>()?;
    let shop = ctx.shop().await?;
    let said = match (args.made, args.not_made) {
        (Some(id), _) => Some((id, true)),
        (None, Some(id)) => Some((id, false)),
        (None, None) => None,
    };
    if let Some((id, made)) = said {
        let movement = shop.decide(id, made).await?;
        let outcome = if made { "done" } else { "never_arrived" };
        return ctx
            .out
            .show(&SettledRow::new(movement, outcome, None, None));
    }
    let rows: Vec<SettledRow> = shop
        .settle_all()
        .await?
        .into_iter()
        .map(|(movement, settled)| {
            let (outcome, known_from, problem) = match settled {
                Ok(Settled::Found(found)) if found.stand == Some(Stand::Known) => {
                    ("under_way", None, None)
                }
                Ok(Settled::Found(_)) => ("done", None, None),
                Ok(Settled::NeverArrived) => ("never_arrived", None, None),
                Ok(Settled::UnknownUntil(at)) => ("unknown", Some(rfc3339(at)), None),
                Ok(Settled::ByPerson) => (
                    "unknown",
                    None,
                    Some(text!(
                        "WeChat does not show it: check yourself, then pass --made or --not-made with this number"
                    )),
                ),
                Err(error) => ("unknown", None, Some(Failure::from_any(error).message)),
            };
            SettledRow::new(movement, outcome, known_from, problem)
        })
        .collect();
    ctx.out.list(&rows)?;
    let unknown = rows.iter().filter(|row| row.outcome == "unknown").count();
    if unknown == 0 {
        return Ok(());
    }
    let message = text!(
        "the outcome of {count} {count:write|writes} is not known yet",
        count = unknown
    );
    Err(Failure::new(Kind::Unknown, message)
        .hint(text!(
            "run the same command again later; until then, do not make them any other way"
        ))
        .into())
}

fn find(ctx: &Ctx, id: Option<i64>) -> Result<Run> {
    let shop = ctx.profile()?.shop_key();
    let run = match id {
        Some(id) => ctx.state()?.run(&shop, id)?,
        None => ctx.state()?.runs(&shop, 1)?.pop(),
    };
    run.ok_or_else(|| {
        Failure::input(text!("there is no such job for this shop"))
            .hint(text!("`wxsell run list` shows them"))
            .into()
    })
}

/// Runs the recorded command again, in this process: what is done is left out, what is unclear is looked up.
async fn resume(run: Run, ctx: &Ctx) -> Result<()> {
    let unreadable = || {
        Failure::input(text!(
            "the command of job {id} cannot be resumed automatically",
            id = run.id
        ))
        .hint(text!("run it yourself: it continues where it stopped"))
    };
    let job = Invocation::read(&run.options).ok_or_else(unreadable)?;
    let folder = &job.folder;
    std::env::set_current_dir(folder).map_err(|error| {
        Failure::input(text!(
            "cannot enter {folder}, where job {id} was started: {error}",
            folder = folder.display().to_string(),
            id = run.id,
            error = error.to_string()
        ))
    })?;
    let verb = Resumable::of(&job).ok_or_else(unreadable)?;
    if verb.reads_standard_input() {
        return Err(Failure::input(text!(
            "job {id} read standard input, which is gone",
            id = run.id
        ))
        .hint(text!("run the command again with the same input"))
        .into());
    }
    ctx.out.note(text!(
        "resuming job {id}: {files}",
        id = run.id,
        files = serde_json::from_str::<Vec<String>>(&run.files)
            .map_or_else(|_| run.files.clone(), |files| files.join(", "))
    ));
    // The new job can be resumed like the one it goes on with.
    ctx.resume_job(job);
    match verb.into_verb() {
        Verbs::Goods(verb) => goods::run(verb, ctx).await,
        Verbs::Delivery(verb) => delivery::run(verb, ctx).await,
        Verbs::Aftersale(verb) => aftersale::run(verb, ctx).await,
    }
}

/// The jobs that can be resumed, by their kind, with their settings.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", content = "settings")]
enum Resumable {
    #[serde(rename = "goods upload")]
    Upload(goods::upload::Args),
    #[serde(rename = "goods add")]
    Add(goods::single::AddArgs),
    #[serde(rename = "goods update")]
    Update(goods::single::UpdateArgs),
    #[serde(rename = "goods price-stock")]
    PriceStock(goods::single::PriceStockArgs),
    #[serde(rename = "delivery send")]
    Send(Box<delivery::SendArgs>),
    #[serde(rename = "aftersale auto")]
    Auto(aftersale::auto::AutoArgs),
}

/// A job as its run keeps it.
#[derive(serde::Serialize)]
struct Kept<'a, Settings> {
    kind: &'a str,
    settings: &'a Settings,
}

/// The same as a verb of its noun.
enum Verbs {
    Goods(goods::Verb),
    Delivery(delivery::Verb),
    Aftersale(aftersale::Verb),
}

impl Resumable {
    /// What a job was; `None` where nobody can tell any more.
    fn of(job: &Invocation) -> Option<Resumable> {
        if job.kind.is_empty() {
            return Resumable::of_words(&job.arguments);
        }
        let kept = Kept {
            kind: &job.kind,
            settings: &job.settings,
        };
        serde_json::from_value(serde_json::to_value(kept).ok()?).ok()
    }

    /// Version 0.1 kept what was typed and nothing else.
    fn of_words(arguments: &[String]) -> Option<Resumable> {
        use crate::cli::Noun;
        let words = std::iter::once("wxsell").chain(arguments.iter().map(String::as_str));
        match crate::cli::Cli::try_parse_from(words).ok()?.noun {
            Noun::Goods(goods::Verb::Upload(args)) => Some(Resumable::Upload(args)),
            Noun::Goods(goods::Verb::Add(args)) => Some(Resumable::Add(args)),
            Noun::Goods(goods::Verb::Update(args)) => Some(Resumable::Update(args)),
            Noun::Goods(goods::Verb::PriceStock(args)) => Some(Resumable::PriceStock(args)),
            Noun::Delivery(delivery::Verb::Send(args)) => Some(Resumable::Send(args)),
            Noun::Aftersale(aftersale::Verb::Auto(args)) => Some(Resumable::Auto(args)),
            _ => None,
        }
    }

    fn reads_standard_input(&self) -> bool {
        let files = match self {
            Resumable::Upload(args) => args.files(),
            Resumable::PriceStock(args) => args.files(),
            Resumable::Send(args) => args.files(),
            Resumable::Add(_) | Resumable::Update(_) | Resumable::Auto(_) => &[],
        };
        files.iter().any(|file| file == "-")
    }

    fn into_verb(self) -> Verbs {
        match self {
            Resumable::Upload(args) => Verbs::Goods(goods::Verb::Upload(args)),
            Resumable::Add(args) => Verbs::Goods(goods::Verb::Add(args)),
            Resumable::Update(args) => Verbs::Goods(goods::Verb::Update(args)),
            Resumable::PriceStock(args) => Verbs::Goods(goods::Verb::PriceStock(args)),
            Resumable::Send(args) => Verbs::Delivery(delivery::Verb::Send(args)),
            Resumable::Auto(args) => Verbs::Aftersale(aftersale::Verb::Auto(args)),
        }
    }
}

/// The names that `--columns` takes.
pub fn columns() -> Vec<String> {
    crate::output::names_of::<RunRow>()
}
