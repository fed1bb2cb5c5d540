//! What the program is made of may be given on: every package of the lock file that is built here has a licence of this
//! list. There is no list of advisories to hold them against without a network.

use std::process::Command;

/// None of them asks for more than that its text goes along; MPL-2.0 for changes to its own files.
const TAKEN: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether an expression such as `(MIT OR Apache-2.0) AND ISC` can be met. `/` is an old way to write OR.
fn is_taken(expression: &str) -> bool {
    let expression = expression.trim();
    for (word, every) in [(" AND ", true), (" OR ", false), ("/", false)] {
        let parts = outside_of_brackets(expression, word);
        if parts.len() > 1 {
            return if every {
                parts.into_iter().all(is_taken)
            } else {
                parts.into_iter().any(is_taken)
            };
        }
    }
    let inner = expression
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    inner.map_or_else(|| TAKEN.contains(&expression), is_taken)
}

fn outside_of_brackets<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, _) in text.match_indices(word) {
        let before = &text[..at];
        if before.matches('(').count() == before.matches(')').count() {
            parts.push(&text[start..at]);
            start = at + word.len();
        }
    }
    parts.push(&text[start..]);
    parts
}

#[test]
fn every_package_may_be_given_on() {
    let version = Command::new("rustc").arg("-vV").output().expect("rustc");
    let version = String::from_utf8(version.stdout).expect("text");
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let asked = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", host.expect("a platform")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo");
    let words = String::from_utf8_lossy(&asked.stderr);
    assert!(asked.status.success(), "{words}");
    let known: serde_json::Value = serde_json::from_slice(&asked.stdout).expect("JSON");
    let packages = known["packages"].as_array().expect("packages");
    assert!(packages.len() > 100, "{}", packages.len());
    let wrong: Vec<String> = packages
        .iter()
        .map(|package| (&package["name"], package["license"].as_str().unwrap_or("")))
        .filter(|(_, licence)| !is_taken(licence))
        .map(|(name, licence)| format!("{name}: {licence:?}"))
        .collect();
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn licences_are_read_as_they_are_written() {
    for good in [
        "MIT",
        "MIT/Apache-2.0",
        "Apache-2.0 OR GPL-2.0-only",
        "(MIT OR GPL-3.0) AND ISC",
    ] {
        assert!(is_taken(good), "{good}");
    }
    for bad in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(GPL-3.0 OR AGPL-3.0) AND MIT",
    ] {
        assert!(!is_taken(bad), "{bad}");
    }
}
