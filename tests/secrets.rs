//! No secret leaves the process, whatever it is answered: a gateway that repeats the request, an error page with the
//! address in it, a token reply that cannot be read. And nothing from outside acts on a terminal.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

const SECRET: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
const TOKEN: &str = "88_tokenTOKENtoken-TOKEN_token";

/// A request as a gateway sees it: target and body.
type Gateway = dyn Fn(&str, &str) -> (u16, String) + Send + Sync;

/// Answers every request with status and body.
fn gateway(answer: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let answer: Arc<Gateway> = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || serve(stream, &*answer));
        }
    });
    format!("http://{address}")
}

fn serve(mut stream: TcpStream, answer: &Gateway) {
    let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
    loop {
        let (mut first, mut length) = (String::new(), 0);
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(given) = line.strip_prefix("content-length:") {
                length = given.trim().parse().expect("a length");
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let target = first.split(' ').nth(1).unwrap_or_default();
        let (status, page) = answer(target, &String::from_utf8_lossy(&body));
        let head = format!(
            "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n",
            page.len()
        );
        if stream
            .write_all(&[head, page].concat().into_bytes())
            .is_err()
        {
            return;
        }
    }
}

struct Machine {
    folder: tempfile::TempDir,
    base_url: String,
}

impl Machine {
    fn before(base_url: String) -> Machine {
        let folder = tempfile::tempdir().expect("a folder");
        Machine { folder, base_url }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wxsell"));
        command
            .args(args)
            .env_clear()
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env("WXSELL_CONFIG_DIR", self.folder.path().join("config"))
            .env("WXSELL_STATE_DIR", self.folder.path().join("state"))
            .env("WXSELL_LANG", "en")
            .env("WXSELL_BASE_URL", &self.base_url)
            .env("WXSELL_APPID", "wx0123456789abcdef")
            .env("WXSELL_APP_SECRET", SECRET);
        for name in ["SystemRoot", "TEMP", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the binary runs")
    }

    /// Every file in the working folder, and what was printed.
    #[track_caller]
    fn holds_no(&self, secret: &str, printed: &Output) {
        let mut all = vec![("stdout".to_owned(), printed.stdout.clone())];
        all.push(("stderr".to_owned(), printed.stderr.clone()));
        for entry in std::fs::read_dir(self.folder.path()).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let name = path.display().to_string();
                all.push((name, std::fs::read(path).expect("a file")));
            }
        }
        for (name, bytes) in all {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(secret), "{name} holds it: {text}");
        }
    }
}

#[test]
fn a_gateway_that_repeats_the_request_cannot_make_a_secret_leave() {
    let machine = Machine::before(gateway(|target, body| {
        (403, format!("<html>blocked: POST {target} {body}</html>"))
    }));
    let printed = machine.run(&["auth", "token", "--trace", "trace.jsonl"]);
    assert!(!printed.status.success());
    let words = String::from_utf8_lossy(&printed.stderr);
    assert!(words.contains("blocked"), "{words}");
    let trace = std::fs::read_to_string(machine.folder.path().join("trace.jsonl"));
    assert!(trace.expect("a trace").contains("blocked"));
    machine.holds_no(SECRET, &printed);
}

/// The answer to a token call that cannot be used, and yet holds a token.
#[test]
fn a_token_in_an_answer_that_cannot_be_read_is_not_shown() {
    for answer in [
        format!("{{\"access_token\":\"{TOKEN}\""),
        format!("{{\"access_token\":\"{TOKEN}\",\"expires_in\":7200}} trailing"),
        format!("{{\"access_token\":\"{TOKEN}\"}}"),
        format!("{{\"access_token\":\"{TOKEN}\",\"expires_in\":\"soon\"}}"),
    ] {
        let shown = answer.clone();
        let machine = Machine::before(gateway(move |_, _| (200, answer.clone())));
        let printed = machine.run(&["goods", "list", "--trace", "trace.jsonl"]);
        assert!(!printed.status.success(), "{shown}");
        machine.holds_no(TOKEN, &printed);
    }
    // Seconds in quotes are seconds.
    let machine = Machine::before(gateway(|target, _| {
        if target.starts_with("/cgi-bin") {
            (
                200,
                format!("{{\"access_token\":\"{TOKEN}\",\"expires_in\":\"7200\"}}"),
            )
        } else {
            (
                200,
                "{\"errcode\":0,\"errmsg\":\"ok\",\"spus\":[],\"total_num\":0}".into(),
            )
        }
    }));
    let printed = machine.run(&["goods", "list", "--format", "json"]);
    let words = String::from_utf8_lossy(&printed.stderr);
    assert!(printed.status.success(), "{words}");
    // The one command that is asked for it.
    let printed = machine.run(&["auth", "token"]);
    assert_eq!(String::from_utf8_lossy(&printed.stdout).trim(), TOKEN);
}

