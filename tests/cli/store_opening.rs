//! What a WeChat Store needs besides goods: categories and brands with documents, addresses, freight templates; flash
//! sales; products that are held back.

use super::store_goods::{json, one, pass, sampled, store};
use super::world::World;
use serde_json::Value;

/// The template of the command, with its papers beside it.
fn opening(world: &World) -> String {
    let said = store(world, &["merchant", "apply", "--template"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    world.write("license.jpg", b"\xFF\xD8\xFF license");
    world.write("trademark.jpg", b"\xFF\xD8\xFF mark");
    said.text().to_owned()
}

fn states(rows: &Value) -> Vec<(&str, &str)> {
    let rows = rows.as_array().expect("a list").iter();
    rows.map(|row| {
        let text = |name: &str| row[name].as_str().expect("text");
        (text("step"), text("state"))
    })
    .collect()
}

#[test]
fn a_store_hands_in_what_calls_can_do_until_all_of_it_stands() {
    let world = World::new();
    let file = opening(&world);
    world.write("opening.toml", &file);
    let apply = ["merchant", "apply", "--file", "opening.toml"];
    let planned = json(&world, &[&apply[..], &["--dry-run"]].concat());
    assert_eq!(
        states(&planned),
        [
            ("store", "done"),
            ("category", "planned"),
            ("brand", "planned"),
            ("address", "planned"),
            ("freight", "planned"),
        ]
    );
    let seen = world.calls().len();
    let rows = json(&world, &apply);
    assert_eq!(
        states(&rows),
        [
            ("store", "done"),
            ("category", "submitted"),
            ("brand", "submitted"),
            ("address", "added"),
            ("freight", "added"),
        ],
        "{rows}"
    );
    let papers = world.paths_since(seen);
    let papers = papers
        .iter()
        .filter(|path| path.ends_with("qualification/upload"));
    assert_eq!(papers.count(), 2);
    // Again: nothing is sent twice, and it is told how it stands.
    let seen = world.calls().len();
    let rows = json(&world, &apply);
    assert_eq!(
        states(&rows)[1..],
        [
            ("category", "in_audit"),
            ("brand", "in_audit"),
            ("address", "done"),
            ("freight", "done"),
        ]
    );
    let sent = world.paths_since(seen);
    let writes = ["/add", "addfreighttemplate", "upload"];
    assert!(
        !sent
            .iter()
            .any(|path| writes.iter().any(|write| path.ends_with(write))),
        "{sent:?}"
    );
    pass(&world);
    let rows = json(&world, &apply);
    assert!(states(&rows).iter().all(|(_, state)| *state == "done"));
    // What was applied for may be sold in now, and what was set up is used.
    let mine = json(&world, &["category", "mine"]);
    let liquor = mine.as_array().expect("a list").iter();
    let mut liquor = liquor.filter(|row| row["path"] == "食品饮料/酒类/白酒");
    assert_eq!(liquor.next().map(|row| &row["right"]), Some(&"open".into()));
    let brands = json(&world, &["brand", "mine"]).to_string();
    assert!(brands.contains("云山"), "{brands}");
    let addresses = json(&world, &["address", "list"]);
    let new = addresses.as_array().expect("a list").iter();
    let new: Vec<&Value> = new
        .filter(|address| address["default_for_returns"] == true)
        .collect();
    assert_eq!(new.len(), 1, "{addresses}");
    assert_eq!(new[0]["name"], "退货仓");
}

#[test]
fn an_opening_is_checked_whole_and_a_refused_part_is_handed_in_again() {
    let world = World::new();
    let file = opening(&world);
    let bad = file
        .replace("食品饮料/酒类/白酒", "没有的类目")
        .replace("tel_number = \"13800000000\"\n", "")
        .replace("trademark.jpg", "nowhere.jpg");
    world.write("opening.toml", bad);
    let apply = ["merchant", "apply", "--file", "opening.toml"];
    let seen = world.calls().len();
    let said = store(&world, &apply);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    for word in ["没有的类目", "tel_number", "nowhere.jpg"] {
        assert!(said.stderr.contains(word), "{word}: {}", said.stderr);
    }
    let sent = world.paths_since(seen);
    assert!(!sent.iter().any(|path| path.ends_with("/add")), "{sent:?}");

    world.write("opening.toml", file.replace("\"云山\"", "\"违规牌\""));
    json(&world, &apply);
    pass(&world);
    // As it was refused it is not handed in again.
    let seen = world.calls().len();
    let again = store(&world, &[&apply[..], &["--format", "json"]].concat());
    assert_ne!(again.code, Some(0), "{}", again.stderr);
    let rows = again.json();
    assert_eq!(states(&rows)[2], ("brand", "refused"), "{rows}");
    let reason = rows[2]["reason"].as_str().expect("a reason");
    assert!(reason.contains("资质与申请内容不符"), "{reason}");
    let sent = world.paths_since(seen);
    assert!(
        !sent.iter().any(|path| path.ends_with("brand/update")),
        "{sent:?}"
    );
    // Nobody knows here what was sent.
    let elsewhere = world.twin();
    elsewhere.forget();
    let planned = json(&elsewhere, &[&apply[..], &["--dry-run"]].concat());
    assert_eq!(states(&planned)[2], ("brand", "planned"));
    assert!(planned[2]["reason"].is_string(), "{planned}");
    world.write("opening.toml", &file);
    let seen = world.calls().len();
    let rows = json(&world, &apply);
    assert_eq!(states(&rows)[2], ("brand", "submitted"), "{rows}");
    let sent = world.paths_since(seen);
    assert!(
        sent.iter().any(|path| path.ends_with("brand/update")),
        "{sent:?}"
    );
    // Without a file it is told what there is.
    let rows = json(&world, &["merchant", "apply"]);
    assert_eq!(states(&rows)[0], ("store", "done"));
}

#[test]
fn a_block_of_the_template_is_an_application_for_one_category() {
    let world = World::new();
    let file = opening(&world);
    let lines = file.lines().skip_while(|line| *line != "[[category]]");
    let of_block = |line: &&str| !line.starts_with("[[") || line.starts_with("[[category");
    let whole: Vec<&str> = lines.take_while(of_block).collect();
    let category = ["category", "apply", "食品饮料/酒类/白酒", "--file"];
    let fields = super::store_setup::block(&world, "category");
    for text in [fields, whole.join("\n")] {
        world.write("category.toml", text);
        let rows = json(
            &world,
            &[&category[..], &["category.toml", "--dry-run"]].concat(),
        );
        assert_eq!(states(&rows), [("category", "planned")], "{rows}");
    }
    let rows = json(&world, &[&category[..], &["category.toml"]].concat());
    assert_eq!(states(&rows), [("category", "submitted")], "{rows}");
}

#[test]
fn a_flash_sale_is_held_against_its_rules_before_it_is_planned() {
    let world = sampled();
    world.write("cup.csv", one("茶杯一只 白瓷", "99.00", "10"));
    json(&world, &["goods", "upload", "cup.csv"]);
    let add = |terms: &str, start: &str, end: &str| {
        let args = [
            "flash-sale",
            "add",
            "CUP-1",
            "--start",
            start,
            "--end",
            end,
            "--sku",
            terms,
        ];
        store(&world, &[&args[..], &["--format", "json"]].concat())
    };
    let offset = world.sandbox().status().expect("a status").clock_offset;
    let now = wxsell::types::now() + offset;
    let at = |hours: i64| wxsell::types::rfc3339(now + hours * 3600);
    let said = add("CUP-1=79.00x5", &at(2), &at(8));
    assert_eq!(said.code, Some(1), "not listed yet: {}", said.stderr);
    pass(&world);
    let said = add("CUP-1=95.00x50", &at(2), &at(48));
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    for words in ["24 hours", "14.85 to 89.00", "10 in stock"] {
        assert!(said.stderr.contains(words), "{words}: {}", said.stderr);
    }
    let (from, to) = (at(2), at(8));
    let twice = [
        &["flash-sale", "add", "CUP-1", "--start", &from, "--end", &to][..],
        &["--sku", "CUP-1=79.00x5", "--sku", "CUP-1=69.00x5"],
    ];
    let said = store(&world, &twice.concat());
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(
        said.stderr.contains("SKU CUP-1 is given twice"),
        "{}",
        said.stderr
    );
    let said = add("CUP-9=79.00x5", &at(2), &at(8));
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("it has CUP-1"), "{}", said.stderr);
    let said = add("CUP-1=79.00x5", &at(2), &at(8));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let task = said.json()["task_id"]
        .as_str()
        .expect("a number")
        .to_owned();
    let said = add("CUP-1=79.00x5", &at(2), &at(8));
    assert_eq!(said.code, Some(1), "one at a time: {}", said.stderr);
    let (start, end) = (at(3), at(9));
    let args = [
        "flash-sale",
        "update",
        &task,
        "--product",
        "CUP-1",
        "--start",
        &start,
        "--end",
        &end,
        "--sku",
        "CUP-1=69.00x3",
    ];
    json(&world, &args);
    world.ok(&["sandbox", "advance", "4h"]);
    let listed = json(&world, &["flash-sale", "list", "--status", "running"]);
    assert_eq!(listed[0]["task_id"], task.as_str(), "{listed}");
    // While it runs the SKUs are locked.
    world.write("price.csv", "商品编号,售价\nCUP-1,98.00\n");
    // The lock refuses it; nothing can have been done, and nothing is looked up.
    let said = store(&world, &["goods", "price-stock", "price.csv"]);
    assert_eq!(said.code, Some(6), "{}{}", said.text(), said.stderr);
    assert!(!said.stderr.contains("answer was lost"), "{}", said.stderr);
    let said = store(&world, &["flash-sale", "remove", &task]);
    assert_eq!(said.code, Some(1), "it has not ended: {}", said.stderr);
    json(&world, &["flash-sale", "stop", &task]);
    json(&world, &["flash-sale", "remove", &task]);
    assert_eq!(json(&world, &["flash-sale", "list"]), serde_json::json!([]));
    let said = world.run(&["flash-sale", "list"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
}

#[test]
fn products_that_are_held_back_are_named_with_place_and_reason() {
    let world = sampled();
    world.write("cup.csv", one("茶杯一只 限流", "99.00", "10"));
    json(&world, &["goods", "upload", "cup.csv"]);
    assert_eq!(
        json(&world, &["goods", "restricted"]),
        serde_json::json!([])
    );
    pass(&world);
    let held = json(&world, &["goods", "restricted"]);
    let rows = held.as_array().expect("a list");
    assert_eq!(rows.len(), 2, "{held}");
    assert_eq!(rows[0]["out_product_id"], "CUP-1");
    assert_eq!(rows[1]["scene"], 4);
    assert!(
        rows[0]["reason"]
            .as_str()
            .is_some_and(|why| !why.is_empty())
    );
    assert_eq!(json(&world, &["goods", "restricted", "CUP-1"]), held);
    let said = store(&world, &["goods", "restricted", "CUP-9"]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
}
