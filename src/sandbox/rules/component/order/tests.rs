//! Orders from the report to the settlement, against the rules themselves.

use super::super::delivery;
use super::*;
use crate::sandbox::Sandbox;
use crate::sandbox::rules::component::goods;
use crate::types::ChinaTime;
use crate::types::span::DAY;

const BUYER: &str = "oExampleOpenid0000000000001";

fn shop() -> (tempfile::TempDir, Sandbox) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut shop = Sandbox::open(&folder.path().join("shop.db")).expect("a shop");
    run(&mut shop, |tx| {
        let spu = json!({
            "out_product_id": "T1", "title": "tea", "path": "p", "head_img": ["https://mmecimage.cn/p/x/y"],
            "third_cat_id": 1423, "brand_id": 2_100_000_000, "skus": [
                {"out_product_id": "T1", "out_sku_id": "T1a", "thumb_img": "https://mmecimage.cn/p/x/y",
                 "sale_price": 1000, "market_price": 1000, "stock_num": 9, "sku_attrs": [{"attr_key": "a", "attr_value": "1"}]},
                {"out_product_id": "T1", "out_sku_id": "T1b", "thumb_img": "https://mmecimage.cn/p/x/y",
                 "sale_price": 500, "market_price": 500, "stock_num": 9, "sku_attrs": [{"attr_key": "a", "attr_value": "2"}]},
            ],
        });
        goods::add(tx, serde_json::from_value(spu)?).map(drop)
    })
    .expect("a product");
    (folder, shop)
}

fn run<T>(
    shop: &mut Sandbox,
    act: impl FnOnce(&mut Tx<'_>) -> Result<T, Refusal>,
) -> Result<T, i64> {
    let mut refused = 0;
    let done = shop.write(|tx| {
        Ok(act(tx).inspect_err(|refusal| {
            refused = refusal.errcode;
        })?)
    });
    done.map_err(|_| refused)
}

fn row(sku: &str, count: i64, price: i64, real: i64) -> Value {
    json!({"out_product_id": "T1", "out_sku_id": sku, "product_cnt": count, "sale_price": price,
           "sku_real_price": real, "path": "p", "title": "t", "head_img": "h"})
}

/// Two pieces of one SKU and one of the other, 1 yuan freight, 3 yuan off.
fn order(tx: &Tx<'_>, number: &str) -> Value {
    json!({
        "out_order_id": number, "openid": BUYER, "fund_type": 1, "scene": 1177, "path": "p",
        "order_detail": {
            "product_infos": [row("T1a", 2, 1000, 1800), row("T1b", 1, 500, 400)],
            "pay_info": {"pay_method_type": 0},
            "price_info": {"order_price": 2300, "freight": 100, "discounted_price": 300},
        },
        "delivery_detail": {"delivery_type": 1},
        "address_info": {"receiver_name": "x", "detailed_address": "x", "tel_number": "1"},
        "create_time": ChinaTime::from_unix(tx.now), "expire_time": tx.now + 900,
        "aftersale_duration": 7,
    })
}

fn add(shop: &mut Sandbox, number: &str, change: impl FnOnce(&mut Value)) -> Result<Value, i64> {
    run(shop, |tx| {
        let mut request = order(tx, number);
        change(&mut request);
        super::add(tx, serde_json::from_value(request)?)
    })
}

fn key(number: &str) -> Value {
    json!({"out_order_id": number, "openid": BUYER})
}

fn state(shop: &mut Sandbox, number: &str) -> i64 {
    run(shop, |tx| Ok(by_number(tx, number)?.state)).expect("an order")
}

fn send(shop: &mut Sandbox, number: &str, parcels: Value, finish: i64) -> Result<(), i64> {
    run(shop, |tx| {
        let mut request = key(number);
        request["delivery_list"] = parcels;
        request["finish_all_delivery"] = finish.into();
        request["ship_done_time"] = json!(ChinaTime::from_unix(tx.now));
        delivery::send(tx, serde_json::from_value(request)?).map(drop)
    })
}

fn parcel(waybill: &str, items: &[(&str, i64)]) -> Value {
    let items = items.iter().map(
        |(sku, count)| json!({"out_product_id": "T1", "out_sku_id": sku, "product_cnt": count}),
    );
    json!([{"delivery_id": "SF", "waybill_id": waybill, "product_info_list": items.collect::<Vec<_>>()}])
}

fn balances(shop: &mut Sandbox) -> Vec<i64> {
    run(shop, |tx| {
        let accounts = [
            Account::Buyers,
            Account::Pending,
            Account::Available,
            Account::Commission,
            Account::Fees,
        ];
        accounts
            .into_iter()
            .map(|account| Ok(ledger::balance(tx, account)?.0))
            .collect()
    })
    .expect("balances")
}

fn events(shop: &mut Sandbox) -> Vec<String> {
    run(shop, |tx| {
        let mut events = tx
            .db
            .prepare("SELECT name FROM event WHERE name LIKE '%order%' ORDER BY seq")?;
        let rows = events.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<Vec<String>>>()?)
    })
    .expect("events")
}

