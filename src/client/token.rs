//! The access token: cached in `state`, fetched by one process at a time, renewed before it ends.
//!
//! Nothing here forces a refresh by itself: that would end the token of every other program of the account.

use super::{Body, Client, Source};
use crate::api::common::{CLASSIC_TOKEN_PATH, StableToken, TokenReply};
use crate::api::{Endpoint, Resend};
use crate::fail::Failure;
use crate::profile::TokenCall;
use crate::state::token::StoredToken;
use crate::text;
use crate::types::{Secret, now};
use anyhow::Result;
use bytes::Bytes;
use std::time::Duration;

/// With fewer seconds left than this a token is renewed; WeChat hands out the next one at the same time.
const RENEW_BELOW: i64 = 300;
/// Tokens of a provider and of its merchants are renewed ten minutes before their end, as the guide has it.
const RENEW_FOREIGN_BELOW: i64 = 600;
/// A token that could not be renewed is used down to this.
const USE_DOWN_TO: i64 = 10;
/// A token that another process has just fetched is not fetched again.
const JUST_FETCHED: i64 = 1;
/// Forced refreshes a day, and seconds between two of them.
pub const FORCED_A_DAY: usize = 20;
pub const FORCED_APART: i64 = 30;

impl Client {
    /// The token for the next call.
    pub async fn token(&self) -> Result<Secret> {
        let renew_below = match self.source {
            Source::Own(_) => RENEW_BELOW,
            Source::Provider | Source::Merchant { .. } => RENEW_FOREIGN_BELOW,
        };
        if let Some(token) = self.held_token(renew_below) {
            return Ok(token.token);
        }
        // Apart from the way of every call, which would otherwise be as large as the call that fetches a token.
        let fetched = self.fetch_unless(|stored| stored.expires_at - now() > renew_below);
        match Box::pin(fetched).await {
            Ok(token) => Ok(token.token),
            Err(error) => match self.held_token(USE_DOWN_TO) {
                Some(token) => Ok(token.token),
                None => Err(error),
            },
        }
    }

    /// The cached token and its times, without any call.
    pub fn cached_token(&self) -> Result<Option<StoredToken>> {
        self.state.token(&self.account_key, self.token_kind())
    }

    /// Fetches a token in normal mode after WeChat refused `bad`. Says whether another one came back.
    pub(super) async fn renew_token(&self, bad: &Secret) -> Result<bool> {
        let fetched = self.fetch_unless(|stored| {
            stored.token != *bad || now() - stored.fetched_at < JUST_FETCHED
        });
        Ok(Box::pin(fetched).await?.token != *bad)
    }

    /// Fetches a token whatever the cache says; `auth login` proves a secret with it.
    pub async fn fetch_token(&self) -> Result<StoredToken> {
        self.fetch_unless(|_| false).await
    }

    /// Ends the token of every holder and makes a new one. Only ever on an operator's word: 20 a day, 30 s apart.
    pub async fn force_token(&self) -> Result<StoredToken> {
        if !matches!(self.source, Source::Own(_)) {
            return Err(Failure::input(text!(
                "only the token of a shop that calls with its own AppSecret can be forced"
            ))
            .hint(text!(
                "tokens of a service provider and its merchants are renewed automatically; withdraw the authorization in the console to end one"
            ))
            .into());
        }
        let _one_at_a_time = self.lock_token().await?;
        let day = self.state.forced_refreshes(
            &self.account_key,
            crate::state::quota::china_day_start(now()),
        )?;
        if day.len() >= FORCED_A_DAY {
            return Err(Failure::limited(text!(
                "the token was force-refreshed {count} {count:time|times} today; WeChat allows no more",
                count = day.len()
            ))
            .hint(text!(
                "the normal token keeps working; no forced refresh is needed"
            ))
            .into());
        }
        if let Some(last) = day.last().filter(|last| now() - **last < FORCED_APART) {
            return Err(Failure::limited(text!("the last forced refresh was less than {seconds} s ago; a second one would change nothing", seconds = FORCED_APART))
                .hint(text!("try again in {seconds} s", seconds = FORCED_APART - (now() - last)))
                .into());
        }
        // It ends the token of others, and so it is a write. The secret stays out of the log.
        let body = Body::Json(Bytes::from_static(br#"{"force_refresh":true}"#));
        let fetched = async {
            self.state.add_forced_refresh(&self.account_key, now())?;
            self.fetch(true).await
        };
        self.logged(StableToken::PATH, &body, Resend::Keyed, None, fetched)
            .await
    }

    fn token_kind(&self) -> &'static str {
        match self.source {
            Source::Own(call) => call.name(),
            Source::Provider => "component",
            Source::Merchant { .. } => "authorizer",
        }
    }

    fn held_token(&self, seconds: i64) -> Option<StoredToken> {
        let held = self
            .held
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        held.clone()
            .filter(|token| token.expires_at - now() > seconds)
    }

    fn hold(&self, token: &StoredToken) {
        *self
            .held
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(token.clone());
    }

    /// Uses the stored token if `good` says so; otherwise fetches one, while all other processes wait and then look
    /// again.
    async fn fetch_unless(&self, good: impl Fn(&StoredToken) -> bool) -> Result<StoredToken> {
        if let Some(stored) = self.cached_token()?.filter(&good) {
            self.hold(&stored);
            return Ok(stored);
        }
        let _one_at_a_time = self.lock_token().await?;
        if let Some(stored) = self.cached_token()?.filter(&good) {
            self.hold(&stored);
            return Ok(stored);
        }
        self.fetch(false).await
    }

    async fn lock_token(&self) -> Result<crate::state::LockGuard> {
        let state = self.state.clone();
        let name = format!("token-{}", self.account_key);
        tokio::task::spawn_blocking(move || state.lock(&name))
            .await
            .map_err(|error| {
                Failure::bug(text!(
                    "waiting for a lock failed: {error}",
                    error = error.to_string()
                ))
            })?
    }

    async fn fetch(&self, force: bool) -> Result<StoredToken> {
        let token = match &self.source {
            Source::Own(call) => self.fetch_own(*call, force).await?,
            Source::Provider => self.fetch_component().await?,
            Source::Merchant { provider, keep } => self.fetch_authorizer(provider, keep).await?,
        };
        self.state
            .keep_token(&self.account_key, self.token_kind(), &token)?;
        self.hold(&token);
        Ok(token)
    }

    async fn fetch_own(&self, call: TokenCall, force: bool) -> Result<StoredToken> {
        let secret = (self.secret)()?;
        // The end is counted from the moment of asking, so that a slow answer errs on the safe side.
        let asked_at = now();
        let reply: TokenReply = match call {
            TokenCall::Classic if !force => {
                let query = [
                    ("grant_type", "client_credential"),
                    ("appid", &self.appid),
                    ("secret", secret.expose()),
                ];
                self.get(CLASSIC_TOKEN_PATH, &query).await?
            }
            _ => {
                let request = StableToken {
                    grant_type: "client_credential".into(),
                    appid: self.appid.clone(),
                    secret,
                    force_refresh: force,
                };
                self.call_openly(&request).await?
            }
        };
        Ok(StoredToken {
            token: reply.access_token,
            fetched_at: asked_at,
            expires_at: asked_at + reply.expires_in,
        })
    }

    /// The pause before a token that came back unchanged is tried once more: WeChat has refused good tokens for a
    /// moment.
    pub(super) const SAME_TOKEN_PAUSE: Duration = Duration::from_millis(1500);
}
