//! The HTTP receiver: address tests and pushes, over plain HTTP or TLS.
//!
//! A push is verified, decrypted, decoded and stored; then it is answered, and what is done with it afterwards cannot
//! delay the answer. Memory is bounded: so many connections, so large a head, so many bytes of bodies at once. Who
//! sends or reads slowly is cut off, and where all places are taken the connection that has been without an answer for
//! longest gives way: WeChat waits five seconds, and strangers cannot make it wait.

mod certificate;
mod connection;

use super::forward::Wake;
use super::{
    Account, Mode, Opened, Query, Refusal, Stamp, answer, content_answer, events, milliseconds,
    provider,
};
use crate::lang::Text;
use crate::state::State;
use crate::state::pushes::{Kept, NewPush, PushLog};
use crate::types::now;
use crate::types::span::DAY;
use anyhow::Result;
pub use certificate::tls;
use connection::{Places, Watched};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The platform repeats a push for 3.6 hours at most; an older copy is no repetition.
const OLD_SECONDS: i64 = DAY;
/// Refusals are written this often.
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// What a receiver allows.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of one body.
    pub body: usize,
    /// Bytes of one head: request line and header fields.
    pub head: usize,
    /// Bytes of all bodies that are being read.
    pub bodies: usize,
    /// Connections at once; for a further one, that which was last answered longest ago is closed.
    pub connections: usize,
    /// For a TLS handshake, for a head, which includes the pause between two requests, for a body, and for a reader of
    /// answers.
    pub patience: Duration,
    /// For the end of open requests when it is told to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body: 1 << 20,
            head: 16 << 10,
            bodies: 64 << 20,
            connections: 512,
            patience: Duration::from_secs(10),
            drain: Duration::from_secs(10),
        }
    }
}

/// An account that pushes are received for.
#[derive(Debug, Clone)]
pub struct Shop {
    /// What tells its rows in `state` from those of others.
    pub key: String,
    pub account: Account,
}

/// What happened to a request, for who watches.
#[derive(Debug, Clone)]
pub enum Happening {
    Stored {
        id: i64,
        appid: String,
        summary: Text,
    },
    Again {
        id: i64,
        appid: String,
    },
    Tested {
        appid: String,
    },
    Refused {
        refusal: Refusal,
        path: String,
    },
}

/// A receiver, before it listens.
pub struct Receiver {
    /// By path, e.g. `/wechat` and `/wechat/wx…`.
    pub shops: HashMap<String, Arc<Shop>>,
    pub log: Arc<PushLog>,
    /// Where tickets of service providers are kept, and what merchants authorised.
    pub state: Arc<State>,
    pub limits: Limits,
    /// Take encrypted messages only, whether a key is stored or not.
    pub safe_only: bool,
    /// Take plain messages although a key is stored. Their signature does not cover them: whoever has seen one, in an
    /// access log for example, can put anything under it.
    pub allow_plain: bool,
    /// Names of the events that are handed on; none are all.
    pub only: Vec<String>,
    /// Wakes who hands pushes on; `None` where nobody does.
    pub forward: Option<Wake>,
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Is told of every request; must not wait.
    pub watch: Box<dyn Fn(Happening) + Send + Sync>,
}

/// The part that requests share.
struct Shared {
    receiver: Receiver,
    bodies: Arc<Semaphore>,
    refused: Mutex<BTreeMap<(String, Refusal), u64>>,
}

