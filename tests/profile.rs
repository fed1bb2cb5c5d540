//! `wxsell profile` through the binary: what is kept, where values come from, what is refused.

use assert_cmd::Command;
use serde_json::Value;
use std::path::Path;

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Home {
        Home {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn config(&self) -> std::path::PathBuf {
        self.folder.path().join("config")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::cargo_bin("wxsell").expect("the binary");
        command
            .env_clear()
            .env("WXSELL_CONFIG_DIR", self.config())
            .env("WXSELL_STATE_DIR", self.folder.path().join("state"));
        // What the system itself needs.
        for name in ["SystemRoot", "TEMP", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("WXSELL_LANG", "en").args(args);
        command
    }

    /// Runs well; gives stdout.
    fn run(&self, args: &[&str]) -> String {
        let done = self.command(args).assert().success();
        String::from_utf8(done.get_output().stdout.clone()).expect("text")
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.run(&[args, &["--format", "json"]].concat())).expect("JSON")
    }

    /// Fails with this exit code; gives stderr.
    fn refused(&self, code: i32, args: &[&str]) -> String {
        let done = self.command(args).assert().code(code);
        String::from_utf8(done.get_output().stderr.clone()).expect("text")
    }
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array()
        .expect("a list")
        .iter()
        .filter_map(|row| row["name"].as_str())
        .collect()
}

#[test]
fn the_built_in_profile_is_the_account_of_the_shop_in_a_box() {
    use wxsell::sandbox::{APPID, SECRET, STORE_APPID, STORE_SECRET};
    let accounts = wxsell::profile::BUILT_IN.map(|account| (account.appid, account.secret));
    assert_eq!(accounts, [(APPID, SECRET), (STORE_APPID, STORE_SECRET)]);
}

#[test]
fn the_built_in_profile_is_there_and_cannot_be_removed() {
    let home = Home::new();
    assert_eq!(
        names(&home.json(&["profile", "list"])),
        ["sandbox", "store-sandbox"]
    );
    for args in [
        &["profile", "remove", "sandbox", "--yes"][..],
        &["profile", "rename", "sandbox", "x"],
        &["profile", "add", "sandbox", "--appid", "wx0000000000000001"],
        &["profile", "remove", "store-sandbox", "--yes"],
    ] {
        assert!(home.refused(2, args).contains("built in"), "{args:?}");
    }
    assert!(
        home.refused(
            2,
            &[
                "profile",
                "set",
                "sandbox",
                "--base-url",
                "https://x.example"
            ]
        )
        .contains("built in")
    );
    home.run(&["profile", "set", "sandbox", "--audit-hourly", "5"]);
    assert_eq!(
        home.json(&["profile", "show", "sandbox"])["audit_hourly"],
        5
    );
}

#[test]
fn profiles_are_added_chosen_renamed_and_removed() {
    let home = Home::new();
    home.run(&["profile", "add", "tea", "--appid", "wx0000000000000001"]);
    home.run(&[
        "profile",
        "add",
        "茶店",
        "--appid",
        "wx0000000000000002",
        "--production",
        "--audit-daily",
        "off",
    ]);
    assert_eq!(
        home.json(&["profile", "show"])["name"],
        "tea",
        "the first is the current one"
    );
    assert!(
        home.refused(
            2,
            &["profile", "add", "tea", "--appid", "wx0000000000000003"]
        )
        .contains("already")
    );
    home.run(&["profile", "use", "茶店"]);
    let shown = home.json(&["profile", "show"]);
    assert_eq!(
        (&shown["appid"], &shown["production"], &shown["audit_daily"]),
        (&"wx0000000000000002".into(), &true.into(), &Value::Null)
    );
    home.run(&["profile", "rename", "茶店", "rice"]);
    assert_eq!(home.json(&["profile", "show"])["name"], "rice");
    assert!(
        home.refused(10, &["profile", "remove", "rice"])
            .contains("--yes"),
        "with no terminal a yes is needed"
    );
    home.run(&["profile", "remove", "rice", "--yes"]);
    assert_eq!(
        names(&home.json(&["profile", "list"])),
        ["tea", "sandbox", "store-sandbox"]
    );
    assert!(
        home.refused(2, &["profile", "show"])
            .contains("no profile is selected")
    );
}

#[test]
fn a_dry_run_changes_no_file() {
    let home = Home::new();
    home.run(&["profile", "add", "tea", "--appid", "wx0000000000000001"]);
    let content = || std::fs::read_to_string(home.config().join("config.toml")).expect("settings");
    let before = content();
    for args in [
        &["profile", "add", "rice", "--appid", "wx0000000000000002"][..],
        &["profile", "set", "tea", "--read-only"],
        &["profile", "use", "sandbox"],
        &["profile", "rename", "tea", "rice"],
        &["profile", "remove", "tea"],
    ] {
        home.run(&[args, &["--dry-run"]].concat());
        assert_eq!(content(), before, "{args:?}");
    }
    assert!(
        home.refused(2, &["profile", "use", "tae", "--dry-run"])
            .contains("\"tea\"")
    );
}

#[test]
fn settings_are_changed_and_taken_out() {
    let home = Home::new();
    home.run(&[
        "profile",
        "add",
        "tea",
        "--appid",
        "wx0000000000000001",
        "--proxy",
        "http://ann:pw@127.0.0.1:1",
        "--base-url",
        "http://localhost:9/",
    ]);
    let shown = home.run(&["profile", "show", "--format", "json"]);
    assert!(!shown.contains("pw") && !shown.contains("ann"), "{shown}");
    assert!(
        shown.contains("http://localhost:9\"") && shown.contains("stand_in"),
        "{shown}"
    );
    home.run(&[
        "profile",
        "set",
        "tea",
        "--unset",
        "base-url",
        "--unset",
        "proxy",
        "--read-only",
    ]);
    let shown = home.json(&["profile", "show"]);
    assert_eq!(
        (&shown["target"], &shown["proxy"], &shown["read_only"]),
        (&"live".into(), &Value::Null, &true.into())
    );
    home.run(&["profile", "set", "tea", "--read-only", "false"]);
    assert_eq!(home.json(&["profile", "show"])["read_only"], false);
    for wrong in [
        &["--base-url", "http://shop.example"][..],
        &["--proxy", "gopher://x"],
        &["--appid", "gh_1"],
        &["--appid", "notanappid"],
        &["--appid", "wx123456789abcdefg"],
        &["--appid", "wx0123456789ABCDEF"],
        &["--appid", "wx0123456789abcdef0"],
        &["--secret-store", "process"],
    ] {
        home.refused(2, &[&["profile", "set", "tea"], wrong].concat());
    }
    let told = home.refused(2, &["profile", "add", "rice", "--appid", "notanappid"]);
    assert!(
        told.contains("\"notanappid\" is not a valid AppID"),
        "{told}"
    );
    // Whoever mixes the two up finds no secret in a log afterwards.
    let secret = "0123456789abcdef0123456789abcdef";
    let told = home.refused(2, &["profile", "add", "rice", "--appid", secret]);
    assert!(
        told.contains("looks like an AppSecret") && !told.contains(secret),
        "{told}"
    );
    home.run(&["profile", "add", "sand", "--appid", "wx5a4dbcc0ffee0001"]);
}

#[test]
fn the_origin_of_each_value_is_told() {
    let home = Home::new();
    home.run(&[
        "profile",
        "add",
        "tea",
        "--appid",
        "wx0000000000000001",
        "--audit-hourly",
        "50",
    ]);
    let done = home
        .command(&["profile", "show", "--origin", "--format", "json"])
        .env("WXSELL_BASE_URL", "http://127.0.0.1:7")
        .env("WXSELL_AUDIT_DAILY", "9")
        .assert()
        .success();
    let rows: Value = serde_json::from_slice(&done.get_output().stdout).expect("JSON");
    let origin = |setting: &str| {
        let row = rows
            .as_array()
            .expect("a list")
            .iter()
            .find(|row| row["setting"] == setting)
            .expect("the setting");
        (
            row["value"].clone(),
            row["origin"].as_str().expect("a word").to_owned(),
        )
    };
    assert_eq!(
        origin("base_url"),
        ("http://127.0.0.1:7".into(), "WXSELL_BASE_URL".into())
    );
    assert_eq!(
        origin("audit_daily"),
        (9.into(), "WXSELL_AUDIT_DAILY".into())
    );
    assert_eq!(origin("audit_hourly"), (50.into(), "config.toml".into()));
    assert_eq!(origin("token"), ("stable".into(), "default".into()));
}

#[test]
fn appid_and_secret_of_the_environment_make_a_nameless_profile() {
    let home = Home::new();
    let done = home
        .command(&["profile", "show", "--format", "json"])
        .envs([
            ("WXSELL_APPID", "wx00000000000000c1"),
            ("WXSELL_APP_SECRET", "hush"),
        ])
        .assert()
        .success();
    let output = done.get_output();
    let shown: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&shown["name"], &shown["appid"], &shown["secret"]),
        (
            &Value::Null,
            &"wx00000000000000c1".into(),
            &"environment".into()
        )
    );
    assert!(!String::from_utf8_lossy(&output.stdout).contains("hush"));
}

