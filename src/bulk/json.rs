//! JSON files: one document a line (.jsonl), or one array of documents (.json). Each comes with the line it starts on.

use super::source::{SourceKind, cannot_read};
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use serde_json::value::RawValue;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

/// A `.json` file is read whole, since an array cannot be cut into lines.
const LARGEST_JSON: u64 = 256 * 1024 * 1024;
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// One document: where it starts, and its text or what is wrong with it.
pub struct Document<'a> {
    pub line: u32,
    pub text: Result<&'a str, String>,
}

/// Hands every document to `take`, in order, until it says false. `file` stands at its start.
pub fn each(
    name: &str,
    file: File,
    kind: SourceKind,
    take: &mut dyn FnMut(Document<'_>) -> Result<bool>,
) -> Result<()> {
    match kind {
        SourceKind::Json => each_of_array(name, file, take),
        _ => each_line(name, file, take),
    }
}

fn each_line(
    name: &str,
    file: File,
    take: &mut dyn FnMut(Document<'_>) -> Result<bool>,
) -> Result<()> {
    let mut reader = BufReader::with_capacity(256 * 1024, file);
    let mut bytes = Vec::new();
    let mut line = 0u32;
    loop {
        bytes.clear();
        Read::by_ref(&mut reader)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut bytes)
            .map_err(|error| cannot_read(name, error))?;
        if bytes.is_empty() {
            return Ok(());
        }
        line = line.saturating_add(1);
        if bytes.len() as u64 == LONGEST_LINE {
            return Err(Failure::input(text!(
                "{file}:{line}: the line is longer than {most} bytes",
                file = name,
                line,
                most = LONGEST_LINE
            ))
            .hint(text!(
                "write one product on each line; for one array of products use the extension .json"
            ))
            .into());
        }
        let whole = bytes
            .strip_prefix(b"\xEF\xBB\xBF")
            .unwrap_or(&bytes)
            .trim_ascii();
        if !whole.is_empty() {
            let goes_on = take(Document {
                line,
                text: std::str::from_utf8(whole).map_err(|error| error.to_string()),
            })?;
            if !goes_on {
                return Ok(());
            }
        }
    }
}

fn each_of_array(
    name: &str,
    file: File,
    take: &mut dyn FnMut(Document<'_>) -> Result<bool>,
) -> Result<()> {
    let mut text = String::new();
    file.take(LARGEST_JSON + 1)
        .read_to_string(&mut text)
        .map_err(|error| cannot_read(name, error))?;
    if text.len() as u64 > LARGEST_JSON {
        return Err(Failure::input(text!(
            "{file} is larger than {most} MB",
            file = name,
            most = LARGEST_JSON / 1024 / 1024
        ))
        .hint(text!(
            "write one product on each line and give the file the extension .jsonl"
        ))
        .into());
    }
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let broken = |error: serde_json::Error| {
        Failure::input(text!(
            "{file}:{line}: not JSON: {why}",
            file = name,
            line = error.line(),
            why = error.to_string()
        ))
        .hint(text!(
            "write an array of products, or one product on each line with the extension .jsonl"
        ))
    };
    if !text.trim_start().starts_with('[') {
        let only: &RawValue = serde_json::from_str(text).map_err(broken)?;
        return take(Document {
            line: 1,
            text: Ok(only.get()),
        })
        .map(drop);
    }
    let documents: Vec<&RawValue> = serde_json::from_str(text).map_err(broken)?;
    let (mut line, mut seen) = (1u32, 0);
    for document in documents {
        // Each borrows from `text`, so that its place there gives its line.
        let start = document.get().as_ptr().addr() - text.as_ptr().addr();
        let breaks = text.as_bytes()[seen..start]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        line = line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        seen = start;
        let goes_on = take(Document {
            line,
            text: Ok(document.get()),
        })?;
        if !goes_on {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::{Seek, Write};

    fn documents(bytes: &[u8], kind: SourceKind) -> Result<Vec<(u32, Result<String, String>)>> {
        let mut file = tempfile::tempfile()?;
        file.write_all(bytes)?;
        file.rewind()?;
        let mut found = Vec::new();
        each("a.json", file, kind, &mut |document| {
            found.push((document.line, document.text.map(str::to_owned)));
            Ok(true)
        })?;
        Ok(found)
    }

    #[test]
    fn documents_know_their_line() {
        let array = documents(
            b"\xEF\xBB\xBF[\n {\"a\":1},\n\n {\"b\":\n2}\n]",
            SourceKind::Json,
        )
        .expect("documents");
        assert_eq!(
            array,
            [(2, Ok("{\"a\":1}".into())), (4, Ok("{\"b\":\n2}".into()))]
        );
        let lines = documents(b"{\"a\":1}\r\n\n{\"b\":2}", SourceKind::Jsonl).expect("documents");
        assert_eq!(
            lines,
            [(1, Ok("{\"a\":1}".into())), (3, Ok("{\"b\":2}".into()))]
        );
        assert_eq!(
            documents(b"{\n\"a\":1}", SourceKind::Json)
                .expect("one")
                .len(),
            1
        );
    }

    #[test]
    fn a_broken_array_is_reported_with_its_line() {
        let error = documents(b"[{\"a\":1},\n{\"b\":}]", SourceKind::Json).expect_err("broken");
        assert!(error.to_string().starts_with("a.json:2:"), "{error}");
    }

    proptest! {
        #[test]
        fn any_bytes_as_json_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = documents(&bytes, SourceKind::Json);
            let _ = documents(&bytes, SourceKind::Jsonl);
        }
    }
}
