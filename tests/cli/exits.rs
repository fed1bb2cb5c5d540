//! Every exit code that is named, through the program: when it comes, and whether the error in JSON says that the same
//! command may succeed later. (70 is a mistake of the program, which has no way to be ordered.)

use super::catalogues::teas;
use super::world::{Said, World, said};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use wxsell::sandbox::{APPID, Fault, FaultKind, SECRET};

/// The error that a command ended with.
fn error(told: &Said) -> Value {
    let mut errors = told.stderr.lines().filter_map(|line| {
        let error: Value = serde_json::from_str(line).ok()?;
        error.get("error").cloned()
    });
    let last = errors.next_back();
    last.unwrap_or_else(|| panic!("no error in JSON: {}", told.stderr))
}

#[track_caller]
fn ends(told: &Said, code: i32, retryable: bool) {
    assert_eq!(told.code, Some(code), "{}{}", told.text(), told.stderr);
    let error = error(told);
    assert_eq!(
        (&error["exit_code"], &error["retryable"]),
        (&json!(code), &json!(retryable)),
        "{error}"
    );
}

#[test]
fn each_exit_code_comes_as_documented_and_says_whether_to_try_later() {
    let world = World::selling();
    let json = ["--format", "json"];
    let run = |args: &[&str]| world.run_in_time(&[args, &json].concat());
    let fault = |path: &str, kind: FaultKind, times: u32| {
        let fault = Fault::once(path, kind).times(times);
        world.sandbox().add_fault(&fault).expect("a fault");
    };
    let says = |errcode: i64| FaultKind::Errcode {
        errcode,
        errmsg: "no".into(),
    };
    let (list, goods) = ("/shop/spu/get_list", ["goods", "list"]);
    assert_eq!(run(&goods).code, Some(0));
    fault(list, says(1_010_003), 1);
    ends(&run(&goods), 1, false);
    ends(&run(&["goods", "upload", "none.csv"]), 2, false);
    fault(list, says(48001), 1);
    ends(&run(&goods), 3, false);
    fault(list, FaultKind::Reset, 5);
    ends(&run(&goods), 4, true);
    let waits = ["promoter", "add", "--wechat", "tea_1", "--wait", "2s"];
    ends(&run(&waits), 5, true);

    world.write("new.csv", teas(&[("T8", "10.00"), ("T9", "10.00")]));
    fault("/shop/spu/add", says(1_000_020), 1);
    ends(
        &run(&["goods", "upload", "new.csv", "--jobs", "1"]),
        6,
        false,
    );
    world.write("cheap.csv", teas(&[("T1", "1.00")]));
    ends(&run(&["goods", "upload", "cheap.csv"]), 11, false);

    world.paid("W1");
    world.opened(&["refund", "W1", "--product", "T1", "--amount", "5.00"]);
    ends(&run(&["due", "--within", "72h"]), 8, false);

    let lost = Fault::once("/promoter/singlesendmsg", FaultKind::Reset).after();
    world.sandbox().add_fault(&lost).expect("a fault");
    let message = [
        "api",
        "call",
        "/promoter/singlesendmsg",
        "--no-check",
        "--data",
        r#"{"content":"x","template_id":1,"id":"p1"}"#,
    ];
    ends(&run(&message), 9, true);

    let shop = world.running();
    let profile = |name: &str, setting: &str| {
        format!(
            "[profile.{name}]\nappid = \"{APPID}\"\nbase_url = \"{}\"\n{setting} = true\n",
            shop.base_url
        )
    };
    world.configure(&(profile("live", "production") + &profile("seen", "read_only")));
    let at = |profile: &str| {
        let args = [&["--profile", profile, "goods", "remove", "T2"], &json[..]].concat();
        said(world.plain_command(&args).env("WXSELL_APP_SECRET", SECRET))
    };
    ends(&at("live"), 10, false);
    ends(&at("seen"), 3, false);

    world.ok(&["sandbox", "reset", "--bare", "--yes"]);
    ends(&run(&["status"]), 7, false);
}

/// While a job waits to look again for what had no answer.
#[cfg(unix)]
#[test]
fn a_job_that_is_stopped_ends_with_130() {
    let world = World::selling();
    world.paid("W1");
    world.write("parcels.csv", "order,carrier,waybill\nW1,SF,SF1\n");
    let lost = Fault::once("/shop/delivery/send", FaultKind::Reset);
    world.sandbox().add_fault(&lost).expect("a fault");
    let mut child = world
        .command(&[
            "delivery",
            "send",
            "--from",
            "parcels.csv",
            "--format",
            "json",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut words = String::new();
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    while !words.contains("checking again") {
        let read = stderr.read_line(&mut words).expect("a line");
        assert!(read > 0, "{words}");
    }
    let stop = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(stop.expect("a signal").success());
    while stderr.read_line(&mut words).expect("a line") > 0 {}
    let output = child.wait_with_output().expect("it ends");
    let told = Said {
        code: output.status.code(),
        stdout: output.stdout,
        stderr: words,
    };
    ends(&told, 130, true);
    assert_eq!(told.json()["unclear"], 1);
}
