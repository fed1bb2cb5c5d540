//! A workbook as the archive it is: its parts, bounded before the reader of values takes them into memory, and what that
//! reader does not understand put right.

use super::scan::{Facts, Guarded, MOST, Scan, attribute, place_of};
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use zip::read::ZipFile;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Parts that are taken into memory whole may unpack to this without a second thought.
const PART: u64 = 32 * 1024 * 1024;
/// Beyond [`PART`], real text packs no better than this.
const RATIO: u64 = 100;
/// Nothing that is taken into memory whole may be larger.
const LARGEST_PART: u64 = 1024 * 1024 * 1024;
/// Where a sheet says how large it is.
const HEAD: u64 = 64 * 1024;

/// A workbook as the archive it is.
pub struct Archive {
    name: String,
    zip: ZipArchive<BufReader<File>>,
    /// Plain name of a part → its name in the archive.
    parts: HashMap<String, String>,
}

fn plain(name: &str) -> String {
    name.replace('\\', "/")
        .trim_start_matches('/')
        .to_lowercase()
}

impl Archive {
    /// `None` for what is no archive, which the reader of values explains.
    pub fn open(name: &str, file: &File) -> Result<Option<Archive>> {
        let mut file = file.try_clone()?;
        file.rewind()?;
        let Ok(zip) = ZipArchive::new(BufReader::new(file)) else {
            return Ok(None);
        };
        let parts = zip
            .file_names()
            .filter_map(std::result::Result::ok)
            .map(|name| (plain(&name), name.into_owned()))
            .collect();
        Ok(Some(Archive {
            name: name.to_owned(),
            zip,
            parts,
        }))
    }

    fn part(&mut self, path: &str) -> Option<ZipFile<'_, BufReader<File>>> {
        let name = self.parts.get(&plain(path))?.clone();
        self.zip.by_name(&name).ok()
    }

    fn too_large(&self, part: &str, megabytes: u64) -> Failure {
        Failure::input(text!(
            "{file} unpacks to {size} MB in {part}, more than any sheet needs",
            file = &self.name,
            size = megabytes,
            part
        ))
        .hint(text!(
            "copy the rows that are needed into a new workbook, or save the sheet as \"CSV UTF-8\""
        ))
    }

    /// Refuses parts that would fill the memory.
    pub fn bound(&mut self) -> Result<()> {
        let mut names: Vec<String> = self.parts.keys().cloned().collect();
        names.sort_unstable();
        for part in names
            .iter()
            .filter(|part| !part.starts_with("xl/worksheets/") && !part.contains("/media/"))
        {
            let Some(mut entry) = self.part(part) else {
                continue;
            };
            let (size, packed) = (entry.size(), entry.compressed_size());
            if size > LARGEST_PART || size > PART.max(packed.saturating_mul(RATIO)) {
                drop(entry);
                return Err(self.too_large(part, size / 1024 / 1024).into());
            }
            // The archive may say less than it holds.
            if packed.saturating_mul(1100) > PART {
                let taken = std::io::copy(
                    &mut Read::by_ref(&mut entry).take(size + 1),
                    &mut std::io::sink(),
                );
                if taken.is_ok_and(|taken| taken > size) {
                    drop(entry);
                    return Err(self.too_large(part, size / 1024 / 1024).into());
                }
            }
        }
        Ok(())
    }

    /// The workbook with a size in every sheet that the reader of values understands; `None` where nothing was wrong.
    /// Some programs write `A0:L3`, which spreadsheets do not mind.
    pub fn repaired(&mut self) -> Result<Option<File>> {
        let mut names: Vec<String> = self.parts.keys().cloned().collect();
        names.sort_unstable();
        let mut wrong: HashMap<String, std::ops::Range<usize>> = HashMap::new();
        for part in names
            .iter()
            .filter(|part| part.starts_with("xl/worksheets/") && part.ends_with(".xml"))
        {
            let Some(mut entry) = self.part(part) else {
                continue;
            };
            let mut head = Vec::new();
            if Read::by_ref(&mut entry)
                .take(HEAD)
                .read_to_end(&mut head)
                .is_ok()
                && let Some(size) = bad_size(&head)
            {
                wrong.insert(part.clone(), size);
            }
        }
        if wrong.is_empty() {
            return Ok(None);
        }
        let mut out = ZipWriter::new(tempfile::tempfile()?);
        for index in 0..self.zip.len() {
            let mut entry = self.zip.by_index(index)?;
            let name = entry.name()?.into_owned();
            match wrong.get(&plain(&name)) {
                None => out.raw_copy_file(entry)?,
                Some(size) => {
                    out.start_file(
                        &name,
                        SimpleFileOptions::default()
                            .large_file(entry.size() > u64::from(u32::MAX / 2)),
                    )?;
                    let mut before = vec![0; size.start];
                    entry.read_exact(&mut before)?;
                    out.write_all(&before)?;
                    out.write_all(b"A1")?;
                    std::io::copy(
                        &mut Read::by_ref(&mut entry).take(size.len() as u64),
                        &mut std::io::sink(),
                    )?;
                    std::io::copy(&mut entry, &mut out)?;
                }
            }
        }
        let mut file = out.finish()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Some(file))
    }

    /// Where the sheets are, by name.
    fn sheet_paths(&mut self) -> HashMap<String, String> {
        let workbook = self
            .related("", "officeDocument")
            .into_iter()
            .next()
            .map_or_else(|| "xl/workbook.xml".to_owned(), |(_, path)| path);
        let targets: HashMap<String, String> =
            self.related(&workbook, "worksheet").into_iter().collect();
        let mut paths = HashMap::new();
        if let Some(part) = self.part(&workbook) {
            each_element(part, &mut |element| {
                if element.local_name().as_ref() == "sheet" {
                    let name = attribute(element, "name");
                    let path = attribute(element, "id").and_then(|id| targets.get(&id));
                    if let (Some(name), Some(path)) = (name, path) {
                        paths.insert(name, path.clone());
                    }
                }
            });
        }
        paths
    }

    /// The parts that a part relates to: id and path, of one kind.
    fn related(&mut self, part: &str, kind: &str) -> Vec<(String, String)> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let rels = match folder {
            "" => format!("_rels/{file}.rels"),
            _ => format!("{folder}/_rels/{file}.rels"),
        };
        let mut found = Vec::new();
        let Some(entry) = self.part(&rels) else {
            return found;
        };
        each_element(entry, &mut |element| {
            let target = attribute(element, "Target");
            let fits =
                attribute(element, "Type").is_some_and(|of| of.rsplit('/').next() == Some(kind));
            if let (true, Some(target), Some(id)) = (fits, target, attribute(element, "Id")) {
                found.push((id, joined(folder, &target)));
            }
        });
        found
    }

    /// What a sheet holds beside values.
    ///
    /// # Errors
    /// A cell longer than any cell can be, and more oddities than anybody would correct.
    pub fn facts(&mut self, sheet: &str) -> Result<Facts> {
        let Some(path) = self.sheet_paths().remove(sheet) else {
            return Ok(Facts::default());
        };
        let name = self.name.clone();
        let Some(part) = self.part(&path) else {
            return Ok(Facts::default());
        };
        let mut scan = Scan::new(&name, sheet);
        let drawings = scan.read(part)?;
        let mut facts = scan.facts;
        if drawings {
            for (_, drawing) in self.related(&path, "drawing") {
                if let Some(part) = self.part(&drawing) {
                    floating(part, &mut facts.floating);
                }
            }
        }
        facts.sort();
        Ok(facts)
    }
}

