//! Files in, drafts, problems and files of failed rows out.

use super::*;
use crate::api::component::goods::{DescInfo, Sku, SkuAttr};
use crate::bulk::xlsx::Book;
use crate::lang::Lang;
use crate::shop::goods::sheet::example::example;
use crate::shop::goods::sheet::failed::Failed;
use crate::shop::goods::sheet::writer::{SheetKind, SheetWriter, all_fields};
use crate::types::Fen;
use proptest::prelude::*;

/// The example of the template, made a product of one's own.
fn filled() -> AddSpu {
    AddSpu {
        title: "明前绿茶 礼盒装".into(),
        ..example()
    }
}

const HEAD: &str =
    "out_product_id,title,path,head_img,third_cat_id,out_sku_id,sale_price,stock_num,sku_attrs\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    fn read(&self, names: &[&str], options: &ReadOptions) -> Result<Catalogue> {
        let inputs: Vec<Input> = names
            .iter()
            .map(|name| Input::File(self.0.path().join(name)))
            .collect();
        Catalogue::read(&inputs, options, &self.0.path().join("state"))
    }
}

fn catalogue(csv: &str) -> Catalogue {
    let folder = Folder::new();
    folder.write("a.csv", csv);
    folder
        .read(&["a.csv"], &ReadOptions::default())
        .expect("a catalogue")
}

fn problems_of<T: Payload>(catalogue: &Catalogue<T>) -> Vec<String> {
    catalogue
        .problems()
        .iter()
        .map(|problem| format!("{}: {}", problem.location(), problem.message))
        .collect()
}

fn drafts(catalogue: &Catalogue) -> Vec<AddSpu> {
    catalogue
        .drafts()
        .map(|draft| draft.expect("a draft").request().expect("a request"))
        .collect()
}

fn row(product: &str, sku: &str, attrs: &str) -> String {
    format!("{product},Tea,p,https://e.com/a.jpg,1423,{sku},9.90,10,{attrs}\n")
}

#[test]
fn what_lacks_nothing_and_names_no_file_can_be_sent_as_it_stands() {
    let head = "out_product_id,title,path,head_img,third_cat_id,out_sku_id,sale_price,stock_num,thumb_img,market_price\n";
    let rows = [
        "P1,Tea,p,https://e.com/a.jpg,1423,S1,9.90,10,https://e.com/t.jpg,12.00\n",
        "P2,Tea,p,https://e.com/a.jpg,1423,S1,9.90,10,https://e.com/t.jpg,\n",
        "P3,Tea,p,https://e.com/a.jpg,1423,S1,9.90,10,,12.00\n",
        "P4,Tea,p,https://e.com/a.jpg|a.png,1423,S1,9.90,10,https://e.com/t.jpg,12.00\n",
    ];
    let folder = Folder::new();
    folder.write(
        "a.png",
        include_bytes!("../../../../../tests/data/images/TEA-1001.png"),
    );
    folder.write("a.csv", [head, &rows.concat()].concat());
    let catalogue = folder
        .read(&["a.csv"], &ReadOptions::default())
        .expect("a catalogue");
    assert_eq!(problems_of(&catalogue), Vec::<String>::new());
    let ready: Vec<(String, u64, bool)> = catalogue
        .drafts()
        .map(|draft| draft.expect("a draft").outline)
        .map(|outline| (outline.key, outline.third_cat_id, outline.ready))
        .collect();
    let told = |key: &str, ready| (key.to_owned(), 1423, ready);
    assert_eq!(
        ready,
        [
            told("P1", true),
            told("P2", false),
            told("P3", false),
            told("P4", false)
        ]
    );
}

