//! The pictures a catalogue names: addresses pass through, files on disk are checked and known by their content.

use super::cells::Fault;
use crate::api::component::goods::AddSpu;
use crate::api::component::image::MAX_BYTES;
use crate::text;
use imagesize::ImageType;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What stands in a draft for a picture on disk; the hex of its SHA-256 follows.
pub const BY_CONTENT: &str = "sha256:";

/// Every picture of a product.
pub fn images_of(spu: &AddSpu) -> impl Iterator<Item = &String> {
    let AddSpu {
        head_img,
        qualification_pics,
        desc_info,
        skus,
        ..
    } = spu;
    head_img
        .iter()
        .chain(qualification_pics.iter().flatten())
        .chain(desc_info.iter().flat_map(|desc| desc.imgs.iter()))
        .chain(skus.iter().map(|sku| &sku.thumb_img))
        .filter(|image| !image.is_empty())
}

/// [`images_of`], to be replaced.
pub fn images_of_mut(spu: &mut AddSpu) -> impl Iterator<Item = &mut String> {
    let AddSpu {
        head_img,
        qualification_pics,
        desc_info,
        skus,
        ..
    } = spu;
    head_img
        .iter_mut()
        .chain(qualification_pics.iter_mut().flatten())
        .chain(desc_info.iter_mut().flat_map(|desc| desc.imgs.iter_mut()))
        .chain(skus.iter_mut().map(|sku| &mut sku.thumb_img))
        .filter(|image| !image.is_empty())
}

/// Every picture file of a catalogue.
#[derive(Debug, Default)]
pub struct Images {
    /// Where a name led to, so that each file is read once.
    seen: HashMap<PathBuf, Result<String, Fault>>,
    folders: HashMap<PathBuf, Result<Vec<PathBuf>, Fault>>,
    files: HashMap<String, PathBuf>,
}

impl Images {
    /// The references in one cell as they are sent: addresses unchanged, files as `sha256:…`, a folder as its pictures.
    pub fn resolve(&mut self, folder: &Path, references: &mut Vec<String>) -> Result<(), Fault> {
        if references
            .iter()
            .all(|reference| is_sound_address(reference))
        {
            return Ok(());
        }
        let mut resolved = Vec::with_capacity(references.len());
        for reference in references.iter() {
            if reference.contains("://") {
                if !is_sound_address(reference) {
                    return Err(Fault::new(text!("\"{address}\" is not an address of a picture", address = reference))
                        .hint(text!("write an address that starts with https:// or http://, or the name of a file")));
                }
                resolved.push(reference.clone());
                continue;
            }
            let path = locate(folder, reference);
            if path.is_dir() {
                for file in self.in_folder(&path)? {
                    resolved.push(self.file(&file)?);
                }
            } else {
                resolved.push(self.file(&path)?);
            }
        }
        *references = resolved;
        Ok(())
    }

    /// The file behind `sha256:…` or its bare hex.
    pub fn path(&self, hash: &str) -> Option<&Path> {
        self.files
            .get(hash.strip_prefix(BY_CONTENT).unwrap_or(hash))
            .map(PathBuf::as_path)
    }

    /// How many different pictures there are on disk.
    pub fn count(&self) -> usize {
        self.files.len()
    }

    fn file(&mut self, path: &Path) -> Result<String, Fault> {
        if let Some(known) = self.seen.get(path) {
            return known.clone();
        }
        let checked = checked_hash(path);
        if let Ok(hash) = &checked {
            self.files
                .entry(hash.clone())
                .or_insert_with(|| path.to_path_buf());
        }
        let reference = checked.map(|hash| format!("{BY_CONTENT}{hash}"));
        self.seen.insert(path.to_path_buf(), reference.clone());
        reference
    }

    fn in_folder(&mut self, folder: &Path) -> Result<Vec<PathBuf>, Fault> {
        self.folders
            .entry(folder.to_path_buf())
            .or_insert_with(|| pictures_in(folder))
            .clone()
    }
}

fn is_sound_address(reference: &str) -> bool {
    let rest = reference
        .strip_prefix("https://")
        .or_else(|| reference.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.starts_with('/') && !rest.is_empty() && !rest.contains(char::is_whitespace)
    })
}

/// Sheets made on Windows separate folders with backslashes.
fn locate(folder: &Path, reference: &str) -> PathBuf {
    let path = folder.join(reference);
    if !cfg!(windows) && reference.contains('\\') && !path.exists() {
        return folder.join(reference.replace('\\', "/"));
    }
    path
}

fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let shown = folder.display().to_string();
    let entries = std::fs::read_dir(folder).map_err(|error| {
        Fault::new(text!(
            "cannot read the folder {path}: {why}",
            path = &shown,
            why = error.to_string()
        ))
    })?;
    let mut pictures: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension().is_some_and(|ending| {
                ["jpg", "jpeg", "png"]
                    .iter()
                    .any(|known| ending.eq_ignore_ascii_case(known))
            })
        })
        .collect();
    if pictures.is_empty() {
        return Err(Fault::new(text!(
            "the folder {path} holds no jpg or png",
            path = shown
        )));
    }
    pictures.sort_by_cached_key(|path| {
        natural_key(&path.file_name().unwrap_or_default().to_string_lossy())
    });
    Ok(pictures)
}

/// `2.jpg` before `10.jpg`: text, then a number, then text …
fn natural_key(name: &str) -> Vec<(String, u64)> {
    let mut key = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let word = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let digits = rest[word..]
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len() - word);
        key.push((
            rest[..word].to_lowercase(),
            rest[word..word + digits].parse().unwrap_or(u64::MAX),
        ));
        rest = &rest[word + digits..];
    }
    key
}

fn checked_hash(path: &Path) -> Result<String, Fault> {
    let shown = path.display().to_string();
    let meta = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Fault::new(text!("there is no picture {path}", path = &shown))
                .hint(text!("names of pictures start at the folder of the sheet"))
        }
        _ => Fault::new(text!(
            "cannot read the picture {path}: {why}",
            path = &shown,
            why = error.to_string()
        )),
    })?;
    if meta.len() > MAX_BYTES {
        return Err(Fault::new(text!(
            "the picture {path} has {size} bytes; 2 MB at most are taken",
            path = shown,
            size = meta.len()
        ))
        .hint(text!("save it smaller, e.g. as jpg with less quality")));
    }
    let bytes = std::fs::read(path).map_err(|error| {
        Fault::new(text!(
            "cannot read the picture {path}: {why}",
            path = &shown,
            why = error.to_string()
        ))
    })?;
    if !matches!(
        imagesize::image_type(&bytes),
        Ok(ImageType::Jpeg | ImageType::Png)
    ) {
        return Err(
            Fault::new(text!("{path} is not a jpg or png", path = shown)).hint(text!(
                "save the picture as jpg or png; a new ending is not enough"
            )),
        );
    }
    match imagesize::blob_size(&bytes) {
        Ok(size) if size.width > 0 && size.height > 0 => {}
        _ => {
            return Err(Fault::new(text!(
                "the picture {path} is damaged: its width and height cannot be read",
                path = shown
            )));
        }
    }
    Ok(hex::encode(Sha256::digest(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a picture of 3 x 2, which is all that is looked at.
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02\x08\x02\0\0\0";

    fn resolve(folder: &Path, references: &[&str]) -> Result<Vec<String>, String> {
        let mut list: Vec<String> = references
            .iter()
            .map(|reference| (*reference).to_owned())
            .collect();
        Images::default()
            .resolve(folder, &mut list)
            .map_err(|fault| fault.message.to_string())?;
        Ok(list)
    }

    #[test]
    fn addresses_pass_through_and_files_are_known_by_content() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("p")).expect("a folder");
        for name in ["p/10.png", "p/2.png", "a.png"] {
            std::fs::write(dir.path().join(name), [PNG, name.as_bytes()].concat()).expect("a file");
        }
        std::fs::write(dir.path().join("p/notes.txt"), "no picture").expect("a file");
        let sent = resolve(
            dir.path(),
            &["https://img.example.com/a.jpg", "p", "p\\2.png"],
        )
        .expect("pictures");
        assert_eq!(sent.len(), 4);
        assert_eq!(sent[0], "https://img.example.com/a.jpg");
        assert_eq!(sent[1], sent[3], "2.png comes before 10.png");
        assert!(sent[2].starts_with(BY_CONTENT));
    }

    #[test]
    fn pictures_that_wechat_would_refuse_are_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let big = [PNG, &vec![0; MAX_BYTES as usize]].concat();
        for (name, bytes) in [
            ("big.png", &big[..]),
            ("text.jpg", b"hello"),
            ("cut.png", &PNG[..20]),
            ("gif.png", b"GIF89a\x01\0\x01\0\0\0\0"),
        ] {
            std::fs::write(dir.path().join(name), bytes).expect("a file");
        }
        std::fs::create_dir(dir.path().join("empty")).expect("a folder");
        for (name, words) in [
            ("big.png", "2 MB at most"),
            ("text.jpg", "not a jpg or png"),
            ("cut.png", "damaged"),
            ("gif.png", "not a jpg or png"),
            ("none.png", "there is no picture"),
            ("empty", "holds no jpg or png"),
            ("https:///a.jpg", "not an address"),
            ("ftp://a/b.jpg", "not an address"),
        ] {
            let said = resolve(dir.path(), &[name]).expect_err(name);
            assert!(said.contains(words), "{name}: {said}");
        }
    }
}
