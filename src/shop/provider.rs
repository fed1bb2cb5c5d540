//! A service provider: its tickets, the authorizations that merchants give it, and its day counters.

use super::Shop;
pub use crate::api::provider::Authorization;
use crate::api::provider::{ClearComponentQuota, QueryAuth, StartPushTicket};
use crate::types::Secret;
use anyhow::Result;

impl Shop {
    /// Lets WeChat push tickets again; whether it did already.
    pub async fn start_tickets(&self, appid: &str, secret: Secret) -> Result<bool> {
        let request = StartPushTicket {
            component_appid: appid.to_owned(),
            component_secret: secret,
        };
        let reply = self.client.call_openly(&request).await?;
        Ok(reply.errmsg.contains("normal state"))
    }

    /// What a merchant has granted with this code, which is used up by it.
    pub async fn authorization(&self, appid: &str, code: &Secret) -> Result<Authorization> {
        let request = QueryAuth {
            component_appid: appid.to_owned(),
            authorization_code: code.clone(),
        };
        Ok(self.client.call(&request).await?.authorization_info)
    }

    /// Sets the day counters of the provider, or of one of its merchants, to 0. It carries no token: the client of a
    /// merchant serves as well as the provider's own.
    pub async fn clear_provider_quota(
        &self,
        appid: &str,
        merchant: Option<&str>,
        secret: Secret,
    ) -> Result<()> {
        let request = ClearComponentQuota {
            component_appid: appid.to_owned(),
            appid: merchant.map(str::to_owned),
            appsecret: secret,
        };
        self.client.call_openly(&request).await.map(|_| ())
    }
}
