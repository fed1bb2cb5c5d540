//! The one way a call is made. [`Client::call`] is a loop that can be read from top to bottom: pace, token, send,
//! envelope, decide.
//!
//! Long because every way a call is made is here, beside the one loop that they share.

mod answer;
mod download;
pub mod errcode;
mod gate;
mod logged;
mod once;
mod open;
pub mod pace;
mod provider;
mod reading;
pub mod retry;
pub mod token;
pub mod trace;
mod turns;

use crate::api::operation::{self, Operation};
use crate::api::{Endpoint, Resend};
use crate::fail::Failure;
use crate::lang::Text;
use crate::profile::{Account, Profile, SecretKeeper, Target, TokenCall};
use crate::state::State;
use crate::state::log::{Log, Writer};
use crate::state::token::StoredToken;
use crate::text;
use crate::types::{Family, Secret};
use answer::{chain, check_envelope, is_no_text, no_file, not_sent, read_answer, read_bytes};
use anyhow::Result;
use bytes::Bytes;
pub use logged::Intent;
pub use logged::user;
use pace::Pace;
use reqwest::{Url, header};
use retry::{RetryDecision, decide};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use trace::Trace;
use turns::{Pauses, Turns};

/// The largest answer that is read, after decompression; the whole category tree is some 2 MB.
pub const MAX_ANSWER: usize = 32 * 1024 * 1024;
/// Calls a second on the live platform: the sister family documents 800 in 30 s for a merchant.
const LIVE_PACE: f64 = 25.0;

/// Reads the AppSecret when a token has to be fetched, and not before.
pub type SecretReader = Box<dyn Fn() -> Result<Secret> + Send + Sync>;

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
    family: Family,
    shop_key: String,
    account_key: String,
    source: Source,
    secret: SecretReader,
    state: Arc<State>,
    held: Mutex<Option<StoredToken>>,
    /// The last address with its path and token: a bulk job asks the same one again and again.
    address: Mutex<Option<(String, String, Url)>>,
    pace: Pace,
    /// Where calls have a ceiling: that in calls a second, and the turns of all programs.
    turns: Option<(f64, Turns)>,
    pauses: Pauses,
    trace: Option<Trace>,
    on_answer: Option<OnAnswer>,
    notice: Notice,
    /// What was said about odd replies: once is enough.
    told: Mutex<HashSet<String>>,
    /// Opened before the first write.
    log: OnceLock<Log>,
    /// A journal keeps what is sent.
    in_bulk: AtomicBool,
    /// The entry of the last write.
    last_write: AtomicI64,
    /// The last write was done, as its answer or its object says; of a job any of them.
    has_written: AtomicBool,
    gates: gate::Gates,
    writer: Arc<Writer>,
}

/// Is told of every answer to a reading call, as it came.
pub type OnAnswer = Box<dyn Fn(&[u8]) + Send + Sync>;

/// Told what people should know while a call is under way.
pub type Notice = Box<dyn Fn(Text) + Send + Sync>;

/// How requests travel.
pub struct Wire {
    pub notice: Notice,
    pub trace: Option<Trace>,
    pub on_answer: Option<OnAnswer>,
    /// For one request and its whole answer.
    pub timeout: Duration,
    /// Calls a second at the most, of all programs of this machine that call for the shop.
    pub rate: Option<f64>,
}

