//! The `run` and `item` tables: what bulk commands did, and what is known of each thing they sent.

use super::{State, sqlite_failure};
use crate::lang::Text;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// What failed in each run, kept when later runs touch the same items; and what a run left out.
pub(super) const FAILURES: &str = "
    CREATE TABLE failure (
        run INTEGER NOT NULL, key TEXT NOT NULL, place TEXT NOT NULL, state TEXT NOT NULL, errcode INTEGER, reason TEXT,
        PRIMARY KEY (run, key, place)) WITHOUT ROWID;
";

/// How a run ended, if it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Under way, or killed.
    Open,
    Done,
    /// Some items failed.
    Partial,
    /// Ended before its last item: a limit, Ctrl-C, an error of access.
    Stopped,
}

impl RunState {
    pub fn name(self) -> &'static str {
        match self {
            RunState::Open => "open",
            RunState::Done => "done",
            RunState::Partial => "partial",
            RunState::Stopped => "stopped",
        }
    }

    fn from_name(name: &str) -> RunState {
        match name {
            "done" => RunState::Done,
            "partial" => RunState::Partial,
            "stopped" => RunState::Stopped,
            _ => RunState::Open,
        }
    }
}

/// One bulk command.
#[derive(Debug, Clone)]
pub struct Run {
    pub id: i64,
    pub shop: String,
    pub command: String,
    /// Absolute paths, as a JSON array.
    pub files: String,
    /// The command's arguments as a JSON array, so that it can be run again.
    pub options: String,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    pub state: RunState,
    /// The summary that was shown, as JSON.
    pub summary: Option<String>,
}

/// How far one item got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemState {
    /// Marked before its call is made; after a crash nobody knows whether it was.
    Sent,
    Done,
    Refused,
    /// The call was made and no answer came back.
    Unclear,
    /// One part of it was done, the other refused.
    Partial,
    /// Nothing was sent: somebody has to decide first.
    Held,
    /// It was there, and was removed for good.
    Removed,
}

impl ItemState {
    pub fn name(self) -> &'static str {
        match self {
            ItemState::Sent => "sent",
            ItemState::Done => "done",
            ItemState::Refused => "refused",
            ItemState::Unclear => "unclear",
            ItemState::Partial => "partial",
            ItemState::Held => "held",
            ItemState::Removed => "removed",
        }
    }

    fn from_name(name: &str) -> ItemState {
        match name {
            "done" => ItemState::Done,
            "refused" => ItemState::Refused,
            "sent" => ItemState::Sent,
            "partial" => ItemState::Partial,
            "held" => ItemState::Held,
            "removed" => ItemState::Removed,
            _ => ItemState::Unclear,
        }
    }
}

/// What is known of an item from this or an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub fingerprint: [u8; 32],
    pub state: ItemState,
}

/// A mark to be written before an item's call is made.
#[derive(Debug, Clone)]
pub struct SentMark {
    pub key: String,
    pub place: String,
    pub fingerprint: [u8; 32],
}

/// What becomes of what is remembered of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Memory {
    /// It stays as it was before, or as the mark has it.
    #[default]
    Kept,
    Is(Vec<u8>),
    Forgotten,
}

/// How an item ended.
#[derive(Debug, Clone)]
pub struct Ended {
    pub key: String,
    /// `None` takes the mark away: nothing was sent, and what was known before holds again.
    pub state: Option<ItemState>,
    pub before: Option<Known>,
    pub action: &'static str,
    pub errcode: Option<i64>,
    pub reason: Option<Text>,
    pub memory: Memory,
}

/// An item that a run leaves out, since something in its file is wrong.
#[derive(Debug, Clone)]
pub struct LeftOut {
    pub key: String,
    pub place: String,
    pub reason: Text,
}

/// An item that is not done.
#[derive(Debug, Clone)]
pub struct OpenItem {
    pub key: String,
    pub place: String,
    pub state: ItemState,
    pub action: Option<String>,
    pub errcode: Option<i64>,
    pub reason: Option<Text>,
}

impl State {
    pub fn begin_run(
        &self,
        shop: &str,
        command: &str,
        files: &str,
        options: &str,
        now: i64,
    ) -> Result<i64> {
        let sql = self.sql();
        sql.execute(
            "INSERT INTO run (shop, command, files, options, started_at, state) VALUES (?1, ?2, ?3, ?4, ?5, 'open')",
            params![shop, command, files, options, now],
        )
        .map_err(sqlite_failure)?;
        Ok(sql.last_insert_rowid())
    }

