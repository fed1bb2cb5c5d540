//! Texts to chat robots: WeCom, DingTalk, Feishu and Lark.

use super::forward::{http, reason};
use crate::fail::{Failure, Kind};
use crate::text;
use anyhow::Result;
use serde_json::{Value, json};
use std::time::Duration;

/// WeCom takes 2,048 bytes of text.
pub const MOST_BYTES: usize = 2_000;

/// Feishu and Lark name the parts in another way than WeCom and DingTalk.
fn message(url: &reqwest::Url, content: &str) -> Value {
    let host = url.host_str().unwrap_or_default();
    let of = |name: &str| host == name || host.ends_with(&format!(".{name}"));
    if of("feishu.cn") || of("larksuite.com") || of("larkoffice.com") {
        json!({"msg_type": "text", "content": {"text": content}})
    } else {
        json!({"msgtype": "text", "text": {"content": content}})
    }
}

/// The address holds the robot's key, so that no message names more of it than its host.
pub async fn post(url: &reqwest::Url, content: &str, timeout: Duration) -> Result<()> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let refused = |kind: Kind, why: String| {
        Failure::new(
            kind,
            text!(
                "{host} did not accept the message: {why}",
                host = &host,
                why
            ),
        )
    };
    let request = http(timeout, Some(url))?.post(url.clone());
    let request = request
        .header("content-type", "application/json")
        .body(serde_json::to_vec(&message(url, content))?);
    let answer = request
        .send()
        .await
        .map_err(|error| refused(Kind::Network, reason(&error)))?;
    let status = answer.status();
    if !status.is_success() {
        return Err(refused(Kind::Refused, format!("HTTP {}", status.as_u16())).into());
    }
    // Robots refuse with 200 and a number of their own.
    let answer = answer.bytes().await.unwrap_or_default();
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    let code = ["errcode", "code"]
        .iter()
        .find_map(|name| answer[*name].as_i64());
    match code {
        None | Some(0) => Ok(()),
        Some(code) => {
            let words = ["errmsg", "msg"]
                .iter()
                .find_map(|name| answer[*name].as_str());
            let words: String = words.unwrap_or_default().chars().take(200).collect();
            Err(refused(Kind::Refused, format!("{code} {words}")).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_robot_gets_its_own_form() {
        let form = |url: &str| message(&reqwest::Url::parse(url).expect("an address"), "x");
        assert_eq!(
            form("https://open.feishu.cn/open-apis/bot/v2/hook/k"),
            json!({"msg_type": "text", "content": {"text": "x"}})
        );
        for url in [
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k",
            "https://oapi.dingtalk.com/robot/send?access_token=k",
            "https://notfeishu.cn/",
        ] {
            assert_eq!(
                form(url),
                json!({"msgtype": "text", "text": {"content": "x"}})
            );
        }
    }
}
