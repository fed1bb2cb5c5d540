//! Sheets of goods for a WeChat Store: failed rows that come back, reports, headings of one's own, what others changed
//! meanwhile, many SKUs, sizes and pre-sales.

use super::store_goods::{in_time, json, one, pass, sampled, store, writes};
use super::world::World;
use serde_json::Value;
use wxsell::sandbox::{Fault, FaultKind};

const ADD: &str = "/channels/ec/product/add";

fn refuse_one(world: &World) {
    let mut shop = world.sandbox();
    let refusal = FaultKind::Errcode {
        errcode: 10_020_042,
        errmsg: "title has odd symbols".into(),
    };
    shop.add_fault(&Fault::once(ADD, refusal)).expect("a fault");
}

#[test]
fn refused_rows_come_back_in_the_same_workbook_and_ci_gets_its_reports() {
    let world = sampled();
    refuse_one(&world);
    let said = store(
        &world,
        &[
            "goods",
            "upload",
            "store-catalog.xlsx",
            "--jobs",
            "1",
            "--failed-file",
            "todo.xlsx",
            "--report",
            "junit=report.xml",
            "--report",
            "json=report.json",
            "--format",
            "json",
        ],
    );
    assert_eq!(said.code, Some(6), "{}{}", said.text(), said.stderr);
    let report = said.json();
    assert_eq!(
        (&report["added"], &report["refused"]),
        (&3.into(), &1.into())
    );
    assert_eq!(report["failed_files"][0], "todo.xlsx");
    let junit = world.read("report.xml");
    assert!(junit.contains("failures=\"1\""), "{junit}");
    assert!(junit.contains("10020042"), "{junit}");
    assert_eq!(junit.matches("<testcase").count(), 4, "{junit}");
    let kept: Value = serde_json::from_str(&world.read("report.json")).expect("JSON");
    assert_eq!(kept["failed"], report["failed"]);
    // The rows that came back are uploaded as they are: the column of reasons is not read.
    let checked = json(&world, &["goods", "check", "todo.xlsx"]);
    assert_eq!(checked["products"], 1, "{checked}");
    let report = json(&world, &["goods", "upload", "todo.xlsx"]);
    assert_eq!(report["added"], 1, "{report}");
    let said = store(
        &world,
        &[
            "goods",
            "upload",
            "store-catalog.xlsx",
            "--failed-file",
            "x.csv",
        ],
    );
    assert_eq!(said.code, Some(2), "another kind of file: {}", said.stderr);
    // A sheet that is not sent at all has its report too.
    world.write("bad.csv", one("ABC", "39.90", "10"));
    let said = store(
        &world,
        &["goods", "upload", "bad.csv", "--report", "json=bad.json"],
    );
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    let kept: Value = serde_json::from_str(&world.read("bad.json")).expect("JSON");
    assert_eq!(kept["status"], "refused");
    assert_eq!(kept["left_out"][0]["out_product_id"], "CUP-1");
}

#[test]
fn problems_come_back_with_the_rows_that_were_left_out() {
    let world = sampled();
    let rows = format!(
        "{}CUP-2,ABC,碗碟,store-images/dress-1.png|store-images/dress-2.png|store-images/dress-3.png,\
         store-images/bowl-detail-1.png,全国包邮,陶瓷,9.9.9,5\n",
        one("茶杯一只 白瓷", "39.90", "10")
    );
    world.write("goods.csv", rows);
    let said = store(
        &world,
        &[
            "goods",
            "upload",
            "goods.csv",
            "--skip-bad",
            "--format",
            "json",
        ],
    );
    assert_eq!(said.code, Some(6), "{}{}", said.text(), said.stderr);
    assert_eq!(said.json()["added"], 1);
    let failed = world.read("goods.failed.csv");
    let lines: Vec<&str> = failed.lines().collect();
    assert_eq!(lines.len(), 2, "{failed}");
    assert!(lines[0].ends_with("reason"), "{failed}");
    assert!(lines[1].starts_with("CUP-2,ABC"), "{failed}");
    assert!(
        lines[1].contains("9.9.9") && lines[1].contains("title"),
        "{failed}"
    );
}

