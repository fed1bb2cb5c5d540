//! How the client takes answers that are none: broken, hostile, refused. Through the binary, against the shop in a
//! box, or against a line of TCP where the shop is too polite.

use crate::support::standin;

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use wxsell::sandbox::{APPID, Fault, FaultKind as Kind, Running, SECRET, Sandbox};

struct World {
    folder: tempfile::TempDir,
    shop: Running,
}

impl World {
    fn new() -> World {
        let folder = tempfile::tempdir().expect("a folder");
        let shop = Running::start(&folder.path().join("shop.db")).expect("a sandbox");
        World { folder, shop }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// A machine of its own for each `state`.
    fn command_at(&self, base_url: &str, state: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wxsell"));
        command
            .args(args)
            .env_clear()
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // What the system itself needs.
        for name in ["SystemRoot", "TEMP", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("WXSELL_CONFIG_DIR", self.path("config"))
            .env("WXSELL_STATE_DIR", self.path(state))
            .env("WXSELL_LANG", "en")
            .env("WXSELL_BASE_URL", base_url)
            .env("WXSELL_APPID", APPID)
            .env("WXSELL_APP_SECRET", SECRET);
        command
    }

    fn command(&self, args: &[&str]) -> Command {
        self.command_at(&self.shop.base_url, "state", args)
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the binary runs")
    }

    fn sandbox(&self) -> Sandbox {
        self.shop.shop().expect("the shop's file")
    }

    fn fault(&self, fault: Fault) {
        self.sandbox().add_fault(&fault).expect("a fault");
    }

    fn calls(&self, path: &str) -> usize {
        let calls = self.sandbox().exchanges().expect("calls");
        calls.iter().filter(|call| call.path == path).count()
    }
}

#[track_caller]
fn told(output: &Output, code: i32) -> String {
    let stderr = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert_eq!(
        output.status.code(),
        Some(code),
        "{stderr}{}",
        String::from_utf8_lossy(&output.stdout)
    );
    stderr
}

/// Answers every connection with these bytes, after the request's head; gives the base URL.
fn answers(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = [0; 4096];
            let _ = stream.read(&mut head);
            let _ = stream.write_all(&bytes);
        }
    });
    format!("http://{address}")
}

fn http(head: &str, body: &[u8]) -> Vec<u8> {
    let start = format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n");
    [start.as_bytes(), body].concat()
}

/// Calls are tried again with pauses before they fail, so that these wait side by side.
#[test]
fn a_line_that_stays_broken_ends_in_a_clear_error() {
    let world = World::new();
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let cases = [
        (
            "half",
            answers(http("200 OK", br#"{"errcode":0,"access_tok"#)),
            "the reply of /cgi-bin/stable_token is cut off: {\"errcode\":0,\"access_tok",
        ),
        (
            "short",
            answers(http("200 OK\r\nContent-Length: 900", b"{\"errcode\":0")),
            "the reply of /cgi-bin/stable_token was cut off: ",
        ),
        (
            "page",
            answers(http("200 OK", b"<!DOCTYPE html><title>Log in</title>")),
            "/cgi-bin/stable_token did not answer with JSON: <!DOCTYPE html><title>Log in</title>",
        ),
        (
            "gateway",
            answers(http("502 Bad Gateway", b"<html>")),
            "/cgi-bin/stable_token answered HTTP 502",
        ),
        (
            "noise",
            answers(b"\x00\xffSSH-2.0\r\n\r\n".to_vec()),
            "the connection broke while /cgi-bin/stable_token was called: ",
        ),
        (
            "closed",
            closed,
            "/cgi-bin/stable_token could not be reached: ",
        ),
    ];
    let running: Vec<(Child, &str)> = cases
        .iter()
        .map(|(state, base_url, words)| {
            let child = world
                .command_at(base_url, state, &["brand", "mine"])
                .env(
                    wxsell::clock::VARIABLE,
                    world.path(&format!("clock-{state}")),
                )
                .spawn();
            (child.expect("the binary runs"), *words)
        })
        .collect();
    for (child, words) in running {
        let stderr = told(&child.wait_with_output().expect("it ends"), 4);
        assert!(stderr.starts_with(&format!("Error: {words}")), "{stderr}");
    }
}

#[test]
fn a_broken_answer_to_a_read_is_asked_for_again() {
    let world = World::new();
    let path = "/shop/account/get_brand_list";
    world.fault(Fault::once(path, Kind::Half));
    world.fault(Fault::once(path, Kind::Status { status: 503 }));
    told(&world.run(&["brand", "mine"]), 0);
    assert_eq!(world.calls(path), 3);
}

#[test]
fn an_answer_that_unpacks_without_end_is_refused() {
    let world = World::new();
    let bomb = Kind::GzipBomb { mebibytes: 512 };
    world.fault(Fault::once("/cgi-bin/clear_quota", bomb));
    let stderr = told(&world.run(&["quota", "reset", "--yes"]), 9);
    assert!(
        stderr.contains("the reply of /cgi-bin/clear_quota is larger than 32 MB"),
        "{stderr}"
    );
    assert_eq!(
        world.calls("/cgi-bin/clear_quota"),
        1,
        "what acts twice is not sent twice"
    );
}

/// The bomb again with less memory than it would fill.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_unpacks_without_end_costs_little_memory() {
    let world = World::new();
    let bomb = Kind::GzipBomb { mebibytes: 2048 };
    world.fault(Fault::once("/cgi-bin/clear_quota", bomb));
    let inner = world.command(&["quota", "reset", "--yes"]);
    let mut limited = Command::new("/bin/sh");
    limited
        .args(["-c", "ulimit -v 1048576; exec \"$0\" \"$@\""])
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear()
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::null());
    let stderr = told(&limited.output().expect("a shell"), 9);
    assert!(stderr.contains("is larger than 32 MB"), "{stderr}");
}

