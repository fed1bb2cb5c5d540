//! `sandbox`: the clock, audits, failures, tokens and settings of the built-in shop.

use super::catalogues::teas;
use super::world::World;
use clap::CommandFactory;
use serde_json::{Value, json};

#[test]
fn advancing_the_clock_passes_audits() {
    let world = World::new();
    world.write("goods.csv", teas(&[("A", "1")]));
    world.ok(&["goods", "upload", "goods.csv"]);
    assert_eq!(world.json(&["sandbox", "advance", "29m"]), json!([]));
    let ended = world.json(&["sandbox", "advance", "2m"]);
    assert_eq!(
        (&ended[0]["number"], &ended[0]["what"]),
        (&json!("A"), &json!("audit passed"))
    );
    assert_eq!(world.products()["A"]["status"], 5);
    let told = world.refused(2, &["sandbox", "advance", "soon"]);
    assert!(
        told.contains("write a duration, e.g. 90s, 30m, 2h or 1d"),
        "{told}"
    );
}

#[test]
fn audits_end_by_order() {
    let world = World::new();
    world.write("goods.csv", teas(&[("A", "1"), ("B", "1"), ("C", "1")]));
    world.ok(&["goods", "upload", "goods.csv"]);
    let rejected = world.ok(&[
        "sandbox",
        "audit",
        "reject",
        "A",
        "--reason",
        "no tea",
        "--columns",
        "number,what,reason",
    ]);
    insta::assert_snapshot!(rejected, @"
     NUMBER  WHAT            REASON
     A       audit rejected  no tea
    ");
    let passed = world.json(&["sandbox", "audit", "pass", "--all"]);
    assert_eq!(passed.as_array().map(Vec::len), Some(2));
    let down = world.json(&["sandbox", "audit", "take-down", "B", "--reason", "words"]);
    assert_eq!(down[0]["what"], "taken down by WeChat");
    let states: Vec<_> = world
        .products()
        .into_values()
        .map(|spu| (spu["status"].as_i64(), spu["edit_status"].as_i64()))
        .collect();
    assert_eq!(
        states,
        [(Some(0), Some(3)), (Some(13), Some(4)), (Some(5), Some(4))]
    );
    let told = world.refused(2, &["sandbox", "audit", "pass", "NONE"]);
    insta::assert_snapshot!(told, @"Error: the sandbox has no product NONE");
}

#[test]
fn every_kind_of_failure_can_be_ordered_listed_and_taken_back() {
    let world = World::new();
    let kinds = [
        &["--latency", "5ms"][..],
        &["--no-answer", "5s"],
        &["--reset"],
        &["--status", "502"],
        &["--html"],
        &["--half"],
        &["--errcode", "-1"],
        &["--gzip-bomb", "64"],
        &["--redirect", "http://login.example.com/"],
    ];
    for kind in kinds {
        world.ok(&[&["sandbox", "fault", "--path", "/none"], kind].concat());
    }
    world.ok(&[
        "sandbox", "fault", "--chance", "5%", "--seed", "7", "--reset", "--after",
    ]);
    let listed = world.json(&["sandbox", "fault", "list"]);
    let words: Vec<&str> = listed
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|fault| fault["kind"].as_str())
        .collect();
    assert_eq!(
        words,
        [
            "latency",
            "timeout",
            "reset",
            "status",
            "html",
            "half",
            "errcode",
            "gzip_bomb",
            "redirect",
            "reset"
        ]
    );
    assert_eq!(
        (
            &listed[9]["rate"],
            &listed[9]["after"],
            &listed[9]["times_left"]
        ),
        (&json!(0.05), &json!(true), &json!(null))
    );
    world.ok(&["sandbox", "fault", "clear", "10"]);
    assert_eq!(
        world
            .json(&["sandbox", "fault", "list"])
            .as_array()
            .map(Vec::len),
        Some(9)
    );
    assert_eq!(world.json(&["sandbox", "fault", "clear"]), json!([]));
    let told = world.refused(2, &["sandbox", "fault", "--times", "2"]);
    assert!(told.starts_with("Error: missing: "), "{told}");
    let told = world.refused(2, &["sandbox", "fault", "--reset", "--half"]);
    assert!(
        told.contains("--reset cannot be used with --half"),
        "{told}"
    );
}

#[test]
fn an_ordered_failure_strikes_and_is_gone() {
    let world = World::new();
    world.ok(&[
        "sandbox",
        "fault",
        "--path",
        "/shop/account/get_brand_list",
        "--errcode",
        "48001",
    ]);
    let told = world.refused(3, &["brand", "mine"]);
    assert!(
        told.contains("errcode 48001: by order of the sandbox"),
        "{told}"
    );
    world.ok(&["brand", "mine"]);
    assert_eq!(world.json(&["sandbox", "fault", "list"]), json!([]));
    assert_eq!(world.json(&["sandbox", "status"])["faults"], 0);
}

