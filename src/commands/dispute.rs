//! `wxsell dispute`: what buyers brought before the platform after a refusal, and the merchant's evidence.

use super::Ctx;
use super::ask::{Ask, Rows, check, request};
use super::image::Pictures;
use super::order::list::{last_moment, moment};
use super::sandbox::duration;
use crate::api::component::deadline::Deadline;
use crate::api::component::dispute;
use crate::api::operation::{mask_personal, present};
use crate::fail::{Failure, Kind, failure};
use crate::lang::Text;
use crate::output::{Cell, Columns, Format};
use crate::text;
use crate::types::{ChinaTime, Id64, plain_time};
use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::time::Duration;

/// See disputes and answer with evidence
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(ListArgs),
    Show(ShowArgs),
    Respond(RespondArgs),
}

/// List disputes
///
/// With --due: what runs out soon, the nearest first.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only disputes that run out within this time, e.g. 6h or 2d
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    due: Option<Duration>,
    /// Only disputes that take your evidence now
    #[arg(long)]
    evidence: bool,
    /// Only this state, by WeChat's number, e.g. 230003
    #[arg(long, value_name = "NUMBER")]
    state: Option<i64>,
    /// Only this kind
    #[arg(long = "type", value_enum)]
    kind: Option<Why>,
    /// Opened since, e.g. 2022-04-01 or "2022-04-01 12:00:00", China time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<ChinaTime>,
    /// Opened until; a day means its end
    #[arg(long, value_name = "TIME", value_parser = last_moment)]
    until: Option<ChinaTime>,
    /// Only this order, by WeChat's number
    #[arg(long, value_name = "NUMBER")]
    order: Option<Id64>,
    /// Only this after-sale, by WeChat's number
    #[arg(long, value_name = "NUMBER")]
    aftersale: Option<Id64>,
    #[command(flatten)]
    rows: Rows,
}

/// Show one dispute with its history
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Number of the dispute
    number: Id64,
}

/// Hand in evidence: text and pictures
///
/// Which states take evidence WeChat does not document; here it is those whose names wait for you, which is
/// unconfirmed. What is missed counts as no evidence.
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
    /// Picture: file or address (can be repeated)
    #[arg(long = "image", id = "images", value_name = "IMAGE", value_hint = clap::ValueHint::FilePath)]
    images: Vec<String>,
    /// Send it even where the state of the dispute does not seem to take evidence
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
    /// You refuse the after-sale
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

const LIST: Ask = Ask::new("dispute list", "/shop/complaint/get_list").shows("orders", &[]);
const SHOW: Ask = Ask::new("dispute show", "/shop/complaint/get").shows("", SHOWN);

/// Whose meanings are shown in words.
const SHOWN: &[(&str, &str)] = &[
    ("order.state", "STATE"),
    ("order.type", "WHY"),
    ("order.judge_result", "VERDICT"),
    ("flow_info.list.op_record.event", "WHAT"),
];
const RESPOND: Ask = Ask::new("dispute respond", "/shop/complaint/upload_material");

pub const ASKS: &[Ask] = &[LIST, SHOW, RESPOND];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::List(args) => list(args, ctx).await,
        Verb::Show(args) => {
            let told = read(ctx, args.number).await?;
            show(ctx, told)
        }
        Verb::Respond(args) => respond(args, ctx).await,
    }
}