#[test]
fn a_flag_keeps_the_secret_of_another_shop_out_and_says_so() {
    let home = Home::new();
    home.run(&[
        "profile",
        "add",
        "tea",
        "--appid",
        "wx0000000000000001",
        "--secret-store",
        "file",
    ]);
    let done = home
        .command(&["--profile", "tea", "profile", "show", "--format", "json"])
        .envs([
            ("WXSELL_APPID", "wx00000000000000c1"),
            ("WXSELL_APP_SECRET", "hush"),
        ])
        .assert()
        .success();
    let output = done.get_output();
    let shown: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&shown["appid"], &shown["secret"]),
        (&"wx0000000000000001".into(), &"file".into())
    );
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .contains("ignoring WXSELL_APPID, WXSELL_APP_SECRET")
    );
}

#[test]
fn everything_wrong_in_the_environment_is_named_at_once() {
    let home = Home::new();
    let done = home
        .command(&["profile", "show"])
        .envs([
            ("WXSELL_APPID", "wx 1"),
            ("WXSELL_BASE_URL", "http://shop.example"),
            ("WXSELL_AUDIT_DAILY", "many"),
        ])
        .assert()
        .code(2);
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    for word in ["wx 1", "http://shop.example", "many"] {
        assert!(said.contains(word), "{word} in {said}");
    }
}

