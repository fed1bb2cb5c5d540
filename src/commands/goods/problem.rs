//! How problems of files are listed.

use crate::output::{Cell, Column, Record};
use crate::shop::goods::sheet::problem::Problem;

impl Record for Problem {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("location", "WHERE", |problem| {
            Cell::Text(problem.location())
        }),
        Column::new("out_product_id", "PRODUCT", |problem| {
            problem
                .out_product_id
                .clone()
                .map_or(Cell::Empty, Cell::Text)
        }),
        Column::new("message", "PROBLEM", |problem| {
            Cell::Sentence(problem.message.clone())
        }),
        Column::new("hint", "WHAT TO DO", |problem| {
            Cell::sentence(problem.hint.as_ref())
        }),
    ];
}
