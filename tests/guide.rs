//! The guides are run: `tests/guide.md` from the application to the withdrawal, `tests/guide-rest.md` with what it leaves
//! out, and `tests/guide-store.md` for a WeChat Store, every command in order, in an empty folder with a fresh shop; what they show is what was printed.
//! The calls that were answered well stand in `tests/data/called/`, which `tests/coverage.rs` reads.
#![cfg(unix)]

use crate::support::{spec, walk};

use clap::CommandFactory;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use walk::{Walk, form};
use wxsell::api::Resend;
use wxsell::api::operation::Reference;
use wxsell::commands::shows;
use wxsell::sandbox::Sandbox;

/// Runs the command given to it twice: first with a column that there is none of. Notes where that wrote or went well.
/// Not one that shows personal data, which is noted in the log in any case.
const WITH_A_WRONG_COLUMN: &str = r#"#!/bin/sh
case " $* " in
*" sandbox "* | *" --columns "* | *" --unmask "* | *" --dry-run "* | *" profile "* | *" auth "* | *" event listen "* | *" --template "*) ;;
*)
    before=$("$PROGRAM" log list --format json --jq "last.seq")
    if rows=$("$PROGRAM" "$@" --columns no_such_column </dev/null 2>"$NOTES.said"); then
        # A list without rows cannot tell whether they would have it.
        [ -z "$rows" ] || echo "went well: $*" >>"$NOTES"
    else
        mv "$NOTES.said" "$NOTES.shown"
    fi
    [ "$before" = "$("$PROGRAM" log list --format json --jq "last.seq")" ] || echo "wrote: $*" >>"$NOTES"
    ;;
esac
exec "$PROGRAM" "$@"
"#;

/// Runs a document. A column that there is none of is refused by every command before anything is written; every call
/// of the document keeps to the reference, and those answered well are the ones on
/// record.
#[expect(clippy::print_stdout, reason = "the figures, under --nocapture")]
fn walked(name: &str) -> Walk {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let walk = Walk::run(&tests.join(format!("{name}.md")), WITH_A_WRONG_COLUMN);
    let notes = std::fs::read_to_string(walk.path("notes")).unwrap_or_default();
    assert_eq!(notes, "", "{name}");
    let refusal = std::fs::read_to_string(walk.path("notes.shown")).expect("a refusal");
    assert!(refusal.contains("column"), "{refusal}");
    let mut shop = Sandbox::open(&walk.path("state").join("sandbox.db")).expect("the shop");
    let calls = shop.exchanges().expect("calls");
    let kept = shop.settings().expect("settings").keep_calls;
    assert!(calls.len() < kept as usize, "{} calls", calls.len());
    assert_eq!(spec::problems(&calls), [""; 0]);
    assert_eq!(spec::unlike_their_schema(&calls), [""; 0]);
    let called: BTreeSet<&str> = calls
        .iter()
        .filter(|call| call.errcode == 0)
        .map(|call| call.path.as_str())
        .collect();
    let called: String = called.iter().map(|path| format!("{path}\n")).collect();
    let record = tests.join("data/called").join(format!("{name}.txt"));
    if std::env::var_os("WXSELL_RENEW").is_some() {
        std::fs::create_dir_all(record.parent().expect("a folder")).expect("a folder");
        std::fs::write(&record, &called).expect("a record");
    }
    let known = std::fs::read_to_string(&record).expect("a record");
    assert_eq!(
        known, called,
        "WXSELL_RENEW=1 cargo test --test all guide::"
    );
    println!(
        "{name}: {} commands, {} calls of {} paths",
        walk.steps.iter().map(|step| step.commands()).sum::<usize>(),
        calls.len(),
        called.lines().count()
    );
    walk
}

#[test]
fn the_guide_is_walked_and_shows_what_is_printed() {
    let walk = walked("guide");
    let looks: Vec<&walk::Step> = walk
        .steps
        .iter()
        .filter(|step| step.script.starts_with("wxsell status"))
        .collect();
    let (last, before) = looks.split_last().expect("the state is looked at");
    assert!(before.len() >= 10, "{}", before.len());
    for pair in looks.windows(2) {
        assert_ne!(
            form(&pair[0].output),
            form(&pair[1].output),
            "nothing moved"
        );
    }
    assert!(before[0].output.contains("exit code 7"));
    // A shell that stops at the first failure came past it.
    assert!(!last.script.contains("||"), "{}", last.script);
}

