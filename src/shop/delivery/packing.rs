//! A packing list: the orders to ship as a sheet, one row for each SKU of an order. Carrier and waybill number are left
//! empty; filled in, [`Table`](super::sheet::Table) reads the file back.

use crate::bulk::csv::{CsvWriter, Dialect, Encoding};
use crate::bulk::number::quoted;
use crate::bulk::source::plain_heading;
use crate::lang::Lang;
use crate::model::order::{Line, Order};
use crate::model::parcel::Parcels;
use crate::types::{ChinaTime, guarded};
use anyhow::Result;
use rust_xlsxwriter::{Format, Workbook};
use std::io::{Seek, Write};

/// The kinds of files that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetKind {
    Csv,
    Xlsx,
}

/// What stands in a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Somebody's number, which a spreadsheet must not turn into one of its own.
    Id,
    /// Filled in by whoever packs.
    Open,
    Count,
    Yuan,
    Words,
}

struct Column {
    english: &'static str,
    chinese: &'static str,
    kind: Kind,
    width: u8,
    cell: fn(&Order, Option<&Line>) -> String,
}

const fn column(
    english: &'static str,
    chinese: &'static str,
    kind: Kind,
    width: u8,
    cell: fn(&Order, Option<&Line>) -> String,
) -> Column {
    Column {
        english,
        chinese,
        kind,
        width,
        cell,
    }
}

const COLUMNS: [Column; 14] = [
    column("Order", "订单号", Kind::Id, 22, |order, _| {
        if order.number.is_empty() {
            order.id.clone()
        } else {
            order.number.clone()
        }
    }),
    column("Carrier", "快递公司", Kind::Open, 14, |_, _| {
        String::new()
    }),
    column("Waybill", "运单号", Kind::Open, 20, |_, _| String::new()),
    column("Product", "商品编号", Kind::Id, 16, |_, line| {
        line.map_or_else(String::new, |line| line.product.clone())
    }),
    column("SKU", "规格编号", Kind::Id, 18, |_, line| {
        line.map_or_else(String::new, |line| line.sku.clone())
    }),
    column("Count", "数量", Kind::Count, 8, |_, line| {
        line.map_or_else(String::new, |line| line.count.to_string())
    }),
    column("Title", "商品标题", Kind::Words, 30, |_, line| {
        line.map_or_else(String::new, |line| line.title.clone())
    }),
    column("Receiver", "收件人", Kind::Words, 12, |order, _| {
        order.receiver.name.clone()
    }),
    column("Phone", "联系电话", Kind::Id, 16, |order, _| {
        order.receiver.phone.clone()
    }),
    column("Address", "收货地址", Kind::Words, 40, |order, _| {
        order.receiver.place()
    }),
    column("Total", "订单金额", Kind::Yuan, 10, |order, _| {
        let total = order.price.total;
        total.map_or_else(String::new, |total| total.to_yuan())
    }),
    column("Created", "下单时间", Kind::Words, 20, |order, _| {
        let at = order.created_at;
        at.map_or_else(String::new, |at| ChinaTime::from_unix(at).0)
    }),
    column(
        "Parcels sent",
        "已发包裹",
        Kind::Words,
        22,
        |order, _| match &order.parcels {
            Parcels::Known(_) => order.parcels.to_string(),
            Parcels::Unreadable => "?".to_owned(),
        },
    ),
    column("After-sales", "售后单", Kind::Words, 22, |order, _| {
        order.aftersales.join(" ")
    }),
];

/// Whether a heading is one of this list that is there for people alone.
pub(super) fn is_for_people(heading: &str) -> bool {
    let plain = plain_heading(heading);
    COLUMNS.iter().any(|column| {
        [column.english, column.chinese]
            .iter()
            .any(|own| plain_heading(own) == plain)
    })
}

