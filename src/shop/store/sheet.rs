//! Sheets of goods for a WeChat Store: which column is what, and the rows that make one product. A cell that is empty
//! says nothing, so that a product keeps what it has.
//!
//! Long because the columns stand here, each with its names.

use crate::bulk::csv::{Dialect, Encoding};
use crate::bulk::inputs::names_of;
use crate::bulk::number::{self, Refusal};
use crate::bulk::source::{
    CellKind, Input, Row, Source, SourceKind, column_letters, plain_heading,
};
use crate::bulk::spool::{Cursor, Spool, SpoolWriter};
use crate::bulk::table::{Counted, Table, Wish};
use crate::bulk::xlsx::choose::{HEAD_ROWS, hidden_rows};
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::goods::sheet::failed::Origin;
use crate::shop::goods::sheet::headings::{mapping, no_field, one_line};
use crate::shop::goods::sheet::problem::Problem;
use crate::text;
use crate::types::spelling::{half_width, likeness};
use crate::types::unguarded;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Field {
    Number,
    Title,
    ShortTitle,
    Category,
    HeadImages,
    DetailImages,
    Detail,
    Freight,
    Weight,
    Brand,
    Attributes,
    SpuCode,
    SevenDays,
    FreightInsurance,
    AftersaleText,
    ReturnAddress,
    SkuNumber,
    SkuAttributes,
    SkuImage,
    SkuCode,
    BarCode,
    Price,
    Stock,
    Delivery,
}

/// Field, heading in English and in Chinese, other headings.
type Spec = (Field, &'static str, &'static str, &'static [&'static str]);

/// The columns of a sheet, in the order in which a template has them.
pub const FIELDS: &[Spec] = &[
    (
        Field::Number,
        "out_product_id",
        "商品编号",
        &["商家商品编号", "外部商品编号", "款式编码", "款号"],
    ),
    (
        Field::Title,
        "title",
        "标题",
        &["商品标题", "商品名称", "宝贝名称", "选购商品"],
    ),
    (Field::ShortTitle, "short_title", "短标题", &["商品短标题"]),
    (
        Field::Category,
        "category",
        "类目",
        &["cats_v2", "商品类目", "类目路径"],
    ),
    (
        Field::HeadImages,
        "head_imgs",
        "主图",
        &["商品主图", "head_img", "头图", "新图片"],
    ),
    (
        Field::DetailImages,
        "detail_imgs",
        "详情图",
        &["商品详情图", "desc_imgs"],
    ),
    (
        Field::Detail,
        "desc",
        "详情",
        &["商品详情", "详情文字", "商品描述"],
    ),
    (
        Field::Freight,
        "freight_template",
        "运费模板",
        &["template_id", "运费模板名称"],
    ),
    (
        Field::Weight,
        "weight",
        "重量（克）",
        &["重量", "商品重量", "重量(g)"],
    ),
    (Field::Brand, "brand", "品牌", &["brand_id", "商品品牌"]),
    (
        Field::Attributes,
        "attrs",
        "商品参数",
        &["类目属性", "宝贝属性"],
    ),
    (
        Field::SpuCode,
        "spu_code",
        "商品编码",
        &["商品编码（自定义）", "商家编码", "商家编码-商品维度"],
    ),
    (
        Field::SevenDays,
        "seven_day_return",
        "七天无理由",
        &["七天无理由退货", "7天无理由"],
    ),
    (
        Field::FreightInsurance,
        "freight_insurance",
        "运费险",
        &["退货运费险"],
    ),
    (
        Field::AftersaleText,
        "aftersale_desc",
        "售后说明",
        &["售后服务说明"],
    ),
    (
        Field::ReturnAddress,
        "return_address",
        "退货地址",
        &["after_sale_address_id", "售后地址"],
    ),
    (
        Field::SkuNumber,
        "out_sku_id",
        "规格编号",
        &["商家规格编号", "外部规格编号"],
    ),
    (
        Field::SkuAttributes,
        "sku_attrs",
        "规格",
        &["商品规格", "规格属性", "销售属性", "颜色及规格", "商品属性"],
    ),
    (
        Field::SkuImage,
        "thumb_img",
        "规格图",
        &["sku图", "规格图片", "sku图片"],
    ),
    (
        Field::SkuCode,
        "sku_code",
        "sku编码",
        &[
            "sku编码（自定义）",
            "规格编码",
            "货号",
            "商家货号",
            "商家编码-规格维度",
        ],
    ),
    (
        Field::BarCode,
        "bar_code",
        "条形码",
        &[
            "barcode",
            "条码",
            "商品条码",
            "商品条形码",
            "sku条形码",
            "国标码",
        ],
    ),
    (
        Field::Price,
        "sale_price",
        "售价",
        &[
            "售价（元）",
            "售卖价",
            "销售价",
            "销售价（元）",
            "价格",
            "价格（元）",
            "商品价格（单件）",
            "基本售价",
        ],
    ),
    (Field::Stock, "stock_num", "库存", &["库存数量", "宝贝数量"]),
    (
        Field::Delivery,
        "delivery",
        "发货时效",
        &["预售", "发货时间"],
    ),
];

/// Headings that are known and not read: the Store has no such field, or they are ours.
const LEFT_ASIDE: &[&str] = &[
    "market_price",
    "市场价",
    "市场|吊牌价",
    "path",
    "小程序路径",
    "sub_title",
    "reason",
    "失败原因",
];

/// What a cell says to empty its field.
pub const CLEAR: &str = "[clear]";

/// What begins the heading of one attribute, of a SKU's, and of one paper.
pub(super) const ATTRIBUTE: [&str; 2] = ["attr:", "属性:"];
pub(super) const SKU_ATTRIBUTE: [&str; 2] = ["sku:", "规格:"];
pub(super) const PAPER: [&str; 2] = ["paper:", "资质:"];
/// What begins the heading of one row of the size chart, as `尺码表:胸围`; each SKU gives its own.
pub(super) const SIZE: [&str; 2] = ["size:", "尺码表:"];

