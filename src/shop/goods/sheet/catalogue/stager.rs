//! The thread that makes requests of rows and sets them stager, while the rows after them are read.

use super::{RowRef, outline};
use crate::bulk::spool::SpoolWriter;
use crate::fail::Failure;
use crate::shop::goods::sheet::rows::{Payload, Values};
use crate::text;
use anyhow::Result;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Products handed over together, and how many such batches may wait.
const BATCH: usize = 64;
const BATCHES: usize = 4;

/// The rows of one product.
type Rows = (Values, Vec<RowRef>);

/// Takes the rows of products, one after another.
pub(super) struct Stager {
    batch: Vec<Rows>,
    batches: Option<SyncSender<Vec<Rows>>>,
    thread: Option<JoinHandle<Result<Staged>>>,
}

/// What was set aside: where each product is, in the order in which they came.
pub(super) struct Staged {
    pub spool: SpoolWriter,
    pub places: Vec<u64>,
}

impl Stager {
    pub fn start<T: Payload>(spool: SpoolWriter) -> Result<Stager> {
        let (batches, taken) = sync_channel(BATCHES);
        let mut staged = Staged {
            spool,
            places: Vec::new(),
        };
        let thread = std::thread::Builder::new()
            .name("stager".into())
            .spawn(move || staged.fill::<T>(&taken).map(|()| staged))
            .map_err(|error| {
                Failure::bug(text!(
                    "no thread could be started: {error}",
                    error = error.to_string()
                ))
            })?;
        Ok(Stager {
            batch: Vec::with_capacity(BATCH),
            batches: Some(batches),
            thread: Some(thread),
        })
    }

    pub fn put(&mut self, values: Values, rows: Vec<RowRef>) {
        self.batch.push((values, rows));
        if self.batch.len() == BATCH {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        if let Some(batches) = &self.batches {
            // A thread that ended early, e.g. on a full disk, says why in `finish`.
            let _ = batches.send(batch);
        }
    }

    /// Waits until everything is set aside.
    pub fn finish(&mut self) -> Result<Staged> {
        self.hand_over();
        self.batches = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(staged)) => staged,
            Some(Err(_)) | None => {
                Err(Failure::bug(text!("a thread that sets rows aside panicked")).into())
            }
        }
    }
}

impl Staged {
    fn fill<T: Payload>(&mut self, batches: &Receiver<Vec<Rows>>) -> Result<()> {
        let mut body = Vec::with_capacity(1024);
        for (values, rows) in batches.iter().flatten() {
            let at = self.put::<T>(values, &rows, &mut body)?;
            self.places.push(at);
        }
        Ok(())
    }

    /// Sets one product stager; returns where. `body` is room to write in.
    pub fn put<T: Payload>(
        &mut self,
        values: Values,
        rows: &[RowRef],
        body: &mut Vec<u8>,
    ) -> Result<u64> {
        let request = T::from_values(values);
        let meta = outline::write(&request.outline(), rows)?;
        body.clear();
        serde_json::to_writer(&mut *body, &request)?;
        self.spool.append(&meta, body)
    }
}
