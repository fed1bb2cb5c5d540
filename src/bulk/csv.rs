//! CSV and TSV: encoding and delimiter found out, rows read without keeping the file in memory. Uses the `csv-core`
//! state machine directly, so that cells land in the reused row without a copy.

pub use super::encoding::Encoding;
use super::encoding::{CHUNK, encoding_of};
use super::source::{Row, cannot_read};
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use csv_core::ReadRecordResult;
use encoding_rs::{Decoder, DecoderResult, GB18030};
use std::fs::File;
use std::io::{Read, Seek, Write};

const BOM: &[u8] = b"\xEF\xBB\xBF";
/// No row of goods is this long; a quote that is never closed is.
const LONGEST_ROW: usize = 8 * 1024 * 1024;

/// How a file is to be read, and how one of the same make is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    pub encoding: Encoding,
    pub delimiter: u8,
    /// Lines end in CR LF.
    pub crlf: bool,
    /// The first line names the delimiter, as `sep=;`, and is no row.
    pub sep: bool,
}

/// Finds out encoding and delimiter. Reads the whole file once, a piece at a time: only then is it sure that no byte
/// in it is wrong. `tab` is said by the ending .tsv.
pub fn dialect(
    name: &str,
    file: &mut File,
    encoding: Option<Encoding>,
    tab: bool,
) -> Result<Dialect> {
    let mut head = Vec::with_capacity(CHUNK);
    Read::by_ref(file)
        .take(CHUNK as u64)
        .read_to_end(&mut head)
        .map_err(|error| cannot_read(name, error))?;
    let bom = head.starts_with(BOM);
    let encoding = encoding_of(name, file, encoding, bom)?;
    let text = head.strip_prefix(BOM).unwrap_or(&head);
    let heading = first_line(text);
    let sep = named_delimiter(heading);
    let delimiter = match sep {
        Some(delimiter) => delimiter,
        None if tab => b'\t',
        None => delimiter_of(heading),
    };
    Ok(Dialect {
        encoding,
        delimiter,
        crlf: text
            .get(heading.len()..)
            .is_some_and(|rest| rest.starts_with(b"\r\n")),
        sep: sep.is_some(),
    })
}

fn first_line(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    &text[..end.unwrap_or(text.len())]
}

/// The delimiter that a line such as `sep=;` names, which Excel reads and does not show.
fn named_delimiter(line: &[u8]) -> Option<u8> {
    let line = line.strip_suffix(b"\"").unwrap_or(line);
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    match line {
        [s, e, p, b'=', delimiter @ (b',' | b';' | b'\t' | b'|')]
            if [s, e, p].map(u8::to_ascii_lowercase) == *b"sep" =>
        {
            Some(*delimiter)
        }
        _ => None,
    }
}

/// The delimiter that occurs most in the heading line outside quotes; the comma wins a tie.
fn delimiter_of(heading: &[u8]) -> u8 {
    let count = |delimiter: u8| {
        let mut quoted = false;
        heading
            .iter()
            .filter(|byte| {
                quoted ^= **byte == b'"';
                !quoted && **byte == delimiter
            })
            .count()
    };
    let mut best = b',';
    for other in [b';', b'\t'] {
        if count(other) > count(best) {
            best = other;
        }
    }
    best
}

/// Lines and quotes up to a place in a file. `csv-core` counts no lines that end in CR alone, and takes the end of the
/// file for the end of a quote.
struct Place {
    line: u64,
    after_cr: bool,
    state: Quoting,
    /// The line on which the last quote was opened.
    opened: u64,
    delimiter: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    CellStart,
    InCell,
    InQuotes,
    /// After a quote inside quotes: the end of the cell, or the first of a pair.
    AfterQuote,
}

