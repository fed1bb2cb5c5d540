//! `wxsell goods template`: a sheet to fill in.

use crate::commands::Ctx;
use crate::fail::Failure;
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::shop::goods::sheet::example::example;
use crate::shop::goods::sheet::writer::{SheetKind, SheetWriter, USUAL, all_fields};
use crate::text;
use anyhow::Result;
use clap::{Args, ValueHint};
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::BufWriter;
use std::path::PathBuf;

/// Create a template spreadsheet
///
/// `--format xlsx` (the default), `csv` or `ndjson` chooses the file type, as does the extension of `--output`.
#[derive(Debug, Args)]
pub struct TemplateArgs {
    /// File to write (default: `goods.xlsx` in the current folder)
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
    /// Include all columns, even rare ones
    #[arg(long)]
    pub(super) all_columns: bool,
    /// Overwrite a file that exists
    #[arg(long = "overwrite", alias = "force")]
    pub(super) force: bool,
    /// WeChat Store: the category of the products, by name, path or number
    #[arg(long, value_name = "CATEGORY")]
    pub(super) category: Option<String>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct Written {
    pub file: String,
}

impl Record for Written {
    const COLUMNS: &'static [Column<Self>] = &[Column::new("file", "FILE", |written| {
        Cell::Text(written.file.clone())
    })];
}

impl Written {
    /// What was written, what there is to know of it, and what comes next.
    pub(super) fn tell(&self, more: Option<Text>, ctx: &Ctx) -> Result<()> {
        if !ctx.out.is_for_people() || ctx.out.columns.is_some() {
            return ctx.out.show(self);
        }
        ctx.out.note(text!("wrote {path}", path = &self.file));
        if let Some(more) = more {
            ctx.out.note(more);
        }
        ctx.out.next(&format!("wxsell goods check {}", self.file));
        Ok(())
    }
}

pub async fn run(args: TemplateArgs, ctx: &Ctx) -> Result<()> {
    if args.category.is_some() {
        return Err(Failure::input(text!(
            "{option} works only with a WeChat Store",
            option = "--category"
        ))
        .into());
    }
    let ending = args
        .output
        .as_deref()
        .and_then(|path| path.extension())
        .map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let kind = match ending.as_deref().or(ctx.out.file_ending()) {
        Some("csv") => SheetKind::Csv,
        Some("xlsx") | None => SheetKind::Xlsx,
        Some("jsonl" | "ndjson") => SheetKind::Jsonl,
        Some(other) => {
            return Err(Failure::input(text!(
                "templates are not written as .{ending}",
                ending = other
            ))
            .hint(text!("use the extension .xlsx, .csv or .jsonl"))
            .into());
        }
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
    let file = open.open(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::input(text!("{file} already exists", file = &shown)).hint(text!(
                "choose another name with --output, or replace it with --overwrite"
            ))
        }
        _ => Failure::input(text!(
            "cannot write {file}: {why}",
            file = &shown,
            why = error.to_string()
        )),
    })?;
    let fields = if args.all_columns {
        all_fields()
    } else {
        USUAL.to_vec()
    };
    let mut writer = SheetWriter::new(BufWriter::new(file), kind, &fields, ctx.out.lang)?;
    writer.add(example())?;
    writer.finish()?;
    let example = text!("it has one example product; replace it with your own");
    Written { file: shown }.tell(Some(example), ctx)
}
