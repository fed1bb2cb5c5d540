//! The columns of a goods sheet: their names, what a cell of each may hold, and how the cells of one product become
//! what is sent. Checks about one cell live here; checks about a whole product are in `catalogue`.

use crate::api::component::goods::{
    AddSpu, DescInfo, FreeSku, NO_BRAND, Sku, SkuAttr, Spu, UpdateSpuFree,
};
use crate::bulk::source::CellKind;
use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use crate::types::Fen;
use std::borrow::Cow;

/// A column. First those of the product, then those of the SKU, then other ways to write some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Field {
    OutProductId,
    Title,
    Path,
    DirectPath,
    HeadImg,
    Desc,
    DescImgs,
    ThirdCatId,
    BrandId,
    InfoVersion,
    QualificationPics,
    SceneGroupList,
    Supplier,
    ExpressFee,
    ProductType,
    SellTime,
    PickUpType,
    Onsale,
    Unitname,
    Unitfactor,
    OutSkuId,
    ThumbImg,
    SalePrice,
    MarketPrice,
    StockNum,
    SkuCode,
    Barcode,
    SkuAttrs,
    ExpressFeeFen,
    SalePriceFen,
    MarketPriceFen,
    Reason,
}

pub const PRODUCT_FIELDS: usize = Field::OutSkuId as usize;
pub const SKU_FIELDS: usize = Field::ExpressFeeFen as usize - PRODUCT_FIELDS;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The merchant's own number: digits must arrive as they were typed.
    Id,
    /// One line of text, blanks around it taken off.
    Line,
    /// Text for buyers, taken as it is.
    Words,
    Image,
    Images,
    Yuan,
    Fen,
    Whole,
    Wholes,
    Lines,
    Attrs,
    /// Not read.
    Ignored,
}

/// A column's names.
pub struct Spec {
    pub field: Field,
    pub shape: Shape,
    /// The name in the API, and in messages.
    pub name: &'static str,
    /// The heading in Chinese sheets.
    pub chinese: &'static str,
    /// What else merchants call it; lower case, half width, no blanks.
    pub aliases: &'static [&'static str],
}

const fn spec(
    field: Field,
    shape: Shape,
    name: &'static str,
    chinese: &'static str,
    aliases: &'static [&'static str],
) -> Spec {
    Spec {
        field,
        shape,
        name,
        chinese,
        aliases,
    }
}

