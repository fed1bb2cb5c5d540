//! Images of the Store. The bytes are weighed and looked at, and kept where a media id is asked for; their hash makes the
//! link. An address is not
//! fetched, since a test must not depend on the network: what its last part is called decides how that would go.

use super::parameter;
use crate::api::store::image::{
    ByAddress, Image, LINKS, MAX_BYTES, MAX_PROOF_BYTES, UploadReply, UploadV2Reply,
};
use crate::sandbox::STORE_APPID;
use crate::sandbox::router::{self, Body, Call, Refusal};
use crate::sandbox::store::{Document, Tx};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const NOUN: &str = "store image";

/// What is known of an image; `state` of the document counts how often it was uploaded.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Held {
    file_name: String,
    bytes: u64,
    /// The product that has it among its head images.
    head_of: Option<i64>,
    /// The file itself as base64, where it has a media id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    file: String,
}

/// What an upload is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    Proof,
    Product,
}

/// Where links of this store begin.
fn link_prefix() -> String {
    format!("{LINKS}{STORE_APPID}/")
}

pub fn upload(tx: &mut Tx<'_>, call: &Call) -> Result<UploadReply, Refusal> {
    let purpose = match call.parameter("resp_type").as_deref() {
        Some("0") => For::Proof,
        Some("1") => For::Product,
        _ => return Err(parameter("resp_type must be 0 or 1")),
    };
    let hash = take(tx, call, purpose, true)?;
    Ok(UploadReply {
        pic_file: match purpose {
            For::Proof => Image {
                media_id: format!("media_{hash}"),
                pay_media_id: format!("pay_{hash}"),
                ..Image::default()
            },
            For::Product => Image {
                img_url: format!("{}{hash}", link_prefix()),
                ..Image::default()
            },
        },
    })
}

pub fn upload_v2(tx: &mut Tx<'_>, call: &Call) -> Result<UploadV2Reply, Refusal> {
    if call.parameter("scene_type").as_deref() != Some("170") {
        return Err(parameter("scene_type is not known"));
    }
    let hash = take(tx, call, For::Product, false)?;
    Ok(UploadV2Reply {
        img_info: Image {
            img_url: format!("{}{hash}", link_prefix()),
            ..Image::default()
        },
    })
}

/// The file of a media id, as [`file`] reads it.
pub fn media(tx: &mut Tx<'_>, call: &Call) -> Result<String, Refusal> {
    let id = call.parameter("media_id").unwrap_or_default();
    let held = match id.strip_prefix("media_") {
        Some(hash) => tx.find::<Held>(NOUN, hash)?,
        None => None,
    };
    held.map(|held| held.body.file)
        .filter(|file| !file.is_empty())
        .ok_or_else(|| Refusal::new(40007, "invalid media_id"))
}

/// The bytes of a file that is kept.
pub fn file(held: &str) -> Vec<u8> {
    STANDARD.decode(held).unwrap_or_default()
}

fn take(tx: &mut Tx<'_>, call: &Call, purpose: For, measured: bool) -> Result<String, Refusal> {
    let (hash, held) = match (call.parameter("upload_type").as_deref(), &call.body) {
        (Some("0"), Body::Picture(file)) => {
            let measures = ["width", "height"].map(|name| {
                call.parameter(name)
                    .and_then(|number| number.parse::<u32>().ok())
                    .is_some_and(|number| number > 0)
            });
            if measured && measures.contains(&false) {
                return Err(Refusal::new(10_020_055, "width and height are needed"));
            }
            weigh(file, purpose)?
        }
        (Some("0"), Body::Plain(_)) => return Err(Refusal::new(10_020_059, "image is empty")),
        (Some("1"), Body::Plain(bytes)) => fetch(bytes)?,
        _ => {
            return Err(parameter(
                "upload_type must be 0 or 1, with a body to match",
            ));
        }
    };
    remember(tx, &hash, held)?;
    Ok(hash)
}

fn weigh(file: &router::Picture, purpose: For) -> Result<(String, Held), Refusal> {
    if file.bytes.is_empty() {
        return Err(Refusal::new(10_020_059, "image is empty"));
    }
    let bytes = file.bytes.len() as u64;
    let most = match purpose {
        For::Proof => MAX_PROOF_BYTES,
        For::Product => MAX_BYTES,
    };
    if bytes > most {
        return Err(Refusal::new(10_020_060, "image is too large"));
    }
    let found = kind_of(&file.bytes)
        .ok_or_else(|| Refusal::new(10_020_056, "image format is not allowed"))?;
    // The part says what it holds; one that says nothing or something else is refused.
    let said = file.content_type.as_deref().unwrap_or_default();
    if !said.starts_with(found) {
        return Err(Refusal::new(
            10_020_056,
            format!("image format is not allowed: content type \"{said}\" for {found}"),
        ));
    }
    let hash = hash(&file.bytes);
    Ok((
        hash,
        Held {
            file_name: file.file_name.clone().unwrap_or_default(),
            bytes,
            head_of: None,
            file: match purpose {
                For::Proof => STANDARD.encode(&file.bytes),
                For::Product => String::new(),
            },
        },
    ))
}

