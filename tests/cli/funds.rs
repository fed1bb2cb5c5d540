//! Money: what is there, where it went, and paying it out exactly once.

use super::world::World;
use crate::support::spec;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::{Duration, Instant};
use wxsell::clock::VARIABLE;
use wxsell::sandbox::{Fault, FaultKind, WithdrawalStep};
use wxsell::types::Fen;

const SUBMIT: &str = "/shop/funds/submitwithdraw";

fn rich() -> World {
    let world = World::new();
    world.sandbox().deposit(Fen(100_000)).expect("money");
    world
}

/// Requests to pay out that reached the shop and were taken.
fn taken(world: &World) -> usize {
    let calls = world.calls();
    let submitted = calls.iter().filter(|call| call.path == SUBMIT);
    submitted
        .filter(|call| call.errcode == 0 && !call.reply.is_empty())
        .count()
}

fn withdrawals(world: &World) -> Vec<Value> {
    let rows = world.json(&["funds", "withdrawals"]);
    rows.as_array().expect("rows").clone()
}

#[test]
fn money_is_paid_out_once_the_administrator_confirmed() {
    let world = rich();
    insta::assert_snapshot!(world.ok(&["funds", "balance"]), @r"
    AVAILABLE        1000.00
    NOT SETTLED YET  0.00
    ");
    let said = world.run(&[
        "funds",
        "withdraw",
        "--amount",
        "100.01",
        "--remark",
        "weekly",
        "--bank-memo",
        "shop",
        "--qrcode",
        "code.png",
        "--format",
        "json",
    ]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stderr.contains("█"), "{}", said.stderr);
    let made = said.json();
    let number = made["out_request_no"]
        .as_str()
        .expect("a number")
        .to_owned();
    assert_eq!(
        (&made["amount"], &made["status"], &made["bank_memo"]),
        (&json!(10_001), &json!("BEFORE_SCAN_QRCODE"), &json!("shop"))
    );
    let picture = std::fs::read(world.file("code.png")).expect("a picture");
    assert_eq!(picture[..8], *b"\x89PNG\r\n\x1a\n");

    // The same command again goes on with it; another amount does not hide it.
    let again = world.run(&[
        "funds", "withdraw", "--amount", "100.01", "--format", "json",
    ]);
    assert_eq!(again.json()["out_request_no"], number.as_str());
    assert!(
        again.stderr.contains("continuing withdrawal"),
        "{}",
        again.stderr
    );
    let told = world.refused(2, &["funds", "withdraw", "--amount", "5"]);
    assert!(
        told.contains(&format!(
            "withdrawal {number} of 100.01 yuan is not finished yet"
        )),
        "{told}"
    );
    let told = world.refused(5, &["funds", "withdraw", "--amount", "5", "--new"]);
    assert!(told.contains("one withdrawal a day"), "{told}");

    world.ok(&["sandbox", "withdrawal", "confirm", &number]);
    world.ok(&["sandbox", "advance", "3h"]);
    let shown = world.json(&["funds", "withdrawal", &number]);
    assert_eq!(shown["status"], "SUCCESS");
    let table = world.ok(&["funds", "withdrawal", &number]);
    assert!(table.contains("STATE                  paid out"), "{table}");
    assert_eq!(
        world.json(&["funds", "balance"])["available_amount"],
        89_999
    );
    assert_eq!(taken(&world), 1);
    let sum: i64 = world
        .sandbox()
        .accounts()
        .expect("accounts")
        .iter()
        .map(|(_, fen)| fen.0)
        .sum();
    assert_eq!(sum, 0);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn too_much_is_refused_before_anything_is_sent() {
    let world = rich();
    let told = world.refused(2, &["funds", "withdraw", "--amount", "1000.01"]);
    insta::assert_snapshot!(told, @r"
    Error: 1000.01 yuan cannot be paid out: 1000.00 yuan are available
    Hint:  what is not settled yet becomes available when after-sales are no longer possible
    ");
    world.refused(2, &["funds", "withdraw", "--amount", "0"]);
    world.refused(2, &["funds", "withdraw", "--amount", "1.234"]);
    let plan = world.run(&["funds", "withdraw", "--amount", "1", "--dry-run"]);
    assert_eq!(plan.json()["amount"], 100);
    assert!(world.calls().iter().all(|call| call.path != SUBMIT));
}

#[test]
fn a_production_shop_is_asked_with_the_amount() {
    let world = rich();
    let file = world.file("../state/sandbox.db");
    let running = wxsell::sandbox::Running::start(&file).expect("the shop");
    world.configure(&format!(
        "[profile.tea]\nappid = \"{}\"\nbase_url = \"{}\"\nproduction = true\n",
        wxsell::sandbox::APPID,
        running.base_url
    ));
    let ask = |more: &[&str]| {
        let args = [
            &["--profile", "tea", "funds", "withdraw", "--amount", "12.5"],
            more,
        ]
        .concat();
        let mut command = world.plain_command(&args);
        super::world::said(command.env("WXSELL_APP_SECRET", wxsell::sandbox::SECRET))
    };
    let said = ask(&[]);
    assert_eq!(said.code, Some(10), "{}", said.stderr);
    assert!(
        said.stderr.contains("confirmation required: pay out 12.50 yuan (1250 fen) to the bank account on the live shop tea?"),
        "{}",
        said.stderr
    );
    assert_eq!(taken(&world), 0);
    assert_eq!(ask(&["--yes"]).code, Some(0));
    assert_eq!(taken(&world), 1);
}

/// Waits until the shop has seen something.
fn until(what: &str, seen: impl Fn() -> bool) {
    let began = Instant::now();
    while !seen() {
        assert!(began.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_withdrawal_that_was_killed_before_its_answer_is_not_made_twice() {
    let world = rich();
    world
        .sandbox()
        .add_fault(&Fault::once(SUBMIT, FaultKind::Timeout { seconds: 600 }).after())
        .expect("a fault");
    let mut child = world
        .command(&["funds", "withdraw", "--amount", "10"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    until("the call", || taken(&world) == 1);
    child.kill().expect("it dies");
    child.wait().expect("it ends");

    let said = world.run(&["funds", "withdraw", "--amount", "10", "--format", "json"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("continuing withdrawal"),
        "{}",
        said.stderr
    );
    assert!(
        said.stderr.contains("was lost with the answer"),
        "{}",
        said.stderr
    );
    let rows = withdrawals(&world);
    assert_eq!((rows.len(), taken(&world)), (1, 1));
    assert_eq!(said.json()["out_request_no"], rows[0]["out_request_no"]);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn an_emptied_sandbox_has_no_money_on_its_way() {
    let world = rich();
    world.ok(&["funds", "withdraw", "--amount", "10"]);
    world.ok(&["sandbox", "reset"]);
    world.ok(&["sandbox", "deposit", "10"]);
    world.ok(&["funds", "withdraw", "--amount", "10"]);
    assert_eq!(withdrawals(&world).len(), 1);

    // The shop alone is another one: what the journal holds is for a person to look at.
    world.sandbox().reset(false).expect("it is emptied");
    world.sandbox().deposit(Fen(1000)).expect("money");
    let told = world.refused(9, &["funds", "withdraw", "--amount", "10"]);
    assert!(told.contains("to make another one, use --new"), "{told}");
    world.ok(&["funds", "withdraw", "--amount", "10", "--new"]);
}

#[test]
fn an_answer_that_is_lost_is_looked_for_at_once() {
    let world = rich();
    world
        .sandbox()
        .add_fault(&Fault::once(SUBMIT, FaultKind::Reset).after())
        .expect("a fault");
    let said = world.run(&["funds", "withdraw", "--amount", "10", "--format", "json"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.json()["status"], "BEFORE_SCAN_QRCODE");
    assert_eq!(withdrawals(&world).len(), 1);
}

#[test]
fn a_call_that_never_arrived_is_made_again() {
    let world = rich();
    world
        .sandbox()
        .add_fault(&Fault::once(SUBMIT, FaultKind::Reset))
        .expect("a fault");
    let withdraw = ["funds", "withdraw", "--amount", "10"];
    let said = world.run_in_time(&withdraw);
    assert_eq!(said.code, Some(9), "{}", said.stderr);
    assert!(said.stderr.contains("is not known yet"), "{}", said.stderr);
    // Reads may lag behind: nothing is proven yet, and nothing is sent.
    let said = world.run_in_time(&withdraw);
    assert_eq!(said.code, Some(9), "{}", said.stderr);
    world.wait(60);
    let said = world.run_in_time(&withdraw);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("WeChat never got the withdrawal"),
        "{}",
        said.stderr
    );
    assert_eq!(withdrawals(&world).len(), 1);
}

#[test]
fn waiting_tells_every_step_until_the_money_arrives() {
    let world = rich();
    let child = world
        .command(&["funds", "withdraw", "--amount", "10", "--wait"])
        .env(VARIABLE, world.clock())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    until("the call", || taken(&world) == 1);
    let number = withdrawals(&world)[0]["out_request_no"]
        .as_str()
        .expect("a number")
        .to_owned();
    let checks = || {
        let calls = world.calls();
        calls
            .iter()
            .filter(|call| call.path == "/shop/funds/qrcode/check")
            .count()
    };
    let act = |step| {
        let seen = checks();
        world
            .sandbox()
            .withdrawal_step(&number, step)
            .expect("a step");
        seen
    };
    until("a look at the code", || checks() > 0);
    let seen = act(WithdrawalStep::Scan);
    until("a look at the scanned code", || checks() > seen + 1);
    act(WithdrawalStep::Confirm);
    world.sandbox().advance(3 * 3600).expect("time");
    let output = child.wait_with_output().expect("it ends");
    let words = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(0), "{words}");
    for step in [
        "code: not scanned",
        "code: scanned, not confirmed",
        "code: confirmed",
        "withdrawal: paid out",
    ] {
        assert!(words.contains(step), "{step}: {words}");
    }
    // Journalled to its end: the next one is a new one.
    world.sandbox().advance(86_400).expect("time");
    let again = world.run_in_time(&["funds", "withdraw", "--amount", "10"]);
    assert_eq!(again.code, Some(11), "{}", again.stderr);
    assert!(
        again.stderr.contains("to make another one, use --new"),
        "{}",
        again.stderr
    );
    let another = world.run_in_time(&["funds", "withdraw", "--amount", "10", "--new"]);
    assert_eq!(another.code, Some(0), "{}", another.stderr);
    assert_eq!(withdrawals(&world).len(), 2);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_withdrawal_that_nobody_confirms_moves_nothing() {
    let world = rich();
    world.ok(&["funds", "withdraw", "--amount", "10"]);
    world.ok(&["sandbox", "advance", "11m"]);
    assert_eq!(withdrawals(&world)[0]["status"], "CLOSE");
    let said = world.run(&["funds", "withdraw", "--amount", "10"]);
    assert!(
        said.stderr
            .contains("of an earlier run has ended, and no money was moved"),
        "{}",
        said.stderr
    );
    let number = withdrawals(&world)[0]["out_request_no"]
        .as_str()
        .expect("a number")
        .to_owned();
    world.ok(&["sandbox", "withdrawal", "confirm", &number]);
    world.ok(&["sandbox", "withdrawal", "fail", &number]);
    let failed = world.json(&["funds", "withdrawal", &number]);
    assert_eq!(
        (&failed["status"], &failed["reason"]),
        (&json!("FAIL"), &json!("银行卡状态异常"))
    );
    assert_eq!(
        world.json(&["funds", "balance"])["available_amount"],
        100_000
    );

    // Cancelled on the phone while the command waits.
    let child = world
        .command(&["funds", "withdraw", "--amount", "10", "--wait"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    until("the call", || taken(&world) == 3);
    let number = withdrawals(&world)[0]["out_request_no"]
        .as_str()
        .expect("a number")
        .to_owned();
    world
        .sandbox()
        .withdrawal_step(&number, WithdrawalStep::Cancel)
        .expect("a step");
    let output = child.wait_with_output().expect("it ends");
    let words = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("no money was paid out: closed"), "{words}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn movements_are_listed_over_days_and_pages() {
    let world = rich();
    let number = world.json(&["funds", "withdraw", "--amount", "1"])["out_request_no"]
        .as_str()
        .expect("a number")
        .to_owned();
    world.ok(&["sandbox", "withdrawal", "confirm", &number]);
    for _ in 0..120 {
        world.sandbox().deposit(Fen(1)).expect("money");
    }
    let rows = world.json(&["funds", "flows"]);
    let rows = rows.as_array().expect("rows");
    assert_eq!(rows.len(), 122);
    assert_eq!(
        (
            &rows[1]["type"],
            &rows[1]["flow_type"],
            &rows[1]["amount"],
            &rows[1]["balance"]
        ),
        (
            &json!("提现"),
            &json!("支出"),
            &json!("1.00"),
            &json!("999.00")
        )
    );
    let one = rows[1]["funds_flow_id"].as_str().expect("a number");
    assert_eq!(world.json(&["funds", "flow", one]), rows[1]);
    let numbers = world.json(&["funds", "flows", "--numbers", "--limit", "3"]);
    assert_eq!(numbers.as_array().map(Vec::len), Some(3));
    let empty = [
        "funds",
        "flows",
        "--since",
        "2022-04-01",
        "--until",
        "2022-04-02",
    ];
    assert_eq!(world.json(&empty), json!([]));
    world.refused(
        2,
        &[
            "funds",
            "flows",
            "--since",
            "2022-04-02",
            "--until",
            "2022-04-01",
        ],
    );
    assert!(
        world
            .refused(1, &["funds", "flow", "FF1"])
            .contains("9710001")
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn the_bank_account_is_chosen_and_its_number_never_shown() {
    let world = World::new();
    let shown = world.ok(&["funds", "bank-account", "show"]);
    insta::assert_snapshot!(shown, @r"
    BANK          工商银行
    ACCOUNT       622****0000
    KIND          business account
    ADDRESS CODE  440100
    ");
    let unmasked = world.json(&["funds", "bank-account", "show", "--unmask"]);
    assert_eq!(
        unmasked["account_info"]["account_number"],
        "6222000000000000000"
    );

    let banks = world.json(&["funds", "banks", "农村"]);
    assert_eq!(banks[0]["need_branch"], true);
    let cities = world.json(&["funds", "cities", "440000"]);
    assert_eq!(cities[1]["bank_address_code"], "440300");
    assert_eq!(
        world.json(&["funds", "provinces"])[3]["province_name"],
        "广东省"
    );
    let branches = world.json(&[
        "funds",
        "branches",
        "--bank",
        "1000009602",
        "--city",
        "440300",
    ]);
    let branch = branches[0]["branch_id"]
        .as_str()
        .expect("a number")
        .to_owned();
    let of = world.feed(
        b"6224390000001234\n",
        &[
            "funds",
            "banks",
            "--of-account",
            "--number-file",
            "-",
            "--format",
            "json",
        ],
    );
    assert_eq!(of.json()[0]["bank_code"], "1000009602");

    let set = [
        "funds",
        "bank-account",
        "set",
        "--kind",
        "business",
        "--bank",
        "其他银行",
        "--address-code",
        "440300",
        "--branch-id",
        &branch,
        "--number-file",
        "-",
    ];
    let number: &[u8] = b"6224 3900 0000 1234\n";
    let plan = world.feed(number, &[&set[..], &["--dry-run"]].concat());
    assert_eq!(plan.json()["account_info"]["account_number"], "622****1234");
    for _ in 0..5 {
        let said = world.feed(number, &set);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(!said.stderr.contains("62243900"), "{}", said.stderr);
    }
    let shown = world.json(&["funds", "bank-account", "show"]);
    assert_eq!(shown["account_info"]["account_number"], "622****1234");
    let said = world.feed(number, &set);
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("5 times a day"), "{}", said.stderr);
    let said = world.feed(b"no number", &set);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    let told = world.refused(2, &["funds", "bank-account", "set", "--kind", "private"]);
    insta::assert_snapshot!(told, @r"
    Error: the request is incomplete or invalid
      - account_info.account_bank is missing
      - account_info.bank_address_code is missing
      - account_info.account_number is missing
    Hint:  `wxsell api describe /shop/funds/setbankaccount` shows its fields; nothing was sent
    ");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_code_is_made_shown_and_followed() {
    let world = World::new();
    let ticket = world.json(&["funds", "qrcode", "new"])["qrcode_ticket"]
        .as_str()
        .expect("a ticket")
        .to_owned();
    let check = |more: &[&str]| {
        world.json(&[&["funds", "qrcode", "check", ticket.as_str()], more].concat())["status"]
            .clone()
    };
    assert_eq!(check(&[]), 0);
    world.ok(&["funds", "qrcode", "show", &ticket, "--save", "code.png"]);
    assert!(world.file("code.png").is_file());
    world.ok(&["sandbox", "withdrawal", "scan", &ticket]);
    assert_eq!(check(&[]), 4);
    world.ok(&["sandbox", "withdrawal", "cancel", &ticket]);
    assert_eq!(check(&["--wait"]), 2);
    assert!(
        world
            .refused(1, &["funds", "qrcode", "check", "none"])
            .contains("60208")
    );
    world.refused(2, &["sandbox", "withdrawal", "confirm", &ticket]);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}
