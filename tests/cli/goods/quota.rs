//! The audit quota: never passed, over all runs, and told before and after.

use crate::cli::catalogues::many;
use crate::cli::world::World;
use serde_json::json;
use std::process::Stdio;
use std::time::Duration;
use wxsell::sandbox::{Fault, FaultKind};

const FIVE: [(&str, &str); 1] = [("WXSELL_AUDIT_HOURLY", "5")];

fn submissions(world: &World) -> i64 {
    world.sandbox().status().expect("a status").audits_today
}

#[test]
fn exactly_the_limit_is_submitted_and_the_next_run_submits_nothing() {
    let world = World::new();
    world.write("goods.csv", many(12));
    let said = world.run_with(&FIVE, &["goods", "upload", "goods.csv", "--format", "json"]);
    assert_eq!(said.code, Some(5));
    let report = said.json();
    assert_eq!(
        (
            &report["status"],
            &report["added"],
            &report["left"],
            &report["refused"]
        ),
        (&json!("stopped"), &json!(5), &json!(7), &json!(0))
    );
    let last = said.stderr.lines().last().expect("an error");
    let error: serde_json::Value = serde_json::from_str(last).expect("JSON");
    let message = error["error"]["message"].as_str().expect("words");
    assert!(
        message.starts_with("the audit quota of this shop is used up until 2")
            && message.ends_with("+08:00"),
        "{message}"
    );
    assert_eq!(error["error"]["exit_code"], 5);
    assert_eq!(submissions(&world), 5);

    let said = world.run_with(&FIVE, &["goods", "upload", "goods.csv"]);
    assert_eq!(said.code, Some(5));
    assert_eq!(submissions(&world), 5);
    let audits = world.run_with(&FIVE, &["quota", "audits", "--format", "json"]);
    assert_eq!(
        audits.json(),
        json!({"last_hour": 5, "hourly_limit": 5, "today": 5, "daily_limit": null})
    );

    // Without the limit the rest goes.
    let report = world.json(&["goods", "upload", "goods.csv"]);
    assert_eq!(
        (&report["added"], &report["not_compared"]),
        (&json!(7), &json!(5))
    );
}

#[test]
fn a_share_of_the_limit_is_kept() {
    let world = World::new();
    world.write("goods.csv", many(12));
    let said = world.run_with(
        &[("WXSELL_AUDIT_HOURLY", "10")],
        &["goods", "upload", "goods.csv", "--reserve", "20%"],
    );
    assert_eq!((said.code, submissions(&world)), (Some(5), 8));
    let told = world.refused(2, &["goods", "upload", "goods.csv", "--reserve", "100%"]);
    assert!(told.contains("from 0% to 99%"), "{told}");
}

#[test]
fn the_day_has_a_limit_too() {
    let world = World::new();
    world.write("goods.csv", many(6));
    let said = world.run_with(
        &[("WXSELL_AUDIT_DAILY", "4")],
        &["goods", "upload", "goods.csv"],
    );
    assert_eq!((said.code, submissions(&world)), (Some(5), 4));
}

#[test]
fn what_needs_no_audit_goes_on_when_the_limit_is_reached() {
    let world = World::with_goods(&many(12));
    world.forget();
    world.write("goods.csv", many(12).replace("T03-1,12.50", "T03-1,13.50"));
    let said = world.run_with(&FIVE, &["goods", "upload", "goods.csv", "--format", "json"]);
    let report = said.json();
    assert_eq!(said.code, Some(0), "{report} {}", said.stderr);
    assert_eq!(
        (&report["unchanged"], &report["updated_free"]),
        (&json!(11), &json!(1))
    );
    assert_eq!(submissions(&world), 12, "nothing was submitted again");
}

#[test]
fn the_plan_says_until_when_it_takes() {
    let world = World::new();
    world.write("goods.csv", many(12));
    let said = world.run_with(&FIVE, &["goods", "upload", "goods.csv", "--dry-run"]);
    assert_eq!(said.code, Some(0));
    assert!(
        said.stderr
            .contains("12 audit submissions, within the quota until about 2"),
        "{}",
        said.stderr
    );
    assert_eq!(world.writes_since(0), [""; 0]);
}

/// Runs until `condition` holds; the time that is waited for at most is what a loaded machine may need.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}: not within 30 s");
}

