//! What was exported is uploaded unchanged: random products with texts that spreadsheets, shells and parsers trip over go
//! out as CSV, as a workbook and as JSON lines. Their own shop finds nothing to change, and an empty one becomes the same.

use crate::kept::{Bench, Dice, plain};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::PathBuf;
use wxsell::api::component::goods::{AddSpu, DescInfo, NO_BRAND, Sku, SkuAttr, Spu};
use wxsell::lang::Lang;
use wxsell::shop::goods::plan::Action;
use wxsell::shop::goods::sheet::rows::as_added;
use wxsell::shop::goods::sheet::writer::{SheetKind, SheetWriter, columns_of};
use wxsell::state::runs::ItemState;
use wxsell::types::Fen;

/// Pieces of texts that mean something somewhere.
const PIECES: [&str; 68] = [
    "=1+1",
    "+86 138",
    "-x",
    "@a",
    "'",
    "'=1",
    "''",
    "[clear]",
    "=\"a\"",
    "\"",
    ",",
    ";",
    "；",
    "|",
    "｜",
    "\\",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "  ",
    "\u{3000}",
    "\u{A0}",
    "\u{200B}",
    "\u{FEFF}",
    "\u{202E}",
    "é",
    "e\u{301}",
    "𠮷",
    "😀",
    "_x000D_",
    "_x",
    "&amp;",
    "<b>",
    "]]>",
    "\u{1}",
    "\u{7F}",
    "\u{85}",
    "%7C",
    "茶",
    "00123",
    "1E+5",
    "12345678901234567890",
    "TRUE",
    "#N/A",
    "2024-01-01",
    ":",
    "：",
    "=",
    "＝",
    "null",
    "{",
    "}",
    "[]",
    "50%",
    "¥5",
    "Ａ（红）",
    "'00123",
    "=\"",
    "\\n",
    "\\s",
    "\\u{20}",
    "\u{2028}",
    "reason",
    "#",
    "sep=;",
    "=DISPIMG(\"ID_1\",1)",
];
/// Of those, what may be in somebody's number: nothing that nobody sees.
const VISIBLE: [&str; 26] = [
    "=1+1",
    "+86",
    "-x",
    "@a",
    "'",
    "'=1",
    "''",
    "[clear]",
    "=\"a\"",
    "\"",
    ",",
    ";",
    "|",
    "\\",
    " ",
    "茶",
    "00123",
    "1E+5",
    "12345678901234567890",
    "TRUE",
    "#N/A",
    "Ａ（红）",
    "'00123",
    "必填",
    "\u{3000}",
    "=DISPIMG(\"ID_1\",1)",
];

fn text(dice: &mut Dice, pieces: &[&str], most: u64) -> String {
    (0..dice.below(most + 1))
        .map(|_| *dice.pick(pieces))
        .collect()
}

/// A number of somebody's own; no two are alike.
fn number(dice: &mut Dice, n: usize) -> String {
    format!("{}N{n}{}", text(dice, &VISIBLE, 2), text(dice, &VISIBLE, 1))
}

fn product(dice: &mut Dice, n: usize) -> AddSpu {
    let out_product_id = number(dice, n);
    let link = |dice: &mut Dice| format!("https://mmecimage.cn/p/{}", dice.below(9));
    let skus = 1 + dice.below(3) as usize;
    let names: Vec<String> = (0..dice.below(3))
        .map(|name| {
            format!(
                "{}k{name}{}",
                text(dice, &PIECES, 2),
                text(dice, &PIECES, 1)
            )
        })
        .collect();
    AddSpu {
        title: format!("{}Tea{}", text(dice, &PIECES, 3), text(dice, &PIECES, 3)),
        path: format!("pages/p{}?a=b|c'", dice.below(9)),
        direct_path: dice.one_in(2).then(|| "pages/direct".into()),
        head_img: (0..1 + dice.below(3)).map(|_| link(dice)).collect(),
        qualification_pics: dice.one_in(3).then(|| vec![link(dice)]),
        desc_info: dice.one_in(2).then(|| DescInfo {
            imgs: (0..dice.below(3)).map(|_| link(dice)).collect(),
            desc: text(dice, &PIECES, 5),
        }),
        third_cat_id: 1423,
        brand_id: if dice.one_in(2) {
            NO_BRAND
        } else {
            2_100_039_999
        },
        info_version: dice
            .one_in(2)
            .then(|| format!("v{}", text(dice, &PIECES, 2))),
        skus: (0..skus)
            .map(|sku| Sku {
                out_product_id: out_product_id.clone(),
                out_sku_id: number(dice, sku),
                thumb_img: link(dice),
                sale_price: Fen(1000 + dice.below(90_000) as i64),
                market_price: Fen(100_000 + dice.below(9) as i64),
                stock_num: 1 + dice.below(99_999) as i64,
                sku_code: dice.one_in(2).then(|| number(dice, 7)),
                barcode: dice.one_in(2).then(|| number(dice, 8)),
                sku_attrs: names
                    .iter()
                    .map(|name| SkuAttr {
                        attr_key: name.clone(),
                        attr_value: format!(
                            "{}{sku}{}",
                            text(dice, &PIECES, 2),
                            text(dice, &PIECES, 2)
                        ),
                    })
                    // Without attributes nobody could tell several apart.
                    .chain((names.is_empty() && skus > 1).then(|| SkuAttr {
                        attr_key: "size".into(),
                        attr_value: sku.to_string(),
                    }))
                    .collect(),
            })
            .collect(),
        out_product_id,
        ..AddSpu::default()
    }
}

