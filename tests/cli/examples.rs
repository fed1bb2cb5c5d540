//! Every example of the help runs as it stands: each on a twin of one shop in which the things that examples name are
//! there, in the states that the examples need.

use super::world::{Said, World, said};
use crate::words::words;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use wxsell::cli::help::all_examples;

/// They end only when somebody ends them, or ask somebody.
const ENDLESS: [&str; 6] = [
    "event listen",
    "event tail",
    "sandbox serve",
    "funds qrcode check TICKET --wait",
    "status --watch",
    "auth login",
];

/// They need a second account, a receiver that listens, or the network. Each is run with those by tests of its own.
const ELSEWHERE: [&str; 12] = [
    "provider ",
    "sandbox provider ",
    "callback check",
    "rid show",
    "auth push-key",
    "auth doctor --profile",
    "auth logout --profile",
    "event trigger",
    "event replay 1 --to",
    "event decrypt",
    "due --profile all",
    "funds bank-account set --file",
];

/// What comes before an example, where the one shop is not in the state for it.
const BEFORE: [(&str, &[&str]); 11] = [
    ("access apply", &["sandbox reset --bare"]),
    (
        "sandbox admin sign",
        &["sandbox reset --bare", "access apply"],
    ),
    (
        "sandbox withdrawal confirm",
        &["sandbox withdrawal scan WITHDRAWAL"],
    ),
    (
        "sandbox withdrawal fail",
        &[
            "sandbox withdrawal scan WITHDRAWAL",
            "sandbox withdrawal confirm WITHDRAWAL",
        ],
    ),
    (
        "sandbox withdrawal return",
        &[
            "sandbox withdrawal scan WITHDRAWAL",
            "sandbox withdrawal confirm WITHDRAWAL",
            "sandbox advance 3h",
        ],
    ),
    (
        "sandbox buyer cancel-pick-up",
        &["sandbox buyer ship-back 3302645279677080069"],
    ),
    ("sandbox merchant thaw", &["sandbox merchant freeze"]),
    ("sandbox access lift", &["sandbox access ban"]),
    (
        "sandbox dispute ask",
        &["dispute respond 3302645289677080001 --text 已发货"],
    ),
    (
        "sandbox buyer evidence",
        &[
            "dispute respond 3302645289677080001 --text 已发货",
            "sandbox dispute ask 3302645289677080001 --of buyer",
        ],
    ),
    ("pay share", &["sandbox advance 7d"]),
];

/// Examples that this shop refuses, since it is past the step that they are: with which exit code.
const PAST: [(&str, i32); 21] = [
    ("category application 300001", 1),
    ("category withdraw", 1),
    ("brand withdraw", 1),
    ("brand remove", 1),
    ("flash-sale add", 1),
    ("flash-sale update", 1),
    ("flash-sale stop", 1),
    ("flash-sale remove", 1),
    ("access scene", 1),
    ("sandbox admin verify", 2),
    ("sandbox merchant pass", 2),
    ("sandbox merchant reject", 2),
    ("sandbox scene", 2),
    ("sandbox buyer proof", 2),
    ("sandbox dispute proof", 2),
    ("aftersale deadline", 9),
    ("aftersale return-address", 1),
    ("order pay W1010", 1),
    ("sharer unbind", 6),
    ("merchant apply --file", 2),
    ("promoter message show", 1),
];

/// What examples of a dry run end with is no refusal of the shop; nor are these: something is due, or never came.
const WELL: [i32; 3] = [0, 7, 8];

fn run(world: &World, line: &str) -> Said {
    let args = words(&format!("{line} --yes"));
    let args: Vec<&str> = args.iter().filter_map(|word| word.to_str()).collect();
    let mut command = world.plain_command(&args);
    command
        .env("WXSELL_PROFILE", "sandbox")
        .env("HOME", world.file("."))
        .env("SHELL", "/bin/bash");
    said(&mut command)
}

