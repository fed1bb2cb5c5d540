//! `goods list`, `show`, `on-sale`, `off-sale`, `remove` and `withdraw-audit`.

use crate::cli::catalogues::{many, pair, teas};
use crate::cli::world::World;
use serde_json::{Value, json};
use wxsell::sandbox::{Fault, FaultKind};

/// Four products: on sale, off sale, rejected, in audit.
fn shop_of_all_states() -> World {
    let world = World::with_goods(&teas(&[("OFF", "1"), ("ON", "2")]));
    world.ok(&["goods", "off-sale", "OFF"]);
    world.write("goods.csv", teas(&[("REJECTED", "3"), ("WAITS", "4")]));
    world.ok(&["goods", "upload", "goods.csv", "--jobs", "1"]);
    world.ok(&[
        "sandbox", "audit", "reject", "REJECTED", "--reason", "blurred",
    ]);
    world
}

fn numbers(list: &Value) -> Vec<&str> {
    let mut numbers: Vec<&str> = list
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|row| row["out_product_id"].as_str())
        .collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn the_list_shows_states_and_why_a_product_was_rejected() {
    let world = shop_of_all_states();
    let list = world.ok(&["goods", "list"]);
    let mut lines: Vec<&str> = list.lines().collect();
    lines[1..].sort_unstable();
    insta::assert_snapshot!(lines.join("\n"), @"
     PRODUCT   TITLE               STATUS      AUDIT     PRICE  STOCK  REJECTION REASON
     OFF       Green tea OFF       off sale    passed     1.00      9
     ON        Green tea ON        on sale     passed     2.00      9
     REJECTED  Green tea REJECTED  not listed  failed     3.00      9  blurred
     WAITS     Green tea WAITS     not listed  in audit   4.00      9
    ");
}

#[test]
fn the_list_is_filtered_by_status_audit_and_time() {
    let world = shop_of_all_states();
    let listed = |more: &[&str]| world.json(&[&["goods", "list"], more].concat());
    assert_eq!(numbers(&listed(&["--status", "on-sale"])), ["ON"]);
    assert_eq!(numbers(&listed(&["--status", "off-sale"])), ["OFF"]);
    assert_eq!(numbers(&listed(&["--audit", "failed"])), ["REJECTED"]);
    assert_eq!(numbers(&listed(&["--audit", "passed"])), ["OFF", "ON"]);
    assert_eq!(numbers(&listed(&["--audit", "in-audit"])), ["WAITS"]);
    assert_eq!(numbers(&listed(&["--limit", "3"])).len(), 3);
    assert_eq!(
        numbers(&listed(&["--created-since", "2021-01-01"])).len(),
        4
    );
    let row = &listed(&["--audit", "failed"])[0];
    assert_eq!(
        [
            &row["reject_reason"],
            &row["lowest_price"],
            &row["status_code"]
        ],
        [&json!("blurred"), &json!(300), &json!(0)]
    );
    let told = world.refused(2, &["goods", "list", "--created-since", "yesterday"]);
    assert!(told.contains("a day such as 2022-04-01"), "{told}");
}

#[test]
fn the_list_follows_all_pages() {
    let numbers: Vec<String> = (0..230).map(|n| format!("N{n}")).collect();
    let goods: Vec<(&str, &str)> = numbers.iter().map(|id| (id.as_str(), "1")).collect();
    let world = World::with_goods(&teas(&goods));
    let list = world.json(&["goods", "list", "--columns", "out_product_id"]);
    assert_eq!(list.as_array().map(Vec::len), Some(230));
}

#[test]
fn one_product_is_shown_whole_as_draft_as_online_and_as_it_came() {
    let world = World::with_goods(&pair("Green tea", "10", "20"));
    world.ok(&["goods", "update", "P1", "--title", "Black tea"]);
    let shown = world.ok(&[
        "goods",
        "show",
        "P1",
        "--columns",
        "title,status,audit,skus",
    ]);
    insta::assert_snapshot!(shown, @"
     TITLE   Black tea
     STATUS  on sale
     AUDIT   in audit
     SKUS    P1-S  10.00  ×5  size=S
             P1-L  20.00  ×5  size=L
    ");
    let online = world.json(&["goods", "show", "P1", "--online"]);
    assert_eq!(online["title"], "Green tea");
    let raw: Value =
        serde_json::from_str(&world.ok(&["goods", "show", "P1", "--raw"])).expect("JSON");
    assert_eq!(
        (&raw["errcode"], &raw["spu"]["skus"][0]["sale_price"]),
        (&json!(0), &json!(1000))
    );
    let told = world.refused(1, &["goods", "show", "NONE"]);
    assert!(
        told.starts_with("Error: the shop has no product NONE\n"),
        "{told}"
    );
}

#[test]
fn products_go_off_sale_and_back() {
    let world = World::with_goods(&teas(&[("A", "1"), ("B", "2")]));
    insta::assert_snapshot!(world.ok(&["goods", "off-sale", "A", "B", "A"]), @"
     PRODUCT  RESULT
     A        off sale
     B        off sale
    ");
    let status = |world: &World, id: &str| world.products()[id]["status"].clone();
    assert_eq!(
        (status(&world, "A"), status(&world, "B")),
        (json!(11), json!(11))
    );
    let seen = world.calls().len();
    let planned = world.json(&["goods", "on-sale", "A", "--dry-run"]);
    assert_eq!(planned[0]["result"], "planned");
    assert_eq!(world.paths_since(seen), [""; 0]);
    let listed = world.json(&["goods", "on-sale", "A"]);
    assert_eq!(
        listed,
        json!([{"out_product_id": "A", "result": "on_sale", "errcode": null, "reason": null}])
    );
    assert_eq!(status(&world, "A"), json!(5));

    let said = world.run(&["goods", "off-sale", "A", "NONE", "--format", "json"]);
    assert_eq!(said.code, Some(6));
    assert_eq!(
        (&said.json()[0]["result"], &said.json()[1]["errcode"]),
        (&json!("off_sale"), &json!(1_000_011))
    );
    assert!(said.stderr.ends_with("}\n"), "scripts get an object");
    world.refused(1, &["goods", "on-sale", "NONE"]);
}

#[test]
fn a_product_is_removed_for_good() {
    let world = World::with_goods(&teas(&[("A", "1"), ("B", "2")]));
    let removed = world.json(&["goods", "remove", "A"]);
    assert_eq!(removed[0]["result"], "removed");
    assert_eq!(world.numbers(), ["B"]);
    let said = world.run(&["goods", "remove", "A"]);
    assert_eq!(said.code, Some(1));
    assert!(said.text().contains("1000011"), "{}", said.text());
    world.refused(2, &["goods", "remove"]);
}

#[test]
fn a_product_is_taken_out_of_its_audit_and_handed_in_again() {
    let world = World::new();
    world.write("goods.csv", teas(&[("A", "1")]));
    world.ok(&["goods", "upload", "goods.csv"]);
    let withdrawn = world.json(&["goods", "withdraw-audit", "A"]);
    assert_eq!(withdrawn[0]["result"], "withdrawn");
    assert_eq!(world.products()["A"]["edit_status"], 1);
    let said = world.run(&["goods", "withdraw-audit", "A"]);
    assert_eq!(said.code, Some(1));
    assert!(said.text().contains("1000016"), "{}", said.text());
    assert_eq!(world.json(&["goods", "upload", "goods.csv"])["updated"], 1);
    assert_eq!(world.products()["A"]["edit_status"], 2);
}

#[test]
fn a_step_without_an_answer_is_read_and_never_called_refused() {
    let world = World::with_goods(&many(5));
    let path = "/shop/spu/delisting";
    let lost = |times| Fault::once(path, FaultKind::Reset).times(times);
    let sent = || {
        let calls = world.calls();
        let calls = calls.iter().filter(|call| call.path == path);
        let numbers = calls.map(|call| call.request.clone());
        numbers
            .collect::<std::collections::BTreeSet<String>>()
            .len()
    };
    // Carried out, and every answer lost: the product tells.
    world
        .sandbox()
        .add_fault(&lost(5).after())
        .expect("a fault");
    let said = world.run_in_time(&["goods", "off-sale", "T01"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    // Never carried out: nobody knows.
    world.sandbox().add_fault(&lost(5)).expect("a fault");
    let said = world.run_in_time(&["goods", "off-sale", "T02"]);
    assert_eq!(said.code, Some(9), "{}", said.stderr);
    assert!(!said.stderr.contains("refused"), "{}", said.stderr);
    // Three of those are enough.
    let always = Fault {
        times: None,
        ..lost(1)
    };
    world.sandbox().add_fault(&always).expect("a fault");
    let before = sent();
    let all = [
        "goods", "off-sale", "T02", "T03", "T04", "T05", "--format", "json",
    ];
    let said = world.run_in_time(&all);
    assert_eq!(said.code, Some(9), "{}", said.stderr);
    assert_eq!(said.json().as_array().map(Vec::len), Some(3));
    // The second product was asked for before.
    assert_eq!(sent() - before, 2);
}

#[test]
fn numbers_are_read_from_standard_input() {
    let world = World::with_goods(&teas(&[("T1", "10.00"), ("T2", "5.00")]));
    let said = world.feed(b"T1\n\n T2\nT1\n", &["goods", "off-sale", "-"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    for number in ["T1", "T2"] {
        assert_eq!(world.json(&["goods", "show", number])["status"], "off_sale");
    }
    let said = world.feed(b"\n", &["goods", "on-sale", "-"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(
        said.stderr.contains("contains no product numbers"),
        "{}",
        said.stderr
    );
}
