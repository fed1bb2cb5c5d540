//! A Markdown document that is run: every ```` ```sh ```` block in order, in one shell, so that variables and files
//! of an earlier block are there in a later one. The block after it, where there is one, is what a reader sees on a
//! terminal of 80 columns: both streams as they come.
//!
//! What differs from run to run is compared by its form alone: times, long numbers, and words with such in them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Printed between blocks; nothing else prints it.
const MARK: &str = "\u{1e}\n";

/// A block of commands and what the document shows of it.
#[derive(Debug)]
struct Block {
    /// Of the first command, counted from 1.
    line: usize,
    script: String,
    /// Lines of the document between the fences of the block that shows its output.
    shown: Option<std::ops::Range<usize>>,
    /// Where such a block would begin: the line after the closing fence.
    after: usize,
}

/// What happened to one block.
#[derive(Debug)]
pub struct Step {
    pub script: String,
    pub output: String,
}

impl Step {
    /// How often the program stands in it; a loop counts once.
    pub fn commands(&self) -> usize {
        self.script.matches("wxsell ").count()
    }
}

/// A machine of its own for a document.
pub struct Walk {
    folder: tempfile::TempDir,
    pub steps: Vec<Step>,
}

impl Walk {
    /// Runs a document and compares. With `WXSELL_RENEW=1` what differs is written into the document instead. In the
    /// place of the program stands a shell script, which finds that in `$PROGRAM` and a file of its own in `$NOTES`.
    pub fn run(document: &Path, instead: &str) -> Walk {
        let text = std::fs::read_to_string(document).expect("a document");
        let lines: Vec<&str> = text.lines().collect();
        let blocks = blocks(&lines);
        assert!(!blocks.is_empty(), "{}: no commands", document.display());
        let mut walk = Walk {
            folder: tempfile::tempdir().expect("a folder"),
            steps: Vec::new(),
        };
        let outputs = walk.outputs(&blocks, document, instead);
        let shown = |block: &Block| block.shown.clone().map(|range| lines[range].join("\n"));
        let differs = |block: &Block, output: &str| {
            form(&shown(block).unwrap_or_default()) != form(output.trim_end())
        };
        if std::env::var_os("WXSELL_RENEW").is_some() {
            let renewed = renewed(&lines, &blocks, &outputs, differs);
            std::fs::write(document, renewed).expect("the document is written");
        } else {
            let wrong = blocks
                .iter()
                .zip(&outputs)
                .filter(|(block, output)| differs(block, output))
                .map(|(block, output)| {
                    format!(
                        "{}:{}: shows\n{}\nbut it printed\n{output}",
                        document.display(),
                        block.line,
                        shown(block).unwrap_or_default()
                    )
                });
            let wrong: Vec<String> = wrong.collect();
            assert!(
                wrong.is_empty(),
                "{}\nif that is right: WXSELL_RENEW=1 cargo test --test all guide::",
                wrong.join("\n\n")
            );
        }
        walk.steps = blocks
            .into_iter()
            .zip(outputs)
            .map(|(block, output)| Step {
                script: block.script,
                output,
            })
            .collect();
        walk
    }

    /// Runs a document and compares nothing. `before` is given the folder of the machine.
    pub fn run_only(document: &Path, instead: &str, before: impl Fn(&Path)) -> Walk {
        let text = std::fs::read_to_string(document).expect("a document");
        let lines: Vec<&str> = text.lines().collect();
        let walk = Walk {
            folder: tempfile::tempdir().expect("a folder"),
            steps: Vec::new(),
        };
        std::fs::create_dir(walk.path("state")).expect("a folder");
        before(walk.folder.path());
        walk.outputs(&blocks(&lines), document, instead);
        walk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What each block printed. Ends the test at the first block that fails.
    fn outputs(&self, blocks: &[Block], document: &Path, instead: &str) -> Vec<String> {
        let work = self.path("work");
        std::fs::create_dir(&work).expect("a folder");
        // Samples are named as a reader in a clone names them.
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        std::os::unix::fs::symlink(samples, work.join("tests")).expect("a link");
        let mut script = String::new();
        for block in blocks {
            writeln!(script, "{}\nprintf '\\036\\n'", block.script).expect("text");
        }
        std::fs::write(self.path("script"), script).expect("a file");
        let file = std::fs::File::create(self.path("output")).expect("a file");
        let binary = Path::new(env!("CARGO_BIN_EXE_wxsell"));
        let path = std::env::var("PATH").unwrap_or_default();
        let programs = self.path("programs");
        std::fs::create_dir(&programs).expect("a folder");
        let name = programs.join("wxsell");
        std::fs::write(&name, instead).expect("a script");
        let all = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(name, all).expect("a program");
        let status = Command::new("sh")
            .arg("-eu")
            .arg(self.path("script"))
            .env_clear()
            .current_dir(work)
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a handle"))
            .stderr(file)
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("PROGRAM", binary)
            .env("NOTES", self.path("notes"))
            .env("WXSELL_CONFIG_DIR", self.path("config"))
            .env("WXSELL_STATE_DIR", self.path("state"))
            .env("WXSELL_LANG", "en")
            .env("COLUMNS", "80")
            .status()
            .expect("a shell");
        let printed = std::fs::read(self.path("output")).expect("output");
        let printed = String::from_utf8(printed).expect("UTF-8");
        let mut outputs: Vec<String> = printed.split(MARK).map(str::to_owned).collect();
        let last = outputs.pop().unwrap_or_default();
        if let Some(failed) = blocks.get(outputs.len()) {
            panic!(
                "{}:{}: {status}\n{}\n{last}",
                document.display(),
                failed.line,
                failed.script
            );
        }
        outputs
    }
}

fn blocks(lines: &[&str]) -> Vec<Block> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let fence = lines[at];
        if !fence.starts_with("```") {
            at += 1;
            continue;
        }
        let end = end_of(lines, at);
        if fence == "```sh" {
            let after = end + 1;
            // Its output follows at once, a blank line between at the most.
            let next = after + usize::from(lines.get(after).is_some_and(|line| line.is_empty()));
            let is_output = |line: &&&str| matches!(**line, "```text" | "```json");
            let shown = lines.get(next).filter(is_output);
            found.push(Block {
                line: at + 2,
                script: lines[at + 1..end].join("\n"),
                shown: shown.map(|_| next + 1..end_of(lines, next)),
                after,
            });
        }
        at = end + 1;
    }
    found
}

