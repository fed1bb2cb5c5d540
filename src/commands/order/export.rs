//! `wxsell order export`: the orders to ship as a sheet that `delivery send` takes back.

use crate::api::operation::masked;
use crate::cli::values::{When, when};
use crate::commands::Ctx;
use crate::commands::whole_file::{ending, refuse_existing, write};
use crate::fail::Failure;
use crate::model::order::State;
use crate::output::{Cell, Column, Record};
use crate::shop::delivery::packing::{self, SheetKind};
use crate::shop::order::{List, Wanted};
use crate::text;
use anyhow::Result;
use serde::Serialize;
use std::path::PathBuf;

/// Write the orders to ship to a spreadsheet
///
/// One row for each SKU of an order, with receiver and address, and with empty columns for carrier and waybill number.
/// Fill these in and send the same file with `wxsell delivery send --from FILE`; rows where both are empty are not
/// sent. Receivers are masked unless --unmask is given. The extension decides the file type: .xlsx or .csv.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// File to write
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: PathBuf,
    /// Overwrite a file that exists
    #[arg(long)]
    overwrite: bool,
    /// Only orders created from this day or time on, China time, e.g. 2022-04-01, or how long ago, e.g. 24h
    #[arg(long, value_name = "TIME", value_parser = when)]
    since: Option<When>,
    /// Only orders created up to this day or time
    #[arg(long, value_name = "TIME", value_parser = when)]
    until: Option<When>,
}

/// A file that was written.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Exported {
    pub file: String,
    pub orders: usize,
    /// One for each SKU of an order.
    pub rows: usize,
}

impl Record for Exported {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("file", "FILE", |e| Cell::Text(e.file.clone())),
        Column::new("orders", "ORDERS", |e| Cell::count(e.orders as u64)),
        Column::new("rows", "ROWS", |e| Cell::count(e.rows as u64)),
    ];
}

pub async fn run(args: Args, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<Exported>()?;
    let file = args.output.display().to_string();
    let kind = match ending(&args.output).as_deref() {
        Some("xlsx") => SheetKind::Xlsx,
        Some("csv") => SheetKind::Csv,
        _ => {
            return Err(Failure::input(text!(
                "can't tell the file type of {file} from its extension",
                file
            ))
            .hint(text!("use the extension .xlsx or .csv"))
            .into());
        }
    };
    refuse_existing(&args.output, args.overwrite)?;
    let list = List::All { oldest_first: true };
    let (shop, now) = (ctx.shop().await?, ctx.clock()?);
    let wanted = Wanted {
        since: args.since.map(|since| since.first(now)),
        until: args.until.map(|until| until.last(now)),
        states: vec![State::Paid],
        limit: None,
    };
    let walked = shop.orders_wanted(&list, &wanted).await?;
    ctx.note_unsure(walked.unsure);
    let mut orders = Vec::with_capacity(walked.rows.len());
    for order in walked.rows {
        let mut value = order.value;
        ctx.note_unread(
            text!("order {number}", number = &value.number),
            &order.unread,
        );
        if !ctx.global.unmask {
            value.receiver.mask(masked);
        }
        orders.push(value);
    }
    if orders.is_empty() {
        ctx.out
            .note(text!("no orders to ship; no file was written"));
        return ctx.report_done(&serde_json::to_value(Exported {
            file: String::new(),
            orders: 0,
            rows: 0,
        })?);
    }
    let mut rows = 0;
    write(&args.output, args.overwrite, |out| {
        rows = packing::write(out, kind, &orders, ctx.out.lang)?;
        Ok(())
    })?;
    let exported = Exported {
        file,
        orders: orders.len(),
        rows,
    };
    if !ctx.out.is_for_people() || ctx.out.columns.is_some() {
        return ctx.out.show(&exported);
    }
    ctx.out.note(text!(
        "wrote {count} {count:order|orders} to ship to {file}; fill in carrier and waybill number, then send the file",
        count = exported.orders,
        file = &exported.file
    ));
    if !ctx.global.unmask {
        ctx.out.note(text!(
            "receivers are masked; use --unmask to write them in full"
        ));
    }
    ctx.out
        .next(&format!("wxsell delivery send --from {}", exported.file));
    Ok(())
}
