//! The `money` table: movements that may be made only once. Each is written down and synced to disk before its call is
//! made, and stays open until its end is known. Whoever finds one open asks WeChat what became of it before anything
//! moves again.
//!
//! What was asked for counts against a ceiling until the object itself proves that it was not done: neither a refusal
//! nor a lost answer frees it ([`State::end_money`] with `refused` or `lost` does, and is called after such a proof).

use super::{State, log, sqlite_failure};
use crate::types::Fen;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

pub(super) const SCHEMA: &str = "
    CREATE TABLE money (
        id INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
        mark TEXT NOT NULL, fen INTEGER NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL,
        number TEXT NOT NULL DEFAULT '', ticket TEXT NOT NULL DEFAULT '');
    CREATE INDEX money_open ON money (shop, kind) WHERE state IN ('asked', 'known');";

/// What was ended by 0.1 was shown by it.
pub(super) const WITH_PROOF: &str = "
    ALTER TABLE money ADD COLUMN what TEXT NOT NULL DEFAULT '';
    ALTER TABLE money ADD COLUMN look TEXT NOT NULL DEFAULT '';
    ALTER TABLE money ADD COLUMN sent INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE money ADD COLUMN empty INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE money ADD COLUMN shown INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE money ADD COLUMN entry INTEGER NOT NULL DEFAULT 0;
    UPDATE money SET shown = at WHERE state NOT IN ('asked', 'known');
    CREATE INDEX money_about ON money (shop, kind, subject);";

/// A movement as it is written down before it is sent, also in the log of writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The key of the shop.
    pub shop: String,
    /// `withdrawal`, `refund`, `share`, `role`, …
    pub kind: String,
    /// What it is about: the number of the payment; nothing for a withdrawal.
    pub subject: String,
    /// What it is known by at WeChat: the number of the refund, or what stands first in the note of a withdrawal.
    pub mark: String,
    /// What makes two movements about one subject the same; empty where it is the amount.
    pub what: String,
    /// What a look-up needs beside it, as the kind has it; may be empty.
    pub look: String,
    pub amount: Fen,
    /// Unix seconds.
    pub at: i64,
}

/// How a movement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// It was or will be sent, and nobody knows what became of it.
    Intended,
    /// WeChat has it, and it goes on.
    Known,
    Done,
    /// WeChat said no before anything was done.
    Refused,
    /// WeChat had it, and it ended without money moving.
    Failed,
    /// It is proven that WeChat never got it.
    Lost,
}

impl Stand {
    fn word(self) -> &'static str {
        match self {
            Stand::Intended => "asked",
            Stand::Known => "known",
            Stand::Done => "done",
            Stand::Refused => "refused",
            Stand::Failed => "failed",
            Stand::Lost => "lost",
        }
    }

    fn of(word: &str) -> Stand {
        match word {
            "known" => Stand::Known,
            "done" => Stand::Done,
            "refused" => Stand::Refused,
            "failed" => Stand::Failed,
            "lost" => Stand::Lost,
            // What this program does not know counts as open.
            _ => Stand::Intended,
        }
    }
}

/// A movement as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub id: i64,
    pub kind: String,
    pub subject: String,
    pub mark: String,
    pub what: String,
    pub look: String,
    pub amount: Fen,
    /// Unix seconds.
    pub at: i64,
    pub stand: Stand,
    /// WeChat's number; empty while it is not known whether the call arrived.
    pub number: String,
    /// Of the QR code that has to be scanned; empty where it was lost with the answer.
    pub ticket: String,
    /// No byte of it was sent after this moment; 0 where that is not known.
    pub sent: i64,
    /// When it was looked for in vain after that could prove something; 0 while it was not.
    pub empty: i64,
    /// When its result was shown; 0 while it was not.
    pub shown: i64,
    /// Its intent in the log of writes; 0 where it has none.
    pub entry: i64,
}

/// A movement that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<'a> {
    pub shop: &'a str,
    /// `aftersale`, …
    pub kind: &'a str,
    /// What it is about: the number of the after-sale.
    pub subject: &'a str,
    /// An after-sale has its number already; there it is the rule that accepted it.
    pub mark: &'a str,
    pub amount: Fen,
    /// Unix seconds.
    pub at: i64,
}

