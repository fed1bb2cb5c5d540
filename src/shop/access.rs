//! What tells a merchant why calls are refused: single tries for a diagnosis, quotas, what WeChat saw of a call.

use super::Shop;
use super::store::StoreState;
pub use crate::api::common::QuotaGetReply as TokenQuota;
use crate::api::common::{CLASSIC_TOKEN_PATH, QuotaGet, SeenRequest};
use crate::api::component::account::GetInfo;
use crate::api::store::goods::GetAuditQuota;
use crate::api::store::merchant::{INFO_PATH, InfoReply};
use crate::client::trace::mask;
use crate::fail::{Failure, Kind};
use crate::text;
use crate::types::{Family, Secret};
use anyhow::Result;
use serde_json::{Map, Value};

impl Shop {
    /// One cheap read of the shop's family, tried once with this very token.
    pub async fn try_account(&self, token: &Secret) -> Result<()> {
        match self.family {
            Family::Component => self.client.try_once(&GetInfo {}, token).await.map(|_| ()),
            Family::Store => {
                let reply: InfoReply = self.client.try_get_once(INFO_PATH, token).await?;
                match StoreState::read(&reply.info.status) {
                    StoreState::Open | StoreState::Unknown => {}
                    state => return Err(state.refusal().into()),
                }
                // The name of the store is in one permission set, its products are in another.
                match self.client.try_once(&GetAuditQuota {}, token).await {
                    Ok(_) => Ok(()),
                    Err(error) => {
                        let refused = Failure::from_any(error);
                        let lacks_permission =
                            matches!(refused.errcode, Some(48001 | 61007 | 10_020_050));
                        Err(if lacks_permission { Failure::new(Kind::Access, refused.message).hint(text!(
                                "the AppID is correct, since the store's name can be read, but the product permission set is missing: grant it in the store's console, or to the service provider"
                            )) } else { refused }
                        .into())
                    }
                }
            }
        }
    }

    /// The day counter of the classic token call, tried once with this very token.
    pub async fn try_token_quota(&self, token: &Secret) -> Result<TokenQuota> {
        let request = QuotaGet {
            cgi_path: CLASSIC_TOKEN_PATH.to_owned(),
        };
        self.client.try_once(&request, token).await
    }

    /// What WeChat saw of a call, without tokens, secrets and what tells who a buyer is.
    pub async fn seen(&self, rid: &str) -> Result<SeenRequest> {
        let mut seen = self.rid(rid).await?.request;
        seen.request_url = masked_query(&seen.request_url);
        seen.request_body = masked_body(&seen.request_body);
        seen.response_body = masked_body(&seen.response_body);
        Ok(seen)
    }
}

/// A query such as `access_token=…&type=1` with its secret values masked.
fn masked_query(query: &str) -> String {
    let (front, pairs) = query
        .split_once('?')
        .map_or(("", query), |(front, pairs)| (front, pairs));
    let masked: Vec<String> = pairs
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => {
                let mut field =
                    Value::Object(Map::from_iter([(name.to_lowercase(), Value::from(value))]));
                mask(&mut field);
                let value = field[name.to_lowercase()]
                    .as_str()
                    .unwrap_or("***")
                    .to_owned();
                format!("{name}={value}")
            }
            // Without a name it might be a token all by itself.
            None if pair.len() > 32 => "***".to_owned(),
            None => pair.to_owned(),
        })
        .collect();
    let separator = if front.is_empty() { "" } else { "?" };
    format!("{front}{separator}{}", masked.join("&"))
}

/// A JSON body with its secret values masked. What is no JSON is not understood, and so cannot be masked.
fn masked_body(body: &str) -> String {
    if body.trim().is_empty() {
        return String::new();
    }
    match serde_json::from_str::<Value>(body) {
        Ok(mut value) => {
            mask(&mut value);
            value.to_string()
        }
        Err(_) => format!("({} bytes)", body.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_a_query_is_masked_wherever_it_stands() {
        assert_eq!(masked_query("access_token=85_abc"), "access_token=***");
        assert_eq!(
            masked_query("type=1&access_token=85_abc&x"),
            "type=1&access_token=***&x"
        );
        assert_eq!(
            masked_query("/cgi-bin/token?appid=wx1&secret=s3"),
            "/cgi-bin/token?appid=wx1&secret=***"
        );
        assert_eq!(masked_query(&"a".repeat(100)), "***");
        assert_eq!(masked_query(""), "");
    }

    #[test]
    fn a_body_shows_no_secret_and_no_person() {
        let body = r#"{"tel_number":"13800000000","title":"tea","big":3302645269677080832}"#;
        assert_eq!(
            masked_body(body),
            r#"{"tel_number":"***","title":"tea","big":3302645269677080832}"#
        );
        assert_eq!(masked_body("tel=138"), "(7 bytes)");
    }
}