#[test]
fn what_the_guide_leaves_out_is_run_too() {
    walked("guide-rest");
}

#[test]
fn the_guide_of_a_store_is_walked_and_shows_what_is_printed() {
    let walk = walked("guide-store");
    let status = |step: &&walk::Step| step.script.contains("wxsell status");
    let last = walk.steps.iter().rfind(status).expect("a status");
    assert!(
        !last.script.contains("||"),
        "the store sells: {}",
        last.output
    );
}

#[test]
fn a_form_hides_times_and_long_numbers_alone() {
    assert_eq!(
        form("paid 2022-04-01 12:00:00, order 3302645269677080832, 12.50 yuan, TEA-1001"),
        form("paid 2026-11-25 09:59:59, order 3302645269677080999, 12.50 yuan, TEA-1001")
    );
    assert_eq!(form("██ ▄▀█\n█▄ ▀██\ndone"), form("██▀▄ █ ██\ndone"));
    for (one, other) in [
        ("12.50 yuan", "12.60 yuan"),
        ("TEA-1001", "TEA-1002"),
        ("2022-04-01", "never"),
        ("status 20", "status 30"),
    ] {
        assert_ne!(form(one), form(other));
    }
}

/// Runs the command given to it. One that does not know whether it was done is run again when reads no longer lag.
const AGAIN_WHERE_UNKNOWN: &str = r#"#!/bin/sh
case " $* " in
*" sandbox reset "*)
    "$PROGRAM" "$@"
    code=$?
    while read -r path after; do
        "$PROGRAM" --profile sandbox sandbox fault --path "$path" --reset $after >/dev/null 2>&1
    done <"$NOTES.paths"
    exit $code
    ;;
*" sandbox "* | *" profile "* | *" event "* | *" auth "*) exec "$PROGRAM" "$@" ;;
esac
export WXSELL_TEST_CLOCK="$NOTES.clock"
cat >"$NOTES.in"
"$PROGRAM" "$@" <"$NOTES.in" >"$NOTES.out" 2>"$NOTES.err"
code=$?
if [ $code = 9 ] || { [ $code = 6 ] && grep -q unclear "$NOTES.out"; }; then
    echo "$*" >>"$NOTES"
    echo 70000 >>"$WXSELL_TEST_CLOCK"
    if [ $code = 6 ] || grep -q -e "--not-made" "$NOTES.err"; then
        # WeChat does not show it by itself: a person has looked, and it was not made.
        "$PROGRAM" --profile sandbox run settle --format json --jq '.[] | select(.kind == "call") | .id' \
            >"$NOTES.ids" 2>/dev/null || true
        while read -r id; do
            echo "$id: $*" >>"$NOTES.persons"
            "$PROGRAM" --profile sandbox run settle --not-made "$id" >/dev/null 2>&1
        done <"$NOTES.ids"
    fi
    "$PROGRAM" "$@" <"$NOTES.in" >"$NOTES.out" 2>"$NOTES.err"
    code=$?
fi
cat "$NOTES.out"
cat "$NOTES.err" >&2
exit $code
"#;

/// What WeChat does not show afterwards, so that a person has to say it. Their calls are lost before the platform acts,
/// and said not to have been made; `tests/cli/writes.rs` has one that was made.
const BY_PERSON: [&str; 7] = [
    "/shop/audit/audit_brand",
    "/shop/audit/audit_category",
    "/shop/wxpay/apply",
    "/shop/ecaftersale/upload_certificates",
    "/shop/ecaftersale/merchanttest",
    "/promoter/sendmsg",
    "/promoter/singlesendmsg",
];

