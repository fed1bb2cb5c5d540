//! `merchant apply`, `application` and `fixed`: a merchant number from the first paper to the signature.

use super::access::joined;
use super::catalogues::png;
use super::world::World;
use crate::support::spec;
use serde_json::{Value, json};

pub const PICTURES: [&str; 5] = [
    "licence.jpg",
    "portrait.jpg",
    "emblem.jpg",
    "handler.jpg",
    "letter.jpg",
];

/// An application that nothing is wrong with, with or without a settlement account.
pub fn application(account: bool) -> Value {
    let mut body = json!({
        "organization_type": "enterprise", "id_doc_type": "id-card", "merchant_shortname": "山野茶集",
        "licence": {"legal_person": "张三", "valid": ["2018-01-01", "长期"], "picture": "licence.jpg"},
        "id_card": {"name": "张三", "number": "11010519491231002X", "valid_to": "长期",
            "portrait": "portrait.jpg", "emblem": "emblem.jpg"},
        "contact": {"type": "legal", "email": "ops@example.com", "mobile": "13800000000"},
    });
    if account {
        body["account"] = json!({"type": "business", "holder": "示例茶业有限公司", "number": "6222000000000000000",
            "bank": "工商银行", "city_code": "440100", "branch_id": "102100099996"});
        body["id_card"]["valid_from"] = "2016-01-01".into();
        body["id_card"]["address"] = "示例路 1 号".into();
    }
    body
}

fn world_with(body: &Value) -> World {
    let world = joined();
    for name in PICTURES {
        world.write(name, [png(300), name.as_bytes().to_vec()].concat());
    }
    world.write(
        "application.json",
        serde_json::to_string_pretty(body).expect("JSON"),
    );
    world
}

const APPLY: [&str; 4] = ["merchant", "apply", "--file", "application.json"];

