//! Goods of a WeChat Store: a sheet that is checked, uploaded, and uploaded again.

use super::world::{Said, World};
use serde_json::Value;
use std::path::Path;
use wxsell::sandbox::{Fault, FaultKind};

const ADD: &str = "/channels/ec/product/add";

pub fn store(world: &World, args: &[&str]) -> Said {
    world.at("store-sandbox", args)
}

#[track_caller]
pub fn json(world: &World, args: &[&str]) -> Value {
    let said = store(world, &[args, &["--format", "json"]].concat());
    assert_eq!(
        said.code,
        Some(0),
        "{args:?}: {}{}",
        said.text(),
        said.stderr
    );
    said.json()
}

/// The sample and its images in the working folder.
pub fn sampled() -> World {
    let world = World::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for entry in std::fs::read_dir(data.join("store-images")).expect("images") {
        let path = entry.expect("an image").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        world.write(
            &format!("store-images/{name}"),
            std::fs::read(&path).expect("bytes"),
        );
    }
    let sheet = std::fs::read(data.join("store-catalog.xlsx")).expect("a workbook");
    world.write("store-catalog.xlsx", sheet);
    world
}

/// Calls that write, images aside.
pub fn writes(world: &World, seen: usize) -> Vec<String> {
    let reads = [
        "/get",
        "/all",
        "/list",
        "list/get",
        "detail",
        "getauditquota",
        "rule",
        "relation_list",
        "templatelist",
        "img/upload",
        "stable_token",
        "info/get",
    ];
    world
        .paths_since(seen)
        .into_iter()
        .filter(|path| !reads.iter().any(|read| path.ends_with(read)))
        .collect()
}

/// Waits, and the audits end.
pub fn pass(world: &World) {
    world.ok(&["sandbox", "advance", "1h"]);
}

#[test]
fn a_catalogue_is_uploaded_once_and_is_on_sale_after_the_audit() {
    let world = sampled();
    let report = json(&world, &["goods", "upload", "store-catalog.xlsx"]);
    assert_eq!(report["added"], 4, "{report}");
    assert_eq!(report["in_audit"], 4);
    assert_eq!(report["images_uploaded"], 20);
    let seen = world.calls().len();
    let again = json(&world, &["goods", "upload", "store-catalog.xlsx"]);
    assert_eq!(
        (&again["not_compared"], &again["looked_through"]),
        (&4.into(), &true.into()),
        "{again}"
    );
    assert_eq!(writes(&world, seen), [""; 0], "nothing is sent twice");
    pass(&world);
    let listed = json(&world, &["goods", "list"]);
    let states: Vec<(&str, &str)> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().expect("text");
            (text("out_product_id"), text("status"))
        })
        .collect();
    let mut states = states;
    states.sort_unstable();
    assert_eq!(
        states,
        [
            ("ST-1001", "on_sale"),
            ("ST-1002", "on_sale"),
            ("ST-2001", "on_sale"),
            ("ST-3001", "on_sale"),
        ]
    );
    let dress = json(&world, &["goods", "show", "ST-3001"]);
    let skus = dress["wechat"]["product"]["skus"]
        .as_array()
        .expect("a list");
    assert_eq!(skus.len(), 4);
    assert_eq!(
        skus[1]["sku_deliver_info"]["full_payment_presale_delivery_time"],
        7
    );
}

