//! The `push` tables: what the platform pushed, which of it was handed on, and what was refused. [`PushLog`] writes
//! them for a receiver; everything else is here.

mod log;

pub use log::PushLog;

use super::{State, sqlite_failure};
use anyhow::Result;
use rusqlite::types::Value as Sql;
use rusqlite::{Row, params, params_from_iter};

/// `origin` of an event that was made here because it never came.
pub const SYNTHESISED: &str = "synthesised";

pub(super) const SCHEMA: &str = "
    CREATE TABLE push (
        id INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, key TEXT NOT NULL, event TEXT NOT NULL,
        family TEXT NOT NULL, object TEXT NOT NULL, number TEXT NOT NULL, state TEXT, lane TEXT,
        created_at INTEGER, received_at INTEGER NOT NULL, seen INTEGER NOT NULL DEFAULT 1, seen_at INTEGER NOT NULL,
        origin TEXT NOT NULL, mode TEXT NOT NULL, format TEXT NOT NULL, message TEXT NOT NULL, fields TEXT NOT NULL,
        forward TEXT NOT NULL, delivered INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
        next_at INTEGER NOT NULL, forwarded_at INTEGER, error TEXT, UNIQUE (shop, key));
    CREATE INDEX push_by_time ON push (received_at);
    CREATE INDEX push_due ON push (next_at, id) WHERE forward = 'pending';
    CREATE INDEX push_in_line ON push (shop, lane, id) WHERE forward = 'pending';
    CREATE TABLE push_number (
        shop TEXT NOT NULL, object TEXT NOT NULL, number TEXT NOT NULL, push INTEGER NOT NULL,
        PRIMARY KEY (shop, object, number, push)) WITHOUT ROWID;
    CREATE TABLE push_mark (
        shop TEXT NOT NULL, mark BLOB NOT NULL, push INTEGER NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (shop, mark)) WITHOUT ROWID;
    CREATE TABLE push_refused (
        day TEXT NOT NULL, shop TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, last_at INTEGER NOT NULL,
        PRIMARY KEY (day, shop, reason)) WITHOUT ROWID;
";

/// A push to be stored. Times are unix milliseconds.
#[derive(Debug, Clone)]
pub struct NewPush {
    pub shop: String,
    /// What tells it from every other push of the shop.
    pub key: String,
    /// What its signature covers besides the Token, hashed; `None` for one that nobody signed.
    pub mark: Option<[u8; 20]>,
    /// Refuse it, rather than count it again, where its mark was used before: it is older than any repetition.
    pub old: bool,
    pub event: String,
    pub family: String,
    pub object: String,
    pub number: String,
    pub state: Option<String>,
    /// Pushes of one lane are handed on in order.
    pub lane: Option<String>,
    /// Kinds of objects and their numbers.
    pub names: Vec<(&'static str, String)>,
    /// Unix seconds of `CreateTime`.
    pub created_at: Option<i64>,
    pub received_at: i64,
    /// `pushed`, or [`SYNTHESISED`].
    pub origin: &'static str,
    pub mode: &'static str,
    pub format: &'static str,
    /// As the platform wrote it, decrypted.
    pub message: String,
    /// Decoded, a JSON object.
    pub fields: String,
    /// Whether it is to be handed on.
    pub forward: bool,
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    New(i64),
    /// It was there already.
    Again(i64),
    /// Its signature was used before: for another message, or long ago.
    Replayed,
}

/// How handing a push on went.
#[derive(Debug, Clone)]
pub struct Handed {
    pub id: i64,
    /// The targets that have it, as bits.
    pub delivered: i64,
    /// `None` where it is done; else why not, and when to try again.
    pub again: Option<(String, i64)>,
    pub at: i64,
}

/// A stored push. Times are unix milliseconds.
#[derive(Debug, Clone)]
pub struct Push {
    pub id: i64,
    pub shop: String,
    pub key: String,
    pub event: String,
    pub family: String,
    pub object: String,
    pub number: String,
    pub state: Option<String>,
    pub lane: Option<String>,
    /// Unix seconds.
    pub created_at: Option<i64>,
    pub received_at: i64,
    /// How often it was pushed: 0 for a synthesised one that has not come.
    pub seen: i64,
    pub seen_at: i64,
    pub origin: String,
    pub mode: String,
    pub format: String,
    pub message: String,
    pub fields: String,
    /// `none`, `pending` or `done`.
    pub forward: String,
    pub delivered: i64,
    pub attempts: i64,
    pub next_at: i64,
    pub forwarded_at: Option<i64>,
    pub error: Option<String>,
}

/// Which pushes are wanted. What is `None` does not narrow.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub shop: Option<String>,
    pub event: Option<String>,
    pub family: Option<String>,
    pub forward: Option<String>,
    /// Kind of object and its number; no kind is any.
    pub number: Option<(Option<String>, String)>,
    /// Unix milliseconds of reception.
    pub since: Option<i64>,
    /// Numbers above this one only.
    pub after: Option<i64>,
    /// Oldest first; newest first otherwise.
    pub oldest_first: bool,
    pub most: Option<u32>,
}

