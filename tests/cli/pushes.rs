//! `sandbox push`: the shop's events arrive at a running receiver as the platform sends them, in every mode, again after
//! failures by the shop's clock, and with the chances that were asked for.

use super::event::{Listening, Target, listen};
use super::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use wxsell::sandbox::{AftersaleRequest, Seed};

/// A shop that has noted `count` events of paid orders, which are not pushed yet.
fn noted(count: usize) -> World {
    let world = World::selling();
    for at in 0..count {
        world.paid(&format!("W{at}"));
    }
    world
}

fn list(world: &World) -> Vec<Value> {
    let listed = world.json(&["sandbox", "push", "list", "--limit", "10000"]);
    listed.as_array().expect("rows").clone()
}

fn states(world: &World) -> Vec<(String, i64)> {
    list(world)
        .iter()
        .map(|event| {
            let state = event["state"].as_str().expect("a state").to_owned();
            (state, event["tries"].as_i64().expect("a number"))
        })
        .collect()
}

fn send_to(world: &World, receiver: &Listening, more: &[&str]) {
    let url = receiver.url();
    world.ok(&[&["sandbox", "push", "to", &url], more].concat());
}

fn stored(world: &World) -> Vec<Value> {
    let stored = world.json(&["event", "list", "--limit", "0"]);
    let mut stored = stored.as_array().expect("rows").clone();
    stored.reverse();
    stored
}

#[test]
fn events_arrive_in_every_mode_and_form() {
    for mode in ["plain", "compatible", "safe"] {
        for body in ["json", "xml"] {
            let world = noted(1);
            let receiver = listen(&world, &["--allow-plain"]);
            send_to(&world, &receiver, &["--mode", mode, "--body", body]);
            let pushed = world.json(&["sandbox", "push", "deliver"]);
            // Two audits and a payment.
            assert_eq!(
                pushed,
                json!({"delivered": 3, "failed": 0, "dropped": 0, "doubled": 0}),
                "{mode} {body}"
            );
            let stored = stored(&world);
            let emitted = list(&world);
            assert_eq!(stored.len(), emitted.len());
            for (stored, emitted) in stored.iter().zip(&emitted) {
                assert_eq!(stored["event"], emitted["event"]);
                assert_eq!(
                    (&stored["mode"], &stored["format"], &stored["created_at"]),
                    (&json!(mode), &json!(body), &emitted["at"])
                );
                assert_eq!(stored["family"], "component");
            }
            let paid = &stored[2]["fields"];
            assert_eq!(
                (&paid["out_order_id"], &paid["amount"]),
                (&json!("W0"), &json!(2300))
            );
            assert!(
                states(&world)
                    .iter()
                    .all(|state| *state == ("delivered".to_owned(), 1))
            );
            // Nothing is sent twice, and what happens from now on leaves by itself.
            assert_eq!(world.json(&["sandbox", "push", "deliver"])["delivered"], 0);
            world.ok(&["sandbox", "buyer", "refund", "W0", "--product", "T1"]);
            assert_eq!(super::pushes::stored(&world).len(), 4);
        }
    }
}

#[test]
fn a_wrong_key_is_refused_and_nowhere_means_nowhere() {
    let world = noted(1);
    let receiver = listen(&world, &["--safe-only"]);
    send_to(&world, &receiver, &["--mode", "plain"]);
    let pushed = world.json(&["sandbox", "push", "deliver"]);
    assert_eq!(
        (&pushed["delivered"], &pushed["failed"]),
        (&json!(0), &json!(3))
    );
    world.ok(&["sandbox", "push", "off"]);
    world.ok(&["sandbox", "advance", "1h"]);
    let pushed = world.json(&["sandbox", "push", "deliver"]);
    assert_eq!(
        (&pushed["delivered"], &pushed["failed"]),
        (&json!(0), &json!(0))
    );
    assert!(stored(&world).is_empty());
    let told = world.refused(2, &["sandbox", "push", "to", "ftp://x/"]);
    assert!(told.contains("http://"), "{told}");
    let told = world.refused(2, &["sandbox", "push", "to", "http://x/", "--drop", "120%"]);
    assert!(told.contains("--drop"), "{told}");
}

