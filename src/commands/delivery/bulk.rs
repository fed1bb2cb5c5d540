//! `wxsell delivery send --from`: tables of parcels, the whole way. Every order is one call with all its parcels; the
//! orders are read from WeChat first, so that what is there already is known and not reported again.
//!
//! Long because one job is one story: what is planned, sent, settled at the end, reported and given back.

use super::carriers::Carriers;
use super::plan::{Finish, Shipment, plan};
use super::report::{Event, Planned, Report, action};
use super::sheet::{Field, Line, Problem, Reading, Table};
use super::{KIND, SEND, SendArgs, again, by_numbers, held_back, is_incomplete, reporting};
use crate::bulk::failed::{self, Copy, Judge, Verdict};
use crate::bulk::journal::{Fed, Feed, Journal, Work};
use crate::bulk::source::CellKind;
use crate::bulk::{self, Interrupt, LAG, Look, Outcome};
use crate::client::errcode::ends_the_job;
use crate::clock;
use crate::commands::Ctx;
use crate::commands::job::one_job;
use crate::fail::{Failure, Kind, failure};
use crate::lang::{Lang, Text};
use crate::state::runs::{Ended, ItemState, Items, Known, LeftOut, Memory, RunState, SentMark};
use crate::text;
use crate::types::{ChinaTime, now};
use anyhow::Result;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Marks a commit of the journal.
const BATCH: usize = 64;

impl Work for Shipment {
    fn mark(&self) -> SentMark {
        SentMark {
            key: self.order.clone(),
            place: self.place.clone(),
            fingerprint: self.fingerprint,
        }
    }
}

/// An order that is kept back.
struct Held {
    order: String,
    why: Text,
}

/// What is to be done.
#[derive(Default)]
struct Plans {
    shipments: Vec<Shipment>,
    held: Vec<Held>,
    /// Input and row of every line of an order, also where it has problems.
    rows: HashMap<String, Vec<(usize, u32)>>,
}

pub async fn send(args: SendArgs, ctx: &Ctx) -> Result<()> {
    let reading = Reading {
        kind: args.kind,
        sheet: args.sheet.clone(),
        encoding: args.encoding,
    };
    let (files, spool) = (args.from.clone(), ctx.dirs.state.clone());
    let mut table =
        tokio::task::spawn_blocking(move || Table::read(&files, &reading, &spool)).await??;
    for notice in std::mem::take(&mut table.notices) {
        ctx.out.note(notice);
    }
    // Two jobs would plan by what neither has reported yet.
    let profile = ctx.profile()?;
    let shop_key = profile.shop_key();
    let (mut _one_job, mut unsettled) = (None, HashSet::new());
    if !ctx.global.dry_run {
        let job = one_job(ctx, &shop_key, args.busy).await?;
        _one_job = Some((job, reporting(ctx).await?));
        unsettled = ctx.shop().await?.settle_parcels().await?;
    }
    let plans = plans(&mut table, &args, &unsettled, ctx).await?;
    if !table.problems.is_empty() && !args.skip_bad {
        table
            .problems
            .sort_by_key(|problem| (problem.at, problem.column));
        ctx.out.with_all_columns().list(&table.problems)?;
        return Err(Failure {
            shown: true,
            ..Failure::input(match table.problems.len() {
                1 => text!("1 problem; nothing was sent"),
                count => text!("{count} {count:problem|problems}; nothing was sent", count),
            })
        }
        .hint(text!(
            "correct the cells named, or leave these orders out with --skip-bad"
        ))
        .into());
    }
    if ctx.global.dry_run {
        return show_plan(&plans, ctx);
    }
    ctx.out.check_report::<Report, Event>()?;
    for sheet in &table.sheets {
        failed::check(&sheet.source, args.failed_file.as_deref())?;
    }
    ctx.before_write(None).await?;
    run(table, plans, &args, ctx).await
}

