//! Message push: what the platform sends to a shop's own address. Verified, decrypted, decoded; received over HTTP and
//! handed on.
//!
//! [`open()`] reads a push as a receiver does, [`seal`] makes one as the platform does. Both are pure; [`receiver`]
//! and [`forward`] are the two that live for a while.
//!
//! ```
//! use wxsell::push::{Account, AesKey, Format, Mode, Query, Stamp, open, seal};
//! use wxsell::types::Secret;
//!
//! let account = Account {
//!     appid: "wx0000000000000001".into(),
//!     token: Secret::new("merchantPushToken01"),
//!     key: AesKey::from_encoded("K7dQ2mVx9TzYb4LsR8nWcE1uHf6PjXa3GoMtZi5ByND"),
//!     previous: None,
//! };
//! let event = serde_json::json!({"ToUserName": "gh_0123456789ab", "Event": "debug_demo", "CreateTime": 1760000042});
//! let sealed = seal(&event, &account, Format::Json, Mode::Safe, &Stamp::now())?;
//! // POST sealed.body to https://…/wechat?{sealed.query}
//! let opened = open(&account, &Query::parse(&sealed.query), sealed.body.as_bytes()).expect("our own");
//! assert_eq!(opened.fields["Event"], "debug_demo");
//! # anyhow::Ok(())
//! ```

pub mod body;
mod crypto;
pub mod events;
pub mod explain;
pub mod forward;
pub mod hand;
pub mod listen;
mod provider;
pub mod receiver;
pub mod robot;
pub mod trigger;

pub use crypto::{AesKey, Envelope, encrypt, random16, signature};

use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use crate::types::{Secret, now};
use anyhow::Result;
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The form of a body.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    #[default]
    Json,
    Xml,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Xml => "xml",
        }
    }
}

/// How a message is protected, as it is set in the backend.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Signed with the Token only; the signature does not cover the body
    Plain,
    /// Plain fields and the encrypted message side by side
    Compatible,
    /// Encrypted
    #[default]
    Safe,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Mode::Plain => "plain",
            Mode::Compatible => "compatible",
            Mode::Safe => "safe",
        }
    }
}

/// Why a push is not taken. The sender learns nothing of it but a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refusal {
    /// Signature, timestamp or nonce is missing in the query.
    Unsigned,
    /// The signature is wrong.
    Forged,
    /// The body is neither XML nor JSON of the right shape.
    Malformed,
    /// Signed well, and no key opens it.
    Undecryptable,
    /// Opened, and made for another account.
    OtherAccount,
    /// Sent in plain mode where only encrypted messages are taken.
    NotEncrypted,
    /// A signature that was used before, for another message, an address test or long ago; a timestamp that is none or is
    /// still to come; or a plain message that is a day old.
    Replayed,
    /// Body or head above its limit.
    TooLarge,
    /// The connection ended before the body did.
    Truncated,
    /// The body did not arrive in time.
    TooSlow,
    /// No account answers at this path.
    NoSuchPath,
    /// Neither GET nor POST.
    Method,
    /// It could not be stored; the platform will send it again.
    NotStored,
}

impl Refusal {
    pub const ALL: [Refusal; 13] = [
        Refusal::Unsigned,
        Refusal::Forged,
        Refusal::Malformed,
        Refusal::Undecryptable,
        Refusal::OtherAccount,
        Refusal::NotEncrypted,
        Refusal::Replayed,
        Refusal::TooLarge,
        Refusal::Truncated,
        Refusal::TooSlow,
        Refusal::NoSuchPath,
        Refusal::Method,
        Refusal::NotStored,
    ];

    /// A word for scripts and counters.
    pub fn name(self) -> &'static str {
        match self {
            Refusal::Unsigned => "unsigned",
            Refusal::Forged => "forged",
            Refusal::Malformed => "malformed",
            Refusal::Undecryptable => "undecryptable",
            Refusal::OtherAccount => "other_account",
            Refusal::NotEncrypted => "not_encrypted",
            Refusal::Replayed => "replayed",
            Refusal::TooLarge => "too_large",
            Refusal::Truncated => "truncated",
            Refusal::TooSlow => "too_slow",
            Refusal::NoSuchPath => "no_such_path",
            Refusal::Method => "method",
            Refusal::NotStored => "not_stored",
        }
    }

    /// The same for people.
    pub fn words(self) -> Text {
        match self {
            Refusal::Unsigned => text!("signature, timestamp or nonce is missing"),
            Refusal::Forged => text!("the signature does not belong to this Token"),
            Refusal::Malformed => text!("the body is not a message in XML or JSON"),
            Refusal::Undecryptable => text!("no EncodingAESKey of this profile decrypts it"),
            Refusal::OtherAccount => text!("it was made for another AppID"),
            Refusal::NotEncrypted => text!(
                "it is signed but not encrypted: set the message push to safe mode in the console, or accept such messages with --allow-plain"
            ),
            Refusal::Replayed => text!("it was sent before, or is too old or from the future"),
            Refusal::TooLarge => text!("it is too large"),
            Refusal::Truncated => text!("it was cut off"),
            Refusal::TooSlow => text!("it did not arrive in time"),
            Refusal::NoSuchPath => text!("no account answers at this path"),
            Refusal::Method => text!("it is neither GET nor POST"),
            Refusal::NotStored => text!("it could not be stored"),
        }
    }
}

