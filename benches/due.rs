//! `cargo bench --bench due`: how long `wxsell due` looks over many shops with many open cases, and whether it misses
//! one that the shop's clock would end.
//!
//! Every shop is one in a box, over HTTP on loopback, in this process and on the same cores. The first look reads every
//! after-sale; the second only what has changed since. `cargo bench --bench due -- quick` takes a tenth of the cases.

use serde_json::Value;
use std::collections::HashSet;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use wxsell::sandbox::{APPID as SANDBOX_APPID, SECRET as SANDBOX_SECRET};
use wxsell::sandbox::{Running, Sandbox, Seed};

const SHOPS: usize = 20;
/// A little more than half of the after-sales that are sown are open.
const AFTERSALES: u32 = 1_800;
const OPEN: usize = 1_000;
const WITHIN_HOURS: i64 = 72;

fn main() {
    let quick = std::env::args().any(|arg| arg == "quick");
    let share = if quick { 10 } else { 1 };
    let folder = tempfile::tempdir().expect("a folder");
    let shops: Vec<Shop> = (0..SHOPS)
        .map(|number| Shop::sown(folder.path(), number, AFTERSALES / share))
        .collect();
    for shop in &shops {
        assert!(shop.open >= OPEN / share as usize, "{} are open", shop.open);
    }
    std::fs::create_dir(folder.path().join("config")).expect("a folder");
    let settings: Vec<String> = shops.iter().map(Shop::profile).collect();
    std::fs::write(folder.path().join("config/config.toml"), settings.concat()).expect("settings");
    let open: usize = shops.iter().map(|shop| shop.open).sum();
    let (seconds, rows) = look(folder.path());
    say(
        &format!("{SHOPS} shops, {open} open cases, first look"),
        &format!("{seconds:.2} s"),
    );
    let (seconds, again) = look(folder.path());
    say("second look", &format!("{seconds:.2} s"));
    let missed: usize = shops.iter().map(|shop| shop.missed(&rows)).sum();
    say(
        &format!("cases that the clock ends within {WITHIN_HOURS} h and that were not listed"),
        &missed.to_string(),
    );
    assert_eq!((missed, again.len()), (0, rows.len()));
}

struct Shop {
    name: String,
    file: std::path::PathBuf,
    running: Running,
    open: usize,
}

impl Shop {
    fn sown(folder: &Path, number: usize, aftersales: u32) -> Shop {
        let name = format!("shop{number}");
        let file = folder.join(format!("{name}.db"));
        let mut sandbox = Sandbox::open(&file).expect("a shop");
        let seed = Seed {
            goods: 50,
            orders: aftersales * 3,
            aftersales,
            seed: number as u64,
            status: None,
        };
        sandbox.seed(&seed).expect("sown");
        let held = sandbox.aftersales().expect("after-sales");
        let open = held.iter().filter(|case| case.due.is_some()).count();
        let running = Running::start(&file).expect("it answers");
        Shop {
            name,
            file,
            running,
            open,
        }
    }

    fn profile(&self) -> String {
        format!(
            "[profile.{}]\nappid = \"{SANDBOX_APPID}\"\nbase_url = \"{}\"\nsecret = \"process\"\ncredential_process = [\"/bin/echo\", \"{SANDBOX_SECRET}\"]\n",
            self.name, self.running.base_url
        )
    }

    /// Lets the clock run, and counts the cases it ended that are in no row.
    fn missed(&self, rows: &[Value]) -> usize {
        let ours = rows.iter().filter(|row| row["shop"] == self.name.as_str());
        let listed: HashSet<&str> = ours.filter_map(|row| row["number"].as_str()).collect();
        let mut later = Sandbox::open(&self.file).expect("a shop");
        let done = later.advance(WITHIN_HOURS * 3_600).expect("time passes");
        let cases = done.happenings.iter().filter(|happening| {
            let noun = happening.noun.to_string();
            noun == "after-sale" || noun == "dispute"
        });
        let ended: HashSet<&str> = cases.map(|case| case.number.as_str()).collect();
        assert!(!ended.is_empty(), "the clock ended nothing");
        ended.difference(&listed).count()
    }
}

fn look(folder: &Path) -> (f64, Vec<Value>) {
    let started = Instant::now();
    let within = format!("{WITHIN_HOURS}h");
    let output = Command::new(env!("CARGO_BIN_EXE_wxsell"))
        .args([
            "--profile",
            "all",
            "--format",
            "json",
            "due",
            "--all",
            "--within",
        ])
        .args([&within, "--orders-of", "1h"])
        .env_clear()
        .env("WXSELL_CONFIG_DIR", folder.join("config"))
        .env("WXSELL_STATE_DIR", folder.join("state"))
        .output()
        .expect("the binary runs");
    let took = started.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(8), "{said}");
    let rows = serde_json::from_slice(&output.stdout).expect("JSON");
    (took, rows)
}

fn say(what: &str, figure: &str) {
    writeln!(std::io::stdout(), "{what:<70} {figure}").expect("written");
}
