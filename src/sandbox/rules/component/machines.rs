//! Random moves, legal and illegal, of the merchant, the buyer, the platform and the clock, against orders, after-sales
//! and disputes. States may only follow each other along the guides of `api`, which these machines do not use; a
//! refused move changes nothing; and no fen is made or lost.
//!
//! Long because one play holds every move of three machines and of everybody who makes them.

use super::ledger::{Account, balance};
use super::order::{self, Order, status};
use super::{aftersale, complaint, settle};
use crate::api::component::{aftersale as numbers, dispute as disputes};
use crate::model::{aftersale as guide, dispute as dispute_guide};
use crate::sandbox::Sandbox;
use crate::sandbox::router::{Refusal, Router, rules};
use crate::sandbox::store::{Filter, Tx};
use crate::types::span::HOUR;
use crate::types::{ChinaTime, Fen};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

const MOVES: usize = 20_000;
/// Moves of the long play, which is not part of every test run.
const MANY_MOVES: usize = 100_000;
/// Each shop starts empty, so that the ledger, which is read on every transfer, stays short.
const SHOPS: u64 = 40;
/// Orders that moves are made on; older ones live on by the clock alone.
const POOL: usize = 5;
/// After-sales that moves are made on.
const NEWEST: usize = 6;

/// States that an order may come to from one, over any number of steps.
fn order_may(from: i64, to: i64) -> bool {
    let next: &[i64] = match from {
        status::UNPAID => &[11, 20, 30, 100, 200, 181, 250],
        status::CHECKING => &[20, 30, 100, 200],
        status::PAID => &[30, 100, 200],
        status::SHIPPED => &[100, 200],
        status::COMPLETED => &[200],
        _ => &[],
    };
    from == to || next.contains(&to)
}

/// One shop and what is known of it.
struct Play<'a, 'db> {
    tx: Tx<'db>,
    router: &'a Router,
    dice: fastrand::Rng,
    orders: Vec<String>,
    made: usize,
    /// Moves made so far, done or refused.
    moves: usize,
    /// After-sales, the newest last.
    aftersales: Vec<i64>,
    /// The last state seen of an order.
    seen: HashMap<String, i64>,
    done: HashMap<&'static str, usize>,
    /// How often each refusal was met, by move and errcode.
    refused: Refused,
}

