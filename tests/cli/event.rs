//! `event`: pushes over a real socket: what is taken, stored, handed on, refused and counted.
//!
//! Long because every promise of the receiver is tried over the same kind of socket.

use super::world::{Said, World, said};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use wxsell::profile::{SANDBOX_PUSH_AES_KEY, SANDBOX_PUSH_TOKEN};
use wxsell::push::{Account, AesKey, Format, Mode, Query, Stamp, address_test, open, seal};
use wxsell::sandbox::APPID as SANDBOX_APPID;
use wxsell::types::Secret;

pub fn account() -> Account {
    Account {
        appid: SANDBOX_APPID.into(),
        token: Secret::new(SANDBOX_PUSH_TOKEN),
        key: AesKey::from_encoded(SANDBOX_PUSH_AES_KEY),
        previous: None,
    }
}

/// A running `event listen`.
pub struct Listening {
    pub child: Child,
    /// `127.0.0.1:…`
    pub address: String,
}

impl Drop for Listening {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn listen(world: &World, args: &[&str]) -> Listening {
    listen_for(world, "sandbox", args)
}

/// As [`listen`], for another profile.
pub fn listen_for(world: &World, profile: &str, args: &[&str]) -> Listening {
    let whole = [
        &[
            "--profile",
            profile,
            "event",
            "listen",
            "--port",
            "0",
            "--format",
            "ndjson",
            "-q",
        ],
        args,
    ]
    .concat();
    listening(&mut world.plain_command(&whole))
}

fn listening(command: &mut std::process::Command) -> Listening {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output"))
        .read_line(&mut line)
        .expect("a line");
    let said: Value = serde_json::from_str(&line).expect("JSON");
    let url = said["url"].as_str().expect("an address");
    let address = url.split('/').nth(2).expect("an address").to_owned();
    Listening { child, address }
}

impl Listening {
    pub fn url(&self) -> String {
        format!("http://{}/wechat", self.address)
    }

    /// Sends one request over a connection of its own; gives status and body, 0 where nothing came back.
    pub fn request(&self, method: &str, target: &str, body: &[u8]) -> (u16, String) {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.raw(&[head.as_bytes(), body].concat())
    }

    fn raw(&self, bytes: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        // It may answer and hang up before everything is written.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
        (status.unwrap_or(0), body.unwrap_or_default().to_owned())
    }

    /// Pushes an event in safe mode.
    pub fn push(&self, event: &Value) -> (u16, String) {
        let sealed = seal(event, &account(), Format::Json, Mode::Safe, &Stamp::now());
        let sealed = sealed.expect("sealed");
        self.request(
            "POST",
            &format!("/wechat?{}", sealed.query),
            sealed.body.as_bytes(),
        )
    }
}

fn paid(order: u64, at: i64) -> Value {
    json!({"ToUserName": "gh_0", "FromUserName": "o1", "CreateTime": at, "MsgType": "event",
        "Event": "open_product_order_pay", "order_info": {"order_id": order, "out_order_id": format!("WX{order}"), "amount": 1250}})
}

/// A server that takes events, answers as it is told, and remembers what it took.
pub struct Target {
    pub url: String,
    pub status: Arc<AtomicU16>,
    pub taken: Arc<Mutex<Vec<Value>>>,
    /// The header fields of what it took, in lower case.
    pub heads: Arc<Mutex<Vec<String>>>,
}

impl Target {
    pub fn start(status: u16) -> Target {
        Target::on(TcpListener::bind("127.0.0.1:0").expect("a port"), status)
    }

    pub fn on(listener: TcpListener, status: u16) -> Target {
        let url = format!("http://{}/in", listener.local_addr().expect("an address"));
        let status = Arc::new(AtomicU16::new(status));
        let taken = Arc::new(Mutex::new(Vec::new()));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (answer, took, head) = (status.clone(), taken.clone(), heads.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, took, head) = (answer.clone(), took.clone(), head.clone());
                std::thread::spawn(move || serve(stream, &answer, &took, &head));
            }
        });
        Target {
            url,
            status,
            taken,
            heads,
        }
    }

    pub fn ids(&self) -> Vec<i64> {
        let taken = self.taken.lock().expect("not poisoned");
        taken
            .iter()
            .filter_map(|event| event["id"].as_i64())
            .collect()
    }

    #[track_caller]
    pub fn wait_for(&self, count: usize) {
        until(|| self.taken.lock().expect("not poisoned").len() >= count);
    }
}

