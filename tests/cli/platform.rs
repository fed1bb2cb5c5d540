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
        (Some(0), "", "no category matches\n")
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
            "Error: WeChat refused {path}: odd thing (errcode -987654)\n\
             Hint:  `wxsell rid show {rid}` shows what WeChat recorded about this call (kept for 7 days)\n"
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
    assert!(told.starts_with("Error: \"rid\" is not a rid\n"), "{told}");
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
    assert!(told.contains("bash, zsh, fish, powershell"), "{told}");
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

#[test]
fn day_counters_are_cleared_by_token_by_secret_and_one_by_one() {
    let world = World::new();
    world.ok(&["sandbox", "set", "--calls-per-day", "2"]);
    // All in one time: a pause of one that moves its clock on would last for one that does not.
    let mine = |code: i32| {
        let said = world.run_in_time(&["brand", "mine"]);
        assert_eq!(said.code, Some(code), "{}", said.stderr);
    };
    let used_up = || [0, 0, 5].map(mine);
    used_up();
    let seen = world.calls().len();
    let dry = world.run(&["quota", "clear", "--dry-run"]);
    assert!(
        dry.stderr.contains("would reset all daily counters"),
        "{}",
        dry.stderr
    );
    assert_eq!(world.paths_since(seen), [""; 0]);
    assert_eq!(
        world.json(&["quota", "clear"]),
        json!({"appid": wxsell::sandbox::APPID, "path": null})
    );
    used_up();
    // The name it had before.
    world.ok(&["quota", "reset", "--by-secret"]);
    used_up();
    let one = world.json(&["quota", "clear", "/shop/account/get_brand_list"]);
    assert_eq!(one["path"], "/shop/account/get_brand_list");
    mine(0);
    let told = world.refused(3, &["quota", "clear", "/sns/jscode2session"]);
    assert!(
        told.contains("errcode 76022") && told.contains("resets all"),
        "{told}"
    );
    let told = world.refused(2, &["quota", "clear", "brand"]);
    assert!(told.contains("is not the path of a call"), "{told}");
    assert_eq!(crate::support::spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn where_no_token_can_be_had_the_secret_clears_the_counters() {
    let world = World::new();
    world.ok(&["sandbox", "set", "--calls-per-day", "1"]);
    world.ok(&["auth", "token"]);
    world.ok(&["sandbox", "token", "expire"]);
    world.forget();
    let told = world.refused(5, &["brand", "mine"]);
    assert!(told.contains("45009"), "{told}");
    world.ok(&["quota", "clear"]);
    assert!(
        world
            .calls()
            .iter()
            .any(|call| call.path == "/cgi-bin/clear_quota/v2" && call.errcode == 0)
    );
    world.ok(&["brand", "mine"]);
}

#[test]
fn resets_are_counted_by_the_month() {
    let world = World::new();
    world.ok(&["sandbox", "set", "--calls-per-day", "1000"]);
    for _ in 0..5 {
        world.ok(&["quota", "clear", "--quiet"]);
        world.ok(&["brand", "mine"]);
        world.ok(&["quota", "clear", "--by-secret", "--quiet"]);
        world.ok(&["brand", "mine"]);
    }
    let told = world.refused(5, &["quota", "clear"]);
    assert!(told.contains("errcode 48006"), "{told}");
}

#[test]
fn the_address_of_the_push_is_looked_up_and_pinged() {
    let world = World::new();
    let told = world.refused(1, &["callback", "check"]);
    assert!(told.contains("errcode 40201"), "{told}");
    world.ok(&["sandbox", "push", "to", "https://push.shop.example/wechat"]);
    insta::assert_snapshot!(world.ok(&["callback", "check", "--from", "tencent"]), @"
    ADDRESS      NETWORK  PINGED FROM  LOSS  TIME
    203.0.113.9  UNICOM   CAP          0%    23.079ms
    ");
    assert_eq!(
        world.json(&["callback", "check", "--action", "dns"]),
        json!([{"ip": "203.0.113.9", "real_operator": "UNICOM", "from_operator": null, "package_loss": null, "time": null}])
    );
    world.ok(&[
        "sandbox",
        "push",
        "to",
        "https://silent.shop.example/wechat",
    ]);
    let told = world.refused(4, &["callback", "check"]);
    assert!(
        told.contains("no address of the push host answered a ping"),
        "{told}"
    );
    world.ok(&["callback", "check", "--action", "dns"]);
    world.ok(&["sandbox", "push", "to", "https://push.invalid/wechat"]);
    let told = world.refused(4, &["callback", "check", "--action", "dns"]);
    assert!(told.contains("has no address"), "{told}");
    assert_eq!(crate::support::spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn addresses_of_the_platform_are_listed_for_firewalls() {
    let world = World::new();
    assert_eq!(
        world.json(&["ip", "list", "--of", "callback"]),
        json!([
            {"of": "callback", "address": "198.51.100.20"},
            {"of": "callback", "address": "198.51.100.128/25"},
        ])
    );
    insta::assert_snapshot!(world.ok(&["ip", "list"]), @"
    OF      ADDRESS
    calls   203.0.113.10
    calls   203.0.113.11
    pushes  198.51.100.20
    pushes  198.51.100.128/25
    ");
    let told = world.refused(2, &["ip", "list", "--of", "shop"]);
    assert!(told.contains("use one of: api, callback"), "{told}");
    assert_eq!(crate::support::spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_call_with_a_secret_in_it_is_left_to_its_command() {
    let world = World::new();
    for (operation, command) in [
        ("quota_clear_all_by_secret", "wxsell quota clear"),
        ("component_token_get", "wxsell provider token"),
        ("token_get_stable", "wxsell auth token"),
    ] {
        let told = world.refused(2, &["api", "call", operation]);
        assert!(
            told.contains("takes a secret") && told.contains(command),
            "{told}"
        );
    }
}
