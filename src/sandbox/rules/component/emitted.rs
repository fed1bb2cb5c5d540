//! Every event that the rules emit, over all nouns, held against the schemas of the reference; and every schema of the
//! reference against what was emitted.

use super::ledger::{self, Account};
use super::{access, coupon, funds, machines, order, pay, permit, settle, sharer};
use crate::push::events;
use crate::sandbox::push::message;
use crate::sandbox::router::{Body, Call, Picture, Router, rules};
use crate::sandbox::store::Tx;
use crate::sandbox::{Promotion, Sandbox, Seed};
use crate::types::Fen;
use crate::types::span::{DAY, HOUR};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const COMPONENT: &str = include_str!("../../../../tests/spec/component.openapi.yaml");
const PROMOTER: &str = include_str!("../../../../tests/spec/promoter.openapi.yaml");

/// Events of the reference that the shop never emits, and why.
const NEVER: &[(&str, &str)] = &[];

/// The schemas of the messages, by the name of the event. A field that the reference does not know is a mistake.
fn schemas(text: &str) -> BTreeMap<String, Validator> {
    let mut spec: Value = serde_saphyr::from_str(text).expect("the reference is YAML");
    strict(&mut spec["components"]);
    let schemas = spec["components"]["schemas"].as_object().expect("schemas");
    let events = schemas.iter().filter(|(name, _)| name.starts_with("Event"));
    // Parts of messages are called likewise, and name no event.
    let named = events.filter_map(|(_, schema)| {
        let event = schema["properties"]["Event"]["const"].as_str()?;
        Some((event, schema))
    });
    named
        .map(|(event, schema)| {
            let mut whole = schema.clone();
            whole["components"] = spec["components"].clone();
            let made = jsonschema::draft202012::new(&whole).expect("a schema");
            (event.to_owned(), made)
        })
        .collect()
}

fn strict(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(strict);
            if object.get("type") == Some(&json!("object")) && object.contains_key("properties") {
                object.entry("additionalProperties").or_insert(json!(false));
            }
        }
        Value::Array(values) => values.iter_mut().for_each(strict),
        _ => {}
    }
}