/// Counts for one event of one shop.
#[derive(Debug, Clone)]
pub struct Count {
    pub shop: String,
    pub event: String,
    pub events: i64,
    /// How often they were pushed beyond the first time.
    pub repeats: i64,
    pub pending: i64,
    pub forwarded: i64,
    pub last_at: i64,
}

/// Refusals of one reason.
#[derive(Debug, Clone)]
pub struct RefusedCount {
    pub shop: String,
    pub reason: String,
    pub count: i64,
    pub last_at: i64,
}

/// Asked after every push that was handed on, so the index is named: left to itself SQLite sorts all that wait.
fn due_query() -> String {
    format!(
        "SELECT {COLUMNS} FROM push AS p INDEXED BY push_due WHERE forward = 'pending' AND next_at <= ?1
            AND shop IN (SELECT value FROM json_each(?2))
            AND (?4 = '[]' OR event IN (SELECT value FROM json_each(?4)))
            AND NOT EXISTS (SELECT 1 FROM push AS q WHERE q.forward = 'pending' AND q.shop = p.shop
                AND q.lane = p.lane AND q.id < p.id
                AND (?4 = '[]' OR q.event IN (SELECT value FROM json_each(?4))))
         ORDER BY next_at, id LIMIT ?3"
    )
}

const COLUMNS: &str = "id, shop, key, event, family, object, number, state, lane, created_at, received_at, seen, seen_at, origin, mode, format, message, fields, forward, delivered, attempts, next_at, forwarded_at, error";

fn read(row: &Row<'_>) -> rusqlite::Result<Push> {
    Ok(Push {
        id: row.get(0)?,
        shop: row.get(1)?,
        key: row.get(2)?,
        event: row.get(3)?,
        family: row.get(4)?,
        object: row.get(5)?,
        number: row.get(6)?,
        state: row.get(7)?,
        lane: row.get(8)?,
        created_at: row.get(9)?,
        received_at: row.get(10)?,
        seen: row.get(11)?,
        seen_at: row.get(12)?,
        origin: row.get(13)?,
        mode: row.get(14)?,
        format: row.get(15)?,
        message: row.get(16)?,
        fields: row.get(17)?,
        forward: row.get(18)?,
        delivered: row.get(19)?,
        attempts: row.get(20)?,
        next_at: row.get(21)?,
        forwarded_at: row.get(22)?,
        error: row.get(23)?,
    })
}

