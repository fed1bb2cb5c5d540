//! A catalogue: files read, checked and set aside, so that what was checked is what is sent. Rows of one product may
//! stand anywhere; rows that follow one another are put together as they are read, the rest at the end.

mod files;
mod formats;
mod lines;
mod outline;
mod stager;
#[cfg(test)]
mod tests;
mod whole;

use super::fields::{Field, PRODUCT_FIELDS};
use super::headings::{Columns, Naming};
use super::images::Images;
use super::problem::Problem;
use super::rows::{Payload, Values};
use crate::api::component::goods::{AddSpu, UpdateSpuFree};
use crate::bulk::csv::{Dialect, Encoding};
use crate::bulk::inputs::names_of;
use crate::bulk::source::{Input, Row, Source, SourceKind};
use crate::bulk::spool::{Cursor, Spool, SpoolWriter};
use crate::bulk::table::Counted;
use crate::lang::Text;
use crate::state::categories::OpenCategories;
use crate::text;
use anyhow::Result;
use bytes::Bytes;
pub use outline::Outline;
use sha2::{Digest, Sha256};
use stager::Stager;
use std::collections::HashSet;
use std::hash::RandomState;
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
    /// Take products that give only what is to change.
    pub partial: bool,
    /// What a product that is made of options calls its fields: the options.
    pub called: Option<fn(Field) -> &'static str>,
    /// The categories that were open when WeChat was last asked; others are refused.
    pub categories: Option<OpenCategories>,
}

impl ReadOptions {
    /// What messages call a field of a document.
    fn name_of(&self, field: Field) -> &'static str {
        self.called
            .map_or_else(|| field.name(), |called| called(field))
    }
}

/// Problems that are kept in words; of more, their rows are kept.
const MOST_PROBLEMS: usize = 100_000;
/// No more SKUs make a product that anybody can choose from.
const MOST_SKUS: usize = 500;
/// No length is documented for a merchant's own numbers; this only stops cells that hold something else.
const LONGEST_ID: usize = 128;

/// Files as they were when they were read. `T` is what becomes of a product's rows.
pub struct Catalogue<T = AddSpu> {
    pub(super) files: Vec<SheetFile>,
    spool: Spool,
    /// Where the good products are, in file order.
    places: Arc<[u64]>,
    problems: Vec<Problem>,
    /// Input and row of problems beyond those that are kept in words.
    more_problems: Vec<(u32, u32)>,
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
#[derive(Debug, Clone)]
pub struct Draft<T = AddSpu> {
    pub outline: Outline,
    /// The request `T`, as it was checked. Pictures on disk stand in it as `sha256:…`; [`Catalogue::image`] knows
    /// their files.
    pub json: Bytes,
    /// SHA-256 of `json` and of which fields the rows give.
    pub fingerprint: [u8; 32],
    /// Its place among the good products, from 0.
    pub index: usize,
    pub rows: Vec<RowRef>,
    /// The file and first row, for people.
    pub place: String,
    payload: PhantomData<fn() -> T>,
}

impl<T: Payload> Draft<T> {
    /// The request, read.
    pub fn request(&self) -> Result<T> {
        Ok(serde_json::from_slice(&self.json)?)
    }
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

impl RowRef {
    /// Whether the row says anything of this field, be it that it is to be emptied.
    pub fn gives(&self, field: Field) -> bool {
        self.touched & (field.bit() | field.twin().map_or(0, Field::bit)) != 0
    }

