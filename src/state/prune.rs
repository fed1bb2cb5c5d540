//! What may be forgotten: finished runs and handled events that are old enough. What could be needed to keep a thing from
//! being done twice is never among it: runs that were not ended or have items whose end is unknown, what was sent of each
//! item, movements of money, and the log of writes.

use super::{State, sqlite_failure};
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, params};

/// From when on the events of a shop are whole.
pub(super) const SCHEMA: &str = "
    CREATE TABLE pruned (shop TEXT NOT NULL, what TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (shop, what)) WITHOUT ROWID;";

/// Whose and from when.
#[derive(Debug, Clone, Copy)]
pub struct Older<'a> {
    /// The key of the shop, and that of its pushes.
    pub shop: &'a str,
    pub account: &'a str,
    /// Unix seconds.
    pub runs: i64,
    pub events: i64,
}

/// What of one kind is old enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prunable {
    pub kind: Kind,
    pub count: u64,
    /// Unix seconds.
    pub oldest: Option<i64>,
    pub newest: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Runs,
    /// What failed in them.
    Failures,
    Events,
    /// Counts of refused pushes, a day and reason each.
    Refusals,
    /// What the shop answered and is not believed any more.
    Answers,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Runs => "runs",
            Kind::Failures => "failures",
            Kind::Events => "events",
            Kind::Refusals => "refused_pushes",
            Kind::Answers => "answers",
        }
    }

    /// The table, which of its rows, and their time in unix seconds. `?1` is the shop, `?2` the moment.
    fn rows(self) -> (&'static str, String, &'static str) {
        match self {
            Kind::Runs => ("run", OLD_RUN.to_owned(), "ended_at"),
            Kind::Failures => (
                "failure",
                format!("run IN (SELECT id FROM run WHERE {OLD_RUN})"),
                "(SELECT ended_at FROM run WHERE run.id = failure.run)",
            ),
            Kind::Events => (
                "push",
                "shop = ?1 AND received_at < ?2 * 1000 AND forward <> 'pending'".to_owned(),
                "received_at / 1000",
            ),
            Kind::Refusals => (
                "push_refused",
                "shop = ?1 AND last_at < ?2".to_owned(),
                "last_at",
            ),
            Kind::Answers => ("answer", "shop = ?1 AND at < ?2".to_owned(), "at"),
        }
    }
}

/// An ended run, not the newest of the shop, none of whose items has an unknown end.
const OLD_RUN: &str = "shop = ?1 AND state <> 'open' AND ended_at < ?2
    AND id <> (SELECT max(id) FROM run WHERE shop = ?1)
    AND NOT EXISTS (SELECT 1 FROM item WHERE item.shop = ?1 AND item.run = run.id AND item.state IN ('sent', 'unclear'))";

/// In the order in which they can be removed.
const KINDS: [Kind; 5] = [
    Kind::Failures,
    Kind::Runs,
    Kind::Events,
    Kind::Refusals,
    Kind::Answers,
];

impl<'a> Older<'a> {
    fn of(&self, kind: Kind) -> (&'a str, i64) {
        match kind {
            Kind::Runs | Kind::Failures => (self.shop, self.runs),
            Kind::Events | Kind::Refusals => (self.account, self.events),
            Kind::Answers => (self.shop, self.events),
        }
    }
}

impl State {
    /// What is old enough to be forgotten.
    pub fn prunable(&self, older: Older<'_>) -> Result<Vec<Prunable>> {
        let sql = self.sql();
        let found = KINDS.into_iter().map(|kind| count(&sql, kind, older));
        Ok(found
            .collect::<rusqlite::Result<_>>()
            .map_err(sqlite_failure)?)
    }

    /// Forgets it, all or nothing; gives what went.
    pub fn prune(&self, older: Older<'_>) -> Result<Vec<Prunable>> {
        let mut sql = self.sql();
        let remove = |sql: &mut Connection| -> rusqlite::Result<Vec<Prunable>> {
            let tx = sql.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let mut gone = Vec::new();
            for kind in KINDS {
                gone.push(count(&tx, kind, older)?);
                let (table, which, _) = kind.rows();
                let (shop, before) = older.of(kind);
                if kind == Kind::Events {
                    // Numbers by which events are found go with them.
                    tx.execute(
                        &format!("DELETE FROM push_number WHERE push IN (SELECT id FROM push WHERE {which})"),
                        params![shop, before],
                    )?;
                }
                tx.execute(
                    &format!("DELETE FROM {table} WHERE {which}"),
                    params![shop, before],
                )?;
            }
            let events = gone
                .iter()
                .any(|gone| gone.kind == Kind::Events && gone.count > 0);
            if events {
                tx.execute(
                    "INSERT INTO pruned (shop, what, until) VALUES (?1, 'events', ?2)
                     ON CONFLICT DO UPDATE SET until = max(until, excluded.until)",
                    params![older.account, older.events],
                )?;
            }
            tx.commit()?;
            Ok(gone)
        };
        Ok(remove(&mut sql).map_err(sqlite_failure)?)
    }

    /// The moment (unix seconds) before which events of a shop were forgotten.
    pub fn events_pruned(&self, account: &str) -> Result<Option<i64>> {
        Ok(self
            .sql()
            .query_row(
                "SELECT until FROM pruned WHERE shop = ?1 AND what = 'events'",
                [account],
                |row| row.get(0),
            )
            .optional()
            .map_err(sqlite_failure)?)
    }

