//! What stands on a screen: the daily lists at every width, in both languages.

use super::world::World;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

const WIDTHS: [usize; 5] = [60, 80, 100, 120, 200];

/// A shop that had a busy month, and a look at every list of it.
fn busy() -> World {
    let world = World::new();
    world.ok(&[
        "sandbox",
        "seed",
        "--goods",
        "24",
        "--orders",
        "40",
        "--aftersales",
        "16",
    ]);
    world
}

/// The daily lists, each with the fields that must be whole: those of JSON that a person acts on.
const LISTS: &[(&[&str], &[&str])] = &[
    (&["due", "--within", "7d"], &["number"]),
    (&["order", "list", "--limit", "15"], &["number"]),
    (
        &["aftersale", "list", "--limit", "15"],
        &["id", "order_number"],
    ),
    (&["dispute", "list"], &["id"]),
    (&["goods", "list"], &["out_product_id"]),
    (&["event", "list", "--limit", "15"], &["number"]),
    (&["run", "list"], &["command"]),
    (&["profile", "list"], &["name", "appid"]),
];

fn shown(world: &World, args: &[&str], width: usize, lang: &str) -> (String, String) {
    let columns = width.to_string();
    let variables = [("COLUMNS", columns.as_str()), ("WXSELL_LANG", lang)];
    let said = world.run_with(&variables, args);
    assert!(
        matches!(said.code, Some(0 | 7 | 8)),
        "{args:?}: {}",
        said.stderr
    );
    (said.text().to_owned(), said.stderr)
}

#[test]
fn daily_lists_are_whole_at_every_width() {
    let world = busy();
    world.ok(&["goods", "update", "S1T0001", "--stock", "5"]);
    world.run(&["event", "verify", "--repair", "--since", "30d"]);
    for (args, fields) in LISTS {
        let json = world
            .run(&[args, &["--format", "json"][..]].concat())
            .json();
        let rows = json.as_array().expect("rows").clone();
        assert!(!rows.is_empty(), "{args:?} has no rows");
        for lang in ["en", "zh"] {
            for width in WIDTHS {
                let (table, words) = shown(&world, args, width, lang);
                let place = format!("{args:?} at {width} in {lang}:\n{table}");
                for line in table.lines() {
                    assert!(line.width() <= width, "{} wide: {place}", line.width());
                }
                for row in &rows {
                    for field in *fields {
                        let value = row[*field].as_str().unwrap_or_default();
                        assert!(table.contains(value), "no {value}: {place}");
                    }
                    // When a product was made stands on its own page.
                    for value in acted_on(row).into_iter().filter(|_| args[0] != "goods") {
                        assert!(table.contains(&value), "no {value}: {place}");
                    }
                }
                // What happened is a sentence, which is wrapped.
                if width >= 80 && args[0] != "event" {
                    let lines = table.lines().count();
                    assert_eq!(lines, rows.len() + 1, "not a line a row: {place}");
                    assert_eq!(
                        table.matches('…').count(),
                        whole_but_prose(&table),
                        "{place}"
                    );
                }
                let next = words.lines().find_map(|line| {
                    let (_, command) = line.split_once("wxsell ")?;
                    Some(command.to_owned())
                });
                if !args.starts_with(&["profile"]) {
                    let command = next.unwrap_or_else(|| panic!("no command: {place}{words}"));
                    assert!(!command.contains(['<', '…']), "{command}");
                }
            }
        }
    }
}

/// The amount of a row and its moment, as tables show them.
fn acted_on(row: &Value) -> Vec<String> {
    let mut values = Vec::new();
    for field in ["amount"] {
        if let Some(fen) = row[field].as_i64() {
            values.push(format!("{}.{:02}", fen / 100, fen % 100));
        }
    }
    for field in ["at", "created_at", "received_at", "started_at"] {
        if let Some(time) = row[field].as_str() {
            values.push(time[5..16].replace('T', " "));
        }
    }
    values
}

/// Titles and lists of SKUs may end in an ellipsis, which is then followed by a column or the end of the line.
fn whole_but_prose(table: &str) -> usize {
    let mut ends = 0;
    for line in table.lines() {
        ends += line.matches("…  ").count() + usize::from(line.ends_with('…'));
    }
    ends
}

#[test]
fn a_list_without_rows_says_what_there_is_not() {
    let world = World::new();
    for (args, said) in [
        (&["due"][..], "nothing falls due within 1d"),
        (&["due", "--within", "6h"], "nothing falls due within 6h"),
        (&["order", "list"], "no orders match"),
        (&["aftersale", "list"], "no after-sales match"),
        (&["dispute", "list"], "no disputes match"),
        (&["goods", "list"], "no products match"),
        (&["event", "list"], "no events match"),
        (&["run", "list"], "no bulk jobs yet"),
    ] {
        let run = world.run(args);
        assert_eq!(
            (run.code, run.text(), run.stderr.trim_end()),
            (Some(0), "", said),
            "{args:?}"
        );
    }
}

#[test]
fn lists_end_with_the_command_that_answers_the_first_row() {
    let world = World::selling();
    world.paid("W1");
    let number = world.opened(&["refund", "W1", "--product", "T1", "--amount", "12.34"]);
    let answers = format!("Next: wxsell aftersale accept-refund {number}");
    for args in [&["due", "--within", "5d"][..], &["aftersale", "list"]] {
        let said = world.run(args);
        assert!(said.stderr.contains(&answers), "{args:?}: {}", said.stderr);
        let machine = world.run(&[args, &["--format", "json"]].concat());
        assert!(!machine.stderr.contains("Next"), "{}", machine.stderr);
    }
    let said = world.run(&["order", "list"]);
    assert!(
        said.stderr.contains("Next: wxsell order show W1"),
        "{}",
        said.stderr
    );
}

#[test]
fn the_status_is_a_screenful_in_both_languages() {
    let world = World::new();
    world.ok(&["sandbox", "reset", "--bare"]);
    for account in ["sandbox", "store-sandbox"] {
        for lang in ["en", "zh"] {
            for width in WIDTHS {
                let columns = width.to_string();
                let said = super::world::said(
                    world
                        .plain_command(&["--profile", account, "--lang", lang, "status"])
                        .env("COLUMNS", columns),
                );
                let place = format!("{account} {lang} {width}: {}{}", said.text(), said.stderr);
                let lines = || said.text().lines();
                assert!(lines().all(|line| line.width() <= width), "{place}");
                assert!(
                    lines().count() + said.stderr.lines().count() <= 24,
                    "{place}"
                );
            }
        }
    }
}
