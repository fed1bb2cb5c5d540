//! Images of the WeChat Store: `/channels/ec/basics/img/upload`. A multipart file or a JSON address.

use super::or_default;
use serde::{Deserialize, Serialize};

/// Query: `upload_type` (0 the file in the multipart part `media`, with its `width` and `height`; 1 the address in the
/// JSON body) and `resp_type` (0 `media_id`, 1 a lasting `img_url`).
pub const PATH: &str = "/channels/ec/basics/img/upload";
/// Query: `upload_type` as above, and `scene_type`, what the image is for; only 170 is known.
pub const V2_PATH: &str = "/shop/ec/basics/img/uploadv2";

/// GET; query: `media_id`. The answer is the file itself; what is refused is JSON.
pub const MEDIA_PATH: &str = "/channels/ec/basics/media/get";

/// The largest image of a product that is taken.
pub const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// The largest proof (`resp_type` 0).
pub const MAX_PROOF_BYTES: u64 = 2 * 1024 * 1024;
/// Where links of the Store lead to. Only these are taken in products.
pub const LINKS: &str = "https://mmecimage.cn/p/";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ByAddress {
    pub img_url: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UploadReply {
    pub pic_file: Image,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Image {
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub media_id: String,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub pay_media_id: String,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub img_url: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UploadV2Reply {
    pub img_info: Image,
}
