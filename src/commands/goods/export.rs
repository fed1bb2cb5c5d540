//! `wxsell goods export`: the products of a shop as a file that `goods upload` takes back unchanged.

use super::list::{ListArgs, fetch};
use crate::commands::Ctx;
use crate::commands::whole_file::{ending, refuse_existing, write};
use crate::fail::Failure;
use crate::output::{Cell, Column, Record};
use crate::shop::goods::sheet::rows::as_added;
use crate::shop::goods::sheet::writer::{SheetKind, SheetWriter, columns_of};
use crate::text;
use anyhow::Result;
use serde::Serialize;
use std::path::PathBuf;

/// Write the products of the shop to a file
///
/// The extension decides the file type: .xlsx, .csv or .jsonl. `goods upload` takes the file back unchanged, so that it
/// can be edited and uploaded; of drafts and online copies it holds the drafts.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// File to write
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(super) output: PathBuf,
    /// Overwrite a file that exists
    #[arg(long = "overwrite", alias = "force")]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) which: ListArgs,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct Exported {
    pub file: String,
    pub products: usize,
    pub skus: usize,
}

impl Record for Exported {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("file", "FILE", |e| Cell::Text(e.file.clone())),
        Column::new("products", "PRODUCTS", |e| Cell::Number(e.products as i64)),
        Column::new("skus", "SKUS", |e| Cell::Number(e.skus as i64)),
    ];
}

pub async fn run(args: ExportArgs, ctx: &Ctx) -> Result<()> {
    let shown = args.output.display().to_string();
    let kind = match ending(&args.output).as_deref() {
        Some("xlsx") => SheetKind::Xlsx,
        Some("csv") => SheetKind::Csv,
        Some("jsonl" | "ndjson") => SheetKind::Jsonl,
        _ => {
            return Err(Failure::input(text!(
                "can't tell the file type of {file} from its extension",
                file = shown
            ))
            .hint(text!("use the extension .xlsx, .csv or .jsonl"))
            .into());
        }
    };
    refuse_existing(&args.output, args.force)?;
    let goods = fetch(&args.which, ctx).await?;
    let mut exported = Exported {
        file: shown,
        products: goods.len(),
        skus: 0,
    };
    write(&args.output, args.force, |out| {
        let mut writer = SheetWriter::new(out, kind, &columns_of(&goods), ctx.out.lang)?;
        for spu in &goods {
            exported.skus += spu.skus.len();
            writer.add(as_added(spu))?;
        }
        writer.finish()
    })?;
    tell(&exported, ctx)
}

/// What was written, and what may be done with it.
pub(super) fn tell(exported: &Exported, ctx: &Ctx) -> Result<()> {
    if !ctx.out.is_for_people() || ctx.out.columns.is_some() {
        return ctx.out.show(exported);
    }
    ctx.out.note(text!(
        "wrote {count} {count:product|products} ({skus} {skus:SKU|SKUs}) to {file}",
        count = exported.products,
        skus = exported.skus,
        file = &exported.file
    ));
    ctx.out
        .next(&format!("wxsell goods upload {} --dry-run", exported.file));
    Ok(())
}
