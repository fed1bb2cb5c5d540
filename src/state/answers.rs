//! The `answer` table: what a shop answered and is believed for a while, such as the rules of a category. Lost, it is
//! asked for again.

use super::{State, sqlite_failure};
use anyhow::Result;
use rusqlite::{OptionalExtension, params};

pub(super) const SCHEMA: &str = "
    CREATE TABLE answer (
        shop TEXT NOT NULL, question TEXT NOT NULL, at INTEGER NOT NULL, answer TEXT NOT NULL,
        PRIMARY KEY (shop, question)) WITHOUT ROWID;";

impl State {
    /// What a shop answered at this moment (unix seconds) or later.
    pub fn answer(&self, shop: &str, question: &str, since: i64) -> Result<Option<String>> {
        self.sql()
            .prepare_cached(
                "SELECT answer FROM answer WHERE shop = ?1 AND question = ?2 AND at >= ?3",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(params![shop, question, since], |row| row.get(0))
                    .optional()
            })
            .map_err(|error| sqlite_failure(error).into())
    }

    pub fn keep_answer(&self, shop: &str, question: &str, answer: &str, at: i64) -> Result<()> {
        self.sql()
            .prepare_cached(
                "INSERT OR REPLACE INTO answer (shop, question, at, answer) VALUES (?1, ?2, ?3, ?4)",
            )
            .and_then(|mut statement| statement.execute(params![shop, question, at, answer]))
            .map_err(sqlite_failure)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_believed_for_a_while_by_the_shop_that_gave_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("a state");
        state.keep_answer("s", "rule/1", "old", 10).expect("kept");
        state.keep_answer("s", "rule/1", "new", 20).expect("kept");
        let of = |shop: &str, since: i64| state.answer(shop, "rule/1", since).expect("read");
        assert_eq!(of("s", 20).as_deref(), Some("new"));
        assert_eq!(of("s", 21), None);
        assert_eq!(of("t", 0), None);
    }
}
