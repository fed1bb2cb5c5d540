//! Which encoding a text file is in, found out from all its bytes. A file of two encodings is never read as one of them.

use super::source::cannot_read;
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use encoding_rs::{DecoderResult, GB18030};
use std::fs::File;
use std::io::{Read, Seek};

/// How text is written in a file.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    #[value(name = "utf-8", alias = "utf8")]
    Utf8,
    /// UTF-8 with the byte order mark that Excel writes.
    #[value(skip)]
    Utf8Bom,
    /// Includes GBK and GB2312.
    #[value(name = "gb18030", alias = "gbk", alias = "gb2312")]
    Gb18030,
}

impl Encoding {
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf8Bom => "UTF-8 with BOM",
            Encoding::Gb18030 => "GB18030",
        }
    }
}

/// Bytes that are looked at together.
pub(super) const CHUNK: usize = 256 * 1024;

/// The encoding of a file, whose first bytes may be a mark (`bom`); `wanted` is what the person says it is.
///
/// # Errors
/// Bytes that are text in no encoding that is known, with their line.
pub(super) fn encoding_of(
    name: &str,
    file: &mut File,
    wanted: Option<Encoding>,
    bom: bool,
) -> Result<Encoding> {
    let unreadable = |error: std::io::Error| cannot_read(name, error);
    let save = || text!("open it and save it as \"CSV UTF-8\"");
    if wanted != Some(Encoding::Gb18030) || bom {
        if invalid_utf8(file).map_err(unreadable)?.is_none() {
            return Ok(if bom {
                Encoding::Utf8Bom
            } else {
                Encoding::Utf8
            });
        }
        let found = survey(file).map_err(unreadable)?;
        let line = found.first_bad_line;
        if wanted.is_some() || bom {
            return Err(Failure::input(text!(
                "{file}:{line}: this line is not UTF-8",
                file = name,
                line
            ))
            .hint(save())
            .into());
        }
        // By chance a line of GBK is sound UTF-8 with characters of three bytes only where it is very short.
        if found.wide_in_sound_lines >= 2 {
            return Err(Failure::input(text!(
                "{file}:{line}: this line is not UTF-8, and other lines are",
                file = name,
                line
            ))
            .hint(text!(
                "rows of two files were joined; save both as \"CSV UTF-8\" and join them again"
            ))
            .into());
        }
    }
    let found = chinese(file).map_err(unreadable)?;
    match (found.bad_line, wanted) {
        (Some(line), Some(_)) => Err(Failure::input(text!(
            "{file}:{line}: this line is not GB18030",
            file = name,
            line
        ))
        .hint(text!("remove --encoding to detect it"))
        .into()),
        (Some(line), None) => Err(Failure::input(text!(
            "{file}:{line}: this line is neither UTF-8 nor GB18030",
            file = name,
            line
        ))
        .hint(save())
        .into()),
        // Big5 and Shift JIS can be read as GB18030 too, and make characters that nobody uses.
        (None, None) if !found.looks_chinese() => Err(Failure::input(text!(
            "{file} is not UTF-8, and is not Chinese when read as GB18030: {sample}",
            file = name,
            sample = found.sample
        ))
        .hint(text!(
            "open it and save it as \"CSV UTF-8\"; if the characters are right, use --encoding gb18030"
        ))
        .into()),
        (None, _) => Ok(Encoding::Gb18030),
    }
}

/// What a file holds that is not all UTF-8.
#[derive(Default)]
struct Survey {
    /// Counted from 1.
    first_bad_line: u64,
    /// Characters of three bytes and more in lines that are sound.
    wide_in_sound_lines: u64,
}