#[test]
fn a_list_that_never_ends_is_given_up() {
    let world = World::new();
    let base_url = standin::start(std::sync::Arc::new(|path| {
        match path {
            "/cgi-bin/stable_token" => r#"{"access_token":"T","expires_in":7200}"#,
            _ => r#"{"errcode":0,"has_more":true,"after_sales_orders":[1,2]}"#,
        }
        .to_owned()
    }));
    let output = world
        .command_at(&base_url, "endless", &["aftersale", "list"])
        .output()
        .expect("the binary runs");
    let told = told(&output, 1);
    assert!(told.contains("keeps returning the same page"), "{told}");
}

#[test]
fn a_redirect_is_not_followed_and_its_host_is_named() {
    let world = World::new();
    let elsewhere = TcpListener::bind("127.0.0.1:0").expect("a port");
    elsewhere.set_nonblocking(true).expect("a port");
    let to = format!(
        "http://{}/login",
        elsewhere.local_addr().expect("an address")
    );
    world.fault(Fault::once(
        "/shop/account/get_brand_list",
        Kind::Redirect { to },
    ));
    let stderr = told(&world.run(&["brand", "mine"]), 3);
    assert!(
        stderr.starts_with(
            "Error: /shop/account/get_brand_list was redirected to 127.0.0.1, which is not followed\n"
        ),
        "{stderr}"
    );
    assert!(elsewhere.accept().is_err(), "nobody came");
}

#[test]
fn a_refused_token_is_renewed_once_and_the_call_goes_on() {
    let world = World::new();
    told(&world.run(&["brand", "mine"]), 0);
    world.sandbox().steal_tokens().expect("tokens");
    told(&world.run(&["brand", "mine"]), 0);
    assert_eq!(world.calls("/cgi-bin/stable_token"), 2);
    let forced = world
        .sandbox()
        .exchanges()
        .expect("calls")
        .iter()
        .any(|call| call.request.contains("\"force_refresh\":true"));
    assert!(!forced, "nothing automatic forces a refresh");
}

#[test]
fn a_token_that_stays_refused_is_given_up() {
    let world = World::new();
    let path = "/shop/account/get_brand_list";
    let kind = Kind::Errcode {
        errcode: 40001,
        errmsg: "invalid credential".into(),
    };
    world.fault(Fault::once(path, kind).times(99));
    let stderr = told(&world.run(&["brand", "mine"]), 3);
    assert!(stderr.contains("errcode 40001"), "{stderr}");
    assert_eq!(world.calls(path), 3);
}

#[test]
fn a_wrong_secret_is_an_access_failure() {
    let world = World::new();
    let mut command = world.command(&["brand", "mine"]);
    command.env("WXSELL_APP_SECRET", "ffffffffffffffffffffffffffffffff");
    let output = command.output().expect("the binary runs");
    let stderr = told(&output, 3);
    assert!(stderr.contains("errcode 40125"), "{stderr}");
    assert!(!stderr.contains("ffffffff"), "{stderr}");
    assert_eq!(world.calls("/cgi-bin/stable_token"), 1);
}

#[test]
fn an_address_that_is_not_listed_is_named_with_what_to_do() {
    let world = World::new();
    world
        .sandbox()
        .set(|settings| settings.allowed_ips = vec!["203.0.113.9".into()])
        .expect("it is set");
    let stderr = told(&world.run(&["brand", "mine"]), 3);
    assert!(
        stderr.contains("errcode 40164: invalid ip 127.0.0.1") && stderr.contains("IP whitelist"),
        "{stderr}"
    );
}

#[test]
fn a_momentary_limit_is_waited_for() {
    let world = World::new();
    let path = "/shop/account/get_brand_list";
    let kind = Kind::Errcode {
        errcode: 300_000,
        errmsg: "frequency limit".into(),
    };
    world.fault(Fault::once(path, kind).times(2));
    told(&world.run(&["brand", "mine"]), 0);
    assert_eq!(world.calls(path), 3);
}

#[test]
fn a_used_up_day_has_an_exit_code_of_its_own() {
    let world = World::new();
    let kind = Kind::Errcode {
        errcode: 45009,
        errmsg: "reach max api daily quota limit".into(),
    };
    // Without a token nothing else can be done, so that this is believed at once.
    world.fault(Fault::once("/cgi-bin/stable_token", kind));
    let stderr = told(&world.run(&["brand", "mine"]), 5);
    assert!(
        stderr.contains("daily quota of this call used up (errcode 45009: "),
        "{stderr}"
    );
}

