//! What version 0.1 left behind works with this one: settings, credentials, state, log and the shop in a box.
//!
//! `tests/data/state-0.1` was made by that version, killed twice: an upload of six products that ended at the audit limit
//! after two and was killed before the third was answered; a withdrawal that was paid out, and one that was killed before
//! its answer came; a message for the shop in a box and one for the live profile `tea`.

use super::world::World;
use serde_json::json;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/state-0.1");
    data.join(name)
}

const SHOP_TIME: i64 = 1_795_886_066 + 172_800 + 60;

/// A machine as 0.1 left it.
fn upgraded() -> World {
    let world = World::new();
    let text = |name: &str| std::fs::read_to_string(fixture(name)).expect("a file");
    std::fs::create_dir_all(world.file("../state")).expect("a folder");
    std::fs::create_dir_all(world.file("../config")).expect("a folder");
    world.write("goods.csv", text("goods.csv"));
    for name in ["config.toml", "credentials.toml"] {
        world.write(&format!("../config/{name}"), text(name));
    }
    #[cfg(unix)]
    {
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(world.file("../config/credentials.toml"), private)
            .expect("a private file");
    }
    let work = json!(world.file("").display().to_string()).to_string();
    // In the shop it is a minute after the second kill, whatever day it is here: codes to scan end soon.
    let clock = format!("\"clock_offset\":{}", SHOP_TIME - wxsell::types::now());
    for name in ["wxsell", "log", "sandbox"] {
        let sql = text(&format!("{name}.sql"))
            .replace("@WORK@", work.trim_matches('"'))
            .replace("\"clock_offset\":172800", &clock);
        database(&world, name)
            .execute_batch(&sql)
            .expect("tables and rows");
    }
    world
}

fn database(world: &World, name: &str) -> rusqlite::Connection {
    rusqlite::Connection::open(world.file(&format!("../state/{name}.db"))).expect("a file")
}

#[test]
fn an_open_run_is_listed_and_goes_on_without_sending_twice() {
    let world = upgraded();
    let runs = world.json(&["run", "list"]);
    assert_eq!(
        (
            &runs[0]["state"],
            &runs[1]["state"],
            &runs[1]["summary"]["left"]
        ),
        (&json!("interrupted"), &json!("stopped"), &json!(4))
    );
    let before = world.calls().len();
    let report = world.json(&["run", "resume"]);
    assert_eq!(
        (&report["added"], &report["unchanged"]),
        (&json!(4), &json!(2)),
        "{report}"
    );
    let added = world.writes_since(before);
    assert_eq!(added, ["/shop/spu/add"; 4]);
    assert_eq!(world.numbers().len(), 6);
}

#[test]
fn a_withdrawal_that_was_cut_off_is_not_made_again() {
    let world = upgraded();
    let before = world.calls().len();
    let said = world.json(&["funds", "withdraw", "--amount", "100.00"]);
    assert_eq!(said["amount"], json!(10_000));
    assert!(
        !world
            .paths_since(before)
            .contains(&"/shop/funds/submitwithdraw".to_owned())
    );
    let all = world.json(&["funds", "withdrawals"]);
    assert_eq!(all.as_array().map(Vec::len), Some(2), "{all}");
    assert_eq!(all[0]["out_request_no"], said["out_request_no"]);
}

#[test]
fn the_log_is_whole_and_goes_on() {
    let world = upgraded();
    assert_eq!(world.json(&["log", "verify"])["entries"], json!(3));
    world.ok(&["goods", "upload", "goods.csv"]);
    assert_eq!(
        world.json(&["log", "list"]).as_array().map(Vec::len),
        Some(7)
    );
    world.ok(&["log", "verify"]);
}

#[test]
fn profiles_secrets_and_messages_are_still_there() {
    let world = upgraded();
    let profiles = world.json(&["profile", "list"]);
    let tea = profiles
        .as_array()
        .and_then(|all| all.iter().find(|profile| profile["name"] == "tea"));
    let tea = tea.expect("profile tea");
    assert_eq!(
        (&tea["appid"], &tea["family"], &tea["secret"]),
        (
            &json!("wx1111111111111111"),
            &json!("component"),
            &json!("file")
        )
    );
    let events = |profile: &str| {
        let said = super::world::said(&mut world.plain_command(&[
            "--profile",
            profile,
            "event",
            "list",
            "--format",
            "json",
        ]));
        said.json()[0]["number"].clone()
    };
    assert_eq!(events("sandbox"), json!("900001"));
    assert_eq!(events("tea"), json!("900002"));
}

#[test]
fn a_state_that_a_newer_version_wrote_is_read_and_not_changed() {
    let world = upgraded();
    // The tables are those of today, as a newer version has them too.
    world.ok(&["run", "list"]);
    database(&world, "wxsell")
        .pragma_update(None, "user_version", 999)
        .expect("a version");
    let before = world.calls().len();
    let refusal = world.refused(2, &["goods", "upload", "goods.csv"]);
    assert!(refusal.contains("newer version of wxsell"), "{refusal}");
    let refusal = world.refused(2, &["funds", "withdraw", "--amount", "5", "--new"]);
    assert!(refusal.contains("newer version of wxsell"), "{refusal}");
    assert_eq!(world.writes_since(before), [""; 0]);
    assert!(world.json(&["run", "list"])[0]["id"].is_number());
    world.ok(&["goods", "list"]);
    world.ok(&["category", "mine"]);
}
