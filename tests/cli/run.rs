//! `run list`, `show`, `failed` and `resume`.

use super::catalogues::{many, teas};
use super::world::World;
use serde_json::json;

#[test]
fn a_stopped_job_is_listed_shown_and_resumed_again_and_again() {
    let world = World::new();
    world.write("goods.csv", many(9));
    let five = [("WXSELL_AUDIT_HOURLY", "5")];
    assert_eq!(
        world
            .run_with(&five, &["goods", "upload", "goods.csv"])
            .code,
        Some(5)
    );
    let list = world.ok(&[
        "run",
        "list",
        "--columns",
        "id,command,state,done,unchanged,failed,left,files",
    ]);
    insta::assert_snapshot!(list, @"
     RUN  COMMAND       STATE    DONE  UNCHANGED  FAILED  LEFT  FILES
       1  goods upload  stopped     5          0       0     4  goods.csv
    ");
    let shown = world.json(&["run", "show", "1"]);
    assert_eq!(
        (&shown["summary"]["left"], &shown["arguments"][4]),
        (&json!(4), &json!("goods.csv"))
    );

    // A resumed job can be resumed like the first.
    assert_eq!(world.run_with(&five, &["run", "resume"]).code, Some(5));
    let report = world.json(&["run", "resume"]);
    assert_eq!(
        (&report["run"], &report["added"], &report["not_compared"]),
        (&json!(3), &json!(4), &json!(5))
    );
    assert_eq!(world.numbers().len(), 9);
    let listed = world.json(&["run", "list", "--limit", "2"]);
    assert_eq!(
        (
            &listed[0]["id"],
            &listed[1]["state"],
            listed.as_array().map(Vec::len)
        ),
        (&json!(3), &json!("stopped"), Some(2))
    );
}

#[test]
fn failed_products_are_listed_until_they_are_done() {
    let world = World::new();
    world.write(
        "goods.csv",
        teas(&[("A", "1"), ("B", "2")]).replace("B.jpg,1423", "B.jpg,999999"),
    );
    assert_eq!(world.run(&["goods", "upload", "goods.csv"]).code, Some(6));
    let failed = world.json(&["run", "failed"]);
    assert_eq!(
        (&failed[0]["key"], &failed[0]["state"], &failed[0]["place"]),
        (&json!("B"), &json!("refused"), &json!("goods.csv:3"))
    );
    world.write("goods.csv", teas(&[("A", "1"), ("B", "2")]));
    world.ok(&["goods", "upload", "goods.csv"]);
    assert_eq!(world.json(&["run", "failed"]), json!([]));
}

#[test]
fn a_job_that_is_not_there_is_refused() {
    let world = World::new();
    for verb in ["show", "failed", "resume"] {
        let told = world.refused(2, &["run", verb, "7"]);
        insta::allow_duplicates! {
            insta::assert_snapshot!(told, @r"
            Error: there is no such job for this shop
            Hint:  `wxsell run list` shows them
            ");
        }
    }
    assert_eq!(world.json(&["run", "list"]), json!([]));
}

#[test]
fn a_job_is_resumed_by_its_settings_and_not_by_what_was_typed() {
    let world = World::new();
    world.write("goods.csv", many(9).replace("T05-1,12.50", "T05-1,free"));
    let five = [("WXSELL_AUDIT_HOURLY", "5")];
    let upload = ["goods", "upload", "goods.csv", "--skip-bad"];
    assert_eq!(world.run_with(&five, &upload).code, Some(5));
    let runs = || rusqlite::Connection::open(world.file("../state/wxsell.db")).expect("the state");
    let kept: String = runs()
        .query_row("SELECT options FROM run", [], |row| row.get(0))
        .expect("a run");
    let mut kept: serde_json::Value = serde_json::from_str(&kept).expect("JSON");
    assert_eq!(
        (&kept["kind"], &kept["settings"]["send"]["skip_bad"]),
        (&json!("goods upload"), &json!(true))
    );

    // The words are kept to be shown; what they mean may be another thing in a later version.
    kept["arguments"] = json!(["goods", "remove", "T01"]);
    let keep = |kept: &serde_json::Value| {
        runs()
            .execute("UPDATE run SET options = ?1", [kept.to_string()])
            .expect("a run");
    };
    keep(&kept);
    let resumed = world.run(&["run", "resume", "1", "--format", "json"]);
    // The product with the bad row is left out again.
    assert_eq!(resumed.code, Some(6), "{}", resumed.stderr);
    let report = resumed.json();
    assert_eq!(
        (&report["added"], &report["not_compared"]),
        (&json!(3), &json!(5)),
        "{report}"
    );

    // Settings that nobody understands are not guessed at.
    kept["kind"] = json!("goods conjure");
    keep(&kept);
    let told = world.refused(2, &["run", "resume", "1"]);
    assert!(told.contains("cannot be resumed automatically"), "{told}");
}
