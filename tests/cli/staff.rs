//! Promotion staff of the Mini Program: roles, people, material, figures, messages.

use super::world::World;
use crate::support::spec;
use serde_json::json;
use wxsell::sandbox::{Fault, FaultKind};

fn openid(number: usize) -> String {
    format!("oExamplePromoter{number:012}")
}

/// A shop with the role 导购 and one person in it, who has agreed.
fn with_one() -> World {
    let world = World::new();
    world.ok(&["promoter", "role", "add", "导购", "--desc", "门店"]);
    world.ok(&[
        "promoter",
        "add",
        "--openid",
        &openid(1),
        "--role",
        "导购",
        "--store",
        "SZ-001",
        "--mark",
        "guide-17",
    ]);
    world.ok(&["sandbox", "staff", "agree", &openid(1)]);
    world
}

#[test]
fn roles_are_listed_made_and_renamed() {
    let world = World::new();
    assert_eq!(
        world.json(&["promoter", "role", "list"]),
        json!([{"role_id": "1", "name": "推广员", "desc": ""}])
    );
    let role = world.json(&["promoter", "role", "add", "门店导购", "--desc", "线下"]);
    assert_eq!(role["role_id"], "2");
    world.ok(&["promoter", "role", "update", "门店导购", "--name", "导购"]);
    let table = world.ok(&["promoter", "role", "list"]);
    assert!(table.contains("导购") && table.contains("线下"), "{table}");
    let said = world.refused(2, &["promoter", "role", "add", &"长".repeat(17)]);
    assert!(
        said.contains("name must have a length of at most 50"),
        "{said}"
    );
    let said = world.refused(2, &["promoter", "role", "update", "收银", "--name", "x"]);
    assert!(said.contains("the roles are 推广员, 导购"), "{said}");
    let said = world.refused(1, &["promoter", "role", "update", "99", "--name", "x"]);
    assert!(said.contains("103001"), "{said}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_person_is_declared_agrees_is_changed_and_removed() {
    let world = World::new();
    let said = world.run(&[
        "promoter",
        "add",
        "--openid",
        &openid(1),
        "--role",
        "推广员",
    ]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("added; each person still has to accept"),
        "{}",
        said.stderr
    );
    let again = world.json(&["promoter", "add", "--openid", &openid(1), "--role", "1"]);
    assert_eq!(again[0]["result"], "already");
    assert_eq!(again[0]["errcode"], 103_003);
    assert_eq!(
        world.json(&["promoter", "list", "--staff", "--bound"]),
        json!([])
    );
    assert_eq!(
        world
            .json(&["promoter", "list", "--staff", "--waiting"])
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    world.ok(&["sandbox", "staff", "agree", &openid(1)]);
    let person = world.json(&["promoter", "list", "--staff", "--bound"])[0].clone();
    assert_eq!(
        (&person["id"], &person["auth_status"]),
        (&json!("100"), &json!(1))
    );

    world.write("who.json", r#"{"name": "张三丰", "phone": "13800000000"}"#);
    world.ok(&[
        "promoter", "update", "100", "--store", "SZ-002", "--file", "who.json",
    ]);
    let person = world.json(&["promoter", "show", &openid(1)]);
    assert_eq!(
        (&person["name"], &person["phone"]),
        (&json!("张**"), &json!("138****0000"))
    );
    assert_eq!(person["retail_id"], "SZ-002");
    let whole = world.json(&["promoter", "show", "100", "--unmask"]);
    assert_eq!(whole["phone"], "13800000000");
    let unionid = world.json(&["promoter", "list", "--staff", "--unionid"])[0]["openid"].clone();
    assert_ne!(unionid, openid(1));
    let unionid = unionid.as_str().expect("text");
    assert_eq!(world.json(&["promoter", "show", unionid])["id"], "100");

    world.ok(&["promoter", "remove", &openid(1)]);
    let table = world.ok(&["promoter", "show", "100"]);
    assert!(
        table.contains("declaration withdrawn by the merchant"),
        "{table}"
    );
    world.ok(&["promoter", "update", "100", "--declare"]);
    assert_eq!(world.json(&["promoter", "show", "100"])["decl_status"], 1);
    world.ok(&["sandbox", "staff", "leave", &openid(1)]);
    assert_eq!(world.json(&["promoter", "show", "100"])["auth_status"], 2);
    let said = world.refused(2, &["promoter", "remove", &openid(7)]);
    assert!(
        said.contains("not on the promotion staff") && said.contains("wxsell promoter list"),
        "{said}"
    );
    let said = world.refused(
        2,
        &["promoter", "update", "100", "--store", &"店".repeat(7)],
    );
    assert!(
        said.contains("retail_id must have a length of at most 20"),
        "{said}"
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_table_of_people_is_sent_in_tens_and_failed_rows_come_back() {
    let world = World::new();
    world.ok(&["promoter", "add", "--openid", &openid(3), "--role", "1"]);
    let mut table = String::from("openid,角色,门店,姓名,手机号\n");
    for number in 1..=24 {
        table += &format!("{},推广员,SZ-1,张{number},13800000000\n", openid(number));
    }
    table += "nobody,推广员,SZ-1,,\n";
    world.write("staff.csv", &table);
    let calls = world.calls().len();
    let dry = world.json(&["promoter", "add", "--from", "staff.csv", "--dry-run"]);
    let tens: Vec<usize> = dry
        .as_array()
        .expect("requests")
        .iter()
        .map(|request| request["promoter_list"].as_array().map_or(0, Vec::len))
        .collect();
    assert_eq!(tens, [10, 10, 5]);
    assert_eq!(world.paths_since(calls), ["/promoter/getrole"]);
    let calls = world.calls().len();
    let said = world.run(&["promoter", "add", "--from", "staff.csv", "--format", "json"]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    let rows = said.json();
    let count = |result: &str| {
        let rows = rows.as_array().expect("rows");
        rows.iter().filter(|row| row["result"] == result).count()
    };
    assert_eq!(
        (count("declared"), count("already"), count("failed")),
        (23, 1, 1)
    );
    assert_eq!(rows[24]["row"], 26);
    assert_eq!(
        world.paths_since(calls),
        [
            "/promoter/getrole",
            "/promoter/addpromoter",
            "/promoter/addpromoter",
            "/promoter/addpromoter"
        ]
    );
    let failed = world.read("staff.failed.csv");
    let lines: Vec<&str> = failed.lines().collect();
    assert_eq!(lines.len(), 2, "{failed}");
    assert!(
        lines[0].ends_with(",reason") && lines[1].starts_with("nobody,"),
        "{failed}"
    );

    // The same table again declares nobody twice.
    let said = world.run(&["promoter", "add", "--from", "staff.csv", "--format", "json"]);
    let again = said.json();
    assert!(
        again
            .as_array()
            .expect("rows")
            .iter()
            .all(|row| row["result"] != "declared")
    );
    assert_eq!(
        world
            .json(&["promoter", "list", "--staff"])
            .as_array()
            .map(Vec::len),
        Some(24)
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_table_that_is_wrong_is_not_sent_at_all() {
    let world = World::new();
    let long = "名".repeat(11);
    world.write(
        "staff.csv",
        format!(
            "openid,role,name\n{0},店长,\n{0},1,{long}\n,1,\n",
            openid(1)
        ),
    );
    let said = world.refused(2, &["promoter", "add", "--from", "staff.csv"]);
    for words in [
        "row 2: there is no role 店长",
        "row 3: name must have a length of at most 30",
        "appears twice",
        "row 4: openid is missing",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(
        !world
            .paths_since(0)
            .contains(&"/promoter/addpromoter".to_owned())
    );
    let said = world.refused(2, &["promoter", "add", "--openid", &openid(1)]);
    assert!(said.contains("--role"), "{said}");
    let said = world.refused(2, &["promoter", "add"]);
    assert!(
        said.contains("--wechat") && said.contains("--openid"),
        "{said}"
    );
    world.write("bad.csv", "name\nx\n");
    let said = world.refused(2, &["promoter", "add", "--from", "bad.csv"]);
    assert!(said.contains("has no column openid"), "{said}");
}

#[test]
fn invitations_and_share_material_are_links_paths_and_pictures() {
    let world = with_one();
    let made = world.json(&["promoter", "invite", "--role", "导购"]);
    assert!(
        made["link"]
            .as_str()
            .is_some_and(|link| link.starts_with("#小程序://")),
        "{made}"
    );
    world.ok(&[
        "promoter",
        "invite",
        "--role",
        "导购",
        "--as",
        "poster",
        "--output",
        "poster.png",
    ]);
    let picture = std::fs::read(world.file("poster.png")).expect("a picture");
    assert!(picture.starts_with(b"\x89PNG"));
    let calls = world.calls().len();
    let made = world.json(&["promoter", "invite", "--role", "2", "--as", "path"]);
    assert_eq!(made["appid"], "wx97537671f13cd770");
    assert!(
        made["path"]
            .as_str()
            .is_some_and(|path| path.ends_with("&role=2&openType=2")),
        "{made}"
    );
    let said = world.refused(2, &["promoter", "invite", "--role", "导购", "--as", "code"]);
    assert!(said.contains("--output"), "{said}");
    assert_eq!(world.paths_since(calls), [""; 0]);

    let page = ["--page", "pages/product/index?id=TEA-1001"];
    let one = openid(1);
    let share = [&["promoter", "share", &one], &page[..]].concat();
    let made = world.json(&[&share[..], &["--title", "秋茶", "--mark", "autumn"]].concat());
    assert!(
        made["link"].is_string() && made["works_until"].is_string(),
        "{made}"
    );
    let made = world.json(&[&share[..], &["--as", "all", "--output", "code.png"]].concat());
    assert!(
        made["path"]
            .as_str()
            .is_some_and(|path| path.starts_with("pages/product/index?id=TEA-1001&"))
    );
    assert!(world.file("code.png").exists());
    let said = world.refused(2, &[&share[..], &["--title", "一二三四五六七"]].concat());
    assert!(
        said.contains("title must have a length of at most 20"),
        "{said}"
    );
    let said = world.refused(1, &["promoter", "share", &openid(2), "--page", "p"]);
    assert!(said.contains("103001"), "{said}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn visits_and_payments_are_listed() {
    let world = with_one();
    assert_eq!(
        world.json(&["promoter", "relations", &openid(1)]),
        json!([])
    );
    world.ok(&[
        "sandbox",
        "staff",
        "visit",
        &openid(1),
        "--page",
        "pages/a?x=1&y=2",
        "--mark",
        "autumn",
    ]);
    world.ok(&[
        "sandbox",
        "staff",
        "visit",
        &openid(1),
        "--pays",
        "99.00",
        "--scene",
        "1089",
    ]);
    world.ok(&[
        "sandbox",
        "staff",
        "visit",
        &openid(1),
        "--pays",
        "9.90",
        "--refunded",
    ]);
    let rows = world.json(&["promoter", "relations", &openid(1)]);
    assert_eq!(rows.as_array().map(Vec::len), Some(3));
    assert_eq!(rows[0]["share_extra_info"], "autumn");
    assert_eq!(rows[0]["extra_info"], "guide-17");
    let rows = world.json(&[
        "promoter",
        "relations",
        &openid(1),
        "--page",
        "pages/a?y=2&x=1",
    ]);
    assert_eq!(rows.as_array().map(Vec::len), Some(1));
    let rows = world.json(&["promoter", "relations", &openid(1), "--scene", "1089"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(1));
    assert_eq!(
        world.json(&["promoter", "relations", &openid(1), "--until", "2022-04-01"]),
        json!([])
    );

    let table = world.ok(&["promoter", "orders", &openid(1)]);
    assert!(
        table.contains("99.00") && table.contains("refund accepted"),
        "{table}"
    );
    let today = wxsell::types::ChinaTime::from_unix(wxsell::types::now()).0[..10].to_owned();
    let rows = world.json(&[
        "promoter",
        "orders",
        &openid(1),
        "--day",
        &today,
        "--status",
        "paid",
    ]);
    assert_eq!(rows.as_array().map(Vec::len), Some(1));
    assert_eq!(rows[0]["paid_amount"], 9900);
    assert_eq!(
        world.json(&["promoter", "orders", &openid(1), "--day", "2022-04-01"]),
        json!([])
    );
    let said = world.refused(1, &["promoter", "orders", &openid(9)]);
    assert!(said.contains("103001"), "{said}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn few_get_a_message_each_and_many_one_together() {
    let world = with_one();
    world.ok(&["promoter", "add", "--openid", &openid(2), "--role", "导购"]);
    let send = [
        "promoter",
        "message",
        "send",
        "--title",
        "今日优惠",
        "--desc",
        "两件九折",
        "--page",
        "pages/index/index",
    ];
    let calls = world.calls().len();
    let sent = world.json(&[&send[..], &["--role", "导购"]].concat());
    assert_eq!(sent, json!([{"id": "100", "result": "sent"}]));
    let paths = world.paths_since(calls);
    assert_eq!(
        paths.last().map(String::as_str),
        Some("/promoter/singlesendmsg")
    );
    // Who has not agreed cannot be reached, and is told by number.
    let said = world.run(
        &[
            &send[..],
            &["--to", &openid(2), "--to", "100", "--format", "json"],
        ]
        .concat(),
    );
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    assert_eq!(said.json()[1]["errcode"], 103_010);
    let said = world.refused(2, &[&send[..], &["--store", "nowhere"]].concat());
    assert!(said.contains("nobody would get this message"), "{said}");
    let said = world.refused(
        2,
        &[
            "promoter",
            "message",
            "send",
            "--content",
            "hello",
            "--page",
            "p",
            "--all",
        ],
    );
    assert!(said.contains("not a JSON object"), "{said}");

    let mut table = String::from("openid,role\n");
    for number in 10..70 {
        table += &format!("{},导购\n", openid(number));
    }
    world.write("staff.csv", table);
    world.ok(&["promoter", "add", "--from", "staff.csv"]);
    for number in 10..70 {
        world
            .sandbox()
            .answer_as_staff(&openid(number), true)
            .expect("agreed");
    }
    let calls = world.calls().len();
    let dry = world.run(&[&send[..], &["--all", "--dry-run"]].concat());
    assert!(dry.stderr.contains("recipients: 61"), "{}", dry.stderr);
    assert!(
        !world
            .paths_since(calls)
            .iter()
            .any(|path| path.contains("sendmsg"))
    );
    let sent = world.json(&[&send[..], &["--all"]].concat());
    let number = sent["msg_id"].as_str().expect("a number");
    world.ok(&["sandbox", "advance", "2m"]);
    let shown = world.json(&["promoter", "message", "show", number]);
    assert_eq!(
        (&shown["send_cnt"], &shown["percent"]),
        (&json!(61), &json!(100))
    );
    let today = wxsell::types::ChinaTime::from_unix(wxsell::types::now()).0[..10].to_owned();
    let clicks = world.json(&["promoter", "message", "clicks", &today]);
    assert_eq!(
        (&clicks[0]["msg_id"], &clicks[0]["click_uv"]),
        (&json!(number), &json!(6))
    );
    let clicks = world.json(&["promoter", "message", "clicks", &today, "--per", "type"]);
    assert_eq!(clicks[0]["msg_type"], 1);
    assert_eq!(
        world.json(&["promoter", "message", "clicks", "2022-04-01"]),
        json!([])
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_message_whose_answer_was_lost_is_not_sent_again() {
    let world = with_one();
    world.ok(&[
        "sandbox",
        "fault",
        "--path",
        "/promoter/singlesendmsg",
        "--reset",
        "--after",
    ]);
    let calls = world.calls().len();
    let said = world.run(&[
        "promoter", "message", "send", "--title", "t", "--page", "p", "--all", "--format", "json",
    ]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    assert_eq!(said.json()[0]["result"], "unclear");
    let paths = world.paths_since(calls);
    assert_eq!(
        paths
            .iter()
            .filter(|path| *path == "/promoter/singlesendmsg")
            .count(),
        1
    );
}

#[test]
fn messages_end_after_three_of_which_nobody_knows() {
    let world = with_one();
    for number in 2..=6 {
        world.ok(&[
            "promoter",
            "add",
            "--openid",
            &openid(number),
            "--role",
            "导购",
        ]);
        let agreed = world.sandbox().answer_as_staff(&openid(number), true);
        agreed.expect("agreed");
    }
    let path = "/promoter/singlesendmsg";
    let sent = || {
        let calls = world.calls();
        calls.iter().filter(|call| call.path == path).count()
    };
    let send = [
        "promoter", "message", "send", "--title", "t", "--page", "p", "--all", "--format", "json",
    ];
    let results = |said: &super::world::Said| -> Vec<String> {
        let rows = said.json();
        let rows = rows.as_array().expect("rows").iter();
        rows.map(|row| row["result"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    // The first comes through, and then no answer says whether a message went out.
    let lost = Fault {
        times: None,
        ..Fault::once(path, FaultKind::Reset).after()
    };
    let first = ["--to", "100"];
    let to_one = [&send[..7], &first, &send[8..]].concat();
    let said = world.run_in_time(&to_one);
    assert_eq!((said.code, sent()), (Some(0), 1), "{}", said.stderr);
    world.sandbox().add_fault(&lost).expect("a fault");
    let said = world.run_in_time(&send);
    assert_eq!((said.code, sent()), (Some(6), 4), "{}", said.stderr);
    assert_eq!(
        results(&said),
        [
            "unclear", "unclear", "unclear", "not_sent", "not_sent", "not_sent"
        ]
    );
    // What is unclear is left to a person and holds up nobody else.
    world.sandbox().clear_faults(None).expect("no faults");
    let said = world.run_in_time(&send);
    assert_eq!((said.code, sent()), (Some(6), 7), "{}", said.stderr);
    assert_eq!(
        results(&said),
        ["unclear", "unclear", "unclear", "sent", "sent", "sent"]
    );
}

#[test]
fn people_whose_answer_was_lost_are_looked_up_at_the_end() {
    let world = World::new();
    let table = |from: usize, to: usize| {
        let rows = (from..=to).map(|number| format!("{},1\n", openid(number)));
        format!("openid,role\n{}", rows.collect::<String>())
    };
    let path = "/promoter/addpromoter";
    let add = ["promoter", "add", "--from", "staff.csv", "--format", "json"];
    let count = |rows: &serde_json::Value, result: &str| {
        let rows = rows.as_array().expect("rows");
        rows.iter().filter(|row| row["result"] == result).count()
    };
    let sent = || {
        let calls = world.calls();
        calls.iter().filter(|call| call.path == path).count()
    };
    // Every try of the first ten is lost after it was carried out.
    world.write("staff.csv", table(1, 12));
    let lost = Fault::once(path, FaultKind::Reset).times(5);
    let after = lost.clone().after();
    world.sandbox().add_fault(&after).expect("a fault");
    let said = world.run_in_time(&add);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(count(&said.json(), "declared"), 12);
    assert!(said.stderr.contains("checking again"), "{}", said.stderr);
    // And before.
    world.write("staff.csv", table(13, 14));
    world.sandbox().add_fault(&lost).expect("a fault");
    let said = world.run_in_time(&add);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    assert_eq!(count(&said.json(), "not_sent"), 2);
    let reason = &said.json()[0]["reason"];
    assert!(
        reason
            .as_str()
            .is_some_and(|why| why.contains("never got it")),
        "{reason}"
    );
    // Three groups without an answer are enough.
    world.write("staff.csv", table(15, 64));
    let always = Fault {
        times: None,
        ..lost.clone()
    };
    world.sandbox().add_fault(&always).expect("a fault");
    let before = sent();
    let said = world.run_in_time(&add);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    assert_eq!((sent() - before, count(&said.json(), "not_sent")), (15, 50));
    world.sandbox().clear_faults(None).expect("no faults");
    let said = world.run_in_time(&add);
    assert_eq!(count(&said.json(), "declared"), 50, "{}", said.stderr);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}
