//! The `open_case` table: open after-sales as they were last read, so that a look at what runs out does not read each
//! of them again.
//!
//! WeChat's list gives numbers by state and nothing else, so that all a later look can compare is the state. What that
//! costs: an after-sale that was changed within its state (the buyer asks for another amount), or that left its state
//! and came back between two looks, is kept as it was. Its clock began anew then, so that the kept time is too early
//! and never too late; its amount may be out of date. The row is read again once its time is over, or where a pushed
//! event speaks of it.

use super::{State, sqlite_failure};
use anyhow::Result;
use rusqlite::{TransactionBehavior, params};
use std::collections::HashMap;

pub(super) const SCHEMA: &str = "
    CREATE TABLE open_case (
        shop TEXT NOT NULL, number TEXT NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL,
        changed_at INTEGER NOT NULL, order_number TEXT NOT NULL, fen INTEGER NOT NULL, read_at INTEGER NOT NULL,
        PRIMARY KEY (shop, number)) WITHOUT ROWID;";

/// What is kept of an after-sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCase {
    /// WeChat's number.
    pub number: String,
    /// Refund or return, by WeChat's number.
    pub kind: i64,
    pub state: i64,
    /// Of its last change, unix seconds of the shop.
    pub changed_at: i64,
    /// The merchant's number of the order.
    pub order: String,
    /// What is asked back.
    pub fen: i64,
    /// Unix seconds of this machine.
    pub read_at: i64,
}

impl State {
    /// Every case that is kept for a shop, by number.
    pub fn open_cases(&self, shop: &str) -> Result<HashMap<String, OpenCase>> {
        let sql = self.sql();
        let read = || -> rusqlite::Result<HashMap<String, OpenCase>> {
            let mut statement = sql.prepare_cached(
                "SELECT number, kind, state, changed_at, order_number, fen, read_at FROM open_case WHERE shop = ?1",
            )?;
            let rows = statement.query_map([shop], |row| {
                Ok(OpenCase {
                    number: row.get(0)?,
                    kind: row.get(1)?,
                    state: row.get(2)?,
                    changed_at: row.get(3)?,
                    order: row.get(4)?,
                    fen: row.get(5)?,
                    read_at: row.get(6)?,
                })
            })?;
            rows.map(|row| row.map(|case| (case.number.clone(), case)))
                .collect()
        };
        Ok(read().map_err(sqlite_failure)?)
    }

    /// Keeps `cases` of a shop and forgets those with the numbers `gone`.
    pub fn keep_cases(&self, shop: &str, cases: &[OpenCase], gone: &[&str]) -> Result<()> {
        if cases.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let mut sql = self.sql();
        let mut write = || -> rusqlite::Result<()> {
            let tx = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut forget =
                    tx.prepare_cached("DELETE FROM open_case WHERE shop = ?1 AND number = ?2")?;
                for number in gone {
                    forget.execute(params![shop, number])?;
                }
                let mut keep = tx.prepare_cached(
                    "INSERT OR REPLACE INTO open_case (shop, number, kind, state, changed_at, order_number, fen, read_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?;
                for case in cases {
                    keep.execute(params![
                        shop,
                        case.number,
                        case.kind,
                        case.state,
                        case.changed_at,
                        case.order,
                        case.fen,
                        case.read_at
                    ])?;
                }
            }
            tx.commit()
        };
        Ok(write().map_err(sqlite_failure)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_kept_by_shop_until_they_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("a state");
        let case = |number: &str, state: i64| OpenCase {
            number: number.into(),
            kind: 1,
            state,
            changed_at: 5,
            order: "W1".into(),
            fen: 1234,
            read_at: 9,
        };
        let (a, b) = (case("1", 2), case("2", 8));
        state
            .keep_cases("s", &[a.clone(), b.clone()], &[])
            .expect("kept");
        state.keep_cases("t", &[case("1", 4)], &[]).expect("kept");
        state
            .keep_cases("s", &[case("1", 23)], &["2"])
            .expect("kept");
        let kept = state.open_cases("s").expect("read");
        assert_eq!(kept.len(), 1);
        assert_eq!(kept["1"], case("1", 23));
        assert_eq!(state.open_cases("t").expect("read")["1"].state, 4);
        state.forget_shop("s").expect("forgotten");
        assert!(state.open_cases("s").expect("read").is_empty());
        assert_eq!(state.open_cases("t").expect("read").len(), 1);
    }
}
