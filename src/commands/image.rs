//! `wxsell image`: pictures of a shop.

use super::Ctx;
use crate::api::component::image::MAX_BYTES;
use crate::api::store::image::MAX_BYTES as MAX_BYTES_OF_STORE;
use crate::commands::shows::Shows;
use crate::fail::{Failure, Within};
use crate::output::{Cell, Column, Record};
use crate::shop::image::LINK;
use crate::shop::picture::{Picture, read_up_to};
use crate::text;
use crate::types::now;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use sha2::{Digest, Sha256};

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
    /// Upload even what the shop has already
    #[arg(long = "fresh", alias = "again")]
    again: bool,
    /// What WeChat returns: a link for goods, or an id for applications
    #[arg(long = "as", value_enum, default_value_t, value_name = "KIND")]
    kind: Returned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Returned {
    /// A link, for goods and audits
    #[default]
    Link,
    /// A media id, for audits
    Media,
    /// A media id for payment documents
    Pay,
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

impl Picture {
    /// What it is remembered by: its content, or its address. Links have no mark, because goods know them by it.
    /// Media ids for audits are not remembered: nothing says how long they live.
    fn key(&self, kind: Returned) -> Option<String> {
        let mark = match kind {
            Returned::Link => "",
            Returned::Pay => "pay:",
            Returned::Media => return None,
        };
        Some(match self {
            Picture::File(_, bytes) => {
                let hash = hex::encode(Sha256::digest(bytes));
                format!("{mark}sha256:{hash}")
            }
            Picture::Address(url) => format!("{mark}url:{url}"),
        })
    }
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
    ctx.shop().await?;
    ctx.out.check_columns::<Uploaded>()?;
    ctx.before_write(None).await?;
    let mut rows = Vec::new();
    for (source, picture) in args.images.iter().zip(pictures) {
        let (value, uploaded) = once(ctx, source, picture, args.kind, args.again).await?;
        rows.push(Uploaded {
            source: source.clone(),
            value,
            uploaded,
        });
    }
    ctx.out.list(&rows)
}

/// Evidence and the like: links of pictures for another call, files uploaded where the shop does not have them yet.
/// Read and checked on making, sent later, so that nothing is uploaded for a call that is refused before it is made.
pub struct Pictures {
    sources: Vec<String>,
    pictures: Vec<Picture>,
}

impl Pictures {
    /// Files, or addresses that begin with http.
    pub fn read(sources: &[String]) -> Result<Pictures> {
        Ok(Pictures {
            pictures: read_all(sources, false)?,
            sources: sources.to_vec(),
        })
    }

    /// Their links. In a dry run nothing is uploaded, and a picture stands for itself.
    pub async fn links(self, ctx: &Ctx) -> Result<Vec<String>> {
        if ctx.global.dry_run {
            return Ok(self.sources);
        }
        let mut links = Vec::new();
        for (source, picture) in self.sources.iter().zip(self.pictures) {
            let link = match picture {
                Picture::Address(url) if crate::shop::image::hosted(&url) => url,
                picture => once(ctx, source, picture, Returned::Link, false).await?.0,
            };
            links.push(link);
        }
        Ok(links)
    }
}

/// `large`: pictures of products of a WeChat Store may have 10 MB.
fn read_all(images: &[String], large: bool) -> Result<Vec<Picture>> {
    let most = if large { MAX_BYTES_OF_STORE } else { MAX_BYTES };
    let (pictures, problems): (Vec<_>, Vec<_>) = images
        .iter()
        .map(|image| read_up_to(image, most))
        .partition(Result::is_ok);
    let problems: Vec<_> = problems
        .into_iter()
        .filter_map(Result::err)
        .map(|failure| failure.message)
        .collect();
    if !problems.is_empty() {
        return Err(Failure::input(text!(
            "{count} {count:image|images} cannot be uploaded; nothing was sent",
            count = problems.len()
        ))
        .also(problems)
        .into());
    }
    Ok(pictures.into_iter().flatten().collect())
}

/// What WeChat calls a picture, and whether it was uploaded for that: what the shop has already is not sent again,
/// unless `again` says so. `source` is what people know the picture by.
pub async fn once(
    ctx: &Ctx,
    source: &str,
    picture: Picture,
    kind: Returned,
    again: bool,
) -> Result<(String, bool)> {
    let (state, shop_key) = (ctx.state()?, ctx.profile()?.shop_key());
    let key = picture.key(kind);
    if let Some(key) = key.as_ref().filter(|_| !again)
        && let Some(value) = state.image_url(&shop_key, key)?
    {
        return Ok((value, false));
    }
    let shop = ctx.shop().await?;
    let number = match kind {
        Returned::Media => 0,
        Returned::Link => LINK,
        Returned::Pay => 2,
    };
    let sent = match picture {
        Picture::File(path, bytes) => {
            let name = path.file_name().map_or_else(
                || "image.jpg".into(),
                |name| name.to_string_lossy().into_owned(),
            );
            shop.upload_image(&name, bytes, number).await
        }
        Picture::Address(url) => shop.copy_image(&url, number).await,
    };
    let reply = sent.within(|| text!("uploading the image {path}", path = source))?;
    let value = match kind {
        Returned::Media => reply.media_id,
        Returned::Link => reply.temp_img_url,
        Returned::Pay => reply.pay_media_id,
    };
    let value = value.ok_or_else(|| {
        Failure::new(
            crate::fail::Kind::Refused,
            text!("WeChat took the image and named no link for it"),
        )
    })?;
    if let Some(key) = key {
        state.keep_image_url(&shop_key, &key, &value, now())?;
    }
    Ok((value, true))
}
