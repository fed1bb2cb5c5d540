//! Calls of a service provider (a third-party platform) that carry or bring secrets: `/cgi-bin/component/*`. What only
//! reads is asked by the book of operations.

use super::{Done, endpoints};
use crate::types::Secret;
use serde::{Deserialize, Serialize};

endpoints! {
    StartPushTicket => "/cgi-bin/component/api_start_push_ticket" -> StartPushTicketReply, Keyed;
    ComponentToken => "/cgi-bin/component/api_component_token" -> ComponentTokenReply, Safe;
    QueryAuth => "/cgi-bin/component/api_query_auth" -> QueryAuthReply, Never;
    AuthorizerToken => "/cgi-bin/component/api_authorizer_token" -> AuthorizerTokenReply, Safe;
    ClearComponentQuota => "/cgi-bin/component/clear_quota/v2" -> Done, Never;
}

/// Lets WeChat push tickets again. Carries no token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StartPushTicket {
    pub component_appid: String,
    pub component_secret: Secret,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct StartPushTicketReply {
    /// `ok`: it was stopped and runs now; `in a normal state`: it ran already.
    #[serde(default)]
    pub errmsg: String,
}

/// Makes a new token of the provider; the one before counts as ended. Carries no token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ComponentToken {
    pub component_appid: String,
    pub component_appsecret: Secret,
    /// The newest that was pushed, at most 12 hours old.
    pub component_verify_ticket: Secret,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ComponentTokenReply {
    pub component_access_token: Secret,
    /// Seconds.
    #[serde(deserialize_with = "super::seconds")]
    pub expires_in: i64,
}

/// Exchanges the code that an authorisation led to. The code is used up by it, so a lost answer must be looked up in
/// the list of merchants.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct QueryAuth {
    pub component_appid: String,
    pub authorization_code: Secret,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct QueryAuthReply {
    pub authorization_info: Authorization,
}

/// What a merchant has granted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Authorization {
    pub authorizer_appid: String,
    /// Missing where the account may call nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorizer_access_token: Option<Secret>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<i64>,
    /// Good until the merchant withdraws; authorising again makes another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorizer_refresh_token: Option<Secret>,
    #[serde(default)]
    pub func_info: Vec<FuncInfo>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FuncInfo {
    #[serde(default)]
    pub funcscope_category: FuncScope,
}

/// A set of permissions, by its number: 85 is the custom trade component.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FuncScope {
    #[serde(default)]
    pub id: i64,
}

/// Makes a new token for a merchant; the one before soon answers 40001.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuthorizerToken {
    pub component_appid: String,
    pub authorizer_appid: String,
    pub authorizer_refresh_token: Secret,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuthorizerTokenReply {
    pub authorizer_access_token: Secret,
    /// Seconds.
    #[serde(deserialize_with = "super::seconds")]
    pub expires_in: i64,
    /// Where it differs, it takes the place of the one that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorizer_refresh_token: Option<Secret>,
}

/// Sets day counters to 0: the provider's own, or those of one merchant. Carries no token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClearComponentQuota {
    pub component_appid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    pub appsecret: Secret,
}

/// The page on which a merchant agrees to what a service provider may do, opened by a person.
#[derive(Debug)]
pub struct AuthorizePage<'a> {
    pub component_appid: &'a str,
    pub pre_auth_code: &'a str,
    /// On the registered domain of the service provider.
    pub redirect_uri: &'a str,
    /// `1` official accounts, `2` mini programs, `3` both.
    pub auth_type: Option<&'a str>,
    /// The one account that may authorize.
    pub biz_appid: Option<&'a str>,
}

impl AuthorizePage<'_> {
    /// Its address, for a computer or a phone.
    pub fn url(&self, phone: bool) -> anyhow::Result<String> {
        let (path, ahead): (&str, &[(&str, &str)]) = if phone {
            (
                "safe/bindcomponent",
                &[("action", "bindcomponent"), ("no_scan", "1")],
            )
        } else {
            ("cgi-bin/componentloginpage", &[])
        };
        let mut url = reqwest::Url::parse("https://mp.weixin.qq.com")?.join(path)?;
        let pairs = [
            ("component_appid", Some(self.component_appid)),
            ("pre_auth_code", Some(self.pre_auth_code)),
            ("redirect_uri", Some(self.redirect_uri)),
            ("biz_appid", self.biz_appid),
            ("auth_type", self.auth_type),
        ];
        let said = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        url.query_pairs_mut().extend_pairs(ahead).extend_pairs(said);
        if phone {
            url.set_fragment(Some("wechat_redirect"));
        }
        Ok(url.into())
    }
}