    /// The fields it gives, whichever of two columns gives them.
    fn targets(&self) -> u64 {
        const TWINS: [(Field, Field); 3] = [
            (Field::ExpressFeeFen, Field::ExpressFee),
            (Field::SalePriceFen, Field::SalePrice),
            (Field::MarketPriceFen, Field::MarketPrice),
        ];
        TWINS.iter().fold(self.touched, |bits, (twin, target)| {
            if bits & twin.bit() != 0 {
                bits & !twin.bit() | target.bit()
            } else {
                bits
            }
        })
    }
}

/// Of a product as it would be sent, and of what its rows say: a field that is given is not one that is kept, though
/// both may end as the same request.
fn fingerprint(body: &[u8], rows: &[RowRef]) -> [u8; 32] {
    const OF_SKUS: u64 = !0 << PRODUCT_FIELDS;
    let mut hasher = Sha256::new();
    hasher.update(body);
    let of_product = rows.iter().fold(0, |bits, row| bits | row.targets()) & !OF_SKUS;
    hasher.update(of_product.to_le_bytes());
    for row in rows {
        hasher.update((row.targets() & OF_SKUS).to_le_bytes());
    }
    hasher.finalize().into()
}

/// A file, and what is needed to read its rows again.
pub(super) struct SheetFile {
    pub source: Source,
    pub sheet: Option<String>,
    pub dialect: Option<Dialect>,
    pub columns: Arc<Columns>,
    /// The row of the headings; 0 while there is none.
    pub heading: u32,
    /// The headings have problems, so that nothing in the file can be sent.
    pub unsound: bool,
    /// Columns of the widest row.
    pub width: usize,
    pub counted: Counted,
}

impl SheetFile {
    /// The number that a spreadsheet gives the row.
    pub fn row_in_sheet(&self, row: u32) -> u32 {
        self.counted.of(row)
    }
}

impl<T: Payload> Catalogue<T> {
    /// Reads and checks all of it. What is wrong with rows and headings is in [`problems`](Catalogue::problems); an
    /// error means that a file could not be read at all. Blocks. The spool in `spool_dir` vanishes with the catalogue.
    pub fn read(inputs: &[Input], options: &ReadOptions, spool_dir: &Path) -> Result<Catalogue<T>> {
        let naming = Naming::read(options.map.as_deref(), &options.ignore_columns)?;
        let mut reading = Reading::<T> {
            options,
            naming,
            stager: Stager::start::<T>(SpoolWriter::create(spool_dir)?)?,
            hashes: Vec::new(),
            files: Vec::new(),
            current: None,
            above: None,
            hidden: Vec::new(),
            folds: Vec::new(),
            problems: Vec::new(),
            more_problems: Vec::new(),
            incomplete: Vec::new(),
            bad: HashSet::new(),
            images: Images::default(),
            normalised: 0,
            counts: Counts::default(),
            notices: Vec::new(),
            hasher: RandomState::new(),
            payload: PhantomData,
        };
        for (input, name) in inputs.iter().zip(names_of(inputs)) {
            let mut source = Source::open(input, options.from, spool_dir)?;
            source.name = name;
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
        self.more_problems.len() as u64
    }

    pub(super) fn rows_of_more_problems(&self) -> impl Iterator<Item = (u32, u32)> {
        self.more_problems.iter().copied()
    }

    /// Whether the headings of a file are wrong, so that nothing in it can be sent.
    pub fn has_unsound_headings(&self) -> bool {
        self.files.iter().any(|file| file.unsound)
    }

    /// Whether rows of the files stand for nothing that is sent: what is not named is then not known to be unwanted.
    pub fn rows_were_left_out(&self) -> bool {
        !self.problems.is_empty() || !self.more_problems.is_empty()
    }

    /// Whether rows that fail can be given back: where `wanted` says, or else beside each file.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn check_failed_files(&self, wanted: Option<&Path>) -> Result<()> {
        self.files
            .iter()
            .try_for_each(|file| crate::bulk::failed::check(&file.source, wanted))
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
        self.images.count()
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
    pub fn drafts(&self) -> Drafts<T> {
        Drafts {
            cursor: self.spool.cursor(),
            places: self.places.clone(),
            next: 0,
            names: self.file_names(),
            payload: PhantomData,
        }
    }

    /// What is known of the good products without their requests, in the same order.
    pub fn outlines(&self) -> impl Iterator<Item = Result<Outline>> {
        let mut cursor = self.spool.cursor();
        (0..self.places.len()).map(move |index| {
            let (meta, _) = cursor.record(self.places[index])?;
            Ok(outline::read(meta)?.0)
        })
    }

    /// The names of all inputs.
    pub fn file_names(&self) -> Vec<String> {
        self.files
            .iter()
            .map(|file| file.source.name.clone())
            .collect()
    }
}

/// Reads drafts from the spool, on any thread.
pub struct Drafts<T> {
    cursor: Cursor,
    places: Arc<[u64]>,
    next: usize,
    names: Vec<String>,
    payload: PhantomData<fn() -> T>,
}

impl<T: Payload> Drafts<T> {
    /// One of the good products, by its place among them.
    pub fn at(&mut self, index: usize) -> Option<Result<Draft<T>>> {
        let at = *self.places.get(index)?;
        let names = &self.names;
        Some(self.cursor.record(at).and_then(|(meta, body)| {
            let (outline, rows) = outline::read(meta)?;
            let place = rows.first().map_or_else(String::new, |row| {
                format!(
                    "{}:{}",
                    names.get(row.input as usize).map_or("", String::as_str),
                    row.row
                )
            });
            Ok(Draft {
                outline,
                json: Bytes::copy_from_slice(body),
                fingerprint: fingerprint(body, &rows),
                index,
                rows,
                place,
                payload: PhantomData,
            })
        }))
    }
}

impl<T: Payload> Iterator for Drafts<T> {
    type Item = Result<Draft<T>>;