impl Receiver {
    /// Answers on `listener` until `stop` ends; then takes no more connections, finishes what is open, and returns.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) -> Result<()> {
        let (told, stopping) = watch::channel(false);
        let places = Places::new(self.limits.connections);
        let (patience, drain) = (self.limits.patience, self.limits.drain);
        let tls = self.tls.clone().map(TlsAcceptor::from);
        let shared = Arc::new(Shared {
            bodies: Arc::new(Semaphore::new(self.limits.bodies / 1024)),
            receiver: self,
            refused: Mutex::default(),
        });
        let mut open = JoinSet::new();
        let mut tick = tokio::time::interval(COUNT_EVERY);
        tokio::pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                _ = tick.tick() => {
                    shared.count().await;
                    continue;
                }
                Some(_) = open.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                // Out of file handles, or the peer went away: a moment later it may work again.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            // Without it a small answer may wait for an acknowledgement; a failure costs only speed.
            drop(stream.set_nodelay(true));
            let (shared, stopping, tls) = (shared.clone(), stopping.clone(), tls.clone());
            let place = places.take();
            let stream = Watched::new(stream, patience);
            open.spawn(async move {
                let work = async {
                    match tls {
                        None => converse(&shared, stream, stopping, &place).await,
                        Some(tls) => {
                            let shaken = tokio::time::timeout(patience, tls.accept(stream)).await;
                            if let Ok(Ok(stream)) = shaken {
                                converse(&shared, stream, stopping, &place).await;
                            }
                        }
                    }
                };
                tokio::select! {
                    () = work => {}
                    () = place.given_up() => {}
                }
            });
        }
        drop(listener);
        // Nobody listens where no connection is open.
        let _ = told.send(true);
        let drained = async { while open.join_next().await.is_some() {} };
        // Who has not finished by now is cut off and will send again.
        let _ = tokio::time::timeout(drain, drained).await;
        open.shutdown().await;
        shared.count().await;
        Ok(())
    }
}

/// One connection, up to its end or until it is told to stop after the request that is under way.
async fn converse<S>(
    shared: &Arc<Shared>,
    stream: S,
    mut stopping: watch::Receiver<bool>,
    place: &connection::Place,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = &shared.receiver.limits;
    let mut http = http1::Builder::new();
    // A sender may close its half once it has sent all; and one that closes too early is to be counted.
    http.half_close(true)
        .timer(TokioTimer::new())
        .header_read_timeout(limits.patience)
        .max_buf_size(limits.head.max(8 << 10));
    let service = service_fn(|request| async move {
        let answer = shared.answer(request).await;
        place.answered();
        Ok::<_, Infallible>(answer)
    });
    let connection = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // How a connection ends is the peer's business.
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// A body, and the room that it takes.
#[derive(Default)]
struct Taken<'a> {
    bytes: Vec<u8>,
    room: Vec<SemaphorePermit<'a>>,
}