const DAYS: i64 = DAY;

#[test]
fn an_order_lives_from_the_report_to_the_settlement() {
    let (_folder, mut shop) = shop();
    let made = add(&mut shop, "A1", |_| {}).expect("made");
    let id = made["data"]["order_id"].as_i64().expect("a number");
    assert!(id > 1 << 53, "{id}");
    assert_eq!(state(&mut shop, &id.to_string()), 10);
    shop.buyer_pay("A1").expect("paid");
    assert_eq!(
        (state(&mut shop, "A1"), balances(&mut shop)),
        (20, vec![-2300, 2300, 0, 0, 0])
    );
    send(&mut shop, "A1", parcel("SF1", &[("T1a", 2)]), 0).expect("a part");
    assert_eq!(
        send(&mut shop, "A1", parcel("SF2", &[("T1a", 1)]), 0),
        Err(1_010_042)
    );
    assert_eq!(send(&mut shop, "A1", json!([]), 1), Err(1_010_042));
    assert_eq!(
        send(&mut shop, "A1", parcel(" ", &[("T1b", 1)]), 1),
        Err(1_010_029)
    );
    send(&mut shop, "A1", parcel("SF2", &[("T1b", 1)]), 1).expect("the rest");
    assert_eq!(state(&mut shop, "A1"), 30);
    assert_eq!(
        send(&mut shop, "A1", parcel("SF2", &[("T1b", 1)]), 1),
        Err(1_000_000)
    );
    shop.advance(9 * DAYS).expect("time");
    assert_eq!(state(&mut shop, "A1"), 30);
    let went = shop.advance(2 * DAYS).expect("time");
    assert_eq!(
        went.happenings[0].what.to_string(),
        "receipt confirmed automatically"
    );
    assert_eq!(state(&mut shop, "A1"), 100);
    shop.advance(5 * DAYS).expect("time");
    assert_eq!(balances(&mut shop)[2], 0);
    shop.advance(2 * DAYS).expect("time");
    // 0.6 % of 23.00 is 0.138.
    assert_eq!(balances(&mut shop), [-2300, 0, 2286, 0, 14]);
    assert_eq!(
        events(&mut shop),
        [
            "open_product_order_pay",
            "open_product_order_confirm",
            "open_product_order_settle"
        ]
    );
}

#[test]
fn both_price_rules_hold_to_the_fen() {
    let (_folder, mut shop) = shop();
    let price = "/order_detail/price_info";
    for (field, amount) in [
        ("order_price", 2301),
        ("freight", 99),
        ("discounted_price", 299),
        ("additional_price", 1),
    ] {
        let wrong = add(&mut shop, "A1", |order| {
            order.pointer_mut(price).expect("prices")[field] = amount.into();
        });
        assert_eq!(wrong, Err(1_010_005), "{field}");
    }
    let second = add(&mut shop, "A1", |order| {
        order["order_detail"]["product_infos"][0]["sku_real_price"] = 1799.into();
    });
    assert_eq!(second, Err(1_010_005));
    let nothing = add(&mut shop, "A1", |order| {
        order["order_detail"]["price_info"] =
            json!({"order_price": 0, "freight": 0, "discounted_price": 2500});
    });
    assert_eq!(nothing, Err(1_010_051));
    let twice = add(&mut shop, "A1", |order| {
        order["order_detail"]["product_infos"][1] = row("T1a", 1, 500, 400);
    });
    assert_eq!(twice, Err(1_010_003));
    let unknown = add(&mut shop, "A1", |order| {
        order["order_detail"]["product_infos"][1] = row("T1c", 1, 500, 400);
    });
    assert_eq!(unknown, Err(1_010_002));
}

