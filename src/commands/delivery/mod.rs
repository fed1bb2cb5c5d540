//! `wxsell delivery`: parcels reported to WeChat, one by one or from tables, and receipt.

mod report;

use super::Ctx;
use super::order::find::{DAYS_BACK, Which};
use crate::bulk::csv::Encoding;
use crate::bulk::number::typed;
use crate::bulk::source::SourceKind;
use crate::commands::job::Busy;
use crate::commands::shows::Shows;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
pub use crate::shop::delivery::Report;
use crate::shop::delivery::sheet::{Reading, Table};
use crate::shop::delivery::{Alone, Event, How, OneParcel, Planned, Problem, blank_in_waybill};
use crate::shop::pass_through::delivery::{COMPANIES, RECEIVE, SEND};
use crate::shop::pass_through::empty;
use crate::shop::write::Made;
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Ship orders and confirm receipt
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List carriers
    Companies(CompaniesArgs),
    Send(Box<SendArgs>),
    /// Mark an order as received
    Receive(Which),
}

/// What `delivery companies` takes.
#[derive(Debug, clap::Args)]
pub struct CompaniesArgs {
    /// Only carriers with this in their name or code
    keyword: Option<String>,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::record("delivery send", &SEND),
    Shows::one::<Report>("delivery send"),
    Shows::list::<Problem>("delivery send"),
    Shows::list::<Planned>("delivery send").dry_run(),
    Shows::list::<Problem>("delivery send").dry_run(),
];

/// Ship orders
///
/// One parcel by options, or many from tables with --from: order number, carrier, waybill number, and for orders that
/// go in several parcels the SKU and the number of pieces. Everything is checked before anything is sent; orders with
/// an open after-sale are held back. If it is killed or interrupted, the same command continues where it stopped, and
/// no parcel is reported twice.
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct SendArgs {
    /// Order number: your own, or WeChat's
    #[arg(
        value_name = "ORDER",
        value_parser = typed,
        required_unless_present = "from",
        conflicts_with = "from"
    )]
    order: Option<String>,
    /// Openid of the buyer (default: looked up among the latest orders)
    #[arg(long, value_name = "OPENID", value_parser = typed, conflicts_with = "from")]
    openid: Option<String>,
    /// Carrier: name or code, see `wxsell delivery companies`
    #[arg(
        long,
        value_name = "NAME",
        required_unless_present = "from",
        conflicts_with = "from"
    )]
    carrier: Option<String>,
    /// Waybill number
    #[arg(
        long,
        value_name = "NUMBER",
        value_parser = waybill,
        required_unless_present = "from",
        conflicts_with = "from"
    )]
    waybill: Option<String>,
    /// Contents of the parcel, e.g. TEA-1001-250G=2 (can be repeated; default: the whole order)
    #[arg(long = "item", value_name = "OUT_SKU_ID[=COUNT]", value_parser = item, conflicts_with = "from")]
    items: Vec<(String, Option<i64>)>,
    /// Tables of parcels: .xlsx, .csv, .tsv, patterns such as `today/*.xlsx`, or `-` for standard input
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = clap::ValueHint::FilePath)]
    from: Vec<String>,
    /// File type (default: by extension)
    #[arg(
        long = "file-type",
        alias = "kind",
        value_enum,
        value_name = "KIND",
        requires = "from",
        help_heading = "Files"
    )]
    kind: Option<SourceKind>,
    /// Sheet to read, if the workbook has several
    #[arg(long, value_name = "NAME", requires = "from", help_heading = "Files")]
    sheet: Option<String>,
    /// Text encoding (default: detect)
    #[arg(long, value_enum, requires = "from", help_heading = "Files")]
    encoding: Option<Encoding>,
    /// Skip orders with problems and send the others
    #[arg(long, requires = "from")]
    skip_bad: bool,
    /// File for rows that fail (default: next to each table)
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::FilePath, requires = "from", help_heading = "Files")]
    failed_file: Option<std::path::PathBuf>,
    /// Number of orders to send in parallel
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// How many days back to look for orders
    #[arg(long, value_name = "DAYS", default_value_t = DAYS_BACK, value_parser = clap::value_parser!(i64).range(1..=1000))]
    days: i64,
    /// What to do if another job is running for the same shop
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    busy: Busy,
}

impl SendArgs {
    /// The tables as they were named.
    pub fn files(&self) -> &[String] {
        &self.from
    }
}

fn item(text: &str) -> std::result::Result<(String, Option<i64>), Text> {
    let Some((sku, count)) = text.rsplit_once('=') else {
        return Ok((text.to_owned(), None));
    };
    let count = count.parse().ok().filter(|count| *count > 0);
    match count {
        Some(count) => Ok((sku.to_owned(), Some(count))),
        None => Err(text!(
            "write the SKU and the number of pieces, e.g. TEA-1001-250G=2"
        )),
    }
}