#[test]
fn an_error_page_with_the_address_in_it_leaves_no_token_in_any_report() {
    let machine = Machine::before(gateway(|target, _| {
        if target.starts_with("/cgi-bin/stable_token") {
            return (
                200,
                format!("{{\"access_token\":\"{TOKEN}\",\"expires_in\":7200}}"),
            );
        }
        match target.starts_with("/shop/spu/add") {
            true => (403, format!("<p>filtered: {target}</p>")),
            // In WeChat's own words as well.
            false if target.starts_with("/shop/order/get_list") => (
                200,
                format!("{{\"errcode\":48001,\"errmsg\":\"unauthorized {target}\"}}"),
            ),
            false => (200, shop_of_teas(target)),
        }
    }));
    let goods = "商品编号,标题,主图,类目,规格编号,售价,划线价,库存,小程序路径\nA,Green tea,https://mmecimage.cn/p/a.jpg,1423,A-1,12.50,99.00,5,pages/a\n";
    std::fs::write(machine.folder.path().join("cat.csv"), goods).expect("a file");
    let upload = [
        "goods",
        "upload",
        "cat.csv",
        "--yes",
        "--report",
        "junit=j.xml",
        "--report",
        "json=out.json",
        "--trace",
        "trace.jsonl",
    ];
    let clock = machine.folder.path().join("clock");
    let mut command = machine.command(&upload);
    let printed = command.env(wxsell::clock::VARIABLE, clock).output();
    let printed = printed.expect("the binary runs");
    assert!(!printed.status.success());
    let returned = std::fs::read_to_string(machine.folder.path().join("cat.failed.csv"));
    let returned = returned.expect("the rows that failed");
    assert!(returned.contains("access_token=***"), "{returned}");
    machine.holds_no(TOKEN, &printed);
    let failed = machine.run(&["run", "failed", "1", "--format", "json"]);
    machine.holds_no(TOKEN, &failed);
    let raw = machine.run(&["order", "list", "--raw"]);
    machine.holds_no(TOKEN, &raw);
    let words = String::from_utf8_lossy(&raw.stderr);
    assert!(words.contains("access_token=***"), "{words}");
}

/// What a shop that may sell tea and has none yet answers.
fn shop_of_teas(target: &str) -> String {
    let path = target.split('?').next().unwrap_or_default();
    const TEA: &str = "\"third_cat_id\":1423,\"third_cat_name\":\"tea\",\"second_cat_id\":1422,\"second_cat_name\":\"tea\",\"first_cat_id\":1421,\"first_cat_name\":\"food\"";
    match path {
        "/shop/account/get_category_list" => format!("{{\"errcode\":0,\"data\":[{{{TEA}}}]}}"),
        "/shop/cat/get" => format!(
            "{{\"errcode\":0,\"third_cat_list\":[{{{TEA},\"qualification\":\"\",\"qualification_type\":0,\"product_qualification\":\"\",\"product_qualification_type\":0}}]}}"
        ),
        "/shop/account/get_info" => "{\"errcode\":0,\"data\":{\"service_agent_path\":\"pages/s\",\"service_agent_phone\":\"02000000000\",\"service_agent_type\":[0,1,2]}}".into(),
        "/shop/spu/get" => "{\"errcode\":1000011,\"errmsg\":\"no such product\"}".into(),
        "/shop/register/check" => "{\"errcode\":0,\"data\":{\"status\":2,\"access_info\":{\"spu_audit_success\":1}}}".into(),
        _ => "{\"errcode\":0,\"errmsg\":\"ok\"}".into(),
    }
}

#[cfg(unix)]
fn mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
}

