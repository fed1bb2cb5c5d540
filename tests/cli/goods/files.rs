//! `goods template` and `goods export`: files that `goods upload` takes back.

use crate::cli::catalogues::pair;
use crate::cli::world::World;
use serde_json::json;

#[test]
fn a_template_of_every_kind_lacks_nothing_but_goods_of_ones_own() {
    for name in ["t.xlsx", "t.csv", "t.jsonl"] {
        let world = World::new();
        assert_eq!(
            world.json(&["goods", "template", "--output", name]),
            json!({"file": name})
        );
        assert_eq!(world.paths_since(0), [""; 0]);
        let said = world.run(&["goods", "check", name, "--format", "json"]);
        let problems: serde_json::Value = serde_json::from_str(said.text()).expect("json");
        assert_eq!(problems.as_array().map(Vec::len), Some(1), "{problems}");
        assert_eq!(
            problems[0]["message"],
            "this is the example of the template"
        );
        if name == "t.xlsx" {
            continue;
        }
        let own = world.read(name).replace("示例明前绿茶", "明前绿茶");
        world.write(name, own);
        let report = world.json(&["goods", "upload", name]);
        assert_eq!(report["added"], 1, "{name}: {report}");
        let product = &world.products()["TEA-1001"];
        assert_eq!(
            (
                &product["skus"][1]["sale_price"],
                &product["skus"][1]["market_price"]
            ),
            (&json!(9900), &json!(12900))
        );
    }
}

#[test]
fn a_template_never_overwrites_unasked() {
    let world = World::new();
    world.ok(&["goods", "template", "--format", "csv"]);
    world.write("goods.csv", "mine");
    let told = world.refused(2, &["goods", "template", "--format", "csv"]);
    assert!(told.contains("replace it with --overwrite"), "{told}");
    assert_eq!(world.read("goods.csv"), "mine");
    world.ok(&["goods", "template", "-o", "goods.csv", "--overwrite"]);
    assert!(world.read("goods.csv").contains("TEA-1001"));
    let told = world.refused(2, &["goods", "template", "-o", "goods.pdf"]);
    insta::assert_snapshot!(told, @r"
    Error: templates are not written as .pdf
    Hint:  use the extension .xlsx, .csv or .jsonl
    ");
    world.ok(&["goods", "template", "-o", "all.csv", "--all-columns"]);
    assert!(
        world
            .read("all.csv")
            .lines()
            .next()
            .expect("headings")
            .len()
            > world
                .read("goods.csv")
                .lines()
                .next()
                .expect("headings")
                .len()
    );
}

#[test]
fn an_export_of_every_kind_uploads_as_unchanged_on_another_machine() {
    let world = World::new();
    world.sample("catalog.jsonl");
    world.ok(&["goods", "upload", "catalog.jsonl"]);
    world.ok(&["sandbox", "advance", "1h"]);
    // States of all sorts: in audit again, rejected, off sale.
    world.ok(&[
        "goods",
        "update",
        "TEA-1001",
        "--title",
        "明前龙井 \"特级\", 礼盒",
    ]);
    world.ok(&["goods", "update", "TEA-1002", "--desc", "第一行\n第二行"]);
    world.ok(&["goods", "off-sale", "CLO-2001"]);
    let products = world.products();
    for name in ["all.xlsx", "all.csv", "all.jsonl"] {
        let exported = world.json(&["goods", "export", name]);
        assert_eq!(exported, json!({"file": name, "products": 24, "skus": 40}));
    }
    for name in ["all.xlsx", "all.csv", "all.jsonl"] {
        world.forget();
        let seen = world.calls().len();
        let report = world.json(&["goods", "upload", name]);
        assert_eq!(report["unchanged"], 24, "{name}: {report}");
        assert_eq!(world.writes_since(seen), [""; 0], "{name}");
    }
    assert_eq!(world.products(), products);
}

#[test]
fn an_export_holds_what_was_asked_for_and_overwrites_nothing() {
    let world = World::with_goods(&pair("Green tea", "10", "20"));
    world.write("goods.csv", "mine");
    let told = world.refused(2, &["goods", "export", "goods.csv"]);
    assert!(told.contains("--overwrite"), "{told}");
    assert_eq!(world.read("goods.csv"), "mine");
    let exported = world.json(&["goods", "export", "none.csv", "--status", "off-sale"]);
    assert_eq!(exported["products"], 0);
    let told = world.refused(2, &["goods", "export", "goods.pdf"]);
    assert!(told.contains(".pdf"), "{told}");
    let said = world.run(&["goods", "export", "goods.csv", "--overwrite"]);
    insta::assert_snapshot!(said.stderr, @"
    wrote 1 product (2 SKUs) to goods.csv
    Next: wxsell goods upload goods.csv --dry-run --profile sandbox
    ");
}
