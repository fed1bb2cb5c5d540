//! The products that failed, given back as a file of the same make, ready to be uploaded again. Files of either family of
//! sheets come here: each says of itself how its product numbers are read.

use super::catalogue::{Catalogue, SheetFile};
use super::cells::{Value, read_cell};
use super::fields::{Field, Shape};
use super::problem::Problem;
use super::rows::Payload;
use crate::bulk::csv::Dialect;
use crate::bulk::failed::{Copy, Judge, RowFailure, target};
use crate::bulk::source::{CellKind, Source};
use crate::lang::Lang;
use crate::text;
use crate::types::spelling::half_width;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A product that could not be sent.
#[derive(Debug, Clone)]
pub struct Failed {
    pub out_product_id: String,
    /// In the reader's language.
    pub reason: String,
    /// The API's name of the field that is to blame, where known.
    pub field: Option<String>,
}

/// One reason for one product or row.
#[derive(Clone)]
struct Why {
    reason: String,
    /// `None` for the whole product.
    row: Option<(usize, u32)>,
    column: Option<usize>,
    field: Option<String>,
}

#[derive(Default)]
struct Reasons {
    by_id: HashMap<String, Vec<Why>>,
    by_row: HashMap<(usize, u32), Vec<Why>>,
}

/// The files of failed rows that were written, and what kept others from it.
#[derive(Debug, Default)]
pub struct Written {
    pub files: Vec<PathBuf>,
    pub problems: Vec<anyhow::Error>,
}

/// A file that was read, as far as its rows are given back.
pub trait Origin {
    fn source(&self) -> &Source;
    fn dialect(&self) -> Option<Dialect>;
    fn sheet(&self) -> Option<&str>;
    /// The row of the headings; 0 where there is none.
    fn heading(&self) -> u32;
    /// Columns of the widest row.
    fn width(&self) -> usize;
    fn id_column(&self) -> usize;
    /// The product's number as it was understood when the row was read.
    fn id(&self, cell: &str, kind: CellKind) -> Option<String>;
    /// The column of a field, by the name that the API has for it.
    fn column_of(&self, field: &str) -> Option<usize>;
    /// Whether a column of this heading holds reasons.
    fn is_reason(&self, heading: &str) -> bool;
    /// Whether a column holds numbers that spreadsheets must take for text.
    fn is_text(&self, column: usize) -> bool;
}

/// What failed, and what was wrong with rows before anything was sent.
pub struct Failures<'a> {
    pub failed: &'a [Failed],
    pub problems: &'a [Problem],
    /// Input and row of problems beyond those that are kept.
    pub more: &'a [(u32, u32)],
}

impl Failures<'_> {
    /// Writes the rows of products that failed, and of those with problems, next to each input: `catalog.failed.xlsx`
    /// for `catalog.xlsx`; for standard input into the current folder; with `wanted` there. Cells stay as they were;
    /// the column `reason` is added or replaced. A file that somebody edited is not written over: the next one is
    /// `catalog.failed-2.xlsx`. What cannot be written keeps the others from nothing.
    pub fn write<O: Origin>(&self, files: &[O], wanted: Option<&Path>, lang: Lang) -> Written {
        let reasons = self.reasons(lang);
        let mut written = Written::default();
        for (input, file) in files.iter().enumerate() {
            let heading = match lang {
                Lang::En => Field::Reason.name(),
                Lang::Zh => Field::Reason.spec().chinese,
            };
            let judge = Judged {
                input,
                file,
                reasons: &reasons,
            };
            let copy = Copy {
                source: file.source(),
                dialect: file.dialect(),
                sheet: file.sheet(),
                heading: file.heading(),
                width: file.width(),
                wanted,
                id_column: file.id_column(),
                id_field: Field::OutProductId.name(),
                reason_heading: heading,
                reason_field: Field::Reason.name(),
                judge: &judge,
            };
            match copy.write() {
                Ok(path) => written.files.extend(path),
                Err(error) => written.problems.push(error),
            }
        }
        written
    }

    fn reasons(&self, lang: Lang) -> Reasons {
        let mut reasons = Reasons::default();
        for failed in self.failed {
            reasons
                .by_id
                .entry(failed.out_product_id.clone())
                .or_default()
                .push(Why {
                    reason: failed.reason.clone(),
                    row: None,
                    column: None,
                    field: failed.field.clone(),
                });
        }
        for problem in self.problems {
            let Some(row) = problem.row else { continue };
            let reason = match &problem.hint {
                Some(hint) => format!(
                    "{}: {} ({})",
                    problem.location(),
                    problem.message.render(lang),
                    hint.render(lang)
                ),
                None => format!("{}: {}", problem.location(), problem.message.render(lang)),
            };
            let why = Why {
                reason,
                row: Some((problem.input, row)),
                column: problem.column,
                field: None,
            };
            if problem.of_row_above {
                reasons
                    .by_row
                    .entry((problem.input, row))
                    .or_default()
                    .push(why.clone());
            }
            match &problem.out_product_id {
                Some(id) => reasons.by_id.entry(id.clone()).or_default().push(why),
                None => reasons
                    .by_row
                    .entry((problem.input, row))
                    .or_default()
                    .push(why),
            }
        }
        for &(input, row) in self.more {
            let reason = text!("too many problems to list: correct the others first");
            reasons
                .by_row
                .entry((input as usize, row))
                .or_default()
                .push(Why {
                    reason: reason.render(lang),
                    row: Some((input as usize, row)),
                    column: None,
                    field: None,
                });
        }
        reasons
    }
}

