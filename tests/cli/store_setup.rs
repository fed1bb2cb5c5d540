//! What a WeChat Store is set up with, each by a command of its own: addresses, freight templates, brands, categories, the
//! banks of its account; and `merchant apply` as it asks on a terminal.

use super::store_goods::{json, pass, store};
use super::world::{Said, World, said};
use serde_json::Value;

#[track_caller]
fn refused(world: &World, code: i32, args: &[&str]) -> String {
    let said = store(world, args);
    assert_eq!(
        said.code,
        Some(code),
        "{args:?}: {}{}",
        said.text(),
        said.stderr
    );
    said.stderr
}

/// The part of the template below a heading, as a file of its own.
pub fn block(world: &World, heading: &str) -> String {
    let template = store(world, &["merchant", "apply", "--template"]);
    let template = template.text();
    let below = |line: &&str| !line.starts_with("[[") || line.starts_with(&format!("[[{heading}."));
    let mut lines = template
        .lines()
        .skip_while(|line| *line != format!("[[{heading}]]"));
    lines.next().expect("the heading");
    let lines: Vec<&str> = lines.take_while(below).collect();
    lines.join("\n").replace(&format!("{heading}."), "")
}

#[test]
fn an_address_is_added_changed_and_deleted() {
    let world = World::new();
    let places = json(&world, &["address", "places", "440100"]);
    assert_eq!(places[0]["name"], "海珠区", "{places}");
    let add = [
        "address",
        "add",
        "--name",
        "新仓",
        "--person",
        "李四",
        "--phone",
        "13800000000",
        "--province",
        "广东省",
        "--city",
        "广州市",
        "--district",
        "天河区",
        "--street",
        "示例路1号",
        "--for-returns",
        "true",
        "--default-for-returns",
        "true",
    ];
    let dry = json(&world, &[&add[..], &["--dry-run"]].concat());
    assert_eq!(dry["address_detail"]["default_recv"], true, "{dry}");
    let id = json(&world, &add)["address_id"]
        .as_str()
        .expect("a number")
        .to_owned();
    let shown = json(&world, &["address", "show", &id]);
    assert_eq!(shown["default_recv"], true, "{shown}");
    // What is masked would be written over the true value.
    let rename = ["address", "update", &id, "--name", "南仓"];
    let told = refused(&world, 2, &rename);
    for option in ["--person", "--phone", "--street"] {
        assert!(told.contains(option), "{told}");
    }
    let whole = [
        "--person",
        "王五",
        "--phone",
        "13900000000",
        "--street",
        "示例路2号",
    ];
    json(&world, &[&rename[..], &whole[..]].concat());
    let shown = json(&world, &["address", "show", &id]);
    assert_eq!(shown["name"], "南仓", "{shown}");
    assert_eq!(shown["default_recv"], true, "what is not given stays");
    assert_eq!(shown["address_info"]["county_name"], "天河区");
    json(&world, &["address", "remove", &id]);
    refused(&world, 1, &["address", "show", &id]);
    let listed = json(&world, &["address", "list"]).to_string();
    assert!(!listed.contains("南仓"), "{listed}");
    // Every mistake at once, and from a file as `merchant apply` has it.
    let told = refused(&world, 2, &["address", "add", "--name", "新仓"]);
    assert!(
        told.contains("tel_number") && told.contains("province_name"),
        "{told}"
    );
    world.write("address.toml", block(&world, "address"));
    json(
        &world,
        &["address", "add", "--file", "address.toml", "--name", "西仓"],
    );
    assert!(
        json(&world, &["address", "list"])
            .to_string()
            .contains("西仓")
    );
    let said = world.run(&["address", "show", "1"]);
    assert_eq!(said.code, Some(2), "a component has none: {}", said.stderr);
}

#[test]
fn a_freight_template_is_added_and_changed() {
    let world = World::new();
    let add = [
        "freight",
        "add",
        "--name",
        "华南包邮",
        "--province",
        "广东省",
        "--city",
        "广州市",
        "--district",
        "天河区",
    ];
    let id = json(&world, &add)["template_id"]
        .as_str()
        .expect("a number")
        .to_owned();
    let shown = json(&world, &["freight", "show", &id]);
    assert_eq!(shown["shipping_method"], "FREE", "{shown}");
    json(
        &world,
        &[
            "freight",
            "update",
            &id,
            "--ships",
            "24h",
            "--name",
            "华南包邮快",
        ],
    );
    let shown = json(&world, &["freight", "show", &id]);
    assert_eq!(shown["send_time"], "SendTime_TWENTYFOUR_HOUR", "{shown}");
    assert_eq!(
        shown["address_info"]["county_name"], "天河区",
        "what is not given stays"
    );
    let told = refused(
        &world,
        2,
        &["freight", "update", "5000000101", "--name", "别的"],
    );
    assert!(told.contains("--person"), "{told}");
    let mut same = add;
    same[3] = "华南包邮快";
    let told = refused(&world, 1, &same);
    assert!(told.contains("10021200"), "a name stands once: {told}");
    world.write(
        "charged.json",
        r#"{"shipping_method": "NO_FREE", "all_freight_calc_method": {"freight_calc_method_list": [{"address_info": [],
            "is_default": true, "first_val_amount": 1, "first_price": 800, "second_val_amount": 1, "second_price": 200}]}}"#,
    );
    json(
        &world,
        &["freight", "update", &id, "--file", "charged.json"],
    );
    let shown = json(&world, &["freight", "show", &id]);
    let charges = &shown["all_freight_calc_method"]["freight_calc_method_list"];
    assert_eq!(charges[0]["first_price"], 800, "{shown}");
    world.write("freight.toml", block(&world, "freight"));
    json(&world, &["freight", "add", "--file", "freight.toml"]);
}

