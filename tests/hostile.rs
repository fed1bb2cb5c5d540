//! No reply makes a panic: 2,000 hostile replies by the schema of each operation, against every command.
//! `HOSTILE_RUNS=100000 cargo test --release --test all hostile::` runs more.

use crate::support::hostile;
use std::process::{Command, Stdio};

const RUNS: usize = 2_000;

/// All in one process with folders of its own: this one, started again.
#[test]
fn no_reply_makes_any_command_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    let work = folder.path().join("work");
    std::fs::create_dir(&work).expect("a folder");
    std::fs::copy("tests/data/images/TEA-1001.png", work.join("a.png")).expect("a picture");
    std::fs::write(work.join("number"), "6222000000000000000\n").expect("a file");
    let child = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "hostile::what_one_process_does",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .current_dir(&work)
        .env("WXSELL_CONFIG_DIR", folder.path().join("config"))
        .env("WXSELL_STATE_DIR", folder.path().join("state"))
        .env("WXSELL_APP_SECRET", "0123456789abcdef0123456789abcdef")
        .env(wxsell::clock::VARIABLE, folder.path().join("clock"))
        .env("RUST_MIN_STACK", wxsell::cli::start::STACK.to_string())
        .env(
            "HOSTILE_RUNS",
            std::env::var("HOSTILE_RUNS").unwrap_or(RUNS.to_string()),
        )
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let words = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && words.contains("hostile runs"),
        "{words}{}",
        String::from_utf8_lossy(&child.stderr)
    );
}

#[test]
#[ignore = "the process that no_reply_makes_any_command_panic starts"]
#[expect(clippy::print_stdout, reason = "the figure, for who measures")]
fn what_one_process_does() {
    let runs = std::env::var("HOSTILE_RUNS").expect("started by the test above");
    let report = hostile::run(9, runs.parse().expect("a number"));
    println!("{} hostile runs", report.runs);
    let lines = |found: std::collections::BTreeSet<String>| Vec::from_iter(found).join("\n");
    assert!(
        report.unknown.is_empty(),
        "not understood:\n{}",
        lines(report.unknown)
    );
    assert!(
        report.panics.is_empty(),
        "panics:\n{}",
        lines(report.panics)
    );
    assert!(
        report.unfinished.is_empty(),
        "without end:\n{}",
        lines(report.unfinished)
    );
}
