//! The columns of a goods sheet: what they are called and what a cell of each holds.

pub use crate::bulk::source::plain_heading;
use crate::types::spelling::likeness;
use std::collections::HashMap;
use std::sync::LazyLock;

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

    /// Whether a product can be without it, or with what a new product gets instead.
    pub fn is_clearable(self) -> bool {
        !matches!(
            self.target(),
            Field::OutProductId
                | Field::Title
                | Field::Path
                | Field::HeadImg
                | Field::ThirdCatId
                | Field::OutSkuId
                | Field::SalePrice
                | Field::StockNum
                | Field::Reason
        )
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
        let find = |wanted: &str| NAMES.get(wanted).copied();
        find(&plain).or_else(|| {
            let (bare, in_yuan) = without_notes(&plain);
            // A unit of money says something about a price alone, and yuan are never fen.
            find(&bare).filter(|field| !in_yuan || field.shape() == Shape::Yuan)
        })
    }

    /// The name nearest to a heading that means nothing, for "did you mean". Names of prices in fen are never offered:
    /// a price in yuan under one of them would sell at a hundredth.
    pub fn nearest(heading: &str) -> Option<&'static str> {
        let plain = plain_heading(heading);
        SPECS
            .iter()
            .filter(|spec| !matches!(spec.shape, Shape::Ignored | Shape::Fen))
            .flat_map(|spec| {
                [spec.name, spec.chinese]
                    .into_iter()
                    .chain(spec.aliases.iter().copied())
                    .map(move |name| (spec, name))
            })
            .filter_map(|(spec, name)| {
                let likeness = likeness(&plain, &plain_heading(name))?;
                Some((likeness, spec, name))
            })
            .max_by(|one, other| one.0.total_cmp(&other.0))
            .map(|(_, spec, name)| if name.is_ascii() { spec.name } else { name })
    }
}

/// Every name of every column, plain; of two columns with one name the first.
static NAMES: LazyLock<HashMap<String, Field>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    for spec in &SPECS {
        let own = [spec.name.replace('_', ""), plain_heading(spec.chinese)];
        let others = spec.aliases.iter().map(|alias| (*alias).to_owned());
        for name in own.into_iter().chain(others) {
            names.entry(name).or_insert(spec.field);
        }
    }
    names
});

/// Units of money that mean yuan, as they stand in plain headings.
const YUAN: &[&str] = &["元", "yuan", "rmb", "cny", "¥", "￥", "人民币"];
/// Notes on a column that say nothing about what it holds.
const NOTES: &[&str] = &[
    "必填",
    "选填",
    "非必填",
    "必选",
    "required",
    "optional",
    "件",
    "个",
    "张",
];

/// A plain heading without notes and units in brackets and behind a slash, and whether it said yuan.
fn without_notes(plain: &str) -> (String, bool) {
    let mut rest = plain.to_owned();
    let mut in_yuan = false;
    let is_yuan = |note: &str| {
        // 元/件
        let unit = note.split_once('/').map_or(note, |(unit, _)| unit);
        YUAN.contains(&unit)
    };
    loop {
        let brackets = [('(', ')'), ('[', ']'), ('【', '】'), ('{', '}')];
        let found = brackets.iter().find_map(|(open, close)| {
            if let Some(bare) = rest.strip_suffix(*close) {
                let (before, note) = bare.rsplit_once(*open)?;
                return Some((before.to_owned(), note.to_owned()));
            }
            let (note, after) = rest.strip_prefix(*open)?.split_once(*close)?;
            Some((after.to_owned(), note.to_owned()))
        });
        let found = found.or_else(|| {
            let (before, note) = rest.rsplit_once('/')?;
            Some((before.to_owned(), note.to_owned()))
        });
        let found = found.or_else(|| {
            YUAN.iter().find_map(|unit| {
                let before = rest.strip_suffix(unit)?;
                (!before.is_empty()).then(|| (before.to_owned(), (*unit).to_owned()))
            })
        });
        match found {
            Some((before, note)) if is_yuan(&note) => {
                in_yuan = true;
                rest = before;
            }
            Some((before, note)) if NOTES.contains(&note.as_str()) => rest = before,
            _ => {
                let trimmed = rest.trim_end_matches([':', '：', '/']);
                if trimmed.len() == rest.len() {
                    return (rest, in_yuan);
                }
                rest = trimmed.to_owned();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for heading in [
            "售价（¥）",
            "售价(￥)",
            "售价（元/件）",
            "售价(人民币)",
            "售价/元",
            "sale price cny",
            "sale_price_cny",
            "【必填】售价（元）",
            "售价：",
            "价格(RMB)",
            "售价元",
        ] {
            assert_eq!(
                Field::of_heading(heading),
                Some(Field::SalePrice),
                "{heading}"
            );
        }
        for (heading, field) in [
            ("【必填】标题", Field::Title),
            ("库存(件)", Field::StockNum),
            ("市场价/元", Field::MarketPrice),
            ("原价（元/盒）", Field::MarketPrice),
            ("运费（元/单）", Field::ExpressFee),
            ("规格编号：", Field::OutSkuId),
        ] {
            assert_eq!(Field::of_heading(heading), Some(field), "{heading}");
        }
        // Neither another unit nor yuan on something that is no price.
        for heading in [
            "售价(万元)",
            "售价(美元)",
            "库存(元)",
            "售价(分)(元)",
            "售价（含税）",
        ] {
            assert_eq!(Field::of_heading(heading), None, "{heading}");
            let offered = Field::nearest(heading).unwrap_or_default();
            assert!(
                !offered.contains("分") && !offered.contains("fen"),
                "{heading}: {offered}"
            );
        }
        for heading in ["尺码", "商品状态", "cid", "num", "Tags", "颜色"] {
            assert_eq!(Field::nearest(heading), None, "{heading}");
        }
        assert_eq!(Field::of_heading("颜色"), None);
        assert_eq!(Field::nearest("sale_prise"), Some("sale_price"));
        assert_eq!(Field::nearest("zzzzzz"), None);
    }
}
