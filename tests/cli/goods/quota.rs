//! The audit quota: never passed, over all runs, and told before and after.

use crate::cli::catalogues::many;
use crate::cli::world::World;
use serde_json::json;

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
        (&report["added"], &report["unchanged"]),
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