#[test]
fn a_value_that_no_heading_names_is_a_problem_and_no_row_goes_without_its_number() {
    let world = sampled();
    let sheet = one("茶杯一只 白瓷", "39.90", "10");
    world.write("goods.csv", sheet.replace(",10\n", ",10,99\n"));
    let said = store(&world, &["goods", "check", "goods.csv"]);
    assert_eq!(said.code, Some(2), "{}", said.text());
    assert!(said.text().contains("no heading"), "{}", said.text());
    // A row without a number may be a further SKU: the product above it is not sent without it.
    world.write("goods.csv", format!("{sheet},,,,,,,19.90,3\n"));
    let said = store(&world, &["goods", "upload", "goods.csv", "--skip-bad"]);
    assert_eq!(said.code, Some(6), "{}{}", said.text(), said.stderr);
    assert_eq!(json(&world, &["goods", "list"]), serde_json::json!([]));
}

#[test]
fn headings_of_ones_own_are_named_by_a_map_and_others_left_out() {
    let world = sampled();
    let sheet = one("茶杯一只 白瓷", "39.90", "10")
        .replace("标题", "品名")
        .replace("属性:材质", "料子")
        .replace("库存\n", "库存,仓位\n")
        .replace(",10\n", ",10,A-3\n");
    world.write("goods.csv", &sheet);
    let said = store(&world, &["goods", "check", "goods.csv"]);
    assert_eq!(said.code, Some(2), "{}", said.text());
    for word in ["品名", "料子", "仓位", "--map", "--ignore-column"] {
        assert!(said.text().contains(word), "{word}: {}", said.text());
    }
    world.write("names.toml", "title = \"品名\"\n\"属性:材质\" = \"料子\"\n");
    let options = ["--map", "names.toml", "--ignore-column", "仓位"];
    let report = json(
        &world,
        &[&["goods", "upload", "goods.csv"], &options[..]].concat(),
    );
    assert_eq!(report["added"], 1, "{report}");
    let shown = json(&world, &["goods", "show", "CUP-1"]);
    assert_eq!(
        shown["wechat"]["edit_product"]["attrs"][0]["attr_key"],
        "材质"
    );
    world.write("names.toml", "titel = \"品名\"\n");
    let said = store(
        &world,
        &["goods", "check", "goods.csv", "--map", "names.toml"],
    );
    assert_eq!(said.code, Some(2));
    assert!(
        said.stderr.contains("did you mean title?"),
        "{}",
        said.stderr
    );
    // Several files at once, rows of one product apart from one another.
    world.write("a.csv", one("茶杯一只 白瓷", "39.90", "10"));
    world.write("b.csv", "商品编号,售价\nCUP-1,45.00\n");
    let said = store(&world, &["goods", "check", "a.csv", "b.csv"]);
    assert_eq!(
        said.code,
        Some(2),
        "two rows, and no number of a SKU: {}",
        said.text()
    );
    assert!(said.text().contains("b.csv"), "{}", said.text());
}

