//! `report`, `--html`, `util report`, `--web`, what `--unmask` leaves in the log, and `completion install`.

use super::world::World;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

fn seeded() -> World {
    let world = World::new();
    world.ok(&[
        "sandbox",
        "seed",
        "--goods",
        "24",
        "--orders",
        "80",
        "--aftersales",
        "20",
    ]);
    // A refund that is on its way when the shop is made arrives; none does between two looks.
    world.ok(&["sandbox", "advance", "10m"]);
    world
}

fn sum(rows: &Value, field: &str) -> i64 {
    let rows = rows.as_array().expect("rows");
    rows.iter().filter_map(|row| row[field].as_i64()).sum()
}

/// Rows of a list for which `fits`.
fn of(rows: &Value, fits: impl Fn(&Value) -> bool) -> Value {
    let rows = rows.as_array().expect("rows").iter();
    rows.filter(|row| fits(row)).cloned().collect()
}

fn is_paid(order: &Value) -> bool {
    let state = order["state"].as_str().expect("a state");
    !order["paid_at"].is_null() || ["paid", "shipped", "completed", "refunded"].contains(&state)
}

/// Seeds lie within 30 days, so that no order stands on the edge.
const SINCE: [&str; 2] = ["--since", "40d"];

#[test]
fn the_sums_of_a_report_are_those_of_the_lists_to_the_fen() {
    let world = seeded();
    let orders = world.json(&[&["order", "list"], &SINCE[..]].concat());
    let refunded =
        world.json(&[&["aftersale", "list", "--state", "refunded"], &SINCE[..]].concat());
    let sales = world.json(&[&["report", "sales"], &SINCE[..]].concat());
    let paid = of(&orders, is_paid);
    let count = |rows: &Value| rows.as_array().map_or(0, Vec::len) as i64;
    assert_eq!(sum(&sales, "orders"), count(&orders));
    assert_eq!(sum(&sales, "paid_orders"), count(&paid));
    assert_eq!(sum(&sales, "sales"), sum(&paid, "total"));
    assert_eq!(sum(&sales, "refunds"), count(&refunded));
    assert_eq!(sum(&sales, "refunded"), sum(&refunded, "amount"));
    // The same seed makes the same shop: 80 orders, and nothing of it is 0.
    assert_eq!(count(&orders), 80);
    assert!(sum(&sales, "sales") > 0 && sum(&sales, "refunded") > 0);
    // Each day by itself.
    for row in sales.as_array().expect("days") {
        let day = row["day"].as_str().expect("a day");
        let on = of(&paid, |order| {
            order["created_at"]
                .as_str()
                .is_some_and(|at| at.starts_with(day))
        });
        assert_eq!(row["sales"].as_i64(), Some(sum(&on, "total")), "{day}");
        let back = of(&refunded, |one| {
            one["opened_at"]
                .as_str()
                .is_some_and(|at| at.starts_with(day))
        });
        assert_eq!(
            row["refunded"].as_i64(),
            Some(sum(&back, "amount")),
            "{day}"
        );
    }
    let aftersales = world.json(&[&["aftersale", "list"], &SINCE[..]].concat());
    let report = world.json(&[&["report", "aftersales"], &SINCE[..]].concat());
    assert_eq!(sum(&report, "opened"), count(&aftersales));
    assert_eq!(sum(&report, "refunded_count"), count(&refunded));
    assert_eq!(sum(&report, "refunded"), sum(&refunded, "amount"));
    let ends = ["open", "refunded_count", "ended_without"];
    let all: i64 = ends.iter().map(|field| sum(&report, field)).sum();
    assert_eq!(all, count(&aftersales));
}

#[test]
fn known_orders_make_known_figures() {
    // 23.00 yuan each: 18.00 and 4.00 for the goods, and 1.00 freight.
    let world = World::selling();
    world.paid("W1");
    world.paid("W2");
    world.ordered("W3");
    let days = world.json(&["report", "sales", "--since", "2d"]);
    let orders = world.json(&["order", "list"]);
    let paid = of(&orders, is_paid);
    assert_eq!((sum(&days, "orders"), sum(&days, "paid_orders")), (3, 2));
    assert_eq!(sum(&days, "sales"), sum(&paid, "total"));
    assert_eq!(sum(&days, "sales"), 2 * 2300);
    assert_eq!((sum(&days, "refunds"), sum(&days, "refunded")), (0, 0));
    world.ok(&["report", "sales", "--since", "2d", "--html", "sales.html"]);
    let page = world.read("sales.html");
    for shown in ["46.00", "36.00", "8.00"] {
        assert!(texts(&page).iter().any(|text| text == shown), "{shown}");
    }
    // For people the days, and the totals with small bars beside them.
    let said = world.run(&["report", "sales", "--since", "2d"]);
    assert!(said.text().contains("REFUND TOTAL"), "{}", said.text());
    assert!(said.stderr.contains("sales: 46.00 yuan"), "{}", said.stderr);
    assert!(said.stderr.contains('█'), "{}", said.stderr);
}