type Refused = std::collections::BTreeMap<(&'static str, i64), usize>;

impl<'a, 'db> Play<'a, 'db> {
    fn of(tx: Tx<'db>, router: &'a Router, seed: u64) -> Play<'a, 'db> {
        Play {
            tx,
            router,
            dice: fastrand::Rng::with_seed(seed),
            orders: Vec::new(),
            made: 0,
            moves: 0,
            aftersales: Vec::new(),
            seen: HashMap::new(),
            done: HashMap::new(),
            refused: Refused::new(),
        }
    }
}

impl Play<'_, '_> {
    fn one_of<'v, T>(&mut self, all: &'v [T]) -> Option<&'v T> {
        let at = self.dice.usize(..all.len().max(1));
        all.get(at)
    }

    /// A call of the merchant. What is refused must have changed nothing.
    fn call(&mut self, path: &'static str, body: Value) -> bool {
        let router = self.router;
        self.act(path, |tx| router.ask(tx, path, body).map(drop))
    }

    fn act(
        &mut self,
        name: &'static str,
        act: impl FnOnce(&mut Tx<'_>) -> Result<(), Refusal>,
    ) -> bool {
        self.moves += 1;
        let before = self.tx.db.total_changes();
        let outcome = act(&mut self.tx);
        match outcome {
            Ok(()) => *self.done.entry(name).or_default() += 1,
            Err(refusal) => {
                assert_ne!(refusal.errcode, -1, "{name}: {}", refusal.errmsg);
                *self.refused.entry((name, refusal.errcode)).or_default() += 1;
                // The rehearsal counts every call of the day, as the platform does.
                if name != "/shop/ecaftersale/merchanttest" {
                    let after = self.tx.db.total_changes();
                    assert_eq!(
                        before, after,
                        "{name} was refused ({refusal:?}) and left traces"
                    );
                }
                return false;
            }
        }
        true
    }

    fn add_order(&mut self) {
        self.made += 1;
        let number = format!("W{}", self.made);
        let mut rows = Vec::new();
        let mut goods = 0;
        for at in 0..self.dice.i64(1..=3) {
            let (count, price) = (self.dice.i64(1..=3), self.dice.i64(1..20_000));
            let real = (price * count - self.dice.i64(0..price)).max(1);
            goods += real;
            rows.push(json!({
                "out_product_id": format!("P{at}"), "out_sku_id": format!("S{at}"), "product_cnt": count,
                "sale_price": price, "sku_real_price": real, "path": "p", "title": "t", "head_img": "h",
            }));
        }
        let listed: i64 = rows
            .iter()
            .filter_map(|row| Some(row["sale_price"].as_i64()? * row["product_cnt"].as_i64()?))
            .sum();
        let (freight, more) = (self.dice.i64(0..1500), self.dice.i64(0..3) * 7);
        let ordinary = self.dice.u8(..10) == 0;
        let mut pay = json!({"pay_method_type": 0});
        if ordinary {
            pay = json!({"pay_method_type": 0, "prepay_id": "w", "prepay_time": ChinaTime::from_unix(self.tx.now)});
        }
        let body = json!({
            "out_order_id": number, "openid": "oBuyer", "fund_type": i64::from(!ordinary), "scene": 1177, "path": "p",
            "order_detail": {
                "product_infos": rows, "pay_info": pay,
                "price_info": {
                    "order_price": goods + freight + more, "freight": freight,
                    "discounted_price": listed - goods, "additional_price": more,
                },
            },
            "delivery_detail": {"delivery_type": 1},
            "address_info": {"receiver_name": "x", "detailed_address": "x", "tel_number": "13800000000"},
            "default_receiving_address": {"receiver_name": "y", "detailed_address": "y", "tel_number": "13900000000"},
            "create_time": ChinaTime::from_unix(self.tx.now), "expire_time": self.tx.now + 20 * HOUR,
            "aftersale_duration": self.dice.i64(15..=40),
        });
        if self.call("/shop/order/add", body) {
            self.orders.push(number);
            if self.orders.len() > POOL {
                self.orders.remove(0);
            }
        }
    }

    /// Controlled orders are held against the goods of the shop.
    fn add_goods(&mut self) {
        for at in 0..3 {
            let (product, sku, link) = (
                format!("P{at}"),
                format!("S{at}"),
                "https://mmecimage.cn/p/x/y",
            );
            let spu = json!({
                "out_product_id": product, "title": "tea", "path": "p", "head_img": [link],
                "third_cat_id": 1423, "brand_id": 2_100_000_000, "skus": [{
                    "out_product_id": product, "out_sku_id": sku, "thumb_img": link, "sale_price": 1000,
                    "market_price": 1000, "stock_num": 9, "sku_attrs": [{"attr_key": "a", "attr_value": "1"}],
                }],
            });
            assert!(self.call("/shop/spu/add", spu), "goods");
        }
    }

    fn order(&mut self) -> Option<String> {
        let orders = self.orders.clone();
        self.one_of(&orders).cloned()
    }

    /// One of the newest after-sales; mostly one that can still move.
    fn aftersale(&mut self) -> Option<i64> {
        let first = self.aftersales.len().saturating_sub(NEWEST);
        let newest = self.aftersales[first..].to_vec();
        let mut picked = None;
        for _ in 0..5 {
            picked = self.one_of(&newest).copied();
            let found = aftersale::by_number(&self.tx, &picked?.to_string()).ok()?;
            if numbers::state(found.state).is_open() {
                break;
            }
        }
        picked
    }

    fn dispute(&mut self) -> Option<String> {
        let id = self.aftersale()?;
        let found = aftersale::by_number(&self.tx, &id.to_string()).ok()?;
        found.body.disputes.first().map(i64::to_string)
    }

    fn order_move(&mut self) {
        let Some(number) = self.order() else { return };
        let key = json!({"out_order_id": number, "openid": "oBuyer"});
        let state = order::by_number(&self.tx, &number).map_or(0, |of| of.state);
        let fitting = match state {
            status::UNPAID => 0,
            status::PAID => 3,
            status::SHIPPED => 6,
            _ => 8,
        };
        let roll = match self.dice.u8(..3) {
            0 => self.dice.u8(..9),
            _ => fitting,
        };
        match roll {
            0..=2 => {
                let slow = self.dice.u8(..5) == 0;
                self.act("buyer pays", |tx| {
                    order::buyer_pays(tx, &number, slow, None).map(drop)
                });
            }
            3..=5 => self.ship(&number),
            6 => {
                self.act("buyer confirms", |tx| {
                    order::buyer_confirms(tx, &number).map(drop)
                });
            }
            7 => {
                self.call("/shop/delivery/recieve", key);
            }
            _ => match self.dice.u8(..8) {
                0 => {
                    self.call("/shop/order/close", key);
                }
                1 => {
                    self.act("buyer cancels", |tx| {
                        order::buyer_cancels(tx, &number).map(drop)
                    });
                }
                2 => {
                    let body = json!({
                        "out_order_id": number, "openid": "oBuyer", "action_type": 1, "action_remark": "",
                        "transaction_id": "4200", "pay_time": ChinaTime::from_unix(self.tx.now),
                    });
                    self.call("/shop/order/pay", body);
                }
                3 => {
                    let until = self.tx.now + self.dice.i64(-10..400) * HOUR;
                    let body = json!({"out_order_id": number, "openid": "oBuyer", "after_sale_deadline": until});
                    self.call("/shop/aftersale/update_deadline", body);
                }
                _ => {}
            },
        }
    }

    fn ship(&mut self, number: &str) {
        let Ok(of) = order::by_number(&self.tx, number) else {
            return;
        };
        let items: Vec<Value> = of
            .body
            .rows
            .iter()
            .filter(|row| of.body.unsent(row) > 0)
            .map(|row| {
                json!({
                    "out_product_id": row.out_product_id, "out_sku_id": row.out_sku_id,
                    "product_cnt": of.body.unsent(row),
                })
            })
            .collect();
        let body = json!({
            "out_order_id": number, "openid": "oBuyer", "finish_all_delivery": 1,
            "delivery_list": [{"delivery_id": "SF", "waybill_id": "SF1", "product_info_list": items}],
            "ship_done_time": ChinaTime::from_unix(self.tx.now),
        });
        self.call("/shop/delivery/send", body);
    }

    fn open(&mut self) {
        let Some(number) = self.order() else { return };
        let (kind, row) = (self.dice.i64(1..=2), self.dice.u8(..4));
        let amount = match self.dice.u8(..3) {
            0 | 1 => None,
            _ => Some(self.dice.i64(-5..30_000)),
        };
        if self.dice.bool() {
            let request = aftersale::Request {
                order: number,
                sends_back: kind == 2,
                amount: amount.map(Fen),
                ..aftersale::Request::default()
            };
            let mut opened = None;
            self.act("buyer opens", |tx| {
                opened = Some(aftersale::buyer_opens(tx, &request)?.0);
                Ok(())
            });
            self.aftersales.extend(opened);
            return;
        }
        let Ok(of) = order::by_number(&self.tx, &number) else {
            return;
        };
        let left = of
            .body
            .rows
            .get(usize::from(row))
            .map_or(1, |row| row.left().0);
        // Numbers come again now and then.
        let own = format!("A{}", self.dice.u16(..400));
        let body = json!({
            "out_order_id": number, "openid": "oBuyer", "out_aftersale_id": own, "type": kind,
            "orderamt": amount.unwrap_or(left), "refund_reason_type": 6, "refund_reason": "x",
            "product_info": {"out_product_id": format!("P{row}"), "out_sku_id": "", "product_cnt": 1},
        });
        let router = self.router;
        let mut opened = None;
        self.act("/shop/ecaftersale/add", |tx| {
            let reply = router.ask(tx, "/shop/ecaftersale/add", body)?;
            opened = reply["aftersale_id"].as_i64();
            Ok(())
        });
        self.aftersales.extend(opened);
    }

    fn merchant_move(&mut self) {
        let Some(id) = self.aftersale() else {
            return;
        };
        let one = json!({"aftersale_id": id});
        let address = json!({
            "receiver_name": "z", "province": "a", "city": "b", "town": "c", "detailed_address": "d",
            "tel_number": "13700000000",
        });
        match self.dice.u8(..9) {
            0 | 1 => self.call("/shop/ecaftersale/acceptrefund", one),
            2 | 3 => self.call("/shop/ecaftersale/acceptreturn", one),
            4..=6 => self.call("/shop/ecaftersale/reject", one),
            7 => {
                if self.dice.bool() {
                    self.call(
                    "/shop/ecaftersale/merchantupdate",
                    json!({"after_sales_order": {"aftersale_id": id, "return_address_info": address}}),
                )
                } else {
                    self.call(
                    "/shop/ecaftersale/upload_certificates",
                    json!({"aftersale_id": id, "refund_desc": "x", "certificates": ["https://mmecimage.cn/p/1"]}),
                )
                }
            }
            _ => {
                let events = numbers::OVERDUE.iter();
                let events: Vec<&str> = events.map(|(_, event)| *event).collect();
                let operation = *self.one_of(&events).expect("there are some");
                self.call(
                    "/shop/ecaftersale/merchanttest",
                    json!({"aftersale_id": id, "operation": operation}),
                )
            }
        };
    }

    fn buyer_move(&mut self) {
        let Some(id) = self.aftersale() else {
            return;
        };
        let number = id.to_string();
        let (amount, kind) = (self.dice.i64(1..3_000), self.dice.i64(1..=2));
        match self.dice.u8(..14) {
            0 => {
                let body = json!({
                    "aftersale_id": id, "openid": "oBuyer", "type": kind, "orderamt": amount,
                    "refund_reason_type": 6, "refund_reason": "x",
                });
                self.call("/shop/ecaftersale/update", body)
            }
            1 | 12 | 13 => self.act("buyer changes", |tx| {
                aftersale::buyer_changes(tx, &number, Fen(amount)).map(drop)
            }),
            2 => self.act("buyer cancels it", |tx| {
                aftersale::buyer_cancels(tx, &number).map(drop)
            }),
            3 => {
                let body = json!({
                    "aftersale_id": id, "openid": "oBuyer", "delivery_id": "SF", "delivery_name": "SF",
                    "waybill_id": "1",
                });
                self.call("/shop/ecaftersale/uploadreturninfo", body)
            }
            4 | 5 => self.act("buyer sends back", |tx| {
                aftersale::send_back(tx, &number, aftersale::Sent::default()).map(drop)
            }),
            6 => self.act("pick-up cancelled", |tx| {
                aftersale::cancel_pick_up(tx, &number).map(drop)
            }),
            7..=9 => self.act("platform asked", |tx| {
                aftersale::ask_platform(tx, &number, 7, "x").map(drop)
            }),
            10 => {
                if self.dice.bool() {
                    self.act("proof confirmed", |tx| {
                        aftersale::buyer_confirms_proof(tx, &number).map(drop)
                    })
                } else {
                    self.act("proof doubted", |tx| {
                        complaint::doubt_proof(tx, &number, "x").map(drop)
                    })
                }
            }
            _ => self.act("refund will fail", |tx| {
                aftersale::fail_next_refund(tx, &number).map(drop)
            }),
        };
    }

    fn dispute_move(&mut self) {
        let Some(number) = self.dispute() else { return };
        let side = [
            complaint::Side::Merchant,
            complaint::Side::Buyer,
            complaint::Side::Both,
            complaint::Side::Nobody,
        ][self.dice.usize(..4)];
        let give = [
            aftersale::Give::Refund,
            aftersale::Give::Return,
            aftersale::Give::Nothing,
        ][self.dice.usize(..3)];
        let id: i64 = number.parse().expect("a number");
        match self.dice.u8(..6) {
            0 | 1 => self.act("support asks", |tx| {
                complaint::ask(tx, &number, side).map(drop)
            }),
            2 => {
                let body = json!({"complaint_order_id": id, "material_info": {"content": "x"}});
                self.call("/shop/complaint/upload_material", body)
            }
            3 => self.act("buyer's evidence", |tx| {
                let material = json!({"content": "x"});
                complaint::evidence(tx, id, complaint::Party::Buyer, material).map(drop)
            }),
            4 => self.act("verdict", |tx| {
                complaint::decide(tx, &number, side, give).map(drop)
            }),
            _ => {
                let good = self.dice.bool();
                self.act("proof judged", |tx| {
                    complaint::judge_proof(tx, &number, good).map(drop)
                })
            }
        };
    }

    /// The clock goes on: minutes mostly, days now and then.
    fn wait(&mut self) {
        let seconds = match self.dice.u8(..12) {
            0 => self.dice.i64(24..300) * HOUR,
            1 | 2 => self.dice.i64(1..60) * HOUR,
            _ => self.dice.i64(1..600),
        };
        self.moves += 1;
        self.tx.now += seconds;
        settle(&mut self.tx).unwrap_or_else(|refusal| panic!("the clock: {refusal:?}"));
    }

    /// States of the pool may only have followed each other as the guide says.
    fn check_orders(&mut self) {
        for number in self.orders.clone() {
            let of = order::by_number(&self.tx, &number).expect("an order");
            let before = self.seen.insert(number, of.state).unwrap_or(status::UNPAID);
            assert!(order_may(before, of.state), "order {before} → {}", of.state);
            let body = &of.body;
            assert!(
                body.refunded().0 <= body.price.order_price.0,
                "more refunded than paid"
            );
            for row in &body.rows {
                assert!((0..=row.sku_real_price.0).contains(&row.left().0));
            }
        }
    }

    /// Every fen is somewhere, and every state came from one that leads to it.
    fn check_all(&self) -> (usize, usize) {
        let filter = Filter::default();
        let sum: i64 = Account::ALL
            .iter()
            .map(|account| {
                let held = balance(&self.tx, *account).expect("a balance");
                assert!(
                    held.0 >= 0 || *account == Account::Buyers,
                    "{account:?} holds {}",
                    held.0
                );
                held.0
            })
            .sum();
        assert_eq!(sum, 0, "the ledger");
        let orders = self.tx.all::<Order>(order::NOUN, &filter).expect("orders");
        let pending: i64 = orders
            .iter()
            .filter(|of| of.body.is_controlled() && of.body.settlement.is_none())
            .map(|of| of.body.kept().0)
            .sum();
        assert_eq!(
            balance(&self.tx, Account::Pending).expect("a balance").0,
            pending
        );
        let aftersales = self
            .tx
            .all::<aftersale::Aftersale>(aftersale::NOUN, &filter);
        let aftersales = aftersales.expect("after-sales");
        for one in &aftersales {
            let states: Vec<i64> = one.body.history.iter().map(|(_, state)| *state).collect();
            for pair in states.windows(2) {
                let (from, to) = (numbers::state(pair[0]), numbers::state(pair[1]));
                assert!(guide::follows(from, to), "after-sale {states:?}");
            }
            assert!(one.body.changes <= guide::MOST_CHANGES);
            assert_eq!(
                one.due.is_some(),
                guide::stage(numbers::state(one.state)).is_some_and(|stage| {
                    stage.limit.is_some() || stage.state == guide::State::Refunding
                }),
                "clock of {}",
                one.state
            );
            if let Some(limit) =
                guide::stage(numbers::state(one.state)).and_then(|stage| stage.limit)
            {
                assert_eq!(
                    one.due,
                    Some(one.changed_at + limit.seconds),
                    "clock of {}",
                    one.state
                );
            }
        }
        let complaints = self
            .tx
            .all::<complaint::Complaint>(complaint::NOUN, &filter);
        let complaints = complaints.expect("disputes");
        for one in &complaints {
            let states: Vec<i64> = one.body.history.iter().map(|(_, state)| *state).collect();
            for pair in states.windows(2) {
                let (from, to) = (disputes::state(pair[0]), disputes::state(pair[1]));
                assert!(dispute_guide::follows(from, to), "dispute {states:?}");
            }
        }
        (aftersales.len(), complaints.len())
    }

    fn play(&mut self, moves: usize) {
        self.add_goods();
        let mut turn = 0;
        while self.moves < moves {
            turn += 1;
            match self.dice.u8(..40) {
                0 => self.add_order(),
                1..=6 => self.order_move(),
                7..=11 => self.open(),
                12..=20 => self.merchant_move(),
                21..=29 => self.buyer_move(),
                30..=37 => self.dispute_move(),
                _ => self.wait(),
            }
            if turn % 10 == 9 {
                self.check_orders();
            }
            if turn % 500 == 499 {
                self.check_all();
            }
        }
    }
}

