//! The categories of the Store in a box: a dozen leaves, with every kind of rule that a product can meet.
//!
//! Long because the leaves stand here, each with its rule.

use super::{merchant, opening};
use crate::api::store::Id;
use crate::api::store::category::{
    AllReply, AttributeRule, Branch, BrandInfo, BrandName, Category, Combinator, DeliveryAfterPay,
    DetailPaper, DetailReply, GetDetail, GetProductRule, ListRelations, ListRelationsReply, Named,
    PaperRule, Part, PresaleRule, ProductRule, Properties, Relation, RequiredRule, ServiceRule,
    SizeChartRule, SizeItem, TextCondition, Twig,
};
use crate::api::store::goods::{NO_BRAND, Precheck, PrecheckReply};
use crate::sandbox::router::{Call, Refusal};
use crate::sandbox::store::Tx;
use crate::types::span::DAY;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What stands between a product and its category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Open,
    /// Not applied for (10020252).
    NotApplied,
    /// The right has lapsed (10020018).
    Lapsed,
    /// Taken out of the tree (10020043).
    Withdrawn,
}

/// When an attribute or a paper must be given.
#[derive(Debug, Clone, Copy)]
enum When {
    Always,
    Never,
    /// The product says that it is imported.
    Imported,
    /// The title matches.
    Title(&'static str),
}

struct Attr {
    name: &'static str,
    kind: &'static str,
    value: &'static str,
    open: bool,
    when: When,
}

const fn attr(name: &'static str, kind: &'static str, value: &'static str, when: When) -> Attr {
    Attr {
        name,
        kind,
        value,
        open: false,
        when,
    }
}

struct Paper {
    id: u64,
    name: &'static str,
    when: When,
}

pub struct Leaf {
    /// From the root to the leaf: numbers and names.
    path: &'static [(u64, &'static str)],
    pub door: Door,
    attrs: &'static [Attr],
    sale: &'static [Attr],
    papers: &'static [Paper],
    /// Fen.
    pub floor: i64,
    bar_code: bool,
    /// Only these brands.
    brands: &'static [u64],
    presale: bool,
    /// Return within seven days must be offered.
    pub seven_days: bool,
    size_chart: bool,
}

const FOOD: (u64, &str) = (381_000_001, "食品饮料");
const TEA: (u64, &str) = (381_001_001, "茶");
const SNACKS: (u64, &str) = (381_002_001, "休闲食品");
const WINE: (u64, &str) = (381_003_001, "酒类");
const CLOTHES: (u64, &str) = (382_000_001, "服饰内衣");
const WOMEN: (u64, &str) = (382_001_001, "女装");
const HOME: (u64, &str) = (383_000_001, "家居日用");
const KITCHEN: (u64, &str) = (383_001_001, "厨房餐具");
const TEXTILE: (u64, &str) = (383_002_001, "家纺布艺");
const BED: (u64, &str) = (383_002_101, "床上用品");
const BEAUTY: (u64, &str) = (384_000_001, "美妆护肤");
const FACE: (u64, &str) = (384_001_001, "面部护肤");
const CHILD: (u64, &str) = (385_000_001, "母婴玩具");
const TOYS: (u64, &str) = (385_001_001, "玩具乐器");
const DIGITAL: (u64, &str) = (386_000_001, "数码家电");
const PHONE: (u64, &str) = (386_001_001, "手机配件");
const BOOKS: (u64, &str) = (387_000_001, "图书音像");
const NOVELS: (u64, &str) = (387_001_001, "文学小说");
const HEALTH: (u64, &str) = (388_000_001, "医药保健");
const DEVICES: (u64, &str) = (388_001_001, "医疗器械");

const CUSTOMS: Paper = Paper {
    id: 910_001,
    name: "进口报关单",
    when: When::Imported,
};
const ORIGIN: Attr = attr("国产/进口", "select_one", "国产;进口", When::Always);
const SHELF_LIFE: Attr = attr("保质期", "integer_unit", "天;个月;年", When::Always);
const TEA_ATTRS: &[Attr] = &[
    attr("产地", "string", "", When::Always),
    ORIGIN,
    SHELF_LIFE,
    attr("茶叶等级", "select_one", "特级;一级;二级;三级", When::Never),
    attr("净含量", "decimal4_unit", "g;kg", When::Never),
    attr("原产国", "string", "", When::Imported),
];
const TEA_SALE: &[Attr] = &[
    attr("规格", "string", "", When::Never),
    attr("包装", "select_one", "袋装;罐装;礼盒装", When::Never),
];
const CLOTHES_SALE: &[Attr] = &[
    attr("颜色", "string", "", When::Always),
    attr("尺码", "select_one", "S;M;L;XL;均码", When::Always),
];

