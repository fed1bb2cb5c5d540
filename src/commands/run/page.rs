//! A job as a page: what it is, how far it came, what failed.

use super::{FailedRow, RunRow};
use crate::commands::Ctx;
use crate::lang::Text;
use crate::output::{Bar, Cell, Page, Record};
use crate::state::runs::OpenItem;
use crate::text;

/// It needs no call.
pub fn of(ctx: &Ctx, row: &RunRow, failed: Vec<OpenItem>) -> Page {
    let about = match ctx.profile() {
        Ok(profile) => Text::verbatim(profile.label()),
        Err(_) => Text::verbatim(""),
    };
    let title = text!("Job {id}: {command}", id = row.id, command = &row.command);
    let named = |name: &str| RunRow::COLUMNS.iter().find(|column| column.name == name);
    let cell = |name: &str| named(name).map_or(Cell::Empty, |column| (column.cell)(row));
    let mut facts = vec![
        (text!("State"), cell("state")),
        (text!("Started"), cell("started_at")),
        (
            text!("Ended"),
            row.ended_at.clone().map_or(Cell::Empty, Cell::Time),
        ),
    ];
    let counts = [
        (text!("Done"), cell("done")),
        (text!("Unchanged"), cell("unchanged")),
        (text!("Failed"), cell("failed")),
        (text!("Left"), cell("left")),
    ];
    let bars: Vec<Bar> = counts
        .iter()
        .filter_map(|(name, cell)| match cell {
            Cell::Number(count) => Some(Bar {
                label: name.render(ctx.out.lang),
                value: *count,
                shown: count.to_string(),
            }),
            _ => None,
        })
        .collect();
    facts.extend(counts);
    facts.push((text!("Files"), Cell::List(row.files.clone())));
    let failed: Vec<FailedRow> = failed.into_iter().map(FailedRow::from).collect();
    Page::new(ctx.out.lang, title, about)
        .facts(facts)
        .bars(text!("Items"), &bars)
        .table(text!("Failed items"), &failed)
}
