//! Uploads that are killed, and uploads over a line that fails: whatever happens, the shop ends up the same.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use wxsell::clock::VARIABLE;
use wxsell::sandbox::{APPID, Running, SECRET, Sandbox};
use wxsell::sandbox::{Fault, FaultKind as Kind, Seed};

/// A shop that outlives the uploads, and the folders of the machine they run on.
struct World {
    folder: tempfile::TempDir,
    shop: Running,
}

impl World {
    fn new() -> World {
        let folder = tempfile::tempdir().expect("a folder");
        let shop = Running::start(&folder.path().join("shop.db")).expect("a sandbox");
        World { folder, shop }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wxsell"));
        command
            .args(args)
            .env_clear()
            .current_dir(self.path())
            .stdin(Stdio::null());
        for name in ["PATH", "SystemRoot", "TEMP", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("WXSELL_CONFIG_DIR", self.path().join("config"))
            .env("WXSELL_STATE_DIR", self.path().join("state"))
            .env("WXSELL_BASE_URL", &self.shop.base_url)
            .env("WXSELL_APPID", APPID)
            .env("WXSELL_APP_SECRET", SECRET)
            .env(VARIABLE, self.path().join("clock"));
        command
    }

    /// How many calls of a path the shop has seen.
    fn calls(&self, path: &str) -> i64 {
        let shop = rusqlite::Connection::open(self.path().join("shop.db")).expect("the shop");
        shop.busy_timeout(Duration::from_secs(10)).expect("set");
        let sql = "SELECT count(*) FROM call WHERE path LIKE ?1 || '%'";
        shop.query_row(sql, [path], |row| row.get(0))
            .expect("a number")
    }

    /// Kills a program once the shop has seen so many calls more; whether it was still at work.
    fn kill_after(&self, mut child: Child, path: &str, calls: i64) -> bool {
        let end = self.calls(path) + calls;
        let began = Instant::now();
        let mut runs = true;
        while runs && self.calls(path) < end {
            assert!(began.elapsed() < Duration::from_secs(120), "it hangs");
            std::thread::sleep(Duration::from_millis(2));
            runs = child.try_wait().expect("a child").is_none();
        }
        let _ = child.kill();
        child.wait().expect("a child");
        runs
    }

    fn upload(&self) -> Output {
        self.command(&[
            "goods",
            "upload",
            "goods.jsonl",
            "--format",
            "json",
            "--timeout",
            "1",
        ])
        .output()
        .expect("the binary runs")
    }

    fn start_upload(&self) -> Child {
        self.command(&["goods", "upload", "goods.jsonl", "--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs")
    }

    fn sandbox(&self) -> Sandbox {
        self.shop.shop().expect("the shop's file")
    }

    /// Goods with two SKUs and pictures from disk; every tenth product has a picture of its own.
    fn write_goods(&self, count: usize) {
        let picture = |name: &str, width: u32| {
            let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
            png.extend_from_slice(&width.to_be_bytes());
            png.extend_from_slice(&[0, 0, 1, 0, 8, 2, 0, 0, 0]);
            png.extend_from_slice(b"sum.\0\0\0\0IENDsum.");
            std::fs::write(self.path().join(name), png).expect("a picture");
        };
        let mut lines = String::new();
        for n in 0..count {
            if n % 10 == 0 {
                picture(&format!("p{n}.png"), 300 + n as u32);
            }
            let (id, image) = (format!("P{n:05}"), format!("p{}.png", n / 10 * 10));
            let sku = |part: &str, price: usize| {
                serde_json::json!({"out_product_id": id, "out_sku_id": format!("{id}-{part}"), "thumb_img": image, "sale_price": price,
                    "market_price": price + 100, "stock_num": 9, "sku_attrs": [{"attr_key": "size", "attr_value": part}]})
            };
            let product = serde_json::json!({"out_product_id": id, "title": format!("Tea number {n}"), "path": format!("pages/tea?id={n}"),
                "head_img": [image], "third_cat_id": 1423, "brand_id": 2_100_000_000u64, "skus": [sku("S", 1000 + n), sku("L", 2000 + n)]});
            lines += &format!("{product}\n");
        }
        std::fs::write(self.path().join("goods.jsonl"), lines).expect("a catalogue");
    }

    /// What a merchant would see, without what differs from shop to shop anyway.
    fn goods(&self) -> Vec<serde_json::Value> {
        let products = self.sandbox().products(true).expect("products");
        let mut goods: Vec<serde_json::Value> = products
            .into_iter()
            .map(|spu| {
                let mut value = serde_json::to_value(spu).expect("JSON");
                for field in ["product_id", "create_time", "update_time", "audit_info"] {
                    value.as_object_mut().expect("an object").remove(field);
                }
                value
            })
            .collect();
        goods.sort_by_key(|spu| spu["out_product_id"].to_string());
        goods
    }

    /// Every product there, and each submitted for audit once.
    fn assert_whole(&self, count: usize) {
        assert_eq!(self.goods().len(), count, "products were lost");
        let status = self.sandbox().status().expect("a status");
        assert_eq!(
            status.audits_today, count as i64,
            "products were submitted twice"
        );
    }
}

fn summary(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{error}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// Kills an upload `kills` times, each after a random number of calls up to `most`, then lets it finish.
fn killed(products: usize, kills: u32, most: i64) {
    let seed = std::env::var("WXSELL_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    fastrand::seed(seed);
    let smooth = World::new();
    smooth.write_goods(products);
    assert!(smooth.upload().status.success());

    let world = World::new();
    world.write_goods(products);
    // Slow enough that the kills fall into the work and not behind it.
    world
        .sandbox()
        .add_fault(&Fault {
            times: None,
            ..Fault::once("/shop/", Kind::Latency { milliseconds: 20 })
        })
        .expect("a fault");
    let mut died = 0;
    for _ in 0..kills {
        let child = world.start_upload();
        died += u32::from(world.kill_after(child, "/shop/", fastrand::i64(0..=most)));
    }
    world.sandbox().clear_faults(None).expect("no faults");
    let output = world.upload();
    assert!(
        output.status.success(),
        "seed {seed}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        died > kills / 4,
        "seed {seed}: only {died} of {kills} kills hit a running upload"
    );
    world.assert_whole(products);
    assert_eq!(
        world.goods(),
        smooth.goods(),
        "seed {seed}: the shops differ"
    );
    // Nothing is left to do.
    let again = summary(&world.upload());
    assert_eq!(again["not_compared"], products);
    world.assert_whole(products);
    // A picture whose answer was lost to a kill may have gone twice, no other.
    let status = world.sandbox().status().expect("a status");
    assert!(
        status.uploads - status.pictures as i64 <= i64::from(kills) * 32,
        "pictures were uploaded again"
    );
    assert_eq!(status.pictures, products.div_ceil(10));
}

#[test]
fn an_upload_killed_at_random_loses_nothing_and_sends_nothing_twice() {
    killed(300, 10, 50);
}

/// `cargo test --release --test all crash:: -- --ignored`
#[test]
#[ignore = "takes minutes"]
fn an_upload_killed_200_times_loses_nothing_and_sends_nothing_twice() {
    killed(2000, 200, 12);
}

/// An upload over a line where each kind of failure meets one call in twenty.
fn troubled(products: usize) {
    let smooth = World::new();
    smooth.write_goods(products);
    assert!(smooth.upload().status.success());

    let world = World::new();
    world.write_goods(products);
    let kinds = [
        (Kind::Timeout { seconds: 2 }, false),
        (Kind::Reset, true),
        (Kind::Status { status: 502 }, true),
        (Kind::Half, false),
        (
            Kind::Errcode {
                errcode: -1,
                errmsg: "system error".into(),
            },
            false,
        ),
    ];
    for (seed, (kind, after)) in (1..).zip(kinds) {
        world
            .sandbox()
            .add_fault(&Fault {
                after,
                ..Fault::by_chance("/shop/", kind, 0.05, seed)
            })
            .expect("a fault");
    }
    // What stays unclear after its tries is looked up by the next run.
    let mut last = None;
    for _ in 0..6 {
        let output = world.upload();
        let done = output.status.success();
        last = Some(output);
        if done {
            break;
        }
    }
    let output = last.expect("an upload");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    world.sandbox().clear_faults(None).expect("no faults");
    world.assert_whole(products);
    assert_eq!(world.goods(), smooth.goods());
    assert_eq!(summary(&world.upload())["not_compared"], products);
}

#[test]
fn an_upload_over_a_failing_line_ends_in_the_same_shop() {
    troubled(150);
}

/// `cargo test --release --test all crash:: -- --ignored`
#[test]
#[ignore = "takes minutes"]
fn two_thousand_products_over_a_failing_line_end_in_the_same_shop() {
    troubled(2000);
}

#[test]
fn two_uploads_for_one_shop_take_turns() {
    let world = World::new();
    world.write_goods(120);
    world
        .sandbox()
        .add_fault(&Fault {
            times: None,
            ..Fault::once("/shop/spu/add", Kind::Latency { milliseconds: 40 })
        })
        .expect("a fault");
    let mut first = world.start_upload();
    while world.sandbox().products(true).expect("products").is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let refused = world
        .command(&[
            "goods",
            "upload",
            "goods.jsonl",
            "--busy",
            "exit",
            "--format",
            "json",
        ])
        .output()
        .expect("the binary runs");
    assert_eq!(
        refused.status.code(),
        Some(5),
        "{}",
        String::from_utf8_lossy(&refused.stderr)
    );
    let second = world.upload();
    assert!(first.wait().expect("a child").success());
    assert_eq!(summary(&second)["not_compared"], 120);
    world.assert_whole(120);
}

/// A spreadsheet of one parcel for each paid order of a seeded shop, reported while it is killed `kills` times, each
/// after a random number of parcels up to `most`.
fn shipped(orders: u32, kills: u32, most: i64) {
    let seed = std::env::var("WXSELL_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    fastrand::seed(seed);
    let world = World::new();
    let plan = Seed {
        goods: 20,
        orders,
        aftersales: 0,
        seed: 1,
        status: Some(20),
    };
    world.sandbox().seed(&plan).expect("a seeded shop");
    // The seed draws from the same numbers.
    fastrand::seed(seed);
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in ["订单号", "快递公司", "运单号"].iter().enumerate() {
        sheet
            .write_string(0, column as u16, *heading)
            .expect("a cell");
    }
    for n in 0..orders {
        let cells = [format!("S1O{n:05}"), "顺丰".into(), format!("SF{n:08}")];
        for (column, cell) in cells.iter().enumerate() {
            sheet
                .write_string(n + 1, column as u16, cell)
                .expect("a cell");
        }
    }
    book.save(world.path().join("parcels.xlsx"))
        .expect("a file");
    world
        .sandbox()
        .set(|settings| settings.keep_calls = 1_000_000)
        .expect("settings");
    // Some are carried out, and their answer never comes.
    let path = "/shop/delivery/send";
    let lost = Fault {
        after: true,
        ..Fault::by_chance(path, Kind::Reset, 0.1, seed)
    };
    world.sandbox().add_fault(&lost).expect("a fault");
    let send = [
        "delivery",
        "send",
        "--from",
        "parcels.xlsx",
        "--format",
        "json",
    ];
    let mut died = 0;
    for _ in 0..kills {
        let child = world
            .command(&send)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        died += u32::from(world.kill_after(child, path, fastrand::i64(1..=most)));
    }
    world.sandbox().clear_faults(None).expect("no faults");
    let sold = world.sandbox().orders().expect("orders");
    let before = sold.iter().filter(|sold| sold.status == 30).count();

    let output = world.command(&send).output().expect("the binary runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "seed {seed}: {stderr}");
    assert!(
        died > kills / 4,
        "seed {seed}: only {died} of {kills} kills hit"
    );
    let calls = world.sandbox().exchanges().expect("calls");
    let mut reported = std::collections::HashMap::new();
    for call in calls
        .iter()
        .filter(|call| call.path == "/shop/delivery/send")
    {
        let body: serde_json::Value = serde_json::from_str(&call.request).expect("JSON");
        *reported
            .entry(body["out_order_id"].to_string())
            .or_insert(0u32) += 1;
    }
    let twice = reported.values().filter(|times| **times > 1).count();
    assert!(
        before > 0,
        "seed {seed}: every kill came before the first parcel"
    );
    assert_eq!(
        reported.len(),
        orders as usize,
        "seed {seed}: some were lost"
    );
    assert_eq!(twice, 0, "seed {seed}: a parcel was reported twice");
    for sold in world.sandbox().orders().expect("orders") {
        assert_eq!(
            (sold.status, sold.order.parcels.len()),
            (30, 1),
            "seed {seed}: {}",
            sold.out_order_id
        );
    }
}

#[test]
fn parcels_killed_at_random_are_reported_once_each() {
    shipped(100, 5, 18);
}

/// `cargo test --release --test all crash:: -- --ignored`
#[test]
#[ignore = "takes minutes"]
fn a_thousand_parcels_killed_40_times_are_reported_once_each() {
    shipped(1000, 40, 24);
}