/// Every column, in the order of [`Field`].
pub const SPECS: [Spec; Field::Reason as usize + 1] = [
    spec(
        Field::OutProductId,
        Shape::Id,
        "out_product_id",
        "商品编号",
        &[
            "商品编码",
            "商品id",
            "商家商品编号",
            "商品号",
            "productid",
            "productcode",
        ],
    ),
    spec(
        Field::Title,
        Shape::Words,
        "title",
        "标题",
        &[
            "商品标题",
            "商品名称",
            "商品名",
            "名称",
            "name",
            "productname",
        ],
    ),
    spec(
        Field::Path,
        Shape::Line,
        "path",
        "小程序路径",
        &["商品路径", "路径", "页面路径", "商品页路径", "page"],
    ),
    spec(
        Field::DirectPath,
        Shape::Line,
        "direct_path",
        "直接下单路径",
        &["下单路径", "直购路径"],
    ),
    spec(
        Field::HeadImg,
        Shape::Images,
        "head_img",
        "主图",
        &["商品主图", "头图", "headimgs", "images", "mainimages"],
    ),
    spec(
        Field::Desc,
        Shape::Words,
        "desc",
        "详情",
        &["商品描述", "描述", "商品详情", "详情描述", "description"],
    ),
    spec(
        Field::DescImgs,
        Shape::Images,
        "desc_imgs",
        "详情图",
        &[
            "商品详情图",
            "详情图片",
            "descriptionimages",
            "detailimages",
        ],
    ),
    spec(
        Field::ThirdCatId,
        Shape::Whole,
        "third_cat_id",
        "类目",
        &[
            "三级类目",
            "类目id",
            "三级类目id",
            "商品类目",
            "category",
            "categoryid",
        ],
    ),
    spec(
        Field::BrandId,
        Shape::Whole,
        "brand_id",
        "品牌",
        &["品牌id", "品牌编号", "brand"],
    ),
    spec(
        Field::InfoVersion,
        Shape::Line,
        "info_version",
        "版本",
        &["商品版本", "信息版本", "version"],
    ),
    spec(
        Field::QualificationPics,
        Shape::Images,
        "qualification_pics",
        "资质图片",
        &["商品资质", "资质图", "商品资质图片", "qualifications"],
    ),
    spec(
        Field::SceneGroupList,
        Shape::Wholes,
        "scene_group_list",
        "场景",
        &["商品场景", "上架场景", "scenes"],
    ),
    spec(
        Field::Supplier,
        Shape::Words,
        "supplier",
        "供应商",
        &["供应商名称"],
    ),
    spec(
        Field::ExpressFee,
        Shape::Yuan,
        "express_fee",
        "运费",
        &["快递费", "邮费"],
    ),
    spec(
        Field::ProductType,
        Shape::Line,
        "product_type",
        "商品类型",
        &[],
    ),
    spec(
        Field::SellTime,
        Shape::Line,
        "sell_time",
        "开售时间",
        &["上架时间"],
    ),
    spec(
        Field::PickUpType,
        Shape::Lines,
        "pick_up_type",
        "配送方式",
        &["收货方式", "提货方式"],
    ),
    spec(Field::Onsale, Shape::Whole, "onsale", "是否上架", &["上架"]),
    spec(
        Field::Unitname,
        Shape::Words,
        "unitname",
        "单位",
        &["销售单位", "unit"],
    ),
    spec(
        Field::Unitfactor,
        Shape::Whole,
        "unitfactor",
        "装箱数",
        &["包装数", "每包件数"],
    ),
    spec(
        Field::OutSkuId,
        Shape::Id,
        "out_sku_id",
        "规格编号",
        &[
            "sku编码",
            "sku编号",
            "规格编码",
            "skuid",
            "商家skuid",
            "sku",
        ],
    ),
    spec(
        Field::ThumbImg,
        Shape::Image,
        "thumb_img",
        "规格图",
        &["sku图", "规格图片", "sku图片", "小图", "skuimage"],
    ),
    spec(
        Field::SalePrice,
        Shape::Yuan,
        "sale_price",
        "售价",
        &["销售价", "价格", "现价", "销售价格", "单价", "price"],
    ),
    spec(
        Field::MarketPrice,
        Shape::Yuan,
        "market_price",
        "市场价",
        &["原价", "划线价", "吊牌价", "listprice"],
    ),
    spec(
        Field::StockNum,
        Shape::Whole,
        "stock_num",
        "库存",
        &["库存数量", "数量", "库存数", "stock", "quantity"],
    ),
    spec(
        Field::SkuCode,
        Shape::Id,
        "sku_code",
        "货号",
        &["商家编码", "商家货号", "code"],
    ),
    spec(
        Field::Barcode,
        Shape::Id,
        "barcode",
        "条码",
        &["条形码", "商品条码", "国际条码", "ean"],
    ),
    spec(
        Field::SkuAttrs,
        Shape::Attrs,
        "sku_attrs",
        "规格属性",
        &["规格", "销售属性", "规格值", "attributes", "attrs"],
    ),
    spec(
        Field::ExpressFeeFen,
        Shape::Fen,
        "express_fee_fen",
        "运费(分)",
        &["快递费(分)", "邮费(分)"],
    ),
    spec(
        Field::SalePriceFen,
        Shape::Fen,
        "sale_price_fen",
        "售价(分)",
        &["销售价(分)", "价格(分)"],
    ),
    spec(
        Field::MarketPriceFen,
        Shape::Fen,
        "market_price_fen",
        "市场价(分)",
        &["原价(分)", "划线价(分)"],
    ),
    spec(
        Field::Reason,
        Shape::Ignored,
        "reason",
        "失败原因",
        &["错误原因", "原因"],
    ),
];