fn export(bench: &Bench, goods: &BTreeMap<String, Spu>, kind: SheetKind, lang: Lang) -> PathBuf {
    let spus: Vec<Spu> = goods.values().cloned().collect();
    let mut out = Cursor::new(Vec::new());
    let mut writer = SheetWriter::new(&mut out, kind, &columns_of(&spus), lang).expect("a writer");
    for spu in goods.values() {
        writer.add(as_added(spu)).expect("it is written");
    }
    writer.finish().expect("it is written");
    let ending = match kind {
        SheetKind::Csv => "csv",
        SheetKind::Xlsx => "xlsx",
        SheetKind::Jsonl => "jsonl",
    };
    let path = bench.folder.path().join(format!("export.{ending}"));
    std::fs::write(&path, out.into_inner()).expect("a file");
    path
}

fn is_the_identity(seed: u64, cases: usize) {
    const PRODUCTS: usize = 50;
    let mut dice = Dice::new(seed);
    for batch in 0..cases.div_ceil(PRODUCTS) {
        let bench = Bench::new();
        for n in 0..PRODUCTS {
            let body = serde_json::to_vec(&product(&mut dice, n)).expect("JSON");
            let added = bench
                .runtime
                .block_on(bench.shop.add_goods(Bytes::from(body)));
            added.expect("the shop takes it");
        }
        bench.pass_all();
        let goods = bench.drafts();
        assert_eq!(goods.len(), PRODUCTS);
        let (kind, lang) = match batch % 4 {
            0 => (SheetKind::Csv, Lang::Zh),
            1 => (SheetKind::Xlsx, Lang::En),
            2 => (SheetKind::Jsonl, Lang::En),
            _ => (SheetKind::Csv, Lang::En),
        };
        let file = export(&bench, &goods, kind, lang);
        let catalogue = bench.read::<AddSpu>(&file);
        assert_eq!(
            catalogue.problems().len(),
            0,
            "seed {seed}, batch {batch}: {:#?}",
            catalogue.problems()
        );
        let (_, lines) = bench.plan(&catalogue);
        for (id, line) in &lines {
            assert_eq!(
                line.action,
                Action::Unchanged,
                "seed {seed}, batch {batch}, {id:?}: {line:#?}"
            );
        }
        assert_eq!(lines.len(), PRODUCTS);
        let other = Bench::new();
        let catalogue = other.read::<AddSpu>(&file);
        let (plan, _) = other.plan(&catalogue);
        for (id, (state, _, reason)) in other.carry_out(&catalogue, plan) {
            assert_eq!(state, Some(ItemState::Done), "{id:?}: {reason}");
        }
        other.pass_all();
        let copies = other.drafts();
        for (id, spu) in &goods {
            let copy = copies
                .get(id)
                .unwrap_or_else(|| panic!("{id:?} is not there"));
            assert_eq!(nobodys(copy), nobodys(spu), "seed {seed}, batch {batch}");
        }
    }
}

/// Without the numbers that each shop gives out itself, and times.
fn nobodys(spu: &Spu) -> serde_json::Value {
    let mut spu = spu.clone();
    spu.product_id = Default::default();
    spu.create_time = Default::default();
    let blank = |text: &String| text.trim().is_empty();
    if blank(&spu.desc_info.desc) {
        // Blank keeps, and a new product has nothing to be kept.
        spu.desc_info.desc.clear();
    }
    plain(&spu)
}

#[test]
fn an_export_is_uploaded_unchanged_whatever_it_holds() {
    is_the_identity(11, 500);
}

#[test]
#[ignore = "takes minutes"]
fn an_export_is_uploaded_unchanged_whatever_it_holds_in_full() {
    is_the_identity(12, 5_000);
}
