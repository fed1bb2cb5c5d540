//! How problems of files are listed: for programs one by one, for people with those of one kind together.

use crate::lang::Text;
use crate::output::{Cell, Column, Output, Record};
use crate::shop::goods::sheet::problem::Problem;
use crate::text;
use anyhow::Result;
use serde::Serialize;
use std::collections::HashMap;

/// So many of one kind are shown in full.
const EACH: usize = 3;
/// Cells of the others that are named.
const NAMED: usize = 8;

/// A line for people.
#[derive(Serialize, schemars::JsonSchema)]
struct Line {
    location: String,
    out_product_id: Option<String>,
    message: Text,
    hint: Option<Text>,
}

impl Record for Line {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("location", "WHERE", |line| Cell::Id(line.location.clone())),
        Column::new("out_product_id", "PRODUCT", |line| {
            line.out_product_id.clone().map_or(Cell::Empty, Cell::Id)
        }),
        Column::new("message", "PROBLEM", |line| {
            Cell::Sentence(line.message.clone())
        }),
        Column::new("hint", "WHAT TO DO", |line| {
            Cell::sentence(line.hint.as_ref())
        }),
    ];
}

/// Lists problems of files.
pub fn list(out: &Output, problems: &[Problem]) -> Result<()> {
    if !out.is_for_people() || out.columns.is_some() {
        return out.list(problems);
    }
    let kind = |problem: &Problem| {
        (
            problem.input,
            problem.column,
            problem.field.clone(),
            // What is about no column says in its words which one is meant.
            match (problem.column, &problem.field) {
                _ if problem.once => problem.message.to_string(),
                (None, None) => problem.message.to_string(),
                _ => problem.message.template().to_owned(),
            },
        )
    };
    let mut kinds: HashMap<_, Vec<&Problem>> = HashMap::new();
    for problem in problems {
        kinds.entry(kind(problem)).or_default().push(problem);
    }
    let mut seen: HashMap<_, usize> = HashMap::new();
    let mut lines = Vec::new();
    for problem in problems {
        let kind = kind(problem);
        let same = &kinds[&kind];
        let nth = seen.entry(kind).or_default();
        *nth += 1;
        let (each, together) = if problem.once {
            (1, same.len() > 1)
        } else {
            (EACH, same.len() > EACH + 2)
        };
        if !together || *nth <= each {
            lines.push(Line {
                location: problem.location(),
                out_product_id: problem.out_product_id.clone(),
                message: problem.message.clone(),
                hint: problem.hint.clone(),
            });
        }
        if together && *nth == each {
            let rest = &same[each..];
            let mut cells: Vec<String> = rest
                .iter()
                .take(NAMED)
                .map(|problem| match (&problem.cell, problem.row) {
                    (Some(cell), _) => cell.clone(),
                    (None, Some(row)) => row.to_string(),
                    (None, None) => problem.file.clone(),
                })
                .collect();
            if rest.len() > NAMED {
                cells.push("…".to_owned());
            }
            lines.push(Line {
                location: cells.join(", "),
                out_product_id: None,
                message: match rest.len() {
                    1 => text!("the same in 1 more place"),
                    count => text!("the same in {count} more {count:place|places}", count),
                },
                hint: None,
            });
        }
    }
    out.list(&lines)
}

impl Record for Problem {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("location", "WHERE", |problem| Cell::Id(problem.location())),
        Column::new("out_product_id", "PRODUCT", |problem| {
            problem.out_product_id.clone().map_or(Cell::Empty, Cell::Id)
        }),
        Column::new("message", "PROBLEM", |problem| {
            Cell::Sentence(problem.message.clone())
        }),
        Column::new("hint", "WHAT TO DO", |problem| {
            Cell::sentence(problem.hint.as_ref())
        }),
    ];
}