#[test]
fn rows_of_one_product_need_not_stand_together() {
    let csv = [
        HEAD,
        &row("P1", "S1", "w=1"),
        &row("P2", "S1", ""),
        "P1,,,,,S2,19.90,3,w=2\n",
    ]
    .concat();
    let sheet = catalogue(&csv);
    assert_eq!(problems_of(&sheet), Vec::<String>::new());
    let drafts: Vec<Draft> = sheet
        .drafts()
        .map(|draft| draft.expect("a draft"))
        .collect();
    assert_eq!(drafts.len(), 2);
    assert_eq!(drafts[0].outline.key, "P1");
    let spu = drafts[0].request().expect("a request");
    assert_eq!(spu.out_product_id, "P1");
    assert_eq!(spu.brand_id, 2_100_000_000);
    let prices: Vec<i64> = spu.skus.iter().map(|sku| sku.sale_price.0).collect();
    assert_eq!(prices, [990, 1990]);
    let rows: Vec<u32> = drafts[0].rows.iter().map(|row| row.row).collect();
    assert_eq!(rows, [2, 4]);
    let together = |second: &str| {
        let csv = [HEAD, &row("P1", "S1", "w=1"), second].concat();
        let draft = catalogue(&csv).drafts().next();
        draft.expect("a product").expect("a draft").fingerprint
    };
    assert_eq!(drafts[0].fingerprint, together("P1,,,,,S2,19.90,3,w=2\n"));
    // Another stock is another product.
    assert_ne!(drafts[0].fingerprint, together("P1,,,,,S2,19.90,4,w=2\n"));
    assert_eq!(
        sheet.counts(),
        Counts {
            rows: 3,
            products: 2,
            skus: 3
        }
    );
}

#[test]
fn all_problems_are_told_at_once_and_the_good_products_stay() {
    let csv = [
        HEAD,
        &row("P1", "S1", ""),
        "P2,,p,https://e.com/a.jpg,1423,S1,0,10,\n",
        "P3,Tea,p,https://e.com/a.jpg,1423,,1.234,0,red\n",
        ",Tea,p,https://e.com/a.jpg,1423,S1,1,1,\n",
    ]
    .concat();
    let catalogue = catalogue(&csv);
    assert_eq!(
        problems_of(&catalogue),
        [
            "a.csv:3 B3 title: title is missing",
            "a.csv:3 G3 sale_price: sale_price must be more than 0",
            "a.csv:4 F4 out_sku_id: out_sku_id is missing",
            "a.csv:4 G4 sale_price: price \"1.234\" has more than two decimals",
            "a.csv:4 H4 stock_num: stock_num is 0, which WeChat refuses for new products",
            "a.csv:4 I4 sku_attrs: attribute \"red\" needs a name and a value",
            "a.csv:5 A5 out_product_id: out_product_id is missing",
        ]
    );
    assert_eq!(drafts(&catalogue).len(), 1);
}

#[test]
fn rows_that_disagree_name_each_other() {
    let near = [
        HEAD,
        &row("P1", "S1", "w=1"),
        &row("P1", "S2", "w=2").replace("Tea", "Coffee"),
    ]
    .concat();
    assert_eq!(
        problems_of(&catalogue(&near)),
        ["a.csv:3 B3 title: title differs from a.csv:2 B2 title, another row of the same product"]
    );
    let far = [
        HEAD,
        &row("P1", "S1", "w=1"),
        &row("P2", "S1", ""),
        &row("P1", "S2", "w=2").replace("Tea", "Coffee"),
    ]
    .concat();
    let catalogue = catalogue(&far);
    assert_eq!(
        problems_of(&catalogue),
        ["a.csv:4 B4 title: title differs from a.csv:2 B2 title, another row of the same product"]
    );
    assert_eq!(catalogue.len(), 1);
}

