//! `delivery …`: one parcel, tables of parcels, receipt.

use super::order::{create, shop};
use super::world::World;
use crate::support::spec;
use serde_json::{Value, json};
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
    let early = world.refused(9, &["delivery", "receive", "A2"]);
    assert!(early.contains("1000000"), "{early}");
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
        "parcels.csv:5 A5 订单号\" \"no order A9",
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
    assert!(said.stderr.contains("looking again in"), "{}", said.stderr);
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
    assert!(world.read("parcels.failed.csv").contains("is running"));
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
    assert!(told.contains("is running"), "{told}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}
