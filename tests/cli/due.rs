//! `due`: what runs out, from lists and kept cases, over one shop and several; calendar, robot and program are told.

use super::world::{Said, World, said};
use crate::support::spec;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};

/// The number of a refund that was asked for 47 hours ago, of 12.34 yuan.
fn nearly_over(world: &World) -> String {
    world.paid("W1");
    let number = world.opened(&["refund", "W1", "--product", "T1", "--amount", "12.34"]);
    world.ok(&["sandbox", "advance", "47h"]);
    number
}

fn rows(said: &Said) -> Vec<Value> {
    said.json().as_array().expect("rows").clone()
}

#[test]
fn a_refund_falls_due_and_is_told() {
    let world = World::selling();
    world.paid("W1");
    let number = world.opened(&["refund", "W1", "--product", "T1", "--amount", "12.34"]);
    // 48 hours are left: nothing within six.
    let none = world.run(&["due", "--within", "6h", "--format", "json"]);
    assert_eq!((none.code, none.json()), (Some(0), json!([])));
    world.ok(&["sandbox", "advance", "47h"]);
    let seen = world.calls().len();
    let due = world.run(&["due", "--within", "6h", "--format", "json"]);
    assert_eq!(due.code, Some(8), "{}", due.stderr);
    let row = &rows(&due)[0];
    assert_eq!(
        (
            &row["number"],
            &row["order"],
            &row["amount"],
            &row["who"],
            &row["due"]
        ),
        (
            &json!(number),
            &json!("W1"),
            &json!(1234),
            &json!("merchant"),
            &json!(true)
        )
    );
    let left = row["seconds_left"].as_i64().expect("seconds");
    assert!((3400..=3600).contains(&left), "{left}");
    assert!(row["at"].as_str().expect("a time").contains('T'));
    assert!(due.stderr.contains("\"exit_code\":8"), "{}", due.stderr);
    // Its state is as it was: it is not read again.
    assert!(
        !world
            .paths_since(seen)
            .contains(&"/shop/ecaftersale/get".to_owned())
    );
    let fresh = world.run(&["due", "--fresh", "--format", "json"]);
    assert_eq!(rows(&fresh)[0]["number"], row["number"]);
    assert!(
        world
            .paths_since(seen)
            .contains(&"/shop/ecaftersale/get".to_owned())
    );
    let shown = world.run(&["due", "--columns", "what,amount,then"]);
    assert_eq!(shown.code, Some(8));
    let table: Vec<&str> = shown.text().lines().map(str::trim_end).collect();
    assert!(
        table[0].trim_start().starts_with("WHAT")
            && table[1].contains("accept or reject the refund")
            && table[1].contains("12.34")
            && table[1].ends_with("it counts as accepted and is refunded"),
        "{table:?}"
    );
    // What the clock ended is gone.
    world.ok(&["sandbox", "advance", "2h"]);
    let over = world.run(&["due", "--format", "json"]);
    assert_eq!((over.code, over.json()), (Some(0), json!([])));
    assert!(
        world
            .refused(2, &["due", "--within", "soon"])
            .contains("--within")
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn orders_buyers_and_disputes_are_shown_as_what_they_are() {
    let world = World::selling();
    let number = nearly_over(&world);
    world.ok(&["aftersale", "reject", &number]);
    let dispute = world.opened(&["dispute", &number]);
    world.ok(&["sandbox", "dispute", "ask", &dispute]);
    let due = world.run(&[
        "due",
        "--within",
        "5d",
        "--ship-within",
        "48h",
        "--format",
        "json",
    ]);
    assert_eq!(due.code, Some(8), "{}", due.stderr);
    let found = rows(&due);
    let of = |noun: &str| found.iter().find(|row| row["noun"] == noun).expect(noun);
    assert_eq!(
        (&of("dispute")["number"], &of("dispute")["assumed"]),
        (&json!(dispute), &json!(false))
    );
    let order = of("order");
    assert_eq!(
        (&order["number"], &order["assumed"], &order["due"]),
        (&json!("W1"), &json!(true), &json!(true))
    );
    assert!(
        order["then"]
            .as_str()
            .expect("words")
            .contains("--ship-within")
    );
    // Without a limit of one's own there is none.
    let plain = world.run(&["due", "--within", "5d", "--format", "json"]);
    assert!(rows(&plain).iter().all(|row| row["noun"] != "order"));
    let all = world.run(&["due", "--all", "--format", "json"]);
    let order = rows(&all).into_iter().find(|row| row["noun"] == "order");
    let order = order.expect("the order");
    assert_eq!((&order["at"], &order["due"]), (&json!(null), &json!(false)));
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

/// Answers one request with `answer` and gives its body.
fn robot(answer: &'static str) -> (String, std::thread::JoinHandle<Value>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!(
        "http://{}/hook?key=k",
        listener.local_addr().expect("an address")
    );
    let taken = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a caller");
        let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
        let (mut length, mut line) = (0, String::new());
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).expect("a line");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        let mut stream = stream;
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            answer.len()
        );
        stream
            .write_all((head + answer).as_bytes())
            .expect("answered");
        serde_json::from_slice(&body).expect("JSON")
    });
    (url, taken)
}

