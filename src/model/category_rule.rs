//! What a product of a category must have: attributes, papers, a lowest price, bar codes; and whether a given product
//! has it. The rule speaks of words, and its words grow: what it says in an unknown way is a doubt, never a refusal.
//!
//! Long because every check of a rule stands here, each with its breach.

use crate::types::Fen;

/// What a product of a leaf category must have, for one shop.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CategoryRule {
    pub category: String,
    pub name: String,
    /// Brands that may be sold; `None` where any may.
    pub brands: Option<Vec<String>>,
    /// How the brand stands that the rule was asked for with.
    pub brand: Option<BrandRight>,
    pub attributes: Vec<AttributeRule>,
    /// Attributes that tell SKUs apart; any where empty.
    pub sku_attributes: Vec<AttributeRule>,
    pub papers: Vec<PaperRule>,
    pub floor_price: Fen,
    pub needs_bar_code: bool,
    /// Whether it may be sold ahead.
    pub presale: bool,
    /// Fewest and most days from the payment to the shipping of a pre-sale; `None` where nothing is said.
    pub presale_days: Option<(i64, i64)>,
    /// The lowest price of a pre-sale as the platform writes it, in a unit that nobody documents; empty for none.
    pub presale_price: String,
    pub sizes: SizeRule,
    /// Promises with the choices there are, by the platform's name.
    pub services: Vec<(String, Vec<String>)>,
    pub requirements: Requirements,
}

/// Days from the payment to the shipping of a pre-sale, where a category says nothing.
pub const PRESALE_DAYS: (i64, i64) = (4, 15);

/// Whether a brand may be sold in a category, by this shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrandRight {
    pub in_category: bool,
    pub authorized: bool,
}

/// Counts of images that go by the branch of trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirements {
    pub head_images: usize,
    pub detail_images: usize,
}

impl Default for Requirements {
    fn default() -> Requirements {
        Requirements {
            head_images: 3,
            detail_images: 1,
        }
    }
}

/// What the size chart of a product looks like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SizeRule {
    /// Whether there may be one.
    pub supported: bool,
    pub lines: Vec<SizeLine>,
}

/// One measure of a size chart, e.g. 胸围 in cm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizeLine {
    pub name: String,
    pub unit: String,
    pub kind: SizeKind,
    pub form: SizeForm,
    pub required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeKind {
    Text,
    Whole,
    Decimal,
    /// A kind that is not known.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeForm {
    Single,
    /// `92-96`
    Range,
    /// One of both.
    Either,
}

/// A measure as it is written: one value, or from the lower to the upper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    One(String),
    Between(String, String),
}