const PLAIN: Leaf = Leaf {
    path: &[],
    door: Door::Open,
    attrs: &[],
    sale: &[],
    papers: &[],
    floor: 0,
    bar_code: false,
    brands: &[],
    presale: false,
    seven_days: false,
    size_chart: false,
};

const LEAVES: &[Leaf] = &[
    Leaf {
        path: &[FOOD, TEA, (381_001_002, "绿茶")],
        attrs: TEA_ATTRS,
        sale: TEA_SALE,
        papers: &[CUSTOMS],
        floor: 500,
        ..PLAIN
    },
    Leaf {
        path: &[FOOD, TEA, (381_001_003, "红茶")],
        attrs: TEA_ATTRS,
        sale: TEA_SALE,
        papers: &[CUSTOMS],
        floor: 500,
        ..PLAIN
    },
    Leaf {
        path: &[FOOD, SNACKS, (381_002_002, "坚果炒货")],
        attrs: &[ORIGIN, SHELF_LIFE],
        papers: &[CUSTOMS],
        bar_code: true,
        ..PLAIN
    },
    Leaf {
        path: &[FOOD, WINE, (381_003_002, "白酒")],
        door: Door::NotApplied,
        attrs: &[attr("酒精度", "decimal4_unit", "%vol", When::Always)],
        ..PLAIN
    },
    Leaf {
        path: &[CLOTHES, WOMEN, (382_001_002, "连衣裙")],
        attrs: &[
            attr("面料", "select_many", "棉;麻;丝;毛;涤纶", When::Always),
            attr("适用季节", "select_many", "春;夏;秋;冬", When::Never),
        ],
        sale: CLOTHES_SALE,
        presale: true,
        seven_days: true,
        size_chart: true,
        ..PLAIN
    },
    Leaf {
        path: &[CLOTHES, WOMEN, (382_001_003, "T恤")],
        attrs: &[attr(
            "面料",
            "select_many",
            "棉;麻;丝;毛;涤纶",
            When::Always,
        )],
        sale: CLOTHES_SALE,
        presale: true,
        seven_days: true,
        size_chart: true,
        ..PLAIN
    },
    Leaf {
        path: &[HOME, KITCHEN, (383_001_002, "碗碟")],
        attrs: &[
            Attr {
                open: true,
                ..attr("材质", "select_one", "陶瓷;玻璃;不锈钢", When::Always)
            },
            attr("件数", "integer", "", When::Never),
        ],
        seven_days: true,
        ..PLAIN
    },
    Leaf {
        path: &[HOME, TEXTILE, BED, (383_002_102, "四件套")],
        attrs: &[attr("面料", "select_one", "棉;麻;天丝", When::Always)],
        sale: &[
            attr("颜色", "string", "", When::Never),
            attr("尺寸", "string", "", When::Never),
        ],
        presale: true,
        ..PLAIN
    },
    Leaf {
        path: &[BEAUTY, FACE, (384_001_002, "面膜")],
        attrs: &[
            attr("功效", "select_many", "补水;保湿;舒缓;清洁", When::Always),
            SHELF_LIFE,
        ],
        papers: &[Paper {
            id: 910_002,
            name: "化妆品备案凭证",
            when: When::Always,
        }],
        brands: &[8_000_102],
        ..PLAIN
    },
    Leaf {
        path: &[CHILD, TOYS, (385_001_002, "积木")],
        attrs: &[attr("适用年龄", "integer_unit", "岁;个月", When::Always)],
        papers: &[Paper {
            id: 910_003,
            name: "3C认证证书",
            when: When::Title("电动|遥控"),
        }],
        ..PLAIN
    },
    Leaf {
        path: &[DIGITAL, PHONE, (386_001_002, "数据线")],
        attrs: &[attr("长度", "decimal4_unit", "m;cm", When::Always)],
        door: Door::Lapsed,
        ..PLAIN
    },
    Leaf {
        path: &[BOOKS, NOVELS, (387_001_002, "小说")],
        attrs: &[attr("作者", "string", "", When::Always)],
        bar_code: true,
        presale: true,
        ..PLAIN
    },
    Leaf {
        path: &[HEALTH, DEVICES, (388_001_002, "血压计")],
        door: Door::Withdrawn,
        ..PLAIN
    },
];

