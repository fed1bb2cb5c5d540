//! Replies in forms that the platform has been seen to send, or somebody in its place: what can be read is used, the
//! rest is named, nothing with a clock is dropped, and what is no reply at all is not taken for an empty shop.

use super::altered::Altered;
use super::world::World;
use serde_json::{Value, json};

/// A shop with one refund that waits for the merchant: its number.
fn asked(world: &World) -> String {
    world.paid("W1");
    world.opened(&["refund", "W1", "--product", "T1", "--amount", "5.00"])
}

const SHOW: &str = "/shop/ecaftersale/get";
const LIST: &str = "/shop/ecaftersale/get_list";

fn due(shop: &Altered, world: &World, code: i32) -> (Value, String) {
    shop.json(world, code, &["due", "--within", "72h"])
}

fn soon(shop: &Altered, world: &World) -> (Value, String) {
    shop.json(world, 0, &["aftersale", "list", "--due", "72h"])
}

#[test]
fn numbers_in_quotes_and_lists_in_other_forms_are_read() {
    let world = World::selling();
    let number = asked(&world);
    type Form = fn(&str, &mut Value);
    let forms: [(&str, Form); 4] = [
        ("quoted", |path, reply| match path {
            LIST => {
                let ids = reply["after_sales_orders"].as_array_mut().expect("ids");
                ids.iter_mut()
                    .for_each(|id| *id = id.to_string().trim_matches('"').into());
            }
            SHOW => {
                let fields = reply["after_sales_order"].as_object_mut().expect("fields");
                for value in fields.values_mut().filter(|value| value.is_number()) {
                    *value = value.to_string().into();
                }
            }
            _ => {}
        }),
        ("objects", |path, reply| {
            if path == LIST {
                let ids = reply["after_sales_orders"].as_array_mut().expect("ids");
                ids.iter_mut()
                    .for_each(|id| *id = json!({"aftersale_id": id}));
            }
        }),
        ("one for a list", |path, reply| {
            if path == LIST && reply["after_sales_orders"][0].is_number() {
                reply["after_sales_orders"] = reply["after_sales_orders"][0].clone();
            }
        }),
        ("null lists", |path, reply| match path {
            SHOW => {
                reply["after_sales_order"]["media_list"] = Value::Null;
                reply["after_sales_order"]["complaint_order_id_list"] = Value::Null;
            }
            "/shop/complaint/get_list" => reply["orders"] = Value::Null,
            _ => {}
        }),
    ];
    for (name, form) in forms {
        let shop = world.altered(move |path, _, reply| form(path, reply));
        let seen = world.calls().len();
        let (rows, _) = due(&shop, &world, 8);
        assert_eq!(
            (
                &rows[0]["number"],
                &rows[0]["amount"],
                &rows[0]["unreadable"]
            ),
            (&json!(number), &json!(500), &json!(false)),
            "{name}"
        );
        let (rows, said) = soon(&shop, &world);
        assert_eq!(
            (&rows[0]["id"], &rows[0]["state"], &rows[0]["type"]),
            (&json!(number), &json!("refund_requested"), &json!("refund")),
            "{name}: {said}"
        );
        // A number goes out as a number, whichever way it came.
        let asked: Vec<Value> = world
            .calls()
            .iter()
            .skip(seen)
            .filter(|call| call.path == SHOW)
            .map(|call| serde_json::from_str::<Value>(&call.request).expect("JSON"))
            .collect();
        assert!(!asked.is_empty(), "{name}");
        for body in asked {
            assert!(body["aftersale_id"].is_number(), "{name}: {body}");
        }
        std::fs::remove_dir_all(world.file("altered-state")).expect("it goes");
    }
}