impl SizeLine {
    /// Reads what a cell says, `96` or `92-96`; `None` where it has not the form that is asked for.
    pub fn read(&self, text: &str) -> Option<Measure> {
        let fits = |value: &str| match self.kind {
            SizeKind::Text | SizeKind::Unknown => !value.is_empty(),
            SizeKind::Whole => is_whole(value),
            SizeKind::Decimal => is_decimal(value),
        };
        let text = text.trim();
        let ends = text.split_once(['-', '~', '～', '–', '—']);
        let between = ends.map(|(left, right)| (left.trim(), right.trim()));
        let between = between.filter(|(left, right)| fits(left) && fits(right));
        match (self.form, between) {
            (SizeForm::Range, Some((left, right))) | (SizeForm::Either, Some((left, right)))
                if self.kind != SizeKind::Text || self.form == SizeForm::Range =>
            {
                Some(Measure::Between(left.to_owned(), right.to_owned()))
            }
            (SizeForm::Range, _) => None,
            _ => fits(text).then(|| Measure::One(text.to_owned())),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct AttributeRule {
    pub name: String,
    pub kind: ValueKind,
    /// Whether a value outside the list may be given.
    pub open: bool,
    pub need: Need,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PaperRule {
    pub id: String,
    pub name: String,
    pub tips: String,
    pub need: Need,
}

/// What a value must look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueKind {
    Text,
    OneOf(Vec<String>),
    /// Several, joined with `;`.
    ManyOf(Vec<String>),
    Whole,
    /// At most four decimals.
    Decimal,
    /// A number, a space, and one of these.
    WholeWith(Vec<String>),
    DecimalWith(Vec<String>),
    /// A kind that is not known.
    Unknown,
}

/// When an entry must be given.
#[derive(Debug, Clone, PartialEq)]
pub enum Need {
    Always,
    Never,
    /// When one of these holds, of which all parts must hold.
    When(Vec<Vec<Condition>>),
    Unknown,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub of: Of,
    pub test: Test,
    pub words: Vec<String>,
}

/// What of a product a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    AttributeNames,
    AttributeValues,
    Title,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    Contains,
    ContainsNot,
    Matches,
    Unknown,
}

/// The answer where the question may not be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tri {
    Yes,
    No,
    Maybe,
}

/// A product, as far as rules look at it.
#[derive(Debug, Clone, Default)]
pub struct Facts<'a> {
    pub title: &'a str,
    pub brand: &'a str,
    pub attributes: Vec<(&'a str, &'a str)>,
    pub papers: Vec<&'a str>,
    pub head_images: usize,
    pub detail_images: usize,
    pub skus: Vec<SkuFacts<'a>>,
    pub services: Vec<(&'a str, String)>,
}

#[derive(Debug, Clone, Default)]
pub struct SkuFacts<'a> {
    pub price: Fen,
    pub bar_code: &'a str,
    pub attributes: Vec<(&'a str, &'a str)>,
    /// Days from the payment to the shipping of a pre-sale; 0 and `None` are none.
    pub presale: Option<i64>,
    /// What the size chart says of it.
    pub sizes: Vec<(&'a str, &'a str)>,
}

/// What a product lacks or gets wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Breach {
    BrandNotAllowed,
    BrandNotInCategory,
    BrandNotAuthorized,
    AttributeMissing {
        name: String,
        kind: ValueKind,
    },
    AttributeValue {
        name: String,
        value: String,
        kind: ValueKind,
    },
    /// The name of a SKU attribute that the category does not have.
    SkuAttributeName {
        sku: usize,
        name: String,
        known: Vec<String>,
    },
    SkuAttributeMissing {
        sku: usize,
        name: String,
        kind: ValueKind,
    },
    SkuAttributeValue {
        sku: usize,
        name: String,
        value: String,
        kind: ValueKind,
    },
    /// A SKU has other attributes than the first.
    SkuAttributesDiffer {
        sku: usize,
    },
    PaperMissing {
        id: String,
        name: String,
        tips: String,
    },
    BelowFloor {
        sku: usize,
        floor: Fen,
    },
    BarCodeMissing {
        sku: usize,
    },
    PresaleNotAllowed {
        sku: usize,
    },
    PresaleDays {
        sku: usize,
        least: i64,
        most: i64,
    },
    /// The category knows no size chart.
    NoSizeChart {
        sku: usize,
    },
    SizeName {
        sku: usize,
        name: String,
        known: Vec<String>,
    },
    SizeMissing {
        sku: usize,
        name: String,
    },
    SizeValue {
        sku: usize,
        name: String,
        value: String,
        line: SizeLine,
    },
    ServiceValue {
        name: String,
        choices: Vec<String>,
    },
    TooFewHeadImages {
        least: usize,
    },
    TooFewDetailImages {
        least: usize,
    },
}

/// What may be wrong; for people to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    AttributeMayBeNeeded {
        name: String,
    },
    PaperMayBeNeeded {
        name: String,
    },
    /// The category has measures that a size chart must have, and the product has no chart.
    SizeChartMayBeNeeded {
        names: Vec<String>,
    },
    /// A pre-sale has a lowest price in an unknown unit.
    PresalePrice {
        lowest: String,
    },
    /// A title that older pages of the platform call too short.
    ShortTitle,
    /// A value that is longer than one page says it may be.
    LongValue {
        name: String,
    },
}

