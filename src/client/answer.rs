//! From bytes to an answer: bounds, envelope, and what a failure means when there is none.

use super::MAX_ANSWER;
use super::errcode;
use super::reading;
use super::trace::mask_text;
use crate::api::operation::{self, Reference};
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::text;
use crate::types::Family;
use anyhow::Result;
use reqwest::{Url, header};
use serde::de::DeserializeOwned;

pub(super) fn read_reply<R: DeserializeOwned>(
    family: Family,
    path: &str,
    answer: &[u8],
    tell: impl Fn(Text),
) -> Result<R> {
    reading::typed(family, path, answer, tell).map_err(|error| {
        // It was answered with errcode 0: the work was done, only its words are not understood.
        let mut failure = Failure::new(
            Kind::Refused,
            text!(
                "the reply of {path} does not have the expected format: {error}; it begins: {answer}",
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
    } else if let Some(refused) = refused_by_proxy(path, &cause).filter(|_| error.is_connect()) {
        refused
    } else if error.is_connect() {
        let hint = if cause.contains("certificate") {
            text!(
                "something that is not WeChat answers: check the proxy and the network, the base URL of the profile, and the clock of this machine"
            )
        } else {
            text!("check the network, the proxy and the base URL of the profile")
        };
        Failure::network(text!("{path} could not be reached: {cause}", path, cause)).hint(hint)
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

/// A proxy that answered CONNECT with something else than 200. Asking again changes nothing.
fn refused_by_proxy(path: &str, cause: &str) -> Option<Failure> {
    let (_, why) = cause.split_once("tunnel error: ")?;
    Some(match why.starts_with("proxy authorization required") {
        true => Failure::access(text!(
            "{path} could not be reached: the proxy asks for a user and a password",
            path
        ))
        .hint(text!(
            "put them into the proxy address: http://USER:PASSWORD@host:port"
        )),
        false if why.starts_with("unsuccessful") => Failure::access(text!(
            "{path} could not be reached: the proxy refuses the connection",
            path
        ))
        .hint(text!(
            "ask the proxy's administrator to allow the host of the base URL, or change the proxy of the profile or HTTPS_PROXY"
        )),
        false => return None,
    })
}

/// Reads an answer within its bounds; its status says little, its JSON everything.
pub(super) async fn read_answer(
    family: Family,
    path: &str,
    answer: reqwest::Response,
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
    let bytes = read_bytes(path, answer).await?;
    if values(&bytes) > MAX_VALUES {
        return Err(unclear(
            Kind::Network,
            text!(
                "the reply of {path} contains more than {limit} values",
                path,
                limit = MAX_VALUES
            ),
        ));
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
    let envelope = reading::envelope(family, path, &bytes);
    let has_envelope =
        status.is_success() || envelope.is_some_and(|envelope| envelope.errcode != 0);
    if !has_envelope && status.as_u16() == 403 && crate::api::store::is_of_store(path) {
        return Err(unclear(Kind::Access, text!(
            "the store's gateway refused {path} (HTTP 403): the IP address of this machine is not on the store's IP whitelist",
            path
        ))
        .hint(text!(
            "add the address in the store's console (Service market → Self-developed → IP whitelist), or empty the list there; a new token does not help"
        )));
    }
    if !has_envelope {
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

/// Whether an answer says that it is a file: neither JSON nor a page for people.
pub(super) fn is_no_text(answer: &reqwest::Response) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("text/");
    answer.status().is_success() && !kind.contains("json") && !kind.starts_with("text/")
}

/// An answer that is JSON without an error, where a file was asked for.
pub(super) fn no_file(path: &str) -> Failure {
    Failure::network(text!("{path} returned no file", path))
}

/// The body of an answer, of at most [`MAX_ANSWER`] bytes.
pub(super) async fn read_bytes(
    path: &str,
    mut answer: reqwest::Response,
) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::with_capacity(answer.content_length().map_or(0, |length| {
        usize::try_from(length).unwrap_or(0).min(MAX_ANSWER)
    }));
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > MAX_ANSWER => {
                return Err(unclear(
                    Kind::Network,
                    text!(
                        "the reply of {path} is larger than {limit} MB",
                        path,
                        limit = MAX_ANSWER / 1024 / 1024
                    ),
                ));
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(bytes),
            Err(error) => {
                let cause = std::error::Error::source(&error)
                    .map_or_else(|| text!("no cause given").to_string(), chain);
                return Err(unclear(
                    Kind::Network,
                    text!("the reply of {path} was cut off: {cause}", path, cause),
                ));
            }
        }
    }
}

/// The most values that an answer may hold, in lists and objects of any depth: each takes some 80 bytes of memory, however
/// few it takes on the way. The largest page of a list holds some 50,000.
const MAX_VALUES: usize = 1_000_000;

/// At least so many values are in these bytes; signs inside of texts count too.
fn values(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .filter(|byte| matches!(byte, b',' | b'[' | b'{'))
        .count()
}

pub(super) fn unclear(kind: Kind, message: Text) -> Failure {
    Failure {
        unclear: true,
        ..Failure::new(kind, message)
    }
}

/// The start of an answer, for an error message.
pub(super) fn excerpt(answer: &[u8]) -> String {
    // Masked before it is cut: a part of a secret would not be known any more.
    let start = String::from_utf8_lossy(&answer[..answer.len().min(4096)]);
    let mut text: String = mask_text(&start)
        .chars()
        .take(200)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().count() == 200 {
        text.push('…');
    }
    text
}

pub(super) fn check_envelope(family: Family, path: &str, answer: &[u8]) -> Result<(), Failure> {
    if let Some(envelope) = reading::envelope(family, path, answer) {
        return match envelope.errcode {
            0 => Ok(()),
            errcode => Err(refusal(family, path, errcode, &envelope.errmsg)),
        };
    }
    let begins = excerpt(answer);
    let checks = text!(
        "something between this machine and WeChat may have answered: check proxy, base URL and network login"
    );
    Err(
        match serde_json::from_slice::<serde::de::IgnoredAny>(answer) {
            Err(error) if error.is_eof() => unclear(
                Kind::Network,
                text!(
                    "the reply of {path} is cut off: {answer}",
                    path,
                    answer = begins
                ),
            ),
            Err(_) => unclear(
                Kind::Network,
                text!(
                    "{path} did not answer with JSON: {answer}",
                    path,
                    answer = begins
                ),
            )
            .hint(checks),
            Ok(_) => unclear(
                Kind::Network,
                text!(
                    "{path} answered with something that WeChat does not send: {answer}",
                    path,
                    answer = begins
                ),
            )
            .hint(checks),
        },
    )
}

/// WeChat's own words, with what the table knows about the code.
pub(super) fn refusal(family: Family, path: &str, errcode: i64, errmsg: &str) -> Failure {
    let (words, rid) = split_rid(&mask_text(errmsg));
    let book = operation::lookup(family, path);
    let reference = book.map(|(book, _)| book.reference);
    let entry = errcode::lookup_in(reference.unwrap_or(Reference::Component), errcode);
    let kind = entry.map_or(Kind::Refused, errcode::Errcode::kind);
    let code = match inner_code(errcode, &words) {
        Some(inner) => format!("{errcode}, {inner}"),
        None => errcode.to_string(),
    };
    let message = match entry {
        // What WeChat says in the same words is said once.
        Some(entry) if words.is_empty() || entry.meaning_text().to_string() == words => text!(
            "WeChat refused {path}: {meaning} (errcode {errcode})",
            path,
            meaning = entry.meaning_text(),
            errcode = code
        ),
        Some(entry) => text!(
            "WeChat refused {path}: {meaning} (errcode {errcode}: {words})",
            path,
            meaning = entry.meaning_text(),
            errcode = code,
            words = &words
        ),
        None if words.is_empty() => {
            text!(
                "WeChat refused {path} (errcode {errcode})",
                path,
                errcode = code
            )
        }
        None => text!(
            "WeChat refused {path}: {words} (errcode {errcode})",
            path,
            errcode = code,
            words = &words
        ),
    };
    let hint = entry.map(|entry| {
        if words.is_empty() && entry.points_to_words() {
            text!(
                "WeChat does not say more; `wxsell api describe {path}` shows what the call takes",
                path
            )
        } else {
            entry.next_text()
        }
    });
    Failure {
        errcode: Some(errcode),
        retryable: entry.map(|entry| entry.retryable),
        // Only a write is meant; one that is refused for what is checked first was not begun.
        unclear: !errcode::is_given_before_acting(errcode),
        rid,
        hint,
        ..Failure::new(kind, message)
    }
}

/// 10020110 stands for a refusal of another system, whose own code (66001xx) stands in the words.
fn inner_code(errcode: i64, words: &str) -> Option<&str> {
    if errcode != 10_020_110 {
        return None;
    }
    let numbers = words.split(|letter: char| !letter.is_ascii_digit());
    numbers
        .into_iter()
        .find(|number| number.len() == 7 && number.starts_with("66001"))
}

/// Takes `rid: xxxxxxxx-xxxxxxxx-xxxxxxxx` off an errmsg, and the commas and brackets that are left where something
/// was cut out.
pub(super) fn split_rid(errmsg: &str) -> (String, Option<String>) {
    let (words, rid) = match errmsg.rfind("rid:") {
        None => (errmsg, None),
        Some(at) => {
            let rid: String = errmsg[at + 4..]
                .trim_start()
                .chars()
                .take_while(|c| c.is_ascii_hexdigit() || *c == '-')
                .collect();
            (&errmsg[..at], (!rid.is_empty()).then_some(rid))
        }
    };
    let rest = |letter: char| letter.is_whitespace() || matches!(letter, ',' | '，' | ';' | '；');
    let words = words
        .trim_start_matches(rest)
        .trim_end_matches(|letter| rest(letter) || matches!(letter, '(' | '[' | '（' | '【'));
    (words.to_owned(), rid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FAMILY: Family = Family::Component;

    #[test]
    fn the_rid_is_taken_off_the_message() {
        let (words, rid) =
            split_rid("invalid ip 203.0.113.9, not in whitelist rid: 68e6c4c0-1a2b3c4d-5e6f7081");
        assert_eq!(words, "invalid ip 203.0.113.9, not in whitelist");
        assert_eq!(rid.as_deref(), Some("68e6c4c0-1a2b3c4d-5e6f7081"));
        assert_eq!(split_rid("ok"), ("ok".to_owned(), None));
        for (errmsg, left) in [
            (
                ", state does not allow it rid: 6a000006-0b000006",
                "state does not allow it",
            ),
            (" rid: 6a00000e-0b00000e-0c00000e", ""),
            ("no stock (rid: 6a-0b-0c)", "no stock"),
            ("", ""),
        ] {
            assert_eq!(split_rid(errmsg).0, left, "{errmsg}");
        }
    }

    #[test]
    fn a_refusal_without_words_has_no_empty_brackets() {
        for (errcode, errmsg) in [(-2, " rid: 6a-0b-0c"), (9_401_037, ""), (-77_777, ", ")] {
            let failure = refusal(FAMILY, "/shop/spu/add", errcode, errmsg);
            let words = failure.message.to_string();
            assert!(words.ends_with(&format!("(errcode {errcode})")), "{words}");
            assert!(!words.contains(":  ") && !words.contains(", ("), "{words}");
            let hint = failure
                .hint
                .map(|hint| hint.to_string())
                .unwrap_or_default();
            assert!(!hint.contains("brackets"), "{hint}");
        }
    }

    #[test]
    fn the_code_inside_a_code_is_shown() {
        let path = "/channels/ec/product/add";
        let failure = refusal(
            FAMILY,
            path,
            10_020_110,
            ", inner error 6600123: no rid: 6a-0b-0c",
        );
        let words = failure.message.to_string();
        assert!(words.contains("errcode 10020110, 6600123"), "{words}");
        assert_eq!(failure.rid.as_deref(), Some("6a-0b-0c"));
    }

    #[test]
    fn an_answer_cut_in_half_leaves_the_outcome_unclear() {
        let failure = check_envelope(FAMILY, "/shop/spu/add", br#"{"errcode":0,"data":{"prod"#)
            .expect_err("cut");
        assert!(failure.unclear);
        assert_eq!(failure.kind, Kind::Network);
    }

    #[test]
    fn an_unknown_code_is_shown_as_wechat_wrote_it() {
        let failure = check_envelope(
            FAMILY,
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
            let _ = check_envelope(FAMILY, "/x", &bytes);
            let _ = read_reply::<crate::api::component::goods::GetSpuReply>(FAMILY, "/x", &bytes, |_| ());
        }
    }
}