/// What one request carries.
enum Body {
    /// Shared by every try and the log.
    Json(Bytes),
    /// A file for the multipart part `media`; the length is known, since WeChat refuses chunked bodies.
    File {
        name: String,
        mime: &'static str,
        bytes: Vec<u8>,
    },
    Nothing,
    /// By GET, for a file instead of JSON.
    ForFile,
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
        // A wait that takes no time proves nothing about money that is real.
        if profile.target == Target::Live && crate::clock::is_injected() {
            return Err(Failure::input(text!(
                "{variable} is set; the live platform is never called with a test clock",
                variable = crate::clock::VARIABLE
            ))
            .hint(text!("unset it"))
            .into());
        }
        let live = (profile.target == Target::Live).then_some(LIVE_PACE);
        let ceiling = match (live, wire.rate) {
            (Some(live), Some(rate)) => Some(live.min(rate)),
            (live, rate) => live.or(rate),
        };
        // Without the file each program keeps the ceiling by itself.
        let turns = ceiling.and_then(|rate| {
            let turns = Turns::open(state.folder(), &profile.shop_key()).ok()?;
            Some((rate, turns))
        });
        let pauses = Pauses::of(state.folder(), &profile.shop_key());
        Ok(Client {
            http: http_client(profile, wire.timeout)?,
            base,
            appid: profile.appid.clone(),
            family: profile.family,
            shop_key: profile.shop_key(),
            account_key: profile.account_key(),
            source: match profile.kind {
                Account::Provider => Source::Provider,
                Account::Shop => Source::Own(profile.token),
            },
            secret,
            state,
            held: Mutex::new(None),
            address: Mutex::new(None),
            pace: Pace::new(ceiling),
            turns,
            pauses,
            trace: wire.trace,
            notice: wire.notice,
            told: Mutex::default(),
            on_answer: wire.on_answer,
            log: OnceLock::new(),
            in_bulk: AtomicBool::new(false),
            last_write: AtomicI64::new(0),
            has_written: AtomicBool::new(false),
            gates: gate::Gates::default(),
            writer: Arc::new(Writer {
                who: user(),
                profile: profile.label().to_owned(),
                shop: profile.appid.clone(),
            }),
        })
    }

    /// Makes one call. What is safe to repeat is repeated; a write whose outcome stays unknown fails with
    /// `unclear` set, and so does one that was refused when it was repeated after a lost answer.
    pub async fn call<E: Endpoint>(&self, request: &E) -> Result<E::Reply> {
        self.call_written::<E>(written(request)?).await
    }

    /// [`Client::call`] with a request that is in JSON already.
    pub async fn call_written<E: Endpoint>(&self, request: Bytes) -> Result<E::Reply> {
        let body = Body::Json(request);
        let answer = self.exchange(E::PATH, &[], &body, E::RESEND).await?;
        self.read_reply(E::PATH, &answer)
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
            _ => Body::Json(written(request)?),
        };
        let path = &operation.path;
        let reply = self.exchange(path, query, &body, operation.resend).await?;
        self.conformed(path, &reply)
    }

    /// A reply held against the book.
    fn conformed(&self, path: &str, reply: &[u8]) -> Result<serde_json::Value> {
        let mut reply = self.read_reply(path, reply)?;
        if let Some((book, known)) = operation::lookup(self.family, path) {
            let unlike = book.conform(&known.reply, &mut reply);
            if let Some(words) = operation::unlike_text(path, &unlike) {
                self.tell_once(words);
            }
        }
        Ok(reply)
    }

    fn read_reply<R: DeserializeOwned>(&self, path: &str, reply: &[u8]) -> Result<R> {
        answer::read_reply(self.family, path, reply, |words| self.tell_once(words))
    }

    /// A notice that does not come again while this client lives.
    pub fn tell_once(&self, words: Text) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.insert(words.to_string()) {
            (self.notice)(words);
        }
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
        self.read_reply(
            path,
            &self.exchange(path, query, &body, Resend::Safe).await?,
        )
    }

    /// Reads by GET.
    pub async fn read<R: DeserializeOwned>(&self, path: &str) -> Result<R> {
        let answer = self
            .exchange(path, &[], &Body::Nothing, Resend::Safe)
            .await?;
        self.read_reply(path, &answer)
    }

    /// Reads a file by GET; a refusal is JSON as everywhere.
    pub async fn read_file(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<u8>> {
        self.exchange(path, query, &Body::ForFile, Resend::Safe)
            .await
    }

    /// Posts JSON to a path that takes query parameters.
    pub async fn post<R: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        request: &impl Serialize,
        resend: Resend,
    ) -> Result<R> {
        let body = Body::Json(written(request)?);
        self.read_reply(path, &self.exchange(path, query, &body, resend).await?)
    }

    /// The state beside the log of writes.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// What a shop is kept under in the state.
    pub fn shop_key(&self) -> &str {
        &self.shop_key
    }

    /// What the profile is called that it calls for.
    pub fn name(&self) -> &str {
        &self.writer.profile
    }

    pub fn appid(&self) -> &str {
        &self.appid
    }

    /// What the account's pushes are kept under in the state.
    pub fn account_key(&self) -> &str {
        &self.account_key
    }

    /// Says something while a call is under way.
    pub fn note(&self, words: Text) {
        (self.notice)(words);
    }

    /// From now on a journal marks what is sent before it is sent: an entry of the log need not survive a power cut,
    /// and results need not be waited for. Errors where the log cannot be written, before the job begins.
    pub fn in_bulk(&self) -> Result<()> {
        self.log()?;
        self.in_bulk.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// A write that is described by the book and kept as `intent`; else as [`Client::ask`].
    pub async fn write(
        &self,
        operation: &Operation,
        query: &[(&str, &str)],
        request: &serde_json::Value,
        intent: &dyn Intent,
    ) -> Result<serde_json::Value> {
        let body = match operation.method.as_str() {
            "GET" => Body::Nothing,
            _ => Body::Json(written(request)?),
        };
        let path = &operation.path;
        let answer = self.logged(path, &body, operation.resend, Some(intent), {
            self.attempts(path, query, &body, operation.resend, Some(intent))
        });
        self.conformed(path, &answer.await?)
    }

    async fn exchange(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: &Body,
        resend: Resend,
    ) -> Result<Vec<u8>> {
        let attempts = self.attempts(path, query, body, resend, None);
        self.logged(path, body, resend, None, attempts).await
    }

    /// A path of another family is never sent: its token would be refused, or would mean another account.
    fn check_family(&self, path: &str) -> Result<()> {
        if crate::api::belongs(self.family, path) {
            return Ok(());
        }
        let failure = if self.family.is_store() {
            Failure::input(text!(
                "{path} is not a call of the WeChat Store, but this profile is for one",
                path
            ))
        } else {
            Failure::input(text!(
                "{path} is a call of the WeChat Store, but this profile is for the custom component",
                path
            ))
        };
        Err(failure
            .hint(text!("choose a profile of the other family with --profile; `wxsell profile list` shows the families"))
            .into())
    }

    /// The pacing, token and retry loop around [`Client::send`].
    async fn attempts(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: &Body,
        resend: Resend,
        intent: Option<&dyn Intent>,
    ) -> Result<Vec<u8>> {
        self.check_family(path)?;
        let (mut attempt, mut renewals, mut lost_before) = (0, 0, false);
        loop {
            self.turn(path).await;
            let token = match self.token().await {
                Ok(token) => token,
                // Nothing of this call was sent, unless an earlier try was.
                Err(error) => return Err(never_sent(error, lost_before)),
            };
            attempt += 1;
            if let Some(intent) = intent
                && let Err(error) = intent.is_sent()
            {
                return Err(known_lost(Failure::from_any(error), resend, lost_before).into());
            }
            let sent = crate::clock::instant();
            let failure = match self.send(path, query, Some(&token), body).await {
                Ok(answer) => {
                    self.pace.passed(path);
                    if matches!(body, Body::ForFile) {
                        return Ok(answer);
                    }
                    if let (Some(on_answer), Resend::Safe) = (&self.on_answer, resend) {
                        on_answer(&answer);
                    }
                    return Ok(self.mended(path, answer));
                }
                Err(failure) => failure,
            };
            if failure
                .errcode
                .is_some_and(|code| code != 45009 && code != 45011 && code != 300_000)
            {
                self.pace.passed(path);
            }
            lost_before |= failure.unclear && resend != Resend::Safe;
            match decide(&failure, resend, attempt, renewals) {
                RetryDecision::RenewToken => {
                    renewals += 1;
                    let renewed = self.renew_token(&token).await;
                    if !renewed.map_err(|error| never_sent(error, lost_before))? {
                        crate::clock::sleep(Client::SAME_TOKEN_PAUSE).await;
                    }
                }
                RetryDecision::After(pause) => {
                    crate::clock::sleep(pause.mul_f64(0.5 + fastrand::f64())).await
                }
                RetryDecision::SlowDown(limit) => {
                    let now = crate::clock::since_1970();
                    let Some(pause) = self.pace.limited(limit, path, sent) else {
                        return Err(known_lost(failure, resend, lost_before).into());
                    };
                    if !pause.is_zero() {
                        self.pauses.pause(path, now + pause);
                    }
                    self.tell_of(pause, &failure);
                }
                RetryDecision::GiveUp => {
                    return Err(known_lost(failure, resend, lost_before).into());
                }
            }
        }
    }

    /// Waits for the turn of a call of `path` among those of this program, and of all others for the same shop.
    async fn turn(&self, path: &str) {
        let now = crate::clock::instant();
        let wait = self.pauses.wait(path, crate::clock::since_1970());
        if !wait.is_zero() {
            self.pace.pause(path, now + wait);
        }
        self.pace.turn(path).await;
        if let Some((rate, turns)) = &self.turns
            && let Ok(wait) = turns.take(*rate, crate::clock::since_1970())
            && !wait.is_zero()
        {
            crate::clock::sleep(wait).await;
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

    /// The reply in readable form; says what of it was lost.
    fn mended(&self, path: &str, reply: Vec<u8>) -> Vec<u8> {
        let Some((mended, damage)) = reading::mended(&reply) else {
            return reply;
        };
        if let Some(words) = damage.text(path) {
            self.tell_once(words);
        }
        mended
    }

    /// Where a call goes.
    fn url(&self, path: &str, query: &[(&str, &str)], token: Option<&Secret>) -> Url {
        let token = token.map_or("", Secret::expose);
        let mut last = self.address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((last_path, last_token, url)) = &*last
            && query.is_empty()
            && last_path == path
            && last_token == token
        {
            return url.clone();
        }
        let mut url = self.base.clone();
        url.set_path(path);
        let token_pair = (!token.is_empty()).then_some(("access_token", token));
        let mut pairs = token_pair.iter().chain(query).peekable();
        if pairs.peek().is_some() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        if query.is_empty() {
            *last = Some((path.to_owned(), token.to_owned(), url.clone()));
        }
        url
    }

    /// One request and its answer, read to the end. Only an answer with errcode 0 is `Ok`.
    async fn send(
        &self,
        path: &str,
        query: &[(&str, &str)],
        token: Option<&Secret>,
        body: &Body,
    ) -> Result<Vec<u8>, Failure> {
        let url = self.url(path, query, token);
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
                            "invalid media type of a file: {error}",
                            error = error.to_string()
                        ))
                    })?;
                self.http
                    .post(url)
                    .multipart(reqwest::multipart::Form::new().part("media", part))
            }
            Body::Nothing | Body::ForFile => self.http.get(url),
        };
        let started = std::time::Instant::now();
        let mut is_file = false;
        let result = async {
            let sent = request.send().await;
            let answer = sent.map_err(|error| not_sent(path, &error))?;
            is_file = matches!(body, Body::ForFile) && is_no_text(&answer);
            if is_file {
                read_bytes(path, answer).await
            } else {
                read_answer(self.family, path, answer).await
            }
        }
        .await;
        let checked = match &result {
            Ok(_) if is_file => Ok(()),
            Ok(answer) if matches!(body, Body::ForFile) => {
                check_envelope(self.family, path, answer).and(Err(no_file(path)))
            }
            Ok(answer) => {
                let mended = reading::mended(answer);
                check_envelope(
                    self.family,
                    path,
                    mended.as_ref().map_or(answer, |(mended, _)| mended),
                )
            }
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

/// A failure, `unclear` also where an earlier try of the same call was lost.
fn known_lost(mut failure: Failure, resend: Resend, lost_before: bool) -> Failure {
    failure.unclear = resend != Resend::Safe && (failure.unclear || lost_before);
    failure
}

/// A failure on the way to the next try, `unclear` only where an earlier one was lost.
fn never_sent(error: anyhow::Error, lost_before: bool) -> anyhow::Error {
    let failure = Failure::from_any(error);
    Failure {
        unclear: lost_before,
        ..failure
    }
    .into()
}

fn http_client(profile: &Profile, timeout: Duration) -> Result<reqwest::Client> {
    // Fails only when a provider is installed already, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("wxsell/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        // What is sent again is decided in one place, which is not there.
        .retry(reqwest::retry::never().max_retries_per_request(0))
        .connect_timeout(Duration::from_secs(10))
        .timeout(timeout)
        .tcp_nodelay(true);
    if profile.base_url.starts_with("https:") {
        // A bare machine or container may have no certificates of its own.
        let shipped = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .filter_map(|der| reqwest::Certificate::from_der(der).ok());
        builder = builder.tls_certs_merge(shipped);
    } else if profile.proxy.is_none() {
        // Nothing is encrypted on this machine: the certificates of the system need not be read.
        builder = builder.tls_certs_only([]);
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
    } else if let Some(proxy) = open::proxy_of_environment(|name| std::env::var(name).ok())? {
        builder = builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_env()));
    }
    Ok(builder.build().map_err(|error| {
        Failure::bug(text!(
            "the HTTP client could not be created: {error}",
            error = chain(&error)
        ))
    })?)
}

/// A request in JSON.
pub fn written(request: &impl Serialize) -> Result<Bytes> {
    Ok(serde_json::to_vec(request)
        .map(Bytes::from)
        .map_err(|error| {
            Failure::bug(text!(
                "a request could not be written: {error}",
                error = error.to_string()
            ))
        })?)
}