impl Field {
    pub fn spec(self) -> &'static Spec {
        &SPECS[self as usize]
    }

    pub fn name(self) -> &'static str {
        self.spec().name
    }

    pub fn shape(self) -> Shape {
        self.spec().shape
    }

    /// Whether it belongs to the product rather than to one SKU.
    pub fn of_product(self) -> bool {
        (self as usize) < PRODUCT_FIELDS || self == Field::ExpressFeeFen
    }

    pub fn bit(self) -> u64 {
        1 << self as u32
    }

    /// The field whose value this column gives: prices in fen are the prices.
    pub fn target(self) -> Field {
        match self {
            Field::ExpressFeeFen => Field::ExpressFee,
            Field::SalePriceFen => Field::SalePrice,
            Field::MarketPriceFen => Field::MarketPrice,
            other => other,
        }
    }

    /// The other column that gives the same value.
    pub fn twin(self) -> Option<Field> {
        Some(match self {
            Field::ExpressFee => Field::ExpressFeeFen,
            Field::ExpressFeeFen => Field::ExpressFee,
            Field::SalePrice => Field::SalePriceFen,
            Field::SalePriceFen => Field::SalePrice,
            Field::MarketPrice => Field::MarketPriceFen,
            Field::MarketPriceFen => Field::MarketPrice,
            _ => return None,
        })
    }

    /// The field with this API name.
    pub fn named(name: &str) -> Option<Field> {
        SPECS
            .iter()
            .find(|spec| spec.name == name)
            .map(|spec| spec.field)
    }

    /// The field that a heading means: API name, Chinese or an alias, however it is spaced, cased or marked.
    pub fn of_heading(heading: &str) -> Option<Field> {
        let plain = plain_heading(heading);
        let find = |wanted: &str| {
            SPECS
                .iter()
                .find(|spec| {
                    spec.name.replace('_', "") == wanted
                        || plain_heading(spec.chinese) == wanted
                        || spec.aliases.contains(&wanted)
                })
                .map(|spec| spec.field)
        };
        find(&plain).or_else(|| {
            let (before, note) = plain.strip_suffix(')')?.rsplit_once('(')?;
            ["元", "yuan", "rmb", "必填", "选填", "required", "optional"]
                .contains(&note)
                .then(|| find(before))
                .flatten()
        })
    }

    /// The name nearest to a heading that means nothing, for "did you mean".
    pub fn nearest(heading: &str) -> Option<&'static str> {
        let plain = plain_heading(heading);
        SPECS
            .iter()
            .filter(|spec| spec.shape != Shape::Ignored)
            .flat_map(|spec| {
                [spec.name, spec.chinese]
                    .into_iter()
                    .chain(spec.aliases.iter().copied())
                    .map(move |name| (spec, name))
            })
            .map(|(spec, name)| {
                (
                    strsim::normalized_damerau_levenshtein(&plain, &plain_heading(name)),
                    spec,
                    name,
                )
            })
            .filter(|(likeness, _, _)| *likeness >= 0.5)
            .max_by(|one, other| one.0.total_cmp(&other.0))
            .map(|(_, spec, name)| if name.is_ascii() { spec.name } else { name })
    }
}

/// A heading without what does not tell columns apart.
pub fn plain_heading(heading: &str) -> String {
    half_width(heading)
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '*' | '_' | '-' | '\u{FEFF}'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Full-width letters, digits and punctuation as their half-width twins.
pub fn half_width(text: &str) -> Cow<'_, str> {
    let twin = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        '。' => '.',
        other => other,
    };
    if text.is_ascii() || text.chars().all(|c| twin(c) == c) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(twin).collect())
}

/// The value of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    List(Vec<String>),
    Whole(i64),
    Wholes(Vec<i64>),
    Fen(Fen),
    Attrs(Vec<SkuAttr>),
}

/// What is wrong with a value and what to do about it.
#[derive(Debug, Clone)]
pub struct Fault {
    pub message: Text,
    pub hint: Option<Text>,
}

impl Fault {
    pub fn new(message: Text) -> Fault {
        Fault {
            message,
            hint: None,
        }
    }

