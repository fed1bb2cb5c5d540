//! `event verify`: what was lost on the way is named, and nothing else; what is made of it is made once.

use super::event::{Listening, Target, listen, until};
use super::world::{World, said};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::time::Instant;
use wxsell::push::{Format, Mode};
use wxsell::sandbox::push::{Noted, PushTo, Pushed, http};
use wxsell::sandbox::{AftersaleRequest, Seed};

/// Events that the shop pushes and that no record proves.
const UNPROVED: &[&str] = &[
    // The order tells that everything went back, not who ended it nor when.
    "open_product_order_cancel",
    // The after-sale looks as if the merchant had agreed.
    "aftersale_merchant_handle_refund_overdue",
];

/// Sends the shop's events to a receiver, in a box of chance.
fn to(receiver: &Listening, drop: u16, double: u16) -> PushTo {
    PushTo {
        url: receiver.url(),
        mode: Mode::Safe,
        format: Format::Json,
        store_schedule: false,
        seed: 7,
        drop,
        double,
        reorder: 0,
        corrupt: 0,
        delay: 0,
        delay_seconds: 0,
    }
}

fn deliver(world: &World) -> Pushed {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut shop = world.sandbox();
    runtime
        .block_on(async { shop.push_due(&http().expect("a client")).await })
        .expect("pushed")
}

/// Event and number of one that the shop noted.
fn named(noted: &Noted) -> (String, String) {
    let block = noted.fields.as_object().expect("fields").values().next();
    let block = block.expect("a block");
    let number = [
        "aftersale_id",
        "order_id",
        "complaint_order_id",
        "product_id",
    ]
    .iter()
    .find_map(|name| block[*name].as_i64())
    .expect("a number");
    (noted.event.clone(), number.to_string())
}

fn rows(said: &super::world::Said) -> Vec<(String, String)> {
    let rows = said.json();
    let text = |row: &Value, name: &str| row[name].as_str().expect("text").to_owned();
    rows.as_array()
        .expect("rows")
        .iter()
        .map(|row| (text(row, "event"), text(row, "number")))
        .collect()
}

const VERIFY: [&str; 8] = [
    "event", "verify", "--since", "60h", "--until", "0s", "--format", "json",
];

/// A shop with so many after-sales, the half of which WeChat refunds when the merchant's time is over; one in twenty
/// events is lost, one in twenty comes twice.
#[expect(clippy::print_stderr, reason = "figures for who runs it by hand")]
fn lost_and_doubled(count: u32) {
    let started = Instant::now();
    let world = World::new();
    let receiver = listen(&world, &[]);
    let mut shop = world.sandbox();
    let seed = Seed {
        goods: 20,
        // One in ten is an ordinary order, which has no after-sale.
        orders: count * 5 / 4 + 10,
        aftersales: 0,
        seed: 1,
        status: Some(20),
    };
    shop.seed(&seed).expect("sown");
    let sold = shop.orders().expect("orders").into_iter();
    let orders: Vec<String> = sold
        .filter(|sold| sold.order.fund_type == 1)
        .map(|sold| sold.out_order_id)
        .take(count as usize)
        .collect();
    assert_eq!(orders.len(), count as usize);
    let mut refund = |order: &String| {
        let request = AftersaleRequest {
            order: order.clone(),
            reason_type: 3,
            reason: "不想要了".into(),
            ..AftersaleRequest::default()
        };
        shop.buyer_refund(&request).expect("opened");
    };
    let (early, late) = orders.split_at(orders.len() / 2);
    early.iter().for_each(&mut refund);
    world.sandbox().advance(47 * 3600).expect("two days");
    late.iter().for_each(&mut refund);
    world.sandbox().advance(3 * 3600).expect("the time is over");
    let before = world.sandbox().events(usize::MAX).expect("events");
    let sown = before.iter().filter(|event| event.state == "past").count();
    world
        .sandbox()
        .push_to(Some(to(&receiver, 50, 50)))
        .expect("an address");
    let made = started.elapsed();
    let started = Instant::now();
    let pushed = deliver(&world);
    let delivered = started.elapsed();
    assert_eq!(pushed.failed, 0);
    assert!(pushed.dropped > 0 && pushed.doubled > 0, "{pushed:?}");
    let events = world.sandbox().events(usize::MAX).expect("events");
    let told = events.iter().skip(sown);
    let expected: BTreeSet<(String, String)> = told
        .filter(|event| event.state == "dropped" && !UNPROVED.contains(&event.event.as_str()))
        .map(named)
        .collect();
    let started = Instant::now();
    // Orders were paid before anybody listened: what is asked about begins with the first after-sale.
    let found = world.run(&VERIFY);
    let verified = started.elapsed();
    let found: BTreeSet<(String, String)> = rows(&found)
        .into_iter()
        .filter(|(event, _)| event != "open_product_order_pay")
        .collect();
    eprintln!(
        "{count} after-sales, {} events: {pushed:?}; {} lost ones that a record proves, {} named; made in {made:?}, pushed in {delivered:?}, verified in {verified:?}",
        events.len() - sown,
        expected.len(),
        found.len(),
    );
    assert!(!expected.is_empty());
    assert_eq!(found, expected);
}

