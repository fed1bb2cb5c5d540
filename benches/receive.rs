//! `cargo bench --bench receive`: how many encrypted pushes a second are stored durably and answered, while the target
//! that they are handed on to is down.
//!
//! The receiver is the real binary with its state on the disk of the temporary folder; `TMPDIR` chooses another one.
//! Pushes are sealed beforehand and sent over 64 connections from this process, on the same cores. Two figures:
//! as fast as it goes, and at a fixed pace, where a push that could not be sent in time counts as late from the moment
//! it was due. `cargo bench --bench receive -- quick` runs a tenth, `-- hostile` only the last part: how long a true push
//! takes while 600 connections of one hostile kind are held open, and made anew as soon as they are closed. Words behind
//! it choose kinds: `-- hostile read`.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wxsell::profile::{SANDBOX_PUSH_AES_KEY, SANDBOX_PUSH_TOKEN};
use wxsell::push::{Account, AesKey, Format, Mode, Stamp, seal};
use wxsell::sandbox::APPID as SANDBOX_APPID;
use wxsell::state::State;
use wxsell::types::{Secret, now};

const CONNECTIONS: usize = 64;
const PACES: [usize; 2] = [2_000, 3_000];

/// Hostile connections at once.
const HOSTILE: usize = 600;
/// True pushes beside them.
const TRUE_PUSHES: usize = 500;

fn main() {
    let quick = std::env::args().any(|arg| arg == "quick");
    if !std::env::args().any(|arg| arg == "hostile") {
        load(quick);
    }
    besieged();
}

fn load(quick: bool) {
    let seconds = if quick { 2 } else { 20 };
    let folder = tempfile::tempdir().expect("a folder");
    let mut receiver = Receiver::start(folder.path());
    let mut order = 0;
    let (rate, took) = measure(
        &receiver.address,
        requests(&mut order, 2_000 * seconds),
        None,
    );
    say("as fast as it goes", &rate, &took);
    for pace in PACES {
        let (rate, took) = measure(
            &receiver.address,
            requests(&mut order, pace * seconds),
            Some(pace),
        );
        say(&format!("at a pace of {pace} a second"), &rate, &took);
    }
    let peak = receiver.peak_mb();
    receiver.kill();
    let state = State::open(folder.path()).expect("the state");
    let stored = state.newest_push().expect("a count");
    assert_eq!(stored, order as i64, "answered and not stored");
    line(&format!(
        "after kill -9: {stored} of {order} answered events are stored; the receiver used {peak} MB at most"
    ));
}

/// What a hostile connection does, by name.
#[derive(Clone, Copy)]
enum Hostile {
    Silent,
    SlowHead,
    Announcing,
    Deaf,
}

/// A true push beside hostile connections of every kind.
fn besieged() {
    let kinds = [
        ("say nothing", Hostile::Silent),
        ("send a head a letter at a time", Hostile::SlowHead),
        (
            "announce an unsigned body of 1 MB and send nothing",
            Hostile::Announcing,
        ),
        ("send requests and read no answer", Hostile::Deaf),
    ];
    let words: Vec<String> = std::env::args()
        .skip_while(|arg| arg != "hostile")
        .collect();
    let words: Vec<&String> = words
        .iter()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    for (name, kind) in kinds {
        if !words.is_empty() && !words.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let mut receiver = Receiver::start(folder.path());
        let address = receiver.address.clone();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let hostile = std::thread::spawn(move || attack(&address, kind, &stopped));
        std::thread::sleep(Duration::from_secs(2));
        let (mut took, again) = true_pushes(&receiver.address);
        took.sort_unstable();
        drop(stop);
        let made = hostile.join().expect("no panic");
        let at =
            |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
        line(&format!(
            "{HOSTILE} connections that {name} ({made} made): a true push p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms; {again} sent again; the receiver used {} MB at most",
            at(0.5),
            at(0.99),
            at(1.0),
            receiver.peak_mb()
        ));
        receiver.kill();
    }
}