/// A shop in which so many buyers asked for a refund just now, without a command that pushes.
fn asked(count: u32) -> World {
    let world = World::new();
    let seed = Seed {
        goods: 5,
        // One in ten is an ordinary order, which has no after-sale.
        orders: count * 5 / 4 + 10,
        aftersales: 0,
        seed: 3,
        status: Some(20),
    };
    let mut shop = world.sandbox();
    shop.seed(&seed).expect("sown");
    let sold = shop.orders().expect("orders").into_iter();
    let controlled: Vec<_> = sold.filter(|sold| sold.order.fund_type == 1).collect();
    assert!(controlled.len() >= count as usize, "{}", controlled.len());
    for order in controlled.into_iter().take(count as usize) {
        let request = AftersaleRequest {
            order: order.out_order_id,
            reason_type: 3,
            reason: "不想要了".into(),
            ..AftersaleRequest::default()
        };
        shop.buyer_refund(&request).expect("opened");
    }
    world
}

/// What the shop noted of them: the state of each, and how often it was tried.
fn requests(world: &World) -> Vec<(String, i64)> {
    let of = |event: &Value| {
        let state = event["state"].as_str().expect("a state").to_owned();
        (state, event["tries"].as_i64().expect("a number"))
    };
    let events = list(world);
    let asked = events
        .iter()
        .filter(|event| event["event"] == "aftersale_new_order");
    asked
        .filter(|event| event["state"] != "past")
        .map(of)
        .collect()
}

/// The seconds of the shop's clock at which a target that is down was tried.
fn tried_at(world: &World, upto: i64) -> Vec<i64> {
    let mut at = Vec::new();
    let mut before = 0;
    let mut shop = world.sandbox();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let client = wxsell::sandbox::push::http().expect("a client");
    let mut clock = 0;
    // A coarse clock is enough where pauses are long.
    while clock <= upto {
        let pushed = runtime.block_on(shop.push_due(&client)).expect("pushed");
        assert_eq!(pushed.delivered, 0);
        for _ in 0..pushed.failed {
            at.push(clock);
        }
        before += pushed.failed;
        let step = if clock < 100 { 5 } else { 30 };
        shop.advance(step).expect("the clock moves");
        clock += step;
    }
    assert_eq!(before, at.len());
    at
}

#[test]
fn who_is_down_is_tried_three_times_or_by_the_schedule_of_the_store() {
    let target = Target::start(500);
    let url = target.url.clone();
    let world = asked(1);
    world.ok(&["sandbox", "push", "to", &url]);
    assert_eq!(requests(&world), [("waiting".to_owned(), 0)]);
    let at = tried_at(&world, 60);
    assert_eq!(at, [0, 5, 10]);
    assert_eq!(requests(&world), [("lost".to_owned(), 3)]);
    let other = asked(1);
    other.ok(&["sandbox", "push", "to", &url, "--store-schedule"]);
    let at = tried_at(&other, 14_000);
    // Three at once, then after 10 s, 1 min, 5 min, 30 min, and three hours.
    let expected = [0, 0, 0, 10, 70, 370, 2170, 5770, 9370, 12970];
    assert_eq!(at.len(), expected.len(), "{at:?}");
    // The clock is moved by 30 seconds at a time.
    for (at, expected) in at.iter().zip(expected) {
        assert!((0..=120).contains(&(at - expected)), "{at} for {expected}");
    }
    assert_eq!(requests(&other), [("lost".to_owned(), 10)]);
    // One that comes back in time gets it.
    let late = asked(1);
    late.ok(&["sandbox", "push", "to", &url]);
    assert_eq!(late.json(&["sandbox", "push", "deliver"])["failed"], 1);
    target.status.store(200, Ordering::SeqCst);
    late.ok(&["sandbox", "advance", "5s"]);
    assert_eq!(requests(&late), [("delivered".to_owned(), 2)]);
}

/// Pushes 250 events, more than are taken at once, with these chances; gives what came of each, and the orders as the
/// receiver got them.
fn by_chance(chances: &[&str]) -> (Value, Vec<(String, i64)>, World, Listening) {
    let world = asked(250);
    let receiver = listen(&world, &["--allow-plain"]);
    send_to(&world, &receiver, chances);
    let pushed = world.json(&["sandbox", "push", "deliver"]);
    let requests = requests(&world);
    (pushed, requests, world, receiver)
}

fn count(requests: &[(String, i64)]) -> BTreeMap<&str, usize> {
    let mut count = BTreeMap::new();
    for (state, _) in requests {
        *count.entry(state.as_str()).or_default() += 1;
    }
    count
}

/// How often each order was pushed, in the order of arrival.
fn arrived(world: &World) -> Vec<(String, i64)> {
    let of = |event: &Value| {
        let order = event["fields"]["out_order_id"].as_str().expect("a number");
        (order.to_owned(), event["seen"].as_i64().expect("a number"))
    };
    stored(world).iter().map(of).collect()
}