/// Every event of a shop, whole.
fn emitted(tx: &Tx<'_>) -> Vec<Value> {
    let mut statement = tx
        .db
        .prepare("SELECT name, at, body FROM event ORDER BY seq")
        .expect("a table");
    let rows = statement
        .query_map([], |row| {
            let (name, at, body): (String, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(message(&name, at, &body))
        })
        .expect("rows");
    rows.collect::<rusqlite::Result<_>>().expect("events")
}

/// A call that must be taken.
#[track_caller]
fn ask(tx: &mut Tx<'_>, router: &Router, path: &str, body: Value) -> Value {
    router
        .ask(tx, path, body)
        .unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"))
}

/// What the play of orders, after-sales and disputes leaves out: audits, joining, people and money.
fn the_rest(tx: &mut Tx<'_>, router: &Router, order: &str) {
    let through = Promotion {
        sharer_openid: "oSharer0000000000000000000001".into(),
        ..Promotion::default()
    };
    order::buyer_pays(tx, order, false, Some(through)).expect("paid");
    let category = json!({"audit_req": {"license": ["https://example.com/l.jpg"], "category_info": {
        "level1": 1, "level2": 2, "level3": 1451, "certificate": ["https://example.com/a.jpg"]}}});
    ask(tx, router, "/shop/audit/audit_category", category);
    ask(
        tx,
        router,
        "/shop/audit/audit_brand",
        json!({"audit_req": {"license": ["https://example.com/l.jpg"], "brand_info": {
            "brand_audit_type": 1, "brand_management_type": 1, "brand_wording": "茗前", "trademark_type": "30", "trademark_registrant": "x", "trademark_registrant_nu": "1",
            "trademark_authorization_period": "2030-01-01 00:00:00", "trademark_applicant": "x", "trademark_application_time": "2020-01-01 00:00:00",
            "sale_authorization": [], "trademark_change_certificate": [], "imported_goods_form": [], "commodity_origin_type": 2,
            "trademark_registration_certificate": ["https://example.com/b.jpg"]}}}),
    );
    for (at, ticket) in permit::running(tx).expect("tickets").iter().enumerate() {
        let reason = (at == 0).then_some("资质不清晰");
        permit::decide(tx, ticket, reason).expect("decided");
    }
    coupon::confirm(tx, serde_json::from_value(json!({})).expect("nothing")).expect("confirmed");
    let person = "oSharer0000000000000000000001";
    ask(
        tx,
        router,
        "/shop/sharer/bind",
        json!({"openids": [person]}),
    );
    sharer::answer(tx, person, sharer::Answer::Accept).expect("bound");
    sharer::share(tx, person, "茶园直播").expect("shared");
    sharer::answer(tx, person, sharer::Answer::Release).expect("released");
    ledger::transfer(
        tx,
        Account::Buyers,
        Account::Available,
        Fen(50_000),
        "deposit",
        "",
    )
    .expect("money");
    let out = ask(
        tx,
        router,
        "/shop/funds/submitwithdraw",
        json!({"amount": 10_000}),
    );
    let number = out["out_request_no"].as_str().expect("a number").to_owned();
    for step in [funds::Step::Scan, funds::Step::Confirm] {
        funds::act(tx, &number, step).expect("a step");
    }
    let payment = json!({"openid": "oBuyer", "combine_trade_no": "CTN0001", "sub_orders": [
        {"mchid": "1600000001", "trade_no": "TN0001", "description": "tea", "amount": 9_900}]});
    ask(tx, router, "/shop/pay/createorder", payment);
    pay::buyer_pays(tx, "TN0001").expect("paid");
    let one = json!({"mchid": "1600000001", "openid": "oBuyer", "trade_no": "TN0001"});
    let mut refund = one.clone();
    refund["refund_no"] = "RF00001".into();
    refund["total_amount"] = 9_900.into();
    refund["refund_amount"] = 900.into();
    ask(tx, router, "/shop/pay/refundorder", refund);
    tx.now += 8 * DAY;
    settle(tx).expect("settled");
    let mut share = one;
    share["profit_sharing_no"] = "PS00001".into();
    ask(tx, router, "/shop/pay/profitsharingorder", share);
    tx.now += HOUR;
    settle(tx).expect("settled");
    ask(
        tx,
        router,
        "/shop/register/apply_scene",
        json!({"scene_group_id": 3}),
    );
    access::act(tx, &access::Move::RejectScene(3, "未设置客服".into())).expect("decided");
    access::act(tx, &access::Move::Close).expect("closed");
    access::apply(tx, serde_json::from_value(json!({})).expect("nothing")).expect("applied");
    access::act(tx, &access::Move::Sign).expect("signed");
}

#[test]
fn every_event_keeps_to_its_schema_and_every_schema_has_its_event() {
    let schemas: BTreeMap<String, Validator> = [COMPONENT, PROMOTER]
        .into_iter()
        .flat_map(schemas)
        .collect();
    let router = rules();
    let mut all = Vec::new();
    for seed in 0..4 {
        let mut shop = Sandbox::open(Path::new(":memory:")).expect("a shop in memory");
        let mut tx = Tx::begin(&mut shop.db).expect("a write");
        tx.now = 1_648_742_400;
        let tx = machines::played(tx, &router, seed, 2_500);
        all.extend(emitted(&tx));
    }
    let mut shop = Sandbox::open(Path::new(":memory:")).expect("a shop in memory");
    let lively = Seed {
        goods: 60,
        orders: 100,
        aftersales: 30,
        seed: 1,
        status: None,
    };
    shop.seed(&lively).expect("sown");
    let sold = shop.orders().expect("orders").into_iter();
    let unpaid =
        sold.filter(|sold| sold.status == order::status::UNPAID && sold.order.fund_type == 1);
    let unpaid = unpaid
        .map(|sold| sold.out_order_id)
        .next()
        .expect("one waits to be paid");
    let mut tx = Tx::begin(&mut shop.db).expect("a write");
    the_rest(&mut tx, &router, &unpaid);
    all.extend(emitted(&tx));
    let mut names = BTreeSet::new();
    let mut problems = BTreeSet::new();
    for event in &all {
        let name = event["Event"].as_str().expect("a name");
        names.insert(name.to_owned());
        let Some(schema) = schemas.get(name) else {
            problems.insert(format!("{name}: not in the reference"));
            continue;
        };
        problems.extend(
            schema
                .iter_errors(event)
                .map(|error| format!("{name} at {}: {error}", error.instance_path())),
        );
        // What is pushed is understood: the receiver knows the event and finds the number of what it is about.
        let decoded = events::decode(event.as_object().expect("an object"));
        assert_eq!(decoded.family, "component", "{event}");
        let numbered = decoded.spec().is_some_and(|spec| !spec.numbers.is_empty());
        assert!(!numbered || !decoded.number.is_empty(), "{event}");
    }
    assert_eq!(problems, BTreeSet::new());
    assert!(all.len() > 1_000, "{} events", all.len());
    let never: BTreeSet<&str> = NEVER.iter().map(|(name, _)| *name).collect();
    let missing: Vec<&String> = schemas
        .keys()
        .filter(|name| !names.contains(*name) && !never.contains(name.as_str()))
        .collect();
    assert_eq!(missing, Vec::<&String>::new(), "never emitted");
    assert!(
        never.iter().all(|name| !names.contains(*name)),
        "emitted after all"
    );
}

/// The check above would notice.
#[test]
fn a_wrong_event_does_not_keep_to_its_schema() {
    let schemas = schemas(COMPONENT);
    let whole = |body: Value| message("aftersale_new_order", 1_648_742_400, &body.to_string());
    let schema = &schemas["aftersale_new_order"];
    assert!(schema.is_valid(&whole(json!({"aftersale_info": {"aftersale_id": 1}}))));
    for wrong in [
        json!({"aftersale_info": {"aftersale_id": 1.5}}),
        json!({"aftersale_info": {"aftersale_idd": 1}}),
        json!({"aftersale": {"aftersale_id": 1}}),
        json!({"aftersale_info": [1]}),
    ] {
        assert!(!schema.is_valid(&whole(wrong.clone())), "{wrong}");
    }
}

/// What happens to products, categories and brands of the store in the box, as it is told.
#[test]
fn events_of_the_store_keep_to_their_schemas() {
    const STORE: &str = include_str!("../../../../tests/spec/store.openapi.yaml");
    let schemas = schemas(STORE);
    let router = rules();
    let mut shop = Sandbox::open(Path::new(":memory:")).expect("a shop in memory");
    shop.seed_store(40, 1).expect("sown");
    let mut tx = Tx::begin(&mut shop.db).expect("a write");
    let before = std::mem::replace(&mut tx.family, super::store::FAMILY);
    for (file, bytes) in [("license.jpg", "license"), ("mark.jpg", "mark")] {
        let file = Picture {
            file_name: Some(file.to_owned()),
            bytes: bytes.as_bytes().to_vec(),
            ..Picture::default()
        };
        let call = Call {
            method: "POST".into(),
            path: String::new(),
            query: String::new(),
            body: Body::Picture(file),
            client_ip: String::new(),
        };
        super::store::opening::upload(&mut tx, &call).expect("a paper");
    }
    let paper = |bytes: &str| {
        use sha2::Digest;
        let hash = sha2::Sha256::digest(bytes.as_bytes());
        format!("cosfile_{}", hex::encode(&hash[..8]))
    };
    let category = json!({"category_info": {
        "cats_v2": [{"cat_id": "381000001"}, {"cat_id": "381003001"}, {"cat_id": "381003002"}],
        "is_new_apply_cat": true,
        "license_group_list": [{"license_group_id": "10", "license": {
            "license_id": "101", "file_id_list": [paper("license")]}}]}});
    let applied = ask(
        &mut tx,
        &router,
        "/channels/ec/category/add",
        category.clone(),
    );
    let brand = |id: &str, name: &str| {
        json!({"brand": {"brand_id": id, "ch_name": name, "trade_mark_symbol": 1, "classification_no": "30",
        "register_details": {"registrant": "x", "register_no": "1", "is_permanent": true, "register_certifications": [paper("mark")]}}})
    };
    ask(
        &mut tx,
        &router,
        "/channels/ec/brand/add",
        brand("8000201", "云山"),
    );
    ask(
        &mut tx,
        &router,
        "/channels/ec/brand/add",
        brand("8000202", "违规牌"),
    );
    ask(
        &mut tx,
        &router,
        "/channels/ec/category/audit/cancel",
        json!({"audit_id": applied["audit_id"]}),
    );
    ask(&mut tx, &router, "/channels/ec/category/add", category);
    tx.family = before;
    tx.now += 90 * DAY;
    settle(&mut tx).expect("settled");
    let all = emitted(&tx);
    let mut names = BTreeSet::new();
    for event in &all {
        let name = event["Event"].as_str().expect("a name");
        names.insert(name);
        let errors: Vec<String> = schemas[name]
            .iter_errors(event)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{event}: {errors:?}");
        let decoded = events::decode(event.as_object().expect("an object"));
        assert_eq!(decoded.family, "store", "{event}");
        assert!(!decoded.number.is_empty(), "{event}");
    }
    let expected = [
        "channels_ec_brand",
        "product_category_audit",
        "product_spu_audit",
        "product_spu_listing",
    ];
    assert_eq!(names, BTreeSet::from(expected));
}
