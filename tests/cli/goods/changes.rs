//! Uploads of goods that the shop has: only what changed is sent, and the plan says so beforehand.

use crate::cli::catalogues::{pair, teas};
use crate::cli::world::World;
use serde_json::{Value, json};

/// Product and action of each line of a plan.
fn actions(plan: &Value) -> Vec<(&str, &str)> {
    plan.as_array()
        .expect("a list")
        .iter()
        .map(|line| {
            (
                line["out_product_id"].as_str().expect("a number"),
                line["action"].as_str().expect("an action"),
            )
        })
        .collect()
}

#[test]
fn the_plan_names_every_kind_of_change_and_writes_nothing() {
    let world = World::with_goods(&teas(&[
        ("PRICE", "1"),
        ("SAME", "1"),
        ("TITLE", "1"),
        ("WAITS", "1"),
    ]));
    // One that is in audit again.
    world.ok(&["goods", "update", "WAITS", "--title", "Green tea anew"]);
    let wanted = teas(&[
        ("PRICE", "2"),
        ("SAME", "1"),
        ("TITLE", "1"),
        ("WAITS", "1"),
        ("NEW", "1"),
        ("CLOSED", "1"),
    ])
    .replace("Green tea TITLE", "Black tea")
    .replace("CLOSED.jpg,1423", "CLOSED.jpg,999999");
    world.write("goods.csv", wanted);
    let seen = world.calls().len();
    let plan = world.json(&["goods", "upload", "goods.csv", "--dry-run"]);
    assert_eq!(
        actions(&plan),
        [
            ("PRICE", "free_update"),
            ("SAME", "not_compared"),
            ("TITLE", "audited_update"),
            ("WAITS", "refused"),
            ("NEW", "add"),
            ("CLOSED", "refused"),
        ]
    );
    assert_eq!(
        plan[0]["changes"],
        json!([{"field": "sale_price", "sku": "PRICE-1", "old": 100, "new": 200, "at_once": true, "guarded": false}])
    );
    assert_eq!(
        (
            &plan[2]["changes"][0]["field"],
            &plan[2]["changes"][0]["new"]
        ),
        (&json!("title"), &json!("Black tea"))
    );
    let compared = world.json(&["goods", "upload", "goods.csv", "--dry-run", "--recheck"]);
    assert_eq!(actions(&compared)[1], ("SAME", "unchanged"));
    assert_eq!(world.writes_since(seen), [""; 0]);

    let said = world.run(&["goods", "upload", "goods.csv", "--format", "json"]);
    assert_eq!(said.code, Some(6));
    let report = said.json();
    let counts = [
        "added",
        "updated",
        "updated_free",
        "not_compared",
        "refused",
    ]
    .map(|name| report[name].as_i64().expect("a count"));
    assert_eq!(counts, [1, 1, 1, 1, 2], "what was planned was done");
}

