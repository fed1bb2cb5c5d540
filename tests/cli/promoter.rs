//! Promoters: listed by call, added in the admin console alone.

use super::world::World;
use crate::support::spec;
use serde_json::json;

#[test]
fn channels_promoters_are_listed_and_told_apart() {
    let world = World::new();
    let said = world.run(&["promoter", "list"]);
    assert_eq!(said.code, Some(0));
    assert!(said.stderr.contains("视频号推广员"), "{}", said.stderr);
    assert!(
        said.stderr.contains("promoter list --staff"),
        "{}",
        said.stderr
    );
    for number in 0..23 {
        world.ok(&["sandbox", "promoter", "add", &format!("茶馆{number}")]);
    }
    let said = world.refused(2, &["sandbox", "promoter", "add", "茶馆1"]);
    assert!(said.contains("is a promoter already"), "{said}");
    let calls = world.calls().len();
    let rows = world.json(&["promoter", "list"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(23));
    assert_eq!(rows[22]["finder_nickname"], "茶馆22");
    assert_eq!(world.paths_since(calls), ["/shop/promoter/list"; 2]);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn adding_by_wechat_number_guides_to_the_console() {
    let world = World::new();
    let said = world.run(&[
        "promoter",
        "add",
        "--wechat",
        "teahouse_88",
        "--format",
        "json",
    ]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let guide = said.json();
    assert_eq!(guide["wechat"], "teahouse_88");
    assert_eq!(guide["component_joined"], true);
    assert_eq!(guide["scene_access"], true);
    assert_eq!(guide["promoter"], json!(null));
    let path = guide["console_path"].as_str().expect("a path");
    assert!(
        path.contains("Channels promotion/sharing → search the WeChat number teahouse_88"),
        "{path}"
    );
    for rule in [
        "once in six months",
        "it can expire",
        "no call adds a Channels promoter",
    ] {
        assert!(said.stderr.contains(rule), "{rule}: {}", said.stderr);
    }
    assert!(
        world
            .paths_since(0)
            .iter()
            .all(|path| !path.starts_with("/promoter/"))
    );

    let said = world.refused(2, &["promoter", "remove", "--wechat", "teahouse_88"]);
    assert!(
        said.contains("no call removes a Channels promoter") && said.contains("→ remove"),
        "{said}"
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_shop_that_has_not_joined_is_told_so() {
    let world = World::new();
    world.ok(&["sandbox", "reset", "--bare"]);
    let said = world.run(&["promoter", "add", "--wechat", "teahouse_88"]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(
        said.stderr.contains("has not joined the component"),
        "{}",
        said.stderr
    );
    assert!(
        said.text().contains("COMPONENT JOINED") && said.text().contains("no"),
        "{}",
        said.text()
    );
}

#[test]
fn waiting_ends_with_the_newcomer_or_with_its_time() {
    let world = World::new();
    world.ok(&["sandbox", "promoter", "add", "老茶馆"]);
    let said = world.run_in_time(&[
        "promoter",
        "add",
        "--wechat",
        "teahouse_88",
        "--wait",
        "2s",
        "--every",
        "1s",
    ]);
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    assert!(
        said.stderr.contains("has not appeared within 2 seconds"),
        "{}",
        said.stderr
    );

    let waiting = world
        .command(&[
            "promoter",
            "add",
            "--wechat",
            "teahouse_88",
            "--wait",
            "--every",
            "1s",
            "--format",
            "json",
        ])
        .env(wxsell::clock::VARIABLE, world.clock())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it runs");
    // It has looked once before the newcomer comes.
    let before = world.calls().len();
    while world
        .paths_since(before)
        .iter()
        .filter(|path| *path == "/shop/promoter/list")
        .count()
        == 0
    {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    world.ok(&["sandbox", "promoter", "add", "新茶馆"]);
    let output = waiting.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let guide: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(guide["promoter"]["finder_nickname"], "新茶馆");

    // By nickname, one who is there already is found at once.
    let guide = world.json(&[
        "promoter",
        "add",
        "--wechat",
        "x",
        "--nickname",
        "老茶馆",
        "--wait",
    ]);
    assert_eq!(guide["promoter"]["finder_nickname"], "老茶馆");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}
