//! The one way a call is made. [`Client::call`] is a loop that can be read from top to bottom: pace, token, send,
//! envelope, verdict.

pub mod errcode;
mod once;
pub mod pace;
mod provider;
pub mod token;
pub mod trace;
pub mod verdict;

use crate::api::operation::Operation;
use crate::api::{Endpoint, Envelope, Resend};
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::profile::{Account, Profile, Target, TokenCall};
use crate::state::State;
use crate::state::log::{Log, Write};
use crate::state::token::StoredToken;
use crate::text;
use crate::types::Secret;
use anyhow::Result;
use pace::Pace;
use reqwest::{Url, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use trace::Trace;
use verdict::{Verdict, verdict};

/// The largest answer that is read, after decompression; the whole category tree is some 2 MB.
pub const MAX_ANSWER: usize = 32 * 1024 * 1024;
/// Calls a second on the live platform: the sister family documents 800 in 30 s for a merchant.
const LIVE_PACE: f64 = 25.0;

/// Reads the AppSecret when a token has to be fetched, and not before.
pub type SecretReader = Box<dyn Fn() -> Result<Secret> + Send + Sync>;

/// Stores a secret that took the place of another.
pub type SecretKeeper = Box<dyn Fn(&Secret) -> Result<()> + Send + Sync>;

/// Where the token of a client comes from.
enum Source {
    /// The account's own AppSecret.
    Own(TokenCall),
    /// Secret and ticket of a service provider.
    Provider,
    /// A provider, for a refresh token.
    Merchant {
        provider: Box<Client>,
        keep: SecretKeeper,
    },
}

/// Calls WeChat for one shop.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    appid: String,
    shop_key: String,
    source: Source,
    secret: SecretReader,
    state: Arc<State>,
    held: Mutex<Option<StoredToken>>,
    pace: Pace,
    trace: Option<Trace>,
    heard: Option<Heard>,
    notice: Notice,
    /// Opened with the first write.
    log: OnceLock<Log>,
    who: String,
    profile: String,
}

/// Is told of every answer to a reading call, as it came.
pub type Heard = Box<dyn Fn(&[u8]) + Send + Sync>;

/// Told what people should know while a call is under way.
pub type Notice = Box<dyn Fn(Text) + Send + Sync>;

/// How requests travel.
pub struct Wire {
    pub notice: Notice,
    pub trace: Option<Trace>,
    pub heard: Option<Heard>,
    /// For one request and its whole answer.
    pub timeout: Duration,
}

/// What one request carries.
enum Body {
    Json(Vec<u8>),
    /// A file for the multipart part `media`; the length is known, since WeChat refuses chunked bodies.
    File {
        name: String,
        mime: &'static str,
        bytes: Vec<u8>,
    },
    Nothing,
}

impl Client {
    pub fn open(
        profile: &Profile,
        secret: SecretReader,
        state: Arc<State>,
        wire: Wire,
    ) -> Result<Client> {
        let base = Url::parse(&profile.base_url).map_err(|error| {
            Failure::input(text!(
                "\"{url}\" is not an address: {error}",
                url = &profile.base_url,
                error = error.to_string()
            ))
            .hint(text!("correct base_url of the profile, or WXSELL_BASE_URL"))
        })?;
        Ok(Client {
            http: http_client(profile, wire.timeout)?,
            base,
            appid: profile.appid.clone(),
            shop_key: profile.shop_key(),
            source: match profile.kind {
                Account::Provider => Source::Provider,
                Account::Shop => Source::Own(profile.token),
            },
            secret,
            state,
            held: Mutex::new(None),
            pace: Pace::new((profile.target == Target::Live).then_some(LIVE_PACE)),
            trace: wire.trace,
            notice: wire.notice,
            heard: wire.heard,
            log: OnceLock::new(),
            who: user(),
            profile: profile.label().to_owned(),
        })
    }

