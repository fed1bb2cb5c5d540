//! What stands on a screen: the daily lists at every width, in both languages.

use super::world::World;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

const WIDTHS: [usize; 5] = [60, 80, 100, 120, 200];

/// A shop that had a busy month, and a look at every list of it.
pub fn busy() -> World {
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
                    for value in acted_on(row).into_iter().filter(|_| shows_times(args)) {
                        assert!(table.contains(&value), "no {value}: {place}");
                    }
                }
                // What happened is a sentence, which is wrapped.
                if width >= 80 && args[0] != "event" {
                    // Why some products were rejected stands below them.
                    let lines = table.lines().filter(|line| !line.starts_with("  └ "));
                    assert_eq!(lines.count(), rows.len() + 1, "not a line a row: {place}");
                    for reason in rows.iter().filter_map(|row| row["reject_reason"].as_str()) {
                        assert!(table.contains(reason), "no {reason}: {place}");
                    }
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

/// Lists of a WeChat Store, which has goods alone so far.
const LISTS_OF_A_STORE: &[(&[&str], &[&str])] = &[
    (&["goods", "list"], &["out_product_id"]),
    (&["run", "list"], &["command"]),
    (&["profile", "list"], &["name", "appid"]),
];

#[test]
fn lists_of_a_store_are_whole_at_every_width() {
    let world = World::new();
    let store = |args: &[&str], width: &str, lang: &str| {
        let mut command = world.plain_command(&[&["--profile", "store-sandbox"], args].concat());
        super::world::said(command.env("COLUMNS", width).env("WXSELL_LANG", lang))
    };
    let seeded = store(
        &["sandbox", "seed", "--family", "store", "--goods", "24"],
        "80",
        "en",
    );
    assert_eq!(seeded.code, Some(0), "{}", seeded.stderr);
    let number = store(
        &["goods", "list", "--jq", ".[0].out_product_id"],
        "80",
        "en",
    );
    let number = number.text().trim().to_owned();
    let changed = store(&["goods", "update", &number, "--stock", "5"], "80", "en");
    assert!(changed.code.is_some(), "{}", changed.stderr);
    for (args, fields) in LISTS_OF_A_STORE {
        let json = [args, &["--format", "json"][..]].concat();
        let rows = store(&json, "80", "en").json();
        let rows = rows.as_array().expect("rows").clone();
        assert!(!rows.is_empty(), "{args:?} has no rows");
        for lang in ["en", "zh"] {
            for width in WIDTHS {
                let said = store(args, &width.to_string(), lang);
                let table = said.text();
                let place = format!("{args:?} at {width} in {lang}:\n{table}");
                assert!(table.lines().all(|line| line.width() <= width), "{place}");
                for row in &rows {
                    for field in *fields {
                        let value = row[*field].as_str().unwrap_or_default();
                        assert!(table.contains(value), "no {value}: {place}");
                    }
                    if let Some(fen) = row["price"].as_i64() {
                        let yuan = format!("{}.{:02}", fen / 100, fen % 100);
                        assert!(table.contains(&yuan), "no {yuan}: {place}");
                    }
                }
                if width >= 80 {
                    assert_eq!(table.lines().count(), rows.len() + 1, "{place}");
                }
            }
        }
    }
}

#[test]
fn a_limit_of_a_sorted_list_is_taken_after_sorting() {
    let world = busy();
    let all = world.json(&["order", "list", "--sort", "-total"]);
    let first = world.json(&["order", "list", "--sort", "-total", "--limit", "3"]);
    let (all, first) = (
        all.as_array().expect("rows"),
        first.as_array().expect("rows"),
    );
    assert_eq!(first.len(), 3);
    assert_eq!(first[..], all[..3]);
    for args in [&["goods", "list"][..], &["aftersale", "list"]] {
        let by = if args[0] == "goods" {
            "-stock"
        } else {
            "-amount"
        };
        let all = world.json(&[args, &["--sort", by]].concat());
        let first = world.json(&[args, &["--sort", by, "--limit", "2"]].concat());
        let all = all.as_array().expect("rows");
        assert_eq!(first.as_array().expect("rows")[..], all[..2], "{args:?}");
    }
}

#[test]
fn lists_show_what_a_path_names() {
    let world = busy();
    for (args, path) in [
        (&["order", "list", "--limit", "3"][..], "receiver.city"),
        (&["dispute", "list"], "aftersale_id"),
        (&["due", "--within", "7d"], "amount"),
        (&["goods", "list", "--limit", "3"], "skus.0.out_sku_id"),
    ] {
        let said = world.run(&[args, &["--columns", path, "--format", "csv"]].concat());
        assert!(
            matches!(said.code, Some(0 | 8)),
            "{args:?}: {}",
            said.stderr
        );
        assert!(said.text().lines().count() > 1, "{args:?}: {}", said.text());
        let wrong = world.run(&[args, &["--columns", "nothing.such"]].concat());
        assert_eq!(wrong.code, Some(2), "{args:?}: {}", wrong.stderr);
        assert!(wrong.stderr.contains("no such column"), "{}", wrong.stderr);
    }
}

#[test]
fn a_shell_completes_the_names_of_columns() {
    let world = World::new();
    let complete = |words: &[&str]| {
        let at = (words.len() - 1).to_string();
        let mut command = world.plain_command(&[&["--"], words].concat());
        command
            .env("WXSELL_COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", at)
            .env("_CLAP_COMPLETE_COMP_TYPE", "9")
            .env("_CLAP_IFS", "\n");
        super::world::said(&mut command).text().to_owned()
    };
    for (words, expected) in [
        (&["wxsell", "goods", "list", "--columns", ""][..], "stock"),
        (
            &["wxsell", "order", "list", "--columns", "number,to"],
            "number,total",
        ),
        (&["wxsell", "due", "--sort", ""], "number"),
        (
            &["wxsell", "coupon", "list", "--columns", ""],
            "out_coupon_id",
        ),
    ] {
        let offered = complete(words);
        assert!(
            offered.lines().any(|line| line.contains(expected)),
            "{words:?}: {offered}"
        );
    }
}

#[test]
fn what_was_done_is_a_sentence() {
    let world = World::selling();
    let said = |args: &[&str]| {
        let said = world.run(args);
        assert_eq!(said.code, Some(0), "{args:?}: {}", said.stderr);
        (said.text().to_owned(), said.stderr)
    };
    let sku = world.json(&["goods", "show", "T1"])["skus"][0].clone();
    let yuan = |fen: i64| format!("{}.{:02}", fen / 100, fen % 100);
    let old = sku["sale_price"].as_i64().expect("fen");
    let (table, words) = said(&["goods", "update", "T1", "--price", &yuan(old - 1)]);
    let change = format!("T1: {} → {}, live now", yuan(old), yuan(old - 1));
    assert!(words.contains(&change), "{words}");
    assert_eq!(table, "");
    let (_, words) = said(&["goods", "update", "T1", "--price", &yuan(old - 1)]);
    assert!(
        words.contains("the shop already has these values"),
        "{words}"
    );
    let (_, words) = said(&["goods", "update", "T1", "--title", "another title of tea"]);
    assert!(
        words.contains("T1 changed; buyers see the old version"),
        "{words}"
    );
    let told = world.refused(2, &["goods", "update", "T1"]);
    assert!(told.contains("nothing to change was given"), "{told}");
    let told = world.refused(
        2,
        &["goods", "update", "T1", "--sku", "T1-XX", "--stock", "3"],
    );
    assert!(
        told.contains("product T1 has no SKU T1-XX; it has "),
        "{told}"
    );
    let (_, words) = said(&["coupon", "confirm"]);
    assert!(
        words.contains("confirmed: coupons can be added now"),
        "{words}"
    );
    for (args, nothing) in [
        (&["coupon", "list"][..], "no coupons"),
        (&["pay", "list"], "no payments in this time"),
        (&["funds", "withdrawals"], "no withdrawals yet"),
        (&["promoter", "list"], "no promoters yet"),
        (&["sharer", "list"], "no sharers yet"),
    ] {
        let (table, words) = said(args);
        assert!(
            words.contains(nothing) && table.is_empty(),
            "{args:?}: {words}"
        );
    }
}

/// The amount of a row and its moment, as tables show them.
/// When a product was made, and when an event happened beside when it came, stand on their own pages.
fn shows_times(args: &[&str]) -> bool {
    !matches!(args[0], "goods" | "event")
}

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
        (&["due"][..], "nothing is due within 1d"),
        (&["due", "--within", "6h"], "nothing is due within 6h"),
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