    fn next(&mut self) -> Option<Result<Draft<T>>> {
        self.next += 1;
        self.at(self.next - 1)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.places.len().saturating_sub(self.next);
        (left, Some(left))
    }
}

/// Rows of one product that follow one another.
#[derive(Default)]
struct Group {
    values: Values,
    rows: Vec<RowRef>,
    bad: bool,
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
    stager: Stager,
    /// Of the numbers of the products set aside. With their places, sixteen bytes for each product of a million.
    hashes: Vec<u64>,
    files: Vec<SheetFile>,
    /// Of the numbers without what nobody sees in them, like `hashes`.
    folds: Vec<u64>,
    current: Option<Group>,
    /// The first row of a file, while its headings are looked for.
    above: Option<Row>,
    /// Rows of the file that nobody sees.
    hidden: Vec<u32>,
    problems: Vec<Problem>,
    more_problems: Vec<(u32, u32)>,
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
    /// Puts the rows of each product together and closes the books.
    fn finish(mut self) -> Result<Catalogue<T>> {
        self.end_group();
        let mut staged = self.stager.finish()?;
        self.join_scattered(&mut staged)?;
        self.compare_numbers(&mut staged)?;
        let incomplete = std::mem::take(&mut self.incomplete);
        for (entry, problems) in incomplete {
            self.bad.insert(entry);
            problems.into_iter().for_each(|problem| self.note(problem));
        }
        self.problems.sort_by_key(Problem::order);
        if self.normalised > 0 {
            self.notices.push(match self.normalised {
                1 => text!("full-width characters were read as half-width ones in 1 cell"),
                count => text!(
                    "full-width characters were read as half-width ones in {count} {count:cell|cells}",
                    count
                ),
            });
        }
        if !self.more_problems.is_empty() {
            self.notices.push(match self.more_problems.len() {
                1 => text!("1 more problem is not listed"),
                count => text!(
                    "{count} more {count:problem is|problems are} not listed",
                    count
                ),
            });
        }
        let bad = &self.bad;
        let live = staged
            .places
            .iter()
            .enumerate()
            .filter(|(_, at)| **at != JOINED);
        self.counts.products = live.clone().count() as u64;
        let places = live
            .filter(|(entry, _)| !bad.contains(entry))
            .map(|(_, at)| *at)
            .collect();
        Ok(Catalogue {
            spool: staged.spool.reader()?,
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
}

fn some_id(id: &str) -> Option<String> {
    (!id.is_empty()).then(|| id.to_owned())
}