/// Products that the shop took, and refusals for the minute's quota.
fn adds(world: &World) -> (usize, usize) {
    let mut counts = (0, 0);
    for call in world.calls() {
        if call.path == "/shop/spu/add" {
            counts.0 += usize::from(call.reply.contains("\"errcode\":0"));
            counts.1 += usize::from(call.reply.contains("\"errcode\":45011"));
        }
    }
    counts
}

fn seconds_of_the_minute() -> u64 {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed();
    now.expect("a clock after 1970").as_secs() % 60
}

/// How long the wait is and that it ends with the minute is tested where the pace is kept, and below at length.
#[test]
fn a_full_minute_makes_every_call_wait_and_loses_nothing() {
    let world = World::new();
    world.write("goods.jsonl", jsonl(6));
    world
        .sandbox()
        .set(|settings| settings.calls_per_minute = Some(3))
        .expect("it is set");
    // A minute that is about to end would not be seen to be waited for.
    until("a minute with some time left", || {
        seconds_of_the_minute() < 45
    });
    let mut child = world
        .command(&["goods", "upload", "goods.jsonl", "--rehost", "never"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    until("the quota of the minute", || adds(&world).1 > 0);
    // What was under way arrives; then silence.
    std::thread::sleep(Duration::from_millis(300));
    let (taken, refused) = adds(&world);
    assert_eq!(taken, 3);
    assert!(refused <= 3, "{refused} refusals of 3 products");
    std::thread::sleep(Duration::from_millis(1200));
    assert!(child.try_wait().expect("a child").is_none(), "it gave up");
    assert_eq!(adds(&world), (taken, refused), "it did not wait");
    child.kill().expect("a child");
    child.wait().expect("a child");

    world
        .sandbox()
        .set(|settings| settings.calls_per_minute = None)
        .expect("it is set");
    let report = world.json(&["goods", "upload", "goods.jsonl", "--rehost", "never"]);
    assert_eq!((&report["left"], submissions(&world)), (&json!(0), 6));
}

/// `cargo test --test cli -- --ignored a_full_minute`
#[test]
#[ignore = "takes a minute"]
fn a_full_minute_is_over_when_the_clock_says_so() {
    let world = World::new();
    world.write("goods.jsonl", jsonl(5));
    world
        .sandbox()
        .set(|settings| settings.calls_per_minute = Some(3))
        .expect("it is set");
    let began = seconds_of_the_minute();
    let started = std::time::Instant::now();
    let report = world.json(&["goods", "upload", "goods.jsonl", "--rehost", "never"]);
    assert_eq!((&report["added"], submissions(&world)), (&json!(5), 5));
    let (waited, least) = (started.elapsed().as_secs(), 59 - began);
    assert!((least..least + 5).contains(&waited), "{waited} s, {least}");
}

#[test]
fn a_used_up_day_ends_the_job_and_says_when_to_go_on() {
    let world = World::new();
    world.write("goods.jsonl", jsonl(4));
    let kind = FaultKind::Errcode {
        errcode: 45009,
        errmsg: "reach max api daily quota limit".into(),
    };
    let fault = Fault {
        times: None,
        ..Fault::once("/shop/spu/add", kind)
    };
    world.sandbox().add_fault(&fault).expect("a fault");
    let upload = ["goods", "upload", "goods.jsonl", "--rehost", "never"];
    let said = world.run_in_time(&[&upload[..], &["--format", "json"]].concat());
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    let report = said.json();
    assert_eq!(
        (&report["status"], &report["added"], &report["left"]),
        (&json!("stopped"), &json!(0), &json!(4))
    );
    let last = said.stderr.lines().last().expect("an error");
    let error: serde_json::Value = serde_json::from_str(last).expect("JSON");
    assert_eq!(
        (&error["error"]["errcode"], &error["error"]["exit_code"]),
        (&json!(45009), &json!(5))
    );
    assert!(
        said.stderr.contains("go on tomorrow with the same command"),
        "{}",
        said.stderr
    );
    // The next day.
    world.sandbox().clear_faults(None).expect("no faults");
    assert_eq!(world.json(&upload)["added"], json!(4));
    assert_eq!(submissions(&world), 4);
}

/// Products whose pictures are links already.
fn jsonl(count: usize) -> String {
    let product = |n| {
        json!({"out_product_id": format!("T{n}"), "title": "Green tea", "path": "p", "third_cat_id": 1423,
            "head_img": ["https://img.example.com/a.jpg"],
            "skus": [{"out_sku_id": format!("T{n}-1"), "sale_price": 1250, "stock_num": 9}]})
        .to_string()
    };
    (0..count).map(|n| product(n) + "\n").collect()
}
