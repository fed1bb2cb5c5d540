//! The receiver in this process, with limits small enough to be met: slow senders, many connections, TLS.

use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wxsell::push::receiver::{Limits, Receiver, Shop, tls};
use wxsell::push::{Account, AesKey, Format, Mode, Stamp, seal, signature};
use wxsell::state::State;
use wxsell::state::pushes::PushLog;
use wxsell::types::{Secret, now};

fn account() -> Account {
    Account {
        appid: "wx0000000000000001".into(),
        token: Secret::new("merchantPushToken01"),
        key: AesKey::from_encoded("K7dQ2mVx9TzYb4LsR8nWcE1uHf6PjXa3GoMtZi5ByND"),
        previous: None,
    }
}

/// Starts a receiver, lets `test` talk to it, stops it, and gives its state.
fn with_receiver<F: Future<Output = ()>>(
    limits: Limits,
    test: impl FnOnce(std::net::SocketAddr) -> F,
) -> (tempfile::TempDir, State) {
    serving(limits, None, test)
}

fn serving<F: Future<Output = ()>>(
    limits: Limits,
    tls: Option<Arc<rustls::ServerConfig>>,
    test: impl FnOnce(std::net::SocketAddr) -> F,
) -> (tempfile::TempDir, State) {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Arc::new(PushLog::open(folder.path()).expect("a log"));
    let shop = Shop {
        key: "wx1".into(),
        account: account(),
    };
    let receiver = Receiver {
        shops: HashMap::from([("/wechat".to_owned(), Arc::new(shop))]),
        log,
        state: Arc::new(State::open(folder.path()).expect("a state")),
        limits,
        safe_only: false,
        allow_plain: true,
        only: Vec::new(),
        forward: None,
        tls,
        watch: Box::new(|_| {}),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(receiver.serve(listener, async { drop(stopped.await) }));
        test(address).await;
        drop(stop);
        serving.await.expect("no panic").expect("served");
    });
    let state = State::open(folder.path()).expect("a state");
    (folder, state)
}

fn impatient() -> Limits {
    Limits {
        patience: Duration::from_millis(300),
        drain: Duration::from_secs(2),
        ..Limits::default()
    }
}

fn request(number: i64) -> Vec<u8> {
    let event = json!({"ToUserName": "gh", "Event": "open_product_order_confirm", "CreateTime": now(), "order_info": {"order_id": number}});
    let sealed = seal(&event, &account(), Format::Json, Mode::Safe, &Stamp::now()).expect("sealed");
    format!(
        "POST /wechat?{} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}",
        sealed.query,
        sealed.body.len(),
        sealed.body
    )
    .into_bytes()
}

/// What hangs is a failure; a machine at work elsewhere is none.
const HANGS: Duration = Duration::from_secs(60);

