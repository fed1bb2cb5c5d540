//! Hostile replies: the fullest reply of each operation with some of its values replaced by others that nobody
//! promised, served to every command in this process. Nothing of it may end in a panic.
//!
//! Settings and state lie where `WXSELL_CONFIG_DIR` and `WXSELL_STATE_DIR` say and time goes by `WXSELL_TEST_CLOCK`, so
//! that whoever calls [`run`] does it in a process of its own.

use super::filled::Specs;
use super::readings::READINGS;
use super::standin;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use wxsell::cli::start::{self, Start};
use wxsell::commands::{self, Ctx};
use wxsell::lang::Lang;
use wxsell::output::{Format, Output};

/// Commands that act, or read several things.
const MORE: &[&str] = &[
    "status",
    "due --within 72h",
    "aftersale accept-refund AS1",
    "aftersale reject AS1 --reason no",
    "aftersale cancel AS1",
    "aftersale list --due 72h",
    "aftersale auto --policy policy.toml --dry-run",
    "event verify --since 24h",
    "goods export out.csv",
    "goods on-sale P1",
    "goods off-sale P1",
    "goods update P1 --title Tea",
    "order close A1",
    "order payment-params A1 --openid o1",
    "order create --file order.json",
    "delivery send A1 --carrier SF --waybill SF1234567890123",
    "delivery send --from parcels.csv",
    "delivery receive A1 --openid o1",
    "dispute respond 1 --text hello",
    "coupon update C1 --name tea",
    "promoter update o1 --role 1",
    "funds withdraw --amount 12",
    "pay create --file pay.json",
    "sharer bind o1",
    "quota show",
    "pay refund TN0001 --openid o1 --amount 1",
    "event list",
    "auth status",
    "auth doctor",
    "brand mine",
    "api call /shop/order/get_list",
];

/// How often one reply is spoilt, at most.
const SPOILT: usize = 4;
/// No wait takes time here: a command that goes on for so long would never end.
const PATIENCE: Duration = Duration::from_secs(30);
/// Runs after which the clock begins anew. All waits before it are read at every look at the clock.
const CLOCK_RUNS: usize = 50;

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    pub runs: usize,
    /// Commands that had to be ended.
    pub unfinished: BTreeSet<String>,
    /// Where it panicked, and the command.
    pub panics: BTreeSet<String>,
    /// Commands that do not parse: the list above is out of date.
    pub unknown: BTreeSet<String>,
}

/// Runs `count` commands against hostile replies; the same for the same seed, but for the time that it takes.
pub fn run(seed: u64, count: usize) -> Report {
    let reference = Specs::read();
    let replies: BTreeMap<String, Value> = reference
        .paths()
        .map(|path| (path.to_owned(), reference.reply(path).0))
        .collect();
    let dice = Mutex::new(fastrand::Rng::with_seed(seed));
    let base_url = standin::start(Arc::new(move |path: &str| {
        let mut dice = dice.lock().unwrap_or_else(PoisonError::into_inner);
        answer(path, &replies, &mut dice).to_string()
    }));
    let config = std::env::var_os("WXSELL_CONFIG_DIR").expect("a folder of settings");
    let settings =
        format!("[profile.shop]\nappid = \"wx0000000000000001\"\nbase_url = \"{base_url}\"\n");
    std::fs::create_dir_all(&config).expect("a folder");
    std::fs::write(std::path::Path::new(&config).join("config.toml"), settings).expect("settings");
    let lines: Vec<&str> = READINGS
        .iter()
        .flat_map(|(_, lines)| lines.iter().copied())
        .chain(MORE.iter().copied())
        .filter(|line| !line.starts_with("provider "))
        .collect();
    let mut dice = fastrand::Rng::with_seed(seed.wrapping_add(1));
    let mut report = Report::default();
    let places: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = places.clone();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string);
        let trace = std::backtrace::Backtrace::force_capture().to_string();
        // The first frame of ours says more than that of a library.
        let ours = trace
            .lines()
            .map(str::trim)
            .find(|line| line.starts_with("at ./src/") || line.contains("/wt/src/"));
        let place = format!("{} {}", place.unwrap_or_default(), ours.unwrap_or_default());
        noted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(place);
    }));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let clock = std::env::var_os(wxsell::clock::VARIABLE).expect("a clock");
    for run in 0..count {
        if run % CLOCK_RUNS == 0 {
            std::fs::write(&clock, "").expect("a clock");
        }
        let line = lines[dice.usize(..lines.len())];
        let form = ["table", "json", "csv"][dice.usize(..3)];
        report.runs += 1;
        let done = catch_unwind(AssertUnwindSafe(|| one(line, form, &runtime)));
        match done {
            Ok(Some(true)) => {}
            Ok(Some(false)) => drop(report.unfinished.insert(line.to_owned())),
            Ok(None) => drop(report.unknown.insert(line.to_owned())),
            Err(_) => {}
        }
        let found = std::mem::take(&mut *places.lock().unwrap_or_else(PoisonError::into_inner));
        report
            .panics
            .extend(found.into_iter().map(|place| format!("{line}: {place}")));
    }
    drop(std::panic::take_hook());
    report
}

