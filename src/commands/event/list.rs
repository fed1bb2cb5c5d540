//! `wxsell event list|show|tail|stats`: what is stored.

use super::super::Ctx;
use super::super::sandbox::told_to_stop;
use super::{Which, since};
use crate::cli::values::{When, when};
use crate::fail::Failure;
use crate::lang::Text;
use crate::output::{Cell, Column, Output, Record};
use crate::push::events::Event;
use crate::push::forward::{EventRecord, decoded};
use crate::state::pushes::{Filter, Push, SYNTHESISED};
use crate::text;
use crate::types::rfc3339;
use anyhow::Result;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::time::Duration;

/// How often `tail` looks.
const LOOK_EVERY: Duration = Duration::from_millis(300);

#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    which: Which,
    /// Only events in this forwarding state
    #[arg(long, value_enum, value_name = "STATE")]
    forward: Option<Forward>,
    /// Maximum number of events; 0 for all
    #[arg(long, default_value_t = 50, value_name = "NUMBER")]
    limit: u32,
}

/// Whether an event is handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Forward {
    /// Received while there was no target
    None,
    /// Waits for its turn or for its target
    Pending,
    Done,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Number of the event, as `wxsell event list` shows it
    id: i64,
    /// Print only the message, as WeChat wrote it
    #[arg(long)]
    message: bool,
}

#[derive(Debug, Args)]
pub struct TailArgs {
    #[command(flatten)]
    which: Which,
    /// Start with this many existing events
    #[arg(long, short = 'n', default_value_t = 10, value_name = "NUMBER")]
    lines: u32,
}

#[derive(Debug, Args)]
pub struct StatsArgs {
    /// Count what was received since this time, e.g. 2022-04-01, or how long ago, e.g. 24h
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = when)]
    since: When,
    /// Count all shops, not only the profile's
    #[arg(long)]
    all_shops: bool,
}

/// A stored event.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Listed {
    #[serde(flatten)]
    record: EventRecord,
    /// `plain`, `compatible` or `safe`.
    mode: String,
    /// `json` or `xml`.
    format: String,
    /// `none`, `pending` or `done`.
    forward: String,
    attempts: i64,
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    forwarded_at: Option<String>,
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    next_attempt_at: Option<String>,
    forward_error: Option<String>,
    #[serde(skip)]
    event: Event,
}

impl Listed {
    pub fn of(push: &Push) -> Listed {
        let pending = push.forward == "pending";
        Listed {
            record: EventRecord::of(push),
            mode: push.mode.clone(),
            format: push.format.clone(),
            forward: push.forward.clone(),
            attempts: push.attempts,
            forwarded_at: push.forwarded_at.map(|at| rfc3339(at / 1_000)),
            next_attempt_at: pending.then(|| rfc3339(push.next_at / 1_000)),
            forward_error: push.error.clone(),
            event: decoded(push),
        }
    }

    /// What happened, and that it was not pushed.
    fn summary(&self) -> Text {
        if self.record.origin == SYNTHESISED {
            text!("{what} (synthesised)", what = self.event.summary())
        } else {
            self.event.summary()
        }
    }
}

fn forward_word(state: &str) -> Text {
    match state {
        "pending" => text!("pending"),
        "done" => text!("done"),
        _ => text!("none"),
    }
}

fn text_cell(text: &str) -> Cell {
    if text.is_empty() {
        Cell::Empty
    } else {
        Cell::Text(text.to_owned())
    }
}

impl Record for Listed {
    const COLUMNS: &'static [Column<Listed>] = &[
        Column::new("id", "NO.", |l| Cell::Number(l.record.id)),
        Column::new("received_at", "RECEIVED", |l| {
            Cell::Time(l.record.received_at.clone())
        }),
        Column::minor("event", "EVENT", |l| Cell::Id(l.record.event.clone())),
        Column::new("summary", "WHAT HAPPENED", |l| Cell::Sentence(l.summary())),
        Column::minor("object", "OBJECT", |l| text_cell(&l.record.object)),
        Column::new("number", "NUMBER", |l| Cell::id(&l.record.number)),
        Column::new("state", "STATE", |l| {
            l.event.state_words().map_or(Cell::Empty, Cell::Word)
        }),
        Column::minor("seen", "SEEN", |l| Cell::Number(l.record.seen)),
        Column::minor("forward", "FORWARDED", |l| {
            Cell::Word(forward_word(&l.forward))
        }),
    ];
}

