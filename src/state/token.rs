//! The `token` and `forced` tables.

use super::{State, sqlite_failure};
use crate::types::Secret;
use anyhow::Result;
use rusqlite::{OptionalExtension, params};

/// Stands in the column `kind` beside `stable`, `classic`, `component` and `authorizer`.
const TICKET: &str = "ticket";
/// How long a ticket can pay for a token, in seconds.
pub const TICKET_LIFE: i64 = 12 * 3600;

/// An access token and its times, in unix seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    pub token: Secret,
    pub fetched_at: i64,
    pub expires_at: i64,
}

impl State {
    /// The cached token of a shop; `kind` is `stable`, `classic`, `component` or `authorizer`.
    pub fn token(&self, shop: &str, kind: &str) -> Result<Option<StoredToken>> {
        self.sql()
            .prepare_cached(
                "SELECT token, fetched_at, expires_at FROM token WHERE shop = ?1 AND kind = ?2",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(params![shop, kind], |row| {
                        Ok(StoredToken {
                            token: Secret::new(row.get::<_, String>(0)?),
                            fetched_at: row.get(1)?,
                            expires_at: row.get(2)?,
                        })
                    })
                    .optional()
            })
            .map_err(|error| sqlite_failure(error).into())
    }

    pub fn keep_token(&self, shop: &str, kind: &str, token: &StoredToken) -> Result<()> {
        self.sql()
            .execute(
                "INSERT OR REPLACE INTO token (shop, kind, token, fetched_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![shop, kind, token.token.expose(), token.fetched_at, token.expires_at],
            )
            .map_err(sqlite_failure)?;
        Ok(())
    }

    /// The newest ticket that was pushed to a service provider; `expires_at` is when it is too old.
    pub fn ticket(&self, provider: &str) -> Result<Option<StoredToken>> {
        self.token(provider, TICKET)
    }

    /// Keeps a ticket that was pushed at `at`, unless a newer one is here already. Pushes may come out of order.
    pub fn keep_ticket(&self, provider: &str, ticket: &Secret, at: i64) -> Result<()> {
        let newer = self
            .ticket(provider)?
            .is_some_and(|kept| kept.fetched_at > at);
        if newer {
            return Ok(());
        }
        let ticket = StoredToken {
            token: ticket.clone(),
            fetched_at: at,
            expires_at: at + TICKET_LIFE,
        };
        self.keep_token(provider, TICKET, &ticket)
    }

    /// Forgets the tokens of a shop, of all kinds, and the ticket of a provider.
    pub fn forget_tokens(&self, shop: &str) -> Result<()> {
        self.sql()
            .execute("DELETE FROM token WHERE shop = ?1", [shop])
            .map_err(sqlite_failure)?;
        Ok(())
    }

    /// Times of forced refreshes since `since`, oldest first.
    pub fn forced_refreshes(&self, shop: &str, since: i64) -> Result<Vec<i64>> {
        let sql = self.sql();
        let mut statement = sql
            .prepare_cached("SELECT at FROM forced WHERE shop = ?1 AND at >= ?2 ORDER BY at")
            .map_err(sqlite_failure)?;
        let rows = statement
            .query_map(params![shop, since], |row| row.get(0))
            .map_err(sqlite_failure)?;
        Ok(rows
            .collect::<rusqlite::Result<_>>()
            .map_err(sqlite_failure)?)
    }

    pub fn add_forced_refresh(&self, shop: &str, at: i64) -> Result<()> {
        self.sql()
            .execute(
                "INSERT INTO forced (shop, at) VALUES (?1, ?2)",
                params![shop, at],
            )
            .map_err(sqlite_failure)?;
        Ok(())
    }
}
