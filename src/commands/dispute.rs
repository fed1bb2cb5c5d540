//! `wxsell dispute`: what buyers brought before the platform after a refusal, and the merchant's evidence.

use super::Ctx;
use super::ask::Rows;
use super::fetched::Full;
use super::image::Pictures;
use crate::api::operation::masked;
use crate::cli::values::{When, duration, when};
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::lang::Text;
use crate::model::deadline::Deadline;
use crate::model::dispute::{self, Dispute, Event, STAGES, State};
use crate::output::{Cell, Columns};
use crate::shop::dispute::evidence::Evidence;
use crate::shop::dispute::{Filter, History};
use crate::shop::pass_through::dispute::{EVENT, LIST, RESPOND, SHOW, VERDICT, WHY};
use crate::shop::reading::Fetched;
use crate::shop::write::Made;
use crate::text;
use crate::types::Id64;
use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// View disputes and submit evidence
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(ListArgs),
    Show(ShowArgs),
    Respond(RespondArgs),
}

/// List disputes
///
/// With --due: what falls due soon, nearest first.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only disputes that fall due within this time, e.g. 6h or 2d
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    due: Option<Duration>,
    /// Only disputes that take your evidence now
    #[arg(long)]
    evidence: bool,
    /// Only this state: a state in `wxsell dispute list --format json`, or WeChat's number, e.g. 230003
    #[arg(long = "status", alias = "state", value_name = "STATE", value_parser = state)]
    state: Option<State>,
    /// Only this kind
    #[arg(long = "type", value_enum)]
    kind: Option<Why>,
    /// Opened since, e.g. 2022-04-01 or "2022-04-01 12:00:00", China time, or how long ago, e.g. 24h
    #[arg(long, value_name = "TIME", value_parser = when)]
    since: Option<When>,
    /// Opened until this time; a day means the end of that day
    #[arg(long, value_name = "TIME", value_parser = when)]
    until: Option<When>,
    /// Only this order, by WeChat's number
    #[arg(long, value_name = "NUMBER")]
    order: Option<Id64>,
    /// Only this after-sale, by WeChat's number
    #[arg(long, value_name = "NUMBER")]
    aftersale: Option<Id64>,
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    full: Full,
}

/// Show one dispute with its history
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Number of the dispute
    number: Id64,
}

/// Submit evidence: text and images
///
/// WeChat does not document which states accept evidence; this command assumes those that, by their name, wait for you,
/// which is unconfirmed. A missed deadline counts as no evidence.
#[derive(Debug, clap::Args)]
pub struct RespondArgs {
    /// Number of the dispute
    number: Id64,
    /// Your statement
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["text_file", "images"])]
    text: Option<String>,
    /// Your statement from a text file, `-` for standard input
    #[arg(long, value_name = "PATH", conflicts_with = "text", value_hint = clap::ValueHint::FilePath)]
    text_file: Option<std::path::PathBuf>,
    /// Image: file or address (can be repeated)
    #[arg(long = "image", id = "images", value_name = "IMAGE", value_hint = clap::ValueHint::FilePath)]
    images: Vec<String>,
    /// Send even if the state of the dispute does not seem to accept evidence
    #[arg(long)]
    force: bool,
}

/// Why the buyer complains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Why {
    /// Not shipped in the promised time
    NotShipped,
    /// You say that you cannot ship
    CannotShip,
    /// Shipped, but the tracking does not move
    Stalled,
    /// Shipped, but the logistics are abnormal
    Logistics,
    /// Refund because it is not needed
    NotNeeded,
    /// Refund after cancelling
    Cancelled,
    /// You reject the after-sale
    Refused,
    /// No agreement on how to solve it
    Solution,
    /// About fees
    Fees,
    /// No agreement about the return
    Return,
}

impl Why {
    fn code(self) -> i64 {
        let at = Why::value_variants()
            .iter()
            .position(|known| *known == self);
        at.and_then(|at| i64::try_from(at + 1).ok()).unwrap_or(0)
    }
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::list::<Row>("dispute list"),
    Shows::one::<Row>("dispute show"),
    Shows::one::<Row>("dispute respond"),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::List(args) => list(args, ctx).await,
        Verb::Show(args) => {
            let found = ctx.shop().await?.read_dispute(args.number).await?;
            show(ctx, found)
        }
        Verb::Respond(args) => respond(args, ctx).await,
    }
}

/// A dispute ready to be shown. In machine output WeChat's record stands under `wechat`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Row {
    #[serde(flatten)]
    dispute: Dispute,
    takes_evidence: bool,
    deadline: Option<Deadline>,
    /// Something may run out that cannot be told.
    unreadable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<Event>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::types::shape::Record>")]
    wechat: Option<Value>,
    #[serde(skip)]
    now: i64,
}

