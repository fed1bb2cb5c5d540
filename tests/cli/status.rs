//! `status`: every step of the guide, its exit code, and that it only reads.

use super::access::joined;
use super::catalogues::teas;
use super::world::World;
use crate::support::spec;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

fn step(steps: &Value, name: &str) -> Value {
    let steps = steps.as_array().expect("steps");
    steps
        .iter()
        .find(|step| step["step"] == name)
        .unwrap_or_else(|| panic!("no step {name}"))
        .clone()
}

/// The steps, whatever the exit code.
fn steps(world: &World) -> (Option<i32>, Value) {
    let said = world.run(&["status", "--format", "json"]);
    (said.code, said.json())
}

#[test]
fn a_shop_that_has_not_applied_is_told_to() {
    let world = World::new();
    world.ok(&["sandbox", "reset", "--bare"]);
    let (code, all) = steps(&world);
    assert_eq!(code, Some(7));
    let first = step(&all, "component");
    assert_eq!(
        (first["state"].as_str(), first["command"].as_str()),
        (Some("todo"), Some("wxsell access apply"))
    );
    assert_eq!(step(&all, "merchant_number")["state"], "waiting");
    let shown = world.run_with(&[("COLUMNS", "80")], &["status"]);
    assert_eq!(shown.code, Some(7));
    let table = shown.text();
    assert!(table.starts_with("sandbox (custom component)"), "{table}");
    assert!(table.contains("0 of 10 required steps done\n"), "{table}");
    assert!(table.contains("\n  → Component joined "), "{table}");
    assert!(
        table.contains("\n  ○ Promoters (optional)")
            || table.contains("\n  · Promoters (optional)"),
        "{table}"
    );
    assert!(
        shown
            .stderr
            .contains("Next: wxsell access apply --profile sandbox\n")
            && shown
                .stderr
                .trim_end()
                .ends_with("not ready to sell: 10 required steps are open"),
        "{}",
        shown.stderr
    );
    // It fits a screen, whichever way the two streams go.
    assert!(table.lines().count() + shown.stderr.lines().count() < 24);
}

