//! How a job of parcels is shown: problems of the table, the plan, the summary and the orders that were not reported.

use crate::commands::job;
use crate::output::{Cell, Column, Record};
use crate::shop::delivery::{Event, Planned, Problem, Report};
use crate::text;

impl Record for Problem {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("place", "WHERE", |problem| {
            Cell::Text(problem.place.clone())
        }),
        Column::new("order", "ORDER", |problem| Cell::Id(problem.order.clone())),
        Column::new("message", "PROBLEM", |problem| {
            Cell::Sentence(problem.message.clone())
        }),
        Column::new("hint", "WHAT TO DO", |problem| {
            Cell::sentence(problem.hint.as_ref())
        }),
    ];
}

impl Record for Planned {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("order", "ORDER", |p| Cell::Id(p.order.clone())),
        Column::new("action", "PLAN", |p| {
            Cell::Word(match p.action {
                "ship" => text!("ship"),
                "ship_part" => text!("ship a part"),
                "held" => text!("held back"),
                _ => text!("already there"),
            })
        }),
        Column::new("parcels", "PARCELS", |p| Cell::List(p.parcels.clone())),
        Column::new("place", "PLACE", |p| Cell::Text(p.place.clone())),
        Column::new("reason", "REASON", |p| Cell::sentence(p.reason.as_ref())),
    ];
}

impl Record for Report {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("run", "RUN", |r| Cell::Number(r.run)),
        Column::new("profile", "PROFILE", |r| Cell::Id(r.profile.clone())),
        Column::new("status", "STATUS", |r| job::status(r.status)),
        Column::new("orders", "ORDERS", |r| Cell::count(r.orders)),
        Column::new("shipped", "SHIPPED", |r| Cell::count(r.shipped)),
        Column::new("part", "SHIPPED IN PART", |r| Cell::some(r.part)),
        Column::new("confirmed", "CONFIRMED", |r| Cell::some(r.confirmed)),
        Column::new("held", "HELD BACK", |r| Cell::some(r.held)),
        Column::new("refused", "REFUSED", |r| Cell::some(r.refused)),
        Column::new("unclear", "UNCLEAR", |r| Cell::some(r.unclear)),
        Column::new("left", "LEFT", |r| Cell::some(r.left)),
        Column::new("seconds", "SECONDS", |r| {
            Cell::Text(format!("{:.1}", r.seconds))
        }),
        Column::new("failed_files", "FAILED ROWS IN", |r| {
            Cell::List(r.failed_files.clone())
        }),
    ];
}

impl Record for Event {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("order", "ORDER", |e| Cell::Id(e.order.clone())),
        Column::new("state", "STATE", |e| job::state(e.state)),
        Column::new("errcode", "ERRCODE", |e| {
            e.errcode.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("reason", "REASON", |e| Cell::sentence(e.reason.as_ref())),
    ];
}