impl Place {
    fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let ends = match byte {
                b'\n' => {
                    self.line += u64::from(!self.after_cr);
                    true
                }
                b'\r' => {
                    self.line += 1;
                    true
                }
                byte => *byte == self.delimiter,
            };
            self.after_cr = *byte == b'\r';
            self.state = match (self.state, byte) {
                (Quoting::CellStart, b'"') => {
                    self.opened = self.line;
                    Quoting::InQuotes
                }
                (Quoting::InQuotes, b'"') => Quoting::AfterQuote,
                (Quoting::AfterQuote, b'"') | (Quoting::InQuotes, _) => Quoting::InQuotes,
                _ if ends => Quoting::CellStart,
                _ => Quoting::InCell,
            };
        }
    }
}

/// Reads rows one after another. Blank lines are skipped but counted.
pub struct CsvReader {
    name: String,
    file: File,
    gb18030: Option<Decoder>,
    raw: Vec<u8>,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    core: csv_core::Reader,
    /// How far the reading has come.
    place: Place,
    /// Rows so far, blank ones too, as a spreadsheet counts them.
    counted: u32,
    output: Vec<u8>,
    ends: Vec<usize>,
}

impl CsvReader {
    /// `file` stands at its start.
    pub fn new(name: &str, mut file: File, dialect: Dialect) -> Result<CsvReader> {
        if dialect.encoding == Encoding::Utf8Bom {
            file.seek(std::io::SeekFrom::Start(BOM.len() as u64))?;
        }
        let gb18030 = (dialect.encoding == Encoding::Gb18030)
            .then(|| GB18030.new_decoder_without_bom_handling());
        Ok(CsvReader {
            name: name.to_owned(),
            file,
            raw: if gb18030.is_some() {
                vec![0; CHUNK]
            } else {
                Vec::new()
            },
            gb18030,
            buffer: Vec::with_capacity(CHUNK),
            at: 0,
            ended: false,
            core: csv_core::ReaderBuilder::new()
                .delimiter(dialect.delimiter)
                .build(),
            place: Place {
                line: 1,
                after_cr: false,
                state: Quoting::CellStart,
                opened: 0,
                delimiter: dialect.delimiter,
            },
            counted: 0,
            output: vec![0; 16 * 1024],
            ends: vec![0; 64],
        })
        .and_then(|mut reader| {
            if dialect.sep {
                // Not a row: not counted as one either.
                reader.next(&mut Row::default())?;
                reader.counted = 0;
            }
            Ok(reader)
        })
    }

