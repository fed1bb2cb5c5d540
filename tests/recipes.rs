//! The recipes of the help, taken out of it and run: what a CI job does with them, and the tour of the sandbox.
//! The shell gets the built binary on its `PATH` and a shop on loopback in place of the platform.
#![cfg(unix)]

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use wxsell::sandbox::{APPID, Fault, FaultKind, Running, SECRET, Sandbox};

const README: &str = include_str!("../README.md");
const CI: &str = include_str!("../src/cli/help/en/ci.txt");
const GOODS: &str = "out_product_id,title,path,head_img,third_cat_id,out_sku_id,sale_price,stock_num\n\
    T1,Green tea,pages/tea?id=1,https://img.example.com/1.jpg,1423,T1-1,12.50,9\n\
    T2,Black tea,pages/tea?id=2,https://img.example.com/2.jpg,1423,T2-1,13.50,9\n\
    T3,White tea,pages/tea?id=3,https://img.example.com/3.jpg,1423,T3-1,14.50,9\n";

/// The indented block of the topic below a line that begins so, as it is typed.
fn recipe(heading: &str) -> String {
    let after = CI
        .split("\n\n")
        .position(|part| part.starts_with(heading))
        .unwrap_or_else(|| panic!("the topic has no recipe {heading}"));
    let lines = CI.split("\n\n").skip(after + 1);
    let block = lines.take_while(|part| part.starts_with("  "));
    let line = |line: &str| line.strip_prefix("  ").unwrap_or(line).to_owned();
    let lines: Vec<String> = block.flat_map(str::lines).map(line).collect();
    lines.join("\n") + "\n"
}

/// The first block of shell lines below a heading of the README.
fn tour(heading: &str) -> &'static str {
    let section = README.split("\n## ").find(|part| part.starts_with(heading));
    let section = section.unwrap_or_else(|| panic!("the README has no section {heading}"));
    let block = section.split("\n```sh\n").nth(1).expect("a block");
    block.split("\n```").next().expect("its end")
}

/// A recipe, ready for a runner.
#[derive(Debug, Clone)]
struct Job {
    env: BTreeMap<String, String>,
    /// Each runs in a shell of its own; the job ends at the first that fails.
    steps: Vec<String>,
    /// Files that are kept afterwards.
    artifacts: Vec<String>,
    /// Exit codes that do not count as failures.
    allowed: Vec<i32>,
}

fn shell_job() -> Job {
    Job {
        env: secrets(),
        steps: vec![recipe("In a shell")],
        artifacts: vec!["upload.json".into(), "upload.xml".into()],
        allowed: Vec::new(),
    }
}

/// What a CI system's store of secrets hands over.
fn secrets() -> BTreeMap<String, String> {
    [("WXSELL_APPID", APPID), ("WXSELL_APP_SECRET", SECRET)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn yaml(heading: &str) -> Value {
    serde_saphyr::from_str(&recipe(heading)).expect("the recipe is YAML")
}

fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    value.as_array().expect("a list").iter().map(text).collect()
}

fn github_job() -> Job {
    let workflow = yaml("GitHub Actions");
    let job = &workflow["jobs"]["upload"];
    let secrets = secrets();
    // `${{ secrets.NAME }}` and `${{ vars.NAME }}`, as the runner fills them in.
    let filled = |value: &str| match value.strip_prefix("${{").and_then(|v| v.strip_suffix("}}")) {
        None => value.to_owned(),
        Some(expression) => {
            let name = expression.trim().split_once('.').expect("store.NAME").1;
            secrets
                .get(name)
                .unwrap_or_else(|| panic!("no {name}"))
                .clone()
        }
    };
    let steps = job["steps"].as_array().expect("steps");
    Job {
        env: entries(&job["env"])
            .map(|(name, value)| (name.clone(), filled(value.as_str().expect("a text"))))
            .collect(),
        steps: steps
            .iter()
            .filter_map(|step| Some(step["run"].as_str()?.to_owned()))
            .collect(),
        artifacts: steps
            .iter()
            .filter_map(|step| step["with"]["path"].as_str())
            .flat_map(|paths| paths.lines().map(str::to_owned))
            .collect(),
        allowed: Vec::new(),
    }
}

fn gitlab_job() -> Job {
    let pipeline = yaml("GitLab");
    let job = &pipeline["upload-goods"];
    let mut env = secrets();
    env.extend(
        entries(&job["variables"])
            .map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned())),
    );
    let mut artifacts = texts(&job["artifacts"]["paths"]);
    artifacts.push(
        job["artifacts"]["reports"]["junit"]
            .as_str()
            .expect("a report")
            .to_owned(),
    );
    Job {
        env,
        // The runner makes one script of all lines and stops at the first that fails.
        steps: vec![texts(&job["script"]).join("\n")],
        artifacts,
        allowed: vec![
            job["allow_failure"]["exit_codes"]
                .as_i64()
                .and_then(|code| i32::try_from(code).ok())
                .expect("a code"),
        ],
    }
}

fn entries(map: &Value) -> impl Iterator<Item = (&String, &Value)> {
    map.as_object().map(Map::iter).into_iter().flatten()
}

/// A runner with a folder of its own, and a shop in place of the platform.
struct Runner {
    folder: tempfile::TempDir,
    shop: Running,
}

impl Runner {
    fn new() -> Runner {
        let folder = tempfile::tempdir().expect("a folder");
        let shop = Running::start(&folder.path().join("shop.db")).expect("a sandbox");
        let runner = Runner { folder, shop };
        std::fs::create_dir(runner.path("work")).expect("a folder");
        runner.write(GOODS);
        runner
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, catalogue: &str) {
        std::fs::write(self.path("work").join("catalog.csv"), catalogue).expect("a file");
    }

