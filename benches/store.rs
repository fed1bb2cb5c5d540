//! `cargo bench --bench store`: an upload to a WeChat Store, and its products read, against a loopback server of its own.
//!
//! Figures are of the whole process. An upload of N products makes a call for each addition and one for each product whose
//! standing it reports at its end; the ceiling is a bare loop over 32 connections on the same server in the same minute.
//! Lists and exports of 10,000 products are measured of a store and of a shop on the custom component.
//! `cargo bench --bench store -- quick` uses a tenth of the rows; `-- serve` keeps the server and prints its address, for
//! `benches/peer_store.py`, which makes the same calls.

mod common;

use common::{Measured, Server, ceiling, say, wxsell};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const ADD: &str = "/channels/ec/product/add";
/// Products that the server lists.
static LISTED: AtomicU64 = AtomicU64::new(0);
static ADDED: AtomicU64 = AtomicU64::new(0);
/// The first and the last addition that was answered.
static ADDING: Mutex<Option<(Instant, Instant)>> = Mutex::new(None);
const FIRST: u64 = 10_000_000_000_000;
const PAGE: u64 = 30;

fn product(id: u64) -> String {
    let number = id - FIRST;
    format!(
        r#"{{"errcode":0,"errmsg":"ok","product":{p},"edit_product":{p}}}"#,
        p = format_args!(
            r#"{{"product_id":"{id}","out_product_id":"P{number:08}","title":"茶杯第{number}号","head_imgs":["https://mmecimage.cn/p/wx/a{number}","https://mmecimage.cn/p/wx/b{number}","https://mmecimage.cn/p/wx/c{number}"],"desc_info":{{"imgs":["https://mmecimage.cn/p/wx/d"],"desc":""}},"cats_v2":[{{"cat_id":"383000001"}},{{"cat_id":"383001001"}},{{"cat_id":"383001002"}}],"attrs":[{{"attr_key":"材质","attr_value":"陶瓷"}}],"brand_id":"2100000000","express_info":{{"template_id":"5000000101"}},"extra_service":{{"seven_day_return":1,"freight_insurance":0}},"status":5,"edit_status":4,"skus":[{{"sku_id":"{id}1","out_sku_id":"P{number:08}","thumb_img":"https://mmecimage.cn/p/wx/a{number}","sale_price":3990,"stock_num":10,"status":5}}]}}"#
        )
    )
}

/// A product of the custom component.
fn spu(number: u64) -> String {
    format!(
        r#"{{"product_id":{id},"out_product_id":"P{number:08}","title":"茶杯第{number}号","path":"pages/p?id={number}","head_img":["https://mmecimage.cn/p/wx/a{number}"],"desc_info":{{"imgs":[],"desc":""}},"third_cat_id":383001002,"brand_id":2100000000,"info_version":"1","status":5,"edit_status":4,"create_time":"2026-10-01 10:00:00","update_time":"2026-10-01 10:00:00","skus":[{{"sku_id":{id},"out_product_id":"P{number:08}","out_sku_id":"P{number:08}","thumb_img":"https://mmecimage.cn/p/wx/a{number}","sale_price":3990,"market_price":3990,"stock_num":10,"sku_attrs":[]}}]}}"#,
        id = FIRST + number
    )
}

/// A page of the custom component.
fn page_of_component(body: &str) -> String {
    let number = |name: &str| {
        let rest = body.split(&format!("\"{name}\":")).nth(1).unwrap_or("");
        let end = rest.find(|c: char| !c.is_ascii_digit());
        rest[..end.unwrap_or(rest.len())]
            .parse::<u64>()
            .unwrap_or(1)
    };
    let all = LISTED.load(Ordering::Relaxed);
    let (page, size) = (number("page"), number("page_size"));
    let from = ((page - 1) * size).min(all);
    let spus: Vec<String> = (from..(from + size).min(all)).map(spu).collect();
    format!(
        r#"{{"errcode":0,"errmsg":"ok","total_num":{all},"spus":[{}]}}"#,
        spus.join(",")
    )
}

fn text_of<'a>(body: &'a str, name: &str) -> &'a str {
    let start = body
        .find(&format!("\"{name}\":\""))
        .map(|at| at + name.len() + 4);
    start.map_or("", |start| {
        let rest = &body[start..];
        &rest[..rest.find('"').unwrap_or(0)]
    })
}