/// The shop, and what stands in examples for numbers that it gave itself.
fn shop() -> (World, Vec<(&'static str, String)>) {
    let world = World::new();
    world.sample("catalog.xlsx");
    let picture = std::fs::read(world.file("images/TEA-1005.png")).expect("a picture");
    for name in [
        "tea.png",
        "proof.png",
        "proof.jpg",
        "photo.jpg",
        "permit.png",
        "license.png",
        "photos/1.jpg",
        "photos/2.jpg",
    ] {
        world.write(name, &picture);
    }
    std::fs::rename(world.file("catalog.xlsx"), world.file("shop.xlsx")).expect("renamed");
    world.write("address.json", r#"{"receiver_name": "李四", "tel_number": "13800000000", "province": "广东省", "city": "广州市", "town": "天河区", "detailed_address": "示例路 1 号"}"#);
    world.write("answer.txt", "商品已发货并签收");
    world.write(
        "parcels.csv",
        "订单号,快递公司,运单号\nW1001,顺丰,SF1000000000001\n",
    );
    world.write(
        "prices.csv",
        "out_product_id,out_sku_id,sale_price\nTEA-1005,TEA-1005-100,42.90\n",
    );
    world.write(
        "staff.csv",
        "openid,role\noExampleClerk000000000000003,门店导购\n",
    );
    world.write(
        "policy.toml",
        "[limits]\nper_day = \"20.00\"\n\n[[rule]]\nname = \"small-refunds\"\ntype = \"refund\"\nup_to = \"12.00\"\nreasons = [\"mistake\", \"quality\"]\naction = \"accept\"\n",
    );
    let ok = |line: &str| {
        let said = run(&world, line);
        let well = said.code.is_some_and(|code| WELL.contains(&code));
        assert!(well, "{line}: {}{}", said.text(), said.stderr);
        said.text().trim_end().trim_matches('"').to_owned()
    };
    let order = |number: &str, paid: bool| {
        ok(&format!(
            "order create {number} --openid oBuyer1 --scene 1177 --path pages/order?id={number} --product TEA-1005 --freight 8 --address address.json"
        ));
        ok(&format!("order payment-params {number}"));
        if paid {
            ok(&format!("sandbox buyer pay {number}"));
        }
    };
    ok("goods upload shop.xlsx --quiet");
    ok("sandbox audit pass --all");
    ok("goods export shop.csv");
    ok("goods list --trace trace.jsonl --quiet");
    order("W1001", true);
    for number in ["W1003", "W1004", "W1005", "W1006", "W1007", "W1008"] {
        order(number, true);
        ok(&format!(
            "delivery send {number} --carrier 顺丰 --waybill SF10000000{number}"
        ));
    }
    order("W1009", true);
    let opened = |line: &str| ok(&format!("sandbox buyer {line} --jq .[0].number"));
    let refund = opened("refund W1009 --amount 10");
    let back = opened("return W1004");
    let accepted = opened("return W1005");
    let rejected = opened("refund W1006 --amount 10");
    let failed = opened("refund W1007 --amount 10");
    let disputed = opened("refund W1008 --amount 10");
    ok(&format!(
        "aftersale accept-return {accepted} --address address.json"
    ));
    ok(&format!("aftersale reject {rejected}"));
    ok(&format!("aftersale reject {disputed}"));
    ok(&format!("sandbox fail-refund {failed}"));
    ok(&format!("aftersale accept-refund {failed}"));
    ok("sandbox advance 2m");
    let dispute = opened(&format!("dispute {disputed}"));
    ok(&format!("sandbox dispute ask {dispute}"));
    ok("sandbox advance 26h");
    order("W1002", false);
    ok(
        "order create W1010 --openid oBuyer1 --scene 1177 --path pages/order?id=W1010 --product TEA-1005 --freight 8 --address address.json --fund-type ordinary --prepay-id wx1 --prepay-time '2026-11-28 12:00:00'",
    );
    ok("coupon confirm");
    for number in ["K100", "K101"] {
        ok(&format!(
            "coupon add {number} --name 新客立减5元 --off 5 --product TEA-1005 --total 100 --per-buyer 1 --valid-days 7"
        ));
    }
    for line in [
        "coupon status K100 in-force",
        "coupon user add oBuyer1 --coupon K100 --number U1",
        "commission add 1900000002 --name 示例服务商",
        "promoter role add 门店导购",
        "promoter add --openid oExampleClerk000000000000001 --role 门店导购 --store SZ-001",
        "sandbox staff agree oExampleClerk000000000000001",
        "promoter add --openid oExampleClerk000000000000002 --role 门店导购",
        "sandbox promoter add 茶馆",
        "sharer bind oExampleSharer00000000000001 oExampleSharer00000000000002",
        "sandbox sharer accept oExampleSharer00000000000001",
        "sandbox sharer share oExampleSharer00000000000001 --live 茶会",
        "pay create CT20261128 --openid oBuyer1 --mchid 1600000001 --trade-no T20261128 --description 茶 --amount 99",
        "sandbox payment pay T20261128",
        "pay create CT2002 --openid oBuyer1 --mchid 1600000001 --trade-no TN2002 --description 茶 --amount 9.90",
        "sandbox deposit 1000",
        "funds withdraw --amount 100.00",
        "event verify --repair --since 7d",
        "goods add TEA-2002 --title '祁门红茶 工夫特级' --path pages/goods?id=TEA-2002 --image tea.png --category 1423 --price 78.50 --stock 90",
    ] {
        ok(line);
    }
    let numbers = vec![
        ("3302645279677080001", refund),
        ("3302645279677080035", back),
        ("3302645279677080069", accepted),
        ("3302645279677080103", rejected),
        ("3302645279677080137", failed),
        ("3302645289677080001", dispute),
        (
            "RQAAZBXOwzM6IKrCufaMLn",
            ok("category apply 1451 --license license.png --certificate permit.png --jq .audit_id"),
        ),
        (
            "promoter message show 100",
            format!(
                "promoter message show {}",
                ok(
                    "promoter message send --all --page pages/index --type 1 --title 新品上架 --topic 春茶 --desc 明前龙井到店 --date 2026-11-28 --jq .[0].id"
                )
            ),
        ),
        (
            "media_c5faf77d",
            ok("image upload license.png --as media --profile store-sandbox --jq .[0].value"),
        ),
        ("QR1000000001", ok("funds qrcode new --jq .qrcode_ticket")),
        (
            "WD20261206000001",
            ok("funds withdrawals --jq .[0].out_request_no"),
        ),
        (
            "FF20261129000001",
            ok("funds flows --since 30d --jq .[0].funds_flow_id"),
        ),
        ("mystore", "store-sandbox".to_owned()),
        ("2026-11-28", ok("sandbox status --jq .clock[:10]")),
        (
            "2027-06-30",
            ok("sandbox status --jq .clock[:4]") + "-12-31",
        ),
    ];
    world.configure(
        "[profile.tea]\nappid = \"wx1234567890abcdef\"\n[profile.teashop]\nappid = \"wx1234567890abcde0\"\n",
    );
    (world, numbers)
}

/// Why an example did not do what it says.
fn trouble(shop: &World, numbers: &[(&str, String)], example: &str) -> Option<String> {
    let (mut line, mut withdrawal) = (example.to_owned(), String::new());
    for (at, (known, _)) in numbers.iter().enumerate() {
        line = line.replace(known, &format!("\u{1}{at}\u{2}"));
    }
    for (at, (known, real)) in numbers.iter().enumerate() {
        line = line.replace(&format!("\u{1}{at}\u{2}"), real);
        if known.starts_with("WD") {
            withdrawal.clone_from(real);
        }
    }
    let world = shop.twin();
    let before = BEFORE
        .iter()
        .find(|(begins, _)| example.starts_with(begins));
    for step in before.map_or(&[][..], |(_, steps)| steps) {
        let step = step.replace("WITHDRAWAL", &withdrawal);
        let ran = run(&world, &step);
        if ran.code != Some(0) {
            return Some(format!("before {example}: {step}: {}", ran.stderr));
        }
    }
    let ran = run(&world, &line);
    let past = PAST.iter().find(|(begins, _)| example.starts_with(begins));
    let as_meant = ran.code.is_some_and(|code| {
        let well = WELL.contains(&code);
        past.map_or(well, |(_, expected)| well || code == *expected)
    });
    (!as_meant).then(|| format!("{:?} {example}: {}", ran.code, ran.stderr))
}

#[test]
fn every_example_runs_as_it_stands() {
    let (shop, numbers) = shop();
    let begins = |example: &str, list: &[&str]| list.iter().any(|begin| example.starts_with(begin));
    let examples: Vec<&str> = all_examples()
        .filter(|example| !begins(example, &ELSEWHERE))
        .filter(|example| !begins(&example.replace("QR1000000001", "TICKET"), &ENDLESS))
        .collect();
    assert!(examples.len() > 400, "{}", examples.len());
    let (next, troubles) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(example) = examples.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(trouble) = trouble(&shop, &numbers, example) {
                        troubles.lock().expect("the list").push(trouble);
                    }
                }
            });
        }
    });
    let troubles = troubles.into_inner().expect("the list");
    assert!(troubles.is_empty(), "{}", troubles.join("\n"));
}