#[test]
fn an_application_goes_from_the_papers_to_the_signature() {
    let world = world_with(&application(true));
    assert_eq!(world.json(&["merchant", "application"])["state"], "NONE");
    let said = world.run(&APPLY);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("示例茶业有限公司, license 91350100M000100Y43"),
        "{}",
        said.stderr
    );
    let state = |world: &World| world.json(&["merchant", "application"])["state"].clone();
    assert_eq!(state(&world), "CHECKING");
    assert!(world.refused(1, &APPLY).contains("errcode 1050009"));

    world.ok(&["sandbox", "advance", "1h"]);
    let shown = world.ok(&["merchant", "application"]);
    for part in [
        "account to be verified",
        "transfer exactly 0.17 yuan",
        "DEADLINE",
        "7000100000111900000000000",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    world.ok(&["sandbox", "admin", "verify"]);
    assert_eq!(state(&world), "AUDITING");
    world.ok(&["sandbox", "advance", "1h"]);
    let signing = world.json(&["merchant", "application"]);
    assert_eq!(
        (&signing["state"], &signing["pay_resp"]["sign_state"]),
        (&json!("NEED_SIGN"), &json!("UNSIGNED"))
    );
    assert_eq!(signing["next"]["who"], "super administrator");
    let shown = world.ok(&["merchant", "application"]);
    assert!(
        shown.contains("https://pay.weixin.qq.com/public/apply4ec_sign/s?applymentId="),
        "{shown}"
    );
    world.ok(&["sandbox", "admin", "sign"]);
    assert_eq!(state(&world), "FINISH");
    world.ok(&["sandbox", "merchant", "freeze"]);
    assert_eq!(state(&world), "FROZEN");
    world.refused(3, &APPLY);
    world.ok(&["sandbox", "merchant", "thaw"]);
    assert_eq!(state(&world), "FINISH");

    // Each picture went out once, though the application was handed in three times.
    let uploads = world.sandbox().uploads().expect("pictures");
    assert_eq!(
        (
            uploads.len(),
            uploads.iter().map(|(_, times)| times).sum::<i64>()
        ),
        (3, 3)
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn what_is_wrong_is_named_at_once_and_nothing_is_sent() {
    let mut body = application(true);
    body["contact"] =
        json!({"type": "handler", "email": "ops", "mobile": "1380", "contact_name": "李四"});
    body["id_card"]["number"] = "110105194912310021".into();
    body["id_card"]["name"] = "李四".into();
    body["licence"]["valid"] = json!(["2018-01-01", "2019-01-01"]);
    body["licence"]["picture"] = "text.jpg".into();
    body["account"]["type"] = "private".into();
    body["account"]["bank"] = "".into();
    body["colour"] = "red".into();
    let world = world_with(&body);
    world.write("text.jpg", "hello");
    let before = world.calls().len();
    let told = world.refused(2, &APPLY);
    let lines: Vec<&str> = told.lines().collect();
    insta::assert_snapshot!(lines[..lines.len() - 1].join("\n"), @r"
    Error: application.json has 13 problems; nothing was sent
      - line 7, licence.valid: 2019-01-01 has passed
      - line 11, licence.picture: text.jpg is neither a jpg nor a png
      - line 15, id_card.number: the check digit is wrong: check for typos
      - line 24, contact.email: not a valid e-mail address
      - line 25, contact.mobile: a mobile number has 11 digits and begins with 1
      - contact.portrait is missing: image of the handler's identity document, portrait side
      - contact.letter is missing: image of the handler's letter of authorization
      - account.bank is missing: bank as WeChat Pay spells it (see `wxsell funds banks`)
      - line 14, id_card.name: the identity card must belong to the legal representative
      - line 29, account.type: an enterprise needs a business account
      - line 30, account.holder: a private account must belong to the legal representative
      - line 26, contact.contact_name comes from the Mini Program and cannot be sent; correct it in the Mini Program's console
      - colour is not a field of this call
    ");
    assert_eq!(world.paths_since(before), [""; 0]);
    assert!(
        world
            .refused(2, &["merchant", "apply"])
            .contains("--template")
    );
}

#[test]
fn a_rejection_names_the_field_and_is_corrected() {
    let mut body = application(false);
    body["merchant_shortname"] = "REJECT".into();
    let world = world_with(&body);
    world.ok(&APPLY);
    world.ok(&["sandbox", "advance", "1h"]);
    let shown = world.ok(&["merchant", "application"]);
    assert!(
        shown.contains("merchant_shortname: 商户简称违反平台规则"),
        "{shown}"
    );
    world.write("application.json", application(false).to_string());
    world.ok(&APPLY);
    world.ok(&[
        "sandbox",
        "merchant",
        "reject",
        "--field",
        "contact_info",
        "--reason",
        "wrong person",
    ]);
    let detail = world.json(&["merchant", "application"])["pay_resp"]["audit_detail"].clone();
    assert_eq!(
        detail,
        json!([{"param_name": "contact_info", "reject_reason": "wrong person"}])
    );
    // Without an account the legal representative proves it, and a month is all there is.
    world.ok(&APPLY);
    world.ok(&["sandbox", "merchant", "pass"]);
    let waiting = world.json(&["merchant", "application"]);
    assert!(
        waiting["pay_resp"]["legal_validation_url"].is_string(),
        "{waiting}"
    );
    world.ok(&["sandbox", "advance", "31d"]);
    assert_eq!(
        world.json(&["merchant", "application"])["state"],
        "REJECTED"
    );
    world.refused(2, &["sandbox", "merchant", "freeze"]);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn people_are_masked_unless_asked_for() {
    let world = world_with(&application(false));
    let dry = [APPLY.as_slice(), &["--dry-run"]].concat();
    let before = world.calls().len();
    let masked = world.run(&dry);
    assert_eq!(
        masked.json()["id_card_info"]["id_card_number"],
        "110****002X"
    );
    let whole = world.run(&[dry.as_slice(), &["--unmask"]].concat());
    assert_eq!(
        whole.json()["business_license_info"]["legal_person"],
        "张三"
    );
    assert_eq!(world.paths_since(before), [""; 0]);
    let fixed = world.json(&["merchant", "fixed"]);
    assert_eq!(fixed["contact_info"]["contact_name"], "张**");
    assert_eq!(
        fixed["business_license_info"]["merchant_name"],
        "示例茶业有限公司"
    );
    // A lost answer is not sent again.
    world.ok(&[
        "sandbox",
        "fault",
        "--path",
        "/shop/wxpay/apply",
        "--reset",
        "--after",
    ]);
    let said = world.run(&APPLY);
    assert_eq!(said.code, Some(9), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("check with `wxsell merchant application`"),
        "{}",
        said.stderr
    );
    assert_eq!(
        world.json(&["merchant", "application"])["state"],
        "CHECKING"
    );
}

#[test]
fn the_template_is_a_file_that_can_be_filled_in() {
    let world = world_with(&json!({}));
    let mut filled = world.ok(&["merchant", "apply", "--template"]);
    for (name, value) in [
        ("merchant_shortname", "山野茶集"),
        ("legal_person", "张三"),
        ("id_card_name", "张三"),
        ("id_card_number", "11010519491231002X"),
        ("id_card_valid_time", "2999-01-01"),
        ("contact_email", "ops@example.com"),
        ("mobile_phone", "13800000000"),
    ] {
        let empty = format!("\n{name} = \"\"\n");
        assert!(filled.contains(&empty), "{name}");
        filled = filled.replace(&empty, &format!("\n{name} = \"{value}\"\n"));
    }
    world.write("papers/application.toml", filled);
    for name in PICTURES {
        world.write(&format!("papers/{name}"), png(300));
    }
    world.ok(&["merchant", "apply", "--file", "papers/application.toml"]);
    assert_eq!(
        world.json(&["merchant", "application"])["state"],
        "CHECKING"
    );
    let said = world.run_with(
        &[("WXSELL_LANG", "zh")],
        &["merchant", "apply", "--template"],
    );
    assert!(said.text().contains("法定代表人"), "{}", said.text());
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

/// The sample of WeChat's own page numbers the account as WeChat Pay does.
#[test]
fn a_kind_of_account_is_taken_by_its_number_too() {
    let mut body = application(true);
    body["account"]["type"] = "74".into();
    let world = world_with(&body);
    world.ok(&APPLY);
    let sent = world.calls().into_iter().rev();
    let sent = sent
        .map(|call| call.request)
        .find(|request| request.contains("bank_account_type"));
    assert!(sent.is_some_and(|sent| sent.contains("\"74\"")));
    world.ok(&["sandbox", "advance", "1h"]);
    let shown = world.ok(&["merchant", "application"]);
    assert!(shown.contains("account to be verified"), "{shown}");
    // A private one is the legal representative's.
    body["account"]["type"] = "75".into();
    let told = world_with(&body).refused(2, &APPLY);
    assert!(
        told.contains("an enterprise needs a business account"),
        "{told}"
    );
    assert!(
        told.contains("a private account must belong to the legal representative"),
        "{told}"
    );
}

/// A form that is left keeps every answer, and the same command goes on with them.
#[cfg(target_os = "linux")]
#[test]
fn a_form_keeps_its_answers_counts_its_questions_and_goes_back() {
    use std::io::Read;
    let world = world_with(&json!({}));
    let command = world.command(&["merchant", "apply", "--save", "draft.toml"]);
    let mut left = world
        .on_terminal(&command, "2\n1\n1\n山野茶集\n")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("a terminal");
    let mut stream = left.stdout.take().expect("its output");
    let (mut seen, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        seen.extend_from_slice(&piece[..read]);
        if String::from_utf8_lossy(&seen).contains("4/14 legal representative") {
            break;
        }
    }
    let _ = left.kill();
    let _ = left.wait();
    let draft = std::fs::read_to_string(world.file("draft.toml")).expect("a draft");
    let draft: Value = toml::from_str(&draft).expect("TOML");
    assert_eq!(
        (&draft["organization_type"], &draft["merchant_shortname"]),
        (&json!("2"), &json!("山野茶集"))
    );

    let answers = "2\n张三\n2018-01-01 长期\nlicence.jpg\n李四\n1\n<\n张三\n11010519491231002X\n长期\nportrait.jpg\n\
                   emblem.jpg\n1\nops@example.com\n13800000000\ny\n";
    let said = super::world::said(&mut world.on_terminal(&command, answers));
    assert_eq!(said.code, Some(0), "{}", said.text());
    for part in [
        "continuing with the answers in draft.toml",
        "4/14 legal representative",
        "Business license",
        "Super administrator",
        "the check digit is wrong",
    ] {
        assert!(said.text().contains(part), "{part}: {}", said.text());
    }
    assert!(
        !said.text().contains("short name that payers see"),
        "{}",
        said.text()
    );
    assert_eq!(
        world.json(&["merchant", "application"])["state"],
        "CHECKING"
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}
