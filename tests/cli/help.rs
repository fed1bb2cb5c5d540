//! `wxsell help` as data: it lists what clap takes, says what writes, and what it says of outputs is what is printed.

use super::world::World;
use crate::support::spec;
use clap::{ArgAction, Command, CommandFactory};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use wxsell::api::Resend;
use wxsell::api::operation::by_path;

/// Every command that does something, with the names of what it takes.
fn of_clap(command: &Command, words: &str, found: &mut BTreeMap<String, BTreeSet<String>>) {
    let below: Vec<&Command> = command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
        .collect();
    if below.is_empty() {
        let own = command
            .get_arguments()
            .filter(|arg| !arg.is_global_set() && !arg.is_hide_set())
            .filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version"));
        let names = own.map(|arg| match arg.get_long() {
            Some(long) => format!("--{long}"),
            None => arg.get_id().to_string(),
        });
        found.insert(words.to_owned(), names.collect());
    }
    for below in below {
        let words = format!("{words} {}", below.get_name());
        of_clap(below, words.trim(), found);
    }
}

fn names(command: &Value) -> BTreeSet<String> {
    ["arguments", "options"]
        .into_iter()
        .flat_map(|list| command[list].as_array().cloned().unwrap_or_default())
        .map(|arg| arg["name"].as_str().expect("a name").to_owned())
        .collect()
}

fn described(world: &World) -> Vec<Value> {
    let help = world.json(&["help"]);
    help["commands"].as_array().expect("commands").clone()
}

