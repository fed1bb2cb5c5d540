//! `--profile all`: lists of several shops as one, in every form, with a word about each shop that could not be read.

use super::world::{Said, World, said};
use serde_json::Value;
use wxsell::sandbox::{APPID, Running, SECRET};

/// Settings of shops that the sandbox answers for, by these names.
pub fn settings(running: &Running, names: &[&str]) -> String {
    let shop = |name: &&str| {
        format!(
            "[profile.{name}]\nappid = \"{APPID}\"\nbase_url = \"{}\"\nsecret = \"process\"\ncredential_process = [\"/bin/echo\", \"{SECRET}\"]\n",
            running.base_url
        )
    };
    names.iter().map(shop).collect()
}

fn all(world: &World, args: &[&str]) -> Said {
    said(&mut world.plain_command(&[&["--profile", "all"], args].concat()))
}

/// A shop with something in every list, under two names.
fn two() -> (World, Running) {
    let world = World::selling();
    world.paid("W1");
    world.opened(&["refund", "W1", "--product", "T1", "--amount", "12.34"]);
    let running = world.running();
    world.configure(&settings(&running, &["coffee", "tea"]));
    (world, running)
}

const LISTS: [&[&str]; 4] = [
    &["goods", "list"],
    &["order", "list"],
    &["aftersale", "list"],
    &["status"],
];

#[cfg(unix)]
#[test]
fn lists_of_all_shops_are_one_list_for_programs() {
    let (world, _running) = two();
    for args in LISTS {
        let one = world.at("tea", &[args, &["--format", "json"]].concat());
        let one = one.json().as_array().expect("rows").len();
        assert!(one > 0, "{args:?}");
        let json = all(&world, &[args, &["--format", "json"]].concat());
        let rows = json.json();
        let rows = rows.as_array().expect("rows").clone();
        assert_eq!(rows.len(), 2 * one, "{args:?}: {}", json.stderr);
        let shops: Vec<&str> = rows.iter().filter_map(|row| row["shop"].as_str()).collect();
        assert_eq!(shops[..one], vec!["coffee"; one], "{args:?}");
        assert_eq!(shops[one..], vec!["tea"; one], "{args:?}");
        // Each form has the same rows.
        let ndjson = all(&world, &[args, &["--format", "ndjson"]].concat());
        let lines: Vec<Value> = ndjson
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(lines, rows, "{args:?}");
        let csv = all(&world, &[args, &["--format", "csv"]].concat());
        assert!(csv.text().starts_with("shop,"), "{}", csv.text());
        let mut reader = csv::Reader::from_reader(csv.text().as_bytes());
        assert_eq!(reader.records().count(), 2 * one, "{args:?}");
        let jq = all(&world, &[args, &["--jq", ".[].shop"]].concat());
        assert_eq!(jq.text().lines().count(), 2 * one, "{args:?}");
        let chosen = all(
            &world,
            &[args, &["--columns", "shop", "--format", "csv"]].concat(),
        );
        assert_eq!(chosen.text().lines().next(), Some("shop"), "{args:?}");
        // People see one shop after the other, each under its name.
        let table = all(&world, args);
        for name in ["[coffee]", "[tea]"] {
            assert!(table.text().contains(name), "{args:?}: {}", table.text());
        }
        for said in [&json, &ndjson, &csv, &table] {
            assert_eq!(said.code, Some(0), "{args:?}: {}", said.stderr);
        }
    }
    let book = all(&world, &["goods", "list", "--format", "xlsx"]);
    assert_eq!(book.code, Some(0), "{}", book.stderr);
    assert!(book.stdout.starts_with(b"PK"));
}

#[cfg(unix)]
#[test]
fn a_shop_that_cannot_be_read_is_named_and_the_others_are_shown() {
    let (world, running) = two();
    let keyless = "[profile.keyless]\nappid = \"wx0000000000000009\"\n";
    world.configure(&(settings(&running, &["tea"]) + keyless));
    for args in LISTS {
        let json = all(&world, &[args, &["--format", "json"]].concat());
        assert_eq!(json.code, Some(6), "{args:?}: {}", json.stderr);
        let rows = json.json();
        let rows = rows.as_array().expect("rows");
        assert!(!rows.is_empty() && rows.iter().all(|row| row["shop"] == "tea"));
        let errors: Vec<Value> = json
            .stderr
            .lines()
            .filter(|line| line.starts_with('{'))
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let told = errors.iter().any(|error| {
            let message = error["error"]["message"].as_str();
            message.is_some_and(|message| message.starts_with("keyless: "))
        });
        assert!(told, "{args:?}: {}", json.stderr);
        let table = all(&world, args);
        assert_eq!(table.code, Some(6), "{args:?}: {}", table.stderr);
        assert!(table.stderr.contains("keyless"), "{}", table.stderr);
    }
    // A wrong line is wrong for every shop.
    world.configure(&settings(&running, &["coffee", "tea"]));
    let wrong = all(&world, &["goods", "list", "--columns", "colour"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
    let watched = all(&world, &["status", "--watch"]);
    assert_eq!(watched.code, Some(2), "{}", watched.stderr);
    assert!(
        watched.stderr.contains("--watch follows one shop"),
        "{}",
        watched.stderr
    );
}
