//! A lively shop at a stroke: goods in every state, and a month of orders. The same seed makes the same shop, counted
//! back from the moment it is made.
//!
//! Goods and orders go the way that calls take them, at times of their own, so that a seeded shop cannot hold what
//! calls could not have made.

use super::rules;
use super::rules::component::delivery;
use super::rules::component::goods::{self, AuditDecision};
use super::rules::component::order::{self, status};
use super::store::{Document, Tx};
use super::{Order, Promotion, Sandbox};
use crate::api::component::goods::{AddSpu, DelistingSpu};
use crate::fail::Failure;
use crate::text;
use crate::types::ChinaTime;
use crate::types::span::{DAY, HOUR};
use anyhow::Result;
use fastrand::Rng;
use serde::Serialize;
use serde_json::{Value, json};

const MINUTE: i64 = 60;

/// What to make.
#[derive(Debug, Clone)]
pub struct Seed {
    pub goods: u32,
    pub orders: u32,
    /// Refunds and returns of these orders, at the most.
    pub aftersales: u32,
    /// Chooses among shops; its number stands in the numbers of goods and orders.
    pub seed: u64,
    /// All orders in this state (10, 20, 30, 100, 181 or 250); `None` mixes them.
    pub status: Option<i64>,
}

/// What was made.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Seeded {
    pub goods: u32,
    pub orders: u32,
    pub aftersales: u32,
    pub seed: u64,
    /// Merchant's numbers of the orders that were paid and not cancelled: what after-sales can be opened for.
    #[serde(skip)]
    pub paid: Vec<String>,
}

/// State, and how many of a hundred orders are in it.
const MIX: [(i64, u32); 6] = [
    (status::UNPAID, 6),
    (status::PAID, 18),
    (status::SHIPPED, 22),
    (status::COMPLETED, 42),
    (status::TIMED_OUT, 6),
    (status::CANCELLED, 6),
];

const TEAS: [(&str, i64); 12] = [
    ("明前龙井", 28_800),
    ("碧螺春", 19_900),
    ("安吉白茶", 16_800),
    ("黄山毛峰", 12_800),
    ("六安瓜片", 13_600),
    ("太平猴魁", 25_800),
    ("信阳毛尖", 11_800),
    ("都匀毛尖", 9_900),
    ("庐山云雾", 10_800),
    ("日照绿茶", 6_900),
    ("恩施玉露", 8_800),
    ("蒙顶甘露", 14_800),
];
const PACKS: [(&str, i64); 4] = [
    ("50克", 25),
    ("100克", 45),
    ("250克", 100),
    ("500克礼盒", 190),
];
const PLACES: [(&str, &str, &str); 6] = [
    ("广东省", "广州市", "天河区"),
    ("浙江省", "杭州市", "西湖区"),
    ("北京市", "北京市", "海淀区"),
    ("四川省", "成都市", "武侯区"),
    ("湖北省", "武汉市", "洪山区"),
    ("江苏省", "苏州市", "姑苏区"),
];
/// Green tea, which every shop may sell.
const CATEGORY: u64 = 1423;

impl Sandbox {
    /// Fills the WeChat Store with products. What it holds already stays.
    ///
    /// # Errors
    /// Where this seed was sown before.
    pub fn seed_store(&mut self, goods: u32, seed: u64) -> Result<Seeded> {
        fastrand::seed(seed);
        self.write(|tx| {
            let mut rng = Rng::with_seed(seed);
            let sown = rules::store::within(tx, |tx| {
                rules::store::seed::seed_all(tx, &mut rng, seed, goods)
            })?;
            if !sown {
                return Err(sown_before(seed).into());
            }
            rules::settle(tx)?;
            Ok(Seeded {
                goods,
                orders: 0,
                aftersales: 0,
                seed,
                paid: Vec::new(),
            })
        })
    }