/// The media type that the first bytes show; gif is not confirmed and so not taken.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
    match bytes {
        _ if bytes.starts_with(&[0xff, 0xd8, 0xff]) => Some("image/jpeg"),
        _ if bytes.starts_with(b"\x89PNG\r\n\x1a\n") => Some("image/png"),
        _ if bytes.starts_with(b"BM") => Some("image/bmp"),
        _ if is_webp => Some("image/webp"),
        _ if text.contains("<svg") => Some("image/svg+xml"),
        _ => None,
    }
}

fn fetch(body: &[u8]) -> Result<(String, Held), Refusal> {
    let request: ByAddress = serde_json::from_value(router::parse(body)?)
        .map_err(|error| Refusal::new(47001, format!("data format error: {error}")))?;
    let address = request.img_url;
    if address.is_empty() {
        return Err(Refusal::new(10_020_059, "image is empty"));
    }
    if address.starts_with(LINKS) {
        return Err(Refusal::new(
            10_020_061,
            "image url is not allowed: it is hosted already",
        ));
    }
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"));
    let Some(rest) = rest.filter(|rest| !rest.is_empty() && !rest.starts_with('/')) else {
        return Err(Refusal::new(10_020_055, "img_url is no address"));
    };
    if rest.contains("//") {
        return Err(Refusal::new(10_020_254, "url contains //"));
    }
    let last = rest.rsplit('/').next().unwrap_or_default();
    let refused = [
        ("redirect", 10_020_193, "source answered with a redirect"),
        ("no-length", 10_020_331, "source has no Content-Length"),
        ("missing", 10_020_253, "source image 404"),
        ("slow", 10_020_057, "fetching the source took over 2 s"),
    ];
    match refused.iter().find(|(name, ..)| last.starts_with(name)) {
        Some((_, errcode, words)) => Err(Refusal::new(*errcode, *words)),
        None => Ok((
            hash(address.as_bytes()),
            Held {
                file_name: address,
                ..Held::default()
            },
        )),
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn remember(tx: &mut Tx<'_>, hash: &str, held: Held) -> Result<(), Refusal> {
    let now = tx.now;
    let image = match tx.find::<Held>(NOUN, hash)? {
        Some(mut known) => {
            if known.body.file.is_empty() {
                known.body.file = held.file;
            }
            Document {
                state: known.state + 1,
                changed_at: now,
                ..known
            }
        }
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
    tx.put(NOUN, &image)
}

/// The link of an image that was uploaded under this name, made now; `None` where it was there before.
pub fn made(tx: &mut Tx<'_>, name: &str) -> Result<Option<String>, Refusal> {
    let hash = hash(name.as_bytes());
    if tx.find::<Held>(NOUN, &hash)?.is_some() {
        return Ok(None);
    }
    let held = Held {
        file_name: format!("{name}.png"),
        ..Held::default()
    };
    remember(tx, &hash, held)?;
    Ok(Some(format!("{}{hash}", link_prefix())))
}

/// What is wrong with a link in a product: another host, or one that was never uploaded here.
pub fn check_link(tx: &Tx<'_>, link: &str) -> Result<(), Refusal> {
    if !link.starts_with(LINKS) {
        return Err(Refusal::new(
            10_020_035,
            format!("image url must start with mmecimage.cn/p/: {link}"),
        ));
    }
    let known = match link.strip_prefix(&link_prefix()) {
        Some(hash) => tx.find::<Held>(NOUN, hash)?.is_some(),
        None => false,
    };
    if known {
        Ok(())
    } else {
        Err(Refusal::new(
            10_020_300,
            format!("image does not exist: {link}"),
        ))
    }
}

/// The other product that has a link among its head images.
pub fn head_of(tx: &Tx<'_>, link: &str, product: i64) -> Result<Option<i64>, Refusal> {
    let Some(hash) = link.strip_prefix(&link_prefix()) else {
        return Ok(None);
    };
    let held = tx.find::<Held>(NOUN, hash)?;
    Ok(held
        .and_then(|held| held.body.head_of)
        .filter(|other| *other != product))
}

/// Notes that a product has these head images.
pub fn claim(tx: &mut Tx<'_>, links: &[String], product: i64) -> Result<(), Refusal> {
    for link in links {
        let hash = link.strip_prefix(&link_prefix()).unwrap_or_default();
        if let Some(mut held) = tx.find::<Held>(NOUN, hash)? {
            held.body.head_of = Some(product);
            tx.put(NOUN, &held)?;
        }
    }
    Ok(())
}
