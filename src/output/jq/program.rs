//! The process that filters: reads the expression from its arguments, inputs from standard input, a line each.

use super::super::words::escaped;
use super::{GREETING, MEMORY};
use jaq_core::load::{Arena, Error, File, Loader, span};
use jaq_core::{Compiler, Ctx, Filter, Native, Vars, data, native, unwrap_valr};
use jaq_json::Val;
use memory_stats::memory_stats;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Whether the expression was understood: what fails after that is the data.
static UNDERSTOOD: AtomicBool = AtomicBool::new(false);

/// How often its memory is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// How it ends where it holds too much; anything but 0.
const TOO_MUCH: i32 = 3;

/// What jq has and the library lacks.
const FORMATS: &str = r#"
def row($format): if type == "array" then . else error("\(type) cannot be written as \($format), only an array can") end;
def cell($format; string): if type == "string" then string elif . == null then ""
    elif type == "number" or type == "boolean" then tostring
    else error("\(type) cannot stand in a row of \($format)") end;
def @csv: row("csv") | map(cell("csv"; "\"" + (split("\"") | join("\"\"")) + "\"")) | join(",");
def @tsv: row("tsv") | map(cell("tsv"; (split("\\") | join("\\\\")) | (split("\t") | join("\\t"))
    | (split("\n") | join("\\n")) | (split("\r") | join("\\r")))) | join("\t");
"#;

type Jq = Filter<data::JustLut<Val>>;

thread_local! {
    /// What the expression said last on standard error, as `halt_error` does before it ends.
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The library's own writes to a log that nobody reads.
const TO_STDERR: &str = "stderr_empty";

/// Keeps what is written to standard error.
fn to_stderr() -> native::Filter<Native<data::JustLut<Val>>> {
    native::run((TO_STDERR, native::v(0), |cv| {
        SAID.set(text_of(&cv.1));
        Box::new(std::iter::empty())
    }))
}

/// A text itself, everything else as compact JSON.
fn text_of(value: &Val) -> String {
    match value {
        Val::TStr(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => escaped(&other.to_string()).into_owned(),
    }
}

/// What an expression says that ends itself with this code. With 0 nothing is wrong: there is just no more.
#[expect(
    clippy::exit,
    reason = "the expression ends this process, which is of no other use"
)]
fn halted(code: i32) -> String {
    if code == 0 {
        std::process::exit(0);
    }
    let said = SAID.take();
    match said.trim() {
        "" => format!("the expression ended itself with halt({code})"),
        said => said.to_owned(),
    }
}

/// Filters what comes on standard input until it ends. What it says is read by the program that started it.
pub fn serve(args: &[OsString]) -> u8 {
    bound_memory();
    on_panic();
    // Nobody reads any more where it cannot be written.
    let _ = filter(&args.get(2).cloned().unwrap_or_default().to_string_lossy());
    0
}

/// Ends the process once it holds more than [`MEMORY`]. It looks rather than sets a limit of the system: what only
/// reserves addresses would meet that.
#[expect(
    clippy::exit,
    reason = "another thread is in the middle of what needs too much"
)]
fn bound_memory() {
    std::thread::spawn(|| {
        while memory_stats().is_none_or(|used| used.physical_mem <= MEMORY) {
            std::thread::sleep(LOOK);
        }
        std::process::exit(TOO_MUCH);
    });
}

/// Ends the process where the library fails on an expression or on data, with that as its last line.
#[expect(
    clippy::exit,
    reason = "a panic ends a release anyway, and then nothing could be said"
)]
fn on_panic() {
    std::panic::set_hook(Box::new(|_| {
        let why = if UNDERSTOOD.load(Ordering::Relaxed) {
            json!("the expression cannot be carried out")
        } else {
            json!([1, "not understood"])
        };
        // Nobody reads any more where it cannot be written.
        let _ = error(&mut io::stdout().lock(), &why);
        std::process::exit(0);
    }));
}

