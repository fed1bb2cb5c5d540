//! Which sheet of a workbook is read. Never one that nobody sees or that is an example, unless it is asked for.

use super::{Book, Row, SheetName};
use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use anyhow::Result;

/// Rows in which headings are looked for.
pub const HEAD_ROWS: u32 = 10;

/// The sheet asked for, else the only one, else the only one with headings that `knows` knows; and what people should
/// be told about the choice. `column` names the column by which a sheet is known.
///
/// # Errors
/// No such sheet, several, or none but hidden ones and examples.
pub fn choose(
    book: &mut Book,
    wanted: Option<&str>,
    column: Text,
    knows: &dyn Fn(&Row) -> bool,
) -> Result<(String, Vec<Text>)> {
    let file = book.name.clone();
    let sheets = book.sheets();
    let names = |sheets: &[SheetName]| {
        let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
        names.join(", ")
    };
    let list = names(&sheets);
    if let Some(wanted) = wanted {
        return match sheets.into_iter().find(|sheet| sheet.name == wanted) {
            Some(sheet) => Ok((sheet.name, Vec::new())),
            None => Err(Failure::input(text!(
                "{file} has no sheet \"{sheet}\"",
                file,
                sheet = wanted
            ))
            .hint(text!("its sheets are: {list}", list))
            .into()),
        };
    }
    if let [only] = sheets.as_slice() {
        return Ok((only.name.clone(), Vec::new()));
    }
    let mut fitting: Vec<SheetName> = Vec::new();
    for sheet in &sheets {
        let (mut known, mut seen) = (false, 0);
        book.rows(&sheet.name, &mut |row| {
            known = knows(row);
            seen += 1;
            Ok(!known && seen < HEAD_ROWS)
        })?;
        if known {
            fitting.push(sheet.clone());
        }
    }
    let (aside, fitting): (Vec<SheetName>, Vec<SheetName>) = fitting
        .into_iter()
        .partition(|sheet| sheet.hidden || is_example(&sheet.name));
    match fitting.as_slice() {
        [sheet] => {
            let mut notices = Vec::new();
            // Lists that only a sheet's own drop-downs use are no choice.
            let others = sheets.iter().filter(|other| other.name != sheet.name);
            if !aside.is_empty() || others.clone().any(|other| !other.hidden) {
                notices.push(text!(
                    "reading the sheet \"{sheet}\" of {file}",
                    sheet = &sheet.name,
                    file = &file
                ));
            }
            if !aside.is_empty() {
                notices.push(text!(
                    "hidden and example sheets of {file} are not read: {list}",
                    file,
                    list = names(&aside)
                ));
            }
            Ok((sheet.name.clone(), notices))
        }
        [] if aside.is_empty() => Err(Failure::input(text!(
            "no sheet of {file} has a column for {column} in its first rows",
            file,
            column
        ))
        .hint(text!(
            "choose the sheet with --sheet; its sheets are: {list}",
            list
        ))
        .into()),
        [] => Err(Failure::input(text!(
            "only hidden or example sheets of {file} have a column for {column}: {list}",
            file,
            column,
            list = names(&aside)
        ))
        .hint(text!("if you mean one of them, choose it with --sheet"))
        .into()),
        several => Err(Failure::input(text!(
            "several sheets of {file} have a column for {column}: {list}",
            file,
            column,
            list = names(several)
        ))
        .hint(text!(
            "choose one with --sheet, and do the others afterwards"
        ))
        .into()),
    }
}

/// Whether a sheet is there to show how the others are filled in.
fn is_example(name: &str) -> bool {
    let name = name.to_lowercase();
    ["示例", "样例", "范例", "说明", "example", "sample", "demo"]
        .iter()
        .any(|word| name.contains(word))
}

/// Says that rows which nobody sees are read; `None` where there are none.
pub fn hidden_rows(file: &str, rows: &[u32]) -> Option<Text> {
    Some(match rows {
        [] => return None,
        [row] => text!(
            "the hidden row {row} of {file} is read too",
            row = *row,
            file
        ),
        rows => text!(
            "{count} hidden {count:row|rows} of {file} {count:is|are} read too: {rows}",
            count = rows.len(),
            file,
            rows = runs_of(rows)
        ),
    })
}

/// Rows in words: `3, 5-9`.
fn runs_of(rows: &[u32]) -> String {
    let runs: Vec<String> = rows
        .chunk_by(|one, next| one + 1 == *next)
        .take(9)
        .enumerate()
        .map(|(at, run)| match run {
            _ if at == 8 => "…".to_owned(),
            [only] => only.to_string(),
            run => format!("{}-{}", run[0], run[run.len() - 1]),
        })
        .collect();
    runs.join(", ")
}