impl Filter {
    /// The condition and its values.
    fn condition(&self) -> (String, Vec<Sql>) {
        let mut parts = vec!["1".to_owned()];
        let mut values: Vec<Sql> = Vec::new();
        let mut add = |part: &str, given: Vec<Sql>| {
            let mut part = part.to_owned();
            for value in given {
                values.push(value);
                part = part.replacen("??", &format!("?{}", values.len()), 1);
            }
            parts.push(part);
        };
        for (column, value) in [
            ("shop", &self.shop),
            ("event", &self.event),
            ("family", &self.family),
            ("forward", &self.forward),
        ] {
            if let Some(value) = value {
                add(&format!("{column} = ??"), vec![value.clone().into()]);
            }
        }
        if let Some(since) = self.since {
            add("received_at >= ??", vec![since.into()]);
        }
        if let Some(after) = self.after {
            add("id > ??", vec![after.into()]);
        }
        match &self.number {
            Some((Some(object), number)) => add(
                "EXISTS (SELECT 1 FROM push_number n WHERE n.shop = push.shop AND n.object = ?? AND n.number = ?? AND n.push = push.id)",
                vec![object.clone().into(), number.clone().into()],
            ),
            Some((None, number)) => add(
                "EXISTS (SELECT 1 FROM push_number n WHERE n.push = push.id AND n.number = ??)",
                vec![number.clone().into()],
            ),
            None => {}
        }
        (parts.join(" AND "), values)
    }
}

impl State {
    /// Stored pushes that pass a filter.
    pub fn pushes(&self, filter: &Filter) -> Result<Vec<Push>> {
        let (condition, values) = filter.condition();
        let order = if filter.oldest_first { "ASC" } else { "DESC" };
        let most = filter.most.map_or(-1, i64::from);
        let query = format!(
            "SELECT {COLUMNS} FROM push WHERE {condition} ORDER BY id {order} LIMIT {most}"
        );
        self.read_pushes(&query, values)
    }

    fn read_pushes(&self, query: &str, values: Vec<Sql>) -> Result<Vec<Push>> {
        let sql = self.sql();
        let mut statement = sql.prepare_cached(query).map_err(sqlite_failure)?;
        let rows = statement
            .query_map(params_from_iter(values), read)
            .map_err(sqlite_failure)?;
        Ok(rows
            .collect::<rusqlite::Result<_>>()
            .map_err(sqlite_failure)?)
    }

    pub fn push(&self, id: i64) -> Result<Option<Push>> {
        let query = format!("SELECT {COLUMNS} FROM push WHERE id = ?1");
        Ok(self.read_pushes(&query, vec![id.into()])?.pop())
    }

    /// What was pushed about one object of a shop, oldest first: an `order`, an `aftersale` and so on, by WeChat's
    /// number or the merchant's own. `since` is unix milliseconds of reception.
    pub fn pushes_about(
        &self,
        shop: &str,
        object: &str,
        number: &str,
        since: i64,
    ) -> Result<Vec<Push>> {
        self.pushes(&Filter {
            shop: Some(shop.into()),
            number: Some((Some(object.into()), number.into())),
            since: Some(since),
            oldest_first: true,
            ..Filter::default()
        })
    }

    /// The number of the newest push; 0 where there is none.
    pub fn newest_push(&self) -> Result<i64> {
        Ok(self
            .sql()
            .query_row("SELECT coalesce(max(id), 0) FROM push", [], |row| {
                row.get(0)
            })
            .map_err(sqlite_failure)?)
    }

    /// Pushes of these shops that may be handed on now: due, and first of their lane. `only` names the events that count;
    /// none are all.
    pub fn due_pushes(
        &self,
        shops: &[String],
        only: &[String],
        now: i64,
        most: usize,
    ) -> Result<Vec<Push>> {
        let query = due_query();
        let shops = serde_json::to_string(shops)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let only = serde_json::to_string(only)?;
        let values = vec![now.into(), shops.into(), most.into(), only.into()];
        self.read_pushes(&query, values)
    }

