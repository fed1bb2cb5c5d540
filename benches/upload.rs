//! `cargo bench`: how fast and how small an upload is, against a loopback server of its own.
//!
//! Every figure is of the whole process, from its start to its exit, with every row journalled. The ceiling is a bare
//! loop over 32 connections that sends one ready-made request again and again: nothing a real tool could reach, and
//! measured in the same minute on the same machine, so that the ratio can be compared from day to day.
//! `cargo bench -- quick` uses a tenth of the rows.

mod common;

use common::{BINARY, Measured, Server, ceiling, say, wxsell};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::Instant;

const ADD: &str = "/shop/spu/add";
const ADDED: &str = r#"{"errcode":0,"errmsg":"ok","data":{"product_id":23425324,"out_product_id":"x","create_time":"2020-03-25 12:05:25","skus":[]}}"#;

fn answer(line: &str, _: &[u8]) -> String {
    if line.contains("/shop/account/get_info") {
        r#"{"errcode":0,"errmsg":"ok","data":{"service_agent_path":"","service_agent_phone":"020-888888","service_agent_type":[0,2]}}"#
    } else if line.contains(ADD) {
        ADDED
    } else {
        r#"{"errcode":0,"errmsg":"ok"}"#
    }
    .to_owned()
}

fn main() {
    let quick = std::env::args().any(|arg| arg == "quick");
    let rows = if quick { 10_000 } else { 100_000 };
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(None, ADD, answer);

    let catalog = folder.path().join("catalog.csv");
    write_csv(&catalog, rows);
    let ceiling = ceiling(server.address, ADD, rows);
    say(
        "ceiling, bare loop over 32 connections",
        &format!("{ceiling:.0} requests/s"),
    );
    let run = upload(folder.path(), &server, &catalog);
    let rate = rows as f64 / run.seconds;
    say(
        &format!("upload of {rows} CSV rows"),
        &format!(
            "{rate:.0} rows/s, {:.0} % of the ceiling, {} MB at most",
            rate / ceiling * 100.0,
            run.peak_mb
        ),
    );
    let before = server.calls.load(Ordering::Relaxed);
    let again = upload(folder.path(), &server, &catalog);
    say(
        "the same command again, nothing to send",
        &format!(
            "{:.2} s, {} calls",
            again.seconds,
            server.calls.load(Ordering::Relaxed) - before
        ),
    );

    let big = folder.path().join("big.csv");
    write_csv(&big, rows * 10);
    let run = upload(folder.path(), &server, &big);
    say(
        &format!("upload of {} CSV rows", rows * 10),
        &format!(
            "{:.0} rows/s, {} MB at most",
            (rows * 10) as f64 / run.seconds,
            run.peak_mb
        ),
    );

    let sheet = folder.path().join("wide.xlsx");
    write_xlsx(&sheet, 10_000, 40);
    let file = sheet.display().to_string();
    let ignored: Vec<String> = (17..40)
        .map(|column| format!("--ignore-column=extra {column}"))
        .collect();
    let mut args = vec!["goods", "check", &file, "--quiet"];
    args.extend(ignored.iter().map(String::as_str));
    let run = wxsell(folder.path(), &server, &args);
    say(
        "check of an xlsx of 10,000 rows and 40 columns",
        &format!("{:.2} s, {} MB at most", run.seconds, run.peak_mb),
    );

    let limit = 500.0;
    let limited = Server::start(Some(limit), ADD, answer);
    let few = folder.path().join("few.csv");
    let count = if quick { 5_000 } else { 20_000 };
    write_csv(&few, count);
    let run = upload(folder.path(), &limited, &few);
    say(
        &format!("a server that takes {limit} requests/s"),
        &format!(
            "{:.1} % of it used over {count} rows",
            count as f64 / run.seconds / limit * 100.0
        ),
    );

    let best = |program: &str| {
        let times = (0..20).filter_map(|_| {
            let started = Instant::now();
            Command::new(program)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .ok()?;
            Some(started.elapsed())
        });
        times.min().map_or_else(
            || "not here".to_owned(),
            |time| format!("{:.1} ms", time.as_secs_f64() * 1000.0),
        )
    };
    say("--version, best of 20", &best(BINARY));
    say("curl --version, best of 20", &best("curl"));
    let size = std::fs::metadata(BINARY).map_or(0, |file| file.len());
    say(
        "size of the binary",
        &format!("{:.1} MB", size as f64 / 1e6),
    );
}

fn upload(folder: &Path, server: &Server, file: &Path) -> Measured {
    wxsell(
        folder,
        server,
        &[
            "goods",
            "upload",
            &file.display().to_string(),
            "--quiet",
            "--format",
            "json",
        ],
    )
}

/// One SKU a product, about 900 bytes of JSON each.
fn write_csv(path: &PathBuf, rows: usize) {
    let mut out = BufWriter::new(std::fs::File::create(path).expect("a file"));
    writeln!(out, "out_product_id,title,path,head_img,desc,desc_imgs,third_cat_id,brand_id,info_version,out_sku_id,thumb_img,sale_price,market_price,stock_num,sku_code,barcode,sku_attrs").expect("written");
    let desc = "Longer battery life, domestic edition. ".repeat(4);
    for i in 0..rows {
        let host = format!("https://img.example.com/{}", i % 97);
        writeln!(
            out,
            "P{i:08},\"Switch console bundle, colour edition number {i}\",pages/product/detail?id={i},{host}/a.jpg|{host}/b.jpg,\"{desc}\",{host}/d.jpg,6493,2100000000,1,P{i:08}-1,{host}/t.jpg,{}.{:02},{}.{:02},{},A{i},{},colour=red;set=case",
            (1300 + i % 1000) / 100, (1300 + i % 1000) % 100, (2500 + i % 1000) / 100, (2500 + i % 1000) % 100, 100 + i % 50, 6_900_000_000_000u64 + i as u64
        )
        .expect("written");
    }
}

/// The same goods as a workbook, with further columns that are nobody's business.
fn write_xlsx(path: &Path, rows: u32, columns: u16) {
    let mut csv = Vec::new();
    let plain = path.with_extension("csv");
    write_csv(&plain, rows as usize);
    std::fs::File::open(&plain)
        .and_then(|mut file| file.read_to_end(&mut csv))
        .expect("read");
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, record) in csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(csv.as_slice())
        .records()
        .enumerate()
    {
        let record = record.expect("a record");
        let row = u32::try_from(row).expect("few rows");
        for column in 0..columns {
            let cell = match (record.get(usize::from(column)), row) {
                (Some(cell), _) => cell.to_owned(),
                (None, 0) => format!("extra {column}"),
                (None, _) => format!("note {row} {column}"),
            };
            sheet.write_string(row, column, cell).expect("written");
        }
    }
    workbook.save(path).expect("saved");
}