    /// Makes one call. What is safe to repeat is repeated; a write whose outcome stays unknown fails with
    /// `unclear` set, and so does one that was refused when it was repeated after a lost answer.
    pub async fn call<E: Endpoint>(&self, request: &E) -> Result<E::Reply> {
        let body = Body::Json(to_json(request)?);
        let answer = self.exchange(E::PATH, &[], &body, E::RESEND).await?;
        read_reply(E::PATH, &answer)
    }

    /// Makes a call that the book of operations describes; its answer as it came. Errors as [`Client::call`].
    pub async fn ask(
        &self,
        operation: &Operation,
        query: &[(&str, &str)],
        request: &serde_json::Value,
    ) -> Result<serde_json::Value> {
        let body = match operation.method.as_str() {
            "GET" => Body::Nothing,
            _ => Body::Json(to_json(request)?),
        };
        let path = &operation.path;
        read_reply(
            path,
            &self.exchange(path, query, &body, operation.resend).await?,
        )
    }

    /// Uploads a file. A second arrival only makes a second copy, so that it may be repeated.
    pub async fn upload<R: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        name: &str,
        mime: &'static str,
        bytes: Vec<u8>,
    ) -> Result<R> {
        let body = Body::File {
            name: name.to_owned(),
            mime,
            bytes,
        };
        read_reply(
            path,
            &self.exchange(path, query, &body, Resend::Safe).await?,
        )
    }

    /// Posts JSON to a path that takes query parameters.
    pub async fn post<R: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        request: &impl Serialize,
        resend: Resend,
    ) -> Result<R> {
        let body = Body::Json(to_json(request)?);
        read_reply(path, &self.exchange(path, query, &body, resend).await?)
    }

    /// [`Client::attempts`], and a line in the log for a write that was carried out, refused, or may have been done.
    async fn exchange(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: &Body,
        resend: Resend,
    ) -> Result<Vec<u8>> {
        let answer = self.attempts(path, query, body, resend).await;
        if resend != Resend::Safe {
            self.log(path, body, &answer)?;
        }
        answer
    }

    fn log(&self, path: &str, body: &Body, answer: &Result<Vec<u8>>) -> Result<()> {
        let failure = answer.as_ref().err().and_then(crate::fail::failure);
        let result = match failure {
            None => "done".to_owned(),
            Some(failure) if failure.unclear => "unclear".to_owned(),
            Some(Failure {
                errcode: Some(errcode),
                ..
            }) => format!("refused {errcode}"),
            // It never left this machine.
            Some(_) => return Ok(()),
        };
        let log = match self.log.get() {
            Some(log) => log,
            None => {
                let log = Log::open(self.state.folder())?;
                self.log.get_or_init(|| log)
            }
        };
        log.add(Write {
            at: crate::types::now(),
            who: self.who.clone(),
            profile: self.profile.clone(),
            shop: self.appid.clone(),
            path: path.to_owned(),
            body: match body {
                Body::Json(json) => json.clone(),
                Body::File { .. } | Body::Nothing => Vec::new(),
            },
            result,
            rid: failure
                .and_then(|failure| failure.rid.clone())
                .unwrap_or_default(),
        });
        Ok(())
    }

    /// The pacing, token and retry loop around [`Client::send`].
    async fn attempts(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: &Body,
        resend: Resend,
    ) -> Result<Vec<u8>> {
        let (mut attempt, mut renewals, mut lost_before) = (0, 0, false);
        loop {
            self.pace.turn().await;
            let token = self.token().await?;
            attempt += 1;
            let failure = match self.send(path, query, Some(&token), body).await {
                Ok(answer) => {
                    self.pace.passed();
                    if let (Some(heard), Resend::Safe) = (&self.heard, resend) {
                        heard(&answer);
                    }
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            if failure
                .errcode
                .is_some_and(|code| code != 45009 && code != 45011 && code != 300_000)
            {
                self.pace.passed();
            }
            lost_before |= failure.unclear && resend != Resend::Safe;
            match verdict(&failure, resend, attempt, renewals) {
                Verdict::RenewToken => {
                    renewals += 1;
                    if !self.renew_token(&token).await? {
                        tokio::time::sleep(Client::SAME_TOKEN_PAUSE).await;
                    }
                }
                Verdict::After(pause) => {
                    tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64())).await
                }
                Verdict::SlowDown(limit) => match self.pace.limited(limit) {
                    Some(pause) => self.tell_of(pause, &failure),
                    None => return Err(known_lost(failure, lost_before).into()),
                },
                Verdict::GiveUp => return Err(known_lost(failure, lost_before).into()),
            }
        }
    }

    /// Says that calls wait, where it takes long enough to be noticed.
    fn tell_of(&self, pause: Duration, failure: &Failure) {
        let seconds = pause.as_secs_f64().round() as u64;
        if let (1.., Some(errcode)) = (seconds, failure.errcode) {
            (self.notice)(text!(
                "waiting {seconds} s: WeChat limits how often this may be called (errcode {errcode})",
                seconds,
                errcode
            ));
        }
    }

    /// Makes a call that carries no token but a secret.
    pub async fn call_openly<E: Endpoint>(&self, request: &E) -> Result<E::Reply> {
        let body = Body::Json(to_json(request)?);
        let answer = self.exchange_openly(E::PATH, &[], &body, E::RESEND).await?;
        read_reply(E::PATH, &answer)
    }

    /// Posts an empty object to a path whose secret stands in the query.
    pub async fn post_openly<R: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        resend: Resend,
    ) -> Result<R> {
        let body = Body::Json(b"{}".to_vec());
        read_reply(
            path,
            &self.exchange_openly(path, query, &body, resend).await?,
        )
    }

    async fn get<R: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<R> {
        let answer = self
            .exchange_openly(path, query, &Body::Nothing, Resend::Safe)
            .await?;
        read_reply(path, &answer)
    }

    /// [`Client::attempts`] of a call without a token, with the log of writes.
    async fn exchange_openly(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: &Body,
        resend: Resend,
    ) -> Result<Vec<u8>> {
        let answer = self.attempts_openly(path, query, body, resend).await;
        if resend != Resend::Safe {
            self.log(path, body, &answer)?;
        }
        answer
    }

    async fn attempts_openly(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: &Body,
        resend: Resend,
    ) -> Result<Vec<u8>> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let failure = match self.send(path, query, None, body).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            // A refused secret also reads 40001 here: there is no token to renew.
            match verdict(&failure, resend, attempt, u32::MAX) {
                Verdict::After(pause) => {
                    tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64())).await
                }
                Verdict::SlowDown(_) | Verdict::GiveUp | Verdict::RenewToken => {
                    return Err(failure.into());
                }
            }
        }
    }

    /// One request and its answer, read to the end. Only an answer with errcode 0 is `Ok`.
    async fn send(
        &self,
        path: &str,
        query: &[(&str, &str)],
        token: Option<&Secret>,
        body: &Body,
    ) -> Result<Vec<u8>, Failure> {
        let mut url = self.base.clone();
        url.set_path(path);
        if token.is_some() || !query.is_empty() {
            let mut pairs = url.query_pairs_mut();
            if let Some(token) = token {
                pairs.append_pair("access_token", token.expose());
            }
            pairs.extend_pairs(query);
        }
        let request = match body {
            Body::Json(json) => self
                .http
                .post(url)
                .header(header::CONTENT_TYPE, "application/json")
                .body(json.clone()),
            Body::File { name, mime, bytes } => {
                let part = reqwest::multipart::Part::bytes(bytes.clone())
                    .file_name(name.clone())
                    .mime_str(mime)
                    .map_err(|error| {
                        Failure::bug(text!(
                            "the type of a file is no media type: {error}",
                            error = error.to_string()
                        ))
                    })?;
                self.http
                    .post(url)
                    .multipart(reqwest::multipart::Form::new().part("media", part))
            }
            Body::Nothing => self.http.get(url),
        };
        let started = std::time::Instant::now();
        let result = async {
            read_answer(
                path,
                request
                    .send()
                    .await
                    .map_err(|error| not_sent(path, &error))?,
            )
            .await
        }
        .await;
        let checked = match &result {
            Ok(answer) => check_envelope(path, answer),
            Err(failure) => Err(failure.clone()),
        };
        if let Some(trace) = &self.trace {
            let sent: &[u8] = if let Body::Json(json) = body {
                json
            } else {
                b""
            };
            trace.write(path, sent, &result, started.elapsed());
        }
        checked?;
        result
    }
}

