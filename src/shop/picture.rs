//! A picture that is to be uploaded: a file that was read and looked at, or an address.

use crate::api::component::image::MAX_BYTES;
use crate::fail::Failure;
use crate::text;
use std::path::{Path, PathBuf};

/// A picture that was read and found fit to be sent.
#[derive(Debug)]
pub enum Picture {
    File(PathBuf, Vec<u8>),
    Address(String),
}

/// Reads a picture and looks whether WeChat would take it: jpg or png of at most 2 MB, or an address.
pub fn read(image: &str) -> Result<Picture, Failure> {
    read_up_to(image, MAX_BYTES)
}

/// As [`read`], up to so many bytes.
pub fn read_up_to(image: &str, most: u64) -> Result<Picture, Failure> {
    if image.starts_with("http://") || image.starts_with("https://") {
        return Ok(Picture::Address(image.to_owned()));
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
            Ok(Picture::File(path.to_path_buf(), bytes))
        }
        _ => Err(Failure::input(text!(
            "{path} is neither a jpg nor a png",
            path = image
        ))),
    }
}
