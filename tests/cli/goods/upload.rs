//! `goods upload` and `goods check`: kinds of files, what stops them, what comes back.

use crate::cli::catalogues::{many, png, teas};
use crate::cli::world::World;
use serde_json::json;
use wxsell::sandbox::{Fault, FaultKind};

#[test]
fn a_workbook_is_uploaded_and_nothing_goes_twice() {
    let world = World::new();
    world.sample("catalog.xlsx");
    let said = world.run(&["goods", "upload", "catalog.xlsx"]);
    assert_eq!(said.code, Some(0));
    insta::assert_snapshot!(said.stderr, @r"
    → sandbox
    24 products are in audit; buyers see them once it has passed
    Next: wxsell goods list --audit in-audit --profile sandbox
    ");
    assert!(
        said.text().contains("ADDED            24\n"),
        "{}",
        said.text()
    );
    let (products, seen) = (world.products(), world.calls().len());
    assert_eq!(products.len(), 24);
    assert_eq!(
        products["TEA-1001"]["skus"][1]["sale_price"], 23800,
        "yuan became fen"
    );
    assert_eq!(products["TEA-1001"]["title"], "明前龙井 2024新茶 礼盒装");
    assert_eq!(
        world.sandbox().status().expect("a status").uploads,
        33,
        "every picture went once"
    );

    let again = world.json(&["goods", "upload", "catalog.xlsx"]);
    assert_eq!(
        (&again["not_compared"], &again["added"], &again["status"]),
        (&json!(24), &json!(0), &json!("done"))
    );
    assert_eq!(world.writes_since(seen), [""; 0]);
}

#[test]
fn the_same_goods_in_three_kinds_of_files_are_the_same_to_the_shop() {
    let world = World::new();
    world.sample("catalog.csv");
    let said = world.run(&["goods", "upload", "catalog.csv"]);
    assert_eq!(said.code, Some(0));
    assert!(
        said.stderr.contains("reading catalog.csv as GB18030"),
        "{}",
        said.stderr
    );
    let seen = world.calls().len();
    for sample in ["catalog.xlsx", "catalog.jsonl"] {
        world.sample(sample);
        let report = world.json(&["goods", "upload", sample, "--recheck"]);
        assert_eq!(report["unchanged"], 24, "{sample}");
    }
    assert_eq!(world.writes_since(seen), [""; 0]);
}

#[test]
fn standard_input_is_read_as_a_file() {
    let world = World::new();
    let goods = teas(&[("A", "12.50")]);
    let said = world.feed(
        goods.as_bytes(),
        &["goods", "upload", "-", "--from", "csv", "--format", "json"],
    );
    assert_eq!(said.json()["added"], 1);
    let product = &world.products()["A"];
    assert_eq!(
        (&product["title"], &product["skus"][0]["sale_price"]),
        (&json!("Green tea A"), &json!(1250))
    );
    // A bad row comes back as a file in the working folder.
    let bad = teas(&[("B", "12.505"), ("C", "1")]);
    let said = world.feed(
        bad.as_bytes(),
        &["goods", "upload", "-", "--from", "csv", "--skip-bad"],
    );
    assert_eq!(said.code, Some(6));
    assert!(world.read("stdin.failed.csv").contains("two decimals"));
}

#[test]
fn several_files_and_patterns_are_one_catalogue() {
    let world = World::new();
    world.write("new/a.csv", teas(&[("A", "1")]));
    world.write("new/b.csv", teas(&[("B", "2")]));
    world.write("new/c.txt", "no goods");
    world.write("more.csv", teas(&[("C", "3")]));
    let report = world.json(&["goods", "upload", "new/*.csv", "more.csv", "new/a.csv"]);
    assert_eq!(report["added"], 3, "a file named twice is read once");
    assert_eq!(world.numbers(), ["A", "B", "C"]);

    world.write("again.csv", teas(&[("A", "5")]));
    let said = world.run(&["goods", "upload", "again.csv", "more.csv", "new/a.csv"]);
    assert_eq!(
        said.code,
        Some(2),
        "one product in two files with two prices"
    );
    let told = world.refused(2, &["goods", "upload", "old/*.csv"]);
    insta::assert_snapshot!(told, @"Error: no file matches old/*.csv");
}

#[test]
fn bad_input_is_listed_with_its_cells_and_no_call_is_made() {
    let world = World::new();
    world.sample("bad.xlsx");
    world.write("catalog.csv", "no picture");
    let said = world.run(&["goods", "upload", "bad.xlsx", "--format", "json"]);
    assert_eq!(said.code, Some(2));
    let problems = said.json();
    let cells: Vec<&str> = problems
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|problem| problem["cell"].as_str())
        .collect();
    assert_eq!(
        cells,
        [
            "A3", "Q4", "B5", "M6", "M7", "O8", "D9", "D10", "G11", "R12", "K14", "B16", "A17",
            "K18"
        ]
    );
    let last = said.stderr.lines().last().expect("words");
    assert!(
        last.contains("found 14 problems; nothing was sent"),
        "{last}"
    );
    assert_eq!(world.paths_since(0), [""; 0], "not even a token");

    let check = world.run(&["goods", "check", "bad.xlsx"]);
    assert_eq!(check.code, Some(2));
    let shown = check.text();
    assert!(
        shown.contains("bad.xlsx 商品!M6") && shown.contains("price \"12.345\" has more"),
        "{shown}"
    );
    assert_eq!(world.paths_since(0), [""; 0]);
}

