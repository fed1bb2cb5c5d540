//! `merchant info` and `update`, and what a bare shop refuses.

use super::catalogues::teas;
use super::world::World;
use serde_json::json;

#[test]
fn a_bare_shop_takes_goods_once_customer_service_is_set() {
    let world = World::new();
    world.ok(&["sandbox", "reset", "--bare"]);
    world.ok(&["access", "apply"]);
    world.ok(&["sandbox", "admin", "sign"]);
    insta::assert_snapshot!(world.ok(&["merchant", "info"]), @"CUSTOMER SERVICE  not set");
    world.write("goods.csv", teas(&[("A", "1")]));
    let told = world.refused(1, &["goods", "upload", "goods.csv"]);
    insta::assert_snapshot!(told, @r"
    → sandbox
    Error: customer service is not set, and WeChat accepts no products before it is
    Hint:  set it once, e.g. `wxsell merchant update --service phone --phone 020-12345678`
    ");
    assert_eq!(world.writes_since(0), [""; 0]);

    let update = [
        "merchant",
        "update",
        "--service",
        "phone",
        "--phone",
        "020-12345678",
    ];
    insta::assert_snapshot!(world.ok(&update), @"
     CUSTOMER SERVICE  phone
     PHONE             020-12345678
    ");
    assert!(world.sandbox().status().expect("a status").customer_service);
    assert_eq!(world.json(&["goods", "upload", "goods.csv"])["added"], 1);
}

#[test]
fn settings_are_shown_to_scripts() {
    let world = World::new();
    let info = world.json(&[
        "merchant",
        "update",
        "--service",
        "page",
        "--page",
        "pages/help",
        "--service",
        "wechat",
        "--return-name",
        "Returns",
        "--return-phone",
        "020-12345678",
        "--return-address",
        "1 Tea Street",
    ]);
    assert_eq!(info["service"], json!(["wechat", "page"]));
    assert_eq!(world.json(&["merchant", "info"]), info);
    assert_eq!(
        (&info["service_agent_type"], &info["service_agent_path"]),
        (&json!([0, 1]), &json!("pages/help"))
    );
}

#[test]
fn what_is_missing_is_named_and_a_dry_run_sends_nothing() {
    let world = World::new();
    let told = world.refused(
        2,
        &[
            "merchant",
            "update",
            "--service",
            "phone",
            "--service",
            "page",
        ],
    );
    insta::assert_snapshot!(told, @r"
    Error: incomplete settings
      - --service page needs --page
      - --service phone needs --phone
    ");
    let said = world.run(&[
        "merchant",
        "update",
        "--service",
        "phone",
        "--phone",
        "400-123-4567",
        "--dry-run",
    ]);
    assert_eq!(
        said.json(),
        json!({"service_agent_phone": "400-123-4567", "service_agent_type": [2]})
    );
    let mistyped = ["merchant", "update", "--service", "phone", "--phone", "1"];
    let told = world.refused(2, &mistyped);
    assert!(told.contains("\"1\" is not a phone number"), "{told}");
    assert_eq!(world.paths_since(0), [""; 0]);
    let fault = wxsell::sandbox::FaultKind::Errcode {
        errcode: 990_007,
        errmsg: "path is missing".into(),
    };
    world
        .sandbox()
        .add_fault(&wxsell::sandbox::Fault::once(
            "/shop/account/update_info",
            fault,
        ))
        .expect("a fault");
    let told = world.refused(1, &["merchant", "update", "--service", "wechat"]);
    assert!(told.contains("errcode 990007"), "{told}");
}

#[test]
fn a_phone_is_checked_and_what_is_switched_off_is_said() {
    let world = World::new();
    let seen = world.calls().len();
    for phone in ["abc", "1", "020-12345678901234567890"] {
        let told = world.refused(
            2,
            &["merchant", "update", "--service", "phone", "--phone", phone],
        );
        assert!(
            told.contains(&format!("\"{phone}\" is not a phone number")),
            "{told}"
        );
    }
    assert_eq!(world.writes_since(seen), [""; 0]);
    let said = world.run(&[
        "merchant",
        "update",
        "--service",
        "phone",
        "--phone",
        "020-12345678",
    ]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("customer service: what is not listed here is off"),
        "{}",
        said.stderr
    );
}