fn end_of(lines: &[&str], fence: usize) -> usize {
    let rest = lines[fence + 1..].iter();
    let length = rest.take_while(|line| **line != "```").count();
    let end = fence + 1 + length;
    assert!(end < lines.len(), "line {}: no end", fence + 1);
    end
}

/// The document with what was printed. What has the same form stays as it is, so that a renewal shows what changed.
fn renewed(
    lines: &[&str],
    blocks: &[Block],
    outputs: &[String],
    differs: impl Fn(&Block, &str) -> bool,
) -> String {
    let mut renewed = String::new();
    let mut from = 0;
    for (block, output) in blocks.iter().zip(outputs) {
        if !differs(block, output) {
            continue;
        }
        let mut keep = |to: usize| {
            for line in &lines[from..to] {
                writeln!(renewed, "{line}").expect("text");
            }
        };
        keep(block.after);
        from = match &block.shown {
            Some(shown) => shown.end + 1,
            None => block.after,
        };
        let output = output.trim_end();
        if !output.is_empty() {
            let kind = if output.starts_with(['{', '[']) {
                "json"
            } else {
                "text"
            };
            writeln!(renewed, "\n```{kind}\n{output}\n```").expect("text");
        }
    }
    for line in &lines[from..] {
        writeln!(renewed, "{line}").expect("text");
    }
    renewed
}

/// A text with what differs from run to run by its form alone: times, numbers of ten digits and more, tickets, how
/// long a run took, and the picture of a code.
pub fn form(text: &str) -> String {
    let lines = text.trim_end().lines().map(|line| {
        let is_code = |letter| matches!(letter, '█' | '▀' | '▄' | ' ');
        match line {
            line if line.contains(['█', '▀']) && line.chars().all(is_code) => "█".to_owned(),
            line if line.starts_with("SECONDS ") => "SECONDS".to_owned(),
            line => words(line),
        }
    });
    let mut lines: Vec<String> = lines.collect();
    // A code is as large as what it says needs.
    lines.dedup_by(|next, last| next == "█" && last == "█");
    lines.join("\n")
}

fn words(line: &str) -> String {
    let mut form = String::new();
    let mut word = String::new();
    for letter in line.chars().chain([' ']) {
        if letter.is_ascii_alphanumeric() || "-:+_.#".contains(letter) {
            word.push(letter);
            continue;
        }
        form.push_str(&shape(&word));
        word.clear();
        form.push(letter);
    }
    form
}

fn shape(word: &str) -> String {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let of = |digit: fn(char) -> bool| -> String {
        let zero = |letter| if digit(letter) { '0' } else { letter };
        word.chars().map(zero).collect()
    };
    let pattern = of(|letter| letter.is_ascii_digit());
    // A date may be cut off where a column is narrow.
    let is_time = ["0000-00", "00:00:00"];
    // A day and an hour of this year, each a word of its own.
    let is_short = matches!(pattern.as_str(), "00-00" | "00:00");
    if word.starts_with('#') {
        // The mark that a run leaves in what it makes.
        "#".to_owned()
    } else if word.starts_with("RQAA") && word.len() == 22 {
        // The ticket of an audit.
        "RQAA".to_owned()
    } else if is_short || is_time.iter().any(|time| pattern.contains(time)) {
        pattern
    } else if digits >= 10 {
        of(|letter| matches!(letter, '0'..='9' | 'a'..='f'))
    } else {
        word.to_owned()
    }
}
