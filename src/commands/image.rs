//! `wxsell image`: pictures of a shop.

use super::Ctx;
use super::whole_file::{refuse_existing, write};
use crate::commands::shows::Shows;
use crate::output::{Cell, Column, Record};
pub use crate::shop::image::Pictures;
use crate::shop::image::{Returned, read_all};
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// Upload and download images
#[derive(Debug, Subcommand)]
pub enum Verb {
    Upload(UploadArgs),
    Download(DownloadArgs),
}

/// WeChat Store: download the file of a media id
///
/// Applications name their documents by such ids, and `image upload --as media` prints them. Links of products are opened in
/// a browser.
#[derive(Debug, clap::Args)]
pub struct DownloadArgs {
    /// The id
    media_id: String,
    /// File to write it to
    #[arg(long, short, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: PathBuf,
    /// Overwrite a file that exists
    #[arg(long = "overwrite")]
    force: bool,
}

/// What was downloaded.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Downloaded {
    file: String,
    bytes: usize,
}

impl Record for Downloaded {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("file", "FILE", |d| Cell::Text(d.file.clone())),
        Column::new("bytes", "BYTES", |d| Cell::Number(d.bytes as i64)),
    ];
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
pub const SHOWS: &[Shows] = &[
    Shows::list::<Uploaded>("image upload"),
    Shows::one::<Downloaded>("image download"),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Upload(args) => upload(args, ctx).await,
        Verb::Download(args) => download(args, ctx).await,
    }
}

async fn download(args: DownloadArgs, ctx: &Ctx) -> Result<()> {
    ctx.of_a_store()?;
    ctx.out.check_columns::<Downloaded>()?;
    refuse_existing(&args.output, args.force)?;
    let bytes = ctx.shop().await?.media(&args.media_id).await?;
    write(&args.output, args.force, |out| Ok(out.write_all(&bytes)?))?;
    ctx.out.show(&Downloaded {
        file: args.output.display().to_string(),
        bytes: bytes.len(),
    })
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