    fn sandbox(&self) -> Sandbox {
        self.shop.shop().expect("the shop's file")
    }

    fn added(&self) -> i64 {
        self.sandbox().status().expect("a status").audits_today
    }

    /// Runs the steps with `sh -e`; gives the exit code of the job.
    fn run(&self, job: &Job) -> i32 {
        for step in &job.steps {
            let mut command = shell(&self.path("work"), step);
            command
                .envs(&job.env)
                .env("WXSELL_BASE_URL", &self.shop.base_url)
                .env("WXSELL_CONFIG_DIR", self.path("config"));
            // A folder of the machine in the recipe; here one that vanishes with the test.
            command.env("WXSELL_STATE_DIR", self.path("state"));
            let output = command.output().expect("a shell");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(!stderr.contains(SECRET), "{stderr}");
            let code = output.status.code().expect("an exit code");
            if code != 0 {
                return code;
            }
        }
        0
    }

    fn upload(&self) -> Value {
        let text = std::fs::read(self.path("work").join("upload.json")).expect("upload.json");
        serde_json::from_slice(&text).expect("JSON")
    }
}

fn shell(folder: &Path, script: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_wxsell"));
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("sh");
    command
        .args(["-e", "-c", script])
        .env_clear()
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("WXSELL_LANG", "en")
        .env(
            "PATH",
            format!("{}:{path}", binary.parent().expect("a folder").display()),
        );
    command
}

/// What every recipe must do, whatever runs it. `limited` is its exit code when a quota stops it.
fn holds(job: &Job, limited: i32) {
    assert!(
        job.env.contains_key("WXSELL_APP_SECRET"),
        "the recipe hands over no secret"
    );
    let runner = Runner::new();
    // All goes well, and the second time nothing is sent.
    assert_eq!(runner.run(job), 0);
    assert_eq!((&runner.upload()["added"], runner.added()), (&3.into(), 3));
    for artifact in &job.artifacts {
        let there = runner.path("work").join(artifact).exists();
        assert_eq!(there, artifact != "catalog.failed.csv", "{artifact}");
    }
    let junit = std::fs::read_to_string(runner.path("work").join("upload.xml")).expect("a report");
    assert!(
        junit.contains("tests=\"3\"") && junit.contains("failures=\"0\""),
        "{junit}"
    );
    assert_eq!(runner.run(job), 0);
    assert_eq!(
        (&runner.upload()["not_compared"], runner.added()),
        (&3.into(), 3)
    );

    // A mistake in the file: nothing is sent.
    let runner = Runner::new();
    runner.write(&GOODS.replace("13.50", "13.505"));
    assert_eq!(runner.run(job), 2);
    assert_eq!(runner.sandbox().exchanges().expect("calls").len(), 0);

    // One product is refused: the job fails, and what failed is kept.
    let runner = Runner::new();
    let refused = FaultKind::Errcode {
        errcode: 1_000_012,
        errmsg: "no such category".into(),
    };
    runner
        .sandbox()
        .add_fault(&Fault::once("/shop/spu/add", refused))
        .expect("a fault");
    assert_eq!(runner.run(job), 6);
    assert_eq!(
        (&runner.upload()["refused"], runner.added()),
        (&1.into(), 2)
    );
    let failed = std::fs::read_to_string(runner.path("work").join("catalog.failed.csv"))
        .expect("failed rows");
    assert_eq!(failed.lines().count(), 2, "{failed}");

    // The audit quota ends: the next run goes on.
    let runner = Runner::new();
    let mut limited_job = job.clone();
    let limit = ("WXSELL_AUDIT_HOURLY".into(), "2".into());
    limited_job.env.extend([limit]);
    assert_eq!(runner.run(&limited_job), limited);
    assert_eq!((&runner.upload()["left"], runner.added()), (&1.into(), 2));
    assert_eq!(runner.run(job), 0);
    assert_eq!(runner.added(), 3);
}

#[test]
fn the_shell_recipe_uploads_and_takes_a_used_up_quota_for_no_failure() {
    holds(&shell_job(), 0);
}

#[test]
fn the_github_recipe_uploads() {
    let job = github_job();
    assert_eq!(job.artifacts.len(), 3, "{job:?}");
    holds(&job, 5);
}

#[test]
fn the_gitlab_recipe_uploads_and_allows_a_used_up_quota() {
    let job = gitlab_job();
    assert_eq!((job.artifacts.len(), &job.allowed[..]), (3, &[5][..]));
    holds(&job, 5);
}

#[test]
fn the_tour_of_the_sandbox_works_line_by_line() {
    let tour = tour("Five minutes");
    let folder = tempfile::tempdir().expect("a folder");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    std::os::unix::fs::symlink(data, folder.path().join("tests")).expect("a link");
    let (mut profile, mut seen) = (String::new(), 0);
    for line in tour.lines() {
        let words = line.split(" #").next().unwrap_or(line).trim();
        if let Some(name) = words.strip_prefix("export WXSELL_PROFILE=") {
            profile = name.to_owned();
            continue;
        }
        let output = shell(folder.path(), words)
            .env("WXSELL_PROFILE", &profile)
            .env("WXSELL_CONFIG_DIR", folder.path().join("config"))
            .env("WXSELL_STATE_DIR", folder.path().join("state"))
            .output()
            .expect("a shell");
        let wanted = match words {
            words if words.contains("bad.xlsx") => 2,
            // Something is due in a lively shop.
            words if words.starts_with("wxsell due") => 8,
            _ => 0,
        };
        assert_eq!(
            output.status.code(),
            Some(wanted),
            "{line}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        seen += 1;
    }
    assert!(seen >= 7, "the tour has {seen} commands");
}
