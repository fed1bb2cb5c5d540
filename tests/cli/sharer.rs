//! Sharers: invited, bound, released, and what they sell.

use super::world::World;
use crate::support::spec;
use serde_json::json;
use wxsell::sandbox::Promotion;

const ONE: &str = "oExampleOpenid0000000000001";
const TWO: &str = "oExampleOpenid0000000000002";

#[test]
fn invited_is_not_bound_until_the_person_accepts() {
    let world = World::new();
    let said = world.run(&["sharer", "bind", ONE, TWO, "somebody"]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("invited; takes effect once they accept"),
        "{}",
        said.stderr
    );
    assert!(
        said.text().contains("the openid is wrong"),
        "{}",
        said.text()
    );
    let table = world.ok(&["sharer", "search", ONE]);
    assert!(table.contains("invited"), "{table}");
    assert_eq!(world.json(&["sharer", "list"]), json!([]));

    world.ok(&["sandbox", "sharer", "accept", ONE]);
    let sharer = world.json(&["sharer", "search", ONE]);
    assert_eq!(sharer["bind_status"], 1);
    let bound = sharer["bind_time"].as_str().expect("a time").to_owned();
    assert!(bound.ends_with("+08:00"), "{bound}");
    world.ok(&["sandbox", "sharer", "refuse", TWO]);
    assert_eq!(world.json(&["sharer", "search", TWO])["bind_status"], 2);

    let again = world.run(&["sharer", "bind", ONE, TWO, "--format", "json"]);
    assert_eq!(again.code, Some(6));
    let again = again.json();
    assert_eq!(
        again[0],
        json!({"openid": ONE, "result": "refused", "reason_code": 202, "again": false})
    );
    assert_eq!(again[1]["reason_code"], 203);
    assert_eq!(world.json(&["sharer", "list"])[0]["openid"], ONE);
    let said = world.refused(1, &["sharer", "search", "oExampleOpenid0000000000009"]);
    assert!(said.contains("100002"), "{said}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn invitations_are_ten_minutes_apart_three_a_day_and_expire() {
    let world = World::new();
    world.ok(&["sharer", "bind", ONE]);
    let said = world.run(&["sharer", "bind", ONE]);
    assert_eq!(said.code, Some(6));
    assert!(
        said.text()
            .contains("at most 3 times a day, 10 minutes apart"),
        "{}",
        said.text()
    );
    // A fresh China day, so that all three are of one day.
    world.ok(&["sandbox", "advance", "1d"]);
    assert_eq!(world.json(&["sharer", "search", ONE])["bind_status"], 4);
    let start = world.sandbox().status().expect("status").clock;
    let hour: u32 = start[11..13].parse().expect("an hour");
    world.ok(&["sandbox", "advance", &format!("{}h", 25 - hour)]);
    for _ in 0..3 {
        world.ok(&["sharer", "bind", ONE]);
        world.ok(&["sandbox", "advance", "11m"]);
    }
    let said = world.run(&["sharer", "bind", ONE, "--format", "json"]);
    assert_eq!(said.json()[0]["reason_code"], 204);
    assert_eq!(said.json()[0]["again"], true);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn a_binding_holds_for_a_while_before_it_can_be_released() {
    let world = World::new();
    world.ok(&["sharer", "bind", ONE]);
    world.ok(&["sandbox", "sharer", "accept", ONE]);
    let said = world.run(&["sharer", "unbind", ONE]);
    assert_eq!(said.code, Some(6));
    assert!(
        said.text().contains("bound too recently"),
        "{}",
        said.text()
    );
    world.ok(&["sandbox", "advance", "2d"]);
    let released = world.json(&["sharer", "unbind", ONE]);
    assert_eq!(
        released,
        json!([{"openid": ONE, "result": "released", "again": false}])
    );
    assert_eq!(world.json(&["sharer", "list"]), json!([]));
    world.ok(&["sharer", "bind", ONE]);
    world.ok(&["sandbox", "sharer", "accept", ONE]);
    world.ok(&["sandbox", "sharer", "share", ONE]);
    world.ok(&["sandbox", "sharer", "release", ONE]);
    let said = world.refused(2, &["sandbox", "sharer", "release", ONE]);
    assert!(said.contains("no such sharer"), "{said}");
    world.ok(&["sharer", "mode", "1"]);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn figures_are_those_of_the_orders_a_sharer_brought() {
    let world = World::with_goods(&super::catalogues::teas(&[("P1", "99")]));
    world.ok(&["sharer", "bind", ONE]);
    world.ok(&["sandbox", "sharer", "accept", ONE]);
    assert_eq!(
        world.json(&["sharer", "summary", ONE]),
        json!({"gmv": 0, "order_cnt": 0, "user_cnt": 0})
    );
    let at = wxsell::types::ChinaTime::from_unix(wxsell::types::now()).0;
    for number in ["A1", "A2"] {
        let order = json!({
            "create_time": at, "out_order_id": number, "openid": TWO, "out_user_id": "u1",
            "path": "pages/order", "scene": 1177, "fund_type": 1, "expire_time": wxsell::types::now() + 10_800,
            "order_detail": {
                "product_infos": [{"out_product_id": "P1", "out_sku_id": "P1-1", "product_cnt": 1, "sale_price": 9900,
                    "sku_real_price": 9900, "path": "p", "title": "tea", "head_img": "https://mmecimage.cn/p/1"}],
                "pay_info": {"pay_method_type": 0}, "price_info": {"order_price": 9900, "freight": 0, "discounted_price": 0, "additional_price": 0}},
            "delivery_detail": {"delivery_type": 1},
            "address_info": {"receiver_name": "张三", "detailed_address": "1", "tel_number": "13800000000",
                "country": "中国", "province": "广东省", "city": "广州市", "town": "海珠区"},
        });
        world.write("order.json", order.to_string());
        world.ok(&[
            "api",
            "call",
            "component:order_add",
            "--data",
            "@order.json",
            "--yes",
        ]);
        let data = json!({"out_order_id": number, "openid": TWO}).to_string();
        world.ok(&[
            "api",
            "call",
            "component:order_getpaymentparams",
            "--data",
            &data,
            "--yes",
        ]);
        let promotion = Promotion {
            finder_nickname: "山野茶集".into(),
            sharer_openid: ONE.into(),
            ..Promotion::default()
        };
        world
            .sandbox()
            .buyer_pay_through(number, false, Some(promotion))
            .expect("paid");
    }
    assert_eq!(
        world.json(&["sharer", "summary", ONE]),
        json!({"gmv": 19800, "order_cnt": 2, "user_cnt": 1})
    );
    let table = world.ok(&["sharer", "summary", ONE]);
    assert!(table.contains("198.00"), "{table}");
    let lives = world.json(&["sharer", "lives", ONE]);
    assert_eq!(lives[0]["live_nickname"], "山野茶集");
    assert_eq!(lives[0]["gmv"], 19800);
    let live = lives[0]["live_export_id"].as_str().expect("an id");
    let orders = world.json(&["sharer", "orders", ONE, "--live", live]);
    assert_eq!(orders.as_array().map(Vec::len), Some(2));
    assert!(orders[0]["order_id"].is_string());
    assert_eq!(
        orders[0]["order_detail"]["promotion_info"]["sharer_openid"],
        ONE
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}