#[test]
fn a_machine_that_knows_nothing_finds_what_the_store_has() {
    let world = sampled();
    json(&world, &["goods", "upload", "store-catalog.xlsx"]);
    pass(&world);
    // Another machine: the same shop, without what this one remembers.
    std::fs::remove_file(world.file("../state/wxsell.db")).expect("a state");
    let seen = world.calls().len();
    let again = json(&world, &["goods", "upload", "store-catalog.xlsx"]);
    assert_eq!(again["added"], 0, "{again}");
    let writes = writes(&world, seen);
    assert!(!writes.iter().any(|path| path == ADD), "{writes:?}");
    let listed = json(&world, &["goods", "list"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(4));
}

#[test]
fn an_addition_whose_answer_was_lost_is_looked_for_twice_before_it_is_sent_again() {
    let world = sampled();
    // The call arrives, its answer does not, and reads lag.
    let mut shop = world.sandbox();
    shop.set(|settings| settings.read_lag_seconds = 30)
        .expect("set");
    shop.add_fault(&Fault::once(ADD, FaultKind::Reset).after())
        .expect("a fault");
    drop(shop);
    world.write("one.csv", one("茶杯一只 白瓷", "39.90", "10"));
    // The job itself looks again at its end, and finds it.
    let report = in_time(&world, &["goods", "upload", "one.csv"]);
    assert_eq!(
        (&report["added"], &report["unclear"]),
        (&1.into(), &0.into()),
        "{report}"
    );
    let seen = world.calls().len();
    let report = in_time(&world, &["goods", "upload", "one.csv"]);
    assert_eq!(report["added"], 0, "{report}");
    assert_eq!(writes(&world, seen), [""; 0]);
    assert_eq!(
        in_time(&world, &["goods", "list"]).as_array().map(Vec::len),
        Some(1)
    );

    // This one never arrives: after two looks in vain it is sent again.
    let mut shop = world.sandbox();
    shop.add_fault(&Fault::once(ADD, FaultKind::Reset))
        .expect("a fault");
    drop(shop);
    world.write(
        "two.csv",
        one("茶杯一只 青瓷", "49.90", "10")
            .replace("CUP-1", "CUP-2")
            .replace("bowl", "dress"),
    );
    let said = in_its_time(&world, &["goods", "upload", "two.csv"]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    let failed = &said.json()["failed"][0]["reason"];
    let reason = failed.as_str().expect("a reason");
    assert!(reason.contains("WeChat never got it"), "{reason}");
    let report = in_time(&world, &["goods", "upload", "two.csv"]);
    assert_eq!(report["added"], 1, "{report}");
    world.wait(60);
    assert_eq!(
        in_time(&world, &["goods", "list"]).as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn a_job_ends_after_three_additions_of_which_nobody_knows_what_became() {
    let world = sampled();
    let lost = Fault {
        times: None,
        ..Fault::once(ADD, FaultKind::Reset)
    };
    world.sandbox().add_fault(&lost).expect("a fault");
    let upload = ["goods", "upload", "store-catalog.xlsx", "--jobs", "1"];
    let said = in_its_time(&world, &upload);
    assert_eq!(said.code, Some(9), "{}", said.stderr);
    let calls = world.calls();
    assert_eq!(calls.iter().filter(|call| call.path == ADD).count(), 3);
    assert_eq!(said.json()["left"], 1, "{}", said.text());
    world.sandbox().clear_faults(None).expect("no faults");
    let report = in_time(&world, &upload);
    assert_eq!(report["added"], 4, "{report}");
}

/// With waits that pass at once for the machine and the store.
pub fn in_its_time(world: &World, args: &[&str]) -> Said {
    let args = [&["--profile", "store-sandbox"], args, &["--format", "json"]].concat();
    let mut command = world.plain_command(&args);
    super::world::said(command.env(wxsell::clock::VARIABLE, world.clock()))
}

/// As [`in_its_time`], of what ends well.
#[track_caller]
pub fn in_time(world: &World, args: &[&str]) -> Value {
    let said = in_its_time(world, args);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    said.json()
}

/// A sheet of one product.
pub fn one(title: &str, price: &str, stock: &str) -> String {
    format!(
        "商品编号,标题,类目,主图,详情图,运费模板,属性:材质,售价,库存\n\
         CUP-1,{title},碗碟,store-images/bowl-1.png|store-images/bowl-2.png|store-images/bowl-3.png,\
         store-images/bowl-detail-1.png,全国包邮,陶瓷,{price},{stock}\n"
    )
}

#[test]
fn price_and_stock_go_without_an_audit_and_a_later_update_keeps_them() {
    let world = sampled();
    world.write("cup.csv", one("茶杯一只 白瓷", "39.90", "10"));
    json(&world, &["goods", "upload", "cup.csv"]);
    pass(&world);
    world.write("price.csv", "商品编号,售价,库存\nCUP-1,35.00,25\n");
    let seen = world.calls().len();
    let report = json(&world, &["goods", "upload", "price.csv"]);
    assert_eq!(report["updated_free"], 1, "{report}");
    assert_eq!(writes(&world, seen), ["/channels/ec/product/auditfree"]);
    let call = world
        .calls()
        .into_iter()
        .rfind(|call| call.path.ends_with("auditfree"));
    let body: Value = serde_json::from_str(&call.expect("a call").request).expect("JSON");
    assert_eq!(
        body["skus"][0]["stock_info"]["diff_type"], 1,
        "by its difference"
    );
    assert_eq!(body["skus"][0]["stock_info"]["num"], 15);
    // A slip of the decimal point is held back.
    world.write("slip.csv", "商品编号,售价\nCUP-1,3.50\n");
    let seen = world.calls().len();
    let said = store(&world, &["goods", "upload", "slip.csv"]);
    assert_eq!(said.code, Some(11), "{}", said.stderr);
    assert!(
        said.text().contains("from 35.00 to 3.50"),
        "{}",
        said.text()
    );
    assert_eq!(writes(&world, seen), [""; 0]);
    // A new title alone: price and stock are those that buyers see, not those of the old draft.
    world.write("title.csv", "商品编号,标题\nCUP-1,茶杯一只 甜白\n");
    let report = json(&world, &["goods", "upload", "title.csv"]);
    assert_eq!(report["updated"], 1, "{report}");
    pass(&world);
    let shown = json(&world, &["goods", "show", "CUP-1"]);
    assert_eq!(shown["wechat"]["product"]["title"], "茶杯一只 甜白");
    assert_eq!(shown["wechat"]["product"]["skus"][0]["sale_price"], 3500);
    assert_eq!(shown["wechat"]["product"]["skus"][0]["stock_num"], 25);
    assert_eq!(
        shown["wechat"]["product"]["attrs"][0]["attr_value"], "陶瓷",
        "a cell that is empty keeps"
    );
    let page = store(&world, &["goods", "show", "CUP-1"]);
    let category = page
        .text()
        .lines()
        .find(|line| line.starts_with("CATEGORY"));
    assert!(
        category.is_some_and(|line| line.contains(" (") && line.contains('/')),
        "{}",
        page.text()
    );
    assert!(page.text().contains("(no brand)"), "{}", page.text());
    let said = store(
        &world,
        &["goods", "update", "CUP-1", "--sku", "TYPO", "--stock", "3"],
    );
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(
        said.stderr.contains("has no SKU TYPO; it has "),
        "{}",
        said.stderr
    );
}

#[test]
fn every_mistake_is_named_with_its_cell_before_anything_is_sent() {
    let world = sampled();
    world.write(
        "bad.csv",
        "商品编号,标题,类目,品牌,主图,详情图,运费模板,属性:国产/进口,规格:规格,售价,库存\n\
         B-1,ABC,绿茶,山野,store-images/bowl-1.png,nothing.png,没有的模板,出口,125克,1.00,5\n\
         B-2,白酒一瓶 五百毫升,白酒,,,,,,,9.9.9,-1\n\
         B-3,清明前采的绿茶,绿茶,,store-images/bowl-1.png,,,国产,125克,,5\n",
    );
    let seen = world.calls().len();
    let said = store(&world, &["goods", "check", "bad.csv", "--format", "json"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    let found = said.json();
    let messages: Vec<&str> = found
        .as_array()
        .expect("a list")
        .iter()
        .map(|problem| problem["message"].as_str().expect("text"))
        .collect();
    for words in [
        "only digits, letters or symbols",
        "no right to a brand \"山野\"",
        "there is no image",
        "no freight template \"没有的模板\"",
        "国产/进口 cannot be \"出口\"",
        "needs the attribute 产地",
        "needs the attribute 保质期",
        "the price is below 5.00",
        "at least 4",
        "no right to sell in 食品饮料/酒类/白酒",
        "not a price",
        "is not a whole number",
    ] {
        assert!(
            messages.iter().any(|message| message.contains(words)),
            "{words}: {messages:#?}"
        );
    }
    let title = &found[0];
    assert_eq!(
        (title["cell"].as_str(), title["heading"].as_str()),
        (Some("B2"), Some("标题"))
    );
    // What a cell lacks is said of that cell, in the words of the file.
    for (cell, heading) in [("F4", "详情图"), ("G4", "运费模板"), ("J4", "售价")] {
        let missing = format!("{heading} is missing");
        let there = found.as_array().expect("a list").iter().any(|problem| {
            problem["cell"] == cell
                && problem["heading"] == heading
                && problem["message"] == missing.as_str()
        });
        assert!(there, "{missing}: {found:#}");
    }
    assert_eq!(writes(&world, seen), [""; 0]);
}

#[test]
fn a_used_up_quota_stops_the_job_and_loses_nothing() {
    let world = sampled();
    world.ok(&[
        "sandbox",
        "set",
        "--audits-per-day",
        "2",
        "--new-products-per-day",
        "2",
    ]);
    let said = store(
        &world,
        &["goods", "upload", "store-catalog.xlsx", "--jobs", "1"],
    );
    assert_eq!(said.code, Some(5), "{}{}", said.text(), said.stderr);
    world.ok(&["sandbox", "advance", "1d"]);
    world.ok(&[
        "sandbox",
        "set",
        "--audits-per-day",
        "off",
        "--new-products-per-day",
        "off",
    ]);
    let report = json(&world, &["goods", "upload", "store-catalog.xlsx"]);
    assert_eq!(report["added"], 2, "{report}");
    assert_eq!(report["not_compared"], 2, "{report}");
    assert_eq!(
        json(&world, &["goods", "list"]).as_array().map(Vec::len),
        Some(4)
    );
}

#[test]
fn a_draft_is_the_harmless_trial_and_steps_go_by_the_merchants_number() {
    let world = sampled();
    world.write("cup.csv", one("茶杯一只 白瓷", "39.90", "10"));
    let report = json(&world, &["goods", "upload", "cup.csv", "--draft"]);
    assert_eq!(
        (&report["added"], &report["drafts"]),
        (&1.into(), &1.into()),
        "{report}"
    );
    let state = || {
        let listed = json(&world, &["goods", "list"]);
        (
            listed[0]["status"].as_str().unwrap_or_default().to_owned(),
            listed[0]["audit"].as_str().unwrap_or_default().to_owned(),
        )
    };
    assert_eq!(state(), ("new".into(), "editing".into()));
    json(&world, &["goods", "on-sale", "CUP-1"]);
    assert_eq!(state().1, "in_audit");
    json(&world, &["goods", "withdraw-audit", "CUP-1"]);
    assert_eq!(state().1, "editing");
    json(&world, &["goods", "on-sale", "CUP-1"]);
    pass(&world);
    json(&world, &["goods", "off-sale", "CUP-1"]);
    assert_eq!(state().0, "off_sale");
    json(&world, &["goods", "remove", "CUP-1"]);
    assert_eq!(json(&world, &["goods", "list"]), serde_json::json!([]));
    let said = store(&world, &["goods", "show", "CUP-1"]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    let report = json(&world, &["goods", "upload", "cup.csv"]);
    assert_eq!(
        report["added"], 1,
        "what was removed may come again: {report}"
    );
}

#[test]
fn a_product_that_reads_do_not_show_yet_is_not_added_a_second_time() {
    let world = sampled();
    let mut shop = world.sandbox();
    shop.set(|settings| settings.read_lag_seconds = 60)
        .expect("set");
    drop(shop);
    world.write("cup.csv", one("茶杯一只 白瓷", "39.90", "10"));
    json(&world, &["goods", "upload", "cup.csv"]);
    world.write("cup.csv", one("茶杯一只 青瓷", "39.90", "10"));
    let seen = world.calls().len();
    let said = store(&world, &["goods", "upload", "cup.csv"]);
    assert_eq!(said.code, Some(5), "it is left for later: {}", said.stderr);
    assert!(said.text().contains("no longer shows"), "{}", said.text());
    assert_eq!(writes(&world, seen), [""; 0]);
    world.ok(&["sandbox", "advance", "90s"]);
    let report = json(&world, &["goods", "upload", "cup.csv", "--withdraw-audit"]);
    assert_eq!(report["updated"], 1, "{report}");
    let listed = json(&world, &["goods", "list"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
}

/// Two products: one that is listed, and one that the store does not have.
fn old_and_new(title: &str) -> String {
    let old = one(title, "39.90", "10");
    let new = one("汤碗一只 青花", "29.90", "10")
        .replace("CUP-1", "BOWL-1")
        .replace("bowl", "dress");
    format!(
        "{old}{}",
        new.lines()
            .nth(1)
            .map(|row| format!("{row}\n"))
            .unwrap_or_default()
    )
}

#[test]
fn a_new_product_without_room_in_the_audit_is_left_for_a_later_run_and_changes_go_on() {
    let world = sampled();
    world.early();
    world.write("cup.csv", one("茶杯一只 白瓷", "39.90", "10"));
    json(&world, &["goods", "upload", "cup.csv"]);
    pass(&world);
    world.ok(&[
        "sandbox",
        "set",
        "--new-products-per-day",
        "1",
        "--audits-per-day",
        "50",
    ]);
    world.write("goods.csv", old_and_new("茶杯一只 甜白"));
    let seen = world.calls().len();
    let said = store(
        &world,
        &["goods", "upload", "goods.csv", "--format", "json"],
    );
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    let report = said.json();
    assert_eq!(
        (&report["updated"], &report["left"], &report["refused"]),
        (&1.into(), &1.into(), &0.into()),
        "{report}"
    );
    assert_eq!(report["failed"][0]["state"], "not_sent");
    assert!(
        !world.file("goods.failed.csv").exists(),
        "nothing is wrong with its row"
    );
    let sent = writes(&world, seen);
    assert!(!sent.iter().any(|path| path == ADD), "{sent:?}");
    let images = world.paths_since(seen);
    let images = images.iter().filter(|path| path.ends_with("img/upload"));
    assert_eq!(images.count(), 0, "no image is uploaded for it");
    world.ok(&["sandbox", "advance", "1d"]);
    let report = json(&world, &["goods", "upload", "goods.csv"]);
    assert_eq!(
        (&report["added"], &report["not_compared"]),
        (&1.into(), &1.into()),
        "{report}"
    );
}

#[test]
fn a_share_of_the_submissions_is_left_to_others() {
    let world = sampled();
    world.ok(&["sandbox", "set", "--audits-per-day", "4"]);
    let said = store(
        &world,
        &[
            "goods",
            "upload",
            "store-catalog.xlsx",
            "--reserve",
            "50%",
            "--jobs",
            "1",
            "--format",
            "json",
        ],
    );
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    assert!(said.stderr.contains("50%"), "{}", said.stderr);
    let report = said.json();
    assert_eq!(
        (&report["added"], &report["left"]),
        (&2.into(), &2.into()),
        "{report}"
    );
}

#[test]
fn a_price_of_a_product_that_is_not_there_is_named_at_its_cell() {
    let world = sampled();
    world.write("price.csv", "商品编号,规格编号,库存\nNOPE,NOPE,4\n");
    let said = store(
        &world,
        &["goods", "price-stock", "price.csv", "--format", "json"],
    );
    assert_eq!(said.code, Some(2), "{}{}", said.text(), said.stderr);
    let found = said.json();
    let found = found.as_array().expect("a list");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["cell"], "A2", "{found:?}");
    assert_eq!(
        found[0]["message"], "the store has no product NOPE",
        "{found:?}"
    );
}

#[test]
fn with_wait_a_job_goes_on_when_there_are_new_submissions() {
    for counter in ["--audits-per-hour", "--new-products-per-day"] {
        waits(counter);
    }
}

fn waits(counter: &str) {
    let world = sampled();
    world.ok(&["sandbox", "set", counter, "3"]);
    let mut command = world.plain_command(&[
        "--profile",
        "store-sandbox",
        "goods",
        "upload",
        "store-catalog.xlsx",
        "--wait",
        "--jobs",
        "1",
        "--format",
        "json",
    ]);
    let output = command
        .env(wxsell::clock::VARIABLE, world.clock())
        .output()
        .expect("it runs");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{words}");
    assert!(words.contains("continuing at"), "{words}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&report["added"], &report["left"]),
        (&4.into(), &0.into()),
        "{report}"
    );
}

#[test]
fn a_limit_sends_some_products_and_the_next_run_the_next() {
    let world = sampled();
    for _ in 0..2 {
        let report = json(
            &world,
            &[
                "goods",
                "upload",
                "store-catalog.xlsx",
                "--draft",
                "--limit",
                "2",
            ],
        );
        assert_eq!(report["added"], 2, "{report}");
    }
    let report = json(
        &world,
        &[
            "goods",
            "upload",
            "store-catalog.xlsx",
            "--draft",
            "--limit",
            "2",
        ],
    );
    assert_eq!(
        (&report["added"], &report["not_compared"]),
        (&0.into(), &4.into()),
        "{report}"
    );
}

#[test]
fn the_dry_run_shows_each_field_old_and_new_and_sends_nothing() {
    let world = sampled();
    world.write("cup.csv", one("茶杯一只 白瓷", "39.90", "10"));
    json(&world, &["goods", "upload", "cup.csv"]);
    pass(&world);
    world.write(
        "goods.csv",
        old_and_new("茶杯一只 甜白").replace("陶瓷,39.90,10", "玻璃,35.00,12"),
    );
    let seen = world.calls().len();
    let lines = json(&world, &["--dry-run", "goods", "upload", "goods.csv"]);
    assert_eq!(
        (&lines[0]["action"], &lines[1]["action"]),
        (&"audited_update".into(), &"add".into()),
        "{lines}"
    );
    let changes: Vec<(&str, &str, &str)> = lines[0]["changes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|change| {
            let text = |name: &str| change[name].as_str().expect("text");
            (text("field"), text("old"), text("new"))
        })
        .collect();
    assert_eq!(
        changes,
        [
            ("title", "茶杯一只 白瓷", "茶杯一只 甜白"),
            ("attr:材质", "陶瓷", "玻璃"),
            ("sale_price", "39.90", "35.00"),
            ("stock_num", "10", "12"),
        ]
    );
    assert_eq!(writes(&world, seen), [""; 0]);
    // What a plan calls free is free.
    world.write("price.csv", "商品编号,售价\nCUP-1,35.00\n");
    let lines = json(&world, &["--dry-run", "goods", "upload", "price.csv"]);
    assert_eq!(lines[0]["action"], "free_update", "{lines}");
}

#[test]
fn an_export_comes_back_without_a_change() {
    let world = sampled();
    json(&world, &["goods", "upload", "store-catalog.xlsx"]);
    pass(&world);
    // A change without an audit is what buyers see, and so what the export holds.
    let shown = json(&world, &["goods", "show", "ST-3001"]);
    let sku = &shown["wechat"]["product"]["skus"][0];
    let price = sku["sale_price"].as_i64().expect("fen") / 100 + 3;
    let number = sku["out_sku_id"].as_str().expect("text");
    world.write(
        "price.csv",
        format!("商品编号,规格编号,售价\nST-3001,{number},{price}\n"),
    );
    let report = json(&world, &["goods", "price-stock", "price.csv"]);
    assert_eq!(report["updated_free"], 1, "{report}");
    for file in ["all.xlsx", "all.csv"] {
        let exported = json(&world, &["goods", "export", file]);
        assert_eq!(exported["products"], 4, "{exported}");
        let lines = json(&world, &["--dry-run", "goods", "upload", file, "--recheck"]);
        for line in lines.as_array().expect("a list") {
            assert_eq!(line["action"], "unchanged", "{file}: {line}");
        }
        let seen = world.calls().len();
        let report = json(&world, &["goods", "upload", file]);
        // The second file says what the first one said.
        let kind = match file {
            "all.xlsx" => "unchanged",
            _ => "not_compared",
        };
        assert_eq!(
            (&report[kind], &report["products"]),
            (&4.into(), &4.into()),
            "{report}"
        );
        assert_eq!(writes(&world, seen), [""; 0], "{file}");
    }
    let said = store(&world, &["goods", "export", "all.xlsx"]);
    assert_eq!(
        said.code,
        Some(2),
        "a file is not written over: {}",
        said.stderr
    );
}

#[test]
fn a_template_of_a_category_has_its_columns_and_is_read_back() {
    let world = sampled();
    json(
        &world,
        &["goods", "template", "--category", "绿茶", "-o", "tea.csv"],
    );
    let headings = world.read("tea.csv");
    for heading in [
        "attr:产地（必填）",
        "attr:保质期（必填）",
        "paper:进口报关单",
        "sku:规格",
        "sale_price（必填）",
    ] {
        assert!(headings.contains(heading), "{heading}: {headings}");
    }
    assert!(
        !headings.contains("delivery"),
        "it takes no pre-sale: {headings}"
    );
    json(
        &world,
        &[
            "goods",
            "template",
            "--category",
            "食品饮料/茶/绿茶",
            "-o",
            "tea.xlsx",
        ],
    );
    let bytes = std::fs::read(world.file("tea.xlsx")).expect("a workbook");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a workbook");
    let mut sheet = String::new();
    std::io::Read::read_to_string(
        &mut archive
            .by_name("xl/worksheets/sheet1.xml")
            .expect("a sheet"),
        &mut sheet,
    )
    .expect("text");
    assert!(
        sheet.contains("lists!$A$1:$A$1"),
        "a drop-down list: {sheet}"
    );
    assert!(
        sheet.contains("<formula1>5</formula1>"),
        "the lowest price: {sheet}"
    );
    // Filled in, it is a sheet like any other.
    let mut filled = headings
        .trim_start_matches('\u{feff}')
        .trim_end()
        .to_owned();
    let columns: Vec<String> = filled.split(',').map(str::to_owned).collect();
    let value = |column: &str| match column.trim_end_matches("（必填）") {
        "out_product_id" => "T-1",
        "title" => "明前绿茶 一百克",
        "category" => "食品饮料/茶/绿茶",
        "head_imgs" => {
            "store-images/bowl-1.png|store-images/bowl-2.png|store-images/bowl-3.png|store-images/dress-1.png"
        }
        "detail_imgs" => "store-images/bowl-1.png|store-images/bowl-2.png|store-images/bowl-3.png",
        "freight_template" => "全国包邮",
        "attr:产地" => "杭州",
        "attr:国产/进口" => "国产",
        "attr:保质期" => "18 个月",
        "out_sku_id" => "T-1-100",
        "sale_price" => "9.90",
        "stock_num" => "5",
        _ => "",
    };
    let row: Vec<&str> = columns.iter().map(|column| value(column)).collect();
    filled.push('\n');
    filled.push_str(&row.join(","));
    filled.push('\n');
    world.write("tea.csv", filled);
    let checked = json(&world, &["goods", "check", "tea.csv"]);
    assert_eq!(checked["products"], 1, "{checked}");
    let said = store(&world, &["goods", "template", "--category", "没有的类目"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
}

#[test]
fn one_product_is_added_and_changed_from_options() {
    let world = sampled();
    let report = json(
        &world,
        &[
            "goods",
            "add",
            "CUP-9",
            "--title",
            "茶杯一只 白瓷",
            "--category",
            "383001002",
            "--image",
            "store-images/bowl-1.png",
            "--image",
            "store-images/bowl-2.png",
            "--image",
            "store-images/bowl-3.png",
            "--desc-image",
            "store-images/bowl-detail-1.png",
            "--freight",
            "全国包邮",
            "--product-attr",
            "材质=陶瓷",
            "--price",
            "39.90",
            "--stock",
            "10",
        ],
    );
    assert_eq!(report["added"], 1, "{report}");
    pass(&world);
    let report = json(&world, &["goods", "update", "CUP-9", "--price", "37.90"]);
    assert_eq!(report["updated_free"], 1, "{report}");
    let report = json(
        &world,
        &["goods", "update", "CUP-9", "--title", "茶杯一只 甜白"],
    );
    assert_eq!(report["updated"], 1, "{report}");
    let said = store(
        &world,
        &[
            "goods", "add", "CUP-10", "--title", "ABC", "--price", "1.00", "--format", "json",
        ],
    );
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    let problems = said.json();
    assert!(
        problems
            .as_array()
            .expect("a list")
            .iter()
            .any(|one| one["heading"] == "--title"),
        "the option is named: {problems}"
    );
}

#[test]
fn price_and_stock_alone_never_write_a_draft() {
    let world = sampled();
    world.write("cup.csv", one("茶杯一只 白瓷", "39.90", "10"));
    json(&world, &["goods", "upload", "cup.csv"]);
    world.write("price.csv", "商品编号,售价,库存\nCUP-1,35.00,8\n");
    let seen = world.calls().len();
    let said = store(&world, &["goods", "price-stock", "price.csv"]);
    assert_eq!(said.code, Some(6), "it is not on sale: {}", said.stderr);
    assert_eq!(writes(&world, seen), [""; 0]);
    pass(&world);
    let seen = world.calls().len();
    let report = json(&world, &["goods", "price-stock", "price.csv"]);
    assert_eq!(report["updated_free"], 1, "{report}");
    assert_eq!(writes(&world, seen), ["/channels/ec/product/auditfree"]);
    world.write("title.csv", "商品编号,标题,售价\nCUP-1,茶杯,35.00\n");
    let said = store(
        &world,
        &["goods", "price-stock", "title.csv", "--format", "json"],
    );
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert_eq!(said.json()[0]["heading"], "标题");
}

#[test]
fn skus_are_removed_when_that_is_asked_for_and_named_before() {
    let world = sampled();
    json(&world, &["goods", "upload", "store-catalog.xlsx"]);
    pass(&world);
    let dress = json(&world, &["goods", "show", "ST-3001"]);
    let skus = dress["wechat"]["product"]["skus"]
        .as_array()
        .expect("a list")
        .clone();
    let number = |place: usize| skus[place]["out_sku_id"].as_str().expect("text").to_owned();
    let price = |place: usize| skus[place]["sale_price"].as_i64().expect("fen") as f64 / 100.0;
    world.write(
        "fewer.csv",
        format!(
            "商品编号,规格编号,售价\nST-3001,{},{:.2}\nST-3001,{},{:.2}\n",
            number(0),
            price(0),
            number(1),
            price(1)
        ),
    );
    // Not asked for, nothing is removed.
    let report = json(&world, &["goods", "upload", "fewer.csv"]);
    assert_eq!(report["unchanged"], 1, "{report}");
    let args = ["goods", "upload", "fewer.csv", "--remove-missing-skus"];
    let lines = json(&world, &[&["--dry-run"], &args[..]].concat());
    assert_eq!(
        lines[0]["missing_skus"].as_array().map(Vec::len),
        Some(2),
        "{lines}"
    );
    let said = store(&world, &[&args[..], &["--format", "json"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains(&number(3)),
        "it is named before: {}",
        said.stderr
    );
    assert_eq!(said.json()["updated_free"], 1, "{}", said.text());
    let dress = json(&world, &["goods", "show", "ST-3001"]);
    assert_eq!(
        dress["wechat"]["product"]["skus"].as_array().map(Vec::len),
        Some(2)
    );
    let report = json(
        &world,
        &[
            "goods",
            "upload",
            "fewer.csv",
            "--remove-missing-skus",
            "--yes",
        ],
    );
    assert_eq!(
        report["unchanged"], 1,
        "what is gone is not missed: {report}"
    );
}

#[test]
fn the_rules_of_categories_are_asked_for_once_a_day() {
    let world = sampled();
    let asked = |seen: usize| {
        let paths = world.paths_since(seen);
        let rules = paths.iter().filter(|path| {
            path.ends_with("getcategoryproductrule") || path.ends_with("category/all")
        });
        rules.count()
    };
    json(&world, &["goods", "check", "store-catalog.xlsx"]);
    assert!(asked(0) > 1);
    let seen = world.calls().len();
    json(&world, &["goods", "check", "store-catalog.xlsx"]);
    assert_eq!(asked(seen), 0);
    world.ok(&["sandbox", "advance", "25h"]);
    json(&world, &["goods", "check", "store-catalog.xlsx"]);
    assert!(asked(seen) > 1, "rules change");
}

#[test]
fn where_the_rule_of_a_category_is_not_to_be_had_its_detail_tells() {
    let world = sampled();
    let mut shop = world.sandbox();
    let rule = "/shop/ec/category/getcategoryproductrule";
    for _ in 0..9 {
        shop.add_fault(&Fault::once(
            rule,
            FaultKind::Errcode {
                errcode: 48001,
                errmsg: "api unauthorized".into(),
            },
        ))
        .expect("a fault");
    }
    drop(shop);
    world.write(
        "bad.csv",
        one("茶杯一只 白瓷", "39.90", "10").replace("属性:材质", "属性:产地"),
    );
    let said = store(&world, &["goods", "check", "bad.csv", "--format", "json"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(
        said.text().contains("needs the attribute 材质"),
        "{}",
        said.text()
    );
}

#[test]
fn a_seeded_store_has_products_in_every_state_and_the_same_seed_makes_the_same() {
    let states = || {
        let world = World::new();
        world.ok(&["sandbox", "seed", "--family", "store", "--goods", "60"]);
        let again = world.run(&["sandbox", "seed", "--family", "store", "--goods", "60"]);
        assert_eq!(again.code, Some(2), "{}", again.stderr);
        let listed = json(
            &world,
            &["goods", "list", "--columns", "title,status,audit,price"],
        );
        let exported = json(&world, &["goods", "export", "all.csv"]);
        assert_eq!(exported["products"], 60);
        listed
    };
    let listed = states();
    assert_eq!(listed, states());
    let has = |name: &str, value: &str| {
        let rows = listed.as_array().expect("a list");
        rows.iter().any(|row| row[name] == value)
    };
    for (name, value) in [
        ("status", "on_sale"),
        ("status", "off_sale"),
        ("audit", "in_audit"),
        ("audit", "failed"),
    ] {
        assert!(has(name, value), "{name} {value}");
    }
}

#[test]
fn what_the_console_made_is_found_by_the_numbers_of_the_store() {
    let world = sampled();
    world.write("cup.csv", one("茶杯一只 白瓷", "39.90", "10"));
    json(&world, &["goods", "upload", "cup.csv"]);
    pass(&world);
    let listed = json(&world, &["goods", "list"]);
    let id = listed[0]["product_id"].as_str().expect("text").to_owned();
    // One SKU needs no number, whatever its own is.
    world.write("price.csv", format!("商品编号,售价\n{id},35.00\n"));
    let report = json(&world, &["goods", "upload", "price.csv"]);
    assert_eq!(
        (&report["updated_free"], &report["added"]),
        (&1.into(), &0.into()),
        "{report}"
    );
    assert_eq!(
        json(&world, &["goods", "list"]).as_array().map(Vec::len),
        Some(1)
    );
}

#[test]
fn what_else_works_for_a_store_shows_what_the_store_has() {
    let world = World::new();
    let mine = json(&world, &["category", "mine"]);
    let right = |path: &str| {
        let rows = mine.as_array().expect("a list");
        let row = rows.iter().find(|row| row["path"] == path);
        row.map(|row| row["right"].as_str().expect("text").to_owned())
    };
    assert_eq!(right("食品饮料/茶/绿茶").as_deref(), Some("open"));
    assert_eq!(right("数码家电/手机配件/数据线").as_deref(), Some("lapsed"));
    assert_eq!(right("食品饮料/酒类/白酒"), None);
    let rule = json(&world, &["category", "rule", "381001002"]);
    assert!(
        rule.as_array()
            .expect("a list")
            .iter()
            .any(|row| row["name"] == "产地" && row["needed"] == "always"),
        "{rule}"
    );
    for (args, name) in [
        (&["brand", "mine"][..], "brand_id"),
        (&["address", "list"], "address_id"),
        (&["freight", "list"], "template_id"),
    ] {
        let rows = json(&world, args);
        assert!(rows[0][name].is_string(), "{args:?}: {rows}");
        let said = world.run(args);
        let expected = if args[0] == "brand" { Some(0) } else { Some(2) };
        assert_eq!(said.code, expected, "{args:?}: {}", said.stderr);
    }
    assert_eq!(
        json(&world, &["merchant", "info"])["status"],
        "open_finished"
    );
    world.ok(&[
        "sandbox",
        "set",
        "--audits-per-day",
        "7",
        "--new-products-per-day",
        "3",
    ]);
    let quota = json(&world, &["quota", "audits"]);
    assert_eq!(
        (&quota["left"], &quota["new_products_left"]),
        (&7.into(), &3.into()),
        "{quota}"
    );
    let world = sampled();
    let uploaded = json(&world, &["image", "upload", "store-images/bowl-1.png"]);
    assert!(
        uploaded[0]["value"]
            .as_str()
            .is_some_and(|link| link.starts_with("https://mmecimage.cn/p/")),
        "{uploaded}"
    );
    let again = json(&world, &["image", "upload", "store-images/bowl-1.png"]);
    assert_eq!(again[0]["uploaded"], false, "{again}");
}

#[test]
fn a_run_names_what_failed_and_is_resumed() {
    let world = sampled();
    let rows = old_and_new("茶杯一只 白瓷");
    world.write(
        "goods.csv",
        rows.replace("store-images/dress-2.png", "store-images/bowl-2.png"),
    );
    let said = store(
        &world,
        &["goods", "upload", "goods.csv", "--jobs", "1", "--skip-bad"],
    );
    assert_eq!(said.code, Some(6), "{}{}", said.text(), said.stderr);
    let runs = json(&world, &["run", "list"]);
    assert_eq!(
        (&runs[0]["command"], &runs[0]["state"]),
        (&"goods upload".into(), &"partial".into()),
        "{runs}"
    );
    world.write("goods.csv", rows);
    let report = json(&world, &["run", "resume"]);
    assert_eq!(
        (&report["added"], &report["not_compared"]),
        (&1.into(), &1.into()),
        "{report}"
    );

    // What the store itself refuses stands in the run.
    let mut shop = world.sandbox();
    shop.add_fault(&Fault::once(
        ADD,
        FaultKind::Errcode {
            errcode: 10_020_042,
            errmsg: "title has odd symbols".into(),
        },
    ))
    .expect("a fault");
    drop(shop);
    world.write(
        "third.csv",
        one("汤匙一只 白瓷", "9.90", "10")
            .replace("CUP-1", "SPOON-1")
            .replace("bowl-", "green-tea-")
            .replace("green-tea-detail-1", "bowl-detail-1"),
    );
    let said = store(&world, &["goods", "upload", "third.csv", "--skip-bad"]);
    assert_eq!(said.code, Some(6), "{}{}", said.text(), said.stderr);
    let failed = json(&world, &["run", "failed"]);
    assert_eq!(
        (&failed[0]["key"], &failed[0]["errcode"]),
        (&"SPOON-1".into(), &10_020_042.into()),
        "{failed}"
    );
}

/// The numbers of a table are taken off sale, put on sale and removed at once; a wrong table sends nothing.
#[test]
fn shelves_take_their_numbers_from_a_table() {
    let world = sampled();
    json(&world, &["goods", "upload", "store-catalog.xlsx"]);
    pass(&world);
    let listed = json(&world, &["goods", "list"]);
    let numbers: Vec<String> = listed
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["out_product_id"].as_str().map(str::to_owned))
        .take(2)
        .collect();
    assert_eq!(numbers.len(), 2, "{listed}");
    let table = format!("out_product_id\n{}\n", numbers.join("\n"));
    world.write("list.csv", table);
    json(&world, &["goods", "off-sale", "--from", "list.csv"]);
    for number in &numbers {
        let shown = json(&world, &["goods", "show", number]);
        assert_eq!(shown["status"], "off_sale", "{shown}");
    }
    let seen = world.calls().len();
    world.write("wrong.csv", "标题\n杯子\n");
    let said = store(&world, &["goods", "remove", "--from", "wrong.csv"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert_eq!(writes(&world, seen), [""; 0]);
    json(&world, &["goods", "remove", "--from", "list.csv", "--yes"]);
    for number in &numbers {
        let gone = store(&world, &["goods", "show", number]);
        assert_eq!(gone.code, Some(1), "{}", gone.stderr);
    }
}
