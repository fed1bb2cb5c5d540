//! Verbs of a WeChat Store that are one call: what the platform may do on its own, its proposal of a brand, the right to
//! a category, and the code of a withdrawal.

use super::store_goods::{in_its_time, json, one, pass, sampled, store, writes};
use super::world::World;
use serde_json::Value;
use wxsell::sandbox::{Fault, FaultKind};

#[test]
fn switches_of_the_audit_are_shown_and_set_one_by_one() {
    let world = World::new();
    let set = ["goods", "audit-strategy", "set", "--duplicates", "off"];
    let said = store(
        &world,
        &[&set[..], &["--dry-run", "--format", "json"]].concat(),
    );
    assert_eq!(said.json()["audit_strategy"]["hit_duplicated_flag"], 2);
    let show = ["goods", "audit-strategy", "show"];
    assert_eq!(json(&world, &show)["hit_duplicated_flag"], 0);
    let said = store(&world, &set);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("audit-strategy show"),
        "{}",
        said.stderr
    );
    let more = ["goods", "audit-strategy", "set", "--low-risk", "on"];
    json(&world, &more);
    let switches = json(&world, &show);
    assert_eq!(switches["hit_duplicated_flag"], 2, "{switches}");
    assert_eq!(switches["hit_low_risk_rule_flag"], 1, "{switches}");
    let said = store(&world, &["goods", "audit-strategy", "set"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("--duplicates"), "{}", said.stderr);
    // The component has no such call.
    let said = world.run(&show);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
}

#[test]
fn a_brand_is_proposed_from_those_of_the_store_and_images_are_uploaded_once() {
    let world = sampled();
    let ask = |title: &str| {
        let image = "store-images/bowl-1.png";
        let asked = [
            "brand",
            "recommend",
            title,
            "--category",
            "383001002",
            "--image",
            image,
        ];
        json(&world, &asked)
    };
    assert_eq!(ask("素白 手工瓷碗")["brand_id"], "8000102");
    let seen = world.calls().len();
    assert_eq!(ask("手工瓷碗 一只")["brand_id"], "2100000000");
    let uploads = world.paths_since(seen);
    assert!(
        !uploads.iter().any(|path| path.ends_with("img/upload")),
        "{uploads:?}"
    );
    let asked = [
        "brand",
        "recommend",
        "x",
        "--category",
        "1",
        "--image",
        "nothing.png",
    ];
    let said = store(&world, &asked);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    let asked = [
        "brand",
        "recommend",
        "瓷碗",
        "--category",
        "1",
        "--image",
        "store-images/bowl-1.png",
    ];
    let said = store(&world, &asked);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
}