impl CategoryRule {
    /// Everything that is wrong with a product, and everything that may be.
    pub fn check(&self, product: &Facts<'_>) -> (Vec<Breach>, Vec<Doubt>) {
        let (mut wrong, mut doubts) = (Vec::new(), Vec::new());
        if self
            .brands
            .as_ref()
            .is_some_and(|brands| brands.iter().all(|brand| brand != product.brand))
        {
            wrong.push(Breach::BrandNotAllowed);
        } else if let Some(right) = self.brand {
            if !right.in_category {
                wrong.push(Breach::BrandNotInCategory);
            }
            if !right.authorized {
                wrong.push(Breach::BrandNotAuthorized);
            }
        }
        for rule in &self.attributes {
            let given = product
                .attributes
                .iter()
                .find(|(name, _)| *name == rule.name);
            match given {
                Some((_, value)) if !rule.takes(value) => wrong.push(Breach::AttributeValue {
                    name: rule.name.clone(),
                    value: (*value).to_owned(),
                    kind: rule.kind.clone(),
                }),
                Some(_) => {}
                None => match rule.need.holds(product) {
                    Tri::Yes => wrong.push(Breach::AttributeMissing {
                        name: rule.name.clone(),
                        kind: rule.kind.clone(),
                    }),
                    Tri::Maybe => doubts.push(Doubt::AttributeMayBeNeeded {
                        name: rule.name.clone(),
                    }),
                    Tri::No => {}
                },
            }
        }
        for rule in &self.papers {
            if product.papers.contains(&rule.id.as_str()) {
                continue;
            }
            match rule.need.holds(product) {
                Tri::Yes => wrong.push(Breach::PaperMissing {
                    id: rule.id.clone(),
                    name: rule.name.clone(),
                    tips: rule.tips.clone(),
                }),
                Tri::Maybe => doubts.push(Doubt::PaperMayBeNeeded {
                    name: rule.name.clone(),
                }),
                Tri::No => {}
            }
        }
        if product.head_images < self.requirements.head_images {
            wrong.push(Breach::TooFewHeadImages {
                least: self.requirements.head_images,
            });
        }
        if product.detail_images < self.requirements.detail_images {
            wrong.push(Breach::TooFewDetailImages {
                least: self.requirements.detail_images,
            });
        }
        for (name, value) in &product.services {
            let known = self.services.iter().find(|(known, _)| known == name);
            if let Some((_, choices)) = known
                && !choices.is_empty()
                && !choices.contains(value)
            {
                wrong.push(Breach::ServiceValue {
                    name: (*name).to_owned(),
                    choices: choices.clone(),
                });
            }
        }
        for (place, sku) in product.skus.iter().enumerate() {
            self.check_sku(place, sku, product, &mut wrong);
        }
        self.check_sizes(product, &mut wrong, &mut doubts);
        let sold_ahead = product
            .skus
            .iter()
            .any(|sku| sku.presale.is_some_and(|days| days > 0));
        if sold_ahead && self.presale && !self.presale_price.is_empty() {
            doubts.push(Doubt::PresalePrice {
                lowest: self.presale_price.clone(),
            });
        }
        (wrong, doubts)
    }

