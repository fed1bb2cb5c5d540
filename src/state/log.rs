//! Every write this program made, in a file of its own beside `wxsell.db`: appended only, each row sealed with the hash
//! of all before it, so that a row that was changed or taken out is found.
//!
//! Rows are written by a thread that commits what has gathered, so that an upload of thousands is not slowed down; a
//! power cut may take the last tenth of a second, which the journal of the run has. The file is apart because it only
//! grows, and so that its commits and those of the journal do not wait for each other.

use super::{make_private_folder, private_file, sqlite_failure};
use crate::fail::{Failure, Within};
use crate::text;
use anyhow::Result;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS entry (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, profile TEXT NOT NULL, shop TEXT NOT NULL,
    path TEXT NOT NULL, subject TEXT NOT NULL, request BLOB NOT NULL, result TEXT NOT NULL, rid TEXT NOT NULL,
    seal BLOB NOT NULL)";

/// Rows wait for others at most this long.
const GATHER: Duration = Duration::from_millis(50);
/// So many rows are one commit.
const BATCH: usize = 2000;

/// One write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Counts from 1, without gaps.
    pub seq: i64,
    /// Unix seconds; RFC 3339 where it is printed.
    #[serde(serialize_with = "as_rfc3339")]
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
    /// `done`, `unclear` (no answer came), or `refused` with the errcode.
    pub result: String,
    pub rid: String,
    /// SHA-256 over the seal before and this row, hexadecimal.
    pub seal: String,
}

fn as_rfc3339<S: serde::Serializer>(at: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&crate::types::rfc3339(*at))
}

/// A write as it is handed in; the rest is added when it is written.
#[derive(Debug, Clone)]
pub struct Write {
    pub at: i64,
    pub by: Arc<Writer>,
    pub path: Box<str>,
    pub body: Bytes,
    pub result: Cow<'static, str>,
    pub rid: String,
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

/// Writes that are not yet on disk. The thread is woken for the first of a batch and for a full one, not for each.
#[derive(Default)]
struct Waiting {
    rows: Mutex<Rows>,
    changed: Condvar,
}

#[derive(Default)]
struct Rows {
    rows: Vec<Write>,
    /// No more will come.
    ended: bool,
}

impl Log {
    /// Opens `log.db` in `folder`.
    pub fn open(folder: &Path) -> Result<Log> {
        let connection = connect(folder)?;
        let waiting = Arc::new(Waiting::default());
        let taken = waiting.clone();
        let writer = std::thread::Builder::new()
            .name("log".into())
            .spawn(move || write(connection, &taken))
            .map_err(|error| {
                Failure::bug(text!("no thread: {error}", error = error.to_string()))
            })?;
        Ok(Log {
            waiting,
            writer: Some(writer),
        })
    }

    pub fn add(&self, write: Write) {
        let mut waiting = self.waiting.lock();
        waiting.rows.push(write);
        if matches!(waiting.rows.len(), 1 | BATCH) {
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
    fn take(&self) -> Vec<Write> {
        let none = |waiting: &mut Rows| waiting.rows.is_empty() && !waiting.ended;
        let waiting = self
            .changed
            .wait_while(self.lock(), none)
            .unwrap_or_else(PoisonError::into_inner);
        let few = |waiting: &mut Rows| waiting.rows.len() < BATCH && !waiting.ended;
        let mut waiting = self
            .changed
            .wait_timeout_while(waiting, GATHER, few)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        std::mem::take(&mut waiting.rows)
    }
}

fn write(mut connection: Connection, waiting: &Waiting) {
    loop {
        let batch = waiting.take();
        if batch.is_empty() {
            return;
        }
        // A log that cannot be written must not undo what was done: the call has been made already.
        let _ = append(&mut connection, &batch);
    }
}

fn append(connection: &mut Connection, batch: &[Write]) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (mut seq, mut seal) = last(&tx)?;
    {
        let mut insert = tx.prepare_cached(
            "INSERT INTO entry (seq, at, who, profile, shop, path, subject, request, result, rid, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        for row in batch {
            seq += 1;
            let subject = subject(&row.body);
            let request: [u8; 32] = Sha256::digest(&row.body).into();
            let Writer { who, profile, shop } = &*row.by;
            let (path, result): (&str, &str) = (&row.path, &row.result);
            let fields = [who, profile, shop, path, &subject, result, &row.rid];
            seal = sealed(&seal, seq, row.at, &fields, &request);
            insert.execute(params![
                seq, row.at, who, profile, shop, path, subject, request, result, row.rid, seal
            ])?;
        }
    }
    tx.commit()
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
    hash.finalize().into()
}

/// The numbers and ids that say what a request is about, the best first.
const NAMES: [&str; 14] = [
    "out_product_id",
    "product_id",
    "out_order_id",
    "order_id",
    "out_aftersale_id",
    "aftersale_id",
    "complaint_order_id",
    "out_coupon_id",
    "out_user_coupon_id",
    "out_request_no",
    "trade_no",
    "audit_id",
    "openid",
    "id",
];

/// What a request is about: the best two of its [`NAMES`]. Requests begin with them, so that what comes after the first
/// list or object is read only where nothing was found before it.
fn subject(body: &[u8]) -> String {
    let read = |nested: bool| {
        let mut names = Names {
            nested,
            found: Vec::new(),
        };
        // It ends with an error at a list or object that is not to be read over.
        let _ = serde_json::Deserializer::from_slice(body).deserialize_map(&mut names);
        names.found
    };
    let mut found = read(false);
    if found.is_empty() {
        found = read(true);
    }
    found.sort_unstable();
    let named = found.iter().take(2);
    let named = named.map(|(at, word)| format!("{}={word}", NAMES[*at]));
    named.collect::<Vec<_>>().join(" ")
}

/// Finds [`NAMES`] in an object.
struct Names<'de> {
    /// Reads over lists and objects.
    nested: bool,
    found: Vec<(usize, Cow<'de, str>)>,
}

impl<'de> Visitor<'de> for &mut Names<'de> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let at = NAMES.iter().position(|known| *known == name);
            match (at, self.nested) {
                (None, true) => drop(map.next_value::<IgnoredAny>()?),
                (at, _) => {
                    let Word(word) = map.next_value()?;
                    self.found.extend(at.zip(word));
                }
            }
        }
        Ok(())
    }
}