/// A target as a path in the archive.
fn joined(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split(['/', '\\']) {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Hands every opening element of a small part to `take`. What is damaged ends it; the reader of values says so.
fn each_element(part: impl Read, take: &mut dyn FnMut(&BytesStart<'_>)) {
    let mut reader = Reader::from_reader(Guarded::new(part));
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(element) | Event::Empty(element)) => take(&element),
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// Where floating pictures begin: row → columns.
fn floating(part: impl Read, found: &mut BTreeMap<u32, Vec<u32>>) {
    let mut reader = Reader::from_reader(Guarded::new(part));
    reader.config_mut().expand_empty_elements = true;
    let mut buffer = Vec::new();
    let (mut in_from, mut wanted, mut place, mut count) = (false, None, (0, 0), 0);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(element)) => match element.local_name().as_ref() {
                "from" => in_from = true,
                "row" if in_from => wanted = Some(true),
                "col" if in_from => wanted = Some(false),
                "pic" if count < MOST => {
                    count += 1;
                    let (row, column) = place;
                    found.entry(row).or_default().push(column);
                }
                _ => {}
            },
            Ok(Event::Text(words)) => {
                if let Some(row) = wanted.take()
                    && let Ok(number) = words.trim().parse()
                {
                    *(if row { &mut place.0 } else { &mut place.1 }) = number;
                }
            }
            Ok(Event::End(element)) if element.local_name().as_ref() == "from" => in_from = false,
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// Where in the head of a sheet a size stands that is none.
fn bad_size(head: &[u8]) -> Option<std::ops::Range<usize>> {
    let find = |from: usize, what: &[u8]| {
        head.get(from..)?
            .windows(what.len())
            .position(|window| window == what)
            .map(|at| from + at)
    };
    let element = find(0, b"dimension")?;
    let end = find(element, b">")?;
    if find(0, b"<sheetData").is_some_and(|data| data < element) {
        return None;
    }
    let start = find(element, b"ref=")? + 4;
    let quote = *head.get(start)?;
    if start > end || !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let close = find(start + 1, &[quote])?;
    let size = std::str::from_utf8(&head[start + 1..close]).ok()?;
    let sound = |cell: &str| !cell.contains('$') && place_of(cell).is_some();
    let fits = match size.split_once(':') {
        Some((first, last)) => sound(first) && sound(last),
        None => sound(size),
    };
    (!fits).then_some(start + 1..close)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_by_their_names() {
        assert_eq!(place_of("A1"), Some((0, 0)));
        assert_eq!(place_of("$AB$12"), Some((11, 27)));
        for cell in ["A0", "1", "A", "ABCD1", ""] {
            assert_eq!(place_of(cell), None, "{cell}");
        }
    }

    #[test]
    fn a_size_that_is_none_is_found() {
        let head = br#"<worksheet><dimension ref="A0:L3"/><sheetData>"#;
        let at = bad_size(head).expect("a wrong size");
        assert_eq!(&head[at], b"A0:L3");
        assert_eq!(
            bad_size(br#"<worksheet><dimension ref="A1:L3"/><sheetData>"#),
            None
        );
    }
}
