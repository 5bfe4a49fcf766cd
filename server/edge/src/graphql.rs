//! `POST /graphql`.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use async_graphql::{Data, Pos, Response as Executed, parser::types::OperationType};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header},
};
use tokio::time::{Instant, timeout};

use crate::{
    accept::{self, Media},
    address::{Peer, caller},
    answer::{Answer, Fault, refused_status, respond},
    body,
    crowd::Sockets,
    endpoint::{Endpoint, Refusal, RequestHead},
    errors::{self, Code, Outcome, refusal},
    events, head,
    lifecycle::Lifecycle,
    limits,
    observe::Record,
    options::Options,
    run::Runner,
};

/// What the handler needs, shared by all requests.
pub(crate) struct Edge<E> {
    pub(crate) endpoint: E,
    pub(crate) options: Options,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) runner: Runner,
    pub(crate) sockets: Sockets,
}

/// Answers a request.
pub(crate) async fn post<E: Endpoint>(State(edge): State<Arc<Edge<E>>>, request: Request) -> Response<Body> {
    let wanted = accept::negotiate(request.headers());
    let record = request.extensions().get::<Record>().cloned().unwrap_or_default();
    let answer = match wanted {
        Some(Media::Events) => events::answer(edge, request, &record).await,
        Some(media) => edge.answer(request, media, &record).await,
        None => Err(Fault::new(
            StatusCode::NOT_ACCEPTABLE,
            Code::BadUserInput,
            "Answers are application/graphql-response+json, application/json or text/event-stream, in UTF-8.",
        )),
    };
    answer.unwrap_or_else(|fault| {
        record.failed(fault.code());
        fault.into_response(wanted.unwrap_or(Media::Json))
    })
}

/// Everything but POST.
pub(crate) async fn not_allowed() -> Response<Body> {
    Fault::new(StatusCode::METHOD_NOT_ALLOWED, Code::BadUserInput, "Requests must be sent by POST.")
        .with_header(header::ALLOW, HeaderValue::from_static("POST"))
        .into_response(Media::Json)
}

impl<E: Endpoint> Edge<E> {
    /// Who asks from where, and the body.
    pub(crate) async fn hear(
        &self,
        request: Request,
        record: &Record,
    ) -> Result<(RequestHead, Vec<u8>), Fault> {
        let options = &self.options;
        let (parts, body) = request.into_parts();
        body::check_type(&parts.headers)?;
        // The body first: a connection whose body nobody reads cannot be used again.
        let bytes = body::read(&parts.headers, body, options.limits.body_bytes, options.body_timeout).await?;
        if self.lifecycle.is_draining() {
            return Err(Fault::unavailable());
        }
        let peer =
            parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        let address = caller(peer, &parts.headers, &options.trusted_proxies);
        Ok((head::read(&parts.headers, record.request_id(), address)?, bytes))
    }

    /// Whether they are let in.
    pub(crate) async fn admit(&self, head: RequestHead) -> Result<Data, Fault> {
        let request_id = head.request_id;
        match timeout(self.options.time_limit, self.endpoint.admit(head)).await {
            Ok(Ok(data)) => Ok(data),
            Ok(Err(Refusal::Internal)) => Err(Fault::internal(request_id)),
            Ok(Err(refusal)) => Err(refusal.into()),
            Err(_) => Err(Fault::unavailable()),
        }
    }

    async fn answer(&self, request: Request, media: Media, record: &Record) -> Result<Response<Body>, Fault> {
        let options = &self.options;
        let (head, bytes) = self.hear(request, record).await?;
        let request_id = head.request_id;
        let deadline = Instant::now() + options.time_limit;
        let data = self.admit(head).await?;
        let mut request = body::parse(&bytes, &options.persisted)?;
        request.data = data;
        let (request, operation) = limits::admit(request, &options.limits)?;
        record.runs(&operation);
        if operation.kind == OperationType::Subscription {
            let message = "Subscriptions run over a WebSocket, at /graphql/ws, or as text/event-stream.";
            return Err(refusal(Code::ValidationFailed, message, Some(operation.pos)).into());
        }
        let executed = self.runner.run(&self.endpoint, request, operation.kind, request_id, deadline).await?;
        Ok(self.told(executed, operation.pos, media, record))
    }

    fn told(&self, mut executed: Executed, operation: Pos, media: Media, record: &Record) -> Response<Body> {
        let outcome = errors::settle(&mut executed, record.request_id(), operation);
        let (status, errors, answer) = match &outcome {
            Outcome::Refused(errors) => (refused_status(media), errors, Answer::refused(errors)),
            Outcome::Executed(data, errors) => {
                (StatusCode::OK, errors, Answer::executed(data, errors, &executed.extensions))
            }
        };
        errors.iter().filter_map(errors::code).for_each(|code| record.failed(code));
        let mut response = respond(status, media, answer.into_bytes(self.options.answer_bytes, operation));
        pass_on(&executed.http_headers, response.headers_mut());
        response
    }
}

/// The application's headers, but for those that are ours to set.
fn pass_on(from: &HeaderMap, to: &mut HeaderMap) {
    const OURS: [HeaderName; 3] = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
    for (name, value) in from.iter().filter(|(name, _)| !OURS.contains(name)) {
        to.append(name.clone(), value.clone());
    }
}