#[test]
fn skus_of_a_product_must_be_told_apart() {
    let csv = [
        HEAD,
        &row("P1", "S1", "w=1"),
        &row("P1", "S1", "w=2"),
        &row("P1", "S3", "w=1"),
        &row("P1", "S4", "c=1"),
    ]
    .concat();
    assert_eq!(
        problems_of(&catalogue(&csv)),
        [
            "a.csv:3 F3 out_sku_id: the SKU S1 is already at a.csv:2 F2 out_sku_id",
            "a.csv:4 I4 sku_attrs: the SKU has the same attributes as the one at a.csv:2 I2 sku_attrs",
            "a.csv:5 I5 sku_attrs: the SKUs of a product need the same attributes; the first SKU has different ones",
        ]
    );
}

#[test]
fn headings_that_mean_nothing_or_the_same_are_refused() {
    let unknown = catalogue(&HEAD.replace("title", "titel"));
    assert_eq!(
        problems_of(&unknown),
        [
            "a.csv:1 B1 titel: the column \"titel\" is unknown",
            "a.csv:1: the column title is missing"
        ]
    );
    assert!(
        unknown.problems()[0]
            .hint
            .as_ref()
            .is_some_and(|hint| hint.to_string().starts_with("did you mean title?"))
    );
    let twice = catalogue(&HEAD.replace("title", "title,标题"));
    assert_eq!(
        problems_of(&twice),
        ["a.csv:1 C1 标题: two columns hold title: \"title\" and \"标题\""]
    );
    assert_eq!(
        problems_of(&catalogue("")),
        ["a.csv: it contains no products"]
    );
    let beside = catalogue(
        &[
            HEAD.trim_end(),
            ",\n",
            row("P1", "S1", "").trim_end(),
            ",x\n",
        ]
        .concat(),
    );
    assert_eq!(
        problems_of(&beside),
        ["a.csv:2 J2: there is a value in column J, which has no heading: x"]
    );
}

#[test]
fn columns_can_be_mapped_and_left_out() {
    let folder = Folder::new();
    folder.write(
        "a.csv",
        [
            &HEAD.replace("title", "品名,备忘"),
            "P1,Tea,x,p,https://e.com/a.jpg,1423,S1,9.90,10,\n",
        ]
        .concat(),
    );
    let map = folder.write("map.toml", "title = \"品名\"\n");
    let options = ReadOptions {
        map: Some(map),
        ignore_columns: vec!["备忘".into()],
        ..ReadOptions::default()
    };
    let catalogue = folder.read(&["a.csv"], &options).expect("a catalogue");
    assert_eq!(problems_of(&catalogue), Vec::<String>::new());
    assert_eq!(drafts(&catalogue)[0].title, "Tea");
    assert!(
        catalogue
            .notices()
            .iter()
            .any(|notice| notice.to_string().contains("备忘"))
    );
    let wrong = folder.write("wrong.toml", "titel = \"品名\"\n");
    let error = folder
        .read(
            &["a.csv"],
            &ReadOptions {
                map: Some(wrong),
                ..ReadOptions::default()
            },
        )
        .err()
        .expect("no such field");
    assert!(error.to_string().contains("titel"), "{error}");
}

#[test]
fn documents_are_read_in_fen_and_unknown_fields_are_named() {
    let folder = Folder::new();
    let good = serde_json::to_string(&filled()).expect("json");
    let bad = good
        .replace("\"title\"", "\"titel\"")
        .replace("TEA-1001", "TEA-1002")
        .replace("\"stock_num\":100", "\"stock_num\":\"100\"");
    folder.write("a.jsonl", format!("{good}\n\n{bad}\nnot json\n{good}\n"));
    let catalogue = folder
        .read(&["a.jsonl"], &ReadOptions::default())
        .expect("a catalogue");
    let said = problems_of(&catalogue);
    assert!(
        said.iter()
            .any(|line| line == "a.jsonl:3 titel: the field \"titel\" is unknown"),
        "{said:#?}"
    );
    assert!(
        said.iter().any(|line| line
            == "a.jsonl:3 skus[0].stock_num: stock_num must be a whole number without quotes"),
        "{said:#?}"
    );
    assert!(
        said.iter()
            .any(|line| line == "a.jsonl:3 title: title is missing"),
        "{said:#?}"
    );
    assert!(
        said.iter()
            .any(|line| line.starts_with("a.jsonl:4: not JSON")),
        "{said:#?}"
    );
    assert!(
        said.iter().any(|line| line
            .starts_with("a.jsonl:5 out_product_id: the product TEA-1001 is already at a.jsonl:1")),
        "{said:#?}"
    );
}

