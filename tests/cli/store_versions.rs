//! A product of a WeChat Store has a draft and an online version: what an upload, a change and `on-sale` do to which.

use super::store_goods::{json, pass, sampled, store, writes};
use super::world::{Said, World};
use serde_json::Value;

const UPDATE: &str = "/channels/ec/product/update";
const FREE: &str = "/channels/ec/product/auditfree";
const STOCK: &str = "/channels/ec/product/stock/update";

/// The sample, on sale.
fn on_sale() -> World {
    let world = sampled();
    json(&world, &["goods", "upload", "store-catalog.xlsx"]);
    pass(&world);
    world
}

/// A version of a product: its title, and the prices in fen and the stock of its SKUs.
fn version(world: &World, number: &str, name: &str) -> (String, Vec<i64>, Vec<i64>) {
    let shown = json(world, &["goods", "show", number]);
    let version = &shown["wechat"][name];
    let of_skus = |field: &str| {
        let skus = version["skus"].as_array().expect("SKUs").iter();
        skus.map(|sku| sku[field].as_i64().expect("a number"))
            .collect()
    };
    let title = version["title"].as_str().expect("a title").to_owned();
    (title, of_skus("sale_price"), of_skus("stock_num"))
}

fn online(world: &World) -> (String, Vec<i64>) {
    let (title, prices, _) = version(world, "ST-1001", "product");
    (title, prices)
}

fn upload(world: &World, sheet: &str, options: &[&str]) -> Said {
    world.write("day.csv", sheet);
    let args = [&["goods", "upload", "day.csv", "--format", "json"], options].concat();
    store(world, &args)
}

#[track_caller]
fn uploaded(world: &World, sheet: &str, options: &[&str]) -> Value {
    let said = upload(world, sheet, options);
    assert_eq!(said.code, Some(0), "{}{}", said.text(), said.stderr);
    said.json()
}

/// A title, and the price of the first SKU.
fn both(title: &str, price: &str) -> String {
    format!("商品编号,标题,规格编号,售价\nST-1001,{title},ST-1001-125,{price}\n")
}

fn price(price: &str) -> String {
    format!("商品编号,规格编号,售价\nST-1001,ST-1001-125,{price}\n")
}

fn titled(title: &str) -> String {
    format!("商品编号,标题\nST-1001,{title}\n")
}

#[test]
fn a_draft_that_waits_goes_to_the_audit_with_a_price_that_changed() {
    for draft in [both("雨前绿茶 龙井", "66.00"), titled("雨前绿茶 龙井")] {
        let world = on_sale();
        uploaded(&world, &draft, &["--draft"]);
        let plan = uploaded(&world, &both("雨前绿茶 龙井", "66.00"), &["--dry-run"]);
        assert_eq!(plan[0]["action"], "audited_update", "{plan}");
        let report = uploaded(&world, &both("雨前绿茶 龙井", "66.00"), &[]);
        assert_eq!(
            (&report["updated"], &report["in_audit"]),
            (&1.into(), &1.into()),
            "{report}"
        );
        pass(&world);
        assert_eq!(online(&world), ("雨前绿茶 龙井".into(), vec![6600, 12800]));
        let again = uploaded(&world, &both("雨前绿茶 龙井", "66.00"), &["--fresh"]);
        assert_eq!(again["unchanged"], 1, "{again}");
    }
}

#[test]
fn a_price_that_changed_leaves_a_draft_of_which_the_sheet_says_nothing() {
    let world = on_sale();
    uploaded(&world, &titled("雨前绿茶 龙井"), &["--draft"]);
    let seen = world.calls().len();
    let report = uploaded(&world, &price("66.00"), &[]);
    assert_eq!(report["updated_free"], 1, "{report}");
    assert_eq!(writes(&world, seen), [FREE]);
    assert_eq!(online(&world), ("明前绿茶 龙井".into(), vec![6600, 12800]));
    // What the sheet says stands online: the draft is another matter.
    let report = uploaded(&world, &both("明前绿茶 龙井", "66.00"), &[]);
    assert_eq!(report["unchanged"], 1, "{report}");
    assert_eq!(
        version(&world, "ST-1001", "edit_product").0,
        "雨前绿茶 龙井"
    );
}