    pub fn hint(mut self, hint: Text) -> Fault {
        self.hint = Some(hint);
        self
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Fault {
        Fault {
            message: failure.message,
            hint: failure.hint,
        }
    }
}

/// A cell that was read.
pub struct Read {
    pub value: Value,
    /// Full-width characters were replaced.
    pub normalised: bool,
}

/// Reads a cell that is not blank.
pub fn read_cell(field: Field, cell: &str, kind: CellKind) -> Result<Read, Fault> {
    let name = field.name();
    match kind {
        CellKind::Error => {
            return Err(Fault::new(text!("the cell holds the error {cell}", cell))
                .hint(text!("correct the formula, or type the value")));
        }
        CellKind::Bool => {
            return Err(Fault::new(text!(
                "the cell holds {cell}, which is no value for {name}",
                cell,
                name
            )));
        }
        CellKind::Date if field != Field::SellTime => {
            return Err(Fault::new(text!("the cell holds a date, {cell}", cell))
                .hint(text!("format the column as text and type the value again")));
        }
        _ => {}
    }
    if field.shape() == Shape::Words {
        return Ok(Read {
            value: Value::Text(cell.to_owned()),
            normalised: false,
        });
    }
    let trimmed = cell.trim();
    if field.shape() == Shape::Line {
        return Ok(Read {
            value: Value::Text(trimmed.to_owned()),
            normalised: false,
        });
    }
    let mut normalised = false;
    let value = match field.shape() {
        Shape::Id => {
            let plain = plain(trimmed, &mut normalised);
            refuse_damaged_number(name, &plain, kind)?;
            Value::Text(plain.into_owned())
        }
        Shape::Yuan => Value::Fen(Fen::from_yuan(&plain(trimmed, &mut normalised))?),
        Shape::Fen => Value::Fen(Fen(whole(name, &plain(trimmed, &mut normalised))?)),
        Shape::Whole => Value::Whole(whole(name, &plain(trimmed, &mut normalised))?),
        Shape::Wholes => {
            let plain = plain(trimmed, &mut normalised);
            Value::Wholes(
                items(&plain, &mut false)
                    .map(|item| whole(name, item))
                    .collect::<Result<_, _>>()?,
            )
        }
        Shape::Image | Shape::Images | Shape::Lines => {
            Value::List(items(trimmed, &mut normalised).map(str::to_owned).collect())
        }
        Shape::Attrs => Value::Attrs(attrs(trimmed, &mut normalised)?),
        Shape::Words | Shape::Line | Shape::Ignored => Value::Text(trimmed.to_owned()),
    };
    Ok(Read { value, normalised })
}

fn plain<'a>(cell: &'a str, normalised: &mut bool) -> Cow<'a, str> {
    let plain = half_width(cell);
    *normalised |= matches!(plain, Cow::Owned(_));
    plain
}

/// Excel keeps 15 digits of a number; what it shows of a longer one is not what was typed.
fn refuse_damaged_number(name: &str, cell: &str, kind: CellKind) -> Result<(), Fault> {
    let remedy = text!("format the column as text and type the value again");
    if kind == CellKind::Number {
        if !cell.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Fault::new(text!(
                "the spreadsheet made {name} a number: {cell}",
                name,
                cell
            ))
            .hint(remedy));
        }
        if cell.len() > 15 {
            return Err(Fault::new(text!(
                "the spreadsheet made {name} a number and lost its last digits: {cell}",
                name,
                cell
            ))
            .hint(remedy));
        }
    } else if is_scientific(cell) {
        return Err(Fault::new(text!(
            "{name} is in scientific notation, {cell}: digits are lost",
            name,
            cell
        ))
        .hint(remedy));
    }
    Ok(())
}

/// `1.23457E+12`, as Excel writes a long number to CSV. Without the sign it may be a code, such as `6E12`.
fn is_scientific(cell: &str) -> bool {
    let Some((mantissa, exponent)) = cell.split_once("E+").or_else(|| cell.split_once("e+")) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, rest) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    digits(whole) && digits(rest) && digits(exponent)
}

fn whole(name: &str, cell: &str) -> Result<i64, Fault> {
    let number = cell.strip_suffix(".0").unwrap_or(cell);
    number.parse().map_err(|_| {
        Fault::new(text!("\"{cell}\" is not a whole number", cell))
            .hint(text!("write {name} with digits only, e.g. 100", name))
    })
}

/// The items of a list cell: separated by `|` or line breaks, blanks around them taken off.
fn items<'a>(cell: &'a str, normalised: &mut bool) -> impl Iterator<Item = &'a str> {
    *normalised |= cell.contains('｜');
    cell.split(['|', '｜', '\n', '\r'])
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// `colour=red;size=L`, with `:` for `=` and full-width twins. A backslash takes the meaning from the sign after it.
fn attrs(cell: &str, normalised: &mut bool) -> Result<Vec<SkuAttr>, Fault> {
    let syntax = || text!("write attributes as colour=red;size=L");
    let mut attrs: Vec<SkuAttr> = Vec::new();
    for part in parts(cell, |c| matches!(c, ';' | '；' | '|' | '｜' | '\n' | '\r')) {
        if part.trim().is_empty() {
            continue;
        }
        let mut sides = parts(part, |c| matches!(c, '=' | '＝'));
        if sides.len() == 1 {
            sides = parts(part, |c| matches!(c, ':' | '：'));
        }
        let Some(key) = sides.first() else { continue };
        let value =
            &part[(key.len() + part[key.len()..].chars().next().map_or(0, char::len_utf8))..];
        let (key, value) = (unescape(key.trim()), unescape(value.trim()));
        if key.is_empty() || value.is_empty() {
            return Err(Fault::new(text!(
                "attribute \"{part}\" needs a name and a value",
                part = part.trim()
            ))
            .hint(syntax()));
        }
        if attrs.iter().any(|attr| attr.attr_key == key) {
            return Err(Fault::new(text!("attribute \"{key}\" is there twice", key)).hint(syntax()));
        }
        attrs.push(SkuAttr {
            attr_key: key,
            attr_value: value,
        });
    }
    *normalised |= cell.contains(['；', '＝', '：', '｜']);
    Ok(attrs)
}