/// Holds every row against the order as WeChat has it. What is wrong goes to the table's problems.
/// `unsettled` are orders of which nobody knows what another command reported.
async fn plans(
    table: &mut Table,
    args: &SendArgs,
    unsettled: &HashSet<String>,
    ctx: &Ctx,
) -> Result<Plans> {
    let mut plans = Plans::default();
    // An order with a bad row is bad as a whole: it would go out incomplete.
    let bad: HashSet<String> = table
        .problems
        .iter()
        .map(|problem| problem.order.clone())
        .collect();
    let carriers = Carriers::of(ctx).await?;
    let lines = std::mem::take(&mut table.lines);
    let mut order_of_orders: Vec<String> = Vec::new();
    let mut by_order: HashMap<String, Vec<Line>> = HashMap::new();
    let mut bad = bad;
    for mut line in lines {
        match carriers.code(&line.carrier) {
            Ok(code) => line.carrier = code.to_owned(),
            Err(failure) => {
                bad.insert(line.order.clone());
                let column = table.sheets[line.input].column(Field::Carrier);
                note(table, &line, column, failure.message, failure.hint);
            }
        }
        let rows = by_order.entry(line.order.clone()).or_insert_with(|| {
            order_of_orders.push(line.order.clone());
            Vec::new()
        });
        rows.push(line);
    }
    let orders = by_numbers(ctx, &order_of_orders, args.days).await?;
    for number in order_of_orders {
        let lines = by_order.remove(&number).unwrap_or_default();
        let Some(first) = lines.first() else { continue };
        let rows = lines.iter().map(|line| (line.input, line.row)).collect();
        plans.rows.insert(number.clone(), rows);
        let column = table.sheets[first.input].column(Field::Order);
        let Some(order) = orders.found.get(&number) else {
            let unknown =
                orders.unknown(&number, args.days, text!("look further back with --days"));
            note(table, first, column, unknown.message, unknown.hint);
            continue;
        };
        let place = table.sheets[first.input].place(first.row, column);
        let all: Vec<&Line> = lines.iter().collect();
        match plan(&all, order, place) {
            Err(problems) => {
                for (at, message) in problems {
                    let line = at.and_then(|at| lines.get(at)).unwrap_or(first);
                    let field = if at.is_some() {
                        Field::Sku
                    } else {
                        Field::Order
                    };
                    let column = table.sheets[line.input].column(field);
                    note(table, line, column.or(Some(0)), message, None);
                }
            }
            Ok(_) if bad.contains(&number) => {}
            Ok(mut shipment) => {
                let shop = ctx.shop().await?;
                for (carrier, waybill) in shop.reported_parcels(&shipment.out_order_id)? {
                    shipment.leave_out_reported(&carrier, &waybill);
                }
                let why = match shipment.is_due() {
                    false => None,
                    true if unsettled.contains(&shipment.out_order_id) => Some(text!(
                        "another command reported a parcel of it, and whether WeChat got that cannot be told now"
                    )),
                    true => held_back(order, ctx).await,
                };
                match why {
                    Some(why) => plans.held.push(Held { order: number, why }),
                    None => plans.shipments.push(shipment),
                }
            }
        }
    }
    Ok(plans)
}

fn note(table: &mut Table, line: &Line, column: Option<usize>, message: Text, hint: Option<Text>) {
    table.problems.push(Problem {
        place: table.sheets[line.input].place(line.row, column),
        order: line.order.clone(),
        message,
        hint,
        at: (line.input, line.row),
        column,
    });
}

fn show_plan(plans: &Plans, ctx: &Ctx) -> Result<()> {
    let ship = plans.shipments.iter().map(|shipment| Planned {
        order: shipment.order.clone(),
        action: match (shipment.is_due(), shipment.finish) {
            (false, _) => "there",
            (true, Finish::No) => "ship_part",
            (true, _) => "ship",
        },
        parcels: shipment
            .parcels
            .iter()
            .map(|parcel| format!("{} {}", parcel.delivery_id, parcel.waybill_id))
            .collect(),
        place: shipment.place.clone(),
        reason: None,
    });
    let held = plans.held.iter().map(|held| Planned {
        order: held.order.clone(),
        action: "held",
        parcels: Vec::new(),
        place: String::new(),
        reason: Some(held.why.clone()),
    });
    let lines: Vec<Planned> = ship.chain(held).collect();
    ctx.out.list(&lines)?;
    ctx.out.note(text!("nothing was sent"));
    Ok(())
}

