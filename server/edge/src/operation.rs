//! An operation that tells as long as there is something to tell, over a socket or a stream of events.
//!
//! A subscription is no stream that runs on by the rights it began with. It is run again whenever there may be news, each time
//! newly admitted, and answers what is new since the last time: so every event is judged by the rights of its moment.

use std::{pin::pin, sync::Arc, time::Duration};

use async_graphql::{Pos, ServerError, parser::types::OperationType};
use futures_util::StreamExt as _;
use serde_json::{Map, Value};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout_at},
};
use uuid::Uuid;

use crate::{
    answer::{Answer, Fault},
    body,
    endpoint::{Endpoint, Refusal, RequestHead},
    errors::{self, Outcome},
    graphql::Edge,
    limits, observe,
};

/// How often we look whether the caller is still let in.
pub(crate) const RECHECK: Duration = Duration::from_secs(3);

/// What an operation has to say.
pub(crate) enum Said {
    /// An answer, as it goes out: the order of its keys is the query's.
    Next(String),
    /// It is not run, or not run on. The last word.
    Refused(Vec<ServerError>),
    /// That was all. The last word.
    Complete,
    /// The caller is not let in any more. The last word.
    Parted(Refusal),
}

impl Said {
    pub(crate) const fn is_last(&self) -> bool {
        !matches!(self, Self::Next(_))
    }
}

/// An operation's way to its caller, who may run several: each says its name.
pub(crate) struct Voice<N> {
    name: N,
    say: mpsc::Sender<(N, Said)>,
}

/// Nobody listens.
struct Silent;

impl<N: Clone + Send> Voice<N> {
    pub(crate) const fn new(name: N, say: mpsc::Sender<(N, Said)>) -> Self {
        Self { name, say }
    }

    async fn say(&self, said: Said) -> Result<(), Silent> {
        self.say.send((self.name.clone(), said)).await.map_err(|_| Silent)
    }

    async fn next(&self, answer: Answer<'_>, most: usize, operation: Pos) -> Result<(), Silent> {
        self.say(Said::Next(answer.into_text(most, operation))).await
    }
}

/// Runs an operation to its end.
pub(crate) async fn operate<E: Endpoint, N: Clone + Send + Sync>(
    edge: Arc<Edge<E>>,
    mut head: RequestHead,
    payload: Map<String, Value>,
    voice: Voice<N>,
) {
    let feed = edge.endpoint.feed();
    loop {
        // Its own name for each run: it stands in the log beside what went wrong.
        if head.request_id.is_nil() {
            head.request_id = observe::new_id();
        }
        let next = run(&edge, &head, payload.clone(), &feed, &voice).await;
        head.request_id = Uuid::nil();
        let pause = async {
            match next {
                Ok(Next::Wait) => edge.endpoint.news(&feed).await,
                // Nothing was looked at, so nothing else would wake it.
                _ => sleep(RECHECK).await,
            }
        };
        if matches!(next, Ok(Next::End) | Err(Silent)) {
            return;
        }
        tokio::select! {
            () = pause => {}
            // Without a last word: whoever comes back goes on where they were.
            () = edge.lifecycle.shutdown().cancelled() => return,
        }
    }
}

enum Next {
    Wait,
    Again,
    End,
}

/// Runs it once. A subscription has to be run again.
async fn run<E: Endpoint, N: Clone + Send + Sync>(
    edge: &Arc<Edge<E>>,
    head: &RequestHead,
    payload: Map<String, Value>,
    feed: &Arc<E::Feed>,
    voice: &Voice<N>,
) -> Result<Next, Silent> {
    let options = &edge.options;
    let deadline = Instant::now() + options.time_limit;
    let data = match timeout_at(deadline, edge.endpoint.admit(head.clone())).await {
        Ok(Ok(data)) => data,
        Ok(Err(refusal)) => {
            voice.say(Said::Parted(refusal)).await?;
            return Ok(Next::End);
        }
        Err(_) => {
            voice.say(Said::Parted(Refusal::Unavailable)).await?;
            return Ok(Next::End);
        }
    };
    let admitted = body::request(payload, &options.persisted).map_err(Fault::into_error);
    let admitted = admitted.and_then(|request| limits::admit(request, &options.limits));
    let (mut request, operation) = match admitted {
        Ok(admitted) => admitted,
        Err(error) => {
            voice.say(Said::Refused(vec![error])).await?;
            return Ok(Next::End);
        }
    };
    request.data = data;
    let pos = operation.pos;
    if operation.kind != OperationType::Subscription {
        let executed =
            edge.runner.run(&edge.endpoint, request, operation.kind, head.request_id, deadline).await;
        match executed {
            Ok(mut executed) => match errors::settle(&mut executed, head.request_id, pos) {
                Outcome::Refused(errors) => voice.say(Said::Refused(errors)).await?,
                Outcome::Executed(data, errors) => {
                    let answer = Answer::executed(&data, &errors, &executed.extensions);
                    voice.next(answer, options.answer_bytes, pos).await?;
                    voice.say(Said::Complete).await?;
                }
            },
            Err(fault) => voice.say(Said::Refused(vec![fault.into_error()])).await?,
        }
        return Ok(Next::End);
    }
    let Ok(place) = edge.runner.place().await else { return Ok(Next::Again) };
    let mut place = Some(place);
    let mut news = pin!(edge.endpoint.subscribe(request, Arc::clone(feed)));
    loop {
        // A place for as long as something is made, not for as long as it takes a reader to take it.
        let item = timeout_at(deadline, async {
            let _place = match place.take() {
                Some(place) => place,
                None => edge.runner.places().await?,
            };
            Some(news.next().await)
        });
        let Ok(Some(item)) = item.await else {
            // Whoever comes back goes on where they were.
            voice.say(Said::Parted(Refusal::Unavailable)).await?;
            return Ok(Next::End);
        };
        let Some(mut response) = item else { return Ok(Next::Wait) };
        match errors::settle(&mut response, head.request_id, pos) {
            Outcome::Refused(errors) => {
                voice.say(Said::Refused(errors)).await?;
                return Ok(Next::End);
            }
            Outcome::Executed(data, errors) => {
                let is_over = data == async_graphql::Value::Null;
                voice
                    .next(Answer::executed(&data, &errors, &response.extensions), options.answer_bytes, pos)
                    .await?;
                if is_over {
                    voice.say(Said::Complete).await?;
                    return Ok(Next::End);
                }
            }
        }
    }
}
