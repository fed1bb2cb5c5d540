//! Sheets as people send them: what spreadsheets, ERPs and copying make of goods is read as the person sees it, or
//! refused with the cell and what to do.

use crate::cli::world::World;
use serde_json::{Value, json};

/// What `goods check` finds in a sheet, as `place: message (hint)`.
fn found(world: &World, name: &str) -> Vec<String> {
    world.sheet(name);
    let said = world.run(&["goods", "check", name, "--format", "json"]);
    if said.code == Some(0) {
        return Vec::new();
    }
    assert_eq!(said.code, Some(2), "{name}: {}", said.stderr);
    let Ok(Value::Array(problems)) = serde_json::from_str(said.text()) else {
        return vec![said.stderr.clone()];
    };
    problems
        .iter()
        .map(|problem| {
            let word = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
            let place = match word("cell") {
                cell if cell.is_empty() => problem["row"].to_string(),
                cell => cell,
            };
            format!(
                "{place} {}: {} ({})",
                word("heading"),
                word("message"),
                word("hint")
            )
        })
        .collect()
}

/// Whether one problem holds all these words.
fn tells(found: &[String], words: &[&str]) -> bool {
    found
        .iter()
        .any(|line| words.iter().all(|word| line.contains(word)))
}

#[test]
fn what_a_sheet_does_not_show_as_it_is_is_refused_with_its_cell() {
    let world = World::new();
    for (name, expected) in [
        (
            "merged.xlsx",
            &[&["A3 ", "merged cells A2:A3", "unmerge"][..]][..],
        ),
        (
            "formula-nocache.xlsx",
            &[&[
                "G2 售价",
                "formula without a stored result: =10*1.25",
                "save it",
            ]],
        ),
        (
            "formula-optional.xlsx",
            &[
                &["F2 ", "formula without"],
                &["=2100039999", "Excel or WPS"],
            ],
        ),
        (
            "wps-dispimg.xlsx",
            &[&["D2 主图", "contains an image", "write its name"]],
        ),
        (
            "floating-optional.xlsx",
            &[
                &["详情图", "contains an image"],
                &["规格图", "contains an image"],
            ],
        ),
        ("formats.xlsx", &[&["G3 售价", "percentage, 50%"]]),
        (
            "titlerow.xlsx",
            &[&["the headings are in row 2", "delete the rows above"]],
        ),
        (
            "hintrow.xlsx",
            &[&["A2 ", "notes on the columns", "delete the row"]],
        ),
        (
            "invisible-ids.csv",
            &[
                &["A3 商品编号", "a zero-width space (U+200B) after \"Z-1\""],
                &["A4 ", "a byte order mark (U+FEFF)"],
                &["A7 ", "a left-to-right mark (U+200E)"],
            ],
        ),
        (
            "imgcomma.csv",
            &[
                &["主图", "separate several images with |"],
                &["详情图", "separate several"],
            ],
        ),
        (
            "imagerefs.csv",
            &[&[
                "D3 主图",
                "there is no image",
                "separate several images with |",
            ]],
        ),
        (
            "attrs.csv",
            &[
                &["L3 规格属性", "尺码:L", "separate attributes with"],
                &["L4 ", "second attribute"],
            ],
        ),
        (
            "un.csv",
            &[
                &["I2 开售时间", "\"明天上午\" is not a time"],
                &["J2 商品类型", "\"预售\"", "1 for pre-sale"],
                &["I3 开售时间", "2024/5/1"],
                &["K3 配送方式", "\"快递\"", "1 for a carrier"],
                &["C5 小程序路径", "javascript", "page"],
                &["C6 小程序路径", "https://shop.example.com"],
                &["B5 标题", "1 characters"],
            ],
        ),
        (
            "trailing.jsonl",
            &[&["1 : not JSON: trailing characters", "remove the comma"]],
        ),
        (
            "pretty.jsonl",
            &[&["1 : not JSON", "use the extension .json"]],
        ),
        (
            "s2.csv",
            &[&["A3 商品编号", "scientific notation, 6.90123E+09"]],
        ),
    ] {
        let found = found(&world, name);
        for words in expected {
            assert!(tells(&found, words), "{name} lacks {words:?}: {found:#?}");
        }
    }
    assert_eq!(world.calls().len(), 0, "nothing was asked for");
}

