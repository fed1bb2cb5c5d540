//! Who is told: a calendar file, a chat robot, a program.

use super::{DueArgs, Failed, Item, calendar, why};
use crate::commands::Ctx;
use crate::fail::{Failure, Kind};
use crate::push::forward::{http, reason, run_program};
use crate::text;
use crate::types::now;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

/// WeCom takes 2,048 bytes of text.
const MOST_BYTES: usize = 2_000;

/// Tells all that were named, the robot and the program only where something is due or a shop could not be read. One
/// that fails does not keep the others from being told; each failure is shown, and the first is returned.
pub async fn all(args: &DueArgs, items: &[Item], failed: &[Failed], ctx: &Ctx) -> Result<()> {
    let mut failures = Vec::new();
    if let Some(file) = &args.ics {
        failures.extend(write(file, items, ctx).err());
    }
    let due: Vec<&Item> = items.iter().filter(|item| item.due).collect();
    let alarm = !due.is_empty() || !failed.is_empty();
    let timeout = Duration::from_secs(ctx.global.timeout);
    if let Some(url) = args.notify_url.as_ref().filter(|_| alarm) {
        let content = words(&due, failed, ctx);
        failures.extend(post(url, &content, timeout).await.err());
    }
    if let Some(line) = args.exec.as_ref().filter(|_| alarm) {
        failures.extend(execute(line, items, timeout).await.err());
    }
    for error in &failures {
        ctx.out.warn(why(error));
    }
    match failures.into_iter().next() {
        None => Ok(()),
        Some(error) => {
            let mut failure = Failure::from_any(error);
            failure.shown = true;
            Err(failure.into())
        }
    }
}

/// The calendar is never there by half: a calendar program may read it at any time.
fn write(file: &Path, items: &[Item], ctx: &Ctx) -> Result<()> {
    let content = calendar::write(items, now(), ctx.out.lang);
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let written = std::fs::write(&part, content).and_then(|()| std::fs::rename(&part, file));
    Ok(written.map_err(|error| {
        Failure::input(text!(
            "{file} could not be written: {error}",
            file = file.display().to_string(),
            error = error.to_string()
        ))
    })?)
}

/// A line for each, the nearest first, as many as a robot takes.
fn words(due: &[&Item], failed: &[Failed], ctx: &Ctx) -> String {
    let lang = ctx.out.lang;
    let head = text!("wxsell: {count} due", count = due.len()).render(lang);
    let failed = failed.iter().map(|failed| {
        text!(
            "{shop} could not be read: {why}",
            shop = &failed.shop,
            why = why(&failed.error)
        )
        .render(lang)
    });
    let due = due.iter().map(|item| {
        let left = item.left().map(|left| left.render(lang));
        let mut line = format!(
            "{} · {} · {} {}",
            left.unwrap_or_default(),
            item.shop,
            item.words().render(lang),
            item.number
        );
        if let Some(amount) = item.amount {
            line.push_str(&format!(" · ¥{}", amount.to_yuan()));
        }
        line
    });
    let lines: Vec<String> = failed.chain(due).collect();
    let mut content = head;
    for (at, line) in lines.iter().enumerate() {
        if content.len() + line.len() + 1 > MOST_BYTES {
            let rest = text!("… and {count} more", count = lines.len() - at);
            content.push('\n');
            content.push_str(&rest.render(lang));
            break;
        }
        content.push('\n');
        content.push_str(line);
    }
    content
}

/// Feishu and Lark name the parts in another way than WeCom and DingTalk.
fn message<'a>(url: &reqwest::Url, content: &'a str) -> Message<'a> {
    let host = url.host_str().unwrap_or_default();
    let of = |name: &str| host == name || host.ends_with(&format!(".{name}"));
    if of("feishu.cn") || of("larksuite.com") || of("larkoffice.com") {
        Message::Feishu {
            msg_type: "text",
            content: FeishuText { text: content },
        }
    } else {
        Message::Others {
            msgtype: "text",
            text: Content { content },
        }
    }
}

/// What robots answer, each in its own words.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    errcode: Option<i64>,
    code: Option<i64>,
    errmsg: Option<String>,
    msg: Option<String>,
}

/// What a chat robot takes.
#[derive(Serialize)]
#[serde(untagged)]
enum Message<'a> {
    Feishu {
        msg_type: &'static str,
        content: FeishuText<'a>,
    },
    Others {
        msgtype: &'static str,
        text: Content<'a>,
    },
}

#[derive(Serialize)]
struct FeishuText<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Content<'a> {
    content: &'a str,
}

/// The address holds the robot's key, so that no message names more of it than its host.
async fn post(url: &reqwest::Url, content: &str, timeout: Duration) -> Result<()> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let refused = |kind: Kind, why: String| {
        Failure::new(
            kind,
            text!("{host} did not take the message: {why}", host = &host, why),
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
    let answer: Answer = serde_json::from_slice(&answer).unwrap_or_default();
    match answer.errcode.or(answer.code) {
        None | Some(0) => Ok(()),
        Some(code) => {
            let words = answer.errmsg.or(answer.msg);
            let words: String = words.unwrap_or_default().chars().take(200).collect();
            Err(refused(Kind::Refused, format!("{code} {words}")).into())
        }
    }
}

/// Runs the program with all rows on its standard input. Its own output goes to stderr, or nowhere.
async fn execute(line: &str, items: &[Item], timeout: Duration) -> Result<()> {
    let rows = serde_json::to_vec(items)?;
    let ran = run_program(line, &rows, &[], timeout).await;
    ran.map_err(|why| {
        Failure::new(
            Kind::Refused,
            text!("the command of --exec failed: {why}", why),
        )
        .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_robot_gets_its_own_form() {
        let form = |url: &str| {
            let url = reqwest::Url::parse(url).expect("an address");
            serde_json::to_string(&message(&url, "x")).expect("JSON")
        };
        assert_eq!(
            form("https://open.feishu.cn/open-apis/bot/v2/hook/k"),
            r#"{"msg_type":"text","content":{"text":"x"}}"#
        );
        for url in [
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k",
            "https://oapi.dingtalk.com/robot/send?access_token=k",
            "https://notfeishu.cn/",
        ] {
            assert_eq!(form(url), r#"{"msgtype":"text","text":{"content":"x"}}"#);
        }
    }
}