/// Answers the requests of one connection.
fn serve(
    stream: TcpStream,
    status: &AtomicU16,
    taken: &Mutex<Vec<Value>>,
    heads: &Mutex<Vec<String>>,
) {
    let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
    let mut stream = stream;
    loop {
        let mut length = 0;
        let mut head = String::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            head.push_str(&line.to_ascii_lowercase());
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        let status = status.load(Ordering::SeqCst);
        if status == 200 {
            let event = serde_json::from_slice(&body).unwrap_or(Value::Null);
            heads.lock().expect("not poisoned").push(head);
            taken.lock().expect("not poisoned").push(event);
        }
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).expect("answered");
    }
}

/// Waits up to a minute for something to become true.
#[track_caller]
pub fn until(mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < end, "it did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_address_test_is_answered_and_a_forged_one_refused() {
    let world = World::new();
    let receiver = listen(&world, &[]);
    let sent = world.json(&["event", "trigger", "--verify", "--to", &receiver.url()]);
    assert_eq!(
        (&sent["status"], &sent["accepted"]),
        (&json!(200), &json!(true))
    );
    let query = address_test(&account(), &Stamp::now(), "5836207341190846713");
    let (status, body) = receiver.request("GET", &format!("/wechat?{query}"), b"");
    assert_eq!((status, body.as_str()), (200, "5836207341190846713"));
    let forged = query.replace("signature=", "signature=0");
    assert_eq!(
        receiver.request("GET", &format!("/wechat?{forged}"), b"").0,
        403
    );
    assert_eq!(receiver.request("GET", "/", b"").0, 404);
    assert_eq!(receiver.request("PUT", "/wechat", b"").0, 405);
}