/// Holds the connections until it is told to stop; gives how many were made.
fn attack(address: &str, kind: Hostile, stopped: &std::sync::mpsc::Receiver<()>) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let made = Arc::new(AtomicUsize::new(0));
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..HOSTILE {
            let (made, address) = (made.clone(), address.to_owned());
            tasks.spawn(async move {
                loop {
                    if let Ok(stream) = tokio::net::TcpStream::connect(&address).await {
                        made.fetch_add(1, Ordering::Relaxed);
                        hold(stream, kind).await;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        }
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tasks.shutdown().await;
    });
    made.load(Ordering::Relaxed)
}

/// Until the receiver closes it.
async fn hold(mut stream: tokio::net::TcpStream, kind: Hostile) {
    let mut byte = [0];
    match kind {
        Hostile::Silent => drop(stream.read(&mut byte).await),
        Hostile::SlowHead => {
            for letter in b"POST /wechat HTTP/1.1\r\nHost: x\r\nX: "
                .iter()
                .chain(b"y".iter().cycle())
            {
                if stream.write_all(&[*letter]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        Hostile::Announcing => {
            let head = b"POST /wechat?signature=0&timestamp=0&nonce=0 HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n";
            let _ = stream.write_all(head).await;
            while stream.read(&mut byte).await.is_ok_and(|read| read > 0) {}
        }
        Hostile::Deaf => {
            let many = b"GET /wechat?signature=0&timestamp=0&nonce=0 HTTP/1.1\r\nHost: x\r\n\r\n"
                .repeat(100);
            while stream.write_all(&many).await.is_ok() {}
        }
    }
}

/// How long each push took, from its first connection to the answer, and how many were sent more than once.
fn true_pushes(address: &str) -> (Vec<Duration>, usize) {
    let mut again = 0;
    let made = requests(&mut 0, TRUE_PUSHES);
    let took = made.iter().map(|request| {
        let started = Instant::now();
        while push(address, request).is_none() {
            again += 1;
        }
        let took = started.elapsed();
        std::thread::sleep(Duration::from_millis(10));
        took
    });
    let took = took.collect();
    (took, again)
}

fn push(address: &str, request: &[u8]) -> Option<()> {
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    stream.write_all(request).ok()?;
    let mut answer = [0; 1_024];
    let read = std::io::Read::read(&mut stream, &mut answer).ok()?;
    answer[..read].ends_with(b"success").then_some(())
}

fn line(words: &str) {
    writeln!(std::io::stdout(), "{words}").expect("written");
}

fn say(what: &str, rate: &f64, took: &[Duration]) {
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
    line(&format!(
        "{what}: {rate:.0} events/s stored and answered; p50 {:.1} ms, p99 {:.1} ms, p99.9 {:.1} ms, longest {:.1} ms",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    ));
}

struct Receiver {
    child: Child,
    address: String,
}

impl Receiver {
    fn start(state: &std::path::Path) -> Receiver {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wxsell"))
            .args([
                "--profile",
                "sandbox",
                "event",
                "listen",
                "--port",
                "0",
                "--quiet",
            ])
            .args([
                "--format",
                "ndjson",
                "--forward-to",
                "http://127.0.0.1:9/dead",
            ])
            .env("WXSELL_STATE_DIR", state)
            .env("WXSELL_CONFIG_DIR", state.join("config"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut said = String::new();
        BufReader::new(child.stdout.take().expect("its output"))
            .read_line(&mut said)
            .expect("a line");
        let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        let url = said["url"].as_str().expect("an address");
        let address = url.split('/').nth(2).expect("an address").to_owned();
        Receiver { child, address }
    }

    /// Memory at its highest, where the system tells.
    fn peak_mb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or(0) / 1_024
    }

    fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("it ends");
    }
}

/// Ready-made pushes of different orders.
fn requests(order: &mut usize, count: usize) -> Arc<Vec<Vec<u8>>> {
    let account = Account {
        appid: SANDBOX_APPID.into(),
        token: Secret::new(SANDBOX_PUSH_TOKEN),
        key: AesKey::from_encoded(SANDBOX_PUSH_AES_KEY),
        previous: None,
    };
    let made = (0..count).map(|_| {
        *order += 1;
        let event = serde_json::json!({"ToUserName": "gh_0123456789ab", "FromUserName": "oExampleOpenid0000000000001",
            "CreateTime": now(), "MsgType": "event", "Event": "open_product_order_pay", "order_info": {
            "order_id": 3_307_243_203_000_000_000_u64 + *order as u64, "out_order_id": format!("WX{order}"),
            "transaction_id": "4200000000202204010000000001", "pay_time": "2022-04-01 12:01:30", "amount": 1250}});
        let sealed = seal(&event, &account, Format::Json, Mode::Safe, &Stamp::now()).expect("sealed");
        format!(
            "POST /wechat?{} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}",
            sealed.query,
            sealed.body.len(),
            sealed.body
        )
        .into_bytes()
    });
    Arc::new(made.collect())
}

/// Sends all requests; gives the rate and how long each took, sorted. With a pace, from when it was due.
fn measure(
    address: &str,
    requests: Arc<Vec<Vec<u8>>>,
    pace: Option<usize>,
) -> (f64, Vec<Duration>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let count = requests.len();
    let mut took = runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (requests, next, address) = (requests.clone(), next.clone(), address.to_owned());
            tasks.spawn(async move {
                let mut stream = tokio::net::TcpStream::connect(&address)
                    .await
                    .expect("it listens");
                stream.set_nodelay(true).expect("set");
                let mut took = Vec::new();
                let mut answer = [0_u8; 1_024];
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(request) = requests.get(index) else {
                        return took;
                    };
                    let due = match pace {
                        Some(pace) => started + Duration::from_secs_f64(index as f64 / pace as f64),
                        None => Instant::now(),
                    };
                    tokio::time::sleep_until(due.into()).await;
                    stream.write_all(request).await.expect("written");
                    let read = stream.read(&mut answer).await.expect("answered");
                    assert!(answer[..read].ends_with(b"success"), "not taken");
                    took.push(due.elapsed());
                }
            });
        }
        tasks.join_all().await.concat()
    });
    let rate = count as f64 / started.elapsed().as_secs_f64();
    took.sort_unstable();
    (rate, took)
}
