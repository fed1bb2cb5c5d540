//! `order …`: from the report to the payment, with both price rules held before anything is sent.

use super::catalogues::teas;
use super::world::World;
use crate::support::spec;
use serde_json::json;

const BUYER: &str = "oExampleOpenid0000000000001";

const ADDRESS: &str = r#"{"receiver_name": "示例收货人", "tel_number": "13800000000", "province": "广东省",
    "city": "广州市", "town": "天河区", "detailed_address": "示例路 1 号"}"#;

/// A shop with two teas, T at 99 yuan and U at 45.50.
pub fn shop() -> World {
    let world = World::with_goods(&teas(&[("T", "99"), ("U", "45.50")]));
    world.write("address.json", ADDRESS);
    world
}

pub fn create<'a>(number: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec![
        "order",
        "create",
        number,
        "--openid",
        BUYER,
        "--scene",
        "1177",
        "--path",
        "pages/order?id=1",
        "--address",
        "address.json",
    ];
    args.extend(more);
    args
}

#[test]
fn an_order_for_one_product_takes_what_the_shop_knows() {
    let world = shop();
    let made = world.json(&create(
        "A1",
        &[
            "--product",
            "T",
            "--count",
            "2",
            "--freight",
            "8",
            "--discount",
            "10",
        ],
    ));
    assert_eq!(
        (&made["out_order_id"], &made["final_price"]),
        (&json!("A1"), &json!(19_600))
    );
    assert!(made["order_id"].is_string(), "{made}");
    let sold = world.sandbox().orders().expect("orders");
    let order = &sold[0].order;
    assert_eq!(
        (
            order.rows[0].sku_real_price.0,
            order.price.freight.0,
            order.fund_type
        ),
        (18_800, 800, 1)
    );
    assert!(!order.rows[0].title.is_empty() && !order.rows[0].head_img.is_empty());

    let shown = world.run_with(&[("COLUMNS", "80")], &["order", "show", "A1"]);
    let shown = shown.text();
    assert!(
        shown.lines().all(|line| line.chars().count() <= 80),
        "{shown}"
    );
    assert!(
        shown.contains("T-") && shown.contains("× 2  188.00"),
        "{shown}"
    );
    assert!(
        shown.contains("138****0000") && !shown.contains("13800000000"),
        "{shown}"
    );
    let whole = world.json(&["order", "show", "A1", "--openid", BUYER, "--unmask"]);
    assert_eq!(whole["receiver"]["phone"], "13800000000");
    assert_eq!(whole["state"], "unpaid");
    let id = whole["id"].as_str().expect("text");
    assert_eq!(
        world.json(&["order", "show", id, "--by-id", "--openid", BUYER])["number"],
        "A1"
    );
    // The number that is printed is taken as it is, with the buyer and without.
    for args in [
        &["order", "show", id][..],
        &["order", "show", id, "--openid", BUYER],
    ] {
        assert_eq!(world.json(args)["number"], "A1", "{args:?}");
    }
    let unknown = world.refused(2, &["order", "show", "A9"]);
    assert!(unknown.contains("order A9 was not found"), "{unknown}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn every_problem_of_an_order_is_named_before_anything_is_sent() {
    let world = shop();
    let order = json!({
        "out_order_id": "A-1", "openid": BUYER, "scene": 1177, "path": "p",
        "order_detail": {
            "product_infos": [
                {"out_product_id": "T", "out_sku_id": "T", "product_cnt": 2, "sale_price": 9900,
                 "sku_real_price": 19_800, "path": "p", "title": "t", "head_img": "h"},
            ],
            "price_info": {"order_price": 19_700, "freight": 0, "discounted_price": 0, "discount": 1},
        },
        "create_time": "2022-04-01 12:00:00", "expire_time": 1,
    });
    world.write("order.json", order.to_string());
    let seen = world.calls().len();
    let told = world.refused(2, &["order", "create", "--file", "order.json"]);
    for words in [
        "letters and digits",
        "price_info.discount is not a field",
        "goods 198.00 + freight 0.00 - discount 0.00",
        "what is paid for the goods, 198.00",
        "more than a day from now",
        "expire_time is past",
        "address_info is missing",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(world.paths_since(seen), [""; 0]);
    let dry = world.ok(&create("A1", &["--product", "U", "--dry-run"]));
    assert!(dry.contains("\"order_price\": 4550"), "{dry}");
    assert!(!dry.contains("13800000000"), "{dry}");
    assert!(world.sandbox().orders().expect("orders").is_empty());
}

#[test]
fn a_product_or_sku_that_is_not_there_is_said_in_the_words_of_the_shop() {
    let world = shop();
    let seen = world.calls().len();
    let told = world.refused(2, &create("A1", &["--product", "NOPE"]));
    assert!(told.contains("the shop has no product NOPE"), "{told}");
    assert!(
        !told.contains("product_infos") && !told.contains("api describe"),
        "{told}"
    );
    let told = world.refused(2, &create("A1", &["--product", "T", "--sku", "X"]));
    assert!(told.contains("product T has no SKU X; it has T-"), "{told}");
    assert!(!told.contains("product_infos"), "{told}");
    let paths = world.paths_since(seen);
    assert!(!paths.contains(&"/shop/order/add".to_owned()), "{paths:?}");
}

#[test]
fn what_wx_request_order_payment_takes_is_printed_as_it_is() {
    let world = shop();
    world.ok(&create("A1", &["--product", "T"]));
    let params = world.json(&["order", "payment-params", "A1"]);
    let mut names: Vec<&str> = params
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["nonceStr", "package", "paySign", "signType", "timeStamp"]
    );
    let stamp = params["timeStamp"].as_str().expect("text");
    assert!(stamp.bytes().all(|byte| byte.is_ascii_digit()), "{stamp}");
    world.ok(&["sandbox", "buyer", "pay", "A1"]);
    let told = world.refused(1, &["order", "payment-params", "A1"]);
    assert!(told.contains("1010043"), "{told}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn orders_are_listed_by_state_time_and_who_brought_them() {
    let world = shop();
    for number in ["A1", "A2", "A3"] {
        world.ok(&create(number, &["--product", "T"]));
    }
    let openid = "oExampleOpenid0000000000004";
    world.ok(&[
        "sandbox",
        "buyer",
        "pay",
        "A2",
        "--promoter",
        "P1",
        "--sharer",
        openid,
    ]);
    world.ok(&["sandbox", "buyer", "cancel", "A3"]);
    let listed = |args: &[&str]| -> Vec<String> {
        let rows = world.json(&[&["order", "list"], args].concat());
        let rows = rows.as_array().expect("rows");
        rows.iter()
            .map(|row| row["number"].as_str().expect("text").to_owned())
            .collect()
    };
    assert_eq!(listed(&[]), ["A3", "A2", "A1"]);
    assert_eq!(listed(&["--oldest-first", "--limit", "2"]), ["A1", "A2"]);
    assert_eq!(listed(&["--status", "paid"]), ["A2"]);
    assert_eq!(
        listed(&["--status", "unpaid", "--status", "cancelled"]),
        ["A3", "A1"]
    );
    assert_eq!(listed(&["--promoter", "P1"]), ["A2"]);
    assert_eq!(listed(&["--sharer", openid]), ["A2"]);
    let seen = world.calls().len();
    assert_eq!(listed(&["--until", "2022-04-01"]), [""; 0]);
    assert_eq!(
        listed(&["--since", "2022-04-01", "--until", "2022-04-30"]),
        [""; 0]
    );
    assert_eq!(
        world.paths_since(seen).len(),
        1 + 5,
        "30 days are five windows"
    );
    let old = world.refused(2, &["order", "list", "--since", "0001-01-01"]);
    assert!(old.contains("before 2021"), "{old}");
    // A spreadsheet has what is needed to pack and send.
    let sheet = world.ok(&[
        "order", "list", "--format", "csv", "--unmask", "--status", "paid",
    ]);
    assert!(
        sheet.starts_with("number,state,total,created_at,skus,id,")
            && sheet.contains("13800000000"),
        "{sheet}"
    );
    let chosen = world.ok(&[
        "order",
        "list",
        "--columns",
        "number,receiver,phone,address",
        "--limit",
        "1",
    ]);
    assert!(chosen.contains("138****0000"), "{chosen}");
    let full = world.json(&["order", "list", "--full", "--limit", "1"]);
    assert_eq!(full[0]["wechat"]["out_order_id"], full[0]["number"]);
    assert!(world.json(&["order", "list", "--limit", "1"])[0]["wechat"].is_null());
    let told = world.refused(2, &["order", "list", "--since", "soon"]);
    assert!(told.contains("write a day"), "{told}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_price_is_changed_once_and_an_address_until_shipment() {
    let world = shop();
    world.ok(&create(
        "A1",
        &["--product", "T", "--count", "2", "--freight", "8"],
    ));
    let sku = world.sandbox().orders().expect("orders")[0].order.rows[0]
        .out_sku_id
        .clone();
    let paid = format!("{sku}=150");
    let told = world.refused(2, &["order", "change-price", "A1", "--paid", "NO=1"]);
    assert!(told.contains("no SKU NO"), "{told}");
    world.ok(&[
        "order",
        "change-price",
        "A1",
        "--paid",
        &paid,
        "--freight",
        "0",
    ]);
    let price = world.sandbox().orders().expect("orders")[0]
        .order
        .price
        .clone();
    assert_eq!(
        (price.order_price.0, price.discounted_price.0),
        (15_000, 4_800)
    );
    let seen = world.calls().len();
    world.ok(&["order", "change-price", "A1", "--paid", &paid]);
    let sent = world.paths_since(seen);
    assert!(!sent.iter().any(|path| path.ends_with("change_price")));
    let other = paid.replace("150", "149");
    let again = world.refused(1, &["order", "change-price", "A1", "--paid", &other]);
    assert!(again.contains("990022"), "{again}");
    world.write("new.json", ADDRESS.replace("1 号", "2 号"));
    world.ok(&["order", "update-address", "A1", "--file", "new.json"]);
    let order = world.json(&["order", "show", "A1", "--unmask"]);
    assert_eq!(order["receiver"]["street"], "示例路 2 号");
    world.ok(&["sandbox", "buyer", "pay", "A1"]);
    world.ok(&[
        "delivery",
        "send",
        "A1",
        "--carrier",
        "顺丰",
        "--waybill",
        "SF1",
    ]);
    let late = world.refused(1, &["order", "update-address", "A1", "--file", "new.json"]);
    assert!(late.contains("1010034"), "{late}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn an_ordinary_order_is_reported_paid_and_an_unpaid_one_closed() {
    let world = shop();
    world.ok(&create(
        "A1",
        &[
            "--product",
            "T",
            "--fund-type",
            "ordinary",
            "--prepay-id",
            "wx1",
            "--prepay-time",
            "2022-04-01",
        ],
    ));
    let told = world.refused(
        2,
        &create("A2", &["--product", "T", "--fund-type", "ordinary"]),
    );
    assert!(told.contains("prepay_id"), "{told}");
    world.ok(&["order", "pay", "A1", "--transaction-id", "4200000001"]);
    assert_eq!(world.json(&["order", "show", "A1"])["state"], "paid");
    // What cannot be is refused by how the order stands, and what is so already is no failure.
    let paid = world.refused(1, &["order", "close", "A1"]);
    assert!(paid.contains("order A1 is in state \"to ship\""), "{paid}");
    let again = world.run(&["order", "pay", "A1", "--transaction-id", "4200000001"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    world.ok(&create("A3", &["--product", "T"]));
    let told = world.refused(1, &["order", "pay", "A3", "--transaction-id", "1"]);
    assert!(told.contains("1010050"), "{told}");
    let unpaid = world.refused(1, &["delivery", "receive", "A3"]);
    assert!(
        unpaid.contains("order A3 is in state \"unpaid\""),
        "{unpaid}"
    );
    world.ok(&["order", "close", "A3"]);
    assert_eq!(world.json(&["order", "show", "A3"])["state"], "cancelled");
    let seen = world.calls().len();
    world.ok(&["order", "close", "A3"]);
    let sent = world.paths_since(seen);
    assert!(!sent.iter().any(|path| path.ends_with("order/close")));
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_scene_says_whether_its_orders_must_be_reported() {
    let world = World::new();
    insta::assert_snapshot!(world.ok(&["order", "check-scene", "1177"]), @"MUST BE REPORTED  yes");
    assert_eq!(
        world.json(&["order", "check-scene", "1001"])["is_matched"],
        0
    );
    assert!(
        world
            .refused(2, &["order", "check-scene", "x"])
            .contains('x')
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn the_clock_of_the_sandbox_is_the_clock_of_orders() {
    let world = shop();
    world.ok(&["sandbox", "advance", "40d"]);
    world.ok(&create("A1", &["--product", "T", "--pay-within", "30m"]));
    world.ok(&["sandbox", "buyer", "pay", "A1", "--slow"]);
    assert_eq!(
        world.json(&["order", "show", "A1"])["state"],
        "payment_checked"
    );
    world.ok(&["sandbox", "advance", "2m"]);
    assert_eq!(world.json(&["order", "show", "A1"])["state"], "paid");
    world.ok(&create("A2", &["--product", "T", "--pay-within", "30m"]));
    let went = world.json(&["sandbox", "advance", "31m"]);
    assert_eq!(went[0]["what"], "payment time ran out");
    // A time ago is one of the shop's clock, and what JSON prints is a time.
    let numbers = |args: &[&str]| {
        let rows = world.json(&[&["order", "list", "--columns", "number"], args].concat());
        rows.to_string()
    };
    assert_eq!(numbers(&["--since", "32m"]), r#"[{"number":"A2"}]"#);
    assert_eq!(numbers(&["--until", "32m"]), r#"[{"number":"A1"}]"#);
    let created = world.json(&["order", "show", "A2"])["created_at"].clone();
    let created = created.as_str().expect("a time");
    assert_eq!(
        numbers(&["--since", created, "--until", created]),
        r#"[{"number":"A2"}]"#
    );
}

#[test]
fn a_seeded_shop_is_the_same_for_the_same_seed() {
    let shops = [World::new(), World::new()].map(|world| {
        let seeded = world.json(&[
            "sandbox",
            "seed",
            "--goods",
            "12",
            "--orders",
            "60",
            "--aftersales",
            "12",
            "--seed",
            "7",
        ]);
        assert_eq!(
            (&seeded["goods"], &seeded["orders"], &seeded["aftersales"]),
            (&json!(12), &json!(60), &json!(12))
        );
        let cases = world.sandbox().aftersales().expect("after-sales");
        let kinds: std::collections::BTreeSet<i64> = cases.iter().map(|case| case.state).collect();
        assert!(cases.len() == 12 && kinds.len() > 3, "{kinds:?}");
        let mut states = std::collections::BTreeMap::new();
        let orders = world.sandbox().orders().expect("orders");
        for sold in &orders {
            *states.entry(sold.status).or_insert(0) += 1;
        }
        for state in [10, 20, 30, 100, 181, 250] {
            assert!(states.contains_key(&state), "{states:?}");
        }
        let told = world.refused(
            2,
            &[
                "sandbox", "seed", "--goods", "1", "--orders", "0", "--seed", "7",
            ],
        );
        assert!(told.contains("already used"), "{told}");
        let rows = world.json(&["order", "list", "--limit", "100"]);
        assert_eq!(rows.as_array().map(Vec::len), Some(60));
        assert_eq!(spec::problems(&world.calls()), [""; 0]);
        orders
            .into_iter()
            .map(|sold| {
                let paid = sold.order.paid_at.map(|at| at - sold.created_at);
                let waybills: Vec<String> = sold
                    .order
                    .parcels
                    .iter()
                    .map(|parcel| parcel.waybill_id.clone())
                    .collect();
                (
                    sold.order_id,
                    sold.out_order_id,
                    sold.status,
                    sold.order.price,
                    sold.order.ticket,
                    paid,
                    waybills,
                )
            })
            .collect::<Vec<_>>()
    });
    assert_eq!(shops[0], shops[1]);
}
