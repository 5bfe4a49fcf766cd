//! A connection that does not wait for ever.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

use crate::options::Connections;

/// A socket with clocks: one for what the caller sends, one for what the caller takes.
///
/// hyper has one timeout for the header of a request, and it runs between requests too. But somebody who sends a header
/// slowly is an attacker, and somebody who waits a minute before the next request is a browser.
pub(crate) struct Wire {
    stream: TcpStream,
    header: Duration,
    idle: Duration,
    write: Duration,
    /// While a request is being answered, its handler looks at the clock.
    serving: Arc<AtomicBool>,
    /// What the caller has to do, and by when.
    due: Option<(Due, Pin<Box<Sleep>>)>,
    unread: Option<Pin<Box<Sleep>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    /// The rest of a header.
    Header,
    /// The first byte of the next request.
    Request,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, connections: &Connections, serving: Arc<AtomicBool>) -> Self {
        Self {
            stream,
            header: connections.header_timeout,
            idle: connections.idle_timeout,
            write: connections.write_timeout,
            serving,
            due: Some((Due::Header, alarm(connections.header_timeout))),
            unread: None,
        }
    }

    /// Bytes came in.
    fn heard(&mut self) {
        if self.serving.load(Ordering::Acquire) {
            self.due = None;
        } else if self.due.as_ref().is_none_or(|(due, _)| *due == Due::Request) {
            self.due = Some((Due::Header, alarm(self.header)));
        }
    }

    /// Nothing came in. Ready when that has gone on for too long.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.serving.load(Ordering::Acquire) {
            self.due = None;
            return Poll::Pending;
        }
        let (_, alarm) = self.due.get_or_insert_with(|| (Due::Request, alarm(self.idle)));
        alarm.as_mut().poll(cx)
    }

    /// The outcome of a write, or the end of our patience.
    fn written<T>(&mut self, outcome: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.unread = None;
            // An answer on its way is not idleness.
            if let Some((Due::Request, _)) = self.due {
                self.due = None;
            }
            return outcome;
        }
        let alarm = self.unread.get_or_insert_with(|| alarm(self.write));
        ready!(alarm.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

fn alarm(after: Duration) -> Pin<Box<Sleep>> {
    Box::pin(sleep_until(Instant::now() + after))
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            Poll::Ready(outcome) => {
                if buf.filled().len() > before {
                    self.heard();
                }
                Poll::Ready(outcome)
            }
            Poll::Pending => {
                ready!(self.poll_silence(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.written(outcome, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.written(outcome, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        // hyper reads while it serves, to notice that the caller hangs up, and does not read anew when it has answered.
        // So the clock of the next request starts here; when it is over, hyper is woken and reads.
        let _ = self.poll_silence(cx);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
