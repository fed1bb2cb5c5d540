//! Files that are there whole or not at all.

use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use std::io::{BufWriter, Write};
use std::path::Path;

/// The extension of a file, in lower case.
pub fn ending(path: &Path) -> Option<String> {
    let ending = path.extension()?;
    Some(ending.to_string_lossy().to_ascii_lowercase())
}

/// Writes a file that is there whole or not at all.
pub fn write(
    path: &Path,
    force: bool,
    fill: impl FnOnce(&mut BufWriter<&mut std::fs::File>) -> Result<()>,
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
    let kept = if force {
        file.persist(path)
    } else {
        file.persist_noclobber(path)
    };
    kept.map_err(|error| unwritable(&error.error))?;
    Ok(())
}

/// Refuses a file that is there already, unless it may be written over.
pub fn refuse_existing(path: &Path, force: bool) -> Result<()> {
    if path.exists() && !force {
        Err(Failure::input(text!(
            "{file} already exists",
            file = path.display().to_string()
        ))
        .hint(text!("choose another name, or use --overwrite"))
        .into())
    } else {
        Ok(())
    }
}
