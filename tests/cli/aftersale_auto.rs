//! `aftersale auto`: what a policy may not say, what it does, and that no ceiling is passed and nothing is paid twice,
//! whatever becomes of the answers.
//!
//! Long because each promise of a policy is tried in a shop of its own.

use super::world::{World, said};
use crate::support::spec;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use wxsell::clock::VARIABLE;
use wxsell::sandbox::{Fault, FaultKind};
use wxsell::types::Fen;

const ACCEPT: &str = "/shop/ecaftersale/acceptrefund";
const AUTO: [&str; 4] = ["aftersale", "auto", "--policy", "policy.toml"];

const POLICY: &str = r#"
[limits]
per_day = "20.00"

[[rule]]
name = "small-refunds"
type = "refund"
up_to = "12.00"
reasons = ["mistake", "quality"]
action = "accept"

[[rule]]
name = "returns"
type = "return"
up_to = "18.00"
action = "accept"
"#;

fn selling(policy: &str) -> World {
    let world = World::selling();
    world.write("policy.toml", policy);
    world.early();
    world
}

/// A refund of the first product of a new order.
fn refund(world: &World, order: &str, amount: &str) -> String {
    world.paid(order);
    world.opened(&["refund", order, "--product", "T1", "--amount", amount])
}

fn state(world: &World, number: &str) -> i64 {
    world.json(&["aftersale", "show", number])["wechat"]["status"]
        .as_i64()
        .expect("a state")
}

/// Requests of a path that reached the shop.
fn sent(world: &World, path: &str) -> usize {
    let calls = world.calls();
    calls.iter().filter(|call| call.path == path).count()
}

fn answers(world: &World) -> usize {
    ["acceptrefund", "acceptreturn", "reject"]
        .iter()
        .map(|step| sent(world, &format!("/shop/ecaftersale/{step}")))
        .sum()
}

/// Runs with this exit code; gives the rows and stderr.
#[track_caller]
fn auto(world: &World, code: i32, more: &[&str]) -> (Vec<Value>, String) {
    let said = world.run_in_time(&[&AUTO[..], more, &["--format", "json"]].concat());
    assert_eq!(said.code, Some(code), "{}{}", said.text(), said.stderr);
    (said.json().as_array().expect("rows").clone(), said.stderr)
}

fn row<'a>(rows: &'a [Value], number: &str) -> &'a Value {
    let row = rows.iter().find(|row| row["number"] == number);
    row.unwrap_or_else(|| panic!("no {number}: {rows:?}"))
}

/// What was accepted today, in fen, as the last run counted it.
fn spent(world: &World) -> i64 {
    let run = world.json(&["run", "show"]);
    run["summary"]["spent"].as_i64().expect("fen")
}

