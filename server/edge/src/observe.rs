//! Around every request: an id, one line in the log, metrics, headers, and a fence against panics.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use async_graphql::parser::types::OperationType;
use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    http::{HeaderValue, Response, StatusCode, header},
    middleware::Next,
};
use futures_util::FutureExt;
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    accept::{self, Media},
    answer::Fault,
    lifecycle::Lifecycle,
    limits::Operation,
};

/// What becomes known of a request on its way. Never its text, variables or headers.
#[derive(Clone, Default)]
pub(crate) struct Record {
    request_id: Uuid,
    told: Arc<Mutex<Told>>,
}

#[derive(Default)]
struct Told {
    name: Option<String>,
    kind: Option<OperationType>,
    codes: Vec<String>,
}

impl Record {
    pub(crate) fn request_id(&self) -> Uuid {
        self.request_id
    }

    /// The operation that the request runs.
    pub(crate) fn runs(&self, operation: &Operation) {
        let mut told = self.told();
        // Names are letters, digits and underscores; only their length is the caller's choice.
        told.name = operation.name.as_deref().map(|name| name.chars().take(64).collect());
        told.kind = Some(operation.kind);
    }

    /// An error in its answer.
    pub(crate) fn failed(&self, code: &str) {
        let mut told = self.told();
        if !told.codes.iter().any(|known| known == code) {
            told.codes.push(code.to_owned());
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Our own name for a request.
pub fn request_id(request: &Request) -> Uuid {
    request.extensions().get::<Record>().map(Record::request_id).unwrap_or_default()
}

/// Writes the line when the request is over, however it ends.
struct Line {
    record: Record,
    route: String,
    start: Instant,
    status: Option<StatusCode>,
}

impl Drop for Line {
    fn drop(&mut self) {
        let seconds = self.start.elapsed().as_secs_f64();
        let told = self.record.told();
        let kind = told.kind.map_or("none", |kind| match kind {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        });
        // 499 is what others log, too, when nobody was left to read the answer.
        let status = self.status.map_or(499, |status| status.as_u16());
        let labels = [
            ("route", self.route.clone()),
            ("operation", kind.to_owned()),
            ("status", format!("{}xx", status / 100)),
        ];
        counter!("http_requests_total", &labels).increment(1);
        histogram!("http_request_duration_seconds", &labels).record(seconds);
        for code in &told.codes {
            counter!("graphql_errors_total", "code" => code.clone()).increment(1);
        }
        // Those who watch us ask every few seconds; only a bad answer is news.
        if matches!(self.route.as_str(), "/livez" | "/readyz" | "/metrics") && status == 200 {
            return;
        }
        tracing::info!(
            request_id = %self.record.request_id,
            route = self.route,
            operation = told.name.as_deref().unwrap_or_default(),
            r#type = kind,
            status,
            duration_ms = seconds * 1000.0,
            codes = told.codes.join(","),
            "request"
        );
    }
}

/// Tells the recorder what our metrics mean.
pub(crate) fn describe() {
    describe_counter!("http_requests_total", "Requests by route, type of operation and class of status.");
    describe_histogram!(
        "http_request_duration_seconds",
        Unit::Seconds,
        "From the head of a request to its answer."
    );
    describe_counter!("graphql_errors_total", "Answers with an error, by its code.");
}

#[expect(clippy::disallowed_methods, reason = "it names a request, nothing that is stored")]
pub(crate) fn new_id() -> Uuid {
    Uuid::new_v4()
}

/// The middleware.
pub(crate) async fn observe(lifecycle: Lifecycle, mut request: Request, next: Next) -> Response<Body> {
    let request_id = new_id();
    let record = Record { request_id, ..Record::default() };
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let mut line = Line { record: record.clone(), route, start: Instant::now(), status: None };
    request.extensions_mut().insert(record.clone());

    let media = accept::negotiate(request.headers()).unwrap_or(Media::Json);
    let span = tracing::info_span!("request", %request_id);
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span).await;
    let mut response = answer.unwrap_or_else(|_| {
        tracing::error!(%request_id, "a request panicked");
        let fault = Fault::internal(request_id);
        record.failed(fault.code());
        fault.into_response(media)
    });

    line.status = Some(response.status());
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&request_id.to_string()) {
        headers.insert("x-request-id", id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if lifecycle.is_draining() {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