/// What verifies and opens the pushes of one account.
#[derive(Debug, Clone)]
pub struct Account {
    pub appid: String,
    /// The Token of the push configuration; not an access token.
    pub token: Secret,
    /// `None` where only plain messages are expected.
    pub key: Option<AesKey>,
    /// The key before the last change.
    pub previous: Option<AesKey>,
}

/// The query of a push. What is absent is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pub signature: String,
    pub timestamp: String,
    pub nonce: String,
    pub msg_signature: String,
    pub encrypt_type: String,
    pub echostr: Option<String>,
}

impl Query {
    /// Reads `signature=…&timestamp=…`; further parameters are left aside, of a repeated one the first counts.
    pub fn parse(query: &str) -> Query {
        let mut read = Query::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "signature" => &mut read.signature,
                "timestamp" => &mut read.timestamp,
                "nonce" => &mut read.nonce,
                "msg_signature" => &mut read.msg_signature,
                "encrypt_type" => &mut read.encrypt_type,
                "echostr" => {
                    read.echostr.get_or_insert(value.into_owned());
                    continue;
                }
                _ => continue,
            };
            if place.is_empty() {
                *place = value.into_owned();
            }
        }
        read
    }

    fn is_encrypted(&self) -> bool {
        !self.msg_signature.is_empty() || self.encrypt_type == "aes"
    }
}

/// The answer to an address test: `echostr` where the signature is good.
pub fn verify_address(account: &Account, query: &Query) -> Result<String, Refusal> {
    let echo = query.echostr.as_deref().ok_or(Refusal::Unsigned)?;
    check_signature(account, query)?;
    Ok(echo.to_owned())
}

/// Refuses by its query alone what cannot be a push of the platform at `now`, unix seconds, before its body is read: the
/// signature is wrong, the timestamp is not one of ten digits, or is not to come yet.
pub fn check_query(account: &Account, query: &Query, now: i64) -> Result<(), Refusal> {
    check_signature(account, query)?;
    let digits = query.timestamp.len() == 10 && query.timestamp.bytes().all(|b| b.is_ascii_digit());
    match query.timestamp.parse::<i64>() {
        Ok(at) if digits && at <= now + FAST_CLOCK => Ok(()),
        _ => Err(Refusal::Replayed),
    }
}

/// What identifies a signature: SHA-1 of Token, timestamp and nonce.
pub fn mark_of(account: &Account, query: &Query) -> [u8; 20] {
    crypto::digest(&[account.token.expose(), &query.timestamp, &query.nonce])
}

/// The platform's clock may be ahead of this machine's by so many seconds.
const FAST_CLOCK: i64 = 300;

fn check_signature(account: &Account, query: &Query) -> Result<(), Refusal> {
    if query.signature.is_empty() || query.timestamp.is_empty() || query.nonce.is_empty() {
        return Err(Refusal::Unsigned);
    }
    let texts = [account.token.expose(), &query.timestamp, &query.nonce];
    if crypto::signed(&query.signature, &texts) {
        Ok(())
    } else {
        Err(Refusal::Forged)
    }
}

/// Which key opened a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyUsed {
    None,
    Current,
    Previous,
}

/// A push that was found good.
#[derive(Debug, Clone)]
pub struct Opened {
    pub mode: Mode,
    pub format: Format,
    pub key: KeyUsed,
    /// The message as the platform wrote it, after decryption.
    pub message: String,
    /// The same, read. Empty where a signed and decrypted message is neither XML nor JSON.
    pub fields: Map<String, Value>,
    /// Seconds, from the query.
    pub timestamp: i64,
    /// SHA-1 of Token, timestamp and nonce: what cannot come twice with different messages.
    pub mark: [u8; 20],
}