/// The texts of a page that is well-formed, and asks for nothing beside itself.
fn texts(page: &str) -> Vec<String> {
    let mut reader = Reader::from_str(page);
    let (mut texts, mut open) = (Vec::new(), 0i32);
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(tag) | Event::Empty(tag)
                if tag.attributes().any(|it| {
                    let it = it.expect("an attribute");
                    ["src", "href", "xlink:href", "data", "action"].contains(&it.key.as_ref())
                }) =>
            {
                panic!("a resource: {tag:?}")
            }
            Event::Start(tag) => {
                assert_ne!(tag.name().as_ref(), "script");
                open += 1;
            }
            Event::End(_) => open -= 1,
            Event::Text(text) => texts.push(text.trim().to_owned()),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open, 0);
    for outside in ["http://", "https://", "url(", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
    texts
}

#[test]
fn a_report_is_one_page_with_the_same_numbers_and_without_buyers() {
    let world = seeded();
    let sales = world.json(&[&["report", "sales", "--html", "sales.html"], &SINCE[..]].concat());
    let page = world.read("sales.html");
    let texts = texts(&page);
    let yuan = |fen: i64| format!("{}.{:02}", fen / 100, fen % 100);
    let total = yuan(sum(&sales, "sales"));
    assert!(texts.contains(&total), "{total}: {texts:?}");
    assert!(texts.contains(&yuan(sum(&sales, "refunded"))));
    assert!(page.matches("<svg").count() >= 4 && page.matches("<table>").count() == 2);
    assert!(page.contains("@media print") && page.contains("<html lang=\"en\">"));
    // Nobody who bought is on it.
    let orders = world.json(&["order", "list", "--unmask"]);
    for order in orders.as_array().expect("orders") {
        for field in ["buyer", "number", "id"] {
            let value = order[field].as_str().unwrap_or("-none-");
            assert!(!page.contains(value), "{field}: {value}");
        }
        let receiver = &order["receiver"];
        for field in ["name", "phone", "street"] {
            let value = receiver[field].as_str().unwrap_or("-none-");
            assert!(!page.contains(value), "{field}: {value}");
        }
    }
    // A page that is there stays, and nothing is read for it.
    let refused = world.refused(2, &["report", "sales", "--html", "sales.html"]);
    assert!(refused.contains("sales.html already exists"), "{refused}");
    let again = [
        &[
            "--lang",
            "zh",
            "report",
            "sales",
            "--html",
            "sales.html",
            "--overwrite",
        ],
        &SINCE[..],
    ]
    .concat();
    world.ok(&again);
    let page = world.read("sales.html");
    assert!(page.contains("<html lang=\"zh-CN\">") && page.contains("每日销售额（元）"));
    assert!(self::texts(&page).contains(&total));

    world.ok(&[
        &["report", "aftersales", "--html", "aftersales.html"],
        &SINCE[..],
    ]
    .concat());
    let page = world.read("aftersales.html");
    self::texts(&page);
    assert!(page.contains("Reasons") && page.contains("refund requested"));
}

#[test]
fn a_job_is_a_page_with_what_failed() {
    let world = World::new();
    let sheet =
        super::catalogues::teas(&[("A", "1"), ("B", "2")]).replace("B.jpg,1423", "B.jpg,999999");
    world.write("goods.csv", sheet);
    assert_eq!(world.run(&["goods", "upload", "goods.csv"]).code, Some(6));
    world.ok(&["run", "show", "--html", "job.html"]);
    let page = world.read("job.html");
    let texts = texts(&page);
    let has = |words: &str| texts.iter().any(|text| text.contains(words));
    assert!(
        has("Job 1: goods upload") && has("partial") && has("B"),
        "{texts:?}"
    );
    assert!(page.contains("<svg") && page.contains("<h2>Failed items</h2>"));
}