impl Row {
    fn new(ctx: &Ctx, mut dispute: Dispute, wechat: Option<Value>) -> Result<Row> {
        if !ctx.global.unmask {
            dispute.phone = masked(&dispute.phone);
        }
        Ok(Row {
            takes_evidence: dispute::takes_evidence(dispute.state),
            deadline: dispute.deadline(),
            unreadable: dispute.is_unreadable(),
            dispute,
            history: None,
            wechat,
            now: ctx.clock()?,
        })
    }
}

/// The meaning of a number, from the reference.
fn meaning(path: &str, number: Option<i64>) -> Cell {
    let (book, operation) = SHOW.operation();
    match (book.at(&operation.reply, path), number) {
        (Some(node), Some(number)) => super::ask::cell(book, node, &number.into()),
        _ => Cell::Empty,
    }
}

fn text(text: &str) -> Cell {
    if text.is_empty() {
        Cell::Empty
    } else {
        Cell::Text(text.to_owned())
    }
}

fn time(millis: Option<i64>) -> Cell {
    Cell::moment(millis.map(|millis| millis.div_euclid(1000)))
}

fn columns(whole: bool) -> Columns<Row> {
    let line = Columns::none()
        .with("id", "DISPUTE", |row: &Row| Cell::id(&row.dispute.id))
        .with("aftersale_id", "AFTER-SALE", |row: &Row| {
            Cell::id(&row.dispute.aftersale_id)
        })
        .minor()
        .with("state", "STATE", |row: &Row| {
            Cell::Word(row.dispute.state.words())
        })
        .with("type", "WHY", |row: &Row| meaning(WHY, row.dispute.kind))
        .minor()
        .with("waits_for", "WAITS FOR", |row: &Row| {
            let who = row.dispute.state.waits_for();
            who.map_or(Cell::Empty, |who| Cell::Word(who.words()))
        })
        .with("time_left", "TIME LEFT", |row: &Row| match &row.deadline {
            Some(deadline) => Cell::Word(deadline.left(row.now)),
            None if row.unreadable => Cell::Word(text!("unreadable")),
            None => Cell::Empty,
        })
        .with("takes_evidence", "EVIDENCE", |row: &Row| {
            Cell::Word(if row.takes_evidence {
                text!("taken")
            } else {
                text!("not taken")
            })
        })
        .minor();
    if !whole {
        return line;
    }
    line.with("order_id", "ORDER", |row: &Row| {
        Cell::id(&row.dispute.order_id)
    })
    .with("verdict", "VERDICT", |row: &Row| {
        meaning(VERDICT, row.dispute.verdict)
    })
    .with("buyer", "BUYER", |row: &Row| text(&row.dispute.buyer))
    .with("phone", "PHONE", |row: &Row| text(&row.dispute.phone))
    .with("opened_at", "OPENED", |row: &Row| {
        time(row.dispute.opened_ms)
    })
    .with("changed_at", "CHANGED", |row: &Row| {
        time(row.dispute.changed_ms)
    })
}

/// A state by its word or by WeChat's number.
fn state(text: &str) -> Result<State, Text> {
    if let Ok(number) = text.parse() {
        return Ok(crate::api::component::dispute::state(number));
    }
    let name = text.replace('-', "_");
    let states = STAGES.iter().map(|stage| stage.state);
    let known: Vec<State> = states.collect();
    known
        .iter()
        .find(|state| state.name() == name)
        .copied()
        .ok_or_else(|| {
            let names: Vec<String> = known
                .iter()
                .map(|state| state.name().replace('_', "-"))
                .collect();
            text!("use one of: {names}", names = names.join(", "))
        })
}

/// One that cannot be read whole is shown wherever it might belong: nothing with a clock is left out.
async fn list(args: ListArgs, ctx: &Ctx) -> Result<()> {
    ctx.out
        .check_columns_of_list(columns(ctx.out.columns.is_some()))?;
    let now = ctx.clock()?;
    let filter = Filter {
        state: args.state,
        kind: args.kind.map(Why::code),
        since: args.since.map(|since| since.first(now)),
        until: args.until.map(|until| until.last(now)),
        order: args.order,
        aftersale: args.aftersale,
    };
    let narrowed = args.due.is_some() || args.evidence || args.state.is_some();
    let limit = ctx.out.rows_to_read(args.rows.limit).filter(|_| !narrowed);
    let walked = ctx.shop().await?.disputes(&filter, limit).await?;
    ctx.note_unsure(walked.unsure);
    let until = match args.due {
        Some(due) => Some(ctx.clock()? + i64::try_from(due.as_secs())?),
        None => None,
    };
    let mut rows = Vec::new();
    for found in walked.rows {
        ctx.note_unread(
            text!("dispute {number}", number = &found.value.id),
            &found.unread,
        );
        let record = found.record;
        let wechat = args.full.full.then(|| ctx.wechat(&LIST, "orders", record));
        let row = Row::new(ctx, found.value, wechat)?;
        let soon = until.is_none_or(|until| {
            let deadline = row.deadline.as_ref();
            row.unreadable || deadline.is_some_and(|deadline| deadline.at <= until)
        });
        let fits = row.unreadable
            || filter.state.is_none_or(|state| row.dispute.state == state)
                && (!args.evidence || row.takes_evidence);
        if soon && fits {
            rows.push(row);
        }
    }
    if until.is_some() {
        rows.sort_by_key(|row| row.deadline.as_ref().map(|deadline| deadline.at));
    }
    rows.truncate(ctx.out.rows_to_read(args.rows.limit).unwrap_or(usize::MAX));
    let out = ctx.out.with_nothing(match &args.due {
        Some(_) => text!("no disputes are due within this time"),
        None => text!("no disputes match"),
    });
    out.list_with(columns(ctx.out.columns.is_some()), &rows)?;
    let ours = rows.iter().filter(|row| row.dispute.state.is_ours());
    ctx.out.total(
        rows.len(),
        args.rows.limit,
        text!(
            "{count} {count:dispute|disputes}, {open} waiting for you",
            count = rows.len(),
            open = ours.count()
        ),
    );
    let first = rows.iter().find(|row| row.dispute.state.is_ours());
    if let Some(first) = first.or(rows.first()) {
        ctx.out
            .next(&format!("wxsell dispute show {}", first.dispute.id));
    }
    Ok(())
}

