//! Connections of strangers: how many there are, which of them gives way, and how long one may leave an answer unread.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::Sleep;

/// The places for connections. There is always one more: the connection that has been without an answer for longest,
/// since it came or since its last one, gives way.
pub(super) struct Places {
    most: usize,
    open: Arc<Mutex<Open>>,
}

/// By the order in which they came or were last answered.
#[derive(Default)]
struct Open {
    next: u64,
    places: BTreeMap<u64, Arc<Notify>>,
}

impl Open {
    fn add(&mut self, gives_way: Arc<Notify>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.places.insert(number, gives_way);
        number
    }
}

/// The place of one connection, until it is dropped.
pub(super) struct Place {
    open: Arc<Mutex<Open>>,
    number: Mutex<u64>,
    gives_way: Arc<Notify>,
}

impl Places {
    pub fn new(most: usize) -> Places {
        Places {
            most: most.max(1),
            open: Arc::default(),
        }
    }

    pub fn take(&self) -> Place {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        while open.places.len() >= self.most
            && let Some((_, silent)) = open.places.pop_first()
        {
            silent.notify_one();
        }
        let gives_way = Arc::new(Notify::new());
        let number = Mutex::new(open.add(gives_way.clone()));
        Place {
            open: self.open.clone(),
            number,
            gives_way,
        }
    }
}

impl Place {
    /// Puts it behind all others.
    pub fn answered(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut number = self.number.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is to give way has no place any more.
        if open.places.remove(&number).is_some() {
            *number = open.add(self.gives_way.clone());
        }
    }

    /// Ends when another connection needs the place.
    pub async fn given_up(&self) {
        self.gives_way.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let number = *self.number.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.places.remove(&number);
    }
}

/// A stream that fails where nobody reads what was written to it for so long.
pub(super) struct Watched<S> {
    stream: S,
    patience: Duration,
    /// Since a write could not go on.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl<S> Watched<S> {
    pub fn new(stream: S, patience: Duration) -> Watched<S> {
        Watched {
            stream,
            patience,
            stuck: None,
        }
    }

    /// The outcome of a write or flush, or that it has been stuck for too long.
    fn watched<T>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stuck = None;
            return outcome;
        }
        let patience = self.patience;
        let stuck = self
            .stuck
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        match stuck.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watched(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.watched(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.watched(context, shut)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.watched(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