#[test]
fn sound_files_pass_the_check_without_a_call() {
    let world = World::new();
    world.sample("catalog.csv");
    insta::assert_snapshot!(world.ok(&["goods", "check", "catalog.csv", "--quiet"]), @"
     FILES     1
     ROWS      40
     PRODUCTS  24
     SKUS      40
     IMAGES    33
    ");
    let counts = world.json(&["goods", "check", "catalog.csv"]);
    assert_eq!(
        counts,
        json!({"files": 1, "rows": 40, "products": 24, "skus": 40, "images": 33})
    );
    assert_eq!(world.paths_since(0), [""; 0]);
}

#[test]
fn failed_rows_come_back_and_upload_cleanly_once_corrected() {
    let world = World::new();
    let bad =
        teas(&[("A", "12.50"), ("B", "12.505"), ("C", "3")]).replace("C.jpg,1423", "C.jpg,999999");
    world.write("goods.csv", &bad);
    let said = world.run(&["goods", "upload", "goods.csv", "--skip-bad"]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    assert_eq!(world.numbers(), ["A"]);

    let back = world.read("goods.failed.csv");
    let lines: Vec<&str> = back.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].ends_with(",reason"), "{back}");
    assert!(
        lines[1].starts_with("B,Green tea B,") && lines[1].contains("two decimals"),
        "{back}"
    );
    assert!(
        lines[2].contains("999999,C-1") && lines[2].contains("not open to this shop"),
        "{back}"
    );
    world.write(
        "goods.failed.csv",
        back.replace("12.505", "12.50").replace("999999", "1423"),
    );
    let report = world.json(&["goods", "upload", "goods.failed.csv"]);
    assert_eq!(
        (&report["added"], &report["refused"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(world.numbers(), ["A", "B", "C"]);
}

#[test]
fn a_workbook_with_bad_rows_is_partial_and_comes_back_as_a_workbook() {
    let world = World::new();
    world.sample("bad.xlsx");
    world.write("catalog.csv", "no picture");
    let said = world.run(&[
        "goods",
        "upload",
        "bad.xlsx",
        "--skip-bad",
        "--format",
        "json",
    ]);
    assert_eq!(said.code, Some(6));
    let report = said.json();
    assert_eq!(
        [
            &report["status"],
            &report["added"],
            &report["skipped_problems"],
            &report["failed_files"]
        ],
        [
            &json!("partial"),
            &json!(1),
            &json!(14),
            &json!(["bad.failed.xlsx"])
        ]
    );
    // The row below GOOD-1 has a number that nobody can read: it may be another SKU of it.
    assert_eq!(world.numbers(), ["FULL-WIDTH"]);
    // The rows that came back have the mistakes that they had, and no others.
    let again = world.run(&["goods", "check", "bad.failed.xlsx", "--format", "json"]);
    assert_eq!(again.json().as_array().map(Vec::len), Some(14));
}

#[test]
fn what_the_shop_refuses_is_listed_and_reported() {
    let world = World::new();
    world.write("goods.csv", teas(&[("A", "12.50"), ("B", "1")]));
    world
        .sandbox()
        .add_fault(&wxsell::sandbox::Fault::once(
            "/shop/spu/add",
            wxsell::sandbox::FaultKind::Errcode {
                errcode: 1_000_020,
                errmsg: "too many".into(),
            },
        ))
        .expect("a fault");
    let said = world.run(&[
        "goods",
        "upload",
        "goods.csv",
        "--jobs",
        "1",
        "--report",
        "junit=out.xml",
        "--report",
        "json=out.json",
        "--format",
        "csv",
    ]);
    assert_eq!(said.code, Some(6));
    let lines: Vec<&str> = said.text().lines().collect();
    assert_eq!(lines[0], "out_product_id,state,errcode,reason");
    assert!(lines[1].starts_with("A,refused,1000020,"), "{lines:?}");
    assert!(
        said.stderr.ends_with("1 of 2 products failed\n"),
        "{}",
        said.stderr
    );

    let junit = world.read("out.xml");
    assert!(
        junit.contains("tests=\"2\" skipped=\"0\" failures=\"1\" errors=\"0\""),
        "{junit}"
    );
    assert!(
        junit.contains("<testcase name=\"B\" classname=\"added\"/>"),
        "{junit}"
    );
    let report: serde_json::Value = serde_json::from_str(&world.read("out.json")).expect("JSON");
    assert_eq!(
        (
            &report["failed"][0]["out_product_id"],
            &report["failed"][0]["errcode"]
        ),
        (&json!("A"), &json!(1_000_020))
    );
    // The next run sends what is left.
    let report = world.json(&["goods", "upload", "goods.csv"]);
    assert_eq!(
        (&report["added"], &report["not_compared"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn what_could_not_be_sent_is_no_success() {
    let world = World::new();
    world.write("p.png", png(300));
    let head = "out_product_id,title,path,head_img,third_cat_id,out_sku_id,sale_price,stock_num\n";
    let rows = "A,Tea,p,p.png,1423,A1,1,1\nB,Tea,p,https://mmecimage.cn/b,1423,B1,1,1\n";
    world.write("goods.csv", format!("{head}{rows}"));
    let lost = Fault::once("/shop/img/upload", FaultKind::Reset).times(5);
    world.sandbox().add_fault(&lost).expect("a fault");
    let said = world.run(&["goods", "upload", "goods.csv", "--format", "json"]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    let report = said.json();
    assert_eq!(
        (&report["status"], &report["added"], &report["left"]),
        (&json!("partial"), &json!(1), &json!(1))
    );
    assert_eq!(
        (
            &report["failed"][0]["out_product_id"],
            &report["failed"][0]["state"]
        ),
        (&json!("A"), &json!("not_sent"))
    );
    let again = world.json(&["goods", "upload", "goods.csv"]);
    assert_eq!(
        (&again["status"], &again["added"], &again["not_compared"]),
        (&json!("done"), &json!(1), &json!(1))
    );
}

#[test]
fn a_report_that_cannot_be_understood_is_refused_before_anything_happens() {
    let world = World::new();
    world.write("goods.csv", teas(&[("A", "1")]));
    let told = world.refused(2, &["goods", "upload", "goods.csv", "--report", "pdf=x"]);
    assert!(told.contains("junit=FILE or json=FILE"), "{told}");
    assert_eq!(world.paths_since(0), [""; 0]);
}

#[test]
fn ndjson_tells_each_product_as_it_ends_and_then_the_summary() {
    let world = World::new();
    world.write("goods.csv", many(3));
    let said = world.run(&["goods", "upload", "goods.csv", "--format", "ndjson"]);
    assert_eq!(said.code, Some(0));
    let lines: Vec<serde_json::Value> = said
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 4);
    for line in &lines[..3] {
        assert_eq!(
            (&line["state"], &line["action"]),
            (&json!("done"), &json!("added"))
        );
    }
    assert_eq!(
        (&lines[3]["products"], &lines[3]["status"]),
        (&json!(3), &json!("done"))
    );
}

#[test]
fn chosen_columns_are_of_the_one_thing_and_known_before_anything_is_sent() {
    let world = World::new();
    world.write("goods.csv", many(2));
    let upload = ["goods", "upload", "goods.csv"];
    let with = |more: &[&'static str]| [&upload[..], more].concat();
    for wrong in [
        &["--columns", "out_product_id"][..],
        &["--format", "ndjson", "--columns", "added"],
        &["--format", "csv", "--columns", "run"],
    ] {
        let told = world.refused(2, &with(wrong));
        assert!(told.contains("column"), "{told}");
    }
    assert_eq!(world.writes_since(0), [""; 0]);

    let ndjson = world.run(&with(&[
        "--format",
        "ndjson",
        "--columns",
        "out_product_id,state",
    ]));
    let lines: Vec<&str> = ndjson.text().lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].ends_with(r#""state":"done"}"#), "{lines:?}");
    let table = world.run(&with(&["--columns", "status,not_compared"]));
    assert_eq!(
        table.text(),
        "STATUS                     done\nSENT BEFORE, NOT COMPARED  2\n"
    );

    // What is wrong with a file is told whole, whatever was asked of the summary.
    world.write("goods.csv", "out_product_id,title\nA,\n");
    let said = world.run(&with(&["--columns", "status"]));
    assert_eq!(said.code, Some(2));
    assert!(said.text().contains("goods.csv:1"), "{}", said.text());
}

#[test]
fn pictures_on_disk_go_once_each_whatever_they_are_called() {
    let world = World::new();
    world.write("p/one.png", png(300));
    world.write("p/same.png", png(300));
    world.write("p/two.png", png(301));
    let goods = teas(&[("A", "1"), ("B", "2"), ("C", "3")])
        .replace("https://img.example.com/A.jpg", "p/one.png")
        .replace("https://img.example.com/B.jpg", "p\\same.png")
        .replace("https://img.example.com/C.jpg", "p/two.png|p/one.png");
    world.write("goods.csv", goods);
    let report = world.json(&["goods", "upload", "goods.csv"]);
    assert_eq!(
        (&report["added"], &report["images_uploaded"]),
        (&json!(3), &json!(2))
    );
    let products = world.products();
    assert_eq!(products["A"]["head_img"][0], products["B"]["head_img"][0]);
    assert_eq!(products["C"]["head_img"][1], products["A"]["head_img"][0]);
    assert_eq!(
        products["A"]["skus"][0]["thumb_img"], products["A"]["head_img"][0],
        "a SKU without picture shows the product's"
    );
}

#[test]
fn unknown_columns_are_named_and_can_be_left_out() {
    let world = World::new();
    world.write(
        "goods.csv",
        teas(&[("A", "1")])
            .replace("stock_num,", "stock_num,colour of the box,")
            .replace(",9,", ",9,red,"),
    );
    let said = world.run(&["goods", "upload", "goods.csv"]);
    assert_eq!(said.code, Some(2));
    assert!(said.text().contains("colour of the box"), "{}", said.text());
    let report = world.json(&[
        "goods",
        "upload",
        "goods.csv",
        "--ignore-column",
        "colour of the box",
    ]);
    assert_eq!(report["added"], 1);
}

/// The products that were sent to be added, each once.
fn added(world: &World) -> std::collections::BTreeSet<String> {
    let calls = world.calls();
    let calls = calls.iter().filter(|call| call.path == "/shop/spu/add");
    let number = |request: &str| -> String {
        let request: serde_json::Value = serde_json::from_str(request).expect("JSON");
        request["out_product_id"].as_str().expect("a number").into()
    };
    calls.map(|call| number(&call.request)).collect()
}

#[test]
fn what_stays_without_an_answer_is_settled_at_the_end_of_the_job() {
    let world = World::new();
    let tries = |times| Fault::once("/shop/spu/add", FaultKind::Reset).times(times);
    let upload = [
        "goods",
        "upload",
        "goods.csv",
        "--jobs",
        "1",
        "--format",
        "json",
    ];
    // Each try of the first product is lost, and none arrives.
    world.write("goods.csv", teas(&[("T1", "10.00"), ("T2", "5.00")]));
    world.sandbox().add_fault(&tries(5)).expect("a fault");
    let said = world.run_in_time(&upload);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    assert!(
        said.stderr.contains("checking again in 60 s"),
        "{}",
        said.stderr
    );
    let report = said.json();
    assert_eq!(
        (&report["added"], &report["unclear"], &report["refused"]),
        (&json!(1), &json!(0), &json!(1))
    );
    let failed = world.json(&["run", "failed"]);
    let reason = failed[0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("WeChat never got it"), "{reason}");
    let said = world.run_in_time(&upload);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.json()["added"], 1);
    assert_eq!(world.sandbox().status().expect("a status").audits_today, 2);

    // Another arrives, and its answers are lost.
    world.write("goods.csv", teas(&[("T3", "10.00"), ("T4", "5.00")]));
    world
        .sandbox()
        .add_fault(&tries(5).after())
        .expect("a fault");
    let said = world.run_in_time(&upload);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let report = said.json();
    assert_eq!(
        (&report["added"], &report["confirmed"], &report["failed"]),
        (&json!(1), &json!(1), &json!([]))
    );
    assert_eq!(world.json(&["run", "failed"]), json!([]));
    assert_eq!(world.sandbox().status().expect("a status").audits_today, 4);

    // No answer at all: it ends after three of them.
    world.write("goods.csv", many(8));
    let seen = added(&world);
    let lost = Fault {
        times: None,
        ..tries(1)
    };
    world.sandbox().add_fault(&lost).expect("a fault");
    let said = world.run_in_time(&upload);
    assert_eq!(said.code, Some(9), "{}", said.stderr);
    let report = said.json();
    assert_eq!(
        (&report["status"], &report["left"], &report["refused"]),
        (&json!("stopped"), &json!(5), &json!(3))
    );
    assert_eq!(added(&world).difference(&seen).count(), 3);
    world.sandbox().clear_faults(None).expect("no faults");
    let said = world.run_in_time(&upload);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.json()["added"], 8);
}