/// Splits at separators that no backslash precedes.
fn parts(text: &str, separates: impl Fn(char) -> bool) -> Vec<&str> {
    let (mut parts, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if !escaped && separates(c) {
            parts.push(&text[start..at]);
            start = at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(&text[start..]);
    parts
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('s') => out.push(' '),
                Some(other @ ('\\' | ';' | '；' | '|' | '｜' | '=' | '＝' | ':' | '：')) => {
                    out.push(other)
                }
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            other => out.push(other),
        }
    }
    out
}

/// The cells of one product, read: product-level values, and those of each SKU.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values {
    pub id: String,
    /// By [`Field`].
    pub product: [Option<Value>; PRODUCT_FIELDS],
    /// By [`Field`], counted from `OutSkuId`.
    pub skus: Vec<[Option<Value>; SKU_FIELDS]>,
}

/// The place of a SKU's field in [`Values::skus`].
pub fn sku_slot(field: Field) -> usize {
    field.target() as usize - PRODUCT_FIELDS
}

impl Values {
    fn text(&mut self, field: Field) -> Option<String> {
        text_of(self.product[field as usize].take())
    }

    fn list(&mut self, field: Field) -> Option<Vec<String>> {
        match self.product[field as usize].take() {
            Some(Value::List(list)) => Some(list),
            _ => None,
        }
    }

    fn whole(&mut self, field: Field) -> Option<i64> {
        whole_of(self.product[field as usize].take())
    }
}

fn text_of(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn whole_of(value: Option<Value>) -> Option<i64> {
    match value {
        Some(Value::Whole(whole)) => Some(whole),
        _ => None,
    }
}

fn fen_of(value: Option<Value>) -> Option<Fen> {
    match value {
        Some(Value::Fen(fen)) => Some(fen),
        _ => None,
    }
}

/// A request made of the rows of one product.
pub trait Payload: serde::Serialize + serde::de::DeserializeOwned + Send + 'static {
    /// Columns that may be in the file, beside `reason`.
    fn takes(field: Field) -> bool;
    /// Columns that must be there.
    const REQUIRED: &'static [Field];
    /// Fields of the product that must have a value, and those of each SKU.
    const NEEDS: &'static [Field];
    /// Whether it may create a product, which stock 0 forbids.
    const CREATES: bool;

    fn from_values(values: Values) -> Self;
    /// The way back, which [`from_values`](Payload::from_values) undoes.
    fn into_values(self) -> Values;
}

impl Payload for AddSpu {
    fn takes(_: Field) -> bool {
        true
    }

