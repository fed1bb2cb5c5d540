//! What a captured message is, step by step; for `event decrypt`. Unlike a receiver it goes on after a step that failed,
//! as far as that makes sense: nobody but the owner of the key looks on.

use super::{Account, Format, KeyUsed, Mode, Query, Refusal, body, check_signature, crypto};
use serde_json::{Map, Value};

/// What was found out.
#[derive(Debug, Clone)]
pub struct Explained {
    pub format: Option<Format>,
    pub mode: Option<Mode>,
    /// Whether the signature is good; `None` where there was no query to tell.
    pub signed: Option<bool>,
    pub key: KeyUsed,
    /// The AppID at the end of the plaintext.
    pub appid: Option<String>,
    pub message: Option<String>,
    pub fields: Map<String, Value>,
    /// Why a receiver would not take it.
    pub refusal: Option<Refusal>,
}

/// A captured message taken apart into query and body. It may be a whole HTTP request, an address or a query on the
/// first line with the body below, or the body alone.
pub fn take_apart(captured: &str) -> (Option<Query>, &str) {
    let captured = captured.trim_start_matches('\u{feff}').trim_start();
    if body::format_of(captured.as_bytes()).is_some() {
        return (None, captured);
    }
    let (first, rest) = captured.split_once('\n').unwrap_or((captured, ""));
    let words = first
        .trim()
        .trim_start_matches("POST ")
        .trim_start_matches("GET ");
    let address = words.split_whitespace().next().unwrap_or_default();
    let query = address.split_once('?').map_or(address, |(_, query)| query);
    // Header fields end with an empty line.
    let body = match rest.find(['{', '<']) {
        Some(_) if first.contains(" HTTP/") => after_head(rest),
        Some(start) => &rest[start..],
        None => "",
    };
    (Some(Query::parse(query)), body)
}

fn after_head(rest: &str) -> &str {
    let blank = ["\r\n\r\n", "\n\n"]
        .iter()
        .filter_map(|blank| Some(rest.find(blank)? + blank.len()))
        .min();
    rest.get(blank.unwrap_or(0)..).unwrap_or_default()
}

/// Looks at a message as far as it can be looked at.
pub fn explain(account: &Account, query: Option<&Query>, bytes: &[u8]) -> Explained {
    let mut found = Explained {
        format: body::format_of(bytes),
        mode: None,
        signed: None,
        key: KeyUsed::None,
        appid: None,
        message: None,
        fields: Map::new(),
        refusal: None,
    };
    let Ok((_, outer)) = body::read(bytes) else {
        found.refusal = Some(Refusal::Malformed);
        return found;
    };
    let Some(Value::String(encrypted)) = outer.get("Encrypt") else {
        found.mode = Some(Mode::Plain);
        if let Some(query) = query {
            let checked = check_signature(account, query);
            found.signed = Some(checked.is_ok());
            found.refusal = checked.err();
        }
        found.message = Some(String::from_utf8_lossy(bytes).into_owned());
        found.fields = outer;
        return found;
    };
    found.mode = Some(
        if outer.contains_key("Event") || outer.contains_key("MsgType") {
            Mode::Compatible
        } else {
            Mode::Safe
        },
    );
    if let Some(query) = query {
        let texts = [
            account.token.expose(),
            &query.timestamp,
            &query.nonce,
            encrypted,
        ];
        let signed = crypto::signed(&query.msg_signature, &texts);
        found.signed = Some(signed);
        found.refusal = (!signed).then_some(Refusal::Forged);
    }
    open(account, encrypted, &mut found);
    found
}

/// Decrypts with either key; the AppID is reported, whoever's it is.
fn open(account: &Account, encrypted: &str, found: &mut Explained) {
    let keys = [
        (&account.key, KeyUsed::Current),
        (&account.previous, KeyUsed::Previous),
    ];
    let opened = keys.iter().find_map(|(key, used)| {
        let envelope = crypto::decrypt(key.as_ref()?, encrypted).ok()?;
        Some((envelope, *used))
    });
    let Some((envelope, used)) = opened else {
        found.refusal.get_or_insert(Refusal::Undecryptable);
        return;
    };
    found.key = used;
    if envelope.appid != account.appid.as_bytes() {
        found.refusal.get_or_insert(Refusal::OtherAccount);
    }
    found.appid = Some(String::from_utf8_lossy(&envelope.appid).into_owned());
    let message = String::from_utf8_lossy(&envelope.message).into_owned();
    if let Ok((format, fields)) = body::read(message.as_bytes()) {
        found.format = Some(format);
        found.fields = fields;
    }
    found.message = Some(message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_captured_message_is_taken_apart_in_every_shape() {
        let query = Query {
            timestamp: "1".into(),
            nonce: "2".into(),
            ..Query::default()
        };
        for captured in [
            "POST /wechat?timestamp=1&nonce=2 HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n{\"a\":1}",
            "https://x/wechat?timestamp=1&nonce=2\n{\"a\":1}",
            "/wechat?timestamp=1&nonce=2\n\n{\"a\":1}",
            "timestamp=1&nonce=2\n{\"a\":1}",
        ] {
            assert_eq!(
                take_apart(captured),
                (Some(query.clone()), "{\"a\":1}"),
                "{captured}"
            );
        }
        assert_eq!(take_apart("\u{feff} <xml/>"), (None, "<xml/>"));
    }
}
