//! Every call that the binary makes, and every answer it gets, is as the reference has it.

use super::catalogues::{pair, png, teas};
use super::world::World;
use crate::support::spec;
use std::collections::BTreeSet;

#[test]
fn every_request_of_every_command_fits_the_reference() {
    let world = World::new();
    world.ok(&["sandbox", "reset", "--bare"]);
    world.ok(&["access", "apply"]);
    world.ok(&["sandbox", "admin", "sign"]);
    world.ok(&["sandbox", "set", "--keep-calls", "5000"]);
    world.write("a.png", png(300));
    world.write("goods.csv", pair("Green tea", "10", "20"));
    world.run(&["goods", "upload", "goods.csv"]);
    world.ok(&[
        "merchant",
        "update",
        "--service",
        "wechat",
        "--service",
        "phone",
        "--phone",
        "020-12345678",
        "--return-name",
        "Returns",
        "--return-phone",
        "020-12345678",
        "--return-address",
        "1 Tea Street",
        "--return-province",
        "Guangdong",
        "--return-city",
        "Guangzhou",
        "--return-district",
        "Haizhu",
    ]);
    world.ok(&["merchant", "info"]);
    world.ok(&["category", "list"]);
    world.ok(&["category", "mine"]);
    world.ok(&["brand", "mine"]);
    for kind in ["link", "media", "pay"] {
        world.ok(&["image", "upload", "a.png", "--as", kind]);
    }
    world.ok(&["image", "upload", "https://img.example.com/a.jpg"]);

    world.sample("catalog.xlsx");
    world.ok(&["goods", "upload", "goods.csv", "catalog.xlsx"]);
    world.ok(&["goods", "template", "--all-columns", "-o", "all.csv"]);
    world.write(
        "all.csv",
        world
            .read("all.csv")
            .replace("TEA-1001", "ALL-1")
            .replace("示例", ""),
    );
    world.ok(&["goods", "upload", "all.csv"]);
    world.ok(&[
        "goods",
        "add",
        "ONE",
        "--title",
        "Green tea",
        "--path",
        "p",
        "--image",
        "a.png",
        "--desc",
        "fresh",
        "--desc-image",
        "a.png",
        "--category",
        "1423",
        "--price",
        "1",
        "--stock",
        "1",
        "--barcode",
        "6901234567892",
        "--sku-code",
        "S1",
        "--attr",
        "size=S",
        "--info-version",
        "7",
        "--brand",
        "2100000000",
    ]);
    world.ok(&["goods", "withdraw-audit", "ONE"]);
    world.ok(&["goods", "update", "ONE", "--title", "Black tea"]);
    world.ok(&["sandbox", "advance", "1h"]);
    world.ok(&[
        "goods",
        "update",
        "ONE",
        "--price",
        "2",
        "--path",
        "pages/one",
    ]);
    world.write("goods.csv", pair("Green tea", "11", "20"));
    world.ok(&["goods", "upload", "goods.csv"]);
    world.write("goods.csv", pair("White tea", "11", "20"));
    world.ok(&["goods", "upload", "goods.csv", "--dry-run"]);
    world.ok(&["goods", "upload", "goods.csv"]);
    world.write(
        "prices.csv",
        "out_product_id,out_sku_id,stock_num\nP1,P1-S,3\n",
    );
    world.ok(&["goods", "price-stock", "prices.csv"]);
    for more in [
        &[][..],
        &["--online"],
        &["--status", "on-sale"],
        &["--updated-since", "2021-01-01"],
    ] {
        world.ok(&[&["goods", "list"], more].concat());
    }
    world.ok(&["goods", "show", "P1"]);
    world.ok(&["goods", "show", "P1", "--online", "--raw"]);
    world.ok(&["goods", "export", "export.jsonl"]);
    world.ok(&["goods", "off-sale", "P1"]);
    world.ok(&["goods", "on-sale", "P1"]);
    world.ok(&["goods", "remove", "P1"]);
    world.run(&["goods", "remove", "P1"]);
    world.write("again.csv", teas(&[("P1", "1")]));
    world.run(&["goods", "upload", "again.csv"]);
    world.ok(&["quota", "show"]);
    world.ok(&["quota", "reset", "--yes"]);
    let rid = world.calls().pop().expect("a call").rid;
    world.ok(&["rid", "show", &rid]);
    world.ok(&["auth", "token"]);

    let calls = world.calls();
    assert_eq!(spec::problems(&calls), [""; 0]);
    let called: BTreeSet<&str> = calls.iter().map(|call| call.path.as_str()).collect();
    let every = [
        "/cgi-bin/clear_quota",
        "/cgi-bin/openapi/quota/get",
        "/cgi-bin/openapi/rid/get",
        "/cgi-bin/stable_token",
        "/shop/account/get_brand_list",
        "/shop/account/get_category_list",
        "/shop/account/get_info",
        "/shop/account/update_info",
        "/shop/cat/get",
        "/shop/img/upload",
        "/shop/register/apply",
        "/shop/spu/add",
        "/shop/spu/del",
        "/shop/spu/del_audit",
        "/shop/spu/delisting",
        "/shop/spu/get",
        "/shop/spu/get_list",
        "/shop/spu/listing",
        "/shop/spu/update",
        "/shop/spu/update_without_audit",
    ];
    assert_eq!(called.into_iter().collect::<Vec<_>>(), every);
}