#[test]
fn every_lost_event_that_a_record_proves_is_named_and_no_other() {
    lost_and_doubled(100);
}

#[test]
#[ignore = "measures: 2,000 after-sales"]
fn every_lost_event_of_a_large_shop_is_named_and_no_other() {
    lost_and_doubled(2_000);
}

/// A shop whose receiver lost everything: a paid order, a refund that was asked for, changed and cancelled.
fn silent() -> (World, String) {
    let world = World::selling();
    world.paid("W1");
    // What is missing is told in the order of its times.
    world.ok(&["sandbox", "advance", "1m"]);
    let number = world.opened(&["refund", "W1", "--product", "T1", "--amount", "12.34"]);
    world.ok(&["sandbox", "advance", "1h"]);
    (world, number)
}

#[test]
fn what_is_missing_is_made_once_handed_on_and_known_when_it_comes() {
    let (world, number) = silent();
    let target = Target::start(200);
    let found = world.run(&VERIFY);
    assert_eq!(found.code, Some(8), "{}", found.stderr);
    let named = rows(&found);
    let events: Vec<&str> = named.iter().map(|(event, _)| event.as_str()).collect();
    assert_eq!(
        events,
        [
            "open_product_spu_audit",
            "open_product_spu_audit",
            "open_product_order_pay",
            "aftersale_new_order"
        ]
    );
    assert!(found.stderr.contains("\"exit_code\":8"), "{}", found.stderr);
    let row = &found.json()[3];
    assert_eq!(
        (&row["number"], &row["synthesised"], &row["object"]),
        (&json!(number), &json!(null), &json!("aftersale"))
    );
    let dry = world.run(&[&VERIFY[..], &["--repair", "--dry-run"]].concat());
    assert_eq!(dry.code, Some(8), "{}", dry.stderr);
    assert_eq!(world.json(&["event", "list"]), json!([]));
    let repair = [&VERIFY[..], &["--repair", "--forward-to", &target.url]].concat();
    let made = world.run(&repair);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let ids: Vec<i64> = made
        .json()
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["synthesised"].as_i64())
        .collect();
    assert_eq!(ids, [1, 2, 3, 4]);
    let mut taken = target.ids();
    taken.sort_unstable();
    assert_eq!(taken, ids);
    let heads = target.heads.lock().expect("not poisoned").clone();
    assert!(
        heads
            .iter()
            .all(|head| head.contains("x-wxsell-synthesised: 1")),
        "{heads:?}"
    );
    let told = target.taken.lock().expect("not poisoned").clone();
    let told = told.iter().find(|event| event["id"] == 4).expect("it came");
    assert_eq!(
        (
            &told["origin"],
            &told["fields"]["aftersale_id"],
            &told["seen"]
        ),
        (&json!("synthesised"), &json!(number), &json!(0))
    );
    // Once more: nothing is missing, nothing is made, nothing is sent.
    let again = world.run(&repair);
    assert_eq!((again.code, again.json()), (Some(0), json!([])));
    assert_eq!(target.ids().len(), 4);
    let shown = world.ok(&[
        "event",
        "list",
        "--event",
        "aftersale_new_order",
        "--number",
        &number,
    ]);
    assert!(shown.contains("(synthesised)"), "{shown}");
    // The true ones come after all, one of them some seconds off, and are their repetitions.
    let receiver = listen(&world, &["--forward-to", &target.url]);
    world.ok(&["sandbox", "push", "to", &receiver.url()]);
    world.ok(&["sandbox", "push", "deliver"]);
    let event = world.json(&["event", "show", "4"]);
    assert_eq!(
        (&event["seen"], &event["origin"]),
        (&json!(1), &json!("synthesised"))
    );
    let at = event["created_at"].as_str().expect("a time");
    let at: jiff::Timestamp = at.parse().expect("a time");
    let off = |number: &str, seconds: i64| {
        json!({"ToUserName": "gh_0", "FromUserName": "o1", "CreateTime": at.as_second() + seconds, "MsgType": "event",
            "Event": "aftersale_new_order", "aftersale_info": {"aftersale_id": number}})
    };
    assert_eq!(receiver.push(&off(&number, 2)).0, 200);
    // One that came already is not the true one of a second.
    assert_eq!(
        world.json(&["event", "list"]).as_array().map(Vec::len),
        Some(5)
    );
    assert_eq!(receiver.push(&off("77", 2)).0, 200);
    until(|| target.ids().contains(&6));
    let head = target.heads.lock().expect("not poisoned").last().cloned();
    assert!(!head.expect("a head").contains("x-wxsell-synthesised"));
}

