//! The category tree of the shop in a box: a small cut of what a merchant meets, with every case a product can run
//! into.

use super::permit;
use crate::api::component::category::{CatGet, CatGetReply, Category};
use crate::sandbox::router::{Call, Refusal};
use crate::sandbox::store::Tx;
use serde::Deserialize;
use serde_json::{Value, json};

/// What stands between a product and its category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Open,
    /// Open, and each product needs a picture of its own licence (1000008 without).
    ProductLicence,
    /// Needs a licence that a fresh shop has handed in.
    Licensed,
    /// Needs a licence that a fresh shop does not have (1000005).
    Unlicensed,
    /// Listed in the tree, but products are not taken (1000009), as with insurance.
    Closed,
}

/// One third-level category.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    first: (u64, &'static str),
    second: (u64, &'static str),
    pub third: u64,
    name: &'static str,
    pub door: Door,
}

const FOOD: (u64, &str) = (1421, "食品饮料");
const TEA: (u64, &str) = (1422, "茶饮");
const SNACKS: (u64, &str) = (1430, "休闲食品");
const GRAIN: (u64, &str) = (1440, "粮油调味");
const DRINKS: (u64, &str) = (1450, "酒类");
const CLOTHES: (u64, &str) = (1200, "服饰内衣");
const WOMEN: (u64, &str) = (1201, "女装");
const MEN: (u64, &str) = (1207, "男装");
const HOME: (u64, &str) = (6490, "家居日用");
const KITCHEN: (u64, &str) = (6491, "厨房餐具");
const TEXTILE: (u64, &str) = (6500, "家纺布艺");
const BEAUTY: (u64, &str) = (6870, "美妆护肤");
const SKIN: (u64, &str) = (6871, "面部护肤");
const TOYS: (u64, &str) = (6300, "母婴玩具");
const CHILD: (u64, &str) = (6301, "玩具乐器");
const DIGITAL: (u64, &str) = (6150, "数码家电");
const PHONE: (u64, &str) = (6151, "手机配件");
const HEALTH: (u64, &str) = (6800, "医药保健");
const MEDICAL: (u64, &str) = (6801, "医疗器械");
const MONEY: (u64, &str) = (6900, "金融服务");
const INSURANCE: (u64, &str) = (6901, "保险");