#[test]
fn an_event_arrives_in_every_mode_and_format() {
    let world = World::new();
    let receiver = listen(&world, &["--allow-plain"]);
    let mut number = 0;
    for mode in ["plain", "compatible", "safe"] {
        for body in ["json", "xml"] {
            number += 1;
            let sent = world.json(&[
                "event",
                "trigger",
                "aftersale_new_order",
                "--order",
                "3307243203710027776",
                "--number",
                &number.to_string(),
                "--mode",
                mode,
                "--body",
                body,
                "--to",
                &receiver.url(),
            ]);
            assert_eq!(sent["answer"], "success");
        }
    }
    let events = world.json(&["event", "list", "--order", "3307243203710027776"]);
    let told: Vec<_> = events
        .as_array()
        .expect("a list")
        .iter()
        .rev()
        .map(|event| {
            (
                event["mode"].as_str(),
                event["format"].as_str(),
                event["number"].as_str(),
            )
        })
        .collect();
    let expected = [
        ("plain", "json", "1"),
        ("plain", "xml", "2"),
        ("compatible", "json", "3"),
        ("compatible", "xml", "4"),
        ("safe", "json", "5"),
        ("safe", "xml", "6"),
    ];
    assert_eq!(told, expected.map(|(a, b, c)| (Some(a), Some(b), Some(c))));
    // The same whatever the format: numbers are text.
    assert_eq!(events[0]["fields"]["order_id"], "3307243203710027776");
    assert_eq!(events[1]["fields"]["order_id"], "3307243203710027776");
    let table = world.ok(&[
        "event",
        "list",
        "--number",
        "6",
        "--columns",
        "id,event,summary,state,seen,forward",
    ]);
    insta::assert_snapshot!(table, @"
    NO.  EVENT                WHAT HAPPENED                 STATE  SEEN  FORWARDED
      6  aftersale_new_order  Buyer opened an after-sale 6            1  none
    ");
    assert!(
        world
            .ok(&["event", "show", "6", "--message"])
            .starts_with("<xml><ToUserName>")
    );
    assert!(
        world
            .refused(2, &["event", "show", "7"])
            .contains("there is no event 7")
    );
}

#[test]
fn repetitions_are_recognised_and_bad_messages_refused_and_counted() {
    let world = World::new();
    let receiver = listen(&world, &["--allow-plain"]);
    let event = paid(1, 5);
    // A repetition has a nonce of its own.
    assert_eq!(receiver.push(&event), (200, "success".into()));
    assert_eq!(receiver.push(&event), (200, "success".into()));
    let sealed = |event: &Value, mode, stamp: &Stamp| {
        seal(event, &account(), Format::Json, mode, stamp).expect("sealed")
    };
    let send = |query: &str, body: &str| {
        receiver
            .request("POST", &format!("/wechat?{query}"), body.as_bytes())
            .0
    };
    // One signature for two messages: what a stranger does who saw one of them.
    let stamp = Stamp::now();
    let seen = sealed(&paid(2, 5), Mode::Safe, &stamp);
    assert_eq!(send(&seen.query, &seen.body), 200);
    let plain = sealed(&paid(3, 5), Mode::Plain, &stamp);
    assert_eq!(send(&plain.query, &plain.body), 403);
    let yesterday = sealed(
        &paid(4, 5),
        Mode::Plain,
        &Stamp::at(wxsell::types::now() - 100_000),
    );
    assert_eq!(send(&yesterday.query, &yesterday.body), 403);
    // An old encrypted one is taken once: its clock may be wrong, its key is not.
    let late = sealed(
        &paid(5, 5),
        Mode::Safe,
        &Stamp::at(wxsell::types::now() - 100_000),
    );
    assert_eq!(send(&late.query, &late.body), 200);
    assert_eq!(send(&late.query, &late.body), 403);
    let forged = seen.query.replace("msg_signature=", "msg_signature=0");
    assert_eq!(send(&forged, &seen.body), 403);
    assert_eq!(send("timestamp=1", &plain.body), 403);
    assert_eq!(send(&seen.query, "{\"Encrypt\":"), 403);
    let large = format!("{{\"Encrypt\":\"{}\"}}", "a".repeat(1 << 20));
    assert_eq!(send(&seen.query, &large), 413);
    let long = format!(
        "GET /wechat?{} HTTP/1.1\r\nHost: x\r\n\r\n",
        "a".repeat(20_000)
    );
    assert!([414, 431].contains(&receiver.raw(long.as_bytes()).0));
    let cut = format!(
        "POST /wechat?{} HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{{\"Enc",
        seen.query
    );
    receiver.raw(cut.as_bytes());
    let count = |name: &str| {
        let stats = world.json(&["event", "stats"]);
        let line = stats
            .as_array()
            .expect("a list")
            .iter()
            .find(|line| line["name"] == name)
            .cloned();
        line.map_or(0, |line| line["count"].as_i64().expect("a number"))
    };
    until(|| count("truncated") == 1);
    assert_eq!(
        ["replayed", "forged", "unsigned", "malformed", "too_large"].map(count),
        [3, 1, 1, 1, 1]
    );
    let events = world.json(&["event", "list"]);
    let seen: Vec<_> = events
        .as_array()
        .expect("a list")
        .iter()
        .rev()
        .map(|event| (event["number"].as_str(), event["seen"].as_i64()))
        .collect();
    assert_eq!(
        seen,
        [
            (Some("1"), Some(2)),
            (Some("2"), Some(1)),
            (Some("5"), Some(1))
        ]
    );
}

#[test]
fn only_encrypted_messages_are_taken_once_a_key_is_stored_and_others_are_named() {
    let world = World::new();
    let receiver = listen(&world, &[]);
    let to = receiver.url();
    let args = ["event", "trigger", "debug_demo", "--to", &to, "--mode"];
    let told = world.refused(1, &[&args[..], &["plain"]].concat());
    assert!(told.contains("the receiver did not accept it"), "{told}");
    world.ok(&[&args[..], &["safe"]].concat());
    let mut said = String::new();
    until(|| {
        said = world.run(&["due", "--within", "1h"]).stderr;
        said.contains("not encrypted")
    });
    assert!(said.contains("1 message signed by WeChat"), "{said}");
    assert!(said.contains("safe mode in the console"), "{said}");
    let said = world.run(&["callback", "check"]);
    assert!(
        said.stderr.contains("safe mode in the console"),
        "{}",
        said.stderr
    );
    drop(receiver);
    let receiver = listen(&world, &["--allow-plain"]);
    let to = receiver.url();
    let args = ["event", "trigger", "debug_demo", "--to", &to, "--mode"];
    world.ok(&[&args[..], &["plain"]].concat());
}

#[test]
fn events_that_differ_in_content_alone_are_all_handed_on() {
    let world = World::new();
    let target = Target::start(200);
    let receiver = listen(&world, &["--forward-to", &target.url]);
    let settled = |number: &str| {
        json!({"ToUserName": "gh_0", "FromUserName": "o1", "CreateTime": 5, "Event": "open_product_order_settle",
            "order_info": {"order_id": 7, "out_order_id": "WX7", "settle_no": number, "amount": 1}})
    };
    for event in [settled("1"), settled("2"), settled("1")] {
        assert_eq!(receiver.push(&event), (200, "success".into()));
    }
    until(|| target.taken.lock().expect("events").len() == 2);
    let listed = world.json(&["event", "list"]);
    let seen: Vec<_> = listed
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["seen"].as_i64())
        .collect();
    assert_eq!(seen, [Some(1), Some(2)]);
}