#[test]
fn what_an_order_lacks_is_refused_with_its_code() {
    let (_folder, mut shop) = shop();
    let mut refused = |change: fn(&mut Value)| add(&mut shop, "A1", change).err();
    assert_eq!(refused(|order| order["openid"] = "x".into()), Some(990_001));
    assert_eq!(refused(|order| order["openid"] = "".into()), Some(990_004));
    assert_eq!(
        refused(|order| order["fund_type"] = 0.into()),
        Some(1_010_004)
    );
    assert_eq!(
        refused(|order| order["order_detail"]["pay_info"]["pay_method_type"] = 1.into()),
        Some(1_010_004)
    );
    assert_eq!(
        refused(|order| order["address_info"] = Value::Null),
        Some(1_010_009)
    );
    assert_eq!(
        refused(|order| order["create_time"] = "2022-04-01 12:00:00".into()),
        Some(40097)
    );
    assert_eq!(
        refused(|order| order["expire_time"] = 1.into()),
        Some(40097)
    );
    assert_eq!(
        refused(|order| order["out_order_id"] = "a b".into()),
        Some(40097)
    );
}

#[test]
fn the_first_controlled_order_stands_and_an_ordinary_one_is_written_over() {
    let (_folder, mut shop) = shop();
    let first = add(&mut shop, "A1", |_| {}).expect("made");
    let second = add(&mut shop, "A1", |order| {
        order["order_detail"]["price_info"]["order_price"] = 1.into();
        order["stringify_64bits_number"] = true.into();
    })
    .expect("the same");
    assert_eq!(second["data"]["final_price"], 2300);
    assert_eq!(
        second["data"]["order_id"].as_str().map(str::to_owned),
        Some(first["data"]["order_id"].to_string())
    );
    let ordinary = |freight: i64| {
        move |order: &mut Value| {
            order["fund_type"] = 0.into();
            order["order_detail"]["pay_info"] = json!({"pay_method_type": 0, "prepay_id": "wx1",
                "prepay_time": "2022-04-01 12:00:00"});
            order["order_detail"]["price_info"] = json!({"order_price": 2200 + freight,
                "freight": freight, "discounted_price": 300});
        }
    };
    let one = add(&mut shop, "B1", ordinary(0)).expect("made");
    let two = add(&mut shop, "B1", ordinary(50)).expect("written over");
    assert_eq!(one["data"]["order_id"], two["data"]["order_id"]);
    assert_eq!(two["data"]["final_price"], 2250);
    assert!(shop.buyer_pay("B1").is_err(), "paid to the merchant");
    let report = |shop: &mut Sandbox, number: &str, action: i64, transaction: &str| {
        run(shop, |tx| {
            let mut request = key(number);
            request["action_type"] = action.into();
            request["transaction_id"] = transaction.into();
            request["pay_time"] = json!(ChinaTime::from_unix(tx.now));
            super::pay(tx, serde_json::from_value(request)?).map(drop)
        })
    };
    assert_eq!(report(&mut shop, "A1", 1, "4200"), Err(1_010_050));
    assert_eq!(report(&mut shop, "B1", 1, ""), Err(1_010_007));
    report(&mut shop, "B1", 1, "4200").expect("paid");
    assert_eq!(report(&mut shop, "B1", 1, "4200"), Err(1_000_000));
    assert_eq!(report(&mut shop, "B1", 3, ""), Err(100_000));
    assert_eq!(balances(&mut shop)[1], 0, "no money of the component");
}

#[test]
fn the_clock_ends_what_is_not_paid_and_a_slow_cashier() {
    let (_folder, mut shop) = shop();
    for number in ["A1", "A2", "A3", "A4"] {
        add(&mut shop, number, |_| {}).expect("made");
    }
    shop.buyer_pay_through("A2", true, None).expect("slow");
    shop.buyer_cancel("A3").expect("cancelled");
    let close = |shop: &mut Sandbox, number| {
        run(shop, |tx| {
            super::close(tx, serde_json::from_value(key(number))?).map(drop)
        })
    };
    close(&mut shop, "A4").expect("closed");
    assert_eq!(close(&mut shop, "A4"), Err(1_000_000));
    assert_eq!(state(&mut shop, "A2"), 11);
    shop.advance(61).expect("time");
    assert_eq!(state(&mut shop, "A2"), 20);
    shop.advance(900).expect("time");
    let states = ["A1", "A3", "A4"].map(|number| state(&mut shop, number));
    assert_eq!(states, [181, 250, 250]);
    assert!(shop.buyer_pay("A1").is_err());
}

