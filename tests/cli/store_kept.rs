//! What an upload to a WeChat Store leaves as it is, empties and takes out; what it finds gone or there twice; and what
//! commands for single products, categories and images say.

use super::store_goods::{json, one, pass, sampled, store, writes};
use super::world::World;
use serde_json::{Value, json as value};
use wxsell::sandbox::{Fault, FaultKind};

/// The sample, on sale.
fn on_sale() -> World {
    let world = sampled();
    json(&world, &["goods", "upload", "store-catalog.xlsx"]);
    pass(&world);
    world
}

/// The changes that an upload of a sheet would make, as `field old → new`.
fn changes(world: &World, sheet: &str) -> Vec<String> {
    world.write("changes.csv", sheet);
    let lines = json(world, &["goods", "upload", "changes.csv", "--dry-run"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = lines.as_array().expect("a plan").iter();
    all.flat_map(|line| line["changes"].as_array().expect("a list"))
        .map(|change| {
            let [field, old, new] = ["field", "old", "new"].map(|name| text(&change[name]));
            format!("{field} {old} → {new}")
        })
        .collect()
}

/// What is wrong with a sheet, as `cell message`.
fn problems(world: &World, sheet: &str) -> Vec<String> {
    world.write("wrong.csv", sheet);
    let said = store(world, &["goods", "check", "wrong.csv", "--format", "json"]);
    assert_eq!(said.code, Some(2), "{}{}", said.text(), said.stderr);
    let found = said.json();
    let all = found.as_array().expect("a list").iter();
    all.map(|problem| {
        let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("cell"), text("message"))
    })
    .collect()
}

#[test]
fn attributes_that_a_sheet_does_not_name_stay_and_one_is_emptied_by_its_word() {
    let world = on_sale();
    // One of two attributes of a SKU, in a sheet that has no column for the other, and with an empty cell for it.
    for sheet in [
        "商品编号,规格编号,规格:颜色\nST-3001,ST-3001-米白-S,藏青\n",
        "商品编号,规格编号,规格:颜色,规格:尺码\nST-3001,ST-3001-米白-S,藏青,\n",
        "商品编号,规格编号,规格\nST-3001,ST-3001-米白-S,颜色=藏青;尺码=\n",
    ] {
        assert_eq!(changes(&world, sheet), ["sku:颜色 米白 → 藏青"], "{sheet}");
    }
    let grade = "商品编号,属性:茶叶等级\nST-1001,一级\n";
    assert_eq!(changes(&world, grade), ["attr:茶叶等级  → 一级"]);
    json(&world, &["goods", "upload", "changes.csv"]);
    pass(&world);
    let none = "商品编号,属性:茶叶等级,属性:产地\nST-1001,[clear],\n";
    assert_eq!(changes(&world, none), ["attr:茶叶等级 一级 → "]);
    json(&world, &["goods", "upload", "changes.csv"]);
    pass(&world);
    let shown = json(&world, &["goods", "show", "ST-1001"]);
    let attributes = shown["wechat"]["product"]["attrs"].to_string();
    assert!(!attributes.contains("茶叶等级"), "{attributes}");
    assert!(attributes.contains("杭州"), "{attributes}");
    assert!(!attributes.contains("clear"), "{attributes}");
    let brand = "商品编号,品牌\nST-3001,[clear]\n";
    assert_eq!(changes(&world, brand), ["brand 8000102 → 2100000000"]);
}

#[test]
fn what_cannot_be_emptied_is_refused_at_its_cell() {
    let world = on_sale();
    let heads = "商品编号,标题,主图,运费模板,重量,七天无理由,退货地址,规格图,售价,尺码表:胸围,资质:进口报关单,属性:产地";
    let cells = vec!["[clear]"; heads.split(',').count() - 1].join(",");
    let found = problems(&world, &format!("{heads}\nST-1001,{cells}\n"));
    for column in ["B2", "C2", "D2", "E2", "F2", "G2", "H2", "I2"] {
        let said = format!("{column} this cannot be emptied");
        assert!(found.contains(&said), "{said}: {found:#?}");
    }
    // What the category needs cannot be taken out, though an empty cell keeps it.
    let needed = "L2 the category 绿茶 needs the attribute 产地";
    let found = problems(
        &world,
        "商品编号,类目,标题,主图,运费模板,重量,七天无理由,退货地址,规格图,售价,库存,属性:产地\nST-1001,绿茶,,,,,,,,,,[clear]\n",
    );
    assert_eq!(found, [needed]);
}

#[test]
fn skus_that_nothing_tells_apart_are_named_before_they_are_sent() {
    let world = on_sale();
    let head =
        "商品编号,标题,类目,主图,详情图,运费模板,属性:面料,规格编号,规格:颜色,规格:尺码,售价,库存";
    let row = |number: &str, color: &str, size: &str| {
        format!(
            "D-9,碎花连衣裙 夏季,连衣裙,store-images/bowl-1.png|store-images/bowl-2.png|store-images/dress-3.png,\
             store-images/bowl-detail-1.png,全国包邮,棉,{number},{color},{size},99.00,5\n"
        )
    };
    let rows = [
        row("a", "红", "S"),
        row("b", "红", "M"),
        row("c", "红", "S"),
    ]
    .concat();
    let found = problems(&world, &format!("{head}\n{rows}"));
    assert_eq!(found, [" it has the same attributes as SKU a"]);
    // Of a product that the store has, the shop's other SKUs count.
    world.write(
        "same.csv",
        "商品编号,规格编号,规格:尺码\nST-3001,ST-3001-米白-S,M\n",
    );
    let seen = world.calls().len();
    let said = store(&world, &["goods", "upload", "same.csv"]);
    assert_eq!(said.code, Some(6), "{}{}", said.text(), said.stderr);
    let words = said.text().replace('\n', " ");
    assert!(words.contains("same attributes as SKU"), "{words}");
    assert_eq!(writes(&world, seen), [""; 0]);
}

#[test]
fn a_cell_that_is_missing_has_its_place_and_what_to_do() {
    let world = sampled();
    world.write(
        "wrong.csv",
        "商品编号（必填）,标题（必填）,类目,主图,详情图,运费模板,属性:产地（必填）,属性:国产/进口,属性:保质期,属性:原产国,资质:进口报关单,规格编号,规格:包装,sku编码,售价,库存\n\
         T-1,进口红茶 锡兰红茶,绿茶,store-images/bowl-1.png,nothing.png|also-nothing.png|third.png,全国包邮,,进口,18 个月,,,T-1-a,纸箱,CODE,68.00,5\n\
         ,没有编号的行,,,,,,,,,,,,,,\n"
            .replace("CODE", &"编".repeat(101)),
    );
    let said = store(&world, &["goods", "check", "wrong.csv", "--format", "json"]);
    let found = said.json();
    let at = |cell: &str, words: &str| {
        let all = found.as_array().expect("a list").iter();
        let found = all.into_iter().find(|problem| {
            problem["cell"] == cell
                && problem["message"]
                    .as_str()
                    .is_some_and(|said| said.contains(words))
        });
        found.unwrap_or_else(|| panic!("{cell} {words}: {}", said.text()))["hint"].to_string()
    };
    assert!(at("G2", "needs the attribute 产地").contains("write a text"));
    assert!(at("J2", "needs the attribute 原产国").contains("write a text"));
    assert!(at("K2", "needs the document 进口报关单").contains("write its images"));
    assert!(at("M2", "包装 cannot be \"纸箱\"").contains("袋装"));
    assert!(at("D2", "1 image; the category needs at least 4").contains("null"));
    assert!(at("E2", "there is no image").contains("folder of the sheet"));
    at("N2", "sku编码 is longer than 100 characters");
    // Without the mark that a template sets.
    at("A3", "商品编号 is missing");
    // Three images are named, though none can be read.
    assert!(!said.text().contains("needs at least 3"), "{}", said.text());
}

#[test]
fn a_head_image_of_many_products_is_one_line_with_its_cells() {
    let world = sampled();
    let row = |number: usize| {
        one("茶杯一只 白瓷", "39.90", "10")
            .lines()
            .nth(1)
            .map(|row| format!("{}\n", row.replace("CUP-1", &format!("CUP-{number}"))))
            .unwrap_or_default()
    };
    let head = one("", "", "")
        .lines()
        .next()
        .map(str::to_owned)
        .unwrap_or_default();
    let rows: String = (1..=4).map(row).collect();
    world.write("same.csv", format!("{head}\n{rows}"));
    let said = store(&world, &["goods", "check", "same.csv"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    let text = said.text().to_owned();
    assert_eq!(text.matches("same main image").count(), 1, "{text}");
    assert!(text.contains("D4, D5"), "{text}");
    // Machines have every cell.
    let said = store(&world, &["goods", "check", "same.csv", "--format", "json"]);
    assert_eq!(said.json().as_array().map(Vec::len), Some(3));
}

#[test]
fn categories_that_are_no_leaves_or_not_open_say_what_to_do() {
    let world = sampled();
    let said = store(
        &world,
        &["goods", "template", "--category", "茶", "-o", "a.xlsx"],
    );
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(
        said.stderr.contains("食品饮料/茶/绿茶, 食品饮料/茶/红茶"),
        "{}",
        said.stderr
    );
    let said = store(
        &world,
        &["goods", "template", "--category", "白酒", "-o", "b.xlsx"],
    );
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("may not sell in 食品饮料/酒类/白酒"),
        "{}",
        said.stderr
    );
    let said = store(&world, &["category", "show", "381003002"]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("has not applied for the category 381003002"),
        "{}",
        said.stderr
    );
    assert!(
        said.stderr.contains("wxsell category apply 381003002"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_draft_is_handed_in_by_the_same_command_without_the_option() {
    let world = sampled();
    world.write("cup.csv", one("茶杯一只 白瓷", "39.90", "10"));
    let report = json(&world, &["goods", "upload", "cup.csv", "--draft"]);
    assert_eq!(report["drafts"], 1, "{report}");
    let planned = json(&world, &["goods", "upload", "cup.csv", "--dry-run"]);
    assert_eq!(planned[0]["action"], "submit", "{planned}");
    let report = json(&world, &["goods", "upload", "cup.csv"]);
    assert_eq!(
        (&report["submitted"], &report["in_audit"]),
        (&1.into(), &1.into()),
        "{report}"
    );
    let report = json(&world, &["goods", "upload", "cup.csv"]);
    assert_eq!(report["not_compared"], 1, "{report}");
}

/// Deletes a product as another machine does, behind the back of this one.
fn delete_elsewhere(world: &World, number: &str) {
    let shown = json(world, &["goods", "show", number]);
    let id = shown["product_id"].as_str().expect("a number");
    let data = value!({ "product_id": id }).to_string();
    let said = store(
        world,
        &["api", "call", "goods_delete", "--data", &data, "--yes"],
    );
    assert_eq!(said.code, Some(0), "{}{}", said.text(), said.stderr);
}

#[test]
fn a_product_that_left_the_store_is_named_and_comes_again_by_the_same_command() {
    let world = on_sale();
    delete_elsewhere(&world, "ST-2001");
    let upload = ["goods", "upload", "store-catalog.xlsx", "--format", "json"];
    let seen = world.calls().len();
    let said = store(&world, &upload);
    assert_eq!(said.code, Some(5), "{}{}", said.text(), said.stderr);
    let report = said.json();
    assert_eq!(
        (&report["not_compared"], &report["left"], &report["status"]),
        (&3.into(), &1.into(), &"stopped".into()),
        "{report}"
    );
    assert_eq!(report["failed"][0]["out_product_id"], "ST-2001", "{report}");
    assert_eq!(writes(&world, seen), [""; 0], "reads may only lag behind");
    world.ok(&["sandbox", "advance", "90s"]);
    let report = json(&world, &upload[..3]);
    assert_eq!(
        (&report["added"], &report["not_compared"]),
        (&1.into(), &3.into()),
        "{report}"
    );
    let listed = json(&world, &["goods", "list"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(4), "{listed}");
}

#[test]
fn a_number_that_two_products_have_is_named_though_the_count_is_as_before() {
    let world = sampled();
    let bowl = one("汤碗一只 青花", "29.90", "10").replace("CUP-1", "BOWL-1");
    world.write("bowl.csv", bowl.replace("bowl", "dress"));
    json(&world, &["goods", "upload", "bowl.csv"]);
    super::store_verbs::doubled(&world);
    pass(&world);
    // One more by another machine and one less: this machine knows as many as there are.
    delete_elsewhere(&world, "BOWL-1");
    let report = json(&world, &["goods", "upload", "cup.csv"]);
    assert_eq!(
        (&report["not_compared"], &report["looked_through"]),
        (&1.into(), &true.into()),
        "{report}"
    );
    assert_eq!(report["doubled"][0]["out_product_id"], "CUP-1", "{report}");
}

#[test]
fn a_run_that_is_stopped_names_duplicates_or_says_that_it_did_not_look() {
    let world = sampled();
    super::store_verbs::doubled(&world);
    // Where submissions have run out, reads go on.
    world.ok(&["sandbox", "set", "--audits-per-day", "0"]);
    let upload = ["goods", "upload", "store-catalog.xlsx", "--format", "json"];
    let cup = one("茶杯一只 甜白", "38.90", "10");
    world.write(
        "cup-2.csv",
        cup.replace("CUP-1", "CUP-2")
            .replace("bowl-1.png", "dress-1.png"),
    );
    let full = Fault::once(
        "/channels/ec/product/add",
        FaultKind::Errcode {
            errcode: 10_020_111,
            errmsg: "used up".into(),
        },
    );
    world.ok(&["sandbox", "set", "--audits-per-day", "off"]);
    world.sandbox().add_fault(&full).expect("a fault");
    let said = store(
        &world,
        &["goods", "upload", "cup-2.csv", "--format", "json"],
    );
    assert_eq!(said.code, Some(5), "{}{}", said.text(), said.stderr);
    assert_eq!(
        said.json()["doubled"][0]["out_product_id"],
        "CUP-1",
        "{}",
        said.text()
    );
    // Where nothing can be read, that is said.
    let denied = Fault {
        times: None,
        ..Fault::once(
            "/channels/ec/product",
            FaultKind::Errcode {
                errcode: 48001,
                errmsg: "api unauthorized".into(),
            },
        )
    };
    let world = sampled();
    let report = json(
        &world,
        &["goods", "upload", "store-catalog.xlsx", "--limit", "1"],
    );
    assert_eq!(report["added"], 1, "{report}");
    let add = Fault {
        path: "/channels/ec/product/add".into(),
        ..denied
    };
    world.sandbox().add_fault(&add).expect("a fault");
    let said = store(&world, &upload);
    assert_eq!(said.code, Some(3), "{}{}", said.text(), said.stderr);
    assert_eq!(said.json()["looked_through"], false, "{}", said.text());
    assert!(said.stderr.contains("not searched"), "{}", said.stderr);
    // The hint is that of a store, which is no Mini Program.
    assert!(
        said.stderr.contains("wxsell auth doctor"),
        "{}",
        said.stderr
    );
    assert!(!said.stderr.contains("component"), "{}", said.stderr);
}

#[test]
fn a_step_that_the_state_of_a_product_refuses_is_refused_and_not_unknown() {
    let world = sampled();
    world.write("cup.csv", one("茶杯一只 白瓷", "39.90", "10"));
    json(&world, &["goods", "upload", "cup.csv"]);
    let step = |verb: &str| {
        store(
            &world,
            &["goods", verb, "CUP-1", "--yes", "--format", "json"],
        )
    };
    // It is in audit: what is asked for is so already.
    let said = step("on-sale");
    assert_eq!(said.code, Some(0), "{}{}", said.text(), said.stderr);
    assert_eq!(said.json()[0]["result"], "submitted");
    let said = step("remove");
    assert_eq!(said.code, Some(1), "{}{}", said.text(), said.stderr);
    assert_eq!(
        (&said.json()[0]["result"], &said.json()[0]["errcode"]),
        (&"refused".into(), &10_020_049.into())
    );
    pass(&world);
    let said = step("withdraw-audit");
    assert_eq!(
        said.code,
        Some(1),
        "it has passed: {}{}",
        said.text(),
        said.stderr
    );
    assert_eq!(said.json()[0]["result"], "refused");
    // An answer that was lost is settled by the product.
    let lost = Fault {
        after: true,
        ..Fault::once("/channels/ec/product/delisting", FaultKind::Reset)
    };
    world.sandbox().add_fault(&lost).expect("a fault");
    let said = step("off-sale");
    assert_eq!(said.code, Some(0), "{}{}", said.text(), said.stderr);
    assert_eq!(said.json()[0]["result"], "off_sale");
}

#[test]
fn the_file_of_a_media_id_is_downloaded() {
    let world = sampled();
    let uploaded = json(
        &world,
        &[
            "image",
            "upload",
            "store-images/bowl-1.png",
            "--as",
            "media",
        ],
    );
    let id = uploaded[0]["value"].as_str().expect("an id").to_owned();
    let shown = json(&world, &["image", "download", &id, "-o", "back.png"]);
    let sent = std::fs::read(world.file("store-images/bowl-1.png")).expect("an image");
    assert_eq!(shown["bytes"], sent.len());
    assert_eq!(std::fs::read(world.file("back.png")).expect("a file"), sent);
    let again = store(&world, &["image", "download", &id, "-o", "back.png"]);
    assert_eq!(again.code, Some(2), "it is there: {}", again.stderr);
    let unknown = store(
        &world,
        &["image", "download", "media_none", "-o", "none.png"],
    );
    assert_eq!(unknown.code, Some(1), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("40007"), "{}", unknown.stderr);
    assert!(!world.file("none.png").exists());
    let other = world.run(&["image", "download", &id, "-o", "other.png"]);
    assert_eq!(other.code, Some(2), "{}", other.stderr);
}

#[test]
fn the_next_command_is_for_the_shop_that_this_one_was_given() {
    let world = on_sale();
    let said = store(&world, &["goods", "list"]);
    let mut lines = said.stderr.lines();
    let next = lines.find_map(|line| line.strip_prefix("Next: wxsell "));
    let words: Vec<&str> = next.expect("a next command").split(' ').collect();
    assert_eq!(words[words.len() - 2..], ["--profile", "store-sandbox"]);
    let mut command = world.plain_command(&words);
    let done = command.output().expect("it runs");
    assert!(done.status.success(), "{words:?}: {done:?}");
}
