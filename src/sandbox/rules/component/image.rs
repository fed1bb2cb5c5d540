//! Pictures: `/shop/img/upload`. The bytes are weighed and looked at, not kept; their hash makes the link.

use crate::api::component::image::{ByAddress, MAX_BYTES, Picture, UploadReply};
use crate::sandbox::APPID;
use crate::sandbox::router::{self, Body, Call, Refusal};
use crate::sandbox::store::{Document, Filter, Tx};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const NOUN: &str = "picture";

/// What the shop knows of a picture; `state` of the document counts how often it was uploaded.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Held {
    pub file_name: String,
    pub bytes: u64,
}

/// Where links of this shop begin.
pub fn link_prefix() -> String {
    format!("https://mmecimage.cn/p/{APPID}/")
}

/// Takes a file or an address. An address is not fetched: a test must not depend on the network.
pub fn upload(tx: &mut Tx<'_>, call: &Call) -> Result<UploadReply, Refusal> {
    let by_address = match call.parameter("upload_type").as_deref() {
        None | Some("0") => false,
        Some("1") => true,
        Some(_) => {
            return Err(Refusal::new(
                40097,
                "invalid args: upload_type must be 0 or 1",
            ));
        }
    };
    let in_form = match &call.body {
        Body::Picture(picture) => picture.resp_type.clone(),
        Body::Plain(_) => None,
    };
    let resp_type = call
        .parameter("resp_type")
        .or(in_form)
        .unwrap_or_else(|| "0".into());
    let (hash, held) = match (&call.body, by_address) {
        (Body::Picture(file), false) => weigh(file)?,
        (Body::Plain(bytes), true) => fetch(call, bytes)?,
        _ => return Err(Refusal::new(1_070_001, "file or picture is empty")),
    };
    remember(tx, &hash, held)?;
    let mut picture = Picture::default();
    match resp_type.as_str() {
        "0" => picture.media_id = Some(format!("media_{hash}")),
        "1" => picture.temp_img_url = Some(format!("{}{hash}", link_prefix())),
        "2" => picture.pay_media_id = Some(format!("pay_{hash}")),
        _ => {
            return Err(Refusal::new(
                40097,
                "invalid args: resp_type must be 0, 1 or 2",
            ));
        }
    }
    Ok(UploadReply { img_info: picture })
}

fn weigh(file: &router::Picture) -> Result<(String, Held), Refusal> {
    let file_name = file.file_name.clone().filter(|name| !name.is_empty());
    let Some(file_name) = file_name.filter(|_| !file.bytes.is_empty()) else {
        return Err(Refusal::new(1_070_001, "file or picture is empty"));
    };
    let bytes = u64::try_from(file.bytes.len()).unwrap_or(u64::MAX);
    if bytes > MAX_BYTES {
        return Err(Refusal::new(40009, "invalid image size"));
    }
    const JPEG: &[u8] = &[0xff, 0xd8, 0xff];
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
    if !file.bytes.starts_with(JPEG) && !file.bytes.starts_with(PNG) {
        return Err(Refusal::new(40004, "invalid media type: only jpg and png"));
    }
    Ok((hash(&file.bytes), Held { file_name, bytes }))
}

fn fetch(call: &Call, body: &[u8]) -> Result<(String, Held), Refusal> {
    let address = match call.parameter("img_url") {
        Some(address) => address,
        None if body.is_empty() => return Err(Refusal::new(44002, "empty post data")),
        None => {
            let request: ByAddress = serde_json::from_value(router::parse(body)?)
                .map_err(|error| Refusal::new(47001, format!("data format error: {error}")))?;
            request.img_url
        }
    };
    if !address.starts_with("http://") && !address.starts_with("https://") {
        return Err(Refusal::new(
            1_070_001,
            "file or picture is empty: img_url cannot be opened",
        ));
    }
    Ok((
        hash(address.as_bytes()),
        Held {
            file_name: address,
            bytes: 0,
        },
    ))
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..16])
}

fn remember(tx: &mut Tx<'_>, hash: &str, held: Held) -> Result<(), Refusal> {
    let now = tx.now;
    let picture = match tx.find::<Held>(NOUN, hash)? {
        Some(known) => Document {
            state: known.state + 1,
            changed_at: now,
            ..known
        },
        None => Document {
            id: tx.next_id(NOUN)?,
            out_id: hash.into(),
            state: 1,
            draft: 0,
            due: None,
            created_at: now,
            changed_at: now,
            body: held,
        },
    };
    tx.put(NOUN, &picture)
}

/// Whether a link leads to a picture: elsewhere counts as one, our own must have been uploaded.
pub fn opens(tx: &Tx<'_>, link: &str) -> Result<bool, Refusal> {
    match link.strip_prefix(&link_prefix()) {
        Some(hash) => Ok(tx.find::<Held>(NOUN, hash)?.is_some()),
        None => Ok(link.starts_with("http://") || link.starts_with("https://")),
    }
}

/// Whether a media id for payment documents is that of a picture that was uploaded.
pub fn is_paper(tx: &Tx<'_>, pay_media_id: &str) -> Result<bool, Refusal> {
    match pay_media_id.strip_prefix("pay_") {
        Some(hash) => Ok(tx.find::<Held>(NOUN, hash)?.is_some()),
        None => Ok(false),
    }
}

/// Every picture with how often it was uploaded.
pub fn uploads(tx: &Tx<'_>) -> Result<Vec<(Held, i64)>, Refusal> {
    let held = tx.all::<Held>(NOUN, &Filter::default())?;
    Ok(held
        .into_iter()
        .map(|picture| (picture.body, picture.state))
        .collect())
}