fn answer(line: &str, body: &[u8]) -> String {
    let body = std::str::from_utf8(body).unwrap_or_default();
    let is = |path: &str| line.contains(path);
    if is("/channels/ec/product/add") {
        let id = FIRST + ADDED.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let mut adding = ADDING.lock().expect("no panic before");
        adding.get_or_insert((now, now)).1 = now;
        return format!(
            r#"{{"errcode":0,"errmsg":"ok","data":{{"product_id":"{id}","create_time":"2026-10-01 10:00:00"}}}}"#
        );
    }
    if is("/product/get?") || line.contains("/product/get ") {
        return product(text_of(body, "product_id").parse().unwrap_or(FIRST));
    }
    if is("/product/list/get") {
        let (from, all) = (
            text_of(body, "next_key").parse().unwrap_or(0),
            LISTED.load(Ordering::Relaxed),
        );
        let to = (from + PAGE).min(all);
        let ids: Vec<String> = (from..to).map(|id| format!("\"{}\"", FIRST + id)).collect();
        let key = if to < all {
            to.to_string()
        } else {
            String::new()
        };
        return format!(
            r#"{{"errcode":0,"errmsg":"ok","product_ids":[{}],"next_key":"{key}","total_num":{all}}}"#,
            ids.join(",")
        );
    }
    if is("/shop/spu/get_list") {
        return page_of_component(body);
    }
    if is("/category/all") {
        let cat = |id: &str, name: &str, parent: &str, level: u8| {
            format!(
                r#"{{"cat":{{"cat_id":"{id}","name":"{name}","f_cat_id":"{parent}","level":{level},"leaf":{}}}}}"#,
                level == 3
            )
        };
        return format!(
            r#"{{"errcode":0,"errmsg":"ok","cats_v2":[{{"cat_and_qua":[{},{},{}]}}]}}"#,
            cat("383000001", "家居日用", "0", 1),
            cat("383001001", "厨房餐具", "383000001", 2),
            cat("383001002", "碗碟", "383001001", 3)
        );
    }
    let fixed = if is("get_category_relation_list") {
        r#"{"errcode":0,"errmsg":"ok","list":[{"id":"383001002","status":1}]}"#
    } else if is("getcategoryproductrule") {
        r#"{"errcode":0,"errmsg":"ok","info":{"cat_id":"383001002","name":"碗碟"},"product_attr_list":[{"name":"材质","type_v2":"string","required_rule":{"rule_type":1}}],"sale_attr_list":[],"product_qua_list":[],"floor_price":0}"#
    } else if is("getfreighttemplatelist") {
        r#"{"errcode":0,"errmsg":"ok","template_id_list":["5000000101"]}"#
    } else if is("getfreighttemplatedetail") {
        r#"{"errcode":0,"errmsg":"ok","freight_template":{"template_id":"5000000101","name":"全国包邮","valuation_type":"PIECE"}}"#
    } else if is("merchant/address/list") {
        r#"{"errcode":0,"errmsg":"ok","address_id_list":["6000000101"]}"#
    } else if is("merchant/address/get") {
        r#"{"errcode":0,"errmsg":"ok","address_detail":{"address_id":"6000000101","name":"总仓","recv_addr":true,"default_recv":true}}"#
    } else if is("brand/valid/list/get") {
        r#"{"errcode":0,"errmsg":"ok","brands":[],"total_num":0,"next_key":""}"#
    } else if is("getauditquota") {
        r#"{"errcode":0,"errmsg":"ok","audit_quota":{"unlimited_type":1}}"#
    } else {
        r#"{"errcode":0,"errmsg":"ok"}"#
    };
    fixed.to_owned()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let quick = arguments.iter().any(|arg| arg == "quick");
    if arguments.iter().any(|arg| arg == "serve") {
        let server = Server::start(None, ADD, answer);
        say(
            "serving, until it is ended",
            &format!("http://{}", server.address),
        );
        loop {
            std::thread::park();
        }
    }
    let rows = if quick { 5_000 } else { 50_000 };
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(None, ADD, answer);
    let ceiling = ceiling(server.address, ADD, rows);
    ADDED.store(0, Ordering::Relaxed);
    say(
        "ceiling, bare loop over 32 connections",
        &format!("{ceiling:.0} requests/s"),
    );

    let catalog = folder.path().join("catalog.csv");
    write_csv(&catalog, rows);
    let (run, calls) = counted(&server, || upload(folder.path(), &server, &catalog));
    say(
        &format!("upload of {rows} products to a store"),
        &format!(
            "{:.0} products/s, {calls} calls, {:.0} calls/s ({:.0} % of the ceiling), {} MB at most",
            rows as f64 / run.seconds,
            calls as f64 / run.seconds,
            calls as f64 / run.seconds / ceiling * 100.0,
            run.peak_mb
        ),
    );
    let again = upload(folder.path(), &server, &catalog);
    say(
        "the same command again, nothing to send",
        &format!("{:.2} s", again.seconds),
    );

    let check = folder.path().join("check.csv");
    write_csv(&check, 10_000);
    let file = check.display().to_string();
    let run = store(
        folder.path(),
        &server,
        &["goods", "check", &file, "--quiet"],
    );
    say(
        "check of 10,000 rows, rules cached",
        &format!("{:.2} s, {} MB at most", run.seconds, run.peak_mb),
    );
    let big = folder.path().join("big.csv");
    write_csv(&big, rows * 20);
    let file = big.display().to_string();
    let args = [
        "goods",
        "upload",
        &file,
        "--dry-run",
        "--quiet",
        "--format",
        "ndjson",
    ];
    let run = store(folder.path(), &server, &args);
    say(
        &format!("plan of {} rows", rows * 20),
        &format!("{:.1} s, {} MB at most", run.seconds, run.peak_mb),
    );

    LISTED.store(10_000, Ordering::Relaxed);
    let of_store: Run = |folder, server, args| store(folder, server, args);
    for (whose, run) in [("a store", of_store), ("a component", wxsell as Run)] {
        let own = folder.path().join(whose);
        std::fs::create_dir_all(&own).expect("a folder");
        let out = own.join("export.xlsx").display().to_string();
        for (what, args) in [
            (
                "list",
                &["goods", "list", "--quiet", "--format", "json"][..],
            ),
            ("export", &["goods", "export", &out, "--quiet"]),
        ] {
            let (measured, calls) = counted(&server, || run(&own, &server, args));
            say(
                &format!("goods {what} of 10,000 products of {whose}"),
                &format!(
                    "{calls} calls, {:.2} s, {} MB at most",
                    measured.seconds, measured.peak_mb
                ),
            );
        }
    }
    LISTED.store(0, Ordering::Relaxed);

    let limit = 500.0;
    let limited = Server::start(Some(limit), ADD, answer);
    let count = if quick { 5_000 } else { 20_000 };
    let few = folder.path().join("few.csv");
    write_csv(&few, count);
    *ADDING.lock().expect("no panic before") = None;
    let run = upload(folder.path(), &limited, &few);
    let (first, last) = ADDING
        .lock()
        .expect("no panic before")
        .expect("there were additions");
    let used = |seconds: f64| count as f64 / seconds / limit * 100.0;
    say(
        &format!("a server that takes {limit} additions/s"),
        &format!(
            "{:.1} % of it used from the first to the last of {count}; {:.1} % with start and report",
            used((last - first).as_secs_f64()),
            used(run.seconds)
        ),
    );
}

