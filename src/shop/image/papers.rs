//! Pictures of papers for an audit: files are looked at before anything is sent, uploaded once per shop, and handed in
//! by their links.

use super::{Returned, hosted, read};
use crate::lang::Text;
use crate::shop::Shop;
use anyhow::Result;
use serde_json::Value;

/// Everything that is wrong with pictures that lie on disk.
pub fn problems<'a>(pictures: impl Iterator<Item = &'a String>) -> Vec<Text> {
    pictures
        .filter(|picture| !is_known(picture))
        .filter_map(|picture| read(picture).err())
        .map(|failure| failure.message)
        .collect()
}

/// A link of WeChat's own, or a media id that `image upload --as media` printed.
fn is_known(picture: &str) -> bool {
    hosted(picture) || picture.starts_with("media:")
}

/// What WeChat calls each picture that stands at these places of a body; lists of text.
pub async fn upload(shop: &Shop, body: &mut Value, places: &[&str]) -> Result<()> {
    for place in places {
        let Some(Value::Array(rows)) = body.pointer_mut(place) else {
            continue;
        };
        for row in rows {
            let Some(name) = row.as_str().map(str::to_owned) else {
                continue;
            };
            *row = link(shop, &name).await?.into();
        }
    }
    Ok(())
}

async fn link(shop: &Shop, picture: &str) -> Result<String> {
    if let Some(id) = picture.strip_prefix("media:") {
        return Ok(id.to_owned());
    }
    if hosted(picture) {
        return Ok(picture.to_owned());
    }
    let found = read(picture)?;
    let sent = shop.upload_once(picture, found, Returned::Link, false);
    let (link, _) = sent.await?;
    Ok(link)
}
