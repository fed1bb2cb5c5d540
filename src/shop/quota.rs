//! Day counters of calls, as WeChat counts them: read, and set to 0.

use super::Shop;
use crate::api::common::{
    CLASSIC_TOKEN_PATH, CLEAR_QUOTA_BY_SECRET_PATH, ClearOneQuota, ClearQuota, QuotaGet,
    StableToken,
};
use crate::api::component::is_of_component;
use crate::api::provider::ClearComponentQuota;
use crate::api::store::is_of_store;
use crate::api::{Done, Endpoint, Resend};
use crate::fail::{Failure, Within, failure};
use crate::lang::Text;
use crate::profile::{Account, Profile};
use crate::text;
use crate::types::{Family, Secret};
use anyhow::Result;
use serde::Serialize;

/// The token calls of a shop itself.
const TOKEN_CALLS: [&str; 2] = [CLASSIC_TOKEN_PATH, StableToken::PATH];
/// Calls of this kind of account have no figures, or the path is not known: a fact about one path, not about access.
const NO_FIGURE: [i64; 3] = [76003, 76021, 76022];
/// The token call has no more tokens to give today.
const USED_UP: i64 = 45009;
/// Single counters of this kind of account cannot be reset.
const NO_SINGLE: i64 = 76022;

/// The day counters of one call.
#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
pub struct Figures {
    pub path: String,
    pub used: Option<i64>,
    pub remaining: Option<i64>,
    pub daily_limit: Option<i64>,
    /// Calls in `period_seconds`.
    pub rate_limit: Option<i64>,
    pub period_seconds: Option<i64>,
    /// The same for all merchants of a service provider together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component_rate_limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component_period_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// A path with its leading slash, without host and query.
pub fn check_path(path: &str) -> Result<String, Failure> {
    let path = path.trim();
    if !path.starts_with('/') || path.contains(['?', '#', ' ']) {
        return Err(
            Failure::input(text!("\"{path}\" is not the path of a call", path)).hint(text!(
                "write it with its leading slash, without host and query, e.g. /shop/spu/add"
            )),
        );
    }
    Ok(path.to_owned())
}

impl Shop {
    /// Paths that this program calls for the shop's family, and the token calls.
    pub fn quota_paths(&self) -> Vec<&'static str> {
        let of_family: fn(&str) -> bool = match self.family {
            Family::Component => is_of_component,
            Family::Store => is_of_store,
        };
        crate::api::paths()
            .map(|(path, _)| path)
            .filter(|path| of_family(path) || TOKEN_CALLS.contains(path))
            .collect()
    }

    /// The day counters of one call, `/shop/spu/add`; a path without figures says so.
    pub async fn figures(&self, path: String) -> Result<Figures> {
        let mut row = Figures {
            path,
            ..Figures::default()
        };
        let request = QuotaGet {
            cgi_path: row.path.clone(),
        };
        match self.client.call(&request).await {
            Ok(reply) => {
                let day = reply.quota;
                // All three 0 stand for "no figure", not for "nothing left".
                if (day.daily_limit, day.used, day.remain) != (0, 0, 0) {
                    (row.used, row.remaining, row.daily_limit) =
                        (Some(day.used), Some(day.remain), Some(day.daily_limit));
                }
                if let Some(rate) = reply.rate_limit.filter(|rate| rate.call_count > 0) {
                    (row.rate_limit, row.period_seconds) =
                        (Some(rate.call_count), Some(rate.refresh_second));
                }
                if let Some(rate) = reply.component_rate_limit {
                    (row.component_rate_limit, row.component_period_seconds) =
                        (Some(rate.call_count), Some(rate.refresh_second));
                }
                if row.daily_limit.is_none() && row.rate_limit.is_none() {
                    row.note = Some(text!("WeChat gives no figure"));
                }
            }
            Err(error) => match failure(&error).and_then(|failure| failure.errcode) {
                Some(code) if NO_FIGURE.contains(&code) => {
                    row.note = Some(text!("WeChat gives no figure (errcode {code})", code));
                }
                _ => {
                    return Err(error)
                        .within(|| text!("reading the quota of {path}", path = &row.path));
                }
            },
        }
        Ok(row)
    }

    /// Sets all day counters of an account to 0; 10 times a month. With the AppSecret where that was asked for, or where
    /// the token call itself is used up; `secret` reads the one of the profile or of its service provider.
    pub async fn clear_counters(
        &self,
        profile: &Profile,
        by_secret: bool,
        secret: impl Fn(&Profile) -> Result<Secret>,
    ) -> Result<()> {
        let appid = profile.appid.as_str();
        if profile.kind == Account::Provider {
            let secret = secret(profile)?;
            return self.clear_provider_quota(appid, None, secret).await;
        }
        if !by_secret && !self.tokens_are_used_up().await {
            let request = ClearQuota {
                appid: appid.to_owned(),
            };
            return self.client.call(&request).await.map(drop).within(doing);
        }
        if let Some(provider) = &profile.provider {
            let secret = secret(provider)?;
            return self
                .clear_provider_quota(&provider.appid, Some(appid), secret)
                .await;
        }
        let secret = secret(profile)?;
        let query = [("appid", appid), ("appsecret", secret.expose())];
        let done: Result<Done> = self
            .client
            .post_openly(CLEAR_QUOTA_BY_SECRET_PATH, &query, Resend::Never)
            .await;
        done.map(drop).within(doing)
    }

    /// Whether a token cannot be had because too many were fetched today. Other refusals come up with the call itself.
    async fn tokens_are_used_up(&self) -> bool {
        let token = self.token().await;
        token.is_err_and(|error| failure(&error).is_some_and(|f| f.errcode == Some(USED_UP)))
    }

    /// Sets the day counter of one call to 0; 50 times a month.
    pub async fn clear_one_quota(&self, path: &str) -> Result<()> {
        let request = ClearOneQuota {
            cgi_path: path.to_owned(),
        };
        let done = self.client.call(&request).await.map(drop);
        done.map_err(|error| match failure(&error) {
            Some(known) if known.errcode == Some(NO_SINGLE) => Failure {
                hint: Some(text!(
                    "WeChat resets single counters of some kinds of account only; `wxsell quota clear` without a path resets all"
                )),
                ..known.clone()
            }
            .into(),
            _ => error,
        })
        .within(|| text!("resetting the daily counter of {path}", path))
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
        let done = self.client.call_openly(&request).await;
        done.map(drop).within(doing)
    }
}

fn doing() -> Text {
    text!("resetting the daily counters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_asked_for_without_host_and_query() {
        assert_eq!(
            check_path(" /shop/spu/add").expect("a path"),
            "/shop/spu/add"
        );
        for wrong in [
            "shop/spu/add",
            "https://api.weixin.qq.com/shop/spu/add",
            "/shop/spu/add?x=1",
            "",
        ] {
            assert!(check_path(wrong).is_err(), "{wrong}");
        }
    }
}
