//! A catalogue: files read, checked and set aside, so that what was checked is what is sent. Rows of one product may
//! stand anywhere; rows that follow one another are put together as they are read, the rest at the end.

use super::documents;
use super::headings::{Columns, Naming};
use super::images::Images;
use super::problem::Problem;
use super::rows::{
    Fault, Field, PRODUCT_FIELDS, Payload, SKU_FIELDS, SPECS, Shape, Value, Values, read_cell,
    sku_slot,
};
use crate::api::component::goods::{AddSpu, UpdateSpuFree};
use crate::bulk::csv::{CsvReader, Dialect, Encoding, dialect};
use crate::bulk::json;
use crate::bulk::source::{CellKind, Input, Row, Source, SourceKind, column_letters};
use crate::bulk::spool::{Cursor, Spool, SpoolWriter};
use crate::bulk::xlsx::Book;
use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use anyhow::Result;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How files are to be read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Instead of what the ending says.
    pub from: Option<SourceKind>,
    /// A TOML file of lines `field = "heading"`.
    pub map: Option<PathBuf>,
    pub ignore_columns: Vec<String>,
    pub sheet: Option<String>,
    /// Instead of what the bytes say.
    pub encoding: Option<Encoding>,
    /// Take stock 0, which WeChat refuses for new products.
    pub zero_stock: bool,
}

/// Problems that are kept; more of them are counted.
const MOST_PROBLEMS: usize = 10_000;
/// No length is documented for a merchant's own numbers; this only stops cells that hold something else.
const LONGEST_ID: usize = 128;

/// Files as they were when they were read. `T` is what becomes of a product's rows.
pub struct Catalogue<T = AddSpu> {
    pub(super) files: Vec<SheetFile>,
    spool: Spool,
    /// Where the good products are, in file order.
    places: Vec<u64>,
    problems: Vec<Problem>,
    more_problems: u64,
    notices: Vec<Text>,
    images: Images,
    counts: Counts,
    payload: PhantomData<fn() -> T>,
}

/// A sheet whose rows change price, stock and codes.
pub type Changes = Catalogue<UpdateSpuFree>;

/// How much was read, good and bad.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub rows: u64,
    pub products: u64,
    pub skus: u64,
}

/// A product to send.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft<T = AddSpu> {
    /// Pictures on disk stand in it as `sha256:…`; [`Catalogue::image`] knows their files.
    pub spu: T,
    /// SHA-256 of the JSON of `spu`.
    pub fingerprint: [u8; 32],
    pub rows: Vec<RowRef>,
}

pub type GoodsDraft = Draft<AddSpu>;
pub type ChangeDraft = Draft<UpdateSpuFree>;

/// A row of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowRef {
    /// Counted from 0; [`Catalogue::file_name`] knows its name.
    pub input: u32,
    pub row: u32,
    /// Bits of the fields that the row gives.
    pub(super) touched: u64,
}

/// A file, and what is needed to read its rows again.
pub(super) struct SheetFile {
    pub source: Source,
    pub sheet: Option<String>,
    pub dialect: Option<Dialect>,
    pub columns: Arc<Columns>,
    /// The row of the headings; 0 while there is none.
    pub heading: u32,
}

impl<T: Payload> Catalogue<T> {
    /// Reads and checks all of it. What is wrong with rows and headings is in [`problems`](Catalogue::problems); an
    /// error means that a file could not be read at all. Blocks. The spool in `spool_dir` vanishes with the catalogue.
    pub fn read(inputs: &[Input], options: &ReadOptions, spool_dir: &Path) -> Result<Catalogue<T>> {
        let naming = Naming::read(options.map.as_deref(), &options.ignore_columns)?;
        let mut reading = Reading::<T> {
            options,
            naming,
            spool: SpoolWriter::create(spool_dir)?,
            entries: Vec::new(),
            files: Vec::new(),
            current: None,
            problems: Vec::new(),
            more_problems: 0,
            incomplete: Vec::new(),
            bad: HashSet::new(),
            images: Images::default(),
            normalised: 0,
            counts: Counts::default(),
            notices: Vec::new(),
            hasher: RandomState::new(),
            payload: PhantomData,
        };
        for input in inputs {
            let source = Source::open(input, options.from, spool_dir)?;
            reading.file(source)?;
        }
        reading.finish()
    }

    /// Everything that is wrong, in file order.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Problems beyond those that were kept.
    pub fn more_problems(&self) -> u64 {
        self.more_problems
    }

