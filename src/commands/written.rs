//! Files that commands write: there whole or not at all, and never over another one unasked.

use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// The extension of a file, in lower case.
pub fn ending(path: &Path) -> Option<String> {
    let ending = path.extension()?;
    Some(ending.to_string_lossy().to_ascii_lowercase())
}

/// Refuses a file that exists, unless it may be replaced.
///
/// # Errors
/// Of kind `Input`.
pub fn refuse_existing(path: &Path, overwrite: bool) -> Result<()> {
    match path.exists() && !overwrite {
        true => Err(Failure::input(text!(
            "{file} exists already",
            file = path.display().to_string()
        ))
        .hint(text!("choose another name, or use --overwrite"))
        .into()),
        false => Ok(()),
    }
}

/// Writes a file that is there whole or not at all: a file that is only half there would look like the whole shop.
///
/// # Errors
/// What `fill` fails with, a folder that cannot be written, and a file that came meanwhile.
pub fn write(
    path: &Path,
    overwrite: bool,
    fill: impl FnOnce(&mut BufWriter<&mut File>) -> Result<()>,
) -> Result<()> {
    let shown = path.display().to_string();
    let unwritable = |error: &dyn std::fmt::Display| {
        Failure::input(text!(
            "cannot write {file}: {why}",
            file = &shown,
            why = error.to_string()
        ))
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(".wxsell")
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(|error| unwritable(&error))?;
    {
        let mut out = BufWriter::new(file.as_file_mut());
        fill(&mut out)?;
        out.flush().map_err(|error| unwritable(&error))?;
    }
    file.as_file()
        .sync_all()
        .map_err(|error| unwritable(&error))?;
    crate::bulk::failed::readable_like_others(file.as_file())?;
    let kept = match overwrite {
        true => file.persist(path),
        false => file.persist_noclobber(path),
    };
    kept.map_err(|error| unwritable(&error.error))?;
    Ok(())
}
