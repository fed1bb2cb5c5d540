//! From bytes to an answer: bounds, envelope, and what a failure means when there is none.

use super::MAX_ANSWER;
use super::errcode;
use crate::api::Envelope;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::text;
use anyhow::Result;
use reqwest::{Url, header};
use serde::de::DeserializeOwned;

pub(super) fn read_reply<R: DeserializeOwned>(path: &str, answer: &[u8]) -> Result<R> {
    serde_json::from_slice(answer).map_err(|error| {
        // It was answered with errcode 0: the work was done, only its words are not understood.
        let mut failure = Failure::new(
            Kind::Refused,
            text!(
                "the answer of {path} has another form than expected: {error}; it begins: {answer}",
                path,
                error = error.to_string(),
                answer = excerpt(answer)
            ),
        );
        failure.unclear = true;
        failure.into()
    })
}

pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_words = inner.to_string();
        if !words.contains(&inner_words) {
            words = format!("{words}: {inner_words}");
        }
        source = inner.source();
    }
    words
}

/// A request that got no answer. It is unclear unless no connection came about.
pub(super) fn not_sent(path: &str, error: &reqwest::Error) -> Failure {
    // `without_url` cannot be used on a borrowed error, and the address holds the token: name the causes only.
    let cause =
        std::error::Error::source(error).map_or_else(|| text!("no cause given").to_string(), chain);
    let mut failure = if error.is_timeout() {
        Failure::network(text!("{path} gave no answer in time", path))
    } else if error.is_connect() {
        Failure::network(text!("{path} could not be reached: {cause}", path, cause)).hint(text!(
            "check the network, the proxy and the base URL of the profile"
        ))
    } else {
        Failure::network(text!(
            "the connection broke while {path} was called: {cause}",
            path,
            cause
        ))
    };
    failure.unclear = !error.is_connect();
    failure
}

/// Reads an answer within its bounds; its status says little, its JSON everything.
pub(super) async fn read_answer(
    path: &str,
    mut answer: reqwest::Response,
) -> Result<Vec<u8>, Failure> {
    let status = answer.status();
    if status.is_redirection() {
        let target = answer
            .headers()
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("?");
        let target = Url::parse(target).map_or_else(
            |_| "?".to_owned(),
            |url| url.host_str().unwrap_or("?").to_owned(),
        );
        return Err(unclear(Kind::Access, text!("{path} was redirected to {host}, which is not followed", path, host = target))
            .hint(text!("WeChat does not redirect: check the base URL and whether a proxy or a login page of the network answers instead")));
    }
    let mut bytes = Vec::with_capacity(answer.content_length().map_or(0, |length| {
        usize::try_from(length).unwrap_or(0).min(MAX_ANSWER)
    }));
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > MAX_ANSWER => {
                return Err(unclear(
                    Kind::Network,
                    text!(
                        "the answer of {path} is larger than {limit} MB",
                        path,
                        limit = MAX_ANSWER / 1024 / 1024
                    ),
                ));
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => {
                let cause = std::error::Error::source(&error)
                    .map_or_else(|| text!("no cause given").to_string(), chain);
                return Err(unclear(
                    Kind::Network,
                    text!("the answer of {path} was cut off: {cause}", path, cause),
                ));
            }
        }
    }
    if status.is_server_error() {
        return Err(unclear(
            Kind::Network,
            text!(
                "{path} answered HTTP {status}",
                path,
                status = status.as_u16()
            ),
        ));
    }
    // A success that an error status belies is none.
    let envelope = serde_json::from_slice::<Envelope>(&bytes);
    if !status.is_success() && envelope.map_or(true, |envelope| envelope.errcode == 0) {
        let forbidden = matches!(status.as_u16(), 401 | 403 | 407);
        let kind = if forbidden {
            Kind::Access
        } else {
            Kind::Network
        };
        return Err(unclear(
            kind,
            text!(
                "{path} answered HTTP {status}: {answer}",
                path,
                status = status.as_u16(),
                answer = excerpt(&bytes)
            ),
        ));
    }
    Ok(bytes)
}

pub(super) fn unclear(kind: Kind, message: Text) -> Failure {
    Failure {
        unclear: true,
        ..Failure::new(kind, message)
    }
}