/// A waybill number that was typed.
fn waybill(argument: &str) -> Result<String, Text> {
    let number = typed(argument)?;
    if number.contains(' ') {
        Err(blank_in_waybill(&number))
    } else {
        Ok(number)
    }
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Companies(args) => {
            let mut rows = ctx.rows(&COMPANIES, &(), None).await?;
            if let Some(word) = args.keyword {
                let word = word.to_lowercase();
                let fits = |value: &serde_json::Value| {
                    let text = value.as_str().unwrap_or_default();
                    text.to_lowercase().contains(&word)
                };
                rows.retain(|row| row.as_object().is_some_and(|row| row.values().any(fits)));
            }
            ctx.show_rows(&COMPANIES, rows)
        }
        Verb::Send(args) if args.from.is_empty() => one(*args, ctx).await,
        Verb::Send(args) => {
            ctx.keep_job("delivery send", &args)?;
            many(*args, ctx).await
        }
        Verb::Receive(which) => ctx.ask(&RECEIVE, &which.key(ctx).await?).await,
    }
}

/// Parcels from tables.
async fn many(args: SendArgs, ctx: &Ctx) -> Result<()> {
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
    let shop = ctx.shop().await?;
    let alone = if ctx.global.dry_run {
        Alone::default()
    } else {
        shop.alone_with_parcels(args.busy).await?
    };
    let plans = shop.plan_parcels(&mut table, args.days, &alone).await?;
    if !table.problems.is_empty() && !args.skip_bad {
        return refused(&mut table, ctx);
    }
    if ctx.global.dry_run {
        ctx.out.list(&plans.lines())?;
        ctx.out.note(text!("nothing was sent"));
        return Ok(());
    }
    ctx.out.check_report::<Report, Event>()?;
    let failed_file = args.failed_file.as_deref();
    table.check_failed_files(failed_file)?;
    ctx.before_write(None).await?;
    let out = &ctx.out;
    let mut stream = out
        .shows_each_item()
        .then(|| out.stream::<Event>())
        .transpose()?;
    let told = |event: &Event| {
        if let Some(stream) = &mut stream {
            // A reader that went away does not end the work; the summary tells whether it could be written.
            let _ = stream.push(event);
        }
    };
    let how = How {
        jobs: usize::from(args.jobs),
        failed_file,
        lang: out.lang,
        job: ctx.job(),
    };
    let (report, stopped) = plans.carry_out(shop, &table, &how, told).await?;
    if let Some(stream) = stream {
        stream.finish()?;
    }
    end(&report, stopped, ctx)
}

/// Names everything that is wrong with the tables.
fn refused(table: &mut Table, ctx: &Ctx) -> Result<()> {
    table
        .problems
        .sort_by_key(|problem| (problem.at, problem.column));
    ctx.out.with_all_columns().list(&table.problems)?;
    Err(Failure {
        shown: true,
        ..Failure::input(match table.problems.len() {
            1 => text!("1 problem; nothing was sent"),
            count => text!("{count} {count:problem|problems}; nothing was sent", count),
        })
    }
    .hint(text!(
        "correct these cells, or skip these orders with --skip-bad"
    ))
    .into())
}

/// Says how it went.
fn end(report: &Report, stopped: Option<anyhow::Error>, ctx: &Ctx) -> Result<()> {
    ctx.out.report(report, &report.failed)?;
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
        .hint(if report.failed_files.is_empty() {
            text!("`wxsell run failed {run}` lists them", run = report.run)
        } else {
            text!(
                "their rows are in {files}; correct them and send that file",
                files = report.failed_files.join(", ")
            )
        })
        .into()),
        None => Ok(()),
    }
}

/// One parcel of one order.
async fn one(args: SendArgs, ctx: &Ctx) -> Result<()> {
    let shop = ctx.shop().await?;
    let _alone = if ctx.global.dry_run {
        None
    } else {
        Some(shop.alone_with_a_parcel().await?)
    };
    let named = OneParcel {
        order: args.order.unwrap_or_default(),
        openid: args.openid,
        carrier: args.carrier.unwrap_or_default(),
        waybill: args.waybill.unwrap_or_default(),
        items: args.items,
        days: args.days,
    };
    let Some(parcels) = shop.plan_parcel(&named).await? else {
        ctx.out
            .note(text!("WeChat already has this parcel; nothing was sent"));
        return Ok(());
    };
    if ctx.shows_request(&SEND, &parcels.request)? {
        return Ok(());
    }
    ctx.may_write()?;
    let asking = async || ctx.before_write(None).await;
    let Some(made) = parcels.carry_out(shop, asking).await? else {
        return Ok(());
    };
    let show = async |made: &Made| {
        if made.found.is_some() {
            ctx.out.note(text!("the order shows the parcel"));
        }
        let reply = match &made.reply {
            Value::Null => empty(),
            reply => reply.clone(),
        };
        ctx.show_done(&SEND, reply, parcels.shipped.clone())?;
        Ok(ctx.out.was_read())
    };
    shop.show_write(made, show).await
}