#[test]
fn a_true_event_with_another_second_is_known_as_the_one_that_was_made() {
    let (world, number) = silent();
    world.run(&[&VERIFY[..], &["--repair"]].concat());
    let made = world.json(&[
        "event",
        "list",
        "--event",
        "aftersale_new_order",
        "--number",
        &number,
    ]);
    assert_eq!(
        (&made[0]["seen"], &made[0]["forward"], &made[0]["mode"]),
        (&json!(0), &json!("pending"), &json!("safe"))
    );
    let at: jiff::Timestamp = made[0]["created_at"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("a time");
    let receiver = listen(&world, &[]);
    let late = |seconds: i64| {
        receiver.push(&json!({"ToUserName": "gh_0", "CreateTime": at.as_second() + seconds, "MsgType": "event",
            "Event": "aftersale_new_order", "aftersale_info": {"aftersale_id": number}}))
    };
    assert_eq!(late(3).0, 200);
    let known = world.json(&[
        "event",
        "list",
        "--event",
        "aftersale_new_order",
        "--number",
        &number,
    ]);
    assert_eq!(known.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&known[0]["seen"], &known[0]["id"]),
        (&json!(1), &made[0]["id"])
    );
    // Its repetition has the second of the true one.
    assert_eq!(late(3).0, 200);
    let again = world.json(&[
        "event",
        "list",
        "--event",
        "aftersale_new_order",
        "--number",
        &number,
    ]);
    assert_eq!(again[0]["seen"], 2);
    // An hour off is another event.
    assert_eq!(late(3_600).0, 200);
    let other = world.json(&[
        "event",
        "list",
        "--event",
        "aftersale_new_order",
        "--number",
        &number,
    ]);
    assert_eq!(other.as_array().map(Vec::len), Some(2));
}

