//! Pictures of the custom component: `/shop/img/upload`. It takes a multipart file or a JSON address, so it is not
//! an [`Endpoint`](crate::api::Endpoint).

use serde::{Deserialize, Serialize};

/// Query: `resp_type` (0 `media_id`, 1 `temp_img_url`, 2 `pay_media_id`) and `upload_type` (0 the file in
/// the multipart part `media`, 1 the address in the JSON body). At most 2 MB, jpg or png.
pub const PATH: &str = "/shop/img/upload";

/// The largest picture WeChat takes.
pub const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// `resp_type` for a link to use in product fields; the link stays valid on WeChat's side.
pub const AS_URL: u8 = 1;

/// The body of `upload_type` 1. WeChat fetches the address itself and follows no redirect.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ByAddress {
    pub img_url: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct UploadReply {
    #[serde(default)]
    pub img_info: Picture,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Picture {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temp_img_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pay_media_id: Option<String>,
}
