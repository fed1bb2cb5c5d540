//! Categories of the WeChat Store and what a product of one must have: `/channels/ec/category/*`.

use super::{Id, flag, or_default};
use crate::api::endpoints;
use crate::model::category_rule::{self as rule, CategoryRule, Need, Of, Test, ValueKind};
use crate::types::Fen;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

endpoints! {
    GetDetail => "/channels/ec/category/detail" -> DetailReply, Safe;
    GetProductRule => "/shop/ec/category/getcategoryproductrule" -> ProductRule, Safe;
    ListRelations => "/channels/ec/category/get_category_relation_list" -> ListRelationsReply, Safe;
}

/// A GET: the whole tree, some megabytes.
pub const ALL_PATH: &str = "/channels/ec/category/all";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AllReply {
    /// The tree of many levels. The older `cats` is not read.
    #[serde(deserialize_with = "or_default")]
    pub cats_v2: Vec<Branch>,
}

/// One way from a root to a leaf.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Branch {
    #[serde(deserialize_with = "or_default")]
    pub cat_and_qua: Vec<Twig>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Twig {
    pub cat: Category,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Category {
    pub cat_id: Id,
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    pub f_cat_id: Id,
    #[serde(deserialize_with = "loose")]
    pub level: i64,
    #[serde(deserialize_with = "flag")]
    pub leaf: bool,
}

/// Reads a number that may be in quotes.
fn loose<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(number) => Ok(number),
        Either::Text(text) => text.trim().parse().map_err(serde::de::Error::custom),
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GetDetail {
    pub cat_id: Id,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DetailReply {
    pub info: Named,
    pub attr: Properties,
    #[serde(deserialize_with = "or_default")]
    pub product_qua_list: Vec<DetailPaper>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Named {
    pub cat_id: Id,
    #[serde(deserialize_with = "or_default")]
    pub name: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Properties {
    #[serde(deserialize_with = "flag")]
    pub shop_no_shipment: bool,
    #[serde(deserialize_with = "flag")]
    pub access_permit_required: bool,
    #[serde(deserialize_with = "flag")]
    pub pre_sale: bool,
    #[serde(deserialize_with = "flag")]
    pub seven_day_return: bool,
    #[serde(deserialize_with = "flag")]
    pub is_limit_brand: bool,
    #[serde(deserialize_with = "or_default")]
    pub brand_list: Vec<Value>,
    #[serde(deserialize_with = "or_default")]
    pub product_attr_list: Vec<AttributeRule>,
    #[serde(deserialize_with = "or_default")]
    pub sale_attr_list: Vec<AttributeRule>,
    /// Fen.
    #[serde(deserialize_with = "or_default")]
    pub deposit: i64,
    /// Fen; 0 is none.
    #[serde(deserialize_with = "or_default")]
    pub floor_price: i64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DetailPaper {
    pub qua_id: Id,
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub tips: String,
    #[serde(deserialize_with = "flag")]
    pub need_to_apply: bool,
    #[serde(deserialize_with = "flag")]
    pub mandatory: bool,
}

/// An attribute of a category, as both calls name it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AttributeRule {
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// `string`, `select_one`, `select_many`, `integer`, `decimal4`, `integer_unit`, `decimal4_unit`.
    #[serde(deserialize_with = "or_default")]
    pub type_v2: String,
    /// Choices or units, separated by `;`.
    #[serde(deserialize_with = "or_default")]
    pub value: String,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub hint: String,
    #[serde(deserialize_with = "flag")]
    pub append_allowed: bool,
    /// In the detail of a category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_required: Option<bool>,
    /// In the product rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_rule: Option<RequiredRule>,
}

/// Whether an entry must be given.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RequiredRule {
    /// 1 always, 2 never, 3 when one of `or_combinators` holds.
    pub rule_type: i64,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub or_combinators: Vec<Combinator>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Combinator {
    /// The table of the page calls it an object, its example shows a list.
    #[serde(deserialize_with = "one_or_many")]
    pub and_combinators: Vec<Part>,
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Part>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Many(Vec<Part>),
        One(Part),
        Nothing(()),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Many(parts) => parts,
        Either::One(part) => vec![part],
        Either::Nothing(()) => Vec::new(),
    })
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Part {
    /// 1: all of `text_conditions` must hold.
    pub combine_type: i64,
    #[serde(deserialize_with = "or_default")]
    pub text_conditions: Vec<TextCondition>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TextCondition {
    /// 1 names of the attributes, 2 their values, 3 the title.
    pub check_field: i64,
    /// 1 contains, 2 does not contain, 3 matches a regular expression.
    pub oper_type: i64,
    #[serde(deserialize_with = "or_default")]
    pub keywords: Vec<String>,
}

/// What a product of a leaf must have, for this store.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GetProductRule {
    pub cat_id: Id,
    #[serde(skip_serializing_if = "Id::is_none")]
    pub brand_id: Id,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProductRule {
    pub info: Named,
    /// Only brands of `restricted_brand_list` may be sold.
    #[serde(deserialize_with = "flag")]
    pub is_directed_category: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand_info: Option<BrandInfo>,
    #[serde(deserialize_with = "or_default")]
    pub restricted_brand_list: Vec<BrandName>,
    #[serde(deserialize_with = "or_default")]
    pub product_attr_list: Vec<AttributeRule>,
    #[serde(deserialize_with = "or_default")]
    pub sale_attr_list: Vec<AttributeRule>,
    #[serde(deserialize_with = "or_default")]
    pub product_qua_list: Vec<PaperRule>,
    /// Fen; 0 is none.
    #[serde(deserialize_with = "or_default")]
    pub floor_price: i64,
    #[serde(deserialize_with = "or_default")]
    pub extra_service_list: Vec<ServiceRule>,
    #[serde(deserialize_with = "flag")]
    pub is_need_bar_code: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presale_rule: Option<PresaleRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_chart: Option<SizeChartRule>,
    /// Texts for people.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BrandInfo {
    pub brand_id: Id,
    #[serde(deserialize_with = "or_default")]
    pub ch_name: String,
    #[serde(deserialize_with = "flag")]
    pub is_in_category_brand_pool: bool,
    #[serde(deserialize_with = "flag")]
    pub is_brand_authorized: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BrandName {
    pub brand_id: Id,
    #[serde(deserialize_with = "or_default")]
    pub ch_name: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PaperRule {
    pub id: Id,
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub tips: String,
    pub required_rule: RequiredRule,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceRule {
    #[serde(deserialize_with = "or_default")]
    pub extra_service_name: String,
    #[serde(deserialize_with = "or_default")]
    pub extra_service_type: String,
    /// Choices, separated by `;`.
    #[serde(deserialize_with = "or_default")]
    pub extra_service_value: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PresaleRule {
    #[serde(deserialize_with = "flag")]
    pub presale_switch: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_after_pay: Option<DeliveryAfterPay>,
    /// As text, in a unit that is not documented.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub product_price_threshold: String,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Days from the payment to the shipping of a pre-sale.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryAfterPay {
    #[serde(deserialize_with = "or_default")]
    pub min_delay_day: i64,
    #[serde(deserialize_with = "or_default")]
    pub max_delay_day: i64,
}

/// What a size chart of the category has.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SizeChartRule {
    #[serde(deserialize_with = "flag")]
    pub is_support: bool,
    #[serde(deserialize_with = "or_default")]
    pub item_list: Vec<SizeItem>,
}

/// One measure of a size chart.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SizeItem {
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub unit: String,
    /// `1` text, `2` whole number, `3` decimal.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// `1` one value, `2` a range, `3` either.
    #[serde(deserialize_with = "or_default")]
    pub format: String,
    #[serde(deserialize_with = "or_default")]
    pub limit: String,
    #[serde(deserialize_with = "flag")]
    pub is_required: bool,
}

impl SizeItem {
    fn read(self) -> rule::SizeLine {
        rule::SizeLine {
            name: self.name,
            unit: self.unit,
            kind: match self.kind.as_str() {
                "1" => rule::SizeKind::Text,
                "2" => rule::SizeKind::Whole,
                "3" => rule::SizeKind::Decimal,
                _ => rule::SizeKind::Unknown,
            },
            form: match self.format.as_str() {
                "1" => rule::SizeForm::Single,
                "2" => rule::SizeForm::Range,
                _ => rule::SizeForm::Either,
            },
            required: self.is_required,
        }
    }
}

pub const APPLY_PATH: &str = "/channels/ec/category/add";
pub const FLOWS_PATH: &str = "/channels/ec/category/getbizcatflowlist";

/// Applications, a page of them.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ListFlows {
    pub is_filter_status: bool,
    pub offset: i64,
    pub limit: i64,
}

/// Applications for categories.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowsReply {
    #[serde(deserialize_with = "or_default")]
    pub list: Vec<Flow>,
}

/// One application: 1 in audit, 2 refused, 3 passed, 4 withdrawn.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Flow {
    pub cat_id: Id,
    #[serde(deserialize_with = "or_default")]
    pub status: i64,
    pub audit_id: Id,
    #[serde(deserialize_with = "or_default")]
    pub audit_reason: String,
}

/// What the store may sell in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListRelations {
    pub is_filter_status: bool,
    /// 1 in force, 2 lapsed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListRelationsReply {
    #[serde(deserialize_with = "or_default")]
    pub list: Vec<Relation>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Relation {
    pub id: Id,
    pub status: i64,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub uneffective_reason: String,
}

impl RequiredRule {
    fn need(self) -> Need {
        match self.rule_type {
            1 => Need::Always,
            2 => Need::Never,
            3 => Need::When(
                self.or_combinators
                    .into_iter()
                    .map(|way| {
                        way.and_combinators
                            .into_iter()
                            .flat_map(Part::conditions)
                            .collect()
                    })
                    .collect(),
            ),
            _ => Need::Unknown,
        }
    }
}

impl Part {
    fn conditions(self) -> Vec<rule::Condition> {
        let known = self.combine_type == 1 || self.text_conditions.len() < 2;
        self.text_conditions
            .into_iter()
            .map(|condition| rule::Condition {
                of: match condition.check_field {
                    _ if !known => Of::Unknown,
                    1 => Of::AttributeNames,
                    2 => Of::AttributeValues,
                    3 => Of::Title,
                    _ => Of::Unknown,
                },
                test: match condition.oper_type {
                    1 => Test::Contains,
                    2 => Test::ContainsNot,
                    3 => Test::Matches,
                    _ => Test::Unknown,
                },
                words: condition.keywords,
            })
            .collect()
    }
}

impl AttributeRule {
    fn read(self) -> rule::AttributeRule {
        let need = match (self.required_rule, self.is_required) {
            (Some(rule), _) => rule.need(),
            (None, Some(true)) => Need::Always,
            (None, _) => Need::Never,
        };
        rule::AttributeRule {
            kind: ValueKind::read(&self.type_v2, &self.value),
            name: self.name,
            open: self.append_allowed,
            need,
        }
    }
}

/// The detail of a category as a rule: what it asks for, it asks for always.
impl From<DetailReply> for ProductRule {
    fn from(detail: DetailReply) -> ProductRule {
        ProductRule {
            info: detail.info,
            // Its list of brands has no documented form.
            product_attr_list: detail.attr.product_attr_list,
            sale_attr_list: detail.attr.sale_attr_list,
            product_qua_list: detail
                .product_qua_list
                .into_iter()
                .map(|paper| PaperRule {
                    id: paper.qua_id,
                    name: paper.name,
                    tips: paper.tips,
                    required_rule: RequiredRule {
                        rule_type: if paper.mandatory { 1 } else { 2 },
                        or_combinators: Vec::new(),
                    },
                })
                .collect(),
            floor_price: detail.attr.floor_price,
            presale_rule: Some(PresaleRule {
                presale_switch: detail.attr.pre_sale,
                ..PresaleRule::default()
            }),
            ..ProductRule::default()
        }
    }
}

impl ProductRule {
    /// The rule as the program understands it.
    pub fn read(self) -> CategoryRule {
        let attributes =
            |list: Vec<AttributeRule>| list.into_iter().map(AttributeRule::read).collect();
        CategoryRule {
            category: self.info.cat_id.to_string(),
            name: self.info.name,
            brands: self.is_directed_category.then(|| {
                self.restricted_brand_list
                    .iter()
                    .map(|brand| brand.brand_id.to_string())
                    .collect()
            }),
            brand: self.brand_info.map(|brand| rule::BrandRight {
                in_category: brand.is_in_category_brand_pool,
                authorized: brand.is_brand_authorized,
            }),
            attributes: attributes(self.product_attr_list),
            sku_attributes: attributes(self.sale_attr_list),
            papers: self
                .product_qua_list
                .into_iter()
                .map(|paper| rule::PaperRule {
                    id: paper.id.to_string(),
                    name: paper.name,
                    tips: paper.tips,
                    need: paper.required_rule.need(),
                })
                .collect(),
            floor_price: Fen(self.floor_price),
            needs_bar_code: self.is_need_bar_code,
            presale_days: self
                .presale_rule
                .as_ref()
                .and_then(|rule| rule.delivery_after_pay)
                .map(|days| (days.min_delay_day, days.max_delay_day))
                .filter(|(least, most)| *least > 0 && least <= most),
            presale_price: self
                .presale_rule
                .as_ref()
                .map(|rule| rule.product_price_threshold.clone())
                .filter(|price| price.bytes().any(|byte| matches!(byte, b'1'..=b'9')))
                .unwrap_or_default(),
            // Where nothing is said, nothing is forbidden.
            presale: self.presale_rule.is_none_or(|rule| rule.presale_switch),
            sizes: self
                .size_chart
                .map_or_else(rule::SizeRule::default, |chart| rule::SizeRule {
                    supported: chart.is_support,
                    lines: chart.item_list.into_iter().map(SizeItem::read).collect(),
                }),
            services: self
                .extra_service_list
                .into_iter()
                .map(|service| {
                    let choices = service.extra_service_value.split(';');
                    let choices = choices.filter(|choice| !choice.is_empty());
                    (
                        service.extra_service_name,
                        choices.map(str::to_owned).collect(),
                    )
                })
                .collect(),
            requirements: rule::Requirements::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::category_rule::{Facts, Tri};

    #[test]
    fn the_parts_of_a_condition_are_read_as_one_or_as_a_list() {
        let part = r#"{"combine_type":1,"text_conditions":[{"check_field":3,"oper_type":1,"keywords":["进口"]}]}"#;
        for parts in [part.to_owned(), format!("[{part}]")] {
            let json =
                format!(r#"{{"rule_type":3,"or_combinators":[{{"and_combinators":{parts}}}]}}"#);
            let rule: RequiredRule = serde_json::from_str(&json).expect("a rule");
            let imported = Facts {
                title: "进口红茶",
                ..Facts::default()
            };
            assert_eq!(rule.need().holds(&imported), Tri::Yes, "{json}");
        }
        let odd: RequiredRule = serde_json::from_str(r#"{"rule_type":9}"#).expect("a rule");
        assert_eq!(odd.need().holds(&Facts::default()), Tri::Maybe);
    }
}
