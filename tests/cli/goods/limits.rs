//! What is known of goods before any call: formats, counts, open categories, what a document says twice; and what files of
//! failed rows keep.

use crate::cli::catalogues::teas;
use crate::cli::world::World;
use serde_json::Value;
use std::fmt::Write;
use wxsell::bulk::source::{Input, Source};
use wxsell::bulk::xlsx::Book;

fn problems(world: &World, file: &str) -> Vec<Value> {
    let said = world.run(&["goods", "check", file, "--format", "json"]);
    match said.code {
        Some(0) => Vec::new(),
        Some(2) => serde_json::from_str(said.text()).expect("JSON"),
        _ => panic!("{}", said.stderr),
    }
}

#[test]
fn a_category_is_held_against_the_list_that_was_read_last() {
    let world = World::new();
    let sheet = teas(&[("A", "12.50"), ("B", "12.50")]).replacen(",1423,B-1", ",999999,B-1", 1);
    world.write("a.csv", sheet);
    // Nothing is known yet, and nothing is asked for.
    assert_eq!(problems(&world, "a.csv"), [Value::Null; 0]);
    assert_eq!(world.calls().len(), 0);
    world.ok(&["category", "mine"]);
    let seen = world.calls().len();
    let found = problems(&world, "a.csv");
    assert_eq!(world.calls().len(), seen);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["cell"], "E3");
    assert!(
        found[0]["message"]
            .as_str()
            .expect("words")
            .contains("999999 was not open")
    );
    assert!(
        found[0]["hint"]
            .as_str()
            .expect("words")
            .contains("`wxsell category mine`")
    );
    // The platform is asked before anything is sent, whatever was read before.
    let said = world.run(&["goods", "upload", "a.csv"]);
    assert_eq!(said.code, Some(6));
    assert!(
        said.text().contains("category 999999 is not open"),
        "{}",
        said.text()
    );
    assert_eq!(world.numbers(), ["A"]);
}

#[test]
fn what_a_document_says_twice_is_refused() {
    let world = World::new();
    let product = r#"{"out_product_id":"A","title":"Tea","title":"Green","path":"pages/a","head_img":["https://e.com/a.jpg"],"third_cat_id":1423,"skus":[{"out_sku_id":"A-1","sale_price":1250,"stock_num":9}]}"#;
    world.write("a.jsonl", product);
    let found = problems(&world, "a.jsonl");
    assert_eq!(
        found[0]["message"], "the field \"title\" appears twice",
        "{found:?}"
    );
    world.write(
        "b.jsonl",
        product
            .replace("\"title\":\"Green\",", "")
            .replace("\"stock_num\":9", "\"stock_num\":9,\"stock_num\":90"),
    );
    let found = problems(&world, "b.jsonl");
    assert_eq!(
        found[0]["message"], "the field \"stock_num\" appears twice",
        "{found:?}"
    );
    world.write("c.jsonl", product.replace("\"title\":\"Green\",", ""));
    assert_eq!(problems(&world, "c.jsonl"), [Value::Null; 0]);
}

#[test]
fn a_product_has_at_most_500_skus() {
    let world = World::new();
    let sheet = |count: usize| {
        let mut sheet = "out_product_id,title,path,head_img,third_cat_id,out_sku_id,sale_price,stock_num,sku_attrs\n".to_owned();
        for n in 0..count {
            writeln!(
                sheet,
                "A,Tea,pages/a,https://e.com/a.jpg,1423,A-{n},12.50,9,size={n}"
            )
            .expect("written");
        }
        sheet
    };
    world.write("a.csv", sheet(500));
    assert_eq!(problems(&world, "a.csv"), [Value::Null; 0]);
    world.write("a.csv", sheet(501));
    let found = problems(&world, "a.csv");
    assert_eq!(found.len(), 1);
    assert!(
        found[0]["message"]
            .as_str()
            .expect("words")
            .contains("501 SKUs; the limit is 500"),
        "{found:?}"
    );
}

#[test]
fn a_list_price_below_the_price_is_refused_in_the_sheet_and_against_the_shop() {
    let world = World::with_goods(&teas(&[("A", "12.50")]).replace("99.00", "20.00"));
    world.write("a.csv", teas(&[("A", "12.50")]).replace("99.00", "12.49"));
    let found = problems(&world, "a.csv");
    assert_eq!(
        (&found[0]["cell"], &found[0]["heading"]),
        (&"H2".into(), &"market_price".into()),
        "{found:?}"
    );
    // The shop's list price is kept where the sheet gives none.
    world.write(
        "p.csv",
        "out_product_id,out_sku_id,sale_price\nA,A-1,20.01\n",
    );
    let said = world.run(&["goods", "price-stock", "p.csv"]);
    assert_eq!(said.code, Some(6), "{}", said.text());
    assert!(
        said.text()
            .contains("20.00, would be below its price 20.01"),
        "{}",
        said.text()
    );
    assert_eq!(world.products()["A"]["skus"][0]["sale_price"], 1250);
}

#[test]
fn a_difference_in_a_column_of_stock_is_refused_with_its_cell() {
    let world = World::with_goods(&teas(&[("A", "12.50")]));
    for cell in ["+5", "-5"] {
        world.write("s.csv", format!("商品编号,规格编号,库存\nA,A-1,{cell}\n"));
        let said = world.run(&["goods", "price-stock", "s.csv", "--lang", "zh"]);
        assert_eq!(said.code, Some(2));
        assert!(
            said.text().contains("C2 库存") && said.text().contains(cell),
            "{}",
            said.text()
        );
    }
    assert_eq!(world.products()["A"]["skus"][0]["stock_num"], 9);
}