    /// Fills `row` with the next row; false at the end.
    pub fn next(&mut self, row: &mut Row) -> Result<bool> {
        self.skip_blank_lines()?;
        let line = self.place.line;
        let (mut bytes, mut fields) = (0, 0);
        loop {
            let (result, read, written, ends) = self.core.read_record(
                &self.buffer[self.at..],
                &mut self.output[bytes..],
                &mut self.ends[fields..],
            );
            self.place.pass(&self.buffer[self.at..self.at + read]);
            self.at += read;
            bytes += written;
            fields += ends;
            match result {
                ReadRecordResult::InputEmpty => self.fill()?,
                ReadRecordResult::OutputFull if bytes >= LONGEST_ROW => {
                    return Err(match self.place.state {
                        Quoting::InQuotes => self.unclosed(),
                        _ => Failure::input(text!(
                            "{file}:{line}: the row that starts here does not end",
                            file = &self.name,
                            line
                        ))
                        .into(),
                    });
                }
                ReadRecordResult::OutputFull => self.output.resize(self.output.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(false),
            }
        }
        if self.ended && self.at >= self.buffer.len() && self.place.state == Quoting::InQuotes {
            return Err(self.unclosed());
        }
        row.clear(u32::try_from(line).unwrap_or(u32::MAX));
        self.counted = self.counted.saturating_add(1);
        row.counted = Some(self.counted);
        let words = std::str::from_utf8(&self.output[..bytes])
            .map_err(|error| cannot_read(&self.name, error))?;
        row.text.push_str(words);
        row.ends.extend_from_slice(&self.ends[..fields]);
        // Cells are cut at these places, so that each must stand between two characters.
        if row.ends.iter().any(|end| !row.text.is_char_boundary(*end)) {
            return Err(cannot_read(&self.name, "a cell ends inside a character").into());
        }
        Ok(true)
    }

    fn unclosed(&self) -> anyhow::Error {
        Failure::input(text!(
            "{file}:{line}: the quote (\") that opens here is never closed",
            file = &self.name,
            line = self.place.opened
        ))
        .hint(text!(
            "close it at the end of its cell, or write two (\"\") for a quote that belongs to the text"
        ))
        .into()
    }

    /// Done here and not by `csv-core`, which would count such lines to the row after them.
    fn skip_blank_lines(&mut self) -> Result<()> {
        loop {
            while let Some(byte) = self.buffer.get(self.at) {
                if !matches!(byte, b'\n' | b'\r') {
                    return Ok(());
                }
                let before = self.place.line;
                self.place.pass(&self.buffer[self.at..=self.at]);
                // Neither the second half of a line end nor the end of the row before is a blank line.
                if self.place.line > before {
                    self.counted = self.counted.saturating_add(1);
                }
                self.at += 1;
            }
            if self.ended {
                return Ok(());
            }
            self.fill()?;
        }
    }

    /// The next piece of the file, as UTF-8.
    fn fill(&mut self) -> Result<()> {
        self.at = 0;
        match &mut self.gb18030 {
            None => {
                self.buffer.resize(CHUNK, 0);
                let read = self
                    .file
                    .read(&mut self.buffer)
                    .map_err(|error| cannot_read(&self.name, error))?;
                self.buffer.truncate(read);
                self.ended = read == 0;
            }
            Some(_) if self.ended => self.buffer.clear(),
            Some(decoder) => {
                let read = self
                    .file
                    .read(&mut self.raw)
                    .map_err(|error| cannot_read(&self.name, error))?;
                self.ended = read == 0;
                // Two bytes become three at most; the decoder may hold back some from the piece before.
                self.buffer.resize(read * 3 + 16, 0);
                let (result, used, written) = decoder.decode_to_utf8_without_replacement(
                    &self.raw[..read],
                    &mut self.buffer,
                    read == 0,
                );
                if result != DecoderResult::InputEmpty || used != read {
                    return Err(
                        cannot_read(&self.name, "it changed while it was being read").into(),
                    );
                }
                self.buffer.truncate(written);
                if written == 0 && read > 0 {
                    return self.fill();
                }
            }
        }
        Ok(())
    }
}

/// Writes rows in a given dialect.
pub struct CsvWriter<W: Write> {
    inner: ::csv::Writer<Encoded<W>>,
}

impl<W: Write> CsvWriter<W> {
    pub fn new(mut out: W, dialect: Dialect) -> Result<CsvWriter<W>> {
        if dialect.encoding == Encoding::Utf8Bom {
            out.write_all(BOM)?;
        }
        let terminator = if dialect.crlf {
            ::csv::Terminator::CRLF
        } else {
            ::csv::Terminator::Any(b'\n')
        };
        let gb18030 = dialect.encoding == Encoding::Gb18030;
        let out = Encoded {
            out,
            gb18030,
            rest: Vec::new(),
        };
        let inner = ::csv::WriterBuilder::new()
            .delimiter(dialect.delimiter)
            .terminator(terminator)
            .flexible(true)
            .from_writer(out);
        Ok(CsvWriter { inner })
    }

    pub fn row<S: AsRef<[u8]>>(&mut self, cells: impl IntoIterator<Item = S>) -> Result<()> {
        Ok(self.inner.write_record(cells)?)
    }

