//! The `money` table: movements of money that were asked for, each written down and synced to disk before its call is
//! made. Whoever finds one open asks WeChat what became of it before moving anything again.

use super::{State, sqlite_failure};
use crate::types::Fen;
use anyhow::Result;
use rusqlite::{Row, params};

pub(super) const SCHEMA: &str = "
    CREATE TABLE money (
        id INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
        mark TEXT NOT NULL, fen INTEGER NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL,
        number TEXT NOT NULL DEFAULT '', ticket TEXT NOT NULL DEFAULT '');
    CREATE INDEX money_open ON money (shop, kind) WHERE state IN ('asked', 'known');";

/// A movement that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<'a> {
    pub shop: &'a str,
    /// `withdrawal`, `refund` or `share`.
    pub kind: &'a str,
    /// What it is about: the number of the payment; nothing for a withdrawal.
    pub subject: &'a str,
    /// What it is known by at WeChat: the number of the refund, or what stands in the note of a withdrawal.
    pub mark: &'a str,
    pub amount: Fen,
    /// Unix seconds.
    pub at: i64,
}

/// A movement of which it is not known yet how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    pub id: i64,
    pub mark: String,
    pub amount: Fen,
    /// Unix seconds.
    pub at: i64,
    /// WeChat's number; empty while it is not known whether the call arrived.
    pub number: String,
    /// Of the QR code that has to be scanned; empty where it was lost with the answer.
    pub ticket: String,
}

impl State {
    /// Writes a movement down so that it survives a power cut; gives its number here.
    pub fn ask_money(&self, asked: &Asked<'_>) -> Result<i64> {
        let sql = self.sql();
        let written = || -> rusqlite::Result<i64> {
            sql.pragma_update(None, "synchronous", "FULL")?;
            let done = sql.execute(
                "INSERT INTO money (shop, kind, subject, mark, fen, at, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'asked')",
                params![asked.shop, asked.kind, asked.subject, asked.mark, asked.amount.0, asked.at],
            );
            let id = sql.last_insert_rowid();
            sql.pragma_update(None, "synchronous", "NORMAL")?;
            done.map(|_| id)
        };
        written().map_err(|error| sqlite_failure(error).into())
    }

    /// Movements of a kind about a subject whose end is not known, the newest first.
    pub fn open_money(&self, shop: &str, kind: &str, subject: &str) -> Result<Vec<Open>> {
        let read = |row: &Row<'_>| {
            Ok(Open {
                id: row.get(0)?,
                mark: row.get(1)?,
                amount: Fen(row.get(2)?),
                at: row.get(3)?,
                number: row.get(4)?,
                ticket: row.get(5)?,
            })
        };
        self.sql()
            .prepare_cached(
                "SELECT id, mark, fen, at, number, ticket FROM money
                 WHERE shop = ?1 AND kind = ?2 AND subject = ?3 AND state IN ('asked', 'known') ORDER BY id DESC",
            )
            .and_then(|mut statement| {
                statement
                    .query_map(params![shop, kind, subject], read)?
                    .collect()
            })
            .map_err(|error| sqlite_failure(error).into())
    }

    /// WeChat took it under this number; the ticket is that of its QR code.
    pub fn money_known(&self, id: i64, number: &str, ticket: &str) -> Result<()> {
        self.sql()
            .execute(
                "UPDATE money SET state = 'known', number = ?2, ticket = ?3 WHERE id = ?1",
                params![id, number, ticket],
            )
            .map_err(sqlite_failure)?;
        Ok(())
    }

    /// How it ended: `done`, `refused`, `failed`, or `lost` where WeChat never heard of it.
    pub fn end_money(&self, id: i64, state: &str) -> Result<()> {
        self.sql()
            .execute(
                "UPDATE money SET state = ?2 WHERE id = ?1",
                params![id, state],
            )
            .map_err(sqlite_failure)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movement_stays_open_until_its_end_is_known() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("state");
        let asked = Asked {
            shop: "a",
            kind: "withdrawal",
            subject: "",
            mark: "m1",
            amount: Fen(100),
            at: 7,
        };
        let id = state.ask_money(&asked).expect("it is written");
        drop(state);
        let state = State::open(folder.path()).expect("state");
        let open = state.open_money("a", "withdrawal", "").expect("rows");
        assert_eq!((open.len(), open[0].number.as_str()), (1, ""));
        state.money_known(id, "WD1", "T1").expect("it is kept");
        let open = state.open_money("a", "withdrawal", "").expect("rows");
        assert_eq!(
            (open[0].number.as_str(), open[0].ticket.as_str()),
            ("WD1", "T1")
        );
        assert_eq!(state.open_money("b", "withdrawal", "").expect("rows"), []);
        state.end_money(id, "done").expect("it ends");
        assert_eq!(state.open_money("a", "withdrawal", "").expect("rows"), []);
    }
}