#[test]
fn only_what_a_record_proves_is_claimed() {
    let world = World::selling();
    let target = Target::start(200);
    world.shipped("W1");
    world.with_address();
    // Agreed by the merchant, sent back, refunded: the merchant's steps are not pushed.
    let sent = world.opened(&["return", "W1", "--product", "T1"]);
    world.ok(&[
        "aftersale",
        "accept-return",
        &sent,
        "--address",
        "address.json",
    ]);
    world.ok(&["sandbox", "buyer", "ship-back", &sent]);
    world.ok(&["aftersale", "accept-refund", &sent]);
    // Refused, and closed when the buyer did nothing.
    let closed = world.opened(&["refund", "W1", "--product", "T2"]);
    world.ok(&["aftersale", "reject", &closed]);
    world.ok(&["sandbox", "advance", "8d"]);
    // Disputed.
    world.paid("W2");
    let judged = world.opened(&["refund", "W2", "--product", "T2"]);
    world.ok(&["aftersale", "reject", &judged]);
    let dispute = world.opened(&["dispute", &judged]);
    world.ok(&["sandbox", "dispute", "ask", &dispute]);
    let found = world.run(&[
        "event", "verify", "--since", "20d", "--until", "0s", "--format", "json",
    ]);
    let named = rows(&found);
    // The shop counts each kind of thing for itself.
    let of = |number: &str| -> Vec<&str> {
        let own = named
            .iter()
            .filter(|(event, of)| of == number && !event.starts_with("open_product"));
        let mut own: Vec<&str> = own.map(|(event, _)| event.as_str()).collect();
        own.sort_unstable();
        own
    };
    let (dispute, steps): (Vec<&str>, Vec<&str>) = of(&dispute)
        .into_iter()
        .partition(|event| *event == "complaint_notify");
    assert_eq!(dispute.len(), 2, "{steps:?}");
    let of = |number: &str| -> Vec<&str> {
        let own = of(number).into_iter();
        own.filter(|event| *event != "complaint_notify").collect()
    };
    assert_eq!(
        of(&sent),
        [
            "aftersale_new_order",
            "aftersale_refund_success",
            "aftersale_wait_merchant_confirm_receipt"
        ]
    );
    assert_eq!(
        of(&closed),
        [
            "aftersale_new_order",
            "aftersale_user_apply_platform_judge_overdue"
        ]
    );
    assert_eq!(of(&judged), ["aftersale_new_order"]);
    // Each that is named was pushed by the shop, with this number: nothing is made up.
    let events = world.sandbox().events(usize::MAX).expect("events");
    let emitted: BTreeSet<(String, String)> = events.iter().map(self::named).collect();
    for row in &named {
        assert!(emitted.contains(row), "{row:?} was never pushed");
    }
    // What is made for them is what the shop would have pushed, field by field, beside what no record holds.
    let repair = [
        "event",
        "verify",
        "--since",
        "20d",
        "--until",
        "0s",
        "--repair",
        "--forward-to",
        &target.url,
    ];
    world.ok(&repair);
    let receiver = listen(&world, &[]);
    world.ok(&["sandbox", "push", "to", &receiver.url()]);
    world.ok(&["sandbox", "push", "deliver"]);
    let stored = world.json(&["event", "list", "--limit", "0"]);
    let stored = stored.as_array().expect("rows");
    let made: Vec<&Value> = stored
        .iter()
        .filter(|event| event["origin"] == "synthesised")
        .collect();
    assert_eq!(made.len(), named.len());
    for event in made {
        assert_eq!(event["seen"], 1, "the true one came: {event}");
    }
}

/// The platform may name an object by the merchant's number alone.
#[test]
fn an_event_that_names_only_the_merchants_number_is_found() {
    let (world, _) = silent();
    let receiver = listen(&world, &[]);
    let paid = json!({"ToUserName": "gh_0", "CreateTime": 5, "MsgType": "event", "Event": "open_product_order_pay",
        "order_info": {"out_order_id": "W1"}});
    assert_eq!(receiver.push(&paid).0, 200);
    let found = rows(&world.run(&VERIFY));
    assert!(
        found
            .iter()
            .all(|(event, _)| event != "open_product_order_pay"),
        "{found:?}"
    );
    assert_eq!(found.len(), 3);
}

#[test]
fn wrong_times_and_a_target_without_repair_are_refused() {
    let world = World::new();
    let told = world.refused(2, &["event", "verify", "--until", "2d"]);
    assert!(told.contains("--since is later than --until"), "{told}");
    let told = world.refused(2, &["event", "verify", "--since", "soon"]);
    assert!(told.contains("2022-04-01 12:00:00"), "{told}");
    let told = world.refused(2, &["event", "verify", "--exec", "cat"]);
    assert!(told.contains("--repair"), "{told}");
    let none = world.run(&VERIFY);
    assert_eq!((none.code, none.json()), (Some(0), json!([])));
}

