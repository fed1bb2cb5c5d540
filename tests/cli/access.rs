//! `access`, `category apply`, `brand apply`, `audit` and `certificate`: joining the component and being let into
//! categories, brands and scenes.

use super::catalogues::{png, teas};
use super::world::World;
use crate::support::spec;
use serde_json::{Value, json};

/// A shop that has joined and done nothing else.
pub fn joined() -> World {
    let world = World::new();
    world.ok(&["sandbox", "reset", "--bare"]);
    world.ok(&["access", "apply"]);
    world.ok(&["sandbox", "admin", "sign"]);
    world
}

/// Names of the events that the platform would have pushed.
fn events(world: &World) -> Vec<String> {
    let file = world
        .file("")
        .parent()
        .expect("a folder")
        .join("state/sandbox.db");
    let db = rusqlite::Connection::open(file).expect("the shop");
    let mut names = db
        .prepare("SELECT name FROM event ORDER BY seq")
        .expect("a table");
    let rows = names.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("names")
}

#[test]
fn a_shop_joins_when_its_administrator_signs_within_a_day() {
    let world = World::new();
    world.ok(&["sandbox", "reset", "--bare"]);
    insta::assert_snapshot!(world.ok(&["access", "status", "--columns", "what,state"]), @r"
    ITEM       STATE
    component  not joined
    ");
    assert_eq!(world.json(&["access", "status"])["joined"], false);
    let told = world.refused(1, &["category", "list"]);
    assert!(told.contains("errcode 1040003"), "{told}");

    world.ok(&["access", "apply"]);
    let happened = world.json(&["sandbox", "advance", "25h"]);
    assert_eq!(happened[0]["what"], "agreement not signed in a day");
    assert!(
        world
            .refused(2, &["sandbox", "admin", "sign"])
            .contains("nothing is waiting for a signature")
    );

    world.ok(&["access", "apply"]);
    world.ok(&["sandbox", "admin", "sign"]);
    let known = world.json(&["access", "status"]);
    assert_eq!(
        (&known["joined"], &known["status"]),
        (&json!(true), &json!(2))
    );
    assert_eq!(known["access_info"]["spu_audit_success"], 0);
    let told = world.refused(3, &["access", "apply"]);
    assert!(told.contains("errcode 48001"), "{told}");

    world.ok(&["sandbox", "access", "ban"]);
    assert_eq!(world.json(&["access", "status"])["joined"], false);
    world.refused(3, &["category", "list"]);
    world.ok(&["sandbox", "access", "lift"]);
    world.ok(&["category", "list"]);
    assert_eq!(events(&world), ["open_product_account_register"]);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn tasks_are_confirmed_once_wechat_has_seen_them() {
    let world = joined();
    world.ok(&["merchant", "update", "--service", "wechat"]);
    let told = world.refused(1, &["access", "finish", "product"]);
    assert!(
        told.contains("confirming the task product") && told.contains("wxsell goods upload"),
        "{told}"
    );
    world.write("goods.csv", teas(&[("A", "1")]));
    world.ok(&["goods", "upload", "goods.csv"]);
    world.ok(&["sandbox", "advance", "1h"]);
    let task = |world: &World, name: &str| -> Value {
        let known = world.json(&["access", "status"]);
        let tasks = known["tasks"].as_array().expect("tasks").clone();
        tasks
            .into_iter()
            .find(|task| task["task"] == name)
            .expect("the task")
    };
    assert_eq!(
        (
            &task(&world, "product")["seen"],
            &task(&world, "product")["confirmed"]
        ),
        (&json!(true), &json!(false))
    );

    let before = world.calls().len();
    let said = world.run(&["access", "finish", "--dry-run"]);
    assert_eq!(
        (said.code, said.json()),
        (Some(0), json!({"access_info_item": 6}))
    );
    assert_eq!(world.paths_since(before), ["/shop/register/check"]);
    let said = world.run(&["access", "finish"]);
    assert!(
        said.stderr.contains("confirmed: product"),
        "{}",
        said.stderr
    );
    world.ok(&["access", "finish", "self-test", "release"]);
    for name in ["product", "self-test", "release"] {
        assert_eq!(task(&world, name)["confirmed"], true, "{name}");
    }
    let told = world.refused(1, &["access", "scene"]);
    assert!(
        told.contains("errcode 1040041") && told.contains("wxsell access status"),
        "{told}"
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_scene_is_audited_with_the_clock_or_by_order() {
    let world = World::new();
    let scene = |world: &World| -> Value {
        let known = world.json(&["access", "status"]);
        known["scene_group_list"][1].clone()
    };
    assert_eq!(
        (
            scene(&world)["group_id"].clone(),
            scene(&world)["status"].clone()
        ),
        (json!(3), json!(3))
    );
    world.ok(&["access", "scene", "3"]);
    assert_eq!(scene(&world)["status"], 0);
    world.refused(1, &["access", "scene", "3"]);
    world.ok(&["sandbox", "scene", "reject", "3", "--reason", "no licence"]);
    let rejected = scene(&world);
    assert_eq!(
        (
            &rejected["status"],
            &rejected["reason"],
            &rejected["scene_group_ext_list"][1]["status"]
        ),
        (&json!(2), &json!("no licence"), &json!(2))
    );
    world.ok(&["access", "scene", "3"]);
    world.ok(&["sandbox", "advance", "1h"]);
    assert_eq!(scene(&world)["status"], 1);
    world.refused(2, &["sandbox", "scene", "pass", "3"]);
    assert_eq!(events(&world), ["open_product_scene_group_audit"; 2]);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_category_opens_when_its_papers_pass() {
    let world = joined();
    world.ok(&["merchant", "update", "--service", "wechat"]);
    for name in ["licence.png", "permit.png"] {
        world.write(name, [png(300), name.as_bytes().to_vec()].concat());
    }
    let told = world.refused(2, &["category", "apply", "1451", "--license", "none.png"]);
    assert!(
        told.contains("cannot read the image none.png") && told.contains("经营许可证"),
        "{told}"
    );
    assert!(
        world
            .refused(
                2,
                &["category", "apply", "1421", "--license", "licence.png"]
            )
            .contains("not a leaf category")
    );

    let apply = [
        "category",
        "apply",
        "1451",
        "--license",
        "licence.png",
        "--certificate",
        "permit.png",
    ];
    let ticket = world.json(&apply);
    assert_eq!(ticket["outcome"], "submitted");
    let id = ticket["audit_id"].as_str().expect("a ticket").to_owned();
    let said = world.run(&apply);
    assert_eq!(said.code, Some(0));
    assert!(
        said.stderr.contains("it is already in audit"),
        "{}",
        said.stderr
    );
    assert_eq!(
        world.json(&["category", "apply", "1423", "--license", "licence.png"])["outcome"],
        "not_needed"
    );
    // Two pictures, and each was uploaded once.
    let uploads = world.sandbox().uploads().expect("pictures");
    assert_eq!(
        (
            uploads.len(),
            uploads.iter().map(|(_, times)| times).sum::<i64>()
        ),
        (2, 2)
    );

    assert_eq!(world.json(&["audit", "show", &id])["status"], 0);
    assert_eq!(
        world.json(&["audit", "show", "--category", "1451"])["permitted"],
        false
    );
    world.ok(&["sandbox", "audit", "reject", &id, "--reason", "blurred"]);
    let shown = world.json(&["audit", "show", &id]);
    assert_eq!(
        (&shown["status"], &shown["reject_reason"]),
        (&json!(9), &json!("blurred"))
    );
    // The audit of a category has no brand, which WeChat says with a 0 or not at all.
    let table = world.ok(&["audit", "show", &id]);
    assert!(!table.contains("BRAND"), "{table}");
    let zero = world.altered(|path, _, reply| {
        if path == "/shop/audit/result" {
            reply["data"]["brand_id"] = 0.into();
        }
    });
    let said = zero.run(&world, &["audit", "show", &id]);
    assert!(
        said.text().contains("blurred") && !said.text().contains("BRAND"),
        "{}{}",
        said.text(),
        said.stderr
    );

    world.ok(&apply);
    world.ok(&["sandbox", "advance", "1h"]);
    assert_eq!(
        world.json(&["audit", "show", "", "--category", "1451"])["permitted"],
        true
    );
    assert_eq!(world.json(&apply)["outcome"], "approved");
    let told = world.refused(1, &["audit", "show", "RQAAnothing"]);
    assert!(told.contains("--category NUMBER"), "{told}");
    let told = world.refused(1, &[apply.as_slice(), &["--scene", "1"]].concat());
    assert!(told.contains("errcode 1000042"), "{told}");
    assert_eq!(
        events(&world).last().map(String::as_str),
        Some("open_product_category_audit")
    );
    // Closing the component takes the permission away.
    world.ok(&["sandbox", "admin", "close"]);
    world.ok(&["access", "apply"]);
    world.ok(&["sandbox", "admin", "sign"]);
    assert_eq!(
        world.json(&["audit", "show", "--category", "1451"])["permitted"],
        false
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn the_papers_of_a_brand_follow_from_its_trademark() {
    let world = joined();
    world.write("paper.png", png(300));
    world.write("text.png", "hello");
    let told = world.refused(
        2,
        &[
            "brand",
            "apply",
            "Tea",
            "--trademark",
            "imported-pending",
            "--relation",
            "own",
            "--class",
            "99",
            "--license",
            "text.png",
        ],
    );
    insta::assert_snapshot!(told.lines().take(8).collect::<Vec<_>>().join("\n"), @r"
    Error: the documents are not complete; nothing was sent
      - --number is needed for this kind of brand
      - --acceptance is needed for this kind of brand
      - --applicant is needed for this kind of brand
      - --applied-on is needed for this kind of brand
      - --authorization is needed for this kind of brand
      - the class of a trademark is a number from 1 to 45
      - text.png is neither a jpg nor a png
    ");
    let apply = [
        "brand",
        "apply",
        "示例茶",
        "--trademark",
        "registered",
        "--relation",
        "own",
        "--class",
        "30",
        "--license",
        "paper.png",
        "--number",
        "1249305",
        "--certificate",
        "paper.png",
        "--owner",
        "示例茶业有限公司",
        "--valid-until",
        "2030-03-25",
    ];
    let said = world.run(&[apply.as_slice(), &["--dry-run"]].concat());
    assert_eq!(
        said.json()["audit_req"]["brand_info"]["trademark_authorization_period"],
        "2030-03-25 00:00:00"
    );
    assert_eq!(
        said.json()["audit_req"]["brand_info"]["commodity_origin_type"],
        2
    );
    let id = world.json(&apply)["audit_id"]
        .as_str()
        .expect("a ticket")
        .to_owned();
    assert_eq!(
        world.json(&["audit", "show", "--brand", "示例茶"])["permitted"],
        false
    );
    world.ok(&["sandbox", "audit", "pass", "--all"]);
    let shown = world.json(&["audit", "show", &id]);
    let brand = shown["brand_id"].as_str().expect("a brand").to_owned();
    let mine = world.json(&["brand", "mine"]);
    assert_eq!(
        mine[1],
        json!({"brand_id": brand, "brand_wording": "示例茶"})
    );
    assert_eq!(
        events(&world).last().map(String::as_str),
        Some("open_product_brand_audit")
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn certificates_and_rules_are_shown() {
    let world = World::new();
    assert_eq!(
        world.json(&["certificate", "show", "brand"])["brand_wording"],
        "山野茶集"
    );
    assert_eq!(
        world.json(&["certificate", "show", "category"])[0]["first_category_name"],
        "食品饮料"
    );
    insta::assert_snapshot!(world.ok(&["category", "rule", "1423"]), @"DEPOSIT  10000.00");
    assert_eq!(
        world.json(&["category", "rule", "1423", "--rule", "delivery"])[0]["deliver_type"],
        0
    );
    world.refused(1, &["category", "rule", "1"]);
    world.ok(&[
        "sandbox",
        "fault",
        "--path",
        "/shop/audit/get_miniapp_certificate",
        "--errcode",
        "1050006",
    ]);
    let said = world.run(&["certificate", "show", "brand", "--format", "json"]);
    assert_eq!((said.code, said.json()), (Some(0), json!([])));
    assert!(
        said.stderr.contains("wxsell brand apply"),
        "{}",
        said.stderr
    );
    let calls = world.calls();
    let told: Vec<_> = calls
        .into_iter()
        .filter(|call| call.fault.is_empty())
        .collect();
    assert_eq!(spec::problems(&told), [""; 0]);
}

#[test]
fn joining_that_was_requested_is_remembered() {
    let world = World::new();
    world.ok(&["sandbox", "reset", "--bare"]);
    let first = world.run(&["access", "apply"]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert!(
        !first.stderr.contains("already requested"),
        "{}",
        first.stderr
    );
    let shown = world.ok(&["access", "status"]);
    assert!(shown.contains("requested at 20"), "{shown}");
    let again = world.run(&["access", "apply"]);
    assert!(
        again.stderr.contains("you already applied at 20"),
        "{}",
        again.stderr
    );
    // Another shop's request is another's.
    let dry = world.run(&["access", "apply", "--dry-run"]);
    assert_eq!(dry.code, Some(0), "{}", dry.stderr);
}