    pub fn end_run(&self, id: i64, state: RunState, summary: &str, now: i64) -> Result<()> {
        self.sql()
            .execute(
                "UPDATE run SET state = ?2, summary = ?3, ended_at = ?4 WHERE id = ?1",
                params![id, state.name(), summary, now],
            )
            .map_err(sqlite_failure)?;
        Ok(())
    }

    /// The newest runs of a shop, newest first.
    pub fn runs(&self, shop: &str, most: u32) -> Result<Vec<Run>> {
        let sql = self.sql();
        let mut statement = sql
            .prepare("SELECT id, shop, command, files, options, started_at, ended_at, state, summary FROM run WHERE shop = ?1 ORDER BY id DESC LIMIT ?2")
            .map_err(sqlite_failure)?;
        let rows = statement
            .query_map(params![shop, most], read_run)
            .map_err(sqlite_failure)?;
        Ok(rows
            .collect::<rusqlite::Result<_>>()
            .map_err(sqlite_failure)?)
    }

    pub fn run(&self, shop: &str, id: i64) -> Result<Option<Run>> {
        Ok(self
            .sql()
            .query_row(
                "SELECT id, shop, command, files, options, started_at, ended_at, state, summary FROM run WHERE shop = ?1 AND id = ?2",
                params![shop, id],
                read_run,
            )
            .optional()
            .map_err(sqlite_failure)?)
    }

    /// What failed in a run, for ever; then what it marked and never heard of again.
    pub fn failed_in(&self, shop: &str, run: i64) -> Result<Vec<OpenItem>> {
        let mut failed = {
            let sql = self.sql();
            let mut statement = sql
                .prepare("SELECT key, place, state, NULL, errcode, reason FROM failure WHERE run = ?1 ORDER BY key, place")
                .map_err(sqlite_failure)?;
            let rows = statement
                .query_map(params![run], read_open_item)
                .map_err(sqlite_failure)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
                .map_err(sqlite_failure)?
        };
        let known: std::collections::HashSet<String> =
            failed.iter().map(|item| item.key.clone()).collect();
        failed.extend(
            self.open_items(shop, run)?
                .into_iter()
                .filter(|item| !known.contains(&item.key)),
        );
        Ok(failed)
    }

    /// Keeps what a run leaves out: key, place and reason.
    pub fn leave_out(&self, run: i64, items: impl IntoIterator<Item = LeftOut>) -> Result<()> {
        let mut sql = self.sql();
        let tx = sql
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(sqlite_failure)?;
        {
            let mut keep = tx
                .prepare_cached("INSERT OR REPLACE INTO failure (run, key, place, state, reason) VALUES (?1, ?2, ?3, 'refused', ?4)")
                .map_err(sqlite_failure)?;
            for item in items {
                keep.execute(params![run, item.key, item.place, item.reason.to_stored()])
                    .map_err(sqlite_failure)?;
            }
        }
        tx.commit().map_err(sqlite_failure)?;
        Ok(())
    }

    /// What became of the items that a run of this shop touched last and that are not done, by key.
    pub fn open_items(&self, shop: &str, run: i64) -> Result<Vec<OpenItem>> {
        let sql = self.sql();
        let mut statement = sql
            .prepare("SELECT key, place, state, action, errcode, reason FROM item WHERE shop = ?1 AND run = ?2 AND state NOT IN ('done', 'removed') ORDER BY key")
            .map_err(sqlite_failure)?;
        let rows = statement
            .query_map(params![shop, run], read_open_item)
            .map_err(sqlite_failure)?;
        Ok(rows
            .collect::<rusqlite::Result<_>>()
            .map_err(sqlite_failure)?)
    }

    /// Remembers that an item is gone for good, and nothing else of it.
    pub fn remove_item(&self, shop: &str, kind: &str, key: &str) -> Result<()> {
        self.sql()
            .execute(
                "INSERT INTO item (shop, kind, key, run, place, fingerprint, state) VALUES (?1, ?2, ?3, 0, '', zeroblob(32), 'removed')
                 ON CONFLICT DO UPDATE SET state = 'removed', fingerprint = excluded.fingerprint, sent = NULL",
                params![shop, kind, key],
            )
            .map_err(sqlite_failure)?;
        Ok(())
    }