/// The user of the operating system, as the log of writes names them.
fn user() -> String {
    let named = ["USER", "USERNAME", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok());
    named.unwrap_or_else(|| "?".to_owned())
}

/// A refusal, `unclear` where an earlier try of the same call was lost.
fn known_lost(mut failure: Failure, lost_before: bool) -> Failure {
    failure.unclear = lost_before;
    failure
}

fn http_client(profile: &Profile, timeout: Duration) -> Result<reqwest::Client> {
    // Fails only when a provider is installed already, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("wxsell/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .timeout(timeout)
        .tcp_nodelay(true);
    if profile.base_url.starts_with("https:") {
        // A bare machine or container may have no certificates of its own.
        let shipped = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .filter_map(|der| reqwest::Certificate::from_der(der).ok());
        builder = builder.tls_certs_merge(shipped);
    }
    if let Some(proxy) = &profile.proxy {
        let proxy = reqwest::Proxy::all(proxy).map_err(|error| {
            Failure::input(text!(
                "the proxy of the profile is not usable: {error}",
                error = error.to_string()
            ))
            .hint(text!("write it as http://host:port or socks5://host:port"))
        })?;
        builder = builder.proxy(proxy);
    } else if profile.target != Target::Live {
        builder = builder.no_proxy();
    }
    Ok(builder.build().map_err(|error| {
        Failure::bug(text!(
            "the HTTP client could not be made: {error}",
            error = chain(&error)
        ))
    })?)
}