/// The rows of an order: of one whose goods could not be read a single one, which stands for all of it.
fn rows(order: &Order) -> Vec<Option<&Line>> {
    if order.lines.is_empty() {
        vec![None]
    } else {
        order.lines.iter().map(Some).collect()
    }
}

/// Writes the orders, with headings in the reader's language; gives the number of rows.
///
/// # Errors
/// What the file fails with.
pub fn write<W: Write + Seek + Send>(
    out: W,
    kind: SheetKind,
    orders: &[Order],
    lang: Lang,
) -> Result<usize> {
    let lines: Vec<(&Order, Option<&Line>)> = orders
        .iter()
        .flat_map(|order| rows(order).into_iter().map(move |line| (order, line)))
        .collect();
    match kind {
        SheetKind::Csv => csv(out, &lines, lang)?,
        SheetKind::Xlsx => xlsx(out, &lines, lang)?,
    }
    Ok(lines.len())
}

fn is_digits(cell: &str) -> bool {
    !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit())
}

fn heading(column: &Column, lang: Lang) -> &'static str {
    match lang {
        Lang::En => column.english,
        Lang::Zh => column.chinese,
    }
}

fn csv<W: Write>(out: W, lines: &[(&Order, Option<&Line>)], lang: Lang) -> Result<()> {
    // With the mark, Excel reads UTF-8 as what it is.
    let dialect = Dialect {
        encoding: Encoding::Utf8Bom,
        delimiter: b',',
        crlf: true,
        sep: false,
    };
    let mut writer = CsvWriter::new(out, dialect)?;
    writer.row(COLUMNS.iter().map(|column| heading(column, lang)))?;
    for (order, line) in lines {
        writer.row(COLUMNS.iter().map(|column| {
            let cell = (column.cell)(order, *line);
            match column.kind {
                // Of digits a spreadsheet makes a number, without zeros at the front and with fifteen digits.
                Kind::Id if is_digits(&cell) || guarded(&cell) != cell => quoted(&cell),
                Kind::Words => guarded(&cell).into_owned(),
                _ => cell,
            }
        }))?;
    }
    writer.finish()
}

fn xlsx<W: Write + Seek + Send>(
    out: W,
    lines: &[(&Order, Option<&Line>)],
    lang: Lang,
) -> Result<()> {
    let bold = Format::new().set_bold();
    let as_text = Format::new().set_num_format("@");
    let yuan = Format::new().set_num_format("0.00");
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name(match lang {
        Lang::En => "orders",
        Lang::Zh => "待发货订单",
    })?;
    sheet.set_freeze_panes(1, 1)?;
    for (at, column) in (0u16..).zip(&COLUMNS) {
        sheet.set_column_width(at, f64::from(column.width))?;
        // A waybill number that is typed in later stays the digits that it is.
        if matches!(column.kind, Kind::Id | Kind::Open) {
            sheet.set_column_format(at, &as_text)?;
        }
        sheet.write_string_with_format(0, at, heading(column, lang), &bold)?;
    }
    for (row, (order, line)) in (1u32..).zip(lines) {
        for (at, column) in (0u16..).zip(&COLUMNS) {
            let cell = (column.cell)(order, *line);
            // Excel counts in doubles, which hold a price and a number of pieces as they are.
            let number = match column.kind {
                Kind::Count | Kind::Yuan => cell.parse::<f64>().ok(),
                _ => None,
            };
            match (column.kind, number) {
                _ if cell.is_empty() => {}
                (Kind::Yuan, Some(number)) => {
                    sheet.write_number_with_format(row, at, number, &yuan)?;
                }
                (_, Some(number)) => {
                    sheet.write_number(row, at, number)?;
                }
                (Kind::Id, None) => {
                    sheet.write_string_with_format(row, at, &cell, &as_text)?;
                }
                (_, None) => {
                    sheet.write_string(row, at, &cell)?;
                }
            }
        }
    }
    Ok(workbook.save_to_writer(out)?)
}
