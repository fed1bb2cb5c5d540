//! A WeChat Store: its profile, what reaches it and what does not.

use super::world::{Said, World};

fn store(world: &World, args: &[&str]) -> Said {
    world.at("store-sandbox", args)
}

#[test]
fn the_store_in_the_box_answers_its_own_calls() {
    let world = World::new();
    let said = store(
        &world,
        &["api", "call", "goods_audit_quota_get", "--format", "json"],
    );
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.json()["audit_quota"]["unlimited_type"], 1);
    let path = "/channels/ec/category/detail";
    let data = r#"{"cat_id":"381001002"}"#;
    let said = store(
        &world,
        &["api", "call", path, "--data", data, "--format", "json"],
    );
    assert_eq!(said.json()["info"]["name"], "绿茶");
}

#[test]
fn a_path_of_the_other_family_is_never_sent() {
    let world = World::new();
    let seen = world.calls().len();
    let said = store(&world, &["api", "call", "/shop/account/get_info"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(
        said.stderr.contains("is not a call of the WeChat Store"),
        "{}",
        said.stderr
    );
    let said = world.run(&["api", "call", "/channels/ec/product/getauditquota"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(
        said.stderr.contains("is a call of the WeChat Store"),
        "{}",
        said.stderr
    );
    let business: Vec<String> = world
        .paths_since(seen)
        .into_iter()
        .filter(|path| !path.starts_with("/cgi-bin/"))
        .collect();
    assert!(business.is_empty(), "{business:?}");
}

#[test]
fn what_does_not_work_for_a_store_yet_says_so() {
    let world = World::new();
    for args in [
        &["order", "list"][..],
        &["aftersale", "list"],
        &["funds", "balance"],
        &["due"],
    ] {
        let said = store(&world, args);
        assert_eq!(said.code, Some(2), "{args:?}: {}", said.stderr);
        assert!(said.stderr.contains("WeChat Store yet"), "{}", said.stderr);
    }
    assert!(world.calls().is_empty());
}

#[test]
fn the_doctor_tells_a_listed_address_from_one_that_is_not() {
    let world = World::new();
    let said = store(&world, &["auth", "doctor"]);
    assert_eq!(said.code, Some(0), "{}{}", said.text(), said.stderr);
    world
        .sandbox()
        .set(|settings| settings.allowed_ips = vec!["203.0.113.9".into()])
        .expect("set");
    let said = store(&world, &["api", "call", "goods_audit_quota_get"]);
    assert_eq!(said.code, Some(3), "{}", said.stderr);
    assert!(said.stderr.contains("IP whitelist"), "{}", said.stderr);
    let refused = world.calls();
    let forbidden = refused.iter().filter(|call| call.status == 403);
    assert_eq!(forbidden.count(), 1, "it is not repeated");
}

#[test]
fn the_doctor_tells_what_keeps_a_store_from_selling() {
    let told = |path: &str, fault: &[&str]| {
        let world = World::new();
        world.ok(&[&["sandbox", "fault", "--path", path, "--times", "9"], fault].concat());
        let said = store(&world, &["auth", "doctor", "--format", "json"]);
        assert_eq!(
            said.code,
            Some(3),
            "{fault:?}: {}{}",
            said.text(),
            said.stderr
        );
        said.text().to_owned()
    };
    let info = "/channels/ec/basics/info/get";
    let quota = "/channels/ec/product/getauditquota";
    let refused = ["--errcode", "48001"];
    // A token of another kind of account, and a permission set that is missing, look alike where the name cannot be read.
    let words = told(info, &refused);
    assert!(words.contains("several causes"), "{words}");
    let words = told(quota, &refused);
    assert!(
        words.contains("product permission set is missing"),
        "{words}"
    );
    let closed = r#"{"errcode":0,"errmsg":"ok","info":{"nickname":"x","status":"close_finished"}}"#;
    let words = told(info, &["--reply", closed]);
    assert!(words.contains("the store is closed"), "{words}");
    let words = told(info, &["--status", "403"]);
    assert!(words.contains("IP whitelist"), "{words}");
}

#[test]
fn the_status_of_a_store_names_what_is_open() {
    let world = World::new();
    let said = store(&world, &["status", "--format", "json"]);
    assert_eq!(said.code, Some(7), "{}", said.stderr);
    let steps = said.json();
    let states: Vec<(&str, &str)> = steps
        .as_array()
        .expect("a list")
        .iter()
        .map(|step| {
            let text = |name: &str| step[name].as_str().expect("text");
            (text("step"), text("state"))
        })
        .collect();
    assert_eq!(
        states,
        [
            ("store", "done"),
            ("categories", "done"),
            ("return_address", "done"),
            ("freight", "done"),
            ("goods", "todo"),
        ]
    );
    assert_eq!(steps[4]["command"], "wxsell goods template --help");
    // What calls can do is named with the command that does it.
    let bare = r#"{"errcode":0,"errmsg":"ok","template_id_list":[]}"#;
    let path = "/channels/ec/merchant/getfreighttemplatelist";
    world.ok(&["sandbox", "fault", "--path", path, "--reply", bare]);
    let steps = store(&world, &["status", "--format", "json"]).json();
    assert_eq!(steps[3]["state"], "todo", "{steps}");
    assert_eq!(steps[3]["command"], "wxsell merchant apply");
}

#[test]
fn a_profile_of_a_store_is_added_by_its_family() {
    let world = World::new();
    let base = world.running();
    let secret = world.file("secret");
    std::fs::write(&secret, wxsell::sandbox::STORE_SECRET).expect("a file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let own = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&secret, own).expect("a mode");
    }
    let appid = wxsell::sandbox::STORE_APPID;
    let add = [
        "profile",
        "add",
        "mine",
        "--family",
        "store",
        "--appid",
        appid,
        "--base-url",
        &base.base_url,
    ];
    world.ok(&add);
    let secret = secret.display().to_string();
    let login = [
        "auth",
        "login",
        "--secret-file",
        &secret,
        "--secret-store",
        "file",
    ];
    let said = world.at("mine", &login);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let said = world.at(
        "mine",
        &["api", "call", "merchant_info_get", "--format", "json"],
    );
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.json()["info"]["status"], "open_finished");
}
