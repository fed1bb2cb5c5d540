//! The `image` table: what a shop already has need not be uploaded again, ever.

use super::{State, sqlite_failure};
use anyhow::Result;
use rusqlite::{OptionalExtension, params};

impl State {
    /// The address at WeChat of the picture with this content (`sha256:…`) or source (`url:…`).
    pub fn image_url(&self, shop: &str, hash: &str) -> Result<Option<String>> {
        self.sql()
            .prepare_cached("SELECT url FROM image WHERE shop = ?1 AND hash = ?2")
            .and_then(|mut statement| {
                statement
                    .query_row(params![shop, hash], |row| row.get(0))
                    .optional()
            })
            .map_err(|error| sqlite_failure(error).into())
    }

    pub fn keep_image_url(&self, shop: &str, hash: &str, url: &str, at: i64) -> Result<()> {
        self.sql()
            .prepare_cached(
                "INSERT OR REPLACE INTO image (shop, hash, url, at) VALUES (?1, ?2, ?3, ?4)",
            )
            .and_then(|mut statement| statement.execute(params![shop, hash, url, at]))
            .map_err(sqlite_failure)?;
        Ok(())
    }
}
