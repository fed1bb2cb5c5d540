//! What the platform offers and counts: `category`, `brand`, `quota`, `rid`; and `completion`.

use super::world::World;
use serde_json::json;

#[test]
fn categories_are_found_by_name_and_number() {
    let world = World::new();
    insta::assert_snapshot!(world.ok(&["category", "list", "绿茶"]), @"
     CATEGORY  NAME  SECOND LEVEL  FIRST LEVEL  PERMIT  PERMIT OF THE PRODUCT
     1423      绿茶  茶饮          食品饮料     none    none
    ");
    let found = world.json(&["category", "list", "1423"]);
    assert_eq!(
        (&found[0]["third_cat_name"], found.as_array().map(Vec::len)),
        (&json!("绿茶"), Some(1))
    );
    let said = world.run(&["category", "list", "no such name"]);
    assert_eq!(
        (said.code, said.text(), said.stderr.as_str()),
        (Some(0), "", "nothing to show\n")
    );
    let (all, mine) = (
        world.json(&["category", "list"]),
        world.json(&["category", "mine"]),
    );
    assert!(
        all.as_array().map(Vec::len) > mine.as_array().map(Vec::len),
        "some categories are closed"
    );
}

#[test]
fn brands_of_this_shop_are_listed() {
    let world = World::new();
    let brands = world.json(&["brand", "mine"]);
    assert_eq!(
        brands[0],
        json!({"brand_id": "2100000000", "brand_wording": "无品牌"})
    );
}

#[test]
fn a_refusal_is_shown_with_its_rid_which_can_be_looked_up() {
    let world = World::new();
    for (path, args) in [
        ("/shop/cat/get", &["category", "list"][..]),
        ("/shop/account/get_category_list", &["category", "mine"]),
        ("/shop/account/get_brand_list", &["brand", "mine"]),
    ] {
        let fault = wxsell::sandbox::FaultKind::Errcode {
            errcode: -987_654,
            errmsg: "odd thing".into(),
        };
        world
            .sandbox()
            .add_fault(&wxsell::sandbox::Fault::once(path, fault))
            .expect("a fault");
        let told = world.refused(1, args);
        let rid = world.calls().pop().expect("a call").rid;
        let expected = format!(
            "Error: WeChat refused {path}: odd thing (errcode -987654) (rid {rid})\n\
             Hint:  wxsell rid show {rid} tells what WeChat saw of this call (for 7 days)\n"
        );
        assert_eq!(told, expected);
        let seen = world.json(&["rid", "show", &rid]);
        assert_eq!(
            (&seen["rid"], &seen["client_ip"], &seen["request_url"]),
            (&json!(rid), &json!("127.0.0.1"), &json!("access_token=***"))
        );
        assert!(
            seen["response_body"]
                .as_str()
                .expect("text")
                .contains("odd thing"),
            "{seen}"
        );
    }
    let told = world.refused(2, &["rid", "show", "rid"]);
    assert!(told.starts_with("Error: \"rid\" is no rid\n"), "{told}");
}

#[test]
fn day_counters_are_shown_for_any_path() {
    let world = World::new();
    world.ok(&["sandbox", "set", "--calls-per-day", "100"]);
    world.ok(&["brand", "mine"]);
    let figures = world.json(&["quota", "show", "/shop/account/get_brand_list"]);
    assert_eq!(
        (
            &figures[0]["used"],
            &figures[0]["remaining"],
            &figures[0]["daily_limit"]
        ),
        (&json!(1), &json!(99), &json!(100))
    );
    let all = world.ok(&["quota", "show", "--format", "csv", "--columns", "path"]);
    assert!(all.lines().any(|path| path == "/shop/spu/add"), "{all}");
    let told = world.refused(2, &["quota", "show", "spu"]);
    insta::assert_snapshot!(told, @r#"
    Error: "spu" is not the path of a call
    Hint:  write it with its leading slash, without host and query, e.g. /shop/spu/add
    "#);
}

#[test]
fn every_shell_has_a_completion_script_and_profiles_are_completed_live() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(
            world.ok(&["completion", shell]).contains("WXSELL_COMPLETE"),
            "{shell}"
        );
    }
    let told = world.refused(2, &["completion", "tcsh"]);
    assert!(told.contains("did you mean zsh?"), "{told}");
    world.ok(&[
        "profile",
        "add",
        "tea-house",
        "--appid",
        "wx00000000000000aa",
    ]);
    let said = super::world::said(
        world
            .plain_command(&["--", "wxsell", "--profile", "tea"])
            .env("WXSELL_COMPLETE", "fish"),
    );
    assert_eq!(
        (said.code, said.text().trim()),
        (Some(0), "tea-house\twx00000000000000aa")
    );
}
