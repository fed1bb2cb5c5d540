//! A service provider: its tickets, and the authorizations that merchants give it.

use super::Shop;
use crate::api::provider::{Authorization, QueryAuth, StartPushTicket};
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
}
