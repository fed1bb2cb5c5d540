//! Rows that come one at a time.

use super::fields::Picked;
use super::jq::Jq;
use super::{Format, Output};
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;
use std::time::{Duration, Instant};

/// A reader of the stream sees a row at most this much later, as long as rows keep coming.
const DELAY: Duration = Duration::from_millis(100);
/// So many bytes are written at once when rows come fast.
const FULL: usize = 64 * 1024;

/// Writes rows as they come in NDJSON, CSV and TSV; the other forms keep them until [`Stream::finish`].
pub struct Stream<'a, T> {
    out: &'a Output,
    picked: Picked<T>,
    jq: Option<Jq>,
    state: State,
    flushed: Instant,
}

enum State {
    Lines(Vec<u8>),
    Separated(Box<csv::Writer<Vec<u8>>>),
    /// What the form needs of each row, since the rows themselves are borrowed.
    Kept(Vec<Value>, Vec<Vec<super::Cell>>),
}

impl<'a, T: Serialize + 'static> Stream<'a, T> {
    pub(super) fn new(out: &'a Output, picked: Picked<T>) -> Result<Stream<'a, T>> {
        let jq = out.jq.as_deref().map(Jq::new).transpose()?;
        let state = match out.format {
            Format::Ndjson => State::Lines(Vec::new()),
            Format::Csv | Format::Tsv if jq.is_none() => {
                let mut writer = csv::WriterBuilder::new()
                    .delimiter(if out.format == Format::Csv {
                        b','
                    } else {
                        b'\t'
                    })
                    .from_writer(Vec::new());
                if out.headers {
                    writer.write_record(picked.names()).map_err(broken)?;
                }
                State::Separated(Box::new(writer))
            }
            _ => State::Kept(Vec::new(), Vec::new()),
        };
        Ok(Stream {
            out,
            picked,
            jq,
            state,
            flushed: Instant::now(),
        })
    }

    pub fn push(&mut self, row: &T) -> Result<()> {
        match &mut self.state {
            State::Lines(buffer) => {
                let json = match &self.out.columns {
                    None => serde_json::to_vec(row)?,
                    Some(_) => serde_json::to_vec(&self.picked.value(row)?)?,
                };
                match &self.jq {
                    Some(jq) => buffer.extend_from_slice(jq.run(&json)?.as_bytes()),
                    None => {
                        buffer.extend_from_slice(&json);
                        buffer.push(b'\n');
                    }
                }
            }
            State::Separated(writer) => {
                let cells = self.picked.cells(row).map(|cell| cell.plain());
                writer.write_record(cells).map_err(broken)?;
            }
            State::Kept(values, rows) => match self.out.format {
                Format::Table | Format::Xlsx if self.jq.is_none() => {
                    rows.push(self.picked.cells(row).collect())
                }
                _ if self.out.columns.is_some() => values.push(self.picked.value(row)?),
                _ => values.push(serde_json::to_value(row)?),
            },
        }
        let waiting = match &self.state {
            State::Lines(buffer) => buffer.len(),
            State::Separated(writer) => writer.get_ref().len(),
            State::Kept(..) => return Ok(()),
        };
        if waiting >= FULL || self.flushed.elapsed() >= DELAY {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what has gathered, before a long wait.
    pub fn flush(&mut self) -> Result<()> {
        self.flushed = Instant::now();
        match &mut self.state {
            State::Lines(buffer) => self.out.print(&std::mem::take(buffer)),
            State::Separated(writer) => {
                writer.flush().map_err(|error| broken(error.into()))?;
                let gathered = writer.get_ref().clone();
                let delimiter = if self.out.format == Format::Csv {
                    b','
                } else {
                    b'\t'
                };
                **writer = csv::WriterBuilder::new()
                    .delimiter(delimiter)
                    .from_writer(Vec::new());
                self.out.print(&gathered)
            }
            State::Kept(..) => Ok(()),
        }
    }

    /// Writes the rest.
    pub fn finish(mut self) -> Result<()> {
        self.flush()?;
        let State::Kept(values, rows) = self.state else {
            return Ok(());
        };
        if let Some(jq) = &self.jq {
            return self
                .out
                .print(jq.run(&serde_json::to_vec(&values)?)?.as_bytes());
        }
        match self.out.format {
            Format::Table if rows.is_empty() => {
                self.out.note(text!("nothing to show"));
                Ok(())
            }
            Format::Table => {
                let titles = self.picked.titles();
                self.out
                    .print(super::table::lay_out(self.out, &titles, &rows).as_bytes())
            }
            Format::Xlsx => {
                let names = self.picked.names();
                self.out.print(&super::sheet::write(
                    &names,
                    rows.into_iter(),
                    self.out.headers,
                )?)
            }
            Format::Yaml => self.out.yaml(&values),
            _ => self.out.json(&values),
        }
    }
}

fn broken(error: csv::Error) -> anyhow::Error {
    Failure::bug(text!(
        "cannot write CSV: {error}",
        error = error.to_string()
    ))
    .into()
}
