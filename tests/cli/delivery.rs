//! `delivery …`: one parcel, tables of parcels, receipt.

use super::event::until;
use super::order::{create, shop};
use super::world::{Said, World, said};
use crate::support::{spec, standin};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wxsell::sandbox::{Fault, FaultKind};

/// A shop with these orders of two pieces, all paid.
fn paid(numbers: &[&str]) -> World {
    let world = shop();
    for number in numbers {
        world.ok(&create(number, &["--product", "T", "--count", "2"]));
        world.ok(&["sandbox", "buyer", "pay", number]);
    }
    world
}

fn parcels(world: &World, number: &str) -> Vec<(String, i64)> {
    let sold = world.sandbox().orders().expect("orders");
    let sold = sold
        .into_iter()
        .find(|sold| sold.out_order_id == number)
        .expect("the order");
    sold.order
        .parcels
        .iter()
        .map(|parcel| {
            let pieces = parcel.items.iter().map(|item| item.product_cnt).sum();
            (
                format!("{} {}", parcel.delivery_id, parcel.waybill_id),
                pieces,
            )
        })
        .collect()
}

fn status(world: &World, number: &str) -> Value {
    world.json(&["order", "show", number])["wechat"]["status"].clone()
}

#[test]
fn carriers_are_listed() {
    let world = World::new();
    let rows = world.json(&["delivery", "companies"]);
    assert!(
        rows.as_array()
            .expect("rows")
            .contains(&json!({"delivery_id": "SF", "delivery_name": "顺丰速运"}))
    );
    assert!(world.ok(&["delivery", "companies"]).contains("CARRIER"));
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn an_order_goes_in_one_parcel_or_in_several_and_is_received() {
    let world = paid(&["A1", "A2"]);
    world.ok(&[
        "delivery",
        "send",
        "A1",
        "--carrier",
        "顺丰",
        "--waybill",
        "SF1",
    ]);
    assert_eq!(parcels(&world, "A1"), [("SF SF1".to_owned(), 2)]);
    assert_eq!(status(&world, "A1"), 30);
    let sku = world.sandbox().orders().expect("orders")[1].order.rows[0]
        .out_sku_id
        .clone();
    let one = format!("{sku}=1");
    let send = |waybill: &'static str| {
        vec![
            "delivery",
            "send",
            "A2",
            "--carrier",
            "ZTO",
            "--waybill",
            waybill,
            "--item",
        ]
    };
    world.ok(&[send("Z1"), vec![one.as_str()]].concat());
    assert_eq!(status(&world, "A2"), 20);
    let again = world.run(&[send("Z1"), vec![one.as_str()]].concat());
    assert!(again.stderr.contains("already"), "{}", again.stderr);
    let early = world.run_in_time(&["delivery", "receive", "A2"]);
    assert_eq!(early.code, Some(9), "{}", early.stderr);
    assert!(early.stderr.contains("1000000"), "{}", early.stderr);
    world.ok(&[send("Z2"), vec![one.as_str()]].concat());
    assert_eq!(status(&world, "A2"), 30, "WeChat says when it is complete");
    world.ok(&["delivery", "receive", "A2"]);
    assert_eq!(status(&world, "A2"), 100);
    let told = world.refused(
        2,
        &[
            "delivery",
            "send",
            "A1",
            "--carrier",
            "火箭",
            "--waybill",
            "1",
        ],
    );
    assert!(told.contains("火箭"), "{told}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_table_with_problems_sends_nothing_and_names_them_all() {
    let world = paid(&["A1", "A2"]);
    world.ok(&create("A3", &["--product", "T"]));
    world.write(
        "parcels.csv",
        "订单号,快递公司,运单号,SKU编号,数量\nA1,顺丰,SF1,,\nA2,火箭,X1,,\nA3,顺丰,SF3,,\nA9,顺丰,SF9,,\nA2,顺丰,SF4,T,9\n,顺丰,SF5,,\n",
    );
    let seen = world.calls().len();
    let said = world.run(&[
        "delivery",
        "send",
        "--from",
        "parcels.csv",
        "--format",
        "json",
    ]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    let problems = said.json();
    let found: Vec<String> = problems
        .as_array()
        .expect("problems")
        .iter()
        .map(|problem| format!("{} {}", problem["place"], problem["message"]))
        .collect();
    let all = found.join("\n");
    for words in [
        "parcels.csv:3 B3 快递公司\" \"WeChat knows no carrier",
        "parcels.csv:4 A4 订单号\" \"the order is not paid",
        "parcels.csv:5 A5 订单号\" \"order A9 was not found",
        "parcels.csv:7 A7 订单号\" \"the order number is missing",
    ] {
        assert!(all.contains(words), "{words}\n{all}");
    }
    let sent = world.paths_since(seen);
    assert!(
        !sent.iter().any(|path| path == "/shop/delivery/send"),
        "{sent:?}"
    );

    let said = world.run(&[
        "delivery",
        "send",
        "--from",
        "parcels.csv",
        "--skip-bad",
        "--format",
        "json",
    ]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    assert_eq!(said.json()["shipped"], 1);
    assert_eq!(status(&world, "A1"), 30);
    let back = world.read("parcels.failed.csv");
    let lines: Vec<&str> = back.lines().collect();
    assert_eq!(lines.len(), 6, "{back}");
    assert!(lines[0].ends_with(",reason"), "{back}");
    assert!(!back.contains("SF1,"), "{back}");
    assert!(
        lines.iter().any(|line| line.starts_with("A2,顺丰,SF4")),
        "{back}"
    );
}

/// The cells of a workbook, row by row.
fn cells(path: &std::path::Path) -> Vec<Vec<String>> {
    use calamine::{Reader, open_workbook_auto};
    let mut book = open_workbook_auto(path).expect("a workbook");
    let range = book.worksheet_range_at(0).expect("a sheet").expect("cells");
    range
        .rows()
        .map(|row| row.iter().map(ToString::to_string).collect())
        .collect()
}

/// A column, and what somebody writes there, by the cells of the row.
type Filled<'a> = (usize, &'a dyn Fn(&[String]) -> String);

/// Fills a column of a workbook in, as whoever packs does, in the rows where `text` says something.
fn fill(path: &std::path::Path, filled: &[Filled]) {
    let rows = cells(path);
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            let new = filled
                .iter()
                .find(|(filled, _)| *filled == column && row > 0);
            let text = new.map_or_else(|| cell.clone(), |(_, text)| text(cells));
            sheet
                .write_string(row as u32, column as u16, text)
                .expect("a cell");
        }
    }
    book.save(path).expect("a file");
}