impl Field {
    pub fn name(self) -> &'static str {
        self.spec().1
    }

    /// By its name in English.
    pub fn named(name: &str) -> Option<Field> {
        let found = FIELDS.iter().find(|(_, english, ..)| *english == name);
        found.map(|(field, ..)| *field)
    }

    /// The name nearest to a heading that means nothing, for "did you mean".
    pub fn nearest(heading: &str) -> Option<&'static str> {
        let plain = plain_heading(heading);
        FIELDS
            .iter()
            .flat_map(|(_, english, chinese, others)| {
                let names = [*english, *chinese].into_iter();
                names
                    .chain(others.iter().copied())
                    .map(move |name| (*english, name))
            })
            .filter_map(|(english, name)| {
                let likeness = likeness(&plain, &plain_heading(name))?;
                Some((likeness, english, name))
            })
            .max_by(|one, other| one.0.total_cmp(&other.0))
            .map(|(_, english, name)| if name.is_ascii() { english } else { name })
    }

    /// Its heading, in both languages.
    pub fn words(self) -> Text {
        let (_, english, chinese, _) = self.spec();
        Text::pair(english, chinese)
    }

    fn spec(self) -> &'static Spec {
        &FIELDS[self as usize]
    }

    /// Whether it holds numbers that a spreadsheet may damage.
    fn is_number(self) -> bool {
        matches!(
            self,
            Field::Number | Field::SpuCode | Field::SkuNumber | Field::SkuCode | Field::BarCode
        )
    }

    /// Whether it belongs to a SKU; the others are the same in all rows of a product.
    pub(super) fn of_sku(self) -> bool {
        self >= Field::SkuNumber
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    pub text: String,
    /// Which file, counted from 0.
    pub input: u32,
    pub row: u32,
    pub column: usize,
}

/// A row of a file, counted from 0, by its number.
pub type RowRef = (u32, u32);

/// The rows of one product.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rows {
    pub number: Cell,
    pub rows: Vec<RowRef>,
    pub fields: BTreeMap<Field, Cell>,
    /// Attributes that have a column of their own, by name.
    pub attributes: Vec<(String, Cell)>,
    /// Papers by name.
    pub papers: Vec<(String, Cell)>,
    pub skus: Vec<SkuRow>,
    /// Something in its cells cannot be read, so that it is not sent.
    pub bad: bool,
    /// Fields whose cells cannot be read, by their rows: they are not empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<(RowRef, Field)>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SkuRow {
    pub at: RowRef,
    pub fields: BTreeMap<Field, Cell>,
    pub attributes: Vec<(String, Cell)>,
    /// What the size chart says of it, by the name of the row of the chart.
    pub sizes: Vec<(String, Cell)>,
}

impl SkuRow {
    fn new(at: RowRef) -> SkuRow {
        SkuRow {
            at,
            fields: BTreeMap::new(),
            attributes: Vec::new(),
            sizes: Vec::new(),
        }
    }

    fn says_nothing(&self) -> bool {
        self.fields.is_empty() && self.attributes.is_empty() && self.sizes.is_empty()
    }
}

impl Rows {
    fn new(number: Cell) -> Rows {
        Rows {
            number,
            rows: Vec::new(),
            fields: BTreeMap::new(),
            attributes: Vec::new(),
            papers: Vec::new(),
            skus: Vec::new(),
            bad: false,
            unread: Vec::new(),
        }
    }

    /// Whether a field is given, in a row where it is a SKU's, even if its cell cannot be read.
    pub fn gives(&self, field: Field, sku: Option<&SkuRow>) -> bool {
        let unread = |row: RowRef| sku.is_none_or(|sku| sku.at == row);
        let given = sku.map_or(&self.fields, |sku| &sku.fields);
        given.contains_key(&field)
            || self
                .unread
                .iter()
                .any(|(row, one)| *one == field && unread(*row))
    }

    /// Takes a cell of the product; where another row said something else, both are noted.
    fn take(&mut self, field: Field, cell: Cell, differing: &mut Vec<(Cell, Cell)>) {
        match self.fields.get(&field) {
            None => {
                self.fields.insert(field, cell);
            }
            Some(known) if known.text == cell.text => {}
            Some(known) => differing.push((cell, known.clone())),
        }
    }

    /// Takes further rows of the same product.
    fn join(&mut self, other: Rows, differing: &mut Vec<(Cell, Cell)>) {
        for (field, cell) in other.fields {
            self.take(field, cell, differing);
        }
        for (name, cell) in other.attributes {
            once(&mut self.attributes, &name, cell, differing);
        }
        for (name, cell) in other.papers {
            once(&mut self.papers, &name, cell, differing);
        }
        self.rows.extend(other.rows);
        self.skus.extend(other.skus);
        self.bad |= other.bad;
        self.unread.extend(other.unread);
    }
}

/// Whether a heading is that of the product's number, by which a sheet of goods is known.
pub fn names_products(heading: &str) -> bool {
    matches!(column_of(heading), Some(Column::Field(Field::Number)))
}

/// What an option says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    Field(Field),
    Attribute(String),
    SkuAttribute(String),
}

/// The row of what stands in no file.
const NO_ROW: u32 = 0;
/// Problems that are kept in words; of more, their rows are kept.
const MOST_PROBLEMS: usize = 100_000;
/// Columns of a template that people are warned of by their notes.
const SHOWN: usize = 40;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Field(Field),
    Attribute(String),
    SkuAttribute(String),
    Paper(String),
    Size(String),
    LeftAside,
}

/// A file, and what is needed to read its rows again.
pub struct SheetFile {
    source: Source,
    dialect: Option<Dialect>,
    sheet: Option<String>,
    /// By place, as they stand in the file.
    headings: Vec<String>,
    columns: Vec<Option<Column>>,
    /// The row of the headings; 0 while there is none.
    heading: u32,
    /// The headings have problems, so that nothing in the file can be sent.
    unsound: bool,
    /// Columns of the widest row.
    width: usize,
    counted: Counted,
}