/// Every writing command of both documents once with an answer that is lost after the platform has acted: it ends well,
/// or says that it does not know and ends well a minute later, or once a person has looked. Nothing that acts twice where
/// it comes twice comes twice, and what was moved at the platform is what the log of this program has.
#[test]
fn every_writing_command_survives_a_lost_answer_and_acts_once() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let references = [Reference::Component, Reference::Promoter];
    let mut struck = BTreeSet::new();
    for name in ["guide", "guide-rest"] {
        let arm = |folder: &Path| {
            let operations = references
                .iter()
                .flat_map(|reference| &reference.book().operations);
            let paths = operations
                .filter(|operation| operation.resend != Resend::Safe)
                .map(|operation| operation.path.as_str());
            let after = |path: &str| {
                if BY_PERSON.contains(&path) {
                    ""
                } else {
                    " --after"
                }
            };
            let paths: String = paths
                .map(|path| format!("{path}{}\n", after(path)))
                .collect();
            std::fs::write(folder.join("notes.paths"), paths).expect("a file");
        };
        let walk = Walk::run_only(&tests.join(format!("{name}.md")), AGAIN_WHERE_UNKNOWN, arm);
        let mut shop = Sandbox::open(&walk.path("state").join("sandbox.db")).expect("the shop");
        let mut acted = BTreeSet::new();
        let mut moved: BTreeMap<String, usize> = BTreeMap::new();
        for call in shop.exchanges().expect("calls") {
            if !call.fault.is_empty() {
                struck.insert(call.path.clone());
            }
            let known = wxsell::api::operation::by_path(&call.path);
            let class = known.map(|(_, known)| known.resend);
            let once = matches!(class, Some(Resend::Never | Resend::State));
            let did_not_act = call.errcode != 0 || call.reply.is_empty();
            if !once || did_not_act || HARMLESS.contains(&call.path.as_str()) {
                continue;
            }
            assert!(
                class == Some(Resend::State)
                    || acted.insert((call.path.clone(), call.request.clone())),
                "{name}: {} twice: {}",
                call.path,
                call.request
            );
            *moved.entry(call.path).or_default() += 1;
        }
        let entries = wxsell::state::log::entries(&walk.path("state"), 0, usize::MAX);
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for entry in entries.expect("the log") {
            let was_made = matches!(&*entry.result, "done" | "found");
            if was_made && moved.contains_key(&entry.path) {
                *known.entry(entry.path).or_default() += 1;
            }
        }
        assert_eq!(moved, known, "{name}: at the platform, and in the log");
        let left = Command::new(env!("CARGO_BIN_EXE_wxsell"))
            .args(["--profile", "sandbox", "run", "settle", "--format", "json"])
            .env("WXSELL_CONFIG_DIR", walk.path("config"))
            .env("WXSELL_STATE_DIR", walk.path("state"))
            .env(wxsell::clock::VARIABLE, walk.path("notes.clock"))
            .output()
            .expect("it runs");
        // What goes on may have ended meanwhile; nothing is unknown.
        let words = String::from_utf8_lossy(&left.stdout).into_owned();
        assert!(left.status.success(), "{name}: open in the end: {words}");
    }
    // Every writing command stands in the documents, those of a person too.
    let lost: Vec<&str> = BY_PERSON
        .into_iter()
        .filter(|path| !struck.contains(*path))
        .collect();
    assert_eq!(lost, [""; 0]);
    assert!(struck.len() >= 61, "{}: {struck:?}", struck.len());
}

/// Runs the command given to it with an output that takes nothing. What was done then is shown by the same command.
const NOT_SHOWN_FIRST: &str = r#"#!/bin/sh
case " $* " in
*" sandbox "* | *" profile "* | *" event "* | *" auth "*) exec "$PROGRAM" "$@" ;;
esac
export WXSELL_TEST_CLOCK="$NOTES.clock"
cat >"$NOTES.in"
"$PROGRAM" "$@" <"$NOTES.in" >/dev/full 2>"$NOTES.err"
code=$?
case $code in
0) cat "$NOTES.err" >&2; exit 0 ;;
9)
    "$PROGRAM" "$@" <"$NOTES.in" >"$NOTES.out" 2>"$NOTES.err"
    echo "$?|$*|$(tr '\n' ' ' <"$NOTES.err")" >>"$NOTES"
    cat "$NOTES.out"
    exit 0 ;;
esac
exec "$PROGRAM" "$@" <"$NOTES.in"
"#;