    /// When the next push is due, unix milliseconds.
    pub fn next_push_due(&self) -> Result<Option<i64>> {
        Ok(self
            .sql()
            .query_row(
                "SELECT min(next_at) FROM push WHERE forward = 'pending'",
                [],
                |row| row.get(0),
            )
            .map_err(sqlite_failure)?)
    }

    /// Puts pushes into the queue to be handed on, as if they had just come; returns how many there were.
    pub fn queue_pushes(&self, ids: &[i64], now: i64) -> Result<usize> {
        let ids = serde_json::to_string(ids)?;
        Ok(self
            .sql()
            .execute(
                "UPDATE push SET forward = 'pending', delivered = 0, attempts = 0, next_at = ?2, error = NULL
                 WHERE id IN (SELECT value FROM json_each(?1))",
                params![ids, now],
            )
            .map_err(sqlite_failure)?)
    }

    /// Lets everything of these shops that waits be due now; returns how many there are.
    pub fn hurry_pushes(&self, shops: &[String], now: i64) -> Result<usize> {
        let shops = serde_json::to_string(shops)?;
        Ok(self
            .sql()
            .execute(
                "UPDATE push SET next_at = min(next_at, ?2)
                 WHERE forward = 'pending' AND shop IN (SELECT value FROM json_each(?1))",
                params![shops, now],
            )
            .map_err(sqlite_failure)?)
    }

    /// Counts by shop and event of what was received since `since`, unix milliseconds.
    pub fn push_counts(&self, shop: Option<&str>, since: i64) -> Result<Vec<Count>> {
        let sql = self.sql();
        let mut statement = sql
            .prepare_cached(
                "SELECT shop, event, count(*), sum(max(seen - 1, 0)), sum(forward = 'pending'), sum(forward = 'done'), max(seen_at)
                 FROM push WHERE received_at >= ?1 AND (?2 IS NULL OR shop = ?2) GROUP BY shop, event ORDER BY shop, event",
            )
            .map_err(sqlite_failure)?;
        let rows = statement
            .query_map(params![since, shop], |row| {
                Ok(Count {
                    shop: row.get(0)?,
                    event: row.get(1)?,
                    events: row.get(2)?,
                    repeats: row.get(3)?,
                    pending: row.get(4)?,
                    forwarded: row.get(5)?,
                    last_at: row.get(6)?,
                })
            })
            .map_err(sqlite_failure)?;
        Ok(rows
            .collect::<rusqlite::Result<_>>()
            .map_err(sqlite_failure)?)
    }