#[test]
fn the_right_to_a_category_says_why_it_lapsed() {
    let world = World::new();
    let lapsed = json(&world, &["category", "show", "386001002"]);
    assert_eq!(lapsed["status"], 2, "{lapsed}");
    assert_eq!(lapsed["uneffective_reason"], "资质已过期");
    assert!(
        lapsed["uneffective_time"]
            .as_str()
            .is_some_and(|time| time.contains("+08:00")),
        "{lapsed}"
    );
    let said = store(&world, &["category", "show", "381003002"]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    let said = store(&world, &["category", "show", "绿茶"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(
        said.stderr.contains("category list 绿茶"),
        "{}",
        said.stderr
    );
    let said = store(&world, &["category", "application", "1"]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
}

#[test]
fn the_code_of_a_withdrawal_is_drawn_for_a_store_and_none_is_made_by_itself() {
    let world = World::new();
    world.ok(&["sandbox", "seed"]);
    let made: Value =
        serde_json::from_str(&world.ok(&["funds", "qrcode", "new", "--format", "json"]))
            .expect("JSON");
    let ticket = made["qrcode_ticket"].as_str().expect("a ticket");
    let shown = json(&world, &["funds", "qrcode", "show", ticket]);
    assert!(
        shown["qrcode_buf"]
            .as_str()
            .is_some_and(|code| !code.is_empty())
    );
    assert_eq!(
        json(&world, &["funds", "qrcode", "check", ticket])["status"],
        0
    );
    let said = store(&world, &["funds", "qrcode", "check", "nothing"]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    let said = store(&world, &["funds", "qrcode", "new"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("funds qrcode show"), "{}", said.stderr);
}

/// The products of the list, added through another machine with the same number.
pub fn doubled(world: &World) {
    world.write("cup.csv", one("茶杯一只 白瓷", "39.90", "10"));
    json(world, &["goods", "upload", "cup.csv"]);
    let other = std::fs::read(world.file("store-images/bowl-1.png")).expect("an image");
    let mut links: Vec<Value> = Vec::new();
    for at in 0..3u8 {
        let name = format!("twin-{at}.png");
        world.write(&name, [&other[..], &[0, at]].concat());
        links.push(json(world, &["image", "upload", &name])[0]["value"].clone());
    }
    let held = json(world, &["goods", "show", "CUP-1"]);
    let mut twin = held["wechat"]["edit_product"].clone();
    let fields = twin.as_object_mut().expect("fields");
    let own = ["product_id", "status", "edit_status"];
    for name in wxsell::api::store::goods::READ_ONLY.iter().chain(&own) {
        fields.shift_remove(*name);
    }
    for sku in fields["skus"].as_array_mut().expect("a list") {
        let sku = sku.as_object_mut().expect("fields");
        for name in ["sku_id", "status"] {
            sku.shift_remove(name);
        }
    }
    fields.insert("head_imgs".into(), links.into());
    let twin = twin.to_string();
    let said = store(
        world,
        &["api", "call", "goods_add", "--data", &twin, "--yes"],
    );
    assert_eq!(said.code, Some(0), "{}{}", said.text(), said.stderr);
}

#[test]
fn a_run_that_adds_nothing_names_numbers_that_several_products_have() {
    let world = sampled();
    doubled(&world);
    pass(&world);
    // Nothing of this sheet is sent, and it is another product's.
    let seen = world.calls().len();
    let said = store(&world, &["goods", "upload", "cup.csv", "--format", "json"]);
    let report = said.json();
    assert_eq!(report["added"], 0, "{report}");
    assert_eq!(writes(&world, seen), [""; 0]);
    assert_eq!(report["doubled"][0]["out_product_id"], "CUP-1", "{report}");
    assert!(
        said.stderr.contains("wxsell goods remove "),
        "{}",
        said.stderr
    );
}

#[test]
fn a_list_with_a_limit_reads_no_more_pages_and_products_than_it_shows() {
    let world = World::new();
    world.ok(&["sandbox", "seed", "--family", "store"]);
    let all = json(&world, &["goods", "list"]);
    assert!(all.as_array().is_some_and(|all| all.len() > 2), "{all}");
    let seen = world.calls().len();
    let two = json(&world, &["goods", "list", "--limit", "2"]);
    assert_eq!(two.as_array().map(Vec::len), Some(2));
    let paths = world.paths_since(seen);
    let count = |end: &str| paths.iter().filter(|path| path.ends_with(end)).count();
    assert_eq!(
        (count("product/list/get"), count("product/get")),
        (1, 2),
        "{paths:?}"
    );
}

#[test]
fn a_report_is_printed_though_the_last_look_at_the_store_fails() {
    let world = sampled();
    world.write("cup.csv", one("茶杯一只 白瓷", "39.90", "10"));
    json(&world, &["goods", "upload", "cup.csv"]);
    pass(&world);
    let broken = Fault {
        times: None,
        ..Fault::once(
            "/channels/ec/product/list/get",
            FaultKind::Status { status: 502 },
        )
    };
    world.sandbox().add_fault(&broken).expect("a fault");
    world.write("price.csv", "商品编号,售价,库存\nCUP-1,35.00,25\n");
    let said = in_its_time(&world, &["goods", "upload", "price.csv"]);
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    let report = said.json();
    assert_eq!(report["updated_free"], 1, "{report}");
    assert_eq!(report["status"], "stopped", "{report}");
}