    /// A chart that is given must be whole; whether one must be given nobody says.
    fn check_sizes(&self, product: &Facts<'_>, wrong: &mut Vec<Breach>, doubts: &mut Vec<Doubt>) {
        let required = || self.sizes.lines.iter().filter(|line| line.required);
        if product.skus.iter().all(|sku| sku.sizes.is_empty()) {
            let names: Vec<String> = required().map(|line| line.name.clone()).collect();
            if self.sizes.supported && !names.is_empty() && !product.skus.is_empty() {
                doubts.push(Doubt::SizeChartMayBeNeeded { names });
            }
            return;
        }
        for (place, sku) in product.skus.iter().enumerate() {
            if !self.sizes.supported {
                if !sku.sizes.is_empty() {
                    wrong.push(Breach::NoSizeChart { sku: place });
                }
                continue;
            }
            for line in required() {
                if !sku.sizes.iter().any(|(name, _)| *name == line.name) {
                    wrong.push(Breach::SizeMissing {
                        sku: place,
                        name: line.name.clone(),
                    });
                }
            }
            for (name, value) in &sku.sizes {
                let line = self.sizes.lines.iter().find(|line| line.name == *name);
                match line {
                    None => wrong.push(Breach::SizeName {
                        sku: place,
                        name: (*name).to_owned(),
                        known: self
                            .sizes
                            .lines
                            .iter()
                            .map(|line| line.name.clone())
                            .collect(),
                    }),
                    Some(line) if line.read(value).is_none() => wrong.push(Breach::SizeValue {
                        sku: place,
                        name: (*name).to_owned(),
                        value: (*value).to_owned(),
                        line: line.clone(),
                    }),
                    Some(_) => {}
                }
            }
        }
    }

    fn check_sku(
        &self,
        place: usize,
        sku: &SkuFacts<'_>,
        product: &Facts<'_>,
        wrong: &mut Vec<Breach>,
    ) {
        if sku.price < self.floor_price {
            wrong.push(Breach::BelowFloor {
                sku: place,
                floor: self.floor_price,
            });
        }
        if self.needs_bar_code && sku.bar_code.is_empty() {
            wrong.push(Breach::BarCodeMissing { sku: place });
        }
        if let Some(days) = sku.presale.filter(|days| *days > 0) {
            let (least, most) = self.presale_days.unwrap_or(PRESALE_DAYS);
            if !self.presale {
                wrong.push(Breach::PresaleNotAllowed { sku: place });
            } else if !(least..=most).contains(&days) {
                wrong.push(Breach::PresaleDays {
                    sku: place,
                    least,
                    most,
                });
            }
        }
        let names = |sku: &SkuFacts<'_>| {
            let mut names: Vec<String> = sku
                .attributes
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect();
            names.sort();
            names
        };
        if place > 0 && names(sku) != names(&product.skus[0]) {
            wrong.push(Breach::SkuAttributesDiffer { sku: place });
        }
        for (name, value) in &sku.attributes {
            let known = self.sku_attributes.iter().find(|rule| rule.name == *name);
            match known {
                Some(rule) if !rule.takes(value) => wrong.push(Breach::SkuAttributeValue {
                    sku: place,
                    name: (*name).to_owned(),
                    value: (*value).to_owned(),
                    kind: rule.kind.clone(),
                }),
                None if !self.sku_attributes.is_empty() => wrong.push(Breach::SkuAttributeName {
                    sku: place,
                    name: (*name).to_owned(),
                    known: self
                        .sku_attributes
                        .iter()
                        .map(|rule| rule.name.clone())
                        .collect(),
                }),
                Some(_) | None => {}
            }
        }
        for rule in &self.sku_attributes {
            let given = sku.attributes.iter().any(|(name, _)| *name == rule.name);
            if !given && rule.need.holds(product) == Tri::Yes {
                wrong.push(Breach::SkuAttributeMissing {
                    sku: place,
                    name: rule.name.clone(),
                    kind: rule.kind.clone(),
                });
            }
        }
    }
}

impl AttributeRule {
    /// Whether the value has the form that is asked for.
    pub fn takes(&self, value: &str) -> bool {
        let listed = |choices: &[String], value: &str| {
            self.open || choices.is_empty() || choices.iter().any(|choice| choice == value)
        };
        let with_unit = |units: &[String], number: fn(&str) -> bool| match value.split_once(' ') {
            Some((amount, unit)) => number(amount) && listed(units, unit),
            None => false,
        };
        match &self.kind {
            ValueKind::Text | ValueKind::Unknown => !value.is_empty(),
            ValueKind::OneOf(choices) => !value.is_empty() && listed(choices, value),
            ValueKind::ManyOf(choices) => value
                .split(';')
                .all(|part| !part.is_empty() && listed(choices, part)),
            ValueKind::Whole => is_whole(value),
            ValueKind::Decimal => is_decimal(value),
            ValueKind::WholeWith(units) => with_unit(units, is_whole),
            ValueKind::DecimalWith(units) => with_unit(units, is_decimal),
        }
    }
}

