//! Who else may read or write what holds secrets: our own files, files that people name, and the folder of settings.

use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// No AppSecret is near this; a wrong path (a disk image, `/dev/zero`) must not fill the memory.
pub(super) const MAX_BYTES: u64 = 64 * 1024;

/// Reads a file that holds a secret and was named by its path. One that others may read is refused; a pipe is not asked.
pub fn read_given(path: &Path) -> Result<io::Result<Vec<u8>>, Failure> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return Ok(Err(error)),
    };
    check_mode(&file, path)?;
    Ok(read_bounded(file))
}

#[cfg(unix)]
pub(super) fn check_private(file: &File, path: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let about = file.metadata().map_err(|error| unreadable(path, &error))?;
    let shown = path.display().to_string();
    let own = rustix::process::geteuid().as_raw();
    if about.uid() != own {
        return Err(Failure::access(text!(
            "{path} belongs to another user (UID {owner})",
            path = &shown,
            owner = about.uid()
        ))
        .hint(text!(
            "move that file away, then run `wxsell auth login` again to create your own"
        ))
        .into());
    }
    Ok(check_mode(file, path)?)
}

#[cfg(unix)]
fn check_mode(file: &File, path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;
    let Ok(about) = file.metadata() else {
        return Ok(());
    };
    if !about.is_file() || about.mode() & 0o077 == 0 {
        return Ok(());
    }
    let shown = path.display().to_string();
    let mode = format!("{:03o}", about.mode() & 0o777);
    Err(Failure::access(text!(
        "{path} can be read by others (mode {mode})",
        path = &shown,
        mode
    ))
    .hint(text!(
        "run `chmod 600 {path}`; if others had access, reset the AppSecret in the console",
        path = shown
    )))
}

#[cfg(not(unix))]
fn check_mode(_file: &File, _path: &Path) -> Result<(), Failure> {
    Ok(())
}

/// Refuses a folder of settings that everybody may write to: they could name a program that is run for the secret.
#[cfg(unix)]
pub(super) fn check_folder(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;
    let open = std::fs::metadata(folder).is_ok_and(|about| about.mode() & 0o1002 == 0o002);
    if !open {
        return Ok(());
    }
    let path = folder.display().to_string();
    Err(
        Failure::access(text!("{path} is writable by everyone", path = &path)).hint(text!(
            "run `chmod 700 {path}`, and check the config.toml in it before you continue",
            path
        )),
    )
}

#[cfg(not(unix))]
pub(super) fn check_folder(_folder: &Path) -> Result<(), Failure> {
    Ok(())
}

/// The folder lies in the user's own profile, whose access list Windows gives to new files.
#[cfg(not(unix))]
pub(super) fn check_private(_file: &File, _path: &Path) -> Result<()> {
    Ok(())
}

pub(super) fn read_bounded(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::input(text!(
        "cannot read {path}: {error}",
        path = path.display().to_string(),
        error = error.to_string()
    ))
}
