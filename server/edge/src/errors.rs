//! What an error tells its reader, and what it does not.
//!
//! An error that carries an `extensions.code` was made for the caller, by the application or by us, and passes as it
//! is. The library gives no codes, so its messages are recognised by their beginnings. Whatever is left was not meant
//! for the caller: it is logged with the id of the request, and the caller gets the id.

use async_graphql::{ErrorExtensionValues, PathSegment, Pos, Response, ServerError, Value};
use uuid::Uuid;

/// Errors in one answer.
const MOST_ERRORS: usize = 20;

/// The codes in `errors[].extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The document is not GraphQL.
    ParseFailed,
    /// The document does not fit the schema.
    ValidationFailed,
    /// The request, a variable or an argument is not what it should be.
    BadUserInput,
    /// The caller must sign in, again or at all.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// It is not in the state any more that the caller thinks.
    Conflict,
    /// Too many requests.
    RateLimited,
    /// One request asks for too much.
    QueryTooComplex,
    /// No operation is registered under that name.
    PersistedQueryNotFound,
    /// The body of the request is too large.
    PayloadTooLarge,
    /// It took too long.
    Timeout,
    /// Something that is needed is not there at the moment; try again later.
    Unavailable,
    /// A bug, in the log under the id of the request.
    Internal,
}

impl Code {
    /// As it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::RateLimited => "RATE_LIMITED",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::Timeout => "TIMEOUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }
}

/// An error of our own making.
pub(crate) fn refusal(code: Code, message: impl Into<String>, at: Option<Pos>) -> ServerError {
    let mut error = ServerError::new(message, at);
    extend(&mut error, "code", code.as_str());
    error
}

/// All that a caller is told about a bug.
pub(crate) fn internal(request_id: Uuid) -> ServerError {
    let mut error = refusal(Code::Internal, "Internal error", None);
    extend(&mut error, "requestId", request_id.to_string());
    error
}

/// Adds to the extensions of an error.
pub(crate) fn extend(error: &mut ServerError, key: &str, value: impl Into<Value>) {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set(key, value);
}

/// The code of an error, if it has one.
pub(crate) fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        Value::Enum(code) => Some(code),
        _ => None,
    }
}

/// What came of a request, ready to be told.
pub(crate) enum Outcome {
    /// It did not get as far as execution: no `data`.
    Refused(Vec<ServerError>),
    /// It was executed: `data`, though it may be null.
    Executed(Value, Vec<ServerError>),
}

/// Goes over the errors of a response. `operation` is where errors without a place of their own are located.
pub(crate) fn settle(response: &mut Response, request_id: Uuid, operation: Pos) -> Outcome {
    let data = std::mem::take(&mut response.data);
    let mut errors = std::mem::take(&mut response.errors);
    errors.truncate(MOST_ERRORS);
    // The library does not say how far it got. But execution fails only in fields, and a field has a path.
    let refused =
        data == Value::Null && !errors.is_empty() && errors.iter().all(|error| error.path.is_empty());
    let errors = errors.into_iter().map(|error| tell(error, request_id, operation)).collect();
    if refused { Outcome::Refused(errors) } else { Outcome::Executed(data, errors) }
}

fn tell(mut error: ServerError, request_id: Uuid, operation: Pos) -> ServerError {
    if error.locations.is_empty() {
        error.locations.push(operation);
    }
    let coded = code(&error).map(|code| code == Code::Internal.as_str());
    let known = match coded {
        Some(false) => return error,
        Some(true) => None,
        None => recognise(&error),
    };
    let mut told = if let Some((code, message)) = known {
        refusal(code, message, None)
    } else {
        // The beginning is enough to find the cause; long texts are mostly what a caller sent.
        let cause: String = error.message.chars().take(1000).collect();
        tracing::error!(%request_id, path = path(&error.path), cause, "internal error");
        internal(request_id)
    };
    told.locations = error.locations;
    told.path = error.path;
    told
}

fn path(segments: &[PathSegment]) -> String {
    let segments = segments.iter().map(|segment| match segment {
        PathSegment::Field(name) => name.clone(),
        PathSegment::Index(index) => index.to_string(),
    });
    segments.collect::<Vec<_>>().join(".")
}

/// The library's own errors, by the beginnings of their messages. What a resolver says has a source or a path.
fn recognise(error: &ServerError) -> Option<(Code, String)> {
    let message = error.message.as_str();
    if error.source.is_some() {
        return None;
    }
    // A value that does not fit its type. Its message quotes the value, which may be a password.
    if COERCION.iter().any(|start| message.starts_with(start)) && !message.starts_with("Variable \"") {
        let text = match error.path.iter().rev().find_map(field_name) {
            Some(field) => format!("An argument of \"{field}\" has an invalid value."),
            None => "An argument has an invalid value.".to_owned(),
        };
        return Some((Code::BadUserInput, text));
    }
    if !error.path.is_empty() {
        return None;
    }
    if let Some(reason) = message.strip_prefix("Invalid value for argument ") {
        return Some((Code::BadUserInput, invalid_value("Argument", reason)));
    }
    if let Some(reason) = message.strip_prefix("Invalid default value for argument: ") {
        return Some((Code::ValidationFailed, invalid_value("Default of variable", reason)));
    }
    if TOO_COMPLEX.iter().any(|start| message.starts_with(start)) {
        return Some((Code::QueryTooComplex, message.to_owned()));
    }
    if VALIDATION.iter().any(|start| message.starts_with(start)) {
        // Suggestions tell of fields that the reader did not ask for.
        let message = message.split_once(" Did you mean").map_or(message, |(plain, _)| plain);
        return Some((Code::ValidationFailed, message.to_owned()));
    }
    None
}

fn field_name(segment: &PathSegment) -> Option<&str> {
    match segment {
        PathSegment::Field(name) => Some(name),
        PathSegment::Index(_) => None,
    }
}

/// `"input.title", expected type "Title"` and the like: the place and the type are names of the schema and are told, but
/// not a value or a name that the caller made up.
fn invalid_value(what: &str, reason: &str) -> String {
    let mut parts = reason.strip_prefix('"').unwrap_or(reason).splitn(2, "\", ");
    let place = parts.next().unwrap_or_default();
    let why = match parts.next().unwrap_or_default() {
        why if why.starts_with("expected type") || why.starts_with("field ") => format!(": {why}"),
        why if why.starts_with("unknown field") => ": it has an unknown field".to_owned(),
        why if why.starts_with("enumeration type") => ": it is not a value of the enumeration".to_owned(),
        why if why.starts_with("Oneof") => ": it needs exactly one field, not null".to_owned(),
        _ => String::new(),
    };
    format!("{what} \"{place}\" has an invalid value{why}.")
}

const COERCION: [&str; 3] = ["Expected input type \"", "Failed to parse \"", "Variable "];

const TOO_COMPLEX: [&str; 5] = [
    "Query is too complex.",
    "Query is nested too deep.",
    "The recursion depth of the query cannot be greater than",
    "The number of directives on the field",
    "The amount of aliases of the query cannot be greater than",
];

const VALIDATION: [&str; 18] = [
    "Cannot query field \"",
    "Cannot spread fragment \"",
    "Directive \"",
    "Duplicate directive \"",
    "Field \"",
    "Fields \"",
    "Fragment \"",
    "Fragment cannot",
    "Schema is not configured for",
    "Subscriptions are not supported",
    "The Upload type is only allowed",
    "There can only be one",
    "Unknown argument \"",
    "Unknown directive \"",
    "Unknown field \"",
    "Unknown fragment",
    "Unknown type \"",
    "Variable \"",
];
