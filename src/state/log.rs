//! Every write this program made, in a file of its own beside `wxsell.db`: appended only, each row sealed with the hash
//! of all before it, so that a row that was changed or taken out is found.
//!
//! A write is two rows: its intent, which is on disk before the first byte leaves, and its result. Rows are written by
//! a thread that commits what has gathered, so that calls under way at the same time share a commit. How far the log
//! has come is noted in `wxsell.db`, so that a tail that was cut off, or another file in its place, is found as well.
//! The file is apart because it only grows, and so that its commits and those of the journal do not wait for each
//! other.

mod subject;
mod verify;

pub use verify::{Checked, End, verify};

use super::{make_private_folder, private_file};
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use subject::subject;
use tokio::sync::oneshot;

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS entry (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, profile TEXT NOT NULL, shop TEXT NOT NULL,
    path TEXT NOT NULL, subject TEXT NOT NULL, request BLOB NOT NULL, result TEXT NOT NULL, rid TEXT NOT NULL,
    seal BLOB NOT NULL)";
/// The intent that a result belongs to, and the movement of money that an intent is for, as JSON. Files of 0.1 have
/// neither: there a write is one row.
const ADDED: [(&str, &str); 2] = [
    (
        "intent",
        "ALTER TABLE entry ADD COLUMN intent INTEGER NOT NULL DEFAULT 0",
    ),
    (
        "movement",
        "ALTER TABLE entry ADD COLUMN movement TEXT NOT NULL DEFAULT ''",
    ),
];
const INDEX: &str = "CREATE INDEX IF NOT EXISTS entry_results ON entry (intent) WHERE intent <> 0";

/// How far the log has come, in `wxsell.db`.
pub(super) const HEAD: &str = "
    CREATE TABLE log_head (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, seal BLOB NOT NULL);";

/// What stands as the result of an intent.
pub const INTENT: &str = "intent";

/// Rows wait for others at most this long.
const GATHER: Duration = Duration::from_millis(50);
/// So many rows are one commit.
const BATCH: usize = 2000;

/// One write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Entry {
    /// Counts from 1, without gaps.
    pub seq: i64,
    /// Unix seconds; RFC 3339 where it is printed.
    #[serde(serialize_with = "as_rfc3339")]
    #[schemars(with = "crate::types::shape::Moment")]
    pub at: i64,
    /// The user of the operating system.
    pub who: String,
    pub profile: String,
    pub shop: String,
    pub path: String,
    /// What it was about: `out_order_id=A1`.
    pub subject: String,
    /// SHA-256 of the request, hexadecimal.
    pub request: String,
    /// `done`, `refused` with the errcode, `not sent`, `unclear` (no answer says what became of it), or `no result` where
    /// the program ended before there was one. `shown` where a command showed personal data as they are.
    pub result: String,
    pub rid: String,
    /// SHA-256 over the seal before and this row, hexadecimal.
    pub seal: String,
}

fn as_rfc3339<S: serde::Serializer>(at: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&crate::types::rfc3339(*at))
}

/// A row as it is handed in; the rest is added when it is written.
#[derive(Debug, Clone)]
pub struct Write {
    pub at: i64,
    pub by: Arc<Writer>,
    pub path: Box<str>,
    /// Of an intent; empty for a result.
    pub body: Bytes,
    /// [`INTENT`], or how it ended.
    pub result: Cow<'static, str>,
    pub rid: String,
    /// Of a result: the number of its intent.
    pub intent: i64,
    /// The movement of money that an intent is for, as JSON; else empty.
    pub movement: String,
}

/// Whose writes they are.
#[derive(Debug, Clone)]
pub struct Writer {
    pub who: String,
    pub profile: String,
    pub shop: String,
}

/// Takes writes and appends them; dropping it waits until all are on disk.
pub struct Log {
    waiting: Arc<Waiting>,
    writer: Option<JoinHandle<()>>,
}

/// Rows that are not yet on disk. The thread is woken for the first of a batch, for a full one, and for one that is
/// waited for.
#[derive(Default)]
struct Waiting {
    rows: Mutex<Rows>,
    changed: Condvar,
}

#[derive(Default)]
struct Rows {
    rows: Vec<Queued>,
    /// Somebody waits for one of them.
    hurry: bool,
    /// No more will come.
    ended: bool,
}

struct Queued {
    write: Write,
    /// Must survive a power cut, too.
    synced: bool,
    /// Is told the number of the row, or why there is none.
    kept: Option<oneshot::Sender<Result<i64, String>>>,
}