#[test]
fn a_price_is_changed_once_and_an_address_before_shipment() {
    let (_folder, mut shop) = shop();
    add(&mut shop, "A1", |_| {}).expect("made");
    let change = |shop: &mut Sandbox, rows: Value, order_price: i64| {
        run(shop, |tx| {
            let mut request = key("A1");
            request["product_infos"] = rows;
            request["price_info"] = json!({"order_price": order_price, "freight": 0});
            super::change_price(tx, serde_json::from_value(request)?).map(drop)
        })
    };
    let both = json!([row("T1a", 2, 900, 1800), row("T1b", 1, 500, 500)]);
    assert_eq!(
        change(&mut shop, json!([row("T1a", 2, 900, 1800)]), 1800),
        Err(1_010_003)
    );
    assert_eq!(change(&mut shop, both.clone(), 2200), Err(1_010_005));
    change(&mut shop, both.clone(), 2300).expect("changed");
    assert_eq!(change(&mut shop, both, 2300), Err(990_022));
    shop.buyer_pay("A1").expect("paid");
    let address = |shop: &mut Sandbox| {
        run(shop, |tx| {
            let mut request = key("A1");
            request["address_info"] =
                json!({"receiver_name": "y", "detailed_address": "y", "tel_number": "2"});
            super::update_address(tx, serde_json::from_value(request)?).map(drop)
        })
    };
    address(&mut shop).expect("in time");
    send(&mut shop, "A1", parcel("SF1", &[("T1a", 1)]), 0).expect("sent");
    assert_eq!(address(&mut shop), Err(1_010_034));
}

fn aftersale(shop: &mut Sandbox, sku: &str, goods: i64, freight: i64) -> Result<(), i64> {
    run(shop, |tx| {
        let mut order = by_number(tx, "A1")?;
        open_aftersale(tx, &mut order, 7, "S7")?;
        let refund = Refund {
            out_product_id: "T1",
            out_sku_id: sku,
            goods: Fen(goods),
            freight: Fen(freight),
        };
        end_aftersale(tx, &mut order, 7, Some(&refund))
    })
}

#[test]
fn refunds_take_money_back_and_end_an_order_that_has_nothing_left() {
    let (_folder, mut shop) = shop();
    add(&mut shop, "A1", |_| {}).expect("made");
    shop.buyer_pay("A1").expect("paid");
    assert_eq!(aftersale(&mut shop, "T1a", 1801, 0), Err(2_747_014));
    aftersale(&mut shop, "T1a", 1800, 0).expect("refunded");
    // The refunded row need not be sent.
    send(&mut shop, "A1", parcel("SF1", &[("T1b", 1)]), 1).expect("the rest");
    shop.buyer_confirm("A1").expect("received");
    aftersale(&mut shop, "T1b", 400, 0).expect("refunded");
    assert_eq!(state(&mut shop, "A1"), 200);
    assert_eq!(balances(&mut shop), [-100, 100, 0, 0, 0]);
    // What is left is the freight; it settles when the window ends.
    shop.advance(8 * DAYS).expect("time");
    assert_eq!(balances(&mut shop), [-100, 0, 99, 0, 1]);
}

#[test]
fn an_open_aftersale_holds_shipment_and_settlement_back() {
    let (_folder, mut shop) = shop();
    add(&mut shop, "A1", |_| {}).expect("made");
    shop.buyer_pay("A1").expect("paid");
    let open = |shop: &mut Sandbox| {
        run(shop, |tx| {
            let mut order = by_number(tx, "A1")?;
            open_aftersale(tx, &mut order, 7, "S7")
        })
    };
    let end = |shop: &mut Sandbox| {
        run(shop, |tx| {
            let mut order = by_number(tx, "A1")?;
            end_aftersale(tx, &mut order, 7, None)
        })
    };
    open(&mut shop).expect("open");
    let all = parcel("SF1", &[("T1a", 2), ("T1b", 1)]);
    assert_eq!(send(&mut shop, "A1", all.clone(), 1), Err(1_010_042));
    end(&mut shop).expect("ended");
    send(&mut shop, "A1", all, 1).expect("sent");
    shop.buyer_confirm("A1").expect("received");
    open(&mut shop).expect("open");
    shop.advance(30 * DAYS).expect("time");
    assert_eq!(balances(&mut shop)[1], 2300, "still pending");
    end(&mut shop).expect("ended");
    shop.advance(1).expect("time");
    assert_eq!(balances(&mut shop)[1], 0);
}

