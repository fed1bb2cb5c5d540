//! Pictures of a shop.

mod once;
pub mod papers;

pub use once::{Pictures, Returned, Source, read, read_all};

use super::Shop;
use crate::api::Resend;
use crate::api::component::image::{AS_URL, ByAddress, MAX_BYTES, PATH, Picture, UploadReply};
use crate::fail::{Failure, Kind, Within, failure};
use crate::text;
use crate::types::Family;
use anyhow::Result;

/// Hosts whose pictures are WeChat's own already.
const HOSTED: [&str; 4] = [
    "mmecimage.cn",
    "mmbizurl.cn",
    "store.mp.video.tencent-cloud.com",
    "mmbiz.qpic.cn",
];

/// The errcode for an address that WeChat cannot fetch.
const NOT_FETCHED: i64 = 1_070_008;

/// Whether a picture lies with WeChat already and needs no upload.
pub fn hosted(url: &str) -> bool {
    reqwest::Url::parse(url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .is_some_and(|host| {
            HOSTED.iter().any(|known| {
                host == *known
                    || host
                        .strip_suffix(known)
                        .is_some_and(|sub| sub.ends_with('.'))
            })
        })
}

impl Shop {
    /// Uploads a picture file of at most 2 MB; its link can be used in product fields for good.
    pub async fn upload_image(&self, name: &str, bytes: Vec<u8>, kind: u8) -> Result<Picture> {
        let mime = if bytes.starts_with(&[0x89, b'P', b'N', b'G']) {
            "image/png"
        } else {
            "image/jpeg"
        };
        let reply: UploadReply = match self.family {
            Family::Component => {
                self.client
                    .upload(
                        PATH,
                        &[("resp_type", &kind.to_string()), ("upload_type", "0")],
                        name,
                        mime,
                        bytes,
                    )
                    .await?
            }
            Family::Store => return self.upload_to_store_as(name, mime, bytes, kind).await,
        };
        Ok(reply.img_info)
    }

    /// The file of a media id, as an upload for applications answered it.
    pub async fn media(&self, media_id: &str) -> Result<Vec<u8>> {
        let query = [("media_id", media_id)];
        self.client
            .read_file(crate::api::store::image::MEDIA_PATH, &query)
            .await
    }

    /// Lets WeChat fetch a picture from an address that answers without a redirect. What WeChat cannot fetch is fetched
    /// here and uploaded.
    pub async fn copy_image(&self, url: &str, kind: u8) -> Result<Picture> {
        let error = match self.let_fetch(url, kind).await {
            Ok(picture) => return Ok(picture),
            Err(error) => error,
        };
        if failure(&error).and_then(|failure| failure.errcode) != Some(NOT_FETCHED) {
            return Err(error);
        }
        let bytes = self
            .client
            .download(url, MAX_BYTES)
            .await
            .within(|| text!("downloading {url}, which WeChat could not fetch", url))?;
        match imagesize::image_type(&bytes) {
            Ok(imagesize::ImageType::Jpeg | imagesize::ImageType::Png) => {}
            _ => {
                return Err(
                    Failure::input(text!("{path} is neither a jpg nor a png", path = url)).into(),
                );
            }
        }
        self.client.tell_once(text!(
            "WeChat could not fetch {url}; it was downloaded and uploaded instead",
            url
        ));
        let name = if bytes.starts_with(&[0x89]) {
            "image.png"
        } else {
            "image.jpg"
        };
        self.upload_image(name, bytes, kind).await
    }

    async fn let_fetch(&self, url: &str, kind: u8) -> Result<Picture> {
        let body = ByAddress {
            img_url: url.to_owned(),
        };
        let reply: UploadReply = match self.family {
            Family::Component => {
                self.client
                    .post(
                        PATH,
                        &[("resp_type", &kind.to_string()), ("upload_type", "1")],
                        &body,
                        Resend::Safe,
                    )
                    .await?
            }
            Family::Store => return self.copy_to_store_as(url, kind).await,
        };
        Ok(reply.img_info)
    }

    /// The link of an uploaded picture, for product fields.
    pub async fn image_link(
        &self,
        upload: impl Future<Output = Result<Picture>>,
    ) -> Result<String> {
        upload.await?.temp_img_url.ok_or_else(|| {
            Failure::new(
                Kind::Refused,
                text!("WeChat accepted the image but returned no link"),
            )
            .hint(text!("try `wxsell image upload` with this file"))
            .into()
        })
    }
}

/// `resp_type` for links.
pub const LINK: u8 = AS_URL;

#[cfg(test)]
mod tests {
    use super::hosted;

    #[test]
    fn only_wechats_own_hosts_count_as_hosted() {
        assert!(hosted("https://mmecimage.cn/p/wx1/H"));
        assert!(hosted("https://a.mmecimage.cn/p/wx1/H"));
        assert!(!hosted("https://notmmecimage.cn/p"));
        assert!(!hosted("https://example.com/mmecimage.cn"));
        assert!(!hosted("mmecimage.cn"));
    }
}