fn to_json(request: &impl Serialize) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(request).map_err(|error| {
        Failure::bug(text!(
            "a request could not be written: {error}",
            error = error.to_string()
        ))
    })?)
}

fn read_reply<R: DeserializeOwned>(path: &str, answer: &[u8]) -> Result<R> {
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

fn chain(error: &dyn std::error::Error) -> String {
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
fn not_sent(path: &str, error: &reqwest::Error) -> Failure {
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
async fn read_answer(path: &str, mut answer: reqwest::Response) -> Result<Vec<u8>, Failure> {
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
        return Err(Failure::access(text!("{path} was redirected to {host}, which is not followed", path, host = target))
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
    if !status.is_success() && serde_json::from_slice::<Envelope>(&bytes).is_err() {
        return Err(Failure::new(
            Kind::Refused,
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

fn unclear(kind: Kind, message: Text) -> Failure {
    Failure {
        unclear: true,
        ..Failure::new(kind, message)
    }
}

/// The start of an answer, for an error message.
fn excerpt(answer: &[u8]) -> String {
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

fn check_envelope(path: &str, answer: &[u8]) -> Result<(), Failure> {
    match serde_json::from_slice::<Envelope>(answer) {
        Ok(envelope) if envelope.errcode == 0 => Ok(()),
        Ok(envelope) => Err(refusal(path, envelope.errcode, &envelope.errmsg)),
        Err(error) if error.is_eof() => Err(unclear(Kind::Network, text!("the answer of {path} is cut off: {answer}", path, answer = excerpt(answer)))),
        Err(_) => Err(unclear(Kind::Network, text!("{path} did not answer with JSON: {answer}", path, answer = excerpt(answer)))
            .hint(text!("something between this machine and WeChat may have answered: check proxy, base URL and network login"))),
    }
}

/// WeChat's own words, with what the table knows about the code.
fn refusal(path: &str, errcode: i64, errmsg: &str) -> Failure {
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
        rid,
        hint: entry.map(errcode::Errcode::next_text),
        ..Failure::new(kind, message)
    }
}

/// Takes `rid: xxxxxxxx-xxxxxxxx-xxxxxxxx` off the end of an errmsg.
fn split_rid(errmsg: &str) -> (String, Option<String>) {
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