#[test]
fn price_and_stock_take_what_is_there() {
    let folder = Folder::new();
    let path = folder.write(
        "a.csv",
        "商品编号,规格编号,售价,库存\nP1,S1,9.90,\nP1,S2,,0\nP2,,1,1\nP3,S1,,\n",
    );
    let changes = Changes::read(
        &[Input::File(path)],
        &ReadOptions::default(),
        folder.0.path(),
    )
    .expect("changes");
    assert_eq!(
        problems_of(&changes),
        [
            "a.csv:4 B4 规格编号: 规格编号 is missing",
            "a.csv:5 B5 规格编号: there is nothing to change in this row"
        ]
    );
    let drafts: Vec<ChangeDraft> = changes
        .drafts()
        .map(|draft| draft.expect("a draft"))
        .collect();
    assert_eq!(drafts.len(), 1);
    let change = drafts[0].request().expect("a request");
    assert_eq!(change.skus[0].sale_price, Some(Fen(990)));
    assert_eq!(change.skus[0].stock_num, None);
    assert_eq!(change.skus[1].stock_num, Some(0));
}

#[test]
fn failed_rows_come_back_in_their_own_encoding_and_can_be_uploaded_again() {
    let folder = Folder::new();
    let text = [
        HEAD.trim_end(),
        "\r\n",
        row("P1", "S1", "规格=\"\"\"大\"\"\"").trim_end(),
        "\r\n",
        row("P2", "S1", "规格=小").trim_end(),
        "\r\n",
    ]
    .concat();
    folder.write("a.csv", encoding_rs::GB18030.encode(&text).0);
    let catalogue = folder
        .read(&["a.csv"], &ReadOptions::default())
        .expect("a catalogue");
    assert_eq!(catalogue.len(), 2, "{:?}", problems_of(&catalogue));
    let failed = [Failed {
        out_product_id: "P2".into(),
        reason: "类目需要资质".into(),
        field: Some("third_cat_id".into()),
    }];
    let written = catalogue.write_failed(&failed, None, Lang::Zh).files;
    assert_eq!(written, [folder.0.path().join("a.failed.csv")]);
    let bytes = std::fs::read(&written[0]).expect("the file");
    let back = encoding_rs::GB18030
        .decode_without_bom_handling_and_without_replacement(&bytes)
        .expect("GB18030");
    let wanted = format!(
        "{},失败原因\r\n{},类目需要资质\r\n",
        HEAD.trim_end(),
        row("P2", "S1", "规格=小").trim_end()
    );
    assert_eq!(back, wanted);
    let again = folder
        .read(&["a.failed.csv"], &ReadOptions::default())
        .expect("a catalogue");
    assert_eq!(problems_of(&again), Vec::<String>::new());
    assert_eq!(drafts(&again), drafts(&catalogue)[1..]);
    let written = again.write_failed(&failed, None, Lang::En).files;
    assert_eq!(written, [folder.0.path().join("a.failed.csv")]);
    assert_eq!(
        std::fs::read(&written[0])
            .expect("the file")
            .iter()
            .filter(|byte| **byte == b'\n')
            .count(),
        2
    );
}