#[test]
fn a_price_is_not_changed_beside_what_the_audit_refused() {
    let world = on_sale();
    uploaded(&world, &titled("违规绿茶 龙井"), &[]);
    pass(&world);
    let said = upload(&world, &both("违规绿茶 龙井", "66.00"), &[]);
    assert_eq!(said.code, Some(6), "{}{}", said.text(), said.stderr);
    let reason = said.json()["failed"][0]["reason"].to_string();
    assert!(
        reason.contains("the audit refused it, and only"),
        "{reason}"
    );
    assert_eq!(online(&world), ("明前绿茶 龙井".into(), vec![6800, 12800]));
    // Alone it changes.
    world.write("price.csv", price("66.00"));
    json(&world, &["goods", "price-stock", "price.csv"]);
    assert_eq!(online(&world), ("明前绿茶 龙井".into(), vec![6600, 12800]));
}

#[test]
fn drafts_leave_what_buyers_see() {
    let world = on_sale();
    let seen = world.calls().len();
    let plan = uploaded(&world, &price("50.00"), &["--draft", "--dry-run"]);
    assert_eq!(plan[0]["action"], "draft_update", "{plan}");
    let report = uploaded(&world, &price("50.00"), &["--draft"]);
    assert_eq!(report["updated"], 1, "{report}");
    assert_eq!(writes(&world, seen), [UPDATE]);
    assert_eq!(online(&world).1, [6800, 12800]);
    let report = uploaded(&world, &price("50.00"), &["--draft", "--fresh"]);
    assert_eq!(report["unchanged"], 1, "{report}");
    // Without the option the price is meant for buyers.
    uploaded(&world, &price("50.00"), &[]);
    assert_eq!(online(&world).1, [5000, 12800]);
}