#[test]
fn a_file_that_cannot_be_what_the_person_sees_is_refused_whole() {
    let world = World::new();
    for (name, words) in [
        (
            "q2.csv",
            &["q2.csv:3: the quote", "that opens here is never closed"][..],
        ),
        (
            "mixed-enheads.csv",
            &["mixed-enheads.csv:3: this line is not UTF-8"],
        ),
    ] {
        let found = found(&world, name);
        assert!(tells(&found, words), "{name}: {found:#?}");
    }
    // So are columns that no reader can tell apart.
    world.write(
        "wide.csv",
        "商品编号，标题，售价，库存\nP-1，绿茶，9.90，5\n",
    );
    let said = world.run(&["goods", "check", "wide.csv", "--format", "json"]);
    let problems: Vec<Value> = serde_json::from_str(said.text()).expect("JSON");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0]["message"], "the columns are separated with ，");
    // A product over several lines is one mistake and not eight.
    assert_eq!(found(&world, "pretty.jsonl").len(), 1);
}

#[test]
fn sound_sheets_of_other_programs_are_read_as_they_are_seen() {
    let world = World::new();
    for name in [
        "sep.csv",
        "units.csv",
        "dim_a0.xlsx",
        "price_p1.xlsx",
        "cr_only.csv",
        "q1.csv",
    ] {
        assert_eq!(found(&world, name), [""; 0], "{name}");
    }
    world.ok(&["goods", "upload", "q1.csv"]);
    let products = world.products();
    let sku = &products["00123"]["skus"][0];
    assert_eq!(
        (&sku["out_sku_id"], &sku["sku_code"], &sku["barcode"]),
        (&json!("0012301"), &json!("0099"), &json!("6901234567892"))
    );
    assert!(products.contains_key("00124"));
    // A number is what its format shows.
    let world_of_zeros = World::new();
    world_of_zeros.sheet("leading_zero.xlsx");
    world_of_zeros.ok(&["goods", "upload", "leading_zero.xlsx"]);
    let products = world_of_zeros.products();
    let text = serde_json::to_string(&products).expect("json");
    assert!(
        text.contains("\"sku_code\":\"000700\"") && text.contains("\"out_sku_id\":\"000045\""),
        "{text}"
    );
}

#[test]
fn columns_of_problems_can_be_chosen_whether_there_are_any_or_not() {
    let world = World::new();
    let check = |file: &str| {
        world.sheet(file);
        world.run(&[
            "goods",
            "check",
            file,
            "--columns",
            "location,message",
            "--format",
            "csv",
        ])
    };
    let sound = check("q1.csv");
    assert_eq!(
        (sound.code, sound.text().lines().count()),
        (Some(0), 1),
        "{}",
        sound.text()
    );
    let wrong = check("s2.csv");
    assert_eq!(
        (wrong.code, wrong.text().lines().count()),
        (Some(2), 2),
        "{}",
        wrong.text()
    );
    world.refused(2, &["goods", "check", "q1.csv", "--columns", "colour"]);
}

#[test]
fn a_price_under_a_unit_of_yuan_is_yuan_and_never_fen() {
    let world = World::new();
    world.sheet("fen-hint.csv");
    world.ok(&["goods", "upload", "fen-hint.csv"]);
    assert_eq!(world.products()["E-1"]["skus"][0]["sale_price"], 12800);
}

