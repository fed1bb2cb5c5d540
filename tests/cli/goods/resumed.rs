//! Lists and exports of products that broke off go on where they were.

use crate::cli::altered::Altered;
use crate::cli::world::World;
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const LIST: &str = "/shop/spu/get_list";

/// A shop of 1,050 products, eleven pages, whose last is refused while `broken` is set, with the number of pages that
/// were asked for.
fn breaking(world: &World) -> (Altered, Arc<AtomicBool>, Arc<AtomicUsize>) {
    let seed = [
        "sandbox",
        "seed",
        "--goods",
        "1050",
        "--orders",
        "0",
        "--aftersales",
        "0",
    ];
    world.ok(&seed);
    let broken = Arc::new(AtomicBool::new(true));
    let pages = Arc::new(AtomicUsize::new(0));
    let (is_broken, asked) = (broken.clone(), pages.clone());
    let shop = world.altered(move |path, request, reply| {
        if path != LIST {
            return;
        }
        asked.fetch_add(1, Ordering::SeqCst);
        if request["page"] == 11 && is_broken.load(Ordering::SeqCst) {
            *reply = json!({"errcode": 48001, "errmsg": "api unauthorized"});
        }
    });
    (shop, broken, pages)
}

fn rows(list: &Value) -> Vec<&str> {
    let rows = list.as_array().expect("a list").iter();
    rows.map(|row| row["out_product_id"].as_str().expect("a number"))
        .collect()
}

/// How many pages may be asked for when a list that broke off goes on: the first one again, which says whether the shop
/// is as it was, and those that had not come. Four are asked for at once, so that up to three others were under way when
/// one was refused; they may still be counted after the program has ended.
fn pages_left(words: &str) -> RangeInclusive<usize> {
    let (before, _) = words.split_once(" products were read").expect("how many");
    let number = before
        .rsplit(|letter: char| !letter.is_ascii_digit() && letter != ',')
        .next();
    let read: usize = number
        .unwrap_or_default()
        .replace(',', "")
        .parse()
        .unwrap_or_else(|_| panic!("{words}"));
    assert_eq!(read % 100, 0, "{words}");
    assert!((700..=1000).contains(&read), "{words}");
    let left = 12 - read / 100;
    left..=left + 3
}

#[test]
fn a_list_that_broke_off_goes_on_where_it_was() {
    let world = World::new();
    let (shop, broken, pages) = breaking(&world);
    let refused = shop.run(&world, &["goods", "list", "--format", "json"]);
    assert_ne!(refused.code, Some(0));
    assert!(
        refused.stderr.contains("products were read"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("--resume"), "{}", refused.stderr);
    broken.store(false, Ordering::SeqCst);
    pages.store(0, Ordering::SeqCst);
    let (resumed, words) = shop.json(&world, 0, &["goods", "list", "--resume"]);
    assert!(words.contains("continuing the list of"), "{words}");
    let read = pages.swap(0, Ordering::SeqCst);
    let left = pages_left(&refused.stderr);
    assert!(
        left.contains(&read),
        "{read} of {left:?}: {}",
        refused.stderr
    );
    let (whole, _) = shop.json(&world, 0, &["goods", "list"]);
    assert_eq!(pages.swap(0, Ordering::SeqCst), 11);
    assert_eq!(rows(&resumed), rows(&whole));
    assert_eq!(resumed, whole);
    // It ended, so that nothing is left to go on with.
    let (_, words) = shop.json(&world, 0, &["goods", "list", "--resume"]);
    assert!(words.contains("reading everything"), "{words}");
    assert_eq!(pages.load(Ordering::SeqCst), 11);
}

#[test]
fn an_export_goes_on_with_what_was_read_and_not_where_the_shop_has_changed() {
    let world = World::new();
    let (shop, broken, pages) = breaking(&world);
    let breaks = || {
        broken.store(true, Ordering::SeqCst);
        let refused = shop.run(&world, &["goods", "export", "all.csv"]);
        assert_ne!(refused.code, Some(0));
        assert!(!world.file("all.csv").exists());
        broken.store(false, Ordering::SeqCst);
        pages.store(0, Ordering::SeqCst);
        pages_left(&refused.stderr)
    };
    let left = breaks();
    let (exported, _) = shop.json(&world, 0, &["goods", "export", "all.csv", "--resume"]);
    assert_eq!(exported["products"], 1050);
    let read = pages.load(Ordering::SeqCst);
    assert!(left.contains(&read), "{read} of {left:?}");
    std::fs::remove_file(world.file("all.csv")).expect("it goes");
    breaks();
    world.sample("catalog.csv");
    world.ok(&["goods", "upload", "catalog.csv"]);
    let (exported, _) = shop.json(&world, 0, &["goods", "export", "all.csv", "--resume"]);
    assert!(exported["products"].as_u64() > Some(1050), "{exported}");
    assert!(pages.load(Ordering::SeqCst) > 11, "all of it is read again");
}

#[test]
fn a_list_of_a_store_reads_no_product_twice() {
    let world = World::new();
    world.ok(&["sandbox", "seed", "--goods", "60", "--family", "store"]);
    let (broken, asked) = (
        Arc::new(AtomicBool::new(true)),
        Arc::new(AtomicUsize::new(0)),
    );
    let (is_broken, count) = (broken.clone(), asked.clone());
    let shop = world.altered(move |path, _, reply| {
        if path == "/channels/ec/product/get" {
            let before = count.fetch_add(1, Ordering::SeqCst);
            if before >= 40 && is_broken.load(Ordering::SeqCst) {
                *reply = json!({"errcode": 48001, "errmsg": "api unauthorized"});
            }
        }
    });
    let refused = shop.run_store(&world, &["goods", "list", "--format", "json"]);
    assert_ne!(refused.code, Some(0));
    assert!(refused.stderr.contains("--resume"), "{}", refused.stderr);
    broken.store(false, Ordering::SeqCst);
    asked.store(0, Ordering::SeqCst);
    let resumed = shop.run_store(&world, &["goods", "list", "--resume", "--format", "json"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    let read = asked.swap(0, Ordering::SeqCst);
    assert!((20..=28).contains(&read), "{read}");
    let whole = shop.run_store(&world, &["goods", "list", "--format", "json"]);
    assert_eq!(asked.load(Ordering::SeqCst), 60);
    assert_eq!(resumed.json(), whole.json());
}