impl SheetFile {
    fn id_place(&self) -> Option<usize> {
        self.place_of(Field::Number)
    }

    fn place_of(&self, field: Field) -> Option<usize> {
        let wanted = Some(Column::Field(field));
        self.columns.iter().position(|column| *column == wanted)
    }
}

impl Origin for SheetFile {
    fn source(&self) -> &Source {
        &self.source
    }

    fn dialect(&self) -> Option<Dialect> {
        self.dialect
    }

    fn sheet(&self) -> Option<&str> {
        self.sheet.as_deref()
    }

    fn heading(&self) -> u32 {
        self.heading
    }

    fn width(&self) -> usize {
        self.width
    }

    fn id_column(&self) -> usize {
        self.id_place().unwrap_or(0)
    }

    fn id(&self, cell: &str, kind: CellKind) -> Option<String> {
        let number = number::read(cell, kind).ok()?;
        Some(clean(&number.text))
    }

    fn column_of(&self, field: &str) -> Option<usize> {
        self.place_of(Field::named(field)?)
    }

    fn is_reason(&self, heading: &str) -> bool {
        matches!(plain_heading(heading).as_str(), "reason" | "失败原因")
    }

    fn is_text(&self, column: usize) -> bool {
        matches!(self.columns.get(column), Some(Some(Column::Field(field))) if field.is_number())
    }
}

/// The files of a sheet of goods, and everything that is wrong in them.
pub struct Files {
    pub files: Vec<SheetFile>,
    pub problems: Vec<Problem>,
    /// Input and row of problems beyond those that are kept in words.
    pub more: Vec<RowRef>,
    /// Whose rows are looked at.
    pub product: Option<String>,
}

impl Files {
    /// How many problems there are, with those that are not kept in words.
    pub fn count(&self) -> usize {
        self.problems.len() + self.more.len()
    }

    /// Adds what is wrong with a cell.
    pub fn at(&mut self, cell: &Cell, message: Text, hint: Option<Text>) {
        let at = (cell.input, cell.row);
        self.problem(at, Some(cell.column), message, hint);
    }

    /// As [`Files::at`], for what people are told once a file, with all its cells.
    pub fn at_once(&mut self, cell: &Cell, message: Text, hint: Option<Text>) {
        let at = (cell.input, cell.row);
        if let Some(mut problem) = self.made(at, Some(cell.column), message, hint) {
            problem.once = true;
            self.note(problem);
        }
    }

    /// Adds what is wrong with a row, or with one cell of it.
    pub fn problem(
        &mut self,
        at: RowRef,
        column: Option<usize>,
        message: Text,
        hint: Option<Text>,
    ) {
        if let Some(problem) = self.made(at, column, message, hint) {
            self.note(problem);
        }
    }

    /// Adds that a row lacks a value: at its empty cell, or, where the file has no column for it, with how to head one.
    pub fn missing(&mut self, at: RowRef, field: Field) {
        let (_, english, chinese, _) = field.spec();
        let file = self.files.get(at.0 as usize);
        let column = file.and_then(|file| file.place_of(field));
        let heading = file
            .zip(column)
            .and_then(|(file, column)| file.headings.get(column))
            .map(|heading| unmarked(heading));
        let name = heading.unwrap_or_else(|| (*english).to_owned());
        let has_columns = file.is_some_and(|file| !file.columns.is_empty());
        let hint = (column.is_none() && has_columns).then(|| {
            text!(
                "its heading is {name} or {chinese}",
                name = *english,
                chinese = *chinese
            )
        });
        self.problem(at, column, text!("{name} is missing", name), hint);
    }

    /// What the file calls a cell; `field` where it has no heading for it.
    pub fn called(&self, cell: &Cell, field: Field) -> String {
        let file = self.files.get(cell.input as usize);
        let heading = file.and_then(|file| file.headings.get(cell.column));
        let heading = heading.map(|heading| unmarked(heading));
        heading
            .filter(|heading| !heading.is_empty())
            .unwrap_or_else(|| field.name().to_owned())
    }

    /// The column of a file whose heading is one of these with this name after it, such as `属性:产地`.
    pub(super) fn named_column(
        &self,
        (input, _): RowRef,
        starts: [&str; 2],
        name: &str,
    ) -> Option<usize> {
        let file = self.files.get(input as usize)?;
        let wanted = match starts {
            ATTRIBUTE => Column::Attribute(name.to_owned()),
            SKU_ATTRIBUTE => Column::SkuAttribute(name.to_owned()),
            PAPER => Column::Paper(name.to_owned()),
            _ => Column::Size(name.to_owned()),
        };
        let is = |column: &Option<Column>| column.as_ref() == Some(&wanted);
        file.columns.iter().position(is)
    }

    /// The column of a file for a field.
    pub(super) fn field_column(&self, (input, _): RowRef, field: Field) -> Option<usize> {
        self.files.get(input as usize)?.place_of(field)
    }

