//! Numbers that people take for one another: what differs from a number of the shop, or of an earlier upload, only in width,
//! blanks, marks or leading zeros is refused with both spellings.

use crate::cli::catalogues::{pair, teas};
use crate::cli::order::{create, shop};
use crate::cli::world::World;
use serde_json::Value;

/// The plan's line of a product.
fn line(world: &World, args: &[&str], id: &str) -> Value {
    let plan = world.json(&[&["goods"][..], args, &["--dry-run"]].concat());
    let lines = plan.as_array().expect("lines").iter();
    let line = lines.clone().find(|line| line["out_product_id"] == id);
    line.unwrap_or_else(|| panic!("no {id}: {plan}")).clone()
}

/// A shop with a product 00123, uploaded from here.
fn zeros() -> World {
    World::with_goods(
        &teas(&[("X", "12.50"), ("B", "12.50")])
            .replacen("\nX,", "\n=\"00123\",", 1)
            .replace("X-1", "Z-1"),
    )
}

fn refused_with_both(line: &Value) {
    let reason = line["reason"].to_string();
    assert_eq!(line["action"], "refused", "{line}");
    assert!(
        reason.contains("00123") && reason.contains("\\\"123\\\""),
        "{line}"
    );
}

#[test]
fn a_product_in_another_spelling_is_not_added_beside_the_one_that_is_meant() {
    let world = zeros();
    assert!(world.products().contains_key("00123"));
    for knows in ["an earlier upload", "the shop alone"] {
        if knows == "the shop alone" {
            world.forget();
        }
        // Alone it is looked up by its number, with others by the shop's list.
        for ids in [&[("123", "12.50")][..], &[("123", "12.50"), ("B", "12.50")]] {
            world.write("again.csv", teas(ids));
            refused_with_both(&line(&world, &["upload", "again.csv"], "123"));
            let seen = world.calls().len();
            let said = world.run(&["goods", "upload", "again.csv"]);
            assert_eq!(said.code, Some(6), "{knows}: {}", said.stderr);
            assert_eq!(world.writes_since(seen), [""; 0]);
            assert!(said.text().contains("00123"), "{}", said.text());
        }
        for id in ["１２３", " 123 ", "0123"] {
            let sheet = teas(&[("123", "12.50")]);
            world.write(
                "again.csv",
                sheet.replacen("\n123,", &format!("\n{id},"), 1),
            );
            let said = world.run(&["goods", "upload", "again.csv"]);
            assert_eq!(said.code, Some(6), "{id}: {}", said.text());
        }
    }
    assert_eq!(world.numbers(), ["00123", "B"]);
}

#[test]
fn prices_and_stock_are_not_sent_to_a_number_that_only_looks_like_one() {
    let world = zeros();
    for columns in [
        "sale_price\n123,Z-1,13.00",
        "stock_num\n123,Z-1,4",
        "sale_price,stock_num\n123,Z-1,13.00,4",
    ] {
        world.write(
            "prices.csv",
            format!("out_product_id,out_sku_id,{columns}\n"),
        );
        refused_with_both(&line(&world, &["price-stock", "prices.csv"], "123"));
        let said = world.run(&["goods", "price-stock", "prices.csv"]);
        assert_eq!(said.code, Some(6), "{}", said.stderr);
        assert!(said.text().contains("00123"), "{}", said.text());
    }
}

#[test]
fn a_sku_in_another_spelling_is_no_new_sku() {
    let world = World::with_goods(&pair("Tea", "12.50", "13.50").replace("P1-S", "=\"007\""));
    let plain = pair("Tea", "12.50", "13.50")
        .replace("P1-S", "7")
        .replace("size=S", "size=M");
    world.write("again.csv", &plain);
    let planned = line(&world, &["upload", "again.csv"], "P1");
    let seen = world.calls().len();
    let said = world.run(&["goods", "upload", "again.csv", "--remove-missing-skus"]);
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    for reason in [
        planned["reason"].to_string(),
        said.text().replace('"', "\\\""),
    ] {
        assert!(
            reason.contains("\\\"7\\\"") && reason.contains("\\\"007\\\""),
            "{reason}"
        );
    }
    assert_eq!(world.writes_since(seen), [""; 0]);
    world.write(
        "prices.csv",
        "out_product_id,out_sku_id,stock_num\nP1,7,4\n",
    );
    assert_eq!(
        world.run(&["goods", "price-stock", "prices.csv"]).code,
        Some(6)
    );
    // Where the product is read, the other spelling is known.
    world.write(
        "prices.csv",
        "out_product_id,out_sku_id,sale_price\nP1,7,12.60\n",
    );
    let said = world.run(&["goods", "price-stock", "prices.csv"]);
    assert_eq!(said.code, Some(6));
    assert!(
        said.text().contains("\"007\", which the shop has"),
        "{}",
        said.text()
    );
}

#[test]
fn a_parcel_goes_to_no_order_that_is_only_spelled_alike() {
    let world = shop();
    world.ok(&create("00081", &["--product", "T", "--count", "2"]));
    world.ok(&["sandbox", "buyer", "pay", "00081"]);
    world.write("t.csv", "订单号,快递公司,运单号\n81,顺丰,SF1\n");
    let said = world.run(&["delivery", "send", "--from", "t.csv"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.text().contains("A2") && said.text().contains("00081"),
        "{}",
        said.text()
    );
    let told = world.refused(
        2,
        &[
            "delivery",
            "send",
            "81",
            "--carrier",
            "顺丰",
            "--waybill",
            "SF1",
        ],
    );
    assert!(told.contains("\"00081\", which the shop has"), "{told}");
    // WeChat's own number, as a spreadsheet leaves it.
    let id = world.json(&["order", "show", "00081"])["id"].clone();
    let id = id.as_str().expect("a number").to_owned();
    let cut = format!("{}1200", &id[..15]);
    world.write("t.csv", format!("订单号,快递公司,运单号\n{cut},顺丰,SF1\n"));
    let said = world.run(&["delivery", "send", "--from", "t.csv"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.text().contains("may have lost its last digits"),
        "{}",
        said.text()
    );
    // A waybill number with a blank in it is followed by nobody.
    world.write("t.csv", "订单号,快递公司,运单号\n'00081,顺丰, SF 123 \n");
    let said = world.run(&["delivery", "send", "--from", "t.csv"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.text().contains("C2 运单号") && said.text().contains("a space in the waybill number"),
        "{}",
        said.text()
    );
    // What is in the parcel is named as the order names it.
    world.write(
        "t.csv",
        "订单号,快递公司,运单号,SKU编号,数量\n'00081,顺丰,SF1,Ｔ - 1,2\n",
    );
    let said = world.run(&["delivery", "send", "--from", "t.csv"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(
        said.text().contains("\"T-1\", which the shop has"),
        "{}",
        said.text()
    );
    assert!(
        !world
            .calls()
            .iter()
            .any(|call| call.path.contains("/delivery/send"))
    );
}