#[test]
fn each_step_names_what_is_missing_and_the_next_command() {
    let world = joined();
    let (code, all) = steps(&world);
    assert_eq!(code, Some(7));
    for (name, state, command) in [
        ("component", "done", None),
        ("merchant_number", "todo", Some("wxsell merchant apply")),
        (
            "customer_service",
            "todo",
            Some("wxsell merchant update --service wechat"),
        ),
        ("category", "done", None),
        (
            "goods",
            "todo",
            Some("wxsell goods template --output goods.xlsx"),
        ),
        ("orders", "todo", Some("wxsell order create")),
        ("delivery", "todo", Some("wxsell delivery send")),
        ("aftersales", "todo", Some("wxsell aftersale create")),
        ("release", "todo", Some("wxsell access finish product")),
        ("channels", "waiting", Some("wxsell access status")),
    ] {
        let found = step(&all, name);
        assert_eq!(
            (found["state"].as_str(), found["command"].as_str()),
            (Some(state), command),
            "{name}"
        );
    }
    let before = world.calls().len();
    world.run(&["status"]);
    assert_eq!(world.writes_since(before), [""; 0]);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_fresh_shop_sells_once_goods_are_on_the_shelf() {
    let world = World::new();
    world.write("goods.csv", teas(&[("A", "1")]));
    world.ok(&["goods", "upload", "goods.csv"]);
    let (code, all) = steps(&world);
    assert_eq!(
        (code, step(&all, "goods")["state"].as_str()),
        (Some(7), Some("waiting"))
    );
    world.ok(&["sandbox", "advance", "1h"]);
    let (code, all) = steps(&world);
    assert_eq!(
        (code, step(&all, "goods")["state"].as_str()),
        (Some(0), Some("done"))
    );
    let shown = world.ok(&["status", "--columns", "guide,title,state"]);
    assert!(shown.contains("2.1b        Merchant number"), "{shown}");
}

#[test]
fn a_read_that_fails_is_one_unknown_step() {
    let world = World::with_goods(&teas(&[("A", "1")]));
    world.ok(&[
        "sandbox",
        "fault",
        "--path",
        "/shop/account/get_info",
        "--errcode",
        "40097",
    ]);
    let (code, all) = steps(&world);
    assert_eq!(
        (code, step(&all, "customer_service")["state"].as_str()),
        (Some(7), Some("unknown"))
    );
    assert!(
        step(&all, "customer_service")["missing"]
            .as_str()
            .is_some_and(|why| why.contains("40097"))
    );
    assert_eq!(step(&all, "goods")["state"], "done");
    assert_eq!(steps(&world).0, Some(0));
    // Where nothing at all can be read, the reason is the answer.
    world.ok(&["sandbox", "token", "expire"]);
    world.ok(&[
        "sandbox",
        "fault",
        "--path",
        "/",
        "--errcode",
        "40164",
        "--times",
        "50",
    ]);
    let told = world.refused(3, &["status"]);
    assert!(told.contains("40164"), "{told}");
}

#[test]
fn a_component_that_is_offline_is_said_once() {
    let world = World::new();
    world.ok(&[
        "sandbox",
        "fault",
        "--path",
        "/shop/",
        "--errcode",
        "1400007",
        "--times",
        "50",
    ]);
    let said = world.run(&["status", "--format", "json"]);
    assert_eq!(said.code, Some(7));
    assert_eq!(said.stderr.matches("1400007").count(), 1, "{}", said.stderr);
    assert_eq!(step(&said.json(), "component")["state"], "offline");
}

#[test]
fn a_watch_prints_changed_steps_until_the_shop_can_sell() {
    let world = World::new();
    world.write("goods.csv", teas(&[("A", "1")]));
    world.ok(&["goods", "upload", "goods.csv"]);
    let mut child = world
        .command(&["status", "--watch", "--every", "1s", "--format", "ndjson"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut lines =
        lines.map(|line| -> Value { serde_json::from_str(&line.expect("a line")).expect("JSON") });
    let first: Vec<Value> = lines.by_ref().take(14).collect();
    assert_eq!(first[5]["state"], "waiting", "{first:?}");
    world
        .sandbox()
        .decide(None, &wxsell::sandbox::AuditDecision::Pass)
        .expect("it passes");
    let rest: Vec<Value> = lines.collect();
    let changed: Vec<_> = rest.iter().filter(|step| step["needed"] == true).collect();
    assert_eq!(changed.len(), 1, "{rest:?}");
    assert_eq!(
        (changed[0]["step"].as_str(), changed[0]["state"].as_str()),
        (Some("goods"), Some("done"))
    );
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

/// What a buyer is reached at.
const ADDRESS: &str =
    r#"{"receiver_name": "张三", "tel_number": "13800000000", "detailed_address": "示例路 1 号"}"#;

#[test]
fn the_guide_is_walked_from_the_application_to_the_first_sale() {
    let world = joined();
    world.ok(&["merchant", "update", "--service", "wechat"]);
    apply_for_a_number(&world);
    world.write("goods.csv", teas(&[("A", "1.00")]));
    world.ok(&["goods", "upload", "goods.csv"]);
    world.ok(&["sandbox", "advance", "1h"]);
    world.write("address.json", ADDRESS);
    for line in [
        "order create O1 --openid oBuyer --scene 1177 --path pages/o?id=O1 --product A --address address.json",
        "order payment-params O1",
        "sandbox buyer pay O1",
        "delivery send O1 --carrier SF --waybill SF1",
        "aftersale create O1 --type refund --reason other",
    ] {
        world.ok(&line.split(' ').collect::<Vec<_>>());
    }
    let (_, all) = steps(&world);
    assert_eq!(
        step(&all, "orders")["command"],
        "wxsell access finish order"
    );
    world.ok(&["access", "finish"]);
    world.ok(&["access", "finish", "self-test", "release"]);
    let (code, all) = steps(&world);
    assert_eq!(
        (code, step(&all, "channels")["command"].as_str()),
        (Some(7), Some("wxsell access scene"))
    );
    world.ok(&["access", "scene"]);
    assert_eq!(step(&steps(&world).1, "channels")["state"], "waiting");
    world.ok(&["sandbox", "advance", "1h"]);
    let (code, all) = steps(&world);
    assert_eq!(code, Some(0), "{all}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

/// From the papers to the signature; before it no controlled order can be made.
fn apply_for_a_number(world: &World) {
    world.write(
        "application.json",
        super::merchant_application::application(false).to_string(),
    );
    for name in super::merchant_application::PICTURES {
        world.write(name, super::catalogues::png(300));
    }
    world.ok(&["merchant", "apply", "--file", "application.json"]);
    world.ok(&["sandbox", "advance", "1h"]);
    let (_, all) = steps(world);
    assert_eq!(step(&all, "merchant_number")["state"], "waiting");
    world.ok(&["sandbox", "admin", "verify"]);
    world.ok(&["sandbox", "merchant", "pass"]);
    let (_, all) = steps(world);
    assert_eq!(step(&all, "merchant_number")["who"], "super administrator");
    world.ok(&["sandbox", "admin", "sign"]);
    assert_eq!(step(&steps(world).1, "merchant_number")["state"], "done");
}
