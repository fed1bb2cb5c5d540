//! Pictures from files and addresses: looked at before anything is sent, uploaded once per shop.

use super::{LINK, hosted};
use crate::api::component::image::MAX_BYTES;
use crate::api::store::image::MAX_BYTES as MAX_BYTES_OF_STORE;
use crate::fail::{Failure, Within};
use crate::shop::Shop;
use crate::text;
use crate::types::now;
use anyhow::Result;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// By what the platform names a picture that it took.
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

/// A picture that was read and found fit to be sent.
#[derive(Debug)]
pub enum Source {
    File(PathBuf, Vec<u8>),
    Address(String),
}

impl Source {
    /// What it is remembered by: its content, or its address. Links have no mark, because goods know them by it.
    /// Media ids for audits are not remembered: nothing says how long they live.
    fn key(&self, kind: Returned) -> Option<String> {
        let mark = match kind {
            Returned::Link => "",
            Returned::Pay => "pay:",
            Returned::Media => return None,
        };
        Some(match self {
            Source::File(_, bytes) => {
                let hash = hex::encode(Sha256::digest(bytes));
                format!("{mark}sha256:{hash}")
            }
            Source::Address(url) => format!("{mark}url:{url}"),
        })
    }
}

/// Evidence and the like: links of pictures for another call, files uploaded where the shop does not have them yet.
/// Read and checked on making, sent later, so that nothing is uploaded for a call that is refused before it is made.
pub struct Pictures {
    /// As they were named.
    pub sources: Vec<String>,
    pictures: Vec<Source>,
}

impl Pictures {
    /// Files, or addresses that begin with http.
    pub fn read(sources: &[String]) -> Result<Pictures> {
        Ok(Pictures {
            pictures: read_all(sources, false)?,
            sources: sources.to_vec(),
        })
    }

    /// Their links, each uploaded where the shop does not have it yet.
    pub async fn upload(self, shop: &Shop) -> Result<Vec<String>> {
        let mut links = Vec::new();
        for (source, picture) in self.sources.iter().zip(self.pictures) {
            let link = match picture {
                Source::Address(url) if hosted(&url) => url,
                picture => {
                    let sent = shop.upload_once(source, picture, Returned::Link, false);
                    sent.await?.0
                }
            };
            links.push(link);
        }
        Ok(links)
    }
}

/// Every picture, or everything that is wrong with them. `large`: pictures of products of a WeChat Store may have 10 MB.
pub fn read_all(images: &[String], large: bool) -> Result<Vec<Source>> {
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

/// Reads a picture and looks whether WeChat would take it: jpg or png of at most 2 MB, or an address.
pub fn read(image: &str) -> Result<Source, Failure> {
    read_up_to(image, MAX_BYTES)
}

fn read_up_to(image: &str, most: u64) -> Result<Source, Failure> {
    if image.starts_with("http://") || image.starts_with("https://") {
        return Ok(Source::Address(image.to_owned()));
    }
    let path = Path::new(image);
    let bytes = std::fs::read(path).map_err(|error| {
        Failure::input(text!(
            "cannot read the image {path}: {error}",
            path = image,
            error = error.to_string()
        ))
    })?;
    if bytes.len() as u64 > most {
        return Err(Failure::input(text!(
            "{path} is larger than {most} MB",
            path = image,
            most = most / 1024 / 1024
        )));
    }
    match imagesize::image_type(&bytes) {
        Ok(imagesize::ImageType::Jpeg | imagesize::ImageType::Png) => {
            Ok(Source::File(path.to_path_buf(), bytes))
        }
        _ => Err(Failure::input(text!(
            "{path} is neither a jpg nor a png",
            path = image
        ))),
    }
}

impl Shop {
    /// What WeChat calls a picture, and whether it was uploaded for that: what the shop has already is not sent again,
    /// unless `again` says so. `source` is what people know the picture by.
    pub async fn upload_once(
        &self,
        source: &str,
        picture: Source,
        kind: Returned,
        again: bool,
    ) -> Result<(String, bool)> {
        let (state, shop_key) = (self.client.state(), self.client.shop_key());
        let key = picture.key(kind);
        if let Some(key) = key.as_ref().filter(|_| !again)
            && let Some(value) = state.image_url(shop_key, key)?
        {
            return Ok((value, false));
        }
        let number = match kind {
            Returned::Media => 0,
            Returned::Link => LINK,
            Returned::Pay => 2,
        };
        let sent = match picture {
            Source::File(path, bytes) => {
                let name = path.file_name().map_or_else(
                    || "image.jpg".into(),
                    |name| name.to_string_lossy().into_owned(),
                );
                self.upload_image(&name, bytes, number).await
            }
            Source::Address(url) => self.copy_image(&url, number).await,
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
                text!("WeChat accepted the image but returned no link"),
            )
        })?;
        if let Some(key) = key {
            state.keep_image_url(shop_key, &key, &value, now())?;
        }
        Ok((value, true))
    }
}