#[test]
fn what_somebody_else_changed_is_held_back_until_it_is_said_what_wins() {
    let world = sampled();
    world.write("cup.csv", one("茶杯一只 白瓷", "39.90", "10"));
    json(&world, &["goods", "upload", "cup.csv"]);
    pass(&world);
    // The console: the whole product with another title.
    let shown = json(&world, &["goods", "show", "CUP-1"]);
    let id = shown["wechat"]["product"]["product_id"]
        .as_str()
        .expect("a number");
    let mut product = shown["wechat"]["edit_product"].clone();
    let fields = product.as_object_mut().expect("fields");
    for name in [
        "status",
        "edit_status",
        "out_product_id",
        "min_price",
        "edit_time",
        "create_time",
        "product_type",
        "total_sold_num",
    ] {
        fields.remove(name);
    }
    fields.insert("product_id".into(), id.into());
    fields.insert("title".into(), "后台改过的茶杯".into());
    fields.insert("listing".into(), 1.into());
    for sku in fields["skus"].as_array_mut().expect("a list") {
        sku.as_object_mut().expect("a SKU").remove("status");
    }
    world.write("console.json", product.to_string());
    let changed = store(
        &world,
        &[
            "api",
            "call",
            "store:goods_update",
            "--data",
            "@console.json",
            "--yes",
        ],
    );
    assert_eq!(
        changed.code,
        Some(0),
        "{}{}",
        changed.text(),
        changed.stderr
    );
    pass(&world);
    // The sheet changes title and price; only the title is somebody else's.
    world.write("cup.csv", one("茶杯一只 甜白", "38.90", "10"));
    let seen = world.calls().len();
    let said = store(&world, &["goods", "upload", "cup.csv", "--format", "json"]);
    assert_eq!(said.code, Some(11), "{}{}", said.text(), said.stderr);
    let report = said.json();
    assert_eq!(report["held"], 1, "{report}");
    let reason = report["failed"][0]["reason"].to_string();
    assert!(reason.contains("changed title in the shop"), "{reason}");
    assert!(reason.contains("--on-conflict"), "{reason}");
    assert_eq!(writes(&world, seen), [""; 0]);
    let planned = json(&world, &["goods", "upload", "cup.csv", "--dry-run"]);
    assert_eq!(planned[0]["action"], "held", "{planned}");
    let report = json(
        &world,
        &["goods", "upload", "cup.csv", "--on-conflict", "shop"],
    );
    assert_eq!(report["updated_free"], 1, "the price alone: {report}");
    let shown = json(&world, &["goods", "show", "CUP-1"]);
    assert_eq!(shown["wechat"]["product"]["title"], "后台改过的茶杯");
    assert_eq!(shown["wechat"]["product"]["skus"][0]["sale_price"], 3890);
    let report = json(
        &world,
        &[
            "goods",
            "upload",
            "cup.csv",
            "--on-conflict",
            "sheet",
            "--recheck",
        ],
    );
    assert_eq!(report["updated"], 1, "{report}");
    pass(&world);
    let shown = json(&world, &["goods", "show", "CUP-1"]);
    assert_eq!(shown["wechat"]["product"]["title"], "茶杯一只 甜白");
}

/// A product of so many SKUs.
fn many(count: usize, price: &str) -> String {
    let head = "商品编号,标题,类目,主图,详情图,运费模板,属性:面料,规格编号,规格:颜色,售价,库存\n";
    let rows = (0..count).map(|n| {
        let whole = match n {
            0 => "四件套 全棉,四件套,store-images/bowl-1.png|store-images/bowl-2.png|store-images/bowl-3.png,store-images/bowl-detail-1.png,全国包邮,棉",
            _ => ",,,,,",
        };
        format!("BED-1,{whole},BED-1-{n},色{n},{price},5\n")
    });
    format!("{head}{}", rows.collect::<String>())
}

#[test]
fn a_product_of_many_skus_is_waited_for_while_the_store_writes_it() {
    let world = sampled();
    world.write("bed.csv", many(30, "199.00"));
    let report = json(&world, &["goods", "upload", "bed.csv", "--draft"]);
    assert_eq!(
        (&report["added"], &report["writing"]),
        (&1.into(), &1.into()),
        "{report}"
    );
    world.write("bed.csv", many(30, "189.00"));
    // Waits pass at once, for the machine and for the store.
    let report = in_time(&world, &["goods", "upload", "bed.csv", "--draft"]);
    assert_eq!(report["updated"], 1, "{report}");
    world.ok(&["sandbox", "advance", "1m"]);
    let shown = json(&world, &["goods", "show", "BED-1"]);
    let skus = shown["wechat"]["edit_product"]["skus"]
        .as_array()
        .expect("a list");
    assert_eq!(skus.len(), 30);
    assert_eq!(skus[29]["sale_price"], 18_900);
}