#[test]
fn a_clock_that_cannot_be_read_is_shown_and_never_dropped() {
    let world = World::selling();
    let number = asked(&world);
    for spoilt in [
        json!({"status": "two"}),
        json!({"update_time": "soon", "create_time": [1]}),
    ] {
        let changes = spoilt.clone();
        let shop = world.altered(move |path, _, reply| {
            if path == SHOW {
                for (name, value) in changes.as_object().expect("fields") {
                    reply["after_sales_order"][name] = value.clone();
                }
            }
        });
        let (rows, said) = due(&shop, &world, 8);
        assert_eq!(
            (&rows[0]["number"], &rows[0]["unreadable"], &rows[0]["due"]),
            (&json!(number), &json!(true), &json!(true)),
            "{spoilt}"
        );
        assert!(
            said.contains(&format!("after-sale {number}: cannot read")),
            "{said}"
        );
        let (rows, _) = soon(&shop, &world);
        assert_eq!(
            (&rows[0]["id"], &rows[0]["unreadable"]),
            (&json!(number), &json!(true)),
            "{spoilt}"
        );
        let (open, _) = shop.json(&world, 0, &["aftersale", "list", "--open"]);
        assert_eq!(open.as_array().map(Vec::len), Some(1), "{spoilt}");
        // A table says it too.
        let table = shop.run(&world, &["due", "--within", "72h"]);
        assert!(table.text().contains("unreadable"), "{}", table.text());
    }
}

#[test]
fn a_listed_number_that_is_none_is_named_and_hides_no_others() {
    let world = World::selling();
    let number = asked(&world);
    let shop = world.altered(|path, _, reply| {
        if path == LIST && reply["after_sales_orders"].is_array() {
            let ids = reply["after_sales_orders"].as_array_mut().expect("ids");
            // Of another shop's list, as an object of other fields, and nothing that could be a number.
            ids.extend([json!("abc"), json!({"id": 5}), json!(["x"])]);
        }
    });
    let (rows, said) = due(&shop, &world, 8);
    let of = |number: &str| {
        let rows = rows.as_array().expect("rows");
        let row = rows.iter().find(|row| row["number"] == number);
        row.unwrap_or_else(|| panic!("no {number}: {rows:#?}"))
            .clone()
    };
    assert_eq!(of(&number)["unreadable"], false);
    for odd in ["abc", "{\"id\":5}", "[\"x\"]"] {
        let row = of(odd);
        assert_eq!(
            (&row["unreadable"], &row["due"]),
            (&json!(true), &json!(true)),
            "{odd}"
        );
        let named = format!("after-sale {odd}: WeChat lists it under a number that cannot be read");
        assert!(said.contains(&named), "{said}");
    }
    // Nothing that the platform could not understand went out.
    let asked: Vec<Value> = world
        .calls()
        .iter()
        .filter(|call| call.path == SHOW)
        .map(|call| serde_json::from_str::<Value>(&call.request).expect("JSON"))
        .collect();
    assert!(
        asked.iter().all(|body| body["aftersale_id"].is_number()),
        "{asked:?}"
    );
    let (rows, _) = shop.json(&world, 0, &["aftersale", "list", "--open"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(4), "{rows}");
    let (rows, _) = soon(&shop, &world);
    assert_eq!(rows.as_array().map(Vec::len), Some(4), "{rows}");
    // One that WeChat lists and does not show is told from none as well.
    let gone = world.altered(|path, _, reply| {
        if path == SHOW {
            *reply = json!({"errcode": 2_747_007, "errmsg": "no such after-sale"});
        }
    });
    let (rows, _) = gone.json(&world, 0, &["aftersale", "list"]);
    assert_eq!(
        (&rows[0]["id"], &rows[0]["unreadable"]),
        (&json!(number), &json!(true))
    );
    let (rows, said) = gone.json(
        &world,
        0,
        &["report", "aftersales", "--since", "2022-01-01"],
    );
    assert!(said.contains("1 amounts could not be read"), "{rows}{said}");
    // Of what these would prove nothing is known, so that not everything is verified.
    let (_, said) = shop.json(
        &world,
        6,
        &["event", "verify", "--since", "1s", "--until", "0s"],
    );
    assert!(said.contains("after-sale abc: WeChat lists it"), "{said}");
    assert!(
        said.contains("3 after-sales and disputes could not be read"),
        "{said}"
    );
}

#[test]
fn rows_of_disputes_that_are_no_records_are_named_and_hide_no_others() {
    let world = World::selling();
    let number = asked(&world);
    world.ok(&["aftersale", "reject", &number]);
    let dispute = world.opened(&["dispute", &number]);
    world.ok(&["sandbox", "dispute", "ask", &dispute]);
    let shop = world.altered(|path, _, reply| {
        if path == "/shop/complaint/get_list" {
            let rows = reply["orders"].as_array_mut().expect("rows");
            rows.insert(0, json!("200"));
            rows.push(json!(7));
            reply["total"] = json!(reply["total"].as_i64().expect("a total") + 2);
        }
    });
    let (rows, _) = shop.json(&world, 0, &["dispute", "list"]);
    let ids: Vec<&str> = rows
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["id"].as_str().expect("text"))
        .collect();
    assert_eq!(ids, ["200", &dispute, "7"]);
    let (rows, _) = shop.json(&world, 8, &["due", "--within", "100h"]);
    let rows = rows.as_array().expect("rows");
    let of = |number: &str| {
        rows.iter()
            .find(|row| row["number"] == number)
            .expect("a row")
    };
    assert_eq!(of("200")["unreadable"], true);
    assert_eq!(of(&dispute)["unreadable"], false);
}

