//! Coupons of the live room and the copies that buyers hold.

use super::world::World;
use crate::support::spec;
use serde_json::json;

const BUYER: &str = "oExampleOpenid0000000000001";

/// A shop whose coupon calls are open.
fn confirmed() -> World {
    let world = World::new();
    world.ok(&["coupon", "confirm"]);
    world
}

fn five_off(world: &World, number: &str) {
    world.ok(&[
        "coupon",
        "add",
        number,
        "--name",
        "新客立减5元",
        "--off",
        "5.00",
        "--product",
        "TEA-1001",
        "--total",
        "2",
        "--per-buyer",
        "1",
        "--valid-days",
        "7",
        "--channels-account",
        "山野茶集",
    ]);
}

#[test]
fn a_coupon_lives_from_editing_to_void_and_nothing_goes_back() {
    let world = World::new();
    let said = world.refused(3, &["coupon", "list"]);
    assert!(said.contains("wxsell coupon confirm"), "{said}");
    world.ok(&["coupon", "confirm"]);
    five_off(&world, "C1");
    let coupon = world.json(&["coupon", "show", "C1"]);
    assert_eq!(
        coupon["coupon_info"]["discount_info"],
        json!({"discount_fee": 500, "discount_condition": {"out_product_ids": ["TEA-1001"]}})
    );
    assert_eq!((&coupon["type"], &coupon["status"]), (&json!(4), &json!(1)));
    assert_eq!(coupon["promote_type"], 4);
    let table = world.ok(&["coupon", "show", "C1"]);
    assert!(
        table.contains("5.00") && table.contains("product: amount off"),
        "{table}"
    );

    world.ok(&[
        "coupon",
        "update",
        "C1",
        "--off",
        "6.66",
        "--valid-days",
        "9",
    ]);
    let coupon = world.json(&["coupon", "show", "C1"]);
    assert_eq!(coupon["coupon_info"]["discount_info"]["discount_fee"], 666);
    assert_eq!(coupon["coupon_info"]["name"], "新客立减5元");
    assert_eq!(coupon["coupon_info"]["valid_info"]["valid_day_num"], 9);

    let calls = world.calls().len();
    let said = world.refused(2, &["coupon", "status", "C1", "void"]);
    assert!(
        said.contains("the coupon is editing, so it cannot become void"),
        "{said}"
    );
    world.ok(&["coupon", "status", "C1", "in-force"]);
    let said = world.refused(2, &["coupon", "update", "C1", "--off", "7"]);
    assert!(
        said.contains("the coupon is in force, so it cannot be changed"),
        "{said}"
    );
    let said = world.refused(2, &["coupon", "status", "C1", "editing"]);
    assert!(said.contains("cannot be undone"), "{said}");
    world.ok(&["coupon", "status", "C1", "void"]);
    let said = world.refused(2, &["coupon", "status", "C1", "in-force"]);
    assert!(said.contains("this state is final"), "{said}");
    let asked: Vec<String> = world
        .paths_since(calls)
        .into_iter()
        .filter(|path| path.contains("update"))
        .collect();
    assert_eq!(
        asked,
        ["/shop/coupon/update_status", "/shop/coupon/update_status"]
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn the_kind_follows_from_the_options() {
    let world = confirmed();
    let valid = ["--valid-from", "2022-04-01", "--valid-until", "2022-04-30"];
    for (number, options, kind) in [
        (
            "K1",
            &["--pays", "51%", "--from-amount", "99", "--product", "P"][..],
            1,
        ),
        (
            "K2",
            &["--off", "5", "--from-amount", "99", "--product", "P"],
            2,
        ),
        ("K3", &["--pays", "5.1折", "--product", "P"], 3),
        (
            "K101",
            &["--pays", "88.88%", "--from-pieces", "2", "--whole-shop"],
            101,
        ),
        (
            "K102",
            &["--off", "5", "--from-amount", "99.90", "--whole-shop"],
            102,
        ),
        ("K103", &["--pays", "9折", "--whole-shop"], 103),
        ("K104", &["--off", "0.01", "--whole-shop"], 104),
    ] {
        world.ok(&[
            &["coupon", "add", number, "--name", number],
            options,
            &valid,
        ]
        .concat());
        let coupon = world.json(&["coupon", "show", number]);
        assert_eq!(coupon["type"], kind, "{number}");
        assert_eq!(
            coupon["coupon_info"]["valid_info"]["start_time"],
            "2022-04-01T00:00:00+08:00"
        );
        assert_eq!(
            coupon["coupon_info"]["valid_info"]["end_time"],
            "2022-04-30T23:59:59+08:00"
        );
    }
    let coupon = world.json(&["coupon", "show", "K3"]);
    assert_eq!(coupon["coupon_info"]["discount_info"]["discount_num"], 5100);
    let table = world.ok(&["coupon", "list", "--columns", "out_coupon_id,discount"]);
    assert!(table.contains("buyers pay 51% (打5.1折)"), "{table}");
    assert!(table.contains("0.01 yuan off"), "{table}");
    let rows = world.json(&["coupon", "list"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(7));

    // From a share to an amount, and from products to the whole shop.
    world.ok(&["coupon", "update", "K3", "--off", "5", "--whole-shop"]);
    let coupon = world.json(&["coupon", "show", "K3"]);
    assert_eq!(coupon["type"], 104);
    assert_eq!(
        coupon["coupon_info"]["discount_info"],
        json!({"discount_fee": 500, "discount_condition": {}})
    );
    // A name alone leaves the kind as it is.
    world.ok(&["coupon", "update", "K102", "--name", "new"]);
    assert_eq!(world.json(&["coupon", "show", "K102"])["type"], 102);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn what_is_wrong_is_named_at_once_and_nothing_is_sent() {
    let world = confirmed();
    let calls = world.calls().len();
    let said = world.refused(
        2,
        &[
            "coupon",
            "add",
            "C1",
            "--off",
            "5",
            "--from-amount",
            "5",
            "--total",
            "1",
            "--per-buyer",
            "2",
        ],
    );
    for words in [
        "--name is missing",
        "missing validity",
        "needs at least one product",
        "must be less than the minimum amount",
        "the limit per buyer cannot exceed the number of coupons",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let many: Vec<String> = (0..129)
        .map(|number| format!("--product=P{number}"))
        .collect();
    let mut args = vec![
        "coupon",
        "add",
        "C1",
        "--name",
        "n",
        "--off",
        "5",
        "--valid-days",
        "1",
    ];
    args.extend(many.iter().map(String::as_str));
    let said = world.refused(2, &args);
    assert!(
        said.contains("a coupon can have at most 128 products; this one has 129"),
        "{said}"
    );
    for wrong in ["51", "5%", "1.2345%"] {
        let said = world.refused(2, &["coupon", "add", "C1", "--name", "n", "--pays", wrong]);
        assert!(said.contains("51% or 5.1折"), "{said}");
    }
    let said = world.refused(2, &["coupon", "add", "C1", "--name", "n", "--off", "5.001"]);
    assert!(said.contains("two decimals"), "{said}");
    assert_eq!(world.paths_since(calls), [""; 0]);

    // A dry run shows the request.
    let shown = world.ok(&[
        "coupon",
        "add",
        "C1",
        "--name",
        "n",
        "--off",
        "5",
        "--whole-shop",
        "--valid-seconds",
        "60",
        "--dry-run",
    ]);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(
        shown["coupon"]["coupon_info"]["valid_info"],
        json!({"valid_second": 60, "valid_type": 3})
    );
    assert!(
        !world
            .paths_since(calls)
            .contains(&"/shop/coupon/add".to_owned())
    );
}

#[test]
fn rare_kinds_come_from_a_file_and_wrong_numbers_are_refused_by_the_platform() {
    let world = confirmed();
    world.write(
        "coupon.json",
        json!({"coupon": {"type": 6, "coupon_info": {
            "name": "买二赠一",
            "discount_info": {"discount_condition": {"out_product_ids": ["P"], "buyget_info": {
                "buy_out_product_id": "P", "buy_product_cnt": 2, "get_out_product_id": "Q", "get_product_cnt": 1}}}}}})
        .to_string(),
    );
    world.ok(&[
        "coupon",
        "add",
        "B1",
        "--file",
        "coupon.json",
        "--valid-days",
        "3",
    ]);
    assert_eq!(world.json(&["coupon", "show", "B1"])["type"], 6);
    // The same numbers again are the same coupon; others under its number are not.
    world.ok(&[
        "coupon",
        "add",
        "B1",
        "--file",
        "coupon.json",
        "--valid-days",
        "3",
    ]);
    let said = world.refused(
        1,
        &[
            "coupon",
            "add",
            "B1",
            "--file",
            "coupon.json",
            "--valid-days",
            "4",
        ],
    );
    assert!(said.contains("100050"), "{said}");
    let said = world.refused(1, &["coupon", "show", "B2"]);
    assert!(said.contains("100002"), "{said}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_buyer_takes_a_coupon_and_uses_it() {
    let world = confirmed();
    five_off(&world, "C1");
    let said = world.refused(
        1,
        &[
            "coupon", "user", "add", BUYER, "--coupon", "C1", "--number", "U1",
        ],
    );
    assert!(said.contains("109100"), "{said}");
    world.ok(&["coupon", "status", "C1", "in-force"]);
    let request = world.json(&["sandbox", "coupon", "take", "C1"]);
    assert_eq!(request["out_coupon_id"], "C1");
    let add = [
        "coupon", "user", "add", BUYER, "--coupon", "C1", "--number", "U1",
    ];
    world.ok(&add);
    world.ok(&add);
    let said = world.refused(
        5,
        &[
            "coupon", "user", "add", BUYER, "--coupon", "C1", "--number", "U2",
        ],
    );
    assert!(said.contains("109103"), "{said}");
    world.ok(&[
        "coupon",
        "user",
        "add",
        "oExampleOpenid0000000000002",
        "--coupon",
        "C1",
        "--number",
        "U2",
    ]);
    let said = world.refused(
        1,
        &[
            "coupon",
            "user",
            "add",
            "oExampleOpenid0000000000003",
            "--coupon",
            "C1",
            "--number",
            "U3",
        ],
    );
    assert!(said.contains("109101"), "{said}");
    world.ok(&["coupon", "stock", "C1", "--left", "0", "--taken", "2"]);
    let rows = world.json(&["coupon", "list", "--status", "in-force"]);
    assert_eq!(
        rows[0]["coupon_stock"]["stock_info"],
        json!({"issued_num": 0, "receive_num": 2})
    );
    assert_eq!(
        world.json(&["coupon", "list", "--status", "void"]),
        json!([])
    );

    let copies = world.json(&["coupon", "user", "list", BUYER]);
    assert_eq!(copies.as_array().map(Vec::len), Some(1));
    assert_eq!(copies[0]["status"], 100);
    world.ok(&[
        "coupon",
        "user",
        "update",
        BUYER,
        "--coupon",
        "C1",
        "--number",
        "U1",
        "--used-at",
        "2022-04-02 12:00:00",
    ]);
    world.ok(&[
        "coupon", "user", "status", BUYER, "used", "--coupon", "C1", "--number", "U1",
    ]);
    let table = world.ok(&["coupon", "user", "list", BUYER]);
    assert!(
        table.contains("used") && table.contains("2022-04-02 12:00:00"),
        "{table}"
    );
    let said = world.refused(
        2,
        &[
            "coupon", "user", "status", BUYER, "expired", "--coupon", "C1", "--number", "U1",
        ],
    );
    assert!(
        said.contains("this user coupon is used, so it cannot become expired"),
        "{said}"
    );
    let said = world.refused(
        2,
        &[
            "coupon", "user", "status", BUYER, "used", "--coupon", "C1", "--number", "U9",
        ],
    );
    assert!(said.contains("has no coupon U9"), "{said}");

    // What nobody used runs out.
    let said = world.ok(&["sandbox", "advance", "8d"]);
    assert!(said.contains("U2") && said.contains("expired"), "{said}");
    let copies = world.json(&["coupon", "user", "list", "oExampleOpenid0000000000002"]);
    assert_eq!(copies[0]["status"], 101);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_coupon_of_a_fixed_time_runs_out() {
    let world = confirmed();
    let until = (jiff_day(2)).to_string();
    world.ok(&[
        "coupon",
        "add",
        "F1",
        "--name",
        "n",
        "--off",
        "1",
        "--whole-shop",
        "--valid-from",
        "2022-04-01",
        "--valid-until",
        &until,
    ]);
    world.ok(&["coupon", "status", "F1", "in-force"]);
    world.ok(&["sandbox", "advance", "4d"]);
    assert_eq!(world.json(&["coupon", "show", "F1"])["status"], 3);
    let many: Vec<String> = (0..205).map(|number| format!("M{number}")).collect();
    let mut shop = world.sandbox();
    shop.set(|settings| settings.keep_calls = 5000)
        .expect("set");
    for number in &many[..3] {
        five_off(&world, number);
    }
    let rows = world.json(&["coupon", "list", "--limit", "2"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(2));
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

/// The day so many days from now, as it is typed.
fn jiff_day(days: i64) -> String {
    wxsell::types::ChinaTime::from_unix(wxsell::types::now() + days * 86_400).0[..10].to_owned()
}
