//! One machine: a folder to work in, settings, state, and the shop in a box.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use wxsell::clock::{VARIABLE, advance};
use wxsell::sandbox::{Exchange, Sandbox};
use wxsell::types;
use wxsell::types::span::{DAY, HOUR};

/// Calls that change something at the platform.
const WRITES: [&str; 8] = [
    "/shop/spu/add",
    "/shop/spu/update",
    "/shop/spu/update_without_audit",
    "/shop/spu/del",
    "/shop/spu/del_audit",
    "/shop/spu/listing",
    "/shop/spu/delisting",
    "/shop/account/update_info",
];

pub struct World {
    folder: tempfile::TempDir,
}

/// What one command said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Said {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.text(), self.stderr))
    }
}

impl World {
    pub fn new() -> World {
        let world = World {
            folder: tempfile::tempdir().expect("a folder"),
        };
        std::fs::create_dir(world.path("work")).expect("a folder");
        world
    }

    /// A world whose shop holds `products`, all passed.
    pub fn with_goods(products: &str) -> World {
        let world = World::new();
        world.write("goods.csv", products);
        world.ok(&["goods", "upload", "goods.csv"]);
        world.ok(&["sandbox", "advance", "1h"]);
        world
    }

    /// Lets no day of the shop end in the next hours: quotas and ceilings count by days, which end at midnight in China.
    pub fn early(&self) {
        let mut sandbox = self.sandbox();
        let now = types::now() + sandbox.status().expect("a status").clock_offset;
        let hours = (now + 8 * HOUR).rem_euclid(DAY) / HOUR;
        if hours >= 12 {
            sandbox
                .advance((30 - hours) * HOUR)
                .expect("the next morning");
        }
    }

