//! The proof that no write was changed or taken out, and what of it only the state or a seal that was noted can give.

use super::{Entry, INTENT, connect, read, sealed, unusable};
use crate::state::sqlite_failure;
use anyhow::Result;
use rusqlite::{OptionalExtension, Row};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

/// What a look at the whole chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Checked {
    pub entries: i64,
    /// The last seal: whoever noted it can tell later that nothing was cut off the end.
    pub seal: String,
    /// The first row whose seal does not fit; all after it prove nothing.
    pub broken_at: Option<i64>,
    pub end: End,
    /// Writes of which no result is known, by number.
    pub without_result: Vec<i64>,
    /// Whether a seal that was noted earlier is still in the chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noted_seal_found: Option<bool>,
}

/// What the state knows of the end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// All entries that the state knows of are there.
    Whole,
    /// Entries that the state knows of are gone.
    Cut,
    /// Another entry stands where the state knows one: the log was made anew.
    Other,
    /// The state knows nothing of the log: it is new, or no write was made since.
    Unknown,
}

/// Seals every row anew and compares. `noted` is a seal from an earlier look.
pub fn verify(folder: &Path, noted: Option<&str>) -> Result<Checked> {
    let connection = connect(folder)?;
    let head = head(folder)?;
    let look = || -> rusqlite::Result<Checked> {
        let mut statement = connection.prepare("SELECT * FROM entry ORDER BY seq")?;
        let mut rows = statement.query([])?;
        let (mut seal, mut count, mut broken_at) = ([0; 32], 0, None);
        let (mut found, mut head_found) = (false, false);
        let mut open = BTreeSet::new();
        while let Some(row) = rows.next()? {
            count += 1;
            // A cell of another type was put there by somebody else.
            let Ok((entry, request, held, intent, movement)) = sealed_row(row) else {
                broken_at = broken_at.or(Some(count));
                continue;
            };
            let fields = [
                &*entry.who,
                &entry.profile,
                &entry.shop,
                &entry.path,
                &entry.subject,
                &entry.result,
                &entry.rid,
            ];
            let added = (intent, movement.as_str());
            seal = sealed(&seal, entry.seq, entry.at, &fields, &request, added);
            if broken_at.is_none() && (seal != held || entry.seq != count) {
                broken_at = Some(entry.seq);
            }
            found |= noted.is_some_and(|noted| noted.eq_ignore_ascii_case(&entry.seal));
            head_found |= head == Some((entry.seq, held));
            match (intent, &*entry.result) {
                (0, INTENT) => drop(open.insert(entry.seq)),
                (0, _) => {}
                _ => drop(open.remove(&intent)),
            }
        }
        Ok(Checked {
            entries: count,
            seal: hex::encode(seal),
            broken_at,
            end: match head {
                None => End::Unknown,
                Some(_) if head_found => End::Whole,
                Some((seq, _)) if count < seq => End::Cut,
                Some(_) => End::Other,
            },
            without_result: open.into_iter().collect(),
            noted_seal_found: noted.map(|_| found),
        })
    };
    Ok(look().map_err(|error| unusable(error.to_string()))?)
}

/// A row with its request, its seal, and what was added to the table.
type SealedRow = (Entry, [u8; 32], [u8; 32], i64, String);

fn sealed_row(row: &Row<'_>) -> rusqlite::Result<SealedRow> {
    let (entry, request, held) = read(row)?;
    Ok((
        entry,
        request,
        held,
        row.get("intent")?,
        row.get("movement")?,
    ))
}

/// How far the log had come by what the state knows.
fn head(folder: &Path) -> Result<Option<(i64, [u8; 32])>> {
    let state = crate::state::connect(folder)?;
    let head = state
        .query_row("SELECT seq, seal FROM log_head", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional();
    Ok(head.map_err(sqlite_failure)?)
}
