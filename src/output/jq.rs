//! `--jq`: a filter over the JSON. Strings are printed raw, everything else as compact JSON, one a line.

use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use jaq_core::load::{Arena, Error, File, Loader, span};
use jaq_core::{Compiler, Ctx, Filter, Vars, data, unwrap_valr};
use jaq_json::Val;

/// A filter, ready to be run any number of times.
pub(super) struct Jq(Filter<data::JustLut<Val>>);

impl Jq {
    /// Refuses an expression that does not read.
    pub fn new(expression: &str) -> Result<Jq> {
        compile(expression).map(Jq)
    }

    /// Runs over one JSON text. Numbers keep all their digits.
    pub fn run(&self, json: &[u8]) -> Result<String> {
        let input = jaq_json::read::parse_single(json).map_err(|error| {
            Failure::bug(text!(
                "our own JSON does not read: {error}",
                error = error.to_string()
            ))
        })?;
        let context = Ctx::<data::JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        let mut printed = String::new();
        for value in self.0.id.run((context, input)).map(unwrap_valr) {
            match value {
                Ok(Val::TStr(bytes)) => printed.push_str(&String::from_utf8_lossy(&bytes)),
                Ok(other) => printed.push_str(&other.to_string()),
                Err(error) => {
                    return Err(
                        Failure::input(text!("--jq: {error}", error = error.to_string()))
                            .hint(text!("see the JSON it works on with --format json"))
                            .into(),
                    );
                }
            }
            printed.push('\n');
        }
        Ok(printed)
    }
}

fn compile(expression: &str) -> Result<Filter<data::JustLut<Val>>> {
    let definitions = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs());
    let functions = jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs());
    let arena = Arena::default();
    let program = File {
        code: expression,
        path: (),
    };
    let modules = Loader::new(definitions)
        .load(&arena, program)
        .map_err(|errors| {
            let found = errors.into_iter().find_map(|(_, error)| match error {
                Error::Io(mut all) => all.pop().map(|(part, why)| (at(expression, part), why)),
                Error::Lex(all) => all.into_iter().next().map(|(expected, part)| {
                    (
                        at(expression, part),
                        format!("expected {}", expected.as_str()),
                    )
                }),
                Error::Parse(all) => all.into_iter().next().map(|(expected, part)| {
                    (
                        at(expression, part),
                        format!("expected {}", expected.as_str()),
                    )
                }),
            });
            bad(expression, found)
        })?;
    let filter = Compiler::default()
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
            bad(expression, found)
        })?;
    Ok(filter)
}

/// The character, from 1, at which `part` begins.
fn at(expression: &str, part: &str) -> usize {
    let start = span(expression, part).start.min(expression.len());
    expression
        .get(..start)
        .map_or(start, |before| before.chars().count())
        + 1
}

fn bad(expression: &str, found: Option<(usize, String)>) -> Failure {
    let (position, why) = found.unwrap_or((1, String::from("not understood")));
    Failure::input(text!(
        "--jq: {why} at character {position} of: {expression}",
        why,
        position,
        expression
    ))
    .hint(text!("the language is that of jq, e.g. --jq '.[].title'"))
}