    /// Fills the shop. What it holds already stays.
    ///
    /// # Errors
    /// Where this seed was sown before, and where the shop cannot take goods.
    pub fn seed(&mut self, seed: &Seed) -> Result<Seeded> {
        if seed.orders > 0 && seed.goods == 0 {
            return Err(Failure::input(text!("orders need goods"))
                .hint(text!("make some with --goods"))
                .into());
        }
        // Numbers that the rules draw are to be the same as well.
        fastrand::seed(seed.seed);
        self.write(|tx| {
            let now = tx.now;
            let before: i64 = tx
                .db
                .query_row("SELECT coalesce(max(seq), 0) FROM event", [], |row| {
                    row.get(0)
                })
                .map_err(super::store::unusable)?;
            let mut rng = Rng::with_seed(seed.seed);
            let sown = seed_all(tx, &mut rng, seed, now);
            tx.now = now;
            let paid = sown?;
            let aftersales =
                super::seed_aftersales::aftersales(tx, &mut rng, &paid, seed.aftersales)?;
            rules::settle(tx)?;
            // What happened before anybody listened is not pushed any more.
            tx.db
                .execute("UPDATE event SET due = NULL WHERE seq > ?1", [before])
                .map_err(super::store::unusable)?;
            Ok(Seeded {
                goods: seed.goods,
                orders: seed.orders,
                aftersales,
                seed: seed.seed,
                paid,
            })
        })
    }
}

impl Sandbox {
    /// Adds what channels need to the shop: coupons in force, promoters, and sharers of whom one has not answered yet.
    ///
    /// # Errors
    /// Where the shop cannot take them.
    pub fn seed_channels(&mut self, product: &str) -> Result<()> {
        self.write(|tx| {
            channels(tx, product)?;
            rules::settle(tx)?;
            Ok(())
        })
    }
}

fn channels(tx: &mut Tx<'_>, product: &str) -> Result<(), super::router::Refusal> {
    use rules::component::{coupon, promoter, sharer};
    coupon::confirm(tx, serde_json::from_value(json!({}))?)?;
    for (number, name, off, total) in [
        ("K5", "新客立减5元", 500, 100),
        ("K10", "老客立减10元", 1000, 50),
    ] {
        let body = json!({"coupon": {
            "out_coupon_id": number, "type": 4, "promote_type": 4,
            "coupon_info": {
                "name": name,
                "discount_info": {"discount_fee": off, "discount_condition": {"out_product_ids": [product]}},
                "receive_info": {"total_num": total, "limit_num_one_person": 1},
                "valid_info": {"valid_day_num": 7, "valid_type": 2},
                "promote_info": {"promote_type": 4},
            },
        }});
        coupon::add(tx, serde_json::from_value(body)?)?;
        let state = json!({"out_coupon_id": number, "status": 2});
        coupon::update_status(tx, serde_json::from_value(state)?)?;
    }
    for nickname in ["茶馆小周", "阿明说茶"] {
        promoter::add(tx, nickname)?;
    }
    let sharers = [
        "oDemoSharer00000000000000001",
        "oDemoSharer00000000000000002",
    ];
    sharer::bind(tx, serde_json::from_value(json!({"openids": sharers}))?)?;
    sharer::answer(tx, sharers[0], sharer::Answer::Accept)?;
    sharer::share(tx, sharers[0], "周末茶会")?;
    Ok(())
}

fn seed_all(tx: &mut Tx<'_>, rng: &mut Rng, seed: &Seed, now: i64) -> Result<Vec<String>> {
    let mut on_sale = Vec::new();
    for n in 0..seed.goods {
        let spu = product(rng, seed.seed, n);
        let number = spu.out_product_id.clone();
        if goods::numbers(tx, &number, "")?.is_some() {
            return Err(sown_before(seed.seed).into());
        }
        let shown = spu.clone();
        // The first is on sale, so that there is something to order.
        let fate = if n == 0 { 99 } else { rng.u32(0..100) };
        // What is to be in audit was handed in just now.
        tx.now = if fate < 6 {
            now - MINUTE
        } else {
            now - 40 * DAY
        };
        goods::add(tx, spu)?;
        let decision = match fate {
            0..6 => None,
            6..12 => Some(AuditDecision::Reject("商品主图不清晰，请更换".into())),
            _ => Some(AuditDecision::Pass),
        };
        let Some(decision) = decision else { continue };
        goods::decide(tx, &number, &decision)?.map_err(|_| not_taken(&number))?;
        match fate {
            12..17 => {
                let down = DelistingSpu {
                    out_product_id: number,
                };
                goods::delisting(tx, down)?;
            }
            17..20 => {
                let down = AuditDecision::TakeDown("商品信息与实物不符".into());
                goods::decide(tx, &number, &down)?.map_err(|_| not_taken(&number))?;
            }
            20.. => on_sale.push(shown),
            _ => {}
        }
    }
    orders(tx, rng, seed, &on_sale, now)
}