#[test]
fn a_price_goes_without_audit() {
    let world = World::with_goods(&teas(&[("A", "12.50"), ("B", "1")]));
    world.write("goods.csv", teas(&[("A", "13.50"), ("B", "1")]));
    let (seen, audits) = (
        world.calls().len(),
        world.sandbox().status().expect("a status").audits_today,
    );
    let report = world.json(&["goods", "upload", "goods.csv"]);
    assert_eq!(
        (&report["updated_free"], &report["not_compared"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(world.writes_since(seen), ["/shop/spu/update_without_audit"]);
    let status = world.sandbox().status().expect("a status");
    assert_eq!(status.audits_today, audits);
    assert_eq!(world.products()["A"]["skus"][0]["sale_price"], 1350);
    let online = world.json(&["goods", "show", "A", "--online"]);
    assert_eq!(online["lowest_price"], 1350, "buyers see it at once");
}

#[test]
fn skus_that_the_sheet_does_not_name_stay_until_their_removal_is_asked_for() {
    let world = World::with_goods(&pair("Green tea", "10", "20"));
    let without_large = pair("Green tea", "11", "20")
        .lines()
        .filter(|line| !line.contains("P1-L"))
        .fold(String::new(), |text, line| text + line + "\n");
    world.write("goods.csv", &without_large);
    let skus = |world: &World| world.products()["P1"]["skus"].as_array().map(Vec::len);

    let report = world.json(&["goods", "upload", "goods.csv"]);
    assert_eq!(report["updated_free"], 1);
    assert_eq!(skus(&world), Some(2));

    let plan = world.json(&[
        "goods",
        "upload",
        "goods.csv",
        "--remove-missing-skus",
        "--dry-run",
    ]);
    assert_eq!(
        (&plan[0]["action"], &plan[0]["missing_skus"]),
        (&json!("audited_update"), &json!(["P1-L"]))
    );
    assert_eq!(skus(&world), Some(2));
    let report = world.json(&["goods", "upload", "goods.csv", "--remove-missing-skus"]);
    assert_eq!(report["updated"], 1, "also where the sheet has not changed");
    assert_eq!(skus(&world), Some(1));
}

#[test]
fn a_product_in_audit_waits_or_is_taken_out_of_it() {
    let world = World::with_goods(&pair("Green tea", "10", "20"));
    world.write("goods.csv", pair("Black tea", "10", "20"));
    assert_eq!(world.json(&["goods", "upload", "goods.csv"])["updated"], 1);
    world.write("goods.csv", pair("White tea", "10", "20"));
    let said = world.run(&["goods", "upload", "goods.csv"]);
    assert_eq!(said.code, Some(6));
    assert!(said.text().contains("it is in audit"), "{}", said.text());
    assert_eq!(world.products()["P1"]["title"], "Black tea");

    let seen = world.calls().len();
    let report = world.json(&["goods", "upload", "goods.csv", "--withdraw-audit"]);
    assert_eq!(report["updated"], 1);
    assert_eq!(
        world.writes_since(seen),
        ["/shop/spu/del_audit", "/shop/spu/update"]
    );
    assert_eq!(world.products()["P1"]["title"], "White tea");
}

#[test]
fn a_rejected_product_is_sent_again_once_it_is_corrected() {
    let world = World::new();
    world.write("goods.csv", teas(&[("A", "1")]));
    world.ok(&["goods", "upload", "goods.csv"]);
    world.ok(&["sandbox", "audit", "reject", "A", "--reason", "blurred"]);
    let said = world.run(&["goods", "upload", "goods.csv", "--recheck"]);
    assert_eq!(said.code, Some(6));
    assert!(said.text().contains("blurred"), "{}", said.text());
    world.write(
        "goods.csv",
        teas(&[("A", "1")]).replace("A.jpg", "sharp.jpg"),
    );
    assert_eq!(world.json(&["goods", "upload", "goods.csv"])["updated"], 1);
    assert_eq!(world.products()["A"]["edit_status"], 2);
}

#[test]
fn price_and_stock_come_from_a_sheet_of_their_own() {
    let world = World::with_goods(&pair("Green tea", "10", "20"));
    world.write(
        "prices.csv",
        "out_product_id,out_sku_id,sale_price,stock_num\nP1,P1-S,10.99,0\n",
    );
    let plan = world.json(&["goods", "price-stock", "prices.csv", "--dry-run"]);
    let fields = |plan: &Value| -> Vec<String> {
        let changes = plan[0]["changes"].as_array().expect("a list");
        let field = |change: &Value| change["field"].as_str().unwrap_or_default().to_owned();
        changes.iter().map(field).collect()
    };
    assert_eq!(fields(&plan), ["sale_price", "stock_num"]);
    let seen = world.calls().len();
    let report = world.json(&["goods", "price-stock", "prices.csv"]);
    assert_eq!(report["updated_free"], 1);
    assert_eq!(world.writes_since(seen), ["/shop/spu/update_without_audit"]);
    let skus = &world.products()["P1"]["skus"];
    assert_eq!(
        (
            &skus[0]["sale_price"],
            &skus[0]["stock_num"],
            &skus[1]["sale_price"]
        ),
        (&json!(1099), &json!(0), &json!(2000))
    );

    world.write(
        "prices.csv",
        "out_product_id,out_sku_id,sale_price\nP1,P1-XL,1\n",
    );
    let said = world.run(&["goods", "price-stock", "prices.csv", "--format", "json"]);
    assert_eq!(said.code, Some(6));
    assert!(
        said.stdout.windows(6).any(|words| words == b"no SKU"),
        "{}",
        said.text()
    );
    world.write("prices.csv", "out_product_id,title\nP1,x\n");
    assert_eq!(
        world.run(&["goods", "price-stock", "prices.csv"]).code,
        Some(2)
    );
}

#[test]
fn one_product_is_added_and_changed_from_options() {
    let world = World::new();
    world.write("tea.png", crate::cli::catalogues::png(300));
    let report = world.json(&[
        "goods",
        "add",
        "A",
        "--title",
        "Green tea",
        "--path",
        "pages/a",
        "--image",
        "tea.png",
        "--category",
        "1423",
        "--price",
        "12.5",
        "--stock",
        "4",
        "--attr",
        "size=100 g",
    ]);
    assert_eq!(
        (&report["added"], &report["images_uploaded"]),
        (&json!(1), &json!(1))
    );
    let product = &world.products()["A"];
    assert_eq!(
        (
            &product["skus"][0]["out_sku_id"],
            &product["skus"][0]["sale_price"],
            &product["brand_id"]
        ),
        (&json!("A"), &json!(1250), &json!(2_100_000_000u64))
    );
    world.ok(&["sandbox", "advance", "1h"]);
    // A mistyped SKU is no new one.
    let told = world.refused(
        2,
        &["goods", "update", "A", "--sku", "TYPO", "--price", "13"],
    );
    assert!(
        told.contains("product A has no SKU TYPO; it has A"),
        "{told}"
    );
    let shown = world.ok(&["goods", "show", "A"]);
    assert!(
        shown.contains("1423 (") && shown.contains("2100000000 (no brand)"),
        "{shown}"
    );
    let seen = world.calls().len();
    world.ok(&["goods", "show", "A"]);
    assert_eq!(world.paths_since(seen), ["/shop/spu/get"], "names are kept");
    let seen = world.calls().len();
    let report = world.json(&["goods", "update", "A", "--price", "13", "--stock", "0"]);
    assert_eq!(report["updated_free"], 1);
    assert_eq!(world.writes_since(seen), ["/shop/spu/update_without_audit"]);
    let report = world.json(&["goods", "update", "A", "--title", "Black tea"]);
    assert_eq!(report["updated"], 1);
    let product = &world.products()["A"];
    assert_eq!(
        (&product["title"], &product["skus"][0]["sale_price"]),
        (&json!("Black tea"), &json!(1300))
    );
}

#[test]
fn what_options_lack_is_named_all_at_once_and_leaves_no_file() {
    let world = World::new();
    let said = world.run(&["goods", "add", "A", "--format", "json"]);
    assert_eq!(said.code, Some(2));
    let problems = said.json();
    let fields: Vec<&str> = problems
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|problem| problem["field"].as_str())
        .collect();
    for field in ["title", "path", "head_img", "third_cat_id"] {
        assert!(fields.contains(&field), "{fields:?}");
    }
    let told = world.refused(1, &["goods", "update", "A", "--price", "1"]);
    insta::assert_snapshot!(told, @r"
    Error: the shop has no product A
    Hint:  `wxsell goods list` shows what it has; a product that never passed an audit has no online copy
    ");
    let told = world.refused(2, &["goods", "update", "A", "--price", "1.234"]);
    assert!(told.contains("more than two decimals"), "{told}");
    // What is wrong is named by its option, before any call.
    let seen = world.calls().len();
    for (option, value, why) in [
        ("--price", "-1", "must be more than 0"),
        ("--price", "0", "must be more than 0"),
        ("--market-price", "-1", "must be more than 0"),
        ("--stock", "-1", "must be at least 0"),
    ] {
        for profile in ["sandbox", "store-sandbox"] {
            for verb in ["update", "add"] {
                let given = format!("{option}={value}");
                let said = world.at(profile, &["goods", verb, "A", &given]);
                assert_eq!(said.code, Some(2), "{given}: {}", said.stderr);
                assert!(
                    said.stderr.contains(option) && said.stderr.contains(why),
                    "{given}: {}",
                    said.stderr
                );
                assert!(!said.stderr.contains("skus["), "{}", said.stderr);
            }
        }
    }
    for profile in ["sandbox", "store-sandbox"] {
        let said = world.at(profile, &["goods", "update", "A", "--sku", "TYPO"]);
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        assert!(
            said.stderr.contains("nothing to change was given"),
            "{}",
            said.stderr
        );
    }
    assert_eq!(world.calls().len(), seen);
    let said = world.run(&["goods", "add", "A", "--price", "1", "--stock", "1"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.text().contains("A --title") && said.text().contains("--image is missing"),
        "{}",
        said.text()
    );

    // The number of a deleted product: refused by the shop, with what to do.
    world.write("goods.csv", teas(&[("A", "1")]));
    world.ok(&["goods", "upload", "goods.csv"]);
    world.ok(&["goods", "remove", "A"]);
    let said = world.run(&["goods", "upload", "goods.csv"]);
    assert_eq!(said.code, Some(6));
    assert!(said.text().contains("deleted product"), "{}", said.text());
    let before = std::fs::read_dir(world.file("")).expect("a folder").count();
    let again = [
        "goods",
        "add",
        "A",
        "--title",
        "Green tea",
        "--path",
        "p",
        "--image",
        "https://img.example.com/a.jpg",
        "--category",
        "1423",
        "--price",
        "1",
        "--stock",
        "1",
    ];
    assert_eq!(world.run(&again).code, Some(6));
    let after = std::fs::read_dir(world.file("")).expect("a folder").count();
    assert_eq!(before, after);
}
