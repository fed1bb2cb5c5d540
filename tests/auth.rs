//! `wxsell auth`, `quota` and `rid` through the binary, against the shop in a box on a port of its own.

use assert_cmd::Command;
use serde_json::Value;
use wxsell::sandbox::{APPID, Running, SECRET, Sandbox};
use wxsell::sandbox::{Fault, FaultKind as Kind};

struct Shop {
    folder: tempfile::TempDir,
    running: Running,
}

impl Shop {
    fn start() -> Shop {
        let folder = tempfile::tempdir().expect("a folder");
        let running = Running::start(&folder.path().join("shop.db")).expect("the shop starts");
        Shop { folder, running }
    }

    fn sandbox(&self) -> Sandbox {
        self.running.shop().expect("the shop")
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::cargo_bin("wxsell").expect("the binary");
        command
            .env_clear()
            .env("WXSELL_CONFIG_DIR", self.path("config"))
            .env("WXSELL_STATE_DIR", self.path("state"));
        command.env("WXSELL_LANG", "en").args(args);
        // What the system itself needs, and the programs that a credential process runs.
        for name in ["PATH", "SystemRoot", "TEMP", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// `auth login` with a private file, which every machine has.
    fn login(&self, secret: &str, more: &[&str]) -> Command {
        let args = [
            "auth",
            "login",
            "--profile",
            "tea",
            "--appid",
            APPID,
            "--secret-store",
            "file",
            "--base-url",
            &self.running.base_url,
        ];
        let mut command = self.command(&[&args, more].concat());
        command.env("WXSELL_APP_SECRET", secret);
        command
    }

    fn logged_in() -> Shop {
        let shop = Shop::start();
        shop.login(SECRET, &[]).assert().success();
        shop
    }

    fn json(&self, args: &[&str]) -> Value {
        let done = self
            .command(&[args, &["--format", "json"]].concat())
            .assert()
            .success();
        serde_json::from_slice(&done.get_output().stdout).expect("JSON")
    }

    fn calls(&self, path: &str) -> usize {
        let calls = self.sandbox().exchanges().expect("calls");
        calls.iter().filter(|call| call.path == path).count()
    }

    fn all_calls(&self) -> usize {
        self.sandbox().exchanges().expect("calls").len()
    }

    fn answer_next(&self, path: &str, errcode: i64, errmsg: &str) {
        let kind = Kind::Errcode {
            errcode,
            errmsg: errmsg.into(),
        };
        self.sandbox()
            .add_fault(&Fault::once(path, kind))
            .expect("a fault");
    }
}

fn said(command: &mut Command, code: i32) -> String {
    let done = command.assert().code(code);
    String::from_utf8(done.get_output().stderr.clone()).expect("text")
}

#[test]
fn a_login_is_verified_stored_and_never_shown() {
    let shop = Shop::start();
    let done = shop.login(SECRET, &[]).assert().success();
    assert!(String::from_utf8_lossy(&done.get_output().stderr).contains("credentials.toml"));
    assert_eq!(shop.calls("/cgi-bin/stable_token"), 1);
    let settings =
        std::fs::read_to_string(shop.path("config").join("config.toml")).expect("settings");
    assert!(!settings.contains(&format!("\"{SECRET}\"")), "{settings}");
    let status = shop.json(&["auth", "status"]);
    assert_eq!(
        (
            &status["profile"],
            &status["secret"],
            &status["secret_readable"]
        ),
        (&"tea".into(), &"file".into(), &true.into())
    );
    assert_eq!(status["token"], "valid");
    assert_eq!(shop.all_calls(), 1, "the status makes no call");
}

#[test]
fn a_wrong_secret_is_not_stored() {
    let shop = Shop::start();
    let words = said(&mut shop.login("0123456789abcdef0123456789abcdef", &[]), 3);
    assert!(
        words.contains("AppSecret does not belong to") && words.contains("nothing was stored"),
        "{words}"
    );
    assert!(!words.contains("0123456789abcdef0123456789abcdef"));
    assert!(!shop.path("config").join("config.toml").exists());
    assert!(!shop.path("config").join("credentials.toml").exists());
}

#[test]
fn an_address_that_is_not_listed_is_named_with_the_place_to_enter_it() {
    let shop = Shop::start();
    shop.sandbox()
        .set(|settings| settings.allowed_ips = vec!["203.0.113.9".into()])
        .expect("set");
    let words = said(&mut shop.login(SECRET, &[]), 3);
    assert!(
        words.contains("add 127.0.0.1") && words.contains("IP whitelist"),
        "{words}"
    );
}

#[test]
fn each_refusal_says_what_to_do() {
    for (errcode, remedy) in [
        (40013, "check the AppID"),
        (40243, "frozen"),
        (50007, "frozen"),
        (61024, "third-party platform"),
        (89503, "administrator"),
    ] {
        let shop = Shop::start();
        shop.answer_next(
            "/cgi-bin/stable_token",
            errcode,
            "refused rid: 68e6c4c0-1a2b3c4d-5e6f7081",
        );
        let words = said(&mut shop.login(SECRET, &[]), 3);
        assert!(words.contains(remedy), "{errcode}: {words}");
    }
}

#[test]
fn without_a_terminal_everything_missing_is_named_at_once() {
    let shop = Shop::start();
    let words = said(&mut shop.command(&["auth", "login"]), 2);
    assert!(
        words.contains("--appid") && words.contains("--secret-file"),
        "{words}"
    );
}

#[test]
fn a_secret_comes_from_standard_input_or_a_file() {
    let shop = Shop::start();
    let login = [
        "auth",
        "login",
        "--appid",
        APPID,
        "--secret-store",
        "file",
        "--base-url",
        &shop.running.base_url,
        "--secret-file",
    ];
    shop.command(&[&login[..], &["-"]].concat())
        .write_stdin(format!("{SECRET}\r\n"))
        .assert()
        .success();
    assert_eq!(
        shop.json(&["auth", "status"])["profile"],
        APPID,
        "the AppID is the name where none is given"
    );
    let file = shop.path("secret");
    std::fs::write(&file, format!("{SECRET}\n")).expect("written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&file, mode).expect("set");
    }
    let path = file.to_str().expect("a path");
    shop.command(&[&login[..], &[path, "--profile", "tea"]].concat())
        .assert()
        .success();
    let status = shop.json(&["auth", "status", "--profile", "tea", "--secret-file", path]);
    assert_eq!(status["secret"], "secret_file");
}

#[test]
fn a_dry_run_of_a_login_verifies_and_stores_nothing() {
    let shop = Shop::start();
    shop.login(SECRET, &["--dry-run"]).assert().success();
    assert_eq!(shop.calls("/cgi-bin/stable_token"), 1);
    assert!(!shop.path("config").join("config.toml").exists());
}

#[test]
fn a_login_that_is_not_verified_makes_no_call() {
    let shop = Shop::start();
    shop.login("anything", &["--no-verify"]).assert().success();
    assert_eq!(shop.all_calls(), 0);
    assert_eq!(shop.json(&["auth", "status"])["token"], "none");
}

#[test]
fn a_logout_leaves_neither_secret_nor_token() {
    let shop = Shop::logged_in();
    shop.command(&["auth", "logout"]).assert().success();
    let credentials =
        std::fs::read_to_string(shop.path("config").join("credentials.toml")).expect("there");
    assert!(!credentials.contains("tea"), "{credentials}");
    let done = shop
        .command(&["auth", "status", "--format", "json"])
        .assert()
        .code(3);
    let status: Value = serde_json::from_slice(&done.get_output().stdout).expect("JSON");
    assert_eq!(
        (&status["secret_readable"], &status["token"]),
        (&false.into(), &"none".into())
    );
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_may_read_is_refused_with_the_remedy() {
    use std::os::unix::fs::PermissionsExt;
    let shop = Shop::logged_in();
    let path = shop.path("config").join("credentials.toml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("set");
    let words = said(&mut shop.command(&["auth", "status"]), 3);
    assert!(words.contains("chmod 600"), "{words}");
}

#[cfg(unix)]
#[test]
fn a_program_can_keep_the_secret() {
    let shop = Shop::start();
    let add = [
        "profile",
        "add",
        "tea",
        "--appid",
        APPID,
        "--base-url",
        &shop.running.base_url,
        "--credential-process",
        "sh",
        "-c",
    ];
    shop.command(&[&add[..], &[&format!("echo {SECRET}")]].concat())
        .assert()
        .success();
    shop.command(&["auth", "token"]).assert().success();
    assert_eq!(shop.json(&["auth", "status"])["secret"], "process");
    let words = said(
        shop.command(&["auth", "login", "--profile", "tea"])
            .env("WXSELL_APP_SECRET", "x"),
        2,
    );
    assert!(words.contains("comes from a program"), "{words}");
}

#[test]
fn a_keyring_that_hangs_does_not_hang_the_command() {
    if !cfg!(target_os = "linux") {
        return;
    }
    // A bus that takes the connection and never says a word.
    let bus = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = format!(
        "tcp:host=127.0.0.1,port={}",
        bus.local_addr().expect("an address").port()
    );
    let shop = Shop::start();
    shop.command(&[
        "profile",
        "add",
        "tea",
        "--appid",
        APPID,
        "--secret-store",
        "keyring",
    ])
    .assert()
    .success();
    let mut status = shop.command(&["auth", "status"]);
    let words = said(
        status
            .env("DBUS_SESSION_BUS_ADDRESS", address)
            .timeout(std::time::Duration::from_secs(60)),
        3,
    );
    assert!(
        words.contains("did not answer within 3 seconds") && words.contains("--secret-store file"),
        "{words}"
    );
}

#[test]
fn the_token_is_printed_alone_and_fetched_once() {
    let shop = Shop::logged_in();
    let token = || {
        String::from_utf8(
            shop.command(&["auth", "token"])
                .assert()
                .success()
                .get_output()
                .stdout
                .clone(),
        )
        .expect("text")
    };
    let first = token();
    assert_eq!(first.lines().count(), 1);
    assert_eq!(token(), first);
    assert_eq!(shop.json(&["auth", "token"])["access_token"], first.trim());
    assert_eq!(shop.calls("/cgi-bin/stable_token"), 1);
}

#[test]
fn a_forced_refresh_needs_a_yes_and_thirty_seconds() {
    let shop = Shop::logged_in();
    let force = ["auth", "token", "--force-refresh"];
    assert!(said(&mut shop.command(&force), 10).contains("--yes"));
    assert_eq!(shop.calls("/cgi-bin/stable_token"), 1, "nothing was forced");
    shop.command(&[&force[..], &["--yes"]].concat())
        .assert()
        .success();
    let words = said(&mut shop.command(&[&force[..], &["--yes"]].concat()), 5);
    assert!(words.contains("30 s"), "{words}");
    assert_eq!(shop.calls("/cgi-bin/stable_token"), 2);
}

fn check<'a>(checks: &'a Value, name: &str) -> &'a Value {
    checks
        .as_array()
        .expect("a list")
        .iter()
        .find(|row| row["check"] == name)
        .expect("the check")
}

fn doctor(shop: &Shop, code: i32) -> Value {
    let before = shop.all_calls();
    let done = shop
        .command(&["auth", "doctor", "--format", "json"])
        .assert()
        .code(code);
    assert!(shop.all_calls() - before <= 3, "three calls at most");
    serde_json::from_slice(&done.get_output().stdout).expect("JSON")
}

#[test]
fn the_doctor_finds_a_healthy_shop_healthy() {
    let checks = doctor(&Shop::logged_in(), 0);
    for name in ["secret", "token", "other_programs", "account"] {
        assert_eq!(check(&checks, name)["state"], "ok", "{name}: {checks}");
    }
    // Times are said as people say them, not in thousands of seconds.
    let found = check(&checks, "token")["finding"].as_str().expect("words");
    let left = found.split("valid for ").nth(1).expect("a time");
    assert!(
        left.starts_with("1h 59m more") || left.starts_with("2h more"),
        "{found}"
    );
}

#[test]
fn the_doctor_tells_a_wrong_secret_from_an_address_that_is_not_listed() {
    let shop = Shop::start();
    shop.login("0123456789abcdef0123456789abcdef", &["--no-verify"])
        .assert()
        .success();
    let checks = doctor(&shop, 3);
    assert!(
        check(&checks, "token")["remedy"]
            .as_str()
            .expect("words")
            .contains("AppSecret"),
        "{checks}"
    );
    assert_eq!(check(&checks, "account")["state"], "skipped");

    let shop = Shop::logged_in();
    shop.sandbox()
        .set(|settings| settings.allowed_ips = vec!["203.0.113.9".into()])
        .expect("set");
    let checks = doctor(&shop, 3);
    assert_eq!(check(&checks, "token")["errcode"], 40164);
    assert!(
        check(&checks, "token")["remedy"]
            .as_str()
            .expect("words")
            .contains("127.0.0.1"),
        "{checks}"
    );
}

#[test]
fn the_doctor_knows_an_account_of_another_kind() {
    let shop = Shop::logged_in();
    shop.answer_next(
        "/shop/account/get_info",
        48001,
        "api unauthorized rid: 68e6c4c0-1a2b3c4d-5e6f7081",
    );
    let checks = doctor(&shop, 3);
    assert_eq!(check(&checks, "account")["errcode"], 48001);
    assert_eq!(check(&checks, "token")["state"], "ok");
}

#[test]
fn the_doctor_notices_programs_that_fetch_classic_tokens() {
    let shop = Shop::logged_in();
    shop.command(&["profile", "set", "tea", "--token", "classic"])
        .assert()
        .success();
    shop.command(&["auth", "token"]).assert().success();
    // Two fetches by others end a classic token at once.
    let classic = format!(
        "{}/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}",
        shop.running.base_url
    );
    for _ in 0..2 {
        fetch(&classic);
    }
    let checks = doctor(&shop, 0);
    assert_eq!(
        check(&checks, "other_programs")["state"],
        "warning",
        "{checks}"
    );
    assert!(
        check(&checks, "other_programs")["remedy"]
            .as_str()
            .expect("words")
            .contains("--token stable")
    );
}

/// One plain GET.
fn fetch(url: &str) {
    use std::io::{Read, Write};
    let (host, path) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .expect("an address");
    let mut stream = std::net::TcpStream::connect(host).expect("connected");
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    assert!(answer.contains("access_token"), "{answer}");
}

#[test]
fn a_quota_without_a_figure_stays_empty() {
    let shop = Shop::logged_in();
    let json = r#"{"errcode":0,"errmsg":"ok","quota":{"daily_limit":0,"used":0,"remain":0}}"#;
    let none = Kind::Reply { json: json.into() };
    shop.sandbox()
        .add_fault(&Fault::once("/cgi-bin/openapi/quota/get", none))
        .expect("a fault");
    let rows = shop.json(&["quota", "show", "/shop/spu/add"]);
    assert_eq!(
        (&rows[0]["path"], &rows[0]["daily_limit"]),
        (&"/shop/spu/add".into(), &Value::Null)
    );
    shop.sandbox()
        .set(|settings| settings.calls_per_day = Some(1000))
        .expect("set");
    let rows = shop.json(&["quota", "show", "/shop/spu/add"]);
    assert_eq!(
        (&rows[0]["daily_limit"], &rows[0]["remaining"]),
        (&1000.into(), &1000.into())
    );
    assert!(
        said(&mut shop.command(&["quota", "show", "shop/spu/add"]), 2).contains("leading slash")
    );
}

#[test]
fn audits_are_shown_with_the_limits_in_force() {
    let shop = Shop::logged_in();
    let done = shop
        .command(&["quota", "audits", "--format", "json"])
        .env("WXSELL_AUDIT_HOURLY", "7")
        .assert()
        .success();
    let audits: Value = serde_json::from_slice(&done.get_output().stdout).expect("JSON");
    assert_eq!(
        (
            &audits["last_hour"],
            &audits["hourly_limit"],
            &audits["daily_limit"]
        ),
        (&0.into(), &7.into(), &Value::Null)
    );
}

#[test]
fn a_rid_shows_what_the_platform_saw_without_the_token() {
    let shop = Shop::logged_in();
    let token = shop.json(&["auth", "token"])["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    shop.json(&["quota", "show", "/shop/spu/add"]);
    let call = shop
        .sandbox()
        .exchanges()
        .expect("calls")
        .into_iter()
        .find(|call| call.path.ends_with("quota/get"))
        .expect("the call");
    assert!(call.query.contains(&token));
    let seen = shop.json(&["rid", "show", &call.rid]);
    assert_eq!(seen["request_url"], "access_token=***");
    assert!(
        seen["request_body"]
            .as_str()
            .expect("text")
            .contains("/shop/spu/add")
    );
}

#[test]
fn a_rid_that_cannot_be_looked_up_costs_no_call() {
    let shop = Shop::logged_in();
    let before = shop.all_calls();
    assert!(
        said(
            &mut shop.command(&["rid", "show", "68e6c4c0-1a2b3c4d-5e6f7081"]),
            2
        )
        .contains("7 days")
    );
    assert!(said(&mut shop.command(&["rid", "show", "abc"]), 2).contains("not a rid"));
    assert_eq!(shop.all_calls(), before);
}
