//! `wxsell goods template`: a sheet to fill in.

use super::sheet::{SheetKind, SheetWriter, USUAL, all_fields};
use crate::api::component::goods::{AddSpu, DescInfo, NO_BRAND, Sku, SkuAttr};
use crate::commands::Ctx;
use crate::fail::Failure;
use crate::output::{Cell, Column, Format, Record};
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use clap::{Args, ValueHint};
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::BufWriter;
use std::path::PathBuf;

/// Write a sheet to fill in, with one product as an example
///
/// `--format xlsx` (the default), `csv` or `ndjson` chooses its kind, as does the ending of `--output`.
#[derive(Debug, Args)]
pub struct TemplateArgs {
    /// Where to write; `goods.xlsx` in the current folder where not given
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// Write every column there is, also the rare ones
    #[arg(long)]
    all_columns: bool,
    /// Write over a file that exists
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Serialize)]
struct Written {
    file: String,
}

impl Record for Written {
    const COLUMNS: &'static [Column<Self>] = &[Column::new("file", "FILE", |written| {
        Cell::Text(written.file.clone())
    })];
}

pub async fn run(args: TemplateArgs, ctx: &Ctx) -> Result<()> {
    let ending = args
        .output
        .as_deref()
        .and_then(|path| path.extension())
        .map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let kind = match (ending.as_deref(), ctx.out.format) {
        (Some("csv"), _) => SheetKind::Csv,
        (Some("xlsx"), _) => SheetKind::Xlsx,
        (Some("jsonl" | "ndjson"), _) => SheetKind::Jsonl,
        (Some(other), _) => {
            return Err(Failure::input(text!(
                "templates are not written as .{ending}",
                ending = other
            ))
            .hint(text!("use the ending .xlsx, .csv or .jsonl"))
            .into());
        }
        (None, Format::Csv) => SheetKind::Csv,
        (None, Format::Ndjson | Format::Json) => SheetKind::Jsonl,
        (None, _) => SheetKind::Xlsx,
    };
    let path = args.output.unwrap_or_else(|| {
        PathBuf::from(match kind {
            SheetKind::Csv => "goods.csv",
            SheetKind::Xlsx => "goods.xlsx",
            SheetKind::Jsonl => "goods.jsonl",
        })
    });
    let shown = path.display().to_string();
    let mut open = OpenOptions::new();
    open.write(true);
    let open = if args.force {
        open.create(true).truncate(true)
    } else {
        open.create_new(true)
    };
    let file = open.open(&path).map_err(|error| {
        let failure = Failure::input(text!(
            "cannot write {file}: {why}",
            file = &shown,
            why = error.to_string()
        ));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => failure.hint(text!(
                "choose another name with --output, or write over it with --force"
            )),
            _ => failure,
        }
    })?;
    let fields = if args.all_columns {
        all_fields()
    } else {
        USUAL.to_vec()
    };
    let mut writer = SheetWriter::new(BufWriter::new(file), kind, &fields, ctx.out.lang)?;
    writer.add(example())?;
    writer.finish()?;
    ctx.out.show(&Written { file: shown })
}

/// A product that passes every check but those of the pictures, which are for the merchant to supply.
pub fn example() -> AddSpu {
    let sku = |id: &str, weight: &str, sale: i64, market: i64, barcode: &str| Sku {
        out_product_id: "TEA-1001".into(),
        out_sku_id: format!("TEA-1001-{id}"),
        thumb_img: String::new(),
        sale_price: Fen(sale),
        market_price: Fen(market),
        stock_num: 100,
        sku_code: Some(format!("TEA{id}")),
        barcode: Some(barcode.into()),
        sku_attrs: vec![SkuAttr {
            attr_key: "规格".into(),
            attr_value: weight.into(),
        }],
    };
    AddSpu {
        out_product_id: "TEA-1001".into(),
        title: "示例明前绿茶 礼盒装".into(),
        path: "pages/product/index?id=TEA-1001".into(),
        head_img: vec![
            "https://example.com/tea-front.jpg".into(),
            "https://example.com/tea-back.jpg".into(),
        ],
        desc_info: Some(DescInfo {
            imgs: vec!["https://example.com/tea-detail.jpg".into()],
            desc: "明前采摘，真空包装。".into(),
        }),
        third_cat_id: 1423,
        brand_id: NO_BRAND,
        info_version: Some("1".into()),
        skus: vec![
            sku("125", "125克", 5900, 7900, "6901234567885"),
            sku("250", "250克", 9900, 12900, "6901234567892"),
        ],
        ..AddSpu::default()
    }
}