/// Status and body of an answer.
type Answer = (StatusCode, String, &'static str);

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        let taken = self.take(request, &path).await;
        let refused = taken.is_err();
        let (status, body, kind) = match taken {
            Ok(answer) => answer,
            Err(refusal) => self.refuse(refusal, &path),
        };
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        if refused {
            // Who is refused may have sent a thousand more requests already: none of them is worth an answer.
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    fn refuse(&self, refusal: Refusal, path: &str) -> Answer {
        let shop = self.receiver.shops.get(path);
        let key = shop.map(|shop| shop.key.clone()).unwrap_or_default();
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        *refused.entry((key, refusal)).or_default() += 1;
        drop(refused);
        // A path from a stranger may be of any length and content.
        let path = path.chars().take(80).collect();
        (self.receiver.watch)(Happening::Refused { refusal, path });
        let status = match refusal {
            Refusal::NoSuchPath => StatusCode::NOT_FOUND,
            Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::TooSlow | Refusal::Truncated => StatusCode::REQUEST_TIMEOUT,
            Refusal::NotStored => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::FORBIDDEN,
        };
        (status, String::new(), "text/plain")
    }

    /// Hands the counters of refusals to the writer.
    async fn count(&self) {
        let refused =
            std::mem::take(&mut *self.refused.lock().unwrap_or_else(PoisonError::into_inner));
        if refused.is_empty() {
            return;
        }
        let counts = refused
            .into_iter()
            .map(|((shop, refusal), count)| (shop, refusal.name(), count))
            .collect();
        self.receiver.log.refused(counts, now()).await;
    }

    async fn take(&self, request: Request<Incoming>, path: &str) -> Result<Answer, Refusal> {
        let shop = self.receiver.shops.get(path).ok_or(Refusal::NoSuchPath)?;
        let query = Query::parse(request.uri().query().unwrap_or_default());
        match *request.method() {
            Method::GET => {
                let echo = super::verify_address(&shop.account, &query)?;
                // Its signature stands in access logs: it is not to serve for a message.
                let mark = super::mark_of(&shop.account, &query);
                self.receiver
                    .log
                    .use_up(&shop.key, mark, milliseconds())
                    .await;
                let appid = shop.account.appid.clone();
                (self.receiver.watch)(Happening::Tested { appid });
                return Ok((StatusCode::OK, echo, "text/plain"));
            }
            Method::POST => {}
            _ => return Err(Refusal::Method),
        }
        super::check_query(&shop.account, &query, now())?;
        let body = self.body(request.into_body()).await?;
        let opened = super::open(&shop.account, &query, &body.bytes)?;
        drop(body);
        let takes_plain = match &shop.account.key {
            Some(_) => self.receiver.allow_plain,
            None => true,
        };
        if opened.mode == Mode::Plain && (self.receiver.safe_only || !takes_plain) {
            return Err(Refusal::NotEncrypted);
        }
        self.store(shop, &opened).await?;
        let of = (shop.key.as_str(), shop.account.appid.as_str());
        provider::keep(&self.receiver.state, of, &opened).await?;
        let content = content_answer(&opened.fields);
        Ok(match content {
            None => (StatusCode::OK, "success".into(), "text/plain"),
            Some(content) => {
                let kind = match opened.format {
                    super::Format::Json => "application/json",
                    super::Format::Xml => "text/xml",
                };
                let sealed = answer(
                    &content,
                    &shop.account,
                    &opened,
                    &query.nonce,
                    &Stamp::now(),
                );
                (StatusCode::OK, sealed, kind)
            }
        })
    }

    /// Reads a body within the limits of size, time and memory. Room is taken for what has come, not for what is
    /// announced; where there is none left the message is refused, and the platform sends it again.
    async fn body(&self, mut body: Incoming) -> Result<Taken<'_>, Refusal> {
        let limits = &self.receiver.limits;
        if body.size_hint().lower() > limits.body as u64 {
            return Err(Refusal::TooLarge);
        }
        let reading = async {
            let mut taken = Taken::default();
            while let Some(frame) = body.frame().await {
                let Ok(data) = frame.map_err(|_| Refusal::Truncated)?.into_data() else {
                    continue;
                };
                if taken.bytes.len() + data.len() > limits.body {
                    return Err(Refusal::TooLarge);
                }
                let kibibytes = u32::try_from(data.len() / 1024 + 1).unwrap_or(u32::MAX);
                let room = self.bodies.try_acquire_many(kibibytes);
                taken.room.push(room.map_err(|_| Refusal::NotStored)?);
                taken.bytes.extend_from_slice(&data);
            }
            Ok(taken)
        };
        tokio::time::timeout(limits.patience, reading)
            .await
            .unwrap_or(Err(Refusal::TooSlow))
    }

    /// Stores a push; it is on disk when this returns.
    async fn store(&self, shop: &Shop, opened: &Opened) -> Result<(), Refusal> {
        let old = now() - opened.timestamp > OLD_SECONDS;
        // A plain signature does not cover the body: whoever saw one could put anything under it.
        if old && opened.mode == Mode::Plain {
            return Err(Refusal::Replayed);
        }
        let event = events::decode(&opened.fields);
        let only = &self.receiver.only;
        let goes_on =
            self.receiver.forward.is_some() && (only.is_empty() || only.contains(&event.event));
        let mut push = new_push(&shop.key, opened, &event, goes_on);
        push.old = old;
        let kept = self.receiver.log.keep(push).await;
        let appid = shop.account.appid.clone();
        match kept {
            Ok(Kept::New(id)) => {
                if let Some(forward) = &self.receiver.forward {
                    forward.wake();
                }
                let summary = event.summary();
                (self.receiver.watch)(Happening::Stored { id, appid, summary });
                Ok(())
            }
            Ok(Kept::Again(id)) => {
                (self.receiver.watch)(Happening::Again { id, appid });
                Ok(())
            }
            Ok(Kept::Replayed) => Err(Refusal::Replayed),
            Err(_) => Err(Refusal::NotStored),
        }
    }
}

/// What is stored of a push.
pub fn new_push(shop: &str, opened: &Opened, event: &events::Event, forward: bool) -> NewPush {
    NewPush {
        shop: shop.to_owned(),
        key: event.key(&opened.message),
        mark: Some(opened.mark),
        old: false,
        event: event.event.clone(),
        family: event.family.to_owned(),
        object: event.object.to_owned(),
        number: event.number.clone(),
        state: event.state.clone(),
        lane: event.lane(),
        names: event.names.clone(),
        created_at: event.created,
        received_at: milliseconds(),
        origin: "pushed",
        mode: opened.mode.name(),
        format: opened.format.name(),
        message: opened.message.clone(),
        fields: serde_json::Value::Object(event.fields.clone()).to_string(),
        forward,
    }
}