#[test]
fn what_cannot_be_handed_on_is_told_and_waits() {
    let (world, _) = silent();
    let target = Target::start(500);
    let repair = [&VERIFY[..], &["--repair", "--forward-to", &target.url]].concat();
    let told = world.run(&repair);
    assert_eq!(told.code, Some(6), "{}", told.stderr);
    assert!(told.stderr.contains("still wait"), "{}", told.stderr);
    target
        .status
        .store(200, std::sync::atomic::Ordering::SeqCst);
    let again = world.run(&repair);
    assert_eq!(
        (again.code, again.json()),
        (Some(0), json!([])),
        "{}",
        again.stderr
    );
    assert_eq!(target.ids().len(), 4);
    // Nobody else may hand on at the same time.
    let _receiver = listen(&world, &["--forward-to", &target.url]);
    let busy = world.run(&repair);
    assert_eq!(busy.code, Some(2), "{}", busy.stderr);
}

#[test]
fn several_shops_are_looked_at_together_and_one_that_fails_is_named() {
    let (world, number) = silent();
    let other = Target::start(404);
    let mut server = world
        .command(&["sandbox", "serve", "--port", "0", "--format", "ndjson"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mut line = String::new();
    let pipe = server.stdout.take().expect("a pipe");
    BufReader::new(pipe).read_line(&mut line).expect("a line");
    let serving: Value = serde_json::from_str(&line).expect("JSON");
    let text = |name: &str| serving[name].as_str().expect("text").to_owned();
    let shop = |name: &str, url: &str| {
        format!(
            "[profile.{name}]\nappid = \"{}\"\nbase_url = \"{url}\"\nsecret = \"process\"\ncredential_process = [\"/bin/echo\", \"{}\"]\n",
            text("appid"),
            text("secret")
        )
    };
    let settings = [
        shop("tea", &text("base_url")),
        shop("rice", other.url.trim_end_matches("/in")),
    ];
    world.configure(&settings.concat());
    let verify = |more: &[&str]| {
        // The profile has the clock of this machine, and the shop's is two hours ahead.
        let all = [
            "--profile",
            "all",
            "event",
            "verify",
            "--since",
            "3h",
            "--until",
            "2099-01-01",
            "--format",
            "json",
        ];
        let mut command = world.plain_command(&[&all[..], more].concat());
        said(command.env(wxsell::clock::VARIABLE, world.file("waits")))
    };
    let found = verify(&[]);
    let made = verify(&["--repair"]);
    let again = verify(&[]);
    server.kill().expect("it ends");
    server.wait().expect("it ends");
    assert_eq!(found.code, Some(8), "{}", found.stderr);
    assert!(
        found.stderr.contains("rice could not be read"),
        "{}",
        found.stderr
    );
    let row = found.json();
    let row = row
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["event"] == "aftersale_new_order");
    let row = row.expect("the after-sale");
    assert_eq!(
        (&row["shop"], &row["number"]),
        (&json!("tea"), &json!(number))
    );
    // What could be read is repaired; that not all could is told.
    assert_eq!(made.code, Some(6), "{}", made.stderr);
    assert_eq!(
        made.json().as_array().map(Vec::len),
        found.json().as_array().map(Vec::len)
    );
    assert_eq!(
        (again.code, again.json()),
        (Some(6), json!([])),
        "{}",
        again.stderr
    );
}

#[test]
fn cancelled_orders_of_which_nothing_is_known_are_counted() {
    let world = World::selling();
    world.ordered("W1");
    world.ordered("W2");
    world.ok(&["order", "close", "W1"]);
    assert_eq!(
        world.json(&["order", "show", "W1"])["state"],
        json!("cancelled")
    );
    let found = world.run(&VERIFY);
    assert!(
        found
            .stderr
            .contains("cancelled orders (250) without an event: 1; their records do not tell"),
        "{}",
        found.stderr
    );
    let named = rows(&found);
    assert!(
        !named
            .iter()
            .any(|(event, _)| event == "open_product_order_cancel"),
        "{named:?}"
    );
}