#[test]
fn commissions_are_paid_out_of_what_settles() {
    let (_folder, mut shop) = shop();
    add(&mut shop, "A1", |_| {}).expect("made");
    shop.buyer_pay("A1").expect("paid");
    run(&mut shop, |tx| {
        let mut order = by_number(tx, "A1")?;
        order.body.commissions = vec![json!({"mchid": "1900000001", "amount": 200})];
        put(tx, &mut order)
    })
    .expect("set");
    let all = parcel("SF1", &[("T1a", 2), ("T1b", 1)]);
    send(&mut shop, "A1", all, 1).expect("sent");
    shop.buyer_confirm("A1").expect("received");
    shop.advance(8 * DAYS).expect("time");
    assert_eq!(balances(&mut shop), [-2300, 0, 2086, 200, 14]);
    let settled = |event: &&String| *event == "open_product_order_settle";
    assert_eq!(events(&mut shop).iter().filter(settled).count(), 2);
}

#[test]
fn orders_are_listed_by_time_and_by_who_brought_them() {
    let (_folder, mut shop) = shop();
    for number in ["A1", "A2", "A3"] {
        add(&mut shop, number, |_| {}).expect("made");
    }
    let who = Promotion {
        promoter_id: "P1".into(),
        sharer_openid: "oSharer".into(),
        ..Promotion::default()
    };
    shop.buyer_pay_through("A2", false, Some(who))
        .expect("paid");
    let listed = |shop: &mut Sandbox,
                  by: fn(&mut Tx<'_>, wire::List) -> Result<Value, Refusal>,
                  request: Value| {
        let reply = run(shop, |tx| by(tx, serde_json::from_value(request)?))?;
        let numbers = reply["orders"].as_array().into_iter().flatten();
        Ok::<_, i64>(
            numbers
                .filter_map(|order| order["out_order_id"].as_str().map(str::to_owned))
                .collect::<Vec<_>>(),
        )
    };
    let page = |number: u32| json!({"sort_order": 1, "page": number, "page_size": 2});
    assert_eq!(
        listed(&mut shop, list, page(1)).expect("a page"),
        ["A3", "A2"]
    );
    assert_eq!(listed(&mut shop, list, page(2)).expect("a page"), ["A1"]);
    let mut wide = page(1);
    wide["page_size"] = 101.into();
    assert_eq!(listed(&mut shop, list, wide), Err(990_005));
    let mut turned = page(1);
    turned["start_create_time"] = "2022-04-02 00:00:00".into();
    turned["end_create_time"] = "2022-04-01 00:00:00".into();
    assert_eq!(listed(&mut shop, list, turned), Err(990_009));
    let mut by = page(1);
    by["promoter_id"] = "P1".into();
    assert_eq!(
        listed(&mut shop, list_by_promoter, by.clone()).expect("rows"),
        ["A2"]
    );
    by["sharer_openid"] = "oSharer".into();
    assert_eq!(listed(&mut shop, list_by_sharer, by).expect("rows"), ["A2"]);
}

#[test]
fn an_order_is_found_by_either_number_and_its_buyer_alone() {
    let (_folder, mut shop) = shop();
    let made = add(&mut shop, "A1", |_| {}).expect("made");
    let id = made["data"]["order_id"].as_u64().expect("a number");
    let mut get = |request: Value| {
        run(&mut shop, |tx| {
            super::get(tx, serde_json::from_value(request)?)
        })
        .map(drop)
    };
    get(json!({"order_id": id, "openid": BUYER})).expect("found");
    get(json!({"order_id": id.to_string(), "openid": BUYER})).expect("found");
    // As a program that keeps numbers as doubles would send it.
    let damaged = (id as f64) as u64;
    assert_ne!(damaged, id);
    for (wrong, errcode) in [
        (json!({"order_id": damaged, "openid": BUYER}), 1_010_011),
        (
            json!({"order_id": damaged, "out_order_id": "A1", "openid": BUYER}),
            1_010_011,
        ),
        (json!({"out_order_id": "A1", "openid": "oOther"}), 1_010_011),
        (json!({"openid": BUYER}), 1_010_001),
        (json!({"out_order_id": "A1"}), 990_004),
    ] {
        assert_eq!(get(wrong.clone()), Err(errcode), "{wrong}");
    }
}