fn sown_before(seed: u64) -> Failure {
    Failure::input(text!("seed {seed} was already used in this shop", seed)).hint(text!(
        "choose another with --seed, or begin again with `wxsell sandbox reset`"
    ))
}

fn not_taken(number: &str) -> Failure {
    Failure::bug(text!(
        "product {number} has changed since it was generated",
        number
    ))
}

fn product(rng: &mut Rng, seed: u64, n: u32) -> AddSpu {
    let (tea, price) = TEAS[rng.usize(..TEAS.len())];
    let number = format!("S{seed}T{n:04}");
    let link = |part: u32| format!("https://mmecimage.cn/p/{}/S{seed}T{n}P{part}", super::APPID);
    let first = rng.usize(..PACKS.len());
    let last = rng.usize(first..PACKS.len());
    let year = 2019 + rng.u32(0..4);
    let skus: Vec<Value> = PACKS[first..=last]
        .iter()
        .enumerate()
        .map(|(at, (pack, share))| {
            let sale = (price * share / 100 / 10 * 10).max(100);
            json!({
                "out_product_id": number, "out_sku_id": format!("{number}K{at}"), "thumb_img": link(1),
                "sale_price": sale, "market_price": sale + sale / 5, "stock_num": rng.i64(5..500),
                "sku_attrs": [{"attr_key": "规格", "attr_value": pack}],
            })
        })
        .collect();
    let spu = json!({
        "out_product_id": number, "title": format!("{tea} {year}年第{}批", n + 1),
        "path": format!("pages/goods/index?id={number}"), "head_img": [link(1), link(2)],
        "desc_info": {"desc": format!("{tea}，产地直供。"), "imgs": [link(3)]},
        "third_cat_id": CATEGORY, "brand_id": crate::api::component::goods::NO_BRAND, "skus": skus,
    });
    serde_json::from_value(spu).unwrap_or_default()
}

/// When an order of a state was made, in seconds before now.
fn age(rng: &mut Rng, state: i64) -> i64 {
    match state {
        status::UNPAID => rng.i64(10..10 * MINUTE),
        status::PAID => rng.i64(20 * MINUTE..2 * DAY),
        status::SHIPPED => rng.i64(DAY + HOUR..9 * DAY),
        status::COMPLETED => rng.i64(4 * DAY..30 * DAY),
        _ => rng.i64(HOUR..30 * DAY),
    }
}

fn orders(
    tx: &mut Tx<'_>,
    rng: &mut Rng,
    seed: &Seed,
    on_sale: &[AddSpu],
    now: i64,
) -> Result<Vec<String>> {
    let mut fates: Vec<(i64, i64)> = (0..seed.orders)
        .map(|_| {
            let state = seed.status.unwrap_or_else(|| {
                let mut draw = rng.u32(0..100);
                for (state, share) in MIX {
                    match draw.checked_sub(share) {
                        Some(rest) => draw = rest,
                        None => return state,
                    }
                }
                status::COMPLETED
            });
            (now - age(rng, state), state)
        })
        .collect();
    fates.sort_unstable();
    let mut paid = Vec::new();
    for (n, (at, state)) in fates.into_iter().enumerate() {
        tx.now = at;
        let request = request(rng, seed.seed, n, on_sale, at, state);
        let order = order::place(tx, serde_json::from_value(request).map_err(rules_error)?)?;
        let number = order.out_id.clone();
        live(tx, rng, order, state, at)?;
        if matches!(state, status::PAID | status::SHIPPED | status::COMPLETED) {
            paid.push(number);
        }
    }
    Ok(paid)
}

fn rules_error(error: serde_json::Error) -> super::router::Refusal {
    error.into()
}

