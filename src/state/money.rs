//! The `money` table: movements of money that were asked for, each written down and synced to disk before its call is
//! made. Whoever finds one open asks WeChat what became of it before moving anything again.

use super::{State, sqlite_failure};
use crate::types::Fen;
use anyhow::Result;
use rusqlite::{Connection, Row, TransactionBehavior, params};

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
    /// `withdrawal`, `refund`, `share` or `aftersale`.
    pub kind: &'a str,
    /// What it is about: the number of the payment or after-sale; nothing for a withdrawal.
    pub subject: &'a str,
    /// What it is known by at WeChat: the number of the refund, or what stands in the note of a withdrawal. An
    /// after-sale has its number already; there it is the rule that accepted it.
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

/// A movement that was asked for and has no end, with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    pub id: i64,
    pub subject: String,
    pub amount: Fen,
    /// Unix seconds.
    pub at: i64,
}

/// The answer to a movement that has a ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// It is written down, under this number here.
    Asked(i64),
    /// It would go over; so much is spent.
    Over(Fen),
}

/// All that was asked for since, unless it was refused or is known not to have arrived.
fn spent(sql: &Connection, shop: &str, kind: &str, since: i64) -> rusqlite::Result<Fen> {
    sql.query_row(
        "SELECT coalesce(sum(fen), 0) FROM money
         WHERE shop = ?1 AND kind = ?2 AND at >= ?3 AND state NOT IN ('refused', 'lost')",
        params![shop, kind, since],
        |row| row.get(0).map(Fen),
    )
}

impl State {
    /// Writes a movement down as [`State::ask_money`] does, if it and all that was spent since `since` stay within
    /// `most`. Counting and writing are one step: two processes cannot both take the rest. An earlier try for the same
    /// subject that has no end counts no more, since only one of the two can be carried out.
    pub fn ask_money_within(&self, asked: &Asked<'_>, since: i64, most: Fen) -> Result<Within> {
        let mut sql = self.sql();
        let mut written = || -> rusqlite::Result<Within> {
            sql.pragma_update(None, "synchronous", "FULL")?;
            let tx = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
            tx.execute(
                "UPDATE money SET state = 'lost' WHERE shop = ?1 AND kind = ?2 AND subject = ?3 AND state = 'asked'",
                params![asked.shop, asked.kind, asked.subject],
            )?;
            let spent = spent(&tx, asked.shop, asked.kind, since)?;
            if spent.0.saturating_add(asked.amount.0) > most.0 {
                tx.rollback()?;
                return Ok(Within::Over(spent));
            }
            insert(&tx, asked)?;
            let id = tx.last_insert_rowid();
            tx.commit()?;
            Ok(Within::Asked(id))
        };
        let written = written();
        // What follows may lag behind again.
        let _ = sql.pragma_update(None, "synchronous", "NORMAL");
        Ok(written.map_err(sqlite_failure)?)
    }

    /// What was spent since a moment; a movement whose end is not known counts.
    pub fn spent_money(&self, shop: &str, kind: &str, since: i64) -> Result<Fen> {
        Ok(spent(&self.sql(), shop, kind, since).map_err(sqlite_failure)?)
    }

    /// Movements of a kind that were asked for and have no end, whatever they are about.
    pub fn asked_money(&self, shop: &str, kind: &str) -> Result<Vec<Tried>> {
        let sql = self.sql();
        let read = || -> rusqlite::Result<Vec<Tried>> {
            sql.prepare_cached(
                "SELECT id, subject, fen, at FROM money WHERE shop = ?1 AND kind = ?2 AND state = 'asked' ORDER BY id",
            )?
            .query_map([shop, kind], |row| {
                Ok(Tried {
                    id: row.get(0)?,
                    subject: row.get(1)?,
                    amount: Fen(row.get(2)?),
                    at: row.get(3)?,
                })
            })?
            .collect()
        };
        Ok(read().map_err(sqlite_failure)?)
    }

    /// A movement was carried out, with this amount.
    pub fn money_done(&self, id: i64, amount: Fen) -> Result<()> {
        self.sql()
            .execute(
                "UPDATE money SET state = 'done', fen = ?2 WHERE id = ?1",
                params![id, amount.0],
            )
            .map_err(sqlite_failure)?;
        Ok(())
    }

    /// Writes a movement down so that it survives a power cut; gives its number here.
    pub fn ask_money(&self, asked: &Asked<'_>) -> Result<i64> {
        let sql = self.sql();
        let written = || -> rusqlite::Result<i64> {
            sql.pragma_update(None, "synchronous", "FULL")?;
            let done = insert(&sql, asked);
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

fn insert(sql: &Connection, asked: &Asked<'_>) -> rusqlite::Result<usize> {
    sql.execute(
        "INSERT INTO money (shop, kind, subject, mark, fen, at, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'asked')",
        params![asked.shop, asked.kind, asked.subject, asked.mark, asked.amount.0, asked.at],
    )
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
    #[test]
    fn a_ceiling_counts_what_has_no_end_and_each_subject_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("state");
        let ask = |subject: &str, fen: i64, at: i64, since: i64| {
            let asked = Asked {
                shop: "a",
                kind: "aftersale",
                subject,
                mark: "small",
                amount: Fen(fen),
                at,
            };
            let answer = state.ask_money_within(&asked, since, Fen(100));
            answer.expect("an answer")
        };
        let asked = |answer: Within| match answer {
            Within::Asked(id) => id,
            Within::Over(spent) => panic!("over: {spent:?}"),
        };
        asked(ask("1", 60, 10, 10));
        assert_eq!(ask("2", 41, 11, 10), Within::Over(Fen(60)));
        let second = asked(ask("2", 40, 11, 10));
        // Again after a lost answer: the same money.
        asked(ask("1", 60, 12, 10));
        assert_eq!(ask("3", 1, 12, 10), Within::Over(Fen(100)));
        // What was refused is free again, what was carried out is not, and the amount is what was paid.
        state.end_money(second, "refused").expect("it ends");
        let third = asked(ask("3", 30, 12, 10));
        state.money_done(third, Fen(40)).expect("it ends");
        assert_eq!(
            state.spent_money("a", "aftersale", 10).expect("a sum"),
            Fen(100)
        );
        assert_eq!(
            state.spent_money("b", "aftersale", 0).expect("a sum"),
            Fen(0)
        );
        // Another day.
        asked(ask("4", 100, 20, 20));
        let open = state.asked_money("a", "aftersale").expect("rows");
        let subjects: Vec<&str> = open.iter().map(|tried| tried.subject.as_str()).collect();
        assert_eq!(subjects, ["1", "4"]);
    }
}
