//! The body of a request: bytes, then JSON, then a request of GraphQL.

use std::time::Duration;

use async_graphql::{Request, Variables};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::{answer::Fault, cost, errors::Code, persisted::Persisted};

/// What is thrown away of a body that is too large, so that its sender gets to read our answer.
const MOST_DISCARDED: usize = 4 * 1024 * 1024;
const DISCARD_TIMEOUT: Duration = Duration::from_secs(3);

/// JSON in UTF-8, not compressed: nothing that a form or a script of another site can send without asking first.
pub(crate) fn check_type(headers: &HeaderMap) -> Result<(), Fault> {
    let unsupported = || {
        Fault::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadUserInput,
            "Requests must be sent as application/json in UTF-8, not compressed.",
        )
    };
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    let encoding = headers.get(header::CONTENT_ENCODING);
    let is_plain = encoding.is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if is_json && is_utf8 && is_plain { Ok(()) } else { Err(unsupported()) }
}

/// Reads a body that is neither too large nor too slow.
pub(crate) async fn read(
    headers: &HeaderMap,
    mut body: Body,
    most: usize,
    patience: Duration,
) -> Result<Vec<u8>, Fault> {
    let too_large = || {
        let message = format!("Too much of one request: at most {most} bytes of body.");
        Fault::new(StatusCode::PAYLOAD_TOO_LARGE, Code::PayloadTooLarge, &message)
    };
    let too_slow =
        || Fault::new(StatusCode::REQUEST_TIMEOUT, Code::Timeout, "The body did not arrive in time.");
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > most) {
        // Who asks first whether to send it is told no; who has sent it already is heard out.
        if !headers.contains_key(header::EXPECT) {
            discard(body).await;
        }
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(length.unwrap_or_default());
    let reading = async {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Fault::bad_request("The body did not arrive."))?;
            let data = frame.into_data().unwrap_or_default();
            if bytes.len() + data.len() > most {
                return Err(too_large());
            }
            bytes.extend_from_slice(&data);
        }
        Ok(())
    };
    let outcome = timeout(patience, reading).await.unwrap_or_else(|_| Err(too_slow()));
    if let Err(fault) = outcome {
        if fault.code() == Code::PayloadTooLarge.as_str() {
            discard(body).await;
        }
        return Err(fault);
    }
    Ok(bytes)
}

async fn discard(mut body: Body) {
    let reading = async {
        let mut left = MOST_DISCARDED;
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                break;
            }
        }
    };
    // In vain if it takes too long: the connection will be closed on the sender.
    let _ = timeout(DISCARD_TIMEOUT, reading).await;
}

/// The parameters of a request, by the rules of GraphQL over HTTP.
pub(crate) fn parse(bytes: &[u8], persisted: &Persisted) -> Result<Request, Fault> {
    let bad = Fault::bad_request;
    let json: Value = serde_json::from_slice(bytes).map_err(|error| {
        bad(&format!("The body is not valid JSON (line {}, column {}).", error.line(), error.column()))
    })?;
    match json {
        Value::Object(parameters) => request(parameters, persisted),
        Value::Array(_) => Err(bad("Several requests in one are not supported.")),
        _ => Err(bad("The body must be a JSON object.")),
    }
}

/// Whether the parameters have the form of a request, whatever it asks and however it names it.
pub(crate) fn is_request(parameters: &Map<String, Value>) -> Result<(), Fault> {
    let mut parameters = parameters.clone();
    let named = parameters.remove("documentId").is_some_and(|name| name.is_string())
        || parameters.get("extensions").is_some_and(|extensions| extensions.get("persistedQuery").is_some());
    if named && parameters.get("query").is_none_or(Value::is_null) {
        parameters.insert("query".to_owned(), Value::String(String::new()));
    }
    request(parameters, &Persisted::default()).map(drop)
}

/// The request that the parameters make.
pub(crate) fn request(mut parameters: Map<String, Value>, persisted: &Persisted) -> Result<Request, Fault> {
    let bad = Fault::bad_request;
    let extensions = match parameters.remove("extensions") {
        None | Some(Value::Null) => None,
        Some(Value::Object(extensions)) => Some(extensions),
        Some(_) => return Err(bad("\"extensions\" must be an object.")),
    };
    let (query, name) = (parameters.remove("query"), parameters.remove("documentId"));
    let mut request = Request::new(persisted.document(query, name.as_ref(), extensions.as_ref())?);
    request.operation_name = match parameters.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err(bad("\"operationName\" must be a string.")),
    };
    request.variables = match parameters.remove("variables") {
        None | Some(Value::Null) => Variables::default(),
        Some(Value::Object(variables)) => Variables::from_json(Value::Object(variables)),
        Some(_) => return Err(bad("\"variables\" must be an object.")),
    };
    // What we do not know of them is somebody else's.
    if let Some(Value::Bool(asks)) = extensions.and_then(|mut extensions| extensions.remove(cost::NAME)) {
        request.extensions.insert(cost::NAME.to_owned(), asks.into());
    }
    Ok(request)
}