fn is_whole(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_decimal(text: &str) -> bool {
    match text.split_once('.') {
        None => is_whole(text),
        Some((whole, decimals)) => is_whole(whole) && is_whole(decimals) && decimals.len() <= 4,
    }
}

impl ValueKind {
    /// By the platform's name of the kind and its list, which is separated by `;`.
    pub fn read(kind: &str, list: &str) -> ValueKind {
        let list = || -> Vec<String> {
            list.split(';')
                .map(str::trim)
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect()
        };
        match kind {
            "string" => ValueKind::Text,
            "select_one" => ValueKind::OneOf(list()),
            "select_many" => ValueKind::ManyOf(list()),
            "integer" => ValueKind::Whole,
            "decimal4" => ValueKind::Decimal,
            "integer_unit" => ValueKind::WholeWith(list()),
            "decimal4_unit" => ValueKind::DecimalWith(list()),
            _ => ValueKind::Unknown,
        }
    }

    /// The words that are allowed, or the units.
    pub fn choices(&self) -> &[String] {
        match self {
            ValueKind::OneOf(list)
            | ValueKind::ManyOf(list)
            | ValueKind::WholeWith(list)
            | ValueKind::DecimalWith(list) => list,
            ValueKind::Text | ValueKind::Whole | ValueKind::Decimal | ValueKind::Unknown => &[],
        }
    }
}

impl Need {
    /// Whether the entry must be given for this product.
    pub fn holds(&self, product: &Facts<'_>) -> Tri {
        match self {
            Need::Always => Tri::Yes,
            Need::Never => Tri::No,
            Need::Unknown => Tri::Maybe,
            Need::When(ways) => ways
                .iter()
                .map(|parts| {
                    parts
                        .iter()
                        .map(|part| part.holds(product))
                        .fold(Tri::Yes, Tri::and)
                })
                .fold(Tri::No, Tri::or),
        }
    }
}

impl Tri {
    fn and(self, other: Tri) -> Tri {
        match (self, other) {
            (Tri::No, _) | (_, Tri::No) => Tri::No,
            (Tri::Maybe, _) | (_, Tri::Maybe) => Tri::Maybe,
            (Tri::Yes, Tri::Yes) => Tri::Yes,
        }
    }

    fn or(self, other: Tri) -> Tri {
        match (self, other) {
            (Tri::Yes, _) | (_, Tri::Yes) => Tri::Yes,
            (Tri::Maybe, _) | (_, Tri::Maybe) => Tri::Maybe,
            (Tri::No, Tri::No) => Tri::No,
        }
    }
}

impl Condition {
    fn holds(&self, product: &Facts<'_>) -> Tri {
        let names = || product.attributes.iter().map(|(name, _)| *name).collect();
        let values = || product.attributes.iter().map(|(_, value)| *value).collect();
        let looked_at: Vec<&str> = match self.of {
            Of::AttributeNames => names(),
            Of::AttributeValues => values(),
            Of::Title => vec![product.title],
            Of::Unknown => return Tri::Maybe,
        };
        let contains = self
            .words
            .iter()
            .any(|word| looked_at.iter().any(|text| text.contains(word.as_str())));
        match self.test {
            Test::Contains => tri(contains),
            Test::ContainsNot => tri(!contains),
            Test::Matches => {
                let mut answer = Tri::No;
                for word in &self.words {
                    let Ok(pattern) = regex_lite::Regex::new(word) else {
                        answer = answer.or(Tri::Maybe);
                        continue;
                    };
                    answer = answer.or(tri(looked_at.iter().any(|text| pattern.is_match(text))));
                }
                answer
            }
            Test::Unknown => Tri::Maybe,
        }
    }
}

fn tri(answer: bool) -> Tri {
    if answer { Tri::Yes } else { Tri::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(of: Of, test: Test, word: &str) -> Condition {
        Condition {
            of,
            test,
            words: vec![word.into()],
        }
    }

    /// The example of the reference: a customs declaration for what says that it is imported.
    fn imported() -> Need {
        Need::When(vec![vec![
            condition(Of::AttributeNames, Test::Contains, "国产/进口"),
            condition(Of::AttributeValues, Test::Contains, "进口"),
        ]])
    }

    fn product(origin: &'static str) -> Facts<'static> {
        Facts {
            title: "红茶 250克",
            attributes: vec![("国产/进口", origin)],
            ..Facts::default()
        }
    }

    #[test]
    fn a_condition_decides_and_what_it_says_in_an_unknown_way_is_a_doubt() {
        assert_eq!(imported().holds(&product("进口")), Tri::Yes);
        assert_eq!(imported().holds(&product("国产")), Tri::No);
        assert_eq!(imported().holds(&Facts::default()), Tri::No);
        let ways = |condition| Need::When(vec![vec![condition]]);
        let title = |test, word| ways(condition(Of::Title, test, word));
        assert_eq!(
            title(Test::Matches, "[0-9]+克").holds(&product("国产")),
            Tri::Yes
        );
        assert_eq!(
            title(Test::ContainsNot, "红茶").holds(&product("国产")),
            Tri::No
        );
        assert_eq!(
            title(Test::Matches, "(").holds(&product("国产")),
            Tri::Maybe
        );
        let odd = ways(condition(Of::Unknown, Test::Contains, "红茶"));
        assert_eq!(odd.holds(&product("国产")), Tri::Maybe);
        assert_eq!(Need::Unknown.holds(&product("国产")), Tri::Maybe);
    }

    #[test]
    fn values_have_the_form_of_their_kind() {
        let rule = |kind: &str, list: &str, open| AttributeRule {
            name: "x".into(),
            kind: ValueKind::read(kind, list),
            open,
            need: Need::Never,
        };
        for (kind, list, open, value, good) in [
            ("select_one", "绿;红", false, "红", true),
            ("select_one", "绿;红", false, "蓝", false),
            ("select_one", "绿;红", true, "蓝", true),
            ("select_many", "绿;红", false, "绿;红", true),
            ("select_many", "绿;红", false, "绿;蓝", false),
            ("integer", "", false, "12", true),
            ("integer", "", false, "12.5", false),
            ("decimal4", "", false, "0.1234", true),
            ("decimal4", "", false, "0.12345", false),
            ("integer_unit", "个月;天", false, "18 个月", true),
            ("integer_unit", "个月;天", false, "18个月", false),
            ("integer_unit", "个月;天", false, "18 年", false),
            ("decimal4_unit", "kg;g", false, "0.25 kg", true),
            ("string", "", false, "", false),
            ("a new kind", "", false, "anything", true),
        ] {
            assert_eq!(rule(kind, list, open).takes(value), good, "{kind} {value}");
        }
    }

    #[test]
    fn a_size_chart_that_is_given_must_be_whole() {
        let line = |name: &str, kind, form, required| SizeLine {
            name: name.into(),
            unit: "cm".into(),
            kind,
            form,
            required,
        };
        let rule = CategoryRule {
            sizes: SizeRule {
                supported: true,
                lines: vec![
                    line("胸围", SizeKind::Whole, SizeForm::Either, true),
                    line("衣长", SizeKind::Decimal, SizeForm::Single, true),
                    line("说明", SizeKind::Text, SizeForm::Single, false),
                ],
            },
            presale: true,
            presale_days: Some((5, 10)),
            presale_price: "100".into(),
            ..CategoryRule::default()
        };
        let of = |sizes: Vec<(&'static str, &'static str)>, presale| {
            let facts = Facts {
                skus: vec![SkuFacts {
                    sizes,
                    presale,
                    ..SkuFacts::default()
                }],
                head_images: 9,
                detail_images: 9,
                ..Facts::default()
            };
            rule.check(&facts)
        };
        let (wrong, doubts) = of(Vec::new(), None);
        assert!(wrong.is_empty());
        let names = vec!["胸围".to_owned(), "衣长".to_owned()];
        assert_eq!(doubts, [Doubt::SizeChartMayBeNeeded { names }]);
        let whole = vec![("胸围", "92-96"), ("衣长", "68.5"), ("说明", "偏大-一码")];
        assert_eq!(of(whole, None), (Vec::new(), Vec::new()));
        let (wrong, _) = of(vec![("胸围", "大"), ("腰围", "80")], Some(4));
        assert_eq!(
            wrong,
            [
                Breach::PresaleDays {
                    sku: 0,
                    least: 5,
                    most: 10
                },
                Breach::SizeMissing {
                    sku: 0,
                    name: "衣长".into()
                },
                Breach::SizeValue {
                    sku: 0,
                    name: "胸围".into(),
                    value: "大".into(),
                    line: rule.sizes.lines[0].clone()
                },
                Breach::SizeName {
                    sku: 0,
                    name: "腰围".into(),
                    known: vec!["胸围".into(), "衣长".into(), "说明".into()]
                },
            ]
        );
        let (_, doubts) = of(vec![("胸围", "96"), ("衣长", "68")], Some(7));
        let lowest = "100".to_owned();
        assert_eq!(doubts, [Doubt::PresalePrice { lowest }]);
        let none = CategoryRule::default();
        let sku = SkuFacts {
            sizes: vec![("胸围", "96")],
            ..SkuFacts::default()
        };
        let facts = Facts {
            skus: vec![sku],
            head_images: 9,
            detail_images: 9,
            ..Facts::default()
        };
        assert_eq!(none.check(&facts).0, [Breach::NoSizeChart { sku: 0 }]);
    }

    #[test]
    fn everything_wrong_with_a_product_is_named_at_once() {
        let rule = CategoryRule {
            attributes: vec![
                AttributeRule {
                    name: "产地".into(),
                    kind: ValueKind::Text,
                    open: false,
                    need: Need::Always,
                },
                AttributeRule {
                    name: "国产/进口".into(),
                    kind: ValueKind::read("select_one", "国产;进口"),
                    open: false,
                    need: Need::Never,
                },
            ],
            papers: vec![PaperRule {
                id: "7".into(),
                name: "报关单".into(),
                tips: String::new(),
                need: imported(),
            }],
            floor_price: Fen(1000),
            needs_bar_code: true,
            ..CategoryRule::default()
        };
        let facts = Facts {
            skus: vec![
                SkuFacts {
                    price: Fen(999),
                    attributes: vec![("净含量", "250g")],
                    ..SkuFacts::default()
                },
                SkuFacts {
                    price: Fen(1000),
                    bar_code: "6900000000000",
                    ..SkuFacts::default()
                },
            ],
            head_images: 2,
            detail_images: 1,
            ..product("进口")
        };
        let (wrong, doubts) = rule.check(&facts);
        assert_eq!(
            wrong,
            [
                Breach::AttributeMissing {
                    name: "产地".into(),
                    kind: ValueKind::Text
                },
                Breach::PaperMissing {
                    id: "7".into(),
                    name: "报关单".into(),
                    tips: String::new()
                },
                Breach::TooFewHeadImages { least: 3 },
                Breach::BelowFloor {
                    sku: 0,
                    floor: Fen(1000)
                },
                Breach::BarCodeMissing { sku: 0 },
                Breach::SkuAttributesDiffer { sku: 1 },
            ]
        );
        assert!(doubts.is_empty());
    }
}
