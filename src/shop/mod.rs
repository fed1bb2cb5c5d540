//! A shop: one noun a file, as a merchant thinks of it. The branch on the family of addresses happens here and
//! nowhere else. What a family does not have is refused by [`lacks`].

pub mod access;
pub mod aftersale;
pub mod ask;
pub mod coupon;
pub mod dispute;
pub mod goods;
pub mod image;
pub mod joining;
pub mod merchant;
pub mod number;
pub mod order;
pub mod reading;
pub mod store;
pub mod walk;

use crate::api::common::{
    CLEAR_QUOTA_BY_SECRET_PATH, ClearOneQuota, ClearQuota, QuotaGet, QuotaGetReply, RidGet,
    RidGetReply,
};
use crate::api::{Done, Resend};
use crate::client::Client;
use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use crate::types::{Family, Secret};
use anyhow::Result;

/// The shop a command works for.
pub struct Shop {
    pub client: Client,
    pub family: Family,
}

/// What this program cannot do for a WeChat Store yet.
pub fn lacks(what: Text) -> Failure {
    Failure::input(text!("{what} does not work for a WeChat Store yet", what))
        .hint(text!("`wxsell api list --of store` names the operations of the Store, and `wxsell api call` reaches each of them"))
}

impl Shop {
    /// The day counters of one call, `cgi_path` with its leading slash.
    pub async fn quota(&self, cgi_path: &str) -> Result<QuotaGetReply> {
        self.client
            .call(&QuotaGet {
                cgi_path: cgi_path.to_owned(),
            })
            .await
    }

    /// Sets all day counters to 0; 10 times a month.
    pub async fn clear_quota(&self, appid: &str) -> Result<()> {
        self.client
            .call(&ClearQuota {
                appid: appid.to_owned(),
            })
            .await
            .map(|_| ())
    }

    /// Sets all day counters to 0 without a token; out of the same pot.
    pub async fn clear_quota_by_secret(&self, appid: &str, secret: &Secret) -> Result<()> {
        let query = [("appid", appid), ("appsecret", secret.expose())];
        let done: Result<Done> = self
            .client
            .post_openly(CLEAR_QUOTA_BY_SECRET_PATH, &query, Resend::Never)
            .await;
        done.map(|_| ())
    }

    /// Sets the day counter of one call to 0; 50 times a month.
    pub async fn clear_one_quota(&self, cgi_path: &str) -> Result<()> {
        let request = ClearOneQuota {
            cgi_path: cgi_path.to_owned(),
        };
        self.client.call(&request).await.map(|_| ())
    }

    /// What WeChat saw of a call.
    pub async fn rid(&self, rid: &str) -> Result<RidGetReply> {
        self.client
            .call(&RidGet {
                rid: rid.to_owned(),
            })
            .await
    }
}