#[test]
fn a_draft_that_found_no_submission_is_handed_in_by_the_next_run() {
    let world = sampled();
    world.write("bed.csv", many(30, "199.00"));
    let report = json(&world, &["goods", "upload", "bed.csv"]);
    assert_eq!(report["writing"], 1, "{report}");
    // While the store still writes it, others use up the day.
    world.ok(&[
        "sandbox",
        "set",
        "--audits-per-day",
        "0",
        "--new-products-per-day",
        "0",
    ]);
    world.ok(&["sandbox", "advance", "1m"]);
    let listed = json(&world, &["goods", "list"]);
    assert_eq!(
        listed[0]["audit"], "not_submitted",
        "edit status 72: {listed}"
    );
    let said = store(&world, &["goods", "upload", "bed.csv"]);
    assert_eq!(said.code, Some(5), "{}{}", said.text(), said.stderr);
    world.ok(&[
        "sandbox",
        "set",
        "--audits-per-day",
        "off",
        "--new-products-per-day",
        "off",
    ]);
    let report = json(&world, &["goods", "upload", "bed.csv"]);
    assert_eq!(
        (&report["submitted"], &report["in_audit"]),
        (&1.into(), &1.into()),
        "{report}"
    );
}

#[test]
fn two_machines_add_a_product_once_though_neither_sees_the_other() {
    let world = sampled();
    let mut shop = world.sandbox();
    shop.set(|settings| settings.read_lag_seconds = 60)
        .expect("set");
    drop(shop);
    json(&world, &["goods", "upload", "store-catalog.xlsx"]);
    // Another machine, whose reads do not show yet what the first has added.
    world.forget();
    let said = store(&world, &["goods", "upload", "store-catalog.xlsx"]);
    assert_eq!(said.code, Some(6), "{}{}", said.text(), said.stderr);
    world.ok(&["sandbox", "advance", "90s"]);
    let report = json(&world, &["goods", "upload", "store-catalog.xlsx"]);
    assert_eq!(report["added"], 0, "{report}");
    let listed = json(&world, &["goods", "list"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(4));
}

/// Dresses with a size chart and a pre-sale.
fn dresses(sizes: &[(&str, &str, &str)], days: &str) -> String {
    let head = "商品编号,标题,类目,主图,详情图,运费模板,属性:面料,七天无理由,规格编号,规格:颜色,规格:尺码,尺码表:胸围,尺码表:衣长,发货时效,售价,库存\n";
    let rows = sizes.iter().map(|(size, chest, length)| {
        format!(
            "D-1,碎花连衣裙 夏季,连衣裙,store-images/dress-1.png|store-images/dress-2.png|store-images/dress-3.png,\
             store-images/bowl-detail-1.png,全国包邮,棉,1,D-1-{size},蓝,{size},{chest},{length},{days},159.00,5\n"
        )
    });
    format!("{head}{}", rows.collect::<String>())
}

#[test]
fn a_size_chart_and_a_pre_sale_are_held_against_the_rule_and_come_back_in_an_export() {
    let world = sampled();
    world.write(
        "dress.csv",
        dresses(
            &[("S", "84-88", "98.5"), ("M", "很大", ""), ("L", "", "101")],
            "20",
        ),
    );
    let said = store(&world, &["goods", "check", "dress.csv"]);
    assert_eq!(said.code, Some(2), "{}", said.text());
    for words in [
        "4 to 15 days",
        "胸围 cannot be \"很大\"",
        "needs 胸围 for every size",
    ] {
        assert!(
            said.text().replace('\n', " ").contains(words),
            "{words}: {}",
            said.text()
        );
    }
    world.write(
        "dress.csv",
        dresses(
            &[
                ("S", "84-88", "98.5"),
                ("M", "88-92", "99.5"),
                ("L", "92-96", "101"),
            ],
            "7天",
        ),
    );
    let report = json(&world, &["goods", "upload", "dress.csv"]);
    assert_eq!(report["added"], 1, "{report}");
    pass(&world);
    let shown = json(&world, &["goods", "show", "D-1"]);
    let chart = &shown["wechat"]["product"]["size_chart"];
    assert_eq!(chart["enable"], true, "{shown}");
    let lines = chart["specification_list"].as_array().expect("a list");
    assert_eq!(lines[0]["name"], "胸围");
    assert_eq!(lines[0]["unit"], "cm");
    assert_eq!(lines[0]["is_range"], true);
    assert_eq!(lines[0]["value_list"][1]["key"], "M");
    assert_eq!(lines[0]["value_list"][1]["left"], "88");
    assert_eq!(lines[1]["value_list"][0]["value"], "98.5");
    json(&world, &["goods", "export", "back.csv"]);
    let seen = world.calls().len();
    let report = json(&world, &["goods", "upload", "back.csv", "--recheck"]);
    assert_eq!(report["unchanged"], 1, "{report}");
    assert_eq!(writes(&world, seen), [""; 0]);
    let said = store(
        &world,
        &[
            "goods",
            "template",
            "--category",
            "连衣裙",
            "-o",
            "dress.xlsx",
        ],
    );
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    // A category without a chart takes none.
    world.write(
        "cup.csv",
        one("茶杯一只 白瓷", "39.90", "10")
            .replace("库存\n", "库存,规格:尺码,尺码表:口径\n")
            .replace(",10\n", ",10,大,8\n"),
    );
    let said = store(&world, &["goods", "check", "cup.csv"]);
    assert_eq!(said.code, Some(2));
    assert!(said.text().contains("size chart"), "{}", said.text());
}

#[test]
fn a_rule_that_is_not_understood_warns_and_refuses_nothing() {
    let world = sampled();
    let rule = r#"{"errcode":0,"errmsg":"ok","info":{"cat_id":"383001002","name":"碗碟"},
        "product_attr_list":[{"name":"釉色","type_v2":"string","required_rule":{"rule_type":9}}],
        "product_qua_list":[{"id":"77","name":"检测报告","required_rule":{"rule_type":3,"or_combinators":[
            {"and_combinators":{"combine_type":1,"text_conditions":[{"check_field":9,"oper_type":1,"keywords":["x"]}]}}]}}],
        "sale_attr_list":[],"floor_price":0}"#;
    world.ok(&[
        "sandbox",
        "fault",
        "--path",
        "/shop/ec/category/getcategoryproductrule",
        "--reply",
        rule,
    ]);
    world.write("cup.csv", one("茶杯一只 白瓷", "39.90", "10"));
    let said = store(&world, &["goods", "check", "cup.csv"]);
    assert_eq!(said.code, Some(0), "{}{}", said.text(), said.stderr);
    for words in ["釉色", "检测报告", "not understood"] {
        assert!(said.stderr.contains(words), "{words}: {}", said.stderr);
    }
}