#[test]
fn what_cannot_be_read_is_stored_shown_and_handed_on_whole() {
    let world = World::new();
    let target = Target::start(200);
    let receiver = listen(&world, &["--forward-to", &target.url]);
    let push = |message: &str| {
        let whole = format!("{{\"ToUserName\":\"gh_0\",\"Encrypt\":\"{}\"}}", {
            let key = account().key.expect("a key");
            wxsell::push::encrypt(&key, [7; 16], message.as_bytes(), SANDBOX_APPID)
        });
        let encrypted: Value = serde_json::from_str(&whole).expect("JSON");
        let (time, nonce) = (
            wxsell::types::now().to_string(),
            fastrand::u32(..).to_string(),
        );
        let token = SANDBOX_PUSH_TOKEN;
        let signed = wxsell::push::signature(&[token, &time, &nonce]);
        let all = [
            token,
            &time,
            &nonce,
            encrypted["Encrypt"].as_str().expect("text"),
        ];
        let target = format!(
            "/wechat?signature={signed}&timestamp={time}&nonce={nonce}&encrypt_type=aes&msg_signature={}",
            wxsell::push::signature(&all)
        );
        assert_eq!(receiver.request("POST", &target, whole.as_bytes()).0, 200);
    };
    // A line break inside a text, as a person typed it.
    push(
        "{\"Event\":\"open_product_spu_audit\",\"CreateTime\":5,\"OpenProductSpuAudit\":{\"out_product_id\":\"P1\",\"status\":3,\"reject_reason\":\"标题\n违禁\"}}",
    );
    let shown = world.json(&["event", "show", "1"]);
    assert_eq!(shown["number"], "P1");
    assert_eq!(shown["fields"]["reject_reason"], "标题\n违禁");
    let broken = "{\"Event\": broken";
    push(broken);
    assert_eq!(
        world.ok(&["event", "show", "2", "--raw"]),
        format!("{broken}\n")
    );
    until(|| target.taken.lock().expect("events").len() == 2);
    let taken = target.taken.lock().expect("events").clone();
    assert!(
        taken.iter().any(|event| event["message"] == broken),
        "{taken:?}"
    );
}

#[test]
fn only_some_events_are_handed_on_where_that_is_asked_for() {
    let world = World::new();
    let target = Target::start(200);
    let only = [
        "--forward-to",
        &target.url,
        "--only",
        "open_product_order_confirm",
    ];
    let receiver = listen(&world, &only);
    let confirmed = json!({"ToUserName": "gh_0", "FromUserName": "o1", "CreateTime": 5,
        "Event": "open_product_order_confirm", "order_info": {"order_id": 7}});
    // Of one order: the one that stays does not hold up the one that goes.
    receiver.push(&paid(7, 4));
    receiver.push(&confirmed);
    until(|| target.taken.lock().expect("events").len() == 1);
    assert_eq!(
        target.taken.lock().expect("events")[0]["event"],
        "open_product_order_confirm"
    );
    drop(receiver);
    let all = world.json(&[
        "event",
        "forward",
        "--all",
        "--forward-to",
        &target.url,
        "--only",
        "open_product_order_pay",
    ]);
    assert_eq!((&all["handed_on"], &all["waiting"]), (&json!(1), &json!(0)));
}

/// Whether a process is at work; one that ended and that nobody has asked after is not.
#[cfg(target_os = "linux")]
pub fn runs(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    stat.is_ok_and(|stat| {
        let state = stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.chars().next());
        state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
    })
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_that_takes_too_long_ends_with_what_it_started() {
    let world = World::new();
    let left = world.file("left");
    let command = format!("sleep 600 & echo $! >> {}; wait", left.display());
    let args = ["event", "listen", "--port", "0", "--format", "ndjson", "-q"];
    let exec = ["--timeout", "600", "--exec", &command];
    let receiver = listening(
        world
            .command(&[&args[..], &exec].concat())
            .env(wxsell::clock::VARIABLE, world.clock()),
    );
    let name = "x".repeat(300_000);
    receiver.push(&json!({"ToUserName": "gh_0", "CreateTime": 5, "Event": format!("{name}\u{0}")}));
    until(|| std::fs::read_to_string(&left).is_ok_and(|begun| begun.ends_with('\n')));
    world.wait(600);
    until(|| {
        let listed = world.json(&["event", "list"]);
        listed[0]["attempts"]
            .as_i64()
            .is_some_and(|tries| tries > 0)
    });
    let children = std::fs::read_to_string(&left).expect("it was begun");
    for child in children.lines().take(1) {
        until(|| !runs(child));
    }
    drop(receiver);
}