/// A dispute ready to be shown.
struct Shown {
    json: Value,
    state: i64,
    deadline: Option<Deadline>,
    now: i64,
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl Shown {
    fn new(ctx: &Ctx, told: Value) -> Result<Shown> {
        let state = told["state"].as_i64().unwrap_or_default();
        let deadline = dispute::deadline(&told);
        let (book, operation) = SHOW.operation();
        let mut json = match book.at(&operation.reply, "order") {
            Some(node) => present(book, node, told),
            None => told,
        };
        if !ctx.global.unmask {
            mask_personal(&mut json);
        }
        json["takes_evidence"] = dispute::takes_evidence(state).into();
        json["deadline"] = deadline.as_ref().map_or(Value::Null, Deadline::json);
        Ok(Shown {
            json,
            state,
            deadline,
            now: ctx.clock()?,
        })
    }

    fn text(&self, name: &str) -> Cell {
        match &self.json[name] {
            Value::String(text) if !text.is_empty() => Cell::Text(plain_time(text)),
            _ => Cell::Empty,
        }
    }

    /// The meaning of a number, from the reference.
    fn meaning(&self, name: &str, path: &str) -> Cell {
        let (book, operation) = SHOW.operation();
        match book.at(&operation.reply, path) {
            Some(node) => super::ask::cell(book, node, &self.json[name]),
            None => Cell::Empty,
        }
    }
}

fn columns(whole: bool) -> Columns<Shown> {
    let line = Columns::none()
        .with("complaint_order_id", "DISPUTE", |row: &Shown| {
            row.text("complaint_order_id")
        })
        .with("after_sale_order_id", "AFTER-SALE", |row: &Shown| {
            row.text("after_sale_order_id")
        })
        .with("state", "STATE", |row: &Shown| {
            Cell::Word(dispute::words(row.state))
        })
        .with("type", "WHY", |row: &Shown| {
            row.meaning("type", "order.type")
        })
        .with("waits_for", "WAITS FOR", |row: &Shown| {
            let who = dispute::stage(row.state).and_then(|stage| stage.who);
            who.map_or(Cell::Empty, |who| Cell::Word(who.words()))
        })
        .with("time_left", "TIME LEFT", |row: &Shown| {
            match &row.deadline {
                Some(deadline) => Cell::Word(deadline.left(row.now)),
                None => Cell::Empty,
            }
        })
        .with("takes_evidence", "EVIDENCE", |row: &Shown| {
            Cell::Word(match dispute::takes_evidence(row.state) {
                true => text!("taken"),
                false => text!("not taken"),
            })
        });
    if !whole {
        return line;
    }
    line.with("order_id", "ORDER", |row: &Shown| row.text("order_id"))
        .with("judge_result", "VERDICT", |row: &Shown| {
            row.meaning("judge_result", "order.judge_result")
        })
        .with("openid", "BUYER", |row: &Shown| row.text("openid"))
        .with("phone_number", "PHONE", |row: &Shown| {
            row.text("phone_number")
        })
        .with("create_time", "OPENED", |row: &Shown| {
            row.text("create_time")
        })
        .with("update_time", "CHANGED", |row: &Shown| {
            row.text("update_time")
        })
}

async fn list(args: ListArgs, ctx: &Ctx) -> Result<()> {
    // The table of the reference names the filter `status`, its sample `state`; what comes back is held against it.
    let filter = json!({
        "state": args.state, "type": args.kind.map(Why::code), "begin_create_time": args.since.as_ref().and_then(ChinaTime::unix),
        "end_create_time": args.until.as_ref().and_then(ChinaTime::unix), "order_id": args.order, "after_sale_order_id": args.aftersale,
    });
    let narrowed = args.due.is_some() || args.evidence || args.state.is_some();
    let limit = args.rows.limit.filter(|_| !narrowed);
    let told = ctx.rows(&LIST, &filter, limit).await?;
    let until = match args.due {
        Some(due) => Some(ctx.clock()? + i64::try_from(due.as_secs())?),
        None => None,
    };
    let mut rows = Vec::new();
    for told in told {
        let row = Shown::new(ctx, told)?;
        let soon = until.is_none_or(|until| {
            row.deadline
                .as_ref()
                .is_some_and(|deadline| deadline.at <= until)
        });
        let fits = args.state.is_none_or(|state| row.state == state)
            && (!args.evidence || dispute::takes_evidence(row.state));
        if soon && fits {
            rows.push(row);
        }
    }
    if until.is_some() {
        rows.sort_by_key(|row| row.deadline.as_ref().map(|deadline| deadline.at));
    }
    rows.truncate(args.rows.limit.unwrap_or(usize::MAX));
    ctx.out.list_with(columns(false), &rows)
}

/// A dispute and its history as WeChat gave them.
async fn read(ctx: &Ctx, number: Id64) -> Result<Value> {
    let body = request(&SHOW, &json!({"complaint_order_id": number}), json!({}))?;
    let reply = ctx.send(&SHOW, &body).await?.unwrap_or_default();
    match reply["order"].is_object() {
        true => Ok(reply),
        false => Err(Failure::new(
            Kind::Refused,
            text!(
                "WeChat answered without the dispute {number}",
                number = number.to_string()
            ),
        )
        .into()),
    }
}

/// The dispute and its history: one object in machine output, two tables for people.
fn show(ctx: &Ctx, told: Value) -> Result<()> {
    let mut shown = Shown::new(ctx, told["order"].clone())?;
    let (book, operation) = SHOW.operation();
    let mut whole = present(book, &operation.reply, told);
    if !ctx.global.unmask {
        mask_personal(&mut whole);
    }
    if !matches!(ctx.out.format, Format::Table) || ctx.out.jq.is_some() {
        shown.json["flow_info"] = whole["flow_info"].take();
        return ctx.out.show_with(columns(true), &shown);
    }
    ctx.out.show_with(columns(true), &shown)?;
    let steps = whole["flow_info"]["list"].take();
    let steps: Vec<Value> = steps.as_array().cloned().unwrap_or_default();
    if steps.is_empty() || ctx.out.columns.is_some() {
        return Ok(());
    }
    ctx.out.text("")?;
    ctx.out.list_with(history(), &steps)
}

/// The record of a step: exactly one of three names is there.
fn record(step: &Value) -> &Value {
    ["user_record", "merchant_record", "op_record"]
        .into_iter()
        .map(|name| &step[name])
        .find(|record| record.is_object())
        .unwrap_or(&Value::Null)
}

fn history() -> Columns<Value> {
    let (book, operation) = SHOW.operation();
    let event = book.at(&operation.reply, "flow_info.list.op_record.event");
    Columns::none()
        .with("time", "TIME", |step: &Value| {
            match record(step)["time"].as_str() {
                Some(time) => Cell::Text(plain_time(time)),
                None => Cell::Empty,
            }
        })
        .with("object", "WHO", |step: &Value| {
            Cell::Word(match step["object"].as_i64() {
                Some(1) => text!("the buyer"),
                Some(3) => text!("you"),
                _ => text!("the platform"),
            })
        })
        .with("event", "WHAT", move |step: &Value| match event {
            Some(node) => super::ask::cell(book, node, &record(step)["event"]),
            None => Cell::Empty,
        })
        .with(
            "content",
            "IN WORDS",
            |step: &Value| match record(step)["material_info"]["content"].as_str() {
                Some(words) if !words.is_empty() => Cell::Text(words.to_owned()),
                _ => Cell::Empty,
            },
        )
        .with("media_url_list", "PICTURES", |step: &Value| {
            let urls = record(step)["material_info"]["media_url_list"].as_array();
            let urls = urls.into_iter().flatten();
            let urls: Vec<String> = urls.filter_map(Value::as_str).map(str::to_owned).collect();
            match urls.is_empty() {
                true => Cell::Empty,
                false => Cell::List(urls),
            }
        })
}

async fn respond(args: RespondArgs, ctx: &Ctx) -> Result<()> {
    let words = statement(&args)?;
    let pictures = Pictures::read(&args.images)?;
    let told = read(ctx, args.number).await?;
    let before = told["order"]["state"].as_i64().unwrap_or_default();
    if !args.force {
        guard(&told["order"], args.number)?;
    }
    let mut body = json!({"complaint_order_id": args.number, "material_info": {}});
    if let Some(words) = words {
        body["material_info"]["content"] = words.into();
    }
    check(&RESPOND, &body, &[])?;
    ctx.out.check_columns_of(columns(true))?;
    let links = pictures.links(ctx).await?;
    if !links.is_empty() {
        body["material_info"]["media_url_list"] = json!(links);
    }
    match ctx.send(&RESPOND, &body).await {
        Ok(None) => return Ok(()),
        Ok(Some(_)) => {}
        Err(error) => look_up(ctx, &args, before, error).await?,
    }
    let told = read(ctx, args.number).await?;
    show(ctx, told)
}

fn statement(args: &RespondArgs) -> Result<Option<String>> {
    let words = match &args.text_file {
        None => args.text.clone(),
        Some(path) => {
            let read = match path.as_os_str() == "-" {
                true => std::io::read_to_string(std::io::stdin()),
                false => std::fs::read_to_string(path),
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

/// Refuses where no evidence seems to be taken.
fn guard(told: &Value, number: Id64) -> Result<()> {
    let state = told["state"].as_i64().unwrap_or_default();
    if dispute::takes_evidence(state) {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Refused,
        text!(
            "dispute {number} takes no evidence of yours now: {state}",
            number = number.to_string(),
            state = dispute::words(state)
        ),
    )
    .also(situation(told))
    .hint(text!(
        "nothing was sent; WeChat does not document which states take evidence, --force tries it"
    ))
    .into())
}

/// For whom it waits and until when, a sentence each.
fn situation(told: &Value) -> Vec<Text> {
    let state = told["state"].as_i64().unwrap_or_default();
    let mut lines = Vec::new();
    match dispute::stage(state).and_then(|stage| stage.who) {
        Some(who) => lines.push(text!("it waits for {who}", who = who.words())),
        None => lines.push(text!("it has ended; nothing can be done about it any more")),
    }
    if let Some(deadline) = dispute::deadline(told) {
        lines.push(text!(
            "until {time} {who} can {what}; otherwise {then}",
            time = ChinaTime::from_unix(deadline.at).0,
            who = deadline.who.words(),
            what = deadline.what,
            then = deadline.then
        ));
    }
    lines
}

/// A lost answer: the history tells whether the evidence came.
async fn look_up(ctx: &Ctx, args: &RespondArgs, before: i64, error: anyhow::Error) -> Result<()> {
    let failed = failure(&error);
    let lost = failed.is_some_and(|failure| failure.unclear);
    let refused = failed.is_some_and(|failure| failure.errcode == Some(21001));
    if !lost && !refused {
        return Err(error);
    }
    let Ok(told) = read(ctx, args.number).await else {
        return Err(error);
    };
    let state = told["order"]["state"].as_i64().unwrap_or_default();
    let last = told["flow_info"]["list"]
        .as_array()
        .and_then(|steps| steps.last());
    let ours = last.is_some_and(|step| step["object"] == 3);
    if lost && ours && state != before {
        ctx.out.note(text!(
            "the answer was lost; the dispute shows that the evidence came"
        ));
        return Ok(());
    }
    let mut failure = Failure::from_any(error);
    failure.also = situation(&told["order"]);
    if lost {
        failure.hint = Some(text!(
            "the dispute does not show your evidence: it can be handed in again"
        ));
    }
    Err(failure.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::Shelf;

    #[test]
    fn every_kind_of_complaint_has_a_word() {
        let known = &Shelf::Component.book().types["ComplaintType"].values;
        let codes: Vec<i64> = Why::value_variants().iter().map(|why| why.code()).collect();
        let known: Vec<i64> = known.iter().filter_map(|one| one.value.as_i64()).collect();
        assert_eq!(codes, known);
    }
}