#[cfg(unix)]
#[test]
fn files_of_ours_that_others_could_read_are_mended_and_secrets_of_people_refused() {
    use std::os::unix::fs::MetadataExt;
    let machine = Machine::before(gateway(|target, _| {
        (
            200,
            if target.starts_with("/cgi-bin") {
                format!("{{\"access_token\":\"{TOKEN}\",\"expires_in\":7200}}")
            } else {
                "{\"errcode\":0,\"errmsg\":\"ok\",\"spus\":[],\"total_num\":0}".into()
            },
        )
    }));
    let folder = machine.folder.path();
    std::fs::create_dir(folder.join("state")).expect("a folder");
    for name in ["state/wxsell.db", "trace.jsonl", "secret"] {
        std::fs::write(folder.join(name), "").expect("a file");
        mode(&folder.join(name), 0o666);
    }
    mode(&folder.join("state"), 0o777);
    let printed = machine.run(&["goods", "list", "--trace", "trace.jsonl"]);
    let words = String::from_utf8_lossy(&printed.stderr);
    assert!(printed.status.success(), "{words}");
    assert_eq!(
        words.matches("others could read or change").count(),
        3,
        "{words}"
    );
    for (name, narrow) in [
        ("state", 0o700),
        ("state/wxsell.db", 0o600),
        ("trace.jsonl", 0o600),
    ] {
        let about = std::fs::metadata(folder.join(name)).expect("there");
        assert_eq!(about.mode() & 0o777, narrow, "{name}");
    }
    // Mended once, and said once.
    let again = machine.run(&["goods", "list", "--trace", "trace.jsonl"]);
    assert!(!String::from_utf8_lossy(&again.stderr).contains("others"));
    std::fs::write(folder.join("secret"), SECRET).expect("a file");
    mode(&folder.join("secret"), 0o644);
    let given = [
        "auth",
        "token",
        "--force-refresh",
        "--yes",
        "--secret-file",
        "secret",
    ];
    let printed = machine.run(&given);
    assert_eq!(printed.status.code(), Some(3));
    let words = String::from_utf8_lossy(&printed.stderr);
    assert!(words.contains("chmod 600 secret"), "{words}");
    mode(&folder.join("secret"), 0o600);
    let mut fresh = machine.command(&given);
    let printed = fresh.env("WXSELL_STATE_DIR", folder.join("other")).output();
    let printed = printed.expect("the binary runs");
    let words = String::from_utf8_lossy(&printed.stderr);
    assert!(printed.status.success(), "{words}");
    // A folder of settings that everybody may write to names no program to run.
    std::fs::create_dir(folder.join("config")).expect("a folder");
    std::fs::write(folder.join("config/config.toml"), "").expect("settings");
    mode(&folder.join("config"), 0o777);
    let printed = machine.run(&["profile", "list"]);
    assert_eq!(printed.status.code(), Some(3));
    let words = String::from_utf8_lossy(&printed.stderr);
    assert!(words.contains("chmod 700"), "{words}");
}

/// What is meant for this machine does not go through a proxy that the environment names; one that is named on purpose
/// is taken.
#[test]
fn a_proxy_of_the_environment_sees_nothing_that_is_meant_for_this_machine() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let proxy = gateway(move |target, _| {
        noted.lock().expect("a lock").push(target.to_owned());
        (
            200,
            format!("{{\"access_token\":\"{TOKEN}\",\"expires_in\":7200}}"),
        )
    });
    let machine = Machine::before(gateway(|target, _| {
        (
            200,
            if target.starts_with("/cgi-bin") {
                format!("{{\"access_token\":\"{TOKEN}\",\"expires_in\":7200}}")
            } else {
                "{\"errcode\":0,\"errmsg\":\"ok\",\"spus\":[],\"total_num\":0}".into()
            },
        )
    }));
    let through = |args: &[&str]| {
        let mut command = machine.command(args);
        for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env(name, &proxy);
        }
        command.output().expect("the binary runs")
    };
    let printed = through(&["goods", "list"]);
    let words = String::from_utf8_lossy(&printed.stderr);
    assert!(printed.status.success(), "{words}");
    // An event with an order in it, for a program of this machine.
    let hook = gateway(|_, _| (200, String::new()));
    let printed = through(&[
        "--profile",
        "sandbox",
        "event",
        "trigger",
        "debug_demo",
        "--to",
        &format!("{hook}/in"),
    ]);
    let words = String::from_utf8_lossy(&printed.stderr);
    assert!(printed.status.code() != Some(4), "{words}");
    assert_eq!(*seen.lock().expect("a lock"), [""; 0]);
    // That of a profile is meant.
    let config = machine.folder.path().join("config");
    std::fs::create_dir_all(&config).expect("a folder");
    let settings = format!(
        "[profile.shop]\nappid = \"wx0123456789abcdef\"\nbase_url = \"http://127.0.0.1:9\"\nproxy = \"{proxy}\"\n"
    );
    std::fs::write(config.join("config.toml"), settings).expect("settings");
    let mut command = machine.command(&["--profile", "shop", "auth", "token"]);
    command
        .env_remove("WXSELL_BASE_URL")
        .env_remove("WXSELL_APPID");
    let printed = command.output().expect("the binary runs");
    let words = String::from_utf8_lossy(&printed.stderr);
    assert!(printed.status.success(), "{words}");
    assert_eq!(seen.lock().expect("a lock").len(), 1, "{words}");
}