/// Every writing command of both documents once with an output that takes nothing: it says that it was done, and the same
/// command again shows it and does nothing twice.
#[test]
fn every_writing_command_that_could_not_show_what_it_did_shows_it_the_second_time() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let (mut unshown, mut wrong) = (0, Vec::new());
    for name in ["guide", "guide-rest"] {
        let walk = Walk::run_only(&tests.join(format!("{name}.md")), NOT_SHOWN_FIRST, |_| {});
        let notes = std::fs::read_to_string(walk.path("notes")).expect("notes");
        unshown += notes.lines().count();
        let shown = |note: &&str| {
            let said_so = |known: &&str| note.contains(&format!("|{known} "));
            note.starts_with("0|") || GONE_AGAIN.iter().any(said_so)
        };
        let failed = notes.lines().filter(|note| !shown(note));
        wrong.extend(failed.map(str::to_owned));
        let mut shop = Sandbox::open(&walk.path("state").join("sandbox.db")).expect("the shop");
        let mut acted = BTreeSet::new();
        for call in shop.exchanges().expect("calls") {
            let known = wxsell::api::operation::by_path(&call.path);
            let once = known.is_some_and(|(_, known)| known.resend == Resend::Never);
            let acted_now = call.errcode == 0 && !call.reply.is_empty();
            if once
                && acted_now
                && !HARMLESS.contains(&call.path.as_str())
                && !SET_AGAIN.contains(&call.path.as_str())
                && !acted.insert((call.path.clone(), call.request.clone()))
            {
                wrong.push(format!("twice: {} {}", call.path, call.request));
            }
        }
    }
    assert!(wrong.is_empty(), "{unshown}: {}", wrong.join("\n"));
    assert!(unshown >= 56, "{unshown}");
}

/// What is gone, or can be had once, is not there the second time, and that is what is said then.
const GONE_AGAIN: [&str; 5] = [
    "goods withdraw-audit",
    "goods remove",
    "aftersale return-info",
    "sharer unbind",
    "--profile agency provider authorize",
];

/// They set what they set.
const SET_AGAIN: [&str; 2] = [
    "/shop/ecaftersale/update",
    "/shop/ecaftersale/merchantupdate",
];

/// A second one is no second deed: it sets what was set, or asks for what nobody uses twice.
const HARMLESS: [&str; 11] = [
    "/shop/pay/closeorder",
    "/shop/order/update_address",
    "/shop/order/getpaymentparams",
    "/shop/funds/qrcode/gen",
    "/shop/register/apply",
    "/cgi-bin/clear_quota",
    "/cgi-bin/clear_quota/v2",
    "/cgi-bin/openapi/quota/clear",
    "/cgi-bin/component/clear_quota/v2",
    "/shop/sharer/set_share_mode",
    "/shop/commission/setordercommission",
];

/// Runs the command given to it with all its fields as JSON, and keeps its words, its output and its exit code.
const AS_JSON: &str = r#"#!/bin/sh
case " $* " in
*" --format "* | *" --jq "* | *" --help "* | *" --raw "* | *" --example "* | *" --template "*) exec "$PROGRAM" "$@" ;;
*" completion "* | *" demo "* | *" sandbox serve "* | *" sandbox provider "* | *" event listen "* | *" event tail "*) exec "$PROGRAM" "$@" ;;
esac
left=$# skip=
while [ "$left" -gt 0 ]; do
    word=$1
    shift
    left=$((left - 1))
    if [ -n "$skip" ]; then
        skip=
    elif [ "$word" = --columns ]; then
        skip=1
    else
        set -- "$@" "$word"
    fi
done
"$PROGRAM" "$@" --format json >"$NOTES.$$"
code=$?
{
    printf '%s\037' "$@"
    printf '\036'
    cat "$NOTES.$$"
    printf '\036%s\035' "$code"
} >>"$NOTES"
cat "$NOTES.$$"
exit $code
"#;

/// The command that words call: `order list`.
fn command_of(words: &[&str]) -> String {
    let root = wxsell::cli::Cli::command();
    let line = std::iter::once("wxsell").chain(words.iter().copied());
    let matches = root.try_get_matches_from(line).expect("a command");
    let mut names = Vec::new();
    let mut here = &matches;
    while let Some((name, below)) = here.subcommand() {
        names.push(name.to_owned());
        here = below;
    }
    names.join(" ")
}