#[test]
fn no_row_is_lost_however_many_fail() {
    let world = World::new();
    let mut sheet = "out_product_id,title,path,head_img,third_cat_id,out_sku_id,sale_price,stock_num\nGOOD,Tea,pages/a,https://e.com/a.jpg,1423,G-1,9.90,5\n".to_owned();
    // Each has several problems, together more than are kept in words.
    const BAD: usize = 21_000;
    for n in 0..BAD {
        writeln!(sheet, "P{n},茶,p q,https://e.com/a.jpg,tea,S{n},nine,1x").expect("written");
    }
    world.write("a.csv", sheet);
    let said = world.run(&["goods", "upload", "a.csv", "--skip-bad", "--format", "json"]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    let report = said.json();
    assert_eq!(report["added"], 1);
    assert_eq!(report["skipped_problems"], BAD * 5);
    let failed = world.read("a.failed.csv");
    assert_eq!(failed.lines().count(), BAD + 1);
    assert!(
        failed
            .lines()
            .last()
            .expect("a line")
            .starts_with(&format!("P{},", BAD - 1))
    );
}

#[test]
fn a_day_of_a_workbook_that_counts_from_1904_comes_back_as_it_was() {
    let world = World::new();
    world.sheet("date1904.xlsx");
    let cells = |file: &str, row_wanted: u32| {
        let source =
            Source::open(&Input::File(world.file(file)), None, &world.file("")).expect("it opens");
        let mut book = Book::open(file, source.reader().expect("bytes")).expect("a book");
        let sheet = book.sheets().first().expect("a sheet").name.clone();
        let mut cells = Vec::new();
        book.rows(&sheet, &mut |row| {
            if row.number == row_wanted {
                cells = row.cells().map(|(cell, _)| cell.to_owned()).collect();
            }
            Ok(true)
        })
        .expect("rows");
        cells
    };
    let day = |cells: &[String]| cells.iter().find(|cell| cell.starts_with("20")).cloned();
    assert_eq!(
        day(&cells("date1904.xlsx", 2)).as_deref(),
        Some("2024-05-01 08:00:00")
    );
    world.run(&["goods", "upload", "date1904.xlsx", "--skip-bad"]);
    assert_eq!(
        day(&cells("date1904.failed.xlsx", 2)).as_deref(),
        Some("2024-05-01 08:00:00")
    );
}

#[test]
fn failed_rows_go_beside_a_file_that_cannot_be_replaced() {
    let world = World::new();
    world.sheet("r1.csv");
    // A folder of that name stands for a file that another program holds open.
    std::fs::create_dir(world.file("r1.failed.csv")).expect("a folder");
    let said = world.run(&["goods", "upload", "r1.csv", "--skip-bad"]);
    assert!(
        world.read("r1.failed-2.csv").contains("R-1"),
        "{}",
        said.stderr
    );
    assert!(
        said.stderr.contains("r1.failed-2.csv") || said.text().contains("r1.failed-2.csv"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_file_of_failed_rows_that_says_nothing_any_more_is_named() {
    let world = World::new();
    let good = teas(&[("A", "12.50")]);
    world.write("a.csv", good.replace("12.50", "12.5.0"));
    world.run(&["goods", "upload", "a.csv", "--skip-bad"]);
    assert!(world.file("a.failed.csv").exists());
    world.write("a.csv", good);
    let said = world.run(&["goods", "upload", "a.csv"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("a.failed.csv holds rows that failed in an earlier run"),
        "{}",
        said.stderr
    );
    // The pattern leaves it out, so that it is not sent again by mistake.
    let said = world.run(&["goods", "check", "*.csv", "--format", "json"]);
    assert_eq!(said.code, Some(0), "{}", said.text());
    assert_eq!(said.json()["files"], 1);
}

#[test]
fn a_run_that_read_standard_input_is_resumed_by_hand() {
    let world = World::new();
    let said = world.feed(
        teas(&[("A", "12.50")]).as_bytes(),
        &["goods", "upload", "-", "--from", "csv"],
    );
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let told = world.refused(2, &["run", "resume", "1"]);
    assert!(
        told.contains("read standard input, which is gone"),
        "{told}"
    );
}

#[test]
fn failed_rows_that_find_no_place_end_the_run_as_partial_and_nothing_else_is_lost() {
    let world = World::new();
    world.write("a.csv", teas(&[("A", "12.50"), ("B", "12.5.0")]));
    std::fs::create_dir(world.file("a.failed.csv")).expect("a folder");
    for n in 2..=99 {
        std::fs::create_dir(world.file(&format!("a.failed-{n}.csv"))).expect("a folder");
    }
    let said = world.run(&[
        "goods",
        "upload",
        "a.csv",
        "--skip-bad",
        "--report",
        "junit=out.xml",
        "--format",
        "json",
    ]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    assert!(said.stderr.contains("cannot write"), "{}", said.stderr);
    let report = said.json();
    assert_eq!(
        (&report["added"], &report["status"]),
        (&1.into(), &"partial".into())
    );
    assert!(world.read("out.xml").contains("name=\"B\""));
    assert_eq!(world.json(&["run", "list"])[0]["state"], "partial");
    assert_eq!(world.json(&["run", "failed", "1"])[0]["key"], "B");
}

#[test]
fn how_far_a_price_may_fall_is_a_setting_too() {
    let world = World::with_goods(&teas(&[("A", "12.50")]));
    world.write("sale.csv", teas(&[("A", "3.00")]));
    world.refused(11, &["goods", "upload", "sale.csv"]);
    world.ok(&["profile", "set", "sandbox", "--max-price-drop", "90"]);
    world.ok(&["goods", "upload", "sale.csv"]);
    assert_eq!(world.products()["A"]["skus"][0]["sale_price"], 300);
}