impl Leaf {
    fn id(&self) -> u64 {
        self.path.last().map_or(0, |(id, _)| *id)
    }

    fn name(&self) -> &'static str {
        self.path.last().map_or("", |(_, name)| name)
    }

    /// Food and fresh goods need more images.
    pub fn is_food(&self) -> bool {
        self.path.first() == Some(&FOOD)
    }

    /// The number of its first level, which cannot change after the first listing.
    pub fn root(&self) -> u64 {
        self.path.first().map_or(0, |(id, _)| *id)
    }

    /// What a product must have, as the platform words it.
    pub fn rule(&self) -> ProductRule {
        ProductRule {
            info: self.named(),
            is_directed_category: !self.brands.is_empty(),
            restricted_brand_list: self
                .brands
                .iter()
                .map(|brand| BrandName {
                    brand_id: Id::from(*brand),
                    ch_name: merchant::brand_name(&Id::from(*brand))
                        .unwrap_or_default()
                        .into(),
                })
                .collect(),
            product_attr_list: self.attrs.iter().map(Attr::rule).collect(),
            sale_attr_list: self.sale.iter().map(Attr::rule).collect(),
            product_qua_list: self
                .papers
                .iter()
                .map(|paper| PaperRule {
                    id: Id::from(paper.id),
                    name: paper.name.into(),
                    tips: "上传清晰的原件图片".into(),
                    required_rule: paper.when.rule(),
                })
                .collect(),
            floor_price: self.floor,
            extra_service_list: vec![
                service(
                    "seven_day_return",
                    if self.seven_days { "1;2;3" } else { "0;1;2;3" },
                ),
                service("freight_insurance", "0;1"),
            ],
            is_need_bar_code: self.bar_code,
            presale_rule: Some(PresaleRule {
                presale_switch: self.presale,
                delivery_after_pay: self.presale.then_some(DeliveryAfterPay {
                    min_delay_day: 4,
                    max_delay_day: 15,
                }),
                product_price_threshold: if self.presale {
                    "0".into()
                } else {
                    String::new()
                },
                rest: object(if self.presale {
                    json!({
                        "delivery_after_presale": {"presale_cycle_span": 15, "min_delay_day": 1, "max_delay_day": 3},
                    })
                } else {
                    json!({})
                }),
            }),
            size_chart: Some(self.sizes()),
            rest: object(json!({
                "product_requirement": {
                    "product_title_requirement": "标题写明品牌、品名和规格",
                    "product_img_requirement": "主图清晰，无水印",
                    "product_desc_requirement": "详情图与实物一致",
                },
            })),
            ..ProductRule::default()
        }
    }

    fn sizes(&self) -> SizeChartRule {
        let item = |name: &str, kind: &str, format: &str, is_required| SizeItem {
            name: name.into(),
            unit: "cm".into(),
            kind: kind.into(),
            format: format.into(),
            limit: String::new(),
            is_required,
        };
        SizeChartRule {
            is_support: self.size_chart,
            item_list: if self.size_chart {
                vec![item("胸围", "2", "3", true), item("衣长", "3", "1", false)]
            } else {
                Vec::new()
            },
        }
    }

    fn named(&self) -> Named {
        Named {
            cat_id: Id::from(self.id()),
            name: self.name().into(),
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn service(name: &str, choices: &str) -> ServiceRule {
    ServiceRule {
        extra_service_name: name.into(),
        extra_service_type: "select_one".into(),
        extra_service_value: choices.into(),
    }
}

impl When {
    fn rule(self) -> RequiredRule {
        let condition = |check_field, oper_type, word: &str| TextCondition {
            check_field,
            oper_type,
            keywords: vec![word.into()],
        };
        let part = |conditions| Part {
            combine_type: 1,
            text_conditions: conditions,
        };
        let when = |parts| RequiredRule {
            rule_type: 3,
            or_combinators: vec![Combinator {
                and_combinators: parts,
            }],
        };
        match self {
            When::Always => RequiredRule {
                rule_type: 1,
                ..RequiredRule::default()
            },
            When::Never => RequiredRule {
                rule_type: 2,
                ..RequiredRule::default()
            },
            When::Imported => when(vec![
                part(vec![condition(1, 1, "国产/进口")]),
                part(vec![condition(2, 1, "进口")]),
            ]),
            When::Title(pattern) => when(vec![part(vec![condition(3, 3, pattern)])]),
        }
    }
}

impl Attr {
    fn rule(&self) -> AttributeRule {
        AttributeRule {
            name: self.name.into(),
            type_v2: self.kind.into(),
            value: self.value.into(),
            append_allowed: self.open,
            required_rule: Some(self.when.rule()),
            ..AttributeRule::default()
        }
    }

    /// In the detail of a category conditions are lost.
    fn detail(&self) -> AttributeRule {
        AttributeRule {
            required_rule: None,
            is_required: Some(matches!(self.when, When::Always)),
            ..self.rule()
        }
    }
}

/// The leaf of a path as a product gives it, where the store may sell in it.
pub fn of_path(tx: &Tx<'_>, path: &[Id]) -> Result<&'static Leaf, Refusal> {
    let leaf = leaf_of(path)?;
    match leaf.door {
        Door::Open => Ok(leaf),
        Door::NotApplied | Door::Lapsed if opening::is_granted(tx, &Id::from(leaf.id()))? => {
            Ok(leaf)
        }
        Door::NotApplied => Err(Refusal::new(10_020_252, "category is not applied for")),
        Door::Lapsed => Err(Refusal::new(
            10_020_018,
            "the store lacks the category qualification",
        )),
        Door::Withdrawn => Err(Refusal::new(10_020_043, "category is withdrawn")),
    }
}

/// Whether the store has to apply for the leaf of a path before it sells there.
pub fn may_be_applied_for(path: &[Id]) -> Result<bool, Refusal> {
    let leaf = leaf_of(path)?;
    match leaf.door {
        Door::Open => Ok(false),
        Door::NotApplied | Door::Lapsed => Ok(true),
        Door::Withdrawn => Err(Refusal::new(10_020_043, "category is withdrawn")),
    }
}

fn leaf_of(path: &[Id]) -> Result<&'static Leaf, Refusal> {
    let wrong = || Refusal::new(10_020_017, "category is invalid");
    let last = path.last().ok_or_else(wrong)?.number();
    let Some(leaf) = LEAVES.iter().find(|leaf| leaf.id() == last) else {
        let inside = LEAVES
            .iter()
            .any(|leaf| leaf.path.iter().any(|(id, _)| *id == last));
        return Err(if inside {
            Refusal::new(10_020_504, "category is not a leaf")
        } else {
            wrong()
        });
    };
    if path.len() != leaf.path.len() {
        return Err(Refusal::new(
            10_020_011,
            "length of the category path is wrong",
        ));
    }
    let same = path
        .iter()
        .zip(leaf.path)
        .all(|(given, (id, _))| given.number() == *id);
    if same { Ok(leaf) } else { Err(wrong()) }
}

fn by_id(id: &Id) -> Result<&'static Leaf, Refusal> {
    LEAVES
        .iter()
        .find(|leaf| leaf.id() == id.number())
        .ok_or_else(|| Refusal::new(10_020_063, "category id is invalid"))
}

/// Refuses what is no leaf.
pub fn is_leaf(id: &Id) -> Result<(), Refusal> {
    by_id(id).map(|_| ())
}

pub fn all(_: &mut Tx<'_>, _: &Call) -> Result<Value, Refusal> {
    let branch = |leaf: &Leaf| Branch {
        cat_and_qua: leaf
            .path
            .iter()
            .enumerate()
            .map(|(level, (id, name))| Twig {
                cat: Category {
                    cat_id: Id::from(*id),
                    name: (*name).into(),
                    f_cat_id: Id::from(match level {
                        0 => 0,
                        level => leaf.path[level - 1].0,
                    }),
                    level: i64::try_from(level + 1).unwrap_or(1),
                    leaf: level + 1 == leaf.path.len(),
                },
                rest: Map::new(),
            })
            .collect(),
    };
    let shown = LEAVES.iter().filter(|leaf| leaf.door != Door::Withdrawn);
    let mut reply = serde_json::to_value(AllReply {
        cats_v2: shown.map(branch).collect(),
    })?;
    // The root is "0" on the wire.
    for branch in reply["cats_v2"].as_array_mut().into_iter().flatten() {
        if let Some(root) = branch.pointer_mut("/cat_and_qua/0/cat/f_cat_id") {
            *root = "0".into();
        }
    }
    Ok(reply)
}

pub fn detail(_: &mut Tx<'_>, request: GetDetail) -> Result<DetailReply, Refusal> {
    let leaf = by_id(&request.cat_id)?;
    Ok(DetailReply {
        info: leaf.named(),
        attr: Properties {
            pre_sale: leaf.presale,
            seven_day_return: leaf.seven_days,
            is_limit_brand: !leaf.brands.is_empty(),
            brand_list: leaf
                .brands
                .iter()
                .map(|brand| json!({"brand_id": brand.to_string()}))
                .collect(),
            product_attr_list: leaf.attrs.iter().map(Attr::detail).collect(),
            sale_attr_list: leaf.sale.iter().map(Attr::detail).collect(),
            floor_price: leaf.floor,
            ..Properties::default()
        },
        product_qua_list: leaf
            .papers
            .iter()
            .map(|paper| DetailPaper {
                qua_id: Id::from(paper.id),
                name: paper.name.into(),
                mandatory: matches!(paper.when, When::Always),
                ..DetailPaper::default()
            })
            .collect(),
    })
}

pub fn product_rule(tx: &mut Tx<'_>, request: GetProductRule) -> Result<ProductRule, Refusal> {
    let leaf = by_id(&request.cat_id)?;
    let mut rule = leaf.rule();
    if !request.brand_id.is_none() {
        rule.brand_info = Some(BrandInfo {
            is_in_category_brand_pool: leaf.brands.is_empty()
                || leaf.brands.contains(&request.brand_id.number()),
            is_brand_authorized: request.brand_id.as_str() == NO_BRAND
                || merchant::may_use_brand(tx, &request.brand_id)?,
            ch_name: merchant::brand_name(&request.brand_id)
                .unwrap_or_default()
                .into(),
            brand_id: request.brand_id,
        });
    }
    Ok(rule)
}

pub fn relations(tx: &mut Tx<'_>, request: ListRelations) -> Result<ListRelationsReply, Refusal> {
    let wanted = match (request.is_filter_status, request.status) {
        (false, _) => None,
        (true, Some(status @ 1..=2)) => Some(status),
        (true, _) => return Err(Refusal::new(9_401_020, "status must be 1 or 2")),
    };
    let granted = opening::granted(tx)?;
    let list = LEAVES.iter().filter_map(|leaf| {
        let status = match leaf.door {
            Door::Open => 1,
            Door::NotApplied | Door::Lapsed if granted.contains(&Id::from(leaf.id())) => 1,
            Door::Lapsed => 2,
            Door::NotApplied | Door::Withdrawn => return None,
        };
        Some(Relation {
            id: Id::from(leaf.id()),
            status,
            uneffective_reason: match status {
                2 => "资质已过期".into(),
                _ => String::new(),
            },
        })
    });
    Ok(ListRelationsReply {
        list: list
            .filter(|relation| wanted.is_none_or(|wanted| wanted == relation.status))
            .collect(),
    })
}

#[derive(Deserialize)]
pub struct OfCategory {
    category_id: Id,
}

/// The right to one leaf, with the documents that an application brought.
pub fn relation(tx: &mut Tx<'_>, request: OfCategory) -> Result<Value, Refusal> {
    let leaf = by_id(&request.category_id)?;
    let passed = opening::passed(tx, &request.category_id)?;
    let (status, reason) = match leaf.door {
        _ if passed.is_some() => (1, ""),
        Door::Open => (1, ""),
        Door::Lapsed => (2, "资质已过期"),
        Door::NotApplied => {
            return Err(Refusal::new(10_020_252, "category is not applied for"));
        }
        Door::Withdrawn => return Err(Refusal::new(10_020_043, "category is withdrawn")),
    };
    let (since, documents) = match passed {
        Some((since, documents)) => (since, documents),
        None => {
            let path = leaf.path.iter();
            let path = path.map(|(id, _)| json!({"cat_id": id.to_string()}));
            let documents = json!({"cats_v2": path.collect::<Vec<_>>()});
            (merchant::MADE, documents)
        }
    };
    Ok(json!({
        "category_id": leaf.id().to_string(), "status": status, "uneffective_reason": reason,
        "effective_time": since, "uneffective_time": if status == 2 { merchant::MADE + 90 * DAY } else { 0 },
        "audit_info": documents,
    }))
}

pub fn precheck(tx: &mut Tx<'_>, request: Precheck) -> Result<PrecheckReply, Refusal> {
    let reason = match request.cat_id.is_none() {
        true => None,
        false if opening::is_granted(tx, &request.cat_id)? => None,
        false => match by_id(&request.cat_id)?.door {
            Door::Open => None,
            Door::NotApplied => Some("店铺未申请该类目"),
            Door::Lapsed => Some("类目资质已过期"),
            Door::Withdrawn => Some("类目已下线"),
        },
    };
    Ok(PrecheckReply {
        all_pass: reason.is_none(),
        fail_reasons: reason.into_iter().map(str::to_owned).collect(),
    })
}