#[test]
fn a_brand_is_found_applied_for_withdrawn_and_deleted() {
    let world = World::new();
    world.write("trademark.jpg", b"\xFF\xD8\xFF mark");
    let found = json(&world, &["brand", "search", "云山"]);
    assert_eq!(found[0]["brand_id"], "8000201", "{found}");
    let file = block(&world, "brand");
    world.write("brand.toml", &file);
    let apply = ["brand", "apply", "--file", "brand.toml"];
    let rows = json(&world, &apply);
    assert_eq!(rows[0]["state"], "submitted", "{rows}");
    assert_eq!(json(&world, &apply)[0]["state"], "in_audit");
    let state = |id: &str| {
        let all = json(&world, &["brand", "list"]);
        let mut all = all.as_array().expect("a list").clone().into_iter();
        all.find(|brand| brand["brand_id"] == id)
            .map(|brand| brand["status"].clone())
    };
    assert_eq!(state("8000201"), Some(1.into()));
    json(&world, &["brand", "withdraw", "8000201"]);
    assert_eq!(state("8000201"), Some(4.into()));
    refused(&world, 1, &["brand", "withdraw", "8000201"]);
    assert_eq!(
        json(&world, &apply)[0]["state"],
        "submitted",
        "again after a withdrawal"
    );
    pass(&world);
    assert_eq!(json(&world, &["brand", "show", "8000201"])["status"], 3);
    json(&world, &["brand", "remove", "8000201"]);
    assert_eq!(state("8000201"), None);
    // A rejected one says why.
    world.write("brand.toml", file.replace("\"云山\"", "\"违规牌\""));
    json(&world, &apply);
    pass(&world);
    let all = json(&world, &["brand", "list"]).to_string();
    assert!(all.contains("reject_reason"), "{all}");
    // The options of a component are none of a store.
    let told = refused(&world, 2, &["brand", "apply", "云山", "--class", "30"]);
    assert!(told.contains("merchant apply --template"), "{told}");
    let told = refused(&world, 2, &["brand", "apply", "云山"]);
    assert!(told.contains("--file"), "{told}");
}

#[test]
fn a_category_is_applied_for_and_withdrawn() {
    let world = World::new();
    world.write("license.jpg", b"\xFF\xD8\xFF license");
    let file = block(&world, "category");
    let fields: String = file.split("category = ").skip(1).collect();
    let fields = fields.split_once('\n').expect("a line").1;
    world.write("license.toml", fields);
    let apply = [
        "category",
        "apply",
        "食品饮料/酒类/白酒",
        "--file",
        "license.toml",
    ];
    let rows = json(&world, &apply);
    assert_eq!(rows[0]["state"], "submitted", "{rows}");
    let listed = json(&world, &["category", "applications"]);
    assert_eq!(listed[0]["status"], 1, "{listed}");
    let audit = listed[0]["audit_id"].as_str().expect("a number").to_owned();
    json(&world, &["category", "withdraw", &audit]);
    assert_eq!(json(&world, &["category", "applications"])[0]["status"], 4);
    refused(&world, 1, &["category", "withdraw", &audit]);
    // By its name; and the reason of a rejection is listed.
    world.write("license.toml", fields.replace("JY1", "违规JY1"));
    json(
        &world,
        &["category", "apply", "白酒", "--file", "license.toml"],
    );
    pass(&world);
    let listed = json(&world, &["category", "applications"]);
    let reasons = listed.as_array().expect("a list").iter();
    assert!(
        reasons.clone().any(|row| row["audit_reason"]
            .as_str()
            .is_some_and(|why| !why.is_empty())),
        "{listed}"
    );
    let told = refused(
        &world,
        2,
        &["category", "apply", "没有的类目", "--file", "license.toml"],
    );
    assert!(told.contains("没有的类目"), "{told}");
    let told = refused(
        &world,
        2,
        &["category", "apply", "白酒", "--license", "license.jpg"],
    );
    assert!(told.contains("merchant apply --template"), "{told}");
    let told = refused(&world, 2, &["category", "apply", "白酒"]);
    assert!(told.contains("--file"), "{told}");
    // The component's own form stays as it was.
    let told = world.refused(2, &["category", "apply", "1451"]);
    assert!(told.contains("--license"), "{told}");
}

