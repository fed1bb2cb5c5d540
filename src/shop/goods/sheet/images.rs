//! The pictures a catalogue names: addresses pass through, files on disk are checked and known by their content.

use super::cells::Fault;
use crate::api::component::goods::AddSpu;
use crate::api::component::image::MAX_BYTES;
use crate::text;
use crate::types::spelling::invisible;
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
                    return Err(unsound(reference));
                }
                resolved.push(reference.clone());
                continue;
            }
            if reference.starts_with("//") {
                return Err(Fault::new(text!(
                    "\"{address}\" is an address without https:",
                    address = reference
                ))
                .hint(text!("write https:{address}", address = reference)));
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
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let name = host.split(':').next().unwrap_or_default();
        let own = matches!(name, "localhost" | "0.0.0.0" | "[") || name.starts_with("127.");
        !host.is_empty()
            && (name.contains('.') || own)
            && several(reference).is_none()
            && !rest.contains(|c: char| {
                c.is_whitespace()
                    || matches!(c, '"' | '<' | '>' | '，' | '；' | '、')
                    || invisible(c).is_some()
            })
    })
}

/// The sign between several addresses that were written as one.
fn several(reference: &str) -> Option<char> {
    let again = reference
        .match_indices("://")
        .nth(1)
        .map(|(at, _)| &reference[..at])?;
    // An address inside another, as a parameter, is no second picture.
    let before = again.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let sign = before.chars().next_back()?;
    (matches!(sign, ',' | ';' | '，' | '；' | '、' | '&') && !before.contains('?')
        || sign.is_whitespace())
    .then_some(sign)
}

/// What is wrong with an address.
fn unsound(reference: &str) -> Fault {
    let fault = Fault::new(text!(
        "\"{address}\" is not an address of an image",
        address = reference
    ));
    if several(reference).is_some() {
        return fault.hint(text!("separate several images with |"));
    }
    if let Some((c, name)) = reference
        .chars()
        .find_map(|c| invisible(c).map(|name| (c, name)))
    {
        return fault.hint(text!(
            "there is {name} ({code}) in it: type it again",
            name,
            code = format!("U+{:04X}", u32::from(c))
        ));
    }
    if reference.contains(char::is_whitespace) {
        return fault.hint(text!(
            "an address cannot contain spaces: write %20 for one, or | between several images"
        ));
    }
    if let Some(sign) = reference
        .chars()
        .find(|c| matches!(c, '"' | '<' | '>' | '，' | '；' | '、'))
    {
        return fault.hint(text!("remove {sign} from it", sign));
    }
    fault.hint(text!(
        "write an address that starts with https:// or http://, or the name of a file"
    ))
}

/// What to do about a file that is not there: several names in one, or a name in other letters.
fn nearest_file(path: &Path) -> Option<crate::lang::Text> {
    let wanted = path.file_name()?.to_string_lossy().into_owned();
    let is_image = |name: &str| {
        [".jpg", ".jpeg", ".png"]
            .iter()
            .any(|ending| name.to_ascii_lowercase().trim_end().ends_with(ending))
    };
    let shown = path.to_string_lossy();
    let pieces = shown
        .split([',', ';', '，', '；', '、', ' ', '\t'])
        .filter(|piece| is_image(piece))
        .count();
    if pieces > 1 {
        return Some(text!("separate several images with |"));
    }
    // The folder may be written otherwise as well.
    let mut found = PathBuf::new();
    for part in path.components() {
        let next = found.join(part);
        if next.exists() {
            found = next;
            continue;
        }
        let name = part.as_os_str().to_string_lossy().to_lowercase();
        let folder = if found.as_os_str().is_empty() {
            Path::new(".")
        } else {
            found.as_path()
        };
        let entry = std::fs::read_dir(folder)
            .ok()?
            .filter_map(Result::ok)
            .find(|entry| {
                let other = entry.file_name().to_string_lossy().to_lowercase();
                other == name
                    || (part.as_os_str() == wanted.as_str() && without_ending(&other) == name)
            })?;
        found.push(entry.file_name());
    }
    Some(text!(
        "the folder has {path}",
        path = found.display().to_string()
    ))
}

fn without_ending(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
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
        // macOS keeps notes on a.jpg in ._a.jpg.
        .filter(|path| {
            let name = path.file_name().unwrap_or_default();
            !name.to_string_lossy().starts_with("._")
        })
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
            "the folder {path} contains no jpg or png",
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
            Fault::new(text!("there is no image {path}", path = &shown)).hint(
                nearest_file(path)
                    .unwrap_or_else(|| text!("image paths are relative to the spreadsheet")),
            )
        }
        _ => Fault::new(text!(
            "cannot read the image {path}: {why}",
            path = &shown,
            why = error.to_string()
        )),
    })?;
    if meta.len() > MAX_BYTES {
        return Err(Fault::new(text!(
            "the image {path} has {size} bytes; the limit is 2 MB",
            path = shown,
            size = meta.len()
        ))
        .hint(text!(
            "make it smaller, e.g. save it as jpg with lower quality"
        )));
    }
    let bytes = std::fs::read(path).map_err(|error| {
        Fault::new(text!(
            "cannot read the image {path}: {why}",
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
                "save the image as jpg or png; renaming it is not enough"
            )),
        );
    }
    match imagesize::blob_size(&bytes) {
        Ok(size) if size.width > 0 && size.height > 0 => {}
        _ => {
            return Err(Fault::new(text!(
                "the image {path} is damaged: its width and height cannot be read",
                path = shown
            )));
        }
    }
    if !is_whole(&bytes) {
        return Err(Fault::new(text!(
            "the image {path} is damaged: the file is cut off",
            path = shown
        ))
        .hint(text!("copy or save it again")));
    }
    Ok(hex::encode(Sha256::digest(&bytes)))
}