impl Origin for SheetFile {
    fn source(&self) -> &Source {
        &self.source
    }

    fn dialect(&self) -> Option<Dialect> {
        self.dialect
    }

    fn sheet(&self) -> Option<&str> {
        self.sheet.as_deref()
    }

    fn heading(&self) -> u32 {
        self.heading
    }

    fn width(&self) -> usize {
        self.width
    }

    fn id_column(&self) -> usize {
        self.columns.id
    }

    fn id(&self, cell: &str, kind: CellKind) -> Option<String> {
        match read_cell(Field::OutProductId, "", cell, kind).ok()?.value {
            Value::Text(id) => Some(id),
            _ => None,
        }
    }

    fn column_of(&self, field: &str) -> Option<usize> {
        self.columns.place_of_value(Field::named(field)?)
    }

    fn is_reason(&self, heading: &str) -> bool {
        Field::of_heading(&half_width(heading)).is_some_and(|field| field.shape() == Shape::Ignored)
    }

    fn is_text(&self, column: usize) -> bool {
        self.columns
            .fields
            .get(column)
            .copied()
            .flatten()
            .is_some_and(|field| field.shape() == Shape::Id)
    }
}

/// Files of failed rows that an earlier run wrote beside inputs, and that say nothing any more.
pub fn outdated<O: Origin>(files: &[O]) -> Vec<PathBuf> {
    files
        .iter()
        .map(Origin::source)
        .filter(|source| !source.made)
        .map(|source| target(source, None))
        .filter(|path| path.exists())
        .collect()
}

impl<T: Payload> Catalogue<T> {
    /// As [`Failures::write`] does.
    pub fn write_failed(&self, failures: &[Failed], wanted: Option<&Path>, lang: Lang) -> Written {
        let more: Vec<(u32, u32)> = self.rows_of_more_problems().collect();
        let failures = Failures {
            failed: failures,
            problems: self.problems(),
            more: &more,
        };
        failures.write(&self.files, wanted, lang)
    }

    /// As [`outdated`] does.
    pub fn outdated_failed_files(&self) -> Vec<PathBuf> {
        outdated(&self.files)
    }
}

struct Judged<'a, O> {
    input: usize,
    file: &'a O,
    reasons: &'a Reasons,
}

impl<O: Origin> Judge for Judged<'_, O> {
    fn any(&self) -> bool {
        !(self.reasons.by_id.is_empty() && self.reasons.by_row.is_empty())
    }

    fn failure_of(&self, number: u32, id: &str, kind: CellKind) -> Option<RowFailure> {
        let id = self.file.id(id, kind);
        let id = id.as_deref();
        let here = (self.input, number);
        let of_product: &[Why] = id
            .and_then(|id| self.reasons.by_id.get(id))
            .map_or(&[], Vec::as_slice);
        let of_row: &[Why] = self.reasons.by_row.get(&here).map_or(&[], Vec::as_slice);
        let own: Vec<&Why> = of_product
            .iter()
            .chain(of_row)
            .filter(|why| why.row.is_none_or(|row| row == here))
            .collect();
        let said: Vec<&Why> = if own.is_empty() {
            of_product.iter().collect()
        } else {
            own
        };
        if said.is_empty() {
            return None;
        }
        let columns = said
            .iter()
            .filter(|why| why.row.is_none_or(|row| row == here))
            .filter_map(|why| {
                why.column
                    .or_else(|| self.file.column_of(why.field.as_deref()?))
            })
            .collect();
        let reasons: Vec<&str> = said.iter().map(|why| why.reason.as_str()).collect();
        Some(RowFailure {
            reason: reasons.join("; "),
            columns,
        })
    }

    fn is_reason(&self, heading: &str) -> bool {
        self.file.is_reason(heading)
    }

    fn is_text(&self, column: usize) -> bool {
        self.file.is_text(column)
    }
}