/// Verifies and opens a push: signature first, then decryption with the present and the previous key, then the AppID.
/// `encrypt_type` or `msg_signature` in the query make it an encrypted one; the plain fields of compatible mode are not
/// used.
pub fn open(account: &Account, query: &Query, body: &[u8]) -> Result<Opened, Refusal> {
    let mark = mark_of(account, query);
    let timestamp = query.timestamp.parse().unwrap_or(0);
    if !query.is_encrypted() {
        check_signature(account, query)?;
        let (format, fields) = body::read(body)?;
        // Without its own signature an encrypted message must not pass for a plain one.
        if fields.contains_key("Encrypt") {
            return Err(Refusal::Unsigned);
        }
        let message = String::from_utf8_lossy(body).into_owned();
        return Ok(Opened {
            mode: Mode::Plain,
            format,
            key: KeyUsed::None,
            message,
            fields,
            timestamp,
            mark,
        });
    }
    if query.msg_signature.is_empty() || query.timestamp.is_empty() || query.nonce.is_empty() {
        return Err(Refusal::Unsigned);
    }
    let (outer, plain_fields) = body::read(body)?;
    let Some(Value::String(encrypted)) = plain_fields.get("Encrypt") else {
        return Err(Refusal::Malformed);
    };
    let texts = [
        account.token.expose(),
        &query.timestamp,
        &query.nonce,
        encrypted,
    ];
    if !crypto::signed(&query.msg_signature, &texts) {
        return Err(Refusal::Forged);
    }
    let (envelope, key) = decrypt(account, encrypted)?;
    // A character that was cut is one letter of a reason; the event counts.
    let message = String::from_utf8_lossy(&envelope.message).into_owned();
    // A message that is signed and ours is kept even where it cannot be read.
    let (format, fields) = body::read(message.as_bytes()).unwrap_or((outer, Map::new()));
    let mode = if plain_fields.contains_key("MsgType") || plain_fields.contains_key("Event") {
        Mode::Compatible
    } else {
        Mode::Safe
    };
    Ok(Opened {
        mode,
        format,
        key,
        message,
        fields,
        timestamp,
        mark,
    })
}

fn decrypt(account: &Account, encrypted: &str) -> Result<(Envelope, KeyUsed), Refusal> {
    let keys = [
        (&account.key, KeyUsed::Current),
        (&account.previous, KeyUsed::Previous),
    ];
    let mut refusal = Refusal::Undecryptable;
    for (key, used) in keys {
        let Some(key) = key else { continue };
        match crypto::decrypt(key, encrypted) {
            Ok(envelope) if envelope.appid == account.appid.as_bytes() => {
                return Ok((envelope, used));
            }
            Ok(_) => refusal = Refusal::OtherAccount,
            Err(_) => {}
        }
    }
    Err(refusal)
}

/// Time, nonce and random bytes of a push that is made here.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// Unix seconds.
    pub timestamp: i64,
    pub nonce: String,
    pub random: [u8; 16],
}

impl Stamp {
    /// A stamp of this moment that was never used before.
    pub fn now() -> Stamp {
        Stamp::at(now())
    }

    /// A fresh stamp of another moment, such as that of a clock of one's own.
    pub fn at(timestamp: i64) -> Stamp {
        let random = random16();
        let mut number = [0; 8];
        number.copy_from_slice(&random16()[..8]);
        Stamp {
            timestamp,
            nonce: u64::from_be_bytes(number).to_string(),
            random,
        }
    }
}

/// A push ready to be sent: `POST <address>?<query>` with `body`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub query: String,
    pub body: String,
    pub content_type: &'static str,
}

/// Makes the push that the platform would send for `event`, a whole message with `ToUserName`, `Event` and so on.
/// Fails where the account has no key for an encrypted mode, or a name in the message cannot be written in XML.
pub fn seal(
    event: &Value,
    account: &Account,
    format: Format,
    mode: Mode,
    stamp: &Stamp,
) -> Result<Sealed> {
    let Value::Object(fields) = event else {
        return Err(Failure::input(text!("an event is a JSON object")).into());
    };
    if format == Format::Xml && !body::fits_xml(event) {
        return Err(
            Failure::input(text!("the event has a name that XML does not allow"))
                .hint(text!("send it as JSON"))
                .into(),
        );
    }
    let message = body::write(fields, format);
    seal_text(&message, fields, account, format, mode, stamp)
}

/// [`seal`] for a message that is written already, byte for byte; its format is seen from it.
pub fn seal_message(message: &str, account: &Account, mode: Mode, stamp: &Stamp) -> Result<Sealed> {
    let (format, fields) =
        body::read(message.as_bytes()).map_err(|refusal| Failure::input(refusal.words()))?;
    seal_text(message, &fields, account, format, mode, stamp)
}