    pub fn finish(mut self) -> Result<()> {
        Ok(self.inner.flush()?)
    }
}

/// Turns the UTF-8 written to it into the encoding of the file.
struct Encoded<W> {
    out: W,
    gb18030: bool,
    /// The start of a character whose other bytes are still to come.
    rest: Vec<u8>,
}

impl<W: Write> Write for Encoded<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if !self.gb18030 {
            return self.out.write(bytes);
        }
        self.rest.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.rest) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(error) => return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, error)),
        };
        let text = String::from_utf8_lossy(&self.rest[..whole]);
        self.out.write_all(&GB18030.encode(&text).0)?;
        self.rest.drain(..whole);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file_of(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(bytes).expect("room for it");
        file.rewind().expect("a file that can be rewound");
        file
    }

    fn rows_of(bytes: &[u8]) -> Result<Vec<(u32, Vec<String>)>> {
        rows_in(bytes, None)
    }

    fn rows_in(bytes: &[u8], encoding: Option<Encoding>) -> Result<Vec<(u32, Vec<String>)>> {
        let mut file = file_of(bytes);
        let dialect = dialect("a.csv", &mut file, encoding, false)?;
        file.rewind()?;
        let mut reader = CsvReader::new("a.csv", file, dialect)?;
        let (mut row, mut rows) = (Row::default(), Vec::new());
        while reader.next(&mut row)? {
            rows.push((
                row.number,
                row.cells().map(|(text, _)| text.to_owned()).collect(),
            ));
        }
        Ok(rows)
    }

    #[test]
    fn rows_know_the_line_they_start_on() {
        let rows = rows_of(b"a,b\r\n\r\n1,\"two\r\nlines\"\r\n\r\n\r\n3,4").expect("rows");
        let numbers: Vec<u32> = rows.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 3, 7]);
        assert_eq!(rows[1].1, ["1", "two\r\nlines"]);
    }

    #[test]
    fn encodings_are_told_apart() {
        let chinese = "编号,标题\n1,茶叶\n";
        let gb = GB18030.encode(chinese).0;
        for (bytes, encoding) in [
            (chinese.as_bytes().to_vec(), Encoding::Utf8),
            ([BOM, chinese.as_bytes()].concat(), Encoding::Utf8Bom),
            (gb.to_vec(), Encoding::Gb18030),
        ] {
            assert_eq!(
                dialect("a.csv", &mut file_of(&bytes), None, false)
                    .expect("text")
                    .encoding,
                encoding
            );
            assert_eq!(rows_of(&bytes).expect("rows")[1].1, ["1", "茶叶"]);
        }
    }

    fn refusal(bytes: &[u8]) -> String {
        rows_of(bytes).expect_err("no encoding fits").to_string()
    }

    #[test]
    fn a_line_that_fits_no_encoding_is_named() {
        let mut bytes = GB18030.encode("标题").0.to_vec();
        bytes.extend(b"\nab\xFFcd");
        let told = refusal(&bytes);
        assert_eq!(told, "a.csv:2: this line is neither UTF-8 nor GB18030");
    }

    #[test]
    fn a_line_of_gbk_in_a_file_of_utf8_is_named() {
        let mut bytes = "id,title\n1,测试商品 绿茶\n".as_bytes().to_vec();
        bytes.extend(&*GB18030.encode("2,测试商品二 绿茶\n").0);
        bytes.extend("3,测试商品 红茶\n".as_bytes());
        let told = refusal(&bytes);
        assert_eq!(told, "a.csv:3: this line is not UTF-8, and other lines are");
        // Also where the file says that it is UTF-8.
        let told = refusal(&[BOM, &bytes].concat());
        assert_eq!(told, "a.csv:3: this line is not UTF-8");
    }

    #[test]
    fn other_encodings_are_not_taken_for_chinese() {
        for (encoding, words) in [
            (encoding_rs::BIG5, "測試商品綠茶禮盒裝一號"),
            (encoding_rs::SHIFT_JIS, "緑茶ギフトセット一番茶です"),
        ] {
            let text = format!("id,title\n1,{words}\n");
            let told = refusal(&encoding.encode(&text).0);
            assert!(told.contains("is not Chinese when read as"), "{told}");
        }
        // Short words and rare characters are Chinese all the same.
        for words in ["联通", "好茶", "龘", "测试😀"] {
            let text = format!("id,title\n1,{words}，好茶与绿茶\n");
            let rows = rows_of(&GB18030.encode(&text).0).expect("rows");
            assert!(rows[1].1[1].starts_with(words));
        }
    }

    #[test]
    fn lines_may_end_as_on_old_macs() {
        let rows = rows_of(b"a,b\r1,2\r\r3,\"4\r5\"\r6,7").expect("rows");
        let numbers: Vec<u32> = rows.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 2, 4, 6]);
    }

    #[test]
    fn a_line_that_names_the_delimiter_is_no_row() {
        for text in ["sep=;\na;b\n1;2\n", "\u{FEFF}SEP=;\r\na;b\r\n1;2"] {
            let rows = rows_of(text.as_bytes()).expect("rows");
            let lines: Vec<u32> = rows.iter().map(|(number, _)| *number).collect();
            assert_eq!(lines, [2, 3]);
            assert_eq!(rows[1].1, ["1", "2"]);
        }
    }

    #[test]
    fn a_row_knows_its_number_in_a_spreadsheet() {
        let mut file = file_of(b"a\r\n\r\n\"two\r\nlines\"\r\nlast\r\n");
        let dialect = dialect("a.csv", &mut file, None, false).expect("text");
        file.rewind().expect("a start");
        let mut reader = CsvReader::new("a.csv", file, dialect).expect("a reader");
        let (mut row, mut found) = (Row::default(), Vec::new());
        while reader.next(&mut row).expect("a row") {
            found.push((row.number, row.counted()));
        }
        assert_eq!(found, [(1, 1), (3, 3), (5, 4)]);
    }

    #[test]
    fn text_longer_than_a_piece_is_read_whole_in_both_encodings() {
        let line = format!("1,{}\n", "茶叶a".repeat(1000));
        let text = line.repeat(150);
        for bytes in [text.as_bytes().to_vec(), GB18030.encode(&text).0.to_vec()] {
            let rows = rows_of(&bytes).expect("rows");
            assert_eq!(rows.len(), 150);
            assert!(
                rows.iter()
                    .all(|(_, cells)| cells[1] == "茶叶a".repeat(1000))
            );
        }
    }

    #[test]
    fn the_delimiter_is_found_in_the_heading() {
        assert_eq!(delimiter_of(b"a,b,c"), b',');
        assert_eq!(delimiter_of(b"a;b;c"), b';');
        assert_eq!(delimiter_of(b"a\tb\tc"), b'\t');
        assert_eq!(delimiter_of(b"\"a;b;c;d\",e,f"), b',');
        assert_eq!(delimiter_of(b"one"), b',');
    }

    #[test]
    fn a_quote_that_is_never_closed_is_reported_and_not_swallowed() {
        let mut bytes = b"a,b\n1,\"open\n".to_vec();
        bytes.extend(b"2,3\n".repeat(LONGEST_ROW / 2));
        let error = rows_of(&bytes).expect_err("the row is too long");
        assert!(error.to_string().starts_with("a.csv:2:"), "{error}");
        for (text, line) in [
            ("a,b\n1,\"open\n2,3\n4,5", 2),
            ("a,b\n1,2\n\"x\ny\",\"open", 4),
            ("a,\"b", 1),
        ] {
            let told = rows_of(text.as_bytes()).expect_err("open").to_string();
            assert_eq!(
                told,
                format!("a.csv:{line}: the quote (\") that opens here is never closed")
            );
        }
        for text in ["a,\"b\"", "a,\"b\"\"\"", "a,b\"", "a,5\" pipe\n1,2"] {
            assert!(rows_of(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn every_two_byte_character_of_gb18030_survives() {
        let mut wrong = Vec::new();
        let mut seen = 0;
        for lead in 0x81..=0xFEu8 {
            for trail in (0x40..=0x7Eu8).chain(0x80..=0xFE) {
                let bytes = [lead, trail];
                let Some(text) =
                    GB18030.decode_without_bom_handling_and_without_replacement(&bytes)
                else {
                    continue;
                };
                // Characters for private use are assigned to nothing; A3A0 is a second ideographic space, which is
                // written back as the first.
                if text.chars().any(|c| ('\u{E000}'..='\u{F8FF}').contains(&c))
                    || bytes == [0xA3, 0xA0]
                {
                    continue;
                }
                seen += 1;
                let mut out = Vec::new();
                let dialect = Dialect {
                    encoding: Encoding::Gb18030,
                    delimiter: b',',
                    crlf: false,
                    sep: false,
                };
                let mut writer = CsvWriter::new(&mut out, dialect).expect("a writer");
                writer.row([text.as_ref()]).expect("a row");
                writer.finish().expect("an end");
                if out.strip_suffix(b"\n") != Some(&bytes[..]) {
                    wrong.push(format!(
                        "{lead:02X}{trail:02X} {text} came back as {out:02X?}"
                    ));
                }
            }
        }
        assert!(seen > 21_000, "{seen}");
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// Four-byte characters are arithmetic in GB18030, so that all of Unicode can stand in a file.
    #[test]
    fn every_character_of_unicode_comes_back_from_a_gb18030_file() {
        let all: Vec<char> = (' '..=char::MAX)
            .filter(|c| !('\u{E000}'..='\u{F8FF}').contains(c) && *c != '\u{7F}')
            .collect();
        let table: Vec<Vec<String>> = all
            .chunks(4 * 61)
            .map(|row| row.chunks(61).map(|cell| cell.iter().collect()).collect())
            .collect();
        let mut out = Vec::new();
        let given = Dialect {
            encoding: Encoding::Gb18030,
            delimiter: b',',
            crlf: true,
            sep: false,
        };
        let mut writer = CsvWriter::new(&mut out, given).expect("a writer");
        for row in &table {
            writer.row(row).expect("a row");
        }
        writer.finish().expect("an end");
        let mut file = file_of(&out);
        let wanted = Some(Encoding::Gb18030);
        let found = dialect("a.csv", &mut file, wanted, false).expect("text");
        assert_eq!(found.encoding, Encoding::Gb18030);
        let rows = rows_in(&out, wanted).expect("rows");
        assert_eq!(rows.len(), table.len());
        for ((_, cells), wanted) in rows.iter().zip(&table) {
            assert_eq!(cells, wanted);
        }
        assert!(all.len() > 1_100_000, "{}", all.len());
    }

    proptest! {
        #[test]
        fn any_bytes_as_csv_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let _ = rows_of(&bytes);
        }

        #[test]
        fn any_table_survives_writing_and_reading(
            table in proptest::collection::vec(proptest::collection::vec("[^\u{E000}-\u{F8FF}\u{FEFF}]{0,12}", 2..6), 1..6),
            encoding in prop_oneof![Just(Encoding::Utf8), Just(Encoding::Utf8Bom), Just(Encoding::Gb18030)],
            crlf in any::<bool>(),
        ) {
            let dialect = Dialect { encoding, delimiter: b',', crlf, sep: false };
            let mut out = Vec::new();
            let mut writer = CsvWriter::new(&mut out, dialect).expect("a writer");
            for row in &table {
                writer.row(row).expect("a row");
            }
            writer.finish().expect("an end");
            let mut reader = CsvReader::new("a.csv", file_of(&out), dialect).expect("a reader");
            let mut row = Row::default();
            for wanted in &table {
                prop_assert!(reader.next(&mut row).expect("a row"));
                let cells: Vec<&str> = row.cells().map(|(text, _)| text).collect();
                prop_assert_eq!(&cells, wanted);
            }
        }
    }
}
