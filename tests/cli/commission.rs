//! What providers get of an order: within 30 percent, and paid when it settles.

use super::catalogues::teas;
use super::world::World;
use crate::support::spec;
use serde_json::json;
use wxsell::sandbox::Account;

#[test]
fn receivers_are_added_listed_and_removed() {
    let world = World::new();
    world.ok(&[
        "commission",
        "add",
        "1900000001",
        "--name",
        "示例服务商有限公司",
    ]);
    insta::assert_snapshot!(world.ok(&["commission", "receivers"]), @r"
    MERCHANT    NAME                KIND
    1900000001  示例服务商有限公司  third-party service provider
    ");
    assert_eq!(
        world.json(&["commission", "receivers"])[0]["mchid"],
        "1900000001"
    );
    world.ok(&["commission", "remove", "1900000001"]);
    assert_eq!(world.json(&["commission", "receivers"]), json!([]));
    let told = world.refused(1, &["commission", "remove", "1900000001"]);
    assert!(told.contains("1012004"), "{told}");
    let fault = wxsell::sandbox::FaultKind::Errcode {
        errcode: 48001,
        errmsg: "api unauthorized".into(),
    };
    world
        .sandbox()
        .add_fault(&wxsell::sandbox::Fault::once(
            "/shop/commission/addreceiver",
            fault,
        ))
        .expect("a fault");
    let told = world.refused(3, &["commission", "add", "1900000001", "--name", "A"]);
    assert!(told.contains("third-party platform"), "{told}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn commissions_are_held_against_the_order_and_paid_when_it_settles() {
    let world = World::with_goods(&teas(&[("T1", "100")]).replace("99.00", "200.00"));
    let product = &world.products()["T1"];
    let sku = product["skus"][0]["out_sku_id"]
        .as_str()
        .expect("a SKU")
        .to_owned();
    let clock = world.sandbox().status().expect("a status").clock;
    let now = clock.replace('T', " ").replace("+08:00", "");
    let order = json!({
        "out_order_id": "A1", "openid": "oBuyer", "fund_type": 1, "scene": 1177, "path": "p", "out_user_id": "u1",
        "order_detail": {
            "product_infos": [{"out_product_id": "T1", "out_sku_id": sku, "product_cnt": 1, "sale_price": 10000,
                "sku_real_price": 10000, "path": "p", "title": "t", "head_img": "h"}],
            "pay_info": {"pay_method_type": 0},
            "price_info": {"order_price": 10000, "freight": 0},
        },
        "delivery_detail": {"delivery_type": 1},
        "address_info": {"receiver_name": "x", "detailed_address": "x", "tel_number": "1"},
        "create_time": now, "expire_time": 4_102_444_800i64, "aftersale_duration": 5,
    });
    world.write("order.json", order.to_string());
    world.ok(&["api", "call", "order_add", "--data", "@order.json", "--yes"]);
    world.sandbox().buyer_pay("A1").expect("it is paid");

    let set = |amount: &str| {
        [
            "commission",
            "set",
            "--order",
            "A1",
            "--openid",
            "oBuyer",
            "--mchid",
            "1900000001",
            "--product",
            "T1",
            "--sku",
            &sku,
            "--amount",
            amount,
        ]
        .map(str::to_owned)
        .to_vec()
    };
    let run = |amount: &str| {
        let args = set(amount);
        world.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let told = run("30.01");
    assert_eq!(told.code, Some(2), "{}", told.stderr);
    assert!(
        told.stderr.contains(
            "30.01 yuan is more than 30 % of the 100.00 yuan paid; the most is 30.00 yuan"
        ),
        "{}",
        told.stderr
    );
    let told = run("30");
    assert_eq!(told.code, Some(1));
    assert!(told.stderr.contains("1012004"), "{}", told.stderr);
    world.ok(&["commission", "add", "1900000001", "--name", "A"]);
    assert_eq!(run("30").code, Some(0));
    let rows = &world.sandbox().orders().expect("orders")[0]
        .order
        .commissions;
    assert_eq!(rows[0]["amount"], 3000);

    let send = json!({"out_order_id": "A1", "openid": "oBuyer", "finish_all_delivery": 1, "ship_done_time": now,
        "delivery_list": [{"delivery_id": "SF", "waybill_id": "W1", "product_info_list":
            [{"out_product_id": "T1", "out_sku_id": sku, "product_cnt": 1}]}]});
    world.ok(&[
        "api",
        "call",
        "delivery_send",
        "--data",
        &send.to_string(),
        "--yes",
    ]);
    world.sandbox().buyer_confirm("A1").expect("it arrived");
    world.sandbox().advance(6 * 86_400).expect("time");
    let accounts = world.sandbox().accounts().expect("accounts");
    let commission = accounts
        .iter()
        .find(|(account, _)| *account == Account::Commission);
    assert_eq!(commission.expect("an account").1.0, 3000);
    let told = run("1");
    assert!(told.stderr.contains("1012007"), "{}", told.stderr);
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn an_order_that_does_not_exist_gets_no_commission() {
    let world = World::new();
    let told = world.refused(
        1,
        &[
            "commission",
            "set",
            "--order",
            "A9",
            "--openid",
            "oBuyer",
            "--mchid",
            "1900000001",
            "--product",
            "T",
            "--sku",
            "T1",
            "--amount",
            "1",
        ],
    );
    assert!(told.contains("1010011"), "{told}");
    world.refused(
        2,
        &["commission", "set", "--order", "A9", "--openid", "oBuyer"],
    );
}
