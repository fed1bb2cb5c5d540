//! Goods of a WeChat Store: a sheet that is checked, uploaded, and uploaded again.

use super::world::{Said, World};
use serde_json::Value;
use std::path::Path;
use wxsell::sandbox::{Fault, FaultKind};

const ADD: &str = "/channels/ec/product/add";

fn store(world: &World, args: &[&str]) -> Said {
    world.at("store-sandbox", args)
}

#[track_caller]
fn json(world: &World, args: &[&str]) -> Value {
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
fn sampled() -> World {
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
fn writes(world: &World, seen: usize) -> Vec<String> {
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
fn pass(world: &World) {
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
    assert_eq!(again["unchanged"], 4, "{again}");
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
    let skus = dress["product"]["skus"].as_array().expect("a list");
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
    let said = store(&world, &["goods", "upload", "one.csv", "--format", "json"]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    assert_eq!(said.json()["unclear"], 1, "{}", said.text());
    // At once again: not yet known, and nothing is sent.
    let seen = world.calls().len();
    let said = store(&world, &["goods", "upload", "one.csv", "--format", "json"]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    assert_eq!(writes(&world, seen), [""; 0]);
    world.ok(&["sandbox", "advance", "90s"]);
    let report = json(&world, &["goods", "upload", "one.csv"]);
    assert_eq!(report["added"], 0, "{report}");
    assert_eq!(
        json(&world, &["goods", "list"]).as_array().map(Vec::len),
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
    let said = store(&world, &["goods", "upload", "two.csv"]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    world.ok(&["sandbox", "advance", "90s"]);
    let report = json(&world, &["goods", "upload", "two.csv"]);
    assert_eq!(report["added"], 1, "{report}");
    world.ok(&["sandbox", "advance", "90s"]);
    assert_eq!(
        json(&world, &["goods", "list"]).as_array().map(Vec::len),
        Some(2)
    );
}

/// A sheet of one product.
fn one(title: &str, price: &str, stock: &str) -> String {
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
    assert_eq!(said.code, Some(6), "{}", said.stderr);
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
    assert_eq!(shown["product"]["title"], "茶杯一只 甜白");
    assert_eq!(shown["product"]["skus"][0]["sale_price"], 3500);
    assert_eq!(shown["product"]["skus"][0]["stock_num"], 25);
    assert_eq!(
        shown["product"]["attrs"][0]["attr_value"], "陶瓷",
        "a cell that is empty keeps"
    );
}

#[test]
fn every_mistake_is_named_with_its_cell_before_anything_is_sent() {
    let world = sampled();
    world.write(
        "bad.csv",
        "商品编号,标题,类目,品牌,主图,详情图,运费模板,属性:国产/进口,规格:规格,售价,库存\n\
         B-1,ABC,绿茶,山野,store-images/bowl-1.png,nothing.png,没有的模板,出口,125克,1.00,5\n\
         B-2,白酒一瓶 五百毫升,白酒,,,,,,,9.9.9,-1\n",
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
        "cannot read the image",
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
    assert_eq!(report["unchanged"], 2, "{report}");
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
    assert_eq!(state(), ("never_listed".into(), "editing".into()));
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
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    assert!(said.text().contains("does not show"), "{}", said.text());
    assert_eq!(writes(&world, seen), [""; 0]);
    world.ok(&["sandbox", "advance", "90s"]);
    let report = json(&world, &["goods", "upload", "cup.csv", "--withdraw-audit"]);
    assert_eq!(report["updated"], 1, "{report}");
    let listed = json(&world, &["goods", "list"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
}