#[test]
fn where_nothing_failed_the_input_is_not_looked_at_again() {
    let folder = Folder::new();
    folder.write("a.csv", [HEAD, &row("P1", "S1", "")].concat());
    let catalogue = folder
        .read(&["a.csv"], &ReadOptions::default())
        .expect("a catalogue");
    // Not written to, but put in the place of the file, as Excel saves: what was read is still known.
    std::fs::remove_file(folder.0.path().join("a.csv")).expect("the file");
    folder.write("a.csv", "changed since");
    let written = catalogue.write_failed(&[], None, Lang::En).files;
    assert_eq!(written, Vec::<PathBuf>::new());
    let failed = [Failed {
        out_product_id: "P1".into(),
        reason: "no".into(),
        field: None,
    }];
    let written = catalogue.write_failed(&failed, None, Lang::En);
    assert_eq!((written.files.len(), written.problems.len()), (1, 0));
}

#[test]
fn failed_rows_of_a_spreadsheet_keep_their_types() {
    let folder = Folder::new();
    let mut file = Vec::new();
    let mut writer = SheetWriter::new(
        std::io::Cursor::new(&mut file),
        SheetKind::Xlsx,
        &all_fields(),
        Lang::Zh,
    )
    .expect("a sheet");
    writer.add(filled()).expect("rows");
    writer.finish().expect("an end");
    folder.write("a.xlsx", file);
    let catalogue = folder
        .read(&["a.xlsx"], &ReadOptions::default())
        .expect("a catalogue");
    assert_eq!(problems_of(&catalogue), Vec::<String>::new());
    let failed = [Failed {
        out_product_id: "TEA-1001".into(),
        reason: "no".into(),
        field: Some("title".into()),
    }];
    let written = catalogue.write_failed(&failed, None, Lang::Zh).files;
    let again = folder
        .read(&["a.failed.xlsx"], &ReadOptions::default())
        .expect("a catalogue");
    assert_eq!(problems_of(&again), Vec::<String>::new());
    assert_eq!(drafts(&again), [filled()]);
    let mut book =
        Book::open("a", std::fs::File::open(&written[0]).expect("the file")).expect("a book");
    let mut seen = Vec::new();
    book.values("商品", &mut |number, values| {
        seen.push((number, values.to_vec()));
        Ok(())
    })
    .expect("rows");
    assert_eq!(seen.len(), 3);
    assert!(seen[1].1.iter().any(|value| matches!(
        value,
        crate::bulk::xlsx::Value::Number { number, format: Some(format), .. }
            if *number == 59.0 && &**format == "0.00"
    )));
    assert_eq!(
        seen[1].1.last(),
        Some(&crate::bulk::xlsx::Value::Text("no".into()))
    );
}

#[test]
fn a_file_that_changed_meanwhile_is_not_copied_from() {
    let folder = Folder::new();
    folder.write("a.csv", [HEAD, &row("P1", "S1", "")].concat());
    let catalogue = folder
        .read(&["a.csv"], &ReadOptions::default())
        .expect("a catalogue");
    folder.write(
        "a.csv",
        [HEAD, &row("P1", "S1", ""), &row("P2", "S2", "")].concat(),
    );
    assert_eq!(drafts(&catalogue).len(), 1);
    let failed = [Failed {
        out_product_id: "P1".into(),
        reason: "no".into(),
        field: None,
    }];
    let written = catalogue.write_failed(&failed, None, Lang::En);
    assert_eq!(written.files, Vec::<PathBuf>::new());
    assert!(written.problems[0].to_string().contains("has changed"));
}

#[test]
fn the_template_passes_the_check_in_every_form() {
    for (kind, name) in [
        (SheetKind::Csv, "a.csv"),
        (SheetKind::Xlsx, "a.xlsx"),
        (SheetKind::Jsonl, "a.jsonl"),
    ] {
        for lang in [Lang::En, Lang::Zh] {
            assert_eq!(
                written_and_read(kind, name, lang, vec![filled()]),
                vec![filled()],
                "{name} {lang:?}"
            );
        }
    }
}

