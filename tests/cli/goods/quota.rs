//! The audit quota: never passed, over all runs, and told before and after.

use crate::cli::catalogues::many;
use crate::cli::world::World;
use serde_json::json;
use wxsell::sandbox::{Fault, FaultKind};

const FIVE: [(&str, &str); 1] = [("WXSELL_AUDIT_HOURLY", "5")];

/// What was handed to the audit, on whatever day.
fn submissions(world: &World) -> usize {
    let audited = ["/shop/spu/add", "/shop/spu/update"];
    let calls = world.calls().into_iter();
    calls
        .filter(|call| audited.contains(&&*call.path) && call.reply.contains("\"errcode\":0"))
        .count()
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

/// By the clock of the test: three calls a minute, and the rest waits for the next one.
#[test]
fn a_full_minute_makes_every_call_wait_and_loses_nothing() {
    let world = World::new();
    world.write("goods.jsonl", jsonl(9));
    world
        .sandbox()
        .set(|settings| settings.calls_per_minute = Some(3))
        .expect("it is set");
    let upload = ["goods", "upload", "goods.jsonl", "--rehost", "never"];
    let said = world.run_in_time(&[&upload[..], &["--format", "json"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!((&said.json()["added"], submissions(&world)), (&json!(9), 9));
    let (taken, refused) = adds(&world);
    assert_eq!(taken, 9);
    assert!(refused > 0, "nothing was refused");
    // At least one whole minute lies between the first and the last three; nobody asks every second.
    let waited = wxsell::clock::later(&world.clock()).as_secs();
    assert!((50..=300).contains(&waited), "{waited} s");
    assert!(refused <= 30, "{refused} refusals of 9 products");
}

/// The shop's own limit of audits, which no profile names, comes with the code of the minute's limit: what outlasts
/// the minute ends the job, however much else gets through.
#[test]
fn a_limit_that_only_the_shop_knows_ends_the_job() {
    let world = World::new();
    world.write("goods.jsonl", jsonl(6));
    world
        .sandbox()
        .set(|settings| settings.audits_per_hour = Some(2))
        .expect("it is set");
    let upload = ["goods", "upload", "goods.jsonl", "--rehost", "never"];
    let said = world.run_in_time(&[&upload[..], &["--format", "json"]].concat());
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    let report = said.json();
    assert_eq!(
        (&report["status"], &report["added"], &report["left"]),
        (&json!("stopped"), &json!(2), &json!(4))
    );
    // Each of those that wait together moves this clock.
    let waited = wxsell::clock::later(&world.clock()).as_secs();
    assert!(waited <= 300, "{waited} s");
    let (_, refused) = adds(&world);
    assert!((3..=12).contains(&refused), "{refused} refusals");
    // An hour later two more go.
    world.wait(3_600);
    let said = world.run_in_time(&[&upload[..], &["--format", "json"]].concat());
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    assert_eq!(submissions(&world), 4);
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
        said.stderr
            .contains("continue tomorrow with the same command"),
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