#[test]
fn the_coupon_handshake_gets_its_content_encrypted() {
    let world = World::new();
    let receiver = listen(&world, &[]);
    let event = json!({"ToUserName": "gh_0", "CreateTime": 5, "MsgType": "event", "Event": "open_product_receive_coupon",
        "out_coupon_id": "test_coupon", "request_id": "test_coupon_request_id"});
    let (status, body) = receiver.push(&event);
    assert_eq!(status, 200);
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    let query = Query {
        timestamp: answer["TimeStamp"].to_string(),
        nonce: answer["Nonce"].as_str().expect("a nonce").into(),
        msg_signature: answer["MsgSignature"].as_str().expect("a signature").into(),
        ..Query::default()
    };
    let opened = open(&account(), &query, body.as_bytes()).expect("ours");
    assert_eq!(
        serde_json::from_str::<Value>(&opened.message).expect("JSON"),
        json!({"out_user_coupon_id": "test_coupon_user_coupon_id", "request_id": "test_coupon_request_id",
            "ret_code": 0, "ret_msg": "ok", "out_coupon_id": "test_coupon"})
    );
    let mut real = event;
    real["request_id"] = "another".into();
    assert_eq!(receiver.push(&real), (200, "success".into()));
}

#[test]
fn events_wait_for_a_target_that_is_down_and_stay_in_order_across_a_restart() {
    let world = World::new();
    // A port that nobody listens on yet.
    let port = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = port.local_addr().expect("an address");
    drop(port);
    let url = format!("http://{address}/in");
    let receiver = listen(&world, &["--forward-to", &url]);
    for at in 1..=5 {
        assert_eq!(receiver.push(&paid(7, at)).0, 200);
        assert_eq!(receiver.push(&paid(8, at)).0, 200);
    }
    drop(receiver);
    let waiting = world.json(&["event", "list", "--forward", "pending", "--limit", "0"]);
    assert_eq!(waiting.as_array().map(Vec::len), Some(10));
    let target = Target::on(TcpListener::bind(address).expect("the port"), 200);
    let receiver = listen(&world, &["--forward-to", &url]);
    target.wait_for(10);
    for order in [0, 1] {
        let of_order: Vec<i64> = target
            .ids()
            .into_iter()
            .filter(|id| (id - 1) % 2 == order)
            .collect();
        assert!(of_order.is_sorted(), "{of_order:?}");
    }
    until(|| world.json(&["event", "list", "--forward", "pending"]) == json!([]));
    let event = target.taken.lock().expect("not poisoned")[0].clone();
    assert_eq!(
        (&event["event"], &event["fields"]["amount"]),
        (&json!("open_product_order_pay"), &json!(1250))
    );
    drop(receiver);
}

#[test]
fn an_event_that_is_refused_holds_up_its_order_and_no_other() {
    let world = World::new();
    let target = Target::start(500);
    let receiver = listen(&world, &["--forward-to", &target.url]);
    receiver.push(&paid(7, 1));
    until(|| world.json(&["event", "show", "1"])["attempts"].as_i64() >= Some(1));
    target.status.store(200, Ordering::SeqCst);
    receiver.push(&paid(7, 2));
    receiver.push(&paid(8, 1));
    target.wait_for(3);
    let ids = target.ids();
    let place = |wanted: i64| ids.iter().position(|id| *id == wanted);
    assert!(place(3) < place(1) && place(1) < place(2), "{ids:?}");
    // Once more, by order.
    until(|| world.json(&["event", "list", "--forward", "pending"]) == json!([]));
    world.ok(&["event", "replay", "2"]);
    target.wait_for(4);
    drop(receiver);
    world.refused(6, &["event", "replay", "1", "--to", "http://127.0.0.1:9/"]);
    let said = world.json(&["event", "forward", "--forward-to", &target.url]);
    assert_eq!(said["waiting"], 0);
}