const fn row(
    first: (u64, &'static str),
    second: (u64, &'static str),
    third: u64,
    name: &'static str,
    door: Door,
) -> Row {
    Row {
        first,
        second,
        third,
        name,
        door,
    }
}

const TREE: &[Row] = &[
    row(FOOD, TEA, 1423, "绿茶", Door::Open),
    row(FOOD, TEA, 1424, "红茶", Door::Open),
    row(FOOD, TEA, 1425, "乌龙茶", Door::Open),
    row(FOOD, TEA, 1426, "普洱茶", Door::Open),
    row(FOOD, TEA, 1427, "花草茶", Door::Open),
    row(FOOD, TEA, 1428, "茶具礼盒", Door::Open),
    row(FOOD, SNACKS, 1431, "坚果炒货", Door::Open),
    row(FOOD, SNACKS, 1432, "饼干糕点", Door::Open),
    row(FOOD, SNACKS, 1433, "糖果巧克力", Door::Open),
    row(FOOD, SNACKS, 1434, "肉干肉脯", Door::Licensed),
    row(FOOD, GRAIN, 1441, "大米", Door::Open),
    row(FOOD, GRAIN, 1442, "食用油", Door::Open),
    row(FOOD, GRAIN, 1443, "调味品", Door::Open),
    row(FOOD, DRINKS, 1451, "白酒", Door::Unlicensed),
    row(FOOD, DRINKS, 1452, "葡萄酒", Door::Unlicensed),
    row(CLOTHES, WOMEN, 1202, "连衣裙", Door::Open),
    row(CLOTHES, WOMEN, 1203, "T恤", Door::Open),
    row(CLOTHES, WOMEN, 1204, "针织衫", Door::Open),
    row(CLOTHES, WOMEN, 1205, "牛仔裤", Door::Open),
    row(CLOTHES, MEN, 1208, "衬衫", Door::Open),
    row(CLOTHES, MEN, 1209, "夹克", Door::Open),
    row(CLOTHES, MEN, 1210, "卫衣", Door::Open),
    row(HOME, KITCHEN, 6492, "锅具", Door::Open),
    row(HOME, KITCHEN, 6493, "杯壶", Door::Open),
    row(HOME, KITCHEN, 6494, "刀具", Door::Open),
    row(HOME, KITCHEN, 6495, "餐具", Door::Open),
    row(HOME, TEXTILE, 6501, "床品套件", Door::Open),
    row(HOME, TEXTILE, 6502, "毛巾浴巾", Door::Open),
    row(HOME, TEXTILE, 6503, "窗帘", Door::Open),
    row(BEAUTY, SKIN, 6872, "洁面", Door::Licensed),
    row(BEAUTY, SKIN, 6873, "面膜", Door::ProductLicence),
    row(BEAUTY, SKIN, 6874, "乳液面霜", Door::ProductLicence),
    row(TOYS, CHILD, 6302, "积木", Door::ProductLicence),
    row(TOYS, CHILD, 6303, "毛绒玩具", Door::Open),
    row(TOYS, CHILD, 6304, "拼图", Door::Open),
    row(DIGITAL, PHONE, 6152, "手机壳", Door::Open),
    row(DIGITAL, PHONE, 6153, "数据线", Door::Open),
    row(DIGITAL, PHONE, 6154, "充电宝", Door::ProductLicence),
    row(HEALTH, MEDICAL, 6802, "血压计", Door::Unlicensed),
    row(HEALTH, MEDICAL, 6803, "体温计", Door::Unlicensed),
    row(MONEY, INSURANCE, 6902, "意外险", Door::Closed),
];

impl Row {
    pub fn wire(&self) -> Category {
        let licence = i64::from(matches!(
            self.door,
            Door::Licensed | Door::Unlicensed | Door::Closed
        ));
        let product_licence = i64::from(self.door == Door::ProductLicence);
        Category {
            first_cat_id: self.first.0,
            first_cat_name: self.first.1.into(),
            second_cat_id: self.second.0,
            second_cat_name: self.second.1.into(),
            third_cat_id: self.third,
            third_cat_name: self.name.into(),
            qualification_type: licence,
            qualification: if licence == 1 {
                "经营许可证".into()
            } else {
                String::new()
            },
            product_qualification_type: product_licence,
            product_qualification: if product_licence == 1 {
                "产品检测报告".into()
            } else {
                String::new()
            },
        }
    }
}

pub fn all(_: &mut Tx<'_>, _: CatGet) -> Result<CatGetReply, Refusal> {
    Ok(CatGetReply {
        third_cat_list: TREE.iter().map(Row::wire).collect(),
    })
}

/// The categories this merchant may sell in.
pub fn permitted(tx: &Tx<'_>) -> Result<Vec<&'static Row>, Refusal> {
    let mut rows = Vec::new();
    for row in TREE {
        let open = match row.door {
            Door::Open | Door::ProductLicence => true,
            Door::Licensed | Door::Unlicensed => permit::is_granted(tx, row.third)?,
            Door::Closed => false,
        };
        if open {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// Categories that a fresh shop has a licence for.
pub fn licensed() -> impl Iterator<Item = u64> {
    let rows = TREE.iter().filter(|row| row.door == Door::Licensed);
    rows.map(|row| row.third)
}

/// Whether a category is one that an audit opens.
pub fn needs_licence(third: u64) -> Result<bool, Refusal> {
    let row = TREE.iter().find(|row| row.third == third);
    let row = row.filter(|row| row.door != Door::Closed);
    row.map(|row| matches!(row.door, Door::Licensed | Door::Unlicensed))
        .ok_or_else(|| Refusal::new(1_000_009, "category does not exist or is closed"))
}

#[derive(Deserialize)]
pub struct RuleRequest {
    category_id: u64,
}

/// A rule of a category. The platform answers it for the accounts of its successor only; here it can be tried.
pub fn rule(_: &mut Tx<'_>, call: &Call, request: RuleRequest) -> Result<Value, Refusal> {
    if !TREE.iter().any(|row| row.third == request.category_id) {
        return Err(Refusal::new(1_000_009, "category does not exist"));
    }
    match call.parameter("rule_id").as_deref() {
        Some("1") => Ok(json!({"deposit": 1_000_000})),
        Some("2") => Ok(json!({"list": [{"deliver_type": 0, "acct_type": []}]})),
        _ => Err(Refusal::new(40097, "invalid args: rule_id must be 1 or 2")),
    }
}

/// The third-level category of a product; the licence picture is asked for where the category wants one.
pub fn enter(tx: &Tx<'_>, third: u64, has_licence_picture: bool) -> Result<(), Refusal> {
    let Some(row) = TREE.iter().find(|row| row.third == third) else {
        return Err(
            if TREE
                .iter()
                .any(|row| row.first.0 == third || row.second.0 == third)
            {
                Refusal::new(1_000_007, "third_cat_id is not a third-level category")
            } else {
                Refusal::new(1_000_009, "category does not exist")
            },
        );
    };
    match row.door {
        Door::Closed => Err(Refusal::new(
            1_000_009,
            "category does not exist or is closed",
        )),
        Door::Licensed | Door::Unlicensed if !permit::is_granted(tx, third)? => {
            Err(Refusal::new(1_000_005, "category needs a qualification"))
        }
        Door::ProductLicence if !has_licence_picture => Err(Refusal::new(
            1_000_008,
            "product qualification picture is missing",
        )),
        _ => Ok(()),
    }
}
