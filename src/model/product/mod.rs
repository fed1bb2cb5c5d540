//! A product as a merchant thinks of it, and what a sheet says of one: each field is kept, set or emptied.

mod compare;
pub mod sent;

pub use compare::{
    Change, Comparison, Conflict, Decision, Free, FreeSku, OnConflict, Refusal, Rules, compare,
    complete,
};
pub use sent::Sent;

use crate::types::Fen;
use serde::Serialize;
use std::fmt;

/// What is said of a field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Given<T> {
    /// It stays as the shop has it; a new product gets the default.
    #[default]
    Keep,
    Set(T),
    /// It is emptied: it becomes what a new product gets.
    Clear,
}

impl<T: Clone + Default> Given<T> {
    pub fn is_given(&self) -> bool {
        !matches!(self, Given::Keep)
    }

    /// The value, where `old` is what there was.
    pub fn over(&self, old: &T) -> T {
        match self {
            Given::Keep => old.clone(),
            Given::Set(new) => new.clone(),
            Given::Clear => T::default(),
        }
    }
}

/// A product as a shop holds it. What is empty is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Product {
    pub id: String,
    pub title: String,
    /// The product's page in the Mini Program.
    pub path: String,
    pub direct_path: String,
    pub head_images: Vec<String>,
    pub description: String,
    pub description_images: Vec<String>,
    pub category: u64,
    /// 0 for none.
    pub brand: u64,
    /// The merchant's own mark of this version.
    pub version: String,
    pub permits: Vec<String>,
    pub skus: Vec<Sku>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sku {
    pub id: String,
    pub image: String,
    pub price: Fen,
    pub list_price: Fen,
    pub stock: i64,
    pub code: String,
    pub barcode: String,
    pub attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Attribute {
    pub name: String,
    pub value: String,
}

/// How many fields the shop takes and never shows again.
pub const UNSEEN: usize = 9;

/// Fields that the shop takes and never shows again, by their place in [`Draft::unseen`]: names as in sheets.
pub const UNSEEN_NAMES: [&str; UNSEEN] = [
    "scene_group_list",
    "supplier",
    "express_fee",
    "product_type",
    "sell_time",
    "pick_up_type",
    "onsale",
    "unitname",
    "unitfactor",
];

/// What a sheet says of one product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    pub id: String,
    pub title: Given<String>,
    pub path: Given<String>,
    pub direct_path: Given<String>,
    pub head_images: Given<Vec<String>>,
    pub description: Given<String>,
    pub description_images: Given<Vec<String>>,
    pub category: Given<u64>,
    pub brand: Given<u64>,
    pub version: Given<String>,
    pub permits: Given<Vec<String>>,
    /// Opaque text of each value, by [`UNSEEN_NAMES`].
    pub unseen: [Given<String>; UNSEEN],
    pub skus: Vec<SkuDraft>,
    /// It changes price, stock, codes and path alone, and creates nothing.
    pub free_only: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SkuDraft {
    pub id: String,
    pub image: Given<String>,
    pub price: Given<Fen>,
    pub list_price: Given<Fen>,
    pub stock: Given<i64>,
    pub code: Given<String>,
    pub barcode: Given<String>,
    pub attributes: Given<Vec<Attribute>>,
}

impl Draft {
    /// Every picture that is given, to be replaced by its link.
    pub fn images_mut(&mut self) -> impl Iterator<Item = &mut String> {
        fn of(list: &mut Given<Vec<String>>) -> impl Iterator<Item = &mut String> {
            match list {
                Given::Set(list) => list.iter_mut(),
                _ => [].iter_mut(),
            }
        }
        of(&mut self.head_images)
            .chain(of(&mut self.permits))
            .chain(of(&mut self.description_images))
            .chain(self.skus.iter_mut().filter_map(|sku| match &mut sku.image {
                Given::Set(image) => Some(image),
                _ => None,
            }))
    }

    /// Whether it says anything of which a guard or somebody else's change could matter: more than stock.
    pub fn is_stock_only(&self) -> bool {
        self.free_only
            && !self.path.is_given()
            && self.skus.iter().all(|sku| {
                !sku.price.is_given()
                    && !sku.list_price.is_given()
                    && !sku.code.is_given()
                    && !sku.barcode.is_given()
            })
    }
}

/// Where the shop's draft stands with its audit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Review {
    /// Never submitted, or withdrawn.
    #[default]
    Editing,
    InAudit,
    /// With the reason that was given.
    Rejected(String),
    Passed,
    /// A state that is not known here.
    Other,
}