#[test]
fn every_command_and_every_option_is_in_the_help_for_programs() {
    let world = World::new();
    let help = world.json(&["help"]);
    let mut expected = BTreeMap::new();
    let mut root = wxsell::cli::Cli::command();
    root.build();
    of_clap(&root, "", &mut expected);
    let commands = help["commands"].as_array().expect("commands");
    let found: BTreeMap<String, BTreeSet<String>> = commands
        .iter()
        .map(|command| {
            let name = command["command"].as_str().expect("a name").to_owned();
            (name, names(command))
        })
        .collect();
    assert!(found.len() > 150, "{}", found.len());
    assert_eq!(found, expected);
    let upload = commands
        .iter()
        .find(|command| command["command"] == "goods upload")
        .expect("the upload");
    let option = |name: &str| {
        let options = upload["options"].as_array().expect("options");
        let found = options.iter().find(|option| option["name"] == name);
        found.unwrap_or_else(|| panic!("{name}")).clone()
    };
    assert_eq!(upload["writes"], true);
    assert_eq!(
        (&option("--jobs")["type"], &option("--jobs")["default"]),
        (&"integer".into(), &"32".into())
    );
    assert_eq!(option("--wait")["type"], "boolean");
    assert_eq!(
        option("--on-conflict")["values"],
        serde_json::json!(["sheet", "shop"])
    );
    assert_eq!(upload["arguments"][0]["repeats"], true);
    assert_eq!(upload["arguments"][0]["required"], true);
    let global = help["global_options"].to_string();
    assert!(
        global.contains("--dry-run") && global.contains("--format"),
        "{global}"
    );
    // The exit codes are those of the topic.
    let topic = world.ok(&["help", "exit-codes"]);
    let listed: BTreeSet<&str> = topic
        .lines()
        .filter(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    for code in help["exit_codes"].as_array().expect("codes") {
        let code = code["code"].to_string();
        assert!(listed.contains(code.as_str()), "exit code {code}: {topic}");
    }
    // One noun, one verb, and what there is none of.
    assert_eq!(
        world.json(&["help", "order", "list"])["command"],
        "order list"
    );
    assert!(
        world.json(&["help", "order"])["commands"]
            .as_array()
            .map_or(0, Vec::len)
            > 5
    );
    let told = world.refused(2, &["help", "order", "lisst"]);
    assert!(told.contains("unknown command"), "{told}");
    assert_eq!(
        world.ok(&["help", "order", "list"]),
        world.ok(&["order", "list", "--help"])
    );
}

#[test]
fn what_writes_is_said_to_write() {
    let table = include_str!("../data/coverage.tsv");
    let world = World::new();
    let writes: BTreeMap<String, bool> = described(&world)
        .iter()
        .map(|command| {
            let name = command["command"].as_str().unwrap_or_default().to_owned();
            (name, command["writes"] == true)
        })
        .collect();
    let mut counted = 0;
    for line in table.lines().skip(1) {
        let mut cells = line.split('\t');
        let (path, command) = (
            cells.next().expect("a path"),
            cells.next().expect("a command"),
        );
        let Some((_, operation)) = by_path(path) else {
            continue;
        };
        if operation.resend == Resend::Safe || !command.starts_with("wxsell ") {
            continue;
        }
        let command = command.trim_start_matches("wxsell ");
        let command = command.split(" -").next().unwrap_or(command);
        assert_eq!(writes.get(command), Some(&true), "{command} calls {path}");
        counted += 1;
    }
    assert!(counted > 60, "{counted}");
    for reads in [
        "order list",
        "goods check",
        "due",
        "status",
        "funds balance",
        "event verify",
    ] {
        assert_eq!(writes.get(reads), Some(&false), "{reads}");
    }
}

/// The options without which a command reads nothing.
fn is_plain(command: &Value) -> bool {
    let given = ["arguments", "options"]
        .into_iter()
        .flat_map(|list| command[list].as_array().cloned().unwrap_or_default());
    command["writes"] == false && given.into_iter().all(|arg| arg["required"] == false)
}

#[test]
fn what_is_printed_fits_the_schema_of_the_help() {
    let world = World::new();
    world.ok(&["sandbox", "seed", "--goods", "4", "--orders", "8"]);
    world.ok(&["sandbox", "deposit", "1000"]);
    let (mut held, mut problems) = (Vec::new(), Vec::new());
    for command in described(&world).iter().filter(|command| is_plain(command)) {
        let name = command["command"].as_str().expect("a name");
        let words: Vec<&str> = name.split(' ').collect();
        let help = world.json(&[&["help"], words.as_slice()].concat());
        let schema = help.get("output").expect("a schema");
        // What waits for others, changes the shop in a box, or prints no JSON.
        let waits = ["event listen", "event tail", "event forward"].contains(&name);
        if waits || words[0] == "sandbox" || schema.get("not").is_some() {
            continue;
        }
        let said = world.run(&[words.as_slice(), &["--format", "json"]].concat());
        if said.code != Some(0) {
            continue;
        }
        problems.extend(spec::unlike(schema, &said.json(), name));
        held.push(name.to_owned());
    }
    assert_eq!(problems, [""; 0]);
    assert!(held.len() >= 8, "{held:?}");
    assert!(held.contains(&"funds balance".to_owned()), "{held:?}");
}

#[test]
fn every_command_says_what_it_prints() {
    let world = World::new();
    let without: Vec<String> = described(&world)
        .iter()
        .filter_map(|command| command["command"].as_str().map(str::to_owned))
        .filter(|name| wxsell::commands::shows::output(name).is_none())
        .collect();
    assert_eq!(without, [""; 0]);
    let help = world.json(&["help", "order", "show"]);
    let fields = &help["output"]["properties"];
    assert_eq!(fields["total"]["type"], json!(["integer", "null"]));
    assert_eq!(fields["created_at"]["format"], "date-time");
    let help = world.json(&["help", "order", "close"]);
    assert!(
        help["dry_run"]["properties"]["order_id"].is_object(),
        "{help}"
    );
}

#[test]
fn a_boolean_is_not_asked_for_a_value() {
    let mut root = wxsell::cli::Cli::command();
    root.build();
    let flags = root
        .get_arguments()
        .filter(|arg| matches!(arg.get_action(), ArgAction::SetTrue))
        .count();
    let world = World::new();
    let help = world.json(&["help"]);
    let options = help["global_options"].as_array().expect("options");
    let said = options
        .iter()
        .filter(|option| option["type"] == "boolean" && option["value"].is_null());
    assert_eq!(said.count(), flags);
}

#[test]
fn a_missing_argument_is_explained() {
    let world = World::new();
    for (args, hint) in [
        (
            &["completion"][..],
            "use one of: bash, zsh, fish, powershell",
        ),
        (
            &["event", "trigger"],
            "Name of the event, e.g. aftersale_new_order",
        ),
        (&["category", "rule"], "see `wxsell category rule --help`"),
    ] {
        let told = world.refused(2, args);
        assert!(told.contains(hint), "{args:?}: {told}");
    }
    let zh = world.refused(2, &["--lang", "zh", "event", "trigger"]);
    assert!(zh.contains("事件名称，如 aftersale_new_order"), "{zh}");
}