#[test]
fn evidence_without_an_address_is_no_reason_to_crash() {
    let world = World::selling();
    let number = asked(&world);
    let shop = world.altered(|path, _, reply| {
        if path == SHOW {
            reply["after_sales_order"]["media_list"] =
                json!([{"type": 2, "thumb_url": "https://mmecimage.cn/p/t.jpg"}, {"type": 1}]);
            reply["after_sales_order"]["create_time"] = json!("1650876295006");
        }
    });
    let (shown, _) = shop.json(&world, 0, &["aftersale", "show", &number]);
    assert_eq!(shown["media"], json!(["https://mmecimage.cn/p/t.jpg"]));
    // Milliseconds stay.
    assert_eq!(shown["opened_at"], "2022-04-25T16:44:55.006+08:00");
    assert_eq!(
        shown["wechat"]["create_time"],
        "2022-04-25T16:44:55.006+08:00"
    );
    let done = shop.run(&world, &["aftersale", "accept-refund", &number]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}

#[test]
fn who_acted_in_a_dispute_follows_from_the_record_where_nothing_else_says_it() {
    let world = World::selling();
    let number = asked(&world);
    world.ok(&["aftersale", "reject", &number]);
    let dispute = world.opened(&["dispute", &number]);
    let shop = world.altered(|path, _, reply| {
        if path == "/shop/complaint/get" {
            let steps = reply["flow_info"]["list"].as_array_mut().expect("steps");
            for step in steps {
                step.as_object_mut().expect("fields").remove("object");
            }
        }
    });
    let (shown, _) = shop.json(&world, 0, &["dispute", "show", &dispute]);
    assert_eq!(shown["history"][0]["party"], "buyer");
    let table = shop.run(&world, &["dispute", "show", &dispute]);
    assert!(table.text().contains("the buyer"), "{}", table.text());
}

#[test]
fn what_is_no_reply_of_the_platform_is_no_empty_shop() {
    let world = World::selling();
    asked(&world);
    for body in [r#"{"code":401,"message":"please log in"}"#, "{}"] {
        let shop = world.altered_bytes(move |path, _, reply| {
            if path.starts_with("/shop/") {
                body.as_bytes().to_vec()
            } else {
                reply
            }
        });
        for args in [&["due", "--within", "72h"][..], &["aftersale", "list"]] {
            let said = shop.run(&world, args);
            assert!(
                matches!(said.code, Some(1 | 4)) && said.text().is_empty(),
                "{args:?} {body}: {:?} {}{}",
                said.code,
                said.text(),
                said.stderr
            );
        }
    }
}

#[test]
fn success_without_any_data_is_an_empty_list_and_no_thing() {
    let world = World::selling();
    let number = asked(&world);
    let shop = world.altered_bytes(|path, _, reply| {
        if path.starts_with("/shop/") {
            br#"{"errcode":0}"#.to_vec()
        } else {
            reply
        }
    });
    for args in [
        &["due", "--within", "72h"][..],
        &["aftersale", "list"],
        &["order", "list"],
        &["dispute", "list"],
    ] {
        let said = shop.run(&world, args);
        assert_eq!(
            (said.code, said.text()),
            (Some(0), ""),
            "{args:?} {}",
            said.stderr
        );
    }
    for (args, words) in [
        (
            &["order", "show", "W1", "--openid", "o1"][..],
            "without the order W1",
        ),
        (&["aftersale", "show", &number], "without the after-sale"),
        (&["dispute", "show", "1"], "without the dispute 1"),
        (
            &[
                "delivery",
                "send",
                "W1",
                "--openid",
                "o1",
                "--carrier",
                "SF",
                "--waybill",
                "1",
            ],
            "without the order W1",
        ),
    ] {
        let said = shop.run(&world, args);
        assert_eq!(said.code, Some(1), "{args:?} {}", said.stderr);
        assert!(said.stderr.contains(words), "{args:?} {}", said.stderr);
    }
}

#[test]
fn a_control_character_in_a_buyers_name_costs_no_list() {
    let world = World::selling();
    world.paid("W1");
    let shop = world.altered_bytes(|path, _, reply| {
        let text = String::from_utf8(reply).expect("UTF-8");
        if path.starts_with("/shop/order/get") {
            text.replace("李四", "\u{14}李\u{7}四").into_bytes()
        } else {
            text.into_bytes()
        }
    });
    let (rows, _) = shop.json(&world, 0, &["order", "list"]);
    assert_eq!(rows[0]["number"], "W1");
    let (shown, _) = shop.json(&world, 0, &["order", "show", "W1"]);
    assert_eq!(shown["total"], 2300);
}

#[test]
fn what_due_cannot_read_is_shown_and_hides_nothing_else() {
    let world = World::selling();
    let odd = asked(&world);
    world.paid("W2");
    let sound = world.opened(&["refund", "W2", "--product", "T1", "--amount", "6.00"]);
    world.paid("W3");
    type Form = fn(&mut Value);
    let forms: [(&str, Form); 3] = [
        ("a state that nobody has described", |reply| {
            reply["after_sales_order"]["status"] = json!(99);
        }),
        ("one that WeChat does not show", |reply| {
            *reply = json!({"errcode": 1_010_003, "errmsg": "no"});
        }),
        ("no record", |reply| reply["after_sales_order"] = json!(7)),
    ];
    for (name, form) in forms {
        let number = odd.clone();
        let shop = world.altered(move |path, request, reply| {
            if path == SHOW && request["aftersale_id"] == json!(number.parse::<u64>().unwrap_or(0))
            {
                form(reply);
            }
        });
        let (rows, _) = due(&shop, &world, 8);
        let of = |number: &str| {
            let rows = rows.as_array().expect("rows");
            let row = rows.iter().find(|row| row["number"] == number);
            row.unwrap_or_else(|| panic!("{name}: no {number}: {rows:?}"))
        };
        assert_eq!(
            (&of(&odd)["unreadable"], &of(&odd)["due"]),
            (&json!(true), &json!(true)),
            "{name}"
        );
        assert_eq!(of(&sound)["unreadable"], false, "{name}");
        std::fs::remove_dir_all(world.file("altered-state")).expect("it goes");
    }
    // An order that may wait for its parcel, and a product in audit since nobody knows when.
    world.write("more.csv", super::catalogues::teas(&[("T9", "12.00")]));
    world.ok(&["goods", "upload", "more.csv"]);
    let shop = world.altered(|path, _, reply| match path {
        "/shop/order/get_list" => {
            for order in reply["orders"].as_array_mut().into_iter().flatten() {
                if order["out_order_id"] == "W3" {
                    order["status"] = json!("odd");
                }
            }
        }
        "/shop/spu/get_list" => {
            for spu in reply["spus"].as_array_mut().into_iter().flatten() {
                if spu["out_product_id"] == "T9" {
                    spu["edit_status"] = json!("2");
                    spu["audit_info"] = Value::Null;
                }
            }
        }
        _ => {}
    });
    let all = ["due", "--within", "72h", "--ship-within", "48h", "--all"];
    let (rows, _) = shop.json(&world, 8, &all);
    let of = |number: &str| {
        let rows = rows.as_array().expect("rows");
        rows.iter().find(|row| row["number"] == number).cloned()
    };
    for (number, is_due) in [("W3", true), ("T9", false)] {
        let row = of(number).unwrap_or_else(|| panic!("no {number}: {rows}"));
        assert_eq!(
            (&row["unreadable"], &row["due"]),
            (&json!(true), &json!(is_due)),
            "{row}"
        );
    }
    assert_eq!(of("W2").expect("an order")["unreadable"], false);
}
