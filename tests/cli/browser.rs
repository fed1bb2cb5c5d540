//! The pages of `--html` in a real browser: nothing is fetched, nothing is complained of, and they print. Ignored, since not
//! every machine has one: `cargo test --test all cli::browser -- --ignored` runs them where Chromium is found.

use super::screen::busy;
use super::world::World;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

fn browser() -> PathBuf {
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("none of {} is on PATH", names.join(", ")))
}

/// A proxy that answers nobody and keeps what was asked of it.
fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut line = String::new();
            let _ = BufReader::new(stream).read_line(&mut line);
            kept.lock().expect("a list").push(line);
        }
    });
    (address, asked)
}

fn open(browser: &Path, proxy: &str, page: &Path, args: &[&str]) -> Output {
    let profile = tempfile::tempdir().expect("a folder");
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--enable-logging=stderr",
            "--v=0",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--proxy-server={proxy}"))
        .args(args)
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser runs");
    assert!(output.status.success(), "{output:?}");
    output
}

/// The browser's own conversation with its maker is none of the page's.
fn is_of_the_browser(request: &str) -> bool {
    ["google", "gstatic", "gvt1.com", "chromium"]
        .iter()
        .any(|name| request.contains(name))
}

fn pages(world: &World) -> Vec<(&'static str, &'static str)> {
    let pages = [
        ("en", "sales.html"),
        ("zh", "sales-zh.html"),
        ("en", "aftersales.html"),
        ("zh", "aftersales-zh.html"),
        ("en", "run.html"),
        ("zh", "run-zh.html"),
    ];
    for (lang, page) in pages {
        let command: &[&str] = match page.split(['-', '.']).next() {
            Some("sales") => &["report", "sales", "--since", "40d"],
            Some("aftersales") => &["report", "aftersales", "--since", "40d"],
            _ => &["run", "show"],
        };
        world.ok(&[&["--lang", lang], command, &["--html", page]].concat());
    }
    pages.to_vec()
}

#[test]
#[ignore = "wants Chromium: cargo test --test all cli::browser -- --ignored"]
fn pages_open_without_a_complaint_or_a_request_and_print() {
    let browser = browser();
    let world = busy();
    world.write(
        "goods.csv",
        super::catalogues::teas(&[("A", "1"), ("B", "2")]),
    );
    world.ok(&["goods", "upload", "goods.csv"]);
    let (proxy, asked) = proxy();
    for (lang, page) in pages(&world) {
        let file = world.file(page);
        let opened = open(&browser, &proxy, &file, &["--dump-dom"]);
        let dom = String::from_utf8_lossy(&opened.stdout);
        let words = String::from_utf8_lossy(&opened.stderr);
        // What a page writes to the console, a blocked request among it.
        assert!(!words.contains(":CONSOLE"), "{page}: {words}");
        let expected = match lang {
            "en" => "<html lang=\"en\"",
            _ => "<html lang=\"zh-CN\"",
        };
        assert!(dom.contains(expected), "{page}: {dom}");
        for reference in ["src=", "href=", "url(", "<script", "@import"] {
            assert!(!dom.contains(reference), "{page}: {reference}");
        }
        // A job of which nothing failed has no rows.
        let rows = page.starts_with("run") || dom.contains("<table>");
        assert!(dom.contains("<h1>") && rows, "{page}: {dom}");
        assert!(dom.contains("<svg") && dom.contains("<rect"), "{page}");
        let pdf = world.file(&format!("{page}.pdf"));
        let print = format!("--print-to-pdf={}", pdf.display());
        open(&browser, &proxy, &file, &[&print, "--no-pdf-header-footer"]);
        let pdf = std::fs::read(&pdf).expect("a print");
        assert!(pdf.starts_with(b"%PDF"), "{page}");
        let sheets = String::from_utf8_lossy(&pdf);
        let sheets = sheets.matches("/Type /Page").count() - sheets.matches("/Type /Pages").count();
        assert!(
            (1..=12).contains(&sheets),
            "{page}: {sheets} sheets of paper"
        );
    }
    let asked = asked.lock().expect("a list");
    let foreign: Vec<&String> = asked
        .iter()
        .filter(|line| !is_of_the_browser(line))
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}