/// What the shop has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// The draft, as it was written last.
    pub product: Product,
    /// What buyers see, where it may differ from the draft in price or stock.
    pub online: Option<Product>,
    pub review: Review,
    /// It passed an audit once: price, stock and codes change at once.
    pub passed_once: bool,
}

/// A field of a product or of a SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Title,
    Path,
    DirectPath,
    HeadImages,
    Description,
    DescriptionImages,
    Category,
    Brand,
    Version,
    Permits,
    /// By its place in [`UNSEEN_NAMES`].
    Unseen(usize),
    /// A whole SKU, added or removed.
    Sku,
    Image,
    Price,
    ListPrice,
    Stock,
    Code,
    Barcode,
    Attributes,
    /// Nothing differs, but the draft waits to be submitted.
    Audit,
}

impl Field {
    /// Its heading in English sheets, and its name in machine output.
    pub fn name(self) -> &'static str {
        match self {
            Field::Title => "title",
            Field::Path => "path",
            Field::DirectPath => "direct_path",
            Field::HeadImages => "head_img",
            Field::Description => "desc",
            Field::DescriptionImages => "desc_imgs",
            Field::Category => "third_cat_id",
            Field::Brand => "brand_id",
            Field::Version => "info_version",
            Field::Permits => "qualification_pics",
            Field::Unseen(place) => UNSEEN_NAMES.get(place).copied().unwrap_or_default(),
            Field::Sku => "out_sku_id",
            Field::Image => "thumb_img",
            Field::Price => "sale_price",
            Field::ListPrice => "market_price",
            Field::Stock => "stock_num",
            Field::Code => "sku_code",
            Field::Barcode => "barcode",
            Field::Attributes => "sku_attrs",
            Field::Audit => "audit",
        }
    }

    /// Whether it can change without an audit, once the product passed one.
    pub fn is_free(self) -> bool {
        matches!(
            self,
            Field::Path
                | Field::Price
                | Field::ListPrice
                | Field::Stock
                | Field::Code
                | Field::Barcode
        )
    }

    /// Whether its value is pictures, whose links are known only once they are uploaded.
    pub fn is_image(self) -> bool {
        matches!(
            self,
            Field::HeadImages | Field::DescriptionImages | Field::Permits | Field::Image
        )
    }
}

crate::types::shape::printed_as!(Field => crate::types::shape::Word);

impl Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A value, to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Value {
    Text(String),
    List(Vec<String>),
    Whole(i64),
    Fen(Fen),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::List(items) => f.write_str(&items.join(" | ")),
            Value::Whole(number) => number.fmt(f),
            Value::Fen(fen) => f.write_str(&fen.to_yuan()),
        }
    }
}

/// How a value is shown, and what of it is remembered.
trait Comparable: PartialEq {
    /// `None` where there is nothing.
    fn value(&self) -> Option<Value>;
    fn digest(&self) -> u32;
}

impl Comparable for String {
    fn value(&self) -> Option<Value> {
        (!self.is_empty()).then(|| Value::Text(self.clone()))
    }

    fn digest(&self) -> u32 {
        sent::of_text(self)
    }
}

impl Comparable for Vec<String> {
    fn value(&self) -> Option<Value> {
        (!self.is_empty()).then(|| Value::List(self.clone()))
    }

    fn digest(&self) -> u32 {
        sent::of_list(self.iter().map(String::as_str))
    }
}

impl Comparable for Vec<Attribute> {
    fn value(&self) -> Option<Value> {
        let one = |attribute: &Attribute| format!("{}={}", attribute.name, attribute.value);
        (!self.is_empty()).then(|| Value::List(self.iter().map(one).collect()))
    }

    fn digest(&self) -> u32 {
        sent::of_attributes(
            self.iter()
                .map(|one| (one.name.as_str(), one.value.as_str())),
        )
    }
}

impl Comparable for u64 {
    fn value(&self) -> Option<Value> {
        (*self != 0).then(|| Value::Whole(i64::try_from(*self).unwrap_or(i64::MAX)))
    }

    fn digest(&self) -> u32 {
        sent::of_number(*self)
    }
}

impl Comparable for i64 {
    fn value(&self) -> Option<Value> {
        Some(Value::Whole(*self))
    }

    fn digest(&self) -> u32 {
        sent::of_number(self.cast_unsigned())
    }
}

impl Comparable for Fen {
    fn value(&self) -> Option<Value> {
        (self.0 != 0).then_some(Value::Fen(*self))
    }

    fn digest(&self) -> u32 {
        self.0.digest()
    }
}