    pub fn note(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        } else {
            let input = u32::try_from(problem.input).unwrap_or(u32::MAX);
            self.more.push((input, problem.row.unwrap_or(0)));
        }
    }

    /// Begins to gather what is only perhaps a problem.
    pub(super) fn set_aside(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    /// Ends that: what was gathered, and what was known before is known again.
    pub(super) fn take_back(&mut self, kept: Vec<Problem>) -> Vec<Problem> {
        std::mem::replace(&mut self.problems, kept)
    }

    fn made(
        &self,
        (input, row): RowRef,
        column: Option<usize>,
        message: Text,
        hint: Option<Text>,
    ) -> Option<Problem> {
        let file = self.files.get(input as usize)?;
        let row = Some(row).filter(|row| *row != NO_ROW);
        let cell = match (row, column) {
            (Some(row), Some(column)) => {
                let counted = file.counted.of(row);
                Some(format!("{}{counted}", column_letters(column)))
            }
            _ => None,
        };
        let heading = column.and_then(|column| file.headings.get(column).cloned());
        Some(Problem {
            file: file.source.name.clone(),
            sheet: file.sheet.clone(),
            row,
            cell,
            heading: heading.filter(|heading| !heading.is_empty()),
            field: None,
            out_product_id: self.product.clone(),
            message,
            hint,
            input: input as usize,
            column,
            of_row_above: false,
            once: false,
        })
    }

    /// `goods.csv:3`
    pub fn place(&self, (input, row): RowRef) -> String {
        let name = self.name(input);
        match row {
            NO_ROW => name.to_owned(),
            row => format!("{name}:{row}"),
        }
    }

    fn name(&self, input: u32) -> &str {
        self.files
            .get(input as usize)
            .map_or("", |file| &file.source.name)
    }

    /// Where names of images in a file start.
    pub fn folder(&self, input: u32) -> &Path {
        self.files
            .get(input as usize)
            .map_or(Path::new(""), |file| &file.source.folder)
    }

    pub fn names(&self) -> Vec<String> {
        self.files
            .iter()
            .map(|file| file.source.name.clone())
            .collect()
    }

    /// Whether the headings of a file are wrong, so that nothing in it can be sent.
    pub fn has_unsound_headings(&self) -> bool {
        self.files.iter().any(|file| file.unsound)
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
}

/// How much was read, good and bad.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub rows: u64,
    pub products: u64,
    pub skus: u64,
}

/// Sheets that were read: products in the order of their first rows, each set aside on disk.
pub struct Goods {
    pub files: Files,
    spool: Spool,
    places: Vec<u64>,
    /// Categories with the brand that stands beside them, as the cells have them.
    pub categories: HashSet<(String, String)>,
    /// Columns that hold something.
    used: BTreeSet<(u32, usize)>,
    pub counts: Counts,
    pub notices: Vec<Text>,
}

/// How files are to be read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Instead of what the ending says.
    pub from: Option<SourceKind>,
    pub encoding: Option<Encoding>,
    pub sheet: Option<String>,
    /// A TOML file of lines `field = "heading"`.
    pub map: Option<PathBuf>,
    pub ignore_columns: Vec<String>,
}

/// Which heading means what.
struct Naming {
    mapped: HashMap<String, Column>,
    /// Fields that have a heading of their own and answer to no other.
    taken: Vec<Column>,
    ignored: Vec<String>,
}

impl Naming {
    fn read(options: &ReadOptions) -> Result<Naming> {
        let mut naming = Naming {
            mapped: HashMap::new(),
            taken: Vec::new(),
            ignored: options
                .ignore_columns
                .iter()
                .map(|heading| plain_heading(heading))
                .collect(),
        };
        let Some(path) = &options.map else {
            return Ok(naming);
        };
        for (name, heading) in mapping(path)? {
            let column = match (Field::named(&name), column_of(&name)) {
                (Some(field), _) => Column::Field(field),
                // `"属性:产地" = "产地"`
                (None, Some(column)) if !matches!(column, Column::Field(_)) => column,
                _ => return Err(no_field(path, &name, Field::nearest(&name)).into()),
            };
            naming
                .mapped
                .insert(plain_heading(&heading), column.clone());
            naming.taken.push(column);
        }
        Ok(naming)
    }

    fn column(&self, heading: &str) -> Option<Column> {
        let plain = plain_heading(heading);
        if let Some(column) = self.mapped.get(&plain) {
            return Some(column.clone());
        }
        if self.ignored.contains(&plain) {
            return Some(Column::LeftAside);
        }
        column_of(&clean(heading)).filter(|column| !self.taken.contains(column))
    }

    fn knows(&self, row: &Row) -> bool {
        let number = Some(Column::Field(Field::Number));
        row.cells()
            .any(|(heading, _)| self.column(heading) == number)
    }
}

struct Reading {
    naming: Naming,
    files: Files,
    out: SpoolWriter,
    places: Vec<u64>,
    /// Of the products' numbers, like `places`.
    hashes: Vec<u64>,
    hasher: RandomState,
    current: Option<Rows>,
    /// The first row of a file, while its headings are looked for.
    above: Option<Row>,
    hidden: Vec<u32>,
    categories: HashSet<(String, String)>,
    used: BTreeSet<(u32, usize)>,
    counts: Counts,
    notices: Vec<Text>,
}

/// The place of rows that were joined with earlier ones.
const JOINED: u64 = u64::MAX;

impl Goods {
    /// Reads tables of products; a file is never held in memory. What is wrong with its cells is among the problems of
    /// [`files`](Goods::files). The spool in `spool_dir` vanishes with the goods.
    ///
    /// # Errors
    /// A file that cannot be read at all, is no table, or has its headings below other rows.
    pub fn read(inputs: &[Input], options: &ReadOptions, spool_dir: &Path) -> Result<Goods> {
        let mut reading = Reading::new(Naming::read(options)?, spool_dir)?;
        for (input, name) in inputs.iter().zip(names_of(inputs)) {
            let mut source = Source::open(input, options.from, spool_dir)?;
            source.name = name;
            reading.file(source, options)?;
        }
        reading.finish()
    }

