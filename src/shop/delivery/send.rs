//! Tables of parcels, the whole way. Every order is one call with all its parcels; the orders are read from WeChat first,
//! so that what is there already is known and not reported again.
//!
//! Long because one job is one story: what is planned, sent, settled at the end, reported and given back.

use super::carriers::Carriers;
use super::component::CHANGED_BEFORE;
use super::plan::{Finish, Shipment, plan};
use super::report::{Event, Planned, Report, action};
use super::sheet::{Field, Line, Problem, Table};
use super::{Alone, KIND, is_incomplete};
use crate::bulk::failed::{Copy, Judge, RowFailure};
use crate::bulk::journal::{Fed, Feed, Journal, Work};
use crate::bulk::source::CellKind;
use crate::bulk::{self, Interrupt, LAG, Look, Outcome};
use crate::client::errcode::ends_the_job;
use crate::clock;
use crate::fail::{Failure, failure};
use crate::lang::{Lang, Text};
use crate::shop::Shop;
use crate::shop::job::stopped_by_hand;
use crate::shop::pass_through::delivery::SEND;
use crate::state::runs::{Ended, ItemState, Items, Known, LeftOut, Memory, RunState, SentMark};
use crate::text;
use crate::types::now;
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

/// What is to be done about the orders of a table, which is also what a dry run shows.
#[derive(Default)]
pub struct Plans {
    shipments: Vec<Shipment>,
    held: Vec<Held>,
    /// Input and row of every line of an order, also where it has problems.
    rows: HashMap<String, Vec<(usize, u32)>>,
}

/// How they are sent.
#[derive(Debug, Clone)]
pub struct How<'a> {
    /// Orders that are reported at the same time.
    pub jobs: usize,
    /// Where rows that fail are written; beside each table where not said.
    pub failed_file: Option<&'a Path>,
    /// In which the reasons in that file are written.
    pub lang: Lang,
    /// How the job was started, as it is kept with the run.
    pub job: String,
}

