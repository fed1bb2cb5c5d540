//! The options of every command that reads goods from files.

use crate::bulk::csv::Encoding;
use crate::bulk::inputs::{Inputs, expand};
use crate::bulk::source::SourceKind;
use crate::commands::Ctx;
use crate::shop::goods::sheet::catalogue::{Catalogue, ReadOptions};
use crate::shop::goods::sheet::rows::Payload;
use anyhow::Result;
use clap::{Args, ValueHint};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct ReadArgs {
    /// Files to read: .xlsx, .csv, .tsv, .json, .jsonl, patterns such as `new/*.xlsx`, or `-` for standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<String>,
    /// File type (default: by extension)
    #[arg(
        long = "file-type",
        alias = "from",
        value_enum,
        value_name = "KIND",
        help_heading = "Files"
    )]
    pub from: Option<SourceKind>,
    /// Sheet to read, if the workbook has several
    #[arg(long, value_name = "NAME", help_heading = "Files")]
    pub sheet: Option<String>,
    /// Text encoding (default: detect)
    #[arg(long, value_enum, help_heading = "Files")]
    pub encoding: Option<Encoding>,
    /// Column mapping: a TOML file with lines such as `title = "品名"`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Files")]
    pub map: Option<PathBuf>,
    /// Ignore the column with this heading (can be repeated)
    #[arg(long = "ignore-column", value_name = "HEADING", help_heading = "Files")]
    pub ignore_columns: Vec<String>,
    /// Allow zero stock (WeChat rejects it for new products)
    #[arg(long, help_heading = "Files")]
    pub allow_zero_stock: bool,
}

impl ReadArgs {
    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            from: self.from,
            map: self.map.clone(),
            ignore_columns: self.ignore_columns.clone(),
            sheet: self.sheet.clone(),
            encoding: self.encoding,
            zero_stock: self.allow_zero_stock,
            partial: false,
            called: None,
            categories: None,
        }
    }

    /// Reads and checks the files and says how they were read. Problems are left to the caller.
    pub async fn read<T: Payload>(&self, ctx: &Ctx) -> Result<Catalogue<T>> {
        self.read_with(self.options(), ctx).await
    }

    /// As [`read`](ReadArgs::read), in another way than the options of the command say.
    pub async fn read_with<T: Payload>(
        &self,
        options: ReadOptions,
        ctx: &Ctx,
    ) -> Result<Catalogue<T>> {
        let Inputs { inputs, notices } = expand(&self.files)?;
        notices.into_iter().for_each(|notice| ctx.out.warn(notice));
        let spool_dir = ctx.dirs.state.clone();
        let catalogue = tokio::task::spawn_blocking(move || {
            Catalogue::<T>::read(&inputs, &options, &spool_dir)
        })
        .await??;
        for notice in catalogue.notices() {
            ctx.out.note(notice.clone());
        }
        Ok(catalogue)
    }
}