    /// One product that no file names, `name` stands for it; each value comes with what it was given by.
    pub fn made(
        name: &str,
        values: Vec<(Made, String, String)>,
        spool_dir: &Path,
    ) -> Result<Goods> {
        let naming = Naming::read(&ReadOptions::default())?;
        let mut reading = Reading::new(naming, spool_dir)?;
        let input = Input::Made {
            name: name.to_owned(),
            json: String::new(),
        };
        let headings = values.iter().map(|(.., given_by)| given_by.clone());
        reading.files.files.push(SheetFile {
            source: Source::open(&input, None, spool_dir)?,
            dialect: None,
            sheet: None,
            headings: headings.collect(),
            columns: Vec::new(),
            heading: 0,
            unsound: false,
            width: 0,
            counted: Counted::default(),
        });
        let cell = |text: &str, column: usize| Cell {
            text: text.to_owned(),
            input: 0,
            row: NO_ROW,
            column,
        };
        let mut product = Rows::new(cell(name, usize::MAX));
        product.rows.push((0, NO_ROW));
        let mut sku = SkuRow::new((0, NO_ROW));
        for (column, (what, value, _)) in values.into_iter().enumerate() {
            let cell = cell(&value, column);
            match what {
                Made::Field(field) if field.of_sku() => {
                    sku.fields.insert(field, cell);
                }
                Made::Field(field) => {
                    product.fields.insert(field, cell);
                }
                Made::Attribute(name) => product.attributes.push((name, cell)),
                Made::SkuAttribute(name) => sku.attributes.push((name, cell)),
            }
        }
        if !sku.says_nothing() {
            product.skus.push(sku);
        }
        reading.current = Some(product);
        reading.finish()
    }

    /// Names every column that holds something and is none of these as one too many.
    pub fn allow_only(&mut self, fields: &[Field]) {
        for (input, column) in self.used.clone() {
            let Some(file) = self.files.files.get_mut(input as usize) else {
                continue;
            };
            match file.columns.get(column).and_then(Option::as_ref) {
                Some(Column::Field(field)) if fields.contains(field) => continue,
                Some(Column::LeftAside) | None => continue,
                Some(_) => {}
            }
            file.unsound = true;
            let heading = file.headings.get(column).cloned().unwrap_or_default();
            let at = (input, file.heading);
            self.files.problem(
                at,
                Some(column),
                text!(
                    "the column \"{heading}\" cannot be changed without an audit",
                    heading
                ),
                Some(text!(
                    "remove it, or send the file with `wxsell goods upload`"
                )),
            );
        }
    }

    /// Number and code of each product, as the cells have them.
    pub fn numbers(&self) -> impl Iterator<Item = Result<(String, String)>> {
        let mut reader = RowsReader {
            cursor: self.spool.cursor(),
            places: self.places.clone(),
        };
        (0..self.places.len()).map(move |entry| {
            let rows = reader.at(entry)?;
            let code = rows.fields.get(&Field::SpuCode);
            let code = code.map_or_else(String::new, |cell| cell.text.clone());
            Ok((rows.number.text, code))
        })
    }

    /// The files, and what reads the products in the order of their first rows.
    pub(super) fn into_parts(self) -> (Files, RowsReader) {
        let reader = RowsReader {
            cursor: self.spool.cursor(),
            places: self.places,
        };
        (self.files, reader)
    }
}

/// Reads the rows of products back from the disk.
pub(super) struct RowsReader {
    cursor: Cursor,
    places: Vec<u64>,
}

impl RowsReader {
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn at(&mut self, index: usize) -> Result<Rows> {
        let (_, body) = self.cursor.record(self.places[index])?;
        Ok(serde_json::from_slice(body)?)
    }
}

impl Reading {
    fn new(naming: Naming, spool_dir: &Path) -> Result<Reading> {
        Ok(Reading {
            naming,
            files: Files {
                files: Vec::new(),
                problems: Vec::new(),
                more: Vec::new(),
                product: None,
            },
            out: SpoolWriter::create(spool_dir)?,
            places: Vec::new(),
            hashes: Vec::new(),
            hasher: RandomState::new(),
            current: None,
            above: None,
            hidden: Vec::new(),
            categories: HashSet::new(),
            used: BTreeSet::new(),
            counts: Counts::default(),
            notices: Vec::new(),
        })
    }

    fn file(&mut self, source: Source, options: &ReadOptions) -> Result<()> {
        let name = source.name.clone();
        let mut table = Table::open(
            &source,
            &Wish {
                encoding: options.encoding,
                sheet: options.sheet.as_deref(),
                column: text!("the product's number"),
                knows: &|row| self.naming.knows(row),
            },
        )?;
        self.notices.append(&mut table.notices);
        self.files.files.push(SheetFile {
            source,
            dialect: table.dialect,
            sheet: table.sheet.clone(),
            headings: Vec::new(),
            columns: Vec::new(),
            heading: 0,
            unsound: false,
            width: 0,
            counted: Counted::default(),
        });
        let before = (self.counts.rows, self.files.count());
        table.each(&mut |row| self.row(row))?;
        if let Some(first) = self.above.take() {
            self.headings(&first);
        }
        self.end_group()?;
        let hidden = std::mem::take(&mut self.hidden);
        self.notices.extend(hidden_rows(&name, &hidden));
        let here = self.this_file();
        let read: Vec<String> = (0..here.columns.len())
            .filter(|place| here.columns[*place].is_some())
            .map(column_letters)
            .collect();
        self.notices.extend(table.unseen(&name, &read));
        if before == (self.counts.rows, self.files.count()) {
            return Err(
                Failure::input(text!("there is no row in {file}", file = name))
                    .hint(text!(
                        "write headings on the first line and one row on each line after it"
                    ))
                    .into(),
            );
        }
        Ok(())
    }

    fn this_file(&self) -> &SheetFile {
        &self.files.files[self.files.files.len() - 1]
    }