async fn run(table: Table, plans: Plans, args: &SendArgs, ctx: &Ctx) -> Result<()> {
    let (profile, state) = (ctx.profile()?, ctx.state()?);
    let shop_key = profile.shop_key();
    let interrupt = {
        let out = ctx.out.clone();
        Interrupt::listen(move || {
            out.warn(text!(
                "finishing what is under way; Ctrl-C again ends at once"
            ))
        })
    };
    let names: Vec<&str> = table
        .sheets
        .iter()
        .map(|sheet| sheet.source.name.as_str())
        .collect();
    let run = state.begin_run(
        &shop_key,
        "delivery send",
        &serde_json::to_string(&names).unwrap_or_default(),
        &ctx.job(),
        now(),
    )?;
    let left_out = left_out(&table);
    let mut report = Report {
        run,
        profile: profile.label().to_owned(),
        orders: (plans.shipments.len() + plans.held.len() + left_out.len()) as u64,
        ..Report::default()
    };
    let kept = table.problems.iter().map(|problem| LeftOut {
        key: match problem.order.as_str() {
            "" => problem.place.clone(),
            order => order.to_owned(),
        },
        place: problem.place.clone(),
        reason: problem.message.clone(),
    });
    state.leave_out(run, kept)?;
    report.failed.extend(left_out);
    for held in plans.held {
        report
            .failed
            .push(Event::left_out(&held.order, "held", held.why));
    }
    let started = std::time::Instant::now();
    let sender = Sender {
        ctx,
        started: clock::now(),
        lost_in_a_row: std::cell::Cell::new(0),
    };
    let (counts, failed, stopped) = sender
        .all(
            plans.shipments,
            run,
            &shop_key,
            usize::from(args.jobs),
            &interrupt,
        )
        .await?;
    report.failed.extend(failed);
    report.count(&counts);
    report.seconds = started.elapsed().as_secs_f64();
    let wanted = args.failed_file.as_deref();
    let (files, unwritten) = give_back(&table, &report.failed, &plans.rows, wanted, ctx.out.lang);
    for error in unwritten {
        let failure = Failure::from_any(error);
        ctx.out.warn(text!(
            "rows that failed could not be given back: {why}; `wxsell run failed {run}` lists them",
            why = failure.message,
            run
        ));
    }
    report.failed_files = files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    end(report, stopped, ctx)
}

/// Orders with problems, which `--skip-bad` leaves out; rows without an order number each for themselves.
fn left_out(table: &Table) -> Vec<Event> {
    let mut seen = BTreeSet::new();
    let mut events = Vec::new();
    for problem in &table.problems {
        let name = match problem.order.as_str() {
            "" => &problem.place,
            order => order,
        };
        if seen.insert(name) {
            let reason = text!(
                "{place}: {problem}",
                place = &problem.place,
                problem = problem.message.clone()
            );
            events.push(Event::left_out(name, "refused", reason));
        }
    }
    events
}

/// Closes the run and says how it went.
fn end(mut report: Report, stopped: Option<anyhow::Error>, ctx: &Ctx) -> Result<()> {
    let ended = match (&stopped, report.has_failed()) {
        (Some(_), _) => RunState::Stopped,
        (None, true) => RunState::Partial,
        (None, false) => RunState::Done,
    };
    report.status = ended.name();
    let summary = serde_json::to_string(&report).unwrap_or_default();
    ctx.state()?.end_run(report.run, ended, &summary, now())?;
    report.show(&ctx.out)?;
    match stopped {
        Some(error) => Err(error),
        None if report.has_failed() => Err(Failure {
            shown: true,
            ..Failure::new(
                Kind::Partial,
                text!(
                    "{failed} of {orders} {orders:order|orders} {failed:was|were} not reported",
                    failed = report.failed.len(),
                    orders = report.orders
                ),
            )
        }
        .hint(match report.failed_files.is_empty() {
            true => text!("`wxsell run failed {run}` lists them", run = report.run),
            false => text!(
                "their rows are in {files}; correct them and send that file",
                files = report.failed_files.join(", ")
            ),
        })
        .into()),
        None => Ok(()),
    }
}

struct Sender<'a> {
    ctx: &'a Ctx,
    /// Unix seconds of this machine; everything that earlier runs sent left before.
    started: i64,
    lost_in_a_row: std::cell::Cell<u32>,
}

type Results = (
    HashMap<&'static str, u64>,
    Vec<Event>,
    Option<anyhow::Error>,
);

