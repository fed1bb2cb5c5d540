//! `wxsell goods export`: the products of a shop as a file that `goods upload` takes back unchanged.

use super::list::{ListArgs, fetch};
use crate::commands::Ctx;
use crate::fail::Failure;
use crate::output::{Cell, Column, Record};
use crate::shop::goods::sheet::rows::as_added;
use crate::shop::goods::sheet::writer::{SheetKind, SheetWriter, columns_of};
use crate::text;
use anyhow::Result;
use serde::Serialize;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Write the products of the shop to a file
///
/// The extension decides the file type: .xlsx, .csv or .jsonl. `goods upload` takes the file back unchanged, so that it
/// can be edited and uploaded; of drafts and online copies it holds the drafts.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Where to write
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
    let kind = match args
        .output
        .extension()
        .map(|ending| ending.to_string_lossy().to_ascii_lowercase())
        .as_deref()
    {
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
    if args.output.exists() && !args.force {
        return Err(Failure::input(text!("{file} exists already", file = shown))
            .hint(text!("choose another name, or use --overwrite"))
            .into());
    }
    let goods = fetch(&args.which, ctx).await?;
    let unwritable = |error: &dyn std::fmt::Display| {
        Failure::input(text!(
            "cannot write {file}: {why}",
            file = &shown,
            why = error.to_string()
        ))
    };
    // A file that is only half there would look like the whole shop.
    let folder = args
        .output
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".wxsell")
        .tempfile_in(folder)
        .map_err(|error| unwritable(&error))?;
    let mut exported = Exported {
        file: shown.clone(),
        products: goods.len(),
        skus: 0,
    };
    {
        let mut out = BufWriter::new(file.as_file_mut());
        let mut writer = SheetWriter::new(&mut out, kind, &columns_of(&goods), ctx.out.lang)?;
        for spu in &goods {
            exported.skus += spu.skus.len();
            writer.add(as_added(spu))?;
        }
        writer.finish()?;
        out.flush().map_err(|error| unwritable(&error))?;
    }
    file.as_file()
        .sync_all()
        .map_err(|error| unwritable(&error))?;
    crate::bulk::failed::readable_like_others(file.as_file())?;
    file.persist(&args.output)
        .map_err(|error| unwritable(&error.error))?;
    ctx.out.show(&exported)
}