    fn headings(&mut self, row: &Row) {
        let input = self.files.files.len() - 1;
        let headings: Vec<String> = row.cells().map(|(heading, _)| one_line(heading)).collect();
        let columns: Vec<Option<Column>> = row
            .cells()
            .map(|(heading, _)| self.naming.column(heading))
            .collect();
        let file = &mut self.files.files[input];
        file.heading = row.number;
        file.width = row.len();
        file.headings.clone_from(&headings);
        file.columns.clone_from(&columns);
        let at = (u32::try_from(input).unwrap_or(u32::MAX), row.number);
        let before = self.files.count();
        let mut seen: HashMap<Field, usize> = HashMap::new();
        for (place, (heading, column)) in headings.iter().zip(&columns).enumerate() {
            if column.is_none() && !heading.is_empty() {
                let attributes = text!(
                    "attributes of the category have headings such as 属性:产地, those of a SKU 规格:颜色, documents 资质:报关单; rename the column, ignore it with --ignore-column, or map it to a field with --map"
                );
                self.files.problem(
                    at,
                    Some(place),
                    text!("the column \"{heading}\" is unknown", heading),
                    Some(match Field::nearest(heading) {
                        Some(nearest) => text!(
                            "did you mean {nearest}? Otherwise ignore it with --ignore-column \"{heading}\" or map it to a field with --map",
                            nearest,
                            heading
                        ),
                        None => attributes,
                    }),
                );
            }
            if let Some(Column::Field(field)) = column
                && let Some(first) = seen.insert(*field, place)
            {
                self.files.problem(
                    at,
                    Some(place),
                    text!(
                        "{name} has two columns, {first} and {second}",
                        name = field.name(),
                        first = column_letters(first),
                        second = column_letters(place)
                    ),
                    None,
                );
            }
        }
        if !seen.contains_key(&Field::Number) {
            let (_, english, chinese, _) = Field::Number.spec();
            self.files.problem(
                at,
                None,
                text!("the column {name} is missing", name = *english),
                Some(text!(
                    "its heading is {name} or {chinese}",
                    name = *english,
                    chinese = *chinese
                )),
            );
        }
        self.files.files[input].unsound = self.files.count() > before;
    }

    fn row(&mut self, row: &Row) -> Result<bool> {
        let input = self.files.files.len() - 1;
        self.files.files[input].counted.hear(row);
        if self.this_file().heading == 0 {
            if self.naming.knows(row) {
                if self.above.take().is_some() {
                    return Err(Failure::input(text!(
                        "in {file} the headings are in row {row}, below other rows",
                        file = &self.this_file().source.name,
                        row = row.counted()
                    ))
                    .hint(text!("delete the rows above the headings"))
                    .into());
                }
                self.headings(row);
                return Ok(true);
            }
            let first = self.above.get_or_insert_with(|| row.clone());
            if row.counted() - first.counted() + 1 < HEAD_ROWS {
                return Ok(true);
            }
            // The first row has to be the headings, then.
            if let Some(first) = self.above.take() {
                self.headings(&first);
            }
        }
        if self.this_file().id_place().is_none() {
            // Nothing can be said of rows that belong to nobody.
            return Ok(false);
        }
        if row.is_blank() {
            return Ok(true);
        }
        let file = &mut self.files.files[input];
        file.width = file.width.max(row.len());
        if row.hidden {
            self.hidden.push(row.number);
        }
        self.counts.rows += 1;
        self.cells(row).map(|()| true)
    }

    fn cells(&mut self, row: &Row) -> Result<()> {
        let input = u32::try_from(self.files.files.len() - 1)?;
        let at = (input, row.number);
        let id_place = self.this_file().id_place().unwrap_or(0);
        let mut bad = self.this_file().unsound;
        self.files.product = None;
        let id = match read_cell(row, id_place, true) {
            Ok(id) if id.is_empty() => {
                let name = unmarked(&self.this_file().headings[id_place]);
                self.no_number(
                    at,
                    Some(id_place),
                    text!("{name} is missing", name),
                    text!(
                        "every row needs its product number, including further SKUs of the same product"
                    ),
                );
                return Ok(());
            }
            Ok(id) => id,
            Err(refusal) => {
                self.no_number(at, Some(id_place), refusal.message, refusal.hint);
                return Ok(());
            }
        };
        if self
            .current
            .as_ref()
            .is_none_or(|group| group.number.text != id)
        {
            self.end_group()?;
        }
        self.files.product = Some(id.clone());
        let mut product = self.current.take().unwrap_or_else(|| {
            Rows::new(Cell {
                text: id,
                input,
                row: row.number,
                column: id_place,
            })
        });
        product.rows.push(at);
        let mut sku = SkuRow::new(at);
        let mut differing = Vec::new();
        for place in 0..row.len() {
            let column = match self.this_file().columns.get(place) {
                Some(Some(Column::LeftAside)) => continue,
                Some(Some(column)) => column.clone(),
                unknown => {
                    let (cell, kind) = row.cell(place);
                    let said = unknown.is_some() && !self.this_file().headings[place].is_empty();
                    if !said && kind != CellKind::Merged && !cell.trim().is_empty() {
                        bad = true;
                        self.no_heading(at, place, cell.trim());
                    }
                    continue;
                }
            };
            let is_number = matches!(&column, Column::Field(field) if field.is_number());
            let text = match read_cell(row, place, is_number) {
                Ok(text) if text.is_empty() => continue,
                Ok(text) => text,
                Err(refusal) => {
                    bad = true;
                    if let Column::Field(field) = column {
                        product.unread.push((at, field));
                    }
                    self.files
                        .problem(at, Some(place), refusal.message, Some(refusal.hint));
                    continue;
                }
            };
            self.used.insert((input, place));
            let cell = Cell {
                text,
                input,
                row: row.number,
                column: place,
            };
            match column {
                Column::Field(Field::Number) | Column::LeftAside => {}
                Column::Field(field) if field.of_sku() => {
                    sku.fields.insert(field, cell);
                }
                Column::Field(field) => product.take(field, cell, &mut differing),
                Column::SkuAttribute(name) => sku.attributes.push((name, cell)),
                Column::Size(name) => sku.sizes.push((name, cell)),
                Column::Attribute(name) => {
                    once(&mut product.attributes, &name, cell, &mut differing);
                }
                Column::Paper(name) => once(&mut product.papers, &name, cell, &mut differing),
            }
        }
        if !sku.says_nothing() {
            self.counts.skus += 1;
            product.skus.push(sku);
        }
        product.bad |= bad || !differing.is_empty();
        self.differ(differing);
        self.current = Some(product);
        Ok(())
    }

