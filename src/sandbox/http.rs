//! Real HTTP on a socket of our own, so that a fault can cut the connection where a framework would not let it.

use super::faults::{self, Fault, Kind, Plan};
use super::router::{Body as CallBody, Call, Picture};
use super::{Answer, Sandbox};
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest, Multipart, State};
use axum::http::request::Parts;
use axum::http::{Request, Response, header};
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// More than any call of the platform needs; a picture above 2 MB must still arrive to be refused.
const MAX_BODY: usize = 32 << 20;

type Shop = Arc<Mutex<Sandbox>>;

/// Answers until `stop` ends. Connections that are open then are dropped; every call is one transaction, so none is
/// left half done.
pub async fn serve(
    shop: Sandbox,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<()> {
    let app = axum::Router::new()
        .fallback(answer)
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::new(Mutex::new(shop)))
        .into_make_service_with_connect_info::<Peer>();
    tokio::select! {
        served = async { axum::serve(Loopback(listener), app).await } => served.map_err(|error| {
            Failure::network(text!("the sandbox stopped: {error}", error = error.to_string())).into()
        }),
        () = stop => Ok(()),
    }
}

fn lock(shop: &Shop) -> MutexGuard<'_, Sandbox> {
    // A rule that panicked left its transaction rolled back; the shop is as it was before.
    shop.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    State(shop): State<Shop>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    // WeChat's gateway takes no chunked requests.
    if parts.headers.contains_key(header::TRANSFER_ENCODING) {
        return page(
            412,
            "text/html",
            "<html><head><title>412 Precondition Failed</title></head></html>",
        );
    }
    let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
        return page(
            413,
            "text/html",
            "<html><head><title>413 Request Entity Too Large</title></head></html>",
        );
    };
    let call = read(parts, bytes, &peer).await;
    let came = crate::clock::reading();
    let plan = lock(&shop).draw(&call);
    strike(&shop, call, came, plan, &peer.cut).await
}

/// Lets a call meet what was planned for it.
async fn strike(shop: &Shop, call: Call, came: Duration, plan: Plan, cut: &Cut) -> Response<Body> {
    if plan.delay_milliseconds > 0 {
        crate::clock::elapse(came, Duration::from_millis(plan.delay_milliseconds)).await;
    }
    let Some(Fault { kind, after, .. }) = plan.fault else {
        return json(lock(shop).answer(&call, "", None));
    };
    let word = kind.word();
    let carry_out = || lock(shop).answer(&call, word, None);
    let give_up = |status: u16| {
        if after {
            drop(carry_out())
        } else {
            lock(shop).note(&call, word, status)
        }
    };
    match kind {
        // Never planned: a delay is no end.
        Kind::Latency { .. } => json(carry_out()),
        Kind::Timeout { seconds } => {
            give_up(0);
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            cut.set(CutAt::Now);
            page(504, "text/plain", "")
        }
        Kind::Reset => {
            give_up(0);
            cut.set(CutAt::Now);
            page(502, "text/plain", "")
        }
        Kind::Status { status } => {
            give_up(status);
            page(
                status,
                "text/html",
                "<html><head><title>Bad Gateway</title></head><body>nginx</body></html>",
            )
        }
        Kind::Html => {
            give_up(200);
            page(
                200,
                "text/html",
                "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>",
            )
        }
        Kind::Reply { json } => {
            give_up(200);
            page(200, "application/json", json)
        }
        Kind::Half => {
            cut.set(CutAt::Half);
            json(carry_out())
        }
        Kind::Errcode { errcode, errmsg } => {
            json(lock(shop).answer(&call, word, Some((errcode, &errmsg))))
        }
        Kind::GzipBomb { mebibytes } => {
            give_up(200);
            let mut bomb = page(200, "application/json", "");
            bomb.headers_mut().insert(
                header::CONTENT_ENCODING,
                header::HeaderValue::from_static("gzip"),
            );
            *bomb.body_mut() = Body::from(faults::gzip_bomb(mebibytes));
            bomb
        }
        Kind::Redirect { to } => {
            give_up(302);
            let mut away = page(302, "text/html", "");
            if let Ok(to) = header::HeaderValue::from_str(&to) {
                away.headers_mut().insert(header::LOCATION, to);
            }
            away
        }
    }
}

fn json(answer: Answer) -> Response<Body> {
    if let Some(file) = answer.file {
        return page(answer.status, "application/octet-stream", file);
    }
    let kind = match answer.status {
        200 => "application/json; encoding=utf-8",
        _ => "text/html",
    };
    page(answer.status, kind, answer.body)
}

