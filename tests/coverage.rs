//! Every operation of the custom component, of promotion staff and of the platform has a command, a rule in the
//! sandbox, a documented request that passes its check, and a test in which it is called and answered well; those of
//! the other families are reached by `wxsell api call` alone. `tests/data/coverage.tsv` is the table of it.

use clap::CommandFactory;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use wxsell::api::operation::{Operation, Reference};
use wxsell::commands::command_of;
use wxsell::sandbox::Sandbox;

const WITH_COMMANDS: [Reference; 3] = [
    Reference::Component,
    Reference::Promoter,
    Reference::Platform,
];

fn operations(references: &[Reference]) -> impl Iterator<Item = &'static Operation> {
    let books = references.iter().map(|reference| reference.book());
    books.flat_map(|book| book.operations.iter().map(|known| &**known))
}

/// Whether the words name a command that does something, and options that it takes.
fn exists(root: &clap::Command, words: &str) -> bool {
    let mut here = root;
    for word in words.split(' ') {
        if let Some(option) = word.strip_prefix("--") {
            if !here
                .get_arguments()
                .any(|arg| arg.get_long() == Some(option))
            {
                return false;
            }
            continue;
        }
        match here.find_subcommand(word) {
            Some(below) => here = below,
            None => return false,
        }
    }
    !here.is_subcommand_required_set()
}

#[test]
fn every_operation_has_a_command_that_exists() {
    let root = wxsell::cli::Cli::command();
    let mut missing = Vec::new();
    for operation in operations(&WITH_COMMANDS) {
        match command_of(&operation.path) {
            None => missing.push(format!("{}: no command", operation.path)),
            Some(command) if !exists(&root, command) => {
                missing.push(format!("{}: no `wxsell {command}`", operation.path));
            }
            Some(_) => {}
        }
    }
    assert!(
        missing.is_empty(),
        "{} of {}:\n{}",
        missing.len(),
        operations(&WITH_COMMANDS).count(),
        missing.join("\n")
    );
}

#[test]
fn every_operation_with_a_command_is_simulated() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Sandbox::open(&folder.path().join("shop.db")).expect("a shop");
    let simulated = shop.simulated();
    let missing: Vec<&str> = operations(&WITH_COMMANDS)
        .map(|operation| operation.path.as_str())
        .filter(|path| !simulated.contains(path))
        .collect();
    assert!(
        missing.is_empty(),
        "{} of {} have no rule:\n{}",
        missing.len(),
        operations(&WITH_COMMANDS).count(),
        missing.join("\n")
    );
    let strange: Vec<&&str> = simulated
        .iter()
        .filter(|path| wxsell::api::operation::by_path(path).is_none())
        .collect();
    assert!(strange.is_empty(), "rules of unknown paths: {strange:?}");
}

/// That these requests pass their check is seen by `tests/operations.rs`.
#[test]
fn every_operation_with_a_command_has_a_documented_request() {
    let without: Vec<&str> = operations(&WITH_COMMANDS)
        .filter(|operation| operation.request.is_some() && operation.example.is_null())
        .map(|operation| operation.path.as_str())
        .collect();
    assert!(without.is_empty(), "no example: {without:?}");
    for reference in WITH_COMMANDS {
        let book = reference.book();
        for operation in &book.operations {
            if let Some(request) = &operation.request {
                let problems = book.check(request, &operation.example);
                assert!(problems.is_empty(), "{}: {problems:?}", operation.path);
            }
        }
    }
}

/// Tests that call operations and say so: the documents that `tests/guide.rs` runs through the binary, whose calls it
/// holds against these records, and the typed paths, of which `tests/contract.rs` calls every one.
fn called_in(path: &str) -> Vec<&'static str> {
    let typed = || wxsell::api::paths().any(|(known, _)| known == path);
    let walked = [
        ("guide", include_str!("data/called/guide.txt")),
        ("guide-rest", include_str!("data/called/guide-rest.txt")),
    ];
    let mut tests: Vec<&str> = walked
        .into_iter()
        .filter(|(_, paths)| paths.lines().any(|called| called == path))
        .map(|(name, _)| name)
        .collect();
    if typed() {
        tests.push("contract");
    }
    tests
}