impl Log {
    /// Opens `log.db` in `folder`. Errors where it cannot be read and written.
    pub fn open(folder: &Path) -> Result<Log> {
        let connection = connect(folder)?;
        let state = super::connect(folder).ok();
        let waiting = Arc::new(Waiting::default());
        let taken = waiting.clone();
        let writer = std::thread::Builder::new()
            .name("log".into())
            .spawn(move || write(connection, state, &taken))
            .map_err(|error| {
                Failure::bug(text!("no thread: {error}", error = error.to_string()))
            })?;
        Ok(Log {
            waiting,
            writer: Some(writer),
        })
    }

    /// Hands a row in, and does not wait for it. One that could not be written is written with the next.
    pub fn add(&self, write: Write) {
        self.queue(Queued {
            write,
            synced: false,
            kept: None,
        });
    }

    /// Writes a row and waits until it cannot be lost with this program, nor with a power cut where it is `synced`.
    /// Gives its number. Errors where it is not on disk.
    pub async fn keep(&self, write: Write, synced: bool) -> Result<i64> {
        let (told, kept) = oneshot::channel();
        self.queue(Queued {
            write,
            synced,
            kept: Some(told),
        });
        match kept.await {
            Ok(Ok(seq)) => Ok(seq),
            Ok(Err(error)) => Err(unwritable(error).into()),
            Err(_) => Err(unwritable("its thread ended".to_owned()).into()),
        }
    }