fn request(rng: &mut Rng, seed: u64, n: usize, on_sale: &[AddSpu], at: i64, state: i64) -> Value {
    let number = format!("S{seed}O{n:05}");
    let mut rows: Vec<Value> = Vec::new();
    let (mut listed, mut real) = (0, 0);
    for _ in 0..rng.usize(1..=3) {
        let spu = &on_sale[rng.usize(..on_sale.len())];
        let sku = &spu.skus[rng.usize(..spu.skus.len())];
        if rows
            .iter()
            .any(|row| row["out_sku_id"] == sku.out_sku_id.as_str())
        {
            continue;
        }
        let count = if rng.u32(0..4) == 0 { rng.i64(2..5) } else { 1 };
        let all = sku.sale_price.0 * count;
        let paid = if rng.u32(0..3) == 0 {
            all - all / 10
        } else {
            all
        };
        (listed, real) = (listed + all, real + paid);
        rows.push(json!({
            "out_product_id": spu.out_product_id, "out_sku_id": sku.out_sku_id, "product_cnt": count,
            "sale_price": sku.sale_price, "sku_real_price": paid, "path": spu.path, "title": spu.title,
            "head_img": spu.head_img.first(),
        }));
    }
    let freight = if real < 9900 { 800 } else { 0 };
    let ordinary = state != status::TIMED_OUT && rng.u32(0..20) == 0;
    let pay = if ordinary {
        json!({"pay_method_type": 0, "prepay_id": format!("wx{at}{n:08}"),
                       "prepay_time": ChinaTime::from_unix(at)})
    } else {
        json!({"pay_method_type": 0})
    };
    let scene = [1177, 1184, 1195][rng.usize(..3)];
    let (province, city, town) = PLACES[rng.usize(..PLACES.len())];
    let buyer = rng.u32(0..10_000);
    json!({
        "out_order_id": number, "out_user_id": format!("U{buyer:05}"), "openid": format!("oSeed{buyer:023}"),
        "fund_type": i64::from(!ordinary), "scene": scene,
        "path": format!("pages/order/index?id={number}"),
        "order_detail": {
            "product_infos": rows, "pay_info": pay,
            "price_info": {"order_price": real + freight, "freight": freight,
                           "discounted_price": listed - real, "additional_price": 0},
        },
        "delivery_detail": {"delivery_type": 1},
        "address_info": {
            "receiver_name": format!("示例收货人{buyer}"), "country": "中国", "province": province, "city": city,
            "town": town, "detailed_address": format!("示例路 {} 号", rng.u32(1..200)),
            "tel_number": format!("138{:08}", buyer),
        },
        "create_time": ChinaTime::from_unix(at), "expire_time": at + 30 * MINUTE,
        "aftersale_duration": rng.i64(5..=7),
    })
}

/// Takes an order from its report to its state, each step at a time of its own.
fn live(tx: &mut Tx<'_>, rng: &mut Rng, order: Document<Order>, state: i64, at: i64) -> Result<()> {
    let number = order.out_id.as_str();
    match state {
        status::UNPAID => return Ok(()),
        status::TIMED_OUT => {
            tx.now = at + 30 * MINUTE;
            order::settle(tx)?;
            return Ok(());
        }
        status::CANCELLED => {
            tx.now = at + rng.i64(10..20 * MINUTE);
            order::buyer_cancels(tx, number)?;
            return Ok(());
        }
        _ => {}
    }
    tx.now = at + rng.i64(10..10 * MINUTE);
    let key = json!({"out_order_id": number, "openid": order.body.openid});
    if order.body.is_controlled() {
        let promotion = (rng.u32(0..8) == 0).then(|| Promotion {
            promoter_id: format!("P{:04}", rng.u32(1..6)),
            sharer_openid: format!("oSeedSharer{:017}", rng.u32(1..20)),
            ..Promotion::default()
        });
        order::buyer_pays(tx, number, false, promotion)?;
    } else {
        let mut report = key.clone();
        report["action_type"] = 1.into();
        report["transaction_id"] = format!("4200{at}{number}").into();
        report["pay_time"] = json!(ChinaTime::from_unix(tx.now));
        order::pay(tx, serde_json::from_value(report)?)?;
    }
    if state == status::PAID {
        return Ok(());
    }
    tx.now = at + rng.i64(HOUR..DAY);
    let items: Vec<Value> = order
        .body
        .rows
        .iter()
        .map(|row| {
            json!({"out_product_id": row.out_product_id, "out_sku_id": row.out_sku_id,
                   "product_cnt": row.product_cnt})
        })
        .collect();
    let carrier = ["SF", "ZTO", "YTO", "JD", "YD"][rng.usize(..5)];
    let mut sent = key.clone();
    sent["delivery_list"] = json!([{"delivery_id": carrier, "waybill_id": format!("{carrier}{:010}", rng.u32(..)),
                                    "product_info_list": items}]);
    sent["finish_all_delivery"] = 1.into();
    sent["ship_done_time"] = json!(ChinaTime::from_unix(tx.now));
    delivery::send(tx, serde_json::from_value(sent)?)?;
    if state == status::COMPLETED {
        tx.now = at + DAY + rng.i64(DAY..3 * DAY);
        order::buyer_confirms(tx, number)?;
    }
    Ok(())
}