    /// Another machine with the same files, settings and shop.
    pub fn twin(&self) -> World {
        let folder = tempfile::tempdir().expect("a folder");
        copy(self.folder.path(), folder.path());
        World { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file in the working folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path("work").join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    }

    /// A file that its owner alone may read, as one with a secret in it must be.
    pub fn write_private(&self, name: &str, content: impl AsRef<[u8]>) {
        self.write(name, content);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(self.file(name), mode).expect("set");
        }
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).expect("a text file")
    }

    /// Copies a sample and the pictures that it names into the working folder.
    pub fn sample(&self, name: &str) {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        std::fs::create_dir_all(self.file("images")).expect("a folder");
        for entry in std::fs::read_dir(samples.join("images")).expect("pictures") {
            let path = entry.expect("a picture").path();
            let name = path.file_name().expect("a name");
            std::fs::copy(&path, self.file("images").join(name)).expect("a copy");
        }
        std::fs::copy(samples.join(name), self.file(name)).expect("a copy");
    }

    /// Copies a sheet that came from elsewhere, and the pictures that such sheets name.
    pub fn sheet(&self, name: &str) {
        let sheets = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sheets");
        std::fs::create_dir_all(self.file("img")).expect("a folder");
        for entry in std::fs::read_dir(sheets.join("img")).expect("pictures") {
            let path = entry.expect("a picture").path();
            let name = path.file_name().expect("a name");
            std::fs::copy(&path, self.file("img").join(name)).expect("a copy");
        }
        std::fs::copy(sheets.join(name), self.file(name)).expect("a copy");
    }

    /// The binary with `--profile sandbox`.
    pub fn command(&self, args: &[&str]) -> Command {
        self.plain_command(&[&["--profile", "sandbox"], args].concat())
    }

    /// Writes the settings of profiles.
    pub fn configure(&self, settings: &str) {
        std::fs::create_dir_all(self.path("config")).expect("a folder");
        std::fs::write(self.path("config").join("config.toml"), settings).expect("settings");
    }

    /// The binary with these arguments alone.
    pub fn plain_command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wxsell"));
        command
            .args(args)
            .env_clear()
            .current_dir(self.path("work"))
            .stdin(Stdio::null());
        // What the system itself needs.
        for name in ["SystemRoot", "TEMP", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("WXSELL_CONFIG_DIR", self.path("config"))
            .env("WXSELL_STATE_DIR", self.path("state"))
            .env("WXSELL_LANG", "en")
            .env("COLUMNS", "200");
        command
    }

    /// `command` on a terminal of its own, 80 columns and 24 lines, with these answers typed. What it says on either
    /// stream comes on standard output.
    #[cfg(target_os = "linux")]
    pub fn on_terminal(&self, command: &Command, answers: &str) -> Command {
        self.terminal(command, answers, "")
    }

    /// As [`World::on_terminal`], with words of a shell after the command.
    #[cfg(target_os = "linux")]
    pub fn on_terminal_then(&self, command: &Command, answers: &str, then: &str) -> Command {
        self.terminal(command, answers, then)
    }

    #[cfg(target_os = "linux")]
    fn terminal(&self, command: &Command, answers: &str, then: &str) -> Command {
        let quoted =
            |word: &std::ffi::OsStr| format!("'{}'", word.to_string_lossy().replace('\'', "'\\''"));
        let words: Vec<String> = std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(quoted)
            .collect();
        self.write("answers", answers);
        let line = format!("stty cols 80 rows 24; {} {then}", words.join(" "));
        let mut script = Command::new("script");
        script
            .args(["-qec", &line, "/dev/null"])
            .env_clear()
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .env("PATH", "/usr/bin:/bin")
            .env("TERM", "xterm")
            .env("WXSELL_PAGER", "cat")
            .current_dir(self.file(""))
            .stdin(std::fs::File::open(self.file("answers")).expect("answers"));
        script
    }

    pub fn run(&self, args: &[&str]) -> Said {
        said(&mut self.command(args))
    }

    /// The binary with another profile.
    pub fn at(&self, profile: &str, args: &[&str]) -> Said {
        said(&mut self.plain_command(&[&["--profile", profile], args].concat()))
    }

    /// Runs with more in the environment.
    pub fn run_with(&self, variables: &[(&str, &str)], args: &[&str]) -> Said {
        said(self.command(args).envs(variables.iter().copied()))
    }

    /// Runs in a time of its own, which waits move on and [`World::wait`] too.
    pub fn run_in_time(&self, args: &[&str]) -> Said {
        said(self.command(args).env(VARIABLE, self.clock()))
    }

    /// Lets time pass for [`World::run_in_time`].
    pub fn wait(&self, seconds: u64) {
        advance(&self.clock(), Duration::from_secs(seconds)).expect("a clock");
    }

    /// The file of that time.
    pub fn clock(&self) -> PathBuf {
        self.path("clock")
    }

    /// A file of the state.
    pub fn state_file(&self, name: &str) -> PathBuf {
        self.path("state").join(name)
    }

    /// Runs with `input` on standard input.
    pub fn feed(&self, input: &[u8], args: &[&str]) -> Said {
        let path = self.path("input");
        std::fs::write(&path, input).expect("a file");
        let file = std::fs::File::open(path).expect("a file");
        said(self.command(args).stdin(file))
    }

    /// Runs well; gives stdout.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        let said = self.run(args);
        assert_eq!(
            said.code,
            Some(0),
            "{args:?}: {}{}",
            said.text(),
            said.stderr
        );
        said.text().to_owned()
    }

    /// Runs well with `--format json`.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[args, &["--format", "json"]].concat())).expect("JSON")
    }

    /// Fails with this exit code; gives stderr.
    #[track_caller]
    pub fn refused(&self, code: i32, args: &[&str]) -> String {
        let said = self.run(args);
        assert_eq!(
            said.code,
            Some(code),
            "{args:?}: {}{}",
            said.text(),
            said.stderr
        );
        said.stderr
    }

    pub fn sandbox(&self) -> Sandbox {
        Sandbox::open(&self.path("state").join("sandbox.db")).expect("the shop")
    }

    /// The shop on a port of its own.
    pub fn running(&self) -> wxsell::sandbox::Running {
        let file = self.path("state").join("sandbox.db");
        wxsell::sandbox::Running::start(&file).expect("the shop answers")
    }

    pub fn calls(&self) -> Vec<Exchange> {
        self.sandbox().exchanges().expect("calls")
    }

    /// Paths of the calls since the first `seen`, in order.
    pub fn paths_since(&self, seen: usize) -> Vec<String> {
        self.calls()
            .into_iter()
            .skip(seen)
            .map(|call| call.path)
            .collect()
    }

    /// Calls since the first `seen` that changed the shop.
    pub fn writes_since(&self, seen: usize) -> Vec<String> {
        let changed = |call: &Exchange| call.errcode == 0 && WRITES.contains(&call.path.as_str());
        self.calls()
            .into_iter()
            .skip(seen)
            .filter(changed)
            .map(|call| call.path)
            .collect()
    }

    /// The drafts of the shop by number.
    pub fn products(&self) -> std::collections::BTreeMap<String, Value> {
        let products = self.sandbox().products(true).expect("products");
        products
            .into_iter()
            .map(|spu| {
                (
                    spu.out_product_id.clone(),
                    serde_json::to_value(spu).expect("JSON"),
                )
            })
            .collect()
    }

    pub fn numbers(&self) -> Vec<String> {
        self.products().into_keys().collect()
    }

    /// Another machine before the same shop: nothing is known here of what was uploaded.
    pub fn forget(&self) {
        for entry in std::fs::read_dir(self.path("state")).expect("state") {
            let path = entry.expect("a file").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            if path.is_file() && !name.starts_with("sandbox.db") {
                std::fs::remove_file(&path).expect("it goes");
            }
        }
    }
}

pub fn said(command: &mut Command) -> Said {
    let output = command.output().expect("the binary runs");
    Said {
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Copies what a folder holds.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let to = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            std::fs::create_dir_all(&to).expect("a folder");
            copy(&path, &to);
        } else {
            // What SQLite keeps beside a database may go while this looks.
            match std::fs::copy(&path, &to) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                copied => drop(copied.expect("a copy")),
            }
        }
    }
}
