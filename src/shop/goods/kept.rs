//! What a list of products has read, kept beside the state until the list ends, so that one that broke off goes on where
//! it was. Each part is a line of a file; a line that was cut off is read again.

use crate::fail::Failure;
use crate::types::span::HOUR;
use anyhow::Result;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How long what was read is good, in seconds.
const GOOD_FOR: i64 = HOUR;

/// A list of products that is being read.
pub struct Reading {
    /// None where another list of this shop is being read, or nothing can be written: then nothing is kept.
    file: RefCell<Option<File>>,
    path: PathBuf,
    head: Head,
    kept: RefCell<HashMap<String, Box<RawValue>>>,
    since: Cell<Option<i64>>,
    count: Cell<usize>,
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Head {
    /// Which list: its family and its filters.
    of: String,
    /// Unix seconds.
    at: i64,
}

#[derive(Serialize, Deserialize)]
struct Part<T> {
    part: String,
    thing: T,
}

impl Reading {
    /// Begins a list, or goes on with one of the same filters that broke off less than an hour ago.
    pub fn begin(folder: &Path, shop: &str, of: String, resume: bool, now: i64) -> Reading {
        let digest = hex::encode(Sha256::digest(shop));
        let reading = Reading {
            file: RefCell::new(None),
            path: folder.join(format!("goods-read-{}.jsonl", &digest[..16])),
            head: Head { of, at: now },
            kept: RefCell::default(),
            since: Cell::new(None),
            count: Cell::new(0),
        };
        // A list that cannot be kept can still be read.
        let opened = open(&reading.path).ok();
        if let Some(mut file) = opened.filter(|file| file.try_lock().is_ok()) {
            let was_read = resume && reading.load(&mut file);
            if was_read || reading.start(&mut file).is_ok() {
                *reading.file.borrow_mut() = Some(file);
            }
        }
        reading
    }

    /// When what is not read again was read, in unix seconds; `None` where everything is read.
    pub fn since(&self) -> Option<i64> {
        self.since.get()
    }

    /// Products that were read until now, those of before included.
    pub fn count(&self) -> usize {
        self.count.get()
    }

    /// Takes what was kept of a part, once.
    pub fn take<T: DeserializeOwned>(&self, part: &str) -> Option<T> {
        let thing = self.kept.borrow_mut().remove(part)?;
        serde_json::from_str(thing.get()).ok()
    }

    /// A part without taking it.
    pub fn look<T: DeserializeOwned>(&self, part: &str) -> Option<T> {
        serde_json::from_str(self.kept.borrow().get(part)?.get()).ok()
    }

    /// Keeps a part of `products` products.
    pub fn keep<T: Serialize>(&self, part: &str, thing: &T, products: usize) {
        self.count.set(self.count.get() + products);
        let mut file = self.file.borrow_mut();
        let line = serde_json::to_vec(&Part {
            part: part.to_owned(),
            thing,
        });
        let written = match (file.as_mut(), line) {
            (Some(file), Ok(mut line)) => {
                line.push(b'\n');
                file.write_all(&line).is_ok()
            }
            _ => false,
        };
        if !written {
            // Half a file would be half a list; the rest is read without it.
            *file = None;
        }
    }

    /// Counts a part that was kept before.
    pub fn counts(&self, products: usize) {
        self.count.set(self.count.get() + products);
    }

    /// Forgets what was kept: the list is another one by now.
    pub fn forget(&self) {
        self.kept.borrow_mut().clear();
        self.since.set(None);
        let mut file = self.file.borrow_mut();
        if let Some(open) = file.as_mut()
            && self.start(open).is_err()
        {
            *file = None;
        }
    }

    /// The list is read: nothing of it is needed any more.
    pub fn end(self) {
        if let Some(file) = self.file.into_inner() {
            // Windows removes no open file.
            drop(file);
            drop(std::fs::remove_file(&self.path));
        }
    }

    fn start(&self, file: &mut File) -> Result<()> {
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        let mut line = serde_json::to_vec(&self.head)?;
        line.push(b'\n');
        file.write_all(&line)?;
        Ok(())
    }

    /// Whether the file holds the same list from less than an hour ago.
    fn load(&self, file: &mut File) -> bool {
        let mut text = Vec::new();
        if file.read_to_end(&mut text).is_err() {
            return false;
        }
        // What stands behind the last end of a line was cut off.
        let whole = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let mut lines = text[..whole].split(|byte| *byte == b'\n');
        let head: Option<Head> = lines
            .next()
            .and_then(|line| serde_json::from_slice(line).ok());
        let Some(head) = head.filter(|head| head.of == self.head.of) else {
            return false;
        };
        let age = self.head.at - head.at;
        let end = u64::try_from(whole).unwrap_or(u64::MAX);
        if !(0..=GOOD_FOR).contains(&age)
            || file.set_len(end).is_err()
            || file.seek(SeekFrom::End(0)).is_err()
        {
            return false;
        }
        let parts =
            lines.filter_map(|line| serde_json::from_slice::<Part<Box<RawValue>>>(line).ok());
        self.kept
            .borrow_mut()
            .extend(parts.map(|part| (part.part, part.thing)));
        self.since.set(Some(head.at));
        true
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map_err(|error| Failure::from_any(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(folder: &Path, of: &str, resume: bool, now: i64) -> Reading {
        Reading::begin(folder, "shop", of.to_owned(), resume, now)
    }

    #[test]
    fn a_list_goes_on_within_an_hour_and_with_the_same_filters() {
        let folder = tempfile::tempdir().expect("a folder");
        let broken_off = begin(folder.path(), "a", false, 1000);
        broken_off.keep("1", &"one", 1);
        broken_off.keep("2", &"two", 1);
        // Another list of the shop meanwhile keeps nothing and takes nothing.
        begin(folder.path(), "a", false, 1000).end();
        drop(broken_off);
        for (of, now) in [("b", 1001), ("a", 1000 + GOOD_FOR + 1), ("a", 999)] {
            let copy = tempfile::tempdir().expect("a folder");
            for entry in std::fs::read_dir(folder.path()).expect("files") {
                let entry = entry.expect("a file");
                std::fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("copied");
            }
            assert_eq!(
                begin(copy.path(), of, true, now).since(),
                None,
                "{of} {now}"
            );
        }
        let resumed = begin(folder.path(), "a", true, 1001);
        assert_eq!(resumed.since(), Some(1000));
        assert_eq!(resumed.take::<String>("1").as_deref(), Some("one"));
        assert_eq!(resumed.take::<String>("1"), None, "once");
        resumed.end();
        assert_eq!(
            begin(folder.path(), "a", true, 1002).since(),
            None,
            "it ended"
        );
    }

    #[test]
    fn a_line_that_was_cut_off_is_no_part() {
        let folder = tempfile::tempdir().expect("a folder");
        let reading = begin(folder.path(), "a", false, 1000);
        reading.keep("1", &"one", 1);
        let path = reading.path.clone();
        drop(reading);
        let mut text = std::fs::read(&path).expect("bytes");
        text.extend(b"{\"part\":\"2\",\"thi");
        std::fs::write(&path, text).expect("written");
        let resumed = begin(folder.path(), "a", true, 1001);
        assert_eq!(resumed.take::<String>("2"), None);
        resumed.keep("2", &"two", 1);
        drop(resumed);
        let again = begin(folder.path(), "a", true, 1002);
        assert_eq!(again.take::<String>("1").as_deref(), Some("one"));
        assert_eq!(again.take::<String>("2").as_deref(), Some("two"));
    }
}
