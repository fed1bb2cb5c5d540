//! Tokens of a shop, for those who look after them.

use super::Shop;
use crate::state::token::StoredToken;
use crate::types::Secret;
use anyhow::Result;

impl Shop {
    /// The token for the next call, fetched where none is kept.
    pub async fn token(&self) -> Result<Secret> {
        self.client.token().await
    }

    /// A token from WeChat, whatever is kept.
    pub async fn fetch_token(&self) -> Result<StoredToken> {
        self.client.fetch_token().await
    }

    /// Ends the token of every holder and makes a new one.
    pub async fn force_token(&self) -> Result<StoredToken> {
        self.client.force_token().await
    }

    /// The token that is kept, however long it lives.
    pub fn kept_token(&self) -> Result<Option<StoredToken>> {
        self.client.cached_token()
    }
}