/// The same in full.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct OneEvent(Listed);

impl Record for OneEvent {
    const COLUMNS: &'static [Column<OneEvent>] = &[
        Column::new("id", "NO.", |s| Cell::Number(s.0.record.id)),
        Column::new("shop", "SHOP", |s| Cell::Id(s.0.record.shop.clone())),
        Column::new("event", "EVENT", |s| Cell::Id(s.0.record.event.clone())),
        Column::new("summary", "WHAT HAPPENED", |s| {
            Cell::Sentence(s.0.summary())
        }),
        Column::new("family", "FAMILY", |s| {
            Cell::Text(s.0.record.family.clone())
        }),
        Column::new("object", "OBJECT", |s| text_cell(&s.0.record.object)),
        Column::new("number", "NUMBER", |s| Cell::id(&s.0.record.number)),
        Column::new("state", "STATE", |s| {
            s.0.event.state_words().map_or(Cell::Empty, Cell::Word)
        }),
        Column::new("fields", "FIELDS", |s| {
            Cell::List(lines(&s.0.record.fields))
        }),
        Column::new("created_at", "HAPPENED", |s| {
            s.0.record
                .created_at
                .clone()
                .map_or(Cell::Empty, Cell::Time)
        }),
        Column::new("received_at", "RECEIVED", |s| {
            Cell::Time(s.0.record.received_at.clone())
        }),
        Column::new("seen", "SEEN", |s| Cell::Number(s.0.record.seen)),
        Column::new("mode", "MODE", |s| {
            Cell::Text(format!("{} {}", s.0.mode, s.0.format))
        }),
        Column::new("origin", "ORIGIN", |s| {
            Cell::Text(s.0.record.origin.clone())
        }),
        Column::new("forward", "FORWARDED", |s| {
            Cell::Word(forward_word(&s.0.forward))
        }),
        Column::new("attempts", "ATTEMPTS", |s| Cell::Number(s.0.attempts)),
        Column::new("forwarded_at", "FORWARDED AT", |s| {
            s.0.forwarded_at.clone().map_or(Cell::Empty, Cell::Time)
        }),
        Column::new("next_attempt_at", "NEXT ATTEMPT", |s| {
            s.0.next_attempt_at.clone().map_or(Cell::Empty, Cell::Time)
        }),
        Column::new("forward_error", "LAST ERROR", |s| {
            s.0.forward_error.clone().map_or(Cell::Empty, Cell::Text)
        }),
        Column::new("key", "KEY", |s| Cell::Id(s.0.record.key.clone())),
    ];
}

/// The fields of an event, one a line.
pub fn lines(fields: &serde_json::Value) -> Vec<String> {
    let line = |(name, value): (&String, &serde_json::Value)| match value.as_str() {
        Some(text) => format!("{name} = {text}"),
        None => format!("{name} = {value}"),
    };
    fields
        .as_object()
        .map(|fields| fields.iter().map(line).collect())
        .unwrap_or_default()
}

pub fn list(args: &ListArgs, ctx: &Ctx) -> Result<()> {
    let filter = Filter {
        forward: args.forward.map(|forward| {
            let name = match forward {
                Forward::None => "none",
                Forward::Pending => "pending",
                Forward::Done => "done",
            };
            name.to_owned()
        }),
        most: (args.limit > 0).then_some(args.limit),
        ..args.which.filter(ctx)?
    };
    let pushes = ctx.state()?.pushes(&filter)?;
    let rows: Vec<Listed> = pushes.iter().map(Listed::of).collect();
    ctx.out.with_nothing(text!("no events match")).list(&rows)?;
    if let Some(row) = rows.first() {
        ctx.out
            .next(&format!("wxsell event show {}", row.record.id));
    }
    Ok(())
}