/// How the request of an operation is tried; `None` where it is not.
fn sample(operation: &Operation) -> Option<&'static str> {
    match (&operation.request, operation.example.is_null()) {
        (Some(_), false) => Some("checked"),
        (None, _) => Some("no JSON body"),
        (Some(_), true) => None,
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures, under --nocapture")]
fn the_table_of_coverage_has_no_gap_and_is_on_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Sandbox::open(&folder.path().join("shop.db")).expect("a shop");
    let simulated = shop.simulated();
    // Two references may have the same path.
    let known: BTreeMap<&str, &Operation> = operations(&WITH_COMMANDS)
        .map(|operation| (operation.path.as_str(), operation))
        .collect();
    let mut table = "path\tcommand\tsandbox rule\trequest\tcalled in\n".to_owned();
    let mut gaps = Vec::new();
    for (path, operation) in &known {
        let command = command_of(path).map(|command| format!("wxsell {command}"));
        let rule = simulated.contains(path).then_some("yes");
        let called = called_in(path).join(", ");
        let cells = [
            command.as_deref(),
            rule,
            sample(operation),
            Some(called.as_str()).filter(|called| !called.is_empty()),
        ];
        if cells.contains(&None) {
            gaps.push(format!("{path}: {cells:?}"));
        }
        let cells = cells.map(|cell| cell.unwrap_or("-"));
        table += &format!("{path}\t{}\n", cells.join("\t"));
    }
    assert!(
        gaps.is_empty(),
        "{} of {}: {gaps:#?}",
        gaps.len(),
        known.len()
    );
    println!("{} of {} paths have everything", known.len(), known.len());
    let record = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/coverage.tsv");
    if std::env::var_os("WXSELL_RENEW").is_some() {
        std::fs::write(&record, &table).expect("a table");
    }
    let on_record = std::fs::read_to_string(&record).unwrap_or_default();
    assert_eq!(
        on_record, table,
        "WXSELL_RENEW=1 cargo test --test all coverage::"
    );
}

/// The binary fetches stable tokens alone, so that no program ends the token of another.
const NEVER_CALLED: [&str; 1] = ["/cgi-bin/token"];

#[test]
fn every_operation_but_one_is_called_by_the_binary() {
    let uncalled: BTreeSet<&str> = operations(&WITH_COMMANDS)
        .map(|operation| operation.path.as_str())
        .filter(|path| called_in(path).iter().all(|test| *test == "contract"))
        .collect();
    assert_eq!(uncalled, BTreeSet::from(NEVER_CALLED));
}

#[test]
fn a_record_of_calls_names_known_paths_alone() {
    for record in ["guide", "guide-rest"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data/called")
            .join(format!("{record}.txt"));
        let paths = std::fs::read_to_string(file).expect("a record");
        assert!(paths.lines().count() > 80, "{record}");
        for path in paths.lines() {
            assert!(
                operations(&WITH_COMMANDS).any(|known| known.path == path),
                "{path}"
            );
        }
    }
    assert!(called_in("/shop/no/such/call").is_empty());
}

#[test]
fn operations_of_other_families_are_reached_by_a_command_or_by_api_call() {
    let named = |operation: &&Operation| {
        // A path that two families share belongs to the one that has a command for it.
        let own = wxsell::api::operation::by_path(&operation.path);
        let reference = own.map(|(book, _)| book.reference);
        matches!(reference, Some(Reference::Standard | Reference::Store))
    };
    let root = wxsell::cli::Cli::command();
    let (mut count, mut used) = (0, 0);
    for operation in operations(&[Reference::Standard, Reference::Store]).filter(named) {
        count += 1;
        assert!(!wxsell::api::operation::named(&operation.path).is_empty());
        if let Some(command) = command_of(&operation.path) {
            used += 1;
            assert!(exists(&root, command), "{}: {command}", operation.path);
        }
    }
    assert!(count > 100, "{count}");
    assert!(used > 5, "{used}");
}

/// What the commands of a WeChat Store call; `tests/store_contract.rs` calls each once well and has it refused once.
pub fn called_by_a_store() -> Vec<&'static str> {
    let typed = wxsell::api::paths().map(|(path, _)| path);
    let asked = operations(&[Reference::Store])
        .map(|operation| operation.path.as_str())
        .filter(|path| command_of(path).is_some());
    let of_store = typed.chain(asked).filter(|path| {
        path.starts_with("/channels/ec/") || *path == "/shop/ec/category/getcategoryproductrule"
    });
    of_store.collect()
}

#[test]
fn operations_that_a_store_uses_are_simulated() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Sandbox::open(&folder.path().join("shop.db")).expect("a shop");
    let simulated = shop.simulated();
    let used = called_by_a_store();
    assert!(used.len() > 50, "{used:?}");
    for path in used {
        assert!(simulated.contains(&path), "{path} is not simulated");
    }
}