    const REQUIRED: &'static [Field] = &[
        Field::OutProductId,
        Field::Title,
        Field::Path,
        Field::HeadImg,
        Field::ThirdCatId,
        Field::OutSkuId,
        Field::SalePrice,
        Field::StockNum,
    ];
    const NEEDS: &'static [Field] = &[
        Field::Title,
        Field::Path,
        Field::HeadImg,
        Field::ThirdCatId,
        Field::OutSkuId,
        Field::SalePrice,
        Field::StockNum,
    ];
    const CREATES: bool = true;

    fn from_values(mut values: Values) -> AddSpu {
        let skus = std::mem::take(&mut values.skus);
        let imgs = values.list(Field::DescImgs);
        let desc = values.text(Field::Desc);
        let desc_info = (imgs.is_some() || desc.is_some()).then(|| DescInfo {
            imgs: imgs.unwrap_or_default(),
            desc: desc.unwrap_or_default(),
        });
        AddSpu {
            title: values.text(Field::Title).unwrap_or_default(),
            path: values.text(Field::Path).unwrap_or_default(),
            direct_path: values.text(Field::DirectPath),
            head_img: values.list(Field::HeadImg).unwrap_or_default(),
            qualification_pics: values.list(Field::QualificationPics),
            desc_info,
            third_cat_id: unsigned(values.whole(Field::ThirdCatId)).unwrap_or_default(),
            brand_id: unsigned(values.whole(Field::BrandId)).unwrap_or(NO_BRAND),
            info_version: values.text(Field::InfoVersion),
            scene_group_list: match values.product[Field::SceneGroupList as usize].take() {
                Some(Value::Wholes(scenes)) => Some(scenes),
                _ => None,
            },
            supplier: values.text(Field::Supplier),
            express_fee: fen_of(values.product[Field::ExpressFee as usize].take()),
            product_type: values.text(Field::ProductType),
            sell_time: values.text(Field::SellTime),
            pick_up_type: values.list(Field::PickUpType),
            onsale: values.whole(Field::Onsale),
            unitname: values.text(Field::Unitname),
            unitfactor: values.whole(Field::Unitfactor),
            skus: skus
                .into_iter()
                .map(|sku| sku_of(&values.id, sku))
                .collect(),
            out_product_id: values.id,
        }
    }

    fn into_values(self) -> Values {
        let mut values = Values {
            id: self.out_product_id,
            ..Values::default()
        };
        let mut set = |field: Field, value: Option<Value>| values.product[field as usize] = value;
        let some_text = |text: String| (!text.is_empty()).then_some(Value::Text(text));
        let some_list = |list: Vec<String>| (!list.is_empty()).then_some(Value::List(list));
        set(Field::Title, some_text(self.title));
        set(Field::Path, some_text(self.path));
        set(Field::DirectPath, self.direct_path.and_then(some_text));
        set(Field::HeadImg, some_list(self.head_img));
        set(
            Field::QualificationPics,
            self.qualification_pics.and_then(some_list),
        );
        let desc = self.desc_info.unwrap_or_default();
        set(Field::Desc, some_text(desc.desc));
        set(Field::DescImgs, some_list(desc.imgs));
        set(Field::ThirdCatId, signed(self.third_cat_id));
        set(Field::BrandId, signed(self.brand_id));
        set(Field::InfoVersion, self.info_version.and_then(some_text));
        set(
            Field::SceneGroupList,
            self.scene_group_list
                .filter(|list| !list.is_empty())
                .map(Value::Wholes),
        );
        set(Field::Supplier, self.supplier.and_then(some_text));
        set(Field::ExpressFee, self.express_fee.map(Value::Fen));
        set(Field::ProductType, self.product_type.and_then(some_text));
        set(Field::SellTime, self.sell_time.and_then(some_text));
        set(Field::PickUpType, self.pick_up_type.and_then(some_list));
        set(Field::Onsale, self.onsale.map(Value::Whole));
        set(Field::Unitname, self.unitname.and_then(some_text));
        set(Field::Unitfactor, self.unitfactor.map(Value::Whole));
        values.skus = self
            .skus
            .into_iter()
            .map(|sku| {
                [
                    some_text(sku.out_sku_id),
                    some_list(
                        Some(sku.thumb_img)
                            .filter(|image| !image.is_empty())
                            .into_iter()
                            .collect(),
                    ),
                    Some(Value::Fen(sku.sale_price)),
                    Some(Value::Fen(sku.market_price)),
                    Some(Value::Whole(sku.stock_num)),
                    sku.sku_code.and_then(some_text),
                    sku.barcode.and_then(some_text),
                    (!sku.sku_attrs.is_empty()).then_some(Value::Attrs(sku.sku_attrs)),
                ]
            })
            .collect();
        values
    }
}

fn unsigned(number: Option<i64>) -> Option<u64> {
    number.and_then(|number| u64::try_from(number).ok())
}

fn signed(number: u64) -> Option<Value> {
    i64::try_from(number)
        .ok()
        .filter(|number| *number > 0)
        .map(Value::Whole)
}

fn sku_of(product: &str, values: [Option<Value>; SKU_FIELDS]) -> Sku {
    let [id, thumb, sale, market, stock, code, barcode, attrs] = values;
    Sku {
        out_product_id: product.to_owned(),
        out_sku_id: text_of(id).unwrap_or_default(),
        thumb_img: match thumb {
            Some(Value::List(mut images)) => images.pop().unwrap_or_default(),
            _ => String::new(),
        },
        sale_price: fen_of(sale).unwrap_or_default(),
        market_price: fen_of(market).unwrap_or_default(),
        stock_num: whole_of(stock).unwrap_or_default(),
        sku_code: text_of(code),
        barcode: text_of(barcode),
        sku_attrs: match attrs {
            Some(Value::Attrs(attrs)) => attrs,
            _ => Vec::new(),
        },
    }
}

impl Payload for UpdateSpuFree {
    fn takes(field: Field) -> bool {
        matches!(
            field.target(),
            Field::OutProductId
                | Field::OutSkuId
                | Field::Path
                | Field::SalePrice
                | Field::MarketPrice
                | Field::StockNum
                | Field::SkuCode
                | Field::Barcode
        )
    }