/// One command; whether it came to an end, `None` where it does not parse.
fn one(line: &str, form: &str, runtime: &tokio::runtime::Runtime) -> Option<bool> {
    let line = line.replace(
        "RID",
        &format!("{:x}-00000001-00000001", wxsell::types::now()),
    );
    let words = [
        "wxsell",
        "--profile",
        "shop",
        "--yes",
        "--no-input",
        "--format",
        form,
    ];
    let args: Vec<OsString> = words
        .into_iter()
        .chain(line.split(' '))
        .map(Into::into)
        .collect();
    let Ok(Start::Run(cli)) = start::parse(&args, Lang::En) else {
        return None;
    };
    let (mut out, _) = Output::captured(80);
    out.yes = true;
    out.format = match form {
        "json" => Format::Json,
        "csv" => Format::Csv,
        _ => Format::Table,
    };
    let ctx = Ctx::new(cli.global.clone(), out).expect("folders");
    let work = async { tokio::time::timeout(PATIENCE, commands::run(*cli, &ctx)).await };
    match runtime.block_on(work) {
        Ok(Ok(())) => Some(true),
        Ok(Err(error)) => {
            ctx.out.fail(&error);
            Some(true)
        }
        Err(_) => Some(false),
    }
}

fn answer(path: &str, replies: &BTreeMap<String, Value>, dice: &mut fastrand::Rng) -> Value {
    if path.ends_with("token") {
        return json!({"access_token": "T".repeat(40), "expires_in": 7200});
    }
    let mut reply = replies
        .get(path)
        .cloned()
        .unwrap_or_else(|| json!({"errcode": 0}));
    if let Value::Object(fields) = &mut reply {
        let mut places = 0;
        for (name, value) in fields.iter() {
            if !ENVELOPE.contains(&name.as_str()) {
                places += size(value);
            }
        }
        for _ in 0..dice.usize(..=SPOILT) {
            if places > 0 {
                let mut at = dice.usize(..places);
                for (name, value) in fields.iter_mut() {
                    if !ENVELOPE.contains(&name.as_str()) && spoil(value, &mut at, dice) {
                        break;
                    }
                }
            }
        }
        // A field that is gone, now and then.
        if dice.u8(..8) == 0 {
            let names: Vec<String> = fields.keys().cloned().collect();
            let name = &names[dice.usize(..names.len())];
            if !ENVELOPE.contains(&name.as_str()) {
                fields.shift_remove(name);
            }
        }
    }
    reply
}

/// What makes it a reply at all, and what would make a list endless.
const ENVELOPE: [&str; 3] = ["errcode", "errmsg", "has_more"];

/// How many values there are, lists and objects included.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Object(fields) => fields.values().map(size).sum(),
        Value::Array(items) => items.iter().map(size).sum(),
        _ => 0,
    }
}

/// Replaces the value at place `at`, counted from the outside in; true where it was below this one.
fn spoil(value: &mut Value, at: &mut usize, dice: &mut fastrand::Rng) -> bool {
    if *at == 0 {
        *value = other(value, dice);
        return true;
    }
    *at -= 1;
    match value {
        Value::Object(fields) => fields.values_mut().any(|field| spoil(field, at, dice)),
        Value::Array(items) => items.iter_mut().any(|item| spoil(item, at, dice)),
        _ => false,
    }
}

/// What a value is replaced by.
fn other(value: &Value, dice: &mut fastrand::Rng) -> Value {
    const NUMBERS: [i64; 14] = [
        0,
        -1,
        1,
        2,
        5,
        13,
        100,
        1 << 31,
        1 << 53,
        i64::MAX,
        i64::MIN,
        99_999_999_999_999,
        1_650_000_000,
        200,
    ];
    const TEXTS: [&str; 14] = [
        "",
        "x",
        "-1",
        "1e9",
        "null",
        "\u{1b}[31m\u{9b}",
        "\u{202e}",
        "2022-02-30 25:61:61",
        "0000-00-00 00:00:00",
        "99999999999999999999999999",
        "{\"a\":1}",
        "../../x",
        "茶😀",
        "2022-04-01 12:00:00",
    ];
    match dice.u8(..12) {
        0 => Value::Null,
        1 | 2 => NUMBERS[dice.usize(..NUMBERS.len())].into(),
        3 | 4 => TEXTS[dice.usize(..TEXTS.len())].into(),
        5 => dice.bool().into(),
        6 => json!([]),
        7 => json!({}),
        8 => json!([value]),
        9 => json!([NUMBERS[dice.usize(..NUMBERS.len())], "x", null, {}]),
        10 => json!([1e308, 1.8446744073709552e19, -0.0, 1.5][dice.usize(..4)]),
        _ => match value {
            Value::Array(items) => items.first().cloned().unwrap_or(Value::Null),
            Value::Object(_) => json!({"openid": 1, "status": "x", "list": [[]]}),
            _ => "茶".repeat(2_000).into(),
        },
    }
}