/// A run in the background that has reached the shop with the call that a fault waits for.
fn held_up(world: &World, fault: Fault) -> Child {
    world.sandbox().add_fault(&fault).expect("a fault");
    let child = world
        .command(&[&AUTO[..], &["--format", "json"]].concat())
        .env(VARIABLE, world.clock())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let began = Instant::now();
    while !world.sandbox().faults().expect("faults").is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never came");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

fn rows_of(child: Child) -> Vec<Value> {
    let output = child.wait_with_output().expect("it ends");
    serde_json::from_slice(&output.stdout).expect("rows")
}

/// A call that takes until the time of the test goes on.
fn late(path: &str) -> Fault {
    let milliseconds = 600_000;
    Fault::once(path, FaultKind::Latency { milliseconds })
}

#[test]
fn a_policy_that_could_pay_any_sum_is_refused_before_any_call() {
    let world = selling("");
    let number = refund(&world, "W1", "10.00");
    let calls = world.calls().len();
    world.write(
        "policy.toml",
        "[[rule]]\nname = \"all\"\naction = \"accept\"\n",
    );
    insta::assert_snapshot!(world.refused(2, &AUTO), @r"
    Error: policy.toml is not a valid policy
      - policy.toml: rule 1 (all): up_to: is missing: without a ceiling this rule could pay out any sum
      - policy.toml: [limits]: per_day: is missing: without a daily ceiling these rules could pay out any sum: all
    Hint:  nothing was sent; `wxsell aftersale auto --example` prints a policy to start from
    ");
    world.write(
        "policy.toml",
        format!("{POLICY}up-to = 1\n[[rule]]\nname = \"c\"\nup_to = \"1.005\"\naction = \"accept\"\nreasons = [\"cold\"]\n"),
    );
    let told = world.refused(2, &AUTO);
    for problem in [
        "policy.toml: rule 2 (returns): up-to: no such key; the keys are name, action, type, up_to,",
        "policy.toml: rule 3 (c): up_to: price \"1.005\" has more than two decimals",
        "policy.toml: rule 3 (c): reasons: \"cold\" is not a reason; use one of: out-of-stock,",
    ] {
        assert!(told.contains(problem), "{problem}\n{told}");
    }
    world.write("policy.toml", POLICY.replace("per_day = \"20.00\"", ""));
    let told = world.refused(2, &AUTO);
    assert!(
        told.contains("[limits]: per_day: is missing") && told.contains("small-refunds, returns"),
        "{told}"
    );
    world.refused(2, &["aftersale", "auto", "--policy", "none.toml"]);
    world.refused(2, &["aftersale", "auto"]);
    world.refused(2, &[&AUTO[..], &["--columns", "nothing"]].concat());
    assert_eq!(world.calls().len(), calls, "no call was made");
    assert_eq!(state(&world, &number), 2);
}

#[test]
fn small_refunds_are_accepted_and_the_rest_waits() {
    let world = selling(POLICY);
    let small = refund(&world, "W1", "10.00");
    let large = refund(&world, "W2", "12.01");
    world.paid("W3");
    let other = world.opened(&["refund", "W3", "--product", "T2", "--reason", "1"]);
    world.ok(&["sandbox", "advance", "90m"]);
    let columns = ["--columns", "order,type,amount,rule,state,why"];
    let said = world.run(&[&AUTO[..], &["--dry-run"], &columns].concat());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    insta::assert_snapshot!(said.text(), @"
    ORDER  TYPE     YUAN  RULE           RESULT         WHY
    W1     refund  10.00  small-refunds  would accept   within the ceiling of rule small-refunds: 10.00 of 12.00
    W2     refund  12.01                 waits for you  over the ceiling of rule small-refunds: 12.01 > 12.00
    W3     refund   4.00                 waits for you  rule small-refunds is not for the reason out of stock
    ");
    insta::assert_snapshot!(said.stderr, @"
    accepted today, by all runs: 0.00 of 20.00 yuan
    waiting for you: 2; the first is due in 1d 22h, after which WeChat decides
    nothing was sent
    ");
    assert_eq!(answers(&world), 0, "a dry run sends nothing");
    assert_eq!(world.json(&["run", "list"])[0]["command"], "goods upload");

    let (rows, told) = auto(&world, 0, &[]);
    let accepted = row(&rows, &small);
    assert_eq!(
        accepted,
        &json!({
            "number": small, "order": "W1", "type": "refund", "amount": 1000, "rule": "small-refunds",
            "action": "accept", "state": "done", "why": "within the ceiling of rule small-refunds: 10.00 of 12.00",
            "errcode": null, "at": null, "seconds_left": null, "then": null,
        })
    );
    let waits = row(&rows, &large);
    assert_eq!(
        (
            &waits["rule"],
            &waits["action"],
            &waits["state"],
            &waits["why"],
            &waits["then"]
        ),
        (
            &Value::Null,
            &json!("wait"),
            &json!("waiting"),
            &json!("over the ceiling of rule small-refunds: 12.01 > 12.00"),
            &json!("it counts as accepted and is refunded"),
        )
    );
    assert!(waits["seconds_left"].as_i64().expect("seconds") > 40 * 3600);
    assert!(waits["at"].as_str().expect("a time").contains('T'));
    assert_eq!(
        row(&rows, &other)["why"],
        "rule small-refunds is not for the reason out of stock"
    );
    assert!(
        told.contains("accepted today, by all runs: 10.00 of 20.00 yuan")
            && told.contains("waiting for you: 2; the first is due in 1d 22h"),
        "{told}"
    );
    assert_eq!(
        [&small, &large, &other].map(|number| state(&world, number)),
        [11, 2, 2]
    );
    let run = world.json(&["run", "show"]);
    assert_eq!(
        (
            &run["command"],
            &run["state"],
            &run["summary"]["accepted"],
            &run["summary"]["waiting"]
        ),
        (
            &json!("aftersale auto"),
            &json!("done"),
            &json!(1),
            &json!(2)
        )
    );
    assert_eq!(run["summary"]["rows"][0]["number"], json!(small));
    // Once more: it has ended, and is not answered again.
    let (rows, _) = auto(&world, 0, &[]);
    assert_eq!((rows.len(), answers(&world)), (2, 1));
    assert_eq!(
        sent(&world, "/shop/order/get"),
        0,
        "no rule asks for the order"
    );
    world.ok(&["run", "resume"]);
    let logged = world.json(&["log", "list"]);
    assert!(
        logged
            .as_array()
            .expect("writes")
            .iter()
            .any(|write| write["path"] == ACCEPT),
        "{logged}"
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn the_ceiling_of_the_day_holds_over_all_runs_and_ends_with_the_day() {
    let world = selling(POLICY);
    let first = refund(&world, "W1", "12.00");
    let second = refund(&world, "W2", "12.00");
    let small = refund(&world, "W3", "8.00");
    let (rows, _) = auto(&world, 0, &["--dry-run"]);
    let states =
        |rows: &[Value]| [&first, &second, &small].map(|number| row(rows, number)["state"].clone());
    assert_eq!(states(&rows), ["planned", "waiting", "planned"]);
    let (rows, _) = auto(&world, 0, &[]);
    assert_eq!(states(&rows), ["done", "waiting", "done"]);
    assert_eq!(
        (&row(&rows, &second)["why"], &row(&rows, &second)["rule"]),
        (
            &json!("over the daily ceiling: 12.00 > 8.00, which is left of 20.00"),
            &json!("small-refunds")
        )
    );
    assert_eq!(spent(&world), 2000);
    let penny = refund(&world, "W4", "0.01");
    let (rows, _) = auto(&world, 0, &[]);
    assert_eq!(
        [&second, &penny].map(|number| row(&rows, number)["why"].clone()),
        [
            "over the daily ceiling: 12.00 > 0.00, which is left of 20.00",
            "over the daily ceiling: 0.01 > 0.00, which is left of 20.00"
        ]
    );
    assert_eq!(sent(&world, ACCEPT), 2);
    world.ok(&["sandbox", "advance", "24h"]);
    auto(&world, 0, &[]);
    assert_eq!((state(&world, &second), spent(&world)), (11, 1201));
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_refund_is_refused_with_a_reason_and_only_what_a_rule_names() {
    let policy = r#"
        [limits]
        per_day = 100
        [[rule]]
        name = "not-shipped"
        shipped = false
        younger_than = "2h"
        up_to = 20
        action = "accept"
        [[rule]]
        name = "send-it-back"
        type = "refund"
        shipped = true
        skus = ["T1-1"]
        older_than = "1h"
        action = "reject"
        reject_reason = "请改为退货退款"
        [[rule]]
        name = "expensive"
        products = ["T1"]
        older_than = "3h"
        action = "wait"
    "#;
    let world = selling(policy);
    let unshipped = refund(&world, "W1", "5.00");
    world.shipped("W2");
    let shipped = world.opened(&["refund", "W2", "--product", "T1"]);
    let other = world.opened(&["refund", "W2", "--product", "T2"]);
    let (rows, _) = auto(&world, 0, &[]);
    assert_eq!(
        row(&rows, &shipped)["why"],
        "rule not-shipped is for orders that are not shipped; rule send-it-back is for after-sales open for 1h or more, not under a minute"
    );
    assert_eq!(
        [&unshipped, &shipped, &other].map(|number| state(&world, number)),
        [11, 2, 2]
    );
    world.ok(&["sandbox", "advance", "90m"]);
    let (rows, _) = auto(&world, 0, &[]);
    let refused = row(&rows, &shipped);
    assert_eq!(
        (
            &refused["action"],
            &refused["state"],
            &refused["rule"],
            &refused["why"]
        ),
        (
            &json!("reject"),
            &json!("done"),
            &json!("send-it-back"),
            &json!("rule send-it-back rejects it: 请改为退货退款")
        )
    );
    let calls = world.calls();
    let rejected: Vec<Value> = calls
        .iter()
        .filter(|call| call.path == "/shop/ecaftersale/reject")
        .map(|call| serde_json::from_str(&call.request).expect("JSON"))
        .collect();
    assert_eq!(
        rejected,
        [
            json!({"aftersale_id": shipped.parse::<u64>().expect("a number"), "reject_reason": "请改为退货退款"})
        ]
    );
    assert_eq!((state(&world, &shipped), state(&world, &other)), (4, 2));
    // A rule may leave something to a person.
    world.shipped("W3");
    let left = world.opened(&["return", "W3", "--product", "T1"]);
    world.ok(&["sandbox", "advance", "4h"]);
    let (rows, _) = auto(&world, 0, &[]);
    let left = row(&rows, &left);
    assert_eq!(
        (&left["rule"], &left["why"]),
        (
            &json!("expensive"),
            &json!("rule expensive leaves it to you")
        )
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

/// Sends one piece of the first product.
fn partly_shipped(world: &World, order: &str) {
    world.paid(order);
    world.ok(&[
        "delivery",
        "send",
        order,
        "--carrier",
        "SF",
        "--waybill",
        "SF1000000000001",
        "--item",
        "T1-1=1",
    ]);
}

const UNSHIPPED: &str = r#"
    [limits]
    per_day = 100
    [[rule]]
    name = "not-shipped"
    shipped = false
    up_to = 20
    action = "accept"
    [[rule]]
    name = "on-its-way"
    type = "refund"
    shipped = true
    action = "reject"
    reject_reason = "请改为退货退款"
"#;

#[test]
fn an_order_with_one_of_its_parcels_on_the_way_is_shipped() {
    let world = selling(UNSHIPPED);
    partly_shipped(&world, "W1");
    let number = world.opened(&["refund", "W1", "--product", "T1", "--amount", "5.00"]);
    let whole = refund(&world, "W2", "5.00");
    let (rows, _) = auto(&world, 0, &["--dry-run"]);
    let judged = |number: &str| {
        (
            row(&rows, number)["rule"].clone(),
            row(&rows, number)["action"].clone(),
        )
    };
    assert_eq!(judged(&number), (json!("on-its-way"), json!("reject")));
    assert_eq!(judged(&whole), (json!("not-shipped"), json!("accept")));
}

#[test]
fn parcels_are_found_where_the_samples_and_where_the_tables_have_them() {
    let world = selling(UNSHIPPED);
    partly_shipped(&world, "W1");
    let number = world.opened(&["refund", "W1", "--product", "T1", "--amount", "5.00"]);
    let policy = [&AUTO[..], &["--dry-run"]].concat();
    let send = [
        "delivery",
        "send",
        "W1",
        "--carrier",
        "SF",
        "--waybill",
        "SF1000000000001",
        "--item",
        "T1-1=1",
    ];
    let detail = |order: &mut Value| order["order_detail"]["delivery_detail"].take();
    type Form = fn(Value) -> Value;
    let forms: [(&str, Form); 3] = [
        ("a list", |list| list),
        ("one object for a list", |list| list[0].clone()),
        ("numbers for text", |mut list| {
            list[0]["delivery_id"] = json!("SF");
            list
        }),
    ];
    for (name, form) in forms {
        let shop = world.altered(move |path, _, reply| {
            let change = |order: &mut Value| {
                let mut parcels = detail(order);
                parcels["delivery_list"] = form(parcels["delivery_list"].take());
                order["delivery_detail"] = parcels;
                order["status"] = order["status"].to_string().into();
            };
            match path {
                "/shop/order/get" => change(&mut reply["order"]),
                "/shop/order/get_list" => {
                    let orders = reply["orders"].as_array_mut().expect("orders");
                    orders.iter_mut().for_each(change);
                }
                _ => {}
            }
        });
        let (rows, _) = shop.json(&world, 0, &policy);
        let rows = rows.as_array().expect("rows");
        assert_eq!(row(rows, &number)["rule"], "on-its-way", "{name}");
        // The parcel is known, and not reported again.
        let seen = world.calls().len();
        let sent = shop.run(&world, &send);
        assert!(
            sent.stderr.contains("WeChat already has this parcel"),
            "{name}: {}",
            sent.stderr
        );
        assert!(
            !world
                .paths_since(seen)
                .contains(&"/shop/delivery/send".to_owned())
        );
        let shown = shop.run(&world, &["order", "show", "W1"]);
        assert!(
            shown.text().contains("SF SF1000000000001"),
            "{name}: {}",
            shown.text()
        );
    }
}

#[test]
fn where_the_parcels_cannot_be_read_nothing_is_paid_and_nothing_is_sent() {
    let world = selling(UNSHIPPED);
    partly_shipped(&world, "W1");
    let number = world.opened(&["refund", "W1", "--product", "T1", "--amount", "5.00"]);
    let shop = world.altered(|path, _, reply| {
        let change = |order: &mut Value| {
            order["order_detail"]["delivery_detail"]["delivery_list"] = json!("SF1000000000001");
        };
        match path {
            "/shop/order/get" => change(&mut reply["order"]),
            "/shop/order/get_list" => change(&mut reply["orders"][0]),
            _ => {}
        }
    });
    let (rows, said) = shop.json(&world, 0, &AUTO);
    let row = row(rows.as_array().expect("rows"), &number);
    assert_eq!(
        (&row["action"], &row["rule"]),
        (&json!("wait"), &Value::Null)
    );
    assert!(
        said.contains(
            "order W1: cannot read order_detail.delivery_detail.delivery_list in WeChat's data"
        ),
        "{said}"
    );
    let refused = shop.run(
        &world,
        &[
            "delivery",
            "send",
            "W1",
            "--carrier",
            "SF",
            "--waybill",
            "SF2",
            "--item",
            "T2-1",
        ],
    );
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(
        refused
            .stderr
            .contains("cannot read which parcels the order already has"),
        "{}",
        refused.stderr
    );
    let writes: Vec<String> = world.calls().into_iter().map(|call| call.path).collect();
    assert!(!writes.contains(&ACCEPT.to_owned()));
    assert_eq!(
        writes
            .iter()
            .filter(|path| *path == "/shop/delivery/send")
            .count(),
        1
    );
}

#[test]
fn a_return_is_accepted_with_its_address_and_the_goods_wait_for_a_person() {
    let address = "\n[return_address]\nreceiver_name = \"王五\"\nprovince = \"浙江省\"\ncity = \"杭州市\"\n\
                   town = \"西湖区\"\ndetailed_address = \"仓库路 2 号\"\ntel_number = \"13900000000\"\n";
    let world = selling(&format!("{POLICY}{address}"));
    world.shipped("W1");
    let number = world.opened(&["return", "W1", "--product", "T1", "--amount", "15.00"]);
    let busy = FaultKind::Errcode {
        errcode: 2_747_026,
        errmsg: "another call is running".into(),
    };
    let fault = Fault::once("/shop/ecaftersale/acceptreturn", busy);
    world.sandbox().add_fault(&fault).expect("a fault");
    let (rows, told) = auto(&world, 0, &[]);
    assert!(
        told.contains("another after-sale change of this order is running"),
        "{told}"
    );
    assert_eq!(
        (&row(&rows, &number)["state"], &row(&rows, &number)["type"]),
        (&json!("done"), &json!("return"))
    );
    let shown = world.json(&["aftersale", "show", &number, "--unmask"]);
    assert_eq!(
        (&shown["state"], &shown["return_address"]["street"]),
        (&json!("awaiting_return"), &json!("仓库路 2 号"))
    );
    // WeChat pays it by itself in the end: it counts now.
    assert_eq!(spent(&world), 1500);
    world.ok(&["sandbox", "buyer", "ship-back", &number]);
    let (rows, _) = auto(&world, 0, &[]);
    assert_eq!(
        row(&rows, &number)["why"],
        "the goods are coming back: inspect them, then accept-refund or reject"
    );
    assert_eq!((state(&world, &number), sent(&world, ACCEPT)), (8, 0));
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_lost_answer_is_looked_up_and_counts_until_it_is_known() {
    let world = selling(POLICY);
    let number = refund(&world, "W1", "12.00");
    let lost = Fault::once(ACCEPT, FaultKind::Reset);
    world
        .sandbox()
        .add_fault(&lost.clone().after())
        .expect("a fault");
    let (rows, told) = auto(&world, 0, &[]);
    assert_eq!(row(&rows, &number)["state"], "done");
    assert!(told.contains("the answer was lost"), "{told}");
    assert_eq!((sent(&world, ACCEPT), spent(&world)), (1, 1200));
    // One that never arrived counts until that is proven, which the run does at its end.
    let second = refund(&world, "W2", "8.00");
    world.sandbox().add_fault(&lost).expect("a fault");
    let (rows, told) = auto(&world, 6, &[]);
    let unclear = row(&rows, &second);
    assert_eq!(
        (&unclear["state"], &unclear["action"]),
        (&json!("not_sent"), &json!("accept"))
    );
    assert!(
        told.contains("1 of 1 after-sales could not be answered"),
        "{told}"
    );
    assert!(told.contains("checking again in 60 s"), "{told}");
    assert_eq!((state(&world, &second), spent(&world)), (2, 1200));
    let third = refund(&world, "W3", "0.01");
    let (rows, _) = auto(&world, 0, &[]);
    assert_eq!(row(&rows, &second)["state"], "done");
    assert_eq!(row(&rows, &third)["state"], "waiting");
    assert_eq!((state(&world, &second), spent(&world)), (11, 2000));
    // "Busy" is no refusal: it may have been done.
    world.ok(&["sandbox", "advance", "24h"]);
    let busy = FaultKind::Errcode {
        errcode: -1,
        errmsg: "system error".into(),
    };
    world
        .sandbox()
        .add_fault(&Fault::once(ACCEPT, busy))
        .expect("a fault");
    let (rows, _) = auto(&world, 6, &[]);
    assert_eq!(row(&rows, &third)["state"], "not_sent");
    assert_eq!(spent(&world), 0);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_run_that_was_killed_has_spent_what_it_asked_for_and_pays_once() {
    let world = selling(POLICY);
    let number = refund(&world, "W1", "12.00");
    let timeout = FaultKind::Timeout { seconds: 600 };
    let mut child = held_up(&world, Fault::once(ACCEPT, timeout).after());
    while sent(&world, ACCEPT) == 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("it dies");
    child.wait().expect("it ends");
    let second = refund(&world, "W2", "12.00");
    let (rows, _) = auto(&world, 0, &[]);
    let confirmed = row(&rows, &number);
    assert_eq!(
        (&confirmed["state"], &confirmed["amount"], &confirmed["why"]),
        (
            &json!("done"),
            &json!(1200),
            &json!("an earlier run accepted it; its answer was lost")
        )
    );
    assert_eq!(row(&rows, &second)["state"], "waiting");
    assert_eq!((sent(&world, ACCEPT), spent(&world)), (1, 1200));
    let (rows, _) = auto(&world, 0, &[]);
    assert_eq!((rows.len(), spent(&world)), (1, 1200), "it is told once");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn what_the_buyer_changes_meanwhile_is_not_accepted_unseen() {
    let policy = POLICY.replace("type = \"refund\"", "type = \"refund\"\nshipped = false");
    let world = selling(&policy);
    let number = refund(&world, "W1", "10.00");
    let change = |fen: i64| {
        let changed = world.sandbox().buyer_changes_aftersale(&number, Fen(fen));
        changed.expect("it is changed");
    };
    // After it was shown, before it is accepted.
    let child = held_up(&world, late("/shop/order/get"));
    change(900);
    world.wait(600);
    let rows = rows_of(child);
    assert_eq!(
        (&rows[0]["state"], &rows[0]["amount"], &rows[0]["why"]),
        (
            &json!("waiting"),
            &json!(900),
            &json!("it was changed while this ran; the next run decides about it")
        )
    );
    assert_eq!((state(&world, &number), spent(&world)), (2, 0));
    // In the last moment, when nobody can know: what is paid counts.
    let child = held_up(&world, late(ACCEPT));
    change(1700);
    world.wait(600);
    let rows = rows_of(child);
    assert_eq!(
        (&rows[0]["state"], &rows[0]["amount"], &rows[0]["why"]),
        (
            &json!("done"),
            &json!(1700),
            &json!("the buyer changed 9.00 to 17.00 while it was being accepted")
        )
    );
    assert_eq!((state(&world, &number), spent(&world)), (11, 1700));
}

#[test]
fn one_that_fails_does_not_stop_the_others_and_its_money_is_free_again() {
    let world = selling(POLICY);
    let first = refund(&world, "W1", "11.00");
    let second = refund(&world, "W2", "8.00");
    let refusal = FaultKind::Errcode {
        errcode: 2_747_014,
        errmsg: "refund amount not valid".into(),
    };
    world
        .sandbox()
        .add_fault(&Fault::once(ACCEPT, refusal))
        .expect("a fault");
    let (rows, told) = auto(&world, 6, &[]);
    let failed = row(&rows, &first);
    assert_eq!(
        (
            &failed["state"],
            &failed["errcode"],
            &row(&rows, &second)["state"]
        ),
        (&json!("refused"), &json!(2_747_014), &json!("done"))
    );
    assert!(
        told.contains("1 of 2 after-sales could not be answered"),
        "{told}"
    );
    assert_eq!(spent(&world), 800);
    assert_eq!(world.json(&["run", "failed"])[0]["key"], json!(first));
    // A failure that goes for all ends the run, with its own exit code.
    let third = refund(&world, "W3", "0.01");
    let gone = FaultKind::Errcode {
        errcode: 48_001,
        errmsg: "api unauthorized".into(),
    };
    world
        .sandbox()
        .add_fault(&Fault::once(ACCEPT, gone))
        .expect("a fault");
    let (rows, _) = auto(&world, 3, &[]);
    assert_eq!(
        [&first, &third].map(|number| row(&rows, number)["state"].clone()),
        ["not_sent", "not_sent"]
    );
    assert_eq!((sent(&world, ACCEPT), spent(&world)), (3, 800));
    auto(&world, 0, &[]);
    assert_eq!((state(&world, &first), state(&world, &third)), (11, 11));
    assert_eq!(spent(&world), 1901);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn an_answer_alone_frees_no_money() {
    let world = selling(POLICY);
    let number = refund(&world, "W1", "11.00");
    // Done, and answered with a refusal; what the after-sale shows afterwards cannot be read.
    let shop = world.altered({
        let asked = std::sync::atomic::AtomicBool::new(false);
        move |path, _, reply| match path {
            ACCEPT => {
                asked.store(true, std::sync::atomic::Ordering::SeqCst);
                *reply = json!({"errcode": 2_747_009, "errmsg": "refund failed"});
            }
            "/shop/ecaftersale/get" if asked.load(std::sync::atomic::Ordering::SeqCst) => {
                *reply = json!({"errcode": 48_001, "errmsg": "api unauthorized"});
            }
            _ => {}
        }
    });
    let (rows, _) = shop.json(&world, 6, &AUTO);
    assert_ne!(rows[0]["state"], "done");
    let (run, _) = shop.json(&world, 0, &["run", "show"]);
    assert_eq!(
        run["summary"]["spent"], 1100,
        "it counts until the after-sale proves it undone"
    );
    assert!(matches!(state(&world, &number), 11 | 13));
}

#[test]
fn no_ceiling_is_passed_however_the_answer_of_a_paid_refund_reads() {
    let code = |errcode: i64| FaultKind::Errcode {
        errcode,
        errmsg: "as it is".into(),
    };
    let status = |status: u16| FaultKind::Status { status };
    for kind in [
        status(408),
        status(403),
        status(302),
        code(-1),
        code(40_013),
        code(2_747_008),
        code(2_747_009),
    ] {
        let world = selling(POLICY);
        let first = refund(&world, "W1", "12.00");
        let how = format!("{kind:?}");
        let fault = Fault::once(ACCEPT, kind).after();
        world.sandbox().add_fault(&fault).expect("a fault");
        world.run_in_time(&AUTO);
        let second = refund(&world, "W2", "12.00");
        let (rows, told) = auto(&world, 0, &[]);
        assert_eq!(row(&rows, &second)["state"], "waiting", "{how}: {told}");
        assert_eq!(spent(&world), 1200, "{how}");
        assert!(matches!(state(&world, &first), 11 | 13), "{how}");
        assert_eq!(state(&world, &second), 2, "{how}");
    }
}

#[test]
fn a_lost_state_file_does_not_free_the_ceiling() {
    let world = selling(POLICY);
    let number = refund(&world, "W1", "12.00");
    let timeout = FaultKind::Timeout { seconds: 600 };
    let mut child = held_up(&world, Fault::once(ACCEPT, timeout).after());
    while sent(&world, ACCEPT) == 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("it dies");
    child.wait().expect("it ends");
    for name in ["wxsell.db", "wxsell.db-wal", "wxsell.db-shm"] {
        let _ = std::fs::remove_file(world.state_file(name));
    }
    // Whatever writes first takes over what the log knows.
    let second = refund(&world, "W2", "12.00");
    let (rows, _) = auto(&world, 0, &[]);
    assert_eq!(row(&rows, &number)["state"], "done");
    assert_eq!(row(&rows, &second)["state"], "waiting");
    assert_eq!(spent(&world), 1200);
}

#[test]
fn two_runs_do_not_work_at_once() {
    let world = selling(POLICY);
    let number = refund(&world, "W1", "10.00");
    let child = held_up(&world, late(ACCEPT));
    let said = world.run(&[&AUTO[..], &["--busy", "exit"]].concat());
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    let mut second = world
        .command(&[&AUTO[..], &["--format", "json"]].concat())
        .env(VARIABLE, world.clock())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let told = BufReader::new(second.stderr.take().expect("its words"));
    let mut told = told.lines().map_while(Result::ok);
    assert!(
        told.any(|line| line.contains("waiting for another job")),
        "it does not wait"
    );
    world.wait(600);
    assert_eq!(rows_of(child)[0]["state"], "done");
    assert_eq!(rows_of(second).len(), 0);
    assert_eq!((state(&world, &number), sent(&world, ACCEPT)), (11, 1));
}

#[test]
fn a_production_shop_is_asked_and_a_read_only_one_refuses() {
    let world = selling(POLICY);
    refund(&world, "W1", "8.00");
    refund(&world, "W2", "3.50");
    let running = wxsell::sandbox::Running::start(&world.file("../state/sandbox.db"));
    let running = running.expect("the shop");
    let configure = |more: &str| {
        world.configure(&format!(
            "[profile.tea]\nappid = \"{}\"\nbase_url = \"{}\"\n{more} = true\n",
            wxsell::sandbox::APPID,
            running.base_url
        ));
    };
    let ask = |more: &[&str]| {
        let args = [&["--profile", "tea"], &AUTO[..], more].concat();
        let mut command = world.plain_command(&args);
        said(command.env("WXSELL_APP_SECRET", wxsell::sandbox::SECRET))
    };
    configure("read_only");
    let refused = ask(&["--yes"]);
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("is read-only"),
        "{}",
        refused.stderr
    );
    configure("production");
    let asked = ask(&[]);
    assert_eq!(asked.code, Some(10), "{}", asked.stderr);
    assert!(
        asked.stderr.contains("confirmation required: Accept 2 refunds and returns by the policy, 11.50 yuan in total, on the live shop tea?"),
        "{}",
        asked.stderr
    );
    assert_eq!(answers(&world), 0);
    assert_eq!(ask(&["--dry-run"]).code, Some(0));
    assert_eq!((ask(&["--yes"]).code, answers(&world)), (Some(0), 2));
}

#[test]
fn the_example_is_a_policy() {
    let world = World::selling();
    let number = refund(&world, "W1", "19.00");
    for lang in ["en", "zh"] {
        let said = world.run_with(
            &[("WXSELL_LANG", lang)],
            &["aftersale", "auto", "--example"],
        );
        world.write("policy.toml", &said.stdout);
        let (rows, _) = auto(&world, 0, &["--dry-run"]);
        assert_eq!(row(&rows, &number)["state"], "planned", "{lang}");
    }
    world.refused(
        2,
        &["aftersale", "auto", "--example", "--policy", "policy.toml"],
    );
}

/// Every condition that a rule can name, with an after-sale of the shop that meets it and one that does not.
#[test]
fn every_condition_of_a_rule_tells_after_sales_apart() {
    let world = selling(POLICY);
    // Unshipped, of 10.00 yuan, and opened two hours before the other.
    world.paid("W1");
    let old = world.opened(&[
        "refund",
        "W1",
        "--product",
        "T1",
        "--amount",
        "10.00",
        "--reason",
        "6",
    ]);
    world.shipped("W2");
    world.ok(&["sandbox", "advance", "2h"]);
    let young = world.opened(&["return", "W2", "--product", "T2", "--reason", "1"]);
    let (both, neither) = (vec![&old, &young], Vec::new());
    for (condition, fits) in [
        ("type = \"refund\"", vec![&old]),
        ("type = \"return\"", vec![&young]),
        ("up_to = \"10.00\"", both.clone()),
        ("up_to = \"9.99\"", vec![&young]),
        ("up_to = \"3.99\"", neither.clone()),
        ("reasons = [\"mistake\"]", vec![&old]),
        ("reasons = [\"out-of-stock\", \"damaged\"]", vec![&young]),
        ("reasons = [\"quality\"]", neither.clone()),
        ("older_than = \"1h\"", vec![&old]),
        ("older_than = \"3h\"", neither.clone()),
        ("younger_than = \"1h\"", vec![&young]),
        ("younger_than = \"3h\"", both.clone()),
        ("products = [\"T1\"]", vec![&old]),
        ("products = [\"T2\", \"T3\"]", vec![&young]),
        ("skus = [\"T1-1\"]", vec![&old]),
        ("skus = [\"T2-1\"]", vec![&young]),
        ("skus = [\"T3-1\"]", neither),
        ("shipped = true", vec![&young]),
        ("shipped = false", vec![&old]),
    ] {
        let ceiling = if condition.starts_with("up_to") {
            ""
        } else {
            "up_to = \"100.00\""
        };
        world.write(
            "policy.toml",
            format!(
                "[limits]\nper_day = \"100.00\"\n[[rule]]\nname = \"r\"\naction = \"accept\"\n{ceiling}\n{condition}\n"
            ),
        );
        let (rows, told) = auto(&world, 0, &["--dry-run"]);
        for number in [&old, &young] {
            let row = row(&rows, number);
            let (action, rule) = if fits.contains(&number) {
                ("accept", json!("r"))
            } else {
                ("wait", Value::Null)
            };
            assert_eq!(
                (&row["action"], &row["rule"]),
                (&json!(action), &rule),
                "{condition}: {row} {told}"
            );
        }
    }
    // As it is planned it is done, here by the last of them.
    let before = state(&world, &young);
    auto(&world, 0, &[]);
    assert_eq!((state(&world, &old), state(&world, &young)), (11, before));
    assert_eq!(answers(&world), 1);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}