/// A stored event by its number.
pub fn stored(id: i64, ctx: &Ctx) -> Result<Push> {
    ctx.state()?.push(id)?.ok_or_else(|| {
        Failure::input(text!("there is no event {id}", id))
            .hint(text!("`wxsell event list` shows what is stored"))
            .into()
    })
}

pub fn show(args: &ShowArgs, ctx: &Ctx) -> Result<()> {
    let push = stored(args.id, ctx)?;
    if ctx.global.raw {
        ctx.out.answer(push.message.as_bytes());
        return Ok(());
    }
    if args.message {
        ctx.out.text(&push.message)
    } else {
        ctx.out.show(&OneEvent(Listed::of(&push)))
    }
}

pub async fn tail(args: &TailArgs, ctx: &Ctx) -> Result<()> {
    let filter = args.which.filter(ctx)?;
    let state = ctx.state()?.clone();
    let mut out = ctx.out.without_end();
    let mut first = state.pushes(&Filter {
        most: Some(args.lines),
        ..filter.clone()
    })?;
    first.reverse();
    let mut seen = state.newest_push()?;
    print(&first, &mut out)?;
    let stop = told_to_stop();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let newer = state.pushes(&Filter {
            after: Some(seen),
            oldest_first: true,
            ..filter.clone()
        })?;
        seen = newer.last().map_or(seen, |push| push.id);
        print(&newer, &mut out)?;
    }
}

/// Headings stand above the first rows only.
fn print(pushes: &[Push], out: &mut Output) -> Result<()> {
    if pushes.is_empty() {
        return Ok(());
    }
    let rows: Vec<Listed> = pushes.iter().map(Listed::of).collect();
    out.list(&rows)?;
    out.headers = false;
    Ok(())
}

/// A line of the statistics.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Stat {
    shop: String,
    /// `event` or `refused`.
    kind: &'static str,
    /// The event, or the reason of the refusal.
    name: String,
    count: i64,
    /// How often they were pushed beyond the first time.
    repeats: Option<i64>,
    forwarded: Option<i64>,
    pending: Option<i64>,
    #[schemars(with = "crate::types::shape::Moment")]
    last_at: String,
}

impl Record for Stat {
    const COLUMNS: &'static [Column<Stat>] = &[
        Column::new("name", "EVENT", |s| Cell::Text(s.name.clone())),
        Column::new("kind", "KIND", |s| {
            Cell::Word(match s.kind {
                "refused" => text!("refused"),
                _ => text!("event"),
            })
        }),
        Column::new("shop", "SHOP", |s| text_cell(&s.shop)),
        Column::new("count", "COUNT", |s| Cell::Number(s.count)),
        Column::new("repeats", "REPEATED", |s| {
            s.repeats.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("forwarded", "FORWARDED", |s| {
            s.forwarded.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("pending", "PENDING", |s| {
            s.pending.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("last_at", "LAST", |s| Cell::Time(s.last_at.clone())),
    ];
}

pub fn stats(args: &StatsArgs, ctx: &Ctx) -> Result<()> {
    let shop = if args.all_shops {
        None
    } else {
        Some(ctx.profile()?.account_key())
    };
    let (state, from) = (ctx.state()?, since(args.since));
    let events = state.push_counts(shop.as_deref(), from)?;
    let refused = state.push_refusals(shop.as_deref(), from / 1_000)?;
    let events = events.into_iter().map(|count| Stat {
        shop: count.shop,
        kind: "event",
        name: count.event,
        count: count.events,
        repeats: Some(count.repeats),
        forwarded: Some(count.forwarded),
        pending: Some(count.pending),
        last_at: rfc3339(count.last_at / 1_000),
    });
    let refused = refused.into_iter().map(|count| Stat {
        shop: count.shop,
        kind: "refused",
        name: count.reason,
        count: count.count,
        repeats: None,
        forwarded: None,
        pending: None,
        last_at: rfc3339(count.last_at),
    });
    ctx.out.list(&events.chain(refused).collect::<Vec<_>>())
}

/// The names that `--columns` takes.
pub fn columns_of_list() -> Vec<String> {
    crate::output::names_of::<Listed>()
}