#[test]
fn calendar_robot_and_program_are_told() {
    let world = World::selling();
    let number = nearly_over(&world);
    let (url, taken) = robot(r#"{"errcode":0,"errmsg":"ok"}"#);
    let exec = if cfg!(windows) {
        "more > rows.json"
    } else {
        "cat > rows.json"
    };
    let mut command = world.command(&[
        "due",
        "--ics",
        "due.ics",
        "--notify-url",
        &url,
        "--exec",
        exec,
    ]);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let told = said(&mut command);
    assert_eq!(told.code, Some(8), "{}", told.stderr);
    let message = taken.join().expect("taken");
    assert_eq!(message["msgtype"], "text");
    let content = message["text"]["content"].as_str().expect("words");
    assert!(
        content.contains(&number) && content.contains("¥12.34"),
        "{content}"
    );
    let passed: Value = serde_json::from_str(&world.read("rows.json")).expect("JSON");
    assert_eq!(passed[0]["number"], json!(number));
    let calendar = world.read("due.ics");
    assert!(calendar.starts_with("BEGIN:VCALENDAR\r\n") && calendar.ends_with("END:VCALENDAR\r\n"));
    assert!(
        calendar.contains(&format!("UID:aftersale-{number}@")),
        "{calendar}"
    );
    let (url, taken) = robot(r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#);
    let refused = world.run(&["due", "--notify-url", &url]);
    taken.join().expect("taken");
    assert_eq!(refused.code, Some(8));
    assert!(
        refused.stderr.contains("93000 invalid webhook url") && !refused.stderr.contains("key=k"),
        "{}",
        refused.stderr
    );
    let dry = world.run(&["due", "--dry-run", "--ics", "other.ics"]);
    assert!(dry.stderr.contains("--dry-run") && !world.file("other.ics").exists());
}

#[test]
fn a_shop_that_fails_does_not_stop_the_others() {
    let world = World::selling();
    world.paid("W1");
    let number = world.opened(&["refund", "W1", "--product", "T1"]);
    let mut server = world
        .command(&["sandbox", "serve", "--port", "0", "--format", "ndjson"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mut line = String::new();
    let mut serving = BufReader::new(server.stdout.take().expect("a pipe"));
    serving.read_line(&mut line).expect("a line");
    let serving: Value = serde_json::from_str(&line).expect("JSON");
    let text = |name: &str| serving[name].as_str().expect("text").to_owned();
    let shop = |name: &str, url: &str| {
        format!(
            "[profile.{name}]\nappid = \"{}\"\nbase_url = \"{url}\"\nsecret = \"process\"\ncredential_process = [\"/bin/echo\", \"{}\"]\n",
            text("appid"),
            text("secret")
        )
    };
    let keyless = "[profile.keyless]\nappid = \"wx0000000000000009\"\n";
    world.configure(
        &[
            &shop("tea", &text("base_url")),
            &shop("rice", "http://127.0.0.1:9"),
            keyless,
        ]
        .concat(),
    );
    let within = |time: &str| {
        let due = [
            "--profile",
            "all",
            "due",
            "--within",
            time,
            "--format",
            "json",
        ];
        // Nobody waits here until the shop that is away is given up.
        said(
            world
                .plain_command(&due)
                .env(wxsell::clock::VARIABLE, world.clock()),
        )
    };
    let (due, later) = (within("60h"), within("1h"));
    server.kill().expect("it ends");
    server.wait().expect("it ends");
    assert_eq!(due.code, Some(8), "{}", due.stderr);
    let found = rows(&due);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["shop"], &found[0]["number"]),
        (&json!("tea"), &json!(number))
    );
    assert!(
        due.stderr.contains("rice could not be read")
            && due.stderr.contains("keyless could not be read"),
        "{}",
        due.stderr
    );
    assert_eq!(
        (later.code, later.json()),
        (Some(6), json!([])),
        "{}",
        later.stderr
    );
    assert!(later.stderr.contains("2 of 3 shops"), "{}", later.stderr);
    let none = said(
        world
            .plain_command(&["--profile", "all", "due"])
            .env("WXSELL_CONFIG_DIR", world.file("none")),
    );
    assert_eq!(none.code, Some(3), "{}", none.stderr);
}

#[test]
fn no_case_that_the_clock_ends_is_missing() {
    let world = World::selling();
    world.ok(&[
        "sandbox",
        "seed",
        "--goods",
        "20",
        "--orders",
        "150",
        "--aftersales",
        "60",
    ]);
    let due = world.run(&["due", "--all", "--within", "72h", "--format", "json"]);
    let listed = rows(&due);
    let clock = world.json(&["sandbox", "advance", "72h"]);
    let ended = clock.as_array().expect("happenings").iter();
    let ended: Vec<&Value> = ended
        .filter(|happening| happening["noun"] == "after-sale" || happening["noun"] == "dispute")
        .collect();
    assert!(ended.len() > 20, "the clock ends many: {}", ended.len());
    for happening in ended {
        let row = listed
            .iter()
            .find(|row| row["number"] == happening["number"])
            .unwrap_or_else(|| panic!("not listed: {happening}"));
        assert!(row["at"].is_string(), "{row}");
    }
}