    /// Refusals since the China day of `since`, unix seconds, by shop and reason.
    pub fn push_refusals(&self, shop: Option<&str>, since: i64) -> Result<Vec<RefusedCount>> {
        let day: String = crate::types::rfc3339(since).chars().take(10).collect();
        let sql = self.sql();
        let mut statement = sql
            .prepare_cached(
                "SELECT shop, reason, sum(count), max(last_at) FROM push_refused
                 WHERE day >= ?1 AND (?2 IS NULL OR shop IN (?2, '')) GROUP BY shop, reason ORDER BY shop, reason",
            )
            .map_err(sqlite_failure)?;
        let rows = statement
            .query_map(params![day, shop], |row| {
                Ok(RefusedCount {
                    shop: row.get(0)?,
                    reason: row.get(1)?,
                    count: row.get(2)?,
                    last_at: row.get(3)?,
                })
            })
            .map_err(sqlite_failure)?;
        Ok(rows
            .collect::<rusqlite::Result<_>>()
            .map_err(sqlite_failure)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(key: &str, mark: u8, names: &[(&'static str, &str)]) -> NewPush {
        NewPush {
            shop: "wx1".into(),
            key: key.into(),
            mark: Some([mark; 20]),
            old: false,
            event: "e".into(),
            family: "component".into(),
            object: "order".into(),
            number: "1".into(),
            state: None,
            lane: names
                .first()
                .map(|(object, number)| format!("{object}|{number}")),
            names: names
                .iter()
                .map(|(object, number)| (*object, (*number).to_owned()))
                .collect(),
            created_at: Some(5),
            received_at: 1_000,
            origin: "pushed",
            mode: "safe",
            format: "json",
            message: "{}".into(),
            fields: "{}".into(),
            forward: true,
        }
    }

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
            .block_on(work)
    }

    #[test]
    fn repeats_are_counted_and_used_signatures_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = PushLog::open(folder.path()).expect("a log");
        run(async {
            assert_eq!(log.keep(push("a", 1, &[])).await, Ok(Kept::New(1)));
            assert_eq!(log.keep(push("a", 1, &[])).await, Ok(Kept::Again(1)));
            assert_eq!(log.keep(push("a", 2, &[])).await, Ok(Kept::Again(1)));
            // The signature of one message on another.
            assert_eq!(log.keep(push("b", 2, &[])).await, Ok(Kept::Replayed));
            assert_eq!(log.keep(push("b", 3, &[])).await, Ok(Kept::New(2)));
            let old = NewPush {
                old: true,
                ..push("b", 3, &[])
            };
            assert_eq!(log.keep(old).await, Ok(Kept::Replayed));
            log.refused(vec![("wx1".into(), "forged", 2)], 0).await;
        });
        drop(log);
        let state = State::open(folder.path()).expect("a state");
        let first = state.push(1).expect("read").expect("stored");
        assert_eq!((first.seen, first.forward.as_str()), (3, "pending"));
        assert_eq!(state.push_refusals(None, 0).expect("read")[0].count, 2);
        assert_eq!(state.newest_push().expect("read"), 2);
    }

    #[test]
    fn what_is_due_is_found_without_sorting_all_that_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("state");
        let plan: Vec<String> = state
            .sql()
            .prepare(&format!("EXPLAIN QUERY PLAN {}", due_query()))
            .and_then(|mut plan| {
                plan.query_map((1, "[]", 1, "[]"), |row| row.get(3))?
                    .collect()
            })
            .expect("a plan");
        let plan = plan.join("; ");
        assert!(plan.contains("push_due"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }

    #[test]
    fn a_lane_is_handed_on_in_order_and_an_aftersale_finds_the_lane_of_its_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("a state");
        let log = PushLog::open(folder.path()).expect("a log");
        let shops = ["wx1".to_owned()];
        run(async {
            for (key, mark, names) in [
                ("order", 1, &[("order", "7")][..]),
                ("new", 2, &[("order", "7"), ("aftersale", "8")]),
                ("update", 3, &[("aftersale", "8")]),
                ("other", 4, &[("aftersale", "9")]),
                ("loose", 5, &[]),
            ] {
                log.keep(push(key, mark, names)).await.expect("kept");
            }
            let due = |now| -> Vec<i64> {
                let due = state.due_pushes(&shops, &[], now, 10).expect("read");
                due.iter().map(|push| push.id).collect()
            };
            assert_eq!(due(1_000), [1, 4, 5]);
            assert_eq!(due(999), [] as [i64; 0]);
            let later = Handed {
                id: 1,
                delivered: 0,
                again: Some(("down".into(), 9_000)),
                at: 1_000,
            };
            log.handed(later).await.expect("noted");
            assert_eq!(due(1_000), [4, 5]);
            let done = Handed {
                id: 1,
                delivered: 1,
                again: None,
                at: 9_000,
            };
            log.handed(done).await.expect("noted");
            assert_eq!(due(9_000), [2, 4, 5]);
        });
        let about = state
            .pushes_about("wx1", "aftersale", "8", 0)
            .expect("read");
        let ids: Vec<i64> = about.iter().map(|push| push.id).collect();
        assert_eq!(ids, [2, 3]);
        assert_eq!(state.queue_pushes(&[1], 5).expect("queued"), 1);
        assert_eq!(state.next_push_due().expect("read"), Some(5));
    }
}
