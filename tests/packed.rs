//! What is packed for others holds what its own tests need.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files below a folder of the package, by their paths in it.
fn below(root: &Path, folder: &str, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(root.join(folder)).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            below(root, &name, found);
        } else {
            found.insert(name);
        }
    }
}

/// Files that a source includes, by their paths in the package.
fn included(root: &Path, source: &str) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(root.join(source)).expect("a source");
    let mut found = Vec::new();
    for word in ["include_str", "include_bytes"] {
        let word = format!("{word}!(");
        for (at, _) in text.match_indices(word.as_str()) {
            let rest = text[at + word.len()..].trim_start();
            let Some(path) = rest
                .strip_prefix('"')
                .and_then(|rest| rest.split('"').next())
            else {
                continue;
            };
            found.push(root.join(source).with_file_name(path));
        }
    }
    found
}

/// The packed crate holds every file of the tests, and every file that a source includes. `.ci/run` builds its tests.
#[test]
fn the_package_holds_what_its_tests_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let listed = Command::new(cargo)
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .current_dir(root)
        .output()
        .expect("cargo");
    let words = String::from_utf8_lossy(&listed.stderr);
    assert!(listed.status.success(), "{words}");
    let packed = String::from_utf8(listed.stdout).expect("UTF-8");
    let packed: BTreeSet<&str> = packed.lines().collect();
    let mut wanted = BTreeSet::new();
    for folder in ["src", "tests", "benches", "man", "completions", "docs"] {
        below(root, folder, &mut wanted);
    }
    assert!(wanted.iter().any(|file| file.starts_with("tests/spec/")));
    // What insta leaves beside a snapshot that differs is nobody's.
    wanted.retain(|file| !file.ends_with(".snap.new") && !file.ends_with(".pending-snap"));
    let missing: Vec<&String> = wanted
        .iter()
        .filter(|file| !packed.contains(file.as_str()))
        .collect();
    assert_eq!(missing, [""; 0]);
    let sources = wanted.iter().filter(|file| file.ends_with(".rs"));
    let mut count = 0;
    for source in sources {
        for path in included(root, source) {
            let whole = path.canonicalize();
            let whole =
                whole.unwrap_or_else(|error| panic!("{source}: {}: {error}", path.display()));
            let inside = whole.strip_prefix(root.canonicalize().expect("the package"));
            let inside = inside
                .expect("inside the package")
                .to_string_lossy()
                .replace('\\', "/");
            assert!(
                packed.contains(inside.as_str()),
                "{source} includes {inside}"
            );
            count += 1;
        }
    }
    assert!(count > 10, "{count}");
}