/// What every command of a document prints as JSON is what `wxsell help COMMAND --format json` says, and has no field
/// that it does not name. At least `least` commands are held against it.
#[expect(clippy::print_stdout, reason = "the figures, under --nocapture")]
fn outputs_are_what_their_schema_says(document: &str, least: usize) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let (mut held, mut wrong) = (BTreeSet::new(), BTreeSet::new());
    let walk = Walk::run_only(&tests.join(format!("{document}.md")), AS_JSON, |_| {});
    let notes = std::fs::read_to_string(walk.path("notes")).expect("notes");
    for note in notes.split('\u{1d}').filter(|note| !note.is_empty()) {
        let parts: Vec<&str> = note.split('\u{1e}').collect();
        let [words, output, code] = parts[..] else {
            panic!("{note}");
        };
        let words: Vec<&str> = words.split_terminator('\u{1f}').collect();
        let command = command_of(&words);
        let schema = if words.contains(&"--dry-run") {
            shows::dry_run(&command).or_else(|| shows::output(&command))
        } else {
            shows::output(&command)
        };
        let Some(schema) = schema else {
            wrong.insert(format!("{command}: nothing says what it prints"));
            continue;
        };
        let prints_text = schema.get("not").is_some();
        if output.trim().is_empty() {
            if code == "0" && !prints_text {
                wrong.insert(format!("{command}: nothing was printed"));
            }
            continue;
        }
        let Ok(output) = serde_json::from_str(output) else {
            if !prints_text {
                wrong.insert(format!("{command}: no JSON: {output}"));
            }
            continue;
        };
        wrong.extend(spec::unlike(&spec::strict(schema), &output, &command));
        held.insert(command);
    }
    println!("{document}: {} commands: {held:?}", held.len());
    assert_eq!(wrong, BTreeSet::new(), "{document}");
    assert!(held.len() >= least, "{document}: {}", held.len());
}

#[test]
fn every_output_of_the_guide_is_what_its_schema_says() {
    outputs_are_what_their_schema_says("guide", 80);
}

#[test]
fn every_output_of_what_the_guide_leaves_out_is_what_its_schema_says() {
    outputs_are_what_their_schema_says("guide-rest", 45);
}

#[test]
fn every_output_of_the_guide_of_a_store_is_what_its_schema_says() {
    outputs_are_what_their_schema_says("guide-store", 20);
}

/// Where nothing can be said of what is printed but what it is.
const ANYTHING: [&str; 1] = ["api call"];

/// Every command says what it prints, and says more than that it is JSON.
#[test]
fn every_command_has_a_schema_of_its_output() {
    fn leaves(command: &clap::Command, name: &str, found: &mut Vec<String>) {
        let below: Vec<&clap::Command> = command
            .get_subcommands()
            .filter(|below| !below.is_hide_set() && below.get_name() != "help" || name.is_empty())
            .collect();
        for below in &below {
            let name = format!("{name} {}", below.get_name());
            leaves(below, name.trim(), found);
        }
        if below.is_empty() {
            found.push(name.to_owned());
        }
    }
    let mut commands = Vec::new();
    leaves(&wxsell::cli::Cli::command(), "", &mut commands);
    assert!(commands.len() > 150, "{}", commands.len());
    let says_nothing = |schema: &serde_json::Value| {
        let of = |schema: &serde_json::Value| {
            let fields = schema.as_object().expect("a schema");
            !["type", "anyOf", "oneOf", "not", "properties"]
                .iter()
                .any(|key| fields.contains_key(*key))
        };
        let several = schema.get("anyOf").and_then(|several| several.as_array());
        of(schema) || several.is_some_and(|several| several.iter().any(of))
    };
    let wrong: Vec<&String> = commands
        .iter()
        .filter(|name| !ANYTHING.contains(&name.as_str()))
        .filter(|name| {
            let both = [shows::output(name), shows::dry_run(name)];
            both[0].is_none() || both.iter().flatten().any(says_nothing)
        })
        .collect();
    assert_eq!(wrong, [""; 0]);
}
