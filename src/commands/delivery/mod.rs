//! `wxsell delivery`: parcels reported to WeChat, one by one or from tables, and receipt.

mod bulk;
mod carriers;
mod plan;
mod report;
mod sheet;

use super::Ctx;
use super::ask::request;
use super::order::find::{DAYS_BACK, Which, by_numbers};
use crate::bulk::csv::Encoding;
use crate::bulk::number::typed;
use crate::bulk::source::SourceKind;
use crate::commands::job::Busy;
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::lang::Text;
use crate::model::order::Order;
use crate::shop::aftersale::Key;
use crate::shop::parcel::mark;
use crate::shop::pass_through::delivery::{COMPANIES, RECEIVE, SEND};
use crate::shop::pass_through::empty;
use crate::shop::write::{Made, Planned, Sort, Want};
use crate::state::LockGuard;
use crate::state::runs::Items;
use crate::text;
use crate::types::{ChinaTime, Fen};
use anyhow::Result;
use carriers::Carriers;
use clap::Subcommand;
use plan::{Finish, Shipment};
pub use report::Report;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sheet::Line;

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
    /// Only carriers whose name or code holds this
    keyword: Option<String>,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::record("delivery send", &SEND),
    Shows::one::<Report>("delivery send"),
    Shows::list::<sheet::Problem>("delivery send"),
    Shows::list::<report::Planned>("delivery send").dry_run(),
    Shows::list::<sheet::Problem>("delivery send").dry_run(),
];

/// Ship orders
///
/// One parcel by options, or many from tables with --from: order number, carrier, waybill number, and where an order
/// goes in several parcels the SKU and the number of pieces. Everything is checked before anything is sent; orders
/// with a running after-sale are held back. Killed or interrupted, the same command goes on where it stopped, and no
/// parcel is reported twice.
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct SendArgs {
    /// Number of the order: your own, or WeChat's
    #[arg(
        value_name = "ORDER",
        value_parser = typed,
        required_unless_present = "from",
        conflicts_with = "from"
    )]
    order: Option<String>,
    /// The buyer; looked up among the latest orders when left out
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
    /// What is in the parcel, e.g. TEA-1001-250G=2 (can be repeated); the whole order when left out
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
    /// Sheet to read, where a spreadsheet has several
    #[arg(long, value_name = "NAME", requires = "from", help_heading = "Files")]
    sheet: Option<String>,
    /// Text encoding (default: detect)
    #[arg(long, value_enum, requires = "from", help_heading = "Files")]
    encoding: Option<Encoding>,
    /// Leave out orders with problems and report the others
    #[arg(long, requires = "from")]
    skip_bad: bool,
    /// Where rows that fail are written; beside each table where not given
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::FilePath, requires = "from", help_heading = "Files")]
    failed_file: Option<std::path::PathBuf>,
    /// Orders reported at the same time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// How many days back orders are looked for
    #[arg(long, value_name = "DAYS", default_value_t = DAYS_BACK, value_parser = clap::value_parser!(i64).range(1..=1000))]
    days: i64,
    /// What to do while another job works for the same shop
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

/// No carrier gives out waybill numbers with blanks, and nobody could follow the parcel.
fn blank_in_waybill(waybill: &str) -> Text {
    text!(
        "there is a blank in the waybill number \"{waybill}\"",
        waybill
    )
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
            bulk::send(*args, ctx).await
        }
        Verb::Receive(which) => ctx.ask(&RECEIVE, &which.key(ctx).await?).await,
    }
}

/// The orders of a job in its journal.
const KIND: &str = "delivery";

/// Who holds this may report parcels of the shop: two commands would plan by what neither has reported yet.
async fn reporting(ctx: &Ctx) -> Result<LockGuard> {
    let name = format!("reporting-{}", ctx.profile()?.shop_key());
    let state = ctx.state()?.clone();
    if let Some(guard) = state.try_lock(&name)? {
        return Ok(guard);
    }
    ctx.out
        .note(text!("waiting for another command that does the same"));
    let locked = tokio::task::spawn_blocking(move || state.lock(&name)).await;
    locked.map_err(|error| {
        Failure::bug(text!(
            "waiting for a lock failed: {error}",
            error = error.to_string()
        ))
    })?
}