#[test]
fn the_banks_of_an_account_are_listed_for_a_store_too() {
    let world = World::new();
    world.ok(&["sandbox", "reset", "--bare"]);
    let banks = json(&world, &["funds", "banks", "招商"]);
    assert!(!banks.as_array().expect("a list").is_empty(), "{banks}");
    let provinces = json(&world, &["funds", "provinces"]);
    let code = provinces[0]["province_code"].to_string();
    let code = code.trim_matches('"');
    let cities = json(&world, &["funds", "cities", code]);
    let city = cities[0]["city_code"].to_string();
    let bank = banks[0]["bank_code"].as_str().expect("a code");
    json(
        &world,
        &[
            "funds",
            "branches",
            "--bank",
            bank,
            "--city",
            city.trim_matches('"'),
        ],
    );
    for args in [
        &["funds", "balance"][..],
        &["funds", "withdraw", "--amount", "1.00"],
        &["report", "sales"],
        &["report", "aftersales"],
    ] {
        let told = refused(&world, 2, args);
        assert!(told.contains("WeChat Store yet"), "{args:?}: {told}");
    }
}

/// Runs on a terminal of its own, with these answers typed.
#[cfg(target_os = "linux")]
fn on_terminal(world: &World, profile: &str, answers: &str, args: &[&str]) -> Said {
    let command = world.plain_command(&[&["--profile", profile], args].concat());
    said(&mut world.on_terminal(&command, answers))
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_the_steps_of_a_store_are_asked_for() {
    let world = World::new();
    world.write("license.jpg", b"\xFF\xD8\xFF license");
    world.write("trademark.jpg", b"\xFF\xD8\xFF mark");
    let answers = [
        // A category, after a slip, with its license.
        "2",
        "没有的类目",
        "白酒",
        "10",
        "101",
        "nowhere.jpg",
        "license.jpg",
        "1",
        "JY10000000000000",
        "1",
        "1",
        // A brand.
        "2",
        "8000201",
        "云山",
        "1",
        "46",
        "30",
        "1",
        "沙箱商贸有限公司",
        "12345678",
        "2",
        "trademark.jpg",
        "1",
        // An address, the default one for returns.
        "2",
        "退货仓",
        "李四",
        "13800000000",
        "广东省",
        "广州市",
        "天河区",
        "示例路1号",
        "2",
        "1",
        // A freight template that charges by the piece.
        "2",
        "新店运费",
        "广东省",
        "广州市",
        "天河区",
        "3",
        "2",
        "1",
        "8.00",
        "1",
        "2",
        "1",
    ];
    let typed = answers.join("\n") + "\n";
    let apply = ["merchant", "apply", "--save", "answers.json"];
    let said = on_terminal(&world, "store-sandbox", &typed, &apply);
    assert_eq!(said.code, Some(0), "{}", said.text());
    for words in [
        "没有的类目",
        "cannot read nowhere.jpg",
        "1 to 45",
        "submitted",
        "added",
    ] {
        assert!(said.text().contains(words), "{words}: {}", said.text());
    }
    let saved: Value = serde_json::from_str(&world.read("answers.json")).expect("JSON");
    assert_eq!(saved["address"][0]["name"], "退货仓", "{saved}");
    let charges = &saved["freight"][0]["all_freight_calc_method"]["freight_calc_method_list"];
    assert_eq!(charges[0]["first_price"], 800, "{saved}");
    // The answers are a file that is handed in again, and all of it is under way or stands.
    let rows = json(&world, &["merchant", "apply", "--file", "answers.json"]);
    let states: Vec<&str> = rows
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|row| row["state"].as_str())
        .collect();
    assert_eq!(
        states,
        ["done", "in_audit", "in_audit", "done", "done"],
        "{rows}"
    );
    // Nothing wanted, nothing sent; and a program is not asked.
    let seen = world.calls().len();
    let said = on_terminal(
        &world,
        "store-sandbox",
        "1\n1\n1\n1\n",
        &["merchant", "apply"],
    );
    assert_eq!(said.code, Some(0), "{}", said.text());
    assert!(said.text().contains("nothing was sent"), "{}", said.text());
    let said = on_terminal(
        &world,
        "store-sandbox",
        "",
        &["merchant", "apply", "--format", "json"],
    );
    assert_eq!(said.code, Some(0), "{}", said.text());
    let sent = world.paths_since(seen);
    assert!(!sent.iter().any(|path| path.ends_with("/add")), "{sent:?}");
}

#[test]
fn a_change_without_anything_to_change_is_refused_before_any_call() {
    let world = World::new();
    store(&world, &["freight", "list"]);
    let seen = world.calls().len();
    for command in [
        ["freight", "update", "5000000101"],
        ["address", "update", "6000000101"],
    ] {
        let told = refused(&world, 2, &command);
        assert!(told.contains("nothing to change was given"), "{told}");
        assert!(
            told.contains(&format!("wxsell {} update --help", command[0])),
            "{told}"
        );
    }
    assert_eq!(world.calls().len(), seen);
}
