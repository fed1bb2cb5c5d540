//! What a form is made for. Commands ask here and never match on [`Format`], so that a new form is known to this room
//! alone.

use super::{Format, Output, Record};
use anyhow::Result;
use serde_json::Value;

impl Output {
    /// For people who read: a table, with sentences around it.
    pub fn is_for_people(&self) -> bool {
        self.format == Format::Table && self.jq.is_none()
    }

    /// For programs that read values: objects and lists.
    pub fn is_values(&self) -> bool {
        matches!(self.format, Format::Json | Format::Ndjson | Format::Yaml) || self.jq.is_some()
    }

    /// For spreadsheet programs: rows of cells with a heading.
    pub fn is_sheet(&self) -> bool {
        matches!(self.format, Format::Csv | Format::Tsv | Format::Xlsx)
    }

    /// For spreadsheet programs that people read: words and headings in their language.
    pub(super) fn is_file_for_people(&self) -> bool {
        self.format == Format::Xlsx || self.excel
    }

    /// Whether what the command shows can have `path`; true where nothing is known of it.
    pub(super) fn may_have(&self, path: &str) -> bool {
        let steps: Vec<&str> = path.split('.').collect();
        let row = |shape: &Value| match shape.get("items") {
            Some(row) => has(row, &steps),
            None => has(shape, &steps),
        };
        self.shapes.is_empty() || self.shapes.iter().any(row)
    }

    /// Whether the items of a job are shown one by one, as they end.
    pub fn shows_each_item(&self) -> bool {
        self.format == Format::Ndjson
    }

    /// How a file of this form ends, where files have it: `csv`, `xlsx`, `jsonl`.
    pub fn file_ending(&self) -> Option<&'static str> {
        match self.format {
            Format::Csv => Some("csv"),
            Format::Xlsx => Some("xlsx"),
            Format::Json | Format::Ndjson => Some("jsonl"),
            Format::Table | Format::Tsv | Format::Yaml => None,
        }
    }

    /// The same output for a list that has no end: an array would never be closed, so that JSON is an object a line.
    pub fn without_end(&self) -> Output {
        let mut out = self.clone();
        if out.format == Format::Json || out.jq.is_some() {
            out.format = Format::Ndjson;
        }
        out
    }

    /// Refuses `--columns` that [`Output::report`] could not show, before the job begins.
    pub fn check_report<R: Record, E: Record>(&self) -> Result<()> {
        if self.is_sheet() || self.shows_each_item() {
            self.check_columns::<E>()
        } else {
            self.check_columns::<R>()
        }
    }

    /// Shows the summary of a job, and in a table what failed below it. Forms of plain rows get what failed. Columns that
    /// were asked for are those of the one thing: the summary in a table, an item in NDJSON, whose items were shown as
    /// they ended.
    pub fn report<R: Record, E: Record>(&self, report: &R, failed: &[E]) -> Result<()> {
        let chosen = self.columns.is_some();
        match self.format {
            Format::Csv | Format::Tsv | Format::Xlsx => self.list(failed),
            Format::Table => {
                self.show(report)?;
                if failed.is_empty() || chosen {
                    return Ok(());
                }
                self.list(failed)
            }
            Format::Ndjson if chosen => Ok(()),
            Format::Json | Format::Ndjson | Format::Yaml => self.show(report),
        }
    }
}

/// Whether a value of this JSON Schema can have something at the end of `steps`.
fn has(shape: &Value, steps: &[&str]) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return true;
    };
    let several = ["anyOf", "oneOf", "allOf"];
    let several = several
        .iter()
        .filter_map(|word| shape.get(word)?.as_array());
    if several.flatten().any(|one| has(one, steps)) {
        return true;
    }
    let named = shape.get("properties").and_then(|fields| fields.get(*step));
    if let Some(field) = named {
        return has(field, rest);
    }
    if let Some(item) = shape.get("items") {
        return step.bytes().all(|digit| digit.is_ascii_digit()) && has(item, rest);
    }
    match shape.get("additionalProperties") {
        Some(Value::Bool(open)) => *open,
        Some(other) => has(other, rest),
        // An object without a field that is named may have any, as may what has no kind.
        None => {
            let kind = shape.get("type").map(Value::to_string);
            let is_object = kind.is_some_and(|kind| kind.contains("\"object\""));
            let told = ["type", "const", "enum", "anyOf", "oneOf", "allOf"];
            let told = told.iter().any(|word| shape.get(word).is_some());
            shape.get("properties").is_none() && (is_object || !told)
        }
    }
}