fn filter(expression: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{GREETING}")?;
    out.flush()?;
    let jq = match compile(expression) {
        Ok(jq) => jq,
        Err((position, why)) => return error(&mut out, &json!([position, why])),
    };
    UNDERSTOOD.store(true, Ordering::Relaxed);
    done(&mut out)?;
    for input in io::stdin().lock().lines() {
        let input = input?;
        match run(&jq, input.as_bytes(), &mut out)? {
            None => done(&mut out)?,
            Some(why) => error(&mut out, &json!(why))?,
        }
    }
    Ok(())
}

fn done(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, ".")?;
    out.flush()
}

/// A text, or in front of it the character of the expression at which it is wrong.
fn error(out: &mut impl Write, why: &Value) -> io::Result<()> {
    writeln!(out, "!{why}")?;
    out.flush()
}

/// Writes the results of one input; why there are no more, where that is an error.
fn run(jq: &Jq, json: &[u8], out: &mut impl Write) -> io::Result<Option<String>> {
    let input = match jaq_json::read::parse_single(json) {
        Ok(input) => input,
        Err(error) => return Ok(Some(format!("cannot parse our own JSON: {error}"))),
    };
    let context = Ctx::<data::JustLut<Val>>::new(&jq.lut, Vars::new([]));
    for value in jq.id.run((context, input)) {
        let value = match value.map_err(jaq_core::Exn::get_halt) {
            Ok(value) => Ok(value),
            Err(Ok(code)) => return Ok(Some(halted(code))),
            Err(Err(error)) => unwrap_valr(Err(error)),
        };
        let text = match value {
            Ok(value) => text_of(&value),
            Err(error) => return Ok(Some(error.to_string())),
        };
        writeln!(out, "+{}", Value::from(text))?;
        out.flush()?;
    }
    Ok(None)
}

fn compile(expression: &str) -> Result<Jq, Wrong> {
    let definitions = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs())
        .chain(jaq_core::load::parse(FORMATS, |parser| parser.defs()).unwrap_or_default());
    let functions = jaq_core::funs()
        .chain(jaq_std::funs().filter(|(name, ..)| *name != TO_STDERR))
        .chain([to_stderr()])
        .chain(jaq_json::funs());
    let arena = Arena::default();
    let program = File {
        code: expression,
        path: (),
    };
    let expected = |all: Vec<(String, &str)>| {
        let first = all.into_iter().next();
        first.map(|(what, part)| (at(expression, part), format!("expected {what}")))
    };
    let modules = Loader::new(definitions)
        .load(&arena, program)
        .map_err(|errors| {
            let found = errors.into_iter().find_map(|(_, error)| match error {
                Error::Io(mut all) => all.pop().map(|(part, why)| (at(expression, part), why)),
                Error::Lex(all) => expected(
                    all.into_iter()
                        .map(|(what, part)| (what.as_str().to_owned(), part))
                        .collect(),
                ),
                Error::Parse(all) => expected(
                    all.into_iter()
                        .map(|(what, part)| (what.as_str().to_owned(), part))
                        .collect(),
                ),
            });
            wrong(found)
        })?;
    Compiler::default()
        .with_funs(functions)
        .compile(modules)
        .map_err(|errors| {
            let found = errors.into_iter().flat_map(|(_, all)| all).next();
            let found = found.map(|(part, what)| {
                (
                    at(expression, part),
                    format!("unknown {} {part}", what.as_str()),
                )
            });
            wrong(found)
        })
}

/// The character, from 1, at which `part` begins.
fn at(expression: &str, part: &str) -> usize {
    let start = span(expression, part).start.min(expression.len());
    expression
        .get(..start)
        .map_or(start, |before| before.chars().count())
        + 1
}

/// Where an expression is wrong, and why.
type Wrong = (usize, String);

fn wrong(found: Option<Wrong>) -> Wrong {
    found.unwrap_or((1, String::from("not understood")))
}
