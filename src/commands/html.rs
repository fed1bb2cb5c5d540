//! `--html FILE`: what a command shows, also as a page.

use super::Ctx;
use crate::fail::Failure;
use crate::output::Page;
use crate::text;
use anyhow::Result;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Also used where a command has such a page.
#[derive(Debug, clap::Args)]
pub struct Html {
    /// Also write a page with tables and charts to this file
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    html: Option<PathBuf>,
    /// Overwrite the page if it exists
    #[arg(long = "overwrite", alias = "force", requires = "html")]
    force: bool,
}

impl Html {
    /// Refuses a file that exists, before anything is read for it.
    pub fn check(&self) -> Result<()> {
        match &self.html {
            Some(path) if path.exists() && !self.force => Err(Failure::input(text!(
                "{file} already exists",
                file = path.display().to_string()
            ))
            .hint(text!("choose another name, or use --overwrite"))
            .into()),
            _ => Ok(()),
        }
    }

    /// Writes the page, where one was asked for: whole or not at all.
    pub fn write(&self, ctx: &Ctx, page: impl FnOnce() -> Page) -> Result<()> {
        let Some(path) = &self.html else {
            return Ok(());
        };
        let shown = path.display().to_string();
        write(path, &page().render()).map_err(|error| {
            Failure::input(text!(
                "cannot write {file}: {why}",
                file = &shown,
                why = error.to_string()
            ))
        })?;
        ctx.out.note(text!("wrote {path}", path = shown));
        Ok(())
    }
}

fn write(path: &Path, page: &str) -> Result<()> {
    let folder = path.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(".wxsell")
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(page.as_bytes())?;
    file.as_file().sync_all()?;
    crate::bulk::failed::readable_like_others(file.as_file())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