/// Makes so many moves in an empty shop, and gives it back.
pub(super) fn played<'db>(tx: Tx<'db>, router: &Router, seed: u64, moves: usize) -> Tx<'db> {
    let mut play = Play::of(tx, router, seed);
    play.play(moves);
    play.tx
}

#[test]
fn random_moves_break_nothing() {
    break_nothing(MOVES);
}

#[test]
#[ignore = "half a minute; cargo test --lib machines -- --ignored"]
fn a_hundred_thousand_random_moves_break_nothing() {
    break_nothing(MANY_MOVES);
}

fn break_nothing(wanted: usize) {
    let router = rules();
    let mut done: HashMap<&'static str, usize> = HashMap::new();
    let mut refused = Refused::new();
    let (mut moves, mut aftersales, mut complaints) = (0, 0, 0);
    let mut states = std::collections::BTreeSet::new();
    for seed in 0..SHOPS {
        let mut shop = Sandbox::open(Path::new(":memory:")).expect("a shop in memory");
        let mut tx = Tx::begin(&mut shop.db).expect("a write");
        // The same play on every day.
        tx.now = 1_648_742_400;
        let mut play = Play::of(tx, &router, seed);
        play.play(wanted / usize::try_from(SHOPS).expect("few"));
        moves += play.moves;
        let (of_shop, disputed) = play.check_all();
        aftersales += of_shop;
        complaints += disputed;
        let all = play
            .tx
            .all::<aftersale::Aftersale>(aftersale::NOUN, &Filter::default());
        for one in all.expect("after-sales") {
            states.extend(one.body.history.iter().map(|(_, state)| *state));
        }
        for (name, times) in play.done {
            *done.entry(name).or_default() += times;
        }
        for (what, times) in play.refused {
            *refused.entry(what).or_default() += times;
        }
    }
    assert!(moves >= wanted, "{moves} moves");
    let worked: usize = done.values().sum();
    let rejected: usize = refused.values().sum();
    assert!(
        worked > wanted / 10 && rejected > wanted / 10,
        "{worked} done, {rejected} refused"
    );
    // The play is worth something only where every move was made and refused, and every state was reached.
    for (name, _) in refused.keys() {
        let worked = done.get(name).copied().unwrap_or_default();
        assert!(worked > 0, "{name} worked {worked} times: {refused:#?}");
    }
    let met: std::collections::BTreeSet<i64> =
        refused.keys().map(|(_, errcode)| *errcode).collect();
    for errcode in [
        21001, 45009, 2_747_002, 2_747_008, 2_747_013, 2_747_014, 2_747_016, 2_747_020, 2_747_021,
        2_747_024, 2_747_027,
    ] {
        assert!(
            met.contains(&errcode),
            "{errcode} was never met: {refused:#?}"
        );
    }
    let known: std::collections::BTreeSet<i64> = guide::STAGES
        .iter()
        .map(|stage| numbers::state_number(stage.state))
        .collect();
    assert_eq!(states, known, "states that were reached");
    assert!(
        aftersales > wanted / 100 && complaints > wanted / 1000,
        "{aftersales} after-sales, {complaints} disputes"
    );
}
