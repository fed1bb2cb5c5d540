//! Calls every family shares: tokens, quota figures, request ids.

use super::{Done, endpoints};
use crate::types::Secret;
use serde::{Deserialize, Serialize};

endpoints! {
    StableToken => "/cgi-bin/stable_token" -> TokenReply, Safe;
    QuotaGet => "/cgi-bin/openapi/quota/get" -> QuotaGetReply, Safe;
    RidGet => "/cgi-bin/openapi/rid/get" -> RidGetReply, Safe;
    ClearQuota => "/cgi-bin/clear_quota" -> Done, Never;
    ClearOneQuota => "/cgi-bin/openapi/quota/clear" -> Done, Never;
}

/// The classic token call is a GET with the secret in its query: `grant_type`, `appid`, `secret`.
pub const CLASSIC_TOKEN_PATH: &str = "/cgi-bin/token";

/// Asks for the token that all machines share. Normal mode changes nothing; `force_refresh` ends the token of
/// every other holder, 20 times a day at most and 30 s apart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StableToken {
    /// Always `client_credential`.
    pub grant_type: String,
    pub appid: String,
    pub secret: Secret,
    #[serde(default)]
    pub force_refresh: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenReply {
    /// Opaque, up to 512 characters.
    pub access_token: Secret,
    /// Seconds left, at most 7200; normal mode never says less than 300.
    #[serde(deserialize_with = "super::seconds")]
    pub expires_in: i64,
}

/// Reads the day counters of one call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct QuotaGet {
    /// With the leading slash, without host and query.
    pub cgi_path: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct QuotaGetReply {
    #[serde(default)]
    pub quota: DayQuota,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component_rate_limit: Option<RateLimit>,
}

/// Figures are about 1 % off; 0/0/0 means "no figure", not "nothing left".
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DayQuota {
    #[serde(default)]
    pub daily_limit: i64,
    #[serde(default)]
    pub used: i64,
    #[serde(default)]
    pub remain: i64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RateLimit {
    #[serde(default)]
    pub call_count: i64,
    #[serde(default)]
    pub refresh_second: i64,
}

/// What WeChat saw of a call that it answered with this rid; kept for 7 days.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RidGet {
    pub rid: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RidGetReply {
    #[serde(default)]
    pub request: SeenRequest,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SeenRequest {
    /// Unix seconds.
    #[serde(default)]
    pub invoke_time: i64,
    #[serde(default)]
    pub cost_in_ms: i64,
    /// The query of the call. Holds the access token: mask it before it is shown.
    #[serde(default)]
    pub request_url: String,
    #[serde(default)]
    pub request_body: String,
    #[serde(default)]
    pub response_body: String,
    #[serde(default)]
    pub client_ip: String,
}

/// As [`ClearQuota`] without a token: `appid` and `appsecret` go into the query, the body is empty.
pub const CLEAR_QUOTA_BY_SECRET_PATH: &str = "/cgi-bin/clear_quota/v2";

/// Sets the day counter of one call to 0; 50 times a month.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClearOneQuota {
    /// With the leading slash, without host and query.
    pub cgi_path: String,
}

/// Sets all day counters of the account to 0; 10 times a month, one pot with the button in the console.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClearQuota {
    pub appid: String,
}