/// Looks at every line of a file that is not UTF-8.
fn survey(file: &mut File) -> std::io::Result<Survey> {
    file.rewind()?;
    let mut found = Survey::default();
    let (mut line, mut wide, mut bad, mut after_cr) = (1u64, 0u64, false, false);
    let mut buffer = vec![0; CHUNK];
    let mut kept = 0;
    loop {
        let read = file.read(&mut buffer[kept..])?;
        let len = kept + read;
        let mut at = 0;
        while at < len {
            let (valid, wrong) = match std::str::from_utf8(&buffer[at..len]) {
                Ok(text) => (text.len(), None),
                Err(error) => (error.valid_up_to(), Some(error.error_len())),
            };
            for byte in &buffer[at..at + valid] {
                match byte {
                    b'\n' if after_cr => {}
                    b'\n' | b'\r' => {
                        if !bad {
                            found.wide_in_sound_lines += wide;
                        }
                        (line, wide, bad) = (line + 1, 0, false);
                    }
                    0xE0.. => wide += 1,
                    _ => {}
                }
                after_cr = *byte == b'\r';
            }
            at += valid;
            match wrong {
                None => {}
                // The rest of the character is in the next piece.
                Some(None) if read > 0 => break,
                Some(length) => {
                    if found.first_bad_line == 0 {
                        found.first_bad_line = line;
                    }
                    bad = true;
                    at += length.unwrap_or(1);
                }
            }
        }
        let rest = at.min(len)..len;
        kept = rest.len();
        buffer.copy_within(rest, 0);
        if read == 0 {
            if !bad {
                found.wide_in_sound_lines += wide;
            }
            return Ok(found);
        }
    }
}

/// What a file is when it is read as GB18030.
#[derive(Default)]
struct Chinese {
    bad_line: Option<u64>,
    /// Characters of two bytes, and those of them that are common in Chinese.
    double: u64,
    common: u64,
    private: bool,
    /// The first characters that are not ASCII.
    sample: String,
}

impl Chinese {
    fn looks_chinese(&self) -> bool {
        !self.private && self.common * 10 >= self.double * 7
    }
}

fn chinese(file: &mut File) -> std::io::Result<Chinese> {
    file.rewind()?;
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let mut found = Chinese::default();
    let (mut buffer, mut out) = (vec![0; CHUNK], vec![0; CHUNK * 4]);
    let (mut line, mut after_cr) = (1u64, false);
    // The first byte of a character whose second one follows; of four bytes, two are digits.
    let mut lead: Option<u8> = None;
    loop {
        let read = file.read(&mut buffer)?;
        for byte in &buffer[..read] {
            match lead.take() {
                Some(_) if byte.is_ascii_digit() => {}
                Some(first) => {
                    found.double += 1;
                    found.common +=
                        u64::from((0xA1..=0xF7).contains(&first) && (0xA1..=0xFE).contains(byte));
                }
                None if *byte >= 0x81 => lead = Some(*byte),
                None => {}
            }
        }
        let mut at = 0;
        loop {
            let (result, used, written) =
                decoder.decode_to_utf8_without_replacement(&buffer[at..read], &mut out, read == 0);
            at += used;
            let words = String::from_utf8_lossy(&out[..written]);
            for c in words.chars() {
                match c {
                    '\n' if after_cr => {}
                    '\n' | '\r' => line += 1,
                    '\u{E000}'..='\u{F8FF}' => found.private = true,
                    _ => {}
                }
                after_cr = c == '\r';
                if !c.is_ascii() && found.sample.len() < 30 {
                    found.sample.push(c);
                }
            }
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    found.bad_line = Some(line);
                    return Ok(found);
                }
            }
        }
        if read == 0 {
            return Ok(found);
        }
    }
}

/// The offset of the first byte that is not UTF-8.
fn invalid_utf8(file: &mut File) -> std::io::Result<Option<u64>> {
    file.rewind()?;
    let mut buffer = vec![0; CHUNK];
    let (mut kept, mut offset) = (0, 0u64);
    loop {
        let read = file.read(&mut buffer[kept..])?;
        let len = kept + read;
        match std::str::from_utf8(&buffer[..len]) {
            Ok(_) if read == 0 => return Ok(None),
            Ok(_) => (kept, offset) = (0, offset + len as u64),
            Err(error) if error.error_len().is_some() || read == 0 => {
                return Ok(Some(offset + error.valid_up_to() as u64));
            }
            Err(error) => {
                let valid = error.valid_up_to();
                buffer.copy_within(valid..len, 0);
                (kept, offset) = (len - valid, offset + valid as u64);
            }
        }
    }
}
