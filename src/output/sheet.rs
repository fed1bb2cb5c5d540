//! Workbooks: ids and all text as text cells, so that Excel neither rounds nor evaluates them.

use super::Cell;
use crate::fail::Failure;
use crate::lang::Lang;
use crate::text;
use crate::types::redact;
use anyhow::Result;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// Excel counts in doubles; a larger number is written as text.
const EXACT: u64 = 1 << 53;

/// Words are in the reader's language.
pub(super) fn write(
    names: &[String],
    rows: &[Vec<Cell>],
    headers: bool,
    lang: Lang,
) -> Result<Vec<u8>> {
    fill(names, rows, headers, lang).map_err(|error| {
        Failure::input(text!(
            "cannot make the workbook: {error}",
            error = error.to_string()
        ))
        .into()
    })
}

fn fill(
    names: &[String],
    rows: &[Vec<Cell>],
    headers: bool,
    lang: Lang,
) -> Result<Vec<u8>, XlsxError> {
    let yuan = Format::new().set_num_format("0.00");
    let bold = Format::new().set_bold();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let mut line = 0u32;
    if headers {
        for (column, name) in (0u16..).zip(names) {
            sheet.write_string_with_format(line, column, name, &bold)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        line += 1;
    }
    for cells in rows {
        for (column, cell) in (0u16..).zip(cells) {
            match cell {
                Cell::Empty => {}
                Cell::Number(number) if number.unsigned_abs() <= EXACT => {
                    #[expect(clippy::cast_precision_loss, reason = "checked to be exact above")]
                    sheet.write_number(line, column, *number as f64)?;
                }
                Cell::Money(fen) if fen.0.unsigned_abs() <= EXACT => {
                    #[expect(clippy::cast_precision_loss, reason = "checked to be exact above")]
                    sheet.write_number_with_format(line, column, fen.0 as f64 / 100.0, &yuan)?;
                }
                other => {
                    sheet.write_string(line, column, &*redact(&other.for_people(lang)))?;
                }
            }
        }
        line += 1;
    }
    workbook.save_to_buffer()
}