#[test]
fn chance_is_the_same_for_the_same_seed() {
    let all = [
        "--drop",
        "10%",
        "--double",
        "10%",
        "--reorder",
        "10%",
        "--corrupt",
        "10%",
        "--delay",
        "10%",
        "--seed",
    ];
    let (pushed, requests, world, _receiver) = by_chance(&[&all[..], &["5"]].concat());
    let (again, same, other_world, _other) = by_chance(&[&all[..], &["5"]].concat());
    assert_eq!((&pushed, &requests), (&again, &same));
    assert_eq!(arrived(&world), arrived(&other_world));
    let (_, different, _, _third) = by_chance(&[&all[..], &["6"]].concat());
    assert_ne!(requests, different);
    let count = count(&requests);
    // What was damaged, and what is late, waits.
    for state in ["dropped", "doubled", "reordered", "waiting", "delivered"] {
        assert!(
            count.get(state).is_some_and(|count| *count > 5),
            "{count:?}"
        );
    }
}

#[test]
fn what_is_dropped_never_comes_and_what_is_doubled_comes_twice() {
    let (pushed, requests, world, _receiver) = by_chance(&["--drop", "20%", "--double", "20%"]);
    world.ok(&["sandbox", "advance", "1d"]);
    let count = count(&requests);
    assert_eq!(
        (&pushed["dropped"], &pushed["doubled"], &pushed["failed"]),
        (
            &json!(count["dropped"]),
            &json!(count["doubled"]),
            &json!(0)
        )
    );
    let arrived = arrived(&world);
    assert_eq!(arrived.len(), 250 - count["dropped"]);
    let twice = arrived.iter().filter(|(_, seen)| *seen == 2).count();
    assert_eq!(twice, count["doubled"]);
    assert!(arrived.iter().all(|(_, seen)| (1..=2).contains(seen)));
}

#[test]
fn what_is_reordered_changes_places_with_the_next() {
    let (_, _, plain, _receiver) = by_chance(&[]);
    let (_, requests, mixed, _other) = by_chance(&["--reorder", "20%"]);
    let order = |world: &World| -> Vec<String> {
        arrived(world).into_iter().map(|(order, _)| order).collect()
    };
    let (plain, mixed) = (order(&plain), order(&mixed));
    assert!(count(&requests)["reordered"] > 10);
    assert_ne!(plain, mixed);
    for (at, order) in plain.iter().enumerate() {
        let now = mixed
            .iter()
            .position(|other| other == order)
            .expect("it came");
        assert!(at.abs_diff(now) <= 1, "{order} went from {at} to {now}");
    }
}

#[test]
fn what_is_damaged_is_refused_counted_and_comes_whole_later() {
    for (mode, body) in [("safe", "json"), ("safe", "xml"), ("plain", "json")] {
        let chances = ["--corrupt", "20%", "--mode", mode, "--body", body];
        let (pushed, requests, world, _receiver) = by_chance(&chances);
        // On a slow machine some come again, five seconds later, before all have been sent once.
        let waiting = requests.iter().filter(|(state, _)| state == "waiting");
        let waiting = waiting.count();
        let damaged = usize::try_from(pushed["failed"].as_u64().expect("a number"));
        let damaged = damaged.expect("a few");
        assert!(damaged > 10 && waiting > 0 && waiting <= damaged);
        assert_eq!(pushed["delivered"], json!(250 - waiting));
        super::event::until(|| {
            let stats = world.json(&["event", "stats"]);
            let refused = stats
                .as_array()
                .expect("rows")
                .iter()
                .find(|row| row["kind"] == "refused");
            refused.is_some_and(|row| row["name"] == "malformed" && row["count"] == json!(damaged))
        });
        assert_eq!(arrived(&world).len(), 250 - waiting);
        world.ok(&["sandbox", "advance", "5s"]);
        assert_eq!(arrived(&world).len(), 250);
        let after = self::requests(&world);
        let corrupted = after
            .iter()
            .filter(|state| **state == ("corrupted".to_owned(), 2));
        assert_eq!(corrupted.count(), damaged);
    }
}

#[test]
fn what_is_late_comes_by_the_clock_of_the_shop() {
    let (pushed, requests, world, _receiver) = by_chance(&["--delay", "100%", "--late", "10m"]);
    assert_eq!(pushed["delivered"], 0);
    assert!(
        requests
            .iter()
            .all(|state| *state == ("waiting".to_owned(), 0))
    );
    world.ok(&["sandbox", "advance", "9m"]);
    assert!(arrived(&world).is_empty());
    world.ok(&["sandbox", "advance", "61s"]);
    assert_eq!(arrived(&world).len(), 250);
    assert_eq!(count(&self::requests(&world))["late"], 250);
}