fn written_and_read(kind: SheetKind, name: &str, lang: Lang, products: Vec<AddSpu>) -> Vec<AddSpu> {
    let folder = Folder::new();
    let mut file = Vec::new();
    let mut writer = SheetWriter::new(std::io::Cursor::new(&mut file), kind, &all_fields(), lang)
        .expect("a sheet");
    for product in products {
        writer.add(product).expect("rows");
    }
    writer.finish().expect("an end");
    folder.write(name, file);
    let catalogue = folder
        .read(
            &[name],
            &ReadOptions {
                zero_stock: true,
                ..ReadOptions::default()
            },
        )
        .expect("a catalogue");
    assert_eq!(problems_of(&catalogue), Vec::<String>::new());
    drafts(&catalogue)
}

fn words() -> impl Strategy<Value = String> {
    "[ -~一-龥（）：；，。１-９é😀\n]{0,20}[!-~一-龥]{2}"
}

/// A number as hostile as a person can see it: wide, with blanks around it, guarded, quoted, in scientific notation.
fn code() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[A-Za-z0-9_.-]{1,16}",
        1 => "[ '=\"\\+Ａ-Ｚ（）０-９红　a-z0-9,;|]{1,12}[a-z0-9]{1,3}",
        1 => "0{1,5}[0-9]{1,25}[a-z]",
        1 => "[0-9]\\.[0-9]{1,5}E\\+[0-9]{2}",
    ]
}

fn images() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("https://e\\.com/[a-z0-9,;=&?]{1,12}\\.jpg", 1..4)
}

fn attrs() -> impl Strategy<Value = Vec<SkuAttr>> {
    ("[ -~一-龥：；＝]{0,6}[!-~]", "[ -~一-龥：；＝\n]{0,6}[!-~]").prop_map(
        |(attr_key, attr_value)| {
            vec![SkuAttr {
                attr_key,
                attr_value,
            }]
        },
    )
}

prop_compose! {
    fn sku()(id in code(), thumb in proptest::option::of(images()), sale in 1..10_000_000_000i64, more in 0..10_000_000i64,
        stock in 0..1_000_000i64, code in proptest::option::of(code()), barcode in proptest::option::of(code()), attrs in attrs()) -> Sku {
        Sku {
            out_product_id: String::new(), out_sku_id: id, thumb_img: thumb.and_then(|mut list| list.pop()).unwrap_or_default(),
            sale_price: Fen(sale), market_price: Fen(sale + more), stock_num: stock, sku_code: code, barcode, sku_attrs: attrs,
        }
    }
}