#[test]
fn a_mistake_in_the_settings_is_named_with_its_line() {
    let home = Home::new();
    std::fs::create_dir_all(home.config()).expect("a folder");
    std::fs::write(
        home.config().join("config.toml"),
        "[profile.tea]\nappid = \"wx1\"\ncolour = 1\n",
    )
    .expect("written");
    let said = home.refused(2, &["profile", "list"]);
    assert!(said.contains("line 3") && said.contains("colour"), "{said}");
}

#[test]
fn a_profile_decides_language_and_format_where_nobody_else_does() {
    let home = Home::new();
    home.run(&[
        "profile",
        "add",
        "tea",
        "--appid",
        "wx0000000000000001",
        "--language",
        "zh",
        "--default-format",
        "json",
    ]);
    let of = |args: &[&str]| {
        let done = home
            .command(args)
            .env_remove("WXSELL_LANG")
            .assert()
            .success();
        String::from_utf8(done.get_output().stdout.clone()).expect("text")
    };
    assert!(of(&["profile", "list"]).starts_with('['));
    let chinese = of(&["profile", "list", "--format", "table"]);
    let english = of(&["profile", "list", "--format", "table", "--lang", "en"]);
    // Where the AppSecret is kept is a word of the reader's language; programs get theirs.
    assert!(
        chinese.contains("内置") && !chinese.contains("built"),
        "{chinese}"
    );
    assert!(
        english.contains("built in") && !english.contains("built_in"),
        "{english}"
    );
    assert!(of(&["profile", "list"]).contains("\"built_in\""));
    assert!(
        chinese != english && english.contains("CURRENT"),
        "{chinese}"
    );
    let other = of(&["--profile", "sandbox", "profile", "list"]);
    assert!(
        !other.starts_with('['),
        "another profile has its own preferences"
    );
}

#[test]
fn two_commands_at_once_lose_no_profile() {
    let home = Home::new();
    std::thread::scope(|scope| {
        for number in 0..6 {
            let home = &home;
            scope.spawn(move || {
                home.run(&[
                    "profile",
                    "add",
                    &format!("shop-{number}"),
                    "--appid",
                    "wx0000000000000001",
                ])
            });
        }
    });
    assert_eq!(names(&home.json(&["profile", "list"])).len(), 8);
}

#[cfg(unix)]
#[test]
fn settings_can_be_read_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.run(&["profile", "add", "tea", "--appid", "wx0000000000000001"]);
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&home.config().join("config.toml")), 0o600);
    assert_eq!(mode(&home.config()), 0o700);
}

#[test]
fn shells_are_offered_the_names_of_profiles() {
    let home = Home::new();
    home.run(&["profile", "add", "tea", "--appid", "wx0000000000000001"]);
    let done = home
        .command(&["--", "wxsell", "profile", "use", ""])
        .envs([
            ("WXSELL_COMPLETE", "bash"),
            ("_CLAP_COMPLETE_INDEX", "3"),
            ("_CLAP_IFS", "\n"),
        ])
        .assert()
        .success();
    let offered = String::from_utf8(done.get_output().stdout.clone()).expect("text");
    assert!(
        offered.lines().any(|line| line == "tea") && offered.lines().any(|line| line == "sandbox"),
        "{offered}"
    );
}
