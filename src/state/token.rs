//! The `token` and `forced` tables.

use super::{State, sqlite_failure};
use crate::types::Secret;
use crate::types::span::HOUR;
use anyhow::Result;
use rusqlite::{OptionalExtension, params};

/// Stands in the column `kind` beside `stable`, `classic`, `component` and `authorizer`.
const TICKET: &str = "ticket";
/// How long a ticket can pay for a token, in seconds.
pub const TICKET_LIFE: i64 = 12 * HOUR;

/// Stands in the column `kind` of a provider's row.
fn code_of(merchant: &str) -> String {
    format!("code:{merchant}")
}

/// As [`code_of`], for the moment when a merchant withdrew.
fn withdrawal_of(merchant: &str) -> String {
    format!("withdrawn:{merchant}")
}

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

    /// Keeps the code of an authorisation that was pushed to a provider at `at`, unless something later is known of that
    /// merchant. It is exchanged once, before `ends`.
    pub fn keep_code(
        &self,
        provider: &str,
        merchant: &str,
        code: &Secret,
        at: i64,
        ends: i64,
    ) -> Result<()> {
        let later = |kind: String| -> Result<bool> {
            let kept = self.token(provider, &kind)?;
            Ok(kept.is_some_and(|kept| kept.fetched_at > at))
        };
        if later(code_of(merchant))? || later(withdrawal_of(merchant))? {
            return Ok(());
        }
        let code = StoredToken {
            token: code.clone(),
            fetched_at: at,
            expires_at: ends,
        };
        self.keep_token(provider, &code_of(merchant), &code)
    }

    /// The newest code of a merchant's authorisation that was not exchanged here.
    pub fn code(&self, provider: &str, merchant: &str) -> Result<Option<StoredToken>> {
        self.token(provider, &code_of(merchant))
    }

    /// Forgets the code of a merchant's authorisation: it is used up.
    pub fn forget_code(&self, provider: &str, merchant: &str) -> Result<()> {
        self.sql()
            .execute(
                "DELETE FROM token WHERE shop = ?1 AND kind = ?2",
                params![provider, code_of(merchant)],
            )
            .map_err(sqlite_failure)?;
        Ok(())
    }

    /// A merchant withdrew its authorisation at `at`: what was given before is worth nothing. `shop` is the key of the
    /// merchant's rows. What came later stays.
    pub fn withdraw(&self, provider: &str, merchant: &str, shop: &str, at: i64) -> Result<()> {
        let kind = withdrawal_of(merchant);
        let known = self.token(provider, &kind)?;
        let withdrawal = StoredToken {
            token: Secret::new(""),
            fetched_at: known.map_or(at, |known| known.fetched_at.max(at)),
            expires_at: at,
        };
        self.keep_token(provider, &kind, &withdrawal)?;
        self.sql()
            .execute(
                "DELETE FROM token WHERE fetched_at <= ?1
                    AND ((shop = ?2 AND kind = ?3) OR (shop = ?4 AND kind = 'authorizer'))",
                params![at, provider, code_of(merchant), shop],
            )
            .map_err(sqlite_failure)?;
        Ok(())
    }

    /// Forgets the tokens of a shop, of all kinds, and the ticket and codes of a provider.
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
