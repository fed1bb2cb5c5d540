//! Ways a write can end × writes that must not happen twice: what was moved at the platform is what the program knows,
//! and never more than one.

use super::world::World;
use crate::support::bank::{Bank, EVIDENCE, End, REFUND, ROLE, SHARE, WITHDRAW, answer};
use std::process::{Command, Stdio};
use std::time::Duration;
use wxsell::sandbox::{Fault, FaultKind};

/// A write, as it is typed.
struct Kind {
    path: &'static str,
    args: &'static [&'static str],
}

const KINDS: [Kind; 5] = [
    Kind {
        path: WITHDRAW,
        args: &["funds", "withdraw", "--amount", "12"],
    },
    Kind {
        path: REFUND,
        args: &["pay", "refund", "T00001", "--openid", "o", "--amount", "10"],
    },
    Kind {
        path: SHARE,
        args: &["pay", "share", "T00001", "--openid", "o"],
    },
    Kind {
        path: ROLE,
        args: &["promoter", "role", "add", "guide"],
    },
    Kind {
        path: EVIDENCE,
        args: &[
            "dispute",
            "respond",
            "3302645289677080001",
            "--text",
            "包裹已签收",
        ],
    },
];

/// A machine before a platform of its own.
struct Before {
    world: World,
    bank: Bank,
}

impl Before {
    fn new(lag: i64) -> Before {
        let world = World::new();
        let bank = Bank::open(world.clock());
        bank.lag(lag);
        Before { world, bank }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.plain_command(args);
        command
            .env("WXSELL_BASE_URL", &self.bank.url)
            .env("WXSELL_APPID", "wx0000000000000001")
            .env("WXSELL_APP_SECRET", "0123456789abcdef0123456789abcdef")
            .env("WXSELL_FAMILY", "component")
            .env(wxsell::clock::VARIABLE, self.world.clock());
        command
    }

    fn run(&self, args: &[&str]) -> super::world::Said {
        super::world::said(&mut self.command(args))
    }

    /// As [`Before::until_shown`], after a program that was ended and printed this.
    #[track_caller]
    fn until_known(&self, printed: &[u8], args: &[&str], how: &str) {
        if printed.is_empty() {
            return self.until_shown(args, how);
        }
        self.world.wait(300);
        if args[0] == "dispute" {
            assert_eq!(self.bank.moved(), 1, "{how}");
            return;
        }
        // It was shown before the end, whether or not that could still be kept: it is shown again, or known.
        let again = self.run(args);
        assert!(
            matches!(again.code, Some(0 | 11)),
            "{how}: {}",
            again.stderr
        );
        assert_eq!(self.bank.moved(), 1, "{how}");
    }

    /// Runs the same command, a minute apart, until it shows the movement; at no time is there a second one.
    #[track_caller]
    fn until_shown(&self, args: &[&str], how: &str) {
        let mut told = Vec::new();
        for _ in 0..5 {
            let said = self.run(args);
            assert!(
                self.bank.moved() <= 1,
                "{how}: made twice: {told:#?} {}",
                said.stderr
            );
            match said.code {
                Some(0) => {
                    self.world.wait(300);
                    assert_eq!(
                        self.bank.moved(),
                        1,
                        "{how}: {told:#?} {}{}",
                        said.text(),
                        said.stderr
                    );
                    if args[0] == "dispute" {
                        // What was shown may be said once more.
                        return;
                    }
                    let again = self.run(args);
                    let known = matches!(again.code, Some(0 | 11));
                    assert!(
                        known && self.bank.moved() == 1,
                        "{how}, again: {}",
                        again.stderr
                    );
                    return;
                }
                Some(code) => told.push(format!("{code}: {}", said.stderr)),
                None => told.push("killed".to_owned()),
            }
            self.world.wait(70);
        }
        panic!("{how}: never shown: {told:#?}");
    }
}