impl Shop {
    /// Holds every row against the order as WeChat has it. What is wrong goes to the table's problems.
    /// Orders are looked for as many days back.
    pub async fn plan_parcels(&self, table: &mut Table, days: i64, alone: &Alone) -> Result<Plans> {
        let mut plans = Plans::default();
        // An order with a bad row is bad as a whole: it would go out incomplete.
        let bad: HashSet<String> = table
            .problems
            .iter()
            .map(|problem| problem.order.clone())
            .collect();
        let carriers = Carriers::of(self).await?;
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
        let orders = self.orders_by_number(&order_of_orders, days).await?;
        for number in order_of_orders {
            let lines = by_order.remove(&number).unwrap_or_default();
            let Some(first) = lines.first() else { continue };
            let rows = lines.iter().map(|line| (line.input, line.row)).collect();
            plans.rows.insert(number.clone(), rows);
            let column = table.sheets[first.input].column(Field::Order);
            let Some(order) = orders.found.get(&number) else {
                let unknown = orders.unknown(&number, days, text!("look further back with --days"));
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
                    for (carrier, waybill) in self.reported_parcels(&shipment.out_order_id)? {
                        shipment.leave_out_reported(&carrier, &waybill);
                    }
                    let why = match shipment.is_due() {
                        false => None,
                        true if alone.unsettled.contains(&shipment.out_order_id) => Some(text!(
                            "another command reported a parcel of this order, and it is not known yet whether WeChat has it"
                        )),
                        true => self.held_back(order).await,
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

impl Plans {
    /// A line for each order.
    pub fn lines(&self) -> Vec<Planned> {
        let ship = self.shipments.iter().map(|shipment| Planned {
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
        let held = self.held.iter().map(|held| Planned {
            order: held.order.clone(),
            action: "held",
            parcels: Vec::new(),
            place: String::new(),
            reason: Some(held.why.clone()),
        });
        ship.chain(held).collect()
    }

    /// Reports the parcels and gives back the rows that failed. `told` hears of each order. Also what stopped it, where
    /// something did.
    pub async fn carry_out(
        self,
        shop: &Shop,
        table: &Table,
        how: &How<'_>,
        told: impl FnMut(&Event),
    ) -> Result<(Report, Option<anyhow::Error>)> {
        let (state, shop_key) = (shop.client.state(), shop.client.shop_key());
        let interrupt = shop.interrupt();
        let names: Vec<&str> = table
            .sheets
            .iter()
            .map(|sheet| sheet.source.name.as_str())
            .collect();
        let run = state.begin_run(
            shop_key,
            "delivery send",
            &serde_json::to_string(&names).unwrap_or_default(),
            &how.job,
            now(),
        )?;
        let left_out = left_out(table);
        let mut report = Report {
            run,
            profile: shop.name.clone(),
            orders: (self.shipments.len() + self.held.len() + left_out.len()) as u64,
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
        for held in self.held {
            report
                .failed
                .push(Event::left_out(&held.order, "held", held.why));
        }
        let started = std::time::Instant::now();
        let sender = Sender {
            shop,
            started: clock::now(),
            lost_in_a_row: std::cell::Cell::new(0),
        };
        let (counts, failed, stopped) = sender
            .all(self.shipments, run, how.jobs, &interrupt, told)
            .await?;
        report.failed.extend(failed);
        report.count(&counts);
        report.seconds = started.elapsed().as_secs_f64();
        let (files, unwritten) =
            give_back(table, &report.failed, &self.rows, how.failed_file, how.lang);
        for error in unwritten {
            let failure = Failure::from_any(error);
            shop.warn(text!(
                "cannot write the failed rows: {why}; `wxsell run failed {run}` lists them",
                why = failure.message,
                run
            ));
        }
        report.failed_files = files
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let ended = match (&stopped, report.has_failed()) {
            (Some(_), _) => RunState::Stopped,
            (None, true) => RunState::Partial,
            (None, false) => RunState::Done,
        };
        report.status = ended.name();
        let summary = serde_json::to_string(&report).unwrap_or_default();
        state.end_run(run, ended, &summary, now())?;
        Ok((report, stopped))
    }
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

struct Sender<'a> {
    shop: &'a Shop,
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
        jobs: usize,
        interrupt: &Interrupt,
        mut told: impl FnMut(&Event),
    ) -> Result<Results> {
        let shop = self.shop;
        let (state, shop_key) = (shop.client.state(), shop.client.shop_key());
        shop.observer.begin(shipments.len() as u64, text!("orders"));
        let feed = Feed {
            run,
            batch: BATCH,
            // What WeChat has was asked, which is better than what a journal remembers.
            recheck: true,
        };
        let items = Items::open(state, shop_key, KIND)?;
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
                shop.observer.step();
                if ended.state == Some(ItemState::Unclear) {
                    // Told when it is settled with the others.
                    unknown.push(ended.clone());
                    return;
                }
                *counts.entry(ended.action).or_default() += 1;
                let event = Event::of(ended);
                told(&event);
                match ended.state {
                    Some(ItemState::Refused | ItemState::Unclear) => failed.push(event),
                    Some(_) => {}
                    None => unsent.push(event),
                }
            },
        )
        .await;
        let mut kept = journal.close();
        shop.observer.end();
        if kept.is_ok() && !unknown.is_empty() {
            let parked = parked.into_inner();
            let mut items = Items::open(state, shop_key, KIND)?;
            let look = async |ended: &Ended, _| self.look(parked.get(&ended.key)).await;
            let note = |words| shop.note(words);
            kept = bulk::settle(&mut unknown, &mut items, interrupt, note, look).await;
        }
        for ended in &unknown {
            *counts.entry(ended.action).or_default() += 1;
            let event = Event::of(ended);
            told(&event);
            if ended.state != Some(ItemState::Done) {
                failed.push(event);
            }
        }
        let by_hand = || interrupt.pressed().then(stopped_by_hand);
        let stopped = kept.err().or(stopped).or_else(by_hand);
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
        match self.shop.as_it_is_now(shipment).await {
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
            work.leave_out(&self.shop.as_it_is_now(&work).await?);
            // Orders may lag behind what was reported: two looks, the second when that time is over, prove that it
            // never arrived, and only then is it reported again.
            if work.is_due() {
                let waited = clock::now() - self.started;
                if waited < LAG {
                    self.shop.note(text!(
                        "order {order} was sent by an earlier run but does not show it yet; checking again in {seconds} s",
                        order = &work.order,
                        seconds = LAG - waited
                    ));
                    clock::sleep(Duration::from_secs((LAG - waited).unsigned_abs())).await;
                }
                work.leave_out(&self.shop.as_it_is_now(&work).await?);
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
            .is_some_and(|failure| failure.unclear || failure.errcode == Some(CHANGED_BEFORE));
        if there
            && let Ok(order) = self.shop.as_it_is_now(&work).await
            && work.leave_out(&order)
        {
            return Ok(action::CONFIRMED);
        }
        Err(error)
    }

    async fn report(&self, work: &Shipment, finish: bool) -> Result<&'static str> {
        let (_, operation) = SEND.operation();
        let body = self.shop.parcels_request(work, finish)?;
        self.shop.ask(operation, &[], &body).await?;
        Ok(if finish {
            action::SHIPPED
        } else {
            action::PART
        })
    }
}

/// Whether what an earlier run reported of an order may be what is to be reported now, and the order only not show it yet.
pub(super) fn may_be_there(known: Known, shipment: &Shipment) -> bool {
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

    fn failure_of(&self, row: u32, _: &str, _: CellKind) -> Option<RowFailure> {
        let (reason, columns) = self.by_row.get(&row)?;
        Some(RowFailure {
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
