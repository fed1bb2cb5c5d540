//! What a sheet holds beside values: hidden rows, merged cells, formulas without a result, pictures. Read in one pass over
//! the sheet, which refuses a cell that no spreadsheet could hold before the reader of values takes it into memory.

use crate::bulk::source::column_letters;
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead, BufReader, Read};

/// A cell holds 32,767 characters at most; this is ample for one with its formats.
const LONGEST_CELL: u64 = 1024 * 1024;
/// Oddities of one sheet that are kept.
pub const MOST: usize = 100_000;

/// A row and a column, counted from 0.
pub type Place = (u32, u32);

/// What one sheet holds beside values.
#[derive(Debug, Default)]
pub struct Facts {
    /// Rows, counted from 1: first and last of each run.
    pub hidden_rows: Vec<(u32, u32)>,
    /// Columns, counted from 0: first and last of each run.
    pub hidden_columns: Vec<(u32, u32)>,
    /// Formulas whose result is not in the file.
    pub formulas: HashMap<Place, String>,
    /// Upper left and lower right corners, by the first row.
    pub merged: Vec<(Place, Place)>,
    /// Rows that the tallest merged cell covers.
    tallest: u32,
    /// Cells that hold a picture as their value.
    pub in_cells: HashSet<Place>,
    /// Cells in whose upper left corner a floating picture begins.
    pub floating: BTreeMap<u32, Vec<u32>>,
}

impl Facts {
    /// Brings what was found in the order in which it is looked up.
    pub(super) fn sort(&mut self) {
        self.hidden_rows.sort_unstable();
        self.merged.sort_unstable();
        self.tallest = self
            .merged
            .iter()
            .map(|((first, _), (last, _))| last - first + 1)
            .max()
            .unwrap_or(0);
    }

    pub fn is_hidden(&self, row: u32) -> bool {
        let after = self.hidden_rows.partition_point(|(first, _)| *first <= row);
        after > 0 && self.hidden_rows[after - 1].1 >= row
    }

    /// The merged cells that cover a row, counted from 0.
    pub fn merged_in(&self, row: u32) -> impl Iterator<Item = &(Place, Place)> {
        let from = self
            .merged
            .partition_point(|((first, _), _)| first.saturating_add(self.tallest) <= row);
        let to = self.merged.partition_point(|((first, _), _)| *first <= row);
        self.merged[from..to.max(from)]
            .iter()
            .filter(move |(_, (last, _))| *last >= row)
    }
}

/// One pass over a sheet.
pub(super) struct Scan<'a> {
    file: &'a str,
    sheet: &'a str,
    pub(super) facts: Facts,
    row: u32,
    column: u32,
    cell: Option<CellState>,
}

/// What was seen of the cell that is open.
struct CellState {
    place: Place,
    is_text: bool,
    holds_picture: bool,
    formula: Option<String>,
    in_formula: bool,
    in_value: bool,
    value_seen: bool,
    value_filled: bool,
}