fn page(status: u16, kind: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() =
        axum::http::StatusCode::from_u16(status).unwrap_or(axum::http::StatusCode::BAD_GATEWAY);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}

/// The call in a request; a form is read for its file.
async fn read(parts: Parts, bytes: Bytes, peer: &Peer) -> Call {
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let is_form = content_type.starts_with("multipart/form-data");
    let mut call = Call {
        method: parts.method.to_string(),
        path: parts.uri.path().into(),
        query: parts.uri.query().unwrap_or_default().into(),
        body: CallBody::Plain(Vec::new()),
        client_ip: peer.address.ip().to_canonical().to_string(),
    };
    call.body = if is_form {
        // A form that cannot be read has no file.
        CallBody::Picture(
            picture(Request::from_parts(parts, Body::from(bytes)))
                .await
                .unwrap_or_default(),
        )
    } else {
        CallBody::Plain(bytes.into())
    };
    call
}

async fn picture(request: Request<Body>) -> Option<Picture> {
    let mut form = Multipart::from_request(request, &()).await.ok()?;
    let mut picture = Picture::default();
    while let Some(field) = form.next_field().await.ok()? {
        match field.name() {
            Some("media") => {
                picture.file_name = field.file_name().map(str::to_owned);
                picture.content_type = field.content_type().map(str::to_owned);
                picture.bytes = field.bytes().await.ok()?.into();
            }
            Some("resp_type") => picture.resp_type = field.text().await.ok(),
            _ => {}
        }
    }
    Some(picture)
}

/// Where a connection is to be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum CutAt {
    Nowhere,
    /// Before another byte leaves, with a TCP reset.
    Now,
    /// In the middle of the next answer's body.
    Half,
    /// The half is out: end the connection.
    Over,
}

/// Shared between a connection and the calls on it.
#[derive(Debug, Default)]
struct Cut(AtomicU8);

impl Cut {
    fn set(&self, at: CutAt) {
        self.0.store(at as u8, Ordering::Relaxed);
    }

    fn get(&self) -> CutAt {
        [CutAt::Nowhere, CutAt::Now, CutAt::Half, CutAt::Over]
            .into_iter()
            .find(|at| *at as u8 == self.0.load(Ordering::Relaxed))
            .unwrap_or(CutAt::Nowhere)
    }
}

#[derive(Clone)]
struct Peer {
    address: SocketAddr,
    cut: Arc<Cut>,
}

impl Connected<IncomingStream<'_, Loopback>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Loopback>) -> Peer {
        Peer {
            address: *stream.remote_addr(),
            cut: stream.io().cut.clone(),
        }
    }
}

/// Hands out connections that can be cut.
struct Loopback(TcpListener);

impl Listener for Loopback {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Without it a small answer may wait for the acknowledgement of the one before; a failure costs only speed.
        drop(stream.set_nodelay(true));
        (
            Wire {
                stream,
                cut: Arc::default(),
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection that can be cut.
struct Wire {
    stream: TcpStream,
    cut: Arc<Cut>,
}

impl Wire {
    /// The error that ends a cut connection. Dropping the socket then sends a reset, or, after half an answer, an
    /// ordinary end, because a reset could take the half back.
    fn severed(&self) -> Option<io::Error> {
        match self.cut.get() {
            CutAt::Now => {
                drop(self.stream.set_zero_linger());
                Some(io::ErrorKind::ConnectionReset.into())
            }
            CutAt::Over => Some(io::ErrorKind::BrokenPipe.into()),
            CutAt::Nowhere | CutAt::Half => None,
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.severed() {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut self.stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(error) = self.severed() {
            return Poll::Ready(Err(error));
        }
        let half = self.cut.get() == CutAt::Half;
        let bytes = if half {
            &bytes[..half_an_answer(bytes)]
        } else {
            bytes
        };
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        if half {
            self.cut.set(CutAt::Over);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.severed() {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut self.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The length of the head and half the body.
fn half_an_answer(bytes: &[u8]) -> usize {
    const BLANK_LINE: &[u8] = b"\r\n\r\n";
    let head = bytes
        .windows(BLANK_LINE.len())
        .position(|window| window == BLANK_LINE);
    let head = head.map_or(0, |at| at + BLANK_LINE.len());
    head + (bytes.len() - head) / 2
}