    const REQUIRED: &'static [Field] = &[Field::OutProductId];
    const NEEDS: &'static [Field] = &[];
    const CREATES: bool = false;

    fn from_values(mut values: Values) -> UpdateSpuFree {
        let skus = std::mem::take(&mut values.skus);
        UpdateSpuFree {
            path: values.text(Field::Path),
            out_product_id: values.id,
            skus: skus
                .into_iter()
                // A row without a SKU changes the product alone.
                .filter_map(|[id, _, sale, market, stock, code, barcode, _]| {
                    Some(FreeSku {
                        out_sku_id: text_of(id)?,
                        sale_price: fen_of(sale),
                        market_price: fen_of(market),
                        stock_num: whole_of(stock),
                        sku_code: text_of(code),
                        barcode: text_of(barcode),
                    })
                })
                .collect(),
        }
    }

    fn into_values(self) -> Values {
        let mut values = Values {
            id: self.out_product_id,
            ..Values::default()
        };
        values.product[Field::Path as usize] = self.path.map(Value::Text);
        values.skus = self
            .skus
            .into_iter()
            .map(|sku| {
                [
                    Some(Value::Text(sku.out_sku_id)),
                    None,
                    sku.sale_price.map(Value::Fen),
                    sku.market_price.map(Value::Fen),
                    sku.stock_num.map(Value::Whole),
                    sku.sku_code.map(Value::Text),
                    sku.barcode.map(Value::Text),
                    None,
                ]
            })
            .collect();
        values
    }
}

/// A product as WeChat holds it, in the form in which it would be added.
pub fn as_added(spu: &Spu) -> AddSpu {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    AddSpu {
        out_product_id: spu.out_product_id.clone(),
        title: spu.title.clone(),
        path: spu.path.clone(),
        direct_path: spu.direct_path.as_deref().and_then(some),
        head_img: spu.head_img.clone(),
        qualification_pics: (!spu.qualification_pics.is_empty())
            .then(|| spu.qualification_pics.clone()),
        desc_info: (spu.desc_info != DescInfo::default()).then(|| spu.desc_info.clone()),
        third_cat_id: spu.third_cat_id,
        brand_id: spu.brand_id,
        info_version: some(&spu.info_version),
        skus: spu
            .skus
            .iter()
            .map(|sku| Sku {
                out_product_id: spu.out_product_id.clone(),
                ..sku.clone()
            })
            .collect(),
        ..AddSpu::default()
    }
}

/// The text of a value in a sheet, which [`read_cell`] reads back.
pub fn cell_of(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        // An address holds no bare `|`; written as an escape it means the same.
        Value::List(items) => items
            .iter()
            .map(|item| item.replace('|', "%7C"))
            .collect::<Vec<_>>()
            .join("|"),
        Value::Whole(number) => number.to_string(),
        Value::Wholes(numbers) => numbers
            .iter()
            .map(i64::to_string)
            .collect::<Vec<_>>()
            .join("|"),
        Value::Fen(fen) => fen.to_yuan(),
        Value::Attrs(attrs) => attrs
            .iter()
            .map(|attr| format!("{}={}", escaped(&attr.attr_key), escaped(&attr.attr_value)))
            .collect::<Vec<_>>()
            .join(";"),
    }
}