impl<'a> Scan<'a> {
    pub(super) fn new(file: &'a str, sheet: &'a str) -> Scan<'a> {
        Scan {
            file,
            sheet,
            facts: Facts::default(),
            row: 0,
            column: 0,
            cell: None,
        }
    }

    fn refuse(&self, message: crate::lang::Text) -> anyhow::Error {
        Failure::input(message)
            .hint(text!("correct the sheet and save the file again"))
            .into()
    }

    fn place(&self, (row, column): Place) -> String {
        format!(
            "{} {}!{}{}",
            self.file,
            self.sheet,
            column_letters(column as usize),
            row.saturating_add(1)
        )
    }

    /// Whether the sheet has drawings.
    pub(super) fn read(&mut self, part: impl Read) -> Result<bool> {
        let mut reader = Reader::from_reader(Guarded::new(part));
        reader.config_mut().expand_empty_elements = true;
        let mut buffer = Vec::new();
        let mut drawings = false;
        let mut started = 0;
        loop {
            buffer.clear();
            match reader.read_event_into(&mut buffer) {
                Ok(Event::Start(element)) => {
                    if element.local_name().as_ref() == "c" {
                        started = reader.buffer_position();
                    }
                    drawings |= element.local_name().as_ref() == "drawing";
                    self.open(&element)?;
                }
                Ok(Event::End(element)) => match element.local_name().as_ref() {
                    "c" => {
                        if reader.buffer_position().saturating_sub(started) > LONGEST_CELL {
                            return Err(self.too_long());
                        }
                        self.close()?;
                    }
                    "row" => {
                        self.row = self.row.saturating_add(1);
                        self.column = 0;
                    }
                    "f" | "v" | "is" => {
                        if let Some(cell) = &mut self.cell {
                            (cell.in_formula, cell.in_value) = (false, false);
                        }
                    }
                    _ => {}
                },
                Ok(Event::Text(words)) => self.words(&words),
                Ok(Event::GeneralRef(name)) => self.words(match &*name {
                    "quot" => "\"",
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "apos" => "'",
                    _ => "…",
                }),
                Ok(Event::CData(_)) => self.words("…"),
                Ok(Event::Eof) => return Ok(drawings),
                Err(quick_xml::Error::Io(error))
                    if error.kind() == std::io::ErrorKind::FileTooLarge =>
                {
                    return Err(self.too_long());
                }
                // The reader of values says what is damaged.
                Err(_) => return Ok(drawings),
                Ok(_) => {}
            }
            if let Some(cell) = &self.cell
                && reader.buffer_position().saturating_sub(started) > LONGEST_CELL
            {
                let place = self.place(cell.place);
                return Err(self.refuse(text!("{place} contains more than a cell can hold", place)));
            }
        }
    }

    fn too_long(&self) -> anyhow::Error {
        let place = match &self.cell {
            Some(cell) => self.place(cell.place),
            None => format!("{} {}", self.file, self.sheet),
        };
        self.refuse(text!("{place} contains more than a cell can hold", place))
    }

    fn open(&mut self, element: &BytesStart<'_>) -> Result<()> {
        match element.local_name().as_ref() {
            "row" => {
                if let Some(number) = attribute(element, "r").and_then(|r| r.parse::<u32>().ok()) {
                    self.row = number.saturating_sub(1);
                }
                self.column = 0;
                if is_true(element, "hidden") {
                    let number = self.row.saturating_add(1);
                    match self.facts.hidden_rows.last_mut() {
                        Some((_, last)) if *last + 1 == number => *last = number,
                        _ => self.facts.hidden_rows.push((number, number)),
                    }
                    self.keep(self.facts.hidden_rows.len())?;
                }
            }
            "col" if is_true(element, "hidden") => {
                let edge = |name| attribute(element, name).and_then(|at| at.parse::<u32>().ok());
                if let (Some(first), Some(last)) = (edge("min"), edge("max")) {
                    self.facts
                        .hidden_columns
                        .push((first.saturating_sub(1), last.saturating_sub(1)));
                    self.keep(self.facts.hidden_columns.len())?;
                }
            }
            "c" => {
                let place = attribute(element, "r")
                    .and_then(|r| place_of(&r))
                    .unwrap_or((self.row, self.column));
                self.column = place.1.saturating_add(1);
                self.cell = Some(CellState {
                    place,
                    is_text: attribute(element, "t").is_some_and(|kind| kind == "str"),
                    holds_picture: attribute(element, "vm").is_some(),
                    formula: None,
                    in_formula: false,
                    in_value: false,
                    value_seen: false,
                    value_filled: false,
                });
            }
            "f" => {
                if let Some(cell) = &mut self.cell {
                    cell.formula = Some(String::from("="));
                    cell.in_formula = true;
                }
            }
            "v" | "is" => {
                if let Some(cell) = &mut self.cell {
                    (cell.in_value, cell.value_seen) = (true, true);
                }
            }
            "mergeCell" => {
                let corners = attribute(element, "ref").and_then(|range| {
                    let (first, last) = range.split_once(':')?;
                    Some((place_of(first)?, place_of(last)?))
                });
                if let Some((first, last)) = corners
                    && first.0 <= last.0
                    && first.1 <= last.1
                {
                    self.facts.merged.push((first, last));
                    self.keep(self.facts.merged.len())?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn words(&mut self, words: &str) {
        let Some(cell) = &mut self.cell else { return };
        if cell.in_value {
            cell.value_filled |= !words.is_empty();
        }
        if let (true, Some(formula)) = (cell.in_formula, &mut cell.formula)
            && formula.len() < 60
        {
            formula.extend(words.chars().take(60));
        }
    }

    fn close(&mut self) -> Result<()> {
        let Some(cell) = self.cell.take() else {
            return Ok(());
        };
        if cell.holds_picture {
            self.facts.in_cells.insert(cell.place);
            self.keep(self.facts.in_cells.len())?;
        }
        if let Some(formula) = cell.formula {
            // A formula whose result is no text at all has an empty value of kind `str`.
            let has_result = cell.value_filled || (cell.is_text && cell.value_seen);
            if !has_result {
                self.facts.formulas.insert(cell.place, formula);
                self.keep(self.facts.formulas.len())?;
            }
        }
        Ok(())
    }

    fn keep(&self, count: usize) -> Result<()> {
        if count <= MOST {
            return Ok(());
        }
        Err(self.refuse(text!(
            "the sheet \"{sheet}\" of {file} has more than {most} merged cells, hidden rows or formulas without a result",
            sheet = self.sheet,
            file = self.file,
            most = MOST
        )))
    }
}

pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    element
        .attributes()
        .with_checks(false)
        .filter_map(std::result::Result::ok)
        .find(|attribute| attribute.key.local_name().as_ref() == name)
        .and_then(|attribute| {
            quick_xml::escape::unescape(&attribute.value)
                .ok()
                .map(|value| value.into_owned())
        })
}

fn is_true(element: &BytesStart<'_>, name: &str) -> bool {
    attribute(element, name).is_some_and(|value| value == "1" || value == "true")
}

/// `B3` as row and column, counted from 0.
pub(super) fn place_of(cell: &str) -> Option<Place> {
    let cell = cell.trim().replace('$', "");
    let digits = cell.find(|c: char| c.is_ascii_digit())?;
    let (letters, number) = cell.split_at(digits);
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let column = letters.chars().try_fold(0u32, |sum, letter| {
        let letter = letter.to_ascii_uppercase();
        letter
            .is_ascii_uppercase()
            .then(|| sum * 26 + (u32::from(letter) - u32::from('A') + 1))
    })?;
    let row: u32 = number.parse().ok()?;
    Some((row.checked_sub(1)?, column - 1))
}

/// A part in which nothing between two `<` is longer than a cell may be, so that no piece of it fills the memory.
pub(super) struct Guarded<R> {
    inner: BufReader<R>,
    run: u64,
}

impl<R: Read> Guarded<R> {
    pub(super) fn new(inner: R) -> Guarded<R> {
        Guarded {
            inner: BufReader::with_capacity(64 * 1024, inner),
            run: 0,
        }
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.inner.read(buffer)
    }
}

impl<R: Read> BufRead for Guarded<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.run > LONGEST_CELL {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let taken = &self.inner.buffer()[..amount];
        self.run = match taken.iter().rposition(|byte| *byte == b'<') {
            Some(at) => (amount - at) as u64,
            None => self.run + amount as u64,
        };
        self.inner.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_cells_are_found_by_row() {
        let facts = Facts {
            merged: vec![((1, 0), (3, 0)), ((2, 4), (2, 6)), ((9, 0), (10, 1))],
            tallest: 3,
            ..Facts::default()
        };
        let count = |row| facts.merged_in(row).count();
        assert_eq!(
            [0, 1, 2, 3, 4, 9, 10, 11].map(count),
            [0, 1, 2, 1, 0, 1, 1, 0]
        );
    }
}
