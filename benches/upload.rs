//! `cargo bench`: how fast and how small an upload is, against a loopback server of its own.
//!
//! Every figure is of the whole process, from its start to its exit, with every row journalled. The ceiling is a bare
//! loop over 32 connections that sends one ready-made request again and again: nothing a real tool could reach, and
//! measured in the same minute on the same machine, so that the ratio can be compared from day to day.
//! `cargo bench -- quick` uses a tenth of the rows.

use std::io::{BufWriter, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const AT_ONCE: usize = 32;
const ADDED: &str = r#"{"errcode":0,"errmsg":"ok","data":{"product_id":23425324,"out_product_id":"x","create_time":"2020-03-25 12:05:25","skus":[]}}"#;
const LIMITED: &str = r#"{"errcode":45009,"errmsg":"reach max api daily quota limit rid: 0-0-0"}"#;

fn main() {
    let quick = std::env::args().any(|arg| arg == "quick");
    let rows = if quick { 10_000 } else { 100_000 };
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(None);

    let catalog = folder.path().join("catalog.csv");
    write_csv(&catalog, rows);
    let ceiling = ceiling(server.address, rows);
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
    let again = upload(folder.path(), &server, &catalog);
    say(
        "the same command again, nothing to send",
        &format!("{:.2} s", again.seconds),
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
    let limited = Server::start(Some(limit));
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

const BINARY: &str = env!("CARGO_BIN_EXE_wxsell");

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn say(what: &str, figure: &str) {
    println!("{what:<55} {figure}");
}

struct Measured {
    seconds: f64,
    peak_mb: u64,
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

/// Runs the binary with a state of its own for each server and watches its memory, where the system shows it.
fn wxsell(folder: &Path, server: &Server, args: &[&str]) -> Measured {
    let started = Instant::now();
    let mut child = Command::new(BINARY)
        .args(args)
        .env("WXSELL_CONFIG_DIR", folder.join("config"))
        .env("WXSELL_STATE_DIR", folder.join("state"))
        .env("WXSELL_APPID", "wx0000000000000001")
        .env("WXSELL_APP_SECRET", "bench")
        .env("WXSELL_BASE_URL", format!("http://{}", server.address))
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut peak_mb = 0;
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        let memory =
            std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let kb = memory
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak_mb = peak_mb.max(kb.unwrap_or(0) / 1024);
        std::thread::sleep(Duration::from_millis(5));
    };
    let seconds = started.elapsed().as_secs_f64();
    assert!(status.success(), "{args:?} ended with {status}");
    Measured { seconds, peak_mb }
}

/// Answers every call as the platform does on success; with a rate, refuses what comes faster.
struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

impl Server {
    fn start(rate: Option<f64>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        std::thread::spawn(move || {
            runtime.block_on(async move {
                listener.set_nonblocking(true).expect("non-blocking");
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                // A leaky bucket with a burst of a fifth of a second, as nginx counts.
                let bucket = Arc::new(Mutex::new((0.0f64, Instant::now())));
                while let Ok((stream, _)) = listener.accept().await {
                    if stopped.load(Ordering::Relaxed) {
                        return;
                    }
                    tokio::spawn(serve(stream, rate, bucket.clone()));
                }
            });
        });
        Server { address, stop }
    }
}

async fn serve(
    mut stream: tokio::net::TcpStream,
    rate: Option<f64>,
    bucket: Arc<Mutex<(f64, Instant)>>,
) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let _ = stream.set_nodelay(true);
    let mut held: Vec<u8> = Vec::with_capacity(16 * 1024);
    loop {
        let end = loop {
            if let Some(end) = request_end(&held) {
                break end;
            }
            match stream.read_buf(&mut held).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        };
        let line = &held[..held.iter().position(|byte| *byte == b'\r').unwrap_or(0)];
        let is = |path: &str| line.windows(path.len()).any(|part| part == path.as_bytes());
        let body = if is("/cgi-bin/") {
            r#"{"access_token":"T0KEN_bench_0123456789","expires_in":7200}"#
        } else if is("/shop/account/get_info") {
            r#"{"errcode":0,"errmsg":"ok","data":{"service_agent_path":"","service_agent_phone":"020-888888","service_agent_type":[0,2]}}"#
        } else if is("/shop/spu/add") {
            if rate.is_some_and(|rate| overflows(&bucket, rate)) {
                LIMITED
            } else {
                ADDED
            }
        } else {
            r#"{"errcode":0,"errmsg":"ok"}"#
        };
        held.drain(..end);
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn overflows(bucket: &Mutex<(f64, Instant)>, rate: f64) -> bool {
    let mut bucket = bucket.lock().expect("a bucket");
    let now = Instant::now();
    let level = (bucket.0 - rate * (now - bucket.1).as_secs_f64()).max(0.0);
    bucket.1 = now;
    let full = level > rate / 5.0;
    bucket.0 = if full { level } else { level + 1.0 };
    full
}

/// Where the first request in `held` ends, if all of it is there.
fn request_end(held: &[u8]) -> Option<usize> {
    let head = held.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&held[..head]).ok()?;
    let length = text
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")
                .map(|rest| rest.trim().parse::<usize>().unwrap_or(0))
        })
        .unwrap_or(0);
    (held.len() >= head + length).then_some(head + length)
}

/// Requests a second over 32 connections that do nothing else.
fn ceiling(address: SocketAddr, rows: usize) -> f64 {
    let body = "x".repeat(900);
    let request = format!(
        "POST /shop/spu/add?access_token=T HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let left = Arc::new(AtomicU64::new(rows as u64));
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..AT_ONCE {
            let (request, left) = (request.clone(), left.clone());
            tasks.spawn(async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let mut stream = tokio::net::TcpStream::connect(address)
                    .await
                    .expect("a connection");
                let mut answer = [0u8; 2048];
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                        left.checked_sub(1)
                    })
                    .is_ok()
                {
                    stream.write_all(request.as_bytes()).await.expect("written");
                    assert!(stream.read(&mut answer).await.expect("answered") > 0);
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    });
    rows as f64 / started.elapsed().as_secs_f64()
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
