//! The `open_categories` table: in which categories a merchant may sell, as WeChat said last, so that files can be checked
//! without a call.

use super::{State, sqlite_failure};
use anyhow::Result;
use rusqlite::{OptionalExtension, params};
use std::collections::HashSet;

pub(super) const SCHEMA: &str = "
    CREATE TABLE open_categories (
        shop TEXT NOT NULL PRIMARY KEY, ids TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;";

/// The categories that were open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCategories {
    pub ids: HashSet<u64>,
    /// When WeChat said so, in unix seconds.
    pub at: i64,
}

impl State {
    /// Remembers the categories that are open to a shop.
    pub fn keep_categories(
        &self,
        shop: &str,
        ids: impl IntoIterator<Item = u64>,
        at: i64,
    ) -> Result<()> {
        // Nothing is lost without it.
        if self.may_be_written().is_err() {
            return Ok(());
        }
        let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
        self.sql()
            .execute(
                "INSERT OR REPLACE INTO open_categories (shop, ids, at) VALUES (?1, ?2, ?3)",
                params![shop, ids.join(" "), at],
            )
            .map_err(sqlite_failure)?;
        Ok(())
    }

    /// The categories that were open to a shop when it was last asked; `None` where it never was.
    pub fn categories(&self, shop: &str) -> Result<Option<OpenCategories>> {
        let found = self
            .sql()
            .query_row(
                "SELECT ids, at FROM open_categories WHERE shop = ?1",
                [shop],
                |row| Ok((row.get::<_, String>(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(sqlite_failure)?;
        Ok(found.map(|(ids, at)| OpenCategories {
            ids: ids.split(' ').filter_map(|id| id.parse().ok()).collect(),
            at,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answer_is_remembered_for_each_shop() {
        let dir = tempfile::tempdir().expect("a folder");
        let state = State::open(dir.path()).expect("a state");
        assert_eq!(state.categories("a").expect("read"), None);
        state.keep_categories("a", [1, 2], 5).expect("kept");
        state.keep_categories("a", [2, 3], 6).expect("kept");
        let known = state.categories("a").expect("read").expect("known");
        assert_eq!((known.ids, known.at), (HashSet::from([2, 3]), 6));
        assert_eq!(state.categories("b").expect("read"), None);
    }
}
