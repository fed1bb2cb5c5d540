//! The `push` tables: what the platform pushed, which of it was handed on, and what was refused.
//!
//! A push is answered only after it is on disk, and a commit costs a sync. So one thread, [`PushLog`], does all the
//! writing of a receiver: whatever waits when it is free goes into one commit, and all who waited are answered at once.

use super::{State, sqlite_failure};
use anyhow::Result;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params, params_from_iter};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

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

/// So many requests may wait for the thread; those beyond wait in their own connection.
const QUEUE: usize = 4_096;
/// So many changes go into one commit at most, so that none waits long.
const BATCH: usize = 512;
/// The platform waits 5 seconds; a file that is held longer than this makes it try again.
const PATIENCE: Duration = Duration::from_secs(4);
/// A signature is known for so long, in milliseconds; after that a copy of its message is still known by its key.
const MARKS_KEPT: i64 = 30 * 86_400_000;

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
    /// `pushed`, or how else it came here.
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

enum Job {
    Keep(Box<NewPush>, oneshot::Sender<Result<Kept, String>>),
    Handed(Handed, oneshot::Sender<Result<(), String>>),
    Refused(Vec<(String, &'static str, u64)>, i64),
}

/// The one writer of a receiver. Dropping it writes what is left and ends its thread.
pub struct PushLog {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl PushLog {
    /// Opens a connection of its own to the file in `folder`.
    pub fn open(folder: &Path) -> Result<PushLog> {
        let connection = super::connect(folder)?;
        connection
            .pragma_update(None, "synchronous", "FULL")
            .and_then(|()| connection.busy_timeout(PATIENCE))
            .map_err(sqlite_failure)?;
        let (jobs, waiting) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("pushes".into())
            .spawn(move || write_all(connection, waiting))?;
        Ok(PushLog {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, String>>) -> Job,
    ) -> Result<T, String> {
        let (answer, answered) = oneshot::channel();
        let gone = || "the writer has ended".to_owned();
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(job(answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// Stores a push; returns once it is on disk.
    pub async fn keep(&self, push: NewPush) -> Result<Kept, String> {
        self.ask(|answer| Job::Keep(Box::new(push), answer)).await
    }

    /// Notes how handing a push on went; returns once it is on disk.
    pub async fn handed(&self, handed: Handed) -> Result<(), String> {
        self.ask(|answer| Job::Handed(handed, answer)).await
    }

    /// Adds to the counters of refusals: shop, reason, how many. `at` is unix seconds.
    pub async fn refused(&self, counts: Vec<(String, &'static str, u64)>, at: i64) {
        if let Some(jobs) = &self.jobs {
            // Counters are not worth stopping for.
            let _ = jobs.send(Job::Refused(counts, at)).await;
        }
    }
}

impl Drop for PushLog {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn write_all(mut connection: Connection, mut waiting: mpsc::Receiver<Job>) {
    let forget = crate::types::now() * 1_000 - MARKS_KEPT;
    // An old mark that stays does no harm.
    let _ = connection.execute("DELETE FROM push_mark WHERE at < ?1", [forget]);
    while let Some(first) = waiting.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(job) = waiting.try_recv()
        {
            batch.push(job);
        }
        write_batch(&mut connection, batch);
    }
}

/// Writes a batch in one commit, then answers all who wait for it.
fn write_batch(connection: &mut Connection, batch: Vec<Job>) {
    let written = write_jobs(connection, &batch).map_err(|error| error.to_string());
    let mut kept = written.as_ref().map(|kept| kept.iter());
    for job in batch {
        // Who no longer waits has gone away; the push is stored all the same.
        match (job, &mut kept) {
            (Job::Keep(_, answer), Ok(kept)) => {
                let _ = answer.send(kept.next().copied().ok_or_else(String::new));
            }
            (Job::Keep(_, answer), Err(error)) => {
                let _ = answer.send(Err((*error).clone()));
            }
            (Job::Handed(_, answer), Ok(_)) => {
                let _ = answer.send(Ok(()));
            }
            (Job::Handed(_, answer), Err(error)) => {
                let _ = answer.send(Err((*error).clone()));
            }
            (Job::Refused(..), _) => {}
        }
    }
}

fn write_jobs(connection: &mut Connection, batch: &[Job]) -> rusqlite::Result<Vec<Kept>> {
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut kept = Vec::new();
    for job in batch {
        match job {
            Job::Keep(push, _) => kept.push(keep(&tx, push)?),
            Job::Handed(handed, _) => note_handed(&tx, handed)?,
            Job::Refused(counts, at) => add_refused(&tx, counts, *at)?,
        }
    }
    tx.commit()?;
    Ok(kept)
}

fn keep(tx: &Transaction<'_>, push: &NewPush) -> rusqlite::Result<Kept> {
    let known: Option<i64> = tx
        .prepare_cached("SELECT id FROM push WHERE shop = ?1 AND key = ?2")?
        .query_row(params![push.shop, push.key], |row| row.get(0))
        .optional()?;
    if let Some(mark) = &push.mark {
        let used: Option<i64> = tx
            .prepare_cached("SELECT push FROM push_mark WHERE shop = ?1 AND mark = ?2")?
            .query_row(params![push.shop, mark], |row| row.get(0))
            .optional()?;
        if used.is_some() && (used != known || push.old) {
            return Ok(Kept::Replayed);
        }
    }
    let id = match known {
        Some(id) => {
            tx.prepare_cached("UPDATE push SET seen = seen + 1, seen_at = ?2 WHERE id = ?1")?
                .execute(params![id, push.received_at])?;
            id
        }
        None => insert(tx, push)?,
    };
    if let Some(mark) = &push.mark {
        tx.prepare_cached(
            "INSERT OR IGNORE INTO push_mark (shop, mark, push, at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![push.shop, mark, id, push.received_at])?;
    }
    Ok(match known {
        Some(id) => Kept::Again(id),
        None => Kept::New(id),
    })
}

fn insert(tx: &Transaction<'_>, push: &NewPush) -> rusqlite::Result<i64> {
    let lane = lane(tx, push)?;
    let forward = if push.forward { "pending" } else { "none" };
    tx.prepare_cached(
        "INSERT INTO push (shop, key, event, family, object, number, state, lane, created_at, received_at, seen_at,
            origin, mode, format, message, fields, forward, next_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?10)",
    )?
    .execute(params![
        push.shop,
        push.key,
        push.event,
        push.family,
        push.object,
        push.number,
        push.state,
        lane,
        push.created_at,
        push.received_at,
        push.origin,
        push.mode,
        push.format,
        push.message,
        push.fields,
        forward,
    ])?;
    let id = tx.last_insert_rowid();
    let mut number = tx.prepare_cached(
        "INSERT OR IGNORE INTO push_number (shop, object, number, push) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (object, name) in &push.names {
        number.execute(params![push.shop, object, name, id])?;
    }
    Ok(id)
}

/// The lane of an earlier push about the same thing, else the push's own: an after-sale names its order only once.
fn lane(tx: &Transaction<'_>, push: &NewPush) -> rusqlite::Result<Option<String>> {
    let mut earlier = tx.prepare_cached(
        "SELECT lane FROM push WHERE id = (
            SELECT push FROM push_number WHERE shop = ?1 AND object = ?2 AND number = ?3 ORDER BY push LIMIT 1)",
    )?;
    for (object, number) in &push.names {
        let found: Option<Option<String>> = earlier
            .query_row(params![push.shop, object, number], |row| row.get(0))
            .optional()?;
        if let Some(Some(lane)) = found {
            return Ok(Some(lane));
        }
    }
    Ok(push.lane.clone())
}

fn note_handed(tx: &Transaction<'_>, handed: &Handed) -> rusqlite::Result<()> {
    match &handed.again {
        None => tx
            .prepare_cached(
                "UPDATE push SET forward = 'done', delivered = ?2, attempts = attempts + 1, forwarded_at = ?3, error = NULL WHERE id = ?1",
            )?
            .execute(params![handed.id, handed.delivered, handed.at])?,
        Some((error, next_at)) => tx
            .prepare_cached(
                "UPDATE push SET delivered = ?2, attempts = attempts + 1, error = ?3, next_at = ?4 WHERE id = ?1",
            )?
            .execute(params![handed.id, handed.delivered, error, next_at])?,
    };
    Ok(())
}

fn add_refused(
    tx: &Transaction<'_>,
    counts: &[(String, &'static str, u64)],
    at: i64,
) -> rusqlite::Result<()> {
    let day: String = crate::types::rfc3339(at).chars().take(10).collect();
    let mut add = tx.prepare_cached(
        "INSERT INTO push_refused (day, shop, reason, count, last_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (day, shop, reason) DO UPDATE SET count = count + excluded.count, last_at = excluded.last_at",
    )?;
    for (shop, reason, count) in counts {
        let count = i64::try_from(*count).unwrap_or(i64::MAX);
        add.execute(params![day, shop, reason, count, at])?;
    }
    Ok(())
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

    /// Pushes of these shops that may be handed on now: due, and first of their lane.
    pub fn due_pushes(&self, shops: &[String], now: i64, most: usize) -> Result<Vec<Push>> {
        let query = format!(
            "SELECT {COLUMNS} FROM push AS p WHERE forward = 'pending' AND next_at <= ?1
                AND shop IN (SELECT value FROM json_each(?2))
                AND NOT EXISTS (SELECT 1 FROM push AS q WHERE q.forward = 'pending' AND q.shop = p.shop
                    AND q.lane = p.lane AND q.id < p.id)
             ORDER BY next_at, id LIMIT ?3"
        );
        let shops = serde_json::to_string(shops)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.read_pushes(&query, vec![now.into(), shops.into(), most.into()])
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
                "SELECT shop, event, count(*), sum(seen - 1), sum(forward = 'pending'), sum(forward = 'done'), max(seen_at)
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
                let due = state.due_pushes(&shops, now, 10).expect("read");
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