    /// What an item was when it was sent is remembered, but it is not done any more, e.g. once an audit was withdrawn.
    pub fn reopen_item(&self, shop: &str, kind: &str, key: &str) -> Result<()> {
        self.sql()
            .execute(
                "UPDATE item SET fingerprint = zeroblob(32) WHERE shop = ?1 AND kind = ?2 AND key = ?3 AND state = 'done'",
                params![shop, kind, key],
            )
            .map_err(sqlite_failure)?;
        Ok(())
    }
}

fn read_open_item(row: &Row<'_>) -> rusqlite::Result<OpenItem> {
    Ok(OpenItem {
        key: row.get(0)?,
        place: row.get(1)?,
        state: ItemState::from_name(&row.get::<_, String>(2)?),
        action: row.get(3)?,
        errcode: row.get(4)?,
        reason: row
            .get::<_, Option<String>>(5)?
            .map(|words| Text::from_stored(&words)),
    })
}

fn read_run(row: &Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        id: row.get(0)?,
        shop: row.get(1)?,
        command: row.get(2)?,
        files: row.get(3)?,
        options: row.get(4)?,
        started_at: row.get(5)?,
        ended_at: row.get(6)?,
        state: RunState::from_name(&row.get::<_, String>(7)?),
        summary: row.get(8)?,
    })
}

/// The items of one kind of one shop, on a connection of its own: the journal's threads use this.
pub struct Items {
    connection: Connection,
    shop: String,
    kind: &'static str,
    /// A shop without items need not be asked about each of 100,000 keys.
    empty: bool,
}

impl Items {
    pub fn open(state: &State, shop: &str, kind: &'static str) -> Result<Items> {
        let connection = super::connect(state.folder())?;
        let empty = connection
            .query_row(
                "SELECT NOT EXISTS (SELECT 1 FROM item WHERE shop = ?1 AND kind = ?2)",
                params![shop, kind],
                |row| row.get(0),
            )
            .map_err(sqlite_failure)?;
        Ok(Items {
            connection,
            shop: shop.to_owned(),
            kind,
            empty,
        })
    }

