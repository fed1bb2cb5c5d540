//! What the benches of uploads share: a loopback server, a bare loop beside it, and the binary with its memory watched.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const AT_ONCE: usize = 32;
pub const BINARY: &str = env!("CARGO_BIN_EXE_wxsell");

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
pub fn say(what: &str, figure: &str) {
    println!("{what:<55} {figure}");
}

pub struct Measured {
    pub seconds: f64,
    pub peak_mb: u64,
}

/// Runs the binary with a state of its own for each server and watches its memory, where the system shows it.
pub fn wxsell(folder: &Path, server: &Server, args: &[&str]) -> Measured {
    let started = Instant::now();
    let mut child = Command::new(BINARY)
        .args(args)
        .env("WXSELL_CONFIG_DIR", folder.join("config"))
        .env("WXSELL_STATE_DIR", folder.join("state"))
        .env("WXSELL_APPID", "wx0000000000000001")
        .env("WXSELL_APP_SECRET", "bench")
        .env("WXSELL_BASE_URL", format!("http://{}", server.address))
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut peak_mb = 0;
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        let memory =
            std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let kb = memory
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak_mb = peak_mb.max(kb.unwrap_or(0) / 1024);
        std::thread::sleep(Duration::from_millis(5));
    };
    let seconds = started.elapsed().as_secs_f64();
    assert!(status.success(), "{args:?} ended with {status}");
    Measured { seconds, peak_mb }
}

/// What a server answers to a request line and a body.
pub type Answer = fn(&str, &[u8]) -> String;

/// Answers every call as the platform does on success; with a rate, refuses writes that come faster.
pub struct Server {
    pub address: SocketAddr,
    /// Calls that were answered.
    pub calls: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

impl Server {
    /// `limited` is the path to which the rate applies.
    pub fn start(rate: Option<f64>, limited: &'static str, answer: Answer) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let calls = Arc::new(AtomicU64::new(0));
        let counted = calls.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        std::thread::spawn(move || {
            runtime.block_on(async move {
                listener.set_nonblocking(true).expect("non-blocking");
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                // A leaky bucket with a burst of a fifth of a second, as nginx counts.
                let bucket = Arc::new(Mutex::new((0.0f64, Instant::now())));
                while let Ok((stream, _)) = listener.accept().await {
                    if stopped.load(Ordering::Relaxed) {
                        return;
                    }
                    let limit = rate.map(|rate| (rate, limited, bucket.clone()));
                    tokio::spawn(serve(stream, limit, answer, counted.clone()));
                }
            });
        });
        Server {
            address,
            calls,
            stop,
        }
    }
}

const LIMITED: &str = r#"{"errcode":45009,"errmsg":"reach max api daily quota limit rid: 0-0-0"}"#;

/// Calls a second, the path they count for, and the bucket.
type Limit = (f64, &'static str, Arc<Mutex<(f64, Instant)>>);

async fn serve(
    mut stream: tokio::net::TcpStream,
    limit: Option<Limit>,
    answer: Answer,
    calls: Arc<AtomicU64>,
) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let _ = stream.set_nodelay(true);
    let mut held: Vec<u8> = Vec::with_capacity(16 * 1024);
    loop {
        let (head, end) = loop {
            if let Some(end) = request_end(&held) {
                break end;
            }
            match stream.read_buf(&mut held).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        };
        calls.fetch_add(1, Ordering::Relaxed);
        let line = &held[..held.iter().position(|byte| *byte == b'\r').unwrap_or(0)];
        let line = std::str::from_utf8(line).unwrap_or_default();
        let full = limit
            .as_ref()
            .is_some_and(|(rate, path, bucket)| line.contains(path) && overflows(bucket, *rate));
        let body = match full {
            true => LIMITED.to_owned(),
            false if line.contains("/cgi-bin/") => {
                r#"{"access_token":"T0KEN_bench_0123456789","expires_in":7200}"#.to_owned()
            }
            false => answer(line, &held[head..end]),
        };
        held.drain(..end);
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn overflows(bucket: &Mutex<(f64, Instant)>, rate: f64) -> bool {
    let mut bucket = bucket.lock().expect("a bucket");
    let now = Instant::now();
    let level = (bucket.0 - rate * (now - bucket.1).as_secs_f64()).max(0.0);
    bucket.1 = now;
    let full = level > rate / 5.0;
    bucket.0 = if full { level } else { level + 1.0 };
    full
}

/// Where the head and the whole of the first request in `held` end, if all of it is there.
fn request_end(held: &[u8]) -> Option<(usize, usize)> {
    let head = held.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&held[..head]).ok()?;
    let length = text
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")
                .map(|rest| rest.trim().parse::<usize>().unwrap_or(0))
        })
        .unwrap_or(0);
    (held.len() >= head + length).then_some((head, head + length))
}

/// Requests a second over 32 connections that do nothing else.
pub fn ceiling(address: SocketAddr, path: &str, rows: usize) -> f64 {
    let body = "x".repeat(900);
    let request = format!(
        "POST {path}?access_token=T HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let left = Arc::new(AtomicU64::new(rows as u64));
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..AT_ONCE {
            let (request, left) = (request.clone(), left.clone());
            tasks.spawn(async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let mut stream = tokio::net::TcpStream::connect(address)
                    .await
                    .expect("a connection");
                let mut answer = [0u8; 2048];
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                        left.checked_sub(1)
                    })
                    .is_ok()
                {
                    stream.write_all(request.as_bytes()).await.expect("written");
                    assert!(stream.read(&mut answer).await.expect("answered") > 0);
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    });
    rows as f64 / started.elapsed().as_secs_f64()
}