#[test]
fn a_trace_is_answered_again() {
    let world = World::selling();
    world.ok(&["goods", "list", "--trace", "trace.jsonl"]);
    let before = world.json(&["goods", "list"]);
    world.ok(&["sandbox", "reset", "--yes"]);
    assert_eq!(world.json(&["goods", "list"]), serde_json::json!([]));
    let said = world.run(&["sandbox", "fault", "replay", "trace.jsonl"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stderr.contains("recorded answer"), "{}", said.stderr);
    assert_eq!(world.json(&["goods", "list"]), before, "as it was recorded");
    assert_eq!(world.json(&["goods", "list"]), serde_json::json!([]));
    world.write(
        "other.jsonl",
        "{\"path\": \"/shop/spu/get\", \"answer\": {}}\nno trace\n",
    );
    let told = world.refused(2, &["sandbox", "fault", "replay", "other.jsonl"]);
    assert!(
        told.contains("line 2 of other.jsonl is not from a trace"),
        "{told}"
    );
    assert_eq!(
        world.json(&["sandbox", "fault", "list"]),
        serde_json::json!([])
    );
}

#[test]
fn a_wait_for_a_limit_is_told_once_each_time() {
    let world = World::new();
    let limited = || {
        world.ok(&[
            "sandbox",
            "fault",
            "--path",
            "/shop/account/get_brand_list",
            "--errcode",
            "45009",
            "--times",
            "2",
        ])
    };
    limited();
    let said = world.run(&["brand", "mine", "--lang", "zh"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    // The first pause is too short to be told.
    assert_eq!(
        said.stderr.trim(),
        "等待 1 秒：微信限制此接口的调用频次（错误码 45009）"
    );
    limited();
    let said = world.run(&["brand", "mine", "--quiet"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
}

#[test]
fn tokens_end_by_order_and_commands_fetch_new_ones() {
    let world = World::new();
    world.ok(&["brand", "mine"]);
    for verb in ["expire", "steal"] {
        world.ok(&["sandbox", "token", verb]);
        let seen = world.calls().len();
        world.ok(&["brand", "mine"]);
        let calls = world.calls().split_off(seen);
        let fetched = calls
            .iter()
            .filter(|call| call.path == "/cgi-bin/stable_token");
        assert_eq!(fetched.count(), 1, "{verb}");
        assert_ne!(calls.first().expect("a call").errcode, 0);
        assert_eq!(calls.last().expect("a call").errcode, 0);
    }
}

#[test]
fn a_fresh_shop_gets_everything_anew() {
    let world = World::with_goods(&teas(&[("A", "1"), ("B", "1")]));
    world.ok(&["sandbox", "reset", "--yes"]);
    let report = world.json(&["goods", "upload", "goods.csv"]);
    assert_eq!(
        (&report["added"], &report["unchanged"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(world.products().len(), 2);
}

#[test]
fn settings_are_kept_until_the_shop_is_reset() {
    let world = World::new();
    let set = world.json(&[
        "sandbox",
        "set",
        "--audit-duration",
        "10m",
        "--audits-per-hour",
        "2",
        "--allow-ip",
        "10.0.0.0/8",
    ]);
    assert_eq!(
        (
            &set["audit_seconds"],
            &set["audits_per_hour"],
            &set["allowed_ips"]
        ),
        (&json!(600), &json!(2), &json!(["10.0.0.0/8"]))
    );
    let off = world.json(&[
        "sandbox",
        "set",
        "--audits-per-hour",
        "off",
        "--allow-ip",
        "any",
    ]);
    assert_eq!(
        (
            &off["audits_per_hour"],
            &off["allowed_ips"],
            &off["audit_seconds"]
        ),
        (&json!(null), &json!([]), &json!(600))
    );
    world.write("goods.csv", teas(&[("A", "1")]));
    world.ok(&["goods", "upload", "goods.csv"]);
    let status = world.json(&["sandbox", "status"]);
    assert_eq!(
        (&status["customer_service"], &status["audits_today"]),
        (&json!(true), &json!(1))
    );
    let told = world.refused(10, &["sandbox", "reset"]);
    assert!(
        told.contains("confirmation required: Empty the sandbox shop?"),
        "{told}"
    );
    let fresh = world.json(&["sandbox", "reset", "--yes"]);
    assert_eq!(
        (&fresh["products"], &fresh["settings"]["audit_seconds"]),
        (&json!([]), &json!(1800))
    );
    let told = world.refused(2, &["sandbox", "set", "--calls-per-day", "many"]);
    assert!(told.contains("write a number or off"), "{told}");
    let told = world.refused(2, &["sandbox", "reset", "--dry-run"]);
    assert!(told.contains("sandbox commands have no dry run"), "{told}");
}

#[test]
fn a_served_shop_answers_other_programs() {
    use std::io::{BufRead, BufReader};
    let world = World::new();
    let mut server = world
        .command(&["sandbox", "serve", "--port", "0", "--format", "ndjson"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("a pipe"))
        .read_line(&mut line)
        .expect("a line");
    let serving: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let text = |name: &str| serving[name].as_str().expect("text").to_owned();
    let said = super::world::said(
        world
            .plain_command(&["brand", "mine", "--format", "json"])
            .env("WXSELL_BASE_URL", text("base_url"))
            .env("WXSELL_APPID", text("appid"))
            .env("WXSELL_APP_SECRET", text("secret")),
    );
    server.kill().expect("it ends");
    server.wait().expect("it ends");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.json()[0]["brand_id"], "2100000000");
}

/// The parser takes two options of one name for one, of the type of the first, and fails when it is read as the other.
#[test]
fn no_command_has_an_option_that_is_called_like_a_global_one() {
    let root = wxsell::cli::Cli::command();
    let globals: Vec<&clap::Arg> = root
        .get_arguments()
        .filter(|arg| arg.is_global_set())
        .collect();
    assert!(globals.len() > 10);
    let mut commands: Vec<&clap::Command> = root.get_subcommands().collect();
    while let Some(command) = commands.pop() {
        commands.extend(command.get_subcommands());
        for arg in command.get_arguments() {
            for global in &globals {
                assert!(
                    arg.get_id() != global.get_id()
                        && (arg.get_long().is_none() || arg.get_long() != global.get_long())
                        && (arg.get_short().is_none() || arg.get_short() != global.get_short()),
                    "{} of {}",
                    arg.get_id(),
                    command.get_name()
                );
            }
        }
    }
}

#[test]
fn the_demo_fills_every_list_with_numbers_of_their_own_and_its_commands_work() {
    let world = World::new();
    let said = world.run(&["demo"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let lines: Vec<&str> = said.text().lines().collect();
    assert_eq!(lines.len(), 8, "{}", said.text());
    for args in [
        &["coupon", "list"][..],
        &["promoter", "list"],
        &["sharer", "list"],
    ] {
        let rows = world.json(args);
        assert!(
            rows.as_array().is_some_and(|rows| !rows.is_empty()),
            "{args:?}"
        );
    }
    let numbers = |args: &[&str], fields: &[&str]| {
        let rows = world.json(args);
        let rows = rows.as_array().expect("rows").clone();
        let of = |row: &Value| -> Vec<String> {
            let found = fields.iter().filter_map(|field| row[*field].as_str());
            found
                .filter(|found| !found.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let numbers: std::collections::BTreeSet<String> = rows.iter().flat_map(of).collect();
        assert!(
            numbers.len() >= rows.len() && !rows.is_empty(),
            "{args:?}: {rows:?}"
        );
        numbers
    };
    let kinds = [
        numbers(&["goods", "list"], &["out_product_id"]),
        numbers(&["order", "list"], &["id", "number"]),
        numbers(&["aftersale", "list"], &["id", "own_number"]),
        numbers(&["dispute", "list"], &["id"]),
    ];
    for (at, one) in kinds.iter().enumerate() {
        for other in &kinds[at + 1..] {
            let both: Vec<&String> = one.intersection(other).collect();
            assert!(both.is_empty(), "{both:?}");
        }
    }
    // A second time nothing is added.
    let again = world.run(&["demo"]);
    assert!(
        again.stderr.contains("nothing was added"),
        "{}",
        again.stderr
    );
    assert_eq!(
        world
            .json(&["goods", "list"])
            .as_array()
            .map_or(0, Vec::len),
        kinds[0].len()
    );
    for line in lines {
        let words: Vec<&str> = line.split(' ').skip(1).collect();
        let ran = super::world::said(&mut world.plain_command(&words));
        assert!(
            matches!(ran.code, Some(0 | 8)),
            "{line}: {:?} {}",
            ran.code,
            ran.stderr
        );
    }
}

#[test]
fn calls_are_counted_without_a_limit_too() {
    let world = World::new();
    world.ok(&["brand", "mine"]);
    let shown = world.run(&["quota", "show"]);
    assert!(!shown.text().contains("no figure"), "{}", shown.text());
    let row = &world.json(&["quota", "show", "/shop/account/get_brand_list"])[0];
    assert_eq!(row["used"], 1);
    assert!(
        row["remaining"].as_i64() < row["daily_limit"].as_i64(),
        "{row}"
    );
}