/// Answers that come in place of WeChat's, of a gateway or of a platform that says something else than it did.
fn odd_answers() -> Vec<String> {
    let page = "<html><body>please log in</body></html>";
    let mut answers: Vec<String> = [
        301, 302, 400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504,
    ]
    .iter()
    .map(|status| answer(*status, page))
    .collect();
    answers.push(answer(403, r#"{"message":"Forbidden"}"#));
    answers.push(answer(408, r#"{"errcode":0}"#));
    for body in [
        "",
        page,
        "[]",
        "{}",
        "null",
        r#"{"code":401,"message":"please log in"}"#,
        r#"{"errcode":-1,"errmsg":"system error"}"#,
        r#"{"errcode":40013,"errmsg":"invalid appid"}"#,
        r#"{"errcode":2747008,"errmsg":"state"}"#,
        r#"{"errcode":2747009,"errmsg":"refund failed"}"#,
        r#"{"errcode":-987654,"errmsg":"what"}"#,
        r#"{"errcode":0,"#,
    ] {
        answers.push(answer(200, body));
    }
    answers
}

fn table(kind: &Kind) {
    let mut ends: Vec<(i64, End)> = vec![
        (0, End::Never),
        (60, End::Never),
        (0, End::Silent),
        (60, End::Silent),
        (0, End::Late(20)),
        (30, End::Late(30)),
    ];
    for answer in odd_answers() {
        ends.push((60, End::Instead(answer)));
    }
    // Places in an answer, of which each kind takes others.
    let first = 10
        * KINDS
            .iter()
            .take_while(|known| known.path != kind.path)
            .count();
    for bytes in (first..200).step_by(40) {
        ends.push((60, End::Cut(bytes)));
    }
    for (lag, end) in ends {
        let before = Before::new(lag);
        let how = format!("{}, reads lag {lag} s, {end:?}", kind.args.join(" "));
        before.bank.next(end);
        before.until_shown(kind.args, &how);
        let open = before.run(&["run", "settle", "--format", "json"]);
        assert_eq!(open.json(), serde_json::json!([]), "{how}: {}", open.stderr);
    }
}

#[test]
fn a_withdrawal_is_made_once_however_its_call_ends() {
    table(&KINDS[0]);
}

#[test]
fn a_refund_is_made_once_however_its_call_ends() {
    table(&KINDS[1]);
}

#[test]
fn a_share_is_made_once_however_its_call_ends() {
    table(&KINDS[2]);
}

#[test]
fn a_role_is_made_once_however_its_call_ends() {
    table(&KINDS[3]);
}

#[test]
fn evidence_is_handed_in_once_however_its_call_ends() {
    table(&KINDS[4]);
}

/// Another statement is another piece of evidence, whatever became of the first.
#[test]
fn evidence_whose_answer_is_lost_is_told_from_other_evidence() {
    let before = Before::new(60);
    let respond =
        |text: &str| before.run(&["dispute", "respond", "3302645289677080001", "--text", text]);
    before.bank.next(End::Silent);
    let said = respond("包裹已签收");
    assert_eq!(
        (said.code, before.bank.moved()),
        (Some(9), 1),
        "{}",
        said.stderr
    );
    for forbidden in ["was not done", "can be repeated", "not sent"] {
        assert!(!said.stderr.contains(forbidden), "{}", said.stderr);
    }
    // While nobody knows what became of the first, another statement goes out, as it is another.
    let said = respond("照片见附件");
    assert_eq!(
        (said.code, before.bank.moved()),
        (Some(0), 2),
        "{}",
        said.stderr
    );
    before.world.wait(70);
    let settled = before.run(&["run", "settle", "--format", "json"]);
    assert_eq!(settled.code, Some(0), "{}", settled.stderr);
    assert_eq!(settled.json()[0]["outcome"], "done", "{}", settled.stderr);
    let said = respond("包裹已签收");
    assert_eq!(
        (said.code, before.bank.moved()),
        (Some(0), 2),
        "{}",
        said.stderr
    );
}

#[test]
fn what_is_refused_before_it_is_done_is_refused_and_may_be_tried_again() {
    for kind in &KINDS {
        let before = Before::new(60);
        before.bank.next(End::Refused(answer(
            200,
            r#"{"errcode":48001,"errmsg":"no"}"#,
        )));
        let said = before.run(kind.args);
        assert_eq!(said.code, Some(3), "{}: {}", kind.path, said.stderr);
        let said = before.run(kind.args);
        assert_eq!(
            (said.code, before.bank.moved()),
            (Some(0), 1),
            "{}",
            said.stderr
        );
    }
}

#[test]
fn trouble_after_the_deed_is_no_second_one() {
    for kind in &KINDS[..2] {
        let look = if kind.path == WITHDRAW {
            "/shop/funds/qrcode/get"
        } else {
            "/shop/pay/getorder"
        };
        let jq = [kind.args, &["--jq", ".amount + \"x\"", "--format", "json"]].concat();
        let before = Before::new(0);
        let said = before.run(&jq);
        assert_eq!(said.code, Some(9), "--jq: {}", said.stderr);
        assert!(
            said.stderr.contains("could not be shown"),
            "{}",
            said.stderr
        );
        before.until_shown(kind.args, "--jq");
        #[cfg(target_os = "linux")]
        for more in [&[][..], &["--raw"]] {
            let before = Before::new(0);
            let full = std::fs::OpenOptions::new()
                .write(true)
                .open("/dev/full")
                .expect("a device");
            let output = before
                .command(&[kind.args, more].concat())
                .stdout(full)
                .output()
                .expect("it runs");
            let words = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(9), "/dev/full {more:?}: {words}");
            before.until_shown(kind.args, "/dev/full");
        }
        // A reader that is gone before anything is written.
        let before = Before::new(0);
        before.bank.next(End::Slow(300));
        let mut child = before
            .command(kind.args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        drop(child.stdout.take());
        assert_eq!(child.wait().expect("it ends").code(), Some(9), "no reader");
        before.until_shown(kind.args, "no reader");
        if kind.path == REFUND {
            let before = Before::new(0);
            before.bank.next_read(
                look,
                answer(
                    200,
                    r#"{"errcode":0,"order":{"mchid":"1","amount":100000,"pay_time":5}}"#,
                ),
            );
            before
                .bank
                .next_read(look, answer(200, r#"{"errcode":48001,"errmsg":"no"}"#));
            let said = before.run(kind.args);
            assert_eq!(said.code, Some(9), "{}", said.stderr);
            before.until_shown(kind.args, "the look after it fails");
        }
    }
}

#[test]
fn killed_anywhere_it_is_made_once() {
    // Twenty-five moments of the two hundred that the ignored test looks at.
    killed(25);
}

/// `cargo test --release --test all writes::killed_at -- --ignored`
#[test]
#[ignore = "takes minutes"]
fn killed_at_two_hundred_moments_it_is_made_once() {
    killed(200);
}

/// Each moment is after so many requests of the program (before the first, while the write is under way, in the look after
/// it), and a few milliseconds more from one round to the next.
fn killed(moments: u64) {
    let kinds = KINDS.len() as u64;
    for moment in 0..moments {
        let kind = &KINDS[(moment % kinds) as usize];
        let (requests, later) = (moment / kinds % 5, moment / (5 * kinds));
        let before = Before::new(if moment % 3 == 0 { 60 } else { 0 });
        before.bank.next(End::Slow(30));
        let mut child = before
            .command(kind.args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let began = std::time::Instant::now();
        while (before.bank.asked("") as u64) < requests
            && child.try_wait().expect("a child").is_none()
        {
            assert!(began.elapsed() < Duration::from_secs(60), "it hangs");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(later * 4));
        let _ = child.kill();
        let killed = child.wait_with_output().expect("an end");
        let how = format!("killed, {moment}, {}", kind.path);
        before.until_known(&killed.stdout, kind.args, &how);
    }
}

#[test]
fn two_at_once_are_one() {
    for kind in &KINDS {
        let before = Before::new(0);
        before.bank.next(End::Slow(400));
        let start = || {
            let mut command = before.command(kind.args);
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("it starts")
        };
        let both = [start(), start()];
        for child in both {
            let output = child.wait_with_output().expect("it ends");
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                matches!(output.status.code(), Some(0 | 11)),
                "{}: {words}",
                kind.path
            );
        }
        assert_eq!(before.bank.moved(), 1, "{}", kind.path);
    }
}

#[test]
fn without_a_log_nothing_is_sent() {
    for kind in &KINDS {
        for damage in ["random", "folder"] {
            let before = Before::new(0);
            let said = before.run(&["funds", "balance"]);
            assert_eq!(said.code, Some(0), "{}", said.stderr);
            let log = before.world.state_file("log.db");
            match damage {
                "random" => std::fs::write(&log, [0xA5; 8192]).expect("a file"),
                _ => std::fs::create_dir(&log).expect("a folder"),
            }
            for _ in 0..2 {
                let said = before.run(kind.args);
                assert_eq!(said.code, Some(2), "{damage}: {}", said.stderr);
                assert!(!said.stderr.contains("WXSELL_STATE_DIR"), "{}", said.stderr);
            }
            assert_eq!(
                (before.bank.calls(), before.bank.moved()),
                (0, 0),
                "{damage}, {}",
                kind.path
            );
        }
    }
}

#[test]
fn a_lost_state_is_taken_over_from_the_log() {
    for kind in &KINDS {
        let before = Before::new(60);
        // Its answer is lost, and then the state.
        for _ in 0..5 {
            before.bank.next(End::Instead(answer(502, "")));
        }
        let said = before.run(kind.args);
        assert_eq!(said.code, Some(9), "{}: {}", kind.path, said.stderr);
        for name in ["wxsell.db", "wxsell.db-wal", "wxsell.db-shm"] {
            let _ = std::fs::remove_file(before.world.state_file(name));
        }
        before.until_shown(kind.args, "the state is gone");
    }
}

#[test]
fn the_mark_of_a_withdrawal_stands_first_and_fits() {
    let before = Before::new(0);
    let long = "x".repeat(400);
    let said = before.run(&["funds", "withdraw", "--amount", "12", "--remark", &long]);
    assert_eq!(
        (said.code, before.bank.calls()),
        (Some(2), 0),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains("46"), "{}", said.stderr);
}

#[test]
fn the_log_has_intent_and_result_and_tells_what_is_gone() {
    let before = Before::new(0);
    let refund = KINDS[1].args;
    assert_eq!(before.run(refund).code, Some(0));
    assert_eq!(before.run(KINDS[3].args).code, Some(0));
    let rows = before.run(&["log", "list", "--format", "json"]).json();
    let results: Vec<&str> = rows
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["result"].as_str())
        .collect();
    assert_eq!(results, ["done", "done"]);
    let log = before.world.state_file("log.db");
    let whole = std::fs::read(&log).expect("the log");
    assert_eq!(before.run(&["log", "verify"]).code, Some(0));
    let change = |sql: &str| {
        let db = rusqlite::Connection::open(&log).expect("the log");
        db.execute_batch(sql).expect("changed");
    };
    for sql in [
        "DELETE FROM entry WHERE seq = 4",
        "DELETE FROM entry",
        "UPDATE entry SET result = 'refused 1' WHERE seq = 2",
        "UPDATE entry SET at = 'x' WHERE seq = 2",
    ] {
        change(sql);
        let said = before.run(&["log", "verify"]);
        assert_eq!(said.code, Some(1), "{sql}: {}{}", said.text(), said.stderr);
        std::fs::write(&log, &whole).expect("the log");
    }
    // One that is killed has an intent and no result.
    before.bank.next(End::Slow(3000));
    let again = [refund, &["--new"]].concat();
    let mut child = before
        .command(&again)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let calls = before.bank.calls();
    let began = std::time::Instant::now();
    while before.bank.calls() == calls {
        assert!(began.elapsed() < Duration::from_secs(60), "it never came");
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
    let checked = before.run(&["log", "verify", "--format", "json"]);
    assert_eq!(
        checked.json()["without_result"],
        serde_json::json!([5]),
        "{}",
        checked.stderr
    );
    assert!(
        checked.stderr.contains("there was one: 5"),
        "{}",
        checked.stderr
    );
    // A trigger that swallows what is written is noticed before anything is sent.
    change("CREATE TRIGGER swallow BEFORE INSERT ON entry BEGIN SELECT RAISE(IGNORE); END");
    let moved = before.bank.moved();
    let said = before.run(&["pay", "refund", "T00002", "--openid", "o", "--amount", "10"]);
    assert_eq!(
        (said.code, before.bank.moved()),
        (Some(2), moved),
        "{}",
        said.stderr
    );
}

#[test]
fn what_is_no_reply_of_the_platform_ends_the_command_before_it_writes() {
    let page = "<html>please log in</html>";
    let refund = KINDS[1].args;
    for (reply, code) in [
        (answer(403, page), 3),
        (answer(200, "{}"), 4),
        (answer(200, "[]"), 4),
        (answer(200, r#"{"code":401,"message":"please log in"}"#), 4),
        (answer(200, r#"{"errcode":0}"#), 4),
    ] {
        let before = Before::new(0);
        for _ in 0..5 {
            before.bank.next_read("/shop/pay/getorder", reply.clone());
        }
        let said = before.run(refund);
        assert_eq!(
            (said.code, before.bank.calls()),
            (Some(code), 0),
            "{reply}: {}",
            said.stderr
        );
    }
}

#[cfg(unix)]
#[test]
fn the_log_names_the_user_of_the_system_and_knows_forced_refreshes() {
    let before = Before::new(0);
    let force = ["auth", "token", "--force-refresh", "--yes"];
    let forced = super::world::said(before.command(&force).env("USER", "boss"));
    assert_eq!(forced.code, Some(0), "{}", forced.stderr);
    let rows = before.run(&["log", "list", "--format", "json"]).json();
    let row = &rows[0];
    assert_eq!(
        (&row["path"], &row["subject"], &row["result"]),
        (
            &"/cgi-bin/stable_token".into(),
            &"force_refresh=true".into(),
            &"done".into()
        )
    );
    let who = row["who"].as_str().expect("a name");
    let number = rustix::process::getuid().as_raw().to_string();
    assert!(
        who.starts_with(&number) && !who.ends_with("(boss)"),
        "{who}"
    );
}

#[test]
fn a_job_does_not_begin_without_a_log() {
    let world = World::new();
    world.ok(&["goods", "list"]);
    std::fs::create_dir(world.state_file("log.db")).expect("a folder");
    world.write(
        "goods.csv",
        "out_product_id,title,path,head_img,third_cat_id,out_sku_id,sale_price,stock_num\nA,Tea,p,https://mmecimage.cn/b,1423,A1,1,1\n",
    );
    let seen = world.calls().len();
    let said = world.run(&["goods", "upload", "goods.csv"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("log.db"), "{}", said.stderr);
    assert_eq!(world.writes_since(seen), [""; 0]);
}

#[test]
fn an_unknown_shell_for_completions_is_an_error() {
    let world = World::new();
    let said = world.run_with(&[("WXSELL_COMPLETE", "zz")], &["funds", "balance"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(
        said.stderr.contains("WXSELL_COMPLETE is \"zz\""),
        "{}",
        said.stderr
    );
}

#[test]
fn the_live_platform_is_not_called_with_a_clock_of_tests() {
    let world = World::new();
    world.configure("[profile.tea]\nappid = \"wx00000000000000aa\"\n");
    let mut command = world.plain_command(&["--profile", "tea", "goods", "list"]);
    command
        .env("WXSELL_APP_SECRET", "0123456789abcdef0123456789abcdef")
        .env("WXSELL_TEST_CLOCK", world.clock());
    let said = super::world::said(&mut command);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("WXSELL_TEST_CLOCK"), "{}", said.stderr);
}

/// Loses the answer to the next call of a path, after the shop has acted.
fn lose(world: &World, path: &str) {
    let lost = Fault::once(path, FaultKind::Reset).after();
    world.sandbox().add_fault(&lost).expect("a fault");
}

#[test]
fn what_wechat_does_not_show_is_sent_once_and_settled_by_a_person() {
    let world = World::new();
    let body = r#"{"content":"x","template_id":1,"id":"p1"}"#;
    let call = |body: &str| {
        world.run_in_time(&[
            "api",
            "call",
            "/promoter/singlesendmsg",
            "--no-check",
            "--data",
            body,
        ])
    };
    let sent = || {
        let calls = world.calls();
        let calls = calls.iter();
        calls
            .filter(|call| call.path == "/promoter/singlesendmsg")
            .count()
    };
    lose(&world, "/promoter/singlesendmsg");
    let said = call(body);
    assert_eq!((said.code, sent()), (Some(9), 1), "{}", said.stderr);
    assert!(
        said.stderr.contains("promoter message clicks"),
        "{}",
        said.stderr
    );
    // Until somebody says what became of it, the same is not sent, whatever time passes; another one is.
    world.wait(600);
    let said = call(body);
    assert_eq!((said.code, sent()), (Some(9), 1), "{}", said.stderr);
    call(&body.replace("p1", "p2"));
    assert_eq!(sent(), 2);
    let listed = world.run_in_time(&["run", "settle", "--format", "json"]);
    assert_eq!(listed.code, Some(9), "{}", listed.stderr);
    let rows = listed.json();
    assert_eq!(
        (&rows[0]["kind"], &rows[0]["subject"], &rows[0]["outcome"]),
        (
            &"call".into(),
            &"/promoter/singlesendmsg".into(),
            &"unknown".into()
        )
    );
    let id = rows[0]["id"].to_string();
    let other = world.run_in_time(&["run", "settle", "--made", "999"]);
    assert_eq!(other.code, Some(2), "{}", other.stderr);
    let settled = world.run_in_time(&["run", "settle", "--not-made", &id, "--format", "json"]);
    assert_eq!(
        settled.json()["outcome"],
        "never_arrived",
        "{}",
        settled.stderr
    );
    call(body);
    assert_eq!(sent(), 3);
    // One that was made stands in the log as found.
    let third = body.replace("p1", "p3");
    lose(&world, "/promoter/singlesendmsg");
    assert_eq!(call(&third).code, Some(9));
    let rows = world.run_in_time(&["run", "settle", "--format", "json"]);
    let id = rows.json()[0]["id"].to_string();
    let settled = world.run_in_time(&["run", "settle", "--made", &id, "--format", "json"]);
    assert_eq!(settled.json()["outcome"], "done", "{}", settled.stderr);
    let log = world.json(&["log", "list"]);
    let last = log.as_array().and_then(|rows| rows.last()).expect("a row");
    assert_eq!((&last["result"], sent()), (&"found".into(), 4), "{last}");
    let listed = world.run_in_time(&["run", "settle", "--format", "json"]);
    assert_eq!(listed.json(), serde_json::json!([]), "{}", listed.stderr);
}

#[test]
fn a_movement_that_is_looked_up_is_not_for_a_person_to_say() {
    let before = Before::new(60);
    before.bank.next(End::Silent);
    let said = before.run(KINDS[0].args);
    assert_eq!(said.code, Some(9), "{}", said.stderr);
    let rows = before.run(&["run", "settle", "--format", "json"]).json();
    let id = rows[0]["id"].to_string();
    let said = before.run(&["run", "settle", "--not-made", &id]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    before.until_shown(KINDS[0].args, "settled by a person");
}

/// A platform that cuts notes, as one that is not documented might.
#[test]
fn a_note_that_is_cut_still_begins_with_its_mark() {
    let before = Before::new(0);
    before.bank.cut_notes(12);
    before.bank.next(End::Silent);
    let long = [KINDS[0].args, &["--remark", "for the month of March"]].concat();
    before.until_shown(&long, "notes are cut after 12 letters");
}

/// The log of a write whose program ends while its answer is under way.
#[cfg(unix)]
#[test]
fn a_write_whose_program_is_ended_stands_in_the_log() {
    for signal in ["TERM", "HUP", "KILL", "INT"] {
        let before = Before::new(0);
        before.bank.next(End::Slow(3000));
        let child = before
            .command(KINDS[1].args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let began = std::time::Instant::now();
        while before.bank.calls() == 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "it never came");
            std::thread::sleep(Duration::from_millis(20));
        }
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status();
        assert!(sent.expect("a signal").success());
        let ended = child.wait_with_output().expect("an end");
        let rows = before.run(&["log", "list", "--format", "json"]).json();
        assert_eq!(rows.as_array().map(Vec::len), Some(1), "{signal}: {rows}");
        before.until_known(&ended.stdout, KINDS[1].args, signal);
        let checked = before.run(&["log", "verify", "--format", "json"]);
        assert_eq!(
            checked.json()["broken_at"],
            serde_json::Value::Null,
            "{signal}: {}",
            checked.stderr
        );
    }
}

/// A disk that takes no more: files of this program cannot grow past so many blocks of 512 bytes.
#[cfg(target_os = "linux")]
#[test]
fn on_a_full_disk_nothing_is_sent_or_it_is_known_afterwards() {
    for blocks in [0, 8, 64, 96, 128, 160, 200, 260] {
        let before = Before::new(0);
        assert_eq!(before.run(&["funds", "balance"]).code, Some(0));
        let command = before.command(KINDS[1].args);
        let mut limited = Command::new("sh");
        limited
            .arg("-c")
            .arg(format!(
                "trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""
            ))
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .stdin(Stdio::null());
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                limited.env(name, value);
            }
        }
        let said = super::world::said(&mut limited);
        let how = format!("{blocks} blocks: {:?} {}", said.code, said.stderr);
        if said.code == Some(0) {
            assert_eq!(before.bank.moved(), 1, "{how}");
            continue;
        }
        if said.code != Some(9) {
            assert_eq!(before.bank.moved(), 0, "{how}");
        }
        before.until_shown(KINDS[1].args, &how);
    }
}

/// Another program holds the log: nothing is sent, or it waits; what was sent stands in it.
#[test]
fn with_a_locked_log_nothing_is_sent_that_is_not_in_it() {
    let before = Before::new(0);
    assert_eq!(before.run(KINDS[3].args).code, Some(0));
    let holder = rusqlite::Connection::open(before.world.state_file("log.db")).expect("the log");
    holder.execute_batch("BEGIN IMMEDIATE").expect("it is held");
    let mut child = before
        .command(KINDS[1].args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let (calls, path) = (before.bank.calls(), "/shop/pay/getorder");
    // It has looked at the payment; what comes next is the intent.
    let began = std::time::Instant::now();
    while before.bank.asked(path) == 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "it never came");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(child.try_wait().expect("a child"), None);
    assert_eq!(before.bank.calls(), calls, "it was sent without an intent");
    holder.execute_batch("ROLLBACK").expect("it is free");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let rows = before.run(&["log", "list", "--format", "json"]).json();
    assert_eq!(rows.as_array().map(Vec::len), Some(2), "{rows}");
    assert_eq!(before.bank.moved(), 2);
}