    /// A row that nobody can tell whose it is: it may be a further SKU of the product above it, which is then incomplete
    /// without it.
    fn no_number(&mut self, at: RowRef, column: Option<usize>, message: Text, hint: Text) {
        let above = self.current.as_mut().map(|above| {
            above.bad = true;
            above.number.text.clone()
        });
        if let Some(mut problem) = self.files.made(at, column, message, Some(hint)) {
            problem.of_row_above = above.is_some();
            problem.out_product_id = above;
            self.files.note(problem);
        }
    }

    fn no_heading(&mut self, at: RowRef, place: usize, cell: &str) {
        let message = text!(
            "there is a value in column {column}, which has no heading: {cell}",
            column = column_letters(place),
            cell = cell.chars().take(SHOWN).collect::<String>()
        );
        let hint = match self.this_file().sheet {
            Some(_) => text!("give the column a heading, or empty it"),
            None => text!(
                "put a cell that contains a comma in quotes (\"…\"), or give the column a heading"
            ),
        };
        self.files.problem(at, Some(place), message, Some(hint));
    }

    fn differ(&mut self, differing: Vec<(Cell, Cell)>) {
        for (cell, first) in differing {
            let counted = self.files.files.get(first.input as usize);
            let counted = counted.map_or(first.row, |file| file.counted.of(first.row));
            let mut place = format!("{}{counted}", column_letters(first.column));
            if first.input != cell.input {
                place = format!("{} {place}", self.files.name(first.input));
            }
            self.files.at(
                &cell,
                text!(
                    "this differs from {place}, another row of the same product",
                    place
                ),
                Some(text!(
                    "write the same in both, or leave all but the first empty"
                )),
            );
        }
    }

    /// Sets the rows of a product aside.
    fn end_group(&mut self) -> Result<()> {
        let Some(product) = self.current.take() else {
            return Ok(());
        };
        self.hashes.push(self.hasher.hash_one(&product.number.text));
        let at = self.put(&product)?;
        self.places.push(at);
        Ok(())
    }

    fn put(&mut self, product: &Rows) -> Result<u64> {
        if let Some(category) = product.fields.get(&Field::Category) {
            let brand = product.fields.get(&Field::Brand);
            let brand = brand.map_or_else(String::new, |cell| cell.text.clone());
            let named = (category.text.clone(), brand);
            if !self.categories.contains(&named) {
                self.categories.insert(named);
            }
        }
        self.out.append(&[], &serde_json::to_vec(product)?)
    }

    /// Joins rows of one product that do not stand together, and closes the books.
    fn finish(mut self) -> Result<Goods> {
        self.end_group()?;
        let mut order: Vec<u32> = (0..u32::try_from(self.hashes.len())?).collect();
        order.sort_unstable_by_key(|entry| (self.hashes[*entry as usize], *entry));
        let alike: Vec<Vec<u32>> = order
            .chunk_by(|one, other| self.hashes[*one as usize] == self.hashes[*other as usize])
            .filter(|same| same.len() > 1)
            .map(<[u32]>::to_vec)
            .collect();
        drop(order);
        self.hashes = Vec::new();
        for same in alike {
            self.join(&same)?;
        }
        self.files.product = None;
        let places: Vec<u64> = self
            .places
            .into_iter()
            .filter(|place| *place != JOINED)
            .collect();
        self.counts.products = places.len() as u64;
        Ok(Goods {
            files: self.files,
            spool: self.out.reader()?,
            places,
            categories: self.categories,
            used: self.used,
            counts: self.counts,
            notices: self.notices,
        })
    }

    /// Joins entries whose numbers are the same; `same` are those whose hashes are.
    fn join(&mut self, same: &[u32]) -> Result<()> {
        let spool = self.out.reader()?;
        let mut cursor = spool.cursor();
        let mut products: Vec<(usize, Rows, bool)> = Vec::new();
        for entry in same {
            let entry = *entry as usize;
            let (_, body) = cursor.record(self.places[entry])?;
            let rows: Rows = serde_json::from_slice(body)?;
            let known = products
                .iter_mut()
                .find(|(_, known, _)| known.number.text == rows.number.text);
            let Some((_, known, joined)) = known else {
                products.push((entry, rows, false));
                continue;
            };
            *joined = true;
            self.places[entry] = JOINED;
            let mut differing = Vec::new();
            known.join(rows, &mut differing);
            known.bad |= !differing.is_empty();
            self.files.product = Some(known.number.text.clone());
            self.differ(differing);
        }
        self.out.resume()?;
        for (entry, rows, joined) in products {
            if joined {
                self.places[entry] = self.put(&rows)?;
            }
        }
        Ok(())
    }
}

/// A cell as the person sees it; empty where it says nothing.
fn read_cell(row: &Row, place: usize, is_number: bool) -> Result<String, Refusal> {
    let (cell, kind) = row.seen(place);
    if is_number {
        if cell.trim().is_empty() && kind == CellKind::Text {
            return Ok(String::new());
        }
        return number::read(cell, kind).map(|number| clean(&number.text));
    }
    match number::unreadable(cell.trim(), kind) {
        Some(refusal) => Err(refusal),
        None => Ok(clean(unguarded(cell.trim()))),
    }
}

/// Adds a named cell, or finds that another row says something else.
fn once(list: &mut Vec<(String, Cell)>, name: &str, cell: Cell, differing: &mut Vec<(Cell, Cell)>) {
    match list.iter().find(|(known, _)| known == name) {
        None => list.push((name.to_owned(), cell)),
        Some((_, known)) if known.text == cell.text => {}
        Some((_, known)) => differing.push((cell, known.clone())),
    }
}