#[cfg(unix)]
#[test]
fn a_command_gets_each_event_on_its_standard_input() {
    let world = World::new();
    let receiver = listen(&world, &["--exec", "cat >> taken; test ! -e broken"]);
    world.write("broken", "");
    receiver.push(&paid(7, 1));
    until(|| world.json(&["event", "show", "1"])["attempts"].as_i64() >= Some(1));
    let show = world.json(&["event", "show", "1"]);
    assert_eq!(show["forward"], "pending");
    std::fs::remove_file(world.file("broken")).expect("removed");
    until(|| world.json(&["event", "show", "1"])["forward"] == "done");
    let last = world
        .read("taken")
        .lines()
        .last()
        .expect("a line")
        .to_owned();
    let event: Value = serde_json::from_str(&last).expect("JSON");
    assert_eq!((&event["id"], &event["number"]), (&json!(1), &json!("7")));
}

/// Pushes from several connections until the receiver is gone; gives the orders that were answered.
fn load(
    address: &str,
    threads: u64,
    first: u64,
    count: &Arc<AtomicU64>,
) -> Vec<std::thread::JoinHandle<Vec<u64>>> {
    (0..threads)
        .map(|thread| {
            let (address, count) = (address.to_owned(), count.clone());
            std::thread::spawn(move || {
                let mut answered = Vec::new();
                let Ok(mut stream) = TcpStream::connect(&address) else {
                    return answered;
                };
                for order in (first + thread..).step_by(usize::try_from(threads).expect("few")) {
                    let sealed = seal(
                        &paid(order, 5),
                        &account(),
                        Format::Json,
                        Mode::Safe,
                        &Stamp::now(),
                    )
                    .expect("sealed");
                    let request = format!(
                        "POST /wechat?{} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}",
                        sealed.query,
                        sealed.body.len(),
                        sealed.body
                    );
                    let mut answer = [0; 512];
                    let written = stream.write_all(request.as_bytes());
                    let read = written.and_then(|()| stream.read(&mut answer)).unwrap_or(0);
                    if !answer[..read].starts_with(b"HTTP/1.1 200") {
                        return answered;
                    }
                    answered.push(order);
                    count.fetch_add(1, Ordering::Relaxed);
                }
                answered
            })
        })
        .collect()
}

/// In each round it is killed after so many answers.
fn killed_under_load(rounds: u64, threads: u64, answers: u64) {
    let world = World::new();
    let target = Target::start(200);
    let dead = "http://127.0.0.1:9/dead".to_owned();
    let mut answered = Vec::new();
    for round in 0..rounds {
        // It dies while events wait, and while they are handed on.
        let to = if round % 2 == 0 { &dead } else { &target.url };
        let mut receiver = listen(&world, &["--forward-to", to]);
        let count = Arc::new(AtomicU64::new(0));
        let threads = load(&receiver.address, threads, round * 1_000_000 + 1, &count);
        until(|| count.load(Ordering::Relaxed) >= answers);
        receiver.child.kill().expect("killed");
        for thread in threads {
            answered.extend(thread.join().expect("it ends"));
        }
    }
    assert!(answered.len() > 100, "{} were answered", answered.len());
    let stored = world.json(&["event", "list", "--limit", "0"]);
    let stored: std::collections::HashSet<&str> = stored
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|event| event["number"].as_str())
        .collect();
    let lost: Vec<u64> = answered
        .iter()
        .copied()
        .filter(|order| !stored.contains(order.to_string().as_str()))
        .collect();
    assert_eq!(lost, [] as [u64; 0], "answered and not stored");
    let done = world.json(&["event", "forward", "--forward-to", &target.url]);
    assert_eq!(done["waiting"], 0);
    let taken = target.taken.lock().expect("not poisoned");
    let taken: std::collections::HashSet<&str> = taken
        .iter()
        .filter_map(|event| event["number"].as_str())
        .collect();
    assert_eq!(taken, stored);
}

#[test]
fn a_kill_under_load_loses_no_answered_event() {
    killed_under_load(2, 8, 100);
}

/// `cargo test --release --test all event::many -- --ignored`
#[test]
#[ignore = "takes minutes"]
fn many_kills_under_load_lose_no_answered_event() {
    killed_under_load(20, 64, 5000);
}