#[test]
fn an_unknown_errcode_is_shown_as_it_was_sent() {
    let world = World::new();
    let kind = Kind::Errcode {
        errcode: 987_654,
        errmsg: "古怪的事 odd thing".into(),
    };
    let path = "/shop/account/get_brand_list";
    world.fault(Fault::once(path, kind.clone()));
    world.fault(Fault::once(path, kind));
    let stderr = told(&world.run(&["brand", "mine"]), 1);
    let rid = world
        .sandbox()
        .exchanges()
        .expect("calls")
        .pop()
        .expect("a call")
        .rid;
    assert_eq!(
        stderr,
        format!(
            "Error: WeChat refused {path}: 古怪的事 odd thing (errcode 987654)\n\
             Hint:  `wxsell rid show {rid}` shows what WeChat recorded about this call (kept for 7 days)\n"
        )
    );
    let stderr = told(&world.run(&["brand", "mine", "--format", "json"]), 1);
    let error: Value = serde_json::from_str(&stderr).expect("JSON");
    assert_eq!(error["error"]["errcode"], 987_654);
    assert!(error["error"]["rid"].is_string(), "{error}");
}

#[test]
fn a_lost_answer_to_a_write_is_settled_by_a_look() {
    let world = World::new();
    let goods = r#"{"out_product_id":"A","title":"Green tea","path":"p","head_img":["https://img.example.com/a.jpg"],"third_cat_id":1423,"skus":[{"out_sku_id":"A-1","sale_price":1,"stock_num":1}]}"#;
    std::fs::write(world.path("goods.jsonl"), goods).expect("a file");
    world.fault(Fault::once("/shop/spu/add", Kind::Half));
    let output = world.run(&["goods", "upload", "goods.jsonl", "--format", "json"]);
    told(&output, 0);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&report["confirmed"], &report["refused"]),
        (&1.into(), &0.into())
    );
    assert_eq!(world.sandbox().status().expect("a status").audits_today, 1);
}

#[test]
fn secret_and_token_are_in_no_trace_and_on_no_stream() {
    let world = World::new();
    let secret = "5ec2e75ec2e75ec2e75ec2e75ec2e75e";
    std::fs::write(world.path("goods.jsonl"), "{}").expect("a file");
    // Answered, refused, cut, redirected, not reached: each way words come about.
    for fault in [
        None,
        Some(Kind::Html),
        Some(Kind::Half),
        Some(Kind::Reset),
        Some(Kind::Redirect {
            to: "http://192.0.2.1/?access_token=".into(),
        }),
        Some(Kind::Errcode {
            errcode: 40013,
            errmsg: "invalid appid".into(),
        }),
    ] {
        if let Some(kind) = fault {
            world.fault(Fault::once("/shop/", kind));
        }
        for (variable, value) in [(None, ""), (Some("WXSELL_APP_SECRET"), secret)] {
            let mut command = world.command(&["merchant", "info", "--trace", "trace.ndjson"]);
            if let Some(name) = variable {
                command
                    .env(name, value)
                    .env("WXSELL_STATE_DIR", world.path("other"));
            }
            let output = command.output().expect("the binary runs");
            let trace = std::fs::read(world.path("trace.ndjson")).unwrap_or_default();
            let tokens: Vec<String> = world
                .sandbox()
                .exchanges()
                .expect("calls")
                .iter()
                .filter_map(|call| serde_json::from_str::<Value>(&call.reply).ok())
                .filter_map(|reply| Some(reply["access_token"].as_str()?.to_owned()))
                .collect();
            assert!(!tokens.is_empty());
            for stream in [&trace, &output.stdout, &output.stderr] {
                let text = String::from_utf8_lossy(stream);
                assert!(!text.contains(secret), "{text}");
                for token in &tokens {
                    assert!(!text.contains(token.as_str()), "{text}");
                }
            }
        }
    }
    let trace = std::fs::read_to_string(world.path("trace.ndjson")).expect("a trace");
    let first: Value = serde_json::from_str(trace.lines().next().expect("a line")).expect("JSON");
    assert_eq!(
        (
            &first["path"],
            &first["request"]["secret"],
            &first["answer"]["access_token"]
        ),
        (
            &"/cgi-bin/stable_token".into(),
            &"***".into(),
            &"***".into()
        )
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let meta = std::fs::metadata(world.path("trace.ndjson")).expect("a trace");
        assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_hundred_processes_fetch_one_token() {
    let world = World::new();
    let running: Vec<Child> = (0..100)
        .map(|_| {
            let child = world
                .command(&["category", "mine", "--quiet"])
                .stdout(Stdio::null())
                .spawn();
            child.expect("the binary runs")
        })
        .collect();
    for child in running {
        told(&child.wait_with_output().expect("it ends"), 0);
    }
    assert_eq!(world.calls("/cgi-bin/stable_token"), 1);
    assert_eq!(world.calls("/shop/account/get_category_list"), 100);
}