impl Sender<'_> {
    /// Reports all shipments, marked before and recorded after; what was done, what failed, what stopped it.
    async fn all(
        &self,
        shipments: Vec<Shipment>,
        run: i64,
        shop_key: &str,
        jobs: usize,
        interrupt: &Interrupt,
    ) -> Result<Results> {
        let out = &self.ctx.out;
        let progress = out.progress(shipments.len() as u64, text!("orders"));
        let mut stream = out
            .shows_each_item()
            .then(|| out.stream::<Event>())
            .transpose()?;
        let feed = Feed {
            run,
            batch: BATCH,
            // What WeChat has was asked, which is better than what a journal remembers.
            recheck: true,
        };
        let items = Items::open(self.ctx.state()?, shop_key, KIND)?;
        let mut journal = Journal::start(items, feed, shipments.into_iter().map(Ok))?;
        let (mut counts, mut failed, mut unsent) = (HashMap::new(), Vec::new(), Vec::new());
        let parked = RefCell::new(HashMap::new());
        let mut unknown: Vec<Ended> = Vec::new();
        let stopped = bulk::run(
            &mut journal,
            jobs,
            interrupt,
            |fed| self.one(fed, &parked),
            |ended| {
                progress.inc();
                if ended.state == Some(ItemState::Unclear) {
                    // Told when it is settled with the others.
                    unknown.push(ended.clone());
                    return;
                }
                *counts.entry(ended.action).or_default() += 1;
                let event = Event::of(ended);
                if let Some(stream) = &mut stream {
                    // A reader that went away does not end the work; the summary tells whether it could be written.
                    let _ = stream.push(&event);
                }
                match ended.state {
                    Some(ItemState::Refused | ItemState::Unclear) => failed.push(event),
                    Some(_) => {}
                    None => unsent.push(event),
                }
            },
        )
        .await;
        let mut kept = journal.close();
        drop(progress);
        if kept.is_ok() && !unknown.is_empty() {
            let parked = parked.into_inner();
            let mut items = Items::open(self.ctx.state()?, shop_key, KIND)?;
            let look = async |ended: &Ended, _| self.look(parked.get(&ended.key)).await;
            let note = |words| out.note(words);
            kept = bulk::settle(&mut unknown, &mut items, interrupt, note, look).await;
        }
        for ended in &unknown {
            *counts.entry(ended.action).or_default() += 1;
            let event = Event::of(ended);
            if let Some(stream) = &mut stream {
                let _ = stream.push(&event);
            }
            if ended.state != Some(ItemState::Done) {
                failed.push(event);
            }
        }
        if let Some(stream) = stream {
            stream.finish()?;
        }
        let stopped = kept.err().or(stopped).or_else(|| {
            interrupt.pressed().then(|| {
                Failure::new(Kind::Stopped, text!("stopped by Ctrl-C"))
                    .hint(text!(
                        "run the same command again: it goes on where it stopped"
                    ))
                    .into()
            })
        });
        if stopped.is_none() {
            // A job that went on to its end has no other word for what it could not send.
            failed.append(&mut unsent);
        }
        Ok((counts, failed, stopped))
    }

    /// Whether WeChat shows what was reported without an answer.
    async fn look(&self, shipment: Option<&Shipment>) -> Look {
        let Some(shipment) = shipment else {
            return Look::Unread;
        };
        match again(shipment, self.ctx).await {
            Ok(order) if shipment.clone().leave_out(&order) => {
                Look::Done(action::CONFIRMED, Memory::Kept)
            }
            Ok(_) => Look::Missing,
            Err(_) => Look::Unread,
        }
    }

    async fn one(
        &self,
        fed: Fed<Shipment>,
        parked: &RefCell<HashMap<String, Shipment>>,
    ) -> Outcome {
        let Fed {
            work, mark, before, ..
        } = fed;
        let copy = work.clone();
        let result = self.ship(work, before).await;
        if result.is_err() {
            parked.borrow_mut().insert(mark.key.clone(), copy);
        }
        bulk::outcome(
            mark.key,
            before,
            result,
            action::NONE,
            &self.lost_in_a_row,
            ends_the_job,
        )
    }

    async fn ship(&self, mut work: Shipment, before: Option<Known>) -> Result<&'static str> {
        // Nobody knows whether the call of an earlier run arrived, perhaps after the orders were read: look again.
        let uncertain = before.is_some_and(|known| may_be_there(known, &work));
        if uncertain && work.is_due() {
            work.leave_out(&again(&work, self.ctx).await?);
            // Orders may lag behind what was reported: two looks, the second when that time is over, prove that it
            // never arrived, and only then is it reported again.
            if work.is_due() {
                let waited = clock::now() - self.started;
                if waited < LAG {
                    self.ctx.out.note(text!(
                        "order {order} was sent by an earlier run and does not show it; looking again in {seconds} s",
                        order = &work.order,
                        seconds = LAG - waited
                    ));
                    clock::sleep(Duration::from_secs((LAG - waited).unsigned_abs())).await;
                }
                work.leave_out(&again(&work, self.ctx).await?);
            }
        }
        if !work.is_due() {
            return Ok(action::CONFIRMED);
        }
        let error = match self.report(&work, work.finish != Finish::No).await {
            Ok(action) => return Ok(action),
            Err(error) if work.finish == Finish::Ask && is_incomplete(&error) => {
                match self.report(&work, false).await {
                    Ok(action) => return Ok(action),
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        // A lost answer, or "state changed before" (1000000): whether it is there, the order tells.
        let there = failure(&error)
            .is_some_and(|failure| failure.unclear || failure.errcode == Some(1_000_000));
        if there
            && let Ok(order) = again(&work, self.ctx).await
            && work.leave_out(&order)
        {
            return Ok(action::CONFIRMED);
        }
        Err(error)
    }

    async fn report(&self, work: &Shipment, finish: bool) -> Result<&'static str> {
        let at = ChinaTime::from_unix(self.ctx.clock()?).0;
        let (_, operation) = SEND.operation();
        let body = work.request(finish, &at);
        self.ctx.shop().await?.ask(operation, &[], &body).await?;
        Ok(match finish {
            true => action::SHIPPED,
            false => action::PART,
        })
    }
}

