//! What a sheet says reaches the shop, and what it does not say stays: blank cells, absent columns, prices that go ahead
//! of the audit, changes by others, and the guard on prices.

use crate::cli::catalogues::{pair, teas};
use crate::cli::world::World;
use serde_json::{Value, json};

const HEAD: &str =
    "out_product_id,title,path,head_img,third_cat_id,out_sku_id,sale_price,stock_num";
const TEA: &str = "A,Green tea,pages/a,https://img.example.com/a.jpg,1423,A-1,12.50,9";
const FULL: &str = "A,Green tea,pages/a,https://img.example.com/a.jpg,1423,A-1,12.50,9,Picked early,https://img.example.com/d.jpg,2100039999,7,https://img.example.com/t.jpg,20.00,C1,6901,size=L,8.00,Maker";

/// A sheet of one product with every kind of field.
fn full() -> String {
    format!(
        "{HEAD},desc,desc_imgs,brand_id,info_version,thumb_img,market_price,sku_code,barcode,sku_attrs,express_fee,supplier\n{FULL}\n"
    )
}

fn draft(world: &World) -> Value {
    let mut draft = world.products()["A"].clone();
    for changing in ["audit_info", "update_time", "edit_status", "status"] {
        draft[changing] = Value::Null;
    }
    draft
}

/// The body of the last call of this path.
fn last_body(world: &World, path: &str) -> Value {
    let calls = world.calls();
    let call = calls.iter().rev().find(|call| call.path == path);
    serde_json::from_str(&call.expect("it was called").request).expect("JSON")
}

/// Somebody else changes what needs no audit.
fn change_in_shop(world: &World, body: &Value) {
    let path = "spu_update_without_audit";
    world.ok(&["api", "call", path, "--data", &body.to_string()]);
}

#[test]
fn a_column_that_is_missing_and_a_cell_that_is_blank_keep_what_the_shop_has() {
    let world = World::with_goods(&full());
    let before = draft(&world);
    assert_eq!(before["brand_id"], 2_100_039_999_u64);
    let changed = |tea: &str| tea.replace("Green tea", "Black tea");
    for sheet in [
        // No column for most of it; then blank cells; then half of the description.
        format!("{HEAD}\n{}\n", changed(TEA)),
        format!(
            "{HEAD},desc,desc_imgs,brand_id,sku_attrs,barcode\n{},,,,,\n",
            changed(TEA)
        ),
        format!("{HEAD},desc\n{},Picked early\n", changed(TEA)),
        format!(
            "{HEAD},desc_imgs\n{},https://img.example.com/d.jpg\n",
            changed(TEA)
        ),
    ] {
        world.write("part.csv", &sheet);
        let plan = world.json(&["goods", "upload", "part.csv", "--dry-run"]);
        let fields: Vec<&Value> = plan[0]["changes"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|change| &change["field"])
            .collect();
        assert_eq!(fields, ["title"], "{plan}");
        world.ok(&["goods", "upload", "part.csv"]);
        world.ok(&["sandbox", "advance", "1h"]);
        let mut expected = before.clone();
        expected["title"] = "Black tea".into();
        assert_eq!(draft(&world), expected, "{sheet}");
        let sent = last_body(&world, "/shop/spu/update");
        assert_eq!(
            (&sent["express_fee"], &sent["supplier"]),
            (&json!(800), &json!("Maker")),
            "what WeChat never shows is kept as it was sent last"
        );
        world.ok(&["goods", "update", "A", "--title", "Green tea"]);
        world.ok(&["sandbox", "advance", "1h"]);
    }
    // Fields that nobody sees, left out, do not make an audit of a price.
    let seen = world.calls().len();
    world.write(
        "price.csv",
        format!("{HEAD}\n{}\n", TEA.replace("12.50", "12.60")),
    );
    assert_eq!(
        world.json(&["goods", "upload", "price.csv"])["updated_free"],
        1
    );
    assert_eq!(world.writes_since(seen), ["/shop/spu/update_without_audit"]);
}