    /// What people should know about how the files were read.
    pub fn notices(&self) -> &[Text] {
        &self.notices
    }

    /// How many good products there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// How many files were read.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// How many different pictures on disk the products name.
    pub fn images(&self) -> usize {
        self.images.len()
    }

    /// The file of a picture that stands in a draft as `sha256:…`. Equal files are one.
    pub fn image(&self, hash: &str) -> Option<&Path> {
        self.images.path(hash)
    }

    /// The name of an input, as people know it.
    pub fn file_name(&self, input: u32) -> &str {
        self.files
            .get(input as usize)
            .map_or("", |file| &file.source.name)
    }

    /// The good products, in the order of their first rows.
    pub fn drafts(&self) -> Drafts<'_, T> {
        Drafts {
            cursor: self.spool.cursor(),
            places: self.places.iter(),
            payload: PhantomData,
        }
    }
}

/// Reads drafts from the spool.
pub struct Drafts<'a, T> {
    cursor: Cursor<'a>,
    places: std::slice::Iter<'a, u64>,
    payload: PhantomData<T>,
}

impl<T: Payload> Iterator for Drafts<'_, T> {
    type Item = Result<Draft<T>>;

    fn next(&mut self) -> Option<Result<Draft<T>>> {
        let place = *self.places.next()?;
        Some(self.cursor.record(place).and_then(|(meta, body)| {
            Ok(Draft {
                spu: serde_json::from_slice(body)?,
                fingerprint: Sha256::digest(body).into(),
                rows: rows_from(meta),
            })
        }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

const ROW_BYTES: usize = 16;

fn rows_to(rows: &[RowRef], out: &mut Vec<u8>) {
    out.clear();
    for row in rows {
        out.extend_from_slice(&row.input.to_le_bytes());
        out.extend_from_slice(&row.row.to_le_bytes());
        out.extend_from_slice(&row.touched.to_le_bytes());
    }
}

fn rows_from(meta: &[u8]) -> Vec<RowRef> {
    let four = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    meta.chunks_exact(ROW_BYTES)
        .map(|bytes| RowRef {
            input: four(bytes),
            row: four(&bytes[4..]),
            touched: u64::from(four(&bytes[8..])) | u64::from(four(&bytes[12..])) << 32,
        })
        .collect()
}

/// Rows of one product that follow one another.
#[derive(Default)]
struct Group {
    values: Values,
    rows: Vec<RowRef>,
    bad: bool,
}

/// Rows in the spool: the hash of their product's number and their place. Sixteen bytes for each product of a million.
#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    at: u64,
}

/// What a row of price and stock can change.
const CHANGES: [Field; 5] = [
    Field::SalePrice,
    Field::MarketPrice,
    Field::StockNum,
    Field::SkuCode,
    Field::Barcode,
];

/// The place of rows that were put together with earlier ones.
const JOINED: u64 = u64::MAX;

struct Reading<'a, T> {
    options: &'a ReadOptions,
    naming: Naming,
    spool: SpoolWriter,
    entries: Vec<Entry>,
    files: Vec<SheetFile>,
    current: Option<Group>,
    problems: Vec<Problem>,
    more_problems: u64,
    /// What is missing in the rows of an entry, unless other rows of the product give it.
    incomplete: Vec<(usize, Vec<Problem>)>,
    bad: HashSet<usize>,
    images: Images,
    normalised: u64,
    counts: Counts,
    notices: Vec<Text>,
    hasher: RandomState,
    payload: PhantomData<T>,
}

impl<T: Payload> Reading<'_, T> {
    fn file(&mut self, source: Source) -> Result<()> {
        let kind = source.kind;
        self.files.push(SheetFile {
            source,
            sheet: None,
            dialect: None,
            columns: Arc::default(),
            heading: 0,
        });
        let before = (self.counts.rows, self.total_problems());
        match kind {
            SourceKind::Csv | SourceKind::Tsv => self.csv(kind == SourceKind::Tsv)?,
            SourceKind::Xlsx => self.xlsx()?,
            SourceKind::Json | SourceKind::Jsonl => self.json(kind)?,
        }
        self.end_group()?;
        if before == (self.counts.rows, self.total_problems()) {
            let problem = self.problem(
                None,
                None,
                None,
                Fault::new(text!("there is no product in it")).hint(text!(
                    "`wxsell goods template` writes a sheet with all columns and an example"
                )),
            );
            self.note(problem);
        }
        Ok(())
    }

    fn total_problems(&self) -> u64 {
        self.problems.len() as u64 + self.more_problems
    }

    fn this_file(&self) -> &SheetFile {
        &self.files[self.files.len() - 1]
    }

    fn csv(&mut self, tab: bool) -> Result<()> {
        let source = &self.this_file().source;
        let name = source.name.clone();
        let dialect = dialect(&name, &mut source.reader()?, self.options.encoding, tab)?;
        let mut reader = CsvReader::new(&name, source.reader()?, dialect)?;
        if dialect.encoding == Encoding::Gb18030 {
            self.notices.push(text!(
                "{file} is read as {encoding}",
                file = &name,
                encoding = dialect.encoding.name()
            ));
        }
        let here = self.files.len() - 1;
        self.files[here].dialect = Some(dialect);
        let mut row = Row::default();
        while reader.next(&mut row)? {
            if !row.is_blank() && !self.row(&row)? {
                break;
            }
        }
        Ok(())
    }

    fn xlsx(&mut self) -> Result<()> {
        let source = &self.this_file().source;
        let mut book = Book::open(&source.name, source.reader()?)?;
        let sheet = self.choose_sheet(&mut book)?;
        let here = self.files.len() - 1;
        self.files[here].sheet = Some(sheet.clone());
        book.rows(&sheet, &mut |row| self.row(row))
    }

    /// The sheet asked for, else the only one, else the first with a heading for the product's number.
    fn choose_sheet(&mut self, book: &mut Book) -> Result<String> {
        let name = self.this_file().source.name.clone();
        let sheets = book.sheets();
        let list = sheets.join(", ");
        if let Some(wanted) = &self.options.sheet {
            return match sheets.into_iter().find(|sheet| sheet == wanted) {
                Some(sheet) => Ok(sheet),
                None => Err(Failure::input(text!(
                    "{file} has no sheet \"{sheet}\"",
                    file = name,
                    sheet = wanted
                ))
                .hint(text!("its sheets are: {list}", list))
                .into()),
            };
        }
        if let [only] = sheets.as_slice() {
            return Ok(only.clone());
        }
        for sheet in sheets {
            let mut known = false;
            book.rows(&sheet, &mut |row| {
                known = self.naming.knows(row);
                Ok(false)
            })?;
            if known {
                self.notices.push(text!(
                    "the sheet \"{sheet}\" of {file} is read",
                    sheet = &sheet,
                    file = name
                ));
                return Ok(sheet);
            }
        }
        Err(Failure::input(text!(
            "no sheet of {file} has a column for the product number in its first row",
            file = name
        ))
        .hint(text!(
            "name the sheet with --sheet; its sheets are: {list}",
            list
        ))
        .into())
    }

    /// Takes a row of a table; false when the headings make the others pointless.
    fn row(&mut self, row: &Row) -> Result<bool> {
        let input = self.files.len() - 1;
        if self.files[input].heading == 0 {
            return Ok(self.headings(row));
        }
        self.counts.rows += 1;
        let columns = Arc::clone(&self.files[input].columns);
        self.cells(&columns, row).map(|()| true)
    }

    fn headings(&mut self, row: &Row) -> bool {
        let input = self.files.len() - 1;
        let (columns, faults) = self.naming.columns::<T>(row);
        if !columns.ignored.is_empty() {
            self.notices.push(text!(
                "columns left out of {file}: {columns}",
                file = &self.files[input].source.name,
                columns = columns.ignored.join(", ")
            ));
        }
        self.files[input].columns = Arc::new(columns);
        self.files[input].heading = row.number;
        let sound = faults.is_empty();
        for (column, fault) in faults {
            let problem = self.problem(Some(row.number), column, None, fault);
            self.note(problem);
        }
        sound
    }

    fn cells(&mut self, columns: &Columns, row: &Row) -> Result<()> {
        let input = self.files.len() - 1;
        let (id_cell, id_kind) = row.cell(columns.id);
        let id = match self.id(id_cell, id_kind) {
            Ok(id) => id,
            Err(fault) => {
                let problem = self.problem(
                    Some(row.number),
                    Some(columns.id),
                    Some(Field::OutProductId),
                    fault,
                );
                self.note(problem);
                // The other cells are looked at all the same, so that all their problems are known at once.
                String::new()
            }
        };
        if self
            .current
            .as_ref()
            .is_none_or(|group| group.values.id != id || id.is_empty())
        {
            self.end_group()?;
        }
        let mut group = self.current.take().unwrap_or_default();
        group.bad |= id.is_empty();
        group.values.id = id;
        let mut sku: [Option<Value>; SKU_FIELDS] = Default::default();
        let mut touched = 0u64;
        for (column, field) in &columns.read {
            let (cell, kind) = row.cell(*column);
            if cell.is_empty() || cell.trim().is_empty() {
                continue;
            }
            touched |= field.bit();
            if let Err(fault) = self.cell(
                *field, cell, kind, touched, row.number, &mut group, &mut sku,
            ) {
                let mut problem =
                    self.problem(Some(row.number), Some(*column), Some(*field), fault);
                problem.out_product_id = some_id(&group.values.id);
                self.note(problem);
                group.bad = true;
            }
        }
        for column in columns
            .blank
            .iter()
            .copied()
            .chain(columns.fields.len()..row.len())
        {
            if !row.cell(column).0.trim().is_empty() {
                let fault = Fault::new(text!(
                    "there is a value in column {column}, which has no heading",
                    column = column_letters(column)
                ))
                .hint(text!("give the column a heading, or empty it"));
                let mut problem = self.problem(Some(row.number), Some(column), None, fault);
                problem.out_product_id = some_id(&group.values.id);
                self.note(problem);
                group.bad = true;
            }
        }
        group.rows.push(RowRef {
            input: u32::try_from(input)?,
            row: row.number,
            touched,
        });
        group.values.skus.push(sku);
        self.counts.skus += 1;
        self.current = Some(group);
        Ok(())
    }

    fn id(&mut self, cell: &str, kind: CellKind) -> Result<String, Fault> {
        if cell.trim().is_empty() {
            return Err(Fault::new(text!(
                "{name} is missing",
                name = Field::OutProductId.name()
            ))
            .hint(text!(
                "every row needs the number of its product, also further SKUs of the same product"
            )));
        }
        let read = read_cell(Field::OutProductId, cell, kind)?;
        self.normalised += u64::from(read.normalised);
        let mut value = read.value;
        self.vet(Field::OutProductId, &mut value)?;
        match value {
            Value::Text(id) => Ok(id),
            _ => Ok(String::new()),
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one cell and the row and product it goes into"
    )]
    fn cell(
        &mut self,
        field: Field,
        cell: &str,
        kind: CellKind,
        touched: u64,
        row: u32,
        group: &mut Group,
        sku: &mut [Option<Value>; SKU_FIELDS],
    ) -> Result<(), Fault> {
        if let Some(twin) = field.twin().filter(|twin| touched & twin.bit() != 0) {
            return Err(Fault::new(text!(
                "both {one} and {other} are given",
                one = twin.name(),
                other = field.name()
            ))
            .hint(text!("empty one of the two")));
        }
        let read = read_cell(field, cell, kind)?;
        self.normalised += u64::from(read.normalised);
        let mut value = read.value;
        self.vet(field, &mut value)?;
        if !field.of_product() {
            sku[sku_slot(field)] = Some(value);
            return Ok(());
        }
        let target = field.target();
        match &group.values.product[target as usize] {
            None => group.values.product[target as usize] = Some(value),
            Some(known) if *known == value => {}
            Some(_) => {
                let wanted = target.bit() | target.twin().map_or(0, Field::bit);
                let first = group.rows.iter().find(|seen| seen.touched & wanted != 0);
                let place = first.map_or(row, |seen| seen.row);
                return Err(self.conflict(target, self.files.len() - 1, place));
            }
        }
        Ok(())
    }

    /// Two rows of a product that disagree on what they share.
    fn conflict(&self, field: Field, input: usize, row: u32) -> Fault {
        let file = &self.files[input];
        let first = self.problem_in(
            input,
            Some(row),
            file.columns.place_of_value(field),
            Some(field),
            Fault::new(text!("")),
        );
        Fault::new(text!(
            "{name} differs from {place}, another row of the same product",
            name = field.name(),
            place = first.location()
        ))
        .hint(text!(
            "write the same in both, or leave all but the first empty"
        ))
    }

    /// Checks a value by itself; local pictures become their content.
    fn vet(&mut self, field: Field, value: &mut Value) -> Result<(), Fault> {
        let name = field.name();
        match (field.target(), value) {
            (
                Field::OutProductId | Field::OutSkuId | Field::SkuCode | Field::Barcode,
                Value::Text(id),
            ) => {
                if id.chars().any(char::is_control) {
                    return Err(Fault::new(text!(
                        "{name} holds a line break or another control character",
                        name
                    )));
                }
                if id.chars().count() > LONGEST_ID {
                    return Err(Fault::new(text!(
                        "{name} is longer than {most} characters",
                        name,
                        most = LONGEST_ID
                    )));
                }
            }
            (Field::SalePrice, Value::Fen(fen)) if fen.0 <= 0 => {
                return Err(Fault::new(text!("{name} must be more than 0", name)));
            }
            (_, Value::Fen(fen)) if fen.0 < 0 => {
                return Err(Fault::new(text!("{name} must not be less than 0", name)));
            }
            (Field::StockNum, Value::Whole(stock)) => {
                if *stock < 0 {
                    return Err(Fault::new(text!("{name} must not be less than 0", name)));
                }
                if *stock == 0 && T::CREATES && !self.options.zero_stock {
                    return Err(Fault::new(text!("{name} is 0, which WeChat refuses for new products", name))
                        .hint(text!("write at least 1; for products that exist already use --allow-zero-stock or goods price-stock")));
                }
            }
            (Field::ThirdCatId | Field::BrandId | Field::Unitfactor, Value::Whole(number))
                if *number <= 0 =>
            {
                return Err(Fault::new(text!("{name} must be more than 0", name)));
            }
            (Field::Onsale, Value::Whole(number)) if !(0..=1).contains(number) => {
                return Err(Fault::new(text!("{name} is 0 (no) or 1 (yes)", name)));
            }
            (field, Value::List(list)) if matches!(field.shape(), Shape::Image | Shape::Images) => {
                let folder = &self.files[self.files.len() - 1].source.folder;
                self.images.resolve(folder, list)?;
                if field.shape() == Shape::Image && list.len() > 1 {
                    return Err(Fault::new(text!(
                        "{name} takes one picture, here are {count}",
                        name,
                        count = list.len()
                    )));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Sets the rows of a product aside.
    fn end_group(&mut self) -> Result<()> {
        let Some(group) = self.current.take() else {
            return Ok(());
        };
        let entry = self.entries.len();
        if group.values.id.is_empty() {
            return Ok(());
        }
        let missing = self.incomplete_in(&group.values, &group.rows);
        if !missing.is_empty() {
            self.incomplete.push((entry, missing));
        }
        if group.bad {
            self.bad.insert(entry);
        }
        let hash = self.hasher.hash_one(group.values.id.as_str());
        let at = self.set_aside(group)?;
        self.entries.push(Entry { hash, at });
        Ok(())
    }

    fn set_aside(&mut self, group: Group) -> Result<u64> {
        let mut meta = Vec::with_capacity(group.rows.len() * ROW_BYTES);
        rows_to(&group.rows, &mut meta);
        let mut body = Vec::with_capacity(1024);
        serde_json::to_writer(&mut body, &T::from_values(group.values))?;
        self.spool.append(&meta, &body)
    }

    fn json(&mut self, kind: SourceKind) -> Result<()> {
        let source = &self.this_file().source;
        let (name, file) = (source.name.clone(), source.reader()?);
        json::each(&name, file, kind, &mut |document| self.document(&document))
    }

    fn document(&mut self, document: &json::Document<'_>) -> Result<()> {
        self.counts.rows += 1;
        let read = match &document.text {
            Err(why) => Err(Fault::new(text!("not JSON: {why}", why))),
            Ok(text) => documents::read::<T>(text, &mut |field, value| self.vet(field, value)),
        };
        let mut read = match read {
            Ok(read) => read,
            Err(fault) => {
                let problem = self.problem(Some(document.line), None, None, fault);
                self.note(problem);
                return Ok(());
            }
        };
        let faulty_id = read
            .faults
            .iter()
            .any(|(_, field, _)| *field == Field::OutProductId);
        if read.values.id.is_empty() && !faulty_id {
            read.faults.push((
                "out_product_id".into(),
                Field::OutProductId,
                Fault::new(text!(
                    "{name} is missing",
                    name = Field::OutProductId.name()
                )),
            ));
        }
        if read.values.skus.is_empty() && T::CREATES {
            read.faults.push((
                "skus".into(),
                Field::OutSkuId,
                Fault::new(text!("the product has no SKU")),
            ));
        }
        let bad = !read.faults.is_empty();
        for (path, _, fault) in std::mem::take(&mut read.faults) {
            let mut problem = self.problem(Some(document.line), None, None, fault);
            problem.field = Some(Cow::Owned(path));
            problem.out_product_id = some_id(&read.values.id);
            self.note(problem);
        }
        let input = u32::try_from(self.files.len() - 1)?;
        let mut rows: Vec<RowRef> = read
            .sku_touched
            .iter()
            .map(|bits| RowRef {
                input,
                row: document.line,
                touched: bits | read.touched,
            })
            .collect();
        if rows.is_empty() {
            rows.push(RowRef {
                input,
                row: document.line,
                touched: read.touched,
            });
        }
        self.counts.skus += read.values.skus.len() as u64;
        self.end_group()?;
        self.current = Some(Group {
            values: read.values,
            rows,
            bad,
        });
        self.end_group()
    }

    /// What a product as a whole lacks.
    fn incomplete_in(&self, values: &Values, rows: &[RowRef]) -> Vec<Problem> {
        let mut found = Vec::new();
        let touched = rows.iter().fold(0, |bits, row| bits | row.touched);
        let given = |bits: u64, field: Field| {
            bits & (field.bit() | field.twin().map_or(0, Field::bit)) != 0
        };
        for field in T::NEEDS.iter().copied().filter(|field| field.of_product()) {
            if !given(touched, field) {
                found.push(self.lack(
                    values,
                    rows,
                    0,
                    field,
                    Fault::new(text!("{name} is missing", name = field.name())),
                ));
            }
        }
        for (place, row) in rows.iter().enumerate().take(values.skus.len()) {
            for field in T::NEEDS.iter().copied().filter(|field| !field.of_product()) {
                if !given(row.touched, field) {
                    found.push(self.lack(
                        values,
                        rows,
                        place,
                        field,
                        Fault::new(text!("{name} is missing", name = field.name())),
                    ));
                }
            }
            if T::CREATES {
                continue;
            }
            let changes = CHANGES.iter().any(|field| given(row.touched, *field));
            if changes && !given(row.touched, Field::OutSkuId) {
                found.push(self.lack(
                    values,
                    rows,
                    place,
                    Field::OutSkuId,
                    Fault::new(text!("{name} is missing", name = Field::OutSkuId.name())),
                ));
            }
            if !changes && !given(touched, Field::Path) {
                let fault = Fault::new(text!("there is nothing to change in this row"))
                    .hint(text!("give a price, the stock, a code or the path"));
                found.push(self.lack(values, rows, place, Field::OutSkuId, fault));
            }
        }
        if values.skus.len() > 1 {
            self.compare_skus(values, rows, &mut found);
        }
        found
    }

    /// SKUs of one product: no number twice, the same attributes in each, no two alike.
    fn compare_skus(&self, values: &Values, rows: &[RowRef], found: &mut Vec<Problem>) {
        let place_of = |place: usize, field: Field| {
            rows.get(place)
                .or(rows.first())
                .map_or_else(String::new, |row| self.location(row, field, place))
        };
        let mut ids: HashMap<&str, usize> = HashMap::new();
        let mut looks: HashMap<Vec<(&str, &str)>, usize> = HashMap::new();
        let mut names: Option<Vec<&str>> = None;
        for (place, sku) in values.skus.iter().enumerate() {
            if let Some(Value::Text(id)) = &sku[sku_slot(Field::OutSkuId)]
                && let Some(first) = ids.insert(id, place)
            {
                let fault = Fault::new(text!(
                    "the SKU {id} is already at {place}",
                    id,
                    place = place_of(first, Field::OutSkuId)
                ));
                found.push(self.lack(values, rows, place, Field::OutSkuId, fault));
                continue;
            }
            let unread = rows
                .get(place)
                .is_some_and(|row| row.touched & Field::SkuAttrs.bit() != 0)
                && sku[sku_slot(Field::SkuAttrs)].is_none();
            if !T::CREATES || unread {
                continue;
            }
            let mut look: Vec<(&str, &str)> = match &sku[sku_slot(Field::SkuAttrs)] {
                Some(Value::Attrs(attrs)) => attrs
                    .iter()
                    .map(|attr| (attr.attr_key.as_str(), attr.attr_value.as_str()))
                    .collect(),
                _ => Vec::new(),
            };
            look.sort_unstable();
            let keys: Vec<&str> = look.iter().map(|(key, _)| *key).collect();
            if names.get_or_insert_with(|| keys.clone()) != &keys {
                let fault = Fault::new(text!(
                    "the SKUs of a product need the same attributes; the first has other ones"
                ))
                .hint(text!(
                    "give every SKU of the product the same attribute names, e.g. colour and size"
                ));
                found.push(self.lack(values, rows, place, Field::SkuAttrs, fault));
            } else if let Some(first) = looks.insert(look, place) {
                let fault = Fault::new(text!(
                    "the SKU has the same attributes as the one at {place}",
                    place = place_of(first, Field::SkuAttrs)
                ))
                .hint(text!("write what tells the two apart, e.g. colour=red"));
                found.push(self.lack(values, rows, place, Field::SkuAttrs, fault));
            }
        }
    }

    fn location(&self, row: &RowRef, field: Field, sku: usize) -> String {
        self.problem_at(row, field, sku, Fault::new(text!("")))
            .location()
    }

    fn lack(
        &self,
        values: &Values,
        rows: &[RowRef],
        place: usize,
        field: Field,
        fault: Fault,
    ) -> Problem {
        let row = rows.get(place).or(rows.first()).copied().unwrap_or(RowRef {
            input: 0,
            row: 0,
            touched: 0,
        });
        let mut problem = self.problem_at(&row, field, place, fault);
        problem.out_product_id = some_id(&values.id);
        problem
    }

    fn problem_at(&self, row: &RowRef, field: Field, sku: usize, fault: Fault) -> Problem {
        let input = row.input as usize;
        let file = &self.files[input];
        let mut problem = self.problem_in(
            input,
            Some(row.row),
            file.columns.place_of_value(field),
            Some(field),
            fault,
        );
        if matches!(file.source.kind, SourceKind::Json | SourceKind::Jsonl) && !field.of_product() {
            problem.field = Some(Cow::Owned(format!("skus[{sku}].{}", field.name())));
        }
        problem
    }

    fn problem(
        &self,
        row: Option<u32>,
        column: Option<usize>,
        field: Option<Field>,
        fault: Fault,
    ) -> Problem {
        self.problem_in(self.files.len() - 1, row, column, field, fault)
    }

    fn problem_in(
        &self,
        input: usize,
        row: Option<u32>,
        column: Option<usize>,
        field: Option<Field>,
        fault: Fault,
    ) -> Problem {
        let file = &self.files[input];
        let cell = match (&file.sheet, row, column) {
            (Some(_), Some(row), Some(column)) => Some(format!("{}{row}", column_letters(column))),
            _ => None,
        };
        Problem {
            file: file.source.name.clone(),
            sheet: file.sheet.clone(),
            row,
            cell,
            field: field.map(|field| Cow::Borrowed(field.name())),
            out_product_id: None,
            message: fault.message,
            hint: fault.hint,
            input,
            column,
        }
    }

    fn note(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        } else {
            self.more_problems += 1;
        }
    }

    /// Puts the rows of each product together and closes the books.
    fn finish(mut self) -> Result<Catalogue<T>> {
        self.end_group()?;
        self.join_scattered()?;
        let incomplete = std::mem::take(&mut self.incomplete);
        for (entry, problems) in incomplete {
            self.bad.insert(entry);
            problems.into_iter().for_each(|problem| self.note(problem));
        }
        self.problems.sort_by_key(Problem::order);
        if self.normalised > 0 {
            self.notices.push(text!(
                "full-width characters were read as half-width ones in {count} cells",
                count = self.normalised
            ));
        }
        if self.more_problems > 0 {
            self.notices.push(text!(
                "{count} more problems are not listed",
                count = self.more_problems
            ));
        }
        let bad = &self.bad;
        let live = self
            .entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.at != JOINED);
        self.counts.products = live.clone().count() as u64;
        let places = live
            .filter(|(place, _)| !bad.contains(place))
            .map(|(_, entry)| entry.at)
            .collect();
        Ok(Catalogue {
            spool: self.spool.reader()?,
            files: self.files,
            places,
            problems: self.problems,
            more_problems: self.more_problems,
            notices: self.notices,
            images: self.images,
            counts: self.counts,
            payload: PhantomData,
        })
    }

    /// Finds products whose rows do not stand together.
    fn join_scattered(&mut self) -> Result<()> {
        let mut order: Vec<u32> = (0..u32::try_from(self.entries.len())?).collect();
        order.sort_unstable_by_key(|place| (self.entries[*place as usize].hash, *place));
        let scattered: Vec<Vec<usize>> = order
            .chunk_by(|one, other| {
                self.entries[*one as usize].hash == self.entries[*other as usize].hash
            })
            .filter(|same| same.len() > 1)
            .map(|same| same.iter().map(|place| *place as usize).collect())
            .collect();
        drop(order);
        if scattered.is_empty() {
            return Ok(());
        }
        let again: HashSet<usize> = scattered.iter().flatten().copied().collect();
        self.incomplete.retain(|(entry, _)| !again.contains(entry));
        let spool = self.spool.reader()?;
        let mut cursor = spool.cursor();
        let mut joined = Vec::new();
        for places in scattered {
            // Two numbers may share a hash; their rows stay apart.
            let mut by_id: Vec<(usize, Group)> = Vec::new();
            for place in places {
                let group = self.group_at(&mut cursor, place)?;
                match by_id
                    .iter_mut()
                    .find(|(_, known)| known.values.id == group.values.id)
                {
                    None => by_id.push((place, group)),
                    Some((_, known)) => {
                        self.entries[place].at = JOINED;
                        self.join(known, group);
                    }
                }
            }
            joined.extend(by_id);
        }
        self.spool.resume()?;
        for (place, group) in joined {
            let missing = self.incomplete_in(&group.values, &group.rows);
            if !missing.is_empty() {
                self.incomplete.push((place, missing));
            }
            if group.bad {
                self.bad.insert(place);
            }
            self.entries[place].at = self.set_aside(group)?;
        }
        Ok(())
    }

    fn group_at(&self, cursor: &mut Cursor<'_>, place: usize) -> Result<Group> {
        let (meta, body) = cursor.record(self.entries[place].at)?;
        let rows = rows_from(meta);
        let mut values = serde_json::from_slice::<T>(body)?.into_values();
        // Defaults that stand for cells nobody filled in are none of the merchant's words.
        let given = |bits: u64, field: usize| {
            bits & ((1 << field) | SPECS[field].field.twin().map_or(0, Field::bit)) != 0
        };
        let all = rows.iter().fold(0, |bits, row| bits | row.touched);
        for field in 0..PRODUCT_FIELDS {
            if !given(all, field) {
                values.product[field] = None;
            }
        }
        for (sku, row) in values.skus.iter_mut().zip(&rows) {
            for slot in 0..SKU_FIELDS {
                if !given(row.touched, PRODUCT_FIELDS + slot) {
                    sku[slot] = None;
                }
            }
        }
        Ok(Group {
            values,
            rows,
            bad: self.bad.contains(&place),
        })
    }

    fn join(&mut self, known: &mut Group, other: Group) {
        let is_document = |group: &Group| {
            group.rows.first().is_some_and(|row| {
                matches!(
                    self.files[row.input as usize].source.kind,
                    SourceKind::Json | SourceKind::Jsonl
                )
            })
        };
        if is_document(known) || is_document(&other) {
            let place = known.rows.first().map_or_else(String::new, |row| {
                self.location(row, Field::OutProductId, 0)
            });
            let fault = Fault::new(text!(
                "the product {id} is already at {place}",
                id = &known.values.id,
                place
            ));
            let problem = self.lack(&other.values, &other.rows, 0, Field::OutProductId, fault);
            self.note(problem);
            known.bad = true;
            return;
        }
        known.bad |= other.bad;
        for (field, value) in other.values.product.into_iter().enumerate() {
            let Some(value) = value else { continue };
            match &known.values.product[field] {
                None => known.values.product[field] = Some(value),
                Some(same) if *same == value => {}
                Some(_) => {
                    let field = SPECS[field].field;
                    let wanted = field.bit() | field.twin().map_or(0, Field::bit);
                    let seen = |rows: &[RowRef]| {
                        rows.iter().find(|row| row.touched & wanted != 0).copied()
                    };
                    if let (Some(first), Some(second)) = (seen(&known.rows), seen(&other.rows)) {
                        let fault = self.conflict(field, first.input as usize, first.row);
                        let mut problem = self.problem_at(&second, field, 0, fault);
                        problem.out_product_id = some_id(&known.values.id);
                        self.note(problem);
                    }
                    known.bad = true;
                }
            }
        }
        known.values.skus.extend(other.values.skus);
        known.rows.extend(other.rows);
    }
}

fn some_id(id: &str) -> Option<String> {
    (!id.is_empty()).then(|| id.to_owned())
}

#[cfg(test)]
#[path = "catalogue_tests.rs"]
mod tests;
