//! Sheets of goods for a WeChat Store: which column is what, and the rows that make one product. A cell that is empty
//! says nothing, so that a product keeps what it has.
//!
//! Long because the columns stand here, each with its names.

use crate::bulk::sheet::Sheet;
use crate::bulk::source::{column_letters, plain_heading};
use crate::lang::Text;
use crate::text;
use crate::types::spelling::half_width;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
        &["商品规格", "销售属性", "颜色及规格", "商品属性"],
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
        &["sku编码（自定义）", "规格编码", "商家编码-规格维度"],
    ),
    (
        Field::BarCode,
        "bar_code",
        "条形码",
        &["barcode", "商品条形码", "sku条形码", "国标码"],
    ),
    (
        Field::Price,
        "sale_price",
        "售价",
        &["售卖价", "销售价", "价格", "商品价格（单件）", "基本售价"],
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

impl Field {
    pub fn name(self) -> &'static str {
        self.spec().1
    }

    /// By its name in English.
    pub fn named(name: &str) -> Option<Field> {
        let found = FIELDS.iter().find(|(_, english, ..)| *english == name);
        found.map(|(field, ..)| *field)
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    pub row: u32,
    pub column: usize,
}

/// The rows of one product.
#[derive(Debug, Clone)]
pub struct Rows {
    pub number: Cell,
    pub rows: Vec<u32>,
    pub fields: BTreeMap<Field, Cell>,
    /// Attributes that have a column of their own, by name.
    pub attributes: Vec<(String, Cell)>,
    /// Papers by name.
    pub papers: Vec<(String, Cell)>,
    pub skus: Vec<SkuRow>,
}

#[derive(Debug, Clone)]
pub struct SkuRow {
    pub row: u32,
    pub fields: BTreeMap<Field, Cell>,
    pub attributes: Vec<(String, Cell)>,
}

/// Whether a heading is that of the product's number, by which a sheet of goods is known.
pub fn names_products(heading: &str) -> bool {
    matches!(column_of(heading), Some(Column::Field(Field::Number)))
}

/// What is wrong, and where.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Problem {
    pub file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// `B12`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
    /// The heading as it stands in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_product_id: Option<String>,
    pub message: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<Text>,
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

/// A sheet that was read: products in the order of their first rows.
pub struct Goods {
    pub file: String,
    pub headings: Vec<String>,
    pub products: Vec<Rows>,
    pub problems: Vec<Problem>,
}

#[derive(Debug, Clone)]
enum Column {
    Field(Field),
    Attribute(String),
    SkuAttribute(String),
    Paper(String),
    LeftAside,
}

impl Goods {
    /// Reads a table of products. What is wrong with its cells is in [`problems`](Goods::problems).
    pub fn read(sheet: &Sheet) -> Goods {
        let mut goods = Goods {
            file: sheet.name().to_owned(),
            headings: sheet.headings.clone(),
            products: Vec::new(),
            problems: Vec::new(),
        };
        let columns = goods.columns();
        if !columns
            .iter()
            .any(|column| matches!(column, Some(Column::Field(Field::Number))))
        {
            let (_, english, chinese, _) = Field::Number.spec();
            goods.problem(
                None,
                None,
                text!("the column {name} is missing", name = *english),
                Some(text!(
                    "its heading is {name} or {chinese}",
                    name = *english,
                    chinese = *chinese
                )),
            );
            return goods;
        }
        let mut places: HashMap<String, usize> = HashMap::new();
        for row in &sheet.rows {
            let mut cells: Vec<(usize, String)> = Vec::new();
            for column in 0..row.cells.len() {
                let read = match columns.get(column).and_then(Option::as_ref) {
                    Some(Column::LeftAside) => continue,
                    Some(Column::Field(field)) if field.is_number() => {
                        row.number(column).map(|number| clean(&number))
                    }
                    _ => row.words(column).map(clean),
                };
                match read {
                    Ok(cell) if cell.is_empty() => {}
                    Ok(cell) => cells.push((column, cell)),
                    Err(refusal) => goods.problem(
                        Some(row.number),
                        Some(column),
                        refusal.message,
                        Some(refusal.hint),
                    ),
                }
            }
            let number = cells.iter().find(|(column, _)| {
                matches!(
                    columns.get(*column),
                    Some(Some(Column::Field(Field::Number)))
                )
            });
            let Some((column, number)) = number else {
                goods.problem(
                    Some(row.number),
                    None,
                    text!("{name} is missing", name = Field::Number.name()),
                    Some(text!(
                        "every row needs the number of its product, also further SKUs of the same product"
                    )),
                );
                continue;
            };
            let number = Cell {
                text: number.clone(),
                row: row.number,
                column: *column,
            };
            let place = *places.entry(number.text.clone()).or_insert_with(|| {
                goods.products.push(Rows {
                    number,
                    rows: Vec::new(),
                    fields: BTreeMap::new(),
                    attributes: Vec::new(),
                    papers: Vec::new(),
                    skus: Vec::new(),
                });
                goods.products.len() - 1
            });
            goods.row(place, row.number, &columns, cells);
        }
        goods
    }

    /// One product that no file names, `name` stands for it; each value comes with what it was given by.
    pub fn made(name: &str, values: Vec<(Made, String, String)>) -> Goods {
        let mut goods = Goods {
            file: name.to_owned(),
            headings: Vec::new(),
            products: Vec::new(),
            problems: Vec::new(),
        };
        let cell = |text: &str, column: usize| Cell {
            text: text.to_owned(),
            row: NO_ROW,
            column,
        };
        let mut product = Rows {
            number: cell(name, 0),
            rows: vec![NO_ROW],
            fields: BTreeMap::new(),
            attributes: Vec::new(),
            papers: Vec::new(),
            skus: Vec::new(),
        };
        let mut sku = SkuRow {
            row: NO_ROW,
            fields: BTreeMap::new(),
            attributes: Vec::new(),
        };
        for (column, (what, value, given_by)) in values.into_iter().enumerate() {
            goods.headings.push(given_by);
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
        if !sku.fields.is_empty() || !sku.attributes.is_empty() {
            product.skus.push(sku);
        }
        goods.products.push(product);
        goods
    }

    /// Names every column that is none of these as one too many.
    pub fn allow_only(&mut self, fields: &[Field]) {
        let columns: Vec<usize> = self
            .products
            .iter()
            .flat_map(|rows| {
                let skus = rows.skus.iter().flat_map(|sku| &sku.fields);
                rows.fields
                    .iter()
                    .chain(skus)
                    .filter(|(field, _)| !fields.contains(field))
                    .map(|(_, cell)| cell.column)
                    .chain(rows.attributes.iter().map(|(_, cell)| cell.column))
                    .chain(rows.papers.iter().map(|(_, cell)| cell.column))
                    .collect::<Vec<_>>()
            })
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        for column in columns {
            let heading = self.headings.get(column).cloned().unwrap_or_default();
            self.problem(
                Some(1),
                Some(column),
                text!(
                    "the column \"{heading}\" cannot be changed without an audit",
                    heading
                ),
                Some(text!(
                    "take it out, or send the file with `wxsell goods upload`"
                )),
            );
        }
    }

    fn columns(&mut self) -> Vec<Option<Column>> {
        let mut columns: Vec<Option<Column>> = Vec::new();
        let mut seen: HashMap<Field, usize> = HashMap::new();
        for place in 0..self.headings.len() {
            let heading = clean(&self.headings[place]);
            let column = column_of(&heading);
            if column.is_none() && !heading.is_empty() {
                self.problem(
                    Some(1),
                    Some(place),
                    text!("the column \"{heading}\" is not known", heading = &heading),
                    Some(text!(
                        "attributes of the category have headings such as 属性:产地, those of a SKU 规格:颜色, documents 资质:报关单; rename the column or take it out"
                    )),
                );
            }
            if let Some(Column::Field(field)) = column
                && let Some(first) = seen.insert(field, place)
            {
                self.problem(
                    Some(1),
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
            columns.push(column);
        }
        columns
    }

    fn row(
        &mut self,
        place: usize,
        number: u32,
        columns: &[Option<Column>],
        cells: Vec<(usize, String)>,
    ) {
        let mut sku = SkuRow {
            row: number,
            fields: BTreeMap::new(),
            attributes: Vec::new(),
        };
        let mut differing = Vec::new();
        for (column, text) in cells {
            let cell = Cell {
                text,
                row: number,
                column,
            };
            let product = &mut self.products[place];
            match columns.get(column).and_then(Option::as_ref) {
                Some(Column::Field(Field::Number)) => {}
                Some(Column::Field(field)) if field.of_sku() => {
                    sku.fields.insert(*field, cell);
                }
                Some(Column::Field(field)) => match product.fields.get(field) {
                    None => {
                        product.fields.insert(*field, cell);
                    }
                    Some(known) if known.text == cell.text => {}
                    Some(known) => differing.push((cell, known.clone())),
                },
                Some(Column::SkuAttribute(name)) => sku.attributes.push((name.clone(), cell)),
                Some(Column::Attribute(name)) => {
                    once(&mut product.attributes, name, cell, &mut differing);
                }
                Some(Column::Paper(name)) => {
                    once(&mut product.papers, name, cell, &mut differing);
                }
                Some(Column::LeftAside) | None => {}
            }
        }
        let product = &mut self.products[place];
        product.rows.push(number);
        if !sku.fields.is_empty() || !sku.attributes.is_empty() {
            product.skus.push(sku);
        }
        for (cell, first) in differing {
            self.at(
                &cell,
                text!(
                    "this differs from {place}, another row of the same product",
                    place = format!("{}{}", column_letters(first.column), first.row)
                ),
                Some(text!(
                    "write the same in both, or leave all but the first empty"
                )),
            );
        }
    }

    /// Adds what is wrong with a cell.
    pub fn at(&mut self, cell: &Cell, message: Text, hint: Option<Text>) {
        self.problem(Some(cell.row), Some(cell.column), message, hint);
    }

    /// Adds what is wrong with a row or the whole sheet.
    pub fn problem(
        &mut self,
        row: Option<u32>,
        column: Option<usize>,
        message: Text,
        hint: Option<Text>,
    ) {
        let product = row.and_then(|row| {
            let of_row = |rows: &&Rows| rows.rows.contains(&row);
            self.products.iter().find(of_row)
        });
        self.problems.push(Problem {
            file: self.file.clone(),
            row: row.filter(|row| *row != NO_ROW),
            cell: match (row, column) {
                (Some(NO_ROW), _) => None,
                (Some(row), Some(column)) => Some(format!("{}{row}", column_letters(column))),
                _ => None,
            },
            heading: column.and_then(|column| self.headings.get(column).cloned()),
            out_product_id: product.map(|rows| rows.number.text.clone()),
            message,
            hint,
        });
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

/// `产地=杭州;保质期=18 个月`, also with full-width signs and line breaks.
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
}