#[test]
fn a_brand_without_a_right_is_named_before_anything_is_sent() {
    let world = sampled();
    let sheet = |brand: &str| {
        one("茶杯一只 白瓷", "39.90", "10")
            .replace("库存\n", "库存,品牌\n")
            .replace(",10\n", &format!(",10,{brand}\n"))
    };
    for (brand, words) in [
        ("青屿", "no right to a brand"),
        ("没有的牌子", "its brands are"),
    ] {
        world.write("cup.csv", sheet(brand));
        let said = store(&world, &["goods", "check", "cup.csv"]);
        assert_eq!(said.code, Some(2), "{brand}");
        assert!(
            said.text().replace('\n', " ").contains(words),
            "{brand}: {}",
            said.text()
        );
    }
    // The right may have gone since: the rule is asked for with the brand.
    let rule = r#"{"errcode":0,"errmsg":"ok","info":{"cat_id":"383001002","name":"碗碟"},
        "brand_info":{"brand_id":"8000101","ch_name":"山野茶坊","is_in_category_brand_pool":true,"is_brand_authorized":false},
        "product_attr_list":[],"product_qua_list":[],"sale_attr_list":[],"floor_price":0}"#;
    world.ok(&[
        "sandbox",
        "fault",
        "--path",
        "/shop/ec/category/getcategoryproductrule",
        "--reply",
        rule,
    ]);
    world.write("cup.csv", sheet("山野茶坊"));
    let said = store(&world, &["goods", "check", "cup.csv"]);
    assert_eq!(said.code, Some(2), "{}", said.text());
    assert!(
        said.text().replace('\n', " ").contains("not authorized"),
        "{}",
        said.text()
    );
}