#[test]
fn a_proxy_that_refuses_is_named_and_not_asked_again() {
    for (status, why) in [
        (407, "the proxy asks for a user and a password"),
        (403, "the proxy refuses the connection"),
    ] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = seen.clone();
        let proxy = gateway(move |target, _| {
            noted.lock().expect("a lock").push(target.to_owned());
            (status, String::new())
        });
        let machine = Machine::before(proxy.clone());
        let config = machine.folder.path().join("config");
        std::fs::create_dir_all(&config).expect("a folder");
        let settings = format!(
            "[profile.shop]\nappid = \"wx0123456789abcdef\"\nbase_url = \"https://127.0.0.1:9\"\nproxy = \"{proxy}\"\n"
        );
        std::fs::write(config.join("config.toml"), settings).expect("settings");
        let mut command = machine.command(&["--profile", "shop", "goods", "list"]);
        command
            .env_remove("WXSELL_BASE_URL")
            .env_remove("WXSELL_APPID");
        let printed = command.output().expect("the binary runs");
        let words = String::from_utf8_lossy(&printed.stderr);
        assert_eq!(printed.status.code(), Some(3), "{words}");
        assert!(words.contains(why), "{words}");
        assert_eq!(*seen.lock().expect("a lock"), ["127.0.0.1:9"], "{words}");
    }
}

/// A dot at the end names the same host: its pace, its limits and its questions are those of the live platform.
#[test]
fn a_host_with_a_dot_at_its_end_is_the_live_platform() {
    let machine = Machine::before("https://api.weixin.qq.com.".into());
    // A clock of tests is refused before the live platform, and nowhere else.
    let clock = machine.folder.path().join("clock");
    let mut command = machine.command(&["goods", "list"]);
    let printed = command.env(wxsell::clock::VARIABLE, clock).output();
    let printed = printed.expect("the binary runs");
    let words = String::from_utf8_lossy(&printed.stderr);
    assert!(
        words.contains("the live platform is never called"),
        "{words}"
    );
}

/// A running receiver: the password of its target is not shown, and a crash would write none of its memory to a file.
#[cfg(target_os = "linux")]
#[test]
fn a_receiver_shows_no_password_and_leaves_no_core() {
    const PASSWORD: &str = "SECRETPW-of-the-hook";
    let machine = Machine::before("http://127.0.0.1:9".into());
    let target = format!("http://u:{PASSWORD}@127.0.0.1:9/hook");
    let inner = machine.command(&[
        "--profile",
        "sandbox",
        "event",
        "listen",
        "--port",
        "0",
        "--format",
        "ndjson",
        "--forward-to",
        &target,
    ]);
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", "ulimit -S -c $(ulimit -H -c); exec \"$0\" \"$@\""])
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear()
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(machine.folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = shell.spawn().expect("it starts");
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
    stdout.read_line(&mut line).expect("a line");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id()));
    child.kill().expect("it is ended");
    let rest = child.wait_with_output().expect("it ends");
    let limits = limits.expect("its limits");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let soft = core.and_then(|line| line.split_whitespace().nth(4));
    assert_eq!(soft, Some("0"), "{limits}");
    assert!(line.contains("127.0.0.1:9/hook"), "{line}");
    let all = format!("{line}{}", String::from_utf8_lossy(&rest.stderr));
    assert!(!all.contains(PASSWORD), "{all}");
}
