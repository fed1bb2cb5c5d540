//! The one writer of a receiver. A push is answered only after it is on disk, and a commit costs a sync; so a thread
//! does all the writing: whatever waits when it is free goes into one commit, and all who waited are answered at once.
//!
//! What was committed must be copied from SQLite's journal into the file now and then, and that takes more syncs. A
//! second thread does it, so that no answer waits for it; only when it falls far behind the writer lends a hand.

use super::super::{connect, sqlite_failure};
use super::{Handed, Kept, NewPush, SYNTHESISED};
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// So many requests may wait for the thread; those beyond wait in their own connection.
const QUEUE: usize = 4_096;
/// So many changes go into one commit at most, so that none waits long.
const BATCH: usize = 512;
/// The platform waits 5 seconds; a file that is held longer than this makes it try again.
const PATIENCE: Duration = Duration::from_secs(4);
/// How often committed pages are copied into the file.
const COPY_EVERY: Duration = Duration::from_millis(250);
/// Pages, 64 MB of them, after which the writer copies as well.
const FAR_BEHIND: u32 = 16_384;
/// How far the time of a synthesised event may be from that of the true one, in seconds. What is younger is not
/// repaired unless that is asked for, so that no second event of the kind can be taken for it.
const ABOUT: i64 = 300;
/// A signature is known for so long, in milliseconds; after that a copy of its message is still known by its key.
const MARKS_KEPT: i64 = 30 * 86_400_000;

enum Job {
    Keep(Box<NewPush>, oneshot::Sender<Result<Kept, String>>),
    Handed(Handed, oneshot::Sender<Result<(), String>>),
    Refused(Vec<(String, &'static str, u64)>, i64),
    UsedUp(String, [u8; 20], i64),
}

/// The one writer of a receiver. Dropping it writes what is left and ends its thread.
pub struct PushLog {
    jobs: Option<mpsc::Sender<Job>>,
    /// The writer, which ends when nobody sends any more, and the copier, which ends after it.
    threads: Vec<JoinHandle<()>>,
}

impl PushLog {
    /// Opens a connection of its own to the file in `folder`.
    pub fn open(folder: &Path) -> Result<PushLog> {
        let connection = connect(folder)?;
        connection
            .pragma_update(None, "synchronous", "FULL")
            .and_then(|()| connection.pragma_update(None, "wal_autocheckpoint", FAR_BEHIND))
            .and_then(|()| connection.busy_timeout(PATIENCE))
            .map_err(sqlite_failure)?;
        let copier = connect(folder)?;
        let (jobs, waiting) = mpsc::channel(QUEUE);
        let (written, copied) = sync_channel(1);
        let named = |name: &str| std::thread::Builder::new().name(name.into());
        let threads = vec![
            named("pushes").spawn(move || write_all(connection, waiting, &written))?,
            named("copier").spawn(move || copy_all(&copier, &copied))?,
        ];
        Ok(PushLog {
            jobs: Some(jobs),
            threads,
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

    /// Lets no message come under a signature that served for something else. `at` is unix milliseconds.
    pub async fn use_up(&self, shop: &str, mark: [u8; 20], at: i64) {
        if let Some(jobs) = &self.jobs {
            // An address test is answered all the same.
            let _ = jobs.send(Job::UsedUp(shop.to_owned(), mark, at)).await;
        }
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
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

/// Copies what was committed into the file, some time after each commit, until the writer ends.
fn copy_all(connection: &Connection, written: &Receiver<()>) {
    while written.recv().is_ok() {
        std::thread::sleep(COPY_EVERY);
        // What is not copied now is copied later; until then it is read from the journal.
        let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }
}

fn write_all(
    mut connection: Connection,
    mut waiting: mpsc::Receiver<Job>,
    written: &SyncSender<()>,
) {
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
        // Full where the copier has yet to come to the commit before.
        let _ = written.try_send(());
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
            (Job::Refused(..) | Job::UsedUp(..), _) => {}
        }
    }
}

fn write_jobs(connection: &mut Connection, batch: &[Job]) -> rusqlite::Result<Vec<Kept>> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut kept = Vec::new();
    for job in batch {
        match job {
            Job::Keep(push, _) => kept.push(keep(&tx, push)?),
            Job::Handed(handed, _) => note_handed(&tx, handed)?,
            Job::Refused(counts, at) => add_refused(&tx, counts, *at)?,
            Job::UsedUp(shop, mark, at) => drop(
                // No push has the number 0.
                tx.prepare_cached(
                    "INSERT OR IGNORE INTO push_mark (shop, mark, push, at) VALUES (?1, ?2, 0, ?3)",
                )?
                .execute(params![shop, mark, at])?,
            ),
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
    let known = match known {
        None => made_here(tx, push)?,
        known => known,
    };
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
        // Made once more, by a second repair at the same time.
        Some(id) if push.origin == SYNTHESISED => id,
        Some(id) => {
            tx.prepare_cached(
                "UPDATE push SET seen = seen + 1, seen_at = ?2, key = ?3 WHERE id = ?1",
            )?
            .execute(params![id, push.received_at, push.key])?;
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

/// The synthesised event that a push is the true one of: the same event of the same object in the same state, at about
/// the same time, which has not come yet. The record that it was made from may differ from it by some seconds.
fn made_here(tx: &Transaction<'_>, push: &NewPush) -> rusqlite::Result<Option<i64>> {
    let (Some(at), false) = (push.created_at, push.origin == SYNTHESISED) else {
        return Ok(None);
    };
    tx.prepare_cached(
        "SELECT p.id FROM push_number AS n JOIN push AS p ON p.id = n.push
         WHERE n.shop = ?1 AND n.object = ?2 AND n.number = ?3 AND p.event = ?4 AND p.state IS ?5
            AND p.origin = ?6 AND p.seen = 0 AND abs(p.created_at - ?7) <= ?8
         ORDER BY abs(p.created_at - ?7), p.id LIMIT 1",
    )?
    .query_row(
        params![
            push.shop,
            push.object,
            push.number,
            push.event,
            push.state,
            SYNTHESISED,
            at,
            ABOUT
        ],
        |row| row.get(0),
    )
    .optional()
}

fn insert(tx: &Transaction<'_>, push: &NewPush) -> rusqlite::Result<i64> {
    let lane = lane(tx, push)?;
    let forward = if push.forward { "pending" } else { "none" };
    tx.prepare_cached(
        "INSERT INTO push (shop, key, event, family, object, number, state, lane, created_at, received_at, seen_at,
            origin, mode, format, message, fields, forward, next_at, seen)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?10, ?17)",
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
        i64::from(push.origin != SYNTHESISED),
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
