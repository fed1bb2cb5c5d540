//! A shop: one noun a file, as a merchant thinks of it. The branch on the family of addresses happens here and
//! nowhere else; today there is one family.

pub mod access;
pub mod ask;
pub mod change;
pub mod coupon;
pub mod goods;
pub mod image;
pub mod joining;
pub mod merchant;
pub mod number;

use crate::api::common::{ClearQuota, QuotaGet, QuotaGetReply, RidGet, RidGetReply};
use crate::client::Client;
use crate::types::Family;
use anyhow::Result;

/// The shop a command works for.
pub struct Shop {
    pub client: Client,
    pub family: Family,
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

    /// What WeChat saw of a call.
    pub async fn rid(&self, rid: &str) -> Result<RidGetReply> {
        self.client
            .call(&RidGet {
                rid: rid.to_owned(),
            })
            .await
    }
}
