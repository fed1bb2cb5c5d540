//! `aftersale`: every verb, what it refuses before anything is sent, and money to the fen.

use super::sold::BUYER;
use super::world::World;
use crate::support::spec;
use serde_json::{Value, json};
use wxsell::sandbox::{Fault, FaultKind};

fn state(world: &World, number: &str) -> i64 {
    world.json(&["aftersale", "show", number])["wechat"]["status"]
        .as_i64()
        .expect("a state")
}

fn writes(world: &World) -> usize {
    let reads = [
        "/shop/ecaftersale/get",
        "/shop/ecaftersale/get_list",
        "/shop/order/get",
    ];
    let calls = world.calls();
    calls
        .iter()
        .filter(|call| !reads.contains(&call.path.as_str()))
        .count()
}

#[test]
fn a_refund_is_shown_accepted_and_paid() {
    let world = World::selling();
    world.paid("W1");
    let number = world.opened(&["refund", "W1", "--product", "T1", "--amount", "12.34"]);
    world.ok(&["sandbox", "advance", "90m"]);
    let listed = world.ok(&[
        "aftersale",
        "list",
        "--columns",
        "order_number,type,state,amount,waits_for,time_left",
    ]);
    insta::assert_snapshot!(listed, @"
     ORDER  TYPE    STATE              YUAN  WAITS FOR  TIME LEFT
     W1     refund  refund requested  12.34  you        1d 22h
    ");
    let shown = world.json(&["aftersale", "show", &number]);
    assert_eq!(
        (
            &shown["amount"],
            &shown["deadline"]["who"],
            &shown["order_id"].is_string()
        ),
        (&json!(1234), &json!("merchant"), &true)
    );
    let said = world.run(&["aftersale", "accept-refund", &number]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.text().contains("refunding"), "{}", said.text());
    world.ok(&["sandbox", "advance", "1m"]);
    assert_eq!(state(&world, &number), 13);
    let order = world.json(&["order", "show", "W1", "--openid", BUYER]);
    assert_eq!(order["wechat"]["refund_info"]["refund_amount"], 1234);
    // It stands there: nothing more is sent, and it is shown again.
    let before = writes(&world);
    let again = world.run(&["aftersale", "accept-refund", &number]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(
        again
            .stderr
            .contains("already in that state; nothing was sent")
            && again.text().contains("refunded"),
        "{}{}",
        again.text(),
        again.stderr
    );
    // What it cannot come to any more is refused.
    let told = world.refused(1, &["aftersale", "reject", &number]);
    assert!(
        told.contains("is refunded") && told.contains("it has ended"),
        "{told}"
    );
    assert_eq!(writes(&world), before);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_return_goes_there_and_back() {
    let world = World::selling();
    world.with_address();
    world.shipped("W1");
    let number = world.opened(&["return", "W1", "--product", "T2"]);
    let told = world.refused(1, &["aftersale", "accept-refund", &number]);
    assert!(
        told.contains(
            "accept the return first; accept-refund is for when the goods have come back"
        ) && told.contains(&format!("wxsell aftersale accept-return {number}"))
            && told.contains("--force"),
        "{told}"
    );
    world.ok(&[
        "aftersale",
        "return-address",
        &number,
        "--address",
        "address.json",
    ]);
    world.ok(&["aftersale", "accept-return", &number]);
    let masked = world.json(&["aftersale", "show", &number]);
    assert_eq!(masked["return_address"]["phone"], "139****0000");
    let told = world.refused(
        1,
        &[
            "aftersale",
            "return-address",
            &number,
            "--address",
            "address.json",
        ],
    );
    assert!(
        told.contains("fixed once the return has been accepted"),
        "{told}"
    );
    world.ok(&[
        "aftersale",
        "return-info",
        &number,
        "--carrier",
        "SF",
        "--waybill",
        "SF9",
    ]);
    let refund = world.json(&["aftersale", "accept-refund", &number]);
    assert_eq!(refund["state"], "refunding");
    world.ok(&["sandbox", "advance", "1m"]);
    assert_eq!(state(&world, &number), 13);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn times_run_out_and_are_seen_coming() {
    let world = World::selling();
    world.with_address();
    world.shipped("W1");
    let refund = world.opened(&["refund", "W1", "--product", "T1"]);
    world.ok(&["sandbox", "advance", "45h"]);
    let back = world.opened(&["return", "W1", "--product", "T2"]);
    let due = world.json(&["aftersale", "list", "--due", "6h"]);
    assert_eq!(
        (due.as_array().map(Vec::len), &due[0]["id"]),
        (Some(1), &json!(refund))
    );
    let both = world.json(&["aftersale", "list", "--due", "3d"]);
    assert_eq!(both[1]["id"], json!(back), "the nearest first");
    world.ok(&["sandbox", "advance", "4h"]);
    assert_eq!((state(&world, &refund), state(&world, &back)), (13, 23));
    world.ok(&["sandbox", "advance", "2d"]);
    assert_eq!(state(&world, &back), 6);
    world.ok(&["sandbox", "advance", "8d"]);
    assert_eq!(state(&world, &back), 7);
    let open = world.run(&["aftersale", "list", "--open"]);
    assert_eq!((open.code, open.text()), (Some(0), ""));
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn what_a_buyer_may_ask_for_is_known_before_it_is_sent() {
    let world = World::selling();
    world.paid("W1");
    let create = |more: &[&str]| {
        let args = [
            "aftersale",
            "create",
            "W1",
            "--openid",
            BUYER,
            "--reason",
            "quality",
        ];
        world.run(&[&args[..], more].concat())
    };
    let before = writes(&world);
    let said = create(&["--type", "refund"]);
    assert!(
        said.code == Some(2) && said.stderr.contains("product T2, SKU T2-1"),
        "{}",
        said.stderr
    );
    let said = create(&["--type", "return", "--product", "T1"]);
    assert!(
        said.code == Some(1) && said.stderr.contains("not shipped"),
        "{}",
        said.stderr
    );
    let said = create(&["--type", "refund", "--product", "T1", "--amount", "19.01"]);
    assert!(
        said.code == Some(1)
            && said.stderr.contains("19.01 yuan cannot be refunded: 18.00 yuan are left for this SKU, and 1.00 yuan of freight"),
        "{}",
        said.stderr
    );
    let said = create(&["--type", "refund", "--product", "T1", "--amount", "1.001"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert_eq!(writes(&world), before, "nothing was sent");
    let dry = create(&["--type", "refund", "--product", "T1", "--dry-run"]);
    let body: Value = serde_json::from_str(dry.text()).expect("the request");
    assert_eq!(
        (
            &body["orderamt"],
            &body["refund_reason_type"],
            &body["product_info"]["product_cnt"]
        ),
        (&json!(1800), &json!(14), &json!(2))
    );
    let said = create(&[
        "--type",
        "refund",
        "--product",
        "T1",
        "--amount",
        "19",
        "--number",
        "AS1",
    ]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let made = world.json(&["aftersale", "show", "AS1"]);
    assert_eq!(
        (&made["amount"], &made["reason_text"]),
        (&json!(1900), &json!("质量问题"))
    );
    // What one asks for is not left for another; a number is used once.
    let said = create(&[
        "--type",
        "refund",
        "--product",
        "T1",
        "--amount",
        "0.01",
        "--number",
        "AS2",
    ]);
    assert!(
        said.stderr.contains("0.00 yuan are left"),
        "{}",
        said.stderr
    );
    let said = create(&["--type", "refund", "--product", "T2", "--number", "AS1"]);
    assert!(
        said.code == Some(1) && said.stderr.contains("2747013"),
        "{}",
        said.stderr
    );
    let told = world.refused(1, &["aftersale", "update", "AS1", "--amount", "20"]);
    assert!(told.contains("20.00 yuan cannot be refunded"), "{told}");
    world.ok(&[
        "aftersale",
        "update",
        "AS1",
        "--amount",
        "5.50",
        "--reason",
        "mistake",
    ]);
    let made = world.json(&["aftersale", "show", "AS1"]);
    assert_eq!(
        (&made["amount"], &made["reason"]),
        (&json!(550), &json!("mistake"))
    );
    for _ in 0..3 {
        world.ok(&["aftersale", "update", "AS1", "--amount", "5.60"]);
    }
    let told = world.refused(5, &["aftersale", "update", "AS1", "--amount", "5.70"]);
    assert!(told.contains("2747016"), "{told}");
    world.ok(&["aftersale", "cancel", "AS1"]);
    assert_eq!(state(&world, "AS1"), 1);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_refund_that_cannot_be_paid_is_proven_outside() {
    let world = World::selling();
    world.shipped("W1");
    world.write("proof.png", include_bytes!("../data/images/CLO-2001.png"));
    let number = world.opened(&["refund", "W1", "--product", "T2"]);
    world.ok(&["sandbox", "fail-refund", &number]);
    let args = [
        "aftersale",
        "certificates",
        &number,
        "--text",
        "已转账",
        "--image",
        "proof.png",
    ];
    let pictures = world.pictures();
    let told = world.refused(1, &args);
    assert!(told.contains("is refund requested"), "{told}");
    assert_eq!(world.pictures(), pictures, "refused before the upload");
    world.ok(&["aftersale", "accept-refund", &number]);
    world.ok(&["sandbox", "advance", "1m"]);
    assert_eq!(state(&world, &number), 25);
    world.ok(&args);
    world.ok(&["sandbox", "buyer", "proof", &number]);
    assert_eq!(state(&world, &number), 13);
    let order = world.json(&["order", "show", "W1", "--openid", BUYER]);
    assert_eq!(order.get("refund_info"), None, "WeChat paid nothing back");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_lost_answer_is_looked_up_and_a_busy_order_waited_for() {
    let world = World::selling();
    world.paid("W1");
    let number = world.opened(&["refund", "W1", "--product", "T1"]);
    let lost = Fault {
        after: true,
        ..Fault::once("/shop/ecaftersale/acceptrefund", FaultKind::Reset)
    };
    world.sandbox().add_fault(&lost).expect("a fault");
    let said = world.run(&["aftersale", "accept-refund", &number]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("the answer was lost; the after-sale shows that it was done"),
        "{}",
        said.stderr
    );
    let sent = |path: &str| {
        world
            .calls()
            .iter()
            .filter(|call| call.path == path)
            .count()
    };
    assert_eq!(
        sent("/shop/ecaftersale/acceptrefund"),
        1,
        "money is not sent twice"
    );
    let busy = FaultKind::Errcode {
        errcode: 2_747_026,
        errmsg: "another call is running".into(),
    };
    let other = world.opened(&["refund", "W1", "--product", "T2"]);
    let fault = Fault::once("/shop/ecaftersale/reject", busy);
    world.sandbox().add_fault(&fault).expect("a fault");
    world.ok(&["aftersale", "reject", &other, "--reason", "已发货"]);
    assert_eq!(
        (sent("/shop/ecaftersale/reject"), state(&world, &other)),
        (2, 4)
    );
    let said = world.run_in_time(&["aftersale", "reject", &other, "--force"]);
    let told = &said.stderr;
    assert_eq!(said.code, Some(9), "{told}");
    assert!(
        told.contains("2747008")
            && told.contains("present state: 4")
            && told.contains("the buyer can cancel"),
        "{told}"
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn while_the_after_sale_does_not_show_it_the_outcome_is_unknown() {
    let world = World::selling();
    world.paid("W1");
    let number = world.opened(&["refund", "W1", "--product", "T1"]);
    let lost = Fault::once("/shop/ecaftersale/acceptrefund", FaultKind::Reset);
    world.sandbox().add_fault(&lost).expect("a fault");
    let said = world.run_in_time(&["aftersale", "accept-refund", &number]);
    let told = &said.stderr;
    assert_eq!(said.code, Some(9), "{told}");
    assert!(
        told.contains("run the same command again in a minute") && !told.contains("repeated"),
        "{told}"
    );
    // The platform's "wrong state" to a step that it has done is no refusal.
    let shop = world.altered(|path, _, reply| {
        if path == "/shop/ecaftersale/acceptrefund" {
            *reply = json!({"errcode": 2_747_008, "errmsg": "present state: 11"});
        }
    });
    let said = shop.run(&world, &["aftersale", "accept-refund", &number]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("shows that it was done"),
        "{}",
        said.stderr
    );
    assert_eq!(state(&world, &number), 11);
}

#[test]
fn overdue_steps_are_rehearsed_and_the_period_is_set() {
    let world = World::selling();
    world.shipped("W1");
    let number = world.opened(&["refund", "W1", "--product", "T1"]);
    let told = world.refused(9, &["aftersale", "test", &number, "receipt"]);
    assert!(told.contains("2747008"), "{told}");
    world.ok(&["aftersale", "test", &number, "refund"]);
    assert_eq!(state(&world, &number), 11);
    world.ok(&["sandbox", "buyer", "confirm", "W1"]);
    let deadline = ["aftersale", "deadline", "W1", "--openid", BUYER, "--until"];
    let told = world.refused(2, &[&deadline[..], &["2022-04-01"]].concat());
    assert!(told.contains("has passed"), "{told}");
    world.ok(&[&deadline[..], &["2099-04-01"]].concat());
    world.ok(&[&deadline[..], &["2099-04-01", "--other-path"]].concat());
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn after_sales_of_ordinary_orders_are_reported() {
    let world = World::selling();
    world.write(
        "order.json",
        json!({
            "out_order_id": "O1", "openid": BUYER, "fund_type": 0, "scene": 1001, "path": "p?order=O1",
            "order_detail": {
                "product_infos": [{"out_product_id": "T1", "out_sku_id": "T1-1", "product_cnt": 1, "sale_price": 1000,
                    "sku_real_price": 1000, "path": "p", "title": "t", "head_img": "https://mmecimage.cn/p/x/y"}],
                "pay_info": {"pay_method_type": 0, "prepay_id": "wx1", "prepay_time": "2022-04-01 12:00:00"},
                "price_info": {"order_price": 1000, "freight": 0},
            },
            "delivery_detail": {"delivery_type": 1},
            "address_info": {"receiver_name": "李四", "detailed_address": "示例路 1 号", "tel_number": "13800000000"},
        })
        .to_string(),
    );
    world.ok(&["order", "create", "--file", "order.json"]);
    let paid = json!({"out_order_id": "O1", "openid": BUYER, "action_type": 1, "transaction_id": "4200",
                      "pay_time": "2022-04-01 12:00:00"});
    world.ok(&["api", "call", "order_pay", "--data", &paid.to_string()]);
    let create = [
        "aftersale",
        "create",
        "O1",
        "--openid",
        BUYER,
        "--type",
        "refund",
        "--amount",
        "10",
    ];
    let told = world.refused(1, &[&create[..], &["--reason", "quality"]].concat());
    assert!(
        told.contains("fund_type 0") && told.contains("--legacy"),
        "{told}"
    );
    let told = world.refused(2, &[&create[..], &["--legacy"]].concat());
    assert!(told.contains("--path"), "{told}");
    world.ok(&[
        &create[..],
        &["--legacy", "--path", "p/aftersale", "--number", "L1"],
    ]
    .concat());
    let update = [
        "aftersale",
        "update",
        "L1",
        "--legacy",
        "--order",
        "O1",
        "--openid",
        BUYER,
    ];
    world.ok(&[&update[..], &["--status", "refunded"]].concat());
    let shown = world.json(&["aftersale", "show", "O1", "--legacy", "--openid", BUYER]);
    assert_eq!(
        (&shown[0]["status"], &shown[0]["refund"]),
        (&json!(13), &json!(1000))
    );
    let listed = world.json(&["aftersale", "list", "--legacy"]);
    assert_eq!(listed[0]["out_aftersale_id"], "L1");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_lively_shop_has_after_sales_in_many_states() {
    let sown = || {
        let world = World::new();
        let made = world.json(&[
            "sandbox",
            "seed",
            "--goods",
            "20",
            "--orders",
            "120",
            "--aftersales",
            "25",
        ]);
        let listed = world.json(&[
            "aftersale",
            "list",
            "--columns",
            "order_number,type,state,amount",
        ]);
        assert_eq!(spec::problems(&world.calls()), [""; 0]);
        (made["aftersales"].clone(), listed)
    };
    let (made, listed) = sown();
    let rows = listed.as_array().expect("rows");
    assert_eq!((made, rows.len()), (json!(25), 25));
    let states: std::collections::BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| row["state"].as_str())
        .collect();
    assert!(states.len() >= 5, "{states:?}");
    assert_eq!(sown().1, listed, "the same seed makes the same shop");
}
