//! Answers as they go out.

use std::{collections::BTreeMap, io};

use async_graphql::{Pos, ServerError, Value};
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    accept::Media,
    endpoint::Refusal,
    errors::{self, Code, extend, refusal},
};

/// A reason why a request is not executed.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// The status whatever the media type; `None` if the request was well formed and only its content is refused.
    status: Option<StatusCode>,
    error: Box<ServerError>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Fault {
    /// A refusal by HTTP.
    pub(crate) fn new(status: StatusCode, code: Code, message: &str) -> Self {
        Self { status: Some(status), error: Box::new(refusal(code, message, None)), header: None }
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.header = Some((name, value.into()));
        self
    }

    /// The request is not what the protocol says.
    pub(crate) fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadUserInput, message)
    }

    /// The request is one, and is not run; the status is that of a document that does not fit.
    pub(crate) fn refused(code: Code, message: &str) -> Self {
        refusal(code, message, None).into()
    }

    /// The token is no good. `challenge` is what `WWW-Authenticate` says.
    pub(crate) fn unauthenticated(challenge: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, "The access token is not valid.")
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    pub(crate) fn rate_limited(seconds: u64) -> Self {
        let mut fault = Self::new(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, "Too many requests.");
        extend(&mut fault.error, "retryAfter", seconds);
        fault.with_header(header::RETRY_AFTER, seconds)
    }

    /// Not now.
    pub(crate) fn unavailable() -> Self {
        let mut fault = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            Code::Unavailable,
            "The server is busy. Try again later.",
        );
        extend(&mut fault.error, "retryable", true);
        fault.with_header(header::RETRY_AFTER, 1)
    }

    pub(crate) fn timeout(message: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Timeout, message)
    }

    /// The whole request died of a bug.
    pub(crate) fn internal(request_id: Uuid) -> Self {
        let error = Box::new(errors::internal(request_id));
        Self { status: Some(StatusCode::INTERNAL_SERVER_ERROR), error, header: None }
    }

    /// The error, where there is no status to go with it.
    pub(crate) fn into_error(self) -> ServerError {
        *self.error
    }

    /// What `extensions.code` says.
    pub(crate) fn code(&self) -> &str {
        errors::code(&self.error).unwrap_or_default()
    }

    /// The answer that tells of it.
    pub(crate) fn into_response(self, media: Media) -> Response<Body> {
        let status = self.status.unwrap_or_else(|| refused_status(media));
        let mut response = json(status, media, &Answer::refused(std::slice::from_ref(self.error.as_ref())));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static("en"));
        if let Some((name, value)) = self.header {
            headers.insert(name, value);
        }
        response
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unauthenticated => Self::unauthenticated("Bearer error=\"invalid_token\""),
            Refusal::RateLimited { retry_after_secs } => Self::rate_limited(retry_after_secs),
            Refusal::Unavailable => Self::unavailable(),
            Refusal::Internal => Self::internal(Uuid::nil()),
        }
    }
}

impl From<ServerError> for Fault {
    /// A request whose content is refused.
    fn from(error: ServerError) -> Self {
        Self { status: None, error: Box::new(error), header: None }
    }
}

/// The status of an answer without `data`. A client that takes plain JSON cannot tell our 400 from that of a proxy.
pub(crate) fn refused_status(media: Media) -> StatusCode {
    match media {
        Media::GraphQl | Media::Events => StatusCode::BAD_REQUEST,
        Media::Json => StatusCode::OK,
    }
}

/// The body of an answer, its keys in the order that readers expect.
#[derive(Serialize)]
pub(crate) struct Answer<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<&'a BTreeMap<String, Value>>,
}

impl<'a> Answer<'a> {
    pub(crate) const fn refused(errors: &'a [ServerError]) -> Self {
        Self { errors, data: None, extensions: None }
    }

    pub(crate) fn executed(
        data: &'a Value,
        errors: &'a [ServerError],
        extensions: &'a BTreeMap<String, Value>,
    ) -> Self {
        Self { errors, data: Some(data), extensions: Some(extensions).filter(|map| !map.is_empty()) }
    }

    /// As [`Answer::into_bytes`].
    pub(crate) fn into_text(self, most: usize, operation: Pos) -> String {
        // JSON is UTF-8.
        String::from_utf8(self.into_bytes(most, operation)).unwrap_or_default()
    }

    /// The JSON, unless it is longer than allowed: then an answer that says so.
    pub(crate) fn into_bytes(self, most: usize, operation: Pos) -> Vec<u8> {
        let mut out = Bounded { bytes: Vec::with_capacity(1024), most };
        if serde_json::to_writer(&mut out, &self).is_ok() {
            return out.bytes;
        }
        let message = format!("Too much of one request: at most {most} bytes of answer.");
        let errors = [refusal(Code::QueryTooComplex, message, Some(operation))];
        to_bytes(&Answer { errors: &errors, data: self.data.map(|_| &Value::Null), extensions: None })
    }
}

/// A writer that refuses to grow without end.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + chunk.len() > self.most {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn to_bytes(answer: &Answer<'_>) -> Vec<u8> {
    // Names, numbers and texts: there is nothing in it that JSON cannot say.
    serde_json::to_vec(answer).unwrap_or_default()
}

fn json(status: StatusCode, media: Media, answer: &Answer<'_>) -> Response<Body> {
    respond(status, media, to_bytes(answer))
}

/// A response of one of our media types.
pub(crate) fn respond(status: StatusCode, media: Media, bytes: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-language"));
    response
}