/// The start of an answer, for an error message.
pub(super) fn excerpt(answer: &[u8]) -> String {
    let mut text: String = String::from_utf8_lossy(&answer[..answer.len().min(400)])
        .chars()
        .take(200)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().count() == 200 {
        text.push('…');
    }
    text
}

pub(super) fn check_envelope(path: &str, answer: &[u8]) -> Result<(), Failure> {
    match serde_json::from_slice::<Envelope>(answer) {
        Ok(envelope) if envelope.errcode == 0 => Ok(()),
        Ok(envelope) => Err(refusal(path, envelope.errcode, &envelope.errmsg)),
        Err(error) if error.is_eof() => Err(unclear(Kind::Network, text!("the answer of {path} is cut off: {answer}", path, answer = excerpt(answer)))),
        Err(_) => Err(unclear(Kind::Network, text!("{path} did not answer with JSON: {answer}", path, answer = excerpt(answer)))
            .hint(text!("something between this machine and WeChat may have answered: check proxy, base URL and network login"))),
    }
}

/// WeChat's own words, with what the table knows about the code.
pub(super) fn refusal(path: &str, errcode: i64, errmsg: &str) -> Failure {
    let (words, rid) = split_rid(errmsg);
    let entry = errcode::lookup(errcode);
    let kind = entry.map_or(Kind::Refused, errcode::Errcode::kind);
    let message = match entry {
        Some(entry) => text!(
            "WeChat refused {path}: {meaning} (errcode {errcode}: {words})",
            path,
            meaning = entry.meaning_text(),
            errcode,
            words
        ),
        None => text!(
            "WeChat refused {path}: {words} (errcode {errcode})",
            path,
            errcode,
            words
        ),
    };
    Failure {
        errcode: Some(errcode),
        // Only a write is meant; one that is refused for what is checked first was not begun.
        unclear: !errcode::is_given_before_acting(errcode),
        rid,
        hint: entry.map(errcode::Errcode::next_text),
        ..Failure::new(kind, message)
    }
}

/// Takes `rid: xxxxxxxx-xxxxxxxx-xxxxxxxx` off the end of an errmsg.
pub(super) fn split_rid(errmsg: &str) -> (String, Option<String>) {
    let Some(at) = errmsg.rfind("rid:") else {
        return (errmsg.trim().to_owned(), None);
    };
    let rid: String = errmsg[at + 4..]
        .trim_start()
        .chars()
        .take_while(|c| c.is_ascii_hexdigit() || *c == '-')
        .collect();
    let words = errmsg[..at].trim().to_owned();
    (words, (!rid.is_empty()).then_some(rid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_rid_is_taken_off_the_message() {
        let (words, rid) =
            split_rid("invalid ip 203.0.113.9, not in whitelist rid: 68e6c4c0-1a2b3c4d-5e6f7081");
        assert_eq!(words, "invalid ip 203.0.113.9, not in whitelist");
        assert_eq!(rid.as_deref(), Some("68e6c4c0-1a2b3c4d-5e6f7081"));
        assert_eq!(split_rid("ok"), ("ok".to_owned(), None));
    }

    #[test]
    fn an_answer_cut_in_half_leaves_the_outcome_unclear() {
        let failure =
            check_envelope("/shop/spu/add", br#"{"errcode":0,"data":{"prod"#).expect_err("cut");
        assert!(failure.unclear);
        assert_eq!(failure.kind, Kind::Network);
    }

    #[test]
    fn an_unknown_code_is_shown_as_wechat_wrote_it() {
        let failure = check_envelope(
            "/x",
            br#"{"errcode":-987654,"errmsg":"odd thing rid: 0a-0b-0c"}"#,
        )
        .expect_err("refused");
        assert_eq!(failure.errcode, Some(-987_654));
        assert_eq!(failure.rid.as_deref(), Some("0a-0b-0c"));
        assert!(failure.message.to_string().contains("odd thing"));
    }

    proptest! {
        #[test]
        fn any_bytes_as_an_answer_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = check_envelope("/x", &bytes);
            let _ = read_reply::<crate::api::component::goods::GetSpuReply>("/x", &bytes);
        }
    }
}
