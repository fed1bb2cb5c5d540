//! Tokens of a service provider and of the shops it acts for. A provider pays with its secret and the newest ticket
//! that was pushed; a shop's token comes through its provider, for a refresh token that is kept like a secret.

use super::{Client, Source};
use crate::api::provider::{AuthorizerToken, ComponentToken};
use crate::fail::{Failure, Within};
use crate::profile::SecretKeeper;
use crate::state::token::StoredToken;
use crate::text;
use crate::types::{Secret, now};
use anyhow::Result;

impl Client {
    /// The same client for a shop whose tokens come through `provider`. The secret it was opened with is the shop's
    /// refresh token; `keep` stores one that takes its place.
    pub fn through(mut self, provider: Client, keep: SecretKeeper) -> Client {
        self.source = Source::Merchant {
            provider: Box::new(provider),
            keep,
        };
        self
    }

    /// The token of the provider itself, for its secret and its ticket.
    pub(super) async fn fetch_component(&self) -> Result<StoredToken> {
        let appid = &self.appid;
        let no_ticket = || {
            Failure::access(text!(
                "this machine has no ticket of the service provider {appid}",
                appid
            ))
            .hint(text!(
                "WeChat pushes one every 10 minutes: store it with `wxsell provider ticket set`; `wxsell provider ticket start` starts the push"
            ))
        };
        let ticket = self
            .state
            .ticket(&self.account_key)?
            .ok_or_else(no_ticket)?;
        let request = ComponentToken {
            component_appid: appid.clone(),
            component_appsecret: (self.secret)()?,
            component_verify_ticket: ticket.token,
        };
        let asked_at = now();
        let reply = self.call_openly(&request).await?;
        Ok(StoredToken {
            token: reply.component_access_token,
            fetched_at: asked_at,
            expires_at: asked_at + reply.expires_in,
        })
    }

    /// A new token of the shop. A refresh token that came with it is on disk before the token is used: without it the
    /// merchant would have to authorise again.
    pub(super) async fn fetch_authorizer(
        &self,
        provider: &Client,
        keep: &SecretKeeper,
    ) -> Result<StoredToken> {
        // Read while the lock is held: another process may just have stored a newer one.
        let refresh = (self.secret)()?;
        let request = AuthorizerToken {
            component_appid: provider.appid.clone(),
            authorizer_appid: self.appid.clone(),
            authorizer_refresh_token: refresh.clone(),
        };
        let asked_at = now();
        let reply = Box::pin(provider.call(&request)).await?;
        let newer = reply
            .authorizer_refresh_token
            .filter(|newer| !newer.expose().is_empty() && *newer != refresh);
        if let Some(newer) = newer {
            self.keep_refresh(keep, &newer)?;
        }
        Ok(StoredToken {
            token: reply.authorizer_access_token,
            fetched_at: asked_at,
            expires_at: asked_at + reply.expires_in,
        })
    }

    fn keep_refresh(&self, keep: &SecretKeeper, newer: &Secret) -> Result<()> {
        keep(newer)
            .map_err(|error| {
                let mut failure = Failure::from_any(error);
                failure.hint = Some(text!(
                    "WeChat still has it: repair the place where it is stored, then run `wxsell provider connect {appid}` with the profile of the provider",
                    appid = &self.appid
                ));
                failure
            })
            .within(|| text!("storing the new authorization of {appid}", appid = &self.appid))
    }
}
