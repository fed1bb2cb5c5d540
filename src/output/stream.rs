//! Rows that come one at a time.

use super::fields::{Heading, Need, Part, Picked};
use super::jq::{Jq, Next};
use super::{Format, Output};
use crate::fail::Failure;
use crate::lang::Lang;
use crate::text;
use crate::types::guarded_with_numbers;
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;
use std::time::{Duration, Instant};

/// A reader of the stream sees a row at most this much later, as long as rows keep coming.
const DELAY: Duration = Duration::from_millis(100);
/// So many bytes are written at once when rows come fast.
const FULL: usize = 64 * 1024;
/// What tells Excel that a file is in UTF-8.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Writes rows as they come in NDJSON, CSV and TSV; the other forms keep them until [`Stream::finish`].
pub struct Stream<'a, T> {
    picked: Picked<T>,
    form: Form<'a>,
}

impl<'a, T: Serialize + 'static> Stream<'a, T> {
    pub(super) fn new(out: &'a Output, picked: Picked<T>) -> Result<Stream<'a, T>> {
        if out.sort.is_some() {
            return Err(Failure::input(text!(
                "--sort cannot be used here: rows are shown as they come"
            ))
            .hint(text!("remove --sort"))
            .into());
        }
        let form = Form::new(out, picked.names(), picked.headings())?;
        Ok(Stream { picked, form })
    }

    pub fn push(&mut self, row: &T) -> Result<()> {
        self.form.push(self.picked.part(row, self.form.need())?)
    }

    /// Writes what has gathered, before a long wait.
    pub fn flush(&mut self) -> Result<()> {
        self.form.flush()
    }

    /// Writes the rest.
    pub fn finish(self) -> Result<()> {
        self.form.finish()
    }
}

/// Rows of any type on their way out.
pub(super) struct Form<'a> {
    out: &'a Output,
    names: Vec<String>,
    headings: Vec<Heading>,
    jq: Option<Jq>,
    state: State,
    flushed: Instant,
}

enum State {
    Lines(String),
    Separated(Box<csv::Writer<Vec<u8>>>),
    /// Until all are there.
    Kept(Vec<Part>),
}

impl<'a> Form<'a> {
    pub fn new(out: &'a Output, names: Vec<String>, headings: Vec<Heading>) -> Result<Form<'a>> {
        // Who reads Chinese has Chinese headings in files for people.
        let names = if out.is_file_for_people() && out.lang == Lang::Zh {
            headings
                .iter()
                .map(|it| out.lang.of(&it.title).to_owned())
                .collect()
        } else {
            names
        };
        let jq = out.jq.as_deref();
        let jq = jq.map(|jq| Jq::new(jq, out.patience)).transpose()?;
        let state = match out.format {
            Format::Ndjson => State::Lines(String::new()),
            Format::Csv | Format::Tsv if jq.is_none() => {
                let mut writer = separated(out);
                if out.excel {
                    out.write(BOM)?;
                }
                if out.headers {
                    writer.write_record(&names).map_err(broken)?;
                }
                State::Separated(Box::new(writer))
            }
            _ => State::Kept(Vec::new()),
        };
        Ok(Form {
            out,
            names,
            headings,
            jq,
            state,
            flushed: Instant::now(),
        })
    }

    /// What [`Form::push`] takes.
    pub fn need(&self) -> Need {
        match (&self.state, self.out.format) {
            (State::Separated(_), _) => Need::Cells,
            (State::Kept(_), Format::Table | Format::Xlsx) if self.jq.is_none() => Need::Cells,
            _ => Need::Json,
        }
    }

    pub fn push(&mut self, part: Part) -> Result<()> {
        let waiting = match &mut self.state {
            State::Lines(buffer) => {
                let json = part.json();
                match &self.jq {
                    Some(jq) => jq.run(&serde_json::to_vec(&json)?, |line| {
                        buffer.push_str(line);
                        match buffer.len() {
                            FULL.. => self.out.print_filtered(&std::mem::take(buffer)),
                            _ => Ok(Next::More),
                        }
                    })?,
                    None => {
                        buffer.push_str(&super::words::escaped(&serde_json::to_string(&json)?));
                        buffer.push('\n');
                    }
                }
                buffer.len()
            }
            State::Separated(writer) => {
                let cells = part.cells();
                let cells = cells.iter().map(|cell| match (self.out.excel, cell) {
                    // A number of ours is one to calculate with.
                    (true, super::Cell::Text(_) | super::Cell::Id(_) | super::Cell::List(_)) => {
                        guarded_with_numbers(&cell.plain()).into_owned()
                    }
                    (true, _) => cell.for_people(self.out.lang),
                    _ => cell.plain(),
                });
                writer.write_record(cells).map_err(broken)?;
                writer.get_ref().len()
            }
            State::Kept(parts) => {
                parts.push(part);
                return Ok(());
            }
        };
        if waiting >= FULL || self.flushed.elapsed() >= DELAY {
            self.flush()?;
        }
        Ok(())
    }

    pub fn flush(&mut self) -> Result<()> {
        self.flushed = Instant::now();
        match &mut self.state {
            State::Lines(buffer) => self.out.print(&std::mem::take(buffer)),
            State::Separated(writer) => {
                writer.flush().map_err(|error| broken(error.into()))?;
                let gathered = writer.get_ref().clone();
                **writer = separated(self.out);
                self.out.print(&String::from_utf8_lossy(&gathered))
            }
            State::Kept(_) => Ok(()),
        }
    }

    pub fn finish(mut self) -> Result<()> {
        self.flush()?;
        let need = self.need();
        let State::Kept(parts) = self.state else {
            return Ok(());
        };
        if let Need::Json = need {
            let values: Vec<Value> = parts.into_iter().map(Part::json).collect();
            if let Some(jq) = &self.jq {
                let json = serde_json::to_vec(&values)?;
                return jq.run(&json, |line| self.out.print_filtered(line));
            }
            return match self.out.format {
                Format::Yaml => self.out.yaml(&Value::from(values)),
                _ => self.out.json(&Value::from(values)),
            };
        }
        let rows: Vec<Vec<super::Cell>> = parts.into_iter().map(Part::cells).collect();
        match self.out.format {
            Format::Table if rows.is_empty() => {
                let nothing = self.out.nothing.clone();
                self.out
                    .note(nothing.unwrap_or_else(|| text!("nothing found")));
                Ok(())
            }
            Format::Table => {
                let table = super::table::lay_out(self.out, &self.headings, rows);
                self.out.paged(&table)
            }
            _ => {
                let out = self.out;
                let workbook = super::sheet::write(&self.names, &rows, out.headers, out.lang)?;
                self.out.write(&workbook)
            }
        }
    }
}

fn separated(out: &Output) -> csv::Writer<Vec<u8>> {
    let delimiter = match out.format {
        Format::Tsv => b'\t',
        _ => b',',
    };
    csv::WriterBuilder::new()
        .delimiter(delimiter)
        .from_writer(Vec::new())
}

fn broken(error: csv::Error) -> anyhow::Error {
    Failure::bug(text!(
        "cannot write CSV: {error}",
        error = error.to_string()
    ))
    .into()
}
