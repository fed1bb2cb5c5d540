//! What is made by the program and checked in is what the program makes today. `wxsell util docs .` renews it.

use clap::CommandFactory;
use std::collections::BTreeMap;
use std::path::Path;

fn files(folder: &Path) -> BTreeMap<String, String> {
    std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| {
            let entry = entry.expect("an entry");
            let text = std::fs::read_to_string(entry.path()).expect("text");
            (
                entry.file_name().to_string_lossy().into_owned(),
                text.replace("\r\n", "\n"),
            )
        })
        .collect()
}

#[test]
fn completions_and_man_pages_are_those_of_this_binary() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = tempfile::tempdir().expect("a folder");
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_wxsell"))
        .args(["util", "docs"])
        .arg(made.path())
        .status()
        .expect("the binary runs");
    assert!(status.success());
    for folder in ["completions", "man"] {
        let (expected, found) = (
            files(&made.path().join(folder)),
            files(&project.join(folder)),
        );
        let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&found), names(&expected), "run: wxsell util docs .");
        for (name, text) in &expected {
            assert!(
                found.get(name) == Some(text),
                "{folder}/{name} is old; run: wxsell util docs ."
            );
        }
    }
}

#[test]
fn a_man_page_explains_all_verbs_of_its_noun() {
    let pages = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("man"));
    assert!(pages.contains_key("wxsell.1"));
    let root = wxsell::cli::Cli::command();
    let nouns = root.get_subcommands().map(clap::Command::get_name);
    let nouns: Vec<String> = nouns.map(|noun| format!("wxsell-{noun}.1")).collect();
    let odd: Vec<&String> = pages
        .keys()
        .filter(|page| page.ends_with(".1") && *page != "wxsell.1" && !nouns.contains(page))
        .collect();
    assert!(odd.is_empty(), "pages of no noun: {odd:?}");
    let goods = &pages["wxsell-goods.1"];
    for verb in ["upload", "check", "export", "withdraw-audit"] {
        assert!(goods.contains(&format!(".SS \"wxsell goods {verb}\"\n")));
    }
    assert!(goods.contains("\\fB\\-\\-skip\\-bad\\fR"));
    assert!(
        !goods.contains("\\-\\-trace"),
        "global options stand in wxsell(1)"
    );
    assert_eq!(goods.matches(".ie \\n(.g").count(), 1);
}

#[test]
fn every_man_page_has_examples_exit_status_environment_files_and_neighbours() {
    let pages = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("man"));
    for topic in wxsell::cli::help::TOPICS {
        let page = &pages[&format!("wxsell-{}.7", topic.name)];
        assert!(page.contains(".SH \"SEE ALSO\"\n"), "{}", topic.name);
    }
    let commands = || pages.iter().filter(|(name, _)| name.ends_with(".1"));
    assert!(commands().count() > 35, "{}", pages.len());
    for (name, page) in commands() {
        for heading in [
            ".SH EXAMPLES\n",
            ".SH \"EXIT STATUS\"\n",
            ".SH \"ENVIRONMENT\"\n",
            ".SH \"FILES\"\n",
            ".SH \"SEE ALSO\"\n",
        ] {
            assert_eq!(page.matches(heading).count(), 1, "{name}: {heading}");
        }
        assert!(page.contains("WXSELL_STATE_DIR"), "{name}");
        assert!(page.contains("\n.TP\n\\fB10\\fR\n"), "{name}: exit code 10");
    }
    let goods = &pages["wxsell-goods.1"];
    // The examples are those of the help, as they are typed.
    for example in wxsell::cli::help::all_examples().filter(|line| line.starts_with("goods ")) {
        let typed = example.replace('-', "\\-").replace('\'', "\\(aq");
        assert!(goods.contains(&format!("\nwxsell {typed}\n")), "{example}");
    }
    assert!(goods.contains("\\fBwxsell\\-image\\fR(1)"), "neighbours");
}

/// Where `groff` is installed it has nothing to say against a page.
#[test]
fn man_pages_are_taken_by_man() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    for page in [
        "wxsell.1",
        "wxsell-goods.1",
        "wxsell-report.1",
        "wxsell-ci.7",
        "wxsell-formats.7",
    ] {
        let taken = std::process::Command::new("groff")
            .args(["-K", "utf8", "-man", "-Tutf8", "-ww", "-z"])
            .arg(folder.join(page))
            .output();
        let Ok(taken) = taken else { return };
        let words = String::from_utf8_lossy(&taken.stderr);
        assert!(
            taken.status.success() && words.is_empty(),
            "{page}: {words}"
        );
    }
}

#[test]
fn the_reference_lists_every_command() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference.md");
    let readme = std::fs::read_to_string(readme)
        .expect("the reference")
        .replace("\r\n", "\n");
    let renewed = wxsell::commands::util::with_commands(&readme);
    let renewed =
        renewed.expect("docs/reference.md has the lines <!-- commands --> and <!-- /commands -->");
    assert!(
        renewed == readme,
        "the list is old; run: wxsell util docs ."
    );
    assert!(readme.contains("| `wxsell goods upload"));
}

#[test]
fn completion_prints_what_is_checked_in() {
    for (shell, file) in [
        ("bash", "wxsell.bash"),
        ("zsh", "_wxsell"),
        ("fish", "wxsell.fish"),
        ("powershell", "wxsell.ps1"),
    ] {
        let printed = std::process::Command::new(env!("CARGO_BIN_EXE_wxsell"))
            .args(["completion", shell])
            .output()
            .expect("the binary runs");
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("completions")
            .join(file);
        let script = std::fs::read_to_string(script)
            .expect("a script")
            .replace("\r\n", "\n");
        assert_eq!(String::from_utf8_lossy(&printed.stdout), script, "{shell}");
    }
}

#[test]
fn a_shell_is_offered_the_profiles_of_the_moment() {
    let home = tempfile::tempdir().expect("a folder");
    let asked = std::process::Command::new(env!("CARGO_BIN_EXE_wxsell"))
        .env_clear()
        .env("WXSELL_COMPLETE", "bash")
        .env("WXSELL_CONFIG_DIR", home.path())
        .env("WXSELL_STATE_DIR", home.path())
        .env("_CLAP_COMPLETE_INDEX", "2")
        .env("_CLAP_COMPLETE_COMP_TYPE", "9")
        .env("_CLAP_IFS", "\n")
        .args(["--", "wxsell", "--profile", "san"])
        .output()
        .expect("the binary runs");
    assert_eq!(String::from_utf8_lossy(&asked.stdout).trim(), "sandbox");
}
