//! `wxsell image`: pictures of a shop.

use super::Ctx;
use crate::commands::shows::Shows;
use crate::output::{Cell, Column, Record};
pub use crate::shop::image::Pictures;
use crate::shop::image::{Returned, read_all};
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

/// Upload images
#[derive(Debug, Subcommand)]
pub enum Verb {
    Upload(UploadArgs),
}

/// Upload images and print their links
///
/// Takes jpg and png files of at most 2 MB (10 MB for products of a WeChat Store), and addresses that WeChat can
/// fetch. An image that the shop has already is not uploaded again; its link stays valid.
#[derive(Debug, clap::Args)]
pub struct UploadArgs {
    /// Files, or addresses that begin with http
    #[arg(required = true, value_hint = clap::ValueHint::FilePath)]
    images: Vec<String>,
    /// Upload images again, even if the shop already has them
    #[arg(long = "fresh", alias = "again")]
    again: bool,
    /// What WeChat returns: a link for goods, or an id for applications
    #[arg(long = "as", value_enum, default_value_t, value_name = "KIND")]
    kind: Returned,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Uploaded {
    source: String,
    /// The link or the id.
    value: String,
    /// False where the shop had the picture already.
    uploaded: bool,
}

impl Record for Uploaded {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("source", "IMAGE", |u| Cell::Text(u.source.clone())),
        Column::new("value", "LINK OR ID", |u| Cell::Text(u.value.clone())),
        Column::new("uploaded", "UPLOADED", |u| {
            Cell::Word(if u.uploaded {
                text!("yes")
            } else {
                text!("was there")
            })
        }),
    ];
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[Shows::list::<Uploaded>("image upload")];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Upload(args) => upload(args, ctx).await,
    }
}

async fn upload(args: UploadArgs, ctx: &Ctx) -> Result<()> {
    let pictures = read_all(
        &args.images,
        ctx.is_of_a_store() && args.kind == Returned::Link,
    )?;
    if ctx.global.dry_run {
        ctx.out.note(text!(
            "{count} {count:image|images} would be uploaded",
            count = pictures.len()
        ));
        return Ok(());
    }
    let shop = ctx.shop().await?;
    ctx.out.check_columns::<Uploaded>()?;
    ctx.before_write(None).await?;
    let mut rows = Vec::new();
    for (source, picture) in args.images.iter().zip(pictures) {
        let (value, uploaded) = shop
            .upload_once(source, picture, args.kind, args.again)
            .await?;
        rows.push(Uploaded {
            source: source.clone(),
            value,
            uploaded,
        });
    }
    ctx.out.list(&rows)
}

impl Pictures {
    /// Their links. In a dry run nothing is uploaded, and a picture stands for itself.
    pub async fn links(self, ctx: &Ctx) -> Result<Vec<String>> {
        if ctx.global.dry_run {
            return Ok(self.sources);
        }
        self.upload(ctx.shop().await?).await
    }
}