/// Whether what an earlier run reported of an order may be what is to be reported now, and the order only not show it yet.
pub fn may_be_there(known: Known, shipment: &Shipment) -> bool {
    match known.state {
        ItemState::Sent | ItemState::Unclear => true,
        ItemState::Done => known.fingerprint == shipment.fingerprint,
        _ => false,
    }
}

/// The reasons of one input, by row.
struct Reasons<'a> {
    by_row: HashMap<u32, (String, HashSet<usize>)>,
    sheet: &'a super::sheet::Sheet,
}

impl Judge for Reasons<'_> {
    fn any(&self) -> bool {
        !self.by_row.is_empty()
    }

    fn verdict(&self, row: u32, _: &str, _: CellKind) -> Option<Verdict> {
        let (reason, columns) = self.by_row.get(&row)?;
        Some(Verdict {
            reason: reason.clone(),
            columns: columns.clone(),
        })
    }

    fn is_reason(&self, heading: &str) -> bool {
        Field::of_heading(heading) == Some(Field::Reason)
    }

    fn is_text(&self, column: usize) -> bool {
        let field = self.sheet.columns.get(column).copied().flatten();
        !matches!(field, None | Some(Field::Count))
    }
}

/// Writes the rows of orders that were not reported as files of the same kind.
fn give_back(
    table: &Table,
    failed: &[Event],
    rows: &HashMap<String, Vec<(usize, u32)>>,
    wanted: Option<&Path>,
    lang: Lang,
) -> (Vec<PathBuf>, Vec<anyhow::Error>) {
    let mut reasons: HashMap<(usize, u32), (String, HashSet<usize>)> = HashMap::new();
    let mut say = |at: (usize, u32), reason: String, column: Option<usize>| {
        let (said, columns) = reasons.entry(at).or_default();
        if !said.is_empty() {
            said.push_str("; ");
        }
        said.push_str(&reason);
        columns.extend(column);
    };
    for problem in &table.problems {
        say(problem.at, problem.message.render(lang), problem.column);
    }
    // A row with a problem of its own bears that; the other rows of its order come back with it.
    let named: HashSet<(usize, u32)> = table.problems.iter().map(|problem| problem.at).collect();
    for event in failed {
        let reason = event.reason.as_ref().map(|reason| reason.render(lang));
        for at in rows.get(&event.order).into_iter().flatten() {
            if !named.contains(at) {
                say(*at, reason.clone().unwrap_or_default(), None);
            }
        }
    }
    let (mut written, mut unwritten) = (Vec::new(), Vec::new());
    for (input, sheet) in table.sheets.iter().enumerate() {
        let judge = Reasons {
            by_row: reasons
                .iter()
                .filter(|((of, _), _)| *of == input)
                .map(|((_, row), why)| (*row, why.clone()))
                .filter(|(row, _)| *row > sheet.heading)
                .collect(),
            sheet,
        };
        let copy = Copy {
            source: &sheet.source,
            dialect: sheet.dialect,
            sheet: sheet.sheet.as_deref(),
            heading: sheet.heading,
            width: sheet.width,
            wanted,
            id_column: sheet.column(Field::Order).unwrap_or(0),
            id_field: "order",
            reason_heading: match lang {
                Lang::En => "reason",
                Lang::Zh => "失败原因",
            },
            reason_field: "reason",
            judge: &judge,
        };
        match copy.write() {
            Ok(path) => written.extend(path),
            Err(error) => unwritten.push(error),
        }
    }
    (written, unwritten)
}