/// The dispute and its history: one object in machine output, two tables for people.
fn show(ctx: &Ctx, found: Fetched<History>) -> Result<()> {
    let wechat = ctx.wechat(&SHOW, "", found.record);
    let mut shown = Row::new(ctx, found.value.dispute, Some(wechat))?;
    let events = found.value.events;
    if !ctx.out.is_for_people() {
        shown.history = Some(events);
        return ctx.out.show_with(columns(true), &shown);
    }
    ctx.out.show_with(columns(true), &shown)?;
    if events.is_empty() || ctx.out.columns.is_some() {
        return Ok(());
    }
    ctx.out.text("")?;
    ctx.out.list_with(history(), &events)
}

fn history() -> Columns<Event> {
    Columns::none()
        .with("at", "TIME", |event: &Event| time(event.at_ms))
        .with("party", "WHO", |event: &Event| {
            event
                .party
                .map_or(Cell::Empty, |party| Cell::Word(party.words()))
        })
        .with("event", "WHAT", |event: &Event| meaning(EVENT, event.event))
        .with("statement", "IN WORDS", |event: &Event| {
            text(&event.statement)
        })
        .with("media", "IMAGES", |event: &Event| {
            if event.media.is_empty() {
                Cell::Empty
            } else {
                Cell::List(event.media.clone())
            }
        })
}

async fn respond(args: RespondArgs, ctx: &Ctx) -> Result<()> {
    let evidence = Evidence {
        number: args.number,
        words: statement(&args)?,
        images: &args.images,
    };
    let pictures = Pictures::read(&args.images)?;
    let shop = ctx.shop().await?;
    let plan = shop.plan_evidence(evidence, args.force).await?;
    ctx.out.check_columns_of(columns(true))?;
    if ctx.global.dry_run {
        plan.guard()?;
        let body = plan.request(&pictures.links(ctx).await?);
        return ctx.shows_request(&RESPOND, &body).map(|_| ());
    }
    ctx.may_write()?;
    let asking = async || ctx.before_write(None).await;
    let made = plan.carry_out(shop, pictures, asking).await?;
    let show = async |made: &Made| {
        if made.found.is_some() {
            ctx.out
                .note(text!("the dispute shows that the evidence arrived"));
        }
        show(ctx, shop.read_dispute(args.number).await?)?;
        Ok(ctx.out.was_read())
    };
    shop.show_write(made, show).await
}

fn statement(args: &RespondArgs) -> Result<Option<String>> {
    let words = match &args.text_file {
        None => args.text.clone(),
        Some(path) => {
            let read = if path.as_os_str() == "-" {
                std::io::read_to_string(std::io::stdin())
            } else {
                std::fs::read_to_string(path)
            };
            Some(read.map_err(|error| {
                Failure::input(text!(
                    "{file} cannot be read: {error}",
                    file = path.display().to_string(),
                    error = error.to_string()
                ))
            })?)
        }
    };
    match words {
        Some(words) if words.trim().is_empty() => {
            Err(Failure::input(text!("the statement is empty")).into())
        }
        words => Ok(words.map(|words| words.trim_end().to_owned())),
    }
}

/// The names that `--columns` of a list takes.
pub fn columns_of_list() -> Vec<String> {
    columns(true).names().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::Reference;

    #[test]
    fn every_kind_of_complaint_has_a_word() {
        let known = &Reference::Component.book().types["ComplaintType"].values;
        let codes: Vec<i64> = Why::value_variants().iter().map(|why| why.code()).collect();
        let known: Vec<i64> = known.iter().filter_map(|one| one.value.as_i64()).collect();
        assert_eq!(codes, known);
    }
}