#[test]
fn clear_empties_a_field_and_the_plan_shows_it() {
    let world = World::with_goods(&full());
    world.write(
        "clear.csv",
        format!("{HEAD},desc,brand_id,barcode,supplier\n{TEA},[clear],[clear],[clear],[clear]\n"),
    );
    let plan = world.json(&["goods", "upload", "clear.csv", "--dry-run"]);
    let changes: Vec<(&Value, &Value)> = plan[0]["changes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|change| (&change["field"], &change["new"]))
        .collect();
    let null = &Value::Null;
    assert_eq!(
        changes,
        [
            (&json!("desc"), null),
            (&json!("brand_id"), null),
            (&json!("supplier"), null),
            (&json!("barcode"), null),
        ]
    );
    world.ok(&["goods", "upload", "clear.csv"]);
    let product = &world.products()["A"];
    assert_eq!(
        (
            &product["desc_info"]["desc"],
            &product["brand_id"],
            &product["desc_info"]["imgs"][0]
        ),
        (
            &json!(""),
            &json!(2_100_000_000_u64),
            &draft(&world)["desc_info"]["imgs"][0]
        )
    );
    assert_eq!(
        last_body(&world, "/shop/spu/update")["supplier"],
        Value::Null
    );

    // In JSON null empties, an empty text is refused, and what must be there cannot be emptied.
    world.ok(&["sandbox", "advance", "1h"]);
    let mut product = json!({"out_product_id": "A", "title": "Green tea", "path": "pages/a",
        "head_img": ["https://img.example.com/a.jpg"], "third_cat_id": 1423, "info_version": null,
        "skus": [{"out_sku_id": "A-1", "sale_price": 1250, "stock_num": 9, "sku_code": null}]});
    world.write("a.jsonl", product.to_string());
    world.ok(&["goods", "upload", "a.jsonl"]);
    assert_eq!(world.products()["A"]["info_version"], "");
    product["desc_info"] = json!({"desc": ""});
    product["title"] = Value::Null;
    world.write("a.jsonl", product.to_string());
    let said = world.run(&["goods", "check", "a.jsonl"]);
    assert_eq!(said.code, Some(2));
    for words in ["desc is empty", "title cannot be emptied"] {
        assert!(said.text().contains(words), "{}", said.text());
    }
    world.write(
        "a.csv",
        format!("{HEAD}\n{}\n", TEA.replace("12.50", "[clear]")),
    );
    let said = world.run(&["goods", "check", "a.csv"]);
    assert!(said.text().contains("cannot be emptied"), "{}", said.text());
}

#[test]
fn price_and_stock_arrive_at_once_and_the_rest_after_the_audit() {
    let world = World::with_goods(&teas(&[("A", "100")]).replace("99.00", "200.00"));
    let wanted = teas(&[("A", "80")])
        .replace("99.00", "200.00")
        .replace("Green tea A", "Black tea")
        .replace(",9,\n", ",2,\n");
    world.write("goods.csv", &wanted);
    let plan = world.json(&["goods", "upload", "goods.csv", "--dry-run"]);
    let changes: Vec<(&Value, &Value, &Value)> = plan[0]["changes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|change| (&change["field"], &change["old"], &change["at_once"]))
        .collect();
    assert_eq!(
        changes,
        [
            (&json!("title"), &json!("Green tea A"), &json!(false)),
            (&json!("sale_price"), &json!(10_000), &json!(true)),
            (&json!("stock_num"), &json!(9), &json!(true)),
        ]
    );
    let seen = world.calls().len();
    assert_eq!(world.json(&["goods", "upload", "goods.csv"])["updated"], 1);
    assert_eq!(
        world.writes_since(seen),
        ["/shop/spu/update_without_audit", "/shop/spu/update"]
    );
    let online =
        |world: &World| world.json(&["goods", "show", "A", "--online"])["lowest_price"].clone();
    assert_eq!(online(&world), 8000, "buyers see the price at once");

    world.ok(&["sandbox", "audit", "reject", "A", "--reason", "no"]);
    let report = world.json(&["goods", "upload", "goods.csv"]);
    assert_eq!(
        (&report["unchanged"], &report["not_compared"]),
        (&json!(0), &json!(1))
    );
    let said = world.run(&["goods", "upload", "goods.csv", "--recheck"]);
    assert_eq!(said.code, Some(6), "{}", said.text());
    assert!(said.text().contains("the audit failed"), "{}", said.text());
    let plan = world.json(&["goods", "upload", "goods.csv", "--recheck", "--dry-run"]);
    assert_eq!(
        plan[0]["action"], "refused",
        "the plan says what the run does"
    );
    assert_eq!(online(&world), 8000);
}

#[test]
fn what_is_half_done_is_partial() {
    let world = World::with_goods(&teas(&[("A", "12.50")]));
    world.ok(&["goods", "update", "A", "--title", "In audit"]);
    world.write(
        "goods.csv",
        teas(&[("A", "13.50")]).replace("Green tea A", "White tea"),
    );
    let plan = world.json(&["goods", "upload", "goods.csv", "--dry-run"]);
    assert_eq!(plan[0]["action"], "partial");
    let said = world.run(&["goods", "upload", "goods.csv", "--format", "json"]);
    assert_eq!(said.code, Some(6));
    let report = said.json();
    assert_eq!(
        (&report["partial"], &report["failed"][0]["state"]),
        (&json!(1), &json!("partial"))
    );
    let product = &world.products()["A"];
    assert_eq!(
        (&product["title"], &product["skus"][0]["sale_price"]),
        (&json!("In audit"), &json!(1350))
    );
    let said = world.run(&["run", "failed"]);
    assert!(said.text().contains("it is in audit"), "{}", said.text());
}

#[test]
fn what_somebody_else_changed_is_not_overwritten_unseen() {
    let world = World::with_goods(&teas(&[("A", "12.50"), ("B", "12.50")]));
    let price = |price: i64| json!({"out_product_id": "A", "skus": [{"out_sku_id": "A-1", "sale_price": price}]});
    change_in_shop(&world, &price(1100));
    let report = world.json(&["goods", "upload", "goods.csv"]);
    assert_eq!(report["not_compared"], 2, "it was not looked at");
    let plan = world.json(&["goods", "upload", "goods.csv", "--recheck", "--dry-run"]);
    assert_eq!(
        (&plan[0]["action"], &plan[1]["action"]),
        (&json!("held"), &json!("unchanged"))
    );
    let said = world.run(&[
        "goods",
        "upload",
        "goods.csv",
        "--recheck",
        "--format",
        "json",
    ]);
    assert_eq!(said.code, Some(6));
    let report = said.json();
    assert_eq!(
        (&report["held"], &report["unchanged"]),
        (&json!(1), &json!(1))
    );
    let reason = report["failed"][0]["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("11.00") && reason.contains("12.50"),
        "{reason}"
    );
    let now = |world: &World| world.products()["A"]["skus"][0]["sale_price"].clone();
    assert_eq!(now(&world), 1100);

    // The next run looks at it again; the shop's price is kept where it wins, and only that.
    world.write(
        "goods.csv",
        teas(&[("A", "12.50"), ("B", "12.50")]).replace("Green tea A", "Black tea"),
    );
    let on = |wins: &str| world.json(&["goods", "upload", "goods.csv", "--on-conflict", wins]);
    assert_eq!(on("shop")["updated"], 1);
    assert_eq!(
        (now(&world), &world.products()["A"]["title"]),
        (json!(1100), &json!("Black tea"))
    );
    world.ok(&["sandbox", "advance", "1h"]);
    world.write(
        "goods.csv",
        teas(&[("A", "12.50")]).replace("Green tea A", "Black tea"),
    );
    let report = world.json(&[
        "goods",
        "upload",
        "goods.csv",
        "--on-conflict",
        "sheet",
        "--recheck",
    ]);
    assert_eq!(report["updated_free"], 1);
    assert_eq!(now(&world), 1250);

    // Stock moves with every order, and is no conflict; nor is a change that the file agrees with.
    change_in_shop(
        &world,
        &json!({"out_product_id": "A", "skus": [{"out_sku_id": "A-1", "stock_num": 3, "sale_price": 1300}]}),
    );
    world.write(
        "goods.csv",
        teas(&[("A", "13.00")]).replace("Green tea A", "Black tea"),
    );
    assert_eq!(
        world.json(&["goods", "upload", "goods.csv"])["updated_free"],
        1
    );
    assert_eq!(world.products()["A"]["skus"][0]["stock_num"], 9);
}

#[test]
fn the_plan_knows_deleted_numbers_and_what_price_stock_will_do() {
    let world = World::with_goods(&teas(&[("A", "12.50"), ("B", "12.50")]));
    world.ok(&["goods", "remove", "A"]);
    let plan = world.json(&["goods", "upload", "goods.csv", "--dry-run"]);
    assert_eq!(
        (&plan[0]["action"], &plan[1]["action"]),
        (&json!("refused"), &json!("not_compared"))
    );
    let said = world.run(&["goods", "upload", "goods.csv"]);
    assert_eq!(said.code, Some(6));
    assert!(said.text().contains("deleted product"), "{}", said.text());

    world.write(
        "prices.csv",
        "out_product_id,out_sku_id,sale_price,stock_num\nB,B-1,12.50,9\nNONE,NONE-1,1,1\nA,A-1,1,1\n",
    );
    let plan = world.json(&["goods", "price-stock", "prices.csv", "--dry-run"]);
    let actions: Vec<&Value> = plan
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| &line["action"])
        .collect();
    assert_eq!(actions, ["unchanged", "refused", "refused"]);
    let said = world.run(&["goods", "price-stock", "prices.csv", "--format", "json"]);
    assert_eq!(said.code, Some(6));
    let report = said.json();
    assert_eq!(
        (&report["unchanged"], &report["refused"]),
        (&json!(1), &json!(2))
    );
}

#[test]
fn skus_are_removed_by_name_and_never_for_a_row_that_was_left_out() {
    let world = World::with_goods(&pair("Green tea", "10", "20"));
    let bad = pair("Green tea", "10", "20").replace("P1,,,,,P1-L,20", "P1,,,,,P1-L,twenty");
    world.write("bad.csv", bad);
    let told = world.refused(
        2,
        &[
            "goods",
            "upload",
            "bad.csv",
            "--skip-bad",
            "--remove-missing-skus",
            "--yes",
        ],
    );
    assert!(told.contains("rows were skipped"), "{told}");
    let skus = |world: &World| world.products()["P1"]["skus"].as_array().map(Vec::len);
    assert_eq!(skus(&world), Some(2));

    // A renamed SKU stands beside its old self, which it may not.
    world.write(
        "renamed.csv",
        pair("Green tea", "10", "20").replace("P1-L", "P1-NEW"),
    );
    let said = world.run(&["goods", "upload", "renamed.csv"]);
    assert_eq!(said.code, Some(6));
    assert!(
        said.text().contains("P1-L") && said.text().contains("same attributes"),
        "{}",
        said.text()
    );
    let plan = world.json(&[
        "goods",
        "upload",
        "renamed.csv",
        "--remove-missing-skus",
        "--dry-run",
    ]);
    let skus_of = |plan: &Value| -> Vec<(Value, Value)> {
        let changes = plan[0]["changes"].as_array().expect("a list").iter();
        changes
            .filter(|change| change["field"] == "out_sku_id")
            .map(|change| (change["old"].clone(), change["new"].clone()))
            .collect()
    };
    assert_eq!(
        skus_of(&plan),
        [(json!("P1-L"), Value::Null), (Value::Null, json!("P1-NEW"))]
    );
    let said = world.run(&["goods", "upload", "renamed.csv", "--remove-missing-skus"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("remove 1 SKU: P1-L (P1)"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_list_price_and_an_image_that_were_never_given_follow() {
    let world = World::with_goods(&format!("{HEAD}\n{TEA}\n"));
    let sku = |world: &World| world.products()["A"]["skus"][0].clone();
    assert_eq!(sku(&world)["market_price"], 1250);
    for (price, list) in [("10.00", 1000), ("15.00", 1500)] {
        world.write(
            "goods.csv",
            format!("{HEAD}\n{}\n", TEA.replace("12.50", price)),
        );
        world.ok(&["goods", "upload", "goods.csv"]);
        assert_eq!(sku(&world)["market_price"], list);
    }
    // One that was given is kept, and refused where it would be below the price.
    world.write(
        "goods.csv",
        format!(
            "{HEAD},market_price\n{},20.00\n",
            TEA.replace("12.50", "15.00")
        ),
    );
    world.ok(&["goods", "upload", "goods.csv"]);
    for (price, code, list) in [("18.00", 0, 2000), ("21.00", 6, 2000)] {
        world.write(
            "goods.csv",
            format!("{HEAD}\n{}\n", TEA.replace("12.50", price)),
        );
        let said = world.run(&["goods", "upload", "goods.csv"]);
        assert_eq!(said.code, Some(code), "{}", said.text());
        assert_eq!(sku(&world)["market_price"], list);
    }
    world.write(
        "prices.csv",
        "out_product_id,out_sku_id,sale_price\nA,A-1,22\n",
    );
    let said = world.run(&["goods", "price-stock", "prices.csv"]);
    assert_eq!(said.code, Some(6));
    assert!(said.text().contains("be below"), "{}", said.text());

    world.write(
        "goods.csv",
        format!(
            "{HEAD}\n{}\n",
            TEA.replace("12.50", "18.00").replace("a.jpg", "new.jpg")
        ),
    );
    world.ok(&["goods", "upload", "goods.csv"]);
    let product = &world.products()["A"];
    assert_eq!(product["skus"][0]["thumb_img"], product["head_img"][0]);
}

#[test]
fn a_slip_of_the_decimal_point_is_stopped_before_anything_is_sent() {
    let world = World::with_goods(&teas(&[("A", "12.50"), ("B", "12.50")]));
    let slip = teas(&[("A", "0.13"), ("B", "12.60")]);
    world.write("slip.csv", &slip);
    world.write(
        "prices.csv",
        "out_product_id,out_sku_id,sale_price\nA,A-1,0.13\n",
    );
    let plan = world.json(&["goods", "upload", "slip.csv", "--dry-run"]);
    let change = &plan[0]["changes"][0];
    assert_eq!(
        (
            &plan[0]["action"],
            &change["old"],
            &change["new"],
            &change["guarded"]
        ),
        (&json!("held"), &json!(1250), &json!(13), &json!(true))
    );
    let table = world.ok(&["goods", "upload", "slip.csv", "--dry-run"]);
    assert!(
        table.contains("A-1 sale_price 12.50 → 0.13 (-98 %)"),
        "{table}"
    );
    let seen = world.calls().len();
    for command in [
        &["goods", "upload", "slip.csv"][..],
        &["goods", "upload", "slip.csv", "--yes"],
        &["goods", "price-stock", "prices.csv"],
        &["goods", "update", "A", "--price", "0.13"],
        &[
            "goods",
            "update",
            "A",
            "--price",
            "200",
            "--market-price",
            "300",
        ],
    ] {
        let told = world.refused(11, command);
        assert!(told.contains("--max-price-drop"), "{told}");
    }
    assert_eq!(world.writes_since(seen), [""; 0]);

    // The other rows go where this one is left out; and all go where it is meant.
    let said = world.run(&[
        "goods",
        "upload",
        "slip.csv",
        "--skip-bad",
        "--format",
        "json",
    ]);
    assert_eq!(said.code, Some(6));
    let report = said.json();
    assert_eq!(
        (&report["held"], &report["updated_free"]),
        (&json!(1), &json!(1))
    );
    let told = world.refused(
        11,
        &["goods", "upload", "slip.csv", "--max-price-drop", "90%"],
    );
    assert!(told.contains("nothing was sent"), "{told}");
    let report = world.json(&["goods", "upload", "slip.csv", "--max-price-drop", "99%"]);
    assert_eq!(report["updated_free"], 1);
    assert_eq!(world.products()["A"]["skus"][0]["sale_price"], 13);

    // A new price far below its list price, also on a machine that knows nothing of the shop.
    world.write("new.csv", teas(&[("C", "12.50")]).replace("12.50", "9.80"));
    world.refused(11, &["goods", "upload", "new.csv"]);
    world.forget();
    world.write("slip.csv", teas(&[("B", "0.13")]));
    world.refused(11, &["goods", "upload", "slip.csv"]);
}
