//! What is wrong in a file, and where.

use crate::lang::Text;
use serde::Serialize;
use std::borrow::Cow;

/// One problem in a file, found before anything is sent.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Problem {
    pub file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The row of the sheet, or the line of the text file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// The cell, e.g. `L17`, as a spreadsheet counts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
    /// The heading of the column, as it stands in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// The name of the field in the API, or its path in a JSON document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_product_id: Option<String>,
    pub message: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<Text>,
    /// Which input, counted from 0.
    #[serde(skip)]
    pub input: usize,
    /// Counted from 0.
    #[serde(skip)]
    pub column: Option<usize>,
    /// The product is that of the row above, since nobody can read which one the row belongs to.
    #[serde(skip)]
    pub of_row_above: bool,
    /// People are told it once a file, with all its cells.
    #[serde(skip)]
    pub once: bool,
}

impl Problem {
    /// `catalog.xlsx 商品!L17 售价`, `catalog.csv:17 L17 售价`, `catalog.jsonl:3 skus[0].sale_price`.
    pub fn location(&self) -> String {
        let place = match (&self.sheet, &self.cell, self.row) {
            (Some(sheet), Some(cell), _) => format!("{} {sheet}!{cell}", self.file),
            (Some(sheet), None, Some(row)) => format!("{} {sheet}!{row}", self.file),
            (Some(sheet), None, None) => format!("{} {sheet}", self.file),
            (None, Some(cell), Some(row)) => format!("{}:{row} {cell}", self.file),
            (None, _, Some(row)) => format!("{}:{row}", self.file),
            (None, _, None) => self.file.clone(),
        };
        match (&self.heading, &self.field, &self.cell) {
            (Some(heading), _, _) => format!("{place} {heading}"),
            (None, Some(field), None) => format!("{place} {field}"),
            _ => place,
        }
    }

    /// Where it stands among the problems of all files.
    pub fn order(&self) -> (usize, u32, usize) {
        (
            self.input,
            self.row.unwrap_or(0),
            self.column.unwrap_or(usize::MAX),
        )
    }
}
