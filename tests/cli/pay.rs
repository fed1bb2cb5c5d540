//! Payments of the payment-management service: paid, given back, settled, each number counting once.

use super::world::World;
use crate::support::spec;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::{Duration, Instant};
use wxsell::sandbox::{Account, Fault, FaultKind};
use wxsell::types::Fen;

const REFUND: &str = "/shop/pay/refundorder";

fn create(world: &World, trade_no: &str) -> Value {
    world.json(&[
        "pay",
        "create",
        &format!("C{trade_no}"),
        "--openid",
        "oBuyer",
        "--mchid",
        "1600000001",
        "--trade-no",
        trade_no,
        "--description",
        "tea",
        "--amount",
        "99",
    ])
}

/// A payment of 99 yuan that the buyer paid.
fn paid(trade_no: &str) -> World {
    let world = World::new();
    create(&world, trade_no);
    world.ok(&["sandbox", "payment", "pay", trade_no]);
    world
}

fn held(world: &World, which: Account) -> i64 {
    let accounts = world.sandbox().accounts().expect("accounts");
    let found = accounts.into_iter().find(|(account, _)| *account == which);
    found.expect("an account").1.0
}

#[test]
fn a_payment_goes_from_the_cashier_to_what_is_settled() {
    let world = World::new();
    let params = create(&world, "TN0001");
    assert!(
        params["package"]
            .as_str()
            .expect("text")
            .starts_with("prepay_id=")
    );
    // The signature is over these digits.
    let time = params["timeStamp"].as_str().expect("text");
    assert!(
        time.len() == 10 && time.bytes().all(|byte| byte.is_ascii_digit()),
        "{params}"
    );
    let body = json!({"combine_trade_no": "CTN0001", "openid": "oBuyer", "sub_orders": [
        {"mchid": "1600000001", "trade_no": "TN0001", "description": "tea", "amount": 9900}]});
    let called = world.json(&[
        "api",
        "call",
        "/shop/pay/createorder",
        "--data",
        &body.to_string(),
    ]);
    let time = called["payment_params"]["timeStamp"]
        .as_str()
        .expect("text");
    assert!(time.bytes().all(|byte| byte.is_ascii_digit()), "{called}");
    create(&world, "TN0001");
    let other = [
        "pay",
        "create",
        "CTN0001",
        "--openid",
        "oBuyer",
        "--mchid",
        "1600000001",
        "--trade-no",
        "TN0001",
        "--description",
        "tea",
        "--amount",
        "98",
    ];
    assert!(world.refused(1, &other).contains("errcode 400"));
    let told = world.refused(
        2,
        &[
            "pay", "refund", "TN0001", "--openid", "oBuyer", "--amount", "1",
        ],
    );
    assert!(told.contains("the payment is not paid"), "{told}");
    world.ok(&["sandbox", "payment", "pay", "CTN0001"]);
    assert_eq!(held(&world, Account::Pending), 9900);

    let refund = [
        "pay",
        "refund",
        "TN0001",
        "--openid",
        "oBuyer",
        "--amount",
        "9.90",
        "--refund-no",
        "RF0001",
    ];
    let row = world.json(&refund);
    assert_eq!(
        (&row["amount"], &row["result"]),
        (&json!(990), &json!("PROCESSING"))
    );
    let said = world.run(&refund);
    assert!(
        said.stderr.contains("WeChat already has RF0001"),
        "{}",
        said.stderr
    );
    let told = world.refused(
        2,
        &[
            "pay", "refund", "TN0001", "--openid", "oBuyer", "--amount", "89.11",
        ],
    );
    insta::assert_snapshot!(told, @r"
    Error: payment TN0001 does not allow this
      - 89.10 yuan are left to refund
    ");
    let share = [
        "pay",
        "share",
        "TN0001",
        "--openid",
        "oBuyer",
        "--share-no",
        "PS0001",
    ];
    let told = world.refused(1, &share);
    assert!(told.contains("from 7 days after it was paid"), "{told}");
    world.ok(&["sandbox", "advance", "7d"]);
    assert_eq!(held(&world, Account::Pending), 8910);
    assert_eq!(world.json(&share)["amount"], 8910);
    world.ok(&["sandbox", "advance", "1m"]);
    assert_eq!(
        (
            held(&world, Account::Pending),
            held(&world, Account::Available)
        ),
        (0, 8910)
    );
    let told = world.refused(
        2,
        &["pay", "share", "TN0001", "--openid", "oBuyer", "--new"],
    );
    assert!(told.contains("nothing is left to share"), "{told}");
    let shown = world.json(&["pay", "show", "TN0001"]);
    assert_eq!(
        (
            &shown["amount"],
            &shown["refund_list"][0]["result"],
            &shown["profit_sharing_list"][0]["result"]
        ),
        (&json!(9900), &json!("SUCCESS"), &json!("SUCCESS"))
    );
    assert!(world.ok(&["pay", "show", "TN0001"]).contains("99.00"));
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn combined_payments_come_from_a_file_and_are_closed() {
    let world = World::new();
    let order = |number: &str| json!({"mchid": "1600000001", "trade_no": number, "description": "tea", "amount": 100});
    let body = json!({"openid": "oBuyer", "combine_trade_no": "CT0001", "sub_orders": [order("TN0001"), order("TN0002")]});
    world.write("pay.json", body.to_string());
    world.ok(&["pay", "create", "--file", "pay.json", "--minutes", "30"]);
    let close = json!({"openid": "oBuyer", "combine_trade_no": "CT0001", "sub_orders": [
        {"mchid": "1600000001", "trade_no": "TN0001"}, {"mchid": "1600000001", "trade_no": "TN0002"}]});
    world.write("close.json", close.to_string());
    world.ok(&["pay", "close", "--file", "close.json"]);
    let told = world.refused(2, &["sandbox", "payment", "pay", "CT0001"]);
    assert!(told.contains("paid, closed or expired"), "{told}");
    world.refused(2, &["pay", "show", "short"]);
    world.refused(2, &["pay", "show", "with space"]);
    assert!(
        world
            .refused(1, &["pay", "show", "TN9999"])
            .contains("errcode 400")
    );
    world.refused(2, &["pay", "create", "CT0003", "--openid", "oBuyer"]);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn lists_are_cut_into_days() {
    let world = World::new();
    for number in 1..=3 {
        create(&world, &format!("TN000{number}"));
    }
    let rows = world.json(&["pay", "list"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(3));
    assert_eq!(rows[2]["trade_no"], "TN0003");
    let numbers = world.json(&[
        "pay",
        "list",
        "--numbers",
        "--limit",
        "2",
        "--mchid",
        "1600000001",
    ]);
    assert_eq!(
        numbers,
        json!([{"trade_no": "TN0001"}, {"trade_no": "TN0002"}])
    );
    let none = [
        "pay",
        "list",
        "--since",
        "2022-04-01",
        "--until",
        "2022-04-10",
    ];
    let seen = world.calls().len();
    assert_eq!(world.json(&none), json!([]));
    let asked = world.paths_since(seen);
    assert_eq!(
        asked
            .iter()
            .filter(|path| path.ends_with("getorderlist"))
            .count(),
        10
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_refund_that_was_killed_before_its_answer_is_not_made_twice() {
    let world = paid("TN0001");
    world
        .sandbox()
        .add_fault(&Fault::once(REFUND, FaultKind::Timeout { seconds: 600 }).after())
        .expect("a fault");
    let refund = [
        "pay", "refund", "TN0001", "--openid", "oBuyer", "--amount", "10",
    ];
    let mut child = world
        .command(&refund)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let began = Instant::now();
    while !world
        .calls()
        .iter()
        .any(|call| call.path == REFUND && !call.reply.is_empty())
    {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the call never came"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().expect("it dies");
    child.wait().expect("it ends");
    let said = world.run(&refund);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("WeChat already has"),
        "{}",
        said.stderr
    );
    world.ok(&["sandbox", "advance", "2m"]);
    assert_eq!(held(&world, Account::Pending), 8900);
    // That one was shown; within a day another has to be asked for.
    let told = world.refused(11, &refund);
    assert!(told.contains("the same was already done"), "{told}");
    world.ok(&[&refund[..], &["--new"]].concat());
    world.ok(&["sandbox", "advance", "2m"]);
    assert_eq!(held(&world, Account::Pending), 7900);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_refund_that_is_lost_is_sent_again_with_its_number() {
    let world = paid("TN0001");
    for (fault, after) in [
        (FaultKind::Reset, false),
        (FaultKind::Reset, true),
        (FaultKind::Status { status: 408 }, true),
        (FaultKind::Status { status: 403 }, true),
        (FaultKind::Html, true),
    ] {
        let fault = Fault::once(REFUND, fault);
        let fault = if after { fault.after() } else { fault };
        world.sandbox().add_fault(&fault).expect("a fault");
        let refund = [
            "pay", "refund", "TN0001", "--openid", "oBuyer", "--amount", "10", "--new",
        ];
        let said = world.run_in_time(&refund);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
    }
    let shown = world.json(&["pay", "show", "TN0001"]);
    let refunds = shown["refund_list"].as_array().map(Vec::len);
    assert_eq!(refunds, Some(5), "{shown}");
}

#[test]
fn today_is_the_day_of_the_shop() {
    let world = World::new();
    world.ok(&["sandbox", "advance", "3d"]);
    let made = [
        "pay",
        "create",
        "CT0001",
        "--openid",
        "oBuyer",
        "--mchid",
        "1600000001",
        "--trade-no",
        "TN0001",
        "--description",
        "tea",
        "--amount",
        "99",
        "--minutes",
        "30",
    ];
    world.ok(&made);
    world.ok(&["sandbox", "payment", "pay", "TN0001"]);
    assert_eq!(world.json(&["pay", "list"])[0]["trade_no"], "TN0001");
    world.sandbox().deposit(Fen(100)).expect("money");
    let rows = world.json(&["funds", "flows"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(2), "{rows}");
    world.refused(1, &["pay", "show", "TN9999"]);
    let rid = world.calls().pop().expect("a call").rid;
    assert_eq!(world.json(&["rid", "show", &rid])["rid"], rid.as_str());
}