#[test]
fn the_sheet_that_nobody_sees_is_not_read() {
    let world = World::new();
    world.sheet("hidden-sheet.xlsx");
    let said = world.run(&["goods", "upload", "hidden-sheet.xlsx"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("reading the sheet \"本月上新\" of hidden-sheet.xlsx")
    );
    assert!(said.stderr.contains("not read: 旧数据"), "{}", said.stderr);
    assert_eq!(world.products()["P-1"]["skus"][0]["sale_price"], 8800);
    world.sheet("hidden_row.xlsx");
    let said = world.run(&["goods", "check", "hidden_row.xlsx"]);
    assert!(
        said.stderr
            .contains("the hidden row 3 of hidden_row.xlsx is read too"),
        "{}",
        said.stderr
    );
}

#[test]
fn several_sheets_with_goods_are_refused_with_their_names() {
    let world = World::new();
    let head = [
        "商品编号",
        "标题",
        "小程序路径",
        "主图",
        "类目",
        "规格编号",
        "售价",
        "库存",
    ];
    let book = |sheets: &[&str], hidden: &[&str]| {
        let mut book = rust_xlsxwriter::Workbook::new();
        for name in sheets {
            let sheet = book.add_worksheet();
            sheet.set_name(*name).expect("a name");
            if hidden.contains(name) {
                sheet.set_hidden(true);
            }
            let row = [
                *name,
                "绿茶",
                "pages/p",
                "https://img.example.com/a.jpg",
                "1423",
                *name,
                "9.90",
                "5",
            ];
            for (line, cells) in [head, row].iter().enumerate() {
                for (column, cell) in cells.iter().enumerate() {
                    sheet
                        .write_string(line as u32, column as u16, *cell)
                        .expect("a cell");
                }
            }
        }
        book.save_to_buffer().expect("a file")
    };
    world.write("two.xlsx", book(&["茶叶", "服装"], &[]));
    let told = world.refused(2, &["goods", "check", "two.xlsx"]);
    assert!(
        told.contains("several sheets of two.xlsx") && told.contains("茶叶, 服装"),
        "{told}"
    );
    world.ok(&["goods", "check", "two.xlsx", "--sheet", "服装"]);
    world.write("example.xlsx", book(&["示例", "商品"], &[]));
    let said = world.run(&["goods", "check", "example.xlsx"]);
    assert!(
        said.stderr
            .contains("reading the sheet \"商品\" of example.xlsx"),
        "{}",
        said.stderr
    );
    world.write("only.xlsx", book(&["说明示例", "旧"], &["旧"]));
    let told = world.refused(2, &["goods", "check", "only.xlsx"]);
    assert!(told.contains("only hidden or example sheets"), "{told}");
}

#[test]
fn an_unknown_column_does_not_hide_other_problems() {
    let world = World::new();
    world.write(
        "a.csv",
        "商品编号,标题,小程序路径,主图,类目,规格编号,售价,库存,成本价\nP-1,绿茶,p,https://e.com/a.jpg,茶叶,S1,九元,,5\n",
    );
    let said = world.run(&["goods", "check", "a.csv", "--lang", "zh"]);
    assert_eq!(said.code, Some(2));
    for words in [
        "未知的列“成本价”",
        "“茶叶”不是整数",
        "`wxsell category list 茶叶`",
        "缺少 库存",
        "“九元”",
        "G2 售价",
    ] {
        assert!(said.text().contains(words), "{words}: {}", said.text());
    }
    // In the words of the sheet, not of the API.
    for words in ["stock_num", "sale_price", "third_cat_id"] {
        assert!(!said.text().contains(words), "{words}: {}", said.text());
    }
    // Headings that nobody can use leave nothing to be sent.
    let told = world.refused(2, &["goods", "upload", "a.csv", "--skip-bad"]);
    assert!(told.contains("nothing was sent"), "{told}");
}

#[test]
fn many_problems_of_one_kind_are_shown_together() {
    let world = World::new();
    // Every column that is missing is named.
    world.write("few.csv", "商品编号\nP-1\n");
    let said = world.run(&["goods", "check", "few.csv"]);
    for column in [
        "标题",
        "小程序路径",
        "主图",
        "类目",
        "规格编号",
        "售价",
        "库存",
    ] {
        assert!(
            said.text()
                .contains(&format!("the column {column} is missing")),
            "{}",
            said.text()
        );
    }
    let mut rows = "商品编号,标题,小程序路径,主图,类目,规格编号,售价,库存\n".to_owned();
    for n in 0..300 {
        rows += &format!("P-{n},绿茶,p,https://e.com/a.jpg,茶叶,S{n},9.90,5\n");
    }
    world.write("a.csv", rows);
    let said = world.run(&["goods", "check", "a.csv"]);
    assert!(
        said.text().contains("the same in 297 more places"),
        "{}",
        said.text()
    );
    assert!(said.text().contains("E5, E6, E7"), "{}", said.text());
    assert!(said.text().lines().count() < 20, "{}", said.text());
    let said = world.run(&["goods", "check", "a.csv", "--format", "json"]);
    let all: Vec<Value> = serde_json::from_str(said.text()).expect("json");
    assert_eq!(all.len(), 300);
}

#[test]
fn a_product_with_a_row_that_nobody_can_read_is_left_out_whole() {
    let world = World::new();
    world.sheet("s1.csv");
    world.ok(&["goods", "upload", "s1.csv"]);
    world.sheet("s2.csv");
    let seen = world.calls().len();
    let said = world.run(&["goods", "upload", "s2.csv", "--skip-bad"]);
    assert_ne!(said.code, Some(0));
    assert_eq!(world.writes_since(seen), [""; 0], "{}", said.text());
    let skus = world.products()["6901234567"]["skus"]
        .as_array()
        .map(Vec::len);
    assert_eq!(skus, Some(2));
}

#[test]
fn a_failed_file_that_somebody_edited_is_not_written_over() {
    let world = World::new();
    world.sheet("r1.csv");
    world.run(&["goods", "upload", "r1.csv", "--skip-bad"]);
    let failed = world.read("r1.failed.csv");
    // The cell beyond the last heading is still there, beside the reason.
    assert!(failed.contains("6901234567892,"), "{failed}");
    // Unedited, it is renewed.
    world.run(&["goods", "upload", "r1.csv", "--skip-bad"]);
    assert!(!world.file("r1.failed-2.csv").exists());
    world.write("r1.failed.csv", failed.replace("R-1", "R-9"));
    let said = world.run(&["goods", "upload", "r1.csv", "--skip-bad"]);
    assert!(world.read("r1.failed.csv").contains("R-9"));
    assert!(
        world.read("r1.failed-2.csv").contains("R-1"),
        "{}",
        said.stderr
    );
    // A pattern, or the shell, names all of them: failed rows are not read with their source.
    let files = ["r1.csv", "r1.failed.csv", "r1.failed-2.csv"];
    let said = world.run(&[&["goods", "check"][..], &files].concat());
    assert!(
        said.stderr.contains("skipping r1.failed.csv"),
        "{}",
        said.stderr
    );
}

#[test]
fn the_example_of_the_template_is_never_uploaded() {
    let world = World::new();
    world.ok(&["goods", "template", "-o", "t.xlsx"]);
    let told = world.refused(2, &["goods", "upload", "t.xlsx"]);
    assert!(told.contains("problem"), "{told}");
    assert_eq!(world.paths_since(0), [""; 0]);
}

#[test]
fn a_refused_sheet_is_reported_to_ci_and_what_was_left_out_stays_with_its_run() {
    let world = World::new();
    world.sheet("r1.csv");
    let told = world.refused(
        2,
        &["goods", "upload", "r1.csv", "--report", "junit=out.xml"],
    );
    assert!(told.contains("problems"), "{told}");
    let junit = world.read("out.xml");
    assert!(
        junit.contains("classname=\"refused\"") && junit.contains("name=\"R-1\""),
        "{junit}"
    );
    assert!(!junit.contains("classname=\"none\""), "{junit}");
    let report = world.run(&[
        "goods",
        "upload",
        "r1.csv",
        "--skip-bad",
        "--format",
        "json",
    ]);
    assert_eq!(report.code, Some(6));
    let left_out = &report.json()["left_out"];
    assert_eq!(left_out[0]["out_product_id"], "R-1", "{left_out}");
    let first = world.json(&["run", "failed", "1"]);
    assert_eq!(first[0]["key"], "R-1", "{first}");
    // A later run that sends the product takes nothing away from the first.
    world.write(
        "r1.csv",
        world.read("r1.csv").replace("明前,绿茶", "明前绿茶"),
    );
    world.ok(&["goods", "upload", "r1.csv"]);
    assert_eq!(world.json(&["run", "failed", "1"]), first);
}

#[test]
fn a_report_or_a_failed_file_that_cannot_be_written_is_found_before_anything_is_sent() {
    let world = World::new();
    world.sheet("q1.csv");
    for args in [
        ["--report", "junit=nowhere/out.xml"],
        ["--failed-file", "nowhere/failed.csv"],
        ["--failed-file", "failed.xlsx"],
    ] {
        let told = world.refused(2, &[&["goods", "upload", "q1.csv"][..], &args].concat());
        assert!(
            told.contains("nowhere") || told.contains("failed.xlsx"),
            "{told}"
        );
    }
    assert_eq!(world.writes_since(0), [""; 0]);
    world.sheet("r1.csv");
    world.run(&[
        "goods",
        "upload",
        "r1.csv",
        "--skip-bad",
        "--failed-file",
        "mine.csv",
    ]);
    assert!(world.read("mine.csv").contains("R-1"));
    assert!(!world.file("r1.failed.csv").exists());
}