/// Runs the program in a folder, against a server.
type Run = fn(&Path, &Server, &[&str]) -> Measured;

fn counted(server: &Server, run: impl FnOnce() -> Measured) -> (Measured, u64) {
    let before = server.calls.load(Ordering::Relaxed);
    let measured = run();
    (measured, server.calls.load(Ordering::Relaxed) - before)
}

fn store(folder: &Path, server: &Server, args: &[&str]) -> Measured {
    // Each server is another machine.
    let folder = folder.join(server.address.port().to_string());
    std::fs::create_dir_all(folder.join("config")).expect("a folder");
    std::fs::create_dir_all(folder.join("state")).expect("a folder");
    std::fs::write(
        folder.join("config/config.toml"),
        format!(
            "[profile.bench]\nfamily = \"store\"\nappid = \"wx0000000000000001\"\nbase_url = \"http://{}\"\n",
            server.address
        ),
    )
    .expect("settings");
    let args = [&["--profile", "bench"], args].concat();
    wxsell(&folder, server, &args)
}

fn upload(folder: &Path, server: &Server, file: &Path) -> Measured {
    let file = file.display().to_string();
    store(
        folder,
        server,
        &[
            "goods", "upload", &file, "--yes", "--quiet", "--format", "json",
        ],
    )
}

/// One SKU a product; images are links of the store.
fn write_csv(path: &Path, rows: usize) {
    let mut out = BufWriter::new(std::fs::File::create(path).expect("a file"));
    writeln!(
        out,
        "商品编号,标题,类目,主图,详情图,运费模板,属性:材质,售价,库存"
    )
    .expect("written");
    for n in 0..rows {
        let link = "https://mmecimage.cn/p/wx";
        writeln!(
            out,
            "P{n:08},茶杯第{n}号,碗碟,{link}/a{n}|{link}/b{n}|{link}/c{n},{link}/d,全国包邮,陶瓷,39.90,10"
        )
        .expect("written");
    }
}