fn seal_text(
    message: &str,
    fields: &Map<String, Value>,
    account: &Account,
    format: Format,
    mode: Mode,
    stamp: &Stamp,
) -> Result<Sealed> {
    let token = account.token.expose();
    let time = stamp.timestamp.to_string();
    let signature = crypto::signature(&[token, &time, &stamp.nonce]);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("signature", &signature)
        .append_pair("timestamp", &time)
        .append_pair("nonce", &stamp.nonce);
    if let Some(Value::String(openid)) = fields.get("FromUserName") {
        query.append_pair("openid", openid);
    }
    let content_type = match format {
        Format::Json => "application/json",
        Format::Xml => "text/xml",
    };
    if mode == Mode::Plain {
        return Ok(Sealed {
            query: query.finish(),
            body: message.to_owned(),
            content_type,
        });
    }
    let key = account.key.as_ref().ok_or_else(no_key)?;
    let encrypted = crypto::encrypt(key, stamp.random, message.as_bytes(), &account.appid);
    query.append_pair("encrypt_type", "aes").append_pair(
        "msg_signature",
        &crypto::signature(&[token, &time, &stamp.nonce, &encrypted]),
    );
    // Authorisation events are addressed by AppId, all others by ToUserName.
    let addressee = ["ToUserName", "AppId"]
        .iter()
        .find_map(|name| Some(((*name).to_owned(), fields.get(*name)?.clone())));
    let mut outer = match mode {
        Mode::Compatible => fields.clone(),
        Mode::Safe | Mode::Plain => addressee.into_iter().collect(),
    };
    outer.insert("Encrypt".into(), encrypted.into());
    Ok(Sealed {
        query: query.finish(),
        body: body::write(&outer, format),
        content_type,
    })
}

fn no_key() -> Failure {
    Failure::access(text!("this profile has no EncodingAESKey")).hint(text!(
        "store it with `wxsell auth push-key`, or set WXSELL_PUSH_AES_KEY"
    ))
}

/// The query of an address test, `signature`, `timestamp`, `nonce` and `echostr`.
pub fn address_test(account: &Account, stamp: &Stamp, echostr: &str) -> String {
    let time = stamp.timestamp.to_string();
    form_urlencoded::Serializer::new(String::new())
        .append_pair(
            "signature",
            &signature(&[account.token.expose(), &time, &stamp.nonce]),
        )
        .append_pair("timestamp", &time)
        .append_pair("nonce", &stamp.nonce)
        .append_pair("echostr", echostr)
        .finish()
}

/// An answer with content, in the format and with the key of the push it answers. `nonce` is that of the push;
/// the answer is encrypted where the push was.
pub fn answer(
    fields: &Map<String, Value>,
    account: &Account,
    to: &Opened,
    nonce: &str,
    stamp: &Stamp,
) -> String {
    let message = body::write(fields, to.format);
    let key = match to.key {
        KeyUsed::None => None,
        KeyUsed::Current => account.key.as_ref(),
        KeyUsed::Previous => account.previous.as_ref(),
    };
    match key {
        None => message,
        Some(key) => sealed_answer(&message, account, key, to.format, nonce, stamp),
    }
}

fn sealed_answer(
    message: &str,
    account: &Account,
    key: &AesKey,
    format: Format,
    nonce: &str,
    stamp: &Stamp,
) -> String {
    let time = stamp.timestamp.to_string();
    let encrypted = crypto::encrypt(key, stamp.random, message.as_bytes(), &account.appid);
    let signature = crypto::signature(&[account.token.expose(), &time, nonce, &encrypted]);
    match format {
        Format::Json => json!({
            "Encrypt": encrypted,
            "MsgSignature": signature,
            "TimeStamp": stamp.timestamp,
            "Nonce": nonce,
        })
        .to_string(),
        Format::Xml => format!(
            "<xml><Encrypt>{}</Encrypt><MsgSignature>{}</MsgSignature><TimeStamp>{time}</TimeStamp><Nonce>{}</Nonce></xml>",
            body::cdata(&encrypted),
            body::cdata(&signature),
            body::cdata(nonce),
        ),
    }
}

/// The constants of the coupon handshake: what arrives, and the copy that is answered.
const HANDSHAKE: (&str, &str, &str) = (
    "test_coupon",
    "test_coupon_request_id",
    "test_coupon_user_coupon_id",
);

/// The content that an event wants as its answer: the handshake of the coupon calls and nothing else. A coupon that a
/// buyer takes is given out by the merchant's own system; here it is stored and handed on like every event.
pub fn content_answer(fields: &Map<String, Value>) -> Option<Map<String, Value>> {
    let is = |name: &str, wanted: &str| fields.get(name).and_then(Value::as_str) == Some(wanted);
    let (coupon, request, copy) = HANDSHAKE;
    let handshake = is("Event", "open_product_receive_coupon")
        && is("out_coupon_id", coupon)
        && is("request_id", request);
    let reply = json!({
        "out_user_coupon_id": copy,
        "request_id": request,
        "ret_code": 0,
        "ret_msg": "ok",
        "out_coupon_id": coupon,
    });
    match reply {
        Value::Object(reply) if handshake => Some(reply),
        _ => None,
    }
}

/// Unix milliseconds now.
pub fn milliseconds() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests;
