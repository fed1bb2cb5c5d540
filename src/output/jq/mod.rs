//! `--jq`: a filter over the JSON. Strings are printed raw, everything else as compact JSON, one a line.
//!
//! An expression can run for ever, recurse without end and ask for any amount of memory, and none of that can be caught
//! in the process that meets it. So the program runs itself once more with [`WORD`] as its first argument: that process
//! reads an input a line, writes what comes of it as it comes, and may die of it. It may hold [`MEMORY`] bytes, and be
//! silent for as long as one answer may take (`--timeout`).

mod program;

pub use program::serve;

use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The first argument of the process that filters.
pub const WORD: &str = "__jq";
/// The first line of that process: what answers is what was meant to be started.
const GREETING: &str = "wxsell jq 1";
/// What that process may hold, in bytes.
pub const MEMORY: usize = 512 << 20;
/// Results that wait to be printed; further ones wait in the pipe.
const AHEAD: usize = 256;
/// Characters of an error that are shown: it may hold all of the data.
const WORDS: usize = 200;
/// What an expression has no use for, and could print.
const SECRETS: [&str; 3] = [
    "WXSELL_APP_SECRET",
    "WXSELL_PUSH_TOKEN",
    "WXSELL_PUSH_AES_KEY",
];

/// A filter, ready to be run any number of times.
pub(super) struct Jq {
    process: Mutex<Process>,
    expression: String,
    patience: Duration,
}

struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
    /// Nothing more is wanted, or comes: nobody reads it, or the expression said `halt`.
    ended: bool,
}

/// Whether further results are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    More,
    Enough,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line of the process that filters.
enum Line {
    Result(String),
    /// All results of one input are out, or the expression was understood.
    Done,
    Error(Trouble),
}

/// What it has against the data, or against the expression and at which character, from 1.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Trouble {
    Data(String),
    Expression(usize, String),
}

impl Jq {
    /// Refuses an expression that does not read.
    pub fn new(expression: &str, patience: Duration) -> Result<Jq> {
        Jq::greeted(expression, patience)?.understood()
    }

    /// The process, once it says that it is there.
    fn greeted(expression: &str, patience: Duration) -> Result<Jq> {
        if loads_modules(expression) {
            return Err(Failure::input(text!(
                "--jq: modules cannot be loaded: write all of it into the expression"
            ))
            .into());
        }
        let mut child = start(expression).map_err(|error| {
            Failure::input(text!(
                "--jq: the filter cannot be started: {error}",
                error = error.to_string()
            ))
        })?;
        let (said, output) = sync_channel(AHEAD);
        let (input, stdout) = (child.stdin.take(), child.stdout.take());
        if let Some(stdout) = stdout {
            // Ends with the process, or when nobody wants its lines any more.
            std::thread::spawn(move || {
                let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
                lines.try_for_each(|line| said.send(line))
            });
        }
        let jq = Jq {
            process: Mutex::new(Process {
                child,
                input,
                output,
                ended: false,
            }),
            expression: expression.to_owned(),
            patience,
        };
        let greeting = jq.line(&mut jq.process())?;
        if greeting.as_deref() != Some(GREETING) {
            return Err(Failure::bug(text!("--jq: the answer came from another program")).into());
        }
        Ok(jq)
    }

    /// Waits until the expression was read.
    fn understood(self) -> Result<Jq> {
        self.results(|_| Ok(Next::More))?;
        Ok(self)
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs over one JSON text, which may hold no line break; `print` gets every result with its line break as it comes.
    /// Numbers keep all their digits.
    pub fn run(&self, json: &[u8], print: impl FnMut(&str) -> Result<Next>) -> Result<()> {
        if let Some(input) = &mut self.process().input {
            let written = input
                .write_all(json)
                .and_then(|()| input.write_all(b"\n"))
                .and_then(|()| input.flush());
            match written {
                // Where it has ended, its last line says why.
                Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error.into()),
                _ => {}
            }
        }
        self.results(print)
    }

    fn results(&self, mut print: impl FnMut(&str) -> Result<Next>) -> Result<()> {
        let mut process = self.process();
        while !process.ended {
            let Some(line) = self.line(&mut process)? else {
                break;
            };
            match read(&line) {
                Some(Line::Result(mut text)) => {
                    text.push('\n');
                    if print(&text)? == Next::Enough {
                        process.ended = true;
                        // It may have ended by itself.
                        let _ = process.child.kill();
                    }
                }
                Some(Line::Done) => break,
                Some(Line::Error(trouble)) => return Err(failed(&trouble, &self.expression).into()),
                None => {
                    return Err(
                        Failure::bug(text!("--jq: the answer came from another program")).into(),
                    );
                }
            }
        }
        Ok(())
    }

    /// The next line; `None` where the expression ended all by itself.
    fn line(&self, process: &mut Process) -> Result<Option<String>, Failure> {
        let hint = text!("use --format json to see the JSON that it filters");
        match process.output.recv_timeout(self.patience) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Timeout) => Err(Failure::input(text!(
                "--jq: the expression produced nothing within {seconds} s",
                seconds = self.patience.as_secs()
            ))
            .hint(hint)),
            Err(RecvTimeoutError::Disconnected) => {
                process.ended = true;
                match process.child.wait() {
                    Ok(status) if status.success() => Ok(None),
                    _ => Err(Failure::input(text!(
                        "--jq: the expression needs too much memory or recurses too deeply"
                    ))
                    .hint(hint)),
                }
            }
        }
    }
}

fn start(expression: &str) -> std::io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args([WORD, expression])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // How it dies is said here.
        .stderr(Stdio::null());
    for name in SECRETS {
        command.env_remove(name);
    }
    command.spawn()
}

/// `+` and a result as a JSON text, `!` and an error as one, `.` at the end of the results of one input.
fn read(line: &str) -> Option<Line> {
    let (sign, rest) = (line.get(..1)?, line.get(1..)?);
    match sign {
        "." => Some(Line::Done),
        "+" => serde_json::from_str(rest).ok().map(Line::Result),
        "!" => serde_json::from_str(rest).ok().map(Line::Error),
        _ => None,
    }
}

fn failed(trouble: &Trouble, expression: &str) -> Failure {
    match trouble {
        Trouble::Data(why) => Failure::input(text!("--jq: {error}", error = start_of(why)))
            .hint(text!("use --format json to see the JSON that it filters")),
        Trouble::Expression(position, why) => Failure::input(text!(
            "--jq: {why} at character {position} of: {expression}",
            why = start_of(why),
            position,
            expression = start_of(expression)
        ))
        .hint(text!("the syntax is that of jq, e.g. --jq '.[].title'")),
    }
}

fn start_of(words: &str) -> String {
    let mut start: String = words.chars().take(WORDS).collect();
    if start.len() < words.len() {
        start.push('…');
    }
    start
}

/// Modules stand at the beginning, behind comments.
fn loads_modules(expression: &str) -> bool {
    let first = expression
        .lines()
        .map(str::trim_start)
        .find(|line| !line.is_empty() && !line.starts_with('#'));
    let word = first.and_then(|line| line.split(|c: char| !c.is_ascii_alphanumeric()).next());
    matches!(word, Some("import" | "include" | "module"))
}
