//! What is wrong in a file, and where.

use crate::lang::Text;
use serde::Serialize;
use std::borrow::Cow;

/// One problem in a file, found before anything is sent.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    pub file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The row of the sheet, or the line of the text file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// The cell of a spreadsheet, e.g. `L17`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_product_id: Option<String>,
    pub message: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<Text>,
    /// Which input, counted from 0.
    #[serde(skip)]
    pub(super) input: usize,
    /// Counted from 0.
    #[serde(skip)]
    pub(super) column: Option<usize>,
}

impl Problem {
    /// `catalog.xlsx 商品!L17`, `catalog.csv:17 sale_price`.
    pub fn location(&self) -> String {
        let place = match (&self.sheet, &self.cell, self.row) {
            (Some(sheet), Some(cell), _) => format!("{} {sheet}!{cell}", self.file),
            (Some(sheet), None, Some(row)) => format!("{} {sheet}!{row}", self.file),
            (Some(sheet), None, None) => format!("{} {sheet}", self.file),
            (None, _, Some(row)) => format!("{}:{row}", self.file),
            (None, _, None) => self.file.clone(),
        };
        match (&self.field, &self.cell) {
            (Some(field), None) => format!("{place} {field}"),
            _ => place,
        }
    }

    /// Where it stands among the problems of all files.
    pub(super) fn order(&self) -> (usize, u32, usize) {
        (
            self.input,
            self.row.unwrap_or(0),
            self.column.unwrap_or(usize::MAX),
        )
    }
}
