//! `wxsell status`: the way from an application to money withdrawn, step by step, for the current shop. It only reads.

mod store;

use super::Ctx;
use crate::commands::shows::Shows;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::output::{Cell, Check, Column, Mark, Record};
use crate::shop::status::steps::{self, State, Step};
use crate::text;
use anyhow::Result;
use std::time::Duration;

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[Shows::list::<Step>("status")];

/// Show setup progress and the next step
///
/// Shows every setup step: whether it is done, who it is waiting on, and what is missing. Only reads; if a read fails,
/// its step is unknown. Exits with 0 when the shop can sell and with 7 when a required step is open.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Watch until the shop can sell; redraws on a terminal, prints changed steps elsewhere
    #[arg(long)]
    watch: bool,
    /// Polling interval, e.g. 30s or 5m
    #[arg(long, value_name = "DURATION", default_value = "30s", requires = "watch", value_parser = crate::cli::values::duration)]
    every: Duration,
}

impl Record for Step {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("guide", "GUIDE", |step| Cell::Text(step.guide.into())),
        Column::new("title", "STEP", |step| Cell::Sentence(step.title.clone())),
        Column::new("state", "STATE", |step| Cell::Word(step.state.word())),
        Column::new("who", "WAITING ON", |step| {
            step.who.clone().map_or(Cell::Empty, Cell::Word)
        }),
        Column::new("missing", "TO DO", |step| {
            Cell::sentence(step.missing.as_ref())
        }),
        // Wrapped where it is long: a command cut off could not be typed.
        Column::new("command", "NEXT COMMAND", |step| match &step.command {
            Some(command) => Cell::Sentence(Text::verbatim(command.clone())),
            None => Cell::Empty,
        }),
        Column::new("place", "IN THE CONSOLE", |step| {
            Cell::sentence(step.place.as_ref())
        }),
    ];
}

pub async fn run(args: StatusArgs, ctx: &Ctx) -> Result<()> {
    if args.watch && ctx.is_one_of_several() {
        return Err(Failure::input(text!(
            "--watch follows one shop; --profile all means several shops"
        ))
        .hint(text!("choose one shop with --profile"))
        .into());
    }
    if args.watch {
        return watch(args.every.max(Duration::from_secs(1)), ctx).await;
    }
    let steps = look(ctx, true).await?;
    show(&steps, ctx)?;
    ending(&steps)
}

/// A line a step for people who named no columns, and the command to go on with; rows elsewhere.
fn show(steps: &[Step], ctx: &Ctx) -> Result<()> {
    let out = &ctx.out;
    if !out.is_for_people() || out.columns.is_some() {
        return out.list(steps);
    }
    let profile = ctx.profile()?;
    let shop = text!(
        "{shop} ({family})",
        shop = profile.label(),
        family = profile.family.title()
    );
    let needed = || steps.iter().filter(|step| step.needed);
    let progress = text!(
        "{done} of {all} required steps done",
        done = needed().filter(|step| !step.holds_up()).count(),
        all = needed().count()
    );
    // The first that can be moved; else the first that is open.
    let open = || steps.iter().filter(|step| step.holds_up());
    let moves = |step: &&Step| matches!(step.state, State::Todo | State::Failed);
    let next = open().find(moves).or_else(|| open().next());
    let is_next = |step: &Step| next.is_some_and(|next| next.step == step.step);
    let checks: Vec<Check> = steps
        .iter()
        .map(|step| check(step, is_next(step)))
        .collect();
    out.checklist((&shop, &progress), &checks)?;
    if let Some(step) = next {
        if let Some(place) = &step.place {
            out.note(text!("Where: {place}", place = place.clone()));
        }
        if let Some(command) = &step.command {
            out.next(command);
        }
    }
    Ok(())
}

fn check(step: &Step, next: bool) -> Check {
    let mark = match step.state {
        State::Done => Mark::Done,
        State::Failed => Mark::Failed,
        State::Optional => Mark::Optional,
        State::Unknown => Mark::Unknown,
        _ if next => Mark::Next,
        State::Todo | State::Waiting | State::Offline => Mark::Later,
    };
    let who = step.who.clone().filter(|_| step.state == State::Waiting);
    let missing = step.missing.clone();
    let note = match (who, missing) {
        (Some(who), Some(missing)) if step.state == State::Waiting => {
            Some(text!("{who}: {missing}", who, missing))
        }
        (_, Some(missing)) => Some(missing),
        (_, None) => None,
    };
    Check {
        mark,
        title: if step.needed || step.state == State::Done {
            step.title.clone()
        } else {
            text!("{step} (optional)", step = step.title.clone())
        },
        note,
    }
}

/// Reads once. Where nothing at all could be read, why.
async fn look(ctx: &Ctx, tell: bool) -> Result<Vec<Step>> {
    if ctx.is_of_a_store() {
        return store::steps(ctx).await;
    }
    let reads = ctx.shop().await?.overview().await?;
    if let Some(error) = reads.stopped {
        return Err(error);
    }
    if tell && reads.is_offline() {
        ctx.out.warn(text!(
            "WeChat has taken the custom component offline for this Mini Program (errcode 1400007): nothing here can change that; selling continues in WeChat Store"
        ));
    }
    Ok(steps::steps(&reads))
}

/// Whether the shop can sell.
fn ending(steps: &[Step]) -> Result<()> {
    let open: Vec<&Step> = steps.iter().filter(|step| step.holds_up()).collect();
    if open.is_empty() {
        return Ok(());
    }
    let mut failure = Failure::new(
        Kind::NotReady,
        text!(
            "not ready to sell: {count} required {count:step is|steps are} open",
            count = open.len()
        ),
    );
    failure.shown = true;
    Err(failure.into())
}

/// Looks again and again. On a terminal the table is drawn anew; elsewhere the steps that changed are printed.
async fn watch(every: Duration, ctx: &Ctx) -> Result<()> {
    let redraw = ctx.out.is_for_people() && ctx.out.redraws();
    let mut before: Vec<Step> = Vec::new();
    // Steps come one at a time, and so does JSON.
    let out = ctx.out.without_end();
    let mut stream = (!out.is_for_people())
        .then(|| out.stream::<Step>())
        .transpose()?;
    loop {
        let steps = look(ctx, before.is_empty()).await?;
        let changed = steps.iter().filter(|step| !before.contains(step));
        if redraw {
            ctx.out.clear();
            show(&steps, ctx)?;
        } else {
            for step in changed {
                match &mut stream {
                    Some(stream) => stream.push(step)?,
                    None => ctx.out.text(&line(step, ctx))?,
                }
            }
            if let Some(stream) = &mut stream {
                stream.flush()?;
            }
        }
        if !steps.iter().any(Step::holds_up) {
            return match stream {
                Some(stream) => stream.finish(),
                None => Ok(()),
            };
        }
        before = steps;
        crate::clock::sleep(every).await;
    }
}

/// One step on a line of its own.
fn line(step: &Step, ctx: &Ctx) -> String {
    let lang = ctx.out.lang;
    let mut line = format!(
        "{}: {}",
        step.title.render(lang),
        step.state.word().render(lang)
    );
    if let Some(missing) = step.missing.as_ref().filter(|_| step.state != State::Done) {
        line.push_str(&format!(" ({})", missing.render(lang)));
    }
    if let Some(command) = &step.command {
        line.push_str(&format!(" → {command}"));
    }
    line
}

/// The names that `--columns` takes.
pub fn columns() -> Vec<String> {
    crate::output::names_of::<Step>()
}