impl Request<'_> {
    /// The same as the log of writes keeps it.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            shop: self.shop.to_owned(),
            kind: self.kind.to_owned(),
            subject: self.subject.to_owned(),
            mark: self.mark.to_owned(),
            what: String::new(),
            look: String::new(),
            amount: self.amount,
            at: self.at,
        }
    }
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
    Requested(i64),
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
    /// Writes down that money is asked for, if it and all that was spent since `since` stay within
    /// `most`. Counting and writing are one step: two processes cannot both take the rest. An earlier try for the same
    /// subject that has no end counts no more, since only one of the two can be carried out.
    pub fn ask_money_within(&self, asked: &Request<'_>, since: i64, most: Fen) -> Result<Within> {
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
            Ok(Within::Requested(id))
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
    pub fn begin_movement(&self, wanted: &Wanted) -> Result<i64> {
        self.synced(|sql| {
            sql.execute(
                "INSERT INTO money (shop, kind, subject, mark, what, look, fen, at, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'asked')",
                params![
                    wanted.shop,
                    wanted.kind,
                    wanted.subject,
                    wanted.mark,
                    wanted.what,
                    wanted.look,
                    wanted.amount.0,
                    wanted.at
                ],
            )?;
            Ok(sql.last_insert_rowid())
        })
    }

    /// It is sent now, for the first time or again; its last byte leaves by `until` (unix seconds).
    pub fn movement_sent(&self, id: i64, until: i64) -> Result<()> {
        self.change(
            "UPDATE money SET sent = ?2, empty = 0 WHERE id = ?1",
            params![id, until],
        )
    }

    /// Its intent stands in the log of writes.
    pub fn movement_logged(&self, id: i64, entry: i64) -> Result<()> {
        self.change(
            "UPDATE money SET entry = ?2 WHERE id = ?1",
            params![id, entry],
        )
    }

    /// It was looked for in vain at this moment.
    pub fn movement_not_found(&self, id: i64, at: i64) -> Result<()> {
        self.change("UPDATE money SET empty = ?2 WHERE id = ?1", params![id, at])
    }

    /// Its result was shown.
    pub fn movement_shown(&self, id: i64, at: i64) -> Result<()> {
        self.change("UPDATE money SET shown = ?2 WHERE id = ?1", params![id, at])
    }

    /// What became of it, so that it survives a power cut. An empty number or ticket keeps what is known.
    pub fn movement_stands(&self, id: i64, stand: Stand, number: &str, ticket: &str) -> Result<()> {
        self.synced(|sql| {
            sql.execute(
                "UPDATE money SET state = ?2, number = CASE ?3 WHEN '' THEN number ELSE ?3 END,
                     ticket = CASE ?4 WHEN '' THEN ticket ELSE ?4 END WHERE id = ?1",
                params![id, stand.word(), number, ticket],
            )
            .map(|_| ())
        })
    }

    /// Movements about a subject that are open, not shown yet, or were shown since `since`; the newest first.
    pub fn movements(
        &self,
        shop: &str,
        kind: &str,
        subject: &str,
        since: i64,
    ) -> Result<Vec<Movement>> {
        self.read_movements(
            "shop = ?1 AND kind = ?2 AND subject = ?3
             AND (state IN ('asked', 'known') OR state = 'done' AND (shown = 0 OR shown >= ?4)) ORDER BY id DESC",
            params![shop, kind, subject, since],
        )
    }

    /// Whether a movement with this mark was wanted since `since` and is proven never to have arrived.
    pub fn was_never_made(
        &self,
        shop: &str,
        kind: &str,
        subject: &str,
        mark: &str,
        since: i64,
    ) -> Result<bool> {
        let lost = self.read_movements(
            "shop = ?1 AND kind = ?2 AND subject = ?3 AND mark = ?4 AND state = 'lost' AND at >= ?5",
            params![shop, kind, subject, mark, since],
        )?;
        Ok(!lost.is_empty())
    }

    /// Movements of a shop whose end is not known, the oldest first.
    pub fn open_movements(&self, shop: &str) -> Result<Vec<Movement>> {
        self.read_movements(
            "shop = ?1 AND state IN ('asked', 'known') ORDER BY id",
            params![shop],
        )
    }

    fn read_movements(&self, which: &str, values: impl rusqlite::Params) -> Result<Vec<Movement>> {
        let sql = self.sql();
        let read = || -> rusqlite::Result<Vec<Movement>> {
            sql.prepare_cached(&format!("SELECT * FROM money WHERE {which}"))?
                .query_map(values, movement)?
                .collect()
        };
        Ok(read().map_err(sqlite_failure)?)
    }

    /// Takes over the movements that stand in the log of writes and not here: the state was lost, or went back to an
    /// older copy. Gives how many there were; errors where the log cannot be read, for then nobody knows.
    pub fn take_over_from_log(&self) -> Result<usize> {
        let known: i64 = self
            .sql()
            .query_row("SELECT seq FROM log_head", [], |row| row.get(0))
            .optional()
            .map_err(sqlite_failure)?
            .unwrap_or(0);
        let (newest, moved) = log::movements(self.folder(), known)?;
        if newest <= known {
            return Ok(0);
        }
        let mut taken = 0;
        for moved in moved {
            // A later version may write what this one does not know.
            let Ok(wanted) = serde_json::from_str::<Wanted>(&moved.movement) else {
                continue;
            };
            taken += usize::from(self.take_over(&wanted, &moved)?);
        }
        Ok(taken)
    }

    fn take_over(&self, wanted: &Wanted, moved: &log::Moved) -> Result<bool> {
        let here =
            "SELECT 1 FROM money WHERE shop = ?1 AND kind = ?2 AND mark = ?3 AND subject = ?4";
        let names = params![wanted.shop, wanted.kind, wanted.mark, wanted.subject];
        let found = self.sql().query_row(here, names, |_| Ok(())).optional();
        if found.map_err(sqlite_failure)?.is_some() {
            return Ok(false);
        }
        let stand = match moved.result.as_str() {
            "done" | "found" => Stand::Done,
            "not sent" | "never arrived" => return Ok(false),
            refused if refused.starts_with("refused") => return Ok(false),
            _ => Stand::Intended,
        };
        // A withdrawal is followed to its end.
        let stand = if stand == Stand::Done && wanted.kind == "withdrawal" {
            Stand::Intended
        } else {
            stand
        };
        let id = self.begin_movement(wanted)?;
        self.movement_logged(id, moved.seq)?;
        self.movement_stands(id, stand, "", "")?;
        if stand == Stand::Done {
            self.movement_shown(id, wanted.at)?;
        }
        Ok(stand == Stand::Intended)
    }

    /// Changes that survive a power cut.
    fn synced<T>(&self, change: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let sql = self.sql();
        let written = sql
            .pragma_update(None, "synchronous", "FULL")
            .and_then(|()| change(&sql));
        // What follows may lag behind again.
        let _ = sql.pragma_update(None, "synchronous", "NORMAL");
        Ok(written.map_err(sqlite_failure)?)
    }

    fn change(&self, change: &str, values: impl rusqlite::Params) -> Result<()> {
        self.sql().execute(change, values).map_err(sqlite_failure)?;
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

fn movement(row: &Row<'_>) -> rusqlite::Result<Movement> {
    Ok(Movement {
        id: row.get("id")?,
        kind: row.get("kind")?,
        subject: row.get("subject")?,
        mark: row.get("mark")?,
        what: row.get("what")?,
        look: row.get("look")?,
        amount: Fen(row.get("fen")?),
        at: row.get("at")?,
        stand: Stand::of(row.get_ref("state")?.as_str()?),
        number: row.get("number")?,
        ticket: row.get("ticket")?,
        sent: row.get("sent")?,
        empty: row.get("empty")?,
        shown: row.get("shown")?,
        entry: row.get("entry")?,
    })
}

fn insert(sql: &Connection, asked: &Request<'_>) -> rusqlite::Result<usize> {
    sql.execute(
        "INSERT INTO money (shop, kind, subject, mark, fen, at, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'asked')",
        params![asked.shop, asked.kind, asked.subject, asked.mark, asked.amount.0, asked.at],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(mark: &str) -> Wanted {
        Wanted {
            shop: "a".into(),
            kind: "refund".into(),
            subject: "T1".into(),
            mark: mark.into(),
            what: String::new(),
            look: String::new(),
            amount: Fen(100),
            at: 7,
        }
    }

    #[test]
    fn a_movement_stays_open_until_its_end_is_known_and_counts_until_it_was_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("state");
        let id = state.begin_movement(&wanted("R1")).expect("it is written");
        drop(state);
        let state = State::open(folder.path()).expect("state");
        let found = |since: i64| state.movements("a", "refund", "T1", since).expect("rows");
        assert_eq!((found(0).len(), found(0)[0].stand), (1, Stand::Intended));
        state
            .movement_stands(id, Stand::Known, "N1", "K1")
            .expect("it is kept");
        state
            .movement_stands(id, Stand::Done, "", "")
            .expect("it is kept");
        let one = &found(99)[0];
        assert_eq!(
            (&*one.number, &*one.ticket, one.stand),
            ("N1", "K1", Stand::Done)
        );
        state.movement_shown(id, 50).expect("it is kept");
        assert_eq!((found(50).len(), found(51).len()), (1, 0));
        assert_eq!(state.open_movements("a").expect("rows"), []);
        assert_eq!(state.movements("b", "refund", "T1", 0).expect("rows"), []);
    }

    #[test]
    fn what_0_1_left_open_is_open_and_what_it_ended_was_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let older = Connection::open(folder.path().join("wxsell.db")).expect("a file");
        older
            .execute_batch(&super::super::MIGRATIONS[..5].concat())
            .and_then(|()| older.pragma_update(None, "user_version", 5))
            .and_then(|()| {
                older.execute_batch(
                    "INSERT INTO money (shop, kind, subject, mark, fen, at, state) VALUES
                     ('a', 'refund', 'T1', 'R1', 100, 7, 'asked'), ('a', 'refund', 'T1', 'R2', 200, 8, 'done')",
                )
            })
            .expect("a file of 0.1");
        drop(older);
        let state = State::open(folder.path()).expect("state");
        let rows = state.movements("a", "refund", "T1", 0).expect("rows");
        let stands: Vec<_> = rows
            .iter()
            .map(|row| (row.mark.as_str(), row.stand, row.shown))
            .collect();
        assert_eq!(stands, [("R2", Stand::Done, 8), ("R1", Stand::Intended, 0)]);
        assert_eq!((rows[1].sent, &*rows[1].what), (0, ""));
    }

    #[test]
    fn a_ceiling_counts_what_has_no_end_and_each_subject_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("state");
        let ask = |subject: &str, fen: i64, at: i64, since: i64| {
            let asked = Request {
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
            Within::Requested(id) => id,
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
