//! A store full of products at a stroke. They go the way that calls take them, at times of their own; the same seed makes
//! the same store.

use super::{goods, image};
use crate::api::store::Id;
use crate::api::store::goods::{
    AddProduct, Attribute, Category, Delisting, Detail, Express, ExtraService, NO_BRAND, Product,
    Sku,
};
use crate::sandbox::router::Refusal;
use crate::sandbox::rules::component::goods::AuditDecision;
use crate::sandbox::store::Tx;
use crate::types::Fen;
use crate::types::span::DAY;
use fastrand::Rng;

const MINUTE: i64 = 60;

/// Name, place of origin, fen for 100 grams.
const TEAS: [(&str, &str, i64); 8] = [
    ("明前龙井", "杭州", 28_800),
    ("碧螺春", "苏州", 19_900),
    ("安吉白茶", "湖州", 16_800),
    ("黄山毛峰", "黄山", 12_800),
    ("六安瓜片", "六安", 13_600),
    ("信阳毛尖", "信阳", 11_800),
    ("日照绿茶", "日照", 6_900),
    ("恩施玉露", "恩施", 8_800),
];
const PACKS: [(&str, i64); 4] = [("50克", 55), ("100克", 100), ("250克", 240), ("500克", 460)];
/// Food, tea, green tea.
const PATH: [u64; 3] = [381_000_001, 381_001_001, 381_001_002];
const TEMPLATE: u64 = 5_000_000_101;

/// Makes products in every state; `false` where this seed was sown before.
pub fn seed_all(tx: &mut Tx<'_>, rng: &mut Rng, seed: u64, count: u32) -> Result<bool, Refusal> {
    let now = tx.now;
    for n in 0..count {
        let Some(product) = product(tx, rng, seed, n)? else {
            tx.now = now;
            return Ok(false);
        };
        // The first is on sale.
        let fate = if n == 0 { 99 } else { rng.u32(0..100) };
        tx.now = match fate {
            // What is to be in audit was handed in just now.
            0..6 => now - MINUTE,
            _ => now - 40 * DAY + i64::from(n),
        };
        let id = goods::add(tx, AddProduct(product))?.data.product_id;
        let decision = match fate {
            0..6 => continue,
            6..12 => AuditDecision::Reject("商品主图不清晰，请更换".into()),
            _ => AuditDecision::Pass,
        };
        goods::decide(tx, id.as_str(), &decision)?;
        match fate {
            12..17 => {
                goods::delisting(tx, Delisting { product_id: id })?;
            }
            17..20 => {
                let down = AuditDecision::TakeDown("商品信息与实物不符".into());
                goods::decide(tx, id.as_str(), &down)?;
            }
            _ => {}
        }
    }
    tx.now = now;
    Ok(true)
}

fn product(tx: &mut Tx<'_>, rng: &mut Rng, seed: u64, n: u32) -> Result<Option<Product>, Refusal> {
    let (tea, place, price) = TEAS[rng.usize(..TEAS.len())];
    let number = format!("S{seed}T{n:04}");
    let mut heads = Vec::new();
    for part in 0..4 {
        match image::made(tx, &format!("{number}P{part}"))? {
            Some(link) => heads.push(link),
            None => return Ok(None),
        }
    }
    let pair = |name: &str, value: &str| Attribute {
        attr_key: name.into(),
        attr_value: value.into(),
    };
    let (first, packs) = (rng.usize(..PACKS.len()), rng.usize(1..=3));
    let skus = PACKS
        .iter()
        .skip(first)
        .take(packs)
        .map(|(pack, share)| Sku {
            out_sku_id: format!("{number}-{pack}"),
            thumb_img: heads[0].clone(),
            sale_price: Fen(price * share / 100 / 10 * 10),
            stock_num: 20,
            sku_attrs: vec![pair("规格", pack)],
            ..Sku::default()
        });
    Ok(Some(Product {
        title: format!("{tea} 绿茶 {number}"),
        desc_info: Detail {
            imgs: heads[..3].to_vec(),
            ..Detail::default()
        },
        cats_v2: PATH
            .iter()
            .map(|id| Category {
                cat_id: Id::from(*id),
            })
            .collect(),
        attrs: vec![
            pair("产地", place),
            pair("国产/进口", "国产"),
            pair("保质期", "18 个月"),
        ],
        brand_id: Id::read(NO_BRAND).unwrap_or_default(),
        deliver_method: Some(0),
        express_info: Some(Express {
            template_id: Id::from(TEMPLATE),
            ..Express::default()
        }),
        extra_service: Some(ExtraService {
            seven_day_return: 1,
            ..ExtraService::default()
        }),
        skus: skus.collect(),
        listing: Some(1),
        out_product_id: number,
        head_imgs: heads,
        ..Product::default()
    }))
}
