//! Every operation of the custom component, of promotion staff and of the platform has a command, a rule in the
//! sandbox and a documented request; those of the other families are reached by `wxsell api call` alone.

use clap::CommandFactory;
use wxsell::api::operation::{Operation, Shelf};
use wxsell::commands::command_of;
use wxsell::sandbox::Sandbox;

const WITH_COMMANDS: [Shelf; 3] = [Shelf::Component, Shelf::Promoter, Shelf::Platform];

fn operations(shelves: &[Shelf]) -> impl Iterator<Item = &'static Operation> {
    let books = shelves.iter().map(|shelf| shelf.book());
    books.flat_map(|book| book.operations.iter())
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
    for shelf in WITH_COMMANDS {
        let book = shelf.book();
        for operation in &book.operations {
            if let Some(request) = &operation.request {
                let problems = book.check(request, &operation.example);
                assert!(problems.is_empty(), "{}: {problems:?}", operation.path);
            }
        }
    }
}

#[test]
fn other_families_are_reached_by_api_call_alone() {
    let named = |operation: &&Operation| {
        // A path that two families share belongs to the one that has a command for it.
        let own = wxsell::api::operation::by_path(&operation.path);
        let shelf = own.and_then(|(book, _)| book.shelf);
        matches!(shelf, Some(Shelf::Standard | Shelf::Store))
    };
    let mut count = 0;
    for operation in operations(&[Shelf::Standard, Shelf::Store]).filter(named) {
        count += 1;
        assert_eq!(command_of(&operation.path), None, "{}", operation.path);
        assert!(!wxsell::api::operation::named(&operation.path).is_empty());
    }
    assert!(count > 100, "{count}");
}