#[test]
fn what_is_shown_whole_is_noted_before_it_is_shown() {
    let world = seeded();
    world.ok(&["order", "list", "--limit", "1"]);
    assert!(!world.ok(&["log", "list"]).contains("--unmask"));
    world.ok(&["order", "list", "--limit", "1", "--unmask"]);
    world.ok(&["order", "list", "--limit", "1", "--raw"]);
    let log = world.json(&["log", "list"]);
    let rows: Vec<(&str, &str, &str)> = log
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| {
            Some((
                row["path"].as_str()?,
                row["result"].as_str()?,
                row["profile"].as_str()?,
            ))
        })
        .filter(|(_, result, _)| *result == "shown")
        .collect();
    assert_eq!(
        rows,
        [
            ("wxsell order list --unmask", "shown", "sandbox"),
            ("wxsell order list --raw", "shown", "sandbox"),
        ]
    );
    world.ok(&["log", "verify"]);
}

#[test]
fn old_jobs_and_events_are_named_and_then_removed() {
    let world = World::with_goods(&super::catalogues::teas(&[("A", "1")]));
    for price in ["2", "3", "4"] {
        world.ok(&["goods", "update", "A", "--price", price]);
    }
    assert!(
        world
            .run(&["run", "prune"])
            .stderr
            .contains("there is nothing that old")
    );
    let refused = world.refused(2, &["run", "prune", "--older-than", "1h"]);
    assert!(refused.contains("must be at least 1d"), "{refused}");
    // A year passes for what is kept.
    let db = rusqlite::Connection::open(world.state_file("wxsell.db")).expect("the state");
    db.execute_batch(
        "UPDATE run SET started_at = started_at - 31536000, ended_at = ended_at - 31536000",
    )
    .expect("older");
    drop(db);
    let plan = world.json(&["run", "prune", "--dry-run"]);
    assert_eq!(
        (plan[0]["what"].as_str(), plan[0]["count"].as_i64()),
        (Some("runs"), Some(3)),
        "{plan}"
    );
    // Nothing goes without a yes.
    let asked = world.refused(10, &["run", "prune"]);
    assert!(
        asked.contains("Remove these 3 records of sandbox"),
        "{asked}"
    );
    assert_eq!(
        world.json(&["run", "list"]).as_array().map(Vec::len),
        Some(4)
    );
    let said = world.run(&["run", "prune", "--yes"]);
    assert!(said.stderr.contains("removed 3 records"), "{}", said.stderr);
    // The newest stays, and so does what was sent.
    assert_eq!(
        world.json(&["run", "list"]).as_array().map(Vec::len),
        Some(1)
    );
    let again = world.json(&["goods", "update", "A", "--price", "4"]);
    assert_eq!(again["unchanged"].as_i64(), Some(1), "{again}");
}

#[test]
fn events_that_were_removed_are_not_called_missing() {
    let world = World::new();
    world.ok(&["event", "stats"]);
    let db = rusqlite::Connection::open(world.state_file("wxsell.db")).expect("the state");
    let account = "sandbox:wx5a4dbcc0ffee0001";
    let now = wxsell::types::now();
    db.execute(
        "INSERT INTO pruned (shop, what, until) VALUES (?1, 'events', ?2)",
        rusqlite::params![account, now - 3600],
    )
    .expect("a row");
    drop(db);
    let said = world.run(&["event", "verify", "--since", "7d"]);
    assert!(
        said.stderr.contains("were removed by `wxsell run prune`"),
        "{}",
        said.stderr
    );
    assert!(
        !world
            .run(&["event", "verify", "--since", "20m"])
            .stderr
            .contains("prune")
    );
}

#[test]
fn a_bug_report_holds_no_secret_and_nobody() {
    const SECRET: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
    let world = World::new();
    world.configure(&format!(
        "current = \"tea\"\n[profile.tea]\nappid = \"wx1234567890abcdef\"\nproxy = \"http://li:{SECRET}x@127.0.0.1:9\"\n"
    ));
    let trace = [
        // As this program writes it, with values that an older one might have left in.
        format!("{{\"path\":\"/cgi-bin/stable_token\",\"request\":{{\"secret\":\"{SECRET}\"}},\"answer\":{{\"access_token\":\"88_plantedPlantedPlanted\"}}}}"),
        "{\"path\":\"/shop/order/get\",\"request\":{\"openid\":\"oPlantedOpenid\"},\"answer\":{\"order\":{\"address_info\":{\"receiver_name\":\"张三丰\",\"tel_number\":\"13912345678\"}}}}".to_owned(),
        format!("{{\"path\":\"/x\",\"error\":\"gateway says access_token=88_plantedPlantedPlanted&secret={SECRET}\"}}"),
        format!("not JSON {SECRET} 13912345678"),
    ];
    world.write("trace.jsonl", trace.join("\n"));
    let mut command =
        world.plain_command(&["util", "report", "--offline", "--with-trace", "trace.jsonl"]);
    command.env("WXSELL_APP_SECRET", SECRET);
    let output = command.output().expect("the binary runs");
    let (report, words) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    assert!(output.status.success(), "{words}");
    for planted in [
        SECRET,
        "plantedPlanted",
        "oPlantedOpenid",
        "张三丰",
        "13912345678",
    ] {
        assert!(
            !report.contains(planted) && !words.contains(planted),
            "{planted}: {report}"
        );
    }
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["wxsell"], env!("CARGO_PKG_VERSION"));
    assert_eq!(report["settings"]["values"]["appid"], "wx1234567890abcdef");
    assert_eq!(report["trace"].as_array().map(Vec::len), Some(4));
    assert_eq!(report["trace"][0]["path"], "/cgi-bin/stable_token");
    let environment = report["environment"].to_string();
    assert!(environment.contains("WXSELL_APP_SECRET"), "{environment}");
}