    /// Gives the room of what was forgotten back to the system. False where another program works with the file: the room
    /// is then used again by what comes.
    pub fn compact(&self) -> bool {
        let sql = self.sql();
        let patience = std::time::Duration::from_secs;
        let compacted = sql
            .busy_timeout(patience(2))
            .and_then(|()| sql.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);"));
        // What follows waits as before.
        let _ = sql.busy_timeout(patience(30));
        compacted.is_ok()
    }
}

fn count(sql: &Connection, kind: Kind, older: Older<'_>) -> rusqlite::Result<Prunable> {
    let (table, which, time) = kind.rows();
    let (shop, before) = older.of(kind);
    sql.query_row(
        &format!("SELECT count(*), min({time}), max({time}) FROM {table} WHERE {which}"),
        params![shop, before],
        |row| {
            Ok(Prunable {
                kind,
                count: row.get::<_, i64>(0)?.unsigned_abs(),
                oldest: row.get(1)?,
                newest: row.get(2)?,
            })
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::money::Wanted;
    use crate::state::runs::RunState;
    use crate::types::Fen;

    const SHOP: &str = "wx1";

    fn state() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("a state");
        (folder, state)
    }

    fn older(runs: i64) -> Older<'static> {
        Older {
            shop: SHOP,
            account: SHOP,
            runs,
            events: 0,
        }
    }

    fn begin(state: &State, at: i64) -> i64 {
        state
            .begin_run(SHOP, "goods upload", "[]", "{}", at)
            .expect("a run")
    }

    #[test]
    fn only_ended_runs_go_and_never_the_newest() {
        let (_folder, state) = state();
        let ended = begin(&state, 10);
        state
            .end_run(ended, RunState::Partial, "{}", 20)
            .expect("ended");
        let open = begin(&state, 30);
        let unknown = begin(&state, 40);
        state
            .end_run(unknown, RunState::Stopped, "{}", 50)
            .expect("ended");
        state
            .sql()
            .execute(
                "INSERT INTO item (shop, kind, key, run, place, fingerprint, state) VALUES (?1, 'goods', 'A', ?2, '', zeroblob(32), 'sent')",
                params![SHOP, unknown],
            )
            .expect("an item");
        let newest = begin(&state, 60);
        state
            .end_run(newest, RunState::Done, "{}", 70)
            .expect("ended");
        let gone = state.prune(older(1_000)).expect("pruned");
        let runs = gone.iter().find(|gone| gone.kind == Kind::Runs);
        assert_eq!(runs.map(|runs| runs.count), Some(1));
        let left: Vec<i64> = state
            .runs(SHOP, 9)
            .expect("runs")
            .iter()
            .map(|run| run.id)
            .collect();
        assert_eq!(left, [newest, unknown, open]);
        // An age that is not reached removes nothing.
        assert!(
            state
                .prunable(older(70))
                .expect("a plan")
                .iter()
                .all(|kind| kind.count == 0)
        );
    }

    #[test]
    fn money_stays_whatever_its_age() {
        let (_folder, state) = state();
        for mark in ["a", "b"] {
            let id = state.begin_movement(&Wanted {
                shop: SHOP.into(),
                kind: "refund".into(),
                subject: mark.into(),
                mark: mark.into(),
                what: String::new(),
                look: String::new(),
                amount: Fen(1),
                at: 1,
            });
            if mark == "b" {
                state
                    .movement_shown(id.expect("a movement"), 2)
                    .expect("shown");
            }
        }
        let count = || -> i64 {
            let sql = state.sql();
            sql.query_row("SELECT count(*) FROM money", [], |row| row.get(0))
                .expect("a count")
        };
        assert_eq!(count(), 2);
        state
            .prune(Older {
                events: i64::MAX / 2_000,
                ..older(i64::MAX)
            })
            .expect("pruned");
        assert_eq!(count(), 2);
    }

    #[test]
    fn events_go_once_they_were_handed_on_and_it_is_known_since_when_they_are_whole() {
        let (_folder, state) = state();
        let add = |id: i64, at: i64, forward: &str| {
            state
                .sql()
                .execute(
                    "INSERT INTO push (id, shop, key, event, family, object, number, received_at, seen_at, origin, mode, format, message, fields, forward, next_at)
                     VALUES (?1, ?2, ?1, 'e', 'f', 'order', 'n', ?3, 0, 'pushed', 'plain', 'json', '{}', '{}', ?4, 0)",
                    params![id, SHOP, at * 1_000, forward],
                )
                .expect("a push");
            state
                .sql()
                .execute("INSERT INTO push_number (shop, object, number, push) VALUES (?1, 'order', 'n', ?2)", params![SHOP, id])
                .expect("a number");
        };
        add(1, 10, "none");
        add(2, 11, "pending");
        add(3, 90, "none");
        let older = Older {
            events: 50,
            ..older(0)
        };
        assert_eq!(state.events_pruned(SHOP).expect("read"), None);
        let gone = state.prune(older).expect("pruned");
        let events = gone
            .iter()
            .find(|gone| gone.kind == Kind::Events)
            .expect("events");
        assert_eq!(
            (events.count, events.oldest, events.newest),
            (1, Some(10), Some(10))
        );
        let rows = |table: &str, column: &str| -> Vec<i64> {
            state
                .sql()
                .prepare(&format!("SELECT {column} FROM {table} ORDER BY 1"))
                .and_then(|mut rows| rows.query_map([], |row| row.get(0))?.collect())
                .expect("rows")
        };
        assert_eq!(
            (rows("push", "id"), rows("push_number", "push")),
            (vec![2, 3], vec![2, 3])
        );
        assert_eq!(state.events_pruned(SHOP).expect("read"), Some(50));
        assert!(state.compact());
    }
}