/// A text or a number; neither a list nor an object.
struct Word<'de>(Option<Cow<'de, str>>);

impl<'de> Deserialize<'de> for Word<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Word<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a text or a number")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Word<'de>, E> {
                Ok(Word((!text.is_empty()).then_some(Cow::Borrowed(text))))
            }

            fn visit_str<E>(self, text: &str) -> Result<Word<'de>, E> {
                Ok(Word(
                    (!text.is_empty()).then(|| Cow::Owned(text.to_owned())),
                ))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Word<'de>, E> {
                Ok(Word(Some(Cow::Owned(number.to_string()))))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Word<'de>, E> {
                Ok(Word(Some(Cow::Owned(number.to_string()))))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Word<'de>, E> {
                Ok(Word(None))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Word<'de>, E> {
                Ok(Word(None))
            }

            fn visit_unit<E>(self) -> Result<Word<'de>, E> {
                Ok(Word(None))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

fn connect(folder: &Path) -> Result<Connection> {
    let path = folder.join("log.db");
    let opened = make_private_folder(folder)
        .and_then(|()| private_file(&path))
        .map_err(|error| {
            Failure::input(text!(
                "cannot use the state folder: {error}",
                error = error.to_string()
            ))
        });
    opened.within(|| text!("opening the log of writes"))?;
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(&path)?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(connection)
    };
    open()
        .map_err(sqlite_failure)
        .within(|| text!("opening the log of writes"))
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

/// The newest `limit` writes since `since` (unix seconds), the oldest first.
pub fn entries(folder: &Path, since: i64, limit: usize) -> Result<Vec<Entry>> {
    let connection = connect(folder)?;
    let read_all = || -> rusqlite::Result<Vec<Entry>> {
        let mut statement = connection
            .prepare("SELECT * FROM (SELECT * FROM entry WHERE at >= ?1 ORDER BY seq DESC LIMIT ?2) ORDER BY seq")?;
        let rows = statement.query_map(
            params![since, i64::try_from(limit).unwrap_or(i64::MAX)],
            read,
        )?;
        rows.map(|row| Ok(row?.0)).collect()
    };
    Ok(read_all().map_err(sqlite_failure)?)
}

/// What a look at the whole chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    pub entries: i64,
    /// The last seal: whoever noted it can tell later that nothing was cut off the end.
    pub seal: String,
    /// The first row whose seal does not fit; all after it prove nothing.
    pub broken_at: Option<i64>,
    /// Whether a seal that was noted earlier is still in the chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noted_seal_found: Option<bool>,
}

/// Seals every row anew and compares. `noted` is a seal from an earlier look.
pub fn verify(folder: &Path, noted: Option<&str>) -> Result<Checked> {
    let connection = connect(folder)?;
    let look = || -> rusqlite::Result<Checked> {
        let mut statement = connection.prepare("SELECT * FROM entry ORDER BY seq")?;
        let mut rows = statement.query([])?;
        let (mut seal, mut count, mut broken_at) = ([0; 32], 0, None);
        let mut found = false;
        while let Some(row) = rows.next()? {
            let (entry, request, held) = read(row)?;
            count += 1;
            let fields = [
                &*entry.who,
                &entry.profile,
                &entry.shop,
                &entry.path,
                &entry.subject,
                &entry.result,
                &entry.rid,
            ];
            seal = sealed(&seal, entry.seq, entry.at, &fields, &request);
            if broken_at.is_none() && (seal != held || entry.seq != count) {
                broken_at = Some(entry.seq);
            }
            found |= noted.is_some_and(|noted| noted.eq_ignore_ascii_case(&entry.seal));
        }
        Ok(Checked {
            entries: count,
            seal: hex::encode(seal),
            broken_at,
            noted_seal_found: noted.map(|_| found),
        })
    };
    Ok(look().map_err(sqlite_failure)?)
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
    fn a_request_is_about_its_best_two_numbers() {
        let cases = [
            (
                r#"{"out_product_id":"P1","title":"x","skus":[{"openid":"o"}]}"#,
                "out_product_id=P1",
            ),
            (
                r#"{"openid":"o","order_id":33,"out_order_id":"A\u0031","id":""}"#,
                "out_order_id=A1 order_id=33",
            ),
            (
                r#"{"order_detail":{"openid":"no"},"out_order_id":"A1","openid":"o"}"#,
                "out_order_id=A1 openid=o",
            ),
            (
                r#"{"id":null,"list":[1],"trade_no":{"x":1},"openid":"o"}"#,
                "",
            ),
            (r#"{"note":true,"rate":1.5}"#, ""),
            ("", ""),
            ("[1]", ""),
        ];
        for (body, told) in cases {
            assert_eq!(subject(body.as_bytes()), told, "{body}");
        }
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