#[test]
fn orders_to_ship_are_exported_filled_in_and_sent() {
    let world = paid(&["A1", "A2", "0012345678901234567"]);
    world.ok(&create("A3", &["--product", "T"]));
    let said = world.run(&["order", "export", "ship.xlsx", "--lang", "zh"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let file = world.file("ship.xlsx");
    let rows = cells(&file);
    assert_eq!(
        rows[0][..6],
        [
            "订单号",
            "快递公司",
            "运单号",
            "商品编号",
            "规格编号",
            "数量"
        ]
    );
    let sku = world.json(&["goods", "show", "T"])["skus"][0]["out_sku_id"].clone();
    assert_eq!(
        rows[1][..6],
        ["A1", "", "", "T", sku.as_str().expect("text"), "2"]
    );
    assert_eq!(
        rows.len(),
        4,
        "an unpaid order is not to be shipped: {rows:?}"
    );
    let text = rows.concat().concat();
    assert!(!text.contains("13800000000"), "{text}");
    let told = world.refused(2, &["order", "export", "ship.xlsx"]);
    assert!(told.contains("already exists"), "{told}");

    // Nothing is filled in yet, then two of three orders.
    let told = world.refused(2, &["delivery", "send", "--from", "ship.xlsx"]);
    assert!(told.contains("1 problem"), "{told}");
    let waybill = |row: &[String]| match row[0].as_str() {
        "A2" => String::new(),
        number => format!("SF{number}"),
    };
    let carrier = |row: &[String]| match row[0].as_str() {
        "A2" => String::new(),
        _ => "顺丰".to_owned(),
    };
    fill(&file, &[(1, &carrier), (2, &waybill)]);
    let said = world.run(&["delivery", "send", "--from", "ship.xlsx"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("1 row without carrier and waybill number is not sent"),
        "{}",
        said.stderr
    );
    assert!(!said.stderr.contains("not read"), "{}", said.stderr);
    assert_eq!(parcels(&world, "A1"), [("SF SFA1".to_owned(), 2)]);
    assert_eq!(parcels(&world, "A2"), []);
    assert_eq!(
        parcels(&world, "0012345678901234567"),
        [("SF SF0012345678901234567".to_owned(), 2)]
    );

    // What is left comes as CSV, whole where that is asked for.
    let said = world.json(&["order", "export", "rest.csv", "--unmask"]);
    assert_eq!((&said["orders"], &said["rows"]), (&json!(1), &json!(1)));
    let rest = world.read("rest.csv");
    let header = "\u{feff}Order,Carrier,Waybill,Product,SKU,Count,";
    assert!(rest.starts_with(header), "{rest}");
    assert!(rest.contains("=\"\"13800000000\"\""), "{rest}");
    world.write("rest.csv", rest.replace("A2,,,", "A2,圆通,YT1,"));
    world.ok(&["delivery", "send", "--from", "rest.csv"]);
    assert_eq!(parcels(&world, "A2"), [("YTO YT1".to_owned(), 2)]);
    let said = world.run(&["order", "export", "none.xlsx"]);
    assert!(said.stderr.contains("no orders to ship"), "{}", said.stderr);
    assert!(!world.file("none.xlsx").exists());
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_spreadsheet_of_parcels_is_sent_once_and_only_once() {
    let world = paid(&["A1", "A2"]);
    let sku = world.sandbox().orders().expect("orders")[0].order.rows[0]
        .out_sku_id
        .clone();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let table = [
        ["Order", "Receiver", "Carrier", "Waybill", "SKU", "Count"],
        ["A1", "x", "中通", "Z1", sku.as_str(), "1"],
        ["A1", "x", "中通快递", "Z2", sku.as_str(), ""],
        ["A2", "x", "JD", "J1", "", ""],
    ];
    for (row, cells) in table.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            sheet
                .write_string(row as u32, column as u16, *cell)
                .expect("a cell");
        }
    }
    book.save(world.file("parcels.xlsx")).expect("a file");
    let send = ["delivery", "send", "--from", "parcels.xlsx"];
    let plan = world.json(&[&send[..], &["--dry-run"]].concat());
    assert_eq!(
        (&plan[0]["action"], &plan[0]["parcels"]),
        (&json!("ship"), &json!(["ZTO Z1", "ZTO Z2"]))
    );
    assert_eq!(parcels(&world, "A1"), []);
    let report = world.json(&send);
    assert_eq!(
        (&report["shipped"], &report["orders"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        parcels(&world, "A1"),
        [("ZTO Z1".to_owned(), 1), ("ZTO Z2".to_owned(), 1)]
    );
    let again = world.json(&send);
    assert_eq!(
        (&again["shipped"], &again["confirmed"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(parcels(&world, "A1").len(), 2);
    let runs = world.json(&["run", "list"]);
    assert_eq!(runs[0]["command"], "delivery send");
    assert_eq!(world.json(&["run", "resume"])["confirmed"], 2);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_parcel_whose_answer_was_lost_is_looked_up() {
    let world = paid(&["A1", "A2"]);
    world.write(
        "parcels.csv",
        "order,carrier,waybill\nA1,SF,SF1\nA2,SF,SF2\n",
    );
    let lost = Fault {
        after: true,
        ..Fault::once("/shop/delivery/send", FaultKind::Reset)
    };
    world.sandbox().add_fault(&lost).expect("a fault");
    let report = world.json(&["delivery", "send", "--from", "parcels.csv", "--jobs", "1"]);
    assert_eq!(
        (&report["shipped"], &report["confirmed"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (parcels(&world, "A1").len(), parcels(&world, "A2").len()),
        (1, 1)
    );
}

#[test]
fn one_that_an_earlier_run_sent_is_looked_for_twice_before_it_is_sent_again() {
    let world = paid(&["A1"]);
    world.write("parcels.csv", "order,carrier,waybill\nA1,SF,SF1\n");
    let lost = Fault::once("/shop/delivery/send", FaultKind::Reset);
    world.sandbox().add_fault(&lost).expect("a fault");
    let send = [
        "delivery",
        "send",
        "--from",
        "parcels.csv",
        "--format",
        "json",
    ];
    // The job itself looks again at its end, and proves that nothing came.
    let said = world.run_in_time(&send);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    assert!(said.stderr.contains("checking again in"), "{}", said.stderr);
    assert_eq!(parcels(&world, "A1"), []);
    let failed = world.json(&["run", "failed"]);
    let reason = failed[0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("WeChat never got it"), "{reason}");
    let said = world.run_in_time(&send);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(parcels(&world, "A1").len(), 1);
    // One parcel by options: the order says whether it came.
    let world = paid(&["A2"]);
    world
        .sandbox()
        .add_fault(&lost.clone().after())
        .expect("a fault");
    let said = world.run_in_time(&[
        "delivery",
        "send",
        "A2",
        "--carrier",
        "SF",
        "--waybill",
        "SF2",
    ]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("the order shows the parcel"),
        "{}",
        said.stderr
    );
    assert_eq!(parcels(&world, "A2").len(), 1);
}

#[test]
fn a_table_ends_after_three_parcels_of_which_nobody_knows() {
    let orders = ["A1", "A2", "A3", "A4", "A5"];
    let world = paid(&orders);
    let rows = orders.map(|order| format!("{order},SF,SF-{order}\n"));
    let table = format!("order,carrier,waybill\n{}", rows.concat());
    world.write("parcels.csv", &table);
    let send = [
        "delivery",
        "send",
        "--from",
        "parcels.csv",
        "--jobs",
        "1",
        "--format",
        "json",
    ];
    let sent = || {
        let calls = world.calls();
        let calls = calls.iter();
        calls
            .filter(|call| call.path == "/shop/delivery/send")
            .count()
    };
    let always = Fault {
        times: None,
        ..Fault::once("/shop/delivery/send", FaultKind::Reset)
    };
    world.sandbox().add_fault(&always).expect("a fault");
    let said = world.run_in_time(&send);
    assert_eq!((said.code, sent()), (Some(9), 3), "{}", said.stderr);
    let report = said.json();
    assert_eq!(report["status"], "stopped", "{report}");
    // At its end the job has proven that none of them came.
    assert!(said.stderr.contains("checking again"), "{}", said.stderr);
    world.sandbox().clear_faults(None).expect("no faults");
    let said = world.run_in_time(&send);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    for order in orders {
        assert_eq!(parcels(&world, order).len(), 1, "{order}");
    }
    assert_eq!(sent(), 8);
}

#[test]
fn an_order_in_after_sale_is_held_back() {
    let world = paid(&["A1", "A2"]);
    world.ok(&["sandbox", "buyer", "refund", "A1"]);
    world.write(
        "parcels.csv",
        "order,carrier,waybill\nA1,SF,SF1\nA2,SF,SF2\n",
    );
    let said = world.run(&[
        "delivery",
        "send",
        "--from",
        "parcels.csv",
        "--format",
        "json",
    ]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    let report = said.json();
    assert_eq!(
        (&report["shipped"], &report["held"]),
        (&json!(1), &json!(1))
    );
    assert!(
        world
            .read("parcels.failed.csv")
            .contains("has an open after-sale")
    );
    assert_eq!(parcels(&world, "A1"), []);
    let told = world.refused(
        2,
        &[
            "delivery",
            "send",
            "A1",
            "--carrier",
            "SF",
            "--waybill",
            "SF1",
        ],
    );
    assert!(told.contains("open after-sale"), "{told}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

/// A shop whose orders show a parcel half a minute after somebody looked for it first.
struct Lagging {
    world: World,
    base_url: String,
    _shop: wxsell::sandbox::Running,
}

impl Lagging {
    fn with(orders: &[&str]) -> Lagging {
        let world = paid(orders);
        world.write("parcels.csv", "order,carrier,waybill\nA1,SF,SF1\n");
        let shop = world.running();
        let (clock, reported) = (world.clock(), Mutex::new(None));
        let base_url = standin::before(
            &shop.base_url,
            Arc::new(move |path: &str, _: &[u8], reply: Vec<u8>| {
                if !path.starts_with("/shop/order/get") || !has(&reply, b"\"SF1\"") {
                    return reply;
                }
                let now = wxsell::clock::later(&clock);
                let at = *reported.lock().expect("a lock").get_or_insert(now);
                if now < at + Duration::from_secs(30) {
                    without_parcels(&reply)
                } else {
                    reply
                }
            }),
        );
        Lagging {
            world,
            base_url,
            _shop: shop,
        }
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = self.world.plain_command(args);
        command
            .env("WXSELL_BASE_URL", &self.base_url)
            .env("WXSELL_APPID", wxsell::sandbox::APPID)
            .env("WXSELL_APP_SECRET", wxsell::sandbox::SECRET)
            .env(wxsell::clock::VARIABLE, self.world.clock());
        command
    }

    /// One parcel by options.
    fn one(&self) -> Said {
        said(&mut self.command(&[
            "delivery",
            "send",
            "A1",
            "--carrier",
            "SF",
            "--waybill",
            "SF1",
        ]))
    }

    /// The same parcel from a table.
    fn table(&self) -> Said {
        let from = [
            "delivery",
            "send",
            "--from",
            "parcels.csv",
            "--format",
            "json",
        ];
        said(&mut self.command(&from))
    }

    fn sent(&self) -> usize {
        let calls = self.world.calls();
        let sent = calls
            .iter()
            .filter(|call| call.path == "/shop/delivery/send");
        sent.count()
    }
}

fn has(reply: &[u8], word: &[u8]) -> bool {
    reply.windows(word.len()).any(|part| part == word)
}

fn without_parcels(reply: &[u8]) -> Vec<u8> {
    fn hide(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match name.as_str() {
                        "delivery_list" => *value = json!([]),
                        "status" if *value == 30 => *value = json!(20),
                        _ => hide(value),
                    }
                }
            }
            Value::Array(rows) => rows.iter_mut().for_each(hide),
            _ => {}
        }
    }
    let mut reply: Value = serde_json::from_slice(reply).expect("JSON");
    hide(&mut reply);
    reply.to_string().into_bytes()
}

#[test]
fn no_parcel_is_reported_twice_by_two_commands_while_orders_lag() {
    // A table, and then by options: the order does not show it yet.
    let shop = Lagging::with(&["A1"]);
    let told = shop.table();
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    let told = shop.one();
    assert_eq!((told.code, shop.sent()), (Some(9), 1), "{}", told.stderr);
    shop.world.wait(70);
    let told = shop.one();
    assert_eq!((told.code, shop.sent()), (Some(0), 1), "{}", told.stderr);
    assert!(told.stderr.contains("already"), "{}", told.stderr);
    // By options, and then a table; and the table once more.
    let shop = Lagging::with(&["A1"]);
    let told = shop.one();
    assert_eq!((told.code, shop.sent()), (Some(0), 1), "{}", told.stderr);
    for _ in 0..2 {
        let told = shop.table();
        assert_eq!((told.code, shop.sent()), (Some(0), 1), "{}", told.stderr);
        assert_eq!(told.json()["confirmed"], 1);
    }
    // The table twice.
    let shop = Lagging::with(&["A1"]);
    for shipped in [1, 0] {
        let told = shop.table();
        assert_eq!((told.code, shop.sent()), (Some(0), 1), "{}", told.stderr);
        assert_eq!(told.json()["shipped"], shipped);
    }
}

#[test]
fn a_parcel_of_a_command_that_ended_early_is_asked_after_by_the_other_one() {
    let send = "/shop/delivery/send";
    // A table that was killed while its call was under way.
    let shop = Lagging::with(&["A1"]);
    let hangs = Fault::once(send, FaultKind::Timeout { seconds: 600 }).after();
    shop.world.sandbox().add_fault(&hangs).expect("a fault");
    let mut child = shop
        .command(&["delivery", "send", "--from", "parcels.csv"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    until(|| shop.sent() > 0);
    child.kill().expect("it dies");
    child.wait().expect("it ends");
    let told = shop.one();
    assert_eq!((told.code, shop.sent()), (Some(9), 1), "{}", told.stderr);
    shop.world.wait(70);
    let told = shop.one();
    assert_eq!((told.code, shop.sent()), (Some(0), 1), "{}", told.stderr);
    assert_eq!(parcels(&shop.world, "A1").len(), 1);
    // One that never came is sent once that is proven.
    let shop = Lagging::with(&["A1"]);
    let hangs = Fault::once(send, FaultKind::Timeout { seconds: 600 });
    shop.world.sandbox().add_fault(&hangs).expect("a fault");
    let mut child = shop
        .command(&["delivery", "send", "--from", "parcels.csv"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    until(|| shop.sent() > 0);
    child.kill().expect("it dies");
    child.wait().expect("it ends");
    assert_eq!(shop.one().code, Some(9));
    shop.world.wait(70);
    let told = shop.one();
    assert_eq!((told.code, shop.sent()), (Some(0), 2), "{}", told.stderr);
    assert_eq!(parcels(&shop.world, "A1").len(), 1);
    // By options, its answer lost; then the table.
    let shop = Lagging::with(&["A1"]);
    let lost = Fault::once(send, FaultKind::Status { status: 502 }).after();
    shop.world.sandbox().add_fault(&lost).expect("a fault");
    let told = shop.one();
    assert_eq!((told.code, shop.sent()), (Some(9), 1), "{}", told.stderr);
    let told = shop.table();
    assert_eq!((told.code, shop.sent()), (Some(0), 1), "{}", told.stderr);
    assert_eq!(told.json()["confirmed"], 1);
}
