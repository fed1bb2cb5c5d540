//! Lists of a shop that moves while they are read: nothing that was there is lost, nothing stands twice.

use super::world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;

/// A list of records made of one of the sandbox, in which something happens before each page.
struct Moving {
    record: Value,
    ids: Mutex<Vec<u64>>,
}

const FIRST: u64 = 3_302_645_269_677_000_000;
/// Rows at the beginning.
const ROWS: u64 = 930;

impl Moving {
    fn of(record: Value) -> Moving {
        Moving {
            record,
            ids: Mutex::new((0..ROWS).rev().map(|id| FIRST + id).collect()),
        }
    }

    /// A row comes first, and where `goes` is said the newest of the old ones leaves.
    fn moves(&self, comes: bool, goes: bool) {
        let mut ids = self.ids.lock().expect("ids");
        if comes {
            let next = ids.iter().max().map_or(FIRST, |newest| newest + 1);
            ids.insert(0, next);
        }
        if goes {
            ids.remove(0);
        }
    }

    fn page(&self, offset: u64, size: u64) -> (Vec<u64>, usize) {
        let ids = self.ids.lock().expect("ids");
        let from = usize::try_from(offset).expect("small").min(ids.len());
        let to = (from + usize::try_from(size).expect("small")).min(ids.len());
        (ids[from..to].to_vec(), ids.len())
    }

    fn record(&self, id: u64, names: &[(&str, Value)]) -> Value {
        let mut record = self.record.clone();
        for (name, value) in names {
            record[*name] = value.clone();
        }
        let _ = id;
        record
    }
}

#[track_caller]
fn each_once(found: &[String], gone: impl Fn(u64) -> bool) {
    let set: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(set.len(), found.len(), "none twice");
    for id in (0..ROWS).map(|id| FIRST + id).filter(|id| !gone(*id)) {
        assert!(set.contains(id.to_string().as_str()), "{id} is missing");
    }
}

fn texts(rows: &Value, name: &str) -> Vec<String> {
    let rows = rows.as_array().expect("rows").iter();
    rows.map(|row| row[name].as_str().expect("text").to_owned())
        .collect()
}

#[test]
fn orders_that_come_while_they_are_listed_push_nothing_out() {
    let world = World::selling();
    world.paid("W1");
    let whole = world.json(&["order", "show", "W1"]);
    let list = Moving::of(json!({"out_order_id": "W1", "status": 20, "openid": whole["buyer"]}));
    let shop = world.altered(move |path, request, reply| {
        if path == "/shop/order/get_list" {
            let size = request["page_size"].as_u64().expect("a size");
            let page = request["page"].as_u64().expect("a page");
            assert!(request["end_create_time"].is_string(), "the end is fixed");
            list.moves(true, false);
            let (ids, total) = list.page((page - 1) * size, size);
            reply["orders"] = ids
                .iter()
                .map(|id| {
                    list.record(
                        *id,
                        &[
                            ("order_id", json!(id)),
                            ("out_order_id", json!(format!("W{id}"))),
                        ],
                    )
                })
                .collect();
            reply["total_num"] = json!(total);
        }
    });
    let (rows, said) = shop.json(&world, 0, &["order", "list"]);
    each_once(&texts(&rows, "id"), |_| false);
    assert!(!said.contains("may be missing"), "{said}");
}

#[test]
fn after_sales_that_leave_a_list_take_no_others_along() {
    let world = World::selling();
    world.paid("W1");
    let number = world.opened(&["refund", "W1", "--product", "T1"]);
    let list = Moving::of(Value::Null);
    let shop = world.altered(move |path, request, reply| match path {
        "/shop/ecaftersale/get_list" => {
            if request["status"] != 2 {
                reply["after_sales_orders"] = json!([]);
                reply["has_more"] = json!(false);
                return;
            }
            let size = request["limit"].as_u64().expect("a size");
            let offset = request["offset"].as_u64().expect("an offset");
            list.moves(false, offset < 400);
            let (ids, total) = list.page(offset, size);
            reply["has_more"] = json!(offset + (ids.len() as u64) < total as u64);
            reply["after_sales_orders"] = json!(ids);
        }
        "/shop/ecaftersale/get" => {
            let named = request["aftersale_id"].clone();
            *reply = json!({"errcode": 0, "after_sales_order": {"aftersale_id": named, "type": 1, "status": 2,
                "orderamt": 100, "create_time": "1648742400000", "update_time": "1648742400000"}});
        }
        _ => {}
    });
    let _ = number;
    let (rows, _) = shop.json(
        &world,
        0,
        &["aftersale", "list", "--state", "refund-requested"],
    );
    // The newest have left while the first pages were read.
    each_once(&texts(&rows, "id"), |id| id > FIRST + ROWS - 30);
}

#[test]
fn products_that_come_or_go_while_they_are_listed_and_exported_cost_no_others() {
    let world = World::selling();
    let shown = world.sandbox().products(true).expect("products");
    let record = serde_json::to_value(&shown[0]).expect("JSON");
    for goes in [false, true] {
        let list = Moving::of(record.clone());
        let calls = Mutex::new(0u32);
        let shop = world.altered(move |path, request, reply| {
            if path == "/shop/spu/get_list" {
                let mut calls = calls.lock().expect("a count");
                *calls += 1;
                // What goes, goes while the list is read for the first time.
                list.moves(!goes, goes && *calls < 12);
                let size = request["page_size"].as_u64().expect("a size");
                let page = request["page"].as_u64().expect("a page");
                let (ids, total) = list.page((page - 1) * size, size);
                reply["spus"] = ids
                    .iter()
                    .map(|id| {
                        list.record(
                            *id,
                            &[
                                ("product_id", json!(id)),
                                ("out_product_id", json!(id.to_string())),
                            ],
                        )
                    })
                    .collect();
                reply["total_num"] = json!(total);
            }
        });
        let gone = |id: u64| goes && id > FIRST + ROWS - 13;
        if goes {
            let (rows, _) = shop.json(&world, 0, &["goods", "list"]);
            each_once(&texts(&rows, "out_product_id"), gone);
        } else {
            let made = shop.run(&world, &["goods", "export", "all.jsonl"]);
            assert_eq!(made.code, Some(0), "{}", made.stderr);
            let lines = world.read("all.jsonl");
            let ids: Vec<String> = lines
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
                .map(|row| row["out_product_id"].as_str().expect("text").to_owned())
                .collect();
            each_once(&ids, gone);
        }
    }
}