    pub fn known(&self, key: &str) -> Result<Option<Known>> {
        if self.empty {
            return Ok(None);
        }
        self.connection
            .prepare_cached(
                "SELECT fingerprint, state FROM item WHERE shop = ?1 AND kind = ?2 AND key = ?3",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(params![self.shop, self.kind, key], |row| {
                        Ok(Known {
                            fingerprint: row.get(0)?,
                            state: ItemState::from_name(&row.get::<_, String>(1)?),
                        })
                    })
                    .optional()
            })
            .map_err(|error| sqlite_failure(error).into())
    }

    /// What is remembered of an item that was sent.
    pub fn memory(&self, key: &str) -> Result<Option<Vec<u8>>> {
        if self.empty {
            return Ok(None);
        }
        self.connection
            .prepare_cached("SELECT sent FROM item WHERE shop = ?1 AND kind = ?2 AND key = ?3")
            .and_then(|mut statement| {
                statement
                    .query_row(params![self.shop, self.kind, key], |row| row.get(0))
                    .optional()
            })
            .map(Option::flatten)
            .map_err(|error| sqlite_failure(error).into())
    }

    /// Whether nothing is known of any item.
    pub fn is_empty(&self) -> bool {
        self.empty
    }

    /// The keys of all items, and whether each was at the shop when it was last heard of.
    pub fn keys(&self, mut each: impl FnMut(&str, bool)) -> Result<()> {
        if self.empty {
            return Ok(());
        }
        let mut read = |connection: &Connection| {
            let mut statement = connection.prepare(
                "SELECT key, state IN ('done', 'partial') OR state <> 'removed' AND length(sent) > 0 FROM item WHERE shop = ?1 AND kind = ?2",
            )?;
            let mut rows = statement.query(params![self.shop, self.kind])?;
            while let Some(row) = rows.next()? {
                each(
                    row.get_ref(0)?.as_str()?,
                    row.get::<_, Option<bool>>(1)?.unwrap_or(false),
                );
            }
            Ok(())
        };
        read(&self.connection).map_err(|error: rusqlite::Error| sqlite_failure(error).into())
    }

    /// What became of items whose answers left it open, once that was found out: what was done is no failure of its run.
    pub fn settle(&mut self, ended: &[Ended]) -> Result<()> {
        for item in ended {
            if item.state == Some(ItemState::Done) {
                self.connection
                    .execute(
                        "DELETE FROM failure WHERE key = ?3 AND run = (SELECT run FROM item WHERE shop = ?1 AND kind = ?2 AND key = ?3)",
                        params![self.shop, self.kind, item.key],
                    )
                    .map_err(sqlite_failure)?;
            }
        }
        self.end(ended)
    }

    /// Writes marks so that they survive a power cut, before any of their calls is made.
    pub fn mark_sent<'a>(
        &mut self,
        run: i64,
        marks: impl IntoIterator<Item = &'a SentMark>,
    ) -> Result<()> {
        self.mark_and_remember(run, marks.into_iter().map(|mark| (mark, &[][..])))
    }

    /// The same, with what is remembered of each item that was not known before; empty for nothing.
    pub fn mark_and_remember<'a>(
        &mut self,
        run: i64,
        marks: impl IntoIterator<Item = (&'a SentMark, &'a [u8])>,
    ) -> Result<()> {
        self.connection
            .pragma_update(None, "synchronous", "FULL")
            .map_err(sqlite_failure)?;
        let tx = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(sqlite_failure)?;
        {
            let mut statement = tx
                .prepare_cached("INSERT INTO item (shop, kind, key, run, place, fingerprint, state, sent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'sent', ?7) ON CONFLICT DO UPDATE SET run = excluded.run, place = excluded.place, fingerprint = excluded.fingerprint, state = 'sent', action = NULL, errcode = NULL, reason = NULL")
                .map_err(sqlite_failure)?;
            for (mark, memory) in marks {
                statement
                    .execute(params![
                        self.shop,
                        self.kind,
                        mark.key,
                        run,
                        mark.place,
                        mark.fingerprint,
                        (!memory.is_empty()).then_some(memory)
                    ])
                    .map_err(sqlite_failure)?;
            }
        }
        tx.commit().map_err(sqlite_failure)?;
        Ok(())
    }

    /// Writes results, many in one commit.
    pub fn end(&mut self, ended: &[Ended]) -> Result<()> {
        let tx = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(sqlite_failure)?;
        {
            let mut finish = tx
                .prepare_cached("UPDATE item SET state = ?4, action = ?5, errcode = ?6, reason = ?7 WHERE shop = ?1 AND kind = ?2 AND key = ?3")
                .map_err(sqlite_failure)?;
            let mut remember = tx
                .prepare_cached(
                    "UPDATE item SET sent = ?4 WHERE shop = ?1 AND kind = ?2 AND key = ?3",
                )
                .map_err(sqlite_failure)?;
            let mut restore = tx
                .prepare_cached("UPDATE item SET state = ?4, fingerprint = ?5 WHERE shop = ?1 AND kind = ?2 AND key = ?3")
                .map_err(sqlite_failure)?;
            let mut remove = tx
                .prepare_cached("DELETE FROM item WHERE shop = ?1 AND kind = ?2 AND key = ?3")
                .map_err(sqlite_failure)?;
            let mut keep = tx
                .prepare_cached("INSERT OR REPLACE INTO failure (run, key, place, state, errcode, reason) SELECT run, key, place, state, errcode, reason FROM item WHERE shop = ?1 AND kind = ?2 AND key = ?3")
                .map_err(sqlite_failure)?;
            for item in ended {
                match (item.state, item.before) {
                    (Some(state), _) => finish.execute(params![
                        self.shop,
                        self.kind,
                        item.key,
                        state.name(),
                        item.action,
                        item.errcode,
                        item.reason.as_ref().map(Text::to_stored)
                    ]),
                    (None, Some(before)) => restore.execute(params![
                        self.shop,
                        self.kind,
                        item.key,
                        before.state.name(),
                        before.fingerprint
                    ]),
                    (None, None) => remove.execute(params![self.shop, self.kind, item.key]),
                }
                .map_err(sqlite_failure)?;
                if let Some(
                    ItemState::Refused | ItemState::Unclear | ItemState::Partial | ItemState::Held,
                ) = item.state
                {
                    keep.execute(params![self.shop, self.kind, item.key])
                        .map_err(sqlite_failure)?;
                }
                let memory = match &item.memory {
                    Memory::Kept => continue,
                    Memory::Is(sent) => Some(sent.as_slice()),
                    Memory::Forgotten => None,
                };
                remember
                    .execute(params![self.shop, self.kind, item.key, memory])
                    .map_err(sqlite_failure)?;
            }
        }
        tx.commit().map_err(sqlite_failure)?;
        Ok(())
    }
}