/// What comes until the connection ends.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(HANGS, stream.read_to_end(&mut bytes));
    // A reset ends it as well.
    let _ = read.await.expect("the receiver hangs up");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn who_sends_slowly_is_cut_off() {
    let (_folder, state) = with_receiver(impatient(), |address| async move {
        let connect = || async { TcpStream::connect(address).await.expect("it listens") };
        // Nothing at all, half a head, a head that grows, and half a body.
        let mut silent = connect().await;
        let mut half = connect().await;
        half.write_all(b"POST /wechat HTTP/1.1\r\nHo")
            .await
            .expect("written");
        let mut body = connect().await;
        let whole = request(1);
        body.write_all(&whole[..whole.len() - 10])
            .await
            .expect("written");
        let mut dripping = connect().await;
        let dripped = async {
            while dripping.write_all(b"G").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let dripped = tokio::time::timeout(HANGS, dripped).await;
        dripped.expect("a drop at a time went on");
        for stream in [&mut silent, &mut half] {
            rest(stream).await;
        }
        let answer = rest(&mut body).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        // A connection that is kept open without a request ends as well.
        let mut idle = connect().await;
        idle.write_all(&request(2)).await.expect("written");
        let answer = rest(&mut idle).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    });
    assert_eq!(state.newest_push().expect("read"), 1);
    let refused = state.push_refusals(None, 0).expect("read");
    assert_eq!(refused.len(), 1);
    assert_eq!(
        (refused[0].reason.as_str(), refused[0].count),
        ("too_slow", 1)
    );
}

#[test]
fn where_all_places_are_taken_the_silent_give_way() {
    // Patience with the silent ends long after the test.
    let limits = Limits {
        connections: 2,
        patience: Duration::from_secs(3600),
        ..Limits::default()
    };
    let (_folder, state) = with_receiver(limits, |address| async move {
        let mut held = Vec::new();
        for _ in 0..2 {
            held.push(TcpStream::connect(address).await.expect("it listens"));
        }
        let mut third = TcpStream::connect(address)
            .await
            .expect("the system takes it");
        third.write_all(&request(1)).await.expect("written");
        let mut answer = [0; 12];
        third.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 200");
        rest(&mut held[0]).await;
    });
    assert_eq!(state.newest_push().expect("read"), 1);
}

#[test]
fn a_refused_request_is_the_last_of_its_connection() {
    let (_folder, state) = with_receiver(Limits::default(), |address| async move {
        let forged = b"POST /wechat?signature=x&timestamp=1&nonce=2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
        let mut stranger = TcpStream::connect(address).await.expect("it listens");
        stranger
            .write_all(&forged.repeat(20))
            .await
            .expect("written");
        let answers = rest(&mut stranger).await;
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{answers}");
        assert!(answers.starts_with("HTTP/1.1 403"), "{answers}");
        assert!(answers.contains("connection: close"), "{answers}");
        // WeChat's own connections stay open.
        let mut good = TcpStream::connect(address).await.expect("it listens");
        for number in [1, 2] {
            good.write_all(&request(number)).await.expect("written");
            let mut answer = [0; 12];
            good.read_exact(&mut answer).await.expect("an answer");
            assert_eq!(&answer, b"HTTP/1.1 200");
            let mut more = [0; 4096];
            // Its head and body, up to the next answer.
            let read = good.read(&mut more).await.expect("the rest");
            assert!(more[..read].ends_with(b"success"), "{read}");
        }
    });
    assert_eq!(state.newest_push().expect("read"), 2);
}

#[test]
fn who_reads_no_answers_is_cut_off() {
    let (_folder, state) = with_receiver(impatient(), |address| async move {
        let mut deaf = TcpStream::connect(address).await.expect("it listens");
        // Tests of the address that are answered well, so that the connection stays open, with long answers.
        let (stamp, nonce, echo) = (now().to_string(), "n", "9".repeat(8 << 10));
        let signed = signature(&[account().token.expose(), &stamp, nonce]);
        let many = format!(
            "GET /wechat?signature={signed}&timestamp={stamp}&nonce={nonce}&echostr={echo} HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        .into_bytes()
        .repeat(50);
        let sent = async {
            // Until the answers fill all buffers on the way back, and then until it is cut off.
            while deaf.write_all(&many).await.is_ok() {}
        };
        tokio::time::timeout(HANGS, sent)
            .await
            .expect("it is cut off");
        let mut good = TcpStream::connect(address).await.expect("it listens");
        good.write_all(&request(1)).await.expect("written");
        let mut answer = [0; 12];
        good.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 200");
    });
    assert_eq!(state.newest_push().expect("read"), 1);
}

/// A plain push with this timestamp and nonce; signed well.
fn plain(timestamp: &str, nonce: &str, number: i64) -> Vec<u8> {
    let body = json!({"Event": "open_product_order_confirm", "CreateTime": 5, "order_info": {"order_id": number}}).to_string();
    let signed = signature(&[account().token.expose(), timestamp, nonce]);
    format!(
        "POST /wechat?signature={signed}&timestamp={timestamp}&nonce={nonce} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[test]
fn a_signature_serves_one_message_of_its_own_time() {
    let (_folder, state) = with_receiver(Limits::default(), |address| async move {
        let send = |bytes: Vec<u8>| async move {
            let mut stream = TcpStream::connect(address).await.expect("it listens");
            stream.write_all(&bytes).await.expect("written");
            rest(&mut stream).await
        };
        let now = now();
        let time = now.to_string();
        // That of an address test stands in access logs.
        let tested = wxsell::push::address_test(
            &account(),
            &Stamp {
                timestamp: now,
                nonce: "17".into(),
                random: [0; 16],
            },
            "e",
        );
        let test = format!("GET /wechat?{tested} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert!(send(test.into_bytes()).await.starts_with("HTTP/1.1 200"));
        assert!(
            send(plain(&time, "17", 1))
                .await
                .starts_with("HTTP/1.1 403")
        );
        // The same digits, divided otherwise, have the same signature.
        let old = (now - 3 * 86_400).to_string();
        assert!(
            send(plain(&format!("{old}9"), "87", 2))
                .await
                .starts_with("HTTP/1.1 403")
        );
        let ahead = (now + 86_400).to_string();
        assert!(
            send(plain(&ahead, "18", 3))
                .await
                .starts_with("HTTP/1.1 403")
        );
        assert!(send(plain(&time, "19", 4)).await.ends_with("success"));
        assert!(send(plain(&time, "19", 4)).await.ends_with("success"));
        assert!(
            send(plain(&time, "19", 5))
                .await
                .starts_with("HTTP/1.1 403")
        );
    });
    assert_eq!(state.newest_push().expect("read"), 1);
}

#[test]
fn an_unsigned_request_is_refused_before_its_body() {
    with_receiver(Limits::default(), |address| async move {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        let head = b"POST /wechat?timestamp=1&nonce=2&msg_signature=3 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
        stream.write_all(head).await.expect("written");
        let mut answer = [0; 12];
        let read = stream.read_exact(&mut answer);
        let read = tokio::time::timeout(HANGS, read).await;
        read.expect("at once").expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 403");
    });
}

#[test]
fn a_body_without_a_length_is_bounded_too() {
    let limits = Limits {
        body: 4_096,
        ..impatient()
    };
    with_receiver(limits, |address| async move {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        let time = now().to_string();
        let signed = signature(&[account().token.expose(), &time, "2"]);
        let head = format!(
            "POST /wechat?signature={signed}&timestamp={time}&nonce=2&msg_signature=3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("written");
        for _ in 0..100 {
            let chunk = [b"400\r\n".as_slice(), &[b'a'; 1024], b"\r\n"].concat();
            if stream.write_all(&chunk).await.is_err() {
                break;
            }
        }
        let answer = rest(&mut stream).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 413"),
            "{answer}"
        );
    });
}

/// Posts an event to a receiver whose certificate is trusted, over a connection of its own.
async fn post_trusting(pem: &[u8], address: std::net::SocketAddr) -> reqwest::Result<String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(pem).expect("a certificate")])
        .build()
        .expect("a client");
    let event = json!({"ToUserName": "gh", "Event": "debug_demo", "CreateTime": 5});
    let sealed = seal(&event, &account(), Format::Xml, Mode::Safe, &Stamp::now()).expect("sealed");
    let port = address.port();
    let url = format!("https://localhost:{port}/wechat?{}", sealed.query);
    let answer = client.post(url).body(sealed.body).send().await?;
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.content_length(), Some(7));
    answer.text().await
}

const CERTIFICATE: &[u8] = include_bytes!("data/tls/cert.pem");
const KEY: &[u8] = include_bytes!("data/tls/key.pem");

#[test]
fn its_own_certificate_serves_https_and_is_read_again_when_it_is_renewed() {
    let renewed = include_bytes!("data/tls/renewed.pem");
    let renewed_key = include_bytes!("data/tls/renewed-key.pem");
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    let write = |path: &std::path::Path, content: &[u8]| {
        std::fs::write(path, content).expect("a file");
    };
    write(&certificate, CERTIFICATE);
    write(&key, KEY);
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = told.clone();
    let config = tls(&certificate, &key, move |text| {
        telling.lock().expect("not poisoned").push(text.to_string());
    });
    let last = || told.lock().expect("not poisoned").last().cloned();
    let (_folder, state) = serving(
        Limits::default(),
        Some(config.expect("TLS")),
        async |address| {
            let answer = post_trusting(CERTIFICATE, address).await;
            assert_eq!(answer.expect("an answer"), "success");
            assert_eq!(last(), None);
            // Half of a renewal: the certificate is not that of the key, so that the former one goes on.
            write(&certificate, renewed);
            let answer = post_trusting(CERTIFICATE, address).await;
            assert_eq!(answer.expect("an answer"), "success");
            let why = last().expect("it is told");
            assert!(why.contains("the previous one stays in use"), "{why}");
            write(&key, renewed_key);
            let answer = post_trusting(renewed, address).await;
            assert_eq!(answer.expect("an answer"), "success");
            let why = last().expect("it is told");
            assert!(why.contains("was read again"), "{why}");
            let refused = post_trusting(CERTIFICATE, address).await;
            assert!(refused.is_err(), "the former one is served");
            // A file that is gone for a moment, as a program that replaces it may do.
            std::fs::remove_file(&key).expect("it goes");
            let answer = post_trusting(renewed, address).await;
            assert_eq!(answer.expect("an answer"), "success");
        },
    );
    assert_eq!(
        state.newest_push().expect("read"),
        1,
        "one event, pushed again"
    );
    assert!(tls(&certificate, &key, |_| {}).is_err(), "no key");
}

#[test]
fn a_ticket_of_a_service_provider_is_kept_and_an_older_one_does_not_replace_it() {
    let push = |ticket: &str, at: i64, mode: Mode| {
        let event = json!({"AppId": account().appid, "CreateTime": at, "InfoType": "component_verify_ticket", "ComponentVerifyTicket": ticket});
        let sealed = seal(&event, &account(), Format::Xml, mode, &Stamp::now()).expect("sealed");
        format!(
            "POST /wechat?{} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
            sealed.query,
            sealed.body.len(),
            sealed.body
        )
    };
    let at = now();
    let pushes = [
        push("ticket@@@second", at, Mode::Safe),
        push("ticket@@@first", at - 600, Mode::Safe),
        push("ticket@@@forged", at + 600, Mode::Plain),
    ];
    let (_folder, state) = with_receiver(Limits::default(), |address| async move {
        for push in pushes {
            let mut stream = TcpStream::connect(address).await.expect("it listens");
            stream.write_all(push.as_bytes()).await.expect("written");
            let answer = rest(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    });
    let kept = state.ticket("wx1").expect("read").expect("a ticket");
    assert_eq!(
        (kept.token.expose(), kept.fetched_at, kept.expires_at),
        ("ticket@@@second", at, at + 12 * 3600)
    );
}

/// What a stranger may send: a good message or a half of two, with bytes changed, cut out, doubled or put in.
struct Sender {
    dice: fastrand::Rng,
    good: Vec<(String, Vec<u8>)>,
}

/// What parsers stumble over.
const STONES: &[&[u8]] = &[
    b"<",
    b"<xml>",
    b"</xml>",
    b"<![CDATA[",
    b"]]>",
    b"<!DOCTYPE xml [<!ENTITY a \"b\">]>",
    b"&a;",
    b"&#x110000;",
    b"&#0;",
    b"{",
    b"}",
    b"[",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"Encrypt",
    b"\"Encrypt\":",
    b"null",
    b"-",
    b"1e999",
    b"99999999999999999999",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\0",
    b"=",
    b"%",
    b"&",
    b"+",
    b"<a><a><a><a>",
    b"[[[[[[[[",
];

impl Sender {
    fn new(seed: u64) -> Sender {
        let stamp = Stamp {
            timestamp: 1_760_000_042,
            nonce: "1183650274".into(),
            random: *b"0123456789abcdef",
        };
        let messages = [
            json!({"ToUserName": "gh", "FromUserName": "o", "CreateTime": 1_760_000_042, "MsgType": "event",
                "Event": "open_product_order_pay", "order_info": {"order_id": 3_307_243_203_710_027_776_u64,
                    "out_order_id": "WX1", "amount": 1250, "pay_time": "2022-04-01 12:00:00",
                    "promotion_detail_info": {"promotion_detail_list": [{"coupon_id": 1, "goods_detail": [{"goods_id": 2}]}]}}}),
            json!({"ToUserName": "gh", "CreateTime": 5, "Event": "open_product_scene_group_audit", "SceneGroupAudit":
                {"group_id": 1, "scene_group_ext_list": [{"ext_id": 1, "status": 2}, {"ext_id": 2, "status": 1}]}}),
            json!({"AppId": "wx0000000000000001", "CreateTime": 5, "InfoType": "authorized", "AuthorizerAppid": "wx2"}),
        ];
        let mut good = Vec::new();
        for message in &messages {
            for format in [Format::Json, Format::Xml] {
                for mode in [Mode::Plain, Mode::Compatible, Mode::Safe] {
                    let sealed = seal(message, &account(), format, mode, &stamp).expect("sealed");
                    good.push((sealed.query, sealed.body.into_bytes()));
                }
            }
        }
        Sender {
            dice: fastrand::Rng::with_seed(seed),
            good,
        }
    }

    fn spoil(&mut self, bytes: &mut Vec<u8>) {
        let dice = &mut self.dice;
        let at = dice.usize(..=bytes.len());
        let length = dice.usize(..=16.min(bytes.len() - at));
        match dice.u8(..6) {
            0 => drop(bytes.drain(at..at + length)),
            1 => {
                let again = bytes[at..at + length].to_vec();
                drop(bytes.splice(at..at, again));
            }
            2 => bytes.truncate(at),
            3 => {
                let stone = STONES[dice.usize(..STONES.len())];
                drop(bytes.splice(at..at, stone.iter().copied()));
            }
            4 if at < bytes.len() => bytes[at] ^= 1 << dice.u8(..8),
            _ if at < bytes.len() => bytes[at] = dice.u8(..),
            _ => {}
        }
    }

    /// A ciphertext that was changed and signed for all that: what lies behind the signature must bear it too.
    fn signed(&mut self) -> Option<(String, Vec<u8>)> {
        let (_, body) = &self.good[self.dice.usize(..self.good.len())];
        let body: serde_json::Value = serde_json::from_slice(body).ok()?;
        let mut encrypted = body["Encrypt"].as_str()?.as_bytes().to_vec();
        for _ in 0..self.dice.usize(..3) {
            self.spoil(&mut encrypted);
        }
        let encrypted = String::from_utf8_lossy(&encrypted).into_owned();
        let signed = signature(&["merchantPushToken01", "1760000042", "77", &encrypted]);
        let query =
            format!("timestamp=1760000042&nonce=77&encrypt_type=aes&msg_signature={signed}");
        let body = json!({"ToUserName": "gh", "Encrypt": encrypted}).to_string();
        Some((query, body.into_bytes()))
    }

    /// A query and a body; both may be good.
    fn next(&mut self) -> (String, Vec<u8>) {
        if self.dice.u8(..3) == 0
            && let Some(signed) = self.signed()
        {
            return signed;
        }
        let (mut query, _) = self.good[self.dice.usize(..self.good.len())].clone();
        let (own, mut body) = self.good[self.dice.usize(..self.good.len())].clone();
        // Mostly the right signature, so that what lies behind it is reached.
        if self.dice.u8(..10) > 0 {
            query = own;
        }
        for _ in 0..self.dice.usize(..4) {
            self.spoil(&mut body);
        }
        if self.dice.u8(..10) == 0 {
            let mut bytes = query.into_bytes();
            self.spoil(&mut bytes);
            query = String::from_utf8_lossy(&bytes).into_owned();
        }
        (query, body)
    }
}

/// Memory of this process in kibibytes, where the system tells.
fn memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Lets the parser of the receiver read so many inputs: query, signature, decryption, XML and JSON, fields and key. It
/// may refuse what it likes and must neither panic nor keep memory.
#[expect(clippy::print_stderr, reason = "figures for who runs it by hand")]
fn parsed(inputs: u64) {
    let mut sender = Sender::new(11);
    let account = account();
    let (mut taken, mut refused) = (0_u64, std::collections::BTreeMap::new());
    let mut before = None;
    let started = std::time::Instant::now();
    for number in 0..inputs {
        // What is needed for the first inputs is needed anyway.
        if number == inputs / 10 {
            before = memory();
        }
        let (query, body) = sender.next();
        match wxsell::push::open(&account, &wxsell::push::Query::parse(&query), &body) {
            Ok(opened) => {
                taken += 1;
                let event = wxsell::push::events::decode(&opened.fields);
                assert!(event.key(&opened.message).len() <= 512);
                drop((event.lane(), event.summary().to_string()));
            }
            Err(refusal) => *refused.entry(refusal.name()).or_insert(0_u64) += 1,
        }
    }
    let grown = memory().zip(before).map(|(after, before)| after - before);
    eprintln!(
        "{inputs} inputs in {:?}: {taken} taken, refused {refused:?}; memory grew by {grown:?} KiB",
        started.elapsed()
    );
    assert!(taken > inputs / 20, "{taken} were taken");
    for reason in [
        "unsigned",
        "forged",
        "malformed",
        "undecryptable",
        "other_account",
    ] {
        assert!(refused.contains_key(reason), "{reason}: {refused:?}");
    }
    if let Some(grown) = grown {
        assert!(grown < 16 * 1024, "memory grew by {grown} KiB");
    }
}

/// In a process that does nothing else, so that its memory is that of the parser: this one, started again.
#[test]
fn whatever_is_sent_is_read_or_refused() {
    let child = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args([
            "receiver::twenty_thousand_inputs",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .output()
        .expect("it starts");
    let words = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && words.contains("1 passed"),
        "{words}{}",
        String::from_utf8_lossy(&child.stderr)
    );
}

#[test]
#[ignore = "the process that whatever_is_sent_is_read_or_refused starts"]
fn twenty_thousand_inputs() {
    parsed(20_000);
}

/// `cargo test --release --test all receiver::ten_million -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes"]
fn ten_million_inputs_are_read_or_refused() {
    parsed(10_000_000);
}