#[test]
fn what_is_in_audit_as_the_sheet_says_is_unchanged_on_every_machine() {
    let world = on_sale();
    uploaded(&world, &both("雨前绿茶 龙井", "66.00"), &[]);
    let seen = world.calls().len();
    for options in [&["--fresh"][..], &["--fresh", "--withdraw-audit"]] {
        let report = uploaded(&world, &both("雨前绿茶 龙井", "66.00"), options);
        assert_eq!(report["unchanged"], 1, "{report}");
    }
    assert_eq!(writes(&world, seen), [""; 0]);
    let said = upload(&world, &both("雨前绿茶 龙井", "65.00"), &[]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
}

#[test]
fn what_the_shop_won_is_asked_about_again() {
    let world = on_sale();
    // Somebody else changes the title, without this machine's knowledge of it.
    let elsewhere = |args: &[&str]| {
        let state = world.file("elsewhere");
        std::fs::create_dir_all(&state).expect("a folder");
        let database = state.join("sandbox.db");
        if !database.exists() {
            std::os::unix::fs::symlink(world.state_file("sandbox.db"), database).expect("a link");
        }
        let args = [&["--profile", "store-sandbox"], args].concat();
        let mut command = world.plain_command(&args);
        super::world::said(command.env("WXSELL_STATE_DIR", state))
    };
    let said = elsewhere(&["goods", "update", "ST-1001", "--title", "狮峰绿茶 龙井"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    pass(&world);
    let stock = |stock: u64| {
        format!("商品编号,标题,规格编号,库存\nST-1001,明前绿茶 龙井,ST-1001-125,{stock}\n")
    };
    let report = uploaded(&world, &stock(90), &["--on-conflict", "shop"]);
    assert_eq!(report["updated_free"], 1, "{report}");
    let said = upload(&world, &stock(91), &[]);
    assert_eq!(said.code, Some(11), "{}{}", said.text(), said.stderr);
    assert_eq!(online(&world).0, "狮峰绿茶 龙井");
    let report = uploaded(&world, &stock(91), &["--on-conflict", "sheet"]);
    assert_eq!(report["updated"], 1, "{report}");
}

#[test]
fn on_sale_again_keeps_what_was_changed_without_an_audit() {
    let world = on_sale();
    world.write("price.csv", price("60.00"));
    json(&world, &["goods", "price-stock", "price.csv"]);
    // Removed without an audit.
    world.write("skus.csv", "商品编号,规格编号\nST-1001,ST-1001-125\n");
    let removed = [
        "goods",
        "upload",
        "skus.csv",
        "--remove-missing-skus",
        "--yes",
    ];
    json(&world, &removed);
    assert_eq!(online(&world).1, [6000]);
    // It is on sale as it is.
    let seen = world.calls().len();
    let stepped = json(&world, &["goods", "on-sale", "ST-1001"]);
    assert_eq!(stepped[0]["result"], "on_sale", "{stepped}");
    assert_eq!(writes(&world, seen), [""; 0]);
    json(&world, &["goods", "off-sale", "ST-1001", "--yes"]);
    let stepped = json(&world, &["goods", "on-sale", "ST-1001"]);
    assert_eq!(stepped[0]["result"], "submitted", "{stepped}");
    pass(&world);
    assert_eq!(online(&world).1, [6000]);
}

#[test]
fn a_draft_with_another_price_than_buyers_see_is_not_submitted_unasked() {
    for (version, left) in [("online", 6000), ("draft", 6800)] {
        let world = on_sale();
        uploaded(&world, &titled("雨前绿茶 龙井"), &["--draft"]);
        world.write("price.csv", price("60.00"));
        json(&world, &["goods", "price-stock", "price.csv"]);
        // Nobody remembers what was sent.
        world.forget();
        let seen = world.calls().len();
        let planned = json(
            &world,
            &["goods", "on-sale", "ST-1001", "ST-1002", "--dry-run"],
        );
        assert_eq!(planned[0]["result"], "held", "{planned}");
        assert_eq!(planned[1]["result"], "on_sale", "{planned}");
        let said = store(&world, &["goods", "on-sale", "ST-1001"]);
        assert_eq!(said.code, Some(11), "{}{}", said.text(), said.stderr);
        let words = "draft and online version differ: ST-1001-125 sale_price 68.00 / 60.00";
        assert!(said.stderr.contains(words), "{}", said.stderr);
        assert_eq!(writes(&world, seen), [""; 0]);
        json(
            &world,
            &["goods", "on-sale", "ST-1001", "--on-conflict", version],
        );
        pass(&world);
        assert_eq!(online(&world), ("雨前绿茶 龙井".into(), vec![left, 12800]));
    }
}

#[test]
fn a_draft_is_submitted_with_the_prices_that_were_sent_last() {
    let world = on_sale();
    uploaded(&world, &titled("雨前绿茶 龙井"), &["--draft"]);
    world.write("price.csv", price("60.00"));
    json(&world, &["goods", "price-stock", "price.csv"]);
    // A sheet without a price does not say which is meant.
    let report = uploaded(&world, &both("雨前绿茶 龙井", "60.00"), &[]);
    assert_eq!(report["updated"], 1, "{report}");
    pass(&world);
    assert_eq!(online(&world), ("雨前绿茶 龙井".into(), vec![6000, 12800]));
}

#[test]
fn what_is_off_sale_stays_so_when_it_changes() {
    let world = on_sale();
    json(&world, &["goods", "off-sale", "ST-1001", "--yes"]);
    let seen = world.calls().len();
    let change = [
        "goods",
        "update",
        "ST-1001",
        "--sku",
        "ST-1001-125",
        "--stock",
        "60",
    ];
    let report = json(&world, &change);
    assert_eq!(report["updated_free"], 1, "{report}");
    assert_eq!(writes(&world, seen), [STOCK]);
    let seen = world.calls().len();
    let said = upload(&world, &price("50.00"), &[]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("off sale and stays so"),
        "{}",
        said.stderr
    );
    assert!(
        said.stderr.contains("wxsell goods on-sale ST-1001"),
        "{}",
        said.stderr
    );
    assert_eq!(writes(&world, seen), [UPDATE]);
    let again = uploaded(&world, &price("50.00"), &["--fresh"]);
    assert_eq!(again["unchanged"], 1, "{again}");
    pass(&world);
    let shown = json(&world, &["goods", "show", "ST-1001"]);
    assert_eq!(shown["status"], "off_sale", "{shown}");
    // The price was sent last: on sale it is what the sheet says, with the stock that was set.
    let seen = world.calls().len();
    json(&world, &["goods", "on-sale", "ST-1001"]);
    assert_eq!(writes(&world, seen), ["/channels/ec/product/listing"]);
    pass(&world);
    let (_, prices, stock) = version(&world, "ST-1001", "product");
    assert_eq!((prices, stock), (vec![5000, 12800], vec![60, 80]));
    let shown = json(&world, &["goods", "show", "ST-1001"]);
    assert_eq!(shown["status"], "on_sale", "{shown}");
}

#[test]
fn a_sku_that_somebody_else_removed_is_asked_about() {
    let world = on_sale();
    let skus = "商品编号,规格编号,规格:规格,售价,库存\n\
                ST-1001,ST-1001-125,125克,68.00,STOCK\nST-1001,ST-1001-250,250克,128.00,80\n";
    uploaded(&world, &skus.replace("STOCK", "110"), &[]);
    // Somebody else removes one.
    let id = json(&world, &["goods", "show", "ST-1001"]);
    let product = &id["wechat"]["product"];
    let data = serde_json::json!({"product_id": product["product_id"], "skus": [
        {"sku_id": product["skus"][1]["sku_id"], "is_delete": 1}
    ]});
    let call = [
        "api",
        "call",
        "goods_update_audit_free",
        "--data",
        &data.to_string(),
        "--yes",
    ];
    let said = store(&world, &call);
    assert_eq!(said.code, Some(0), "{}{}", said.text(), said.stderr);
    assert_eq!(online(&world).1, [6800]);
    let said = upload(&world, &skus.replace("STOCK", "111"), &[]);
    assert_eq!(said.code, Some(11), "{}{}", said.text(), said.stderr);
    let report = uploaded(
        &world,
        &skus.replace("STOCK", "111"),
        &["--on-conflict", "shop"],
    );
    assert_eq!(report["updated_free"], 1, "{report}");
    assert_eq!(online(&world).1, [6800]);
    let report = uploaded(
        &world,
        &skus.replace("STOCK", "112"),
        &["--on-conflict", "sheet"],
    );
    assert_eq!(report["updated"], 1, "{report}");
}

#[test]
fn what_is_added_is_not_a_change_of_what_is_there() {
    let world = on_sale();
    let add = |title: &str| {
        let args = [
            "goods",
            "add",
            "ST-1001",
            "--title",
            title,
            "--price",
            "66.00",
            "--sku",
            "ST-1001-125",
        ];
        store(&world, &args)
    };
    let seen = world.calls().len();
    let said = add("雨前绿茶 龙井");
    assert_eq!(said.code, Some(6), "{}{}", said.text(), said.stderr);
    assert!(
        said.text().replace('\n', " ").contains("already"),
        "{}",
        said.text()
    );
    assert_eq!(writes(&world, seen), [""; 0]);
    assert_eq!(online(&world), ("明前绿茶 龙井".into(), vec![6800, 12800]));
}

fn code(code: &str) -> String {
    format!("商品编号,规格编号,sku编码\nST-1001,ST-1001-125,{code}\n")
}

/// The code of the first SKU that buyers would be sent.
fn online_code(world: &World) -> String {
    let shown = json(world, &["goods", "show", "ST-1001"]);
    let sku = &shown["wechat"]["product"]["skus"][0];
    sku["sku_code"].as_str().expect("a code").to_owned()
}

#[test]
fn what_is_in_audit_otherwise_than_the_sheet_says_is_not_unchanged() {
    let world = on_sale();
    uploaded(&world, &both("雨前绿茶 龙井", "66.00"), &[]);
    // Buyers still see 68.00, and the audit would bring 66.00.
    let said = upload(&world, &both("雨前绿茶 龙井", "68.00"), &[]);
    assert_eq!(said.code, Some(6), "{}{}", said.text(), said.stderr);
    world.write("price.csv", price("68.00"));
    let said = store(&world, &["goods", "price-stock", "price.csv"]);
    assert_eq!(said.code, Some(6), "{}{}", said.text(), said.stderr);
    let report = uploaded(
        &world,
        &both("雨前绿茶 龙井", "68.00"),
        &["--withdraw-audit"],
    );
    assert_eq!(report["updated"], 1, "{report}");
    pass(&world);
    assert_eq!(online(&world), ("雨前绿茶 龙井".into(), vec![6800, 12800]));
}

#[test]
fn a_code_that_waits_in_a_draft_goes_along() {
    // Off sale, a code is written into the draft.
    let world = on_sale();
    json(&world, &["goods", "off-sale", "ST-1001", "--yes"]);
    uploaded(&world, &code("NEW-1"), &[]);
    json(&world, &["goods", "on-sale", "ST-1001"]);
    pass(&world);
    assert_eq!(online_code(&world), "NEW-1");
    // After a rejection the title alone is corrected.
    let world = on_sale();
    let sheet = "商品编号,标题,规格编号,sku编码\nST-1001,违规绿茶 龙井,ST-1001-125,NEW-2\n";
    uploaded(&world, sheet, &[]);
    pass(&world);
    json(
        &world,
        &["goods", "update", "ST-1001", "--title", "雨前绿茶 龙井"],
    );
    pass(&world);
    assert_eq!(online_code(&world), "NEW-2");
    assert_eq!(online(&world).0, "雨前绿茶 龙井");
}

#[test]
fn a_price_that_somebody_else_changed_while_a_draft_waits_is_asked_about() {
    let world = on_sale();
    uploaded(&world, &both("雨前绿茶 龙井", "68.00"), &["--draft"]);
    // Somebody else changes what buyers see.
    let shown = json(&world, &["goods", "show", "ST-1001"]);
    let product = &shown["wechat"]["product"];
    let data = serde_json::json!({"product_id": product["product_id"], "skus": [
        {"sku_id": product["skus"][0]["sku_id"], "sale_price": 6000}
    ]});
    let call = [
        "api",
        "call",
        "goods_update_audit_free",
        "--data",
        &data.to_string(),
        "--yes",
    ];
    assert_eq!(store(&world, &call).code, Some(0));
    let said = upload(&world, &both("雨前绿茶 龙井", "68.00"), &[]);
    assert_eq!(said.code, Some(11), "{}{}", said.text(), said.stderr);
    assert_eq!(online(&world).1, [6000, 12800]);
    let report = uploaded(
        &world,
        &both("雨前绿茶 龙井", "68.00"),
        &["--on-conflict", "shop"],
    );
    assert_eq!(report["updated"], 1, "{report}");
    pass(&world);
    assert_eq!(online(&world), ("雨前绿茶 龙井".into(), vec![6000, 12800]));
}

#[test]
fn a_sku_that_was_removed_while_a_draft_waits_is_asked_about() {
    let world = on_sale();
    uploaded(&world, &titled("雨前绿茶 龙井"), &["--draft"]);
    world.write("skus.csv", "商品编号,规格编号\nST-1001,ST-1001-125\n");
    let removed = [
        "goods",
        "upload",
        "skus.csv",
        "--remove-missing-skus",
        "--yes",
    ];
    json(&world, &removed);
    assert_eq!(online(&world).1, [6800]);
    for command in [
        &["goods", "on-sale", "ST-1001"][..],
        &[
            "goods",
            "update",
            "ST-1001",
            "--title",
            "狮峰绿茶 龙井",
            "--on-conflict",
            "sheet",
        ],
    ] {
        let said = store(&world, command);
        assert_eq!(said.code, Some(11), "{}{}", said.text(), said.stderr);
        let all = format!("{}{}", said.text(), said.stderr).replace('\n', " ");
        assert!(all.contains("ST-1001-250"), "{all}");
    }
    json(
        &world,
        &["goods", "on-sale", "ST-1001", "--on-conflict", "online"],
    );
    pass(&world);
    assert_eq!(online(&world), ("雨前绿茶 龙井".into(), vec![6800]));
}

#[test]
fn an_exported_sheet_that_nobody_changed_changes_nothing() {
    let world = on_sale();
    json(&world, &["goods", "off-sale", "ST-1001", "--yes"]);
    uploaded(&world, &price("50.00"), &[]);
    json(&world, &["goods", "export", "out.xlsx"]);
    let seen = world.calls().len();
    let report = json(&world, &["goods", "upload", "out.xlsx", "--fresh"]);
    assert_eq!(report["unchanged"], 4, "{report}");
    assert_eq!(writes(&world, seen), [""; 0]);
    let (_, prices, _) = version(&world, "ST-1001", "edit_product");
    assert_eq!(prices, [5000, 12800]);
}

#[test]
fn a_draft_leaves_the_stock_of_what_is_listed_and_says_so() {
    let world = on_sale();
    let seen = world.calls().len();
    let sheet = "商品编号,规格编号,库存\nST-1001,ST-1001-125,60\n";
    let said = upload(&world, sheet, &["--draft"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("leaves the stock of 1 listed product"),
        "{}",
        said.stderr
    );
    assert_eq!(writes(&world, seen), [""; 0]);
}

/// Somebody else changes the first SKU, without this machine's knowledge.
fn elsewhere(world: &World, field: &str, value: Value) {
    let shown = json(world, &["goods", "show", "ST-1001"]);
    let product = &shown["wechat"]["product"];
    let data = serde_json::json!({"product_id": product["product_id"], "skus": [
        {"sku_id": product["skus"][0]["sku_id"], field: value}
    ]});
    let call = [
        "api",
        "call",
        "goods_update_audit_free",
        "--data",
        &data.to_string(),
        "--yes",
    ];
    let said = store(world, &call);
    assert_eq!(said.code, Some(0), "{}{}", said.text(), said.stderr);
}

fn with_stock(title: &str, stock: u64) -> String {
    format!("商品编号,标题,规格编号,库存\nST-1001,{title},ST-1001-125,{stock}\n")
}

#[test]
fn a_stock_that_changes_does_not_leave_a_draft_behind() {
    let world = on_sale();
    uploaded(&world, &titled("雨前绿茶 龙井"), &["--draft"]);
    let report = uploaded(&world, &with_stock("雨前绿茶 龙井", 90), &[]);
    assert_eq!(
        (&report["updated"], &report["in_audit"]),
        (&1.into(), &1.into()),
        "{report}"
    );
    pass(&world);
    let (title, _, stock) = version(&world, "ST-1001", "product");
    assert_eq!((title.as_str(), stock[0]), ("雨前绿茶 龙井", 90));
    // What the audit refused stays refused.
    let world = on_sale();
    uploaded(&world, &titled("违规绿茶 龙井"), &[]);
    pass(&world);
    let said = upload(&world, &with_stock("违规绿茶 龙井", 90), &[]);
    assert_eq!(said.code, Some(6), "{}{}", said.text(), said.stderr);
}

#[test]
fn what_a_row_does_not_name_was_not_sent() {
    let world = on_sale();
    elsewhere(&world, "sale_price", 6000.into());
    // A row about something else.
    let stock = "商品编号,规格编号,库存\nST-1001,ST-1001-125,95\n";
    uploaded(&world, stock, &[]);
    let said = upload(&world, &both("明前绿茶 龙井", "68.00"), &[]);
    assert_eq!(said.code, Some(11), "{}{}", said.text(), said.stderr);
    assert_eq!(online(&world).1, [6000, 12800]);
}

#[test]
fn a_draft_that_somebody_else_has_not_finished_is_not_submitted_along() {
    let world = on_sale();
    uploaded(&world, &titled("狮峰绿茶 龙井"), &["--draft"]);
    // Another machine, with a row about something else.
    world.forget();
    let short = "商品编号,短标题\nST-1001,龙井新茶上市啦\n";
    let plan = uploaded(&world, short, &["--dry-run"]);
    assert_eq!(plan[0]["action"], "held", "{plan}");
    let said = upload(&world, short, &[]);
    assert_eq!(said.code, Some(11), "{}{}", said.text(), said.stderr);
    let reason = said.json()["failed"][0]["reason"].to_string();
    assert!(reason.contains("also changes title"), "{reason}");
    let report = uploaded(&world, short, &["--on-conflict", "sheet"]);
    assert_eq!(report["updated"], 1, "{report}");
    pass(&world);
    assert_eq!(online(&world).0, "狮峰绿茶 龙井");
}

#[test]
fn on_sale_asks_where_somebody_else_changed_what_buyers_see() {
    let world = on_sale();
    uploaded(&world, &both("雨前绿茶 龙井", "66.00"), &["--draft"]);
    elsewhere(&world, "sale_price", 6000.into());
    let said = store(&world, &["goods", "on-sale", "ST-1001"]);
    assert_eq!(said.code, Some(11), "{}{}", said.text(), said.stderr);
    json(
        &world,
        &["goods", "on-sale", "ST-1001", "--on-conflict", "online"],
    );
    pass(&world);
    assert_eq!(online(&world), ("雨前绿茶 龙井".into(), vec![6000, 12800]));
    // The sheet is compared again, since it was not what was submitted.
    let said = upload(&world, &both("雨前绿茶 龙井", "66.00"), &[]);
    assert_ne!(said.json()["not_compared"], 1, "{}", said.text());
}

#[test]
fn what_the_platform_took_down_comes_back_by_a_change() {
    let world = on_sale();
    let shown = json(&world, &["goods", "show", "ST-1001"]);
    let id = shown["product_id"].as_str().expect("a number");
    let down = [
        "sandbox",
        "audit",
        "take-down",
        id,
        "--reason",
        "商品信息与实物不符",
    ];
    let said = store(&world, &down);
    assert_eq!(said.code, Some(0), "{}{}", said.text(), said.stderr);
    let said = store(&world, &["goods", "on-sale", "ST-1001"]);
    assert_eq!(said.code, Some(1), "{}{}", said.text(), said.stderr);
    let report = uploaded(&world, &titled("雨前绿茶 龙井"), &[]);
    assert_eq!(
        (&report["updated"], &report["in_audit"]),
        (&1.into(), &1.into()),
        "{report}"
    );
    pass(&world);
    let shown = json(&world, &["goods", "show", "ST-1001"]);
    assert_eq!(shown["status"], "on_sale", "{shown}");
}

const SKUS: &str = "商品编号,标题,规格编号,规格:规格,售价,库存\n\
                    ST-1001,TITLE,ST-1001-125,125克,68.00,120\n\
                    ST-1001,TITLE,ST-1001-250,250克,128.00,80\n";

#[test]
fn a_sku_is_added_while_a_draft_waits_or_was_refused() {
    let added = format!("{SKUS}ST-1001,TITLE,ST-1001-500,500克,238.00,9\n");
    // A draft of one's own.
    let world = on_sale();
    uploaded(
        &world,
        &SKUS.replace("TITLE", "雨前绿茶 龙井"),
        &["--draft"],
    );
    let report = uploaded(&world, &added.replace("TITLE", "雨前绿茶 龙井"), &[]);
    assert_eq!(report["updated"], 1, "{report}");
    pass(&world);
    assert_eq!(
        online(&world),
        ("雨前绿茶 龙井".into(), vec![6800, 12800, 23800])
    );
    // What was refused is corrected.
    let world = on_sale();
    uploaded(&world, &SKUS.replace("TITLE", "违规绿茶 龙井"), &[]);
    pass(&world);
    let report = uploaded(&world, &added.replace("TITLE", "雨前绿茶 龙井"), &[]);
    assert_eq!(report["updated"], 1, "{report}");
    pass(&world);
    assert_eq!(online(&world).1, [6800, 12800, 23800]);
    // A new SKU that waits in the draft goes along.
    let world = on_sale();
    uploaded(
        &world,
        &added.replace("TITLE", "雨前绿茶 龙井"),
        &["--draft"],
    );
    json(&world, &["goods", "on-sale", "ST-1001"]);
    pass(&world);
    assert_eq!(online(&world).1, [6800, 12800, 23800]);
}

#[test]
fn a_sku_that_somebody_else_removed_while_a_draft_waits_is_asked_about() {
    let removed = || {
        let world = on_sale();
        uploaded(
            &world,
            &SKUS.replace("TITLE", "雨前绿茶 龙井"),
            &["--draft"],
        );
        let shown = json(&world, &["goods", "show", "ST-1001"]);
        let product = &shown["wechat"]["product"];
        let data = serde_json::json!({"product_id": product["product_id"], "skus": [
            {"sku_id": product["skus"][1]["sku_id"], "is_delete": 1}
        ]});
        let call = [
            "api",
            "call",
            "goods_update_audit_free",
            "--data",
            &data.to_string(),
            "--yes",
        ];
        assert_eq!(store(&world, &call).code, Some(0));
        world
    };
    let world = removed();
    for sheet in [
        SKUS.replace("TITLE", "雨前绿茶 龙井"),
        titled("雨前绿茶 龙井"),
    ] {
        let said = upload(&world, &sheet, &[]);
        assert_eq!(said.code, Some(11), "{}{}", said.text(), said.stderr);
    }
    let said = store(&world, &["goods", "on-sale", "ST-1001"]);
    assert_eq!(said.code, Some(11), "{}{}", said.text(), said.stderr);
    for (wins, left) in [("shop", vec![6800]), ("sheet", vec![6800, 12800])] {
        let world = removed();
        let sheet = SKUS.replace("TITLE", "雨前绿茶 龙井");
        uploaded(&world, &sheet, &["--on-conflict", wins]);
        pass(&world);
        assert_eq!(online(&world), ("雨前绿茶 龙井".into(), left), "{wins}");
    }
}

#[test]
fn a_sku_that_a_draft_of_somebody_else_removes_is_not_removed_unasked() {
    let drafted = || {
        let world = on_sale();
        world.write("skus.csv", "商品编号,规格编号\nST-1001,ST-1001-125\n");
        let removed = [
            "goods",
            "upload",
            "skus.csv",
            "--remove-missing-skus",
            "--draft",
            "--yes",
        ];
        json(&world, &removed);
        assert_eq!(online(&world).1, [6800, 12800]);
        world.forget();
        world
    };
    let world = drafted();
    let said = upload(&world, &titled("雨前绿茶 龙井"), &[]);
    assert_eq!(said.code, Some(11), "{}{}", said.text(), said.stderr);
    assert!(said.text().contains("ST-1001-250"), "{}", said.text());
    // Named by the sheet it stays, and is the one that buyers see.
    for options in [&[][..], &["--on-conflict", "shop"]] {
        let world = drafted();
        let before = json(&world, &["goods", "show", "ST-1001"]);
        uploaded(&world, &SKUS.replace("TITLE", "雨前绿茶 龙井"), options);
        pass(&world);
        assert_eq!(online(&world), ("雨前绿茶 龙井".into(), vec![6800, 12800]));
        let after = json(&world, &["goods", "show", "ST-1001"]);
        let id = |shown: &Value| shown["wechat"]["product"]["skus"][1]["sku_id"].clone();
        assert_eq!(id(&before), id(&after));
    }
}

#[test]
fn what_the_shop_won_is_compared_when_the_sheet_shall_win() {
    let world = on_sale();
    elsewhere(&world, "sale_price", 6000.into());
    let sheet = both("雨前绿茶 龙井", "68.00");
    uploaded(&world, &sheet, &["--on-conflict", "shop"]);
    pass(&world);
    assert_eq!(online(&world), ("雨前绿茶 龙井".into(), vec![6000, 12800]));
    let report = uploaded(&world, &sheet, &["--on-conflict", "sheet"]);
    assert_eq!(report["updated_free"], 1, "{report}");
    assert_eq!(online(&world).1, [6800, 12800]);
}

#[test]
fn what_somebody_else_set_back_after_the_audit_is_asked_about() {
    let world = on_sale();
    uploaded(&world, &both("雨前绿茶 龙井", "66.00"), &[]);
    pass(&world);
    elsewhere(&world, "sale_price", 6800.into());
    let next = "商品编号,标题,规格编号,售价,库存\nST-1001,雨前绿茶 龙井,ST-1001-125,66.00,90\n";
    let said = upload(&world, next, &[]);
    assert_eq!(said.code, Some(11), "{}{}", said.text(), said.stderr);
    assert_eq!(online(&world).1, [6800, 12800]);
}

#[test]
fn a_row_about_something_else_leaves_what_is_known_of_a_draft() {
    let stock = "商品编号,规格编号,库存\nST-1001,ST-1001-125,95\n";
    // One's own draft goes on sale with its price.
    let world = on_sale();
    uploaded(&world, &both("雨前绿茶 龙井", "66.00"), &["--draft"]);
    uploaded(&world, stock, &[]);
    json(&world, &["goods", "on-sale", "ST-1001"]);
    pass(&world);
    assert_eq!(online(&world), ("雨前绿茶 龙井".into(), vec![6600, 12800]));
    // Somebody else's is asked about.
    let world = on_sale();
    uploaded(&world, &both("雨前绿茶 龙井", "66.00"), &["--draft"]);
    world.forget();
    uploaded(&world, stock, &[]);
    let said = store(&world, &["goods", "on-sale", "ST-1001"]);
    assert_eq!(said.code, Some(11), "{}{}", said.text(), said.stderr);
}