/// Whether a jpg or png has its end. A jpg may be followed by what a camera adds.
fn is_whole(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"\x89PNG") {
        let mut rest = &bytes[8..];
        // Each chunk: length, name, content, sum.
        while let Some((head, after)) = rest.split_at_checked(8) {
            let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
            if after.len() < length.saturating_add(4) {
                return false;
            }
            if &head[4..] == b"IEND" {
                return true;
            }
            rest = &after[length + 4..];
        }
        return false;
    }
    // Segments with their lengths, which may hold a small picture of their own, up to the lines of this one.
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let [0xFF, marker, tail @ ..] = rest {
        rest = match (marker, tail) {
            (0xDA, lines) => return lines.windows(2).any(|pair| pair == b"\xFF\xD9"),
            (0xFF, _) => &rest[1..],
            (_, [high, low, ..]) => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                match tail.get(length.max(2)..) {
                    Some(rest) => rest,
                    None => return false,
                }
            }
            _ => return false,
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a picture of 3 x 2, which is all that is looked at.
    const PNG: &[u8] =
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02\x08\x02\0\0\0sum.\0\0\0\0IENDsum.";
    const JPG: &[u8] = b"\xFF\xD8\xFF\xE1\0\x08th\xFF\xD9mb\xFF\xC0\0\x0B\x08\0\x02\0\x03\x01\x01\x11\0\xFF\xDA\0\x04\x01\0lines\xFF\xD9";

    #[test]
    fn a_picture_without_its_end_is_damaged() {
        assert!(is_whole(PNG) && is_whole(JPG));
        assert!(is_whole(&[JPG, b"what a camera adds"].concat()));
        for cut in 1..8 {
            assert!(!is_whole(&PNG[..PNG.len() - cut]), "{cut}");
        }
        // The small picture inside has an end of its own.
        assert!(!is_whole(&JPG[..JPG.len() - 2]));
        assert!(!is_whole(&JPG[..20]));
    }

    #[test]
    fn what_is_wrong_with_a_reference_is_said() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("img")).expect("a folder");
        std::fs::write(dir.path().join("img/a.jpg"), JPG).expect("a file");
        std::fs::write(dir.path().join("img/._a.jpg"), "macOS").expect("a file");
        let hint = |reference: &str| {
            let mut list = vec![reference.to_owned()];
            Images::default()
                .resolve(dir.path(), &mut list)
                .err()
                .and_then(|fault| fault.hint)
                .map(|hint| hint.to_string())
                .unwrap_or_default()
        };
        for (reference, words) in [
            (
                "https://e.com/1.jpg,https://e.com/2.jpg",
                "separate several images with |",
            ),
            (
                "https://e.com/1.jpg;https://e.com/2.jpg",
                "separate several images with |",
            ),
            (
                "https://e.com/1.jpg，https://e.com/2.jpg",
                "separate several images with |",
            ),
            ("img/a.jpg,img/b.jpg", "separate several images with |"),
            ("img/a.jpg img/b.jpg", "separate several images with |"),
            ("https://e.com/a b.jpg", "cannot contain spaces"),
            ("https://e.com/a.jpg\u{200B}", "a zero-width space"),
            ("https://e.com/a.jpg\"", "remove \""),
            (
                "//img.example.com/a.jpg",
                "write https://img.example.com/a.jpg",
            ),
            ("IMG/A.JPG", "the folder has "),
            ("img/a", "the folder has "),
        ] {
            assert!(
                hint(reference).contains(words),
                "{reference}: {}",
                hint(reference)
            );
        }
        for reference in [
            "https://e.com/a.jpg?from=https://f.com/b",
            "https://e.com/a,b.jpg",
            "img",
        ] {
            assert_eq!(hint(reference), "", "{reference}");
        }
    }

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
            ("big.png", "the limit is 2 MB"),
            ("text.jpg", "not a jpg or png"),
            ("cut.png", "damaged"),
            ("gif.png", "not a jpg or png"),
            ("none.png", "there is no image"),
            ("empty", "contains no jpg or png"),
            ("https:///a.jpg", "not an address"),
            ("ftp://a/b.jpg", "not an address"),
        ] {
            let said = resolve(dir.path(), &[name]).expect_err(name);
            assert!(said.contains(words), "{name}: {said}");
        }
    }
}