/// A cell without what programs put around numbers: `="…"`, a leading apostrophe or tab.
fn clean(cell: &str) -> String {
    let cell = cell.trim();
    let bare = cell
        .strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(cell);
    bare.trim_start_matches('\'').trim().to_owned()
}

fn column_of(heading: &str) -> Option<Column> {
    let half = half_width(heading).into_owned();
    // The mark of a column that a template says must be filled in.
    let half = half.trim_end_matches("(必填)");
    let named = |starts: [&str; 2]| {
        starts
            .iter()
            .find_map(|start| half.strip_prefix(start))
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
    };
    if let Some(name) = named(ATTRIBUTE) {
        return Some(Column::Attribute(name));
    }
    if let Some(name) = named(SKU_ATTRIBUTE) {
        return Some(Column::SkuAttribute(name));
    }
    if let Some(name) = named(PAPER) {
        return Some(Column::Paper(name));
    }
    if let Some(name) = named(SIZE) {
        return Some(Column::Size(name));
    }
    let plain = plain_heading(half);
    let is = |known: &str| plain_heading(known) == plain;
    let field = FIELDS.iter().find(|(_, english, chinese, others)| {
        is(english) || is(chinese) || others.iter().any(|other| is(other))
    });
    match field {
        Some((field, ..)) => Some(Column::Field(*field)),
        None if LEFT_ASIDE.iter().any(|known| is(known)) => Some(Column::LeftAside),
        None => None,
    }
}

/// A heading without the mark of a column that must be filled in.
fn unmarked(heading: &str) -> String {
    let heading = heading.trim();
    let bare = ["（必填）", "(必填)"]
        .iter()
        .find_map(|mark| heading.strip_suffix(mark));
    bare.unwrap_or(heading).trim().to_owned()
}

/// `产地=杭州;保质期=18 个月`, also with full-width signs and line breaks. A name without a value says nothing.
pub fn pairs(text: &str) -> Result<Vec<(String, String)>, Text> {
    text.split([';', '；', '\n'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part
                .split_once(['=', '＝', ':', '：'])
                .ok_or_else(|| text!("\"{part}\" has no equals sign", part))?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        })
        .filter(|pair| !matches!(pair, Ok((_, value)) if value.is_empty()))
        .collect()
}

/// Several in one cell, separated by line breaks, `|`, `;` or `,`.
pub fn items(text: &str) -> Vec<String> {
    text.split(['\n', '|', ';', '；', ',', '，'])
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_in_their_own_order() {
        for (place, (field, ..)) in FIELDS.iter().enumerate() {
            assert_eq!(*field as usize, place, "{field:?}");
        }
    }

    #[test]
    fn headings_are_known_with_marks_brackets_and_either_width() {
        let field = |heading| match column_of(heading) {
            Some(Column::Field(field)) => Some(field),
            _ => None,
        };
        assert_eq!(field("标题（必填）"), Some(Field::Title));
        assert_eq!(field("SKU编码(自定义)"), Some(Field::SkuCode));
        assert_eq!(field("商品编码（自定义）"), Some(Field::SpuCode));
        assert_eq!(field("售卖价"), Some(Field::Price));
        assert_eq!(field("Sale_Price *"), Some(Field::Price));
        assert!(matches!(column_of("属性：产地"), Some(Column::Attribute(name)) if name == "产地"));
        assert!(matches!(column_of("市场价"), Some(Column::LeftAside)));
        assert!(column_of("随便").is_none());
    }

    #[test]
    fn cells_lose_what_programs_put_around_numbers() {
        assert_eq!(clean("=\"00123\""), "00123");
        assert_eq!(clean("'00123\t"), "00123");
        assert_eq!(
            pairs("产地=杭州；保质期：18 个月\n"),
            Ok(vec![
                ("产地".into(), "杭州".into()),
                ("保质期".into(), "18 个月".into())
            ])
        );
        assert!(pairs("杭州").is_err());
        assert_eq!(items("a.jpg|b.jpg,\nc.jpg"), ["a.jpg", "b.jpg", "c.jpg"]);
    }

    fn read(folder: &Path, content: &str) -> Goods {
        let file = folder.join("goods.csv");
        std::fs::write(&file, content).expect("a file");
        let input = Input::File(file);
        Goods::read(&[input], &ReadOptions::default(), folder).expect("a sheet")
    }

    #[test]
    fn a_sheet_of_any_length_is_read_and_rows_of_one_product_may_stand_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut rows = String::from("商品编号,规格编号,库存\n");
        for n in 0..100_001 {
            rows += &format!("P{n},P{n}-1,5\n");
        }
        rows += "P7,P7-2,6\n";
        let goods = read(folder.path(), &rows);
        assert_eq!(goods.files.count(), 0);
        let counts = Counts {
            rows: 100_002,
            products: 100_001,
            skus: 100_002,
        };
        assert_eq!(goods.counts, counts);
        let (_, mut reader) = goods.into_parts();
        let seventh = reader.at(7).expect("rows");
        assert_eq!(seventh.number.text, "P7");
        assert_eq!(seventh.rows, [(0, 9), (0, 100_003)]);
        assert_eq!(seventh.skus.len(), 2);
        assert_eq!(reader.at(8).expect("rows").number.text, "P8");
    }

    #[test]
    fn rows_of_one_product_that_contradict_each_other_are_named_wherever_they_stand() {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = "商品编号,标题,库存\nA,茶,1\nB,杯,1\nA,酒,2\n";
        let goods = read(folder.path(), rows);
        let problem = &goods.files.problems[0];
        assert_eq!(problem.cell.as_deref(), Some("B4"));
        assert!(problem.message.to_string().contains("differs from B2"));
        let (_, mut reader) = goods.into_parts();
        assert!(reader.at(0).expect("rows").bad);
        assert!(!reader.at(1).expect("rows").bad);
    }
}