#[cfg(unix)]
#[test]
fn a_receiver_that_is_told_to_stop_finishes_what_it_began() {
    let world = World::new();
    let mut receiver = listen(&world, &[]);
    let sealed = seal(
        &paid(7, 1),
        &account(),
        Format::Json,
        Mode::Safe,
        &Stamp::now(),
    )
    .expect("sealed");
    let mut stream = TcpStream::connect(&receiver.address).expect("it listens");
    let head = format!(
        "POST /wechat?{} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        sealed.query,
        sealed.body.len()
    );
    stream.write_all(head.as_bytes()).expect("written");
    // Connections are taken in turn: once a later one is answered, this one is being read.
    assert_eq!(receiver.request("GET", "/other", b"").0, 404);
    let pid = receiver.child.id().to_string();
    std::process::Command::new("kill")
        .arg(&pid)
        .status()
        .expect("kill");
    until(|| TcpStream::connect(&receiver.address).is_err());
    stream.write_all(sealed.body.as_bytes()).expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("success"),
        "{answer}"
    );
    let status = receiver.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
    assert_eq!(world.json(&["event", "show", "1"])["number"], "7");
}

#[test]
fn one_receiver_serves_several_shops_and_a_replaced_key_is_still_accepted() {
    let world = World::new();
    world.configure("current = \"tea\"\n[profile.tea]\nappid = \"wx00000000000000aa\"\n[profile.rice]\nappid = \"wx00000000000000bb\"\n");
    let run = |args: &[&str]| -> Said { said(&mut world.plain_command(args)) };
    let keys = |name: &str, token: &str, key: &str| {
        world.write_private("keys", format!("{token}\n{key}\n"));
        let said = run(&["auth", "push-key", "--profile", name, "--file", "keys"]);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        said.stderr
    };
    let old = "K7dQ2mVx9TzYb4LsR8nWcE1uHf6PjXa3GoMtZi5ByND";
    let new = "Zz9YxWvUtSrQpOnMlKjIhGfEdCbA0987654321abcde";
    keys("tea", "teaToken", old);
    keys("rice", "riceToken", old);
    assert!(keys("tea", "teaToken", new).contains("the previous key is still accepted"));
    let mut child = world
        .plain_command(&["event", "listen", "--port", "0", "--format", "ndjson", "-q"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output"))
        .read_line(&mut line)
        .expect("a line");
    let told: Value = serde_json::from_str(&line).expect("JSON");
    let url = told["url"].as_str().expect("an address").to_owned();
    let receiver = Listening {
        child,
        address: url.split('/').nth(2).expect("an address").into(),
    };
    assert_eq!(told["paths"].as_object().map(|paths| paths.len()), Some(3));
    let shop = |appid: &str, token: &str, key: &str| Account {
        appid: appid.into(),
        token: Secret::new(token),
        key: AesKey::from_encoded(key),
        previous: None,
    };
    let push = |path: &str, account: &Account| {
        let sealed = seal(
            &paid(1, 5),
            account,
            Format::Json,
            Mode::Safe,
            &Stamp::now(),
        )
        .expect("sealed");
        receiver
            .request(
                "POST",
                &format!("{path}?{}", sealed.query),
                sealed.body.as_bytes(),
            )
            .0
    };
    let (tea, rice) = (
        shop("wx00000000000000aa", "teaToken", new),
        shop("wx00000000000000bb", "riceToken", old),
    );
    assert_eq!(push("/wechat", &tea), 200);
    assert_eq!(
        push("/wechat", &shop("wx00000000000000aa", "teaToken", old)),
        200
    );
    assert_eq!(push("/wechat/wx00000000000000bb", &rice), 200);
    assert_eq!(push("/wechat", &rice), 403);
    let both = run(&["event", "list", "--all-shops", "--format", "json"]).json();
    let shops: Vec<_> = both
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|event| event["shop"].as_str())
        .collect();
    assert_eq!(shops, ["wx00000000000000bb", "wx00000000000000aa"]);
    let show = run(&["profile", "show", "--format", "json"]).json();
    assert_eq!(show["push"], "file");
    assert_eq!(run(&["auth", "push-key", "--forget"]).code, Some(0));
    assert_eq!(run(&["event", "listen", "--port", "0"]).code, Some(3));
}

#[test]
fn wrong_keys_are_refused_all_at_once() {
    let world = World::new();
    world.configure("current = \"tea\"\n[profile.tea]\nappid = \"wx00000000000000aa\"\n");
    world.write_private("keys", "!!\nshort\n");
    let told = said(&mut world.plain_command(&["auth", "push-key", "--file", "keys"]));
    assert_eq!(told.code, Some(2));
    assert!(
        told.stderr.contains("the Token is not")
            && told.stderr.contains("the EncodingAESKey is not"),
        "{}",
        told.stderr
    );
    let half = said(
        world
            .plain_command(&["event", "decrypt"])
            .env("WXSELL_PUSH_AES_KEY", SANDBOX_PUSH_AES_KEY),
    );
    assert!(
        half.stderr.contains("WXSELL_PUSH_TOKEN is missing"),
        "{}",
        half.stderr
    );
}

#[test]
fn a_captured_message_is_explained() {
    let world = World::new();
    let event = json!({"ToUserName": "gh_0", "CreateTime": 1_760_000_042, "MsgType": "event", "Event": "open_product_spu_audit",
        "OpenProductSpuAudit": {"out_product_id": "TEA-1001", "product_id": 324_545_001, "status": 3, "reject_reason": "blurred"}});
    let sealed = seal(&event, &account(), Format::Xml, Mode::Safe, &Stamp::now()).expect("sealed");
    let captured = format!(
        "POST /wechat?{} HTTP/1.1\r\nHost: x\r\n\r\n{}",
        sealed.query, sealed.body
    );
    let found: Value = world
        .feed(
            captured.as_bytes(),
            &["event", "decrypt", "--format", "json"],
        )
        .json();
    assert_eq!(found["accepted"], true);
    assert_eq!(
        (&found["signature"], &found["key"], &found["mode"]),
        (&json!("good"), &json!("current"), &json!("safe"))
    );
    assert_eq!(found["fields"]["product_id"], "324545001");
    let unchecked: Value = world
        .feed(
            sealed.body.as_bytes(),
            &["event", "decrypt", "--format", "json"],
        )
        .json();
    assert_eq!(
        (&unchecked["signature"], &unchecked["number"]),
        (&json!("not_checked"), &json!("324545001"))
    );
    let other = Account {
        appid: "wx0000000000000002".into(),
        ..account()
    };
    let sealed = seal(&event, &other, Format::Json, Mode::Safe, &Stamp::now()).expect("sealed");
    let refused = world.feed(
        format!("{}\n{}", sealed.query, sealed.body).as_bytes(),
        &["event", "decrypt"],
    );
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.text().contains("wx0000000000000002")
            && refused.stderr.contains("made for another AppID")
    );
}