prop_compose! {
    fn product()(id in code(), title in words(), path in "pages/[!-~]{1,20}", head in images(), desc in proptest::option::of((words(), images())),
        cat in 1..100_000u64, brand in 1..3_000_000_000u64, version in proptest::option::of("[!-~]{1,8}"), rare in any::<bool>(),
        fee in 0..100_000i64, scenes in proptest::collection::vec(1..9i64, 1..3), skus in proptest::collection::vec(sku(), 1..4)) -> AddSpu {
        let mut skus = skus;
        // One name for all and a value of its own for each, as the check wants it.
        let key = skus[0].sku_attrs[0].attr_key.clone();
        for (place, sku) in skus.iter_mut().enumerate() {
            sku.out_product_id = id.clone();
            sku.out_sku_id.push_str(&format!("-{place}"));
            sku.sku_attrs[0].attr_key = key.clone();
            sku.sku_attrs[0].attr_value.push_str(&place.to_string());
        }
        AddSpu {
            out_product_id: id, title, path, head_img: head.clone(), third_cat_id: cat, brand_id: brand, info_version: version, skus,
            desc_info: desc.map(|(desc, imgs)| DescInfo { imgs, desc }),
            qualification_pics: rare.then_some(head),
            scene_group_list: rare.then_some(scenes),
            express_fee: rare.then_some(Fen(fee)),
            pick_up_type: rare.then(|| vec!["1".into(), "3".into()]),
            sell_time: rare.then(|| "2024-05-01 10:00:00".into()),
            onsale: rare.then_some(1),
            unitfactor: rare.then_some(12),
            unitname: rare.then(|| "盒".into()),
            ..AddSpu::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_exported_is_read_back_unchanged(products in proptest::collection::vec(product(), 1..6)) {
        let mut products = products;
        for (place, product) in products.iter_mut().enumerate() {
            product.out_product_id.push_str(&format!("-{place}"));
            for sku in &mut product.skus {
                sku.out_product_id = product.out_product_id.clone();
            }
        }
        for (kind, name) in [(SheetKind::Csv, "a.csv"), (SheetKind::Xlsx, "a.xlsx"), (SheetKind::Jsonl, "a.jsonl")] {
            prop_assert_eq!(&written_and_read(kind, name, Lang::En, products.clone()), &products, "{}", name);
        }
    }

    #[test]
    fn any_sheet_is_read_or_refused(cells in proptest::collection::vec(proptest::collection::vec(".{0,10}", 9), 0..5)) {
        let mut csv = HEAD.to_owned();
        for row in cells {
            csv.push_str(&row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect::<Vec<_>>().join(","));
            csv.push('\n');
        }
        let catalogue = catalogue(&csv);
        prop_assert_eq!(catalogue.drafts().filter(Result::is_err).count(), 0);
    }
}

fn sample(name: &str) -> Catalogue {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let state = tempfile::tempdir().expect("a folder");
    Catalogue::read(
        &[Input::File(folder.join(name))],
        &ReadOptions::default(),
        state.path(),
    )
    .expect("a catalogue")
}

#[test]
fn the_sample_catalogue_is_the_same_in_every_form() {
    let from_xlsx = sample("catalog.xlsx");
    assert_eq!(problems_of(&from_xlsx), Vec::<String>::new());
    assert_eq!(
        from_xlsx.counts(),
        Counts {
            rows: 40,
            products: 24,
            skus: 40
        }
    );
    assert_eq!(from_xlsx.images(), 33);
    let products = drafts(&from_xlsx);
    for image in products.iter().flat_map(|product| &product.head_img) {
        assert!(from_xlsx.image(image).is_some_and(Path::is_file), "{image}");
    }
    for name in ["catalog.csv", "catalog.jsonl"] {
        let other = sample(name);
        assert_eq!(problems_of(&other), Vec::<String>::new());
        assert_eq!(drafts(&other), products, "{name}");
    }
    let notices: Vec<String> = sample("catalog.csv")
        .notices()
        .iter()
        .map(Text::to_string)
        .collect();
    assert_eq!(notices, ["reading catalog.csv as GB18030"]);
}

#[test]
fn every_common_mistake_is_told_with_its_cell() {
    let bad = sample("bad.xlsx");
    let cells: Vec<&str> = bad
        .problems()
        .iter()
        .filter_map(|problem| problem.cell.as_deref())
        .collect();
    assert_eq!(
        cells,
        [
            "A3", "Q4", "B5", "M6", "M7", "O8", "D9", "D10", "G11", "R12", "K14", "B16", "A17",
            "K18"
        ],
        "{:#?}",
        problems_of(&bad)
    );
    assert_eq!(bad.problems()[0].location(), "bad.xlsx 商品!A3 商品编号");
    let good: Vec<String> = drafts(&bad)
        .into_iter()
        .map(|product| product.out_product_id)
        .collect();
    // The row below GOOD-1 has no readable number: it may be another SKU of it.
    assert_eq!(good, ["FULL-WIDTH"]);
    let notices: Vec<String> = bad.notices().iter().map(Text::to_string).collect();
    assert_eq!(
        notices,
        [
            "reading the sheet \"商品\" of bad.xlsx",
            "full-width characters were read as half-width ones in 2 cells",
        ]
    );
}