fn escaped(words: &str) -> String {
    let edges = words.len() - words.trim_start().len()..words.trim_end().len();
    let mut out = String::with_capacity(words.len());
    for (at, c) in words.char_indices() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            ' ' if !edges.contains(&at) => out.push_str("\\s"),
            '\\' | ';' | '；' | '|' | '｜' | '=' | '＝' => out.extend(['\\', c]),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_stand_in_the_order_of_their_fields() {
        for (place, spec) in SPECS.iter().enumerate() {
            assert_eq!(spec.field as usize, place, "{}", spec.name);
            assert_eq!(Field::named(spec.name), Some(spec.field));
        }
    }

    #[test]
    fn every_name_of_a_column_means_one_field() {
        for spec in &SPECS {
            for name in [spec.name, spec.chinese].iter().chain(spec.aliases) {
                assert_eq!(Field::of_heading(name), Some(spec.field), "{name}");
            }
        }
        for (heading, field) in [
            ("* 商品编号（必填）", Field::OutProductId),
            ("售价（元）", Field::SalePrice),
            ("售价（分）", Field::SalePriceFen),
            ("SKU编码", Field::OutSkuId),
            ("Sale Price (yuan)", Field::SalePrice),
            ("ＳＫＵ编码", Field::OutSkuId),
        ] {
            assert_eq!(Field::of_heading(heading), Some(field), "{heading}");
        }
        assert_eq!(Field::of_heading("颜色"), None);
        assert_eq!(Field::nearest("sale_prise"), Some("sale_price"));
        assert_eq!(Field::nearest("zzzzzz"), None);
    }

    fn read(field: Field, cell: &str) -> Result<Value, String> {
        read_cell(field, cell, CellKind::Text)
            .map(|read| read.value)
            .map_err(|fault| fault.message.to_string())
    }

    #[test]
    fn a_number_that_excel_damaged_is_refused() {
        let number = |cell: &str| {
            read_cell(Field::OutProductId, cell, CellKind::Number)
                .map(|read| read.value)
                .map_err(|fault| fault.message.to_string())
        };
        assert_eq!(
            number("6901234567892"),
            Ok(Value::Text("6901234567892".into()))
        );
        assert!(
            number("6901234567891234567")
                .expect_err("too long")
                .contains("last digits")
        );
        assert!(number("12.5").is_err());
        assert!(number("-3").is_err());
        for cell in ["1.23457E+12", "6.9E+12", "6E+12", "6.9e+12"] {
            assert!(
                read(Field::Barcode, cell)
                    .expect_err(cell)
                    .contains("scientific")
            );
        }
        for cell in ["6E12", "E+12", "A1E+12", "TEA-1001"] {
            assert_eq!(read(Field::SkuCode, cell), Ok(Value::Text(cell.into())));
        }
    }

    #[test]
    fn full_width_signs_are_read_and_counted_but_never_in_titles() {
        let full = read_cell(Field::SalePrice, "１２．５０", CellKind::Text)
            .map_err(|fault| fault.message.to_string())
            .expect("a price");
        assert!(full.normalised);
        assert_eq!(full.value, Value::Fen(Fen(1250)));
        assert_eq!(
            read(Field::Title, "１００％棉"),
            Ok(Value::Text("１００％棉".into()))
        );
        assert_eq!(read(Field::StockNum, "１００"), Ok(Value::Whole(100)));
        assert_eq!(
            read(Field::HeadImg, "a（1）.jpg｜b.jpg\nc.jpg"),
            Ok(Value::List(vec![
                "a（1）.jpg".into(),
                "b.jpg".into(),
                "c.jpg".into()
            ]))
        );
    }

    #[test]
    fn attributes_are_read_in_every_way_people_write_them() {
        let wanted = Ok(Value::Attrs(vec![
            SkuAttr {
                attr_key: "颜色".into(),
                attr_value: "红色".into(),
            },
            SkuAttr {
                attr_key: "时间".into(),
                attr_value: "10:00".into(),
            },
        ]));
        for cell in [
            "颜色=红色;时间=10:00",
            "颜色：红色；时间：10:00",
            "颜色＝红色\n时间＝10:00;",
            " 颜色 = 红色 ; 时间 = 10:00 ",
        ] {
            assert_eq!(read(Field::SkuAttrs, cell), wanted, "{cell}");
        }
        for cell in ["红色", "颜色=", "=红色", "a=1;a=2"] {
            assert!(read(Field::SkuAttrs, cell).is_err(), "{cell}");
        }
    }

    #[test]
    fn dates_errors_and_words_are_no_numbers() {
        assert!(read_cell(Field::InfoVersion, "2024-01-02 00:00:00", CellKind::Date).is_err());
        assert!(read_cell(Field::SellTime, "2024-01-02 00:00:00", CellKind::Date).is_ok());
        assert!(read_cell(Field::Title, "#N/A", CellKind::Error).is_err());
        assert!(read(Field::StockNum, "12.5").is_err());
        assert!(read(Field::SalePrice, "12.345").is_err());
    }

    proptest! {
        #[test]
        fn attributes_survive_a_cell(words in proptest::collection::vec(("[^\t\u{B}\u{C}\u{85}\u{A0}\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}]{1,8}", "[a-z;；=：:|\\\\红 \n]{1,8}"), 0..4)) {
            let mut attrs: Vec<SkuAttr> = Vec::new();
            for (key, value) in words {
                if attrs.iter().all(|attr| attr.attr_key != key) {
                    attrs.push(SkuAttr { attr_key: key, attr_value: value });
                }
            }
            let cell = cell_of(&Value::Attrs(attrs.clone()));
            prop_assert_eq!(read(Field::SkuAttrs, &cell), Ok(Value::Attrs(attrs)));
        }
    }
}
