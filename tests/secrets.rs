//! No secret leaves the process, whatever it is answered: a gateway that repeats the request, an error page with the
//! address in it, a token reply that cannot be read. And nothing from outside acts on a terminal.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

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
    let machine = Machine::before(gateway(|target, _| match target.starts_with("/cgi-bin") {
        true => (
            200,
            format!("{{\"access_token\":\"{TOKEN}\",\"expires_in\":\"7200\"}}"),
        ),
        false => (
            200,
            "{\"errcode\":0,\"errmsg\":\"ok\",\"spus\":[],\"total_num\":0}".into(),
        ),
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
            // In WechatS own words as well.
            false => (
                200,
                format!("{{\"errcode\":48001,\"errmsg\":\"unauthorized {target}\"}}"),
            ),
        }
    }));
    let goods = "商品编号,标题,主图,类目,售价,库存,页面\nA,Tea,https://mmecimage.cn/p/a.jpg,1421/1422/1423,1,5,p\n";
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
    let printed = machine.run(&upload);
    assert!(!printed.status.success());
    machine.holds_no(TOKEN, &printed);
    let failed = machine.run(&["run", "failed", "1", "--format", "json"]);
    machine.holds_no(TOKEN, &failed);
    let raw = machine.run(&["goods", "list", "--raw"]);
    machine.holds_no(TOKEN, &raw);
    let words = String::from_utf8_lossy(&raw.stderr);
    assert!(words.contains("access_token=***"), "{words}");
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
            match target.starts_with("/cgi-bin") {
                true => format!("{{\"access_token\":\"{TOKEN}\",\"expires_in\":7200}}"),
                false => "{\"errcode\":0,\"errmsg\":\"ok\",\"spus\":[],\"total_num\":0}".into(),
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