#[test]
fn new_events_are_shown_as_they_come() {
    let world = World::new();
    let receiver = listen(&world, &[]);
    receiver.push(&paid(1, 5));
    let mut tail = world
        .command(&["event", "tail", "--format", "json"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(tail.stdout.take().expect("its output")).lines();
    let mut next = || -> Value {
        serde_json::from_str(&lines.next().expect("a line").expect("text")).expect("JSON")
    };
    assert_eq!(next()["number"], "1");
    receiver.push(&paid(2, 5));
    assert_eq!(next()["number"], "2");
    tail.kill().expect("killed");
    tail.wait().expect("it ends");
}

#[test]
fn an_event_that_nobody_knows_is_refused_with_the_nearest() {
    let world = World::new();
    let told = world.refused(2, &["event", "trigger", "aftersale_new_ordr"]);
    assert!(told.contains("did you mean aftersale_new_order?"), "{told}");
    let dry = world.ok(&[
        "event",
        "trigger",
        "aftersale_new_order",
        "--order",
        "WX1",
        "--mode",
        "plain",
        "--dry-run",
    ]);
    assert!(dry.contains("\"out_order_id\":\"WX1\""), "{dry}");
    let told = world.refused(
        4,
        &[
            "event",
            "trigger",
            "debug_demo",
            "--to",
            "http://127.0.0.1:9/",
        ],
    );
    assert!(told.contains("the receiver did not answer"), "{told}");
}

/// The receiver stands for a gateway that opens what is encrypted.
#[test]
fn a_certificate_that_is_not_wechats_is_named_with_what_to_do() {
    let world = World::new();
    let files = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls");
    for name in ["cert.pem", "key.pem"] {
        world.write_private(name, std::fs::read(files.join(name)).expect("a file"));
    }
    let gateway = listen(&world, &["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    let mut command = world.plain_command(&["goods", "list"]);
    let told = said(
        command
            .env("WXSELL_BASE_URL", format!("https://{}", gateway.address))
            .env("WXSELL_APPID", "wx0000000000000001")
            .env("WXSELL_APP_SECRET", "0123456789abcdef0123456789abcdef")
            .env(wxsell::clock::VARIABLE, world.clock()),
    );
    assert_eq!(told.code, Some(4), "{}", told.stderr);
    assert!(
        told.stderr.contains("something that is not WeChat answers"),
        "{}",
        told.stderr
    );
}
