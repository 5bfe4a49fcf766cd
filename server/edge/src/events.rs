//! `POST /graphql` for whoever accepts `text/event-stream`: one operation, its answers as server-sent events, by the protocol
//! GraphQL over Server-Sent Events in its "distinct connections mode". For networks that let no WebSocket through.

use std::{convert::Infallible, sync::Arc, time::Duration};

use async_graphql::ServerError;
use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderValue, Response, header},
};
use futures_util::stream;
use metrics::gauge;
use serde_json::{Map, Value};
use tokio::{
    sync::mpsc,
    time::{Interval, MissedTickBehavior, interval, timeout},
};
use tokio_util::task::{AbortOnDropHandle, task_tracker::TaskTrackerToken};

use crate::{
    answer::{Answer, Fault},
    body,
    crowd::Seat,
    endpoint::{Endpoint, Refusal, RequestHead},
    errors::Code,
    graphql::Edge,
    limits,
    observe::Record,
    operation::{RECHECK, Said, Voice, operate},
};

/// How often we say that we are still there, so that nobody in between closes what seems idle.
const BEAT: Duration = Duration::from_secs(12);

/// Answers with a stream.
pub(crate) async fn answer<E: Endpoint>(
    edge: Arc<Edge<E>>,
    request: Request,
    record: &Record,
) -> Result<Response<Body>, Fault> {
    let (head, bytes) = edge.hear(request, record).await?;
    let data = edge.admit(head.clone()).await?;
    let seat = match edge.endpoint.person(&data) {
        Some(person) => {
            let crowded =
                || Fault::refused(Code::RateLimited, "Too many streams and sockets of yours are open.");
            Some(edge.sockets.seat(person).ok_or_else(crowded)?)
        }
        None => None,
    };
    let payload: Map<String, Value> =
        serde_json::from_slice(&bytes).map_err(|_| Fault::bad_request("The body must be a JSON object."))?;
    let asked = body::request(payload.clone(), &edge.options.persisted)?;
    let (_, operation) = limits::admit(asked, &edge.options.limits)?;
    record.runs(&operation);
    let events = Events::begin(edge, head, payload, seat);
    let events =
        stream::unfold(events, async |mut events| Some((Ok::<_, Infallible>(events.next().await?), events)));
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-language"));
    // Proxies that collect an answer before they pass it on are asked not to.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// The events of one operation.
struct Events<E: Endpoint> {
    edge: Arc<Edge<E>>,
    head: RequestHead,
    said: mpsc::Receiver<((), Said)>,
    recheck: Interval,
    beat: Interval,
    is_over: bool,
    _task: AbortOnDropHandle<()>,
    _seat: Option<Seat>,
    /// The end of the server waits for streams, which hear of it.
    _alive: TaskTrackerToken,
}

impl<E: Endpoint> Drop for Events<E> {
    fn drop(&mut self) {
        gauge!("event_streams").decrement(1);
    }
}

impl<E: Endpoint> Events<E> {
    fn begin(edge: Arc<Edge<E>>, head: RequestHead, payload: Map<String, Value>, seat: Option<Seat>) -> Self {
        // Whoever reads slowly makes the operation wait, and nothing grows.
        let (say, said) = mpsc::channel(16);
        gauge!("event_streams").increment(1);
        let task = tokio::spawn(operate(Arc::clone(&edge), head.clone(), payload, Voice::new((), say)));
        let every = |period| {
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        };
        Self {
            head,
            said,
            recheck: every(RECHECK),
            beat: every(BEAT),
            is_over: false,
            _task: AbortOnDropHandle::new(task),
            _seat: seat,
            _alive: edge.lifecycle.work().token(),
            edge,
        }
    }

    async fn next(&mut self) -> Option<Bytes> {
        while !self.is_over {
            let said = tokio::select! {
                said = self.said.recv() => said?.1,
                _ = self.recheck.tick() => match self.readmit().await {
                    Some(refusal) => Said::Parted(refusal),
                    None => continue,
                },
                _ = self.beat.tick() => return Some(Bytes::from_static(b":\n\n")),
            };
            self.is_over = said.is_last();
            return Some(written(said)?.into());
        }
        None
    }

    /// Why the caller would not be let in now. What is out of order for a moment is no reason to part.
    async fn readmit(&self) -> Option<Refusal> {
        let admitted = timeout(self.edge.options.time_limit, self.edge.endpoint.admit(self.head.clone()));
        match admitted.await {
            Ok(Err(Refusal::Unauthenticated)) => Some(Refusal::Unauthenticated),
            _ => None,
        }
    }
}

/// An answer is one line: JSON has no line breaks of its own. None: the stream ends without a last word, and whoever comes back goes
/// on where they were.
fn written(said: Said) -> Option<String> {
    match said {
        Said::Next(answer) => Some(format!("event: next\ndata: {answer}\n\n")),
        Said::Complete => Some("event: complete\ndata:\n\n".to_owned()),
        Said::Refused(errors) => Some(last(&errors)),
        Said::Parted(refusal @ Refusal::Unauthenticated) => Some(last(&[Fault::from(refusal).into_error()])),
        Said::Parted(_) => None,
    }
}

fn last(errors: &[ServerError]) -> String {
    // An answer without data is never too long.
    let answer = Answer::refused(errors).into_text(usize::MAX, async_graphql::Pos::default());
    format!("event: next\ndata: {answer}\n\nevent: complete\ndata:\n\n")
}