    fn queue(&self, row: Queued) {
        let mut waiting = self.waiting.lock();
        waiting.hurry |= row.kept.is_some();
        waiting.rows.push(row);
        if waiting.hurry || matches!(waiting.rows.len(), 1 | BATCH) {
            self.waiting.changed.notify_one();
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.waiting.lock().ended = true;
        self.waiting.changed.notify_one();
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
    }
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has gathered; nothing when no more will come.
    fn take(&self) -> Vec<Queued> {
        let none = |waiting: &mut Rows| waiting.rows.is_empty() && !waiting.ended;
        let waiting = self
            .changed
            .wait_while(self.lock(), none)
            .unwrap_or_else(PoisonError::into_inner);
        let few =
            |waiting: &mut Rows| waiting.rows.len() < BATCH && !waiting.ended && !waiting.hurry;
        let mut waiting = self
            .changed
            .wait_timeout_while(waiting, GATHER, few)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        waiting.hurry = false;
        std::mem::take(&mut waiting.rows)
    }
}

fn write(mut connection: Connection, state: Option<Connection>, waiting: &Waiting) {
    // Rows that nobody waits for and that could not be written so far.
    let mut left = Vec::new();
    loop {
        let came = waiting.take();
        if came.is_empty() && left.is_empty() {
            return;
        }
        let ends = came.is_empty();
        let mut batch: Vec<Queued> = std::mem::take(&mut left);
        batch.extend(came);
        match append(&mut connection, &batch) {
            Ok(first) => {
                if let Some(state) = &state {
                    // A head that lags behind proves less, and hides nothing.
                    let _ = note_head(&connection, state);
                }
                for (seq, row) in (first..).zip(batch) {
                    if let Some(kept) = row.kept {
                        let _ = kept.send(Ok(seq));
                    }
                }
            }
            Err(error) => {
                for row in batch {
                    match row.kept {
                        Some(kept) => drop(kept.send(Err(error.to_string()))),
                        None if !ends => left.push(row),
                        None => {}
                    }
                }
            }
        }
    }
}

/// Appends rows in one commit; gives the number of the first.
fn append(connection: &mut Connection, batch: &[Queued]) -> rusqlite::Result<i64> {
    let synced = batch.iter().any(|row| row.synced);
    let mode = if synced { "FULL" } else { "NORMAL" };
    connection.pragma_update(None, "synchronous", mode)?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (mut seq, mut seal) = last(&tx)?;
    let first = seq + 1;
    {
        let mut insert = tx.prepare_cached(
            "INSERT INTO entry (seq, at, who, profile, shop, path, subject, request, result, rid, seal, intent, movement)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?;
        for Queued { write: row, .. } in batch {
            seq += 1;
            let subject = subject(&row.body);
            let request: [u8; 32] = match row.intent {
                0 => Sha256::digest(&row.body).into(),
                _ => [0; 32],
            };
            let Writer { who, profile, shop } = &*row.by;
            let (path, result): (&str, &str) = (&row.path, &row.result);
            let fields = [who, profile, shop, path, &subject, result, &row.rid];
            let added = (row.intent, row.movement.as_str());
            seal = sealed(&seal, seq, row.at, &fields, &request, added);
            insert.execute(params![
                seq,
                row.at,
                who,
                profile,
                shop,
                path,
                subject,
                request,
                result,
                row.rid,
                seal,
                row.intent,
                row.movement
            ])?;
        }
    }
    // Something in the file may swallow what is inserted.
    if last(&tx)? != (seq, seal) {
        return Err(rusqlite::Error::QueryReturnedNoRows);
    }
    tx.commit()?;
    Ok(first)
}

/// Writes into the state how far the log has come.
fn note_head(log: &Connection, state: &Connection) -> rusqlite::Result<()> {
    let (seq, seal) = last(log)?;
    state.prepare_cached(
        "INSERT INTO log_head (id, seq, seal) VALUES (1, ?1, ?2)
         ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, seal = excluded.seal WHERE excluded.seq > seq",
    )?
    .execute(params![seq, seal])?;
    Ok(())
}

fn last(connection: &Connection) -> rusqlite::Result<(i64, [u8; 32])> {
    let last = connection
        .prepare_cached("SELECT seq, seal FROM entry ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(last.unwrap_or((0, [0; 32])))
}

/// Each part goes in with its length, so that no two rows read alike.
fn sealed(
    before: &[u8; 32],
    seq: i64,
    at: i64,
    fields: &[&str; 7],
    request: &[u8; 32],
    (intent, movement): (i64, &str),
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(seq.to_be_bytes());
    hash.update(at.to_be_bytes());
    for field in fields {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field.as_bytes());
    }
    hash.update(request);
    // Rows of 0.1 have neither.
    if intent != 0 || !movement.is_empty() {
        hash.update(intent.to_be_bytes());
        hash.update(movement.as_bytes());
    }
    hash.finalize().into()
}

/// What to do about a log that cannot be used. Its folder stays: the state beside it knows what is open.
fn unusable(error: String) -> Failure {
    Failure::input(text!(
        "the log of writes (log.db) cannot be used: {error}",
        error
    ))
    .hint(text!(
        "nothing is sent without the log; give your user read and write access to log.db, free some disk space, or close the program that has it open; if the file is damaged, restore it from a backup or move only log.db away, and `wxsell log verify` will say so"
    ))
}

/// A row that did not get onto the disk.
fn unwritable(error: String) -> Failure {
    Failure::input(text!(
        "the log of writes (log.db) could not be written: {error}",
        error
    ))
    .hint(text!(
        "free some space on the disk of the state folder, or close the program that has log.db open"
    ))
}

fn connect(folder: &Path) -> Result<Connection> {
    let path = folder.join("log.db");
    make_private_folder(folder)
        .and_then(|()| private_file(&path))
        .map_err(|error| unusable(error.to_string()))?;
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(&path)?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(SCHEMA)?;
        for (column, add) in ADDED {
            if !connection.column_exists(None, "entry", column)? {
                // Another process may have been first.
                let added = connection.execute_batch(add);
                if !connection.column_exists(None, "entry", column)? {
                    added?;
                }
            }
        }
        connection.execute_batch(INDEX)?;
        Ok(connection)
    };
    Ok(open().map_err(|error| unusable(error.to_string()))?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<(Entry, [u8; 32], [u8; 32])> {
    let (request, seal): ([u8; 32], [u8; 32]) = (row.get("request")?, row.get("seal")?);
    let entry = Entry {
        seq: row.get("seq")?,
        at: row.get("at")?,
        who: row.get("who")?,
        profile: row.get("profile")?,
        shop: row.get("shop")?,
        path: row.get("path")?,
        subject: row.get("subject")?,
        request: hex::encode(request),
        result: row.get("result")?,
        rid: row.get("rid")?,
        seal: hex::encode(seal),
    };
    Ok((entry, request, seal))
}

/// The newest `limit` writes since `since` (unix seconds), the oldest first, each with how it ended.
pub fn entries(folder: &Path, since: i64, limit: usize) -> Result<Vec<Entry>> {
    let connection = connect(folder)?;
    let read_all = || -> rusqlite::Result<Vec<Entry>> {
        let mut statement = connection.prepare(
            "SELECT write.seq, write.at, write.who, write.profile, write.shop, write.path, write.subject, write.request,
                    coalesce(ended.result, CASE write.result WHEN 'intent' THEN 'no result' ELSE write.result END) AS result,
                    coalesce(ended.rid, write.rid) AS rid, coalesce(ended.seal, write.seal) AS seal
             FROM (SELECT * FROM entry WHERE at >= ?1 AND intent = 0 ORDER BY seq DESC LIMIT ?2) AS write
             LEFT JOIN entry AS ended
                 ON ended.seq = (SELECT max(seq) FROM entry WHERE intent <> 0 AND intent = write.seq)
             ORDER BY write.seq",
        )?;
        let rows = statement.query_map(
            params![since, i64::try_from(limit).unwrap_or(i64::MAX)],
            read,
        )?;
        rows.map(|row| Ok(row?.0)).collect()
    };
    Ok(read_all().map_err(|error| unusable(error.to_string()))?)
}

/// A movement of money in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moved {
    /// Of its intent.
    pub seq: i64,
    /// The movement, as JSON.
    pub movement: String,
    /// How it ended; [`INTENT`] where nothing says so.
    pub result: String,
}

/// The movements in the log after entry `after`, the oldest first, and the number of the last entry. A log that does
/// not exist has none.
pub(super) fn movements(folder: &Path, after: i64) -> Result<(i64, Vec<Moved>)> {
    if !folder.join("log.db").exists() {
        return Ok((0, Vec::new()));
    }
    let connection = connect(folder)?;
    let read_all = || -> rusqlite::Result<(i64, Vec<Moved>)> {
        let (newest, _) = last(&connection)?;
        let mut statement = connection.prepare(
            "SELECT seq, movement, coalesce((SELECT result FROM entry AS ended
                 WHERE ended.intent <> 0 AND ended.intent = write.seq ORDER BY ended.seq DESC LIMIT 1), result)
             FROM entry AS write WHERE seq > ?1 AND movement <> '' ORDER BY seq",
        )?;
        let rows = statement.query_map([after], |row| {
            Ok(Moved {
                seq: row.get(0)?,
                movement: row.get(1)?,
                result: row.get(2)?,
            })
        })?;
        Ok((newest, rows.collect::<rusqlite::Result<_>>()?))
    };
    Ok(read_all().map_err(|error| unusable(error.to_string()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(folder: &Path) {
        let log = Log::open(folder).expect("a log");
        let by = Arc::new(Writer {
            who: "op".into(),
            profile: "tea".into(),
            shop: "wx1".into(),
        });
        for number in 0..3 {
            log.add(Write {
                at: 1_700_000_000 + number,
                by: by.clone(),
                path: "/shop/order/close".into(),
                body: format!("{{\"out_order_id\":\"A{number}\",\"openid\":\"o\"}}").into(),
                result: "done".into(),
                rid: String::new(),
                intent: 0,
                movement: String::new(),
            });
        }
    }

    #[test]
    fn a_chain_that_nobody_touched_holds_over_several_openings() {
        let folder = tempfile::tempdir().expect("a folder");
        filled(folder.path());
        let noted = verify(folder.path(), None).expect("a look").seal;
        filled(folder.path());
        let checked = verify(folder.path(), Some(&noted)).expect("a look");
        assert_eq!((checked.entries, checked.broken_at), (6, None));
        assert_eq!(checked.noted_seal_found, Some(true));
        let last = entries(folder.path(), 0, 1).expect("rows");
        assert_eq!(last[0].subject, "out_order_id=A2 openid=o");
    }

    #[test]
    fn a_row_that_was_changed_or_taken_out_is_found() {
        for change in [
            "UPDATE entry SET result = 'refused 1' WHERE seq = 2",
            "UPDATE entry SET at = at + 1 WHERE seq = 2",
            "DELETE FROM entry WHERE seq = 2",
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            filled(folder.path());
            let noted = verify(folder.path(), None).expect("a look").seal;
            connect(folder.path())
                .expect("open")
                .execute(change, [])
                .expect("changed");
            let checked = verify(folder.path(), Some(&noted)).expect("a look");
            assert!(
                matches!(checked.broken_at, Some(2 | 3)),
                "{change}: {checked:?}"
            );
        }
        let folder = tempfile::tempdir().expect("a folder");
        filled(folder.path());
        let noted = verify(folder.path(), None).expect("a look").seal;
        connect(folder.path())
            .expect("open")
            .execute("DELETE FROM entry WHERE seq = 3", [])
            .expect("changed");
        let checked = verify(folder.path(), Some(&noted)).expect("a look");
        assert_eq!(
            (checked.broken_at, checked.noted_seal_found),
            (None, Some(false))
        );
    }
}