/// Whether the journal of a job has the order with what may be this parcel.
fn may_be_under_way(order: &Order, shipment: &Shipment, ctx: &Ctx) -> Result<bool> {
    let items = Items::open(ctx.state()?, &ctx.profile()?.shop_key(), KIND)?;
    for name in [&shipment.order, &order.number, &order.id] {
        if let Some(known) = items.known(name)?
            && bulk::may_be_there(known, shipment)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// One parcel of one order.
async fn one(args: SendArgs, ctx: &Ctx) -> Result<()> {
    let _alone = match ctx.global.dry_run {
        true => None,
        false => Some(reporting(ctx).await?),
    };
    let number = args.order.unwrap_or_default();
    let order = match &args.openid {
        Some(openid) => order_of(&number, openid, ctx).await?,
        None => {
            let mut orders = by_numbers(ctx, std::slice::from_ref(&number), args.days).await?;
            let order = orders.found.remove(&number);
            order.ok_or_else(|| {
                orders.unknown(&number, args.days, text!("name the buyer with --openid"))
            })?
        }
    };
    let carriers = Carriers::of(ctx).await?;
    let named = args.carrier.unwrap_or_default();
    let carrier = carriers.code(&named)?.to_owned();
    let line_waybill = args.waybill.clone().unwrap_or_default();
    let line = Line {
        order: number,
        carrier,
        waybill: args.waybill.unwrap_or_default(),
        ..Line::default()
    };
    let lines: Vec<Line> = if args.items.is_empty() {
        vec![line]
    } else {
        args.items
            .into_iter()
            .map(|(sku, count)| Line {
                sku: Some(sku),
                count,
                ..line.clone()
            })
            .collect()
    };
    let shipped = match &*line_waybill {
        "" => text!("{order} shipped", order = &order.number),
        waybill => text!(
            "{order} shipped with {carrier}, {waybill}",
            order = &order.number,
            carrier = named,
            waybill
        ),
    };
    let lines: Vec<&Line> = lines.iter().collect();
    let shipment = plan::plan(&lines, &order, String::new()).map_err(|problems| {
        let mut words = problems.into_iter().map(|(_, words)| words);
        let first = words.next().unwrap_or_else(|| text!("nothing can be sent"));
        Failure::input(first).also(words.collect())
    })?;
    if !shipment.is_due() {
        ctx.out
            .note(text!("WeChat has this parcel already; nothing was sent"));
        return Ok(());
    }
    if let Some(why) = held_back(&order, ctx).await {
        return Err(Failure::input(why)
            .hint(text!("end the after-sale first: `wxsell aftersale list`"))
            .into());
    }
    let at = ChinaTime::from_unix(ctx.clock()?).0;
    let body = |finish| request(&SEND, &(), shipment.request(finish, &at));
    let whole = body(shipment.finish != Finish::No)?;
    if ctx.shows_request(&SEND, &whole)? {
        return Ok(());
    }
    ctx.may_write()?;
    let shop = ctx.shop().await?;
    let mark = mark(
        shipment
            .parcels
            .iter()
            .map(|parcel| (parcel.delivery_id.as_str(), parcel.waybill_id.as_str())),
    );
    let want = || Want {
        sort: Sort::Parcel,
        subject: &shipment.out_order_id,
        amount: Fen(0),
        what: "",
        mark: Some(&mark),
        fresh_mark: String::new(),
        look: shipment.openid.clone(),
        anew: false,
    };
    if may_be_under_way(&order, &shipment, ctx)? {
        shop.doubt(&want())?;
    }
    let (_, operation) = SEND.operation();
    let made = match shop.plan_write(want()).await? {
        Planned::Same(made) => {
            ctx.out
                .note(text!("WeChat has this parcel already; nothing was sent"));
            made
        }
        Planned::New(prepared) => {
            ctx.before_write(None).await?;
            let asks = shipment.finish == Finish::Ask;
            let prepared = if asks {
                prepared.refused_by(INCOMPLETE)
            } else {
                prepared
            };
            let sent = prepared.send(shop, operation, &whole, |_| Default::default());
            match sent.await {
                Err(error) if asks && is_incomplete(&error) => {
                    if shipment.clone().leave_out(&again(&shipment, ctx).await?) {
                        ctx.out.note(text!("the order shows the parcel"));
                        return Ok(());
                    }
                    let part = body(false)?;
                    match shop.plan_write(want()).await? {
                        Planned::Same(made) => made,
                        Planned::New(prepared) => {
                            let sent =
                                prepared.send(shop, operation, &part, |_| Default::default());
                            sent.await?
                        }
                    }
                }
                sent => sent?,
            }
        }
    };
    let show = async |made: &Made| {
        if made.found.is_some() {
            ctx.out.note(text!("the order shows the parcel"));
        }
        let reply = match &made.reply {
            Value::Null => empty(),
            reply => reply.clone(),
        };
        ctx.show_done(&SEND, reply, shipped)?;
        Ok(ctx.out.was_read())
    };
    shop.show_write(made, show).await
}

async fn order_of(number: &str, openid: &str, ctx: &Ctx) -> Result<Order> {
    let key = super::order::find::Key {
        order_id: None,
        out_order_id: Some(number.to_owned()),
        openid: openid.to_owned(),
    };
    Ok(super::order::read(ctx, &key).await?.value)
}

/// The order as it is now.
async fn again(shipment: &Shipment, ctx: &Ctx) -> Result<Order> {
    order_of(&shipment.out_order_id, &shipment.openid, ctx).await
}

/// Not every piece is in a parcel.
const INCOMPLETE: i64 = 1_010_042;

fn is_incomplete(error: &anyhow::Error) -> bool {
    crate::fail::failure(error).is_some_and(|failure| failure.errcode == Some(INCOMPLETE))
}

/// Why an order may not be shipped now: an after-sale that runs, or of which nothing can be learned.
async fn held_back(order: &Order, ctx: &Ctx) -> Option<Text> {
    for number in &order.aftersales {
        let shop = match ctx.shop().await {
            Ok(shop) => shop,
            Err(error) => return Some(Failure::from_any(error).message),
        };
        match shop.aftersale(&Key::Id(number.clone())).await {
            Ok(found) if !found.value.state.may_stop_parcels() => {}
            Ok(_) => return Some(text!("after-sale {number} of the order is running", number)),
            Err(error) => {
                return Some(text!(
                    "after-sale {number} of the order cannot be read: {reason}",
                    number,
                    reason = Failure::from_any(error).message
                ));
            }
        }
    }
    None
}
