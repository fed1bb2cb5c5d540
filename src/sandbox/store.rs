//! What the shop in a box remembers: documents, tokens, counters, faults and the last calls, in one SQLite file
//! that several processes may open at once. Every write is one immediate transaction, [`Tx`].

use super::router::Refusal;
use crate::fail::{Failure, Within};
use crate::text;
use crate::types::now;
use crate::types::span::{DAY, HOUR};
use anyhow::Result;
use rusqlite::{
    Connection, OptionalExtension, Row, Transaction, TransactionBehavior, named_params, params,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

/// Raised when the tables change, or what a shop must hold from the start. The shop is a stand-in: an older file is emptied, not converted.
const VERSION: i64 = 4;

const TABLES: &str = "
    CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE document (
        family TEXT NOT NULL, noun TEXT NOT NULL, id INTEGER NOT NULL, out_id TEXT NOT NULL,
        state INTEGER NOT NULL, draft INTEGER NOT NULL, due INTEGER,
        created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (family, noun, id)
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX document_by_out_id ON document (family, noun, out_id);
    CREATE INDEX document_due ON document (due) WHERE due IS NOT NULL;
    CREATE TABLE token (
        token TEXT PRIMARY KEY, kind TEXT NOT NULL, made_at INTEGER NOT NULL, ends_at INTEGER NOT NULL,
        replaced INTEGER NOT NULL DEFAULT 0, forced INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE TABLE counter (
        name TEXT NOT NULL, period INTEGER NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (name, period)
    ) WITHOUT ROWID;
    CREATE TABLE submission (at INTEGER NOT NULL, out_id TEXT NOT NULL);
    CREATE INDEX submission_at ON submission (at);
    CREATE TABLE fault (id INTEGER PRIMARY KEY, spec TEXT NOT NULL, times_left INTEGER, random INTEGER NOT NULL);
    CREATE TABLE call (
        seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, rid TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
        query TEXT NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL, reply TEXT NOT NULL,
        errcode INTEGER NOT NULL, cost_in_ms INTEGER NOT NULL, client_ip TEXT NOT NULL, fault TEXT NOT NULL
    );
    CREATE INDEX call_rid ON call (rid);
    CREATE TABLE ledger (
        seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL, fen INTEGER NOT NULL,
        reason TEXT NOT NULL, reference TEXT NOT NULL
    );
    CREATE TABLE event (
        seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0, due INTEGER, delivered_at INTEGER, fate TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX event_due ON event (due) WHERE due IS NOT NULL;";

const EMPTY: &str = "
    DROP TABLE IF EXISTS setting; DROP TABLE IF EXISTS document; DROP TABLE IF EXISTS token;
    DROP TABLE IF EXISTS counter; DROP TABLE IF EXISTS submission; DROP TABLE IF EXISTS fault;
    DROP TABLE IF EXISTS call; DROP TABLE IF EXISTS ledger; DROP TABLE IF EXISTS event;";

/// What can be set; `wxsell sandbox set` and tests change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Settings {
    /// Seconds the shop's clock is ahead of the machine's.
    pub clock_offset: i64,
    /// How long an audit takes, in seconds of the shop's clock.
    pub audit_seconds: i64,
    /// Addresses that may call; empty lets everybody in. Single, `172.0.0.*` or with a prefix length.
    pub allowed_ips: Vec<String>,
    /// Check the address on every call (61004), not only where the AppSecret travels (40164).
    pub guard_every_call: bool,
    /// Calls of one path a minute (45011) and a day (45009).
    pub calls_per_minute: Option<u32>,
    pub calls_per_day: Option<u32>,
    /// Products handed to the audit in the last hour (45011) and this day (45009), and one product's in the last
    /// hour (1000019).
    pub audits_per_hour: Option<u32>,
    pub audits_per_day: Option<u32>,
    pub audits_per_product: Option<u32>,
    /// Products never listed before that the Store takes into the audit this day.
    pub new_products_per_day: Option<u32>,
    /// How long the Store's reads do not show a new product, in seconds of the shop's clock.
    pub read_lag_seconds: i64,
    /// How many calls are remembered.
    pub keep_calls: u32,
    /// Where events are pushed.
    pub push: Option<super::push::PushTo>,
    /// Where the events of the store are pushed: it has an account of its own.
    pub store_push: Option<super::push::PushTo>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            clock_offset: 0,
            audit_seconds: 30 * 60,
            allowed_ips: Vec::new(),
            guard_every_call: false,
            calls_per_minute: None,
            calls_per_day: None,
            audits_per_hour: None,
            audits_per_day: None,
            audits_per_product: None,
            new_products_per_day: None,
            read_lag_seconds: 0,
            keep_calls: 1000,
            push: None,
            store_push: None,
        }
    }
}

/// One thing of the shop. The body is what the merchant sent; the columns are what rules look for.
#[derive(Debug, Clone)]
pub struct Document<T> {
    pub id: i64,
    /// The merchant's own number.
    pub out_id: String,
    pub state: i64,
    /// State of the copy being edited.
    pub draft: i64,
    /// When the clock will change it, if it will.
    pub due: Option<i64>,
    pub created_at: i64,
    pub changed_at: i64,
    pub body: T,
}

/// A call as it arrived and as it was answered. Nothing in it is masked.
#[derive(Debug, Clone, Serialize)]
pub struct Exchange {
    pub at: i64,
    pub rid: String,
    pub method: String,
    pub path: String,
    pub query: String,
    pub request: String,
    /// 0 where no answer went out.
    pub status: u16,
    pub reply: String,
    pub errcode: i64,
    pub cost_in_ms: i64,
    pub client_ip: String,
    /// The fault that struck, or nothing.
    pub fault: String,
}

impl Exchange {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Exchange> {
        Ok(Exchange {
            at: row.get("at")?,
            rid: row.get("rid")?,
            method: row.get("method")?,
            path: row.get("path")?,
            query: row.get("query")?,
            request: row.get("request")?,
            status: row.get("status")?,
            reply: row.get("reply")?,
            errcode: row.get("errcode")?,
            cost_in_ms: row.get("cost_in_ms")?,
            client_ip: row.get("client_ip")?,
            fault: row.get("fault")?,
        })
    }
}

/// Opens the file, and makes the fresh shop with `seed` when there is none.
pub fn open(file: &Path, seed: fn(&mut Tx<'_>) -> Result<(), Refusal>) -> Result<Connection> {
    let doing = || {
        text!(
            "opening the sandbox in {file}",
            file = file.display().to_string()
        )
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| {
                Failure::input(text!(
                    "cannot make the folder: {error}",
                    error = error.to_string()
                ))
            })
            .within(doing)?;
    }
    let connect = || -> rusqlite::Result<(Connection, i64)> {
        let db = Connection::open(file)?;
        db.busy_timeout(Duration::from_secs(10))?;
        db.set_prepared_statement_cache_capacity(64);
        // The answer names the mode; the shop works in any, WAL lets others read while one writes.
        db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        db.pragma_update(None, "synchronous", "NORMAL")?;
        let version = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok((db, version))
    };
    let (mut db, version) = connect().map_err(unusable).within(doing)?;
    if version > VERSION {
        return Err(
            Failure::input(text!("this file was made by a newer wxsell")).hint(text!(
                "update wxsell, or delete the file: it contains only the sandbox shop"
            )),
        )
        .within(doing);
    }
    if version < VERSION {
        remake(&mut db, seed).within(doing)?;
    }
    Ok(db)
}

/// Empties the shop and seeds it, unless another process was faster.
fn remake(db: &mut Connection, seed: fn(&mut Tx<'_>) -> Result<(), Refusal>) -> Result<()> {
    let tx = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(unusable)?;
    let version: i64 = tx
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(unusable)?;
    if version < VERSION {
        fill(tx, seed)?;
    }
    Ok(())
}

/// Empties the shop and seeds it.
pub fn reset(db: &mut Connection, seed: fn(&mut Tx<'_>) -> Result<(), Refusal>) -> Result<()> {
    let tx = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(unusable)?;
    fill(tx, seed)
}

fn fill(tx: Transaction<'_>, seed: fn(&mut Tx<'_>) -> Result<(), Refusal>) -> Result<()> {
    tx.execute_batch(EMPTY)
        .and_then(|()| tx.execute_batch(TABLES))
        .map_err(unusable)?;
    tx.pragma_update(None, "user_version", VERSION)
        .map_err(unusable)?;
    let mut tx = Tx {
        db: tx,
        settings: Settings::default(),
        now: now(),
        family: COMPONENT,
    };
    seed(&mut tx)?;
    tx.commit()
}

/// A file that SQLite cannot work with.
pub fn unusable(error: rusqlite::Error) -> Failure {
    Failure::input(text!(
        "the sandbox file cannot be used: {error}",
        error = error.to_string()
    ))
    .hint(text!("delete the file; it contains only the sandbox shop"))
}

/// One write to the shop: the documents, the clock and the settings, all seen at one moment.
pub struct Tx<'db> {
    pub(super) db: Transaction<'db>,
    pub settings: Settings,
    /// The shop's clock, unix seconds.
    pub now: i64,
    /// Whose documents are seen: [`COMPONENT`], or those of another family.
    pub family: &'static str,
}

/// The rows of the custom component.
pub const COMPONENT: &str = "component";

/// Beyond 2^53 and odd, so that a client that keeps numbers as doubles damages them and is found out.
const FIRST_ID: i64 = 3_302_645_269_677_080_001;
const ID_STEP: i64 = 34;
/// Numbers that begin elsewhere, so that an order, an after-sale and a dispute are never taken for each other.
const APART: [(&str, i64); 2] = [
    (
        super::rules::component::aftersale::NOUN,
        FIRST_ID + 10_000_000_000,
    ),
    (
        super::rules::component::complaint::NOUN,
        FIRST_ID + 20_000_000_000,
    ),
];

impl<'db> Tx<'db> {
    /// Starts a write. Others wait for it for up to ten seconds.
    pub fn begin(db: &'db mut Connection) -> rusqlite::Result<Tx<'db>> {
        let db = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let settings: Option<String> = db
            .prepare_cached("SELECT value FROM setting WHERE name = 'settings'")?
            .query_row([], |row| row.get(0))
            .optional()?;
        let settings = settings
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default();
        let mut tx = Tx {
            db,
            settings,
            now: 0,
            family: COMPONENT,
        };
        tx.now = now() + tx.settings.clock_offset;
        Ok(tx)
    }

    /// Makes everything written so far last.
    pub fn commit(self) -> Result<()> {
        self.db.commit().map_err(|error| unusable(error).into())
    }

    /// Writes the settings; the clock follows at once.
    pub fn set(&mut self, settings: Settings) -> Result<(), Refusal> {
        self.now += settings.clock_offset - self.settings.clock_offset;
        self.settings = settings;
        let json = serde_json::to_string(&self.settings)?;
        self.db
            .prepare_cached("INSERT OR REPLACE INTO setting (name, value) VALUES ('settings', ?1)")?
            .execute([json])?;
        Ok(())
    }

    /// The next number for a product, a SKU or another thing.
    pub fn next_id(&mut self, noun: &str) -> Result<i64, Refusal> {
        let first = APART.iter().find(|(apart, _)| *apart == noun);
        let first = first.map_or(FIRST_ID, |(_, first)| *first);
        Ok(first + ID_STEP * (self.count(noun, 0)? - 1))
    }

    /// Counts one more of `name` in `period` and says how many there are now.
    pub fn count(&mut self, name: &str, period: i64) -> Result<i64, Refusal> {
        Ok(self
            .db
            .prepare_cached(
                "INSERT INTO counter (name, period, used) VALUES (?1, ?2, 1)
                 ON CONFLICT (name, period) DO UPDATE SET used = used + 1 RETURNING used",
            )?
            .query_row(params![name, period], |row| row.get(0))?)
    }

    /// How many of `name` there are in `period`.
    pub fn counted(&self, name: &str, period: i64) -> Result<i64, Refusal> {
        let used = self
            .db
            .prepare_cached("SELECT used FROM counter WHERE name = ?1 AND period = ?2")?
            .query_row(params![name, period], |row| row.get(0))
            .optional()?;
        Ok(used.unwrap_or(0))
    }

    /// The number of the China day, which is when day counters start again.
    pub fn day(&self) -> i64 {
        (self.now + 8 * HOUR).div_euclid(DAY)
    }

    /// Notes an event that the platform would push: its name, and the fields beside the envelope (`order_info` …).
    pub fn emit(&mut self, name: &str, body: &serde_json::Value) -> Result<(), Refusal> {
        self.db
            .prepare_cached("INSERT INTO event (at, name, body, due) VALUES (?1, ?2, ?3, ?1)")?
            .execute(params![self.now, name, body.to_string()])?;
        Ok(())
    }

    /// Finds a document by the merchant's number.
    pub fn find<T: DeserializeOwned>(
        &self,
        noun: &str,
        out_id: &str,
    ) -> Result<Option<Document<T>>, Refusal> {
        let found = self
            .db
            .prepare_cached(
                "SELECT * FROM document WHERE family = ?1 AND noun = ?2 AND out_id = ?3",
            )?
            .query_row(params![self.family, noun, out_id], read)
            .optional()?;
        found.map(parse).transpose()
    }

    /// The merchant's number behind one of the platform's.
    pub fn out_id(&self, noun: &str, id: i64) -> Result<Option<String>, Refusal> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT out_id FROM document WHERE family = ?1 AND noun = ?2 AND id = ?3",
            )?
            .query_row(params![self.family, noun, id], |row| row.get(0))
            .optional()?)
    }

    /// Documents of a noun in the order they were made.
    pub fn all<T: DeserializeOwned>(
        &self,
        noun: &str,
        filter: &Filter,
    ) -> Result<Vec<Document<T>>, Refusal> {
        let order = if filter.newest_first { "id DESC" } else { "id" };
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT * {FILTERED} ORDER BY {order} LIMIT :limit OFFSET :skip"
        ))?;
        let rows = statement.query_map(
            named_params! {
                ":family": self.family, ":noun": noun, ":state": filter.state, ":draft": filter.draft,
                ":made_from": filter.created.0, ":made_to": filter.created.1,
                ":changed_from": filter.changed.0, ":changed_to": filter.changed.1,
                ":limit": filter.limit.map_or(-1, i64::from), ":skip": filter.skip,
            },
            read,
        )?;
        rows.map(|row| row.map_err(Refusal::from).and_then(parse))
            .collect()
    }

    /// How many documents pass the filter, whatever its page.
    pub fn how_many(&self, noun: &str, filter: &Filter) -> Result<u64, Refusal> {
        let mut statement = self
            .db
            .prepare_cached(&format!("SELECT count(*) {FILTERED}"))?;
        let count: i64 = statement.query_row(
            named_params! {
                ":family": self.family, ":noun": noun, ":state": filter.state, ":draft": filter.draft,
                ":made_from": filter.created.0, ":made_to": filter.created.1,
                ":changed_from": filter.changed.0, ":changed_to": filter.changed.1,
            },
            |row| row.get(0),
        )?;
        Ok(count.unsigned_abs())
    }

    /// The earliest moment up to `now` at which the clock changes a document.
    pub fn next_due(&self, now: i64) -> Result<Option<i64>, Refusal> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT min(due) FROM document INDEXED BY document_due WHERE due <= ?1",
            )?
            .query_row([now], |row| row.get(0))?)
    }

    /// Documents whose time has come, the earliest first. Asked before every call, so the index is named: left to
    /// itself SQLite walks through the whole noun.
    pub fn due<T: DeserializeOwned>(&self, noun: &str) -> Result<Vec<Document<T>>, Refusal> {
        let mut statement = self.db.prepare_cached(
            "SELECT * FROM document INDEXED BY document_due WHERE due <= ?3 AND family = ?1 AND noun = ?2 ORDER BY due, id",
        )?;
        let rows = statement.query_map(params![self.family, noun, self.now], read)?;
        rows.map(|row| row.map_err(Refusal::from).and_then(parse))
            .collect()
    }

    /// Writes a document, new or changed.
    pub fn put<T: Serialize>(&mut self, noun: &str, document: &Document<T>) -> Result<(), Refusal> {
        self.db
            .prepare_cached(
                "INSERT INTO document (family, noun, id, out_id, state, draft, due, created_at, changed_at, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT (family, noun, id) DO UPDATE SET state = ?5, draft = ?6, due = ?7, changed_at = ?9, body = ?10",
            )?
            .execute(params![
                self.family,
                noun,
                document.id,
                document.out_id,
                document.state,
                document.draft,
                document.due,
                document.created_at,
                document.changed_at,
                serde_json::to_string(&document.body)?
            ])?;
        Ok(())
    }

    /// Remembers a call and forgets the oldest.
    pub fn log(&mut self, call: &Exchange) -> Result<(), Refusal> {
        self.db
            .prepare_cached(
                "INSERT INTO call (at, rid, method, path, query, request, status, reply, errcode, cost_in_ms, client_ip, fault)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(params![
                call.at,
                call.rid,
                call.method,
                call.path,
                call.query,
                call.request,
                call.status,
                call.reply,
                call.errcode,
                call.cost_in_ms,
                call.client_ip,
                call.fault
            ])?;
        let oldest = self.db.last_insert_rowid() - i64::from(self.settings.keep_calls);
        self.db
            .prepare_cached("DELETE FROM call WHERE seq <= ?1")?
            .execute([oldest])?;
        Ok(())
    }

    /// The call answered with this rid.
    pub fn call(&self, rid: &str) -> Result<Option<Exchange>, Refusal> {
        Ok(self
            .db
            .prepare_cached("SELECT * FROM call WHERE rid = ?1")?
            .query_row([rid], Exchange::from_row)
            .optional()?)
    }

    /// The remembered calls, the oldest first.
    pub fn calls(&self) -> Result<Vec<Exchange>, Refusal> {
        let mut statement = self.db.prepare_cached("SELECT * FROM call ORDER BY seq")?;
        let rows = statement.query_map([], Exchange::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// Which documents; what is `None` does not filter. Deleted ones (state below 0) never pass.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub state: Option<i64>,
    pub draft: Option<i64>,
    /// From and to, unix seconds, both included; either end may be open.
    pub created: (Option<i64>, Option<i64>),
    pub changed: (Option<i64>, Option<i64>),
    /// The last that was made first.
    pub newest_first: bool,
    pub skip: u32,
    pub limit: Option<u32>,
}

const FILTERED: &str = "FROM document WHERE family = :family AND noun = :noun AND state >= 0
    AND (:state IS NULL OR state = :state) AND (:draft IS NULL OR draft = :draft)
    AND (:made_from IS NULL OR created_at >= :made_from) AND (:made_to IS NULL OR created_at <= :made_to)
    AND (:changed_from IS NULL OR changed_at >= :changed_from) AND (:changed_to IS NULL OR changed_at <= :changed_to)";

fn read(row: &Row<'_>) -> rusqlite::Result<Document<String>> {
    Ok(Document {
        id: row.get("id")?,
        out_id: row.get("out_id")?,
        state: row.get("state")?,
        draft: row.get("draft")?,
        due: row.get("due")?,
        created_at: row.get("created_at")?,
        changed_at: row.get("changed_at")?,
        body: row.get("body")?,
    })
}

fn parse<T: DeserializeOwned>(raw: Document<String>) -> Result<Document<T>, Refusal> {
    Ok(Document {
        body: serde_json::from_str(&raw.body)?,
        id: raw.id,
        out_id: raw.out_id,
        state: raw.state,
        draft: raw.draft,
        due: raw.due,
        created_at: raw.created_at,
        changed_at: raw.changed_at,
    })
}
