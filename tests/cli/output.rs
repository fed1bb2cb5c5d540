//! What holds for every command: forms of output, widths, quiet, colour, and never a question without a terminal.

use super::catalogues::{many, pair, teas};
use super::world::{World, said};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use unicode_width::UnicodeWidthStr;
use wxsell::sandbox::{Fault, FaultKind};

#[test]
fn a_list_comes_in_seven_forms() {
    let world = World::with_goods(&pair("绿茶, \"\"特级\"\"", "10", "20"));
    let list = |format: &str| world.run(&["goods", "list", "--format", format]);
    insta::assert_snapshot!(list("table").text(), @r#"
     PRODUCT  TITLE         STATUS   AUDIT   PRICE        STOCK
     P1       绿茶, "特级"  on sale  passed  10.00-20.00     10
    "#);
    insta::assert_snapshot!(list("csv").text(), @r#"
    out_product_id,title,status,audit,price,stock,reject_reason
    P1,"绿茶, ""特级""",on_sale,passed,10.00-20.00,10,
    "#);
    assert_eq!(
        list("tsv").text().lines().nth(1),
        Some("P1\t\"绿茶, \"\"特级\"\"\"\ton_sale\tpassed\t10.00-20.00\t10\t")
    );
    let rows = list("json").json();
    assert_eq!(rows[0]["skus"][1]["sale_price"], 2000);
    let line: Value = serde_json::from_str(list("ndjson").text()).expect("one line");
    let yaml: Value = serde_saphyr::from_str(list("yaml").text()).expect("YAML");
    assert_eq!((&line, &yaml), (&rows[0], &rows));
    let book = list("xlsx");
    assert_eq!(book.code, Some(0));
    world.write("list.xlsx", &book.stdout);
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook(world.file("list.xlsx")).expect("a workbook");
    let sheet = calamine::Reader::worksheet_range_at(&mut book, 0)
        .expect("a sheet")
        .expect("readable");
    assert_eq!(
        sheet.get_value((1, 1)).map(ToString::to_string).as_deref(),
        Some("绿茶, \"特级\"")
    );
    let told = world.refused(2, &["goods", "list", "--format", "pdf"]);
    assert!(
        told.contains("use one of: table, json, ndjson, csv, tsv, yaml, xlsx"),
        "{told}"
    );
}

#[test]
fn columns_headings_and_jq_choose_what_is_shown() {
    let world = World::with_goods(&teas(&[("A", "1")]));
    let list = |more: &[&str]| world.ok(&[&["goods", "list"], more].concat());
    assert_eq!(
        list(&[
            "--columns",
            "price,out_product_id",
            "--no-headers",
            "--format",
            "csv"
        ]),
        "1.00,A\n"
    );
    assert_eq!(
        list(&["--columns", "out_product_id", "--no-headers"]),
        "A\n"
    );
    assert_eq!(list(&["--jq", ".[] | .skus[0].sale_price"]), "100\n");
    assert_eq!(
        world.json(&["goods", "list", "--columns", "title"]),
        json!([{"title": "Green tea A"}])
    );
    let told = world.refused(2, &["goods", "list", "--columns", "colour"]);
    assert!(
        told.contains("the columns are out_product_id,title,"),
        "{told}"
    );
    world.refused(2, &["goods", "list", "--jq", ".[0"]);
    world.refused(2, &["goods", "list", "--jq", ".", "--format", "csv"]);
}

#[test]
fn chinese_tables_fit_the_width() {
    let world = World::with_goods(&pair(
        "明前龙井 2024新茶 特级 礼盒装 两罐 送礼袋",
        "10",
        "20",
    ));
    world.ok(&[
        "goods",
        "update",
        "P1",
        "--desc",
        "明前采摘，手工炒制，清香回甘，冷藏保存，开封后请尽快饮用。",
    ]);
    world.ok(&[
        "sandbox",
        "audit",
        "reject",
        "P1",
        "--reason",
        "主图不清晰，请更换为不小于八百像素的正面照片",
    ]);
    let commands = [
        &["goods", "list"][..],
        &["goods", "show", "P1"],
        &["category", "list", "茶"],
        &["run", "list"],
        &["run", "show", "1"],
        &["quota", "show"],
        &["merchant", "info"],
        &["sandbox", "status"],
    ];
    for args in commands {
        for width in [40, 80, 200] {
            let columns = width.to_string();
            let variables = [("COLUMNS", columns.as_str()), ("WXSELL_LANG", "zh")];
            let shown = world.run_with(&variables, args);
            assert_eq!(shown.code, Some(0), "{args:?}: {}", shown.stderr);
            for line in shown.text().lines() {
                assert!(
                    line.width() <= width,
                    "{args:?} at {width}: {} wide: {line}",
                    line.width()
                );
            }
        }
    }
    let list = world.ok(&["goods", "list", "--lang", "zh"]);
    let mut lines = list.lines();
    assert_eq!(
        lines
            .next()
            .map(|line| line.split_whitespace().collect::<Vec<_>>()),
        Some(vec![
            "商品编号",
            "标题",
            "状态",
            "审核",
            "价格",
            "库存",
            "驳回原因"
        ])
    );
    // A reason is wrapped, so that its last words are there.
    let narrow = world.run_with(
        &[("COLUMNS", "110"), ("WXSELL_LANG", "zh")],
        &["goods", "list"],
    );
    let heading = narrow.text().lines().next().unwrap_or_default();
    assert!(heading.ends_with("驳回原因"), "{}", narrow.text());
    for letter in "正面照片".chars() {
        assert!(narrow.text().contains(letter), "{}", narrow.text());
    }
    let csv = world.ok(&["goods", "list", "--lang", "zh", "--format", "csv"]);
    assert!(
        csv.starts_with("out_product_id,title,status,"),
        "machines read English: {csv}"
    );
}

#[test]
fn a_reader_that_goes_away_ends_a_command_quietly() {
    let world = World::with_goods(&many(230));
    let mut child = world
        .command(&["goods", "list", "--format", "ndjson"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut reader = BufReader::with_capacity(16, child.stdout.take().expect("a pipe"));
    let mut first = String::new();
    reader.read_line(&mut first).expect("a line");
    drop(reader);
    let ended = child.wait_with_output().expect("it ends");
    assert!(first.starts_with("{\"out_product_id\":\"T"), "{first}");
    assert_eq!(
        (
            ended.status.code(),
            String::from_utf8_lossy(&ended.stderr).as_ref()
        ),
        (Some(0), "")
    );
}

#[test]
fn quiet_leaves_data_and_errors_only() {
    let world = World::new();
    world.write("goods.csv", teas(&[("A", "1")]));
    let said = world.run(&["goods", "upload", "goods.csv", "--quiet"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    assert!(!said.stdout.is_empty());
    let told = world.refused(1, &["goods", "show", "NONE", "-q"]);
    assert!(told.starts_with("Error: "), "{told}");
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let world = World::with_goods(&teas(&[("A", "1")]));
    let coloured = |variables: &[(&str, &str)], more: &[&str]| {
        let said = world.run_with(variables, &[&["goods", "list"], more].concat());
        assert_eq!(said.code, Some(0));
        said.text().contains('\x1b')
    };
    assert!(!coloured(&[], &[]));
    assert!(coloured(&[], &["--color", "always"]));
    assert!(!coloured(&[], &["--color", "never"]));
    assert!(!coloured(&[("NO_COLOR", "1")], &[]));
    assert!(!coloured(&[("TERM", "dumb"), ("CLICOLOR", "1")], &[]));
    assert!(
        !coloured(&[], &["--color", "always", "--format", "json"]),
        "data is never coloured"
    );
}

#[test]
fn an_error_is_an_object_where_json_is_asked_for() {
    let world = World::new();
    let said = world.run(&["goods", "show", "NONE", "--format", "json"]);
    assert_eq!((said.code, said.text()), (Some(1), ""));
    let error: Value = serde_json::from_str(&said.stderr).expect("JSON");
    assert_eq!(
        (
            &error["error"]["kind"],
            &error["error"]["exit_code"],
            &error["error"]["message"]
        ),
        (
            &json!("refused"),
            &json!(1),
            &json!("the shop has no product NONE")
        )
    );
    let said = world.run(&["goods", "uplaod", "--format=json"]);
    let error: Value = serde_json::from_str(&said.stderr).expect("JSON");
    assert_eq!(
        (said.code, &error["error"]["hint"]),
        (
            Some(2),
            &json!("did you mean `wxsell goods upload --profile sandbox --format=json`?")
        )
    );
}

const LIVE: &str =
    "[profile.tea]\nappid = \"wx00000000000000aa\"\nbase_url = \"http://127.0.0.1:9\"\n";

#[test]
fn a_read_only_profile_refuses_every_write() {
    let world = World::new();
    world.configure(&format!("{LIVE}read_only = true\n"));
    world.write("goods.csv", teas(&[("A", "1")]));
    world.write("a.png", super::catalogues::png(300));
    let writes = [
        &["goods", "upload", "goods.csv"][..],
        &["goods", "on-sale", "A"],
        &["goods", "off-sale", "A"],
        &["goods", "remove", "A", "--yes"],
        &["goods", "withdraw-audit", "A"],
        &["image", "upload", "a.png"],
        &["merchant", "update", "--service", "wechat"],
        &["quota", "reset", "--yes"],
    ];
    for args in writes {
        let said = said(&mut world.plain_command(&[&["--profile", "tea"], args].concat()));
        assert_eq!(said.code, Some(3), "{args:?}: {}", said.stderr);
        assert!(
            said.stderr.starts_with("Error: profile tea is read-only\n"),
            "{args:?}: {}",
            said.stderr
        );
    }
}

#[test]
fn without_a_terminal_nothing_is_asked_and_what_is_missing_is_named() {
    let world = World::new();
    world.configure(&format!("{LIVE}production = true\n"));
    for args in [
        &["goods", "remove", "A"][..],
        &["goods", "off-sale", "A"],
        &["quota", "reset"],
    ] {
        let said = said(&mut world.plain_command(&[&["--profile", "tea"], args].concat()));
        assert_eq!(said.code, Some(10), "{args:?}: {}", said.stderr);
        assert!(
            said.stderr.contains("confirmation required") && said.stderr.contains("--yes"),
            "{args:?}: {}",
            said.stderr
        );
    }
    let said = said(&mut world.plain_command(&["auth", "login"]));
    assert_eq!(said.code, Some(2), "{}", said.stderr);
}

#[test]
fn a_column_that_is_not_there_is_named_before_anything_is_done() {
    let world = World::selling();
    world.paid("W1");
    let number = world.opened(&["refund", "W1", "--product", "T1"]);
    world.ok(&["sandbox", "deposit", "10"]);
    let wrong = ["--columns", "colour"];
    let before = world.calls().len();
    for line in [
        format!("aftersale accept-refund {number}"),
        "funds withdraw --amount 10".into(),
        "commission set --order W1 --openid oExampleOpenid0000000000001 --mchid 1 --product T1 --sku T1-1 --amount 1".into(),
        "sharer mode 1".into(),
    ] {
        let args: Vec<&str> = line.split(' ').chain(wrong).collect();
        let told = world.refused(2, &args);
        assert!(told.contains("no such column: colour"), "{told}");
    }
    let reads = ["/shop/ecaftersale/get", "/shop/order/get"];
    let called = world.paths_since(before);
    assert!(
        called.iter().all(|path| reads.contains(&path.as_str())),
        "{called:?}"
    );
}

#[test]
fn jq_is_bounded_and_prints_as_it_goes() {
    let world = World::with_goods(&teas(&[("A", "1")]));
    let list = |jq: &str| {
        // The one that calculates for ever is waited for; the others need their time on a machine at work.
        let seconds = if jq == "def f: f; f" { "1" } else { "30" };
        world.run(&["goods", "list", "--timeout", seconds, "--jq", jq])
    };
    for (jq, why) in [
        ("def f: 1+f; f", "recurses too deeply"),
        ("def f: f; f", "produced nothing within 1 s"),
        (
            "import \"/etc/passwd\" as $x; $x",
            "modules cannot be loaded",
        ),
        ("error(\"x\" * 100000)", "…"),
        (".[0] | @csv", "only an array can"),
        (
            "\"no such product\\n\" | halt_error",
            "--jq: no such product\"",
        ),
        (
            "try ({a: 1} | halt_error(3)) catch .",
            "--jq: {\\\"a\\\":1}\"",
        ),
        ("halt(4)", "halt(4)"),
    ] {
        let said = list(jq);
        assert_eq!(said.code, Some(2), "{jq}: {}", said.stderr);
        assert!(said.stderr.contains(why), "{jq}: {}", said.stderr);
        assert!(said.stderr.len() < 1_000, "{jq}: {}", said.stderr);
    }
    let brackets = "(".repeat(20_000);
    assert_eq!(list(&brackets).code, Some(2));
    let said = world.run(&["goods", "list", "--jq", "\"x\" | until(false; . + .)"]);
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("too much memory"), "{}", said.stderr);
    assert_eq!(list("halt").code, Some(0));
    assert_eq!(
        list(".[] | [.out_product_id, \"a\\\"b\", 1, null] | @csv").text(),
        "\"A\",\"a\"\"b\",1,\n"
    );
    assert_eq!(list("[\"a\\tb\", 12] | @tsv").text(), "a\\tb\t12\n");
    // What has no end is printed as it comes, until nobody reads.
    let mut endless = world.command(&["goods", "list", "--jq", "range(1e12)"]);
    let mut child = endless
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut first = [0; 8];
    let mut stdout = child.stdout.take().expect("its output");
    std::io::Read::read_exact(&mut stdout, &mut first).expect("it prints");
    drop(stdout);
    assert_eq!(&first, b"0\n1\n2\n3\n");
    assert!(child.wait().expect("it ends").success());
}

/// On a terminal of its own.
#[cfg(target_os = "linux")]
#[test]
fn what_others_wrote_acts_on_no_terminal_in_any_format() {
    let world = World::new();
    let reply = r#"{"errcode":0,"total_num":1,"spus":[{"out_product_id":"P1","title":"a\u001b]0;x\u0007\u009b31m\u202eb","skus":[]}]}"#;
    let fault = Fault {
        times: None,
        ..Fault::once(
            "/shop/spu/get_list",
            FaultKind::Reply { json: reply.into() },
        )
    };
    world.sandbox().add_fault(&fault).expect("a fault");
    let mut lines: Vec<Vec<&str>> = ["table", "json", "ndjson", "yaml", "csv", "tsv"]
        .iter()
        .map(|format| vec!["goods", "list", "--format", format])
        .collect();
    lines.push(vec!["goods", "list", "--jq", ".[0].title"]);
    lines.push(vec!["goods", "list", "--raw"]);
    let page = r#"{"page":1,"page_size":10}"#;
    lines.push(vec!["api", "call", "spu_get_list", "--data", page]);
    for args in lines {
        let args = [&args[..], &["--color", "never"]].concat();
        let said = super::goods::asked::run_on_terminal(&world, "", &args, "2>/dev/null");
        let text = said.text();
        assert!(
            text.contains('a') && text.contains("31m"),
            "{args:?}: {text}"
        );
        for acts in ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}'] {
            assert!(!text.contains(acts), "{args:?}: {text:?}");
        }
    }
}

#[test]
fn csv_for_excel_has_a_mark_and_calculates_nothing() {
    let world = World::with_goods(&teas(&[("=1+1", "1")]));
    let plain = world.ok(&["goods", "list", "--format", "csv"]);
    assert!(
        plain.starts_with("out_product_id") && plain.contains("\n=1+1,"),
        "{plain}"
    );
    let excel = world.ok(&["goods", "list", "--format", "csv", "--excel"]);
    let row = excel
        .strip_prefix('\u{feff}')
        .and_then(|rest| rest.lines().nth(1));
    let row = row.expect("a mark and a row");
    assert!(row.starts_with("'=1+1,Green tea =1+1,"), "{row}");
    let told = world.refused(2, &["goods", "list", "--excel"]);
    assert!(told.contains("--format csv"), "{told}");
}

#[test]
fn what_is_shown_as_it_is_stands_in_the_log() {
    let world = World::selling();
    world.paid("W1");
    let shown = || -> Vec<String> {
        let rows = world.json(&["log", "list"]);
        let rows = rows.as_array().expect("rows").iter();
        rows.filter(|row| row["result"] == "shown")
            .map(|row| row["path"].as_str().expect("text").to_owned())
            .collect()
    };
    world.ok(&["order", "show", "W1"]);
    assert_eq!(shown(), [""; 0]);
    world.ok(&["order", "show", "W1", "--unmask"]);
    world.ok(&["order", "list", "--raw"]);
    let noted = shown();
    assert_eq!(noted.len(), 2, "{noted:?}");
    assert!(
        noted[0].contains("order show") && noted[0].contains("--unmask"),
        "{noted:?}"
    );
    assert!(
        noted[1].contains("order list") && noted[1].contains("--raw"),
        "{noted:?}"
    );
    world.ok(&["log", "verify"]);
    // Where it cannot be noted nothing is shown.
    let log = world.state_file("log.db");
    for name in ["log.db-wal", "log.db-shm"] {
        let _ = std::fs::remove_file(world.state_file(name));
    }
    std::fs::remove_file(&log).expect("it goes");
    std::fs::create_dir(&log).expect("a folder");
    let said = world.run(&["order", "show", "W1", "--unmask"]);
    assert_eq!((said.code, said.text()), (Some(2), ""), "{}", said.stderr);
    world.ok(&["order", "show", "W1"]);
}

/// Lists, each with something in it.
const LISTS: [&[&str]; 6] = [
    &["goods", "list"],
    &["order", "list"],
    &["aftersale", "list"],
    &["dispute", "list"],
    &["run", "list"],
    &["profile", "list"],
];

#[test]
fn a_state_is_the_same_word_in_json_and_csv() {
    let world = super::screen::busy();
    world.ok(&["goods", "update", "S1T0001", "--stock", "5"]);
    let mut compared = 0;
    for args in LISTS {
        let rows = world.json(args);
        let rows = rows.as_array().expect("rows");
        let sheet = world.ok(&[args, &["--format", "csv"]].concat());
        let mut reader = csv::Reader::from_reader(sheet.as_bytes());
        let names = reader.headers().expect("names").clone();
        let lines: Vec<csv::StringRecord> =
            reader.records().map(|line| line.expect("a line")).collect();
        assert_eq!(lines.len(), rows.len(), "{args:?}");
        for (row, line) in rows.iter().zip(&lines) {
            for (name, cell) in names.iter().zip(line) {
                let word = row[name].as_str().unwrap_or_default();
                let is_word = word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                if is_word && !word.is_empty() {
                    assert_eq!(cell, word, "{args:?} {name}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 100, "{compared}");
}

fn cells(book: &[u8]) -> Vec<Vec<String>> {
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(book.to_vec())).expect("a workbook");
    let sheet = calamine::Reader::worksheet_range_at(&mut book, 0)
        .expect("a sheet")
        .expect("readable");
    let row = |row: &[calamine::Data]| row.iter().map(ToString::to_string).collect();
    sheet.rows().map(row).collect()
}

#[test]
fn a_workbook_speaks_the_language_of_its_reader_and_is_read_back() {
    let world = World::with_goods(&teas(&[("A", "12.50"), ("B", "13.50")]));
    let list = |lang: &str| world.run(&["--lang", lang, "goods", "list", "--format", "xlsx"]);
    let (english, chinese) = (list("en"), list("zh"));
    let rows = cells(&english.stdout);
    assert_eq!(rows[0][..3], ["out_product_id", "title", "status"]);
    assert_eq!(rows[1][2], "on sale");
    let rows = cells(&chinese.stdout);
    assert_eq!(rows[0][..3], ["商品编号", "标题", "状态"]);
    assert_eq!(rows[1][2], "在售");
    // For a spreadsheet program a CSV is as a workbook; for programs it stays as it is.
    let excel = ["--lang", "zh", "goods", "list", "--format", "csv"];
    let plain = world.ok(&excel);
    assert!(plain.starts_with("out_product_id,title,status,") && plain.contains(",on_sale,"));
    let excel = world.ok(&[&excel[..], &["--excel"]].concat());
    assert!(excel.starts_with("\u{feff}商品编号,标题,状态,"), "{excel}");
    assert!(excel.contains(",在售,"), "{excel}");
    // The list names the products for what is done next; an export does, too.
    let on_sale = || {
        let rows = world.json(&["goods", "list", "--status", "on-sale"]);
        rows.as_array().map_or(0, Vec::len)
    };
    world.write("list.xlsx", &chinese.stdout);
    let taken = world.ok(&[
        "goods",
        "off-sale",
        "--from",
        "list.xlsx",
        "--format",
        "csv",
    ]);
    assert_eq!((taken.lines().count(), on_sale()), (3, 0), "{taken}");
    world.ok(&["--lang", "zh", "goods", "export", "shop.csv"]);
    world.ok(&["goods", "on-sale", "--from", "shop.csv"]);
    assert_eq!(on_sale(), 2);
    // A table without numbers, and one with a number missing, take nothing off.
    world.write("odd.csv", "name,price\nA,1\n");
    let told = world.refused(2, &["goods", "off-sale", "--from", "odd.csv"]);
    assert!(told.contains("the product number"), "{told}");
    world.write("gap.csv", "商品编号,标题\nA,x\n,y\n");
    let told = world.refused(2, &["goods", "off-sale", "--from", "gap.csv"]);
    assert!(
        told.contains("gap.csv:3 A3 商品编号: the product number is missing"),
        "{told}"
    );
    assert_eq!(on_sale(), 2);
}

#[test]
fn an_unknown_column_is_refused_where_there_are_no_rows_and_before_any_call() {
    let world = World::new();
    let seen = world.calls().len();
    for args in LISTS {
        for column in ["nothing.such", "colour", "receiver.cty.name"] {
            let told = world.refused(2, &[args, &["--columns", column]].concat());
            assert!(
                told.contains(&format!("no such column: {column}")),
                "{args:?}: {told}"
            );
        }
    }
    assert_eq!(world.paths_since(seen), [""; 0]);
    // What a row can have is no mistake where there is none.
    for (args, column) in [
        (LISTS[0], "skus.0.out_sku_id"),
        (LISTS[0], "wechat.spu.title"),
        (LISTS[1], "receiver.city"),
        (LISTS[3], "aftersale_id"),
    ] {
        world.ok(&[args, &["--columns", column]].concat());
    }
}