#[test]
fn a_bug_report_has_the_last_job_without_what_was_typed_and_the_findings_of_the_doctor() {
    let world = World::with_goods(&super::catalogues::teas(&[("A", "1")]));
    world.ok(&["goods", "update", "A", "--title", "张三丰 13912345678 专供"]);
    let report = world.json(&["util", "report"]);
    assert_eq!(report["last_job"]["command"], "goods update");
    assert!(
        report["last_job"]["options"]
            .to_string()
            .contains("--title")
    );
    assert!(!report.to_string().contains("13912345678"), "{report}");
    let doctor = report["doctor"].as_array().expect("findings");
    assert!(
        doctor
            .iter()
            .any(|check| check["check"] == "token" && check["state"] == "ok"),
        "{doctor:?}"
    );
    assert!(report["state"]["bytes"]["wxsell.db"].as_i64().is_some());
}

#[test]
fn the_console_is_named_and_nothing_runs() {
    let world = World::new();
    assert_eq!(
        world.ok(&["auth", "doctor", "--web"]),
        "https://mp.weixin.qq.com\n"
    );
    let said = world.run(&["auth", "doctor", "--web"]);
    assert!(said.stderr.contains("IP whitelist"), "{}", said.stderr);
    assert_eq!(
        world.json(&["funds", "balance", "--web"])["url"],
        "https://pay.weixin.qq.com"
    );
    let store = world.at("store-sandbox", &["goods", "list", "--web"]);
    assert_eq!(store.text(), "https://store.weixin.qq.com\n");
    // Nothing was opened, not even the shop.
    assert!(!world.state_file("sandbox.db").exists());
    let refused = world.refused(2, &["run", "list", "--web"]);
    assert!(refused.contains("there is no console page"), "{refused}");
}

#[cfg(unix)]
#[test]
fn completions_are_installed_where_each_shell_looks() {
    let world = World::new();
    let home = world.file("home");
    std::fs::create_dir(&home).expect("a home");
    let install = |shell: &str, args: &[&str]| {
        let mut command = world.plain_command(&[&["completion", "install"], args].concat());
        let output = command
            .env("HOME", &home)
            .env("SHELL", shell)
            .output()
            .expect("it runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let script = |shell: &str| world.ok(&["completion", shell]);
    for (shell, name, place) in [
        (
            "/bin/bash",
            "bash",
            ".local/share/bash-completion/completions/wxsell",
        ),
        ("/usr/bin/zsh", "zsh", ".zfunc/_wxsell"),
        (
            "/usr/bin/fish",
            "fish",
            ".config/fish/completions/wxsell.fish",
        ),
        (
            "/usr/bin/pwsh",
            "powershell",
            ".config/powershell/wxsell.ps1",
        ),
    ] {
        let (code, words) = install(shell, &[]);
        assert_eq!(code, Some(0), "{words}");
        assert!(words.contains(place), "{words}");
        let written = std::fs::read_to_string(home.join(place)).expect(place);
        assert_eq!(written, script(name), "{shell}");
    }
    // The profile of PowerShell loads it once, and keeps what stood there.
    let profile = home.join(".config/powershell/Microsoft.PowerShell_profile.ps1");
    std::fs::write(&profile, "Set-Alias w wxsell").expect("a profile");
    for _ in 0..2 {
        install("/bin/sh", &["powershell"]);
    }
    let lines = std::fs::read_to_string(&profile).expect("a profile");
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(
        lines.starts_with("Set-Alias w wxsell\n. '") && lines.contains("wxsell.ps1'"),
        "{lines}"
    );
    // A shell that nobody knows is asked for.
    let (code, words) = install("/bin/sh", &[]);
    assert_eq!(code, Some(2));
    assert!(words.contains("wxsell completion install bash"), "{words}");
}
